"""Changing what is on file: single fields, what plural ones refer to, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from remedy._filing import Filing
from remedy._marks import marks_known
from remedy._reading import entity_of, read, scalar
from remedy._references import References
from remedy._rows import Child, Entity, moment
from remedy._unsettled import Unsettled
from remedy.config import Config
from remedy.errors import CannotAmend, DanglingReference, InvalidRecord
from remedy.records import External, Promise, Record
from remedy.vocabulary import ALL

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["Amender"]


class Amender:
    """Changes a record in one transaction.

    Args:
        db: The connection, inside a transaction.
        config: The casebook's configuration, for its signature.
    """

    def __init__(self, db: Database, config: Config) -> None:
        self._db = db
        self._unsettled = Unsettled(db)
        self._filing = Filing(db, config, self._unsettled)
        self._references = References(db)

    def amend(self, id: str, fields: Mapping[str, Any], reason: str) -> Record:
        """Change single-valued fields of a record, and return it as it is then."""
        entity = entity_of(self._db, id)
        if not fields and "reason" in attrs.fields_dict(entity.record):
            raise CannotAmend(
                entity.name,
                "reason",
                "reason= says why something is changed. To change the reason on record, give it "
                "in a mapping: {'reason': ...}.",
            )
        for field in fields:
            _refuse_to_amend(entity, field)
        before = read(self._db, id)
        with marks_known():
            after = self._known_by_id(entity, attrs.evolve(before, **fields), fields)
        self._filing.refuse_future(entity, after, fields)
        self._filing.update(entity, after)
        self._filing.changed("amend", entity, id, reason)
        self._unsettled.settle()
        return read(self._db, id)

    def _known_by_id(self, entity: Entity, record: Record, fields: Iterable[str]) -> Record:
        """Return a record with ids for what its fields tell in the terms of a source."""
        changes: dict[str, Any] = {}
        for column in entity.references:
            reference = getattr(record, column.field)
            if column.field in fields and isinstance(reference, External):
                found = self._references.known(str(column.target), reference)
                if found is None:
                    told = f"{reference.external_id} of {reference.source}"
                    raise DanglingReference([(f"{entity.name} {record.id}", column.field, told)])
                changes[column.field] = found
        if changes:
            record = attrs.evolve(record, **changes)
        return self._of_its_apology(record) if isinstance(record, Promise) else record

    def _of_its_apology(self, promise: Promise) -> Promise:
        """Return a promise with the date of its apology, where it has none of its own."""
        told = promise.apology
        if told is None:
            raise InvalidRecord("Promise", "apology", None, "say in which apology it was made.")
        if promise.made is not None:
            return promise
        made = scalar(self._db, "SELECT made FROM apology WHERE id = ?", [told])
        if made is None:
            raise DanglingReference([(f"promise {promise.id}", "apology", str(told))])
        return attrs.evolve(promise, made=moment(made))

    def link(self, id: str, fields: Mapping[str, Any], reason: str | None) -> None:
        """Add to plural fields of a record."""
        entity = entity_of(self._db, id)
        for child, items in _plural(entity, fields):
            if items is ALL:
                self._db.execute("UPDATE apology SET recipients = 'all' WHERE id = ?", [id])
                continue
            if entity.name == "apology" and child.field == "customers":
                self._db.execute(
                    "UPDATE apology SET recipients = coalesce(recipients, 'listed') WHERE id = ?",
                    [id],
                )
            self._filing.refuse_future_items(child, id, items)
            known = [self._references.known_item(child, item) for item in items]
            self._filing.add(entity, child, id, known)
        self._unsettled.note_written(entity.name, id)
        self._filing.changed("link", entity, id, reason)
        self._unsettled.settle()

    def unlink(self, id: str, fields: Mapping[str, Any], reason: str) -> None:
        """Take from plural fields of a record."""
        entity = entity_of(self._db, id)
        for child, items in _plural(entity, fields):
            if items is ALL:
                self._forget_everyone(id)
                continue
            for item in items:
                self._filing.remove(child, id, self._references.known_item(child, item))
        if entity.name == "apology" and not scalar(
            self._db, "SELECT 1 FROM apology_incident WHERE apology = ?", [id]
        ):
            raise CannotAmend("apology", "incidents", "an apology is for one incident at least.")
        self._filing.changed("unlink", entity, id, reason)
        self._unsettled.settle()

    def _forget_everyone(self, id: str) -> None:
        """Take back that everyone was told an apology: then it is who is listed, or not known."""
        self._db.execute(
            "UPDATE apology SET recipients = CASE WHEN EXISTS (SELECT 1 FROM apology_customer n "
            "WHERE n.apology = id AND n.reached = 1) THEN 'listed' END WHERE id = ?",
            [id],
        )


_PART_OF_LINKS = {
    ("incident", "order"): "customers",
    ("incident", "order_no"): "customers",
    ("cause", "role"): "incidents",
}
"""Fields that are a shorter way to say something of a plural one."""


def _refuse_to_amend(entity: Entity, field: str) -> None:
    if field == "id":
        raise CannotAmend(entity.name, field, "an id is for good. Record a new one.")
    if field == "promises" or field in {child.field for child in entity.children}:
        raise CannotAmend(entity.name, field, "add to it with link(), take from it with unlink().")
    if (entity.name, field) in _PART_OF_LINKS:
        raise CannotAmend(
            entity.name,
            field,
            f"it belongs to {_PART_OF_LINKS[entity.name, field]}. Take the wrong one away with "
            f"unlink(), and put the right one there with link().",
        )


def _plural(entity: Entity, fields: Mapping[str, Any]) -> Iterator[tuple[Child, Any]]:
    """Yield the plural fields that are given, and the items of each."""
    children = {child.field: child for child in entity.children}
    converters = attrs.fields_dict(entity.record)
    for field, value in fields.items():
        if field not in children:
            raise CannotAmend(
                entity.name,
                field,
                f"only plural fields are linked: {', '.join(children) or 'it has none'}. "
                f"Change the others with amend().",
            )
        try:
            items = converters[field].converter(value)  # type: ignore[misc, operator]
        except ValueError as error:
            raise InvalidRecord(entity.record.__name__, field, value, str(error)) from None
        yield children[field], () if items is None else items
