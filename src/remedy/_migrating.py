"""How a file of an older version becomes one of this.

Each step brings a file from one version to the next, inside the transaction that the store began:
a step that fails leaves the file as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from remedy import _schema, history
from remedy._ledger import Ledger
from remedy._rows import ENTITIES
from remedy.errors import CannotOpen

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["migrate"]


def migrate(db: Database, version: int, *, actor: str, path: object) -> None:
    """Bring a file to the version of `_schema`, inside a transaction.

    Args:
        db: The connection.
        version: The version that the file is of.
        actor: Who opens it.
        path: The file, for messages.

    Raises:
        CannotOpen: If it is no file of that version.
    """
    for step in islice(_STEPS, version - 1, None):
        step(db, actor, path)


def _begin_history(db: Database, actor: str, path: object) -> None:
    """From 1 to 2: what is on file becomes the beginning of a history.

    Files of version 1 differ: while nobody used it, tables got columns without the version being
    raised. What they lack is filled in.
    """
    _reshape(db, path)
    ledger = Ledger(db, actor, op="adopt")
    for (entity, id), state in history.states_beside_records(db).items():
        if entity != "pending":
            ledger.came(entity, id, state.row, "adopt")
        for field, rows in state.rows.items():
            for row in rows:
                ledger.added(entity, id, field, row)
    ledger.flush()
    for each in ENTITIES:
        for page in history.pages(db, each):
            for id, state in history.states_on_file(db, each, page).items():
                ledger.came(each.name, id, state.row, "adopt")
                for field, rows in state.rows.items():
                    for row in rows:
                        ledger.added(each.name, id, field, row)
            ledger.flush()


_DAY = 86_400 * 1_000_000

_FILLED: Mapping[str, Mapping[str, str]] = {
    "action": {
        # Midnight in UTC was taken for a day, in UTC.
        "decided_end": f"CASE decided % {_DAY} WHEN 0 THEN decided + {_DAY} - 1 ELSE decided END",
        "decided_zone": f"CASE decided % {_DAY} WHEN 0 THEN '+00:00' END",
    },
    # How large a finding was is not known: only what came since can have made it larger.
    "baseline": {"size": str(1 << 53), "newest": "since"},
}
"""What columns hold that a table did not have."""

_YOUNGER = {"overruled", "tombstone", *_schema.HISTORY}
"""The tables that not all files of version 1 have."""


def _reshape(db: Database, path: object) -> None:
    tables = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
    found = dict(tables.fetchall())
    for table in _schema.TABLES:
        if table not in found:
            if table not in _YOUNGER:
                raise CannotOpen(
                    path,
                    f"the table {table} is missing: the file is damaged, or was changed by hand. "
                    f"It was left as it is; go back to a backup.",
                )
            db.execute(_schema.create_table(table))
        elif found[table] != _schema.create_table(table):
            _make_anew(db, table)
    indexes = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    for name in (*_schema.UNIQUE_IDS, *_schema.INDEXES):
        if name not in indexes:
            db.execute(_schema.create_index(name))
    for name in _schema.TRIGGERS:
        db.execute(_schema.create_trigger(name))
    # What was midnight in UTC, and was not told so, is read as a day unless it has a zone.
    db.execute(
        f"UPDATE action SET decided_zone = '+01:00' "
        f"WHERE decided_zone IS NULL AND decided % {_DAY} = 0"
    )


def _make_anew(db: Database, table: str) -> None:
    """Let a table have the columns and conditions of this version."""
    for (index,) in db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql > ''", [table]
    ).fetchall():
        db.execute(f"DROP INDEX {index}")
    db.execute(f"ALTER TABLE {table} RENAME TO older")
    db.execute(_schema.create_table(table))
    older = {row[1] for row in db.execute("PRAGMA table_info(older)")}
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    filled = _FILLED.get(table, {})
    values = [name if name in older else filled[name] for name in columns]
    order = "" if "WITHOUT ROWID" in _schema.create_table(table) else " ORDER BY rowid"
    db.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM older{order}"
    )
    db.execute("DROP TABLE older")


def _keep_tombstones(db: Database, actor: str, path: object) -> None:
    """From 2 to 3: there is a table of erased customers, which files of version 2 may have."""
    name = "tombstone"
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", [name]).fetchone():
        db.execute(_schema.create_table(name))


_STEPS: tuple[Callable[[Database, str, object], None], ...] = (_begin_history, _keep_tombstones)
"""Of each version from 1, what makes the next one of it."""
