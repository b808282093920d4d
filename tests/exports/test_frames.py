from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from remedy import Customer
from remedy.errors import MissingExtra
from remedy.exports import frames_of
from remedy.exports._tables import rows
from tests.exports.samples import LATER, NOON, one_of_each


def test_there_is_a_frame_for_each_table_with_rows() -> None:
    frames = frames_of(one_of_each())
    assert set(frames) == {name for name, _ in rows(one_of_each())}
    assert all(isinstance(frame, pd.DataFrame) for frame in frames.values())
    assert frames_of([]) == {}


def test_pandas_columns_have_types_that_can_hold_what_is_not_known() -> None:
    frames = frames_of(one_of_each())
    incidents, links = frames["incident"], frames["incident_customers"]
    assert incidents["process"].dtype == "string"
    assert incidents["detected"].dtype == "datetime64[us, UTC]"
    assert links["order_no"].dtype == "Int64"
    assert links["order_no"].tolist() == [-5, pd.NA]
    assert frames["cause"]["is_human"].dtype == "boolean"
    assert frames["amends"]["amount"].tolist() == [12.5]
    assert frames["complaint"]["justified"].tolist() == [True]


def test_a_day_stands_as_its_first_moment_and_is_marked() -> None:
    incidents = frames_of(one_of_each())["incident"].set_index("id")
    assert incidents.loc["INC-1", "occurred"] == datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert incidents["occurred_is_day"].tolist() == [True, False]
    assert incidents["detected_is_day"].tolist() == [False, pd.NA]
    assert incidents.loc["INC-2", "occurred"] == LATER


def test_a_column_in_which_nothing_is_known_has_its_type_all_the_same() -> None:
    customers = frames_of([Customer(id="C-1")])["customer"]
    assert customers["updated"].dtype == "datetime64[us, UTC]"
    assert customers["name"].isna().all()
    in_polars = frames_of([Customer(id="C-1")], "polars")["customer"]
    assert in_polars.schema["updated"] == pl.Datetime("us", "UTC")


def test_polars_frames_say_the_same() -> None:
    frames = frames_of(one_of_each(), "polars")
    links = frames["incident_customers"]
    assert isinstance(links, pl.DataFrame)
    assert links["order_no"].to_list() == [-5, None]
    assert links["acknowledged"].to_list() == [NOON + timedelta(days=40), None]
    assert frames["incident"]["occurred_is_day"].to_list() == [True, False]
    assert frames["incident"].schema["impact"] == pl.String


def test_pyarrow_tables_say_the_same() -> None:
    links = frames_of(one_of_each(), "pyarrow")["incident_customers"]
    assert isinstance(links, pa.Table)
    assert links["order_no"].to_pylist() == [-5, None]


def test_without_narwhals_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "narwhals", None)
    assert len(frames_of(one_of_each())) > 1
    with pytest.raises(
        MissingExtra, match=r"polars DataFrames needs an extra: pip install .*frames"
    ):
        frames_of(one_of_each(), "polars")
