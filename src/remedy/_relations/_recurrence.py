"""What came back: the incidents of one failure, whom it hit again, and what had been changed."""

from __future__ import annotations

from collections.abc import Iterator

from remedy._relations._parts import Step, greater, in_scope, was_there

__all__ = ["recurrence", "with_earlier"]


def _again(*, everything: bool) -> Step:
    """Return the failures that may have come back.

    Counted without regard to the date: that only spares looking at those that never did.
    """
    if everything:
        asked = (
            "SELECT failure FROM incident WHERE failure IS NOT NULL "
            "GROUP BY failure HAVING COUNT(*) > 1"
        )
    else:
        asked = "SELECT DISTINCT failure FROM wide WHERE failure IS NOT NULL"
    return Step("again", asked, indexes=("failure",))


def with_earlier(sql: str) -> str:
    """Return what was asked, and of each row the nearest sure earlier incident of its failure.

    Args:
        sql: A SELECT with `failure` and `occurred` among its columns.
    """
    return f"""
SELECT z.*, (SELECT b.zone FROM now_incident b WHERE b.id = z.earlier) AS before_zone
FROM (
    SELECT y.*, (SELECT MIN(e.incident) FROM member e WHERE e.failure = y.failure
                 AND e.occurred = y.before_at AND e.occurred_end < y.occurred) AS earlier
    FROM (
        SELECT x.*, (SELECT MAX(e.occurred) FROM member e WHERE e.failure = x.failure
                     AND e.occurred < x.occurred AND e.occurred_end < x.occurred) AS before_at
        FROM ({sql}) x
    ) y
) z"""


def _told_in_person(apology: str, hit: str, *, by_account: bool) -> str:
    """Return the condition that an apology for an incident was told to a person whom that hit.

    Args:
        apology: A row of `now_sorry`, for the incident of `hit`.
        hit: A row of `hit`.
        by_account: Whether it is enough that somebody else of the account was told.
    """
    here = f"n.apology = {apology}.apology AND n.customer = {hit}.customer"
    told = f"""CASE {apology}.recipients WHEN 'listed'
        THEN EXISTS (SELECT 1 FROM apology_customer n WHERE {here} AND n.reached = 1)
        ELSE NOT EXISTS (SELECT 1 FROM apology_customer n WHERE {here} AND n.reached = 0) END"""
    if not by_account:
        return told
    there = f"n.apology = {apology}.apology AND n.customer = w.id"
    return f"""({told} OR EXISTS (
        SELECT 1 FROM customer w
        WHERE (w.account = {hit}.who OR w.id = {hit}.who AND w.account IS NULL)
        AND CASE {apology}.recipients WHEN 'listed'
            THEN EXISTS (SELECT 1 FROM apology_customer n WHERE {there} AND n.reached = 1)
            ELSE EXISTS (SELECT 1 FROM incident_customer c
                         JOIN now_incident i ON i.id = c.incident
                         JOIN now_sorry l ON l.incident = i.id
                         WHERE c.customer = w.id AND l.apology = {apology}.apology)
                 AND NOT EXISTS (SELECT 1 FROM apology_customer n
                                 WHERE {there} AND n.reached = 0) END))"""


_MEMBERS = (
    Step(
        "member",
        """
SELECT w.failure, w.id AS incident, w.occurred, w.occurred_end, w.weak, w.process, w.product,
       w.channel, w.site
FROM wide w WHERE w.failure IN (SELECT failure FROM again)""",
        indexes=("failure, occurred, incident",),
    ),
    # Members that came back within the window of a sure earlier one.
    Step(
        "repeated",
        """
SELECT m.failure, m.incident, m.occurred, m.weak FROM member m WHERE EXISTS (
    SELECT 1 FROM member e WHERE e.failure = m.failure AND e.occurred < m.occurred
    AND e.occurred >= m.occurred - (SELECT recurrence FROM p) AND e.occurred_end < m.occurred)""",
    ),
    Step(
        "hit",
        """
SELECT DISTINCT m.failure, h.who, h.customer, h.order_no, m.incident, m.occurred, m.occurred_end
FROM member m CROSS JOIN now_hit h WHERE h.incident = m.incident""",
        indexes=("failure, who, occurred",),
    ),
)


# Persons whom a failure hit more than once: when the first time was over, and when the last was.
_HIT_AGAIN = Step(
    "hit_again",
    """
SELECT failure, who, MIN(occurred_end) AS first_end, MAX(occurred) AS last FROM hit
GROUP BY failure, who HAVING MIN(incident) < MAX(incident)""",
)


def _sorry_to(*, by_account: bool) -> Step:
    """Return the apologies that were told to such persons for what hit them.

    With the moment from which on it is a double deviation if it hits them again.
    """
    return Step(
        "sorry_to",
        f"""
SELECT DISTINCT h.failure, h.who, h.incident, h.occurred, s.apology, s.made, s.weak,
       {greater("h.occurred_end", "s.made")} AS ready
FROM hit_again g CROSS JOIN hit h CROSS JOIN now_sorry s
WHERE h.failure = g.failure AND h.who = g.who AND h.occurred_end < g.last
AND s.incident = h.incident AND s.made < g.last
AND {_told_in_person("s", "h", by_account=by_account)}""",
        indexes=("failure, who, made, apology, occurred, incident",),
    )


# Of several actions the one that a finding names: a change of the process before any other, then
# the strongest.
_WORTH = "CASE WHEN f.changes = 1 THEN 4 ELSE 0 END + COALESCE(f.strength, 0)"

# Fixes that were in effect and did not keep an incident away, whatever was before: on a cause of
# it, at any depth; or, where it has none on record, on a cause of another one of its failure.
_RETURNED = (
    Step(
        "unexplained",
        """
SELECT m.* FROM member m
WHERE NOT EXISTS (
    SELECT 1 FROM now_link l CROSS JOIN graded g
    WHERE l.incident = m.incident AND g.cause = l.cause AND g.unit = '')""",
        indexes=("failure, occurred",),
    ),
    Step(
        "held_not",
        f"""
SELECT m.failure, f.action, f.cause, m.incident, m.occurred, m.weak, 0 AS suspected,
       {_WORTH} AS worth
FROM member m CROSS JOIN now_link l CROSS JOIN graded g CROSS JOIN reach r CROSS JOIN fix f
WHERE l.incident = m.incident AND g.cause = l.cause AND g.unit = '' AND g.began < m.occurred
AND r.cause = l.cause AND f.cause = r.deeper
AND {in_scope("f", "m")} AND {was_there("f", "m")}
UNION
SELECT m.failure, f.action, f.cause, m.incident, m.occurred, m.weak, 1 AS suspected,
       {_WORTH} AS worth
FROM (
    SELECT DISTINCT m.failure, r.deeper AS cause
    FROM (SELECT DISTINCT failure FROM unexplained) u
    CROSS JOIN member m CROSS JOIN now_link l CROSS JOIN reach r
    WHERE m.failure = u.failure AND l.incident = m.incident AND r.cause = l.cause
) c CROSS JOIN fix f CROSS JOIN unexplained m
WHERE f.cause = c.cause AND m.failure = c.failure AND m.occurred > f.began
AND {in_scope("f", "m")} AND {was_there("f", "m")}""",
        indexes=("failure, action, cause, occurred",),
    ),
    # Those of them that had been there before.
    Step(
        "returned",
        """
SELECT h.failure, h.action, h.cause, h.incident, h.occurred, h.weak, h.suspected, h.worth
FROM (
    SELECT k.failure, k.cause, MIN(m.occurred_end) AS first_end
    FROM (SELECT DISTINCT failure, cause FROM held_not) k
    CROSS JOIN member m CROSS JOIN now_link l CROSS JOIN reach r
    WHERE m.failure = k.failure AND l.incident = m.incident
    AND r.cause = l.cause AND r.deeper = k.cause
    GROUP BY k.failure, k.cause
) k CROSS JOIN held_not h
WHERE h.failure = k.failure AND h.cause = k.cause AND k.first_end < h.occurred""",
        indexes=("incident", "action"),
    ),
)

# From the first apology on, incident by incident: what had been changed by then?
_WALK = (
    # Those are left out that came back only after a change that holds for good (no action of theirs
    # is special, so it stands), and for no cause that was fixed: it is not hollow, nor did it fail.
    Step(
        "walker",
        """
SELECT b.incident, m.failure, m.occurred, b.first_made, m.process, m.product, m.channel, m.site
FROM member m CROSS JOIN backing b WHERE b.incident = m.incident AND (EXISTS (
    SELECT 1 FROM member l WHERE l.failure = m.failure AND l.occurred > b.first_made
    AND l.occurred <= CASE WHEN b.special = 1 OR b.holds IS NULL THEN 9000000000000000000
                           ELSE b.holds END
    AND l.incident <> m.incident)
OR m.failure IN (SELECT failure FROM held_not))""",
    ),
    # What changes the process and stands behind the incident, with the spans in which it held.
    Step(
        "held",
        f"""
SELECT DISTINCT w.incident, f.action, f.cause, e.began, e.ended
FROM walker w CROSS JOIN now_link l CROSS JOIN reach r CROSS JOIN fix f CROSS JOIN effect e
WHERE l.incident = w.incident AND l.role = 'cause' AND r.cause = l.cause AND f.cause = r.deeper
AND e.action = f.action AND f.changes = 1 AND {in_scope("f", "w")} AND NOT {was_there("f", "w")}""",
        indexes=("incident",),
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
        indexes=("incident",),
    ),
    Step(
        "walked",
        """
SELECT w.incident, w.failure, w.first_made, x.hollow_at, x.failed_at FROM (
    SELECT incident, MIN(hollow_at) AS hollow_at, MIN(failed_at) AS failed_at FROM (
        SELECT g.incident, (
            SELECT MIN(l.occurred) FROM member l
            WHERE l.failure = g.failure AND l.occurred > g.gap_at AND l.occurred <= g.until_at
            AND l.incident <> g.incident AND l.occurred_end <= g.until_at) AS hollow_at,
            NULL AS failed_at
        FROM gap g
        UNION ALL
        SELECT w.incident, NULL AS hollow_at, (
            SELECT MIN(n.occurred) FROM held_not n
            WHERE n.failure = w.failure AND n.action = h.action AND n.cause = h.cause
            AND n.occurred > w.first_made AND n.incident <> w.incident) AS failed_at
        FROM walker w CROSS JOIN held h WHERE h.incident = w.incident
    ) y WHERE hollow_at IS NOT NULL OR failed_at IS NOT NULL GROUP BY incident
) x JOIN walker w ON w.incident = x.incident""",
        indexes=("incident",),
    ),
    # The states that came of it: 1 failed, 2 hollow.
    Step(
        "worse",
        """
SELECT incident, MIN(state) AS state FROM (
    SELECT incident, CASE WHEN hollow_at IS NULL OR failed_at < hollow_at THEN 1 ELSE 2 END AS state
    FROM walked
    UNION ALL
    SELECT incident, 1 AS state FROM failed
) w GROUP BY incident""",
        indexes=("incident",),
    ),
)


def _bound(*, everything: bool) -> Step:
    """Return the promises that a later incident may have broken."""
    if everything:
        tables = "now_promise r CROSS JOIN now_sorry s CROSS JOIN now_incident i"
    else:
        tables = "wide i CROSS JOIN now_sorry s CROSS JOIN now_promise r"
    return Step(
        "bound",
        f"""
SELECT b.promise, b.apology, b.scope, b.made, b.weak, b.failure, b.until_at, b.anyone FROM (
    SELECT DISTINCT r.id AS promise, r.apology, r.scope, r.made, r.weak, i.failure,
           CASE WHEN r.kind = 'watch'
                     AND r.fulfilled < COALESCE(r.due, r.made + (SELECT horizon FROM p))
                    THEN r.fulfilled
                WHEN r.kind = 'watch' AND r.due IS NOT NULL THEN r.due
                ELSE r.made + (SELECT horizon FROM p) END AS until_at,
           CASE WHEN r.kind = 'non_recurrence' AND r.scope = 'anyone' THEN 1 ELSE 0 END AS anyone
    FROM {tables}
    WHERE s.apology = r.apology AND i.id = s.incident AND r.kind IN ('non_recurrence', 'watch')
) b WHERE EXISTS (SELECT 1 FROM member l WHERE l.failure = b.failure
                  AND l.occurred > b.made AND l.occurred <= b.until_at)""",
    )


_PROMISES = (
    # Whom those were told that were made to the customer, as persons.
    Step(
        "told",
        """
SELECT DISTINCT a.id AS apology, h.who
FROM (SELECT DISTINCT apology FROM bound WHERE anyone = 0) b
JOIN now_apology a ON a.id = b.apology JOIN now_sorry l ON l.apology = a.id
JOIN now_incident i ON i.id = l.incident JOIN any_hit h ON h.incident = i.id
WHERE (a.recipients IS NULL OR a.recipients = 'all') AND NOT EXISTS (
    SELECT 1 FROM apology_customer n
    WHERE n.apology = a.id AND n.customer = h.customer AND n.reached = 0)
UNION
SELECT n.apology, w.who FROM (SELECT DISTINCT apology FROM bound WHERE anyone = 0) b
JOIN now_apology a ON a.id = b.apology JOIN apology_customer n ON n.apology = a.id
JOIN person w ON w.customer = n.customer
WHERE a.recipients = 'listed' AND n.reached = 1""",
        indexes=("apology, who",),
    ),
    # The first incident that broke each promise.
    Step(
        "broken",
        """
SELECT promise, apology, incident, occurred, weak FROM (
    SELECT b.promise, b.apology, m.incident, m.occurred,
           CASE WHEN m.weak = 1 OR b.weak = 1 THEN 1 ELSE 0 END AS weak,
           ROW_NUMBER() OVER (PARTITION BY b.promise ORDER BY m.occurred, m.incident) AS place
    FROM (
        SELECT promise, apology, weak, failure, anyone, MIN(broken_at) AS broken_at FROM (
            SELECT b.promise, b.apology, b.weak, b.failure, b.anyone, (
                SELECT MIN(m.occurred) FROM member m
                WHERE m.failure = b.failure AND m.occurred > b.made AND m.occurred <= b.until_at
                AND NOT EXISTS (SELECT 1 FROM apology_incident o
                                WHERE o.apology = b.apology AND o.incident = m.incident
                                AND (o.since IS NULL OR o.since <= (SELECT as_of FROM p)))
                ) AS broken_at
            FROM bound b WHERE b.anyone = 1
            UNION ALL
            SELECT b.promise, b.apology, b.weak, b.failure, b.anyone, (
                SELECT MIN(h.occurred) FROM hit h
                WHERE h.failure = b.failure AND h.who = t.who AND h.occurred > b.made
                AND h.occurred <= b.until_at
                AND NOT EXISTS (SELECT 1 FROM apology_incident o
                                WHERE o.apology = b.apology AND o.incident = h.incident
                                AND (o.since IS NULL OR o.since <= (SELECT as_of FROM p)))
                ) AS broken_at
            FROM bound b JOIN told t ON t.apology = b.apology WHERE b.anyone = 0
        ) c WHERE broken_at IS NOT NULL GROUP BY promise, apology, weak, failure, anyone
    ) b JOIN member m ON m.failure = b.failure AND m.occurred = b.broken_at
    WHERE NOT EXISTS (SELECT 1 FROM apology_incident o
                      WHERE o.apology = b.apology AND o.incident = m.incident
                      AND (o.since IS NULL OR o.since <= (SELECT as_of FROM p)))
    AND (b.anyone = 1 OR EXISTS (
        SELECT 1 FROM now_hit h JOIN told t ON t.who = h.who
        WHERE h.incident = m.incident AND t.apology = b.apology))
) x WHERE place = 1""",
        key="promise",
    ),
)


def recurrence(*, everything: bool, by_account: bool) -> Iterator[Step]:
    """Yield the steps about what came back, in their order."""
    yield _again(everything=everything)
    yield from _MEMBERS
    yield _HIT_AGAIN
    yield _sorry_to(by_account=by_account)
    yield from (*_RETURNED, *_WALK)
    yield _bound(everything=everything)
    yield from _PROMISES
