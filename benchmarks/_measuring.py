"""Processes of their own, their time and their memory; what comes out, as JSON."""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

__all__ = [
    "Stopwatch", "checksum", "child", "folder", "median_ratio", "parser", "peak_mb", "show",
    "summary",
]  # fmt: skip

ROOT = Path(__file__).resolve().parents[1]


class Stopwatch:
    """Wall-clock and CPU seconds since it was made."""

    def __init__(self) -> None:
        gc.collect()
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {
            "wall": time.perf_counter() - self._wall,
            "cpu": time.process_time() - self._cpu,
        }


def peak_mb() -> float:
    """Return the most memory that this process has held, in megabytes.

    Linux lets `ru_maxrss` begin with what the parent held when it started the child; VmHWM does
    not, and is otherwise the same.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def checksum(rows: Iterable[tuple[Any, ...]]) -> str:
    """Return the SHA-256 of rows, whatever their order."""
    lines = sorted("\x1f".join(map(str, row)) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def child(module: str, *arguments: str | Path) -> dict[str, Any]:
    """Run a module of the benchmarks in a process of its own, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def summary(runs: list[float]) -> dict[str, Any]:
    """Return the median, the least and all of several runs of the same."""
    return {
        "median": round(statistics.median(runs), 4),
        "min": round(min(runs), 4),
        "runs": [round(run, 4) for run in runs],
    }


def median_ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of the ratios of runs that were made one after the other."""
    pairs = zip(ours, theirs, strict=False)
    return round(statistics.median(one / other for one, other in pairs), 3)


def parser(description: str, size: int) -> argparse.ArgumentParser:
    """Return the arguments that all benchmarks take."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--size", type=int, default=size, help="how many incidents")
    made.add_argument("--keep", type=Path, help="a folder in which casebooks are kept and found")
    return made


@contextmanager
def folder(keep: Path | None) -> Iterator[Path]:
    """Give a folder for files: the one that is kept, or one that is gone afterwards."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with TemporaryDirectory(prefix="remedy-bench-") as name:
        yield Path(name)


def casebook(place: Path, size: int, troubled: float, write: Callable[..., Any]) -> Path:
    """Return the file of a generated casebook, made if it is not there."""
    path = place / f"{size}-{troubled:g}.db"
    if not path.exists():
        half = path.with_suffix(".half")
        half.unlink(missing_ok=True)
        write(half, size, troubled=troubled)
        os.replace(half, path)
    return path


def show(result: dict[str, Any]) -> None:
    """Print the result of a benchmark: one JSON object."""
    json.dump(result, sys.stdout, indent=1)
    sys.stdout.write("\n")
