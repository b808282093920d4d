"""Rows, whatever they come from: each with its place and its values by column."""

from __future__ import annotations

import datetime as dt
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import attrs

from remedy.errors import BadMapping, SourceError, shown, with_article

__all__ = [
    "REASON",
    "TEXT",
    "Dicts",
    "Limited",
    "Reading",
    "Row",
    "Rows",
    "flattened",
    "rows_of",
]

REASON = "rejected_because"
"""The column that a file of rejected rows has besides; where one is read again, it is left out."""
TEXT = "rejected_text"
"""The key under which a file of rejected rows keeps what nothing could be made of."""

FORMATS = ("csv", "json", "jsonl")


def _one_character(_: object, field: Any, value: str | None) -> None:
    if value is not None and (len(value) != 1 or value in '"\r\n'):
        raise BadMapping(
            f"read.{field.name}", f"{shown(value)} is not a character that parts cells."
        )


@attrs.frozen(kw_only=True)
class Reading:
    """How a file is read.

    Attributes:
        format: csv, json or jsonl; None for what the name of the file says.
        encoding: How its text is encoded. It is never guessed.
        delimiter: What parts the cells of a table; None for a comma, in `.tsv` files for a tab.
        records: In a JSON file that is one object: the key under which the list of rows stands,
            `data.items` for one in another.
        max_cell: How many characters a cell may have.
        cut_short: Take what is there of a file that ends in the middle.
    """

    format: str | None = None
    encoding: str = "utf-8"
    delimiter: str | None = attrs.field(default=None, validator=_one_character)
    records: str | None = None
    max_cell: int = 1_000_000
    cut_short: bool = False

    def __attrs_post_init__(self) -> None:
        if self.format not in (None, *FORMATS):
            raise BadMapping(
                "read.format", f"{shown(self.format)} is not one of {', '.join(FORMATS)}."
            )
        if not isinstance(self.max_cell, int) or not 1 <= self.max_cell <= 1_000_000_000:
            raise BadMapping("read.max_cell", "is a number of characters, 1 to 1,000,000,000.")

    @property
    def longest_line(self) -> int:
        """How many characters a line may have: of many cells, not all are the longest."""
        return 32 * self.max_cell


class Row(NamedTuple):
    """One row of a source.

    Attributes:
        line: The line on which it begins; None where there are no lines.
        number: Which row it is, as a spreadsheet counts: the one with the names is row 1. Of
            sources without such a row, the first is row 1.
        values: Its values, by column.
        problem: Why it cannot be taken as it is, if it cannot.
        column: The column where the problem is, if it is in one.
        raw: Its text, where nothing could be made of it.
        cells: Its cells, where they do not pair with the columns.
    """

    line: int | None
    number: int
    values: dict[str, Any]
    problem: str | None = None
    column: str | None = None
    raw: str | None = None
    cells: tuple[str, ...] | None = None

    @property
    def place(self) -> str:
        """Where it stands, as a message says it."""
        if self.line is None:
            return f"row {self.number:,}"
        if self.line == self.number:
            return f"line {self.line:,}"
        return f"line {self.line:,} (row {self.number:,})"


class Rows(ABC):
    """The rows of one source, in their order. Those of a file can be read again.

    Attributes:
        name: What messages call the source.
        ended_early: Where the source ended in the middle, if it did and that was allowed.
        tabular: Whether its values are the text of cells.
        again: Whether the rows can be gone through again.
    """

    name: str
    ended_early: str | None = None
    tabular: bool = False
    again: bool = True

    @abstractmethod
    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Its columns, where they are known before the rows are read."""
        return None

    @property
    def share(self) -> float | None:
        """How much of the source has been read, from 0 to 1; None where that is not known."""
        return None


class Dicts(Rows):
    """Rows out of an iterable of dictionaries.

    A dictionary inside one is taken apart: `{"user": {"id": 7}}` has the column `user.id`.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], name: str = "rows") -> None:
        self.name = name
        self.again = not isinstance(rows, Iterator)
        self._rows = rows

    def as_list(self) -> list[Mapping[str, Any]]:
        """Return the dictionaries; those of an iterator are gone then."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""
        for number, given in enumerate(self._rows, start=1):
            if not isinstance(given, Mapping):
                raise SourceError(
                    self.name,
                    f"row {number:,} is {with_article(type(given).__name__)}, not a dictionary of "
                    "its columns.",
                )
            yield row_of(given, None, number)


class Limited(Rows):
    """The first rows of a source."""

    def __init__(self, rows: Rows, limit: int) -> None:
        self.name = rows.name
        self.tabular = rows.tabular
        self.again = rows.again
        self._rows = rows
        self._limit = limit

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Its columns, where they are known before the rows are read."""
        return self._rows.columns

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""
        return islice(iter(self._rows), self._limit)


def row_of(given: Mapping[str, Any], line: int | None, number: int) -> Row:
    """Return the row that a dictionary, perhaps with dictionaries in it, makes."""
    values, problem = flattened(given)
    # Half of a row would pass for a whole one.
    return Row(line, number, values, problem, None, None if problem is None else repr(given))


def flattened(given: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return the values by column, and what is wrong with them, if anything is."""
    values: dict[str, Any] = {}
    todo: list[Iterator[tuple[str, Any]]] = [iter(given.items())]
    path: list[str] = []
    while todo:
        for name, value in todo[-1]:
            if not isinstance(name, str) or not name.strip():
                return values, f"the name {shown(name)} of a column is no text, or empty."
            column = ".".join([*path, name.strip()]) if path else name.strip()
            if isinstance(value, Mapping):
                if len(todo) >= 64:
                    return values, "is nested deeper than 64 levels."
                path.append(name.strip())
                todo.append(iter(value.items()))
                break
            if column in values:
                return values, f"the column {shown(column)} stands in it twice."
            values[column] = _plain(value)
        else:
            todo.pop()
            if path:
                path.pop()
    return values, None


_PLAIN = (str, int, list, type(None), dt.date)  # bool is an int, datetime a date


def _plain(value: Any) -> Any:
    """Return a value as mappings take it: what JSON knows, or a date or time."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if not isinstance(value, _PLAIN):
        if isinstance(value, Decimal):
            return str(value)
        if hasattr(value, "item"):  # a scalar of numpy
            return _plain(value.item())
        if type(value).__name__ == "NAType":  # pandas.NA, which is not to be compared
            return None
    elif isinstance(value, dt.datetime) and _is_no_time(value):
        return None
    return value


def _is_no_time(value: object) -> bool:
    """Whether it is NaT, which is a datetime and is equal to nothing, itself included."""
    return not value == value  # noqa: PLR0124, SIM201


def rows_of(data: object, reading: Reading | None = None, name: str | None = None) -> Rows:
    """Return the rows of a file, of an iterable of dictionaries, or of a DataFrame.

    Args:
        data: A path, an iterable of dictionaries, or a DataFrame of pandas, polars, pyarrow or
            whatever else narwhals knows.
        reading: How a file is read.
        name: What messages call it; by default, the name of the file.

    Raises:
        SourceError: If it is none of these, or the file cannot be read.
        MissingExtra: If it is a DataFrame, and narwhals is not installed.
    """
    if isinstance(data, Rows):
        return data
    if isinstance(data, (str, Path)):
        return _file(Path(data), reading or Reading())
    if isinstance(data, Mapping):
        raise SourceError(name or "rows", "is one dictionary: give a list of them.")
    # The class is asked, since the columns of a lazy frame may be a long computation.
    if hasattr(type(data), "columns") or hasattr(data, "__narwhals_dataframe__"):
        from remedy.sources.frames import Frame

        return Frame(data, name or "frame")
    if isinstance(data, Iterable):
        return Dicts(data, name or "rows")
    raise SourceError(
        name or "rows",
        f"is {with_article(type(data).__name__)}: give a path, an iterable of dictionaries, or a "
        "DataFrame.",
    )


_BY_SUFFIX = {".csv": "csv", ".tsv": "csv", ".tab": "csv", ".json": "json"} | dict.fromkeys(
    (".jsonl", ".ndjson", ".jsonlines"), "jsonl"
)


def _file(path: Path, reading: Reading) -> Rows:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        suffix = Path(path.stem).suffix.lower()
    kind = reading.format or _BY_SUFFIX.get(suffix)
    if kind == "csv":
        from remedy.sources.tables import Table

        return Table(path, reading)
    if kind is not None:
        from remedy.sources.documents import Document, Lines

        return Lines(path, reading) if kind == "jsonl" else Document(path, reading)
    raise SourceError(
        path,
        f"its name does not say what it is. Name it .csv, .json or .jsonl (or .csv.gz ...), or say "
        f"format = one of {', '.join(FORMATS)}.",
    )
