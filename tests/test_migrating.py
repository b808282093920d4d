"""Files of older versions, and of the next one. Decision 6 of the store.

`files_of_versions` holds casebooks that were made by each state of versions 1 and 2: while nobody
used them, tables and columns came without the version being raised.
"""

import gzip
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

import remedy
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
    Day,
    Decision,
    Evidence,
    Exposure,
    External,
    FollowUp,
    Incident,
    Promise,
    Response,
    Verdict,
    Verification,
    Waiver,
    _schema,
)
from remedy.errors import CannotOpen, NewerCasebook, NotACasebook
from tests.on_file import changed_by_hand

FILES = sorted((Path(__file__).parent / "files_of_versions").glob("*.gz"))
OF_1 = [path for path in FILES if path.name.startswith("1-")]
OF_2 = [path for path in FILES if path.name.startswith("2-")]
WITH_BASELINE = OF_1[1:]  # The first is older than baselines.
D = "2026-03-{:02}T09:00+01:00".format


def made_now(path):
    """A casebook of this version that says the same as the files."""
    book = remedy.open(path, actor="new")
    book.record(
        Customer(
            id="C-17",
            name="Bakery",
            account="ACC-1",
            aliases=[Alias(source="shop", external_id="s17")],
        ),
        Incident(
            id="INC-1",
            customers=[Affected(customer="C-17", order="1001", order_no=1), "C-18"],
            occurred=D(2),
            detected=Day("2026-03-03", "+01:00"),
            detected_by="customer",
            process="shipping",
            failure_mode="shipped collect",
            impact="major",
            title="Shipped collect",
            text="The customer paid the carrier.",
            attributes={"desk": "7"},
        ),
        Incident(
            id="INC-2",
            customers="C-17",
            occurred=D(12),
            process="Shipping",
            failure_mode="Shipped Collect",
            source="crm",
            external_id="9",
        ),
        Incident(
            id="INC-3",
            customers="C-17",
            occurred=Day("2026-03-12", "+01:00"),
            duplicate_of="INC-2",
        ),
        Cause(
            id="CAU-1",
            found=D(5),
            text="No field for terms",
            incidents=["INC-1", CausalLink(to="INC-3", role="escape")],
        ),
        Cause(id="CAU-2", found=D(5), is_human=True, effects="CAU-1"),
        Action(
            id="ACT-1",
            kind="corrective",
            decided=D(6),
            intervention="training",
            causes="CAU-1",
            due=D(20),
            events=[ActionEvent(state="implemented", occurred=D(8), who="anna")],
        ),
        Action(
            id="ACT-2",
            kind="corrective",
            decided="2026-03-07T00:00+00:00",
            causes="CAU-2",
            introduces=["CAU-1"],
        ),
        Action(id="ACT-3", kind="correction", decided="2026-03-07T01:00+01:00", incidents="INC-1"),
        Verification(id="VER-1", action="ACT-1", made=D(10), result="effective", method="audit"),
        Apology(
            id="APO-1",
            incidents="INC-1",
            made=D(9),
            customers=["C-17"],
            promises=Promise(kind="non_recurrence", text="It will never happen again"),
        ),
        Amends(
            id="AME-1",
            incident="INC-1",
            customer="C-17",
            kind="refund",
            made=D(9),
            amount="12.50 EUR",
        ),
        Response(id="RES-1", customer="C-17", incident="INC-1", kind="accepted", made=D(10)),
        FollowUp(id="FUP-1", incident="INC-1", due=D(28)),
        Decision(id="DEC-1", kind="no_action", incident="INC-2", made=D(13), reason="a one-off"),
        Evidence(id="EVI-1", cause="CAU-1", made=D(6), text="log"),
        Exposure(id="EXP-1", chances=100, began=D(1), ended=D(28), process="shipping"),
        Complaint(id="COM-1", customer="C-17", made=D(4), incident="INC-3", text="Why again?"),
        Verdict(id="VCT-1", a="INC-1", b="INC-2", kind="same", made=D(14)),
        Waiver(id="WAI-1", finding="A:INC-1", code="A110", reason="known", made=D(14), until=D(28)),
    )
    book.ingest(
        [
            Complaint(id="COM-2", made=D(15), incident="INC-9", customer="C-17"),
            Incident(
                id="INC-4",
                occurred=D(16),
                customers=External(source="crm", external_id="77"),
            ),
        ]
    )
    book.amend("INC-1", channel="phone", reason="they called")
    return book


def named(path):
    return path.name.split(".")[0]


@pytest.fixture(params=FILES, ids=named)
def old(request, tmp_path):
    path = tmp_path / "old.db"
    with gzip.open(request.param) as packed, path.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return path


def version_of(path):
    return int.from_bytes(path.read_bytes()[60:64], "big")


def checked(book):
    report = book.check(profile="capa", as_of="2026-05-01T00:00Z")
    return [(finding.key, finding.code) for finding in report.findings]


def test_there_are_files_of_all_states_of_the_older_versions():
    assert (len(OF_1), len(OF_2)) == (7, 3)


def test_a_file_of_an_older_version_says_what_it_said(old, tmp_path):
    with remedy.open(old, actor="who brings it over") as book, made_now(tmp_path / "q.db") as new:
        assert list(book.records()) == list(new.records())
        assert book.pending() == new.pending()
        assert book.config == new.config
        assert book.interventions == new.interventions
        assert checked(book) == checked(new)


@pytest.mark.parametrize("old", OF_2, indirect=True, ids=named)
def test_a_history_of_an_older_version_goes_on(old):
    with remedy.open(old, actor="who brings it over") as book:
        assert book.verify().problems == ()
        recorded, amended = book.history("INC-1")
        assert (recorded.op, amended.reason) == ("record", "they called")
        assert book.known_at(recorded.written).get("INC-1").channel is None
        book.erase_customer("C-17", reason="asked for it")
        assert book.verify().problems == ()
        assert book.ingest([Customer(id="C-17", name="Bakery")]).redacted == 1


@pytest.mark.parametrize("old", OF_1, indirect=True, ids=named)
def test_what_was_on_file_is_the_beginning_of_the_history(old):
    with remedy.open(old, actor="who brings it over") as book:
        assert book.verify().problems == ()
        (change,) = book.history("INC-1")
        assert (change.actor, change.op) == ("who brings it over", "adopt")
        assert change.fields["channel"] == (None, "phone")
        assert not list(book.known_at(remedy.Day("2026-01-01", "+00:00")).records())
        after = [record.id for record in book.known_at("2100-01-01T00:00Z").records()]
        assert after == [record.id for record in book.records()]
        book.amend("INC-1", channel="mail", reason="they wrote as well")
        assert book.verify().problems == ()


@pytest.mark.parametrize("old", WITH_BASELINE, indirect=True, ids=named)
def test_a_baseline_of_an_older_version_holds_what_it_held(old):
    with remedy.open(old) as book:
        report = book.check(profile="capa", as_of="2026-05-01T00:00Z")
        assert set(report.baseline.states.values()) == {"left"}


def test_it_is_not_brought_over_to_be_read(old):
    before = old.read_bytes()
    with pytest.raises(CannotOpen, match="is of an older version of remedy.*remedy upgrade"):
        remedy.open(old, read_only=True)
    assert old.read_bytes() == before


def stopped_after(steps):
    """What opens connections that are stopped after so many steps."""
    real = sqlite3.connect

    def connect(*given, **options):
        connection = real(*given, **options)
        taken = [0]

        def step():
            taken[0] += 1
            return taken[0] > steps

        connection.set_progress_handler(step, 20)
        return connection

    return connect


def test_a_step_that_fails_leaves_the_file_as_it_was(old):
    """Wherever it fails: here it is stopped in the middle, again and again, a little later."""
    before = old.read_bytes()
    stopped = 0
    for after in range(0, 20_000, 70 if version_of(old) == 1 else 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite3, "connect", stopped_after(after))
            try:
                remedy.open(old).close()
            except (sqlite3.OperationalError, remedy.RemedyError):
                stopped += 1
            else:
                break
        if old.read_bytes() != before:  # What was stopped was only what comes after.
            remedy.open(old, read_only=True).close()
            break
    assert stopped > 3
    with remedy.open(old) as book:
        assert book.verify().is_right


def test_two_programs_can_bring_it_over_at_once(old):
    failed = []
    changes = version_of(
        old
    )  # In files of version 1 all of it became one, in those of 2 it is two.

    def come():
        try:
            with remedy.open(old, timeout=30) as book:
                book.get("INC-1")
        except BaseException as error:
            failed.append(error)

    programs = [threading.Thread(target=come) for _ in range(4)]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    assert failed == []
    with remedy.open(old) as book:
        assert book.verify().is_right
        assert len(book.history("INC-1")) == changes


def test_what_lacks_a_table_is_no_casebook_of_an_older_version(old):
    changed_by_hand(old, "DROP TABLE waiver")
    before = old.read_bytes()
    with pytest.raises(CannotOpen, match="the table waiver is missing"):
        remedy.open(old)
    assert old.read_bytes() == before


def test_what_runs_code_of_its_own_is_refused(old):
    changed_by_hand(old, "CREATE TRIGGER x AFTER INSERT ON meta BEGIN DELETE FROM incident; END")
    with pytest.raises(NotACasebook, match=r"holds a trigger \(x\)"):
        remedy.open(old)


def test_there_never_was_a_version_0(tmp_path):
    made_now(tmp_path / "q.db").close()
    changed_by_hand(tmp_path / "q.db", "PRAGMA user_version = 0")
    with pytest.raises(NotACasebook, match="that there never was"):
        remedy.open(tmp_path / "q.db")


# --- the next version -----------------------------------------------------------------------------

ADDED = (
    "ALTER TABLE incident ADD COLUMN lane TEXT",
    "ALTER TABLE history ADD COLUMN place TEXT",
    "ALTER TABLE meta ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE lane (id TEXT PRIMARY KEY)",
    "CREATE INDEX incident_lane ON incident(lane)",
    f"INSERT INTO meta (name, content) VALUES ('open_to', '{_schema.SCHEMA_VERSION}')",
    f"PRAGMA user_version = {_schema.SCHEMA_VERSION + 1}",
)


@pytest.fixture
def of_the_next_version(tmp_path):
    path = tmp_path / "q.db"
    made_now(path).close()
    changed_by_hand(path, *ADDED)
    return path


@pytest.mark.behind_its_back
def test_what_the_next_version_only_added_does_not_hinder(of_the_next_version):
    """Programs are brought over one by one."""
    path = of_the_next_version
    with remedy.open(path) as book:
        before = checked(book)
        book.record(Customer(id="C-20"))
        book.amend("INC-1", channel="mail", reason="they wrote as well")
        book.configure(grace="3 days")
        assert checked(book) == before
        assert book.verify(records=False).is_right
        assert [change.op for change in book.history("INC-1")] == ["record", "amend", "amend"]


@pytest.mark.behind_its_back
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM meta WHERE name = 'open_to'",
        f"UPDATE meta SET content = '{_schema.SCHEMA_VERSION + 1}' WHERE name = 'open_to'",
        "UPDATE meta SET content = 'x' WHERE name = 'open_to'",
        "ALTER TABLE incident DROP COLUMN title",
        "ALTER TABLE incident RENAME COLUMN title TO headline",
        "DROP TABLE overruled",
    ],
)
def test_what_the_next_version_changed_is_refused(tmp_path, statement):
    path = tmp_path / "q.db"
    made_now(path).close()
    changed_by_hand(path, *ADDED, statement)
    before = path.read_bytes()
    with pytest.raises(NewerCasebook, match="Update remedy. The file was left as it is"):
        remedy.open(path)
    assert path.read_bytes() == before


@pytest.mark.behind_its_back
def test_a_file_that_is_brought_over_while_it_is_open_is_not_written_to(tmp_path):
    path = tmp_path / "q.db"
    with made_now(path) as book:
        changed_by_hand(path, f"PRAGMA user_version = {_schema.SCHEMA_VERSION + 1}")
        with pytest.raises(NewerCasebook, match="written by a newer version"):
            book.record(Customer(id="C-20"))
        assert not book._store.in_transaction


@pytest.mark.behind_its_back
def test_in_a_file_of_the_next_version_nothing_is_erased(of_the_next_version):
    with remedy.open(of_the_next_version) as book:
        anchor = book.anchor()
        with pytest.raises(NewerCasebook, match="Erase with that version. Nothing was changed"):
            book.erase_customer("C-17", reason="asked for it")
        with pytest.raises(NewerCasebook, match="Erase with that version"):
            book.purge_texts("2100-01-01T00:00Z", reason="age")
        assert book.anchor() == anchor
        assert book.get("C-17").name == "Bakery"
