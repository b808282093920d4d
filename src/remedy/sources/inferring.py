"""Inferring a mapping: what a source's columns seem to be, and what only its owner can know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from remedy._coerce import Refused, zone_of
from remedy.errors import BadMapping
from remedy.sources._layout import one_line, percent, table
from remedy.sources.cases import attribute_name
from remedy.sources.columns import Column, Survey, other_order, survey
from remedy.sources.mapping import Mapping as RowMapping
from remedy.sources.mapping import mapping_from
from remedy.sources.profiling import best_signatures, guessed_points, readable_again, signatures_table
from remedy.sources.roles import Roles, guess, impact_table, process_of, time_value, words_of
from remedy.sources.rows import Limited, Reading
from remedy.sources.signatures import Signature
from remedy.sources.values import as_table

__all__ = ["Choice", "Inferred", "Question", "infer"]

_SAMPLE = 20_000
_NONE = "none"


@attrs.frozen
class Choice:
    """A possible answer: what to answer, and what that means."""

    answer: str
    meaning: str


@attrs.frozen(kw_only=True)
class Question:
    """Something that cannot be seen in the source.

    Attributes:
        name: What it is called where it is answered.
        text: The question.
        why: What depends on it.
        choices: The possible answers, or, where any will do, examples.
        default: The answer that stands unless another is given; None where there is none.
        free: Whether other answers than the choices are taken.
    """

    name: str
    text: str
    why: str
    choices: tuple[Choice, ...]
    default: str | None = None
    free: bool = False

    def __str__(self) -> str:
        """Ask it in lines of at most 80 columns."""
        import textwrap

        lines = textwrap.wrap(f"{self.text} {self.why}", 78)
        width = max((len(one_line(each.answer)) for each in self.choices), default=0)
        for each in self.choices:
            mark = "→" if each.answer == self.default else " "
            line = f"  {mark} {one_line(each.answer):{min(width, 30)}}  {one_line(each.meaning)}"
            lines.append(line.rstrip())
        return "\n".join(lines)


@attrs.frozen(kw_only=True)
class Inferred:
    """A mapping in the making.

    Attributes:
        source: What was read.
        survey: What its columns look like.
        signatures: How the candidates for a signature would do.
        questions: What cannot be known from the source.
        answers: What was answered, by the name of the question.
    """

    source: str
    survey: Survey
    signatures: tuple[Signature, ...]
    questions: tuple[Question, ...]
    answers: Mapping[str, str]
    _roles: Roles
    _name: str
    _reading: Reading

    @property
    def open(self) -> tuple[Question, ...]:
        """The questions that have no answer yet, and none that would do without asking."""
        return tuple(
            each
            for each in self.questions
            if each.name not in self.answers and each.default is None
        )

    def answered(self, answers: Mapping[str, str] | None = None, **more: str) -> Inferred:
        """Return this with answers, by the names of the questions.

        Raises:
            BadMapping: If there is no such question, or it does not take this answer.
        """
        given = dict(answers or {}) | more
        by_name = {each.name: each for each in self.questions}
        for name, answer in given.items():
            question = by_name.get(name)
            if question is None:
                raise BadMapping(self.source, f"there is no question {name!r}: {', '.join(by_name)}.")
            self._check(question, answer)
        return attrs.evolve(self, answers={**self.answers, **given})

    def _check(self, question: Question, answer: str) -> None:
        if answer in {each.answer for each in question.choices}:
            return
        if question.name == "zone":
            try:
                zone_of(answer)
            except Refused as refused:
                raise BadMapping("zone", refused.problem) from None
        elif question.free:
            known = {each.name for each in self.survey.columns}
            for column in columns_in(answer):
                if column not in known:
                    raise BadMapping(question.name, f"there is no column {column!r}.")
        else:
            listed = ", ".join(repr(each.answer) for each in question.choices)
            raise BadMapping(question.name, f"{answer!r} is not one of {listed}.")

    def mapping(self) -> RowMapping:
        """Return the mapping.

        Raises:
            BadMapping: If a question is open, or the source has no column with times.
        """
        if self.open:
            named = ", ".join(each.name for each in self.open)
            raise BadMapping(self.source, f"these questions have no answer yet: {named}.")
        return mapping_from(_Draft(self).tables(), self.source)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "source": self.source,
            "survey": attrs.asdict(self.survey),
            "signatures": [attrs.asdict(each) for each in self.signatures],
            "questions": [attrs.asdict(each) for each in self.questions],
            "answers": dict(self.answers),
            "open": [each.name for each in self.open],
        }

    def __str__(self) -> str:
        """Say what would become what, in lines of at most 80 columns."""
        becomes = _Draft(self).becomes()
        rows = [
            (
                each.name,
                percent(each.share_filled),
                f"{each.distinct:,}",
                each.looks_like,
                becomes.get(each.name, "" if each.looks_like == "empty" else "an attribute"),
            )
            for each in self.survey.columns
        ]
        looked = f"the first {self.survey.rows:,} rows" if not self.survey.whole else "all rows"
        lines = [f"{self.source} ({looked})", ""]
        lines += table(("Column", "Filled", "Distinct", "Looks like", "Becomes"), rows, right=" rr")
        lines += ["", *signatures_table(self.signatures, 90, 5)]
        for number, question in enumerate(self.questions, start=1):
            answer = self.answers.get(question.name)
            lines += ["", f"{number}. {question.name}" + (f": {answer}" if answer else "")]
            lines += [f"   {line}" for line in str(question).splitlines()] if not answer else []
        return "\n".join(lines)


def columns_in(answer: str) -> list[str]:
    """Return the columns that an answer names: several are joined by a plus sign."""
    return [] if answer == _NONE else [each.strip() for each in answer.split(" + ")]


def infer(
    data: object,
    *,
    source: str | None = None,
    name: str = "rows",
    reading: Reading | None = None,
    sample: int = _SAMPLE,
) -> Inferred:
    """Look at a source, and propose what its rows become.

    What the source does not say is asked: the time zone, whether 04/05 is in April or in May,
    which column is the customer, what makes two incidents the same failure.

    Args:
        data: A file, an iterable of dictionaries, or a DataFrame.
        source: What the source is to be called; by default, like the file.
        name: What messages call it, where it is no file.
        reading: How the file is read.
        sample: How many rows to look at.

    Raises:
        SourceError: If the source cannot be read.

    Example:
        >>> from remedy.sources import infer
        >>> rows = [
        ...     {"Ticket": "T1", "Opened": "2.3.2026 09:00", "Client": "C-17", "Issue": "late"},
        ...     {"Ticket": "T2", "Opened": "19.3.2026 09:00", "Client": "C-17", "Issue": "late"},
        ... ]
        >>> inferred = infer(rows, source="crm")
        >>> [question.name for question in inferred.open]
        ['zone']
        >>> mapping = inferred.answered(zone="Europe/Vienna").mapping()
        >>> print(mapping.to_toml())
        source = "crm"
        key = ["Ticket"]
        zone = "Europe/Vienna"
        rest = "attributes"
        <BLANKLINE>
        [records.incident]
        ...
    """
    rows = readable_again(data, reading, name)
    seen = survey(rows, limit=sample)
    if not seen.columns:
        raise BadMapping(rows.name, "has no rows, so that there is nothing to infer from.")
    roles = guess(seen)
    points, _ = guessed_points(Limited(rows, sample), seen, roles, roles.labels)
    known = any(point.customers for point in points)
    signatures = best_signatures(roles.labels, points, window_days=90, customers_known=known)
    return Inferred(
        source=rows.name,
        survey=seen,
        signatures=tuple(signatures),
        questions=tuple(_questions(seen, roles, signatures)),
        answers={},
        roles=roles,
        name=source or _source_name(rows.name),
        reading=reading or Reading(),
    )


def _source_name(place: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", Path(place).name.split(".")[0].lower()).strip("-")
    return stem or "source"


# --- questions ------------------------------------------------------------------------------------


def _questions(
    seen: Survey, roles: Roles, signatures: Iterable[Signature]
) -> Iterable[Question]:
    if not roles.times:
        raise BadMapping(
            "occurred",
            "no column holds times in a way of writing that is known, and an incident has to have "
            "one. Write the mapping by hand: occurred = { column = ..., format = ... }.",
        )
    yield Question(
        name="key",
        text="Which column tells the records apart?",
        why="By it, a later import knows what is on file already.",
        choices=tuple(_choices(roles.keys[:6], seen)),
        default=roles.keys[0] if roles.keys else None,
        free=True,
    )
    yield Question(
        name="occurred",
        text="Which column says when it happened?",
        why="What came back, and after what, is judged by this time.",
        choices=tuple(_choices(roles.times, seen)),
        default=roles.times[0],
    )
    yield Question(
        name="basis",
        text="Is that when it happened, or when somebody told us?",
        why="What rests on the time of a report is a warning at most, never an error.",
        choices=(
            Choice("observed", "when it happened"),
            Choice("reported", "when it was reported, opened or entered"),
        ),
        default="reported" if roles.reported else "observed",
    )
    yield from _day_or_month(seen)
    yield Question(
        name="zone",
        text="In which time zone are the times?",
        why="Where the source does not say, nobody else can know.",
        choices=(
            Choice("UTC", "universal time"),
            Choice("Europe/Vienna", "a place, with its summer time"),
            Choice("-05:00", "an offset, all the year"),
        ),
        default="UTC" if _all_have_zones(seen, roles) else None,
        free=True,
    )
    yield Question(
        name="customer",
        text="Which column says whom it happened to?",
        why="Without it, nothing can be said of failures that came back to the same customer.",
        choices=(*_choices(roles.customers[:6], seen), Choice(_NONE, "the source does not say")),
        default=_default_customer(roles),
        free=True,
    )
    yield _signature_question(signatures)
    yield Question(
        name="noticed_by",
        text="Who noticed?",
        why="Where customers did, each row is a complaint as well as an incident.",
        choices=(
            Choice("customer", "these are complaints"),
            Choice("us", "we found it before they did"),
            Choice("unknown", "the source does not say"),
        ),
        default="customer" if _are_complaints(seen) else "unknown",
    )


def _are_complaints(seen: Survey) -> bool:
    words = frozenset(("complaint", "complaints", "beschwerde", "reklamation"))
    return any(words_of(each.name) & words for each in seen.columns)


def _default_customer(roles: Roles) -> str | None:
    if not roles.customers:
        return _NONE
    return roles.customers[0] if roles.sure_of_customer else None


def _choices(names: Iterable[str], seen: Survey) -> Iterable[Choice]:
    for name in names:
        column = seen[name]
        samples = ", ".join(value for value, _ in column.common[:2])
        yield Choice(name, f"{column.distinct:,} different, such as {one_line(samples)[:40]}")


def _day_or_month(seen: Survey) -> Iterable[Question]:
    unclear = [each for each in seen.columns if each.is_time and each.is_ambiguous]
    if not unclear:
        return
    column = next((each for each in unclear if each.swapped), unclear[0])
    sample = next((value for value, _ in column.common), "")
    yield Question(
        name="day_or_month",
        text=f"In {column.name!r}, such as {sample}: does the day come first, or the month?",
        why=(
            "Some dates would be valid either way, and wrong the other way."
            if not column.swapped
            else "It looks as if some program had swapped them wherever the day is 12 or less: "
            "only those dates lie in months where no other date lies."
        ),
        choices=(
            Choice("day", "day first: 04/05 is in May"),
            Choice("month", "month first: 04/05 is in April"),
            Choice("swapped", "month first where that can be, and day first in the others"),
        ),
        default="swapped" if column.swapped else None,
    )


def _all_have_zones(seen: Survey, roles: Roles) -> bool:
    column = seen[roles.times[0]]
    if column.formats[0] in ("unix", "unix_ms"):
        return True
    return column.formats[0] == "iso" and all(
        re.search(r"(Z|[+-]\d\d:?\d\d)\Z", value, re.IGNORECASE) and len(value) > 10
        for value, _ in column.common
    )


def _signature_question(signatures: Iterable[Signature]) -> Question:
    listed = list(signatures)[:6]
    choices = [
        Choice(
            " + ".join(each.columns),
            f"compares {percent(each.share_comparable)}, calls {percent(each.within)} repeats"
            + (": too coarse" if each.coarse else ""),
        )
        for each in listed
    ]
    return Question(
        name="signature",
        text="What makes two incidents the same failure?",
        why="Columns that are the same in both; several are joined by ' + '.",
        choices=(*choices, Choice(_NONE, "nothing in this source")),
        default=choices[0].answer if choices else _NONE,
        free=True,
    )


# --- the mapping ----------------------------------------------------------------------------------


class _Draft:
    """The tables of the mapping that answers make."""

    def __init__(self, inferred: Inferred) -> None:
        self._inferred = inferred
        self._seen = inferred.survey
        self._roles = inferred._roles
        # What has no answer yet is left out, so that the rest can be shown.
        self._answers = {each.name: each.default or _NONE for each in inferred.questions}
        self._answers |= inferred.answers

    def tables(self) -> dict[str, Any]:
        """Return the whole mapping."""
        keys = columns_in(self._answers["key"])
        incident = self._incident()
        if not keys:
            incident["id"] = {"value": "?"}
        records: dict[str, Any] = {"incident": incident}
        if self._answers["noticed_by"] == "customer":
            records["complaint"] = self._complaint(incident)
        found: dict[str, Any] = {"source": self._inferred._name, "key": keys}
        if self._roles.rows != "one" and keys == list(self._roles.keys[:1]):
            found["rows"] = self._roles.rows
        if self._answers["zone"] != _NONE:
            found["zone"] = self._answers["zone"]
        missing = sorted({sign for each in self._seen.columns for sign in each.missing})
        if missing:
            found["missing"] = missing
        found["rest"] = "attributes"
        clashing = self._clashing(records, keys)
        if clashing:
            incident["attributes"] = clashing
        read = attrs.asdict(
            self._inferred._reading, filter=lambda field, value: value != field.default
        )
        return found | ({"read": read} if read else {}) | {"records": records}

    def becomes(self) -> dict[str, str]:
        """Return, by column, what it becomes."""
        found: dict[str, list[str]] = {}
        for column in columns_in(self._answers["key"]):
            found.setdefault(column, []).append("key")
        mapping = mapping_from(self.tables())
        for section in mapping.records.values():
            for field, each in section.sources():
                for column in each.columns():
                    if section.name == "incident":
                        found.setdefault(column, []).append(field)
        return {column: ", ".join(dict.fromkeys(names)) for column, names in found.items()}

    def _incident(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "occurred": self._time(self._answers["occurred"]),
            "occurred_basis": {"value": self._answers["basis"]},
            "detected_by": {"value": self._answers["noticed_by"]},
        }
        if self._answers["customer"] != _NONE:
            found["customers"] = self._answers["customer"]
        found |= self._labels()
        taken = {self._answers["customer"], *columns_in(self._answers["key"])}
        for field, column in self._roles.fields.items():
            if column in taken or field in found or (field == "order" and "customers" not in found):
                continue
            found[field] = column
            if field == "impact":
                table = impact_table(self._seen[column])
                found[field] = {"column": column, "values": table, "others": "missing"}
        if self._roles.updated is not None and self._roles.updated != self._answers["occurred"]:
            found["updated"] = self._time(self._roles.updated)
        return found

    def _labels(self) -> dict[str, Any]:
        columns = columns_in(self._answers["signature"])
        if not columns:
            return {}
        if len(columns) == 1:
            return {"process": {"value": self._inferred._name}, "failure_mode": columns[0]}
        process = process_of(columns)
        modes = [each for each in columns if each != process]
        if len(modes) == 1:
            return {"process": process, "failure_mode": modes[0]}
        template = " / ".join(f"{{{column}}}" for column in modes)
        return {"process": process, "failure_mode": {"template": template}}

    def _complaint(self, incident: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"incident": {"record": "incident"}, "made": incident["occurred"]}
        if "customers" in incident:
            found["customer"] = incident["customers"]
        for field in ("channel", "text"):
            if field in incident:
                found[field] = incident[field]
        return found

    def _time(self, name: str) -> Any:
        column = self._seen[name]
        formats = column.formats[:1]
        order = self._answers.get("day_or_month")
        if column.is_ambiguous and order in ("day", "month", "swapped"):
            formats = _in_order(column, order)
        clock = self._roles.clock if name == self._answers["occurred"] else None
        return as_table(time_value(self._seen, name, clock, formats=formats))

    def _clashing(self, records: Mapping[str, Any], keys: Iterable[str]) -> dict[str, str]:
        """Return names for attributes whose columns have names that would become the same."""
        probe = mapping_from(
            {"source": "x", "key": list(keys), "records": dict(records)}
        )
        rest = [each.name for each in self._seen.columns if each.name not in probe.columns()]
        names: dict[str, list[str]] = {}
        for column in rest:
            names.setdefault(attribute_name(column), []).append(column)
        return {
            f"{name[:60]}_{number}": column
            for name, columns in names.items()
            if len(columns) > 1
            for number, column in enumerate(columns, start=1)
        }


def _in_order(column: Column, order: str) -> tuple[str, ...]:
    form = column.formats[0]
    day_first = form if form.find("%d") < form.find("%m") else other_order(form)
    month_first = other_order(day_first)
    both: Mapping[str, tuple[str, ...]] = {
        "day": (day_first,),
        "month": (month_first,),
        "swapped": (month_first, day_first),
    }
    return both[order]
