"""How long it takes to import `remedy`, beside `attrs`: whole processes, taking turns.

Programs pay this at each start. What counts is what the installed package costs, with its compiled
files: the first runs, which may compile them, are left out. `remedy demo` is measured as the first
thing that people run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

from benchmarks import _measuring as measuring

__all__ = ["main"]

WAYS = {
    "python": ("-c", "pass"),
    "attrs": ("-c", "import attrs"),
    "remedy": ("-c", "import remedy"),
    "records": ("-c", "from remedy import Incident, Apology"),
    "demo": ("-m", "remedy", "demo"),
}
_WARM_UP = 2


def run(way: str) -> tuple[float, float]:
    """Run a process; return its wall-clock and CPU seconds."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *WAYS[way]], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, way)
    return taken, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run it. `--size` has no meaning here, and is taken like everywhere."""
    arguments = measuring.parser(__doc__ or "", 0)
    arguments.add_argument("--rounds", type=int, default=40)
    given = arguments.parse_args()
    walls: dict[str, list[float]] = {way: [] for way in WAYS}
    cpus: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(_WARM_UP + given.rounds):
        for way in WAYS:
            if way == "demo" and (number - _WARM_UP) % 4:
                continue
            wall, cpu = run(way)
            if number >= _WARM_UP:
                walls[way].append(wall)
                cpus[way].append(cpu)
    told: dict[str, Any] = {}
    for way in WAYS:
        told[way] = {
            clock: {
                name: round(value * 1000, 2)
                for name, value in measuring.summary(runs[way]).items()
                if name != "runs"
            }
            for clock, runs in (("wall", walls), ("cpu", cpus))
        }

    def ratios(clock: str, runs: dict[str, list[float]]) -> dict[str, float]:
        made = {}
        for way in ("remedy", "records"):
            made[f"{way}_to_attrs_{clock}"] = measuring.median_ratio(runs[way], runs["attrs"])
            least = min(runs[way]) / min(runs["attrs"])
            made[f"{way}_to_attrs_{clock}_least"] = round(least, 3)
        return made

    measuring.show(
        {
            "benchmark": "imports",
            "rounds": given.rounds,
            "ratios": {**ratios("wall", walls), **ratios("cpu", cpus)},
            "demo_seconds": round(min(walls["demo"]), 3),
            "milliseconds": told,
        }
    )


if __name__ == "__main__":
    main()
