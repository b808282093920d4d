"""How often each rule fires on the random casebooks: `python -m tests.oracle.coverage 1000`."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable

from tests.oracle import CODES, findings, graph_of
from tests.oracle.random_casebooks import random_casebook


def codes_told(seed: int) -> set[str]:
    """The codes that the oracle tells of a casebook, alone or in another finding."""
    case = random_casebook(seed)
    told = findings(graph_of(case.records), case.as_of, case.config)
    return {finding.code for finding in told}.union(*(finding.also for finding in told))


def shares(told: Iterable[set[str]]) -> dict[str, float]:
    """In which share of the casebooks each rule fires."""
    count = 0
    fired: Counter[str] = Counter()
    for codes in told:
        count += 1
        fired.update(codes)
    return {code: fired[code] / count for code in CODES}


def main() -> None:
    """Print a table of the shares, and the states of the apologies."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    began = time.process_time()
    table = shares(codes_told(seed) for seed in range(count))
    spent = time.process_time() - began
    lines = [f"{count} casebooks, {1000 * spent / count:.0f} ms each", "", "code   fires", ""]
    for code, share in table.items():
        mark = "" if 0.05 <= share <= 0.95 else "  <-- outside 5 % to 95 %"
        lines.append(f"{code}  {100 * share:5.1f} %{mark}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
