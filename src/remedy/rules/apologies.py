"""Family A: is there anything behind the apologies and promises?"""

from __future__ import annotations

from remedy._relations import AS_OF, NO_ACTION, in_scope, was_there
from remedy.rules._rule import Rule
from remedy.vocabulary import Severity

__all__ = ["RULES"]

_ISO_B = "ISO 9001:2015 10.2.1 b"
# What rests on apologies that were only detected in a text is weak, and quotes one of them; it is
# looked up where there is something to say.
_QUOTE = (
    "(SELECT CASE WHEN MIN(said.weak) = 1 THEN MIN(said.quoted) END "
    "FROM now_sorry said WHERE said.incident = {id})"
)
_OF_WANTING = (
    "b.incident AS subject, i.failure, b.first_made AS made_at, i.zone, "
    f"{_QUOTE.format(id='b.incident')} AS quoted"
)
_WANTING = f"SELECT {_OF_WANTING} FROM wanting b JOIN now_incident i ON i.id = b.incident "


def _by_action(condition: str, columns: str = "", order: str = "") -> str:
    """Return the question for the actions on the paths that an incident stands or falls with.

    Args:
        condition: What of the incident (a row `b` of `wanting`, and its `k` of `backing`), of a
            cause of it (`g` of `graded`) and of an action on that, or on what lies beneath (`f` of
            `fix`, `s` of `standing`, `a` of `now_action`), has to hold.
        columns: More columns.
        order: What comes first among the actions: a finding tells of the first by itself.
    """
    return f"""
SELECT DISTINCT {_OF_WANTING}, f.action AS action{columns}
FROM wanting b CROSS JOIN backing k CROSS JOIN now_incident i CROSS JOIN now_link l
CROSS JOIN graded g CROSS JOIN reach r CROSS JOIN fix f CROSS JOIN standing s
CROSS JOIN now_action a
WHERE {condition} AND k.incident = b.incident AND i.id = b.incident
AND l.incident = b.incident AND l.role = 'cause' AND g.cause = l.cause
AND g.unit = CASE k.special WHEN 1 THEN b.incident ELSE '' END
AND r.cause = l.cause AND f.cause = r.deeper AND s.action = f.action AND a.id = f.action
AND {in_scope("f", "i")} AND NOT {was_there("f", "i")}
ORDER BY subject, {order}action"""


# What such a path is worth by now.
_GRADE = "CASE k.is_over WHEN 1 THEN g.when_over ELSE g.when_within END"


def _backing(code: str, name: str, severity: Severity, ask: str, **words: str) -> Rule:
    return Rule(code, ask, name=name, severity=severity, fact="A:backing", **words)


# A zone of the incidents that the apology of a promise `r` is for.
_WHERE_PROMISED = (
    "(SELECT MIN(i.zone) FROM apology_incident l JOIN now_incident i ON i.id = l.incident "
    "WHERE l.apology = r.apology)"
)

_LEWICKI = "Lewicki, Polin & Lount 2016"
_SETTLED = "('thanked', 'accepted', 'left')"

RULES: tuple[Rule, ...] = (
    _backing(
        "A107",
        "came back despite the change",
        Severity.ERROR,
        f"""
SELECT x.incident AS subject, x.failure, x.first_made AS made_at, x.later, x.failed_at AS later_at,
       m.zone AS later_zone, MIN(n.action) AS action, m.weak,
       COALESCE(m.quoted, {_QUOTE.format(id="x.incident")}) AS quoted
FROM (
    SELECT w.incident, w.failure, w.first_made, w.failed_at, MIN(n.incident) AS later
    FROM walked w JOIN held h ON h.incident = w.incident
    JOIN held_not n ON n.failure = w.failure AND n.action = h.action AND n.cause = h.cause
        AND n.occurred = w.failed_at AND n.incident <> w.incident
    WHERE w.hollow_at IS NULL OR w.failed_at < w.hollow_at
    GROUP BY w.incident, w.failure, w.first_made, w.failed_at
) x JOIN held h ON h.incident = x.incident
JOIN held_not n ON n.failure = x.failure AND n.action = h.action AND n.cause = h.cause
    AND n.incident = x.later
JOIN now_incident m ON m.id = x.later
GROUP BY x.incident, x.failure, x.first_made, x.later, x.failed_at, m.zone, m.weak, m.quoted
UNION ALL
SELECT b.incident AS subject, i.failure, b.first_made AS made_at, NULL AS later,
       NULL AS later_at, NULL AS later_zone, f.action, 0 AS weak,
       {_QUOTE.format(id="b.incident")} AS quoted
FROM failed f JOIN backing b ON b.incident = f.incident
JOIN now_incident i ON i.id = b.incident""",
        message="What was changed did not hold: {later?it happened again on {later_at} ({later}), "
        "although {action} was in effect|{action} was verified, and found ineffective}.",
        advice="Find out why {action} did not hold, and choose a stronger change.",
        why="A change of the process stands behind the apology, and it did not keep the failure "
        "away: it came back within the scope of the change after that took effect, and no other "
        "cause is on record; or a verification says that the change does not work, and nothing "
        "else takes its place.",
        source="FRACAS",
    ),
    _backing(
        "A110",
        "hollow apology",
        Severity.ERROR,
        f"""
SELECT h.incident AS subject, h.failure, h.first_made AS made_at, i.zone, h.later,
       h.hollow_at AS later_at, m.zone AS later_zone, m.weak,
       COALESCE(m.quoted, {_QUOTE.format(id="h.incident")}) AS quoted
FROM (
    SELECT w.incident, w.failure, w.first_made, w.hollow_at, MIN(l.incident) AS later
    FROM walked w CROSS JOIN gap g CROSS JOIN member l
    WHERE (w.failed_at IS NULL OR w.hollow_at < w.failed_at)
    AND g.incident = w.incident AND g.gap_at < w.hollow_at AND w.hollow_at <= g.until_at
    AND l.failure = w.failure AND l.occurred = w.hollow_at AND l.incident <> w.incident
    AND l.occurred_end <= g.until_at
    GROUP BY w.incident, w.failure, w.first_made, w.hollow_at
) h JOIN now_incident m ON m.id = h.later JOIN now_incident i ON i.id = h.incident""",
        message="The apology of {made_at} was hollow: it happened again on {later_at} ({later}), "
        "before anything that changes the process was in effect.",
        advice="Say to the customer what is different now, and let it be something that changes "
        "how the work is done.",
        why="The failure came back after the apology and before anything that changes the process "
        "was in effect on its causes. A later fix is welcome, and does not undo this: the apology "
        "had nothing behind it when it counted.",
        source="story: twice shipped collect",
    ),
    _backing(
        "A101",
        "no cause",
        Severity.ERROR,
        _WANTING + "WHERE b.caused = 0",
        message="Apologised for on {made_at}, and nobody has found out why it happened.",
        advice="Find the cause and record it, or record the decision that none needs to be found.",
        why="No cause is on record, nor a decision that none is needed, and the time for finding "
        "one is over. There is no such time where it was promised that it will not happen again: "
        "whoever promises that has to know.",
        source=_ISO_B,
    ),
    _backing(
        "A102",
        "no corrective action",
        Severity.ERROR,
        _WANTING + "WHERE b.grade = 1 AND b.met = 0",
        message="The cause is known, and nothing is being done about it.",
        advice="Decide on a corrective action for the cause, with an owner and a date, or record "
        "why none is needed.",
        why="A cause is on record, and no corrective action that takes this incident in addresses "
        "it. What had taken effect before was there and did not hold; amends, corrections and "
        "containment put this one incident right, and do nothing about the next.",
        source="ISO 9000:2015; 8D D5",
    ),
    _backing(
        "A104",
        "changes no process",
        Severity.ERROR,
        _by_action(
            f"b.grade = 2 AND b.met = 0 AND {_GRADE} = 2 AND f.placed = 2",
            ", 1 - a.unknown AS known",
            "known, ",
        ),
        message="What was done ({every_action}) changes no process{known?: the work is done as it "
        "was before|, as far as is on record: nobody said what kind of change {action} is}.",
        advice="{known?Change|Record what kind of change {action} is. If it changes no process, "
        "change} how the work is done, so that it goes right whoever does it: a forcing function, "
        "automation, a checklist.",
        why="Training, a talk, a reminder or a memo is all that was done about the cause, as far "
        "as is on record. The next person, or the same one on a busy day, works in the same "
        "process.",
        source="RCA2 action hierarchy",
    ),
    _backing(
        "A103",
        "action overdue or cancelled",
        Severity.ERROR,
        _by_action(
            f"b.grade = 3 AND b.met = 0 AND {_GRADE} = 3 AND f.placed = 3",
            ", s.cancelled, s.is_open AS overdue, s.closed AS closed_at, a.due AS due_at",
            "overdue DESC, ",
        ),
        message="The action behind the apology ({action}) {overdue?was due on {due_at}, and is not "
        "done|{cancelled?was cancelled|was closed on {closed_at} without being done}}"
        "{more?; {more} more {more=1?is|are} no better placed|}.",
        advice="Do it, set a date that holds, or decide on another one.",
        why="The best-placed action on a cause that has to be met is past its date, was cancelled, "
        "or was closed without being done.",
        source="FRACAS",
    ),
    _backing(
        "A108",
        "met in part",
        Severity.WARNING,
        f"""
SELECT DISTINCT {_OF_WANTING}, o.cause AS cause
FROM wanting b CROSS JOIN now_incident i CROSS JOIN open_cause o CROSS JOIN now_cause c
WHERE i.id = b.incident AND o.incident = b.incident AND o.below = 5 AND c.id = o.cause
AND (c.gate = 'all' OR NOT EXISTS (SELECT 1 FROM now_deeper l WHERE l.effect = o.cause))
ORDER BY subject, cause""",
        message="Some of the ways in which it can happen are closed, others are open "
        "({every_cause}).",
        advice="Close the others as well, or record the decision that they need none.",
        why="The gates of the causes say which of them have to be met. Some are, by a change of "
        "the process; on others there is nothing that would change it.",
        source="fault trees",
    ),
    _backing(
        "A114",
        "plan changes no process",
        Severity.WARNING,
        _by_action(
            f"b.grade = 4 AND b.met = 0 AND {_GRADE} = 4 AND f.placed = 4",
            ", 1 - a.unknown AS known",
            "known, ",
        ),
        message="What is planned ({every_action}) would change no process{known?|, as far as is on "
        "record: nobody said what kind of change {action} is}.",
        advice="Plan something that changes how the work is done, while there is time.",
        why="An action is planned and in time, and as far as is on record it is of a kind that "
        "leaves the process as it is. When it is done, A104 says the same as an error.",
        source="RCA2 action hierarchy",
    ),
    _backing(
        "A105",
        "weaker change only",
        Severity.WARNING,
        _WANTING + "WHERE b.met = 1 AND b.stronger = 0",
        message="The process was changed, by weaker means only.",
        advice="Add at least one change of intermediate or stronger kind.",
        why="Every change of the process behind the apology depends on somebody checking, reading "
        "or following it.",
        source="RCA2: at least one stronger or intermediate action for each analysis",
    ),
    _backing(
        "A106",
        "not verified in time",
        Severity.WARNING,
        _by_action("b.unverified = 1 AND f.placed = 8 AND f.unverified = 1"),
        message="The change was made ({every_action}), and nobody has shown in time that it works.",
        advice="Verify it: a challenge test, an audit, or the rate of recurrence against exposure.",
        why="An action is implemented, and the time for verifying it has passed: the one that was "
        "set, else ninety days.",
        source="ISO 9001:2015 10.2.1 d; ISO 13485 8.5.2",
    ),
    _backing(
        "A109",
        "why nobody caught it",
        Severity.INFO,
        f"""
SELECT b.incident AS subject, i.failure
FROM backing b JOIN now_incident i ON i.id = b.incident
WHERE b.caused = 1 AND (b.detected_by = 'customer'
     OR EXISTS (SELECT 1 FROM now_complaint c WHERE c.incident = b.incident))
AND NOT EXISTS (
    SELECT 1 FROM now_link l JOIN reach r ON r.cause = l.cause
    JOIN covered c ON c.cause = r.deeper WHERE l.incident = b.incident AND l.role = 'escape')
AND NOT {NO_ACTION}""",
        message="It reached the customer, and nothing on record says why nobody caught it before, "
        "or does anything about that.",
        advice="Record the escape cause, and what is done about it.",
        why="8D asks twice: why did it happen, and why did it get out. No cause of the second kind "
        "is on record, or none that is addressed or decided on.",
        source="8D D4, D5",
    ),
    Rule(
        "A120",
        f"""
SELECT s.incident AS subject, {_QUOTE.format(id="s.incident")} AS quoted,
       COUNT(DISTINCT h.customer) AS missed, MIN(h.customer) AS example
FROM (
    SELECT incident FROM sorry WHERE recipients = 'listed'
    UNION
    SELECT l.incident FROM missing n CROSS JOIN sorry l WHERE l.apology = n.apology
) s CROSS JOIN backing b CROSS JOIN now_hit h
WHERE b.incident = s.incident AND h.incident = s.incident AND NOT EXISTS (
    SELECT 1 FROM sorry l WHERE l.incident = s.incident AND l.recipients IS NULL)
AND NOT EXISTS (
    SELECT 1 FROM sorry l LEFT JOIN apology_customer n
        ON n.apology = l.apology AND n.customer = h.customer
    WHERE l.incident = s.incident
    AND (l.recipients = 'all' AND (n.reached IS NULL OR n.reached = 1)
         OR l.recipients = 'listed' AND n.reached = 1))
GROUP BY s.incident""",
        name="customers never told",
        severity=Severity.ERROR,
        fact="A:told",
        message="{missed} of the customers never got the apology{missed=1? ({example})|, {example} "
        "among them}.",
        advice="Tell them. They know what happened, and have heard nothing.",
        why="It is on record whom the apologies for this incident were told, and some of its "
        "customers are not among them. Persons are counted, over all apologies of the incident.",
        source="story: one mistake, many customers",
    ),
    Rule(
        "A121",
        """
SELECT incident AS subject, COUNT(*) AS late, MIN(customer) AS example FROM (
    SELECT b.incident, h.customer, b.first_made, i.noted + k.span AS late_from,
           MIN(COALESCE(h.acknowledged, i.acknowledged)) AS heard
    FROM backing b CROSS JOIN contact_limit k CROSS JOIN now_incident i CROSS JOIN now_hit h
    WHERE k.impact = b.impact AND i.id = b.incident AND h.incident = b.incident
    GROUP BY b.incident, h.customer, b.first_made, i.noted, k.span
) c WHERE late_from < CASE WHEN heard < first_made THEN heard ELSE first_made END
GROUP BY incident""",
        name="heard from us late",
        severity=Severity.INFO,
        fact="A:contact",
        message="{late} of the customers heard from us later than the limit for this impact"
        "{late=1? ({example})|, {example} among them}.",
        advice="Find out what held up the first word, which needs no cause and no solution.",
        why="The limits are yours: `first_contact` in the configuration sets one by impact. The "
        "first word is the acknowledgement, or the apology if that came sooner.",
        source="ISO 10002:2018 8.2",
    ),
    Rule(
        "A122",
        """
SELECT incident AS subject, CASE WHEN responsibility = 0 AND repair = 0
    THEN 'responsibility and repair' WHEN repair = 0 THEN 'repair' ELSE 'responsibility' END
    AS missing
FROM worded WHERE responsibility = 0 OR repair = 0""",
        name="main elements missing",
        severity=Severity.INFO,
        fact="A:elements",
        message="The apology leaves out {missing}.",
        advice="Say whose fault it was, and how it is put right: of all elements these count most.",
        why="The elements of the apologies for this incident are on record, and taking "
        "responsibility, or the offer of repair, is not among them.",
        source=_LEWICKI,
    ),
    Rule(
        "A124",
        """
SELECT incident AS subject,
       CASE WHEN regret > 0 AND explanation > 0 THEN 'repentance'
            WHEN regret > 0 AND repentance > 0 THEN 'explanation'
            WHEN explanation > 0 AND repentance > 0 THEN 'regret'
            WHEN regret > 0 THEN 'explanation and repentance'
            WHEN explanation > 0 THEN 'regret and repentance'
            WHEN repentance > 0 THEN 'regret and explanation'
            ELSE 'regret, explanation and repentance' END AS missing
FROM worded WHERE regret = 0 OR explanation = 0 OR repentance = 0""",
        name="further elements missing",
        severity=Severity.INFO,
        fact="A:elements",
        message="The apology leaves out {missing}.",
        advice="Say that you are sorry, what happened, and that it shall not happen again.",
        why="The elements of the apologies for this incident are on record, and regret, "
        "explanation or repentance is not among them.",
        source=_LEWICKI,
    ),
    Rule(
        "A131",
        f"""
SELECT r.id AS subject, r.apology, r.due AS due_at, {_WHERE_PROMISED} AS zone, r.weak, r.quoted
FROM now_promise r JOIN focus_apology f ON f.id = r.apology
WHERE r.kind = 'deed' AND r.due < {AS_OF} AND (r.fulfilled IS NULL OR r.fulfilled > {AS_OF})""",
        name="promised deed overdue",
        severity=Severity.ERROR,
        subject="promise",
        fact="A:promise",
        message="What was promised in {apology} was due on {due_at}, and is not done.",
        advice="Do it, and tell the customer that it took longer.",
        why="A deed with a date was promised to customers, and the date is past.",
    ),
    Rule(
        "A130",
        f"""
SELECT r.id AS subject, r.apology, r.kind, r.made AS made_at, {_WHERE_PROMISED} AS zone
FROM now_promise r JOIN focus_apology f ON f.id = r.apology
WHERE r.kind = 'non_recurrence' AND {AS_OF} <= r.made + (SELECT horizon FROM p)
AND NOT EXISTS (SELECT 1 FROM broken b WHERE b.promise = r.id)
AND NOT EXISTS (
    SELECT 1 FROM promise_action l JOIN now_action a ON a.id = l.action
    JOIN standing s ON s.action = a.id
    WHERE l.promise = r.id AND s.cancelled = 0 AND (l.since IS NULL OR l.since <= {AS_OF}))
AND NOT EXISTS (
    SELECT 1 FROM now_sorry l JOIN now_incident i ON i.id = l.incident
    JOIN now_link e ON e.incident = i.id
    JOIN reach d ON d.cause = e.cause JOIN fix x ON x.cause = d.deeper
    WHERE l.apology = r.apology AND x.cancelled = 0)
UNION ALL
SELECT r.id AS subject, r.apology, r.kind, r.made AS made_at, {_WHERE_PROMISED} AS zone
FROM now_promise r JOIN focus_apology f ON f.id = r.apology
WHERE r.kind = 'deed' AND (r.owner IS NULL OR r.due IS NULL)
AND (r.fulfilled IS NULL OR r.fulfilled > {AS_OF})""",
        name="promise with nothing under it",
        severity=Severity.WARNING,
        subject="promise",
        fact="A:promise",
        message="{apology} promised something ({kind}) on {made_at}, and nothing is under it.",
        advice="Link the action that will keep the promise; give a deed an owner and a date.",
        why="It was promised that the failure will not come back, and no action is linked to the "
        "promise, nor addresses a cause; or a deed was promised that nobody owns, or that has no "
        "date.",
        source="story: twice shipped collect",
    ),
    Rule(
        "A133",
        """
SELECT r.id AS subject, r.apology FROM now_promise r JOIN focus_apology f ON f.id = r.apology
WHERE r.kind IS NULL""",
        name="promise not classified",
        severity=Severity.INFO,
        subject="promise",
        fact="A:promise",
        message="{apology} holds a promise, and nobody said of which kind.",
        advice="Say whether it was that it will not happen again, a deed, or to watch.",
        why="What would keep or break a promise depends on its kind.",
    ),
    Rule(
        "A140",
        """
SELECT b.incident AS subject, b.impact FROM backing b
WHERE b.impact >= (SELECT amends_from FROM p)
AND NOT EXISTS (SELECT 1 FROM amends m WHERE m.incident = b.incident
                AND m.made <= (SELECT as_of FROM p))""",
        name="no amends",
        severity=Severity.INFO,
        fact="A:amends",
        message="An incident of this impact, an apology, and no amends.",
        advice="Offer something for the trouble, or waive a charge; a replacement is not amends.",
        why="`amends_from` in the configuration says from which impact on amends are asked for.",
        source="distributive justice in service recovery",
    ),
    Rule(
        "A144",
        f"""
SELECT b.incident AS subject, i.zone, COUNT(*) AS missed, MIN(u.due) AS due_at
FROM backing b JOIN follow_up u ON u.incident = b.incident
JOIN now_incident i ON i.id = b.incident
WHERE u.due < {AS_OF}
AND (u.customer IS NOT NULL OR EXISTS (SELECT 1 FROM now_hit h WHERE h.incident = b.incident))
AND NOT EXISTS (
    SELECT 1 FROM follow_up d WHERE d.incident = u.incident AND d.made <= {AS_OF}
    AND (d.id = u.id OR d.customer IS NULL OR u.customer IS NULL OR d.customer = u.customer))
GROUP BY b.incident, i.zone""",
        name="no follow-up",
        severity=Severity.INFO,
        fact="A:follow_up",
        message="Nobody asked by {due_at} whether it is right now, as was planned.",
        advice="Ask. It is the shortest conversation with the greatest effect.",
        why="A follow-up was planned, its date is past, and none was made.",
        source="story: the wrong markers",
    ),
    Rule(
        "A143",
        f"""
WITH missed AS (
    SELECT r.customer, r.id AS response, r.made, e.zone, h.incident AS later, h.occurred,
           m.zone AS later_zone,
           CASE WHEN m.weak = 1 OR r.provenance = 'detected' THEN 1 ELSE 0 END AS weak,
           CASE WHEN r.provenance = 'detected' THEN SUBSTR(COALESCE(r.body, ''), 1, 200)
                ELSE m.quoted END AS quoted
    FROM response r JOIN focus_customer f ON f.id = r.customer
    JOIN person w ON w.customer = r.customer JOIN now_incident e ON e.id = r.incident
    JOIN hit h ON h.failure = e.failure AND h.who = w.who AND h.occurred > r.made
        AND h.incident <> e.id
    JOIN now_incident m ON m.id = h.incident
    WHERE r.kind = 'last_chance' AND r.made <= {AS_OF}
    AND NOT EXISTS (
        SELECT 1 FROM response s WHERE s.customer = r.customer AND s.kind IN {_SETTLED}
        AND s.made > r.made AND s.made <= h.occurred)
), led AS (
    SELECT x.*, ROW_NUMBER() OVER (
        PARTITION BY customer ORDER BY occurred, later, made DESC, response) AS place
    FROM missed x
)
SELECT x.customer AS subject, x.customer, x.response, x.made AS made_at, x.zone, x.later,
       x.occurred AS later_at, x.later_zone, n.weak,
       CASE WHEN n.weak = 1 THEN x.quoted END AS quoted, n.times - 1 AS more
FROM led x JOIN (
    SELECT customer, MIN(weak) AS weak, COUNT(DISTINCT later) AS times
    FROM missed GROUP BY customer
) n ON n.customer = x.customer
WHERE x.place = 1""",
        name="failed after a last chance",
        severity=Severity.ERROR,
        subject="customer",
        fact="A:chance",
        message="Gave us a last chance on {made_at}, and it happened again on {later_at} "
        "({later}){more?, and {more=1?once|{more} times} more since|}.",
        advice="Let somebody who can decide call today.",
        why="The customer said that this was the last chance, and the same failure hit them again.",
        source="story: twice shipped collect",
    ),
    *(
        Rule(
            code,
            f"""
SELECT customer AS subject, customer, response, made AS made_at, zone, owner, chances,
       chances - 1 AS more
FROM (
    SELECT r.customer, r.id AS response, r.made, i.occurred_zone AS zone, r.next_owner AS owner,
           ROW_NUMBER() OVER (
               PARTITION BY r.customer
               ORDER BY CASE WHEN r.next_owner IS NULL THEN 0 ELSE 1 END, r.made DESC, r.id
           ) AS place,
           COUNT(*) OVER (
               PARTITION BY r.customer, CASE WHEN r.next_owner IS NULL THEN 0 ELSE 1 END
           ) AS chances
    FROM response r JOIN focus_customer f ON f.id = r.customer
    LEFT JOIN incident i ON i.id = r.incident
    WHERE r.kind = 'last_chance' AND r.made <= {AS_OF}
    AND NOT EXISTS (
        SELECT 1 FROM response s WHERE s.customer = r.customer AND s.kind IN {_SETTLED}
        AND s.made > r.made AND s.made <= {AS_OF})
) x WHERE place = 1 AND owner IS {owned}""",
            name=name,
            severity=severity,
            subject="customer",
            fact="A:chance",
            message=message,
            advice=advice,
            why=why,
            source="story: twice shipped collect",
        )
        for code, owned, name, severity, message, advice, why in (
            (
                "A142",
                "NULL",
                "last chance, and nobody owns the next step",
                Severity.WARNING,
                "Gave us a last chance on {made_at}, and nobody owns the next step{more? "
                "(the latest of {chances} such chances)|}.",
                "Say who looks after this customer's next order.",
                "A customer who says that this was the last chance is about to leave; somebody "
                "has to own what happens next.",
            ),
            (
                "A141",
                "NOT NULL",
                "last chance",
                Severity.INFO,
                "Gave us a last chance on {made_at}: {owner} owns the next step{more? (the "
                "latest of {chances} chances)|}.",
                "Keep an eye on the next order.",
                "A customer at risk, whose next step somebody owns.",
            ),
        )
    ),
)
