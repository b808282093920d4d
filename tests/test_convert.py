import pytest

from remedy import (
    ALL,
    Action,
    ActionEvent,
    Affected,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    External,
    Incident,
    Link,
    Money,
    Promise,
    from_dict,
    to_dict,
)
from remedy.errors import InvalidRecord, InvalidTime

AT = "2026-03-02T09:00:00+01:00"


def test_words_are_plain_text():
    incident = Incident(id="I", occurred=AT, impact="major", gate="all")
    cause = Cause(id="C", found=AT, incidents=CausalLink(to="I", role="escape"))
    words = [to_dict(incident)["impact"], to_dict(incident)["gate"],
             to_dict(cause)["incidents"][0]["role"]]  # fmt: skip
    assert words == ["major", "all", "escape"]
    assert {type(word) for word in words} == {str}


@pytest.mark.parametrize("given", [None, 5, "customer", ["A"], {"record": ["customer"]}])
def test_what_is_no_record_is_refused(given):
    with pytest.raises(InvalidRecord, match=r"^Record\.record = "):
        from_dict(given)


def test_only_what_was_said_is_written():
    assert to_dict(Customer(id="C-17")) == {"record": "customer", "id": "C-17"}


def test_values_are_written_as_json_holds_them():
    apology = Apology(
        id="APO-1",
        incidents=["INC-1"],
        made=AT,
        elements="regret",
        customers=ALL,
        promises=Promise(kind="deed", due="2026-04-01+02:00"),
    )
    assert to_dict(apology) == {
        "record": "apology",
        "id": "APO-1",
        "incidents": [{"to": "INC-1"}],
        "made": AT,
        "elements": ["regret"],
        "customers": "all",
        "promises": [
            {
                "id": "APO-1/promise-1",
                "apology": "APO-1",
                "kind": "deed",
                "due": "2026-04-01T23:59:59.999999+02:00",
                "made": AT,
            }
        ],
    }
    told = Apology(id="A", incidents="I", made=AT, customers=External(source="s", external_id="1"))
    assert to_dict(told)["customers"] == [{"source": "s", "external_id": "1"}]
    day = Incident(id="INC-1", occurred="2026-03-02 Europe/Vienna")
    assert to_dict(day)["occurred"] == "2026-03-02[Europe/Vienna]"


@pytest.mark.parametrize(
    ("given", "record"),
    [
        (
            {"record": "incident", "id": "I", "occurred": AT, "customers": "C-1", "order": "7"},
            Incident(id="I", occurred=AT, customers=Affected(customer="C-1", order="7")),
        ),
        (
            {"record": "incident", "id": "I", "occurred": AT, "customers": {"customer": "C-1"}},
            Incident(id="I", occurred=AT, customers="C-1"),
        ),
        (
            {"record": "cause", "id": "C", "found": AT,
             "incidents": ["A", {"to": "B", "role": "escape"}], "effects": "D"},
            Cause(id="C", found=AT, incidents=["A", CausalLink(to="B", role="escape")],
                  effects="D"),
        ),
        (
            {"record": "apology", "id": "A", "incidents": "I", "made": AT, "customers": "C-1",
             "not_reached": ["C-2"]},
            Apology(id="A", incidents="I", made=AT, customers="C-1", not_reached="C-2"),
        ),
        (
            {"record": "apology", "id": "A", "incidents": "I", "made": AT,
             "customers": {"source": "crm", "external_id": "1"}, "elements": "regret"},
            Apology(id="A", incidents="I", made=AT, elements="regret",
                    customers=External(source="crm", external_id="1")),
        ),
        (
            {"record": "action", "id": "A", "kind": "corrective", "causes": None,
             "events": [["implemented", AT], {"state": "closed", "occurred": AT, "who": "QA"}]},
            Action(id="A", kind="corrective", events=[
                ("implemented", AT), ActionEvent(state="closed", occurred=AT, who="QA")]),
        ),
        (
            {"record": "complaint", "id": "C", "made": AT,
             "incident": {"source": "crm", "external_id": "1"}},
            Complaint(id="C", made=AT, incident=External(source="crm", external_id="1")),
        ),
        (
            {"record": "cause", "id": "C", "found": AT,
             "effects": [{"to": {"source": "crm", "external_id": "1"}, "since": AT}]},
            Cause(id="C", found=AT,
                  effects=Link(to=External(source="crm", external_id="1"), since=AT)),
        ),
    ],
)  # fmt: skip
def test_plural_fields_are_taken_as_the_records_take_them(given, record):
    assert from_dict(given) == record


def test_money_is_written_as_text():
    given = {"record": "amends", "incident": "I", "kind": "refund", "made": AT, "amount": "5 EUR"}
    amends = from_dict(given)
    assert amends.amount == Money(500, "EUR")
    assert to_dict(amends)["amount"] == "5.00 EUR"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Record.record = None: is no kind of record: customer, incident"),
        ({"record": "thing"}, "Record.record = 'thing': is no kind of record"),
        ({"record": ["customer"]}, "Record.record = ['customer']: is no kind of record"),
        ({"record": "customer"}, "Customer.id = None: is missing."),
        ({"record": "customer", "id": 5}, "Customer.id = 5: must be text, not int."),
        (
            {"record": "customer", "id": "C", "nmae": "x"},
            "Customer.nmae = 'x': there is no such field. Did you mean name?",
        ),
        (
            {"record": "customer", "id": "C", "zzzz": "x"},
            "Customer.zzzz = 'x': there is no such field.",
        ),
        (
            {"record": "incident", "id": "I", "occurred": AT, "customers": [{"custmer": "C"}]},
            "Affected.custmer = 'C': there is no such field. Did you mean customer?",
        ),
        (
            {"record": "incident", "id": "I", "occurred": AT, "customers": [{}]},
            "Affected.customer = None: is missing.",
        ),
        (
            {"record": "cause", "id": "C", "found": AT, "effects": 5},
            "Cause.effects = 5: must be one or many.",
        ),
        (
            {"record": "complaint", "made": AT, "incident": {"source": "x"}},
            "External.external_id = None: is missing.",
        ),
        (
            {"record": "incident", "id": "I", "occurred": AT, "impact": ["major"]},
            "Incident.impact = ['major']: must be one of: minor",
        ),
    ],
)
def test_what_is_no_record_is_refused_with_record_field_and_value(given, message):
    with pytest.raises(InvalidRecord) as caught:
        from_dict(given)
    assert str(caught.value).startswith(message)


def test_a_bad_time_is_refused_as_one():
    with pytest.raises(InvalidTime, match=r"^Incident.occurred = 'soon': is no time"):
        from_dict({"record": "incident", "id": "I", "occurred": "soon"})
