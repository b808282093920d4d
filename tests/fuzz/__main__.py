"""`python -m tests.fuzz`: run targets with atheris, or an input that failed without it.

Each target runs in a child of its own, since libFuzzer ends the process that it works in. What is
reported of it, one JSON object on a line, is what libFuzzer says that it has executed.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import io
import json
import os
import pkgutil
import re
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

TIMEOUT = 25
"""After how many seconds an input counts as one that hangs."""
MEMORY_MIB = 3_072
FLOOR = 20_000
"""How many executions each target gets of a total, however slow it is."""
_CALIBRATION = 5
# Files that are synced all the time are made where that costs nothing.
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_PULSE = re.compile(r"^#(\d+)\s", re.MULTILINE)
_KINDS = {"crash": "exception", "timeout": "timeout", "oom": "memory", "leak": "memory"}


@attrs.frozen(kw_only=True)
class Limit:
    """How long a target runs: so many executions, or so many seconds."""

    runs: int | None = None
    seconds: int | None = None

    def options(self) -> list[str]:
        if self.seconds is not None:
            return [f"-max_total_time={self.seconds}"]
        return [f"-runs={self.runs}"]


@attrs.frozen(kw_only=True)
class Settings:
    """What holds for all targets: where inputs are kept, and with which number chance begins."""

    corpus: Path | None
    failures: Path
    seed: int


def _instrumented() -> None:
    """Import the library so that atheris sees which of its branches are taken."""
    try:
        import atheris
    except ImportError:
        sys.exit("Fuzzing needs atheris: pip install --group fuzz (on Linux, Python up to 3.13).")
    # It names every module that it changes.
    with (
        contextlib.redirect_stderr(io.StringIO()),
        atheris.instrument_imports(include=["remedy"]),
    ):
        import remedy

        for module in pkgutil.walk_packages(remedy.__path__, "remedy."):
            if module.name != "remedy.__main__":
                __import__(module.name)


# --- one target -----------------------------------------------------------------------------------


def _quoted(word: bytes) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'


def _begin(name: str, limit: Limit, settings: Settings, work: Path) -> int:
    """Start a child that fuzzes a target, and return its process id."""
    from tests.fuzz.targets import TARGETS

    target = TARGETS[name]
    corpus = work / "corpus" if settings.corpus is None else settings.corpus / name
    corpus.mkdir(parents=True, exist_ok=True)
    # Into a corpus that was kept, too: there may be new ones.
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    words = work / "words"
    words.write_text("".join(f"{_quoted(word)}\n" for word in target.words), "ascii")
    options = [
        f"-max_len={max(target.longest, *map(len, target.seeds))}",
        f"-timeout={TIMEOUT}",
        f"-rss_limit_mb={MEMORY_MIB}",
        f"-seed={settings.seed}",
        f"-artifact_prefix={work}/",
        *("-print_final_stats=1", "-reload=0", "-close_fd_mask=0"),
        *([f"-dict={words}"] if target.words else []),
        *limit.options(),
    ]
    child = os.fork()
    if child:
        return child
    log = os.open(work / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    tempfile.tempdir = str(work)
    import atheris

    warnings.simplefilter("error")
    atheris.Setup(["fuzz", *options, str(corpus)], target)
    atheris.Fuzz()
    os._exit(0)


def _end(name: str, status: int, seconds: float, settings: Settings, work: Path) -> dict[str, Any]:
    """Return what is to be said of a target whose child has ended."""
    log = (work / "log").read_text("utf-8", "replace")
    told = _EXECUTED.findall(log) or _PULSE.findall(log) or ["0"]
    executions = int(told[-1])
    corpus = work / "corpus" if settings.corpus is None else settings.corpus / name
    found: dict[str, Any] = {
        "target": name,
        "executions": executions,
        "seconds": round(seconds, 1),
        "per_second": round(executions / max(seconds, 0.001), 1),
        "corpus": sum(1 for _ in corpus.iterdir()),
        "seed": settings.seed,
        "outcome": "ok" if status == 0 else "failed",
    }
    inputs = [path for path in work.iterdir() if path.name.partition("-")[0] in _KINDS]
    if status != 0 or inputs:
        found["outcome"] = "failed"
        found["problem"] = _problem(log)
    for path in inputs:
        settings.failures.mkdir(parents=True, exist_ok=True)
        kept = settings.failures / f"{name}-{path.name}"
        shutil.copy(path, kept)
        found |= {
            "kind": _KINDS[path.name.partition("-")[0]],
            "input": base64.b64encode(path.read_bytes()).decode(),
            "saved": str(kept),
            "repeat": f"python -m tests.fuzz {name} --repeat {kept}",
        }
    return found


def _problem(log: str) -> str:
    """Return the end of what was printed about a failure, without libFuzzer's own words."""
    _, mark, after = log.rpartition("=== Uncaught Python exception: ===")
    if mark:
        text = after.partition("SUMMARY: libFuzzer")[0].strip()
        return text if len(text) <= 4_000 else f"{text[:1_500]}\n…\n{text[-2_500:]}"
    lines = [line for line in log.splitlines() if not line.startswith("stat::")]
    return "\n".join(lines[-12:]).strip()


def _fuzz(limits: dict[str, Limit], settings: Settings, jobs: int) -> Iterable[dict[str, Any]]:
    """Fuzz targets, so many at a time, and yield what is to be said of each as it ends."""
    waiting = list(limits)
    running: dict[int, tuple[str, float, Path]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.pop(0)
            work = Path(tempfile.mkdtemp(prefix=f"remedy-fuzz-{name}-", dir=_IN_MEMORY))
            child = _begin(name, limits[name], settings, work)
            running[child] = name, time.monotonic(), work
        child, status = os.wait()
        name, began, work = running.pop(child)
        yield _end(name, status, time.monotonic() - began, settings, work)
        shutil.rmtree(work, ignore_errors=True)


# --- all of them ----------------------------------------------------------------------------------


def shares(total: int, speeds: dict[str, float], floor: int) -> dict[str, int]:
    """Part a number of executions among targets by their speeds, and none gets fewer than `floor`.

    The sum is the total at least.
    """
    found = dict.fromkeys(speeds, floor)
    while sum(found.values()) < total:
        # What the slow ones get beyond their share is taken from the others.
        free = {name: speeds[name] for name in speeds if found[name] > floor} or speeds
        rest = total - sum(found[name] for name in speeds if name not in free)
        each = {name: int(rest * speed / sum(free.values())) + 1 for name, speed in free.items()}
        better = found | {name: max(floor, count) for name, count in each.items()}
        if better == found:
            break
        found = better
    return found


def _say(found: dict[str, Any]) -> None:
    print(json.dumps(found), flush=True)  # noqa: T201 - this is what the program is for


def _repeat(name: str, path: Path) -> None:
    from tests.fuzz.targets import TARGETS

    TARGETS[name](path.read_bytes())
    _say({"target": name, "input": str(path), "outcome": "ok"})


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="targets; by default all")
    parser.add_argument("--list", action="store_true", help="say which targets there are")
    how_long = parser.add_mutually_exclusive_group()
    how_long.add_argument("--runs", type=int, help="so many executions of each target")
    how_long.add_argument("--total", type=int, help="so many over all, by their speeds")
    how_long.add_argument("--seconds", type=int, help="so many seconds over all (default: 60)")
    parser.add_argument("--floor", type=int, default=FLOOR, help="of a total, for each at least")
    parser.add_argument("--jobs", type=int, default=1, help="how many targets at a time")
    parser.add_argument("--corpus", type=Path, help="a folder in which inputs are kept")
    parser.add_argument("--failures", type=Path, help="a folder for inputs that fail")
    parser.add_argument("--seed", type=int, help="the number with which chance begins")
    parser.add_argument("--repeat", type=Path, metavar="FILE", help="run this input of a target")
    given = parser.parse_args(words)
    if not given.list and given.repeat is None:
        _instrumented()  # Before anything else imports the library.
    from tests.fuzz.targets import TARGETS

    names = given.names or list(TARGETS)
    for name in names:
        if name not in TARGETS:
            parser.error(f"there is no target {name!r}: {', '.join(TARGETS)}")
    if given.list:
        for name in names:
            _say({"target": name, "covers": TARGETS[name].covers})
        return 0
    if given.repeat is not None:
        if len(given.names) != 1:
            parser.error("--repeat takes one target.")
        _repeat(names[0], given.repeat)
        return 0
    settings = Settings(
        corpus=given.corpus,
        failures=given.failures or Path(tempfile.gettempdir(), "remedy-fuzz-failures"),
        seed=given.seed or int.from_bytes(os.urandom(3), "big") + 1,
    )
    return _run(names, given, settings)


def _run(names: list[str], given: argparse.Namespace, settings: Settings) -> int:
    failed: set[str] = set()
    if given.total is not None:
        calibrated = {}
        for found in _fuzz({n: Limit(seconds=_CALIBRATION) for n in names}, settings, given.jobs):
            calibrated[found["target"]] = max(found["per_second"], 0.1)
            if found["outcome"] != "ok":
                failed.add(found["target"])
                _say(found)
        counts = shares(given.total, calibrated, given.floor)
        limits = {n: Limit(runs=count) for n, count in counts.items() if n not in failed}
    elif given.runs is not None:
        limits = {name: Limit(runs=given.runs) for name in names}
    else:
        each = max(1, (given.seconds or 60) * given.jobs // len(names))
        limits = {name: Limit(seconds=each) for name in names}
    executions, began = 0, time.monotonic()
    for found in _fuzz(limits, settings, given.jobs):
        _say(found)
        executions += found["executions"]
        if found["outcome"] != "ok":
            failed.add(found["target"])
    _say(
        {
            "targets": len(names),
            "executions": executions,
            "seconds": round(time.monotonic() - began, 1),
            "failed": sorted(failed),
        }
    )
    # Whatever the reason: what was not executed is not passed off as done.
    return 1 if failed or executions < (given.total or 0) else 0


if __name__ == "__main__":
    sys.exit(main())
