"""Twice shipped collect: an apology with nothing behind it, and what that costs."""

import attrs

from remedy.examples._story import Continuation, Story
from remedy.records import (
    Action,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    Decision,
    Evidence,
    Exposure,
    Incident,
    Promise,
    Response,
)

_RETRAINING = Action(
    id="ACT-2",
    kind="corrective",
    intervention="training",
    text="Show the packing bench again how freight terms get from the order to the label.",
    owner="shipping supervisor",
    decided="2026-03-03T15:30+01:00",
    due="2026-03-20+01:00",
    criterion="Twenty trial orders labelled without a mistake.",
    causes="CAU-1",
)
_SECOND_CHECK = Action(
    id="ACT-3",
    kind="corrective",
    intervention="double_check",
    text="A second person at the packing bench compares the freight terms on label and order.",
    owner="shipping supervisor",
    decided="2026-03-03T15:30+01:00",
    due="2026-03-06+01:00",
    criterion="No prepaid order leaves with a collect label, over 500 orders.",
    causes="CAU-1",
    events=("implemented", "2026-03-05T08:00+01:00"),
)

STORY = Story(
    name="twice-shipped-collect",
    title="Twice shipped collect",
    summary=(
        "A supplier agreed to pay the freight, and the parcel went out for the customer to pay it. "
        "It lay at the carrier's depot for a week before the customer asked where it was. The "
        "order desk apologised and said that this would never happen again. Nobody looked into "
        "the reason, and nothing in the way parcels are shipped was changed. The next order of "
        "the same customer went out the same way. This time the supplier saw it within hours, "
        "called, and could say why: the packing bench had never been taught about freight terms. "
        "Somebody is being taught now, and a second person looks at every label. The customer "
        "has given them one more chance. What was the first apology worth, and what does the "
        "second one rest on?"
    ),
    told_on="2026-03-09T09:00+01:00",
    moments={
        "a week after the apology": (
            "2026-02-18T18:00+01:00",
            "It was promised that it would never happen again, and nothing is under the promise.",
        ),
        "the day before the second order": (
            "2026-03-02T18:00+01:00",
            "Still nobody has asked why. The next parcel goes out tomorrow.",
        ),
        "now": (
            "2026-03-09T09:00+01:00",
            "It came back to the same customer, and what was done since rests on attention alone.",
        ),
    },
    records=(
        Customer(id="C-17", name="a workshop that orders every month"),
        Exposure(
            id="EXP-1",
            process="shipping",
            chances=812,
            began="2026-01-01T00:00+01:00",
            ended="2026-03-05T08:00+01:00",
        ),
        Exposure(
            id="EXP-2",
            process="shipping",
            chances=31,
            began="2026-03-05T08:00+01:00",
            ended="2026-03-09T09:00+01:00",
        ),
        # The first parcel.
        Incident(
            id="INC-1",
            title="A prepaid order was shipped freight collect",
            text=(
                "The order said that we pay the freight; the label said that the receiver does. "
                "The carrier kept the parcel at its depot until somebody would pay."
            ),
            process="shipping",
            failure_mode="shipped collect",
            impact="moderate",
            customers="C-17",
            order="SO-1041",
            order_no=41,
            occurred="2026-02-03T14:20+01:00",
            detected="2026-02-10T08:45+01:00",
            detected_by="customer",
            acknowledged="2026-02-10T08:45+01:00",
        ),
        Complaint(
            id="COM-1",
            customer="C-17",
            incident="INC-1",
            made="2026-02-10T08:45+01:00",
            channel="phone",
            justified=True,
            text="My parcel has been at the depot all week, because they want the freight from me.",
        ),
        Action(
            id="ACT-1",
            kind="correction",
            text="Pay the carrier, and have the parcel delivered the same day.",
            owner="order desk",
            decided="2026-02-10T09:00+01:00",
            due="2026-02-10+01:00",
            incidents="INC-1",
            events=("implemented", "2026-02-10T15:30+01:00"),
        ),
        Apology(
            id="APO-1",
            incidents="INC-1",
            customers="C-17",
            made="2026-02-11T10:00+01:00",
            author="order desk",
            channel="phone",
            text="We are very sorry. It will never happen again.",
            promises=Promise(
                id="PRO-1",
                kind="non_recurrence",
                scope="customer",
                text="It will never happen again.",
            ),
        ),
        # The second parcel, and what was found and done on the same day.
        Incident(
            id="INC-2",
            title="The next order was shipped freight collect, too",
            text="Seen on the carrier's list of the day, while the parcel was still on its way.",
            process="shipping",
            failure_mode="shipped collect",
            impact="moderate",
            customers="C-17",
            order="SO-1042",
            order_no=42,
            occurred="2026-03-03T09:30+01:00",
            detected="2026-03-03T15:05+01:00",
            detected_by="us",
            acknowledged="2026-03-03T15:40+01:00",
        ),
        Cause(
            id="CAU-1",
            found="2026-03-03T15:30+01:00",
            text="A gap in training: the packing bench was never taught about freight terms.",
            incidents=("INC-1", "INC-2"),
        ),
        Evidence(
            id="EVI-1",
            cause="CAU-1",
            made="2026-03-03T15:30+01:00",
            text="The training plan of the packing bench does not mention freight terms; both "
            "labels were made there.",
        ),
        Cause(
            id="CAU-2",
            found="2026-03-03T15:30+01:00",
            text="Past the packing bench nothing compares the label with the order.",
            incidents=(
                CausalLink(to="INC-1", role="escape"),
                CausalLink(to="INC-2", role="escape"),
            ),
        ),
        Evidence(
            id="EVI-2",
            cause="CAU-2",
            made="2026-03-03T15:30+01:00",
            text="Both parcels went over the dock unopposed; the dock scans numbers only.",
        ),
        Decision(
            id="DEC-1",
            kind="no_action",
            cause="CAU-2",
            made="2026-03-03T15:30+01:00",
            who="shipping supervisor",
            reason="The second check at the bench stands where the dock would have looked.",
        ),
        _RETRAINING,
        _SECOND_CHECK,
        Evidence(
            id="EVI-3",
            action="ACT-3",
            made="2026-03-05T08:00+01:00",
            text="The bench's work instruction with the second signature in it.",
        ),
        Action(
            id="ACT-4",
            kind="correction",
            text="Have the carrier charge the freight to us before the parcel arrives.",
            owner="order desk",
            decided="2026-03-03T15:10+01:00",
            due="2026-03-03+01:00",
            incidents="INC-2",
            events=("implemented", "2026-03-03T16:10+01:00"),
        ),
        Apology(
            id="APO-2",
            incidents="INC-2",
            customers="C-17",
            made="2026-03-03T15:40+01:00",
            author="order desk",
            channel="phone",
            text=(
                "I have to tell you that it happened again today. We now know that our packing "
                "bench was never taught this; we are changing that. I am sorry. I will watch your "
                "next order myself."
            ),
            promises=Promise(
                id="PRO-2",
                kind="watch",
                owner="order desk",
                text="I will watch your next order myself.",
            ),
        ),
        Response(
            id="RES-1",
            customer="C-17",
            incident="INC-2",
            kind="last_chance",
            made="2026-03-03T15:50+01:00",
            text="I am not pleased. You get one more try; get that wrong, and I may go elsewhere.",
            next_step="Follow the next order from label to door, and call when it is there.",
            next_owner="order desk",
        ),
    ),
    continuations={
        "third": Continuation(
            title="A third parcel goes out collect",
            told_on="2026-04-09T09:00+02:00",
            moments={
                "the second check is closed": (
                    "2026-03-30T09:00+02:00",
                    "The second check was ticked off, and nobody has shown that it works.",
                ),
                "after a third collect parcel": (
                    "2026-04-09T09:00+02:00",
                    "It came back although the second check was in place, and the customer left.",
                ),
            },
            records=(
                attrs.evolve(_RETRAINING, events=("implemented", "2026-03-18T11:00+01:00")),
                Evidence(
                    id="EVI-4",
                    action="ACT-2",
                    made="2026-03-18T11:00+01:00",
                    text="Twenty trial orders, signed by the shipping supervisor.",
                ),
                attrs.evolve(
                    _SECOND_CHECK,
                    events=(*_SECOND_CHECK.events, ("closed", "2026-03-27T16:00+01:00")),
                ),
                Exposure(
                    id="EXP-3",
                    process="shipping",
                    chances=286,
                    began="2026-03-09T09:00+01:00",
                    ended="2026-04-09T09:00+02:00",
                ),
                Incident(
                    id="INC-3",
                    title="A third order was shipped freight collect",
                    text="The label was made while the second person was on a break.",
                    process="shipping",
                    failure_mode="shipped collect",
                    impact="moderate",
                    customers="C-17",
                    order="SO-1043",
                    order_no=43,
                    occurred="2026-04-07T10:15+02:00",
                    detected="2026-04-08T08:30+02:00",
                    detected_by="customer",
                    acknowledged="2026-04-08T08:30+02:00",
                ),
                Complaint(
                    id="COM-2",
                    customer="C-17",
                    incident="INC-3",
                    made="2026-04-08T08:30+02:00",
                    channel="phone",
                    justified=True,
                    text="The carrier is asking me for the freight. Again.",
                ),
                Response(
                    id="RES-2",
                    customer="C-17",
                    incident="INC-3",
                    kind="left",
                    made="2026-04-08T16:00+02:00",
                    text="That was the one more try. Please close my account.",
                ),
            ),
        ),
    },
)
