import pytest

import remedy
from remedy import Apology, Casebook, Incident, Promise, Rule, Waiver
from remedy.reporting.markdown import escaped, generate_markdown

AS_OF = "2026-06-20T09:00+02:00"


def test_a_few_findings_are_told_case_by_case(story: Casebook) -> None:
    text = story.check().to_markdown(look_up=story.get)
    assert text.startswith(
        """\
## 2 errors, 1 warning, 1 info

2 incidents and 2 apologies.

### INC-1: A prepaid order was shipped freight collect

2026-02-03 · shipping / shipped collect · moderate impact · customer C-17 (a workshop that"""
    )
    assert "\n- **error A110** hollow apology  \n  The apology of 2026-02-11 was hollow" in text
    assert "\n  - → Say to the customer what is different now" in text
    assert "\n  - also: A105 weaker change only, F405 weaker actions only\n" in text
    assert "\n### customer C-17: a workshop that orders every month\n" in text
    assert "\n**1 of 2 apologies is backed.**\n\n- 1 hollow: it came back" in text
    assert (
        "\n**0 of 2 promises are kept.**\n\n"
        "- broken: PRO-1 It will never happen again.\n"
        "- open: PRO-2 I will watch your next order myself.\n\n### How"
    ) in text
    assert "\n- 1 broken: it came back to" in story.check().to_markdown(top=1)
    assert "\n### How it was looked at\n\n- as of: 2026-03-09 09:00 (UTC+01:00)\n" in text


def test_promises_that_are_all_kept_are_only_counted() -> None:
    with remedy.open() as book:
        book.record(
            Incident(id="INC-1", occurred="2026-02-03T09:00+01:00"),
            Apology(
                id="APO-1", incidents="INC-1", made="2026-02-04T09:00+01:00",
                promises=Promise(kind="deed", due="2026-02-06+01:00",
                                 fulfilled="2026-02-05T09:00+01:00"),
            ),
        )  # fmt: skip
        text = book.check(as_of=AS_OF).to_markdown()
    assert "\n**1 of 1 promise is kept.**\n\n### How it was looked at\n" in text


def test_many_findings_are_told_by_rule(many: Casebook) -> None:
    text = many.check(profile="capa", as_of=AS_OF).to_markdown(top=3)
    assert "\n| 15 | error | A101 | no cause |\n" in text
    assert "\n### A101 no cause: 15 errors\n\n→ Find the cause" in text
    assert "\n- INC-00: Apologised for on 2026-01-05" in text
    assert "\n- and 12 more\n" in text


def test_advice_that_differs_stands_with_each(many: Casebook) -> None:
    ask = "SELECT id AS subject FROM focus"
    for advice, told in (("Ask {subject}.", "\n  - → Ask INC-00.\n"), ("", "\n- INC-00: .\n")):
        rule = Rule("X001", ask, message=".", advice=advice)
        text = many.check(rules=[rule], select="X", as_of=AS_OF).to_markdown(top=3)
        assert told in text


def test_the_baseline_and_waivers_are_told(story: Casebook) -> None:
    report = story.check()
    story.set_baseline(report)
    finding = report.findings[0]
    story.record(
        Waiver(
            finding=finding.key, code=finding.code, reason="told", made="2026-03-09T08:00+01:00",
            until="2027-01-01+01:00",
        )
    )  # fmt: skip
    text = story.check().to_markdown()
    assert text.startswith("## No new findings\n")
    assert (
        "\nOf the baseline of 4 findings, 0 are gone, 1 is waived and 3 left, and not shown.\n"
        in text
    )
    assert "\n1 finding accepted by a waiver (A110).\n" in text


def test_notes_stand_with_how_it_was_looked_at(story: Casebook) -> None:
    notes = {"settings": "my_own.toml"}
    assert "- settings: my\\_own.toml" in list(generate_markdown(story.check(), notes=notes))


def test_tickets_have_no_sum_of_apologies(story: Casebook) -> None:
    assert "apologies is backed" not in story.check(profile="tickets").to_markdown()


def test_a_rule_without_words_is_told_by_its_code(story: Casebook) -> None:
    rule = Rule("X001", "SELECT id AS subject FROM focus")
    text = story.check(rules=[rule], select="X").to_markdown()
    assert "\n### INC-1\n\n- **warning X001**  \n  X001\n" in text


def test_a_long_path_is_cut(many: Casebook) -> None:
    ask = "SELECT 'INC-00' AS subject, id AS other FROM focus WHERE id > 'INC-00'"
    text = many.check(rules=[Rule("X001", ask)], select="X", as_of=AS_OF).to_markdown()
    assert (
        "  - see: INC-00, INC-01, INC-02, INC-03, INC-04, INC-05, INC-06, INC-07 and 23 more"
        in text
    )


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"),
        ("![x](http://evil)", "!\\[x\\](http:\u200b//evil)"),
        ("a | b", "a \\| b"),
        ("# no heading", "# no heading"),
        ("- no list", "\\- no list"),
        ("1. no list", "1\\. no list"),
        ("@team fixes #12", "@\u200bteam fixes #\u200b12"),
        ("www.evil.example", "www\u200b.evil.example"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("`code` *bold* _it_ ~no~ $x$", "\\`code\\` \\*bold\\* \\_it\\_ \\~no\\~ \\$x\\$"),
        ("two\nlines\u202e", "two lines\\\\u202e"),
    ],
)
def test_what_a_record_says_stays_text(hostile: str, shown: str) -> None:
    assert escaped(hostile) == shown


def test_a_hostile_title_stays_text() -> None:
    book = remedy.open()
    title = "x\n\n# <img src=x> @all"
    book.record(Incident(id="INC-1", title=title, occurred="2026-01-05T09:00+01:00"))
    rule = Rule("X001", "SELECT id AS subject FROM focus")
    text = book.check(rules=[rule], select="X", as_of=AS_OF).to_markdown(look_up=book.get)
    assert "\n### INC-1: x # \\<img src=x\\> @\u200ball\n" in text


@pytest.mark.parametrize("text", ["1. x", "11. x", "2026) x", "123456789. x"])
def test_a_number_at_the_beginning_makes_no_list(text: str) -> None:
    number = text[: text.index(text.strip("0123456789")[0])]
    assert escaped(text) == f"{number}\\{text[len(number) :]}"
    assert escaped("1234567890. x") == "1234567890. x"
