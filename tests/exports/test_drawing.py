"""What is drawn, whatever draws it: which boxes, in which order, with which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import remedy
from remedy import (
    Action,
    Amends,
    Cause,
    Complaint,
    Customer,
    Day,
    Exposure,
    FollowUp,
    Incident,
    Promise,
    Response,
    Waiver,
)
from remedy.exports._drawing import Drawing, clean, drawing_of
from remedy.graph import graph_of
from tests.exports.samples import LATER, NOON, one_of_each

VIENNA_WINTER, VIENNA_SUMMER = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))


def drawn(*records: remedy.Record, focus: str | tuple[str, ...] = (), most: int = 12) -> Drawing:
    return drawing_of(graph_of(records), focus=focus, most=most, zone=None)


def boxes(drawing: Drawing) -> list[tuple[str, ...]]:
    return [(*box.lines, *filter(None, [box.when])) for box in drawing.boxes]


def mass(count: int) -> Incident:
    return Incident(id="INC-1", occurred=NOON, customers=[f"C-{n:04}" for n in range(count)])


# --- which boxes ----------------------------------------------------------------------------------


def test_boxes_stand_in_the_order_of_time_and_those_without_time_come_last() -> None:
    drawing = drawn(
        Customer(id="C-1"),
        Cause(id="CAU-1", found=LATER, incidents="INC-1"),
        FollowUp(id="FOL-1", incident="INC-1", due=LATER + timedelta(days=1)),
        Incident(id="INC-1", occurred=NOON, customers="C-1", detected=LATER + timedelta(days=3)),
        Exposure(id="EXP-1", chances=1, began=NOON - timedelta(days=1), ended=NOON, customer="C-1"),
    )
    assert [box.ids[0] for box in drawing.boxes] == ["EXP-1", "INC-1", "CAU-1", "FOL-1", "C-1"]


def test_what_is_never_said_of_a_case_is_left_out_unless_asked_for() -> None:
    records = [
        Exposure(id="EXP-1", chances=1, began=NOON, ended=NOON),
        Waiver(id="WAI-1", finding="k", code="A101", reason="x", made=NOON, until=NOON),
        Incident(id="INC-1", occurred=NOON),
    ]
    assert [box.ids[0] for box in drawn(*records).boxes] == ["INC-1"]
    assert len(drawn(*records, focus=("EXP-1", "WAI-1")).boxes) == 3


def test_what_it_is_about_is_marked() -> None:
    drawing = drawn(mass(2), focus="C-0001")
    assert [box.ids for box in drawing.in_focus] == [("C-0001",)]


def test_up_to_the_limit_each_record_is_a_box() -> None:
    assert len(drawn(mass(12)).boxes) == 13


def test_beyond_the_limit_those_that_are_tied_alike_are_one_box() -> None:
    drawing = drawn(mass(13))
    assert boxes(drawing)[1] == ("13 customers", "C-0000, C-0001, C-0002, …")
    assert [(a.source, a.kind.value, a.target) for a in drawing.arrows] == [
        ("n0", "affected", "n1")
    ]


def test_what_is_tied_to_different_things_stays_apart() -> None:
    complaint = Complaint(id="COM-1", made=NOON, customer="C-0003", incident="INC-1")
    assert boxes(drawn(mass(20), complaint))[2:] == [
        ("19 customers", "C-0000, C-0001, C-0002, …"),
        ("customer C-0003",),
    ]


def test_what_it_is_about_is_never_drawn_with_others() -> None:
    assert boxes(drawn(mass(20), focus="C-0007"))[1:] == [
        ("19 customers", "C-0000, C-0001, C-0002, …"),
        ("customer C-0007",),
    ]


def test_thanks_and_threats_are_not_drawn_as_one() -> None:
    said = [
        Response(
            id=f"RES-{number:02}",
            customer=f"C-{number:04}",
            incident="INC-1",
            made=NOON,
            kind="last_chance" if number % 2 else "thanked",
        )
        for number in range(20)
    ]
    told = boxes(drawn(mass(20), *said))
    assert ("10 responses (thanked)",) in told
    assert ("10 responses (last chance)",) in told
    assert sum("customers" in lines[0] for lines in told) == 2


def test_chains_of_ties_are_told_apart_as_far_as_they_matter() -> None:
    incidents = [
        Incident(
            id=f"INC-{number:03}",
            occurred=NOON + timedelta(days=number),
            process="p",
            failure_mode="f",
        )
        for number in range(300)
    ]
    drawing = drawn(*incidents, focus="INC-299")
    assert len(drawing.boxes) <= 12
    assert sum(len(box.ids) for box in drawing.boxes) == 300
    assert [box.ids for box in drawing.in_focus] == [("INC-299",)]


def test_if_all_differ_those_with_the_fewest_ties_are_drawn_as_one() -> None:
    amends = [
        Amends(id=f"AMD-{n}-{m}", incident="INC-1", customer=f"C-{n:04}", kind="gift", made=NOON)
        for n in range(6)
        for m in range(3)
    ]
    other = Incident(id="INC-2", occurred=NOON, customers=["C-0004", "C-0005"])
    drawing = drawn(mass(6), other, *amends, most=2)
    told = [box for box in drawing.boxes if box.kind == "customer"]
    assert {box.ids for box in told} == {
        ("C-0004", "C-0005"),
        ("C-0000", "C-0001", "C-0002", "C-0003"),
    }
    assert ("4 customers", "C-0000, C-0001, C-0002, …") in boxes(drawing)


def test_all_that_it_is_about_is_drawn_even_beyond_the_limit() -> None:
    focus = tuple(f"C-{number:04}" for number in range(5))
    told = boxes(drawn(mass(20), focus=focus, most=3))
    assert told.count(("15 customers", "C-0005, C-0006, C-0007, …")) == 1
    assert sum(lines[0].startswith("customer ") for lines in told) == 5


def test_several_of_different_manner_have_no_manner() -> None:
    said = [
        Response(id=f"RES-{kind}", customer=f"C-{kind}", incident="INC-1", made=NOON, kind=kind)
        for kind in ("thanked", "left", "accepted")
    ]
    assert ("3 responses",) in boxes(drawn(mass(1), *said, most=1))


def test_the_limit_is_at_least_one() -> None:
    assert len(drawn(mass(5), most=0).boxes) == 2


@given(st.integers(0, 40), st.integers(-1, 6), st.lists(st.integers(0, 39), max_size=3))
def test_every_record_stands_in_exactly_one_box(count: int, most: int, about: list[int]) -> None:
    focus = tuple(f"C-{n:04}" for n in about if n < count)
    drawing = drawn(mass(count), *one_of_each()[4:], focus=focus, most=most)
    ids = [id for box in drawing.boxes for id in box.ids]
    graph = graph_of([mass(count), *one_of_each()[4:]])
    assert sorted(ids) == sorted(set(graph) - {"EXP-1", "WAI-1"})
    kinds = [box.kind for box in drawing.boxes if box not in drawing.in_focus]
    assert all(kinds.count(kind) <= max(most, 1) for kind in kinds)
    names = {box.name for box in drawing.boxes}
    assert all({arrow.source, arrow.target} <= names for arrow in drawing.arrows)


# --- words ----------------------------------------------------------------------------------------


def test_text_is_cleaned_of_what_cannot_be_seen() -> None:
    assert clean(" a\n\tb\u2028c ") == "a b c"
    assert clean("\u202eabc\u2066\x00\x1b[31m\ud800\ufeff") == "abc[31m"
    assert clean("👩\u200d👧 \u0645\u06cc\u200c\u062e") == "👩\u200d👧 \u0645\u06cc\u200c\u062e"


def test_a_long_id_is_cut() -> None:
    [[line]] = boxes(drawn(Customer(id="x" * 90)))
    assert line == f"customer {'x' * 39}…"


def test_an_id_is_said_once() -> None:
    assert boxes(drawn(FollowUp(id="FOL-1", incident="I", due="2026-03-20+00:00"))) == [
        ("follow-up FOL-1", "2026-03-20 due")
    ]


@pytest.mark.parametrize(
    ("record", "when"),
    [
        (Customer(id="X"), None),
        (Incident(id="X", occurred=Day("2026-03-02", "Europe/Vienna")), "2026-03-02"),
        (Cause(id="X", found=NOON), "2026-03-02 12:00 UTC found"),
        (Action(id="X", kind="corrective", decided=NOON), "2026-03-02 12:00 UTC decided"),
        (
            Action(
                id="X",
                kind="corrective",
                events=[("took_effect", LATER), ("implemented", NOON)],
            ),
            "2026-04-11 12:00 UTC took effect",
        ),
        (Promise(id="X", apology="A", made=NOON), "2026-03-02 12:00 UTC"),
        (Promise(id="X", apology="A", made=NOON, due=LATER), "2026-04-11 12:00 UTC due"),
        (
            Promise(id="X", apology="A", made=NOON, due=LATER, fulfilled=NOON),
            "2026-03-02 12:00 UTC",
        ),
        (FollowUp(id="X", incident="I", made=NOON, due=LATER), "2026-03-02 12:00 UTC"),
        (
            Exposure(id="X", chances=1, began="2026-01-01+00:00", ended=NOON),
            "2026-01-01 – 2026-03-02 12:00 UTC",
        ),
        (Complaint(id="X", made="2026-03-02T00:00Z"), "2026-03-02"),
        (Promise(id="X", apology="A"), None),
    ],
)
def test_each_kind_says_its_time(record: remedy.Record, when: str | None) -> None:
    assert drawn(record, focus="X").boxes[0].when == when


def told(when: datetime | Day, zone: tzinfo | None = None) -> str | None:
    graph = graph_of(
        [
            Incident(id="A", occurred=datetime(2026, 3, 1, 9, tzinfo=VIENNA_WINTER)),
            Incident(id="B", occurred=datetime(2026, 5, 1, 9, tzinfo=VIENNA_SUMMER)),
            Complaint(id="X", made=when),
            FollowUp(id="Y", incident="A", due=when),
        ]
    )
    drawing = drawing_of(graph, focus="X", most=12, zone=zone)
    return drawing.in_focus[0].when


def test_a_time_is_told_in_the_zone_of_the_incident_before_it() -> None:
    assert told(datetime(2026, 3, 1, 8, 0, tzinfo=UTC)) == "2026-03-01 09:00 UTC+01:00"
    assert told(datetime(2026, 4, 1, 23, 30, tzinfo=UTC)) == "2026-04-02 00:30 UTC+01:00"
    assert told(datetime(2026, 6, 1, 22, 30, tzinfo=UTC)) == "2026-06-02 00:30 UTC+02:00"
    assert told(datetime(2026, 1, 1, 12, 0, tzinfo=UTC)) == "2026-01-01 13:00 UTC+01:00"


def test_a_time_is_told_in_the_zone_that_is_given() -> None:
    assert told(datetime(2026, 6, 1, 22, 30, tzinfo=UTC), UTC) == "2026-06-01 22:30"


def test_a_deadline_given_as_a_day_is_told_as_that_day_whatever_the_zone() -> None:
    for hours in range(-9, 14):
        zone = timezone(timedelta(hours=hours))
        deadline = Day("2026-04-30", "+02:00").end.astimezone(UTC)
        record = FollowUp(id="X", incident="I", due=deadline)
        drawing = drawing_of(graph_of([record]), focus=(), most=1, zone=zone)
        assert drawing.boxes[0].when == "2026-04-30 due"
