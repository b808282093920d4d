"""Where the rows are kept: opening files, connections, transactions.

What is peculiar to SQLite about files and locks stands here and in `engines/sqlite.py`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database

from remedy import _raw, _schema
from remedy._format import (
    check_header,
    check_tables,
    create_tables,
    refuse_another_version,
    refuse_foreign,
)
from remedy._placing import beside, settle
from remedy.errors import (
    CannotOpen,
    CasebookBusy,
    CasebookError,
    NotACasebook,
    ReadOnlyCasebook,
    RemedyError,
    RuleError,
    TargetExists,
    shown,
)

__all__ = ["JOURNALS", "Store"]

JOURNALS = ("delete", "wal", "wal-insist")
MEMORY = ":memory:"

_STATEMENTS_KEPT = 512
_CACHE_KIB = 16_384
_BULK_CACHE_KIB = 128 * 1024
_NEEDS_A_FILE_BESIDE = (
    sqlite3.SQLITE_READONLY_CANTINIT,
    sqlite3.SQLITE_READONLY_RECOVERY,
    sqlite3.SQLITE_READONLY_DIRECTORY,
)


def _wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this build of SQLite is free of the race that can corrupt a file in WAL mode."""
    return (
        version < (3, 7, 0)
        or version >= (3, 51, 3)
        or (3, 44, 6) <= version < (3, 45)
        or (3, 50, 7) <= version < (3, 51)
    )


def _wal_is_risky() -> bool:
    return not _wal_is_safe(sqlite3.sqlite_version_info)


def _risk() -> str:
    return f"SQLite {sqlite3.sqlite_version} can corrupt files in WAL mode"


class _Connection(sqlite3.Connection):
    """A connection that can be referred to weakly, and knows whether it holds a snapshot."""

    in_snapshot = False
    in_bulk = False
    began: int | None = None
    """When the transaction began that it is in, in µs since 1970."""
    asked_by: str | None = None
    """The rule whose function is being asked on it."""
    task: object = None
    """The task of an event loop that began the transaction or snapshot that it is in."""


_STORES: weakref.WeakSet[Store] = weakref.WeakSet()
_PINNED: list[list[_Connection]] = []


def _before_fork() -> None:
    # Pinned, so that the child, where the other threads and their connections are gone, closes
    # none of them: that would be closing the parent's files.
    _PINNED.append([connection for store in _STORES for connection in store._open])


def _after_fork_in_child() -> None:  # pragma: no cover - a child of the tests, forked off
    for store in _STORES:
        store._open = weakref.WeakSet()


if hasattr(os, "register_at_fork"):  # pragma: no branch - elsewhere nothing is forked
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_PINNED.pop,
        after_in_child=_after_fork_in_child,
    )


class Store:
    """One casebook's connections and transactions.

    There is one connection for each process and thread, opened when it is first used; a casebook
    in memory has one for all, behind a lock. A forked child leaves its parent's connections alone:
    closing them would drop the parent's locks.

    Args:
        path: The file, or ":memory:"; or "", for a file that nobody else sees and that is gone when
            it is closed.
        read_only: Whether to refuse every write.
        create: Whether to make the file if it is missing.
        timeout: For how many seconds to wait for somebody else's lock.
        journal: "delete", or "wal": readers and one writer do not wait for each other, on one
            machine. "wal-insist" takes WAL on a build of SQLite that is known to be able to
            corrupt such files. By default the file stays in the mode that it is in; a new one is
            in "delete".
        label: What messages call it, where that is not the file.
        migrate: What brings the tables of a file of an older version to those of this one; without
            it such a file is refused.

    Raises:
        CannotOpen: If the file is missing, or is no casebook of this version.
        CasebookBusy: If somebody else holds it for longer than the time-out.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        read_only: bool = False,
        create: bool = True,
        timeout: float = 5.0,
        journal: str | None = None,
        label: str | os.PathLike[str] | None = None,
        migrate: Callable[[Database, int], None] | None = None,
    ) -> None:
        if journal not in (None, *JOURNALS):
            raise CannotOpen(path, f"journal is one of {', '.join(JOURNALS)}, not {journal!r}.")
        if journal == "wal" and _wal_is_risky():
            raise CannotOpen(
                path,
                f"{_risk()} when two programs meet at the wrong moment. Use journal='delete', or "
                f"a newer SQLite (3.51.3, or 3.50.7, or 3.44.6); 'wal-insist' takes the risk.",
            )
        if not isinstance(timeout, (int, float)) or not 0 <= timeout < float("inf"):
            raise CannotOpen(
                path, f"timeout is how many seconds to wait, 0 or more, not {timeout!r}."
            )
        self.in_memory = str(path) in (MEMORY, "")
        self.label = label
        self.path = label or (path if self.in_memory else Path(path))
        # Whole: each thread opens it for itself, and the process may go to another folder.
        self._file = Path(path) if self.in_memory else _whole(Path(path))
        self.identity: tuple[int, int] | None = None
        self.read_only = read_only
        self._why_read_only = "was opened for reading. Open it without read_only."
        self._timeout = timeout
        self._journal = journal
        self._migrate = migrate
        self._local = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._closed = False
        self._lock = threading.RLock()
        self._memory: Database | None = None
        _STORES.add(self)
        if self.in_memory:
            self._memory = self._connect(str(path))
            create_tables(self._memory)
            return
        try:
            self._prepare_file(create)
            with self.translated():
                self.db.execute("SELECT 1 FROM meta LIMIT 1")
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self.close()
            raise NotACasebook(self.path, _damaged(error)) from error
        except BaseException:
            # Who could not open it must not stand in the way of whoever tries next.
            self.close()
            raise

    # --- opening ----------------------------------------------------------------------------------

    def _prepare_file(self, create: bool) -> None:
        path = self._file
        _refuse_impossible(path, self.path)
        if not path.exists():
            if self.read_only or not create:
                raise CannotOpen(
                    self.path,
                    "there is no such casebook. Make one with: remedy init, or create=True.",
                )
            self._create_file(path)
        try:
            state = path.stat()
        except OSError as error:
            raise CannotOpen(self.path, f"cannot be read ({error.strerror}).") from None
        if stat.S_ISDIR(state.st_mode):
            raise CannotOpen(self.path, "is a folder: name the file of a casebook in it.")
        if not stat.S_ISREG(state.st_mode):
            raise CannotOpen(self.path, "is no file: name the file of a casebook.")
        self.identity = state.st_dev, state.st_ino
        _raw.come(self)
        version = check_header(path, self.path)
        with self.translated():
            if version < _schema.SCHEMA_VERSION:
                self._bring_over()
            check_tables(self.db, self.path)

    def _bring_over(self) -> None:
        """Let a file of an older version become one of this, or leave it as it is."""
        if self.read_only or self._migrate is None:
            raise CannotOpen(
                self.path,
                "is of an older version of remedy, and has to be brought over before it is read. "
                "Open it once for writing, which does so: remedy upgrade, or in Python "
                "remedy.open(...). If the file is to stay as it is, do so with a copy.",
            )
        db = self.db
        refuse_foreign(db, self.path)
        db.execute("PRAGMA foreign_keys = OFF")
        # Renaming a table is to change no other one.
        db.execute("PRAGMA legacy_alter_table = ON")
        try:
            with self.transaction(any_version=True):
                (version,) = db.execute("PRAGMA user_version").fetchone()
                if version < _schema.SCHEMA_VERSION:  # Else somebody else has done it meanwhile.
                    self._migrate(db, version)
                    db.execute(f"PRAGMA user_version = {_schema.SCHEMA_VERSION}")
                    check_tables(db, self.path)
        finally:
            db.execute("PRAGMA legacy_alter_table = OFF")
            db.execute("PRAGMA foreign_keys = ON")

    def _create_file(self, path: Path) -> None:
        """Make the whole file, or leave one that somebody else has made meanwhile."""
        with contextlib.suppress(FileExistsError), _made(path, self.path) as half:
            db = self._connect(_address(half, "rw"))
            try:
                create_tables(db)
            finally:
                db.conn.close()

    def _connect(self, target: str) -> Database:
        connection = sqlite3.connect(
            target,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS_KEPT,
            factory=_Connection,
            uri=target not in (MEMORY, ""),
        )
        db = Database(connection, execute_plugins=False, strict=True)
        for pragma in (
            "foreign_keys = ON",
            "recursive_triggers = ON",
            "trusted_schema = OFF",
            "secure_delete = ON",
            "cell_size_check = ON",
            "temp_store = MEMORY",
            f"cache_size = -{_CACHE_KIB}",
        ):
            db.execute(f"PRAGMA {pragma}")
        self._open.add(connection)
        return db

    @property
    def db(self) -> Database:
        """The connection of this process and thread."""
        if self._closed:
            raise CasebookError(self.path, "is closed. Open it again.")
        if self._memory is not None:
            return self._memory
        local = self._local.__dict__
        if local.get("process") != os.getpid():
            mode = "ro" if self.read_only else "rw"
            with self.translated():
                db = self._connect(_address(self._file, mode))
                if not self.read_only:
                    try:
                        self._choose_journal(db)
                    except BaseException:
                        db.conn.close()
                        raise
            local.update(process=os.getpid(), db=db)
        return local["db"]  # type: ignore[no-any-return]

    def _choose_journal(self, db: Database) -> None:
        (current,) = db.execute("PRAGMA journal_mode").fetchone()
        wanted = current if self._journal is None else self._journal.removesuffix("-insist")
        if wanted != current:
            try:
                (chosen,) = db.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                chosen = current
            if chosen != wanted:
                raise CasebookBusy(self.path, _held_in(current, wanted))
        elif self._journal is None and wanted == "wal" and _wal_is_risky():
            raise CannotOpen(
                self.path,
                f"its journal is in wal mode, and {_risk()} when two programs meet at the wrong "
                f"moment. Use a newer SQLite (3.51.3, or 3.50.7, or 3.44.6); or take the risk, "
                f"with journal='wal-insist' or --journal wal-insist; or, while no other program "
                f"has it open, go back with journal='delete' or --journal delete. Reading is safe.",
            )
        # FULL loses nothing in WAL mode; in DELETE mode only EXTRA also syncs the folder, without
        # which the journal of a finished transaction can come back and undo it.
        db.execute(f"PRAGMA synchronous = {'FULL' if wanted == 'wal' else 'EXTRA'}")

    @property
    def is_closed(self) -> bool:
        """Whether it has been closed."""
        return self._closed

    def close(self) -> None:
        """Close the connections of all threads of this process."""
        self._closed = True
        for connection in list(self._open):
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        self._local = threading.local()
        self._memory = None
        _raw.go(self)

    # --- transactions -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what SQLite says into errors that say what to do."""
        try:
            yield
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise self._busy() from error
            if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
                raise ReadOnlyCasebook(self.path, self._why_not(error)) from error
            if code == sqlite3.SQLITE_FULL:
                raise CasebookError(
                    self.path, "the disk is full. Nothing of this call was written."
                ) from error
            if code == sqlite3.SQLITE_CANTOPEN:
                raise CannotOpen(self.path, "cannot be opened.") from error
            if code == sqlite3.SQLITE_IOERR:
                raise CasebookError(
                    self.path, f"the disk failed ({error}). Nothing of this call was written."
                ) from error
            if code == 0 and "decode" in str(error):  # Of the module, and not of SQLite.
                raise NotACasebook(self.path, _damaged("a text is no text")) from error
            raise
        except UnicodeDecodeError as error:  # What SQLite says of a damaged name is damaged, too.
            raise NotACasebook(self.path, _damaged("a name is no text")) from error
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise NotACasebook(self.path, _damaged(error)) from error
            raise

    def _why_not(self, error: sqlite3.OperationalError) -> str:
        """Say why something would have to be written, and cannot."""
        if error.sqlite_errorcode == sqlite3.SQLITE_READONLY_ROLLBACK:
            return (
                "was left by a program that was stopped while it wrote. Open it once for writing, "
                "which puts it back to before that: remedy upgrade, or in Python "
                "remedy.open(...)."
            )
        if self.read_only and error.sqlite_errorcode in _NEEDS_A_FILE_BESIDE:
            return (
                "is in WAL mode, in which readers write beside it, and its folder is read-only. "
                "Read a copy of it, made together with what lies beside it (-wal)."
            )
        return "cannot be written: it, or its folder, is read-only."

    @contextlib.contextmanager
    def blaming_the_file(self) -> Iterator[None]:
        """Look at the file where something unforeseen happens, and say so if it is damaged.

        What is read of a damaged file may be anything, and what comes of it any error.
        """
        try:
            with self.translated():
                yield
        except (RemedyError, sqlite3.Error):
            raise
        except Exception as error:
            with self.reading() as db:
                (state,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise NotACasebook(self.path, _damaged(state)) from error
            raise

    def freeze(self, why: str) -> None:
        """Refuse every write from now on, and say why."""
        self.read_only, self._why_read_only = True, why

    def refuse_if_read_only(self) -> None:
        """Refuse what writes, where nothing may be written.

        Raises:
            ReadOnlyCasebook: If that is so.
        """
        if self.read_only:
            raise ReadOnlyCasebook(self.path, self._why_read_only)

    @contextlib.contextmanager
    def transaction(self, *, any_version: bool = False) -> Iterator[Database]:
        """Write all of what happens inside, or nothing.

        Inside another transaction it is a part of that one, which can fail alone.

        Args:
            any_version: Whether the file may be of another version than when it was opened.
        """
        self.refuse_if_read_only()
        with self._exclusive() as db, self.translated():
            if _own(db).in_snapshot:
                raise ReadOnlyCasebook(
                    self.path, "is being read as of one moment. Write after the snapshot's end."
                )
            if db.conn.in_transaction:
                with db.atomic():
                    yield db
                return
            db.execute("BEGIN IMMEDIATE")
            _own(db).began = time.time_ns() // 1000
            _own(db).task = _task()
            process = os.getpid()
            try:
                if not any_version:
                    refuse_another_version(db, self.path)
                yield db
                self._refuse_in_child(process)
                db.execute("COMMIT")
            except BaseException:
                if process == os.getpid() or self._memory is not None:
                    # Does nothing where SQLite has rolled back by itself, as after some errors.
                    db.conn.rollback()
                raise
            finally:
                _own(db).began = _own(db).task = None

    def _refuse_in_child(self, process: int) -> None:
        """Refuse to end what another process has begun: that would write to its file for it.

        Raises:
            CasebookError: If this one was forked off meanwhile.
        """
        if process != os.getpid() and self._memory is None:
            raise CasebookError(
                self.path,
                "is in a transaction of the process that this one was forked from, and only that "
                "one can end it. End the child with os._exit, or fork before the transaction.",
            )

    @contextlib.contextmanager
    def bulk(self) -> Iterator[Database]:
        """Like `transaction`, for very many rows: references are checked by the writer, at the end.

        SQLite checks each reference when a row comes; while the indexes that it needs for that are
        built afterwards, the time grows with the square of the rows.
        """
        with self._exclusive() as db:
            self.refuse_in_bulk()
            if self.read_only or db.conn.in_transaction:
                with self.transaction() as inner, _loading(inner):
                    yield inner
                return
            try:
                with self.translated():
                    db.execute("PRAGMA foreign_keys = OFF")
                    db.execute(f"PRAGMA cache_size = -{_BULK_CACHE_KIB}")
                with self.transaction() as inner, _loading(inner):
                    yield inner
            finally:
                self._end_bulk(db)

    def refuse_in_bulk(self) -> None:
        """Refuse what the records of a bulk load cannot do while they are read.

        Raises:
            CasebookError: If this comes from within the stream of one.
        """
        if _own(self.db).in_bulk:
            raise CasebookError(
                self.path,
                "is taking in a stream of records, and this comes from within that stream: a "
                "further stream, or a change of the configuration. Do it before, or after.",
            )

    def _end_bulk(self, db: Database) -> None:
        """Let a connection check references again."""
        try:
            db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            db.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:
            # What was written stays written: only this connection cannot be used any more.
            if self._memory is not None:
                raise
            db.conn.close()
            self._local.__dict__.clear()

    def refuse_without_room(self) -> None:
        """Refuse what is going to write the file anew, where the disk has no room for it.

        Raises:
            CasebookError: If there is too little, or a transaction is open.
        """
        if self.in_memory:
            return
        if self.in_transaction:
            raise CasebookError(
                self.path, "is written anew at the end of this, which no transaction can hold."
            )
        path = self._file
        needed, free = 2 * path.stat().st_size, shutil.disk_usage(path.absolute().parent).free
        if free < needed:
            raise CasebookError(
                self.path,
                f"is written anew at the end of this, for which {needed / 1e6:,.0f} MB have to be "
                f"free beside it; {free / 1e6:,.0f} MB are. Nothing was changed.",
            )

    def copy_to(self, path: Path, look: Callable[[Database], None]) -> None:
        """Write one state of the casebook to a new file, whatever is written meanwhile.

        Nobody sees half of it: it is made beside its place, and linked there when it is whole.

        Args:
            path: The new file.
            look: Is called with a connection to the copy, before it is put in its place.

        Raises:
            TargetExists: If there is a file already.
            CannotOpen: If it cannot be made there.
        """
        _refuse_impossible(path, path)
        if self.in_transaction:
            raise CasebookError(
                self.path, "is copied as it is on file: end the transaction before."
            )
        if path.exists():
            raise TargetExists(path, replaceable=False)
        try:
            self._copy_to(path, look)
        except FileExistsError:
            raise TargetExists(path, replaceable=False) from None

    def _copy_to(self, path: Path, look: Callable[[Database], None]) -> None:
        with _made(path, path) as half:
            with self._exclusive() as db, self.translated():
                to = sqlite3.connect(half)
                try:
                    db.conn.backup(to, progress=self._no_longer_than())
                    # One file, with nothing beside it, in whatever mode the casebook is.
                    to.execute("PRAGMA journal_mode = DELETE")
                finally:
                    to.close()
            copy = Store(half, read_only=True, create=False, label=path)
            try:
                with copy.snapshot() as db:
                    look(db)
            finally:
                copy.close()

    def _no_longer_than(self) -> Callable[[int, int, int], None]:
        """Return what ends a copy when the time-out is over: by itself it tries again for ever."""
        until = time.monotonic() + self._timeout

        def go_on(status: int, _remaining: int, _total: int) -> None:
            if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() >= until:
                raise self._busy()

        return go_on

    def _busy(self) -> CasebookBusy:
        return CasebookBusy(
            self.path,
            f"somebody else is using it, and was not done within {self._timeout:g} s. Nothing was "
            f"written. Try again when they are done; in Python, timeout=... says how long to wait.",
        )

    def compact(self) -> bool:
        """Write the file anew, so that nothing is left of what was deleted; say if it was done.

        It is not while somebody else reads.

        Raises:
            CasebookError: If a transaction is open, or the disk is full or fails.
        """
        with self._exclusive() as db:
            if db.conn.in_transaction:
                raise CasebookError(
                    self.path, "is written anew by this, which no transaction can hold."
                )
            try:
                with self.translated():
                    # What it is put together in would be in memory else: all of it.
                    db.execute("PRAGMA temp_store = FILE")
                    try:
                        db.execute("VACUUM")
                        busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                    finally:
                        db.execute("PRAGMA temp_store = MEMORY")
            except CasebookBusy:
                return False
            return not busy

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Database]:
        """Read one state of the casebook, whatever is written meanwhile."""
        with self._exclusive() as db, self.translated():
            if db.conn.in_transaction:
                yield db
                return
            db.execute("BEGIN")
            _own(db).in_snapshot = True
            _own(db).task = _task()
            try:
                # A deferred transaction sees nothing before its first read.
                db.execute("SELECT 1 FROM meta LIMIT 1").fetchone()
                yield db
            finally:
                _own(db).in_snapshot = False
                _own(db).task = None
                # Does nothing where SQLite has rolled back by itself, as after some errors.
                db.conn.rollback()

    @contextlib.contextmanager
    def asking(self, code: str) -> Iterator[None]:
        """Ask the function of a rule, which cannot lay other relations over the same connection."""
        connection = _own(self.db)
        connection.asked_by = code
        try:
            yield
        finally:
            connection.asked_by = None

    def refuse_inside_a_rule(self) -> None:
        """Refuse what lays relations, where a rule's function is being asked.

        Raises:
            RuleError: If one is.
        """
        with self._exclusive() as db:
            code = _own(db).asked_by
        if code is not None:
            raise RuleError(
                code,
                "its function checks the casebook that it is given, or looks up what stands behind "
                "an apology, in the middle of the check that asks it. Read records there; or make "
                "that check first, and let the function use its report.",
            )

    @contextlib.contextmanager
    def reading(self) -> Iterator[Database]:
        """Use the connection for single statements."""
        with self._exclusive() as db, self.translated():
            yield db

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside a transaction or a snapshot."""
        with self._exclusive() as db:
            return db.conn.in_transaction

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[Database]:
        if self._memory is None:
            self._refuse_other_tasks()
            yield self.db
        else:
            if not self._lock.acquire(timeout=self._timeout):
                raise self._busy()
            try:
                self._refuse_other_tasks()
                yield self.db
            finally:
                self._lock.release()

    def _refuse_other_tasks(self) -> None:
        """Refuse what would become a part of a transaction that it knows nothing of.

        Tasks of an event loop share a thread, and so a connection.

        Raises:
            CasebookError: If another task has begun the one that is open.
        """
        connection = _own(self.db)
        if connection.in_transaction and connection.task not in (None, _task()):
            raise CasebookError(
                self.path,
                "is in a transaction, or a snapshot, of another task of this event loop, which "
                "waits for something inside it. Do all of a transaction without awaiting: await "
                "asyncio.to_thread(...) with a function that makes it.",
            )


@contextlib.contextmanager
def _made(path: Path, told: object) -> Iterator[Path]:
    """Give a file for nobody but its owner, which gets its place when the block ends well.

    Raises:
        CannotOpen: If none can be made there.
        FileExistsError: If somebody else has made one there meanwhile.
    """
    half = beside(path.absolute())
    with _saying_where(told):
        os.close(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield half
        with _saying_where(told):
            settle(half, path)
    finally:
        half.unlink(missing_ok=True)


@contextlib.contextmanager
def _saying_where(told: object) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise CannotOpen(told, f"cannot be made here ({error.strerror}).") from None


def _address(path: Path, mode: str) -> str:
    """Return how SQLite is to be told of a file, whatever signs its name has."""
    return f"file:{quote(os.fsencode(path))}?mode={mode}"


def _whole(path: Path) -> Path:
    """Return a path that means the same from every folder."""
    try:
        return path.absolute()
    except OSError as error:
        raise CannotOpen(path, f"cannot be looked for from here ({error.strerror}).") from None


def _refuse_impossible(path: Path, told: object) -> None:
    """Refuse what can be the name of no file here, which to some functions is a missing one."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CannotOpen(shown(str(told)), f"cannot be opened ({why}).") from None


def _damaged(how: object) -> str:
    return f"is damaged ({how}). Go back to a backup."


def _held_in(current: str, wanted: str) -> str:
    """Say that a file cannot leave its journal mode, and what can be done."""
    as_it_is, risk = "without saying a mode", ""
    if current == "wal" and _wal_is_risky():
        as_it_is = "with journal='wal-insist' or --journal wal-insist"
        risk = f" ({_risk()})"
    return (
        f"its journal is in {current} mode, and cannot be brought into {wanted} mode while another "
        f"program has the casebook open. Close it there and try again; or open it as it is: "
        f"{as_it_is}{risk}, or for reading only."
    )


def _task() -> object:
    """Return the task of an event loop that runs in this thread, if any."""
    asyncio = sys.modules.get("asyncio")
    try:
        return None if asyncio is None else asyncio.current_task()
    except RuntimeError:  # No event loop runs.
        return None


@contextlib.contextmanager
def _loading(db: Database) -> Iterator[None]:
    _own(db).in_bulk = True
    try:
        yield
    finally:
        _own(db).in_bulk = False


def _own(db: Database) -> _Connection:
    """Return the connection as what `_connect` makes."""
    connection = db.conn
    assert isinstance(connection, _Connection)
    return connection
