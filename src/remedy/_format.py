"""What makes a file a casebook, and of which version: its header and its tables."""

from __future__ import annotations

import functools
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from remedy import _raw, _schema
from remedy.errors import CannotOpen, NewerCasebook, NotACasebook

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = [
    "OPEN_TO",
    "check_header",
    "check_tables",
    "create_tables",
    "refuse_another_version",
    "refuse_foreign",
    "refuse_what_is_not_known",
]

OPEN_TO = "open_to"
"""Under this name a file says from which version on it can be read and written."""

_MAGIC = b"SQLite format 3\x00"


def create_tables(db: Database) -> None:
    """Make an empty database a casebook."""
    db.execute("BEGIN IMMEDIATE")
    for statement in _schema.statements():
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {_schema.APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {_schema.SCHEMA_VERSION}")
    db.execute("COMMIT")


def check_header(path: Path, told: object) -> int:
    """Refuse what is no casebook, without opening it; return of which version it is.

    Args:
        path: The file.
        told: What messages call it.
    """
    try:
        header = _raw.head(path, 100)
    except OSError as error:
        raise CannotOpen(told, f"cannot be read ({error.strerror}).") from None
    if not header:
        raise NotACasebook(told, "is empty. Delete it, or name another file.")
    if not header.startswith(_MAGIC) or len(header) < 100:
        raise NotACasebook(told, "is no casebook: it is no SQLite file. It was left as it is.")
    if int.from_bytes(header[68:72], "big") != _schema.APPLICATION_ID:
        raise NotACasebook(told, "is a database of another application. It was left as it is.")
    version = int.from_bytes(header[60:64], "big")
    if version > _schema.SCHEMA_VERSION + 1:
        raise _newer(told, version)
    if version < 1:
        raise NotACasebook(told, f"has a version ({version}) that there never was.")
    return version


def _newer(path: object, version: int) -> NewerCasebook:
    return NewerCasebook(
        path,
        f"was written by a newer version of remedy (its format is {version}, this version "
        f"knows {_schema.SCHEMA_VERSION}). Update remedy. The file was left as it is.",
    )


def refuse_foreign(db: Database, path: object) -> None:
    """Refuse a file that would run code which is not ours."""
    for kind, name in db.execute("SELECT type, name FROM sqlite_schema"):
        if kind in ("trigger", "view") and (kind, name) not in _expected():
            raise NotACasebook(
                path, f"holds a {kind} ({name}) that remedy did not make. It was left as it is."
            )


def check_tables(db: Database, path: object) -> None:
    """Refuse a file whose tables are not ours to the letter.

    Of the next version, which may be in use already while programs are brought over one by
    one, they have to be there with all columns of ours, if that version says so.
    """
    refuse_foreign(db, path)
    is_newer = refuse_another_version(db, path) > _schema.SCHEMA_VERSION
    found = {
        (kind, name): sql
        for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_schema")
    }
    for key, sql in _expected().items():
        if is_newer and key[0] == "table" and key in found:
            continue
        if found.get(key) != sql:
            state = "differs" if key in found else "is missing"
            raise NotACasebook(
                path,
                f"the {key[0]} {key[1]} {state}: the file is damaged, or was changed by hand. "
                f"It was left as it is; go back to a backup.",
            )


def refuse_another_version(db: Database, path: object) -> int:
    """Refuse a file that only a newer version of remedy can write to; return its version."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > _schema.SCHEMA_VERSION and not _is_additive(db):
        raise _newer(path, version)
    return version


def refuse_what_is_not_known(db: Database, path: object) -> None:
    """Refuse to erase in a file of the next version: it may hold what this one does not know."""
    version = refuse_another_version(db, path)
    if version > _schema.SCHEMA_VERSION:
        raise NewerCasebook(
            path,
            "was brought over to the next version of remedy, and may hold what this one does not "
            "know and would leave there. Erase with that version. Nothing was changed.",
        )


def _is_additive(db: Database) -> bool:
    """Whether a file of the next version can be read and written as one of this."""
    row = db.execute(f"SELECT content FROM meta WHERE name = '{OPEN_TO}'").fetchone()
    if row is None or not row[0].isdecimal() or int(row[0]) > _schema.SCHEMA_VERSION:
        return False
    for table in _schema.TABLES:
        columns = {row[1]: row for row in db.execute(f"PRAGMA table_info({table})")}
        ours = _columns(table)
        added = [columns[name] for name in columns.keys() - ours.keys()]
        if any(columns.get(name, ())[2:] != rest[2:] for name, rest in ours.items()) or any(
            not_null and default is None for _, _, _, not_null, default, _ in added
        ):
            return False
    return True


@functools.cache
def _empty() -> sqlite3.Connection:
    """Return an empty casebook, to compare with."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    for statement in _schema.statements():
        connection.execute(statement)
    return connection


@functools.cache
def _expected() -> dict[tuple[str, str], str]:
    """Return (kind, name) → statement of everything that a casebook of this version holds."""
    rows = _empty().execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    return {(kind, name): sql for kind, name, sql in rows}


@functools.cache
def _columns(table: str) -> dict[str, tuple[object, ...]]:
    rows = _empty().execute(f"PRAGMA table_info({table})").fetchall()
    return {row[1]: row for row in rows}
