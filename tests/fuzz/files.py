"""Targets for files, read row by row, looked at, and asked what they could become."""

from __future__ import annotations

import gzip
import json
import tomllib
from pathlib import Path
from typing import Any

from remedy.sources import (
    Mapping,
    Reading,
    infer,
    preview,
    profile,
)
from remedy.sources.files import TextFile
from remedy.sources.mapping import mapping_from
from remedy.sources.rows import rows_of
from tests.fuzz.seeds import (
    FILE_WORDS,
    FILES,
)
from tests.fuzz.target import (
    Target,
    check_printable,
    folder,
    json_of,
    refusing,
    small,
    text_of,
)


def put(data: bytes) -> tuple[Path, Reading | None, bytes]:
    """Write a file: the first line says its name and how it is read, the rest is what is in it.

    `.csv|utf-8|;|100|cut|records.key`; a packed file is packed here, unless its name ends in
    `.raw.gz`.
    """
    head, _, content = data.partition(b"\n")
    suffix, encoding, delimiter, most, cut, records, *_ = [*text_of(head).split("|"), *[""] * 6]
    known = suffix in (".csv", ".tsv", ".json", ".jsonl", ".csv.gz", ".jsonl.gz", ".raw.csv.gz")
    path = folder() / f"tickets{suffix if known else '.csv'}"
    packed = suffix.endswith(".gz") and known and ".raw" not in suffix
    path.write_bytes(gzip.compress(content, 0) if packed else content)
    reading = None
    with refusing():
        reading = Reading(
            encoding=encoding or "utf-8",
            delimiter=delimiter or None,
            max_cell=small(most, 1, 1_000_000, 1_000_000),
            cut_short=bool(cut),
            records=records or None,
        )
    return path, reading, content


def text_files(data: bytes) -> None:
    path, reading, content = put(data)
    if reading is None:
        return
    with refusing():
        with TextFile(
            path,
            encoding=reading.encoding,
            longest=reading.longest_line,
            cut_short=reading.cut_short,
        ) as file:
            lines = list(file)
        assert all(line and not {"\r", "\n"} & set(line.rstrip("\r\n")) for line in lines)
        if ".raw" not in path.name and not file.ended_early:
            assert "".join(lines) == content.decode(reading.encoding).removeprefix("\ufeff")


def rows(data: bytes) -> None:
    """A table, lines of JSON or a document of it, row by row."""
    path, reading, content = put(data)
    if reading is None:
        return
    with refusing():
        found = rows_of(path, reading)
        each_row = list(found)
        for row in each_row:
            if row.problem is not None:
                check_printable(row.problem)
        assert [row.number for row in each_row] == sorted({row.number for row in each_row})
        assert each_row == list(found)
        if all(row.problem is None for row in each_row) and not found.ended_early:
            _check_rows(path, reading, content, [row.values for row in each_row])


def _check_rows(path: Path, reading: Reading, content: bytes, values: list[Any]) -> None:
    """What was read without complaint is what any other reader of JSON reads."""
    if path.suffix not in (".json", ".jsonl"):
        return
    plain = content.decode(reading.encoding).removeprefix("\ufeff")
    if path.suffix == ".json":
        told = json.loads(plain)
        for step in (reading.records or "").split(".") if reading.records is not None else ():
            told = told[step]
    else:
        lines = plain.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        told = [json.loads(line) for line in lines if line.strip(" \t")]
    assert len(told) == len(values)
    for one, other in zip(told, values, strict=True):
        flat = not any(isinstance(each, dict) for each in one.values())
        assert not flat or {name.strip(): each for name, each in one.items()} == other


def profiles(data: bytes) -> None:
    path, reading, _ = put(data)
    if reading is None:
        return
    with refusing():
        found = profile(path, reading=reading)
        json.dumps(found.to_dict())
        check_printable(str(found))


def check_mapping(found: Mapping) -> None:
    """What a mapping says in its file is what it says."""
    assert mapping_from(tomllib.loads(found.to_toml())) == found
    assert mapping_from(found.to_dict()) == found


def inferences(data: bytes) -> None:
    """As for rows; the second line holds answers, as JSON."""
    head, _, rest = data.partition(b"\n")
    answers, _, content = rest.partition(b"\n")
    path, reading, _ = put(head + b"\n" + content)
    if reading is None:
        return
    with refusing():
        found = infer(path, reading=reading)
        json.dumps(found.to_dict())
        check_printable(str(found))
        given = json_of(answers)
        with refusing():
            if isinstance(given, dict):
                found = found.answered({k: v for k, v in given.items() if isinstance(v, str)})
        zone = {"zone": "Europe/Vienna"}
        for question in found.open:
            with refusing():
                choices = [*(each.answer for each in question.choices), zone.get(question.name)]
                found = found.answered({question.name: next(filter(None, choices), "")})
        if not found.open:
            check_mapping(found.mapping())
            check_printable(str(preview(path, found.mapping())))


TARGETS = {
    "text_files": Target(run=text_files, seeds=FILES, words=FILE_WORDS),
    "rows": Target(run=rows, seeds=FILES, words=FILE_WORDS, covers=("remedy.sources.Reading",)),
    "profiles": Target(
        run=profiles,
        seeds=FILES,
        words=FILE_WORDS,
        covers=("remedy.sources.profile", "remedy.sources.Profile"),
        examples=50,
    ),
    "inferences": Target(
        run=inferences,
        seeds=tuple(
            each.replace(b"\n", b'\n{"zone": "Europe/Vienna", "source": "crm"}\n', 1)
            for each in FILES
        ),
        words=(*FILE_WORDS, b"zone", b"customer", b"day_or_month", b"signature", b" + ", b"none"),
        covers=("remedy.sources.infer", "remedy.sources.Inferred"),
        examples=50,
    ),
}
