"""What hypothesis makes records of: every class, with all of its fields.

`records(kind)` draws from the ids of `GROUND`, a handful of records that refer to nothing else, so
that what is drawn can be put on file after them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import attrs
from hypothesis import strategies as st

from remedy import records as r
from remedy.money import Money
from remedy.vocabulary import (
    ALL,
    ActionKind,
    ActionState,
    AmendsKind,
    Basis,
    DecisionKind,
    DetectedBy,
    Element,
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
    shipped_interventions,
)

EARLY = "2001-01-01T00:00+00:00"
GROUND: tuple[r.Record, ...] = (
    *(r.Customer(id=f"C-{n}", name="on file") for n in range(4)),
    *(r.Incident(id=f"INC-{n}", occurred=EARLY) for n in range(4)),
    *(r.Cause(id=f"CAU-{n}", found=EARLY) for n in range(3)),
    *(r.Action(id=f"ACT-{n}", kind="corrective", decided=EARLY) for n in range(3)),
    r.Apology(id="APO-0", incidents="INC-0", made=EARLY),
)


def _ground(prefix: str) -> st.SearchStrategy[str]:
    return st.sampled_from([each.id for each in GROUND if each.id.startswith(prefix)])


letters = st.characters(categories=("L", "N", "P", "S"))
names = st.text(letters, min_size=1, max_size=8)
texts = st.text(
    st.one_of(st.characters(exclude_categories=("Cc", "Cs")), st.sampled_from("\n\t")),
    min_size=1,
    max_size=12,
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(datetime(2002, 1, 1), datetime(2025, 12, 31), timezones=zones)
days = st.builds(
    r.Day,
    st.dates(date(2002, 1, 1), date(2025, 12, 30)),
    st.sampled_from(["+01:00", "Z", "-05:30", "Europe/Vienna", "America/Sao_Paulo"]),
)
numbers = st.integers(-(2**63), 2**63 - 1)
money = st.builds(Money, st.integers(0, 2**63 - 1), st.sampled_from(["EUR", "JPY", "BHD", "UYW"]))
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
attributes = st.dictionaries(st.from_regex(r"\A[a-z][a-z0-9_]{0,5}\Z"), json_values, max_size=2)


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def _several(strategy: st.SearchStrategy[Any], key: Any) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=3, unique_by=key).map(tuple)


def _links(prefix: str) -> st.SearchStrategy[Any]:
    return _several(
        st.builds(r.Link, to=_ground(prefix), since=_maybe(moments)), lambda link: link.to
    )


_COMMON = {
    "id": names.map(lambda name: f"NEW-{name}"),
    "source": _maybe(names),
    "external_id": _maybe(names),
    "updated": _maybe(moments),
    "provenance": st.sampled_from(Provenance),
    "attributes": attributes,
}
_PLACES = {name: _maybe(texts) for name in ("process", "product", "channel", "site")}
_PROMISE = {
    "kind": _maybe(st.sampled_from(PromiseKind)),
    "scope": st.sampled_from(PromiseScope),
    "text": _maybe(texts),
    "owner": _maybe(texts),
    "due": _maybe(moments | days),
    "made": moments,
    "fulfilled": _maybe(moments),
    "actions": _links("ACT"),
}

_FIELDS: dict[type[r.Record], dict[str, st.SearchStrategy[Any]]] = {
    r.Customer: {
        "account": _maybe(names),
        "name": _maybe(texts),
        "aliases": _several(
            st.builds(r.Alias, source=names, external_id=names),
            lambda alias: (alias.source, alias.external_id),
        ),
    },
    r.Incident: {
        "occurred": st.shared(moments | days, key="occurred"),
        "occurred_basis": st.sampled_from(Basis),
        "detected": _maybe(st.shared(moments | days, key="occurred")),
        "acknowledged": _maybe(moments),
        "failure_mode": _maybe(texts),
        **_PLACES,
        "impact": _maybe(st.sampled_from(Impact)),
        "detected_by": _maybe(st.sampled_from(DetectedBy)),
        "gate": st.sampled_from(Gate),
        "duplicate_of": _maybe(_ground("INC")),
        "title": _maybe(texts),
        "text": _maybe(texts),
        "customers": _several(
            st.builds(
                r.Affected,
                customer=_ground("C-"),
                order=_maybe(texts),
                order_no=_maybe(numbers),
                acknowledged=_maybe(moments),
                since=_maybe(moments),
            ),
            lambda each: each.customer,
        ),
        "order": st.none(),
        "order_no": st.none(),
    },
    r.Complaint: {
        "customer": _maybe(_ground("C-")),
        "made": moments,
        "channel": _maybe(texts),
        "text": _maybe(texts),
        "url": _maybe(texts),
        "justified": _maybe(st.booleans()),
        "incident": _maybe(_ground("INC")),
        "reopened": _maybe(moments),
    },
    r.Cause: {
        "found": moments,
        "text": _maybe(texts),
        "is_human": st.booleans(),
        "names_person": st.booleans(),
        "gate": st.sampled_from(Gate),
        "incidents": _several(
            st.builds(
                r.CausalLink,
                to=_ground("INC"),
                role=st.sampled_from(Role),
                since=_maybe(moments),
            ),
            lambda link: (link.to, link.role),
        ),
        "effects": _links("CAU"),
        "role": st.none(),
    },
    r.Action: {
        "kind": st.sampled_from(ActionKind),
        "decided": moments,
        "intervention": _maybe(st.sampled_from(sorted(shipped_interventions()))),
        "strength": _maybe(st.sampled_from(Strength)),
        "changes_process": _maybe(st.booleans()),
        "text": _maybe(texts),
        "owner": _maybe(texts),
        "team": _maybe(texts),
        "due": _maybe(moments | days),
        **{f"scope_{name}": strategy for name, strategy in _PLACES.items()},
        "criterion": _maybe(texts),
        "criterion_set": _maybe(moments),
        "verify_by": _maybe(moments | days),
        "causes": _links("CAU"),
        "introduces": _links("CAU"),
        "incidents": _links("INC"),
        "events": _several(
            st.builds(
                r.ActionEvent,
                state=st.sampled_from(ActionState),
                occurred=moments,
                who=_maybe(texts),
                reason=_maybe(texts),
            ),
            lambda event: (event.state, event.occurred),
        ),
    },
    r.Verification: {
        "action": _ground("ACT"),
        "made": moments,
        "result": st.sampled_from(VerificationResult),
        "method": _maybe(st.sampled_from(VerificationMethod)),
        "who": _maybe(texts),
        "text": _maybe(texts),
    },
    r.Promise: {"apology": _ground("APO"), **_PROMISE},
    r.Apology: {
        "incidents": _links("INC").filter(len),
        "made": moments,
        "author": _maybe(texts),
        "channel": _maybe(texts),
        "text": _maybe(texts),
        "elements": _maybe(st.lists(st.sampled_from(Element), unique=True).map(tuple)),
        "customers": _maybe(st.just(ALL) | st.sampled_from([(), ("C-0",), ("C-0", "C-1")])),
        "not_reached": st.sampled_from([(), ("C-2",), ("C-2", "C-3")]),
        "promises": st.lists(st.builds(r.Promise, **_PROMISE), max_size=2).map(tuple),
    },
    r.Amends: {
        "incident": _ground("INC"),
        "customer": _maybe(_ground("C-")),
        "kind": st.sampled_from(AmendsKind),
        "made": moments,
        "amount": _maybe(money),
        "shares": st.sampled_from(
            [
                (),
                (r.Share(party="us", percent=100),),
                (r.Share(party="us", percent=30), r.Share(party="carrier", percent=70)),
            ]
        ),
        "text": _maybe(texts),
    },
    r.Response: {
        "customer": _ground("C-"),
        "incident": _maybe(_ground("INC")),
        "kind": st.sampled_from(ResponseKind),
        "made": moments,
        "text": _maybe(texts),
        "next_step": _maybe(texts),
        "next_owner": _maybe(texts),
    },
    r.FollowUp: {
        "incident": _ground("INC"),
        "customer": _maybe(_ground("C-")),
        "due": _maybe(moments | days),
        "made": moments,
        "owner": _maybe(texts),
        "text": _maybe(texts),
    },
    r.Decision: {
        "kind": st.sampled_from(DecisionKind),
        "incident": _ground("INC"),
        "cause": st.none(),
        "made": moments,
        "who": _maybe(texts),
        "reason": texts.filter(str.strip),
    },
    r.Evidence: {
        "cause": st.none(),
        "action": _ground("ACT"),
        "made": moments,
        "text": texts,
        "url": _maybe(texts),
    },
    r.Exposure: {
        "chances": st.integers(0, 2**63 - 1),
        "began": st.just(datetime(2001, 1, 1, tzinfo=UTC)),
        "ended": moments | days,
        **_PLACES,
        "customer": _maybe(_ground("C-")),
        "supervised": st.booleans(),
    },
    r.Verdict: {
        "a": st.sampled_from(["INC-0", "INC-1"]),
        "b": st.sampled_from(["INC-2", "INC-3"]),
        "kind": st.sampled_from(VerdictKind),
        "made": moments,
        "who": _maybe(texts),
        "reason": _maybe(texts),
    },
    r.Waiver: {
        "finding": names,
        "code": names,
        "reason": texts.filter(str.strip),
        "made": moments,
        "until": moments | days,
        "who": _maybe(texts),
    },
}


def _fields(kind: type[r.Record]) -> dict[str, st.SearchStrategy[Any]]:
    given = {**_COMMON, **_FIELDS[kind]}
    missing = {field.name for field in attrs.fields(kind)} ^ given.keys()
    assert not missing, f"{kind.__name__}: {missing}"
    return given


def records(kind: type[r.Record]) -> st.SearchStrategy[Any]:
    """Records of a class with all of their fields drawn."""
    return st.builds(kind, **_fields(kind))
