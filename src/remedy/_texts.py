"""How much of what texts say is kept: all of it, its beginning, or nothing; scrubbed before.

A casebook's configuration says how much (`store_text`); who opens it may give a function that every
text goes through before it is written. Both are applied before a record is compared with the one on
file, so that the same again is nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _settings
from remedy._forms import span_of
from remedy._naming import in_texts
from remedy.config import Config
from remedy.errors import InvalidRecord
from remedy.records import Action, ActionEvent, Apology, Evidence, Incident, Record

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["DATED_BY", "PURGED", "PURGED_FIELDS", "Scrub", "Texts", "dated"]

Scrub = Callable[[str], str]

PURGED = "texts_purged_before"
"""Under this name it is kept until when texts were purged, in µs since 1970."""

_NOT_KEPT = "[not kept]"
"""What a text says that a record cannot be without, when nothing of it is to be kept."""

_SCRUBBED = ("title", "text", "next_step", "reason", "criterion")
PURGED_FIELDS = ("text", "url", "next_step")

DATED_BY: Mapping[str, str] = {
    "incident": "noted",
    "complaint": "made",
    "apology": "made",
    "amends": "made",
    "response": "made",
    "follow_up": "coalesce(made, due)",
}
"""The kinds of record whose texts tell of customers, and the column of the date of each."""


class Texts:
    """Lets texts be as they are to be kept.

    Args:
        db: The connection.
        config: The casebook's configuration.
        scrub: What every text goes through before it is written, if anything.
    """

    def __init__(self, db: Database, config: Config, scrub: Scrub | None) -> None:
        self._keep = config.store_text
        self._excerpt = config.excerpt
        self._scrub = scrub
        self._purged = _settings.kept(db, PURGED)

    def __bool__(self) -> bool:
        return self._scrub is not None or self._keep != "full" or self._purged is not None

    def fit(self, record: Record, *, from_source: bool = False) -> Record:
        """Return a record with its texts as they are to be kept.

        Args:
            record: The record.
            from_source: Whether a source says it, which may say again what was purged.

        Raises:
            InvalidRecord: If what scrubs them returns no text.
        """
        changes: dict[str, Any] = {}
        fields = attrs.fields_dict(type(record))
        if self._scrub is not None:
            for name in _SCRUBBED:
                value = getattr(record, name, None) if name in fields else None
                if value is not None:
                    changes[name] = self._scrubbed(record, name, value) or _without(record, name)
            if isinstance(record, Action):
                changes["events"] = tuple(map(self.fit_item, record.events))
            attributes = in_texts(
                lambda text: self._scrubbed(record, "attributes", text) or "", record.attributes
            )
            if attributes != record.attributes:
                changes["attributes"] = attributes
        if isinstance(record, Apology):
            changes["promises"] = tuple(map(self.fit, record.promises))
        text = changes.get("text", getattr(record, "text", None))
        if text is not None and self._keep != "full":
            nothing = self._keep == "none"
            changes["text"] = _without(record, "text") if nothing else self._beginning(text)
        if from_source and self._is_purged(record):
            changes.update((name, None) for name in PURGED_FIELDS if name in fields)
        differ = {name: value for name, value in changes.items() if getattr(record, name) != value}
        return attrs.evolve(record, **differ) if differ else record

    def fit_item(self, item: Any) -> Any:
        """Return an item of a plural field with its texts as they are to be kept."""
        if self._scrub is None or not isinstance(item, ActionEvent) or item.reason is None:
            return item
        return attrs.evolve(item, reason=self._scrubbed(item, "reason", item.reason))

    def _scrubbed(self, record: Any, name: str, value: str) -> str | None:
        assert self._scrub is not None
        told = self._scrub(value)
        if not isinstance(told, str):
            raise InvalidRecord(
                type(record).__name__,
                name,
                told,
                "what scrubs texts (scrub=...) has to return a text.",
            )
        return told or None

    def _beginning(self, text: str) -> str:
        if len(text) <= self._excerpt:
            return text
        head = text[: self._excerpt - 1]
        # At the end of a word, where there is one near.
        cut = head.rsplit(maxsplit=1)[0] if " " in head[-40:] else head
        return f"{cut.rstrip()}…"

    def _is_purged(self, record: Record) -> bool:
        """Whether a record is of before the date until when texts were purged."""
        date = dated(record)
        return self._purged is not None and date is not None and date < int(self._purged)


def _without(record: Record, name: str) -> str | None:
    """Return what a field says of whose text nothing is left: some records need it."""
    needed = name == "reason" or (isinstance(record, Evidence) and record.url is None)
    return _NOT_KEPT if needed else None


def dated(record: Any) -> int | None:
    """Return of when a record whose texts tell of customers is, in µs since 1970; None of others.

    It says of a record what `DATED_BY` says of its row.
    """
    if record.entity not in DATED_BY:
        return None
    if isinstance(record, Incident):
        when: Any = record.detected or record.occurred
    else:
        when = record.made or getattr(record, "due", None)
    return None if when is None else span_of(when)[0]
