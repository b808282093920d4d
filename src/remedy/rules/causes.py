"""Family C: are the causes found, deep enough, and shown?"""

from __future__ import annotations

from remedy._relations import AS_OF
from remedy.rules._rule import Rule
from remedy.vocabulary import Severity

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    Rule(
        "C301",
        f"""
SELECT COALESCE(w.failure, w.id) AS subject, w.failure, COUNT(*) AS incidents, MIN(w.id) AS example
FROM alike w WHERE {AS_OF} - w.noted > (SELECT grace FROM p)
AND NOT EXISTS (SELECT 1 FROM caused c WHERE c.incident = w.id)
AND NOT EXISTS (SELECT 1 FROM now_decision d WHERE d.incident = w.id)
GROUP BY COALESCE(w.failure, w.id), w.failure""",
        name="never analysed",
        severity=Severity.WARNING,
        subject="failure",
        fact="C:analysis",
        message="{failure?{failure_told}: {incidents} of its incidents {incidents=1?has|have}|It "
        "has} neither a cause nor a decision that none is needed{failure? ({example}{incidents=1?|"
        " is one})|}.",
        advice="Find the cause, or record that none needs to be found and why.",
        why="ISO 9001 asks to evaluate the need for eliminating the causes. The result may be that "
        "there is none; but it has to be on record.",
        source="ISO 9001:2015 10.2.1 b",
    ),
    Rule(
        "C302",
        """
SELECT c.id AS subject, c.is_human, c.names_person FROM focus_cause c
WHERE (c.is_human = 1 OR c.names_person = 1)
AND NOT EXISTS (SELECT 1 FROM now_deeper l WHERE l.effect = c.id)""",
        name="stops at a person",
        severity=Severity.WARNING,
        subject="cause",
        fact="C:depth",
        message="The analysis stops at {names_person?a person|human error}.",
        advice="Ask why the error was possible, and why it was easy to make.",
        why="Human error is where an analysis begins: the process let it happen. A cause that "
        "names a person leads to an action on that person, and to nothing else.",
        source="RCA2; FDA inspection practice",
    ),
    Rule(
        "C303",
        f"""
SELECT c.id AS subject FROM focus_cause c
WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.cause = c.id AND e.made <= {AS_OF})""",
        name="no evidence for the cause",
        severity=Severity.INFO,
        subject="cause",
        fact="C:evidence",
        message="Nothing on record shows that this is the cause.",
        advice="Record what shows it: a log, a trial, an interview.",
        why="A cause without evidence is a guess, and the action on it as well.",
        source="RCA2",
    ),
)
