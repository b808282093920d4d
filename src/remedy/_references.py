"""What the fields of a record refer to: an id here, an id in a source, or what has not come yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _customers, _pending
from remedy._entities import Child, Column, Entity, items_of
from remedy._reading import read, scalar
from remedy._rows import BY_CLASS
from remedy.errors import DanglingReference, InvalidRecord, UnknownRecord
from remedy.records import Affected, External, Promise, Record

if TYPE_CHECKING:
    from remedy._ledger import Ledger

__all__ = ["References", "meant"]


class References:
    """Finds out which records are meant, and lets wait what is not on file.

    Args:
        ledger: Takes down the customers that are made, and what waits.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self._other_ids: dict[tuple[str, str], str] = {}
        self._coming: dict[tuple[str, External], str] = {}

    # --- what records are called ------------------------------------------------------------------

    def expect(self, records: Iterable[Record]) -> None:
        """Take note of records that are about to come, by their ids in their source."""
        for record in records:
            if record.source is not None and record.external_id is not None:
                there = External(source=record.source, external_id=record.external_id)
                # Given under several ids, it comes under the first of them.
                self._coming.setdefault((BY_CLASS[type(record)].name, there), record.id)

    def expect_no_more(self, entity: Entity, record: Record) -> None:
        """Take note that a record that was about to come is left out, being older."""
        if record.source is not None and record.external_id is not None:
            there = External(source=record.source, external_id=record.external_id)
            self._coming.pop((entity.name, there), None)

    def note_other_id(self, entity: Entity, given: str, known: str) -> None:
        """Take note that a record that is given under one id is on file under another one."""
        self._other_ids[entity.name, given] = known

    def of_known_apology(self, promise: Promise) -> Promise:
        """Return a promise as made in its apology under the id that this one has here."""
        told = promise.apology
        known = self._other_ids.get(("apology", told)) if isinstance(told, str) else None
        if known is None:
            return promise
        id = promise.id
        if id.startswith(f"{told}/promise-"):
            id = known + id[len(told) :]  # type: ignore[arg-type]
        return attrs.evolve(promise, id=id, apology=known)

    def known(self, target: str, reference: External) -> str | None:
        """Return the id here of a record that is told by its id in a source, if it is on file."""
        return self.known_by(target, reference.source, reference.external_id)

    def known_by(self, target: str, *there: str) -> str | None:
        """Return the id here of a record that is told by its source and its id there."""
        found = scalar(
            self._db, f"SELECT id FROM {target} WHERE source = ? AND external_id = ?", there
        )
        if found is None and target == "customer":
            found = scalar(
                self._db,
                "SELECT customer FROM customer_alias WHERE source = ? AND external_id = ?",
                there,
            )
        return None if found is None else str(found)

    def known_here(self, entity: Entity, id: str) -> bool:
        """Whether a record is on file."""
        return bool(scalar(self._db, f"SELECT 1 FROM {entity.name} WHERE id = ?", [id]))

    def customer(self, id: str) -> str:
        """Return the id of a customer, who may have been called `crm:77` before it was known."""
        source, colon, external_id = id.partition(":")
        if colon and not scalar(self._db, "SELECT 1 FROM customer WHERE id = ?", [id]):
            return self.known_by("customer", source, external_id) or id
        return id

    def known_item(self, child: Child, item: Any) -> Any:
        """Return an item of a plural field with the id here of what it refers to.

        Raises:
            UnknownRecord: If it stands in the terms of a source, and is not on file.
        """
        if child.target is None:
            return item
        reference = child.reference(item)
        if not isinstance(reference, External):
            if child.target == "customer" and self.customer(reference) != reference:
                return _with_reference(item, self.customer(reference))
            return item
        found = self.known(child.target, reference)
        if found is None:
            raise UnknownRecord(str(reference), child.target)
        return _with_reference(item, found)

    # --- of a whole record ------------------------------------------------------------------------

    def resolve(
        self,
        entity: Entity,
        record: Record,
        *,
        said: Record | None = None,
        keep_pending: bool,
        arrived: bool = False,
    ) -> Record | None:
        """Return the record with ids for references that wait or stand in a source's terms.

        What it refers to in vain is refused, or noted as pending: then the record comes back
        without it, or, where it cannot be without it, not at all.

        Args:
            entity: The kind of record.
            record: The record.
            said: What its source says, where people have said otherwise: that is what waits.
            keep_pending: Whether what is referred to in vain is to wait.
            arrived: Whether it waited. It may have been told in several parts, and refer to one
                record by its id as well as in a source's terms: then the id is what counts.
        """
        said = record if said is None else said
        changes: dict[str, Any] = {}
        for column in entity.references:
            reference = getattr(record, column.field)
            if reference is None:
                continue
            found = self._meet(entity, record, column, reference, keep_pending)
            if found is None:
                without = _without(entity, record, column.field)
                _pending.wait(
                    self._ledger,
                    entity,
                    said if without is None else record,
                    column,
                    reference,
                    whole=without is None,
                )
                if without is None:
                    return None
                record = without
            elif found is not reference:
                changes[column.field] = found
        for child in entity.children:
            if child.target is None:
                continue
            items = items_of(record, child)
            kept = self._resolve_items(
                entity, record, child, items, said=said, keep_pending=keep_pending
            )
            if kept is None:
                return None
            if arrived:
                kept = list(_one_of_each(child, items, kept))
            if len(kept) != len(items) or any(a is not b for a, b in zip(kept, items, strict=True)):
                changes[child.field] = tuple(kept)
        return attrs.evolve(record, **changes) if changes else record

    def led(self, entity: Entity, record: Record) -> Record:
        """Return a record that refers to others by the ids under which they are on file.

        If it waits, it is looked at again when nobody knows any more what they were called.
        """
        if not self._other_ids:
            return record
        changes: dict[str, Any] = {}
        for column in entity.references:
            reference = getattr(record, column.field)
            known = self._other_ids.get((str(column.target), reference))
            if known is not None:
                changes[column.field] = known
        for child in entity.children:
            if child.target is None:
                continue
            items = items_of(record, child)
            led = [
                item if known is None else _with_reference(item, known)
                for item in items
                for known in [self._other_ids.get((child.target, child.reference(item)))]
            ]
            if any(a is not b for a, b in zip(led, items, strict=True)):
                changes[child.field] = tuple(led)
        return attrs.evolve(record, **changes) if changes else record

    def _resolve_items(
        self,
        entity: Entity,
        record: Record,
        child: Child,
        items: Iterable[Any],
        *,
        said: Record,
        keep_pending: bool,
    ) -> list[Any] | None:
        """Return the items that refer to what is on file, or None where the record waits."""
        kept, missing = [], []
        for item in items:
            reference = child.reference(item)
            found = self._meet(entity, record, child, reference, keep_pending)
            if found is None:
                missing.append((reference, item))
            else:
                kept.append(item if found is reference else _with_reference(item, found))
        # An apology is for one incident at the least: it waits for the first that comes.
        whole = entity.name == "apology" and child.field == "incidents" and not kept
        if whole and self.known_here(entity, record.id):
            # It is for those that it is on file for.
            kept, whole = list(items_of(read(self._db, record.id), child)), False
        for reference, item in missing:
            waiting = said if whole else record
            _pending.wait(self._ledger, entity, waiting, child, reference, item=item, whole=whole)
        return None if whole else kept

    def _meet(
        self,
        entity: Entity,
        record: Record,
        place: Column | Child,
        reference: Any,
        keep_pending: bool,
    ) -> str | None:
        """Return the id of what is referred to, or None where that is to be waited for."""
        target = place.target
        assert target is not None
        if isinstance(reference, External):
            found = self.known(target, reference) or self._coming.get((target, reference))
            if found is None and target == "customer":
                # A customer is made where it is first named, in the source's terms as well.
                found = _customers.make_known_by(
                    self._ledger, reference.source, reference.external_id
                )
            if found is None and not keep_pending:
                told = f"{reference.external_id} of {reference.source}"
                raise DanglingReference([(f"{entity.name} {record.id}", place.field, told)])
            return found
        if target == "customer":
            known = self.customer(reference)
            _customers.make_customer(self._ledger, known)
            return str(known)
        if keep_pending and not scalar(
            self._db, f"SELECT 1 FROM {target} WHERE id = ?", [reference]
        ):
            return None
        return str(reference) if type(reference) is not str else reference


def _without(entity: Entity, record: Record, field: str) -> Record | None:
    """Return a record without one of its references, or None if it cannot be without it."""
    if entity.name == "promise":  # Only inside an apology it may be left out.
        return None
    left_out: dict[str, Any] = {field: None}
    try:
        return attrs.evolve(record, **left_out)
    except InvalidRecord:
        return None


def meant(child: Child, item: Any) -> Any:
    """Return what an item refers to, and as what; one that refers to nothing is itself."""
    return item if child.target is None else (child.reference(item), getattr(item, "role", None))


def _one_of_each(child: Child, items: Iterable[Any], kept: Iterable[Any]) -> Iterable[Any]:
    """Return one item for each record: that which referred to it by its id before the others."""
    as_given = {id(item) for item in items}
    found: dict[Any, Any] = {}
    for item in sorted(kept, key=lambda each: id(each) not in as_given):
        found.setdefault(meant(child, item), item)
    return found.values()


def _with_reference(item: Any, id: str) -> Any:
    if isinstance(item, (External, str)):
        return id
    field = "customer" if isinstance(item, Affected) else "to"
    return attrs.evolve(item, **{field: id})
