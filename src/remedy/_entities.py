"""What a kind of record, its table and the tables of its plural fields are, and how one is encoded.

An entity is a table that holds records; its children are tables that hold what the plural fields
refer to. Encoding goes from a record to one list per row, in the order of the columns; what the
store derives (failure key, canonical incident, level of a cause) is filled in by the store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any

import attrs

from remedy import records as r
from remedy._defining import unsaid
from remedy._forms import micros
from remedy.vocabulary import ALL, ActionState

__all__ = ["Child", "Column", "Entity", "Lean", "items_of", "may_lie_ahead"]

_PLANNED = {"due", "verify_by", "until", "ended"}
"""Columns of records whose times may lie ahead."""

_PAST_OF_ITEMS = {"acknowledged", "since", "occurred"}


def may_lie_ahead(item: Any) -> bool:
    """Whether an item of a plural field may have its time in the future.

    A change is often entered before the day from which it applies.
    """
    return item.__class__ is r.ActionEvent and item.state is ActionState.TOOK_EFFECT


_REFERENCE: dict[str, Callable[[Any], Any]] = {
    "customers": lambda each: each.customer if isinstance(each, r.Affected) else each,
    "not_reached": lambda each: each,
    **{
        field: (lambda each: each.to)
        for field in ("incidents", "effects", "causes", "introduces", "actions")
    },
}


_SEVERAL_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "occurred": ("occurred", "occurred_end", "occurred_zone"),
    "detected": ("detected", "detected_end", "detected_zone"),
    "amount": ("amount", "currency"),
    "shares": ("shares",),
    "elements": ("elements",),
    "recipients": ("recipients",),
}
"""Fields that stand in columns beside those that hold fields one to one."""

_SAID_BY = {"recipients": "customers"}
"""The field of the record from which such a one is made, where it is another."""


@attrs.frozen
class Column:
    """A column of a table, and the field of the record that stands in it.

    Attributes:
        name: The column.
        field: The field.
        encode: What makes the value of the column from one that is not None.
        decode: What makes the value of the field from that of the column.
        target: The entity that it refers to.
    """

    name: str
    field: str
    encode: Callable[[Any], Any] | None = None
    decode: Callable[[Any], Any] | None = None
    target: str | None = None


@attrs.frozen
class Child:
    """A table with what a plural field of a record refers to.

    Attributes:
        field: The field.
        table: The table.
        owner: The column with the id of the record.
        other: The column with the id of the other record, or None.
        target: The entity that it refers to, or None.
        columns: All columns, in the order of the rows.
        key: The columns that say which row it is, besides the owner.
        encode: What makes the row from the record's id, the number of the item, and the item.
        decode: What makes the item from a row given as a mapping.
        fixed: Columns with one value for all rows of the field.
        past: Those of its columns, which are fields of the item too, that say when something was.
        past_places: Their places in the row.
        row_key: The columns that say which row it is, with the owner.
        told: The columns that the history tells: not the owner, and nothing that follows from the
            rest.
    """

    field: str
    table: str
    owner: str
    other: str | None
    target: str | None
    columns: tuple[str, ...]
    key: tuple[str, ...]
    encode: Callable[[str, int, Any], tuple[Any, ...]]
    decode: Callable[[Mapping[str, Any]], Any]
    fixed: Mapping[str, str] = MappingProxyType({})
    past: tuple[str, ...] = attrs.field(init=False)
    past_places: tuple[int, ...] = attrs.field(init=False)
    row_key: tuple[str, ...] = attrs.field(init=False)
    told: tuple[str, ...] = attrs.field(init=False)

    @past.default
    def _past(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name in _PAST_OF_ITEMS)

    @past_places.default
    def _past_places(self) -> tuple[int, ...]:
        return tuple(map(self.columns.index, self.past))

    @row_key.default
    def _row_key(self) -> tuple[str, ...]:
        stated = ("stated",) if "stated" in self.columns else ()
        return tuple(dict.fromkeys((self.owner, *self.key, *stated)))

    @told.default
    def _told(self) -> tuple[str, ...]:
        left_out = {self.owner, "stated", *self.fixed}
        return tuple(name for name in self.columns if name not in left_out)

    def holds(self, table: str, row: Mapping[str, Any]) -> bool:
        """Whether a row of a table is one of this field."""
        fixed = self.fixed.items()
        return table == self.table and all(str(row[name]) == value for name, value in fixed)

    def row_of(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row of which the history tells this, with what it leaves out."""
        return {**dict.fromkeys(self.columns), "stated": "", **said}

    @property
    def condition(self) -> str:
        """What tells its rows from those of another field in the table, beginning with AND."""
        return "".join(f" AND {name} = '{value}'" for name, value in self.fixed.items())

    def owner_of(self, row: Mapping[str, Any]) -> str:
        """Return the id of the record that a row belongs to."""
        # What belongs to a duplicate stands under its canonical incident.
        id = row["stated"] or row["incident"] if self.owner == "incident" else row[self.owner]
        return str(id)

    def said(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as the history tells it: what was said, and nothing derived."""
        told = {name: row[name] for name in self.told if row[name] is not None}
        if self.other == "incident" and row["stated"]:
            told["incident"] = row["stated"]
        return told

    @property
    def reference(self) -> Callable[[Any], Any]:
        """What finds the other record's id in an item."""
        return _REFERENCE[self.field]


def items_of(record: Any, child: Child) -> tuple[Any, ...]:
    """Return what a plural field of a record holds: nothing, where it says "everyone"."""
    items = getattr(record, child.field)
    return () if items is None or items is ALL else items


@attrs.frozen
class Lean:
    """How some records of a kind are encoded.

    Attributes:
        names: The columns of what `encode` returns.
        encode: What makes the row of a record.
        fixed: Columns that hold the same in all rows. Those that are in neither hold nothing.
        past: The places in the row that say when something was.
    """

    names: tuple[str, ...]
    encode: Callable[[Any], list[Any]]
    fixed: Mapping[str, Any]
    past: tuple[int, ...]


def _encoding(
    columns: Sequence[Column], before: Callable[[Any], tuple[Any, ...]] | None
) -> Callable[[Any], list[Any]]:
    """Return what makes a row of a record: first the columns of single fields, then the others."""
    names = [column.field for column in columns]
    # Of one name alone there would come no tuple.
    fields = attrgetter(*names) if len(names) > 1 else lambda record: (record.id,)
    encoders = [
        (place, column.encode) for place, column in enumerate(columns) if column.encode is not None
    ]

    def encode(record: Any) -> list[Any]:
        row = list(fields(record))
        for place, encoder in encoders:
            value = row[place]
            if value is not None:
                row[place] = encoder(value)
        if before is not None:
            row.extend(before(record))
        return row

    return encode


def _some_of(
    before: Callable[[Any], tuple[Any, ...]], places: Sequence[int]
) -> Callable[[Any], tuple[Any, ...]]:
    """Return what makes some of the values that a function makes."""
    if not places:
        return lambda _: ()
    if len(places) == 1:
        return lambda record: (before(record)[places[0]],)
    some = itemgetter(*places)
    return lambda record: some(before(record))


@attrs.frozen
class Entity:
    """A kind of record, its table and its children.

    Attributes:
        name: What the kind and the table are called.
        record: The class.
        columns: The columns that hold fields one to one.
        children: The tables of the plural fields.
        before: Columns that hold more or less than one field, and what fills them, beside
            `columns`: a function of the record that returns their values.
        before_names: Their names.
        after: What turns the row into the arguments of the class, beside `columns`.
        derived: Columns that the store fills.
        names: The columns of what `encode` returns.
        encode: What makes the row of a record, without what is derived.
        past: Its fields that say when something was, and the place of each in the row.
        references: The columns that refer to another entity.
    """

    name: str
    record: type[r.Record]
    columns: tuple[Column, ...]
    children: tuple[Child, ...] = ()
    before_names: tuple[str, ...] = ()
    before: Callable[[Any], tuple[Any, ...]] | None = None
    after: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    derived: tuple[str, ...] = ()
    names: tuple[str, ...] = attrs.field(init=False)
    encode: Callable[[Any], list[Any]] = attrs.field(init=False)
    past: Mapping[str, int] = attrs.field(init=False)
    references: tuple[Column, ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(
            self, "names", (*(column.name for column in self.columns), *self.before_names)
        )
        object.__setattr__(
            self, "references", tuple(column for column in self.columns if column.target)
        )
        object.__setattr__(self, "encode", _encoding(self.columns, self.before))
        past = [each.name for each in self.columns if each.encode is micros]
        past += [name for name in self.before_names if name in ("occurred", "detected")]
        object.__setattr__(
            self,
            "past",
            {name: self.names.index(name) for name in past if name not in _PLANNED},
        )

    def lean(self, given: Collection[str]) -> Lean:
        """Return how records are encoded that hold their defaults but for some fields.

        Most incidents give eight fields of two dozen: what is the same in all rows, or nothing, is
        neither looked up nor handed over row by row.
        """
        kept, fixed = [], {}
        for column in self.columns:
            default = unsaid(self.record)[column.field]
            if column.field in given:
                kept.append(column)
            elif default is not None:
                value = column.encode(default) if column.encode else default
                if value is not None:
                    fixed[column.name] = value
        empty = {
            name
            for field, names in _SEVERAL_COLUMNS.items()
            if _SAID_BY.get(field, field) not in given
            for name in names
        }
        if "stated" in self.before_names:  # Which duplicate was meant is said when all is there.
            fixed["stated"] = ""
            empty.add("stated")
        places = [place for place, name in enumerate(self.before_names) if name not in empty]
        names = (
            *(column.name for column in kept),
            *(self.before_names[place] for place in places),
        )
        before = self.before
        if before is not None and len(places) < len(self.before_names):
            before = _some_of(before, places)
        past = tuple(names.index(name) for name in self.past if name in names)
        return Lean(names, _encoding(kept, before), fixed, past)

    def said(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as the history tells it: what was said, without the id and what follows."""
        told = {name: row[name] for name in self.names if name not in ("id", "stated")}
        if row.get("stated"):
            told["incident"] = row["stated"]
        return told

    def row_of(self, id: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row of which the history tells this, with what it leaves out."""
        return {**dict.fromkeys(self.names), "stated": "", **said, "id": id}

    def fields_of(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return field → value of what the history tells of a row; nothing of plural fields."""
        row = self.row_of("", said)
        given = {
            column.field: column.decode(row[column.name]) if column.decode else row[column.name]
            for column in self.columns
            if column.name != "id" and row[column.name] is not None
        }
        if self.after is not None:
            given.update(self.after(row))
        return {field: value for field, value in given.items() if value is not None}

    @property
    def single_fields(self) -> tuple[str, ...]:
        """The fields that stand in the row of the record itself, but for its id."""
        several = (field for field, names in _SEVERAL_COLUMNS.items() if {*names} <= {*self.names})
        return (*(column.field for column in self.columns if column.field != "id"), *several)

    def columns_of(self, field: str) -> tuple[str, ...]:
        """Return the columns in which a field of the record itself stands."""
        plain = tuple(column.name for column in self.columns if column.field == field)
        return plain or _SEVERAL_COLUMNS[field]

    def decode(self, row: Mapping[str, Any], children: Mapping[str, Sequence[Any]]) -> r.Record:
        """Return the record of a row, and of the items of its plural fields."""
        given: dict[str, Any] = {}
        for column in self.columns:
            value = row[column.name]
            if value is not None:
                given[column.field] = column.decode(value) if column.decode else value
        for column in self.references:
            if column.target == "incident" and "stated" in self.before_names and row["stated"]:
                given[column.field] = row["stated"]
        if self.after is not None:
            given.update(self.after(row))
        given.update(children)
        return self.record(**given)
