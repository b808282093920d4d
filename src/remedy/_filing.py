"""The rows of one record: into its tables, changed there, and out of them.

Which field stands in which column is known to `_rows`; here it is put there. What a row refers to,
and what else can only be checked together with other rows, is told to `Unsettled`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from remedy import _customers, _duplicates
from remedy._entities import Child, Entity, items_of, may_lie_ahead
from remedy._forms import span_of
from remedy._reading import dicts, read_many, scalar
from remedy._rows import BY_CLASS
from remedy.config import Config, signature_reader
from remedy.errors import CausalCycle, Conflict, InvalidRecord, InvalidTime, UnknownRecord
from remedy.records import Incident, Record

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._ledger import Ledger
    from remedy._unsettled import Unsettled

__all__ = ["Filing", "rebuild_failures", "unknown_intervention"]

_CLOCK_SKEW = 300 * 1_000_000
"""How far the clocks of two machines may differ before something lies in the future (µs)."""


class Filing:
    """Puts the rows of single records on file.

    Args:
        ledger: Takes down what is changed.
        config: The casebook's configuration, for its signature.
        unsettled: Is told what remains to be checked.

    Attributes:
        failure: What computes the failure key of an incident.
        latest: The last microsecond in which something can have been.
        before_uniting: Is called before one customer turns out to be another one.
    """

    before_uniting: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, ledger: Ledger, config: Config, unsettled: Unsettled) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self._unsettled = unsettled
        self.failure = signature_reader(config)
        self.latest = int(time.time() * 1_000_000) + _CLOCK_SKEW

    # --- the row of a record ----------------------------------------------------------------------

    def row(self, entity: Entity, record: Any) -> dict[str, Any]:
        """Return column → value of a record, as it is to stand in its table."""
        row = dict(zip(entity.names, entity.encode(record), strict=True))
        if entity.name == "incident":
            row["failure"], row["canonical"] = self.failure(record), None
        elif entity.name == "action":
            self.refuse_unknown_intervention(record)
        elif entity.derived:
            row.update(dict.fromkeys(entity.derived, 0))
        for column in entity.references:
            id = getattr(record, column.field)
            if id is not None and column.target is not None:
                self._unsettled.note_reference(
                    entity.name, record.id, column.field, column.target, id
                )
        return row

    # --- what lies in the future ------------------------------------------------------------------

    def refuse_future(
        self, entity: Entity, record: Record, fields: Iterable[str] | None = None
    ) -> None:
        """Refuse a record that says of something in the future that it was.

        Args:
            entity: The kind of record.
            record: The record.
            fields: Which fields to look at; by default all.

        Raises:
            InvalidTime: If it does.
        """
        for name in entity.past:
            if fields is None or name in fields:
                self._refuse_ahead(record, name, getattr(record, name), record.id)
        for child in entity.children if fields is None else ():
            self.refuse_future_items(child, record.id, items_of(record, child))

    def refuse_future_items(self, child: Child, owner: str, items: Iterable[Any]) -> None:
        """Refuse items of a plural field that say of something in the future that it was."""
        if not child.past:
            return
        for item in items:
            if may_lie_ahead(item):
                continue
            for name in child.past:
                self._refuse_ahead(item, name, getattr(item, name), f"{owner}.{child.field}")

    def _refuse_ahead(self, holder: Any, name: str, value: Any, where: str) -> None:
        if value is not None and span_of(value)[0] > self.latest:
            raise InvalidTime(
                type(holder).__name__,
                name,
                str(value),
                f"{where} lies in the future. Mend the date; only what is planned lies ahead.",
            )

    def refuse_unknown_intervention(self, action: Any) -> None:
        """Refuse an action whose intervention is not in the casebook's table."""
        if action.intervention is not None and not scalar(
            self._db, "SELECT 1 FROM intervention WHERE id = ?", [action.intervention]
        ):
            known = [row[0] for row in self._db.execute("SELECT id FROM intervention ORDER BY id")]
            raise InvalidRecord(
                "Action",
                "intervention",
                action.intervention,
                f"{action.id}: {unknown_intervention(known)}",
            )

    def _refuse_taken(self, entity: Entity, record: Record) -> None:
        """Refuse an id in a source that another record has."""
        if record.source is None or record.external_id is None:
            return
        other = scalar(
            self._db,
            f"SELECT id FROM {entity.name} WHERE source = ? AND external_id = ? AND id <> ?",
            [record.source, record.external_id, record.id],
        )
        if other is not None:
            raise Conflict(
                entity.name,
                record.id,
                {"id": (other, record.id)},
                external=(record.source, record.external_id),
            )

    def insert(self, entity: Entity, record: Record) -> None:
        """Put a record that is new on file.

        Raises:
            Conflict: If another one has its id in its source.
        """
        self._refuse_taken(entity, record)
        row = self.row(entity, record)
        self._insert_row(entity.name, row)
        self._ledger.came(entity.name, record.id, entity.said(row))
        self._unsettled.note_written(entity.name, record.id)
        self._claim_own(entity, record)
        for child in entity.children:
            self.add(entity, child, record.id, items_of(record, child))

    def update(self, entity: Entity, record: Any) -> None:
        """Let the row of a record say what the record says now.

        Raises:
            Conflict: If another one has its id in its source.
        """
        self._refuse_taken(entity, record)
        row = self.row(entity, record)
        before = self._row_on_file(entity, record.id)
        self._ledger.now(entity.name, record.id, before, entity.said(row))
        for name in entity.derived:
            if name != "failure":
                del row[name]
        if "stated" in row:
            row["incident"], row["stated"] = (
                self.place_of(row["incident"]) if row["incident"] else (None, "")
            )
        assign = ", ".join(f"{name} = ?" for name in row)
        self._db.execute(
            f"UPDATE {entity.name} SET {assign} WHERE id = ?", [*row.values(), record.id]
        )
        self._unsettled.note_written(entity.name, record.id)
        self._claim_own(entity, record)

    def _row_on_file(self, entity: Entity, id: str) -> dict[str, Any]:
        """Return what the columns of a record on file hold, as the history tells it."""
        [row] = dicts(self._db, f"SELECT * FROM {entity.name} WHERE id = ?", [id])
        return entity.said(row)

    def tell_recipients(self, apology: str, recipients: str | None) -> None:
        """Let an apology say whether it went to everyone, to those who are named, or not that."""
        before = scalar(self._db, "SELECT recipients FROM apology WHERE id = ?", [apology])
        self._db.execute("UPDATE apology SET recipients = ? WHERE id = ?", [recipients, apology])
        self._ledger.now("apology", apology, {"recipients": before}, {"recipients": recipients})

    def _claim_own(self, entity: Entity, record: Record) -> None:
        if entity.name == "customer" and None not in (record.source, record.external_id):
            self._claim(record.id, record, own=True)

    def _claim(self, customer: str, there: Any, *, own: bool) -> None:
        _customers.claim(
            self._ledger,
            customer,
            there.source,
            there.external_id,
            own=own,
            before_uniting=self.before_uniting,
        )

    def place_of(self, incident: str) -> tuple[str, str]:
        """Return the canonical incident, and what was stated where that is another one."""
        return _duplicates.place_of(self._db, incident)

    def _insert_row(self, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join("?" * len(row))
        self._db.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )

    # --- the rows of plural fields ----------------------------------------------------------------

    def add(
        self,
        entity: Entity,
        child: Child,
        owner: str,
        items: Iterable[Any],
        *,
        replace: bool = False,
    ) -> bool:
        """Add items of a plural field; the same again is nothing new.

        Args:
            entity: The kind of record.
            child: The field.
            owner: The id of the record.
            items: What to add.
            replace: Whether an item that is there, and says something else, is replaced.

        Returns:
            Whether any was new.

        Raises:
            Conflict: If an item is there, says something else, and is not to be replaced.
        """
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
        place = self.place_of(owner) if child.owner == "incident" else None
        if child.table == "customer_alias":
            for alias in items:
                self._claim(owner, alias, own=False)
        added = False
        for number, item in enumerate(items, start=start):
            if child.target is not None:
                self._unsettled.note_reference(
                    entity.name, owner, child.field, child.target, child.reference(item)
                )
            row = self._row_of_item(child, owner, number, item, place)
            if child.table == "cause_cause":
                if row["effect"] == row["cause"]:
                    raise CausalCycle([row["cause"], row["effect"]])
                self._unsettled.note_effect(row["effect"], row["cause"])
            added |= self._add_row(entity, child, owner, row, replace)
        return added

    def remove(self, entity: Entity, child: Child, owner: str, item: Any) -> None:
        """Take an item out of a plural field.

        Raises:
            UnknownRecord: If it is not there.
        """
        place = self.place_of(owner) if child.owner == "incident" else None
        row = self._row_of_item(child, owner, 0, item, place)
        # Two fields may share a table, where what stands in one cannot stand in the other.
        key = tuple(dict.fromkeys((*child.row_key, *child.fixed)))
        if child.table == "action_event" and row["who"] is None and row["reason"] is None:
            key = self._short_key(row, key)
        where, values = " AND ".join(f"{name} IS ?" for name in key), [row[name] for name in key]
        gone = dicts(self._db, f"SELECT * FROM {child.table} WHERE {where}", values)
        if not gone:
            raise UnknownRecord(f"{owner}.{child.field}: {item}", "link")
        self._db.execute(f"DELETE FROM {child.table} WHERE {where}", values)
        for each in gone:
            self._ledger.taken(entity.name, owner, child.field, child.said(each))
        if child.table == "cause_cause":
            self._unsettled.note_effect(row["effect"], row["cause"])

    def _short_key(self, row: dict[str, Any], key: tuple[str, ...]) -> tuple[str, ...]:
        """Return what tells an event of an action, where its state and time are enough for it."""
        short = ("action", "state", "occurred")
        same = scalar(
            self._db,
            f"SELECT count(*) FROM action_event WHERE {' AND '.join(f'{n} = ?' for n in short)}",
            [row[name] for name in short],
        )
        return short if same == 1 else key

    def _row_of_item(
        self, child: Child, owner: str, number: int, item: Any, place: tuple[str, str] | None
    ) -> dict[str, Any]:
        row = dict(zip(child.columns, child.encode(owner, number, item), strict=True))
        if "stated" in row:
            row["incident"], row["stated"] = place or self.place_of(row["incident"])
        return row

    def _add_row(
        self, entity: Entity, child: Child, owner: str, row: dict[str, Any], replace: bool
    ) -> bool:
        # An id in another system is one customer's, whichever of them claims it.
        key = child.key if child.table == "customer_alias" else child.row_key
        where = " AND ".join(f"{name} IS ?" for name in key)
        found = dicts(
            self._db, f"SELECT * FROM {child.table} WHERE {where}", [row[name] for name in key]
        )
        if not found:
            self._insert_row(child.table, row)
            self._ledger.added(entity.name, owner, child.field, child.said(row))
            return True
        [on_file] = found
        differing = [name for name in row if name != "seq" and on_file[name] != row[name]]
        if differing and not replace:
            raise _conflict(entity, child, owner, on_file, row)
        if differing:
            assign = ", ".join(f"{name} = ?" for name in row)
            self._db.execute(
                f"UPDATE {child.table} SET {assign} WHERE {where}",
                [*row.values(), *(row[name] for name in key)],
            )
            # What was there may have stood in another field that shares the table.
            held = next(each for each in entity.children if each.holds(child.table, on_file))
            before = held.owner_of(on_file)
            self._ledger.taken(entity.name, before, held.field, held.said(on_file))
            self._ledger.added(entity.name, owner, child.field, child.said(row))
        return bool(differing)


def _conflict(
    entity: Entity, child: Child, owner: str, on_file: dict[str, Any], row: dict[str, Any]
) -> Conflict:
    """Return the error that one link of a record is on file and says something else."""
    if child.table == "customer_alias":
        return Conflict(
            entity.name,
            owner,
            {child.field: (on_file["customer"], owner)},
            external=(row["source"], row["external_id"]),
        )
    if any(on_file[name] != row[name] for name in child.fixed):
        (other,) = (
            each for each in entity.children if each.table == child.table and each is not child
        )
        named = str(row[str(child.other)])
        return Conflict(
            entity.name, owner, {"the field": (other.field, child.field)}, item=(other.field, named)
        )
    old, new = child.decode(on_file), child.decode(row)
    differences = {
        name: (_told(getattr(old, name)), _told(value))
        for name, value in vars(new).items()
        if getattr(old, name) != value
    }
    return Conflict(entity.name, owner, differences, item=(child.field, str(child.reference(new))))


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def unknown_intervention(known: Iterable[str]) -> str:
    """Say that the casebook's table lacks an intervention, and what to do."""
    return (
        f"the casebook's table does not know it. It knows: {', '.join(known)}. Leave it out and "
        f"say the strength and whether it changes the process instead (strength, "
        f"changes_process); or extend the table: in Python, book.configure(interventions=...)."
    )


def rebuild_failures(db: Database, config: Config) -> None:
    """Compute every failure key anew, as a configuration says."""
    failure = signature_reader(config)
    last = ""
    while True:
        ids = [
            row[0]
            for row in db.execute(
                "SELECT id FROM incident WHERE id > ? ORDER BY id LIMIT 500", [last]
            )
        ]
        if not ids:
            return
        page = read_many(db, BY_CLASS[Incident], ids)
        db.conn.executemany(
            "UPDATE incident SET failure = ?1 WHERE id = ?2 AND failure IS NOT ?1",
            [(failure(incident), incident.id) for incident in page],
        )
        last = page[-1].id
