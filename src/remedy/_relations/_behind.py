"""What stands behind the apologies: how each incident is backed, and how it stands with it."""

from __future__ import annotations

from collections.abc import Iterator

from remedy._relations._parts import (
    AS_OF,
    Instead,
    Levels,
    Step,
    best,
    better,
    greater,
    in_scope,
    sooner,
    was_there,
)

__all__ = ["NO_ACTION", "STATE", "behind"]

NO_ACTION = (
    "EXISTS (SELECT 1 FROM now_decision d WHERE d.incident = b.incident AND d.kind = 'no_action')"
)
"""Whether it was decided that nothing is done about the incident of a row `b`."""


def _sorry(*, everything: bool) -> Step:
    """Return the apologies for the incidents of the focus.

    Each way begins where it has least to read: an order that no planner knows without statistics.
    """
    if everything:
        tables, condition = "now_apology a CROSS JOIN apology_incident l", "l.apology = a.id"
    else:
        tables = "focus_id f CROSS JOIN apology_incident l CROSS JOIN now_apology a"
        condition = "l.incident = f.id AND a.id = l.apology"
    return Step(
        "sorry",
        f"""
SELECT l.apology, l.incident, CASE WHEN l.stated = l.incident THEN '' ELSE l.stated END AS stated,
       a.made, a.elements, a.recipients, a.weak
FROM {tables} WHERE {condition} AND (l.since IS NULL OR l.since <= {AS_OF})""",
        key="apology, incident, stated",
        indexes=("incident, made",),
    )


def _promised(*, everything: bool) -> Step:
    """Return the incidents of which it was promised that they will not happen again."""
    tables = (
        "now_promise r CROSS JOIN sorry s" if everything else "sorry s CROSS JOIN now_promise r"
    )
    return Step(
        "promised",
        f"""
SELECT DISTINCT s.incident FROM {tables}
WHERE r.apology = s.apology AND r.kind = 'non_recurrence'""",
        indexes=("incident",),
    )


# Causes and what lies beneath them, each with itself; the levels above follow one by one.
_REACH = Step(
    "reach",
    "SELECT id AS cause, id AS deeper FROM wide_cause",
    indexes=("cause, deeper", "deeper, cause"),
)
_REACH_LEVELS = Levels(
    "reach",
    """
SELECT DISTINCT l.effect AS cause, r.deeper FROM now_deeper l JOIN reach r ON r.cause = l.cause
WHERE l.level = {level}""",
    first=1,
)

# What is done about each cause by itself. A unit is an incident for which the actions have to be
# looked at one by one, because one of them has a scope or had taken effect before; all others share
# the unit ''.
_DONE = """
       MAX(f.placed) AS placed,
       MAX(CASE WHEN f.placed = 8 THEN 1 ELSE 0 END) AS met,
       MAX(CASE WHEN f.placed = 8 AND (f.strength IS NULL OR f.strength > 1) THEN 1 ELSE 0 END)
           AS stronger,
       MAX(CASE WHEN f.placed = 8 THEN f.unverified ELSE 0 END) AS unverified,
       MAX(CASE WHEN f.placed = 0 THEN 1 ELSE 0 END) AS failed,
       MAX(f.scoped) AS scoped, MIN(f.began) AS began, MIN(f.holds) AS holds"""
_OWN = """
WITH decided AS (
    SELECT DISTINCT d.cause FROM wide_cause c JOIN now_decision d ON d.cause = c.id
    WHERE d.kind = 'no_action'
)
SELECT {unit} AS unit, c.id AS cause, c.level, c.gate,
       CASE WHEN a.placed = 8 THEN 8 WHEN d.cause IS NOT NULL THEN 7
            ELSE COALESCE(a.placed, 0) END AS placed,
       COALESCE(a.met, 0) AS met, COALESCE(a.stronger, 0) AS stronger,
       COALESCE(a.unverified, 0) AS unverified, COALESCE(a.failed, 0) AS failed,
       COALESCE(a.scoped, 0) AS scoped, a.began, a.holds
FROM {causes} LEFT JOIN acted a ON {acted} LEFT JOIN decided d ON d.cause = c.id"""

_ACTED = Step(
    "acted",
    f"SELECT '' AS unit, f.cause, {_DONE} FROM fix f GROUP BY f.cause",
    indexes=("cause, unit",),
)
_ACTED_FOR_UNITS = Instead(
    "acted",
    f"""
SELECT u.unit, f.cause, {_DONE}
FROM unit_cause u JOIN fix f ON f.cause = u.cause JOIN now_incident i ON i.id = u.unit
WHERE {in_scope("f", "i")} AND NOT {was_there("f", "i")} GROUP BY u.unit, f.cause""",
)
_PLAIN_OWN = Step(
    "own",
    _OWN.format(unit="''", causes="wide_cause c", acted="a.cause = c.id"),
    indexes=("level",),
)
_OWN_FOR_UNITS = Instead(
    "own",
    _OWN.format(
        unit="u.unit",
        causes="unit_cause u JOIN now_cause c ON c.id = u.cause",
        acted="a.cause = u.cause AND a.unit = u.unit",
    ),
)

# How it stands with each cause and what lies beneath it, by its gates: once the time for finding
# causes is over, and within it.
_GRADED = Step(
    "graded",
    """
SELECT cause, unit, placed AS when_over, placed AS when_within, met, stronger, unverified, failed,
       scoped, began, holds
FROM own WHERE level < 0""",
    key="cause, unit",
)
_GRADED_LEVELS = Levels(
    "graded",
    f"""
SELECT o.cause, o.unit,
       {better("o.own_over", "CASE o.gate WHEN 'any' THEN d.least_over ELSE d.best_over END")}
           AS when_over,
       {
        better("o.own_within", "CASE o.gate WHEN 'any' THEN d.least_within ELSE d.best_within END")
    } AS when_within,
       {greater("o.met", "COALESCE(d.met, 0)")} AS met,
       {greater("o.stronger", "COALESCE(d.stronger, 0)")} AS stronger,
       {greater("o.unverified", "COALESCE(d.unverified, 0)")} AS unverified,
       {greater("o.failed", "COALESCE(d.failed, 0)")} AS failed,
       {greater("o.scoped", "COALESCE(d.scoped, 0)")} AS scoped,
       {sooner("o.began", "d.began")} AS began, {sooner("o.holds", "d.holds")} AS holds
FROM (
    SELECT own.*, CASE WHEN placed = 0 THEN 1 ELSE placed END AS own_over,
           CASE WHEN placed = 0 THEN 5 ELSE placed END AS own_within
    FROM own WHERE level = {{level}}
) o LEFT JOIN (
    SELECT w.unit, w.cause, MIN(g.when_over) AS least_over, {best("g.when_over")} AS best_over,
           MIN(g.when_within) AS least_within, {best("g.when_within")} AS best_within,
           MAX(g.met) AS met, MAX(g.stronger) AS stronger, MAX(g.unverified) AS unverified,
           MAX(g.failed) AS failed, MAX(g.scoped) AS scoped, MIN(g.began) AS began,
           MIN(g.holds) AS holds
    FROM own w JOIN now_deeper l ON l.effect = w.cause
    JOIN graded g ON g.cause = l.cause AND g.unit = w.unit
    WHERE w.level = {{level}} GROUP BY w.unit, w.cause
) d ON d.unit = o.unit AND d.cause = o.cause""",
    first=0,
)

# The causes of each incident taken together, as if every action stood behind it.
_CAUSED = Step(
    "caused",
    f"""
SELECT l.incident, MIN(g.when_within) AS least_within, {best("g.when_within")} AS best_within,
       MIN(g.when_over) AS least_over, {best("g.when_over")} AS best_over,
       MAX(g.met) AS met, MAX(g.stronger) AS stronger, MAX(g.unverified) AS unverified,
       MAX(g.failed) AS failed, MAX(g.scoped) AS scoped, MIN(g.began) AS began,
       MIN(g.holds) AS holds
FROM alike_cause l CROSS JOIN graded g WHERE g.cause = l.cause AND g.unit = ''
GROUP BY l.incident""",
    key="incident",
)

# What stands behind each incident that was apologised for: `grade` is missing where no cause is on
# record, and `special` says that its actions have to be looked at one by one.
_BACKING = Step(
    "backing",
    f"""
SELECT b.incident, b.impact, b.detected_by, b.first_made, b.promised, b.is_over,
       CASE WHEN b.met IS NULL THEN 0 ELSE 1 END AS caused,
       CASE WHEN b.met IS NULL
                 AND EXISTS (SELECT 1 FROM now_decision d WHERE d.incident = b.incident)
            THEN 1 ELSE 0 END AS decided,
       CASE WHEN b.is_over = 1
            THEN CASE b.gate WHEN 'any' THEN b.least_over ELSE b.best_over END
            ELSE CASE b.gate WHEN 'any' THEN b.least_within ELSE b.best_within END END AS grade,
       COALESCE(b.met, 0) AS met, COALESCE(b.stronger, 0) AS stronger,
       COALESCE(b.unverified, 0) AS unverified, COALESCE(b.failed, 0) AS failed,
       CASE WHEN b.scoped = 1 OR b.began < b.occurred THEN 1 ELSE 0 END AS special, b.holds
FROM (
    SELECT s.incident, s.first_made, i.occurred, i.impact, i.detected_by, i.gate,
           c.least_within, c.best_within, c.least_over, c.best_over, c.met, c.stronger,
           c.unverified, c.failed, c.scoped, c.began, c.holds,
           CASE WHEN m.incident IS NULL THEN 0 ELSE 1 END AS promised,
           CASE WHEN m.incident IS NOT NULL OR {AS_OF} - i.noted > (SELECT grace FROM p)
                THEN 1 ELSE 0 END AS is_over
    FROM (SELECT incident, MIN(made) AS first_made FROM sorry GROUP BY incident) s
    CROSS JOIN now_incident i LEFT JOIN caused c ON c.incident = i.id
    LEFT JOIN promised m ON m.incident = i.id
    WHERE i.id = s.incident
) b""",
    key="incident",
)
_SPECIAL = Step("special", "SELECT * FROM backing WHERE special = 1", indexes=("incident",))
_UNITS = Step(
    "unit_cause",
    """
SELECT DISTINCT s.incident AS unit, r.deeper AS cause
FROM special s CROSS JOIN now_link l CROSS JOIN reach r
WHERE l.incident = s.incident AND l.role = 'cause' AND r.cause = l.cause""",
)
_SPECIAL_BACKING = Instead(
    "backing",
    f"""
SELECT s.incident, s.impact, s.detected_by, s.first_made, s.promised, s.is_over, s.caused,
       s.decided, CASE i.gate WHEN 'any' THEN g.least ELSE g.best END AS grade,
       g.met, g.stronger, g.unverified, g.failed, s.special, s.holds
FROM (
    SELECT incident, MIN(value) AS least, {best("value")} AS best, MAX(met) AS met,
           MAX(stronger) AS stronger, MAX(unverified) AS unverified, MAX(failed) AS failed
    FROM (
        SELECT s.incident, CASE s.is_over WHEN 1 THEN g.when_over ELSE g.when_within END AS value,
               g.met, g.stronger, g.unverified, g.failed
        FROM special s CROSS JOIN now_link l CROSS JOIN graded g
        WHERE l.incident = s.incident AND l.role = 'cause'
        AND g.cause = l.cause AND g.unit = s.incident
    ) v GROUP BY incident
) g CROSS JOIN special s CROSS JOIN now_incident i
WHERE s.incident = g.incident AND i.id = g.incident""",
    where="special = 1",
)

# Where something is wanting behind an apology, and nobody decided that nothing is done.
_WANTING = Step(
    "wanting",
    f"""
SELECT b.incident, b.first_made, b.caused, b.grade, b.met, b.stronger, b.unverified FROM backing b
WHERE CASE WHEN b.caused = 0 THEN CASE WHEN b.decided = 0 AND b.is_over = 1 THEN 1 ELSE 0 END
           WHEN b.grade < 5 OR b.met = 1 AND (b.stronger = 0 OR b.unverified = 1)
           THEN CASE WHEN {NO_ACTION} THEN 0 ELSE 1 END ELSE 0 END = 1""",
)

# The causes through which an incident is still open, where somebody asks: where an action was
# verified ineffective, those graded below 7 (neither met nor decided); where other paths are met,
# those below 5 (nor in hand): of these, nothing beneath a cause that needs all of what lies beneath
# it, which one change anywhere would close.
_OPEN = Step(
    "open_cause",
    """
SELECT DISTINCT b.incident, k.below, l.cause, b.is_over, g.unit
FROM backing b CROSS JOIN (SELECT 7 AS below UNION ALL SELECT 5 AS below) k
CROSS JOIN now_link l CROSS JOIN graded g
WHERE b.grade < k.below AND CASE k.below WHEN 7 THEN b.failed ELSE b.met END = 1
AND l.incident = b.incident AND l.role = 'cause'
AND g.cause = l.cause AND g.unit = CASE b.special WHEN 1 THEN b.incident ELSE '' END
AND CASE b.is_over WHEN 1 THEN g.when_over ELSE g.when_within END < k.below""",
    indexes=("cause", "incident, below, cause"),
)
_OPEN_LEVELS = Levels(
    "open_cause",
    """
SELECT DISTINCT o.incident, o.below, l.cause, o.is_over, o.unit
FROM open_cause o JOIN now_deeper l ON l.effect = o.cause AND l.level = {level}
JOIN graded g ON g.cause = l.cause AND g.unit = o.unit
WHERE CASE o.is_over WHEN 1 THEN g.when_over ELSE g.when_within END < o.below
AND (o.below = 7 OR l.gate = 'any')""",
    first=1,
    down=True,
)
# What was verified ineffective, and nothing else takes its place.
_FAILED = Step(
    "failed",
    f"""
SELECT o.incident, MIN(f.action) AS action
FROM open_cause o JOIN fix f ON f.cause = o.cause JOIN now_incident i ON i.id = o.incident
WHERE o.below = 7 AND f.placed = 0 AND {in_scope("f", "i")} AND NOT {was_there("f", "i")}
GROUP BY o.incident""",
)

# The elements on record for each incident, over all its apologies: 0, or the element's bit.
_WORDED = Step(
    "worded",
    """
SELECT s.incident, MAX(s.elements & 1) AS regret, MAX(s.elements & 2) AS explanation,
       MAX(s.elements & 4) AS responsibility, MAX(s.elements & 8) AS repentance,
       MAX(s.elements & 16) AS repair
FROM (SELECT DISTINCT incident FROM sorry WHERE (elements & 31) < 31) w
CROSS JOIN backing b CROSS JOIN sorry s
WHERE b.incident = w.incident AND s.incident = w.incident
GROUP BY s.incident""",
)

_BEHIND = (
    _REACH,
    _REACH_LEVELS,
    _ACTED,
    _PLAIN_OWN,
    _GRADED,
    _GRADED_LEVELS,
    _CAUSED,
    _BACKING,
    _SPECIAL,
    _UNITS,
    _ACTED_FOR_UNITS,
    _OWN_FOR_UNITS,
    _GRADED_LEVELS,
    _SPECIAL_BACKING,
    _WANTING,
    _OPEN,
    _OPEN_LEVELS,
    _FAILED,
    _WORDED,
)


def behind(*, everything: bool) -> Iterator[Step | Levels | Instead]:
    """Yield the steps about what stands behind apologies, in their order."""
    yield _sorry(everything=everything)
    yield _promised(everything=everything)
    yield from _BEHIND


# How it stands with each apologised incident: 1 failed, 2 hollow, 3 unbacked, 4 partly, 5 waiting,
# 6 in hand, 7 decided, 8 backed.
STATE = f"""
SELECT b.incident,
       CASE WHEN w.state IS NOT NULL THEN w.state
            WHEN b.decided = 1 THEN 7
            WHEN b.caused = 0 AND b.is_over = 0 THEN 5
            WHEN b.caused = 0 THEN 3
            WHEN b.grade = 8 THEN 8
            WHEN {NO_ACTION} THEN 7
            WHEN b.grade > 4 THEN b.grade
            WHEN b.met = 1 THEN 4 ELSE 3 END AS state
FROM backing b LEFT JOIN worse w ON w.incident = b.incident"""
