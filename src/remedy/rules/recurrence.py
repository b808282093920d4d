"""Family R: does it come back? And A132: which promises did that break?"""

from __future__ import annotations

from remedy._relations import AS_OF, with_earlier
from remedy.rules._rule import Rule
from remedy.vocabulary import Severity

__all__ = ["RULES"]

_RETURNED = """
SELECT subject, failure, occurred, weak, quoted, action, suspected, actions - 1 AS more FROM (
    SELECT b.*, COUNT(*) OVER (PARTITION BY subject) AS actions,
           ROW_NUMBER() OVER (PARTITION BY subject ORDER BY worth DESC, action) AS place
    FROM (
        SELECT DISTINCT r.incident AS subject, r.failure, r.occurred, r.weak, f.quoted, r.action,
               r.suspected, r.worth
        FROM returned r JOIN focus f ON f.id = r.incident {join}
    ) b
) l WHERE place = 1"""

# Whom a row `h` of `hit` tells of: the customer and, where its customers count as one, the account.
_WHOM = "h.customer, CASE WHEN h.who <> h.customer THEN h.who END AS account"

_AGAIN: dict[str, str] = {"fact": "R:again"}

RULES: tuple[Rule, ...] = (
    Rule(
        "R206",
        with_earlier(
            _RETURNED.format(
                join="""
JOIN wide_verification v ON v.action = r.action AND v.result = 'effective' AND v.made < r.occurred
    AND NOT EXISTS (
        SELECT 1 FROM wide_verification w WHERE w.action = r.action AND w.made < r.occurred
        AND (w.made > v.made OR w.made = v.made AND w.id > v.id))"""
            )
        ),
        name="regression",
        severity=Severity.ERROR,
        message="It came back after {action} had been verified effective{more?, and {more} more "
        "{more=1?action|actions} as well|} (before: {earlier}, {before_at}).",
        advice="Find out what changed since the verification, and verify by recurrence next time.",
        why="An action on a cause of this failure was in effect and had been found effective, and "
        "the failure came back within its scope, with no other cause on record.",
        source="FRACAS",
        **_AGAIN,
    ),
    Rule(
        "R205",
        with_earlier(_RETURNED.format(join="")),
        name="came back after an action",
        severity=Severity.ERROR,
        message="It came back although {action} was in effect{more?, and {more} more "
        "{more=1?action|actions} as well|}{suspected?, for an unknown cause|} (before: {earlier}, "
        "{before_at}).",
        advice="Find out why {action} did not hold; record the cause of this incident.",
        why="An action on a cause of an earlier incident of the same failure had taken effect, and "
        "takes this one in. Where this incident has a different cause on record the rule is "
        "silent; where it has none, the cause is suspected.",
        source="FRACAS",
        **_AGAIN,
    ),
    Rule(
        "R204",
        f"""
SELECT l.subject, l.failure, l.customer, l.account, l.apology, l.earlier,
       CASE WHEN l.weak = 1 OR l.all_weak = 1 THEN 1 ELSE 0 END AS weak,
       CASE WHEN l.quoted IS NOT NULL OR l.all_weak = 0 THEN l.quoted
            ELSE (SELECT a.quoted FROM now_apology a WHERE a.id = l.apology) END AS quoted
FROM (
    SELECT z.*, (SELECT MIN(s.incident) FROM sorry_to s
                 WHERE s.failure = z.failure AND s.who = z.who AND s.made = z.last_made
                 AND s.apology = z.apology AND s.occurred = z.last_occurred
                 AND s.ready < z.occurred) AS earlier
    FROM (
        SELECT y.*, (SELECT MAX(s.occurred) FROM sorry_to s
                     WHERE s.failure = y.failure AND s.who = y.who AND s.made = y.last_made
                     AND s.apology = y.apology AND s.ready < y.occurred) AS last_occurred
        FROM (
            SELECT x.*, (SELECT MIN(s.apology) FROM sorry_to s
                         WHERE s.failure = x.failure AND s.who = x.who AND s.made = x.last_made
                         AND s.ready < x.occurred) AS apology
            FROM (
                SELECT DISTINCT h.incident AS subject, h.failure, {_WHOM}, h.who, h.occurred,
                       f.weak, f.quoted,
                       CASE WHEN t.surely < h.occurred THEN 0 ELSE 1 END AS all_weak,
                       (SELECT MAX(s.made) FROM sorry_to s
                        WHERE s.failure = h.failure AND s.who = h.who AND s.made < h.occurred
                        AND s.ready < h.occurred) AS last_made
                FROM (
                    SELECT failure, who, MIN(ready) AS ready,
                           MIN(CASE WHEN weak = 0 THEN ready END) AS surely
                    FROM sorry_to GROUP BY failure, who
                ) t CROSS JOIN hit h CROSS JOIN focus f
                WHERE h.failure = t.failure AND h.who = t.who AND h.occurred > t.ready
                AND f.id = h.incident
            ) x
        ) y
    ) z
) l""",
        name="double deviation",
        severity=Severity.ERROR,
        message="It hit {who} again after an apology for the same failure ({apology}, for "
        "{earlier}){more?, and {more} more likewise|}.",
        advice="Call them before they call, say what is different from the last time, and let "
        "somebody own it until it is right.",
        why="The failure returned to a customer who had been told an apology or a promise for it. "
        "Failing at the recovery too weighs more than the failure itself.",
        source="Bitner, Booms & Tetreault 1990",
        **_AGAIN,
    ),
    Rule(
        "R203",
        """
SELECT h.incident AS subject, h.failure, h.customer, f.weak, f.quoted, MIN(e.incident) AS earlier
FROM hit_again g CROSS JOIN hit h CROSS JOIN hit e CROSS JOIN focus f
WHERE h.failure = g.failure AND h.who = g.who AND e.failure = g.failure AND e.who = g.who
AND h.order_no IS NOT NULL AND e.customer = h.customer AND e.order_no = h.order_no - 1
AND e.occurred < h.occurred AND e.occurred_end < h.occurred
AND f.id = h.incident
GROUP BY h.incident, h.failure, h.customer, f.weak, f.quoted""",
        name="in consecutive orders",
        severity=Severity.ERROR,
        message="It hit {customer} in two consecutive orders ({earlier}, then this){more?, and "
        "{more} more likewise|}.",
        advice="Watch this customer's next order from end to end.",
        why="The customer's order has the number that follows the one of an earlier incident of "
        "the same failure. It is only asked where order numbers of the customer are on record.",
        source="story: twice shipped collect",
        **_AGAIN,
    ),
    Rule(
        "A132",
        """
SELECT b.incident AS subject, b.promise AS promise, b.apology, r.kind, r.made AS made_at, f.zone,
       b.weak, COALESCE(r.quoted, f.quoted) AS quoted, f.failure
FROM broken b JOIN focus f ON f.id = b.incident JOIN now_promise r ON r.id = b.promise
ORDER BY subject, made_at, promise""",
        name="promise broken",
        severity=Severity.ERROR,
        message="It breaks what {apology} promised on {made_at} ({kind}){more?, and {more} more "
        "{more=1?promise|promises}|}.",
        advice="Do not promise it again; say what was changed.",
        why="It was promised that the failure would not come back, or that the next orders would "
        "be watched, and it hit a customer to whom that was promised, within the horizon. It is "
        "told once for each promise, at the incident that first broke it.",
        source="story: twice shipped collect",
        **_AGAIN,
    ),
    Rule(
        "R202",
        f"""
SELECT y.subject, y.failure, y.customer, y.account, y.weak, y.quoted, y.later_at, y.zone,
       b.occurred AS before_at, b.zone AS before_zone, y.earlier
FROM (
    SELECT x.*, (SELECT MIN(e.incident) FROM hit e
                 WHERE e.failure = x.failure AND e.who = COALESCE(x.account, x.customer)
                 AND e.occurred <= x.first_end AND e.occurred_end = x.first_end) AS earlier
    FROM (
        SELECT DISTINCT h.incident AS subject, h.failure, {_WHOM}, f.weak, f.quoted, f.zone,
               g.first_end, h.occurred AS later_at
        FROM hit_again g CROSS JOIN hit h CROSS JOIN focus f
        WHERE h.failure = g.failure AND h.who = g.who AND h.occurred > g.first_end
        AND f.id = h.incident
    ) x
) y CROSS JOIN now_incident b WHERE b.id = y.earlier""",
        name="same customer again",
        severity=Severity.WARNING,
        message="{failure_told}: it hit {who} again (first on {before_at}: {earlier}).",
        advice="Look at this customer's cases together, and tell them that you did.",
        why="The failure hit a customer, or an account, that it had hit before.",
        **_AGAIN,
    ),
    Rule(
        "R201",
        with_earlier(
            """
SELECT r.incident AS subject, r.failure, r.occurred, r.occurred AS later_at, f.zone, r.weak,
       f.quoted
FROM repeated r CROSS JOIN focus f WHERE f.id = r.incident"""
        ),
        name="same failure again",
        severity=Severity.INFO,
        message="{failure_told}: it came back on {later_at}.",
        advice="Look for one cause behind them.",
        why="The same failure occurred again within the window. There is one finding for each "
        "failure, with how often and how it develops.",
        **_AGAIN,
    ),
    Rule(
        "R210",
        f"""
SELECT f.id AS subject, c.id AS other, 'complaint' AS kind, 'was opened again' AS how
FROM focus f JOIN now_complaint c ON c.incident = f.id WHERE c.reopened <= {AS_OF}
UNION
SELECT f.id AS subject, a.id AS other, 'correction' AS kind,
       CASE WHEN s.last_result = 'ineffective' THEN 'was verified, and found ineffective'
            ELSE 'was opened again' END AS how
FROM focus f
JOIN action_incident l ON l.incident = f.id JOIN wide_action a ON a.id = l.action
JOIN standing s ON s.action = a.id
WHERE a.kind = 'correction' AND (l.since IS NULL OR l.since <= {AS_OF})
AND (s.last_result = 'ineffective' OR s.reopened IS NOT NULL)
ORDER BY subject, kind, other""",
        name="recovery failed",
        severity=Severity.WARNING,
        fact="R:recovery",
        message="Putting it right went wrong as well: {kind} {other} {how}{more?, and {more} more "
        "did not settle it either|}.",
        advice="Put it right once more, and look at how corrections are made.",
        why="A complaint was opened again after it had been settled, or a correction did not put "
        "the incident right.",
        source="Bitner, Booms & Tetreault 1990",
    ),
    Rule(
        "R208",
        """
WITH tried AS (
    SELECT DISTINCT f.cause, f.action, f.intervention, f.began
    FROM (SELECT DISTINCT cause, action FROM returned) r
    JOIN fix f ON f.cause = r.cause AND f.action = r.action
)
SELECT x.subject AS subject, x.intervention AS intervention, x.first_action, x.second_action,
       n.times, n.times - 2 AS more
FROM (
    SELECT a.cause AS subject, a.intervention, a.action AS first_action, b.action AS second_action,
           ROW_NUMBER() OVER (
               PARTITION BY a.cause, a.intervention
               ORDER BY a.began, a.action, b.began, b.action) AS place
    FROM tried a JOIN tried b ON b.cause = a.cause AND b.intervention = a.intervention
    JOIN focus_cause c ON c.id = a.cause
    WHERE EXISTS (SELECT 1 FROM returned r
                  WHERE r.action = a.action AND r.cause = a.cause AND r.occurred <= b.began)
) x JOIN (SELECT cause, intervention, COUNT(*) AS times FROM tried GROUP BY cause, intervention) n
    ON n.cause = x.subject AND n.intervention = x.intervention
WHERE x.place = 1
ORDER BY subject, intervention""",
        name="the same again, and again in vain",
        severity=Severity.WARNING,
        subject="cause",
        fact="R:tried",
        message="The same was tried {more?{times} times|twice} ({intervention}: {first_action}, "
        "then {second_action}{more?, and {more} more|}), and the failure came back after each.",
        advice="Try another kind of change.",
        why="Two actions of the same kind addressed the cause, one after the other, and each was "
        "followed by a recurrence.",
    ),
    Rule(
        "R200",
        """
SELECT 'casebook' AS subject, blank, comparable, repeats, coarse FROM comparison
WHERE blank > 0 OR coarse = 1""",
        name="cannot be compared",
        severity=Severity.WARNING,
        subject="casebook",
        fact="R:comparable",
        message="{blank?{blank} {blank=1?incident|incidents} cannot be compared: a part of "
        "{blank=1?its|their} signature is missing. |}{coarse?The signature calls {repeats} of "
        "{comparable} incidents repeats: it is too coarse, and R201 is left out.|}",
        advice="Fill in the missing parts, or choose another signature: remedy profile shows what "
        "each would call a repeat.",
        why="Two incidents are the same failure when all parts of their signature are on record "
        "and equal. What lacks a part is never compared, and would otherwise look clean; a "
        "signature that makes most incidents equal says nothing.",
    ),
)
