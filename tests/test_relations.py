"""What the relations leave out: most of what they say is never looked at, and that is the speed.

What they say of what is left, the rules show. Here stands that nothing more is left than has to be.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import remedy
from remedy import Action, Affected, Apology, Cause, Customer, Incident, Link, Promise
from remedy.checking import _prepare
from remedy.engines import sqlite
from remedy.engines.focus import focus_of
from tests.given import DAY

LATER = "2026-06-01T09:00+01:00"


class Keeping(sqlite.SqliteEngine):
    """An engine that keeps all relations."""

    def _fill_all(self, *, by_account: bool) -> None:
        for step in sqlite.steps(everything=True, by_account=by_account):
            if isinstance(step, sqlite.Step):
                self._make(step)
                self._connection.execute(f"INSERT INTO temp.{step.name} {step.sql}")
            elif hasattr(step, "sql"):
                self._change(step)


class Laid:
    """Relations over a casebook."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __call__(self, columns: str, relation: str) -> list[Any]:
        """What stands in columns of a relation; of one column, its values."""
        found = self._connection.execute(f"SELECT {columns} FROM {relation}").fetchall()
        return sorted(row[0] if len(row) == 1 else row for row in found)


@contextmanager
def laid(*records: remedy.Record, around: str | None = None, **config: Any) -> Iterator[Laid]:
    with remedy.open(":memory:", actor="test", config=remedy.Config(**config)) as book:
        book.record(*records)
        as_of = datetime.fromisoformat(LATER)
        with book._store.snapshot() as db:
            focus = None
            if around is not None:
                moment = int(as_of.timestamp() * 1_000_000)
                focus = focus_of(db.conn, "incident", around, moment)
            engine = Keeping(db.conn)
            _prepare(engine, book.config, as_of, focus)
            yield Laid(db.conn)


def late(number: int, day: int, *customers: str, **fields: Any) -> Incident:
    """An incident of which it is said what failed."""
    given = {"process": "shipping", "failure_mode": "late", **fields}
    return Incident(id=f"INC-{number}", occurred=DAY[day], customers=customers, **given)


def sorry(number: int, day: int, *incidents: str, **fields: Any) -> Apology:
    return Apology(
        id=f"APO-{number}", incidents=[Link(to=each) for each in incidents], made=DAY[day],
        **{"customers": "all", **fields},
    )  # fmt: skip


def cause(number: int, *incidents: str, **fields: Any) -> Cause:
    return Cause(id=f"CAU-{number}", found=DAY[1], incidents=incidents, **fields)


def change(number: int, day: int, *causes: str, **fields: Any) -> Action:
    """A change of the process that is made on a day."""
    events = [("implemented", DAY[day]), *fields.pop("then", ())]
    return Action(
        id=f"ACT-{number}", kind="corrective", decided=DAY[1], causes=causes, events=events,
        **{"intervention": "automation", **fields},
    )  # fmt: skip


def never(number: int, day: int, **fields: Any) -> Promise:
    return Promise(
        id=f"PRO-{number}", apology=f"APO-{number}", kind="non_recurrence", made=DAY[day], **fields
    )


# --- what came back -------------------------------------------------------------------------------


def test_only_failures_that_came_more_than_once_are_compared() -> None:
    nothing: dict[str, Any] = {"failure_mode": None}
    records = (
        late(1, 2), late(2, 3), late(3, 4, failure_mode="torn"), late(4, 5, **nothing),
        late(5, 6, **nothing),
    )  # fmt: skip
    with laid(*records) as rows:
        assert rows("incident", "member") == ["INC-1", "INC-2"]
        assert len(rows("failure", "again")) == 1
    with laid(*records, around="INC-4") as rows:
        assert rows("failure", "again") == []


def test_only_persons_whom_a_failure_hit_twice_are_looked_at() -> None:
    twice = [Affected(customer="C-1", order="7"), Affected(customer="C-1", order="8")]
    records = (
        Customer(id="C-1", account="A"), late(1, 2, "C-2"), late(2, 3, "C-2"),
        Incident(id="INC-3", occurred=DAY[4], process="shipping", failure_mode="late",
                 customers=twice[:1]),
        Incident(id="INC-4", occurred=DAY[4], duplicate_of="INC-3", customers=twice[1:]),
    )  # fmt: skip
    with laid(*records) as rows:
        assert rows("order_ref", "incident_customer WHERE customer = 'C-1'") == ["7", "8"]
        assert rows("who", "hit_again") == ["C-2"]


def test_only_apologies_count_that_were_told_before_it_hit_the_same_person_for_the_last_time() -> (
    None
):
    records = (
        late(1, 2, "C-1", "C-2"), late(2, 5, "C-1"), late(3, 8, "C-1"),
        late(4, 3, "C-1", failure_mode="torn"), late(5, 9, "C-3", failure_mode="torn"),
        sorry(1, 3, "INC-1"), sorry(2, 8, "INC-2"), sorry(3, 7, "INC-3"), sorry(4, 4, "INC-4"),
    )  # fmt: skip
    with laid(*records) as rows:
        assert rows("apology, who", "sorry_to") == [("APO-1", "C-1")]


def test_what_was_done_is_held_against_incidents_of_the_same_failure_and_cause() -> None:
    records = (
        late(1, 2), late(2, 9), late(3, 2, failure_mode="torn"), late(4, 9, failure_mode="torn"),
        late(5, 2, failure_mode="cold"), late(6, 9, failure_mode="cold"),
        cause(1, "INC-1"), cause(2, "INC-3"), cause(3, "INC-5", "INC-6"), cause(4),
        change(1, 4, "CAU-1"), change(2, 4, "CAU-2"), change(3, 4, "CAU-3"), change(4, 4, "CAU-4"),
    )  # fmt: skip
    with laid(*records) as rows:
        assert rows("incident", "unexplained") == ["INC-2", "INC-4"]
        assert rows("incident, action, suspected", "held_not") == [
            ("INC-2", "ACT-1", 1),
            ("INC-4", "ACT-2", 1),
            ("INC-6", "ACT-3", 0),
        ]


# --- from the apology on --------------------------------------------------------------------------


def test_an_apology_is_walked_through_only_where_it_may_be_hollow_or_a_change_failed() -> None:
    def of(number: int, mode: str, came: int, made: int | None, later: int) -> list[remedy.Record]:
        """An incident that was apologised for on the third day, changed, and came back."""
        first, second = f"INC-{number}", f"INC-{number + 1}"
        found: list[remedy.Record] = [
            late(number, came, failure_mode=mode), late(number + 1, later, failure_mode=mode),
            sorry(number, 5, first), cause(number, first), cause(number + 1, second),
        ]  # fmt: skip
        return found if made is None else [*found, change(number, made, f"CAU-{number}")]

    records = (
        *of(10, "came back after the change", 2, 7, 9),
        *of(20, "before the change", 2, 9, 7),
        *of(30, "with nothing done", 2, None, 9),
        *of(40, "before the apology", 2, None, 4),
        *of(50, "in the moment of the apology", 2, None, 5),
        *of(60, "was there before", 4, 3, 9),
        *of(70, "had been before", 6, None, 2),
        # The first of several changes is what holds: on a cause, on another, and on a deeper one.
        *of(100, "between two changes", 2, 7, 9), change(101, 12, "CAU-100"),
        *of(110, "between changes on two causes", 2, 12, 9), cause(112, "INC-110"),
        change(112, 7, "CAU-112"),
        *of(120, "between changes on a cause and beneath it", 2, 12, 9),
        cause(122, effects=["CAU-120"]), cause(123, effects=["CAU-120"]),
        change(122, 7, "CAU-122"), change(123, 15, "CAU-123"),
        late(80, 2, failure_mode="once"), sorry(80, 3, "INC-80"),
    )  # fmt: skip
    with laid(*records) as rows:
        assert rows("incident", "walker") == ["INC-20", "INC-30", "INC-60"]
        assert rows("incident", "held") == ["INC-20"]
        assert rows("incident", "gap") == ["INC-20", "INC-30", "INC-60"]


def test_where_a_change_ends_there_is_a_gap_only_if_no_other_holds_for_this_incident() -> None:
    records = (
        late(1, 2), late(2, 20), sorry(1, 3, "INC-1"), cause(1, "INC-1"),
        change(1, 4, "CAU-1", then=[("cancelled", DAY[10])]),
        change(2, 6, "CAU-1", then=[("cancelled", DAY[8])]),
        late(3, 2, failure_mode="torn"), late(4, 20, failure_mode="torn"), sorry(3, 3, "INC-3"),
        cause(3, "INC-3"), change(3, 4, "CAU-3", then=[("cancelled", DAY[12])]),
    )  # fmt: skip
    with laid(*records) as rows:
        days = [datetime.fromisoformat(day).timestamp() * 1_000_000 for day in DAY]
        told = [(incident, days.index(at)) for incident, at in rows("incident, gap_at", "gap")]
        assert told == [("INC-1", 3), ("INC-1", 10), ("INC-3", 3), ("INC-3", 12)]


# --- promises -------------------------------------------------------------------------------------


def test_only_promises_are_looked_at_that_something_later_may_have_broken() -> None:
    records = (
        late(1, 2, "C-1"), late(2, 9, "C-1"), sorry(1, 3, "INC-1"), never(1, 3),
        sorry(2, 10, "INC-2"), never(2, 10),
        late(3, 2, "C-1", failure_mode="torn"), sorry(3, 3, "INC-3"), never(3, 3),
        late(4, 2, "C-1", failure_mode="cold"), late(5, 31 - 1, "C-1", failure_mode="cold"),
        sorry(4, 3, "INC-4"), never(4, 3),
        late(6, 2, "C-1", failure_mode="lost"), late(7, 5, "C-1", failure_mode="lost"),
        sorry(6, 5, "INC-6"), never(6, 5),
        late(8, 2, "C-1", failure_mode="bent"), late(9, 6, "C-1", failure_mode="bent"),
        sorry(8, 3, "INC-8"), never(8, 3, scope="anyone"),
    )  # fmt: skip
    with laid(*records, promise_horizon="20 days") as rows:
        assert rows("promise", "bound") == ["PRO-1", "PRO-8"]
        assert rows("apology, who", "told") == [("APO-1", "C-1")]


def test_of_those_who_were_told_only_those_are_listed_whom_it_reached() -> None:
    records = (
        late(1, 2, "C-1", "C-2"), late(2, 9, "C-1"), never(1, 3), Customer(id="C-3"),
        sorry(1, 3, "INC-1", not_reached=["C-2", "C-3"]),
        late(4, 9, "C-1", "C-2", failure_mode="torn"), sorry(4, 9, "INC-4"),
    )  # fmt: skip
    with laid(*records) as rows:
        assert rows("apology, who", "told") == [("APO-1", "C-1")]
    listed = sorry(1, 3, "INC-1", customers=["C-2", "C-3"])
    with laid(*(listed if each.id == "APO-1" else each for each in records)) as rows:
        assert rows("apology, who", "told") == [("APO-1", "C-2"), ("APO-1", "C-3")]


# --- what stands behind it ------------------------------------------------------------------------


def test_an_action_is_in_effect_only_where_it_took_effect() -> None:
    open_still = Action(id="ACT-2", kind="corrective", decided=DAY[1])
    cancelled = Action(
        id="ACT-3", kind="corrective", decided=DAY[1], events=[("cancelled", DAY[3])]
    )
    closed = Action(id="ACT-4", kind="corrective", decided=DAY[1], events=[("closed", DAY[3])])
    with laid(change(1, 2, then=[("cancelled", DAY[3])]), open_still, cancelled, closed) as rows:
        assert rows("action", "effect") == ["ACT-1"]
        assert rows("action", "eventful") == ["ACT-1", "ACT-3"]


def test_a_cause_reaches_what_lies_beneath_it_once() -> None:
    records = (
        late(1, 2), cause(1, "INC-1"), cause(2, effects=["CAU-1"]),
        cause(3, effects=["CAU-1", "CAU-2"]), cause(4, effects=["CAU-3"]),
    )  # fmt: skip
    with laid(*records) as rows:
        found = Counter(rows("cause, deeper", "reach"))
        assert set(found.values()) == {1}
        assert {deeper for each, deeper in found if each == "CAU-1"} == {
            "CAU-1", "CAU-2", "CAU-3", "CAU-4",
        }  # fmt: skip


def test_only_incidents_with_something_particular_have_their_causes_looked_at_one_by_one() -> None:
    records = (
        late(1, 6, product="P1"), sorry(1, 7, "INC-1"), cause(1, "INC-1"), cause(2, "INC-1"),
        cause(3, "INC-1", role="escape"), cause(4, effects=["CAU-2"]),
        change(1, 8, "CAU-1", scope_product="P1"),
        late(2, 6, failure_mode="torn"), sorry(2, 7, "INC-2"), cause(5, "INC-2"),
        change(5, 8, "CAU-5"),
        late(3, 6, failure_mode="cold"), sorry(3, 7, "INC-3"), cause(6, "INC-3"),
        change(6, 6, "CAU-6"),
        late(4, 6, failure_mode="bent"), sorry(4, 7, "INC-4"), cause(7, "INC-4"),
        change(7, 5, "CAU-7"),
    )  # fmt: skip
    with laid(*records) as rows:
        assert rows("unit, cause", "unit_cause") == [
            ("INC-1", "CAU-1"), ("INC-1", "CAU-2"), ("INC-1", "CAU-4"), ("INC-4", "CAU-7"),
        ]  # fmt: skip


def test_only_what_lacks_something_is_asked_what_it_lacks() -> None:
    def of(number: int, mode: str, **fields: Any) -> list[remedy.Record]:
        id = f"INC-{number}"
        return [
            late(number, 2, failure_mode=mode), sorry(number, 3, id), cause(number, id),
            change(number, 5, f"CAU-{number}", **fields),
        ]  # fmt: skip

    planned = Action(
        id="ACT-4", kind="corrective", decided=DAY[3], intervention="automation", causes=["CAU-4"],
        owner="QA", due="2026-12-01T09:00+01:00",
    )  # fmt: skip
    records = (
        *of(1, "stronger and in time", verify_by="2026-12-01T09:00+01:00"),
        *of(2, "weaker", strength="weaker", verify_by="2026-12-01T09:00+01:00"),
        *of(3, "not verified in time", verify_by=DAY[9]),
        *of(4, "in hand")[:3], planned,
        *of(5, "nothing done")[:3],
        late(6, 2, failure_mode="no cause"), sorry(6, 3, "INC-6"),
        *of(7, "decided")[:3],
        remedy.Decision(id="DEC-7", kind="no_action", cause="CAU-7", made=DAY[4], reason="seldom"),
        *of(8, "does not change anything and was never verified", intervention="training",
            verify_by=DAY[9]),
    )  # fmt: skip
    with laid(*records) as rows:
        assert rows("incident", "wanting") == ["INC-2", "INC-3", "INC-5", "INC-6", "INC-8"]
        assert rows("incident", "backing WHERE unverified = 1") == ["INC-3"]
        assert rows("incident, grade", "backing WHERE grade IS NOT NULL") == [
            ("INC-1", 8), ("INC-2", 8), ("INC-3", 8), ("INC-4", 6), ("INC-5", 1), ("INC-7", 7),
            ("INC-8", 2),
        ]  # fmt: skip


def test_only_apologies_whose_wording_lacks_something_are_read() -> None:
    whole = ["regret", "explanation", "responsibility", "repentance", "repair"]
    records = (
        late(1, 2), sorry(1, 3, "INC-1", elements=whole),
        late(2, 2), sorry(2, 3, "INC-2", elements=whole[:4]),
        late(3, 2), sorry(3, 3, "INC-3"),
    )  # fmt: skip
    with laid(*records) as rows:
        assert rows("incident, repair", "worded") == [("INC-2", 0)]
