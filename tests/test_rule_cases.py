"""Each rule on its cases: where it fires, where it just does not, and on the very edge."""

import re
import tomllib
from collections import Counter, defaultdict
from datetime import datetime

import pytest

import remedy
from remedy.rules import RULES
from tests.oracle import Oracle, graph_of
from tests.rule_cases import MESSAGES, all_together, rule_cases, said, said_of
from tests.test_rules_against_oracle import named_by, states_of, told_by

CASES = list(rule_cases())
UNFINISHED = re.compile(r"[{}|]| \?|None")


def pytest_ids(cases):
    return [f"{case.rule} {case.name}" for case in cases]


@pytest.mark.parametrize("case", CASES, ids=pytest_ids(CASES))
def test_the_rule_says_of_its_case_what_was_worked_out_by_hand(case):
    with remedy.open(":memory:", actor="test", config=case.config) as book:
        book.record(*case.records)
        report = book.check(as_of=case.as_of, profile="capa", select=[case.rule])
        assert {finding.code for finding in report.findings} <= {case.rule}
        found = [finding.subject for finding in report.findings]
        assert sorted(found) == sorted(case.fires), case.why
        assert said(report.findings) == case.says
        assert all(map(is_told_in_whole_sentences, report.findings))


def is_told_in_whole_sentences(finding):
    return all(
        words.strip() and words.rstrip().endswith(".") and not UNFINISHED.search(words)
        for words in (finding.message, finding.advice)
    )


@pytest.fixture(scope="module")
def book_of_all():
    with remedy.open(":memory:", actor="test") as book:
        book.record(*all_together())
        yield book


@pytest.mark.parametrize("case", CASES, ids=pytest_ids(CASES))
def test_the_oracle_says_of_a_case_what_all_rules_say(case):
    oracle = Oracle(graph_of(case.records), datetime.fromisoformat(case.as_of), case.config)
    with remedy.open(":memory:", actor="test", config=case.config) as book:
        book.record(*case.records)
        report = book.check(as_of=case.as_of, profile="capa")
        assert told_by(report) == oracle.findings("capa")
        assert named_by(report) == oracle.named("capa")
        assert states_of(report) == oracle.states()


TOGETHER = [case for case in CASES if not case.is_about_everything]


@pytest.mark.parametrize("rule", sorted({case.rule for case in TOGETHER}))
def test_of_all_cases_in_one_casebook_a_rule_says_what_it_says_of_each_alone(rule, book_of_all):
    asked = defaultdict(list)
    for case in TOGETHER:
        if case.rule == rule:
            asked[case.as_of, repr(case.config)].append(case)
    for (as_of, _), cases in asked.items():
        config = cases[0].config
        report = book_of_all.check(as_of=as_of, profile="capa", select=[rule], config=config)
        for case in cases:
            assert said_of(case, report.findings) == case.says, case.name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_each_shipped_rule_has_a_case_in_which_it_fires_and_two_near_misses(rule):
    fires = Counter(bool(case.fires) for case in CASES if case.rule == rule.code)
    assert fires[True] >= 1
    assert fires[False] >= 2


def test_no_messages_are_kept_of_cases_that_are_gone():
    kept = {
        (rule, name)
        for rule, names in tomllib.loads(MESSAGES.read_text("utf-8")).items()
        for name in names
    }
    assert kept == {(case.rule, case.name) for case in CASES if case.fires}


def test_there_are_no_cases_of_rules_that_are_not_shipped():
    assert {case.rule for case in CASES} == {rule.code for rule in RULES}
