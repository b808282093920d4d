"""Random casebooks: small worlds, in which everything that the rules tell apart happens.

`random_casebook(seed)` gives the same casebook for the same seed. Each casebook has habits of its
own: how often causes are looked for, actions implemented, owners named, and so on, from hardly ever
to nearly always. So each rule has casebooks in which it fires, and others in which it is silent.
Times are drawn from a coarse grid and reused, so that ties are common; moments to look at fall on
the very edges of windows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple, TypeVar

from remedy import records as r
from remedy.config import Config
from remedy.vocabulary import ALL, Element, Gate, Impact, Role, Severity, Strength

T = TypeVar("T")

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
EARLIEST = datetime(2024, 1, 8, 9, tzinfo=UTC)
LATEST = datetime(2026, 6, 1, tzinfo=UTC)
ZONES = (UTC, timezone(HOUR), timezone(-5 * HOUR))

HABITS = (0.0, 0.1, 0.5, 0.9)
FIRM = (0.3, 0.9, 1.0)
"""How often what much depends on is done: without it most rules have nothing to look at."""
FIRM_HABITS = {
    "finds causes", "acts", "apologises", "gets things done", "verifies", "contains", "shows causes"
}  # fmt: skip
PROCESSES = ("shipping", "billing", "kitchen")
MODES = ("shipped collect", "wrong price", "late", "staples", "misprint", "cold", "lost", "torn")
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    lambda text: f"  {text.replace(' ', '   ')} ",
    lambda text: text.replace("s", "\N{LATIN SMALL LETTER LONG S}"),
)
PLACEHOLDERS = (None, "?", "Unknown", " n/a ", "OTHER")
PLACES = {"product": ("P1", "P2"), "channel": ("web", "shop"), "site": ("north", "south")}

CHANGES = (
    "forcing_function", "automation", "checklist", "monitoring", "double_check", "double_check",
    "new_procedure", "warning",
)  # fmt: skip
NO_CHANGES = ("training", "training", "memo", "talk", "simulation_training")

LIVES = (
    (),
    (),
    ("implemented",),
    ("implemented",),
    ("implemented",),
    ("implemented", "took_effect"),
    ("took_effect", "implemented"),
    ("took_effect",),
    ("implemented", "closed"),
    ("implemented", "closed"),
    ("closed",),
    ("cancelled",),
    ("implemented", "cancelled"),
    ("implemented", "cancelled", "implemented"),
    ("implemented", "cancelled", "reopened"),
    ("implemented", "closed", "reopened"),
    ("implemented", "reopened", "implemented"),
    ("implemented", "took_effect", "closed", "reopened", "implemented", "closed"),
    ("cancelled", "reopened", "took_effect"),
    ("closed", "cancelled"),
    ("cancelled", "closed"),
    ("implemented", "closed", "closed"),
    ("implemented", "closed", "closed"),
    ("implemented", "cancelled", "took_effect", "cancelled"),
)


class Case(NamedTuple):
    """A casebook to hold the rules on.

    Attributes:
        records: Everything that is on record.
        as_of: The moment to look at it.
        config: The configuration to look with.
        moments: More moments to look at it, `as_of` among them.
    """

    records: tuple[r.Record, ...]
    as_of: datetime
    config: Config
    moments: tuple[datetime, ...]


def random_casebook(seed: int) -> Case:
    """Return the casebook of a seed."""
    rng = random.Random(seed)
    kind = rng.choices(("usual", "good", "tickets", "mass"), (86, 7, 6, 1))[0]
    return _World(rng, kind).case()


class _World:
    """One casebook in the making."""

    def __init__(self, rng: random.Random, kind: str) -> None:
        self.rng = rng
        self.kind = kind
        self.habits: dict[str, float] = {}
        self.records: list[r.Record] = []
        self.moments: list[datetime] = []
        self.orders: dict[str, int] = {}
        self.incidents: list[r.Incident] = []
        self.causes: list[r.Cause] = []
        self.actions: list[r.Action] = []
        self.numbers: dict[str, int] = {}

    # --- chance ------------------------------------------------------------------------------

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def habit(self, name: str, good: float | None = None) -> bool:
        """Whether it is done this time: as often as this casebook does it.

        `good` is how often a casebook without fault does it.
        """
        if name not in self.habits:
            drawn = self.rng.choice(FIRM if name in FIRM_HABITS else HABITS)
            self.habits[name] = good if self.kind == "good" and good is not None else drawn
        return self.chance(self.habits[name])

    def some(self, things: Iterable[T], most: int) -> list[T]:
        pool = list(things)
        return self.rng.sample(pool, min(len(pool), self.rng.randint(0, most)))

    def name(self, prefix: str) -> str:
        self.numbers[prefix] = self.numbers.get(prefix, 0) + 1
        return f"{prefix}-{self.numbers[prefix]}"

    # --- time --------------------------------------------------------------------------------

    def after(self, moment: datetime, days: float = 30) -> datetime:
        """A moment not before another one: often one that was used already."""
        known = [each for each in self.moments if moment <= each <= moment + days * DAY]
        if known and self.chance(0.3):
            found = self.rng.choice(known)
        elif self.chance(0.1):
            found = moment
        else:
            hours = self.rng.choice((1, 4, 24, 24 * int(max(days / 4, 1)), int(days * 24)))
            found = moment + self.rng.randint(0, hours) * HOUR
        self.moments.append(found)
        return min(found, LATEST).astimezone(self.rng.choice(ZONES))

    def since(self, moment: datetime) -> datetime | None:
        """From when a link counts: seldom said."""
        return self.after(moment, 60) if self.chance(0.1) else None

    def day_of(self, moment: datetime) -> r.Day:
        local = moment.astimezone(self.rng.choice(ZONES[:2]))
        return r.Day(local.date(), local.strftime("%z")[:3] + ":00")

    def due(self, moment: datetime, days: float) -> datetime | r.Day:
        found = self.after(moment, days)
        return self.day_of(found) if self.chance(0.3) else found

    # --- the whole ---------------------------------------------------------------------------

    def case(self) -> Case:
        rng = self.rng
        self.config = self.draw_config()
        self.begin = EARLIEST + rng.randint(0, 200) * DAY
        self.length = rng.choice((30, 90, 200, 500))
        self.make_customers()
        self.make_incidents()
        if self.kind != "tickets":
            self.make_causes()
            self.make_actions()
            if self.chance(0.12):
                self.try_twice()
            for incident in self.incidents:
                self.look_after(incident)
            self.make_apologies()
            self.make_decisions()
        for incident in self.incidents:
            self.hear_customers(incident)
        moments = [self.draw_as_of(), self.draw_edge(), self.draw_edge()]
        order = list(self.records)
        rng.shuffle(order)
        return Case(tuple(order), moments[0], self.config, tuple(moments))

    def draw_as_of(self) -> datetime:
        """The end, later, or the middle; now and then the edge of some window."""
        latest = max(self.moments)
        way = self.rng.choice(("end", "end", "end", "later", "middle", "edge"))
        if way == "end":
            return latest + self.rng.randint(0, 40) * DAY
        if way == "later":
            return latest + self.rng.randint(80, 400) * DAY
        return self.rng.choice(self.moments) if way == "middle" else self.draw_edge()

    def draw_edge(self) -> datetime:
        """A moment at which something to be said changes, or the one before, or after."""
        kinds: dict[str, list[datetime]] = {}
        for record in self.records:
            for kind, edge in self.edges(record):
                kinds.setdefault(kind, []).append(edge)
        edge = self.rng.choice(kinds[self.rng.choice(sorted(kinds))])
        return edge + self.rng.choice((-INSTANT, 0 * DAY, 0 * DAY, INSTANT))

    def edges(self, record: r.Record) -> Iterator[tuple[str, datetime]]:
        """The moments at which what is to be said of a record changes."""
        config = self.config
        if isinstance(record, r.Incident):
            yield "grace", _noted(record) + config.grace
            yield "noted", _noted(record)
        if isinstance(record, r.Action):
            for event in record.events:
                yield "event", event.occurred
                if event.state in ("implemented", "took_effect"):
                    yield "verification", event.occurred + config.verification_window
        if isinstance(record, r.Verification):
            yield "containment", record.made + config.containment_window
        if isinstance(record, r.Apology):
            for promise in record.promises:
                yield "horizon", promise.made + config.promise_horizon
                yield from self.edges(promise)
        for field in (
            "made", "found", "decided", "due", "fulfilled", "reopened", "acknowledged", "verify_by"
        ):  # fmt: skip
            edge = getattr(record, field, None)
            if edge is not None:
                yield field, edge
        for field in ("incidents", "effects", "causes", "introduces", "actions"):
            for link in getattr(record, field, ()):
                if link.since is not None:
                    yield "since", link.since

    def draw_config(self) -> Config:
        rng = self.rng
        settings: dict[str, Any] = {}
        if self.chance(0.3):
            settings["same_customer"] = "account"
        if self.chance(0.6):
            limits = (timedelta(0), HOUR, DAY, 5 * DAY)
            settings["first_contact"] = {
                impact: rng.choice(limits) for impact in self.some(Impact, 4)
            }
        for name, spans in {
            "promise_horizon": (20, 60, 200),
            "grace": (0, 3, 30),
            "recurrence_window": (5, 30),
            "verification_window": (10, 30),
            "containment_window": (0, 10),
        }.items():
            if self.chance(0.25):
                settings[name] = rng.choice(spans) * DAY
        if self.chance(0.2):
            settings["amends_from"] = rng.choice((*Impact, None))
        if self.chance(0.2):
            settings["strength_for"] = {
                impact: rng.choice(list(Strength)) for impact in self.some(Impact, 4)
            }
        if self.chance(0.1):
            settings["severity"] = {
                code: rng.choice(list(Severity))
                for code in self.some(
                    (
                        "A101",
                        "A105",
                        "A106",
                        "A130",
                        "C301",
                        "F401",
                        "F405",
                        "F409",
                        "R201",
                        "R202",
                        "R204",
                    ),
                    3,
                )
            }
        if self.chance(0.08):
            settings["ignore"] = tuple(self.some(("A102", "A104", "R2", "R205", "C", "F405"), 2))
        if self.chance(0.02):
            settings["select"] = ("R", "A10")
        if self.chance(0.2):
            settings["coarse_from"] = rng.choice((2, 5, 10))
            settings["coarse_share"] = rng.choice((0.25, 0.5, 0.75))
        return Config(**settings)

    # --- customers and incidents -------------------------------------------------------------

    def make_customers(self) -> None:
        count = 2000 if self.kind == "mass" else self.rng.randint(2, 9)
        self.customers = [f"C-{number}" for number in range(1, count + 1)]
        for customer in self.customers:
            if self.chance(0.6):
                account = self.rng.choice((None, "ACC-1", "ACC-2", "ACC-3"))
                self.records.append(r.Customer(id=customer, account=account))

    def make_incidents(self) -> None:
        rng = self.rng
        low, high = rng.choices(((1, 4), (5, 12), (13, 24), (25, 60)), (30, 40, 18, 12))[0]
        if self.kind == "mass":
            low, high = 3, 8
        count = rng.randint(low, high)
        kinds = rng.choice((1, 2, 3, max(2, count // 2), max(2, count)))
        pairs = [(process, mode) for mode in MODES for process in PROCESSES]
        pairs += [("desk", f"failure {number}") for number in range(max(0, kinds - len(pairs)))]
        self.failures = rng.sample(pairs[: max(kinds, 3)], kinds)
        at = self.begin
        for _ in range(count):
            window = at + self.config.recurrence_window
            if self.chance(0.05) and window < LATEST:
                at = window
                self.moments.append(at)
            else:
                at = self.after(at, max(1, 2 * self.length / count))
            self.make_incident(at)

    def label(self, text: str) -> str:
        return self.rng.choice(SPELLINGS)(text) if self.chance(0.15) else text

    def make_incident(self, at: datetime) -> None:
        rng = self.rng
        process, mode = map(self.label, rng.choice(self.failures))
        fields: dict[str, Any] = {"process": process, "failure_mode": mode}
        if self.habit("keyless", 0) and self.chance(0.25):
            fields[rng.choice(("process", "failure_mode"))] = rng.choice(PLACEHOLDERS)
        for place, names in PLACES.items():
            fields[place] = rng.choice((*names, names[0], None))
        occurred: datetime | r.Day = self.day_of(at) if self.chance(0.15) else at
        fields["occurred"] = occurred
        if self.chance(0.5):
            noticed = self.after(at, 12)
            fields["detected"] = self.day_of(noticed) if self.chance(0.2) else noticed
        if self.habit("vague", 0):
            fields["occurred_basis"] = rng.choice(("observed", "reported"))
        if self.habit("detected", 0) and self.chance(0.5):
            fields["provenance"] = "detected"
        fields["impact"] = rng.choice((*Impact, None))
        fields["detected_by"] = rng.choice(("us", "us", "customer", "partner", None))
        fields["gate"] = rng.choice(tuple(Gate))
        latest = max(self.moments)
        if self.incidents and self.chance(0.08):
            twin = rng.choice(self.incidents)
            fields["duplicate_of"] = twin.id
            if self.chance(0.7):  # two records of one event are seldom far apart
                shift = rng.choice((-2, 0, 0, 3)) * HOUR
                fields["occurred"] = _first(twin.occurred) + shift
                fields["detected"] = None
        if self.habit("acknowledges", 1):
            fields["acknowledged"] = self.after(at, rng.choice((0.2, 6)))
        fields["customers"] = self.hit(at)
        incident = r.Incident(id=self.name("INC"), **fields)
        self.moments.append(latest)
        self.incidents.append(incident)
        self.records.append(incident)

    def hit(self, at: datetime) -> list[r.Affected]:
        """Whom an incident hits: often the same few."""
        if self.kind == "mass" and (not self.incidents or self.chance(0.1)):
            who = self.customers
        else:
            often = self.customers[: 2 if self.habit("regulars") else 9]
            who = self.some(often, 3)
        links = []
        for customer in who:
            number = None
            if self.habit("counts orders"):
                step = self.rng.choice((1, 1, 2, 0))
                number = self.orders[customer] = self.orders.get(customer, 0) + step
            heard = self.after(at, 3) if self.chance(0.1) and len(who) < 9 else None
            late = len(who) < 9 and self.habit("links late", 0)
            since = self.since(at) if not late else self.after(at, 90)
            links.append(
                r.Affected(customer=customer, order_no=number, acknowledged=heard, since=since)
            )
        return links

    # --- causes ------------------------------------------------------------------------------

    def make_causes(self) -> None:
        """Causes of the failures: shared by their incidents, up to three levels deep."""
        rng = self.rng
        for failure in self.failures[:8]:
            own = [each for each in self.incidents if self.is_of(each, failure)]
            if not own or not self.habit("finds causes", 1):
                continue
            for _ in range(rng.choice((1, 1, 2))):
                first = rng.choice(own)
                self.make_cause(own, self.after(_first(first.occurred), 20), Role.CAUSE)
            if self.habit("finds escapes", 1):
                found = self.after(_first(rng.choice(own).occurred), 20)
                self.make_cause(own, found, Role.ESCAPE)

    @staticmethod
    def is_of(incident: r.Incident, failure: tuple[str, str]) -> bool:
        return (incident.failure_mode or "").casefold() == failure[1]

    def make_cause(self, own: list[r.Incident], found: datetime, role: Role) -> None:
        shared = [each for each in own if self.chance(0.85) or self.kind == "good"]
        if self.chance(0.15):
            shared.append(self.rng.choice(self.incidents))
        links = {
            each.id: r.CausalLink(
                to=each.id,
                role=self.rng.choice(tuple(Role)) if self.chance(0.15) else role,
                since=self.since(found),
            )
            for each in shared
        }
        cause = self.add_cause(found, incidents=list(links.values()))
        for depth in range(self.rng.choice((0, 0, 0, 1, 2))):
            for _ in range(self.rng.choice((1, 1, 2))):
                effects = [cause.id]
                if self.chance(0.3):  # a cause that lies behind several
                    effects.append(self.rng.choice(self.causes).id)
                self.add_cause(
                    self.after(found, 15),
                    effects=[
                        r.Link(to=each, since=self.since(found)) for each in dict.fromkeys(effects)
                    ],
                )
            if depth == 0:
                cause = self.causes[-1]

    def add_cause(self, found: datetime, **fields: Any) -> r.Cause:
        human = self.habit("blames people", 0)
        cause = r.Cause(
            id=self.name("CAU"),
            found=found,
            is_human=human and self.chance(0.7),
            names_person=human and self.chance(0.3),
            gate=self.rng.choice(tuple(Gate)),
            **fields,
        )
        self.causes.append(cause)
        self.records.append(cause)
        if self.habit("shows causes", 1):
            self.records.append(
                r.Evidence(id=self.name("EVI"), cause=cause.id, made=self.after(found), text="seen")
            )
        return cause

    # --- actions -----------------------------------------------------------------------------

    def make_actions(self) -> None:
        for cause in list(self.causes):
            escape = any(link.role is Role.ESCAPE for link in cause.incidents)
            if escape and not self.habit("acts on escapes", 1):
                continue
            for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
                if self.habit("acts", 1):
                    others = [each.id for each in self.some(self.causes, 2) if self.chance(0.2)]
                    causes = dict.fromkeys((cause.id, *others))
                    before = self.chance(0.15) and self.kind != "good"
                    decided = self.begin if before else self.after(cause.found, 20)
                    self.make_fix(list(causes), decided)

    def make_fix(self, causes: list[str], decided: datetime, **given: Any) -> r.Action:
        rng = self.rng
        fields: dict[str, Any] = {"kind": rng.choice(("corrective", "corrective", "preventive"))}
        changes = self.habit("changes processes", 1)
        fields["intervention"] = rng.choice(CHANGES if changes else NO_CHANGES)
        if self.chance(0.08):
            fields["intervention"] = None
        if self.chance(0.08):
            fields["changes_process"] = self.chance(0.5)
        if self.chance(0.08):
            fields["strength"] = rng.choice(tuple(Strength))
        if self.habit("limits scopes", 0):
            # Where one of the incidents was: the others are then taken in, or not.
            where = self.rng.choice(self.incidents_of(causes))
            for place in ("process", *PLACES):
                if self.chance(0.35):
                    fields[f"scope_{place}"] = getattr(where, place)
        if self.habit("introduces", 0) and self.chance(0.4) and self.causes:
            fields["introduces"] = [
                r.Link(to=rng.choice(self.causes).id, since=self.since(decided))
            ]
        fields["causes"] = [r.Link(to=each, since=self.since(decided)) for each in causes]
        if self.habit("sets criteria", 1):
            fields["criterion"] = "none for 200 orders"
            if self.chance(0.3) and self.kind != "good":
                fields["criterion_set"] = self.after(decided, 40)
        action = self.add_action(decided, **{**fields, **given})
        self.judge(action)
        return action

    def incidents_of(self, causes: list[str]) -> list[r.Incident]:
        """The incidents that causes are linked to; else any."""
        linked = {
            link.to for cause in self.causes if cause.id in causes for link in cause.incidents
        }
        return [each for each in self.incidents if each.id in linked] or self.incidents

    def add_action(self, decided: datetime, **fields: Any) -> r.Action:
        """An action with its plan and its life."""
        rng = self.rng
        if self.habit("names owners", 1):
            fields["owner"] = "quality"
        if self.habit("sets dates", 1):
            fields["due"] = self.due(decided, 60)
        if "events" not in fields:
            life = ("implemented",) if self.kind == "good" else rng.choice(LIVES)
            if not self.habit("gets things done", 1) and self.chance(0.6):
                life = ()
            fields["events"] = self.live(life, decided)
        if self.chance(0.1):
            fields["verify_by"] = self.due(decided, 60)
        if self.habit("reads actions", 0) and self.chance(0.5):
            fields["provenance"] = "detected"
        action = r.Action(id=self.name("ACT"), decided=decided, **fields)
        self.actions.append(action)
        self.records.append(action)
        implemented = [event.occurred for event in action.events]
        if implemented and self.habit("shows actions", 1):
            made = self.after(implemented[0], 20)
            self.records.append(
                r.Evidence(id=self.name("EVI"), action=action.id, made=made, text="photo")
            )
        return action

    def live(self, states: tuple[str, ...], decided: datetime) -> list[tuple[str, datetime]]:
        """Dated events: ties now and then, and now and then not in order."""
        events: list[tuple[str, datetime]] = []
        at = decided
        for state in states:
            later = [_first(each.occurred) for each in self.incidents]
            later = [each for each in later if each >= at]
            if later and self.chance(0.1):  # at the very moment of an incident
                at = self.rng.choice(later)
            elif not self.chance(0.12):
                at = self.after(at, self.rng.choice((2, 30)))
            if all((state, at) != known for known in events):
                events.append((state, at))
        if self.chance(0.1):
            self.rng.shuffle(events)
        return events

    def judge(self, action: r.Action) -> None:
        """Verifications, of all results."""
        if not action.events or not self.habit("verifies", 1):
            return
        at = action.events[0].occurred
        for _ in range(self.rng.choice((1, 1, 2))):
            at = self.after(at, 40)
            results = ("effective", "effective", "ineffective", "inconclusive")
            self.records.append(
                r.Verification(
                    id=self.name("VER"),
                    action=action.id,
                    made=at,
                    result="effective" if self.kind == "good" else self.rng.choice(results),
                    method="challenge_test",
                )
            )

    def try_twice(self) -> None:
        """One kind of intervention, tried twice on a cause, each time followed by recurrence."""
        process, mode = self.rng.choice(self.failures)
        at = self.begin
        ids = []
        for _ in range(3):
            at = self.after(at + DAY, 20)
            fields = {"process": process, "failure_mode": mode, "product": "P1", "channel": "web"}
            incident = r.Incident(
                id=self.name("INC"), occurred=at, customers=self.hit(at), **fields
            )
            self.incidents.append(incident)
            self.records.append(incident)
            ids.append(incident.id)
        times = [_first(each.occurred) for each in self.incidents[-3:]]
        known = ids if self.chance(0.6) else ids[:1]
        cause = self.add_cause(times[0] + HOUR, incidents=known)
        kind = self.rng.choice(NO_CHANGES + CHANGES)
        befores = (times[0], times[1]) if self.chance(0.8) else (times[0], times[0])
        for before in befores:
            decided = before + self.rng.choice((0, 1, 2)) * HOUR
            events = [("implemented", decided + self.rng.choice((0, 0, 1, 12)) * HOUR)]
            if self.chance(0.3):  # closed, closed again, as if nothing had been in between
                closings = {self.rng.choice(times) + 13 * HOUR for _ in range(2)}
                events += [("closed", each) for each in sorted(closings) if each > decided]
            self.make_fix([cause.id], decided, intervention=kind, events=events)

    # --- around an incident ------------------------------------------------------------------

    def look_after(self, incident: r.Incident) -> None:
        """Corrections, containment, amends, follow-ups."""
        rng = self.rng
        at = _last(incident.occurred)
        late = incident.impact is not None and self.habit("makes amends", 1)
        if late:
            self.records.append(
                r.Amends(
                    id=self.name("AMD"), incident=incident.id, kind="refund",
                    made=self.after(at, 20),
                )
            )  # fmt: skip
        if self.habit("corrects", 1):
            life = rng.choice((("implemented", "closed"), ("implemented",), ("implemented",)))
            if self.kind != "good" and self.chance(0.15):
                life = ("implemented", "reopened")
            decided = self.after(at, 3)
            links = [r.Link(to=incident.id, since=self.since(at))]
            causes = [each.id for each in self.some(self.causes, 1) if self.chance(0.2)]
            action = self.add_action(
                decided,
                kind="correction",
                intervention=rng.choice(CHANGES),
                incidents=links,
                causes=causes,
                events=self.live(life, decided),
            )
            if self.kind != "good" and self.chance(0.1):
                self.judge(action)
        if self.habit("contains", 0.5):
            decided = self.after(at, 3)
            life = ("implemented", "closed") if self.kind == "good" else rng.choice(LIVES)
            if self.kind != "good" and self.chance(0.5):
                life = ()
            events = self.live(life, decided)
            self.add_action(decided, kind="containment", incidents=incident.id, events=events)
        if self.habit("follows up", 0.5):
            self.follow_up(incident, at)

    def follow_up(self, incident: r.Incident, at: datetime) -> None:
        for _ in range(self.rng.choice((1, 1, 2))):
            who = self.someone(incident) if self.chance(0.6) else None
            due = self.due(at, 40) if self.chance(0.8) else None
            made = None
            if due is None or self.kind == "good" or self.chance(0.5):
                made = self.after(at, 1 if self.kind == "good" else 40)
            self.records.append(
                r.FollowUp(
                    id=self.name("FOL"), incident=incident.id, customer=who, due=due, made=made
                )
            )

    def someone(self, incident: r.Incident) -> str:
        """A customer of an incident; now and then another one."""
        own = [str(link.customer) for link in incident.customers]
        return self.rng.choice(own if own and self.chance(0.9) else self.customers)

    def hear_customers(self, incident: r.Incident) -> None:
        """Complaints and responses."""
        at = _last(incident.occurred)
        if self.habit("hears complaints") and self.chance(0.6):
            made = self.after(at, 5)
            reopened = None
            if self.kind != "good" and self.chance(0.15):
                reopened = self.after(made, 20)
            self.records.append(
                r.Complaint(
                    id=self.name("COM"),
                    customer=self.someone(incident) if self.chance(0.9) else None,
                    made=made,
                    incident=incident.id if self.chance(0.9) else None,
                    reopened=reopened,
                )
            )
        if self.kind == "tickets" and self.chance(0.7):
            return
        if self.habit("hears responses"):
            self.respond(incident, at)

    def respond(self, incident: r.Incident, at: datetime) -> None:
        kinds = ("thanked", "accepted", "last_chance", "last_chance", "dissatisfied", "left")
        who = self.someone(incident)
        for _ in range(self.rng.choice((1, 1, 2))):
            at = self.after(at, 15)
            kind = "thanked" if self.kind == "good" else self.rng.choice(kinds)
            self.records.append(
                r.Response(
                    id=self.name("RES"),
                    customer=who,
                    incident=incident.id if self.chance(0.85) else None,
                    kind=kind,
                    made=at,
                    next_owner="care" if self.habit("owns next steps", 1) else None,
                    provenance="detected" if self.chance(0.1) else "recorded",
                )
            )

    # --- apologies and decisions -------------------------------------------------------------

    def make_apologies(self) -> None:
        for incident in self.incidents:
            if self.habit("apologises", 0.9) and self.chance(0.9):
                self.apologise(incident)
                if self.chance(0.1):
                    self.apologise(incident)

    def apologise(self, incident: r.Incident) -> None:
        rng = self.rng
        made = self.after(_noted(incident), rng.choice((0.1, 5, 25)))
        # Seldom also for one that is still to come: an apology is amended, its date is not.
        near = [each for each in self.incidents if _noted(each) <= made or self.chance(0.05)]
        others = self.some(near, 2) if self.chance(0.2) else []
        incidents = list(dict.fromkeys(each.id for each in (incident, *others)))
        apology = self.name("APO")
        customers, not_reached = self.recipients(incident, others)
        elements: Any = None
        if self.habit("looks at wording", 1):
            lacking = [] if self.kind == "good" else self.some(Element, 3)
            elements = [each for each in Element if each not in lacking]
        promises = []
        if self.habit("promises", 0.5):
            promises = [self.promise(made) for _ in range(rng.choice((1, 1, 2)))]
        self.records.append(
            r.Apology(
                id=apology,
                incidents=[r.Link(to=each, since=self.since(made)) for each in incidents],
                made=made,
                elements=elements,
                customers=customers,
                not_reached=not_reached,
                promises=promises,
                provenance="detected" if self.habit("reads apologies", 0) else "recorded",
            )
        )
        if self.chance(0.1) and self.kind != "good":
            given = self.promise(made)
            # A promise that is told later than the apology it belongs to.
            fields = {name: value for name, value in given.__dict__.items() if name != "attributes"}
            own = {"id": self.name("PRO"), "apology": apology}
            if self.chance(0.5):
                own["made"] = self.after(made, 10)
            self.records.append(r.Promise(**{**fields, **own}))

    def recipients(self, incident: r.Incident, others: list[r.Incident]) -> tuple[Any, list[str]]:
        """Whom it was told, and whom it did not reach."""
        links = [link for each in (incident, *others) for link in each.customers]
        own = list(dict.fromkeys(str(link.customer) for link in links))
        if not self.habit("knows recipients", 1):
            return None, self.some(own, 1) if self.chance(0.2) else []
        if self.kind == "good" or self.chance(0.6):
            missed = self.some(own, 2) if self.kind != "good" and self.chance(0.3) else []
            return ALL, missed
        listed = [each for each in own if self.chance(0.8)]
        if self.chance(0.25):
            listed.append(self.rng.choice(self.customers))
        if not listed:
            return ALL, []
        return list(dict.fromkeys(listed)), []

    def promise(self, made: datetime) -> r.Promise:
        rng = self.rng
        good = self.kind == "good"
        kind = rng.choice(("non_recurrence", "non_recurrence", "deed", "deed", "watch", None))
        if good:
            kind = "deed"
        actions = []
        if self.actions and self.habit("puts actions under promises", 1):
            actions = [r.Link(to=rng.choice(self.actions).id, since=self.since(made))]
        due = self.due(made + (2 * DAY if good else 0 * DAY), 60) if self.chance(0.8) else None
        fulfilled = None
        if kind and (good or self.chance(0.4)):
            fulfilled = self.after(made, 1 if good else 40)
        given = None
        if not good and self.chance(
            0.5 if kind == "watch" else 0.2
        ):  # the edges: at the very moment of another incident
            later = _first(rng.choice(self.incidents).occurred)
            edge = rng.choice(("due", "fulfilled", "horizon"))
            due = later if edge == "due" else due
            fulfilled = later if edge == "fulfilled" else fulfilled
            given = later - self.config.promise_horizon if edge == "horizon" else None
        return r.Promise(
            kind=kind,
            scope=rng.choice(("customer", "anyone")),
            owner="care" if self.habit("owns promises", 1) else None,
            due=due,
            made=given,
            fulfilled=fulfilled,
            actions=actions,
            provenance="detected" if self.habit("reads apologies", 0) else "recorded",
        )

    def make_decisions(self) -> None:
        kinds = ("no_analysis", "no_action")
        for incident in self.incidents:
            if self.habit("decides", 0.3) and self.chance(0.4):
                made = self.after(_noted(incident), 20)
                self.decide(made, incident=incident.id, kind=self.rng.choice(kinds))
        for cause in self.causes:
            if self.habit("decides on causes", 0) and self.chance(0.6):
                made = self.after(cause.found, 20)
                self.decide(made, cause=cause.id, kind=self.rng.choice(kinds))

    def decide(self, made: datetime, **fields: Any) -> None:
        self.records.append(
            r.Decision(id=self.name("DEC"), made=made, reason="a one-off", **fields)
        )


def _first(moment: datetime | r.Day) -> datetime:
    return moment.start if isinstance(moment, r.Day) else moment


def _last(moment: datetime | r.Day) -> datetime:
    return moment.end if isinstance(moment, r.Day) else moment


def _noted(incident: r.Incident) -> datetime:
    return _first(incident.detected or incident.occurred)
