"""The rows that were refused: listed with their reasons, and kept in a file that can be mended."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from remedy.errors import shown
from remedy.sources._files import refuse_existing, written
from remedy.sources.cases import REASON
from remedy.sources.compiling import Unfit
from remedy.sources.converting import text_of
from remedy.sources.rows import Row

__all__ = ["RejectedRow", "RejectsFile", "rejected_row", "rejects_path"]


@attrs.frozen(kw_only=True)
class RejectedRow:
    """A row that was refused.

    Attributes:
        place: Where it stands: "line 7".
        column: The column where the problem is, if it is in one.
        value: What stands there.
        problem: What is wrong, and what to do.
    """

    place: str
    column: str | None = None
    value: str | None = None
    problem: str

    def __str__(self) -> str:
        """Say it on one line."""
        if self.column is None:
            where = f"{shown(self.value)} " if self.value is not None else ""
        else:
            where = f"column {self.column!r}" + (
                "" if self.value is None else f" = {shown(self.value)}"
            )
        return f"{self.place}{', ' * bool(where)}{where}: {self.problem}"


def rejected_row(place: str, problem: Unfit) -> RejectedRow:
    """Return the row at a place, refused for a problem."""
    return RejectedRow(
        place=place,
        column=problem.column,
        value=None if problem.value is None else text_of(problem.value),
        problem=problem.problem,
    )


def rejects_path(source: str) -> Path:
    """Return where the rejected rows of a file go, unless somebody says otherwise.

    Example:
        >>> rejects_path("export/tickets.csv.gz").name
        'tickets.rejected.csv'
    """
    path = Path(source)
    if path.suffix.lower() == ".gz":
        path = path.with_suffix("")
    suffix = path.suffix if path.suffix.lower() in (".csv", ".tsv", ".tab") else ".jsonl"
    return path.with_name(f"{path.stem}.rejected{suffix}")


_CONSENT = "--force, or overwrite_rejects=True"


class RejectsFile:
    """A file of rejected rows, in the form of the source, with the reason besides.

    There is one only if a row was refused, and the block ends well: it takes its place by
    `finish`, before the good rows are written for good, and is taken away if they are not.

    Args:
        path: Where it goes.
        columns: The columns of a table; None for JSON Lines.
        delimiter: What parts the cells of the table.
        encoding: How its text is encoded: like the source, so that the same mapping reads it.
        overwrite: Whether a file that is there may be replaced.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str] | None,
        *,
        delimiter: str,
        encoding: str,
        overwrite: bool,
    ) -> None:
        self.path = path
        self.used = False
        self._columns = None if columns is None else [each for each in columns if each != REASON]
        self._delimiter = delimiter
        self._encoding = encoding
        self._overwrite = overwrite
        self._writing = contextlib.ExitStack()
        self._finished = False
        if not overwrite:
            refuse_existing(path, _CONSENT)

    def __enter__(self) -> Self:
        return self

    def _begin(self) -> None:
        self.used = True
        self._file = self._writing.enter_context(
            written(self.path, overwrite=self._overwrite, encoding=self._encoding, consent=_CONSENT)
        )
        if self._columns is not None:
            self._table = csv.writer(self._file, delimiter=self._delimiter)
            self._table.writerow([*self._columns, REASON])

    def add(self, rows: Sequence[Row], problem: str) -> None:
        """Add the rows of a case that was refused."""
        if not self.used:
            self._begin()
        for row in rows:
            if self._columns is not None:
                cells = [text_of(row.values.get(column)) for column in self._columns]
                self._table.writerow([*cells, problem])
            else:
                given: dict[str, Any] = dict(row.values)
                if row.raw is not None:
                    given["rejected_text"] = row.raw
                given[REASON] = problem
                self._file.write(json.dumps(given, ensure_ascii=False, default=text_of) + "\n")

    def finish(self) -> None:
        """Put the file into its place."""
        self._writing.close()
        self._finished = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.finish()
        elif self._finished and self.used:
            self.path.unlink(missing_ok=True)
        else:
            self._writing.__exit__(kind, error, trace)
