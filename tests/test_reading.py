"""Getting records back: complete, one by one or filtered."""

import pytest

import remedy
from remedy import (
    ALL,
    Action,
    Affected,
    Apology,
    Cause,
    Complaint,
    Customer,
    Decision,
    External,
    Incident,
    Promise,
)
from remedy.errors import InvalidRecord, UnknownRecord
from remedy.records import RECORDS
from tests.strategies import GROUND

AT = "2026-03-02T09:00+01:00"


@pytest.fixture
def book():
    with remedy.open(":memory:", actor="test") as book:
        yield book


def ids(iterator):
    return [record.id for record in iterator]


def incident(id, **fields):
    return Incident(id=id, occurred=AT, **fields)


# --- get ------------------------------------------------------------------------------------------


def test_an_apology_comes_with_its_promises_in_the_order_in_which_they_were_made(book):
    apology = Apology(
        id="APO-1",
        incidents="INC-1",
        made=AT,
        promises=[Promise(id="Z", kind="deed"), Promise(id="A", kind="watch")],
    )
    book.record(incident("INC-1"), apology)
    book.record(Promise(id="M", apology="APO-1", kind=None, made=AT))
    assert ids(book.get("APO-1").promises) == ["Z", "A", "M"]
    assert book.get("A").kind == "watch"
    assert ids(next(book.records(Apology)).promises) == ["Z", "A", "M"]


@pytest.mark.parametrize("told", [None, ALL, (), ("C-1", "C-2")])
def test_whom_an_apology_was_told_comes_back_as_it_was_said(book, told):
    apology = Apology(id="APO-1", incidents="INC-1", made=AT, customers=told, not_reached="C-3")
    book.record(incident("INC-1"), apology)
    assert book.get("APO-1") == apology


def test_what_refers_to_a_duplicate_comes_back_as_it_was_stated(book):
    records = [
        incident("INC-1", customers="C-1"),
        incident("INC-2", duplicate_of="INC-1", customers=Affected(customer="C-2", order="7")),
        Cause(id="CAU-1", found=AT, incidents=["INC-1", "INC-2"]),
        Action(id="ACT-1", kind="correction", decided=AT, incidents="INC-2"),
        Apology(id="APO-1", incidents=["INC-2"], made=AT),
        Complaint(id="COM-1", made=AT, incident="INC-2"),
        Decision(id="DEC-1", kind="no_action", incident="INC-2", made=AT, reason="x"),
    ]
    book.record(*records)
    assert [book.get(record.id) for record in records] == records


def test_an_unknown_id_is_named_with_those_that_resemble_it(book):
    book.record(incident("INC-17"), incident("INC-18"), Cause(id="CAU-1", found=AT))
    with pytest.raises(UnknownRecord, match="the id 'INC-19'. Did you mean INC-1[78], INC-1[78]"):
        book.get("INC-19")
    with pytest.raises(UnknownRecord, match="the id 'nothing like it'.$"):
        book.get("nothing like it")
    with pytest.raises(UnknownRecord, match="the id 17.$"):
        book.get(17)


# --- records --------------------------------------------------------------------------------------


def test_all_records_are_yielded_kind_by_kind_ordered_by_id(book):
    book.record(*reversed(GROUND))
    assert list(book.records()) == list(GROUND)
    assert {type(record) for record in GROUND} < set(RECORDS.values())


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1_000])
def test_pages_make_no_difference(book, count):
    book.record_many(Customer(id=f"C-{n:05}") for n in range(count))
    assert ids(book.records(Customer)) == [f"C-{n:05}" for n in range(count)]


def test_records_are_filtered_by_fields_as_people_write_them(book):
    book.record(
        incident("INC-1", process="shipping", impact="major", customers=["C-1", "C-2"]),
        incident("INC-2", process="shipping", customers="C-2", duplicate_of="INC-1"),
        incident("INC-3", process="billing", detected_by="us"),
        Action(id="ACT-1", kind="corrective", decided=AT, changes_process=True,
               due="2026-04-01+02:00"),
        Action(id="ACT-2", kind="preventive", decided=AT, strength="weaker"),
    )  # fmt: skip
    assert ids(book.records(Incident, process="shipping")) == ["INC-1", "INC-2"]
    assert ids(book.records(Incident, process="shipping", impact="MAJOR")) == ["INC-1"]
    assert ids(book.records(Incident, impact=None)) == ["INC-2", "INC-3"]
    assert ids(book.records(Incident, customers="C-1")) == ["INC-1"]
    assert ids(book.records(Incident, duplicate_of="INC-1")) == ["INC-2"]
    assert ids(book.records(Incident, detected_by="us", process="shipping")) == []
    assert ids(book.records(Action, due="2026-04-01+02:00")) == ["ACT-1"]
    assert ids(book.records(Action, changes_process=True, decided=AT)) == ["ACT-1"]
    assert ids(book.records(Action, strength="weaker")) == ["ACT-2"]


def test_what_stands_in_one_table_is_told_apart(book):
    book.record(
        incident("INC-1"),
        Cause(id="CAU-1", found=AT),
        Action(id="ACT-1", kind="corrective", decided=AT, causes="CAU-1"),
        Action(id="ACT-2", kind="corrective", decided=AT, introduces="CAU-1"),
        Apology(id="APO-1", incidents="INC-1", made=AT, customers="C-1", not_reached="C-2"),
        Apology(id="APO-2", incidents="INC-1", made=AT, customers="C-2", not_reached="C-1"),
    )
    assert ids(book.records(Action, causes="CAU-1")) == ["ACT-1"]
    assert ids(book.records(Action, introduces="CAU-1")) == ["ACT-2"]
    assert ids(book.records(Apology, customers="C-1")) == ["APO-1"]
    assert ids(book.records(Apology, not_reached="C-1")) == ["APO-2"]


def test_questions_about_duplicates_are_answered_as_stated(book):
    book.record(
        incident("INC-1", customers="C-1"),
        incident("INC-2", duplicate_of="INC-1", customers=["C-1", "C-2"]),
        Cause(id="CAU-1", found=AT, incidents="INC-1"),
        Cause(id="CAU-2", found=AT, incidents="INC-2"),
        Complaint(id="COM-1", made=AT, incident="INC-1"),
        Complaint(id="COM-2", made=AT, incident="INC-2"),
        Complaint(id="COM-3", made=AT),
    )
    assert ids(book.records(Incident, customers="C-1")) == ["INC-1", "INC-2"]
    assert ids(book.records(Incident, customers="C-2")) == ["INC-2"]
    for number in "12":
        assert ids(book.records(Cause, incidents=f"INC-{number}")) == [f"CAU-{number}"]
        assert ids(book.records(Complaint, incident=f"INC-{number}")) == [f"COM-{number}"]
    assert ids(book.records(Complaint, incident=None)) == ["COM-3"]


def test_records_with_a_kind_of_their_own_are_asked_for_by_it(book):
    book.record(*(Action(id=f"ACT-{kind}", kind=kind, decided=AT) for kind in (
        "corrective", "preventive")))  # fmt: skip
    assert ids(book.records(Action, kind="preventive")) == ["ACT-preventive"]


THERE = External(source="crm", external_id="77")


@pytest.mark.parametrize("id", [THERE, 5, None, ["INC-1"], b"INC-1", "\ud800"])
def test_what_can_be_no_id_is_the_id_of_no_record(book, id):
    book.record(incident("INC-1"))
    with pytest.raises(UnknownRecord, match="There is no record with the id "):
        book.get(id)
    with pytest.raises(UnknownRecord):
        book.amend(id, title="x", reason="typo")
    if id is not None and id != ["INC-1"]:
        with pytest.raises(UnknownRecord):
            book.graph(around=id)
        with pytest.raises(UnknownRecord):
            book.check(around=id)


@pytest.mark.parametrize("id", [THERE, 5, ["C-1"], "\ud800"])
@pytest.mark.parametrize(
    ("kind", "field"),
    [(Incident, "customers"), (Incident, "duplicate_of"), (Complaint, "incident"),
     (Complaint, "customer"), (Apology, "not_reached")],
)  # fmt: skip
def test_a_reference_is_asked_for_by_one_id(book, kind, field, id):
    with pytest.raises(InvalidRecord, match=f"^{kind.__name__}.{field} = "):
        list(book.records(kind, **{field: id}))


def test_what_cannot_be_asked_is_refused(book):
    with pytest.raises(TypeError, match="'incident' is no class of records"):
        book.records("incident")
    with pytest.raises(TypeError, match="Incidents are not asked for by 'colour': id, "):
        list(book.records(Incident, colour="blue"))
    with pytest.raises(TypeError, match="not asked for by 'events'"):
        list(book.records(Action, events="implemented"))
    with pytest.raises(InvalidRecord, match="Incident.impact = 'huge': must be one of"):
        list(book.records(Incident, impact="huge"))
