"""What is set for the whole casebook and stored in it: configuration, interventions, its date."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from remedy._forms import strength_of, strength_rank
from remedy.errors import ConfigError, UnreadableRecord
from remedy.vocabulary import Intervention

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._ledger import Ledger

__all__ = ["interventions", "keep", "keep_interventions", "kept"]


def kept(db: Database, name: str) -> Any:
    """Return what is stored under a name, or None."""
    row = db.execute("SELECT content FROM meta WHERE name = ?", [name]).fetchone()
    try:
        return None if row is None else json.loads(row[0])
    except (TypeError, ValueError, RecursionError):
        raise UnreadableRecord("the setting", name, "it is no JSON.") from None


def keep(ledger: Ledger, name: str, content: object) -> None:
    """Store something that JSON can hold under a name."""
    db, told = ledger.db, json.dumps(content, ensure_ascii=False)
    before = db.execute("SELECT content FROM meta WHERE name = ?", [name]).fetchone()
    if before is None:
        ledger.came("meta", name, {"content": told}, "configure")
    else:
        ledger.now("meta", name, {"content": before[0]}, {"content": told})
    db.execute(
        "INSERT INTO meta (name, content) VALUES (?1, ?2) "
        "ON CONFLICT (name) DO UPDATE SET content = ?2",
        [name, told],
    )


_COLUMNS = ("strength", "changes_process", "source")


def _rows(db: Database) -> dict[str, dict[str, Any]]:
    return {
        name: dict(zip(_COLUMNS, values, strict=True))
        for name, *values in db.execute(
            "SELECT id, strength, changes_process, source FROM intervention ORDER BY id"
        )
    }


def interventions(db: Database) -> dict[str, Intervention]:
    """Return the table that says what kinds of change an action can be, by name."""
    return {
        name: Intervention(
            name=name,
            strength=strength_of(row["strength"]),
            changes_process=bool(row["changes_process"]),
            source=row["source"],
        )
        for name, row in _rows(db).items()
    }


def keep_interventions(ledger: Ledger, table: Mapping[str, Intervention]) -> None:
    """Let the casebook hold this table of interventions, and no others.

    Raises:
        ConfigError: If it lacks one that an action on file names.
    """
    if not isinstance(table, Mapping) or not all(
        isinstance(each, Intervention) for each in table.values()
    ):
        raise ConfigError("interventions", "is a mapping of names to Intervention(...).")
    db = ledger.db
    used = {
        row[0]
        for row in db.execute(
            "SELECT DISTINCT intervention FROM action WHERE intervention IS NOT NULL"
        )
    }
    missing = used - table.keys()
    if missing:
        raise ConfigError(
            "interventions", f"the table lacks {min(missing)!r}, which actions on file use."
        )
    before = _rows(db)
    after = {
        name: {
            "strength": strength_rank(each.strength),
            "changes_process": int(each.changes_process),
            "source": each.source,
        }
        for name, each in table.items()
    }
    # Not all deleted and made anew: actions refer to the rows.
    for name in sorted(before.keys() - after.keys()):
        db.execute("DELETE FROM intervention WHERE id = ?", [name])
        ledger.went("intervention", name, before[name])
    for name, row in after.items():
        if name not in before:
            ledger.came("intervention", name, row, "configure")
        else:
            ledger.now("intervention", name, before[name], row)
        db.execute(
            "INSERT INTO intervention (id, strength, changes_process, source) "
            "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE "
            "SET strength = ?2, changes_process = ?3, source = ?4",
            [name, *row.values()],
        )
