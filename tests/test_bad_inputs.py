"""The corpus of bad input: what each gets stands in bad_inputs/expected.toml.

What is refused is refused with its place and what to do, in a sentence of modest length; nothing is
written, and the file that it came from stays as it is.
"""

import json
import re
import tomllib
import warnings
from pathlib import Path

import pytest

import remedy
from remedy import Incident, errors, from_dict
from remedy.errors import BadMapping, BadRows, RemedyError
from remedy.sources import import_file
from tests import on_file
from tests.sources.tickets import HEAD, ROW, tickets

FOLDER = Path(__file__).parent / "bad_inputs"
EXPECTED = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
RECORDS = json.loads((FOLDER / "records.json").read_text("ascii"))
MESSAGES = tomllib.loads((FOLDER / "messages.toml").read_text("utf-8"))


def is_said(kind, case, message):
    """Whether a message reads as it was written down, but for what Python says in it."""
    parts = MESSAGES[kind][case["name"]].split("(...)")
    return re.fullmatch(".*".join(map(re.escape, parts)), message, re.DOTALL) is not None


def each(kind):
    return pytest.mark.parametrize("case", EXPECTED[kind], ids=lambda case: case["name"])


@pytest.fixture
def book():
    with remedy.open(":memory:", actor="test") as book:
        yield book


@pytest.fixture
def file(tmp_path):
    """Put a file of the corpus where it can be imported from, and return it."""

    def put(case):
        name = case["file"].replace(case["file"].partition(".")[0], "tickets", 1)
        path = tmp_path / name
        # What is only long need not lie in the corpus as such.
        path.write_bytes(
            (FOLDER / "files" / case["file"]).read_bytes() + b"x" * case.get("longer", 0)
        )
        return path

    return put


def mapping_of(case):
    given = case.get("mapping", {})
    return tickets(**{name: None if value == "none!" else value for name, value in given.items()})


def test_the_corpus_is_whole():
    named = {case["file"] for kind in ("import", "taken") for case in EXPECTED[kind]}
    assert named == {path.name for path in (FOLDER / "files").iterdir()}
    assert [case["name"] for case in EXPECTED["records"]] == list(RECORDS)
    names = [case["name"] for kind in EXPECTED.values() for case in kind]
    assert all(list(MESSAGES[k]) == [case["name"] for case in EXPECTED[k]] for k in MESSAGES)
    assert len(names) >= 300
    assert len(set(names)) == len(names)


@each("import")
def test_a_bad_file_is_refused(case, file, book):
    path = file(case)
    content = path.read_bytes()
    before = on_file.tables(book)
    error = getattr(errors, case["error"])
    with pytest.raises(error) as caught:
        import_file(book, path, mapping_of(case))
    assert type(caught.value) is error
    said = str(caught.value).replace(str(path), "FILE")
    assert is_said("import", case, said), said
    assert len(said) < 1_500
    assert on_file.tables(book) == before
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@each("import")
def test_where_good_rows_are_asked_for_the_bad_ones_are_listed(case, file, book):
    """What is wrong with rows is collected; what is wrong with a file refuses it all the same."""
    path = file(case)
    try:
        done = import_file(book, path, mapping_of(case), on_error="collect")
    except RemedyError as error:
        assert type(error).__name__ == case["error"] != "BadRows"
        assert list(book.records()) == []
    else:
        assert case["error"] == "BadRows"
        assert done.rejected
        told = " ".join(str(each) for each in done.rejected)
        assert sum(words in told for words in case["told"]) > 0


@each("taken")
def test_what_looks_bad_and_is_sound_is_taken(case, file, book):
    import_file(book, file(case), mapping_of(case))
    found = [record.failure_mode for record in book.records(Incident)]
    assert found == ([case["topic"]] if case["records"] else [])


def call(book, how, what):
    if how in ("record", "ingest"):
        records = [from_dict(each) for each in what]
        return book.record(*records) if how == "record" else book.ingest(records)
    for id, fields in what:
        if how == "amend":
            book.amend(id, fields, reason="x")
        elif how == "link":
            book.link(id, **fields)
        else:
            book.unlink(id, reason="x", **fields)
    return None


@each("records")
def test_a_bad_record_is_refused(case, book):
    *before, last = RECORDS[case["name"]]
    for how, what in before:
        call(book, how, what)
    tables, anchor = on_file.tables(book), book.anchor()
    with warnings.catch_warnings(), pytest.raises((RemedyError, TypeError)) as caught:
        warnings.simplefilter("ignore")
        call(book, *last)
    assert type(caught.value).__name__ == case["error"]
    assert is_said("records", case, str(caught.value)), str(caught.value)
    assert len(str(caught.value)) < 1_500
    assert on_file.tables(book) == tables
    assert book.anchor() == anchor


COME_IN_LARGE_NUMBERS = [
    case
    for case in EXPECTED["records"]
    if all(how in ("record", "ingest") for how, _ in RECORDS[case["name"]])
]


@pytest.mark.parametrize("case", COME_IN_LARGE_NUMBERS, ids=lambda case: case["name"])
def test_a_bad_record_among_many_refuses_them_all(case, book, monkeypatch):
    """The same by the way for very many records."""
    monkeypatch.setattr("remedy.casebook._FEW", -1)
    *before, (how, what) = RECORDS[case["name"]]
    for each_how, each_what in before:
        call(book, each_how, each_what)
    tables = on_file.tables(book)
    with warnings.catch_warnings(), pytest.raises(RemedyError) as caught:
        warnings.simplefilter("ignore")
        records = [from_dict(each) for each in what]
        book.ingest(records) if how == "ingest" else book.record_many(records)
    assert type(caught.value).__name__ == case["error"]
    assert on_file.tables(book) == tables


def test_a_mapping_is_no_source_of_other_errors(tmp_path, book):
    path = tmp_path / "tickets.csv"
    path.write_text(HEAD + ROW, "utf-8")
    with pytest.raises(BadMapping, match="neither 'reject' nor 'collect'"):
        import_file(book, path, tickets(), on_error="ignore")


def test_the_first_of_many_bad_rows_are_told(tmp_path, book):
    path = tmp_path / "tickets.csv"
    path.write_text(HEAD + "8,soon,C-17,late\n" * 5_000, "utf-8")
    with pytest.raises(BadRows) as caught:
        import_file(book, path, tickets())
    assert "5,000 rows were refused" in str(caught.value)
    assert "and 4,990 more" in str(caught.value)
