"""Duplicates: which incident is the canonical one, and where what refers to a duplicate stands.

In the tables of `STATED_TABLES`, `incident` is the canonical incident and `stated` the duplicate
that was meant, or nothing. So no rule has to ask about duplicates, and undoing one puts everything
back where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from remedy._reading import scalar
from remedy._rows import STATED_TABLES
from remedy.errors import InvalidRecord

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["place_of", "settle", "settle_all"]


def place_of(db: Database, incident: str) -> tuple[str, str]:
    """Return the canonical incident, and what was stated where that is another one."""
    canonical = scalar(db, "SELECT canonical FROM incident WHERE id = ?", [incident])
    return (incident, "") if canonical is None else (canonical, incident)


def settle(db: Database, written: Iterable[str], named: Iterable[str]) -> None:
    """Settle what a few writes changed.

    Args:
        db: The connection.
        written: Incidents that were written.
        named: Incidents that something refers to.

    Raises:
        InvalidRecord: If incidents are duplicates of each other in a circle.
    """
    touched: set[str] = set()
    for id in sorted(written):
        touched |= _settle_one(db, id)
    for id in sorted(set(named) - touched):
        place = place_of(db, id)
        if place != (id, ""):
            _move(db, id, place)


def settle_all(db: Database) -> None:
    """Settle everything after a bulk load.

    Raises:
        InvalidRecord: If incidents are duplicates of each other in a circle.
    """
    # Most duplicates are of one incident that is none itself, and have none: they are settled with
    # one statement for each table.
    db.execute(
        "UPDATE incident SET canonical = duplicate_of "
        "WHERE duplicate_of IS NOT NULL AND canonical IS NULL "
        "AND EXISTS (SELECT 1 FROM incident o "
        "            WHERE o.id = incident.duplicate_of AND o.duplicate_of IS NULL) "
        "AND NOT EXISTS (SELECT 1 FROM incident f WHERE f.duplicate_of = incident.id)"
    )
    # A chain is looked at in any case: what was settled before it became a circle still agrees.
    left = db.execute(
        "SELECT i.id FROM incident i LEFT JOIN incident o ON o.id = i.duplicate_of "
        "WHERE (i.duplicate_of IS NOT NULL OR i.canonical IS NOT NULL) "
        "AND (i.canonical IS NOT COALESCE(o.canonical, o.id) OR o.duplicate_of IS NOT NULL)"
    ).fetchall()
    for (id,) in left:
        _settle_one(db, id)
    for table in STATED_TABLES:
        db.execute(
            f"UPDATE {table} SET stated = incident, "
            f"incident = (SELECT canonical FROM incident i WHERE i.id = {table}.incident) "
            f"WHERE stated = '' AND incident IN "
            f"(SELECT id FROM incident WHERE canonical IS NOT NULL)"
        )


def _settle_one(db: Database, id: str) -> set[str]:
    """Settle one incident and all that are duplicates of it, and return their ids."""
    row = db.execute("SELECT duplicate_of, canonical FROM incident WHERE id = ?", [id]).fetchone()
    if (row is None or row == (None, None)) and not scalar(
        db, "SELECT 1 FROM incident WHERE duplicate_of = ? LIMIT 1", [id]
    ):
        return set()
    root = _root(db, id)
    settled: set[str] = set()
    todo = [id]
    while todo:
        each = todo.pop()
        settled.add(each)
        canonical = None if each == root else root
        before = place_of(db, each)
        after = (each, "") if canonical is None else (canonical, each)
        if before != after:
            db.execute("UPDATE incident SET canonical = ? WHERE id = ?", [canonical, each])
        if before != after or canonical is not None:
            _move(db, each, after, before)
        todo.extend(
            row[0]
            for row in db.execute("SELECT id FROM incident WHERE duplicate_of = ?", [each])
            if row[0] not in settled
        )
    return settled


def _root(db: Database, id: str) -> str:
    chain = [id]
    while True:
        above = scalar(db, "SELECT duplicate_of FROM incident WHERE id = ?", [chain[-1]])
        if above is None:
            return chain[-1]
        if above in chain:
            told = " → ".join([*chain, above])
            raise InvalidRecord("Incident", "duplicate_of", id, f"duplicates in a circle: {told}.")
        chain.append(above)


def _move(
    db: Database, id: str, after: tuple[str, str], before: tuple[str, str] | None = None
) -> None:
    """Let what refers to an incident stand under its canonical one."""
    for table in STATED_TABLES:
        for place in {(id, ""), before or (id, "")} - {after}:
            db.execute(
                f"UPDATE {table} SET incident = ?, stated = ? WHERE incident = ? AND stated = ?",
                [*after, *place],
            )
