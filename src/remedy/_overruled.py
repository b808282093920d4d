"""What people said otherwise than a source.

`amend`, `link` and `unlink` leave behind what the source had said. When it says the same again,
that is nothing new, and what people said stands; when it says something else of that field, that
is newer than both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs

from remedy._entities import Child, Entity, items_of
from remedy._reading import read_many
from remedy._references import References
from remedy.errors import InvalidRecord
from remedy.records import Apology, External, Promise, Record
from remedy.vocabulary import ALL

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["RECIPIENTS", "allow", "any_is", "keep", "keep_item", "keep_others", "respected", "told"]

RECIPIENTS = "recipients"
"""Whether an apology names to whom it went, or everyone: what `customers` says beside the list."""


def any_is(db: Database) -> bool:
    """Whether people have said anything otherwise than a source at all."""
    return db.execute("SELECT 1 FROM overruled LIMIT 1").fetchone() is not None


# --- what a record says of a field ----------------------------------------------------------------


def told(entity: Entity, record: Record, field: str) -> Any:
    """Return what a record says of a single-valued field, as JSON can hold it."""
    if any(column.field == field for column in entity.references):
        return _plain(getattr(record, field))
    row = dict(zip(entity.names, entity.encode(record), strict=True))
    return [row[name] for name in entity.columns_of(field)]


def _told_item(child: Child, item: Any) -> dict[str, Any]:
    row = dict(zip(child.columns, child.encode("", 0, item), strict=True))
    for name in (child.owner, "seq", "stated"):
        row.pop(name, None)
    if child.other is not None:
        row[child.other] = _plain(child.reference(item))
    return row


def _plain(reference: str | External | None) -> Any:
    if isinstance(reference, External):
        return {"source": reference.source, "external_id": reference.external_id}
    return reference


def _known(references: References, target: str, said: Any) -> Any:
    """Return the id here of what was referred to, where it is known by now."""
    if not isinstance(said, dict):
        # It was said in another call, where what is called otherwise in this one meant another.
        return references.customer(said) if target == "customer" else said
    return references.known_by(target, said["source"], said["external_id"]) or said


# --- keeping what a source had said ---------------------------------------------------------------


def keep(db: Database, id: str, field: str, said: Any) -> None:
    """Keep what a source had said of a field, unless people have changed that before."""
    db.execute(
        "INSERT INTO overruled (record, field, said) SELECT ?1, ?2, ?3 WHERE NOT EXISTS "
        "(SELECT 1 FROM overruled WHERE record = ?1 AND field = ?2)",
        [id, field, _json(said)],
    )


def keep_item(db: Database, child: Child, id: str, item: Any) -> None:
    """Keep that a source had named something that people took out of a plural field."""
    db.execute(
        "INSERT OR IGNORE INTO overruled (record, field, said) VALUES (?, ?, ?)",
        [id, child.field, _json(_told_item(child, item))],
    )


def keep_others(db: Database, entity: Entity, before: Record, after: Record) -> None:
    """Keep all that a source had said, and that a record says otherwise."""
    for field in entity.single_fields:
        said = told(entity, before, field)
        if said != told(entity, after, field):
            keep(db, after.id, field, said)
    for child in entity.children:
        here = [_told_item(child, item) for item in items_of(after, child)]
        for item in items_of(before, child):
            if _told_item(child, item) not in here:
                keep_item(db, child, after.id, item)


def allow(db: Database, references: References, child: Child, id: str, item: Any) -> None:
    """Let a plural field hold an item again that was taken out of it."""
    _forget(db, id, child.field, _same(db, references, child, id, item))


def _same(db: Database, references: References, child: Child, id: str, item: Any) -> list[str]:
    """Return the texts that say an item which was taken out."""
    here = _resolved(references, child, _told_item(child, item))
    return [
        text
        for (text,) in db.execute(
            "SELECT said FROM overruled WHERE record = ? AND field = ?", [id, child.field]
        ).fetchall()
        if _resolved(references, child, json.loads(text)) == here
    ]


def _resolved(references: References, child: Child, said: dict[str, Any]) -> dict[str, Any]:
    if child.other is None or child.target is None:
        return said
    return said | {child.other: _known(references, child.target, said[child.other])}


def _forget(db: Database, id: str, field: str, texts: list[str]) -> None:
    db.conn.executemany(
        "DELETE FROM overruled WHERE record = ? AND field = ? AND said = ?",
        [(id, field, text) for text in texts],
    )


def _forget_said_otherwise(
    db: Database, references: References, child: Child, id: str, items: Iterable[Any]
) -> None:
    """Forget items taken out of which their source now says something else.

    The same link with another order is such a thing; a link in another role is another link. What
    it then says as it did before is new again, as it is of a field with one value.
    """
    if child.other is None:
        return
    for item in items:
        here = _resolved(references, child, _told_item(child, item))
        rows = db.execute(
            "SELECT said FROM overruled WHERE record = ? AND field = ?", [id, child.field]
        ).fetchall()
        for (text,) in rows:
            said = _resolved(references, child, json.loads(text))
            is_that = said[child.other] == here[child.other] and said.get("role") == here.get(
                "role"
            )
            if is_that and said != here:
                _forget(db, id, child.field, [text])


def _json(said: Any) -> str:
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


# --- what comes from a source again ---------------------------------------------------------------


def respected(db: Database, references: References, entity: Entity, record: Record) -> Record:
    """Return what a source says, with what people said where it says nothing new.

    What it says anew is no longer overruled.
    """
    rows = db.execute("SELECT field, said FROM overruled WHERE record = ?", [record.id]).fetchall()
    if not rows:
        return record
    on_file = next(iter(read_many(db, entity, [record.id])), None)
    plural = {child.field: child for child in entity.children}
    kept: dict[str, Any] = {}
    for field, text in rows:
        if field in plural or on_file is None:
            continue
        if _says_again(references, entity, record, field, json.loads(text)):
            if field == RECIPIENTS:
                kept["customers"] = _recipients(on_file, record)
            else:
                kept[field] = getattr(on_file, field)
        else:
            _forget(db, record.id, field, [text])
    for field in {field for field, _ in rows} & plural.keys():
        child = plural[field]
        if field in kept and not isinstance(kept[field], tuple):
            continue
        items = kept.get(field, items_of(record, child))
        _forget_said_otherwise(db, references, child, record.id, items)
        left = [item for item in items if not _same(db, references, child, record.id, item)]
        if not left and field == "incidents" and isinstance(on_file, Apology):
            left = list(on_file.incidents)  # It is for one at least.
        if left != list(items):
            kept[field] = tuple(left)
    try:
        return attrs.evolve(record, **kept) if kept else record
    except InvalidRecord:
        # What people said does not go with what is new: the newer one stands as it is.
        db.execute("DELETE FROM overruled WHERE record = ?", [record.id])
        return record


def _says_again(
    references: References, entity: Entity, record: Record, field: str, said: Any
) -> bool:
    """Whether a record says of a field what its source had said before."""
    if isinstance(record, Promise) and field == "made" and record.made is None:
        return True  # It was taken from the apology.
    here = told(entity, record, field)
    target = next((each.target for each in entity.references if each.field == field), None)
    if target is not None and here is not None and said is not None:
        return bool(_known(references, target, here) == _known(references, target, said))
    return bool(here == said)


def _recipients(on_file: Any, record: Any) -> Any:
    """Return to whom an apology went: as people said, with those that are named besides."""
    assert isinstance(on_file, Apology)
    if on_file.customers is ALL or on_file.customers is None:
        return on_file.customers
    return () if record.customers is ALL or record.customers is None else record.customers
