from __future__ import annotations

import json
from pathlib import Path

import pytest

from remedy import Customer, Record, from_dict
from remedy.exports import TargetExists, generate_json, generate_jsonl, write_json, write_jsonl
from tests.exports.samples import one_of_each


def test_every_record_comes_back_from_a_line() -> None:
    lines = list(generate_jsonl(one_of_each()))
    assert [from_dict(json.loads(line)) for line in lines] == one_of_each()


@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_the_array_holds_every_record(count: int) -> None:
    records = one_of_each()[:count]
    read = json.loads("\n".join(generate_json(records)))
    assert [from_dict(each) for each in read] == records


def test_text_of_any_script_stays_readable() -> None:
    [line] = generate_jsonl([Customer(id="C-1", name="Größe 漢字 😀")])
    assert "Größe 漢字 😀" in line


def test_a_line_stays_one_line() -> None:
    records: list[Record] = [Customer(id="C-1", name="a\nb\r\nc")]
    [line] = generate_jsonl(records)
    assert "\n" not in line
    assert "\r" not in line


def test_files_are_written_as_generated(tmp_path: Path) -> None:
    for write, generate, name in (
        (write_json, generate_json, "all.json"),
        (write_jsonl, generate_jsonl, "all.jsonl"),
    ):
        path = write(iter(one_of_each()), tmp_path / name)
        expected = "".join(f"{line}\n" for line in generate(one_of_each()))
        assert path.read_text(encoding="utf-8") == expected
        with pytest.raises(TargetExists):
            write([], path)
        write([], path, overwrite=True)
        assert path.read_text(encoding="utf-8") == "".join(f"{line}\n" for line in generate([]))
