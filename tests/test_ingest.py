"""`ingest`: again and again, in any order. Decision 9 of the store."""

import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import remedy
import remedy.casebook
from remedy import (
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
    FollowUp,
    Incident,
    Ingested,
    Link,
    Pending,
    Promise,
    Response,
    Verdict,
    Verification,
)
from remedy.errors import Conflict, InvalidRecord, InvalidTime
from tests import on_file
from tests.given import DAY, there
from tests.oracle.random_casebooks import random_casebook


@pytest.fixture
def book(book_either_way):
    return book_either_way


def incident(id, version=None, **fields):
    return Incident(id=id, **{"occurred": DAY[0], "updated": version and DAY[version], **fields})


def counts(told):
    return {name: count for name, count in attrs.asdict(told).items() if count}


# --- again and again ------------------------------------------------------------------------------


def test_ingesting_the_same_again_changes_nothing(book):
    records = [
        incident("INC-1", 1, source="crm", external_id="1", customers="C-1"),
        Cause(id="CAU-1", found=DAY[1], incidents="INC-1"),
        Action(id="ACT-1", kind="corrective", causes="CAU-1", events=("implemented", DAY[2])),
    ]
    assert book.ingest(records) == Ingested(new=3)
    before = list(book.records())
    assert book.ingest(records) == Ingested(unchanged=3)
    assert list(book.records()) == before


def test_events_of_one_moment_stand_side_by_side(book):
    events = [
        ActionEvent(state="implemented", occurred=DAY[2], who="site A"),
        ActionEvent(state="implemented", occurred=DAY[2], who="site B"),
        ActionEvent(state="implemented", occurred=DAY[2]),
    ]
    action = Action(id="ACT-1", kind="corrective", events=events)
    for _ in range(2):
        book.record(action)
        book.record_many([action])
    assert book.ingest([action]) == Ingested(unchanged=1)
    again = attrs.evolve(action, events=[*events[1:], ("closed", DAY[3])])
    assert book.ingest([again]) == Ingested(updated=1)
    assert book.get("ACT-1").events == (*events, ActionEvent(state="closed", occurred=DAY[3]))


def test_the_newer_version_wins_and_an_older_one_is_left_out(book):
    book.ingest([incident("INC-1", 2, title="second")])
    assert counts(book.ingest([incident("INC-1", 1, title="first", customers="C-9")])) == {
        "older": 1
    }
    assert (book.get("INC-1").title, book.get("INC-1").customers) == ("second", ())
    assert counts(book.ingest([incident("INC-1", 3, title="third")])) == {"updated": 1}
    assert book.get("INC-1").title == "third"


def test_without_a_date_of_change_what_comes_later_is_newer(book):
    book.ingest([incident("INC-1", title="one")])
    book.ingest([incident("INC-1", title="two")])
    book.ingest([incident("INC-1", 1, title="three")])
    book.ingest([incident("INC-1", title="four")])
    assert book.get("INC-1").title == "four"


def test_a_record_is_known_again_by_what_its_source_calls_it(book):
    book.ingest([incident("INC-1", source="crm", external_id="7", title="one")])
    told = book.ingest([incident("other", source="crm", external_id="7", title="two")])
    assert counts(told) == {"updated": 1}
    assert book.get("INC-1").title == "two"
    assert len(list(book.records(Incident))) == 1
    book.ingest([incident("INC-2", source="erp", external_id="7")])
    assert len(list(book.records(Incident))) == 2


def test_what_refers_to_the_other_id_in_the_same_batch_is_led_to_it(book):
    book.ingest([incident("INC-1", source="crm", external_id="7")])
    book.ingest(
        [
            incident("other", source="crm", external_id="7"),
            Complaint(id="COM-1", made=DAY[1], incident="other"),
        ]
    )
    assert book.get("COM-1").incident == "INC-1"


def test_the_promises_of_an_apology_known_by_another_id_stay_its_own(book):
    book.ingest([incident("INC-1")])
    for id in ("APO-1", "APO-2"):
        apology = Apology(
            id=id, source="crm", external_id="1", incidents="INC-1", made=DAY[1],
            promises=[Promise(kind="deed"), Promise(id="PRO-9", kind="watch")],
        )  # fmt: skip
        book.ingest([apology])
    assert [each.id for each in book.records(Apology)] == ["APO-1"]
    assert [each.id for each in book.get("APO-1").promises] == ["APO-1/promise-1", "PRO-9"]


def test_what_plural_fields_refer_to_is_added_never_taken_away(book):
    book.ingest([incident("INC-1", 1, customers=["C-1", Affected(customer="C-2", order="1")])])
    told = book.ingest(
        [incident("INC-1", 2, customers=[Affected(customer="C-2", order="2"), "C-3"])]
    )
    assert counts(told) == {"updated": 1}
    assert book.get("INC-1").customers == (
        Affected(customer="C-1"), Affected(customer="C-2", order="2"), Affected(customer="C-3"),
    )  # fmt: skip


def test_a_duplicate_that_is_none_in_the_newer_version_stands_on_its_own_again(book):
    book.ingest([incident("INC-1"), incident("INC-2", 1, duplicate_of="INC-1", customers="C-1")])
    book.ingest([incident("INC-2", 2)])
    assert book._store.db.execute("SELECT * FROM incident WHERE canonical > ''").fetchall() == []
    rows = book._store.db.execute("SELECT incident, stated FROM incident_customer").fetchall()
    assert rows == [("INC-2", "")]


def test_customers_are_made_and_named_by_their_aliases(book):
    book.ingest([incident("INC-1", customers=there("9"))])
    (customer,) = book.records(Customer)
    assert (customer.id, customer.aliases) == (
        "crm:9", (Alias(source="crm", external_id="9"),),
    )  # fmt: skip
    book.ingest([Customer(id="C-2", aliases=Alias(source="crm", external_id="8"))])
    book.ingest([incident("INC-2", customers=there("8"))])
    assert book.get("INC-2").customers == (Affected(customer="C-2"),)
    book.ingest([Customer(id="C-3", source="crm", external_id="5", name="Anna")])
    book.ingest([incident("INC-3", customers=there("5"))])
    assert book.get("INC-3").customers == (Affected(customer="C-3"),)


# --- references that wait -------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["id", "source"])
@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda ref: Complaint(id="X", made=DAY[1], incident=ref, text="x"), "incident"),
        (lambda ref: Response(id="X", customer="C", kind="left", made=DAY[1], incident=ref),
         "incident"),
        (lambda ref: Amends(id="X", kind="gift", made=DAY[1], incident=ref, amount="5 EUR"),
         "incident"),
        (lambda ref: Decision(id="X", kind="no_action", made=DAY[1], incident=ref, reason="x"),
         "incident"),
        (lambda ref: Cause(id="X", found=DAY[1], incidents=CausalLink(to=ref, role="escape")),
         "incidents"),
        (lambda ref: Action(id="X", kind="correction", decided=DAY[1],
                            incidents=Link(to=ref, since=DAY[3])), "incidents"),
        (lambda ref: Apology(id="X", made=DAY[1], incidents=ref, customers="C", text="sorry",
                             elements="regret"), "incidents"),
        (lambda ref: incident("X", duplicate_of=ref), "duplicate_of"),
    ],
    ids=["complaint", "response", "amends", "decision", "cause", "action", "apology", "incident"],
)  # fmt: skip
def test_a_reference_waits_for_its_other_side(book, make, field, by):
    reference = "INC-7" if by == "id" else there("7")
    told = book.ingest([make(reference)])
    assert told.pending == 1
    (waiting,) = book.pending()
    assert waiting == Pending(
        record="X", entity=type(make(reference)).entity, field=field, target_entity="incident",
        target="INC-7" if by == "id" else None, external=None if by == "id" else there("7"),
    )  # fmt: skip
    told = book.ingest([incident("INC-7", source="crm", external_id="7")])
    assert told == Ingested(new=1)
    assert book.pending() == []
    assert book.get("X") == make("INC-7")


def test_a_verification_waits_for_its_action_and_a_promise_for_its_apology(book):
    verification = Verification(id="VER-1", action="ACT-1", made=DAY[3], result="effective")
    promise = Promise(id="PRO-1", apology="APO-1", kind="deed", made=DAY[3])
    assert book.ingest([verification, promise]).pending == 2
    book.ingest([Action(id="ACT-1", kind="corrective", decided=DAY[1])])
    assert book.get("VER-1") == verification
    apology = Apology(id="APO-1", incidents="INC-1", made=DAY[2], promises=Promise(kind="watch"))
    assert book.ingest([apology]).pending == 3
    assert book.ingest([incident("INC-1")]).pending == 0
    assert [each.id for each in book.get("APO-1").promises] in (
        ["APO-1/promise-1", "PRO-1"], ["PRO-1", "APO-1/promise-1"],
    )  # fmt: skip


def test_an_apology_waits_for_the_first_of_its_incidents_that_comes(book):
    apology = Apology(id="APO-1", incidents=["INC-1", "INC-2", "INC-3"], made=DAY[2], text="sorry")
    assert book.ingest([apology]).pending == 3
    assert list(book.records(Apology)) == []
    assert book.ingest([incident("INC-2")]).pending == 2
    assert book.get("APO-1").incidents == (Link(to="INC-2"),)
    assert book.get("APO-1").text == "sorry"
    assert book.ingest([incident("INC-1"), incident("INC-3")]).pending == 0
    assert book.get("APO-1") == apology


def test_what_waits_for_one_record_under_two_names_is_brought_in_once(book):
    apology = Apology(id="APO-1", incidents=["INC-7", there("7")], made=DAY[2], text="sorry")
    assert book.ingest([apology]).pending == 2
    told = book.ingest([incident("INC-7", source="crm", external_id="7")])
    assert told == Ingested(new=1)
    assert book.get("APO-1").incidents == (Link(to="INC-7"),)


def test_a_chain_of_what_waits_is_resolved_at_once(book):
    book.ingest([Promise(id="PRO-1", apology="APO-1", kind="deed", actions="ACT-1", made=DAY[2])])
    book.ingest([Apology(id="APO-1", incidents="INC-1", made=DAY[2])])
    book.ingest([Action(id="ACT-1", kind="corrective", decided=DAY[1])])
    assert book.ingest([incident("INC-1")]).pending == 0
    assert book.get("PRO-1").actions == (Link(to="ACT-1"),)


def test_of_what_waits_the_newer_version_is_kept(book):
    def decision(version, reason, **fields):
        return Decision(
            id="DEC-1", kind="no_action", made=DAY[1], reason=reason, updated=DAY[version],
            **{"incident": "INC-1", **fields},
        )  # fmt: skip

    book.ingest([decision(2, "two")])
    assert counts(book.ingest([decision(1, "one")])) == {"older": 1, "pending": 1}
    book.ingest([decision(3, "three", incident="INC-2")])
    assert [each.target for each in book.pending()] == ["INC-2"]
    book.ingest([incident("INC-1"), incident("INC-2")])
    assert book.get("DEC-1") == decision(3, "three", incident="INC-2")


def test_a_newer_version_lets_go_what_an_older_one_waited_for(book):
    def complaint(version, target):
        return Complaint(id="COM-1", made=DAY[1], incident=target, updated=DAY[version])

    book.ingest([complaint(1, "INC-1")])
    book.ingest([incident("INC-2"), complaint(2, "INC-2")])
    assert book.pending() == []
    assert counts(book.ingest([complaint(1, "INC-1")])) == {"older": 1}
    assert book.pending() == []
    book.ingest([incident("INC-1")])
    assert book.get("COM-1").incident == "INC-2"


def test_the_same_reference_waits_once(book):
    cause = Cause(id="CAU-1", found=DAY[1], incidents=["INC-1", "INC-2"])
    for _ in range(3):
        assert book.ingest([cause]).pending == 2
    later = Cause(id="CAU-1", found=DAY[1], incidents=CausalLink(to="INC-1", since=DAY[5]))
    book.ingest([later])
    book.ingest([incident("INC-1"), incident("INC-2")])
    assert book.get("CAU-1").incidents == (
        CausalLink(to="INC-1", since=DAY[5]), CausalLink(to="INC-2"),
    )  # fmt: skip


def test_what_waits_is_kept_with_the_file(tmp_path):
    path = tmp_path / "quality.db"
    with remedy.open(path) as book:
        book.ingest([Complaint(id="COM-1", made=DAY[1], incident="INC-1")])
    with remedy.open(path) as book:
        assert len(book.pending()) == 1
        book.ingest([incident("INC-1")])
        assert book.get("COM-1").incident == "INC-1"


def test_what_arrives_is_checked_like_the_rest(book):
    book.ingest([Action(id="ACT-1", kind="correction", decided=DAY[1], incidents="INC-1")])
    with pytest.raises(InvalidTime, match="older than INC-1"):
        book.ingest([incident("INC-1", occurred=DAY[5])])
    assert list(book.records(Incident)) == []
    assert len(book.pending()) == 1
    with pytest.raises(InvalidRecord, match="does not know it"):
        book.ingest([Action(id="ACT-2", kind="correction", decided=DAY[1], intervention="x")])


def test_what_is_recorded_is_not_waited_for_any_more(book):
    book.ingest([Complaint(id="COM-1", made=DAY[1], incident="INC-1")])
    book.record(incident("INC-1"))
    assert book.pending() == []
    assert book.get("COM-1").incident == "INC-1"


# --- any order ------------------------------------------------------------------------------------


def batches(records, rng):
    """The records in random batches, in a random order."""
    pool = list(records)
    rng.shuffle(pool)
    while pool:
        size = rng.randint(1, max(1, len(pool) // 3))
        yield pool[:size]
        pool = pool[size:]


def tables(book):
    told = on_file.tables(book)
    del told["pending"]
    return told


@pytest.mark.parametrize("seed", range(40))
def test_the_order_of_batches_makes_no_difference(seed, monkeypatch):
    """Decision 9: tickets today, causes from another system tomorrow."""
    rng = random.Random(seed)
    monkeypatch.setattr(remedy.casebook, "_FEW", rng.choice((-1, 500)))
    case = random_casebook(seed)
    with remedy.open(":memory:") as straight, remedy.open(":memory:") as mixed:
        straight.record(*case.records)
        for batch in batches(case.records, rng):
            mixed.ingest(batch)
        assert mixed.pending() == []
        assert tables(mixed) == tables(straight)
        again = mixed.ingest(case.records)
        assert (again.new, again.updated, again.older) == (0, 0, 0)


versions = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), min_size=1, max_size=8)


@settings(max_examples=60)
@given(told=versions, bulk=st.booleans())
def test_versions_in_any_order_end_as_the_newest_of_each(told, bulk):
    """Against a dict: newest version by id; of equal ones the last that came."""
    few, remedy.casebook._FEW = remedy.casebook._FEW, (-1 if bulk else 500)
    model = {}
    try:
        with remedy.open(":memory:") as book:
            for number, (id, version) in enumerate(told):
                record = Complaint(
                    id=id, made=DAY[0], updated=DAY[version], text=f"{number}", incident="INC-1"
                )
                book.ingest([record])
                if id not in model or model[id].updated <= record.updated:
                    model[id] = record
            book.ingest([incident("INC-1")])
            assert list(book.records(Complaint)) == [model[id] for id in sorted(model)]
            assert book.pending() == []
    finally:
        remedy.casebook._FEW = few


# --- apologies of which an older version came before ----------------------------------------------


def test_a_newer_version_of_an_apology_that_waits_adds_to_what_the_older_one_named(book):
    book.ingest([Apology(id="APO-2", incidents="INC-2", made=DAY[6], customers="C-4")])
    book.ingest([incident("INC-4")])
    book.ingest([Apology(id="APO-2", incidents="INC-4", made=DAY[6], customers="C-5")])
    assert [link.to for link in book.get("APO-2").incidents] == ["INC-4"]
    assert book.get("APO-2").customers == ("C-4", "C-5")
    [waiting] = book.pending()
    assert (waiting.field, waiting.target) == ("incidents", "INC-2")
    book.ingest([incident("INC-2")])
    assert [link.to for link in book.get("APO-2").incidents] == ["INC-2", "INC-4"]


def test_a_newer_version_of_a_promise_that_waits_adds_to_what_the_older_one_named(book):
    action = Action(id="ACT-1", kind="corrective", decided=DAY[1])
    book.ingest([Promise(id="PRO-1", apology="APO-1", kind="deed", actions="ACT-1")])
    book.ingest([Promise(id="PRO-1", apology="APO-1", kind="deed", actions="ACT-2")])
    book.ingest([incident("INC-1"), action, attrs.evolve(action, id="ACT-2")])
    book.ingest([Apology(id="APO-1", incidents="INC-1", made=DAY[6])])
    assert [link.to for link in book.get("PRO-1").actions] == ["ACT-1", "ACT-2"]


def test_a_newer_version_of_an_apology_on_file_is_not_held_back(book):
    book.ingest([incident("INC-1"), Apology(id="APO-1", incidents="INC-1", made=DAY[6])])
    book.ingest([Apology(id="APO-1", incidents="INC-9", made=DAY[6], text="new", customers="C-2")])
    apology = book.get("APO-1")
    assert (apology.text, apology.customers) == ("new", ("C-2",))
    assert [link.to for link in apology.incidents] == ["INC-1"]
    assert [each.target for each in book.pending()] == ["INC-9"]
    book.ingest([incident("INC-9")])
    assert [link.to for link in book.get("APO-1").incidents] == ["INC-1", "INC-9"]


@pytest.mark.parametrize("bulk", [False, True])
@pytest.mark.parametrize("way", ["record", "ingest"])
@pytest.mark.parametrize(
    "naming",
    [
        lambda: incident("INC-2", customers="INC-1"),
        lambda: Complaint(id="COM-1", made=DAY[3], incident="INC-1", customer="INC-1"),
        lambda: Apology(id="APO-1", made=DAY[3], incidents="INC-1", customers="INC-1"),
    ],
    ids=["incident", "complaint", "apology"],
)
def test_a_customer_has_no_id_of_a_record_of_another_kind(book, monkeypatch, naming, way, bulk):
    book.record(incident("INC-1"))
    if bulk:
        monkeypatch.setattr("remedy.casebook._FEW", -1)
    with pytest.raises(Conflict, match="kind is"):
        book.record_many([naming()]) if way == "record" else book.ingest([naming()])
    with pytest.raises(Conflict, match="kind is"):
        book.link("INC-1", customers="INC-1")
    assert [type(each) for each in book.records()] == [Incident]


def test_of_two_links_that_turn_out_to_be_one_the_newer_one_counts(book):
    action = Action(id="ACT-1", kind="corrective", decided=DAY[3], incidents=there("3"))
    book.ingest([action])
    book.ingest([attrs.evolve(action, incidents=Link(to="INC-2", since=DAY[7]))])
    book.ingest([incident("INC-2", source="crm", external_id="3")])
    [link] = book.get("ACT-1").incidents
    assert link.since is not None


def test_what_is_left_out_as_older_is_not_what_others_wait_for(book):
    book.ingest([incident("INC-1", version=3)])
    older = incident("INC-1", version=2, source="crm", external_id="1")
    book.ingest([FollowUp(id="FUP-1", incident=there("1"), due=DAY[9]), older])
    assert [each.external for each in book.pending()] == [there("1")]


def test_what_people_amended_stands_when_a_version_arrives_that_waited_as_a_whole(book):
    said = FollowUp(id="FUP-1", incident="INC-1", due=DAY[9], text="a")
    book.ingest([incident("INC-1"), said])
    book.amend("FUP-1", text="b", reason="x")
    book.ingest([attrs.evolve(said, incident="INC-2")])
    book.amend("FUP-1", text="c", reason="y")
    book.ingest([incident("INC-2")])
    assert (book.get("FUP-1").text, book.get("FUP-1").incident) == ("c", "INC-2")
    book.ingest([attrs.evolve(said, incident="INC-2", text="d")])
    assert book.get("FUP-1").text == "d"


def test_one_record_twice_under_an_id_of_another_kind_is_refused(book):
    book.record(Customer(id="INC-1"))
    with pytest.raises(Conflict, match="kind is"):
        book.record(incident("INC-1"), incident("INC-1"))


def test_a_record_that_comes_twice_under_two_ids_is_found_under_the_first(book):
    book.ingest(
        [
            Cause(id="CAU-2", found=DAY[5], effects=there("1")),
            Cause(id="CAU-3", source="crm", external_id="1", found=DAY[5]),
            Cause(id="CAU-1", source="crm", external_id="1", found=DAY[5]),
        ]
    )
    assert [each.id for each in book.records(Cause)] == ["CAU-2", "CAU-3"]
    assert [link.to for link in book.get("CAU-2").effects] == ["CAU-3"]


def test_what_waited_is_refused_under_an_id_of_another_kind(book):
    book.ingest([Response(id="RES-2", customer="INC-1", kind="left", made=DAY[7])])
    with pytest.raises(Conflict, match="kind is"):
        book.ingest(
            [
                incident("INC-1", duplicate_of=there("2")),
                incident("INC-4", source="crm", external_id="2"),
            ]
        )
    assert [type(each) for each in book.records()] == [Customer, Response]


def test_what_waits_refers_to_what_is_on_file_under_another_id(book):
    book.ingest([incident("INC-4", source="crm", external_id="1")])
    book.ingest(
        [
            incident("INC-1", source="crm", external_id="1"),
            Verdict(id="VER-1", a="INC-2", b="INC-1", kind="same", made=DAY[5]),
            Apology(id="APO-1", incidents=["INC-2", "INC-1"], made=DAY[5]),
        ]
    )
    book.ingest([incident("INC-2")])
    assert book.get("VER-1").b == "INC-4"
    assert [link.to for link in book.get("APO-1").incidents] == ["INC-2", "INC-4"]
    assert book.pending() == []


def test_what_people_took_out_is_not_what_a_later_call_calls_by_its_id(book):
    book.ingest([incident("INC-1", source="crm", external_id="1"), incident("INC-3")])
    action = Action(id="ACT-1", kind="corrective", decided=DAY[3])
    book.ingest([attrs.evolve(action, incidents="INC-3")])
    book.unlink("ACT-1", incidents="INC-3", reason="a mistake")
    book.ingest(
        [
            incident("INC-3", source="crm", external_id="1"),
            attrs.evolve(action, incidents="INC-1"),
        ]
    )
    assert [link.to for link in book.get("ACT-1").incidents] == ["INC-1"]


def test_what_waits_and_turns_out_to_name_one_record_twice_is_taken_in_and_says_what_was_said_last(
    book,
):
    def promised(*actions):
        return Promise(id="PRO-1", apology="APO-1", made=DAY[7], actions=actions)

    def come(id):
        book.ingest([
            Action(id=id, source="crm", external_id=id[-1], kind="corrective", decided=DAY[4])
        ])  # fmt: skip

    by_source = Link(to=there("2"), since=DAY[8]), Link(to=there("3"), since=DAY[8])
    book.ingest([promised(*by_source)])
    come("ACT-2")
    book.ingest([promised(Link(to="ACT-2"), Link(to="ACT-3"))])
    come("ACT-3")
    book.ingest([incident("INC-1"), Apology(id="APO-1", made=DAY[6], incidents="INC-1")])
    assert book.get("PRO-1").actions == (Link(to="ACT-2"), Link(to="ACT-3"))
    assert book.pending() == []
