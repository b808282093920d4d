import networkx as nx

import remedy
from remedy import (
    Action,
    ActionEvent,
    Affected,
    Amends,
    Apology,
    Casebook,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    Day,
    Decision,
    Evidence,
    Exposure,
    FollowUp,
    Incident,
    Promise,
    Response,
    Share,
    Verdict,
    Verification,
)
from remedy.graph import graph_of
from remedy.reporting._paper import width
from remedy.reporting.timeline import generate_timeline, moments_of
from remedy.reporting.tree import generate_tree, summed_up


def told(*records: remedy.Record) -> list[str]:
    return [f"{moment.event} | {moment.text}" for moment in moments_of(graph_of(records))]


def on(day: int) -> str:
    return f"2026-01-{day:02}T09:00+01:00"


def test_a_tree_says_how_it_stands_with_promises(story: Casebook) -> None:
    graph = story.graph(around="INC-2")
    states = {"PRO-2": "open", "APO-2": "backed"}
    told = "\n".join(generate_tree(graph, "INC-2", states=states))
    assert "├─ apology APO-2  (backed) I have to tell you" in told
    assert "│  └─ promise PRO-2  (open) I will watch your next order myself." in told
    assert "└─ promise PRO-2  I will watch" in "\n".join(generate_tree(graph, "INC-2"))


def test_a_case_is_told_day_by_day(story: Casebook) -> None:
    lines = list(generate_timeline(story.graph(around="INC-1")))
    assert lines[:5] == [
        "2026-02-03 14:20  INC-1  A prepaid order was shipped freight collect",
        "2026-02-10 08:45  INC-1  noticed by the customer",
        "           08:45  INC-1  first word from us to the customer",
        "           08:45  COM-1  C-17 complained by phone: “My parcel has been at the",
        "                         depot all week, because they want the freight from me.”",
    ]
    assert max(map(len, lines)) <= 80


def test_an_incident_is_told_as_far_as_it_is_known() -> None:
    assert told(Incident(id="I", occurred=on(1))) == ["happened | it happened"]
    assert told(Incident(id="I", occurred=on(1), detected=on(1), text="all of it")) == [
        "happened | all of it"
    ]
    several = Incident(
        id="I", title="t", occurred=on(1), detected=on(2), acknowledged=on(3), customers=["a", "b"],
        detected_by="partner",
    )  # fmt: skip
    assert told(several)[1:] == [
        "noticed | noticed by the partner",
        "acknowledged | first word from us to the customers",
    ]
    assert told(Incident(id="I", occurred=on(1), detected=on(2)))[1] == "noticed | noticed"
    by_us = Incident(id="I", occurred=on(1), detected=on(2), detected_by="us")
    assert told(by_us)[1] == "noticed | noticed by us"


def test_complaints_and_responses_are_told() -> None:
    assert told(
        Complaint(id="C1", made=on(1), reopened=on(4)),
        Complaint(id="C2", made=on(2), customer="C-1", channel="phone", text="no"),
        Response(id="R1", customer="C-1", made=on(3), kind="left"),
        Response(id="R2", customer="C-1", made=on(5), kind="last_chance", next_owner="desk"),
        Response(id="R3", customer="C-1", made=on(6), kind="dissatisfied", next_step="call"),
    ) == [
        "complained | a customer complained",
        "complained | C-1 complained by phone: “no”",
        "left | C-1 left",
        "reopened | the complaint was opened again",
        "gives us one last chance | C-1 gives us one last chance [next step, desk]",
        "is dissatisfied | C-1 is dissatisfied [next step: call]",
    ]


def test_causes_are_told_by_what_they_explain() -> None:
    incident = Incident(id="I", occurred=on(1))
    assert told(
        incident,
        Cause(id="C1", found=on(2), text="a gap", incidents="I"),
        Cause(id="C2", found=on(3), incidents=CausalLink(to="I", role="escape")),
        Cause(id="C3", found=on(4), effects=("C1", "C2")),
        Cause(id="C4", found=on(5)),
    )[1:] == [
        "cause found | cause found: a gap",
        "cause found | found why nobody caught it",
        "cause found | deeper cause found, of C1, C2",
        "cause found | cause found",
    ]


def test_actions_are_told_with_their_events() -> None:
    assert told(
        Action(id="A0", kind="preventive", intervention="checklist", decided=on(1), text="a list"),
        Action(id="A1", kind="containment", decided=on(2)),
        Action(
            id="A2",
            kind="corrective",
            decided=on(3),
            owner="us",
            due="2026-01-20+01:00",
            causes=["B", "C", "D", "E"],
            events=[
                ActionEvent(state="took_effect", occurred=on(5), who="lead"),
                ActionEvent(state="cancelled", occurred=on(6), reason="no time"),
            ],
        ),
    ) == [
        "preventive decided | preventive action decided (checklist): a list",
        "containment decided | containment decided",
        "corrective decided | corrective action on B, C, D and 1 more decided [us, due 2026-01-20]",
        "corrective took effect | corrective action took effect by lead",
        "corrective cancelled | corrective action cancelled: no time",
    ]


def test_a_deadline_is_told_as_the_day_that_was_meant() -> None:
    for zone in ("+01:00", "-08:00", "+10:00"):
        action = Action(id="A", kind="correction", decided=on(2), due=f"2026-01-20{zone}")
        assert told(action) == ["correction decided | correction decided [due 2026-01-20]"]
        incident = Incident(id="I", occurred=on(1))
        assert told(incident, action)[1].endswith("[due 2026-01-20]")


def test_apologies_and_promises_are_told() -> None:
    promise = Promise(kind="deed", text="we call", owner="desk", due="2026-01-20+01:00",
                      fulfilled=on(9))  # fmt: skip
    assert told(
        Apology(id="A1", incidents=["I", "J"], made=on(2), customers=remedy.ALL, not_reached="C-9"),
        Apology(
            id="A2", incidents="I", made=on(3), customers=["C-1"], author="desk", channel="phone",
            text="sorry", promises=[promise, Promise(), Promise(kind="watch")],
        ),
        Apology(id="A3", incidents="I", made=on(4)),
        Promise(id="P", apology="A3", kind="non_recurrence"),
    ) == [
        "apologised | apology for I, J to all customers",
        "not reached | it did not reach C-9",
        "apologised | apology for I to C-1 by desk, phone: “sorry”",
        "promised | promised to do something: “we call” [desk, due 2026-01-20]",
        "promised | promised something",
        "promised | promised to watch",
        "apologised | apology for I",
        "promise kept | what was promised was done",
    ]  # fmt: skip


def test_all_the_rest_is_told() -> None:
    assert told(
        Amends(
            id="A1", incident="I", customer="C-1", kind="waived_charge", made=on(1),
            amount="12.50 EUR", text="fee",
            shares=[Share(party="us", percent=50), Share(party="them", percent=50)],
        ),
        Amends(id="A2", incident="I", kind="gift", made=on(2)),
        FollowUp(id="F1", incident="I", customer="C-1", made=on(3), owner="desk", text="fine"),
        FollowUp(id="F2", incident="I", due=on(4)),
        Decision(id="D1", cause="C", kind="no_action", made=on(5), reason="rare"),
        Decision(id="D2", incident="I", kind="no_analysis", made=on(6), who="lead", reason="one"),
        Evidence(id="E1", cause="C", made=on(7), url="x.example"),
        Evidence(id="E2", action="A", made=on(8), text="photo"),
        Verdict(id="V1", a="I", b="J", kind="not_same", made=on(9)),
        Verdict(id="V2", a="I", b="J", kind="duplicate", made=on(10), who="lead", reason="twice"),
        Verification(id="W1", action="A", result="effective", made=on(11)),
        Verification(
            id="W2", action="A", result="ineffective", made=on(12), who="lead", method="audit",
            text="no",
        ),
    ) == [
        "amends: waived charge | waived charge of 12.50 EUR to C-1 for I: fee [us 50 %, them 50 %]",
        "amends: gift | gift for I",
        "followed up | followed up with C-1 by desk: fine",
        "follow-up due | follow-up is due",
        "decided: no action | decided that no action is needed on C: rare",
        "decided: no analysis | decided that no analysis is needed on I by lead: one",
        "evidence | evidence for C: x.example",
        "evidence | evidence for A: photo",
        "judged | I and J judged to be not the same",
        "judged | I and J judged to be one event by lead: twice",
        "found effective | A found effective",
        "found ineffective | A found ineffective by lead, audit: no",
    ]  # fmt: skip


def test_what_is_alike_is_told_once() -> None:
    thanks = [
        Response(id=f"R-{number}", customer="C-1", kind="thanked", made=on(number), text="thanks")
        for number in range(2, 8)
    ]
    graph = graph_of([Incident(id="I", occurred=on(1)), *thanks])
    assert list(generate_timeline(graph)) == [
        "2026-01-01 09:00  I    it happened",
        "2026-01-02 09:00  R-2  C-1 thanked us: “thanks”",
        "                       and 5 more of these until 2026-01-07 09:00: thanked us",
    ]
    assert list(generate_timeline(graph, width=40))[-2:] == [
        "    and 5 more of these until 2026-01-07",
        "    09:00: thanked us",
    ]


def test_of_very_many_the_first_few_are_told_and_those_in_focus() -> None:
    responses = [
        Response(
            id=f"R-{number}",
            customer="C-1",
            kind="thanked" if number % 2 else "dissatisfied",
            made=f"2026-01-02T09:{number:02}+01:00",
        )
        for number in range(40)
    ]
    graph = graph_of([Incident(id="I", occurred=on(1)), *responses, Cause(id="C", found=on(3))])
    lines = list(generate_timeline(graph, focus=("R-30",)))
    assert lines[:2] == [
        "2026-01-01 09:00  I     it happened",
        "2026-01-02 09:00  R-0   C-1 is dissatisfied",
    ]
    assert lines[8:] == [
        "           09:07  R-7   C-1 thanked us",
        "                        and 22 more until 2026-01-02 09:29: is dissatisfied",
        "                        (11), thanked us (11)",
        "           09:30  R-30  C-1 is dissatisfied",
        "                        and 9 more until 2026-01-02 09:39: thanked us (5), is",
        "                        dissatisfied (4)",
        "2026-01-03 09:00  C     cause found",
    ]
    last = list(generate_timeline(graph, focus=("R-38",)))
    assert last[-2:] == [
        "           09:39  R-39  C-1 thanked us",
        "2026-01-03 09:00  C     cause found",
    ]


def test_a_very_long_text_is_cut() -> None:
    graph = graph_of([Complaint(id="C", made=on(1), text="word " * 1000)])
    lines = list(generate_timeline(graph))
    assert len(lines) < 20
    assert lines[-1].endswith("…")
    assert len(moments_of(graph)[0].text) > 4000


def test_a_complaint_says_how_it_came_in() -> None:
    assert told(
        Complaint(id="A", made=on(1), channel="phone"),
        Complaint(id="B", made=on(2), channel="at the counter"),
    ) == [
        "complained | a customer complained by phone",
        "complained | a customer complained at the counter",
    ]


def test_a_day_without_a_time_is_told_as_one() -> None:
    graph = graph_of([Incident(id="I", occurred=Day("2026-01-02", "+01:00"))])
    assert list(generate_timeline(graph)) == ["2026-01-02        I  it happened"]
    [moment] = moments_of(graph)
    assert moment.to_dict()["when"] == "2026-01-02+01:00"
    assert moments_of(graph_of([Complaint(id="C", made=on(1))]))[0].to_dict() == {
        "when": "2026-01-01T09:00:00+01:00",
        "id": "C",
        "kind": "complaint",
        "event": "complained",
        "text": "a customer complained",
    }


def test_times_of_several_zones_are_told_with_their_zone() -> None:
    graph = graph_of(
        [
            Incident(id="I", occurred="2026-01-02T09:00+01:00"),
            Incident(id="J", occurred="2026-07-02T09:00+02:00"),
            Complaint(id="C", made="2026-02-01T10:00+00:00"),
            Complaint(id="D", made="2026-08-01T10:00+00:00"),
            FollowUp(id="F", incident="I", due="2026-08-01T12:00+00:00"),
        ]
    )
    assert list(generate_timeline(graph)) == [
        "times in UTC+01:00:",
        "2026-01-02 09:00  I  it happened",
        "2026-02-01 11:00  C  a customer complained",
        "times in UTC+02:00:",
        "2026-07-02 09:00  J  it happened",
        "2026-08-01 12:00  D  a customer complained",
        "           14:00  F  follow-up is due",
    ]


def test_times_of_one_zone_are_told_in_it_and_those_of_none_are_marked() -> None:
    complaint = Complaint(id="C", made="2026-02-01T10:00+00:00")
    incident = Incident(id="I", occurred="2026-01-02T09:00+01:00")
    assert list(generate_timeline(graph_of([incident, complaint]))) == [
        "2026-01-02 09:00  I  it happened",
        "2026-02-01 11:00  C  a customer complained",
    ]
    assert list(generate_timeline(graph_of([complaint]))) == [
        "times in UTC:",
        "2026-02-01 10:00  C  a customer complained",
    ]


def test_long_ids_and_narrow_pages_get_lines_of_their_own() -> None:
    long = "COM-" + "x" * 30
    graph = graph_of(
        [Complaint(id=long, made=on(2), text="no\u202e"), Complaint(id="C", made=on(1))]
    )
    assert list(generate_timeline(graph)) == [
        "times in UTC+01:00:",
        "2026-01-01 09:00  C                 a customer complained",
        f"2026-01-02 09:00  {long}",
        "                                    a customer complained: “no\\u202e”",
    ]
    assert list(generate_timeline(graph, width=40))[:3] == [
        "times in UTC+01:00:",
        "2026-01-01 09:00  C",
        "    a customer complained",
    ]


def test_an_empty_graph_has_nothing_to_tell() -> None:
    assert list(generate_timeline(nx.MultiDiGraph())) == []


# --- how it hangs together ------------------------------------------------------------------------


def test_a_case_hangs_together_as_a_tree(story: Casebook) -> None:
    assert (
        "\n".join(generate_tree(story.graph(around="INC-1"), "INC-1"))
        == """\
incident INC-1  A prepaid order was shipped freight collect
├─ came back as INC-2  The next order was shipped freight collect, too
├─ cause CAU-1  A gap in training: the packing bench was never taught about fre…
│  ├─ corrective action ACT-2  (open, due 2026-03-20) Show the packing bench ag…
│  ├─ corrective action ACT-3  (implemented) A second person at the packing ben…
│  │  └─ evidence EVI-3  The bench's work instruction with the second signature…
│  └─ evidence EVI-1  The training plan of the packing bench does not mention f…
├─ escape cause CAU-2  Past the packing bench nothing compares the label with t…
│  ├─ evidence EVI-2  Both parcels went over the dock unopposed; the dock scans…
│  └─ decision DEC-1  (no action) The second check at the bench stands where th…
├─ correction ACT-1  (implemented) Pay the carrier, and have the parcel deliver…
├─ apology APO-1  We are very sorry. It will never happen again.
│  └─ promise PRO-1  It will never happen again.
├─ complaint COM-1  My parcel has been at the depot all week, because they want…
└─ customer C-17  a workshop that orders every month"""
    )


def test_the_tree_of_any_record_leads_to_its_incidents(story: Casebook) -> None:
    assert (
        "\n".join(generate_tree(story.graph(around="ACT-3"), "ACT-3"))
        == """\
corrective action ACT-3  (implemented) A second person at the packing bench com…
├─ cause CAU-1  A gap in training: the packing bench was never taught about fre…
│  ├─ explains INC-1  A prepaid order was shipped freight collect
│  │  ├─ came back as INC-2  The next order was shipped freight collect, too
│  │  ├─ escape cause CAU-2  Past the packing bench nothing compares the label…
│  │  │  ├─ evidence EVI-2  Both parcels went over the dock unopposed; the dock…
│  │  │  └─ decision DEC-1  (no action) The second check at the bench stands wh…
│  │  ├─ correction ACT-1  (implemented) Pay the carrier, and have the parcel d…
│  │  ├─ apology APO-1  We are very sorry. It will never happen again.
│  │  │  └─ promise PRO-1  It will never happen again.
│  │  ├─ complaint COM-1  My parcel has been at the depot all week, because the…
│  │  └─ customer C-17  a workshop that orders every month
│  ├─ explains INC-2  The next order was shipped freight collect, too
│  │  ├─ comes after INC-1 (see above)
│  │  ├─ escape cause CAU-2 (see above)
│  │  ├─ correction ACT-4  (implemented) Have the carrier charge the freight to…
│  │  ├─ apology APO-2  I have to tell you that it happened again today. We now…
│  │  │  └─ promise PRO-2  I will watch your next order myself.
│  │  ├─ response RES-1  (last chance) I am not pleased. You get one more try;…
│  │  └─ customer C-17 (see above)
│  ├─ corrective action ACT-2  (open, due 2026-03-20) Show the packing bench ag…
│  └─ evidence EVI-1  The training plan of the packing bench does not mention f…
└─ evidence EVI-3  The bench's work instruction with the second signature in it."""
    )


def test_what_a_customer_said_stands_under_the_incident_that_it_was_about(story: Casebook) -> None:
    lines = list(generate_tree(story.graph(around="C-17"), "C-17"))
    assert [line for line in lines if line[:3] in ("├─ ", "└─ ")] == [
        "├─ incident INC-1  A prepaid order was shipped freight collect",
        "└─ incident INC-2  The next order was shipped freight collect, too",
    ]
    assert sum("RES-1" in line for line in lines) == 1
    elsewhere = Response(id="R", customer="C-1", kind="thanked", made=on(2))
    assert list(generate_tree(graph_of([Customer(id="C-1"), elsewhere]), "C-1")) == [
        "customer C-1",
        "└─ response R  (thanked)",
    ]


def test_what_stands_there_twice_is_named_once() -> None:
    graph = graph_of(
        [
            Incident(id="I", occurred=on(1), customers=Affected(customer="C-1", order="1")),
            Cause(id="C", found=on(2), incidents="I"),
            Action(id="A", kind="corrective", decided=on(3), causes="C"),
            Apology(
                id="APO", incidents="I", made=on(4), promises=Promise(id="P", actions="A"),
                customers="C-1",
            ),
            Verification(id="V", action="A", result="effective", made=on(5), text="tried"),
            FollowUp(id="F", incident="I", made=on(6)),
            Amends(id="M", incident="I", kind="gift", made=on(7)),
            Response(id="R", customer="C-1", incident="I", kind="thanked", made=on(8)),
        ]
    )  # fmt: skip
    assert list(generate_tree(graph, "I")) == [
        "incident I",
        "├─ cause C",
        "│  └─ corrective action A  (open) corrective",
        "│     ├─ verification V  (effective) tried",
        "│     └─ backs promise P",
        "├─ apology APO",
        "│  └─ promise P (see above)",
        "├─ amends M  (gift)",
        "├─ follow-up F",
        "├─ response R  (thanked)",
        "└─ customer C-1",
    ]


def test_of_many_of_a_kind_the_first_are_shown() -> None:
    customers = [f"C-{number:04}" for number in range(2000)]
    graph = graph_of([Incident(id="I", occurred=on(1), customers=customers)])
    lines = list(generate_tree(graph, "I"))
    assert lines[1] == "├─ customer C-0000"
    assert lines[-1] == "└─ and 1,995 more customers"
    assert len(lines) == 7
    assert summed_up(graph) == "2,000 customers, 1 incident"


def test_whom_an_apology_was_told_stands_below_it_only_if_it_is_on_top() -> None:
    records = [
        Incident(id="I", occurred=on(1), customers="C-1"),
        Apology(id="APO", incidents="I", made=on(2), customers=["C-1", "C-2"]),
        Evidence(id="E", cause="C", made=on(3), text="x"),
        Cause(id="C", found=on(3), incidents="I"),
    ]
    assert list(generate_tree(graph_of(records), "APO"))[-2:] == [
        "├─ told to C-1 (see above)",
        "└─ told to C-2",
    ]
    assert not any("told to" in line for line in generate_tree(graph_of(records), "E"))


def test_what_has_no_title_is_told_by_what_else_is_known_of_it() -> None:
    records = [
        Incident(id="I", occurred=on(1), failure_mode="shipped collect"),
        Incident(id="J", occurred=on(2)),
        Verdict(id="V", a="I", b="J", kind="not_same", made=on(3), reason="two lorries"),
        FollowUp(id="F", incident="J", due="2026-01-09T09:00+01:00", text="call"),
        Apology(id="A", incidents="J", made=on(4), author="order desk"),
    ]
    assert list(generate_tree(graph_of(records), "V")) == [
        "verdict V  (not same) two lorries",
        "├─ incident I  shipped collect",
        "└─ incident J",
        "   ├─ apology A  by order desk",
        "   └─ follow-up F  (due 2026-01-09 09:00) call",
    ]
    exposure = Exposure(id="E", chances=500, began=on(1), ended=on(2))
    assert list(generate_tree(graph_of([exposure]), "E")) == ["exposure E  500 chances"]


def test_what_is_of_a_kind_stands_in_the_order_of_time() -> None:
    thanks = [
        Response(id=f"R-{number}", customer="C-1", incident="I", kind="thanked", made=on(number))
        for number in range(2, 14)
    ]
    lines = list(generate_tree(graph_of([Incident(id="I", occurred=on(1)), *thanks]), "I"))
    assert lines[1:7] == [
        *(f"├─ response R-{number}  (thanked)" for number in range(2, 7)),
        "└─ and 7 more responses",
    ]


def test_a_case_is_summed_up(story: Casebook) -> None:
    assert summed_up(story.graph(around="INC-1")).endswith(
        "2 apologies, 2 promises, 1 response, 1 decision, 3 pieces of evidence"
    )


def test_a_tree_is_no_wider_than_its_page(story: Casebook) -> None:
    graph = story.graph(around="INC-1")
    lines = list(generate_tree(graph, "INC-1", width=40))
    assert max(map(width, lines)) <= 40
    assert any(line.endswith("…") for line in lines)
    lines = list(generate_tree(graph, "INC-1", width=10))
    assert "├─ came back as INC-2" in lines


def test_pieces_are_painted_by_what_they_are() -> None:
    graph = graph_of([Customer(id="C-1"), Incident(id="I", occurred=on(1), customers="C-1")])

    def paint(text: str, what: str) -> str:
        return f"<{what}>{text}</>"

    assert list(generate_tree(graph, "I", paint=paint)) == [
        "<aside></>incident <id>I</>",
        "<aside>└─ </>customer <id>C-1</>",
    ]
    assert list(generate_timeline(graph, paint=paint)) == [
        "<aside>2026-01-01 09:00  </><id>I</>  it happened"
    ]
