"""Writing very many records in few statements.

A batch that is new as a whole is inserted at once; one that is not goes the careful way, record by
record. What is checked over several rows is checked at the end, over all rows, with a few
statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import itemgetter
from types import MappingProxyType
from typing import Any

import attrs

from remedy import _causes, _customers, _duplicates, _schema
from remedy._entities import Child, Entity, Lean, items_of
from remedy._reading import existing, scalar
from remedy._rows import BY_CLASS, ENTITIES
from remedy._unsettled import refuse_early
from remedy._writing import Writer, flat, in_order
from remedy.errors import CausalCycle, Conflict, DanglingReference
from remedy.records import External, Incident, Record

__all__ = ["BulkWriter"]

BATCH = 500
_TOGETHER = 100
_VARIABLES = 30_000
"""How many values a statement may have; SQLite takes 32,766."""
_CUSTOMERS_KNOWN = 100_000
"""How many customers are remembered as being on file: the memory of a load does not grow."""
_LEANS_KNOWN = 100
_PAIRS = 400
_FEW = 1000
"""Up to how many rows the index of a table is made anew as fast as it is kept."""


@attrs.frozen
class _Part:
    """Rows of one table.

    Attributes:
        table: The table.
        names: The columns of the rows.
        rows: The rows.
        fixed: Columns that hold the same in all of them.
        past: The places in a row that say when something was.
        child: The plural field whose rows they are, if they are those of one.
        owners: Then the record of each row.
    """

    table: str
    names: Sequence[str]
    rows: Sequence[Sequence[Any]]
    fixed: Mapping[str, Any] = MappingProxyType({})
    past: Sequence[int] = ()
    child: Child | None = None
    owners: Sequence[str] = ()

    def without_empty(self) -> _Part:
        """Return it without the columns that hold nothing in any row.

        The sqlite3 module looks for an adapter of every None that it is given, which costs more
        than storing the row.
        """
        names, rows = self.names, self.rows
        kept = [
            place
            for place in range(len(names))
            if rows[0][place] is not None or any(row[place] is not None for row in rows)
        ]
        if len(kept) == len(names):
            return self
        # Of one place alone there would come no tuple.
        some = itemgetter(*kept) if len(kept) > 1 else itemgetter(slice(kept[0], kept[0] + 1))
        return _Part(
            self.table,
            tuple(names[place] for place in kept),
            list(map(some, rows)),
            self.fixed,
            child=self.child,
            owners=self.owners,
        )


class BulkWriter(Writer):
    """Writes a stream of records in one transaction of the store's `bulk`."""

    def write_many(
        self, records: Iterable[Record], progress: Callable[[int], None] | None = None
    ) -> None:
        """Write a stream of records; memory does not grow with it."""
        self._customers: set[str] = set()
        self._leans: dict[tuple[str, frozenset[str]], Lean] = {}
        self._dropped = self._drop_indexes()
        self._filing.before_uniting = self._build_indexes_of_customers
        done = 0
        stream = flat(records)
        if self._erased or self._texts:
            known = self._known(stream)
            stream = self._as_kept(self._in_order(known) if self._erased else known)
        while batch := list(islice(stream, BATCH)):
            self._write_batch(batch)
            done += len(batch)
            if progress is not None:
                progress(done)
        self._ledger.flush()
        self._build_indexes(self._dropped)
        self._check_everything()
        self._end()

    @staticmethod
    def _known(records: Iterable[Record]) -> Iterator[Record]:
        """Yield records; refuse what is none."""
        for record in records:
            if type(record) not in BY_CLASS:
                raise TypeError(f"{record!r:.80} is no record.")
            yield record

    @staticmethod
    def _in_order(records: Iterator[Record]) -> Iterator[Record]:
        """Yield records, of so many at a time incidents before what is about them."""
        while batch := list(islice(records, BATCH)):
            yield from sorted(batch, key=in_order)

    def _drop_indexes(self) -> list[str]:
        """Drop the indexes of tables that are empty: they are built faster afterwards."""
        dropped = []
        empty = {
            table
            for table in _schema.TABLES
            if not self._db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
        }
        # What is told of the settings is there from the beginning.
        if not self._db.execute(f"SELECT 1 FROM history_body LIMIT 1 OFFSET {_FEW}").fetchone():
            empty.add("history_body")
        for name, target in _schema.INDEXES.items():
            # Those over ids in a source are what says whether a record is on file already.
            if target.split("(")[0] in empty and not name.endswith("_external"):
                self._db.execute(f"DROP INDEX {name}")
                dropped.append(name)
        return dropped

    def _build_indexes(self, names: Iterable[str]) -> None:
        for name in list(names):
            self._db.execute(_schema.create_index(name))
            self._dropped.remove(name)

    def _build_indexes_of_customers(self) -> None:
        """Build what finds all that is said of a customer, who turns out to be another one."""
        self._customers.clear()
        self._build_indexes(
            [
                name
                for name in self._dropped
                if _schema.INDEXES.get(name, "").partition("(")[2].startswith("customer")
            ]
        )

    def _write_batch(self, batch: list[Record]) -> None:
        kinds: dict[type[Record], list[Record]] = defaultdict(list)
        for record in batch:
            kinds[type(record)].append(record)
        list(self._known(kinds[kind][0] for kind in kinds))
        if len(kinds) > 1:
            groups = sorted(kinds.items(), key=lambda each: in_order(each[1][0]))
        else:
            groups = list(kinds.items())
        self._expect(batch)
        for kind, group in groups:
            entity = BY_CLASS[kind]
            if not (self._may_insert(entity, group) and self._insert_batch(entity, group)):
                for record in group:
                    self._write_one(record)
        self._ledger.flush()

    def _may_insert(self, entity: Entity, group: list[Record]) -> bool:
        """Whether nothing of a batch has to wait for its other side, or is waited for."""
        if self._db.execute("SELECT 1 FROM pending LIMIT 1").fetchone():
            return False
        if entity.name == "customer" and not self._are_new_customers(group):
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

    def _are_new_customers(self, group: list[Any]) -> bool:
        """Whether no customer of a batch can be one that is on file under another id."""
        own = [
            (each.source, each.external_id)
            for each in group
            if each.source is not None and each.external_id is not None
        ]
        others = [(alias.source, alias.external_id) for each in group for alias in each.aliases]
        if not own and not others:
            return True
        if not set(own).isdisjoint(others):
            return False
        made = [_customers.name_of(*each) for each in (*own, *others)]
        return not (
            existing(self._db, "customer", made)
            or self._any_known("customer_alias", own)
            or self._any_known("customer", others)
        )

    def _any_known(self, table: str, there: list[tuple[str, str]]) -> bool:
        """Whether any of these sources and ids there stands in a table."""
        if not there or not self._db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            return False
        for start in range(0, len(there), _PAIRS):
            part = there[start : start + _PAIRS]
            marks = ", ".join(["(?, ?)"] * len(part))
            if self._db.execute(
                f"WITH asked(source, external_id) AS (VALUES {marks}) SELECT 1 FROM asked "
                f"JOIN {table} USING (source, external_id) LIMIT 1",
                [value for pair in part for value in pair],
            ).fetchone():
                return True
        return False

    def _make_customers(self, ids: set[str]) -> bool:
        """Make customers where they are first named; say if one may be known by another id."""
        new = ids - self._customers
        made = [id for id in new if ":" in id]
        if made:
            found = existing(self._db, "customer", made)
            there = [(id.partition(":")[0], id.partition(":")[2]) for id in made if id not in found]
            if self._any_known("customer", there) or self._any_known("customer_alias", there):
                return False
        if len(self._customers) + len(new) > _CUSTOMERS_KNOWN:
            self._customers.clear()
        self._customers |= new
        if new:
            coming = [(id,) for id in new]
            last = scalar(self._db, "SELECT max(rowid) FROM customer") or 0
            if self._insert("customer", ("id",), coming, _customers.MADE) < len(coming):
                coming = self._db.execute(
                    "SELECT id FROM customer WHERE rowid > ?", [last]
                ).fetchall()
            if coming:
                self._ledger.came_many("customer", ("id",), coming, _customers.MADE, {}, op="make")
        return True

    def _insert_batch(self, entity: Entity, group: list[Record]) -> bool:
        """Insert records that are all new; do nothing, and say so, if one is not."""
        if entity.name == "action":
            self._refuse_unknown_interventions(group)
        self._ledger.flush()
        self._db.execute("SAVEPOINT batch")
        complete = self._insert_all(entity, group)
        if complete:
            self.new += len(group)
        else:
            self._db.execute("ROLLBACK TO batch")
            self._ledger.forget()
            # Those that were made for this batch are gone.
            self._customers.clear()
        self._db.execute("RELEASE batch")
        return complete

    def _insert_all(self, entity: Entity, group: list[Record]) -> bool:
        """Insert records with their customers and links, until one is not new."""
        parts = self._incidents(group) if entity.name == "incident" else self._others(entity, group)
        if parts is None:
            return False
        if any(self._may_lie_ahead(part) for part in parts):
            for record in group:
                self._filing.refuse_future(entity, record)
        parts = [part.without_empty() for part in parts if part.rows]
        complete = all(
            self._insert(part.table, part.names, part.rows, part.fixed) == len(part.rows)
            for part in parts
        )
        if complete:
            self._tell(entity, parts)
        return complete

    def _tell(self, entity: Entity, parts: list[_Part]) -> None:
        """Add to the history that the records came."""
        own, *others = parts
        children = {}
        for part in others:
            child = part.child
            assert child is not None
            kept = [place for place, name in enumerate(part.names) if name in child.told]
            some = itemgetter(*kept) if len(kept) > 1 else itemgetter(slice(kept[0], kept[0] + 1))
            children[child.field] = (
                [part.names[place] for place in kept],
                part.owners,
                list(map(some, part.rows)),
            )
        names = [name for name in own.names if name not in entity.derived and name != "stated"]
        fixed = {
            name: value
            for name, value in own.fixed.items()
            if name not in entity.derived and name != "stated"
        }
        self._ledger.came_many(entity.name, names, own.rows, fixed, children)

    def _lean(self, entity: Entity, group: list[Record]) -> Lean:
        given = frozenset().union(*[record.__dict__ for record in group])
        if not any(record.attributes for record in group):
            given -= {"attributes"}
        lean = self._leans.get((entity.name, given))
        if lean is None:
            if len(self._leans) >= _LEANS_KNOWN:
                self._leans.clear()
            lean = self._leans[entity.name, given] = entity.lean(given)
        return lean

    def _may_lie_ahead(self, part: _Part) -> bool:
        """Whether a time in some rows lies in the future, where not all are only planned."""
        latest = self._filing.latest
        return any(
            max([row[place] or 0 for row in part.rows]) > latest for place in part.past if part.rows
        )

    def _insert(
        self,
        table: str,
        names: Sequence[str],
        rows: Sequence[Sequence[Any]],
        fixed: Mapping[str, Any],
    ) -> int:
        """Insert the rows that are new, and return how many were."""
        # What fails ends the whole transaction, so a statement need not be able to undo its own
        # rows, for which SQLite would keep a copy of each page that it changes.
        into = f"INSERT OR FAIL INTO {table} ({', '.join((*names, *fixed))}) VALUES "
        ending = " ON CONFLICT DO NOTHING"
        one = f"({', '.join((*'?' * len(names), *map(_literal, fixed.values())))})"
        # Many rows in a statement: half of the time of one row is that of running a statement.
        together = min(_TOGETHER, _VARIABLES // len(names))
        whole = len(rows) - len(rows) % together
        several = into + ", ".join([one] * together) + ending
        inserted = 0
        for start in range(0, whole, together):
            values = list(chain.from_iterable(rows[start : start + together]))
            inserted += self._db.conn.execute(several, values).rowcount
        if whole < len(rows):
            inserted += self._db.conn.executemany(into + one + ending, rows[whole:]).rowcount
        return inserted

    def _incidents(self, group: list[Any]) -> list[_Part] | None:
        """Return the rows of incidents; nothing, if one refers to what only the store can find."""
        entity = BY_CLASS[Incident]
        lean = self._lean(entity, group)
        encode, failure = lean.encode, self._filing.failure
        pairs = [(incident.id, each) for incident in group for each in incident.customers]
        customers = {each.customer for _, each in pairs}
        references = {incident.duplicate_of for incident in group} | customers
        if any(each.__class__ is External for each in references):
            return None
        rows = [[*encode(incident), failure(incident)] for incident in group]
        if not self._make_customers(customers):
            return None
        affected = entity.children[0]
        owners = [id for id, _ in pairs]
        if all(len(each.__dict__) == 1 for _, each in pairs):
            links = _Part(
                affected.table,
                (affected.owner, "customer"),
                [(id, each.customer) for id, each in pairs],
                {"stated": ""},
                child=affected,
                owners=owners,
            )
        else:
            links = _Part(
                affected.table,
                affected.columns,
                [affected.encode(id, 0, each) for id, each in pairs],
                past=affected.past_places,
                child=affected,
                owners=owners,
            )
        return [
            _Part(entity.name, (*lean.names, "failure"), rows, lean.fixed, lean.past),
            links,
        ]

    def _others(self, entity: Entity, group: list[Any]) -> list[_Part] | None:
        """Return the rows of records of another kind, likewise."""
        children: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        owners: dict[int, list[str]] = defaultdict(list)
        references = {getattr(record, each.field) for each in entity.references for record in group}
        customers = {
            getattr(record, each.field)
            for each in entity.references
            if each.target == "customer"
            for record in group
        }
        for place, child in enumerate(entity.children):
            for record in group:
                items = items_of(record, child)
                if child.target is not None:
                    named = set(map(child.reference, items))
                    references |= named
                    if child.target == "customer":
                        customers |= named
                    elif child.table == "cause_cause" and record.id in named:
                        raise CausalCycle([record.id, record.id])
                owners[place] += [record.id] * len(items)
                children[place] += [
                    child.encode(record.id, number, item) for number, item in enumerate(items)
                ]
        if any(each.__class__ is External for each in references):
            return None
        customers.discard(None)
        incomplete = entity.name == "promise" and any(
            record.id is None or record.apology is None or record.made is None for record in group
        )
        if incomplete or not self._make_customers(customers):
            return None
        lean = self._lean(entity, group)
        rows = [lean.encode(record) for record in group]
        fixed = {**lean.fixed, **dict.fromkeys(entity.derived, 0)}
        parts = [_Part(entity.name, lean.names, rows, fixed, lean.past)]
        for place, lines in children.items():
            child = entity.children[place]
            parts.append(
                _Part(
                    child.table,
                    child.columns,
                    lines,
                    past=child.past_places,
                    child=child,
                    owners=owners[place],
                )
            )
        return parts

    def _refuse_unknown_interventions(self, actions: list[Any]) -> None:
        """Refuse what the casebook's table lacks; inside a transaction SQLite would, at once."""
        named = {action.intervention for action in actions} - {None}
        unknown = named - existing(self._db, "intervention", named)
        if unknown:
            first = next(action for action in actions if action.intervention in unknown)
            self._filing.refuse_unknown_intervention(first)

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


def _literal(value: str | int) -> str:
    """Return what a record holds by default as SQL: a word of a list, or a number."""
    return f"'{value}'" if isinstance(value, str) else str(value)
