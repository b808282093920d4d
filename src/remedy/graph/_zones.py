"""In which zone the times of a case are told."""

from __future__ import annotations

import bisect
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from remedy import records as r

if TYPE_CHECKING:
    import networkx as nx

_LAST_MICROSECOND = 999_999


class Zones:
    """In which zone a case tells its times: that of the incident before each of them.

    Incidents keep the zone that they were told in; a casebook keeps other times in UTC. Where the
    incidents of a case were told in different zones, or where there is none, a time alone would
    mislead: then the zone stands with it.

    Args:
        graph: The case.
        zone: A zone for all times, in place of those of the incidents.

    Attributes:
        marked: Whether the zone stands with each time.

    Example:
        >>> from datetime import datetime
        >>> from remedy import Incident
        >>> from remedy.graph import Zones, graph_of
        >>> noon = datetime.fromisoformat("2026-03-02T12:00Z")
        >>> incident = Incident(id="INC-1", occurred="2026-03-02T09:00+01:00")
        >>> Zones(graph_of([incident])).told(noon)
        '2026-03-02 13:00'
        >>> Zones(graph_of([])).told(noon)
        '2026-03-02 12:00 UTC'
    """

    def __init__(self, graph: nx.MultiDiGraph, zone: tzinfo | None = None) -> None:
        incidents = (
            record.occurred
            for _, record in graph.nodes(data="record")
            if isinstance(record, r.Incident)
        )
        self._zone = zone
        self._starts = sorted(each.start if isinstance(each, r.Day) else each for each in incidents)
        offsets = {each.utcoffset() for each in self._starts}
        self.marked = zone is None and len(offsets) != 1

    def told(self, moment: datetime | r.Day) -> str:
        """Return a moment as people write it: "2026-03-09 15:00", or a day alone."""
        return " ".join(filter(None, self.parts(moment)))

    def parts(self, moment: datetime | r.Day) -> tuple[str, str, str]:
        """Return its day, its time of day, and its zone: the latter two where there are any."""
        if isinstance(moment, r.Day):
            return str(moment.date), "", ""
        local = self._local(moment)
        if local.microsecond == _LAST_MICROSECOND:
            # A deadline given as a day: the last microsecond of it, in whatever zone that was.
            return str((local + timedelta(hours=12)).date() - timedelta(days=1)), "", ""
        day = str(local.date())
        if (local.hour, local.minute) == (0, 0):
            return day, "", ""
        return day, f"{local:%H:%M}", offset_words(local) if self.marked else ""

    def _local(self, moment: datetime) -> datetime:
        if self._zone is not None:
            return moment.astimezone(self._zone)
        if not self._starts:
            return moment
        place = bisect.bisect_right(self._starts, moment)
        return moment.astimezone(self._starts[max(place - 1, 0)].tzinfo)


def offset_words(moment: datetime) -> str:
    """Return the offset of a moment as people read it: "UTC+01:00"."""
    offset = moment.strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:5]}" if moment.utcoffset() else "UTC"
