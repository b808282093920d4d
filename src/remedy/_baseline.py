"""The stored baseline: which findings were accepted together, and as what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from remedy._reading import dicts

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._ledger import Ledger

__all__ = ["accept", "forget", "keys"]

_COLUMNS = ("code", "since", "size", "newest")


def keys(db: Database) -> set[str]:
    """Return the keys of the findings that are in the baseline."""
    return {row[0] for row in db.execute("SELECT finding FROM baseline")}


def _row(db: Database, finding: str) -> dict[str, Any] | None:
    rows = dicts(db, "SELECT code, since, size, newest FROM baseline WHERE finding = ?", [finding])
    return rows[0] if rows else None


def accept(ledger: Ledger, found: Mapping[str, Sequence[Any]]) -> None:
    """Accept findings: of each its code, since when, its size, and the newest of its incidents.

    What is in the baseline already keeps its date.
    """
    db = ledger.db
    for finding, accepted in found.items():
        before, after = _row(db, finding), dict(zip(_COLUMNS, accepted, strict=True))
        if before is None:
            ledger.came("baseline", finding, after, "accept")
        else:
            after["since"] = before["since"]
            ledger.now("baseline", finding, before, after)
        db.execute(
            "INSERT INTO baseline (finding, code, since, size, newest) "
            "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (finding) "
            "DO UPDATE SET code = ?2, size = ?4, newest = ?5",
            [finding, *after.values()],
        )


def forget(ledger: Ledger, findings: Collection[str]) -> None:
    """Take findings out of the baseline."""
    for finding in sorted(findings):
        before = _row(ledger.db, finding)
        assert before is not None
        ledger.went("baseline", finding, before)
        ledger.db.execute("DELETE FROM baseline WHERE finding = ?", [finding])
