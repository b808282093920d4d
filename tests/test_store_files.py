"""Files: whose they are, how they are made, what is refused. Decisions 2, 5, 6 and 7 of the store."""

import contextlib
import multiprocessing
import os
import shutil
import sqlite3
import stat
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

import remedy
from remedy import Customer, Incident, _schema
from remedy.errors import (
    CannotOpen,
    CasebookBusy,
    CasebookError,
    NewerCasebook,
    NotACasebook,
    ReadOnlyCasebook,
)
from remedy.store import _wal_is_safe
from tests.on_file import changed_by_hand

AT = "2026-03-02T09:00+01:00"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "quality.db"


@pytest.fixture
def kept(path):
    """A casebook on file, closed."""
    with remedy.open(path, actor="test") as book:
        book.record(Incident(id="INC-1", occurred=AT, customers="C-1"))
    return path


def pragma(path, name):
    with sqlite3.connect(path) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


# --- making and opening ---------------------------------------------------------------------------


def test_a_file_is_made_for_its_owner_alone(kept):
    """Decision 7: mode 0600."""
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [each.name for each in kept.parent.iterdir()] == [kept.name]


def test_a_file_says_whose_it_is_and_which_schema(kept):
    """Decision 6: application_id and user_version."""
    assert pragma(kept, "application_id") == _schema.APPLICATION_ID
    assert pragma(kept, "user_version") == _schema.SCHEMA_VERSION


@pytest.mark.behind_its_back
def test_tables_are_strict():
    """Decision 5: hand-written STRICT tables."""
    with remedy.open(":memory:") as book:
        db = book._store.db
        tables = db.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
        told = {name: strict for name, strict in tables if not name.startswith("sqlite_")}
        assert set(told) == set(_schema.TABLES)
        assert all(told.values())
        with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT value in INTEGER"):
            db.execute("UPDATE meta SET content = 'x'")
            db.execute("INSERT INTO baseline VALUES ('k', 'A101', 'today', 1, NULL)")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO intervention VALUES ('x', 4, 1, NULL)",
        "INSERT INTO intervention VALUES ('x', 1, 2, NULL)",
        "UPDATE incident SET impact = 5",
        "UPDATE incident SET provenance = 'guessed'",
        "UPDATE incident SET gate = 'both'",
        "UPDATE incident SET gate = NULL",
        "UPDATE incident SET occurred_end = occurred - 1",
        "UPDATE incident SET detected_by = 'nobody'",
    ],
)
def test_the_tables_themselves_refuse_what_is_none_of_the_words(statement):
    """Decision 5: CHECKs."""
    with remedy.open(":memory:") as book:
        book.record(Incident(id="INC-1", occurred=AT))
        with pytest.raises(sqlite3.IntegrityError):
            book._store.db.execute(statement)


@pytest.mark.parametrize("name", ["a b.db", "what?mode=memory", "50%25.db", "a#b.db", "file:x.db"])
def test_a_path_is_a_path_whatever_it_holds(tmp_path, name):
    with remedy.open(tmp_path / name) as book:
        book.record(Customer(id="C-1"))
    assert [each.name for each in tmp_path.iterdir()] == [name]
    with remedy.open(str(tmp_path / name), create=False) as book:
        assert book.get("C-1").id == "C-1"
        assert book.path == tmp_path / name


def test_what_is_in_memory_is_gone_when_it_is_closed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    book = remedy.open()
    book.record(Customer(id="C-1"))
    assert (book.path, repr(book)) == (":memory:", "<Casebook :memory:>")
    book.close()
    assert not list(tmp_path.iterdir())


def test_a_closed_casebook_says_so(kept):
    book = remedy.open(kept)
    book.close()
    book.close()
    with pytest.raises(CasebookError, match="is closed. Open it again"):
        book.get("INC-1")


def test_closing_closes_the_connections_of_all_threads(kept):
    book = remedy.open(kept)
    connections = [book._store.db.conn]
    thread = threading.Thread(target=lambda: connections.append(book._store.db.conn))
    thread.start()
    thread.join()
    book.close()
    for connection in connections:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


# --- what is refused, and left as it was ----------------------------------------------------------


def refused(path, kind, problem, **how):
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(kind, match=problem) as caught:
        remedy.open(path, **how)
    assert isinstance(caught.value, OSError)
    if before is not None:
        assert path.read_bytes() == before
        assert [each.name for each in path.parent.iterdir()] == [path.name]
    return caught.value


def test_a_missing_file_is_not_made_where_that_is_not_wanted(path):
    """Decision 7: a typo in the path makes no file."""
    refused(path, CannotOpen, "there is no such casebook. Make one with: remedy init", create=False)
    refused(path, CannotOpen, "there is no such casebook", read_only=True)
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a\0b", "embedded null byte"),
        ("x" * 300, "File name too long"),
        ("a\ud800b", "surrogates not allowed"),
    ],
)
@pytest.mark.parametrize("how", [{}, {"read_only": True}, {"create": False}])
def test_what_can_be_no_name_of_a_file_is_refused(tmp_path, name, why, how):
    with pytest.raises(CannotOpen, match=f"cannot be opened .*{why}") as refused:
        remedy.open(tmp_path / name, **how)
    assert str(refused.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_no_text_is_one_all_the_same(tmp_path):
    path = tmp_path / "b\udcfccher.db"
    with remedy.open(path) as book:
        book.record(Customer(id="C-1"))
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_refused(tmp_path):
    refused(tmp_path, CannotOpen, "is a folder: name the file of a casebook in it")


def test_a_missing_folder_is_refused(tmp_path):
    refused(tmp_path / "no" / "q.db", CannotOpen, r"cannot be made here \(No such file")


def test_a_link_that_leads_nowhere_is_refused(tmp_path):
    link = tmp_path / "q.db"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotOpen, match="cannot be read"):
        remedy.open(link)
    assert not (tmp_path / "elsewhere").exists()


def test_an_empty_file_is_refused(path):
    path.touch()
    refused(path, NotACasebook, "is empty. Delete it, or name another file")


@pytest.mark.parametrize("content", [b"id,name\n1,x\n", b"SQLite format 3\x00", b"\x00" * 200])
def test_a_file_that_is_no_database_is_refused(path, content):
    path.write_bytes(content)
    refused(path, NotACasebook, "is no casebook: it is no SQLite file. It was left as it is")


def test_the_database_of_another_application_is_refused(path):
    """Decision 6."""
    changed_by_hand(path, "CREATE TABLE customer (id TEXT)")
    refused(path, NotACasebook, "is a database of another application. It was left as it is")


def test_a_casebook_of_a_newer_version_is_refused(kept):
    """Decision 6."""
    changed_by_hand(kept, f"PRAGMA user_version = {_schema.SCHEMA_VERSION + 7}")
    error = refused(kept, NewerCasebook, "written by a newer version of remedy .its format is 10")
    assert "Update remedy" in str(error)


@pytest.mark.parametrize("size", [100, 1000, 4096, 6000, -4096])
def test_a_truncated_file_is_refused(kept, size):
    content = kept.read_bytes()
    kept.write_bytes(content[:size])
    refused(kept, NotACasebook, "It was left as it is|Go back to a backup")


def test_a_damaged_file_is_refused(kept):
    content = bytearray(kept.read_bytes())
    content[100:140] = b"\xff" * 40
    kept.write_bytes(content)
    refused(kept, NotACasebook, "damaged")


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "CREATE TRIGGER spy AFTER INSERT ON customer BEGIN DELETE FROM incident; END",
            r"holds a trigger \(spy\) that remedy did not make",
        ),
        ("CREATE VIEW spy AS SELECT 1", r"holds a view \(spy\) that remedy did not make"),
        ("DROP INDEX incident_failure", "the index incident_failure is missing: the file is damaged"),
        ("ALTER TABLE customer ADD COLUMN vip TEXT", "the table customer differs"),
        ("DROP TABLE baseline", "the table baseline is missing"),
    ],
)  # fmt: skip
def test_a_schema_that_is_not_ours_to_the_letter_is_refused(kept, statement, problem):
    """Decision 7: the schema is compared on opening, and unknown triggers or views are refused."""
    changed_by_hand(kept, statement)
    refused(kept, NotACasebook, problem)


def test_tables_of_others_beside_ours_are_no_matter(kept):
    changed_by_hand(kept, "CREATE TABLE notes (x)", "ANALYZE")
    with remedy.open(kept) as book:
        assert book.get("INC-1").id == "INC-1"


def test_a_file_that_vanishes_after_opening_is_a_typed_error(kept):
    book = remedy.open(kept)
    moved = kept.with_name("elsewhere")
    kept.rename(moved)
    failures = []

    def other_thread():
        try:
            book.get("INC-1")
        except CannotOpen as error:
            failures.append(str(error))

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join()
    book.close()
    assert failures == [f"{kept}: cannot be opened."]


# --- read-only ------------------------------------------------------------------------------------


def test_a_casebook_opened_for_reading_refuses_every_write(kept):
    """Decision 7: mode=ro."""
    with remedy.open(kept, read_only=True) as book:
        writes = [
            lambda: book.record(Customer(id="C-9")),
            lambda: book.record_many([]),
            lambda: book.ingest([]),
            lambda: book.amend("INC-1", title="x", reason="x"),
            lambda: book.link("INC-1", customers="C-2"),
            lambda: book.unlink("INC-1", customers="C-1", reason="x"),
            lambda: book.configure(grace="3 days"),
        ]
        for write in writes:
            with pytest.raises(ReadOnlyCasebook, match="was opened for reading"):
                write()
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            book._store.db.execute("DELETE FROM incident")
        assert book.get("INC-1").customers[0].customer == "C-1"


def test_a_check_works_on_a_casebook_opened_for_reading_and_leaves_the_file_as_it_is(kept):
    """Decision 7: without query_only, which refuses the temporary tables that a check needs."""
    kept.chmod(0o400)
    before = kept.read_bytes()
    with remedy.open(kept, read_only=True) as book:
        assert book.check(profile="capa").incidents == 1
        assert book.check(around="INC-1").incidents == 1
        assert list(book.records()) != []
    assert kept.read_bytes() == before
    assert [each.name for each in kept.parent.iterdir()] == [kept.name]


# --- pragmas --------------------------------------------------------------------------------------


def test_the_pragmas_are_set(kept):
    """Decision 7."""
    with remedy.open(kept) as book:
        told = {
            name: book._store.db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in (
                "foreign_keys", "recursive_triggers", "trusted_schema", "secure_delete",
                "cell_size_check", "temp_store",
            )
        }  # fmt: skip
    assert told == {
        "foreign_keys": 1, "recursive_triggers": 1, "trusted_schema": 0, "secure_delete": 1,
        "cell_size_check": 1, "temp_store": 2,
    }  # fmt: skip


def test_the_default_journal_is_delete_with_synchronous_extra(kept):
    """Decision 2."""
    with remedy.open(kept) as book:
        db = book._store.db
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert db.execute("PRAGMA synchronous").fetchone() == (3,)


def test_wal_is_with_synchronous_full(kept):
    """Decision 2."""
    with remedy.open(kept, journal="wal-insist") as book:
        db = book._store.db
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        book.record(Customer(id="C-9"))
    with remedy.open(kept, journal="delete") as book:
        assert book.get("C-9").id == "C-9"
        assert book._store.db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 6, 23), True),
        ((3, 7, 0), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
    ],
)
def test_builds_with_the_wal_reset_race_are_known(version, safe):
    """Decision 2: 3.7.0 to 3.51.2, but for the back-ports 3.44.6 and 3.50.7."""
    assert _wal_is_safe(version) is safe


def test_wal_is_refused_on_a_racy_build_unless_insisted(path, monkeypatch):
    """Decision 2."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    with pytest.raises(CannotOpen, match="can corrupt files in WAL mode.*'wal-insist' takes the"):
        remedy.open(path, journal="wal")
    assert not path.exists()
    remedy.open(path, journal="wal-insist").close()
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    remedy.open(path, journal="wal").close()


def test_another_journal_is_refused(path):
    with pytest.raises(CannotOpen, match="journal is one of .*, not 'memory'"):
        remedy.open(path, journal="memory")


def held_in(path, current, wanted, advice):
    """What is said where a casebook cannot leave its journal mode."""
    return (
        f"{path}: its journal is in {current} mode, and cannot be brought into {wanted} mode while "
        f"another program has the casebook open. Close it there and try again; or open it as it "
        f"is: {advice}, or for reading only."
    )


def journal_of(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]


def test_the_journal_is_not_changed_under_somebody_else(path):
    remedy.open(path).close()
    other = sqlite3.connect(path)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM meta").fetchone()
    with pytest.raises(CasebookBusy) as refused:
        remedy.open(path, journal="wal-insist", timeout=0.05)
    assert str(refused.value) == held_in(path, "delete", "wal", "without saying a mode")
    remedy.open(path).close()
    other.close()


@pytest.mark.parametrize(
    ("version", "journal", "advice"),
    [
        ((3, 51, 3), None, "without saying a mode"),
        (
            (3, 40, 1),
            "wal-insist",
            f"with journal='wal-insist' or --journal wal-insist (SQLite {sqlite3.sqlite_version} "
            f"can corrupt files in WAL mode)",
        ),
    ],
)
@pytest.mark.parametrize("work", ["nothing", "reading", "writing"])
def test_a_casebook_that_is_held_in_wal_mode_stays_in_it(
    path, monkeypatch, version, journal, advice, work
):
    remedy.open(path, journal="wal-insist").close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE" if work == "writing" else "BEGIN")
    other.execute("SELECT count(*) FROM meta").fetchone()
    if work == "nothing":
        other.execute("COMMIT")
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)

    with pytest.raises(CasebookBusy) as refused:
        remedy.open(path, journal="delete", timeout=0.05)
    assert str(refused.value) == held_in(path, "wal", "delete", advice)

    # Each of the ways that the message names works; the failed attempt holds nothing.
    remedy.open(path, read_only=True).close()
    with remedy.open(path, journal=journal, timeout=0.05) as book:
        db = book._store.db
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        if work != "writing":
            book.record(Customer(id="C-1"))
    other.close()
    remedy.open(path, journal="delete").close()
    assert journal_of(path) == "delete"


def test_a_casebook_that_nobody_holds_stays_in_its_journal_mode(path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    remedy.open(path, journal="wal").close()
    with remedy.open(path) as book:
        book.record(Customer(id="C-1"))
    assert journal_of(path) == "wal"
    remedy.open(path, journal="delete").close()
    remedy.open(path).close()
    assert journal_of(path) == "delete"


def test_a_file_in_wal_mode_is_refused_on_a_racy_build_and_stays_as_it_is(path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    remedy.open(path, journal="wal-insist").close()
    before = path.read_bytes()
    with pytest.raises(
        CannotOpen,
        match="its journal is in wal mode, and SQLite .* can corrupt files in WAL mode when.*"
        "journal='wal-insist' or --journal wal-insist; .* journal='delete' or --journal delete",
    ):
        remedy.open(path)
    assert path.read_bytes() == before
    remedy.open(path, read_only=True).close()
    with remedy.open(path, journal="wal-insist") as book:
        book.record(Customer(id="C-1"))
    assert journal_of(path) == "wal"


def test_a_thread_that_cannot_leave_the_journal_mode_holds_nothing(path):
    with remedy.open(path, journal="delete") as book:
        other = sqlite3.connect(path)
        other.execute("PRAGMA journal_mode = wal")
        other.execute("SELECT count(*) FROM meta").fetchone()
        with ThreadPoolExecutor(1) as thread:
            with pytest.raises(CasebookBusy, match="its journal is in wal mode"):
                thread.submit(book.record, Customer(id="C-1")).result()
            other.close()
            thread.submit(book.record, Customer(id="C-1")).result()
        assert book.get("C-1").id == "C-1"


# --- races ----------------------------------------------------------------------------------------


def _open_and_write(path, number, ready, outcome):
    ready.wait()
    try:
        with remedy.open(path, timeout=30) as book:
            book.record(
                remedy.Action(
                    id=f"ACT-{number}", kind="corrective", decided=AT, intervention="automation"
                )
            )
        outcome.put("written")
    except Exception as error:
        outcome.put(repr(error))


def test_of_several_that_make_one_file_at_once_nobody_loses(path):
    """Decision 7: as with O_EXCL, nobody sees or overwrites half a file."""
    context = multiprocessing.get_context("spawn")
    ready, outcome = context.Event(), context.Queue()
    processes = [
        context.Process(target=_open_and_write, args=(path, number, ready, outcome))
        for number in range(4)
    ]
    for process in processes:
        process.start()
    ready.set()
    told = [outcome.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert told == ["written"] * 4
    with remedy.open(path) as book:
        assert len(list(book.records(remedy.Action))) == 4
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_file_that_was_made_meanwhile_is_not_overwritten(path, kept, monkeypatch):
    """Decision 7."""
    theirs = path.with_name("theirs.db")
    shutil.move(kept, theirs)
    link = os.link

    def after_them(source, target):
        shutil.copy(theirs, path)
        link(source, target)

    monkeypatch.setattr(os, "link", after_them)
    with remedy.open(path) as book:
        assert book.get("INC-1").id == "INC-1"


def test_a_file_system_without_links_will_do(path, monkeypatch):
    def no_links(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", no_links)
    with remedy.open(path) as book:
        book.record(Customer(id="C-1"))
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_casebook_whose_maker_was_stopped_is_finished_by_the_next(path):
    remedy.open(path).close()
    changed_by_hand(path, "DELETE FROM meta", "DELETE FROM intervention")
    with remedy.open(path, read_only=True) as book:
        assert book.config == remedy.Config()
    with remedy.open(path, config=remedy.Config(grace=3)) as book:
        assert book.config.grace.days == 3
        book.record(
            remedy.Action(id="ACT-1", kind="corrective", decided=AT, intervention="automation")
        )


def test_the_configuration_of_a_casebook_on_file_stays(kept):
    with remedy.open(kept, config=remedy.Config(grace=3)) as book:
        assert book.config == remedy.Config()


# --- sqlite-utils ---------------------------------------------------------------------------------


def test_sqlite_utils_is_of_the_version_that_keeps_our_transactions():
    """Decision 1: 3.x commits the caller's transaction inside insert()."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    assert "sqlite-utils>=4.2.1,<5" in project["project"]["dependencies"]
    installed = tuple(map(int, version("sqlite-utils").split(".")[:3]))
    assert (4, 2, 1) <= installed < (5,)
    assert sqlite3.sqlite_version_info >= (3, 37)


def test_plugins_of_sqlite_utils_are_not_executed(kept):
    """Decision 3: a plugin installed for something else does not run inside a casebook."""
    from sqlite_utils import hookimpl
    from sqlite_utils.plugins import pm

    called = []

    class Plugin:
        @hookimpl
        def prepare_connection(self, conn):
            called.append(conn)

    plugin = Plugin()
    pm.register(plugin)
    try:
        with remedy.open(kept) as book:
            book.get("INC-1")
    finally:
        pm.unregister(plugin)
    assert called == []


@pytest.mark.parametrize("timeout", [None, -1, float("nan"), float("inf"), "5"])
def test_a_time_out_that_is_none_is_refused(path, timeout):
    with pytest.raises(CannotOpen, match="timeout is how many seconds to wait, 0 or more, not"):
        remedy.open(path, timeout=timeout)
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
def test_a_pipe_is_refused_without_waiting_for_who_writes_to_it(path):
    os.mkfifo(path)
    refused(path, CannotOpen, "is no file: name the file of a casebook")


def test_a_casebook_in_memory_needs_no_folder(tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with remedy.open() as book:
        book.record(Customer(id="C-1"))
    with pytest.raises(CannotOpen, match="cannot be looked for from here"):
        remedy.open("q.db")
