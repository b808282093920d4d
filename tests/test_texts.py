"""How much of what texts say is kept. Decision 11 of the store."""

import re

import pytest

import remedy
from remedy import (
    Action,
    ActionEvent,
    Amends,
    Apology,
    Cause,
    Complaint,
    Config,
    Day,
    Decision,
    FollowUp,
    Response,
    Verification,
)
from remedy.errors import CasebookError, ConfigError, InvalidRecord, InvalidTime
from tests.given import DAY, incident

LONG = "The parcel came on Monday. " * 40


@pytest.fixture(params=[500, -1], ids=["few", "bulk"])
def few(request, monkeypatch):
    monkeypatch.setattr("remedy.casebook._FEW", request.param)


# --- how much -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("keep", "expected"), [("full", LONG), ("none", None)])
def test_texts_are_kept_or_not(few, keep, expected):
    with remedy.open(config=Config(store_text=keep)) as book:
        book.record_many([incident("INC-1", text=LONG, title="Late")])
        assert book.get("INC-1").text == expected
        assert book.get("INC-1").title == "Late"
        assert [change.fields.get("text") for change in book.history("INC-1")] == [
            None if expected is None else (None, expected)
        ]


def test_of_a_long_text_the_beginning_is_kept(few):
    with remedy.open(config=Config(store_text="excerpt", excerpt=60)) as book:
        book.ingest([incident("INC-1", text=LONG), incident("INC-2", text="Short")])
        kept = book.get("INC-1").text
        assert len(kept) <= 60
        assert kept.endswith("…")
        assert LONG.startswith(kept[:-1])
        assert book.get("INC-2").text == "Short"
        book.record(incident("INC-3", text="x" * 500))
        assert book.get("INC-3").text == "x" * 59 + "…"


def test_the_same_again_is_nothing_new(few):
    with remedy.open(config=Config(store_text="excerpt", excerpt=60)) as book:
        for _ in range(2):
            book.record_many([incident("INC-1", text=LONG)])
            book.ingest([incident("INC-1", text=LONG)])
        assert len(book.history("INC-1")) == 1


def test_what_is_amended_is_kept_likewise():
    with remedy.open() as book:
        book.record(incident("INC-1", text=LONG))
        book.configure(store_text="none")
        assert book.get("INC-1").text == LONG  # What is on file stays as it is.
        assert book.amend("INC-1", title="Late", reason="x").text == LONG
        assert book.amend("INC-1", text="another", reason="x").text is None


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"store_text": "some"}, "'some' is not one of full, excerpt, none"),
        ({"store_text": None}, "None is not one of"),
        ({"excerpt": 3}, "3 is no number of letters: write one from 10"),
        ({"excerpt": True}, "no number of letters"),
    ],
)
def test_settings_that_say_nothing_are_refused(settings, told):
    with pytest.raises(ConfigError, match=told):
        Config(**settings)


# --- scrubbed -------------------------------------------------------------------------------------


def without_numbers(text):
    return re.sub(r"\d{3,}", "#", text)


def test_every_text_goes_through_what_scrubs_it(few, tmp_path):
    path = tmp_path / "q.db"
    with remedy.open(path, scrub=without_numbers) as book:
        book.record_many(
            [
                incident(
                    "INC-1",
                    title="Call 5551234",
                    text="at 5551234",
                    attributes={
                        "phone": "5551234",
                        "all": ["5551234", {"a": "5551234"}],
                        "n": 5551,
                    },
                ),
                Response(id="RES-1", customer="C-1", kind="left", made=DAY[1], next_step="5551234"),
                Decision(
                    id="DEC-1", kind="no_action", incident="INC-1", made=DAY[1], reason="5551234"
                ),
            ]
        )
        book.amend("INC-1", text="now 5559999", reason="they moved")
        book.acting_as("anna").record(incident("INC-2", title="5551234"))
        assert book.get("INC-1").title == "Call #"
        assert book.get("INC-1").attributes == {"phone": "#", "all": ["#", {"a": "#"}], "n": 5551}
        assert (book.get("RES-1").next_step, book.get("DEC-1").reason) == ("#", "#")
    assert b"5551234" not in path.read_bytes()
    assert b"5559999" not in path.read_bytes()


def test_nothing_may_be_left_of_a_text():
    with remedy.open(scrub=lambda text: "") as book:
        book.record(incident("INC-1", title="x", text="y"))
        assert (book.get("INC-1").title, book.get("INC-1").text) == (None, None)


def test_what_scrubs_has_to_return_a_text():
    with remedy.open(scrub=lambda text: None) as book:
        with pytest.raises(InvalidRecord, match="has to return a text"):
            book.record(incident("INC-1", title="x"))
        with pytest.raises(InvalidRecord):
            book.record_many(incident(f"I-{n}", attributes={"a": "x"}) for n in range(600))
        assert list(book.records()) == []


def test_an_error_of_what_scrubs_writes_nothing():
    def scrub(text):
        raise ZeroDivisionError

    with remedy.open(scrub=scrub) as book:
        with pytest.raises(ZeroDivisionError):
            book.record(incident("INC-0"), incident("INC-1", title="x"))
        assert list(book.records()) == []


def test_what_was_on_record_comes_back_whatever_is_kept_now():
    with remedy.open() as book:
        book.record(incident("INC-1", text=LONG))
        book.configure(store_text="none")
        assert book.known_at("2100-01-01T00:00Z").get("INC-1").text == LONG


# --- by age ---------------------------------------------------------------------------------------

OLD, NEW = "2020-03-02T09:00+01:00", "2026-03-02T09:00+01:00"


def told(when, mark):
    yield incident(f"INC-{mark}", occurred=when, title="Late", text=f"secret {mark}")
    yield Complaint(
        id=f"COM-{mark}", made=when, incident=f"INC-{mark}", text=f"secret {mark}", url="http://s"
    )
    yield Apology(id=f"APO-{mark}", incidents=f"INC-{mark}", made=when, text=f"secret {mark}")
    yield Amends(
        id=f"AME-{mark}", incident=f"INC-{mark}", kind="gift", made=when, text=f"secret {mark}"
    )
    yield Response(
        id=f"RES-{mark}",
        customer="C-1",
        kind="left",
        made=when,
        text=f"secret {mark}",
        next_step="s",
    )
    yield FollowUp(id=f"FUP-{mark}", incident=f"INC-{mark}", due=when, text=f"secret {mark}")
    yield Cause(id=f"CAU-{mark}", found=when, text=f"the form {mark}")


def test_texts_of_before_a_date_are_gone(tmp_path):
    path = tmp_path / "q.db"
    with remedy.open(path, actor="anna") as book:
        book.record(*told(OLD, "old"), *told(NEW, "new"))
        book.amend("INC-old", text="secret old, amended", reason="read it")
        assert book.purge_texts("2023-01-01T00:00Z", reason="three years") == 6
        assert [record.text for record in told(NEW, "new")] == [
            book.get(record.id).text for record in told(NEW, "new")
        ]
        assert {record.id: book.get(record.id).text for record in told(OLD, "old")} == {
            **dict.fromkeys(f"{kind}-old" for kind in ("INC", "COM", "APO", "AME", "RES", "FUP")),
            "CAU-old": "the form old",
        }
        assert book.get("INC-old").title == "Late"
        assert book.get("COM-old").url is None
        assert book.get("RES-old").next_step is None
        assert book.verify().problems == ()
        assert [change.redacted for change in book.history("INC-old")] == [True, True]
        assert b"secret old" not in path.read_bytes()
        assert b"secret new" in path.read_bytes()


def test_they_do_not_come_back_with_the_next_import(few):
    with remedy.open() as book:
        records = [*told(OLD, "old"), *told(NEW, "new")]
        book.ingest(records)
        book.purge_texts(Day("2022-12-31", "+00:00"), reason="three years")
        before = list(book.records())
        assert book.ingest(records).updated == 0
        assert list(book.records()) == before
        book.purge_texts("2021-01-01T00:00Z", reason="an earlier date changes nothing")
        assert book.ingest(records).updated == 0
        book.ingest([incident("INC-7", occurred=OLD, text="secret")])
        assert book.get("INC-7").text is None
        # What a person writes about it later is kept.
        assert book.amend("INC-7", text="for the court", reason="x").text == "for the court"
        assert book.ingest([incident("INC-7", occurred=OLD, text="secret")]).updated == 0


def test_purging_says_why_and_until_when():
    with remedy.open() as book:
        with pytest.raises(InvalidRecord, match="say why"):
            book.purge_texts("2023-01-01T00:00Z", reason="")
        with pytest.raises(InvalidTime):
            book.purge_texts("soon", reason="x")
    with remedy.open() as book, book.transaction():
        assert book.purge_texts("2023-01-01T00:00Z", reason="x") == 0


def test_a_file_is_not_purged_inside_a_transaction(tmp_path):
    with remedy.open(tmp_path / "q.db") as book, pytest.raises(CasebookError), book.transaction():
        book.purge_texts("2023-01-01T00:00Z", reason="x")


def test_purging_once_more_leaves_the_history_right():
    with remedy.open() as book:
        book.record(incident("INC-1", occurred=OLD, text="secret"))
        for year in (2021, 2022, 2021):
            book.purge_texts(f"{year}-01-01T00:00Z", reason="three years")
        assert book.verify().problems == ()


@pytest.mark.parametrize("arrives", ["before", "after", "never"])
def test_what_waits_is_purged_too(tmp_path, arrives):
    path = tmp_path / "q.db"
    with remedy.open(path) as book:
        book.record(incident("INC-1", occurred=OLD))
        book.ingest(
            [
                Amends(id="AME-1", incident="INC-9", kind="gift", made=OLD, text="secret"),
                Amends(id="AME-3", incident="INC-9", kind="gift", made=OLD),
                Apology(id="APO-2", incidents=["INC-1", "INC-9"], made=OLD, text="secret"),
                Verification(
                    id="VER-1", action="ACT-9", made=OLD, result="effective", text="looked"
                ),
                Amends(id="AME-2", incident="INC-9", kind="gift", made=NEW, text="known"),
                Apology(id="APO-1", incidents="INC-9", made=OLD, text="secret"),
                FollowUp(id="FUP-1", incident="INC-9", due=OLD, text="secret"),
                Cause(id="CAU-1", found=OLD, incidents="INC-9", text="the form"),
            ]
        )
        if arrives == "before":
            book.ingest([incident("INC-9", occurred=OLD)])
        book.purge_texts("2023-01-01T00:00Z", reason="three years")
        if arrives == "after":
            book.ingest([incident("INC-9", occurred=OLD)])
        assert book.verify().problems == ()
        if arrives != "never":
            assert book.get("AME-1").text is None
            assert book.get("AME-2").text == "known"
            assert book.get("CAU-1").text == "the form"
    assert b"secret" not in path.read_bytes()


def test_reasons_of_events_and_criteria_are_scrubbed_too():
    with remedy.open(scrub=without_numbers) as book:
        book.record(
            Action(
                id="ACT-1",
                kind="corrective",
                decided=DAY[1],
                criterion="below 5551234",
                events=[
                    ActionEvent(state="implemented", occurred=DAY[2], reason="for 5551234"),
                    ActionEvent(state="closed", occurred=DAY[3]),
                ],
            )
        )
        event = ActionEvent(state="reopened", occurred=DAY[4], reason="again 5551234")
        book.link("ACT-1", events=event, reason="x")
        action = book.get("ACT-1")
        assert action.criterion == "below #"
        assert [each.reason for each in action.events] == ["for #", None, "again #"]


def test_the_texts_of_promises_that_wait_with_their_apology_are_as_they_are_to_be_kept(tmp_path):
    path = tmp_path / "q.db"
    with remedy.open(path, actor="anna", scrub=lambda text: text.replace("4111", "…")) as book:
        promise = remedy.Promise(kind="deed", text="refund to card 4111")
        book.ingest([remedy.Apology(id="APO-1", incidents="INC-1", made=DAY[2], promises=promise)])
        assert {each.record for each in book.pending()} == {"APO-1", "APO-1/promise-1"}
        book.ingest([incident("INC-1")])
        assert book.get("APO-1").promises[0].text == "refund to card …"
    assert b"4111" not in path.read_bytes()


@pytest.mark.parametrize(
    "options", [{"config": remedy.Config(store_text="none")}, {"scrub": lambda text: ""}]
)
def test_evidence_is_on_record_although_nothing_of_its_text_is_kept(options):
    with remedy.open(actor="anna", **options) as book:
        book.record(
            incident("INC-1"),
            remedy.Cause(id="CAU-1", incidents="INC-1", found=DAY[2]),
            remedy.Evidence(id="EVI-1", cause="CAU-1", made=DAY[3], text="photo of the label"),
            remedy.Evidence(id="EVI-2", cause="CAU-1", made=DAY[3], text="photo", url="file:p.png"),
        )
        assert book.get("EVI-1").text == "[not kept]"
        assert book.get("EVI-2").text is None


def test_a_reason_of_which_nothing_is_left_says_so():
    with remedy.open(actor="anna", scrub=lambda text: "") as book:
        decision = remedy.Decision(
            id="DEC-1", incident="INC-1", kind="no_analysis", made=DAY[3], reason="Anna said so"
        )
        book.record(incident("INC-1"), decision)
        assert book.get("DEC-1").reason == "[not kept]"
