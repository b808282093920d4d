"""The questions of `remedy.check` as a traversal of a networkx graph.

Written as somebody would who knows networkx well: one directed graph, whose nodes are incidents,
customers, causes, actions, apologies and promises, whose edges say by attribute what they mean and
since when; what belongs to one record alone (decisions, amends, evidence, verifications ...) stands
with its node. Adjacencies are read as the dictionaries that they are, what holds for a cause is
computed once for each cause, and incidents are grouped by failure before they are compared.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import networkx as nx

__all__ = ["answers", "load"]

DAY = 86_400_000_000
FAR = 1 << 62
_SCOPE = ("process", "product", "channel", "site")

_NODES = {
    "customer": "id",
    "incident": "id, occurred, occurred_end, noted, acknowledged, failure, process, product, "
    "channel, site, impact, detected_by, gate, canonical",
    "cause": "id, found, is_human, names_person, gate, level",
    "action": "a.id, kind, decided, intervention, COALESCE(a.strength, t.strength) AS strength, "
    "COALESCE(a.changes_process, t.changes_process, 0) AS changes, owner, due, "
    "scope_process, scope_product, scope_channel, scope_site, criterion, criterion_set, verify_by",
    "apology": "id, made, elements, recipients",
    "promise": "id, apology, kind, scope, owner, due, made, fulfilled",
}
# Table, from, to, what the edge is called, since when it counts.
_EDGES = (
    ("incident_customer", "incident", "customer", "'hit'", "since"),
    ("incident_cause", "cause", "incident", "role", "since"),
    ("cause_cause", "cause", "effect", "'beneath'", "since"),
    ("action_cause", "action", "cause", "relation", "since"),
    ("action_incident", "action", "incident", "'for'", "since"),
    ("apology_incident", "apology", "incident", "'sorry'", "since"),
    ("apology_customer", "apology", "customer", "reached", "NULL"),
    ("promise", "id", "apology", "'made in'", "NULL"),
    ("promise_action", "promise", "action", "'kept by'", "since"),
)
# What belongs to one node alone: table, node, name, columns.
_NOTES = (
    ("action_event", "action", "events", "occurred, seq, state"),
    ("verification", "action", "verifications", "made, id, result"),
    ("evidence", "action", "evidence", "made"),
    ("evidence", "cause", "evidence", "made"),
    ("decision", "incident", "decisions", "made, kind"),
    ("decision", "cause", "decisions", "made, kind"),
    ("complaint", "incident", "complaints", "made, reopened"),
    ("amends", "incident", "amends", "made"),
    ("follow_up", "incident", "follow_ups", "due, made, customer"),
    ("response", "customer", "responses", "made, kind, incident, next_owner"),
)


def load(path: str) -> nx.DiGraph:
    """Build the graph of a casebook."""
    graph = nx.DiGraph()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        for kind, columns in _NODES.items():
            table = kind
            if kind == "action":
                table = "action a LEFT JOIN intervention t ON t.id = a.intervention"
            cursor = connection.execute(f"SELECT {columns} FROM {table}")
            names = [column[0] for column in cursor.description]
            graph.add_nodes_from(
                (row[0], dict(zip(names, row, strict=True), is_a=kind)) for row in cursor
            )
        for table, start, end, name, since in _EDGES:
            for one, other, what, when in connection.execute(
                f"SELECT {start}, {end}, {name}, {since} FROM {table}"
            ):
                graph.add_edge(one, other)
                edge = graph[one][other]
                if what not in edge or (
                    edge[what] is not None and (when is None or when < edge[what])
                ):
                    edge[what] = when
                if table == "incident_customer":
                    edge.setdefault("orders", [])
        for table, node, name, columns in _NOTES:
            for of, *rest in connection.execute(
                f"SELECT {node}, {columns} FROM {table} WHERE {node} IS NOT NULL"
            ):
                graph.nodes[of].setdefault(name, []).append(tuple(rest))
        for incident, customer, number, acknowledged, since in connection.execute(
            "SELECT incident, customer, order_no, acknowledged, since FROM incident_customer"
        ):
            graph[incident][customer]["orders"].append((number, acknowledged, since))
    connection.close()
    return graph


class _Check:
    """One check of a graph."""

    def __init__(self, graph: nx.DiGraph, now: int, limits: dict[int, int]) -> None:
        self.nodes, self.succ, self.pred = graph.nodes, graph.succ, graph.pred
        self.now = now
        self.limits = limits
        self.found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        self.of: dict[str, dict[str, list[str]]] = {}
        kinds: dict[str, list[str]] = defaultdict(list)
        for id, node in graph.nodes.items():
            kinds[node["is_a"]].append(id)
        self.kinds = kinds
        self.incidents = {
            id for id in kinds["incident"]
            if self.nodes[id]["canonical"] is None and self.nodes[id]["noted"] <= now
        }  # fmt: skip
        self.below: dict[str, frozenset[str]] = {}
        self.own: dict[str, list[dict[str, Any]]] = {}

    def counts(self, edge: dict[str, Any], *names: str) -> bool:
        """Whether an edge means one of these, and counts by now."""
        return any(
            name in edge and (edge[name] is None or edge[name] <= self.now) for name in names
        )

    def made(self, node: dict[str, Any], notes: str) -> list[tuple[Any, ...]]:
        return [note for note in node.get(notes, ()) if note[0] is not None and note[0] <= self.now]

    # --- actions ----------------------------------------------------------------------------------

    def actions(self) -> None:
        for id in self.kinds["action"]:
            self._action(self.nodes[id])

    def _action(self, action: dict[str, Any]) -> None:
        now = self.now
        events = sorted(action.get("events", ()))
        effects, first = [], None
        took = done = None
        for when, _, state in events:
            if state == "took_effect" and took is None:
                took = when
            elif state == "implemented" and done is None:
                done = when
            elif state == "cancelled":
                if took is not None or done is not None:
                    effects.append((took if took is not None else done, when))
                took = done = None
        if took is not None or done is not None:
            effects.append((took if took is not None else done, FAR))
        if effects:
            first = min(effects)[0]
        implemented = closed = last = None
        reopened = None
        for when, _, state in events:
            if when > now:
                break
            if state == "reopened":
                implemented = closed = None
                reopened, last = when, state
            elif state == "closed":
                closed = when
            else:
                last = state
                if state != "cancelled" and implemented is None:
                    implemented = when
        cancelled = last == "cancelled"
        if cancelled:
            implemented = None
        judged = sorted(self.made(action, "verifications"))
        concluded = max((v[0] for v in judged if v[2] != "inconclusive"), default=None)
        result = judged[-1][2] if judged else None
        shown = None
        for when, _, told in judged:
            if told == "ineffective":
                shown = None
            elif told == "effective" and shown is None:
                shown = when
        is_open = implemented is None and closed is None and not cancelled
        changes = action["changes"] == 1
        if result == "ineffective":
            placed = 0
        elif implemented is not None:
            placed = 8 if changes else 2
        elif not is_open or (action["due"] is not None and action["due"] < now):
            placed = 3
        else:
            placed = 6 if changes else 4
        verify_by = action["verify_by"]
        action.update(
            effects=effects, first=first, implemented=implemented, closed=closed, cancelled=cancelled,
            reopened=reopened, judged=judged, shown=shown, concluded=concluded, result=result, open=is_open,
            placed=placed, seen=action["decided"] <= now,
            removes=action["kind"] in ("corrective", "preventive"),
            scope=[(f, action[f"scope_{f}"]) for f in _SCOPE if action[f"scope_{f}"] is not None],
            unverified=implemented is not None and changes
            and (concluded is None or concluded < implemented)
            and (verify_by if verify_by is not None else implemented + 90 * DAY) < now,
        )  # fmt: skip

    def takes_in(self, action: dict[str, Any], incident: dict[str, Any]) -> bool:
        return all(incident[field] == value for field, value in action["scope"])

    def was_there(self, action: dict[str, Any], incident: dict[str, Any]) -> bool:
        at = incident["occurred"]
        return any(began < at <= ended for began, ended in action["effects"])

    def stands(self, action: dict[str, Any], incident: dict[str, Any]) -> bool:
        return self.takes_in(action, incident) and not self.was_there(action, incident)

    # --- causes -----------------------------------------------------------------------------------

    def deeper(self, cause: str) -> list[str]:
        return [
            id for id, edge in self.pred[cause].items()
            if "beneath" in edge and self.counts(edge, "beneath") and self.nodes[id]["found"] <= self.now
        ]  # fmt: skip

    def closure(self, cause: str) -> frozenset[str]:
        """Return a cause and all that lie beneath it."""
        if cause not in self.below:
            found = {cause}
            for each in self.deeper(cause):
                found |= self.closure(each)
            self.below[cause] = frozenset(found)
        return self.below[cause]

    def fixes(self, cause: str) -> list[dict[str, Any]]:
        if cause not in self.own:
            self.own[cause] = [
                self.nodes[id] for id, edge in self.pred[cause].items()
                if "addresses" in edge and self.counts(edge, "addresses")
                and self.nodes[id]["removes"] and self.nodes[id]["seen"]
            ]  # fmt: skip
        return self.own[cause]

    def let_be(self, cause: str) -> bool:
        return any(kind == "no_action" for _, kind in self.made(self.nodes[cause], "decisions"))

    def causes_of(self, incident: str, *roles: str) -> list[str]:
        return [
            id for id, edge in self.pred[incident].items()
            if ("cause" in edge or "escape" in edge) and self.counts(edge, *roles)
            and self.nodes[id]["found"] <= self.now
        ]  # fmt: skip

    def reach(self, incident: str, *roles: str) -> set[str]:
        return set().union(*(self.closure(cause) for cause in self.causes_of(incident, *roles)))

    def value(self, cause: str, incident: dict[str, Any], over: bool, known: dict[str, int]) -> int:
        """Return how it stands with a cause for an incident, deeper causes included."""
        if cause in known:
            return known[cause]
        acting = [fix["placed"] for fix in self.fixes(cause) if self.stands(fix, incident)]
        own = max(acting, default=0)
        if own < 7 and self.let_be(cause):
            own = 7
        if own == 0:
            own = 1 if over else 5
        beneath = [self.value(each, incident, over, known) for each in self.deeper(cause)]
        if beneath:
            some = self.nodes[cause]["gate"] == "any"
            own = _best([own, min(beneath) if some else _best(beneath)])
        known[cause] = own
        return own

    # --- apologies --------------------------------------------------------------------------------

    def apologies(self) -> None:
        self.sorry: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.about: dict[str, list[str]] = {}
        for id in self.kinds["apology"]:
            apology = self.nodes[id]
            if apology["made"] > self.now:
                continue
            self.about[id] = [
                to for to, edge in self.succ[id].items()
                if "sorry" in edge and self.counts(edge, "sorry")
            ]  # fmt: skip
            for incident in self.about[id]:
                self.sorry[incident].append(apology)
        self.promises = [
            self.nodes[id] for id in self.kinds["promise"]
            if self.nodes[id]["made"] <= self.now and self.nodes[id]["apology"] in self.about
        ]  # fmt: skip
        self.promised = {
            incident for promise in self.promises if promise["kind"] == "non_recurrence"
            for incident in self.about[promise["apology"]]
        }  # fmt: skip
        self.state: dict[str, int] = {}

    def backing(self, id: str) -> None:
        """Say how the apologies for one incident are backed."""
        tell = self.found
        incident, said = self.nodes[id], self.sorry[id]
        first = min(apology["made"] for apology in said)
        over = id in self.promised or self.now - incident["noted"] > 14 * DAY
        decisions = self.made(incident, "decisions")
        direct = self.causes_of(id, "cause")
        self._around(id, incident, said, first)
        if not direct:
            if not decisions and over:
                tell["A101"].append((id,))
            self._walk(id, incident, first, set())
            if id not in self.state:
                self.state[id] = 7 if decisions else 3 if over else 5
            return
        known: dict[str, int] = {}
        values = [self.value(cause, incident, over, known) for cause in direct]
        grade = min(values) if incident["gate"] == "any" else _best(values)
        below = set().union(*(self.closure(cause) for cause in direct))
        let_be = any(kind == "no_action" for _, kind in decisions)
        standing = {
            fix["id"]: fix for cause in below for fix in self.fixes(cause)
            if self.stands(fix, incident)
        }  # fmt: skip
        met = [fix for fix in standing.values() if fix["placed"] == 8]
        if not let_be:
            if grade < 5:
                code = "A108" if met else {1: "A102", 2: "A104", 3: "A103", 4: "A114"}[grade]
                tell[code].append((id,))
            if met and all(fix["strength"] == 1 for fix in met):
                tell["A105"].append((id,))
            if any(fix["unverified"] for fix in met):
                tell["A106"].append((id,))
            if incident["detected_by"] == "customer" or self.made(incident, "complaints"):
                escapes = self.reach(id, "escape")
                if not any(
                    self.let_be(each) or any(not fix["cancelled"] for fix in self.fixes(each))
                    for each in escapes
                ):
                    tell["A109"].append((id,))
        self._walk(id, incident, first, below)
        if grade < 7 and any(fix["placed"] == 0 for fix in standing.values()):
            front = [cause for cause in direct if known[cause] < 7]
            open_ = set(front)
            while front:
                front = [
                    c for p in front for c in self.deeper(p) if known[c] < 7 and c not in open_
                ]
                open_.update(front)
            if any(
                fix["placed"] == 0 and self.stands(fix, incident)
                for cause in open_ for fix in self.fixes(cause)
            ):  # fmt: skip
                tell["A107"].append((id,))
                self.state[id] = 1
        if id not in self.state:
            if grade == 8 or (grade < 7 and not let_be and grade > 4):
                self.state[id] = grade
            elif let_be or grade == 7:
                self.state[id] = 7
            else:
                self.state[id] = 4 if met else 3

    def _around(
        self, id: str, incident: dict[str, Any], said: list[dict[str, Any]], first: int
    ) -> None:
        tell, now = self.found, self.now
        customers = [
            (to, edge)
            for to, edge in self.succ[id].items()
            if "hit" in edge and self.counts(edge, "hit")
        ]
        if all(apology["recipients"] is not None for apology in said):
            for customer, _ in customers:
                if not any(self.told(apology, customer) for apology in said):
                    tell["A120"].append((id,))
                    break
        limit = self.limits.get(incident["impact"])
        if limit is not None:
            for _, edge in customers:
                words = [
                    word for _, word, since in edge["orders"]
                    if word is not None and (since is None or since <= now)
                ]  # fmt: skip
                word = min(words, default=incident["acknowledged"])
                if word is None or word > now or word > first:
                    word = first
                if word > incident["noted"] + limit:
                    tell["A121"].append((id,))
                    break
        spoken = [apology["elements"] for apology in said if apology["elements"] is not None]
        if spoken:
            bits = 0
            for each in spoken:
                bits |= each
            if bits & 20 != 20:
                tell["A122"].append((id,))
            if bits & 11 != 11:
                tell["A124"].append((id,))
        if (incident["impact"] or 0) >= 3 and not self.made(incident, "amends"):
            tell["A140"].append((id,))
        plans = incident.get("follow_ups", ())
        done = [customer for _, made, customer in plans if made is not None and made <= now]
        for due, made, customer in plans:
            if due is None or due >= now or (made is not None and made <= now):
                continue
            if (customer is None and not customers) or (customer is None and done):
                continue
            if not any(each is None or each == customer for each in done):
                tell["A144"].append((id,))
                break

    def told(self, apology: dict[str, Any], customer: str) -> bool:
        edge = self.succ[apology["id"]].get(customer)
        if apology["recipients"] == "listed":
            return edge is not None and 1 in edge
        return edge is None or 0 not in edge

    # --- recurrence -------------------------------------------------------------------------------

    def recurrence(self) -> None:
        groups: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for id in self.incidents:
            incident = self.nodes[id]
            if incident["failure"] is not None:
                groups[incident["failure"]].append((incident["occurred"], id))
        self.groups = {
            failure: sorted(group) for failure, group in groups.items() if len(group) > 1
        }
        self.hits: dict[tuple[str, str], list[str]] = {}
        self.held_not: dict[str, dict[tuple[str, str], list[tuple[int, str]]]] = {}
        self.returned: list[tuple[str, str, int, str]] = []
        for failure, group in self.groups.items():
            self._group(failure, group)

    def _group(self, failure: str, group: list[tuple[int, str]]) -> None:
        nodes, tell = self.nodes, self.found
        starts = [at for at, _ in group]
        for place, (at, id) in enumerate(group):
            near = bisect_left(starts, at - 90 * DAY)
            if any(nodes[group[k][1]]["occurred_end"] < at for k in range(near, place)):
                tell["R201"].append((id,))
        persons: dict[str, list[str]] = defaultdict(list)
        for _, id in group:
            for to, edge in self.succ[id].items():
                if "hit" in edge and self.counts(edge, "hit"):
                    persons[to].append(id)
        for customer, hits in persons.items():
            self.hits[failure, customer] = hits
            if len(hits) > 1:
                self._person(customer, hits)
        explained = {id: self.reach(id, "cause", "escape") for _, id in group}
        first: dict[str, int] = {}
        for _, id in group:
            for cause in explained[id]:
                end = nodes[id]["occurred_end"]
                first[cause] = min(first.get(cause, FAR), end)
        held: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for at, id in group:
            for cause in explained[id] or first:
                for fix in self.fixes(cause):
                    if self.takes_in(fix, nodes[id]) and self.was_there(fix, nodes[id]):
                        held[fix["id"], cause].append((at, id))
                        if first[cause] < at:
                            self.returned.append((fix["id"], cause, at, id))
        if held:
            self.held_not[failure] = held

    def _person(self, customer: str, hits: list[str]) -> None:
        nodes, tell = self.nodes, self.found
        since = FAR
        orders: dict[int, int] = {}
        for id in hits:
            end = nodes[id]["occurred_end"]
            for apology in self.sorry.get(id, ()):
                if self.told(apology, customer):
                    since = min(since, max(end, apology["made"]))
            for number, _, when in self.succ[id][customer]["orders"]:
                if number is not None and (when is None or when <= self.now):
                    orders[number] = min(orders.get(number, FAR), end)
        first = min(nodes[id]["occurred_end"] for id in hits)
        for id in hits:
            at = nodes[id]["occurred"]
            if first < at:
                tell["R202"].append((id, customer))
            if since < at:
                tell["R204"].append((id, customer))
            if any(
                number is not None and (when is None or when <= self.now)
                and orders.get(number - 1, FAR) < at
                for number, _, when in self.succ[id][customer]["orders"]
            ):  # fmt: skip
                tell["R203"].append((id, customer))

    def _walk(self, id: str, incident: dict[str, Any], first: int, below: set[str]) -> None:
        group = self.groups.get(incident["failure"])
        if group is None or group[-1][0] <= first:
            return
        spans, mine = [], []
        for cause in below:
            for fix in self.fixes(cause):
                if fix["changes"] == 1 and fix["effects"] and self.stands(fix, incident):
                    spans.extend(fix["effects"])
                    mine.append((fix["id"], cause))
        held = self.held_not.get(incident["failure"], {})
        fell = {
            other for pair in mine for at, other in held.get(pair, ()) if at > first and other != id
        }
        endless = min((began for began, ended in spans if ended == FAR), default=FAR)
        for place in range(bisect_right(group, (first, "\U0010ffff")), len(group)):
            at, other = group[place]
            if other == id:
                continue
            end = self.nodes[other]["occurred_end"]
            if not any(began < end and ended >= at for began, ended in spans):
                self.found["A110"].append((id,))
                self.state[id] = 2
                return
            if other in fell:
                self.found["A107"].append((id,))
                self.state[id] = 1
                return
            if endless < at and not fell:
                return

    def broken(self) -> set[str]:
        kept = set()
        for promise in self.promises:
            if promise["kind"] not in ("non_recurrence", "watch"):
                continue
            since, until = promise["made"], promise["made"] + 365 * DAY
            if promise["kind"] == "watch":
                until = until if promise["due"] is None else promise["due"]
                if promise["fulfilled"] is not None:
                    until = min(until, promise["fulfilled"])
            anyone = promise["kind"] == "non_recurrence" and promise["scope"] == "anyone"
            about = self.about[promise["apology"]]
            failures = {self.nodes[id]["failure"] for id in about if id in self.incidents}
            failures = {failure for failure in failures if failure in self.groups}
            later = [
                (at, id) for failure in failures
                for at, id in self.groups[failure][
                    bisect_right(self.groups[failure], (since, "\U0010ffff")):
                    bisect_right(self.groups[failure], (until, "\U0010ffff"))
                ]
                if id not in about
            ]  # fmt: skip
            if later and not anyone:
                told = self._persons_told(self.nodes[promise["apology"]])
                hit = {
                    id for failure in failures for person in told
                    for id in self.hits.get((failure, person), ())
                }  # fmt: skip
                later = [each for each in later if each[1] in hit]
            if later:
                kept.add(promise["id"])
                self.found["A132"].append((min(later)[1],))
        return kept

    def _persons_told(self, apology: dict[str, Any]) -> set[str]:
        links = self.succ[apology["id"]]
        if apology["recipients"] == "listed":
            return {to for to, edge in links.items() if 1 in edge}
        return {
            person for incident, edge in links.items() if "sorry" in edge
            for person, hit in self.succ[incident].items()
            if "hit" in hit and self.told(apology, person)
        }  # fmt: skip

    # --- the rest ---------------------------------------------------------------------------------

    def of_promises(self) -> None:
        now, tell, broken = self.now, self.found, self.broken()
        self.kept = [(each["id"], self._standing(each, broken)) for each in self.promises]
        for promise in self.promises:
            id, kind = promise["id"], promise["kind"]
            if kind is None:
                tell["A133"].append((id,))
            elif kind == "deed":
                if promise["fulfilled"] is not None and promise["fulfilled"] <= now:
                    continue
                if promise["due"] is not None and promise["due"] < now:
                    tell["A131"].append((id,))
                if promise["owner"] is None or promise["due"] is None:
                    tell["A130"].append((id,))
            elif kind == "non_recurrence" and id not in broken:
                if promise["made"] + 365 * DAY < now:
                    continue
                linked = any(
                    "kept by" in edge and self.counts(edge, "kept by")
                    and self.nodes[to]["seen"] and not self.nodes[to]["cancelled"]
                    for to, edge in self.succ[id].items()
                )  # fmt: skip
                if not linked and not any(
                    not fix["cancelled"] for incident in self.about[promise["apology"]]
                    for cause in self.reach(incident, "cause", "escape") for fix in self.fixes(cause)
                ):  # fmt: skip
                    tell["A130"].append((id,))
        for customer in self.kinds["customer"]:
            if "responses" in self.nodes[customer]:
                self._chances(customer)

    def _standing(self, promise: dict[str, Any], broken: set[str]) -> int:
        """Return 1 open, 2 kept, 3 overdue, 4 broken."""
        now, kind, due = self.now, promise["kind"], promise["due"]
        year = promise["made"] + 365 * DAY
        if promise["id"] in broken:
            return 4
        if kind == "non_recurrence":
            works = year < now or any(
                "kept by" in edge and self.counts(edge, "kept by")
                and self.nodes[to]["seen"] and self.nodes[to]["result"] == "effective"
                for to, edge in self.succ[promise["id"]].items()
            )  # fmt: skip
            return 1 + (works or any(
                fix["result"] == "effective" for incident in self.about[promise["apology"]]
                for cause in self.reach(incident, "cause", "escape") for fix in self.fixes(cause)
            ))  # fmt: skip
        if promise["fulfilled"] is not None and promise["fulfilled"] <= now:
            return 2
        if kind == "watch":
            return 1 + ((year if due is None else due) < now)
        return 3 if kind == "deed" and due is not None and due < now else 1

    def _chances(self, customer: str) -> None:
        responses = self.nodes[customer]["responses"]
        settled = sorted(r[0] for r in responses if r[1] in ("thanked", "accepted", "left"))
        owned, failed = [], False
        for made, kind, incident, owner in responses:
            if kind != "last_chance" or made > self.now:
                continue
            place = bisect_right(settled, made)
            until = settled[place] if place < len(settled) else FAR
            if until > self.now:
                owned.append(owner is not None)
            if incident in self.incidents:
                failure = self.nodes[incident]["failure"]
                failed |= any(
                    made < self.nodes[id]["occurred"] < until
                    for id in self.hits.get((failure, customer), ())
                )
        if owned:
            self.found["A141" if all(owned) else "A142"].append((customer,))
        if failed:
            self.found["A143"].append((customer,))

    def of_recurrence(self) -> None:
        tell, now = self.found, self.now
        tried: dict[str, dict[str, int]] = defaultdict(dict)
        self.since: dict[str, int] = {}
        for action, cause, at, id in self.returned:
            tell["R205"].append((id,))
            judged = [v for v in self.nodes[action]["judged"] if v[0] < at]
            if judged and judged[-1][2] == "effective":
                tell["R206"].append((id,))
            tried[cause][action] = min(tried[cause].get(action, FAR), at)
            self.since[action] = max(self.since.get(action, 0), at)
        for cause, first in tried.items():
            for one, at in first.items():
                a = self.nodes[one]
                if any(
                    a["intervention"] is not None and b["intervention"] == a["intervention"]
                    and a["first"] < b["first"] and at <= b["first"]
                    for b in map(self.nodes.__getitem__, first)
                ):  # fmt: skip
                    tell["R208"].append((cause,))
        blank = comparable = 0
        unsearched: set[str] = set()
        for id in self.incidents:
            incident = self.nodes[id]
            if incident["failure"] is None:
                blank += 1
            else:
                comparable += 1
            if any(
                again is not None and again <= now for _, again in self.made(incident, "complaints")
            ):
                tell["R210"].append((id,))
            if (
                now - incident["noted"] > 14 * DAY
                and not self.made(incident, "decisions")
                and not self.causes_of(id, "cause")
            ):
                unsearched.add(incident["failure"] or id)
        tell["C301"] = [(each,) for each in unsearched]
        if blank or (comparable >= 20 and 2 * len(tell["R201"]) > comparable):
            tell["R200"].append(("casebook",))

    def of_causes(self) -> None:
        tell, now = self.found, self.now
        above: dict[str, int] = {}
        for id in self.incidents:
            impact = self.nodes[id]["impact"] or 0
            for cause in self.reach(id, "cause", "escape"):
                above[cause] = max(above.get(cause, 0), impact)
        for id in self.kinds["cause"]:
            cause = self.nodes[id]
            if cause["found"] > now:
                continue
            if (cause["is_human"] or cause["names_person"]) and not self.deeper(id):
                tell["C302"].append((id,))
            if not self.made(cause, "evidence"):
                tell["C303"].append((id,))
            acting = [fix["strength"] for fix in self.fixes(id) if not fix["cancelled"]]
            if acting and None not in acting and max(acting) == 1:
                tell["F405"].append((id,))
                if above.get(id, 0) >= 3:
                    tell["F408"].append((id,))
        for id in self.kinds["action"]:
            if self.nodes[id]["seen"]:
                self._of_action(id, self.nodes[id], above)

    def _of_action(self, id: str, action: dict[str, Any], above: dict[str, int]) -> None:
        tell, now = self.found, self.now
        if action["open"]:
            if action["owner"] is None or action["due"] is None:
                tell["F401"].append((id,))
            if action["due"] is not None and action["due"] < now:
                tell["F402"].append((id,))
        done = action["implemented"]
        if action["removes"] and done is not None:
            if not self.made(action, "evidence"):
                tell["F403"].append((id,))
            if action["criterion"] is None or (action["criterion_set"] or action["decided"]) > done:
                tell["F404"].append((id,))
        closed = action["closed"]
        since = done if done is not None else action["reopened"]
        judged = action["concluded"]
        loose = judged is None or (since is not None and judged < since)
        if action["removes"] and closed is not None and loose:
            if self.since.get(id, 0) <= closed:
                tell["F409"].append((id,))
        links = self.succ[id].items()
        if action["kind"] in ("correction", "containment"):
            for_ = [
                to for to, edge in links
                if "for" in edge and self.counts(edge, "for") and to in self.incidents
            ]  # fmt: skip
            if action["kind"] == "correction":
                if action["result"] == "ineffective" or action["reopened"] is not None:
                    tell["R210"].extend((to,) for to in for_)
            elif closed is None and not action["cancelled"] and any(
                fix["result"] == "effective" and fix["shown"] + 30 * DAY < now
                for to in for_ for cause in self.reach(to, "cause") for fix in self.fixes(cause)
            ):  # fmt: skip
                tell["F406"].append((id,))
        if any(
            "introduces" in edge and self.counts(edge, "introduces") and to in above
            for to, edge in links
        ):
            tell["F407"].append((id,))

    def states(self) -> list[tuple[str, int]]:
        told = []
        for id, incidents in self.about.items():
            states = [self.state[each] for each in incidents if each in self.state]
            if states:
                least = min(states)
                mixed = 8 in states and least < 8
                told.append((id, 4 if least > 2 and (4 in states or mixed) else least))
        return told


def _best(values: list[int]) -> int:
    """Return the greatest, where 5 (waiting) counts as the lowest."""
    return max((value for value in values if value != 5), default=5)


def answers(
    graph: nx.DiGraph, now: int, limits: dict[int, int]
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Answer all questions: code, and subjects (with the customer for R202-R204).

    Args:
        graph: What `load` returned.
        now: The date, in microseconds.
        limits: By rank of impact, within how many microseconds a customer is to hear from us.
    """
    check = _Check(graph, now, limits)
    check.actions()
    check.apologies()
    check.recurrence()
    for id in list(check.sorry):
        if id in check.incidents:
            check.backing(id)
    check.of_promises()
    check.of_recurrence()
    check.of_causes()
    yield from check.found.items()
    yield "states of apologies", check.states()
    yield "states of promises", check.kept
