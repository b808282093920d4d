"""From rows to cases, and from cases to records.

A case is what belongs together: one row, or the rows with one key.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs

from remedy.errors import SourceError, shown
from remedy.records import Action, Incident, Record
from remedy.sources.compiling import Compiler, Unfit, instant
from remedy.sources.conditions import RowReader, Values
from remedy.sources.converting import text_of
from remedy.sources.making import Contribution, Gatherer, Ids, Maker
from remedy.sources.mapping import Mapping
from remedy.sources.rows import REASON, TEXT, Row, Rows
from remedy.vocabulary import ActionKind

__all__ = ["Case", "Mapper", "attribute_name"]

_CLOCK_SKEW = timedelta(minutes=5)


@attrs.frozen
class Case:
    """Rows that belong together, and their key."""

    key: str | None
    rows: Sequence[Row]


def attribute_name(column: str) -> str:
    """Return the name of an attribute that is nearest to the name of a column.

    Example:
        >>> attribute_name("Sub-product (old)")
        'sub_product_old'
        >>> attribute_name("DateSentCompany")
        'date_sent_company'
        >>> attribute_name("Größe")
        'grosse'
        >>> attribute_name("1st contact")
        'column_1st_contact'
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    plain = unicodedata.normalize("NFKD", parted.casefold())
    words = re.findall("[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    name = "_".join(words)
    if not name[:1].isalpha():
        name = f"column_{name}"
    return name[:63].rstrip("_")


class Mapper:
    """Makes records of the rows of a source, as a mapping says.

    Raises:
        SourceError: If the source lacks columns that the mapping names, or has others that it
            says nothing of.
    """

    def __init__(self, mapping: Mapping, rows: Rows) -> None:
        self.mapping = mapping
        self._name = rows.name
        self._compiler = Compiler(mapping.zone, mapping.missing, mapping.rows == "one")
        self._known = mapping.columns() | {*mapping.ignore, REASON}
        self._key = [(column, self._compiler.column(column)) for column in mapping.key]
        self._sections = list(self._made())
        self._main = next(
            (name for name, section in mapping.records.items() if section.per is None), None
        )
        self._has_actions = any(each.record == "action" for each in mapping.records.values())
        self._rest: dict[str, tuple[str, RowReader]] = {}
        self._missed = mapping.columns()
        self._columns: dict[str, str] = {}
        self._now = datetime.now(UTC) + _CLOCK_SKEW
        # Where the columns are known beforehand, no row has others.
        self._settled = rows.columns is not None
        if rows.columns is not None:
            self._check_columns(rows.columns)
            self._missed.clear()

    def missed(self) -> Iterator[str]:
        """Yield, of each column that the mapping names and no row had, what to say of it."""
        for column in sorted(self._missed):
            known = [*self._rest, *(self._known - self._missed - {REASON})]
            near = difflib.get_close_matches(column, known, n=1)
            hint = f" Did you mean {shown(near[0])}?" if near else ""
            yield f"no row has the column {shown(column)}, which the mapping names.{hint}"

    def _made(self) -> Iterator[Maker | Gatherer]:
        plain = [each for each in self.mapping.records.values() if each.per is None]
        kinds = {section.record: section for section in reversed(plain)}
        for section in self.mapping.in_order():
            if section.per is None:
                yield Maker(
                    section,
                    self._compiler,
                    self.mapping.source,
                    first=section is plain[0],
                    first_of_kind=kinds[section.record] is section,
                )
            else:
                yield Gatherer(section, self._compiler, self.mapping.source)

    def _check_columns(self, columns: Sequence[str]) -> None:
        for column in sorted(self.mapping.columns() - set(columns)):
            near = difflib.get_close_matches(column, columns, n=1)
            hint = f"Did you mean {shown(near[0])}?" if near else f"There are {_listed(columns)}."
            raise SourceError(
                self._name, f"has no column {shown(column)}, which the mapping names. {hint}"
            )
        unknown = [column for column in columns if column not in self._known]
        if unknown and self.mapping.rest == "reject":
            raise SourceError(
                self._name,
                f"has columns that the mapping says nothing of: {_listed(unknown)}. {_OFFER}",
            )
        for column in unknown:
            self._add_rest(column)

    def _add_rest(self, column: str) -> None:
        name = attribute_name(column)
        main = self.mapping.records[self._main] if self._main else None
        own = main.attributes if main else {}
        if name in self._columns or name in own:
            other = self._columns.get(name, f"attributes.{name}")
            raise SourceError(
                self._name,
                f"the columns {shown(other)} and {shown(column)} would both become the attribute "
                f"{shown(name)}. Name one of them in the mapping, under attributes or ignore.",
            )
        self._columns[name] = column
        self._rest[column] = (name, self._compiler.column(column, keep_space=True))

    def column_of(self, kind: str | None, fields: Iterable[str]) -> str | None:
        """Return the column that one of some fields comes from.

        Args:
            kind: The class of record that has them; None for any.
            fields: Their names. Where an id is made of the key, it comes from its first column.
        """
        for field in fields:
            for section in self._sections:
                column = section.column_of(field)
                if column is not None and kind in (None, section.kind.__name__):
                    return column
            if field == "id" and self._key:
                return self._key[0][0]
        return None

    # --- cases ------------------------------------------------------------------------------------

    def cases(self, rows: Iterable[Row]) -> Iterator[Case]:
        """Yield the cases that rows make.

        Where rows of a case are scattered, all of them are held in memory; otherwise those of one
        case.
        """
        if self.mapping.rows == "one":
            for row in rows:
                yield Case(self._key_of(row), (row,))
        elif self.mapping.rows == "consecutive":
            held: list[Row] = []
            key: str | None = None
            for row in rows:
                found = self._key_of(row)
                if held and (found is None or found != key):
                    yield Case(key, held)
                    held = []
                key = found
                held.append(row)
            if held:
                yield Case(key, held)
        else:
            cases: dict[str, list[Row]] = {}
            for row in rows:
                found = self._key_of(row)
                if found is None:
                    yield Case(None, (row,))
                else:
                    cases.setdefault(found, []).append(row)
            for key, held in cases.items():
                yield Case(key, held)

    def _key_of(self, row: Row) -> str | None:
        parts = []
        for _, read in self._key:
            found = read(row.values)
            if found is None:
                return None
            parts.append(text_of(found).strip())
        return "/".join(parts) if parts else None

    # --- records ----------------------------------------------------------------------------------

    def records(self, case: Case) -> list[Record]:
        """Return the records that a case makes.

        Raises:
            Unfit: If it cannot be taken.
        """
        for row in case.rows:
            if row.problem is not None:
                raise Unfit(row.column, row.values.get(row.column or ""), row.problem)
            if TEXT in row.values:
                problem = "is what was rejected. Write the row that it should be in its place."
                raise Unfit(TEXT, row.values[TEXT], problem)
        if self._key and case.key is None:
            raise self._keyless(case)
        values = [row.values for row in case.rows]
        ids: Ids = {}
        made: list[Record] = []
        makers: list[Maker] = []
        contributions: list[tuple[Gatherer, Contribution]] = []
        rest = self._rest_of if self.mapping.rest == "attributes" else None
        if not self._settled:
            self._meet_columns(values)
        for section in self._sections:
            if isinstance(section, Gatherer):
                added = section.contribution(values, ids, case.rows[0].place)
                if added is not None:
                    contributions.append((section, added))
                continue
            own_rest = rest if section.section.name == self._main else None
            record = section.make(case.key, values, ids, own_rest)
            if record is not None:
                section.refuse_future(record, values, self._now)
                made.append(record)
                makers.append(section)
        if self._has_actions:
            self._check_order(made, makers, values)
        for gatherer, added in contributions:
            gatherer.add(added)
        return made

    def gathered(self) -> Iterator[tuple[str, Record | Unfit]]:
        """Yield, after the last case, the records that are made of all of them."""
        for section in self._sections:
            if isinstance(section, Gatherer):
                yield from section.records(self._now)

    def _keyless(self, case: Case) -> Unfit:
        values = case.rows[0].values
        column = next(column for column, read in self._key if read(values) is None)
        problem = "says nothing, and it is what tells the rows apart (key)."
        return Unfit(column, values.get(column), problem)

    def _meet_columns(self, rows: Sequence[Values]) -> None:
        """Take note of columns that come up for the first time, or refuse them."""
        for row in rows:
            self._missed.difference_update(row)
            for column in row:
                if column in self._known or column in self._rest:
                    continue
                whole = self._whole_of(column)
                if whole is not None and whole not in row:
                    problem = (
                        f"holds an object, and the mapping takes it for a value. Name the field of "
                        f"it that is meant, such as {shown(column)}."
                    )
                    raise Unfit(whole, None, problem)
                if self.mapping.rest == "reject":
                    problem = f"the mapping says nothing of this column. {_OFFER}"
                    raise Unfit(column, row[column], problem)
                self._add_rest(column)

    def _whole_of(self, column: str) -> str | None:
        """Return the column of the mapping that a column is a field of, if it is."""
        steps = column.split(".")
        wholes = (".".join(steps[:count]) for count in range(1, len(steps)))
        return next((each for each in wholes if each in self._known), None)

    def _rest_of(self, rows: Sequence[Values]) -> dict[str, Any]:
        """Return, as attributes, the last value of each column that nothing names."""
        found: dict[str, Any] = {}
        for name, read in self._rest.values():
            for row in reversed(rows):
                value = read(row)
                if value is not None:
                    found[name] = text_of(value) if isinstance(value, date) else value
                    break
        return found

    def _check_order(
        self, made: Sequence[Record], makers: Sequence[Maker], rows: Sequence[Values]
    ) -> None:
        """Refuse what the casebook would refuse later, where nobody knows the row any more."""
        occurred: dict[str, Any] | None = None
        for record, maker in zip(made, makers, strict=True):
            if not isinstance(record, Action) or record.kind not in _AFTERWARDS:
                continue
            if occurred is None:
                occurred = {each.id: each.occurred for each in made if isinstance(each, Incident)}
            for link in record.incidents:
                other = occurred.get(str(link.to))
                if other is not None and _end_of(record.decided) < instant(other):
                    raise maker.unfit_at(
                        "decided" if maker.column_of("decided") else "events",
                        record.decided,
                        f"action.decided: this {record.kind} is older than the incident that it "
                        f"is for, of {other}. Mend one of the two times; what was there before "
                        f"the incident, and did not hold, is a corrective action.",
                        rows,
                    )


def _end_of(moment: datetime) -> datetime:
    """Return the last moment that is meant: midnight sharp is what is left of a day alone."""
    if moment.time() == time():
        return moment + timedelta(days=1, microseconds=-1)
    return moment


_AFTERWARDS = (ActionKind.CORRECTION, ActionKind.CONTAINMENT)
_OFFER = (
    "Map them, name them under ignore, or keep what nothing names as attributes: rest = "
    "'attributes'."
)


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(column) for column in columns[:20])
    return shown + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")
