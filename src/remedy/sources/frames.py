"""DataFrames of pandas, polars, pyarrow and others, by way of narwhals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from remedy.errors import MissingExtra, SourceError, shown, with_article
from remedy.sources.rows import Row, Rows, flattened

__all__ = ["Frame"]


class Frame(Rows):
    """The rows of a DataFrame. A whole number that became a float for want of others is one again.

    Raises:
        MissingExtra: If narwhals is not installed.
        SourceError: If it is no DataFrame that narwhals knows, or its columns have no names.
    """

    def __init__(self, data: Any, name: str) -> None:
        try:
            import narwhals as nw
        except ImportError:
            raise MissingExtra("frames", "Reading a DataFrame") from None
        self.name = name
        try:
            frame = nw.from_native(data)
        except TypeError:
            raise SourceError(
                name,
                f"is {with_article(type(data).__name__)}, which is no DataFrame that narwhals "
                "knows.",
            ) from None
        except nw.exceptions.DuplicateError:
            names = Counter(map(str, getattr(data, "column_names", data.columns)))
            twice = next((each for each, count in names.items() if count > 1), "?")
            raise SourceError(
                name,
                f"several of its columns are called {shown(twice)}. Give them names of their own.",
            ) from None
        self._frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
        self._names = tuple(self._frame.columns)
        for column in self._names:
            if not isinstance(column, str) or not column.strip():
                raise SourceError(
                    name,
                    f"the column {shown(column)} has no name that is text: rename the columns.",
                )

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns."""
        return self._names

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""
        for number, given in enumerate(self._frame.iter_rows(named=True), start=1):
            values, problem = flattened(given)
            for column, value in values.items():
                if isinstance(value, float) and value.is_integer():
                    values[column] = int(value)
            raw = None if problem is None else repr(given)
            yield Row(None, number, values, problem, None, raw)
