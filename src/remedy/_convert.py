"""Records as plain dictionaries that JSON can hold, and back (cattrs)."""

from __future__ import annotations

import difflib
import functools
import typing
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs
import cattrs

from remedy import records as r
from remedy._coerce import Day, Refused
from remedy._links import Id
from remedy.errors import InvalidRecord
from remedy.money import Money
from remedy.vocabulary import ALL, Everyone

__all__ = ["from_dict", "plain", "to_dict"]


def _is_word(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


@functools.cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(omit_if_default=True, forbid_extra_keys=True)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_unstructure_hook(Day, str)
    converter.register_unstructure_hook(Money, str)
    converter.register_unstructure_hook(Everyone, lambda _: "all")
    # For the class itself: what is registered by a condition stands behind cattrs' own for text.
    converter.register_unstructure_hook(StrEnum, lambda word: word.value)
    # What a field holds is told by its own class, not by the annotation, where several may stand.
    for union in (datetime | Day, datetime | Day | None, Id, Id | None):
        converter.register_unstructure_hook(
            union, lambda value: value if value is None else converter.unstructure(value)
        )
    told = Everyone | tuple[Id, ...] | None
    converter.register_unstructure_hook(
        told,
        lambda value: (
            [converter.unstructure(each) for each in value]
            if isinstance(value, tuple)
            else converter.unstructure(value)
        ),
    )

    def as_given(value: Any, _: Any) -> Any:
        return value

    def reference(value: Any, _: Any) -> Any:
        return _structured(converter, value, r.External) if isinstance(value, Mapping) else value

    def several(value: Any, kind: Any) -> Any:
        """Take one or many, each in full or as a bare id, as the records do."""
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, Mapping):
            value = [value]
        if not isinstance(value, Iterable):
            raise Refused("must be one or many.")
        (inner, _) = typing.get_args(kind)
        return tuple(
            _structured(converter, each, inner) if isinstance(each, Mapping) else each
            for each in value
        )

    # The records convert and check single values themselves, and name the field that is wrong.
    for kind in (datetime, datetime | None, datetime | Day, datetime | Day | None, Money | None):
        converter.register_structure_hook(kind, as_given)
    for kind in (str, str | None, int, int | None, bool, bool | None):
        converter.register_structure_hook(kind, as_given)
    converter.register_structure_hook_func(lambda kind: kind == dict[str, Any], as_given)
    converter.register_structure_hook_func(_is_word, as_given)
    for kind in (Id, Id | None):
        converter.register_structure_hook(kind, reference)
    converter.register_structure_hook_func(
        lambda kind: (
            getattr(kind, "__origin__", None) is tuple and typing.get_args(kind)[1:] == (...,)
        ),
        several,
    )
    converter.register_structure_hook(
        told, lambda value, _: ALL if value == "all" else several(value, tuple[Id, ...])
    )
    return converter


def to_dict(record: r.Record) -> dict[str, Any]:
    """Return a record as a dictionary that JSON can hold, with its kind under "record".

    Fields that hold their default are left out.

    Example:
        >>> from remedy import Customer, to_dict
        >>> to_dict(Customer(id="C-17", name="Anna's bakery"))
        {'record': 'customer', 'id': 'C-17', 'name': "Anna's bakery"}
    """
    return {"record": record.entity, **_converter().unstructure(record)}


def plain(value: Any) -> Any:
    """Return a value of a field, or an item of one, as JSON can hold it."""
    return _converter().unstructure(value)


def from_dict(value: Mapping[str, Any]) -> r.Record:
    """Return the record that `to_dict` made a dictionary of.

    Raises:
        InvalidRecord: If the kind is not known, a field is missing or unknown, or a value is not
            what the field holds.

    Example:
        >>> from remedy import from_dict
        >>> from_dict({"record": "customer", "id": "C-17"})
        Customer(id='C-17')
    """
    if not isinstance(value, Mapping):
        raise InvalidRecord("Record", "record", value, "is no mapping of fields to values.")
    fields = dict(value)
    kind = fields.pop("record", None)
    cls = r.RECORDS.get(kind) if isinstance(kind, str) else None
    if cls is None:
        known = ", ".join(r.RECORDS)
        raise InvalidRecord("Record", "record", kind, f"is no kind of record: {known}.")
    record: r.Record = _structured(_converter(), fields, cls)
    return record


def _structured(converter: cattrs.Converter, fields: Mapping[str, Any], cls: Any) -> Any:
    if cls == Id:
        cls = r.External
    try:
        return converter.structure(fields, cls)
    except cattrs.BaseValidationError as group:
        # A field that is misspelt is also missing: the first is what helps.
        unknown = [e for e in group.exceptions if isinstance(e, cattrs.ForbiddenExtraKeysError)]
        raise _first([*unknown, *group.exceptions][0], cls, fields) from None


def _first(error: Exception, cls: type[Any], fields: Mapping[str, Any]) -> InvalidRecord:
    """Return the first of what is wrong, as an error that names the field."""
    if isinstance(error, InvalidRecord):
        return error
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        field = min(error.extra_fields)
        near = difflib.get_close_matches(field, [each.name for each in attrs.fields(cls)], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return InvalidRecord(cls.__name__, field, fields[field], f"there is no such field.{hint}")
    (field,) = (note.name for note in error.__notes__ if hasattr(note, "name"))
    if isinstance(error, KeyError):
        return InvalidRecord(cls.__name__, field, None, "is missing.")
    return InvalidRecord(cls.__name__, field, fields.get(field), str(error))
