"""Writing records: one by one with care, or very many in few statements.

Every write goes through here, inside a transaction of the store: what it changes is counted and
told to `changed`, which is the place where history is to be written. Whatever is checked over
several rows (references, circles, ids of two kinds, dates against each other) is checked before
the transaction ends, so that the order of records within one call does not matter.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _causes, _duplicates
from remedy._convert import from_dict, to_dict
from remedy._reading import entity_of, existing, read, scalar
from remedy._rows import BY_CLASS, BY_NAME, ENTITIES, Child, Entity, micros, moment, span_of
from remedy.config import Config, signature_reader
from remedy.errors import (
    CannotAmend,
    CausalCycle,
    Conflict,
    DanglingReference,
    InvalidRecord,
    InvalidTime,
    UnknownRecord,
)
from remedy.records import Action, Affected, Apology, External, Incident, Promise, Record
from remedy.vocabulary import ALL

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["Ingested", "Pending", "Writer"]

_CLOCK_SKEW = 300 * 1_000_000
"""How far the clocks of two machines may differ before an incident lies in the future (µs)."""


@attrs.frozen(kw_only=True)
class Ingested:
    """What came of `ingest`.

    Attributes:
        new: Records that were not on file.
        updated: Records that replaced an older version.
        unchanged: Records that were on file as they are.
        older: Records that are on file in a newer version, and were left out.
        pending: References that wait for their other side, of all that are on file.
    """

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    older: int = 0
    pending: int = 0


@attrs.frozen(kw_only=True)
class Pending:
    """A reference that waits for its other side.

    Attributes:
        record: The record that refers.
        entity: What kind of record that is.
        field: The field.
        target_entity: What kind of record is waited for.
        target: Its id, or
        external: its id in its source.
    """

    record: str
    entity: str
    field: str
    target_entity: str
    target: str | None
    external: External | None


class Writer:
    """Writes records in one transaction.

    Args:
        db: The connection, inside a transaction.
        config: The casebook's configuration, for its signature.
        keep_pending: Whether a reference to what is not on file waits for it, instead of being
            refused.
        replace: Whether another content under an id that is on file replaces it, if it is newer,
            instead of being refused.
    """

    def __init__(
        self, db: Database, config: Config, *, keep_pending: bool = False, replace: bool = False
    ) -> None:
        self._db = db
        self._connection = db.conn
        self._failure = signature_reader(config)
        self._keep_pending = keep_pending
        self._replace = replace
        self._latest = int(time.time() * 1_000_000) + _CLOCK_SKEW
        self.new = self.updated = self.unchanged = self.older = 0
        self._references: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        self._written: dict[str, list[str]] = defaultdict(list)
        self._incidents_named: set[str] = set()
        self._effects: set[tuple[str, str]] = set()
        self._other_ids: dict[tuple[str, str], str] = {}
        self._coming: dict[tuple[str, External], str] = {}

    # --- one by one -------------------------------------------------------------------------------

    def write(self, records: Iterable[Record]) -> None:
        """Write a handful of records, and check them against what is on file."""
        records = list(flat(records))
        for record in records:
            if type(record) not in BY_CLASS:
                raise TypeError(f"{record!r:.80} is no record.")
            if record.source is not None and record.external_id is not None:
                there = External(source=record.source, external_id=record.external_id)
                self._coming[BY_CLASS[type(record)].name, there] = record.id
        for record in sorted(records, key=in_order):
            self._write_one(record)
        self.check()

    def _write_one(self, record: Record) -> None:
        entity = BY_CLASS[type(record)]
        if isinstance(record, Promise):
            record = self._of_known_apology(record)
        known = self._find(entity, record)
        if known is not None and known != record.id:
            self._other_ids[entity.name, record.id] = known
            # The promises of an apology come after it, one by one.
            alone: dict[str, Any] = {"promises": ()} if isinstance(record, Apology) else {}
            record = attrs.evolve(record, id=known, **alone)
        if self._replace and not self._is_newest(entity, record):
            self.older += 1
            return
        if isinstance(record, Promise) and record.apology is None:
            raise InvalidRecord("Promise", "apology", None, "say in which apology it was made.")
        resolved = self._resolve(entity, record)
        if resolved is None:
            return
        if isinstance(resolved, Promise) and resolved.made is None:
            made = scalar(self._db, "SELECT made FROM apology WHERE id = ?", [resolved.apology])
            if made is None:
                raise DanglingReference(
                    [(f"promise {resolved.id}", "apology", str(resolved.apology))]
                )
            resolved = attrs.evolve(resolved, made=moment(made))
        if known is None:
            self._insert(entity, resolved)
            self.new += 1
            self.changed("record", entity, resolved.id)
        else:
            self._compare(entity, resolved)
        self._arrived(entity, resolved)

    def _of_known_apology(self, promise: Promise) -> Promise:
        """Return a promise as made in its apology under the id that this one has here."""
        told = promise.apology
        known = self._other_ids.get(("apology", told)) if isinstance(told, str) else None
        if known is None:
            return promise
        id = promise.id
        if id.startswith(f"{told}/promise-"):
            id = known + id[len(told) :]  # type: ignore[arg-type]
        return attrs.evolve(promise, id=id, apology=known)

    def _is_newest(self, entity: Entity, record: Record) -> bool:
        """Whether no later version is on file or waits; what older ones wait for is forgotten."""
        given = None if record.updated is None else micros(record.updated)
        versions = self._db.execute(
            f"SELECT updated FROM {entity.name} WHERE id = ?", [record.id]
        ).fetchall()
        waiting = [
            json.loads(row[0])
            for row in self._db.execute(
                "SELECT content FROM pending WHERE record = ? AND entity = ?",
                [record.id, entity.name],
            )
        ]
        for content in waiting:
            updated = from_dict(content["record"]).updated if "record" in content else None
            versions.append((None if updated is None else micros(updated),))
        if any(_is_older(each, given) for (each,) in versions):
            return False
        if waiting:
            self._db.execute(
                "DELETE FROM pending WHERE record = ? AND entity = ? AND content NOT LIKE ?",
                [record.id, entity.name, '{"link"%'],
            )
        return True

    def _find(self, entity: Entity, record: Record) -> str | None:
        if record.source is not None and record.external_id is not None and self._replace:
            found = scalar(
                self._db,
                f"SELECT id FROM {entity.name} WHERE source = ? AND external_id = ?",
                [record.source, record.external_id],
            )
            if found is not None:
                return str(found)
        if scalar(self._db, f"SELECT 1 FROM {entity.name} WHERE id = ?", [record.id]):
            return record.id
        return None

    def _insert(self, entity: Entity, record: Record) -> None:
        columns, row = self._row(entity, record)
        marks = ", ".join("?" * len(row))
        self._db.execute(f"INSERT INTO {entity.name} ({columns}) VALUES ({marks})", row)
        self._written[entity.name].append(record.id)
        for child in entity.children:
            self._add(entity, child, record.id, items_of(record, child))

    def _row(self, entity: Entity, record: Any) -> tuple[str, list[Any]]:
        row = entity.encode(record)
        columns = ", ".join((*entity.names, *entity.derived))
        if entity.name == "incident":
            self._refuse_future(record)
            row += [self._failure(record), None]
        elif entity.name == "action":
            self._refuse_unknown_intervention(record)
        elif entity.derived:
            row.append(0)
        for column in entity.references:
            reference = getattr(record, column.field)
            self._note(entity, record.id, column.field, column.target, reference)
        return columns, row

    def _refuse_future(self, incident: Incident) -> None:
        if span_of(incident.occurred)[0] > self._latest:
            raise InvalidTime(
                "Incident", "occurred", str(incident.occurred), f"{incident.id} lies in the future."
            )

    def _refuse_unknown_intervention(self, action: Any) -> None:
        if action.intervention is not None and not scalar(
            self._db, "SELECT 1 FROM intervention WHERE id = ?", [action.intervention]
        ):
            known = ", ".join(
                row[0] for row in self._db.execute("SELECT id FROM intervention ORDER BY id")
            )
            raise InvalidRecord(
                "Action",
                "intervention",
                action.intervention,
                f"{action.id}: the casebook's table does not know it. It knows: {known}. Leave it "
                f"out and say strength= and changes_process= instead, or extend the table: "
                f"configure(interventions=...).",
            )

    def _note(
        self, entity: Entity, record: str, field: str, target: str | None, id: str | None
    ) -> None:
        if target is not None and id is not None:
            self._references[target].setdefault(id, (f"{entity.name} {record}", field))
            if target == "incident":
                self._incidents_named.add(id)

    def _add(self, entity: Entity, child: Child, owner: str, items: Iterable[Any]) -> bool:
        """Add items of a plural field; the same again is nothing new. Say whether any was."""
        items = list(items)
        if not items:
            return False
        start = 0
        if "seq" in child.columns:
            start = (
                scalar(
                    self._db,
                    f"SELECT coalesce(max(seq) + 1, 0) FROM {child.table} WHERE {child.owner} = ?",
                    [owner],
                )
                or 0
            )
        stated_owner = self._place_of(owner) if child.owner == "incident" else (owner, "")
        added = False
        for number, item in enumerate(items, start=start):
            if child.target is not None:
                self._note(entity, owner, child.field, child.target, child.reference(item))
            row = child.encode(owner, number, item)
            values = dict(zip(child.columns, row, strict=True))
            if child.owner == "incident":
                values["incident"], values["stated"] = stated_owner
            elif "stated" in values:
                values["incident"], values["stated"] = self._place_of(values["incident"])
            if child.table == "cause_cause":
                if values["effect"] == values["cause"]:
                    raise CausalCycle([values["cause"], values["effect"]])
                self._effects.add((values["effect"], values["cause"]))
            added |= self._add_row(entity, child, owner, values)
        return added

    def _place_of(self, incident: str) -> tuple[str, str]:
        return _duplicates.place_of(self._db, incident)

    def _add_row(self, entity: Entity, child: Child, owner: str, values: dict[str, Any]) -> bool:
        key = [name for name in (child.owner, *child.key, "stated") if name in values]
        key = list(dict.fromkeys(key))
        if child.table == "customer_alias":
            key = ["source", "external_id"]
        if child.table in ("apology_customer",):
            key = ["apology", "customer"]
        where = " AND ".join(f"{name} = ?" for name in key)
        cursor = self._db.execute(
            f"SELECT * FROM {child.table} WHERE {where}", [values[name] for name in key]
        )
        found = cursor.fetchone()
        if found is None:
            self._insert_customer(child, values)
            marks = ", ".join("?" * len(values))
            self._db.execute(
                f"INSERT INTO {child.table} ({', '.join(values)}) VALUES ({marks})",
                list(values.values()),
            )
            return True
        on_file = dict(zip((column[0] for column in cursor.description), found, strict=True))
        differences = {
            f"{child.field}.{name}": (on_file[name], values[name])
            for name in values
            if name != "seq" and on_file[name] != values[name]
        }
        if differences and not self._replace:
            raise Conflict(entity.name, owner, differences)
        if differences:
            assign = ", ".join(f"{name} = ?" for name in values)
            self._db.execute(
                f"UPDATE {child.table} SET {assign} WHERE {where}",
                [*values.values(), *(values[name] for name in key)],
            )
        return bool(differences)

    def _insert_customer(self, child: Child, values: dict[str, Any]) -> None:
        if child.target == "customer":
            self._make_customer(values["customer"])

    def _make_customer(self, id: str) -> None:
        self._db.execute(
            "INSERT INTO customer (id, provenance) VALUES (?, 'mapped') ON CONFLICT DO NOTHING",
            [id],
        )

    def _compare(self, entity: Entity, record: Record) -> None:
        """Meet a record that is on file: the same, a newer or older version, or another one."""
        columns, row = self._row(entity, record)
        names = columns.split(", ")
        stored = self._db.execute(
            f"SELECT {columns} FROM {entity.name} WHERE id = ?", [record.id]
        ).fetchone()
        new = dict(zip(names, row, strict=True))
        old = dict(zip(names, stored, strict=True))
        if old.get("stated"):
            old["incident"], old["stated"] = old["stated"], ""
        for name in entity.derived:
            new[name] = old[name]
        differing = {name for name in new if new[name] != old[name]}
        bare = entity.name == "customer" and _is_bare(old)
        if not (self._replace or bare):
            differences = self._differences(entity, record)
            if differences:
                raise Conflict(entity.name, record.id, differences)
            self.unchanged += 1
            return
        if differing:
            self._update(entity, record)
        added = False
        for child in entity.children:
            added |= self._add(entity, child, record.id, items_of(record, child))
        if differing or added:
            self.updated += 1
            self.changed("replace", entity, record.id)
        else:
            self.unchanged += 1

    def _differences(self, entity: Entity, record: Record) -> dict[str, tuple[Any, Any]]:
        """Return field → (on file, given) where a record says something else than the one on file.

        What was linked to it since, or happened to it, is no difference.
        """
        before = read(self._db, record.id)
        plural = {child.field for child in entity.children}
        differing = []
        for field in attrs.fields(entity.record):
            name = field.name
            old, new = getattr(before, name), getattr(record, name)
            if name == "promises":  # They are records of their own.
                continue
            if name in plural and isinstance(old, tuple) and isinstance(new, tuple):
                if not set(new) <= set(old):
                    differing.append(name)
            elif old != new:
                differing.append(name)
        on_file, given = (to_dict(each) if differing else {} for each in (before, record))
        return {name: (on_file.get(name), given.get(name)) for name in differing}

    def _update(self, entity: Entity, record: Any) -> None:
        columns, row = self._row(entity, record)
        values = dict(zip(columns.split(", "), row, strict=True))
        for name in entity.derived:
            if name != "failure":
                del values[name]
        if "stated" in values:
            values["incident"], values["stated"] = (
                self._place_of(values["incident"]) if values["incident"] else (None, "")
            )
        assign = ", ".join(f"{name} = ?" for name in values)
        self._db.execute(
            f"UPDATE {entity.name} SET {assign} WHERE id = ?", [*values.values(), record.id]
        )
        self._written[entity.name].append(record.id)

    # --- changing what is on file -----------------------------------------------------------------

    def amend(self, id: str, fields: dict[str, Any], reason: str) -> Record:
        """Change single-valued fields of a record, and return it as it is then."""
        entity = entity_of(self._db, id)
        plural = {child.field for child in entity.children} | {"promises"}
        for field in fields:
            if field == "id":
                raise CannotAmend(entity.name, field, "an id is for good. Record a new one.")
            if field in plural:
                raise CannotAmend(
                    entity.name, field, "add to it with link(), take from it with unlink()."
                )
            if (entity.name, field) in _PART_OF_LINKS:
                raise CannotAmend(
                    entity.name,
                    field,
                    f"it belongs to {_PART_OF_LINKS[entity.name, field]}. Take the wrong one away "
                    f"with unlink(), and put the right one there with link().",
                )
        before = read(self._db, id)
        after = attrs.evolve(before, **fields)
        self._update(entity, after)
        self.updated += 1
        self.changed("amend", entity, id, reason)
        self.check()
        return read(self._db, id)

    def link(self, id: str, fields: dict[str, Any], reason: str | None) -> None:
        """Add to plural fields of a record."""
        entity = entity_of(self._db, id)
        for child, items in self._plural(entity, id, fields):
            if items is ALL:
                self._db.execute("UPDATE apology SET recipients = 'all' WHERE id = ?", [id])
                continue
            if entity.name == "apology" and child.field == "customers":
                self._db.execute(
                    "UPDATE apology SET recipients = coalesce(recipients, 'listed') WHERE id = ?",
                    [id],
                )
            self._add(entity, child, id, [self._resolved_item(child, item) for item in items])
        self._written[entity.name].append(id)
        self.updated += 1
        self.changed("link", entity, id, reason)
        self.check()

    def unlink(self, id: str, fields: dict[str, Any], reason: str) -> None:
        """Take from plural fields of a record."""
        entity = entity_of(self._db, id)
        for child, items in self._plural(entity, id, fields):
            if items is ALL:
                self._forget_everyone(id)
                continue
            for item in items:
                self._remove(entity, child, id, self._resolved_item(child, item))
        if entity.name == "apology" and not scalar(
            self._db, "SELECT 1 FROM apology_incident WHERE apology = ?", [id]
        ):
            raise CannotAmend("apology", "incidents", "an apology is for one incident at least.")
        self.updated += 1
        self.changed("unlink", entity, id, reason)
        self.check()

    def _forget_everyone(self, id: str) -> None:
        """Take back that everyone was told an apology: then it is who is listed, or not known."""
        self._db.execute(
            "UPDATE apology SET recipients = CASE WHEN EXISTS (SELECT 1 FROM apology_customer n "
            "WHERE n.apology = id AND n.reached = 1) THEN 'listed' END WHERE id = ?",
            [id],
        )

    def _plural(
        self, entity: Entity, id: str, fields: dict[str, Any]
    ) -> Iterator[tuple[Child, Any]]:
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

    def _resolved_item(self, child: Child, item: Any) -> Any:
        if child.target is None:
            return item
        reference = child.reference(item)
        if not isinstance(reference, External):
            return item
        found = self._known(child.target, reference)
        if found is None:
            raise UnknownRecord(str(reference), child.target)
        return _with_reference(item, found)

    def _remove(self, entity: Entity, child: Child, owner: str, item: Any) -> None:
        values = dict(zip(child.columns, child.encode(owner, 0, item), strict=True))
        if child.owner == "incident":
            values["incident"], values["stated"] = self._place_of(owner)
        elif "stated" in values:
            values["incident"], values["stated"] = self._place_of(values["incident"])
        key = list(dict.fromkeys(n for n in (child.owner, *child.key, "stated") if n in values))
        where = " AND ".join(f"{name} = ?" for name in key)
        cursor = self._db.execute(
            f"DELETE FROM {child.table} WHERE {where}", [values[name] for name in key]
        )
        if cursor.rowcount == 0:
            raise UnknownRecord(f"{owner}.{child.field}: {item}", "link")
        if child.table == "cause_cause":
            self._effects.add((values["effect"], values["cause"]))

    # --- references -------------------------------------------------------------------------------

    def _known(self, target: str, reference: External) -> str | None:
        found = scalar(
            self._db,
            f"SELECT id FROM {target} WHERE source = ? AND external_id = ?",
            [reference.source, reference.external_id],
        )
        if found is None and target == "customer":
            found = scalar(
                self._db,
                "SELECT customer FROM customer_alias WHERE source = ? AND external_id = ?",
                [reference.source, reference.external_id],
            )
        return None if found is None else str(found)

    def _resolve(self, entity: Entity, record: Record) -> Record | None:  # noqa: PLR0912
        """Return the record with ids for references that wait or stand in a source's terms.

        What it refers to in vain is refused, or noted as pending: then the record comes back
        without it, or, where it cannot be without it, not at all.
        """
        changes: dict[str, Any] = {}
        for column in entity.references:
            reference = getattr(record, column.field)
            if reference is None or column.target is None:
                continue
            found = self._meet(entity, record, column.field, column.target, reference)
            if found is None:
                try:
                    if entity.name == "promise":  # Only inside an apology it may be left out.
                        raise InvalidRecord("Promise", "apology", None, "is needed.")
                    left_out: dict[str, Any] = {column.field: None}
                    without = attrs.evolve(record, **left_out)
                except InvalidRecord:
                    self._wait(entity, record, column.field, column.target, reference, whole=True)
                    return None
                self._wait(entity, record, column.field, column.target, reference)
                record = without
                continue
            if found is not reference:
                changes[column.field] = found
        for child in entity.children:
            if child.target is None:
                continue
            items = items_of(record, child)
            kept, missing = [], []
            for item in items:
                reference = child.reference(item)
                found = self._meet(entity, record, child.field, child.target, reference)
                if found is None:
                    missing.append((reference, item))
                else:
                    kept.append(item if found is reference else _with_reference(item, found))
            # An apology is for one incident at the least: it waits for the first that comes.
            whole = entity.name == "apology" and child.field == "incidents" and not kept
            for reference, item in missing:
                self._wait(
                    entity, record, child.field, child.target, reference, item=item, whole=whole
                )
            if whole:
                return None
            if missing or any(a is not b for a, b in zip(kept, items, strict=True)):
                changes[child.field] = tuple(kept)
        return attrs.evolve(record, **changes) if changes else record

    def _meet(
        self, entity: Entity, record: Record, field: str, target: str, reference: Any
    ) -> str | None:
        """Return the id of what is referred to, or None where that is to be waited for."""
        if isinstance(reference, External):
            found = self._known(target, reference) or self._coming.get((target, reference))
            if found is None and target == "customer":
                # A customer is made where it is first named, in the source's terms as well.
                found = f"{reference.source}:{reference.external_id}"
                self._make_customer(found)
                self._db.execute(
                    "INSERT INTO customer_alias VALUES (?, ?, ?)",
                    [reference.source, reference.external_id, found],
                )
            if found is None and not self._keep_pending:
                told = f"{reference.external_id} of {reference.source}"
                raise DanglingReference([(f"{entity.name} {record.id}", field, told)])
            return found
        reference = self._other_ids.get((target, reference), reference)
        if target == "customer":
            self._make_customer(reference)
            return str(reference)
        if self._keep_pending and not scalar(
            self._db, f"SELECT 1 FROM {target} WHERE id = ?", [reference]
        ):
            return None
        return str(reference) if type(reference) is not str else reference

    def _wait(
        self,
        entity: Entity,
        record: Record,
        field: str,
        target: str,
        reference: Any,
        *,
        item: Any = None,
        whole: bool = False,
    ) -> None:
        external = reference if isinstance(reference, External) else None
        place = [
            record.id,
            field,
            None if external else reference,
            external.source if external else None,
            external.external_id if external else None,
        ]
        content: dict[str, Any]
        if whole:
            content = {"record": to_dict(record)}
        elif item is None:
            content = {}
        else:
            kept: dict[str, Any] = {
                child.field: (item,) if child.field == field else ()
                for child in entity.children
                if not (isinstance(record, Apology) and child.field == "incidents")
                or child.field == field
            }
            alone = attrs.evolve(record, **kept)
            content = {"link": to_dict(alone)[field]}
        self._db.execute(
            "DELETE FROM pending WHERE record = ? AND field = ? AND target IS ? AND "
            "target_source IS ? AND target_external_id IS ?",
            place,
        )
        self._db.execute(
            "INSERT INTO pending (record, field, target, target_source, target_external_id, "
            "entity, target_entity, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [*place, entity.name, target, json.dumps(content, ensure_ascii=False)],
        )

    def _arrived(self, entity: Entity, record: Record) -> None:
        """Write what waited for this record."""
        if not self._db.execute("SELECT 1 FROM pending LIMIT 1").fetchone():
            return
        waiting = self._db.execute(
            "SELECT id, entity, record, field, content FROM pending WHERE target_entity = ?1 AND "
            "(target = ?2 OR target_source = ?3 AND target_external_id = ?4)",
            [entity.name, record.id, record.source, record.external_id],
        ).fetchall()
        # What waited came by ingest(), and is taken in as there, whoever brings its other side.
        how = (self._keep_pending, self._replace)
        counts = (self.new, self.updated, self.unchanged, self.older)
        self._keep_pending = self._replace = True
        for number, name, owner, field, text in waiting:
            if not self._db.execute("DELETE FROM pending WHERE id = ?", [number]).rowcount:
                continue  # What one of those before has brought in was the same record.
            content = json.loads(text)
            if "record" in content:
                self._write_one(from_dict(content["record"]))
            elif not content:
                self._update(
                    BY_NAME[name], attrs.evolve(read(self._db, owner), **{field: record.id})
                )
            else:
                self._link_arrived(BY_NAME[name], owner, field, content["link"])
        self._keep_pending, self._replace = how
        self.new, self.updated, self.unchanged, self.older = counts

    def _link_arrived(self, entity: Entity, owner: str, field: str, items: Any) -> None:
        stub = {"record": entity.name, **_needed(entity, owner), field: items}
        record = from_dict(stub)
        child = next(child for child in entity.children if child.field == field)
        for item in items_of(record, child):
            self._add(entity, child, owner, [self._resolved_item(child, item)])

    # --- what is checked before the transaction ends ----------------------------------------------

    def check(self) -> None:
        """Check what the records written one by one say together with what is on file."""
        missing: list[tuple[str, str, str]] = []
        for target, wanted in self._references.items():
            found = existing(self._db, target, wanted)
            missing.extend(
                (*wanted[id], id) for id in wanted if id not in found and target != "customer"
            )
            for id in wanted:
                if target == "customer" and id not in found:
                    self._make_customer(id)
        if missing:
            raise DanglingReference(missing)
        for name, ids in self._written.items():
            self._refuse_ids_of_two_kinds(name, ids)
        _duplicates.settle(self._db, self._written["incident"], self._incidents_named)
        if self._effects:
            _causes.settle(self._db, self._effects)
        for id in self._written["action"]:
            self._refuse_early(" AND a.id = ?", [id])
        for id in self._written["incident"]:
            self._refuse_early(" AND (ai.incident = ?1 OR ai.stated = ?1)", [id])
        self._references.clear()
        self._written.clear()
        self._incidents_named.clear()
        self._effects.clear()

    def _refuse_ids_of_two_kinds(self, name: str, ids: list[str]) -> None:
        for entity in ENTITIES:
            if entity.name != name:
                twice = existing(self._db, entity.name, ids)
                if twice:
                    raise Conflict(name, min(twice), {"kind": (entity.name, name)})

    def _refuse_early(self, condition: str, values: list[Any]) -> None:
        """Refuse corrections and containment that are older than what they put right."""
        early = self._db.execute(
            "SELECT a.id, a.kind, i.id FROM action a JOIN action_incident ai ON ai.action = a.id "
            "JOIN incident i ON i.id = CASE ai.stated WHEN '' THEN ai.incident ELSE ai.stated END "
            "WHERE a.kind IN ('correction', 'containment') AND a.decided < i.occurred"
            f"{condition} LIMIT 1",
            values,
        ).fetchone()
        if early:
            raise InvalidTime(
                "Action",
                "decided",
                early[0],
                f"this {early[1]} is older than {early[2]}, which it is for. (A corrective action "
                f"may be: then it was there and did not hold.)",
            )

    def rebuild_failures(self) -> None:
        """Compute every failure key anew."""
        last = ""
        while True:
            page = [
                read(self._db, id)
                for (id,) in self._db.execute(
                    "SELECT id FROM incident WHERE id > ? ORDER BY id LIMIT 500", [last]
                ).fetchall()
            ]
            if not page:
                return
            self._connection.executemany(
                "UPDATE incident SET failure = ?1 WHERE id = ?2 AND failure IS NOT ?1",
                [(self._failure(incident), incident.id) for incident in page],
            )
            last = page[-1].id

    # --- history ----------------------------------------------------------------------------------

    def changed(self, what: str, entity: Entity, id: str, reason: str | None = None) -> None:
        """Say what was written. The one place through which every single write goes."""


_PART_OF_LINKS = {
    ("incident", "order"): "customers",
    ("incident", "order_no"): "customers",
    ("cause", "role"): "incidents",
}
"""Fields that are a shorter way to say something of a plural one."""

_ORDER = {entity.record: place for place, entity in enumerate(ENTITIES)}


def in_order(record: Record) -> int:
    return _ORDER[type(record)]


def flat(records: Iterable[Record]) -> Iterator[Record]:
    """Yield records, and after each apology the promises made in it."""
    for record in records:
        yield record
        if record.__class__ is Apology:
            yield from record.promises


def items_of(record: Any, child: Child) -> tuple[Any, ...]:
    items = getattr(record, child.field)
    return () if items is None or items is ALL else items


def _with_reference(item: Any, id: str) -> Any:
    if isinstance(item, External):
        return id
    field = "customer" if isinstance(item, Affected) else "to"
    return attrs.evolve(item, **{field: id})


def _is_older(on_file: int | None, given: int | None) -> bool:
    return on_file is not None and given is not None and given < on_file


def _is_bare(row: dict[str, Any]) -> bool:
    """Whether a customer was only made from its id, so that nobody has said anything of it yet."""
    return row["provenance"] == "mapped" and not any(
        row[name] for name in ("account", "name", "source", "external_id", "attributes")
    )


def _needed(entity: Entity, id: str) -> dict[str, Any]:
    """Return values for the required fields of a record of which only one field is wanted."""
    given: dict[str, Any] = {"id": id}
    for field in attrs.fields(entity.record):
        if field.default is attrs.NOTHING and field.name not in ("id", "incidents"):
            given[field.name] = "1970-01-01T00:00+00:00"
    if entity.record is Action:
        given.update(kind="corrective", decided="1970-01-01T00:00+00:00")
    if entity.record is Apology:
        given["incidents"] = [{"to": "?"}]
    return given
