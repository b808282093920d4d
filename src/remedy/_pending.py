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
from remedy._rows import BY_NAME, Child, Column, Entity, items_of, micros
from remedy.records import Action, Apology, External, Record

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = [
    "Arrival",
    "Pending",
    "any_waits",
    "arrivals",
    "forget_older",
    "listed",
    "versions",
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
    external = reference if isinstance(reference, External) else None
    key = [
        record.id,
        place.field,
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
        content = {"link": _link(entity, record, place.field, item)}
    db.execute(
        "DELETE FROM pending WHERE record = ? AND field = ? AND target IS ? AND "
        "target_source IS ? AND target_external_id IS ?",
        key,
    )
    db.execute(
        "INSERT INTO pending (record, field, target, target_source, target_external_id, "
        "entity, target_entity, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [*key, entity.name, place.target, json.dumps(content, ensure_ascii=False)],
    )


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


def versions(db: Database, entity: Entity, id: str) -> list[int | None]:
    """Return when each version of a record that waits was last changed; None where nobody says."""
    found: list[int | None] = []
    for (text,) in db.execute(
        "SELECT content FROM pending WHERE record = ? AND entity = ?", [id, entity.name]
    ):
        content = json.loads(text)
        updated = from_dict(content["record"]).updated if "record" in content else None
        found.append(None if updated is None else micros(updated))
    return found


def forget_older(db: Database, entity: Entity, id: str) -> None:
    """Forget what an older version of a record waits for; links are kept, whoever told them."""
    db.execute(
        "DELETE FROM pending WHERE record = ? AND entity = ? AND content NOT LIKE ?",
        [id, entity.name, '{"link"%'],
    )


# --- the other side comes -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Arrival:
    """A reference whose other side has come.

    Attributes:
        entity: The kind of record that refers.
        owner: Its id.
        field: The field.
        record: The record, where it waited as a whole.
        link: The item of a plural field, as plain values, where that waited.
    """

    entity: Entity
    owner: str
    field: str
    record: Record | None
    link: Any

    def items(self) -> tuple[Child, tuple[Any, ...]]:
        """Return the plural field, and what it is to hold besides."""
        stub = {"record": self.entity.name, **_needed(self.entity, self.owner)}
        record = from_dict(stub | {self.field: self.link})
        child = next(child for child in self.entity.children if child.field == self.field)
        return child, items_of(record, child)


def arrivals(db: Database, entity: Entity, record: Record) -> Iterator[Arrival]:
    """Yield what waited for a record, each of it when it has been taken out of the table."""
    waiting = db.execute(
        "SELECT id, entity, record, field, content FROM pending WHERE target_entity = ?1 AND "
        "(target = ?2 OR target_source = ?3 AND target_external_id = ?4)",
        [entity.name, record.id, record.source, record.external_id],
    ).fetchall()
    for number, name, owner, field, text in waiting:
        if not db.execute("DELETE FROM pending WHERE id = ?", [number]).rowcount:
            continue  # What one of those before has brought in was the same record.
        content = json.loads(text)
        yield Arrival(
            entity=BY_NAME[name],
            owner=owner,
            field=field,
            record=from_dict(content["record"]) if "record" in content else None,
            link=content.get("link"),
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
