"""The facade: opening, settings, the baseline."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

import remedy
from remedy import Action, Config, Customer, Incident, casebook
from remedy.errors import CasebookError, ConfigError, InvalidRecord, InvalidTime, RemedyError
from remedy.vocabulary import Intervention, Strength, shipped_interventions
from tests.on_file import changed_by_hand

AT = "2026-03-02T09:00+01:00"


@pytest.fixture
def book():
    with remedy.open(":memory:", actor="test") as book:
        yield book


def failures(book):
    return dict(book._store.db.execute("SELECT id, failure FROM incident").fetchall())


# --- who writes -----------------------------------------------------------------------------------


def test_the_actor_is_who_was_named_else_the_user_of_the_machine(monkeypatch):
    assert remedy.open(actor="care-team").actor == "care-team"
    monkeypatch.setattr("getpass.getuser", lambda: "anna")
    assert remedy.open().actor == "anna"

    def nobody():
        raise OSError("no such user")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert remedy.open().actor.startswith("uid ")


def test_a_casebook_is_closed_at_the_end_of_its_block():
    with remedy.open() as book:
        pass
    with pytest.raises(CasebookError, match="is closed"):
        list(book.records())


# --- configuration --------------------------------------------------------------------------------


def test_a_new_casebook_keeps_the_configuration_it_was_made_with(tmp_path):
    config = Config(signature="process", grace=3, select=["A", "R"])
    with remedy.open(tmp_path / "q.db", config=config) as book:
        assert book.config == config
    with remedy.open(tmp_path / "q.db") as book:
        assert book.config == config


def test_of_two_that_make_a_casebook_at_once_the_first_one_configures_it(book):
    book._begin(Config(grace=3))
    assert book.config == Config()


def test_configuring_changes_some_settings_and_keeps_the_others(book):
    book.configure(grace="3 days")
    after = book.configure(profile="capa", first_contact={"major": "4 h"})
    assert after == book.config
    assert (after.grace, after.profile) == (timedelta(days=3), "capa")
    assert {str(key): each for key, each in after.first_contact.items()} == {
        "major": timedelta(hours=4)
    }


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"graze": 3}, "configure: there is no setting 'graze'. Did you mean grace"),
        ({"grace": "soon"}, "is no span of time"),
        ({"grace": timedelta(seconds=1)}, "no whole number of minutes"),
        ({"told_on": "soon"}, "^configure.told_on = .soon.: is no time in ISO form"),
    ],
)
def test_a_setting_that_cannot_be_used_changes_nothing(book, settings, problem):
    with pytest.raises(RemedyError, match=problem):
        book.configure(profile="capa", **settings)
    assert book.config == Config()


def test_the_date_that_a_casebook_is_told_on_is_kept(book):
    assert book.told_on is None
    book.configure(told_on="2026-04-01+02:00")
    assert book.told_on == datetime.fromisoformat("2026-04-01T00:00+02:00")
    book.configure(grace=3)
    assert book.told_on is not None
    assert book.check().as_of == book.told_on


def test_changing_the_signature_computes_every_key_anew(book):
    book.record_many(
        Incident(id=f"INC-{n:04}", occurred=AT, process="shipping", failure_mode="late",
                 product=f"p{n % 3}" if n % 4 else None)
        for n in range(1_100)
    )  # fmt: skip
    assert set(failures(book).values()) == {"8:shipping4:late"}
    book.configure(signature=("process", "product"))
    assert set(failures(book).values()) == {
        "8:shipping2:p0", "8:shipping2:p1", "8:shipping2:p2", None,
    }  # fmt: skip
    book.configure(placeholders=["P1"])
    assert set(failures(book).values()) == {"8:shipping2:p0", "8:shipping2:p2", None}
    book.record(Incident(id="NEW", occurred=AT, process="x", product="p9"))
    assert failures(book)["NEW"] == "1:x2:p9"


def test_keys_and_configuration_change_together_or_not_at_all(book):
    book.record(Incident(id="INC-1", occurred=AT, process="shipping", failure_mode="late"))
    with pytest.raises(ZeroDivisionError), book.transaction():
        book.configure(signature="process")
        assert failures(book) == {"INC-1": "8:shipping"}
        raise ZeroDivisionError
    assert failures(book) == {"INC-1": "8:shipping4:late"}
    assert book.config == Config()


def test_attributes_may_take_part_in_the_signature(book):
    book.configure(signature=("process", "shade"))
    book.record(
        Incident(id="INC-1", occurred=AT, process="x", attributes={"shade": "Blue"}),
        Incident(id="INC-2", occurred=AT, process="x"),
    )
    book.record_many([Incident(id="INC-3", occurred=AT, process="x", attributes={"shade": "blue"})])
    assert failures(book) == {"INC-1": "1:x4:blue", "INC-2": None, "INC-3": "1:x4:blue"}
    book.amend("INC-2", attributes={"shade": "red"}, reason="found out")
    assert failures(book)["INC-2"] == "1:x3:red"


def test_the_table_of_interventions_can_be_read(book):
    assert book.interventions == shipped_interventions()
    own = {"jig": Intervention(name="jig", strength=Strength.WEAKER, changes_process=False)}
    book.configure(interventions=own)
    assert book.interventions == own


def test_the_table_of_interventions_can_be_replaced(book):
    own = {"jig": Intervention("jig", Strength.STRONGER, True, "ours")}
    book.record(Action(id="ACT-1", kind="corrective", decided=AT, intervention="automation"))
    with pytest.raises(ConfigError, match="the table lacks 'automation', which actions on file"):
        book.configure(interventions=own)
    book.configure(interventions=own | shipped_interventions())
    book.record(Action(id="ACT-2", kind="corrective", decided=AT, intervention="jig"))
    row = book._store.db.execute("SELECT * FROM intervention WHERE id = 'jig'").fetchone()
    assert row == ("jig", 3, 1, "ours")
    book.configure(interventions=dict.fromkeys(("jig", "automation"), own["jig"]))
    rows = book._store.db.execute("SELECT id, source FROM intervention").fetchall()
    assert rows == [("automation", "ours"), ("jig", "ours")]


def test_a_check_takes_another_configuration_but_not_another_signature(book):
    assert book.check(config=Config(grace=3)).config.grace == timedelta(days=3)
    with pytest.raises(ConfigError, match="signature: .* made with process, failure_mode, not w"):
        book.check(config=Config(signature="process"))
    with pytest.raises(ConfigError, match=r"placeholders: .* not with x\. Take .*\(placeholders="):
        book.check(config=Config(placeholders="x"))


@pytest.mark.parametrize("given", [5, [5], {"A": 1}])
def test_codes_are_texts(book, given):
    for how in ("select", "ignore"):
        with pytest.raises(ConfigError, match=f"{how}: "):
            book.check(**{how: given})


def test_a_check_is_as_of_now_by_default_and_of_the_end_of_a_day(book):
    before = datetime.now(UTC)
    assert before <= book.check().as_of <= datetime.now(UTC)
    assert book.check(as_of="2026-04-01+02:00").as_of == datetime.fromisoformat(
        "2026-04-01T23:59:59.999999+02:00"
    )
    with pytest.raises(InvalidTime, match="check.as_of = '2026-04-01': has no time zone"):
        book.check(as_of="2026-04-01")
    for day in ("2026-02-30", "2026-13-01"):
        with pytest.raises(InvalidTime, match="is no day of the calendar"):
            book.check(as_of=day)


def test_the_function_and_the_method_are_one(book):
    book.record(Incident(id="INC-1", occurred=AT))
    one = remedy.check(book, as_of=AT, profile="capa").to_dict()
    assert one == book.check(as_of=AT, profile="capa").to_dict()


# --- baseline -------------------------------------------------------------------------------------


def test_the_baseline_is_what_was_there_when_the_tool_came_in(book):
    book.record(Incident(id="INC-1", occurred=AT, customers="C-1"))
    report = book.check(profile="capa", as_of="2026-05-01T00:00Z")
    assert book.baseline() == {}
    assert book.set_baseline(report) == (len(report.findings), 0)
    assert set(book.baseline()) == {finding.key for finding in report.findings}
    assert book.baseline()[report.findings[0].key] == (report.findings[0].code, report.as_of)
    assert book.set_baseline(report) == (0, 0)
    book.amend("INC-1", process="x", failure_mode="y", reason="found out")
    later = book.check(profile="capa", as_of="2026-06-01T00:00Z")
    old, new = ({finding.key for finding in each.findings} for each in (report, later))
    assert book.set_baseline(later) == (len(new - old), len(old - new))
    assert old - new
    assert book.clear_baseline() == len(later.findings)
    assert book.baseline() == {}
    with pytest.raises(ConfigError, match="of the case around INC-1 only"):
        book.set_baseline(book.check(around="INC-1"))


# --- reasons and settings -------------------------------------------------------------------------


def test_reasons_are_needed():
    with pytest.raises(InvalidRecord, match="amend.reason = None: say why: it stays on record"):
        casebook._needs_reason(None, "amend")


def test_what_is_kept_in_the_file_is_json(book):
    rows = dict(book._store.db.execute("SELECT name, content FROM meta").fetchall())
    assert json.loads(rows["config"])["signature"] == ["process", "failure_mode"]


@pytest.mark.parametrize("reason", ["a\ud800b", "a\0b", 5])
def test_a_reason_that_is_no_text_is_refused(book, reason):
    book.record(Customer(id="C-1"))
    before = book.anchor()
    for write in (
        lambda: book.record(Customer(id="C-99"), reason=reason),
        lambda: book.ingest([Customer(id="C-99")], reason=reason),
        lambda: book.configure(grace="3 days", reason=reason),
        lambda: book.erase_customer("C-1", reason=reason),
        lambda: book.purge_texts("2026-01-01T00:00Z", reason=reason),
        lambda: book.amend("C-1", name="x", reason=reason),
    ):
        with pytest.raises(InvalidRecord, match="reason"):
            write()
    assert book.anchor() == before


def test_two_programs_that_change_settings_lose_none_of_them(tmp_path):
    path = tmp_path / "q.db"
    with remedy.open(path) as one, remedy.open(path, timeout=10) as other:
        thread = threading.Thread(target=lambda: other.configure(excerpt=123))
        with one.transaction():
            one.configure(store_text="none")
            thread.start()
            time.sleep(0.1)
        thread.join()
        assert (one.config.store_text, one.config.excerpt) == ("none", 123)


@pytest.mark.parametrize("table", [{"a": 5}, [], 7])
def test_interventions_are_a_table(book, table):
    with pytest.raises(ConfigError, match="is a mapping of names to Intervention"):
        book.configure(interventions=table)


@pytest.mark.behind_its_back
@pytest.mark.parametrize("content", ["x", "5", "[1]", "[" * 5_000])
def test_settings_that_somebody_changed_are_a_typed_error(tmp_path, content):
    path = tmp_path / "q.db"
    with remedy.open(path) as book:
        book.configure(told_on="2026-04-01+02:00")
    changed_by_hand(path, f"UPDATE meta SET content = '{content}' WHERE name <> 'open_to'")
    with remedy.open(path, read_only=True) as book:
        for ask in (lambda: book.config, lambda: book.told_on, book.check):
            with pytest.raises(RemedyError):
                ask()
