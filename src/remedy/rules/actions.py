"""Family F: are the actions owned, done, strong enough, verified?"""

from __future__ import annotations

from remedy._relations import AS_OF
from remedy.rules._rule import Rule
from remedy.vocabulary import Severity

__all__ = ["RULES"]


def _action(condition: str, *columns: str) -> str:
    more = "".join(f", {column}" for column in columns)
    return (
        f"SELECT a.id AS subject{more}, a.weak FROM focus_action a "
        f"JOIN standing s ON s.action = a.id WHERE {condition}"
    )


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
            "s.is_open = 1 AND (a.owner IS NULL OR a.due IS NULL)", "a.owner", "a.due AS due_at"
        ),
        message="It is open, and has {owner?no date|no owner}.",
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
SELECT c.id AS subject, t.actions FROM focus_cause c JOIN strength_of t ON t.cause = c.id
WHERE t.stronger = 0""",
        name="weaker actions only",
        severity=Severity.WARNING,
        subject="cause",
        fact="F:strength",
        message="All that is done or planned about it ({actions}) is of the weaker kind.",
        advice="Add at least one action of intermediate or stronger kind.",
        why="Weaker actions depend on people remembering, checking or being careful.",
        source="RCA2 action hierarchy",
    ),
    Rule(
        "F408",
        """
SELECT c.id AS subject, t.strongest, k.strength AS asked FROM focus_cause c
JOIN strength_of t ON t.cause = c.id JOIN (
    SELECT r.deeper AS cause, MAX(i.impact) AS impact
    FROM reach r JOIN now_link l ON l.cause = r.cause
    JOIN now_incident i ON i.id = l.incident
    WHERE r.deeper IN (SELECT cause FROM strength_of WHERE unknown = 0
                       AND strongest < (SELECT MAX(strength) FROM strength_asked))
    GROUP BY r.deeper
) m ON m.cause = c.id JOIN strength_asked k ON k.impact = m.impact
WHERE t.strongest < k.strength AND t.unknown = 0""",
        name="weaker than the impact asks for",
        severity=Severity.WARNING,
        subject="cause",
        fact="F:strength",
        message="The strongest action on it is weaker than the impact of its incidents asks for.",
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
SELECT a.id AS subject, MIN(x.action) AS fix, a.weak
FROM focus_action a CROSS JOIN standing s CROSS JOIN action_incident i CROSS JOIN now_incident n
CROSS JOIN now_link l CROSS JOIN reach r CROSS JOIN fix x CROSS JOIN standing v
WHERE s.action = a.id AND i.action = a.id AND n.id = i.incident AND l.incident = i.incident
AND r.cause = l.cause AND x.cause = r.deeper AND v.action = x.action
AND a.kind = 'containment' AND s.closed IS NULL AND s.cancelled = 0 AND l.role = 'cause'
AND (i.since IS NULL OR i.since <= {AS_OF})
AND v.last_result = 'effective' AND v.last_made + (SELECT containment FROM p) < {AS_OF}
GROUP BY a.id, a.weak""",
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
SELECT a.id AS subject, MIN(k.cause) AS cause, MIN(i.id) AS example, a.weak
FROM focus_action a JOIN action_cause k ON k.action = a.id
JOIN reach r ON r.deeper = k.cause JOIN now_link l ON l.cause = r.cause
JOIN now_incident i ON i.id = l.incident
WHERE k.relation = 'introduces' AND (k.since IS NULL OR k.since <= {AS_OF})
GROUP BY a.id, a.weak""",
        message="It brought a cause into being ({cause}) that has led to incidents ({example}).",
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
            "a.removes_cause = 1 AND s.closed IS NOT NULL AND s.concluded IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM returned r WHERE r.action = a.id AND r.occurred > s.closed)",
            "s.closed AS closed_at",
        ),
        message="It was closed on {closed_at}, and nobody has shown that it works.",
        advice="Verify it, or open it again.",
        why="Closing says that the matter is settled; only a verification can. Where the failure "
        "came back afterwards, that has opened it again.",
        source="ISO 9001:2015 10.2.1 d",
    ),
)
