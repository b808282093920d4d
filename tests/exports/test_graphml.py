from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy import Amends, Customer, Incident
from remedy.exports import TargetExists, generate_graphml, write_graphml
from remedy.graph import graph_of
from tests.exports.drawn import HOSTILE
from tests.exports.samples import NOON, one_of_each

XML = "{http://graphml.graphdrawing.org/xmlns}"


def read(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    found = nx.parse_graphml("\n".join(generate_graphml(graph)), force_multigraph=True)
    return nx.relabel_nodes(found, nx.get_node_attributes(found, "id"))


def test_the_graph_comes_back_with_its_edges() -> None:
    graph = graph_of(one_of_each())
    found = read(graph)
    assert set(found) == set(graph)
    assert sorted(found.edges(data="kind")) == sorted(graph.edges(data="kind"))


def test_nodes_carry_what_the_record_says() -> None:
    incident = read(graph_of(one_of_each())).nodes["INC-1"]
    assert incident == {
        "id": "INC-1",
        "record": "incident",
        "label": "-1 € ﬂ next",
        "date": "2026-03-02T12:00:00+00:00",
        "failure": "8:shipping7:collect",
        "occurred": "2026-03-02+01:00",
        "occurred_basis": "observed",
        "detected": "2026-03-02T12:00:00+00:00",
        "process": "shipping",
        "failure_mode": "collect",
        "impact": "major",
        "gate": "any",
        "title": "-1 € ﬂ\nnext",
        "provenance": "recorded",
        "attributes": '{"rank": 1, "name": "ü"}',
    }


def test_what_a_record_calls_its_kind_stands_beside_what_kind_of_record_it_is() -> None:
    action = read(graph_of(one_of_each())).nodes["ACT-1"]
    assert (action["record"], action["kind"]) == ("action", "corrective")


def test_edges_carry_what_is_known_of_them() -> None:
    found = read(graph_of(one_of_each()))
    [affected] = found["INC-1"]["C-1"].values()
    assert affected == {
        "kind": "affected",
        "field": "customers",
        "date": "2026-03-02T12:00:00+00:00",
        "order": "+1001",
        "order_no": -5,
        "acknowledged": "2026-04-11T12:00:00+00:00",
    }


def test_numbers_and_flags_are_typed() -> None:
    graph = graph_of(one_of_each())
    root = ElementTree.fromstring("\n".join(generate_graphml(graph)))
    types = {
        (key.get("for"), key.get("attr.name")): key.get("attr.type")
        for key in root.iter(f"{XML}key")
    }
    assert types["node", "chances"] == "long"
    assert types["node", "amount"] == "double"
    assert types["node", "supervised"] == types["node", "is_human"] == "boolean"
    assert types["node", "made"] == "string"
    assert types["edge", "order_no"] == "long"
    found = read(graph)
    assert found.nodes["EXP-1"]["chances"] == 1204
    assert found.nodes["EXP-1"]["supervised"] is True
    assert found.nodes["CAU-2"]["is_human"] is False
    assert found.nodes["AMD-1"]["amount"] == 12.5


def test_ids_within_the_document_are_unique_names() -> None:
    root = ElementTree.fromstring("\n".join(generate_graphml(graph_of(one_of_each()))))
    ids = [each.get("id") for tag in ("key", "node", "edge") for each in root.iter(f"{XML}{tag}")]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[den][0-9]+", id or "") for id in ids)


def test_money_that_is_not_known_is_left_out() -> None:
    graph = graph_of([Amends(id="A", incident="I", kind="gift", made=NOON)])
    assert "amount" not in read(graph).nodes["A"]


def test_text_may_hold_any_line_break() -> None:
    graph = graph_of([Customer(id="C", name="a\u2028b\u0085"[:3] + "c\rd\r\ne\tf")])
    assert read(graph).nodes["C"]["name"] == "a\u2028bc\nd\ne\tf"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    graph = graph_of([Incident(id="I", occurred=NOON)])
    graph.nodes["I"]["label"] = graph.nodes["I"]["failure"] = text
    found = read(graph)
    assert list(found) == ["I"]
    assert set(found.nodes["I"]) <= {"id", "record", "label", "date", "failure", "occurred"} | {
        *("occurred_basis", "gate", "provenance")
    }


@given(st.text(st.characters()))
def test_every_text_makes_a_document_that_is_well_formed(text: str) -> None:
    graph = graph_of([Incident(id="I", occurred=NOON)])
    graph.nodes["I"]["failure"] = text
    kept = "".join(
        each
        for each in text.replace("\r\n", "\n").replace("\r", "\n")
        if each in "\t\n"
        or " " <= each < "\ud800"
        or "\ue000" <= each <= "\ufffd"
        or each > "\uffff"
    )
    assert (read(graph).nodes["I"].get("failure") or "") == kept


def test_the_graph_itself_is_left_as_it_is() -> None:
    graph = graph_of(one_of_each())
    before = {id: dict(data) for id, data in graph.nodes(data=True)}
    list(generate_graphml(graph))
    assert {id: dict(data) for id, data in graph.nodes(data=True)} == before


def test_a_file_is_written_as_generated(tmp_path: Path) -> None:
    graph = graph_of(one_of_each())
    path = write_graphml(graph, tmp_path / "all.graphml")
    assert path.read_text(encoding="utf-8").splitlines() == list(generate_graphml(graph))
    assert set(nx.read_graphml(path)) == {f"n{number}" for number in range(len(graph))}
    with pytest.raises(TargetExists):
        write_graphml(graph, path)
