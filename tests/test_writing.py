"""`record`, `amend`, `link` and `unlink`: what is written, and what is refused with its reason."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

import remedy
from remedy import (
    ALL,
    Action,
    ActionEvent,
    Affected,
    Alias,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    Decision,
    Evidence,
    Exposure,
    External,
    FollowUp,
    Incident,
    Link,
    Promise,
    Response,
    Share,
    Verdict,
    Verification,
    Waiver,
)
from remedy.errors import (
    CannotAmend,
    CausalCycle,
    Conflict,
    DanglingReference,
    InvalidRecord,
    InvalidTime,
    MisleadingId,
    UnknownRecord,
)
from remedy.records import RECORDS
from tests.given import DAY, incident


@pytest.fixture
def book():
    with remedy.open(":memory:", actor="test") as book:
        yield book


def cause(id, **fields):
    return Cause(id=id, **{"found": DAY[2], **fields})


def action(id, **fields):
    return Action(id=id, **{"kind": "corrective", "decided": DAY[3], **fields})


def apology(id, **fields):
    return Apology(id=id, **{"incidents": "INC-1", "made": DAY[2], **fields})


def everything(book):
    return list(book.records())


# --- the same again -------------------------------------------------------------------------------


def test_the_same_record_again_changes_nothing(book):
    records = (
        incident("INC-1", customers=Affected(customer="C-1", order="7"), attributes={"a": 1}),
        cause("CAU-1", incidents="INC-1"),
        action("ACT-1", causes="CAU-1", events=("implemented", DAY[4])),
        apology("APO-1", customers=ALL, promises=Promise(kind="deed")),
    )
    book.record(*records)
    before = everything(book)
    changes = book._store.db.conn.total_changes
    book.record(*records)
    assert book._store.db.conn.total_changes == changes
    assert everything(book) == before


def test_the_same_record_in_another_offset_is_the_same(book):
    book.record(Incident(id="INC-1", occurred="2026-03-02T09:00+01:00"))
    book.record(Incident(id="INC-1", occurred="2026-03-02T08:00+00:00"))
    assert book.get("INC-1").occurred.isoformat() == "2026-03-02T09:00:00+01:00"


def test_a_record_is_still_the_same_after_something_was_linked_to_it(book):
    record = incident("INC-1", customers="C-1")
    book.record(record)
    book.link("INC-1", customers="C-2")
    book.record(record)
    assert [each.customer for each in book.get("INC-1").customers] == ["C-1", "C-2"]


@pytest.mark.parametrize(
    ("given", "field", "on_file", "here"),
    [
        (incident("INC-1", process="billing", customers="C-1"), "process", "shipping", "billing"),
        (incident("INC-1", customers="C-1"), "process", "shipping", None),
        (
            incident("INC-1", process="shipping", customers=["C-1", "C-2"]),
            "customers", [{"customer": "C-1"}], [{"customer": "C-1"}, {"customer": "C-2"}],
        ),
        (
            incident("INC-1", process="shipping", customers=Affected(customer="C-1", order="7")),
            "customers", [{"customer": "C-1"}], [{"customer": "C-1", "order": "7"}],
        ),
        (
            incident("INC-1", process="shipping", occurred="2026-03-02+01:00"),
            "occurred", "2026-03-02T09:00:00+01:00", "2026-03-02+01:00",
        ),
    ],
)  # fmt: skip
def test_another_record_under_the_same_id_is_a_conflict_that_says_what_differs(
    book, given, field, on_file, here
):
    book.record(incident("INC-1", process="shipping", customers="C-1"))
    with pytest.raises(Conflict, match=r"^incident INC-1 is on file already, and differs: ") as e:
        book.record(given)
    assert e.value.differences == {field: (on_file, here)}
    assert f"{field} is " in str(e.value)
    advice = "book.unlink()" if field == "customers" else "book.amend('INC-1', ..., reason=...)"
    assert advice in str(e.value)
    assert book.get("INC-1").process == "shipping"


def test_the_recipients_of_an_apology_are_a_difference(book):
    book.record(incident("INC-1", customers="C-1"), apology("APO-1", customers=ALL))
    with pytest.raises(Conflict, match="customers is 'all' on file and None here"):
        book.record(apology("APO-1"))


def test_an_id_with_a_directional_mark_is_warned_of_once_and_kept(book):
    with pytest.warns(MisleadingId) as warned:
        marked = Incident(id="INC\u202e-1", occurred=DAY[1], customers="C-\u200f1")
    assert {each.message.id for each in warned} == {"INC\u202e-1", "C-\u200f1"}
    assert all(each.filename == __file__ for each in warned)
    # What follows would fail of any further warning.
    book.record(marked)
    book.amend(marked.id, title="late", reason="nobody had said")
    assert book.get(marked.id).customers == marked.customers
    assert [each.id for each in book.records(Incident)] == [marked.id]


def test_an_id_is_of_one_kind_only(book):
    book.record(Customer(id="X-1"))
    with pytest.raises(Conflict, match="cause X-1 is on file already.*kind is 'customer' on file"):
        book.record(cause("X-1"))
    with pytest.raises(Conflict, match="kind is"):
        book.record(incident("X-2"), cause("X-2"))
    with pytest.raises(Conflict, match="kind is"):
        book.record(cause("X-3"), incident("INC-1", customers="X-3"))


def test_a_customer_that_was_made_from_its_id_can_be_recorded(book):
    book.record(incident("INC-1", customers="C-1"))
    full = Customer(id="C-1", name="Anna", aliases=Alias(source="crm", external_id="1"))
    book.record(full)
    assert book.get("C-1") == full
    with pytest.raises(Conflict, match="name is 'Anna' on file and 'Bert' here"):
        book.record(Customer(id="C-1", name="Bert"))


def test_an_alias_belongs_to_one_customer(book):
    book.record(Customer(id="C-1", aliases=Alias(source="crm", external_id="1")))
    with pytest.raises(Conflict, match=r"customer C-2 is told to be '1' of 'crm', and that is C-1"):
        book.record(Customer(id="C-2", aliases=Alias(source="crm", external_id="1")))


def test_an_id_in_a_source_is_of_one_record(book, monkeypatch):
    taken = "^incident INC-2 is told to be '1' of 'crm', and that is INC-1 on file. An id in a so"
    first, second = (incident(f"INC-{n}", source="crm", external_id="1") for n in (1, 2))

    def by_bulk(*records):
        monkeypatch.setattr(remedy.casebook, "_FEW", -1)
        book.record_many(records)
        monkeypatch.undo()

    for write in (book.record, lambda *each: book.record_many(each), by_bulk):
        with pytest.raises(Conflict, match=taken):
            write(first, second)
        assert everything(book) == []
    book.record(first)
    for write in (book.record, lambda *each: book.record_many(each), by_bulk):
        with pytest.raises(Conflict, match=taken) as refused:
            write(second)
        assert refused.value.external == ("crm", "1")
    book.record(incident("INC-2"), Customer(id="C-1", source="crm", external_id="1"))
    with pytest.raises(Conflict, match=taken):
        book.amend("INC-2", source="crm", external_id="1", reason="typo")
    assert book.get("INC-2") == incident("INC-2")
    book.amend("INC-1", external_id=None, reason="typo")
    assert book.amend("INC-2", source="crm", external_id="1", reason="typo").external_id == "1"


# --- references -----------------------------------------------------------------------------------


def test_records_of_one_call_refer_to_each_other_in_any_order(book):
    records = [
        incident("INC-1", duplicate_of="INC-2"),
        incident("INC-2"),
        cause("CAU-1", incidents="INC-1", effects="CAU-2"),
        cause("CAU-2"),
        action("ACT-1", causes="CAU-1", incidents="INC-2"),
        Promise(id="PRO-1", apology="APO-1", kind="deed", actions="ACT-1"),
        apology("APO-1"),
        Verification(action="ACT-1", made=DAY[5], result="effective"),
        Decision(kind="no_action", cause="CAU-1", made=DAY[5], reason="x"),
    ]
    book.record(*reversed(records))
    assert len(everything(book)) == len(records)


def test_a_promise_on_its_own_was_made_when_its_apology_was(book):
    book.record(
        Promise(id="PRO-1", apology="APO-1", kind="deed"), incident("INC-1"), apology("APO-1")
    )
    assert book.get("PRO-1").made == datetime.fromisoformat(DAY[2])
    assert book.get("APO-1").promises == (book.get("PRO-1"),)
    book.record_many([Promise(id="PRO-2", apology="APO-1", kind="watch")])
    assert book.get("PRO-2").made == datetime.fromisoformat(DAY[2])
    for write in (book.record, lambda record: book.record_many([record])):
        with pytest.raises(DanglingReference, match="promise PRO-3 refers to 'APO-9'"):
            write(Promise(id="PRO-3", apology="APO-9", kind="deed"))


def test_a_promise_says_in_which_apology_it_was_made(book):
    with pytest.raises(InvalidRecord, match="Promise.apology = None: say in which apology it was"):
        book.record(Promise(id="PRO-1", kind="deed"))


@pytest.mark.parametrize(
    ("given", "who", "field", "target"),
    [
        (incident("INC-1", duplicate_of="NO"), "incident INC-1", "duplicate_of", "NO"),
        (cause("CAU-1", incidents="NO"), "cause CAU-1", "incidents", "NO"),
        (cause("CAU-1", effects="NO"), "cause CAU-1", "effects", "NO"),
        (action("ACT-1", causes="NO"), "action ACT-1", "causes", "NO"),
        (action("ACT-1", introduces="NO"), "action ACT-1", "introduces", "NO"),
        (action("ACT-1", incidents="NO"), "action ACT-1", "incidents", "NO"),
        (apology("APO-1", incidents="NO"), "apology APO-1", "incidents", "NO"),
        (
            Promise(id="P", apology="NO", kind="deed", made=DAY[1]), "promise P", "apology", "NO",
        ),
        (Complaint(id="X", made=DAY[1], incident="NO"), "complaint X", "incident", "NO"),
        (
            Verification(id="X", action="NO", made=DAY[1], result="effective"),
            "verification X", "action", "NO",
        ),
        (Amends(id="X", incident="NO", kind="gift", made=DAY[1]), "amends X", "incident", "NO"),
        (
            Response(id="X", customer="C", incident="NO", kind="left", made=DAY[1]),
            "response X", "incident", "NO",
        ),
        (FollowUp(id="X", incident="NO", due=DAY[1]), "follow_up X", "incident", "NO"),
        (
            Decision(id="X", kind="no_action", cause="NO", made=DAY[1], reason="x"),
            "decision X", "cause", "NO",
        ),
        (Evidence(id="X", action="NO", made=DAY[1], url="u"), "evidence X", "action", "NO"),
        (Verdict(id="X", a="NO", b="NO2", kind="same", made=DAY[1]), "verdict X", "a", "NO"),
    ],
)  # fmt: skip
def test_a_reference_to_what_is_not_on_file_is_refused_and_named(book, given, who, field, target):
    with pytest.raises(DanglingReference) as caught:
        book.record(given)
    assert caught.value.references[0] == (who, field, target)
    assert f"{who} refers to {target!r} in its {field}" in str(caught.value)
    assert everything(book) == []


def test_a_reference_to_a_record_of_another_kind_is_dangling(book):
    book.record(cause("CAU-1"))
    with pytest.raises(DanglingReference):
        book.record(cause("CAU-2", incidents="CAU-1"))


def test_customers_are_made_from_their_ids_wherever_they_are_named(book):
    book.record(
        incident("INC-1", customers="C-1"),
        Complaint(customer="C-2", made=DAY[1]),
        Response(customer="C-3", kind="thanked", made=DAY[1]),
        apology("APO-1", customers="C-4", not_reached="C-5"),
        Exposure(customer="C-6", chances=1, began=DAY[1], ended=DAY[2]),
        Amends(incident="INC-1", customer="C-7", kind="gift", made=DAY[1]),
        FollowUp(incident="INC-1", customer="C-8", due=DAY[1]),
    )
    made = list(book.records(Customer))
    assert [each.id for each in made] == [f"C-{n}" for n in range(1, 9)]
    assert {each.provenance for each in made} == {"mapped"}


def test_a_record_is_found_by_what_its_source_calls_it(book):
    there = External(source="crm", external_id="7")
    book.record(
        incident("INC-2", source="crm", external_id="7"),
        incident("INC-1", duplicate_of=there),
        Complaint(id="COM-1", made=DAY[1], incident=there, customer=there),
    )
    assert book.get("INC-1").duplicate_of == "INC-2"
    assert book.get("COM-1").incident == "INC-2"
    customer = book.get(book.get("COM-1").customer)
    assert customer.id == "crm:7"
    assert customer.aliases == (Alias(source="crm", external_id="7"),)
    book.record(Complaint(id="COM-2", made=DAY[1], customer=there))
    assert book.get("COM-2").customer == "crm:7"
    with pytest.raises(DanglingReference, match="complaint COM-3 refers to '8 of crm' in its inc"):
        book.record(
            Complaint(id="COM-3", made=DAY[1], incident=External(source="crm", external_id="8"))
        )


# --- what the fields say only together ------------------------------------------------------------


def test_an_incident_in_the_future_is_refused_beyond_the_skew_of_clocks(book):
    now = datetime.now(UTC)
    book.record(incident("INC-1", occurred=now + timedelta(minutes=4)))
    book.record(FollowUp(incident="INC-1", due=now + timedelta(days=400)))
    for write in (book.record, lambda each: book.record_many([each])):
        with pytest.raises(InvalidTime, match="Incident.occurred = .*INC-2 lies in the future"):
            write(incident("INC-2", occurred=now + timedelta(minutes=10)))
    with pytest.raises(InvalidTime, match="lies in the future"):
        book.amend("INC-1", occurred=now + timedelta(days=1), reason="typo")
    tomorrow = (now + timedelta(days=2)).date()
    with pytest.raises(InvalidTime, match="lies in the future"):
        book.record(incident("INC-3", occurred=remedy.Day(tomorrow, "Z")))


NOW = datetime.now(UTC)
AHEAD = NOW + timedelta(hours=12)
FAR = NOW + timedelta(days=400)


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("Incident.detected", incident("X", detected=AHEAD)),
        ("Incident.detected", incident("X", detected=remedy.Day(FAR.date(), "Z"))),
        ("Incident.acknowledged", incident("X", acknowledged=AHEAD)),
        ("Incident.updated", incident("X", updated=AHEAD)),
        ("Affected.acknowledged", incident("X", customers=Affected(customer="C",
                                                                   acknowledged=AHEAD))),
        ("Affected.since", incident("X", customers=Affected(customer="C", since=AHEAD))),
        ("Complaint.made", Complaint(id="X", made=AHEAD)),
        ("Complaint.reopened", Complaint(id="X", made=DAY[1], reopened=AHEAD)),
        ("Cause.found", cause("X", found=AHEAD)),
        ("CausalLink.since", cause("X", incidents=CausalLink(to="INC-1", since=AHEAD))),
        ("Action.decided", action("X", decided=AHEAD)),
        ("Action.criterion_set", action("X", criterion="none", criterion_set=AHEAD)),
        ("Link.since", action("X", incidents=Link(to="INC-1", since=AHEAD))),
        *(
            ("ActionEvent.occurred", action("X", events=(state, AHEAD)))
            for state in ("implemented", "closed", "reopened", "cancelled")
        ),
        ("Verification.made", Verification(id="X", action="ACT-1", made=AHEAD,
                                           result="effective")),
        ("Apology.made", apology("X", made=AHEAD)),
        ("Promise.made", Promise(id="X", apology="APO-1", made=AHEAD)),
        ("Promise.fulfilled", Promise(id="X", apology="APO-1", made=DAY[1], fulfilled=AHEAD)),
        ("Amends.made", Amends(id="X", incident="INC-1", kind="gift", made=AHEAD)),
        ("Response.made", Response(id="X", customer="C", kind="left", made=AHEAD)),
        ("FollowUp.made", FollowUp(id="X", incident="INC-1", made=AHEAD)),
        ("Decision.made", Decision(id="X", kind="no_action", incident="INC-1", made=AHEAD,
                                   reason="x")),
        ("Evidence.made", Evidence(id="X", action="ACT-1", made=AHEAD, text="x")),
        ("Exposure.began", Exposure(id="X", chances=1, began=AHEAD, ended=FAR)),
        ("Verdict.made", Verdict(id="X", a="INC-1", b="INC-2", kind="same", made=AHEAD)),
        ("Waiver.made", Waiver(id="X", finding="f", code="A104", reason="x", made=AHEAD,
                               until=FAR)),
    ],
)  # fmt: skip
def test_what_has_been_does_not_lie_in_the_future(book, monkeypatch, name, record):
    book.record(incident("INC-1"), incident("INC-2"), action("ACT-1"), apology("APO-1"))
    before = everything(book)

    def by_bulk(record):
        monkeypatch.setattr(remedy.casebook, "_FEW", -1)
        book.record_many([record])

    for write in (book.record, lambda each: book.ingest([each]), by_bulk):
        with pytest.raises(InvalidTime, match=f"^{name} = .*X.* lies in the future"):
            write(record)
        assert everything(book) == before


def test_what_is_planned_may_lie_in_the_future(book, monkeypatch):
    planned = [
        incident("INC-1"),
        action("ACT-1", due=FAR, verify_by=FAR, events=("took_effect", FAR)),
        apology("APO-1", promises=Promise(kind="deed", due=FAR)),
        FollowUp(id="FOL-1", incident="INC-1", due=FAR),
        Exposure(id="EXP-1", chances=1, began=DAY[1], ended=FAR),
        Waiver(id="WAI-1", finding="f", code="A104", reason="x", made=DAY[1], until=FAR),
    ]
    book.record(*planned)
    book.link("ACT-1", events=("took_effect", FAR + timedelta(days=1)))
    with remedy.open() as other:
        monkeypatch.setattr(remedy.casebook, "_FEW", -1)
        other.record_many(planned)
        assert [each.id for each in other.records()] == [each.id for each in book.records()]


def test_amending_and_linking_do_not_reach_into_the_future(book):
    book.record(incident("INC-1"), action("ACT-1"), apology("APO-1"))
    with pytest.raises(InvalidTime, match=r"Incident.detected = .*INC-1 lies in the future"):
        book.amend("INC-1", detected=AHEAD, reason="typo")
    with pytest.raises(InvalidTime, match=r"Apology.made = .*APO-1 lies in the future"):
        book.amend("APO-1", made=FAR, reason="typo")
    with pytest.raises(InvalidTime, match=r"ActionEvent.occurred = .*ACT-1.events lies in the"):
        book.link("ACT-1", events=("implemented", AHEAD))
    with pytest.raises(InvalidTime, match=r"Affected.since = .*INC-1.customers lies in the"):
        book.link("INC-1", customers=Affected(customer="C-1", since=FAR))
    assert book.get("INC-1") == incident("INC-1")


def test_what_would_wait_with_a_date_in_the_future_is_refused_at_once(book):
    early = Amends(id="AMD-1", incident="INC-9", kind="gift", made=FAR)
    with pytest.raises(InvalidTime, match="AMD-1 lies in the future"):
        book.ingest([early])
    assert book.pending() == []


@pytest.mark.parametrize("bulk", [False, True])
def test_a_correction_known_by_its_day_is_not_older_than_what_happened_on_it(
    book, monkeypatch, bulk
):
    monkeypatch.setattr(remedy.casebook, "_FEW", -1 if bulk else 500)
    late = incident("INC-1", occurred="2026-03-02T23:00+01:00")
    given = [
        action("ACT-1", kind="correction", decided="2026-03-02+01:00", incidents="INC-1"),
        action("ACT-2", kind="containment", decided="2026-03-02 Europe/Vienna", incidents="INC-1"),
        # Where it was decided the day goes on until 07:00 of the next one.
        action("ACT-3", kind="correction", decided="2026-03-02-06:00", incidents="INC-1"),
        Action(id="ACT-4", kind="correction", incidents="INC-1",
               events=("implemented", "2026-03-02+01:00")),
    ]  # fmt: skip
    book.record_many([late, *given])
    for each in given:
        assert book.get(each.id) == each
        assert book.get(each.id).decided.utcoffset() == each.decided.utcoffset()
    book.record_many([late, *given])
    # It stays so, whatever else is changed, and whichever of them comes first.
    book.amend("ACT-1", text="sent again", reason="nobody had said")
    book.amend("INC-1", occurred="2026-03-02T23:30+01:00", reason="typo")
    with pytest.raises(InvalidTime, match="ACT-1.*this correction is older than INC-1"):
        book.amend("INC-1", occurred="2026-03-03T00:30+01:00", reason="typo")
    with pytest.raises(InvalidTime, match="ACT-5.*this correction is older than INC-1"):
        book.record_many([action("ACT-5", kind="correction", decided="2026-03-02T00:01+01:00",
                                 incidents="INC-1")])  # fmt: skip
    with pytest.raises(InvalidTime, match="ACT-1.*older than INC-1"):
        book.amend("ACT-1", decided="2026-03-01+01:00", reason="typo")


def test_a_correction_on_file_gets_no_incident_from_its_source_that_came_after_it(book):
    def correction(*incidents):
        return Action(id="ACT-1", kind="correction", decided=DAY[3], incidents=incidents)

    book.ingest([incident("INC-1", occurred=DAY[5]), correction()])
    with pytest.raises(InvalidTime, match="ACT-1.*this correction is older than INC-1"):
        book.ingest([correction("INC-1")])
    assert book.get("ACT-1").incidents == ()


@pytest.mark.parametrize("kind", ["correction", "containment"])
def test_putting_right_before_it_went_wrong_is_refused(book, kind):
    early = action("ACT-1", kind=kind, decided=DAY[1], incidents="INC-1")
    problem = f"ACT-1.*this {kind} is older than INC-1, which it is for"
    with pytest.raises(InvalidTime, match=problem):
        book.record(incident("INC-1", occurred=DAY[2]), early)
    with pytest.raises(InvalidTime, match=problem):
        book.record_many([incident("INC-1", occurred=DAY[2]), early])
    book.record(incident("INC-1", occurred=DAY[1]), early)
    with pytest.raises(InvalidTime, match=problem):
        book.amend("INC-1", occurred=DAY[2], reason="typo")
    book.record(incident("INC-2", occurred=DAY[2]))
    with pytest.raises(InvalidTime, match="older than INC-2"):
        book.link("ACT-1", incidents="INC-2")
    with pytest.raises(InvalidTime, match="older than INC-1"):
        book.amend("ACT-1", decided=DAY[0], reason="typo")


def test_putting_right_a_duplicate_is_held_against_the_duplicate(book):
    book.record(
        incident("INC-1", occurred=DAY[5]),
        incident("INC-2", occurred=DAY[1], duplicate_of="INC-1"),
        action("ACT-1", kind="correction", decided=DAY[2], incidents="INC-2"),
    )
    assert book.get("ACT-1").incidents == (Link(to="INC-2"),)


def test_a_corrective_action_may_be_older_than_its_incident(book):
    book.record(
        incident("INC-1", occurred=DAY[5]), action("ACT-1", decided=DAY[1], incidents="INC-1")
    )


def test_an_intervention_that_the_table_does_not_know_is_refused(book):
    unknown = action("ACT-1", intervention="prayer")
    for write in (book.record, lambda each: book.record_many([each])):
        with pytest.raises(InvalidRecord, match="Action.intervention = 'prayer': ACT-1: the case"):
            write(unknown)
    with pytest.raises(InvalidRecord, match="It knows: architectural_change, automation, .*"):
        book.record(unknown)


def test_what_is_no_record_is_refused(book):
    for write in (book.record, lambda each: book.record_many([each])):
        with pytest.raises(TypeError, match="'INC-1' is no record"):
            write("INC-1")
        with pytest.raises(TypeError, match="Link.* is no record"):
            write(Link(to="x"))


# --- amend ----------------------------------------------------------------------------------------


def test_amending_changes_single_valued_fields(book):
    book.record(incident("INC-1", process="shipping", customers="C-1"))
    after = book.amend("INC-1", process="billing", impact="major", reason="typo")
    assert after == book.get("INC-1")
    assert (after.process, after.impact) == ("billing", "major")
    assert after.customers == (Affected(customer="C-1"),)
    assert book.amend("INC-1", impact=None, reason="typo").impact is None


def test_amending_computes_the_failure_key_anew(book):
    book.record(incident("INC-1", process="shipping", failure_mode="late"))
    book.amend("INC-1", failure_mode="lost", reason="typo")
    assert book._store.db.execute("SELECT failure FROM incident").fetchone() == (
        "8:shipping4:lost",
    )


@pytest.mark.parametrize(
    ("kind", "id", "fields", "problem"),
    [
        ("incident", "INC-1", {"id": "X"}, "an id is for good. Record a new one."),
        ("incident", "INC-1", {"customers": "C"}, r"add to it with link\(\), take from it with"),
        ("incident", "INC-1", {"order": "7"}, "it belongs to customers. Take the wrong one away"),
        ("incident", "INC-1", {"order_no": 7}, "it belongs to customers"),
        ("cause", "CAU-1", {"role": "escape"}, "it belongs to incidents"),
        ("apology", "APO-1", {"promises": ()}, "add to it with link"),
        ("apology", "APO-1", {"not_reached": "C"}, "add to it with link"),
    ],
)
def test_what_is_not_amended_is_refused_with_what_to_do_instead(book, kind, id, fields, problem):
    book.record(incident("INC-1", customers="C-1"), cause("CAU-1", incidents="INC-1"),
                apology("APO-1"))  # fmt: skip
    with pytest.raises(CannotAmend, match=f"{kind}.{next(iter(fields))} is not amended: {problem}"):
        book.amend(id, reason="typo", **fields)


def test_amending_needs_a_record_a_field_and_a_reason(book):
    book.record(incident("INC-1"))
    with pytest.raises(UnknownRecord, match="no record with the id 'INC-2'. Did you mean INC-1"):
        book.amend("INC-2", title="x", reason="typo")
    with pytest.raises(TypeError, match="has no field 'titel'. Did you mean 'title'"):
        book.amend("INC-1", titel="x", reason="typo")
    with pytest.raises(InvalidRecord, match="Incident.impact = 'huge'"):
        book.amend("INC-1", impact="huge", reason="typo")
    for reason in ("", "  ", None):
        with pytest.raises(InvalidRecord, match="^amend.reason = .*: say why: it stays on rec"):
            book.amend("INC-1", title="x", reason=reason)
        with pytest.raises(InvalidRecord, match="^unlink.reason = .*: say why"):
            book.unlink("INC-1", customers="C-1", reason=reason)


WITH_REASONS = [
    Decision(id="X-1", kind="no_analysis", incident="INC-1", made=DAY[4], reason="ones-off"),
    Verdict(id="X-1", a="INC-1", b="INC-2", kind="not_same", made=DAY[4]),
    Waiver(
        id="X-1", finding="A104:INC-1", code="A104", made=DAY[4], until=DAY[9], reason="ones-off"
    ),
]


@pytest.mark.parametrize("record", WITH_REASONS, ids=lambda each: each.entity)
def test_a_reason_on_record_is_amended_apart_from_the_reason_why(book, record):
    book.record(incident("INC-1"), incident("INC-2"), record)
    amended = book.amend("X-1", {"reason": "a one-off"}, who="care-team", reason="a slip")
    assert (amended.reason, amended.who) == ("a one-off", "care-team")
    assert book.get("X-1") == amended
    with pytest.raises(CannotAmend, match=r"reason is not amended: reason= says why.*in a mapping"):
        book.amend("X-1", reason="a one-off")
    assert book.get("X-1") == amended


def test_every_record_with_a_reason_of_its_own_is_tried():
    with_reasons = {kind for kind in RECORDS.values() if "reason" in attrs.fields_dict(kind)}
    assert {type(each) for each in WITH_REASONS} == with_reasons


def test_fields_to_amend_may_be_given_either_way_but_not_twice(book):
    book.record(Customer(id="C-1"))
    changes = {"name": "Anna", "account": "A-1"}
    assert book.amend("C-1", changes, reason="they told us").name == "Anna"
    assert book.amend("C-1", {"name": "Ann"}, account="A-2", reason="again").account == "A-2"
    with pytest.raises(TypeError, match=r"amend\(\) was given 'name' twice"):
        book.amend("C-1", changes, name="Ann", reason="they told us")


def test_amending_a_reference(book):
    book.record(incident("INC-1"), incident("INC-2"), Complaint(id="COM-1", made=DAY[1]))
    book.amend("COM-1", incident="INC-2", customer="C-9", reason="found out")
    assert (book.get("COM-1").incident, book.get("C-9").id) == ("INC-2", "C-9")
    with pytest.raises(DanglingReference, match="complaint COM-1 refers to 'INC-9'"):
        book.amend("COM-1", incident="INC-9", reason="typo")


# --- link and unlink ------------------------------------------------------------------------------


def test_linking_adds_to_plural_fields(book):
    book.record(incident("INC-1"), incident("INC-2"), cause("CAU-1"), cause("CAU-2"),
                action("ACT-1"), apology("APO-1"))  # fmt: skip
    book.link("INC-1", customers=["C-1", Affected(customer="C-2", order_no=4)])
    book.link("CAU-1", incidents=[CausalLink(to="INC-2", role="escape"), "INC-1"], effects="CAU-2")
    book.link("ACT-1", causes="CAU-1", introduces="CAU-2", incidents="INC-1",
              events=("implemented", DAY[4]), reason="done")  # fmt: skip
    book.link("ACT-1", events=[ActionEvent(state="reopened", occurred=DAY[6], reason="again")])
    book.link("ACT-1", events=("closed", DAY[5]))
    book.link("APO-1", incidents="INC-2", customers="C-1", not_reached="C-2")
    book.link("C-1", aliases=Alias(source="crm", external_id="7"))
    assert book.get("INC-1").customers[1].order_no == 4
    assert book.get("CAU-1").incidents == (
        CausalLink(to="INC-1"), CausalLink(to="INC-2", role="escape"),
    )  # fmt: skip
    assert book.get("CAU-1").effects == (Link(to="CAU-2"),)
    done = book.get("ACT-1")
    assert (done.causes, done.introduces) == ((Link(to="CAU-1"),), (Link(to="CAU-2"),))
    assert [event.state for event in done.events] == ["implemented", "closed", "reopened"]
    said = book.get("APO-1")
    assert ([link.to for link in said.incidents], said.customers, said.not_reached) == (
        ["INC-1", "INC-2"], ("C-1",), ("C-2",),
    )  # fmt: skip
    assert book.get("C-1").aliases == (Alias(source="crm", external_id="7"),)


def test_linking_the_same_again_changes_nothing_and_something_else_is_a_conflict(book):
    book.record(incident("INC-1", customers=Affected(customer="C-1", order="7")))
    before = book.get("INC-1")
    book.link("INC-1", customers=Affected(customer="C-1", order="7"))
    assert book.get("INC-1") == before
    other = Affected(customer="C-1", order="8", since=DAY[2])
    with pytest.raises(Conflict) as refused:
        book.link("INC-1", customers=other)
    assert str(refused.value) == (
        "incident INC-1 has C-1 among its customers already, and that differs: order is '7' on "
        "file and '8' here; since is None on file and '2026-03-03T08:00:00+00:00' here. To change "
        "it, take it away first: in Python, book.unlink('INC-1', customers=..., reason=...), then "
        "book.link('INC-1', ...)."
    )
    # And that is what can be done.
    book.unlink("INC-1", customers="C-1", reason="another order")
    book.link("INC-1", customers=other)
    assert book.get("INC-1").customers == (other,)


def test_a_link_since_another_day_and_one_of_the_other_field_are_conflicts(book):
    book.record(incident("INC-1", customers="C-1"), apology("APO-1", customers="C-1"))
    with pytest.raises(Conflict, match="has INC-1 among its incidents already, and that differs: "
                                       "since is None on file and '2026-03-03T08:00:00"):  # fmt: skip
        book.link("APO-1", incidents=Link(to="INC-1", since=DAY[2]))
    with pytest.raises(Conflict, match="has C-1 among its customers already, and that differs: the "
                                       "field is 'customers' on file and 'not_reached' here"):  # fmt: skip
        book.link("APO-1", not_reached="C-1")
    book.unlink("APO-1", customers="C-1", reason="the mail came back")
    book.link("APO-1", not_reached="C-1")
    book.record(cause("CAU-1"), action("ACT-1", causes="CAU-1", introduces="CAU-1"))
    with pytest.raises(Conflict, match="CAU-1 among its causes already, and that differs: since"):
        book.link("ACT-1", causes=Link(to="CAU-1", since=DAY[2]))


def test_a_conflict_in_a_plural_field_does_not_advise_to_amend(book):
    book.record(incident("INC-1", customers="C-1"))
    other = Affected(customer="C-1", order="7")
    with pytest.raises(Conflict, match="To change the one on file, take from its customers with "
                                       "book.unlink.., and add to them with book.link.."):  # fmt: skip
        book.record(incident("INC-1", customers=other))
    with pytest.raises(Conflict, match="amend it: in Python, .*; and take from its customers wi"):
        book.record(incident("INC-1", customers=other, title="late"))


def test_everyone_can_be_told_and_taken_back(book):
    book.record(incident("INC-1", customers="C-1"), apology("APO-1", customers="C-1"))
    book.link("APO-1", customers=ALL)
    assert book.get("APO-1").customers is ALL
    book.unlink("APO-1", customers=ALL, reason="not so")
    assert book.get("APO-1").customers == ("C-1",)
    book.record(apology("APO-2", customers=ALL))
    book.unlink("APO-2", customers=ALL, reason="not so")
    assert book.get("APO-2").customers is None
    book.link("APO-2", customers=None)
    assert book.get("APO-2").customers in (None, ())


def test_unlinking_takes_away_what_was_put_there_by_mistake(book):
    book.record(
        incident("INC-1", customers=["C-1", "C-2"]),
        cause("CAU-1", incidents=CausalLink(to="INC-1", role="escape")),
        action("ACT-1", causes="CAU-1", events=("implemented", DAY[4])),
    )
    book.unlink("INC-1", customers="C-1", reason="typo")
    book.unlink("CAU-1", incidents=CausalLink(to="INC-1", role="escape"), reason="typo")
    book.unlink("ACT-1", causes="CAU-1", events=("implemented", DAY[4]), reason="typo")
    assert [each.customer for each in book.get("INC-1").customers] == ["C-2"]
    assert book.get("CAU-1").incidents == ()
    assert (book.get("ACT-1").causes, book.get("ACT-1").events) == ((), ())
    assert book.get("C-1").id == "C-1"


def test_unlinking_what_is_not_linked_is_refused(book):
    book.record(incident("INC-1", customers="C-1"), cause("CAU-1", incidents="INC-1"))
    with pytest.raises(UnknownRecord, match=r"no link with the id .INC-1.customers: .*C-2"):
        book.unlink("INC-1", customers="C-2", reason="typo")
    with pytest.raises(UnknownRecord):
        book.unlink("CAU-1", incidents=CausalLink(to="INC-1", role="escape"), reason="typo")
    assert book.get("CAU-1").incidents == (CausalLink(to="INC-1"),)


def test_unlinking_from_one_field_takes_nothing_from_another(book):
    said = apology("APO-1", customers="C-1", not_reached="C-2")
    book.record(incident("INC-1", customers=["C-1", "C-2"]), said)
    with pytest.raises(UnknownRecord, match="APO-1.customers: C-2"):
        book.unlink("APO-1", customers="C-2", reason="typo")
    with pytest.raises(UnknownRecord, match="APO-1.not_reached: C-1"):
        book.unlink("APO-1", not_reached="C-1", reason="typo")
    assert book.get("APO-1") == said
    book.unlink("APO-1", not_reached="C-2", reason="typo")
    assert (book.get("APO-1").customers, book.get("APO-1").not_reached) == (("C-1",), ())


def test_an_event_is_unlinked_by_its_state_and_time_where_they_tell_it(book):
    here = ActionEvent(state="implemented", occurred=DAY[4], who="site A")
    there = ActionEvent(state="implemented", occurred=DAY[4], who="site B")
    book.record(action("ACT-1", events=[here, there]))
    with pytest.raises(UnknownRecord, match="no link with the id .ACT-1.events: ActionEvent"):
        book.unlink("ACT-1", events=("implemented", DAY[4]), reason="typo")
    book.unlink("ACT-1", events=there, reason="typo")
    assert book.get("ACT-1").events == (here,)
    book.unlink("ACT-1", events=("implemented", DAY[4]), reason="typo")
    assert book.get("ACT-1").events == ()


def test_an_apology_keeps_an_incident(book):
    book.record(incident("INC-1"), apology("APO-1"))
    with pytest.raises(CannotAmend, match="an apology is for one incident at least"):
        book.unlink("APO-1", incidents="INC-1", reason="typo")
    assert book.get("APO-1").incidents == (Link(to="INC-1"),)


def test_amending_takes_what_a_source_calls_the_other_side(book):
    there = External(source="crm", external_id="7")
    book.record(
        incident("INC-1", source="crm", external_id="7"),
        incident("INC-2"),
        Complaint(id="COM-1", made=DAY[1]),
        Customer(id="C-1", aliases=Alias(source="crm", external_id="7")),
    )
    assert book.amend("INC-2", duplicate_of=there, reason="found out").duplicate_of == "INC-1"
    assert book.amend("COM-1", customer=there, reason="found out").customer == "C-1"
    nowhere = External(source="crm", external_id="8")
    for field in ("customer", "incident"):
        with pytest.raises(DanglingReference, match=f"COM-1 refers to '8 of crm' in its {field}"):
            book.amend("COM-1", {field: nowhere}, reason="typo")


def test_a_promise_keeps_its_apology_and_has_its_date(book):
    book.record(incident("INC-1"), apology("APO-1", promises=Promise(made=DAY[5])), apology("A-2"))
    with pytest.raises(InvalidRecord, match="Promise.apology = None: say in which apology"):
        book.amend("APO-1/promise-1", apology=None, reason="typo")
    with pytest.raises(DanglingReference, match="refers to 'A-3' in its apology"):
        book.amend("APO-1/promise-1", apology="A-3", made=None, reason="typo")
    after = book.amend("APO-1/promise-1", made=None, reason="then and there")
    assert after.made == book.get("APO-1").made
    assert book.amend("APO-1/promise-1", apology="A-2", reason="typo").apology == "A-2"


@pytest.mark.parametrize("way", ["record", "record_many", "ingest"])
def test_a_promise_by_itself_needs_an_id(book, way):
    book.record(incident("INC-1"), Apology(id="APO-1", incidents="INC-1", made=DAY[1]))
    promise = Promise(apology="APO-1", made=DAY[1], kind="watch")
    with pytest.raises(InvalidRecord, match="Promise.id = None: it may be left out only inside"):
        getattr(book, way)(promise if way == "record" else [promise])
    assert list(book.records(Promise)) == []


def test_only_plural_fields_are_linked(book):
    book.record(incident("INC-1"), Decision(id="DEC-1", kind="no_action", incident="INC-1",
                                            made=DAY[1], reason="x"))  # fmt: skip
    with pytest.raises(CannotAmend, match="only plural fields are linked: customers. Change"):
        book.link("INC-1", process="x")
    with pytest.raises(CannotAmend, match="in the field incidents of the cause, and link"):
        book.link("INC-1", causes="CAU-1")
    book.record(Cause(id="CAU-1", found=DAY[1]))
    with pytest.raises(CannotAmend, match="in the field effects of the other cause, and link"):
        book.link("CAU-1", causes="CAU-2")
    with pytest.raises(CannotAmend, match="in the field incidents of the apology, and link"):
        book.link("INC-1", apologies="APO-1")
    with pytest.raises(CannotAmend, match="in the field incident of the complaint. Change it"):
        book.unlink("INC-1", reason="x", complaints="COM-1")
    with pytest.raises(CannotAmend, match="only plural fields are linked: it has none"):
        book.unlink("DEC-1", reason="x", incident="INC-1")
    with pytest.raises(UnknownRecord, match="no record with the id 'INC-9'"):
        book.link("INC-9", customers="C-1")


def test_a_link_that_cannot_be_is_refused(book):
    book.record(incident("INC-1"), cause("CAU-1"), action("ACT-1"))
    with pytest.raises(InvalidRecord, match=r"Cause.incidents = 5: Link|CausalLink.to = 5"):
        book.link("CAU-1", incidents=5)
    with pytest.raises(InvalidRecord, match="Action.events = 'done': an event is"):
        book.link("ACT-1", events="done")
    with pytest.raises(DanglingReference, match="cause CAU-1 refers to 'INC-9' in its incidents"):
        book.link("CAU-1", incidents="INC-9")
    assert book.get("CAU-1").incidents == ()


def test_links_take_what_a_source_calls_the_other_side(book):
    there = External(source="crm", external_id="7")
    book.record(incident("INC-1", source="crm", external_id="7"), cause("CAU-1"),
                Customer(id="C-1", aliases=Alias(source="crm", external_id="7")))  # fmt: skip
    book.link("CAU-1", incidents=there)
    book.link("INC-1", customers=Affected(customer=there, order="1"))
    assert book.get("CAU-1").incidents == (CausalLink(to="INC-1"),)
    assert book.get("INC-1").customers == (Affected(customer="C-1", order="1"),)
    book.unlink("INC-1", customers=there, reason="typo")
    assert book.get("INC-1").customers == ()
    with pytest.raises(UnknownRecord, match="no incident with the id .*external_id='8'"):
        book.link("CAU-1", incidents=External(source="crm", external_id="8"))


def test_shares_and_amounts_are_amended_together_with_the_rest(book):
    book.record(incident("INC-1"), Amends(id="AMD-1", incident="INC-1", kind="gift", made=DAY[1]))
    book.amend("AMD-1", amount="5 EUR", shares=Share(party="us", percent=100), reason="found out")
    assert book.get("AMD-1").amount == remedy.Money(500, "EUR")
    assert book.get("AMD-1").shares == (Share(party="us", percent=100),)


# --- circles of causes ----------------------------------------------------------------------------


def test_a_cause_does_not_explain_itself(book):
    for write in (book.record, lambda each: book.record_many([each])):
        with pytest.raises(CausalCycle, match="in a circle: CAU-1 → CAU-1. Nothing was written"):
            write(cause("CAU-1", effects="CAU-1"))
    assert everything(book) == []


def test_two_kinds_of_record_under_one_id_are_refused_together(book):
    book.record(incident("INC-1"))
    with pytest.raises(Conflict, match="kind is"):
        book.record(incident("INC-1"), Customer(id="INC-1"))


@pytest.mark.parametrize("id", [{"id": "INC-1"}, 7, None, "a\ud800b"])
def test_what_is_no_id_is_that_of_no_record(book, id):
    book.record(incident("INC-1", customers="C-1"))
    for call in (
        lambda: book.unlink(id, customers="C-1", reason="x"),
        lambda: book.link(id, customers="C-1"),
        lambda: book.amend(id, title="x", reason="x"),
        lambda: book.erase_customer(id, reason="x"),
    ):
        with pytest.raises(UnknownRecord):
            call()
