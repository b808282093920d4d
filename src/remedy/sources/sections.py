"""Sections of a mapping: what one record is made of."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from remedy._coerce import Refused, attributes_of
from remedy.errors import BadMapping, shown, with_article
from remedy.records import RECORDS
from remedy.sources.shapes import Kind, Shape, attribute_shape, parts_of, shapes_of
from remedy.sources.values import (
    Condition,
    Parts,
    Value,
    as_table,
    condition_columns,
    from_table,
    one_of,
    read_value,
    texts,
)

__all__ = ["Field", "Section", "section_table", "sections_from"]

Field = Value | Parts | tuple[Value | Parts, ...]
"""Where the value of a field comes from; several where the field can hold several."""

Table = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Section:
    """One record that a row, or the rows of one key, make.

    Attributes:
        name: What the mapping calls it.
        record: What kind of record it is: "incident".
        when: It is made only of rows where this holds.
        needs: The fields without which it is not made, instead of being refused.
        per: One record for each different value of this, out of all rows of the source.
        fields: Where the values of its fields come from.
        attributes: Where the values of its attributes come from.
    """

    name: str
    record: str
    when: Condition | None = None
    needs: tuple[str, ...] = ()
    per: Value | None = None
    fields: Mapping[str, Field]
    attributes: Mapping[str, Value]

    def columns(self) -> set[str]:
        """Return the columns that it looks at."""
        found = condition_columns(self.when)
        if self.per is not None:
            found |= self.per.columns()
        for _, each in self.sources():
            found |= each.columns()
        return found

    def sources(self) -> Iterator[tuple[str, Value | Parts]]:
        """Yield each field and attribute with what it is made of."""
        for name, field in self.fields.items():
            for each in field if isinstance(field, tuple) else (field,):
                yield name, each
        for name, value in self.attributes.items():
            yield f"attributes.{name}", value

    def references(self) -> Iterator[tuple[str, str]]:
        """Yield each field that takes the id of another section's record, and that section."""
        for name, each in self.sources():
            for value in _values(each):
                if value.record is not None:
                    yield name, value.record


def _values(source: Value | Parts) -> Iterator[Value]:
    if isinstance(source, Parts):
        for each in source.fields.values():
            yield from _values(each)
        return
    yield source
    for each in (*(source.first_of or ()), *([source.otherwise] if source.otherwise else ())):
        yield from _values(each)


# --- reading sections -----------------------------------------------------------------------------


def sections_from(given: Any, place: str) -> dict[str, Section]:
    """Return the sections that a table of tables describes."""
    if not isinstance(given, Mapping) or not given:
        raise BadMapping(
            place, f"{shown(given)} is no table of what a row yields, such as [records.incident]."
        )
    sections = {name: _section(str(name), each) for name, each in given.items()}
    for section in sections.values():
        shapes = shapes_of(section.record)
        for field, name in section.references():
            at = f"{place}.{section.name}.{field}"
            if name not in sections:
                raise BadMapping(at, f"there is no section {shown(name)} whose record it could be.")
            target = shapes[field].target if field in shapes else None
            if target is not None and sections[name].record != target:
                raise BadMapping(
                    at,
                    f"refers to {with_article(target)}, and {shown(name)} is "
                    f"{with_article(sections[name].record)}.",
                )
    return sections


def _section(name: str, value: Any) -> Section:
    place = f"records.{name}"
    if isinstance(value, Section):
        return value
    given = dict(read_table(value, place))
    record = given.pop("record", name)
    if not isinstance(record, str) or record not in RECORDS:
        raise BadMapping(
            place,
            f"{shown(record)} is no kind of record. Name the section after one, or say record = "
            f"one of: {', '.join(RECORDS)}.",
        )
    shapes = shapes_of(record)
    when, needs, per = (given.pop(key, None) for key in ("when", "needs", "per"))
    attributes = read_table(given.pop("attributes", {}), f"{place}.attributes")
    section = Section(
        name=name,
        record=record,
        when=None if when is None else _condition(when, f"{place}.when"),
        needs=() if needs is None else texts(needs, f"{place}.needs"),
        per=None if per is None else read_value(per, f"{place}.per"),
        fields={key: _field(each, key, shapes, place) for key, each in given.items()},
        attributes={
            key: _attribute(each, key, f"{place}.attributes") for key, each in attributes.items()
        },
    )
    for key, shape in shapes.items():
        if shape.needed and key not in section.fields:
            raise BadMapping(place, f"says nothing of {shown(key)}; no {record} can do without it.")
    for key in section.needs:
        if key not in section.fields:
            raise BadMapping(f"{place}.needs", f"the section has no field {shown(key)}.")
    return section


def read_table(value: Any, place: str) -> Table:
    if isinstance(value, Mapping):
        return value
    raise BadMapping(place, f"{shown(value)} is no table.")


def _condition(value: Any, place: str) -> Condition:
    if isinstance(value, Condition):
        return value
    return from_table(Condition, read_table(value, place), place)


def _shape_named(key: str, shapes: Mapping[str, Shape], place: str) -> Shape:
    if key in shapes:
        return shapes[key]
    near = difflib.get_close_matches(key, shapes, n=1)
    hint = (
        f"Did you mean {shown(near[0])}?"
        if near
        else f"Its fields are {', '.join(shapes)}. What has no field goes under 'attributes'."
    )
    raise BadMapping(place, f"there is no field {shown(key)}. {hint}")


def _field(value: Any, key: str, shapes: Mapping[str, Shape], place: str) -> Field:
    shape = _shape_named(key, shapes, place)
    place = f"{place}.{key}"
    if not isinstance(value, (list, tuple)):
        return _one(value, shape, place)
    if not shape.several or not value:
        raise BadMapping(place, "holds one value, and a list is given." if value else "is empty.")
    return tuple(
        _one(each, shape, f"{place}[{count}]") for count, each in enumerate(value, start=1)
    )


def _one(value: Any, shape: Shape, place: str) -> Value | Parts:
    if shape.of is not None:
        given = as_table(value) if isinstance(value, Parts) else value
        parts = parts_of(shape.of)
        # The id of another section's record is written { record = ... }, as everywhere.
        if isinstance(given, Mapping) and set(given) & set(parts):
            return _parts(given, parts, place)
        if shape.kind is not Kind.REFERENCE:
            names = [name for name, each in parts.items() if each.needed] or parts
            raise BadMapping(place, f"is a table that says {', '.join(names)}.")
    found = read_value(value, place)
    _check(found, shape, place)
    return found


def _parts(given: Table, parts: Mapping[str, Shape], place: str) -> Parts:
    fields = {}
    when = take = None
    for key, each in given.items():
        at = f"{place}.{key}"
        if key == "when":
            when = _condition(each, at)
        elif key == "take":
            take = one_of("first", "last", "all")(each, at)
        else:
            shape = _shape_named(key, parts, place)
            fields[key] = read_value(each, at)
            _check(fields[key], shape, at)
    for name, shape in parts.items():
        if shape.needed and name not in fields:
            raise BadMapping(place, f"says nothing of {shown(name)}.")
    return Parts(fields=fields, when=when, take=take)


def _attribute(value: Any, key: str, place: str) -> Value:
    try:
        attributes_of({key: None})
    except Refused as refused:
        raise BadMapping(place, refused.problem) from None
    found = read_value(value, f"{place}.{key}")
    _check(found, attribute_shape(key), f"{place}.{key}")
    return found


def _check(value: Value, shape: Shape, place: str) -> None:
    """Refuse what can be seen to be wrong without any row."""
    if value.take == "all" and not shape.several:
        raise BadMapping(place, "take = 'all' is for fields that can hold several.")
    if value.take in ("earliest", "latest") and shape.kind is not Kind.TIME:
        raise BadMapping(place, f"take = {shown(value.take)} is for fields that hold times.")
    constants: dict[str, tuple[Any, ...]] = {
        "value": () if value.value is None else (value.value,),
        "rules": tuple(rule.is_ for rule in value.rules or ()),
        "values": tuple((value.values or {}).values()),
    }
    for key, given in constants.items():
        for each in given:
            try:
                shape.constant(each)
            except Refused as refused:
                raise BadMapping(f"{place}.{key}", f"{shown(each)}: {refused.problem}") from None
    for count, one in enumerate(value.first_of or (), start=1):
        _check(one, shape, f"{place}.first_of[{count}]")
    if value.otherwise is not None:
        _check(value.otherwise, shape, f"{place}.otherwise")


# --- writing ---


def section_table(section: Section) -> dict[str, Any]:
    """Return the table that describes a section."""
    found: dict[str, Any] = {}
    if section.record != section.name:
        found["record"] = section.record
    for key in ("when", "needs", "per"):
        value = getattr(section, key)
        if value not in (None, ()):
            found[key] = value[0] if key == "needs" and len(value) == 1 else as_table(value)
    found |= {name: as_table(each) for name, each in section.fields.items()}
    if section.attributes:
        found["attributes"] = as_table(section.attributes)
    return found
