"""Single values: from what a cell or a JSON value holds to what a field holds."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from remedy._coerce import Refused, chosen
from remedy.errors import shown
from remedy.money import Money
from remedy.records import External
from remedy.sources.shapes import Kind, Shape
from remedy.sources.times import TimeReader, format_of
from remedy.sources.values import Value

__all__ = ["Convert", "converter", "number_in", "text_of"]

Convert = Callable[[Any, Mapping[str, Any]], Any]
"""Turns a value, found in a row, into what a field holds; refuses it with `Refused`."""

_LONGEST_NUMBER = 64


def text_of(value: object) -> str:
    """Return a value as the text that a cell would hold."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list):
        # In one order: ["api", "web"] and ["web", "api"] say the same.
        return ", ".join(sorted({text_of(each) for each in value} - {""}))
    return str(value)


def converter(value: Value, shape: Shape, zone: str | None) -> Convert:
    """Return the function that turns one value into what a field holds."""
    if shape.kind is Kind.ATTRIBUTE:
        return _attribute(value, zone)
    if shape.kind is Kind.TIME:
        times = _times(value, zone)
        return lambda found, _: times(found)
    if shape.kind is Kind.REFERENCE and value.external is not None:
        source = value.external
        return lambda found, _: External(source=source, external_id=text_of(found))
    if shape.words is not None:
        word = _word(shape.words)
        return lambda found, _: word(text_of(found))
    simple: dict[Kind, Convert] = {
        Kind.WHOLE: lambda found, _: _whole(number_in(found, value.thousands, value.decimal)),
        Kind.FLAG: lambda found, _: _flag(found),
        Kind.MONEY: lambda found, row: _money(found, row, value),
    }
    return simple.get(shape.kind, lambda found, _: text_of(found))


def _attribute(value: Value, zone: str | None) -> Convert:
    if value.as_ == "time":
        times = _times(value, zone)
        return lambda found, _: str(times(found)).replace(" ", "T")
    made: dict[str | None, Convert] = {
        "text": lambda found, _: text_of(found),
        "whole": lambda found, _: _whole(number_in(found, value.thousands, value.decimal)),
        "number": lambda found, _: _plain(number_in(found, value.thousands, value.decimal)),
        "flag": lambda found, _: _flag(found),
        # What JSON can hold stays as it is.
        None: lambda found, _: text_of(found) if isinstance(found, dt.date) else found,
    }
    return made[value.as_]


def _times(value: Value, zone: str | None) -> TimeReader:
    return TimeReader(
        [format_of(each) for each in value.format or ("iso",)], value.zone or zone, value.fold
    )


def _word(words: type[enum.StrEnum]) -> Callable[[str], enum.StrEnum]:
    def word(text: str) -> enum.StrEnum:
        try:
            return chosen(words, text)
        except Refused as refused:
            raise Refused(
                f"{refused.problem} Say what it means in a table: "
                f'values = {{ "..." = "{next(iter(words))}" }}.'
            ) from None

    return word


# --- numbers --------------------------------------------------------------------------------------


@functools.cache
def _pattern(thousands: str | None, decimal: str) -> re.Pattern[str]:
    whole = r"\d{1,40}"
    if thousands is not None:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(thousands)}\d{{3}}){{1,13}}|{whole})"
    return re.compile(rf"([+-]?)({whole})(?:{re.escape(decimal)}(\d{{1,20}}))?\Z", re.A)


def number_in(found: Any, thousands: str | None = None, decimal: str = ".") -> Decimal:
    """Return the number that a value says.

    Raises:
        Refused: If it says none, in ASCII digits and with these signs.
    """
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return Decimal(repr(found))
    text = text_of(found).strip()
    match = _pattern(thousands, decimal).match(text) if len(text) <= _LONGEST_NUMBER else None
    if match is None:
        signs = f"{shown(decimal)} before the fraction" + (
            f" and {shown(thousands)} between thousands" if thousands else ""
        )
        raise Refused(
            f"is no number, with {signs}. Say which signs it is written with: thousands = ',', "
            f"decimal = '.'."
        )
    sign, whole, fraction = match.groups()
    if thousands is not None:
        whole = whole.replace(thousands, "")
    return Decimal(f"{sign}{whole}.{fraction or 0}")


def _whole(number: Decimal) -> int:
    if number != number.to_integral_value():
        raise Refused("is no whole number.")
    if not -(2**63) <= number < 2**63:
        raise Refused("is beyond 64 bits.")
    return int(number)


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


_FLAGS = dict.fromkeys(("true", "yes", "y", "1"), True) | dict.fromkeys(
    ("false", "no", "n", "0"), False
)


def _flag(found: Any) -> bool:
    plain = text_of(found).strip().lower()
    if plain not in _FLAGS:
        raise Refused(
            'is neither yes nor no. Say what it means in a table: values = { "..." = true }.'
        )
    return _FLAGS[plain]


def _money(found: Any, row: Mapping[str, Any], value: Value) -> Money:
    currency = value.currency
    if value.currency_column is not None:
        currency = text_of(row.get(value.currency_column)).strip()
        if not currency:
            raise Refused(f"has no currency: {shown(value.currency_column)} is empty.")
    amount: Any = found
    if currency is None:
        amount, _, currency = text_of(found).strip().rpartition(" ")
        if not amount:
            raise Refused(
                "has no currency: write 12.50 EUR, or say currency = 'EUR', or in which column it "
                "stands, currency_column."
            )
    number = number_in(amount, value.thousands, value.decimal)
    # Unless it was said which signs numbers are written with, "12.500" may be twelve thousand and
    # five hundred: as a text, Money refuses that.
    said = value.thousands is not None or value.decimal != "." or not isinstance(amount, str)
    try:
        return Money.of((number if said else format(number, "f"), currency))
    except Refused as refused:
        if said or "more digits" not in refused.problem:
            raise
        raise Refused(
            f"{refused.problem.partition('. ')[0]}. Say what its point is: thousands = '.' if it "
            f"parts thousands, thousands = ',' if it does not."
        ) from None
