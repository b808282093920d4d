"""Which column is probably what: by its name, and by what it looks like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import attrs

from remedy.sources.columns import Column, Survey
from remedy.sources.converting import text_of
from remedy.sources.rows import Row
from remedy.sources.values import Value

__all__ = ["Roles", "guess", "time_value", "words_of"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYS = _words("id number no nr nbr num key ticket case ref reference incident complaint")
_OCCURRED = _words("occurred occurrence happened incident event")
_REPORTED = _words(
    "opened open created create received reported report submitted logged raised recall date made "
    "registered start"
)
_UPDATED = _words("updated modified changed update")
_LATER = _words("closed resolved solved end ended finished due sent shipped paid")
_CUSTOMERS = (
    _words("customer client caller consumer buyer patient guest kunde requester member"),
    _words("account user contact reporter email person"),
)
_FAILURES = _words(
    "issue problem failure mode symptom defect fault error reason topic subcategory subissue cause"
)
_AREAS = _words("process category department area type service product system group")
_NO_LABELS = _words(
    "status state stage assigned assignee agent owner priority severity impact urgency via channel "
    "zip zipcode city country region location site resolution response resolved closed updated "
    "created opened by notify year month day contact tags assignment consent group vendor"
)
_FIELDS = {
    "title": _words("title subject summary headline complaint"),
    "text": _words("text description narrative body comment comments details message"),
    "channel": _words("channel via medium contact"),
    "product": _words("product model item sku article make"),
    "site": _words("site location store branch plant state region city"),
    "impact": _words("impact severity priority"),
    "order": _words("order"),
}
_NO_PERSONS = _NO_LABELS | _FIELDS["product"] | _KEYS
# "State" is a place on a customer's address, and a stage of a ticket.
_STAGES = _words("incident ticket case issue order request")


@attrs.frozen(kw_only=True)
class Roles:
    """What the columns of a source probably are.

    Attributes:
        keys: Those that can tell the records apart, the likeliest first.
        rows: How many rows make a record: one, consecutive or scattered.
        times: Those that can say when it happened, the likeliest first.
        reported: Whether the first of these is when the report came in.
        clock: The one with the time of day, where dates stand apart from it.
        updated: The one that says when the source last changed a row.
        customers: Those that can be the customer, the likeliest first.
        sure_of_customer: Whether the first of these is called so.
        labels: Those that can be part of a signature, the likeliest first.
        fields: Which column fits which field of an incident.
    """

    keys: tuple[str, ...]
    rows: str
    times: tuple[str, ...]
    reported: bool
    clock: str | None
    updated: str | None
    customers: tuple[str, ...]
    sure_of_customer: bool
    labels: tuple[str, ...]
    fields: dict[str, str]


def words_of(name: str) -> frozenset[str]:
    """Return the words that the name of a column is made of.

    Example:
        >>> sorted(words_of("CompanyResponse_Sts #2"))
        ['2', 'company', 'response', 'sts']
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return frozenset(re.findall(r"[^\W_]+", parted.lower()))


def guess(survey: Survey) -> Roles:
    """Return what the columns of a source probably are."""
    columns = [each for each in survey.columns if each.looks_like != "empty"]
    keys, rows = _keys(columns)
    times = _times(columns)
    clocks = [each.name for each in columns if each.looks_like == "clock"]
    customers = _customers(columns, keys)
    first_words = words_of(customers[0]) if customers else frozenset()
    updated = [
        each.name
        for each in columns
        if each.looks_like == "time" and words_of(each.name) & _UPDATED and each.filled == each.rows
    ]
    return Roles(
        keys=keys,
        rows=rows,
        times=times,
        reported=bool(times) and not words_of(times[0]) & (_OCCURRED - {"incident"}),
        clock=clocks[0] if len(clocks) == 1 and times and _is_day(columns, times[0]) else None,
        updated=updated[0] if len(updated) == 1 else None,
        customers=customers,
        sure_of_customer=bool(first_words & _CUSTOMERS[0]),
        labels=_labels(columns, {*keys[:1], *customers[:1]}),
        fields=_fields(columns, {*keys[:1], *customers[:1]}),
    )


def _is_day(columns: Iterable[Column], name: str) -> bool:
    return any(each.name == name and each.looks_like == "day" for each in columns)


def _keys(columns: Sequence[Column]) -> tuple[tuple[str, ...], str]:
    """Return what can be the key: what differs in every row, else what comes in runs."""

    def likely(column: Column) -> tuple[bool, bool]:
        return (
            not words_of(column.name) & _KEYS and "#" not in column.name,
            column.average_length > 40,
        )

    unique = [each for each in columns if each.is_unique and not each.is_time]
    unique = [each for each in unique if each.looks_like in ("id", "number", "name")]
    if unique:
        return tuple(each.name for each in sorted(unique, key=likely)), "one"
    runs = [
        each
        for each in columns
        if each.filled == each.rows
        and (each.looks_like in ("name", "number", "id") or _comes_in_short_runs(each))
        and each.distinct > 1
        and (words_of(each.name) & _KEYS or "#" in each.name)
    ]
    runs.sort(key=lambda each: (each.runs != each.distinct, -each.distinct))
    if not runs:
        return (), "one"
    consecutive = runs[0].runs == runs[0].distinct
    return tuple(each.name for each in runs), "consecutive" if consecutive else "scattered"


def _comes_in_short_runs(column: Column) -> bool:
    """Whether a column with few values can be a key, rather than what the rows are sorted by."""
    return column.looks_like == "word" and column.runs == column.distinct >= column.filled / 20


def _times(columns: Sequence[Column]) -> tuple[str, ...]:
    def likely(column: Column) -> tuple[int, bool, bool]:
        words = words_of(column.name)
        grade = 0 if words & _OCCURRED else 1 if words & _REPORTED else 2
        return (
            grade + 10 * bool(words & _LATER) + 5 * bool(words & _UPDATED),
            column.filled < column.rows,
            len(column.formats) == 0,
        )

    found = [each for each in columns if each.is_time]
    return tuple(each.name for each in sorted(found, key=likely))


def _customers(columns: Sequence[Column], keys: Sequence[str]) -> tuple[str, ...]:
    def grade(column: Column) -> int:
        words = words_of(column.name)
        return next((n for n, known in enumerate(_CUSTOMERS) if words & known), 9)

    found = [
        each
        for each in columns
        if each.name not in keys[:1]
        and (each.looks_like in ("name", "number", "id", "constant") or _is_many_words(each))
    ]
    found = [
        each
        for each in found
        if grade(each) < 9 or (each.looks_like == "name" and not words_of(each.name) & _NO_PERSONS)
    ]
    return tuple(each.name for each in sorted(found, key=grade))


def _is_many_words(column: Column) -> bool:
    return column.looks_like == "word" and column.distinct > 30


def _labels(columns: Sequence[Column], taken: set[str]) -> tuple[str, ...]:
    def likely(column: Column) -> tuple[int, float]:
        words = words_of(column.name)
        grade = 0 if words & _FAILURES else 1 if words & _AREAS else 2
        return grade, -column.share_filled

    found = [
        each
        for each in columns
        if each.looks_like == "word"
        and each.name not in taken
        and not words_of(each.name) & _NO_LABELS
        and each.share_filled >= 0.05
    ]
    return tuple(each.name for each in sorted(found, key=likely)[:8])


_LEVELS = {
    "minor": ("low", "minor", "trivial", "p4", "4", "sev4"),
    "moderate": ("medium", "moderate", "normal", "p3", "3", "sev3"),
    "major": ("high", "major", "p2", "2", "sev2"),
    "critical": ("critical", "urgent", "blocker", "p1", "1", "sev1"),
}


def impact_table(column: Column) -> dict[str, str] | None:
    """Return what the values of a column say of the impact, where all of them do."""
    found = {}
    for value, _ in column.common:
        level = _levels(value, "[a-z]+") or _levels(value, "[a-z0-9]+")
        if len(level) != 1:
            return None
        found[value] = level[0]
    return found if found and column.distinct == len(found) else None


def _levels(value: str, pattern: str) -> list[str]:
    words = set(re.findall(pattern, value.lower()))
    return [name for name, known in _LEVELS.items() if words & set(known)]


def _fields(columns: Sequence[Column], taken: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, known in _FIELDS.items():
        for each in columns:
            if each.name in taken or each.name in found.values() or not words_of(each.name) & known:
                continue
            if _suits(field, each):
                found[field] = each.name
                break
    return found


def _suits(field: str, column: Column) -> bool:
    if field == "impact":
        return impact_table(column) is not None
    if field in ("title", "text"):
        long = column.average_length > 60
        return column.looks_like in ("text", "name", "id") and long == (field == "text")
    if field == "site" and words_of(column.name) & _STAGES:
        return False
    if field == "order":
        return column.looks_like in ("name", "id", "number")
    return column.looks_like in ("word", "name")


def process_of(columns: Sequence[str]) -> str:
    """Return which of the columns of a signature says where it happened, rather than what."""
    areas = [each for each in columns if words_of(each) & _AREAS and not words_of(each) & _FAILURES]
    return areas[0] if areas else columns[0]


def time_value(
    survey: Survey, column: str, clock: str | None, *, formats: Sequence[str] = ()
) -> Value:
    """Return how a time is read out of its column, and of that with the time of day.

    Args:
        survey: What the source looks like.
        column: The column with the date.
        clock: The one with the time of day, where it stands apart.
        formats: The ways of writing dates; by default, the one that fits.
    """
    found = survey[column]
    chosen = tuple(formats or found.formats[:1])
    braces = set(f"{column}{clock}") & {"{", "}"}
    if clock is not None and found.looks_like == "day" and not braces:
        dates = ("%Y-%m-%d",) if chosen == ("iso",) else chosen
        hour = survey[clock].formats[0]
        return Value(
            template=f"{{{column}}} {{{clock}}}",
            format=tuple(f"{each} {hour}" for each in dates),
        )
    return Value(column=column, format=() if chosen == ("iso",) else chosen)


def last_texts(rows: Sequence[Row], columns: Sequence[str]) -> tuple[str | None, ...]:
    """Return the last text that each column has in the rows of a case."""
    found = []
    for column in columns:
        texts = (text_of(row.values.get(column)).strip() for row in reversed(rows))
        found.append(next((text for text in texts if text), None))
    return tuple(found)
