"""What the tests of sources share: made-up tickets, a mapping for them, and a stand-in casebook."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import attrs

from remedy.records import Record
from remedy.sources import Mapping
from remedy.sources.mapping import mapping_from


@attrs.define
class Collected:
    new: int
    updated: int = 0
    unchanged: int = 0
    redacted: int = 0
    older: int = 0
    pending: int = 0


class Collector:
    """Stands for a casebook: keeps what it is sent, all of it or nothing."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def ingest(self, records: Iterable[Record]) -> Collected:
        taken = list(records)
        self.records += taken
        return Collected(new=len(taken))

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()

    def of(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]


TICKETS: dict[str, Any] = {
    "source": "crm",
    "key": "Ticket",
    "zone": "Europe/Vienna",
    "records": {
        "incident": {
            "occurred": {"column": "Opened", "format": "%d.%m.%Y %H:%M"},
            "customers": "Client",
            "failure_mode": "Topic",
        }
    },
}
"""A mapping for tables with the columns Ticket, Opened, Client, Topic."""

HEAD = "Ticket,Opened,Client,Topic\n"
ROW = "7,02.03.2026 09:00,C-17,late\n"


def tickets(**changes: Any) -> Mapping:
    """The mapping for tickets, with other entries, or other fields of the incident."""
    tables = {key: value for key, value in changes.items() if key in _ENTRIES}
    fields = {key: value for key, value in changes.items() if key not in _ENTRIES}
    incident = TICKETS["records"]["incident"] | fields
    incident = {key: value for key, value in incident.items() if value is not None}
    return mapping_from(TICKETS | {"records": {"incident": incident}} | tables)


_ENTRIES = {field.name for field in attrs.fields(Mapping)}
