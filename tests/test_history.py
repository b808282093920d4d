"""The history. Decision 10 of the store."""

import json
import os
import random
import re
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

import remedy
from remedy import (
    Action,
    Affected,
    Alias,
    Anchor,
    Apology,
    Cause,
    Complaint,
    Customer,
    Day,
    External,
    Incident,
    Promise,
    Response,
    _chain,
    _schema,
    verifying,
)
from remedy.cli import main
from remedy.errors import (
    CasebookError,
    InvalidRecord,
    ReadOnlyCasebook,
    UnknownRecord,
    UnreadableRecord,
)
from tests import on_file
from tests.given import DAY, incident, there
from tests.oracle.random_casebooks import random_casebook

TAMPERS = int(os.environ.get("REMEDY_TAMPERS", "400"))


@pytest.fixture
def book():
    with remedy.open(":memory:", actor="anna") as book:
        yield book


def told(book, id):
    """What the history tells of a record: who, what, why, which fields."""
    return [
        (change.actor, change.op, change.reason, dict(change.fields)) for change in book.history(id)
    ]


# --- who, what, when, why, before and after -------------------------------------------------------


def test_every_write_leaves_who_when_and_what(book):
    before = datetime.now(UTC)
    book.record(incident("INC-1", process="shipping", customers="C-17"))
    (change,) = book.history("INC-1")
    assert (change.actor, change.op, change.entity, change.id) == (
        "anna", "record", "incident", "INC-1",
    )  # fmt: skip
    assert before <= change.written <= datetime.now(UTC)
    assert change.fields == {
        "process": (None, "shipping"),
        "occurred": (None, "2026-03-02T09:00:00+01:00"),
        "customers": ([], [{"customer": "C-17"}]),
    }


def test_a_change_says_what_it_was_before_what_it_is_now_and_why(book):
    book.record(incident("INC-1", process="shipping", impact="minor"))
    book.amend("INC-1", process="billing", impact=None, reason="read the letter")
    assert told(book, "INC-1")[1] == (
        "anna", "amend", "read the letter", {"process": ("shipping", "billing"), "impact": ("minor", None)},
    )  # fmt: skip


def test_the_reason_of_a_record_stays_on_record(book):
    book.record(incident("INC-1"), Customer(id="C-17"), reason="they called")
    book.ingest([Customer(id="C-18")], reason="the weekly export")
    book.configure(grace="3 days", reason="agreed in March")
    assert [change.reason for change in book.history("INC-1")] == ["they called"]
    assert [change.reason for change in book.history("C-18")] == ["the weekly export"]


def test_a_plural_field_says_what_was_taken_and_what_was_added(book):
    book.record(incident("INC-1", customers=[Affected(customer="C-1", order="1001"), "C-2"]))
    book.link("INC-1", customers="C-3")
    book.unlink("INC-1", customers="C-1", reason="a mistake")
    assert [fields for *_, fields in told(book, "INC-1")[1:]] == [
        {"customers": ([], [{"customer": "C-3"}])},
        {"customers": ([{"customer": "C-1", "order": "1001"}], [])},
    ]


def test_a_newer_version_from_a_source_is_a_change(book):
    book.ingest([incident("INC-1", title="Late", source="crm", external_id="1")])
    book.ingest([incident("INC-1", title="Too late", source="crm", external_id="1")])
    book.ingest([incident("INC-1", title="Too late", source="crm", external_id="1")])
    assert [(op, fields.get("title")) for _, op, _, fields in told(book, "INC-1")] == [
        ("record", (None, "Late")),
        ("replace", ("Late", "Too late")),
    ]


def test_what_changes_nothing_leaves_nothing(book):
    book.record(incident("INC-1", customers="C-1"))
    anchor = book.anchor()
    book.record(incident("INC-1", customers="C-1"))
    book.ingest([incident("INC-1", customers="C-1")] * 2)
    book.amend("INC-1", title=None, reason="as it was")
    book.configure()
    assert book.anchor() == anchor


def test_what_is_undone_leaves_nothing(book):
    anchor = book.anchor()
    with pytest.raises(ZeroDivisionError), book.transaction():
        book.record(incident("INC-1"))
        raise ZeroDivisionError
    with pytest.raises(LookupError):
        book.record(Complaint(made=DAY[1], incident="INC-9"))
    assert book.anchor() == anchor
    with pytest.raises(UnknownRecord):
        book.history("INC-1")


def test_what_waited_says_when_it_was_linked(book):
    book.ingest([Complaint(id="COM-1", made=DAY[2], incident="INC-1")])
    book.record(incident("INC-1"))
    assert [(op, fields.get("incident")) for _, op, _, fields in told(book, "COM-1")] == [
        ("record", None),
        ("arrive", (None, "INC-1")),
    ]


def test_customers_who_turn_out_to_be_one_say_so(book):
    book.ingest([incident("INC-1", customers=there("7"))])
    book.ingest([Response(id="RES-1", customer=there("7"), kind="left", made=DAY[2])])
    book.ingest([Customer(id="C-7", source="crm", external_id="7")])
    assert [op for _, op, _, _ in told(book, "crm:7")] == ["make", "unite"]
    assert told(book, "INC-1")[1][1:] == (
        "unite", None, {"customers": ([{"customer": "crm:7"}], [{"customer": "C-7"}])},
    )  # fmt: skip
    assert told(book, "RES-1")[1][3] == {"customer": ("crm:7", "C-7")}


def test_what_comes_and_goes_in_one_call_leaves_nothing_of_itself(book):
    book.ingest(
        [
            incident("INC-1", customers=there("7"), title="Late", updated=DAY[1]),
            Customer(id="C-7", source="crm", external_id="7"),
            incident("INC-1", customers=there("7"), updated=DAY[2]),
        ]
    )
    with pytest.raises(UnknownRecord):
        book.history("crm:7")
    (change,) = book.history("INC-1")
    assert change.fields["customers"] == ([], [{"customer": "C-7"}])
    assert "title" not in change.fields


def test_a_customer_whom_nobody_recorded_says_that_they_were_made(book):
    book.record(incident("INC-1", customers="C-17"))
    book.record(Customer(id="C-17", name="Bakery"))
    assert [(op, fields) for _, op, _, fields in told(book, "C-17")] == [
        ("make", {"provenance": (None, "mapped")}),
        ("replace", {"name": (None, "Bakery"), "provenance": ("mapped", "recorded")}),
    ]


def test_a_bulk_load_says_of_each_record_what_a_single_write_says(book):
    case = random_casebook(3)
    with remedy.open(":memory:", actor="anna") as other:
        book.record(*case.records)
        other.record_many([*case.records, *(incident(f"MORE-{n:04}") for n in range(501))])
        for record in case.records:
            assert [dict(change.fields) for change in other.history(record.id)] == [
                dict(change.fields) for change in book.history(record.id)
            ]


def test_a_record_that_is_not_on_file_has_no_history(book):
    book.record(Customer(id="C-17"))
    with pytest.raises(UnknownRecord, match="Did you mean C-17"):
        book.history("C-1")
    for no_id in (7, None, "a\ud800"):
        with pytest.raises(UnknownRecord):
            book.history(no_id)


def test_names_of_settings_are_no_records(book):
    with pytest.raises(UnknownRecord):
        book.history("config")
    book.record(incident("config"))
    assert [change.op for change in book.history("config")] == ["record"]


# --- who writes -----------------------------------------------------------------------------------


def test_who_writes_comes_from_the_environment_where_nobody_says_it(monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "berta")
    with remedy.open() as book:
        book.record(Customer(id="C-1"))
        assert book.history("C-1")[0].actor == "berta"


@pytest.mark.parametrize("unknown", ["", " ", "a\nb", KeyError("no such user"), OSError()])
def test_who_writes_is_never_empty(monkeypatch, unknown):
    def who():
        if isinstance(unknown, Exception):
            raise unknown
        return unknown

    monkeypatch.setattr("getpass.getuser", who)
    with remedy.open() as book:
        assert book.actor == f"uid {os.getuid()}"


@pytest.mark.parametrize("actor", ["", " ", " anna", "an\nna", 7, "a\ud800"])
def test_a_name_that_is_none_is_refused(actor):
    with pytest.raises(InvalidRecord, match="say who writes"):
        remedy.open(actor=actor)
    with remedy.open() as book, pytest.raises(InvalidRecord, match="say who writes"):
        book.acting_as(actor)


def test_one_casebook_is_written_in_the_name_of_many(tmp_path):
    with remedy.open(tmp_path / "q.db", actor="crm") as book:
        anna, berta = book.acting_as("anna"), book.acting_as("berta")
        anna.record(Customer(id="C-1"))
        berta.record(Customer(id="C-2"))
        book.record(Customer(id="C-3"))
        assert [book.history(f"C-{n}")[0].actor for n in (1, 2, 3)] == ["anna", "berta", "crm"]


# --- what was on record ---------------------------------------------------------------------------


def moments(book):
    """Yield now, so that what is written before differs from what is written after."""
    time.sleep(0.002)
    now = datetime.now(UTC)
    time.sleep(0.002)
    return now


def test_what_was_on_record_at_a_time_is_a_casebook(book):
    book.record(incident("INC-1", process="shipping", customers="C-1"))
    first = moments(book)
    book.amend("INC-1", process="billing", reason="read the letter")
    book.link("INC-1", customers="C-2")
    book.record(incident("INC-2"))
    second = moments(book)
    book.unlink("INC-1", customers="C-1", reason="a mistake")
    then = book.known_at(first)
    assert then.get("INC-1").process == "shipping"
    assert [each.customer for each in then.get("INC-1").customers] == ["C-1"]
    assert [record.id for record in then.records(Incident)] == ["INC-1"]
    later = book.known_at(second)
    assert later.get("INC-1").process == "billing"
    assert [each.customer for each in later.get("INC-1").customers] == ["C-1", "C-2"]
    assert list(book.known_at(datetime(2001, 1, 1, tzinfo=UTC)).records()) == []


def test_both_axes_of_time_are_asked_apart(book):
    """What had happened by then, and what was on record by then."""
    book.record(
        incident("INC-1", process="a", failure_mode="b"),
        Apology(id="APO-1", incidents="INC-1", made=DAY[2]),
    )
    known = moments(book)
    # Written down later, with a date before.
    book.record(
        Cause(id="CAU-1", found=DAY[2], incidents="INC-1"),
        Action(
            id="ACT-1", kind="corrective", decided=DAY[2], causes="CAU-1", strength="stronger",
            changes_process=True,
        ),
    )  # fmt: skip
    asked = {"profile": "capa", "as_of": "2026-05-01T00:00Z", "select": "A"}
    now = {finding.code for finding in book.check(**asked).findings}
    then = {finding.code for finding in book.known_at(known).check(**asked).findings}
    assert then - now
    assert book.known_at(known).check().as_of == known


def test_the_settings_of_the_time_are_known_too(book):
    book.record(incident("INC-1", process="a", product="p"))
    first = moments(book)
    book.configure(signature=["product"], told_on="2026-05-01T00:00Z")
    then = book.known_at(first)
    assert then.config.signature == ("process", "failure_mode")
    assert then.told_on is None
    assert book.known_at(moments(book)).told_on == book.told_on


def test_a_day_counts_to_its_end(book):
    book.record(incident("INC-1"))
    today = datetime.now(UTC).date()
    assert list(book.known_at(Day(today, "+00:00")).records(Incident))
    assert not list(book.known_at(Day(today - timedelta(days=1), "+00:00")).records(Incident))


def test_what_was_on_record_can_only_be_read(book):
    then = book.known_at(datetime.now(UTC))
    with pytest.raises(ReadOnlyCasebook, match="as it was on record then. Write to the casebook"):
        then.record(Customer(id="C-1"))
    assert re.search(r"<Casebook .*, as known at 20\d\d-", repr(then))
    for ask in (then.anchor, then.verify, lambda: then.history("C-1")):
        with pytest.raises(CasebookError, match="has no history of its own"):
            ask()


def test_what_waited_at_a_time_waits_there(book):
    book.ingest([Complaint(id="COM-1", made=DAY[2], incident="INC-1")])
    first = moments(book)
    book.record(incident("INC-1"))
    assert len(book.known_at(first).pending()) == 1
    assert book.known_at(moments(book)).pending() == []


@pytest.mark.parametrize("seed", range(6))
def test_each_state_that_there_was_comes_back(seed, book):
    """After each of many writes of all kinds, as the file itself said it then."""
    rng = random.Random(seed)
    records = list(random_casebook(seed).records)
    rng.shuffle(records)
    states = []
    while records:
        batch, records = records[:3], records[3:]
        book.ingest(batch)
        some = rng.choice(list(book.records(Incident)) or [None])
        if some is not None:
            book.amend(some.id, title=rng.choice("abc"), reason="x")
            book.link(some.id, customers=f"C-{rng.randint(100, 105)}")
        states.append((book.anchor().count, on_file.known(book)))
    written = dict(book._store.db.execute("SELECT seq, written FROM history").fetchall())
    for count, state in rng.sample(states, min(8, len(states))):
        if written[count] == written.get(count + 1):
            continue
        when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=written[count])
        assert on_file.known(book.known_at(when)) == state


def test_what_one_transaction_wrote_is_known_as_a_whole(book):
    """Wherever in it a record came: references within one call go in all directions."""
    book.record_many(
        [
            *(incident(f"INC-{n}", customers="C-1") for n in range(1_200)),
            *(Response(id=f"RES-{n}", customer="C-1", incident=f"LATE-{n}", kind="left", made=DAY[2])
              for n in range(600)),
            *(incident(f"LATE-{n}") for n in range(600)),
        ]
    )  # fmt: skip
    then = book.known_at(book.history("INC-0")[0].written)
    assert len(list(then.records())) == 2_401
    with book.transaction():
        book.record(Customer(id="C-2"))
        book.record(Customer(id="C-3"))
    assert book.known_at(book.history("C-2")[0].written).get("C-3")


def test_a_clock_that_was_put_back_takes_nothing_away(book, monkeypatch):
    """What was written after something is known with it, whatever the clock said."""
    book.record(incident("INC-1"))
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 3_600 * 10**9)
    book.record(incident("INC-2"))
    monkeypatch.undo()
    now = datetime.now(UTC)
    assert len(list(book.known_at(now - timedelta(minutes=30)).records(Incident))) == 2
    assert book.verify().is_right


# --- the chain ------------------------------------------------------------------------------------


def test_an_anchor_is_text_and_back(book):
    anchor = book.anchor()
    assert Anchor.read(f" {anchor}\n") == anchor
    for text in ("", "7", "7:abc", f"x:{'0' * 64}", f"7:{'g' * 64}"):
        with pytest.raises(ValueError, match="is no anchor"):
            Anchor.read(text)
    with pytest.raises(ValueError, match="is no anchor"):
        book.verify("7:abc")


def test_what_was_written_is_verified(book):
    first = book.anchor()
    book.record_many(incident(f"INC-{n:04}", customers=f"C-{n % 7}") for n in range(2_500))
    found = book.verify([first, str(book.anchor())])
    assert found.is_right
    assert (found.entries, found.records) == (book.anchor().count, 2_507)
    assert found.head == book.anchor()
    assert book.verify(records=False).records is None


def test_progress_is_told(book):
    for n in range(1_000):
        book.record(Customer(id=f"C-{n}"))
    done = []
    book.verify(progress=done.append)
    assert done == [1_000]


def test_an_entry_has_so_many_bodies_at_most(book):
    with book._store.transaction() as db, pytest.raises(ValueError, match="1000 bodies at most"):
        _chain.append(db, "x", [""] * 1001, [""] * 1001, actor="a", op="x")


def test_the_hash_of_an_entry_is_of_all_its_fields_and_of_the_one_before(book):
    """Computed here once more, from what is said of it."""
    from hashlib import sha256

    book.record(incident("INC-1"), reason="why")
    before = bytes(32)
    for row in book._store.db.execute("SELECT * FROM history ORDER BY seq"):
        *fields, prev, stored = row
        assert prev == before
        digest = sha256(b"remedy history 1")
        for field in (*fields, prev):
            raw = field if isinstance(field, bytes) else str(field).encode()
            digest.update(b"\xff" * 8 if field is None else len(raw).to_bytes(8, "big") + raw)
        assert digest.digest() == stored
        before = stored
        bodies = book._store.db.execute(
            "SELECT salt, record, body FROM history_body WHERE place / 1000 = ? ORDER BY place",
            [row[0]],
        )
        assert row[6] == b"".join(
            sha256(salt + record.encode() + b"\0" + body.encode()).digest()
            for salt, record, body in bodies
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET actor = 'x'",
        "UPDATE history_body SET body = '{}'",
        "DELETE FROM history",
        "DELETE FROM history_body",
        "INSERT OR REPLACE INTO history SELECT * FROM history WHERE seq = 1",
        "INSERT OR REPLACE INTO history_body SELECT * FROM history_body LIMIT 1",
        "INSERT INTO history SELECT seq + 7, written, actor, op, entity, shape, commitments, hash, "
        "hash FROM history ORDER BY seq DESC LIMIT 1",
        "INSERT INTO history SELECT seq + 1, written, actor, op, entity, shape, commitments, prev, "
        "hash FROM history ORDER BY seq DESC LIMIT 1",
        "INSERT INTO history_gone VALUES (1000, 1)",
    ],
)
def test_the_file_itself_refuses_to_change_its_history(book, statement):
    with pytest.raises(sqlite3.IntegrityError, match="history"):
        book._store.db.execute(statement)
    assert book.verify().is_right


def test_bodies_go_only_where_an_erasure_says_so(book):
    book.record(incident("INC-1"))
    with book._store.transaction() as db:
        (place,) = db.execute("SELECT place FROM history_body WHERE record = 'INC-1'").fetchone()
        _chain.let_go(db, "anna", [place], {"reason": "asked for"})
    found = book.verify(records=False)
    assert found.is_right
    assert found.erased == 1
    with pytest.raises(sqlite3.IntegrityError):
        book._store.db.execute("UPDATE history_gone SET seq = 1")
    with pytest.raises(sqlite3.IntegrityError):
        book._store.db.execute("DELETE FROM history_gone")


test_bodies_go_only_where_an_erasure_says_so = pytest.mark.behind_its_back(
    test_bodies_go_only_where_an_erasure_says_so
)


@pytest.mark.behind_its_back
def test_what_says_what_was_erased_is_not_erased_itself(book):
    book.record(incident("INC-1"))
    with book._store.transaction() as db:
        (place,) = db.execute("SELECT place FROM history_body WHERE record = 'INC-1'").fetchone()
        seq = _chain.let_go(db, "anna", [place], {"reason": "asked for"})
        _chain.let_go(db, "anna", [seq * 1000], {"reason": "to hide it"})
    (problem,) = book.verify(records=False).problems
    assert problem == f"entry {seq} says what was erased, and was itself erased."


def plain(connection):
    """The tables of the history without any condition, as a damaged file may hold them."""
    for table in _schema.HISTORY:
        connection.execute(f"CREATE TABLE copy AS SELECT * FROM {table}")
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE copy RENAME TO {table}")
    return connection


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE history SET commitments = NULL WHERE seq = 4",
        "UPDATE history SET commitments = 7 WHERE seq = 4",
        "UPDATE history_body SET salt = NULL WHERE place = 4000",
        "UPDATE history_body SET place = 'x' WHERE place = 4000",
    ],
)
def test_what_no_column_can_hold_is_told(written, change):
    connection = plain(opened(written))
    connection.execute(change)
    (problem,) = verifying.verify(Database(connection), records=False).problems
    assert problem


def test_an_end_without_a_hash_is_told(written):
    connection = plain(opened(written))
    connection.execute("UPDATE history SET hash = NULL")
    with pytest.raises(UnreadableRecord, match="the last entry of the history, number"):
        _chain.anchor(Database(connection))


# --- changed behind its back ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A casebook with a history of all kinds, as bytes, and an anchor of its end."""
    path = tmp_path_factory.mktemp("written") / "q.db"
    with remedy.open(path, actor="anna") as book:
        book.ingest(random_casebook(5).records)
        book.record_many(incident(f"MORE-{n:04}", customers=f"C-{n % 5}") for n in range(600))
        book.record(
            Customer(id="C-1x", name="Bäckerei", aliases=Alias(source="shop", external_id="1")),
            incident("INC-x", customers=["C-1x", External(source="crm", external_id="y")]),
            Apology(
                id="APO-x", incidents="INC-x", made=DAY[3],
                promises=Promise(kind="non_recurrence", text="Never again"),
            ),
            reason="they called",
        )  # fmt: skip
        for n in range(12):
            book.amend("INC-x", title=f"title {n}", reason=f"because {n}")
        with book._store.transaction() as db:
            places = db.execute(
                "SELECT place FROM history_body WHERE record = 'INC-x' ORDER BY place LIMIT 3"
            ).fetchall()
            _chain.let_go(db, "anna", [place for (place,) in places[1:]], {"reason": "asked for"})
        anchor = book.anchor()
    connection = sqlite3.connect(path)
    for name in _schema.TRIGGERS:  # Who changes a file behind the library's back does so, too.
        connection.execute(f"DROP TRIGGER {name}")
    connection.commit()
    return connection.serialize(), anchor


def opened(written):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(written[0])
    connection.execute("PRAGMA ignore_check_constraints = ON")
    return connection


def otherwise(value, rng):
    """A value of the same kind, and another one."""
    if value is None:
        return rng.choice(["", "x"])
    if isinstance(value, int):
        return value + rng.choice([-1, 1, 1000])
    if isinstance(value, bytes):
        place = rng.randrange(len(value)) if value else 0
        return rng.choice(
            [
                value[:place]
                + bytes([(value[place] + rng.randint(1, 255)) % 256])
                + value[place + 1 :],
                value[:-1],
                value + b"x",
                value[::-1] if value[::-1] != value else value + b"0",
            ]
        )
    place = rng.randrange(len(value) + 1)
    return rng.choice([value[:place] + "x" + value[place:], value + " ", value[1:] or "y"])


COLUMNS = {
    "history": ("seq", *_chain.Entry._fields[1:]),
    "history_body": ("place", "record", "salt", "body"),
    "history_gone": ("place", "seq"),
}


def an_edit(connection, rng):
    table = rng.choice(list(COLUMNS))
    column = rng.choice(COLUMNS[table])
    (rowid, value) = rng.choice(
        connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
    )
    connection.execute(
        f"UPDATE OR REPLACE {table} SET {column} = ? WHERE rowid = ?",
        [otherwise(value, rng), rowid],
    )


def a_deletion(connection, rng):
    table = rng.choice(list(COLUMNS))
    # Of the last entry all may be gone without a trace but for the anchor: that is a cut.
    rows = connection.execute(f"SELECT rowid FROM {table} ORDER BY rowid").fetchall()
    (rowid,) = rng.choice(rows[:-1] or rows)
    connection.execute(f"DELETE FROM {table} WHERE rowid = ?", [rowid])


def a_swap(connection, rng):
    table = rng.choice(["history", "history_body"])
    key, *rest = COLUMNS[table]
    a, b = rng.sample(connection.execute(f"SELECT * FROM {table}").fetchall(), 2)
    while a[1:] == b[1:]:
        a, b = rng.sample(connection.execute(f"SELECT * FROM {table}").fetchall(), 2)
    for place, row in ((a[0], b), (b[0], a)):
        assign = ", ".join(f"{name} = ?" for name in rest)
        connection.execute(f"UPDATE {table} SET {assign} WHERE {key} = ?", [*row[1:], place])


def an_insertion(connection, rng):
    if rng.random() < 0.5:
        (place,) = connection.execute("SELECT max(place) FROM history_body").fetchone()
        (last,) = connection.execute("SELECT max(seq) FROM history").fetchone()
        place = rng.choice([place + 1, last * 1000 + 999, 7, (last + 1) * 1000])
        connection.execute(
            "INSERT INTO history_body VALUES (?, 'INC-x', zeroblob(16), '{}')", [place]
        )
    else:
        (place,) = rng.choice(connection.execute("SELECT place FROM history_body").fetchall())
        (seq,) = connection.execute("SELECT seq FROM history_gone LIMIT 1").fetchone()
        connection.execute("INSERT INTO history_gone VALUES (?, ?)", [place, seq])
        if rng.random() < 0.5:
            connection.execute("DELETE FROM history_body WHERE place = ?", [place])


def a_cut(connection, rng):
    (last,) = connection.execute("SELECT max(seq) FROM history").fetchone()
    kept = rng.randint(0, last - 1)
    connection.execute("DELETE FROM history WHERE seq > ?", [kept])
    connection.execute("DELETE FROM history_body WHERE place / 1000 > ?", [kept])
    connection.execute("DELETE FROM history_gone WHERE seq > ?", [kept])


def a_rewriting(connection, rng):
    """Everything from an entry on is written anew, so that it fits together."""
    rows = connection.execute("SELECT * FROM history ORDER BY seq").fetchall()
    entries = [_chain.Entry(*row) for row in rows]
    begin = rng.randrange(len(entries))
    entries[begin] = entries[begin]._replace(actor=f"{entries[begin].actor}x")
    prev = entries[begin].prev
    for entry in entries[begin:]:
        changed = entry._replace(prev=prev)
        changed = changed._replace(hash=_chain._hash_of(changed))
        connection.execute(
            "UPDATE history SET actor = ?, prev = ?, hash = ? WHERE seq = ?",
            [changed.actor, changed.prev, changed.hash, changed.seq],
        )
        prev = changed.hash


def a_record(connection, rng):
    """A record is changed, taken away or put there, as with any tool."""
    table = rng.choice(["incident", "customer", "cause", "action", "apology", "meta", "baseline"])
    column = {
        "incident": "title", "customer": "name", "cause": "body", "action": "owner",
        "apology": "author", "meta": "content", "baseline": "code",
    }[table]  # fmt: skip
    rows = connection.execute(f"SELECT * FROM {table}").fetchall()
    if not rows:
        return a_record(connection, rng)
    key = "name" if table == "meta" else "finding" if table == "baseline" else "id"
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    row = dict(zip(names, rng.choice(rows), strict=True))
    what = rng.choice(["change", "delete", "insert"])
    if what == "change":
        value = f"{row[column] or ''}x"
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", [value, row[key]])
    elif what == "delete":
        connection.execute(f"DELETE FROM {table} WHERE {key} = ?", [row[key]])
    else:
        row[key] = f"{row[key]}x-new"
        row.pop("source", None), row.pop("external_id", None)
        connection.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )
    return None


def a_link(connection, rng):
    table, column = rng.choice(
        [
            ("incident_customer", "customer"),
            ("incident_cause", "cause"),
            ("apology_incident", "apology"),
        ]
    )
    rows = connection.execute(f"SELECT incident, {column} FROM {table}").fetchall()
    connection.execute(
        f"DELETE FROM {table} WHERE incident = ? AND {column} = ?", list(rng.choice(rows))
    )


WAYS = [an_edit, a_deletion, a_swap, an_insertion, a_cut, a_rewriting, a_record, a_link]


def test_nothing_is_found_where_nothing_was_changed(written):
    found = verifying.verify(Database(opened(written)), [written[1]])
    # What was erased here was not done by the library, which leaves something in its place.
    assert all(problem.startswith("incident INC-x") for problem in found.problems)
    assert verifying.verify(Database(opened(written)), [written[1]], records=False).is_right


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_whatever_is_changed_is_found(written, way):
    """10,000 tampers: REMEDY_TAMPERS=10000, which `nox -s faults` does."""
    rng = random.Random(way.__name__)
    usual = verifying.verify(Database(opened(written)), [written[1]]).problems
    of_history = way not in (a_record, a_link)
    for number in range(TAMPERS // len(WAYS)):
        connection = opened(written)
        way(connection, rng)
        found = verifying.verify(Database(connection), [written[1]], records=not of_history)
        assert found.problems != (() if of_history else usual), f"{way.__name__} {number}"
        connection.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE history SET actor = 'x' WHERE seq = 4", "entry 4 does not say what it said"),
        ("DELETE FROM history WHERE seq = 4", "entry 4 is missing"),
        ("UPDATE history SET prev = hash WHERE seq = 4", "entry 4 does not follow the one before"),
        (
            "DELETE FROM history_body WHERE place = 4000",
            "body 1 of entry 4 is missing, and no erasure says so",
        ),
        (
            "UPDATE history_body SET body = '{}' WHERE place = 4000",
            "body 1 of entry 4 does not say what it said when it was written; it is told to be of",
        ),
        (
            "INSERT INTO history_body VALUES (4999, 'x', zeroblob(16), '{}')",
            "body 1000 of entry 4 is there, and no entry knows of it",
        ),
        (
            "INSERT INTO history_body SELECT 1 + max(place), 'x', zeroblob(16), '{}' FROM history_body",
            "is there, and no entry knows of it",
        ),
        (
            "INSERT INTO history_gone VALUES (4000, 9999)",
            "body 1 of entry 4 was erased, and is there again",
        ),
        ("DELETE FROM history_gone", "is missing, and no erasure says so"),
        (
            "INSERT INTO history_body SELECT place, 'x', zeroblob(16), '{}' FROM history_gone LIMIT 1",
            "was erased, and is there again",
        ),
        (
            "UPDATE history_gone SET seq = seq + 1",
            "is marked as erased otherwise than an erasure says",
        ),
        ("DELETE FROM history WHERE seq > 5", "is there, and no entry knows of it"),
    ],
)
def test_the_first_thing_that_is_wrong_is_named(written, change, told):
    connection = opened(written)
    connection.execute(change)
    (problem,) = verifying.verify(Database(connection), records=False).problems
    assert told in problem


def test_what_cannot_be_read_is_told(written):
    connection = opened(written)
    connection.execute("DROP TABLE history_gone")
    connection.execute("CREATE TABLE history_gone (place)")
    with pytest.raises(sqlite3.OperationalError):
        verifying.verify(Database(connection))
    connection = opened(written)
    connection.execute("UPDATE history_body SET body = CAST(x'ff' AS TEXT) WHERE place = 4000")
    (problem,) = verifying.verify(Database(connection)).problems
    assert "the history cannot be read" in problem


def test_an_anchor_that_was_made_after_a_rewriting_hides_nothing(written):
    connection = opened(written)
    a_rewriting(connection, random.Random(1))
    after = _chain.anchor(Database(connection))
    assert after.count == written[1].count
    for anchors in ([written[1], after], [after, written[1]]):
        (problem,) = verifying.verify(Database(connection), anchors, records=False).problems
        assert "is another one than when an anchor was kept" in problem


def test_a_cut_and_a_rewriting_say_what_they_are(written):
    connection = opened(written)
    a_cut(connection, random.Random(1))
    (problem,) = verifying.verify(Database(connection), [written[1]], records=False).problems
    assert "the end was cut off" in problem
    assert verifying.verify(
        Database(connection), records=False
    ).is_right  # Only the anchor shows it.
    connection = opened(written)
    a_rewriting(connection, random.Random(1))
    (problem,) = verifying.verify(Database(connection), [written[1]], records=False).problems
    assert "is another one than when an anchor was kept" in problem


@pytest.mark.behind_its_back
def test_records_that_were_changed_are_named(book):
    book.record(incident("INC-1", title="Late"), incident("INC-2"), Customer(id="C-1"))
    db = book._store.db
    db.execute("UPDATE incident SET title = 'Early', process = 'x' WHERE id = 'INC-1'")
    db.execute("DELETE FROM incident WHERE id = 'INC-2'")
    db.execute("INSERT INTO customer (id, provenance) VALUES ('C-2', 'recorded')")
    db.execute("UPDATE meta SET content = '{}'")
    assert book.verify().problems == (
        "customer C-2 is on file, and the history does not know it.",
        "incident INC-1 is not what the history says: process, title differ.",
        "incident INC-2 is not on file, and the history knows it.",
        "meta config is not what the history says.",
    )


@pytest.mark.behind_its_back
def test_only_the_first_of_many_records_are_named(book):
    book.record_many(incident(f"INC-{n}") for n in range(600))
    book._store.db.execute("UPDATE incident SET title = 'x'")
    assert len(book.verify().problems) == 20


def test_bodies_are_json_and_say_who_wrote_nothing_in_clear_of_the_records(book):
    """What an entry holds in clear names no person of whom the records are."""
    book.record(Customer(id="Anna Svensson", name="Anna Svensson"), reason="Anna called")
    told = book._store.db.execute("SELECT actor, op, entity, shape FROM history").fetchall()
    assert "Svensson" not in repr(told)
    assert "called" not in repr(told)
    for (body,) in book._store.db.execute("SELECT body FROM history_body"):
        json.loads(body)


# --- what is told, to the word --------------------------------------------------------------------


def test_a_text_that_is_no_anchor_is_named(book):
    with pytest.raises(ValueError, match="'7:abc' is no anchor"):
        book.verify("7:abc")


def test_an_end_without_a_hash_is_told_with_its_number(written):
    connection = plain(opened(written))
    connection.execute("UPDATE history SET hash = NULL")
    count = written[1].count
    with pytest.raises(UnreadableRecord) as caught:
        _chain.anchor(Database(connection))
    told = str(caught.value)
    assert f"the last entry of the history, number {count}" in told
    assert " it has no hash." in told


def test_an_entry_can_have_a_thousand_bodies(book):
    with book._store.transaction() as db:
        before = book.anchor().count
        seq = _chain.append(db, "x", [""] * 1000, ["{}"] * 1000, actor="a", op="x")
        assert seq == before + 1
    assert book.verify(records=False).is_right


def test_how_many_bodies_there_are_and_how_many_were_erased_is_counted(written):
    db = Database(opened(written))
    [(bodies, gone)] = db.execute(
        "SELECT (SELECT count(*) FROM history_body), (SELECT count(*) FROM history_gone)"
    )
    found = verifying.verify(db, records=False)
    assert (found.bodies, found.erased) == (bodies, gone)
    assert gone == 2


def test_of_a_broken_history_it_is_told_how_far_it_is_right(written):
    connection = opened(written)
    connection.execute("UPDATE history SET actor = 'x' WHERE seq = 4")
    found = verifying.verify(Database(connection), records=False)
    [(head,)] = connection.execute("SELECT hash FROM history WHERE seq = 3")
    assert (found.entries, found.head) == (3, Anchor(3, head.hex()))


def test_whom_a_changed_body_is_told_to_be_of_is_cut_where_it_is_long(written):
    connection = opened(written)
    [(record,)] = connection.execute("SELECT record FROM history_body WHERE place = 4000")
    connection.execute("UPDATE history_body SET body = '{}' WHERE place = 4000")
    (problem,) = verifying.verify(Database(connection), records=False).problems
    assert problem.endswith(f"it is told to be of {record!r}.")
    connection.execute("UPDATE history_body SET record = ? WHERE place = 4000", ["x" * 100])
    (problem,) = verifying.verify(Database(connection), records=False).problems
    assert "x" * 50 in problem
    assert "x" * 61 not in problem


def test_a_mark_of_an_erasure_that_never_was_is_named(written):
    connection = opened(written)
    connection.execute("INSERT INTO history_gone VALUES (9999000, 9999)")
    connection.execute("INSERT INTO history_gone VALUES (9999001, 9999)")
    (problem,) = verifying.verify(Database(connection), records=False).problems
    assert problem == "body 1 of entry 9999 is marked as erased otherwise than an erasure says."


def a_thousand_entries(book):
    with book._store.transaction() as db:
        for _ in range(1_000):
            _chain.append(db, "x", [""], ["{}"], actor="a", op="x")


def test_progress_is_told_after_a_thousand_entries(book):
    a_thousand_entries(book)
    done = []
    assert verifying.verify(book._store.db, records=False, progress=done.append).is_right
    assert done == [1_000]


def test_what_keeps_the_history_from_being_read_for_now_is_not_told_as_wrong(book):
    a_thousand_entries(book)
    connection = book._store.db.conn
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        verifying.verify(book._store.db, progress=lambda _: connection.interrupt())


@pytest.mark.behind_its_back
@pytest.mark.parametrize("body", ["x", "[]", "5", '{"set": 5}', '{"add": {"customers": [7]}}'])
def test_a_history_of_which_nothing_can_be_made_is_a_typed_error(book, body):
    book.record(incident("INC-1"))
    book.amend("INC-1", title="x", reason="y")
    db = book._store.db
    for name in _schema.TRIGGERS:
        db.execute(f"DROP TRIGGER {name}")
    db.execute("UPDATE history_body SET body = ? WHERE record = 'INC-1'", [body])
    with pytest.raises(UnreadableRecord, match="of the history cannot be read"):
        book.history("INC-1")
    with pytest.raises(UnreadableRecord, match="of the history cannot be read"):
        book.known_at("2100-01-01T00:00Z")
    assert not book.verify().is_right


def test_all_entries_of_one_transaction_have_one_moment(book):
    with book._store.transaction() as db:
        for _ in range(3):
            _chain.append(db, "x", [""], ["{}"], actor="a", op="x")
    rows = book._store.db.execute("SELECT written FROM history ORDER BY seq DESC LIMIT 3")
    assert len({written for (written,) in rows}) == 1


def test_an_entry_outside_of_a_transaction_is_written_now(written):
    connection = opened(written)
    before = time.time_ns() // 1000
    _chain.append(Database(connection), "x", [""], ["{}"], actor="a", op="x")
    [(at,)] = connection.execute("SELECT written FROM history ORDER BY seq DESC LIMIT 1")
    assert isinstance(at, int)
    assert before <= at <= time.time_ns() // 1000


def test_a_change_can_be_written_as_json(book):
    book.record(incident("INC-1", process="shipping"))
    book.amend("INC-1", process="billing", reason="read the letter")
    change = book.history("INC-1")[1]
    assert json.loads(json.dumps(change.to_dict())) == {
        "seq": change.seq,
        "written": change.written.isoformat(),
        "actor": "anna",
        "op": "amend",
        "entity": "incident",
        "id": "INC-1",
        "reason": "read the letter",
        "fields": {"process": {"before": "shipping", "after": "billing"}},
        "redacted": False,
    }
    assert change.seq == book.anchor().count


def test_what_came_of_verifying_can_be_written_as_json(book):
    book.record(incident("INC-1"), incident("INC-2"), Customer(id="C-1"))
    found = book.verify()
    [(bodies,)] = book._store.db.execute("SELECT count(*) FROM history_body")
    assert json.loads(json.dumps(found.to_dict())) == {
        "is_right": True,
        "entries": book.anchor().count,
        "bodies": bodies,
        "erased": 0,
        "records": 3,
        "anchor": str(book.anchor()),
        "erasures": 0,
        "problems": [],
    }


def test_a_customer_who_turned_out_to_be_another_says_what_was_known_of_them(book):
    book.ingest([incident("INC-1", customers=there("7"))])
    book.ingest([Customer(id="C-7", source="crm", external_id="7")])
    fields = [dict(change.fields) for change in book.history("crm:7")]
    assert fields[1] == {field: (after, before) for field, (before, after) in fields[0].items()}
    assert "provenance" in fields[1]


@pytest.mark.behind_its_back
def test_plural_fields_that_were_changed_are_named(book):
    book.record(
        incident("INC-1", customers=["C-1", "C-2"]),
        Action(id="ACT-1", kind="corrective", decided=DAY[2], incidents="INC-1", causes="CAU-1"),
        Cause(id="CAU-1", found=DAY[2], incidents="INC-1"),
    )
    db = book._store.db
    db.execute("DELETE FROM incident_customer WHERE customer = 'C-2'")
    db.execute("DELETE FROM action_incident")
    db.execute("DELETE FROM action_cause")
    assert book.verify().problems == (
        "incident INC-1 is not what the history says: customers differs.",
        "action ACT-1 is not what the history says: causes, incidents differ.",
    )


@pytest.mark.behind_its_back
def test_what_waits_and_was_changed_is_named(book):
    book.ingest([Complaint(id="COM-1", made=DAY[2], incident="INC-1", customer=there("7"))])
    book.ingest([Complaint(id="COM-2", made=DAY[2], incident="INC-2")])
    assert len(book.pending()) > 1
    assert book.verify().is_right
    db = book._store.db
    db.execute("UPDATE pending SET target = 'INC-9' WHERE record = 'COM-1'")
    db.execute("DELETE FROM pending WHERE record = 'COM-2'")
    assert book.verify().problems == (
        "pending COM-1 is not what the history says.",
        "pending COM-2 is not what the history says.",
    )


def test_how_many_records_are_right_is_counted_over_all_pages(book):
    book.ingest([incident(f"INC-{n:04}") for n in range(1_201)])
    assert book.verify().records == 1_201


@pytest.mark.behind_its_back
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE incident SET failure = '1:x1:y' WHERE id = 'INC-1'",
            "incident INC-1: its failure key is not that of its signature.",
        ),
        (
            "UPDATE incident SET canonical = NULL WHERE id = 'INC-3'",
            "incident INC-3: its canonical incident is not the one that it is a duplicate of.",
        ),
        (
            "UPDATE incident_customer SET incident = 'INC-2', stated = '' WHERE stated = 'INC-2'",
            "incident_customer of incident INC-2 stands under another than the canonical one.",
        ),
        (
            "UPDATE cause SET level = 7 WHERE id = 'CAU-1'",
            "cause CAU-1: its level is not one more than that of the deepest cause beneath it.",
        ),
    ],
    ids=["failure", "canonical", "stated", "level"],
)
def test_what_follows_from_records_is_verified_too(book, statement, problem):
    book.record(
        incident("INC-1", process="p", failure_mode="f", customers="C-1"),
        incident("INC-2", process="p", attributes={"failure_mode": "x"}, customers="C-2", duplicate_of="INC-1"),
        incident("INC-3", duplicate_of="INC-1"),
        Cause(id="CAU-2", found=DAY[2], effects="CAU-1"),
        Cause(id="CAU-1", found=DAY[2], incidents="INC-1"),
    )  # fmt: skip
    assert book.verify().is_right
    book._store.db.execute(statement)
    assert book.verify(records=False).is_right
    assert problem in book.verify().problems


def test_a_history_without_any_body_is_told(written):
    connection = opened(written)
    connection.execute("DELETE FROM history_body")
    (problem,) = verifying.verify(Database(connection), records=False).problems
    assert problem == "body 1 of entry 1 is missing, and no erasure says so."


def test_the_fields_of_a_change_stand_in_the_order_of_the_record_and_whence_it_comes_last(book):
    book.ingest(
        [
            incident(
                "INC-1", title="Late", process="shipping", channel="mail", customers="C-1",
                source="crm", external_id="1", attributes={"priority": 1},
            ),
        ],
    )  # fmt: skip
    (change,) = book.history("INC-1")
    assert list(change.fields) == [
        "occurred", "process", "channel", "title", "customers", "source", "external_id",
        "attributes",
    ]  # fmt: skip


def test_a_new_record_says_nothing_of_what_it_holds_by_default_either_way(book_either_way):
    book = book_either_way
    book.ingest([incident("INC-1", process="shipping")])
    (change,) = book.history("INC-1")
    assert (change.op, set(change.fields)) == ("record", {"occurred", "process"})


def test_all_that_waited_for_one_record_at_a_time_waits_there(book):
    book.ingest(
        [
            Action(
                id="ACT-1", kind="corrective", decided=DAY[2],
                incidents=[there("8"), there("9")],
            ),
        ],
    )  # fmt: skip
    then = moments(book)
    book.ingest([incident("INC-8", source="crm", external_id="8")])
    waiting = [each.external.external_id for each in book.known_at(then).pending()]
    assert sorted(waiting) == ["8", "9"]
    assert [each.external.external_id for each in book.pending()] == ["9"]


def test_how_often_something_was_erased_since_an_anchor_was_kept_is_told(tmp_path):
    """Whoever can write the file can erase, too, and say something else in its place."""
    path = tmp_path / "q.db"
    with remedy.open(path, actor="anna") as book:
        book.record(Customer(id="C-4711"), Customer(id="C-4712"))
        book.erase_customer("C-4711", reason="asked for")
        anchor = book.anchor()
        assert book.verify(anchor).erasures == 0
        assert book.verify().erasures == 1
        book.erase_customer("C-4712", reason="asked for")
        assert book.verify(anchor).erasures == 1
    ran = CliRunner().invoke(main, ["verify", str(path), "--anchor", str(anchor)])
    assert ran.exit_code == 0
    assert "something was erased once" in " ".join(ran.stdout.split())


def test_an_anchor_of_no_entries_is_compared_as_well():
    with remedy.open() as book:
        book.record(Customer(id="C-1"))
        assert book.verify(f"0:{'0' * 64}").is_right
        assert "entry 0 is another one" in book.verify(f"0:{'a' * 64}").problems[0]


@pytest.mark.parametrize("form", ["utf-8", "utf-8-sig", "utf-16"])
def test_anchors_are_read_as_terminals_write_them(tmp_path, form):
    """PowerShell writes what a command prints in UTF-16."""
    path, anchors = tmp_path / "q.db", tmp_path / "anchors.txt"
    with remedy.open(path) as book:
        book.record(Customer(id="C-1"))
        anchors.write_text(f"{book.anchor()}\n", form)
    ran = CliRunner().invoke(main, ["verify", str(path), "--anchors", str(anchors)])
    assert ran.exit_code == 0, ran.output
    anchors.write_bytes(b"\xff\xfe\xff")
    ran = CliRunner().invoke(main, ["verify", str(path), "--anchors", str(anchors)])
    assert ran.exit_code == 2
    assert "holds no anchors: it cannot be read as text" in ran.stderr
