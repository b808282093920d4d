"""Casebooks of any size, the same for the same size, share and seed.

A casebook covers sixty months of 25 days. Most incidents are *usual* (`_usual.py`): whatever
follows from them was done well, so that no rule has anything to say; and yet every rule has work,
since a fifth of them belong to failures that come back, a hundred days later, to other customers
and for another cause. A given share is *troubled* (`_troubles.py`).

At a million incidents: 600,000 apologies, about two million links, customers by Zipf's law,
causes shared by up to some hundred incidents, one in ten of them with deeper ones (two to four
levels in all) under `any` and `all`, and twenty incidents with two thousand customers each.

Records come as a stream, a month at a time: incidents in the order of their ids, which is the
order of their times, each followed by what belongs to it alone; causes, actions and what belongs
to them at the end of their month. Memory grows with a month, a sixtieth of the whole.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import remedy
from benchmarks._ground import MONTHS, TOLD_ON, Month, mixed
from benchmarks._troubles import Troubles
from benchmarks._usual import Customers, Usual
from remedy import Apology, Record

__all__ = ["CONFIG", "TOLD_ON", "Counted", "records", "write_casebook"]

CONFIG = {"profile": "capa", "first_contact": {"critical": "4 h", "major": "24 h"}}
"""What the casebooks are configured with: every rule is asked."""

_APOLOGIES = 0.6
_RECURRING = 20  # columns of a hundred
_CAUSED = 0.13  # of the other incidents
_CAUSED_APOLOGISED = 0.9
_MASS_EVERY = 50_000
_DUPLICATE_EVERY = 200
_DUPLICATE_AFTER = 7
_LINKS = (
    "customers", "incidents", "effects", "causes", "introduces", "actions", "not_reached"
)  # fmt: skip


def records(size: int, *, troubled: float = 0.01, seed: int = 7) -> Iterator[Record]:
    """Yield the records of a casebook.

    Args:
        size: How many incidents.
        troubled: The share of them that rules have something to say about.
        seed: Another one gives another casebook.
    """
    dice = random.Random(f"{size}/{troubled}/{seed}")
    customers = Customers(max(40, size // 3))
    troubles = Troubles(round(size * troubled), dice)
    said = 0
    for number in range(MONTHS):
        month = Month(number, size)
        wanted = round(size * _APOLOGIES * (number + 1) / MONTHS) - said
        for record in _month(month, size, customers, troubles, troubled, wanted, dice):
            said += record.__class__ is Apology
            yield record
    yield from troubles.at_the_end()


def _month(
    month: Month,
    size: int,
    customers: Customers,
    troubles: Troubles,
    troubled: float,
    wanted: int,
    dice: random.Random,
) -> Iterator[Record]:
    """Yield the records of a month, with so many apologies."""
    slots = month.slots
    usual = Usual(month, customers, len(slots), dice)
    kinds: list[str] = []
    groups: dict[int, tuple[tuple[int, int, int], int]] = {}
    for slot in slots:
        column = slot.column
        if slot.number % _MASS_EVERY == min(size // 2, _MASS_EVERY - 1):
            kinds.append("mass")
            wanted -= 1
        elif dice.random() < troubled:
            kinds.append("troubled")
        elif mixed(month.number % 4, column) % 100 < _RECURRING:
            groups[column] = _group(month.number, column)
            kinds.append("again")
        elif (
            mixed(slot.number) % _DUPLICATE_EVERY == 0
            and column >= _DUPLICATE_AFTER
            and kinds[-_DUPLICATE_AFTER] in ("caused", "decided")
        ):
            kinds[-_DUPLICATE_AFTER] += " twice"
            kinds.append("duplicate")
        else:
            kinds.append("caused" if dice.random() < _CAUSED else "decided")

    troubles_of = {
        column: list(troubles.drawn()(slots[column]))
        for column, kind in enumerate(kinds)
        if kind == "troubled"
    }
    wanted -= sum(record.__class__ is Apology for made in troubles_of.values() for record in made)
    with_cause = [c for c, kind in enumerate(kinds) if kind in ("again", "caused", "caused twice")]
    others = [c for c, kind in enumerate(kinds) if kind in ("decided", "decided twice")]
    first = _some(with_cause, min(wanted, round(len(with_cause) * _CAUSED_APOLOGISED)), dice)
    apologised = first | _some(others, wanted - len(first), dice)

    for slot, kind in zip(slots, kinds, strict=True):
        column = slot.column
        if kind == "troubled":
            yield from troubles_of[column]
        elif kind == "mass":
            yield from usual.mass(slot)
        elif kind == "duplicate":
            yield from usual.duplicate(slot, slots[column - _DUPLICATE_AFTER])
        elif kind == "again":
            group, turn = groups[column]
            yield from usual.again(slot, group, turn, apologised=column in apologised)
        else:
            yield from usual.singular(
                slot,
                caused=kind.startswith("caused"),
                apologised=column in apologised,
                doubled=kind.endswith("twice"),
            )
    yield from usual.causes()


def _some(columns: list[int], wanted: int, dice: random.Random) -> set[int]:
    return set(dice.sample(columns, max(0, min(len(columns), wanted))))


def _group(month: int, column: int) -> tuple[tuple[int, int, int], int]:
    """Return the group of a recurring column, and the incident's turn in it.

    The incidents of a column that lie four months apart are cut into groups of two to fifteen.
    """
    quarter, turn = month % 4, month // 4
    length = 2 + mixed(column, quarter, 1) % 14
    return (quarter, column, turn // length), turn % length


class Counted:
    """Passes records on, and counts what is in them.

    Attributes:
        records: How many of each kind.
        links: How many links.
    """

    def __init__(self, stream: Iterable[Record]) -> None:
        self._stream = stream
        self.records: dict[str, int] = {}
        self.links = 0

    def __iter__(self) -> Iterator[Record]:
        for record in self._stream:
            self._count(record)
            yield record

    def _count(self, record: Record) -> None:
        self.records[record.entity] = self.records.get(record.entity, 0) + 1
        for field in _LINKS:
            items = record.__dict__.get(field)
            if items.__class__ is tuple:
                self.links += len(items)
        if isinstance(record, Apology):
            for promise in record.promises:
                self._count(promise)


def write_casebook(
    path: str | Path, size: int, *, troubled: float = 0.01, seed: int = 7
) -> Counted:
    """Write a casebook, and return what is in it."""
    counted = Counted(records(size, troubled=troubled, seed=seed))
    with remedy.open(path, actor="benchmark") as book:
        book.configure(told_on=TOLD_ON, **CONFIG)
        book.record_many(counted)
    return counted
