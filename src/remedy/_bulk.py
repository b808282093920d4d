"""Writing very many records in few statements.

A batch that is new as a whole is inserted at once; one that is not goes the careful way, record by
record. What is checked over several rows is checked at the end, over all rows, with a few
statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from remedy import _causes, _duplicates, _schema
from remedy._reading import existing, scalar
from remedy._rows import BY_CLASS, ENTITIES, Entity, items_of, micros
from remedy._unsettled import refuse_early
from remedy._writing import Writer, flat, in_order
from remedy.errors import CausalCycle, Conflict, DanglingReference
from remedy.records import Affected, External, Incident, Record

__all__ = ["BulkWriter"]

BATCH = 2_000


class BulkWriter(Writer):
    """Writes a stream of records in one transaction of the store's `bulk`."""

    def write_many(
        self, records: Iterable[Record], progress: Callable[[int], None] | None = None
    ) -> None:
        """Write a stream of records; memory does not grow with it."""
        dropped = self._drop_indexes()
        done = 0
        stream = flat(records)
        while batch := list(islice(stream, BATCH)):
            self._write_batch(batch)
            done += len(batch)
            if progress is not None:
                progress(done)
        for name in dropped:
            self._db.execute(_schema.create_index(name))
        self._check_everything()

    def _drop_indexes(self) -> list[str]:
        """Drop the indexes of tables that are empty: they are built faster afterwards."""
        dropped = []
        empty = {
            table
            for table in _schema.TABLES
            if not self._db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
        }
        for name, target in _schema.INDEXES.items():
            # Those over ids in a source are what says whether a record is on file already.
            if target.split("(")[0] in empty and not name.endswith("_external"):
                self._db.execute(f"DROP INDEX {name}")
                dropped.append(name)
        return dropped

    def _write_batch(self, batch: list[Record]) -> None:
        kinds: dict[type[Record], list[Record]] = defaultdict(list)
        for record in batch:
            kinds[type(record)].append(record)
        for kind in kinds:
            if kind not in BY_CLASS:
                raise TypeError(f"{kinds[kind][0]!r:.80} is no record.")
        if len(kinds) > 1:
            groups = sorted(kinds.items(), key=lambda each: in_order(each[1][0]))
        else:
            groups = list(kinds.items())
        for kind, group in groups:
            entity = BY_CLASS[kind]
            if not (self._may_insert(entity, group) and self._insert_batch(entity, group)):
                for record in group:
                    self._write_one(record)

    def _may_insert(self, entity: Entity, group: list[Record]) -> bool:
        """Whether nothing of a batch has to wait for its other side, or is waited for."""
        if self._db.execute("SELECT 1 FROM pending LIMIT 1").fetchone():
            return False
        if not self._keep_pending:
            return True
        wanted: dict[str, set[Any]] = defaultdict(set)
        for record in group:
            for column in entity.references:
                if column.target not in (None, "customer"):
                    wanted[str(column.target)].add(getattr(record, column.field))
            for child in entity.children:
                if child.target not in (None, "customer"):
                    wanted[str(child.target)].update(map(child.reference, items_of(record, child)))
        for target, ids in wanted.items():
            ids.discard(None)
            if any(id.__class__ is not str for id in ids):
                return False
            if len(existing(self._db, target, ids)) < len(ids):
                return False
        return True

    def _insert_batch(self, entity: Entity, group: list[Record]) -> bool:
        """Insert records that are all new; do nothing, and say so, if one is not."""
        if entity.name == "incident":
            rows, children = self._incident_rows(group)
        else:
            if entity.name == "action":
                self._refuse_unknown_interventions(group)
            rows, children = self._plain_rows(entity, group)
        if rows is None:
            return False
        if self._may_lie_ahead(entity, rows, children):
            for record in group:
                self._filing.refuse_future(entity, record)
        self._db.execute("SAVEPOINT batch")
        complete = self._insert_rows(entity.name, (*entity.names, *entity.derived), rows)
        for place, lines in children.items() if complete else ():
            child = entity.children[place]
            complete = complete and self._insert_rows(child.table, child.columns, lines)
        if not complete:
            self._db.execute("ROLLBACK TO batch")
        self._db.execute("RELEASE batch")
        if complete:
            self.new += len(rows)
        return complete

    def _may_lie_ahead(
        self,
        entity: Entity,
        rows: list[list[Any]],
        children: Mapping[int, Sequence[tuple[Any, ...]]],
    ) -> bool:
        """Whether a time in some rows lies in the future, where not all are only planned."""
        latest = self._filing.latest
        for place in entity.past.values():
            if max([row[place] or 0 for row in rows]) > latest:
                return True
        for number, lines in children.items():
            child = entity.children[number]
            for place in map(child.columns.index, child.past) if lines else ():
                if max([line[place] or 0 for line in lines]) > latest:
                    return True
        return False

    def _insert_rows(
        self, table: str, names: tuple[str, ...], rows: Sequence[Sequence[Any]]
    ) -> bool:
        """Insert rows, and say whether all of them were new."""
        if not rows:
            return True
        # The sqlite3 module looks for an adapter of every None that it is given, which costs more
        # than storing the row: columns without a value are left out of the statement.
        columns = list(zip(*rows, strict=True))
        kept = [place for place, column in enumerate(columns) if column.count(None) < len(rows)]
        inserted = self._connection.executemany(
            f"INSERT INTO {table} ({', '.join(names[place] for place in kept)}) "
            f"VALUES ({', '.join('?' * len(kept))}) ON CONFLICT DO NOTHING",
            zip(*[columns[place] for place in kept], strict=True),
        ).rowcount
        return inserted == len(rows)

    def _incident_rows(
        self, group: list[Any]
    ) -> tuple[list[list[Any]] | None, dict[int, list[tuple[Any, ...]]]]:
        encode = BY_CLASS[Incident].encode
        failure = self._filing.failure
        rows, links, customers = [], [], set()
        for incident in group:
            row = encode(incident)
            row.append(failure(incident))
            row.append(None)
            rows.append(row)
            if isinstance(incident.duplicate_of, External):
                return None, {}
            for each in incident.customers:
                customer = each.customer
                if customer.__class__ is not str:
                    return None, {}
                customers.add(customer)
                links.append(_affected_row(incident.id, each))
        self._connection.executemany(
            "INSERT INTO customer (id, provenance) VALUES (?, 'mapped') ON CONFLICT DO NOTHING",
            [(customer,) for customer in customers],
        )
        return rows, {0: links}

    def _plain_rows(
        self, entity: Entity, group: list[Any]
    ) -> tuple[list[list[Any]] | None, dict[int, list[tuple[Any, ...]]]]:
        rows = []
        children: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        customers: set[str] = set()
        extra = [0] * len(entity.derived)
        for record in group:
            for column in entity.references:
                reference = getattr(record, column.field)
                if reference is not None:
                    if reference.__class__ is not str:
                        return None, {}
                    if column.target == "customer":
                        customers.add(reference)
            for place, child in enumerate(entity.children):
                items = items_of(record, child)
                for number, item in enumerate(items):
                    if child.target is not None:
                        reference = child.reference(item)
                        if reference.__class__ is not str:
                            return None, {}
                        if child.target == "customer":
                            customers.add(reference)
                        elif child.table == "cause_cause" and reference == record.id:
                            raise CausalCycle([record.id, record.id])
                    children[place].append(child.encode(record.id, number, item))
            rows.append(entity.encode(record) + extra)
        if entity.name == "promise" and any(
            record.apology is None or record.made is None for record in group
        ):
            return None, {}
        self._connection.executemany(
            "INSERT INTO customer (id, provenance) VALUES (?, 'mapped') ON CONFLICT DO NOTHING",
            [(customer,) for customer in customers],
        )
        return rows, children

    def _refuse_unknown_interventions(self, actions: list[Any]) -> None:
        """Refuse what the casebook's table lacks; inside a transaction SQLite would, at once."""
        named = {action.intervention for action in actions} - {None}
        if len(existing(self._db, "intervention", named)) < len(named):
            for action in actions:
                self._filing.refuse_unknown_intervention(action)

    # --- what is checked before the transaction ends ----------------------------------------------

    def _check_everything(self) -> None:
        """Check a bulk load with a few statements over all rows."""
        self._refuse_dangling()
        names = [
            entity.name
            for entity in ENTITIES
            if self._db.execute(f"SELECT 1 FROM {entity.name} LIMIT 1").fetchone()
        ]
        sizes = {name: scalar(self._db, f"SELECT max(rowid) FROM {name}") for name in names}
        for one, name in enumerate(names):
            for other in names[one + 1 :]:
                small, large = sorted((name, other), key=sizes.__getitem__)
                twice = scalar(
                    self._db,
                    f"SELECT s.id FROM {small} s WHERE EXISTS "
                    f"(SELECT 1 FROM {large} l WHERE l.id = s.id) LIMIT 1",
                )
                if twice:
                    raise Conflict(other, twice, {"kind": (name, other)})
        _duplicates.settle_all(self._db)
        _causes.settle_all(self._db)
        refuse_early(self._db)
        self._unsettled.forget()

    def _refuse_dangling(self) -> None:
        missing: list[tuple[str, str, str]] = []
        total = 0
        for entity in ENTITIES:
            places = [
                (entity.name, "id", column.name, column.field, column.target)
                for column in entity.references
            ]
            places += [
                (child.table, child.owner, child.other, child.field, child.target)
                for child in entity.children
                if child.other is not None
            ]
            for table, owner, other, field, target in places:
                if not self._db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
                    continue
                found = self._db.execute(
                    f"SELECT t.{owner}, t.{other} FROM {table} t WHERE t.{other} IS NOT NULL AND "
                    f"NOT EXISTS (SELECT 1 FROM {target} o WHERE o.id = t.{other})"
                ).fetchall()
                total += len(found)
                missing.extend((f"{entity.name} {a}", field, b) for a, b in found[:5])
        if missing:
            raise DanglingReference(missing, total)


def _affected_row(incident: str, each: Affected) -> tuple[Any, ...]:
    return (
        incident, each.customer, "", each.order, each.order_no,
        None if each.acknowledged is None else micros(each.acknowledged),
        None if each.since is None else micros(each.since),
    )  # fmt: skip
