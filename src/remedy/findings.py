"""Findings, and how it stands with apologies and promises: compact rows, objects made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Any, overload

import attrs

from remedy._coerce import Refused, zone_of
from remedy._forms import moment
from remedy.config import parts_of
from remedy.rules import Rule
from remedy.vocabulary import Severity

__all__ = ["Finding", "Findings", "Waived"]

_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_FIELD = re.compile(r"\{(\w+)(=1)?([?}])")
_TEXT = re.compile(r"[^{|}]+")


def failure_told(failure: str | None) -> str:
    """Return a failure key as a person reads it: "shipping / shipped collect"."""
    return " / ".join(parts_of(failure)) if failure else "no signature"


def fill(template: str, values: dict[str, Any]) -> str:
    """Put values into a template.

    `{name}` stands for a value; `{name?this|that}` for `this` where the value is there and not 0,
    else for `that`; `{name=1?this|that}` for `this` where it is 1. Both may hold fields again.
    """
    return _filled(_parsed(template), values)


def spoken_template(template: str) -> str:
    """Return a template with marks where a finding has ids, dates and numbers.

    Of what it has to choose from, it tells the first that says anything; of numbers, what is said
    of several; and nothing of how many more there are.

    Example:
        >>> spoken_template("It came back on {later_at}{action?, although {action} was there|}.")
        'It came back on …, although … was there.'
    """
    return _spoken(_parsed(template))


_WORDS = ("kind", "intervention")


@attrs.frozen
class _Field:
    """A field of a template: a value, or a choice by it."""

    name: str
    is_choice: bool = False
    is_one: bool = False
    this: tuple[str | _Field, ...] = ()
    that: tuple[str | _Field, ...] = ()


@cache
def _parsed(template: str) -> tuple[str | _Field, ...]:
    """Return the text and the fields of a template. What is no field stays text."""

    def read(place: int, ends: str, depth: int = 0) -> tuple[tuple[str | _Field, ...], int]:
        made: list[str | _Field] = []
        while place < len(template) and template[place] not in ends:
            match = _FIELD.match(template, place)
            if match is None or depth > 50:
                text = _TEXT.match(template, place)
                made.append(text[0] if text else template[place])
                place += len(str(made[-1]))
                continue
            name, one, kind = match.groups()
            place = match.end()
            if kind == "}":
                made.append(_Field(name))
                continue
            this, place = read(place, "|}", depth + 1)
            that: tuple[str | _Field, ...] = ()
            if template[place : place + 1] == "|":
                that, place = read(place + 1, "}", depth + 1)
            made.append(_Field(name, True, one is not None, this, that))
            place += 1
        return tuple(made), place

    return read(0, "")[0]


def _filled(parts: tuple[str | _Field, ...], values: dict[str, Any]) -> str:
    told = []
    for part in parts:
        if isinstance(part, str):
            told.append(part)
            continue
        value = values.get(part.name)
        if part.is_choice:
            holds = value == 1 if part.is_one else value
            told.append(_filled(part.this if holds else part.that, values))
        elif isinstance(value, int):
            told.append(f"{value:,}")
        elif value is None:
            told.append("?")
        else:
            told.append(str(value).replace("_", " ") if part.name in _WORDS else str(value))
    return "".join(told)


def _spoken(parts: tuple[str | _Field, ...]) -> str:
    told = []
    for part in parts:
        if isinstance(part, str):
            told.append(part)
        elif not part.is_choice:
            told.append("…")
        elif part.name == "more":
            told.append(_spoken(part.that))
        else:
            this, that = _spoken(part.this), _spoken(part.that)
            told.append(that or this if part.is_one else this or that)
    return "".join(told)


_FEW = 3


def _listed(ids: list[str]) -> str:
    """Return ids as a sentence names them: "A, B and C", "A, B, C and 4 more"."""
    named, more = ids[:_FEW], len(ids) - _FEW
    *most, last = [*named, f"{more:,} more"] if more > 0 else named
    return f"{', '.join(most)} and {last}" if most else last


@attrs.frozen(kw_only=True)
class Finding:
    """What a rule says about the record.

    Attributes:
        key: What it is known by over runs: waivers, baselines and comparisons use it.
        code: The gravest of the rules that tell this fact.
        also: The others, and what rests on the same matter.
        severity: error, warning or info.
        name: The rule's name.
        subject: The id of what it is about; of a failure, its key.
        subject_kind: incident, promise, customer, failure, cause, action or casebook.
        customers: The customers that it names.
        path: The ids of the evidence, from the subject on.
        incidents: The incidents that it brings together, where it is about several.
        message: What is wrong.
        advice: What to do next.
    """

    key: str
    code: str
    also: tuple[str, ...]
    severity: Severity
    name: str
    subject: str
    subject_kind: str
    customers: tuple[str, ...]
    path: tuple[str, ...]
    incidents: tuple[str, ...]
    message: str
    advice: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in attrs.asdict(self, recurse=False).items()
        }


Change = Callable[[Iterable[Finding]], Iterator[Finding]]

_EVIDENCE = (
    "promise", "apology", "response", "earlier", "later", "action", "cause", "fix", "other",
    "first_action", "second_action", "example",
)  # fmt: skip
"""The columns of rows that hold ids, in the order in which a path shows them."""


_NEIGHBOURS = ("earlier", "later")

_ENOUGH = 4
"""From how many times on it can be said whether they become more."""


class Findings(Sequence[Finding]):
    """Findings, gravest first, made when they are looked at.

    Args:
        rules: The rules that were asked.
        columns: The names of the columns of their rows.
        lines: What was found.
        beside: What stands beside the apologies for an incident: words and ids.
        zone: The zone in which days are told of which no row says where they were.
        change: What is made of them before they are looked at.
    """

    def __init__(
        self,
        rules: list[Rule],
        columns: list[tuple[str, ...]],
        lines: list[tuple[Any, ...]],
        beside: Mapping[str, Sequence[tuple[str, str]]],
        zone: tzinfo,
        *,
        change: Change | None = None,
    ) -> None:
        self._rules = rules
        self._columns = columns
        self._lines = lines
        self._beside = beside
        self._zone = zone
        self._change = change

    def _part(self, lines: list[tuple[Any, ...]]) -> Findings:
        return Findings(
            self._rules, self._columns, lines, self._beside, self._zone, change=self._change
        )

    def changed(self, change: Change) -> Findings:
        """Return the same findings, changed by a function before they are looked at.

        What `heads` and `rows` tell stays as it was.
        """
        part = self._part(self._lines)
        part._change = change
        return part

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> Finding: ...

    @overload
    def __getitem__(self, place: slice) -> Findings: ...

    def __getitem__(self, place: int | slice) -> Finding | Findings:
        if isinstance(place, slice):
            return self._part(self._lines[place])
        return next(self._made([self._lines[place]]))

    def __iter__(self) -> Iterator[Finding]:
        return self._made(self._lines)

    def _made(self, lines: list[tuple[Any, ...]]) -> Iterator[Finding]:
        made = map(self._make, lines)
        return made if self._change is None else self._change(made)

    def __repr__(self) -> str:
        counts = self.counts()
        return f"<Findings: {', '.join(f'{n} {s}' for s, n in counts.items()) or 'none'}>"

    def counts(self) -> dict[Severity, int]:
        """Return how many there are of each severity."""
        counts = [0, 0, 0]
        for line in self._lines:
            counts[line[1]] += 1
        return {s: n for s, n in zip(_SEVERITIES, counts, strict=True) if n}

    def codes(self) -> dict[str, int]:
        """Return how many findings each code leads, in the order of the rules."""
        counts: dict[int, int] = {}
        for line in self._lines:
            counts[line[2]] = counts.get(line[2], 0) + 1
        return {self._rules[place].code: counts[place] for place in sorted(counts)}

    def heads(self) -> Iterator[tuple[str, str, Severity]]:
        """Yield key, code and severity of each, without making the rest."""
        for line in self._lines:
            yield line[0], self._rules[line[2]].code, _SEVERITIES[line[1]]

    def only(self, keep: Any) -> Findings:
        """Return those whose key, code and severity are kept by a function of these."""
        kept = [line for line, told in zip(self._lines, self.heads(), strict=True) if keep(*told)]
        return self._part(kept)

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the code and the values of each row that stands behind the findings."""
        for line in self._lines:
            for place, row in line[5]:
                yield self._rules[place].code, dict(zip(self._columns[place], row, strict=True))

    def _in_words(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of a row as messages tell them.

        What ends in `_at` is a day, told where it was: in the zone in the column of that name (of
        `later_at` in `later_zone`), else in the column `zone`.
        """
        words = {
            name: _day(value, self._zone_of(values, name))
            if name.endswith("_at") and isinstance(value, int)
            else value
            for name, value in values.items()
        }
        words["failure_told"] = failure_told(values.get("failure"))
        words["who"] = _who(values)
        return words

    def _zone_of(self, values: dict[str, Any], name: str) -> tzinfo:
        zone = values.get(f"{name.removesuffix('_at')}_zone") or values.get("zone")
        return _zone(zone) or self._zone

    def _trend(self, rows: list[dict[str, Any]]) -> str:
        """Return how often, and whether more in the second half of the time than in the first."""
        # Several customers of an account may have had one of them.
        each = list({values["subject"]: values for values in rows}.values())
        first, last = (self._in_words(values)["later_at"] for values in (each[0], each[-1]))
        if first == last:
            return f" {len(each):,} times on {first}."
        span = f" {len(each):,} times from {first} to {last}"
        if len(each) < _ENOUGH:
            return f"{span}."
        middle = (each[0]["later_at"] + each[-1]["later_at"]) // 2
        early = sum(1 for values in each if values["later_at"] <= middle)
        late = len(each) - early
        trend = (
            "more often lately" if late > early else "less lately" if late < early else "steadily"
        )
        return f"{span}, {trend}."

    def _make(self, line: tuple[Any, ...]) -> Finding:
        key, severity, place, subject, also, rows = line
        rule = self._rules[place]
        told = [dict(zip(self._columns[at], row, strict=True)) for at, row in rows]
        leading = [values for (at, _), values in zip(rows, told, strict=True) if at == place]
        gathered = rule.fact == "R:again" and not key.startswith("R:again:")
        if gathered:
            leading.sort(key=lambda values: values["later_at"])
        persons = dict.fromkeys(_who(v) for v in leading if v.get("customer"))
        lead: dict[str, Any] = {
            "more": len(persons or leading) - 1,
            **leading[-1 if gathered else 0],
        }
        first = self._in_words(lead | {"subject": subject})
        for name in _EVIDENCE:
            if isinstance(first.get(name), str):
                every = dict.fromkeys(v[name] for v in leading if isinstance(v[name], str))
                first[f"every_{name}"] = _listed(list(every))
        incidents = tuple(dict.fromkeys(v["subject"] for v in leading)) if gathered else ()
        path: dict[str, None] = {} if rule.subject in ("failure", "casebook") else {subject: None}
        if gathered:
            path = dict.fromkeys(incidents[:10])
        shown = [(place, values) for values in leading[:10]]
        if not gathered:
            shown = [(at, values) for (at, _), values in zip(rows, told, strict=True)]
        for at, values in shown:
            for name in _EVIDENCE:
                value = values.get(name)
                # What was before or after is of the rule that leads: each has its own to tell.
                if isinstance(value, str) and (at == place or name not in _NEIGHBOURS):
                    path[value] = None
        beside = self._beside.get(subject, ()) if rule.fact == "A:backing" else ()
        path.update(dict.fromkeys(id for _, id in beside))
        customers = dict.fromkeys(
            v["customer"] for v in (leading if gathered else told) if v.get("customer")
        )
        message = fill(rule.message, first).strip() or rule.name or rule.code
        if gathered and len(incidents) > 1:
            message += self._trend(leading)
        message += _no_change(beside) + _quoted(first)
        return Finding(
            key=key,
            code=rule.code,
            also=also,
            severity=_SEVERITIES[severity],
            name=rule.name,
            subject=subject,
            subject_kind=_kind(rule, gathered=gathered, failure=first.get("failure")),
            customers=tuple(customers),
            path=tuple(path),
            incidents=incidents,
            message=message,
            advice=fill(rule.advice, first),
        )


@lru_cache(1_000)
def _zone(name: object) -> tzinfo | None:
    """Return a zone, or nothing: a user's own rule may mean something else by the word."""
    try:
        return zone_of(name) if isinstance(name, str) else None
    except Refused:
        return None


def _who(values: Mapping[str, Any]) -> str:
    """Return whom a row is about: a customer, or the account whose customers count as one."""
    account = values.get("account")
    return f"account {account}" if account else str(values.get("customer"))


def _quoted(values: Mapping[str, Any]) -> str:
    """Return what stands in the text in which something was detected, if it was."""
    words = " ".join(str(values.get("quoted") or "").split())
    return f" This was detected in a text: “{words}”." if words else ""


def _kind(rule: Rule, *, gathered: bool, failure: object) -> str:
    if gathered:
        return "failure"
    # An incident without a signature stands for itself.
    return "incident" if rule.subject == "failure" and failure is None else rule.subject


def _no_change(beside: Sequence[tuple[str, str]]) -> str:
    """Return what the customer got and what put this one right: none of it changes the process."""
    there = dict.fromkeys(
        word.replace("_", " ") for word, _ in beside if word not in ("apology", "cause", "action")
    )
    if not there:
        return ""
    *most, last = there
    told = f"{', '.join(most)} and {last}" if most else last
    return f" What there was besides ({told}) does not change the process."


_HALF_A_DAY = timedelta(hours=12)
_QUARTER = 900_000_000
"""The microseconds of a quarter of an hour: days end at such times, whatever the zone."""


def _day(value: int, zone: tzinfo) -> str:
    told = moment(value, zone)
    following = told + timedelta(microseconds=1)
    if (value + 1) % _QUARTER == 0 and following.date() == told.date():
        # The end of a day in another zone: a due date that was given as a day, with that zone. It
        # is the day that it was at noon, twelve hours before.
        told = moment(value) - _HALF_A_DAY
    return f"{told:%Y-%m-%d}"


@attrs.frozen(kw_only=True)
class Waived:
    """A finding that somebody has accepted.

    Attributes:
        key: Its key.
        code: The code that leads it now.
        accepted: The code that was accepted.
        reason: Why.
        until: Until when.
        who: Who accepted it.
    """

    key: str
    code: str
    accepted: str
    reason: str
    until: datetime
    who: str | None
