"""What keeps an erased customer from coming back with the next import.

Of each id that they had, a keyed hash is kept. It says whether an id that comes is one of theirs,
and names nobody; but whoever has the file, with its key, can try ids that can be guessed.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _settings
from remedy._customers import name_of
from remedy._entities import Child, Entity, items_of
from remedy._reading import read_many, scalar
from remedy._rows import BY_CLASS, BY_NAME
from remedy.errors import ErasedCustomer
from remedy.records import (
    Affected,
    Alias,
    Apology,
    Customer,
    External,
    Incident,
    Promise,
    Record,
    Waiver,
)
from remedy.vocabulary import ALL

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._ledger import Ledger

__all__ = ["ERASED", "Tombstones", "put"]

ERASED = "[erased]"
"""What texts say instead of a customer who was erased."""

_KEY = "erasure_key"
_OF_PROCESS = ("decision", "verdict")
"""Kinds of record that refer to an incident, and are about how it was dealt with."""
_TEXTS = ("title", "text", "url", "next_step", "attributes")


def _hash(key: str, *told: str) -> bytes:
    return hmac.digest(bytes.fromhex(key), "\0".join(told).encode(), "sha256")


def put(ledger: Ledger, erased: str, id: str, there: Iterable[tuple[str, str]]) -> None:
    """Keep a customer from coming back.

    Args:
        ledger: Takes down what is changed.
        erased: What they are called from now on.
        id: What they were called.
        there: Their sources, and ids there.
    """
    key = _settings.kept(ledger.db, _KEY)
    if key is None:
        key = secrets.token_hex(32)
        _settings.keep(ledger, _KEY, key)
    known = [_hash(key, id)]
    for source, external_id in there:
        known += [_hash(key, source, external_id), _hash(key, name_of(source, external_id))]
    # Who was erased before, and is once more, is one and the same.
    ledger.db.execute("UPDATE tombstone SET customer = ? WHERE customer = ?", [erased, id])
    ledger.db.conn.executemany(
        "INSERT OR REPLACE INTO tombstone (hash, customer) VALUES (?, ?)",
        [(each, erased) for each in known],
    )


class Tombstones:
    """Knows erased customers again.

    Args:
        db: The connection.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._of = dict(db.execute("SELECT hash, customer FROM tombstone").fetchall())
        self._key = _settings.kept(db, _KEY) if self._of else ""
        self._names = set(self._of.values())
        self._apologies: set[str] = set()
        # Incidents that came and hit nobody else, by their ids here and in their sources.
        self._incidents: set[object] = set()

    def __bool__(self) -> bool:
        return bool(self._of)

    def _find(self, reference: Any) -> str | None:
        if reference is None:
            return None
        if isinstance(reference, External):
            return self._of.get(_hash(self._key, reference.source, reference.external_id))
        return self._of.get(_hash(self._key, reference))

    def _of_customer(self, customer: Customer) -> str | None:
        found = self._find(customer.id)
        there = [(alias.source, alias.external_id) for alias in customer.aliases]
        if customer.source is not None and customer.external_id is not None:
            there.append((customer.source, customer.external_id))
        for each in there:
            found = found or self._of.get(_hash(self._key, *each))
        return found

    def _in_finding(self, key: str) -> tuple[str, str] | None:
        """Return how the key of a finding begins, and of whom of them it is, if of one."""
        for place, sign in enumerate(key, start=1):
            if sign == ":" and (found := self._find(key[place:])):
                return key[:place], found
        return None

    def finding(self, key: str) -> str:
        """Return the key of a finding as it is without erased customers."""
        return "".join(self._in_finding(key) or (key,)) if self else key

    def refuse(self, record: Record) -> None:
        """Refuse a record that names an erased customer.

        Raises:
            ErasedCustomer: If it does.
        """
        found = self._of_customer(record) if isinstance(record, Customer) else None
        if isinstance(record, Waiver) and (told := self._in_finding(record.finding)):
            found = told[1]
        for column in BY_CLASS[type(record)].references:
            if column.target == "customer":
                found = found or self._find(getattr(record, column.field))
        for child in BY_CLASS[type(record)].children:
            if child.target == "customer":
                for item in items_of(record, child):
                    found = found or self._find(child.reference(item))
        if found is not None:
            raise ErasedCustomer(record.entity, record.id, found)

    def refuse_items(self, kind: str, id: str, child: Child, items: Iterable[Any]) -> None:
        """Refuse what is put into a plural field, where it names an erased customer.

        Raises:
            ErasedCustomer: If it does.
        """
        for item in items:
            if isinstance(item, Alias):
                found = self._of.get(_hash(self._key, item.source, item.external_id))
            else:
                found = self._find(child.reference(item)) if child.target == "customer" else None
            if found is not None:
                raise ErasedCustomer(kind, id, found)

    def without_them(self, record: Record) -> Record | None:
        """Return a record without what it says of erased customers; None where nothing is left."""
        if isinstance(record, Customer):
            return self._customer_without_them(record)
        if isinstance(record, Waiver):
            told = self._in_finding(record.finding)
            # Why it was accepted may name them.
            return attrs.evolve(record, finding="".join(told), reason=ERASED) if told else record
        entity = BY_CLASS[type(record)]
        changes = self._other_references(entity, record)
        if isinstance(record, Incident) and "customers" in changes:
            self._remember(record, changes["customers"])
        on_file = self._on_file(entity.name, record)
        if not changes and not self._is_about_them(entity, record, on_file):
            return record
        # What a text says of them cannot be told from the rest: it stays as it is on file.
        for name in _TEXTS:
            if name in attrs.fields_dict(type(record)):
                empty: Any = {} if name == "attributes" else None
                changes[name] = empty if on_file is None else getattr(on_file, name)
        if isinstance(record, Apology):
            self._apologies.add(record.id)
        same = all(getattr(record, name) == value for name, value in changes.items())
        return record if same else attrs.evolve(record, **changes)

    def _other_references(self, entity: Entity, record: Record) -> dict[str, Any]:
        """Return the fields that refer to erased customers, as they are without them."""
        changes: dict[str, Any] = {}
        for column in entity.references:
            if column.target == "customer":
                found = self._find(getattr(record, column.field))
                if found is not None:
                    changes[column.field] = found
        for child in entity.children:
            if child.target == "customer" and getattr(record, child.field) is not ALL:
                items = items_of(record, child)
                known = [self._item(child, item) for item in items]
                if any(a is not b for a, b in zip(items, known, strict=True)):
                    changes[child.field] = tuple(known)
        return changes

    def _customer_without_them(self, customer: Customer) -> Customer | None:
        """Return a customer; of another one, who has an alias that was theirs, without that."""
        if not self._of_customer(customer):
            return customer
        theirs = {
            alias
            for alias in customer.aliases
            if self._of.get(_hash(self._key, alias.source, alias.external_id))
        }
        other = attrs.evolve(
            customer, aliases=tuple(each for each in customer.aliases if each not in theirs)
        )
        # Whoever is not on file under an id of their own is taken for the one who was erased.
        return other if not self._of_customer(other) and self._on_file("customer", other) else None

    def _is_about_them(self, entity: Entity, record: Record, on_file: Record | None) -> bool:
        """Whether a record that does not name them is about them alone, as far as is on file."""
        if isinstance(record, Promise):
            return record.apology in self._apologies or self._went_to_them(record.apology)
        if isinstance(record, Incident):
            if record.customers:
                return False  # It names others.
            return on_file is not None and self._hit_them_alone(on_file.id)
        if isinstance(record, Apology):
            if isinstance(record.customers, tuple) and record.customers:
                return False  # It names others.
            incidents = [link.to for link in record.incidents]
            return self._went_to_them(record.id) or all(map(self._hit_them_alone, incidents))
        if getattr(record, "customer", None) is not None:
            return False
        return any(
            self._hit_them_alone(getattr(record, column.field))
            for column in entity.references
            if column.target == "incident" and entity.name not in _OF_PROCESS
        )

    def _remember(self, incident: Incident, customers: Iterable[Affected]) -> None:
        if all(each.customer in self._names for each in customers):
            self._incidents.add(incident.id)
            if incident.source is not None and incident.external_id is not None:
                self._incidents.add(
                    External(source=incident.source, external_id=incident.external_id)
                )

    def _hit_them_alone(self, reference: object) -> bool:
        if reference in self._incidents:
            return True
        incident = self._known("incident", reference)
        if incident is None:
            return False
        if incident in self._incidents:
            return True
        rows = self._db.execute(
            "SELECT customer FROM incident_customer WHERE incident = ? AND stated = '' UNION "
            "SELECT customer FROM incident_customer WHERE stated = ?",
            [incident, incident],
        ).fetchall()
        return bool(rows) and all(row[0] in self._names for row in rows)

    def _went_to_them(self, apology: object) -> bool:
        id = self._known("apology", apology)
        rows = self._db.execute(
            "SELECT customer FROM apology_customer WHERE apology = ? AND reached = 1", [id]
        ).fetchall()
        return bool(rows) and all(row[0] in self._names for row in rows)

    def _known(self, entity: str, reference: object) -> str | None:
        if not isinstance(reference, External):
            return reference if isinstance(reference, str) else None
        found = scalar(
            self._db,
            f"SELECT id FROM {entity} WHERE source = ? AND external_id = ?",
            [reference.source, reference.external_id],
        )
        return None if found is None else str(found)

    def _item(self, child: Child, item: Any) -> Any:
        found = self._find(child.reference(item))
        if found is None:
            return item
        if isinstance(item, Affected):
            return attrs.evolve(item, customer=found, order=None, order_no=None)
        return found

    def _on_file(self, entity: str, record: Record) -> Record | None:
        id: str | None = record.id
        if record.source is not None and record.external_id is not None:
            there = External(source=record.source, external_id=record.external_id)
            id = self._known(entity, there) or id
        found = [] if id is None else read_many(self._db, BY_NAME[entity], [id])
        return found[0] if found else None
