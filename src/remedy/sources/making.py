"""One section of a mapping at work: it makes one kind of record out of cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from remedy._coerce import Day, Refused
from remedy.errors import InvalidRecord, shown
from remedy.records import RECORDS, Record
from remedy.sources.compiling import CaseReader, Compiler, Unfit, flat, instant
from remedy.sources.conditions import Values
from remedy.sources.converting import text_of
from remedy.sources.sections import Section
from remedy.sources.shapes import Shape, attribute_shape, shapes_of
from remedy.sources.values import Parts, Value
from remedy.vocabulary import Provenance

__all__ = ["Gatherer", "Maker"]

# When something happened, or was found, said or decided. What is due, or is to be verified, may
# lie ahead; a change may take effect later than it is entered.
_HAPPENED = (
    *("occurred", "detected", "acknowledged", "made", "reopened", "found", "decided"),
    *("criterion_set", "fulfilled", "began"),
)

Ids = dict[str, str]
"""By section, the ids of the records that were made of a case so far."""


@attrs.frozen
class _Reader:
    name: str
    shape: Shape
    read: CaseReader
    take: str | None


class _Made:
    """What makers and gatherers have in common: the fields, read out of a case."""

    def __init__(self, section: Section, compiler: Compiler) -> None:
        self.section = section
        self.kind = RECORDS[section.record]
        self._when = None if section.when is None else compiler.test(section.when)
        shapes = shapes_of(section.record)
        self._constants: dict[str, Any] = {"provenance": Provenance.MAPPED}
        self._fields: list[_Reader] = []
        for name, field in section.fields.items():
            shape = shapes[name]
            if isinstance(field, Value) and field.value is not None and field.when is None:
                self._constants[name] = shape.constant(field.value)
            else:
                take = field.take if isinstance(field, Value) else None
                self._fields.append(_Reader(name, shape, compiler.field(field, shape), take))
        self._attributes = [
            _Reader(
                name, attribute_shape(name), compiler.value(each, attribute_shape(name)), each.take
            )
            for name, each in section.attributes.items()
        ]
        self._needed = [
            name for name, shape in shapes.items() if shape.needed and name not in self._constants
        ]
        self._happened = [name for name in _HAPPENED if name in section.fields]
        self._columns: dict[str, str] = {}
        for name, each in section.sources():
            column = _column_of(each)
            if column is not None:
                self._columns.setdefault(name, column)

    def _where_it_holds(self, rows: Sequence[Values]) -> Sequence[Values]:
        when = self._when
        return rows if when is None else [row for row in rows if when(row)]

    def _read(self, rows: Sequence[Values], ids: Ids) -> dict[str, Any] | None:
        """Return the fields that have a value; None where one is lacking that is needed."""
        given = self._constants.copy()
        try:
            for reader in self._fields:
                found = reader.read(rows, ids)
                if found is not None:
                    given[reader.name] = found
        except InvalidRecord as error:
            raise self._unfit(error, reader.name, rows) from None
        return given if all(name in given for name in self.section.needs) else None

    def _read_attributes(self, rows: Sequence[Values], ids: Ids) -> dict[str, Any]:
        found = {each.name: each.read(rows, ids) for each in self._attributes}
        return {name: value for name, value in found.items() if value is not None}

    def _build(self, given: dict[str, Any], rows: Sequence[Values]) -> Record:
        for name in self._needed:
            if name not in given:
                column = self._columns.get(name)
                raise Unfit(
                    column,
                    rows[-1].get(column) if rows and column else None,
                    f"says nothing, and no {self.section.record} can do without {shown(name)}.",
                )
        try:
            return self.kind(**given)
        except InvalidRecord as error:
            raise self._unfit(error, self._field_of(error, given), rows) from None

    def _field_of(self, error: InvalidRecord, given: Mapping[str, Any]) -> str:
        """Return the field that an error is about, also where it arose inside of one."""
        if error.record == self.kind.__name__:
            return error.field
        inside = (
            reader.name
            for reader in self._fields
            if reader.shape.several and not _holds(reader.shape, given.get(reader.name))
        )
        return next(inside, error.field)

    def _unfit(self, error: InvalidRecord, field: str, rows: Sequence[Values]) -> Unfit:
        inner = f" ({error.field})" if error.field != field else ""
        problem = f"{self.section.record}.{field}{inner}: {error.problem}"
        return self.unfit_at(field, error.value, problem, rows)

    def unfit_at(self, field: str, value: object, problem: str, rows: Sequence[Values]) -> Unfit:
        """Return a problem with a field, with the column that it comes from, and what is there."""
        column = self.column_of(field)
        return Unfit(column, rows[-1].get(column) if rows and column else value, problem)

    def column_of(self, field: str) -> str | None:
        """Return the column that a field, or the first part of it, comes from."""
        return self._columns.get(field)

    def refuse_future(self, record: Record, rows: Sequence[Values], now: datetime) -> None:
        """Refuse a record of what has not happened yet.

        Args:
            record: What was made.
            rows: The values of the rows that it was made of.
            now: The latest moment that can have been.

        Raises:
            Unfit: If a time of it lies ahead.
        """
        for name in self._happened:
            value = getattr(record, name)
            if value.__class__ is datetime:  # the most usual one first: every record comes by
                ahead = value > now
            else:
                past = value is None or (value.__class__ is Day and value.date < now.date())
                ahead = not past and instant(value) > now
            if ahead:
                raise self.unfit_at(
                    name,
                    str(value),
                    f"{self.section.record}.{name}: {value} lies in the future. Mend it where it "
                    f"comes from; if many do, look whether format and zone are right.",
                    rows,
                )


def _holds(shape: Shape, value: Any) -> bool:
    try:
        shape.check(value)
    except (InvalidRecord, Refused):
        return False
    return True


def _column_of(source: Value | Parts) -> str | None:
    """Return the column that a message about a field had best name."""
    if isinstance(source, Value) and source.column is not None:
        return source.column
    if isinstance(source, Parts):
        return next(filter(None, map(_column_of, source.fields.values())), None)
    return min(source.columns(), default=None)


class Maker(_Made):
    """Makes one record out of a case.

    Args:
        section: What the mapping says of it.
        compiler: What makes functions of that.
        source: What the source is called.
        first: Whether it is the first section of the mapping; its records have the plain key in
            their ids.
        first_of_kind: Whether it is the first section for this kind of record; its records have
            the plain key as their external id.
    """

    def __init__(
        self,
        section: Section,
        compiler: Compiler,
        source: str,
        *,
        first: bool,
        first_of_kind: bool,
    ) -> None:
        super().__init__(section, compiler)
        self._constants.setdefault("source", source)
        self._before_key = f"{source}-"
        self._after_key = "" if first else f"/{section.name}"
        self._after_external = "" if first_of_kind else f"/{section.name}"

    def make(
        self,
        key: str | None,
        rows: Sequence[Values],
        ids: Ids,
        rest: Callable[[Sequence[Values]], dict[str, Any]] | None,
    ) -> Record | None:
        """Return the record, and note its id; None where the case makes none.

        Args:
            key: The key of the case.
            rows: The values of its rows.
            ids: By section, the ids of the records made of it so far.
            rest: What makes attributes of the columns that nothing names.

        Raises:
            Unfit: If the case cannot be taken.
        """
        rows = self._where_it_holds(rows)
        if not rows:
            return None
        given = self._read(rows, ids)
        if given is None:
            return None
        if "id" not in given and key is not None:
            given["id"] = f"{self._before_key}{key}{self._after_key}"
        if "external_id" not in given:
            given["external_id"] = (
                text_of(given.get("id")) if key is None else f"{key}{self._after_external}"
            )
        attributes = self._read_attributes(rows, ids) if self._attributes else {}
        if rest is not None:
            attributes = rest(rows) | attributes
        if attributes:
            given["attributes"] = attributes
        record = self._build(given, rows)
        ids[self.section.name] = record.id
        return record


@attrs.frozen
class Contribution:
    """What a case adds to a gathered record."""

    key: str
    given: dict[str, Any]
    attributes: dict[str, Any]
    place: str


@attrs.define
class _Growing:
    place: str
    given: dict[str, Any]
    attributes: dict[str, Any]


class Gatherer(_Made):
    """Makes one record for each different value of a column, out of all cases.

    Fields that hold several hold what all of the cases say; of the others the last value counts,
    or the one that `take` says.
    """

    def __init__(self, section: Section, compiler: Compiler, source: str) -> None:
        super().__init__(section, compiler)
        assert section.per is not None
        self._constants.setdefault("source", source)
        self._per = compiler.value(section.per, attribute_shape("per"))
        self._prefix = f"{source}-{section.name}-"
        self._growing: dict[str, _Growing] = {}

    def contribution(self, rows: Sequence[Values], ids: Ids, place: str) -> Contribution | None:
        """Return what a case adds, and note the id of the record that it adds to.

        Raises:
            Unfit: If the case cannot be taken.
        """
        rows = self._where_it_holds(rows)
        found = self._per(rows, ids) if rows else None
        if found is None:
            return None
        key = text_of(found)
        given = self._read(rows, ids)
        if given is None:
            return None
        given.setdefault("id", self._prefix + key)
        given.setdefault("external_id", key)
        for reader in self._fields:
            if reader.shape.several and reader.name in given:
                try:
                    given[reader.name] = reader.shape.check(given[reader.name])
                except (InvalidRecord, Refused) as error:
                    raise Unfit(self._columns.get(reader.name), None, error.problem) from None
        ids[self.section.name] = given["id"]
        return Contribution(key, given, self._read_attributes(rows, ids), place)

    def add(self, contribution: Contribution) -> None:
        """Take in what a case adds."""
        growing = self._growing.get(contribution.key)
        if growing is None:
            self._growing[contribution.key] = _Growing(
                contribution.place, contribution.given, contribution.attributes
            )
            return
        for reader in self._fields:
            _merge(growing.given, contribution.given, reader, several=reader.shape.several)
        for reader in self._attributes:
            _merge(
                growing.attributes, contribution.attributes, reader, several=reader.take == "all"
            )

    def records(self, now: datetime) -> Iterator[tuple[str, Record | Unfit]]:
        """Yield each gathered record, or what is wrong with it, and the place it comes from.

        Args:
            now: The latest moment that can have been.
        """
        for growing in self._growing.values():
            given = growing.given
            if growing.attributes:
                given["attributes"] = growing.attributes
            try:
                record = self._build(given, ())
                self.refuse_future(record, (), now)
            except Unfit as problem:
                yield growing.place, problem
            else:
                yield growing.place, record


def _merge(
    into: dict[str, Any], given: Mapping[str, Any], reader: _Reader, *, several: bool
) -> None:
    name = reader.name
    if name not in given:
        return
    new = given[name]
    if name not in into:
        into[name] = new
    elif several:
        into[name] = (
            tuple(flat([into[name], new])) if isinstance(new, tuple) else flat([into[name], new])
        )
    elif reader.take == "first":
        pass
    elif reader.take in ("earliest", "latest"):
        choose = min if reader.take == "earliest" else max
        into[name] = choose(into[name], new, key=instant)
    else:
        into[name] = new
