"""Which fields of a record tie it to others, and what the edges are called."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, NotRequired, TypedDict

from remedy import records as r
from remedy._links import Id
from remedy.vocabulary import Role


class EdgeKind(enum.StrEnum):
    """How one record is tied to another; read as "source, words, target"."""

    AFFECTED = "affected"
    """An incident, a customer who lived through it."""
    REPEATS = "repeats"
    """An incident, the nearest earlier one of the same failure."""
    DUPLICATE_OF = "duplicate_of"
    """An incident, the one that it is a second record of."""
    CAUSE_OF = "cause_of"
    """A cause, an incident that it explains."""
    ESCAPE_CAUSE_OF = "escape_cause_of"
    """A cause, an incident that nobody caught because of it."""
    DEEPER_CAUSE_OF = "deeper_cause_of"
    """A cause, a shallower one that it explains."""
    ADDRESSES = "addresses"
    """An action, a cause."""
    INTRODUCED = "introduced"
    """An action, a cause that it brought into being."""
    VERIFIES = "verifies"
    """A verification, an action."""
    MADE_IN = "made_in"
    """A promise, the apology."""
    RESTS_ON = "rests_on"
    """A promise, an action that stands behind it."""
    TOLD = "told"
    """An apology, a customer who got it (where they are listed)."""
    NOT_REACHED = "did_not_reach"
    """An apology, a customer whom it was meant for."""
    FOR = "for"
    """An apology, amends, a follow-up or an action, the incident; evidence, what it shows."""
    ABOUT = "about"
    """A complaint, a response, a decision or a verdict, what it is about."""
    FROM = "from"
    """A complaint or a response, the customer."""
    TO = "to"
    """Amends or a follow-up, the customer."""

    @property
    def words(self) -> str:
        """What a drawing or a sentence says."""
        return self.value.replace("_", " ")


class NodeData(TypedDict):
    """The attributes of a node.

    `kind` is the record's entity ("incident"), `label` a few words for people, `date` the moment
    from which the record counts (None: it always does), and `failure` an incident's failure key.
    """

    kind: str
    record: r.Record
    label: str
    date: datetime | None
    failure: NotRequired[str | None]


class EdgeData(TypedDict):
    """The attributes of an edge.

    `field` is the field of the source that says so (None for `REPEATS`, which is derived), `since`
    the date that stands on the link itself, and `date` the moment from which the edge counts: the
    latest of that date and those of its ends. `AFFECTED` also carries what is known of the order.
    """

    kind: EdgeKind
    field: str | None
    since: datetime | None
    date: datetime | None
    order: NotRequired[str | None]
    order_no: NotRequired[int | None]
    acknowledged: NotRequired[datetime | None]


class Field(NamedTuple):
    """A field of a record that refers to others."""

    name: str
    kind: EdgeKind
    target: str


FIELDS: dict[str, tuple[Field, ...]] = {
    "incident": (
        Field("customers", EdgeKind.AFFECTED, "customer"),
        Field("duplicate_of", EdgeKind.DUPLICATE_OF, "incident"),
    ),
    "complaint": (
        Field("customer", EdgeKind.FROM, "customer"),
        Field("incident", EdgeKind.ABOUT, "incident"),
    ),
    "cause": (
        Field("incidents", EdgeKind.CAUSE_OF, "incident"),
        Field("effects", EdgeKind.DEEPER_CAUSE_OF, "cause"),
    ),
    "action": (
        Field("causes", EdgeKind.ADDRESSES, "cause"),
        Field("introduces", EdgeKind.INTRODUCED, "cause"),
        Field("incidents", EdgeKind.FOR, "incident"),
    ),
    "verification": (Field("action", EdgeKind.VERIFIES, "action"),),
    "apology": (
        Field("incidents", EdgeKind.FOR, "incident"),
        Field("customers", EdgeKind.TOLD, "customer"),
        Field("not_reached", EdgeKind.NOT_REACHED, "customer"),
    ),
    "promise": (
        Field("apology", EdgeKind.MADE_IN, "apology"),
        Field("actions", EdgeKind.RESTS_ON, "action"),
    ),
    "amends": (
        Field("incident", EdgeKind.FOR, "incident"),
        Field("customer", EdgeKind.TO, "customer"),
    ),
    "response": (
        Field("customer", EdgeKind.FROM, "customer"),
        Field("incident", EdgeKind.ABOUT, "incident"),
    ),
    "follow_up": (
        Field("incident", EdgeKind.FOR, "incident"),
        Field("customer", EdgeKind.TO, "customer"),
    ),
    "decision": (
        Field("incident", EdgeKind.ABOUT, "incident"),
        Field("cause", EdgeKind.ABOUT, "cause"),
    ),
    "evidence": (
        Field("cause", EdgeKind.FOR, "cause"),
        Field("action", EdgeKind.FOR, "action"),
    ),
    "exposure": (Field("customer", EdgeKind.ABOUT, "customer"),),
    "verdict": (
        Field("a", EdgeKind.ABOUT, "incident"),
        Field("b", EdgeKind.ABOUT, "incident"),
    ),
}


class Tie(NamedTuple):
    """One reference of a record, as the edge that it becomes."""

    field: Field
    kind: EdgeKind
    to: Id
    since: datetime | None
    affected: r.Affected | None = None

    def data(self) -> EdgeData:
        """The attributes of the edge, but for its date: that depends on its ends."""
        data = EdgeData(kind=self.kind, field=self.field.name, since=self.since, date=None)
        if self.affected is not None:
            data["order"] = self.affected.order
            data["order_no"] = self.affected.order_no
            data["acknowledged"] = self.affected.acknowledged
        return data


def ties(record: r.Record) -> Iterator[Tie]:
    """Yield the references of a record; `ALL` is none: it names nobody."""
    for field in FIELDS.get(record.entity, ()):
        value = getattr(record, field.name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, r.Affected):
                yield Tie(field, field.kind, each.customer, each.since, each)
            elif isinstance(each, r.CausalLink):
                escape = each.role is Role.ESCAPE
                kind = EdgeKind.ESCAPE_CAUSE_OF if escape else field.kind
                yield Tie(field, kind, each.to, each.since)
            elif isinstance(each, r.Link):
                yield Tie(field, field.kind, each.to, each.since)
            elif isinstance(each, (str, r.External)):
                yield Tie(field, field.kind, each, None)
