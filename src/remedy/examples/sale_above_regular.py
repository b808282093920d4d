"""The sale price above the regular price: a happy customer, and an unexplained price."""

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
    FollowUp,
    Incident,
    Promise,
    Response,
)

STORY = Story(
    name="sale-above-regular",
    title="The sale price above the regular price",
    summary=(
        "On the shelf of a shop the red sale label asks for more than the regular price beside "
        "it. A sales associate, asked why, shrugs and walks on. The customer posts a photograph. "
        "Hours later the company's social media team has answered, and it stays in touch; the "
        "store manager telephones, says sorry, takes something off, and promises to talk with the "
        "staff about looking after customers, which happens. A courier brings a gift card. In the "
        "end the customer praises them where everybody can read it. Two things had gone wrong, "
        "though. For the careless answer there was a talk. How a sale price can end up above the "
        "regular one, nobody has asked: a discount and a gift card are no answer to that."
    ),
    told_on="2026-02-11T10:00+01:00",
    moments={
        "a month later": (
            "2026-02-11T10:00+01:00",
            "The customer is won back. The next wrong sale label is only a matter of time.",
        ),
    },
    records=(
        Customer(id="C-1", name="the customer with the photograph"),
        Incident(
            id="INC-1",
            title="The sale price was higher than the regular price",
            text="Both prices stood on the same shelf, the sale price in red.",
            process="pricing",
            failure_mode="sale price above regular price",
            impact="minor",
            customers="C-1",
            occurred="2026-01-10T11:00+01:00",
            detected="2026-01-10T11:00+01:00",
            detected_by="customer",
            acknowledged="2026-01-10T16:30+01:00",
        ),
        Incident(
            id="INC-2",
            title="A question about the price was shrugged off",
            process="sales floor",
            failure_mode="question left unanswered",
            impact="minor",
            customers="C-1",
            occurred="2026-01-10T11:05+01:00",
            detected="2026-01-10T11:05+01:00",
            detected_by="customer",
            acknowledged="2026-01-10T16:30+01:00",
        ),
        Complaint(
            id="COM-1",
            customer="C-1",
            incident="INC-1",
            made="2026-01-10T13:20+01:00",
            channel="public post",
            justified=True,
            text="Only here: on sale, and dearer than before. See the picture.",
        ),
        Complaint(
            id="COM-2",
            customer="C-1",
            incident="INC-2",
            made="2026-01-10T13:22+01:00",
            channel="public post",
            justified=True,
            text="And when I asked about it, all I got was a shrug.",
        ),
        Apology(
            id="APO-1",
            incidents=("INC-1", "INC-2"),
            customers="C-1",
            made="2026-01-10T16:30+01:00",
            author="social media team",
            channel="public reply",
            text="We are sorry, for the label and for the answer. We are taking this up now.",
        ),
        Apology(
            id="APO-2",
            incidents=("INC-1", "INC-2"),
            customers="C-1",
            made="2026-01-12T10:00+01:00",
            author="store manager",
            channel="phone",
            text=(
                "I apologise for both. I will take something off the price, and I will talk with "
                "everybody here about how we look after customers."
            ),
            promises=Promise(
                id="PRO-1",
                kind="deed",
                owner="store manager",
                due="2026-01-23+01:00",
                fulfilled="2026-01-20T08:30+01:00",
                text="I will talk with everybody here about how we look after customers.",
                actions="ACT-1",
            ),
        ),
        Amends(
            id="AMD-1",
            incident="INC-1",
            customer="C-1",
            kind="discount",
            made="2026-01-12T10:00+01:00",
            amount="4.00 EUR",
            text="A little off the price.",
        ),
        Amends(
            id="AMD-2",
            incident="INC-1",
            customer="C-1",
            kind="gift",
            made="2026-01-15T12:00+01:00",
            amount="25.00 EUR",
            text="A gift card, brought by courier.",
        ),
        FollowUp(
            id="FOL-1",
            incident="INC-1",
            customer="C-1",
            due="2026-01-16+01:00",
            made="2026-01-15T17:00+01:00",
            owner="social media team",
            text="Asked whether the store had called, and the card arrived. Both had.",
        ),
        Cause(
            id="CAU-1",
            found="2026-01-12T09:00+01:00",
            text="What to do with a question that one cannot answer is nowhere part of the job.",
            incidents="INC-2",
        ),
        Evidence(
            id="EVI-1",
            cause="CAU-1",
            made="2026-01-12T09:00+01:00",
            text="The introduction for new staff: tills, stock, opening hours; no questions.",
        ),
        Cause(
            id="CAU-2",
            found="2026-01-12T09:00+01:00",
            text="Nobody else on the floor hears how a question was answered.",
            role="escape",
            incidents="INC-2",
        ),
        Evidence(
            id="EVI-2",
            cause="CAU-2",
            made="2026-01-12T09:00+01:00",
            text="The duty plan of that Saturday: one associate per floor.",
        ),
        Decision(
            id="DEC-1",
            kind="no_action",
            cause="CAU-2",
            made="2026-01-12T09:00+01:00",
            who="store manager",
            reason="Listening in on every conversation would cost more trust than it earns.",
        ),
        Action(
            id="ACT-1",
            kind="corrective",
            intervention="talk",
            text="Talk with all employees about looking after customers.",
            owner="store manager",
            decided="2026-01-12T10:00+01:00",
            due="2026-01-23+01:00",
            criterion="No complaint about an answer on the floor for three months.",
            causes="CAU-1",
            events=("implemented", "2026-01-20T08:30+01:00"),
        ),
        Evidence(
            id="EVI-3",
            action="ACT-1",
            made="2026-01-20T08:30+01:00",
            text="The morning meeting's list of those present.",
        ),
        Response(
            id="RES-1",
            customer="C-1",
            incident="INC-1",
            kind="thanked",
            made="2026-01-24T19:00+01:00",
            text="Credit where it is due: they called, they listened, they made it good.",
        ),
    ),
)
