"""Records as CSV files, safe to open in a spreadsheet."""

from __future__ import annotations

import contextlib
import csv
import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from remedy.errors import UnknownTable
from remedy.exports._files import replacing
from remedy.exports._tables import Value, rows, tables
from remedy.records import Day, Record

__all__ = ["generate_csv", "guarded", "table_names", "unguarded", "write_csv"]

# What a spreadsheet takes for the beginning of a formula, in its full-width forms too. Apostrophes
# before it count, so that taking one away again is exact.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def table_names() -> tuple[str, ...]:
    """Return the names of all tables: one for each kind of record, and for each plural field."""
    return tuple(tables())


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: with an apostrophe before it if need be.

    Example:
        >>> from remedy.exports import guarded, unguarded
        >>> guarded("=1+1")
        "'=1+1"
        >>> unguarded(guarded("=1+1"))
        '=1+1'
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def generate_csv(records: Iterable[Record], table: str, *, guard: bool = True) -> Iterator[str]:
    r"""Yield the rows of one table as CSV, the header first, each without its line break.

    Text stands in quotes, numbers do not. Times are in ISO form with their offset, days with their
    zone, and yes and no are `true` and `false`. A column of a plural field lists ids for people to
    read; the table named after it (`incident_customers`) has all that a link says.

    Args:
        records: The records; those of other tables are passed over.
        table: One of `table_names()`.
        guard: Whether text that a spreadsheet would take for a formula gets an apostrophe before
            it, which `unguarded` takes away. Numbers stay numbers.

    Raises:
        UnknownTable: If there is no such table.

    Example:
        >>> from remedy import Customer
        >>> from remedy.exports import generate_csv
        >>> lines = list(generate_csv([Customer(id="C-17", name="=cmd()")], "customer"))
        >>> lines[1]
        '"C-17","","\'=cmd()","","","","","recorded",""'
    """
    if table not in tables():
        raise UnknownTable(table, table_names())
    yield _line([column.name for column in tables()[table].columns], guard)
    for name, cells in rows(records):
        if name == table:
            yield _line(cells, guard)


def write_csv(
    records: Iterable[Record],
    folder: str | os.PathLike[str],
    *,
    guard: bool = True,
    overwrite: bool = False,
) -> list[Path]:
    """Write one CSV file for each table that has rows, and return their paths.

    The files are called after their tables, and are in UTF-8 with the mark that spreadsheets look
    for. Each is there whole or not at all; if one cannot be written, none is.

    Args:
        records: The records; they are read once, and not held.
        folder: An existing folder.
        guard: As in `generate_csv`.
        overwrite: Whether files that are there may be replaced.

    Raises:
        TargetExists: If a file exists, and `overwrite` is not set.
    """
    files: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        for name, cells in rows(records):
            if name not in files:
                path = Path(folder) / f"{name}.csv"
                files[name] = stack.enter_context(
                    replacing(path, overwrite=overwrite, encoding="utf-8-sig")
                )
                header = [column.name for column in tables()[name].columns]
                files[name].write(f"{_line(header, guard)}\n")
            files[name].write(f"{_line(cells, guard)}\n")
    return [Path(folder) / f"{name}.csv" for name in tables() if name in files]


class _Returned:
    """A file that gives back what is written to it: `writerow` returns what `write` does."""

    @staticmethod
    def write(text: str) -> str:
        return text


_WRITER: Any = csv.writer(_Returned(), quoting=csv.QUOTE_NONNUMERIC, lineterminator="")


def _line(cells: Iterable[Value], guard: bool) -> str:
    line: str = _WRITER.writerow([_cell(cell, guard) for cell in cells])
    return line


def _cell(value: Value, guard: bool) -> object:
    if value is None:
        return None
    if isinstance(value, str):
        return guarded(value) if guard else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Day) else value
