from __future__ import annotations

import os
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy import RemedyError
from remedy.exports import TargetExists, safe_name
from remedy.exports._files import replacing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, text: str, *, overwrite: bool = False) -> None:
    with replacing(path, overwrite=overwrite) as file:
        file.write(text)


def test_a_file_is_there_once_all_of_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with replacing(path, overwrite=False) as file:
        file.write("ü\n")
        assert not path.exists()
    assert path.read_bytes() == "ü\n".encode()
    assert names(tmp_path) == ["out.txt"]


def test_nothing_is_left_of_a_file_that_was_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("before", encoding="utf-8")

    def fail() -> None:
        with replacing(path, overwrite=True) as file:
            file.write("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text(encoding="utf-8") == "before"
    assert names(tmp_path) == ["out.txt"]


def test_what_is_written_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.txt"
    synced = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(path.exists())
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write(path, "x")
    assert synced == [False, True]  # the file before, the folder after


def test_a_file_that_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    write(path, "one")
    with pytest.raises(TargetExists, match="exists already, and was left as it is") as caught:
        write(path, "two")
    assert isinstance(caught.value, (RemedyError, FileExistsError))
    assert caught.value.path == path
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert path.read_text(encoding="utf-8") == "one"
    write(path, "three", overwrite=True)
    assert path.read_text(encoding="utf-8") == "three"


def test_a_dangling_link_is_something_too(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TargetExists):
        write(path, "x")
    write(path, "x", overwrite=True)
    assert not (tmp_path / "elsewhere").exists()
    assert path.read_text(encoding="utf-8") == "x"


def test_a_file_that_somebody_else_makes_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with pytest.raises(TargetExists), replacing(path, overwrite=False):
        path.write_text("theirs", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "theirs"
    assert names(tmp_path) == ["out.txt"]


def test_a_file_system_without_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "out.txt"
    write(path, "one")
    assert path.read_text(encoding="utf-8") == "one"
    other = tmp_path / "other.txt"
    with pytest.raises(TargetExists), replacing(other, overwrite=False):
        other.write_text("theirs", encoding="utf-8")
    assert other.read_text(encoding="utf-8") == "theirs"
    assert names(tmp_path) == ["other.txt", "out.txt"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such folder: '.*nowhere'"):
        write(tmp_path / "nowhere" / "out.txt", "x")


def test_others_may_read_the_file_as_any_other(tmp_path: Path) -> None:
    path, plain = tmp_path / "out.txt", tmp_path / "plain.txt"
    write(path, "x")
    plain.write_text("x", encoding="utf-8")
    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("name", ["INC-1", "INC_1.2", "größe-7", "事件"])
def test_an_ordinary_id_is_its_own_file_name(name: str) -> None:
    assert safe_name(name, ".mmd") == f"{name}.mmd"


@pytest.mark.parametrize(
    ("id", "begin"),
    [
        ("APO-1/promise-1", "APO-1_promise-1-"),
        ("../../etc/passwd", "etc_passwd-"),
        ("..", ""),
        ("-rf", "rf-"),
        ("CON", "_CON-"),
        ("lpt1.txt", "_lpt1.txt-"),
        ("x" * 300, "x" * 60 + "-"),
        ("a:b\\c*?", "a_b_c-"),
        ("", ""),
    ],
)
def test_any_other_id_is_made_one(id: str, begin: str) -> None:
    assert re.fullmatch(re.escape(begin) + "[0-9a-f]{8}", safe_name(id))


@given(st.text(st.characters(), max_size=80), st.text(st.characters(), max_size=80))
def test_two_ids_do_not_become_one_file(one: str, other: str) -> None:
    for text in (one, other):
        name = safe_name(text)
        assert re.fullmatch(r"[\w.-]{1,80}", name)
        assert name[0] not in ".-"
        assert not name.endswith(".")
    assert one == other or safe_name(one) != safe_name(other)
