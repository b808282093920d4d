import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy.errors import BadMapping, SourceError
from remedy.records import RECORDS
from remedy.sources import Mapping, Reading, load_mapping
from remedy.sources._toml import document
from remedy.sources.mapping import mapping_from
from remedy.sources.sections import Section
from remedy.sources.shapes import Kind, shapes_of
from remedy.sources.values import Condition, Parts, Rule, Value
from tests.sources.tickets import TICKETS

MAPPINGS = sorted((Path(__file__).parent / "mappings").glob("*.toml"))

WHOLE: dict[str, Any] = {
    "source": "crm",
    "key": ["Ticket", "Part"],
    "rows": "consecutive",
    "zone": "Europe/Vienna",
    "missing": ["?", "N/A"],
    "rest": "attributes",
    "ignore": ["Note"],
    "signature": ["process", "failure_mode"],
    "read": {"delimiter": ";", "encoding": "cp1252", "max_cell": 2000, "cut_short": True},
    "records": {
        "incident": {
            "when": {"column": "Kind", "not": {"any": [{"equals": "test"}, {"present": False}]}},
            "occurred": {"column": "Opened", "format": ["%d.%m.%Y", "iso"], "fold": "first"},
            "customers": [{"customer": "Client", "order": "Order"}, "Also"],
            "impact": {"column": "Priority", "values": {"1 - High": "major"}, "others": "missing"},
            "failure_mode": {
                "column": "Subject",
                "rules": [
                    {"contains": ["cap", "limit"], "is": "data cap"},
                    {"all": [{"words": "late"}, {"column": "Days", "above": 2}], "is": "late"},
                ],
                "otherwise": {"first_of": ["Topic", {"value": "something else"}]},
            },
            "title": {"template": "{Subject} ({Ticket})"},
            "attributes": {"units": {"column": "Units", "as": "whole", "thousands": ","}},
        },
        "refund": {
            "record": "amends",
            "needs": "amount",
            "incident": {"record": "incident"},
            "kind": {"value": "refund"},
            "made": "Paid",
            "amount": {"column": "Sum", "currency_column": "Currency", "decimal": ","},
        },
        "problem": {
            "record": "cause",
            "per": "Problem",
            "id": "Problem",
            "found": {"column": "Seen", "when": {"column": "Problem", "present": True}},
            "incidents": {"to": {"record": "incident"}, "since": "Seen", "take": "all"},
        },
    },
}


# --- what is taken --------------------------------------------------------------------------------


def test_tables_make_a_mapping_and_the_mapping_makes_the_tables() -> None:
    mapping = mapping_from(WHOLE)

    assert mapping_from(mapping.to_dict()) == mapping
    assert mapping.to_dict() == WHOLE


def test_the_toml_of_a_mapping_is_read_back() -> None:
    text = mapping_from(WHOLE).to_toml("Tickets,\nas exported")

    assert text.startswith('# Tickets,\n# as exported\n\nsource = "crm"\n')
    assert tomllib.loads(text) == WHOLE


@pytest.mark.parametrize(
    "sign", ["\x00", "\x7f", "\x85", " ", "\xa0", "\uffff", "\U00010000", "\U0010ffff"]
)
def test_any_sign_of_a_text_is_read_back_from_toml(sign: str) -> None:
    text = document({sign: f"a{sign}b"})

    assert tomllib.loads(text) == {sign: f"a{sign}b"}
    assert text.rstrip("\n").isprintable()


def test_a_comment_has_no_blanks_behind_it() -> None:
    assert document({"a": 1}, "One\n\n  two  ") == "# One\n#\n#   two\n\na = 1\n"


def test_lists_are_broken_where_they_are_too_long_for_a_line() -> None:
    fits = document({"key": ["x" * 86]})

    assert fits == f'key = ["{"x" * 86}"]\n'
    assert len(fits) == 97, "96 columns and the end of the line"
    assert document({"key": ["x" * 87]}) == f'key = [\n    "{"x" * 87}",\n]\n'
    inside = {"a": {"b": ["x" * 96, "y"]}}
    assert document({"t": inside}).count("\n") == 3, "not inside of an inline table"
    nested = document({"key": [["x" * 96, "y"]]})
    assert nested == f'key = [\n    ["{"x" * 96}", "y"],\n]\n'


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.stem)
def test_the_mappings_of_the_real_data_are_read_back(path: Path) -> None:
    mapping = load_mapping(path)

    assert mapping_from(tomllib.loads(mapping.to_toml())) == mapping


def test_a_mapping_is_saved_and_loaded(tmp_path: Path) -> None:
    mapping = mapping_from(WHOLE)
    path = mapping.save(tmp_path / "crm.toml", comment="ours")

    assert load_mapping(path) == load_mapping(str(path)) == mapping
    with pytest.raises(SourceError, match="may be replaced: overwrite=True"):
        mapping.save(path)
    assert mapping.save(path, overwrite=True) == path


def test_python_objects_do_as_well_as_tables() -> None:
    by_hand = Mapping(
        source="crm",
        key="Ticket",
        read=Reading(delimiter=";"),
        records={
            "incident": Section(
                name="incident",
                record="incident",
                fields={
                    "occurred": Value(column="Opened"),
                    "customers": (Parts(fields={"customer": Value(column="Client")}),),
                    "failure_mode": Value(
                        column="Topic",
                        rules=(Rule(when=Condition(contains=("late",)), is_="late"),),
                    ),
                },
                attributes={},
            )
        },
    )
    tables = {
        "source": "crm",
        "key": ["Ticket"],
        "read": {"delimiter": ";"},
        "records": {
            "incident": {
                "occurred": "Opened",
                "customers": [{"customer": "Client"}],
                "failure_mode": {
                    "column": "Topic",
                    "rules": [{"contains": "late", "is": "late"}],
                },
            }
        },
    }

    assert by_hand == mapping_from(tables)
    inside = {"records": {"incident": by_hand.records["incident"].fields | {"title": "T"}}}
    assert mapping_from(tables | inside).records["incident"].fields["title"] == Value(column="T")


def test_objects_may_stand_inside_tables() -> None:
    made = mapping_from(
        TICKETS
        | {
            "records": {
                "incident": {
                    "occurred": "Opened",
                    "when": Condition(column="A", present=True),
                    "impact": {
                        "rules": [Rule(when=Condition(column="A", equals=("x",)), is_="major")],
                        "when": Condition(column="A", present=True),
                    },
                }
            }
        }
    )

    assert made.columns() == {"Ticket", "Opened", "A"}


def test_it_knows_the_columns_that_it_looks_at() -> None:
    assert mapping_from(WHOLE).columns() == {
        *("Ticket", "Part", "Kind", "Opened", "Client", "Order", "Also", "Priority", "Subject"),
        *("Days", "Topic", "Units", "Paid", "Sum", "Currency", "Problem", "Seen"),
    }


def test_sections_stand_after_those_that_they_refer_to() -> None:
    records = {
        "complaint": {"made": "Opened", "incident": {"record": "incident"}},
        "incident": {"occurred": "Opened"},
    }

    order = mapping_from(TICKETS | {"records": records}).in_order()

    assert [section.name for section in order] == ["incident", "complaint"]


@pytest.mark.parametrize("entity", RECORDS)
def test_every_field_of_every_record_can_be_filled(entity: str) -> None:
    for name, shape in shapes_of(entity).items():
        assert isinstance(shape.kind, Kind), name
        if shape.kind is Kind.REFERENCE:
            assert shape.target in RECORDS, name
        if shape.kind is Kind.WORD:
            assert shape.words is not None, name


# --- what is refused ------------------------------------------------------------------------------


def incident(**fields: Any) -> dict[str, Any]:
    return {"records": {"incident": {"occurred": "Opened"} | fields}}


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"sauce": "crm"}, "the mapping", "Did you mean 'source'?"),
    ({"zzz": 1}, "the mapping", "Known are source, records, key"),
    ({"source": " crm"}, "source", "no space at its ends"),
    ({"source": 7}, "source", "7: must be text"),
    ({"key": 7}, "key", "7 is no text, nor a list of texts"),
    ({"rows": "many"}, "rows", "'many' is not one of one, consecutive, scattered"),
    ({"rows": "scattered", "key": []}, "key", "what several rows make"),
    ({"key": []}, "records.incident", "has no id, and there is no key"),
    ({"zone": "Europe/Wien"}, "zone", "no time zone 'Europe/Wien'"),
    ({"zone": 1}, "zone", "1 is no text"),
    ({"rest": "keep"}, "rest", "reject, attributes"),
    ({"missing": [7]}, "missing", "nor a list of texts"),
    ({"read": []}, "read", "is no table"),
    ({"read": {"delimeter": ";"}}, "read", "Did you mean 'delimiter'?"),
    ({"read": {"max_cell": "many"}}, "read.max_cell", "is no number"),
    ({"read": {"cut_short": 1}}, "read.cut_short", "neither true nor false"),
    ({"records": {}}, "records", "[records.incident]"),
    ({"records": {"incident": "Opened"}}, "records.incident", "is no table"),
    ({"records": {"ticket": {}}}, "records.ticket", "'ticket' is no kind of record"),
    ({"records": {"incident": {}}}, "records.incident", "says nothing of 'occurred'"),
    (incident(ocurred="A"), "records.incident", "Did you mean 'occurred'?"),
    (incident(zzz="A"), "records.incident", "goes under 'attributes'"),
    (incident(needs="title"), "records.incident.needs", "no field 'title'"),
    (incident(needs=7), "records.incident.needs", "nor a list of texts"),
    (incident(when="A"), "records.incident.when", "is no table"),
    (incident(when={}), "records.incident.when", "says no condition"),
    (incident(when={"equal": "x"}), "records.incident.when", "Did you mean 'equals'?"),
    (incident(when={"all": []}), "records.incident.when.all", "no list, or an empty one"),
    (incident(when={"above": "x"}), "records.incident.when.above", "is no number"),
    (incident(title=7), "records.incident.title", "{ value = ... }"),
    (incident(title=""), "records.incident.title", "or empty"),
    (incident(title={}), "records.incident.title", "does not say where"),
    (incident(title={"colum": "A"}), "records.incident.title", "Did you mean 'column'?"),
    (incident(title={"column": "A", "value": "x"}), "records.incident.title", "'column' and"),
    (incident(title={"value": "x", "rules": [{"contains": "a", "is": "b"}]}),
     "records.incident.title", "'value' and 'rules'"),
    (incident(title={"column": "A", "others": "keep"}), "records.incident.title", "there is none"),
    (incident(title={"value": [1]}), "records.incident.title.value", "is no text, number"),
    (incident(title={"value": float("nan")}), "records.incident.title.value", "is no text, number"),
    (incident(title={"value": 7}), "records.incident.title.value", "7: must be text"),
    (incident(title={"template": "x"}), "records.incident.title", "names no column in braces"),
    (incident(title={"template": "{}"}), "records.incident.title", "{} names no column"),
    (incident(title={"template": "{A"}), "records.incident.title", "braces do not pair"),
    (incident(title={"column": "A", "rules": [{"contains": "x"}]}),
     "records.incident.title.rules[1]", "'is' is missing"),
    (incident(title={"column": "A", "rules": ["x"]}), "records.incident.title.rules[1]", "table"),
    (incident(title={"column": "A", "take": "all"}), "records.incident.title", "hold several"),
    (incident(title={"column": "A", "take": "latest"}), "records.incident.title", "hold times"),
    (incident(title={"first_of": ["A", {"value": 7}]}),
     "records.incident.title.first_of[2].value", "must be text"),
    (incident(title={"column": "A", "otherwise": {"value": 7}}),
     "records.incident.title.otherwise.value", "must be text"),
    (incident(title=["A", "B"]), "records.incident.title", "holds one value"),
    (incident(customers=[]), "records.incident.customers", "is empty"),
    (incident(customers={"order": "A"}), "records.incident.customers", "nothing of 'customer'"),
    (incident(customers={"customer": "A", "ordr": "B"}), "records.incident.customers", "'order'?"),
    (incident(customers={"customer": "A", "take": "latest"}), "records.incident.customers.take",
     "first, last, all"),
    (incident(impact={"value": "grave"}), "records.incident.impact.value", "minor, moderate"),
    (incident(impact={"column": "A", "values": {"x": "grave"}}), "records.incident.impact.values",
     "'grave': must be one of"),
    (incident(impact={"column": "A", "rules": [{"contains": "x", "is": "grave"}]}),
     "records.incident.impact.rules", "'grave': must be one of"),
    (incident(occurred={"column": "A", "format": "%d"}), "records.incident.occurred.format",
     "neither a whole day"),
    (incident(occurred={"column": "A", "format": "%H:%M"}), "records.incident.occurred.format",
     "does not say which day"),
    (incident(occurred={"column": "A", "fold": "x"}), "records.incident.occurred.fold", "first"),
    (incident(order_no={"column": "A", "thousands": "x"}), "records.incident.order_no.thousands",
     "no sign that stands in numbers"),
    (incident(attributes=[]), "records.incident.attributes", "is no table"),
    (incident(attributes={"My field": "A"}), "records.incident.attributes", "does not fit"),
    (incident(duplicate_of={"record": "other"}), "records.incident.duplicate_of", "no section"),
    ({"records": {"incident": {"occurred": "A"}, "complaint": {
        "made": "A", "customer": {"record": "incident"}}}}, "records.complaint.customer",
     "refers to a customer, and 'incident' is an incident"),
    ({"records": {"incident": {"occurred": "A", "duplicate_of": {"record": "second"}},
                  "second": {"record": "incident", "occurred": "A",
                             "duplicate_of": {"record": "incident"}}}}, "records", "in a circle"),
    ({"records": {"action": {"kind": {"value": "corrective"}, "events": "A"}}},
     "records.action.events", "a table that says state, occurred"),
    ({"records": {"apology": {"incidents": "A", "made": "B", "promises": "C"}}},
     "records.apology.promises", "a table that says"),
    ({"records": {"amends": {"incident": "A", "made": "B", "kind": {"value": "gift"},
                             "amount": {"column": "C", "currency": "EURO"}}}},
     "records.amends.amount.currency", "no currency of ISO 4217"),
    ({"records": {"amends": {"incident": "A", "made": "B", "kind": {"value": "gift"},
                             "amount": {"value": "-1 EUR"}}}}, "records.amends.amount.value",
     "never negative"),
    ({"sauce": "crm"}, "the mapping", "there is no entry 'sauce'. Did you mean"),
    (incident(ocurred="A"), "records.incident", "there is no field 'ocurred'. Did you mean"),
    (incident(title={"column": "A", "rules": [{"is": "x", "contain": "a"}]}),
     "records.incident.title.rules[1]", "Did you mean 'contains'?"),
    (incident(when={"all": [{"contains": "a"}, {"equal": "x"}]}),
     "records.incident.when.all[2]", "Did you mean 'equals'?"),
    ({"records": {"action": {"kind": {"value": "corrective"}, "events": "A"}}},
     "records.action.events", "is a table that says state, occurred."),
]  # fmt: skip


@pytest.mark.parametrize(("change", "place", "problem"), REFUSED)
def test_what_cannot_be_used_is_refused(change: dict[str, Any], place: str, problem: str) -> None:
    with pytest.raises(BadMapping) as caught:
        mapping_from(TICKETS | change, "crm.toml")

    assert caught.value.place == f"crm.toml: {place}"
    assert problem in caught.value.problem


def test_what_is_said_of_mappings_that_cannot_be_used_reads_as_it_was_written_down() -> None:
    expected = (Path(__file__).parent / "golden" / "refused-mappings.txt").read_text("utf-8")
    said = []
    for change, _, _ in REFUSED:
        with pytest.raises(BadMapping) as caught:
            mapping_from(TICKETS | change, "crm.toml")
        said.append(str(caught.value))

    assert "\n".join(dict.fromkeys(said)) + "\n" == expected


@pytest.mark.parametrize("name", ["source", "records"])
def test_what_is_needed_is_named(name: str) -> None:
    given = {key: value for key, value in TICKETS.items() if key != name}

    with pytest.raises(BadMapping, match=f"mapping: {name}: is missing"):
        mapping_from(given)


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="cannot be read"):
        load_mapping(tmp_path / "none.toml")
    path = tmp_path / "bad.toml"
    path.write_text("source = ")
    with pytest.raises(BadMapping, match="is no TOML"):
        load_mapping(path)
    path.write_bytes(b"source = '\xff'")
    with pytest.raises(BadMapping, match="is no TOML"):
        load_mapping(path)


def test_a_mark_at_the_beginning_of_the_file_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "crm.toml"
    path.write_text(mapping_from(TICKETS).to_toml(), encoding="utf-8-sig")

    assert load_mapping(path) == mapping_from(TICKETS)


# --- the TOML writer ------------------------------------------------------------------------------

PLAIN = (
    st.text()
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
)
TABLE = st.recursive(
    st.dictionaries(st.text(), PLAIN | st.lists(PLAIN, max_size=3), max_size=3),
    lambda inner: st.dictionaries(st.text(), inner | st.lists(inner, max_size=30), max_size=3),
    max_leaves=6,
)


@given(
    top=st.dictionaries(st.text().filter(lambda key: key != "records"), PLAIN | TABLE, max_size=3),
    records=st.dictionaries(st.text(), TABLE, max_size=3),
    comment=st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])),
)
def test_what_the_writer_writes_is_read_back(
    top: dict[str, Any], records: dict[str, Any], comment: str
) -> None:
    tables = top | ({"records": records} if records else {})
    for section in records.values():
        if not isinstance(section.get("attributes", {}), dict):
            del section["attributes"]

    assert tomllib.loads(document(tables, comment)) == tables


def test_a_mapping_nested_beyond_reason_is_no_toml(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text("a = " + "[" * 5_000, "utf-8")
    with pytest.raises(BadMapping, match="is no TOML"):
        load_mapping(path)


@pytest.mark.parametrize("kind", [{}, [], 5])
def test_a_kind_of_record_that_is_no_text_is_refused(kind) -> None:
    with pytest.raises(BadMapping, match="is no kind of record"):
        mapping_from({"source": "crm", "records": {"incident": {"record": kind}}}, "here")


def test_half_a_character_is_no_text_of_a_mapping() -> None:
    with pytest.raises(BadMapping, match="is no text"):
        mapping_from({**WHOLE, "missing": ["\ud800"]})


@pytest.mark.parametrize("code", [0x7F, 0xFFFE, 0xFFFF, 0x10000, 0x1FFFE, 0x10FFFF])
def test_signs_that_cannot_be_seen_are_written_by_their_number(code: int) -> None:
    text = document({"a": f"x{chr(code)}y"}, "")

    assert tomllib.loads(text) == {"a": f"x{chr(code)}y"}
    assert chr(code).isprintable() == (chr(code) in text)
