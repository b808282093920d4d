"""What is wrong with a file, looked at without changing it."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _raw
from remedy._reading import scalar
from remedy.errors import CannotOpen, CasebookBusy, CasebookError, readable
from remedy.store import Store
from remedy.verifying import verify

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["Diagnosis", "Health", "Symptom", "diagnose"]


class Health(StrEnum):
    """How it stands with one thing that was looked at."""

    RIGHT = "right"
    NOTE = "note"
    WRONG = "wrong"


@attrs.frozen
class Symptom:
    """One thing that was looked at.

    Attributes:
        health: Right, worth a note, or wrong.
        told: What was found.
        advice: What to do, where there is something.
    """

    health: Health
    told: str = attrs.field(converter=readable)
    advice: str | None = None


@attrs.frozen
class Diagnosis:
    """What was found of a file.

    Attributes:
        path: The file.
        symptoms: All that was looked at, in the order in which it was.
    """

    path: Path
    symptoms: tuple[Symptom, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return all(each.health is not Health.WRONG for each in self.symptoms)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        symptoms = [attrs.asdict(each) for each in self.symptoms]
        return {"path": str(self.path), "is_sound": self.is_sound, "symptoms": symptoms}


def diagnose(
    path: str | os.PathLike[str], *, progress: Callable[[int], None] | None = None
) -> Diagnosis:
    """Look at a file, and say what is wrong with it; nothing of it is changed.

    A file that was left in the middle of a write, or is in WAL mode, is looked at in a copy, since
    opening it would put it right, or put files beside it.

    Args:
        path: The file.
        progress: Called now and then with the number of entries of the history done.

    Example:
        >>> import remedy
        >>> [each.told for each in remedy.diagnose("nowhere.db").symptoms]
        ['there is no such file.']
    """
    file = Path(path)
    return Diagnosis(file, tuple(_symptoms(file, progress)))


def _right(told: str) -> Symptom:
    return Symptom(Health.RIGHT, told)


def _note(told: str, advice: str | None = None) -> Symptom:
    return Symptom(Health.NOTE, told, advice)


def _wrong(told: str, advice: str) -> Symptom:
    return Symptom(Health.WRONG, told, advice)


_BACKUP = "Go back to a backup, and keep this file: it may hold what the backup lacks."
_KEEP = "Keep this file, too: it may hold what the backup lacks."


def _symptoms(path: Path, progress: Callable[[int], None] | None) -> Iterator[Symptom]:
    try:
        state = path.stat()
    except FileNotFoundError:
        yield _wrong("there is no such file.", "Look for a typo; or make one with: remedy init")
        return
    except (OSError, ValueError) as error:
        yield _wrong(f"it cannot be looked at ({error}).", "Look at the path and its folders.")
        return
    if not stat.S_ISREG(state.st_mode):
        yield _wrong("it is no file.", "Name the file of a casebook.")
        return
    yield from _of_the_file(path, state)
    # SQLite puts its files beside what a link leads to.
    file = path.resolve()
    beside = [each for each in map(file.with_name, _beside(file)) if each.exists()]
    yield from _of_what_lies_beside(path, beside)
    with contextlib.ExitStack() as stack:
        looked_at = path
        try:
            if beside or _is_wal(file):
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="remedy-")))
                for each in (file, *beside):
                    _raw.copy(each, folder / each.name)
                looked_at = folder / file.name
        except OSError as error:
            yield _wrong(
                f"it cannot be read, or copied to where temporary files are ({error.strerror}).",
                "Look at who may read it, and how much room is there.",
            )
            return
        try:
            # The copy is nobody else's, so it can be in any mode.
            store = Store(
                looked_at,
                read_only=looked_at is path,
                create=False,
                journal=None if looked_at is path else "delete",
                label=path,
            )
        except CasebookBusy as error:
            yield _note(_sentence(error), "Look again when they are done.")
            return
        except CannotOpen as error:
            yield _wrong(_sentence(error), _KEEP if "backup" in error.problem else "")
            return
        stack.callback(store.close)
        try:
            with store.snapshot() as db:
                yield from _of_the_rows(db, progress)
        except CasebookError as error:
            yield _wrong(_sentence(error), _KEEP)


def _sentence(error: CasebookError) -> str:
    """Return what an error says of the file as a sentence of its own."""
    first = error.problem.partition(" ")[0]
    return f"it {error.problem}" if first in ("is", "holds", "was", "has") else error.problem


def _beside(path: Path) -> tuple[str, ...]:
    return (f"{path.name}-journal", f"{path.name}-wal")


def _is_wal(path: Path) -> bool:
    return _raw.head(path, 20)[18:] == b"\2\2"


def _of_the_file(path: Path, state: os.stat_result) -> Iterator[Symptom]:
    changed = datetime.fromtimestamp(state.st_mtime).astimezone()
    yield _right(f"a file of {state.st_size:,} bytes, last changed {changed:%Y-%m-%d %H:%M}.")
    others = state.st_mode & 0o077
    if others:
        yield _note(
            f"others on this machine can {_what(others)} it (mode {state.st_mode & 0o777:o}).",
            f"If they are not to: chmod 600 {path}",
        )
    if not os.access(path, os.W_OK) or not os.access(path.absolute().parent, os.W_OK):
        yield _note(
            "it, or its folder, cannot be written by who runs this.",
            "To write to it, both have to be: the journal of a write lies beside it.",
        )


def _what(mode: int) -> str:
    read, write = mode & 0o044, mode & 0o022
    return "read and change" if read and write else "change" if write else "read"


def _of_what_lies_beside(path: Path, beside: list[Path]) -> Iterator[Symptom]:
    for each in beside:
        size = each.stat().st_size
        if each.name.endswith("-journal") and size:
            yield _note(
                f"a program is writing to it, or was stopped while it did ({each.name} is there).",
                "Do not delete that: what opens it for writing next puts it back to before.",
            )
        elif size:
            yield _note(
                f"{size / 1e6:,.1f} MB of what was written last stand in {each.name}.",
                "Copy and move both together, or make a copy with: remedy backup",
            )


def _of_the_rows(db: Database, progress: Callable[[int], None] | None) -> Iterator[Symptom]:
    yield _right(f"a casebook of version {scalar(db, 'PRAGMA user_version')}.")
    found = [row[0] for row in db.execute("PRAGMA integrity_check(10)")]
    if found != ["ok"]:
        yield _wrong(f"the file is damaged: {'; '.join(found[:3])}.", _BACKUP)
        return
    yield _right("its pages and indexes fit together.")
    dangling = db.execute("PRAGMA foreign_key_check").fetchall()
    if dangling:
        tables = ", ".join(sorted({row[0] for row in dangling}))
        yield _wrong(
            f"{len(dangling)} rows ({tables}) refer to what is not on file.",
            f"They were changed by something else than remedy. {_BACKUP}",
        )
    else:
        yield _right("whatever refers to something finds it.")
    verified = verify(db, progress=progress)
    for problem in verified.problems:
        yield _wrong(problem, "remedy verify says more; compare the file with a backup.")
    if verified.is_right:
        yield _right(
            f"{verified.entries:,} entries of history and {verified.records:,} records are as they "
            f"were written."
        )
    yield from _to_know(db)


def _to_know(db: Database) -> Iterator[Symptom]:
    waiting = scalar(db, "SELECT count(*) FROM pending")
    if waiting:
        yield _note(
            f"{waiting:,} references wait for their other side.",
            "Import what they refer to; in Python, book.pending() lists them.",
        )
    backwards = scalar(
        db,
        "SELECT count(*) FROM history h JOIN history b ON b.seq = h.seq - 1 "
        "WHERE h.written < b.written",
    )
    if backwards:
        yield _note(
            f"the clock of who wrote went backwards {backwards:,} times.",
            "What was on record at a time goes by the order in which it was written.",
        )
    free, pages = scalar(db, "PRAGMA freelist_count"), scalar(db, "PRAGMA page_count")
    if free > pages / 2:
        yield _note(f"{free / pages:.0%} of the file is empty.", "Writing to it fills that first.")
