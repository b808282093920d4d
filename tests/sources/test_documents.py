import gzip
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy.errors import SourceError
from remedy.sources import Reading
from remedy.sources.documents import parsed
from remedy.sources.rows import Row, rows_of

ITEMS = [{"Ticket": "7", "Topic": "late"}, {"Ticket": "8", "tags": ["a", "b"]}]


def read(path: Any, **reading: Any) -> list[Row]:
    return list(rows_of(path, Reading(**reading)))


def test_each_line_is_a_row(file: Any) -> None:
    content = "\n".join(json.dumps(item) for item in ITEMS) + "\n\n \n"

    for name in ("t.jsonl", "t.ndjson"):
        rows = read(file(content, name))
        assert [row.values for row in rows] == ITEMS
        assert [row.place for row in rows] == ["line 1", "line 2"]


def test_each_element_of_a_list_is_a_row(file: Any) -> None:
    rows = read(file("\n [" + ",\n".join(json.dumps(item) for item in ITEMS) + "\n]\n", "t.json"))

    assert [row.values for row in rows] == ITEMS
    assert [row.place for row in rows] == ["line 2 (row 1)", "line 3 (row 2)"]


def test_an_empty_list_has_no_rows(file: Any) -> None:
    assert read(file(" [ ] ", "t.json")) == []


def test_a_list_inside_an_object_is_found_by_its_path(file: Any) -> None:
    path = file(json.dumps({"data": {"items": ITEMS}, "page": 1}), "t.json")

    rows = read(path, records="data.items")

    assert [row.values for row in rows] == ITEMS
    assert [row.place for row in rows] == ["row 1", "row 2"]


def test_dictionaries_inside_are_taken_apart(file: Any) -> None:
    [row] = read(file('{"user": {"id": 7, "at": {"city": "Graz"}}, "n": null}\n', "t.jsonl"))

    assert row.values == {"user.id": 7, "user.at.city": "Graz", "n": None}


def test_packed_documents_are_unpacked(file: Any) -> None:
    assert len(read(file(gzip.compress(json.dumps(ITEMS).encode()), "t.json.gz"))) == 2


def test_a_bad_line_does_not_end_the_reading(file: Any) -> None:
    rows = read(file('{"a": 1}\n{"a": }\n{"a": 3}\n', "t.jsonl"))

    assert [row.problem is None for row in rows] == [True, False, True]
    assert rows[1].raw == '{"a": }'


def test_the_share_read_is_told(file: Any) -> None:
    rows = rows_of(file('{"a": 1}\n' * 1200, "t.jsonl"))
    assert rows.share is None

    assert len(list(rows)) == 1200
    assert rows.share == 1.0


def test_a_list_that_ends_in_the_middle_is_read_so_far_where_that_is_allowed(file: Any) -> None:
    rows = rows_of(file('[{"a": 1},\n{"a": 2}, {"a', "t.json"), Reading(cut_short=True))

    assert [row.values for row in rows] == [{"a": 1}, {"a": 2}]
    assert rows.ended_early == "line 2"


def test_a_line_that_ends_in_the_middle_is_left_out_where_that_is_allowed(file: Any) -> None:
    rows = rows_of(file('{"a": 1}\n{"a', "t.jsonl"), Reading(cut_short=True))

    assert [row.values for row in rows] == [{"a": 1}]
    assert rows.ended_early == "line 2"


def test_a_whole_list_is_not_cut_short_by_allowing_it(file: Any) -> None:
    rows = rows_of(file(json.dumps(ITEMS), "t.json"), Reading(cut_short=True))

    assert len(list(rows)) == 2
    assert rows.ended_early is None


def test_depth_counts_brackets_outside_of_texts_only() -> None:
    brackets = '"' + "[{" * 100 + '"'

    assert parsed(brackets) == "[{" * 100
    assert parsed("[" * 64 + "]" * 64) is not None
    with pytest.raises(ValueError, match="deeper than 64"):
        parsed(f"[{brackets}, {'[' * 64}{']' * 64}]")


def test_where_it_is_no_json_is_told_by_line_and_character() -> None:
    with pytest.raises(ValueError, match=r"\(character 2\)"):
        parsed("{a}")
    with pytest.raises(ValueError, match=r"\(line 2, character 1\)"):
        parsed('{"a":\n}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    items=st.lists(st.dictionaries(st.text("ab.{[\\\" ", min_size=1), st.text() | st.integers(0, 9)
                                   | st.lists(st.text(), max_size=2), max_size=3)),
    indent=st.none() | st.integers(0, 2),
    size=st.integers(1, 30),
)  # fmt: skip
def test_a_list_is_parted_whatever_the_chunks(
    tmp_path_factory: pytest.TempPathFactory,
    items: list[dict[str, Any]],
    indent: int | None,
    size: int,
) -> None:
    path = tmp_path_factory.mktemp("json") / "t.json"
    path.write_text(json.dumps(items, indent=indent, ensure_ascii=False).encode(
        "utf-8", "backslashreplace").decode(), encoding="utf-8")  # fmt: skip
    items = json.loads(path.read_text(encoding="utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("remedy.sources.files._CHUNK", size)
        rows = read(path)

    assert [row.number for row in rows] == list(range(1, len(items) + 1))
    for row, item in zip(rows, items, strict=True):
        named = {name.strip(): value for name, value in item.items()}
        if row.problem is None:
            assert row.values == named
        else:
            assert "" in named or len(named) < len(item)


@given(value=JSON)
def test_what_json_writes_is_parsed_back(value: Any) -> None:
    assert parsed(json.dumps(value)) == value


def test_a_long_line_of_short_texts_is_taken(file: Any) -> None:
    [row] = read(file(json.dumps({"a": "x" * 60, "b": "y" * 60}), "t.jsonl"), max_cell=100)

    assert row.problem is None


def test_space_before_the_list_is_nothing(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remedy.sources.files._CHUNK", 2)

    assert [row.place for row in read(file(' \n\n  [{"a": 1.5}]', "t.json"))] == ["line 3 (row 1)"]


def test_each_bracket_and_brace_is_a_level() -> None:
    assert parsed('{"a":' * 64 + "1" + "}" * 64) is not None
    with pytest.raises(ValueError, match="deeper than 64"):
        parsed('{"a":' * 65 + "1" + "}" * 65)
    with pytest.raises(ValueError, match="deeper than 64"):
        parsed("[" + "[]," * 100 + "[" * 64 + "]" * 64 + "]")


def test_what_stands_side_by_side_is_not_deep() -> None:
    assert len(parsed("[" + ",".join(['[{"a": {}}]'] * 100) + "]")) == 100
    assert parsed("[[]," + "[" * 63 + "]" * 63 + "]")
    assert parsed('{"a": {}, "b": ' + '{"a":' * 62 + "{}" + "}" * 62 + "}")
    with pytest.raises(ValueError, match="deeper than 64"):
        parsed("[[]," + "[" * 64 + "]" * 64 + "]")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"[{2**63}]", "the number 9223372036854775808 is beyond 64 bits."),
        (f"[{-(2**63) - 1}]", "the number -9223372036854775809 is beyond 64 bits."),
        (f"[{'1' * 24}]", f"the number {'1' * 24} is beyond 64 bits."),
        (f"[{'1' * 25}]", f"the number {'1' * 24}… is beyond 64 bits."),
        (f"[{'1' * 24}e999]", f"the number {'1' * 24} is too large."),
    ],
)
def test_numbers_that_nothing_holds_are_named(line: str, told: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(told)}\Z"):
        parsed(line)


@pytest.mark.parametrize(
    ("line", "kind"),
    [("[]", "a list"), ('"x"', "a string"), ("true", "true"), ("false", "false"), ("null", "null"),
     ("1.5", "a number")],
)  # fmt: skip
def test_what_a_line_is_instead_of_an_object_is_told(file: Any, line: str, kind: str) -> None:
    [row] = read(file(f"{line}\n", "t.jsonl"))

    assert row.problem == f"is {kind}, not an object with its fields."
    assert row.raw == line


def test_what_is_no_object_in_a_list_inside_an_object_is_kept_as_it_is(file: Any) -> None:
    _, bad = read(file('{"items": [{"a": 1}, [7]]}', "t.json"), records="items")

    assert bad.problem == "is a list, not an object with its fields."
    assert bad.raw == "[7]"


def test_how_much_was_read_grows(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remedy.sources.files._CHUNK", 100)
    rows = rows_of(file('{"a": 1}\n' * 1200, "t.jsonl"))

    shares = [rows.share for row in rows if row.number in (500, 1000)]

    assert shares[0] is not None
    assert shares[1] is not None
    assert 0.4 < shares[0] < 0.5 < shares[1] < 0.9


def test_a_line_that_is_too_long_is_refused_before_it_is_read_to_its_end(
    file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remedy.sources.files._CHUNK", 10)
    monkeypatch.setattr(Reading, "longest_line", 50)

    with pytest.raises(SourceError, match="line 1 goes on for more than 50 characters"):
        read(file(b"x" * 1000 + b"\xff", "t.jsonl"))


@pytest.mark.parametrize("sign", ["\x1f", "\x0b", "\x0c", "\x85", "\xa0", "\u2028"])
def test_what_is_blank_elsewhere_is_no_blank_of_json(file: Any, sign: str) -> None:
    for content in (f"{sign}[]", f"[]{sign}"):
        with pytest.raises(SourceError):
            read(file(content, "t.json"))
    for content, name in ((f"[{sign}]", "t.json"), (f"{sign}\n", "t.jsonl")):
        [row] = read(file(content, name))
        assert "is no JSON" in str(row.problem)
    [first, second] = read(file(f'[{sign}{{"a": 1}},\t\r\n {{"a": 2}}]', "t.json"))
    assert "is no JSON" in str(first.problem)
    assert second.values == {"a": 2}
