"""Records for the tests of exports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from remedy import (
    Action,
    ActionEvent,
    Affected,
    Alias,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Complaint,
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
    Record,
    Response,
    Share,
    Verdict,
    Verification,
    Waiver,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=40)


def one_of_each() -> list[Record]:
    """One record of each kind, with something in every field that an export shows apart."""
    return [
        Customer(
            id="C-1",
            name="=HYPERLINK()",
            account="ACC-1",
            aliases=Alias(source="crm", external_id="17"),
        ),
        Incident(
            id="INC-1",
            occurred=Day("2026-03-02", "+01:00"),
            detected=NOON,
            process="shipping",
            failure_mode="collect",
            impact="major",
            title="-1 € ﬂ\r\nnext",
            customers=[
                Affected(customer="C-1", order="+1001", order_no=-5, acknowledged=LATER),
                "C-2",
            ],
            attributes={"rank": 1, "name": "ü"},
        ),
        Incident(id="INC-2", occurred=LATER, process="shipping", failure_mode="collect"),
        Complaint(id="COM-1", made=NOON, customer="C-1", incident="INC-1", justified=True),
        Cause(
            id="CAU-1",
            found=NOON,
            is_human=True,
            incidents=("INC-1", CausalLink(to="INC-2", role="escape", since=LATER)),
        ),
        Cause(id="CAU-2", found=NOON, effects=Link(to="CAU-1", since=LATER)),
        Action(
            id="ACT-1",
            kind="corrective",
            decided=NOON,
            due="2026-04-30+02:00",
            causes="CAU-1",
            events=ActionEvent(state="took_effect", occurred=LATER, who="the shipping lead"),
        ),
        Verification(id="VER-1", action="ACT-1", made=LATER, result="effective"),
        Apology(
            id="APO-1",
            incidents=("INC-1", External(source="crm", external_id="9")),
            made=NOON,
            elements=("regret", "repair"),
            customers="C-1",
            not_reached="C-2",
            promises=Promise(kind="deed", text="@call", due="2026-03-10+01:00", actions="ACT-1"),
        ),
        Amends(
            id="AMD-1",
            incident="INC-1",
            customer="C-1",
            kind="refund",
            made=NOON,
            amount="12.50 EUR",
            shares=[Share(party="us", percent=50), Share(party="customer", percent=50)],
        ),
        Response(id="RES-1", customer="C-1", incident="INC-1", kind="last_chance", made=NOON),
        FollowUp(id="FOL-1", incident="INC-1", due="2026-03-20+01:00"),
        Decision(id="DEC-1", kind="no_action", cause="CAU-2", made=NOON, reason="theirs"),
        Evidence(id="EVI-1", cause="CAU-1", made=NOON, url="https://example.org/a?b=c&d"),
        Exposure(id="EXP-1", chances=1204, began=NOON, ended=LATER, supervised=True),
        Verdict(id="VDT-1", a="INC-1", b="INC-2", kind="same", made=LATER),
        Waiver(id="WAI-1", finding="k", code="A104", reason="known", made=NOON, until=LATER),
    ]
