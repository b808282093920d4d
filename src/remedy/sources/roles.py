"""Which column is probably what: by its name, and by what it looks like."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence

import attrs

from remedy.sources.columns import Column, Survey
from remedy.sources.converting import text_of
from remedy.sources.rows import Row
from remedy.sources.values import Value

__all__ = ["NOBODY", "Roles", "guess", "time_value", "words_of"]


def _words(text: str) -> re.Pattern[str]:
    """Return what matches each of some words; a star stands for any letters, as in compounds."""
    return re.compile(f"(?:{'|'.join(text.split())})\\Z".replace("*", r"\w*"))


_KEYS = _words(
    "id number no nr nbr num key ticket* case ref reference incident complaint vorgang* *nummer"
)
_IDS = _words("id number no nr nbr num key code *nummer")
_OCCURRED = _words("occurred occurrence happened incident event ereignis* vorfall*")
_OBSERVED = _words("occurred occurrence happened event ereignis* vorfall*")
_REPORTED = _words(
    "opened open created create received reported report submitted logged raised recall date made "
    "registered start eröffnet erstellt angelegt gemeldet eingang* eingegangen"
)
_UPDATED = _words("updated modified changed update geändert aktualisiert")
_LATER = _words(
    "closed resolved solved end ended finished due sent shipped paid geschlossen gelöst erledigt "
    "fällig"
)
_CUSTOMERS = (
    _words(
        "customer* client* caller* consumer buyer patient guest kunde* requester* member "
        "auftraggeber* besteller*"
    ),
    _words(
        "account* user* contact* reporter* email mail person name fullname vorname nachname "
        "company organization organisation firma melder* kontakt* ansprechpartner* mandant*"
    ),
)
# Of a register of many companies, which one it was may be a part of what went wrong.
_COMPANIES = _words("company organization organisation firma")
# What a name is of that is not a person's, and what is said of customers that is not who they are.
_THINGS = _words(
    "product* ticket* case issue* category service file group team store site branch process "
    "project plan event item article brand produkt* artikel* system make* manufacturer* model"
)
_NOT_WHO = _words(
    "satisfaction score rating feedback type typ segment status state since response priority "
    "impact comment comments complaint narrative text message category tier group service services "
    "version language region country city zip zipcode plz ort land age gender disputed dispute "
    "consent consented channel class count notified informed reply origin source reason issue"
)
_STAFF = _words(
    "agent* assignee assigned assignment owner* resolver resolved closed opened created updated "
    "handled manager bearbeiter* sachbearbeiter* zuständig* verantwortlich* mitarbeiter* employee* "
    "staff operator technician team author notify vendor"
)
_FAILURES = _words(
    "issue problem failure mode symptom defect fault error reason topic subcategory subissue cause "
    "fehler* störung* mangel mängel *grund ursache problem*"
)
_AREAS = _words(
    "process category department area type service product system group kategorie abteilung "
    "bereich produkt*"
)
# "Issue type" says what kind of ticket it is.
_KINDS = _words("type typ")
_LEVEL_NAMES = (
    "impact severity priority urgency priorität prioritaet dringlichkeit schweregrad auswirkung"
)
_NO_LABELS = _words(
    "status state stage zip zipcode plz city country region location site resolution response "
    "resolved close closed updated created opened by notify year month day tags assignment consent "
    "group gruppe vendor via channel kanal medium contact origin source score rating satisfaction "
    f"{_LEVEL_NAMES}"
)
_TITLES = _words("title subject summary headline complaint betreff titel")
_HEADS = _words("title subject summary headline betreff titel")
"""What a column is called that holds no more than a line, however long."""
_FIELDS = {
    "title": _words("title subject summary headline complaint betreff titel description"),
    "text": _words(
        "text description narrative body comment comments details message beschreibung nachricht"
    ),
    "channel": _words("channel via medium contact origin kanal"),
    "product": _words("product model item sku article make produkt* artikel*"),
    # Not "state": on a ticket that is a stage, and only on an address a place.
    "site": _words("site location store branch plant region city standort filiale werk"),
    "impact": _words(_LEVEL_NAMES),
    "order": _words("order bestellnummer auftragsnummer"),
}
_NO_PERSONS = (
    *(_NO_LABELS, _FAILURES, _AREAS, _KEYS, _STAFF, _NOT_WHO, _THINGS),
    *_FIELDS.values(),
)
NOBODY = ("anonym", "anonymous", "unbekannt", "unknown")
"""What columns of customers say where nobody knows who it was: these are not one customer."""

# From so many rows on, what a column holds can say what it is. Of fewer, only its name can.
_MANY = 30
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@attrs.frozen(kw_only=True)
class Roles:
    """What the columns of a source probably are.

    Attributes:
        keys: Those that can tell the records apart, the likeliest first.
        sure_of_key: Whether the first of these is called so, or differs in very many rows.
        rows: How many rows make a record: one, consecutive or scattered.
        times: Those that can say when it happened, the likeliest first.
        reported: Whether the first of these is when the report came in.
        clock: The one with the time of day, where dates stand apart from it.
        updated: The one that says when the source last changed a row.
        customers: Those that can be the customer, the likeliest first.
        sure_of_customer: Whether the first of these is called so.
        labels: Those that can be part of a signature, the likeliest first.
        failures: Those of them whose names say that they are about what went wrong.
        areas: Those of them whose names say that they are about where.
        fields: Which column fits which field of an incident.
    """

    keys: tuple[str, ...]
    sure_of_key: bool
    rows: str
    times: tuple[str, ...]
    reported: bool
    clock: str | None
    updated: str | None
    customers: tuple[str, ...]
    sure_of_customer: bool
    labels: tuple[str, ...]
    failures: tuple[str, ...]
    areas: tuple[str, ...]
    fields: dict[str, str]


@functools.cache
def words_of(name: str) -> frozenset[str]:
    """Return the words that the name of a column is made of.

    Example:
        >>> sorted(words_of("CompanyResponse_Sts #2"))
        ['2', 'company', 'response', 'sts']
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFC", name))
    return frozenset(re.findall(r"[^\W_]+", parted.lower()))


def _says(name: str, *words: re.Pattern[str]) -> bool:
    return any(known.match(word) for word in words_of(name) for known in words)


def _who(column: Column) -> int | None:
    """Return how surely a column is the customer, or a customer's: 0, less surely 1, or None."""
    name = column.name
    if _says(name, _NOT_WHO, _STAFF):
        return None
    for grade, known in enumerate(_CUSTOMERS):
        found = {word for word in words_of(name) if known.match(word)}
        if found and not (found == {"name"} and _says(name, _THINGS)):
            return grade
    return 1 if _holds_mail(column) else None


def _holds_mail(column: Column) -> bool:
    with_mail = sum(_MAIL.search(value) is not None for value, _ in column.common)
    return with_mail > len(column.common) / 2


def _is_private(column: Column) -> bool:
    """Whether a column says who somebody is: that is no part of what went wrong."""
    company = _says(column.name, _COMPANIES)
    return (
        _holds_mail(column)
        or _says(column.name, _STAFF)
        or (_who(column) is not None and not company)
    )


def guess(survey: Survey) -> Roles:
    """Return what the columns of a source probably are."""
    columns = [each for each in survey.columns if each.looks_like != "empty"]
    many = survey.rows >= _MANY
    keys, rows = _keys(columns)
    times = _times(columns)
    clocks = [each.name for each in columns if each.looks_like == "clock"]
    customers = _customers(columns, keys, many=many)
    updated = [
        each.name
        for each in columns
        if each.looks_like == "time" and _says(each.name, _UPDATED) and each.filled == each.rows
    ]
    sure = bool(customers) and _who(survey[customers[0]]) == 0
    taken = {*keys[:1], *(customers[:1] if sure else ())}
    labels = _labels(columns, taken, many=many)
    return Roles(
        keys=keys,
        sure_of_key=bool(keys) and (many or _says(keys[0], _KEYS) or "#" in keys[0]),
        rows=rows,
        times=times,
        reported=bool(times) and not _says(times[0], _OBSERVED),
        clock=clocks[0] if len(clocks) == 1 and times and _is_day(columns, times[0]) else None,
        updated=updated[0] if len(updated) == 1 else None,
        customers=customers,
        sure_of_customer=sure,
        labels=labels,
        failures=tuple(each for each in labels if _grade(each) == 0),
        areas=tuple(each for each in labels if _grade(each) == 1),
        fields=_fields(columns, taken, many=many),
    )


def _is_day(columns: Iterable[Column], name: str) -> bool:
    return any(each.name == name and each.looks_like == "day" for each in columns)


def _keys(columns: Sequence[Column]) -> tuple[tuple[str, ...], str]:
    """Return what can be the key: what differs in every row, else what comes in runs."""

    def likely(column: Column) -> tuple[bool, bool, bool]:
        return (
            _who(column) is not None,
            not _says(column.name, _KEYS) and "#" not in column.name,
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
        and (_says(each.name, _KEYS) or "#" in each.name)
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
        name = column.name
        grade = 0 if _says(name, _OCCURRED) else 1 if _says(name, _REPORTED) else 2
        return (
            grade + 10 * _says(name, _LATER) + 5 * _says(name, _UPDATED),
            column.filled < column.rows,
            column.looks_like == "day",
        )

    found = [each for each in columns if each.is_time]
    return tuple(each.name for each in sorted(found, key=likely))


def _customers(columns: Sequence[Column], keys: Sequence[str], *, many: bool) -> tuple[str, ...]:
    """Return what can be the customer: by its name, however many different ones there are."""

    def grade(column: Column) -> tuple[int, bool, bool]:
        found = _who(column)
        # Two persons may have one name; numbers and addresses are given to one of them.
        return (
            9 if found is None else found,
            not _says(column.name, _IDS),
            not _holds_mail(column),
        )

    found = [
        each
        for each in columns
        if each.name not in keys[:1]
        and not each.is_time
        and each.looks_like not in ("clock", "flag")
        and each.average_length <= 80
        and (_who(each) is not None or (many and _may_be_persons(each)))
    ]
    return tuple(each.name for each in sorted(found, key=grade))


def _may_be_persons(column: Column) -> bool:
    return column.looks_like == "name" and not _says(column.name, *_NO_PERSONS)


def _grade(name: str) -> int:
    """Return whether a label is about what went wrong (0), about where (1), or neither (2)."""
    if _says(name, _FAILURES) and not _says(name, _KINDS):
        return 0
    return 1 if _says(name, _AREAS) else 2


def _labels(columns: Sequence[Column], taken: set[str], *, many: bool) -> tuple[str, ...]:
    def likely(column: Column) -> tuple[int, float]:
        return _grade(column.name), -column.share_filled

    found = [
        each
        for each in columns
        if each.name not in taken
        and _may_be_label(each, many=many)
        and not _says(each.name, _NO_LABELS)
        and not _is_private(each)
        and each.share_filled >= 0.05
    ]
    return tuple(each.name for each in sorted(found, key=likely)[:8])


def _may_be_label(column: Column, *, many: bool) -> bool:
    if many and column.looks_like == "word":
        return True
    # What is called so is offered, even if it is hardly ever the same.
    named = _grade(column.name) == 0 if many else _grade(column.name) < 2
    named = named or (not many and _says(column.name, _TITLES))
    return named and not _says(column.name, _IDS) and _is_short(column, constant=not many)


def _is_short(column: Column, *, constant: bool = True) -> bool:
    """Whether a column holds words; of few rows no more can be said."""
    words = ("word", "name", "id", "text", *(("constant",) if constant else ()))
    return column.looks_like in words and column.average_length <= 60


_LEVELS = {
    "minor": ("low", "lowest", "minor", "trivial", "niedrig", "gering", "p4", "4", "sev4"),
    "moderate": ("medium", "moderate", "normal", "mittel", "p3", "3", "sev3"),
    "major": ("high", "major", "hoch", "p2", "2", "sev2"),
    "critical": (
        "critical", "highest", "severe", "catastrophic", "emergency", "urgent", "blocker",
        "kritisch", "dringend", "p1", "1", "sev1",
    ),
}  # fmt: skip
# What stands among impacts and is none. Any other word may be a degree that nobody here knows.
_NO_LEVELS = ("maintenance", "none", "unknown", "other", "info", "informational", "planned")


def impact_table(column: Column) -> dict[str, str] | None:
    """Return what the values of a column say of the impact, where all that are degrees do."""
    found: dict[str, str] = {}
    others = 0
    for value, _ in column.common:
        level = _levels(value, "[a-z]+") or _levels(value, "[a-z0-9]+")
        if len(level) == 1:
            found[value] = level[0]
        elif not level and value.strip().lower() in _NO_LEVELS:
            others += 1
        else:
            return None
    return found if found and column.distinct == len(found) + others else None


def _levels(value: str, pattern: str) -> list[str]:
    words = set(re.findall(pattern, value.lower()))
    return [name for name, known in _LEVELS.items() if words & set(known)]


def _fields(columns: Sequence[Column], taken: set[str], *, many: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, known in _FIELDS.items():
        for each in columns:
            if each.name in taken or each.name in found.values() or not _says(each.name, known):
                continue
            if _suits(field, each, many=many) and not _is_private(each):
                found[field] = each.name
                break
    return found


def _suits(field: str, column: Column, *, many: bool) -> bool:
    if field == "impact":
        return impact_table(column) is not None
    if field in ("title", "text"):
        headed = _says(column.name, _HEADS) and not _says(column.name, _FIELDS["text"])
        long = 120 if headed else 60
        is_text = column.looks_like in ("text", "name", "id", "word")
        return is_text and (column.average_length > long) == (field == "text")
    if field == "order":
        return column.looks_like in ("name", "id", "number")
    return column.looks_like in ("word", "name") or (not many and _is_short(column))


def process_of(columns: Sequence[str]) -> str:
    """Return which of the columns of a signature says where it happened, rather than what."""
    areas = [each for each in columns if _grade(each) == 1]
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
