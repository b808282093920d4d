import json
import random
from pathlib import Path
from typing import Any

import pytest

import remedy
from remedy import Incident
from remedy.errors import BadMapping
from remedy.sources import Inferred, Reading, import_file, import_rows, infer, preview, profile
from remedy.sources.asking import columns_in
from tests.sources.tickets import Collector, tickets

NOBODY = ["anonym", "anonymous", "unbekannt", "unknown"]
AREAS = ("shipping", "billing", "returns")
ISSUES = ("late", "wrong price", "shipped collect", "no answer", "broken")


def rows(count: int = 300, **changes: Any) -> list[dict[str, str]]:
    """Made-up tickets, whose columns are named as people name them."""
    chance = random.Random(7)
    found = []
    for number in range(count):
        day, month = chance.randint(1, 28), chance.randint(1, 12)
        row = {
            "Ticket #": f"T-{number:05}",
            "Opened": f"{day:02}.{month:02}.2025 {chance.randint(0, 23):02}:30",
            "Client": f"C-{chance.randint(1, 60)}",
            "Category": chance.choice(AREAS),
            "Issue": chance.choice((*ISSUES, "?")),
            "Priority": chance.choice(("High", "Low")),
            "Subject": f"It went wrong again with number {number}",
            "Channel": chance.choice(("mail", "phone")),
            "Status": "closed",
        }
        found.append(row | {key: make(chance, number) for key, make in changes.items()})
    return found


def answered(data: Any, **answers: str) -> Any:
    inferred = infer(data, source="crm")
    given = {"zone": "UTC", "signature": "Category + Issue"} | answers
    columns = {each.name for each in inferred.survey.columns}
    if not {"Category", "Issue"} <= columns:
        del given["signature"]
    return inferred.answered(given).mapping()


def names(inferred: Inferred) -> list[str]:
    return [question.name for question in inferred.open]


# --- what is proposed -----------------------------------------------------------------------------


def test_a_mapping_is_proposed_and_works() -> None:
    data = rows()
    inferred = infer(data, source="crm")

    assert names(inferred) == ["zone", "signature"]
    mapping = inferred.answered(zone="Europe/Vienna", signature="Issue + Category").mapping()
    assert mapping.to_dict() == {
        "source": "crm",
        "key": ["Ticket #"],
        "zone": "Europe/Vienna",
        "missing": ["?"],
        "rest": "attributes",
        "records": {
            "incident": {
                "occurred": {"column": "Opened", "format": "%d.%m.%Y %H:%M"},
                "occurred_basis": {"value": "reported"},
                "detected_by": {"value": "unknown"},
                "customers": {"column": "Client", "missing": NOBODY},
                "process": "Category",
                "failure_mode": "Issue",
                "title": "Subject",
                "channel": "Channel",
                "impact": {
                    "column": "Priority",
                    "values": {"High": "major", "Low": "minor"},
                    "others": "missing",
                },
            }
        },
    }
    book = Collector()
    assert import_rows(book, data, mapping).records == {"incident": 300}


def test_the_file_is_read_as_it_was_looked_at(file: Any) -> None:
    text = "Ticket;Opened\n" + "".join(f"{n};2025-03-02T09:00Z\n" for n in range(9))
    path = file(text.encode("utf-16"), "crm export.csv")

    mapping = infer(path, reading=Reading(delimiter=";", encoding="utf-16")).mapping()

    assert mapping.source == "crm"
    assert mapping.to_dict()["read"] == {"encoding": "utf-16", "delimiter": ";"}
    assert import_file(Collector(), path, mapping).rows == 9


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("tickets-march.csv", "tickets"),
        ("tickets-april.csv", "tickets"),
        ("2026-03 Tickets (2).csv", "tickets"),
        ("CRM_export_20260301_final.csv.gz", "crm"),
        ("Beschwerden März 2026.csv", "beschwerden"),
        ("help-desk-q1.jsonl", "help-desk"),
        ("tickets.rejected.csv", "tickets"),
        ("export 2026-03.csv", "source"),
    ],
)
def test_the_files_of_all_months_come_from_one_source(file: str, source: str) -> None:
    data = [{"Id": n, "At": "2025-03-02T09:00Z"} for n in range(3)]

    [question] = [each for each in infer(data, name=file).questions if each.name == "source"]

    assert question.default == source
    assert "the same for all files of that system" in question.why


def test_what_the_system_is_called_can_be_said() -> None:
    data = [{"Id": n, "At": "2025-03-02T09:00Z"} for n in range(3)]

    assert infer(data, source="crm").answers == {"source": "crm"}
    assert infer(data).answered(source="crm").mapping().source == "crm"
    with pytest.raises(BadMapping, match="source: an id is not empty"):
        infer(data, source=" ")


def test_the_key_of_a_failure_does_not_depend_on_the_name_of_the_file(file: Any) -> None:
    text = "Id,Opened,Client,Issue\n1,2026-0{}-02T09:00Z,C-1,late\n2,2026-0{}-03T09:00Z,C-2,late\n"
    with remedy.open() as book:
        for month, name in (("3", "tickets-march.csv"), ("4", "tickets-april.csv")):
            path = file(text.replace("{}", month).replace("2,", f"{month},"), name)
            import_file(book, path, infer(path).mapping())
        incidents = list(book.records(remedy.Incident))

    assert [each.id for each in incidents] == ["tickets-1", "tickets-3", "tickets-4"]
    assert {(each.process, each.failure_mode) for each in incidents} == {("any process", "late")}


def test_a_source_without_a_name_to_take_is_called_source() -> None:
    data = [{"Id": n, "At": "2025-03-02T09:00Z"} for n in range(3)]

    assert infer(data, name="???").mapping().source == "source"


def test_only_a_sample_is_looked_at() -> None:
    inferred = infer(rows(60), sample=50)

    assert (inferred.survey.rows, inferred.survey.whole) == (50, False)
    assert "(the first 50 rows)" in str(inferred)


def test_several_rows_of_a_key_are_noticed() -> None:
    data = [row | {"Step": str(step)} for row in rows(40) for step in range(3)]

    mapping = answered(data)
    assert (mapping.key, mapping.rows) == (("Ticket #",), "consecutive")
    other = answered(data, key="Ticket # + Step")
    assert (other.key, other.rows) == (("Ticket #", "Step"), "one")


def test_date_and_time_of_day_are_put_together() -> None:
    data = [row | {"Opened": row["Opened"][:10], "At": row["Opened"][11:]} for row in rows(40)]
    iso = [row | {"Opened": f"2025-03-{n % 28 + 1:02}", "At": "09:00 PM"}
           for n, row in enumerate(data)]  # fmt: skip

    assert answered(data).records["incident"].fields["occurred"].template == "{Opened} {At}"
    occurred = answered(iso).records["incident"].fields["occurred"]
    assert occurred.format == ("%Y-%m-%d %I:%M %p",)
    braces = [{("{Opened" if key == "Opened" else key): value for key, value in row.items()}
              for row in data]  # fmt: skip
    assert answered(braces).records["incident"].fields["occurred"].column == "{Opened"


def test_when_the_source_last_changed_a_row_is_taken() -> None:
    data = rows(40, Updated=lambda chance, number: f"{number % 28 + 1:02}.01.2026 10:00")

    assert answered(data).records["incident"].fields["updated"].column == "Updated"


def test_where_customers_noticed_rows_are_complaints_too() -> None:
    data = rows(
        40, Narrative=lambda chance, number: f"I waited and waited for parcel {number} " * 3
    )

    mapping = answered(data, noticed_by="customer")

    assert list(mapping.records) == ["incident", "complaint"]
    complaint = mapping.records["complaint"].fields
    assert complaint["customer"].column == "Client"
    assert complaint["text"].column == "Narrative"
    assert complaint["channel"].column == "Channel"
    assert set(
        answered(data, noticed_by="customer", customer="none").records["complaint"].fields
    ) == {*("incident", "made", "channel", "text")}


def test_orders_go_to_the_customer() -> None:
    data = rows(40, **{"Order no": lambda chance, number: f"SO-{number}"})

    assert answered(data).records["incident"].fields["order"].column == "Order no"
    assert "order" not in answered(data, customer="none").records["incident"].fields


def test_columns_that_would_become_the_same_attribute_get_names() -> None:
    data = rows(9, **{"A b": lambda *_: "x", "A-b": lambda *_: "y"})

    mapping = answered(data)

    assert set(mapping.records["incident"].attributes) == {"a_b_1", "a_b_2"}
    assert len(preview(data, mapping).cases) == 3


def test_a_table_of_complaints_says_who_noticed() -> None:
    for word in ("Complaint text", "complaints", "Beschwerde", "Reklamation vom Kunden"):
        data = rows(40, **{word: lambda chance, number: f"I am angry about {number}"})

        default = {question.name: question.default for question in infer(data).questions}

        assert default["noticed_by"] == "customer", word


# --- questions ------------------------------------------------------------------------------------


def test_what_is_ambiguous_is_asked() -> None:
    data = [
        row | {"Opened": f"{n % 12 + 1:02}/{n % 11 + 1:02}/2025"} for n, row in enumerate(rows())
    ]
    inferred = infer(data, source="crm")

    assert names(inferred) == ["day_or_month", "zone", "signature"]
    for order, formats in {
        "day": "%d/%m/%Y",
        "month": "%m/%d/%Y",
        "swapped": ["%m/%d/%Y", "%d/%m/%Y"],
    }.items():
        answers = {"day_or_month": order, "zone": "UTC", "signature": "Issue"}
        mapping = inferred.answered(answers).mapping()
        assert mapping.to_dict()["records"]["incident"]["occurred"]["format"] == formats


def test_a_column_that_looks_swapped_is_told() -> None:
    chance = random.Random(3)

    def opened(*_: Any) -> str:
        day, month = chance.randint(1, 28), chance.randint(4, 6)
        if day <= 12:
            day, month = month, day
        return f"{day:02}-{month:02}-2025"

    inferred = infer(rows(400, Opened=opened))
    question = next(each for each in inferred.questions if each.name == "day_or_month")

    assert question.default == "swapped"
    assert "had swapped them" in question.why
    assert names(inferred) == ["zone", "signature"]


def test_a_customer_that_is_not_called_one_is_asked_for() -> None:
    data = [{("Account" if key == "Client" else key): value for key, value in row.items()}
            for row in rows()]  # fmt: skip
    inferred = infer(data)

    assert names(inferred) == ["zone", "customer", "signature"]
    assert "Account" not in str(inferred.answered(customer="none").answers)
    nobody = [{key: value for key, value in row.items() if key != "Client"} for row in rows()]
    assert names(infer(nobody)) == ["zone", "signature"]


def test_times_with_zones_need_no_answer() -> None:
    data = [{"Id": f"x{n}", "At": f"2025-03-02T09:{n:02}Z"} for n in range(9)]
    seconds = [{"Id": f"x{n}", "created_at": 1772442000 + n} for n in range(9)]

    assert infer(data).mapping().zone == "UTC"
    for zoned in (
        "2025-03-02T09:{:02}:00z",
        "2025-03-02 09:{:02}+01:00",
        "2025-03-02T09:{:02}-0500",
    ):
        assert names(infer([{"Id": f"x{n}", "At": zoned.format(n)} for n in range(9)])) == []
    some = [row | {"At": row["At"].rstrip("Z")} if n == 7 else row for n, row in enumerate(data)]
    assert names(infer(some)) == ["zone"]
    assert names(infer([row | {"created_at": row["created_at"] * 1000} for row in seconds])) == []
    mailed = [{"Id": f"x{n}", "At": f"Sun, 02 Mar 2025 09:00:{n:02} +0100"} for n in range(9)]
    assert names(infer(mailed)) == []
    changed = [row | {"Updated": f"2025-03-03 09:{n:02}"} for n, row in enumerate(data)]
    assert names(infer(changed)) == ["zone"]
    assert names(infer(seconds)) == []
    assert names(infer([{"Id": f"x{n}", "At": f"2025-03-{n:02}"} for n in range(1, 9)])) == ["zone"]


def test_what_makes_a_failure_the_same_is_asked() -> None:
    data = rows(300, Sub_issue=lambda chance, number: chance.choice("abcdefgh"))

    def fields(signature: str) -> Any:
        incident = answered(data, signature=signature).to_dict()["records"]["incident"]
        return incident.get("process"), incident.get("failure_mode")

    assert fields("Issue") == ({"value": "any process"}, "Issue")
    assert fields("Issue + Category") == ("Category", "Issue")
    assert fields("Issue + Sub_issue") == ("Issue", "Sub_issue")
    assert fields("Issue + Sub_issue + Category") == (
        "Category",
        {"template": "{Issue} / {Sub_issue}"},
    )
    assert fields("none") == (None, None)


def test_a_source_without_labels_has_no_signature() -> None:
    data = [{"Id": f"x{n}", "At": f"2025-03-{n:02}"} for n in range(1, 9)]
    inferred = infer(data)

    assert inferred.signatures == ()
    assert "No columns were found" in str(inferred)


def test_a_source_without_a_key_asks_for_one() -> None:
    data = [{"At": f"2025-03-{n % 9 + 1:02}", "Topic": "late"} for n in range(20)]
    inferred = infer(data)

    assert names(inferred) == ["key", "zone", "signature"]
    assert "At" in str(inferred)
    answers = {"key": "At + Topic", "zone": "UTC", "signature": "Topic"}
    assert inferred.answered(answers).mapping().key == ("At", "Topic")
    # That all are different in three rows says nothing.
    few = [{"At": f"2025-03-0{n}", "Topic": f"late {n}"} for n in range(1, 4)]
    assert "key" in names(infer(few))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"colour": "red"}, "no question 'colour'"),
        ({"basis": "guessed"}, "'guessed' is not one of 'observed', 'reported'"),
        ({"zone": "Mars"}, "no time zone 'Mars'"),
        ({"customer": "Customer"}, "no column 'Customer'"),
        ({"signature": "Issue + Mood"}, "no column 'Mood'"),
        ({"occurred": "Client"}, "is not one of 'Opened'"),
    ],
)
def test_answers_that_cannot_be_are_refused(answer: dict[str, str], problem: str) -> None:
    with pytest.raises(BadMapping, match=problem):
        infer(rows(30)).answered(answer)


def test_open_questions_are_named() -> None:
    with pytest.raises(BadMapping, match=r"no answer yet: zone\."):
        infer(rows(30)).mapping()


def test_what_cannot_be_inferred_is_told() -> None:
    with pytest.raises(BadMapping) as caught:
        infer([], source="crm")
    assert str(caught.value) == "rows: has no rows, so that there is nothing to infer from."
    with pytest.raises(BadMapping) as caught:
        infer([{"Id": 1}, {"Id": 2}])
    assert str(caught.value) == (
        "occurred: no column holds times in a way of writing that is known, and an incident has "
        "to have one. Write the mapping by hand: occurred = { column = ..., format = ... }."
    )


def test_answers_name_columns() -> None:
    assert columns_in("A + B") == ["A", "B"]
    assert columns_in("none") == []


# --- how it is told -------------------------------------------------------------------------------


def test_it_is_told_in_eighty_columns() -> None:
    data = rows(300, **{"x" * 70: lambda chance, number: chance.choice(("y" * 90, "z"))})
    inferred = infer(data)
    text = str(inferred)

    assert all(len(line) <= 80 for line in text.splitlines()[:40] if "different" not in line)
    assert "Opened      100%" in text or "Opened" in text
    assert "an attribute" in text
    assert "customers" in text
    assert "→ Client" in text
    assert "zone: UTC" in str(inferred.answered(zone="UTC"))


def test_of_a_column_that_says_nothing_nothing_becomes() -> None:
    lines = str(infer(rows(30, Notes=lambda *_: "", Colour=lambda *_: "red"))).splitlines()

    [notes] = [line.split() for line in lines if line.startswith("Notes")]
    [colour] = [line.split() for line in lines if line.startswith("Colour")]
    assert notes == ["Notes", "0%", "0", "empty"]
    assert colour == ["Colour", "100%", "1", "constant", "an", "attribute"]


def test_it_is_told_as_plain_values() -> None:
    plain = json.loads(json.dumps(infer(rows(30)).to_dict()))

    assert plain["open"] == ["zone"]
    assert plain["questions"][1]["choices"][0]["answer"] == "Ticket #"


# --- profiles -------------------------------------------------------------------------------------


def test_a_profile_tells_of_columns_and_signatures() -> None:
    found = profile(rows(600), name="crm")

    assert (found.rows, found.cases, found.key) == (600, 600, "Ticket #")
    assert (found.time, found.customer) == ("Opened", "Client")
    best = found.signatures[0]
    both = next(each for each in found.signatures if set(each.columns) == {"Category", "Issue"})
    assert both.comparable == sum(row["Issue"] != "?" for row in rows(600))
    assert both.distinct == 15
    assert best.same_customer is not None
    assert json.loads(json.dumps(found.to_dict()))["cases"] == 600
    assert all(len(line) <= 80 for line in str(found).splitlines())
    assert "* too coarse" in str(found)


def test_shares_are_what_they_say() -> None:
    days = ["01", "02", "02", "20"]
    data = [
        {"Id": f"i{n}", "Day": f"2025-{'01' if n < 3 else '11'}-{day}", "Client": f"C-{n % 2}",
         "Issue": "late" if n != 1 else "LATE ", "Area": "other" if n == 3 else "x"}
        for n, day in enumerate(days)
    ]  # fmt: skip
    # Twenty others, so that columns look like what they are.
    data += [
        {"Id": f"j{n}", "Day": "2025-06-01", "Client": f"C-{n + 10}", "Issue": f"new {n // 2}",
         "Area": "y"}
        for n in range(20)
    ]  # fmt: skip

    found = {frozenset(each.columns): each for each in profile(data).signatures}

    late = found[frozenset(["Issue"])]
    assert (late.incidents, late.comparable, late.distinct) == (24, 24, 11)
    # Of the four, three come after the first; two of these within 90 days. The second and third
    # are of the same day, so that neither comes before the other; the pairs of June likewise.
    assert late.again == pytest.approx(3 / 24)
    assert late.within == pytest.approx(2 / 24)
    assert late.same_customer == pytest.approx(2 / 24)
    assert not late.coarse
    assert found[frozenset(["Area", "Issue"])].comparable == 23


def test_a_signature_that_calls_most_of_them_repeats_is_coarse() -> None:
    found = profile(rows(600, Issue=lambda *_: "late", Kind=lambda chance, _: chance.choice("ab")))

    coarse = [each for each in found.signatures if each.coarse]
    assert coarse
    assert not any(each.is_useful for each in coarse)
    assert found.signatures[-1].coarse


def test_a_column_that_says_the_same_as_another_is_left_out() -> None:
    data = [row | {"Kategorie": f"de {row['Category']}"} for row in rows()]

    columns = {column for each in profile(data).signatures for column in each.columns}

    assert len(columns & {"Category", "Kategorie"}) == 1


def test_what_was_guessed_is_told() -> None:
    ambiguous = [row | {"Opened": f"0{n % 9 + 1}/02/2025"} for n, row in enumerate(rows())]
    timeless = [{"Issue": row["Issue"], "Id": row["Ticket #"]} for row in rows()]

    assert "which is a guess" in profile(ambiguous).notes[0]
    none = profile(timeless)
    assert "repeats cannot be told" in none.notes[0]
    assert (none.time, none.customer) == (None, None)
    assert none.signatures[0].again == 0


def test_times_that_cannot_be_read_are_as_none() -> None:
    gap = [{"Id": f"i{n}", "At": "2025-03-30T02:30", "Issue": "x" * (n % 2 + 1)} for n in range(30)]

    assert profile(gap).cases == 30


def test_events_are_grouped_before_signatures_are_tried() -> None:
    data = [row | {"Step": str(step)} for row in rows(40) for step in range(3)]

    assert profile(data).cases == 40


def test_a_profile_by_a_mapping_tries_its_signature() -> None:
    mapping = answered(rows(), signature="Issue + Category")

    found = profile(rows(), mapping)

    assert found.signatures[0].columns == ("process", "failure_mode")
    assert (found.key, found.time, found.customer) == ("Ticket #", "Opened", "Client")
    assert found.notes == ()
    by_columns = next(
        each for each in found.signatures if set(each.columns) == {"Category", "Issue"}
    )
    assert by_columns.distinct == found.signatures[0].distinct


def test_a_profile_by_a_mapping_counts_what_cannot_be_mapped() -> None:
    data = [{"Ticket": n, "Opened": "02.03.2026 09:00", "Client": "C", "Topic": "late"}
            for n in range(3)]  # fmt: skip
    data[1]["Opened"] = "soon"

    found = profile(data, tickets())

    assert found.cases == 2
    assert "1 cases could not be mapped" in found.notes[0]


def test_a_mapping_without_incidents_has_no_time() -> None:
    customers = {"source": "crm", "key": "Id", "records": {"customer": {"name": "N"}}}
    data = [{"Id": str(n), "N": "x"} for n in range(3)]

    found = profile(data, customers)

    assert (found.time, found.customer, found.cases) == (None, None, 0)
    assert found.signatures[0].share_comparable == 0


def test_a_mapping_with_other_records_first_still_finds_the_incident() -> None:
    both = {
        "source": "crm",
        "key": "Id",
        "records": {
            "customer": {"per": "N", "id": "N"},
            "incident": {"occurred": {"value": "2026-03-02T09:00Z"}},
        },
    }

    assert profile([{"Id": "1", "N": "x"}, {"Id": "2", "N": "y"}], both).time is None


@pytest.mark.parametrize("mapped", [True, False])
def test_signatures_are_tried_on_so_many_incidents(
    mapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remedy.sources.profiling._MOST_POINTS", 50)
    mapping = answered(rows()) if mapped else None

    assert "the first 50 incidents" in profile(rows(), mapping).notes[-1]


def test_complaints_may_have_neither_channel_nor_text() -> None:
    data = [{key: value for key, value in row.items() if key not in ("Channel", "Subject")}
            for row in rows(40)]  # fmt: skip

    complaint = answered(data, noticed_by="customer").records["complaint"].fields

    assert set(complaint) == {"incident", "made", "customer"}


def test_the_stage_of_a_ticket_is_no_place() -> None:
    data = rows(40, **{"Incident state": lambda chance, _: chance.choice(("new", "closed"))})

    assert "site" not in answered(data).records["incident"].fields
    data = rows(40, State=lambda chance, _: chance.choice(("Tyrol", "Solved")))
    assert "site" not in answered(data).records["incident"].fields
    data = rows(40, Branch=lambda chance, _: chance.choice(("Innsbruck", "Graz")))
    assert answered(data).records["incident"].fields["site"].column == "Branch"


def test_labels_that_are_empty_cannot_be_compared() -> None:
    data = rows(400, Issue=lambda chance, number: f"issue {number % 100}" if number % 4 else "")
    found = profile(data)

    issue = next(each for each in found.signatures if each.columns == ("Issue",))
    assert issue.comparable == 300
    assert not any(each.coarse for each in found.signatures[:1])


def test_nothing_is_said_of_coarseness_where_nothing_is_coarse() -> None:
    data = [{"Id": f"x{n}", "At": f"2025-{n // 28 + 1:02}-{n % 28 + 1:02}", "Issue": f"i{n % 90}"}
            for n in range(300)]  # fmt: skip

    text = str(profile(data))

    assert "Issue" in text
    assert "too coarse" not in text


def test_slips_among_times_are_told() -> None:
    data = [row | ({"Opened": f"slip {n}"} if n < 5 else {}) for n, row in enumerate(rows(300))]

    told = "in 'Opened', these are no times: 'slip 0', 'slip 1', 'slip 2' and 2 more."
    assert profile(data).notes[-1] == told
    assert told in str(infer(data))


# --- exports of the usual systems -----------------------------------------------------------------

PEOPLE = [f"{first} {last}" for first in ("Ann", "Bo", "Cy", "Di", "Ed")
          for last in ("Ash", "Birch", "Cole", "Dunn", "Eaves", "Frost", "Gale", "Hart")]  # fmt: skip
TOPICS = ("Late delivery", "Wrong size", "Invoice twice", "Cannot log in", "Broken")


def export(count: int, **columns: Any) -> list[dict[str, str]]:
    """Made-up tickets; each column says what it holds, out of a person, a topic and chance."""
    chance = random.Random(5)
    found = []
    for number in range(count):
        person, topic = chance.choice(PEOPLE), chance.choice(TOPICS)
        row = {"Ticket ID": str(1000 + number), "Created at": f"2025-0{number % 9 + 1}-11 09:12"}
        for name, make in columns.items():
            values = {"person": person, "topic": topic, "mail": f"{person[:2]}.{person[-4:]}@x.org"}
            row[name] = make.format(**values) if isinstance(make, str) else chance.choice(make)
        found.append(row)
    return found


STATUS, LEVELS = ("Solved", "Open", "Closed"), ("Low", "Normal", "High", "Urgent")
ZENDESK = {
    "Requester": "{person}",
    "Requester email": "{mail}",
    "Subject": "{topic}",
    "Status": STATUS,
    "Priority": LEVELS,
    "Group": ("Finance", "Logistics"),
    "Via": ("Web", "Mail"),
    "Satisfaction Score": ("Good", "Bad"),
}
SERVICENOW = {
    "caller_id": "{person}",
    "short_description": "{topic}",
    "category": ("Hardware",),
    "subcategory": TOPICS,
    "priority": ("4 - Low", "1 - Critical"),
    "state": STATUS,
    "contact_type": ("Phone", "Email"),
    "assigned_to": "{person}",
    "close_code": STATUS,
}
SALESFORCE = {
    "Contact Name": "{person}",
    "Account Name": "Acct {person}",
    "Subject": "{topic}",
    "Case Origin": ("Web", "Phone"),
    "Status": STATUS,
    "Priority": LEVELS,
    "Case Reason": TOPICS,
    "Case Owner Alias": ("jdoe", "mmuster"),
}
FRESHDESK = {
    "Subject": "{topic}",
    "Status": STATUS,
    "Agent": ("Jo", "Flo"),
    "Full name": "{person}",
    "Email": "{mail}",
    "Product name": ("Widget", "Gadget"),
}
GERMAN = {
    "Kunde": "{person}",
    "Kundennummer": [str(number) for number in range(5000, 5040)],
    "Betreff": "{topic}",
    "Priorität": ("niedrig", "mittel", "hoch", "kritisch"),
    "Status": STATUS,
    "Bearbeiter": ("Jo", "Flo"),
}
UNNAMED = {"Customers": "{person}", "Wer": "{mail}", "Topic": "{topic}"}


@pytest.mark.parametrize("count", [5, 300])
@pytest.mark.parametrize(
    ("columns", "customer", "offered", "fields"),
    [
        (ZENDESK, "Requester email", {"Requester"}, {"title": "Subject", "channel": "Via"}),
        (SERVICENOW, "caller_id", set(), {"channel": "contact_type"}),
        (SALESFORCE, None, {"Contact Name", "Account Name"}, {"channel": "Case Origin"}),
        (FRESHDESK, None, {"Email", "Full name"}, {"product": "Product name"}),
        (GERMAN, "Kundennummer", {"Kunde"}, {"title": "Betreff"}),
        (UNNAMED, "Customers", {"Wer"}, {}),
    ],
)
def test_persons_are_customers_and_no_failures(
    count: int, columns: Any, customer: str | None, offered: set[str], fields: dict[str, str]
) -> None:
    inferred = infer(export(count, **columns), source="crm")
    asked = {question.name: question for question in inferred.questions}

    assert asked["key"].default == "Ticket ID"
    assert asked["customer"].default == customer
    choices = {each.answer for each in asked["customer"].choices}
    assert choices == {*offered, *([customer] if customer else []), "none"}
    private = {*choices, "assigned_to", "Agent", "Bearbeiter", "Case Owner Alias"}
    levels = {"Status", "state", "Priority", "priority", "Priorität", "close_code"}
    for signature in inferred.signatures:
        assert not set(signature.columns) & (private | levels)
    answers = {"zone": "UTC", "customer": customer or "none", "signature": "none"}
    incident = inferred.answered(answers).mapping().to_dict()["records"]["incident"]
    plain = {name: each for name, each in incident.items() if isinstance(each, str)}
    assert plain.items() >= fields.items()
    assert not set(plain.values()) & ((private | levels) - {"none"})
    level = {"Priority", "priority", "Priorität"} & columns.keys()
    assert {incident["impact"]["column"]} == level if level and count > 5 else True


@pytest.mark.parametrize(
    ("topics", "count", "default"),
    [
        (4, 300, None),  # all of them would be repeats
        (200, 300, "Issue"),
        (2, 3, "Issue"),
        (300, 300, None),  # none would be
    ],
)
def test_only_a_signature_that_tells_something_is_a_default(
    topics: int, count: int, default: str | None
) -> None:
    data = [
        {
            "Id": f"x{n}",
            "When": f"2025-{n % 12 + 1:02}-{n % 28 + 1:02}",
            "Issue": f"issue {n % topics}",
            "Customer": f"C-{n % 7}",
        }
        for n in range(count)
    ]
    asked = {question.name: question for question in infer(data).questions}

    assert asked["signature"].default == default
    assert asked["customer"].default == "Customer"


def test_what_is_useful_and_no_failure_is_no_default() -> None:
    data = [
        {"Id": f"x{n}", "When": f"2025-{n % 12 + 1:02}-{n % 28 + 1:02}", "Colour": f"c {n % 90}"}
        for n in range(300)
    ]

    [question] = [each for each in infer(data).questions if each.name == "signature"]

    assert question.default is None
    assert [each.answer for each in question.choices] == ["Colour", "none"]


def test_a_useful_signature_is_offered_wherever_it_stands() -> None:
    data = rows(
        300, **{f"Kind {n}": lambda chance, _: chance.choice("abcdefghij") for n in range(5)}
    )
    for number, row in enumerate(data):
        row["Issue"] = f"issue {number % 200}"

    [question] = [each for each in infer(data).questions if each.name == "signature"]

    assert question.default in {each.answer for each in question.choices}
    assert "Kind" not in str(question.default)


def test_columns_of_three_rows_are_known_by_their_names() -> None:
    data = [
        {"id": n, "when": f"2026-03-0{n}T09:00Z", "customer": f"C{n % 2}",
         "product": "Widget", "issue": "late"}
        for n in range(1, 4)
    ]  # fmt: skip
    inferred = infer(data)

    assert inferred.open == ()
    incident = inferred.mapping().to_dict()["records"]["incident"]
    assert incident["customers"]["column"] == "customer"
    assert (incident["failure_mode"], incident["product"]) == ("issue", "product")


def test_nobody_is_no_customer() -> None:
    data = rows(40, Client=lambda chance, _: chance.choice(("Unknown", "anonymous")))

    mapping = answered(data)
    book = Collector()
    import_rows(book, data, mapping)

    assert not any(each.customers for each in book.records)
    assert {each.same_customer for each in infer(data).signatures} == {None}


def test_times_as_jira_writes_them_are_known() -> None:
    data = [{"Issue key": f"SUP-{n}", "Created": f"0{n}/Jan/26 9:12 AM"} for n in range(1, 9)]

    incident = answered(data, source="jira").to_dict()["records"]["incident"]

    assert incident["occurred"] == {"column": "Created", "format": "%d/%b/%y %I:%M %p"}


def test_of_a_day_and_a_time_the_time_says_when() -> None:
    data = [{"Id": f"x{n}", "Opened Date": f"2026-03-{n:02}",
             "Date/Time Opened": f"2026-03-{n:02}T09:00Z"} for n in range(1, 28)]  # fmt: skip

    assert infer(data).questions[2].default == "Date/Time Opened"


def with_priority(*words: str, **more: str) -> list[dict[str, Any]]:
    """Rows whose priority goes through some words."""
    return [
        {"Id": n, "At": "2025-03-02T09:00Z", "Priority": words[n % len(words)], **more}
        for n in range(60)
    ]


def test_what_is_no_impact_in_its_column_is_kept() -> None:
    data = with_priority("High", "Low", "High", "Low", "maintenance", priority="p", Issue="late")
    book = Collector()

    import_rows(book, data, infer(data).answered(signature="Issue", customer="none").mapping())

    told = {each.impact: each.attributes for each in book.of(Incident)}
    assert told[None] == {"priority": "p", "priority_said": "maintenance"}
    assert told["major"] == {"priority": "p", "priority_said": "High"}


def test_what_is_no_impact_in_rows_that_were_not_looked_at_is_kept() -> None:
    data = [*with_priority("High", "Low"), {"Id": 99, "At": "2025-03-02T09:00Z", "Priority": "Red"}]
    book = Collector()

    answers = {"signature": "none", "customer": "none"}
    import_rows(book, data, infer(data, sample=50).answered(answers).mapping())

    assert book.of(Incident)[-1].attributes == {"priority": "Red"}


def test_a_degree_that_nobody_knows_leaves_the_impact_open() -> None:
    data = with_priority("High", "Low", "Grievous")
    mapping = infer(data).answered(signature="none", customer="none").mapping()
    assert "impact" not in mapping.to_dict()["records"]["incident"]


@pytest.mark.parametrize("letters", [50, 90])
def test_what_customers_say_is_no_title(letters: int) -> None:
    data = [
        {"Id": n, "At": "2025-03-02T09:00Z", "Complaint text": f"{n} late ".ljust(letters, "x")}
        for n in range(60)
    ]
    answers = {"signature": "none", "customer": "none", "noticed_by": "customer"}
    records = infer(data).answered(answers).mapping().to_dict()["records"]
    if letters > 60:
        assert records["complaint"]["text"] == records["incident"]["text"] == "Complaint text"
    else:
        assert records["incident"]["title"] == "Complaint text"


def test_columns_are_joined_by_a_plus_with_blanks_or_without(file: Any) -> None:
    text = "id,when,A,B+C\n" + "".join(
        f"{n},2026-03-{n:02}T09:00Z,a{n % 3},b{n % 2}\n" for n in range(1, 29)
    )
    found = infer(file(text))
    for answer, kept in (
        ("A+when", "A + when"),
        ("B+C", "B+C"),
        ("A + B+C", "A + B+C"),
        ("A", "A"),
    ):
        assert found.answered(signature=answer).answers["signature"] == kept
    with pytest.raises(BadMapping, match="there is no column 'whem'. Did you mean 'when'?"):
        found.answered(signature="whem")
    with pytest.raises(BadMapping, match="Which there are is shown by: remedy profile"):
        found.answered(signature="something else")


# --- which answers fit, and which column is what --------------------------------------------------


def incident_of(data: Any, **answers: str) -> dict[str, Any]:
    found: dict[str, Any] = answered(data, **answers).to_dict()["records"]["incident"]
    return found


def test_some_questions_take_other_answers_than_those_they_offer() -> None:
    free = {each.name for each in infer(rows(60)).questions if each.free}

    assert free == {"source", "key", "zone", "customer", "signature"}


def test_a_useful_signature_is_offered_though_many_others_compare_more() -> None:
    chance = random.Random(1)
    data = rows(300, **{f"Kind {n}": lambda chance, _: f"k{chance.randint(1, 99)}"
                        for n in range(5)})  # fmt: skip
    for row in data:
        row["Issue"] = "" if chance.random() < 0.4 else f"issue {chance.randint(1, 90)}"

    [question] = [each for each in infer(data).questions if each.name == "signature"]

    assert question.default == question.choices[0].answer == "Issue"
    assert len(question.choices) == 7


@pytest.mark.parametrize(("order", "expected"), [
    ("day", "%d-%m-%Y"),
    ("month", "%m-%d-%Y"),
    ("swapped", ["%m-%d-%Y", "%d-%m-%Y"]),
])  # fmt: skip
def test_dates_that_look_month_first_are_read_in_the_order_that_is_answered(
    order: str, expected: Any
) -> None:
    chance = random.Random(3)

    def opened(*_: Any) -> str:
        day, month = chance.randint(1, 28), chance.randint(4, 6)
        return f"{day:02}-{month:02}-2025" if day <= 12 else f"{month:02}-{day:02}-2025"

    occurred = incident_of(rows(400, Opened=opened), day_or_month=order)["occurred"]

    assert occurred == {"column": "Opened", "format": expected}


def test_dates_that_lie_here_and_there_do_not_look_swapped() -> None:
    sure = [f"{day}/04/2025" for day in range(13, 29)] * 2
    either = ["07/04/2025", "04/01/2025", "02/03/2025"] * 10
    data = [{"Id": f"x{n}", "At": at} for n, at in enumerate(sure + either)]

    assert "day_or_month" not in {each.name for each in infer(data).questions}


def test_a_column_that_is_answered_to_be_the_customer_becomes_nothing_else() -> None:
    data = rows(60, Product=lambda chance, _: chance.choice(("Widget", "Gadget")))

    assert incident_of(data)["product"] == "Product"
    named = incident_of(data, customer="Product")
    assert named["customers"]["column"] == "Product"
    assert "product" not in named


def test_a_column_that_is_answered_to_be_the_key_becomes_nothing_else() -> None:
    data = rows(60, Product=lambda chance, _: chance.choice(("Widget", "Gadget")))

    assert "product" not in incident_of(data, key="Ticket # + Product")


def test_times_that_any_reader_knows_need_no_format() -> None:
    data = [{"Id": f"x{n}", "At": f"2025-03-02T09:{n:02}Z"} for n in range(9)]

    assert infer(data).mapping().to_dict()["records"]["incident"]["occurred"] == "At"


def test_of_two_times_the_one_that_every_row_has_comes_first() -> None:
    data = [
        {"Id": f"x{n}", "Logged": "" if n % 3 else "2026-03-02T09:00Z",
         "Raised": f"2026-03-02T10:{n:02}Z"}
        for n in range(40)
    ]  # fmt: skip

    assert infer(data).questions[2].default == "Raised"
    assert profile(data).time == "Raised"


def test_what_is_different_in_each_of_many_rows_is_no_product() -> None:
    def serial(_: Any, number: int) -> str:
        return f"S-{number}"

    assert "product" not in incident_of(rows(60, **{"Product serial": serial}))
    assert incident_of(rows(9, **{"Product serial": serial}))["product"] == "Product serial"


def test_numbers_of_orders_that_come_more_than_once_are_orders() -> None:
    data = rows(60, Order=lambda _, number: str(7000 + number // 2))

    assert incident_of(data)["order"] == "Order"


def test_whole_stories_are_no_failures_whatever_their_column_is_called() -> None:
    data = rows(300, Problem=lambda _, number: f"For the {number // 2}th time I waited and " * 5)

    columns = {column for each in profile(data).signatures for column in each.columns}

    assert "Issue" in columns
    assert "Problem" not in columns


def test_rows_are_put_together_by_one_key_where_several_would_do() -> None:
    data = [row | {"Step number": str(step)} for row in rows(40) for step in range(3)]

    found = profile(data)

    assert (found.key, found.cases) == ("Ticket #", 40)


def test_the_window_counts_for_the_signature_of_the_mapping_and_for_the_others() -> None:
    mapping = answered(rows(), signature="Issue + Category")

    def within(days: int) -> list[float]:
        found = profile(rows(), mapping, window_days=days)
        assert f"in {days} d" in str(found)
        return [
            each.within
            for each in found.signatures
            if set(each.columns) in ({"process", "failure_mode"}, {"Issue", "Category"})
        ]

    own, same = within(90)
    assert own == same > 0
    assert within(1)[0] < own / 2


# --- what people are shown, to the word -----------------------------------------------------------

GOLDEN = Path(__file__).parent / "golden"


def either_day_or_month(place: int) -> str:
    return f"{place % 12 + 1:02}/{place % 9 + 1:02}/2025 {place % 24:02}:15"


SHOWN = {
    "tickets": rows(60),
    "either-day-or-month": rows(60, Opened=lambda _, place: either_day_or_month(place)),
    "a-log": [row | {"Step": str(step)} for row in rows(40) for step in range(3)],
    "bare": [{"Id": str(place), "When": f"2025-03-{place % 28 + 1:02}"} for place in range(30)],
}


def test_a_profile_by_a_mapping_reads_as_it_was_written_down() -> None:
    mapping = {
        "source": "crm",
        "key": ["Ticket #", "Category"],
        "zone": "UTC",
        "rest": "attributes",
        "missing": "closed",
        "records": {
            "incident": {
                "occurred": {"column": "Opened", "format": "%d.%m.%Y %H:%M"},
                "customers": "Client",
                "process": "Category",
                "failure_mode": {"column": "Issue", "missing": "?"},
                "title": "Subject",
            }
        },
    }
    data = rows(60)
    slips = [row | ({"Opened": f"slip {n}"} if n < 3 else {}) for n, row in enumerate(data)]

    told = [str(profile(data, mapping)), str(profile(data, mapping, window_days=30))]
    told.append(str(profile(slips, mapping, name="mine")))

    expected = (GOLDEN / "mapped-profile.txt").read_text(encoding="utf-8")
    assert "\n\n".join(told) + "\n" == expected


def asked_of_many_columns() -> Any:
    """A table with more candidates for everything than are offered, and with dates that are
    swapped wherever they can be."""
    chance = random.Random(3)

    def opened(*_: Any) -> str:
        day, month = chance.randint(1, 28), chance.randint(4, 6)
        if day <= 12:
            day, month = month, day
        return f"{day:02}-{month:02}-2025"

    keys = {f"Key {n}": lambda _, number, n=n: f"{n}{number}" for n in range(8)}
    persons = {f"Client {n}": lambda chance, _: f"C-{chance.randint(1, 60)}" for n in range(8)}
    issues = {f"Problem {n}": lambda chance, _: chance.choice("abcdefgh") for n in range(5)}
    long = {"Cause " + "x" * 40: lambda chance, _: chance.choice(("y" * 90, "z" * 90))}
    both = {"Started": lambda *_: f"0{chance.randint(1, 9)}-04-2025"}
    return rows(400, Opened=opened, **both, **keys, **persons, **issues, **long)


def test_questions_read_as_they_were_written_down() -> None:
    told = [str(each) for each in infer(asked_of_many_columns()).questions]
    happened = rows(60)
    told += [
        str(each)
        for each in infer([{"Happened": each["Opened"]} | each for each in happened]).questions
        if each.name in ("occurred", "basis")
    ]

    expected = (GOLDEN / "questions.txt").read_text(encoding="utf-8")
    assert "\n\n".join(told) + "\n" == expected


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_proposed_of_a_source_reads_as_it_was_written_down(name: str) -> None:
    expected = (GOLDEN / f"{name}-proposal.txt").read_text(encoding="utf-8")
    assert f"{infer(SHOWN[name], source='crm')}\n" == expected


@pytest.mark.parametrize("name", SHOWN)
def test_a_profile_reads_as_it_was_written_down(name: str) -> None:
    expected = (GOLDEN / f"{name}-profile.txt").read_text(encoding="utf-8")
    assert f"{profile(SHOWN[name])}\n" == expected
