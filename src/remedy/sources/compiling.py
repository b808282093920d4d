"""Values of a mapping, made into functions once, before the first row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from remedy._coerce import Day, Refused
from remedy.sources.conditions import RowReader, Test, Values, test_of
from remedy.sources.converting import converter, text_of
from remedy.sources.shapes import Kind, Shape, parts_of
from remedy.sources.values import Condition, Parts, Rule, Value, template_parts

__all__ = ["CaseReader", "Compiler", "Unfit", "flat", "instant"]

CaseReader = Callable[[Sequence[Values], Mapping[str, str]], Any]
"""What a field is, from the rows of a case and the ids of the records made of it so far."""


class Unfit(Exception):
    """A row that cannot be taken: its column, what stands there, and what is wrong with it."""

    def __init__(self, column: str | None, value: object, problem: str) -> None:
        super().__init__(problem)
        self.column = column
        self.value = value
        self.problem = problem


@attrs.frozen
class Compiler:
    """Makes functions of what a mapping says.

    Attributes:
        zone: The zone of times that do not say theirs.
        missing: What cells say that have no value.
        single: Whether a case is always one row.
    """

    zone: str | None
    missing: Iterable[str]
    single: bool

    def test(self, condition: Condition, column: str | None = None) -> Test:
        """Return the function that says whether a condition holds of a row.

        Args:
            condition: The condition.
            column: The column that it looks at where it names none.
        """
        return test_of(condition, column, self.column)

    # --- values of a row --------------------------------------------------------------------------

    def column(
        self, column: str, missing: Iterable[str] = (), *, keep_space: bool = False
    ) -> RowReader:
        """Return the function that takes a value out of a row, or None where it says nothing.

        Args:
            column: The column.
            missing: What it says where it has no value, besides what the mapping says.
            keep_space: Whether space at its ends is kept.
        """
        nothing = frozenset(each.strip().casefold() for each in (*self.missing, *missing))
        longest = max(map(len, nothing), default=0)

        def read(row: Values) -> Any:
            value = row.get(column)
            if value.__class__ is not str:
                return value
            plain = value.strip()
            if not plain or (len(plain) <= longest and plain.casefold() in nothing):
                return None
            return value if keep_space else plain

        return read

    def _template(self, value: Value) -> RowReader:
        parts = [
            (literal, None if column is None else self.column(column, value.missing))
            for literal, column in template_parts(value.template or "")
        ]

        def read(row: Values) -> str | None:
            found = []
            for literal, column in parts:
                found.append(literal)
                if column is not None:
                    part = column(row)
                    if part is None:
                        return None
                    found.append(text_of(part))
            return "".join(found)

        return read

    def row_value(self, value: Value, shape: Shape) -> RowReader:
        """Return the function that takes the value of a field out of a single row."""
        read: RowReader
        if value.rules is not None:
            read = self._rules(value.rules, value.column, shape)
        elif value.value is not None:
            constant = shape.constant(value.value)
            read = lambda row: constant  # noqa: E731
        else:
            read = self._converted(value, shape)
        if value.when is not None:
            read = _only_when(self.test(value.when, value.column), read)
        if value.column is None or value.columns() != {value.column}:
            return read
        return _remembering(value.column, read)

    def _rules(self, rules: Sequence[Rule], column: str | None, shape: Shape) -> RowReader:
        made = [(self.test(rule.when, column), shape.constant(rule.is_)) for rule in rules]

        def read(row: Values) -> Any:
            for holds, outcome in made:
                if holds(row):
                    return outcome
            return None

        return read

    def _converted(self, value: Value, shape: Shape) -> RowReader:
        if value.column is not None:
            free = shape.name in ("text", "reason") or shape.kind is Kind.ATTRIBUTE
            raw = self.column(value.column, value.missing, keep_space=free)
        else:
            raw = self._template(value)
        cut = _cut(value.after, value.before) if value.after or value.before else None
        split = value.split
        one = converter(value, shape, self.zone)
        if value.values is not None:
            one = _table(value.values, value.others, shape, one)
        column = value.column or value.template
        plain = shape.kind in (Kind.TEXT, Kind.REFERENCE) and value.external is None
        as_it_is = value.values is None and cut is None and split is None
        unchanged = plain and as_it_is
        keeps_lists = shape.kind is Kind.ATTRIBUTE and value.as_ is None and as_it_is

        def read(row: Values) -> Any:
            found = raw(row)
            if found is None or (unchanged and found.__class__ is str):
                return found
            try:
                if cut is not None:
                    found = cut(text_of(found))
                    if found is None:
                        return None
                if split is not None:
                    found = [piece.strip() for piece in text_of(found).split(split)]
                if keeps_lists or not isinstance(found, list):
                    return one(found, row)
                if not shape.several:
                    if shape.kind is not Kind.TEXT:
                        raise Refused("is a list, and the field holds one value.")
                    return one(text_of(found), row) if found else None
                return flat([one(each, row) for each in found if each not in ("", None)]) or None
            except Refused as refused:
                raise Unfit(column, raw(row), refused.problem) from None

        return read

    # --- values of a case -------------------------------------------------------------------------

    def field(self, field: Value | Parts | tuple[Value | Parts, ...], shape: Shape) -> CaseReader:
        """Return the function that makes a field out of the rows of a case."""
        if isinstance(field, tuple):
            readers = [self.field(each, shape) for each in field]
            return lambda rows, ids: flat([read(rows, ids) for read in readers]) or None
        return self._parts(field, shape) if isinstance(field, Parts) else self.value(field, shape)

    def value(self, value: Value, shape: Shape) -> CaseReader:
        """Return the function that makes one value out of the rows of a case."""
        read: CaseReader
        if value.record is not None:
            name = value.record
            read = lambda rows, ids: ids.get(name)  # noqa: E731
        elif value.first_of is not None:
            read = _first_of([self.value(each, shape) for each in value.first_of])
        else:
            row_value = self.row_value(value, shape)
            if self.single or (value.value is not None and value.when is None):
                read = lambda rows, ids: row_value(rows[0])  # noqa: E731
            else:
                read = _TAKES[value.take or "last"](row_value)
        if value.otherwise is None:
            return read
        return _first_of([read, self.value(value.otherwise, shape)])

    def _parts(self, parts: Parts, shape: Shape) -> CaseReader:
        kind = shape.of
        assert kind is not None
        shapes = parts_of(kind)
        by_row = attrs.evolve(self, single=True) if parts.take is not None else self
        readers = [
            (name, by_row.value(each, shapes[name]), shapes[name].needed)
            for name, each in parts.fields.items()
        ]
        # What is always the same does not say that there is something.
        varying = {name for name, each in parts.fields.items() if each.value is None}
        when = None if parts.when is None else self.test(parts.when)

        def make(rows: Sequence[Values], ids: Mapping[str, str]) -> Any:
            if when is not None:
                rows = [row for row in rows if when(row)]
                if not rows:
                    return None
            given = {}
            for name, read, needed in readers:
                found = read(rows, ids)
                if found is not None:
                    given[name] = found
                elif needed:
                    return None
            return kind(**given) if not varying.isdisjoint(given) else None

        return make if parts.take is None else _over_rows(make, parts.take)


_NOT_SEEN = object()


def _only_when(when: Test, read: RowReader) -> RowReader:
    return lambda row: read(row) if when(row) else None


def _remembering(column: str, read: RowReader) -> RowReader:
    """Return `read`, asked once for what stands in many cells: most columns have few values."""
    known: dict[str, Any] = {}

    def remember(row: Values) -> Any:
        cell = row.get(column)
        if cell.__class__ is not str:
            return read(row)
        found = known.get(cell, _NOT_SEEN)
        if found is _NOT_SEEN:
            found = read(row)
            if len(cell) <= 200 and found.__class__ is not list:
                if len(known) >= 5_000:
                    known.clear()
                known[cell] = found
        return found

    return remember


# --- pieces of text, and tables of values ---------------------------------------------------------


def _cut(after: Sequence[str], before: Sequence[str]) -> Callable[[str], str | None]:
    def cut(text: str) -> str | None:
        if after:
            mark = next((mark for mark in after if mark in text), None)
            if mark is None:
                return None
            text = text.partition(mark)[2]
        mark = next((mark for mark in before if mark in text), None)
        if mark is not None:
            text = text.partition(mark)[0]
        return text.strip() or None

    return cut


def _table(
    values: Mapping[str, Any],
    others: str,
    shape: Shape,
    convert: Callable[[Any, Values], Any],
) -> Callable[[Any, Values], Any]:
    exact = {key.strip(): shape.constant(each) for key, each in values.items()}
    folded: dict[str, Any] = {}
    for key, each in exact.items():
        folded.setdefault(key.casefold(), each)

    def look_up(found: Any, row: Values) -> Any:
        text = text_of(found).strip()
        if text in exact:
            return exact[text]
        plain = text.casefold()
        if plain in folded:
            return folded[plain]
        if others == "keep":
            return convert(found, row)
        if others == "missing":
            return None
        raise Refused(
            "is not in the table of values. Add it there, or say what becomes of others: "
            "others = 'missing' or 'keep'."
        )

    return look_up


# --- out of several rows --------------------------------------------------------------------------


def flat(found: Iterable[Any]) -> list[Any]:
    """Return what is there, each different one once; of lists, what is in them."""
    seen: dict[Hashable, Any] = {}
    for each in found:
        for item in each if isinstance(each, (list, tuple)) else (each,):
            if item is not None:
                seen.setdefault(item if isinstance(item, Hashable) else repr(item), item)
    return list(seen.values())


def _first_of(readers: Sequence[CaseReader]) -> CaseReader:
    def read(rows: Sequence[Values], ids: Mapping[str, str]) -> Any:
        for each in readers:
            found = each(rows, ids)
            if found is not None:
                return found
        return None

    return read


def _first_there(found: Iterable[Any]) -> Any:
    return next((each for each in found if each is not None), None)


def instant(value: Any) -> Any:
    """Return the moment by which times, of which some may be days, are compared."""
    return value.start if isinstance(value, Day) else value


def _extreme(choose: Callable[..., Any]) -> Callable[[RowReader], CaseReader]:
    def taking(read: RowReader) -> CaseReader:
        def take(rows: Sequence[Values], ids: Mapping[str, str]) -> Any:
            found = [each for each in map(read, rows) if each is not None]
            return choose(found, key=instant, default=None)

        return take

    return taking


_TAKES: Mapping[str, Callable[[RowReader], CaseReader]] = {
    "first": lambda read: lambda rows, ids: _first_there(map(read, rows)),
    "last": lambda read: lambda rows, ids: _first_there(map(read, reversed(rows))),
    "all": lambda read: lambda rows, ids: flat(map(read, rows)) or None,
    "earliest": _extreme(min),
    "latest": _extreme(max),
}


def _over_rows(make: CaseReader, take: str) -> CaseReader:
    if take == "all":
        return lambda rows, ids: flat(make([row], ids) for row in rows) or None
    order: Callable[[Any], Iterable[Values]] = iter if take == "first" else reversed
    return lambda rows, ids: _first_there(make([row], ids) for row in order(rows))
