import json

from remedy import Casebook
from remedy.vocabulary import Severity


def test_a_report_says_what_it_is(story: Casebook) -> None:
    report = story.check()
    assert repr(report) == (
        "<Report as of 2026-03-09, capa: <Findings: 2 error, 1 warning, 1 info>>"
    )
    assert report
    assert not story.check(select="A140")


def test_a_report_fails_at_a_severity(story: Casebook) -> None:
    report = story.check(select="A105")
    assert report.fails()
    assert report.fails(Severity.INFO)
    assert not report.fails("error")


def test_a_report_as_json_holds_everything(story: Casebook) -> None:
    story.set_baseline(story.check(select="R"))
    told = json.loads(story.check().to_json())
    assert told["counts"] == {"error": 2, "warning": 1, "info": 1}
    assert told["baseline"] == {
        "left": 1, "worse": 0, "waived": 0, "gone": 0, "not_asked": 0,
    }  # fmt: skip
    assert [each["baseline"] for each in told["findings"]] == [False, True, False, False]
    assert told["windows"]["recurrence_days"] == 90
    assert told["apologies"]["states"] == {"hollow": 1, "backed": 1}


def test_json_names_what_is_backed_and_kept_if_that_is_wanted(story: Casebook) -> None:
    report = story.check()
    assert "all" not in report.to_dict()["apologies"]
    told = json.loads(report.to_json(standings=True))
    assert told["apologies"]["all"][1] == {
        "id": "APO-2",
        "state": "backed",
        "incidents": ["INC-2"],
        "behind": [
            {
                "incident": "INC-2", "cause": "CAU-1", "action": "ACT-2",
                "state": "no process change planned",
            },
            {
                "incident": "INC-2", "cause": "CAU-1", "action": "ACT-3",
                "state": "process changed",
            },
        ],
    }  # fmt: skip
    assert [(each["id"], each["state"]) for each in told["promises"]["all"]] == [
        ("PRO-1", "broken"),
        ("PRO-2", "open"),
    ]


def test_findings_about_a_record_can_be_asked_for(story: Casebook) -> None:
    assert [finding.code for finding in story.check().about("INC-2")] == ["R204", "A105"]
