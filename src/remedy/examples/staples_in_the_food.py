"""Staples in the food: a handsome apology, and a weak remedy."""

from remedy.examples._story import Story
from remedy.records import (
    Action,
    Amends,
    Apology,
    Cause,
    Complaint,
    Customer,
    Decision,
    Evidence,
    Incident,
    Promise,
)

STORY = Story(
    name="staples-in-the-food",
    title="Staples in the food",
    summary=(
        "In a restaurant a guest finds metal staples in the meat on the plate. The waiter takes "
        "the plate and fetches the manager, who is at the table within a minute: an apology, no "
        "bill, and dessert for everybody. A few minutes later the manager is back and knows more: "
        "with the kitchen under pressure the meat had been torn out of its stapled wrapping. He "
        "says that we did this, not that a cook did, and that the next two meetings of the "
        "kitchen staff will go through it, so that no guest has to see it again. Both meetings "
        "take place. Everything about this apology is right, but for what was done: people were "
        "talked to, and meat is unwrapped as before."
    ),
    told_on="2026-03-30T10:00+02:00",
    moments={
        "before the first meeting": (
            "2026-03-15T12:00+01:00",
            "What is planned, and in time, changes nothing in how the kitchen works.",
        ),
        "between the meetings": (
            "2026-03-18T12:00+01:00",
            "One of two talks was held; the other is in time.",
        ),
        "after both meetings": (
            "2026-03-30T10:00+02:00",
            "Both promises are kept, and the next staple would still not be stopped.",
        ),
    },
    records=(
        Customer(id="C-1", name="the guest"),
        Incident(
            id="INC-1",
            title="Metal staples in a main course",
            text="Noticed on the fork. Nobody was hurt.",
            process="food preparation",
            failure_mode="foreign object in food",
            product="meat dish",
            impact="moderate",
            customers="C-1",
            occurred="2026-03-14T19:40+01:00",
            detected="2026-03-14T19:41+01:00",
            detected_by="customer",
            acknowledged="2026-03-14T19:41+01:00",
        ),
        Complaint(
            id="COM-1",
            customer="C-1",
            incident="INC-1",
            made="2026-03-14T19:41+01:00",
            channel="at the table",
            justified=True,
            text="There are staples in my food.",
        ),
        Action(
            id="ACT-3",
            kind="correction",
            text="Take the plate away, and cook the dish anew from another package.",
            owner="waiter on duty",
            decided="2026-03-14T19:41+01:00",
            due="2026-03-14+01:00",
            incidents="INC-1",
            events=("implemented", "2026-03-14T20:05+01:00"),
        ),
        Apology(
            id="APO-1",
            incidents="INC-1",
            customers="C-1",
            made="2026-03-14T19:42+01:00",
            author="restaurant manager",
            channel="at the table",
            elements=("regret", "explanation", "responsibility", "repentance", "repair"),
            text=(
                "I am so sorry, this must not happen. Tonight is on us. It was us: we unwrapped "
                "the meat in a rush. We will go through it at our next two kitchen meetings, so "
                "that nobody else finds this on a plate."
            ),
            promises=(
                Promise(
                    id="PRO-1",
                    kind="deed",
                    made="2026-03-14T20:00+01:00",
                    owner="restaurant manager",
                    due="2026-03-16+01:00",
                    fulfilled="2026-03-16T14:30+01:00",
                    text="Go through it at the next meeting of the kitchen staff.",
                    actions="ACT-1",
                ),
                Promise(
                    id="PRO-2",
                    kind="deed",
                    made="2026-03-14T20:00+01:00",
                    owner="restaurant manager",
                    due="2026-03-23+01:00",
                    fulfilled="2026-03-23T14:30+01:00",
                    text="Go through it once more at the meeting after that.",
                    actions="ACT-2",
                ),
            ),
        ),
        Amends(
            id="AMD-1",
            incident="INC-1",
            customer="C-1",
            kind="waived_charge",
            made="2026-03-14T19:42+01:00",
            amount="86.40 EUR",
            text="The bill of the whole table.",
        ),
        Amends(
            id="AMD-2",
            incident="INC-1",
            customer="C-1",
            kind="gift",
            made="2026-03-14T19:42+01:00",
            text="Desserts for the table.",
        ),
        Cause(
            id="CAU-1",
            found="2026-03-14T19:55+01:00",
            text="Stapled wrapping is torn off the meat in a rush, right over the food.",
            incidents="INC-1",
        ),
        Evidence(
            id="EVI-1",
            cause="CAU-1",
            made="2026-03-14T19:55+01:00",
            text="The torn wrapping from the bin, two of its staples missing.",
        ),
        Cause(
            id="CAU-2",
            found="2026-03-14T19:55+01:00",
            text="Between wrapping and pan nobody looks the meat over.",
            role="escape",
            incidents="INC-1",
        ),
        Evidence(
            id="EVI-2",
            cause="CAU-2",
            made="2026-03-14T19:55+01:00",
            text="The kitchen's sequence of work has no such step.",
        ),
        Decision(
            id="DEC-1",
            kind="no_action",
            cause="CAU-2",
            made="2026-03-14T19:55+01:00",
            who="restaurant manager",
            reason="What keeps staples off the board makes looking for them needless.",
        ),
        Action(
            id="ACT-1",
            kind="corrective",
            intervention="talk",
            text="Go through unwrapping with the kitchen staff.",
            owner="restaurant manager",
            decided="2026-03-14T20:00+01:00",
            due="2026-03-16+01:00",
            criterion="No staple on any board in the weekly walk through the kitchen.",
            causes="CAU-1",
            events=("implemented", "2026-03-16T14:30+01:00"),
        ),
        Evidence(
            id="EVI-3",
            action="ACT-1",
            made="2026-03-16T14:30+01:00",
            text="Minutes of the first meeting.",
        ),
        Action(
            id="ACT-2",
            kind="corrective",
            intervention="talk",
            text="Go through unwrapping once more, with those who were off the first time.",
            owner="restaurant manager",
            decided="2026-03-14T20:00+01:00",
            due="2026-03-23+01:00",
            criterion="No staple on any board in the weekly walk through the kitchen.",
            causes="CAU-1",
            events=("implemented", "2026-03-23T14:30+01:00"),
        ),
        Evidence(
            id="EVI-4",
            action="ACT-2",
            made="2026-03-23T14:30+01:00",
            text="Minutes of the second meeting.",
        ),
    ),
)
