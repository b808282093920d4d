"""The real data, imported by the mappings that are kept beside this file.

What is counted here was counted by hand, with nothing of this library.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

import remedy
from remedy import Action, Amends, Cause, Complaint, Incident
from remedy.casebook import Casebook
from remedy.errors import SourceError
from remedy.records import Day
from remedy.sources import Imported, import_file, infer, load_mapping, profile

pytestmark = pytest.mark.data

MAPPINGS = Path(__file__).parent / "mappings"
EXPECTED = {
    "cfpb-complaints": {"incident": 9224, "complaint": 9224, "amends": 611, "action": 980},
    "cfpb-narratives": {"incident": 268, "complaint": 268, "amends": 10, "action": 40},
    "telecom-complaints": {"incident": 2224, "complaint": 2224},
    "vehicle-recalls": {"incident": 224, "action": 223},
    "servicenow-event-log": {"incident": 20769, "complaint": 20769, "cause": 210, "action": 2},
}


@attrs.frozen
class Case:
    book: Casebook
    first: Imported
    again: Imported


@pytest.fixture(scope="module", params=list(EXPECTED))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def imported(name: str, folder: Path) -> Case:
    book = remedy.open()
    mapping = load_mapping(MAPPINGS / f"{name}.toml")
    if mapping.signature:
        book.configure(signature=mapping.signature)
    path = folder / f"{name}.csv.gz"
    return Case(book, import_file(book, path, mapping), import_file(book, path, mapping))


_CASES: dict[str, Case] = {}


@pytest.fixture(scope="module")
def case(shared_data: Path) -> Iterator[Any]:
    def get(name: str) -> Case:
        if name not in _CASES:
            _CASES[name] = imported(name, shared_data)
        return _CASES[name]

    yield get
    for each in _CASES.values():
        each.book.close()
    _CASES.clear()


def test_all_rows_become_records(case: Any, name: str) -> None:
    found = case(name).first

    assert found.records == EXPECTED[name]
    assert found.new == sum(EXPECTED[name].values())
    assert (found.rejected_rows, found.pending, found.warnings) == (0, 0, ())


def test_importing_again_changes_nothing(case: Any, name: str) -> None:
    found = case(name).again

    assert (found.new, found.updated, found.older) == (0, 0, 0)
    assert found.unchanged == sum(EXPECTED[name].values())


# --- consumer complaints --------------------------------------------------------------------------


def test_answers_of_companies_become_amends_and_corrections(case: Any) -> None:
    book = case("cfpb-complaints").book

    assert Counter(each.kind for each in book.records(Amends)) == {"refund": 597, "other": 14}
    actions = list(book.records(Action))
    assert {each.kind for each in actions} == {"correction"}
    assert all(each.events and len(each.incidents) == 1 for each in actions)


def test_days_stay_days_in_their_zone(case: Any) -> None:
    [incident] = [
        each for each in case("cfpb-complaints").book.records(Incident) if each.id == "cfpb-7646"
    ]

    assert incident.occurred == Day("2011-12-30", "America/New_York")
    assert incident.occurred_basis == "reported"


def test_words_of_consumers_are_kept_over_their_lines(case: Any) -> None:
    complaints = list(case("cfpb-narratives").book.records(Complaint))

    assert sum(each.text is not None for each in complaints) == 101
    assert any(each.text and "\n" in each.text for each in complaints)


# --- a telecom company ----------------------------------------------------------------------------


def test_swapped_days_and_months_are_put_right(case: Any) -> None:
    incidents = [
        (int(each.external_id), each.occurred)
        for each in case("telecom-complaints").book.records(Incident)
        if each.external_id.isdigit()
    ]
    times = [occurred for _, occurred in sorted(incidents)]

    # In the order of their numbers they are in the order of their days; as they stand they are not.
    days = [each.date() for each in times]
    assert days == sorted(days)
    assert (str(days[0]), str(days[-1])) == ("2015-04-01", "2015-06-30")


def test_what_failed_is_read_from_the_text_where_it_says_so(case: Any) -> None:
    modes = Counter(each.failure_mode for each in case("telecom-complaints").book.records(Incident))

    assert set(modes) == {
        *("wrong charge", "data cap", "too slow", "no connection", "not what was sold", "price"),
        *("throttled", "no help", None),
    }
    assert modes[None] < 0.45 * modes.total()


def test_a_company_is_not_told_that_its_dates_are_right(shared_data: Path) -> None:
    questions = {
        each.name: each for each in infer(shared_data / "telecom-complaints.csv.gz").questions
    }

    assert questions["day_or_month"].default == "swapped"


# --- an IT department -----------------------------------------------------------------------------


def test_rows_of_a_log_become_incidents_that_were_reopened(case: Any) -> None:
    book = case("servicenow-event-log").book

    reopened = [each for each in book.records(Complaint) if each.reopened is not None]
    assert len(reopened) == 234
    assert all(each.reopened > each.made for each in reopened)
    assert sum(len(each.customers) for each in book.records(Incident)) == 20769 - 3


def test_the_first_reopening_is_the_row_where_the_count_rose(case: Any) -> None:
    [complaint] = [
        each
        for each in case("servicenow-event-log").book.records(Complaint)
        if each.external_id == "INC0000715"
    ]

    assert complaint.made == datetime(2016, 3, 1, 13, 3, tzinfo=UTC)
    assert complaint.reopened == datetime(2016, 3, 4, 12, 42, tzinfo=UTC)


def test_problems_are_causes_and_a_change_that_did_harm_introduced_one(case: Any) -> None:
    book = case("servicenow-event-log").book

    causes = {each.id: each for each in book.records(Cause)}
    assert len(causes["Problem ID  2"].incidents) == 32
    for change in book.records(Action):
        [link] = change.introduces
        assert len(causes[link.to].incidents) == 1


def test_a_log_that_is_cut_is_refused_unless_that_is_allowed(
    shared_data: Path, tmp_path: Path
) -> None:
    whole = (shared_data / "servicenow-event-log.csv.gz").read_bytes()
    path = tmp_path / "log.csv.gz"
    path.write_bytes(whole[: len(whole) // 20])
    mapping = load_mapping(MAPPINGS / "servicenow-event-log.toml")

    with remedy.open() as book:
        with pytest.raises(SourceError, match="ends early, after line"):
            import_file(book, path, mapping)
        assert not list(book.records())
        allowed = attrs.evolve(mapping, read=attrs.evolve(mapping.read, cut_short=True))
        result = import_file(book, path, allowed)

    assert result.records["incident"] > 500
    assert "the file ends in the middle" in result.warnings[0]


def test_its_signatures_are_coarse_and_say_so(shared_data: Path) -> None:
    mapping = load_mapping(MAPPINGS / "servicenow-event-log.toml")

    own = profile(shared_data / "servicenow-event-log.csv.gz", mapping).signatures[0]

    assert own.coarse
    assert 0.90 < own.again < 0.95
    assert own.same_customer is not None
    assert 0.12 < own.same_customer < 0.16


# --- vehicle recalls ------------------------------------------------------------------------------


def test_models_of_a_recall_become_one_incident(case: Any) -> None:
    book = case("vehicle-recalls").book
    incidents = {each.id: each for each in book.records(Incident)}

    assert sum(len(each.attributes["models"]) for each in incidents.values()) >= 391
    assert incidents["recalls-2014299"].attributes["units"] == 40915
    assert incidents["recalls-2014299"].impact == "critical"


def test_what_is_done_is_parted_from_what_failed(case: Any) -> None:
    book = case("vehicle-recalls").book

    [repair] = [each for each in book.records(Action) if each.id == "recalls-2014299/repair"]
    assert repair.text.startswith("Dealers will replace")
    assert all("Corrective Action" not in (each.text or "") for each in book.records(Incident))


# What a check says of each by default: counts by code, by the profile that follows from what is on
# record. All of it rests on when reports came in, so that nothing is graver than a warning.
SAID = {
    "cfpb-complaints": ("register", {"R200": 1, "R201": 643}),
    "cfpb-narratives": ("register", {"R200": 1, "R201": 18}),
    "telecom-complaints": ("tickets", {"R200": 1}),
    "vehicle-recalls": ("register", {"R200": 1, "R201": 17}),
    "servicenow-event-log": ("register", {"R200": 1, "R202": 1216, "R210": 234}),
}


def test_a_check_says_what_a_person_in_charge_can_read_on_a_monday(name: str, case: Any) -> None:
    report = case(name).book.check(as_of=datetime(2024, 1, 1, tzinfo=UTC))
    profile, counts = SAID[name]
    assert report.profile == profile
    assert report.findings.codes() == counts
    assert "error" not in report.counts()
    assert report.not_assessed
    text = report.to_text(width=80)
    assert len(text.splitlines()) < 120
    assert max(map(len, text.splitlines())) <= 80
    assert sum(finding.code == "R201" for finding in report.findings) < 0.1 * report.incidents


def test_a_coarse_signature_says_so_and_repeats_are_told_by_caller(case: Any) -> None:
    report = case("servicenow-event-log").book.check(as_of=datetime(2024, 1, 1, tzinfo=UTC))
    [coarse] = [finding for finding in report.findings if finding.code == "R200"]
    assert "too coarse" in coarse.message
    first = next(finding for finding in report.findings if finding.code == "R202")
    assert len(first.customers) == 1
    assert len(first.incidents) > 100
