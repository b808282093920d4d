"""Trying a mapping: what the first rows of a source become, without a casebook."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from remedy.records import Record
from remedy.sources._layout import cut, one_line, show_as_text
from remedy.sources.cases import Mapper
from remedy.sources.compiling import Unfit
from remedy.sources.importing import AnyMapping, as_mapping
from remedy.sources.rejects import RejectedRow, rejected_row
from remedy.sources.rows import rows_of

__all__ = ["Preview", "preview"]


@attrs.frozen(kw_only=True)
class Preview:
    """What the first rows of a source become; nothing is written.

    Attributes:
        source: What was read.
        cases: The place of each case, with the records that it makes.
        rejected: The rows that were refused.
    """

    source: str
    cases: tuple[tuple[str, tuple[Record, ...]], ...]
    rejected: tuple[RejectedRow, ...]

    _repr_pretty_ = show_as_text

    def __str__(self) -> str:
        """Say it in lines of at most 80 columns."""
        lines = [f"{self.source}"]
        for place, records in self.cases:
            lines.append(f"{place} becomes" if records else f"{place} becomes nothing")
            for record in records:
                lines.append(f"  {record.entity} {record.id}")
                told = (one_line(f"{name}: {value}") for name, value in _told(record))
                lines += [f"    {cut(line, 76)}" for line in told]
        lines += [f"refused: {each}" for each in self.rejected]
        return "\n".join(lines)


def _told(record: Record) -> Iterator[tuple[str, str]]:
    from remedy._convert import to_dict

    for name, value in to_dict(record).items():
        if name not in ("record", "id", "source", "external_id", "provenance"):
            yield name, value if isinstance(value, str) else str(value)


def preview(data: object, mapping: AnyMapping, *, cases: int = 3, name: str = "rows") -> Preview:
    """Say what the first rows of a file, of dictionaries or of a DataFrame become.

    Args:
        data: The source.
        mapping: What its rows become.
        cases: How many cases to show.
        name: What messages call the source, where it is no file.
    """
    found = as_mapping(mapping)
    rows = rows_of(data, found.read, name)
    mapper = Mapper(found, rows)
    shown: list[tuple[str, tuple[Record, ...]]] = []
    rejected: list[RejectedRow] = []
    for case in mapper.cases(rows):
        place = case.rows[0].place
        try:
            shown.append((place, tuple(mapper.records(case))))
        except Unfit as problem:
            rejected.append(rejected_row(place, problem))
        if len(shown) + len(rejected) >= cases:
            break
    gathered = tuple(record for _, record in mapper.gathered() if isinstance(record, Record))
    if gathered:
        shown.append(("all of these together", gathered))
    return Preview(source=rows.name, cases=tuple(shown), rejected=tuple(rejected))
