import itertools
from datetime import datetime, timedelta

import pytest

import remedy
from remedy import Casebook, Cause, Incident, Promise, Rule, Waiver
from remedy.reporting._digest import Names, as_of_words, digest, failure_words, title_of
from remedy.reporting._paper import width as width_of
from remedy.reporting.text import generate_cases, generate_text

AS_OF = "2026-06-20T09:00+02:00"


def test_a_few_findings_are_told_case_by_case(story: Casebook) -> None:
    text = story.check().to_text(look_up=story.get)
    assert text.startswith(
        """\
2 errors, 1 warning, 1 info in 2 incidents and 2 apologies.

INC-1  A prepaid order was shipped freight collect
  2026-02-03 · shipping / shipped collect · moderate impact · customer C-17 (a
  workshop that orders every month)

  error A110  hollow apology
    The apology of 2026-02-11 was hollow: it happened again on 2026-03-03
    (INC-2), before anything that changes the process was in effect."""
    )
    assert "    also: A105 weaker change only, F405 weaker actions only\n" in text
    assert "\nINC-2  The next order was shipped freight collect, too\n" in text
    assert "\ncustomer C-17  a workshop that orders every month\n" in text
    assert "\n  RES-1  I am not pleased. You get one more try; get that wrong, and I" in text


def test_the_end_says_how_it_was_looked_at(story: Casebook) -> None:
    text = story.check().to_text()
    assert (
        """
1 of 2 apologies is backed.
  1 hollow    it came back before the process was changed
  1 backed    a change of the process stands behind it

0 of 2 promises are kept.
  broken   PRO-1
  open     PRO-2

as of         2026-03-09 09:00 (UTC+01:00)
profile       capa (as configured)
same failure  same process and failure mode
windows       recurrence 90 days, promise horizon 365 days, grace 14 days"""
        in text
    )


def test_without_a_casebook_at_hand_records_are_called_by_their_ids(story: Casebook) -> None:
    lines = story.check().to_text().splitlines()
    assert "INC-1" in lines
    assert "customer C-17" in lines
    assert not any("What the other ids stand for" in line for line in lines)


def test_notes_stand_with_how_it_was_looked_at(story: Casebook) -> None:
    notes = {"as of": "in this machine's zone", "settings": "remedy.toml"}
    text = "\n".join(generate_text(story.check(), notes=notes))
    assert "as of         2026-03-09 09:00 (UTC+01:00), in this machine's zone\n" in text
    assert text.endswith("settings      remedy.toml")


def test_select_and_ignore_are_named(story: Casebook) -> None:
    text = story.check(select="A", ignore=["A110", "A122"]).to_text()
    assert "only          A\n" in text
    assert "left out      A110, A122" in text.splitlines()


def test_nothing_found_is_said_first() -> None:
    book = remedy.examples.load("what-good-looks-like")
    lines = book.check().to_text().splitlines()
    assert lines[:4] == [
        "No findings in 1 incident and 1 apology.",
        "",
        "1 of 1 apology is backed.",
        "  1 backed    a change of the process stands behind it",
    ]


def test_the_case_around_a_record_is_named(story: Casebook) -> None:
    lines = story.check(around="CAU-1").to_text().splitlines()
    assert lines[:2] == [
        "2 errors, 1 warning, 1 info in the case around CAU-1: 2 incidents and 2",
        "apologies.",
    ]


def test_an_empty_casebook_says_so() -> None:
    lines = remedy.open().check().to_text().splitlines()
    assert lines[0] == "No findings in 0 incidents."
    assert lines[1:3] == ["", lines[2]]
    assert lines[2].startswith("as of ")


def test_many_findings_are_told_by_rule(many: Casebook) -> None:
    report = many.check(profile="capa", as_of=AS_OF)
    lines = report.to_text(look_up=many.get, top=4).splitlines()
    assert lines[0].startswith("15 errors, ")
    assert lines[2] == "  15  error   A101  no cause"
    place = lines.index("Most of it is about")
    assert lines[place + 1].endswith("incidents  billing / late")
    assert "0 of 15 apologies are backed." in lines
    place = lines.index("error A101  no cause: 15 findings")
    assert lines[place + 1].startswith("  → Find the cause and record it")
    assert lines[place + 3].startswith("    INC-00  Apologised for on 2026-01-05, and nobody")
    assert "    and 11 more" in lines


def test_rules_with_one_message_say_it_once_and_then_name_the_records(many: Casebook) -> None:
    ask = "SELECT id AS subject FROM focus"
    rule = Rule("X001", ask, message="All the same.", advice="Do this.")
    report = many.check(rules=[rule], select="X", as_of=AS_OF)
    lines = report.to_text(look_up=many.get, top=2).splitlines()
    place = lines.index("warning X001  : 31 findings")
    assert lines[place + 1 : place + 6] == [
        "  All the same.",
        "  → Do this.",
        "    INC-00  Incident 0",
        "    INC-01  Incident 1",
        "    and 29 more",
    ]


def test_advice_that_differs_stands_with_each(many: Casebook) -> None:
    ask = "SELECT id AS subject FROM focus"
    rule = Rule("X001", ask, name="mine", message="About {subject}.", advice="Ask {subject}.")
    report = many.check(rules=[rule], select="X", as_of=AS_OF)
    lines = report.to_text(top=2).splitlines()
    place = lines.index("warning X001  mine: 31 findings")
    assert lines[place + 1 : place + 5] == [
        "    INC-00  About INC-00.",
        "            → Ask INC-00.",
        "    INC-01  About INC-01.",
        "            → Ask INC-01.",
    ]


def test_a_long_id_has_a_line_of_its_own(many: Casebook) -> None:
    many.record(Incident(id="I" * 40, occurred="2026-01-01T09:00+01:00"))
    ask = "SELECT id AS subject FROM focus"

    def after_the_id(message: str) -> str:
        report = many.check(rules=[Rule("X001", ask, message=message)], select="X", as_of=AS_OF)
        lines = report.to_text().splitlines()
        return lines[lines.index("    " + "I" * 40) + 1]

    assert after_the_id("It is about {subject}.").startswith(" " * 24 + "It is about")
    # A message that all share stands above, and this incident has no title.
    assert after_the_id("All the same.") == "    INC-00              "


def test_failures_with_the_most_incidents_come_first() -> None:
    book = remedy.open()
    book.record(
        *(
            Incident(
                id=f"INC-{number}",
                occurred=f"2026-05-{number + 1:02}T09:00+02:00",
                process="billing",
                failure_mode="late" if number < 2 else "early",
            )
            for number in range(6)
        )
    )
    report = book.check(select="R201", as_of=AS_OF)
    [section] = digest(report, 10, old=False).sections
    assert [failure_words(each.subject) for each in report.findings] == [
        "billing / early",
        "billing / late",
    ]
    assert [failure_words(each.subject) for each in section.shown] == [
        "billing / early",
        "billing / late",
    ]


def test_a_failure_is_told_in_words(many: Casebook) -> None:
    text = many.check(select="R202", as_of=AS_OF).to_text(look_up=many.get)
    assert "\nfailure billing / late\n" in text
    assert failure_words("INC-1") == "INC-1"


def test_the_casebook_itself_can_be_what_it_is_about(many: Casebook) -> None:
    many.record(Incident(id="INC-X", occurred="2026-01-01T09:00+01:00"))
    assert "\nthe casebook\n" in many.check(select="R200", as_of=AS_OF).to_text()


def test_waivers_are_counted(story: Casebook) -> None:
    finding = story.check().findings[0]
    story.record(
        Waiver(
            finding=finding.key,
            code=finding.code,
            reason="told the customer",
            made="2026-03-09T08:00+01:00",
            until="2027-01-01+01:00",
        )
    )
    assert "\n1 finding accepted by a waiver (A110).\n" in story.check().to_text()


def test_of_the_baseline_only_the_burn_down_is_told(story: Casebook) -> None:
    subjects = ["INC-1"]
    rule = Rule("X001", lambda book, as_of: [{"subject": each} for each in subjects])
    report = story.check(rules=[rule], select=["R", "X"])
    assert story.set_baseline(report) == (2, 0)
    lines = story.check(select="R").to_text().splitlines()
    assert lines[1] == (
        "Of the baseline of 2 findings, 0 are gone, 1 was not asked for and 1 left, and"
    )
    subjects.clear()
    lines = story.check(rules=[rule]).to_text().splitlines()
    assert lines[0] == "1 new error, 1 new warning, 1 new info in 2 incidents and 2 apologies."
    assert lines[1] == "Of the baseline of 2 findings, 1 is gone and 1 left, and not shown."
    assert story.set_baseline(story.check(rules=[rule])) == (3, 1)
    lines = story.check().to_text().splitlines()
    assert lines[0] == "No new findings in 2 incidents and 2 apologies."
    assert lines[1] == "Of the baseline of 4 findings, 0 are gone and 4 left, and not shown."
    lines = story.check().to_text(old=True).splitlines()
    assert lines[0] == "2 errors, 1 warning, 1 info in 2 incidents and 2 apologies."
    assert lines[1] == "Of the baseline of 4 findings, 0 are gone and 4 left."
    for options in ({"as_of": "2026-02-01T00:00+01:00"}, {"around": "INC-1"}):
        assert "baseline" not in story.check(**options).to_text()


def test_tickets_have_no_sum_of_apologies(story: Casebook) -> None:
    assert "apologies is backed" not in story.check(profile="tickets").to_text()


def test_promises_are_named_by_their_words_and_counted_where_they_are_many(story: Casebook) -> None:
    text = story.check().to_text(look_up=story.get)
    assert (
        "\n0 of 2 promises are kept.\n"
        "  broken   PRO-1  It will never happen again.\n"
        "  open     PRO-2  I will watch your next order myself.\n"
    ) in text
    many = story.check().to_text(top=1)
    assert (
        "\n0 of 2 promises are kept.\n"
        "  1 broken    it came back to somebody to whom that was promised\n"
        "  1 open      neither kept nor broken yet\n"
    ) in many
    kept = remedy.examples.load("staples-in-the-food")
    assert "\n2 of 2 promises are kept.\n\nas of" in kept.check().to_text()
    assert "promise" not in remedy.examples.load("brunch").check().to_text().split("as of")[0]


def test_what_cannot_be_assessed_is_neither_good_nor_bad() -> None:
    book = remedy.open()
    made = "2026-01-05T09:00+01:00"
    for number in range(3):
        book.record(
            Incident(
                id=f"INC-{number}", occurred=made, process="p", failure_mode=f"m{max(number, 1)}"
            ),
            remedy.Apology(id=f"APO-{number}", incidents=f"INC-{number}", made=made),
        )
    report = book.check(as_of=AS_OF)
    assert report.apologies.counts() == {"not assessed": 3}
    told = report.to_dict()["apologies"]
    assert told == {"states": {"not assessed": 3}, "not_backed": []}
    text, markdown = report.to_text(), report.to_markdown()
    assert (
        "\n3 of 3 apologies are not assessed.\n"
        "  3 not assessed  no causes, actions or decisions are on record\n"
    ) in text
    assert "\n**3 of 3 apologies are not assessed.**\n\n- 3 not assessed: no causes" in markdown
    assert "backed" not in text + markdown
    book.record(
        Incident(id="INC-9", occurred="2026-02-01T09:00+01:00", process="p", failure_mode="m2")
    )
    mixed = book.check(as_of=AS_OF)
    assert mixed.apologies.counts() == {"hollow": 1, "not assessed": 2}
    assert "\n2 of 3 apologies are not assessed.\n  1 hollow        it came" in mixed.to_text()
    # The profile capa assesses everything.
    assert "not assessed" not in book.check(as_of=AS_OF, profile="capa").apologies.counts()
    tickets = book.check(as_of=AS_OF, profile="tickets")
    assert tickets.apologies.counts() == mixed.apologies.counts()
    book.record(Cause(id="CAU-1", found=made, incidents="INC-0"))
    for profile in ("tickets", "register"):
        whole = book.check(as_of=AS_OF, profile=profile)
        assert "not assessed" not in whole.apologies.counts()


@pytest.mark.parametrize(
    ("given", "told", "days"),
    [
        ("90 min", "1 hour 30 minutes", 0.0625),
        ("12 h", "12 hours", 0.5),
        ("1 h", "1 hour", 1 / 24),
        ("1 min", "1 minute", 1 / 1440),
        ("36 h", "1 day 12 hours", 1.5),
        (timedelta(seconds=90), "1.5 minutes", 90 / 86400),
        (0, "0 days", 0),
        (14, "14 days", 14),
    ],
)
def test_windows_are_told_to_the_minute(given: object, told: str, days: float) -> None:
    report = remedy.open().check(as_of=AS_OF, profile="capa", config=remedy.Config(grace=given))
    assert report.to_text(width=200).splitlines()[-1].endswith(f", grace {told}")
    found = report.to_dict()["windows"]["grace_days"]
    assert found == pytest.approx(days)
    assert isinstance(found, int) is float(days).is_integer()


def test_a_long_path_is_cut(many: Casebook) -> None:
    ask = (
        "SELECT f.id AS subject, o.id AS other FROM focus f JOIN focus o ON o.id > f.id "
        "WHERE f.id = 'INC-00'"
    )
    text = many.check(rules=[Rule("X001", ask)], select="X", as_of=AS_OF).to_text(look_up=many.get)
    assert "    see: INC-00, INC-01, INC-02, INC-03, INC-04, INC-05, INC-06, INC-07 and" in text
    assert "  INC-01  Incident 1\n" in text


def test_ids_that_are_not_on_file_stay_as_they_are(story: Casebook) -> None:
    rule = Rule("X001", lambda book, as_of: [{"subject": "GONE-1", "other": "GONE-2"}])
    text = story.check(rules=[rule], select="X").to_text(look_up=story.get)
    assert "\nGONE-1\n" in text
    assert "What the other ids stand for" not in text


@pytest.mark.parametrize("columns", [10, 30, 42, 80, 100])
def test_no_line_is_wider_than_the_page(story: Casebook, many: Casebook, columns: int) -> None:
    for book in (story, many):
        report = book.check(profile="capa", as_of=AS_OF)
        lines = report.to_text(width=columns, look_up=book.get).splitlines()
        # What stands before the text needs some room of its own.
        assert max(map(width_of, lines)) <= max(columns, 46)


def test_what_a_record_says_cannot_move_the_cursor() -> None:
    book = remedy.open()
    book.record(
        Incident(
            id="INC-1",
            title="red\u202e evil",
            occurred="2026-01-05T09:00+01:00",
            process="p\u2066",
            failure_mode="日本語の失敗" * 10,
            customers=["C-1", "C-2"],
        ),
        remedy.Apology(id="APO-1", incidents="INC-1", made="2026-01-05T10:00+01:00"),
    )
    text = book.check(profile="capa", as_of=AS_OF).to_text(look_up=book.get)
    assert "INC-1  red\\u202e evil" in text
    assert "p\\u2066" in text
    assert "2 customers" in text
    assert all(character.isprintable() or character == "\n" for character in text)
    assert max(map(width_of, text.splitlines())) <= 80


def test_pieces_are_painted_by_what_they_are(story: Casebook) -> None:
    lines = list(generate_text(story.check(), paint=lambda text, what: f"<{what}>{text}"))
    assert lines[0].startswith("<title>2 errors")
    assert "<error>  error A110  hollow apology" in lines
    assert "<info>  info A141  last chance" in lines


def test_the_findings_alone_can_be_told(story: Casebook, many: Casebook) -> None:
    lines = list(generate_cases(story.check(), look_up=story.get))
    assert lines[0] == "INC-1  A prepaid order was shipped freight collect"
    assert not any("as of" in line for line in lines)
    lines = list(generate_cases(many.check(profile="capa", as_of=AS_OF), top=3))
    assert "  and 12 more of A101" in lines


def test_a_record_is_called_by_its_title_or_text() -> None:
    made = "2026-01-05T09:00+01:00"
    action = remedy.Action(id="ACT-1", kind="containment", decided=made)
    double = remedy.Action(id="A", kind="corrective", intervention="double check", decided=made)
    promise = Promise(id="PRO-1", apology="APO-1", kind="non_recurrence", made=made)
    assert [title_of(each) for each in (action, double, promise)] == [
        "containment",
        "double check",
        "non recurrence",
    ]
    assert title_of(Cause(id="CAU-1", found=made)) == ""
    assert title_of(remedy.Exposure(chances=1, began=made, ended=made)) == ""


def test_an_incident_of_which_little_is_known_is_told_shortly() -> None:
    book = remedy.open()
    book.record(
        Incident(id="INC-1", occurred="2026-01-05+01:00"),
        Incident(id="INC-2", occurred="2026-01-06+01:00", process="p", customers="C-1"),
    )
    rule = Rule("X001", "SELECT id AS subject FROM focus")
    findings = book.check(rules=[rule], select="X", as_of=AS_OF).findings
    contexts = [Names(book.get).subject(finding).context for finding in findings]
    assert contexts == ["2026-01-05", "2026-01-06 · p · customer C-1"]


def test_the_date_of_a_check_names_its_zone() -> None:
    def words(text: str) -> str:
        return as_of_words(datetime.fromisoformat(text))

    assert words("2026-03-09T09:00+01:00") == "2026-03-09 09:00 (UTC+01:00)"
    assert words("2026-03-09T23:59:59.999999-05:30") == "the end of 2026-03-09 (UTC-05:30)"
    assert words("2026-03-09T09:00+00:00") == "2026-03-09 09:00 (UTC)"


def test_states_of_apologies_are_told_worst_first() -> None:
    told = itertools.chain.from_iterable(
        remedy.examples.load(name).check().to_text().splitlines()
        for name in ("brunch", "staples-in-the-food")
    )
    lines = list(told)
    assert "0 of 1 apology is backed." in lines
    assert "  1 decided   somebody decided that nothing is needed" in lines
    assert "  1 unbacked  nothing behind it that changes the process" in lines


def test_a_long_name_of_a_rule_is_wrapped() -> None:
    rule = Rule(
        "X001", "SELECT id AS subject FROM focus", name="a name of a rule " * 9, message="x"
    )
    with remedy.open() as book:
        book.record(Incident(id="INC-1", occurred="2026-03-02T09:00Z"))
        lines = list(generate_text(book.check(rules=[rule]), width=60))
    assert max(map(width_of, lines)) <= 60
    assert " ".join(" ".join(lines).split()).count("a name of a rule") == 9
