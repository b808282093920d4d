"""Mappings: what the rows of a source become. Written in Python, or as a TOML file."""

from __future__ import annotations

import difflib
import graphlib
import tomllib
from collections import abc
from pathlib import Path
from typing import Any

import attrs

from remedy._coerce import Refused, identifier
from remedy.errors import BadMapping, shown
from remedy.sources._files import write_text
from remedy.sources._layout import show_as_text
from remedy.sources._toml import document
from remedy.sources.rows import Reading
from remedy.sources.sections import Section, Table, read_table, section_table, sections_from
from remedy.sources.values import flag, number, one_of, read_zone, text, texts

__all__ = ["Mapping", "load_mapping", "mapping_from"]


def _as_source(value: str) -> str:
    try:
        return identifier(value)
    except Refused as refused:
        raise BadMapping("source", f"{shown(value)}: {refused.problem}") from None


def _as_records(value: Table) -> abc.Mapping[str, Section]:
    return sections_from(value, "records")


def _texts(value: str | abc.Iterable[str], place: str) -> tuple[str, ...]:
    return () if value in ((), []) else texts(value, place)


def _as_key(value: str | abc.Iterable[str]) -> tuple[str, ...]:
    return _texts(value, "key")


def _as_missing(value: str | abc.Iterable[str]) -> tuple[str, ...]:
    return _texts(value, "missing")


def _as_ignore(value: str | abc.Iterable[str]) -> tuple[str, ...]:
    return _texts(value, "ignore")


def _as_signature(value: str | abc.Iterable[str]) -> tuple[str, ...]:
    return _texts(value, "signature")


def _as_rows(value: str) -> str:
    return str(one_of("one", "consecutive", "scattered")(value, "rows"))


def _as_rest(value: str) -> str:
    return str(one_of("reject", "attributes")(value, "rest"))


def _as_zone(value: str | None) -> str | None:
    return None if value is None else str(read_zone(value, "zone"))


_READING: abc.Mapping[str, abc.Callable[[Any, str], Any]] = {
    "format": text,
    "encoding": text,
    "delimiter": text,
    "records": text,
    "max_cell": number,
    "cut_short": flag,
}


def _as_reading(value: Reading | Table) -> Reading:
    if isinstance(value, Reading):
        return value
    given = read_table(value, "read")
    _check_known(given, _READING, "read")
    return Reading(**{key: _READING[key](each, f"read.{key}") for key, each in given.items()})


def _check_known(given: Table, known: abc.Iterable[str], place: str) -> None:
    names = list(known)
    for key in given:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1)
            hint = f"Did you mean {shown(near[0])}?" if near else f"Known are {', '.join(names)}."
            raise BadMapping(place, f"there is no entry {shown(key)}. {hint}")


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

    source: str = attrs.field(converter=_as_source)
    records: abc.Mapping[str, Section] = attrs.field(converter=_as_records)
    key: tuple[str, ...] = attrs.field(default=(), converter=_as_key)
    rows: str = attrs.field(default="one", converter=_as_rows)
    zone: str | None = attrs.field(default=None, converter=_as_zone)
    missing: tuple[str, ...] = attrs.field(default=(), converter=_as_missing)
    rest: str = attrs.field(default="reject", converter=_as_rest)
    ignore: tuple[str, ...] = attrs.field(default=(), converter=_as_ignore)
    signature: tuple[str, ...] = attrs.field(default=(), converter=_as_signature)
    read: Reading = attrs.field(factory=Reading, converter=_as_reading)

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
        return tuple(
            self.records[name] for name in graphlib.TopologicalSorter(graph).static_order()
        )

    def columns(self) -> set[str]:
        """Return the columns that it looks at."""
        return set(self.key).union(*(section.columns() for section in self.records.values()))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain tables, in the form of the file."""
        found: dict[str, Any] = {}
        for field in attrs.fields(Mapping):
            value = getattr(self, field.name)
            if field.name == "records":
                found["records"] = {name: section_table(each) for name, each in value.items()}
            elif field.name == "read":
                table = attrs.asdict(value, filter=lambda field, each: each != field.default)
                found |= {"read": table} if table else {}
            elif value != field.default:
                found[field.name] = list(value) if isinstance(value, tuple) else value
        return found

    _repr_pretty_ = show_as_text

    def __str__(self) -> str:
        """Say it as its file does."""
        return self.to_toml()

    def to_toml(self, comment: str = "") -> str:
        """Return the text of its file, with a comment above it."""
        return document(self.to_dict(), comment)

    def save(self, path: Path | str, *, comment: str = "", overwrite: bool = False) -> Path:
        """Write it to a TOML file.

        Raises:
            SourceError: If the file is there already and `overwrite` was not said, or cannot be
                written.
        """
        return write_text(Path(path), self.to_toml(comment), overwrite=overwrite)


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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
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
