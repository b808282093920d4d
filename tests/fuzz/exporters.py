"""Targets for what writes records and graphs for other programs."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from typing import Any

import networkx as nx
from hypothesis import strategies as st

from remedy import Record, from_dict
from remedy.exports import (
    frames_of,
    generate_csv,
    generate_dot,
    generate_graphml,
    generate_json,
    generate_jsonl,
    generate_mermaid,
    guarded,
    safe_name,
    table_names,
    unguarded,
    write_csv,
    write_dot,
    write_graphml,
    write_json,
    write_jsonl,
    write_mermaid,
)
from remedy.exports._tables import rows
from remedy.graph import graph_of
from remedy.records import RECORDS
from tests.exports.drawn import read_dot, read_mermaid
from tests.fuzz.target import Target, drawn_seeds, folder, structured, text_of
from tests.strategies import GROUND, records

some_records = st.lists(
    st.one_of([records(kind) for kind in RECORDS.values()]),
    min_size=1,
    max_size=3,
    unique_by=lambda record: record.id,
)
"""A few records of any kind, all of whose fields are drawn."""


def _path(name: str) -> Any:
    path = folder() / name
    path.unlink(missing_ok=True)
    return path


def as_json(given: list[Record]) -> None:
    lines = list(generate_jsonl(given))
    assert not any({"\n", "\r"} & set(line) for line in lines)
    assert [from_dict(json.loads(line)) for line in lines] == given
    whole = json.loads("\n".join(generate_json(given)))
    assert [from_dict(each) for each in whole] == given
    written = write_jsonl(given, _path("records.jsonl")).read_text("utf-8")
    assert written == "".join(f"{line}\n" for line in lines)
    assert json.loads(write_json(given, _path("records.json")).read_text("utf-8")) == whole


_FORMULA = re.compile(r"\A'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def as_tables(given: list[Record]) -> None:
    expected: dict[str, list[Any]] = {}
    for name, cells in rows(given):
        expected.setdefault(name, []).append(cells)
    for path in folder().glob("*.csv"):
        path.unlink()
    written = {path.stem: path for path in write_csv(given, folder())}
    assert set(written) == set(expected)
    for name in table_names():
        text = "\n".join(generate_csv(given, name)) + "\n"
        _head, *found = csv.reader(io.StringIO(text, newline=""), strict=True)
        assert len(found) == len(expected.get(name, []))
        for cells, values in zip(found, expected.get(name, []), strict=True):
            for cell, value in zip(cells, values, strict=True):
                if isinstance(value, str):
                    assert unguarded(cell) == value
                    assert cell in (value, f"'{value}")
                    assert not _FORMULA.match(cell) or cell.startswith("'")
        if name in written:
            assert written[name].read_bytes().decode("utf-8-sig") == text
        bare = "\n".join(generate_csv(given, name, guard=False)) + "\n"
        assert len(list(csv.reader(io.StringIO(bare, newline=""), strict=True))) == 1 + len(found)


def as_dot(given: list[Record]) -> None:
    graph = graph_of([*GROUND, *given])
    lines = list(generate_dot(graph, focus=list(graph), most=1_000))
    drawn = read_dot(lines)
    assert len(drawn.boxes) == len(graph)
    assert len(drawn.arrows) <= graph.number_of_edges()
    read_dot(list(generate_dot(graph, most=1)))
    path = write_dot(graph, _path("drawn.dot"), focus=list(graph), most=1_000)
    assert path.read_text("utf-8").split("\n")[:-1] == lines


def as_mermaid(given: list[Record]) -> None:
    graph = graph_of([*GROUND, *given])
    lines = list(generate_mermaid(graph, focus=list(graph), most=1_000))
    drawn = read_mermaid(lines)
    assert len(drawn.boxes) == len(graph)
    read_mermaid(list(generate_mermaid(graph, most=1)))
    path = write_mermaid(graph, _path("drawn.mmd"), focus=list(graph), most=1_000)
    assert path.read_text("utf-8").split("\n")[:-1] == lines


def as_graphml(given: list[Record]) -> None:
    graph = graph_of([*GROUND, *given])
    found = nx.parse_graphml("\n".join(generate_graphml(graph)), force_multigraph=True)
    names = nx.get_node_attributes(found, "id")
    assert set(names.values()) == set(graph)
    again = nx.relabel_nodes(found, names)
    assert sorted(again.edges(data="kind")) == sorted(
        (source, target, str(kind)) for source, target, kind in graph.edges(data="kind")
    )
    read = nx.read_graphml(write_graphml(graph, _path("drawn.graphml")), force_multigraph=True)
    assert read.number_of_edges() == graph.number_of_edges()


def as_frames(given: list[Record]) -> None:
    frames = frames_of(given)
    count: dict[str, int] = {}
    for name, _ in rows(given):
        count[name] = count.get(name, 0) + 1
    assert {name: len(frame) for name, frame in frames.items()} == count
    for record in given:
        assert record.id in set(frames[record.entity]["id"])


def file_names(data: bytes) -> None:
    text = text_of(data)
    name = safe_name(text, ".mmd")
    assert name.endswith(".mmd")
    assert len(name.encode()) <= 255
    assert not set(name) & set('/\\:*?"<>|\0')
    assert not name.startswith((".", " "))
    assert name.isprintable()
    assert unicodedata.is_normalized("NFC", name)
    if name == f"{text}.mmd":
        assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", text)
    else:
        assert safe_name(f"{text}x", ".mmd") != name


def formulas(data: bytes) -> None:
    text = text_of(data)
    assert unguarded(guarded(text)) == text
    assert not _FORMULA.match(guarded(text)) or guarded(text).startswith("'")


_SEEDS = drawn_seeds()

TARGETS = {
    "as_json": structured(
        some_records,
        as_json,
        seeds=_SEEDS,
        covers=tuple(
            f"remedy.exports.{name}"
            for name in ("generate_json", "generate_jsonl", "write_json", "write_jsonl")
        ),
        examples=20,
    ),
    "as_tables": structured(
        some_records,
        as_tables,
        seeds=_SEEDS,
        covers=tuple(
            f"remedy.exports.{name}" for name in ("generate_csv", "write_csv", "table_names")
        ),
        examples=20,
    ),
    "as_dot": structured(
        some_records,
        as_dot,
        seeds=_SEEDS,
        covers=("remedy.exports.generate_dot", "remedy.exports.write_dot"),
        examples=20,
    ),
    "as_mermaid": structured(
        some_records,
        as_mermaid,
        seeds=_SEEDS,
        covers=("remedy.exports.generate_mermaid", "remedy.exports.write_mermaid"),
        examples=20,
    ),
    "as_graphml": structured(
        some_records,
        as_graphml,
        seeds=_SEEDS,
        covers=("remedy.exports.generate_graphml", "remedy.exports.write_graphml"),
        examples=20,
    ),
    "as_frames": structured(
        some_records,
        as_frames,
        seeds=_SEEDS,
        covers=("remedy.exports.frames_of",),
        examples=10,
    ),
    "file_names": Target(
        run=file_names,
        seeds=(
            b"INC-1",
            b"../../etc/passwd",
            b"CON",
            b"com1.txt",
            "é\u0301".encode(),
            b"",
            b"a" * 99,
        ),
        words=(
            b"NUL",
            b"LPT1",
            b"/",
            b"..",
            b"\x00",
            b"\xcc\x81",
            b"\xf0\x9f\x98\x80",
            b"\\",
            b"~",
        ),
        covers=("remedy.exports.safe_name",),
        longest=512,
    ),
    "formulas": Target(
        run=formulas,
        seeds=(b"=1+1", b"'=1", b"''@x", b"-5", "\uff1dcmd()".encode(), b"\tx", b"plain"),
        words=(b"'", b"=", b"+", b"-", b"@", b"\t", b"\r", b"\n", "\uff0b".encode(), b" "),
        covers=("remedy.exports.guarded", "remedy.exports.unguarded"),
        longest=128,
    ),
}
