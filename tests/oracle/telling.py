"""From facts to findings: one thing is told once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from remedy import records as r
from remedy.vocabulary import Impact, PromiseKind, Severity
from tests.oracle.recurrence import COARSE, Recurrence
from tests.oracle.row import Row
from tests.oracle.seen import IMPACTS, Seen

SEVERITIES = [Severity.INFO, Severity.WARNING, Severity.ERROR]

RULES_OF = {
    Severity.ERROR: "A101 A102 A103 A104 A107 A110 A120 A131 A132 A143 R203 R204 R205 R206 F402 "
    "F407 F409",
    Severity.WARNING: "A105 A106 A108 A114 A130 A142 R200 R202 R208 R210 C301 C302 F401 F405 F408",
    Severity.INFO: "A109 A121 A122 A124 A133 A140 A141 A144 R201 C303 F403 F404 F406",
}
SEVERITY = {code: severity for severity, codes in RULES_OF.items() for code in codes.split()}

FACTS = {
    "A:backing": "A107 A110 A101 A102 A104 A103 A108 A114 A105 A106 A109",
    "A:told": "A120",
    "A:contact": "A121",
    "A:elements": "A122 A124",
    "A:promise": "A131 A130 A133",
    "A:chance": "A143 A142 A141",
    "A:amends": "A140",
    "A:follow_up": "A144",
    "R:again": "R206 R205 R204 R203 A132 R202 R201",
    "R:recovery": "R210",
    "R:tried": "R208",
    "R:comparable": "R200",
    "C:analysis": "C301",
    "C:depth": "C302",
    "C:evidence": "C303",
    "F:plan": "F401",
    "F:due": "F402",
    "F:evidence": "F403",
    "F:criterion": "F404",
    "F:strength": "F405 F408",
    "F:containment": "F406",
    "F:backfired": "F407",
    "F:closed": "F409",
}
"""The codes that are one fact, gravest first."""

FACT_OF = {code: fact for fact, codes in FACTS.items() for code in codes.split()}
GRAVITY = {code: place for codes in FACTS.values() for place, code in enumerate(codes.split())}
CODES = tuple(sorted(SEVERITY))

TICKETS = ("R", "A130", "A131", "A132", "A133", "A141", "A142", "A143")
NEEDS_CAUSES = (
    "A101", "A102", "A103", "A104", "A105", "A106", "A107", "A108", "A109", "A114", "C", "F"
)  # fmt: skip


class Told(NamedTuple):
    """A finding, as far as the oracle goes."""

    key: str
    code: str
    also: frozenset[str]
    severity: str
    subject: str


def digest(failure: str) -> str:
    """What stands for a failure in a key."""
    return hashlib.sha256(failure.encode()).hexdigest()[:12]


class Fact:
    """The codes of one fact, with the reasons for each, and what it has taken in."""

    def __init__(self, key: str, subject: str) -> None:
        self.key = key
        self.subject = subject
        self.rows: dict[str, list[Row]] = {}
        self.members: set[str] = set()
        self.absorbed: set[str] = set()


class Telling:
    """Gathers rows into findings."""

    def __init__(self, seen: Seen, recurrence: Recurrence, rows: Iterable[Row], profile: str):
        self.seen = seen
        self.config = seen.config
        self.recurrence = recurrence
        self.profile = profile
        rows = list(rows)
        coarse = any(row.code == "R200" and row.what == COARSE for row in rows)
        self.rows = [
            row for row in rows if self.is_asked(row) and not (coarse and row.code == "R201")
        ]

    # --- which codes are asked ---------------------------------------------------------------

    def is_asked(self, row: Row) -> bool:
        """Selected, not ignored, and in the profile."""
        config = self.config
        if config.select and not row.code.startswith(config.select):
            return False
        if config.ignore and row.code.startswith(config.ignore):
            return False
        return self.profile == "capa" or self.is_in_profile(row)

    def is_in_profile(self, row: Row) -> bool:
        """Whether tickets, or register, tells it."""
        has_causes = any(self.seen.all(kind) for kind in (r.Cause, r.Action, r.Decision))
        if not has_causes and row.code.startswith(NEEDS_CAUSES):
            return False
        if row.code.startswith(TICKETS):
            return True
        return self.profile == "register" and row.code[0] == "A" and self.matters(row.subject)

    def matters(self, incident: str) -> bool:
        """Register: the failure recurred, the impact is major, or non-recurrence was promised."""
        impact = self.seen[incident].impact
        return (
            len(self.seen.same_failure(self.seen.failure(incident))) > 1
            or (impact is not None and IMPACTS.index(impact) >= IMPACTS.index(Impact.MAJOR))
            or any(p.kind is PromiseKind.NON_RECURRENCE for p in self.seen.promises(incident))
        )

    # --- severity ----------------------------------------------------------------------------

    def severity(self, code: str, rows: Iterable[Row]) -> int:
        """Of a code on a fact: as configured; a warning at most where every reason is weak."""
        full = SEVERITIES.index(self.config.severity.get(code, SEVERITY[code]))
        weak = all(row.weak for row in rows)
        return min(full, SEVERITIES.index(Severity.WARNING)) if weak else full

    def fact_severity(self, fact: Fact) -> int:
        """That of its gravest code."""
        return max(self.severity(code, rows) for code, rows in fact.rows.items())

    # --- facts -------------------------------------------------------------------------------

    def facts(self) -> list[Fact]:
        """The rows, gathered by fact."""
        found: dict[str, Fact] = {}

        def add(key: str, subject: str, row: Row) -> None:
            fact = found.setdefault(key, Fact(key, subject))
            fact.rows.setdefault(row.code, []).append(row)
            fact.members.add(row.subject)

        for row in self.rows:
            family = FACT_OF[row.code]
            if row.code == "C301":
                failure = self.seen.failure(row.subject)
                name = row.subject if failure is None else digest(failure)
                add(f"{family}:{name}", failure or row.subject, row)
            elif family == "R:again":
                for key, subject in self.again(row.subject):
                    add(key, subject, row)
            else:
                add(f"{family}:{row.subject}", row.subject, row)
        return list(found.values())

    def again(self, later: str) -> Iterator[tuple[str, str]]:
        """Where a later incident is told: by itself, with its customers' others, or its failure's.

        Where R202 leads: one fact per failure and person; where R201 leads: one per failure.
        """
        rows = [row for row in self.rows if row.subject == later and FACT_OF[row.code] == "R:again"]
        leads = min((row.code for row in rows), key=GRAVITY.__getitem__)
        failure = self.seen.failure(later)
        if leads == "R201":
            yield f"R:failure:{digest(failure)}", failure
        elif leads == "R202":
            for person in {row.who for row in rows if row.code == "R202"}:
                yield f"R:customer:{digest(failure)}:{person}", failure
        else:
            yield f"R:again:{later}", later

    # --- what rests on what ------------------------------------------------------------------

    def takes(self, taker: Fact, fact: Fact, code: str) -> bool:
        """Whether a fact of an apology tells a code of another fact, too."""
        if not taker.key.startswith("A:backing:"):
            return False
        incident, has = taker.subject, set(taker.rows)
        closure = self.seen.closure(incident)
        fixers = {action for cause in closure for action in self.seen.fixers(cause)}
        match code:
            case "C301":
                failure = self.seen.failure(incident)
                return "A101" in has and fact.subject == (failure or incident)
            case "C302" | "C303" | "F405" | "F408":
                takers = {"A102", "A103", "A104", "A105", "A106", "A107", "A108", "A114"}
                return bool(has & takers) and fact.subject in closure
            case "F402":
                return "A103" in has and fact.subject in fixers
            case "F403" | "F404" | "F409":
                return bool(has & {"A106", "A107"}) and fact.subject in fixers
            case "A130":
                promised = {promise.id for promise in self.seen.promises(incident)}
                return bool(has & {"A101", "A102", "A103"}) and fact.subject in promised
        return False

    def takes_for_recurrence(self, taker: Fact, fact: Fact, code: str) -> bool:
        """Whether R205 or R206 tells a code that no apology's fact does."""
        if not taker.key.startswith("R:again:") or not {"R205", "R206"} & set(taker.rows):
            return False
        pairs = self.recurrence.held_not(taker.subject)
        if code in ("F405", "F408"):
            return fact.subject in {cause for _, cause in pairs}
        return code == "F409" and fact.subject in {action for action, _ in pairs}

    @cached_property
    def resting(self) -> tuple[list[Fact], dict[str, set[str]]]:
        """The facts, and by key the codes that no other fact takes."""
        facts = self.facts()
        severities = {fact.key: self.fact_severity(fact) for fact in facts}
        left: dict[str, set[str]] = {fact.key: set(fact.rows) for fact in facts}
        for fact in facts:
            for code, rows in fact.rows.items():
                own = self.severity(code, rows)
                able = [each for each in facts if severities[each.key] >= own and each is not fact]
                takers = [each for each in able if self.takes(each, fact, code)] or [
                    each for each in able if self.takes_for_recurrence(each, fact, code)
                ]
                for taker in takers:
                    taker.absorbed.add(code)
                if takers:
                    left[fact.key].remove(code)
        return facts, left

    def findings(self, belongs: Callable[[Row], bool] = lambda row: True) -> set[Told]:
        """What is told: each code once, on its own or within all that rest on it.

        Of a case only the rows that belong to it, after everything was told of everything.
        """
        facts, left = self.resting
        told = set()
        for fact in facts:
            rows = {
                code: kept
                for code in left[fact.key]
                if (kept := [row for row in fact.rows[code] if belongs(row)])
            }
            codes = sorted(rows, key=GRAVITY.__getitem__)
            if codes:
                severity = max(self.severity(code, rows[code]) for code in codes)
                also = frozenset(codes[1:]) | fact.absorbed
                told.add(Told(fact.key, codes[0], also, SEVERITIES[severity].value, fact.subject))
        return told
