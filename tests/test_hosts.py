"""A casebook inside other programs: threads, event loops, forked workers, a load beside readers."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import remedy
from remedy import Customer, Incident, _raw
from remedy.errors import CasebookBusy, CasebookError
from tests.given import coded

BESIDE = float(os.environ.get("REMEDY_BESIDE_SECONDS", "2"))


@pytest.fixture(params=["file", "memory"])
def book(request, tmp_path):
    path = tmp_path / "q.db" if request.param == "file" else ":memory:"
    with remedy.open(path, actor="crm", timeout=60) as book:
        yield book


def test_one_object_serves_all_threads_of_a_web_application(book):
    """Each request writes in the name of who is logged in, and reads what it wrote."""

    def request(number):
        mine = book.acting_as(f"user {number % 5}")
        mine.record(coded(f"INC-{number}", customers=f"C-{number % 7}"))
        with mine.transaction():
            mine.amend(f"INC-{number}", title="seen", reason="read it")
            assert mine.get(f"INC-{number}").title == "seen"
        report = mine.check(around=f"INC-{number}")
        assert report.around == f"INC-{number}"
        return [change.actor for change in mine.history(f"INC-{number}")]

    with ThreadPoolExecutor(8) as pool:
        actors = list(pool.map(request, range(60)))
    assert actors == [[f"user {number % 5}"] * 2 for number in range(60)]
    assert book.verify().is_right


def test_an_event_loop_hands_the_work_to_threads(book):
    async def request(number):
        await asyncio.to_thread(book.record, coded(f"INC-{number}"))
        return await asyncio.to_thread(book.get, f"INC-{number}")

    async def serve():
        return await asyncio.gather(*(request(number) for number in range(30)))

    assert [record.id for record in asyncio.run(serve())] == [f"INC-{n}" for n in range(30)]


def test_a_task_that_is_cancelled_leaves_nothing_half_written(tmp_path):
    """The thread goes on to the end of its write: it is there as a whole, or not at all."""
    with remedy.open(tmp_path / "q.db", timeout=60) as book:

        async def serve():
            task = asyncio.create_task(
                asyncio.to_thread(book.record_many, (coded(f"INC-{n}") for n in range(5_000)))
            )
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(serve())
        assert len(list(book.records(Incident))) in (0, 5_000)
        assert not book._store.in_transaction


@pytest.mark.parametrize(
    "error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError]
)
def test_no_transaction_stays_open_after_an_error_of_the_host(book, error):
    def rows():
        yield from (coded(f"INC-{n}") for n in range(700))
        raise error

    for write in (
        lambda: book.record_many(rows()),
        lambda: book.ingest(rows()),
        lambda: book.record(coded("INC-0"), *rows()),
    ):
        with pytest.raises(error):
            write()
        assert not book._store.in_transaction
    with pytest.raises(error), book.transaction():
        book.record(coded("INC-1"))
        raise error
    with pytest.raises(error), book.snapshot():
        raise error
    assert not book._store.in_transaction
    assert list(book.records()) == []
    book.record(coded("INC-1"))


def test_a_generator_that_nobody_finishes_holds_nothing(book):
    book.record_many(coded(f"INC-{n:04}") for n in range(1_200))
    records = book.records(Incident)
    next(records)
    book.record(coded("INC-x"))
    del records
    assert not book._store.in_transaction


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_a_forked_worker_has_connections_of_its_own(tmp_path):
    with remedy.open(tmp_path / "q.db", timeout=60) as book:
        book.record(Customer(id="C-0"))
        children = []
        for number in range(4):
            child = os.fork()
            if child == 0:
                try:
                    for each in range(10):
                        book.record(Customer(id=f"C-{number}-{each}"))
                except BaseException:
                    os._exit(1)
                os._exit(0)
            children.append(child)
        for each in range(10):
            book.record(Customer(id=f"parent-{each}"))
        assert [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children] == [0] * 4
        assert len(list(book.records(Customer))) == 51
        assert book.verify().is_right


def test_the_time_out_of_the_caller_holds(tmp_path):
    path = tmp_path / "q.db"
    with remedy.open(path) as holder, remedy.open(path, timeout=0.3) as book:
        free, held = threading.Event(), threading.Event()

        def hold():
            with holder.transaction():
                held.set()
                free.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        for write in (
            lambda: book.record(Customer(id="C-1")),
            lambda: book.record_many(Customer(id=f"C-{n}") for n in range(600)),
            lambda: book.configure(grace="3 days"),
        ):
            begin = time.monotonic()
            with pytest.raises(CasebookBusy):
                write()
            assert time.monotonic() - begin < 3
        free.set()
        thread.join()
        book.record(Customer(id="C-1"))


def test_readers_go_on_beside_a_long_load(tmp_path):
    """In WAL mode: five minutes of it with REMEDY_BESIDE_SECONDS=300.

    They see the state from before it until it ends, and the whole of it then.
    """
    path = tmp_path / "q.db"
    with remedy.open(path, journal="wal-insist", timeout=5) as book:
        book.record_many(coded(f"OLD-{n:04}", customers=f"C-{n % 9}") for n in range(1_000))
        seen, waited, failed = [], [], []
        stop = threading.Event()

        def read():
            try:
                with remedy.open(path, read_only=True, timeout=1) as reader:
                    while not stop.is_set():
                        begin = time.monotonic()
                        with reader.snapshot():
                            count = "SELECT count(*) FROM incident WHERE process = 'q'"
                            seen.append(reader._store.db.execute(count).fetchone()[0])
                            reader.check(around="OLD-0007")
                        waited.append(time.monotonic() - begin)
                        time.sleep(0.01)
            except BaseException as error:
                failed.append(error)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        written = 0

        def rows():
            nonlocal written
            end = time.monotonic() + BESIDE
            while time.monotonic() < end or not seen:
                written += 1
                yield coded(f"NEW-{written:09}", process="q", customers=f"C-{written % 9999}")

        try:
            loaded = book.record_many(rows())
            time.sleep(0.3)
        finally:
            stop.set()
            for reader in readers:
                reader.join()
    assert failed == []
    assert loaded >= written
    assert set(seen) <= {0, written}
    assert seen[0] == 0
    assert len(waited) > 2


def in_another_process(path, code, journal="delete"):
    """Run a few lines on the casebook in a program of its own, and return what it prints."""
    opening = f"book = remedy.open({str(path)!r}, actor='other', timeout=0.2, journal={journal!r})"
    ran = subprocess.run(
        [sys.executable, "-c", f"import remedy.errors\n{opening}\n{code}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.stdout.strip() or ran.stderr.strip()


TRY_TO_WRITE = """
try:
    book.record(remedy.Customer(id="C-2"))
    print("written")
except remedy.errors.CasebookBusy:
    print("busy")
"""


@pytest.mark.parametrize("journal", ["delete", "wal-insist"])
@pytest.mark.parametrize(
    "look", [lambda path: remedy.open(path, read_only=True).close(), remedy.diagnose]
)
def test_whoever_opens_it_once_more_in_the_process_leaves_its_locks(tmp_path, journal, look):
    """POSIX drops all locks of a process on a file that it closes once."""
    path = tmp_path / "q.db"
    remedy.open(path, journal=journal).close()
    with remedy.open(path, actor="crm", journal=journal) as book:
        with book.transaction():
            book.record(Customer(id="C-1"))
            look(path)
            assert in_another_process(path, TRY_TO_WRITE, journal) == "busy"
        look(path)
        # The last to leave a file in WAL mode takes its journal away, but this one is still here.
        assert in_another_process(path, TRY_TO_WRITE + "book.close()", journal) == "written"
        book.record(Customer(id="C-3"))
    listing = "print([each.id for each in book.records(remedy.Customer)])"
    assert in_another_process(path, listing, journal) == "['C-1', 'C-2', 'C-3']"


@pytest.mark.parametrize("journal", ["delete", "wal-insist"])
def test_workers_may_open_the_casebook_for_each_request(tmp_path, journal):
    path = tmp_path / "q.db"
    with remedy.open(path, journal=journal) as book:
        book.record(Customer(id="C-1", attributes={"count": 0}))
    code = f"""
import threading
options = {{"actor": "worker", "timeout": 60, "journal": {journal!r}}}
def serve():
    for _ in range(8):
        with remedy.open(book.path, **options) as own, own.transaction():
            count = own.get("C-1").attributes["count"]
            own.amend("C-1", attributes={{"count": count + 1}}, reason="one more")
threads = [threading.Thread(target=serve) for _ in range(3)]
[each.start() for each in threads]
[each.join() for each in threads]
"""
    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(lambda _: in_another_process(path, code, journal), range(3)))
    assert told == [""] * 3
    with remedy.open(path, read_only=True) as book:
        assert book.get("C-1").attributes == {"count": 3 * 3 * 8}


def test_a_thread_that_comes_later_writes_to_the_same_file(tmp_path, monkeypatch):
    """Whatever folder the process has gone to since."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        remedy.open(tmp_path / name / "q.db").close()
    monkeypatch.chdir(tmp_path / "here")
    with remedy.open("q.db") as book:
        monkeypatch.chdir(tmp_path / "there")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(book.record, Customer(id="C-1")).result()
        assert book.get("C-1")
    with remedy.open("q.db", read_only=True) as other:
        assert list(other.records(Customer)) == []


def leave_with(code):
    sys.exit(code)


@pytest.mark.parametrize(
    ("leave", "status"), [(lambda: leave_with(3), 3), (lambda: None, 4)], ids=["exit", "the end"]
)
def test_a_forked_child_does_not_end_the_transaction_of_its_parent(tmp_path, leave, status):
    parent = os.getpid()
    with remedy.open(tmp_path / "q.db", actor="crm") as book:
        try:
            with book.transaction():
                book.record(Customer(id="C-1"))
                child = os.fork()
                if child:
                    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                else:
                    leave()
        except BaseException as error:
            if os.getpid() == parent:
                raise
            refused = "of the process that this one was forked from" in str(error)
            os._exit(error.code if isinstance(error, SystemExit) else 4 if refused else 5)
        if os.getpid() != parent:
            os._exit(6)
        assert ended == status
        assert book.get("C-1")
        assert book.verify().is_right


def test_a_copy_waits_no_longer_than_the_caller_says(tmp_path):
    path = tmp_path / "q.db"
    with remedy.open(path, timeout=0.2) as book:
        book.record(Customer(id="C-1"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(CasebookBusy, match=r"was not done within 0\.2 s"):
            book.backup(tmp_path / "copy.db")
        assert time.monotonic() - began < 2
        other.close()
        assert sorted(each.name for each in tmp_path.iterdir()) == ["q.db"]


def test_a_thread_waits_for_a_casebook_in_memory_no_longer_than_the_caller_says():
    with remedy.open(timeout=0.1) as book, ThreadPoolExecutor(1) as pool:
        with book.transaction(), pytest.raises(CasebookBusy):
            pool.submit(book.record, Customer(id="C-1")).result()
        pool.submit(book.record, Customer(id="C-1")).result()
        assert book.get("C-1")


def test_what_one_task_writes_is_no_part_of_the_transaction_of_another(book):
    """Tasks of an event loop share a thread, and so a connection."""

    async def one(begun, tried):
        with book.transaction():
            book.record(Customer(id="C-1"))
            begun.set()
            await tried.wait()
            book.record(Customer(id="C-2"))

    async def other(begun, tried):
        await begun.wait()
        for use in (
            lambda: book.record(Customer(id="C-3")),
            lambda: book.get("C-1"),
            lambda: book.transaction().__enter__(),
        ):
            with pytest.raises(CasebookError, match="of another task of this event loop"):
                use()
        tried.set()

    async def serve():
        begun, tried = asyncio.Event(), asyncio.Event()
        await asyncio.gather(one(begun, tried), other(begun, tried))
        book.record(Customer(id="C-4"))

    asyncio.run(serve())
    assert [each.id for each in book.records(Customer)] == ["C-1", "C-2", "C-4"]


FILES = Path("/proc/self/fd")


@pytest.mark.skipif(not FILES.is_dir(), reason="needs /proc")
def test_to_open_it_again_and_again_costs_no_more_descriptors(tmp_path):
    path = tmp_path / "q.db"
    remedy.open(path).close()

    def count():
        """How often the process has the file open."""
        found = 0
        for each in FILES.iterdir():
            with contextlib.suppress(OSError):
                found += each.samefile(path)
        return found

    with remedy.open(path) as book:
        book.record(Customer(id="C-1"))
        before = count()
        for _ in range(20):
            remedy.open(path, read_only=True).close()
            remedy.diagnose(path)
        # SQLite keeps some of its own for the next who opens the file.
        assert count() <= before + 2
    assert count() == 0


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_can_open_casebooks_whatever_other_threads_were_reading_when_it_was_forked(
    tmp_path,
):
    path = tmp_path / "q.db"
    remedy.open(path).close()
    reading, forked = threading.Event(), threading.Event()

    def read():
        with _raw._lock:
            reading.set()
            forked.wait()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(read)
        reading.wait()
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                remedy.open(path, read_only=True).close()
                os._exit(0)
            os._exit(1)
        begun, ended = time.monotonic(), 0
        while not ended and time.monotonic() - begun < 20:
            ended, status = os.waitpid(child, os.WNOHANG)
            time.sleep(0.01)
        forked.set()
        if not ended:
            os.kill(child, signal.SIGKILL)
    assert ended == child
    assert status == 0
