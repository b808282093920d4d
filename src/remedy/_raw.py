"""Casebooks that are read byte by byte, while this process may have them open.

On POSIX a process loses all its locks on a file as soon as it closes any descriptor of that file,
whoever made it. Then two programs write at once, each sure of being alone. So what a file is read
through here is one descriptor, which is closed when no store of this process has the file open.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import attrs

__all__ = ["come", "copy", "go", "head"]

_CHUNK = 1 << 20
_HOW = os.O_RDONLY | getattr(os, "O_BINARY", 0)
Identity = tuple[int, int]


class Holder(Protocol):
    """Who has a file open, and may hold locks on it."""

    @property
    def identity(self) -> Identity | None:
        """Which file that is: its device and its number there."""
        ...


@attrs.define
class _Reading:
    descriptor: int
    users: int = 0


_holders: weakref.WeakSet[Holder] = weakref.WeakSet()
_readings: dict[Identity, _Reading] = {}
_lock = threading.RLock()


def _begin_anew() -> None:
    """Let a forked child read: what other threads of its parent were doing never ends in it."""
    global _lock  # noqa: PLW0603 - whoever held it is not here to let go of it
    _lock = threading.RLock()
    for reading in _readings.values():
        reading.users = 0


if hasattr(os, "register_at_fork"):  # pragma: no branch - elsewhere nothing is forked
    os.register_at_fork(after_in_child=_begin_anew)


def come(holder: Holder) -> None:
    """Remember who is going to open a file."""
    with _lock:
        _holders.add(holder)


def go(holder: Holder) -> None:
    """Forget who has closed a file."""
    with _lock:
        _holders.discard(holder)
        _let_go()


def head(path: Path, size: int) -> bytes:
    """Return what a file begins with."""
    with _descriptor(path) as descriptor:
        return _part(descriptor, size, 0)


def copy(path: Path, to: Path) -> None:
    """Write what is in a file to another one."""
    with _descriptor(path) as descriptor, to.open("wb") as file:
        while part := _part(descriptor, _CHUNK, file.tell()):
            file.write(part)


def _part(descriptor: int, size: int, place: int) -> bytes:
    """Read at a place, whoever else reads through the same descriptor."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, place)
    with _lock:  # pragma: no cover - Windows
        os.lseek(descriptor, place, os.SEEK_SET)
        return os.read(descriptor, size)


@contextlib.contextmanager
def _descriptor(path: Path) -> Iterator[int]:
    with _lock:
        state = path.stat()
        identity = state.st_dev, state.st_ino
        if identity not in _readings:
            _readings[identity] = _Reading(os.open(path, _HOW))
        reading = _readings[identity]
        reading.users += 1
    try:
        yield reading.descriptor
    finally:
        with _lock:
            reading.users -= 1
            _let_go()


def _let_go() -> None:
    held = {holder.identity for holder in _holders}
    for identity, reading in list(_readings.items()):
        if not reading.users and identity not in held:
            del _readings[identity]
            os.close(reading.descriptor)
