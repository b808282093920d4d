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
from remedy.sources.compiling import Unfit
from remedy.sources.converting import text_of
from remedy.sources.rows import REASON, TEXT, Row

__all__ = ["RejectedRow", "RejectsFile", "rejected_row", "rejects_path"]


_INSTEAD = (
    "Mend and import it first, name another file (--rejects, or rejects=), or have it replaced: "
    "--force, or overwrite_rejects=True."
)


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
            where = shown(self.value) if self.value is not None else ""
        else:
            where = f"column {shown(self.column)}" + (
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
    """A file of rejected rows, in the form of the source, with the reason in front.

    A row that was refused because it is too long or too short stands there as it came, with nothing
    cut off and nothing filled in: it is refused again until somebody mends it.

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
        self._reason_at = columns.index(REASON) if columns and REASON in columns else None
        self._delimiter = delimiter
        self._encoding = encoding
        self._overwrite = overwrite
        self._writing = contextlib.ExitStack()
        self._finished = False
        if not overwrite:
            refuse_existing(path, _INSTEAD)

    def __enter__(self) -> Self:
        return self

    def _begin(self) -> None:
        self.used = True
        self._file = self._writing.enter_context(
            written(self.path, overwrite=self._overwrite, encoding=self._encoding, instead=_INSTEAD)
        )
        if self._columns is not None:
            self._table = csv.writer(self._file, delimiter=self._delimiter)
            # In front, where a row of any length leaves it: behind, mending a short row could turn
            # the reason into what its last column says.
            self._table.writerow([REASON, *self._columns])

    def add(self, rows: Sequence[Row], problem: str) -> None:
        """Add the rows of a case that was refused."""
        if not self.used:
            self._begin()
        for row in rows:
            if self._columns is not None:
                cells = [text_of(row.values.get(column)) for column in self._columns]
                self._table.writerow([problem, *(self._ragged(row) or cells)])
            else:
                given: dict[str, Any] = {REASON: problem}
                given |= row.values if row.raw is None else {TEXT: row.raw}
                self._file.write(json.dumps(given, ensure_ascii=False, default=text_of) + "\n")

    def _ragged(self, row: Row) -> list[str] | None:
        """Return the cells of a row that is too long or too short."""
        if row.cells is None or self._columns is None:
            return None
        # Of a file of this kind that is read again, the reason of last time is left out.
        cells = [cell for place, cell in enumerate(row.cells) if place != self._reason_at]
        return [*cells, ""] if len(cells) == len(self._columns) else cells

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
