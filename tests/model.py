"""What a casebook does, said in dicts: the model that `test_model.py` holds it against.

It is written after the documentation and shares no code with the library but the classes of the
records and of what waits. What stands on file under an id is kept beside what was said of it
first, by its source or by who recorded it: so "the same again" can be told from something else.
References to what is not on file stand in both; whoever looks at the model sees records without
them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs

from remedy import (
    Action,
    ActionEvent,
    Affected,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    Decision,
    Evidence,
    Exposure,
    External,
    FollowUp,
    Incident,
    Link,
    Pending,
    Promise,
    Record,
    Response,
    Verdict,
    Verification,
)
from remedy.errors import InvalidRecord
from remedy.records import RECORDS

__all__ = ["Model", "Refused", "plain"]

ORDER = {kind: place for place, kind in enumerate(RECORDS.values())}

NEEDED: dict[type, dict[str, type]] = {
    Verification: {"action": Action},
    Promise: {"apology": Apology},
    Amends: {"incident": Incident},
    FollowUp: {"incident": Incident},
    Decision: {"incident": Incident, "cause": Cause},
    Evidence: {"cause": Cause, "action": Action},
    Verdict: {"a": Incident, "b": Incident},
}
"""Fields that refer to a record without which this one cannot be."""

OPTIONAL: dict[type, dict[str, type]] = {
    Incident: {"duplicate_of": Incident},
    Complaint: {"customer": Customer, "incident": Incident},
    Amends: {"customer": Customer},
    Response: {"customer": Customer, "incident": Incident},
    FollowUp: {"customer": Customer},
    Exposure: {"customer": Customer},
}

SEVERAL: dict[type, dict[str, type | None]] = {
    Incident: {"customers": Customer},
    Cause: {"incidents": Incident, "effects": Cause},
    Action: {"causes": Cause, "incidents": Incident, "events": None},
    Apology: {"incidents": Incident, "customers": Customer},
    Promise: {"actions": Action},
}

SINGLE = {
    kind: [
        field.name
        for field in attrs.fields(kind)
        if field.name not in (*SEVERAL.get(kind, ()), "id", "promises")
    ]
    for kind in ORDER
}

TEXTS = ("title", "text", "url", "next_step")
"""What is gone, with the attributes, where a record is about an erased customer alone."""
SHARED = (*TEXTS, "reason", "criterion")
"""Where an erased customer is not named any more."""


class Refused(Exception):
    """A write that the casebook has to refuse, and that leaves no trace."""


def reference(item: Any) -> Any:
    """Return what an item of a plural field refers to."""
    if isinstance(item, Affected):
        return item.customer
    return item.to if isinstance(item, (Link, CausalLink)) else item


def with_reference(item: Any, id: Any) -> Any:
    if isinstance(item, Affected):
        return attrs.evolve(item, customer=id)
    return attrs.evolve(item, to=id) if isinstance(item, (Link, CausalLink)) else id


def key(item: Any) -> Any:
    """Return what there is one item of: a link to a record, in one role; an event as it is."""
    return item if isinstance(item, ActionEvent) else (reference(item), getattr(item, "role", None))


def several(record: Record) -> dict[str, type | None]:
    return SEVERAL.get(type(record), {})


def evolve(record: Any, **fields: Any) -> Any:
    return attrs.evolve(record, **fields)


def plain(record: Any) -> Any:
    """Return a record with what is in no order in one: promises, and events of one moment."""
    if isinstance(record, Apology):
        return evolve(record, promises=tuple(sorted(record.promises, key=lambda each: each.id)))
    if isinstance(record, Action):
        return evolve(record, events=tuple(sorted(record.events, key=repr)))
    return record


@attrs.define
class Model:
    """A casebook as its users are told that it is.

    Attributes:
        stands: What is on file by id, with references that wait.
        said: What was said of it before people changed it.
        waits: What cannot be on file yet, because it needs another record, by id.
        erased: What customers who were erased were called → what they are called now.
        names: The names that customers ever had, by id.
        turns: When a source last said an item of a plural field: two that turn out to be one are
            what was said later.
        theirs: Incidents of which a source says in one call that they hit nobody but customers who
            were erased, by their ids here and there.
    """

    stands: dict[str, Any] = attrs.field(factory=dict)
    said: dict[str, Any] = attrs.field(factory=dict)
    waits: dict[str, Any] = attrs.field(factory=dict)
    erased: dict[str, str] = attrs.field(factory=dict)
    names: dict[str, frozenset[str]] = attrs.field(factory=dict)
    turns: dict[Any, int] = attrs.field(factory=dict)
    theirs: dict[Any, bool] = attrs.field(factory=dict)

    def copy(self) -> Model:
        """Return another one that says the same: what is in the dicts is never changed."""
        return Model(*(dict(getattr(self, field.name)) for field in attrs.fields(Model)))

    def become(self, other: Model) -> None:
        """Be as another one is."""
        for field in attrs.fields(Model):
            setattr(self, field.name, getattr(other, field.name))

    def doing(self, work: Callable[[Model], Any]) -> Any:
        """Do all of something or nothing."""
        after = self.copy()
        after.theirs = {}
        try:
            result = work(after)
            after.settle()
            after.remember_names()
        except InvalidRecord as error:
            raise Refused(str(error)) from None
        after.refuse_nonsense()
        self.become(after)
        return result

    # --- what is seen -----------------------------------------------------------------------------

    def resolved(self, ref: Any, target: type) -> Any:
        """Return the id here of what is referred to in the terms of a source, where it is known."""
        if isinstance(ref, External):
            for record in self.stands.values():
                there = (record.source, record.external_id)
                if type(record) is target and there == (ref.source, ref.external_id):
                    return record.id
        return ref

    def is_there(self, ref: Any, target: type) -> bool:
        # A customer that nobody recorded is made from its id.
        return target is Customer or type(self.stands.get(self.resolved(ref, target))) is target

    def missing(self, record: Record) -> Iterator[tuple[str, type, Any]]:
        """Yield field, kind and reference of all that a record refers to in vain."""
        kind = type(record)
        for field, target in {**NEEDED.get(kind, {}), **OPTIONAL.get(kind, {})}.items():
            ref = getattr(record, field)
            if ref is not None and not self.is_there(ref, target):
                yield field, target, ref
        for field, wanted in several(record).items():
            for item in getattr(record, field):
                if wanted is not None and not self.is_there(reference(item), wanted):
                    yield field, wanted, reference(item)

    def can_be(self, record: Record) -> bool:
        """Whether a record can be on file, whatever else it refers to in vain."""
        if isinstance(record, Apology):
            on_file = record.id in self.stands
            return on_file or any(self.is_there(each.to, Incident) for each in record.incidents)
        # What its source said before, and people have changed, it does not need.
        said = self.said.get(record.id) if self.goes_with_what_stands(record) else None
        return not any(
            field in NEEDED.get(type(record), {})
            and (said is None or self.meant(said, field) != self.meant(record, field))
            for field, _, _ in self.missing(record)
        )

    def seen(self, id: str) -> Any:
        """Return a record as it is read: without what it refers to in vain."""
        record = self.stands[id]
        changes: dict[str, Any] = {}
        for field, _, ref in self.missing(record):
            if field in several(record):
                items = changes.get(field, getattr(record, field))
                changes[field] = tuple(each for each in items if reference(each) != ref)
            else:
                changes[field] = None
        if isinstance(record, Apology):
            changes["promises"] = tuple(
                self.seen(each.id)
                for each in self.stands.values()
                if isinstance(each, Promise) and each.apology == id
            )
        return plain(evolve(record, **changes))

    def on_file(self) -> dict[str, Any]:
        return {id: self.seen(id) for id in self.stands}

    def records(self, kind: type, **equals: Any) -> list[Any]:
        """Return what `Casebook.records` yields."""
        found = [self.seen(id) for id in sorted(self.stands) if type(self.stands[id]) is kind]
        for field, value in equals.items():
            if field in SEVERAL.get(kind, {}):
                found = [each for each in found if value in map(reference, getattr(each, field))]
            else:
                found = [each for each in found if getattr(each, field) == value]
        return found

    def pending(self) -> tuple[Counter[Pending], list[set[Pending]]]:
        """Return the references that wait; and of records that wait as a whole, one set of each."""
        of_files = Counter(
            each for record in self.stands.values() for each in self._waiting(record)
        )
        return of_files, [set(self._waiting(record)) for record in self.waits.values()]

    def _waiting(self, record: Record) -> Iterator[Pending]:
        for field, target, ref in self.missing(record):
            external = ref if isinstance(ref, External) else None
            yield Pending(
                record=record.id, entity=record.entity, field=field, target_entity=target.entity,
                target=None if external else ref, external=external,
            )  # fmt: skip

    # --- writing ----------------------------------------------------------------------------------

    def record(self, records: Iterable[Any]) -> None:
        """The same again is nothing new, something else is refused."""
        new = []
        for record in with_promises(records):
            self.refuse_erased(record)
            before = self.stands.get(record.id)
            if before is None:
                # What is recorded stands for what waits under its id.
                self.said[record.id] = self.waits.pop(record.id, record)
                self.stands[record.id] = record
                new.append(record)
            elif type(before) is type(record) and is_bare(before):
                self.say(record)
            elif type(before) is not type(record) or not says_no_more(record, self.seen(record.id)):
                raise Refused(f"{record.id} is on file, and differs")
        self.settle()
        for record in new:
            if any(True for _ in self.missing(record)):
                raise Refused(f"{record.id} refers to what is not on file")

    def ingest(self, records: Iterable[Any]) -> None:
        """Newer replaces older, and what is not on file is waited for."""
        led: dict[tuple[type, str], str] = {}
        for each in sorted(with_promises(records), key=lambda each: ORDER[type(each)]):
            # What came before it in the same call says whom it is about.
            given = self.without_erased(each)
            if given is None:
                continue
            known = self.known(given)
            if known != given.id:
                led[type(given), given.id] = known
            record = led_to(evolve(given, id=known), led)
            self.refuse_taken(record)
            waiting = self.waits.get(known)
            if is_older(record, self.stands.get(known)) or is_older(record, waiting):
                continue
            if waiting is not None:
                # What plural fields refer to is added, never taken away.
                record = evolve(record, **{
                    field: tuple({
                        **{key(each): each for each in self.items(waiting, field, target)},
                        **{key(each): each for each in self.items(record, field, target)},
                    }.values())
                    for field, target in several(record).items()
                })  # fmt: skip
            self.waits[known] = self.in_our_terms(record)
            self.settle()

    def known(self, record: Record) -> str:
        """Return the id of the record that is known by its id in a source; else its own."""
        if record.source is None or record.external_id is None:
            return record.id
        there = External(source=record.source, external_id=record.external_id)
        found = self.resolved(there, type(record))
        return record.id if found is there else found

    def refuse_taken(self, record: Record) -> None:
        for other in (self.stands.get(record.id), self.waits.get(record.id)):
            if other is None:
                continue
            here, there = (record.source, record.external_id), (other.source, other.external_id)
            if type(other) is not type(record) or (here != there and None not in (*here, *there)):
                raise Refused(f"{record.id} is another record")

    def say(self, record: Any) -> None:
        """Let a record say what its source says of it: what is not the same as before."""
        for field in several(record):
            for item in getattr(record, field):
                self.turns[record.id, field, key(item)] = max(self.turns.values(), default=0) + 1
        before, said = self.stands.get(record.id), self.said.get(record.id)
        if before is None or said is None:
            self.stands[record.id] = self.said[record.id] = record
            return
        anew = self.said_anew(record)
        all_said, all_stand = {}, {}
        for field, target in several(record).items():
            was, stands, here = (
                {key(item): item for item in self.items(each, field, target)}
                for each in (said, before, record)
            )
            news = {each: item for each, item in here.items() if was.get(each) != item}
            all_said[field] = tuple((was | news).values())
            all_stand[field] = tuple((stands | news).values())
        # What a source says of links is what it says of them all, one call after the other.
        self.said[record.id] = evolve(record, **all_said)
        try:
            self.stands[record.id] = evolve(before, **anew, **all_stand)
        except InvalidRecord:
            # What people said does not go with what is new.
            self.stands[record.id] = evolve(record, **all_stand)

    def said_anew(self, record: Record) -> dict[str, Any]:
        said = self.said[record.id]
        return {
            field: getattr(record, field)
            for field in SINGLE[type(record)]
            if self.meant(record, field) != self.meant(said, field)
        }

    def goes_with_what_stands(self, record: Record) -> bool:
        if record.id not in self.stands:
            return False
        try:
            evolve(self.stands[record.id], **self.said_anew(record))
        except InvalidRecord:
            return False
        return True

    def meant(self, record: Record, field: str) -> Any:
        refs = {**NEEDED.get(type(record), {}), **OPTIONAL.get(type(record), {})}
        value = getattr(record, field)
        return self.resolved(value, refs[field]) if field in refs else value

    def items(self, record: Record, field: str, target: type | None) -> list[Any]:
        return [
            item if target is None else with_reference(item, self.resolved(reference(item), target))
            for item in getattr(record, field)
        ]

    def amend(self, id: str, fields: dict[str, Any]) -> Any:
        """People change what stands, and not what was said."""
        if id not in self.stands:
            raise Refused(f"there is no {id}")
        try:
            after = evolve(self.stands[id], **fields)
            evolve(self.seen(id), **fields)
        except InvalidRecord:
            raise Refused("it cannot hold that") from None
        self.refuse_erased(after)
        waiting = self.waits.get(id)
        for field in fields:
            if field in {name for name, _, _ in self.missing(after)}:
                raise Refused(f"{field} is not on file")
            if waiting is not None and field in NEEDED.get(type(waiting), {}):
                # It is waited for no more, and the same again is nothing new.
                self.said[id] = evolve(self.said[id], **{field: getattr(waiting, field)})
                del self.waits[id]
        self.stands[id] = after
        self.settle()
        return self.seen(id)

    def link(self, id: str, field: str, item: Any) -> None:
        record = self.stands.get(id)
        if record is None or field not in several(record):
            raise Refused(f"there is no {id} with {field}")
        target = several(record)[field]
        there = {key(each): each for each in getattr(record, field)}
        if there.get(key(item), item) != item:
            raise Refused("it is there, and differs")
        after = evolve(record, **{field: (*(there | {key(item): item}).values(),)})
        self.refuse_erased(evolve(self.seen(id), **{field: (item,)}))
        if target is not None and not self.is_there(reference(item), target):
            raise Refused("it is not on file")
        self.stands[id] = after

    def unlink(self, id: str, field: str, item: Any) -> None:
        record = self.stands.get(id)
        if record is None or field not in several(record):
            raise Refused(f"there is no {id} with {field}")
        if isinstance(item, ActionEvent) and item.who is None and item.reason is None:
            # State and time are enough to tell an event, where they tell one.
            told = [
                each
                for each in getattr(record, field)
                if (each.state, each.occurred) == (item.state, item.occurred)
            ]
            item = told[0] if len(told) == 1 else item
        left = tuple(each for each in getattr(record, field) if key(each) != key(item))
        if len(left) == len(getattr(record, field)):
            raise Refused("there is no such link")
        is_for = isinstance(record, Apology) and field == "incidents"
        if is_for and not any(self.is_there(each.to, Incident) for each in left):
            raise Refused("an apology is for one incident at least")
        self.stands[id] = evolve(record, **{field: left})
        # It stays out, whoever had put it in: when a source says just that, it is nothing new.
        said = {key(each): each for each in getattr(self.said[id], field)}
        gone = [each for each in getattr(record, field) if key(each) == key(item)]
        more = tuple(each for each in gone if key(each) not in said)
        if more:
            self.said[id] = evolve(self.said[id], **{field: (*said.values(), *more)})

    def take_back(self, id: str, field: str, ref: Any) -> None:
        """Let a record that waits as a whole for something wait no more: then it is gone."""
        record = self.waits.get(id)
        if record is None or field not in NEEDED[type(record)] or getattr(record, field) != ref:
            raise Refused(f"there is no {id} that waits for {ref}")
        del self.waits[id]

    # --- what follows of it -----------------------------------------------------------------------

    def settle(self) -> None:
        """Let what was waited for be there, and make the customers that are named."""
        self.take_in()
        for id, record in list(self.stands.items()):
            self.stands[id] = self.in_our_terms(record)
        for id in [each for record in self.stands.values() for each in customers_of(record)]:
            if not isinstance(self.stands.setdefault(id, made(id)), Customer):
                raise Refused(f"{id} is no customer")
            self.said.setdefault(id, made(id))

    def remember_names(self) -> None:
        """Take down what customers are called: what was said and taken back at once leaves none."""
        for id, record in self.stands.items():
            if isinstance(record, Customer) and record.name is not None:
                self.names[id] = self.names.get(id, frozenset()) | {record.name}

    def in_our_terms(self, record: Record) -> Any:
        """Return a record that refers to others by their ids here, where they are known."""
        changes: dict[str, Any] = {
            field: self.meant(record, field)
            for field in {**NEEDED.get(type(record), {}), **OPTIONAL.get(type(record), {})}
        }
        for field, target in several(record).items():
            turns = [
                self.turns.get((record.id, field, key(item)), 0) for item in getattr(record, field)
            ]
            # Of what was said at once, an id here counts before what a source calls it.
            ours = [
                target is not None and not isinstance(reference(item), External)
                for item in getattr(record, field)
            ]
            items = zip(turns, ours, self.items(record, field, target), strict=True)
            found = {key(item): item for *_, item in sorted(items, key=lambda each: each[:2])}
            changes[field] = tuple(found.values())
        return evolve(record, **changes)

    def take_in(self) -> None:
        """Put on file what waits for nothing without which it cannot be."""
        while ready := [each for each in self.waits.values() if self.can_be(each)]:
            for record in ready:
                del self.waits[record.id]
                self.say(self.without_erased(record) or record)

    def refuse_nonsense(self) -> None:
        """Refuse what cannot be true of several records together."""
        seen = self.on_file()
        refuse_circles({
            each.id: [link.to for link in each.effects]
            for each in seen.values() if isinstance(each, Cause)
        })  # fmt: skip
        refuse_circles({
            each.id: [each.duplicate_of] if each.duplicate_of else []
            for each in seen.values() if isinstance(each, Incident)
        })  # fmt: skip
        there = [
            (type(each), each.source, each.external_id)
            for each in seen.values() if None not in (each.source, each.external_id)
        ]  # fmt: skip
        if len(set(there)) < len(there):
            raise Refused("an id in a source is of one record")
        for action in seen.values():
            if isinstance(action, Action) and action.kind in ("correction", "containment"):
                for link in action.incidents:
                    if action.decided < seen[link.to].occurred:
                        raise Refused(f"{action.id} is older than {link.to}")

    # --- erasing ----------------------------------------------------------------------------------

    def erase(self, id: str, new: str) -> Callable[[Any], Any]:
        """Forget who a customer is, and return what takes them out of any record as well."""
        alone = {each for each in self.stands if self.is_about(id, each)}
        names = {id, *self.names.pop(id, ())}
        words = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)

        def without(record: Any, about: bool | None = None) -> Any:
            is_alone = record.id in alone if about is None else about
            return without_customer(record, id, new, words, is_alone)

        self.waits = {
            each: without(record, set(customers_of(record)) == {id})
            for each, record in self.waits.items()
        }
        for records in (self.stands, self.said):
            for each in list(records):
                record = without(records.pop(each))
                records[record.id] = record
        self.erased = {old: new if name == id else name for old, name in self.erased.items()}
        self.erased[id] = new
        return without

    def is_about(self, customer: str, id: str) -> bool:
        """Whether a record is about one customer alone."""
        record = self.seen(id)
        if isinstance(record, Incident):
            return set(customers_of(record)) == {customer}
        if isinstance(record, Apology):
            told = set(record.customers or ())
            if told:
                return told == {customer}
            return all(self.is_about(customer, each.to) for each in record.incidents)
        if isinstance(record, Promise):
            return self.is_about(customer, record.apology)
        if isinstance(record, (Complaint, Amends, Response, FollowUp)):
            if record.customer is not None:
                return record.customer == customer
            return record.incident is not None and self.is_about(customer, record.incident)
        return False

    def refuse_erased(self, record: Record) -> None:
        named = {record.id} if isinstance(record, Customer) else set(customers_of(record))
        if named & self.erased.keys():
            raise Refused("it names somebody who was erased")

    def without_erased(self, record: Any) -> Any:
        """Return what a source says without what it says of who was erased."""
        if isinstance(record, Customer):
            return None if record.id in self.erased else record
        before = self.stands.get(self.known(record))
        before = before if type(before) is type(record) else None
        named = set(customers_of(record)) & self.erased.keys()
        if not named and not self.is_about_erased(record, before):
            return record
        after = record
        for old in named:
            after = without_customer(after, old, self.erased[old], None, alone=False)
        if named and isinstance(record, Incident) and self.names_erased_alone(after):
            self.theirs[record.id] = True
            if record.source is not None and record.external_id is not None:
                there = External(source=record.source, external_id=record.external_id)
                self.theirs[there] = True
        changes = {
            name: getattr(before, name) if before else ({} if name == "attributes" else None)
            for name in (*TEXTS, "attributes")
            if hasattr(record, name)
        }
        return evolve(after, **changes)

    def is_about_erased(self, record: Any, before: Any) -> bool:
        """Whether a record that does not name them is about erased customers alone."""
        if customers_of(record):
            return False  # What names others is about those.
        if isinstance(record, (Incident, Apology)) and self.names_erased_alone(before):
            return True
        if not isinstance(record, (Apology, Complaint, Amends, FollowUp)):
            return False
        refs = (
            [each.to for each in record.incidents]
            if isinstance(record, Apology)
            else [record.incident]
        )
        return all(map(self.is_of_erased_alone, refs))

    def is_of_erased_alone(self, ref: Any) -> bool:
        """Whether an incident hit nobody but customers who were erased."""
        found = self.resolved(ref, Incident)
        return bool({ref, found} & self.theirs.keys()) or self.names_erased_alone(
            self.stands.get(found)
        )

    def names_erased_alone(self, record: Any) -> bool:
        named = set() if record is None else set(customers_of(record))
        return bool(named) and named <= set(self.erased.values())


# --- records by themselves ------------------------------------------------------------------------


def made(id: str) -> Customer:
    """Return a customer that nobody recorded."""
    return Customer(id=id, provenance="mapped")


def is_bare(record: Any) -> bool:
    """Whether a customer was only made from its id, and nobody has said anything of it yet."""
    return isinstance(record, Customer) and record == made(record.id)


def with_promises(records: Iterable[Any]) -> Iterator[Any]:
    """Yield records, and the promises that are made in apologies as records of their own."""
    for record in records:
        if isinstance(record, Apology):
            yield evolve(record, promises=())
            yield from record.promises
        else:
            yield record


def says_no_more(record: Any, on_file: Any) -> bool:
    """Whether a record says nothing that is not on file."""
    return all(
        getattr(record, name) == getattr(on_file, name) for name in SINGLE[type(record)]
    ) and all(
        set(getattr(record, field)) <= set(getattr(on_file, field)) for field in several(record)
    )


def is_older(record: Any, other: Any) -> bool:
    if other is None or record.updated is None or other.updated is None:
        return False
    return bool(record.updated < other.updated)


def customers_of(record: Any) -> list[Any]:
    """Return the customers that a record names."""
    if isinstance(record, (Incident, Apology)):
        return [reference(each) for each in record.customers or ()]
    customer = getattr(record, "customer", None)
    return [] if customer is None else [customer]


def led_to(record: Any, led: dict[tuple[type, str], str]) -> Any:
    """Return a record that refers to others by the ids under which they are on file."""
    kind, changes = type(record), {}
    for field, target in {**NEEDED.get(kind, {}), **OPTIONAL.get(kind, {})}.items():
        ref = getattr(record, field)
        changes[field] = led.get((target, ref), ref)
    for field, wanted in several(record).items():
        if wanted is not None:
            items = [
                with_reference(each, led.get((wanted, reference(each)), reference(each)))
                for each in getattr(record, field)
            ]
            changes[field] = tuple(items)  # What says two things of one cannot be made.
    return evolve(record, **changes)


def refuse_circles(graph: dict[str, list[str]]) -> None:
    """Refuse a graph in which something leads to itself."""
    left = dict(graph)
    while ends := [each for each, to in left.items() if not set(to) & left.keys()]:
        for each in ends:
            del left[each]
    if left:
        raise Refused(f"{sorted(left)} go in a circle")


def without_customer(
    record: Any, old: str, new: str, words: re.Pattern[str] | None, alone: bool
) -> Any:
    """Return a record without a customer who was erased."""
    if isinstance(record, Customer):
        return Customer(id=new, provenance=record.provenance) if record.id == old else record
    changes: dict[str, Any] = {}
    if getattr(record, "customer", None) == old:
        changes["customer"] = new
    if isinstance(record, Incident):
        changes["customers"] = tuple(
            evolve(each, customer=new, order=None, order_no=None) if each.customer == old else each
            for each in record.customers
        )
    if isinstance(record, Apology):
        changes["customers"] = tuple(new if each == old else each for each in record.customers)
        changes["promises"] = tuple(
            without_customer(each, old, new, words, alone) for each in record.promises
        )
    for name in SHARED:
        text = getattr(record, name, None)
        if text is not None and alone and name in TEXTS:
            changes[name] = None
        elif text is not None and words is not None:
            changes[name] = words.sub("[erased]", text)
    if alone:
        changes["attributes"] = {}
    elif words is not None:
        changes["attributes"] = {
            name: words.sub("[erased]", value) for name, value in record.attributes.items()
        }
    return evolve(record, **changes)
