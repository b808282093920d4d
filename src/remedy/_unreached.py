"""What erasing a customer does not reach, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from remedy._reading import scalar
from remedy._rows import ENTITIES

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._known_as import KnownAs

__all__ = ["unreached"]

_LABELS = (
    "process", "failure_mode", "product", "channel", "site", "intervention", "scope_process",
    "scope_product", "scope_channel", "scope_site", "owner", "team", "next_owner", "author", "who",
    "shares", "external_id",
)  # fmt: skip
"""What says of which sort something is, who did it or bore it, and what a source calls it."""


def unreached(db: Database, known: KnownAs) -> Iterator[str]:
    """Yield what still names a customer, or may.

    Args:
        db: A connection that has the function `names_them`.
        known: By what they were known.
    """
    yield (
        "backups and copies of the file, what was exported or reported before, and files of "
        "rejected rows"
    )
    yield "the systems that the records came from, and whatever they say in texts next time"
    yield "what the disk keeps of files that were deleted or written over"
    if known.too_short:
        yield (
            f"{len(known.too_short)} of their names and ids, where texts about others say "
            f"them: they are too short to be looked for"
        )
    if known.shares_account:
        yield "their account, which others have as well, in texts and in keys of findings"
    shapes = [row[0] for row in db.execute("SELECT shape FROM history WHERE shape <> ''")]
    named = sum(map(known.hunted.found_in, shapes))
    if named:
        told = "1 entry" if named == 1 else f"{named:,} entries"
        yield (
            f"{told} of the history that an older version of remedy wrote, with their "
            "name outside of what can be erased: make a casebook anew from an export"
        )
    ids = sum(
        scalar(db, f"SELECT count(*) FROM {entity.name} WHERE names_them(id)")
        for entity in ENTITIES
    )
    if ids:
        told = (
            "the id of 1 record, which names"
            if ids == 1
            else f"the ids of {ids} records, which name"
        )
        yield f"{told} them: an id is for good"
    for entity in ENTITIES:
        tables = {entity.name: set(entity.names)}
        tables |= {child.table: set(child.columns) for child in entity.children}
        for table, columns in tables.items():
            for label in (name for name in _LABELS if name in columns):
                yield from _in_label(db, entity.name, table, label)


def _in_label(db: Database, entity: str, table: str, label: str) -> Iterator[str]:
    rows = scalar(
        db,
        f"SELECT count(*) FROM {table} WHERE {label} IN (SELECT {label} FROM "
        f"(SELECT DISTINCT {label} FROM {table}) WHERE names_them({label}))",
    )
    if rows:
        records = "1 record" if rows == 1 else f"{rows:,} records"
        yield (
            f"what stands under {label} in {records} ({entity}), which names them: that is "
            f"left as it is, in the history too"
        )
