"""Customers under one id, in whatever order they and what refers to them come."""

import random
import time

import attrs
import pytest

import remedy
import remedy.casebook
from remedy import (
    Affected,
    Alias,
    Amends,
    Apology,
    Complaint,
    Customer,
    Exposure,
    FollowUp,
    Incident,
    Response,
)
from remedy.errors import Conflict, TakenId
from tests import on_file
from tests.given import DAY, there


@pytest.fixture
def book(book_either_way):
    return book_either_way


def incident(id, **fields):
    return Incident(id=id, **{"occurred": DAY[0], **fields})


def customers(book):
    return [each.id for each in book.records(Customer)]


OWN = Customer(id="C-77", source="crm", external_id="77", name="Anna")
ALIASED = Customer(id="C-77", name="Anna", aliases=Alias(source="crm", external_id="77"))


def naming(who):
    """Records of every kind that names customers."""
    return [
        incident("A", customers=[Affected(customer=who, order="1"), "C-1"]),
        Complaint(id="COM-1", customer=who, made=DAY[1], incident="A"),
        Apology(id="APO-1", incidents="A", made=DAY[1], customers=who),
        Apology(id="APO-2", incidents="A", made=DAY[1], customers="C-1", not_reached=who),
        Amends(id="AME-1", incident="A", customer=who, kind="gift", made=DAY[1]),
        Response(id="RES-1", customer=who, kind="left", made=DAY[2]),
        FollowUp(id="FOL-1", incident="A", customer=who, due=DAY[3]),
        Exposure(id="EXP-1", chances=7, began=DAY[0], ended=DAY[2], customer=who),
    ]


@pytest.mark.parametrize("write", ["ingest", "record", "record_many", "link"])
@pytest.mark.parametrize("own", [OWN, ALIASED], ids=["source", "alias"])
def test_who_was_named_by_an_id_in_a_source_is_the_customer_who_comes(book, own, write):
    book.ingest(naming(there("77")))
    assert customers(book) == ["C-1", "crm:77"]
    if write == "ingest":
        assert book.ingest([own]).new == 1
    elif write == "record":
        book.record(own)
    elif write == "record_many":
        assert book.record_many([own]) == 1
    else:
        book.record(Customer(id="C-77", name="Anna"))
        book.link("C-77", aliases=Alias(source="crm", external_id="77"))
        own = ALIASED
    book.ingest([incident("B", customers=there("77"))])
    assert book.get("B").customers == (Affected(customer="C-77"),)
    assert customers(book) == ["C-1", "C-77"]
    for record in naming("C-77"):
        assert book.get(record.id) == record
    assert book.get("C-77") == own
    assert book._store.db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_incident_that_comes_before_its_customer_repeats_for_the_same_one(book):
    fields = {"process": "shipping", "failure_mode": "late", "customers": there("77")}
    book.ingest([incident("A", **fields)])
    book.ingest([OWN])
    book.ingest([incident("B", **fields | {"occurred": DAY[5]})])
    assert "R202" in {finding.code for finding in book.check(as_of=DAY[9]).findings}


def test_a_link_that_the_customer_has_already_stays_as_it_is(book):
    book.ingest([incident("A", customers=[there("77"), Affected(customer="C-77", order="1")])])
    book.ingest([OWN])
    assert book.get("A").customers == (Affected(customer="C-77", order="1"),)


def test_what_a_person_said_of_who_was_only_named_is_kept(book):
    book.ingest([incident("A", customers=there("77"))])
    book.amend("crm:77", account="ACC-1", name="Ann", reason="they told us")
    book.ingest([OWN])
    assert book.get("C-77") == attrs.evolve(OWN, account="ACC-1")


def test_who_was_named_as_the_casebook_calls_them_is_found_later_on(book):
    book.ingest([incident("A", customers=there("77"))])
    book.ingest([incident("B", customers="crm:77")])
    book.ingest([OWN])
    book.ingest([incident("B", customers="crm:77"), incident("C", customers="crm:77")])
    book.record_many([incident("D", customers="crm:77"), incident("E", customers="a:b")])
    book.record(incident("F", customers="crm:77"))
    book.link("E", customers="crm:77")
    named = {each.id: [who.customer for who in each.customers] for each in book.records(Incident)}
    assert named == {
        "A": ["C-77"], "B": ["C-77"], "C": ["C-77"], "D": ["C-77"], "E": ["C-77", "a:b"],
        "F": ["C-77"],
    }  # fmt: skip
    assert customers(book) == ["C-77", "a:b"]


def test_a_customer_under_that_very_id_is_no_other_one(book):
    own = Customer(id="crm:77", source="crm", external_id="77", name="Anna")
    book.ingest([incident("A", customers=there("77"))])
    book.ingest([own])
    assert list(book.records(Customer)) == [own]
    assert book.get("A").customers == (Affected(customer="crm:77"),)


def test_a_customer_is_known_again_by_an_alias(book):
    alias = Alias(source="crm", external_id="77")
    mine = Customer(id="C-1", source="erp", external_id="5", aliases=alias)
    book.ingest([mine])
    told = book.ingest([OWN, incident("A", customers="C-77"), incident("B", customers=there("77"))])
    assert (told.new, told.updated) == (2, 1)
    assert customers(book) == ["C-1"]
    assert book.get("C-1") == attrs.evolve(mine, name="Anna")
    assert book.get("A").customers == book.get("B").customers == (Affected(customer="C-1"),)
    book.ingest([attrs.evolve(mine, name="Anna B.")])
    assert book.get("C-1").name == "Anna B."


def test_a_customer_known_by_an_alias_alone_takes_the_source_who_tells_of_it(book):
    book.record(Customer(id="C-1", aliases=Alias(source="crm", external_id="77")))
    book.ingest([OWN])
    assert customers(book) == ["C-1"]
    known = book.get("C-1")
    assert (known.name, known.source, known.external_id) == ("Anna", "crm", "77")


def test_two_customers_of_one_batch_who_share_an_id_in_a_source_are_not_both_taken(book):
    other = Customer(id="C-2", aliases=Alias(source="crm", external_id="77"))
    for batch in ([OWN, other], [other, OWN]):
        with pytest.raises(TakenId, match="is '77' of the source 'crm', and so is customer"):
            book.record_many(batch)
        assert customers(book) == []


def test_two_customers_who_have_records_of_their_own_are_not_made_one(book):
    book.ingest([OWN])
    other = Customer(id="C-2", aliases=Alias(source="crm", external_id="77"))
    for write in (
        book.record,
        lambda *each: book.ingest(each),
        lambda *each: book.record_many(each),
    ):
        with pytest.raises(
            TakenId, match="C-2 is '77' of the source 'crm', and so is customer C-77"
        ):
            write(other)
    book.record(Customer(id="C-2"))
    with pytest.raises(TakenId):
        book.link("C-2", aliases=other.aliases)
    assert book.get("C-2") == Customer(id="C-2")


def test_a_customer_who_is_another_one_by_alias_is_not_recorded_besides(book):
    book.record(ALIASED)
    with pytest.raises(TakenId, match="C-2 is '77' of the source 'crm', and so is customer C-77"):
        book.record(Customer(id="C-2", source="crm", external_id="77"))
    assert customers(book) == ["C-77"]


def test_the_time_grows_with_the_customers_who_turn_out_to_be_others():
    def stream(size):
        for number in range(size):
            yield incident(f"I-{number}", customers=there(f"{number}"))
        for number in range(size):
            yield Customer(id=f"C-{number}", source="crm", external_id=f"{number}")

    def seconds(size):
        with remedy.open(":memory:") as book:
            began = time.perf_counter()
            book.ingest(stream(size))
            taken = time.perf_counter() - began
            assert customers(book) == sorted(f"C-{number}" for number in range(size))
            return taken

    seconds(600)
    assert seconds(6_000) < 25 * seconds(1_000)


# --- an id of one record only ---------------------------------------------------------------------


@pytest.mark.parametrize("other", [("shop", "1001"), ("crm", "1002")])
def test_another_record_of_a_source_under_an_id_on_file_is_refused(book, other):
    first = incident("1001", source="crm", external_id="1001", title="crm")
    book.ingest([first])
    with pytest.raises(TakenId, match="is on file already as '1001' of the source 'crm'") as caught:
        book.ingest([incident("1001", source=other[0], external_id=other[1], title="shop")])
    assert isinstance(caught.value, Conflict)
    assert list(book.records(Incident)) == [first]


def test_one_batch_cannot_hold_two_records_under_one_id_either(book):
    with pytest.raises(TakenId):
        book.ingest([incident("1", source=each, external_id="1") for each in ("crm", "shop")])
    assert list(book.records()) == []


def test_a_record_without_a_source_is_taken_over_by_one_that_has_one(book):
    book.record(incident("1001"))
    book.ingest([incident("1001", source="crm", external_id="7", title="crm")])
    book.ingest([incident("1001", title="nobody says where from")])
    assert book.get("1001").title == "nobody says where from"


# --- any order ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_the_order_in_which_customers_come_makes_no_difference(seed, monkeypatch):
    rng = random.Random(seed)
    people = []
    for number in range(6):
        alias = Alias(source="shop", external_id=f"s{number}")
        source = {"source": "crm", "external_id": f"{number}"} if number % 2 else {}
        people.append(
            Customer(
                id=f"C-{number}", name=f"n{number}", aliases=alias if number % 3 else (), **source
            )
        )
    names = [
        *(f"C-{number}" for number in range(7)),
        *(there(f"{number}") for number in range(7)),
        *(there(f"s{number}", "shop") for number in range(7)),
        "crm:1", "shop:s1",
    ]  # fmt: skip
    records = list(people)
    for number in range(25):
        records.append(incident(f"I-{number}", customers=rng.sample(names, rng.randint(0, 2))))
        records.append(
            Complaint(
                id=f"K-{number}", made=DAY[1], customer=rng.choice(names), incident=f"I-{number}"
            )
        )
    casebooks = []
    for few in (500, -1):
        monkeypatch.setattr(remedy.casebook, "_FEW", few)
        for _ in range(2):
            with remedy.open(":memory:") as book:
                pool = list(records)
                while pool:
                    size = rng.randint(1, 20)
                    book.ingest(pool[:size])
                    pool = pool[size:]
                casebooks.append(on_file.tables(book))
                book.ingest(records)
                assert on_file.tables(book) == casebooks[-1]
            rng.shuffle(records)
    assert all(each == casebooks[0] for each in casebooks)


def test_who_turns_out_to_be_one_keeps_the_orders_and_dates_of_both():
    day = "2026-03-{:02}T09:00+00:00".format
    theirs = remedy.External(source="crm", external_id="9")
    links = {
        "INC-1": ({"order": "ORD-1", "order_no": 1}, {}),
        "INC-2": ({"order": "ORD-2"}, {"order": "ORD-20", "acknowledged": day(9)}),
        "INC-3": ({"acknowledged": day(8), "since": day(6)}, {"since": day(7)}),
        "INC-4": ({}, {"since": day(7)}),
        "INC-5": ({"since": day(7)}, {}),
    }
    with remedy.open(":memory:", actor="test") as book:
        for id, (stub, other) in links.items():
            customers = [
                remedy.Affected(customer=theirs, **stub),
                remedy.Affected(customer="C-1", **other),
            ]
            book.ingest([remedy.Incident(id=id, occurred=day(5), customers=customers)])
        book.ingest([remedy.Customer(id="C-1", source="crm", external_id="9")])
        assert book.verify().is_right
        merged = {id: book.get(id).customers for id in links}
        assert merged == {
            id: (remedy.Affected(customer="C-1", **fields),)
            for id, fields in {
                "INC-1": {"order": "ORD-1", "order_no": 1},
                "INC-2": {"order": "ORD-20", "acknowledged": day(9)},
                "INC-3": {"acknowledged": day(8), "since": day(6)},
                "INC-4": {},
                "INC-5": {},
            }.items()
        }
