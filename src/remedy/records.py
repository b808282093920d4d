"""The records: frozen objects, each of which says one thing that happened or was decided.

Every field that is a time takes an aware datetime or an ISO string with its offset; every field
that is a word of a list takes the word; every plural field takes one or many. A record refers to
others by id, or by `External`, the id that the other one has in a source. What a reference carries
besides (since when it holds, which order it was) stands in a small object of its own:
`Affected`, `CausalLink`, `Link`. What a plural field refers to is a set, kept in the order of the
ids; events are kept in the order of their times.

Records know nothing of databases or graphs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import attrs

from remedy import _coerce
from remedy._coerce import Day, Refused
from remedy._defining import Value, frozen, refuse, values_of
from remedy._links import (
    Affected,
    Alias,
    CausalLink,
    External,
    Id,
    Link,
    aliases,
    all_affected,
    causal_links,
    ids,
    links,
    optional_ref,
    ref,
    told,
)
from remedy.errors import InvalidTime
from remedy.money import Money
from remedy.vocabulary import (
    ActionKind,
    ActionState,
    AmendsKind,
    Basis,
    DecisionKind,
    DetectedBy,
    Element,
    Everyone,
    Gate,
    Impact,
    PromiseKind,
    PromiseScope,
    Provenance,
    ResponseKind,
    Role,
    Strength,
    VerdictKind,
    VerificationMethod,
    VerificationResult,
)

__all__ = [
    "RECORDS",
    "Action",
    "ActionEvent",
    "Affected",
    "Alias",
    "Amends",
    "Apology",
    "CausalLink",
    "Cause",
    "Complaint",
    "Customer",
    "Day",
    "Decision",
    "Evidence",
    "Exposure",
    "External",
    "FollowUp",
    "Incident",
    "Link",
    "Promise",
    "Record",
    "Response",
    "Share",
    "Verdict",
    "Verification",
    "Waiver",
]

Time = datetime | str
"""What a field takes that holds a moment: a bare date is given as `Day`."""


# --- words, converted (named functions, so that type checkers know what a field takes) ------------


def _impact(value: Impact | str | None) -> Impact | None:
    return None if value is None else _coerce.chosen(Impact, value)


def _detected_by(value: DetectedBy | str | None) -> DetectedBy | None:
    return None if value is None else _coerce.chosen(DetectedBy, value)


def _basis(value: Basis | str) -> Basis:
    return value if value is Basis.OBSERVED else _coerce.chosen(Basis, value)


def _gate(value: Gate | str) -> Gate:
    return value if value is Gate.ANY else _coerce.chosen(Gate, value)


def _optional_role(value: Role | str | None) -> Role | None:
    return None if value is None else _coerce.chosen(Role, value)


def _provenance(value: Provenance | str) -> Provenance:
    return value if value is Provenance.RECORDED else _coerce.chosen(Provenance, value)


def _action_kind(value: ActionKind | str) -> ActionKind:
    return _coerce.chosen(ActionKind, value)


def _action_state(value: ActionState | str) -> ActionState:
    return _coerce.chosen(ActionState, value)


def _strength(value: Strength | str | None) -> Strength | None:
    return None if value is None else _coerce.chosen(Strength, value)


def _method(value: VerificationMethod | str | None) -> VerificationMethod | None:
    return None if value is None else _coerce.chosen(VerificationMethod, value)


def _result(value: VerificationResult | str) -> VerificationResult:
    return _coerce.chosen(VerificationResult, value)


def _promise_kind(value: PromiseKind | str | None) -> PromiseKind | None:
    return None if value is None else _coerce.chosen(PromiseKind, value)


def _promise_scope(value: PromiseScope | str) -> PromiseScope:
    return _coerce.chosen(PromiseScope, value)


def _amends_kind(value: AmendsKind | str) -> AmendsKind:
    return _coerce.chosen(AmendsKind, value)


def _response_kind(value: ResponseKind | str) -> ResponseKind:
    return _coerce.chosen(ResponseKind, value)


def _decision_kind(value: DecisionKind | str) -> DecisionKind:
    return _coerce.chosen(DecisionKind, value)


def _verdict_kind(value: VerdictKind | str) -> VerdictKind:
    return _coerce.chosen(VerdictKind, value)


def _intervention(value: str | None) -> str | None:
    if value is None:
        return None
    plain = _coerce.text(value)
    return None if plain is None else plain.strip().lower().replace(" ", "_").replace("-", "_")


def _money(value: Money | str | tuple[Any, str] | None) -> Money | None:
    return None if value is None else Money.of(value)


def _percent(value: int) -> int:
    if not 0 <= _coerce.needed_whole(value) <= 100:
        raise Refused("is a whole number from 0 to 100.")
    return value


@frozen(kw_only=True)
class Share(Value):
    """Who bears how much of the amends.

    Args:
        party: "us", "customer", or whoever it is.
        percent: How much, 0 to 100.
    """

    party: str = attrs.field(converter=_coerce.identifier)
    percent: int = attrs.field(converter=_percent)


def _share(value: Any) -> Share:
    if isinstance(value, Share):
        return value
    raise Refused("a share is given as Share(party=..., percent=...).")


def _shares(value: Share | Iterable[Share] | None) -> tuple[Share, ...]:
    return _coerce.several(value, _share)


def _elements(value: Element | str | Iterable[Element | str] | None) -> tuple[Element, ...] | None:
    if value is None:
        return None
    found = set(_coerce.several(value, lambda each: _coerce.chosen(Element, each)))
    return tuple(element for element in Element if element in found)


# --- records --------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Record(Value):
    """What all records have.

    Args:
        id: Its id in the casebook, unique over all kinds of records.
        source: Name of the system that it comes from.
        external_id: Its id there. With `source` it says which record a later version replaces.
        updated: When the source last changed it; the newer version wins.
        provenance: Recorded by a person, mapped from a source, or detected by reading a text.
        attributes: Fields of one's own: names in lower case, values that JSON can hold. They are
            kept and exported, and never asked about.
    """

    id: str = attrs.field(converter=_coerce.identifier)
    source: str | None = attrs.field(default=None, converter=_coerce.optional_identifier)
    external_id: str | None = attrs.field(default=None, converter=_coerce.optional_identifier)
    updated: datetime | None = attrs.field(default=None, converter=_coerce.moment)
    provenance: Provenance = attrs.field(default=Provenance.RECORDED, converter=_provenance)
    attributes: dict[str, Any] = attrs.field(factory=dict, converter=_coerce.attributes_of)

    entity: ClassVar[str]
    """What the class of records is called in tables, files and messages: "incident"."""

    def __init_subclass__(cls) -> None:
        name = cls.__name__
        cls.entity = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")

    def __hash__(self) -> int:
        return hash((type(self), self.id))


def _derived_id(record: Record, prefix: str) -> str:
    """Return an id made of what a record says, so that saying it twice is saying it once.

    How it is said makes no difference: a moment in another zone, attributes in another order.
    """
    import hashlib

    fields = sorted(values_of(record).items())
    told = "\x1f".join(f"{name}={_plainly(value)}" for name, value in fields)
    return f"{prefix}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _plainly(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        import json

        return json.dumps(value, sort_keys=True)
    return repr(value)


@frozen(kw_only=True)
class _SmallRecord(Record):
    """A record whose id may be left out: it is then derived from what the record says."""

    id: str = attrs.field(default=None, converter=_coerce.optional_identifier)

    _prefix: ClassVar[str]

    def __attrs_post_init__(self) -> None:
        self._check()
        if self.id is None:
            self.__dict__["id"] = _derived_id(self, self._prefix)

    def _check(self) -> None:
        """Refuse what the fields say only together."""


@frozen(kw_only=True)
class Customer(Record):
    """A person or firm.

    Args:
        id: One id, whatever the other systems call them.
        account: The account that they belong to. Whether "the same customer" means the person or
            the account is configured.
        name: What to call them.
        aliases: Their ids in other systems.
    """

    account: str | None = attrs.field(default=None, converter=_coerce.optional_identifier)
    name: str | None = attrs.field(default=None, converter=_coerce.text)
    aliases: tuple[Alias, ...] = attrs.field(default=(), converter=aliases)


@frozen(kw_only=True)
class Incident(Record):
    """One failure that customers lived through, ours wholly or in part.

    Args:
        id: Its id.
        occurred: When it happened; a `Day` where only that is known.
        occurred_basis: Whether that was observed, or is only when the report came in: what rests
            on a reported time is at most a warning.
        detected: When anyone noticed; a `Day` where only that is known.
        acknowledged: When the customers first heard from us about it.
        process: In which process it happened ("shipping").
        failure_mode: What went wrong, as a short stable label ("shipped collect").
        product: Which product was concerned.
        channel: Over which channel.
        site: Where.
        impact: How grave it was.
        detected_by: Who noticed.
        gate: Whether any one of its causes sufficed, or all were needed.
        duplicate_of: The incident that this one is a second record of.
        title: A line on what happened.
        text: The whole of it.
        customers: Who lived through it: ids, or `Affected`.
        order: The order of the one customer; several customers take `Affected(order=...)`.
        order_no: The how-manyeth order of the one customer it was, likewise.

    Example:
        >>> from remedy import Incident
        >>> Incident(id="INC-1", occurred="2026-03-02T09:00+01:00", customers="C-17", order="1001")
        Incident(id='INC-1', occurred=datetime.datetime(2026, 3, 2, 9, 0, \
tzinfo=datetime.timezone(datetime.timedelta(seconds=3600))), \
customers=(Affected(customer='C-17', order='1001'),))
    """

    occurred: datetime | Day = attrs.field(converter=_coerce.needed_moment_or_day)
    occurred_basis: Basis = attrs.field(default=Basis.OBSERVED, converter=_basis)
    detected: datetime | Day | None = attrs.field(default=None, converter=_coerce.moment_or_day)
    acknowledged: datetime | None = attrs.field(default=None, converter=_coerce.moment)
    process: str | None = attrs.field(default=None, converter=_coerce.text)
    failure_mode: str | None = attrs.field(default=None, converter=_coerce.text)
    product: str | None = attrs.field(default=None, converter=_coerce.text)
    channel: str | None = attrs.field(default=None, converter=_coerce.text)
    site: str | None = attrs.field(default=None, converter=_coerce.text)
    impact: Impact | None = attrs.field(default=None, converter=_impact)
    detected_by: DetectedBy | None = attrs.field(default=None, converter=_detected_by)
    gate: Gate = attrs.field(default=Gate.ANY, converter=_gate)
    duplicate_of: Id | None = attrs.field(default=None, converter=optional_ref)
    title: str | None = attrs.field(default=None, converter=_coerce.text)
    text: str | None = attrs.field(default=None, converter=_coerce.text)
    customers: tuple[Affected, ...] = attrs.field(default=(), converter=all_affected)
    order: str | None = attrs.field(default=None, converter=_coerce.text)
    order_no: int | None = attrs.field(default=None, converter=_coerce.whole)

    def __attrs_post_init__(self) -> None:
        if self.order is not None or self.order_no is not None:
            self._place_order()
        if self.duplicate_of == self.id:
            raise refuse(self, "duplicate_of", "an incident is no duplicate of itself.")
        if self.detected is not None and _last(self.detected) < _first(self.occurred):
            raise refuse(self, "detected", "it was noticed before it happened.")

    def _place_order(self) -> None:
        if len(self.customers) != 1:
            raise refuse(
                self,
                "order" if self.order is not None else "order_no",
                "order and order_no are for the one customer of an incident. With several, each "
                "has its own: customers = {customer = ..., order = ...} in a mapping, "
                "Affected(customer=..., order=...) in Python.",
            )
        customer = self.customers[0]
        self.__dict__["customers"] = (
            attrs.evolve(
                customer,
                order=self.order if self.order is not None else customer.order,
                order_no=self.order_no if self.order_no is not None else customer.order_no,
            ),
        )
        self.__dict__["order"] = self.__dict__["order_no"] = None


def _first(moment: datetime | Day) -> datetime:
    return moment.start if isinstance(moment, Day) else moment


def _last(moment: datetime | Day) -> datetime:
    return moment.end if isinstance(moment, Day) else moment


@frozen(kw_only=True)
class Complaint(_SmallRecord):
    """What a customer told us: a ticket, a call, a public post.

    Args:
        customer: Who.
        made: When.
        channel: How it came in.
        text: What they said.
        url: Where it can be read.
        justified: Whether it is; None where that is not known.
        incident: The incident that it is about, if one is known.
        reopened: When it was opened again after we had settled it.
    """

    customer: Id | None = attrs.field(default=None, converter=optional_ref)
    made: datetime = attrs.field(converter=_coerce.needed_moment)
    channel: str | None = attrs.field(default=None, converter=_coerce.text)
    text: str | None = attrs.field(default=None, converter=_coerce.text)
    url: str | None = attrs.field(default=None, converter=_coerce.text)
    justified: bool | None = attrs.field(default=None, converter=_coerce.flag)
    incident: Id | None = attrs.field(default=None, converter=optional_ref)
    reopened: datetime | None = attrs.field(default=None, converter=_coerce.moment)

    _prefix = "COM"


@frozen(kw_only=True)
class Cause(Record):
    """Why incidents happened, or why a shallower cause was there.

    Args:
        id: Its id.
        found: When it was found: it explains nothing before that date.
        text: What it is.
        is_human: Whether it is a human error: then it is seldom the deepest cause.
        names_person: Whether it names a person.
        gate: Whether any one of its deeper causes sufficed, or all were needed.
        incidents: The incidents that it explains: ids, or `CausalLink`.
        effects: The shallower causes that it explains.
        role: Its role in the incidents given here as ids.
    """

    found: datetime = attrs.field(converter=_coerce.needed_moment)
    text: str | None = attrs.field(default=None, converter=_coerce.text)
    is_human: bool = attrs.field(default=False, converter=_coerce.truth)
    names_person: bool = attrs.field(default=False, converter=_coerce.truth)
    gate: Gate = attrs.field(default=Gate.ANY, converter=_gate)
    incidents: tuple[CausalLink, ...] = attrs.field(default=(), converter=causal_links)
    effects: tuple[Link, ...] = attrs.field(default=(), converter=links)
    role: Role | None = attrs.field(default=None, converter=_optional_role)

    def __attrs_post_init__(self) -> None:
        if self.role is not None:
            self.__dict__["incidents"] = tuple(
                attrs.evolve(each, role=self.role) for each in self.incidents
            )
            self.__dict__["role"] = None


@frozen(kw_only=True)
class ActionEvent(Value):
    """One dated step in the life of an action.

    Args:
        state: What happened to it.
        occurred: When.
        who: Who did it.
        reason: Why.
    """

    state: ActionState = attrs.field(converter=_action_state)
    occurred: datetime = attrs.field(converter=_coerce.needed_moment)
    who: str | None = attrs.field(default=None, converter=_coerce.text)
    reason: str | None = attrs.field(default=None, converter=_coerce.text)


def _event(value: Any) -> ActionEvent:
    if isinstance(value, ActionEvent):
        return value
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return ActionEvent(state=value[0], occurred=value[1])
    raise Refused('an event is an ActionEvent, or a pair such as ("implemented", a time).')


def _events(
    value: ActionEvent | tuple[str, Time] | Iterable[ActionEvent | tuple[str, Time]] | None,
) -> tuple[ActionEvent, ...]:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        return (_event(value),)
    several = dict.fromkeys(_coerce.several(value, _event))
    return tuple(sorted(several, key=lambda event: event.occurred))


@frozen(kw_only=True)
class Action(Record):
    """Something that is done about an incident or a cause.

    Args:
        id: Its id.
        kind: What it is for: containment, correction, corrective or preventive.
        decided: When it was agreed; by default, when the first event happened to it.
        intervention: What kind of change it is, by its name in the intervention table.
        strength: How strong it is; by default, what the table says of the intervention.
        changes_process: Whether it changes how the work is done, whoever does it; by default, what
            the table says.
        text: What is done.
        owner: Who answers for it.
        team: In which team.
        due: By when; a bare day counts to its end.
        scope_process: Where it takes effect; None means everywhere. A scope is compared to the
            letter with what incidents say; a check remarks on one that is only written otherwise.
        scope_product: Likewise.
        scope_channel: Likewise.
        scope_site: Likewise.
        criterion: What will show that it works, set beforehand.
        criterion_set: When that was set; by default, when the action was decided.
        verify_by: By when it is to be verified; by default, 90 days after it was implemented.
        causes: The causes that it addresses.
        introduces: The causes that it brought into being.
        incidents: The incidents that it is for (corrections and containment).
        events: What happened to it: `ActionEvent`, or pairs of state and time.

    Example:
        >>> from remedy import Action
        >>> action = Action(
        ...     id="ACT-1", kind="corrective", intervention="double check", causes="CAU-1",
        ...     decided="2026-04-01T10:00+02:00", owner="shipping lead", due="2026-04-30+02:00",
        ...     events=("implemented", "2026-04-20T08:00+02:00"),
        ... )
        >>> action.events[0].state
        <ActionState.IMPLEMENTED: 'implemented'>
    """

    kind: ActionKind = attrs.field(converter=_action_kind)
    decided: datetime = attrs.field(default=None, converter=_coerce.moment)
    intervention: str | None = attrs.field(default=None, converter=_intervention)
    strength: Strength | None = attrs.field(default=None, converter=_strength)
    changes_process: bool | None = attrs.field(default=None, converter=_coerce.flag)
    text: str | None = attrs.field(default=None, converter=_coerce.text)
    owner: str | None = attrs.field(default=None, converter=_coerce.text)
    team: str | None = attrs.field(default=None, converter=_coerce.text)
    due: datetime | None = attrs.field(default=None, converter=_coerce.deadline)
    scope_process: str | None = attrs.field(default=None, converter=_coerce.text)
    scope_product: str | None = attrs.field(default=None, converter=_coerce.text)
    scope_channel: str | None = attrs.field(default=None, converter=_coerce.text)
    scope_site: str | None = attrs.field(default=None, converter=_coerce.text)
    criterion: str | None = attrs.field(default=None, converter=_coerce.text)
    criterion_set: datetime | None = attrs.field(default=None, converter=_coerce.moment)
    verify_by: datetime | None = attrs.field(default=None, converter=_coerce.deadline)
    causes: tuple[Link, ...] = attrs.field(default=(), converter=links)
    introduces: tuple[Link, ...] = attrs.field(default=(), converter=links)
    incidents: tuple[Link, ...] = attrs.field(default=(), converter=links)
    events: tuple[ActionEvent, ...] = attrs.field(default=(), converter=_events)

    def __attrs_post_init__(self) -> None:
        if self.decided is None:
            if not self.events:
                raise InvalidTime("Action", "decided", None, "say when it was agreed.")
            self.__dict__["decided"] = min(event.occurred for event in self.events)


@frozen(kw_only=True)
class Verification(_SmallRecord):
    """A judgement on whether an action was effective.

    Args:
        action: The action.
        made: When it was judged.
        result: effective, ineffective or inconclusive.
        method: How: by recurrence rate, challenge test or audit.
        who: Who judged.
        text: What was seen.
    """

    action: Id = attrs.field(converter=ref)
    made: datetime = attrs.field(converter=_coerce.needed_moment)
    result: VerificationResult = attrs.field(converter=_result)
    method: VerificationMethod | None = attrs.field(default=None, converter=_method)
    who: str | None = attrs.field(default=None, converter=_coerce.text)
    text: str | None = attrs.field(default=None, converter=_coerce.text)

    _prefix = "VER"


@frozen(kw_only=True)
class Promise(Record):
    """A commitment made to customers.

    Args:
        id: Its id; inside an apology it may be left out.
        apology: The apology that it was made in; inside one it is left out.
        kind: That it will not happen again, a deed, or to watch; None where nobody said.
        scope: That it will not happen again to this customer, or to anyone.
        text: Its words.
        owner: Who answers for it.
        due: By when; a bare day counts to its end.
        made: When; by default, when the apology was made.
        fulfilled: When the deed was done.
        actions: The actions that stand behind it.
    """

    id: str = attrs.field(default=None, converter=_coerce.optional_identifier)
    apology: Id | None = attrs.field(default=None, converter=optional_ref)
    kind: PromiseKind | None = attrs.field(default=None, converter=_promise_kind)
    scope: PromiseScope = attrs.field(default=PromiseScope.CUSTOMER, converter=_promise_scope)
    text: str | None = attrs.field(default=None, converter=_coerce.text)
    owner: str | None = attrs.field(default=None, converter=_coerce.text)
    due: datetime | None = attrs.field(default=None, converter=_coerce.deadline)
    made: datetime | None = attrs.field(default=None, converter=_coerce.moment)
    fulfilled: datetime | None = attrs.field(default=None, converter=_coerce.moment)
    actions: tuple[Link, ...] = attrs.field(default=(), converter=links)


def _promise(value: Any) -> Promise:
    if isinstance(value, Promise):
        return value
    raise Refused("a promise is given as Promise(kind=..., text=...).")


def _promises(value: Promise | Iterable[Promise] | None) -> tuple[Promise, ...]:
    return _coerce.several(value, _promise)


@frozen(kw_only=True)
class Apology(Record):
    """What we told the customers.

    Args:
        id: Its id.
        incidents: The incidents that it is for; at least one.
        made: When.
        author: Who spoke.
        channel: Over which channel.
        text: Its words.
        elements: The elements that it contained; None where nobody looked.
        customers: Whom it was told: `ALL`, or "all" (every customer of the incidents, whenever they
            are linked), customers by id, or None where that is not known.
        not_reached: The customers whom it was meant for and did not reach.
        promises: The promises made in it. Each gets an id and a date from the apology where it
            has none.

    Example:
        >>> from remedy import Apology, Promise
        >>> apology = Apology(
        ...     id="APO-1", incidents="INC-1", made="2026-03-09T15:00+01:00",
        ...     promises=Promise(kind="non_recurrence", text="It will never happen again"),
        ... )
        >>> apology.promises[0].id
        'APO-1/promise-1'
    """

    incidents: tuple[Link, ...] = attrs.field(converter=links)
    made: datetime = attrs.field(converter=_coerce.needed_moment)
    author: str | None = attrs.field(default=None, converter=_coerce.text)
    channel: str | None = attrs.field(default=None, converter=_coerce.text)
    text: str | None = attrs.field(default=None, converter=_coerce.text)
    elements: tuple[Element, ...] | None = attrs.field(default=None, converter=_elements)
    customers: Everyone | tuple[Id, ...] | None = attrs.field(default=None, converter=told)
    not_reached: tuple[Id, ...] = attrs.field(default=(), converter=ids)
    promises: tuple[Promise, ...] = attrs.field(default=(), converter=_promises)

    def __attrs_post_init__(self) -> None:
        if not self.incidents:
            raise refuse(self, "incidents", "say at least one incident that it is for.")
        if isinstance(self.customers, tuple):
            both = set(self.customers) & set(self.not_reached)
            if both:
                raise refuse(
                    self, "not_reached", f"{min(map(str, both))} stands among those told, too."
                )
        if self.promises:
            self.__dict__["promises"] = tuple(
                self._own(promise, number) for number, promise in enumerate(self.promises, start=1)
            )

    def _own(self, promise: Promise, number: int) -> Promise:
        if promise.apology not in (None, self.id):
            raise refuse(self, "promises", f"{promise.id} was made in {promise.apology}.")
        return attrs.evolve(
            promise,
            id=promise.id or f"{self.id}/promise-{number}",
            apology=self.id,
            made=promise.made or self.made,
        )


@frozen(kw_only=True)
class Amends(_SmallRecord):
    """What the customer got for their trouble. A replacement is a correction, not amends.

    Args:
        incident: The incident that it is for.
        customer: Who got it; None where it is for all of them.
        kind: refund, credit, gift, discount, waived_charge or other.
        made: When it was given.
        amount: How much: "12.50 EUR", or `Money`.
        shares: Who bears which share of it.
        text: What it was.
    """

    incident: Id = attrs.field(converter=ref)
    customer: Id | None = attrs.field(default=None, converter=optional_ref)
    kind: AmendsKind = attrs.field(converter=_amends_kind)
    made: datetime = attrs.field(converter=_coerce.needed_moment)
    amount: Money | None = attrs.field(default=None, converter=_money)
    shares: tuple[Share, ...] = attrs.field(default=(), converter=_shares)
    text: str | None = attrs.field(default=None, converter=_coerce.text)

    _prefix = "AMD"

    def _check(self) -> None:
        if self.shares and sum(share.percent for share in self.shares) != 100:
            raise refuse(self, "shares", "the shares do not add up to 100 %.")


@frozen(kw_only=True)
class Response(_SmallRecord):
    """What a customer said back.

    Args:
        customer: Who.
        incident: The incident that it is about.
        kind: thanked, accepted, last_chance, dissatisfied or left.
        made: When.
        text: Their words.
        next_step: What we do about it.
        next_owner: Who answers for that.
    """

    customer: Id = attrs.field(converter=ref)
    incident: Id | None = attrs.field(default=None, converter=optional_ref)
    kind: ResponseKind = attrs.field(converter=_response_kind)
    made: datetime = attrs.field(converter=_coerce.needed_moment)
    text: str | None = attrs.field(default=None, converter=_coerce.text)
    next_step: str | None = attrs.field(default=None, converter=_coerce.text)
    next_owner: str | None = attrs.field(default=None, converter=_coerce.text)

    _prefix = "RES"


@frozen(kw_only=True)
class FollowUp(_SmallRecord):
    """A later contact, to see whether it is right now: planned, made, or both.

    Args:
        incident: The incident that it is about.
        customer: Whom it is for; None for all of them.
        due: By when; a bare day counts to its end.
        made: When it was made.
        owner: Who answers for it.
        text: What came of it.
    """

    incident: Id = attrs.field(converter=ref)
    customer: Id | None = attrs.field(default=None, converter=optional_ref)
    due: datetime | None = attrs.field(default=None, converter=_coerce.deadline)
    made: datetime | None = attrs.field(default=None, converter=_coerce.moment)
    owner: str | None = attrs.field(default=None, converter=_coerce.text)
    text: str | None = attrs.field(default=None, converter=_coerce.text)

    _prefix = "FOL"

    def _check(self) -> None:
        if self.due is None and self.made is None:
            raise refuse(self, "due", "say by when it is due, or when it was made.")


@frozen(kw_only=True)
class Decision(_SmallRecord):
    """A recorded judgement that no analysis, or no action, is needed.

    Args:
        kind: no_analysis or no_action.
        incident: The incident that it is about; or
        cause: the cause that it is about.
        made: When.
        who: Who decided.
        reason: Why. A decision without a reason is none.
    """

    kind: DecisionKind = attrs.field(converter=_decision_kind)
    incident: Id | None = attrs.field(default=None, converter=optional_ref)
    cause: Id | None = attrs.field(default=None, converter=optional_ref)
    made: datetime = attrs.field(converter=_coerce.needed_moment)
    who: str | None = attrs.field(default=None, converter=_coerce.text)
    reason: str = attrs.field(converter=_coerce.needed_text)

    _prefix = "DEC"

    def _check(self) -> None:
        if (self.incident is None) == (self.cause is None):
            raise refuse(self, "incident", "a decision is about one incident, or one cause.")


@frozen(kw_only=True)
class Evidence(_SmallRecord):
    """What shows that a cause is one, or that an action was done.

    Args:
        cause: The cause that it is for; or
        action: the action that it is for.
        made: When it was put on file.
        text: What it is.
        url: Where it can be seen.
    """

    cause: Id | None = attrs.field(default=None, converter=optional_ref)
    action: Id | None = attrs.field(default=None, converter=optional_ref)
    made: datetime = attrs.field(converter=_coerce.needed_moment)
    text: str | None = attrs.field(default=None, converter=_coerce.text)
    url: str | None = attrs.field(default=None, converter=_coerce.text)

    _prefix = "EVI"

    def _check(self) -> None:
        if (self.cause is None) == (self.action is None):
            raise refuse(self, "cause", "evidence is for one cause, or for one action.")
        if self.text is None and self.url is None:
            raise refuse(self, "text", "say what it is, or where it can be seen.")


@frozen(kw_only=True)
class Exposure(_SmallRecord):
    """How many chances there were to fail in a span of time.

    Args:
        chances: How many (orders shipped).
        began: From when.
        ended: Until when.
        process: In which process; None for all. Likewise
        product: the product,
        channel: the channel,
        site: the site, and
        customer: the customer.
        supervised: Whether they were specially watched: such do not prove those that were not.
    """

    chances: int = attrs.field(converter=_coerce.needed_whole)
    began: datetime = attrs.field(converter=_coerce.needed_moment)
    ended: datetime = attrs.field(converter=_coerce.needed_deadline)
    process: str | None = attrs.field(default=None, converter=_coerce.text)
    product: str | None = attrs.field(default=None, converter=_coerce.text)
    channel: str | None = attrs.field(default=None, converter=_coerce.text)
    site: str | None = attrs.field(default=None, converter=_coerce.text)
    customer: Id | None = attrs.field(default=None, converter=optional_ref)
    supervised: bool = attrs.field(default=False, converter=_coerce.truth)

    _prefix = "EXP"

    def _check(self) -> None:
        if self.chances < 0:
            raise refuse(self, "chances", "is not negative.")
        if self.ended < self.began:
            raise refuse(self, "ended", "it ended before it began.")


@frozen(kw_only=True)
class Verdict(_SmallRecord):
    """A person's lasting judgement on two incidents.

    Args:
        a: One incident.
        b: The other.
        kind: same, not_same or duplicate.
        made: When.
        who: Who judged.
        reason: Why.
    """

    a: Id = attrs.field(converter=ref)
    b: Id = attrs.field(converter=ref)
    kind: VerdictKind = attrs.field(converter=_verdict_kind)
    made: datetime = attrs.field(converter=_coerce.needed_moment)
    who: str | None = attrs.field(default=None, converter=_coerce.text)
    reason: str | None = attrs.field(default=None, converter=_coerce.text)

    _prefix = "VDT"

    def _check(self) -> None:
        if self.a == self.b:
            raise refuse(self, "b", "a verdict is on two incidents.")


@frozen(kw_only=True)
class Waiver(_SmallRecord):
    """A person's acceptance of one finding.

    Args:
        finding: The key of the finding.
        code: The code that was accepted: it and milder ones are silent, a graver one is shown.
        reason: Why it is accepted. A waiver without a reason is none.
        made: When. Of a finding that brings incidents together (R201, R202), those are accepted
            that had been noticed by then: with a later one it is shown again.
        until: Until when; a bare day counts to its end.
        who: Who accepted it.
    """

    finding: str = attrs.field(converter=_coerce.identifier)
    code: str = attrs.field(converter=_coerce.identifier)
    reason: str = attrs.field(converter=_coerce.needed_text)
    made: datetime = attrs.field(converter=_coerce.needed_moment)
    until: datetime = attrs.field(converter=_coerce.needed_deadline)
    who: str | None = attrs.field(default=None, converter=_coerce.text)

    _prefix = "WAI"


RECORDS: Mapping[str, type[Record]] = {
    each.entity: each
    for each in (
        Customer,
        Incident,
        Complaint,
        Cause,
        Action,
        Verification,
        Apology,
        Promise,
        Amends,
        Response,
        FollowUp,
        Decision,
        Evidence,
        Exposure,
        Verdict,
        Waiver,
    )
}
"""The classes of records by what they are called in tables and files, in an order in which each
comes after those that it usually refers to."""
