"""How it stands with apologies and promises: compact, with objects made when looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, overload

import attrs

from remedy.errors import CasebookError
from remedy.vocabulary import ApologyState, BehindState, PromiseState

__all__ = ["Behind", "LookUp", "LookedUp", "Packed", "Standing", "Standings"]

_BLOCK = 4096


class Packed(Sequence[str]):
    """Very many ids in little room: a string of its own takes five times that of its letters.

    Args:
        ids: The ids; none has a line break.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._blocks: list[bytes] = []
        self._length = 0
        self._open: tuple[int, list[str]] = (-1, [])
        rest = iter(ids)
        while block := list(islice(rest, _BLOCK)):
            self._blocks.append("\n".join(block).encode())
            self._length += len(block)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(self._length))]
        number, within = divmod(range(self._length)[place], _BLOCK)
        opened, ids = self._open
        if opened != number:
            ids = self._blocks[number].decode().split("\n")
            self._open = number, ids
        return ids[within]


@attrs.frozen(kw_only=True)
class Behind:
    """An action about a cause of what was apologised for.

    Attributes:
        incident: The incident.
        cause: The cause, or a deeper one.
        action: What addresses it.
        state: How that stands, for this incident.
    """

    incident: str
    cause: str
    action: str
    state: BehindState

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON can hold it."""
        return {name: str(value) for name, value in attrs.asdict(self).items()}


LookedUp = tuple[tuple[str, ...], tuple[Behind, ...]]
"""The incidents of an apology, and what stands behind it."""

LookUp = Callable[[Sequence[str]], Mapping[str, LookedUp]]
"""Looks up many apologies, or promises, at once."""


def _nowhere(_: Sequence[str]) -> Mapping[str, LookedUp]:
    raise CasebookError("this report", "knows no casebook in which it could look that up.")


class _Part:
    """Apologies, or promises, that are looked up together as soon as one of them is."""

    __slots__ = ("_found", "_ids", "_look_up")

    def __init__(self, look_up: LookUp, ids: Sequence[str]) -> None:
        self._look_up = look_up
        self._ids = ids
        self._found: Mapping[str, LookedUp] | None = None

    def of(self, id: str) -> LookedUp:
        if self._found is None:
            self._found = self._look_up(self._ids)
        return self._found.get(id, ((), ()))


@attrs.frozen(kw_only=True)
class Standing:
    """How it stands with an apology, or with a promise.

    Its incidents, and what stands behind it, are looked up in the casebook when they are asked for,
    as of the date of the check: ask while the casebook is open.

    Attributes:
        id: The apology or the promise.
        state: An `ApologyState` or a `PromiseState`.

    Example:
        >>> import remedy
        >>> book = remedy.examples.load("twice-shipped-collect")
        >>> backed = [each for each in book.check().apologies if each.state == "backed"]
        >>> [(each.id, each.incidents) for each in backed]
        [('APO-2', ('INC-2',))]
        >>> [(each.action, str(each.state)) for each in backed[0].behind]
        [('ACT-2', 'no process change planned'), ('ACT-3', 'process changed')]
    """

    id: str
    state: ApologyState | PromiseState
    _part: _Part = attrs.field(factory=lambda: _Part(_nowhere, ()), eq=False, repr=False)

    @property
    def incidents(self) -> tuple[str, ...]:
        """The incidents that the apology is for; of a promise, those of its apology.

        Raises:
            CasebookError: If the casebook is closed.
        """
        return self._part.of(self.id)[0]

    @property
    def behind(self) -> tuple[Behind, ...]:
        """What is done about the causes of these incidents, and how that stands.

        Raises:
            CasebookError: If the casebook is closed.
        """
        return self._part.of(self.id)[1]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it, with what there is to look up."""
        return {
            "id": self.id,
            "state": str(self.state),
            "incidents": list(self.incidents),
            "behind": [each.to_dict() for each in self.behind],
        }


_TOGETHER = 500
"""How many are looked up at once where all are gone through."""


class Standings(Sequence[Standing]):
    """Every apology, or every promise, with its state, made when looked at.

    Args:
        words: The states.
        ids: The apologies or promises; `Packed`, if they may be very many.
        states: For each, the number of its state, from 1.
        look_up: Looks up what there is besides.
    """

    def __init__(
        self,
        words: type[ApologyState] | type[PromiseState],
        ids: Sequence[str],
        states: bytes,
        look_up: LookUp = _nowhere,
    ) -> None:
        self._words = words
        self._all: tuple[ApologyState | PromiseState, ...] = tuple(words)
        self._ids = ids
        self._of = states
        self._look_up = look_up

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, place: int) -> Standing: ...

    @overload
    def __getitem__(self, place: slice) -> Standings: ...

    def __getitem__(self, place: int | slice) -> Standing | Standings:
        if isinstance(place, slice):
            return Standings(self._words, self._ids[place], self._of[place], self._look_up)
        return self._standing(place, _Part(self._look_up, [self._ids[place]]))

    def __iter__(self) -> Iterator[Standing]:
        for start in range(0, len(self._ids), _TOGETHER):
            ids = self._ids[start : start + _TOGETHER]
            part = _Part(self._look_up, ids)
            for place in range(start, start + len(ids)):
                yield self._standing(place, part)

    def _standing(self, place: int, part: _Part) -> Standing:
        return Standing(id=self._ids[place], state=self._all[self._of[place] - 1], part=part)

    def __repr__(self) -> str:
        return f"<Standings: {', '.join(f'{n} {s}' for s, n in self.counts().items()) or 'none'}>"

    def counts(self) -> dict[ApologyState | PromiseState, int]:
        """Return how many there are in each state, in the order of the states."""
        return {
            state: count
            for number, state in enumerate(self._all, start=1)
            if (count := self._of.count(number))
        }
