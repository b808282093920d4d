"""Times out of text: by ISO 8601, by formats, or by seconds since 1970, each in a zone."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import attrs

from remedy._coerce import Day, Refused, day_of, fixed, zone_of
from remedy.errors import shown

__all__ = ["Format", "TimeReader", "format_of"]

Time = datetime | Day

FOLDS = ("first", "second")
SHORT_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(SHORT_MONTHS, start=1)} | {"sept": 9}
LONG_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_MONTHS |= {name: number for number, name in enumerate(LONG_MONTHS, start=1)}

# English names whatever the locale, and one or two digits as people write them.
_DIRECTIVES = {
    "d": r"(?P<d>\d\d?)",
    "m": r"(?P<m>\d\d?)",
    "b": rf"(?P<b>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?",
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d\d)",
    "H": r"(?P<H>\d\d?)",
    "I": r"(?P<I>\d\d?)",
    "M": r"(?P<M>\d\d?)",
    "S": r"(?P<S>\d\d?)",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[ap])\.?m\.?",
    "z": r"(?P<z>z|utc|gmt|[+-]\d\d:?\d\d)",
    "a": r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?",
    "%": "%",
}
_DIRECTIVES |= {"B": _DIRECTIVES["b"], "A": _DIRECTIVES["a"]}
_SHORTHAND = {"%T": "%H:%M:%S", "%R": "%H:%M", "%F": "%Y-%m-%d"}

# Some programs write "3:53 PM" with a space that does not break.
_SPACE = "[\\s\u00a0\u202f]+"
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.A)
_ISO_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?( ?Z| ?UTC| ?[+-]\d\d(:?\d\d){0,2})?\Z",
    re.A | re.I,
)
_LONGEST = 100


@attrs.frozen(slots=False)
class Format:
    """A way of writing times.

    Attributes:
        text: As `strptime` writes it, or iso, unix, unix_ms.
        pattern: The regular expression for it; every part of it has a bounded length.
        has_day: Whether it says which day.
        has_time: Whether it says the time of day.
    """

    text: str
    pattern: re.Pattern[str] | None
    has_day: bool
    has_time: bool

    @functools.cached_property
    def numbers(self) -> tuple[int, ...] | None:
        """Where year, month, day, hour and minute stand, if those are all its parts."""
        names = list(self.pattern.groupindex) if self.pattern else []
        return tuple(map(names.index, "YmdHM")) if sorted(names) == sorted("YmdHM") else None


@functools.cache
def format_of(text: str) -> Format:
    """Return the format that a text such as `%d.%m.%Y %H:%M` describes.

    The directives are those of `strptime` that say something about a moment: %Y %y %m %b %B %d %H
    %I %p %M %S %f %z, %F, %T, %R, and %a and %A, which are read and not looked at. Names are
    English; numbers may leave out a leading zero; a space stands for any white space.

    Raises:
        Refused: If a directive is not known, stands twice, or one that is needed is missing.
    """
    if text in ("iso", "unix", "unix_ms"):
        return Format(text, None, True, text != "iso")
    plain = text
    for short, long in _SHORTHAND.items():
        plain = plain.replace(short, long)
    pieces = []
    used: set[str] = set()
    for literal, directive in re.findall(r"([^%]+)|%(.?)", plain):
        if literal:
            pieces.append(_SPACE.join(map(re.escape, re.split(r"\s+", literal.lower()))))
            continue
        if directive not in _DIRECTIVES:
            known = " ".join(f"%{each}" for each in _DIRECTIVES)
            raise Refused(f"{shown(text)}: %{directive} is not known. Known are {known}.")
        own = directive.replace("B", "b")
        if own in used and own != "%":
            raise Refused(f"{shown(text)}: %{directive} stands in it twice.")
        used.add(own)
        pieces.append(_DIRECTIVES[directive])
    has_day = bool(used & {"Y", "y"} and used & {"m", "b"} and "d" in used)
    has_time = bool(used & {"H", "I"})
    if "I" in used and "p" not in used:
        raise Refused(f"{shown(text)}: %I, a half of the day, needs %p, which half.")
    if not has_day and not has_time:
        raise Refused(f"{shown(text)} says neither a whole day (year, month and day) nor a time.")
    pattern = re.compile("".join(pieces) + r"\Z", re.A)
    return Format(text, pattern, has_day, has_time)


@attrs.define
class TimeReader:
    """Reads times that are written in one of several ways, in one zone.

    Attributes:
        formats: The ways, in the order in which they are tried.
        zone: The zone of times that do not say theirs, by offset or name.
        fold: Which of the two is meant where the clock showed a time twice: first or second.
    """

    formats: Sequence[Format]
    zone: str | None
    fold: str | None
    _zone: tzinfo | None = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._zone = None if self.zone is None else zone_of(self.zone)

    def __call__(self, value: Any) -> Time:
        """Return the moment, or the day, that a value says.

        Raises:
            Refused: If it says none, or not clearly enough.
        """
        if isinstance(value, datetime):
            return self._placed(value)
        if isinstance(value, dt.date):
            return self._day(value.isoformat())
        return self._read(value if isinstance(value, str) else str(value))

    def _read(self, text: str) -> Time:
        text = text.strip()
        problem = ""
        if len(text) <= _LONGEST:
            for each in self.formats:
                try:
                    found = _BY_NAME.get(each.text, _formatted)(self, each, text)
                except Refused:
                    raise
                except ValueError as error:
                    problem = problem or str(error)
                else:
                    if found is not None:
                        return found
        if problem:
            raise Refused(f"is no time of the calendar ({problem}).", time=True)
        ways = " or ".join(_shown(each) for each in self.formats)
        raise Refused(f"is not written as {ways}.", time=True)

    def _day(self, date: str) -> Day:
        if self.zone is None:
            raise Refused(_NO_ZONE, time=True)
        return Day(date, self.zone)

    def _placed(self, moment: datetime) -> datetime:
        """Return a moment with its offset."""
        if moment.tzinfo is None:
            zone = self._zone
            if zone is None:
                raise Refused(_NO_ZONE, time=True)
            moment = moment.replace(tzinfo=zone)
            offset = moment.utcoffset()
            if offset == moment.replace(fold=1).utcoffset() and 1 < moment.year < 9999:
                # Where it is the same on both sides, the clock neither skipped nor repeated.
                return moment.replace(tzinfo=timezone(offset or _NO_OFFSET))
            if self.fold == "second":
                moment = moment.replace(fold=1)
            moment = _in_calendar(moment)
            if (
                self.fold is None
                and moment.utcoffset() != moment.replace(tzinfo=zone, fold=1).utcoffset()
            ):
                raise Refused(
                    f"happened twice in {self.zone}: the clock was put back over it. Write the "
                    f"offset in the source, or say which one is meant where it does not: "
                    f"fold = 'first' or 'second'.",
                    time=True,
                )
            return moment
        return _in_calendar(moment)


def _in_calendar(moment: datetime) -> datetime:
    try:
        return fixed(moment)
    except OverflowError:
        raise Refused("is out of the calendar.", time=True) from None


_NO_OFFSET = timedelta(0)
_NO_ZONE = (
    "has no time zone. Say in which one these times are: zone = 'Europe/Vienna', or '+01:00', or "
    "'UTC'."
)


def _iso(reader: TimeReader, _: Format, text: str) -> Time | None:
    if _ISO_DAY.match(text):
        return reader._day(text)
    day = day_of(text)
    if day is not None:
        return day
    if not _ISO_TIME.match(text):
        return None
    if text[11:13] == "24":
        raise ValueError("24:00 is written as 00:00 of the next day")
    # "2026-03-02 09:00:00 +0000" and "... UTC" are what databases and version control write.
    joined = text[:11] + text[11:].upper().replace(" ", "").replace("UTC", "Z")
    return reader._placed(datetime.fromisoformat(joined.upper()))


_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799  # the years 1 to 9999
_SECONDS = re.compile(r"(-?\d{1,14})(?:\.(\d{1,9}))?\Z", re.A)


def _unix(_: TimeReader, form: Format, text: str) -> datetime | None:
    found = _SECONDS.match(text)
    if not found:
        return None
    whole = int(found[1])
    micro = int((found[2] or "").ljust(6, "0")[:6])
    if form.text == "unix_ms":
        whole, rest = divmod(whole, 1000)
        micro = rest * 1000 + micro // 1000
    if not _EARLIEST <= whole <= _LATEST:
        raise Refused("is out of the calendar.", time=True)
    return datetime(1970, 1, 1, tzinfo=dt.UTC) + timedelta(seconds=whole, microseconds=micro)


def _formatted(reader: TimeReader, form: Format, text: str) -> Time | None:
    assert form.pattern is not None
    found = form.pattern.match(text.lower())
    if found is None:
        return None
    if form.numbers is not None:  # the most usual ones, several times as fast
        said = found.groups()
        year, month, day, hour, minute = [int(said[place]) for place in form.numbers]
        return reader._placed(datetime(year, month, day, hour, minute))  # noqa: DTZ001 - placed next
    parts = found.groupdict()
    date = _date(parts)
    if not form.has_time:
        return reader._day(date.isoformat())
    return reader._placed(datetime.combine(date, _clock(parts), _offset(parts.get("z"))))


def _date(parts: dict[str, str]) -> dt.date:
    if "Y" in parts:
        year = int(parts["Y"])
    else:
        year = int(parts["y"])
        year += 1900 if year >= 69 else 2000  # as POSIX has it
    month = _MONTHS[parts["b"]] if "b" in parts else int(parts["m"])
    return dt.date(year, month, int(parts["d"]))


def _clock(parts: dict[str, str]) -> dt.time:
    if "H" in parts:
        hour = int(parts["H"])
    else:
        hour = int(parts["I"])
        if not 1 <= hour <= 12:
            raise ValueError("the hour must be in 1..12")
        hour = hour % 12 + 12 * (parts["p"] == "p")
    micro = int(parts.get("f", "0").ljust(6, "0")[:6])
    return dt.time(hour, int(parts.get("M", 0)), int(parts.get("S", 0)), micro)


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    return dt.UTC if text in ("z", "utc", "gmt") else zone_of(text)


_BY_NAME: dict[str, Callable[[TimeReader, Format, str], Time | None]] = {
    "iso": _iso,
    "unix": _unix,
    "unix_ms": _unix,
}


def _shown(form: Format) -> str:
    samples = {
        "iso": "2026-03-02T09:00 (iso)",
        "unix": "seconds since 1970 (unix)",
        "unix_ms": "milliseconds since 1970 (unix_ms)",
    }
    return samples.get(form.text, repr(form.text))
