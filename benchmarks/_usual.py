"""What goes as it should: incidents about which no rule has anything to say.

Who reads this file learns what a casebook without findings takes: a cause or a decision for each
incident, evidence for each cause, a change of the process for each required path, implemented
with a criterion and evidence and verified in time, escape causes where a customer noticed, amends
where it was grave, follow-ups made, promises with something under them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from benchmarks._ground import (
    CHANGES,
    CHANNELS,
    EVERY_ELEMENT,
    PROCESSES,
    PRODUCTS,
    SITES,
    Month,
    Slot,
    mixed,
)
from remedy import (
    ALL,
    Action,
    Affected,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Day,
    Decision,
    Evidence,
    FollowUp,
    Incident,
    Promise,
    Record,
    Response,
    Verification,
)

__all__ = ["Customers", "Usual", "finished"]

PER_CAUSE = 8
MASS = 2_000


class Customers:
    """Customers by Zipf's law (exponent 0.8): a few are met thousands of times, most once or twice.

    Args:
        count: How many there are.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._top = count**0.2 - 1

    def drawn(self, chance: float) -> str:
        """Return the customer for a number from 0 to 1."""
        return f"CUS-{int((self._top * chance + 1) ** 5):06}"

    def one_of(self, place: int, turn: int) -> str:
        """Return a customer; the same place gives sixteen turns sixteen different ones."""
        return f"CUS-{(place + turn * (self.count // 16)) % self.count + 1:06}"


class Usual:
    """Makes the records around the usual incidents of one month.

    Args:
        month: The month.
        customers: The customers.
        caused: How many of the incidents have a cause.
        dice: Where chance comes from.
    """

    def __init__(
        self, month: Month, customers: Customers, caused: int, dice: random.Random
    ) -> None:
        self._month = month
        self._customers = customers
        self._dice = dice
        self._ranks = max(1, round(caused / PER_CAUSE / len(PROCESSES))) ** 0.2 - 1
        self._explained: dict[tuple[int, int], list[CausalLink | str]] = defaultdict(list)
        self._escaped: dict[int, list[CausalLink]] = defaultdict(list)

    # --- incidents --------------------------------------------------------------------------------

    def singular(
        self, slot: Slot, *, caused: bool, apologised: bool, doubled: bool
    ) -> Iterator[Record]:
        """Yield an incident of a failure that never comes back, and what followed."""
        bits = self._dice.getrandbits(96)
        customers: tuple[Affected | str, ...] = ()
        if doubled or bits % 20 > 3:
            customers = (self._customers.drawn(self._dice.random()),)
            if not bits >> 4 & 63:
                customers += (self._customers.drawn(self._dice.random()),)
            elif not bits >> 4 & 7:
                customers = (Affected(customer=customers[0], order=f"SO-{slot.number}"),)
        yield from self._followed(
            slot, bits >> 10, bits >> 10 & 0xFF, f"label {slot.number}", customers,
            caused=caused, apologised=apologised, doubled=doubled,
        )  # fmt: skip

    def again(
        self, slot: Slot, group: tuple[int, int, int], turn: int, *, apologised: bool
    ) -> Iterator[Record]:
        """Yield one of the incidents of a failure that comes back every hundred days."""
        same = mixed(*group)
        customers = (self._customers.one_of(same, turn),)
        yield from self._followed(
            slot, self._dice.getrandbits(96), same >> 8, "label {}-{}-{}".format(*group), customers,
            caused=True, apologised=apologised, doubled=False, comes_back=True,
        )  # fmt: skip

    def mass(self, slot: Slot) -> Iterator[Record]:
        """Yield an incident that two thousand customers lived through."""
        customers = [
            f"CUS-{(slot.number * 31 + n) % max(self._customers.count, MASS) + 1:06}"
            for n in range(MASS)
        ]
        yield Incident(
            id=slot.id, occurred=slot.at, detected=slot.later(0.1), process=PROCESSES[4],
            failure_mode=f"recall {slot.number}", impact="critical", detected_by="us",
            acknowledged=slot.later(0.1), customers=customers,
        )  # fmt: skip
        self._explained[4, 0].append(slot.id)
        yield Apology(
            id=f"APO-{slot.number:07}", incidents=slot.id, made=slot.later(2), elements=EVERY_ELEMENT,
            customers=customers if slot.number % 2 else ALL,
        )  # fmt: skip
        yield Amends(
            id=f"AMD-{slot.number:07}", incident=slot.id, kind="refund", made=slot.later(2)
        )

    def duplicate(self, slot: Slot, root: Slot) -> Iterator[Record]:
        """Yield a second record of an incident, by another customer who lived through it."""
        yield Incident(
            id=slot.id, occurred=slot.at, duplicate_of=root.id, process=PROCESSES[slot.number % 12],
            failure_mode="as reported", customers=f"CUS-S{slot.number:07}",
        )  # fmt: skip

    def _followed(
        self,
        slot: Slot,
        bits: int,
        kind: int,
        failure_mode: str,
        customers: tuple[Affected | str, ...],
        *,
        caused: bool,
        apologised: bool,
        doubled: bool,
        comes_back: bool = False,
    ) -> Iterator[Record]:
        decided = not caused
        process = kind % len(PROCESSES)
        noticed = not bits & 7
        grave = not bits >> 3 & 15
        detected = slot.later((bits >> 7 & 31) / 100) if bits >> 12 & 1 else None
        occurred = slot.at if grave or bits >> 13 & 63 else Day(slot.at.date(), "+00:00")
        yield Incident(
            id=slot.id,
            occurred=occurred,
            occurred_basis="observed" if bits >> 19 & 7 else "reported",
            detected=detected if occurred is slot.at else None,
            acknowledged=slot.later(0.1) if grave else None,
            process=PROCESSES[process],
            failure_mode=failure_mode,
            product=PRODUCTS[kind % len(PRODUCTS)],
            channel=CHANNELS[bits >> 22 & 3],
            site=SITES[bits >> 24 & 3],
            impact=("major" if bits & 8 else "critical")
            if grave
            else ("minor", "moderate")[bits >> 26 & 1],
            detected_by="customer" if noticed else "us",
            gate="all" if bits >> 27 & 7 == 1 else "any",
            customers=customers,
        )
        if caused:
            rank = int((self._ranks * self._dice.random() + 1) ** 5)
            if comes_back and _is_decided(rank):
                rank += 1
            self._explained[process, rank].append(slot.id)
            if not bits >> 30 & 15:
                self._explained[process, 1 if rank > 1 else 2].append(slot.id)
            decided = _is_decided(rank)
            if noticed:
                self._escaped[process].append(CausalLink(to=slot.id, role="escape"))
        else:
            yield Decision(
                id=f"DEC-{slot.number:07}", kind="no_analysis", incident=slot.id,
                made=slot.later(1 + (bits >> 34 & 7)), who="care lead", reason="a slip, put right",
            )  # fmt: skip
        if noticed and bits >> 37 & 1:
            yield Complaint(
                id=f"COM-{slot.number:07}", incident=slot.id, made=slot.later(0.5),
                customer=_name(customers[0]) if customers else None, channel="phone",
                text="It went wrong, and here is how.",
            )  # fmt: skip
        if not bits >> 38 & 31:
            yield self._put_right(slot, bits)
        if apologised:
            yield from self._apologised(slot, bits >> 45, customers, not decided, grave, doubled)

    def _put_right(self, slot: Slot, bits: int) -> Action:
        """Return what was done at once: a correction, or containment that was ended in time."""
        kind = "correction" if bits >> 43 & 3 else "containment"
        return Action(
            id=f"COR-{slot.number:07}", kind=kind, decided=slot.later(0.3), incidents=slot.id,
            owner="care team", due=slot.later(3),
            events=[("implemented", slot.later(1)), ("closed", slot.later(30))],
        )  # fmt: skip

    def _apologised(
        self,
        slot: Slot,
        bits: int,
        customers: tuple[Affected | str, ...],
        fixed: bool,
        grave: bool,
        doubled: bool,
    ) -> Iterator[Record]:
        made = slot.later(1 + (bits & 3))
        names = [_name(each) for each in customers]
        told = None
        if names and (doubled or bits >> 2 & 1):
            told = ALL if doubled or bits >> 3 & 3 else names
        incidents = [slot.id]
        joint = not bits >> 5 & 127 and slot.column > 0 and not doubled and told is None
        if joint:
            incidents.append(f"INC-{slot.number - 1:07}")
        promises = ()
        if not (joint or bits >> 12 & 15):
            promises = (self._promise(slot, bits >> 16, fixed),)
            if promises[0].actions:
                yield from finished(
                    f"PRV-{slot.number:07}", (), "checklist", None, kind="preventive",
                    decided=made, done=slot.later(20),
                )  # fmt: skip
        yield Apology(
            id=f"APO-{slot.number:07}", incidents=incidents, made=made, author="care team",
            channel="letter", customers=told, elements=EVERY_ELEMENT if bits & 1 else None,
            promises=promises,
        )  # fmt: skip
        if grave:
            yield Amends(
                id=f"AMD-{slot.number:07}", incident=slot.id, kind="credit", made=made,
                amount="25.00 EUR",
            )  # fmt: skip
        if names and not bits >> 18 & 7:
            yield Response(
                id=f"RES-{slot.number:07}", customer=names[0], incident=slot.id,
                kind="accepted" if bits >> 20 & 1 else "thanked", made=slot.later(6),
            )  # fmt: skip
            yield FollowUp(
                id=f"FOL-{slot.number:07}", incident=slot.id, customer=names[0],
                due=slot.later(14), made=slot.later(13),
            )  # fmt: skip

    def _promise(self, slot: Slot, bits: int, fixed: bool) -> Promise:
        if fixed and bits & 3:
            return Promise(
                kind="non_recurrence", text="It will not happen to you again.",
                actions=f"PRV-{slot.number:07}" if bits & 8 else (),
            )  # fmt: skip
        if bits & 4:
            return Promise(
                kind="watch", text="We watch your next orders.", due=slot.later(60),
                fulfilled=slot.later(58),
            )  # fmt: skip
        return Promise(
            kind="deed", text="You get a call when it is done.", owner="care team",
            due=slot.later(20), fulfilled=slot.later(15),
        )  # fmt: skip

    # --- causes and what is done about them, at the end of the month ------------------------------

    def causes(self) -> Iterator[Record]:
        """Yield the causes of the month's incidents, and what was done about them."""
        for (process, rank), incidents in sorted(self._explained.items()):
            yield from self._cause(process, rank, incidents)
        for process, incidents in sorted(self._escaped.items()):
            id = f"ESC-{self._month.number:02}-{process:02}"
            yield Cause(
                id=id, found=self._month.day(9), text="The check at the end does not see it.",
                incidents=incidents,
            )  # fmt: skip
            yield Evidence(id=f"EVI-{id}", cause=id, made=self._month.day(9.5), text="test run")
            yield from self._change(f"ACT-{id}", id, "monitoring", None)

    def _cause(
        self, process: int, rank: int, incidents: list[CausalLink | str]
    ) -> Iterator[Record]:
        dice, month = self._dice, self._month
        id = f"CAU-{month.number:02}-{process:02}-{rank:05}"
        chance = dice.random()
        deep = chance > 0.9 and not _is_decided(rank)
        found = month.day(8 + 2 * dice.random())
        gate = "all" if dice.random() < 0.4 else "any"
        yield Cause(
            id=id, found=found, text="Two labels look alike.", incidents=incidents,
            is_human=deep and dice.random() < 0.5, gate=gate,
        )  # fmt: skip
        yield Evidence(id=f"EVI-{id}", cause=id, made=month.day(10.5), text="seen on the spot")
        if deep:
            yield from self._deeper(id, gate, found)
            return
        if _is_decided(rank):
            yield Decision(
                id=f"DEC-{id}", kind="no_action", cause=id, made=month.day(11), who="quality board",
                reason="the machine is replaced next year",
            )  # fmt: skip
            return
        scope = PROCESSES[process] if chance < 0.13 else None
        yield from self._change(f"ACT-{id}", id, dice.choice(CHANGES), scope)
        if chance > 0.85:
            # It was there before, and did not hold: something else stands now.
            yield from finished(
                f"ACO-{id}", id, "redundancy", None, decided=month.day(-120), done=month.day(-90)
            )
        elif chance > 0.75:
            yield from self._change(f"ACS-{id}", id, dice.choice(CHANGES), None)

    def _deeper(self, id: str, gate: str, found: datetime) -> Iterator[Record]:
        """Yield deeper causes, one to three levels, with what is done at the deepest."""
        dice, month = self._dice, self._month
        effects = [id]
        for level in range(1, dice.choice((1, 1, 2, 3)) + 1):
            breadth = 2 if level == 1 else 1
            deeper = []
            for place in range(breadth):
                name = f"{id}-{level}{'ab'[place]}"
                deeper.append(name)
                yield Cause(
                    id=name, found=found, effects=effects if level == 1 else [effects[place % len(effects)]],
                    text="Nobody had asked.", gate="all" if dice.random() < 0.3 else "any",
                )  # fmt: skip
                yield Evidence(id=f"EVI-{name}", cause=name, made=month.day(11), text="interview")
            if level == 1 and len(deeper) > 1:
                # The second of the branches ends here; the gate says whether it has to be met.
                last = deeper.pop()
                if gate == "any":
                    yield from self._change(f"ACT-{last}", last, dice.choice(CHANGES), None)
            effects = deeper
        yield from self._change(f"ACT-{effects[0]}", effects[0], dice.choice(CHANGES), None)

    def _change(
        self, id: str, cause: str, intervention: str, scope: str | None
    ) -> Iterator[Record]:
        done = self._month.ends + timedelta(days=10 + 25 * self._dice.random())
        return finished(id, cause, intervention, scope, decided=self._month.day(11), done=done)


def finished(
    id: str,
    causes: str | tuple[str, ...],
    intervention: str,
    scope: str | None,
    *,
    decided: datetime,
    done: datetime,
    kind: str = "corrective",
) -> Iterator[Record]:
    """Yield an action as it should be: owned, dated, with a criterion, done, shown and verified."""
    yield Action(
        id=id, kind=kind, intervention=intervention, decided=decided, causes=causes,
        owner="process owner", team="quality", due=done + timedelta(days=9), scope_process=scope,
        criterion="none in ninety days",
        events=[
            ("implemented", done),
            ("took_effect", done + timedelta(days=1)),
            ("closed", done + timedelta(days=70)),
        ],
    )  # fmt: skip
    yield Evidence(id=f"EVI-{id}", action=id, made=done, url="https://example.org/release")
    yield Verification(
        id=f"VER-{id}", action=id, made=done + timedelta(days=60), result="effective",
        method="challenge_test",
    )  # fmt: skip


def _is_decided(rank: int) -> bool:
    """Whether it was decided that nothing needs to be done about a cause."""
    return rank % 12 == 5


def _name(customer: Affected | str) -> str:
    return customer.customer if isinstance(customer, Affected) else customer
