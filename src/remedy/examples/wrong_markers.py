"""The wrong markers: everything was put right, and nothing was found out."""

from remedy.examples._story import Continuation, Story
from remedy.records import (
    Action,
    Apology,
    Complaint,
    Customer,
    FollowUp,
    Incident,
    Response,
)

STORY = Story(
    name="wrong-markers",
    title="The wrong markers",
    summary=(
        "A shop for artists' supplies puts the wrong kind of markers into a parcel. The customer "
        "writes; the right ones are on their way by express the same day, with a note that says "
        "sorry and a label for sending the others back. A few days later the shop asks by e-mail "
        "whether all is well now, and when the customer is embarrassed about not having returned "
        "anything yet, it answers that there is no hurry. One could hardly treat a customer "
        "better. Why the wrong markers were taken from the shelf was never asked, and in the "
        "month after somebody else gets wrong ones."
    ),
    told_on="2025-12-01T09:00+01:00",
    moments={
        "within the grace": (
            "2025-11-20T18:00+01:00",
            "There is still time to look for the cause.",
        ),
        "once the grace is over": (
            "2025-11-24T09:00+01:00",
            "A fine apology; but nobody has asked why.",
        ),
        "now": (
            "2025-12-01T09:00+01:00",
            "As before: time alone changes nothing.",
        ),
    },
    records=(
        Customer(id="C-1", name="an illustrator"),
        Incident(
            id="INC-1",
            title="Markers of the wrong kind in the parcel",
            text="Ordered were markers with a brush tip; in the parcel were some with a fine tip.",
            process="picking",
            failure_mode="wrong item sent",
            product="markers",
            impact="minor",
            customers="C-1",
            order="W-3307",
            occurred="2025-11-04T13:00+01:00",
            detected="2025-11-07T09:10+01:00",
            detected_by="customer",
            acknowledged="2025-11-07T10:30+01:00",
        ),
        Complaint(
            id="COM-1",
            customer="C-1",
            incident="INC-1",
            made="2025-11-07T09:10+01:00",
            channel="e-mail",
            justified=True,
            text="These are not the markers that I ordered.",
        ),
        Action(
            id="ACT-1",
            kind="correction",
            text="Send the right ones by express, with a label for returning the others.",
            owner="customer service",
            decided="2025-11-07T10:30+01:00",
            due="2025-11-07+01:00",
            incidents="INC-1",
            events=("implemented", "2025-11-07T15:00+01:00"),
        ),
        Apology(
            id="APO-1",
            incidents="INC-1",
            customers="C-1",
            made="2025-11-07T15:00+01:00",
            author="customer service",
            channel="note in the parcel",
            text="Sorry for the mix-up! Here are the ones that you wanted.",
        ),
        FollowUp(
            id="FOL-1",
            incident="INC-1",
            customer="C-1",
            due="2025-11-14+01:00",
            made="2025-11-12T11:00+01:00",
            owner="customer service",
            text="Asked by e-mail whether these are the right ones. They are.",
        ),
        Response(
            id="RES-1",
            customer="C-1",
            incident="INC-1",
            kind="accepted",
            made="2025-11-18T20:15+01:00",
            text="All fine. And please forgive me: the wrong ones are still lying here.",
        ),
        FollowUp(
            id="FOL-2",
            incident="INC-1",
            customer="C-1",
            made="2025-11-19T08:40+01:00",
            owner="customer service",
            text="Told the customer that the return can wait for as long as they like.",
        ),
    ),
    continuations={
        "second-customer": Continuation(
            title="A second customer gets wrong markers",
            told_on="2025-12-10T09:00+01:00",
            moments={
                "a second customer got wrong markers": (
                    "2025-12-10T09:00+01:00",
                    "It came back, to somebody else. The first apology was hollow.",
                ),
            },
            records=(
                Customer(id="C-2", name="a school"),
                Incident(
                    id="INC-2",
                    title="Markers of the wrong kind, in another parcel",
                    process="picking",
                    failure_mode="wrong item sent",
                    product="markers",
                    impact="minor",
                    customers="C-2",
                    order="W-3698",
                    occurred="2025-12-05T10:20+01:00",
                    detected="2025-12-09T14:00+01:00",
                    detected_by="customer",
                    acknowledged="2025-12-09T14:45+01:00",
                ),
                Complaint(
                    id="COM-2",
                    customer="C-2",
                    incident="INC-2",
                    made="2025-12-09T14:00+01:00",
                    channel="e-mail",
                    justified=True,
                    text="We ordered forty brush markers and got forty fine ones.",
                ),
                Action(
                    id="ACT-2",
                    kind="correction",
                    text="Send the right ones by express, with a label for returning the others.",
                    owner="customer service",
                    decided="2025-12-09T14:45+01:00",
                    due="2025-12-11+01:00",
                    incidents="INC-2",
                ),
            ),
        ),
    },
)
