"""Runs the tests against one mutant after the other, each in a process of its own.

The tests are collected once. Which of them reach which function is found out by running all of them
on the code as it is; then each mutant meets those that reach it, up to the first that fails. Those
that killed a mutant of the same function come first.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pytest

PATIENCE = 20.0
"""How many seconds a mutant has beside five times those that its tests take."""


class Mutant(NamedTuple):
    """A change of the code.

    Attributes:
        name: What it is called.
        function: What has to be reached for it to make a difference; "" for anything.
        activate: Makes the change in this process.
        shown: The change, for people.
    """

    name: str
    function: str
    activate: Callable[[], None]
    shown: str


class NotAMutant(Exception):
    """What was changed is nothing that can be run, or makes no difference at all."""


class Probe(NamedTuple):
    """What stands for a test: it fails by raising.

    Attributes:
        nodeid: Its name.
        run: Runs it.
    """

    nodeid: str
    run: Callable[[], None]


class Child(NamedTuple):
    pid: int
    pipe: int
    mutant: Mutant
    began: float
    until: float


class Running:
    """A plugin for pytest: runs the mutants in the place of the tests.

    Args:
        mutants: The mutants.
        observed: Gives the functions that were reached since it was last asked.
        before: Makes the process one that observes.
        without: Parts of the names of tests to leave out.
        results: Where to write what came of each, a line of JSON each.
        workers: How many at once.
        seconds: How long the tests of a mutant may take, as measured on the code as it is: of more
            tests the shortest are run, and what only the others would notice is told as survived.
    """

    def __init__(
        self,
        mutants: Sequence[Mutant],
        observed: Callable[[], set[str]],
        before: Callable[[], None],
        without: Sequence[str],
        results: Path,
        workers: int,
        seconds: float,
    ) -> None:
        self.mutants = mutants
        self.observed = observed
        self.before = before
        self.without = without
        self.results = results
        self.workers = workers
        self.seconds = seconds
        self.failed = False
        self.why = ""
        self.took: dict[int, float] = {}
        self.number: list[int] = []
        self.reaching: dict[str, list[int]] = defaultdict(list)
        self.killers: dict[str, list[int]] = defaultdict(list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self) -> None:
        from hypothesis import HealthCheck, Phase, settings

        # A failing example is enough; to make it small would take minutes.
        settings.register_profile(
            "mutation",
            deadline=None,
            derandomize=True,
            database=None,
            max_examples=50,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        items[:] = [item for item in items if not any(part in item.nodeid for part in self.without)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = True
            self.why = str(report.longrepr)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.run_mutants(session.items)
        return True

    def run_mutants(self, items: Sequence[pytest.Item | Probe]) -> None:
        """Run the mutants, each against these."""
        self.items = items
        # Its number among the cases of one test function.
        counted: dict[str, int] = defaultdict(int)
        for item in self.items:
            function = item.nodeid.partition("[")[0]
            self.number.append(counted[function])
            counted[function] += 1
        self._observe()
        gc.collect()
        gc.freeze()
        with self.results.open("a", encoding="utf-8") as file:
            for told in self._outcomes():
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
                file.flush()

    # --- which test reaches what ------------------------------------------------------------------

    def _observe(self) -> None:
        imported: list[str] = []
        receiving, sending = os.pipe()
        if not (pid := os.fork()):
            self._quietly()
            self.before()
            with os.fdopen(sending, "w", encoding="utf-8") as pipe:
                self._observe_here(pipe)
            os._exit(0)
        os.close(sending)
        with os.fdopen(receiving, encoding="utf-8") as pipe:
            for line in pipe:
                told = json.loads(line)
                if isinstance(told, str):
                    imported.append(told)
                    continue
                place, took, functions, why = told
                if why:
                    raise pytest.UsageError(f"{self.items[place].nodeid} fails as it is: {why}")
                self.took[place] = took
                for function in ("", *functions):
                    self.reaching[function].append(place)
        os.waitpid(pid, 0)
        # What tests import as they run would else be imported again for each mutant.
        for name in imported:
            with contextlib.suppress(Exception):
                importlib.import_module(name)

    def _observe_here(self, pipe: TextIO) -> None:
        before = set(sys.modules)
        for place, item in enumerate(self.items):
            self.observed()
            began = time.monotonic()
            self._run(item, self.items[place + 1] if place + 1 < len(self.items) else None)
            took = time.monotonic() - began
            pipe.write(json.dumps([place, took, sorted(self.observed()), self.why]) + "\n")
        for name, module in list(sys.modules.items()):
            if name not in before and getattr(module, "__spec__", None):
                pipe.write(json.dumps(name) + "\n")

    # --- mutants ----------------------------------------------------------------------------------

    def _outcomes(self) -> Iterator[dict[str, Any]]:
        waiting = list(reversed(self.mutants))
        running: list[Child] = []
        while waiting or running:
            while waiting and len(running) < self.workers:
                mutant = waiting.pop()
                places = self._tests_of(mutant)
                if places:
                    running.append(self._start(mutant, places))
                else:
                    yield self._outcome(mutant, "not reached", 0.0, None)
            if not running:
                continue
            ready, _, _ = select.select([each.pipe for each in running], [], [], 1.0)
            for child in list(running):
                if child.pipe in ready or time.monotonic() > child.until:
                    running.remove(child)
                    yield self._end(child)

    def _tests_of(self, mutant: Mutant) -> list[int]:
        killers = self.killers[mutant.function]
        reaching = self.reaching[""] if mutant.function.startswith("sql ") else None
        others = set(reaching or self.reaching.get(mutant.function, ())) - set(killers)
        places = [*killers, *sorted(others, key=self._rank)]
        until = accumulate(self.took[place] for place in places)
        return [place for place, total in zip(places, until, strict=True) if total <= self.seconds]

    def _rank(self, place: int) -> float:
        """Return what the tests come in the order of: those that take long later, however many."""
        if self.items[place].nodeid.startswith("rule case"):
            return self.took[place] / 4
        return self.took[place] * (1 + self.number[place] / 10)

    def _start(self, mutant: Mutant, places: Sequence[int]) -> Child:
        receiving, sending = os.pipe()
        if not (pid := os.fork()):
            os.close(receiving)
            os.setsid()
            self._quietly()
            try:
                mutant.activate()
            except NotAMutant:
                os.write(sending, b"not a mutant")
                os._exit(0)
            except BaseException:
                os._exit(2)
            try:
                for number, place in enumerate(places):
                    following = places[number + 1] if number + 1 < len(places) else None
                    self._run(
                        self.items[place], None if following is None else self.items[following]
                    )
                    if self.failed:
                        os.write(sending, f"{place}".encode())
                        os._exit(1)
                os.write(sending, b"survived")
            except NotAMutant:
                os.write(sending, b"not a mutant")
            except BaseException:
                os.write(sending, f"{places[0]}".encode())
            os._exit(0)
        os.close(sending)
        began = time.monotonic()
        limit = PATIENCE + 5 * sum(self.took[place] for place in places)
        return Child(pid, receiving, mutant, began, began + limit)

    def _end(self, child: Child) -> dict[str, Any]:
        too_long = time.monotonic() > child.until
        told = "" if too_long else os.read(child.pipe, 100).decode()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        os.close(child.pipe)
        os.waitpid(child.pid, 0)
        took = time.monotonic() - child.began
        if too_long:
            return self._outcome(child.mutant, "timed out", took, None)
        if told in ("survived", "not a mutant"):
            return self._outcome(child.mutant, told, took, None)
        if not told:  # It brought the whole process down.
            return self._outcome(child.mutant, "killed", took, "the process ended")
        place = int(told)
        killers = self.killers[child.mutant.function]
        if place in killers:
            killers.remove(place)
        killers.insert(0, place)
        del killers[8:]
        return self._outcome(child.mutant, "killed", took, self.items[place].nodeid)

    def _outcome(self, mutant: Mutant, outcome: str, took: float, by: str | None) -> dict[str, Any]:
        told = {"name": mutant.name, "outcome": outcome, "took": round(took, 2)}
        return told | {"by": by, "shown": mutant.shown}

    # --- in the child -----------------------------------------------------------------------------

    def _run(self, item: pytest.Item | Probe, following: pytest.Item | Probe | None) -> None:
        if isinstance(item, Probe):
            try:
                item.run()
            except NotAMutant:
                raise
            except Exception as error:
                self.failed = True
                self.why = repr(error)
            return
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _quietly(self) -> None:
        self.nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        for number in (1, 2):
            os.dup2(self.nowhere.fileno(), number)
        item = self.items[0]
        if not isinstance(item, Probe):
            terminal: Any = item.config.pluginmanager.getplugin("terminalreporter")
            terminal._tw._file = self.nowhere
