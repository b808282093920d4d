"""Conditions of a mapping, made into functions once, before the first row.

None of them takes longer than the text is long: nobody's regular expressions are run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from remedy._coerce import Refused
from remedy.sources.converting import number_in, text_of
from remedy.sources.values import Condition

__all__ = ["RowReader", "Test", "Values", "test_of"]

Values = Mapping[str, Any]
"""The values of one row, by column."""
RowReader = Callable[[Values], Any]
Test = Callable[[Values], bool]


def test_of(condition: Condition, column: str | None, reader: Callable[[str], RowReader]) -> Test:
    """Return the function that says whether a condition holds of a row.

    Args:
        condition: The condition.
        column: The column that it looks at where it names none.
        reader: Makes the function that takes the value of a column out of a row, or None where it
            says nothing.
    """
    column = condition.column or column
    tests = list(_tests_of_column(condition, column, reader)) if column is not None else []
    if condition.any_ is not None:
        some = [test_of(each, column, reader) for each in condition.any_]
        tests.append(lambda row: any(test(row) for test in some))
    tests += [test_of(each, column, reader) for each in condition.all_ or ()]
    if condition.not_ is not None:
        negated = test_of(condition.not_, column, reader)
        tests.append(lambda row: not negated(row))
    return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def _tests_of_column(
    condition: Condition, column: str, reader: Callable[[str], RowReader]
) -> Iterator[Test]:
    if condition.present is not None:
        read = reader(column)
        present = condition.present
        yield lambda row: (read(row) is not None) is present
    for key, make in _TEXT_TESTS.items():
        words = getattr(condition, key)
        if words is not None:
            yield _on_text(column, make([word.strip().casefold() for word in words]))
    if condition.above is not None:
        yield _on_number(column, Decimal(repr(condition.above)), 1)
    if condition.below is not None:
        yield _on_number(column, Decimal(repr(condition.below)), -1)


Holds = Callable[[str], bool]


def _on_text(column: str, holds: Holds) -> Test:
    def test(row: Values) -> bool:
        value = row.get(column)
        if isinstance(value, list):  # tags: any one of them
            return any(holds(text_of(each).strip().casefold()) for each in value)
        return holds(text_of(value).strip().casefold())

    return test


def _on_number(column: str, limit: Decimal, sign: int) -> Test:
    def test(row: Values) -> bool:
        try:
            return (number_in(row.get(column)) - limit) * sign > 0
        except Refused:
            return False

    return test


def _contains_word(word: str) -> Holds:
    # Of a pattern that is a plain text, the search takes no longer than the text is long.
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    return lambda text: pattern.search(text) is not None


def _like(pattern: str) -> Holds:
    first, *middle = pattern.split("*")
    last = middle.pop() if middle else None

    def holds(text: str) -> bool:
        if last is None:
            return text == first
        if not text.startswith(first) or len(text) < len(first) + len(last):
            return False
        place, end = len(first), len(text) - len(last)
        for piece in middle:
            place = text.find(piece, place, end)
            if place < 0:
                return False
            place += len(piece)
        return text.endswith(last)

    return holds


def _any(make: Callable[[str], Holds]) -> Callable[[list[str]], Holds]:
    def made(words: list[str]) -> Holds:
        tests = [make(word) for word in words]
        return lambda text: any(test(text) for test in tests)

    return made


_TEXT_TESTS: Mapping[str, Callable[[list[str]], Holds]] = {
    "equals": lambda words: frozenset(words).__contains__,
    "contains": _any(lambda word: lambda text: word in text),
    "words": _any(_contains_word),
    "starts_with": lambda words: lambda text: text.startswith(tuple(words)),
    "ends_with": lambda words: lambda text: text.endswith(tuple(words)),
    "matches": _any(_like),
}
