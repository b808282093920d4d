"""Turning what people write into what records hold.

Each converter takes a value and returns it in its one form, or raises `Refused`, which says what is
wrong with the value; the record that called it adds its own name and the field's. They run for
every field of every record, so that the common case comes first in each.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Any, TypeVar

import attrs

from remedy.errors import RemedyError, with_article

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)


class Refused(RemedyError, ValueError):
    """A converter's word for a value that it does not take."""

    def __init__(self, problem: str, *, time: bool = False) -> None:
        super().__init__(problem, message=problem)
        self.problem = problem
        self.time = time


# --- text -----------------------------------------------------------------------------------------


@functools.cache  # Compiling it takes longer than importing many a module, and few texts need it.
def _unfit() -> re.Pattern[str]:
    # Control characters but for tab and the line breaks, and lone surrogates: no database, terminal
    # or JSON reader agrees with another on what to do with them.
    return re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def storable(value: str) -> bool:
    """Whether a database can hold a text at all."""
    return value.isprintable() or not _unfit().search(value)


def text(value: str | None) -> str | None:
    """Free text, or a label; the empty text is none at all."""
    if value.__class__ is str and value.isprintable():
        return value or None
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(f"must be text, not {type(value).__name__}.")
    if not value.isprintable():
        found = _unfit().search(value)
        if found:
            raise Refused(
                f"holds the character U+{ord(found[0]):04X} at position {found.start()}, which "
                f"cannot be stored. It often comes from reading a file in the wrong encoding."
            )
    return str(value) or None


def identifier(value: str) -> str:
    """An id: text without line breaks, and without space at its ends."""
    if value.__class__ is not str:
        if not isinstance(value, str):
            raise Refused(f"must be text, not {type(value).__name__}.")
        value = str(value)
    if not value or not value.isprintable() or value[0] == " " or value[-1] == " ":
        from remedy import _marks

        plain = value.translate(_marks.MARKS)
        if not plain or not plain.isprintable() or plain[0] == " " or plain[-1] == " ":
            raise Refused(
                "an id is not empty, holds no control or invisible characters, and has no space "
                "at its ends."
            )
        _marks.tell(value)
    return value


def needed_text(value: str) -> str:
    """Text that must be there."""
    given = text(value)
    if given is None or not given.strip():
        raise Refused("must not be empty.")
    return given


def optional_identifier(value: str | None) -> str | None:
    """An id, or none."""
    return None if value is None else identifier(value)


def whole(value: int | None) -> int | None:
    """A whole number that a database can hold."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"must be a whole number, not {type(value).__name__}.")
    if not -(2**63) <= value < 2**63:
        raise Refused("is beyond 64 bits.")
    return value


def needed_whole(value: int) -> int:
    """A whole number that must be there."""
    given = whole(value)
    if given is None:
        raise Refused("must be a whole number.")
    return given


def flag(value: bool | None) -> bool | None:
    """True, False or not known."""
    if value is None or value is True or value is False:
        return value
    raise Refused("must be True, False or None.")


def truth(value: bool) -> bool:
    """True or False."""
    if value is True or value is False:
        return value
    raise Refused("must be True or False.")


def chosen(words: type[W], value: object) -> W:
    """Return the member of a `StrEnum` that `value` means: by member, value or name."""
    try:
        return words._value2member_map_[value]  # type: ignore[return-value]
    except (KeyError, TypeError):
        pass
    if isinstance(value, str):
        plain = value.strip().lower().replace("-", "_")
        for word in words:
            if plain in (word.value, word.name.lower()) or plain.replace(" ", "_") == word.value:
                return word
    raise Refused(f"must be one of: {', '.join(word.value for word in words)}.")


# --- time -----------------------------------------------------------------------------------------

_AWAY = r"[+-]\d\d(?::\d\d(?::\d\d)?|\d\d(?:\d\d)?)"
_OFFSET = re.compile(rf"{_AWAY}\Z", re.A)


@functools.cache  # Likewise.
def _day() -> re.Pattern[str]:
    zone = rf"\s*(Z|{_AWAY})|[ \[]([A-Za-z][\w+/-]*)\]?"
    return re.compile(rf"(\d{{4}}-\d\d-\d\d)(?:{zone})?\Z", re.A)


_SAY_ZONE = (
    "has no time zone. Write the offset: 2026-03-02T09:00+01:00; where only the day is known, "
    "2026-03-02+01:00 or 2026-03-02[Europe/Vienna]. In Python, an aware datetime or a Day will do."
)

# A year less at both ends: every moment has a form in every zone.
_FIRST_YEAR, _LAST_YEAR = 2, 9998
_SAY_YEAR = f"lies outside of the years {_FIRST_YEAR} to {_LAST_YEAR}."


def zone_of(name: str) -> tzinfo:
    """Return the zone of an offset (`+01:00`, `Z`) or of a name (`Europe/Vienna`).

    Raises:
        Refused: If there is no such zone.
    """
    if name in ("Z", "UTC"):
        return dt.UTC
    if _OFFSET.match(name):
        digits = name[1:].replace(":", "")
        hours, minutes, seconds = (int(digits[at : at + 2] or 0) for at in (0, 2, 4))
        if hours > 23 or minutes > 59 or seconds > 59:
            raise Refused(f"the offset {name} is none: there are -23:59 to +23:59.", time=True)
        span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return timezone(span if name[0] == "+" else -span)
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(
            f"there is no time zone {name!r}: write one as Europe/Vienna or +01:00.", time=True
        ) from None


def fixed(moment: datetime) -> datetime:
    """Return `moment` with the offset that holds then, instead of a zone with rules.

    Raises:
        Refused: If the clock skipped the time in that zone.
    """
    offset = moment.utcoffset()
    if offset is None:
        raise Refused(_SAY_ZONE, time=True)
    plain = moment.replace(tzinfo=timezone(offset), fold=0)
    back = plain.astimezone(moment.tzinfo)
    if back.replace(tzinfo=None, fold=0) != moment.replace(tzinfo=None, fold=0):
        raise Refused(
            f"does not exist: the clocks in {moment.tzinfo} went past it. Write the time that "
            f"was meant, with its offset.",
            time=True,
        )
    return plain


def _date(value: dt.date | str) -> dt.date:
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value)
        except ValueError as error:
            raise Refused(f"is no day of the calendar ({error}).", time=True) from None
    elif not isinstance(value, dt.date) or isinstance(value, datetime):
        raise Refused(f"must be a date, not {type(value).__name__}.", time=True)
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise Refused(_SAY_YEAR, time=True)
    return value


@attrs.frozen
class Day:
    """A day in a place, where the time of day is not known.

    Order within the day is unknown, and never guessed: what happened on the same day is neither
    before nor after.

    Args:
        date: The day, as a date or in ISO form.
        zone: The zone whose day it is: an offset or a name.

    Example:
        >>> from remedy import Day
        >>> str(Day("2026-03-02", "+01:00"))
        '2026-03-02+01:00'
    """

    date: dt.date = attrs.field(converter=_date)
    zone: str = attrs.field(converter=str)

    @zone.validator
    def _check(self, _: object, zone: str) -> None:
        if zone_of(zone).__class__ is not timezone and self.end < self.start:
            raise Refused(
                f"there was no {self.date} in {zone}: the calendar went past it.", time=True
            )

    def _moment(self, day: dt.date) -> datetime:
        # Over UTC: where the clocks go forward at midnight, the day begins later.
        zone = zone_of(self.zone)
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
        return fixed(start.astimezone(dt.UTC).astimezone(zone))

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return self._moment(self.date)

    @property
    def end(self) -> datetime:
        """Its last microsecond."""
        following = self._moment(self.date + timedelta(days=1))
        return fixed((following - timedelta(microseconds=1)).astimezone(zone_of(self.zone)))

    def __str__(self) -> str:
        named = not _OFFSET.match(self.zone) and self.zone != "Z"
        return f"{self.date}[{self.zone}]" if named else f"{self.date}{self.zone}"


def day_of(value: str) -> Day | None:
    """Return the day that a text names together with its zone, or None if it names a time."""
    found = _day().match(value)
    if not found:
        return None
    day, offset, name = found.groups()
    if not (offset or name):
        _date(day)  # That there is no such day goes before what else is wanting.
        raise Refused(_SAY_ZONE, time=True)
    return Day(day, offset or name)


def _parsed(text: str) -> datetime:
    try:
        if text[11:13] == "24" or "W" in text:
            raise ValueError("neither 24:00 nor week dates are taken")
        found = datetime.fromisoformat(text)
        offset = found.utcoffset()
        if offset is not None and offset.microseconds:
            raise ValueError("no zone is parts of a second away from UTC")
    except ValueError as error:
        # What Python says of dates and clocks is plain; of offsets and of whole texts it is not.
        why = ""
        if "timedelta" in str(error):
            why = " (no zone is a day or more away from UTC)"
        elif "isoformat" not in str(error):
            why = f" ({error})"
        raise Refused(
            f"is no time in ISO form{why}: write it as 2026-03-02T09:00+01:00.", time=True
        ) from None
    return found


def moment_or_day(value: datetime | Day | str | None) -> datetime | Day | None:
    """A moment with its offset, or a day in its zone."""
    if value is None:
        return None
    if isinstance(value, str):
        if value[10:11] not in ("T", " ") or not value[11:12].isdigit():
            day = day_of(value)
            if day is None:
                raise Refused(
                    "is no time in ISO form: write it as 2026-03-02T09:00+01:00.", time=True
                )
            return day
        value = _parsed(value)
    elif not isinstance(value, datetime):
        if isinstance(value, Day):
            return value
        if isinstance(value, dt.date):
            raise Refused(_SAY_ZONE, time=True)
        raise Refused(f"must be a time, not {type(value).__name__}.", time=True)
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise Refused(_SAY_YEAR, time=True)
    zone = value.tzinfo
    if zone.__class__ is timezone and value.__class__ is datetime:
        return value
    if zone is None:
        raise Refused(_SAY_ZONE, time=True)
    return fixed(_plain(value))


def _plain(value: datetime) -> datetime:
    """Return a moment as what is kept of it.

    What pandas and others derive from the class may hold more (nanoseconds), and would differ from
    itself when it comes back.
    """
    if value.__class__ is datetime:
        return value
    return datetime(
        *(value.year, value.month, value.day, value.hour, value.minute, value.second),
        value.microsecond,
        tzinfo=value.tzinfo,
        fold=value.fold,
    )


def moment(value: datetime | Day | str | None) -> datetime | None:
    """A moment; a day counts from its start."""
    if value is None:
        return None
    value = moment_or_day(value)
    return value.start if isinstance(value, Day) else value


def deadline(value: datetime | Day | str | None) -> datetime | None:
    """A moment by which something is due; a day counts to its end."""
    value = moment_or_day(value)
    return value.end if isinstance(value, Day) else value


_SAY_WHEN = "must be a time: write it as 2026-03-02T09:00+01:00."


def needed_moment_or_day(value: datetime | Day | str) -> datetime | Day:
    """A moment or a day that must be there."""
    found = moment_or_day(value)
    if found is None:
        raise Refused(_SAY_WHEN, time=True)
    return found


def needed_moment(value: datetime | Day | str) -> datetime:
    """A moment that must be there."""
    found = moment_or_day(value)
    if found is None:
        raise Refused(_SAY_WHEN, time=True)
    return found.start if isinstance(found, Day) else found


def needed_deadline(value: datetime | Day | str) -> datetime:
    """A deadline that must be there."""
    found = deadline(value)
    if found is None:
        raise Refused(_SAY_WHEN, time=True)
    return found


# --- several --------------------------------------------------------------------------------------


def several(value: object, make: Callable[[Any], T]) -> tuple[T, ...]:
    """Return a tuple of what `make` makes of each: of one, of many, or of none."""
    if value is None or value == ():
        return ()
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        return (make(value),)
    return tuple([make(each) for each in value])


# --- attributes -----------------------------------------------------------------------------------


@functools.cache  # Likewise.
def _name() -> re.Pattern[str]:
    return re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


_DEEPEST = 64


def _check_json(value: object, depth: int) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        text(value)
    elif isinstance(value, int):
        whole(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Refused("holds NaN or an infinity, which JSON cannot.")
    elif isinstance(value, (list, dict)):
        if depth >= _DEEPEST:
            raise Refused(f"is nested deeper than {_DEEPEST} levels.")
        if isinstance(value, dict):
            for name in value:
                if not isinstance(name, str):
                    raise Refused("holds an object whose keys are not text.")
                text(name)
        for each in value.values() if isinstance(value, dict) else value:
            _check_json(each, depth + 1)
    else:
        raise Refused(
            f"holds {with_article(type(value).__name__)}: only what JSON can hold is kept."
        )


def attributes_of(value: Any) -> dict[str, Any]:
    """Fields of one's own: names in lower case, values that JSON can hold."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Refused("must be a mapping of names to values.")
    fits = _name().match
    for name in value:
        if not isinstance(name, str) or not fits(name):
            raise Refused(
                f"the name {name!r} does not fit: lower-case letters, digits and underscores, "
                f"beginning with a letter, 63 at most."
            )
    given = dict(value)
    _check_json(given, 0)
    return given
