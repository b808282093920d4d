"""The forms in which single values stand in columns, and how they come back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from remedy._coerce import Day, zone_of
from remedy.vocabulary import Element, Impact, Strength

__all__ = [
    "ELEMENT_BIT",
    "IMPACT_RANK",
    "RANK_IMPACT",
    "RANK_STRENGTH",
    "STRENGTH_RANK",
    "elements_in",
    "from_json",
    "impact_rank",
    "json_of",
    "micros",
    "moment",
    "optional_moment",
    "span_micros",
    "span_of",
    "strength_of",
    "strength_rank",
    "time_or_day",
    "value_of",
    "zone_name",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(value: datetime) -> int:
    """Return a moment as whole microseconds since 1970 in UTC."""
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(value: int, zone: tzinfo = UTC) -> datetime:
    """Return the moment that is so many microseconds after 1970, told in a zone."""
    return (_EPOCH + timedelta(microseconds=value)).astimezone(zone)


def span_micros(value: timedelta) -> int:
    """Return a span of time as whole microseconds."""
    return value // _MICROSECOND


def optional_moment(value: int | None) -> datetime | None:
    """Return the moment so many microseconds after 1970, or None."""
    return None if value is None else moment(value)


IMPACT_RANK = {word: rank for rank, word in enumerate(Impact, start=1)}
RANK_IMPACT = {rank: word.value for word, rank in IMPACT_RANK.items()}
STRENGTH_RANK = {Strength.WEAKER: 1, Strength.INTERMEDIATE: 2, Strength.STRONGER: 3}
RANK_STRENGTH = {rank: word.value for word, rank in STRENGTH_RANK.items()}
ELEMENT_BIT = {word: 1 << place for place, word in enumerate(Element)}


def impact_rank(value: Impact) -> int:
    """Return 1 for minor to 4 for critical."""
    return IMPACT_RANK[value]


def strength_rank(value: Strength) -> int:
    """Return 1 for weaker to 3 for stronger."""
    return STRENGTH_RANK[value]


def strength_of(rank: int) -> Strength:
    """Return the strength with a rank."""
    return Strength(RANK_STRENGTH[rank])


def elements_in(mask: int) -> tuple[Element, ...]:
    """Return the elements whose bits are set."""
    return tuple(word for word, bit in ELEMENT_BIT.items() if mask & bit)


def value_of(word: Any) -> str:
    """Return the word of a list as a column holds it."""
    return word._value_  # type: ignore[no-any-return]


def json_of(value: Mapping[str, Any]) -> str | None:
    """Return attributes as JSON, or None where there are none."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False) if value else None


def from_json(value: str | None) -> dict[str, Any]:
    """Return the attributes that a column holds."""
    return json.loads(value) if value else {}


_ZONE_NAMES: dict[tzinfo, str] = {}


def zone_name(zone: tzinfo) -> str:
    """Return the offset of a zone as it is stored: "+01:00"."""
    try:
        return _ZONE_NAMES[zone]
    except KeyError:
        seconds = int(zone.utcoffset(None).total_seconds())  # type: ignore[union-attr]
        sign = "-" if seconds < 0 else "+"
        hours, rest = divmod(abs(seconds), 3600)
        minutes, seconds = divmod(rest, 60)
        name = f"{sign}{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
        if len(_ZONE_NAMES) < 2_000:
            _ZONE_NAMES[zone] = name
        return name


def span_of(value: datetime | Day) -> tuple[int, int, str]:
    """Return the first and last microsecond that a time may mean, and its zone."""
    if value.__class__ is Day:
        return micros(value.start), micros(value.end), value.zone
    start = micros(value)  # type: ignore[arg-type]
    return start, start, zone_name(value.tzinfo)  # type: ignore[union-attr, arg-type]


def time_or_day(start: int | None, end: int | None, zone: str | None) -> datetime | Day | None:
    """Return the moment, or the day, that stands in the columns of a time."""
    if start is None or zone is None:
        return None
    told = moment(start, zone_of(zone))
    return told if end == start else Day(told.date(), zone)
