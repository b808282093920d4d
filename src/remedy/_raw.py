"""Casebooks that are read byte by byte, while this process may have them open.

On POSIX a process loses all its locks on a file as soon as it closes any descriptor of that file,
whoever made it. Then two programs write at once, each sure of being alone. So what is read here is
let go of only when no store of this process has the file open.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Protocol

__all__ = ["come", "go", "reading"]

Identity = tuple[int, int]


class Holder(Protocol):
    """Who has a file open, and may hold locks on it."""

    @property
    def identity(self) -> Identity | None:
        """Which file that is: its device and its number there."""
        ...


_holders: weakref.WeakSet[Holder] = weakref.WeakSet()
_kept: list[tuple[Identity, int]] = []
_lock = threading.RLock()


def come(holder: Holder) -> None:
    """Remember who is going to open a file."""
    with _lock:
        _holders.add(holder)


def go(holder: Holder) -> None:
    """Forget who has closed a file, and let go of what was kept for them."""
    with _lock:
        _holders.discard(holder)
        _let_go()


def _let_go() -> None:
    held = {holder.identity for holder in _holders}
    for identity, descriptor in list(_kept):
        if identity not in held:
            _kept.remove((identity, descriptor))
            os.close(descriptor)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[FileIO]:
    """Read a file, and close it when no store of this process has it open."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    state = os.fstat(descriptor)
    try:
        with FileIO(descriptor, closefd=False) as file:
            yield file
    finally:
        with _lock:
            _kept.append(((state.st_dev, state.st_ino), descriptor))
            _let_go()
