"""Erasing a customer: from records, from what waits, from the bodies of the history, from the file.

The customer becomes one without a name: `erased-` and a random word. So what happened to them still
counts, and still counts as having happened to one person; who that was is gone. A body of the
history that named them is taken out, and what it says without them is put there as a body of
another entry, which says in whose place it stands.

What is said in texts is gone where a record is about this customer alone; elsewhere their name and
ids are taken out of it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _chain, _pending, _tombstones, history
from remedy._entities import Child, Entity
from remedy._expunging import Expunged, expunge
from remedy._known_as import KnownAs
from remedy._reading import dicts, read
from remedy._rows import BY_NAME, ENTITIES
from remedy._schema import BODIES
from remedy._unreached import unreached
from remedy.config import Config, signature_reader
from remedy.errors import InvalidRecord
from remedy.records import Customer, Incident

if TYPE_CHECKING:
    from remedy._ledger import Ledger

__all__ = ["Erased", "erase"]

_TEXTS = ("title", "body", "url", "next_step", "reason", "criterion", "attributes")
_GONE = ("title", "body", "url", "next_step", "attributes")
"""What is gone as a whole where a record is about one customer alone."""
_OF_CUSTOMER = ("account", "name", "source", "external_id", "updated", "attributes")
_OF_LINK = ("order_ref", "order_no")


@attrs.frozen(kw_only=True)
class Erased:
    """What came of erasing a customer.

    Attributes:
        customer: What the customer is called from now on.
        records: How many records were changed.
        changes: How many changes in the history were.
        compacted: Whether the file was written anew, so that nothing is left between its rows.
        out_of_reach: What could not be erased from here, in words.
    """

    customer: str
    records: int
    changes: int
    compacted: bool
    out_of_reach: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return attrs.asdict(self) | {"out_of_reach": list(self.out_of_reach)}


def erase(ledger: Ledger, config: Config, id: str, reason: str, actor: str) -> Erased:
    """Erase a customer from the rows of a casebook, inside a transaction of the store's `bulk`.

    Raises:
        UnknownRecord: If there is no such customer.
        InvalidRecord: If the reason names them.
    """
    return _Eraser(ledger, config, id).erase(reason, actor)


class _Eraser:
    def __init__(self, ledger: Ledger, config: Config, id: str) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self._config = config
        self._id = id
        customer = read(self._db, id)
        if not isinstance(customer, Customer):
            raise InvalidRecord(
                "erase_customer",
                "id",
                id,
                f"is the id of another kind of record: {customer.entity}.",
            )
        self._new = f"erased-{secrets.token_hex(6)}"
        self._known = KnownAs(self._db, id, self._new)
        self._there, self._ids = self._known.there, self._known.ids
        self._hunted = self._known.hunted
        self._kept = set(config.signature)
        self._shape, self._names_them = "", False
        self._alone = self._about_them_alone()
        self._apologies_waiting = {
            id
            for id, record in self._waiting_as_a_whole("apology")
            if self._is_theirs(record.get("customers"))
        }
        self._db.conn.create_function("names_them", 1, self._hunted.found_in, deterministic=True)
        self._db.conn.create_function("holds_them", 1, self._holds_them, deterministic=True)

    # --- what is about them -----------------------------------------------------------------------

    def _holds_them(self, text: str | None) -> bool:
        """Whether attributes, which stand in the file as JSON, name them."""
        return text is not None and self._attributes(text, alone=False) != text

    def _about_them_alone(self) -> set[tuple[str, str]]:
        """Return kind and id of the records that are about nobody else."""
        db, alone = self._db, set[tuple[str, str]]()
        rows = db.execute(
            "SELECT c.incident, c.stated FROM incident_customer c WHERE c.customer = ?1 AND NOT "
            "EXISTS (SELECT 1 FROM incident_customer o WHERE o.incident = c.incident "
            "AND o.customer <> ?1 AND o.stated = c.stated)",
            [self._id],
        )
        incidents = {stated or incident for incident, stated in rows.fetchall()}
        alone |= {("incident", each) for each in incidents}
        for entity in ENTITIES:
            columns = {column.name for column in entity.references}
            if "customer" not in columns:
                continue
            alone |= {
                (entity.name, row[0])
                for row in db.execute(
                    f"SELECT id FROM {entity.name} WHERE customer = ?", [self._id]
                )
            }
            if "incident" in columns:
                for each in incidents:
                    alone |= {
                        (entity.name, row[0])
                        for row in db.execute(
                            f"SELECT id FROM {entity.name} WHERE +customer IS NULL AND "
                            "CASE stated WHEN '' THEN incident ELSE stated END = ? AND "
                            "incident IN (?1, (SELECT canonical FROM incident WHERE id = ?1))",
                            [each],
                        )
                    }
        for (apology,) in db.execute(
            "SELECT DISTINCT a.apology FROM apology_customer a WHERE a.customer = ?1 "
            "UNION SELECT l.apology FROM apology_incident l JOIN incident_customer c "
            "ON c.incident = l.incident WHERE c.customer = ?1",
            [self._id],
        ).fetchall():
            if self._is_to_them_alone(apology, incidents):
                alone.add(("apology", apology))
                alone |= {
                    ("promise", row[0])
                    for row in db.execute("SELECT id FROM promise WHERE apology = ?", [apology])
                }
        return alone

    def _is_to_them_alone(self, apology: str, incidents: set[str]) -> bool:
        told = {
            row[0]
            for row in self._db.execute(
                "SELECT customer FROM apology_customer WHERE apology = ? AND reached = 1", [apology]
            )
        }
        if told:
            return told == {self._id}
        rows = self._db.execute(
            "SELECT incident, stated FROM apology_incident WHERE apology = ?", [apology]
        )
        return {stated or incident for incident, stated in rows} <= incidents

    # --- what is said without them ----------------------------------------------------------------

    def _key(self, entity: str, id: str) -> str:
        """Return under which id something is kept from now on."""
        if entity == "customer":
            return self._ids.get(id, id)
        return self._finding(id) if entity == "baseline" else id

    def _finding(self, key: str) -> str:
        """Return the key of a finding, which may name a customer."""
        for old, new in self._known.keys.items():
            if key.endswith(f":{old}"):
                return f"{key[: -len(old)]}{new}"
        return key

    def _row(self, entity: str, id: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return columns of a row without them."""
        new = dict(row)
        if entity == "customer" and id in self._ids:
            new.update((name, None) for name in _OF_CUSTOMER if name in new)
            return new
        if entity in BY_NAME:
            for column in BY_NAME[entity].references:
                if column.target == "customer" and new.get(column.name) in self._ids:
                    new[column.name] = self._ids[new[column.name]]
        if new.get("finding"):
            new["finding"] = self._finding(new["finding"])
        alone = (entity, id) in self._alone
        for name in _TEXTS:
            value = new.get(name)
            if value is None:
                continue
            if name == "attributes":
                new[name] = self._attributes(value, alone=alone)
            elif alone and name in _GONE and name not in self._kept:
                new[name] = None
            else:
                new[name] = self._hunted.replaced_in(value)
        return new

    def _attributes(self, text: str, *, alone: bool) -> str | None:
        kept = {
            name: self._hunted.replaced_in(value)
            for name, value in json.loads(text).items()
            if not alone or name in self._kept
        }
        return json.dumps(kept, ensure_ascii=False) if kept else None

    def _item(
        self, entity: str, id: str, field: str, row: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Return a row of a plural field without them; None where nothing is left of it."""
        new = dict(row)
        if entity == "pending":
            new["content"] = json.dumps(
                self._waiting(json.loads(row["content"])), ensure_ascii=False
            )
            return new
        if entity == "customer" and id in self._ids and field == "aliases":
            return None
        if new.get("customer") in self._ids:
            new["customer"] = self._ids[new["customer"]]
            for name in _OF_LINK:
                new.pop(name, None)
        if new.get("reason"):
            new["reason"] = self._hunted.replaced_in(new["reason"])
        return new

    def _waiting(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return what waits for its other side, as plain values, without them."""
        if "record" not in content:
            return dict(content)
        return {**content, "record": self._waiting_record(content["record"])}

    def _waiting_as_a_whole(self, entity: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield ids and plain values of the records of a kind that wait as a whole."""
        for id, text in self._db.execute(
            "SELECT record, content FROM pending WHERE entity = ?", [entity]
        ).fetchall():
            content = json.loads(text)
            if "record" in content:
                yield id, content["record"]

    def _is_promised_to_them(self, apology: str | None) -> bool:
        return apology in self._apologies_waiting or ("apology", apology) in self._alone

    def _waiting_record(
        self, record: Mapping[str, Any], *, is_theirs: bool = False
    ) -> dict[str, Any]:
        is_theirs = is_theirs or self._is_theirs(record.get("customer", record.get("customers")))
        is_theirs |= self._is_promised_to_them(record.get("apology"))
        names = _GONE_WHERE_IT_WAITS if is_theirs else ()
        new: dict[str, Any] = {}
        for name, value in record.items():
            if name in names and name not in self._kept:
                continue
            if name in _CUSTOMERS:
                new[name] = self._referred(value)
            elif name in _SAID_IN_TEXTS:
                new[name] = self._hunted.replaced_in(value)
            elif name == "promises":
                new[name] = [self._waiting_record(each, is_theirs=is_theirs) for each in value]
            else:
                new[name] = value
        return new

    def _referred(self, value: Any) -> Any:
        """Return what refers to customers, as plain values, without them."""
        if isinstance(value, str):
            return self._ids.get(value, value)
        if isinstance(value, list):
            return [self._referred(each) for each in value]
        if not isinstance(value, dict):
            return value
        if (value.get("source"), value.get("external_id")) in self._there:
            return self._new
        if "customer" not in value:
            return value
        customer = self._referred(value["customer"])
        if customer == value["customer"]:
            return value
        orders = {name: None for name in ("order", *_OF_LINK) if name in value}
        return {**value, **orders, "customer": customer}

    def _is_theirs(self, named: Any) -> bool:
        """Whether what waits names nobody but them."""
        if isinstance(named, dict):
            there = (named.get("source"), named.get("external_id"))
            return there in self._there or self._is_theirs(named.get("customer"))
        if isinstance(named, list):
            return bool(named) and all(map(self._is_theirs, named))
        return named in self._ids

    def _told(self, entity: str, id: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a body says without them."""
        new = dict(told)
        for word in ("set", "was"):
            if word in new:
                new[word] = self._row(entity, id, new[word])
        for word in ("add", "take"):
            if word in new:
                rows = {
                    field: [
                        item
                        for item in (self._item(entity, id, field, row) for row in items)
                        if item is not None
                    ]
                    for field, items in new[word].items()
                }
                new[word] = {field: items for field, items in rows.items() if items}
        return new

    # --- doing it ---------------------------------------------------------------------------------

    def erase(self, reason: str, actor: str) -> Erased:
        """Do it, and say what was done."""
        self._known.refuse_to_be_named_in(reason)
        changed = self._change_bodies(reason, actor)
        records = self._change_rows()
        _tombstones.put(self._ledger, self._new, self._id, self._there)
        self._ledger.flush()
        return Erased(
            customer=self._new,
            records=records,
            changes=changed,
            compacted=False,
            out_of_reach=tuple(unreached(self._db, self._known)),
        )

    def _change_bodies(self, reason: str, actor: str) -> int:
        expunged = []
        for place, record, text, body in self._bodies():
            if body is None:
                told = json.loads(text)
                new = self._hunted.replaced_in(told)
                if new != told:
                    expunged.append(Expunged(place, told.get("instead", place), "reason", "", new))
                continue
            new = self._told(body.entity, record, body.told)
            key = self._key(body.entity, record)
            if new != body.told or key != record:
                expunged.append(Expunged(place, body.place, body.entity, key, new))
        why = {"reason": reason, "customer": self._new}
        expunge(self._db, expunged, why, actor)
        return len(expunged)

    def _bodies(self) -> Iterator[tuple[int, str, str, Any]]:
        """Yield place, id, text and meaning of the bodies that may name them."""
        affected = {id for _, id in self._alone} | self._ids.keys()
        # A promise that waits names nobody: its apology does.
        affected |= {
            id
            for id, record in self._waiting_as_a_whole("promise")
            if self._is_promised_to_them(record.get("apology"))
        }
        ends = tuple(f":{key}" for key in self._known.keys)
        found = [
            (place, record)
            for place, record, body, shape in self._db.execute(
                "SELECT b.place, b.record, b.body, coalesce(h.shape, '') FROM history_body b "
                f"JOIN history h ON h.seq = b.place / {BODIES} WHERE h.op <> '{_chain.ERASE}'"
            )
            if record in affected
            or record.endswith(ends)
            or self._known.looked_for.may_be_in(body)
            or (shape and self._may_be_in_shape(shape))
        ]
        for place, record in found:
            [text] = self._db.execute(
                "SELECT body FROM history_body WHERE place = ?", [place]
            ).fetchone()
            if record == "":
                yield place, record, text, None
            else:
                yield place, record, text, history.body_at(self._db, place)

    def _may_be_in_shape(self, shape: str) -> bool:
        """Whether what an entry says of all its bodies may name them.

        It says nothing of the kind, but in files that were written before that was seen to.
        """
        if shape != self._shape:
            self._shape, self._names_them = shape, self._known.looked_for.may_be_in(shape)
        return self._names_them

    def _change_rows(self) -> int:
        db = self._db
        touched: set[tuple[str, str]] = set()
        incidents: set[str] = set()
        for entity in ENTITIES:
            for row in self._rows_of(entity):
                told = self._row(entity.name, row["id"], row)
                told["id"] = self._key(entity.name, row["id"])
                if told != row:
                    assign = ", ".join(f"{name} = ?" for name in told)
                    db.execute(
                        f"UPDATE {entity.name} SET {assign} WHERE id = ?",
                        [*told.values(), row["id"]],
                    )
                    touched.add((entity.name, row["id"]))
                    if entity.record is Incident:
                        incidents.add(row["id"])
            for child in entity.children:
                touched |= self._change_links(entity, child)
        db.execute("DELETE FROM customer_alias WHERE customer IN (?, ?)", [self._id, self._new])
        self._change_what_is_beside()
        failure = signature_reader(self._config)
        for incident in sorted(incidents):
            db.execute(
                "UPDATE incident SET failure = ? WHERE id = ?",
                [failure(read(db, incident)), incident],
            )
        return len(touched)

    def _change_what_is_beside(self) -> None:
        """Change the baseline, what waits, and what sources had said."""
        db = self._db
        for row in dicts(db, "SELECT * FROM baseline", []):
            key = self._finding(row["finding"])
            if key != row["finding"]:
                db.execute(
                    "UPDATE baseline SET finding = ? WHERE finding = ?", [key, row["finding"]]
                )
        for row in dicts(db, "SELECT * FROM pending", []):
            waiting = self._item("pending", row["record"], _pending.ROWS, row)
            if waiting is not None and waiting["content"] != row["content"]:
                db.execute(
                    "UPDATE pending SET content = ? WHERE id = ?", [waiting["content"], row["id"]]
                )
        alone = {id for _, id in self._alone}
        for record, field, said in db.execute(
            "SELECT record, field, said FROM overruled"
        ).fetchall():
            place = [record, field, said]
            if record == self._id or field in _SAID_IN_TEXTS:
                if record == self._id or self._known.looked_for.may_be_in(said) or record in alone:
                    db.execute(
                        "DELETE FROM overruled WHERE record = ? AND field = ? AND said = ?", place
                    )
            elif self._known.looked_for.may_be_in(said):
                plain = self._said(field, json.loads(said))
                if isinstance(plain, dict) and "reason" in plain:
                    plain = {**plain, "reason": self._hunted.replaced_in(plain["reason"])}
                other = json.dumps(plain, ensure_ascii=False, sort_keys=True)
                db.execute(
                    "UPDATE OR REPLACE overruled SET said = ? "
                    "WHERE record = ? AND field = ? AND said = ?",
                    [other, *place],
                )

    def _said(self, field: str, said: Any) -> Any:
        """Return what a source had said in a field, as plain values, without them."""
        if field != "finding":
            return self._referred(said)
        return [self._finding(each) if isinstance(each, str) else each for each in said]

    def _rows_of(self, entity: Entity) -> list[dict[str, Any]]:
        """Return the rows of a kind of record that may name them."""
        names = [name for name in (*_TEXTS, "finding") if name in entity.names]
        wanted = ["id = ?"]
        wanted += [f"{'holds' if name == 'attributes' else 'names'}_them({name})" for name in names]
        values: list[Any] = [self._id]
        if "finding" in names:
            for key in self._known.keys:
                wanted.append("substr(finding, ?) = ?")
                values += [-len(key) - 1, f":{key}"]
        for column in entity.references:
            if column.target == "customer":
                wanted.append(f"{column.name} = ?")
                values.append(self._id)
        columns = ", ".join(dict.fromkeys(("id", *names, *self._also(entity))))
        found = dicts(
            self._db, f"SELECT {columns} FROM {entity.name} WHERE {' OR '.join(wanted)}", values
        )
        mine = {row["id"] for row in found}
        for name, id in self._alone:
            if name == entity.name and id not in mine:
                found += dicts(self._db, f"SELECT {columns} FROM {entity.name} WHERE id = ?", [id])
        return found

    @staticmethod
    def _also(entity: Entity) -> list[str]:
        columns = [column.name for column in entity.references if column.target == "customer"]
        return [*columns, *(_OF_CUSTOMER if entity.name == "customer" else ())]

    def _change_links(self, entity: Entity, child: Child) -> set[tuple[str, str]]:
        db = self._db
        touched = set()
        if child.target == "customer":
            rows = dicts(
                db,
                f"SELECT * FROM {child.table} WHERE {child.other} = ?{child.condition}",
                [self._id],
            )
            touched = {(entity.name, child.owner_of(row)) for row in rows}
            cleared = "".join(f", {name} = NULL" for name in _OF_LINK if name in child.columns)
            db.execute(
                f"UPDATE {child.table} SET {child.other} = ?1{cleared} "
                f"WHERE {child.other} = ?2{child.condition}",
                [self._new, self._id],
            )
        elif "reason" in child.columns:
            for row in dicts(db, f"SELECT * FROM {child.table} WHERE names_them(reason)", []):
                db.execute(
                    f"UPDATE {child.table} SET reason = ? WHERE {child.owner} = ? AND seq = ?",
                    [self._hunted.replaced_in(row["reason"]), row[child.owner], row["seq"]],
                )
                touched.add((entity.name, row[child.owner]))
        return touched


_SAID_IN_TEXTS = ("title", "text", "url", "next_step", "reason", "criterion", "attributes")
_CUSTOMERS = ("customer", "customers", "not_reached")
_GONE_WHERE_IT_WAITS = ("title", "text", "url", "next_step", "attributes", "order", "order_no")
