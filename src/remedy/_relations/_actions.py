"""What is done about causes: since when each action was in effect, and how well it is placed."""

from __future__ import annotations

from remedy._relations._parts import AS_OF, SCOPE, Step

__all__ = ["ACTIONS"]

ACTIONS = (
    # Actions that were opened again or cancelled: for them the order of the events counts.
    Step(
        "eventful",
        """
SELECT DISTINCT e.action FROM action_event e JOIN wide_action a ON a.id = e.action
WHERE e.state IN ('reopened', 'cancelled')""",
        indexes=("action",),
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
        key="action",
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
        indexes=("action",),
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
           MAX(CASE WHEN h.state = 'reopened' THEN h.occurred END) AS reopened
    FROM happened h JOIN last l ON l.action = h.action WHERE h.seen = 1 GROUP BY h.action
), judged AS (
    SELECT v.action, v.result FROM wide_verification v WHERE NOT EXISTS (
        SELECT 1 FROM now_verification w WHERE w.action = v.action
        AND (w.made > v.made OR w.made = v.made AND w.id > v.id))
), conclusive AS (
    SELECT action, MAX(made) AS made FROM wide_verification
    WHERE result IN ('effective', 'ineffective') GROUP BY action
)
SELECT a.id AS action, COALESCE(s.cancelled, 0) AS cancelled,
       CASE WHEN s.cancelled = 1 THEN NULL ELSE COALESCE(s.implemented, u.implemented) END
           AS implemented,
       COALESCE(s.closed, u.closed) AS closed, s.reopened,
       j.result AS last_result, v.made AS concluded,
       CASE WHEN COALESCE(s.cancelled, 0) = 0 AND COALESCE(s.implemented, u.implemented) IS NULL
                 AND COALESCE(s.closed, u.closed) IS NULL THEN 1 ELSE 0 END AS is_open
FROM wide_action a LEFT JOIN uneventful u ON u.action = a.id LEFT JOIN state s ON s.action = a.id
LEFT JOIN judged j ON j.action = a.id LEFT JOIN conclusive v ON v.action = a.id""",
        key="action",
    ),
    # What is done about causes, with the rank of how well it is placed (8 met, 6 in hand, 4 planned
    # and changing nothing, 3 overdue or cancelled, 2 done and changing nothing, 0 ineffective);
    # when it first took effect, and since when it holds for good, if it changes the process.
    Step(
        "fix",
        f"""
SELECT l.cause, a.id AS action, a.intervention, a.strength, a.changes, s.implemented, s.cancelled,
       s.last_result, {", ".join(f"a.{scope}" for scope in SCOPE)},
       CASE WHEN a.scope_process IS NULL AND a.scope_product IS NULL AND a.scope_channel IS NULL
                 AND a.scope_site IS NULL THEN 0 ELSE 1 END AS scoped,
       (SELECT MIN(e.began) FROM effect e WHERE e.action = a.id) AS began,
       CASE WHEN a.changes = 1
            THEN (SELECT MIN(e.began) FROM effect e WHERE e.action = a.id AND e.ended IS NULL) END
           AS holds,
       CASE WHEN s.last_result = 'ineffective' THEN 0
            WHEN s.implemented IS NOT NULL AND a.changes = 1 THEN 8
            WHEN s.implemented IS NOT NULL THEN 2
            WHEN s.is_open = 0 OR a.due < {AS_OF} THEN 3
            WHEN a.changes = 1 THEN 6 ELSE 4 END AS placed,
       CASE WHEN s.implemented IS NOT NULL AND a.changes = 1
                 AND (s.concluded IS NULL OR s.concluded < s.implemented)
                 AND COALESCE(a.verify_by, s.implemented + (SELECT verification FROM p)) < {AS_OF}
            THEN 1 ELSE 0 END AS unverified
FROM wide_action a CROSS JOIN action_cause l CROSS JOIN standing s CROSS JOIN wide_cause c
WHERE l.action = a.id AND s.action = a.id AND c.id = l.cause AND l.relation = 'addresses'
AND a.removes_cause = 1 AND (l.since IS NULL OR l.since <= {AS_OF})""",
        indexes=("cause", "action"),
    ),
)
