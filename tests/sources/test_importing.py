import csv
import gzip
import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import remedy
from remedy.errors import BadRows, CasebookBusy, CausalCycle, SourceError
from remedy.records import Action, Cause, Incident
from remedy.sources import RejectedRow, import_file, import_rows, load_mapping, preview
from remedy.sources._foreseen import Foreseen
from remedy.sources.compiling import Unfit
from remedy.sources.rejects import rejects_path
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
    assert head == [*HEAD.strip().split(","), "rejected_because"]
    assert [row[:4] for row in bad] == [
        ["9", "31.02.2026 09:00", "C-17", "late"],
        ["10", "02.03.2026 09:00", "C-17", "late"],
    ]
    assert bad[0][4].startswith("line 4, column 'Opened' = '31.02.2026 09:00': is no time of")
    assert bad[1][4].startswith("line 5: has 5 cells, and there are 4 columns: ['or so'] has no")
    assert "2 rows refused:\n  line 4" in str(result)
    assert "They are in" in str(result)
    assert list(tmp_path.glob(".*")) == []


def test_rejected_rows_can_be_mended_and_imported(file: Any, book: Collector) -> None:
    rejects = import_file(book, file(GOOD + BAD), tickets(), on_error="collect").rejects
    assert rejects is not None
    rejects.write_text(rejects.read_text().replace("31.02.2026", "28.02.2026", 1))

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
    assert second.read_text().splitlines()[0] == HEAD.strip() + ",rejected_because"


def test_a_file_of_rejected_rows_is_not_written_over(file: Any, book: Collector) -> None:
    path = file("keep me", "tickets.rejected.csv")

    with pytest.raises(SourceError, match="may be replaced: --force, or overwrite_rejects=True"):
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
    with pytest.raises(SourceError, match="may be replaced: --force, or overwrite_rejects=True"):
        import_file(slow, file(GOOD + BAD), tickets(), on_error="collect", rejects=target)
    assert (target.read_text(), slow.records) == ("theirs", [])
    assert list(tmp_path.glob(".*")) == []


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
    rejects.write_bytes(rejects.read_bytes().replace(b"31.02", b"28.02", 1))
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
    assert rejects.read_text().startswith(HEAD.strip().replace(",", "\t") + "\t")


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

    with pytest.raises(BadRows, match="from row 1 on: says nothing, and no cause can do without"):
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


# --- what the casebook would refuse at the end ----------------------------------------------------

ACTIONS = {
    "source": "crm",
    "key": "No",
    "records": {
        "action": {
            "kind": {"value": "corrective"},
            "decided": {"value": "2026-03-02T09:00+01:00"},
            "intervention": "Fix",
        }
    },
}
CAUSES = {
    "source": "crm",
    "key": "No",
    "records": {
        "cause": {
            "found": {"value": "2026-03-02T09:00+01:00"},
            "effects": {"column": "Explains", "external": "crm"},
        }
    },
}


def test_an_unknown_intervention_is_refused_with_its_row(file: Any) -> None:
    path = file("No,Fix\n1,double check\n2,magic\n3,\n")

    with remedy.open() as book:
        with pytest.raises(BadRows) as caught:
            import_file(book, path, ACTIONS)
        [refused] = caught.value.rejected
        kept = import_file(book, path, ACTIONS, on_error="collect")
        assert [action.id for action in book.records(Action)] == ["crm-1", "crm-3"]

    assert str(refused).startswith(
        "line 3, column 'Fix' = 'magic': action.intervention: the casebook's table does not know "
        "it. It knows: "
    )
    assert "say the strength and whether it changes the process instead" in str(refused)
    assert kept.rejected == (refused,)
    assert kept.rejects is not None
    assert kept.rejects.read_text().splitlines()[1].startswith("2,magic,")


def test_an_intervention_of_the_casebook_s_own_table_is_known(file: Any) -> None:
    table = [remedy.vocabulary.Intervention(name="magic", strength="weaker", changes_process=False)]
    with remedy.open() as book:
        book.configure(interventions={each.name: each for each in table})
        assert import_file(book, file("No,Fix\n2,magic\n"), ACTIONS).new == 1


def test_an_unknown_intervention_of_several_rows_is_refused_with_the_first(file: Any) -> None:
    mapping = {
        **ACTIONS,
        "records": {
            "incident": {"occurred": {"value": "2026-03-02T09:00+01:00"}},
            "action": ACTIONS["records"]["action"] | {"per": "Fix"},
        },
    }
    with remedy.open() as book, pytest.raises(BadRows, match="from line 2 on: action.intervention"):
        import_file(book, file("No,Fix\n1,magic\n2,magic\n"), mapping)


def test_causes_that_explain_each_other_are_refused_with_the_row_that_closes_the_circle(
    file: Any,
) -> None:
    path = file("No,Explains\n1,\n2,3\n3,4\n4,2\n5,4\n")

    with remedy.open() as book:
        with pytest.raises(BadRows) as caught:
            import_file(book, path, CAUSES)
        [refused] = caught.value.rejected
        import_file(book, path, CAUSES, on_error="collect")
        assert [cause.id for cause in book.records(Cause)] == ["crm-1", "crm-2", "crm-3", "crm-5"]

    assert str(refused) == (
        "line 5, column 'Explains': cause.effects: these causes would explain each other in a "
        "circle: crm-4 → crm-3 → crm-2 → crm-4 (crm-3: line 4; crm-2: line 3). Leave out the link "
        "that is wrong, or split the cause that stands for two things."
    )


def test_a_cause_of_itself_is_refused_with_its_row(file: Any) -> None:
    with remedy.open() as book, pytest.raises(BadRows, match=r"circle: crm-1 → crm-1\. Leave"):
        import_file(book, file("No,Explains\n1,1\n"), CAUSES)


def test_a_cause_that_is_in_no_source_is_looked_at_too() -> None:
    foreseen = Foreseen(None, lambda *_: None)
    one, other = (Cause(id=a, effects=b, found="2026-03-02T09:00+01:00") for a, b in ("ab", "ba"))
    foreseen.check([one], "row 1")
    with pytest.raises(Unfit, match=r"circle: b → a → b \(a: row 1\)"):
        foreseen.check([other], "row 2")


def test_a_refused_cause_closes_no_circle(file: Any) -> None:
    mapping = {
        **CAUSES,
        "records": CAUSES["records"] | {"action": ACTIONS["records"]["action"]},
    }
    path = file("No,Explains,Fix\n1,2,magic\n2,1,\n")

    with remedy.open() as book:
        result = import_file(book, path, mapping, on_error="collect")
        assert [cause.id for cause in book.records(Cause)] == ["crm-2"]

    assert [each.place for each in result.rejected] == ["line 2"]


def test_several_causes_lie_between_and_ids_are_followed_too(book: Collector) -> None:
    mapping = CAUSES | {
        "records": {"cause": CAUSES["records"]["cause"] | {"id": "No", "effects": "Explains"}}
    }
    rows = [{"No": a, "Explains": b} for a, b in ("ab", "cb", "bd", "de", "bd", "ea")]
    mapping |= {"key": ["No", "Explains"]}
    with pytest.raises(BadRows, match="row 6.*circle: e → d → b → a → e"):
        import_rows(book, rows, mapping)


def test_a_circle_over_what_is_on_file_names_the_rows_of_the_causes(file: Any) -> None:
    with remedy.open() as book:
        import_file(book, file("No,Explains\n1,2\n2,\n"), CAUSES)
        with pytest.raises(CausalCycle) as caught:
            import_file(book, file("No,Explains\n7,\n2,1\n"), CAUSES)
    [note] = caught.value.__notes__
    assert note.endswith("tickets.csv (crm-2: line 3); nothing was written.")


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
