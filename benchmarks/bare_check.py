"""The questions of `remedy.check` as bare SQL, for one file, one date and one configuration.

Written on its own, for SQLite, straight on the tables of a casebook: what somebody who knows SQL
and the rules would write who needs the answers once, fast. Dates and spans stand in the
statements. No views, no choice of rules, no focus on a case, no words: each question returns codes
and subjects. Its rows have to be the rows behind the findings; `check.py` compares them.

What makes it fast: each large table is read once; what most rows have in common (one event of each
kind, one effect that never ended, everybody told) is settled by plain aggregates, and only the
rest is looked at closely; what is asked of one person starts from those whom a failure hit twice.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

__all__ = ["STATES", "answers"]

DAY = 86_400_000_000
HOUR = 3_600_000_000
STATES = ("states of apologies", "states of promises")
"""What the questions are called that return every apology, and every promise, with its state."""

# Whether the scope of f takes the incident i in.
_SCOPE = """(f.scope_process IS NULL OR f.scope_process = {0}.process)
    AND (f.scope_product IS NULL OR f.scope_product = {0}.product)
    AND (f.scope_channel IS NULL OR f.scope_channel = {0}.channel)
    AND (f.scope_site IS NULL OR f.scope_site = {0}.site)"""
# Whether the action of f had already taken effect when the incident occurred.
_WAS_THERE = """f.began < {0}.occurred AND EXISTS (
        SELECT 1 FROM effect e WHERE e.action = f.action AND e.began < {0}.occurred
        AND (e.ended IS NULL OR e.ended >= {0}.occurred))"""
_STANDS = f"{_SCOPE} AND NOT ({_WAS_THERE})"

# The best of several: the greatest, where 5 (waiting) counts as the lowest.
_BEST = "COALESCE(MAX(NULLIF({0}, 5)), 5)"
_BETTER = "CASE WHEN {1} IS NULL OR {1} = 5 OR {0} > {1} AND {0} <> 5 THEN {0} ELSE {1} END"

_NO_ACTION = """EXISTS (SELECT 1 FROM decision d
        WHERE d.cause = {0} AND d.kind = 'no_action' AND d.made <= :T)"""

# What is done about one cause by itself.
_OWN = f"""
       MAX(COALESCE(MAX(f.placed), 0), {_NO_ACTION.format("c.id")} * 7) AS placed,
       COALESCE(MAX(f.placed = 8), 0) AS met,
       COALESCE(MAX(f.placed = 8 AND (f.strength IS NULL OR f.strength > 1)), 0) AS stronger,
       COALESCE(MAX(f.placed = 8 AND f.unverified), 0) AS unverified,
       COALESCE(MAX(f.placed = 0), 0) AS failed"""

_ACTIONS = """
-- What most actions need from their events; those once cancelled or reopened are looked at below.
CREATE TEMP TABLE happened AS
SELECT action,
       MIN(CASE WHEN state IN ('implemented', 'took_effect') AND occurred <= :T
                THEN occurred END) AS implemented,
       MAX(CASE WHEN state = 'closed' AND occurred <= :T THEN occurred END) AS closed,
       COALESCE(MIN(CASE WHEN state = 'took_effect' THEN occurred END),
                MIN(CASE WHEN state = 'implemented' THEN occurred END)) AS began,
       MAX(state IN ('cancelled', 'reopened')) AS odd, 0 AS cancelled, NULL AS reopened
FROM action_event GROUP BY action;

CREATE TEMP TABLE odd_event AS
SELECT e.action, e.state, e.occurred, ROW_NUMBER() OVER w AS place,
       SUM(e.state = 'cancelled') OVER (w ROWS UNBOUNDED PRECEDING) AS segment
FROM happened h JOIN action_event e ON e.action = h.action WHERE h.odd = 1
WINDOW w AS (PARTITION BY e.action ORDER BY e.occurred, e.seq);

CREATE TEMP TABLE effect AS
SELECT action, began, NULL AS ended FROM happened WHERE odd = 0 AND began IS NOT NULL
UNION ALL
SELECT action, began, ended FROM (
    SELECT action,
           COALESCE(MIN(CASE WHEN state = 'took_effect' THEN occurred END),
                    MIN(CASE WHEN state = 'implemented' THEN occurred END)) AS began,
           LEAD(MIN(CASE WHEN state = 'cancelled' THEN occurred END))
               OVER (PARTITION BY action ORDER BY segment) AS ended
    FROM odd_event GROUP BY action, segment
) WHERE began IS NOT NULL;
CREATE INDEX effect_of ON effect (action);

DELETE FROM happened WHERE odd = 1;
INSERT INTO happened
SELECT e.action,
       CASE WHEN l.cancelled <= l.reopened OR l.cancelled < l.done
            THEN MIN(CASE WHEN e.state IN ('implemented', 'took_effect') AND e.place > l.reopened
                          THEN e.occurred END) END,
       MAX(CASE WHEN e.state = 'closed' AND e.place > l.reopened THEN e.occurred END),
       NULL, 1, l.cancelled > l.reopened AND l.cancelled > l.done,
       MAX(CASE WHEN e.state = 'reopened' THEN e.occurred END)
FROM odd_event e JOIN (
    SELECT action, MAX(CASE WHEN state = 'reopened' THEN place ELSE 0 END) AS reopened,
           MAX(CASE WHEN state = 'cancelled' THEN place ELSE 0 END) AS cancelled,
           MAX(CASE WHEN state IN ('implemented', 'took_effect') THEN place ELSE 0 END) AS done
    FROM odd_event WHERE occurred <= :T GROUP BY action
) l ON l.action = e.action
WHERE e.occurred <= :T GROUP BY e.action;
CREATE INDEX happened_to ON happened (action);

CREATE TEMP TABLE judged (action TEXT PRIMARY KEY, made, result, concluded) WITHOUT ROWID;
INSERT INTO judged
SELECT action, MIN(CASE WHEN result = 'effective' AND worse = 0 THEN made END),
       MAX(CASE WHEN place = 1 THEN result END),
       MAX(CASE WHEN result <> 'inconclusive' THEN made END)
FROM (
    SELECT action, made, result, ROW_NUMBER() OVER w AS place,
           SUM(result = 'ineffective') OVER (w ROWS UNBOUNDED PRECEDING) AS worse
    FROM verification WHERE made <= :T WINDOW w AS (PARTITION BY action ORDER BY made DESC, id DESC)
) GROUP BY action;

CREATE TEMP TABLE act AS
SELECT a.id, a.kind, a.kind IN ('corrective', 'preventive') AS removes, a.intervention, a.owner,
       a.due, a.verify_by, a.scope_process, a.scope_product, a.scope_channel, a.scope_site,
       a.criterion IS NULL OR COALESCE(a.criterion_set, a.decided) > h.implemented AS no_criterion,
       COALESCE(a.strength, t.strength) AS strength,
       COALESCE(a.changes_process, t.changes_process, 0) AS changes,
       h.implemented, h.closed, COALESCE(h.cancelled, 0) AS cancelled,
       h.reopened,
       h.implemented IS NULL AND h.closed IS NULL AND COALESCE(h.cancelled, 0) = 0 AS is_open,
       j.result, j.made AS judged, j.concluded
FROM action a LEFT JOIN intervention t ON t.id = a.intervention
LEFT JOIN happened h ON h.action = a.id LEFT JOIN judged j ON j.action = a.id
WHERE a.decided <= :T;
CREATE INDEX act_id ON act (id);

-- What is done about causes, and how well it is placed.
CREATE TEMP TABLE fix AS
SELECT l.cause, a.id AS action, a.intervention, a.strength, a.changes, a.cancelled, a.result,
       a.judged, a.scope_process, a.scope_product, a.scope_channel, a.scope_site,
       a.scope_process IS NOT NULL OR a.scope_product IS NOT NULL OR a.scope_channel IS NOT NULL
           OR a.scope_site IS NOT NULL AS scoped,
       (SELECT MIN(began) FROM effect e WHERE e.action = a.id) AS began,
       CASE WHEN a.changes = 1 THEN (
           SELECT MIN(began) FROM effect e WHERE e.action = a.id AND e.ended IS NULL) END AS holds,
       CASE WHEN a.result = 'ineffective' THEN 0
            WHEN a.implemented IS NOT NULL THEN CASE a.changes WHEN 1 THEN 8 ELSE 2 END
            WHEN NOT a.is_open OR a.due < :T THEN 3
            WHEN a.changes = 1 THEN 6 ELSE 4 END AS placed,
       a.implemented IS NOT NULL AND a.changes = 1
           AND (a.concluded IS NULL OR a.concluded < a.implemented)
           AND COALESCE(a.verify_by, a.implemented + :90D) < :T AS unverified
FROM action_cause l CROSS JOIN act a ON a.id = l.action CROSS JOIN cause c ON c.id = l.cause
WHERE l.relation = 'addresses' AND a.removes AND c.found <= :T
AND (l.since IS NULL OR l.since <= :T);
CREATE INDEX fix_of ON fix (cause);
"""

_CAUSES = """
CREATE TEMP TABLE deeper AS
SELECT l.effect, l.cause, e.level, e.gate
FROM cause_cause l CROSS JOIN cause e ON e.id = l.effect CROSS JOIN cause d ON d.id = l.cause
WHERE (l.since IS NULL OR l.since <= :T) AND e.found <= :T AND d.found <= :T;
CREATE INDEX deeper_of ON deeper (effect);

CREATE TEMP TABLE reach (cause TEXT, deeper TEXT, PRIMARY KEY (cause, deeper)) WITHOUT ROWID;
INSERT INTO reach SELECT id, id FROM cause WHERE found <= :T;
INSERT INTO reach
WITH RECURSIVE beneath (cause, deeper) AS (
    SELECT effect, cause FROM deeper
    UNION
    SELECT b.cause, d.cause FROM beneath b JOIN deeper d ON d.effect = b.deeper
)
SELECT cause, deeper FROM beneath;

-- How it stands with each cause: within the grace (5: waiting), and once that is over.
CREATE TEMP TABLE stand (
    cause TEXT PRIMARY KEY, within, after, met, stronger, unverified, failed, scoped, began, holds
) WITHOUT ROWID;
"""

_STAND_0 = f"""
INSERT INTO stand
SELECT id, COALESCE(NULLIF(placed, 0), 5), COALESCE(NULLIF(placed, 0), 1), met, stronger,
       unverified, failed, scoped, began, holds
FROM (SELECT c.id, {_OWN}, COALESCE(MAX(f.scoped), 0) AS scoped, MIN(f.began) AS began,
             MIN(f.holds) AS holds
      FROM cause c LEFT JOIN fix f ON f.cause = c.id
      WHERE c.found <= :T AND c.level = 0 GROUP BY c.rowid);
"""

_STAND_N = f"""
INSERT INTO stand
SELECT o.id, {_BETTER.format("COALESCE(NULLIF(o.placed, 0), 5)", "d.within")},
       {_BETTER.format("COALESCE(NULLIF(o.placed, 0), 1)", "d.after")},
       MAX(o.met, COALESCE(d.met, 0)), MAX(o.stronger, COALESCE(d.stronger, 0)),
       MAX(o.unverified, COALESCE(d.unverified, 0)), MAX(o.failed, COALESCE(d.failed, 0)),
       MAX(o.scoped, COALESCE(d.scoped, 0)),
       COALESCE(MIN(o.began, d.began), o.began, d.began),
       COALESCE(MIN(o.holds, d.holds), o.holds, d.holds)
FROM (SELECT c.id, {_OWN}, COALESCE(MAX(f.scoped), 0) AS scoped, MIN(f.began) AS began,
             MIN(f.holds) AS holds
      FROM cause c LEFT JOIN fix f ON f.cause = c.id
      WHERE c.found <= :T AND c.level = :LEVEL GROUP BY c.rowid) o
LEFT JOIN (
    SELECT l.effect,
           CASE l.gate WHEN 'any' THEN MIN(s.within) ELSE {_BEST.format("s.within")} END AS within,
           CASE l.gate WHEN 'any' THEN MIN(s.after) ELSE {_BEST.format("s.after")} END AS after,
           MAX(s.met) AS met, MAX(s.stronger) AS stronger, MAX(s.unverified) AS unverified,
           MAX(s.failed) AS failed, MAX(s.scoped) AS scoped, MIN(s.began) AS began,
           MIN(s.holds) AS holds
    FROM deeper l JOIN stand s ON s.cause = l.cause
    WHERE l.level = :LEVEL GROUP BY l.effect
) d ON d.effect = o.id;
"""

_APOLOGIES = f"""
CREATE TEMP TABLE sorry (
    apology TEXT, incident TEXT, made, elements, recipients, PRIMARY KEY (apology, incident)
) WITHOUT ROWID;
INSERT OR IGNORE INTO sorry
SELECT a.id, l.incident, a.made, a.elements, a.recipients
FROM apology a CROSS JOIN apology_incident l ON l.apology = a.id
WHERE a.made <= :T AND (l.since IS NULL OR l.since <= :T);
CREATE INDEX sorry_for ON sorry (incident, made);

CREATE TEMP TABLE promised (incident TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO promised
SELECT s.incident FROM promise r CROSS JOIN sorry s ON s.apology = r.apology
WHERE r.kind = 'non_recurrence' AND r.made <= :T;

CREATE TEMP TABLE caused (
    incident TEXT PRIMARY KEY, within, within_best, after, after_best, met, stronger, unverified,
    failed, scoped, began, holds
) WITHOUT ROWID;
INSERT INTO caused
SELECT l.incident, MIN(t.within), {_BEST.format("t.within")}, MIN(t.after),
       {_BEST.format("t.after")}, MAX(t.met), MAX(t.stronger), MAX(t.unverified), MAX(t.failed),
       MAX(t.scoped), MIN(t.began), MIN(t.holds)
FROM incident_cause l CROSS JOIN stand t ON t.cause = l.cause
WHERE l.role = 'cause' AND (l.since IS NULL OR l.since <= :T) GROUP BY l.incident;

CREATE TEMP TABLE backing (
    incident TEXT PRIMARY KEY, occurred, impact, detected_by, first_made, is_over, decided, grade,
    met, stronger, unverified, failed, touchy, holds
) WITHOUT ROWID;
INSERT INTO backing
SELECT incident, occurred, impact, detected_by, first_made, is_over,
       CASE WHEN met IS NULL THEN EXISTS (
           SELECT 1 FROM decision d WHERE d.incident = s.incident AND d.made <= :T) END,
       CASE WHEN is_over THEN CASE gate WHEN 'any' THEN after ELSE after_best END
            WHEN gate = 'any' THEN within ELSE within_best END,
       met, stronger, unverified, failed, scoped OR COALESCE(began < occurred, 0), holds
FROM (
    SELECT s.incident, s.first_made, i.occurred, i.impact, i.detected_by, i.gate, c.*,
           :T - i.noted > :14D OR EXISTS (SELECT 1 FROM promised x WHERE x.incident = s.incident)
               AS is_over
    FROM (SELECT incident, MIN(made) AS first_made FROM sorry GROUP BY incident) s
    CROSS JOIN incident i ON i.id = s.incident LEFT JOIN caused c ON c.incident = s.incident
    WHERE i.noted <= :T
) s;

-- Incidents for whom one fix at the least may not stand: by its scope, or since it was there before.
CREATE TEMP TABLE touched AS
SELECT r.incident, r.cause, c.level, c.gate, r.is_over, {_OWN}
FROM (
    SELECT DISTINCT b.incident, b.is_over, r.deeper AS cause
    FROM backing b CROSS JOIN incident_cause l ON l.incident = b.incident
    CROSS JOIN reach r ON r.cause = l.cause
    WHERE b.touchy AND l.role = 'cause' AND (l.since IS NULL OR l.since <= :T)
) r CROSS JOIN incident i ON i.id = r.incident CROSS JOIN cause c ON c.id = r.cause
LEFT JOIN fix f ON f.cause = r.cause AND {_STANDS.format("i")}
GROUP BY r.incident, r.cause;
CREATE INDEX touched_at ON touched (level);

CREATE TEMP TABLE stand_for (
    incident TEXT, cause TEXT, value, met, stronger, unverified, failed,
    PRIMARY KEY (incident, cause)
) WITHOUT ROWID;
"""

_STAND_FOR = f"""
INSERT INTO stand_for
SELECT o.incident, o.cause,
       {_BETTER.format("COALESCE(NULLIF(o.placed, 0), 5 - o.is_over * 4)", "d.value")},
       MAX(o.met, COALESCE(d.met, 0)), MAX(o.stronger, COALESCE(d.stronger, 0)),
       MAX(o.unverified, COALESCE(d.unverified, 0)), MAX(o.failed, COALESCE(d.failed, 0))
FROM touched o LEFT JOIN (
    SELECT o.incident, o.cause,
           CASE o.gate WHEN 'any' THEN MIN(s.value) ELSE {_BEST.format("s.value")} END AS value,
           MAX(s.met) AS met, MAX(s.stronger) AS stronger, MAX(s.unverified) AS unverified,
           MAX(s.failed) AS failed
    FROM touched o JOIN deeper l ON l.effect = o.cause
    JOIN stand_for s ON s.incident = o.incident AND s.cause = l.cause
    WHERE o.level = :LEVEL GROUP BY o.incident, o.cause
) d ON d.incident = o.incident AND d.cause = o.cause
WHERE o.level = :LEVEL;
"""

_VALUE = """CASE WHEN b.touchy THEN
        (SELECT value FROM stand_for s WHERE s.incident = b.incident AND s.cause = {0})
    ELSE (SELECT CASE b.is_over WHEN 1 THEN after ELSE within END
          FROM stand s WHERE s.cause = {0}) END"""

_TOUCHED = f"""
UPDATE backing SET (grade, met, stronger, unverified, failed) = (
    SELECT CASE i.gate WHEN 'any' THEN MIN(s.value) ELSE {_BEST.format("s.value")} END,
           MAX(s.met), MAX(s.stronger), MAX(s.unverified), MAX(s.failed)
    FROM incident i CROSS JOIN incident_cause l ON l.incident = i.id
    CROSS JOIN stand_for s ON s.incident = l.incident AND s.cause = l.cause
    WHERE i.id = backing.incident AND l.role = 'cause' AND (l.since IS NULL OR l.since <= :T))
WHERE touchy;

-- Where an action was found ineffective, and the incident is still open through its cause.
CREATE TEMP TABLE failed (incident TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO failed
WITH RECURSIVE open_cause (incident, cause) AS (
    SELECT b.incident, l.cause
    FROM backing b CROSS JOIN incident_cause l ON l.incident = b.incident
    WHERE b.failed AND b.grade < 7 AND l.role = 'cause' AND (l.since IS NULL OR l.since <= :T)
    AND {_VALUE.format("l.cause")} < 7
    UNION
    SELECT o.incident, l.cause
    FROM open_cause o CROSS JOIN deeper l ON l.effect = o.cause
    CROSS JOIN backing b ON b.incident = o.incident WHERE {_VALUE.format("l.cause")} < 7
)
SELECT DISTINCT o.incident FROM open_cause o CROSS JOIN fix f ON f.cause = o.cause
CROSS JOIN incident i ON i.id = o.incident WHERE f.placed = 0 AND {_STANDS.format("i")};
"""

_RECURRENCE = f"""
CREATE TEMP TABLE member (
    failure TEXT, occurred, incident TEXT, occurred_end, process, product, channel, site,
    PRIMARY KEY (failure, occurred, incident)
) WITHOUT ROWID;
INSERT INTO member
SELECT i.failure, i.occurred, i.id, i.occurred_end, i.process, i.product, i.channel, i.site
FROM (SELECT failure FROM incident WHERE failure IS NOT NULL
      GROUP BY failure HAVING COUNT(*) > 1) g
CROSS JOIN incident i ON i.failure = g.failure
WHERE i.canonical IS NULL AND i.noted <= :T;

CREATE TEMP TABLE hit (
    failure TEXT, customer TEXT, occurred, incident TEXT, occurred_end, order_no,
    PRIMARY KEY (failure, customer, occurred, incident, order_no)
) WITHOUT ROWID;
INSERT OR IGNORE INTO hit
SELECT m.failure, l.customer, m.occurred, m.incident, m.occurred_end, COALESCE(l.order_no, -1)
FROM member m CROSS JOIN incident_customer l ON l.incident = m.incident
WHERE l.since IS NULL OR l.since <= :T;

-- Persons whom a failure hit more than once, and since when they can say: you apologised for this.
CREATE TEMP TABLE hit_again (failure TEXT, customer TEXT, ready, PRIMARY KEY (failure, customer))
WITHOUT ROWID;
INSERT INTO hit_again
SELECT g.failure, g.customer, (
    SELECT MIN(MAX(h.occurred_end, s.made)) FROM hit h JOIN sorry s ON s.incident = h.incident
    WHERE h.failure = g.failure AND h.customer = g.customer
    AND CASE s.recipients WHEN 'listed' THEN 1 ELSE 0 END = EXISTS (
        SELECT 1 FROM apology_customer n WHERE n.apology = s.apology
        AND n.customer = h.customer AND n.reached = (s.recipients IS 'listed')))
FROM (SELECT failure, customer FROM hit GROUP BY failure, customer
      HAVING MIN(incident) < MAX(incident)) g;

CREATE TEMP TABLE unexplained AS
SELECT * FROM member m WHERE NOT EXISTS (
    SELECT 1 FROM incident_cause l CROSS JOIN stand t ON t.cause = l.cause
    WHERE l.incident = m.incident AND (l.since IS NULL OR l.since <= :T));

-- Fixes that were in effect and did not keep it away: on a cause of the incident; or, where none is
-- known, on a cause of another one of the failure.
CREATE TEMP TABLE held_not AS
SELECT DISTINCT m.failure, f.action, f.cause, m.occurred, m.incident
FROM member m CROSS JOIN incident_cause l
    ON l.incident = m.incident AND (l.since IS NULL OR l.since <= :T)
CROSS JOIN stand t ON t.cause = l.cause AND t.began < m.occurred
CROSS JOIN reach r ON r.cause = l.cause CROSS JOIN fix f ON f.cause = r.deeper
WHERE {_SCOPE.format("m")} AND {_WAS_THERE.format("m")}
UNION ALL
SELECT u.failure, f.action, f.cause, u.occurred, u.incident
FROM (
    SELECT DISTINCT m.failure, r.deeper AS cause
    FROM (SELECT DISTINCT failure FROM unexplained) u CROSS JOIN member m ON m.failure = u.failure
    CROSS JOIN incident_cause l
        ON l.incident = m.incident AND (l.since IS NULL OR l.since <= :T)
    CROSS JOIN reach r ON r.cause = l.cause
) k CROSS JOIN fix f ON f.cause = k.cause JOIN unexplained u ON u.failure = k.failure
WHERE {_SCOPE.format("u")} AND {_WAS_THERE.format("u")};
CREATE INDEX held_not_by ON held_not (failure, action, cause, occurred);

CREATE TEMP TABLE returned AS
SELECT n.* FROM (
    SELECT k.failure, k.cause, MIN(m.occurred_end) AS first_end
    FROM (SELECT DISTINCT failure, cause FROM held_not) k
    CROSS JOIN member m ON m.failure = k.failure
    CROSS JOIN incident_cause l
        ON l.incident = m.incident AND (l.since IS NULL OR l.since <= :T)
    CROSS JOIN reach r ON r.cause = l.cause AND r.deeper = k.cause
    GROUP BY k.failure, k.cause
) k JOIN held_not n ON n.failure = k.failure AND n.cause = k.cause AND n.occurred > k.first_end;
CREATE INDEX returned_after ON returned (action);

-- From the first apology on, incident by incident: what had been changed by then? Those are left
-- out that came back only after a change that held for good, and for no cause that was fixed.
CREATE TEMP TABLE walker (
    incident TEXT PRIMARY KEY, failure, occurred, first_made, process, product, channel, site
) WITHOUT ROWID;
INSERT INTO walker
SELECT m.incident, m.failure, m.occurred, b.first_made, m.process, m.product, m.channel, m.site
FROM member m CROSS JOIN backing b ON b.incident = m.incident
WHERE EXISTS (
    SELECT 1 FROM member l WHERE l.failure = m.failure AND l.occurred > b.first_made
    AND l.occurred <= CASE WHEN b.touchy OR b.holds IS NULL THEN 9e18 ELSE b.holds END
    AND l.incident <> m.incident)
OR m.failure IN (SELECT failure FROM held_not);

CREATE TEMP TABLE held AS
SELECT DISTINCT w.incident, f.action, f.cause, e.began, e.ended
FROM walker w CROSS JOIN incident_cause l ON l.incident = w.incident
CROSS JOIN reach r ON r.cause = l.cause CROSS JOIN fix f ON f.cause = r.deeper
CROSS JOIN effect e ON e.action = f.action
WHERE l.role = 'cause' AND (l.since IS NULL OR l.since <= :T) AND f.changes = 1
AND {_STANDS.format("w")};
CREATE INDEX held_for ON held (incident);

CREATE TEMP TABLE walked (incident TEXT PRIMARY KEY, hollow_at, failed_at) WITHOUT ROWID;
INSERT INTO walked
WITH gap AS (
    SELECT incident, failure, first_made AS since FROM walker
    UNION ALL
    SELECT h.incident, w.failure, h.ended
    FROM held h CROSS JOIN walker w ON w.incident = h.incident WHERE h.ended > w.first_made
), bounded AS (
    SELECT g.incident, g.failure, g.since, COALESCE((
        SELECT MIN(h.began) FROM held h WHERE h.incident = g.incident AND h.began > g.since
    ), 9e18) AS until
    FROM gap g WHERE NOT EXISTS (
        SELECT 1 FROM held h WHERE h.incident = g.incident AND h.began <= g.since
        AND (h.ended IS NULL OR h.ended > g.since))
), hollow AS (
    SELECT b.incident, (
        SELECT l.occurred FROM member l
        WHERE l.failure = b.failure AND l.occurred > b.since AND l.occurred <= b.until
        AND l.occurred_end <= b.until AND l.incident <> b.incident
        ORDER BY l.occurred LIMIT 1) AS hollow_at
    FROM bounded b
), fell AS (
    SELECT w.incident, (
        SELECT n.occurred FROM held_not n
        WHERE n.failure = w.failure AND n.action = h.action AND n.cause = h.cause
        AND n.occurred > w.first_made AND n.incident <> w.incident
        ORDER BY n.occurred LIMIT 1) AS failed_at
    FROM walker w CROSS JOIN held h ON h.incident = w.incident
)
SELECT incident, MIN(hollow_at), MIN(failed_at) FROM (
    SELECT incident, hollow_at, NULL AS failed_at FROM hollow WHERE hollow_at IS NOT NULL
    UNION ALL SELECT incident, NULL, failed_at FROM fell WHERE failed_at IS NOT NULL
) GROUP BY incident;

CREATE TEMP TABLE worse (incident TEXT PRIMARY KEY, state) WITHOUT ROWID;
INSERT INTO worse
SELECT incident, CASE WHEN failed_at < COALESCE(hollow_at, 9e18) THEN 1 ELSE 2 END FROM walked;
INSERT OR REPLACE INTO worse SELECT incident, 1 FROM failed;

-- The first incident that broke each promise.
CREATE TEMP TABLE bound AS
SELECT DISTINCT r.id AS promise, r.apology, i.failure, r.made, s.recipients,
       r.kind = 'non_recurrence' AND r.scope = 'anyone' AS anyone,
       CASE WHEN r.kind = 'watch'
            THEN MIN(COALESCE(r.due, r.made + :365D), COALESCE(r.fulfilled, r.due, r.made + :365D))
            ELSE r.made + :365D END AS until
FROM promise r CROSS JOIN sorry s ON s.apology = r.apology
CROSS JOIN incident i ON i.id = s.incident
WHERE r.kind IN ('non_recurrence', 'watch') AND r.made <= :T AND i.noted <= :T AND EXISTS (
    SELECT 1 FROM member m
    WHERE m.failure = i.failure AND m.occurred > r.made AND m.occurred <= r.made + :10000D);

CREATE TEMP TABLE broken (promise TEXT PRIMARY KEY, incident) WITHOUT ROWID;
INSERT INTO broken
WITH told AS (
    SELECT DISTINCT b.promise, l.customer
    FROM bound b CROSS JOIN sorry s ON s.apology = b.apology
    CROSS JOIN incident i ON i.id = s.incident AND i.noted <= :T
    CROSS JOIN incident_customer l ON l.incident = s.incident
    WHERE NOT b.anyone AND b.recipients IS NOT 'listed' AND NOT EXISTS (
        SELECT 1 FROM apology_customer n
        WHERE n.apology = b.apology AND n.customer = l.customer AND n.reached = 0)
    UNION ALL
    SELECT DISTINCT b.promise, n.customer
    FROM bound b CROSS JOIN apology_customer n ON n.apology = b.apology
    WHERE NOT b.anyone AND b.recipients = 'listed' AND n.reached = 1
), hurt AS (
    SELECT b.promise, (
        SELECT m.incident FROM member m
        WHERE m.failure = b.failure AND m.occurred > b.made AND m.occurred <= b.until
        AND NOT EXISTS (
            SELECT 1 FROM sorry s WHERE s.apology = b.apology AND s.incident = m.incident)
        ORDER BY m.occurred, m.incident LIMIT 1) AS incident
    FROM bound b WHERE b.anyone
    UNION ALL
    SELECT b.promise, (
        SELECT h.incident FROM hit h
        WHERE h.failure = b.failure AND h.customer = t.customer
        AND h.occurred > b.made AND h.occurred <= b.until
        AND NOT EXISTS (
            SELECT 1 FROM sorry s WHERE s.apology = b.apology AND s.incident = h.incident)
        ORDER BY h.occurred, h.incident LIMIT 1)
    FROM told t JOIN bound b ON b.promise = t.promise
)
SELECT promise, incident FROM (
    SELECT h.promise, h.incident,
           ROW_NUMBER() OVER (PARTITION BY h.promise ORDER BY i.occurred, h.incident) AS place
    FROM hurt h CROSS JOIN incident i ON i.id = h.incident
) WHERE place = 1;
"""

_LAST_CHANCE = """
    r.kind = 'last_chance' AND r.made <= :T AND NOT EXISTS (
        SELECT 1 FROM response s WHERE s.customer = r.customer
        AND s.kind IN ('thanked', 'accepted', 'left') AND s.made > r.made AND s.made <= {0})"""

_CAUSES_OF = """
    CROSS JOIN incident_cause l ON l.incident = {0}.incident AND (l.since IS NULL OR l.since <= :T)
    CROSS JOIN reach r ON r.cause = l.cause"""

_QUESTIONS: tuple[tuple[str, str], ...] = (
    (
        "how apologies are backed",
        """
SELECT CASE WHEN b.decided = 0 THEN 'A101' WHEN b.grade = 4 AND NOT b.met THEN 'A114'
            WHEN b.met THEN 'A108' WHEN b.grade = 1 THEN 'A102' WHEN b.grade = 2 THEN 'A104'
            ELSE 'A103' END, b.incident
FROM backing b
WHERE CASE WHEN b.met IS NULL THEN b.is_over AND NOT b.decided ELSE b.grade < 5 AND NOT EXISTS (
    SELECT 1 FROM decision d WHERE d.incident = b.incident AND d.kind = 'no_action'
    AND d.made <= :T) END""",
    ),
    (
        "weaker or not verified",
        """
SELECT k.code, b.incident FROM backing b CROSS JOIN (
    SELECT 'A105' AS code UNION ALL SELECT 'A106') k
WHERE b.met AND (b.unverified OR NOT b.stronger)
AND CASE k.code WHEN 'A105' THEN NOT b.stronger ELSE b.unverified END AND NOT EXISTS (
    SELECT 1 FROM decision d WHERE d.incident = b.incident AND d.kind = 'no_action'
    AND d.made <= :T)""",
    ),
    (
        "failed or hollow",
        """
SELECT CASE WHEN failed_at IS NULL OR hollow_at < failed_at THEN 'A110' ELSE 'A107' END, incident
FROM walked UNION ALL SELECT 'A107', incident FROM failed""",
    ),
    (
        "escapes",
        f"""
SELECT 'A109', b.incident FROM backing b
WHERE b.met IS NOT NULL AND (b.detected_by = 'customer' OR EXISTS (
    SELECT 1 FROM complaint c WHERE c.incident = b.incident AND c.made <= :T))
AND NOT EXISTS (
    SELECT 1 FROM incident_cause l CROSS JOIN reach r ON r.cause = l.cause
    WHERE l.incident = b.incident AND l.role = 'escape' AND (l.since IS NULL OR l.since <= :T)
    AND (EXISTS (SELECT 1 FROM fix f WHERE f.cause = r.deeper AND NOT f.cancelled)
         OR {_NO_ACTION.format("r.deeper")}))
AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.incident = b.incident
                AND d.kind = 'no_action' AND d.made <= :T)""",
    ),
    (
        "who was not told",
        """
WITH asked AS (
    SELECT incident FROM sorry WHERE recipients = 'listed'
    UNION
    SELECT s.incident FROM (SELECT DISTINCT apology FROM apology_customer WHERE reached = 0) n
    CROSS JOIN sorry s ON s.apology = n.apology
)
SELECT DISTINCT 'A120', a.incident FROM asked a CROSS JOIN backing b ON b.incident = a.incident
CROSS JOIN incident_customer h ON h.incident = a.incident
WHERE NOT EXISTS (SELECT 1 FROM sorry s WHERE s.incident = a.incident AND s.recipients IS NULL)
AND (h.since IS NULL OR h.since <= :T) AND NOT EXISTS (
    SELECT 1 FROM sorry s LEFT JOIN apology_customer n
        ON n.apology = s.apology AND n.customer = h.customer
    WHERE s.incident = a.incident AND COALESCE(n.reached, s.recipients = 'all'))""",
    ),
    (
        "who heard late",
        """
SELECT DISTINCT 'A121', incident FROM (
    SELECT b.incident, b.first_made, COALESCE(MIN(h.acknowledged), i.acknowledged) AS word,
           i.noted + CASE b.impact :LIMITS END AS by_then
    FROM backing b CROSS JOIN incident i ON i.id = b.incident
    CROSS JOIN incident_customer h ON h.incident = b.incident
    WHERE b.impact IN (:LIMITED) AND (h.since IS NULL OR h.since <= :T)
    GROUP BY b.incident, h.customer
) WHERE CASE WHEN word <= :T AND word < first_made THEN word ELSE first_made END > by_then""",
    ),
    (
        "elements",
        """
WITH worded AS (
    SELECT b.incident, MAX(s.elements & 1) + MAX(s.elements & 2) + MAX(s.elements & 4)
               + MAX(s.elements & 8) + MAX(s.elements & 16) AS elements
    FROM (SELECT DISTINCT incident FROM sorry WHERE elements & 31 <> 31) w
    CROSS JOIN backing b ON b.incident = w.incident CROSS JOIN sorry s ON s.incident = w.incident
    GROUP BY b.incident
)
SELECT 'A122', incident FROM worded WHERE elements & 20 <> 20
UNION ALL SELECT 'A124', incident FROM worded WHERE elements & 11 <> 11""",
    ),
    (
        "promises",
        f"""
SELECT CASE WHEN r.kind IS NULL THEN 'A133' WHEN r.kind = 'deed' AND r.due < :T THEN 'A131'
            ELSE 'A130' END, r.id
FROM promise r
WHERE r.made <= :T
AND CASE WHEN r.kind IS NULL THEN 1
         WHEN r.kind = 'deed' THEN (r.due < :T OR r.owner IS NULL OR r.due IS NULL)
              AND (r.fulfilled IS NULL OR r.fulfilled > :T)
         WHEN r.kind = 'non_recurrence' THEN
              r.made >= :T - :365D
              AND NOT EXISTS (SELECT 1 FROM broken b WHERE b.promise = r.id)
              AND NOT EXISTS (
                  SELECT 1 FROM promise_action l CROSS JOIN act a ON a.id = l.action
                  WHERE l.promise = r.id AND NOT a.cancelled AND (l.since IS NULL OR l.since <= :T))
              AND NOT EXISTS (
                  SELECT 1 FROM sorry s CROSS JOIN incident i ON i.id = s.incident
                      AND i.noted <= :T {_CAUSES_OF.format("s")}
                  CROSS JOIN fix f ON f.cause = r.deeper
                  WHERE s.apology = r.apology AND NOT f.cancelled)
         ELSE 0 END
AND EXISTS (SELECT 1 FROM apology a WHERE a.id = r.apology AND a.made <= :T)
UNION ALL
SELECT 'A130', r.id FROM promise r
WHERE r.kind = 'deed' AND r.due < :T AND r.owner IS NULL AND r.made <= :T
AND (r.fulfilled IS NULL OR r.fulfilled > :T)
AND EXISTS (SELECT 1 FROM apology a WHERE a.id = r.apology AND a.made <= :T)""",
    ),
    ("promises broken", "SELECT 'A132', incident FROM broken"),
    (
        "amends",
        """
SELECT 'A140', b.incident FROM backing b WHERE b.impact >= 3 AND NOT EXISTS (
    SELECT 1 FROM amends m WHERE m.incident = b.incident AND m.made <= :T)""",
    ),
    (
        "follow-ups",
        """
SELECT DISTINCT 'A144', u.incident FROM follow_up u CROSS JOIN backing b ON b.incident = u.incident
WHERE u.due < :T AND (u.made IS NULL OR u.made > :T)
AND (u.customer IS NOT NULL OR EXISTS (
    SELECT 1 FROM incident_customer h
    WHERE h.incident = u.incident AND (h.since IS NULL OR h.since <= :T)))
AND NOT EXISTS (
    SELECT 1 FROM follow_up d WHERE d.incident = u.incident AND d.made <= :T
    AND (d.customer IS NULL OR u.customer IS NULL OR d.customer = u.customer))""",
    ),
    (
        "last chances",
        f"""
SELECT CASE WHEN COUNT(*) > COUNT(r.next_owner) THEN 'A142' ELSE 'A141' END, r.customer
FROM response r WHERE {_LAST_CHANCE.format(":T")} GROUP BY r.customer""",
    ),
    (
        "last chances failed",
        f"""
SELECT DISTINCT 'A143', r.customer FROM response r CROSS JOIN incident i ON i.id = r.incident
CROSS JOIN hit h ON h.failure = i.failure AND h.customer = r.customer AND h.occurred > r.made
WHERE i.noted <= :T AND {_LAST_CHANCE.format("h.occurred")}""",
    ),
    ("came back after an action", "SELECT DISTINCT 'R205', incident FROM returned"),
    (
        "came back after a verification",
        """
SELECT DISTINCT 'R206', r.incident FROM returned r WHERE 'effective' = (
    SELECT v.result FROM verification v WHERE v.action = r.action AND v.made < r.occurred
    AND v.made <= :T ORDER BY v.made DESC, v.id DESC LIMIT 1)""",
    ),
    (
        "the same person again",
        """
SELECT k.code, h.incident, h.customer FROM hit_again g CROSS JOIN hit h
    ON h.failure = g.failure AND h.customer = g.customer
CROSS JOIN (SELECT 'R202' AS code UNION ALL SELECT 'R203' UNION ALL SELECT 'R204') k
WHERE CASE k.code
    WHEN 'R204' THEN g.ready < h.occurred
    WHEN 'R203' THEN h.order_no > -1 AND EXISTS (
        SELECT 1 FROM hit e WHERE e.failure = h.failure AND e.customer = h.customer
        AND e.occurred < h.occurred AND e.occurred_end < h.occurred
        AND e.order_no = h.order_no - 1 AND e.order_no > -1)
    ELSE EXISTS (
        SELECT 1 FROM hit e WHERE e.failure = h.failure AND e.customer = h.customer
        AND e.occurred < h.occurred AND e.occurred_end < h.occurred) END""",
    ),
    (
        "the same failure again",
        """
SELECT 'R201', m.incident FROM member m WHERE EXISTS (
    SELECT 1 FROM member e WHERE e.failure = m.failure AND e.occurred < m.occurred
    AND e.occurred >= m.occurred - :90D AND e.occurred_end < m.occurred)""",
    ),
    (
        "recoveries that failed",
        """
SELECT 'R210', c.incident FROM complaint c CROSS JOIN incident i ON i.id = c.incident
WHERE c.reopened <= :T AND c.made <= :T AND i.noted <= :T
UNION
SELECT 'R210', l.incident FROM act a CROSS JOIN action_incident l ON l.action = a.id
CROSS JOIN incident i ON i.id = l.incident
WHERE a.kind = 'correction' AND (a.result = 'ineffective' OR a.reopened IS NOT NULL)
AND (l.since IS NULL OR l.since <= :T) AND i.noted <= :T""",
    ),
    (
        "the same again in vain",
        """
WITH tried AS (
    SELECT DISTINCT f.cause, f.action, f.intervention, f.began
    FROM (SELECT DISTINCT cause, action FROM returned) r
    CROSS JOIN fix f ON f.cause = r.cause AND f.action = r.action
    WHERE f.intervention IS NOT NULL
)
SELECT DISTINCT 'R208', a.cause FROM tried a JOIN tried b
    ON b.cause = a.cause AND b.intervention = a.intervention AND b.began > a.began
WHERE EXISTS (SELECT 1 FROM returned r WHERE r.action = a.action AND r.cause = a.cause
              AND r.occurred <= b.began)""",
    ),
    (
        "what cannot be compared",
        """
SELECT 'R200', 'casebook' FROM (
    SELECT COUNT(*) AS total, COUNT(failure) AS comparable FROM incident
    WHERE canonical IS NULL AND noted <= :T)
WHERE comparable < total OR comparable >= 20 AND 2 * (
    SELECT COUNT(*) FROM member m WHERE EXISTS (
        SELECT 1 FROM member e WHERE e.failure = m.failure AND e.occurred < m.occurred
        AND e.occurred >= m.occurred - :90D AND e.occurred_end < m.occurred)) > comparable""",
    ),
    (
        "never analysed",
        """
SELECT DISTINCT 'C301', COALESCE(failure, id) FROM incident i
WHERE canonical IS NULL AND noted < :T - :14D
AND NOT EXISTS (SELECT 1 FROM caused c WHERE c.incident = i.id)
AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.incident = i.id AND d.made <= :T)""",
    ),
    (
        "causes",
        """
SELECT 'C302', id FROM cause c WHERE (is_human OR names_person) AND found <= :T
AND NOT EXISTS (SELECT 1 FROM deeper d WHERE d.effect = c.id)
UNION ALL
SELECT 'C303', id FROM cause c WHERE found <= :T
AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.cause = c.id AND e.made <= :T)""",
    ),
    (
        "actions",
        """
SELECT k.code, a.id FROM act a CROSS JOIN (
    SELECT 'F401' AS code UNION ALL SELECT 'F402' UNION ALL SELECT 'F403' UNION ALL SELECT 'F404'
    UNION ALL SELECT 'F409') k
WHERE CASE k.code
    WHEN 'F401' THEN a.is_open AND (a.owner IS NULL OR a.due IS NULL)
    WHEN 'F402' THEN a.is_open AND a.due < :T
    WHEN 'F403' THEN a.removes AND a.implemented IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM evidence e WHERE e.action = a.id AND e.made <= :T)
    WHEN 'F404' THEN a.removes AND a.implemented IS NOT NULL AND a.no_criterion
    ELSE a.removes AND a.closed IS NOT NULL AND (
        a.concluded IS NULL OR a.concluded < COALESCE(a.implemented, a.reopened)) AND NOT EXISTS (
        SELECT 1 FROM returned r WHERE r.action = a.id AND r.occurred > a.closed) END""",
    ),
    (
        "strength",
        """
WITH RECURSIVE weak (cause) AS (
    SELECT cause FROM fix WHERE NOT cancelled GROUP BY cause
    HAVING MAX(COALESCE(strength, 3)) < 2
), above (weak, cause) AS (
    SELECT cause, cause FROM weak
    UNION
    SELECT a.weak, d.effect FROM above a CROSS JOIN cause_cause d ON d.cause = a.cause
    CROSS JOIN cause c ON c.id = d.effect
    WHERE (d.since IS NULL OR d.since <= :T) AND c.found <= :T
)
SELECT DISTINCT 'F408', a.weak
FROM above a CROSS JOIN incident_cause l ON l.cause = a.cause
CROSS JOIN incident i ON i.id = l.incident
WHERE i.impact >= 3 AND (l.since IS NULL OR l.since <= :T) AND i.noted <= :T
UNION ALL
SELECT 'F405', cause FROM fix WHERE NOT cancelled GROUP BY cause
HAVING MAX(strength IS NULL OR strength > 1) = 0""",
    ),
    (
        "containment",
        f"""
SELECT DISTINCT 'F406', a.id FROM act a CROSS JOIN action_incident n ON n.action = a.id
CROSS JOIN incident i ON i.id = n.incident {_CAUSES_OF.format("n")}
CROSS JOIN fix f ON f.cause = r.deeper
WHERE a.kind = 'containment' AND a.closed IS NULL AND NOT a.cancelled AND i.noted <= :T
AND l.role = 'cause' AND (n.since IS NULL OR n.since <= :T)
AND f.result = 'effective' AND f.judged + :30D < :T""",
    ),
    (
        "fixes that backfired",
        """
WITH RECURSIVE above (action, cause) AS (
    SELECT l.action, l.cause
    FROM action_cause l CROSS JOIN act a ON a.id = l.action CROSS JOIN cause c ON c.id = l.cause
    WHERE l.relation = 'introduces' AND (l.since IS NULL OR l.since <= :T) AND c.found <= :T
    UNION
    SELECT a.action, d.effect FROM above a CROSS JOIN cause_cause d ON d.cause = a.cause
    CROSS JOIN cause c ON c.id = d.effect
    WHERE (d.since IS NULL OR d.since <= :T) AND c.found <= :T
)
SELECT DISTINCT 'F407', a.action FROM above a CROSS JOIN incident_cause l ON l.cause = a.cause
CROSS JOIN incident i ON i.id = l.incident
WHERE (l.since IS NULL OR l.since <= :T) AND i.noted <= :T""",
    ),
    (
        STATES[0],
        """
SELECT apology, CASE WHEN least > 2 AND (partly OR most = 8 AND least < 8) THEN 4 ELSE least END
FROM (
    SELECT s.apology, MIN(b.state) AS least, MAX(b.state) AS most, MAX(b.state = 4) AS partly
    FROM sorry s CROSS JOIN (
        SELECT b.incident, COALESCE(
            (SELECT state FROM worse w WHERE w.incident = b.incident), CASE
            WHEN b.met IS NULL THEN CASE WHEN b.decided THEN 7 WHEN b.is_over THEN 3 ELSE 5 END
            WHEN b.grade = 8 THEN 8
            WHEN b.grade = 7 OR EXISTS (
                SELECT 1 FROM decision d WHERE d.incident = b.incident
                AND d.kind = 'no_action' AND d.made <= :T) THEN 7
            WHEN b.grade > 4 THEN b.grade WHEN b.met THEN 4 ELSE 3 END) AS state
        FROM backing b
    ) b ON b.incident = s.incident
    GROUP BY s.apology
)""",
    ),
    (
        STATES[1],
        f"""
SELECT q.id, CASE
    WHEN EXISTS (SELECT 1 FROM broken b WHERE b.promise = q.id) THEN 4
    WHEN q.kind = 'non_recurrence' THEN 1 + (q.made < :T - :365D OR EXISTS (
        SELECT 1 FROM promise_action l CROSS JOIN act a ON a.id = l.action
        WHERE l.promise = q.id AND a.result = 'effective' AND (l.since IS NULL OR l.since <= :T)
    ) OR EXISTS (
        SELECT 1 FROM sorry s CROSS JOIN incident i ON i.id = s.incident
                      AND i.noted <= :T {_CAUSES_OF.format("s")} CROSS JOIN fix f ON f.cause = r.deeper
        WHERE s.apology = q.apology AND f.result = 'effective'))
    WHEN q.fulfilled <= :T THEN 2
    WHEN q.kind = 'watch' THEN 1 + (COALESCE(q.due, q.made + :365D) < :T)
    WHEN q.kind = 'deed' AND q.due < :T THEN 3 ELSE 1 END
FROM promise q CROSS JOIN apology a ON a.id = q.apology WHERE q.made <= :T AND a.made <= :T""",
    ),
)


def answers(
    connection: sqlite3.Connection, as_of: datetime, first_contact_hours: dict[int, int]
) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Answer one question after another: what it is called, and its rows of code and subject.

    Args:
        connection: To the file of a casebook.
        as_of: What had happened by then.
        first_contact_hours: By rank of impact (3 major, 4 critical), within how many hours a
            customer is to hear from us.
    """
    now = (as_of - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    limits = {rank: hours * HOUR for rank, hours in first_contact_hours.items()}

    def inlined(sql: str) -> str:
        sql = re.sub(r":(\d+)D\b", lambda match: str(int(match[1]) * DAY), sql)
        sql = sql.replace(":LIMITED", ", ".join(map(str, limits)))
        sql = sql.replace(":LIMITS", " ".join(f"WHEN {k} THEN {v}" for k, v in limits.items()))
        return re.sub(r":T\b", str(now), sql)

    def run(script: str) -> None:
        for statement in inlined(script).split(";\n"):
            if statement.strip():
                connection.execute(statement)

    (levels,) = connection.execute("SELECT COALESCE(MAX(level), 0) FROM cause").fetchone()
    run(_ACTIONS)
    run(_CAUSES)
    run(_STAND_0)
    for level in range(1, levels + 1):
        run(_STAND_N.replace(":LEVEL", str(level)))
    run(_APOLOGIES)
    for level in range(levels + 1):
        run(_STAND_FOR.replace(":LEVEL", str(level)))
    run(_TOUCHED)
    run(_RECURRENCE)
    for name, question in _QUESTIONS:
        if ":LIMITED" not in question or limits:
            yield name, connection.execute(inlined(question)).fetchall()
