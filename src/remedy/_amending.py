"""Changing what is on file: single fields, what plural ones refer to, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _overruled, _pending
from remedy._coerce import storable
from remedy._entities import Child, Entity, items_of
from remedy._filing import Filing
from remedy._forms import moment
from remedy._marks import marks_known
from remedy._reading import entity_of, kinds_of, read, scalar
from remedy._references import References
from remedy._rows import BY_NAME, ENTITIES
from remedy._tombstones import Tombstones
from remedy._unsettled import Unsettled
from remedy.config import Config
from remedy.errors import CannotAmend, DanglingReference, InvalidRecord, UnknownRecord
from remedy.records import External, Promise, Record
from remedy.vocabulary import ALL

if TYPE_CHECKING:
    from remedy._ledger import Ledger
    from remedy._texts import Texts

__all__ = ["Amender"]


class Amender:
    """Changes a record in one transaction.

    Args:
        ledger: Takes down what is changed, inside a transaction.
        config: The casebook's configuration, for its signature.
        texts: Lets texts be as they are to be kept.
    """

    def __init__(self, ledger: Ledger, config: Config, texts: Texts | None = None) -> None:
        self._texts = texts
        self._ledger = ledger
        self._db = ledger.db
        self._unsettled = Unsettled(ledger)
        self._filing = Filing(ledger, config, self._unsettled)
        self._references = References(ledger)
        self._erased = Tombstones(ledger.db)

    def amend(self, id: str, fields: Mapping[str, Any]) -> Record:
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
            after = attrs.evolve(before, **fields)
            if self._texts:
                fit = self._texts.fit(after)
                # Of the fields that are amended alone: others stay as they are on file.
                kept = {field: getattr(fit, field) for field in fields}
                after = attrs.evolve(after, **kept)
            if self._erased:
                self._erased.refuse(after)
            after = self._known_by_id(entity, after, fields)
        self._filing.refuse_future(entity, after, fields)
        for field in fields:
            self._overrule(entity, before, after, field)
        self._filing.update(entity, after)
        self._settle()
        return read(self._db, id)

    def _overrule(self, entity: Entity, before: Record, after: Record, field: str) -> None:
        """Let nothing that a source said of a field come in the way of what it is to hold."""
        said = _overruled.told(entity, before, field)
        waiting = _pending.take_back(self._ledger, entity, before.id, field)
        if waiting is not None:
            changes: dict[str, Any] = {field: waiting}
            said = _overruled.told(entity, attrs.evolve(before, **changes), field)
        if said != _overruled.told(entity, after, field):
            _overruled.keep(self._db, before.id, field, said)

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

    def _settle(self) -> None:
        self._unsettled.settle()
        self._ledger.flush()

    def link(self, id: str, fields: Mapping[str, Any]) -> None:
        """Add to plural fields of a record."""
        entity = entity_of(self._db, id)
        before = read(self._db, id)
        for child, items in _plural(entity, fields):
            if items is ALL:
                self._filing.tell_recipients(id, "all")
                continue
            if entity.name == "apology" and child.field == "customers":
                told = scalar(self._db, "SELECT recipients FROM apology WHERE id = ?", [id])
                self._filing.tell_recipients(id, told or "listed")
            self._filing.refuse_future_items(child, id, items)
            if self._erased:
                self._erased.refuse_items(entity.name, id, child, items)
            if self._texts:
                items = tuple(map(self._texts.fit_item, items))
            known = [self._references.known_item(child, item) for item in items]
            self._filing.add(entity, child, id, known)
            for item in known:
                _overruled.allow(self._db, self._references, child, id, item)
        self._overrule_recipients(entity, before)
        self._unsettled.note_written(entity.name, id)
        self._settle()

    def unlink(self, id: str, fields: Mapping[str, Any]) -> None:
        """Take from plural fields of a record, on file or waiting."""
        if not isinstance(id, str) or not storable(id):
            raise UnknownRecord(id)
        fields = {
            field: value for field, value in fields.items() if not self._take_back(id, field, value)
        }
        if not fields:
            self._settle()
            return
        entity = entity_of(self._db, id)
        before = read(self._db, id)
        for child, items in _plural(entity, fields):
            if items is ALL:
                self._forget_everyone(id)
                continue
            for item in items:
                waited = None
                if child.target is not None:
                    waited = _pending.take_back_link(self._ledger, entity, id, child, item)
                if waited is None:
                    self._filing.remove(entity, child, id, self._references.known_item(child, item))
                else:
                    _overruled.keep_item(self._db, child, id, waited)
        if entity.name == "apology" and not scalar(
            self._db, "SELECT 1 FROM apology_incident WHERE apology = ?", [id]
        ):
            raise CannotAmend("apology", "incidents", "an apology is for one incident at least.")
        self._keep_what_went(entity, before)
        self._overrule_recipients(entity, before)
        self._settle()

    def _take_back(self, id: str, field: str, value: Any) -> bool:
        """Take back what a record waits for that is not on file itself; say if one waits."""
        if field in {
            child.field for name in kinds_of(self._db, id) for child in BY_NAME[name].children
        }:
            return False
        try:
            gone = _pending.take_back_record(self._ledger, id, field, value)
        except ValueError as error:
            raise InvalidRecord("Record", field, value, str(error)) from None
        if gone is None:
            return False
        entity, items = gone
        for child in entity.children:
            if child.field == field:
                for item in items:
                    _overruled.keep_item(self._db, child, id, item)
        return True

    def _keep_what_went(self, entity: Entity, before: Record) -> None:
        after = read(self._db, before.id)
        for child in entity.children:
            left = items_of(after, child)
            for item in items_of(before, child):
                if item not in left:
                    _overruled.keep_item(self._db, child, before.id, item)

    def _overrule_recipients(self, entity: Entity, before: Record) -> None:
        if entity.name == "apology":
            said, now = (
                _overruled.told(entity, each, _overruled.RECIPIENTS)
                for each in (before, read(self._db, before.id))
            )
            if said != now:
                _overruled.keep(self._db, before.id, _overruled.RECIPIENTS, said)

    def _forget_everyone(self, id: str) -> None:
        """Take back that everyone was told an apology: then it is who is listed, or not known."""
        some = scalar(
            self._db, "SELECT 1 FROM apology_customer WHERE apology = ? AND reached = 1", [id]
        )
        self._filing.tell_recipients(id, "listed" if some else None)


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


def _instead(entity: Entity, field: str) -> str:
    """Return what to do instead of linking a record by a field that is not plural."""
    for other in ENTITIES:
        called = (other.name, f"{other.name}s", f"{other.name[:-1]}ies")
        for child in other.children:
            if child.target == entity.name and field in called:
                return (
                    f"that is said at the other end. Name this {entity.name} in the field "
                    f"{child.field} of the {'other ' if other is entity else ''}{other.name}, and "
                    f"link or unlink that."
                )
        for column in other.references:
            if column.target == entity.name and field in called:
                return (
                    f"that is said at the other end, in the field {column.field} of the "
                    f"{other.name}. Change it there, with amend()."
                )
    names = ", ".join(child.field for child in entity.children)
    return f"only plural fields are linked: {names or 'it has none'}. Change others with amend()."


def _plural(entity: Entity, fields: Mapping[str, Any]) -> Iterator[tuple[Child, Any]]:
    """Yield the plural fields that are given, and the items of each."""
    children = {child.field: child for child in entity.children}
    converters = attrs.fields_dict(entity.record)
    for field, value in fields.items():
        if field not in children:
            raise CannotAmend(entity.name, field, _instead(entity, field))
        try:
            items = converters[field].converter(value)  # type: ignore[misc, operator]
        except ValueError as error:
            raise InvalidRecord(entity.record.__name__, field, value, str(error)) from None
        yield children[field], () if items is None else items
