"""What a mapping says of one field: where its value comes from, and what becomes of it.

All of it can be written as the tables of a TOML file, and is read from such tables.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from remedy._coerce import Refused, storable, zone_of
from remedy.errors import BadMapping, shown
from remedy.money import Money
from remedy.sources.times import FOLDS, format_of

__all__ = ["Condition", "Parts", "Rule", "Value", "as_table", "from_table", "template_parts"]

T = TypeVar("T")
Constant = str | int | float | bool
Read = Callable[[Any, str], Any]


# --- reading tables -------------------------------------------------------------------------------


def from_table(kind: type[T], table: Mapping[str, Any], place: str) -> T:
    """Return the object that a table describes.

    Raises:
        BadMapping: If an entry is not known, or holds what it cannot hold; it names `place`.
    """
    fields = {_key(field): field for field in attrs.fields(kind)}  # type: ignore[arg-type]
    given = {}
    for key, value in table.items():
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(fields)}."
            raise BadMapping(place, f"there is no entry {key!r}. {hint}")
        given[fields[key].name] = fields[key].metadata["read"](value, f"{place}.{key}")
    try:
        return kind(**given)
    except Refused as refused:
        raise BadMapping(place, refused.problem) from None


def as_table(thing: Any) -> Any:
    """Return the table that describes an object; the short form where there is one."""
    if isinstance(thing, Value) and list(_entries(thing)) == ["column"]:
        return thing.column
    if isinstance(thing, Rule):
        return as_table(thing.when) | {"is": thing.is_}
    if isinstance(thing, Parts):
        around = {"when": thing.when, "take": thing.take}
        return as_table({**thing.fields, **{k: each for k, each in around.items() if each}})
    if isinstance(thing, Mapping):
        return {key: as_table(each) for key, each in thing.items()}
    if isinstance(thing, tuple):
        return [as_table(each) for each in thing]
    return _entries(thing) if attrs.has(type(thing)) else thing


def _entries(thing: Any) -> dict[str, Any]:
    found = {}
    for field in attrs.fields(type(thing)):
        value = getattr(thing, field.name)
        if value == field.default:
            continue
        one = (
            isinstance(value, tuple)
            and len(value) == 1
            and field.metadata["read"] in (texts, _formats)
        )
        found[_key(field)] = value[0] if one else as_table(value)
    return found


def _key(field: Any) -> str:
    return str(field.name).rstrip("_")


def text(value: Any, place: str) -> str:
    """A text that is not empty."""
    if isinstance(value, str) and value and storable(value):
        return value
    raise BadMapping(place, f"{shown(value)} is no text, or empty.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and storable(value)


def texts(value: Any, place: str) -> tuple[str, ...]:
    """One text or several."""
    if _is_text(value):
        return (value,)
    if isinstance(value, (list, tuple)) and value and all(map(_is_text, value)):
        return tuple(value)
    raise BadMapping(place, f"{shown(value)} is no text, nor a list of texts.")


def flag(value: Any, place: str) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise BadMapping(place, f"{shown(value)} is neither true nor false.")


def number(value: Any, place: str) -> int | float:
    """A number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise BadMapping(place, f"{shown(value)} is no number.")


def constant(value: Any, place: str) -> Constant:
    """A value that stands for itself."""
    if isinstance(value, str) and storable(value):
        return value
    if isinstance(value, (int, float)) and math.isfinite(value):
        return value
    raise BadMapping(place, f"{shown(value)} is no text, number, true or false.")


def one_of(*words: str) -> Read:
    """A word of a list."""

    def read(value: Any, place: str) -> str:
        if value in words:
            return str(value)
        raise BadMapping(place, f"{shown(value)} is not one of {', '.join(words)}.")

    return read


def _listed(read: Read) -> Read:
    def read_list(value: Any, place: str) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or not value:
            raise BadMapping(place, f"{shown(value)} is no list, or an empty one.")
        return tuple(read(each, f"{place}[{number}]") for number, each in enumerate(value, start=1))

    return read_list


def _table(value: Any, place: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise BadMapping(place, f"{shown(value)} is no table.")


def _read_condition(value: Any, place: str) -> Condition:
    if isinstance(value, Condition):
        return value
    return from_table(Condition, _table(value, place), place)


def _read_rule(value: Any, place: str) -> Rule:
    if isinstance(value, Rule):
        return value
    given = dict(_table(value, place))
    if "is" not in given:
        raise BadMapping(place, "the entry 'is' is missing: what the rule makes of the row.")
    outcome = constant(given.pop("is"), f"{place}.is")
    return Rule(when=_read_condition(given, place), is_=outcome)


def read_value(value: Any, place: str) -> Value:
    """Where one value comes from: the name of a column, or a table that says more."""
    if isinstance(value, Value):
        return value
    if isinstance(value, str):
        return Value(column=text(value, place))
    if not isinstance(value, Mapping):
        raise BadMapping(
            place,
            f"{shown(value)} is no column. A value that stands for itself is written "
            f"{{ value = ... }}.",
        )
    return from_table(Value, value, place)


def _constants(value: Any, place: str) -> Mapping[str, Constant]:
    given = _table(value, place)
    return {str(key): constant(each, f"{place}.{key}") for key, each in given.items()}


def _zone(value: Any, place: str) -> str:
    name = text(value, place)
    try:
        zone_of(name)
    except Refused as refused:
        raise BadMapping(place, refused.problem) from None
    return name


def _formats(value: Any, place: str) -> tuple[str, ...]:
    formats = texts(value, place)
    for each in formats:
        try:
            if not format_of(each).has_day:
                raise Refused(f"{each!r} does not say which day: year, month and day are needed.")
        except Refused as refused:
            raise BadMapping(place, refused.problem) from None
    return formats


def _sign(value: Any, place: str) -> str:
    if value in (",", ".", " ", "'", "’", "_", "\u00a0", "\u202f"):
        return str(value)
    raise BadMapping(place, f"{shown(value)} is no sign that stands in numbers.")


def _currency(value: Any, place: str) -> str:
    try:
        return Money(0, text(value, place)).currency
    except Refused as refused:
        raise BadMapping(place, refused.problem) from None


read_zone = _zone


# How an entry is read, as the metadata of the attribute that it becomes.
_TEXT = {"read": text}
_TAKE = {"read": one_of("first", "last", "all", "earliest", "latest")}
_OTHERS = {"read": one_of("reject", "missing", "keep")}
_AS = {"read": one_of("text", "whole", "number", "flag", "time")}
_FOLD = {"read": one_of(*FOLDS)}
_TEXTS = {"read": texts}
_FLAG = {"read": flag}
_NUMBER = {"read": number}
_CONDITIONS = {"read": _listed(_read_condition)}
_CONDITION = {"read": _read_condition}
_CONSTANT = {"read": constant}
_VALUES = {"read": _listed(read_value)}
_RULES = {"read": _listed(_read_rule)}
_CONSTANTS = {"read": _constants}
_VALUE = {"read": read_value}
_FORMATS = {"read": _formats}
_ZONE = {"read": _zone}
_SIGN = {"read": _sign}
_CURRENCY = {"read": _currency}


# --- what mappings are made of --------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Condition:
    """What has to hold of a row. All that is said has to.

    Texts are compared without regard to case and to space at their ends. None of this takes
    longer than the text is long.

    Attributes:
        column: The column that is looked at.
        equals: It is one of these.
        contains: One of these stands somewhere in it.
        words: One of these stands in it as whole words: "cap" is in "data cap", not in "capital".
        starts_with: It begins with one of these.
        ends_with: It ends with one of these.
        matches: It is like one of these, in which `*` stands for any text.
        present: Whether it says anything at all.
        above: It is a number greater than this.
        below: It is a number smaller than this.
        any: At least one of these conditions holds.
        all: All of these hold.
        not: This one does not hold.
    """

    column: str | None = attrs.field(default=None, metadata=_TEXT)
    equals: tuple[str, ...] | None = attrs.field(default=None, metadata=_TEXTS)
    contains: tuple[str, ...] | None = attrs.field(default=None, metadata=_TEXTS)
    words: tuple[str, ...] | None = attrs.field(default=None, metadata=_TEXTS)
    starts_with: tuple[str, ...] | None = attrs.field(default=None, metadata=_TEXTS)
    ends_with: tuple[str, ...] | None = attrs.field(default=None, metadata=_TEXTS)
    matches: tuple[str, ...] | None = attrs.field(default=None, metadata=_TEXTS)
    present: bool | None = attrs.field(default=None, metadata=_FLAG)
    above: float | None = attrs.field(default=None, metadata=_NUMBER)
    below: float | None = attrs.field(default=None, metadata=_NUMBER)
    any_: tuple[Condition, ...] | None = attrs.field(default=None, metadata=_CONDITIONS)
    all_: tuple[Condition, ...] | None = attrs.field(default=None, metadata=_CONDITIONS)
    not_: Condition | None = attrs.field(default=None, metadata=_CONDITION)

    def __attrs_post_init__(self) -> None:
        said = attrs.asdict(self, recurse=False) | {"column": None}
        if all(each is None for each in said.values()):
            raise Refused("says no condition: equals, contains, words, present, above ...")


@attrs.frozen(kw_only=True)
class Rule:
    """A condition, and what a row is where it holds."""

    when: Condition
    is_: Constant


@attrs.frozen(kw_only=True)
class Value:
    """Where the value of a field comes from, and what becomes of it.

    Said first is done first: what the row says; missing or not; the part of the text; rules or
    the table of values; then the field's own form (time, number, money, word).

    Attributes:
        column: The column.
        template: Or a text with columns in braces, `"{Date} {Time}"`; missing where one of them is.
        value: Or a value that is always the same.
        record: Or the id of the record that another section of the mapping makes of the row.
        first_of: Or the first of these that is there.
        rules: Or what the first rule says whose condition holds; `column` is then where its
            conditions look unless they name another.
        when: Only where this holds; otherwise the value is missing.
        take: Of several rows: the first or last that has a value, all different ones, or the
            earliest or latest time. The last, if nothing is said.
        missing: What the column says where it has no value, besides what the mapping says.
        after: The text behind the first of these that stands in it.
        before: The text in front of the first of these that stands in it.
        split: What parts several values in one cell.
        values: What each of the values becomes.
        others: What a value becomes that is not in that table: reject, missing or keep.
        otherwise: Where the value comes from if it is missing.
        format: How times are written, as `strptime` has it, or iso, unix, unix_ms. Several are
            tried in their order.
        zone: The zone of times that do not say theirs.
        fold: Which time is meant where the clock showed it twice: first or second.
        thousands: The sign between thousands, which numbers may have.
        decimal: The sign before the fraction; a point, if nothing is said.
        currency: The currency of an amount that does not say it.
        currency_column: The column that says it.
        external: The source in which the referenced record has this id; its id here need not be
            known.
        as: What an attribute is: text, whole, number, flag or time.
    """

    column: str | None = attrs.field(default=None, metadata=_TEXT)
    template: str | None = attrs.field(default=None, metadata=_TEXT)
    value: Constant | None = attrs.field(default=None, metadata=_CONSTANT)
    record: str | None = attrs.field(default=None, metadata=_TEXT)
    first_of: tuple[Value, ...] | None = attrs.field(default=None, metadata=_VALUES)
    rules: tuple[Rule, ...] | None = attrs.field(default=None, metadata=_RULES)
    when: Condition | None = attrs.field(default=None, metadata=_CONDITION)
    take: str | None = attrs.field(default=None, metadata=_TAKE)
    missing: tuple[str, ...] = attrs.field(default=(), metadata=_TEXTS)
    after: tuple[str, ...] = attrs.field(default=(), metadata=_TEXTS)
    before: tuple[str, ...] = attrs.field(default=(), metadata=_TEXTS)
    split: str | None = attrs.field(default=None, metadata=_TEXT)
    values: Mapping[str, Constant] | None = attrs.field(default=None, metadata=_CONSTANTS)
    others: str = attrs.field(default="reject", metadata=_OTHERS)
    otherwise: Value | None = attrs.field(default=None, metadata=_VALUE)
    format: tuple[str, ...] = attrs.field(default=(), metadata=_FORMATS)
    zone: str | None = attrs.field(default=None, metadata=_ZONE)
    fold: str | None = attrs.field(default=None, metadata=_FOLD)
    thousands: str | None = attrs.field(default=None, metadata=_SIGN)
    decimal: str = attrs.field(default=".", metadata=_SIGN)
    currency: str | None = attrs.field(default=None, metadata=_CURRENCY)
    currency_column: str | None = attrs.field(default=None, metadata=_TEXT)
    external: str | None = attrs.field(default=None, metadata=_TEXT)
    as_: str | None = attrs.field(default=None, metadata=_AS)

    def __attrs_post_init__(self) -> None:
        origins = {
            "column": self.column,
            "template": self.template,
            "value": self.value,
            "record": self.record,
            "first_of": self.first_of,
        }
        given = [name for name, origin in origins.items() if origin is not None]
        if len(given) > 1:
            raise Refused(f"{given[0]!r} and {given[1]!r} both say where the value comes from.")
        if not given and self.rules is None:
            raise Refused(f"does not say where the value comes from: {', '.join(origins)}, rules.")
        if self.rules is not None and given not in ([], ["column"]):
            raise Refused(f"{given[0]!r} and 'rules' both say where the value comes from.")
        if self.others != "reject" and self.values is None:
            raise Refused("'others' is for what is not in a table of 'values', and there is none.")
        if self.template is not None:
            template_parts(self.template)

    def columns(self) -> set[str]:
        """Return the columns that it looks at."""
        found = {self.column, self.currency_column} - {None}
        if self.template is not None:
            found |= {column for _, column in template_parts(self.template)} - {None}
        for value in (*(self.first_of or ()), *([self.otherwise] if self.otherwise else ())):
            found |= value.columns()
        for condition in (*(rule.when for rule in self.rules or ()), self.when):
            found |= condition_columns(condition)
        return found  # type: ignore[return-value]


@attrs.frozen(kw_only=True)
class Parts:
    """A value with fields of its own: a customer with the order, an event of an action, a link.

    Attributes:
        fields: Where each of its fields comes from.
        when: Only where this holds.
        take: Of several rows, which ones make one each: the first, the last, or all for which its
            main field has a value. Where nothing is said, one is made of all rows together.
    """

    fields: Mapping[str, Value]
    when: Condition | None = None
    take: str | None = None

    def columns(self) -> set[str]:
        """Return the columns that it looks at."""
        found = condition_columns(self.when)
        for value in self.fields.values():
            found |= value.columns()
        return found


def condition_columns(condition: Condition | None) -> set[str]:
    """Return the columns that a condition looks at."""
    if condition is None:
        return set()
    inner = (*(condition.any_ or ()), *(condition.all_ or ()), condition.not_)
    found = set() if condition.column is None else {condition.column}
    return found.union(*(condition_columns(each) for each in inner))


_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|([{}])|[^{}]+")


def template_parts(template: str) -> list[tuple[str, str | None]]:
    """Return the literal texts of a template, each with the column that follows it.

    Raises:
        Refused: If its braces do not pair, or name no column.
    """
    found: list[tuple[str, str | None]] = []
    literal = ""
    for piece in _PIECES.finditer(template):
        text, column, alone = piece[0], piece[1], piece[2]
        if alone:
            raise Refused(f"{template!r}: the braces do not pair. A brace itself is {{{{.")
        if column is None:
            literal += text[0] if text in ("{{", "}}") else text
        elif not column.strip():
            raise Refused(f"{template!r}: {{}} names no column.")
        else:
            found.append((literal, column))
            literal = ""
    found.append((literal, None))
    if all(column is None for _, column in found):
        raise Refused(f"{template!r} names no column in braces. If it is always the same: value.")
    return found
