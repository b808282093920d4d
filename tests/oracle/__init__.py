"""The oracle: every rule once more, slow and obvious, over a networkx graph.

It shares no code with the rules, the check, the store or the engines, and is what they are held
against. It knows the records, the vocabulary and the configuration, and nothing else.

| module        | what it says                                               |
|---------------|------------------------------------------------------------|
| `graph`       | records as a graph                                         |
| `seen`        | what of it counts at a moment: visibility, duplicates, keys |
| `actions`     | what an action is worth at a moment                        |
| `backing`     | what stands behind an apology                              |
| `apologies`   | the other A rules                                          |
| `recurrence`  | the R rules                                                |
| `causes`      | the C and F rules                                          |
| `naming`      | which of several each finding names                        |
| `telling`     | from facts to findings                                     |
| `focus`       | which of them belong to the case around a record           |
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import networkx as nx

from remedy import records as r
from remedy.config import Config
from tests.oracle.actions import Actions
from tests.oracle.apologies import Apologies
from tests.oracle.backing import Backing
from tests.oracle.causes import Causes
from tests.oracle.focus import Case, case_around
from tests.oracle.graph import graph_of
from tests.oracle.naming import NAMES, Named, Naming
from tests.oracle.recurrence import Recurrence
from tests.oracle.row import Row
from tests.oracle.seen import Seen
from tests.oracle.telling import CODES, Telling, Told

__all__ = [
    "CODES",
    "NAMES",
    "Case",
    "Named",
    "Oracle",
    "Row",
    "Told",
    "apologies",
    "case_around",
    "findings",
    "graph_of",
    "rows",
]


class Oracle:
    """A graph at a moment, and all that is to be said about it."""

    def __init__(self, graph: nx.MultiDiGraph, as_of: datetime, config: Config) -> None:
        self.seen = Seen(graph, as_of, config)
        self.actions = Actions(self.seen)
        self.backing = Backing(self.seen, self.actions)
        self.apologies = Apologies(self.seen, self.actions)
        self.recurrence = Recurrence(self.seen, self.actions)
        self.causes = Causes(self.seen, self.actions, self.recurrence)
        self._of_cases: dict[str, Telling] = {}

    @cached_property
    def rows(self) -> set[Row]:
        """The raw facts."""
        families = (self.backing, self.apologies, self.recurrence, self.causes)
        return {row for family in families for row in family.rows()}

    @cached_property
    def _names(self) -> set[Named]:
        parts = self.actions, self.backing, self.apologies, self.recurrence
        return set(Naming(self.seen, *parts).rows())

    def findings(self, profile: str, case: Case | None = None) -> set[Told]:
        """What is told of them; or of those that belong to one case."""
        if case is None:
            return Telling(self.seen, self.recurrence, self.rows, profile).findings()
        if profile not in self._of_cases:
            # Whether the signature is too coarse is not asked of a case.
            found = {row for row in self.rows if row.code != "R200"}
            self._of_cases[profile] = Telling(self.seen, self.recurrence, found, profile)
        return self._of_cases[profile].findings(lambda row: self.belongs(row, case))

    def named(self, profile: str, case: Case | None = None) -> set[Named]:
        """What the rules name; or what they do of what belongs to one case."""
        rows = {row for row in self.rows if case is None or row.code != "R200"}
        asked = Telling(self.seen, self.recurrence, rows, profile).rows
        subjects = {(row.code, row.subject) for row in asked}
        return {
            each
            for each in self._names
            if (each.code, each.subject) in subjects
            if case is None or self.belongs(each, case)
        }

    def belongs(self, row: Row | Named, case: Case) -> bool:
        """Whether a fact is about something in a case. R200 is about the casebook, and never is."""
        if row.code == "C301":
            counting = case.incidents.intersection(self.seen.incidents())
            failures = {self.seen.failure(each) for each in counting} - {None}
            return row.subject in counting or self.seen.failure(row.subject) in failures
        record = self.seen.graph.nodes.get(row.subject, {}).get("record")
        if isinstance(record, r.Promise):
            return self.seen.made_in(record) in case.apologies
        return row.subject in case.incidents | case.causes | case.actions | case.customers

    def states(self, case: Case | None = None) -> dict[str, str]:
        """The state of every apology; or of those that belong to one case."""
        found = self.backing.states()
        return {
            apology: state
            for apology, state in found.items()
            if case is None or apology in case.apologies
        }


def rows(graph: nx.MultiDiGraph, as_of: datetime, config: Config) -> set[Row]:
    """Return the raw facts, before selection, profile and absorption."""
    return Oracle(graph, as_of, config).rows


def findings(
    graph: nx.MultiDiGraph, as_of: datetime, config: Config, profile: str = "capa"
) -> set[Told]:
    """Return what is told: (key, code, also, severity, subject)."""
    return Oracle(graph, as_of, config).findings(profile)


def apologies(graph: nx.MultiDiGraph, as_of: datetime, config: Config) -> dict[str, str]:
    """Return the state of every apology, by id."""
    return Oracle(graph, as_of, config).states()
