"""Connections and transactions. Decisions 2, 3, 4 and 8 of the store."""

import gc
import multiprocessing
import os
import sqlite3
import threading
import time

import pytest

import remedy
from remedy import Action, Cause, Complaint, Customer, Incident
from remedy.errors import (
    CannotOpen,
    CasebookBusy,
    CasebookError,
    DanglingReference,
    NotACasebook,
    ReadOnlyCasebook,
)

AT = "2026-03-02T09:00+01:00"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "quality.db"


@pytest.fixture
def book(path):
    with remedy.open(path, actor="test", timeout=0.05) as book:
        yield book


@pytest.fixture
def other(path, book):
    """A second connection to the same file, as another program would have it."""
    connection = sqlite3.connect(path, timeout=0.05, isolation_level=None)
    yield connection
    connection.close()


def ids(book, kind=None):
    return [record.id for record in book.records(kind)]


class Stop(Exception):
    pass


# --- all or nothing -------------------------------------------------------------------------------


def test_a_call_writes_all_of_its_records_or_none(book):
    """Decision 4."""
    with pytest.raises(DanglingReference):
        book.record(Customer(id="C-1"), Complaint(made=AT, incident="INC-9"))
    assert ids(book) == []


def test_a_transaction_writes_all_of_its_calls_or_none(book):
    """Decision 4."""
    with pytest.raises(Stop), book.transaction():
        book.record(Customer(id="C-1"))
        book.link("C-1", aliases=remedy.Alias(source="crm", external_id="1"))
        assert ids(book) == ["C-1"]
        raise Stop
    assert ids(book) == []
    with book.transaction() as same:
        assert same is book
        book.record(Customer(id="C-1"))
    assert ids(book) == ["C-1"]


def test_of_a_nested_transaction_only_the_inner_part_is_undone(book):
    """Decision 4: savepoints inside."""
    with book.transaction():
        book.record(Customer(id="C-1"))
        with pytest.raises(Stop), book.transaction():
            book.record(Customer(id="C-2"))
            raise Stop
        with pytest.raises(DanglingReference):
            book.record(Customer(id="C-3"), Complaint(made=AT, incident="INC-9"))
        with pytest.raises(DanglingReference):
            book.record_many([Customer(id="C-4"), Complaint(made=AT, incident="INC-9")])
        book.record(Customer(id="C-5"))
    assert ids(book) == ["C-1", "C-5"]


def test_nothing_is_left_open_after_a_failure(book, other):
    with pytest.raises(Stop), book.transaction():
        raise Stop
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")


def test_what_was_acknowledged_is_on_disk(book, path):
    book.record(Customer(id="C-1"))
    with remedy.open(path, read_only=True) as again:
        assert ids(again) == ["C-1"]


def test_a_bulk_load_leaves_the_connection_as_it_was(book):
    """Decision 8: foreign keys are off for the load only, and the cache is large for it only."""
    before = book._store.db.execute("PRAGMA cache_size").fetchone()
    seen = []

    def stream():
        yield from (Customer(id=f"C-{n}") for n in range(5_000))
        for name in ("foreign_keys", "cache_size"):
            seen.append(book._store.db.execute(f"PRAGMA {name}").fetchone()[0])
        raise Stop

    with pytest.raises(Stop):
        book.record_many(stream())
    assert seen[0] == 0
    assert seen[1] <= -64 * 1024
    assert book._store.db.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert book._store.db.execute("PRAGMA cache_size").fetchone() == before
    assert ids(book) == []


# --- locks ----------------------------------------------------------------------------------------


def test_a_writer_waits_for_the_time_out_and_no_longer(book, other):
    """Decision 4: BEGIN IMMEDIATE; decision 3: the time-out is the caller's."""
    other.execute("BEGIN IMMEDIATE")
    started = time.perf_counter()
    with pytest.raises(CasebookBusy, match="was not done within 0.05 s. Nothing was written") as e:
        book.record(Customer(id="C-1"))
    assert isinstance(e.value, TimeoutError)
    assert time.perf_counter() - started < 2
    other.execute("ROLLBACK")
    book.record(Customer(id="C-1"))


def test_a_write_takes_the_lock_at_its_beginning(book, other):
    """Decision 4: with a deferred BEGIN two readers who both want to write fail."""
    with book.transaction():
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        book.record(Customer(id="C-1"))


def _count(path, number, times):
    with remedy.open(path, timeout=60) as book:
        for step in range(times):
            with book.transaction():
                before = book.get("C-0").attributes["count"]
                book.amend("C-0", attributes={"count": before + 1}, reason="counting")
                book.record(Customer(id=f"C-{number}-{step}"))


def test_writers_in_several_processes_wait_and_lose_nothing(path):
    """Decision 4: no lost updates."""
    with remedy.open(path) as book:
        book.record(Customer(id="C-0", attributes={"count": 0}))
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count, args=(path, n, 12)) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with remedy.open(path, read_only=True) as book:
        assert book.get("C-0").attributes == {"count": 36}
        assert len(ids(book)) == 37


@pytest.mark.behind_its_back
def test_no_iterator_holds_a_lock_between_two_records(book, other):
    """Decision 2: in DELETE mode an open SELECT blocks a commit."""
    book.record_many(Customer(id=f"C-{number:04}") for number in range(1_200))
    for iterator in (book.records(Customer), book.records()):
        next(iterator)
        other.execute("UPDATE customer SET name = 'x' WHERE id = 'C-0000'")
        assert len(list(iterator)) == 1_199


@pytest.mark.behind_its_back
def test_no_report_holds_a_lock(book, other):
    """Decision 2."""
    book.record(Incident(id="INC-1", occurred=AT, customers="C-1"))
    findings = iter(book.check(profile="capa").findings)
    next(findings)
    apologies = iter(book.check(around="INC-1").apologies)
    other.execute("UPDATE customer SET name = 'x'")
    assert list(findings) is not None
    assert list(apologies) == []


def test_while_a_snapshot_is_read_one_state_is_seen(path):
    book = remedy.open(path, journal="wal-insist", timeout=0.05)
    book.record(Customer(id="C-1"))
    with remedy.open(path, journal="wal-insist") as writer:
        with book.snapshot() as same:
            assert same is book
            assert ids(book) == ["C-1"]
            writer.record(Customer(id="C-2"))
            with book.snapshot():
                assert ids(book) == ["C-1"]
        assert ids(book) == ["C-1", "C-2"]
    book.close()


def test_a_snapshot_begins_where_it_says(path):
    book = remedy.open(path, journal="wal-insist", timeout=0.05)
    with remedy.open(path, journal="wal-insist") as writer, book.snapshot():
        writer.record(Customer(id="C-1"))
        assert ids(book) == []
    book.close()


@pytest.mark.behind_its_back
def test_in_the_delete_journal_a_writer_waits_for_a_snapshot(book, other):
    book.record(Customer(id="C-1"))
    with book.snapshot():
        ids(book)
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE customer SET name = 'x'")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("COMMIT")
        other.execute("ROLLBACK")
    other.execute("UPDATE customer SET name = 'x'")


def test_what_is_written_inside_a_snapshot_is_refused_and_not_lost(book):
    with book.snapshot():
        with pytest.raises(ReadOnlyCasebook, match="read as of one moment. Write after the snaps"):
            book.record(Customer(id="C-1"))
        with pytest.raises(ReadOnlyCasebook):
            book.record_many([Customer(id="C-1")])
    book.record(Customer(id="C-1"))
    assert ids(book) == ["C-1"]


def test_a_snapshot_inside_a_transaction_sees_what_was_written(book):
    with book.transaction():
        book.record(Customer(id="C-1"))
        with book.snapshot():
            assert ids(book) == ["C-1"]
        book.record(Customer(id="C-2"))
    assert ids(book) == ["C-1", "C-2"]


# --- threads and processes ------------------------------------------------------------------------


def in_threads(count, function):
    failures = []

    def guarded(number):
        try:
            function(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("memory", [True, False])
def test_threads_share_a_casebook(path, memory):
    """Decision 3: a connection for each thread; in memory one for all, locked."""
    with remedy.open(":memory:" if memory else path, timeout=30) as book:
        connections = set()

        def work(number):
            for step in range(10):
                with book.transaction():
                    book.record(Customer(id=f"C-{number}-{step}"))
                assert book.get(f"C-{number}-{step}")
            connections.add(book._store.db.conn)

        in_threads(4, work)
        assert len(ids(book)) == 40
        assert len(connections) == (1 if memory else 4)
        assert (book._store.db.conn in connections) is memory


def test_in_memory_a_transaction_of_one_thread_is_not_mixed_with_anothers(path):
    """Decision 3: locked."""
    book = remedy.open(":memory:")
    inside = threading.Event()

    def undone(_):
        with pytest.raises(Stop), book.transaction():
            book.record(Customer(id="C-1"))
            inside.set()
            time.sleep(0.05)
            raise Stop

    def kept(_):
        inside.wait()
        book.record(Customer(id="C-2"))

    in_threads(2, lambda number: (undone, kept)[number](number))
    assert ids(book) == ["C-2"]


def test_the_connection_of_a_thread_goes_with_the_thread(book):
    book.record(Customer(id="C-1"))
    before = len(book._store._open)
    in_threads(3, lambda _: ids(book))
    gc.collect()
    assert len(book._store._open) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_leaves_the_connections_of_its_parent_alone(path):
    """Decision 3: abandoned, never closed."""
    with remedy.open(path, timeout=30) as book:
        book.record(Customer(id="C-1"))
        parents = [book._store.db.conn]
        waiting, done = threading.Event(), threading.Event()

        def other_thread(_=None):
            parents.append(book._store.db.conn)
            waiting.set()
            done.wait()

        thread = threading.Thread(target=other_thread)
        thread.start()
        waiting.wait()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover - the child has no coverage of its own
            told = b"ok"
            try:
                book.record(Customer(id="C-2"))
                assert book._store.db.conn not in parents
                book.close()
                for connection in parents:
                    _ = connection.in_transaction  # raises if it was closed
            except BaseException as error:
                told = repr(error).encode()
            os.write(writer, told)
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writer)
        with os.fdopen(reader) as answer:
            assert answer.read() == "ok"
        done.set()
        thread.join()
        assert ids(book) == ["C-1", "C-2"]
        book.record(Customer(id="C-3"))


# --- what SQLite says -----------------------------------------------------------------------------


def raised(code, kind=sqlite3.OperationalError):
    error = kind("as SQLite says")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (raised(sqlite3.SQLITE_BUSY), CasebookBusy, "somebody else is using it"),
        (
            raised(sqlite3.SQLITE_BUSY | 2 << 8),
            CasebookBusy,
            "Try again when they are done; in Python, timeout=",
        ),
        (raised(sqlite3.SQLITE_LOCKED), CasebookBusy, "Nothing was written"),
        (raised(sqlite3.SQLITE_READONLY), ReadOnlyCasebook, "it, or its folder, is read-only"),
        (raised(sqlite3.SQLITE_PERM), ReadOnlyCasebook, "cannot be written"),
        (raised(sqlite3.SQLITE_FULL), CasebookError, "the disk is full. Nothing of this call"),
        (raised(sqlite3.SQLITE_CANTOPEN), CannotOpen, "cannot be opened"),
        (raised(sqlite3.SQLITE_IOERR | 10 << 8), CasebookError, "the disk failed (as SQLite says)"),
        (raised(sqlite3.SQLITE_CORRUPT, sqlite3.DatabaseError), NotACasebook, "is damaged"),
        (raised(sqlite3.SQLITE_NOTADB, sqlite3.DatabaseError), NotACasebook, "Go back to a backup"),
    ],
    ids=range(10),
)
def test_what_sqlite_says_becomes_an_error_that_says_what_to_do(book, error, kind, text):
    with pytest.raises(kind) as caught, book._store.translated():
        raise error
    assert text in str(caught.value)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (sqlite3.SQLITE_READONLY_ROLLBACK, "was left by a program that was stopped while it wrote"),
        (sqlite3.SQLITE_READONLY_CANTINIT, "is in WAL mode, in which readers write beside it"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "is in WAL mode, in which readers write beside it"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "cannot be written: it, or its folder, is read-only"),
    ],
)
def test_why_a_file_cannot_be_read_without_writing_is_told(tmp_path, code, text):
    remedy.open(tmp_path / "q.db").close()
    with remedy.open(tmp_path / "q.db", read_only=True) as book:
        with pytest.raises(ReadOnlyCasebook) as caught, book._store.translated():
            raise raised(code)
        assert text in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("no such table: x"),
        raised(sqlite3.SQLITE_ERROR),
        raised(sqlite3.SQLITE_CONSTRAINT, sqlite3.IntegrityError),
        Stop(),
    ],
    ids=range(4),
)
def test_other_errors_stay_as_they_are(book, error):
    with pytest.raises(type(error)) as caught, book._store.translated():
        raise error
    assert caught.value is error


def test_a_full_disk_undoes_the_call(book):
    """SQLite rolls back by itself then; all or nothing holds."""
    db = book._store.db
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(CasebookError, match="the disk is full"):
        book.record_many(Customer(id=f"C-{n}", name="x" * 500) for n in range(2_000))
    db.execute("PRAGMA max_page_count = 1073741823")
    assert ids(book) == []
    book.record(Customer(id="C-1"))


def test_a_bulk_load_inside_a_transaction_is_a_part_of_it(book):
    with pytest.raises(Stop), book.transaction():
        book.record_many(Incident(id=f"INC-{n}", occurred=AT) for n in range(600))
        book.record_many([Cause(id="CAU-1", found=AT)])
        book.ingest([Action(id="ACT-1", kind="corrective", decided=AT)])
        assert len(ids(book)) == 602
        raise Stop
    assert ids(book) == []


def test_a_snapshot_ends_well_where_sqlite_has_ended_it_before(book):
    with book.snapshot():
        book._store.db.execute("ROLLBACK")
    book.record(Customer(id="C-1"))


def test_a_journal_that_cannot_be_changed_for_another_reason_says_so(book):
    class ReadOnlyDisk:
        def execute(self, sql):
            if "=" in sql:
                raise raised(sqlite3.SQLITE_READONLY)
            return self

        def fetchone(self):
            return ("wal",)

    book._store._journal = "delete"
    with pytest.raises(ReadOnlyCasebook), book._store.translated():
        book._store._choose_journal(ReadOnlyDisk())
