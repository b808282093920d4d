"""The signed-off misprint: two causes, two owners, and nobody to blame."""

from remedy.examples._story import Story
from remedy.records import Action, Amends, Cause, Complaint, Customer, Evidence, Incident, Share

STORY = Story(
    name="signed-off-misprint",
    title="The signed-off misprint",
    summary=(
        "A customer approves the proof of a brochure, and all copies come off the press with a "
        "mistake in them. It took both sides: the proof did not show what had changed since the "
        "last one, and it was approved for its looks, with nobody reading it against the text. "
        "Had either been otherwise, the mistake would have been seen. They share the cost of "
        "printing again, half and half, and agree to meet about how to avoid it next time. That "
        "is fair to everybody; but so far a meeting is all that stands against the next one."
    ),
    told_on="2026-04-20T09:00+02:00",
    moments={
        "now": (
            "2026-04-20T09:00+02:00",
            "A meeting is planned on each of the two causes, and a meeting changes no process.",
        ),
    },
    records=(
        Customer(id="C-1", name="the firm that ordered the brochure"),
        Incident(
            id="INC-1",
            title="A brochure was printed with a mistake that its signed-off proof had",
            process="prepress",
            failure_mode="misprint after sign-off",
            product="brochure",
            impact="moderate",
            gate="all",
            customers="C-1",
            order="P-208",
            occurred="2026-04-07T08:00+02:00",
            detected="2026-04-10T10:30+02:00",
            detected_by="customer",
            acknowledged="2026-04-10T11:00+02:00",
        ),
        Complaint(
            id="COM-1",
            customer="C-1",
            incident="INC-1",
            made="2026-04-10T10:30+02:00",
            channel="phone",
            text="The opening hours on page three are last year's, on all copies.",
        ),
        Cause(
            id="CAU-1",
            found="2026-04-13T14:00+02:00",
            text="Ours: a proof does not show what has changed since the one before it.",
            incidents="INC-1",
        ),
        Evidence(
            id="EVI-1",
            cause="CAU-1",
            made="2026-04-13T14:00+02:00",
            text="Second and third proof side by side: nothing marks the replaced page.",
        ),
        Cause(
            id="CAU-2",
            found="2026-04-13T14:00+02:00",
            text="Theirs: sign-off looks at the layout; reading the text is no step of it.",
            incidents="INC-1",
        ),
        Evidence(
            id="EVI-2",
            cause="CAU-2",
            made="2026-04-13T14:00+02:00",
            text="Their sign-off sheet: colours, margins, pictures.",
        ),
        Action(
            id="ACT-1",
            kind="correction",
            text="Print the brochure again.",
            owner="print shop",
            decided="2026-04-13T15:00+02:00",
            due="2026-04-17+02:00",
            incidents="INC-1",
            events=("implemented", "2026-04-16T17:00+02:00"),
        ),
        Amends(
            id="AMD-1",
            incident="INC-1",
            customer="C-1",
            kind="discount",
            made="2026-04-13T15:00+02:00",
            amount="640.00 EUR",
            shares=(Share(party="us", percent=50), Share(party="customer", percent=50)),
            text="The second print run at half its price: each side bears one half.",
        ),
        Action(
            id="ACT-2",
            kind="corrective",
            intervention="talk",
            text="Meet about how to avoid it next time.",
            owner="print shop and customer together",
            decided="2026-04-13T15:00+02:00",
            due="2026-05-08+02:00",
            criterion="A change that both sides work by, from the next order on.",
            causes=("CAU-1", "CAU-2"),
        ),
    ),
)
