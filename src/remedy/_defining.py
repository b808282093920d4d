"""How the classes of records are defined: quick to import, quick to fill, equal by their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import attrs

from remedy._coerce import Refused
from remedy.errors import InvalidRecord, InvalidTime

__all__ = ["Value", "frozen", "refuse", "unsaid", "values_of"]

C = TypeVar("C", bound=type[Any])


def _lean(*, kw_only: Literal[True]) -> Callable[[C], C]:
    """`attrs.frozen` for records: defined, and filled, in half the time.

    The `__init__` that attrs writes runs every converter, on defaults too: at two dozen fields of
    which eight are given, that is most of the time of loading a million incidents. The one made
    here converts what is given, takes the defaults as they are (they stand in their final form),
    and names the field that is refused. Slots, repr and eq are left out because importing the
    records is part of the start-up of every program that uses them.
    """

    def decorate(cls: C) -> C:
        fields: list[attrs.Attribute[Any]] = []

        def bare(_: type, given: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
            # Without `__init__` attrs writes an `__attrs_init__`, which takes half of the time of
            # importing the records: of fields like these it has nothing to write.
            fields.extend(given)
            return [
                each.evolve(init=False, default=attrs.NOTHING, converter=None) for each in given
            ]

        cls = attrs.frozen(
            kw_only=kw_only, slots=False, init=False, eq=False, repr=False, match_args=False,
            field_transformer=bare,
        )(cls)  # fmt: skip
        cls.__attrs_attrs__ = type(attrs.fields(cls))(fields)
        cls.__init__ = _converting_init(cls)
        return cls

    return decorate


def _converting_init(cls: type[Any]) -> Callable[..., None]:
    name = cls.__name__
    fields = attrs.fields(cls)
    converters: dict[str, Callable[[Any], object]] = {each.name: each.converter for each in fields}
    required = [each.name for each in fields if each.default is attrs.NOTHING]
    defaults = {each.name: each.default for each in fields if each.default is not attrs.NOTHING}
    check: Callable[[Any], None] | None = getattr(cls, "__attrs_post_init__", None)
    # Of attributes each record has a mapping of its own.
    own_attributes = defaults.pop("attributes", None) is not None
    for field, default in defaults.items():
        setattr(cls, field, default)
    cls._unsaid = {name: {} if name == "attributes" else defaults.get(name) for name in converters}
    fill = object.__setattr__

    def __init__(self: Any, **given: Any) -> None:  # noqa: N807 - becomes the method
        field = ""
        try:
            for field, value in given.items():
                given[field] = converters[field](value)
        except Refused as refused:
            kind = InvalidTime if refused.time else InvalidRecord
            raise kind(name, field, given[field], refused.problem) from None
        except KeyError:
            import difflib

            near = difflib.get_close_matches(field, converters, n=1)
            hint = f". Did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{name}() has no field {field!r}{hint}") from None
        for field in required:
            if field not in given:
                raise TypeError(f"{name}() needs the field {field!r}")
        if own_attributes and "attributes" not in given:
            given["attributes"] = {}
        fill(self, "__dict__", given)
        if check is not None:
            check(self)

    __init__.__qualname__ = f"{name}.__init__"
    return __init__


if TYPE_CHECKING:
    # To a type checker the records are plain attrs classes.
    from attrs import frozen
else:
    frozen = _lean


def refuse(record: object, field: str, problem: str) -> InvalidRecord:
    """Return the error that refuses what a field of a record holds."""
    return InvalidRecord(type(record).__name__, field, getattr(record, field), problem)


_FEW = 10


def _shown(value: object) -> str:
    """Return a value as repr does, but of very many the first: 2,000 customers fill pages."""
    if isinstance(value, tuple) and len(value) > _FEW:
        return f"({', '.join(map(repr, value[:3]))}, … {len(value)} in all)"
    return repr(value)


def unsaid(cls: type[Value]) -> Mapping[str, Any]:
    """Return all fields of a class, in their order, with what they hold where nothing is given."""
    return cls._unsaid


def values_of(record: Value) -> dict[str, Any]:
    """Return what all fields of a record hold, in their order."""
    return record._unsaid | record.__dict__


class Value:
    """Equality, hash and text of what is compared field by field."""

    _unsaid: ClassVar[dict[str, Any]]

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return values_of(self) == values_of(other)

    def __hash__(self) -> int:
        return hash((type(self), *values_of(self).values()))

    def __repr__(self) -> str:
        told = ", ".join(
            f"{each.name}={_shown(getattr(self, each.name))}"
            for each in attrs.fields(type(self))  # type: ignore[arg-type]
            if getattr(self, each.name) != ({} if each.name == "attributes" else each.default)
        )
        return f"{type(self).__name__}({told})"
