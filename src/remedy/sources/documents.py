"""JSON documents and JSON Lines, read strictly."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from remedy.errors import SourceError, shown
from remedy.sources.files import TextFile
from remedy.sources.rows import Reading, Row, Rows, row_of

__all__ = ["Document", "Lines"]

_DEEPEST = 64
_WHITESPACE = " \t\r\n"
"""What JSON may have between its parts; Python counts more."""


class _Malformed(ValueError):
    """What is wrong with a piece of JSON."""


def _is_blank(text: str) -> bool:
    return not text or (text.isspace() and not text.strip(_WHITESPACE))


class _Json(Rows):
    def __init__(self, path: Path, reading: Reading) -> None:
        self.name = str(path)
        self._path = path
        self._reading = reading
        self._share: float | None = None

    @property
    def share(self) -> float | None:
        """How much of the file has been read, from 0 to 1."""
        return self._share

    def _open(self) -> TextFile:
        self.ended_early = None
        return TextFile(
            self._path,
            encoding=self._reading.encoding,
            longest=self._reading.longest_line,
            cut_short=self._reading.cut_short,
        )

    def _row(self, text: str, line: int, number: int) -> Row:
        try:
            found = parsed(text)
            if not isinstance(found, dict):
                raise _Malformed(f"is {_kind(found)}, not an object with its fields.")
            if len(text) > self._reading.max_cell:
                self._check_lengths(found)
        except _Malformed as malformed:
            return Row(line, number, {}, str(malformed), None, text.strip())
        row = row_of(found, line, number)
        return row if row.problem is None else row._replace(raw=text.strip())

    def _check_lengths(self, found: dict[str, Any]) -> None:
        for name, value in found.items():
            if isinstance(value, str) and len(value) > self._reading.max_cell:
                raise _Malformed(
                    f"the field {shown(name)} has more than {self._reading.max_cell:,} "
                    f"characters. If it is meant to, raise max_cell."
                )


class Lines(_Json):
    """The rows of a JSON Lines file: one object per line.

    A line that is no object of sound JSON is handed on with its problem.
    """

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""
        with self._open() as file:
            for number, line in enumerate(file, start=1):
                if not number % 500:
                    self._share = file.share
                if not _is_blank(line):
                    yield self._row(line, number, number)
            self.ended_early = file.ended_early


class Document(_Json):
    """The rows of a JSON file: a list of objects, or such a list inside an object.

    A list is read object by object; an object has to be read as a whole.
    """

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""
        with self._open() as file:
            texts = file.texts()
            head = ""
            for text in texts:
                head += text
                if not _is_blank(head):
                    break
            if head.lstrip(_WHITESPACE)[:1] == "[" and self._reading.records is None:
                for number, (line, element) in enumerate(
                    self._elements(head, texts, file), start=1
                ):
                    self._share = file.share
                    yield self._row(element, line, number)
                self.ended_early = self.ended_early or file.ended_early
            else:
                yield from self._inside(head + "".join(texts))

    def _inside(self, text: str) -> Iterator[Row]:
        try:
            found = parsed(text)
        except _Malformed as malformed:
            raise SourceError(self.name, str(malformed)) from None
        path = self._reading.records
        if path is None:
            told = (
                f"is a single object with the keys {', '.join(map(repr, found))}. Say under which "
                f"the list of rows stands: records = 'items'."
                if isinstance(found, dict)
                else f"is {_kind(found)}, not a list of rows. Give a list of objects."
            )
            raise SourceError(self.name, told)
        for step in path.split("."):
            if not isinstance(found, dict) or step not in found:
                raise SourceError(self.name, f"there is nothing under records = {shown(path)}.")
            found = found[step]
        if not isinstance(found, list):
            raise SourceError(self.name, f"{shown(path)} is {_kind(found)}, not a list of rows.")
        for number, each in enumerate(found, start=1):
            if isinstance(each, dict):
                yield row_of(each, None, number)
            else:
                problem = f"is {_kind(each)}, not an object with its fields."
                yield Row(None, number, {}, problem, None, json.dumps(each))

    def _elements(
        self, buffer: str, texts: Iterator[str], file: TextFile
    ) -> Iterator[tuple[int, str]]:
        """Yield the line and the text of each element of a list."""
        start = place = depth = elements = 0
        line = 1  # where `start` is
        while True:
            for token in _TOKEN.finditer(buffer, place):
                what = token[0]
                if what == '"':  # a string that goes on in what is not read yet
                    place = token.start()
                    break
                place = token.end()
                depth += (what in "[{") - (what in "]}") if len(what) == 1 else 0
                opens = what == "[" and depth == 1
                ends = depth == 0 or (what == "," and depth == 1)
                if not opens and not ends:
                    continue
                element = buffer[start : token.start()]
                if ends and not _is_blank(element):
                    blank = len(element) - len(element.lstrip(_WHITESPACE))
                    yield line + element.count("\n", 0, blank), element
                    elements += 1
                elif ends and (what == "," or elements):
                    raise SourceError(
                        self.name, f"line {line}: a comma has nothing before it, or after it."
                    )
                line += buffer.count("\n", start, place)
                start = place
                if depth == 0:
                    self._check_end(what, buffer[place:], texts, line)
                    return
            more = next(texts, "")
            if not more:
                if self._reading.cut_short:
                    self.ended_early = f"line {line:,}"
                    return
                raise SourceError(
                    self.name,
                    f"ends in the middle of the list, in what begins in line {line}. Fetch it "
                    f"again, or take what is there with cut_short = true.",
                )
            buffer = buffer[start:] + more
            place -= start
            start = 0
            if len(buffer) > self._reading.longest_line:
                raise SourceError(
                    self.name,
                    f"what begins in line {line} goes on for more than "
                    f"{self._reading.longest_line:,} characters. If it is to, raise max_cell.",
                )

    def _check_end(self, what: str, rest: str, texts: Iterator[str], line: int) -> None:
        if what != "]":
            raise SourceError(self.name, f"line {line}: the list is closed by {shown(what)}.")
        for text in (rest, *texts):
            if not _is_blank(text):
                raise SourceError(
                    self.name, f"line {line}: the list ends here, and something follows it."
                )


# A whole string, the beginning of one that is not whole, or a sign that gives structure.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|["\[\]{},]', re.DOTALL)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {list: "a list", dict: "an object", str: "a string", type(None): "null"}
    return names.get(type(value), "a number")


# --- one piece of JSON ----------------------------------------------------------------------------


def parsed(text: str) -> Any:
    """Return what a piece of JSON says.

    Raises:
        _Malformed: If it is no JSON, or says what no two readers agree on: a key twice, NaN,
            numbers that overflow, more than 64 levels.
    """
    if text.count("[") + text.count("{") > _DEEPEST and _depth(text) > _DEEPEST:
        raise _Malformed(f"is nested deeper than {_DEEPEST} levels.")
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, character" if error.lineno > 1 else "character"
        raise _Malformed(f"is no JSON: {error.msg} ({place} {error.colno}).") from None


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in ("]", "}"):
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise _Malformed(f"the key {shown(twice)} stands twice in one object.")
    return found


def _no_constant(name: str) -> Mapping[str, Any]:
    raise _Malformed(f"holds {name}, which is no JSON. Write null where there is no number.")


def _whole(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise _Malformed(f"the number {text[:24]}{'…' * (len(text) > 24)} is beyond 64 bits.")
    return int(text)


def _number(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise _Malformed(f"the number {text[:24]} is too large.")
    return found
