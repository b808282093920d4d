import csv
import gzip
import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import pandas as pd
import pytest

import remedy
from remedy.errors import (
    BadMapping,
    BadRows,
    CasebookBusy,
    Conflict,
    DanglingReference,
    InvalidRecord,
    SourceError,
    UnknownRecord,
)
from remedy.records import Action, Cause, External, Incident
from remedy.sources import (
    Imported,
    Mapping,
    RejectedRow,
    import_file,
    import_rows,
    load_mapping,
    preview,
)
from remedy.sources._files import write_text, written
from remedy.sources.cases import Mapper
from remedy.sources.refusals import refusal
from remedy.sources.rejects import rejects_path
from remedy.sources.rows import rows_of
from tests.sources.tickets import HEAD, ROW, TICKETS, Collector, tickets

GOOD = HEAD + ROW + "8,09.03.2026 15:00,C-17,late\n"
BAD = "9,31.02.2026 09:00,C-17,late\n"
RAGGED = "10,02.03.2026 09:00,C-17,late,or so\n"


def ids(book: Collector) -> list[str]:
    return [record.id for record in book.records]


# --- into a casebook ------------------------------------------------------------------------------


def test_a_file_is_imported(file: Any, book: Collector) -> None:
    result = import_file(book, file(GOOD), tickets())

    assert ids(book) == ["crm-7", "crm-8"]
    assert (result.rows, result.cases, result.records) == (2, 2, {"incident": 2})
    assert (result.new, result.rejected_rows, result.rejects) == (2, 0, None)


def test_a_mapping_may_be_tables_or_a_file(file: Any, book: Collector, tmp_path: Path) -> None:
    path = tickets().save(tmp_path / "crm.toml")

    import_file(book, file(GOOD), TICKETS)
    import_file(book, str(file(GOOD)), path)
    import_file(book, file(GOOD), str(path))

    assert len(book.records) == 6


def test_importing_again_changes_nothing(file: Any) -> None:
    with remedy.open() as book:
        first = import_file(book, file(GOOD), tickets())
        again = import_file(book, file(GOOD), tickets())
        [one, two] = book.records(Incident)

    assert (first.new, first.unchanged) == (2, 0)
    assert (again.new, again.updated, again.unchanged) == (0, 0, 2)
    assert (one.customers, two.failure_mode) == (two.customers, "late")


def test_a_newer_version_is_taken_and_an_older_one_is_not(file: Any) -> None:
    mapping = tickets(updated={"column": "Topic", "before": "/"}, failure_mode=None,
                      title={"column": "Topic", "after": "/"})  # fmt: skip

    def content(topic: str) -> str:
        return f"{HEAD}7,02.03.2026 09:00,C-17,{topic}\n"

    with remedy.open() as book:
        import_file(book, file(content("2026-03-02T09:00/new")), mapping)
        newer = import_file(book, file(content("2026-03-03T09:00/newer")), mapping)
        older = import_file(book, file(content("2026-03-01T09:00/older")), mapping)
        [incident] = book.records(Incident)

    assert (newer.updated, older.older) == (1, 1)
    assert "1 older than what is on file" in str(older)
    assert incident.title == "newer"


def test_references_wait_for_the_other_side(file: Any) -> None:
    mapping = tickets(
        records={
            "action": {
                "kind": {"value": "correction"},
                "decided": {"column": "Opened", "format": "%d.%m.%Y %H:%M"},
                "incidents": {"column": "Topic", "external": "shop"},
                "owner": "Client",
            }
        }
    )
    with remedy.open() as book:
        result = import_file(book, file(GOOD), mapping)
        waiting = len(book.pending())

    assert result.pending == waiting > 0
    assert f"{waiting} references wait" in str(result)


def test_many_rows_make_one_cause(file: Any) -> None:
    records = {
        "incident": TICKETS["records"]["incident"] | {"failure_mode": "Topic"},
        "cause": {
            "per": "Topic",
            "found": {"column": "Opened", "format": "%d.%m.%Y %H:%M", "take": "earliest"},
            "incidents": {"record": "incident"},
        },
    }
    with remedy.open() as book:
        import_file(book, file(GOOD), tickets(records=records))
        [cause] = book.records(Cause)

    assert [link.to for link in cause.incidents] == ["crm-7", "crm-8"]


def test_dictionaries_and_frames_are_imported(book: Collector) -> None:
    rows = [{"Ticket": 7, "Opened": "02.03.2026 09:00", "Client": "C-17", "Topic": "late"}]

    first = import_rows(book, rows, tickets())
    second = import_rows(book, iter(rows), tickets(), name="crm")
    third = import_rows(book, pd.DataFrame(rows), tickets(), name="frame")

    assert [each.source for each in (first, second, third)] == ["rows", "crm", "frame"]
    assert ids(book) == ["crm-7"] * 3


def test_packed_lines_are_imported(file: Any, book: Collector) -> None:
    row = {"Ticket": "7", "Opened": "02.03.2026 09:00", "Client": "C", "Topic": "late"}
    import_file(book, file(gzip.compress(json.dumps(row).encode()), "t.jsonl.gz"), tickets())

    assert ids(book) == ["crm-7"]


def test_no_more_rows_are_read_than_wanted(file: Any, book: Collector) -> None:
    assert import_file(book, file(GOOD), tickets(), limit=1).rows == 1
    assert ids(book) == ["crm-7"]


def test_progress_is_told(file: Any, book: Collector) -> None:
    told: list[tuple[int, float | None]] = []
    content = HEAD + "".join(f"{number},02.03.2026 09:00,C,late\n" for number in range(2500))

    import_file(book, file(content), tickets(), progress=lambda *each: told.append(each))
    rows, shares = zip(*told, strict=True)
    assert rows == (1000, 2000, 2500)
    assert shares[-1] == 1.0
    assert all(share is not None and 0 < share <= 1 for share in shares)

    told.clear()
    row = {"Ticket": 7, "Opened": "02.03.2026 09:00", "Client": "C-17", "Topic": "late"}
    import_rows(book, [row] * 1000, tickets(), progress=lambda *each: told.append(each))
    assert told == [(1000, None), (1000, 1.0)]


# --- bad rows -------------------------------------------------------------------------------------


def test_nothing_is_written_where_a_row_is_bad(file: Any) -> None:
    with remedy.open() as book:
        with pytest.raises(BadRows) as caught:
            import_file(book, file(GOOD + BAD + RAGGED), tickets())
        assert list(book.records()) == []

    assert caught.value.total == 2
    assert pickle.loads(pickle.dumps(caught.value)).total == 2
    [first, second] = caught.value.rejected
    assert first == RejectedRow(
        place="line 4",
        column="Opened",
        value="31.02.2026 09:00",
        problem="is no time of the calendar (day is out of range for month).",
    )
    assert str(first).startswith("line 4, column 'Opened' = '31.02.2026 09:00': is no time")
    assert str(second).startswith("line 5: has 5 cells")


def test_all_bad_rows_are_counted_and_the_first_are_kept(file: Any, book: Collector) -> None:
    with pytest.raises(BadRows) as caught:
        import_file(book, file(HEAD + BAD * 250), tickets())

    assert (caught.value.total, len(caught.value.rejected)) == (250, 100)
    assert "and 240 more" in str(caught.value)


def test_good_rows_are_written_where_that_is_asked(file: Any, tmp_path: Path) -> None:
    with remedy.open() as book:
        result = import_file(book, file(GOOD + BAD + RAGGED), tickets(), on_error="collect")
        assert len(list(book.records(Incident))) == 2

    assert result.rejected_rows == 2
    assert result.rejects == tmp_path / "tickets.rejected.csv"
    with result.rejects.open(newline="") as file_of_rejects:
        head, *bad = csv.reader(file_of_rejects)
    assert head == ["rejected_because", *HEAD.strip().split(",")]
    assert [row[1:] for row in bad] == [
        ["9", "31.02.2026 09:00", "C-17", "late"],
        ["10", "02.03.2026 09:00", "C-17", "late", "or so"],
    ]
    assert bad[0][0].startswith("line 4, column 'Opened' = '31.02.2026 09:00': is no time of")
    assert bad[1][0].startswith("line 5: has 5 cells, and there are 4 columns: ['or so'] has no")
    assert "2 rows refused:\n  line 4" in str(result)
    assert "They are in" in str(result)
    assert list(tmp_path.glob(".*")) == []


def test_rejected_rows_can_be_mended_and_imported(file: Any, book: Collector) -> None:
    rejects = import_file(book, file(GOOD + BAD), tickets(), on_error="collect").rejects
    assert rejects is not None
    rejects.write_text(rejects.read_text().replace("31.02.2026", "28.02.2026"))

    import_file(book, rejects, tickets())
    again = import_file(
        book, file(HEAD + BAD), tickets(), on_error="collect", rejects=rejects.with_name("x")
    )

    assert ids(book) == ["crm-7", "crm-8", "crm-9"]
    assert again.rejects is not None
    assert again.rejects.read_text().splitlines()[0].count("rejected_because") == 1


def test_rejected_rows_are_rejected_again_in_one_column(file: Any, book: Collector) -> None:
    rejects = import_file(book, file(GOOD + BAD), tickets(), on_error="collect").rejects
    assert rejects is not None

    second = import_file(book, rejects, tickets(), on_error="collect").rejects

    assert second is not None
    assert second.name == "tickets.rejected.rejected.csv"
    assert second.read_text().splitlines()[0] == "rejected_because," + HEAD.strip()


def test_what_is_not_mended_is_refused_again(file: Any, book: Collector) -> None:
    ragged = GOOD + "9,02.03.2026 09:00,Acme, Inc.,late\n" + "10,02.03.2026 09:00,C-17\n"
    rejects = import_file(book, file(ragged), tickets(), on_error="collect").rejects
    assert rejects is not None
    before = list(book.records)

    with pytest.raises(BadRows) as caught:
        import_file(book, rejects, tickets())
    second = import_file(book, rejects, tickets(), on_error="collect").rejects

    assert caught.value.total == 2
    assert book.records == before
    assert second is not None
    with second.open(newline="") as file_of_rejects:
        _, long, short = csv.reader(file_of_rejects)
    assert long[1:] == ["9", "02.03.2026 09:00", "Acme", " Inc.", "late"]
    assert short[1:] == ["10", "02.03.2026 09:00", "C-17"]
    mended = second.read_text().replace("Acme, Inc.", '"Acme, Inc."')
    second.write_text(mended.replace("C-17\n", "C-17,late\n").replace("C-17\r\n", "C-17,late\r\n"))
    import_file(book, second, tickets())
    last = book.records[-2:]
    assert [(each.customers[0].customer, each.failure_mode) for each in last] == [
        ("Acme, Inc.", "late"),
        ("C-17", "late"),
    ]


def test_a_reason_at_the_end_does_not_fill_a_short_row_up(file: Any, book: Collector) -> None:
    content = HEAD.strip() + ",rejected_because\n10,02.03.2026 09:00,C-17,line 3: has 3 cells\n"

    rejects = import_file(book, file(content), tickets(), on_error="collect").rejects

    assert rejects is not None
    with pytest.raises(BadRows):
        import_file(book, rejects, tickets())


def test_half_of_a_row_is_refused_again_too(file: Any, book: Collector) -> None:
    twice = {"Ticket": "9", "Opened": "02.03.2026 09:00", "Who": {"id": 1}, "Who.id": 2}
    path = file(json.dumps(twice) + "\n", "t.jsonl")
    mapping = tickets(customers=None, failure_mode=None, rest="attributes")

    rejects = import_file(book, path, mapping, on_error="collect").rejects

    assert rejects is not None
    assert json.loads(json.loads(rejects.read_text())["rejected_text"]) == twice
    with pytest.raises(BadRows, match="is what was rejected"):
        import_file(book, rejects, mapping)
    assert book.records == []
    frame = pd.DataFrame([["9", "x", 1, 2]], columns=["Ticket", "Opened", "Who", " Who"])
    ignoring = tickets(customers=None, failure_mode=None, ignore=["Who", " Who"])
    result = import_rows(
        book, frame, ignoring, on_error="collect", rejects=path.with_name("frame.jsonl")
    )
    assert result.rejects is not None
    assert "' Who': 2" in json.loads(result.rejects.read_text())["rejected_text"]


def test_a_file_of_rejected_rows_is_not_written_over(file: Any, book: Collector) -> None:
    path = file("keep me", "tickets.rejected.csv")

    with pytest.raises(SourceError, match="have it replaced: --force, or overwrite_rejects=True"):
        import_file(book, file(GOOD + BAD), tickets(), on_error="collect")
    assert (path.read_text(), book.records) == ("keep me", [])

    result = import_file(
        book, file(GOOD + BAD), tickets(), on_error="collect", overwrite_rejects=True
    )
    assert result.rejects == path
    assert "keep me" not in path.read_text()


def test_no_file_is_left_where_no_row_was_bad(file: Any, book: Collector, tmp_path: Path) -> None:
    result = import_file(book, file(GOOD), tickets(), on_error="collect")

    assert result.rejects is None
    assert [path.name for path in tmp_path.iterdir()] == ["tickets.csv"]


def test_no_file_is_left_where_the_casebook_refuses(file: Any, tmp_path: Path) -> None:
    class Busy:
        def ingest(self, records: Iterable[Any]) -> Any:
            list(records)
            raise CasebookBusy("quality.db", "somebody else holds the lock")

    with pytest.raises(CasebookBusy) as caught:
        import_file(Busy(), file(GOOD + BAD), tickets(), on_error="collect")

    assert "nothing was written" in caught.value.__notes__[0]
    assert [path.name for path in tmp_path.iterdir()] == ["tickets.csv"]


def test_a_folder_that_cannot_be_written_is_told(
    file: Any, book: Collector, tmp_path: Path
) -> None:
    nowhere = tmp_path / "none" / "rejects.csv"

    with pytest.raises(SourceError, match="cannot be written"):
        import_file(book, file(GOOD + BAD), tickets(), on_error="collect", rejects=nowhere)


def test_nothing_is_written_where_the_bad_rows_cannot_be_kept(
    file: Any, book: Collector, tmp_path: Path
) -> None:
    target = tmp_path / "rejects.csv"

    class Slow(Collector):
        def ingest(self, records: Iterable[Any]) -> Any:
            stream = iter(records)
            first = next(stream)
            target.write_text("theirs")
            return super().ingest([first, *stream])

    slow = Slow()
    told = r"rejects\.csv: is there already.*have it replaced: --force, or overwrite_rejects=True"
    with pytest.raises(SourceError, match=told):
        import_file(slow, file(GOOD + BAD), tickets(), on_error="collect", rejects=target)
    assert (target.read_text(), slow.records) == ("theirs", [])
    assert list(tmp_path.glob(".*")) == []


def test_a_file_that_comes_up_while_another_is_written_stays_and_is_named(tmp_path: Path) -> None:
    target = tmp_path / "crm.toml"

    with (
        pytest.raises(SourceError, match=r"crm\.toml: is there already"),
        written(target, overwrite=False) as file,
    ):
        file.write("ours")
        target.write_text("theirs")

    assert [path.name for path in tmp_path.iterdir()] == ["crm.toml"]
    assert target.read_text() == "theirs"


def test_a_file_that_is_there_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    target = tmp_path / "crm.toml"
    target.write_text("theirs")

    with (
        pytest.raises(SourceError, match=r"crm\.toml: is there already"),
        written(target, overwrite=False),
    ):
        pytest.fail("it was opened")


@pytest.mark.parametrize("place", ["file/crm.toml", "folder"])
def test_where_no_file_can_be_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder").mkdir()

    with pytest.raises(SourceError, match=rf"{place}: cannot be written \([A-Z].*\)"):
        write_text(tmp_path / place, "text", overwrite=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_what_is_not_read_to_the_end_leaves_a_whole_file(file: Any) -> None:
    class Hasty(Collector):
        def ingest(self, records: Iterable[Any]) -> Any:
            stream = iter(records)
            return super().ingest([next(stream), next(stream)])

    content = HEAD + ROW + BAD + "8,02.03.2026 09:00,C,late\n" + ROW
    rejects = import_file(Hasty(), file(content), tickets(), on_error="collect").rejects

    assert rejects is not None
    assert len(rejects.read_text().splitlines()) == 2


def test_rejected_rows_are_encoded_like_their_source(file: Any, book: Collector) -> None:
    content = (GOOD + "9,31.02.2026 09:00,C-17,zu sp\u00e4t\n").encode("latin-1")
    mapping = tickets(read={"encoding": "latin-1"})

    rejects = import_file(book, file(content), mapping, on_error="collect").rejects

    assert rejects is not None
    assert b"zu sp\xe4t" in rejects.read_bytes()
    rejects.write_bytes(rejects.read_bytes().replace(b"31.02", b"28.02"))
    import_file(book, rejects, mapping)
    assert [record.failure_mode for record in book.of(Incident)][-1] == "zu sp\u00e4t"


def test_rejected_lines_with_half_characters_are_kept(file: Any, book: Collector) -> None:
    path = file('{"Ticket": "9", "Topic": "\\ud800", "Opened": "soon"}\n', "t.jsonl")

    rejects = import_file(book, path, tickets(), on_error="collect").rejects

    assert rejects is not None
    assert json.loads(rejects.read_text())["Topic"] == "\ud800"


def test_rejected_lines_are_kept_as_lines(file: Any, book: Collector) -> None:
    bad = {"Ticket": "9", "Opened": "31.02.2026 09:00", "Client": ["C-17"], "Topic": "zu spät"}
    path = file(json.dumps(bad) + "\n{nope\n", "tickets.jsonl.gz.jsonl")

    rejects = import_file(book, path, tickets(), on_error="collect").rejects

    assert rejects is not None
    [first, second] = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert {key: first[key] for key in bad} == bad
    assert "31.02.2026" in first["rejected_because"]
    assert second["rejected_text"] == "{nope"


def test_rejected_dictionaries_go_nowhere_unless_said(book: Collector, tmp_path: Path) -> None:
    bad = [{"Ticket": 9, "Opened": pd.Timestamp("2026-03-02"), "Client": "C", "Topic": "x"}]
    mapping = tickets(occurred="Opened", zone=None)

    assert import_rows(book, bad, mapping, on_error="collect").rejects is None
    result = import_rows(book, bad, mapping, on_error="collect", rejects=tmp_path / "bad.jsonl")
    assert result.rejects is not None
    assert json.loads(result.rejects.read_text())["Opened"] == "2026-03-02T00:00:00"


def test_tabs_stay_tabs(file: Any, book: Collector) -> None:
    path = file((GOOD + BAD).replace(",", "\t"), "tickets.tsv")

    rejects = import_file(book, path, tickets(), on_error="collect").rejects

    assert rejects is not None
    assert rejects.name == "tickets.rejected.tsv"
    assert rejects.read_text().startswith("rejected_because\t" + HEAD.replace(",", "\t"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/t.csv", "a/t.rejected.csv"),
        ("t.tsv.gz", "t.rejected.tsv"),
        ("t.json", "t.rejected.jsonl"),
        ("t.jsonl.gz", "t.rejected.jsonl"),
    ],
)
def test_rejected_rows_go_beside_their_file(name: str, expected: str) -> None:
    assert rejects_path(name) == Path(expected)


def test_a_cell_that_no_cell_may_hold_is_shown(file: Any, book: Collector) -> None:
    content = HEAD + "7,02.03.2026 09:00,C\x01-17,late\n"

    [bad] = import_file(book, file(content), tickets(), on_error="collect").rejected

    assert (bad.place, bad.column) == ("line 2", "Client")
    assert bad.value is not None
    assert "-17" in bad.value


def test_all_rows_of_a_case_are_refused_together(file: Any, book: Collector) -> None:
    mapping = tickets(rows="consecutive")
    content = HEAD + ROW + "7,02.03.2026 09:00,C-17,late,more\n" + "8,02.03.2026 09:00,C,late\n"

    result = import_file(book, file(content), mapping, on_error="collect")

    assert ids(book) == ["crm-8"]
    assert (result.rows, result.cases, result.rejected_rows) == (3, 2, 2)
    assert result.rejects is not None
    assert len(result.rejects.read_text().splitlines()) == 3


def test_a_gathered_record_that_cannot_be_made_is_refused(book: Collector) -> None:
    records = {
        "incident": TICKETS["records"]["incident"],
        "cause": {"per": "Topic", "found": {"column": "Client", "when": {"contains": "x"}}},
    }
    rows = [{"Ticket": 7, "Opened": "02.03.2026 09:00", "Client": "C-17", "Topic": "late"}]

    with pytest.raises(
        BadRows, match="from row 1 on, column 'Client': says nothing, and no cause can do without"
    ):
        import_rows(book, rows, tickets(records=records))
    result = import_rows(book, rows, tickets(records=records), on_error="collect")
    assert (ids(book), result.rejected_rows) == (["crm-7"], 1)


def test_gathered_records_are_not_sent_where_a_row_was_bad(file: Any, book: Collector) -> None:
    records = {
        "incident": TICKETS["records"]["incident"],
        "customer": {"per": "Client", "id": "Client"},
    }

    with pytest.raises(BadRows):
        import_file(book, file(GOOD + BAD), tickets(records=records))


# --- the same id twice ----------------------------------------------------------------------------


def test_the_same_row_twice_is_once(file: Any) -> None:
    with remedy.open() as book:
        import_file(book, file(GOOD + ROW), tickets())
        assert len(list(book.records(Incident))) == 2


def test_rows_of_a_key_that_do_not_follow_each_other_are_refused(
    file: Any, book: Collector
) -> None:
    content = GOOD + "7,02.03.2026 09:00,C-17,wrong price\n"

    with pytest.raises(BadRows, match=r"line 2 already.*say rows = 'scattered'"):
        import_file(book, file(content), tickets(rows="consecutive"))
    import_file(book, file(content), tickets(rows="scattered"))
    assert ids(book) == ["crm-7", "crm-8"]


def test_ids_twice_are_told_by_their_rows(book: Collector) -> None:
    row = {"Ticket": 7, "Opened": "02.03.2026 09:00", "Client": "C-17", "Topic": ["a"]}
    mapping = tickets(failure_mode=None, rest="attributes")

    import_rows(book, [row, row], mapping)
    with pytest.raises(BadRows, match="comes from row 1 already"):
        import_rows(book, [row, row | {"Topic": ["b"]}], mapping)


def test_versions_of_a_record_in_one_file_are_for_the_casebook(book: Collector) -> None:
    rows = [
        {"Ticket": 7, "Opened": f"0{day}.03.2026 09:00", "Client": "C", "Topic": "late"}
        for day in (2, 3)
    ]
    mapping = tickets(updated={"column": "Opened", "format": "%d.%m.%Y %H:%M"})

    import_rows(book, rows, mapping)

    assert ids(book) == ["crm-7", "crm-7"]


# --- what somebody should know --------------------------------------------------------------------


def test_ids_that_turn_the_direction_of_writing_are_taken_and_told(file: Any) -> None:
    content = HEAD + "".join(f"7{n},02.03.2026 09:00,C-\u200f{n},late\n" for n in range(8))

    with remedy.open() as book:
        result = import_file(book, file(content + ROW), tickets())
        assert book.get("C-\u200f0").id == "C-\u200f0"

    (told,) = result.warnings
    assert "ids hold marks that turn the direction of writing" in told
    assert "'C-\\u200f0' (line 2), 'C-\\u200f1' (line 3)" in told
    assert told.endswith("'C-\\u200f4' (line 6) and others.")

    with remedy.open() as book:
        [few] = import_file(
            book, file(HEAD + "7,02.03.2026 09:00,C-\u200f0,late\n"), tickets()
        ).warnings
    assert few.endswith("other ids: 'C-\\u200f0' (line 2).")


def test_such_ids_of_records_that_several_rows_make_are_told_too(book: Collector) -> None:
    mapping = {
        **TICKETS,
        "records": {
            **TICKETS["records"],
            "cause": {"per": "Topic", "found": {"value": "2026-03-02T09:00+01:00"}, "id": "Topic"},
        },
    }
    rows = [{"Ticket": "7", "Opened": "02.03.2026 09:00", "Client": "C", "Topic": "l\u202eate"}]

    (told,) = import_rows(book, rows, mapping).warnings

    assert "'l\\u202eate' (of several rows)" in told


def test_a_file_that_ends_early_is_told(file: Any, book: Collector) -> None:
    mapping = tickets(read={"cut_short": True})

    result = import_file(book, file(GOOD + "9,02.0"), mapping)

    assert ids(book) == ["crm-7", "crm-8"]
    assert "Note: the file ends in the middle, at line 4" in str(result)


def test_another_signature_than_the_casebook_has_is_told(file: Any) -> None:
    mapping = tickets(signature=["failure_mode"])

    with remedy.open() as book:
        told = import_file(book, file(GOOD), mapping).warnings
        book.configure(signature=["failure_mode"])
        silent = import_file(book, file(GOOD), mapping).warnings

    assert "book.configure(signature=['failure_mode'])" in told[0]
    assert silent == ()


def test_the_result_is_told_as_text_and_as_plain_values(file: Any, book: Collector) -> None:
    content = HEAD + BAD * 12 + ROW
    result = import_file(book, file(content), tickets(), on_error="collect")

    text = str(result)
    assert "13 rows → 1 incident" in text
    assert "1 new, 0 updated, 0 unchanged" in text
    assert "and 2 more" in text
    plain = json.loads(json.dumps(result.to_dict()))
    assert (plain["rejected_rows"], len(plain["rejected"])) == (12, 12)
    assert plain["rejects"] == str(result.rejects)
    nothing = import_file(book, file(HEAD), tickets())
    assert "0 rows → no records" in str(nothing)
    assert nothing.to_dict()["rejects"] is None


def test_a_result_reads_as_it_was_written_down() -> None:
    def rejected(count: int) -> tuple[RejectedRow, ...]:
        return tuple(
            RejectedRow(place=f"line {n}", column="At", value="soon", problem="is no time.")
            for n in range(count)
        )

    given = {"source": "t.csv", "cases": 2, "new": 1200, "updated": 2, "unchanged": 3}
    nothing = {"older": 0, "pending": 0}
    one = Imported(rows=1, records={"incident": 1}, **given, **nothing)
    assert str(one) == "t.csv: 1 row → 1 incident\n1,200 new, 2 updated, 3 unchanged"

    whole = Imported(
        rows=1300,
        records={"incident": 1205, "apology": 2},
        **given,
        older=4,
        pending=5,
        redacted=6,
        rejected=rejected(12),
        rejected_rows=13,
        rejects=Path("bad.csv"),
        warnings=("mind the gap",),
    )
    head = [
        "t.csv: 1,300 rows → 1,205 incidents, 2 apologies",
        "1,200 new, 2 updated, 3 unchanged, 4 older than what is on file",
        "5 references wait for records that have not come yet",
        "6 without what they said of customers who have been erased",
        "13 rows refused:",
    ]
    shown = [f"  line {n}, column 'At' = 'soon': is no time." for n in range(12)]
    tail = [
        "They are in bad.csv: mend them there, and import that file by the same mapping.",
        "Note: mind the gap",
    ]
    assert str(whole).splitlines() == [*head, *shown[:10], "  and 3 more", *tail]
    ten = attrs.evolve(whole, rejected=rejected(10), rejected_rows=10)
    assert str(ten).splitlines() == [*head[:4], "10 rows refused:", *shown[:10], *tail]
    eleven = attrs.evolve(whole, rejected=rejected(11), rejected_rows=11)
    assert "  and 1 more" in str(eleven).splitlines()
    single = attrs.evolve(whole, rejected=rejected(1), rejected_rows=1)
    assert "1 row refused:" in str(single).splitlines()


def test_kinds_of_records_are_told_in_the_plural(book: Collector) -> None:
    row = {"Ticket": 7, "Opened": "2026-03-02T09:00Z", "Client": "C-17", "Topic": "late"}
    made = {"value": "2026-03-02T09:00Z"}
    records = {
        name: {"record": kind} | fields
        for kind, fields in {
            "apology": {"incidents": {"value": "I"}, "made": made},
            "amends": {"incident": {"value": "I"}, "made": made, "kind": {"value": "gift"}},
            "follow_up": {"incident": {"value": "I"}, "made": made},
        }.items()
        for name in (kind, f"{kind}_2")
    }

    result = import_rows(book, [row], tickets(records=records, rest="attributes"))

    assert "2 apologies, 2 amends, 2 follow ups" in str(result)


# --- trying a mapping -----------------------------------------------------------------------------


def test_a_preview_shows_what_rows_become(file: Any) -> None:
    records = {
        "incident": TICKETS["records"]["incident"]
        | {"when": {"column": "Topic", "equals": "late"}},
        "customer": {"per": "Client", "id": "Client"},
    }
    content = HEAD + ROW + BAD + "11,02.03.2026 09:00,C,idea\n" + ROW

    found = preview(file(content), tickets(records=records))

    assert [place for place, _ in found.cases] == ["line 2", "line 4", "all of these together"]
    assert [len(each) for _, each in found.cases] == [1, 0, 2]
    text = str(found)
    assert "line 2 becomes\n  incident crm-7\n    occurred: 2026-03-02T09:00:00+01:00" in text
    assert "line 4 becomes nothing" in text
    assert "refused: line 3, column 'Opened'" in text
    assert max(map(len, text.splitlines()[1:-1])) <= 80


def test_a_preview_of_few_rows_shows_them_all() -> None:
    row = {"Ticket": 7, "Opened": "02.03.2026 09:00", "Client": "C-17", "Topic": "late"}

    assert len(preview([row], TICKETS).cases) == 1


def test_an_action_has_the_source_of_its_mapping(book: Collector) -> None:
    mapping = load_mapping(Path(__file__).parent / "mappings" / "vehicle-recalls.toml")
    row = dict.fromkeys(mapping.columns(), "x") | {
        "RECALL_NUMBER_NUM": "2022001",
        "RECALL_DATE_DTE": "2022-01-05",
        "LAST_UPDATE_DATE": "2022-01-06",
        "UNIT_AFFECTED_NBR": "1,234.00",
        "YEAR": "2020",
        "NOTIFICATION_TYPE_ETXT": "Safety Mfr",
        "COMMENT_ETXT": "Issue: the lid comes off. Corrective Actions: a new lid.",
    }

    import_rows(book, [row, row | {"YEAR": "2021"}], mapping)

    [incident], [action] = book.of(Incident), book.of(Action)
    assert incident.attributes["years"] == [2020, 2021]
    assert incident.attributes["units"] == 1234
    assert (incident.text, action.text) == ("Issue: the lid comes off.", "a new lid.")


def test_after_a_bad_row_nothing_more_is_sent(file: Any) -> None:
    sent = []

    class Watching(Collector):
        def ingest(self, records: Iterable[Any]) -> Any:
            for record in records:
                sent.append(record.id)

    with pytest.raises(BadRows):
        import_file(Watching(), file(HEAD + ROW + BAD + "8,09.03.2026 15:00,C,late\n"), tickets())
    assert sent == ["crm-7"]


# --- ids in the source ----------------------------------------------------------------------------


def test_rows_with_one_id_in_the_source_and_other_keys_are_refused(file: Any) -> None:
    mapping = tickets(key="Row", external_id="Ticket", rest="attributes")
    head = "Row," + HEAD
    versions = tickets(key="Row", external_id="Ticket", rest="attributes", updated={"column": "At"})

    with remedy.open() as book:
        with pytest.raises(BadRows, match="this incident comes from line 2 already"):
            import_file(book, file(head + "1," + ROW + "2," + ROW), mapping)
        assert not list(book.records())
        content = "At," + head + "2026-03-03T09:00Z,1," + ROW + "2026-03-04T09:00Z,2," + ROW
        assert import_file(book, file(content), versions).updated == 1


# --- columns that no row has ----------------------------------------------------------------------


def test_a_column_that_no_row_has_is_told(file: Any, book: Collector) -> None:
    rows = [{"Ticket": "7", "Opened": "02.03.2026 09:00", "Topic": "late", "Client": "C"}]
    mapping = tickets(customers="Clientt", rest="attributes")

    told = import_rows(book, rows, mapping).warnings

    assert told == (
        "no row has the column 'Clientt', which the mapping names. Did you mean 'Client'?",
    )
    assert import_rows(book, [], mapping).warnings == ()
    assert import_rows(book, rows, tickets()).warnings == ()
    path = file(json.dumps(rows[0]) + "\n", "t.jsonl")
    assert import_file(book, path, mapping).warnings == told
    assert "'Opened'" not in str(import_rows(book, rows, tickets(customers="x", rest="attributes")))


def test_an_object_is_not_taken_for_a_value(book: Collector) -> None:
    row = {"Ticket": "7", "Opened": "02.03.2026 09:00", "Topic": "late", "Client": {"id": 5}}

    with pytest.raises(BadRows, match=r"'Client': holds an object.*such as 'Client\.id'"):
        import_rows(book, [row, row], tickets(rest="attributes"))
    import_rows(book, [row], tickets(customers="Client.id"))
    assert book.of(Incident)[0].customers[0].customer == "5"
    flat = row | {"Client": "C", "Client.age": 7}
    import_rows(book, [flat], tickets(rest="attributes"))
    assert book.of(Incident)[1].attributes == {"client_age": 7}


# --- what only the casebook can see ---------------------------------------------------------------

ACTIONS = {"action": {"kind": {"value": "corrective"}, "decided": "At", "intervention": "How"}}
CAUSES = {"cause": {"id": "Id", "found": "At", "effects": "Of"}}
DUPLICATES = {"incident": {"id": "Id", "occurred": "At", "duplicate_of": "Of"}}
TWO_KINDS = {
    "incident": {"id": "Id", "occurred": "At"},
    "cause": {"id": "Id", "found": "At", "needs": "text", "text": "How"},
}
T0 = "2026-03-02T09:00Z"


def told(records: Any, rows: Any) -> tuple[Any, Any]:
    """What is said where all are refused, and the result where the good ones are taken."""
    mapping = {"source": "s", "key": "Id", "rest": "attributes", "records": records}
    with remedy.open() as book:
        with pytest.raises(BadRows) as caught:
            import_rows(book, rows, mapping)
        assert not list(book.records())
        result = import_rows(book, rows, mapping, on_error="collect")
        assert result.new == sum(result.records.values()) == len(list(book.records()))
    assert caught.value.total == result.rejected_rows
    return [(each.place, each.column, each.value) for each in caught.value.rejected], result


@pytest.mark.parametrize("count", [3, 700])
def test_rows_that_only_the_casebook_refuses_are_named(count: int) -> None:
    rows = [{"Id": str(n), "At": T0, "How": "double check"} for n in range(count)]
    rows[1]["How"] = rows[-1]["How"] = "magic"

    bad, result = told(ACTIONS, rows)

    assert bad == [("row 2", "How", "magic"), (f"row {count}", "How", "magic")]
    assert result.new == count - 2
    assert result.rejected[0].problem.startswith("action.intervention: ")
    assert "the casebook's table does not know it" in result.rejected[0].problem


def test_a_row_that_closes_a_circle_is_named() -> None:
    rows = [{"Id": "a", "At": T0, "Of": "b"}, {"Id": "b", "At": T0, "Of": "a"},
            {"Id": "c", "At": T0, "Of": None}, {"Id": "d", "At": T0, "Of": "d"}]  # fmt: skip

    bad, result = told(CAUSES, rows)
    assert bad == [("row 2", "Of", "a"), ("row 4", "Of", "d")]
    assert "in a circle" in result.rejected[0].problem
    assert "Nothing was written" not in str(result)
    bad, _ = told(DUPLICATES, rows[:3])
    assert bad == [("row 2", "Of", "a")]


def test_an_id_of_two_kinds_is_named() -> None:
    rows = [{"Id": "1", "At": T0, "How": None}, {"Id": "2", "At": T0, "How": "x"}]

    bad, result = told(TWO_KINDS, rows)

    assert bad == [("row 2", "Id", "2")]
    assert "with this id already, and no two records have the same" in result.rejected[0].problem


def test_a_gathered_record_that_the_casebook_refuses_is_named() -> None:
    records = {
        "incident": {"occurred": "At"},
        "action": {
            "per": "How",
            "kind": {"value": "corrective"},
            "decided": "At",
            "intervention": "How",
        },
    }

    bad, _ = told(records, [{"Id": "1", "At": T0, "How": "magic"}])

    assert bad == [("from row 1 on", "How", None)]


def test_rows_that_the_casebook_refuses_are_kept_in_the_file(file: Any) -> None:
    path = file(f"Id,At,How\n1,{T0},talk\n2,{T0},magic\n")
    mapping = {"source": "s", "key": "Id", "records": ACTIONS}

    with remedy.open() as book:
        result = import_file(book, path, mapping, on_error="collect")
        assert result.rejects is not None
        result.rejects.write_text(result.rejects.read_text().replace(",magic", ",talk"))
        assert import_file(book, result.rejects, mapping).new == 1
    assert result.new == 1


def test_what_can_be_read_only_once_is_refused_as_the_casebook_says_it() -> None:
    rows = [{"Id": "1", "At": T0, "How": "magic"}]
    mapping = {"source": "s", "key": "Id", "records": ACTIONS}

    with remedy.open() as book:
        with pytest.raises(InvalidRecord, match="magic") as caught:
            import_rows(book, iter(rows), mapping, on_error="collect")
        assert not list(book.records())
    assert "importing rows" in caught.value.__notes__[0]


def test_rows_of_an_erased_customer_are_counted_also_where_others_are_refused() -> None:
    records = {
        "incident": {"occurred": "At", "customers": "Who"},
        "action": {**ACTIONS["action"], "incidents": {"record": "incident"}},
    }
    mapping = {"source": "s", "key": "Id", "records": records}
    rows = [{"Id": "1", "At": T0, "How": "talk", "Who": "C-1"},
            {"Id": "2", "At": T0, "How": "talk", "Who": "C-2"}]  # fmt: skip
    bad = {"Id": "3", "At": T0, "How": "magic", "Who": "C-2"}

    for more in ([], [bad]):
        with remedy.open() as book:
            book.record(remedy.Customer(id="C-1", name="Ann"))
            book.erase_customer("C-1", reason="asked for it")
            result = import_rows(book, [*rows, *more], mapping, on_error="collect")
        assert (result.redacted, result.rejected_rows) == (1, len(more))
        assert "1 without what they said of customers who have been erased" in str(result)


def test_what_came_of_rows_is_counted_also_where_the_casebook_refuses_some() -> None:
    records = {
        "action": {**ACTIONS["action"], "updated": "Updated", "criterion": "Says", "causes": "Why"}
    }
    mapping = {"source": "s", "key": "Id", "records": records}

    def row(number: int, updated: int, says: str, how: str = "talk") -> dict[str, str]:
        day = f"2026-03-{updated:02}T09:00Z"
        return {"Id": str(number), "At": T0, "How": how, "Updated": day, "Says": says}

    first = [row(n, 10, "one") for n in range(700)]
    second = [
        *(row(n, 10, "one") for n in range(210)),
        *(row(n, 11, "two") for n in range(210, 430)),
        *(row(n, 9, "two") for n in range(430, 700)),
        *(row(n, 10, "one") for n in range(700, 1001)),
        row(1001, 10, "one", how="magic"),
    ]
    with remedy.open() as book:
        import_rows(book, first, mapping)
        book.ingest(
            [remedy.Cause(id="c", found=T0, incidents=External(source="other", external_id="1"))]
        )
        result = import_rows(book, second, mapping, on_error="collect")

    assert (result.unchanged, result.updated, result.older) == (210, 220, 270)
    assert (result.new, result.rejected_rows, result.pending) == (301, 1, 1)


def test_how_bad_rows_are_taken_is_one_of_two(file: Any, book: Collector) -> None:
    with pytest.raises(BadMapping) as caught:
        import_file(book, file(GOOD), tickets(), on_error="skip")
    assert str(caught.value) == "on_error: 'skip' is neither 'reject' nor 'collect'."


@pytest.mark.parametrize("name", ["bad.tsv", "bad.TAB", "bad.txt"])
def test_rejected_rows_have_tabs_where_their_file_is_called_so(
    file: Any, book: Collector, tmp_path: Path, name: str
) -> None:
    result = import_file(
        book, file(GOOD + BAD), tickets(), on_error="collect", rejects=tmp_path / name
    )

    assert result.rejects is not None
    head = result.rejects.read_text().splitlines()[0]
    sign = "," if name == "bad.txt" else "\t"
    assert head.split(sign) == ["rejected_because", "Ticket", "Opened", "Client", "Topic"]


def test_dictionaries_are_read_no_further_than_wanted(book: Collector) -> None:
    row = {"Opened": "02.03.2026 09:00", "Client": "C-17", "Topic": "late"}
    read = []

    def rows() -> Any:
        for number in range(9):
            read.append(number)
            yield row | {"Ticket": number}

    assert import_rows(book, rows(), tickets(), limit=3).rows == 3
    assert len(read) <= 4


def test_rejected_rows_of_dictionaries_write_over_nothing(book: Collector, tmp_path: Path) -> None:
    target = tmp_path / "bad.jsonl"
    target.write_text("keep me")
    bad = [{"Ticket": "9", "Opened": "soon", "Client": "C", "Topic": "late"}]

    with pytest.raises(SourceError, match="is there already"):
        import_rows(book, bad, tickets(), on_error="collect", rejects=target)
    assert target.read_text() == "keep me"
    result = import_rows(
        book, bad, tickets(), on_error="collect", rejects=target, overwrite_rejects=True
    )
    assert result.rejects == target
    assert "soon" in target.read_text()


def test_a_reference_without_its_record_is_said_of_its_row() -> None:
    mapping = Mapping(source="s", key="Id", records=ACTIONS)
    mapper = Mapper(mapping, rows_of([{"Id": "1"}]))
    [row] = rows_of([{"Id": "1", "How": "x"}])

    dangling = refusal(DanglingReference([("action 1", "intervention", "x")]), mapper, [row])
    unknown = refusal(UnknownRecord("x"), mapper, [row])
    other = refusal(Conflict("action", "1", {"text": (1, 2)}), mapper, [row])

    assert (dangling.column, dangling.value) == ("How", "x")
    assert (unknown.column, unknown.value) == (None, None)
    assert (other.column, other.value) == ("Id", "1")
