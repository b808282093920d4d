"""Importing: from a source, by a mapping, into a casebook; all of it, or nothing."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as AbstractMapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import attrs

from remedy._defining import values_of
from remedy._marks import marks_told_to
from remedy.errors import BadMapping, BadRows, RemedyError, shown
from remedy.records import Record
from remedy.sources._layout import show_as_text
from remedy.sources.cases import Case, Mapper
from remedy.sources.compiling import Unfit
from remedy.sources.mapping import Mapping, load_mapping, mapping_from
from remedy.sources.refusals import REFUSALS, pieces, refusal
from remedy.sources.rejects import RejectedRow, RejectsFile, rejected_row, rejects_path
from remedy.sources.rows import Row, Rows, rows_of

__all__ = ["Imported", "import_file", "import_rows"]

Progress = Callable[[int, float | None], None]
"""Is told, now and then, how many rows were read, and which share of the source, if known."""

AnyMapping = Mapping | AbstractMapping[str, Any] | Path | str

_KEPT = 100
_PIECE = 200
_EVERY = 1_000


class Ingested(Protocol):
    """What a casebook says it has taken in."""

    @property
    def new(self) -> int: ...

    @property
    def updated(self) -> int: ...

    @property
    def unchanged(self) -> int: ...

    @property
    def older(self) -> int: ...

    @property
    def pending(self) -> int: ...

    @property
    def redacted(self) -> int: ...


class Book(Protocol):
    """What records are imported into: a casebook."""

    def ingest(self, records: Iterable[Record]) -> Ingested:
        """Take in records, all of them or none."""

    def transaction(self) -> contextlib.AbstractContextManager[object]:
        """Take in all of what is ingested inside, or nothing; inside another, as a part of it."""


@attrs.frozen(kw_only=True)
class Imported:
    """What an import did.

    Attributes:
        source: What was read.
        rows: How many rows it has.
        cases: How many cases they make.
        records: How many records were made, by kind.
        new: How many of them the casebook did not know.
        updated: How many it knew otherwise.
        unchanged: How many it knew just so.
        older: How many were older than what it knows, and left out.
        pending: How many references in the casebook wait for the record that they refer to.
        redacted: How many records named a customer who was erased, and were taken in without them.
        rejected: The rows that were refused: the first hundred.
        rejected_rows: How many there are.
        rejects: The file with all of them.
        warnings: What somebody should know.
    """

    source: str
    rows: int
    cases: int
    records: AbstractMapping[str, int]
    new: int
    updated: int
    unchanged: int
    older: int
    pending: int
    redacted: int = 0
    rejected: tuple[RejectedRow, ...] = ()
    rejected_rows: int = 0
    rejects: Path | None = None
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        found = attrs.asdict(self)
        return found | {"rejects": None if self.rejects is None else str(self.rejects)}

    _repr_pretty_ = show_as_text

    def __str__(self) -> str:
        """Say it in a few lines."""
        made = ", ".join(
            f"{count:,} {_plural(kind, count)}" for kind, count in self.records.items()
        )
        lines = [
            f"{self.source}: {self.rows:,} {_plural('row', self.rows)} → {made or 'no records'}",
            f"{self.new:,} new, {self.updated:,} updated, {self.unchanged:,} unchanged"
            + (f", {self.older:,} older than what is on file" if self.older else ""),
        ]
        if self.pending:
            lines.append(f"{self.pending:,} references wait for records that have not come yet")
        if self.redacted:
            lines.append(
                f"{self.redacted:,} without what they said of customers who have been erased"
            )
        if self.rejected_rows:
            lines.append(f"{self.rejected_rows:,} {_plural('row', self.rejected_rows)} refused:")
            lines += [f"  {each}" for each in self.rejected[:10]]
            if len(self.rejected) > 10:
                lines.append(f"  and {self.rejected_rows - 10:,} more")
        if self.rejects is not None:
            lines.append(
                f"They are in {self.rejects}: mend them there, and import that file by the same "
                "mapping."
            )
        lines += [f"Note: {warning}" for warning in self.warnings]
        return "\n".join(lines)


def _plural(kind: str, count: int) -> str:
    name = kind.replace("_", " ")
    return name if count == 1 or name.endswith("s") else f"{name.removesuffix('y')}{_ending(name)}"


def _ending(name: str) -> str:
    return "ies" if name.endswith("y") else "s"


# --- the two ways in ------------------------------------------------------------------------------


def import_file(
    book: Book,
    path: Path | str,
    mapping: AnyMapping,
    *,
    on_error: str = "reject",
    rejects: Path | str | None = None,
    overwrite_rejects: bool = False,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Imported:
    r"""Import a CSV, JSON or JSON Lines file, packed or not.

    Importing the same file again changes nothing.

    Args:
        book: The casebook.
        path: The file.
        mapping: What its rows become: a `Mapping`, the path of its TOML file, or plain tables.
        on_error: "reject" refuses the whole file if any row is bad; "collect" imports the good
            ones and leaves the others in a file of their own.
        rejects: Where that goes; by default beside the file, `tickets.rejected.csv`. It has the
            columns of the source and the reason, and can be mended and imported.
        overwrite_rejects: Whether a file that is there already may be replaced.
        limit: Read no more than so many rows, to try a mapping.
        progress: Is told, now and then, how many rows were read, and which share of the file;
            from the beginning again where the casebook refused something, and the rows that it
            came from are looked for.

    Raises:
        BadRows: If rows are bad, and `on_error` is "reject". Nothing was written.
        SourceError: If the file cannot be read. Nothing was written.
        BadMapping: If the mapping cannot be used.

    Example:
        >>> import tempfile, pathlib, remedy
        >>> from remedy.sources import import_file
        >>> folder = tempfile.TemporaryDirectory()
        >>> tickets = pathlib.Path(folder.name, "tickets.csv")
        >>> _ = tickets.write_text(
        ...     "Ticket,Opened,Client,Topic\n"
        ...     "7,02.03.2026 09:00,C-17,shipped collect\n"
        ...     "8,09.03.2026 15:00,C-17,shipped collect\n"
        ... )
        >>> mapping = {
        ...     "source": "crm", "key": "Ticket", "zone": "Europe/Vienna",
        ...     "records": {"incident": {
        ...         "occurred": {"column": "Opened", "format": "%d.%m.%Y %H:%M"},
        ...         "customers": "Client",
        ...         "process": {"value": "shipping"},
        ...         "failure_mode": "Topic",
        ...     }},
        ... }
        >>> with remedy.open() as book:
        ...     first = import_file(book, tickets, mapping)
        ...     again = import_file(book, tickets, mapping)
        >>> first.records, first.new, again.new, again.unchanged
        ({'incident': 2}, 2, 0, 2)
        >>> folder.cleanup()
    """
    found = as_mapping(mapping)
    rows = rows_of(Path(path), found.read)
    if on_error == "collect" and rejects is None:
        rejects = rejects_path(str(path))
    return _import(
        lambda: _Import(found, rows, on_error, limit, progress), book, rejects, overwrite_rejects
    )


def import_rows(
    book: Book,
    rows: object,
    mapping: AnyMapping,
    *,
    name: str = "rows",
    on_error: str = "reject",
    rejects: Path | str | None = None,
    overwrite_rejects: bool = False,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Import dictionaries, or a DataFrame. Otherwise like `import_file`.

    Args:
        book: The casebook.
        rows: An iterable of dictionaries, or a DataFrame of pandas, polars, pyarrow and others
            (needs the extra `frames`). Of an iterator, which can be gone through only once, what
            the casebook itself refuses is not traced to its row: give a list.
        mapping: What they become.
        name: What messages call them.
        on_error: "reject" or "collect".
        rejects: Where refused rows go, as JSON Lines; by default nowhere.
        overwrite_rejects: Whether a file that is there already may be replaced.
        limit: Read no more than so many rows.
        progress: Is told, now and then, how many rows were read.

    Raises:
        BadRows: If rows are bad, and `on_error` is "reject". Nothing was written.
        SourceError: If the rows cannot be read. Nothing was written.
        BadMapping: If the mapping cannot be used.
        MissingExtra: If it is a DataFrame, and narwhals is not installed.
    """
    found = as_mapping(mapping)
    source = rows_of(rows, found.read, name)
    return _import(
        lambda: _Import(found, source, on_error, limit, progress), book, rejects, overwrite_rejects
    )


def as_mapping(given: AnyMapping) -> Mapping:
    """Return a mapping, however it was given."""
    if isinstance(given, Mapping):
        return given
    return mapping_from(given) if isinstance(given, AbstractMapping) else load_mapping(given)


# --- at work --------------------------------------------------------------------------------------


class _Seen:
    """Notices ids that come twice with different content. About 100 bytes for each record.

    Args:
        external: Whether the mapping makes ids in the source, by which records are known again, in
            a way of its own: two rows may have the same one then, and different ids.
    """

    def __init__(self, *, external: bool) -> None:
        # Numbers instead of records: of this process only, and never stored.
        self._known: dict[int, int] = {}
        self._external = external

    def other_place(self, record: Record, number: int) -> int | None:
        """Return the row where the id stands with other content, if it does."""
        identity = hash((type(record), record.id, record.updated))
        other = self._meet(identity, _digest(record), number)
        if other is None and self._external:
            there = hash((type(record), record.source, record.external_id, record.updated, ""))
            other = self._meet(there, hash(record.id), number)
        return other

    def _meet(self, identity: int, content: int, number: int) -> int | None:
        content &= 0xFFFFFFFF
        known = self._known.setdefault(identity, content | number << 32)
        return None if known & 0xFFFFFFFF == content else known >> 32


def _digest(record: Record) -> int:
    fields = values_of(record)
    try:
        return hash(
            (
                *fields["attributes"].items(),
                *(fields[name] for name in fields if name != "attributes"),
            )
        )
    except TypeError:  # an attribute is a list
        return hash(repr(fields))


def _import(
    start: Callable[[], _Import], book: Book, rejects: Path | str | None, overwrite: bool
) -> Imported:
    path = None if rejects is None else Path(rejects)
    first = start()
    try:
        return first.into(book, path, overwrite=overwrite)
    except REFUSALS:
        if not first.rows.again:
            raise
    # Once more, piece by piece: slower, but it tells which rows these records came from.
    return start().into(book, path, overwrite=overwrite, traced=True)


@attrs.define
class _Counts:
    """What came of several times of taking in."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    older: int = 0
    pending: int = 0
    redacted: int = 0

    def add(self, found: Ingested) -> None:
        self.new += found.new
        self.updated += found.updated
        self.unchanged += found.unchanged
        self.older += found.older
        self.pending = found.pending
        self.redacted += found.redacted


class _Made(NamedTuple):
    """The records of a case, or one that was gathered out of many."""

    rows: Sequence[Row]
    place: str
    records: Sequence[Record]


class _Import:
    def __init__(
        self,
        mapping: Mapping,
        rows: Rows,
        on_error: str,
        limit: int | None,
        progress: Progress | None,
    ) -> None:
        if on_error not in ("reject", "collect"):
            raise BadMapping("on_error", f"{shown(on_error)} is neither 'reject' nor 'collect'.")
        self.rows = rows
        self._mapper = Mapper(mapping, rows)
        self._collect = on_error == "collect"
        self._limit = limit
        self._progress = progress
        self._file: RejectsFile | None = None
        self._seen = _Seen(
            external=any("external_id" in each.fields for each in mapping.records.values())
        )
        self._read = self._cases = self._bad = 0
        self._kinds: Counter[str] = Counter()
        self._rejected: list[RejectedRow] = []
        self._case: Case | None = None
        self._marked: dict[str, str] = {}

    def into(
        self, book: Book, rejects: Path | None, *, overwrite: bool, traced: bool = False
    ) -> Imported:
        """Write what the rows make into a casebook.

        Args:
            book: The casebook.
            rejects: Where refused rows go.
            overwrite: Whether a file that is there may be replaced.
            traced: Whether to write it piece by piece, so that it is known from which rows that
                comes which the casebook refuses.
        """
        with contextlib.ExitStack() as stack:
            if self._collect and rejects is not None:
                reading = self._mapper.mapping.read
                delimiter = "\t" if rejects.suffix.lower() in (".tsv", ".tab") else ","
                self._file = stack.enter_context(
                    RejectsFile(
                        rejects,
                        self.rows.columns if self.rows.tabular else None,
                        delimiter=reading.delimiter or delimiter,
                        encoding=reading.encoding,
                        overwrite=overwrite,
                    )
                )
            try:
                with marks_told_to(self._note_marks):
                    ingested = self._traced(book) if traced else book.ingest(self.records())
            except RemedyError as error:
                if not isinstance(error, BadRows):
                    error.add_note(f"This came up importing {self.rows.name}; nothing was written.")
                raise
        if self._progress is not None:
            self._progress(self._read, 1.0)
        return Imported(
            source=self.rows.name,
            rows=self._read,
            cases=self._cases,
            records=dict(self._kinds),
            new=ingested.new,
            updated=ingested.updated,
            unchanged=ingested.unchanged,
            older=ingested.older,
            redacted=ingested.redacted,
            pending=ingested.pending,
            rejected=tuple(self._rejected),
            rejected_rows=self._bad,
            rejects=rejects if self._file is not None and self._file.used else None,
            warnings=tuple(self._warnings(book)),
        )

    def records(self) -> Iterator[Record]:
        """Yield the records; at the end, complain of all bad rows together."""
        for made in self._made():
            if self._collect or not self._bad:  # what will not be written need not be sent
                self._count(made)
                yield from made.records
        self._end()

    def _traced(self, book: Book) -> Ingested:
        """Write the records, in one transaction; refuse the rows of those that are refused."""
        done = _Counts()
        with book.transaction():
            for piece in pieces(self._made(), _PIECE):
                self._try(book, piece, done)
            self._end()
        return done

    def _try(self, book: Book, made: Sequence[_Made], done: _Counts) -> None:
        """Write the records of some cases; of one half, and the other, if any is refused."""
        try:
            with book.transaction():
                found = book.ingest([record for each in made for record in each.records])
        except REFUSALS as error:
            if len(made) > 1:
                half = len(made) // 2
                self._try(book, made[:half], done)
                self._try(book, made[half:], done)
                return
            problem = refusal(error, self._mapper, made[0].rows)
            if made[0].rows:
                self._reject(made[0].rows, problem)
            else:
                self._reject_gathered(made[0].place, problem)
        else:
            for each in made:
                self._count(each)
            done.add(found)

    def _made(self) -> Iterator[_Made]:
        """Yield what the cases make; refuse those that cannot be taken."""
        for case in self._mapper.cases(self._counted()):
            self._cases += 1
            self._case = case
            try:
                made = self._mapper.records(case)
                for record in made:
                    self._refuse_second(record, case)
            except Unfit as problem:
                self._reject(case.rows, problem)
                continue
            yield _Made(case.rows, case.rows[0].place, made)
        self._case = None
        for place, found in self._mapper.gathered():
            if isinstance(found, Unfit):
                self._reject_gathered(place, found)
            else:
                yield _Made((), place, [found])

    def _end(self) -> None:
        if self._bad and not self._collect:
            raise BadRows(self.rows.name, self._rejected, self._bad)
        if self._file is not None:
            # Before the good rows are written for good: if the others cannot be kept, none are.
            self._file.finish()

    def _counted(self) -> Iterator[Row]:
        for row in self.rows:
            if self._limit is not None and self._read >= self._limit:
                return
            self._read += 1
            if self._progress is not None and self._read % _EVERY == 0:
                self._progress(self._read, self.rows.share)
            yield row

    def _count(self, made: _Made) -> None:
        for record in made.records:
            self._kinds[record.entity] += 1

    def _refuse_second(self, record: Record, case: Case) -> None:
        row = case.rows[0]
        other = self._seen.other_place(record, row.line or row.number)
        if other is not None:
            what = "line" if row.line else "row"
            hint = (
                "If several rows make one record, say so: rows = 'consecutive'."
                if self._mapper.mapping.rows == "one"
                else "Its rows do not follow each other: say rows = 'scattered'."
            )
            raise Unfit(
                None,
                record.id,
                f"this {record.entity} comes from {what} {other:,} already, with other content. "
                f"{hint}",
            )

    def _reject(self, rows: Iterable[Row], problem: Unfit) -> None:
        listed = list(rows)
        self._bad += len(listed)
        first = rejected_row(listed[0].place, problem)
        self._note(first)
        if self._file is not None:
            self._file.add(listed, str(first))

    def _reject_gathered(self, place: str, problem: Unfit) -> None:
        self._bad += 1
        self._note(rejected_row(f"from {place} on", problem))

    def _note(self, rejected: RejectedRow) -> None:
        if len(self._rejected) < _KEPT:
            self._rejected.append(rejected)

    def _note_marks(self, id: str) -> None:
        if len(self._marked) <= 5:  # One more than are told.
            place = "of several rows" if self._case is None else self._case.rows[0].place
            self._marked.setdefault(id, place)

    def _warnings(self, book: Book) -> Iterator[str]:
        if self._marked:
            told = [f"{shown(id)} ({place})" for id, place in self._marked.items()]
            more = " and others" if len(told) > 5 else ""
            yield (
                f"ids hold marks that turn the direction of writing. They were taken as they are, "
                f"and may look like other ids: {', '.join(told[:5])}{more}."
            )
        if self.rows.ended_early is not None:
            yield (
                f"the file ends in the middle, at {self.rows.ended_early}; what is unfinished was "
                f"left out, and what came after it is missing."
            )
        if self._read:
            yield from self._mapper.missed()
        signature = self._mapper.mapping.signature
        own = getattr(getattr(book, "config", None), "signature", signature)
        if signature and tuple(own) != signature:
            yield (
                f"the mapping is made for the signature {', '.join(signature)}, and the casebook "
                f"has {', '.join(own)}, which counts. To change it: in Python, "
                f"book.configure(signature={shown(list(signature))})."
            )
