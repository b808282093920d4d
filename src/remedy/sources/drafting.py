"""Drafting a mapping out of what the columns look like, and what was answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from remedy.sources.asking import NONE, columns_in
from remedy.sources.cases import attribute_name
from remedy.sources.columns import Column, Survey, other_order
from remedy.sources.mapping import mapping_from
from remedy.sources.roles import NOBODY, Roles, impact_table, process_of, time_value
from remedy.sources.rows import Reading
from remedy.sources.values import as_table

__all__ = ["Draft"]


class Draft:
    """The tables of the mapping that answers make.

    Args:
        survey: What its columns look like.
        roles: What they probably are.
        reading: How the file is read.
        answers: What was answered, by question; "none" where there is no answer yet, so that the
            rest can be shown.
    """

    def __init__(
        self,
        survey: Survey,
        roles: Roles,
        reading: Reading,
        answers: Mapping[str, str],
    ) -> None:
        self._seen = survey
        self._roles = roles
        self._reading = reading
        self._answers = answers

    def tables(self) -> dict[str, Any]:
        """Return the whole mapping."""
        keys = columns_in(self._answers["key"])
        incident = self._incident()
        if not keys:
            incident["id"] = {"value": "?"}
        records: dict[str, Any] = {"incident": incident}
        if self._answers["noticed_by"] == "customer":
            records["complaint"] = self._complaint(incident)
        found: dict[str, Any] = {"source": self._answers["source"], "key": keys}
        if self._roles.rows != "one" and keys == list(self._roles.keys[:1]):
            found["rows"] = self._roles.rows
        if self._answers["zone"] != NONE:
            found["zone"] = self._answers["zone"]
        missing = sorted({sign for each in self._seen.columns for sign in each.missing})
        if missing:
            found["missing"] = missing
        found["rest"] = "attributes"
        clashing = self._clashing(records, keys)
        if clashing:
            incident["attributes"] = incident.get("attributes", {}) | clashing
        read = attrs.asdict(self._reading, filter=lambda field, value: value != field.default)
        return found | ({"read": read} if read else {}) | {"records": records}

    def becomes(self) -> dict[str, str]:
        """Return, by column, what it becomes."""
        found: dict[str, list[str]] = {}
        for column in columns_in(self._answers["key"]):
            found.setdefault(column, []).append("key")
        mapping = mapping_from(self.tables())
        for field, each in mapping.records["incident"].sources():
            for column in each.columns():
                found.setdefault(column, []).append(field)
        return {column: ", ".join(dict.fromkeys(names)) for column, names in found.items()}

    def _incident(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "occurred": self._time(self._answers["occurred"]),
            "occurred_basis": {"value": self._answers["basis"]},
            "detected_by": {"value": self._answers["noticed_by"]},
        }
        if self._answers["customer"] != NONE:
            found["customers"] = {"column": self._answers["customer"], "missing": list(NOBODY)}
        found |= self._labels()
        taken = {self._answers["customer"], *columns_in(self._answers["key"])}
        for field, column in self._roles.fields.items():
            if column in taken or field in found or (field == "order" and "customers" not in found):
                continue
            found[field] = column
            if field == "impact":
                table = impact_table(self._seen[column]) or {}
                found[field] = {"column": column, "values": table, "others": "missing"}
                if self._seen[column].distinct > len(table) or not self._seen.whole:
                    # What else it says, here or in the rows that nobody looked at, is kept.
                    found["attributes"] = {self._free_name(column): column}
        if self._roles.updated is not None and self._roles.updated != self._answers["occurred"]:
            found["updated"] = self._time(self._roles.updated)
        return found

    def _free_name(self, column: str) -> str:
        """Return the name of an attribute for a column that no other column would become."""
        others = {attribute_name(each.name) for each in self._seen.columns if each.name != column}
        name = attribute_name(column)
        while name in others:
            name = f"{name[:58]}_said"
        return name

    def _labels(self) -> dict[str, Any]:
        columns = columns_in(self._answers["signature"])
        if not columns:
            return {}
        if len(columns) == 1:
            # Not what the source or the file is called: one failure has one key wherever it is
            # told of, and whatever the file is called next month.
            return {"process": {"value": "any process"}, "failure_mode": columns[0]}
        process = process_of(columns)
        modes = [each for each in columns if each != process]
        if len(modes) == 1:
            return {"process": process, "failure_mode": modes[0]}
        template = " / ".join(f"{{{column}}}" for column in modes)
        return {"process": process, "failure_mode": {"template": template}}

    def _complaint(self, incident: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"incident": {"record": "incident"}, "made": incident["occurred"]}
        if "customers" in incident:
            found["customer"] = incident["customers"]
        for field in ("channel", "text"):
            if field in incident:
                found[field] = incident[field]
        return found

    def _time(self, name: str) -> Any:
        column = self._seen[name]
        formats = column.formats[:1]
        order = self._answers.get("day_or_month")
        if column.is_ambiguous and order in ("day", "month", "swapped"):
            formats = _in_order(column, order)
        clock = self._roles.clock if name == self._answers["occurred"] else None
        return as_table(time_value(self._seen, name, clock, formats=formats))

    def _clashing(self, records: Mapping[str, Any], keys: Iterable[str]) -> dict[str, str]:
        """Return names for attributes whose columns have names that would become the same."""
        probe = mapping_from({"source": "x", "key": list(keys), "records": dict(records)})
        rest = [each.name for each in self._seen.columns if each.name not in probe.columns()]
        names: dict[str, list[str]] = {}
        for column in rest:
            names.setdefault(attribute_name(column), []).append(column)
        return {
            f"{name[:60]}_{number}": column
            for name, columns in names.items()
            if len(columns) > 1
            for number, column in enumerate(columns, start=1)
        }


def _in_order(column: Column, order: str) -> tuple[str, ...]:
    form = column.formats[0]
    day_first = form if form.find("%d") < form.find("%m") else other_order(form)
    month_first = other_order(day_first)
    both: Mapping[str, tuple[str, ...]] = {
        "day": (day_first,),
        "month": (month_first,),
        "swapped": (month_first, day_first),
    }
    return both[order]
