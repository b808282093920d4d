"""The worst day of a casebook: killed programs, full disks, damaged files, many writers.

A small run of each is among the ordinary tests; `nox -s faults` does the whole. What is promised of
each, and what was measured, stands in docs/explanation/trust.md.
"""

import functools
import os
import random
import resource
import shutil
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

import remedy
from remedy import Action, Apology, Cause, Complaint, Customer, Promise
from remedy import store as store_module
from remedy.errors import CasebookBusy, CasebookError, ReadOnlyCasebook, RemedyError
from tests import on_file
from tests.given import DAY, incident, there

KILLS = int(os.environ.get("REMEDY_KILLS", "6"))
MUTANTS = int(os.environ.get("REMEDY_MUTANTS", "120"))
WRITES = int(os.environ.get("REMEDY_WRITES", "12"))
EVERY = bool(os.environ.get("REMEDY_EVERY_STATEMENT"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "quality.db"


def forked(work):
    """Do something in a process of its own, and return its number; it ends with os._exit."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        os._exit(1)
    os._exit(0)


def done(child):
    """Wait for a process, and return how it ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# --- killed in the middle -------------------------------------------------------------------------

GROUP = 3
LOAD = 600


def single(book, number):
    book.record(*(Customer(id=f"S-{number}-{each}", name="x" * 200) for each in range(GROUP)))


def bulk(book, number):
    book.record_many(Customer(id=f"B-{number}-{each}", name="x" * 200) for each in range(LOAD))


def amended(book, number):
    book.amend("C-0", attributes={"count": number}, reason="one more")


WRITERS = {"single": (single, "S", GROUP), "bulk": (bulk, "B", LOAD), "amend": (amended, "C", 1)}


@pytest.mark.parametrize("journal", ["delete", "wal-insist"])
@pytest.mark.parametrize("kind", list(WRITERS))
def test_who_is_killed_leaves_nothing_half_written_and_loses_nothing(path, journal, kind):
    """1,000 kills per journal mode: REMEDY_KILLS=334 for each of the three kinds of write."""
    rng = random.Random(f"{journal} {kind}")
    for begin in range(0, KILLS, 25):
        place = path.with_name(f"{begin}.db")
        with remedy.open(place, journal=journal) as book:
            book.record(Customer(id="C-0", attributes={"count": 0}))
        acknowledged = 0
        for _ in range(begin, min(begin + 25, KILLS)):
            acknowledged = killed(place, journal, kind, acknowledged, rng)
        with remedy.open(place, journal=journal) as book:
            assert book.verify().is_right
        place.unlink()


def killed(path, journal, kind, acknowledged, rng):
    """Let a process write, and kill it; return how many of its writes there are."""
    write, letter, size = WRITERS[kind]
    read, tell = os.pipe()

    def work():
        with remedy.open(path, journal=journal, timeout=30) as book:
            number = acknowledged
            while True:
                number += 1
                write(book, number)
                os.write(tell, b".")

    child = forked(work)
    os.close(tell)
    # Sooner or later: while it opens, in the first write, in one of the next.
    told = len(os.read(read, 1)) if rng.random() < 0.5 else 0
    time.sleep(rng.choice([0.005, 0.02, 0.05]) + rng.random() * 0.03)
    os.kill(child, signal.SIGKILL)
    assert done(child) == -signal.SIGKILL
    while more := os.read(read, 65_536):
        told += len(more)
    os.close(read)
    with remedy.open(path, journal=journal, timeout=30) as book:
        if kind == "amend":
            found = book.get("C-0").attributes["count"]
        else:
            groups = Counter(
                record.id.split("-")[1]
                for record in book.records(Customer)
                if record.id.startswith(letter)
            )
            assert set(groups.values()) <= {size}
            found = len(groups)
        # What was acknowledged is there; the last write may be there, and not have been told.
        assert found in (acknowledged + told, acknowledged + told + 1)
        assert book.verify(records=False).is_right
    return found


# --- an error at every statement ------------------------------------------------------------------


def everything(book):
    """Writes of all kinds, each of them whole or not at all."""
    yield lambda: book.record(
        incident("INC-1", customers=["C-1", "C-2"]),
        Cause(id="CAU-1", found=DAY[2], incidents="INC-1"),
        Action(id="ACT-1", kind="corrective", decided=DAY[3], causes="CAU-1"),
        Apology(
            id="APO-1",
            incidents="INC-1",
            made=DAY[4],
            promises=Promise(kind="non_recurrence", text="never again"),
        ),
        reason="they called",
    )
    yield lambda: book.ingest(
        [
            incident("INC-2", customers=there("7"), source="crm", external_id="2"),
            Complaint(id="COM-1", made=DAY[5], incident="INC-9", customer="C-1"),
        ]
    )
    yield lambda: book.ingest([Customer(id="C-7", source="crm", external_id="7")])
    yield lambda: book.record(incident("INC-9", duplicate_of="INC-1"))
    yield lambda: book.amend("INC-1", title="Late", reason="read it")
    yield lambda: book.link("INC-1", customers="C-3")
    yield lambda: book.unlink("INC-1", customers="C-2", reason="a mistake")
    yield lambda: book.configure(signature=["product"], told_on="2026-06-01T00:00Z")
    yield lambda: book.record_many(
        incident(f"MORE-{n}", customers=f"C-{n % 9}") for n in range(520)
    )
    yield lambda: book.set_baseline(book.check(profile="capa", as_of="2026-05-01T00:00Z"))
    yield book.clear_baseline
    yield lambda: book.erase_customer("C-7", reason="asked for it")


@pytest.mark.behind_its_back  # It looks itself, at every turn.
def test_an_error_at_any_statement_leaves_all_or_nothing(path, monkeypatch):
    """Each write is done again and again, with an error at its first, second, third statement.

    Of the later ones at each, too: REMEDY_EVERY_STATEMENT=1.
    """
    counter = {"left": None, "done": 0}

    def counted(name):
        real = getattr(sqlite3.Connection, name)

        def call(self, *given):
            counter["done"] += 1
            if counter["left"] is not None:
                counter["left"] -= 1
                if counter["left"] == 0:
                    error = sqlite3.OperationalError("disk I/O error")
                    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
                    raise error
            return real(self, *given)

        return call

    for name in ("execute", "executemany"):
        monkeypatch.setattr(store_module._Connection, name, counted(name), raising=False)
    half = path.with_name("half.db")
    injected = 0
    with remedy.open(path, actor="anna") as straight:
        steps = len(list(everything(straight)))
    for step in range(steps):
        with remedy.open(path, actor="anna") as book:
            before = on_file.tables(book)
        at = 0
        while True:
            at += 1 if at < 4 or EVERY else 29
            shutil.copy(path, half)
            with remedy.open(half, actor="anna") as book:
                write = list(everything(book))[step]
                counter["left"] = at
                try:
                    write()
                except RemedyError as error:
                    failed = error
                else:
                    failed = None
                reached = counter["left"] <= 0
                counter["left"] = None
                assert not book._store.in_transaction
                after = on_file.tables(book)
                assert book.verify().is_right
                if failed is not None:
                    assert isinstance(failed, CasebookError), failed
                    assert after == before
                book.record(Customer(id="after"))
            if not reached:
                break
            injected += 1
        shutil.copy(half, path)
        with remedy.open(path, actor="anna") as book:
            assert book.get("after")
    assert injected > (1_000 if EVERY else 50)


# --- no room, no leave ----------------------------------------------------------------------------


def test_a_full_disk_is_told_and_leaves_everything_as_it_was(path):
    with remedy.open(path) as book:
        book.record(incident("INC-1"))
        before = on_file.tables(book)
        (pages,) = book._store.db.execute("PRAGMA page_count").fetchone()
        book._store.db.execute(f"PRAGMA max_page_count = {pages + 3}")
        for write in (
            lambda: book.record(*(Customer(id=f"C-{n}", name="x" * 500) for n in range(100))),
            lambda: book.record_many(Customer(id=f"C-{n}", name="x" * 500) for n in range(3_000)),
        ):
            with pytest.raises(CasebookError, match="the disk is full. Nothing of this call was"):
                write()
            assert on_file.tables(book) == before
        book._store.db.execute("PRAGMA max_page_count = 1000000")
        book.record(Customer(id="C-1"))


def test_a_file_that_cannot_grow_is_told_and_stays_as_it_was(path):
    """A limit of the system, which the write itself meets."""
    with remedy.open(path) as book:
        book.record(incident("INC-1"))
        before = on_file.tables(book)
    size = path.stat().st_size

    def work():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, size + 20_000))
        with remedy.open(path) as book:
            try:
                book.record_many(Customer(id=f"C-{n}", name="x" * 500) for n in range(3_000))
            except CasebookError as error:
                assert "Nothing of this call was written" in str(error)
                os._exit(7)

    assert done(forked(work)) == 7
    with remedy.open(path) as book:
        assert on_file.tables(book) == before
        assert book.verify().is_right


def as_nobody(work):
    """Do something as a user who may write nothing here; return how it ended."""

    def changed():
        os.setgid(65_534)
        os.setuid(65_534)
        work()

    return done(forked(changed if os.getuid() == 0 else work))


@pytest.mark.parametrize("what", ["file", "folder"])
def test_where_nothing_may_be_written_that_is_told(what):
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    path = folder / "quality.db"
    try:
        remedy.open(path).close()
        before = path.read_bytes()
        path.chmod(0o444 if what == "file" else 0o666)
        folder.chmod(0o777 if what == "file" else 0o555)

        def work():
            # What can be read is read.
            with remedy.open(path, read_only=True) as book:
                assert list(book.records()) == []
            try:
                with remedy.open(path) as book:
                    book.record(Customer(id="C-1"))
            except (ReadOnlyCasebook, CasebookError) as error:
                assert "read-only" in str(error) or "cannot be opened" in str(error)
                os._exit(7)

        assert as_nobody(work) == 7
        folder.chmod(0o755)
        assert path.read_bytes() == before
        assert [each.name for each in folder.iterdir()] == ["quality.db"]
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


# --- many writers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("journal", ["delete", "wal-insist"])
def test_eight_processes_write_and_no_update_is_lost(path, journal):
    """8 × 1,000 writes: REMEDY_WRITES=1000."""
    with remedy.open(path, journal=journal) as book:
        book.record(Customer(id="C-0", attributes={"count": 0}))

    def work(who):
        with remedy.open(path, journal=journal, timeout=600, actor=f"process {who}") as book:
            for number in range(WRITES):
                with book.transaction():
                    count = book.get("C-0").attributes["count"] + 1
                    book.amend("C-0", attributes={"count": count}, reason="one more")
                    book.record(Customer(id=f"C-{who}-{number}"))

    children = [forked(functools.partial(work, who)) for who in range(8)]
    assert [done(child) for child in children] == [0] * 8
    with remedy.open(path, read_only=True) as book:
        assert book.get("C-0").attributes == {"count": 8 * WRITES}
        assert len(list(book.records(Customer))) == 8 * WRITES + 1
        assert len(book.history("C-0")) == 8 * WRITES + 1
        assert book.verify(records=False).is_right


def test_who_waits_too_long_is_told_and_nothing_is_written(path):
    remedy.open(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with remedy.open(path, timeout=0.2) as book:
        begin = time.monotonic()
        with pytest.raises(CasebookBusy, match="not done within 0.2 s"):
            book.record(Customer(id="C-1"))
        assert 0.15 < time.monotonic() - begin < 5
        with pytest.raises(CasebookBusy):
            book.record_many(Customer(id=f"C-{n}") for n in range(600))
        holder.execute("ROLLBACK")
        book.record(Customer(id="C-1"))


# --- damaged files --------------------------------------------------------------------------------


def mutant(sound, rng):
    """A casebook in which something is damaged: bits, pages, its length."""
    data = bytearray(sound)
    for _ in range(rng.choice([1, 1, 2, 20])):
        place = rng.randrange(len(data))
        way = rng.randrange(7)
        if way == 0:
            data[place] ^= 1 << rng.randrange(8)
        elif way == 1:
            data[place : place + 16] = rng.randbytes(16)
        elif way == 2:
            data[rng.randrange(min(100, len(data)))] = rng.randrange(256)
        elif way == 3:
            page = place // 4096 * 4096
            data[page : page + 4096] = rng.choice([bytes(4096), rng.randbytes(4096)])
        elif way == 4:
            del data[max(place, 1) :]
        elif way == 5:
            data += rng.randbytes(rng.choice([1, 512, 4096]))
        else:
            # The head of a page says where its cells are.
            at = place // 4096 * 4096 + rng.randrange(12)
            data[min(at, len(data) - 1)] = rng.randrange(256)
    return bytes(data)


@pytest.mark.behind_its_back
def test_a_damaged_file_gets_a_typed_error_and_is_left_as_it_was(path):
    """10,000 mutated files: REMEDY_MUTANTS=10000."""
    with remedy.open(path, actor="anna") as book:
        for write in list(everything(book))[:8]:
            write()
    sound = path.read_bytes()
    rng = random.Random(7)
    refused = 0
    for number in range(MUTANTS):
        damaged = mutant(sound, rng)
        path.write_bytes(damaged)
        try:
            with remedy.open(path, read_only=number % 2 == 0, timeout=0.05) as book:
                if damaged != sound:
                    list(book.records())
                    book.verify()
                    book.check(profile="capa", as_of="2026-05-01T00:00Z")
        except RemedyError as error:
            refused += 1
            assert str(path) in str(error) or not isinstance(error, CasebookError)
        assert path.read_bytes() == damaged, f"mutant {number} was changed"
        for beside in path.parent.glob("quality.db-*"):
            beside.unlink()
    assert refused > MUTANTS // 5
