"""What records refer to others by: an id, an id in a source, or a link that carries more.

What a plural field refers to is a set, kept in the order of the ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

import attrs

from remedy import _coerce
from remedy._coerce import Refused
from remedy._defining import Value, frozen
from remedy.vocabulary import ALL, Everyone, Role

__all__ = ["Affected", "Alias", "CausalLink", "External", "Id", "Link"]

L = TypeVar("L")


@frozen(kw_only=True)
class External(Value):
    """The id that a record has in a source, where its id here is not known.

    Args:
        source: Name of the source ("crm").
        external_id: The id there.
    """

    source: str = attrs.field(converter=_coerce.identifier)
    external_id: str = attrs.field(converter=_coerce.identifier)


Id = str | External
"""How a record refers to another one."""


def ref(value: Id) -> Id:
    return value if isinstance(value, External) else _coerce.identifier(value)


def optional_ref(value: Id | None) -> Id | None:
    return None if value is None else ref(value)


@frozen(kw_only=True)
class Link(Value):
    """A reference to another record, with the date from which it counts.

    Args:
        to: The other record.
        since: From when it counts; by default, from the later of its two ends.
    """

    to: Id = attrs.field(converter=ref)
    since: datetime | None = attrs.field(default=None, converter=_coerce.moment)


def role_of(value: Role | str) -> Role:
    return _coerce.chosen(Role, value)


@frozen(kw_only=True)
class CausalLink(Value):
    """The reference of a cause to an incident that it explains.

    Args:
        to: The incident.
        role: Whether it is why the incident happened, or why nobody caught it.
        since: From when it counts; by default, from the later of its two ends.
    """

    to: Id = attrs.field(converter=ref)
    role: Role = attrs.field(default=Role.CAUSE, converter=role_of)
    since: datetime | None = attrs.field(default=None, converter=_coerce.moment)


@frozen(kw_only=True)
class Affected(Value):
    """The reference of an incident to a customer who lived through it.

    Args:
        customer: The customer. One that nobody recorded is made from the id.
        order: What the order is called ("SO-1001").
        order_no: The how-manyeth order of this customer it was, where that is known: consecutive
            numbers are consecutive orders.
        acknowledged: When this customer first heard from us about it.
        since: From when the link counts; by default, from when the incident does.
    """

    customer: Id = attrs.field(converter=ref)
    order: str | None = attrs.field(default=None, converter=_coerce.text)
    order_no: int | None = attrs.field(default=None, converter=_coerce.whole)
    acknowledged: datetime | None = attrs.field(default=None, converter=_coerce.moment)
    since: datetime | None = attrs.field(default=None, converter=_coerce.moment)


@frozen(kw_only=True)
class Alias(Value):
    """The id that a customer has in another system.

    Args:
        source: Name of the system.
        external_id: The id there.
    """

    source: str = attrs.field(converter=_coerce.identifier)
    external_id: str = attrs.field(converter=_coerce.identifier)


def _by_target(given: tuple[L, ...]) -> tuple[L, ...]:
    """Return links in the order of what they refer to: as a set, which is what they mean."""
    if len(given) < 2:
        return given
    links: dict[str, L] = {}
    for link in given:
        other = links.setdefault(_target(link), link)
        if other != link:
            raise Refused(f"says two things of one, and holds only one of them: {other}, {link}.")
    return tuple(links[target] for target in sorted(links))


def _target(link: Any) -> str:
    if isinstance(link, (Link, CausalLink)):
        role = link.role if isinstance(link, CausalLink) else ""
        return f"{_target(link.to)}\x00{role}"
    if isinstance(link, Affected):
        return _target(link.customer)
    return f"{link.source}\x00{link.external_id}" if isinstance(link, (External, Alias)) else link


def _link(value: Any) -> Link:
    return value if isinstance(value, Link) else Link(to=value)


def links(value: Link | Id | Iterable[Link | Id] | None) -> tuple[Link, ...]:
    return _by_target(_coerce.several(value, _link))


def _causal_link(value: Any) -> CausalLink:
    return value if isinstance(value, CausalLink) else CausalLink(to=value)


def causal_links(
    value: CausalLink | Id | Iterable[CausalLink | Id] | None,
) -> tuple[CausalLink, ...]:
    return _by_target(_coerce.several(value, _causal_link))


def _affected(value: Any) -> Affected:
    return value if isinstance(value, Affected) else Affected(customer=value)


def _by_customer(customer: str) -> Affected:
    """Return an `Affected` that says no more than the customer, in a third of the time."""
    affected = object.__new__(Affected)
    affected.__dict__["customer"] = _coerce.identifier(customer)
    return affected


def all_affected(value: Affected | Id | Iterable[Affected | Id] | None) -> tuple[Affected, ...]:
    if value.__class__ is str:  # By far the most: incidents of one customer.
        try:
            return (_by_customer(value),)
        except Refused:
            return (Affected(customer=value),)
    return _by_target(_coerce.several(value, _affected))


def _alias(value: Any) -> Alias:
    if isinstance(value, Alias):
        return value
    raise Refused("an alias is given as Alias(source=..., external_id=...).")


def aliases(value: Alias | Iterable[Alias] | None) -> tuple[Alias, ...]:
    return _by_target(_coerce.several(value, _alias))


def told(value: Everyone | Id | Iterable[Id] | None) -> Everyone | tuple[Id, ...] | None:
    if value is None or value is ALL:
        return value
    # As a word, it is what dictionaries and files have for it, and nobody's id.
    return ALL if isinstance(value, str) and value == ALL.value else ids(value)


def ids(value: Id | Iterable[Id] | None) -> tuple[Id, ...]:
    return _by_target(_coerce.several(value, ref))
