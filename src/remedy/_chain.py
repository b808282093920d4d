"""The chain of the history: entries, each bound to the one before, and what they commit to.

An entry says who wrote, when, and what kind of change it was. What it says of each record is a
body of its own, which can be erased: the entry holds only a commitment to it, SHA-256 over a random
salt, the record's id and the body. The hash of an entry covers all its fields and the hash of the
one before, so that nothing can be changed, taken out or put in between without changing all that
comes after. Who can write the file can also write a chain anew from some place on, or cut its end:
an anchor kept elsewhere shows it. The history is tamper-evident; it is not tamper-proof.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from remedy._schema import BODIES
from remedy.errors import UnreadableRecord, shown

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["ERASE", "FIRST", "Anchor", "Entry", "Walked", "anchor", "append", "let_go", "walk"]

ERASE = "erase"
"""What kind of change it is when bodies go."""

FIRST = bytes(32)
"""What the first entry has for the hash of the one before."""

_VERSION = b"remedy history 1"
_NOT_ITS_FAULT = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_FULL,
}  # fmt: skip
"""What keeps a history from being read that may be right."""
_SALT = 16
_DIGEST = 32
_INTO = "INSERT INTO history_body (place, record, salt, body) VALUES "
_VALUES = 4 * 100


class Entry(NamedTuple):
    """An entry of the history.

    Attributes:
        seq: Its number, from 1.
        written: When it was written, in µs since 1970 in UTC, by the clock of who wrote.
        actor: Who wrote.
        op: What kind of change it was.
        entity: Of what kind the records are.
        shape: What the places in the bodies mean, as JSON, where those are lists.
        commitments: The commitments to its bodies, one after the other.
        prev: The hash of the entry before.
        hash: Its own.
    """

    seq: int
    written: int
    actor: str
    op: str
    entity: str
    shape: str | None
    commitments: bytes
    prev: bytes
    hash: bytes


_FIELDS = ", ".join(Entry._fields)


@attrs.frozen
class Anchor:
    """How long the history is, and the hash at its end: kept elsewhere, it shows what was cut.

    Args:
        count: How many entries there are.
        head: The hash of the last one, as 64 hexadecimal digits.
    """

    count: int
    head: str

    def __str__(self) -> str:
        return f"{self.count}:{self.head}"

    @classmethod
    def read(cls, text: str) -> Anchor:
        """Return the anchor that was written down as text.

        Raises:
            ValueError: If it is none.
        """
        found = re.fullmatch(r"\s*([0-9]{1,18}):([0-9a-f]{64})\s*", text)
        if found is None:
            raise ValueError(
                f"{shown(text)} is no anchor: a number, a colon and 64 hexadecimal digits, as "
                f"remedy anchor prints it."
            )
        return cls(int(found[1]), found[2])


# --- hashes ---------------------------------------------------------------------------------------


def _hash_of(entry: Entry) -> bytes:
    """Return what the hash of an entry has to be."""
    digest = sha256(_VERSION)
    for value in entry[:-1]:
        if value is None:
            digest.update(b"\xff" * 8)
            continue
        part = value if isinstance(value, bytes) else str(value).encode()
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _commitment(salt: bytes, record: str, body: str) -> bytes:
    # Neither ids nor bodies hold a NUL, and salts are of one length: nothing can be moved over.
    return sha256(salt + f"{record}\0{body}".encode()).digest()


# --- adding ---------------------------------------------------------------------------------------


def _head(db: Database) -> tuple[int, bytes]:
    row = db.execute("SELECT seq, hash FROM history ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        return 0, FIRST
    seq, hash = row
    if not isinstance(hash, bytes):
        raise UnreadableRecord("the last entry of the history, number", seq, "it has no hash.")
    return seq, hash


def append(
    db: Database,
    entity: str,
    records: Sequence[str],
    bodies: Sequence[str],
    *,
    actor: str,
    op: str,
    shape: str | None = None,
) -> int:
    """Add an entry with its bodies, inside a transaction, and return its number.

    Args:
        db: The connection.
        entity: Of what kind the records are.
        records: The ids of the records, `BODIES` at most; "" is that of none.
        bodies: What is said of each.
        actor: Who writes.
        op: What kind of change it is.
        shape: What the places in the bodies mean, where they are lists.
    """
    if len(bodies) > BODIES:
        raise ValueError(f"An entry has {BODIES} bodies at most, not {len(bodies)}.")
    random = os.urandom(_SALT * len(bodies))
    salts = [random[at : at + _SALT] for at in range(0, len(random), _SALT)]
    commitments = b"".join(map(_commitment, salts, records, bodies))
    last, prev = _head(db)
    seq = last + 1
    # All that one transaction writes is on record from one moment on.
    written = getattr(db.conn, "began", None) or time.time_ns() // 1000
    entry = Entry(seq, written, actor, op, entity, shape, commitments, prev, b"")
    db.execute(
        f"INSERT INTO history ({_FIELDS}) VALUES ({', '.join('?' * len(entry))})",
        [*entry[:-1], _hash_of(entry)],
    )
    values: list[Any] = [None] * (4 * len(bodies))
    values[0::4] = range(seq * BODIES, seq * BODIES + len(bodies))
    values[1::4], values[2::4], values[3::4] = records, salts, bodies
    for start in range(0, len(values), _VALUES):
        part = values[start : start + _VALUES]
        db.conn.execute(_INTO + ", ".join(["(?, ?, ?, ?)"] * (len(part) // 4)), part)
    return seq


def let_go(db: Database, actor: str, places: Sequence[int], why: Mapping[str, Any]) -> int:
    """Erase bodies, and add the entry that says which; return its number.

    Args:
        db: The connection.
        actor: Who erases.
        places: The places of the bodies.
        why: What else the entry is to say. It cannot be erased.
    """
    listed = sorted(places)
    told = json.dumps({**why, "gone": listed}, ensure_ascii=False)
    seq = append(db, "history", [""], [told], actor=actor, op=ERASE)
    db.conn.executemany(
        "INSERT INTO history_gone (place, seq) VALUES (?, ?)", [(each, seq) for each in listed]
    )
    db.conn.executemany("DELETE FROM history_body WHERE place = ?", [(each,) for each in listed])
    return seq


# --- looking --------------------------------------------------------------------------------------


def anchor(db: Database) -> Anchor:
    """Return how long the history is, and the hash at its end."""
    seq, hash = _head(db)
    return Anchor(seq, hash.hex())


@attrs.frozen(kw_only=True)
class Walked:
    """What came of walking along the chain.

    Attributes:
        entries: How many entries were found to be right.
        bodies: How many of their bodies were there, and right.
        gone: How many of their bodies have been erased.
        erasures: How many of them erased something, after the last that an anchor was kept of.
        head: The hash of the last of these entries.
        problem: What is wrong at the first place where anything is; None if nothing is.
    """

    entries: int
    bodies: int
    gone: int
    erasures: int
    head: str
    problem: str | None


def walk(
    db: Database, kept: Iterable[Anchor] = (), progress: Callable[[int], None] | None = None
) -> Walked:
    """Look at every entry, every link and every body, up to the first that is wrong.

    Args:
        db: The connection, which sees one state of the file.
        kept: Anchors that were kept elsewhere.
        progress: Called now and then with the number of entries done.
    """
    walker = _Walker(db, kept)
    problem = None
    try:
        walker.walk(progress)
    except _Wrong as wrong:
        problem = str(wrong)
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        # Of a damaged file, a column may hold what no column can.
        problem = f"after entry {walker.entries} the history cannot be read ({error})."
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_ITS_FAULT:
            raise
        problem = f"after entry {walker.entries} the history cannot be read ({error})."
    return Walked(
        entries=walker.entries,
        bodies=walker.bodies,
        gone=walker.gone,
        erasures=walker.erasures,
        head=walker.prev.hex(),
        problem=problem,
    )


class _Wrong(Exception):
    """What is wrong with the history."""


class _Walker:
    def __init__(self, db: Database, kept: Iterable[Anchor]) -> None:
        # Of one length there may be two, and the later one may have been made by who changed it.
        self._kept: dict[int, set[str]] = {}
        for anchor in kept:
            self._kept.setdefault(anchor.count, set()).add(anchor.head)
        self._connection = db.conn
        self.entries = self.bodies = self.gone = self.erasures = 0
        self.prev = FIRST
        self._stored = iter(
            db.conn.execute("SELECT place, record, salt, body FROM history_body ORDER BY place")
        )
        self._next = next(self._stored, None)
        self._erased: dict[int, int] = dict(
            db.conn.execute("SELECT place, seq FROM history_gone").fetchall()
        )
        self._told: dict[int, int] = {}

    def _compare(self) -> None:
        """Compare the entry at which it is with the anchors that were kept of it."""
        if self._kept.get(self.entries, set()) - {self.prev.hex()}:
            raise _Wrong(
                f"entry {self.entries} is another one than when an anchor was kept: the history "
                f"was written anew, from there or from before."
            )

    def walk(self, progress: Callable[[int], None] | None) -> None:
        longest = max(self._kept, default=0)
        self._compare()
        for row in self._connection.execute(f"SELECT {_FIELDS} FROM history ORDER BY seq"):
            entry = Entry(*row)
            self._look_at(entry)
            self.entries = entry.seq
            self.prev = entry.hash
            self._compare()
            self.erasures += entry.op == ERASE and entry.seq > longest
            if progress is not None and entry.seq % 1000 == 0:
                progress(entry.seq)
        if self._next is not None:
            raise _Wrong(f"{_of(self._next[0])} is there, and no entry knows of it.")
        if self.entries < longest:
            raise _Wrong(
                f"there are {self.entries:,} entries, and when an anchor was kept there were "
                f"{longest:,}: the end was cut off."
            )
        if self._told != self._erased:
            place = min(
                place
                for place in self._told.keys() | self._erased.keys()
                if self._told.get(place) != self._erased.get(place)
            )
            raise _Wrong(f"{_of(place)} is marked as erased otherwise than an erasure says.")

    def _look_at(self, entry: Entry) -> None:
        seq = entry.seq
        if seq != self.entries + 1:
            raise _Wrong(f"entry {self.entries + 1} is missing.")
        if entry.prev != self.prev:
            raise _Wrong(f"entry {seq} does not follow the one before it.")
        if _hash_of(entry) != entry.hash:
            raise _Wrong(f"entry {seq} does not say what it said when it was written.")
        commitments = entry.commitments
        first = place = seq * BODIES
        upcoming = self._next
        for start in range(0, len(commitments), _DIGEST):
            if upcoming is None or upcoming[0] != place:
                if upcoming is not None and upcoming[0] < place:
                    raise _Wrong(f"{_of(upcoming[0])} is there, and no entry knows of it.")
                if self._erased.get(place, 0) <= seq:
                    raise _Wrong(f"{_of(place)} is missing, and no erasure says so.")
                self.gone += 1
            else:
                _, record, salt, body = upcoming
                if place in self._erased:
                    raise _Wrong(f"{_of(place)} was erased, and is there again.")
                told = _commitment(salt, record, body)
                if told != commitments[start : start + _DIGEST] or len(salt) != _SALT:
                    raise _Wrong(
                        f"{_of(place)} does not say what it said when it was written; it is told "
                        f"to be of {shown(record, 60)}."
                    )
                if entry.op == ERASE and entry.entity == "history":
                    self._told.update(dict.fromkeys(json.loads(body)["gone"], seq))
                self.bodies += 1
                upcoming = next(self._stored, None)
            place += 1
        self._next = upcoming
        if entry.op == ERASE and self.gone and first in self._erased:
            raise _Wrong(f"entry {seq} says what was erased, and was itself erased.")


def _of(place: int) -> str:
    seq, number = divmod(place, BODIES)
    return f"body {number + 1} of entry {seq}"
