from __future__ import annotations

import shutil
import subprocess
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings

from remedy import Incident
from remedy.exports import generate_dot, write_dot
from remedy.exports._drawing import clean, wrapped
from remedy.graph import graph_of
from tests.exports.drawn import HOSTILE, read_dot
from tests.exports.samples import NOON, one_of_each
from tests.exports.test_mermaid import case, hostile_text

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def accepted(lines: list[str], *options: str) -> str:
    """Return what Graphviz makes of it."""
    return subprocess.run(
        ["dot", *options], input="\n".join(lines), text=True, capture_output=True, check=True
    ).stdout


def test_a_case_is_drawn_with_the_earliest_first() -> None:
    drawn = read_dot(list(generate_dot(graph_of(case()), focus="INC-2")))
    assert drawn.boxes == {
        "n0": ("octagon", ["incident INC-1", "Freight collect", "2026-03-02 12:00"]),
        "n1": ("octagon", ["incident INC-2", "collect", "2026-04-01 12:00"]),
        "n2": ("hexagon", ["cause CAU-1", "No check", "2026-04-02 12:00 found"]),
        "n3": ("ellipse", ["customer C-1"]),
    }
    assert drawn.arrows == [
        ("n1", "repeats", "n0"),
        ("n2", "cause of", "n1"),
        ("n0", "affected", "n3"),
    ]


def test_what_it_is_about_has_a_thick_border() -> None:
    lines = list(generate_dot(graph_of(case()), focus="INC-2"))
    assert [line.split()[0] for line in lines if "penwidth=3" in line] == ["n1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_label_stays_a_label(text: str) -> None:
    graph = graph_of(case())
    graph.nodes["INC-1"]["label"] = text
    drawn = read_dot(list(generate_dot(graph)))
    assert drawn.boxes["n0"][1] == ["incident INC-1", *wrapped(clean(text)), "2026-03-02 12:00"]
    assert (len(drawn.boxes), len(drawn.arrows), len(drawn.rest)) == (4, 3, 3)


@given(hostile_text, hostile_text)
def test_no_text_breaks_out_of_its_label(one: str, other: str) -> None:
    graph = graph_of(case())
    graph.nodes["INC-1"]["label"] = one
    graph.nodes["CAU-1"]["label"] = other
    drawn = read_dot(list(generate_dot(graph)))
    assert set(drawn.boxes) == {"n0", "n1", "n2", "n3"}
    assert drawn.boxes["n0"][1][1:-1] == wrapped(clean(one))
    assert drawn.boxes["n2"][1][1:-1] == wrapped(clean(other))
    assert len(drawn.arrows) == 3


@needs_dot
def test_graphviz_takes_every_kind_and_every_hostile_label() -> None:
    assert "n0" in accepted(list(generate_dot(graph_of(one_of_each()), focus="EXP-1")), "-Tcanon")
    records = [
        Incident(id=f"I{number}", occurred=NOON, title=text or None)
        for number, text in enumerate(each.replace("\x00", "").strip() for each in HOSTILE)
        if clean(text) == text
    ]
    drawn = accepted(list(generate_dot(graph_of(records), most=100)), "-Tsvg")
    assert drawn.count('class="node"') == len(records)
    assert "href" not in drawn


@needs_dot
@settings(max_examples=10)
@given(hostile_text)
def test_graphviz_says_what_the_label_says(text: str) -> None:
    graph = graph_of(case())
    graph.nodes["INC-1"]["label"] = text
    plain = accepted(list(generate_dot(graph)), "-Tjson")
    import json

    boxes = [each for each in json.loads(plain)["objects"] if each["name"] == "n0"]
    told = [
        step["text"]
        for step in chain.from_iterable(box["_ldraw_"] for box in boxes)
        if step["op"] == "T"
    ]
    assert told[1:-1] == wrapped(clean(text))


def test_a_file_is_written_as_generated(tmp_path: Path) -> None:
    graph = graph_of(case())
    path = write_dot(graph, tmp_path / "case.dot", focus="INC-1", most=3)
    lines = generate_dot(graph, focus="INC-1", most=3)
    assert path.read_text(encoding="utf-8") == "".join(f"{line}\n" for line in lines)
