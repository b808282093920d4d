"""What people said, and what a source says again or later."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import remedy
import remedy.casebook
from remedy import (
    ALL,
    Action,
    Affected,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    Decision,
    FollowUp,
    Incident,
    Link,
    Promise,
    Verdict,
)
from remedy.errors import CannotAmend, Conflict, InvalidRecord, TakenId, UnknownRecord
from remedy.sources import import_rows
from tests.given import DAY, there


@pytest.fixture
def book(book_either_way):
    return book_either_way


def incident(id, **fields):
    return Incident(id=id, **{"occurred": DAY[0], "source": "crm", "external_id": id, **fields})


def unchanged(book, *records):
    """Whether ingesting these, once and again, changes nothing."""
    before = (list(book.records()), book.pending())
    for _ in range(2):
        told = book.ingest(records)
        assert (told.new, told.updated, told.older) == (0, 0, 0)
        assert (list(book.records()), book.pending()) == before


# --- what was amended stays -----------------------------------------------------------------------

AMENDED = [
    (incident("A", title="one"), {"title": "two"}),
    (incident("A", title="one", process="p"), {"title": None, "process": "q"}),
    (incident("A"), {"duplicate_of": "B", "failure_mode": "late"}),
    (incident("A", duplicate_of=there("B")), {"duplicate_of": None}),
    (incident("A", duplicate_of="B"), {"duplicate_of": "D"}),
    (incident("A", duplicate_of=there("not yet")), {"duplicate_of": "B"}),
    (incident("A", duplicate_of=there("not yet")), {"duplicate_of": None}),
    (incident("A", occurred="2026-03-02T09:00-05:00", impact="minor"),
     {"occurred": "2026-03-01T09:00+02:00", "impact": "major"}),
    (incident("A", attributes={"a": 1}), {"attributes": {"a": 2}}),
    (Complaint(id="A", made=DAY[1], incident="not yet", customer=there("9")), {"incident": "B"}),
    (Complaint(id="A", made=DAY[1], customer=there("9")), {"customer": "C-9"}),
    (Amends(id="A", incident="B", kind="gift", made=DAY[1], amount="5 EUR"),
     {"amount": "7 USD", "incident": "D"}),
    (Decision(id="A", incident="B", kind="no_action", made=DAY[1], reason="x"),
     {"incident": None, "cause": "CAU"}),
    (FollowUp(id="A", incident="B", due=DAY[1]), {"due": None, "made": DAY[2]}),
    (Customer(id="A", source="crm", external_id="A", name="Ann"), {"name": "Anna"}),
    (Apology(id="A", incidents="B", made=DAY[1], elements="regret", text="one"),
     {"elements": ["regret", "repair"], "made": DAY[2], "text": "two"}),
    (Promise(id="A", apology="APO", kind="deed"), {"made": DAY[5], "kind": "watch"}),
]  # fmt: skip


@pytest.mark.parametrize("updated", [None, DAY[1]], ids=["no date", "dated"])
@pytest.mark.parametrize(("record", "changes"), AMENDED)
def test_what_was_amended_stays_when_the_source_says_the_same_again(book, record, changes, updated):
    record = attrs.evolve(record, updated=updated)
    others = [
        incident("B"), incident("D"), Cause(id="CAU", found=DAY[1]),
        Apology(id="APO", incidents="B", made=DAY[1]),
    ]  # fmt: skip
    book.ingest([*others, record])
    after = book.amend("A", changes, reason="seen")
    assert book.pending() == []
    unchanged(book, *others, record)
    assert book.get("A") == after
    unchanged(book, record)


@pytest.mark.parametrize("updated", [(None, None), (DAY[1], DAY[2]), (None, DAY[1])])
def test_what_the_source_says_anew_is_newer_than_what_was_amended(book, updated):
    old = incident("A", title="one", process="p", updated=updated[0])
    book.ingest([old])
    book.amend("A", title="two", impact="major", failure_mode="late", reason="seen")
    new = attrs.evolve(old, title="three", product="x", updated=updated[1])
    assert book.ingest([new]).updated == 1
    kept = attrs.evolve(new, impact="major", failure_mode="late")
    assert book.get("A") == kept
    unchanged(book, new)
    book.ingest([attrs.evolve(new, title="one", impact="minor")])
    assert book.get("A") == attrs.evolve(kept, title="one", impact="minor")


def test_of_several_amendments_what_the_source_had_said_counts(book):
    record = incident("A", title="one")
    book.ingest([record])
    book.amend("A", title="two", reason="seen")
    book.amend("A", title="three", reason="seen")
    unchanged(book, record)
    assert book.get("A").title == "three"
    book.ingest([attrs.evolve(record, title="two")])
    assert book.get("A").title == "two"


def test_what_does_not_go_with_what_is_new_gives_way(book):
    old = Decision(id="A", incident="B", kind="no_action", made=DAY[1], reason="x")
    book.ingest([incident("B"), incident("D"), Cause(id="CAU", found=DAY[1]), old])
    book.amend("A", incident=None, cause="CAU", reason="seen")
    new = attrs.evolve(old, incident="D")
    book.ingest([new])
    assert book.get("A") == new
    unchanged(book, new)


def test_rows_imported_again_leave_what_was_amended(book):
    mapping = {
        "source": "crm", "key": "id", "zone": "UTC",
        "records": {"incident": {
            "occurred": "at", "customers": "who", "process": "p", "failure_mode": "f",
        }},
    }  # fmt: skip
    rows = [
        {"id": 1, "at": "2026-03-02T09:00", "who": "C1", "p": "ship", "f": "late"},
        {"id": 2, "at": "2026-03-05T09:00", "who": "C1", "p": "ship", "f": "late"},
    ]
    import_rows(book, rows, mapping)
    book.amend("crm-2", duplicate_of="crm-1", reason="same parcel, two tickets")
    book.amend("crm-1", failure_mode="shipped collect", reason="read the letter")
    again = import_rows(book, rows, mapping)
    assert (again.new, again.updated, again.unchanged) == (0, 0, 2)
    assert book.get("crm-2").duplicate_of == "crm-1"
    assert book.get("crm-1").failure_mode == "shipped collect"


# --- what was linked and taken out stays ----------------------------------------------------------


def test_what_was_taken_out_of_a_plural_field_stays_out(book):
    records = [
        incident("A", customers=["C-1", Affected(customer=there("2"), order="7")]),
        Cause(id="CAU", found=DAY[1], incidents=["A", CausalLink(to=there("A"), role="escape")]),
        Action(id="ACT", kind="corrective", causes="CAU",
               events=[("implemented", DAY[2]), ("closed", DAY[3])]),
    ]  # fmt: skip
    book.ingest(records)
    book.unlink("A", customers=there("2"), reason="another parcel")
    book.link("A", customers=Affected(customer=there("2"), order="8"))
    book.unlink("CAU", incidents=CausalLink(to="A", role="escape"), reason="it was caught")
    book.unlink("ACT", events=("closed", DAY[3]), reason="it was not")
    unchanged(book, *records)
    assert book.get("A").customers == (
        Affected(customer="C-1"), Affected(customer="crm:2", order="8"),
    )  # fmt: skip
    book.ingest([incident("A", customers=Affected(customer=there("2"), order="9"))])
    assert book.get("A").customers[1].order == "9"


def test_who_a_customer_turns_out_to_be_makes_nothing_new(book):
    records = [
        Complaint(id="COM", made=DAY[1], customer=there("9")),
        incident("A", customers=[there("9"), "C-1"]),
    ]
    book.ingest(records)
    book.amend("COM", customer="C-5", reason="their sister")
    book.unlink("A", customers=there("9"), reason="their sister")
    book.amend("crm:9", account="ACC", reason="they told us")
    own = Customer(id="C-9", source="crm", external_id="9")
    book.ingest([own])
    assert book.get("C-9").account == "ACC"
    unchanged(book, *records, own)
    assert book.get("COM").customer == "C-5"
    assert book.get("A").customers == (Affected(customer="C-1"),)


def test_what_was_put_back_is_there_as_before(book):
    record = incident("A", customers=["C-1", "C-2"])
    book.ingest([record])
    book.unlink("A", customers="C-2", reason="seen")
    book.link("A", customers="C-2")
    book.unlink("A", customers="C-1", reason="seen")
    unchanged(book, record)
    assert book.get("A").customers == (Affected(customer="C-2"),)
    book.link("A", customers="C-1")
    unchanged(book, record)


@pytest.mark.parametrize("told", [None, "C-1", ALL], ids=["unknown", "list", "all"])
@pytest.mark.parametrize("said", ["C-2", ALL], ids=["list", "all"])
def test_to_whom_people_say_that_an_apology_went_stays(book, told, said):
    records = [incident("A"), Apology(id="APO", incidents="A", made=DAY[1], customers=told)]
    book.ingest(records)
    book.link("APO", customers=said)
    unchanged(book, *records)
    book.unlink("APO", customers=said, reason="no")
    unchanged(book, *records)


def test_who_was_taken_out_of_a_list_is_not_named_again_beside_everyone(book):
    records = [incident("A"), Apology(id="APO", incidents="A", made=DAY[1], customers=["C-1"])]
    book.ingest(records)
    book.unlink("APO", customers="C-1", reason="not to them")
    book.link("APO", customers=ALL)
    unchanged(book, *records)
    assert book.get("APO").customers is ALL


# --- what waits -----------------------------------------------------------------------------------


def test_what_was_amended_is_waited_for_no_more(book):
    complaint = Complaint(id="COM-1", made=DAY[1], incident="INC-9")
    book.ingest([incident("INC-1"), complaint])
    book.amend("COM-1", incident="INC-1", reason="it is about that one")
    assert book.pending() == []
    unchanged(book, complaint)
    book.record(incident("INC-9"))
    assert book.get("COM-1").incident == "INC-1"
    book.ingest([attrs.evolve(complaint, incident=there("INC-8"))])
    assert len(book.pending()) == 1
    book.record(incident("INC-8"))
    assert book.get("COM-1").incident == "INC-8"


def test_another_field_that_was_amended_waits_on(book):
    book.ingest([Complaint(id="COM-1", made=DAY[1], incident="INC-9")])
    book.amend("COM-1", text="louder", reason="seen")
    book.record(incident("INC-9"))
    assert (book.get("COM-1").incident, book.get("COM-1").text) == ("INC-9", "louder")


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("many", [False, True])
def test_what_is_recorded_stands_for_what_waits_under_its_id(book, together, many):
    told = Apology(
        id="APO-1", incidents=["INC-9", "INC-8"], made=DAY[2], text="old",
        promises=Promise(kind="deed"),
    )  # fmt: skip
    book.ingest([incident("INC-1"), told])
    mine = Apology(
        id="APO-1", incidents="INC-1", made=DAY[3], text="corrected", promises=Promise(kind="watch")
    )
    write = (lambda *each: book.record_many(each)) if many else book.record
    if together:
        write(incident("INC-9"), mine)
    else:
        write(mine)
        write(incident("INC-9"))
    assert book.pending() == []
    assert book.get("APO-1") == attrs.evolve(mine, promises=book.get("APO-1").promises)
    assert [each.kind for each in book.get("APO-1").promises] == ["watch"]
    unchanged(book, told)
    book.ingest([attrs.evolve(told, text="new", promises=())])
    assert book.get("APO-1").text == "new"
    assert book.get("APO-1").incidents == (Link(to="INC-1"),)


def test_what_is_recorded_again_and_is_on_file_leaves_what_waits(book):
    cause = Cause(id="CAU-1", found=DAY[1], incidents=["INC-1", "INC-9"])
    book.ingest([incident("INC-1"), cause])
    book.record(Cause(id="CAU-1", found=DAY[1], incidents="INC-1"), incident("INC-1"))
    assert [each.target for each in book.pending()] == ["INC-9"]
    book.record(incident("INC-9"))
    assert {each.to for each in book.get("CAU-1").incidents} == {"INC-1", "INC-9"}


def test_what_is_recorded_and_waited_for_alike_is_not_overruled(book):
    told = Apology(id="APO-1", incidents=["INC-9", "INC-8"], made=DAY[2], customers=["C-1", "C-2"])
    book.ingest([told])
    mine = attrs.evolve(told, incidents="INC-1", customers=["C-1"])
    book.record(incident("INC-1"), mine)
    book.record(incident("INC-9"), incident("INC-8"))
    for _ in range(2):
        assert book.ingest([told]).updated == 0
        assert book.get("APO-1") == mine


def test_of_two_roles_that_wait_the_one_that_is_meant_is_taken_back(book):
    both = ["INC-9", CausalLink(to="INC-9", role="escape")]
    book.ingest([Cause(id="CAU-1", found=DAY[1], incidents=both)])
    book.unlink("CAU-1", incidents=both[1], reason="seen")
    book.ingest([incident("INC-9")])
    assert book.get("CAU-1").incidents == (CausalLink(to="INC-9"),)


def test_a_link_that_waits_can_be_taken_back(book):
    cause = Cause(
        id="CAU-1", found=DAY[1],
        incidents=["INC-1", "INC-9", CausalLink(to="INC-9", role="escape"), there("INC-8")],
    )  # fmt: skip
    book.ingest([incident("INC-1"), cause])
    assert len(book.pending()) == 3
    book.unlink("CAU-1", incidents=["INC-1", "INC-9", there("INC-8")], reason="seen")
    (waiting,) = book.pending()
    assert waiting.target == "INC-9"
    unchanged(book, cause)
    book.ingest([incident("INC-9"), incident("INC-8")])
    assert book.get("CAU-1").incidents == (CausalLink(to="INC-9", role="escape"),)
    unchanged(book, cause)
    with pytest.raises(UnknownRecord):
        book.unlink("CAU-1", incidents="INC-9", reason="again")


def test_a_record_that_waits_can_be_taken_back(book):
    book.ingest([
        Amends(id="AME-1", incident="INC-9", kind="gift", made=DAY[1]),
        Apology(id="APO-1", incidents=["INC-9", there("INC-8")], made=DAY[1]),
        Verdict(id="VER-1", a="INC-9", b=there("INC-8"), kind="same", made=DAY[2]),
    ])  # fmt: skip
    with pytest.raises(UnknownRecord):
        book.unlink("AME-1", incident="INC-8", reason="x")
    with pytest.raises(UnknownRecord):
        book.unlink("APO-1", incidents="INC-7", reason="x")
    with pytest.raises(UnknownRecord):
        book.unlink("AME-2", incident="INC-9", reason="x")
    book.unlink("AME-1", incident="INC-9", reason="not ours")
    book.unlink("APO-1", incidents="INC-9", reason="not for that")
    book.unlink("VER-1", a="INC-9", reason="x")
    assert [(each.record, each.external) for each in book.pending()] == [("APO-1", there("INC-8"))]
    book.ingest([incident("INC-9"), incident("INC-8")])
    assert book.get("APO-1").incidents == (Link(to="INC-8"),)
    assert [each.id for each in book.records()] == ["INC-8", "INC-9", "APO-1"]
    with pytest.raises(CannotAmend):
        book.unlink("INC-8", duplicate_of="INC-9", reason="x")


@pytest.mark.parametrize(
    ("id", "given", "problem"),
    [
        ("AME-1", {"incident": ""}, "Record.incident = '': an id is not empty"),
        ("APO-1", {"incidents": 5}, "Link.to = 5: must be text, not int"),
    ],
)
def test_what_a_record_that_waits_cannot_wait_for_is_refused(book, id, given, problem):
    book.ingest([
        Amends(id="AME-1", incident="INC-9", kind="gift", made=DAY[1]),
        Apology(id="APO-1", incidents="INC-9", made=DAY[1]),
    ])  # fmt: skip
    before = book.pending()
    with pytest.raises(InvalidRecord, match=problem):
        book.unlink(id, **given, reason="x")
    assert book.pending() == before


@pytest.mark.parametrize("write", ["record", "ingest", "record_many"])
@pytest.mark.parametrize("together", [False, True])
def test_a_record_that_waits_under_a_taken_id_does_not_stand_in_the_way(book, write, together):
    amends = Amends(id="X", incident="INC-9", kind="refund", made=DAY[1])
    book.ingest([amends])
    put = book.record if write == "record" else lambda *each: getattr(book, write)(each)
    if together:
        put(incident("INC-9"), incident("X"))
    else:
        put(incident("X"))
        put(incident("INC-9"))
    assert [each.id for each in book.records()] == ["INC-9", "X"]
    assert [each.record for each in book.pending()] == ["X"]
    with pytest.raises(Conflict, match="of one record only"):
        book.ingest([amends])
    book.unlink("X", incident="INC-9", reason="it has another id by now")
    assert book.pending() == []
    assert book.ingest([attrs.evolve(amends, id="Y")]).new == 1


def test_a_record_that_waits_does_not_give_way_to_another_source(book):
    amends = Amends(
        id="X", incident="INC-9", kind="gift", made=DAY[1], source="crm", external_id="1"
    )
    book.ingest([amends])
    with pytest.raises(TakenId):
        book.ingest([attrs.evolve(amends, source="shop")])
    assert book.ingest([incident("INC-9")]).pending == 0
    assert book.get("X") == amends


def test_a_verdict_whose_two_sides_are_one_waits_on(book):
    verdict = Verdict(id="V", a="INC-9", b=there("INC-9"), kind="same", made=DAY[2])
    book.ingest([verdict])
    book.ingest([incident("INC-9")])
    assert [each.id for each in book.records()] == ["INC-9"]
    assert [each.record for each in book.pending()] == ["V"]


# --- against a model ------------------------------------------------------------------------------

steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("ingest"), st.sampled_from([None, "a", "b"]), st.sampled_from([None, 1, 2, 3])
        ),
        st.tuples(st.just("amend"), st.sampled_from([None, "a", "b", "c"]), st.none()),
    ),
    max_size=8,
)


@settings(max_examples=150)
@given(steps=steps, bulk=st.booleans(), field=st.sampled_from(["title", "duplicate_of"]))
def test_a_field_holds_what_was_said_last_and_the_same_again_is_not_said(steps, bulk, field):
    """Against two variables: what the source said last, and what stands."""
    few, remedy.casebook._FEW = remedy.casebook._FEW, (-1 if bulk else 500)
    try:
        with remedy.open(":memory:") as book:
            book.ingest([incident(id) for id in ("a", "b", "c", "X")])
            said = stands = version = None
            for what, value, updated in steps:
                if what == "amend":
                    book.amend("X", {field: value}, reason="seen")
                    stands = value
                    continue
                moment = None if updated is None else DAY[updated]
                book.ingest([incident("X", updated=moment, **{field: value})])
                if version is None or updated is None or updated >= version:
                    version = updated
                    if value != said:
                        said = stands = value
                assert getattr(book.get("X"), field) == stands
    finally:
        remedy.casebook._FEW = few


def test_a_source_that_says_something_else_of_a_link_may_say_it_as_before_again(book):
    plain = incident("A", customers=["C-1", "C-2"])
    book.ingest([plain])
    book.unlink("A", customers="C-2", reason="a slip")
    unchanged(book, plain)
    book.ingest([incident("A", customers=["C-1", Affected(customer="C-2", order="7")])])
    assert book.get("A").customers[1] == Affected(customer="C-2", order="7")
    book.ingest([plain])
    assert book.get("A").customers == (Affected(customer="C-1"), Affected(customer="C-2"))
