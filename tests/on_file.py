"""What stands in the tables of a casebook, and changing it behind the library's back."""

import sqlite3
from pathlib import Path
from typing import Any

from remedy import Casebook, _schema

Rows = dict[str, list[tuple[Any, ...]]]

__all__ = ["changed_by_hand", "known", "tables"]


def tables(book: Casebook) -> Rows:
    """Return table → rows, in an order of their own; without the history."""
    db = book._store.db
    return {
        table: sorted(db.execute(f"SELECT * FROM {table}"), key=repr)
        for table in _schema.TABLES
        if table not in _schema.HISTORY
    }


def known(book: Casebook) -> Rows:
    """Return what the history tells, too: without what only says how to take in what comes."""
    told = tables(book)
    del told["overruled"], told["tombstone"]
    told["pending"] = sorted((row[1:] for row in told["pending"]), key=repr)
    told["action_event"] = sorted(((row[0], *row[2:]) for row in told["action_event"]), key=repr)
    return told


def changed_by_hand(path: Path, *statements: str) -> bytes:
    """Run statements on a file that know nothing of the library; return what is in it then."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    return path.read_bytes()
