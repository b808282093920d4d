"""Looking at a file without changing it, copying it, writing it anew."""

import gzip
import json
import os
import shutil
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

import remedy
from remedy import Anchor, Complaint, Customer
from remedy.cli import main
from remedy.errors import (
    CannotOpen,
    CasebookBusy,
    CasebookError,
    NotACasebook,
    ReadOnlyCasebook,
    TargetExists,
    UnreadableRecord,
)
from tests.given import DAY, incident
from tests.on_file import changed_by_hand

OLD = Path(__file__).parent / "files_of_versions" / "1-7.db.gz"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "quality.db"
    with remedy.open(path, actor="anna") as book:
        book.record(incident("INC-1", title="Late", customers="C-1"))
    return path


def run(*words, stdin=None):
    return CliRunner().invoke(main, list(map(str, words)), input=stdin)


def told(path):
    return {each.told: (each.health, each.advice) for each in remedy.diagnose(path).symptoms}


# --- doctor ---------------------------------------------------------------------------------------


def test_of_a_sound_file_it_is_said_what_was_looked_at(path):
    found = remedy.diagnose(path)
    assert found.is_sound
    assert {each.health for each in found.symptoms} == {"right"}
    assert [each.told for each in found.symptoms[1:]] == [
        "a casebook of version 3.",
        "its pages and indexes fit together.",
        "whatever refers to something finds it.",
        f"{remedy.open(path, read_only=True).anchor().count} entries of history and 2 records are "
        "as they were written.",
    ]
    assert run("doctor", path).exit_code == 0


def test_nothing_is_changed_or_put_beside_it(path):
    for journal in ("delete", "wal-insist"):
        remedy.open(path, journal=journal).close()
        before = path.read_bytes(), sorted(path.parent.iterdir())
        remedy.diagnose(path)
        assert (path.read_bytes(), sorted(path.parent.iterdir())) == before


def test_what_another_program_is_writing_is_looked_at_in_a_copy(path):
    with remedy.open(path, journal="wal-insist") as book:
        book.record(Customer(id="C-2"))
        found = told(path)
    assert any("of what was written last stand in quality.db-wal" in each for each in found)
    assert any("and 3 records are as they were written" in each for each in found)


def test_a_write_that_was_stopped_is_told_and_left(path):
    """A journal beside the file: whatever opens it next puts it back."""
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA cache_size = 1")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO customer (id, provenance) VALUES ('C-9', 'recorded')")
    writer.executemany(
        "INSERT INTO overruled (record, field, said) VALUES (?, 'x', 'y')",
        [(f"{n}" * 50,) for n in range(2_000)],
    )
    folder = path.parent / "stopped"
    folder.mkdir()
    for each in path.parent.glob("quality.db*"):
        shutil.copy(each, folder)
    writer.execute("ROLLBACK")
    writer.close()
    stopped = folder / path.name
    before = stopped.read_bytes()
    found = told(stopped)
    assert any(
        "or was stopped while it did (quality.db-journal is there)" in each for each in found
    )
    assert any("and 2 records are as they were written" in each for each in found)
    link = path.parent / "link.db"
    link.symlink_to(stopped)
    assert told(link).keys() == found.keys()
    assert stopped.read_bytes() == before
    assert (folder / "quality.db-journal").exists()
    refused = "was left by a program that was stopped while it wrote. Open it once for writing"
    with pytest.raises(ReadOnlyCasebook, match=refused):
        remedy.open(stopped, read_only=True)
    assert run("upgrade", stopped).exit_code == 0
    with remedy.open(stopped, read_only=True) as book:
        assert book.verify().records == 2


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: None, "there is no such file."),
        (lambda path: path.mkdir(), "it is no file."),
        (lambda path: path.write_bytes(b""), "it is empty. Delete it, or name another file."),
        (lambda path: path.write_bytes(b"x" * 200), "it is no casebook: it is no SQLite file."),
        (
            lambda path: changed_by_hand(path, "CREATE TABLE x (y)"),
            "it is a database of another application.",
        ),
        (
            lambda path: path.write_bytes(gzip.decompress(OLD.read_bytes())),
            "it is of an older version of remedy",
        ),
    ],
)
def test_what_is_no_casebook_is_told(tmp_path, make, expected):
    path = tmp_path / "some.db"
    make(path)
    found = remedy.diagnose(path)
    assert not found.is_sound
    assert found.symptoms[-1].told.startswith(expected)
    result = run("doctor", path)
    assert (result.exit_code, "Traceback" in result.output) == (1, False)


def test_what_cannot_be_the_name_of_a_file_is_told():
    assert "cannot be looked at" in remedy.diagnose("a\0b").symptoms[0].told


def test_what_is_damaged_is_told(path):
    with path.open("r+b") as file:
        file.seek(40_000)
        file.write(b"x" * 5_000)
    found = remedy.diagnose(path)
    assert not found.is_sound
    assert "damaged" in found.symptoms[-1].told
    assert run("doctor", path).exit_code == 1


def test_indexes_that_do_not_fit_are_told(path):
    changed_by_hand(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema "
        "WHERE name = 'cause_id') WHERE name = 'incident_id'",
    )
    assert "it is damaged" in str(remedy.diagnose(path).symptoms[-1].told) or (
        "the file is damaged" in str(remedy.diagnose(path).symptoms[-1].told)
    )


def test_what_was_changed_by_hand_is_told(path):
    changed_by_hand(
        path,
        "UPDATE incident SET title = 'Early'",
        "INSERT INTO incident_customer (incident, customer, stated) VALUES ('INC-7', 'C-1', '')",
    )
    found = told(path)
    assert found["incident INC-1 is not what the history says: title differs."][0] == "wrong"
    assert found["1 rows (incident_customer) refer to what is not on file."][0] == "wrong"
    changed_by_hand(path, "CREATE TRIGGER x AFTER DELETE ON meta BEGIN SELECT 1; END")
    assert list(told(path))[-1].startswith("it holds a trigger (x) that remedy did not make.")


def test_what_is_worth_knowing_is_told(path, monkeypatch):
    path.chmod(0o666)
    with remedy.open(path) as book:
        book.ingest([Complaint(id="COM-1", made=DAY[1], incident="INC-9")])
        monkeypatch.setattr("time.time_ns", lambda: 0)
        book.record(Customer(id="C-5"))
        monkeypatch.undo()
        book.record_many(incident(f"MORE-{n}", text="x" * 2_000) for n in range(501))
        with book._store.transaction() as db:
            db.execute("CREATE TABLE filler (x)")
            db.execute("INSERT INTO filler VALUES (zeroblob(9000000))")
            db.execute("DROP TABLE filler")
    found = told(path)
    assert "others on this machine can read and change it (mode 666)." in found
    assert "1 references wait for their other side." in found
    assert "the clock of who wrote went backwards 1 times." in found
    assert any("of the file is empty" in each for each in found)
    assert remedy.diagnose(path).is_sound
    for mode, what in ((0o622, "change"), (0o644, "read")):
        path.chmod(mode)
        assert any(f"can {what} it" in each for each in told(path))


def test_what_cannot_be_written_is_told(path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert any("cannot be written by who runs this" in each for each in told(path))


def test_who_holds_it_is_waited_for_and_told(path):
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    result = remedy.diagnose(path)
    assert result.is_sound
    assert "somebody else is using it" in result.symptoms[-1].told
    holder.execute("ROLLBACK")


def test_it_can_be_had_as_json(path):
    told = json.loads(run("doctor", path, "--format", "json").stdout)
    assert told["is_sound"] is True
    assert told["symptoms"][1] == {
        "health": "right", "told": "a casebook of version 3.", "advice": None,
    }  # fmt: skip


def test_an_empty_journal_is_nothing(path):
    path.with_name("quality.db-journal").touch()
    assert {each.health for each in remedy.diagnose(path).symptoms} == {"right"}


def with_an_index_that_lacks_a_row(path):
    """Write past an index, as a fault of the disk may leave it."""
    row = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'cause_id'"
    connection = sqlite3.connect(path, isolation_level=None)
    kept = connection.execute(row).fetchone()
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_schema WHERE name = 'cause_id'")
    connection.close()
    changed_by_hand(
        path,
        "INSERT INTO cause (id, found, is_human, names_person, gate, level, provenance) "
        "VALUES ('CAU-1', 0, 0, 0, 'any', 0, 'recorded')",
    )
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", kept)
    connection.close()


@pytest.mark.behind_its_back
def test_an_index_that_lacks_a_row_is_damage(path, tmp_path):
    with_an_index_that_lacks_a_row(path)
    assert any(
        "the file is damaged: row 1 missing from index cause_id" in each for each in told(path)
    )
    with remedy.open(path) as book, pytest.raises(CasebookError, match="and so is the copy: row 1"):
        book.backup(tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["quality.db"]


BROKEN = ("PRAGMA ignore_check_constraints = ON", "UPDATE incident SET gate = 'x'")


@pytest.mark.behind_its_back
def test_a_record_that_cannot_be_made_of_its_rows_is_told(path):
    changed_by_hand(path, *BROKEN)
    with remedy.open(path) as book:
        with pytest.raises(UnreadableRecord, match="of incident INC-1 cannot be read: Incident.g"):
            book.get("INC-1")
        with pytest.raises(UnreadableRecord):
            list(book.records())


@pytest.mark.behind_its_back
def test_an_error_that_nobody_foresaw_is_told_of_a_damaged_file_alone(path, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("remedy.checking.run_check", fail)
    with remedy.open(path) as book, pytest.raises(ZeroDivisionError):
        book.check()
    changed_by_hand(path, *BROKEN)
    with remedy.open(path) as book, pytest.raises(NotACasebook, match="is damaged .CHECK"):
        book.check()


def test_a_name_that_is_no_text_is_damage(path):
    with (
        remedy.open(path) as book,
        pytest.raises(NotACasebook, match="a name is no text"),
        book._store.translated(),
    ):
        b"\xff".decode()


@pytest.mark.behind_its_back
def test_a_casebook_in_memory_that_cannot_be_used_any_more_says_so():
    book = remedy.open()
    db = book._store.db
    db.conn.close()
    with pytest.raises(sqlite3.ProgrammingError):
        book._store._end_bulk(db)


def test_nothing_is_the_name_of_no_file():
    with pytest.raises(CannotOpen, match="is the name of no file"):
        remedy.open("")


# --- backup ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("journal", ["delete", "wal-insist"])
def test_a_copy_says_what_the_casebook_said(path, tmp_path, journal):
    copy = tmp_path / "copy.db"
    with remedy.open(path, journal=journal) as book:
        found = book.backup(copy)
        assert found.is_right
        assert found.head == book.anchor()
        assert list(remedy.open(copy, read_only=True).records()) == list(book.records())
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "quality.db"]
    with remedy.open(copy) as book:
        book.record(Customer(id="C-9"))


def test_a_casebook_in_memory_is_kept_by_copying_it(tmp_path):
    with remedy.open() as book:
        book.record(Customer(id="C-1"))
        book.backup(tmp_path / "kept.db")
    with remedy.open(tmp_path / "kept.db") as book:
        assert book.get("C-1")


def test_a_file_that_is_there_is_not_written_over(path, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_text("mine")
    with remedy.open(path) as book, pytest.raises(TargetExists, match="Choose another name."):
        book.backup(copy)
    assert copy.read_text() == "mine"


def test_who_makes_the_file_meanwhile_keeps_theirs(path, tmp_path, monkeypatch):
    copy = tmp_path / "copy.db"
    real = os.link

    def link(source, target):
        Path(target).write_text("theirs")
        real(source, target)

    monkeypatch.setattr(os, "link", link)
    with remedy.open(path) as book, pytest.raises(TargetExists):
        book.backup(copy)
    assert copy.read_text() == "theirs"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "quality.db"]


def test_where_no_file_can_be_made_no_copy_is(path, tmp_path):
    with remedy.open(path) as book, pytest.raises(CannotOpen, match="cannot be made here"):
        book.backup(tmp_path / "nowhere" / "copy.db")


@pytest.mark.behind_its_back
def test_a_copy_of_what_was_changed_by_hand_says_so(path, tmp_path):
    changed_by_hand(path, "UPDATE incident SET title = 'Early'")
    with remedy.open(path) as book:
        assert book.backup(tmp_path / "copy.db").problems == (
            "incident INC-1 is not what the history says: title differs.",
        )
    result = run("backup", path, tmp_path / "another.db")
    assert result.exit_code == 1
    assert "What is wrong in it is wrong in the casebook" in " ".join(result.output.split())


@pytest.mark.behind_its_back
def test_a_damaged_file_is_not_copied(path, tmp_path):
    with remedy.open(path) as book:
        book.record_many(incident(f"I-{n}") for n in range(2_000))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size - 8_192)
        file.write(b"\xff" * 8_192)
    with (
        remedy.open(path, read_only=True) as book,
        pytest.raises(CasebookError, match="damaged"),
    ):
        book.backup(tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["quality.db"]


def test_no_copy_is_made_in_the_middle_of_a_transaction(path, tmp_path):
    with (
        remedy.open(path) as book,
        pytest.raises(CasebookError, match="end the transaction before"),
        book.transaction(),
    ):
        book.backup(tmp_path / "copy.db")
    with remedy.open(path) as book, pytest.raises(CasebookError, match="no history of its own"):
        book.known_at("2100-01-01T00:00Z").backup(tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["quality.db"]


def test_copies_are_made_while_others_write(path, tmp_path):
    """Each is one state of the casebook: what was written in one call is there as a whole."""
    stop = threading.Event()

    def write():
        number = 0
        with remedy.open(path, timeout=30) as book:
            while not stop.is_set():
                number += 1
                book.record(*(Customer(id=f"C-{number}-{each}") for each in range(5)))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with remedy.open(path, timeout=30) as book:
            for number in range(5):
                copy = tmp_path / f"copy-{number}.db"
                assert book.backup(copy).is_right
                with remedy.open(copy, read_only=True) as kept:
                    assert (len(list(kept.records(Customer))) - 1) % 5 == 0
    finally:
        stop.set()
        writer.join()


def test_on_the_command_line(path, tmp_path):
    copy = tmp_path / "copy.db"
    result = run("backup", path, copy)
    assert result.exit_code == 0
    assert Anchor.read(result.stdout.splitlines()[-1])
    again = run("backup", path, copy)
    assert (again.exit_code, "exists already" in again.output) == (2, True)


# --- writing it anew ------------------------------------------------------------------------------


def test_what_was_deleted_takes_no_room_any_more(path):
    with remedy.open(path) as book:
        with book._store.transaction() as db:
            db.execute("CREATE TABLE filler (x)")
            db.execute("INSERT INTO filler VALUES (zeroblob(9000000))")
            db.execute("DROP TABLE filler")
        book.compact()
    assert path.stat().st_size < 2_000_000
    result = run("compact", path)
    assert (result.exit_code, "takes 0." in " ".join(result.output.split())) == (0, True)


def test_it_is_not_written_anew_while_somebody_writes(path):
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with remedy.open(path, timeout=0.05) as book, pytest.raises(CasebookBusy, match="Try again"):
        book.compact()
    holder.execute("ROLLBACK")
    with remedy.open(path, read_only=True) as book, pytest.raises(ReadOnlyCasebook):
        book.compact()
    with (
        remedy.open(path) as book,
        pytest.raises(CasebookError, match="no transaction can hold"),
        book.transaction(),
    ):
        book.compact()


# --- the other commands ---------------------------------------------------------------------------


def test_erase_asks_before(path):
    result = run("erase", path, "C-1", "--reason", "asked for it", stdin="n\n")
    assert result.exit_code == 2
    assert "It cannot be undone" in result.output
    assert "Nothing was erased" in result.output
    result = run("erase", path, "C-1", "--reason", "asked for it", stdin="y\n")
    assert result.exit_code == 0
    assert "Out of reach from here are:" in result.output
    result = run("erase", path, "C-1", "--reason", "asked for it", "--yes")
    assert (result.exit_code, "There is no record" in result.output) == (2, True)


def test_erase_says_what_was_done(path):
    told = run("erase", path, "C-1", "--reason", "asked", "--yes", "--format", "json")
    assert json.loads(told.stdout)["customer"].startswith("erased-")
    with remedy.open(path, journal="wal-insist", actor="x") as book:
        book.record(Customer(id="C-22"))
        with remedy.open(path, read_only=True) as reader, reader.snapshot():
            told = run(
                "erase", path, "C-22", "--reason", "asked", "--yes", "--journal", "wal-insist"
            )
    assert "run: remedy compact" in " ".join(told.output.split())


def test_history_is_told(path):
    with remedy.open(path, actor="anna") as book:
        book.amend("INC-1", title="Too late", attributes={"desk": 7}, reason="read the letter")
        book.link("INC-1", customers="C-2")
        book.unlink("INC-1", customers="C-1", reason="a mistake")
    result = run("history", path, "INC-1")
    lines = [line[18:] if line[:2] == "20" else line for line in result.output.splitlines()]
    assert lines == [
        "anna  recorded",
        "    occurred: 2026-03-02T09:00:00+01:00",
        "    title: Late",
        "    customers: C-1",
        "",
        "anna  amended: read the letter",
        "    title: Late → Too late",
        "    attributes: nothing → desk 7",
        "",
        "anna  linked",
        "    customers: with C-2",
        "",
        "anna  unlinked: a mistake",
        "    customers: without C-1",
    ]
    told = json.loads(run("history", path, "INC-1", "--format", "json").stdout)
    assert told[1]["fields"]["title"] == {"before": "Late", "after": "Too late"}
    assert (run("history", path, "INC-7").exit_code) == 2
    with remedy.open(path) as book:
        book.record(
            remedy.Apology(
                id="APO-1", incidents="INC-1", made=DAY[2], elements=["regret", "repair"]
            )
        )
    assert "    elements: regret, repair" in run("history", path, "APO-1").output
    with remedy.open(path) as book:
        book.erase_customer("C-2", reason="asked for it")
    assert "A part of it has been erased since." in run("history", path, "INC-1").output


def test_verify_says_whether_it_is_as_it_was_written(path, tmp_path):
    kept = tmp_path / "anchors.txt"
    kept.write_text(run("anchor", path).stdout + "\n")
    result = run("verify", path)
    assert result.exit_code == 0
    assert "are as they were written." in result.output
    assert "only an anchor can show" in " ".join(result.output.split())
    result = run("verify", path, "--anchors", kept)
    assert (result.exit_code, "only an anchor" in result.output) == (0, False)
    told = json.loads(run("anchor", path, "--format", "json").stdout)
    assert run("verify", path, "--anchor", f"{told['count']}:{told['head']}").exit_code == 0
    wrong = run("verify", path, "--anchor", f"{told['count'] + 1}:{told['head']}")
    assert wrong.exit_code == 1
    assert "the end was cut off" in " ".join(wrong.output.split())
    assert run("verify", path, "--anchor", "x").exit_code == 2
    with remedy.open(path) as book:
        book.erase_customer("C-1", reason="asked for it")
    assert "more that were erased" in run("verify", path).output
    changed_by_hand(path, "UPDATE incident SET title = 'Early'")
    result = run("verify", path)
    assert result.exit_code == 1
    assert "Incident INC-1 is not what the history says: title differs." in result.output
    assert run("verify", path, "--history-only").exit_code == 0
    told = json.loads(run("verify", path, "--format", "json").stdout)
    assert (told["is_right"], len(told["problems"])) == (False, 1)


def test_an_older_casebook_is_brought_over(tmp_path):
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    assert run("check", path).exit_code == 2
    result = run("upgrade", path)
    told = " ".join(result.output.split())
    assert (result.exit_code, "is of this version, with" in told) == (0, True)
    assert run("verify", path).exit_code == 0


def test_reports_print_the_anchor_of_a_file(path):
    with remedy.open(path) as book:
        report = book.check()
        assert report.anchor == book.anchor()
        assert report.to_text().splitlines()[-1] == str(book.anchor())
        assert f"`{book.anchor()}`" in report.to_markdown()
        assert report.to_dict()["anchor"] == str(book.anchor())
    with remedy.open() as book:
        assert book.check().anchor is None
        assert book.check().to_dict()["anchor"] is None


@pytest.mark.behind_its_back
def test_a_text_that_is_none_is_damage(path):
    changed_by_hand(path, "UPDATE incident SET title = CAST(x'ff' AS TEXT)")
    with remedy.open(path) as book, pytest.raises(NotACasebook, match="a text is no text"):
        book.get("INC-1")


def test_a_connection_that_cannot_be_used_any_more_is_replaced(path):
    with remedy.open(path) as book:
        book._store.db.conn.close()
        book._store._end_bulk(book._store.db)
        assert book.get("INC-1")


def test_what_was_on_record_at_a_time_can_be_asked_in_a_terminal(path, tmp_path):
    with remedy.open(path, actor="anna") as book:
        book.record(incident("INC-8", process="p", failure_mode="f", customers="C-3"))
        [change] = book.history("INC-8")
        book.amend("INC-8", failure_mode="late", reason="read the letter")
        book.record(incident("INC-9", occurred=DAY[3], process="p", failure_mode="f"))
    then = change.written.isoformat()
    told = json.loads(run("check", path, "--known-at", then, "--format", "json").output)
    assert (told["known_at"], told["as_of"]) == (then, then)
    assert not any("INC-9" in finding["path"] for finding in told["findings"])
    lines = run("check", path, "--known-at", "2100-01-01", "--as-of", "2026-05-01").output
    assert "what had been written by the end of 2100-01-01" in " ".join(lines.split())
    assert "  late" not in run("show", path, "INC-8", "--known-at", then).output
    assert "  late" in run("show", path, "INC-8").output
    exported = run("export", path, "--known-at", then, "--around", "INC-8").output
    assert '"failure_mode": "f"' in exported or '"failure_mode":"f"' in exported
    assert "INC-9" not in run("export", path, "--known-at", then).output


def test_the_import_says_what_it_took_in_without_whom(path, tmp_path):
    tickets = tmp_path / "t.csv"
    tickets.write_text("id,day,who\n1,2026-03-02,C-7\n2,2026-03-03,C-8\n", "utf-8")
    answers = [
        "--source", "shop", "--key", "id", "--occurred", "day", "--basis", "reported",
        "--zone", "UTC", "--customer", "who", "--signature", "none", "--noticed-by", "unknown",
    ]  # fmt: skip
    book = tmp_path / "new.db"
    run("import", tickets, "--to", book, *answers)
    with remedy.open(book) as opened:
        [who] = [each.id for each in opened.records(Customer) if "C-7" in each.id]
        opened.erase_customer(who, reason="asked for it")
    tickets.write_text(tickets.read_text("utf-8") + "3,2026-03-04,C-7\n", "utf-8")
    told = run("import", tickets, "--to", book, "--mapping", tmp_path / "t.mapping.toml").output
    assert "2 without what they said of customers who have been erased" in " ".join(told.split())


@pytest.mark.behind_its_back
def test_what_stands_in_a_damaged_file_is_told_without_what_a_terminal_obeys(path):
    changed_by_hand(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE x\x1b[31m' WHERE name = 'meta'",
    )
    for symptom in remedy.diagnose(path).symptoms:
        assert "\x1b" not in symptom.told
