import random
import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest

from remedy.sources.columns import Column, survey
from remedy.sources.roles import guess, impact_table
from remedy.sources.rows import Row, rows_of


def column(values: list[Any], name: str = "A") -> Column:
    return survey(rows_of([{name: value} for value in values]))[name]


def looks(values: list[Any], name: str = "A") -> str:
    return column(values, name).looks_like


NAMES = [f"Customer {number % 400}" for number in range(1000)]
TEXTS = [f"The parcel number {number} was sent freight collect once again" for number in range(90)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([None, "", "?"], "empty"),
        (["x", "x"], "constant"),
        ([f"T-{number}" for number in range(9)], "id"),
        (["yes", "No"], "flag"),
        (["1", "2.5", "1"], "number"),
        (["1,000", "2", "2"], "number"),
        (["a", "b", "c"] * 9, "word"),
        ([f"issue {number % 60} of the list" for number in range(300)], "word"),
        (NAMES, "name"),
        (TEXTS, "text"),
        (["late again, and so on"] * 3 + [f"again and again {n}" for n in range(60)], "text"),
        (["2026-03-02", "2026-03-04"], "day"),
        (["2026-03-02T09:00", "2026-03-04"], "time"),
        (["2026-03-02T09:00Z"], "time"),
        (["09:00 AM", "1:30 pm"], "clock"),
        (["only one"], "word"),
        ([f"{number:040}x"[1:] for number in range(90)], "id"),
        ([f"{number:040}x" for number in range(90)], "text"),
    ],
)
def test_columns_look_like_something(values: list[Any], expected: str) -> None:
    assert looks(values) == expected


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["22-04-2015", "01-02-2015"], ("%d-%m-%Y",)),
        (["04/22/2015", "01/02/2015"], ("%m/%d/%Y",)),
        (["01/02/2015"], ("%d/%m/%Y", "%m/%d/%Y")),
        (["29/2/2016 01:16"], ("%d/%m/%Y %H:%M",)),
        (["04/08/2015, 3:05 PM"], ("%d/%m/%Y, %I:%M %p", "%m/%d/%Y, %I:%M %p")),
        (["2. Mar 2026"], ("%d. %b %Y",)),
        (["March 2, 2026"], ("%b %d, %Y",)),
        (["02.03.26"], ("%d.%m.%y",)),
        (["2.3.2026 9:00", "next week"], ()),
        (["1772442000"], ()),
        (["v1.2.3"], ()),
    ],
)
def test_ways_of_writing_times_are_found(values: list[str], formats: tuple[str, ...]) -> None:
    assert column(values).formats == formats


@pytest.mark.parametrize(
    ("values", "formats", "misfits"),
    [
        (["1.2.2026", "2.2.2026", "3.2.2026", "31.2.2026"], ("%d.%m.%Y",), ("31.2.2026",)),
        (["1.2.2026", "2.2.2026", "31.2.2026"], (), ()),
        (["1.2.2026", "2.2.2026", "30.2.2026", "31.2.2026"], (), ()),
        (["1/2/2026", "3/2/2026", "5/3/2026", "soon"], ("%d/%m/%Y", "%m/%d/%Y"), ("soon",)),
        (["1/2/2026", "3/2/2026", "5/3/2026", "13/1/2026"], ("%d/%m/%Y",), ()),
        ([f"{day}.1.2026" for day in range(1, 32)] + ["soon", "later"], (), ()),
        ([f"2026-01-{day:02}" for day in range(1, 32)]
         + [f"2026-03-{day:02}" for day in range(1, 32)] + ["soon", "later"],
         ("iso",), ("soon", "later")),
    ],
)  # fmt: skip
def test_a_slip_or_two_do_not_make_times_into_texts(
    values: list[str], formats: tuple[str, ...], misfits: tuple[str, ...]
) -> None:
    found = column(values)

    assert (found.formats, found.misfits) == (formats, misfits)


def test_seconds_since_1970_are_times_where_the_column_says_so() -> None:
    assert column(["1772442000", "1772442060"], "created_at").formats == ("unix",)
    assert column(["1772442000000"], "timestamp").formats == ("unix_ms",)


def test_a_column_is_counted() -> None:
    found = column(["a", "a", "b", "?", "", None, "a"])

    assert (found.rows, found.filled, found.distinct, found.runs) == (7, 4, 2, 5)
    assert found.common == (("a", 3), ("b", 1))
    assert found.missing == ("?",)
    assert found.share_filled == pytest.approx(4 / 7)
    assert not found.is_unique


def test_long_values_are_told_apart_and_shown_short() -> None:
    found = column(["x" * 300 + "a", "x" * 300 + "b"])

    assert found.distinct == 2
    assert found.common[0][0] == "x" * 200


def test_no_more_than_so_many_values_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remedy.sources.columns._MOST_DISTINCT", 2)

    found = column(["a", "b", "c", "a", " "])

    assert (found.distinct, found.filled, found.average_length) == (2, 4, 1.0)
    assert dict(found.common) == {"a": 2, "b": 1}


def test_rows_with_problems_are_passed_over_and_a_limit_is_kept() -> None:
    rows = [Row(1, 1, {"A": "a"}), Row(2, 2, {}, "ragged"), Row(3, 3, {"A": "b"})]

    assert survey(rows)["A"].distinct == 2
    limited = survey(rows, limit=1)
    assert (limited.rows, limited.whole) == (1, False)


def dates(swap: bool, months: tuple[int, ...] = (4, 5, 6)) -> list[str]:
    chance = random.Random(1)
    found = []
    for _ in range(400):
        day, month = chance.randint(1, 28), chance.choice(months)
        if swap and day <= 12:
            day, month = month, day
        found.append(f"{day:02}-{month:02}-2015")
    return found


def test_swapped_days_and_months_are_noticed() -> None:
    assert column(dates(swap=True)).swapped
    assert column(dates(swap=True)).is_ambiguous
    assert not column(dates(swap=False)).swapped
    assert not column(dates(swap=False)).is_ambiguous
    assert not column(dates(swap=True, months=tuple(range(1, 13)))).swapped
    assert not column(dates(swap=True)[:30]).swapped
    assert column([*dates(swap=True), "soon"]).swapped


def test_swapped_months_and_days_are_noticed_too() -> None:
    turned = [f"{each[3:5]}-{each[:2]}-2015" for each in dates(swap=True)]

    assert column(turned).formats == ("%m-%d-%Y",)
    assert column(turned).swapped


def test_dates_with_names_of_months_or_points_are_not_looked_at_for_that() -> None:
    assert not column(["02.03.2015"] * 50).swapped
    assert not column([f"{day}-Mar-2015" for day in range(1, 29)]).swapped


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1 - High", "2 - Medium", "3 - Low"], {"1 - High": "major", "2 - Medium": "moderate",
                                                "3 - Low": "minor"}),
        (["P1", "P2"], {"P1": "critical", "P2": "major"}),
        (["1", "4"], {"1": "critical", "4": "minor"}),
        (["red", "green"], None),
        (["high or low"], None),
        ([f"high {number}" for number in range(9)], None),
        ([*["minor", "major"] * 4, "maintenance"], {"minor": "minor", "major": "major"}),
        (["minor", "major", "grievous"], None),
        (["Highest", "High", "Lowest"], {"Highest": "critical", "High": "major",
                                         "Lowest": "minor"}),
        (["1", "2", "3", "4", "5"] * 2, None),
    ],
)  # fmt: skip
def test_words_for_the_impact_are_known(values: list[str], expected: Any) -> None:
    assert impact_table(column(values * 3)) == expected


def test_a_key_that_comes_in_runs_is_found() -> None:
    def rows(keys: list[str]) -> Any:
        return guess(survey(rows_of([{"Ticket": key, "N": "x"} for key in keys])))

    assert (rows(["a", "a", "b"]).keys, rows(["a", "a", "b"]).rows) == (("Ticket",), "consecutive")
    assert rows(["a", "b", "a", "c"] * 20).rows in ("scattered", "one")
    assert rows([f"T{number % 40}" for number in range(80)]).rows == "scattered"
    assert rows(["a", "a"]).keys == ()


def swapped_dates(sure: int, swapped: int, *, both: int = 0, neither: int = 0) -> list[str]:
    """Dates of April and May, of which a program has swapped those that it could.

    Besides those that are sure, and those that lie in other months by the swapping: some that lie
    in these months either way, and some that lie in them neither way.
    """
    found = [f"{n % 16 + 13}-{4 + n % 2:02}-{2000 + n}" for n in range(sure)]
    found += [f"{4 + n % 2:02}-{n % 7 + 6:02}-{2000 + n // 7}" for n in range(swapped)]
    found += [f"{4 + n % 2:02}-05-{2000 + n}" for n in range(both)]
    return found + [f"07-{n % 5 + 8:02}-{2000 + n}" for n in range(neither)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (swapped_dates(20, 20), True),
        (swapped_dates(19, 20), False),
        (swapped_dates(20, 19), False),
        ([*swapped_dates(19, 20), "12-04-2025"], False),
        (["soon", *swapped_dates(20, 20)], True),
        (swapped_dates(20, 38, neither=2), True),
        (swapped_dates(20, 37, neither=3), False),
        (swapped_dates(20, 8, both=12), True),
        (swapped_dates(20, 7, both=13), False),
    ],
)
def test_dates_look_swapped_from_so_many_on(values: list[str], expected: bool) -> None:
    assert column(values).swapped is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["true", "false", "yes", "no", "y", "n"], "flag"),
        (["abc"], "word"),
        (["abc", "abd"], "id"),
        (["a b", "c", "d"], "id"),
        (["a b", "c d", "e", "f"], "word"),
        ([f"a{n % 12}" for n in range(15)], "word"),
        ([f"a{n % 13}" for n in range(20)], "name"),
        ([f"a{n % 150}" for n in range(2000)], "word"),
        ([f"a{n % 100}" for n in range(300)], "word"),
        ([f"a{n % 101}" for n in range(303)], "name"),
        (["x" * 80, "y" * 80] * 9, "word"),
        (["x" * 81, "y" * 81] * 9, "text"),
    ],
)
def test_few_different_values_are_words_and_different_ones_ids(
    values: list[str], expected: str
) -> None:
    assert looks(values) == expected


def test_space_around_a_value_makes_no_other_one() -> None:
    found = column(["a", " a", "a ", "b"])

    assert (found.common, found.filled, found.distinct) == ((("a", 3), ("b", 1)), 4, 2)


def test_the_five_most_frequent_values_are_shown() -> None:
    values = [letter for n, letter in enumerate("abcdefg", start=1) for _ in range(n)]

    assert column(values).common == (("g", 7), ("f", 6), ("e", 5), ("d", 4), ("c", 3))


def test_a_single_row_tells_nothing_apart() -> None:
    assert not column(["a"]).is_unique
    assert column(["a", "b"]).is_unique


# --- what columns are taken for -------------------------------------------------------------------

TABLES = tomllib.loads(
    (Path(__file__).parent / "roles_of_tables.toml").read_text(encoding="utf-8")
)["table"]


def table_of(columns: dict[str, list[str]], count: int) -> list[dict[str, str]]:
    """The rows of a table that is given by what its columns hold in turn."""
    return [
        {
            name: values[n % len(values)].format(
                n=n, m=n // 3, d=f"{n % 28 + 1:02}", h=f"{n * 7 % 24:02}"
            )
            for name, values in columns.items()
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["name"]))
def test_columns_are_taken_for_what_was_written_down(table: dict[str, Any]) -> None:
    rows = table_of(table["columns"], table["rows"])
    roles = attrs.asdict(guess(survey(rows_of(rows))))

    assert {
        name: list(found) if isinstance(found, tuple) else found
        for name, found in roles.items()
        if found not in ((), {}, None, False, "one")
    } == table["roles"]
