import pickle
import time
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import remedy
from remedy import Day, Incident
from remedy import _coerce as c
from remedy._marks import marks_known, marks_told_to
from remedy.errors import InvalidTime, MisleadingId, RemedyError
from remedy.vocabulary import Gate, Impact
from tests.strategies import days, moments

VIENNA = ZoneInfo("Europe/Vienna")


def refused(function, value, problem):
    with pytest.raises(c.Refused) as caught:
        function(value)
    assert problem in str(caught.value)
    return caught.value


# --- times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("2026-03-02T09:00+01:00", "2026-03-02T08:00+00:00"),
        ("2026-03-02 09:00:00.5+0100", "2026-03-02T08:00:00.5+00:00"),
        ("2026-03-02T09:00Z", "2026-03-02T09:00+00:00"),
        (datetime(2026, 3, 2, 9, tzinfo=VIENNA), "2026-03-02T08:00+00:00"),
        (datetime(2026, 3, 2, 9, tzinfo=UTC), "2026-03-02T09:00+00:00"),
    ],
)
def test_a_moment_is_taken_in_many_forms(given, means):
    found = c.needed_moment(given)
    assert found == datetime.fromisoformat(means)
    assert type(found.tzinfo) is timezone


class Stamp(datetime):
    """What a library for tables makes of a moment: finer than ours, and unequal to it."""

    def __eq__(self, other):
        return type(other) is Stamp and super().__eq__(other)

    __hash__ = datetime.__hash__


@pytest.mark.parametrize("zone", [UTC, VIENNA])
def test_a_moment_of_another_class_becomes_a_plain_one(zone):
    given = Stamp(2026, 10, 25, 2, 30, 0, 123456, tzinfo=zone, fold=1)
    found = c.needed_moment(given)
    assert type(found) is datetime
    assert found == datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=zone, fold=1).astimezone(UTC)


def test_a_moment_of_pandas_is_the_same_when_it_comes_back():
    pandas = pytest.importorskip("pandas")
    given = pandas.Timestamp("2026-03-02T09:00:00.123456789", tz="UTC")
    incident = Incident(id="INC-1", occurred=given)
    with remedy.open() as book:
        book.record(incident)
        book.record(incident)
        assert book.get("INC-1") == incident


@pytest.mark.parametrize(
    "given",
    [
        "2026-03-02T09:00:60+01:00",
        "2026-03-02T24:00+01:00",
        "2026-03-02T25:00+01:00",
        "2026-W10-1T09:00+01:00",
        "2026-02-30T09:00+01:00",
        "0000-03-02T09:00+01:00",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-14:00",
        "10000-01-01T00:00Z",
        "2026-03-02T09:00",
        "2026-03-02",
        "2026-02-30+01:00",
        "9999-12-31+01:00",
        "2026-03-02 Europe/Nowhere",
        "2026-03-02+24:00",
        "2026-03-02T09:00+24:00",
        "２０２６-03-02T09:00+01:00",
        "2026-03-02+٠١:٠٠",
        "20260302T0900Z",
        "02.03.2026 09:00",
        "now",
        "",
        "x" * 100_000,
        "2026-03-02 " + "a" * 100_000,
        date(2026, 3, 2),
        datetime(2026, 3, 2),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        1_700_000_000,
        1.5,
        None,
    ],
)
def test_what_is_no_time_is_refused_by_one_class_of_error(given):
    started = time.perf_counter()
    with pytest.raises(InvalidTime, match=r"^Incident.occurred = "):
        Incident(id="INC-1", occurred=given)
    assert time.perf_counter() - started < 0.5


def test_a_time_without_a_zone_says_how_to_write_one():
    said = str(refused(c.needed_moment, "2026-03-02T09:00", "has no time zone"))
    assert "2026-03-02T09:00+01:00" in said
    for day in ("2026-03-02+01:00", "2026-03-02[Europe/Vienna]"):
        assert day in said
        assert c.needed_moment_or_day(day) == Day("2026-03-02", day[10:].strip("[]"))


def test_a_time_that_the_clocks_went_past_is_refused():
    refused(c.moment, datetime(2026, 3, 29, 2, 30, tzinfo=VIENNA), "does not exist: the clocks")


def test_of_two_equal_clock_times_the_fold_says_which_is_meant():
    first = datetime(2026, 10, 25, 2, 30, tzinfo=VIENNA)
    assert c.moment(first.replace(fold=1)) - c.moment(first) == timedelta(hours=1)


def test_a_zone_that_knows_no_offset_is_none():
    class Vague(timezone.__base__):
        def utcoffset(self, _):
            return None

    refused(c.moment, datetime(2026, 1, 1, tzinfo=Vague()), "has no time zone")


@pytest.mark.parametrize(
    ("name", "hours"), [("Z", 0), ("UTC", 0), ("+01:00", 1), ("-0530", -5.5), ("+02", None)]
)
def test_a_zone_is_an_offset_or_a_name(name, hours):
    if hours is None:
        refused(c.zone_of, name, "there is no time zone '+02'")
    else:
        assert c.zone_of(name).utcoffset(None) == timedelta(hours=hours)
    assert c.zone_of("Europe/Vienna") == VIENNA
    assert c.zone_of("+01:00:30").utcoffset(None) == timedelta(hours=1, seconds=30)
    refused(c.zone_of, "+24:00", "is none: there are -23:59 to +23:59")
    refused(c.zone_of, "../etc/passwd", "there is no time zone")
    refused(c.zone_of, "Europe", "there is no time zone")


def test_a_deadline_given_as_a_day_is_its_end_and_other_times_its_start():
    day = Day("2026-03-02", "+01:00")
    assert c.deadline(day) == datetime.fromisoformat("2026-03-02T23:59:59.999999+01:00")
    assert c.moment(day) == c.needed_moment(day) == datetime.fromisoformat("2026-03-02T00:00+01:00")
    assert c.deadline(None) is c.moment(None) is c.moment_or_day(None) is None
    for needed in (c.needed_moment, c.needed_deadline, c.needed_moment_or_day):
        assert refused(needed, None, "must be a time: write it as").time


# --- days -----------------------------------------------------------------------------------------


@given(days)
def test_a_day_ends_where_the_next_one_starts(day):
    following = Day(day.date + timedelta(days=1), day.zone)
    assert day.start <= day.end
    assert day.end + timedelta(microseconds=1) == following.start
    assert c.day_of(str(day)) == day


@given(moments)
def test_a_moment_lies_in_its_day(moment):
    zone = "Europe/Vienna"
    day = Day(moment.astimezone(ZoneInfo(zone)).date(), zone)
    assert day.start <= moment <= day.end


def test_a_day_is_written_with_its_zone():
    assert str(Day("2026-03-02", "+01:00")) == "2026-03-02+01:00"
    assert str(Day("2026-03-02", "Z")) == "2026-03-02Z"
    assert str(Day(date(2026, 3, 2), "Europe/Vienna")) == "2026-03-02[Europe/Vienna]"
    assert c.day_of("2026-03-02[Europe/Vienna]") == c.day_of("2026-03-02 Europe/Vienna")


def test_a_day_whose_midnight_the_clocks_went_past_begins_later():
    day = Day("2018-11-04", "America/Sao_Paulo")
    assert day.start == datetime.fromisoformat("2018-11-04T01:00-02:00")
    assert Day("2018-11-03", "America/Sao_Paulo").end < day.start


def test_a_day_that_the_calendar_went_past_is_refused():
    with pytest.raises(c.Refused, match="there was no 2011-12-30 in Pacific/Apia"):
        Day("2011-12-30", "Pacific/Apia")


@pytest.mark.parametrize(
    ("date", "zone", "problem"),
    [
        ("2026-02-30", "Z", "is no day of the calendar"),
        ("today", "Z", "is no day of the calendar"),
        ("9999-12-31", "Z", "outside of the years 2 to 9998"),
        (5, "Z", "must be a date, not int"),
        (datetime(2026, 1, 1), "Z", "must be a date, not datetime"),
        ("2026-03-02", "Nowhere", "there is no time zone"),
    ],
)
def test_what_is_no_day_is_refused(date, zone, problem):
    with pytest.raises(RemedyError, match=problem) as caught:
        Day(date, zone)
    assert isinstance(caught.value, ValueError)


# --- text and numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["\x00", "\x07", "\x0b", "\x1b", "\x7f", "\x85", "\ud800"])
def test_characters_that_cannot_be_stored_are_refused_with_their_place(mark):
    refused(c.text, f"ab{mark}", f"U+{ord(mark):04X} at position 2")


@pytest.mark.parametrize("given", ["a\tb\r\nc", "a\u202eb", "e\u0301", "\u200b", "🙂", "  x  "])
def test_other_text_is_kept_as_it_is(given):
    assert c.text(given) == given
    assert c.needed_text("x") == "x"


def test_text_of_another_class_becomes_plain():
    assert type(c.text(Impact.MAJOR)) is str
    assert type(c.identifier(Gate.ANY)) is str


@pytest.mark.parametrize("mark", "\u061c\u200e\u200f\u202a\u202e\u2066\u2069")
def test_an_id_with_a_directional_mark_is_taken_with_a_warning(mark):
    with pytest.warns(
        MisleadingId, match=rf"the id 'C\\u{ord(mark):04x}1' holds a mark that turns"
    ):
        assert c.identifier(f"C{mark}1") == f"C{mark}1"


def test_the_warning_can_be_told_to_somebody():
    heard = []
    with marks_told_to(heard.append):
        c.identifier("C-1")
        c.identifier("C\u202e1")
        with marks_known():
            c.identifier("C\u202e2")
    assert heard == ["C\u202e1"]
    with pytest.warns(MisleadingId):
        c.identifier("C\u202e1")


def test_needed_text_is_not_blank():
    for given in (None, "", " \n"):
        refused(c.needed_text, given, "must not be empty")


def test_an_id_may_be_left_out_where_it_is_optional():
    assert c.optional_identifier(None) is None
    assert c.optional_identifier("x") == "x"


@pytest.mark.parametrize("given", [0, -(2**63), 2**63 - 1])
def test_whole_numbers_are_those_that_a_database_holds(given):
    assert c.whole(given) == given
    assert c.whole(None) is None
    refused(c.whole, 2**63, "beyond 64 bits")
    refused(c.whole, -(2**63) - 1, "beyond 64 bits")
    refused(c.whole, True, "not bool")
    refused(c.needed_whole, None, "must be a whole number")


def test_a_flag_is_true_false_or_not_known():
    assert [c.flag(each) for each in (True, False, None)] == [True, False, None]
    refused(c.flag, 0, "True, False or None")
    assert c.truth(True) is True
    refused(c.truth, None, "True or False")


# --- attributes -----------------------------------------------------------------------------------


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return {"x": value}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"a b": 1}, "the name 'a b' does not fit"),
        ({"": 1}, "does not fit"),
        ({5: 1}, "the name 5 does not fit"),
        ({"a" * 64: 1}, "63 at most"),
        ({"ä": 1}, "does not fit"),
        ({"a": float("nan")}, "holds NaN"),
        ({"a": [float("inf")]}, "holds NaN or an infinity"),
        ({"a": 2**63}, "beyond 64 bits"),
        ({"a": {"b": "\x00"}}, "U+0000"),
        ({"a": {"\x00": 1}}, "U+0000"),
        ({"a": {5: 1}}, "keys are not text"),
        ({"a": (1, 2)}, "holds a tuple"),
        ({"a": datetime(2026, 1, 1)}, "holds a datetime"),
        (nested(64), "nested deeper than 64 levels"),
    ],
)
def test_attributes_that_json_cannot_hold_are_refused(given, problem):
    refused(c.attributes_of, given, problem)


def test_attributes_that_json_can_hold_are_kept():
    given = {"a_1": [1, 2.5, None, True, {"x": "y"}], "b": {}} | nested(63)
    assert c.attributes_of(given) == given
    assert c.attributes_of(None) == {}


# --- words, several -------------------------------------------------------------------------------


@given(st.text(max_size=12))
def test_no_text_makes_a_choice_fail_untyped(given):
    try:
        assert c.chosen(Impact, given) in Impact
    except c.Refused as refused:
        assert "minor, moderate, major, critical" in str(refused)


def test_one_none_and_many_become_a_tuple():
    assert c.several(None, str) == c.several((), str) == ()
    assert c.several("ab", str) == ("ab",)
    assert c.several({"a": 1}, dict) == ({"a": 1},)
    assert c.several(5, str) == ("5",)
    assert c.several({3}, str) == ("3",)


def test_a_refusal_pickles():
    again = pickle.loads(pickle.dumps(c.Refused("is wrong.", time=True)))
    assert (str(again), again.problem, again.time) == ("is wrong.", "is wrong.", True)


@pytest.mark.parametrize("zone", ["+01:00:30", "-235900", "-23:59", "+0130", "Z", "Europe/Vienna"])
def test_a_day_is_read_as_it_is_written(zone):
    day = Day("2026-03-05", zone)
    assert c.day_of(str(day)) == day


@pytest.mark.parametrize(
    "zone", ["-23:5900", "+24:00", "+01:60", "+01:00:60", "+٠١:00", "+1:00", "+010"]
)
def test_an_offset_is_written_in_one_way_or_the_other(zone):
    with pytest.raises(c.Refused):
        c.zone_of(zone)
