"""Mutation testing: `python -m tests.mutation [--workers N] [GROUP …]`.

Of each group it is told how many mutants were killed, and what survived. Where less than 90 % were
killed, it has failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
LEAST = 0.9
ALIVE = ("survived", "not reached")

Group = dict[str, Any]


def main() -> int:
    groups = tomllib.loads((HERE / "groups.toml").read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("groups", nargs="*", default=[], choices=[[], *groups])
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path, default=Path("mutation-results"))
    parser.add_argument("--only", default="", help="a part of the names of the mutants to run")
    parser.add_argument("--every", type=int, default=1, help="run only every so manieth mutant")
    parser.add_argument("--seconds", type=float, default=1e9, help="for the tests of one mutant")
    parser.add_argument(
        "--go-on", action="store_true", help="leave out the mutants that have a result"
    )
    parser.add_argument(
        "--again", action="store_true", help="leave out the mutants that were killed before"
    )
    parser.add_argument("--in-copy", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.results.mkdir(exist_ok=True, parents=True)
    if asked.in_copy:
        return run(asked.in_copy, groups[asked.in_copy], asked)
    enough = True
    for name in asked.groups or groups:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            code = run_in_copy(Path(folder) / "project", name, groups[name], asked)
        if code != 0:
            return 2
        enough &= tell(name, asked.results / f"{name}.jsonl", time.monotonic() - began)
    return 0 if enough else 1


def run_in_copy(copy: Path, name: str, group: Group, asked: argparse.Namespace) -> int:
    """Run a group on a copy of the project: mutants are written into the files."""
    left_out = shutil.ignore_patterns(".*", "__pycache__", "_build", "mutation-results", "dist")
    shutil.copytree(PROJECT, copy, ignore=left_out)
    path = os.pathsep.join([str(copy / "src"), str(copy)])
    options = ["--results", str(asked.results.resolve())]
    for word in ("workers", "only", "every", "seconds"):
        options += [f"--{word}", str(getattr(asked, word))]
    options += [
        f"--{word}" for word in ("go-on", "again") if getattr(asked, word.replace("-", "_"))
    ]
    return subprocess.run(
        [sys.executable, "-m", "tests.mutation", "--in-copy", name, *options],
        cwd=copy,
        env={**os.environ, **group.get("environment", {}), "PYTHONPATH": path},
        check=False,
    ).returncode


def run(name: str, group: Group, asked: argparse.Namespace) -> int:
    """Run a group here, in a copy."""
    import pytest

    from tests.mutation._running import Running

    if name == "sql":
        from tests.mutation import _sql as making
    else:
        from tests.mutation import _python as making
    results = asked.results / f"{name}.jsonl"
    mutants = [
        each for each in making.mutate(Path.cwd(), group["mutated"]) if asked.only in each.name
    ]
    mutants = mutants[:: asked.every]
    told = {each["name"]: each for each in read(results)} if asked.go_on or asked.again else {}
    for mutant in mutants if asked.again else ():
        if mutant.name in told and told[mutant.name]["outcome"] in ALIVE:
            del told[mutant.name]
    mutants = [each for each in mutants if each.name not in told]
    results.write_text("".join(json.dumps(each) + "\n" for each in told.values()), "utf-8")
    running = Running(
        mutants, making.observed, making.observe, group["without"], results, asked.workers,
        asked.seconds,
    )  # fmt: skip
    if name == "sql":
        running.run_mutants(list(making.probes()))
        return 0
    # To write a traceback at length, pytest would read the whole of the mutated file.
    options = ["-q", "--tb=native", "--assert=plain", "--hypothesis-profile=mutation"]
    options += ["-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main([*options, *group["tests"]], plugins=[running]))


def read(results: Path) -> list[dict[str, Any]]:
    """Return what came of the mutants."""
    if not results.is_file():
        return []
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


def tell(name: str, results: Path, took: float) -> bool:
    """Print what came of the mutants of a group, and return whether enough were killed."""
    told = [each for each in read(results) if each["outcome"] != "not a mutant"]
    count = Counter(each["outcome"] for each in told)
    for each in told:
        if each["outcome"] in ALIVE:
            sys.stdout.write(f"\n{each['name']} ({each['outcome']})\n{each['shown']}\n")
    dead = len(told) - sum(count[outcome] for outcome in ALIVE)
    sys.stdout.write(
        f"\n{name}: {len(told)} mutants, {count['killed']} killed, {count['timed out']} timed out, "
        f"{count['survived']} survived, {count['not reached']} not reached: "
        f"{dead / len(told):.1%} in {took / 60:.0f} minutes\n\n"
    )
    return dead >= LEAST * len(told)


if __name__ == "__main__":
    sys.exit(main())
