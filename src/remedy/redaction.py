"""Customers without their names, for what leaves the house.

Each customer becomes `customer-` and twelve hexadecimal digits: the same in all that leaves one
casebook, so that what happened to one customer is still seen to have happened to one. Who it was
cannot be told from it without the casebook.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from remedy._coerce import storable
from remedy._entities import items_of
from remedy._naming import Names, weight
from remedy._rows import BY_CLASS
from remedy.findings import Finding, Waived
from remedy.records import (
    Action,
    Affected,
    Amends,
    Customer,
    External,
    Incident,
    Record,
    Waiver,
)
from remedy.vocabulary import ALL

if TYPE_CHECKING:
    import networkx as nx
    from sqlite_utils import Database

    from remedy.store import Store

__all__ = ["Redaction"]

_TEXTS = ("title", "text", "url", "next_step", "reason", "criterion")
_SHORTEST = 3
_WORD = re.compile(r"[^\s,;()\[\]\"'`|*]+")
_AT_ONCE = 500


def _items_without(record: Record, names: Names) -> dict[str, Any]:
    """Return plural fields whose items hold texts, without names."""
    if isinstance(record, Action):
        events = record.events
        return {"events": tuple(_evolved(each, "reason", names) for each in events)}
    if isinstance(record, Amends):
        return {"shares": tuple(_evolved(each, "party", names) for each in record.shares)}
    return {}


def _evolved(item: Any, field: str, names: Names) -> Any:
    value = getattr(item, field)
    return attrs.evolve(item, **{field: names.replaced_in(value)}) if value else item


class Redaction:
    """Takes customers out of records, graphs and texts; it is made by `Casebook.redaction`.

    Args:
        store: The casebook's store.
        like: That of another casebook, which calls customers the same.

    Example:
        >>> import remedy
        >>> book = remedy.open()
        >>> book.record(
        ...     remedy.Customer(id="C-17", name="Anna"),
        ...     remedy.Incident(
        ...         id="INC-1", occurred="2026-03-02T09:00Z", customers="C-17", title="Anna paid"
        ...     ),
        ... )
        >>> redaction = book.redaction()
        >>> incident = redaction.record(book.get("INC-1"))
        >>> incident.customers[0].customer == redaction.name_of("C-17")
        True
        >>> incident.title == f"{redaction.name_of('C-17')} paid"
        True
    """

    def __init__(self, store: Store, *, like: Redaction | None = None) -> None:
        self._store = store
        self._called: dict[str, dict[str, str]] = {}
        told = _outside(store) if like is None else (like._key, like._erased)
        self._key: bytes = told[0]
        self._erased: frozenset[str] = told[1]

    def name_of(self, customer: str) -> str:
        """Return what a customer is called outside."""
        return customer if customer in self._erased else self._other("customer", customer)

    def _other(self, kind: str, name: str) -> str:
        return f"{kind}-{hmac.digest(self._key, name.encode(), 'sha256').hex()[:12]}"

    # --- records ----------------------------------------------------------------------------------

    def records(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield records without customers."""
        return map(self.record, records)

    def record(self, record: Record) -> Record:
        """Return a record without customers.

        Their ids are replaced; their names, accounts, ids in other systems and the orders of a link
        are left out. In its texts, what names the customers whom it is about is replaced.
        """
        if isinstance(record, Customer):
            return Customer(id=self.name_of(record.id), provenance=record.provenance)
        if type(record) not in BY_CLASS:
            raise TypeError(f"{record!r:.80} is no record.")
        entity = BY_CLASS[type(record)]
        changes: dict[str, Any] = {}
        for column in entity.references:
            customer = getattr(record, column.field)
            if column.target == "customer" and customer is not None:
                changes[column.field] = self._outside(customer)
        for child in entity.children:
            if child.target == "customer" and getattr(record, child.field) is not ALL:
                changes[child.field] = tuple(map(self._item, items_of(record, child)))
        names = self._names(self._customers_of(record))
        changes |= _items_without(record, names)
        for field in _TEXTS:
            value = getattr(record, field, None)
            if isinstance(value, str):
                changes[field] = names.replaced_in(value)
        if isinstance(record, Waiver):
            changes["finding"] = self._finding(record.finding)
        if record.attributes:
            changes["attributes"] = names.replaced_in(record.attributes)
        promises = getattr(record, "promises", ())
        if promises:
            changes["promises"] = tuple(map(self.record, promises))
        differ = {name: value for name, value in changes.items() if getattr(record, name) != value}
        return attrs.evolve(record, **differ) if differ else record

    def _finding(self, key: str) -> str:
        """Return the key of a finding, which may end with a customer, or an account."""
        for place in [found.end() for found in re.finditer(":", key)]:
            head, name = key[:place], key[place:]
            if self._on_file("customer", "id", {name}):
                return f"{head}{self.name_of(name)}"
            if self._on_file("customer", "account", {name}):
                return f"{head}{self._other('account', name)}"
        return key

    def _outside(self, reference: str | External) -> str:
        return self.name_of(str(reference))

    def _item(self, item: Any) -> Any:
        if isinstance(item, Affected):
            return attrs.evolve(
                item, customer=self._outside(item.customer), order=None, order_no=None
            )
        return self._outside(item)

    def _customers_of(self, record: Record) -> list[str]:
        """Return the customers whom a record names, or who are hit by the incidents it is about."""
        entity = BY_CLASS[type(record)]
        referred: dict[str, list[str]] = defaultdict(list)
        if isinstance(record, (Customer, Incident)):
            referred[record.entity].append(record.id)
        if isinstance(record, Waiver):
            key = record.finding
            ends = {key[found.end() :] for found in re.finditer(":", key)}
            referred["customer"] += self._on_file("customer", "id", ends)
            referred["incident"] += self._on_file("incident", "id", ends)
        for column in entity.references:
            referred[str(column.target)].append(getattr(record, column.field))
        for child in entity.children:
            if child.target is not None:
                referred[child.target] += map(child.reference, items_of(record, child))
        known = {
            kind: [each for each in ids if isinstance(each, str)] for kind, ids in referred.items()
        }
        with self._store.reading() as db:
            # What is done about causes is done about their incidents, what is promised to those who
            # were told.
            causes = [*known.get("cause", ())]
            for action in known.get("action", ()):
                causes += _column(db, "SELECT cause FROM action_cause WHERE action = ?", action)
            incidents = [*known.get("incident", ())]
            for cause in causes:
                incidents += _column(
                    db, "SELECT incident FROM incident_cause WHERE cause = ?", cause
                )
            customers = [*known.get("customer", ())]
            for apology in known.get("apology", ()):
                incidents += _column(
                    db, "SELECT incident FROM apology_incident WHERE apology = ?", apology
                )
                customers += _column(
                    db, "SELECT customer FROM apology_customer WHERE apology = ?", apology
                )
        return [*customers, *self._hit(incidents)]

    def _hit(self, incidents: list[str]) -> list[str]:
        found = []
        with self._store.reading() as db:
            for start in range(0, len(incidents), _AT_ONCE):
                part = incidents[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(part))
                rows = db.execute(
                    f"SELECT customer FROM incident_customer WHERE incident IN ({marks})", part
                )
                found += [row[0] for row in rows]
        return found

    # --- texts ------------------------------------------------------------------------------------

    def _names_of(self, customer: str) -> dict[str, str]:
        """Return what names a customer, and what to say for it."""
        if customer not in self._called:
            with self._store.reading() as db:
                name, there, account = db.execute(
                    "SELECT name, external_id, account FROM customer WHERE id = ?", [customer]
                ).fetchone() or (None, None, None)
                aliases = _column(
                    db, "SELECT external_id FROM customer_alias WHERE customer = ?", customer
                )
            other = self.name_of(customer)
            meant = dict.fromkeys((customer, name, there, *aliases), other)
            if account is not None:
                meant.setdefault(account, self._other("account", account))
            self._called[customer] = {
                each: said for each, said in meant.items() if each and weight(each) >= _SHORTEST
            }
        return self._called[customer]

    def _names(self, customers: Iterable[str]) -> Names:
        meant: dict[str, str] = {}
        for customer in dict.fromkeys(customers):
            # What is the name of one and an account of another means the one.
            meant = self._names_of(customer) | meant
        return Names(meant)

    def text(self, text: str) -> str:
        """Return a text of the library, such as a report, without customers.

        Replaced is what names a customer whose id it says, or one of an incident whose id it says.
        """
        words = {word.rstrip(".:!?") for word in _WORD.findall(text)}
        words |= {part for word in words for part in (word, word.rpartition(":")[2])}
        words = set(filter(storable, words))
        customers, incidents = (
            self._on_file(kind, "id", words) for kind in ("customer", "incident")
        )
        names = self._names([*customers, *self._hit(sorted(incidents))])
        return str(names.replaced_in(text))

    def _on_file(self, table: str, column: str, ids: set[str]) -> set[str]:
        wanted, found = sorted(ids), set[str]()
        with self._store.reading() as db:
            for start in range(0, len(wanted), _AT_ONCE):
                part = wanted[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(part))
                rows = db.execute(f"SELECT {column} FROM {table} WHERE {column} IN ({marks})", part)
                found |= {row[0] for row in rows}
        return found

    # --- findings ---------------------------------------------------------------------------------

    def findings(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield findings without customers; the ids of other records stay.

        `Report.redacted` does so with all of a report.
        """
        rest = iter(findings)
        while block := list(islice(rest, _AT_ONCE)):
            incidents = {id for finding in block for id in _incidents_of(finding)}
            customers = {id for finding in block for id in _customers_of(finding)}
            names = self._names([*sorted(customers), *self._hit(sorted(incidents))])
            for finding in block:
                yield self._without(finding, names)

    def _without(self, finding: Finding, names: Names) -> Finding:
        other = {customer: self.name_of(customer) for customer in _customers_of(finding)}
        key = finding.key
        for customer in other:
            for name, said in self._names_of(customer).items():
                if key.endswith(f":{name}"):
                    key = f"{key.removesuffix(name)}{said}"
        return attrs.evolve(
            finding,
            key=key,
            subject=other.get(finding.subject, finding.subject),
            customers=tuple(map(self.name_of, finding.customers)),
            path=tuple(other.get(id, id) for id in finding.path),
            message=names.replaced_in(finding.message),
            advice=names.replaced_in(finding.advice),
        )

    def waived(self, waived: Waived) -> Waived:
        """Return a waived finding without customers."""
        return attrs.evolve(waived, key=self._finding(waived.key), reason=self.text(waived.reason))

    # --- graphs -----------------------------------------------------------------------------------

    def graph(self, graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
        """Return a graph of records without customers."""
        import networkx as nx

        names = {
            node: self.name_of(node)
            for node, record in graph.nodes(data="record")
            if isinstance(record, Customer)
        }
        redacted = nx.relabel_nodes(graph, names, copy=True)
        for node, record in graph.nodes(data="record"):
            told = redacted.nodes[names.get(node, node)]
            told["record"] = self.record(record)
            known = self._names(self._customers_of(record))
            told["label"] = known.replaced_in(graph.nodes[node]["label"])
        for _, _, told in redacted.edges(data=True):
            told.update((name, None) for name in ("order", "order_no") if name in told)
        return redacted


def _outside(store: Store) -> tuple[bytes, frozenset[str]]:
    """Return the key by which customers are named outside, and those who have no name any more."""
    with store.reading() as db:
        # It is in the file alone, and is never erased: what the first entry says is a setting.
        row = db.execute("SELECT salt FROM history_body ORDER BY place LIMIT 1").fetchone()
        erased = db.execute("SELECT customer FROM tombstone").fetchall()
    # Where nothing was ever written there is nobody to be called the same again.
    key = secrets.token_bytes(16) if row is None else row[0]
    return key, frozenset(customer for (customer,) in erased)


def _customers_of(finding: Finding) -> list[str]:
    subject = [finding.subject] if finding.subject_kind == "customer" else []
    return [*finding.customers, *subject]


def _incidents_of(finding: Finding) -> list[str]:
    # Of what is brought together, its sentence tells of the last.
    return [finding.subject, *finding.path, *finding.incidents[-1:]]


def _column(db: Database, sql: str, id: str) -> list[str]:
    return [row[0] for row in db.execute(sql, [id])]
