"""Erasing a customer. Decision 11 of the store."""

import random
import re
import shutil
import unicodedata
from collections import namedtuple
from datetime import UTC, datetime

import pytest

import remedy
from remedy import (
    Action,
    ActionEvent,
    Affected,
    Alias,
    Amends,
    Apology,
    Cause,
    Complaint,
    Customer,
    Decision,
    Exposure,
    External,
    FollowUp,
    Incident,
    Promise,
    Response,
    Share,
    Waiver,
    _schema,
)
from remedy.errors import CasebookError, ErasedCustomer, InvalidRecord, UnknownRecord
from tests.given import DAY, coded, incident, there
from tests.oracle.random_casebooks import random_casebook

NAME = "Svenja Ångström-Quist"
WORDS = (NAME, "C-4711", "svenja@", "SHOP-9911", "ORD-774411", "Hohenzollernring", "GÅRDAGEN")


def told_of_them():
    """What is on file of a customer, in every place that can name one."""
    return [
        Customer(
            id="C-4711",
            name=NAME,
            account="ACC-1",
            source="crm",
            external_id="4711-x",
            aliases=[Alias(source="shop", external_id="SHOP-9911")],
            attributes={"mail": "svenja@example.org"},
        ),
        Customer(id="K-77", name="Another"),
        coded(
            "INC-1",
            customers=[Affected(customer="C-4711", order="ORD-774411", order_no=3)],
            title=f"{NAME} paid the carrier",
            text="She lives in the Hohenzollernring.",
            attributes={"street": "Hohenzollernring 7", "lane": "B"},
        ),
        coded(
            "INC-2",
            occurred=DAY[7],
            customers=["C-4711", "K-77"],
            title="Two parcels were swapped",
            text=f"That of {NAME.upper()} (C-4711, order ORD-774411) went to Another.",
            attributes={"said_by": NAME, "list": [NAME, {"deep": "C-4711"}, 7]},
        ),
        coded("INC-3", customers="K-77", text="Nobody else is in this."),
        coded("INC-4", customers="C-4711", duplicate_of="INC-2", title="GÅRDAGEN"),
        coded("INC-5", customers="C-4711", failure_mode="g"),
        coded("INC-6", occurred=DAY[7], customers="C-4711", failure_mode="g"),
        Complaint(id="COM-1", customer="C-4711", made=DAY[2], incident="INC-1", text="GÅRDAGEN"),
        Cause(id="CAU-1", found=DAY[3], incidents="INC-1", text=f"Seen with {NAME}'s parcel"),
        Action(
            id="ACT-1",
            kind="corrective",
            decided=DAY[4],
            causes="CAU-1",
            events=[
                ActionEvent(state="implemented", occurred=DAY[5], who="anna", reason=f"for {NAME}")
            ],
        ),
        Apology(
            id="APO-1",
            incidents="INC-1",
            made=DAY[6],
            customers="C-4711",
            text="Dear GÅRDAGEN",
            promises=Promise(kind="non_recurrence", text=f"Never again, {NAME}"),
        ),
        Apology(id="APO-2", incidents="INC-1", made=DAY[6], text="Dear GÅRDAGEN once more"),
        Apology(
            id="APO-3",
            incidents=["INC-2", "INC-3"],
            made=DAY[6],
            not_reached="C-4711",
            text=f"Dear all, {NAME} among you",
        ),
        Amends(id="AME-1", incident="INC-1", customer="C-4711", kind="gift", made=DAY[7]),
        Amends(id="AME-2", incident="INC-1", kind="gift", made=DAY[7], text="GÅRDAGEN"),
        Response(
            id="RES-1", customer="C-4711", kind="left", made=DAY[8], text="GÅRDAGEN", next_step="x"
        ),
        FollowUp(id="FUP-1", incident="INC-1", due=DAY[9], text="call GÅRDAGEN"),
        Decision(
            id="DEC-1", kind="no_action", incident="INC-2", made=DAY[9], reason=f"{NAME} only"
        ),
        Exposure(id="EXP-1", chances=5, began=DAY[0], ended=DAY[9], customer="C-4711"),
        Waiver(
            id="WAI-1",
            finding="R:customer:abc:C-4711",
            code="R202",
            reason=f"{NAME} agreed",
            made=DAY[9],
            until=DAY[20],
        ),
    ]


def filled(path):
    book = remedy.open(path, actor="anna")
    # Before their record came, somebody named them by an id of the source.
    book.ingest([coded("INC-9", customers=there("4711-x"), title="GÅRDAGEN before")])
    book.record(*told_of_them(), reason=f"{NAME} called")
    book.ingest(
        [
            Complaint(id="COM-9", made=DAY[2], incident="INC-99", customer="C-4711", text="GÅRDAGEN"),
            coded("INC-8", duplicate_of="INC-99", title=f"as {NAME} said"),
            Complaint(
                id="COM-8", made=DAY[2], incident="INC-99", customer=there("SHOP-9911", "shop"),
                text="GÅRDAGEN",
            ),
        ]
    )  # fmt: skip
    book.amend("INC-2", title=f"{NAME}'s parcel was swapped", reason=f"{NAME} told us")
    book.amend("C-4711", name="GÅRDAGEN", reason="married")
    book.unlink("INC-2", customers="K-77", reason="a mistake")
    book.link("INC-2", customers="K-77")
    book.set_baseline(book.check(as_of="2026-05-01T00:00Z", profile="capa"))
    return book


@pytest.fixture
def path(tmp_path):
    return tmp_path / "q.db"


@pytest.fixture
def book(path):
    with filled(path) as book:
        yield book


def found_in(folder, words=WORDS):
    """Which words stand in any file of a folder, in bytes, whatever their case."""
    found = set()
    for file in folder.iterdir():
        text = file.read_bytes().decode("utf-8", "replace")
        found |= {word for word in words if re.search(re.escape(word), text, re.IGNORECASE)}
    return found


def test_the_fixture_says_all_of_it(book, path):
    assert found_in(path.parent) == set(WORDS)


@pytest.mark.parametrize("journal", ["delete", "wal-insist"])
def test_no_byte_of_them_is_left(tmp_path, journal):
    path = tmp_path / "q.db"
    filled(path).close()
    book = remedy.open(path, actor="anna", journal=journal)
    erased = book.erase_customer("C-4711", reason="asked for it on 2 May")
    assert erased.compacted
    assert found_in(tmp_path) == set()
    book.close()
    assert found_in(tmp_path) == set()


def test_what_happened_stays_as_what_happened_to_one_without_a_name(book):
    before = {finding.key for finding in book.check(profile="capa").findings}
    new = book.erase_customer("C-4711", reason="asked for it").customer
    assert re.fullmatch("erased-[0-9a-f]{12}", new)
    assert book.get(new) == Customer(id=new)
    assert book.get("INC-1").customers == (Affected(customer=new),)
    assert {each.customer for each in book.get("INC-2").customers} == {"K-77", new}
    assert book.get("COM-1").customer == book.get("RES-1").customer == new
    assert book.get("APO-1").customers == book.get("APO-3").not_reached == (new,)
    assert {
        finding.key.replace(new, "C-4711") for finding in book.check(profile="capa").findings
    } == before
    with pytest.raises(UnknownRecord):
        book.get("C-4711")
    with pytest.raises(UnknownRecord):
        book.history("C-4711")


def test_texts_about_them_alone_are_gone_and_others_are_without_them(book):
    book.erase_customer("C-4711", reason="asked for it")
    alone = book.get("INC-1")
    assert (alone.title, alone.text, alone.attributes) == (None, None, {})
    shared = book.get("INC-2")
    assert shared.title == "[erased]'s parcel was swapped"
    assert shared.text == "That of [erased] ([erased], order [erased]) went to Another."
    assert shared.attributes == {
        "said_by": "[erased]", "list": ["[erased]", {"deep": "[erased]"}, 7],
    }  # fmt: skip
    assert book.get("INC-3").text == "Nobody else is in this."
    assert book.get("CAU-1").text == "Seen with [erased]'s parcel"
    assert book.get("ACT-1").events[0].reason == "for [erased]"
    for id in ("COM-1", "APO-1", "APO-2", "AME-2", "RES-1", "FUP-1"):
        assert book.get(id).text is None
    assert book.get("RES-1").next_step is None
    assert book.get("APO-3").text == "Dear all, [erased] among you"
    assert book.get("APO-1").promises[0].text is None
    assert book.get("DEC-1").reason == "[erased] only"


def test_acceptances_that_name_them_hold_on(book):
    new = book.erase_customer("C-4711", reason="asked for it").customer
    assert book.get("WAI-1").finding == f"R:customer:abc:{new}"
    assert book.get("WAI-1").reason == "[erased] agreed"
    assert any(key.endswith(new) for key in book.baseline())
    report = book.check(as_of="2026-05-01T00:00Z", profile="capa")
    assert set(report.baseline.states.values()) <= {"left", "waived"}


def test_what_waits_says_nothing_of_them(book):
    new = book.erase_customer("C-4711", reason="asked for it").customer
    assert len(book.pending()) == 3
    book.record(coded("INC-99"))
    assert book.pending() == []
    assert (book.get("COM-9").customer, book.get("COM-9").text) == (new, None)
    assert (book.get("COM-8").customer, book.get("COM-8").text) == (new, None)
    assert book.get("INC-8").title == "as [erased] said"


def test_records_that_wait_as_a_whole_say_nothing_of_them(path):
    with remedy.open(path) as book:
        book.record(*told_of_them())
        waiting = [
            Amends(
                id="AME-9", incident="INC-99", customer="C-4711", kind="gift", made=DAY[2],
                text="GÅRDAGEN", attributes={"street": "Hohenzollernring"},
            ),
            FollowUp(
                id="FUP-9", incident="INC-99", customer=there("SHOP-9911", "shop"), due=DAY[9],
                text="GÅRDAGEN",
            ),
            Apology(
                id="APO-9", incidents="INC-99", made=DAY[3], customers="C-4711", text="GÅRDAGEN",
                promises=Promise(kind="deed", text=f"a call to {NAME}"),
            ),
            Apology(
                id="APO-8", incidents="INC-99", made=DAY[3], text=f"Dear {NAME}",
                customers=["K-77", there("4711-x")],
            ),
            Apology(
                id="APO-7", incidents="INC-99", made=DAY[3], customers="K-77", text="Dear Another",
            ),
            Decision(
                id="DEC-9", kind="no_action", incident="INC-99", made=DAY[3], reason=f"{NAME} only"
            ),
            Cause(
                id="CAU-9", found=DAY[3], incidents=[there("9"), "INC-99"], text="the form",
                attributes={"n": 7},
            ),
        ]  # fmt: skip
        book.ingest(waiting)
        new = book.erase_customer("C-4711", reason="asked for it").customer
        assert book.verify().problems == ()
        assert len(book.pending()) >= 7
        book.record(coded("INC-99"))
        assert (book.get("AME-9").customer, book.get("AME-9").text) == (new, None)
        assert book.get("AME-9").attributes == {}
        assert (book.get("FUP-9").customer, book.get("FUP-9").text) == (new, None)
        assert (book.get("APO-9").customers, book.get("APO-9").text) == ((new,), None)
        assert book.get("APO-9").promises[0].text is None
        assert set(book.get("APO-8").customers) == {new, "K-77"}
        assert book.get("APO-8").text == "Dear [erased]"
        assert book.get("APO-7").text == "Dear Another"
        assert book.get("DEC-9").reason == "[erased] only"
        assert book.get("CAU-9").text == "the form"
        assert book.verify().problems == ()
    assert found_in(path.parent) == set()


def test_who_is_only_known_by_an_id_in_a_source_is_erased(tmp_path):
    with remedy.open(tmp_path / "q.db") as book:
        book.ingest([coded("INC-1", customers=there("77345"), title="x")])
        book.record(Customer(id="C-1"), reason="no crm:773456 in this, and none 77345x")
        new = book.erase_customer("crm:77345", reason="asked for it").customer
        assert [each.customer for each in book.get("INC-1").customers] == [new]
        assert book.history("C-1")[0].reason == "no crm:773456 in this, and none 77345x"
        came = book.ingest([coded("INC-2", customers=there("77345"), title="x")])
        assert (came.new, came.redacted) == (1, 1)
        assert [each.customer for each in book.get("INC-2").customers] == [new]


def test_the_history_stays_verifiable_and_says_who_erased_and_why(book, path):
    anchor = book.anchor()
    actor = book.acting_as("berta")
    actor.erase_customer("C-4711", reason="asked for it on 2 May")
    found = book.verify(anchor)
    assert found.problems == ()
    assert found.erased > 20
    told = book._store.db.execute(
        "SELECT h.actor, b.body FROM history h JOIN history_body b ON b.place / 1000 = h.seq "
        "WHERE h.op = 'erase' AND h.entity = 'history'"
    ).fetchall()
    assert [actor for actor, _ in told] == ["berta"]
    assert '"reason": "asked for it on 2 May"' in told[0][1]


def test_what_was_on_record_before_is_known_without_them(book):
    before = book.history("INC-1")[0].written
    new = book.erase_customer("C-4711", reason="asked for it").customer
    then = book.known_at(before)
    assert then.get("INC-1").customers == (Affected(customer=new),)
    assert then.get("INC-1").title is None
    assert then.get("INC-2").title == "Two parcels were swapped"
    changes = book.history("INC-2")
    assert [change.redacted for change in changes] == [True, True, False, False]
    assert changes[0].fields["text"][1].startswith("That of [erased]")
    assert changes[1].fields["title"][1] == "[erased]'s parcel was swapped"
    assert changes[1].reason == "[erased] told us"
    assert changes[0].reason == "[erased] called"


def test_a_reason_that_named_them_says_the_rest(book):
    book.amend("INC-3", channel="mail", reason=f"{NAME} told us of it")
    book.erase_customer("C-4711", reason="asked for it")
    (_, change) = book.history("INC-3")
    assert (change.reason, change.redacted) == ("[erased] told us of it", False)


def test_two_customers_are_erased_one_after_the_other(book, path):
    first = book.erase_customer("C-4711", reason="asked for it").customer
    second = book.erase_customer("K-77", reason="asked for it").customer
    assert {each.customer for each in book.get("INC-2").customers} == {first, second}
    assert book.verify().problems == ()
    assert found_in(path.parent, (*WORDS, "K-77")) == set()
    assert book.get("INC-2").title is not None


def test_an_erased_customer_can_be_erased_once_more(book):
    first = book.erase_customer("C-4711", reason="asked for it").customer
    second = book.erase_customer(first, reason="once more").customer
    assert book.get("INC-1").customers == (Affected(customer=second),)
    assert book.verify().problems == ()


@pytest.mark.parametrize("seed", range(4))
def test_any_customer_of_any_casebook_can_be_erased(seed, tmp_path):
    rng = random.Random(seed)
    with remedy.open(tmp_path / "q.db", actor="anna") as book:
        book.record(*random_casebook(seed).records)
        for customer in rng.sample(list(book.records(Customer)), 2):
            before = len(list(book.records()))
            book.erase_customer(customer.id, reason="asked for it")
            assert len(list(book.records())) == before
            assert book.verify().problems == ()
            text = (tmp_path / "q.db").read_bytes().decode("utf-8", "replace")
            assert not re.search(rf"(?<!\w){re.escape(customer.id)}(?!\w)", text)


def test_a_bulk_load_can_be_erased_from(tmp_path):
    with remedy.open(tmp_path / "q.db", actor="anna") as book:
        book.record_many(
            coded(f"INC-{n:04}", customers=f"C-{n % 50}", title=f"of C-{n % 50}")
            for n in range(2_000)
        )
        new = book.erase_customer("C-7", reason="asked for it").customer
        assert book.verify().problems == ()
        assert len(list(book.records(Incident, customers=new))) == 40
        assert b'"C-7"' not in (tmp_path / "q.db").read_bytes()


def test_the_title_that_tells_failures_apart_stays(tmp_path):
    config = remedy.Config(signature=["process", "title", "lane"])
    with remedy.open(tmp_path / "q.db", config=config) as book:
        book.record(
            Customer(id="C-4711", name="Svenja"),
            *(
                coded(
                    f"INC-{n}", customers="C-4711", title="Svenja paid", attributes={"lane": "x", "y": "z"}
                )
                for n in (1, 2)
            ),
        )  # fmt: skip
        book.erase_customer("C-4711", reason="asked for it")
        assert book.get("INC-1").title == "[erased] paid"
        assert book.get("INC-1").attributes == {"lane": "x"}
        rows = book._store.db.execute("SELECT failure FROM incident").fetchall()
        assert "svenja" not in str(rows)
        assert rows[0] == rows[1] != (None,)


# --- and they do not come back --------------------------------------------------------------------


@pytest.mark.parametrize("few", [500, -1])
def test_the_next_import_does_not_bring_them_back(path, few, monkeypatch):
    monkeypatch.setattr("remedy.casebook._FEW", few)
    with filled(path) as book:
        new = book.erase_customer("C-4711", reason="asked for it").customer
        before = list(book.records())
        again = [
            record
            for record in told_of_them()
            if record.id
            in (
                "C-4711",
                "INC-1",
                "COM-1",
                "RES-1",
                "APO-1",
                "APO-2",
                "AME-1",
                "AME-2",
                "FUP-1",
                "EXP-1",
            )
        ]
        came = book.ingest(again)
        assert (came.new, came.updated) == (0, 0)
        assert list(book.records()) == before
        came = book.ingest(
            [
                coded("INC-50", customers=there("SHOP-9911", "shop"), title=f"{NAME} again"),
                coded("INC-51", customers=["crm:4711-x", "C-3"], title=f"{NAME} again"),
                Complaint(id="COM-50", made=DAY[2], incident="INC-50", customer=there("4711-x")),
                Customer(id="other", aliases=Alias(source="shop", external_id="SHOP-9911")),
                coded("INC-52", customers="C-3", title="of somebody else"),
            ]
        )
        assert (came.new, came.redacted) == (4, 4)
        assert [each.customer for each in book.get("INC-50").customers] == [new]
        assert {each.customer for each in book.get("INC-51").customers} == {"C-3", new}
        assert book.get("INC-51").title is None
        assert book.get("INC-52").title == "of somebody else"
        with pytest.raises(UnknownRecord):
            book.get("other")
    assert found_in(path.parent) == set()


@pytest.mark.parametrize(
    "record",
    [
        Customer(id="C-4711"),
        Customer(id="C-9", source="crm", external_id="4711-x"),
        Customer(id="C-9", aliases=Alias(source="shop", external_id="SHOP-9911")),
        coded("INC-50", customers="C-4711"),
        coded("INC-50", customers=there("4711-x")),
        Response(id="RES-9", customer="C-4711", kind="left", made=DAY[2]),
        Apology(id="APO-9", incidents="INC-3", made=DAY[2], not_reached="C-4711"),
    ],
)
def test_who_records_them_again_is_told(book, record):
    book.erase_customer("C-4711", reason="asked for it")
    with pytest.raises(
        ErasedCustomer, match="names a customer who was erased, and is called erased-"
    ):
        book.record(record)
    with pytest.raises(ErasedCustomer):
        book.record_many([record, *(coded(f"MORE-{n}") for n in range(600))])


def test_what_comes_from_sources_is_known_by_its_ids_there(path):
    with remedy.open(path) as book:
        shipped = {"source": "crm", "external_id": "2"}
        book.ingest([coded("INC-1", customers="Svenja", text="about Svenja", **shipped)])
        book.ingest(
            [
                coded(
                    "INC-2",
                    customers="Klara",
                    text="about Klara",
                    **{**shipped, "external_id": "3"},
                )
            ]
        )
        book.erase_customer("Svenja", reason="asked for it")
        refers = External(**shipped)
        came = book.ingest(
            [
                coded("INC-other", text="about Svenja", **shipped),
                Complaint(id="COM-1", made=DAY[2], incident=refers, text="about Svenja"),
                Complaint(id="COM-2", made=DAY[2], incident=there("99"), text="about nobody known"),
                Complaint(id="COM-3", made=DAY[2], text="about nothing"),
                Apology(id="APO-1", incidents=refers, made=DAY[3], text="Dear Svenja"),
                coded("INC-2", customers="Klara", text="about Klara", source="crm", external_id="3"),
            ]
        )  # fmt: skip
        assert came.redacted == 3
        assert [book.get(id).text for id in ("INC-1", "COM-1", "APO-1")] == [None] * 3
        assert book.get("COM-2").text == "about nobody known"
        assert book.get("COM-3").text == "about nothing"
        assert book.get("INC-2").text == "about Klara"
    assert b"Svenja" not in path.read_bytes()


def test_what_is_told_to_everyone_names_nobody(book):
    book.erase_customer("C-4711", reason="asked for it")
    apology = Apology(id="APO-9", incidents="INC-3", made=DAY[2], customers=remedy.ALL)
    assert book.ingest([apology]).redacted == 0
    book.record(apology)


# --- what is refused, and what is said ------------------------------------------------------------


def test_a_reason_that_names_them_is_refused(book):
    anchor = book.anchor()
    for reason in (f"{NAME} asked", "c-4711 asked", "order ORD-774411", "SHOP-9911", "Gårdagen"):
        with pytest.raises(InvalidRecord, match="say why without naming the customer"):
            book.erase_customer("C-4711", reason=reason)
    with pytest.raises(InvalidRecord, match="say why: it stays on record"):
        book.erase_customer("C-4711", reason=" ")
    assert book.anchor() == anchor


def test_only_customers_are_erased(book):
    with pytest.raises(InvalidRecord, match="is the id of another kind of record: incident"):
        book.erase_customer("INC-1", reason="x")
    with pytest.raises(UnknownRecord):
        book.erase_customer("C-9999", reason="x")


def test_what_is_out_of_reach_is_said(book):
    book.record(Customer(id="xy"), coded("INC-xy", customers=Affected(customer="xy", order="1")))
    told = book.erase_customer("xy", reason="asked for it").out_of_reach
    assert any("backups" in each for each in told)
    assert any("2 of their names and ids" in each for each in told)
    book.record(coded("INC-of-Klara"), Customer(id="Klara"))
    told = book.erase_customer("Klara", reason="asked for it").out_of_reach
    assert "the id of 1 record, which names them: an id is for good" in told


def test_labels_that_name_them_are_left_and_told(book):
    done = ActionEvent(state="implemented", occurred="2026-03-09T09:00+01:00", who="Klara")
    book.record(
        Customer(id="Klara"),
        coded("INC-77", failure_mode="late / Klara"),
        coded("INC-88", failure_mode="late / klara", site="at Klara's"),
        Action(
            id="ACT-77", kind="corrective", decided="2026-03-08T09:00+01:00", owner="Klara",
            events=[done],
        ),
    )  # fmt: skip
    told = book.erase_customer("Klara", reason="asked for it").out_of_reach
    left = [each.partition(", which names them: that is left")[0] for each in told]
    assert [each for each in left if each.startswith("what stands under")] == [
        "what stands under failure_mode in 2 records (incident)",
        "what stands under site in 1 record (incident)",
        "what stands under owner in 1 record (action)",
        "what stands under who in 1 record (action)",
    ]
    assert book.get("INC-77").failure_mode == "late / Klara"


def test_it_is_not_done_inside_a_transaction(book):
    with pytest.raises(CasebookError, match="which no transaction can hold"), book.transaction():
        book.erase_customer("C-4711", reason="asked for it")
    assert book.get("C-4711")


def test_the_room_that_it_takes_is_looked_at_before(book, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 1_000))
    with pytest.raises(CasebookError, match="MB have to be free beside it; 0 MB are"):
        book.erase_customer("C-4711", reason="asked for it")
    assert book.get("C-4711")


def test_while_somebody_reads_the_file_is_not_written_anew(path):
    filled(path).close()
    with (
        remedy.open(path, timeout=0.05, journal="wal-insist") as book,
        remedy.open(path, read_only=True) as reader,
        reader.snapshot(),
    ):
        assert not book.erase_customer("C-4711", reason="asked for it").compacted


def test_in_memory_it_is_done_too():
    with remedy.open() as book:
        book.record(*told_of_them())
        assert book.erase_customer("C-4711", reason="asked for it").compacted
        assert book.verify().is_right


def test_an_external_of_another_source_is_somebody_else(book):
    book.erase_customer("C-4711", reason="asked for it")
    book.record(coded("INC-60", customers="4711-x"))
    came = book.ingest([coded("INC-61", customers=External(source="shop", external_id="4711-x"))])
    assert came.redacted == 0


# --- people whose names and ids are not so plain --------------------------------------------------


def test_names_in_attributes_are_found_wherever_they_stand(path):
    name = 'Anna "Bee" \\Muster'
    with remedy.open(path) as book:
        book.record(
            Customer(id="C-17", name=name),
            coded("INC-1", customers="C-18", attributes={"note": f"line\n{name} called", "n": 1}),
        )
        book.amend("INC-1", attributes={"note": f"\t{name}"}, reason="x")
        book.ingest(
            [
                Amends(
                    id="AME-1", incident="INC-9", kind="gift", made=DAY[1], customer="C-18",
                    text=f"{name} got cake", attributes={"a": [f"{name}"]},
                )
            ]
        )  # fmt: skip
        book.erase_customer("C-17", reason="asked for it")
        assert book.get("INC-1").attributes == {"note": "\t[erased]"}
        assert book.verify().problems == ()
        book.record(coded("INC-9"))
        assert book.get("AME-1").text == "[erased] got cake"
    assert b"Bee" not in path.read_bytes()


def test_what_waits_for_others_is_as_it_was(path):
    """Their name is a word of ours, and their id the beginning of a date."""
    with remedy.open(path) as book:
        book.ingest(
            [
                Customer(id="C-17", name="Gift", source="crm", external_id="2026"),
                Amends(id="AME-1", incident="INC-9", kind="gift", made=DAY[1], customer="C-18"),
                Cause(id="CAU-1", found=DAY[1], incidents=["C-17-0001"]),
                Action(
                    id="ACT-1", kind="correction", decided=DAY[2], incidents="INC-9",
                    events=[ActionEvent(state="implemented", occurred=DAY[3], reason="for Gift")],
                ),
            ]
        )  # fmt: skip
        book.erase_customer("C-17", reason="asked for it")
        book.ingest([coded("INC-9"), coded("C-17-0001")])
        assert book.get("AME-1").kind == "gift"
        assert book.get("AME-1").made == Amends(id="A", incident="I", kind="gift", made=DAY[1]).made
        assert [link.to for link in book.get("CAU-1").incidents] == ["C-17-0001"]
        assert book.get("ACT-1").events[0].reason == "for [erased]"
        assert book.pending() == []
        assert book.verify().problems == ()


def test_an_alias_that_was_given_to_them_by_mistake_is_the_others(path):
    alias = Alias(source="crm", external_id="77345")
    with remedy.open(path) as book:
        book.record(Customer(id="C-17", name="Anna"), Customer(id="C-18"))
        book.link("C-17", aliases=alias)
        book.unlink("C-17", aliases=alias, reason="a mistake")
        book.link("C-18", aliases=alias)
        book.erase_customer("C-17", reason="asked for it")
        came = book.ingest([coded("INC-1", customers=there("77345"), title="late")])
        assert came.redacted == 0
        assert [each.customer for each in book.get("INC-1").customers] == ["C-18"]


def test_who_was_known_by_another_id_and_name_before_is_erased_with_them(path):
    with remedy.open(path) as book:
        book.ingest([coded("INC-1", customers=there("77345"))])
        book.amend("crm:77345", name="Anna Beispiel", reason="they called")
        book.record(
            Waiver(
                id="WAI-1", finding="C301:crm:77345", code="C301", reason="r", made=DAY[1],
                until=DAY[9],
            ),
            coded("INC-5", customers="C-99", title="Anna Beispiel and crm:77345 phoned"),
        )  # fmt: skip
        book.ingest([Customer(id="C-17", name="A. Muster", source="crm", external_id="77345")])
        book.erase_customer("C-17", reason="asked for it")
        assert book.get("INC-5").title == "[erased] and [erased] phoned"
        assert book.verify().problems == ()
    assert found_in(path.parent, ("Anna Beispiel", "77345")) == set()


def test_nobody_brings_them_back_by_linking_or_amending(path):
    with filled(path) as book:
        book.erase_customer("C-4711", reason="asked for it")
        for write in (
            lambda: book.link("INC-3", customers="C-4711"),
            lambda: book.link("INC-3", customers=there("4711-x")),
            lambda: book.amend("COM-1", customer="C-4711", reason="x"),
            lambda: book.link("K-77", aliases=Alias(source="shop", external_id="SHOP-9911")),
        ):
            with pytest.raises(ErasedCustomer):
                write()
        book.link("INC-3", customers="K-78")
        book.amend("COM-1", channel="mail", reason="x")
    assert found_in(path.parent) == set()


def test_who_is_erased_once_more_is_still_one(path):
    row = coded("INC-1", customers="C-4711")
    with remedy.open(path) as book:
        book.ingest([row])
        first = book.erase_customer("C-4711", reason="asked for it").customer
        second = book.erase_customer(first, reason="once more").customer
        book.ingest([row])
        assert [each.customer for each in book.get("INC-1").customers] == [second]


def test_what_people_amended_stays_when_the_source_says_the_same_again(path):
    row = coded("INC-1", process="shipping", customers=["C-4711", "C-9"], text="x")
    with remedy.open(path) as book:
        book.ingest([row])
        book.amend("INC-1", process="billing", reason="read it")
        book.unlink("INC-1", customers="C-4711", reason="a mistake")
        book.erase_customer("C-4711", reason="asked for it")
        book.ingest([row])
        assert book.get("INC-1").process == "billing"
        assert [each.customer for each in book.get("INC-1").customers] == ["C-9"]


def test_short_names_and_ids_are_no_reason_either(book):
    book.record(Customer(id="C7", name="Al"))
    for reason in ("C7 asked", "Al asked"):
        with pytest.raises(InvalidRecord, match="without naming"):
            book.erase_customer("C7", reason=reason)
    book.erase_customer("C7", reason="All asked")


def test_what_waited_and_was_accepted_before_is_known_without_them(path):
    with filled(path) as book:
        before = datetime.now(UTC)
        new = book.erase_customer("C-4711", reason="asked for it").customer
        then = book.known_at(before)
        assert len(then.pending()) == 3
        assert any(key.endswith(new) for key in then.baseline())


def test_it_takes_no_longer_for_each_incident_where_there_are_many(path):
    """One look for each incident, and not one at all complaints."""
    with remedy.open(path) as book:
        book.record_many(
            [
                *(coded(f"INC-{n}", customers="C-4711") for n in range(400)),
                *(Complaint(id=f"COM-{n}", incident=f"INC-{n}", made=DAY[2]) for n in range(400)),
            ]
        )
        plans = []
        book._store.db.conn.set_trace_callback(plans.append)
        book.erase_customer("C-4711", reason="asked for it")
        book._store.db.conn.set_trace_callback(None)
        looks = [each for each in plans if "FROM complaint WHERE +customer IS NULL" in each]
        assert len(looks) == 400
        plan = book._store.db.execute(f"EXPLAIN QUERY PLAN {looks[0]}").fetchall()
        assert "complaint_incident" in str(plan)


def test_names_are_found_in_every_form_and_script(path):
    zoe = unicodedata.normalize("NFD", "Zoë Ångström")
    with remedy.open(path) as book:
        book.record(
            Customer(id="C-17", name=unicodedata.normalize("NFC", zoe)),
            Customer(id="C-18", name="田中太郎"),
            coded(
                "INC-1", customers="C-19", title=f"{zoe} called", text="昨日、田中太郎様から電話"
            ),
            coded("INC-2", customers="C-19", attributes={"note": ["FRAU ZOË\n  ÅNGSTRÖM"]}),
        )
        book.amend("INC-1", title=f"{zoe} called twice", reason=f"{zoe} said so")
        book.erase_customer("C-17", reason="asked for it")
        book.erase_customer("C-18", reason="asked for it")
        assert book.get("INC-1").title == "[erased] called twice"
        assert book.get("INC-1").text == "昨日、[erased]様から電話"
        assert book.get("INC-2").attributes == {"note": ["FRAU [erased]"]}
        assert book.verify().problems == ()
    content = path.read_bytes().decode("utf-8", "replace")
    assert "田中" not in content
    assert "ngstro" not in unicodedata.normalize("NFD", content).lower()


def test_what_people_took_out_does_not_name_them_and_stops_nothing(path):
    event = ActionEvent(state="closed", occurred=DAY[6], who="anna", reason="for Anna Quist")
    with remedy.open(path) as book:
        book.record(
            Customer(id="C-1002", name="Anna Quist"),
            Customer(id="C-1003", name="anna"),
            Action(id="ACT-1", kind="corrective", decided=DAY[3], events=event),
        )
        book.unlink("ACT-1", events=event, reason="a slip")
        book.erase_customer("C-1002", reason="asked for it")
        book.erase_customer("C-1003", reason="asked for it")
        assert book.verify().is_right
    assert b"Quist" not in path.read_bytes()


def test_what_others_say_of_what_hit_them_alone_is_taken_in_whole(path):
    with remedy.open(path) as book:
        book.ingest([coded("INC-1", customers="C-17")])
        book.erase_customer("C-17", reason="asked for it")
        told = book.ingest(
            [
                Complaint(id="COM-1", customer="C-18", incident="INC-1", made=DAY[3], text="mine"),
                Apology(id="APO-1", customers="C-18", incidents="INC-1", made=DAY[3], text="ours"),
                Complaint(id="COM-2", incident="INC-1", made=DAY[3], text="whose?"),
            ]
        )
        assert told.redacted == 1
        assert [book.get(id).text for id in ("COM-1", "APO-1", "COM-2")] == ["mine", "ours", None]


@pytest.mark.parametrize("count", [1, 3])
def test_what_all_records_of_a_bulk_load_say_can_be_erased(tmp_path, monkeypatch, count):
    monkeypatch.setattr("remedy.casebook._FEW", -1)
    path = tmp_path / "q.db"
    with remedy.open(path) as book:
        book.ingest(
            [
                Customer(id="C-4711", name=NAME, account="ACC-77123"),
                *(
                    coded(
                        f"INC-{n}", customers=[Affected(customer="C-4711", order="ORD-774411")],
                        title=f"{NAME} called", text="Hohenzollernring 7", product="svenja@",
                        attributes={"mail": "svenja@example.org"},
                    )
                    for n in range(count)
                ),
                *(
                    Complaint(id=f"COM-{n}", customer="C-4711", incident=f"INC-{n}", made=DAY[3], text="SHOP-9911")
                    for n in range(count)
                ),
            ]
        )  # fmt: skip
        book.erase_customer("C-4711", reason="asked for it")
        assert book.verify().is_right
    words = (
        "C-4711",
        NAME,
        "ACC-77123",
        "ORD-774411",
        "Hohenzollernring",
        "SHOP-9911",
        "example.org",
    )
    assert found_in(tmp_path, words) == set()


@pytest.mark.behind_its_back
def test_what_an_earlier_state_told_of_all_records_of_an_entry_is_said_to_stay(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("remedy.casebook._FEW", -1)
    everything = dict.fromkeys(_schema.TABLES, frozenset({"title", "name", "body"}))
    path = tmp_path / "q.db"
    with monkeypatch.context() as then, remedy.open(path) as book:
        then.setattr(_schema, "OUR_WORDS", everything)
        book.ingest([coded(f"INC-{n}", title=f"{NAME} called") for n in range(3)])
    with remedy.open(path) as book:
        book.record(Customer(id="C-4711", name=NAME))
        erased = book.erase_customer("C-4711", reason="asked for it")
        assert any("1 entry of the history" in each for each in erased.out_of_reach)
        assert book.get("INC-1").title == "[erased] called"
        assert book.verify().is_right
        assert "Svenja" not in str(book.history("INC-1"))


def test_a_row_about_somebody_else_is_taken_in_whole_at_once(path):
    with remedy.open(path) as book:
        book.ingest([coded("INC-2", customers="C-1002")])
        book.erase_customer("C-1002", reason="asked for it")
        row = coded("INC-2", title="lost", customers="C-1003")
        book.ingest([row])
        assert book.get("INC-2").title == "lost"
        assert book.ingest([row]).unchanged == 1


def test_what_somebody_accepted_of_them_does_not_bring_them_back(tmp_path):
    with remedy.open(tmp_path / "q.db", actor="anna") as book:
        book.record(Customer(id="CUST-90210", name="Zebulon"))
        erased = book.erase_customer("CUST-90210", reason="asked for").customer
        waiver = Waiver(
            id="WAI-1", finding="A141:CUST-90210", code="A141", reason="Zebulon moved away",
            made="2026-03-02T09:00Z", until="2027-03-02T09:00Z",
        )  # fmt: skip
        with pytest.raises(ErasedCustomer, match=erased):
            book.record(waiver)
        book.ingest([waiver])
        assert book.get("WAI-1").finding == f"A141:{erased}"
        assert book.get("WAI-1").reason == "[erased]"
    found = (tmp_path / "q.db").read_bytes()
    assert b"CUST-90210" not in found
    assert b"Zebulon" not in found


def test_a_name_of_two_chinese_signs_is_looked_for(tmp_path):
    with remedy.open(tmp_path / "q.db", actor="anna") as book:
        book.record(
            Customer(id="C-4711", name="王明"),
            incident("INC-1", customers=["C-4711", "C-2"], title="客户王明来电"),
        )
        erased = book.erase_customer("C-4711", reason="asked for")
        assert book.get("INC-1").title == "客户[erased]来电"
        assert not any("too short" in each for each in erased.out_of_reach)
    assert "王明".encode() not in (tmp_path / "q.db").read_bytes()


def test_the_number_of_an_order_that_may_be_a_year_is_not_looked_for_and_that_is_said():
    with remedy.open(actor="anna") as book:
        book.record(
            incident("INC-1", customers=remedy.Affected(customer="C-4711", order="2026")),
            incident("INC-2", customers="C-2", title="Late since 2026"),
        )
        erased = book.erase_customer("C-4711", reason="asked for")
        assert book.get("INC-2").title == "Late since 2026"
        assert any("1 of their names and ids" in each for each in erased.out_of_reach)


# --- what was named long ago, or beside -----------------------------------------------------------


def scan(path, *words):
    """What of some words is left in a file, or beside it."""
    files = [each for each in path.parent.iterdir() if each.name.startswith(path.name)]
    return [word for word in words for each in files if word.encode() in each.read_bytes()]


@pytest.fixture
def book_at(tmp_path):
    path = tmp_path / "book.db"
    with remedy.open(path, actor="care") as book:
        yield book, path


def gone_wrong(number, **fields):
    """An incident that hit the customer to be erased."""
    return coded(
        f"INC-{number}", occurred=f"2026-03-0{number}T09:00Z",
        **{"customers": "C-1711", "detected_by": "customer", **fields},
    )  # fmt: skip


def test_an_account_that_nobody_else_has_is_erased_wherever_it_stands(book_at):
    book, path = book_at
    book.configure(same_customer="account")
    book.record(Customer(id="C-1711", name="Anna Smithson", account="Smithson-Family"))
    book.record(
        gone_wrong(1), gone_wrong(2, title="Smithson-Family called", customers=["C-1711", "C-2"])
    )
    report = book.check()
    book.set_baseline(report)
    [key] = {each.key for each in report.findings if each.key.endswith(":Smithson-Family")}
    book.record(
        Waiver(
            id="W-1", finding=key, code="R202", reason="Smithson-Family is fine",
            made="2026-03-06T09:00Z", until="2027-03-06T09:00Z",
        )
    )  # fmt: skip
    erased = book.erase_customer("C-1711", reason="asked for it")
    assert not any("account" in each for each in erased.out_of_reach)
    assert book.get("W-1").finding == key.replace("Smithson-Family", erased.customer)
    assert book.get("W-1").finding in {each.key for each in book.check().findings} | set(
        book.baseline()
    )
    book.close()
    assert scan(path, "Smithson-Family") == []


def test_an_account_that_others_have_stays_and_is_told(book):
    book.record(Customer(id="C-1", account="Smith-Co"), Customer(id="C-2", account="Smith-Co"))
    book.record(coded("INC-5x", title="Smith-Co called", customers=["C-1", "C-2"]))
    told = book.erase_customer("C-1", reason="asked for it").out_of_reach
    assert "their account, which others have as well, in texts and in keys of findings" in told
    assert book.get("INC-5x").title == "Smith-Co called"


def test_a_report_from_before_the_erasure_brings_nothing_back(book_at):
    book, path = book_at
    book.record(Customer(id="C-1711", name="Anna Smithson"), gone_wrong(1), gone_wrong(2))
    report = book.check()
    erased = book.erase_customer("C-1711", reason="asked for it").customer
    book.set_baseline(report)
    assert any(key.endswith(f":{erased}") for key in book.baseline())
    assert not [each for each in book.check().findings if each.key not in book.baseline()]
    book.close()
    assert scan(path, "C-1711") == []


def test_what_a_source_said_of_the_finding_of_a_waiver_is_erased(book_at):
    book, path = book_at
    waiver = Waiver(
        id="W-1", finding="R:customer:abc:C-1711", code="R202", reason="known",
        made="2026-03-06T09:00Z", until="2027-03-06T09:00Z",
    )  # fmt: skip
    book.record(Customer(id="C-1711", name="Anna Smithson"), waiver)
    book.amend("W-1", finding="R:failure:abc", reason="typo")
    book.erase_customer("C-1711", reason="asked for it")
    book.close()
    assert scan(path, "C-1711") == []


def test_a_waiting_promise_to_them_alone_is_gone_as_the_apology_is(book_at):
    book, path = book_at
    book.record(Customer(id="C-1711", name="Anna Smithson"))
    late = "2026-03-06T09:00Z"
    book.ingest([
        Apology(id="APO-4", incidents=there("77"), customers="C-1711", made=late, text="T",
                promises=Promise(kind="deed", text="cake to Hohenzollernring 7")),
        Promise(id="PRO-5", apology="APO-4", kind="deed", made=late, text="another to Ringstraße 8"),
    ])  # fmt: skip
    book.erase_customer("C-1711", reason="asked for it")
    book.ingest([
        Incident(id="INC-77", source="crm", external_id="77", occurred="2026-03-05T09:00Z")
    ])  # fmt: skip
    assert [each.text for each in book.get("APO-4").promises] == [None, None]
    book.close()
    assert scan(path, "Hohenzollernring", "Ringstra") == []


def test_orders_of_long_ago_are_looked_for_too(book):
    title = "swapped: ORD-445566, should be ORD-778899"
    for order in ("ORD-445566", "ORD-778899"):
        book.ingest([
            Customer(id="C-1711"),
            Incident(id="INC-1711", source="crm", external_id="1711", occurred="2026-03-05T09:00Z",
                     customers=[Affected(customer="C-1711", order=order), "C-2"], title=title),
        ])  # fmt: skip
    book.erase_customer("C-1711", reason="asked for it")
    assert book.get("INC-1711").title == "swapped: [erased], should be [erased]"


def test_orders_from_before_they_had_an_id_here_are_looked_for_too(book):
    title = "swapped: ORD-445566, should be ORD-778899"
    for order in ("ORD-445566", "ORD-778899"):
        book.ingest([
            Incident(id="INC-1711", source="crm", external_id="1711", occurred="2026-03-05T09:00Z",
                     customers=[Affected(customer=there("77"), order=order), "C-2"], title=title),
        ])  # fmt: skip
    book.ingest([Customer(id="C-1711", source="crm", external_id="77")])
    book.erase_customer("C-1711", reason="asked for it")
    assert book.get("INC-1711").title == "swapped: [erased], should be [erased]"


def test_who_bore_the_cost_and_what_a_source_calls_a_record_are_told(book):
    book.record(
        Customer(id="C-1711", name="Anna Smithson"), coded("INC-1711", customers="C-1711"),
        Amends(id="AMD-1711", incident="INC-1711", customer="C-1711", kind="refund",
               made="2026-03-06T09:00Z", amount="10.00 EUR",
               shares=[Share(party="Anna Smithson", percent=40), Share(party="us", percent=60)]),
        Complaint(id="COM-1711", source="mail", external_id="Anna Smithson/17", made="2026-03-06T09:00Z"),
    )  # fmt: skip
    told = " ".join(book.erase_customer("C-1711", reason="asked for it").out_of_reach)
    assert "what stands under shares in 1 record (amends)" in told
    assert "what stands under external_id in 1 record (complaint)" in told


def test_somebody_else_who_has_an_alias_of_theirs_stays_without_it(book):
    shared = Alias(source="shop", external_id="HOUSE-7")
    book.record(Customer(id="C-2", name="Ben"), Customer(id="C-1711", aliases=[shared]))
    book.erase_customer("C-1711", reason="asked for it")
    book.ingest([Customer(id="C-2", name="Ben New", aliases=[shared])])
    assert (book.get("C-2").name, book.get("C-2").aliases) == ("Ben New", ())
    book.ingest([Customer(id="C-9999", name="Anna Smithson", aliases=[shared])])
    with pytest.raises(UnknownRecord):
        book.get("C-9999")


def test_what_is_about_their_incidents_comes_without_texts_in_whatever_order_and_company():
    book = remedy.open(":memory:", actor="care")
    book.record(Customer(id="C-1711", name="Anna Smithson"))
    book.erase_customer("C-1711", reason="asked for it")

    def about(number, ref):
        made, text = "2026-03-06T09:00Z", "Anna Smithson same call"
        return [
            Complaint(id=f"COM-{number}", incident=ref, made=made, text=text),
            Amends(id=f"AME-{number}", incident=ref, kind="gift", made=made, text=text),
            Apology(id=f"APO-{number}", incidents=ref, made=made, text=text,
                    promises=Promise(kind="deed", text=text)),
        ]  # fmt: skip

    def hit(number):
        return Incident(
            id=f"INC-{number}", source="crm", external_id=str(number), customers="C-1711",
            occurred="2026-03-05T09:00Z",
        )  # fmt: skip

    book.ingest([*about(2, "INC-2"), hit(2)])
    book.ingest([hit(3), *about(3, there("3"))])
    # What needs the incident waits for it as a whole.
    book.ingest(about(4, there("4"))[1:])
    book.ingest([hit(4)])
    many = [
        each
        for number in range(100, 500)
        for each in (*about(number, f"INC-{number}"), hit(number))
    ]
    book.ingest(many)
    for record in book.records():
        assert getattr(record, "text", None) is None, record
        assert all(each.text is None for each in getattr(record, "promises", ()))


def test_texts_of_what_had_waited_are_purged_under_every_id_that_it_had(book_at):
    book, path = book_at
    long_ago, made = "2019-03-05T09:00Z", "2019-03-06T10:00Z"
    book.ingest([Amends(id="AMD-1", incident="INC-77", kind="gift", made=made, text="SECRETA")])
    book.unlink("AMD-1", incident="INC-77", reason="wrong")
    book.record(Incident(id="INC-5", occurred=long_ago))
    from_crm = {"source": "crm", "external_id": "3", "kind": "gift", "made": made}
    book.ingest([Amends(id="AMD-3", incident="INC-79", text="SECRETC", **from_crm)])
    book.record(Amends(id="AMD-33", incident="INC-5", text="SECRETD", **from_crm))
    book.ingest([Incident(id="INC-79", occurred=long_ago)])
    young = Amends(id="AMD-4", incident="INC-80", kind="gift", made=DAY[2], text="of now")
    book.ingest([young])
    book.unlink("AMD-4", incident="INC-80", reason="wrong")
    book.purge_texts("2022-01-01T00:00Z", reason="kept for three years")
    assert book.verify().is_right
    book.close()
    assert scan(path, "SECRETA", "SECRETC", "SECRETD") == []
    assert scan(path, "of now") == ["of now"]


def test_a_customer_who_waited_for_nothing_does_not_come_back_with_what_did(book):
    book.record(Customer(id="C-1711", name="Anna Smithson"))
    book.ingest([
        Response(id="RES-1711", customer="C-1711", incident=there("1711"), kind="left",
                 made="2026-03-06T09:00Z", text="Anna Smithson left")
    ])  # fmt: skip
    erased = book.erase_customer("C-1711", reason="asked for it").customer
    book.ingest([
        Incident(id="INC-1711", source="crm", external_id="1711", occurred="2026-03-05T09:00Z")
    ])  # fmt: skip
    assert (book.get("RES-1711").customer, book.get("RES-1711").text) == (erased, None)


def test_what_is_about_an_incident_that_gets_nobody_but_them_comes_without_texts(book):
    book.record(Customer(id="C-1711", name="Anna Smithson"))
    book.erase_customer("C-1711", reason="asked for it")
    known = {"occurred": "2026-03-05T09:00Z"}
    book.record(Incident(id="INC-1711", source="crm", external_id="1711", **known))
    book.ingest([
        Incident(id="INC-1711", customers="C-1711", **known),
        Complaint(id="COM-1711", incident=there("1711"), made="2026-03-06T09:00Z", text="Anna"),
    ])  # fmt: skip
    assert book.get("COM-1711").text is None
