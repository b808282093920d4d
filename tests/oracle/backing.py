"""What stands behind an apology: A101 to A110, A114, and the states of incidents and apologies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from remedy import records as r
from remedy.vocabulary import DecisionKind, DetectedBy, Gate, PromiseKind, Role, Strength
from tests.oracle.actions import Actions
from tests.oracle.row import Row
from tests.oracle.seen import Seen, is_detected, is_weak, noted, start

# How well a path is placed. WAITING ranks below everything where the best is looked for, and in
# its place where the worst is.
MET, DECIDED, IN_HAND, WAITING, WOULD_NOT_DO, LATE, DOES_NOT_DO, NOTHING = range(8, 0, -1)
FIRES = {NOTHING: "A102", DOES_NOT_DO: "A104", LATE: "A103", WOULD_NOT_DO: "A114"}


def best(grades: Iterable[int]) -> int:
    """The best of the grades, of which WAITING is the lowest."""
    return max(grades, key=lambda grade: 0 if grade == WAITING else grade)


def through(gate: Gate, grades: list[int]) -> int:
    """What a gate makes of its paths: any one suffices, so all must be met; all needed, so one."""
    return min(grades) if gate is Gate.ANY else best(grades)


class Backing:
    """The backing of the incidents that somebody apologised for."""

    def __init__(self, seen: Seen, actions: Actions) -> None:
        self.seen = seen
        self.actions = actions
        self.as_of = seen.as_of
        self.value = cache(self.value)
        self.walk = cache(self.walk)

    # --- what the rules ask ------------------------------------------------------------------

    def grace_is_over(self, incident: str) -> bool:
        """More than the grace has passed since it was noted, or non-recurrence was promised."""
        promised = any(
            promise.kind is PromiseKind.NON_RECURRENCE for promise in self.seen.promises(incident)
        )
        return promised or self.as_of - noted(self.seen[incident]) > self.seen.config.grace

    def needs_no_action(self, incident: str) -> bool:
        """Whether it was decided that no action is needed."""
        return self.seen.decided(incident, DecisionKind.NO_ACTION)

    def standing(self, incident: str, cause: str) -> list[str]:
        """The fixers of a cause that stand behind an incident."""
        fixers = self.seen.fixers(cause)
        return [each for each in fixers if self.actions.stands_behind(each, incident)]

    def rank(self, action: str) -> int:
        """How well an action is placed, wherever it stands."""
        status = self.actions.status(action)
        changes = self.actions.changes_process(action)
        if status.implemented is not None:
            return MET if changes else DOES_NOT_DO
        if not status.open or self.actions.is_overdue(action):
            return LATE  # overdue, cancelled, or closed without having been implemented
        return IN_HAND if changes else WOULD_NOT_DO

    def own(self, incident: str, cause: str) -> int:
        """The best-placed of what a cause itself has to show: actions, or a decision."""
        grades = [
            self.rank(action)
            for action in self.standing(incident, cause)
            if not self.actions.is_ineffective(action)
        ]
        if self.seen.decided(cause, DecisionKind.NO_ACTION):
            grades.append(DECIDED)
        if not grades:
            grades.append(NOTHING if self.grace_is_over(incident) else WAITING)
        return best(grades)

    def value(self, incident: str, cause: str) -> int:
        """A cause's own grade or, if better, that of what lies deeper, by its gate."""
        deeper = [self.value(incident, each) for each in self.seen.deeper(cause)]
        own = self.own(incident, cause)
        return best([own, through(self.seen[cause].gate, deeper)]) if deeper else own

    def grade(self, incident: str) -> int | None:
        """How well an incident's required paths are placed; None without a cause."""
        causes = self.seen.causes(incident, Role.CAUSE)
        if not causes:
            return None
        return through(self.seen[incident].gate, [self.value(incident, cause) for cause in causes])

    def met(self, incident: str) -> set[str]:
        """The implemented process changes on the paths."""
        return {
            action
            for cause in self.seen.closure(incident)
            for action in self.standing(incident, cause)
            if not self.actions.is_ineffective(action) and self.rank(action) == MET
        }

    # --- the codes ---------------------------------------------------------------------------

    def rows(self) -> Iterator[Row]:
        """Every backing fact of every incident that somebody apologised for."""
        for incident in self.seen.incidents():
            apologies = self.seen.apologies(incident)
            if apologies:
                detected = all(map(is_detected, apologies))
                for code in self.codes(incident):
                    yield Row(code, incident, weak=detected)
                yield from self.came_back(incident)
                if self.has_failed_path(incident):
                    yield Row("A107", incident, weak=detected)

    def codes(self, incident: str) -> Iterator[str]:
        """All but A107 and A110. A decision that no action is needed silences them all."""
        if self.needs_no_action(incident):
            return
        if main := self.main_code(incident):
            yield main
        if self.is_weaker_only(incident):
            yield "A105"
        if self.is_unverified(incident):
            yield "A106"
        if self.escaped(incident):
            yield "A109"

    def main_code(self, incident: str) -> str | None:
        """A101 without a cause; else what the required paths give, but A108 where one is met."""
        grade = self.grade(incident)
        if grade is None:
            undecided = not self.seen.decided(incident)
            return "A101" if undecided and self.grace_is_over(incident) else None
        if grade in FIRES and self.met(incident):
            return "A108"
        return FIRES.get(grade)

    def is_weaker_only(self, incident: str) -> bool:
        """A105: there are process changes on the paths, and every one is weaker."""
        met = self.met(incident)
        return bool(met) and all(self.actions.strength(a) is Strength.WEAKER for a in met)

    def is_unverified(self, incident: str) -> bool:
        """A106: a process change on the paths was not verified in its window."""
        return any(map(self.is_late_to_verify, self.met(incident)))

    def is_late_to_verify(self, action: str) -> bool:
        """Whether an implemented action was not verified in its window."""
        implemented = self.actions.status(action).implemented
        window = implemented + self.seen.config.verification_window
        late = self.as_of > (self.seen[action].verify_by or window)
        return late and not self.actions.is_judged(action, since=implemented)

    def escaped(self, incident: str) -> bool:
        """A109: it has a cause, it reached the customer, and no escape cause is addressed."""
        reached = self.seen[incident].detected_by is DetectedBy.CUSTOMER or bool(
            self.seen.about(incident, r.Complaint)
        )
        addressed = any(
            self.actions.live_fixers(cause) or self.seen.decided(cause, DecisionKind.NO_ACTION)
            for cause in self.seen.escape_closure(incident)
        )
        return bool(self.seen.causes(incident, Role.CAUSE)) and reached and not addressed

    def walk(self, incident: str) -> tuple[str, str] | None:
        """Walk the incidents of the failure after the first apology; the first that decides counts.

        A110, if surely no process change on the causes was in effect; A107, if one surely was,
        within its scope, and no different cause is on record; else the next is looked at. Returns
        the code and the incident that decided.
        """
        first = self.seen.apologies(incident)[0].made
        changes = {
            (action, cause)
            for cause in self.seen.closure(incident)
            for action in self.standing(incident, cause)
            if self.actions.changes_process(action)
        }
        for later in self.seen.same_failure(self.seen.failure(incident)):
            if later == incident or not start(self.seen[later]) > first:
                continue
            if not any(self.actions.may_be_in_effect_at(each, later) for each, _ in changes):
                return "A110", later
            unknown = not self.seen.has_any_cause(later)
            for action, cause in changes:
                at_work = self.actions.in_effect_at(action, later)
                same_cause = unknown or cause in self.seen.full_closure(later)
                if at_work and self.actions.takes_in(action, later) and same_cause:
                    return "A107", later
        return None

    def came_back(self, incident: str) -> Iterator[Row]:
        """A107 or A110, by recurrence."""
        decided = self.walk(incident)
        if decided:
            code, later = decided
            detected = all(map(is_detected, self.seen.apologies(incident)))
            weak = is_weak(self.seen[later]) or detected
            yield Row(code, incident, what=later, weak=weak)

    def has_failed_path(self, incident: str) -> bool:
        """A107, by verdict: an action was verified ineffective and nothing else meets its path."""
        grade = self.grade(incident)
        return (
            grade is not None
            and grade < DECIDED
            and any(
                self.is_open(incident, cause) and self.actions.is_ineffective(action)
                for cause in self.seen.closure(incident)
                for action in self.standing(incident, cause)
            )
        )

    def is_open(self, incident: str, cause: str) -> bool:
        """Whether a path through a cause is neither met nor decided, from the incident on."""
        if self.value(incident, cause) >= DECIDED:
            return False
        if cause in self.seen.causes(incident, Role.CAUSE):
            return True
        closure = self.seen.closure(incident)
        return any(
            self.is_open(incident, each) for each in self.seen.shallower(cause) if each in closure
        )

    # --- states ------------------------------------------------------------------------------

    def state(self, incident: str) -> str:
        """How one incident's apologies stand, as far as it goes."""
        decided = self.walk(incident)
        if (decided and decided[0] == "A107") or self.has_failed_path(incident):
            return "failed"
        if decided:
            return "hollow"
        grade = self.grade(incident)
        if grade is None:
            if self.seen.decided(incident):
                return "decided"
            return "unbacked" if self.grace_is_over(incident) else "waiting"
        if grade == MET:
            return "backed"
        if self.needs_no_action(incident) or grade == DECIDED:
            return "decided"
        if grade in (IN_HAND, WAITING):
            return "in hand" if grade == IN_HAND else "waiting"
        return "partly" if self.met(incident) else "unbacked"

    def states(self) -> dict[str, str]:
        """The state of every apology that is for an incident that counts."""
        found = {}
        for apology in self.seen.visible(r.Apology):
            states = [self.state(each) for each in self.seen.apologised_for(apology.id)]
            if states:
                found[apology.id] = overall(states)
        return found


def overall(states: list[str]) -> str:
    """The state of an apology, of those of its incidents."""
    some_backed = "backed" in states and set(states) != {"backed"}
    for state in ("failed", "hollow"):
        if state in states:
            return state
    if "partly" in states or some_backed:
        return "partly"
    order = ("unbacked", "waiting", "in hand", "decided", "backed")
    return next(state for state in order if state in states)
