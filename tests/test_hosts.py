"""A casebook inside other programs: threads, event loops, forked workers, a load beside readers."""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import remedy
from remedy import Customer, Incident
from remedy.errors import CasebookBusy
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
