import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy._coerce import Day, Refused
from remedy.sources.times import TimeReader, format_of

VIENNA = "Europe/Vienna"


def read(
    value: object, *formats: str, zone: str | None = VIENNA, fold: str | None = None
) -> object:
    return TimeReader([format_of(each) for each in formats or ("iso",)], zone, fold)(value)


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("02.03.2026 09:00", "%d.%m.%Y %H:%M", "2026-03-02T09:00:00+01:00"),
        ("2.3.2026 9:05", "%d.%m.%Y %H:%M", "2026-03-02T09:05:00+01:00"),
        ("7/2/2026 09:00", "%m/%d/%Y %H:%M", "2026-07-02T09:00:00+02:00"),
        ("02-Mar-26 03:53:50 PM", "%d-%b-%y %I:%M:%S %p", "2026-03-02T15:53:50+01:00"),
        ("02-MAR-26 12:00:00 a.m.", "%d-%b-%y %I:%M:%S %p", "2026-03-02T00:00:00+01:00"),
        ("March 2, 2026 12:05\u202fPM", "%B %d, %Y %I:%M %p", "2026-03-02T12:05:00+01:00"),
        ("2 Sept. 2026", "%d %b %Y", Day("2026-09-02", VIENNA)),
        ("Mon, 02 Mar 2026 09:00:00 GMT", "%a, %d %b %Y %T %z", "2026-03-02T09:00:00+00:00"),
        ("02.03.2026 09:00 +0530", "%d.%m.%Y %R %z", "2026-03-02T09:00:00+05:30"),
        ("2026-03-02 09:00:00.1234567", "%F %H:%M:%S.%f", "2026-03-02T09:00:00.123456+01:00"),
        ("02.03.69", "%d.%m.%y", Day("1969-03-02", VIENNA)),
        ("02.03.68", "%d.%m.%y", Day("2068-03-02", VIENNA)),
        ("100%: 02.03.2026", "100%%: %d.%m.%Y", Day("2026-03-02", VIENNA)),
        ("2026-03-02", "iso", Day("2026-03-02", VIENNA)),
        ("2026-03-02+05:00", "iso", Day("2026-03-02", "+05:00")),
        ("2026-03-02T09:00", "iso", "2026-03-02T09:00:00+01:00"),
        ("2026-03-02 09:00:00.5", "iso", "2026-03-02T09:00:00.500000+01:00"),
        ("2026-03-02t09:00z", "iso", "2026-03-02T09:00:00+00:00"),
        ("2026-03-02T09:00:00-05:00", "iso", "2026-03-02T09:00:00-05:00"),
        ("2026-03-02 09:00:00 +0100", "iso", "2026-03-02T09:00:00+01:00"),
        ("2026-03-02 09:00:00.25 UTC", "iso", "2026-03-02T09:00:00.250000+00:00"),
        ("1772442000", "unix", "2026-03-02T09:00:00+00:00"),
        ("1772442000.25", "unix", "2026-03-02T09:00:00.250000+00:00"),
        ("1772442000123", "unix_ms", "2026-03-02T09:00:00.123000+00:00"),
        ("-1", "unix", "1969-12-31T23:59:59+00:00"),
    ],
)
def test_times_are_read(text: str, form: str, expected: object) -> None:
    found = read(f" {text} ", form)

    assert found == expected if isinstance(expected, Day) else found.isoformat() == expected


@pytest.mark.parametrize(
    ("value", "forms", "problem"),
    [
        ("yesterday", ["iso"], "is not written as 2026-03-02T09:00 (iso)"),
        ("yesterday", ["%d.%m.%Y", "unix"], "'%d.%m.%Y' or seconds since 1970 (unix)"),
        ("2.3.2026", ["unix_ms"], "milliseconds since 1970"),
        ("x" * 200, ["%d.%m.%Y"], "is not written as"),
        ("2026-W10-1", ["iso"], "is not written as"),
        ("2026-03-02T09", ["iso"], "is not written as"),
        ("2026-03-02T24:00", ["iso"], "00:00 of the next day"),
        ("2026-03-02T09:00:60", ["iso"], "second must be in 0..59"),
        ("0000-03-02", ["iso"], "year 0 is out of range"),
        ("0001-01-01T00:00", ["iso"], "out of the calendar"),
        ("9999-12-31T23:59-05:00", ["iso"], "out of the calendar"),
        ("30.02.2026", ["%d.%m.%Y"], "day is out of range"),
        ("02.03.2026 13:00 PM", ["%d.%m.%Y %I:%M %p"], "hour must be in 1..12"),
        ("02.03.2026 09:00 +25:00", ["%d.%m.%Y %H:%M %z"], "there are -23:59 to +23:59"),
        ("99999999999999", ["unix"], "out of the calendar"),
        ("1.2.3", ["unix"], "is not written as"),
        ("29.03.2026 02:30", ["%d.%m.%Y %H:%M"], "does not exist"),
        ("26.10.2025 02:30", ["%d.%m.%Y %H:%M"], "happened twice in Europe/Vienna"),
        (7.5, ["iso"], "is not written as"),
    ],
)
def test_what_is_no_time_is_refused(value: object, forms: list[str], problem: str) -> None:
    with pytest.raises(Refused) as caught:
        read(value, *forms)

    assert problem in caught.value.problem
    assert caught.value.time


def test_a_value_that_is_not_written_so_is_told_how_it_is_to_be() -> None:
    with pytest.raises(Refused) as caught:
        read("soon", "unix", "unix_ms", "iso", "%d.%m.%Y")

    assert caught.value.problem == (
        "is not written as seconds since 1970 (unix) or milliseconds since 1970 (unix_ms) or "
        "2026-03-02T09:00 (iso) or '%d.%m.%Y'."
    )


def test_a_time_without_zone_is_refused() -> None:
    for value in ("2026-03-02", "2026-03-02T09:00", dt.date(2026, 3, 2), dt.datetime(2026, 3, 2)):
        with pytest.raises(Refused, match="no time zone"):
            read(value, zone=None)


def test_a_time_shown_twice_is_taken_as_it_is_said() -> None:
    first = read("2025-10-26T02:30", fold="first")
    second = read("2025-10-26T02:30", fold="second")

    assert (first.isoformat(), second.isoformat()) == (
        "2025-10-26T02:30:00+02:00",
        "2025-10-26T02:30:00+01:00",
    )
    for fold in ("first", "second"):
        with pytest.raises(Refused, match="does not exist"):
            read("2026-03-29T02:30", fold=fold)


def test_the_first_and_the_last_year_are_years_like_others() -> None:
    for text in ("9999-06-01T12:00", "0001-06-01T12:00"):
        assert str(read(text, fold=None)).startswith(text.replace("T", " "))
    with pytest.raises(Refused, match="out of the calendar"):
        read("9999-12-31T23:30", zone="America/New_York")
    assert read("-62135596800", "unix") == dt.datetime(1, 1, 1, tzinfo=dt.UTC)
    with pytest.raises(Refused, match="out of the calendar"):
        read("-62135596801", "unix")


def test_times_and_dates_of_other_libraries_are_placed() -> None:
    aware = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)

    assert read(aware) == aware
    assert read(dt.datetime(2026, 3, 2, 9)).isoformat() == "2026-03-02T09:00:00+01:00"
    assert read(dt.date(2026, 3, 2)) == Day("2026-03-02", VIENNA)


def test_formats_are_tried_in_their_order() -> None:
    swapped = ("%m-%d-%Y", "%d-%m-%Y")

    assert read("04-08-2015", *swapped) == Day("2015-04-08", VIENNA)
    assert read("22-04-2015", *swapped) == Day("2015-04-22", VIENNA)


def test_a_gap_is_not_got_around_by_the_next_format() -> None:
    with pytest.raises(Refused, match="does not exist"):
        read("03-29-2026 02:30", "%m-%d-%Y %H:%M", "%d-%m-%Y %H:%M")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("%Q", "%Q is not known. Known are %d"),
        ("%d.%m.%Y %", "% is not known"),
        ("%d.%m.%Y %d", "%d stands in it twice"),
        ("%b %B %d %Y", "%B stands in it twice"),
        ("%d.%m.%Y %I:%M", "needs %p"),
        ("%M:%S", "neither a whole day"),
        ("%d.%m.", "neither a whole day"),
    ],
)
def test_formats_that_cannot_be_are_refused(text: str, problem: str) -> None:
    with pytest.raises(Refused) as caught:
        format_of(text)

    assert problem in caught.value.problem


@given(
    moment=st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2068, 12, 31)),
    form=st.sampled_from(
        [
            "%d.%m.%Y %H:%M:%S.%f",
            "%m/%d/%y %I:%M:%S.%f %p",
            "%B %d, %Y %H:%M:%S.%f",
            "%Y-%m-%dT%H:%M:%S.%f",
        ]
    ),
)
def test_what_strftime_writes_is_read_back(moment: dt.datetime, form: str) -> None:
    assert read(moment.strftime(form), form, zone="UTC") == moment.replace(tzinfo=dt.UTC)
