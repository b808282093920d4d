"""Records to rows and back: which field of which record stands in which column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from remedy import records as r
from remedy._coerce import zone_of
from remedy._entities import Child, Column, Entity
from remedy._forms import (
    ELEMENT_BIT,
    IMPACT_RANK,
    RANK_IMPACT,
    RANK_STRENGTH,
    STRENGTH_RANK,
    elements_in,
    from_json,
    json_of,
    micros,
    moment,
    optional_moment,
    span_of,
    time_or_day,
    value_of,
    zone_name,
)
from remedy.money import Money
from remedy.vocabulary import ALL

__all__ = ["BY_CLASS", "BY_NAME", "ENTITIES", "STATED_TABLES"]


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
        return r.Link(to=to, since=optional_moment(row["since"]))

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
        acknowledged=optional_moment(row["acknowledged"]), since=optional_moment(row["since"]),
    ),
)  # fmt: skip

_EXPLAINED = Child(
    "incidents", "incident_cause", "cause", "incident", "incident",
    ("incident", "cause", "role", "stated", "since"), ("incident", "role", "stated"),
    lambda record, _, link: (link.to, record, value_of(link.role), "", _opt(link.since)),
    lambda row: r.CausalLink(
        to=row["stated"] or row["incident"], role=row["role"], since=optional_moment(row["since"])
    ),
)  # fmt: skip

_EVENTS = Child(
    "events", "action_event", "action", None, None,
    ("action", "seq", "state", "occurred", "who", "reason"),
    # All of it: at one moment it may be implemented here by one, and there by another.
    ("state", "occurred", "who", "reason"),
    lambda record, number, event: (
        record, number, value_of(event.state), micros(event.occurred), event.who, event.reason
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


def _plain(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name) for name in names)


def _time(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, micros, moment) for name in names)


def _word(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, value_of) for name in names)


def _flag(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, int, bool) for name in names)


def _to(**targets: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, target=target) for name, target in targets.items())


_BODY = Column("body", "text")
_COMMON = (
    *_plain("source", "external_id"),
    *_time("updated"),
    *_word("provenance"),
    Column("attributes", "attributes", json_of, from_json),
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
        "occurred": time_or_day(row["occurred"], row["occurred_end"], row["occurred_zone"]),
        "detected": time_or_day(row["detected"], row["detected_end"], row["detected_zone"]),
    }


_DAY = 86_400 * 1_000_000


def _decided_more(action: r.Action) -> tuple[Any, ...]:
    """Return until when an action may have been decided, and the zone of the day, if it is one.

    A day that is given stands in the record as its first moment. So midnight sharp, in the zone
    that it is told in, is taken for a day. What is midnight in UTC, and was not told so, keeps its
    zone, or it would be read as a day.
    """
    decided, start = action.decided, micros(action.decided)
    zone: str | None = zone_name(decided.tzinfo)  # type: ignore[arg-type]
    if decided.hour or decided.minute or decided.second or decided.microsecond:
        return (start, None if start % _DAY else zone)
    return (start + _DAY - 1, zone)


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
        None if elements is None else sum(ELEMENT_BIT[each] for each in elements),
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
            Column("impact", "impact", IMPACT_RANK.__getitem__, RANK_IMPACT.__getitem__),
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
            Column("strength", "strength", STRENGTH_RANK.__getitem__, RANK_STRENGTH.__getitem__),
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
