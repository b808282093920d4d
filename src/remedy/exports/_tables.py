"""Records as rows of flat tables: one table for each kind, and one for each of its plural fields.

The tables follow from the fields of the records, so that a new field is a new column.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import attrs

from remedy import records as r
from remedy.vocabulary import ALL

Form = Literal["text", "whole", "number", "flag", "moment"]
Value = str | int | bool | Decimal | datetime | r.Day | None

_COMMON = ("source", "external_id", "updated", "provenance", "attributes")
# What these hold stands in the customers and the incidents once the record is made.
_INPUT_ONLY = {("incident", "order"), ("incident", "order_no"), ("cause", "role")}
# What the other end of a link is called where the field is not just its plural.
_OTHER_END = {"introduces": "cause", "not_reached": "customer"}
# How many of a plural field are listed in a cell, which some programs cut at 32,767 characters.
_LISTED = 20
_PLURAL = re.compile(r"tuple\[(\w+), \.\.\.\]")


@attrs.frozen
class Column:
    """A column of a table.

    Attributes:
        name: What it is called.
        form: What its cells hold, where they hold something.
        lists: Whether it lists, for people, what another table has in full.
        days: Whether a cell may hold a day in place of a moment.
    """

    name: str
    form: Form = "text"
    lists: bool = False
    days: bool = False


@attrs.frozen
class Table:
    """A table.

    Attributes:
        name: What it is called: "incident", "incident_customers".
        columns: Its columns, in order.
    """

    name: str
    columns: tuple[Column, ...]


@functools.cache
def tables() -> Mapping[str, Table]:
    """Return all the tables by name, each kind before its plural fields."""
    made: dict[str, Table] = {}
    for entity, kind in r.RECORDS.items():
        made[entity] = Table(entity, tuple(_columns(entity, kind)))
        for field, item in _plural_fields(entity):
            name = f"{entity}_{field}"
            made[name] = Table(name, (Column(entity), *_item_columns(field, item)))
    return made


def _fields(entity: str, kind: type[r.Record]) -> list[tuple[str, str]]:
    """Return the fields of a kind, and how they are annotated: its own before those of all."""
    annotated = _annotations(kind)
    own = [name for name in annotated if name not in _COMMON]
    return [
        (name, annotated[name])
        for name in (*own, *_COMMON)
        if (entity, name) not in _INPUT_ONLY and name != "promises"
    ]


def _annotations(kind: type[Any]) -> dict[str, str]:
    """Return how the fields of a class are annotated, as it is written.

    `attrs.Field.type` would not do: it changes once cattrs has resolved it.
    """
    import inspect

    written: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        written.update(inspect.get_annotations(base))
    return {field.name: written[field.name] for field in attrs.fields(kind)}


def _columns(entity: str, kind: type[r.Record]) -> Iterator[Column]:
    for name, annotation in _fields(entity, kind):
        if annotation.startswith("Money"):
            yield Column(name, "number")
            yield Column("currency")
        else:
            lists = _PLURAL.search(annotation) is not None and name != "elements"
            yield Column(name, _form(annotation), lists, "Day" in annotation)


def _form(annotation: str) -> Form:
    if annotation.startswith("datetime"):
        return "moment"
    if annotation.startswith("bool"):
        return "flag"
    return "whole" if annotation.startswith("int") else "text"


@functools.cache
def _plural_fields(entity: str) -> tuple[tuple[str, type[Any] | None], ...]:
    """Return the plural fields of a kind, and the class of what they hold, or None for ids."""
    kind = r.RECORDS[entity]
    found = ((name, _PLURAL.search(annotation)) for name, annotation in _fields(entity, kind))
    return tuple(
        (name, None if match[1] == "Id" else getattr(r, match[1]))
        for name, match in found
        if match and name != "elements"
    )


def _item_columns(field: str, item: type[Any] | None) -> Iterator[Column]:
    other = _OTHER_END.get(field, field.removesuffix("s"))
    if item is None:
        yield Column(other)
    else:
        for name, annotation in _annotations(item).items():
            yield Column(other if name == "to" else name, _form(annotation))


# --- rows -----------------------------------------------------------------------------------------


def rows(records: Iterable[r.Record]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield the rows of records, each with the name of its table.

    A promise is one row, whether it comes in its apology, on its own, or both.
    """
    promised: set[str] = set()
    for record in records:
        if isinstance(record, r.Promise):
            if record.id in promised:
                continue
            promised.add(record.id)
        yield record.entity, row(record)
        for field, item in _plural_fields(record.entity):
            value = getattr(record, field)
            for each in value if isinstance(value, tuple) else ():
                cells = (each,) if item is None else attrs.astuple(each, recurse=False)
                yield f"{record.entity}_{field}", (record.id, *map(_flat, cells))
        if isinstance(record, r.Apology):
            new = [promise for promise in record.promises if promise.id not in promised]
            yield from rows(new)
            promised.update(promise.id for promise in new)


def row(record: r.Record) -> tuple[Value, ...]:
    """Return the row of a record in the table of its kind."""
    cells: list[Value] = []
    for name, annotation in _fields_of(record.entity):
        value = getattr(record, name)
        if value.__class__ is str or (value is None and not annotation.startswith("Money")):
            cells.append(value)
        elif annotation.startswith("Money"):
            cells.extend((None, None) if value is None else (value.amount, value.currency))
        elif value == () and annotation.endswith("None"):
            cells.append("none")  # Somebody looked, and there was nothing: not the same as unknown.
        else:
            cells.append(_flat(value))
    return tuple(cells)


@functools.cache
def _fields_of(entity: str) -> list[tuple[str, str]]:
    return _fields(entity, r.RECORDS[entity])


def _flat(value: Any) -> Value:
    match value:
        case r.External():
            return f"{value.source}:{value.external_id}"
        case tuple():
            ends = [str(_flat(_end(each))) for each in value[:_LISTED]]
            if len(value) > _LISTED:
                ends.append(f"and {len(value) - _LISTED:,} more")
            return "; ".join(ends) or None
        case dict():
            return json.dumps(value, ensure_ascii=False) if value else None
        case str():
            return str(value)
        case _:
            flat: Value = "ALL" if value is ALL else value
            return flat


def _end(item: Any) -> Any:
    """Return what stands in a list for people: the other end of a link, else its first word."""
    match item:
        case r.Affected():
            return item.customer
        case r.Link() | r.CausalLink():
            return item.to
        case r.Alias():
            return f"{item.source}:{item.external_id}"
        case r.ActionEvent():
            return f"{item.state} {item.occurred.isoformat()}"
        case r.Share():
            return f"{item.party} {item.percent} %"
        case _:
            return item
