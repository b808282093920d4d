"""The casebook as a graph: nodes, edges, the part around a record, the path of a finding."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import remedy
from remedy import (
    ALL,
    Action,
    Affected,
    Alias,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Config,
    Customer,
    Day,
    Decision,
    Evidence,
    Exposure,
    External,
    FollowUp,
    Incident,
    Link,
    Promise,
    Response,
    Verdict,
    Verification,
    Waiver,
)
from remedy._reading import entity_of
from remedy.engines.focus import focus_of
from remedy.errors import InvalidTime, UnknownRecord
from remedy.graph import EdgeKind, around, evidence, graph_of, of_casebook
from tests.oracle.random_casebooks import random_casebook

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(days: float) -> datetime:
    return NOON + timedelta(days=days)


def incident(id: str, days: float = 0, **fields: object) -> Incident:
    return Incident(id=id, occurred=at(days), **fields)  # type: ignore[arg-type]


def collect(id: str, days: float, **fields: object) -> Incident:
    return incident(id, days, process="shipping", failure_mode="shipped collect", **fields)


def edges(graph: nx.MultiDiGraph) -> set[tuple[str, str, str]]:
    return {(source, kind.value, target) for source, target, kind in graph.edges(keys=True)}


def edges_of(*records: remedy.Record) -> set[tuple[str, str, str]]:
    return edges(graph_of(records))


# --- nodes and edges ------------------------------------------------------------------------------


def test_a_node_carries_the_record_and_what_it_is() -> None:
    record = collect("INC-1", 0, title="Freight collect")
    assert graph_of([record]).nodes["INC-1"] == {
        "kind": "incident",
        "record": record,
        "label": "Freight collect",
        "date": NOON,
        "failure": "8:shipping15:shipped collect",
    }


def test_an_edge_says_which_field_it_comes_from_and_since_when_it_counts() -> None:
    graph = graph_of(
        [incident("INC-1"), Cause(id="CAU-1", found=at(2), incidents=Link(to="INC-1").to)]
    )
    assert graph.edges["CAU-1", "INC-1", EdgeKind.CAUSE_OF] == {
        "kind": EdgeKind.CAUSE_OF,
        "field": "incidents",
        "since": None,
        "date": at(2),
    }


def test_an_edge_counts_from_its_own_date_if_that_is_later_than_those_of_its_ends() -> None:
    graph = graph_of(
        [
            incident("INC-1"),
            Cause(id="CAU-1", found=at(2), incidents=CausalLink(to="INC-1", since=at(5))),
            Cause(id="CAU-2", found=at(2), incidents=CausalLink(to="INC-1", since=at(1))),
        ]
    )
    [late] = graph["CAU-1"]["INC-1"].values()
    [early] = graph["CAU-2"]["INC-1"].values()
    assert (late["since"], late["date"]) == (at(5), at(5))
    assert (early["since"], early["date"]) == (at(1), at(2))


def test_an_affected_customer_brings_the_order() -> None:
    link = Affected(customer="C-1", order="SO-7", order_no=7, acknowledged=at(1))
    data = graph_of([incident("INC-1", customers=link)]).edges["INC-1", "C-1", "affected"]
    assert (data["order"], data["order_no"], data["acknowledged"]) == ("SO-7", 7, at(1))


def test_a_customer_whom_nobody_recorded_is_a_node_too() -> None:
    graph = graph_of([incident("INC-1", customers="C-1")])
    assert graph.nodes["C-1"] == {
        "kind": "customer",
        "record": Customer(id="C-1"),
        "label": "C-1",
        "date": None,
    }


def test_any_other_reference_to_what_is_not_there_is_left_out() -> None:
    graph = graph_of([Cause(id="CAU-1", found=NOON, incidents="INC-1")])
    assert list(graph) == ["CAU-1"]


def test_causes_lead_to_incidents_and_to_shallower_causes() -> None:
    assert edges_of(
        incident("INC-1"),
        Cause(
            id="CAU-1",
            found=NOON,
            incidents=("INC-1", CausalLink(to="INC-1", role="escape")),
        ),
        Cause(id="CAU-2", found=NOON, effects=Link(to="CAU-1")),
    ) == {
        ("CAU-1", "cause_of", "INC-1"),
        ("CAU-1", "escape_cause_of", "INC-1"),
        ("CAU-2", "deeper_cause_of", "CAU-1"),
    }


def test_actions_lead_to_what_they_address_bring_about_and_put_right() -> None:
    action = Action(
        id="ACT-1",
        kind="corrective",
        decided=NOON,
        causes="CAU-1",
        introduces="CAU-2",
        incidents="INC-1",
    )
    found = Evidence(id="EVI-1", action="ACT-1", made=NOON, text="seen")
    judged = Verification(id="VER-1", action="ACT-1", made=NOON, result="effective")
    causes = (Cause(id="CAU-1", found=NOON), Cause(id="CAU-2", found=NOON))
    assert edges_of(incident("INC-1"), *causes, action, found, judged) == {
        ("ACT-1", "addresses", "CAU-1"),
        ("ACT-1", "introduced", "CAU-2"),
        ("ACT-1", "for", "INC-1"),
        ("EVI-1", "for", "ACT-1"),
        ("VER-1", "verifies", "ACT-1"),
    }


def test_an_apology_leads_to_its_incidents_and_to_the_customers_who_are_listed() -> None:
    apology = Apology(
        id="APO-1", incidents="INC-1", made=NOON, customers="C-1", not_reached=["C-2", "C-3"]
    )
    assert edges_of(incident("INC-1"), apology) == {
        ("APO-1", "for", "INC-1"),
        ("APO-1", "told", "C-1"),
        ("APO-1", "did_not_reach", "C-2"),
        ("APO-1", "did_not_reach", "C-3"),
    }


def test_an_apology_to_all_names_nobody() -> None:
    apology = Apology(id="APO-1", incidents="INC-1", made=NOON, customers=ALL)
    assert edges_of(incident("INC-1"), apology) == {("APO-1", "for", "INC-1")}


def test_a_promise_stands_beside_its_apology() -> None:
    promise = Promise(kind="deed", text="We will call", actions="ACT-1")
    apology = Apology(id="APO-1", incidents="INC-1", made=NOON, promises=promise)
    action = Action(id="ACT-1", kind="corrective", decided=NOON)
    assert edges_of(incident("INC-1"), apology, action) == {
        ("APO-1", "for", "INC-1"),
        ("APO-1/promise-1", "made_in", "APO-1"),
        ("APO-1/promise-1", "rests_on", "ACT-1"),
    }


def test_what_customers_said_and_got_leads_to_them_and_to_the_incident() -> None:
    assert edges_of(
        incident("INC-1"),
        Complaint(id="COM-1", made=NOON, customer="C-1", incident="INC-1"),
        Response(id="RES-1", made=NOON, customer="C-1", incident="INC-1", kind="thanked"),
        Amends(id="AMD-1", made=NOON, customer="C-1", incident="INC-1", kind="gift"),
        FollowUp(id="FOL-1", made=NOON, customer="C-1", incident="INC-1"),
        Exposure(id="EXP-1", chances=5, began=NOON, ended=NOON, customer="C-1"),
    ) == {
        ("COM-1", "from", "C-1"),
        ("COM-1", "about", "INC-1"),
        ("RES-1", "from", "C-1"),
        ("RES-1", "about", "INC-1"),
        ("AMD-1", "to", "C-1"),
        ("AMD-1", "for", "INC-1"),
        ("FOL-1", "to", "C-1"),
        ("FOL-1", "for", "INC-1"),
        ("EXP-1", "about", "C-1"),
    }


def test_judgements_lead_to_what_they_are_about() -> None:
    assert edges_of(
        incident("INC-1"),
        incident("INC-2"),
        Cause(id="CAU-1", found=NOON),
        Decision(id="DEC-1", kind="no_analysis", incident="INC-1", made=NOON, reason="x"),
        Decision(id="DEC-2", kind="no_action", cause="CAU-1", made=NOON, reason="x"),
        Evidence(id="EVI-1", cause="CAU-1", made=NOON, text="x"),
        Verdict(id="VDT-1", a="INC-1", b="INC-2", kind="same", made=NOON),
        Waiver(id="WAI-1", finding="k", code="A101", reason="x", made=NOON, until=NOON),
    ) == {
        ("DEC-1", "about", "INC-1"),
        ("DEC-2", "about", "CAU-1"),
        ("EVI-1", "for", "CAU-1"),
        ("VDT-1", "about", "INC-1"),
        ("VDT-1", "about", "INC-2"),
    }


def test_a_reference_by_the_id_in_a_source_finds_the_record_and_the_alias() -> None:
    crm = External(source="crm", external_id="7")
    shop = External(source="shop", external_id="17")
    assert edges_of(
        incident("INC-1", source="crm", external_id="7"),
        Customer(id="C-1", aliases=Alias(source="shop", external_id="17")),
        Complaint(id="COM-1", made=NOON, customer=shop, incident=crm),
    ) == {("COM-1", "from", "C-1"), ("COM-1", "about", "INC-1")}


def test_a_reference_that_waits_for_its_other_side_is_left_out() -> None:
    unknown = External(source="crm", external_id="8")
    graph = graph_of([Complaint(id="COM-1", made=NOON, customer=unknown, incident=unknown)])
    assert list(graph) == ["COM-1"]


def test_of_several_records_with_one_id_the_last_one_counts() -> None:
    graph = graph_of([incident("INC-1", title="before"), incident("INC-1", title="after")])
    assert graph.nodes["INC-1"]["label"] == "after"


# --- recurrence -----------------------------------------------------------------------------------


def repeats(*records: Incident) -> set[tuple[str, str]]:
    graph = graph_of(records)
    return {(a, b) for a, b, kind in graph.edges(keys=True) if kind is EdgeKind.REPEATS}


def test_an_incident_repeats_the_nearest_earlier_one_of_the_same_failure() -> None:
    found = repeats(collect("INC-3", 9), collect("INC-1", 0), collect("INC-2", 4), incident("X", 1))
    assert found == {("INC-3", "INC-2"), ("INC-2", "INC-1")}


def test_what_happened_at_the_same_moment_repeats_nothing() -> None:
    assert repeats(collect("INC-1", 0), collect("INC-2", 0)) == set()


def test_of_two_at_the_same_moment_the_one_with_the_greater_id_is_nearest() -> None:
    assert repeats(collect("A", 0), collect("B", 0), collect("C", 1)) == {("C", "B")}


def test_what_happened_on_the_same_day_is_not_surely_later() -> None:
    day = Incident(
        id="DAY",
        occurred=Day("2026-03-02", "Z"),
        process="shipping",
        failure_mode="Shipped Collect",
    )
    assert repeats(day, collect("INC-1", 0), collect("INC-2", 1)) == {("INC-2", "INC-1")}
    assert repeats(day, collect("INC-2", 1)) == {("INC-2", "DAY")}


def test_duplicates_neither_repeat_nor_are_repeated() -> None:
    found = repeats(
        collect("INC-1", 0), collect("INC-2", 1, duplicate_of="INC-1"), collect("INC-3", 2)
    )
    assert found == {("INC-3", "INC-1")}


def test_a_duplicate_leads_to_the_incident_that_it_is_a_second_record_of() -> None:
    assert ("INC-2", "duplicate_of", "INC-1") in edges_of(
        collect("INC-1", 0), collect("INC-2", 1, duplicate_of="INC-1")
    )


def test_the_signature_says_which_failures_are_the_same() -> None:
    records = [incident("INC-1", 0, site="one"), incident("INC-2", 1, site="ONE")]
    graph = graph_of(records, config=Config(signature="site"))
    assert graph.has_edge("INC-2", "INC-1", key=EdgeKind.REPEATS)


def test_repeats_says_from_when_it_counts() -> None:
    earlier = collect("INC-1", 0, detected=at(30))
    graph = graph_of([earlier, collect("INC-2", 4)])
    assert graph.edges["INC-2", "INC-1", EdgeKind.REPEATS] == {
        "kind": EdgeKind.REPEATS,
        "field": None,
        "since": None,
        "date": at(30),
    }


# --- as of ----------------------------------------------------------------------------------------

STORY = [
    collect("INC-1", 0, customers="C-1", detected=at(1)),
    collect("INC-2", 30, customers="C-1"),
    Complaint(id="COM-1", made=at(2), customer="C-1", incident="INC-1"),
    Apology(
        id="APO-1",
        incidents="INC-1",
        made=at(4),
        promises=Promise(kind="non_recurrence", made=at(3)),
    ),
    Cause(id="CAU-1", found=at(31), incidents=("INC-1", CausalLink(to="INC-2", since=at(40)))),
    Action(id="ACT-1", kind="corrective", decided=at(32), causes="CAU-1"),
    FollowUp(id="FOL-1", incident="INC-1", due=at(50)),
]


@pytest.mark.parametrize(
    ("days", "added"),
    [
        (0.5, {"FOL-1"}),
        (1, {"INC-1", "C-1"}),
        (2, {"COM-1"}),
        (3.5, set()),
        (4, {"APO-1", "APO-1/promise-1"}),
        (30, {"INC-2"}),
        (31, {"CAU-1"}),
        (32, {"ACT-1"}),
    ],
)
def test_as_of_takes_in_what_counted_by_then(days: float, added: set[str]) -> None:
    just_before = at(days) - timedelta(microseconds=1) if days > 1 else at(-100)
    new = set(graph_of(STORY, as_of=at(days))) - set(graph_of(STORY, as_of=just_before))
    assert new - {"FOL-1"} == added - {"FOL-1"}
    assert "FOL-1" in graph_of(STORY, as_of=at(days))


def test_as_of_leaves_out_links_that_did_not_hold_yet() -> None:
    assert not graph_of(STORY, as_of=at(39)).has_edge("CAU-1", "INC-2")
    assert graph_of(STORY, as_of=at(40)).has_edge("CAU-1", "INC-2")


def test_as_of_says_of_a_record_only_what_had_happened_to_it() -> None:
    records = [
        incident(
            "INC-1",
            acknowledged=at(2),
            customers=[
                Affected(customer="C-1", acknowledged=at(3)),
                Affected(customer="C-2", since=at(4)),
            ],
        ),
        Complaint(id="COM-1", made=at(1), incident="INC-1", reopened=at(5)),
        Cause(id="CAU-1", found=at(1), incidents=CausalLink(to="INC-1", since=at(6))),
        Action(
            id="ACT-1",
            kind="corrective",
            decided=at(1),
            causes=Link(to="CAU-1", since=at(6)),
            events=[("implemented", at(3)), ("closed", at(7))],
        ),
        Apology(
            id="APO-1",
            incidents="INC-1",
            made=at(1),
            promises=[
                Promise(id="PRO-1", kind="deed", text="x", fulfilled=at(8)),
                Promise(id="PRO-2", kind="deed", text="y", made=at(9)),
            ],
        ),
        FollowUp(id="FOL-1", incident="INC-1", due=at(5), made=at(6), text="all is well"),
        FollowUp(id="FOL-2", incident="INC-1", made=at(6)),
    ]

    def seen(days: float) -> dict[str, remedy.Record]:
        return dict(graph_of(records, as_of=at(days)).nodes(data="record"))

    early = seen(2)
    assert set(early) == {*("INC-1", "C-1", "COM-1", "CAU-1", "ACT-1", "APO-1", "PRO-1", "FOL-1")}
    assert early["INC-1"] == incident("INC-1", acknowledged=at(2), customers="C-1")
    assert early["COM-1"].reopened is None
    assert early["CAU-1"].incidents == early["ACT-1"].causes == early["ACT-1"].events == ()
    assert early["PRO-1"].fulfilled is None
    assert early["APO-1"].promises == (early["PRO-1"],)
    assert (early["FOL-1"].made, early["FOL-1"].text) == (None, None)
    assert seen(1)["INC-1"].acknowledged is None
    assert [event.state for event in seen(3)["ACT-1"].events] == ["implemented"]
    assert {id: record for id, record in seen(9).items() if not id.startswith("C-")} == {
        id: record
        for id, record in graph_of(records).nodes(data="record")
        if not id.startswith("C-")
    }


def test_a_part_as_of_a_date_has_no_customers_whom_nothing_names_yet() -> None:
    with remedy.open() as book:
        book.record(Customer(id="C-1"), Customer(id="C-9", name="late"))
        book.record(collect("INC-1", 0, customers="C-1"), collect("INC-2", 9, customers="C-9"))
        assert set(book.graph(around="INC-1", as_of=at(1))) == {"INC-1", "C-1"}
        assert set(book.graph(around="C-9", as_of=at(1))) >= {"C-9"}
        assert set(book.graph(as_of=at(1))) == {"INC-1", "C-1", "C-9"}


def test_a_date_that_is_none_is_refused() -> None:
    with remedy.open() as book:
        book.record(incident("INC-1"))
        assert set(book.graph(as_of=Day("2026-03-01", "Z"))) == set()
        assert set(book.graph(as_of=Day("2026-03-02", "Z"))) == {"INC-1"}
        with pytest.raises(InvalidTime, match=r"graph\.as_of = 'soon'"):
            book.graph(as_of="soon")


def test_a_promise_on_its_own_counts_from_its_date_or_that_of_its_apology() -> None:
    apology = Apology(id="APO-1", incidents="INC-1", made=at(4))
    early = Promise(id="PRO-1", apology="APO-1", made=at(1))
    undated = Promise(id="PRO-2", apology="APO-1")
    alone = Promise(id="PRO-3", apology="APO-9")
    nodes = graph_of([apology, early, undated, alone]).nodes
    assert nodes["PRO-1"]["date"] == nodes["PRO-2"]["date"] == at(4)
    assert nodes["PRO-3"]["date"] is None


@pytest.mark.parametrize(
    ("record", "date"),
    [
        (Customer(id="X"), None),
        (Incident(id="X", occurred=Day("2026-03-02", "Z")), datetime(2026, 3, 2, tzinfo=UTC)),
        (Incident(id="X", occurred=NOON, detected=at(2)), at(2)),
        (Response(id="X", customer="C-1", kind="left", made=at(3)), at(3)),
        (Exposure(id="X", chances=1, began=NOON, ended=at(3)), at(3)),
        (FollowUp(id="X", incident="INC-1", made=NOON), NOON),
        (FollowUp(id="X", incident="INC-1", due=at(9), made=NOON), None),
        (Waiver(id="X", finding="k", code="A1", reason="r", made=at(1), until=at(2)), at(1)),
    ],
)
def test_each_kind_counts_from_a_date_of_its_own(
    record: remedy.Record, date: datetime | None
) -> None:
    assert graph_of([record]).nodes["X"]["date"] == date


# --- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "label"),
    [
        (Customer(id="X"), "X"),
        (Customer(id="X", name="A bakery"), "A bakery"),
        (Incident(id="X", occurred=NOON, text="a\n  b"), "a b"),
        (Incident(id="X", occurred=NOON, text=" \n "), "X"),
        (Incident(id="X", occurred=NOON, failure_mode="late", text="t"), "late"),
        (Complaint(id="X", made=NOON, text="No"), "No"),
        (Cause(id="X", found=NOON), "X"),
        (Action(id="X", kind="corrective", decided=NOON), "corrective"),
        (
            Action(id="X", kind="corrective", decided=NOON, intervention="double check"),
            "double check",
        ),
        (Action(id="X", kind="corrective", decided=NOON, text="Scan it"), "Scan it"),
        (Verification(id="X", action="A", made=NOON, result="ineffective"), "ineffective"),
        (Apology(id="X", incidents="I", made=NOON), "X"),
        (Apology(id="X", incidents="I", made=NOON, author="shop"), "by shop"),
        (Apology(id="X", incidents="I", made=NOON, author="shop", text="Sorry"), "Sorry"),
        (Promise(id="X", apology="A", kind="non_recurrence"), "non recurrence"),
        (Promise(id="X", apology="A", kind="deed", text="Call"), "Call"),
        (Promise(id="X", apology="A"), "X"),
        (Amends(id="X", incident="I", made=NOON, kind="waived_charge"), "waived charge"),
        (Amends(id="X", incident="I", made=NOON, kind="gift", text="cake"), "gift: cake"),
        (
            Amends(id="X", incident="I", made=NOON, kind="refund", amount="12.50 EUR"),
            "refund: 12.50 EUR",
        ),
        (Response(id="X", customer="C", kind="last_chance", made=NOON), "last chance"),
        (Response(id="X", customer="C", kind="left", made=NOON, text="Bye"), "left: Bye"),
        (FollowUp(id="X", incident="I", made=NOON, text="fine now"), "fine now"),
        (
            Decision(id="X", kind="no_action", incident="I", made=NOON, reason="one-off"),
            "no action: one-off",
        ),
        (Evidence(id="X", cause="C", made=NOON, url="https://a.example"), "https://a.example"),
        (Exposure(id="X", chances=1204, began=NOON, ended=NOON), "1,204 chances"),
        (Verdict(id="X", a="A", b="B", kind="not_same", made=NOON), "not same"),
        (
            Waiver(id="X", finding="k", code="A104", reason="known", made=NOON, until=NOON),
            "A104: known",
        ),
    ],
)
def test_a_label_tells_a_person_which_record_it_is(record: remedy.Record, label: str) -> None:
    assert graph_of([record]).nodes["X"]["label"] == label


def test_a_long_label_is_cut_between_words() -> None:
    words = incident("INC-1", title="word " * 20)
    solid = incident("INC-2", title="x" * 100)
    nearly = incident("INC-3", title="a " + "x" * 100)
    nodes = graph_of([words, solid, nearly]).nodes
    assert nodes["INC-1"]["label"] == ("word " * 12).strip() + "…"
    assert nodes["INC-2"]["label"] == "x" * 59 + "…"
    assert nodes["INC-3"]["label"] == "a " + "x" * 57 + "…"


def test_edges_have_words() -> None:
    assert EdgeKind.DEEPER_CAUSE_OF.words == "deeper cause of"


# --- around ---------------------------------------------------------------------------------------

CASES = [
    collect("INC-1", 0, customers=["C-1", "C-2"]),
    collect("INC-2", 10, customers="C-1"),
    collect("INC-3", 20, customers="C-3"),
    collect("INC-4", 30, customers="C-3"),
    incident("INC-9", 5, customers="C-1"),
    incident("INC-8", 6, duplicate_of="INC-2"),
    Complaint(id="COM-9", made=at(6), customer="C-1", incident="INC-9"),
    Cause(id="CAU-1", found=at(11), incidents=("INC-2", "INC-9")),
    Cause(id="CAU-2", found=at(11), effects=("CAU-1", "CAU-9")),
    Cause(id="CAU-9", found=at(11)),
    Cause(id="CAU-8", found=at(11)),
    Decision(id="DEC-1", kind="no_action", cause="CAU-2", made=at(12), reason="x"),
    Evidence(id="EVI-1", cause="CAU-1", made=at(12), text="x"),
    Action(id="ACT-1", kind="corrective", decided=at(12), causes=("CAU-2", "CAU-9")),
    Action(id="ACT-2", kind="corrective", decided=at(12), causes="CAU-9", introduces="CAU-1"),
    Action(id="ACT-3", kind="corrective", decided=at(12), causes="CAU-1", introduces="CAU-8"),
    Verification(id="VER-1", action="ACT-1", made=at(15), result="effective"),
    Evidence(id="EVI-2", action="ACT-1", made=at(15), text="x"),
    Apology(
        id="APO-1", incidents=("INC-2", "INC-9"), made=at(11), promises=Promise(actions="ACT-3")
    ),
]


def test_the_part_around_an_incident_is_its_case() -> None:
    assert set(around(graph_of(CASES), "INC-2")) == {
        *("INC-2", "INC-8"),  # ... and its duplicate,
        *("INC-1", "INC-3"),  # those before and after it,
        *("C-1", "C-2", "C-3"),
        *("CAU-1", "CAU-2", "EVI-1", "DEC-1"),
        *("ACT-1", "VER-1", "EVI-2"),
        *("ACT-3", "CAU-8"),  # the action with what it brought about,
        "ACT-2",  # and the one that brought about the cause,
        *("APO-1", "APO-1/promise-1"),
        *("INC-9", "COM-9"),  # that was apologised for at the same time.
    }


@pytest.mark.parametrize(
    "id",
    [
        "CAU-2",
        "CAU-1",
        "ACT-1",
        "ACT-3",
        "ACT-2",
        "VER-1",
        "EVI-2",
        "EVI-1",
        "DEC-1",
        "COM-9",
        "APO-1",
        "APO-1/promise-1",
        "INC-8",
        "INC-9",
    ],
)
def test_whatever_is_said_of_a_case_belongs_to_it(id: str) -> None:
    found = set(around(graph_of(CASES), id, reach=0))
    assert found >= {
        *("INC-2", "INC-8", "INC-9", "C-1"),
        *("CAU-1", "CAU-2", "ACT-1", "VER-1", "EVI-1", "EVI-2", "DEC-1"),
        *("APO-1", "APO-1/promise-1", "COM-9"),
    }


def test_what_stands_alone_has_no_case() -> None:
    alone = [
        Cause(id="CAU-1", found=NOON),
        Evidence(id="EVI-1", cause="CAU-1", made=NOON, text="x"),
        Waiver(id="WAI-1", finding="k", code="A101", reason="x", made=NOON, until=NOON),
    ]
    assert set(around(graph_of([*CASES[:3], *alone]), "EVI-1")) == {"EVI-1", "CAU-1"}
    assert set(around(graph_of([*CASES[:3], *alone]), "WAI-1")) == {"WAI-1"}


def test_what_else_is_named_is_there_with_what_is_said_about_it() -> None:
    whole = graph_of(CASES)
    assert "INC-9" not in around(whole, "INC-4")
    more = set(around(whole, "INC-4", also=("INC-9", "not on file")))
    assert more - set(around(whole, "INC-4")) >= {"INC-9", "COM-9", "CAU-1", "APO-1"}
    # What is besides does not lead on to further incidents.
    assert "INC-2" not in around(whole, "INC-4", reach=0, also=("INC-9",))


def test_reach_says_how_many_further_incidents_there_are() -> None:
    whole = graph_of(CASES)
    near, far = around(whole, "INC-2", reach=0), around(whole, "INC-2", reach=2)
    assert {id for id in near if id.startswith("INC")} == {"INC-2", "INC-8", "INC-9"}
    assert {id for id in far if id.startswith("INC")} == {
        *("INC-1", "INC-2", "INC-3", "INC-4", "INC-8", "INC-9")
    }


def test_a_customer_or_a_cause_leads_to_all_incidents_only_from_the_centre() -> None:
    whole = graph_of(CASES)
    assert {"INC-1", "INC-2", "INC-9"} < set(around(whole, "C-1"))
    assert {"INC-2", "INC-9"} < set(around(whole, "CAU-1"))
    assert "CAU-9" in around(whole, "CAU-2")
    assert "INC-4" not in around(whole, "INC-1")


def test_several_records_can_stand_in_the_centre() -> None:
    assert set(around(graph_of(CASES), ("INC-1", "INC-4"), reach=0)) == {
        *("INC-1", "C-1", "C-2", "INC-4", "C-3")
    }


def test_the_part_of_a_graph_is_a_copy() -> None:
    whole = graph_of(CASES)
    part = around(whole, "INC-2")
    part.remove_node("INC-2")
    assert "INC-2" in whole


def test_a_centre_that_is_not_on_file_is_refused() -> None:
    with pytest.raises(UnknownRecord, match="INC-404"):
        around(graph_of(CASES), ("INC-1", "INC-404"))


def test_references_that_wait_are_not_followed() -> None:
    waiting = Complaint(id="COM-1", made=NOON, incident=External(source="crm", external_id="1"))
    assert set(around(graph_of([waiting]), "COM-1")) == {"COM-1"}


# --- the casebook ---------------------------------------------------------------------------------


def test_the_graph_of_a_casebook_is_that_of_its_records() -> None:
    with remedy.open() as book:
        book.configure(signature="site")
        book.record(incident("INC-1", 0, site="one"), incident("INC-2", 1, site="one"))
        whole = of_casebook(book)
        assert edges(whole) == {("INC-2", "repeats", "INC-1")}
        assert list(of_casebook(book, as_of=at(0.5))) == ["INC-1"]


def test_the_part_around_a_record_comes_out_of_the_store_as_out_of_the_graph() -> None:
    with remedy.open() as book:
        book.record(*CASES)
        whole = graph_of(CASES)
        for id in whole:
            part, stored = around(whole, id), of_casebook(book, around=id)
            assert set(part) == set(stored)
            assert edges(part) == edges(stored)
        assert set(of_casebook(book, around=("INC-1", "INC-2"), reach=0, as_of=at(10.5))) == {
            *("INC-1", "INC-2", "INC-8", "INC-9", "COM-9", "C-1", "C-2")
        }
        with pytest.raises(UnknownRecord, match="INC-404"):
            of_casebook(book, around="INC-404")


@pytest.mark.parametrize("seed", range(20))
def test_both_ways_agree_on_random_casebooks(seed: int) -> None:
    case = random_casebook(seed)
    records = [each for each in case.records if not isinstance(each, Promise) or each.made]
    with remedy.open(config=case.config) as book:
        book.record(*records)
        whole = of_casebook(book)
        for id in random.Random(seed).sample(sorted(whole), min(10, len(whole))):
            for reach in (0, 1):
                part = around(whole, id, reach=reach)
                stored = of_casebook(book, around=id, reach=reach)
                # Of a failure's incidents only the nearest ones are there, so that one may seem to
                # repeat an earlier one than it does.
                assert dict(part.nodes(data=True)) == dict(stored.nodes(data=True))
                assert edges(part) <= edges(stored)
                more = edges(stored) - edges(part)
                assert {words for _, words, _ in more} <= {"repeats"}


@pytest.mark.parametrize("seed", range(20))
def test_a_case_is_what_a_check_around_a_record_looks_at(seed: int) -> None:
    case = random_casebook(seed)
    with remedy.open(config=case.config) as book:
        book.record(*case.records)
        ids = sorted(record.id for record in book.records())
        for id in random.Random(seed).sample(ids, min(10, len(ids))):
            with book._store.reading() as db:
                focus = focus_of(db.conn, entity_of(db, id).name, id, 2**62)
            part = of_casebook(book, around=id, reach=0)
            members = (
                *(focus.incidents, focus.causes, focus.actions, focus.apologies, focus.customers),
            )
            assert set().union(*members) <= set(part)
            canonical = {
                each
                for each, record in part.nodes(data="record")
                if isinstance(record, Incident) and record.duplicate_of is None
            }
            assert canonical == focus.incidents


@pytest.mark.parametrize("seed", range(20))
def test_a_case_with_what_its_findings_name_has_every_step_of_their_paths(seed: int) -> None:
    case = random_casebook(seed)
    with remedy.open(config=case.config) as book:
        book.record(*case.records)
        ids = sorted(record.id for record in book.records())
        for id in random.Random(seed).sample(ids, min(5, len(ids))):
            for as_of in (None, *random.Random(seed).sample(case.moments, 1)):
                report = book.check(around=id, profile="capa", as_of=as_of)
                named = {step for finding in report.findings for step in finding.path}
                assert named <= set(book.graph(around=id, also=named, as_of=report.as_of))


def test_very_many_ids_are_asked_for_in_parts() -> None:
    customers = [f"C-{number:04}" for number in range(1201)]
    with remedy.open() as book:
        book.record(incident("INC-1", customers=customers))
        assert len(of_casebook(book, around="INC-1")) == 1202


# --- evidence -------------------------------------------------------------------------------------


def test_the_path_of_a_finding_is_told_step_by_step() -> None:
    found = evidence(graph_of(CASES), ("INC-2", "INC-1", "CAU-1", "CAU-2", "ACT-1"))
    assert [(step.id, step.kind, [*map(str, step.edges)]) for step in found.steps] == [
        ("INC-2", "incident", []),
        ("INC-1", "incident", ["INC-2 repeats INC-1"]),
        ("CAU-1", "cause", ["CAU-1 cause of INC-2"]),
        ("CAU-2", "cause", ["CAU-2 deeper cause of CAU-1"]),
        ("ACT-1", "action", ["ACT-1 addresses CAU-2"]),
    ]
    assert edges(found.graph) == {
        ("INC-2", "repeats", "INC-1"),
        ("CAU-1", "cause_of", "INC-2"),
        ("CAU-2", "deeper_cause_of", "CAU-1"),
        ("ACT-1", "addresses", "CAU-2"),
    }


def test_a_word_on_the_path_says_which_of_several_edges_is_meant() -> None:
    graph = graph_of(
        [
            incident("INC-1"),
            Cause(
                id="CAU-1", found=NOON, incidents=("INC-1", CausalLink(to="INC-1", role="escape"))
            ),
        ]
    )

    def told(*path: str) -> str:
        return str(*evidence(graph, path).steps[1].edges)

    assert told("INC-1", "CAU-1") == "CAU-1 cause of INC-1"
    assert told("INC-1", "escape_cause_of", "CAU-1") == "CAU-1 escape cause of INC-1"
    assert told("INC-1", EdgeKind.ESCAPE_CAUSE_OF, "CAU-1") == "CAU-1 escape cause of INC-1"
    assert told("INC-1", "addresses", "CAU-1") == "CAU-1 cause of INC-1"


def test_a_step_is_tied_to_every_one_before_it_that_it_is_tied_to() -> None:
    steps = evidence(graph_of(CASES), ("INC-2", "INC-9", "CAU-1")).steps
    assert [str(edge) for edge in steps[2].edges] == [
        "CAU-1 cause of INC-2",
        "CAU-1 cause of INC-9",
    ]


def test_a_step_that_is_tied_to_none_before_it_stands_alone() -> None:
    steps = evidence(graph_of(CASES), ("INC-1", "INC-9")).steps
    assert [step.edges for step in steps] == [(), ()]


def test_a_path_through_what_the_graph_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownRecord, match="INC-404"):
        evidence(graph_of(CASES), ("INC-1", "INC-404"))


# --- the library ----------------------------------------------------------------------------------


def test_networkx_is_imported_only_when_a_graph_is_made() -> None:
    code = "import sys, remedy.graph, remedy.exports; sys.exit('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(st.lists(st.integers(0, 12), min_size=1, max_size=12), st.data())
def test_repeats_agrees_with_looking_at_every_pair(days: list[int], data: st.DataObject) -> None:
    records = []
    for number, day in enumerate(days):
        if data.draw(st.booleans()):
            occurred: datetime | Day = Day((NOON + timedelta(days=day)).date(), "Z")
        else:
            occurred = at(day)
        records.append(Incident(id=f"I{number}", occurred=occurred, process="p", failure_mode="f"))

    def start(record: Incident) -> datetime:
        return record.occurred.start if isinstance(record.occurred, Day) else record.occurred

    def end(record: Incident) -> datetime:
        return record.occurred.end if isinstance(record.occurred, Day) else record.occurred

    expected = set()
    for later in records:
        before = [(start(each), each.id) for each in records if end(each) < start(later)]
        if before:
            expected.add((later.id, max(before)[1]))
    assert repeats(*records) == expected
