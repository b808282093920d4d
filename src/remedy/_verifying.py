"""Verifying a casebook: the history, the records against it, and what follows from the records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING

import attrs

from remedy import _settings, history
from remedy._reading import dicts
from remedy._rows import STATED_TABLES
from remedy.config import config_from, signature_reader

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._chain import Anchor
    from remedy.history import Verified

__all__ = ["verify"]

_PAGE = 2_000
_FEW = 20


def verify(
    db: Database,
    kept: Iterable[Anchor] = (),
    *,
    records: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Verified:
    """Walk the history, compare what is on file with it, and what follows from that.

    Args:
        db: The connection, which sees one state of the file.
        kept: Anchors that were kept elsewhere.
        records: Whether to compare the records, too.
        progress: Called now and then with the number of entries done.
    """
    found = history.verify(db, kept, records=records, progress=progress)
    if not records or found.problems:
        # What follows from records that are not right is no news.
        return found
    return attrs.evolve(found, problems=islice(_not_following(db), _FEW))


def _not_following(db: Database) -> Iterator[str]:
    """Yield what is on file as following from records, and does not."""
    for id in _other_failures(db):
        yield f"incident {id}: its failure key is not that of its signature."
    for (id,) in db.execute(
        "SELECT i.id FROM incident i LEFT JOIN incident o ON o.id = i.duplicate_of "
        "WHERE i.canonical IS NOT COALESCE(o.canonical, o.id) ORDER BY i.id"
    ):
        yield f"incident {id}: its canonical incident is not the one that it is a duplicate of."
    for table in STATED_TABLES:
        for (incident,) in db.execute(
            f"SELECT DISTINCT t.incident FROM {table} t "
            "LEFT JOIN incident i ON i.id = t.incident LEFT JOIN incident s ON s.id = t.stated "
            "WHERE i.canonical IS NOT NULL OR t.stated <> '' AND s.canonical IS NOT t.incident "
            "ORDER BY 1"
        ):
            yield f"{table} of incident {incident} stands under another than the canonical one."
    for (id,) in db.execute(
        "SELECT c.id FROM cause c WHERE c.level <> (SELECT coalesce(max(d.level) + 1, 0) "
        "FROM cause_cause l JOIN cause d ON d.id = l.cause WHERE l.effect = c.id) ORDER BY c.id"
    ):
        yield f"cause {id}: its level is not one more than that of the deepest cause beneath it."


def _other_failures(db: Database) -> Iterator[str]:
    """Yield the incidents whose failure key is not what their signature says."""
    key_of = signature_reader(config_from(_settings.kept(db, "config") or {}, "meta"))
    last = ""
    while True:
        page = dicts(db, f"SELECT * FROM incident WHERE id > ? ORDER BY id LIMIT {_PAGE}", [last])
        if not page:
            return
        for row in page:
            attributes = json.loads(row["attributes"]) if row["attributes"] else {}
            if row["failure"] != key_of(SimpleNamespace(**{**row, "attributes": attributes})):
                yield row["id"]
        last = page[-1]["id"]
