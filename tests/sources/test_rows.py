import datetime as dt
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from remedy.errors import BadMapping, MissingExtra, SourceError
from remedy.sources import Reading
from remedy.sources.rows import Limited, Row, rows_of


def values(data: Any) -> list[dict[str, Any]]:
    return [row.values for row in rows_of(data)]


def test_dictionaries_are_rows() -> None:
    [row] = rows_of([{" Ticket ": 7, "user": {"id": "u"}, "price": Decimal("1.50")}])

    assert row == Row(None, 1, {"Ticket": 7, "user.id": "u", "price": "1.50"})
    assert row.place == "row 1"


def test_an_iterator_is_read_as_it_comes() -> None:
    seen = []

    def rows() -> Any:
        for number in range(3):
            seen.append(number)
            yield {"n": number}

    first = next(iter(rows_of(rows())))
    assert (first.values, seen) == ({"n": 0}, [0])


def test_what_is_nothing_in_a_frame_is_none() -> None:
    assert values([{"a": float("nan"), "b": pd.NaT, "c": pd.NA, "d": 1.5}]) == [
        {"a": None, "b": None, "c": None, "d": 1.5}
    ]


def test_what_is_no_dictionary_is_refused() -> None:
    with pytest.raises(SourceError, match=r"rows: row 2 is an int, not a dictionary"):
        list(rows_of([{"a": 1}, 7]))
    with pytest.raises(SourceError, match=r"tickets: is one dictionary: give a list"):
        rows_of({"a": 1}, name="tickets")
    with pytest.raises(SourceError, match=r"rows: is an int: give a path"):
        rows_of(7)


def test_a_name_that_is_no_text_is_a_problem_of_the_row() -> None:
    [row] = rows_of([{7: "a"}])

    assert "the name 7 of a column is no text" in str(row.problem)


def test_rows_stay_as_they_are() -> None:
    rows = rows_of([{"a": 1}])

    assert rows_of(rows) is rows
    assert rows.columns is None
    assert rows.share is None


def test_rows_can_be_limited() -> None:
    limited = Limited(rows_of([{"a": 1}, {"a": 2}], name="tickets"), 1)

    assert limited.name == "tickets"
    assert [row.values for row in limited] == [{"a": 1}]
    assert limited.columns is None


MOMENT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
COLUMNS = {"n": [7, None], "at": [MOMENT, None], "t": ["x", None]}


def pandas_frame() -> Any:
    return pd.DataFrame(COLUMNS | {"at": [MOMENT, pd.NaT]})


def polars_frame() -> Any:
    import polars as pl

    return pl.DataFrame(COLUMNS)


def lazy_polars_frame() -> Any:
    import polars as pl

    return pl.LazyFrame(COLUMNS)


def pyarrow_table() -> Any:
    import pyarrow as pa

    return pa.table(COLUMNS)


FRAMES = {
    "pandas": pandas_frame,
    "polars": polars_frame,
    "polars, lazy": lazy_polars_frame,
    "pyarrow": pyarrow_table,
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_are_rows(name: str) -> None:
    rows = rows_of(FRAMES[name](), name="tickets")
    first, second = rows

    assert rows.columns == ("n", "at", "t")
    assert (rows.name, first.place) == ("tickets", "row 1")
    assert first.values == {"n": 7, "at": MOMENT, "t": "x"}
    assert isinstance(first.values["n"], int)
    assert second.values == {"n": None, "at": None, "t": None}


def test_scalars_of_numpy_become_plain() -> None:
    import numpy as np

    [found] = values([{"a": np.int64(7), "b": np.float64("nan"), "c": np.bool_(True)}])

    assert found == {"a": 7, "b": None, "c": True}
    assert type(found["a"]) is int


def test_a_frame_whose_columns_have_no_names_is_refused() -> None:
    with pytest.raises(SourceError, match="the column 0 has no name"):
        rows_of(pd.DataFrame([[1, 2]]))


def pandas_frame_with_twins() -> Any:
    return pd.DataFrame([[1, 2]], columns=["Id", "Id"])


def pyarrow_table_with_twins() -> Any:
    import pyarrow as pa

    return pa.table([[1], [2]], names=["Id", "Id"])


@pytest.mark.parametrize(
    "make", [pandas_frame_with_twins, pyarrow_table_with_twins], ids=["pandas", "pyarrow"]
)
def test_a_frame_with_two_columns_of_one_name_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(SourceError, match="several of its columns are called 'Id'"):
        rows_of(make())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"format": "xml"}, "read.format: 'xml' is not one of csv, json, jsonl."),
        ({"delimiter": "ab"}, "read.delimiter: 'ab' is not a character that parts cells."),
        ({"delimiter": '"'}, "read.delimiter: '\"' is not a character that parts cells."),
        ({"delimiter": "\n"}, "read.delimiter: '\\n' is not a character that parts cells."),
        ({"max_cell": 0}, "read.max_cell: is a number of characters, 1 to 1,000,000,000."),
        ({"max_cell": 10**9 + 1}, "read.max_cell: is a number of characters, 1 to 1,000,000,000."),
    ],
)
def test_how_a_file_cannot_be_read_is_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(BadMapping) as caught:
        Reading(**given)
    assert str(caught.value) == told


def test_cells_may_have_one_character_or_very_many() -> None:
    assert [Reading(max_cell=each).max_cell for each in (1, 10**9)] == [1, 10**9]


def test_what_only_looks_like_a_frame_is_refused() -> None:
    class Odd:
        columns = ("a",)

    with pytest.raises(SourceError, match="is an Odd, which is no DataFrame"):
        rows_of(Odd())


def test_without_narwhals_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "narwhals", None)

    with pytest.raises(MissingExtra, match=r"remedy-casebook\[frames\]"):
        rows_of(pandas_frame())


def test_dictionaries_deep_inside_are_refused_and_odd_values_are_left() -> None:
    deep: dict[str, Any] = {}
    for _ in range(70):
        deep = {"a": deep}

    [row] = rows_of([deep])

    assert row.problem == "is nested deeper than 64 levels."
    assert values([{"a": b"x"}]) == [{"a": b"x"}]
