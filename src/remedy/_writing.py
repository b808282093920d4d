"""Writing records, one by one with care.

Records are put in an order in which each comes after those that it refers to; each is met with
the one on file, if there is one; what is checked over several of them is checked before the
transaction ends.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _customers, _overruled, _pending
from remedy._convert import to_dict
from remedy._entities import Child, Entity, items_of
from remedy._filing import Filing
from remedy._forms import micros, moment
from remedy._marks import marks_known
from remedy._reading import kinds_of, read_many, scalar
from remedy._references import References, meant
from remedy._rows import BY_CLASS, ENTITIES
from remedy._tombstones import Tombstones
from remedy._unsettled import Unsettled
from remedy.config import Config
from remedy.errors import Conflict, DanglingReference, InvalidRecord, TakenId, UnknownRecord
from remedy.records import Apology, Customer, Promise, Record
from remedy.vocabulary import ALL

if TYPE_CHECKING:
    from remedy._ledger import Ledger
    from remedy._texts import Texts

__all__ = ["Ingested", "Writer", "flat", "in_order"]


@attrs.frozen(kw_only=True)
class Ingested:
    """What came of `ingest`.

    Attributes:
        new: Records that were not on file.
        updated: Records that replaced an older version.
        unchanged: Records that were on file as they are.
        older: Records that are on file in a newer version, and were left out.
        pending: References that wait for their other side, of all that are on file.
        redacted: Records that named a customer who was erased, and were taken in without what they
            say of them, or not at all.
    """

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    older: int = 0
    pending: int = 0
    redacted: int = 0


class Writer:
    """Writes records in one transaction.

    Args:
        ledger: Takes down what is changed, inside a transaction.
        config: The casebook's configuration, for its signature.
        texts: Lets texts be as they are to be kept.
        keep_pending: Whether a reference to what is not on file waits for it, instead of being
            refused.
        replace: Whether another content under an id that is on file replaces it, if it is newer,
            instead of being refused.
    """

    def __init__(
        self,
        ledger: Ledger,
        config: Config,
        *,
        texts: Texts | None = None,
        keep_pending: bool = False,
        replace: bool = False,
    ) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self._unsettled = Unsettled(ledger)
        self._filing = Filing(ledger, config, self._unsettled)
        self._references = References(ledger)
        self._keep_pending = keep_pending
        self._replace = replace
        self._given: dict[str, str] = {}
        self._texts = texts
        self._erased = Tombstones(ledger.db)
        self._any_overruled = replace and _overruled.any_is(ledger.db)
        self.new = self.updated = self.unchanged = self.older = self.redacted = self.waiting = 0

    def write(self, records: Iterable[Record]) -> None:
        """Write a handful of records, and check them against what is on file."""
        records = list(flat(records))
        for record in records:
            if type(record) not in BY_CLASS:
                raise TypeError(f"{record!r:.80} is no record.")
        # What is about incidents comes after them: it may be about somebody who was erased.
        records = list(self._as_kept(sorted(records, key=in_order)))
        self._references.expect(records)
        self._expect(records)
        with marks_known():
            for record in records:
                self._write_one(record)
        self._unsettled.settle()
        self._end()

    def _end(self) -> None:
        """Do what is left to be done when all is settled."""
        self._ledger.flush()
        self.waiting = scalar(self._db, "SELECT count(*) FROM pending")

    def _as_kept(self, records: Iterable[Record]) -> Iterator[Record]:
        """Return records as they are to be kept: with less text, without who was erased."""
        if self._texts:
            fit = functools.partial(self._texts.fit, from_source=self._replace)
            records = map(fit, records)
        return self._without_erased(records) if self._erased else iter(records)

    def _without_erased(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield records without the customers who were erased; refuse what a person says of one."""
        for record in records:
            if not self._replace:
                self._erased.refuse(record)
                yield record
                continue
            left = self._erased.without_them(record)
            if left is not record:
                self.redacted += 1
            if left is not None:
                yield left

    def _expect(self, records: Iterable[Record]) -> None:
        """Take note of records that are about to be written."""
        self._given = {}
        if not _pending.any_waits(self._db):
            return
        for record in records:
            entity = BY_CLASS[type(record)]
            self._given[record.id] = entity.name
            if not self._replace:
                self._supersede(entity, record)

    def _supersede(self, entity: Entity, record: Record) -> None:
        """Let a record that is recorded stand for what a source said, and what waits."""
        if scalar(self._db, f"SELECT 1 FROM {entity.name} WHERE id = ?", [record.id]):
            return
        # Not on file, so what waits is a record as a whole.
        for waiting in _pending.records(self._db, entity, record.id)[-1:]:
            assert waiting is not None
            _overruled.keep_others(self._db, entity, waiting, record)
            _pending.forget(self._ledger, entity, record.id)

    def _write_one(self, record: Record, *, arrived: bool = False) -> None:
        entity = BY_CLASS[type(record)]
        # Before it may come to wait, so that its other side does not meet with a refusal.
        self._filing.refuse_future(entity, record)
        if isinstance(record, Promise):
            record = self._references.of_known_apology(record)
        known = self._find(entity, record)
        if known is not None and known != record.id:
            record = self._under(known, entity, record)
        if not arrived:
            # What has waited was told in another call, where the same id may have meant another.
            record = self._references.led(entity, record)
        if self._replace:
            newest = self._newest(entity, record)
            if newest is None:
                self._references.expect_no_more(entity, record)
                self.older += 1
                return
            record = newest
        said = record
        if self._any_overruled:
            record = _overruled.respected(self._db, self._references, entity, record)
        if isinstance(record, Promise) and record.apology is None:
            raise InvalidRecord("Promise", "apology", None, "say in which apology it was made.")
        if record.id is None:
            raise InvalidRecord(
                "Promise", "id", None, "it may be left out only inside of the apology, "
                "Apology(promises=...): a promise by itself needs one.",
            )  # fmt: skip
        resolved = self._references.resolve(
            entity, record, said=said, keep_pending=self._keep_pending, arrived=arrived
        )
        if resolved is None:
            return
        if isinstance(resolved, Promise) and resolved.made is None:
            resolved = self._made_in_its_apology(resolved)
        if known is None:
            self._filing.insert(entity, resolved)
            self.new += 1
        else:
            self._compare(entity, resolved)
        self._take_in_what_waited(entity, resolved)

    def _made_in_its_apology(self, promise: Promise) -> Promise:
        made = scalar(self._db, "SELECT made FROM apology WHERE id = ?", [promise.apology])
        if made is None:
            raise DanglingReference([(f"promise {promise.id}", "apology", str(promise.apology))])
        return attrs.evolve(promise, made=moment(made))

    # --- what is on file --------------------------------------------------------------------------

    def _find(self, entity: Entity, record: Record) -> str | None:
        source, external_id = record.source, record.external_id
        if source is not None and external_id is not None and self._replace:
            found = self._references.known_by(entity.name, source, external_id)
            # A customer that was only made from its id there becomes the one who comes.
            if found is not None and (
                entity.name != "customer"
                or found == record.id
                or found != _customers.made_from(self._db, source, external_id)
            ):
                return found
        row = self._db.execute(
            f"SELECT source, external_id FROM {entity.name} WHERE id = ?", [record.id]
        ).fetchone()
        if row is None:
            return None
        if self._replace:
            _refuse_other_source(entity, record, row)
        return record.id

    def _under(self, known: str, entity: Entity, record: Record) -> Record:
        """Return a record under the id that it has here."""
        self._references.note_other_id(entity, record.id, known)
        changes: dict[str, Any] = {"id": known}
        if isinstance(record, Apology):
            # The promises of an apology come after it, one by one.
            changes["promises"] = ()
        if isinstance(record, Customer):
            source, external_id = self._db.execute(
                "SELECT source, external_id FROM customer WHERE id = ?", [known]
            ).fetchone()
            if None not in (source, external_id):
                # Known by an alias, by which it is found again: it stays with its own source.
                changes.update(source=source, external_id=external_id)
        return attrs.evolve(record, **changes)

    def _newest(self, entity: Entity, record: Record) -> Record | None:
        """Return a record, with what an older version that waits refers to; or None if it is older.

        What older versions wait for is forgotten: what of it is still meant waits with this one.
        """
        given = None if record.updated is None else micros(record.updated)
        on_file = [
            row[0]
            for row in self._db.execute(
                f"SELECT updated FROM {entity.name} WHERE id = ?", [record.id]
            )
        ]
        waiting = _pending.records(self._db, entity, record.id)
        for each in waiting:
            if each is not None:
                _refuse_other_source(entity, record, (each.source, each.external_id))
                on_file.append(None if each.updated is None else micros(each.updated))
        if any(_is_older(each, given) for each in on_file):
            return None
        if waiting:
            _pending.forget_older(self._ledger, entity, record.id)
        for each in waiting:
            record = record if each is None else self._with_items_of(entity, each, record)
        return record

    def _with_items_of(self, entity: Entity, older: Record, record: Record) -> Record:
        """Return a record with what the plural fields of an older version hold besides."""
        changes: dict[str, Any] = {}
        for child in entity.children:
            items = items_of(record, child)
            if getattr(record, child.field) is None or getattr(record, child.field) is ALL:
                continue  # Of whom it is for, the newer one says something else.
            known = {self._meant(child, item) for item in items}
            more = [
                each for each in items_of(older, child) if self._meant(child, each) not in known
            ]
            if more:
                changes[child.field] = (*items, *more)
        return attrs.evolve(record, **changes) if changes else record

    def _meant(self, child: Child, item: Any) -> Any:
        """Return what an item refers to, by its id here where that is known by now."""
        try:
            return meant(child, self._references.known_item(child, item))
        except UnknownRecord:
            return meant(child, item)

    def _compare(self, entity: Entity, record: Record) -> None:
        """Meet a record that is on file: the same, a newer or older version, or another one."""
        new = self._filing.row(entity, record)
        stored = self._db.execute(
            f"SELECT {', '.join(new)} FROM {entity.name} WHERE id = ?", [record.id]
        ).fetchone()
        old = dict(zip(new, stored, strict=True))
        if old.get("stated"):
            old["incident"], old["stated"] = old["stated"], ""
        for name in entity.derived:
            new[name] = old[name]
        bare = entity.name == "customer" and _is_bare(old)
        if not (self._replace or bare):
            differences = self._differences(entity, record)
            if differences:
                plural = [child.field for child in entity.children if child.field in differences]
                raise Conflict(entity.name, record.id, differences, plural=plural)
            self.unchanged += 1
            return
        differing = new != old
        if differing:
            self._filing.update(entity, record)
        added = False
        for child in entity.children:
            added |= self._filing.add(
                entity, child, record.id, items_of(record, child), replace=self._replace
            )
        if added:
            self._unsettled.note_written(entity.name, record.id)
        if differing or added:
            self.updated += 1
        else:
            self.unchanged += 1

    def _differences(self, entity: Entity, record: Record) -> dict[str, tuple[Any, Any]]:
        """Return field → (on file, given) where a record says something else than the one on file.

        What was linked to it since, or happened to it, is no difference.
        """
        # That another record has this id, too, is found when all is settled.
        (before,) = read_many(self._db, entity, [record.id])
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

    # --- what waited ------------------------------------------------------------------------------

    def _take_in_what_waited(self, entity: Entity, record: Record) -> None:
        """Write what waited for this record."""
        if not _pending.any_waits(self._db):
            return
        # What waited came by ingest(), and is taken in as there, whoever brings its other side.
        how = (self._keep_pending, self._replace)
        counts = (self.new, self.updated, self.unchanged, self.older)
        self._keep_pending = self._replace = True
        for each in _pending.arrivals(self._ledger, entity, record):
            if each.record is not None:
                self._take_in_whole(each, each.record)
                continue
            with self._ledger.making("arrive"):
                self._take_in_part(each, record)
        self._keep_pending, self._replace = how
        self.new, self.updated, self.unchanged, self.older = counts

    def _take_in_part(self, arrival: _pending.Arrival, record: Record) -> None:
        """Let a record on file refer to what it waited for."""
        if arrival.link is None:
            # Whoever says something else of the field lets it wait no more. If it were filled all
            # the same, what stands there stays.
            (on_file,) = read_many(self._db, arrival.entity, [arrival.owner])
            told = getattr(on_file, arrival.field) or record.id
            self._filing.update(arrival.entity, attrs.evolve(on_file, **{arrival.field: told}))
        else:
            child, items = arrival.items()
            resolved = [self._references.known_item(child, item) for item in items]
            self._filing.add(arrival.entity, child, arrival.owner, resolved, replace=True)

    def _take_in_whole(self, arrival: _pending.Arrival, record: Record) -> None:
        """Write a record that waited as a whole; what stands in its way must not refuse others."""
        kinds = {*kinds_of(self._db, record.id), self._given.get(record.id, arrival.entity.name)}
        if kinds - {arrival.entity.name}:
            _pending.put_back(self._ledger, arrival)
            return
        self._ledger.flush()
        self._db.execute("SAVEPOINT arrival")
        try:
            fit = self._texts.fit(record, from_source=True) if self._texts else record
            if self._erased:
                fit = self._erased.without_them(fit) or fit  # No customer waits.
            self._write_one(fit, arrived=True)
        except (Conflict, InvalidRecord):
            self._db.execute("ROLLBACK TO arrival")
            self._ledger.forget()
            _pending.put_back(self._ledger, arrival)
        else:
            self._ledger.flush()
        finally:
            self._db.execute("RELEASE arrival")


_ORDER = {entity.record: place for place, entity in enumerate(ENTITIES)}


def in_order(record: Record) -> int:
    """Return the place of a kind of record, after those that it usually refers to."""
    return _ORDER[type(record)]


def flat(records: Iterable[Record]) -> Iterator[Record]:
    """Yield records, and after each apology the promises made in it."""
    for record in records:
        yield record
        if record.__class__ is Apology:
            yield from record.promises


def _refuse_other_source(
    entity: Entity, record: Record, on_file: tuple[str | None, str | None]
) -> None:
    """Refuse a record of a source under the id of another one of a source."""
    here, there = (record.source, record.external_id), on_file
    if here != there and None not in (*here, *there):
        raise TakenId(entity.name, record.id, here, there)  # type: ignore[arg-type]


def _is_older(on_file: int | None, given: int | None) -> bool:
    return on_file is not None and given is not None and given < on_file


def _is_bare(row: dict[str, Any]) -> bool:
    """Whether a customer was only made from its id, so that nobody has said anything of it yet."""
    return row["provenance"] == "mapped" and not any(
        row[name] for name in ("account", "name", "source", "external_id", "attributes")
    )
