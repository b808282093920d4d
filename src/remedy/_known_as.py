"""By what a customer is known: all names, ids, orders and accounts that they ever had on record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from remedy import history
from remedy._customers import name_of
from remedy._naming import Names, weight
from remedy._reading import scalar
from remedy._tombstones import ERASED
from remedy.errors import InvalidRecord

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["KnownAs"]

_SHORTEST_NAME = 3
_SHORTEST_ID = 4
_SHORTEST_NUMBER = 5
"""Of fewer letters a name or id says too little: it would be found in texts that mean others, as
the number of an order would be that is a year."""


class KnownAs:
    """What a customer who is to be erased is called, and is to be called.

    Args:
        db: The connection.
        id: The customer.
        new: What they are called from now on.

    Attributes:
        there: Their ids in sources, each with its source.
        ids: What they were called here, each with what takes its place.
        keys: What the key of a finding that is about them ends with, with what takes its place.
        hunted: What to replace in texts.
        looked_for: The same, with ids of any length: it may name them.
        too_short: Names and ids that say too little to be looked for.
        shares_account: Whether others have their account as well: then it is not theirs to erase.
    """

    def __init__(self, db: Database, id: str, new: str) -> None:
        self._db = db
        self._id = id
        self._names, self.there, accounts = self._called()
        self.ids = {id: new}
        # As whoever was only known by an id in a source, they had an id of their own here.
        for number, there in enumerate(sorted(self.there), start=2):
            if name_of(*there) != id:
                self.ids[name_of(*there)] = f"{new}-{number}"
        shared = {account for account in accounts if self._is_of_others(account)}
        self._accounts, self.shares_account = accounts - shared, bool(shared)
        self.keys = {**dict.fromkeys(self._accounts, new), **self.ids}
        self.hunted, self.looked_for, self.too_short = self._to_hunt()

    def _called(self) -> tuple[set[str], set[tuple[str, str]], set[str]]:
        """Return the names that they ever had, their ids in sources, and their accounts."""
        names: set[Any] = set()
        accounts: set[Any] = set()
        there: set[Any] = set()
        todo, done = [self._id], set[str]()
        while todo:
            id = todo.pop()
            done.add(id)
            source = external_id = None
            for body in history.bodies_of(self._db, id):
                row = body.told.get("set", {})
                names.add(row.get("name"))
                accounts.add(row.get("account"))
                source = row.get("source", source)
                external_id = row.get("external_id", external_id)
                there.add((source, external_id))
                for alias in body.told.get("add", {}).get("aliases", ()):
                    there.add((alias["source"], alias["external_id"]))
            theirs = {each for each in there if None not in each and not self._of_others(*each)}
            # As whoever was only known by an id in a source, they had a history of their own.
            todo += {name_of(*each) for each in theirs} - done
        return names - {None}, theirs, accounts - {None}

    def _is_of_others(self, account: str) -> bool:
        return bool(
            scalar(
                self._db,
                "SELECT 1 FROM customer WHERE account = ? AND id <> ? LIMIT 1",
                [account, self._id],
            )
        )

    def _of_others(self, source: str, external_id: str) -> bool:
        """Whether an id in a source is that of another customer now, whoever had it before."""
        owner = scalar(
            self._db,
            "SELECT customer FROM customer_alias WHERE source = ?1 AND external_id = ?2 "
            "UNION ALL SELECT id FROM customer WHERE source = ?1 AND external_id = ?2",
            [source, external_id],
        )
        return owner is not None and owner != self._id

    def _orders(self) -> set[str]:
        """Return the numbers of the orders that they ever had."""
        return {
            str(row["order_ref"])
            for id in self.ids
            for (place,) in self._db.execute(
                "SELECT place FROM history_body WHERE record <> '' AND instr(body, ?)",
                [json.dumps(id, ensure_ascii=False)],
            ).fetchall()
            for row in _customers_told(history.body_at(self._db, place))
            if row.get("customer") == id and row.get("order_ref") is not None
        }

    def _to_hunt(self) -> tuple[Names, Names, list[str]]:
        ids = {external_id for _, external_id in self.there} | self._orders()
        names = self.ids.keys() | self._names | self._accounts
        hunted = {each for each in names if weight(each) >= _SHORTEST_NAME}
        hunted |= {
            each
            for each in ids
            if weight(each) >= (_SHORTEST_NUMBER if each.isdecimal() else _SHORTEST_ID)
        }
        short = sorted((names | ids) - hunted)
        return (
            Names(dict.fromkeys(hunted, ERASED)),
            Names(dict.fromkeys((*hunted, *self.ids), ERASED)),
            short,
        )

    def refuse_to_be_named_in(self, reason: str) -> None:
        """Refuse a reason that names the customer: it is not erased."""
        short = Names(dict.fromkeys(self.too_short, ERASED))
        if self.hunted.found_in(reason) or short.found_in(reason):
            raise InvalidRecord(
                "erase_customer", "reason", ERASED, "say why without naming the customer: it stays."
            )


def _customers_told(body: history.Body) -> Iterator[Mapping[str, Any]]:
    """Yield what a body says of the customers of an incident."""
    for word in ("add", "take"):
        yield from body.told.get(word, {}).get("customers", ())
