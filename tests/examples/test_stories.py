from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import attrs
import pytest

import remedy
import remedy.examples
from remedy import errors
from remedy.records import ActionEvent, Apology, Day, Promise, Record
from tests.examples.expected import Expected, golden_from

GOLDEN = Path(__file__).parent / "golden"
MOMENTS = [
    pytest.param(name, continuation, moment, id=f"{name}-{continuation or 'told'}-{moment}")
    for name in remedy.examples.names()
    for continuation, moments in (
        (None, remedy.examples.story(name).moments),
        *((key, each.moments) for key, each in remedy.examples.story(name).continuations.items()),
    )
    for moment in moments
]


def golden(name: str) -> dict[tuple[str | None, str], tuple[str, Expected]]:
    return golden_from((GOLDEN / f"{name}.txt").read_text(encoding="utf-8"))


def moments_of(name: str, continuation: str | None) -> dict[str, datetime]:
    story = remedy.examples.story(name)
    told = story if continuation is None else story.continuation(continuation)
    return {moment: as_of for moment, (as_of, _) in told.moments.items()}


@pytest.mark.parametrize(("name", "continuation", "moment"), MOMENTS)
def test_a_story_has_exactly_the_findings_that_were_written_down(name, continuation, moment):
    as_of, expected = golden(name)[continuation, moment]
    with remedy.examples.load(name, continuation) as book:
        report = remedy.check(book, as_of=datetime.fromisoformat(as_of))
        written, found = expected.compared(report.findings)
        apologies = {each.id: str(each.state) for each in report.apologies}
        promises = {each.id: str(each.state) for each in report.promises}
    assert found == written
    assert apologies == expected.apologies
    assert promises == expected.promises


@pytest.mark.parametrize("name", remedy.examples.names())
def test_a_golden_file_holds_the_moments_of_its_story_and_no_others(name):
    story = remedy.examples.story(name)
    told = {
        (continuation, moment): as_of
        for continuation in (None, *story.continuations)
        for moment, as_of in moments_of(name, continuation).items()
    }
    written = {place: datetime.fromisoformat(as_of) for place, (as_of, _) in golden(name).items()}
    assert written == told


def test_every_golden_file_is_of_a_story():
    assert {path.stem for path in GOLDEN.iterdir()} == set(remedy.examples.names())


@pytest.mark.parametrize("name", remedy.examples.names())
def test_a_story_ends_on_the_date_that_it_is_told_on(name):
    story = remedy.examples.story(name)
    for told in (story, *story.continuations.values()):
        assert told.told_on == max(as_of for as_of, _ in told.moments.values())
    for continuation in (None, *story.continuations):
        told = story if continuation is None else story.continuation(continuation)
        for record in story.told(continuation):
            for time in times_of(record, planned=False):
                assert time <= told.told_on, f"{record.id} tells of {time}"


@pytest.mark.parametrize("name", remedy.examples.names())
def test_a_check_looks_at_a_story_as_of_the_date_it_is_told_on(name):
    story = remedy.examples.story(name)
    for continuation in (None, *story.continuations):
        told = story if continuation is None else story.continuation(continuation)
        with remedy.examples.load(name, continuation) as book:
            assert book.told_on == told.told_on
            assert book.config.profile == "capa"
            now = remedy.check(book)
            then = remedy.check(book, as_of=told.told_on)
            assert [(each.key, each.code) for each in now.findings] == [
                (each.key, each.code) for each in then.findings
            ]


def test_what_good_looks_like_is_without_a_finding_at_any_moment():
    story = remedy.examples.story("what-good-looks-like")
    times = {
        time
        for record in story.records
        for each in times_of(record, planned=True)
        for time in (each - timedelta(seconds=1), each, each + timedelta(seconds=1))
    }
    first, last = min(times), max(times)
    times |= {first + timedelta(days=day) for day in range((last - first).days)}
    times |= {last + timedelta(days=day) for day in (14, 30, 90, 365, 1000)}
    with remedy.examples.load("what-good-looks-like") as book:
        for as_of in sorted(times):
            report = remedy.check(book, as_of=as_of)
            assert not list(report.findings), f"as of {as_of}"


def test_the_count_of_those_whom_no_apology_reached_is_told():
    with remedy.examples.load("one-mistake-many-customers", "three-not-reached") as book:
        [finding] = [each for each in remedy.check(book).findings if each.code == "A120"]
        assert "3" in finding.message


def test_amends_are_named_where_no_cause_was_found_because_they_are_no_process_change():
    with remedy.examples.load("sale-above-regular") as book:
        [finding] = [each for each in remedy.check(book).findings if each.code == "A101"]
        said = f"{finding.message} {finding.advice} {' '.join(finding.path)}"
    assert all(word in said for word in ("discount", "gift")) or {"AMD-1", "AMD-2"} <= {
        *finding.path
    }


def test_no_story_names_a_person():
    for name in remedy.examples.names():
        for record in remedy.examples.story(name).records:
            for field in ("owner", "who", "author", "name", "next_owner"):
                words = (getattr(record, field, None) or "").split()
                assert all(word == word.lower() for word in words), (name, record.id, words)


def test_an_example_that_does_not_exist_is_refused_with_the_names_of_those_that_do():
    with pytest.raises(errors.UnknownExample, match="wrong-markers") as caught:
        remedy.examples.load("right-markers")
    assert isinstance(caught.value, LookupError)
    with pytest.raises(errors.UnknownExample):
        remedy.examples.story("right-markers")


def test_a_continuation_that_does_not_exist_is_refused_with_the_names_of_those_that_do():
    with pytest.raises(errors.UnknownExample, match="wrong-markers/second-customer"):
        remedy.examples.load("wrong-markers", "third-customer")
    with pytest.raises(errors.UnknownExample, match="twice-shipped-collect/third"):
        remedy.examples.story("twice-shipped-collect").told("fourth")


def test_a_continuation_adds_records_and_replaces_or_leaves_out_those_of_the_story():
    collect = remedy.examples.story("twice-shipped-collect")
    before = {record.id: record for record in collect.told()}
    after = {record.id: record for record in collect.told("third")}
    assert set(before) < set(after)
    assert {id for id in before if before[id] != after[id]} == {"ACT-2", "ACT-3"}
    brunch = remedy.examples.story("brunch")
    left_out = {record.id for record in brunch.told()} - {
        record.id for record in brunch.told("no-decision")
    }
    assert left_out == {"DEC-1"}


def times_of(record: Record, planned: bool) -> Iterator[datetime]:
    """Yield the moments that a record tells of; with `planned`, also those by which it is due."""
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name)
        if field.name in ("due", "verify_by") and not planned:
            continue
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, datetime):
                yield each
            elif isinstance(each, Day):
                yield each.start
            elif isinstance(each, ActionEvent):
                yield each.occurred
            elif isinstance(each, Promise):
                assert isinstance(record, Apology)
                yield from times_of(each, planned)
