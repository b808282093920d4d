"""How a signature would do: how many incidents it can compare, and how many it calls repeats."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations

import attrs

from remedy.config import DEFAULT_PLACEHOLDERS

__all__ = ["Point", "Signature", "combined", "try_signature"]

_PLACEHOLDERS = frozenset(DEFAULT_PLACEHOLDERS)


@attrs.frozen
class Point:
    """What trying signatures needs to know of an incident.

    Attributes:
        when: The moment, in seconds; None where it is not known.
        customers: Who lived through it.
        labels: Its values in the columns that could be part of a signature.
    """

    when: float | None
    customers: tuple[Hashable, ...]
    labels: tuple[str | None, ...]


@attrs.frozen(kw_only=True)
class Signature:
    """How one signature would do. The shares are of the incidents that it can compare.

    Attributes:
        columns: What it is made of.
        incidents: How many incidents there are.
        comparable: How many of them it can compare: no part is missing or a placeholder.
        distinct: How many different failures it sees.
        again: For which share the same failure had come before.
        within: For which share that was within the window.
        same_customer: For which share it had come before to the same customer; None where the
            customers are not known.
        coarse: Whether it calls more than half of the incidents repeats: then it tells nothing.
    """

    columns: tuple[str, ...]
    incidents: int
    comparable: int
    distinct: int
    again: float
    within: float
    same_customer: float | None
    coarse: bool

    @property
    def share_comparable(self) -> float:
        """Which share of the incidents it can compare."""
        return self.comparable / self.incidents if self.incidents else 0.0

    @property
    def is_useful(self) -> bool:
        """Whether it compares at least half of the incidents, and calls some of them repeats."""
        return not self.coarse and self.again > 0 and self.share_comparable >= 0.5


def plain_label(text: str | None) -> str | None:
    """Return a label as signatures compare it; None for what stands for nothing."""
    if text is None:
        return None
    plain = " ".join(text.casefold().split())
    return None if not plain or plain in _PLACEHOLDERS else plain


class _Earlier:
    """The latest moment, before the present one, at which something was seen."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[float, float | None]] = {}

    def see(self, what: Hashable, when: float) -> float | None:
        """Note it; return when it was seen before. What is at the same moment is not before."""
        latest, before = self._seen.get(what, (None, None))
        if latest is not None and latest == when:
            return before
        self._seen[what] = (when, latest)
        return latest


def try_signature(
    columns: Sequence[str],
    points: Sequence[Point],
    key: Callable[[Point], Hashable | None],
    *,
    window_seconds: float,
    customers_known: bool,
    coarse_share: float = 0.5,
    coarse_from: int = 20,
) -> Signature:
    """Return how a signature does.

    Args:
        columns: What it is made of.
        points: The incidents, in the order of their times.
        key: The failure of an incident; None where it cannot be compared.
        window_seconds: Within how many seconds a failure counts as back.
        customers_known: Whether the customers are known.
        coarse_share: From which share of repeats within the window on it is too coarse.
        coarse_from: From how many comparable incidents on that is judged.
    """
    failures, persons = _Earlier(), _Earlier()
    comparable = again = within = same = 0
    keys: set[Hashable] = set()
    for point in points:
        failure = key(point)
        if failure is None:
            continue
        comparable += 1
        keys.add(failure)
        if point.when is None:
            continue
        before = failures.see(failure, point.when)
        if before is not None:
            again += 1
            within += point.when - before <= window_seconds
        hit = [persons.see((failure, customer), point.when) for customer in point.customers]
        same += any(each is not None for each in hit)
    share = 1 / comparable if comparable else 0.0
    return Signature(
        columns=tuple(columns),
        incidents=len(points),
        comparable=comparable,
        distinct=len(keys),
        again=again * share,
        within=within * share,
        same_customer=same * share if customers_known else None,
        coarse=comparable >= coarse_from and within * share > coarse_share,
    )


def combined(places: Sequence[int]) -> Callable[[Point], Hashable | None]:
    """Return the function that makes a key of some of a point's labels."""

    def key(point: Point) -> Hashable | None:
        parts = tuple([point.labels[place] for place in places])
        return None if None in parts else parts

    return key


def every_signature(
    columns: Sequence[str],
    points: Sequence[Point],
    *,
    window_seconds: float,
    customers_known: bool,
    largest: int = 3,
) -> Iterable[Signature]:
    """Yield how every combination of one to three columns does."""
    places = without_twins(len(columns), points)
    for size in range(1, min(largest, len(places)) + 1):
        for some in combinations(places, size):
            yield try_signature(
                [columns[place] for place in some],
                points,
                combined(some),
                window_seconds=window_seconds,
                customers_known=customers_known,
            )


def without_twins(count: int, points: Sequence[Point]) -> list[int]:
    """Return the places of labels that say something that no label before them says."""
    kept: list[int] = []
    for place in range(count):
        if not any(_are_twins(other, place, points) for other in kept):
            kept.append(place)
    return kept


def _are_twins(one: int, other: int, points: Sequence[Point]) -> bool:
    pairs = {(point.labels[one], point.labels[other]) for point in points}
    pairs = {pair for pair in pairs if None not in pair}
    return 1 < len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
