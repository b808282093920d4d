"""Tables in text files: CSV and its kin, read strictly."""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from remedy.errors import SourceError, shown
from remedy.sources.files import TextFile
from remedy.sources.rows import Reading, Row, Rows

__all__ = ["Table"]

# Control characters but for tab and the line breaks.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_UNFIT_HINT = (
    "It often comes from reading a file in the wrong encoding (encoding = 'utf-16'?), or from a "
    "damaged export: take it out."
)

_BATCH = 500
# The csv module has one limit for the whole process: it is ours only while a batch is parsed.
_LIMIT = threading.Lock()

Found = tuple[int, list[str]]
"""The line on which a record begins, and its cells."""


class Table(Rows):
    """The rows of a CSV file, whose first row names the columns.

    A row that is longer or shorter than the first, or holds control characters, is handed on with
    its problem. What leaves open where a row ends, such as a quote that is never closed, ends the
    reading. A column without a name is called by its number.

    Raises:
        SourceError: If the file cannot be read as a table.
    """

    tabular = True

    def __init__(self, path: Path, reading: Reading) -> None:
        self.name = str(path)
        self._path = path
        self._reading = reading
        self._delimiter = reading.delimiter or (
            "\t" if {".tsv", ".tab"} & {suffix.lower() for suffix in path.suffixes} else ","
        )
        self._share: float | None = None
        self._columns: tuple[str, ...] | None = None

    @property
    def share(self) -> float | None:
        """How much of the file has been read, from 0 to 1."""
        return self._share

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in the first row."""
        if self._columns is None:
            with self._open() as file:
                self._columns = self._names(next(self._records(file, 1), None))
        return self._columns

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""
        self.ended_early = None
        with self._open() as file:
            records = self._records(file, _BATCH)
            columns = self._columns = self._names(next(records, None))
            width = len(columns)
            for number, (line, cells) in enumerate(records, start=2):
                if number % _BATCH == 0:
                    self._share = file.share
                if len(cells) == width:
                    values = dict(zip(columns, cells, strict=True))
                    if file.suspicious:
                        yield Row(line, number, values, *_unfit(values))
                    else:
                        yield Row(line, number, values)
                else:
                    yield _ragged(line, number, columns, cells)
            self._share = file.share

    def _open(self) -> _Watched:
        return _Watched(
            self._path,
            encoding=self._reading.encoding,
            longest=self._reading.longest_line,
            cut_short=self._reading.cut_short,
        )

    def _records(self, file: _Watched, size: int) -> Iterator[Found]:
        reader = csv.reader(file.watched(), delimiter=self._delimiter, strict=True)
        more = True
        while more:
            file.suspicious = False
            with _LIMIT:
                before = csv.field_size_limit(self._reading.max_cell)
                try:
                    batch, failure = _pull(reader, size)
                finally:
                    csv.field_size_limit(before)
            yield from batch
            if failure is not None:
                if self._reading.cut_short and failure.problem == "unexpected end of data":
                    self.ended_early = f"line {failure.line:,}"
                    return
                raise self._unreadable(failure, reader.line_num)
            more = len(batch) == size
        self.ended_early = file.ended_early

    def _unreadable(self, failure: _Failure, last: int) -> SourceError:
        problem = failure.problem
        if "field larger than field limit" in problem:
            told = (
                f"a cell has more than {self._reading.max_cell:,} characters. If it is meant to, "
                f"raise max_cell; if not, look for a quote that is never closed."
            )
        elif problem == "unexpected end of data":
            told = f"a quote that opens here is not closed before the file ends, in line {last}."
        elif "expected after" in problem:
            told = (
                "a quoted cell goes on after its closing quote. A quote inside a quoted cell is "
                'written twice: "".'
            )
        else:  # pragma: no cover - the csv module knows no other errors of its input
            told = f"{problem}."
        return SourceError(self.name, f"line {failure.line}: {told}")

    def _names(self, found: Found | None) -> tuple[str, ...]:
        if found is None:
            raise SourceError(self.name, "is empty: not even a row with the names of its columns.")
        line, cells = found
        names = tuple(
            cell.strip() or f"column {number}" for number, cell in enumerate(cells, start=1)
        )
        for number, name in enumerate(names, start=1):
            unfit = _UNFIT.search(name)
            if unfit:
                raise SourceError(
                    self.name,
                    f"line {line}: the name of column {number} holds the character "
                    f"U+{ord(unfit[0]):04X}. {_UNFIT_HINT}",
                )
            if names.index(name) != number - 1:
                raise SourceError(
                    self.name,
                    f"line {line}: the columns {names.index(name) + 1} and {number} are both "
                    f"called {name!r}. Give one of them another name.",
                )
        if len(names) == 1 and self._reading.delimiter is None:
            for other in ";\t|,":
                if other in names[0]:
                    raise SourceError(
                        self.name,
                        f"line {line} is a single column, {names[0][:60]!r}. If its cells are "
                        f"parted by {other!r}, say delimiter = {other!r}.",
                    )
        return names


class _Watched(TextFile):
    """A file that notices lines with characters that no cell may hold."""

    suspicious = False

    def watched(self) -> Iterator[str]:
        """Yield the lines."""
        for line in self:
            if not line.rstrip("\r\n").isprintable() and _UNFIT.search(line):
                self.suspicious = True
            yield line


class _Reader(Protocol):
    """What `csv.reader` returns."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...

    def __iter__(self) -> Iterator[list[str]]: ...


class _Failure:
    """Where, and with which words, the csv module gave up."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem


def _pull(reader: _Reader, size: int) -> tuple[list[Found], _Failure | None]:
    """Return the next records, and what ended them, so that the good ones come before it."""
    found: list[Found] = []
    while len(found) < size:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            return found, _Failure(line, str(error))
        if cells is None:
            break
        if cells:  # an empty line is no row
            found.append((line, cells))
    return found, None


def _ragged(line: int, number: int, columns: tuple[str, ...], cells: list[str]) -> Row:
    values = dict(zip(columns, cells, strict=False))
    surplus = cells[len(columns) :]
    count = f"{len(cells)} cell{'s' if len(cells) != 1 else ''}"
    problem = f"has {count}, and there are {len(columns)} columns"
    if surplus:
        problem += (
            f": {shown(surplus)} has no column. A cell that holds the delimiter, or a quote, is "
            "quoted."
        )
    else:
        problem += ". Was a line break inside a cell not quoted, or the row cut short?"
    return Row(line, number, values, problem, None, None, tuple(cells))


def _unfit(values: dict[str, str]) -> tuple[str, str] | tuple[None, None]:
    for column, value in values.items():
        found = _UNFIT.search(value)
        if found:
            problem = (
                f"holds the character U+{ord(found[0]):04X} at position {found.start()}, which "
                f"cannot be stored. {_UNFIT_HINT}"
            )
            return problem, column
    return None, None
