"""Records as DataFrames: in pandas, or through narwhals in polars, pyarrow and others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from remedy.errors import MissingExtra
from remedy.exports._tables import Column, Form, Value, rows, tables
from remedy.records import Day, Record

__all__ = ["frames_of"]


def frames_of(records: Iterable[Record], backend: str = "pandas") -> dict[str, Any]:
    """Return one DataFrame for each table that has rows, by name.

    The tables are those of `generate_csv`. Times are in UTC; a day stands as its first moment, and
    beside `occurred` and `detected` a column (`occurred_is_day`) says where it is one. Sums of
    money are floats: good for looking, not for book-keeping.

    Args:
        records: The records.
        backend: "pandas", which needs pandas and nothing else, or "polars", "pyarrow", or another
            one that narwhals can make.

    Raises:
        MissingExtra: If narwhals is needed, and not installed.

    Example:
        >>> from remedy import Incident
        >>> from remedy.exports import frames_of
        >>> frames = frames_of([
        ...     Incident(id="INC-1", occurred="2026-03-02T09:00+01:00", customers=["C-1", "C-2"]),
        ... ])
        >>> frames["incident_customers"]["customer"].tolist()
        ['C-1', 'C-2']
    """
    found: dict[str, list[tuple[Value, ...]]] = {}
    for name, cells in rows(records):
        found.setdefault(name, []).append(cells)
    make = _in_pandas if backend == "pandas" else _in_narwhals(backend)
    frames = {}
    for name, table in tables().items():
        if name in found:
            data: dict[str, list[object]] = {}
            forms: dict[str, Form] = {}
            for column, values in zip(table.columns, zip(*found[name], strict=True), strict=True):
                data[column.name] = [_cell(column, value) for value in values]
                forms[column.name] = column.form
                if column.days:
                    data[f"{column.name}_is_day"] = [_is_day(value) for value in values]
                    forms[f"{column.name}_is_day"] = "flag"
            frames[name] = make(data, forms)
    return frames


def _in_pandas(data: dict[str, list[object]], forms: dict[str, Form]) -> Any:
    import pandas

    # The types that can hold "not known": others would make floats of numbers and text of flags.
    dtypes = {
        "text": "string",
        "whole": "Int64",
        "number": "float64",
        "flag": "boolean",
        "moment": "datetime64[us, UTC]",
    }
    return pandas.DataFrame(
        {name: pandas.Series(values, dtype=dtypes[forms[name]]) for name, values in data.items()}
    )


def _in_narwhals(backend: str) -> Callable[[dict[str, list[object]], dict[str, Form]], Any]:
    try:
        import narwhals
    except ImportError:
        raise MissingExtra("frames", f"Making {backend} DataFrames") from None
    dtypes = {
        "text": narwhals.String(),
        "whole": narwhals.Int64(),
        "number": narwhals.Float64(),
        "flag": narwhals.Boolean(),
        "moment": narwhals.Datetime("us", "UTC"),
    }

    def make(data: dict[str, list[object]], forms: dict[str, Form]) -> Any:
        schema = {name: dtypes[form] for name, form in forms.items()}
        return narwhals.from_dict(data, schema, backend=backend).to_native()

    return make


def _cell(column: Column, value: Value) -> object:
    if value is None:
        return None
    if isinstance(value, Day):
        value = value.start
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return float(value) if column.form == "number" else value


def _is_day(value: Value) -> bool | None:
    return None if value is None else isinstance(value, Day)
