"""References that wait: to a record that is to come from another source, or later.

What a source tells is taken in at once; where it refers to what is not on file, that part stands
in the table `pending` until its other side comes. It is a whole record, where it cannot be
without the reference; else one item of a plural field, or nothing but the reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from remedy._convert import from_dict, to_dict
from remedy._entities import Child, Column, Entity, items_of
from remedy._rows import BY_NAME
from remedy.errors import UnknownRecord
from remedy.records import Action, Apology, External, Record

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = [
    "Arrival",
    "Pending",
    "any_waits",
    "arrivals",
    "forget",
    "forget_older",
    "listed",
    "put_back",
    "records",
    "take_back",
    "take_back_link",
    "take_back_record",
    "wait",
]


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


def listed(db: Database) -> list[Pending]:
    """Return all references that wait, in the order in which they began to."""
    rows = db.execute(
        "SELECT record, entity, field, target_entity, target, target_source, target_external_id "
        "FROM pending ORDER BY id"
    ).fetchall()
    return [
        Pending(
            record=record,
            entity=entity,
            field=field,
            target_entity=target_entity,
            target=target,
            external=None if source is None else External(source=source, external_id=external_id),
        )
        for record, entity, field, target_entity, target, source, external_id in rows
    ]


def any_waits(db: Database) -> bool:
    """Whether anything waits at all."""
    return db.execute("SELECT 1 FROM pending LIMIT 1").fetchone() is not None


# --- beginning to wait ----------------------------------------------------------------------------


def wait(
    db: Database,
    entity: Entity,
    record: Record,
    place: Column | Child,
    reference: str | External,
    *,
    item: Any = None,
    whole: bool = False,
) -> None:
    """Let a reference wait for its other side.

    Args:
        db: The connection.
        entity: The kind of record that refers.
        record: The record.
        place: The field.
        reference: The id of what is waited for, here or in its source.
        item: The item of the plural field that holds the reference, if it is one.
        whole: Whether the record as a whole waits.
    """
    key = (record.id, place.field, *_target(reference))
    content: dict[str, Any]
    if whole:
        content = {"record": to_dict(record)}
    elif item is None:
        content = {}
    else:
        content = {"link": _link(entity, record, place.field, item)}
    for number, before in _of_reference(db, *key):
        if _role(before) == _role(content):
            db.execute("DELETE FROM pending WHERE id = ?", [number])
    db.execute(
        "INSERT INTO pending (record, field, target, target_source, target_external_id, "
        "entity, target_entity, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [*key, entity.name, place.target, json.dumps(content, ensure_ascii=False)],
    )


def _target(reference: str | External) -> tuple[str | None, str | None, str | None]:
    if isinstance(reference, External):
        return None, reference.source, reference.external_id
    return reference, None, None


def _of_reference(db: Database, *key: str | None) -> list[tuple[int, dict[str, Any]]]:
    """Return number and content of what waits for one reference in a field of a record."""
    found = db.execute(
        "SELECT id, content FROM pending WHERE record = ? AND field = ? AND target IS ? AND "
        "target_source IS ? AND target_external_id IS ?",
        key,
    ).fetchall()
    return [(number, json.loads(text)) for number, text in found]


def _role(content: dict[str, Any]) -> Any:
    """Return as what a cause is linked: it may be both cause and escape cause of an incident."""
    first = next(iter(content.get("link") or ()), None)
    return first.get("role", "cause") if isinstance(first, dict) else "cause"


def _link(entity: Entity, record: Record, field: str, item: Any) -> Any:
    """Return one item of a plural field as plain values."""
    kept: dict[str, Any] = {
        child.field: (item,) if child.field == field else ()
        for child in entity.children
        # An apology is for one incident at the least, or it is none.
        if child.field == field or not (isinstance(record, Apology) and child.field == "incidents")
    }
    return to_dict(attrs.evolve(record, **kept))[field]


# --- versions of what waits -----------------------------------------------------------------------


def records(db: Database, entity: Entity, id: str) -> list[Record | None]:
    """Return what waits under an id: records as a whole; None for a part of one on file."""
    return [
        from_dict(content["record"]) if "record" in content else None
        for content in (
            json.loads(text)
            for (text,) in db.execute(
                "SELECT content FROM pending WHERE record = ? AND entity = ? ORDER BY id",
                [id, entity.name],
            )
        )
    ]


def forget(db: Database, entity: Entity, id: str) -> None:
    """Forget all that waits under an id."""
    db.execute("DELETE FROM pending WHERE record = ? AND entity = ?", [id, entity.name])


def forget_older(db: Database, entity: Entity, id: str) -> None:
    """Forget what an older version of a record waits for; links are kept, whoever told them."""
    db.execute(
        "DELETE FROM pending WHERE record = ? AND entity = ? AND content NOT LIKE ?",
        [id, entity.name, '{"link"%'],
    )


# --- taken back before the other side comes -------------------------------------------------------


def take_back(db: Database, entity: Entity, id: str, field: str) -> str | External | None:
    """Let a single-valued field of a record on file wait no more, and return what it waited for."""
    row = db.execute(
        "DELETE FROM pending WHERE record = ? AND entity = ? AND field = ? "
        "RETURNING target, target_source, target_external_id",
        [id, entity.name, field],
    ).fetchall()
    if not row:
        return None
    target, source, external_id = row[-1]
    return target if source is None else External(source=source, external_id=external_id)


def take_back_link(db: Database, entity: Entity, id: str, child: Child, item: Any) -> Any:
    """Let a link of a record on file wait no more; return it as it waited, None if it did not."""
    for number, content in _of_reference(db, id, child.field, *_target(child.reference(item))):
        arrival = Arrival(
            number=number, entity=entity, owner=id, field=child.field, record=None,
            link=content.get("link"),
        )  # fmt: skip
        if arrival.link is None or _role(content) != getattr(item, "role", "cause"):
            continue
        _, (waited,) = arrival.items()
        db.execute("DELETE FROM pending WHERE id = ?", [number])
        return waited
    return None


def take_back_record(
    db: Database, id: str, field: str, value: Any
) -> tuple[Entity, list[Any]] | None:
    """Let a record that waits as a whole wait no more for what it refers to in a field.

    With the last reference that it waited for, the record itself is gone.

    Returns:
        What kind of record it is, and what it waits for no more; None if no record waits under
        this id with such a field.

    Raises:
        UnknownRecord: If it does not wait for that.
    """
    kinds = db.execute(
        "SELECT DISTINCT entity FROM pending WHERE record = ? AND field = ? AND "
        "content LIKE '{\"record\"%'",
        [id, field],
    ).fetchall()
    if not kinds:
        return None
    entity = BY_NAME[kinds[0][0]]
    given = attrs.fields_dict(entity.record)[field].converter(value)  # type: ignore[misc, operator]
    child = next((child for child in entity.children if child.field == field), None)
    if child is None:
        if not _of_reference(db, id, field, *_target(given)):
            raise UnknownRecord(f"{id}.{field}: {given}", "link")
        forget(db, entity, id)
        return entity, [given]
    for item in given:
        found = _of_reference(db, id, field, *_target(child.reference(item)))
        if not found:
            raise UnknownRecord(f"{id}.{field}: {item}", "link")
        for number, _ in found:
            db.execute("DELETE FROM pending WHERE id = ?", [number])
    _leave_out(db, entity, child, id, {child.reference(item) for item in given})
    return entity, list(given)


def _leave_out(db: Database, entity: Entity, child: Child, id: str, gone: set[Any]) -> None:
    """Let the copies of a record that wait for something else be without some references."""
    rows = db.execute(
        "SELECT id, content FROM pending WHERE record = ? AND entity = ?", [id, entity.name]
    ).fetchall()
    for number, text in rows:
        record = from_dict(json.loads(text)["record"])
        left = [each for each in items_of(record, child) if child.reference(each) not in gone]
        changes: dict[str, Any] = {child.field: tuple(left)}
        record = attrs.evolve(record, **changes)
        db.execute(
            "UPDATE pending SET content = ? WHERE id = ?",
            [json.dumps({"record": to_dict(record)}, ensure_ascii=False), number],
        )


# --- the other side comes -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Arrival:
    """A reference whose other side has come.

    Attributes:
        number: The number under which it waited.
        entity: The kind of record that refers.
        owner: Its id.
        field: The field.
        record: The record, where it waited as a whole.
        link: The item of a plural field, as plain values, where that waited.
        row: The row as it stood in the table.
    """

    number: int
    entity: Entity
    owner: str
    field: str
    record: Record | None
    link: Any
    row: tuple[Any, ...] = ()

    def items(self) -> tuple[Child, tuple[Any, ...]]:
        """Return the plural field, and what it is to hold besides."""
        stub = {"record": self.entity.name, **_needed(self.entity, self.owner)}
        record = from_dict(stub | {self.field: self.link})
        child = next(child for child in self.entity.children if child.field == self.field)
        return child, items_of(record, child)


def arrivals(db: Database, entity: Entity, record: Record) -> Iterator[Arrival]:
    """Yield what waited for a record, each of it when it has been taken out of the table."""
    waiting = db.execute(
        "SELECT * FROM pending WHERE target_entity = ?1 AND "
        "(target = ?2 OR target_source = ?3 AND target_external_id = ?4)",
        [entity.name, record.id, record.source, record.external_id],
    ).fetchall()
    for row in waiting:
        number, name, owner, field, *_, text = row
        if not db.execute("DELETE FROM pending WHERE id = ?", [number]).rowcount:
            continue  # What one of those before has brought in was the same record.
        content = json.loads(text)
        yield Arrival(
            number=number,
            row=row,
            entity=BY_NAME[name],
            owner=owner,
            field=field,
            record=from_dict(content["record"]) if "record" in content else None,
            link=content.get("link"),
        )


def put_back(db: Database, arrival: Arrival) -> None:
    """Let what could not be taken in wait on."""
    marks = ", ".join("?" * len(arrival.row))
    db.execute(f"INSERT INTO pending VALUES ({marks})", arrival.row)


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
