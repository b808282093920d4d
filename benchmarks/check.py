"""`remedy.check` over a whole casebook, beside other ways of answering the same questions.

All of them answer all rules of the profile `capa`, and say how it stands with every apology and
promise: the same rows, by checksum. Each runs in a process of its own; runs take turns, since a
machine is not equally busy all the time, and ratios are those of neighbours.
"""

from __future__ import annotations

from typing import Any

from benchmarks import _measuring as measuring
from benchmarks._contender import CONTENDERS
from benchmarks._generator import write_casebook

__all__ = ["main"]

_SLOW = ("networkx", "pandas")
_ABSORBED = ("C301", "C302", "C303", "F402", "F403", "F404", "F405", "F408", "F409", "A130")
"""The codes whose rows can go into another finding, where only the code is told."""


def measured(
    path: Any, rounds: int, slow_rounds: int, names: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Return what each contender took, over several rounds, and what came out."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names:
            if name not in _SLOW or number < slow_rounds:
                runs[name].append(measuring.child("_contender", name, path))
    told = {}
    for name, all_runs in runs.items():
        one = dict(all_runs[0])
        for field in [field for field in one if field.startswith("seconds")]:
            for clock in ("wall", "cpu"):
                one[f"{field}_{clock}"] = measuring.summary([r[field][clock] for r in all_runs])
            del one[field]
        for field in [field for field in one if field.startswith("peak_mb")]:
            one[field] = round(max(run[field] for run in all_runs), 1)
        told[name] = one
    return told


def agreement(told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return whether all of them found the same."""
    rows = {name: each["sha256"] for name, each in told.items() if name != "remedy"}
    states = [each["states_sha256"] for each in told.values() if each["states_sha256"]]
    differences = []
    if "remedy" in told:
        # In a report the rows of absorbed codes stand in the findings that took them.
        whole, all_rows = told["remedy"]["counts"], told["bare_sql"]["counts"]
        differences = [
            code for code in {*whole, *all_rows}
            if whole.get(code, 0) > all_rows.get(code, 0)
            or (whole.get(code, 0) < all_rows.get(code, 0) and code not in _ABSORBED)
        ]  # fmt: skip
    return {
        "rows": len(set(rows.values())) == 1,
        "states": all(each == states[0] for each in states),
        "findings_tell_all_rows": not differences,
    }


def ratios(told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return how many times as long one takes as the other."""

    def ratio(one: str, other: str, clock: str) -> float:
        return measuring.median_ratio(
            told[one][f"seconds_{clock}"]["runs"], told[other][f"seconds_{clock}"]["runs"]
        )

    made = {}
    for clock in ("wall", "cpu"):
        made[f"remedy_to_bare_sql_{clock}"] = ratio("remedy", "bare_sql", clock)
        made[f"remedy_rows_to_bare_sql_{clock}"] = ratio("remedy_rows", "bare_sql", clock)
        for rival in _SLOW:
            if rival in told:
                made[f"{rival}_to_remedy_{clock}"] = ratio(rival, "remedy", clock)
    return made


def main() -> None:
    """Run it."""
    arguments = measuring.parser(__doc__ or "", 100_000)
    arguments.add_argument("--troubled", type=float, default=0.01, help="share of incidents")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--slow-rounds", type=int, default=1, help="of pandas and networkx")
    arguments.add_argument("--without", nargs="*", default=[], choices=_SLOW)
    arguments.add_argument("--no-growth", action="store_true", help="leave out a tenth of the size")
    given = arguments.parse_args()
    names = tuple(name for name in CONTENDERS if name not in given.without)
    with measuring.folder(given.keep) as place:
        path = measuring.casebook(place, given.size, given.troubled, write_casebook)
        told = measured(path, given.rounds, given.slow_rounds, names)
        growth = {}
        if not given.no_growth:
            small = measuring.casebook(place, given.size // 10, given.troubled, write_casebook)
            before = measured(small, given.rounds, 1, ("remedy", "bare_sql"))
            for name in before:
                for clock in ("wall", "cpu"):
                    field = f"seconds_{clock}"
                    growth[f"{name}_{clock}"] = round(
                        told[name][field]["median"] / before[name][field]["median"], 2
                    )
        bare = told["bare_sql"]
        measuring.show(
            {
                "benchmark": "check",
                "size": given.size,
                "troubled": given.troubled,
                "file_mb": round(path.stat().st_size / 1e6, 1),
                "rows": bare["rows"],
                "incidents_with_rows": bare["incidents"],
                "share_with_rows": round(bare["incidents"] / given.size, 5),
                "findings": told["remedy"]["findings"],
                "agree": agreement(told),
                "ratios": ratios(told),
                "growth_from_a_tenth": growth,
                "contenders": told,
            }
        )


if __name__ == "__main__":
    main()
