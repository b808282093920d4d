"""The relations that the rules read: what was there as of a date, in the portable subset of SQL.

A check lays them in two layers. The *views* say, of each table, what counts as of the date; the
*steps* are tables made once for each check, since several rules read them. Both start from:

- `p`: one row with the date and the spans (microseconds);
- `focus`: the incidents asked about: all of them, or those of one case;
- `wide`: those that have to be looked at for that: all, or what shares a failure or a cause;
- `focus_cause`, `focus_action`: the causes and actions of the focus; `wide_cause`, `wide_action`
  likewise.

In a full check these are the tables themselves under other names, which costs nothing.

The subset is what SQLite, DuckDB and Spark agree on: no recursion, no division, whole numbers for
times and flags, aliases where a name is reserved. Comparisons of incidents in time are sure or do
not hold: an incident lies between `occurred` and `occurred_end`, which differ where only the day
is known.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = [
    "AS_OF",
    "INDEXES",
    "LEVEL_STEPS",
    "STATE",
    "Done",
    "Levels",
    "Step",
    "in_scope",
    "steps",
    "views",
]

AS_OF = "(SELECT as_of FROM p)"

_INCIDENT = f"""
SELECT id, occurred, occurred_end, noted, acknowledged, failure, process, product, channel, site,
       impact, detected_by, gate,
       CASE WHEN occurred_basis = 'reported' OR provenance = 'detected' THEN 1 ELSE 0 END AS weak
FROM incident WHERE canonical IS NULL AND noted <= {AS_OF}"""


def _of(listed: str, relation: str, everything: bool, column: str = "id") -> str:
    """Return a relation, or what of it is listed in a table of ids."""
    if everything:
        return f"SELECT * FROM {relation}"
    return f"SELECT r.* FROM {listed} l JOIN {relation} r ON r.{column} = l.id"


def views(*, everything: bool, by_account: bool) -> dict[str, str]:
    """Return the views by name, in the order in which they build on each other.

    Args:
        everything: Whether the focus is the whole casebook; else the tables `focus_id`, `wide_id`,
            `focus_cause_id`, `wide_cause_id`, `focus_action_id` and `wide_action_id` say what it
            is.
        by_account: Whether customers of one account are the same customer.
    """
    who = "COALESCE(c.account, c.id)" if by_account else "l.customer"
    account = " JOIN customer c ON c.id = l.customer" if by_account else ""
    return {
        "now_incident": _INCIDENT,
        "focus": _of("focus_id", "now_incident", everything),
        "wide": _of("wide_id", "now_incident", everything),
        # The focus, and what is of the same failure.
        "alike": "SELECT * FROM now_incident"
        if everything
        else "SELECT * FROM wide WHERE failure IN (SELECT failure FROM focus) "
        "OR id IN (SELECT id FROM focus_id)",
        # Every customer of an incident, whenever linked, and those who count as of the date.
        "any_hit": f"SELECT l.incident, l.customer, {who} AS who FROM incident_customer l{account}",
        "now_hit": f"""
SELECT l.incident, l.customer, {who} AS who, l.order_no, l.acknowledged
FROM incident_customer l{account} WHERE l.since IS NULL OR l.since <= {AS_OF}""",
        "person": "SELECT id AS customer, "
        + ("COALESCE(account, id)" if by_account else "id")
        + " AS who FROM customer",
        "now_cause": f"""
SELECT id, is_human, names_person, gate, level FROM cause WHERE found <= {AS_OF}""",
        "focus_cause": _of("focus_cause_id", "now_cause", everything),
        "wide_cause": _of("wide_cause_id", "now_cause", everything),
        "now_deeper": f"""
SELECT l.effect, l.cause, e.level FROM cause_cause l
JOIN now_cause e ON e.id = l.effect JOIN now_cause d ON d.id = l.cause
WHERE l.since IS NULL OR l.since <= {AS_OF}""",
        "now_explained": f"""
SELECT l.incident, l.cause, l.role FROM incident_cause l JOIN now_cause c ON c.id = l.cause
WHERE l.since IS NULL OR l.since <= {AS_OF}""",
        "now_action": f"""
SELECT a.id, a.kind, a.intervention, a.owner, a.due, a.decided, a.criterion, a.criterion_set,
       a.verify_by, a.scope_process, a.scope_product, a.scope_channel, a.scope_site,
       COALESCE(a.strength, t.strength) AS strength,
       COALESCE(a.changes_process, t.changes_process, 0) AS changes,
       CASE WHEN a.kind IN ('corrective', 'preventive') THEN 1 ELSE 0 END AS removes_cause,
       CASE WHEN a.provenance = 'detected' THEN 1 ELSE 0 END AS weak
FROM action a LEFT JOIN intervention t ON t.id = a.intervention WHERE a.decided <= {AS_OF}""",
        "focus_action": _of("focus_action_id", "now_action", everything),
        "wide_action": _of("wide_action_id", "now_action", everything),
        "wide_event": "SELECT * FROM action_event"
        if everything
        else "SELECT e.* FROM wide_action_id l JOIN action_event e ON e.action = l.id",
        "now_verification": f"""
SELECT id, action, made, result FROM verification WHERE made <= {AS_OF}""",
        "wide_verification": _of("wide_action_id", "now_verification", everything, "action"),
        "now_apology": f"""
SELECT id, made, elements, recipients, CASE WHEN provenance = 'detected' THEN 1 ELSE 0 END AS weak
FROM apology WHERE made <= {AS_OF}""",
        "now_sorry": f"""
SELECT l.incident, l.apology, a.made, a.elements, a.recipients, a.weak
FROM apology_incident l JOIN now_apology a ON a.id = l.apology
WHERE l.since IS NULL OR l.since <= {AS_OF}""",
        "focus_sorry": _of("focus_id", "now_sorry", everything, "incident"),
        # Apologies that did not reach somebody.
        "missing": "SELECT DISTINCT apology FROM apology_customer WHERE reached = 0"
        if everything
        else "SELECT DISTINCT r.apology FROM focus_apology_id l "
        "JOIN apology_customer r ON r.apology = l.id WHERE r.reached = 0",
        "now_promise": f"""
SELECT r.id, r.apology, r.kind, r.scope, r.owner, r.due, r.made, r.fulfilled,
       CASE WHEN r.provenance = 'detected' THEN 1 ELSE 0 END AS weak
FROM promise r JOIN now_apology a ON a.id = r.apology WHERE r.made <= {AS_OF}""",
        "focus_apology": "SELECT id FROM now_apology"
        if everything
        else "SELECT id FROM focus_apology_id",
        # Those who have said something: only of them anything is asked.
        "focus_customer": "SELECT DISTINCT customer AS id FROM response"
        if everything
        else "SELECT id FROM focus_customer_id",
        "now_decision": f"SELECT id, kind, incident, cause FROM decision WHERE made <= {AS_OF}",
        "focus_decision": _of("focus_id", "now_decision", everything, "incident"),
        "now_complaint": f"""
SELECT id, incident, customer, made, reopened FROM complaint WHERE made <= {AS_OF}""",
    }


class Step:
    """A table that is made once for each check.

    Attributes:
        name: The table.
        sql: The SELECT that fills it.
        needs: Nothing but the order of the steps says what it needs.
    """

    __slots__ = ("name", "sql")

    def __init__(self, name: str, sql: str) -> None:
        self.name = name
        self.sql = sql


def in_scope(action: str, incident: str) -> str:
    """Return the condition that the scope of an action takes an incident in."""
    return " AND ".join(
        f"({action}.scope_{field} IS NULL OR {action}.scope_{field} = {incident}.{field})"
        for field in ("process", "product", "channel", "site")
    )


SCOPE = "scope_process, scope_product, scope_channel, scope_site"


def _later(one: str, other: str) -> str:
    return f"CASE WHEN {one} > {other} THEN {one} ELSE {other} END"


def _best(aggregate: str) -> str:
    """Return the best of several values: the greatest, where 5 (waiting) counts as the lowest."""
    return f"COALESCE(MAX(CASE WHEN {aggregate} <> 5 THEN {aggregate} END), 5)"


def _better(one: str, other: str) -> str:
    return (
        f"CASE WHEN {other} IS NULL OR {other} = 5 THEN {one} WHEN {one} = 5 THEN {other} "
        f"WHEN {one} > {other} THEN {one} ELSE {other} END"
    )


_ACTIONS = [
    # Actions that were opened again or cancelled: for them the order of the events counts.
    Step(
        "eventful",
        """
SELECT DISTINCT e.action FROM action_event e JOIN wide_action a ON a.id = e.action
WHERE e.state IN ('reopened', 'cancelled')""",
    ),
    # Their events in the order of time; a cancellation ends what took effect, and opens a segment.
    Step(
        "happened",
        f"""
SELECT e.action, e.state, e.occurred,
       CASE WHEN e.occurred <= {AS_OF} THEN 1 ELSE 0 END AS seen,
       ROW_NUMBER() OVER (PARTITION BY e.action ORDER BY e.occurred, e.seq) AS place,
       SUM(CASE WHEN e.state = 'cancelled' THEN 1 ELSE 0 END)
           OVER (PARTITION BY e.action ORDER BY e.occurred, e.seq
                 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS segment
FROM eventful v JOIN action_event e ON e.action = v.action""",
    ),
    # What nothing but implemented, took_effect and closed happened to.
    Step(
        "uneventful",
        f"""
SELECT e.action,
       COALESCE(MIN(CASE WHEN e.state = 'took_effect' THEN e.occurred END),
                MIN(CASE WHEN e.state = 'implemented' THEN e.occurred END)) AS began,
       MIN(CASE WHEN e.state <> 'closed' AND e.occurred <= {AS_OF} THEN e.occurred END)
           AS implemented,
       MAX(CASE WHEN e.state = 'closed' AND e.occurred <= {AS_OF} THEN e.occurred END) AS closed
FROM wide_event e WHERE e.action NOT IN (SELECT action FROM eventful) GROUP BY e.action""",
    ),
    Step(
        "effect",
        """
SELECT action, began, ended FROM (
    SELECT action, began, LEAD(opened) OVER (PARTITION BY action ORDER BY segment) AS ended
    FROM (
        SELECT action, segment,
               COALESCE(MIN(CASE WHEN state = 'took_effect' THEN occurred END),
                        MIN(CASE WHEN state = 'implemented' THEN occurred END)) AS began,
               MIN(CASE WHEN state = 'cancelled' THEN occurred END) AS opened
        FROM happened GROUP BY action, segment
    ) s
) t WHERE began IS NOT NULL
UNION ALL
SELECT action, began, NULL AS ended FROM uneventful WHERE began IS NOT NULL""",
    ),
    Step(
        "standing",
        """
WITH last AS (
    SELECT action,
           MAX(CASE WHEN state = 'reopened' THEN place ELSE 0 END) AS reopened,
           MAX(CASE WHEN state = 'cancelled' THEN place ELSE 0 END) AS cancelled,
           MAX(CASE WHEN state IN ('implemented', 'took_effect') THEN place ELSE 0 END) AS done
    FROM happened WHERE seen = 1 GROUP BY action
), state AS (
    SELECT h.action,
           MAX(CASE WHEN l.cancelled > l.reopened AND l.cancelled > l.done THEN 1 ELSE 0 END)
               AS cancelled,
           MIN(CASE WHEN h.state IN ('implemented', 'took_effect') AND h.place > l.reopened
                    THEN h.occurred END) AS implemented,
           MAX(CASE WHEN h.state = 'closed' AND h.place > l.reopened THEN h.occurred END) AS closed,
           MAX(CASE WHEN h.state = 'reopened' THEN 1 ELSE 0 END) AS reopened
    FROM happened h JOIN last l ON l.action = h.action WHERE h.seen = 1 GROUP BY h.action
    UNION ALL
    SELECT action, 0 AS cancelled, implemented, closed, 0 AS reopened FROM uneventful
), judged AS (
    SELECT v.action, v.result, v.made FROM wide_verification v WHERE NOT EXISTS (
        SELECT 1 FROM now_verification w WHERE w.action = v.action
        AND (w.made > v.made OR w.made = v.made AND w.id > v.id))
), conclusive AS (
    SELECT action, MAX(made) AS made FROM wide_verification
    WHERE result IN ('effective', 'ineffective') GROUP BY action
)
SELECT a.id AS action, COALESCE(s.cancelled, 0) AS cancelled,
       CASE WHEN s.cancelled = 1 THEN NULL ELSE s.implemented END AS implemented,
       s.closed, COALESCE(s.reopened, 0) AS was_reopened, j.result AS last_result,
       j.made AS last_made, v.made AS concluded,
       CASE WHEN COALESCE(s.cancelled, 0) = 0 AND s.implemented IS NULL AND s.closed IS NULL
            THEN 1 ELSE 0 END AS is_open
FROM wide_action a LEFT JOIN state s ON s.action = a.id
LEFT JOIN judged j ON j.action = a.id LEFT JOIN conclusive v ON v.action = a.id""",
    ),
    # What is done about causes, with the rank of how well it is placed (8 met, 6 in hand, 4 planned
    # and changing nothing, 3 overdue or cancelled, 2 done and changing nothing, 0 ineffective).
    Step(
        "fix",
        f"""
SELECT l.cause, a.id AS action, a.intervention, a.strength, a.changes, s.implemented, s.cancelled,
       e.began,
       s.last_result, {", ".join(f"a.{name.strip()}" for name in SCOPE.split(","))},
       CASE WHEN a.scope_process IS NULL AND a.scope_product IS NULL AND a.scope_channel IS NULL
                 AND a.scope_site IS NULL THEN 0 ELSE 1 END AS scoped,
       CASE WHEN s.last_result = 'ineffective' THEN 0
            WHEN s.implemented IS NOT NULL AND a.changes = 1 THEN 8
            WHEN s.implemented IS NOT NULL THEN 2
            WHEN s.is_open = 0 OR a.due < {AS_OF} THEN 3
            WHEN a.changes = 1 THEN 6 ELSE 4 END AS placed,
       CASE WHEN s.implemented IS NOT NULL AND a.changes = 1
                 AND (s.concluded IS NULL OR s.concluded < s.implemented)
                 AND COALESCE(a.verify_by, s.implemented + (SELECT verification FROM p)) < {AS_OF}
            THEN 1 ELSE 0 END AS unverified
FROM action_cause l JOIN wide_action a ON a.id = l.action JOIN standing s ON s.action = a.id
JOIN wide_cause c ON c.id = l.cause
LEFT JOIN (SELECT action, MIN(began) AS began FROM effect GROUP BY action) e ON e.action = a.id
WHERE l.relation = 'addresses' AND a.removes_cause = 1 AND (l.since IS NULL OR l.since <= {AS_OF})
""",
    ),
    # Causes and what lies beneath them, each with itself; the levels above follow one by one.
    Step("reach", "SELECT id AS cause, id AS deeper FROM wide_cause"),
]

_APOLOGISED = Step(
    "apologised",
    f"""
WITH said AS (
    SELECT incident, MIN(made) AS first_made FROM focus_sorry GROUP BY incident
), promised AS (
    SELECT DISTINCT l.incident FROM now_promise r JOIN focus_sorry l ON l.apology = r.apology
    WHERE r.kind = 'non_recurrence'
), decided AS (
    SELECT incident, MAX(CASE WHEN kind = 'no_action' THEN 1 ELSE 0 END) AS no_action
    FROM focus_decision WHERE incident IS NOT NULL GROUP BY incident
)
SELECT f.id AS incident, f.failure, f.occurred, f.noted, f.impact, f.gate, f.detected_by,
       f.acknowledged, s.first_made,
       CASE WHEN m.incident IS NULL THEN 0 ELSE 1 END AS promised,
       CASE WHEN d.incident IS NULL THEN 0 ELSE 1 END AS decided,
       COALESCE(d.no_action, 0) AS no_action,
       CASE WHEN m.incident IS NOT NULL OR {AS_OF} - f.noted > (SELECT grace FROM p)
            THEN 1 ELSE 0 END AS is_over
FROM focus f JOIN said s ON s.incident = f.id
LEFT JOIN promised m ON m.incident = f.id LEFT JOIN decided d ON d.incident = f.id""",
)

# What stands behind causes. A unit is an incident whose actions have to be looked at one by one,
# because one of them has a scope or had taken effect before; all others share the unit ''.
_OWN = f"""
WITH acted AS (
    SELECT u.unit, u.cause, MAX(f.placed) AS placed,
           MAX(CASE WHEN f.placed = 8 THEN 1 ELSE 0 END) AS met,
           MAX(CASE WHEN f.placed = 8 AND (f.strength IS NULL OR f.strength > 1) THEN 1 ELSE 0 END)
               AS stronger,
           MAX(CASE WHEN f.placed = 8 THEN f.unverified ELSE 0 END) AS unverified,
           MAX(CASE WHEN f.placed = 0 THEN 1 ELSE 0 END) AS failed
    FROM unit_cause u JOIN fix f ON f.cause = u.cause LEFT JOIN now_incident i ON i.id = u.unit
    WHERE u.unit = '' OR {in_scope("f", "i")} AND NOT EXISTS (
        SELECT 1 FROM effect e WHERE e.action = f.action AND e.began < i.occurred
        AND (e.ended IS NULL OR e.ended >= i.occurred))
    GROUP BY u.unit, u.cause
), decided AS (
    SELECT DISTINCT d.cause FROM wide_cause c JOIN now_decision d ON d.cause = c.id
    WHERE d.kind = 'no_action'
)
SELECT u.unit, u.cause, c.level, c.gate, COALESCE(a.met, 0) AS met,
       COALESCE(a.stronger, 0) AS stronger, COALESCE(a.unverified, 0) AS unverified,
       COALESCE(a.failed, 0) AS failed,
       CASE WHEN d.cause IS NOT NULL AND COALESCE(a.placed, 0) < 7 THEN 7
            ELSE COALESCE(a.placed, 0) END AS placed
FROM unit_cause u JOIN now_cause c ON c.id = u.cause
LEFT JOIN acted a ON a.unit = u.unit AND a.cause = u.cause LEFT JOIN decided d ON d.cause = u.cause
"""

_GRADED_LEVEL = f"""
SELECT o.unit, o.cause,
       {_better("o.own_over", "CASE o.gate WHEN 'any' THEN d.least_over ELSE d.best_over END")}
           AS when_over,
       {
    _better("o.own_within", "CASE o.gate WHEN 'any' THEN d.least_within ELSE d.best_within END")
} AS when_within,
       {_later("o.met", "COALESCE(d.met, 0)")} AS met,
       {_later("o.stronger", "COALESCE(d.stronger, 0)")} AS stronger,
       {_later("o.unverified", "COALESCE(d.unverified, 0)")} AS unverified,
       {_later("o.failed", "COALESCE(d.failed, 0)")} AS failed
FROM (
    SELECT own.*, CASE WHEN placed = 0 THEN 1 ELSE placed END AS own_over,
           CASE WHEN placed = 0 THEN 5 ELSE placed END AS own_within
    FROM own WHERE level = {{level}}
) o LEFT JOIN (
    SELECT g.unit, l.effect, MIN(g.when_over) AS least_over, {_best("g.when_over")} AS best_over,
           MIN(g.when_within) AS least_within, {_best("g.when_within")} AS best_within,
           MAX(g.met) AS met, MAX(g.stronger) AS stronger, MAX(g.unverified) AS unverified,
           MAX(g.failed) AS failed
    FROM own w JOIN now_deeper l ON l.effect = w.cause
    JOIN graded g ON g.cause = l.cause AND g.unit = w.unit
    WHERE w.level = {{level}} GROUP BY g.unit, l.effect
) d ON d.unit = o.unit AND d.effect = o.cause"""

# The elements on record for each incident, over all its apologies: 0, or the element's bit.
_WORDED = Step(
    "worded",
    """
SELECT s.incident, MAX(s.elements & 1) AS regret, MAX(s.elements & 2) AS explanation,
       MAX(s.elements & 4) AS responsibility, MAX(s.elements & 8) AS repentance,
       MAX(s.elements & 16) AS repair
FROM focus_sorry s JOIN backing a ON a.incident = s.incident WHERE s.elements IS NOT NULL
AND s.incident IN (SELECT incident FROM focus_sorry WHERE (elements & 31) < 31)
GROUP BY s.incident""",
)

_PLAIN_UNITS = Step("unit_cause", "SELECT '' AS unit, id AS cause FROM wide_cause")

# Incidents for whom one action at the least may not stand: it has a scope, or it had taken effect.
_SPECIAL = Step(
    "special",
    """
WITH touchy AS (
    SELECT f.cause, MAX(f.scoped) AS scoped, MIN(e.began) AS began
    FROM fix f LEFT JOIN effect e ON e.action = f.action GROUP BY f.cause
), beneath AS (
    SELECT r.cause, MAX(t.scoped) AS scoped, MIN(t.began) AS began
    FROM touchy t JOIN reach r ON r.deeper = t.cause GROUP BY r.cause
)
SELECT DISTINCT a.incident FROM beneath b JOIN now_explained l ON l.cause = b.cause
JOIN apologised a ON a.incident = l.incident
WHERE l.role = 'cause' AND (b.scoped = 1 OR b.began < a.occurred)""",
)
_SPECIAL_UNITS = Step(
    "unit_cause",
    """
SELECT DISTINCT s.incident AS unit, r.deeper AS cause
FROM special s JOIN now_explained l ON l.incident = s.incident JOIN reach r ON r.cause = l.cause
WHERE l.role = 'cause'""",
)

_BACKING = Step(
    "backing",
    f"""
SELECT a.incident, a.failure, a.occurred, a.noted, a.impact, a.detected_by, a.acknowledged,
       a.first_made, a.promised, a.decided, a.no_action, a.is_over,
       CASE WHEN g.value IS NULL THEN 0 ELSE 1 END AS caused,
       CASE a.gate WHEN 'any' THEN g.value ELSE g.best END AS grade,
       COALESCE(g.met, 0) AS met, COALESCE(g.stronger, 0) AS stronger,
       COALESCE(g.unverified, 0) AS unverified, COALESCE(g.failed, 0) AS failed
FROM apologised a LEFT JOIN (
    SELECT incident, MIN(value) AS value, {_best("value")} AS best, MAX(met) AS met,
           MAX(stronger) AS stronger, MAX(unverified) AS unverified, MAX(failed) AS failed
    FROM (
        SELECT b.incident, CASE b.is_over WHEN 1 THEN g.when_over ELSE g.when_within END AS value,
               g.met, g.stronger, g.unverified, g.failed
        FROM apologised b JOIN incident_cause l ON l.incident = b.incident
        LEFT JOIN special s ON s.incident = b.incident
        JOIN graded g ON g.cause = l.cause AND g.unit = COALESCE(s.incident, '')
        WHERE l.role = 'cause' AND (l.since IS NULL OR l.since <= {AS_OF})
    ) v GROUP BY incident
) g ON g.incident = a.incident""",
)

# Where an action was verified ineffective: the causes through which the incident is still open.
_OPEN = Step(
    "open_cause",
    f"""
SELECT DISTINCT b.incident, l.cause, b.is_over, COALESCE(s.incident, '') AS unit
FROM backing b JOIN incident_cause l ON l.incident = b.incident
LEFT JOIN special s ON s.incident = b.incident
JOIN graded g ON g.cause = l.cause AND g.unit = COALESCE(s.incident, '')
WHERE b.failed = 1 AND b.grade < 7 AND l.role = 'cause'
AND (l.since IS NULL OR l.since <= {AS_OF})
AND CASE b.is_over WHEN 1 THEN g.when_over ELSE g.when_within END < 7""",
)
_OPEN_LEVEL = """
SELECT DISTINCT o.incident, l.cause, o.is_over, o.unit
FROM open_cause o JOIN now_deeper l ON l.effect = o.cause AND l.level = {level}
JOIN graded g ON g.cause = l.cause AND g.unit = o.unit
WHERE CASE o.is_over WHEN 1 THEN g.when_over ELSE g.when_within END < 7"""

# Failures that may have come back: counted without regard to the date, since that only spares
# looking at those that never did.
_AGAIN = {
    True: "SELECT failure FROM incident WHERE failure IS NOT NULL "
    "GROUP BY failure HAVING COUNT(*) > 1",
    False: "SELECT DISTINCT failure FROM wide WHERE failure IS NOT NULL",
}

_RECURRENCE = [
    Step(
        "member",
        """
SELECT w.failure, w.id AS incident, w.occurred, w.occurred_end, w.weak, w.process, w.product,
       w.channel, w.site
FROM wide w WHERE w.failure IN (SELECT failure FROM again)""",
    ),
    Step(
        "hit",
        """
SELECT DISTINCT m.failure, h.who, h.customer, h.order_no, m.incident, m.occurred, m.occurred_end
FROM member m JOIN now_hit h ON h.incident = m.incident""",
    ),
    # Everything that explains an incident, deeper causes and escape causes included.
    Step(
        "member_cause",
        """
SELECT DISTINCT m.failure, m.incident, m.occurred, m.occurred_end, r.deeper AS cause
FROM member m JOIN now_explained l ON l.incident = m.incident JOIN reach r ON r.cause = l.cause""",
    ),
    # Later incidents, and when the nearest sure earlier one of the same failure was.
    Step(
        "later",
        """
SELECT l.failure, l.incident, l.occurred, l.weak, l.before_at, MIN(e.incident) AS earlier
FROM (
    SELECT m.failure, m.incident, m.occurred, m.weak,
           (SELECT MAX(e.occurred) FROM member e WHERE e.failure = m.failure
            AND e.occurred < m.occurred AND e.occurred_end < m.occurred) AS before_at
    FROM member m
) l JOIN member e ON e.failure = l.failure AND e.occurred = l.before_at
    AND e.occurred_end < l.occurred
WHERE l.before_at IS NOT NULL
GROUP BY l.failure, l.incident, l.occurred, l.weak, l.before_at""",
    ),
    # Persons whom a failure hit more than once.
    Step(
        "hit_again",
        """
SELECT failure, who FROM hit GROUP BY failure, who HAVING MIN(incident) < MAX(incident)""",
    ),
    # Promises that a later incident may have broken.
    Step(
        "bound",
        """
SELECT b.promise, b.apology, b.scope, b.made, b.weak, b.failure, b.until_at, b.anyone FROM (
    SELECT DISTINCT r.id AS promise, r.apology, r.scope, r.made, r.weak, m.failure,
           CASE WHEN r.kind = 'watch'
                     AND r.fulfilled < COALESCE(r.due, r.made + (SELECT horizon FROM p))
                    THEN r.fulfilled
                WHEN r.kind = 'watch' AND r.due IS NOT NULL THEN r.due
                ELSE r.made + (SELECT horizon FROM p) END AS until_at,
           CASE WHEN r.kind = 'non_recurrence' AND r.scope = 'anyone' THEN 1 ELSE 0 END AS anyone
    FROM now_promise r JOIN now_sorry s ON s.apology = r.apology
    JOIN member m ON m.incident = s.incident
    WHERE r.kind IN ('non_recurrence', 'watch')
) b WHERE EXISTS (SELECT 1 FROM member l WHERE l.failure = b.failure
                  AND l.occurred > b.made AND l.occurred <= b.until_at)""",
    ),
    # The apologies of which it matters whom they were told.
    Step(
        "asked_apology",
        """
SELECT s.apology FROM hit_again g JOIN hit h ON h.failure = g.failure AND h.who = g.who
JOIN now_sorry s ON s.incident = h.incident
UNION
SELECT apology FROM bound WHERE anyone = 0""",
    ),
    # Whom they were told, as persons.
    Step(
        "told",
        """
SELECT DISTINCT s.apology, h.who FROM asked_apology s
JOIN now_apology a ON a.id = s.apology JOIN apology_incident l ON l.apology = s.apology
JOIN any_hit h ON h.incident = l.incident
WHERE (a.recipients IS NULL OR a.recipients = 'all') AND NOT EXISTS (
    SELECT 1 FROM apology_customer n
    WHERE n.apology = s.apology AND n.customer = h.customer AND n.reached = 0)
UNION
SELECT n.apology, w.who FROM asked_apology s
JOIN now_apology a ON a.id = s.apology JOIN apology_customer n ON n.apology = s.apology
JOIN person w ON w.customer = n.customer
WHERE a.recipients = 'listed' AND n.reached = 1""",
    ),
    # From when on a person can say: this was apologised for.
    Step(
        "sorry_to",
        f"""
SELECT DISTINCT h.failure, h.who, h.incident, s.apology, s.weak,
       {_later("h.occurred_end", "s.made")} AS ready
FROM hit_again g JOIN hit h ON h.failure = g.failure AND h.who = g.who
JOIN now_sorry s ON s.incident = h.incident
JOIN told t ON t.apology = s.apology AND t.who = h.who""",
    ),
    # The incidents to which a cause's fix applied and which came all the same, whatever was before:
    # those with this cause, and those with none on record, of a failure that has it.
    Step(
        "unexplained",
        """
SELECT m.* FROM member m
WHERE NOT EXISTS (SELECT 1 FROM member_cause x WHERE x.incident = m.incident)""",
    ),
    Step(
        "held_not",
        f"""
SELECT m.failure, f.action, f.cause, m.incident, m.occurred, m.weak, 0 AS suspected
FROM member_cause x JOIN fix f ON f.cause = x.cause AND f.began < x.occurred
JOIN member m ON m.incident = x.incident
WHERE {in_scope("f", "m")} AND EXISTS (
    SELECT 1 FROM effect e WHERE e.action = f.action AND e.began < m.occurred
    AND (e.ended IS NULL OR e.ended >= m.occurred))
UNION
SELECT m.failure, f.action, f.cause, m.incident, m.occurred, m.weak, 1 AS suspected
FROM (SELECT DISTINCT c.failure, c.cause FROM member_cause c
      WHERE c.failure IN (SELECT failure FROM unexplained)) c
JOIN fix f ON f.cause = c.cause
JOIN unexplained m ON m.failure = c.failure AND m.occurred > f.began
WHERE {in_scope("f", "m")} AND EXISTS (
    SELECT 1 FROM effect e WHERE e.action = f.action AND e.began < m.occurred
    AND (e.ended IS NULL OR e.ended >= m.occurred))""",
    ),
    Step(
        "returned",
        """
SELECT h.failure, h.action, h.cause, h.incident, h.occurred, h.weak, h.suspected
FROM held_not h WHERE EXISTS (
    SELECT 1 FROM member_cause c WHERE c.failure = h.failure AND c.cause = h.cause
    AND c.occurred_end < h.occurred)""",
    ),
]

_WALK = [
    Step(
        "walker",
        """
SELECT b.incident, b.failure, b.occurred, b.first_made
FROM backing b JOIN member m ON m.incident = b.incident
WHERE EXISTS (SELECT 1 FROM member l WHERE l.failure = b.failure AND l.occurred > b.first_made
              AND l.incident <> b.incident)""",
    ),
    # What changes the process and stands behind the incident, with the spans in which it held.
    Step(
        "held",
        f"""
SELECT DISTINCT w.incident, f.action, f.cause, e.began, e.ended
FROM walker w JOIN now_explained l ON l.incident = w.incident JOIN reach r ON r.cause = l.cause
JOIN fix f ON f.cause = r.deeper JOIN effect e ON e.action = f.action
JOIN now_incident i ON i.id = w.incident
WHERE l.role = 'cause' AND f.changes = 1 AND {in_scope("f", "i")} AND NOT EXISTS (
    SELECT 1 FROM effect x WHERE x.action = f.action AND x.began < w.occurred
    AND (x.ended IS NULL OR x.ended >= w.occurred))""",
    ),
    # The moments after which nothing held, and until when.
    Step(
        "gap",
        """
SELECT g.incident, g.failure, g.gap_at,
       COALESCE((SELECT MIN(h.began) FROM held h
                 WHERE h.incident = g.incident AND h.began > g.gap_at), 9000000000000000000)
           AS until_at
FROM (
    SELECT incident, failure, first_made AS gap_at FROM walker
    UNION
    SELECT w.incident, w.failure, h.ended AS gap_at FROM walker w
    JOIN held h ON h.incident = w.incident WHERE h.ended > w.first_made
) g WHERE NOT EXISTS (
    SELECT 1 FROM held h WHERE h.incident = g.incident AND h.began <= g.gap_at
    AND (h.ended IS NULL OR h.ended > g.gap_at))""",
    ),
    Step(
        "walked",
        """
SELECT w.incident, w.failure, w.first_made, h.hollow_at, f.failed_at
FROM walker w LEFT JOIN (
    SELECT incident, MIN(hollow_at) AS hollow_at FROM (
        SELECT g.incident, (
            SELECT MIN(l.occurred) FROM member l
            WHERE l.failure = g.failure AND l.occurred > g.gap_at AND l.occurred <= g.until_at
            AND l.incident <> g.incident AND l.occurred_end <= g.until_at) AS hollow_at
        FROM gap g
    ) x GROUP BY incident
) h ON h.incident = w.incident LEFT JOIN (
    SELECT incident, MIN(failed_at) AS failed_at FROM (
        SELECT s.incident, (
            SELECT MIN(n.occurred) FROM held_not n
            WHERE n.failure = s.failure AND n.action = s.action AND n.cause = s.cause
            AND n.occurred > s.first_made AND n.incident <> s.incident) AS failed_at
        FROM (SELECT DISTINCT w.incident, w.failure, w.first_made, h.action, h.cause
              FROM (SELECT DISTINCT failure, action, cause FROM held_not) n
              JOIN held h ON h.action = n.action AND h.cause = n.cause
              JOIN walker w ON w.incident = h.incident AND w.failure = n.failure) s
    ) y GROUP BY incident
) f ON f.incident = w.incident""",
    ),
]

_PROMISES = [
    # The first incident that broke each promise.
    Step(
        "broken",
        """
SELECT promise, apology, incident, occurred, weak FROM (
    SELECT b.promise, b.apology, m.incident, m.occurred,
           CASE WHEN m.weak = 1 OR b.weak = 1 THEN 1 ELSE 0 END AS weak,
           ROW_NUMBER() OVER (PARTITION BY b.promise ORDER BY m.occurred, m.incident) AS place
    FROM (
        SELECT b.promise, b.apology, b.weak, b.failure, b.anyone, b.made, b.until_at,
               MIN(c.occurred) AS broken_at
        FROM bound b JOIN (
            SELECT b.promise, b.failure, m.incident, m.occurred
            FROM bound b JOIN member m ON m.failure = b.failure AND m.occurred > b.made
                AND m.occurred <= b.until_at
            WHERE b.anyone = 1
            UNION
            SELECT b.promise, b.failure, h.incident, h.occurred
            FROM bound b JOIN told t ON t.apology = b.apology
            JOIN hit h ON h.failure = b.failure AND h.who = t.who AND h.occurred > b.made
                AND h.occurred <= b.until_at
            WHERE b.anyone = 0
        ) c ON c.promise = b.promise AND c.failure = b.failure
        WHERE NOT EXISTS (SELECT 1 FROM apology_incident o
                          WHERE o.apology = b.apology AND o.incident = c.incident
                          AND (o.since IS NULL OR o.since <= (SELECT as_of FROM p)))
        GROUP BY b.promise, b.apology, b.weak, b.failure, b.anyone, b.made, b.until_at
    ) b JOIN member m ON m.failure = b.failure AND m.occurred = b.broken_at
    WHERE NOT EXISTS (SELECT 1 FROM apology_incident o
                      WHERE o.apology = b.apology AND o.incident = m.incident
                      AND (o.since IS NULL OR o.since <= (SELECT as_of FROM p)))
    AND (b.anyone = 1 OR EXISTS (
        SELECT 1 FROM hit h JOIN told t ON t.who = h.who
        WHERE h.incident = m.incident AND t.apology = b.apology))
) x WHERE place = 1""",
    ),
]

_STRENGTH = Step(
    "strength_of",
    """
SELECT f.cause, MAX(f.strength) AS strongest, COUNT(*) AS actions,
       MAX(CASE WHEN f.strength IS NULL THEN 1 ELSE 0 END) AS unknown,
       MAX(CASE WHEN f.strength IS NULL OR f.strength > 1 THEN 1 ELSE 0 END) AS stronger
FROM fix f WHERE f.cancelled = 0 GROUP BY f.cause""",
)

# How it stands with each apologised incident: 1 failed, 2 hollow, 3 unbacked, 4 partly, 5 waiting,
# 6 in hand, 7 decided, 8 backed.
STATE = f"""
SELECT b.incident,
       CASE WHEN w.failed_at IS NOT NULL AND (w.hollow_at IS NULL OR w.failed_at < w.hollow_at)
                THEN 1
            WHEN o.incident IS NOT NULL THEN 1
            WHEN w.hollow_at IS NOT NULL THEN 2
            WHEN b.caused = 0 AND b.decided = 1 THEN 7
            WHEN b.caused = 0 AND b.is_over = 0 THEN 5
            WHEN b.caused = 0 THEN 3
            WHEN b.grade = 8 THEN 8
            WHEN b.no_action = 1 OR b.grade = 7 THEN 7
            WHEN b.grade > 4 THEN b.grade
            WHEN b.met = 1 THEN 4 ELSE 3 END AS state
FROM backing b LEFT JOIN walked w ON w.incident = b.incident LEFT JOIN (
    SELECT DISTINCT o.incident FROM open_cause o JOIN fix f ON f.cause = o.cause
    JOIN now_incident i ON i.id = o.incident
    WHERE f.placed = 0 AND {in_scope("f", "i")} AND NOT EXISTS (
        SELECT 1 FROM effect e WHERE e.action = f.action AND e.began < i.occurred
        AND (e.ended IS NULL OR e.ended >= i.occurred))
) o ON o.incident = b.incident"""

_COMPARISON = Step(
    "comparison",
    """
SELECT b.blank, b.comparable, r.repeats,
       CASE WHEN b.comparable >= (SELECT coarse_from FROM p)
                 AND r.repeats * 1000 > b.comparable * (SELECT coarse_permille FROM p)
            THEN 1 ELSE 0 END AS coarse
FROM (
    SELECT SUM(CASE WHEN failure IS NULL THEN 1 ELSE 0 END) AS blank,
           SUM(CASE WHEN failure IS NULL THEN 0 ELSE 1 END) AS comparable
    FROM focus
) b, (
    SELECT COUNT(*) AS repeats FROM later
    WHERE occurred - before_at <= (SELECT recurrence FROM p)
) r""",
)

_COVERED = Step(
    "covered",
    """
SELECT cause FROM fix WHERE cancelled = 0
UNION
SELECT d.cause FROM wide_cause c JOIN now_decision d ON d.cause = c.id
WHERE d.kind = 'no_action'""",
)

INDEXES: dict[str, tuple[str, ...]] = {
    "eventful": ("action",),
    "happened": (),
    "uneventful": (),
    "hit_again": ("failure, who",),
    "asked_apology": ("apology",),
    "unexplained": ("failure, occurred",),
    "effect": ("action",),
    "standing": ("action",),
    "fix": ("cause", "action"),
    "reach": ("cause, deeper", "deeper, cause"),
    "apologised": ("incident",),
    "worded": (),
    "unit_cause": (),
    "own": ("level",),
    "graded": ("cause, unit",),
    "special": ("incident",),
    "backing": ("incident",),
    "open_cause": ("cause",),
    "again": ("failure",),
    "member": ("failure, occurred, incident", "incident"),
    "hit": ("failure, who, occurred", "incident"),
    "member_cause": ("incident, cause", "failure, cause, occurred_end"),
    "later": ("incident",),
    "told": ("apology, who",),
    "sorry_to": ("failure, who, ready",),
    "held_not": ("failure, action, cause, occurred",),
    "returned": ("incident", "action"),
    "walker": (),
    "gap": (),
    "walked": ("incident",),
    "held": ("incident", "action, cause"),
    "bound": ("promise",),
    "broken": ("promise",),
    "strength_of": ("cause",),
    "covered": ("cause",),
    "comparison": (),
}
"""What each step is looked up by."""

LEVEL_STEPS = {
    "reach": """
SELECT DISTINCT l.effect AS cause, r.deeper FROM now_deeper l JOIN reach r ON r.cause = l.cause
WHERE l.level = {level}""",
    "graded": _GRADED_LEVEL,
    "open_cause": _OPEN_LEVEL,
}


class Levels:
    """Rows to add to a table, level by level.

    Attributes:
        name: The table.
        down: Whether to go from the highest level to the lowest.
        first: The lowest level.
    """

    __slots__ = ("down", "first", "name")

    def __init__(self, name: str, *, first: int, down: bool = False) -> None:
        self.name = name
        self.first = first
        self.down = down


class Done:
    """Tables that no later step and no rule reads: over a whole casebook their memory counts.

    Attributes:
        names: The tables.
    """

    __slots__ = ("names",)

    def __init__(self, *names: str) -> None:
        self.names = names


def steps(*, everything: bool) -> Iterator[Step | Levels | Done]:
    """Yield the steps in their order."""
    yield from _ACTIONS
    yield Levels("reach", first=1)
    yield _APOLOGISED
    yield _PLAIN_UNITS
    yield Step("own", _OWN)
    yield Step("graded", _EMPTY_GRADED)
    yield Levels("graded", first=0)
    yield _SPECIAL
    yield _SPECIAL_UNITS
    yield Step("own", _OWN)
    yield Levels("graded", first=0)
    yield _BACKING
    yield Done("apologised", "own", "unit_cause", "happened", "eventful", "uneventful")
    yield _WORDED
    yield _OPEN
    yield Levels("open_cause", first=1, down=True)
    yield Step("again", _AGAIN[everything])
    yield from _RECURRENCE
    yield from _WALK
    yield from _PROMISES
    yield _STRENGTH
    yield _COVERED
    if everything:
        yield _COMPARISON


_EMPTY_GRADED = """
SELECT unit, cause, placed AS when_over, placed AS when_within, met, stronger, unverified, failed
FROM own WHERE level < 0"""
