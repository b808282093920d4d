"""What the fields of records hold, as far as filling them from a source needs to know."""

from __future__ import annotations

import enum
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from remedy import records, vocabulary
from remedy.records import RECORDS

__all__ = ["Kind", "Shape", "attribute_shape", "parts_of", "shapes_of"]


class Kind(enum.Enum):
    """How a value in a source becomes the value of a field."""

    TEXT = enum.auto()
    TIME = enum.auto()
    WHOLE = enum.auto()
    FLAG = enum.auto()
    MONEY = enum.auto()
    WORD = enum.auto()
    REFERENCE = enum.auto()
    ATTRIBUTE = enum.auto()


@attrs.frozen(kw_only=True)
class Shape:
    """What one field holds.

    Attributes:
        name: Its name.
        kind: How its value, or each of its values, is read.
        needed: Whether a record cannot do without it.
        several: Whether it can hold several.
        of: The class of what it holds, where that has fields of its own.
        words: The words that it can hold, where they are a closed list.
        target: The kind of record that it refers to, where it refers to one.
        check: Turns a value into its one form, or refuses it.
    """

    name: str
    kind: Kind
    needed: bool = False
    several: bool = False
    of: type[Any] | None = None
    words: type[enum.StrEnum] | None = None
    target: str | None = None
    check: Callable[[Any], Any] = lambda value: value

    def constant(self, value: Any) -> Any:
        """Return what the field holds where a mapping gives it a value of its own.

        Raises:
            Refused: If it cannot hold that.
        """
        if value == "ALL" and self.kind is Kind.REFERENCE and self.several and self.of is None:
            return vocabulary.ALL
        return self.check(value)


_KINDS = {
    "str": Kind.TEXT,
    "datetime": Kind.TIME,
    "datetime | Day": Kind.TIME,
    "int": Kind.WHOLE,
    "bool": Kind.FLAG,
    "Money": Kind.MONEY,
    "Id": Kind.REFERENCE,
}
# What several of a kind are, and the field of theirs that a plain value stands for.
_OBJECTS: Mapping[str, type[Any]] = {
    "Affected": records.Affected,
    "ActionEvent": records.ActionEvent,
    "Alias": records.Alias,
    "CausalLink": records.CausalLink,
    "Link": records.Link,
    "Promise": records.Promise,
    "Share": records.Share,
}
_BY_ID = {records.Affected, records.CausalLink, records.Link}
# What the fields that refer to records refer to, where their names differ from that.
_TARGETS = {
    "a": "incident",
    "b": "incident",
    "duplicate_of": "incident",
    "effects": "cause",
    "introduces": "cause",
    "not_reached": "customer",
}


@functools.cache
def shapes_of(entity: str) -> Mapping[str, Shape]:
    """Return what the fields of a kind of record hold, by name; all but `attributes`."""
    return _shapes(RECORDS[entity])


_PARTS: dict[type[Any], Mapping[str, Shape]] = {}


def parts_of(kind: type[Any]) -> Mapping[str, Shape]:
    """Return what the fields of something inside a record hold, by name."""
    if kind not in _PARTS:
        _PARTS[kind] = _shapes(kind)
    return _PARTS[kind]


def _shapes(kind: type[Any]) -> Mapping[str, Shape]:
    # As they are written: `Attribute.type` is another thing once somebody has resolved the types.
    written: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        written |= inspect.get_annotations(each)
    return {
        field.name: _shape(field, written[field.name])
        for field in attrs.fields(kind)
        if field.name != "attributes"
    }


def _shape(field: Any, written: str) -> Shape:
    holds = written.removesuffix(" | None")
    needed = field.default is attrs.NOTHING and field.name != "id"
    several = "tuple[" in holds
    one = holds.removeprefix("Everyone | ").removeprefix("tuple[").removesuffix(", ...]")
    words = getattr(vocabulary, one, None)
    if words is not None:
        kind = Kind.WORD
    elif one in _OBJECTS:
        kind = Kind.REFERENCE if _OBJECTS[one] in _BY_ID else Kind.ATTRIBUTE
    else:
        kind = _KINDS[one]
    return Shape(
        name=field.name,
        kind=kind,
        needed=needed,
        several=several,
        of=_OBJECTS.get(one),
        words=words,
        target=_target(field.name) if kind is Kind.REFERENCE else None,
        check=field.converter,
    )


def _target(name: str) -> str | None:
    found = _TARGETS.get(name, name.removesuffix("s"))
    return found if found in RECORDS else None  # a link's own field refers to what the link does


def attribute_shape(name: str) -> Shape:
    """Return the shape of a field of one's own."""
    return Shape(name=f"attributes.{name}", kind=Kind.ATTRIBUTE, several=True)
