"""Erasing what texts say in records about customers that are older than a date."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from remedy import _pending, _settings, history
from remedy._convert import from_dict
from remedy._expunging import Expunged, expunge
from remedy._reading import scalar
from remedy._rows import BY_NAME
from remedy._texts import DATED_BY, PURGED, PURGED_FIELDS, dated

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._ledger import Ledger

__all__ = ["purge"]

_PURGED = ("body", "url", "next_step")


def purge(ledger: Ledger, before: int, reason: str, actor: str) -> int:
    """Erase what texts say in records about customers from before a time (µs since 1970)."""
    db = ledger.db
    count = 0
    expunged = []
    for name, date in DATED_BY.items():
        columns = [column for column in _PURGED if column in BY_NAME[name].names]
        held = " OR ".join(f"{column} IS NOT NULL" for column in columns)
        ids = [row[0] for row in db.execute(f"SELECT id FROM {name} WHERE {date} < ?", [before])]
        assign = ", ".join(f"{column} = NULL" for column in columns)
        count += db.execute(
            f"UPDATE {name} SET {assign} WHERE {date} < ? AND ({held})", [before]
        ).rowcount
        for id in ids:
            # What a source had said before people amended it is a text of theirs, too.
            db.execute(
                "DELETE FROM overruled WHERE record = ? AND field IN ('text', 'url', 'next_step')",
                [id],
            )
            for place, body in history.placed_bodies_of(db, id):
                told = _without_texts(body.told)
                if body.entity in (name, "pending") and told != body.told:
                    expunged.append(Expunged(place, body.place, body.entity, id, told))
    expunged += _purge_what_waits(db, before)
    expunged += _purge_what_waited(db, before)
    expunge(db, expunged, {"reason": reason, "before": before}, actor)
    latest = max(before, _settings.kept(db, PURGED) or before)
    with ledger.making("configure"):
        _settings.keep(ledger, PURGED, latest)
    ledger.flush()
    return count


def _purge_what_waits(db: Database, before: int) -> list[Expunged]:
    """Take texts out of records that wait as a whole; return what stands for their bodies."""
    expunged = []
    for number, id, text in db.execute("SELECT id, record, content FROM pending").fetchall():
        content = json.loads(text)
        if "record" not in content:
            continue
        date = dated(from_dict(content["record"]))
        if date is None or date >= before:
            continue
        new = _without_said_texts(text)
        if new == text:
            continue
        db.execute("UPDATE pending SET content = ? WHERE id = ?", [new, number])
        expunged += [
            Expunged(place, body.place, body.entity, id, told)
            for place, body in history.placed_bodies_of(db, id)
            if (told := _without_texts(body.told)) != body.told
        ]
    return list({each.place: each for each in expunged}.values())


def _purge_what_waited(db: Database, before: int) -> list[Expunged]:
    """Return what stands for bodies of what had waited, and is on file under that id no more."""
    on_file = " UNION ALL ".join(f"SELECT id FROM {name}" for name in BY_NAME)
    ids = db.execute(f"SELECT DISTINCT record FROM history_body WHERE record NOT IN ({on_file})")
    return [
        Expunged(place, body.place, body.entity, id, told)
        for (id,) in ids.fetchall()
        if id != "" and not scalar(db, "SELECT 1 FROM pending WHERE record = ?", [id])
        for place, body in history.placed_bodies_of(db, id)
        if body.entity == "pending" and (told := _without_texts(body.told, before)) != body.told
    ]


def _without_said_texts(text: str) -> str:
    content = json.loads(text)
    record = content.get("record")
    if record is None:
        return text
    kept = {name: value for name, value in record.items() if name not in PURGED_FIELDS}
    return json.dumps({**content, "record": kept}, ensure_ascii=False)


def _is_from_before(content: str, before: int | None) -> bool:
    if before is None:
        return True
    record = json.loads(content).get("record")
    date = None if record is None else dated(from_dict(record))
    return date is not None and date < before


def _without_texts(told: Mapping[str, Any], before: int | None = None) -> dict[str, Any]:
    """Return what a body says without texts; of what waited, if it is from before a time."""
    new = dict(told)
    for word in ("set", "was"):
        if word in new:
            new[word] = {
                name: None if name in _PURGED else value for name, value in new[word].items()
            }
    for word in ("add", "take"):
        if _pending.ROWS in new.get(word, {}):
            rows = [
                {**row, "content": _without_said_texts(row["content"])}
                if _is_from_before(row["content"], before)
                else row
                for row in new[word][_pending.ROWS]
            ]
            new[word] = {**new[word], _pending.ROWS: rows}
    return new
