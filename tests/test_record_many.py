"""Bulk loads: all or nothing, checked set by set, in constant memory. Decision 8 of the store."""

import sqlite3
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

import remedy
from remedy import Action, Affected, Apology, Cause, Complaint, Customer, Incident, Promise, _schema
from remedy.errors import CasebookError, Conflict, DanglingReference, InvalidRecord, InvalidTime
from tests import on_file
from tests.given import DAY
from tests.oracle.random_casebooks import random_casebook

AT = "2026-03-02T09:00+01:00"


@pytest.fixture
def book():
    with remedy.open(":memory:", actor="test") as book:
        yield book


def incidents(count, **fields):
    return (
        Incident(id=f"INC-{n:06}", occurred=AT, process="shipping", failure_mode=f"f{n % 7}",
                 customers=Affected(customer=f"C-{n % 1000}", order_no=n), **fields)
        for n in range(count)
    )  # fmt: skip


def indexes(book):
    rows = book._store.db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql > ''"
    )
    return {name for (name,) in rows}


class Stop(Exception):
    pass


def test_it_says_how_many_were_new_and_how_far_it_is(book):
    done = []
    assert book.record_many(incidents(5_000), done.append) == 5_000
    assert done == list(range(500, 5_001, 500))
    assert book.record_many(incidents(5_100), done.append) == 100
    assert done[-1] == 5_100
    assert book.record_many([], done.append) == 0
    assert book.record_many(incidents(3), done.append) == 0
    assert done[-1] == 3


def test_the_indexes_are_there_again_afterwards(book):
    book.record_many(incidents(1_000))
    assert indexes(book) == {*_schema.UNIQUE_IDS, *_schema.INDEXES}


def test_nothing_is_written_when_the_iterable_raises(book):
    book.record(Customer(id="C-1", name="Anna"))
    before = list(book.records())

    def stream():
        yield from incidents(4_500)
        raise Stop

    with pytest.raises(Stop):
        book.record_many(stream())
    assert list(book.records()) == before
    assert indexes(book) == {*_schema.UNIQUE_IDS, *_schema.INDEXES}


def test_nothing_is_written_when_a_record_cannot_be(book):
    with pytest.raises(InvalidTime, match="lies in the future"):
        book.record_many([*incidents(3_000), Incident(id="X", occurred="2999-01-01T00:00Z")])
    with pytest.raises(Conflict, match="failure_mode is 'f0' on file and None here"):
        book.record_many([*incidents(600), Incident(id="INC-000000", occurred=AT)])
    with pytest.raises(Conflict, match="kind is"):
        book.record_many([*incidents(600), Cause(id="INC-000001", found=AT)])
    assert list(book.records()) == []


def test_what_is_missing_is_named_and_counted(book):
    """Decision 8: set-based anti-joins before COMMIT that name what is missing."""
    stream = [
        *incidents(600),
        *(Complaint(id=f"COM-{n}", made=AT, incident=f"NO-{n}") for n in range(40)),
        Cause(id="CAU-1", found=AT, effects="CAU-9"),
    ]
    with pytest.raises(DanglingReference) as caught:
        book.record_many(stream)
    assert caught.value.total == 41
    assert ("complaint COM-0", "incident", "NO-0") in caught.value.references
    assert ("cause CAU-1", "effects", "CAU-9") in caught.value.references
    assert "(and 36 more)" in str(caught.value)
    assert list(book.records()) == []


def test_what_is_referred_to_may_come_later_in_the_stream(book):
    stream = [
        Apology(id="APO-1", incidents="INC-000000", made=AT, promises=Promise(kind="deed")),
        Cause(id="CAU-1", found=AT, effects="CAU-2", incidents="INC-002999"),
        *incidents(3_000),
        Cause(id="CAU-2", found=AT),
        Incident(id="D-1", occurred=AT, duplicate_of="D-2"),
        Incident(id="D-2", occurred=AT, duplicate_of="INC-000001"),
    ]
    assert book.record_many(stream) == len(stream) + 1
    assert book.get("APO-1").promises[0].id == "APO-1/promise-1"
    rows = book._store.db.execute("SELECT id, canonical FROM incident WHERE canonical > ''")
    assert rows.fetchall() == [("D-1", "INC-000001"), ("D-2", "INC-000001")]


@pytest.mark.parametrize("seed", range(12))
def test_a_bulk_load_gives_what_recording_gives(seed, tmp_path):
    case = random_casebook(seed)
    filler = list(incidents(600))
    tables = []
    for way in ("one", "many", "file"):
        with remedy.open(tmp_path / "q.db" if way == "file" else ":memory:") as book:
            if way == "one":
                for start in range(0, len(filler), 100):
                    book.record(*filler[start : start + 100])
                book.record(*case.records)
            else:
                book.record_many([*filler, *case.records])
            tables.append(on_file.tables(book))
    # Who comes first of events that happened at the same moment is the order of the records.
    assert tables[0] == tables[1] == tables[2]


def test_memory_does_not_grow_with_the_input():
    """Decision 8, and the promise of record_many: it streams."""

    def peak(count):
        with remedy.open(":memory:") as book:
            tracemalloc.start()
            try:
                book.record_many(incidents(count))
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak(2_100)
    small, large = peak(12_000), peak(30_000)
    assert large < small * 1.15 + 200_000


def test_more_customers_than_are_remembered_are_made_once_each(book, monkeypatch):
    monkeypatch.setattr(remedy._bulk, "_CUSTOMERS_KNOWN", 1_500)
    assert book.record_many(incidents(6_000)) == 6_000
    assert book.record_many(incidents(7_000)) == 1_000
    assert len(list(book.records(Customer))) == 1_000
    stream = (Incident(id=f"X-{n}", occurred=AT, customers=f"D-{n % 3_000}") for n in range(6_000))
    assert book.record_many(stream) == 6_000
    assert len(list(book.records(Customer))) == 4_000


def test_a_record_that_comes_twice_in_a_stream_is_one(book):
    book.record_many([*incidents(2_500), *incidents(2_500)])
    assert sum(1 for _ in book.records(Incident)) == 2_500
    event = ("implemented", AT)
    action = Action(id="ACT-1", kind="corrective", events=[event, event])
    book.record_many([action, *incidents(600), action])
    assert len(book.get("ACT-1").events) == 1


def test_foreign_keys_hold_after_a_bulk_load(book):
    book.record_many(incidents(600))
    assert book._store.db.execute("PRAGMA foreign_key_check").fetchall() == []
    with pytest.raises(sqlite3.IntegrityError):
        book._store.db.execute("DELETE FROM customer WHERE id = 'C-1'")


def test_a_stream_refers_to_what_came_before_as_its_source_calls_it(book):
    there = remedy.External(source="crm", external_id="7")
    book.record_many(
        [
            Incident(id="INC-7", occurred=AT, source="crm", external_id="7"),
            *incidents(2_500),
            Incident(id="INC-8", occurred=AT, duplicate_of=there),
            Incident(id="INC-9", occurred=AT, customers=there),
            Complaint(id="COM-1", made=AT, incident=there),
            Cause(id="CAU-1", found=AT, incidents=there),
            Apology(id="APO-1", made=AT, incidents=there, customers=there),
        ]
    )
    assert book.get("INC-8").duplicate_of == book.get("COM-1").incident == "INC-7"
    assert book.get("CAU-1").incidents[0].to == "INC-7"
    assert book.get("APO-1").customers == ("crm:7",)
    assert book.get("INC-9").customers == (Affected(customer="crm:7"),)


def test_an_unknown_intervention_is_refused_inside_a_transaction_too(book):
    unknown = Action(id="ACT-1", kind="corrective", decided=AT, intervention="prayer")
    with book.transaction(), pytest.raises(InvalidRecord, match="Action.intervention = 'prayer'"):
        book.record_many([*incidents(600), unknown])
    assert list(book.records()) == []


def test_what_is_no_record_and_an_unknown_intervention_are_refused_in_a_stream(book):
    with pytest.raises(TypeError, match="'INC-1' is no record"):
        book.record_many([*incidents(600), "INC-1"])
    unknown = Action(id="ACT-1", kind="corrective", decided=AT, intervention="prayer")
    with pytest.raises(InvalidRecord, match="Action.intervention = 'prayer': ACT-1"):
        book.record_many([*incidents(600), unknown])
    assert list(book.records()) == []


def test_a_version_that_is_too_old_makes_no_customer(book):
    """The batch cannot go in at once, and record by record nobody is named by what is older."""

    def version(day, customer):
        return Incident(
            id="INC-X", occurred=AT, customers=customer, source="crm", external_id="X",
            updated=f"2026-03-{day:02}T09:00+01:00",
        )  # fmt: skip

    book.ingest([version(10, "C-1")])
    book.ingest([version(5, "C-TYPO"), *incidents(600)])
    assert book.get("INC-X").customers[0].customer == "C-1"
    assert "C-TYPO" not in {customer.id for customer in book.records(Customer)}
    assert len(list(book.records(Incident))) == 601


def test_batches_that_say_ever_other_things_are_stored_alike(book, monkeypatch):
    monkeypatch.setattr(remedy._bulk, "BATCH", 10)
    monkeypatch.setattr(remedy._bulk, "_LEANS_KNOWN", 2)
    fields = ({"site": "a"}, {"title": "b"}, {"impact": "minor"}, {}, {"channel": None})
    given = [
        Incident(id=f"I-{n}", occurred="2026-03-02T09:00Z", **fields[n // 10 % 5])
        for n in range(2_000)
    ]
    assert book.record_many(given) == 2_000
    assert sorted(book.records(Incident), key=lambda each: int(each.id[2:])) == given


def test_the_stream_of_a_load_neither_loads_nor_configures(tmp_path):
    def stream(inner):
        for number in range(1_200):
            if number == 600:
                inner()
            yield Incident(id=f"INC-{number}", occurred=DAY[1], process="p", failure_mode="f")

    with remedy.open(tmp_path / "q.db", actor="test") as book:
        more = [Incident(id=f"MORE-{number}", occurred=DAY[1]) for number in range(700)]
        for inner in (
            lambda: book.ingest(more),
            lambda: book.record_many(more),
            lambda: book.configure(signature=("title",)),
        ):
            with pytest.raises(CasebookError, match="from within that stream"):
                book.ingest(stream(inner))
            assert list(book.records()) == []
        book.ingest(stream(lambda: book.record(Incident(id="ONE", occurred=DAY[1]))))
        assert len(list(book.records())) == 1_201
        assert book.verify().is_right


def test_another_thread_waits_for_a_load_in_memory_before_it_configures():
    begun = threading.Event()

    def stream():
        for number in range(1_200):
            if number == 600:
                begun.set()
                time.sleep(0.2)  # So that the other comes in the middle.
            yield Incident(id=f"INC-{number}", occurred=DAY[1])

    def configure():
        assert begun.wait(10)
        return book.configure(grace="3 days")

    with remedy.open(":memory:", actor="test") as book, ThreadPoolExecutor() as pool:
        other = pool.submit(configure)
        book.ingest(stream())
        assert other.result().grace.days == 3
