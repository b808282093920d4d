"""What the columns of a source look like: how full, how varied, and what they seem to hold."""

from __future__ import annotations

import functools
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from remedy._coerce import Refused
from remedy.sources.converting import number_in, text_of
from remedy.sources.rows import REASON, Row
from remedy.sources.times import Format, TimeReader, format_of

__all__ = ["Column", "Survey", "survey"]

# What cells say that have no value. "Other" and "unknown" are values, if poor ones.
_NOTHING = frozenset(("?", "-", "--", "n/a", "na", "#n/a", "null", "none", "nan", "(null)"))
_FLAGS = frozenset(("true", "false", "yes", "no", "y", "n"))

_MOST_DISTINCT = 50_000
_TESTED = 5_000
_LONGEST_KEPT = 200


@attrs.frozen(kw_only=True)
class Column:
    """What one column of a source looks like.

    Attributes:
        name: Its name.
        rows: How many rows there are.
        filled: In how many of them it says something.
        distinct: How many different values it has; no more than 50,000 are counted.
        runs: How often its value differs from the row before.
        common: Its most frequent values, with their counts.
        looks_like: empty, constant, id, day, time, clock, flag, number, word (one of a few), name
            (one of many) or text.
        formats: The ways of writing times that fit its values.
        misfits: The few values, if any, that they do not fit.
        zoned: Whether each of its times says in which zone it is.
        swapped: Whether day and month seem to be swapped wherever both could be either.
        missing: What it says where it has no value, besides nothing.
        average_length: How long its values are.
    """

    name: str
    rows: int
    filled: int
    distinct: int
    runs: int
    common: tuple[tuple[str, int], ...]
    looks_like: str
    formats: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()
    zoned: bool = False
    swapped: bool = False
    missing: tuple[str, ...] = ()
    average_length: float = 0.0

    @property
    def share_filled(self) -> float:
        """In which share of the rows it says something."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def is_time(self) -> bool:
        """Whether it holds days or times."""
        return self.looks_like in ("day", "time")

    @property
    def is_unique(self) -> bool:
        """Whether it says something else in every row."""
        return self.rows > 1 and self.distinct == self.filled == self.rows

    @property
    def is_ambiguous(self) -> bool:
        """Whether its dates can be read day first as well as month first."""
        return self.swapped or len({_day_first(each) for each in self.formats}) > 1


@attrs.frozen(kw_only=True)
class Survey:
    """What a source looks like.

    Attributes:
        rows: How many rows were looked at.
        columns: Its columns.
        whole: Whether these are all of its rows.
    """

    rows: int
    columns: tuple[Column, ...]
    whole: bool

    def __getitem__(self, name: str) -> Column:
        """Return a column by its name."""
        return next(each for each in self.columns if each.name == name)


class _Watch:
    """What is counted of a column, row by row: as little as can be, since there are many cells."""

    def __init__(self) -> None:
        self.cells: dict[str, int] = {}
        self.late: list[int] = []
        self.runs = 0
        self._before: str | None = None

    def see(self, value: object) -> None:
        cell = value if isinstance(value, str) else text_of(value)
        if len(cell) > _LONGEST_KEPT:
            cell = f"{cell[:_LONGEST_KEPT]}\0{zlib.crc32(cell.encode(errors='replace'))}"
        if cell != self._before:
            self.runs += 1
            self._before = cell
        count = self.cells.get(cell)
        if count is not None:
            self.cells[cell] = count + 1
        elif len(self.cells) < _MOST_DISTINCT:
            self.cells[cell] = 1
        elif cell.strip():
            self.late.append(len(cell))

    def counted(self, nothing: frozenset[str]) -> _Counted:
        """Return what the cells say, and what stands for nothing."""
        counts: Counter[str] = Counter()
        missing: dict[str, None] = {}
        for cell, count in self.cells.items():
            text = cell.strip()
            if len(text) < 8 and text.casefold() in nothing:
                missing[text] = None
            elif text:
                counts[text] += count
        return _Counted(
            counts=counts,
            missing=tuple(missing),
            filled=counts.total() + len(self.late),
            length=sum(len(text) * count for text, count in counts.items()) + sum(self.late),
            runs=self.runs,
        )


@attrs.frozen(kw_only=True)
class _Counted:
    counts: Counter[str]
    missing: tuple[str, ...]
    filled: int
    length: int
    runs: int


def survey(rows: Iterable[Row], *, limit: int | None = None, missing: Iterable[str] = ()) -> Survey:
    """Look at the columns of a source.

    Args:
        rows: Its rows; those with a problem of their own are passed over.
        limit: Look at no more than so many.
        missing: What cells say that have no value, besides what usually does.
    """
    nothing = _NOTHING | {each.strip().casefold() for each in missing}
    watches: dict[str, _Watch] = {}
    number = 0
    whole = True
    for row in rows:
        if row.problem is not None:
            continue
        if limit is not None and number >= limit:
            whole = False
            break
        number += 1
        for column, value in row.values.items():
            watch = watches.get(column)
            if watch is None:
                watch = watches[column] = _Watch()
            watch.see(value)
    columns = tuple(
        _column(name, watch.counted(nothing), number)
        for name, watch in watches.items()
        if name != REASON
    )
    return Survey(rows=number, columns=columns, whole=whole)


def _column(name: str, watch: _Counted, rows: int) -> Column:
    values = list(watch.counts)[:_TESTED]
    average = watch.length / watch.filled if watch.filled else 0.0
    formats, misfits = _formats_of(values, name)
    return Column(
        name=name,
        rows=rows,
        filled=watch.filled,
        distinct=len(watch.counts),
        runs=watch.runs,
        common=tuple(
            (value.partition("\0")[0], count) for value, count in watch.counts.most_common(5)
        ),
        looks_like=_look(watch, values, formats, average),
        formats=formats,
        misfits=misfits,
        zoned=bool(formats) and _are_zoned(formats[0], set(values) - set(misfits)),
        swapped=_is_swapped(watch.counts, formats, misfits),
        missing=watch.missing,
        average_length=average,
    )


def _look(watch: _Counted, values: Sequence[str], formats: Sequence[str], average: float) -> str:
    distinct = len(watch.counts)
    if not distinct:
        return "empty"
    if formats:
        form = format_of(formats[0])
        if not form.has_day:
            return "clock"
        return "time" if _says_time(form, values) else "day"
    if {each.casefold() for each in values} <= _FLAGS:
        return "flag"
    if distinct == 1 and watch.filled > 1:
        return "constant"
    unique = distinct == watch.filled and watch.filled > 1
    spaced = sum(" " in each for each in values) / len(values)
    if unique and average <= 40 and spaced < 0.5:
        return "id"
    if _all_numbers(values):
        return "number"
    few = max(12, min(2_000, 0.1 * watch.filled))
    if average <= 80 and (distinct <= few or (distinct <= 100 and watch.filled >= 3 * distinct)):
        return "word"
    return "text" if average > 40 or (average > 15 and spaced > 0.5) else "name"


def _says_time(form: Format, values: Sequence[str]) -> bool:
    return form.has_time if form.text != "iso" else any(len(each) > 10 for each in values)


def _all_numbers(values: Sequence[str]) -> bool:
    try:
        for each in values:
            number_in(each, ",")
    except Refused:
        return False
    return True


# --- times ----------------------------------------------------------------------------------------

_DAYS = (
    *("%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%d. %b %Y", "%d %b %Y", "%d %b %y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d/%b/%y", "%b %d, %Y", "%b %d %Y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y"),
    *("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y"),
)
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
# As in mail, in the logs of servers, and of version control.
_WITH_OFFSET = (
    *("%a, %d %b %Y %H:%M:%S %z", "%d %b %Y %H:%M:%S %z", "%d/%b/%Y:%H:%M:%S %z"),
    *("%Y/%m/%d %H:%M:%S %z", "%a %b %d %H:%M:%S %Y %z"),
)
_SHAPE = re.compile(r"(?=.*\d.*\d)(?=.*[-:/. ]).{4,40}\Z")
_SECONDS = re.compile(r"1\d{9}\Z|1\d{12}\Z", re.A)


@functools.cache
def _candidates() -> tuple[str, ...]:
    joined = [f"{day}{sep}{clock}" for day in _DAYS for sep in (" ", ", ") for clock in _CLOCKS]
    return ("iso", *_DAYS, *joined, *_CLOCKS, *_WITH_OFFSET)


def _formats_of(values: Sequence[str], name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ways of writing times that fit values best, and the few that they do not fit.

    One value of four, or one of twenty where there are more, may be no time: a single slip of the
    keyboard does not make a column of times into one of texts.
    """
    found = _thinkable(values, name)
    misfits: dict[str, list[str]] = {each: [] for each in found}
    allowed = max(1, len(values) // 20) if len(values) >= 4 else 0
    for number, value in enumerate(values):
        for each in found:
            if not _fits(each, value):
                misfits[each].append(value)
        found = [each for each in found if len(misfits[each]) <= allowed]
        if not found or (len(found) == 1 and number > 500):
            break
    fewest = min((len(misfits[each]) for each in found), default=0)
    best = tuple(each for each in found if len(misfits[each]) == fewest)
    return best, tuple(misfits[best[0]]) if best else ()


def _thinkable(values: Sequence[str], name: str) -> list[str]:
    if not values:
        return []
    if _SECONDS.match(values[0]) and re.search("time|date|stamp|_at$", name.casefold()):
        return ["unix" if len(values[0]) == 10 else "unix_ms"]
    first = values[:20]
    shaped = sum(_SHAPE.match(each) is not None for each in first)
    return list(_candidates()) if shaped >= 0.75 * len(first) else []


@functools.cache
def _clock_or_time(form: str) -> tuple[Format, TimeReader | None]:
    found = format_of(form)
    return found, TimeReader([found], "UTC", None) if found.has_day else None


def _fits(form: str, value: str) -> bool:
    found, reader = _clock_or_time(form)
    if reader is None:
        return found.pattern is not None and found.pattern.match(value.lower()) is not None
    try:
        reader(value)
    except Refused:
        return False
    return True


def _are_zoned(form: str, values: Iterable[str]) -> bool:
    found = format_of(form)
    if not found.has_day:
        return False
    reader = TimeReader([found], None, None)
    try:
        for value in values:
            reader(value)
    except Refused:
        return False
    return True


def _day_first(form: str) -> bool | None:
    places = form.find("%d"), form.find("%m")
    return None if min(places) < 0 or form.startswith("%Y") else places[0] < places[1]


_PAIR = re.compile(r"(\d\d?)[-/](\d\d?)[-/]", re.A)


def other_order(form: str) -> str:
    """Return a format with day and month changed about."""
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def _is_swapped(counts: Counter[str], formats: Sequence[str], misfits: Sequence[str]) -> bool:
    """Whether only dates whose day could be a month lie in months where no other date lies.

    A program that read `04/08` in the wrong order, and left `22/08` as it could not be read that
    way, leaves such a file behind: read one way all of it is valid, and a third of it is wrong.
    """
    first = _day_first(formats[0]) if formats else None
    if first is None:
        return False
    sure: Counter[int] = Counter()
    either: Counter[tuple[int, int]] = Counter()
    for value, count in counts.items():
        if value in misfits:
            continue
        pair = _PAIR.match(value)
        if pair is None:
            return False
        day, month = int(pair[1]), int(pair[2])
        if not first:
            day, month = month, day
        if day > 12:
            sure[month] += count
        else:
            either[day, month] += count
    total = either.total()
    if total < 20 or sure.total() < 20:
        return False
    as_read = sum(count for (_, month), count in either.items() if month in sure)
    changed = sum(count for (day, _), count in either.items() if day in sure)
    return changed >= 0.95 * total and as_read <= 0.6 * total
