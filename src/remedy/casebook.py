"""What users hold: a casebook, which records, answers and checks."""

from __future__ import annotations

import contextlib
import getpass
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import attrs

from remedy import _baseline, _chain, _coerce, _forms, _pending, _reading, _settings, history
from remedy._amending import Amender
from remedy._bulk import BulkWriter
from remedy._chain import Anchor
from remedy._coerce import storable
from remedy._erasing import Erased, erase
from remedy._filing import rebuild_failures
from remedy._format import refuse_what_is_not_known
from remedy._ledger import Ledger
from remedy._migrating import migrate
from remedy._pending import Pending
from remedy._purging import purge
from remedy._rows import BY_CLASS
from remedy._texts import Scrub, Texts
from remedy._tombstones import Tombstones
from remedy._writing import Ingested, Writer
from remedy.config import Config, config_from
from remedy.errors import (
    CannotOpen,
    CasebookBusy,
    CasebookError,
    ConfigError,
    InvalidRecord,
    InvalidTime,
    RemedyError,
    UnreadableRecord,
)
from remedy.history import Change
from remedy.records import Day, Record
from remedy.redaction import Redaction
from remedy.store import Store
from remedy.verifying import Verified, verify
from remedy.vocabulary import Intervention, shipped_interventions

if TYPE_CHECKING:
    import networkx
    from sqlite_utils import Database

    from remedy.reporting import Report
    from remedy.rules import Rule

__all__ = ["Casebook", "Ingested", "Pending", "check", "open"]

R = TypeVar("R", bound=Record)
W = TypeVar("W", bound=Writer)

_FEW = 500
_OVER = ("gone", "worse")


def open(
    path: str | os.PathLike[str] = ":memory:",
    *,
    actor: str | None = None,
    read_only: bool = False,
    create: bool = True,
    timeout: float = 5.0,
    journal: str | None = None,
    config: Config | None = None,
    scrub: Scrub | None = None,
) -> Casebook:
    """Open a casebook, or make one.

    Args:
        path: The file, or ":memory:" for one that is gone when it is closed.
        actor: Who writes: it stays on record; by default, the user of the machine.
        read_only: Whether to refuse every write.
        create: Whether to make the file if it is missing.
        timeout: For how many seconds to wait for somebody else's lock: keep it short inside a
            web request.
        journal: "delete", or "wal", where readers and one writer do not wait for each other. A
            file in the other mode is changed, unless another program has it open. By default it
            stays in the mode that it is in, and a new one is in "delete". "wal-insist" takes WAL
            on a build of SQLite that can corrupt such files.
        config: The configuration of a casebook that is made by this call.
        scrub: A function that every text goes through before it is written, to take out what is
            not to be kept: titles, texts, reasons in records, and texts among the attributes.

    Raises:
        CannotOpen: If the file is missing, unreadable, another application's, or of a newer
            version; or if its journal is in WAL mode, and this build of SQLite can corrupt such
            files. It is left as it was.
        CasebookBusy: If its journal is to be in the other mode, and another program has it open.

    Example:
        >>> import remedy
        >>> with remedy.open(":memory:", actor="care-team") as book:
        ...     book.record(remedy.Customer(id="C-17"))
        ...     book.get("C-17")
        Customer(id='C-17')
    """
    who = _user() if actor is None else _named(actor)
    if str(path) == "":
        raise CannotOpen("''", "is the name of no file.")
    store = Store(
        path,
        read_only=read_only,
        create=create,
        timeout=timeout,
        journal=journal,
        migrate=lambda db, version: migrate(db, version, actor=who, path=path),
    )
    book = Casebook(store, actor=who, scrub=scrub)
    if not read_only and book._kept("config") is None:
        # Just made; or somebody made it, and was stopped before this.
        book._begin(config or Config())
    return book


def _user() -> str:
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = ""
    name = name.strip()
    return name if name.isprintable() and name else f"uid {os.getuid()}"


def _named(actor: str) -> str:
    try:
        return _coerce.identifier(actor)
    except _coerce.Refused:
        raise InvalidRecord(
            "Casebook",
            "actor",
            actor,
            "say who writes, in text without control characters or space at its ends: it stays on "
            "record.",
        ) from None


class Casebook:
    """Where records are kept, and what is asked about them.

    It is made by `remedy.open`, and closed at the end of a `with` block. One object serves all
    threads of a process.

    Attributes:
        actor: Who writes.
    """

    def __init__(self, store: Store, *, actor: str, scrub: Scrub | None = None) -> None:
        self._store = store
        self._scrub = scrub
        self.actor = _named(actor)
        self._known_at: datetime | None = None
        self._redaction: Redaction | None = None

    def __enter__(self) -> Casebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        then = "" if self._known_at is None else f", as known at {self._known_at.isoformat()}"
        return f"<Casebook {self.path}{then}>"

    def acting_as(self, actor: str) -> Casebook:
        """Return the same casebook in the hands of somebody else.

        A web application opens it once, and writes in the name of whoever is logged in. Both share
        the file and its connections: closing one closes the other.

        Example:
            >>> import remedy
            >>> book = remedy.open(actor="crm")
            >>> book.acting_as("anna").record(remedy.Customer(id="C-17"))
            >>> [change.actor for change in book.history("C-17")]
            ['anna']

        Raises:
            InvalidRecord: If `actor` is no name.
        """
        other = Casebook(self._store, actor=actor, scrub=self._scrub)
        other._known_at, other._redaction = self._known_at, self._redaction
        return other

    @property
    def path(self) -> str | Path:
        """The file, or ":memory:"."""
        return self._store.path if isinstance(self._store.path, Path) else str(self._store.path)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    # --- settings ---------------------------------------------------------------------------------

    def _ledger(self, db: Database, op: str, reason: str | None = None) -> Ledger:
        try:
            why = _coerce.text(reason)
        except _coerce.Refused as refused:
            raise InvalidRecord(op, "reason", reason, refused.problem) from None
        return Ledger(db, self.actor, op=op, reason=why)

    def _begin(self, config: Config) -> None:
        with self._store.transaction() as db:
            if db.execute("SELECT 1 FROM meta").fetchone() is None:
                ledger = self._ledger(db, "configure")
                _settings.keep(ledger, "config", config.to_dict())
                _settings.keep_interventions(ledger, shipped_interventions())
                ledger.flush()

    def _kept(self, name: str) -> Any:
        with self._store.reading() as db:
            return _settings.kept(db, name)

    @property
    def config(self) -> Config:
        """The configuration that is stored in the casebook."""
        return config_from(self._kept("config") or {}, f"{self.path}, meta")

    @property
    def told_on(self) -> datetime | None:
        """The date that the casebook is told on, if any: `check` takes it for today."""
        kept = self._kept("told_on")
        try:
            return None if kept is None else datetime.fromisoformat(kept)
        except (TypeError, ValueError):
            raise UnreadableRecord("the setting", "told_on", "it is no time.") from None

    @property
    def interventions(self) -> dict[str, Intervention]:
        """The table that says what kinds of change an action can be, by name."""
        with self._store.reading() as db:
            return _settings.interventions(db)

    def configure(
        self,
        *,
        interventions: Mapping[str, Intervention] | None = None,
        told_on: datetime | str | None = None,
        reason: str | None = None,
        **settings: Any,
    ) -> Config:
        """Change the stored configuration, and return it.

        A change of the signature or of the placeholders computes every failure key anew, in the
        same transaction.

        Args:
            interventions: A table of interventions in place of the one on file.
            told_on: The date that the casebook is told on.
            reason: Why it is changed: this stays on record.
            settings: Fields of `Config`.

        Raises:
            ConfigError: If a setting is not known or cannot be used.
            InvalidTime: If `told_on` is no time.
        """
        with self.transaction(), self._store.transaction() as db:
            self._store.refuse_in_bulk()
            before = self.config
            after = config_from(settings, "configure", before)
            ledger = self._ledger(db, "configure", reason)
            _settings.keep(ledger, "config", after.to_dict())
            if told_on is not None:
                try:
                    moment = _coerce.needed_moment(told_on)
                except _coerce.Refused as refused:
                    raise InvalidTime("configure", "told_on", told_on, refused.problem) from None
                _settings.keep(ledger, "told_on", moment.isoformat())
            if interventions is not None:
                _settings.keep_interventions(ledger, interventions)
            if (before.signature, before.placeholders) != (after.signature, after.placeholders):
                rebuild_failures(db, after)
            ledger.flush()
        return after

    # --- writing ----------------------------------------------------------------------------------

    def record(self, *records: Record, reason: str | None = None) -> None:
        """Put records on file, all of them or none.

        The same record again changes nothing. Records of one call may refer to each other in any
        order; a customer that nobody recorded is made from its id.

        Args:
            records: What happened, or was decided.
            reason: Why it is put on file, where that is to stay on record.

        Raises:
            Conflict: If another record is on file under the same id, or has the same id in its
                source; it says what differs.
            DanglingReference: If a record refers to what is not on file.
            CausalCycle: If a cause would explain itself; it shows the path.
            InvalidTime: If what has been lies in the future, or a correction before its incident.
        """
        with self._store.transaction() as db:
            self._writer(Writer, db, reason).write(records)

    def record_many(
        self,
        records: Iterable[Record],
        progress: Callable[[int], None] | None = None,
        *,
        reason: str | None = None,
    ) -> int:
        """Put very many records on file, all of them or none, and return how many were new.

        They are streamed: memory does not grow with them. What they refer to by id may come later
        in the stream; what they refer to as `External` has to come before.

        Args:
            records: Any iterable.
            progress: Called now and then with the number of records done.
            reason: Why they are put on file, where that is to stay on record.

        Raises:
            Conflict, DanglingReference, CausalCycle, InvalidTime: As `record` does.
        """
        writer = self._write_stream(records, progress, reason)
        return writer.new

    def ingest(
        self,
        records: Iterable[Record],
        progress: Callable[[int], None] | None = None,
        *,
        reason: str | None = None,
    ) -> Ingested:
        """Take in records from a source, again and again.

        A record is known again by its source and external id, a customer by its aliases as well,
        else by its id. A newer version (`updated`) replaces the older one, and an older one is left
        out; without `updated`, what comes later is newer. What plural fields refer to is added,
        never taken away. A reference to what is not on file waits until the other side comes;
        `pending` lists those that wait. A customer named by an `External` is made, and becomes
        the one whose own record comes later.

        The same again changes nothing, whatever people have done since: a field that was amended
        stays as it was left until the source says something else of it than before; what was linked
        stays, and what was taken out of a plural field stays out until people link it again. Only
        a record that waited as a whole, and was taken back, comes and waits again.

        Args:
            records: Any iterable.
            progress: Called now and then with the number of records done.
            reason: Why they are taken in, where that is to stay on record.

        Example:
            >>> import remedy
            >>> book = remedy.open()
            >>> row = remedy.Incident(
            ...     id="INC-1", occurred="2026-03-02T09:00+01:00", process="shipping", title="Late"
            ... )
            >>> book.ingest([row])
            Ingested(new=1, updated=0, unchanged=0, older=0, pending=0, redacted=0)
            >>> amended = book.amend("INC-1", process="billing", reason="read the letter")
            >>> book.ingest([row])
            Ingested(new=0, updated=0, unchanged=1, older=0, pending=0, redacted=0)
            >>> book.get("INC-1").process
            'billing'

        Raises:
            TakenId: If another record is on file, or waits, under the id of one: of another
                source, or under another id in that source.
            Conflict, CausalCycle, InvalidTime: As `record` does.
        """
        writer = self._write_stream(records, progress, reason, keep_pending=True, replace=True)
        return Ingested(
            new=writer.new,
            updated=writer.updated,
            unchanged=writer.unchanged,
            older=writer.older,
            pending=writer.waiting,
            redacted=writer.redacted,
        )

    def _writer(self, kind: type[W], db: Database, reason: str | None, **how: bool) -> W:
        config = self.config
        texts = Texts(db, config, self._scrub)
        return kind(self._ledger(db, "replace", reason), config, texts=texts, **how)

    def _write_stream(
        self,
        records: Iterable[Record],
        progress: Callable[[int], None] | None,
        reason: str | None,
        **how: bool,
    ) -> Writer:
        stream = iter(records)
        head = list(islice(stream, _FEW + 1))
        if len(head) <= _FEW:
            # What a bulk load checks over all rows at its end would cost more than so few records.
            with self._store.transaction() as db:
                writer = self._writer(Writer, db, reason, **how)
                writer.write(head)
                if progress is not None:
                    progress(len(head))
            return writer
        with self._store.bulk() as db:
            bulk = self._writer(BulkWriter, db, reason, **how)
            bulk.write_many(chain(head, stream), progress)
        return bulk

    def amend(
        self, id: str, changes: Mapping[str, Any] | None = None, /, *, reason: str, **fields: Any
    ) -> Record:
        """Change single-valued fields of a record, and return it as it is then.

        What waited for the other side of such a field is forgotten, and what a source said of it
        before does not come back when it is ingested again.

        Args:
            id: The record.
            changes: Fields and what they are to hold, as a mapping. A field of the record that is
                itself called `reason` can be given only here.
            reason: Why it is changed: this stays on record.
            fields: Fields and what they are to hold.

        Example:
            >>> import remedy
            >>> book = remedy.open()
            >>> book.record(remedy.Customer(id="C-17"))
            >>> book.amend("C-17", name="Bakery on the corner", reason="they told us")
            Customer(id='C-17', name='Bakery on the corner')

            A decision has a reason of its own:

            >>> book.record(remedy.Incident(id="INC-1", occurred="2026-03-02T09:00+01:00"))
            >>> book.record(remedy.Decision(
            ...     id="DEC-1", kind="no_analysis", incident="INC-1", reason="ones-off",
            ...     made="2026-03-03T09:00+01:00",
            ... ))
            >>> book.amend("DEC-1", {"reason": "a one-off"}, reason="a slip of the pen").reason
            'a one-off'

        Raises:
            UnknownRecord: If there is no such record.
            CannotAmend: If the field is plural, or the id; or if only `reason=` is given for a
                record that has a reason of its own.
            TypeError: If a field is given twice.
        """
        _needs_reason(reason, "amend")
        twice = sorted(fields.keys() & (changes or {}).keys())
        if twice:
            raise TypeError(f"amend() was given {twice[0]!r} twice.")
        with self._store.transaction() as db:
            config = self.config
            texts = Texts(db, config, self._scrub)
            amender = Amender(self._ledger(db, "amend", reason), config, texts)
            return amender.amend(id, {**(changes or {}), **fields})

    def link(self, id: str, /, *, reason: str | None = None, **fields: Any) -> None:
        """Add to plural fields of a record: what it refers to, or what happened to it.

        Example:
            >>> import remedy
            >>> book = remedy.open()
            >>> book.record(remedy.Incident(id="INC-1", occurred="2026-03-02T09:00+01:00"))
            >>> book.link("INC-1", customers=["C-17", "C-18"])
            >>> [each.customer for each in book.get("INC-1").customers]
            ['C-17', 'C-18']
        """
        with self._store.transaction() as db:
            config = self.config
            texts = Texts(db, config, self._scrub)
            Amender(self._ledger(db, "link", reason), config, texts).link(id, fields)

    def unlink(self, id: str, /, *, reason: str, **fields: Any) -> None:
        """Take from plural fields of a record what was put there by mistake.

        It stays out, whoever had put it there: when a source says just that, it is nothing new.

        A link that waits for its other side is taken back likewise; and a record that waits as a
        whole, by the field in which it refers to the other side: with the last of what it waits
        for, it is gone.

        Example:
            >>> import remedy
            >>> book = remedy.open()
            >>> at = "2026-03-02T09:00+01:00"
            >>> waiting = remedy.Amends(id="AME-1", incident="INC-9", kind="gift", made=at)
            >>> book.ingest([waiting]).pending
            1
            >>> book.unlink("AME-1", incident="INC-9", reason="it was for another customer")
            >>> book.pending()
            []

        Raises:
            UnknownRecord: If there is no such record, or no such link.
            CannotAmend: If the field is not plural.
        """
        _needs_reason(reason, "unlink")
        with self._store.transaction() as db:
            Amender(self._ledger(db, "unlink", reason), self.config).unlink(id, fields)

    # --- transactions -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Casebook]:
        """Write all of what happens inside, or nothing."""
        with self._store.transaction():
            yield self

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Casebook]:
        """Read one state of the casebook, whatever is written meanwhile.

        In the "delete" journal a writer waits until it ends.
        """
        with self._store.snapshot():
            yield self

    # --- privacy ----------------------------------------------------------------------------------

    def redaction(self) -> Redaction:
        """Return what takes customers out of records, graphs and texts that leave the house."""
        # What was on record at a time calls customers what the casebook calls them.
        return Redaction(self._store, like=self._redaction)

    def erase_customer(self, id: str, *, reason: str) -> Erased:
        """Erase who a customer is: from records, from the history, from the file.

        What happened to them stays, as what happened to a customer without a name, so that it still
        counts. Their name, account and ids are gone, with the numbers of their orders; what texts
        say in records about them alone; and their names and ids in all other texts. The history
        stays verifiable, and says who erased and why. The next import does not bring them back:
        what names them is taken in without what it says of them, and `record` refuses it.

        The file is written anew at the end, for which as much again has to be free on the disk as
        the file takes, twice; that is looked at before anything is changed.

        Args:
            id: The customer.
            reason: Why: this stays on record, so it must not name them.

        Returns:
            What was done, and what could not be reached.

        Raises:
            UnknownRecord: If there is no such customer.
            InvalidRecord: If the reason names them, or `id` is of another kind of record.
            CasebookError: If the disk has too little room.
            NewerCasebook: If the file is of the next version: it may hold what this one does not
                know.

        Example:
            >>> import remedy
            >>> book = remedy.open()
            >>> book.record(
            ...     remedy.Customer(id="C-17", name="Anna"),
            ...     remedy.Incident(id="INC-1", occurred="2026-03-02T09:00Z", customers="C-17"),
            ... )
            >>> erased = book.erase_customer("C-17", reason="they asked for it")
            >>> [each.customer for each in book.get("INC-1").customers] == [erased.customer]
            True
        """
        _needs_reason(reason, "erase_customer")
        self._store.refuse_without_room()
        with self._store.bulk() as db:
            refuse_what_is_not_known(db, self.path)
            ledger = self._ledger(db, "erase")
            erased = erase(ledger, self.config, id, reason, self.actor)
        return attrs.evolve(erased, compacted=self._compact_if_possible())

    def purge_texts(self, before: datetime | Day | str, *, reason: str) -> int:
        """Erase what texts say in records about customers that are older than a date.

        Gone are `text`, `url` and `next_step` of incidents, complaints, apologies, amends,
        responses and follow-ups, from the records and from the history; and they do not come back
        when a source says them again. What a person writes about such a record later is kept, until
        the next purge. Titles stay. The file is written anew at the end, if nobody
        reads meanwhile: else `compact` does so later.

        Args:
            before: Until when; a `Day` counts to its end.
            reason: Why: this stays on record.

        Returns:
            How many records were changed.

        Raises:
            InvalidTime: If `before` is no time.
            CasebookError: If the disk has too little room.
            NewerCasebook: If the file is of the next version.

        Example:
            >>> import remedy
            >>> book = remedy.open()
            >>> book.record(
            ...     remedy.Incident(id="INC-1", occurred="2020-03-02T09:00Z", text="Anna called"),
            ...     remedy.Incident(id="INC-2", occurred="2026-03-02T09:00Z", text="Berta called"),
            ... )
            >>> book.purge_texts("2023-01-01T00:00Z", reason="kept for three years")
            1
            >>> book.get("INC-1").text, book.get("INC-2").text
            (None, 'Berta called')
        """
        _needs_reason(reason, "purge_texts")
        moment = _moment(before, "purge_texts", "before")
        self._store.refuse_without_room()
        with self._store.bulk() as db:
            refuse_what_is_not_known(db, self.path)
            ledger = self._ledger(db, "erase", reason)
            purged = purge(ledger, _forms.micros(moment), reason, self.actor)
        self._compact_if_possible()
        return purged

    def _compact_if_possible(self) -> bool:
        """Write the file anew; what was done before is done, whether that is possible or not."""
        try:
            return self._store.compact()
        except CasebookError:
            return False

    def compact(self) -> None:
        """Write the file anew, so that nothing is left in it of what was erased or deleted.

        Raises:
            CasebookBusy: If somebody else reads or writes.
            CasebookError: If the disk has too little room, or a transaction is open.
        """
        self._store.refuse_if_read_only()
        self._store.refuse_without_room()
        if not self._store.compact():
            raise CasebookBusy(
                self.path,
                "somebody else reads or writes. Nothing was changed. Try again when they are done.",
            )

    # --- reading ----------------------------------------------------------------------------------

    def get(self, id: str) -> Record:
        """Return the record with this id, complete.

        Raises:
            UnknownRecord: If there is none.
        """
        with self._store.reading() as db:
            return _reading.read(db, id)

    @overload
    def records(self, kind: type[R], /, **equals: Any) -> Iterator[R]: ...

    @overload
    def records(self, kind: None = None, /) -> Iterator[Record]: ...

    def records(self, kind: Any = None, /, **equals: Any) -> Iterator[Any]:
        """Yield the records of a kind that have these values, ordered by id; or all records.

        No lock is held between two of them; for one state of the casebook, iterate inside a
        `snapshot`.

        Args:
            kind: A class of records.
            equals: Fields and their values; of a plural field, one id that it refers to.

        Example:
            >>> import remedy
            >>> book = remedy.examples.load("twice-shipped-collect")
            >>> [each.id for each in book.records(remedy.Incident, customers="C-17")]
            ['INC-1', 'INC-2']
        """
        if kind is not None and kind not in BY_CLASS:
            raise TypeError(f"{kind!r} is no class of records.")
        return _reading.records(self._store, kind, equals)

    def pending(self) -> list[Pending]:
        """Return the references that wait for their other side.

        Of a record that waits as a whole it is the first that is not on file.

        One whose other side has come waits on if its own id has been given to another record
        meanwhile: ingest it under another id, and take this one back with `unlink`.
        """
        with self._store.reading() as db:
            return _pending.listed(db)

    # --- history ----------------------------------------------------------------------------------

    def history(self, id: str) -> list[Change]:
        """Return all changes of a record, the first one first: who, when, why, and what.

        Raises:
            UnknownRecord: If the history knows nothing of this id.

        Example:
            >>> import remedy
            >>> book = remedy.open(actor="care-team")
            >>> book.record(remedy.Customer(id="C-17"))
            >>> amended = book.amend("C-17", name="Bakery", reason="they told us")
            >>> for change in book.history("C-17"):
            ...     print(change.actor, change.op, change.reason, dict(change.fields))
            care-team record None {}
            care-team amend they told us {'name': (None, 'Bakery')}
        """
        with self._of_history() as db, _reading_history():
            found = history.changes(db, id) if isinstance(id, str) and storable(id) else []
            if not found:
                _reading.entity_of(db, id)  # Says that there is none, and which ids are near.
            return found

    def known_at(self, when: datetime | Day | str) -> Casebook:
        """Return what was on record at a time, as a casebook that can only be read.

        `as_of` asks what had happened by then, whenever it was written down; this is what had been
        written down by then, by the clocks of those who wrote. A check of it asks for that time,
        unless it is told another one.

        Args:
            when: The time; a `Day` counts to its end.

        Raises:
            InvalidTime: If `when` is no time.

        Example:
            >>> import remedy
            >>> book = remedy.open()
            >>> book.record(remedy.Incident(id="INC-1", occurred="2026-03-02T09:00+01:00"))
            >>> before = datetime.now(UTC)
            >>> amended = book.amend("INC-1", process="shipping", reason="read the letter")
            >>> print(book.known_at(before).get("INC-1").process)
            None
        """
        moment = _moment(when, "known_at", "when")
        copy = Store("", label=self._store.path)
        with self._of_history() as db, copy.bulk() as to, _reading_history():
            seq = history.until(db, moment)
            found = history.known(db, seq)
            found.put_settings(to)
            config = config_from(_settings.kept(to, "config") or {}, f"{self.path}, meta")
            BulkWriter(Ledger(to, None), config).write_many(found.records)
            found.put_what_waits(to)
        copy.freeze("is shown here as it was on record then. Write to the casebook itself.")
        book = Casebook(copy, actor=self.actor)
        book._known_at = moment
        book._redaction = self.redaction()
        return book

    def anchor(self) -> Anchor:
        """Return how long the history is and the hash at its end.

        Kept elsewhere, it shows later whether the end was cut off, or the history written anew.
        """
        with self._of_history() as db:
            return _chain.anchor(db)

    def verify(
        self,
        anchor: Anchor | str | Iterable[Anchor | str] = (),
        *,
        records: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Verified:
        """Walk every link and every body of the history, and compare what is on file with it.

        Args:
            anchor: An anchor that was kept elsewhere, or several.
            records: Whether to compare the records, too, and not the history alone.
            progress: Called now and then with the number of entries done.

        Raises:
            ValueError: If what is given is no anchor.

        Example:
            >>> import remedy
            >>> book = remedy.open()
            >>> anchor = book.anchor()
            >>> book.record(remedy.Customer(id="C-17"))
            >>> book.verify(anchor).is_right
            True
        """
        given = [anchor] if isinstance(anchor, (Anchor, str)) else anchor
        kept = [each if isinstance(each, Anchor) else Anchor.read(each) for each in given]
        with self._of_history() as db:
            return verify(db, kept, records=records, progress=progress)

    def backup(
        self,
        path: str | os.PathLike[str],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Verified:
        """Write a copy of the casebook to a new file, and verify it, while others write.

        The copy is one state of the casebook, and is seen when it is whole. Its mode is 0600.

        Args:
            path: The new file.
            progress: Called now and then with the number of entries of the history verified.

        Returns:
            What came of verifying the copy: what is wrong in it is wrong in the casebook.

        Raises:
            TargetExists: If there is a file already.
            CannotOpen: If it cannot be made there.
            CasebookError: If the copy is damaged, or the disk has no room: then there is none.
        """
        if self._known_at is not None:
            self._refuse_without_history()
        found: list[Verified] = []

        def look(db: Database) -> None:
            state = [row[0] for row in db.execute("PRAGMA integrity_check(3)")]
            if state != ["ok"]:
                raise CasebookError(self.path, f"is damaged, and so is the copy: {state[0]}.")
            found.append(verify(db, progress=progress))

        self._store.copy_to(Path(path), look)
        return found[0]

    @contextlib.contextmanager
    def _of_history(self) -> Iterator[Database]:
        if self._known_at is not None:
            self._refuse_without_history()
        with self._store.blaming_the_file(), self._store.snapshot() as db:
            yield db

    def _refuse_without_history(self) -> None:
        raise CasebookError(
            self.path,
            "what was on record at a time has no history of its own. Ask the casebook that it "
            "comes from.",
        )

    # --- asking -----------------------------------------------------------------------------------

    def check(
        self,
        *,
        rules: Iterable[Rule] = (),
        select: str | Iterable[str] = (),
        ignore: str | Iterable[str] = (),
        as_of: datetime | Day | str | None = None,
        around: str | None = None,
        profile: str | None = None,
        config: Config | None = None,
    ) -> Report:
        """Ask all rules which failures came back, and which apologies have nothing behind them.

        Nothing is written.

        Args:
            rules: Rules of one's own, besides those that come with the package.
            select: Codes, or beginnings of codes, to ask; by default all of the profile.
            ignore: Codes, or beginnings of codes, to leave out.
            as_of: What had happened by then; a `Day` counts to its end. By default now, or the
                date that an example is told on.
            around: A record: only its case is checked, in milliseconds at any size.
            profile: tickets, register or capa.
            config: A configuration in place of the stored one; its signature has to be the same.

        Raises:
            UnknownRecord: If there is no record `around`.
            UnknownRule: If `select` or `ignore` name no rule.
            ConfigError: If the configuration cannot be used for this casebook.
        """
        from remedy.checking import run_check
        from remedy.reporting import Report

        stored = self.config
        used = config or stored
        for name in ("signature", "placeholders"):
            on_file, given = getattr(stored, name), getattr(used, name)
            if given != on_file:
                raise ConfigError(
                    name,
                    f"the failure keys on file are made with {', '.join(on_file)}, not with "
                    f"{', '.join(given)}. Take the {name} out of the configuration that is given; "
                    f"or change that of the casebook: in Python, book.configure({name}=...).",
                )
        changes: dict[str, Any] = {}
        if select:
            changes["select"] = select
        if ignore:
            changes["ignore"] = (*used.ignore, *attrs.evolve(used, ignore=ignore).ignore)
        if profile is not None:
            changes["profile"] = profile
        if changes:
            used = attrs.evolve(used, **changes)
        if as_of is None:
            moment = self.told_on or self._known_at or datetime.now(UTC)
        else:
            moment = _moment(as_of, "check")
        with self._store.blaming_the_file():
            return Report(
                run_check(
                    self._store,
                    used,
                    book=self,
                    extra_rules=rules,
                    as_of=moment,
                    known_at=self._known_at,
                    around=around,
                )
            )

    # --- baseline ---------------------------------------------------------------------------------

    def set_baseline(self, report: Report) -> tuple[int, int]:
        """Accept what a check found, so that from now on only what is new or worse counts.

        Worse is a graver code; or, for what brings incidents together (R201, R202, C301) or counts
        people (A120, A121), more of them. What is in the baseline already, and was found again,
        keeps its date and is accepted as it is now; what was asked for, and not found any more, is
        taken out. What was not asked for, or is waived, stays.

        Args:
            report: A check of the whole casebook, with all the rules that are going to be asked.

        Returns:
            How many findings are new in the baseline, and how many were taken out.

        Raises:
            ConfigError: If the report is of one case only.
        """
        if report.around is not None:
            raise ConfigError("baseline", f"the report is of the case around {report.around} only.")
        states = report.baseline.states
        with self._store.transaction() as db:
            ledger = self._ledger(db, "accept")
            # A report from before somebody was erased still names them.
            erased = Tombstones(db)
            found = {erased.finding(key): told for key, told in report.accepted().items()}
            before = _baseline.keys(db)
            # What graver findings tell now is accepted with them.
            over = {key for key in before - found.keys() if states.get(key) in _OVER}
            _baseline.forget(ledger, over)
            _baseline.accept(ledger, found)
            ledger.flush()
        return len(found.keys() - before), len(over)

    def clear_baseline(self) -> int:
        """Take everything out of the baseline, and return how many findings that were."""
        with self._store.transaction() as db:
            ledger, findings = self._ledger(db, "accept"), _baseline.keys(db)
            _baseline.forget(ledger, findings)
            ledger.flush()
        return len(findings)

    def baseline(self) -> dict[str, tuple[str, datetime]]:
        """Return the baseline: of each finding's key, the code that was accepted and since when."""
        with self._store.reading() as db:
            rows = db.execute("SELECT finding, code, since FROM baseline ORDER BY finding")
            return {key: (code, _forms.moment(since)) for key, code, since in rows.fetchall()}

    # --- graph ------------------------------------------------------------------------------------

    def graph(
        self,
        around: str | Iterable[str] | None = None,
        *,
        also: Iterable[str] = (),
        as_of: datetime | Day | str | None = None,
    ) -> networkx.MultiDiGraph:
        """Return the casebook, or the case around a record, as a graph.

        Args:
            around: The id of a record, or of several: their case is what `check(around=...)` looks
                at, with the incidents before and after of the same failure.
            also: Ids of what else is in the case: the `path` of a finding may lead out of it.
            as_of: What had happened by then, as a check sees it; a `Day` counts to its end. Of
                each record only what had happened to it is there. By default everything on file.

        Raises:
            UnknownRecord: If a record `around` is not on file.
            InvalidTime: If `as_of` is no time.

        Example:
            >>> import remedy
            >>> book = remedy.examples.load("twice-shipped-collect")
            >>> "INC-2" in book.graph(around="INC-1")
            True
            >>> "INC-2" in book.graph(around="INC-1", as_of=remedy.Day("2026-02-18", "+01:00"))
            False
        """
        from remedy import graph

        moment = None if as_of is None else _moment(as_of, "graph")
        with self._store.blaming_the_file():
            return graph.of_casebook(self, around=around, also=also, as_of=moment)


@contextlib.contextmanager
def _reading_history() -> Iterator[None]:
    """Say that the history is damaged where nothing can be made of what it says."""
    try:
        yield
    except (RemedyError, sqlite3.Error):
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        raise UnreadableRecord("the", "history", f"{error!r}.") from error


def check(book: Casebook, **options: Any) -> Report:
    """Check a casebook. The options are those of `Casebook.check`.

    Example:
        >>> import remedy
        >>> book = remedy.examples.load("twice-shipped-collect")
        >>> report = remedy.check(book)
        >>> [(finding.subject, finding.code) for finding in report.findings][:2]
        [('INC-1', 'A110'), ('INC-2', 'R204')]
    """
    return book.check(**options)


def _moment(as_of: datetime | Day | str, method: str, name: str = "as_of") -> datetime:
    try:
        return _coerce.needed_deadline(as_of)
    except _coerce.Refused as refused:
        raise InvalidTime(method, name, as_of, refused.problem) from None


def _needs_reason(reason: str, method: str) -> None:
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidRecord(method, "reason", reason, "say why: it stays on record.")
    if not storable(reason):
        raise InvalidRecord(method, "reason", reason, "holds characters that no file can hold.")
