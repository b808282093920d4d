"""What only the casebook can see, said of the row that it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from remedy.errors import (
    CausalCycle,
    Conflict,
    DanglingReference,
    InvalidRecord,
    RemedyError,
    UnknownRecord,
    with_article,
)
from remedy.records import RECORDS
from remedy.sources.cases import Mapper
from remedy.sources.compiling import Unfit
from remedy.sources.rows import Row

__all__ = ["REFUSALS", "pieces", "refusal"]

T = TypeVar("T")

REFUSALS = (CausalCycle, Conflict, DanglingReference, InvalidRecord, UnknownRecord)
"""What a casebook says of a record that it does not take; all else is about the casebook."""


def refusal(error: RemedyError, mapper: Mapper, rows: Sequence[Row]) -> Unfit:
    """Return what a casebook says of the records of a case, as a problem of its rows.

    Args:
        error: What it says.
        mapper: What made the records.
        rows: The rows of the case; none for what was gathered out of many.
    """
    kind, fields, problem = _told(error)
    column = mapper.column_of(kind, fields)
    value = rows[-1].values.get(column) if rows and column is not None else None
    return Unfit(column, value, problem)


def _told(error: RemedyError) -> tuple[str | None, tuple[str, ...], str]:
    """Return the class of the record, the fields that may be at fault, and the problem."""
    if isinstance(error, InvalidRecord):
        names = {each.__name__: name for name, each in RECORDS.items()}
        field = f"{names.get(error.record, error.record)}.{error.field}"
        return error.record, (error.field,), f"{field}: {error.problem}"
    if isinstance(error, CausalCycle):
        told = error.message.replace(" Nothing was written.", "")
        return None, ("effects", "causes", "introduces"), told
    if isinstance(error, Conflict):
        other = error.differences.get("kind")
        if other is None:
            return None, ("id",), error.message
        return (
            None,
            ("id",),
            f"{error.kind} {error.id}: there is {with_article(str(other[0]))} with this id "
            f"already, and no two records have the same, of whatever kind. Make other ids for "
            f"one kind: id = {{ template = ... }}.",
        )
    field = error.references[0][1] if isinstance(error, DanglingReference) else ""
    return None, (field,), error.message


def pieces(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of at most so many of the items."""
    stream = iter(items)
    while held := list(islice(stream, size)):
        yield held
