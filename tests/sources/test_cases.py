import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy.money import Money
from remedy.records import (
    Action,
    ActionEvent,
    Affected,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    External,
    Incident,
    Link,
    Record,
    Share,
)
from remedy.sources.cases import Mapper, attribute_name
from remedy.sources.compiling import Unfit
from remedy.sources.conditions import test_of as make_test
from remedy.sources.mapping import Mapping, mapping_from
from remedy.sources.rows import TEXT, rows_of
from remedy.sources.values import Condition, from_table
from remedy.vocabulary import ALL, Element, Provenance

T0 = "2026-03-02T09:00Z"
BASE: dict[str, Any] = {"source": "crm", "key": "K", "rest": "attributes", "missing": ["?"]}


def mapping(records: dict[str, Any], **entries: Any) -> Mapping:
    return mapping_from(BASE | entries | {"records": records})


def made(rows: list[dict[str, Any]], found: Mapping) -> list[Record]:
    source = rows_of([{"K": str(number)} | row for number, row in enumerate(rows, start=1)])
    mapper = Mapper(found, source)
    records = [record for case in mapper.cases(source) for record in mapper.records(case)]
    for _, gathered in mapper.gathered():
        assert isinstance(gathered, Record)
        records.append(gathered)
    return records


def incident(row: dict[str, Any], entries: dict[str, Any] | None = None, **fields: Any) -> Any:
    """The incident that a row makes."""
    [found] = made(
        [row], mapping({"incident": {"occurred": {"value": T0}} | fields}, **(entries or {}))
    )
    return found


def refused(row: dict[str, Any], **fields: Any) -> Unfit:
    with pytest.raises(Unfit) as caught:
        incident(row, **fields)
    return caught.value


# --- records, ids and what they say of where they come from ---------------------------------------


def test_a_record_says_where_it_comes_from() -> None:
    found = incident({"K": "7"})

    assert (found.id, found.source, found.external_id) == ("crm-7", "crm", "7")
    assert found.provenance is Provenance.MAPPED


def test_a_row_may_make_several_records_that_refer_to_each_other() -> None:
    rows = [{"Said": "sorry"}, {"Said": "?"}]
    records = {
        "incident": {"occurred": {"value": T0}, "customers": {"value": "C-17"}},
        "complaint": {"made": {"value": T0}, "incident": {"record": "incident"}},
        "apology": {
            "needs": "text",
            "incidents": {"record": "incident"},
            "made": {"value": T0},
            "text": "Said",
            "customers": {"value": "ALL"},
            "elements": [{"value": "regret"}, {"value": "repair"}],
            "promises": {"kind": {"value": "non_recurrence"}, "text": "Said"},
        },
        "second": {"record": "complaint", "made": {"value": T0}, "channel": {"value": "phone"}},
    }

    found = made(rows, mapping(records))

    assert [each.id for each in found] == [
        *("crm-1", "crm-1/second", "crm-1/complaint", "crm-1/apology"),
        *("crm-2", "crm-2/second", "crm-2/complaint"),
    ]
    assert [each.external_id for each in found if isinstance(each, Complaint)] == [
        *("1/second", "1", "2/second", "2")
    ]
    [apology] = [each for each in found if isinstance(each, Apology)]
    assert apology.incidents == (Link(to="crm-1"),)
    assert apology.customers is ALL
    assert apology.elements == (Element.REGRET, Element.REPAIR)
    assert apology.promises[0].text == "sorry"


def test_ids_can_be_said() -> None:
    found = incident({"K": "7"}, id={"template": "INC-{K}"}, external_id={"value": "x"})

    assert (found.id, found.external_id) == ("INC-7", "x")


def test_without_a_key_the_id_says_which_record_it_is() -> None:
    found = incident({"K": "7"}, {"key": []}, id={"template": "INC-{K}"})

    assert (found.id, found.external_id) == ("INC-7", "INC-7")


def test_a_key_of_several_columns_is_joined() -> None:
    assert incident({"K": "7", "L": 2}, {"key": ["K", "L"]}).id == "crm-7/2"
    with pytest.raises(Unfit) as caught:
        incident({"K": "7", "L": "?"}, {"key": ["K", "L"]})
    assert (caught.value.column, caught.value.value) == ("L", "?")
    assert caught.value.problem == "says nothing, and it is what tells the rows apart (key)."


def test_a_record_is_made_only_where_its_condition_holds() -> None:
    section = {"occurred": {"value": T0}, "when": {"column": "Kind", "equals": ["fault", "Error"]}}

    found = made([{"Kind": " FAULT "}, {"Kind": "idea"}], mapping({"incident": section}))

    assert [each.id for each in found] == ["crm-1"]


# --- values ---------------------------------------------------------------------------------------


def test_labels_lose_the_space_at_their_ends_and_free_text_keeps_it() -> None:
    found = incident({"A": "  late  "}, title="A", text="A")

    assert (found.title, found.text) == ("late", "  late  ")


@pytest.mark.parametrize("cell", ["", "  ", "?", None])
def test_what_says_nothing_is_missing(cell: str | None) -> None:
    assert incident({"A": cell}, title="A").title is None


def test_a_field_may_have_other_words_for_nothing() -> None:
    assert incident({"A": "N/A"}, title={"column": "A", "missing": "n/a"}).title is None


def test_a_template_is_missing_where_a_part_is() -> None:
    template = {"template": "{A} / {B} {{x}}"}

    assert incident({"A": "a", "B": 2}, title=template).title == "a / 2 {x}"
    assert incident({"A": "a", "B": "?"}, title=template).title is None


def test_the_first_that_is_there_is_taken() -> None:
    value = {"first_of": ["A", "B"], "otherwise": {"value": "none"}}

    assert incident({"A": "?", "B": "b"}, title=value).title == "b"
    assert incident({"A": "?", "B": "?"}, title=value).title == "none"


def test_a_table_of_values_is_read_without_regard_to_case() -> None:
    table = {"1 - High": "major", "low": "minor", "LOW": "minor"}
    value = {"column": "A", "values": table, "others": "missing"}

    assert incident({"A": "1 - high "}, impact=value).impact == "major"
    assert incident({"A": "LOW"}, impact=value).impact == "minor"
    assert incident({"A": "Low"}, impact=value).impact == "minor"
    assert incident({"A": "urgent"}, impact=value).impact is None
    assert incident({"A": "critical"}, impact=value | {"others": "keep"}).impact == "critical"


def test_the_first_rule_that_holds_decides() -> None:
    value = {
        "column": "A",
        "rules": [
            {"contains": "collect", "is": "shipped collect"},
            {"words": ["late", "delay"], "is": "late"},
            {"column": "B", "present": True, "is": "other"},
        ],
        "otherwise": {"value": "unclear"},
    }

    def mode(a: str, b: str = "?") -> str:
        return str(incident({"A": a, "B": b}, failure_mode=value).failure_mode)

    assert mode("late, and collect") == "shipped collect"
    assert mode("too LATE!") == "late"
    assert mode("isolated", "x") == "other"
    assert mode("isolated") == "unclear"


def test_a_value_may_depend_on_a_condition() -> None:
    constant = {"value": "major", "when": {"column": "A", "above": 10}}
    column = {"column": "B", "when": {"contains": "x"}}

    assert incident({"A": "11"}, impact=constant).impact == "major"
    assert incident({"A": "9"}, impact=constant).impact is None
    assert incident({"B": "ax"}, title=column).title == "ax"
    assert incident({"B": "ay"}, title=column).title is None


def test_the_part_of_a_text_is_taken() -> None:
    text = "Issue: it leaks.\nCorrective Actions: replace it. Note: soon."
    after = {"column": "A", "after": ["Correction:", "Corrective Actions:"], "before": "Note:"}

    assert incident({"A": text}, text=after).text == "replace it."
    assert incident({"A": "no such mark"}, text=after).text is None
    assert incident({"A": "Correction:  "}, text=after).text is None
    assert incident({"A": "x"}, text={"column": "A", "before": "Note:"}).text == "x"


def test_several_values_in_one_cell_are_parted() -> None:
    found = incident({"A": "C-1; C-2;;C-1"}, customers={"column": "A", "split": ";"})

    assert found.customers == (Affected(customer="C-1"), Affected(customer="C-2"))
    assert incident({"A": ["C-1", "C-2"]}, customers="A").customers == found.customers
    assert incident({"A": ";"}, customers={"column": "A", "split": ";"}).customers == ()


def test_a_customer_has_an_order() -> None:
    found = incident(
        {"A": "C-1", "O": "SO-7", "N": "3"},
        customers={"customer": "A", "order": "O", "order_no": "N"},
    )

    assert found.customers == (Affected(customer="C-1", order="SO-7", order_no=3),)
    assert incident({"A": "?"}, customers={"customer": "A", "order": "O"}).customers == ()


def test_lists_of_fields_are_joined() -> None:
    found = incident({"A": "C-1", "B": "C-2"}, customers=["A", {"customer": "B"}, "C"])

    assert [each.customer for each in found.customers] == ["C-1", "C-2"]
    assert incident({}, customers=["A", "B"]).customers == ()


def test_a_reference_may_be_in_the_terms_of_another_source() -> None:
    [_, complaint] = made(
        [{"A": 7}],
        mapping(
            {
                "incident": {"occurred": {"value": T0}},
                "complaint": {
                    "made": {"value": T0},
                    "customer": {"column": "A", "external": "shop"},
                },
            }
        ),
    )

    assert isinstance(complaint, Complaint)
    assert complaint.customer == External(source="shop", external_id="7")


@pytest.mark.parametrize(
    ("cell", "options", "expected"),
    [
        ("40,915.00", {"thousands": ","}, 40915),
        ("1.234.567", {"thousands": ".", "decimal": ","}, 1234567),
        ("1234", {"thousands": ","}, 1234),
        (" +7 ", {}, 7),
        ("-7.0", {}, -7),
        (7, {}, 7),
        (7.0, {}, 7),
    ],
)
def test_whole_numbers_are_read(cell: Any, options: dict[str, Any], expected: int) -> None:
    found = incident({"A": cell}, attributes={"n": {"column": "A", "as": "whole"} | options})

    assert found.attributes["n"] == expected


@pytest.mark.parametrize("cell", ["1,23", "12,345.67", "1e5", "٣", "", "x" * 99, True, "--1", "1."])
def test_what_is_no_number_is_refused(cell: Any) -> None:
    problem = refused({"A": cell or "-"}, attributes={"n": {"column": "A", "as": "number"}})

    assert "is no number" in problem.problem


def test_attributes_hold_what_they_are_said_to() -> None:
    row = {"A": "1.50", "B": "Yes", "C": "2026-03-02", "D": 7, "E": ["x", ["y"]], "F": "2", "G": T0}
    found = incident(
        row,
        {"zone": "UTC", "ignore": ["K"]},
        attributes={
            "a": {"column": "A", "as": "number"},
            "b": {"column": "B", "as": "flag"},
            "c": {"column": "C", "as": "time"},
            "d": {"column": "D", "as": "text"},
            "f": {"column": "F", "as": "number"},
            "g": {"column": "G", "as": "time"},
            "always": {"value": 7},
            "never": "Z",
        },
    )

    assert found.attributes == {
        "a": 1.5,
        "b": True,
        "c": "2026-03-02[UTC]",
        "d": "7",
        "e": ["x", ["y"]],
        "f": 2,
        "g": "2026-03-02T09:00:00+00:00",
        "always": 7,
    }


def test_the_rest_is_kept_as_attributes_of_the_first_record() -> None:
    records = {
        "incident": {"occurred": {"value": T0}},
        "complaint": {"made": {"value": T0}},
    }
    [first, second] = made(
        [{"Sub-product": " x ", "Größe": 3, "Empty": "", "Gone": "g"}],
        mapping(records, ignore=["Gone"]),
    )

    assert first.attributes == {"sub_product": " x ", "grosse": 3}
    assert second.attributes == {}


def test_dates_of_frames_are_kept_as_text() -> None:
    import datetime as dt

    found = incident({"A": dt.date(2026, 3, 2)}, attributes={"b": "A"})
    rest = incident({"A": dt.date(2026, 3, 2)})

    assert found.attributes == {"b": "2026-03-02"}
    assert rest.attributes == {"a": "2026-03-02"}


def test_columns_that_would_become_the_same_attribute_are_refused() -> None:
    with pytest.raises(ValueError, match="'a b' and 'A-B' would both become the attribute 'a_b'"):
        incident({"a b": "1", "A-B": "2"})
    with pytest.raises(ValueError, match=r"'attributes\.a' and 'A'"):
        incident({"A": "1", "B": "2"}, attributes={"a": "B"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ticket #", "ticket"),
        ("% done", "done"),
        ("2nd", "column_2nd"),
        ("日本", "column"),
        ("ComplaintID", "complaint_id"),
        ("x" * 99, "x" * 63),
        ("x" * 62 + " y", "x" * 62),
    ],
)
def test_attributes_are_named_after_columns(name: str, expected: str) -> None:
    assert attribute_name(name) == expected


@given(st.text())
def test_every_column_has_a_name_for_an_attribute(name: str) -> None:
    Incident(id="x", occurred=T0, attributes={attribute_name(name): 1})


# --- flags, words, money --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"), [("Yes", True), ("n", False), (True, True), (0, False)]
)
def test_flags_are_read(cell: Any, expected: bool) -> None:
    [_, found] = made(
        [{"A": cell}],
        mapping(
            {
                "incident": {"occurred": {"value": T0}},
                "complaint": {"made": {"value": T0}, "justified": "A"},
            }
        ),
    )

    assert isinstance(found, Complaint)
    assert found.justified is expected


def test_what_is_no_flag_is_refused() -> None:
    problem = refused({"A": "maybe"}, attributes={"x": {"column": "A", "as": "flag"}})

    assert "neither yes nor no" in problem.problem


def amends(row: dict[str, Any], **amount: Any) -> Any:
    records = {
        "amends": {
            "incident": {"value": "INC-1"},
            "made": {"value": T0},
            "kind": {"value": "refund"},
            "amount": {"column": "A"} | amount,
            "shares": [
                {"party": {"value": "us"}, "percent": {"value": 60}},
                {"party": {"value": "carrier"}, "percent": {"value": 40}},
            ],
        }
    }
    [found] = made([row], mapping(records))
    assert isinstance(found, Amends)
    return found


def test_sums_are_read() -> None:
    assert amends({"A": "12.50 EUR"}).amount == Money(1250, "EUR")
    assert amends({"A": "1.234,50"}, thousands=".", decimal=",", currency="EUR").amount == Money(
        123450, "EUR"
    )
    assert amends({"A": "12.5000 EUR"}, thousands=",").amount == Money(1250, "EUR")
    assert amends({"A": "12.500 EUR"}, thousands=".").amount == Money(1250000, "EUR")
    assert amends({"A": 12.5, "C": "USD"}, currency_column="C").amount == Money(1250, "USD")
    assert amends({"A": Decimal("0.1"), "C": "USD"}, currency_column="C").amount == Money(10, "USD")
    assert amends({"A": "?"}).amount is None


def test_what_has_only_constants_is_nothing() -> None:
    assert amends({"A": "1 EUR"}).shares == ()


@pytest.mark.parametrize(
    ("row", "options", "problem"),
    [
        ({"A": "12.50"}, {}, "has no currency"),
        ({"A": "12.50 XXX"}, {}, "no currency of ISO 4217"),
        ({"A": "12.505 EUR"}, {}, "more digits"),
        ({"A": "12.500 EUR"}, {}, "thousands = '.' if it parts thousands, thousands = ','"),
        ({"A": "12.505 EUR"}, {"thousands": ","}, "If the point parts thousands"),
        ({"A": "-1 EUR"}, {}, "never negative"),
        ({"A": "nan EUR"}, {}, "is no number"),
        ({"A": "1", "C": ""}, {"currency_column": "C"}, "'C' is empty"),
        ({"A": "1,50"}, {"currency": "EUR"}, "is no number"),
    ],
)
def test_what_is_no_sum_is_refused(row: Any, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(Unfit) as caught:
        amends(row, **options)
    assert problem in caught.value.problem
    assert caught.value.column == "A"


def test_signs_of_numbers_hold_for_every_kind_of_number() -> None:
    def attribute(cell: str, **options: Any) -> Any:
        return incident({"A": cell}, attributes={"n": {"column": "A"} | options}).attributes["n"]

    assert attribute("1.234,50", **{"as": "number", "thousands": ".", "decimal": ","}) == 1234.5
    assert attribute("12,00", **{"as": "whole", "decimal": ","}) == 12
    assert isinstance(attribute("12.00", **{"as": "number"}), int)
    order = {"customer": "B", "order_no": {"column": "A", "decimal": ","}}
    assert incident({"A": "7,0", "B": "C-1"}, customers=order).customers[0].order_no == 7


def test_a_point_that_was_said_is_no_thousands() -> None:
    assert amends({"A": "12,500 EUR"}, decimal=",").amount == Money(1250, "EUR")


def test_a_sum_that_is_not_in_its_table_has_the_currency_of_its_row() -> None:
    amount = {"values": {"none": "0 EUR"}, "others": "keep", "currency_column": "C"}

    assert amends({"A": "None", "C": "USD"}, **amount).amount == Money(0, "EUR")
    assert amends({"A": "12.50", "C": "USD"}, **amount).amount == Money(1250, "USD")


@pytest.mark.parametrize(
    ("cell", "options", "told"),
    [
        ("1,5", {"as": "number"}, "is no number, with '.' before the fraction. Say which signs it "
         "is written with: thousands = ',', decimal = '.'."),
        ("1.5.7", {"as": "number", "thousands": ".", "decimal": ","}, "is no number, with ',' "
         "before the fraction and '.' between thousands. Say which signs it is written with: "
         "thousands = ',', decimal = '.'."),
        ("1.5", {"as": "whole"}, "is no whole number."),
        ("maybe", {"as": "flag"}, "is neither yes nor no. Say what it means in a table: values = "
         '{ "..." = true }.'),
        ("new", {"values": {"old": "x"}}, "is not in the table of values. Add it there, or say "
         "what becomes of others: others = 'missing' or 'keep'."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_to_do(cell: str, options: dict[str, Any], told: str) -> None:
    assert refused({"A": cell}, attributes={"n": {"column": "A"} | options}).problem == told


def test_what_a_sum_lacks_is_told_with_what_to_do() -> None:
    with pytest.raises(Unfit) as caught:
        amends({"A": "12.50"})
    assert caught.value.problem == (
        "has no currency: write 12.50 EUR, or say currency = 'EUR', or in which column it stands, "
        "currency_column."
    )
    with pytest.raises(Unfit) as caught:
        amends({"A": "12.500 EUR"})
    assert caught.value.problem == (
        "'12.500' has more digits than EUR knows (2). Say what its point is: thousands = '.' if it "
        "parts thousands, thousands = ',' if it does not."
    )


def test_a_list_is_no_single_value() -> None:
    assert refused({"A": ["x"]}, impact="A").problem == "is a list, and the field holds one value."


def test_what_is_true_is_text_in_a_text() -> None:
    title = {"template": "{A} {B}"}

    assert incident({"A": True, "B": False}, title=title).title == "true false"


def test_values_of_json_stay_what_they_are() -> None:
    given = {"A": 7, "B": 1.5, "C": True, "D": [{"x": [1]}]}
    fields = {name.lower(): name for name in given}

    assert list(incident(given, attributes=fields).attributes.values()) == list(given.values())


def test_the_part_of_a_text_is_between_the_first_marks() -> None:
    part = {"column": "A", "after": "#", "before": ";"}

    assert incident({"A": "a # b # c ; d ; e"}, title=part).title == "b # c"


# --- several rows ---------------------------------------------------------------------------------

LOG = [
    {"K": "7", "At": "2026-03-02T09:00Z", "State": "New", "Reopened": "0", "Group": "A", "S": "?"},
    {
        "K": "7",
        "At": "2026-03-03T09:00Z",
        "State": "Active",
        "Reopened": "1",
        "Group": "B",
        "S": "x",
    },
    {
        "K": "7",
        "At": "2026-03-04T09:00Z",
        "State": "Closed",
        "Reopened": "1",
        "Group": "A",
        "S": "?",
    },
    {"K": "8", "At": "2026-03-02T08:00Z", "State": "New", "Reopened": "0", "Group": "?", "S": "?"},
]
EVENTS: dict[str, Any] = {
    "incident": {
        "occurred": {"column": "At", "take": "first"},
        "detected": {"column": "At", "take": "earliest"},
        "updated": {"column": "At", "take": "latest"},
        "title": "S",
        "impact": {"value": "minor"},
        "attributes": {"groups": {"column": "Group", "take": "all"}},
    },
    "complaint": {
        "made": {"column": "At", "take": "first"},
        "reopened": {"column": "At", "when": {"column": "Reopened", "above": 0}, "take": "first"},
    },
    "action": {
        "when": {"column": "State", "equals": ["Active", "Closed"]},
        "kind": {"value": "correction"},
        "incidents": {"record": "incident"},
        "events": [
            {
                "when": {"column": "State", "equals": "Active"},
                "state": {"value": "implemented"},
                "occurred": "At",
            },
            {"take": "last", "state": {"value": "closed"}, "occurred": "At", "who": "Group"},
        ],
    },
}


@pytest.mark.parametrize("rows", ["consecutive", "scattered"])
def test_several_rows_make_one_record(rows: str) -> None:
    log = LOG if rows == "consecutive" else [LOG[0], LOG[3], LOG[1], LOG[2]]
    found = made(log, mapping(EVENTS, rows=rows))
    [first, second] = [each for each in found if isinstance(each, Incident)]

    assert first.id == "crm-7"
    assert str(first.occurred) == str(first.detected) == "2026-03-02 09:00:00+00:00"
    assert str(first.updated) == "2026-03-04 09:00:00+00:00"
    assert first.title == "x"
    assert first.attributes == {"groups": ["A", "B"]}
    assert second.attributes == {}
    reopened = [each.reopened for each in found if isinstance(each, Complaint)]
    assert [str(each) for each in reopened] == ["2026-03-03 09:00:00+00:00", "None"]


def test_events_are_made_of_rows() -> None:
    [action] = [each for each in made(LOG, mapping(EVENTS, rows="consecutive"))
                if isinstance(each, Action)]  # fmt: skip

    assert action.events == (
        ActionEvent(state="implemented", occurred="2026-03-03T09:00Z"),
        ActionEvent(state="closed", occurred="2026-03-04T09:00Z", who="A"),
    )


def test_every_row_may_make_an_event_or_the_first() -> None:
    def events(take: str) -> list[str]:
        section = {
            "kind": {"value": "correction"},
            "events": {"take": take, "state": {"value": "closed"}, "occurred": "At"},
        }
        [action] = made(LOG[:3], mapping({"action": section}, rows="consecutive"))
        assert isinstance(action, Action)
        return [str(event.occurred.date()) for event in action.events]

    assert events("all") == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert events("first") == ["2026-03-02"]
    assert events("last") == ["2026-03-04"]


def test_the_rest_of_several_rows_is_their_last_value() -> None:
    section = {"incident": {"occurred": {"column": "At", "take": "first"}}}
    [first, second] = made(LOG, mapping(section, rows="consecutive", ignore=["State"]))

    assert first.attributes == {"reopened": "1", "group": "A", "s": "x"}
    assert second.attributes == {"reopened": "0"}


def test_a_row_without_key_is_a_case_of_its_own() -> None:
    for rows in ("consecutive", "scattered"):
        source = rows_of([{"K": "7"}, {"K": "?"}, {"K": "7"}])
        mapper = Mapper(mapping({"incident": {"occurred": {"value": T0}}}, rows=rows), source)
        sizes = [(case.key, len(case.rows)) for case in mapper.cases(source)]
        assert sorted(sizes, key=str) == (
            [("7", 1), ("7", 1), (None, 1)] if rows == "consecutive" else [("7", 2), (None, 1)]
        )


def test_no_rows_make_no_cases() -> None:
    for rows in ("one", "consecutive", "scattered"):
        assert made([], mapping({"incident": {"occurred": {"value": T0}}}, rows=rows)) == []


# --- one record out of many cases -----------------------------------------------------------------

PROBLEMS: dict[str, Any] = {
    "incident": {"occurred": "At"},
    "problem": {
        "record": "cause",
        "per": "Problem",
        "when": {"column": "State", "equals": "open"},
        "incidents": {"record": "incident"},
        "found": {"column": "At", "take": "earliest"},
        "text": {"column": "Text", "take": "first"},
        "is_human": {"column": "Human", "values": {"y": True}, "others": "missing"},
        "attributes": {"tags": {"column": "Tag", "take": "all"}, "last": "Tag"},
    },
    "fix": {
        "record": "action",
        "per": "Fix",
        "id": "Fix",
        "kind": {"value": "corrective"},
        "decided": {"column": "At", "take": "latest"},
        "causes": {"record": "problem"},
        "owner": "Owner",
    },
}


def test_many_cases_make_one_record_together() -> None:
    rows = [
        {"At": "2026-03-03T09:00Z", "Problem": "P1", "State": "open", "Text": "a", "Tag": "x",
         "Fix": "F1", "Owner": "ann"},
        {"At": "2026-03-02T09:00Z", "Problem": "P1", "State": "open", "Text": "b", "Tag": "y",
         "Fix": "F1", "Human": "y"},
        {"At": "2026-03-02T10:00Z", "Problem": "P2", "State": "open", "Fix": "F1", "Owner": "bea"},
        {"At": "2026-03-02T11:00Z", "Problem": "P2", "State": "shut", "Fix": "F2"},
        {"At": "2026-03-02T12:00Z", "Problem": "?", "State": "open"},
    ]  # fmt: skip

    found = made(rows, mapping(PROBLEMS))

    [one, two] = [each for each in found if isinstance(each, Cause)]
    assert (one.id, one.external_id) == ("crm-problem-P1", "P1")
    assert one.incidents == (CausalLink(to="crm-1"), CausalLink(to="crm-2"))
    assert str(one.found) == "2026-03-02 09:00:00+00:00"
    assert (one.text, one.is_human) == ("a", True)
    assert one.attributes == {"tags": ["x", "y"], "last": "y"}
    assert two.incidents == (CausalLink(to="crm-3"),)
    [first, second] = [each for each in found if isinstance(each, Action)]
    assert first.id == "F1"
    assert first.causes == (Link(to="crm-problem-P1"), Link(to="crm-problem-P2"))
    assert first.owner == "bea"
    assert str(first.decided) == "2026-03-03 09:00:00+00:00"
    assert second.causes == ()


def test_a_gathered_record_that_lacks_something_is_told() -> None:
    source = rows_of([{"K": "1", "P": "P1", "Found": ""}])
    records = {
        "incident": {"occurred": {"value": T0}},
        "problem": {"record": "cause", "per": "P", "found": {"column": "Found"}},
        "none": {"record": "cause", "per": "P", "needs": "text", "text": "X", "found": "Found"},
    }
    mapper = Mapper(mapping(records), source)
    for case in mapper.cases(source):
        mapper.records(case)

    [(place, problem)] = mapper.gathered()

    assert place == "row 1"
    assert isinstance(problem, Unfit)
    assert "no cause can do without 'found'" in problem.problem


def test_what_cannot_be_gathered_is_refused_with_its_row() -> None:
    records = {
        "customer": {"per": "P", "id": "P", "name": "N", "aliases": {
            "source": {"value": "shop"}, "external_id": "A"}},
    }  # fmt: skip
    [customer] = made([{"P": "C-1", "A": "7"}, {"P": "C-1", "A": "8"}], mapping(records))
    assert isinstance(customer, Customer)
    assert [each.external_id for each in customer.aliases] == ["7", "8"]

    with pytest.raises(Unfit, match=r"customer\.aliases \(external_id\)"):
        made([{"P": "C-1", "A": "a\nb"}], mapping(records))
    with pytest.raises(Unfit, match="is no number"):
        made(
            [{"P": "C-1", "A": "b"}],
            mapping({"x": {"record": "exposure", "per": "P", "chances": "A",
                           "began": {"value": T0}, "ended": {"value": T0}}}),
        )  # fmt: skip


def test_plural_ids_that_cannot_be_are_refused_where_they_are_gathered() -> None:
    records = {"c": {"record": "cause", "per": "P", "found": {"value": T0}, "incidents": "I"}}

    with pytest.raises(Unfit, match="an id is not empty") as caught:
        made([{"P": "C-1", "I": "a\nb"}], mapping(records))
    assert caught.value.column == "I"


# --- what is refused ------------------------------------------------------------------------------


def test_the_column_is_named_where_a_field_is_refused() -> None:
    problem = refused({"A": "C\n1", "B": "x"}, customers={"customer": "A", "order": "B"})
    assert (problem.column, problem.problem[:28]) == ("A", "incident.customers (customer")

    problem = refused({"A": "C\n1"}, customers="A", title="A")
    assert problem.column == "A"

    problem = refused({"A": "grave"}, impact={"template": "{A}"})
    assert problem.column == "{A}"


def test_an_id_that_cannot_be_is_refused() -> None:
    problem = refused({"K": "a\nb"})

    assert problem.problem.startswith("incident.id: an id is not empty")


def test_a_list_is_refused_where_one_value_is_held() -> None:
    assert "is a list" in refused({"A": ["x"]}, impact="A").problem


def test_a_list_becomes_one_text_whatever_its_order() -> None:
    for given in (["web", "api", "web", ""], ["api", "web"]):
        assert incident({"A": given}, process="A").process == "api, web"
    assert incident({"A": []}, process="A").process is None


def test_a_correction_older_than_its_incident_is_refused() -> None:
    def records(kind: str, decided: str) -> dict[str, Any]:
        return {
            "incident": {"occurred": {"value": T0}},
            "action": {
                "kind": {"value": kind},
                "decided": {"value": decided},
                "incidents": [{"record": "incident"}, {"value": "INC-elsewhere"}],
            },
        }

    with pytest.raises(Unfit, match="this containment is older"):
        made([{}], mapping(records("containment", "2026-03-01T00:00Z")))
    assert len(made([{}], mapping(records("corrective", "2026-03-01T00:00Z")))) == 2
    assert len(made([{}], mapping(records("correction", "2026-03-03T00:00Z")))) == 2


def test_each_correction_of_a_case_is_held_against_its_incident() -> None:
    def action(kind: str, decided: str) -> dict[str, Any]:
        return {
            "record": "action",
            "kind": {"value": kind},
            "decided": {"value": decided},
            "incidents": {"record": "incident"},
        }

    def records(second: str) -> dict[str, Any]:
        return {
            "incident": {"occurred": {"value": T0}},
            "first": action("containment", "2026-03-03T00:00Z"),
            "second": action("correction", second),
        }

    assert len(made([{}], mapping(records("2026-03-04T00:00Z")))) == 3
    with pytest.raises(Unfit, match="this correction is older"):
        made([{}], mapping(records("2026-03-01T00:00Z")))


@pytest.mark.parametrize(
    ("occurred", "taken"),
    [("2026-03-02T23:59:59.999999Z", True), ("2026-03-03T00:00:00Z", False)],
)
def test_what_was_decided_on_a_day_was_until_its_end(occurred: str, taken: bool) -> None:
    records = {
        "incident": {"occurred": {"value": occurred}},
        "action": {
            "kind": {"value": "correction"},
            "incidents": {"record": "incident"},
            "events": {"state": {"value": "closed"}, "occurred": "At"},
        },
    }
    row = {"At": "2026-03-02T00:00Z"}

    if taken:
        assert len(made([row], mapping(records))) == 2
        return
    with pytest.raises(Unfit) as caught:
        made([row], mapping(records))
    assert (caught.value.column, caught.value.value) == ("At", "2026-03-02T00:00Z")
    assert caught.value.problem == (
        "action.decided: this correction is older than the incident that it is for, of "
        "2026-03-03 00:00:00+00:00. Mend one of the two times; what was there before the incident, "
        "and did not hold, is a corrective action."
    )


def test_a_correction_of_the_same_moment_is_taken() -> None:
    records = {
        "incident": {"occurred": {"value": T0}},
        "action": {
            "kind": {"value": "correction"},
            "decided": {"value": T0},
            "incidents": {"record": "incident"},
        },
    }

    assert len(made([{}], mapping(records))) == 2


def test_what_a_column_says_is_taken_anew_where_another_column_decides() -> None:
    title = {"column": "A", "when": {"column": "B", "equals": "yes"}}
    rows = [{"A": "late", "B": "yes"}, {"A": "late", "B": "no"}, {"A": "late", "B": "yes"}]

    found: Any = made(rows, mapping({"incident": {"occurred": {"value": T0}, "title": title}}))

    assert [each.title for each in found] == ["late", None, "late"]


def test_what_is_always_the_same_may_hold_from_a_later_row_on() -> None:
    title = {"value": "Escalated", "when": {"column": "Step", "equals": "manager"}}
    records = {"incident": {"occurred": {"value": T0}, "title": title}}
    rows = [{"K": "1", "Step": "desk"}, {"K": "1", "Step": "manager"}, {"K": "2", "Step": "desk"}]

    one, two = made(rows, mapping(records, rows="consecutive"))

    assert isinstance(one, Incident)
    assert isinstance(two, Incident)
    assert (one.title, two.title) == ("Escalated", None)


@pytest.mark.parametrize("take", ["all", "first", "last"])
def test_a_link_out_of_each_row_leads_to_the_record_of_the_case(take: str) -> None:
    records = {
        "incident": {"occurred": {"value": T0}},
        "cause": {
            "found": {"value": T0},
            "incidents": {"to": {"record": "incident"}, "since": "Seen", "take": take},
        },
    }
    rows = [{"K": "1", "Seen": "2026-03-03T09:00Z"}]

    found, cause = made(rows, mapping(records, rows="consecutive"))

    assert isinstance(cause, Cause)
    assert [str(link.to) for link in cause.incidents] == [found.id]


def test_values_that_are_objects_are_told_apart_by_what_they_say() -> None:
    tags = {"tags": {"column": "Tag", "take": "all"}}
    rows = [{"K": "1", "Tag": each} for each in ([{"x": 1}, {"x": 2}], [{"x": 1}, "x"], "x")]

    [found] = made(
        rows,
        mapping({"incident": {"occurred": {"value": T0}, "attributes": tags}}, rows="consecutive"),
    )

    assert found.attributes == {"tags": [{"x": 1}, {"x": 2}, "x"]}


def test_what_stands_in_for_a_value_may_be_a_record_of_the_case() -> None:
    records = {
        "incident": {"occurred": {"value": T0}},
        "other": {"record": "incident", "needs": "title", "title": "A", "occurred": {"value": T0}},
        "complaint": {
            "made": {"value": T0},
            "incident": {"first_of": [{"record": "other"}, {"record": "incident"}]},
        },
    }

    found = made([{"A": "x"}, {}], mapping(records))

    complaints = [each.incident for each in found if isinstance(each, Complaint)]
    assert complaints == ["crm-1/other", "crm-2"]


def test_a_time_that_comes_twice_when_clocks_are_put_back_is_the_one_that_is_said() -> None:
    def occurred(fold: str) -> Any:
        value = {"column": "A", "zone": "Europe/Vienna", "fold": fold}
        return incident({"A": "2025-10-26 02:30"}, occurred=value).occurred

    assert str(occurred("first")) == "2025-10-26 02:30:00+02:00"
    assert str(occurred("second")) == "2025-10-26 02:30:00+01:00"


@pytest.mark.parametrize("field", ["id", "title", "customers"])
def test_what_a_record_refuses_is_shown_as_it_stands_in_its_cell(field: str) -> None:
    with pytest.raises(Unfit) as caught:
        incident({"A": "No. #7\x00b"}, **{field: {"column": "A", "after": "#"}})

    assert (caught.value.column, caught.value.value) == ("A", "No. #7\x00b")


def test_whole_numbers_have_64_bits_at_most() -> None:
    def order_no(said: str) -> Any:
        customers = {"customer": "A", "order_no": {"column": "B", "thousands": "\u202f"}}
        return incident({"A": "C-1", "B": said}, customers=customers).customers[0].order_no

    assert order_no("1\u202f000") == 1000
    assert order_no(str(2**63 - 1)) == 2**63 - 1
    with pytest.raises(Unfit, match="beyond 64 bits"):
        order_no(str(2**63))
    with pytest.raises(Unfit) as caught:
        incident({"B": str(2**63)}, attributes={"n": {"column": "B", "as": "whole"}})
    assert (caught.value.column, caught.value.problem) == ("B", "is beyond 64 bits.")


def test_space_around_keys_and_parts_of_templates_is_nothing() -> None:
    title = {"template": "{A}, {B}"}

    [found] = made(
        [{"K": " 7 ", "A": " late ", "B": "again "}],
        mapping({"incident": {"occurred": {"value": T0}, "title": title}}),
    )

    assert isinstance(found, Incident)
    assert (found.id, found.title) == ("crm-7", "late, again")


def test_a_correction_of_the_same_day_is_taken() -> None:
    def records(decided: str) -> dict[str, Any]:
        return {
            "incident": {"occurred": "A"},
            "action": {
                "kind": {"value": "correction"},
                "decided": "B",
                "incidents": {"record": "incident"},
            },
        }

    def decided(day: str) -> Any:
        row = {"A": "2026-03-02T09:00Z", "B": day}
        return made([row], mapping(records(day), zone="UTC"))

    assert len(decided("2026-03-02")) == 2
    with pytest.raises(Unfit, match="older than the incident") as caught:
        decided("2026-03-01")
    assert (caught.value.column, caught.value.value) == ("B", "2026-03-01")
    with pytest.raises(Unfit, match="Mend one of the two times"):
        decided("2026-03-02T08:59Z")


@pytest.mark.parametrize(
    ("records", "column"),
    [
        ({"incident": {"occurred": {"value": T0}, "detected": "A"}}, "A"),
        ({"complaint": {"customer": {"value": "C"}, "made": "A"}}, "A"),
        ({"cause": {"found": {"template": "{A}"}}}, "A"),
    ],
)
def test_what_happened_does_not_lie_in_the_future(records: Any, column: str) -> None:
    with pytest.raises(Unfit, match="lies in the future") as caught:
        made([{"A": "2199-03-02T09:00Z"}], mapping(records))

    assert caught.value.column == column
    assert caught.value.value == "2199-03-02T09:00Z"
    assert "format and zone" in caught.value.problem


def test_what_is_gathered_does_not_lie_in_the_future() -> None:
    records = {"cause": {"per": "A", "id": {"value": "x"}, "found": "A"}}
    source = rows_of([{"K": "1", "A": "2199-03-02T09:00Z"}])
    mapper = Mapper(mapping(records), source)
    for case in mapper.cases(source):
        mapper.records(case)

    [(place, problem)] = mapper.gathered()

    assert isinstance(problem, Unfit)
    assert (place, problem.column) == ("row 1", "A")


def test_times_out_of_a_frame_do_not_lie_in_the_future() -> None:
    import pandas as pd

    with pytest.raises(Unfit, match="lies in the future"):
        incident({"A": pd.Timestamp("2199-03-02T09:00Z")}, occurred="A")


def test_clocks_may_differ_by_some_minutes() -> None:
    import datetime as dt

    def occurred(minutes: int) -> Any:
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
        return incident({"A": soon.isoformat()}, occurred="A")

    assert occurred(3)
    with pytest.raises(Unfit, match="lies in the future"):
        occurred(8)


def test_what_is_due_may_lie_ahead() -> None:
    records = {
        "action": {
            "kind": {"value": "corrective"},
            "decided": {"value": T0},
            "due": "A",
            "verify_by": "A",
        }
    }

    assert len(made([{"A": "2199-03-02T09:00Z"}], mapping(records))) == 1


def test_a_day_of_today_or_before_is_not_in_the_future() -> None:
    import datetime as dt

    today = dt.datetime.now(dt.UTC).date()

    assert incident({"A": str(today)}, {"zone": "UTC"}, occurred="A").occurred.date == today
    assert incident({"A": "2020-02-02"}, {"zone": "UTC"}, occurred="A").occurred.date.year == 2020
    with pytest.raises(Unfit, match="lies in the future"):
        incident({"A": str(today + dt.timedelta(days=3))}, {"zone": "UTC"}, occurred="A")


def test_columns_that_nothing_is_said_of_are_listed_up_to_twenty() -> None:
    def problem(count: int) -> str:
        columns = [f"C{n:02}" for n in range(count)]
        source = rows_of(table_of_columns(["K", *columns]))
        with pytest.raises(ValueError, match="says nothing of") as caught:
            Mapper(mapping({"incident": {"occurred": {"value": T0}}}, rest="reject"), source)
        return str(caught.value)

    listed = ", ".join(f"'C{n:02}'" for n in range(20))
    told = "frame: has columns that the mapping says nothing of: "
    offer = (
        "Map them, name them under ignore, or keep what nothing names as attributes: rest = "
        "'attributes'."
    )
    assert problem(20) == f"{told}{listed}. {offer}"
    assert problem(21) == f"{told}{listed} and 1 more. {offer}"


def test_a_column_that_the_source_lacks_is_told_with_what_it_has() -> None:
    def problem(column: str) -> str:
        with pytest.raises(ValueError, match="has no column") as caught:
            Mapper(
                mapping({"incident": {"occurred": {"value": T0}, "title": column}}),
                rows_of(table_of_columns(["K", "Subject", "Topic"])),
            )
        return str(caught.value)

    told = "frame: has no column {!r}, which the mapping names. {}"
    assert problem("Subjet") == told.format("Subjet", "Did you mean 'Subject'?")
    assert problem("zzz") == told.format("zzz", "There are 'K', 'Subject', 'Topic'.")


def table_of_columns(names: list[str]) -> Any:
    """A table that says beforehand which columns it has."""
    import pandas as pd

    return pd.DataFrame({name: ["x"] for name in names})


def test_columns_that_no_row_had_are_told_at_the_end() -> None:
    source = rows_of([{"K": "1", "Subject": "x"}])
    fields = {"occurred": {"value": T0}, "title": "Subjet", "text": "zzz"}
    mapper = Mapper(mapping({"incident": fields}), source)
    for case in mapper.cases(source):
        mapper.records(case)

    assert list(mapper.missed()) == [
        "no row has the column 'Subjet', which the mapping names. Did you mean 'Subject'?",
        "no row has the column 'zzz', which the mapping names.",
    ]


def test_a_column_that_comes_up_in_a_row_is_refused_with_what_it_says() -> None:
    source = rows_of([{"K": "1", "New": "x"}])
    mapper = Mapper(mapping({"incident": {"occurred": {"value": T0}}}, rest="reject"), source)
    [case] = mapper.cases(source)

    with pytest.raises(Unfit) as caught:
        mapper.records(case)
    assert (caught.value.column, caught.value.value) == ("New", "x")
    assert caught.value.problem.startswith("the mapping says nothing of this column. Map them")


def test_an_object_where_a_value_is_taken_is_told_with_what_it_holds() -> None:
    problem = refused({"A": {"B": {"C": "x"}}}, title="A.B")

    assert problem.column == "A.B"
    assert problem.problem == (
        "holds an object, and the mapping takes it for a value. Name the field of it that is "
        "meant, such as 'A.B.C'."
    )


def test_what_was_rejected_as_a_text_is_no_row() -> None:
    problem = refused({TEXT: "{broken"})

    assert (problem.column, problem.value) == (TEXT, "{broken")
    assert problem.problem == (
        "is what was rejected. Write the row that it should be in its place."
    )


# --- conditions -----------------------------------------------------------------------------------


def holds(condition: dict[str, Any], value: Any) -> bool:
    test = make_test(
        from_table(Condition, condition, "x"), "A", lambda name: lambda row: row.get(name)
    )
    return test({"A": value})


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ({"equals": "Late"}, " late ", True),
        ({"equals": ["a", "b"]}, "b", True),
        ({"equals": "a"}, "ab", False),
        ({"equals": "true"}, True, True),
        ({"contains": "CAP"}, "data caps", True),
        ({"contains": ["x", "y"]}, "abc", False),
        ({"words": "cap"}, "data cap!", True),
        ({"words": "cap"}, "capital, cap", True),
        ({"words": "cap"}, "capital", False),
        ({"words": "cap"}, "recap", False),
        ({"words": "data cap"}, "a data cap", True),
        ({"starts_with": ["ab", "x"]}, "ABC", True),
        ({"ends_with": "c"}, "abd", False),
        ({"matches": "in*-eu"}, "INC-7-EU", True),
        ({"matches": "in*7*eu"}, "INC-7-EU", True),
        ({"matches": "in*8*eu"}, "INC-7-EU", False),
        ({"matches": "in*eu"}, "INC-7", False),
        ({"matches": "ab*bc"}, "abc", False),
        ({"matches": "a*b*b"}, "ab", False),
        ({"matches": "a*b*c*d"}, "a b c b d", True),
        ({"matches": "inc"}, "INC", True),
        ({"matches": "inc"}, "INC-7", False),
        ({"matches": "x*"}, "INC", False),
        ({"matches": "*"}, None, True),
        ({"present": True}, "x", True),
        ({"present": False}, None, True),
        ({"above": 2}, "3", True),
        ({"above": 2}, "2", False),
        ({"above": 2, "below": 4.5}, 4.4, True),
        ({"above": 2}, "many", False),
        ({"above": 2}, None, False),
        ({"any": [{"equals": "a"}, {"equals": "b"}]}, "b", True),
        ({"all": [{"contains": "a"}, {"contains": "b"}]}, "a", False),
        ({"all": [{"present": True}, {"contains": "a"}]}, "a", True),
        ({"all": [{"present": False}, {"not": {"equals": "a"}}]}, "b", False),
        ({"any": [{"present": True}, {"equals": "a"}]}, "b", True),
        ({"any": [{"present": True}, {"equals": "a"}]}, None, False),
        ({"any": [{"above": 7}, {"all": [{"present": True}, {"equals": "a"}]}]}, "a", True),
        ({"not": {"equals": "a"}}, "b", True),
        ({"not": {"present": True}}, None, True),
        ({"not": {"present": True}}, "b", False),
        ({"contains": "b", "not": {"equals": "b"}}, "ab", True),
        ({"equals": "b"}, ["a", "B"], True),
        ({"contains": "c"}, ["a", 1], False),
    ],
)
def test_conditions_hold_or_not(condition: dict[str, Any], value: Any, expected: bool) -> None:
    assert holds(condition, value) is expected


def test_a_condition_may_name_its_own_columns() -> None:
    condition = from_table(
        Condition, {"any": [{"column": "A", "equals": "x"}, {"column": "B", "equals": "y"}]}, "x"
    )
    test = make_test(condition, None, lambda name: lambda row: row.get(name))

    assert test({"A": "", "B": "y"})
    assert not test({"A": "y", "B": ""})


@pytest.mark.parametrize(
    "condition",
    [
        {"contains": "ab" * 50},
        {"words": "a"},
        {"matches": "*a*a*a*a*b"},
        {"matches": "a*" * 40 + "b"},
    ],
)
def test_conditions_on_long_texts_are_quick(condition: dict[str, Any]) -> None:
    text = "a" * 100_000

    began = time.process_time()
    for _ in range(10):
        assert not holds(condition, text)

    assert (time.process_time() - began) / 10 < 0.05


@given(st.text("ab*", max_size=8), st.text("ab", max_size=10))
def test_stars_are_as_in_shells(pattern: str, text: str) -> None:
    import fnmatch

    assert holds({"matches": pattern or "*"}, text) is fnmatch.fnmatchcase(text, pattern or "*")


# --- the same cells again -------------------------------------------------------------------------


def test_what_was_read_before_is_remembered_and_forgotten() -> None:
    rows = [{"A": f"t{number % 6000}", "B": "x" * 300} for number in range(12_500)]
    found = made(
        rows, mapping({"incident": {"occurred": {"value": T0}, "title": "A", "text": "B"}})
    )

    assert [each.title for each in found if isinstance(each, Incident)] == [
        row["A"] for row in rows
    ]


def test_lists_out_of_equal_cells_are_not_shared() -> None:
    tags = {"tags": {"column": "A", "split": ","}}
    [one, two] = made(
        [{"A": "x,y"}, {"A": "x,y"}],
        mapping({"incident": {"occurred": {"value": T0}, "attributes": tags}}),
    )

    assert one.attributes["tags"] == two.attributes["tags"] == ["x", "y"]
    assert one.attributes["tags"] is not two.attributes["tags"]
    assert json.dumps(one.attributes)
    assert Share(party="us", percent=100)


def test_a_part_is_made_only_where_its_condition_holds() -> None:
    customers = {"customer": "A", "when": {"column": "B", "equals": "x"}}

    assert incident({"A": "C-1", "B": "x"}, customers=customers).customers[0].customer == "C-1"
    assert incident({"A": "C-1", "B": "y"}, customers=customers).customers == ()


def test_the_field_is_named_in_which_an_id_cannot_be() -> None:
    records = {
        "cause": {"found": {"value": T0}, "incidents": "A", "effects": "B"},
    }
    with pytest.raises(Unfit, match=r"cause\.effects \(to\)") as caught:
        made([{"A": "INC-1", "B": "a\nb"}], mapping(records))
    assert caught.value.column == "B"


def test_names_of_columns_may_hold_what_templates_give_a_meaning_to() -> None:
    row = {"When: day": "a", "Sure!": "b", "x!r:y": "c"}
    value = {"template": "{When: day} {Sure!} {x!r:y}"}

    assert incident(row, title=value).title == "a b c"


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_whole_numbers_are_read_up_to_64_bits(number: int) -> None:
    whole = {"n": {"column": "A", "as": "whole"}}

    assert incident({"A": str(number)}, attributes=whole).attributes["n"] == number
    beyond = number + (1 if number > 0 else -1)
    assert "is beyond 64 bits" in refused({"A": str(beyond)}, attributes=whole).problem


def test_a_correction_decided_in_the_moment_of_its_incident_is_taken() -> None:
    records = {
        "incident": {"occurred": {"value": "2026-03-02T09:00Z"}},
        "action": {
            "kind": {"value": "correction"},
            "decided": {"value": "2026-03-02T09:00Z"},
            "incidents": {"record": "incident"},
        },
    }

    assert len(made([{}], mapping(records))) == 2
