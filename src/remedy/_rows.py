"""Records to rows and back: which field stands in which column, and in which form.

An entity is a table that holds records; its children are tables that hold what the plural fields
refer to. Encoding goes from a record to one list per row, in the order of the columns; what the
store derives (failure key, canonical incident, level of a cause) is filled in by the store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any

import attrs

from remedy import records as r
from remedy._coerce import Day, zone_of
from remedy._defining import unsaid
from remedy.money import Money
from remedy.vocabulary import ALL, ActionState, Element, Impact, Strength

__all__ = [
    "BY_CLASS",
    "BY_NAME",
    "Child",
    "Column",
    "Entity",
    "items_of",
    "may_lie_ahead",
    "micros",
    "moment",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(value: datetime) -> int:
    """Return a moment as whole microseconds since 1970 in UTC."""
    since = value - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(value: int, zone: tzinfo = UTC) -> datetime:
    """Return the moment that is so many microseconds after 1970, told in a zone."""
    return (EPOCH + timedelta(microseconds=value)).astimezone(zone)


def span_micros(value: timedelta) -> int:
    """Return a span of time as whole microseconds."""
    return value // _MICROSECOND


# --- forms of single values -----------------------------------------------------------------------


def _optional_moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


_IMPACT_RANK = {word: rank for rank, word in enumerate(Impact, start=1)}
_RANK_IMPACT = {rank: word.value for word, rank in _IMPACT_RANK.items()}
_STRENGTH_RANK = {Strength.WEAKER: 1, Strength.INTERMEDIATE: 2, Strength.STRONGER: 3}
_RANK_STRENGTH = {rank: word.value for word, rank in _STRENGTH_RANK.items()}
_ELEMENT_BIT = {word: 1 << place for place, word in enumerate(Element)}


def impact_rank(value: Impact) -> int:
    """Return 1 for minor to 4 for critical."""
    return _IMPACT_RANK[value]


def strength_rank(value: Strength) -> int:
    """Return 1 for weaker to 3 for stronger."""
    return _STRENGTH_RANK[value]


def strength_of(rank: int) -> Strength:
    """Return the strength with a rank."""
    return Strength(_RANK_STRENGTH[rank])


def elements_in(mask: int) -> tuple[Element, ...]:
    """Return the elements whose bits are set."""
    return tuple(word for word, bit in _ELEMENT_BIT.items() if mask & bit)


def _value(word: Any) -> str:
    return word._value_  # type: ignore[no-any-return]


def _attributes(value: Mapping[str, Any]) -> str | None:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) if value else None


def _from_json(value: str | None) -> dict[str, Any]:
    return json.loads(value) if value else {}


_ZONE_NAMES: dict[tzinfo, str] = {}


def _zone_name(zone: tzinfo) -> str:
    try:
        return _ZONE_NAMES[zone]
    except KeyError:
        seconds = int(zone.utcoffset(None).total_seconds())  # type: ignore[union-attr]
        sign = "-" if seconds < 0 else "+"
        hours, rest = divmod(abs(seconds), 3600)
        minutes, seconds = divmod(rest, 60)
        name = f"{sign}{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
        if len(_ZONE_NAMES) < 2_000:
            _ZONE_NAMES[zone] = name
        return name


def span_of(value: datetime | Day) -> tuple[int, int, str]:
    """Return the first and last microsecond that a time may mean, and its zone."""
    if value.__class__ is Day:
        return micros(value.start), micros(value.end), value.zone
    start = micros(value)  # type: ignore[arg-type]
    return start, start, _zone_name(value.tzinfo)  # type: ignore[union-attr, arg-type]


def _time_or_day(start: int | None, end: int | None, zone: str | None) -> datetime | Day | None:
    if start is None or zone is None:
        return None
    told = moment(start, zone_of(zone))
    return told if end == start else Day(told.date(), zone)


# --- dates that have been -------------------------------------------------------------------------

_PLANNED = {"due", "verify_by", "until", "ended"}
"""Columns of records whose times may lie ahead."""

_PAST_OF_ITEMS = {"acknowledged", "since", "occurred"}


def may_lie_ahead(item: Any) -> bool:
    """Whether an item of a plural field may have its time in the future.

    A change is often entered before the day from which it applies.
    """
    return item.__class__ is r.ActionEvent and item.state is ActionState.TOOK_EFFECT


# --- tables ---------------------------------------------------------------------------------------


@attrs.frozen
class Column:
    """A column of a table, and the field of the record that stands in it.

    Attributes:
        name: The column.
        field: The field.
        encode: What makes the value of the column from one that is not None.
        decode: What makes the value of the field from that of the column.
        target: The entity that it refers to.
    """

    name: str
    field: str
    encode: Callable[[Any], Any] | None = None
    decode: Callable[[Any], Any] | None = None
    target: str | None = None


@attrs.frozen
class Child:
    """A table with what a plural field of a record refers to.

    Attributes:
        field: The field.
        table: The table.
        owner: The column with the id of the record.
        other: The column with the id of the other record, or None.
        target: The entity that it refers to, or None.
        columns: All columns, in the order of the rows.
        key: The columns that say which row it is, besides the owner.
        encode: What makes the row from the record's id, the number of the item, and the item.
        decode: What makes the item from a row given as a mapping.
        fixed: Columns with one value for all rows of the field.
        past: Those of its columns, which are fields of the item too, that say when something was.
        past_places: Their places in the row.
        row_key: The columns that say which row it is, with the owner.
    """

    field: str
    table: str
    owner: str
    other: str | None
    target: str | None
    columns: tuple[str, ...]
    key: tuple[str, ...]
    encode: Callable[[str, int, Any], tuple[Any, ...]]
    decode: Callable[[Mapping[str, Any]], Any]
    fixed: Mapping[str, str] = MappingProxyType({})
    past: tuple[str, ...] = attrs.field(init=False)
    past_places: tuple[int, ...] = attrs.field(init=False)
    row_key: tuple[str, ...] = attrs.field(init=False)

    @past.default
    def _past(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name in _PAST_OF_ITEMS)

    @past_places.default
    def _past_places(self) -> tuple[int, ...]:
        return tuple(map(self.columns.index, self.past))

    @row_key.default
    def _row_key(self) -> tuple[str, ...]:
        stated = ("stated",) if "stated" in self.columns else ()
        return tuple(dict.fromkeys((self.owner, *self.key, *stated)))

    @property
    def reference(self) -> Callable[[Any], Any]:
        """What finds the other record's id in an item."""
        return _REFERENCE[self.field]


def items_of(record: Any, child: Child) -> tuple[Any, ...]:
    """Return what a plural field of a record holds: nothing, where it says "everyone"."""
    items = getattr(record, child.field)
    return () if items is None or items is ALL else items


def _opt(value: datetime | None) -> int | None:
    return None if value is None else micros(value)


def _link_child(
    field: str, table: str, owner: str, other: str, *, fixed: Mapping[str, str] | None = None
) -> Child:
    stated = other == "incident"
    extra = tuple(fixed or {})
    columns = (owner, other, *extra, *(("stated",) if stated else ()), "since")
    middle = tuple((fixed or {}).values()) + (("",) if stated else ())
    target = "cause" if other == "effect" else other

    def encode(record: str, _: int, link: r.Link) -> tuple[Any, ...]:
        return (record, link.to, *middle, _opt(link.since))

    def decode(row: Mapping[str, Any]) -> r.Link:
        to = (row["stated"] or row[other]) if stated else row[other]
        return r.Link(to=to, since=_optional_moment(row["since"]))

    return Child(
        field, table, owner, other, target, columns,
        (other, *extra, *(("stated",) if stated else ())), encode, decode,
        MappingProxyType(dict(fixed or {})),
    )  # fmt: skip


def _affected_row(record: str, _: int, each: r.Affected) -> tuple[Any, ...]:
    return (
        record, each.customer, "", each.order, each.order_no, _opt(each.acknowledged),
        _opt(each.since),
    )  # fmt: skip


_AFFECTED = Child(
    "customers", "incident_customer", "incident", "customer", "customer",
    ("incident", "customer", "stated", "order_ref", "order_no", "acknowledged", "since"),
    ("customer",),
    _affected_row,
    lambda row: r.Affected(
        customer=row["customer"], order=row["order_ref"], order_no=row["order_no"],
        acknowledged=_optional_moment(row["acknowledged"]), since=_optional_moment(row["since"]),
    ),
)  # fmt: skip

_EXPLAINED = Child(
    "incidents", "incident_cause", "cause", "incident", "incident",
    ("incident", "cause", "role", "stated", "since"), ("incident", "role", "stated"),
    lambda record, _, link: (link.to, record, _value(link.role), "", _opt(link.since)),
    lambda row: r.CausalLink(
        to=row["stated"] or row["incident"], role=row["role"], since=_optional_moment(row["since"])
    ),
)  # fmt: skip

_EVENTS = Child(
    "events", "action_event", "action", None, None,
    ("action", "seq", "state", "occurred", "who", "reason"),
    # All of it: at one moment it may be implemented here by one, and there by another.
    ("state", "occurred", "who", "reason"),
    lambda record, number, event: (
        record, number, _value(event.state), micros(event.occurred), event.who, event.reason
    ),
    lambda row: r.ActionEvent(
        state=row["state"], occurred=moment(row["occurred"]), who=row["who"], reason=row["reason"]
    ),
)  # fmt: skip

_ALIASES = Child(
    "aliases", "customer_alias", "customer", None, None,
    ("source", "external_id", "customer"), ("source", "external_id"),
    lambda record, _, alias: (alias.source, alias.external_id, record),
    lambda row: r.Alias(source=row["source"], external_id=row["external_id"]),
)  # fmt: skip


def _told_child(field: str, reached: int) -> Child:
    return Child(
        field, "apology_customer", "apology", "customer", "customer",
        ("apology", "customer", "reached"), ("customer",),
        lambda record, _, customer: (record, customer, reached),
        lambda row: row["customer"],
        MappingProxyType({"reached": str(reached)}),
    )  # fmt: skip


_REFERENCE: dict[str, Callable[[Any], Any]] = {
    "customers": lambda each: each.customer if isinstance(each, r.Affected) else each,
    "not_reached": lambda each: each,
    **{
        field: (lambda each: each.to)
        for field in ("incidents", "effects", "causes", "introduces", "actions")
    },
}


_SEVERAL_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "occurred": ("occurred", "occurred_end", "occurred_zone"),
    "detected": ("detected", "detected_end", "detected_zone"),
    "amount": ("amount", "currency"),
    "shares": ("shares",),
    "elements": ("elements",),
    "recipients": ("recipients",),
}
"""Fields that stand in columns beside those that hold fields one to one."""

_SAID_BY = {"recipients": "customers"}
"""The field of the record from which such a one is made, where it is another."""


@attrs.frozen
class Lean:
    """How some records of a kind are encoded.

    Attributes:
        names: The columns of what `encode` returns.
        encode: What makes the row of a record.
        fixed: Columns that hold the same in all rows. Those that are in neither hold nothing.
        past: The places in the row that say when something was.
    """

    names: tuple[str, ...]
    encode: Callable[[Any], list[Any]]
    fixed: Mapping[str, Any]
    past: tuple[int, ...]


def _encoding(
    columns: Sequence[Column], before: Callable[[Any], tuple[Any, ...]] | None
) -> Callable[[Any], list[Any]]:
    """Return what makes a row of a record: first the columns of single fields, then the others."""
    names = [column.field for column in columns]
    # Of one name alone there would come no tuple.
    fields = attrgetter(*names) if len(names) > 1 else lambda record: (record.id,)
    encoders = [
        (place, column.encode) for place, column in enumerate(columns) if column.encode is not None
    ]

    def encode(record: Any) -> list[Any]:
        row = list(fields(record))
        for place, encoder in encoders:
            value = row[place]
            if value is not None:
                row[place] = encoder(value)
        if before is not None:
            row.extend(before(record))
        return row

    return encode


def _some_of(
    before: Callable[[Any], tuple[Any, ...]], places: Sequence[int]
) -> Callable[[Any], tuple[Any, ...]]:
    """Return what makes some of the values that a function makes."""
    if not places:
        return lambda _: ()
    if len(places) == 1:
        return lambda record: (before(record)[places[0]],)
    some = itemgetter(*places)
    return lambda record: some(before(record))


@attrs.frozen
class Entity:
    """A kind of record, its table and its children.

    Attributes:
        name: What the kind and the table are called.
        record: The class.
        columns: The columns that hold fields one to one.
        children: The tables of the plural fields.
        before: Columns that hold more or less than one field, and what fills them, beside
            `columns`: a function of the record that returns their values.
        before_names: Their names.
        after: What turns the row into the arguments of the class, beside `columns`.
        derived: Columns that the store fills.
        names: The columns of what `encode` returns.
        encode: What makes the row of a record, without what is derived.
        past: Its fields that say when something was, and the place of each in the row.
        references: The columns that refer to another entity.
    """

    name: str
    record: type[r.Record]
    columns: tuple[Column, ...]
    children: tuple[Child, ...] = ()
    before_names: tuple[str, ...] = ()
    before: Callable[[Any], tuple[Any, ...]] | None = None
    after: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    derived: tuple[str, ...] = ()
    names: tuple[str, ...] = attrs.field(init=False)
    encode: Callable[[Any], list[Any]] = attrs.field(init=False)
    past: Mapping[str, int] = attrs.field(init=False)
    references: tuple[Column, ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(
            self, "names", (*(column.name for column in self.columns), *self.before_names)
        )
        object.__setattr__(
            self, "references", tuple(column for column in self.columns if column.target)
        )
        object.__setattr__(self, "encode", _encoding(self.columns, self.before))
        past = [each.name for each in self.columns if each.encode is micros]
        past += [name for name in self.before_names if name in ("occurred", "detected")]
        object.__setattr__(
            self,
            "past",
            {name: self.names.index(name) for name in past if name not in _PLANNED},
        )

    def lean(self, given: Collection[str]) -> Lean:
        """Return how records are encoded that hold their defaults but for some fields.

        Most incidents give eight fields of two dozen: what is the same in all rows, or nothing, is
        neither looked up nor handed over row by row.
        """
        kept, fixed = [], {}
        for column in self.columns:
            default = unsaid(self.record)[column.field]
            if column.field in given:
                kept.append(column)
            elif default is not None:
                value = column.encode(default) if column.encode else default
                if value is not None:
                    fixed[column.name] = value
        empty = {
            name
            for field, names in _SEVERAL_COLUMNS.items()
            if _SAID_BY.get(field, field) not in given
            for name in names
        }
        if "stated" in self.before_names:  # Which duplicate was meant is said when all is there.
            fixed["stated"] = ""
            empty.add("stated")
        places = [place for place, name in enumerate(self.before_names) if name not in empty]
        names = (
            *(column.name for column in kept),
            *(self.before_names[place] for place in places),
        )
        before = self.before
        if before is not None and len(places) < len(self.before_names):
            before = _some_of(before, places)
        past = tuple(names.index(name) for name in self.past if name in names)
        return Lean(names, _encoding(kept, before), fixed, past)

    @property
    def single_fields(self) -> tuple[str, ...]:
        """The fields that stand in the row of the record itself, but for its id."""
        several = (field for field, names in _SEVERAL_COLUMNS.items() if {*names} <= {*self.names})
        return (*(column.field for column in self.columns if column.field != "id"), *several)

    def columns_of(self, field: str) -> tuple[str, ...]:
        """Return the columns in which a field of the record itself stands."""
        plain = tuple(column.name for column in self.columns if column.field == field)
        return plain or _SEVERAL_COLUMNS[field]

    def decode(self, row: Mapping[str, Any], children: Mapping[str, Sequence[Any]]) -> r.Record:
        """Return the record of a row, and of the items of its plural fields."""
        given: dict[str, Any] = {}
        for column in self.columns:
            value = row[column.name]
            if value is not None:
                given[column.field] = column.decode(value) if column.decode else value
        for column in self.references:
            if column.target == "incident" and "stated" in self.before_names and row["stated"]:
                given[column.field] = row["stated"]
        if self.after is not None:
            given.update(self.after(row))
        given.update(children)
        return self.record(**given)


def _plain(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name) for name in names)


def _time(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, micros, moment) for name in names)


def _word(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, _value) for name in names)


def _flag(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, int, bool) for name in names)


def _to(**targets: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, target=target) for name, target in targets.items())


_BODY = Column("body", "text")
_COMMON = (
    *_plain("source", "external_id"),
    *_time("updated"),
    *_word("provenance"),
    Column("attributes", "attributes", _attributes, _from_json),
)
_STATED: dict[str, Any] = {"before_names": ("stated",), "before": lambda _: ("",)}


def _incident_times(incident: r.Incident) -> tuple[Any, ...]:
    occurred = span_of(incident.occurred)
    if incident.detected is None:
        return (*occurred, None, None, None, occurred[0])
    detected = span_of(incident.detected)
    return (*occurred, *detected, detected[0])


def _incident_from(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "occurred": _time_or_day(row["occurred"], row["occurred_end"], row["occurred_zone"]),
        "detected": _time_or_day(row["detected"], row["detected_end"], row["detected_zone"]),
    }


_DAY = 86_400 * 1_000_000


def _decided_more(action: r.Action) -> tuple[Any, ...]:
    """Return until when an action may have been decided, and the zone of the day, if it is one.

    A day that is given stands in the record as its first moment. So midnight sharp, in the zone
    that it is told in, is taken for a day.
    """
    decided, start = action.decided, micros(action.decided)
    if decided.hour or decided.minute or decided.second or decided.microsecond:
        return (start, None)
    return (start + _DAY - 1, _zone_name(decided.tzinfo))  # type: ignore[arg-type]


def _decided_from(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["decided_zone"] is None:
        return {}
    return {"decided": moment(row["decided"], zone_of(row["decided_zone"]))}


def _amends_more(amends: r.Amends) -> tuple[Any, ...]:
    shares = [[share.party, share.percent] for share in amends.shares]
    money = amends.amount
    return (
        "",
        None if money is None else money.minor,
        None if money is None else money.currency,
        json.dumps(shares, ensure_ascii=False) if shares else None,
    )


def _amends_from(row: Mapping[str, Any]) -> dict[str, Any]:
    shares = json.loads(row["shares"]) if row["shares"] else []
    return {
        "amount": None if row["amount"] is None else Money(row["amount"], row["currency"]),
        "shares": tuple(r.Share(party=party, percent=percent) for party, percent in shares),
    }


def _apology_more(apology: r.Apology) -> tuple[Any, ...]:
    elements = apology.elements
    told = apology.customers
    return (
        None if elements is None else sum(_ELEMENT_BIT[each] for each in elements),
        None if told is None else "all" if told is ALL else "listed",
    )


def _apology_from(row: Mapping[str, Any]) -> dict[str, Any]:
    mask = row["elements"]
    return {"elements": None if mask is None else elements_in(mask)}


ENTITIES: tuple[Entity, ...] = (
    Entity(
        "customer", r.Customer, (*_plain("id", "account", "name"), *_COMMON), (_ALIASES,)
    ),
    Entity(
        "incident", r.Incident,
        (
            *_plain("id"), *_word("occurred_basis"), *_time("acknowledged"),
            *_plain("process", "failure_mode", "product", "channel", "site"),
            Column("impact", "impact", _IMPACT_RANK.__getitem__, _RANK_IMPACT.__getitem__),
            *_word("detected_by", "gate"), *_to(duplicate_of="incident"), *_plain("title"), _BODY,
            *_COMMON,
        ),
        (_AFFECTED,),
        (
            "occurred", "occurred_end", "occurred_zone", "detected", "detected_end",
            "detected_zone", "noted",
        ),
        _incident_times, _incident_from, ("failure", "canonical"),
    ),
    Entity(
        "complaint", r.Complaint,
        (
            *_plain("id"), *_to(customer="customer"), *_time("made"), *_plain("channel", "url"),
            _BODY, *_flag("justified"), *_to(incident="incident"), *_time("reopened"), *_COMMON,
        ),
        (), **_STATED,
    ),
    Entity(
        "cause", r.Cause,
        (
            *_plain("id"), *_time("found"), _BODY, *_flag("is_human", "names_person"),
            *_word("gate"), *_COMMON,
        ),
        (_EXPLAINED, _link_child("effects", "cause_cause", "cause", "effect")),
        derived=("level",),
    ),
    Entity(
        "action", r.Action,
        (
            *_plain("id"), *_word("kind"), *_time("decided"), *_plain("intervention"),
            Column("strength", "strength", _STRENGTH_RANK.__getitem__, _RANK_STRENGTH.__getitem__),
            *_flag("changes_process"), _BODY, *_plain("owner", "team"), *_time("due"),
            *_plain("scope_process", "scope_product", "scope_channel", "scope_site", "criterion"),
            *_time("criterion_set", "verify_by"), *_COMMON,
        ),
        (
            _link_child("causes", "action_cause", "action", "cause",
                        fixed={"relation": "addresses"}),
            _link_child("introduces", "action_cause", "action", "cause",
                        fixed={"relation": "introduces"}),
            _link_child("incidents", "action_incident", "action", "incident"),
            _EVENTS,
        ),
        ("decided_end", "decided_zone"), _decided_more, _decided_from,
    ),
    Entity(
        "verification", r.Verification,
        (
            *_plain("id"), *_to(action="action"), *_time("made"), *_word("result", "method"),
            *_plain("who"), _BODY, *_COMMON,
        ),
    ),
    Entity(
        "apology", r.Apology,
        (*_plain("id"), *_time("made"), *_plain("author", "channel"), _BODY, *_COMMON),
        (
            _link_child("incidents", "apology_incident", "apology", "incident"),
            _told_child("customers", 1), _told_child("not_reached", 0),
        ),
        ("elements", "recipients"), _apology_more, _apology_from,
    ),
    Entity(
        "promise", r.Promise,
        (
            *_plain("id"), *_to(apology="apology"), *_word("kind", "scope"), _BODY,
            *_plain("owner"), *_time("due", "made", "fulfilled"), *_COMMON,
        ),
        (_link_child("actions", "promise_action", "promise", "action"),),
    ),
    Entity(
        "amends", r.Amends,
        (
            *_plain("id"), *_to(incident="incident", customer="customer"), *_word("kind"),
            *_time("made"), _BODY, *_COMMON,
        ),
        (), ("stated", "amount", "currency", "shares"), _amends_more, _amends_from,
    ),
    Entity(
        "response", r.Response,
        (
            *_plain("id"), *_to(customer="customer", incident="incident"), *_word("kind"),
            *_time("made"), _BODY, *_plain("next_step", "next_owner"), *_COMMON,
        ),
        (), **_STATED,
    ),
    Entity(
        "follow_up", r.FollowUp,
        (
            *_plain("id"), *_to(incident="incident", customer="customer"), *_time("due", "made"),
            *_plain("owner"), _BODY, *_COMMON,
        ),
        (), **_STATED,
    ),
    Entity(
        "decision", r.Decision,
        (
            *_plain("id"), *_word("kind"), *_to(incident="incident", cause="cause"),
            *_time("made"), *_plain("who", "reason"), *_COMMON,
        ),
        (), **_STATED,
    ),
    Entity(
        "evidence", r.Evidence,
        (
            *_plain("id"), *_to(cause="cause", action="action"), *_time("made"), _BODY,
            *_plain("url"), *_COMMON,
        ),
    ),
    Entity(
        "exposure", r.Exposure,
        (
            *_plain("id", "chances"), *_time("began", "ended"),
            *_plain("process", "product", "channel", "site"), *_to(customer="customer"),
            *_flag("supervised"), *_COMMON,
        ),
    ),
    Entity(
        "verdict", r.Verdict,
        (
            *_plain("id"), *_to(a="incident", b="incident"), *_word("kind"), *_time("made"),
            *_plain("who", "reason"), *_COMMON,
        ),
    ),
    Entity(
        "waiver", r.Waiver,
        (
            *_plain("id", "finding", "code", "reason"), *_time("made", "until"), *_plain("who"),
            *_COMMON,
        ),
    ),
)  # fmt: skip

BY_NAME: Mapping[str, Entity] = {entity.name: entity for entity in ENTITIES}
BY_CLASS: Mapping[type[r.Record], Entity] = {entity.record: entity for entity in ENTITIES}

STATED_TABLES = (
    "incident_customer", "incident_cause", "action_incident", "apology_incident", "complaint",
    "amends", "response", "follow_up", "decision",
)  # fmt: skip
"""The tables whose `incident` is the canonical one, with what was stated beside it."""
