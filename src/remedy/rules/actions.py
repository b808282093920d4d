"""Family F: are the actions owned, done, strong enough, verified?"""

from __future__ import annotations

from remedy._relations import AS_OF
from remedy.rules._rule import Rule
from remedy.vocabulary import Severity

__all__ = ["RULES"]


def _action(condition: str, *columns: str) -> str:
    """Return the question for the actions that a condition holds for.

    An action has no zone of its own: its days are told in that of the first incident (by id) that
    it is about, or that one of its causes explains.
    """
    named = ", ".join(("subject", *(column.split()[-1].split(".")[-1] for column in columns)))
    asked = ", ".join(("a.id AS subject", *columns))
    return f"""
SELECT {named}, weak, quoted,
       (SELECT i.zone FROM now_incident i WHERE i.id = z.incident) AS zone
FROM (
    SELECT y.*, COALESCE(
        (SELECT MIN(l.incident) FROM action_incident l WHERE l.action = y.subject),
        (SELECT MIN(l.incident) FROM incident_cause l WHERE l.cause = y.cause)) AS incident
    FROM (
        SELECT x.*, (
            SELECT MIN(r.cause) FROM action_cause k CROSS JOIN reach r
            WHERE k.action = x.subject AND r.deeper = k.cause
            AND EXISTS (SELECT 1 FROM incident_cause l WHERE l.cause = r.cause)) AS cause
        FROM (
            SELECT {asked}, a.weak, a.quoted FROM focus_action a
            JOIN standing s ON s.action = a.id WHERE {condition}
        ) x
    ) y
) z"""


def _kind_of(strength: str) -> str:
    """Return the word for a strength."""
    return f"CASE {strength} WHEN 1 THEN 'weaker' WHEN 2 THEN 'intermediate' ELSE 'stronger' END"


def _rule(code: str, name: str, severity: Severity, fact: str, ask: str, **words: str) -> Rule:
    return Rule(
        code, ask, name=name, severity=severity, subject="action", fact=f"F:{fact}", **words
    )


RULES: tuple[Rule, ...] = (
    _rule(
        "F401",
        "no owner or no date",
        Severity.WARNING,
        "plan",
        _action(
            "s.is_open = 1 AND (a.owner IS NULL OR a.due IS NULL)",
            "a.owner",
            "CASE WHEN a.owner IS NULL AND a.due IS NULL THEN 1 ELSE 0 END AS neither",
        ),
        message="It is open, and has {neither?neither an owner nor a date|{owner?no date|no "
        "owner}}.",
        advice="Say who does it, and by when.",
        why="What nobody owns, or has no date, is not done.",
    ),
    _rule(
        "F402",
        "overdue",
        Severity.ERROR,
        "due",
        _action(f"s.is_open = 1 AND a.due < {AS_OF}", "a.owner", "a.due AS due_at"),
        message="It was due on {due_at}, and is open{owner? ({owner})|}.",
        advice="Do it, set a date that holds, or cancel it and say why.",
        why="The date is past, and the action is neither implemented nor cancelled.",
    ),
    _rule(
        "F403",
        "no evidence that it was done",
        Severity.INFO,
        "evidence",
        _action(
            "a.removes_cause = 1 AND s.implemented IS NOT NULL AND NOT EXISTS "
            f"(SELECT 1 FROM evidence e WHERE e.action = a.id AND e.made <= {AS_OF})",
            "s.implemented AS done_at",
        ),
        message="It was implemented on {done_at}, and nothing on record shows it.",
        advice="Record what shows it: a photo, a release, the new form.",
        why="An auditor, and the next person in charge, will ask.",
    ),
    _rule(
        "F404",
        "no criterion set beforehand",
        Severity.INFO,
        "criterion",
        _action(
            "a.removes_cause = 1 AND s.implemented IS NOT NULL AND (a.criterion IS NULL "
            "OR COALESCE(a.criterion_set, a.decided) > s.implemented)",
            "s.implemented AS done_at",
        ),
        message="It was implemented on {done_at}, and nobody had said beforehand what would show "
        "that it works.",
        advice="Set a criterion now, and treat the verification with care.",
        why="A criterion that is chosen after the result is known is always met.",
    ),
    Rule(
        "F405",
        """
SELECT DISTINCT c.id AS subject, x.action AS action
FROM focus_cause c CROSS JOIN strength_of t CROSS JOIN fix x
WHERE t.cause = c.id AND t.stronger = 0 AND x.cause = c.id AND x.cancelled = 0
ORDER BY subject, action""",
        name="weaker actions only",
        severity=Severity.WARNING,
        subject="cause",
        fact="F:strength",
        message="All that is done or planned about it ({every_action}) is of the weaker kind.",
        advice="Add at least one action of intermediate or stronger kind.",
        why="Weaker actions depend on people remembering, checking or being careful.",
        source="RCA2 action hierarchy",
    ),
    Rule(
        "F408",
        f"""
SELECT x.subject, {_kind_of("x.strongest")} AS strength, {_kind_of("x.wanted")} AS wanted,
       CASE x.impact WHEN 1 THEN 'minor' WHEN 2 THEN 'moderate' WHEN 3 THEN 'major'
                     ELSE 'critical' END AS impact,
       (SELECT MIN(f.action) FROM fix f WHERE f.cause = x.subject AND f.cancelled = 0
        AND f.strength = x.strongest) AS action,
       (SELECT MIN(i.id) FROM reach r CROSS JOIN now_link l CROSS JOIN now_incident i
        WHERE r.deeper = x.subject AND l.cause = r.cause AND i.id = l.incident
        AND i.impact = x.impact) AS example
FROM (
SELECT c.id AS subject, t.strongest, k.strength AS wanted, k.impact FROM focus_cause c
JOIN strength_of t ON t.cause = c.id JOIN (
    SELECT r.deeper AS cause, MAX(i.impact) AS impact
    FROM reach r JOIN now_link l ON l.cause = r.cause
    JOIN now_incident i ON i.id = l.incident
    WHERE r.deeper IN (SELECT cause FROM strength_of WHERE unknown = 0
                       AND strongest < (SELECT MAX(strength) FROM strength_asked))
    GROUP BY r.deeper
) m ON m.cause = c.id JOIN strength_asked k ON k.impact = m.impact
WHERE t.strongest < k.strength AND t.unknown = 0
) x""",
        name="weaker than the impact asks for",
        severity=Severity.WARNING,
        subject="cause",
        fact="F:strength",
        message="The strongest action on it ({action}) is of the {strength} kind, and the {impact} "
        "impact of {example} asks for the {wanted} one.",
        advice="Choose a stronger kind of change.",
        why="Actions are to be appropriate to the effects; `strength_for` in the configuration "
        "says what each impact asks for. Where the strength of one of them is not on record, "
        "nothing is said: it may be enough.",
        source="ISO 9001:2015 10.2.1",
    ),
    _rule(
        "F406",
        "containment left in place",
        Severity.INFO,
        "containment",
        f"""
SELECT y.subject, MIN(y.fix) AS fix, y.weak, y.quoted FROM (
    SELECT DISTINCT a.id AS subject, x.action AS fix, a.weak, a.quoted
    FROM focus_action a CROSS JOIN standing s CROSS JOIN action_incident i
    CROSS JOIN now_incident n CROSS JOIN now_link l CROSS JOIN reach r CROSS JOIN fix x
    WHERE s.action = a.id AND i.action = a.id AND n.id = i.incident AND l.incident = i.incident
    AND r.cause = l.cause AND x.cause = r.deeper AND x.last_result = 'effective'
    AND a.kind = 'containment' AND s.closed IS NULL AND s.cancelled = 0 AND l.role = 'cause'
    AND (i.since IS NULL OR i.since <= {AS_OF})
) y CROSS JOIN now_verification e
WHERE e.action = y.fix AND e.result = 'effective'
AND e.made + (SELECT containment FROM p) < {AS_OF} AND NOT EXISTS (
    SELECT 1 FROM now_verification n WHERE n.action = e.action AND n.result = 'ineffective'
    AND (n.made > e.made OR n.made = e.made AND n.id > e.id))
GROUP BY y.subject, y.weak, y.quoted""",
        message="It still contains what {fix} has been shown to prevent.",
        advice="End it, and say since when.",
        why="Containment costs something every day, and hides whether the fix holds.",
        source="8D D6",
    ),
    _rule(
        "F407",
        "the fix backfired",
        Severity.ERROR,
        "backfired",
        f"""
WITH brought AS (
    SELECT DISTINCT a.id, k.cause, i.id AS incident, i.occurred, a.weak, a.quoted
    FROM focus_action a CROSS JOIN action_cause k CROSS JOIN reach r CROSS JOIN now_link l
    CROSS JOIN now_incident i
    WHERE k.action = a.id AND r.deeper = k.cause AND l.cause = r.cause AND i.id = l.incident
    AND k.relation = 'introduces' AND (k.since IS NULL OR k.since <= {AS_OF})
), led AS (
    SELECT b.*, ROW_NUMBER() OVER (PARTITION BY id ORDER BY occurred, incident, cause) AS place,
           COUNT(*) OVER (PARTITION BY id, cause) AS incidents
    FROM brought b
)
SELECT x.id AS subject, x.cause, x.incident AS example, x.incidents, n.causes - 1 AS more, x.weak,
       x.quoted
FROM led x JOIN (SELECT id, COUNT(DISTINCT cause) AS causes FROM brought GROUP BY id) n
    ON n.id = x.id
WHERE x.place = 1""",
        message="It brought a cause into being ({cause}) that has led to {incidents=1?an incident "
        "({example})|{incidents} incidents ({example} was the first)}{more?; {more} more "
        "{more=1?cause|causes} that it brought {more=1?has|have} led to incidents, too|}.",
        advice="Change the fix, before it is taken for the problem's solution.",
        why="Fixes that fail: what was done about one cause is another one's beginning.",
        source="systems thinking: fixes that fail",
    ),
    _rule(
        "F409",
        "closed without verification",
        Severity.ERROR,
        "closed",
        _action(
            "a.removes_cause = 1 AND s.closed IS NOT NULL AND (s.concluded IS NULL "
            "OR s.concluded < COALESCE(s.implemented, s.reopened)) AND NOT EXISTS "
            "(SELECT 1 FROM returned r WHERE r.action = a.id AND r.occurred > s.closed)",
            "s.closed AS closed_at",
            "s.concluded AS judged_at",
            "CASE WHEN s.concluded < s.reopened THEN 'opened again' ELSE 'implemented' END AS how",
        ),
        message="It was closed on {closed_at}, and nobody has shown that it works{judged_at?: the "
        "verification of {judged_at} was made before it was {how}|}.",
        advice="Verify it, or open it again.",
        why="Closing says that the matter is settled; only a verification can. Where the failure "
        "came back afterwards, that has opened it again.",
        source="ISO 9001:2015 10.2.1 d",
    ),
)
