"""What tells one thing, and what rests on another: rows of rules become facts.

A fact is told by the rows of one or more codes about one subject. A finding on causes or actions on
which one about an apology or a recurrence rests goes into that one's `also`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from remedy.acceptance import digest
from remedy.config import Config
from remedy.rules import Rule
from remedy.vocabulary import Severity

if TYPE_CHECKING:
    from remedy.engines.sqlite import SqliteEngine

__all__ = [
    "Asked",
    "Facts",
    "Severities",
    "Told",
    "elsewhere",
    "facts",
    "short_of",
    "take",
    "taking",
]

Asked = dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]
"""By code, the names of the columns and the rows."""

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}

# Which codes take others into their `also`: the taker's codes, what they take, and the statement
# that says of which. In the order in which they are asked.
_OF_CAUSES = """
SELECT DISTINCT t.id, o.id
FROM asked_incident t CROSS JOIN now_link l CROSS JOIN reach r CROSS JOIN asked_other o
WHERE l.incident = t.id AND l.role = 'cause' AND r.cause = l.cause AND o.id = r.deeper"""
_OF_FIXES = """
SELECT DISTINCT t.id, o.id
FROM asked_incident t CROSS JOIN now_link l CROSS JOIN reach r CROSS JOIN fix f
CROSS JOIN asked_other o
WHERE l.incident = t.id AND l.role = 'cause' AND r.cause = l.cause AND f.cause = r.deeper
AND o.id = f.action"""
_OF_PROMISES = """
SELECT DISTINCT t.id, o.id
FROM asked_incident t CROSS JOIN sorry s CROSS JOIN now_promise r CROSS JOIN asked_other o
WHERE s.incident = t.id AND r.apology = s.apology AND o.id = r.id"""
_OF_RETURNED_CAUSES = """
SELECT DISTINCT t.id, o.id FROM asked_incident t CROSS JOIN returned r CROSS JOIN asked_other o
WHERE r.incident = t.id AND o.id = r.cause"""
_OF_RETURNED_ACTIONS = """
SELECT DISTINCT t.id, o.id FROM asked_incident t CROSS JOIN returned r CROSS JOIN asked_other o
WHERE r.incident = t.id AND o.id = r.action"""
_OF_FAILURES = """
SELECT DISTINCT t.id, i.failure
FROM asked_incident t CROSS JOIN now_incident i CROSS JOIN asked_other o
WHERE i.id = t.id AND o.id = i.failure
UNION
SELECT t.id, o.id FROM asked_incident t CROSS JOIN asked_other o WHERE o.id = t.id"""

_TAKES: tuple[tuple[frozenset[str], tuple[str, ...], str], ...] = (
    (frozenset({"A101"}), ("C301",), _OF_FAILURES),
    (
        frozenset({"A102", "A103", "A104", "A105", "A106", "A107", "A108", "A114"}),
        ("C302", "C303", "F405", "F408"),
        _OF_CAUSES,
    ),
    (frozenset({"A103"}), ("F402",), _OF_FIXES),
    (frozenset({"A106", "A107"}), ("F403", "F404", "F409"), _OF_FIXES),
    (frozenset({"A101", "A102", "A103"}), ("A130",), _OF_PROMISES),
)
_TAKES_AFTER: tuple[tuple[frozenset[str], tuple[str, ...], str], ...] = (
    (frozenset({"R205", "R206"}), ("F405", "F408"), _OF_RETURNED_CAUSES),
    (frozenset({"R205", "R206"}), ("F409",), _OF_RETURNED_ACTIONS),
)

# Where findings are told that may take what is told of causes, actions and failures: incidents that
# were apologised for, and those whose failure came back, with their failures.
_BENEATH = (
    (("C302", "C303", "F405", "F408"), "asked_other o CROSS JOIN reach r", "r.deeper = o.id"),
    (
        ("F402", "F403", "F404", "F409"),
        "asked_other o CROSS JOIN fix f CROSS JOIN reach r",
        "f.action = o.id AND r.deeper = f.cause",
    ),
)
_APOLOGISED = """
SELECT DISTINCT l.incident, s.apology
FROM {tables} CROSS JOIN now_link l CROSS JOIN apology_incident s
WHERE {condition} AND l.cause = r.cause AND l.role = 'cause' AND s.incident = l.incident"""
_SAME_FAILURE = """
SELECT m.id, m.failure FROM (
    SELECT DISTINCT i.failure FROM {tables} CROSS JOIN now_link l CROSS JOIN now_incident i
    WHERE {condition} AND l.cause = r.cause AND i.id = l.incident
) f CROSS JOIN now_incident m WHERE m.failure = f.failure"""
# Causes and actions of others of which something may be told that findings of this case take: of
# causes F405 and F408, of actions F409.
_RETURNED = (
    """
SELECT t.id, r.cause FROM asked_incident t CROSS JOIN returned r CROSS JOIN strength_of s
WHERE r.incident = t.id AND s.cause = r.cause
AND (s.stronger = 0 OR s.strongest < (SELECT MAX(strength) FROM strength_asked))""",
    """
SELECT t.id, r.action FROM asked_incident t CROSS JOIN returned r CROSS JOIN standing s
WHERE r.incident = t.id AND s.action = r.action AND s.closed IS NOT NULL""",
)
# Of an incident of this case, promises in apologies that belong to others besides.
_MORE_PROMISES = """
SELECT t.id, r.id FROM asked_incident t CROSS JOIN apology_incident l CROSS JOIN promise r
WHERE l.incident = t.id AND r.apology = l.apology
AND NOT EXISTS (SELECT 1 FROM focus_apology f WHERE f.id = l.apology)"""
_FAILED = """
SELECT a.id, a.failure FROM alike a CROSS JOIN asked_other o WHERE o.id = a.failure"""


class Told:
    """What is told of one fact: the rows of each of its codes."""

    __slots__ = ("rows", "taken")

    def __init__(self) -> None:
        self.rows: list[tuple[int, tuple[Any, ...]]] = []
        self.taken: set[str] = set()


Facts = dict[tuple[str, str], Told]
"""What is told, by fact and subject."""


def facts(rules: list[Rule], asked: Asked, *, mute: bool) -> Facts:
    """Bring the rows that tell one fact together.

    Args:
        rules: The rules.
        asked: What each of them gave.
        mute: Whether the signature is too coarse for R201.
    """
    told: Facts = {}
    for place, rule in enumerate(rules):
        if mute and rule.code == "R201":
            continue
        fact = rule.fact
        for row in asked[rule.code][1]:
            key = (fact, row[0])
            one = told.get(key)
            if one is None:
                told[key] = one = Told()
            one.rows.append((place, row))
    return told


def _place_of(name: str, names: tuple[str, ...]) -> int | None:
    return names.index(name) if name in names else None


class Severities:
    """The severity of each row: the rule's or the configured one; at most warning if weak.

    Weak is what has a 1 in the column `weak`, and what was detected in a text: it has that in the
    column `quoted`.
    """

    def __init__(self, rules: list[Rule], config: Config, asked: Asked) -> None:
        self._of = [config.severity.get(rule.code, rule.severity) for rule in rules]
        self._weak = [_place_of("weak", asked[rule.code][0]) for rule in rules]
        self._quoted = [_place_of("quoted", asked[rule.code][0]) for rule in rules]

    def __call__(self, place: int, row: tuple[Any, ...]) -> int:
        order = _ORDER[self._of[place]]
        weak, quoted = self._weak[place], self._quoted[place]
        if order == 0 and weak is not None and row[weak] == 1:
            return 1
        return 1 if order == 0 and quoted is not None and row[quoted] is not None else order


def take(engine: SqliteEngine, rules: list[Rule], told: Facts, severities: Severities) -> set[str]:
    """Let findings take what rests on the same matter into their `also`.

    Returns:
        The keys of the findings that are told in no other way any more.
    """
    taken = (_take(engine, takes, rules, told, severities) for takes in (_TAKES, _TAKES_AFTER))
    return set().union(*taken)


def _take(
    engine: SqliteEngine,
    takes: Sequence[tuple[frozenset[str], tuple[str, ...], str]],
    rules: list[Rule],
    told: Facts,
    severities: Severities,
) -> set[str]:
    codes = [rule.code for rule in rules]
    fact_of = {rule.code: rule.fact for rule in rules}
    by_code: dict[str, set[str]] = defaultdict(set)
    wanted = {code for takers, taken, _ in takes for code in (*takers, *taken)}
    for (_, subject), one in told.items():
        for place, _row in one.rows:
            if codes[place] in wanted:
                by_code[codes[place]].add(subject)
    gone: set[tuple[str, str]] = set()
    for takers, taken, sql in takes:
        for code in taken:
            for fact in {fact_of[taker] for taker in takers if by_code.get(taker)}:
                incidents = set().union(
                    *(by_code[taker] for taker in takers if fact_of.get(taker) == fact)
                )
                if not incidents or not by_code.get(code):
                    continue
                for incident, other in engine.pairs(sql, incidents, by_code[code]):
                    taker = told[(fact, incident)]
                    given = told[(fact_of[code], other)]
                    gravest = min(severities(place, row) for place, row in taker.rows)
                    for place, row in given.rows:
                        if codes[place] == code and gravest <= severities(place, row):
                            taker.taken.add(code)
                            gone.add((code, other))
    keys = set()
    for code, other in gone:
        key = (fact_of[code], other)
        one = told[key]
        short = short_of(rules, other, one)
        one.rows = [(place, row) for place, row in one.rows if codes[place] != code]
        if not one.rows:
            del told[key]
            keys.add(f"{key[0]}:{short}")
    return keys


def short_of(rules: list[Rule], subject: str, one: Told) -> str:
    """Return the subject as it stands in a key: in short, if it is the key of a failure."""
    for place, row in one.rows:
        # A subject of these rules that is no failure is an incident that has none.
        if rules[place].subject == "failure" and row[1] == subject:
            return digest(subject)
    return subject


def taking(rules: list[Rule]) -> list[Rule]:
    """Return the rules that tell the facts which take others, or are taken."""
    codes = {code for takers, taken, _ in (*_TAKES, *_TAKES_AFTER) for code in (*takers, *taken)}
    told = {rule.fact for rule in rules if rule.code in codes}
    return [rule for rule in rules if rule.fact in told]


def elsewhere(
    engine: SqliteEngine, rules: list[Rule], told: Facts, incidents: frozenset[str]
) -> set[str]:
    """Return what else has to be looked at to say what rests on what.

    Incidents of other cases, whose findings may take some of this one, or have some that are taken;
    and incidents of this case that others apologised for.
    """
    codes = [rule.code for rule in rules]
    about: dict[str, set[str]] = defaultdict(set)
    for (_, subject), one in told.items():
        for place, _row in one.rows:
            about[codes[place]].add(subject)
    back = about["R205"] | about["R206"]
    besides = [
        {id for _, id in engine.pairs(sql, back, ())} if back else set() for sql in _RETURNED
    ]
    found: set[str] = set()
    for (taken, tables, condition), others in zip(_BENEATH, besides, strict=True):
        subjects = others.union(*(about[code] for code in taken))
        if subjects:
            ask = partial(engine.pairs, incidents=(), others=subjects)
            found.update(
                id for id, _ in ask(_APOLOGISED.format(tables=tables, condition=condition))
            )
            members = ask(_SAME_FAILURE.format(tables=tables, condition=condition))
            sizes = Counter(failure for _, failure in members)
            found.update(id for id, failure in members if sizes[failure] > 1)
    if about["C301"]:
        found.update(id for id, _ in engine.pairs(_FAILED, (), about["C301"]))
    found -= incidents
    promising = about["A101"] | about["A102"] | about["A103"]
    if promising:
        found.update(incident for incident, _ in engine.pairs(_MORE_PROMISES, promising, ()))
    return found
