"""Mappings: what the rows of a source become. Written in Python, or as a TOML file."""

from __future__ import annotations

import difflib
import graphlib
import tomllib
from collections import abc
from pathlib import Path
from typing import Any

import attrs

from remedy._coerce import Refused, attributes_of, identifier
from remedy.errors import BadMapping, shown
from remedy.records import RECORDS
from remedy.sources.rows import Reading
from remedy.sources.shapes import Kind, Shape, attribute_shape, parts_of, shapes_of
from remedy.sources.values import (
    Condition,
    Parts,
    Value,
    as_table,
    condition_columns,
    flag,
    from_table,
    number,
    one_of,
    read_value,
    read_zone,
    text,
    texts,
)

__all__ = ["Field", "Mapping", "Section", "load_mapping"]

Field = Value | Parts | tuple[Value | Parts, ...]
"""Where the value of a field comes from; several where the field can hold several."""

Table = abc.Mapping[str, Any]


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
    fields: abc.Mapping[str, Field]
    attributes: abc.Mapping[str, Value]

    def columns(self) -> set[str]:
        """Return the columns that it looks at."""
        found = condition_columns(self.when)
        if self.per is not None:
            found |= self.per.columns()
        for _, each in self.sources():
            found |= each.columns()
        return found

    def sources(self) -> abc.Iterator[tuple[str, Value | Parts]]:
        """Yield each field and attribute with what it is made of."""
        for name, field in self.fields.items():
            for each in field if isinstance(field, tuple) else (field,):
                yield name, each
        for name, value in self.attributes.items():
            yield f"attributes.{name}", value

    def references(self) -> abc.Iterator[tuple[str, str]]:
        """Yield each field that takes the id of another section's record, and that section."""
        for name, each in self.sources():
            for value in _values(each):
                if value.record is not None:
                    yield name, value.record


def _values(source: Value | Parts) -> abc.Iterator[Value]:
    if isinstance(source, Parts):
        for each in source.fields.values():
            yield from _values(each)
        return
    yield source
    for each in (*(source.first_of or ()), *([source.otherwise] if source.otherwise else ())):
        yield from _values(each)


# --- reading sections -----------------------------------------------------------------------------


def _sections(given: Any, place: str) -> dict[str, Section]:
    if not isinstance(given, abc.Mapping) or not given:
        raise BadMapping(
            place, f"{shown(given)} is no table of what a row yields, such as [records.incident]."
        )
    sections = {name: _section(str(name), each) for name, each in given.items()}
    for section in sections.values():
        shapes = shapes_of(section.record)
        for field, name in section.references():
            at = f"{place}.{section.name}.{field}"
            if name not in sections:
                raise BadMapping(at, f"there is no section {name!r} whose record it could be.")
            target = shapes[field].target if field in shapes else None
            if target is not None and sections[name].record != target:
                raise BadMapping(
                    at, f"refers to a {target}, and {name!r} is a {sections[name].record}."
                )
    return sections


def _section(name: str, value: Any) -> Section:
    place = f"records.{name}"
    if isinstance(value, Section):
        return value
    given = dict(_table(value, place))
    record = given.pop("record", name)
    if record not in RECORDS:
        raise BadMapping(
            place,
            f"{shown(record)} is no kind of record. Name the section after one, or say record = "
            f"one of: {', '.join(RECORDS)}.",
        )
    shapes = shapes_of(record)
    when, needs, per = (given.pop(key, None) for key in ("when", "needs", "per"))
    attributes = _table(given.pop("attributes", {}), f"{place}.attributes")
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
            raise BadMapping(place, f"says nothing of {key!r}; no {record} can do without it.")
    for key in section.needs:
        if key not in section.fields:
            raise BadMapping(f"{place}.needs", f"the section has no field {key!r}.")
    return section


def _table(value: Any, place: str) -> Table:
    if isinstance(value, abc.Mapping):
        return value
    raise BadMapping(place, f"{shown(value)} is no table.")


def _condition(value: Any, place: str) -> Condition:
    if isinstance(value, Condition):
        return value
    return from_table(Condition, _table(value, place), place)


def _shape_named(key: str, shapes: abc.Mapping[str, Shape], place: str) -> Shape:
    if key in shapes:
        return shapes[key]
    near = difflib.get_close_matches(key, shapes, n=1)
    hint = (
        f"Did you mean {near[0]!r}?"
        if near
        else f"Its fields are {', '.join(shapes)}. What has no field goes under 'attributes'."
    )
    raise BadMapping(place, f"there is no field {key!r}. {hint}")


def _field(value: Any, key: str, shapes: abc.Mapping[str, Shape], place: str) -> Field:
    shape = _shape_named(key, shapes, place)
    place = f"{place}.{key}"
    if not isinstance(value, (list, tuple)):
        return _one(value, shape, place)
    if not shape.several or not value:
        raise BadMapping(place, "holds one value, and a list is given." if value else "is empty.")
    return tuple(
        _one(each, shape, f"{place}[{number}]") for number, each in enumerate(value, start=1)
    )


def _one(value: Any, shape: Shape, place: str) -> Value | Parts:
    if shape.of is not None:
        given = as_table(value) if isinstance(value, Parts) else value
        parts = parts_of(shape.of)
        # The id of another section's record is written { record = ... }, as everywhere.
        if isinstance(given, abc.Mapping) and set(given) & set(parts):
            return _parts(given, parts, place)
        if shape.kind is not Kind.REFERENCE:
            names = [name for name, each in parts.items() if each.needed] or parts
            raise BadMapping(place, f"is a table that says {', '.join(names)}.")
    found = read_value(value, place)
    _check(found, shape, place)
    return found


def _parts(given: Table, parts: abc.Mapping[str, Shape], place: str) -> Parts:
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
            raise BadMapping(place, f"says nothing of {name!r}.")
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
    constants = {
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
    for number, each in enumerate(value.first_of or (), start=1):
        _check(each, shape, f"{place}.first_of[{number}]")
    if value.otherwise is not None:
        _check(value.otherwise, shape, f"{place}.otherwise")


# --- the whole ------------------------------------------------------------------------------------


def _entry(name: str, read: abc.Callable[[Any, str], Any], default: Any = attrs.NOTHING) -> Any:
    return attrs.field(
        default=default, converter=lambda value: value if value is default else read(value, name)
    )


def _source(value: Any, place: str) -> str:
    try:
        return identifier(value)
    except Refused as refused:
        raise BadMapping(place, f"{shown(value)}: {refused.problem}") from None


def _texts(value: Any, place: str) -> tuple[str, ...]:
    return () if value in ((), []) else texts(value, place)


_READING = {
    "format": text,
    "encoding": text,
    "delimiter": text,
    "records": text,
    "max_cell": number,
    "cut_short": flag,
}


def _reading(value: Any, place: str) -> Reading:
    if isinstance(value, Reading):
        return value
    given = _table(value, place)
    _check_known(given, _READING, place)
    return Reading(**{key: _READING[key](each, f"{place}.{key}") for key, each in given.items()})


def _check_known(given: Table, known: abc.Iterable[str], place: str) -> None:
    names = list(known)
    for key in given:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(names)}."
            raise BadMapping(place, f"there is no entry {key!r}. {hint}")


@attrs.frozen(kw_only=True)
class Mapping:
    """What the rows of a source become.

    Attributes:
        source: What the source is called. With a row's key it says which record a later import
            replaces, so that importing again changes nothing.
        records: By name, the records that a row yields: tables of a record's fields, each with
            the name of a column or a table that says more (`Value`).
        key: The column, or columns, that tell the rows (or, where several rows make one record,
            the records) apart.
        rows: How many rows make a record: "one"; "consecutive" ones with the same key; or
            "scattered" ones, for which the whole source is held in memory.
        zone: The zone of times that do not say theirs.
        missing: What cells say that have no value ("?", "N/A"), besides nothing.
        rest: What becomes of columns that nothing here names: "reject" the source, or keep them
            as "attributes" of the first record.
        ignore: Columns that are left out.
        signature: The signature that the casebook is meant to have: what makes two incidents the
            same failure.
        read: How the file is read: `Reading`, or a table of its fields.

    Example:
        >>> from remedy.sources import Mapping
        >>> mapping = Mapping(
        ...     source="crm",
        ...     key="Ticket",
        ...     zone="Europe/Vienna",
        ...     records={
        ...         "incident": {
        ...             "occurred": {"column": "Opened", "format": "%d.%m.%Y %H:%M"},
        ...             "customers": "Client",
        ...             "process": "Category",
        ...             "failure_mode": {
        ...                 "column": "Subject",
        ...                 "rules": [{"contains": "collect", "is": "shipped collect"}],
        ...             },
        ...         }
        ...     },
        ...     rest="attributes",
        ... )
        >>> mapping.key
        ('Ticket',)

    Raises:
        BadMapping: If it cannot be used; it names the entry.
    """

    source: str = _entry("source", _source)
    records: abc.Mapping[str, Section] = _entry("records", _sections)
    key: tuple[str, ...] = _entry("key", _texts, ())
    rows: str = _entry("rows", one_of("one", "consecutive", "scattered"), "one")
    zone: str | None = _entry("zone", read_zone, None)
    missing: tuple[str, ...] = _entry("missing", _texts, ())
    rest: str = _entry("rest", one_of("reject", "attributes"), "reject")
    ignore: tuple[str, ...] = _entry("ignore", _texts, ())
    signature: tuple[str, ...] = _entry("signature", _texts, ())
    read: Reading = _entry("read", _reading, attrs.Factory(Reading))

    def __attrs_post_init__(self) -> None:
        if self.rows != "one" and not self.key:
            raise BadMapping("key", "say which column tells apart what several rows make.")
        for section in self.records.values():
            if not self.key and section.per is None and "id" not in section.fields:
                raise BadMapping(
                    f"records.{section.name}",
                    "has no id, and there is no key to make one of: say which column tells the "
                    "rows apart (key), or how the id is made (id = { template = ... }).",
                )
        try:
            self.in_order()
        except graphlib.CycleError as error:
            raise BadMapping(
                "records", f"the sections refer to each other in a circle: {error.args[1]}."
            ) from None

    def in_order(self) -> tuple[Section, ...]:
        """Return the sections, each after those that it refers to."""
        graph = {
            name: list(dict.fromkeys(to for _, to in section.references()))
            for name, section in self.records.items()
        }
        return tuple(self.records[name] for name in graphlib.TopologicalSorter(graph).static_order())

    def columns(self) -> set[str]:
        """Return the columns that it looks at."""
        return set(self.key).union(*(section.columns() for section in self.records.values()))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain tables, in the form of the file."""
        found: dict[str, Any] = {}
        for field in attrs.fields(Mapping):
            value = getattr(self, field.name)
            if field.name == "records":
                found["records"] = {name: _as_section(each) for name, each in value.items()}
            elif field.name == "read":
                table = attrs.asdict(
                    value, filter=lambda field, each: each != field.default
                )
                found |= {"read": table} if table else {}
            elif value != field.default:
                found[field.name] = list(value) if isinstance(value, tuple) else value
        return found

    def to_toml(self, comment: str = "") -> str:
        """Return the text of its file, with a comment above it."""
        from remedy.sources._toml import document

        return document(self.to_dict(), comment)

    def save(self, path: Path | str, *, comment: str = "", overwrite: bool = False) -> Path:
        """Write it to a TOML file.

        Raises:
            SourceError: If the file is there already and `overwrite` was not said, or cannot be
                written.
        """
        from remedy.sources._files import write_text

        return write_text(Path(path), self.to_toml(comment), overwrite=overwrite)


def _as_section(section: Section) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if section.record != section.name:
        found["record"] = section.record
    for key in ("when", "needs", "per"):
        value = getattr(section, key)
        if value not in (None, ()):
            found[key] = as_table(value)
    found |= {name: as_table(each) for name, each in section.fields.items()}
    if section.attributes:
        found["attributes"] = as_table(section.attributes)
    return found


def load_mapping(path: Path | str) -> Mapping:
    """Read a mapping from a TOML file.

    Raises:
        BadMapping: If the file cannot be read, is no TOML, or holds what cannot be used; it names
            the file and the entry.
    """
    try:
        given = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadMapping(path, f"cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMapping(path, f"is no TOML: {error}.") from None
    return mapping_from(given, str(path))


def mapping_from(given: Table, place: str = "mapping") -> Mapping:
    """Return the mapping that plain tables describe.

    Raises:
        BadMapping: If it cannot be used; it names `place` and the entry.
    """
    try:
        _check_known(given, [field.name for field in attrs.fields(Mapping)], "the mapping")
        for name in ("source", "records"):
            if name not in given:
                raise BadMapping(name, "is missing.")
        return Mapping(**given)
    except BadMapping as error:
        raise BadMapping(f"{place}: {error.place}", error.problem) from None
