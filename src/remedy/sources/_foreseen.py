"""What a casebook would refuse at the end of an import, where nobody knows the row any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from remedy._filing import unknown_intervention
from remedy.records import Action, Cause, External, Link, Record
from remedy.sources.compiling import Unfit

__all__ = ["Foreseen"]


class Foreseen:
    """Refuses unknown interventions, and causes that would explain each other in a circle.

    Circles over links that are on file already are found by the casebook alone; where their causes
    stand in the source is told by `places`.

    Args:
        interventions: The names in the casebook's table; None where they are not known.
        column_of: What finds the column of a field of a kind of record.
    """

    KINDS = ("cause", "action")
    """The kinds of records that it has something to say of."""

    def __init__(
        self,
        interventions: Collection[str] | None,
        column_of: Callable[[str, str], str | None],
    ) -> None:
        self._interventions = interventions
        self._column_of = column_of
        self._effects: dict[str, tuple[Link, ...]] = {}
        self._ids: dict[External, str] = {}
        self._places: dict[str, str] = {}

    def check(self, records: Iterable[Record], place: str) -> None:
        """Check the records of one case, and remember its causes, unless it is refused.

        Args:
            records: The records.
            place: Where the case stands.

        Raises:
            Unfit: If the casebook would refuse one of them.
        """
        before: list[tuple[str, tuple[Link, ...]]] = []
        try:
            for record in records:
                if isinstance(record, Cause):
                    before.append((record.id, self._effects.get(record.id, ())))
                    self._check_cause(record, place)
                elif isinstance(record, Action):
                    self._check_action(record)
        except Unfit:
            for id, effects in reversed(before):
                self._effects[id] = effects
            raise

    def places(self, ids: Iterable[str]) -> list[str]:
        """Return, of causes that come from the source, where they stand: "CAU-1: line 7"."""
        return [f"{id}: {self._places[id]}" for id in dict.fromkeys(ids) if id in self._places]

    def _check_action(self, action: Action) -> None:
        known = self._interventions
        if action.intervention is None or known is None or action.intervention in known:
            return
        raise Unfit(
            self._column_of("action", "intervention"),
            action.intervention,
            f"action.intervention: {unknown_intervention(sorted(known))}",
        )

    def _check_cause(self, cause: Cause, place: str) -> None:
        if cause.source is not None and cause.external_id is not None:
            there = External(source=cause.source, external_id=cause.external_id)
            self._ids[there] = cause.id
        self._places.setdefault(cause.id, place)
        self._effects[cause.id] = self._effects.get(cause.id, ()) + cause.effects
        circle = self._circle(cause.id)
        if circle is None:
            return
        others = self.places(id for id in circle if id != cause.id)
        where = f" ({'; '.join(others)})" if others else ""
        raise Unfit(
            self._column_of("cause", "effects"),
            None,
            f"cause.effects: these causes would explain each other in a circle: "
            f"{' → '.join(circle)}{where}. Leave out the link that is wrong, or split the cause "
            f"that stands for two things.",
        )

    def _circle(self, start: str) -> list[str] | None:
        """Return a way from a cause over deeper ones back to it, if there is one."""
        came_from: dict[str, str] = {}
        todo = [start]
        while todo:
            each = todo.pop()
            for link in self._effects.get(each, ()):
                effect = self._ids.get(link.to, "") if isinstance(link.to, External) else link.to
                if effect == start:
                    way = [start, each]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return way
                if effect not in came_from:
                    came_from[effect] = each
                    todo.append(effect)
        return None
