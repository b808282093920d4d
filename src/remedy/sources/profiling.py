"""Profiles: what a source looks like, and how well it would answer what keeps coming back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from remedy.config import Config, signature_reader
from remedy.errors import shown
from remedy.records import Incident
from remedy.sources._layout import percent, show_as_text, table
from remedy.sources.cases import Case, Mapper
from remedy.sources.columns import Column, Survey, survey
from remedy.sources.compiling import Compiler, Unfit, instant
from remedy.sources.importing import AnyMapping, as_mapping
from remedy.sources.mapping import Mapping as RowMapping
from remedy.sources.mapping import mapping_from
from remedy.sources.roles import NOBODY, Roles, guess, last_texts, time_value
from remedy.sources.rows import Dicts, Reading, Rows, rows_of
from remedy.sources.shapes import shapes_of
from remedy.sources.signatures import Point, Signature, every_signature, plain_label, try_signature

__all__ = ["Profile", "profile"]

_MOST_POINTS = 50_000
_SHOWN = 12


@attrs.frozen(kw_only=True)
class Profile:
    """What a source looks like.

    Attributes:
        source: What was read.
        rows: How many rows it has.
        cases: How many incidents they make.
        columns: Its columns.
        signatures: How the candidates for a signature would do; that of the mapping first, then
            the best.
        key: The column that tells the incidents apart.
        time: The column that says when it happened.
        customer: The column that says to whom.
        window_days: Within how many days a failure counts as back.
        notes: What should be known to read the figures.
    """

    source: str
    rows: int
    cases: int
    columns: tuple[Column, ...]
    signatures: tuple[Signature, ...]
    key: str | None
    time: str | None
    customer: str | None
    window_days: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        found: dict[str, Any] = attrs.asdict(self)
        return found

    _repr_pretty_ = show_as_text

    def __str__(self) -> str:
        """Say it in lines of at most 80 columns."""
        return "\n".join(
            [
                f"{self.source}: {self.rows:,} rows, {self.cases:,} incidents",
                "",
                *_columns_table(self.columns),
                "",
                *signatures_table(self.signatures, self.window_days, _SHOWN),
                *(f"Note: {note}" for note in self.notes),
            ]
        )


def _columns_table(columns: Sequence[Column]) -> list[str]:
    return table(
        ("Column", "Filled", "Distinct", "Looks like", "Most frequent"),
        [
            (
                each.name,
                percent(each.share_filled),
                f"{each.distinct:,}",
                each.looks_like,
                ", ".join(
                    f"{value} ({count:,})" if count > 1 else value
                    for value, count in each.common[:3]
                ),
            )
            for each in columns
        ],
        right=" rr",
    )


_ROOM = 29


def _lines_of(columns: Sequence[str]) -> list[str]:
    """Return the columns of a signature, on as few lines as have room beside the figures.

    They are written as an answer to --signature takes them, so none is cut.
    """
    lines = [columns[0]]
    for column in columns[1:]:
        longer = f"{lines[-1]} + {column}"
        if len(longer) <= _ROOM:
            lines[-1] = longer
        else:
            lines[-1] += " +"
            lines.append(column)
    return lines


def signatures_table(signatures: Sequence[Signature], window_days: int, most: int) -> list[str]:
    """Return the lines of a table of signatures, the first `most` of them."""
    if not signatures:
        return ["No columns were found that could tell one failure from another."]
    days = f"in {window_days} d"
    heads = ("  The same failure is the same", "Fills", "Distinct", "Again", days, "Same customer")
    rows: list[tuple[str, ...]] = []
    for each in signatures[:most]:
        first, *others = _lines_of(each.columns)
        rows.append(
            (
                ("* " if each.coarse else "  ") + first,
                percent(each.share_comparable),
                f"{each.distinct:,}",
                percent(each.again),
                percent(each.within),
                "?" if each.same_customer is None else percent(each.same_customer),
            )
        )
        rows += [(f"    {other}", *[""] * 5) for other in others]
    lines = table(heads, rows, right=" rrrrr")
    if any(each.coarse for each in signatures[:most]):
        lines.append("* too coarse: it calls more than half of the incidents repeats")
    return lines


def profile(
    data: object,
    mapping: AnyMapping | None = None,
    *,
    name: str = "rows",
    reading: Reading | None = None,
    window_days: int = 90,
) -> Profile:
    """Say what a source looks like, and write nothing.

    For each column: how full it is, how many different values it has, which are most frequent,
    and what it looks like. For each signature that could be made of it: how many incidents it
    could compare, and which share of these it would call repeats.

    Args:
        data: A file, an iterable of dictionaries, or a DataFrame.
        mapping: What its rows become. Without one, key, time and customer are guessed.
        name: What messages call the source, where it is no file.
        reading: How the file is read, where there is no mapping.
        window_days: Within how many days a failure counts as back.

    Raises:
        SourceError: If the source cannot be read.

    Example:
        >>> from remedy.sources import profile
        >>> rows = [
        ...     {"Ticket": "T1", "Opened": "2026-03-02T09:00Z", "Client": "C-17", "Issue": "late"},
        ...     {"Ticket": "T2", "Opened": "2026-03-09T09:00Z", "Client": "C-17", "Issue": "late"},
        ... ]
        >>> found = profile(rows)
        >>> found.key, found.time, found.customer
        ('Ticket', 'Opened', 'Client')
    """
    given = None if mapping is None else as_mapping(mapping)
    rows = readable_again(data, given.read if given else reading, name)
    seen = survey(rows, missing=given.missing if given else ())
    roles = guess(seen)
    labels = roles.labels
    if given is None:
        points, notes = guessed_points(rows, seen, roles, labels)
        signatures: list[Signature] = []
        key = roles.keys[0] if roles.keys else None
        time = roles.times[0] if roles.times else None
        customer = roles.customers[0] if roles.customers else None
    else:
        points, own, notes = _mapped_points(rows, given, labels, window_days)
        signatures = [own]
        key = " + ".join(given.key) or None
        time, customer = (_column_of(given, field) for field in ("occurred", "customers"))
    notes += misfit_notes(seen)
    known = any(point.customers for point in points)
    signatures += best_signatures(labels, points, window_days=window_days, customers_known=known)
    return Profile(
        source=rows.name,
        rows=seen.rows,
        cases=len(points),
        columns=seen.columns,
        signatures=tuple(signatures),
        key=key,
        time=time,
        customer=customer if known else None,
        window_days=window_days,
        notes=tuple(notes),
    )


def misfit_notes(seen: Survey) -> list[str]:
    """Return a note for each column of times in which a few values are none."""
    return [
        f"in {shown(column.name)}, these are no times: {', '.join(map(shown, column.misfits[:3]))}"
        + (f" and {len(column.misfits) - 3:,} more." if len(column.misfits) > 3 else ".")
        for column in seen.columns
        if column.misfits
    ]


def readable_again(data: object, reading: Reading | None, name: str) -> Rows:
    """Return rows that can be gone through twice."""
    rows = rows_of(data, reading, name)
    if isinstance(rows, Dicts):
        rows = Dicts(rows.as_list(), rows.name)
    return rows


def _column_of(mapping: RowMapping, field: str) -> str | None:
    for section in mapping.records.values():
        if section.record == "incident":
            columns = [
                column
                for name, each in section.sources()
                if name == field
                for column in sorted(each.columns())
            ]
            return " + ".join(columns) or None
    return None


# --- points ---------------------------------------------------------------------------------------


def guessed_points(
    rows: Rows, seen: Survey, roles: Roles, labels: Sequence[str]
) -> tuple[list[Point], list[str]]:
    """Return the incidents of a source as far as can be guessed, and what was guessed."""
    notes = []
    read_time = None
    if roles.times:
        column = seen[roles.times[0]]
        if column.is_ambiguous:
            notes.append(
                f"day and month of {shown(column.name)} were read as {column.formats[0]}, which "
                f"is a guess."
            )
        value = attrs.evolve(time_value(seen, column.name, roles.clock), fold="first")
        read_time = Compiler("UTC", column.missing, True).row_value(
            value, shapes_of("incident")["occurred"]
        )
    else:
        notes.append("no column with times was found, so that repeats cannot be told.")
    customers = roles.customers[:1] if roles.sure_of_customer else ()
    points = []
    for case in grouped(rows, roles):
        when = None
        if read_time is not None:
            with contextlib.suppress(Unfit):
                when = _seconds(read_time(case.rows[0].values))
        texts = last_texts(case.rows, customers)
        persons = tuple(each for each in texts if each and each.casefold() not in NOBODY)
        points.append(Point(when, persons, _plain(last_texts(case.rows, labels))))
        if len(points) >= _MOST_POINTS:
            notes.append(f"signatures were tried on the first {_MOST_POINTS:,} incidents.")
            break
    points.sort(key=_by_time)
    return points, notes


def _plain(texts: Sequence[str | None]) -> tuple[str | None, ...]:
    return tuple(plain_label(text) for text in texts)


def grouped(rows: Rows, roles: Roles) -> Iterator[Case]:
    """Yield the cases that rows make, as far as can be guessed."""
    key = roles.keys[:1] if roles.rows != "one" else ()
    incident = {"id": {"value": "x"}, "occurred": {"value": "2000-01-01T00:00Z"}}
    mapping = mapping_from(
        {"source": "x", "key": key, "rows": roles.rows, "records": {"incident": incident}}
    )
    return Mapper(mapping, Dicts([], rows.name)).cases(row for row in rows if row.problem is None)


def _mapped_points(
    rows: Rows, mapping: RowMapping, labels: Sequence[str], window_days: int
) -> tuple[list[Point], Signature, list[str]]:
    mapper = Mapper(mapping, rows)
    signature = mapping.signature or Config().signature
    failure = signature_reader(Config(signature=signature))
    found: list[tuple[Point, str | None]] = []
    bad = 0
    notes = []
    for case in mapper.cases(rows):
        try:
            made = mapper.records(case)
        except Unfit:
            bad += 1
            continue
        texts = last_texts(case.rows, labels)
        for incident in made:
            if isinstance(incident, Incident):
                persons = tuple(str(each.customer) for each in incident.customers)
                point = Point(_seconds(incident.occurred), persons, _plain(texts))
                found.append((point, failure(incident)))
        if len(found) >= _MOST_POINTS:
            notes.append(f"signatures were tried on the first {_MOST_POINTS:,} incidents.")
            break
    if bad:
        notes.append(f"{bad:,} cases could not be mapped, and are not counted.")
    found.sort(key=lambda each: _by_time(each[0]))
    points = [point for point, _ in found]
    failures = {id(point): key for point, key in found}
    own = try_signature(
        signature,
        points,
        lambda point: failures[id(point)],
        window_seconds=window_days * 86_400,
        customers_known=any(point.customers for point in points),
    )
    return points, own, notes


def _seconds(when: Any) -> float | None:
    return None if when is None else instant(when).timestamp()


def _by_time(point: Point) -> tuple[bool, float]:
    return point.when is None, point.when or 0.0


def best_signatures(
    labels: Sequence[str],
    points: Sequence[Point],
    *,
    window_days: int,
    customers_known: bool,
) -> list[Signature]:
    """Return how the combinations of columns do, the likeliest to be of use first.

    A combination that tells no more failures apart than one of fewer columns is left out.
    """
    found: list[Signature] = []
    for each in every_signature(
        labels, points, window_seconds=window_days * 86_400, customers_known=customers_known
    ):
        same = any(
            set(other.columns) < set(each.columns)
            and (other.distinct, other.comparable) == (each.distinct, each.comparable)
            for other in found
        )
        if not same and each.comparable:
            found.append(each)

    def rank(each: Signature) -> tuple[bool, bool, float, float, int]:
        return (
            not each.is_useful,
            each.coarse,
            each.within if each.coarse else 0.0,
            -round(each.share_comparable, 1),
            sum(labels.index(column) for column in each.columns),
        )

    return sorted(found, key=rank)
