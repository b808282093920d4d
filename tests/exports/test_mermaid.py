from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy import Affected, Apology, Cause, Customer, Incident, Response
from remedy.exports import TargetExists, generate_mermaid, write_mermaid
from remedy.exports._drawing import clean
from remedy.graph import graph_of
from remedy.records import RECORDS
from tests.exports.drawn import HOSTILE, read_mermaid
from tests.exports.samples import NOON, one_of_each

hostile_text = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=12), max_size=4).map("".join)


def case() -> list[Incident | Cause | Apology]:
    return [
        Incident(
            id="INC-1",
            occurred=NOON,
            title="Freight collect",
            customers="C-1",
            process="shipping",
            failure_mode="collect",
        ),
        Incident(
            id="INC-2",
            occurred=NOON + timedelta(days=30),
            process="shipping",
            failure_mode="collect",
        ),
        Cause(id="CAU-1", found=NOON + timedelta(days=31), incidents="INC-2", text="No check"),
    ]


def test_a_case_is_drawn_with_the_earliest_first() -> None:
    assert list(generate_mermaid(graph_of(case()), focus="INC-2")) == [
        "flowchart BT",
        '  n0{{"incident INC-1<br/>Freight collect<br/>2026-03-02 12:00"}}:::incident',
        '  n1{{"incident INC-2<br/>collect<br/>2026-04-01 12:00"}}:::incident',
        '  n2[/"cause CAU-1<br/>No check<br/>2026-04-02 12:00 found"\\]:::cause',
        '  n3(["customer C-1"]):::customer',
        '  n1 ==>|"repeats"| n0',
        '  n2 -->|"cause of"| n1',
        '  n0 ---|"affected"| n3',
        "  classDef incident fill:#fde4e1,stroke:#b42318,color:#1f2328",
        "  classDef cause fill:#fef0c7,stroke:#a15c07,color:#1f2328",
        "  classDef customer fill:#f3f4f6,stroke:#6b7280,color:#1f2328",
        "  style n1 stroke-width:4px",
    ]


def test_each_kind_has_its_form() -> None:
    drawn = read_mermaid(list(generate_mermaid(graph_of(one_of_each()), focus=("EXP-1", "WAI-1"))))
    assert {kind for kind, _ in drawn.boxes.values()} == set(RECORDS)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_label_stays_a_label(text: str) -> None:
    graph = graph_of(case())
    graph.nodes["INC-1"]["label"] = text
    drawn = read_mermaid(list(generate_mermaid(graph)))
    label = [clean(text)] if clean(text) else []
    assert drawn.boxes["n0"] == ("incident", ["incident INC-1", *label, "2026-03-02 12:00"])
    assert len(drawn.boxes) == 4
    assert len(drawn.arrows) == 3
    assert len(drawn.rest) == 3


@given(hostile_text, hostile_text)
def test_no_text_breaks_out_of_its_label(one: str, other: str) -> None:
    graph = graph_of(case())
    graph.nodes["INC-1"]["label"] = one
    graph.nodes["CAU-1"]["label"] = other
    drawn = read_mermaid(list(generate_mermaid(graph)))
    assert set(drawn.boxes) == {"n0", "n1", "n2", "n3"}
    assert drawn.boxes["n0"][1][1:-1] == ([clean(one)] if clean(one) else [])
    assert drawn.boxes["n2"][1][1:-1] == ([clean(other)] if clean(other) else [])
    assert drawn.arrows == [
        ("n1", "repeats", "n0"),
        ("n2", "cause of", "n1"),
        ("n0", "affected", "n3"),
    ]


def test_a_hostile_id_stays_in_its_label() -> None:
    id = 'C"]; click n0 "javascript:alert(1)"'
    graph = graph_of([Incident(id="end", occurred=NOON, customers=id)])
    drawn = read_mermaid(list(generate_mermaid(graph)))
    assert drawn.boxes["n1"] == ("customer", [f"customer {id}"])


def test_time_is_told_in_the_zone_that_is_asked_for() -> None:
    graph = graph_of(case())
    lines = list(generate_mermaid(graph, zone=timezone(timedelta(hours=-13))))
    assert "2026-03-01 23:00" in lines[1]


def test_many_customers_become_one_box() -> None:
    customers = [f"C-{number:04}" for number in range(1, 2001)]
    records = [
        Incident(id="INC-1", occurred=NOON, customers=customers),
        Response(id="RES-1", customer="C-0500", incident="INC-1", kind="left", made=NOON),
    ]
    drawn = read_mermaid(list(generate_mermaid(graph_of(records))))
    told = [lines for kind, lines in drawn.boxes.values() if kind == "customer"]
    assert told == [["1,999 customers", "C-0001, C-0002, C-0003, …"], ["customer C-0500"]]


def test_a_file_is_written_as_generated(tmp_path: Path) -> None:
    graph = graph_of(case())
    path = write_mermaid(graph, tmp_path / "case.mmd", focus="INC-1", most=3, zone=UTC)
    lines = generate_mermaid(graph, focus="INC-1", most=3, zone=UTC)
    assert path.read_text(encoding="utf-8") == "".join(f"{line}\n" for line in lines)


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "case.mmd"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(TargetExists, match=r"case\.mmd exists already"):
        write_mermaid(graph_of([]), path)
    assert path.read_text(encoding="utf-8") == "mine"
    write_mermaid(graph_of([Customer(id="C-1")]), path, overwrite=True)
    assert path.read_text(encoding="utf-8").startswith("flowchart")


def test_an_empty_graph_is_an_empty_drawing() -> None:
    assert list(generate_mermaid(graph_of([]))) == ["flowchart BT"]


def test_a_day_is_told_without_a_time() -> None:
    affected = Affected(customer="C-1")
    graph = graph_of([Incident(id="I", occurred="2026-03-02+01:00", customers=affected)])
    drawn = read_mermaid(list(generate_mermaid(graph)))
    assert drawn.boxes["n0"][1] == ["incident I", "2026-03-02"]
    assert datetime(2026, 3, 1, 23, tzinfo=UTC) == graph.nodes["I"]["date"]
