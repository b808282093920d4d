"""Casebooks for targets: one that each input finds as it was, and the file of one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache

import remedy
from remedy import Casebook, Customer, Incident
from tests.fuzz.target import folder
from tests.strategies import GROUND


class _UndoneError(Exception):
    pass


@contextlib.contextmanager
def undone(book: Casebook) -> Iterator[Casebook]:
    """Take back whatever is written inside."""
    with contextlib.suppress(_UndoneError), book.transaction():
        yield book
        raise _UndoneError


@cache
def ground() -> Casebook:
    """Return a casebook with a few records that refer to nothing else."""
    book = remedy.open(actor="test")
    book.record(*GROUND)
    return book


@cache
def story() -> Casebook:
    """Return a casebook in which much is said."""
    book = remedy.open(actor="test")
    told = remedy.examples.load("twice-shipped-collect")
    book.configure(told_on=told.told_on)
    book.record(*told.records())
    book.amend("INC-1", title="A prepaid order went out freight collect", reason="read again")
    return book


@cache
def sound_file() -> bytes:
    """Return the bytes of a small casebook file."""
    path = folder() / "sound.db"
    with remedy.open(path, actor="test") as book:
        book.record(
            Customer(id="C-17", name="Bakery"),
            *(
                Incident(
                    id=f"INC-{n}",
                    occurred=f"2026-03-0{n}T09:00+01:00",
                    customers="C-17",
                    process="shipping",
                    failure_mode="shipped collect",
                    attributes={"rank": n},
                )
                for n in range(1, 4)
            ),
        )
        book.amend("INC-1", title="collect", reason="read the letter")
    return path.read_bytes()
