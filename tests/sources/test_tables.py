import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy.errors import BadMapping, SourceError
from remedy.sources import Reading, preview
from remedy.sources.files import TextFile
from remedy.sources.rows import Row, rows_of
from tests.sources.tickets import HEAD, ROW, tickets

GOOD = HEAD + ROW + ROW.replace("7,", "8,", 1)


def read(path: Path, **reading: Any) -> list[Row]:
    return list(rows_of(path, Reading(**reading)))


def test_rows_have_values_by_column_and_their_place(file: Any) -> None:
    rows = read(file(GOOD))

    assert rows[0].values == {
        "Ticket": "7",
        "Opened": "02.03.2026 09:00",
        "Client": "C-17",
        "Topic": "late",
    }
    assert [row.place for row in rows] == ["line 2", "line 3"]


def test_a_place_names_line_and_row_where_cells_go_over_lines(file: Any) -> None:
    rows = read(file('A,B\n1,"x\ny"\n\n2,z\n'))

    assert rows[0].values["B"] == "x\ny"
    assert [row.place for row in rows] == ["line 2", "line 5 (row 3)"]


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.rstrip("\n"),
        GOOD.replace("\n", "\r").rstrip("\r"),
        GOOD.replace("\n", "\n\n"),
    ],
    ids=["plain", "mark", "crlf", "cr", "no last end", "cr, no last end", "empty lines"],
)
def test_marks_and_line_ends_make_no_difference(file: Any, content: str) -> None:
    assert [row.values["Ticket"] for row in read(file(content))] == ["7", "8"]


def test_line_ends_in_cells_are_kept(file: Any) -> None:
    [row] = read(file('A,B\r\n1,"x\ry\r\nz"\r\n'))

    assert row.values["B"] == "x\ry\r\nz"


def test_packed_files_are_unpacked(file: Any) -> None:
    assert len(read(file(gzip.compress(GOOD.encode()), "t.csv.gz"))) == 2


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "shift_jis"])
def test_an_encoding_that_is_named_is_read(file: Any, encoding: str) -> None:
    content = "A,B\n1,naïve\n" if encoding == "cp1252" else "A,B\n1,naive 日本\n"
    if encoding.startswith("utf"):
        content = content.replace("naive", "naïve")

    [row] = read(file(content.encode(encoding)), encoding=encoding)

    assert row.values["B"] == content.split("\n")[1][2:]


def test_tabs_part_the_cells_of_tsv_files(file: Any) -> None:
    for name in ("t.tsv", "t.tab", "t.TSV.gz"):
        content = b"A\tB\n1\t2\n"
        path = file(gzip.compress(content) if name.endswith("gz") else content, name)
        assert read(path)[0].values == {"A": "1", "B": "2"}


def test_a_delimiter_that_is_named_is_taken(file: Any) -> None:
    assert read(file("A;B\n1;2,5\n"), delimiter=";")[0].values == {"A": "1", "B": "2,5"}
    assert read(file("A;B\n1\n"), delimiter=",")[0].values == {"A;B": "1"}


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_a_delimiter_is_one_character(delimiter: str) -> None:
    with pytest.raises(BadMapping, match=r"read\.delimiter"):
        Reading(delimiter=delimiter)


def test_readings_that_cannot_be_are_refused() -> None:
    with pytest.raises(BadMapping, match="'xlsx' is not one of csv, json, jsonl"):
        Reading(format="xlsx")
    with pytest.raises(BadMapping, match="number of characters"):
        Reading(max_cell=0)


def test_a_format_that_is_named_is_taken(file: Any) -> None:
    assert len(read(file(GOOD, "t.txt"), format="csv")) == 2


def test_a_column_without_a_name_is_called_by_its_number(file: Any) -> None:
    rows = rows_of(file(",Ticket, Topic \n0,7,late\n"))

    assert rows.columns == ("column 1", "Ticket", "Topic")
    assert [row.values for row in rows] == [{"column 1": "0", "Ticket": "7", "Topic": "late"}]


def test_the_columns_are_known_before_the_rows(file: Any) -> None:
    rows = rows_of(file(GOOD))

    assert rows.columns == rows.columns == ("Ticket", "Opened", "Client", "Topic")
    assert rows.share is None


def test_rows_of_a_file_can_be_read_again(file: Any) -> None:
    rows = rows_of(file(GOOD))

    assert list(rows) == list(rows)
    assert rows.share == 1.0


def test_a_long_cell_is_read_and_the_limit_of_csv_is_left_as_it_was(file: Any) -> None:
    before = csv.field_size_limit()

    [row] = read(file(f"A,B\n1,{'x' * 200_000}\n"))

    assert len(row.values["B"]) == 200_000
    assert csv.field_size_limit() == before


def test_a_ragged_row_comes_with_its_problem_and_the_next_one_is_read(file: Any) -> None:
    rows = read(file("A,B\n1\n2,3\n"))

    assert rows[0].values == {"A": "1"}
    assert "has 1 cell, and there are 2 columns" in str(rows[0].problem)
    assert rows[1] == Row(3, 3, {"A": "2", "B": "3"})


def test_a_row_with_a_control_character_comes_with_its_column(file: Any) -> None:
    rows = read(file("A,B\n1,ok\n2,b\x00d\n3,a\u200bb\n"))

    assert [row.column for row in rows] == [None, "B", None]


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path / "folder.csv")


# --- files that end in the middle -----------------------------------------------------------------


def many(count: int) -> str:
    return HEAD + "".join(f"{number},02.03.2026 09:00,C-17,late\n" for number in range(count))


def test_a_cut_gzip_is_read_as_far_as_it_goes_where_that_is_allowed(file: Any) -> None:
    packed = gzip.compress(many(5000).encode())
    rows = rows_of(file(packed[: len(packed) // 2], "t.csv.gz"), Reading(cut_short=True))

    read = list(rows)

    assert 0 < len(read) < 5000
    assert all(row.problem is None and len(row.values) == 4 for row in read)
    assert rows.ended_early == f"line {len(read) + 2:,}"


def test_an_unfinished_last_line_is_left_out_where_that_is_allowed(file: Any) -> None:
    rows = rows_of(file(GOOD + "9,02.03.2026 09"), Reading(cut_short=True))

    assert [row.values["Ticket"] for row in rows] == ["7", "8"]
    assert rows.ended_early == "line 4"


def test_a_whole_file_is_not_cut_short_by_allowing_it(file: Any) -> None:
    for content in (GOOD, GOOD.replace("\n", "\r")):
        rows = rows_of(file(content), Reading(cut_short=True))
        assert len(list(rows)) == 2
        assert rows.ended_early is None


def test_an_open_quote_at_the_end_is_left_out_where_that_is_allowed(file: Any) -> None:
    rows = rows_of(file(GOOD + '9,02.03.2026 09:00,C-17,"so\nlate\n'), Reading(cut_short=True))

    assert [row.values["Ticket"] for row in rows] == ["7", "8"]
    assert rows.ended_early == "line 4"


def test_half_a_character_at_the_end_is_left_out_where_that_is_allowed(file: Any) -> None:
    rows = rows_of(file(GOOD.encode() + "9,spä".encode()[:-1]), Reading(cut_short=True))

    assert len(list(rows)) == 2
    assert rows.ended_early == "line 4"


# --- chunks ---------------------------------------------------------------------------------------

LINES = st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])))


@given(
    lines=LINES, end=st.sampled_from(["\n", "\r", "\r\n"]), size=st.integers(1, 7), data=st.data()
)
def test_lines_are_the_same_whatever_the_chunks(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[str],
    end: str,
    size: int,
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("chunks") / "t.txt"
    text = end.join(lines)
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("remedy.sources.files._CHUNK", size)
        with TextFile(path, longest=10_000) as file:
            found = list(file)

    assert found == list(io.StringIO(text.removeprefix("\ufeff"), newline=""))


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\"',;"))


@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=10),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, end: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
        writer.writerows([["A", "B", "C"], *rows])

    found = read(path, delimiter=delimiter)

    assert [list(row.values.values()) for row in found] == rows
    assert not any(row.problem for row in found)


def test_a_table_may_have_one_column(file: Any) -> None:
    assert [row.values for row in read(file("A\n1\n"))] == [{"A": "1"}]


def test_a_number_of_characters_is_whole() -> None:
    with pytest.raises(BadMapping, match="read.max_cell"):
        Reading(max_cell=1.5)


def test_a_row_with_very_many_cells_too_many_is_told_in_few_words(file: Any) -> None:
    [row] = read(file("a,b\n" + "y," * 900 + "\n"))
    assert len(row.problem) < 300


@pytest.mark.parametrize("encoding", ["idna", "punycode", "undefined", "rot13", "hex", "nothing"])
def test_what_does_not_encode_lines_of_text_is_no_encoding(file: Any, encoding: str) -> None:
    with pytest.raises(SourceError, match="there is no encoding"):
        read(file(GOOD), encoding=encoding)


def test_braces_in_the_name_of_a_source_are_a_part_of_its_ids(file: Any) -> None:
    assert "c{}}m-7" in str(preview(file(HEAD + ROW), tickets(source="c{}}m")))
