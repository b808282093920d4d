"""What can go wrong, and what to do next.

```
RemedyError
├── InvalidRecord (ValueError)          a field of a record holds what it cannot hold
│   └── InvalidTime                     ... and the field is a time
├── UnknownRecord (LookupError)         no record has this id
├── UnreadableRecord (ValueError)       what is on file of a record is damaged
├── Conflict (ValueError)               another record is on file under this id
│   └── TakenId                         ... and comes from elsewhere
├── ErasedCustomer (ValueError)         a record names a customer who was erased
├── DanglingReference (LookupError)     a record refers to one that is not on file
├── CausalCycle (ValueError)            a cause would explain itself
├── CannotAmend (ValueError)            a field that is not changed by amending
├── CasebookError                       the file, not a record
│   ├── CannotOpen (OSError)            missing, unreadable, a folder
│   │   ├── NotACasebook                another application's file, or a damaged one
│   │   └── NewerCasebook               written by a newer version of remedy
│   ├── CasebookBusy (TimeoutError)     somebody else holds the lock
│   └── ReadOnlyCasebook (PermissionError)
├── SourceError (ValueError)            a file to import, or its mapping
│   ├── BadMapping
│   └── BadRows                         rows that were refused, each with its place
├── ConfigError (ValueError)
├── RuleError (ValueError)              a rule that does not work
├── UnknownRule (LookupError)
├── UnknownExample (LookupError)
├── UnknownTable (LookupError)          nothing is exported under this name
├── TargetExists (FileExistsError)      a file that would be overwritten
└── MissingExtra (ImportError)          an optional dependency is not installed
```

MisleadingId (UserWarning) is no error: the id is taken, and may look like another one.

Each constructor takes the offending values and builds the sentence: what is wrong, where, and
what to do next. Every class pickles, so that errors cross process boundaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from unicodedata import category

__all__ = [
    "BadMapping",
    "BadRows",
    "CannotAmend",
    "CannotOpen",
    "CasebookBusy",
    "CasebookError",
    "CausalCycle",
    "ConfigError",
    "Conflict",
    "DanglingReference",
    "ErasedCustomer",
    "InvalidRecord",
    "InvalidTime",
    "MisleadingId",
    "MissingExtra",
    "NewerCasebook",
    "NotACasebook",
    "ReadOnlyCasebook",
    "RemedyError",
    "RuleError",
    "SourceError",
    "TakenId",
    "TargetExists",
    "UnknownExample",
    "UnknownRecord",
    "UnknownRule",
    "UnknownTable",
    "UnreadableRecord",
]


def shown(value: object, limit: int = 80) -> str:
    """Return `value` as a message shows it: quoted, on one line, cut at `limit` characters."""
    text = str(value) if isinstance(value, datetime) else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def with_article(noun: str) -> str:
    """Return a noun with the article that it takes.

    Example:
        >>> with_article("incident"), with_article("cause")
        ('an incident', 'a cause')
    """
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


_LONGEST = 1_800
"""Longer than what any message has to say. Values in one are cut by `shown`: its advice stays."""


def readable(message: str) -> str:
    """Return a message without what a terminal would obey, or cannot show, and not too long."""
    told = message[: _LONGEST + 1]
    if not (told.isascii() and told.replace("\n", "").isprintable()):
        told = "".join(
            repr(each)[1:-1] if each != "\n" and category(each) in ("Cc", "Cs") else each
            for each in told
        )
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"


class RemedyError(Exception):
    """Root of everything that `remedy` raises on purpose."""

    def __init__(self, *values: object, message: str) -> None:
        super().__init__(*values)
        self.message = readable(message)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.args, self.__dict__)


def _restore(
    cls: type[RemedyError], args: tuple[object, ...], state: dict[str, object]
) -> RemedyError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class InvalidRecord(RemedyError, ValueError):
    """A field of a record holds what it cannot hold.

    Args:
        record: Name of the record's class.
        field: Name of the field.
        value: What was given.
        problem: Why it cannot stand, and what can.
    """

    def __init__(self, record: str, field: str, value: object, problem: str) -> None:
        super().__init__(
            record, field, value, problem, message=f"{record}.{field} = {shown(value)}: {problem}"
        )
        self.record = record
        self.field = field
        self.value = value
        self.problem = problem


class InvalidTime(InvalidRecord):
    """A time that does not exist, or that is not said clearly enough to be placed."""


class MisleadingId(UserWarning):
    """An id holds a mark that turns the direction of writing, so that it may look like another."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id

    def __str__(self) -> str:
        return (
            f"the id {shown(self.id)} holds a mark that turns the direction of writing: it is "
            f"taken as it is, and may look like another id. Leave the mark out if you can."
        )


class UnknownRecord(RemedyError, LookupError):
    """No record has this id."""

    def __init__(self, id: object, kind: str | None = None, near: Sequence[str] = ()) -> None:
        what = f"no {kind}" if kind else "no record"
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        super().__init__(id, kind, message=f"There is {what} with the id {shown(id)}.{hint}")
        self.id = id


class UnreadableRecord(RemedyError, ValueError):
    """What is on file of a record is damaged, or was changed by something else than remedy."""

    def __init__(self, kind: str, id: object, problem: str) -> None:
        super().__init__(
            kind,
            id,
            problem,
            message=(
                f"What is on file of {kind} {id} cannot be read: {problem} The file is damaged, or "
                f"was changed by hand. Look at it with remedy doctor; go back to a backup."
            ),
        )
        self.id = id


class Conflict(RemedyError, ValueError):
    """Another record is on file under this id.

    Args:
        kind: What kind of record.
        id: Its id.
        differences: Field → (on file, given).
        item: The plural field, and what it refers to, where only one of its links differs.
        external: The source, and the id there, where it is this that another record has.
        plural: Which of the fields that differ are plural.
    """

    def __init__(
        self,
        kind: str,
        id: str,
        differences: Mapping[str, tuple[object, object]],
        *,
        item: tuple[str, str] | None = None,
        external: tuple[str, str] | None = None,
        plural: Sequence[str] = (),
    ) -> None:
        told = "; ".join(
            f"{name} is {shown(old, 40)} on file and {shown(new, 40)} here"
            for name, (old, new) in differences.items()
        )
        if external is not None:
            source, there = external
            owner = " and ".join(str(old) for old, _ in differences.values())
            message = (
                f"{kind} {id} is told to be {shown(there)} of {shown(source)}, and that is {owner} "
                f"on file. An id in a source is of one record: leave it out here, or take it from "
                f"{owner} first. Where both are the same, amend that one."
            )
        elif item is not None:
            field, what = item
            message = (
                f"{kind} {id} has {what} among its {field} already, and that differs: {told}. To "
                f"change it, take it away first: in Python, "
                f"book.unlink({id!r}, {field}=..., reason=...), then book.link({id!r}, ...)."
            )
        else:
            if "kind" in differences:
                next_step = "An id is of one record only: give this one an id of its own."
            else:
                ways = []
                if set(differences) - set(plural):
                    ways.append(f"amend it: in Python, book.amend({id!r}, ..., reason=...)")
                if plural:
                    ways.append(
                        f"take from its {' and '.join(plural)} with book.unlink(), and add to them "
                        f"with book.link()"
                    )
                next_step = (
                    f"To change the one on file, {'; and '.join(ways)}. To add something else, "
                    f"give it an id of its own."
                )
            message = f"{kind} {id} is on file already, and differs: {told}. {next_step}"
        super().__init__(kind, id, dict(differences), message=message)
        self.kind = kind
        self.id = id
        self.differences = dict(differences)
        self.item = item
        self.external = external


class TakenId(Conflict):
    """An id means one record already, and this is another one.

    Args:
        kind: What kind of record.
        id: Its id.
        given: The source that it comes from, and its id there.
        on_file: Where the record that is on file under its id comes from, likewise; or the id of
            the customer who is meant by its id in the source.
    """

    def __init__(
        self, kind: str, id: str, given: tuple[str, str], on_file: tuple[str, str] | str
    ) -> None:
        source, external_id = given
        here = f"{shown(external_id, 40)} of the source {shown(source, 40)}"
        if isinstance(on_file, str):
            told = (
                f"{kind} {id} is {here}, and so is {kind} {on_file}, which is on file. If they are "
                f"one, give both one id. If not, take the id in the source from the one it does "
                f"not belong to: in Python, book.unlink({on_file!r}, aliases=..., reason=...), or "
                f"book.amend({on_file!r}, source=None, external_id=None, reason=...)."
            )
            differences: dict[str, tuple[object, object]] = {"id": (on_file, id)}
        else:
            there = f"{shown(on_file[1], 40)} of the source {shown(on_file[0], 40)}"
            told = (
                f"{kind} {id} is on file already as {there}; here it is {here}. An id is of one "
                f"record only: give this one an id of its own, such as {f'{source}-{id}'!r}. If "
                f"the one on file goes under the wrong source, amend it: in Python, "
                f"book.amend({id!r}, source=..., external_id=..., reason=...)."
            )
            differences = {
                name: (old, new)
                for name, old, new in zip(("source", "external_id"), on_file, given, strict=True)
                if old != new
            }
        super().__init__(kind, id, differences)
        self.args = (kind, id, given, on_file)
        self.message = readable(told)


class ErasedCustomer(RemedyError, ValueError):
    """A record names a customer who was erased.

    Args:
        kind: What kind of record.
        id: Its id.
        customer: What the customer is called since.
    """

    def __init__(self, kind: str, id: str, customer: str) -> None:
        super().__init__(
            kind,
            id,
            customer,
            message=(
                f"{kind} {id} names a customer who was erased, and is called {customer} since. "
                f"Nothing was written. Say that name instead, and leave out what tells who they "
                f"are. If they are a customer again and agree to be on record, give them a new id."
            ),
        )
        self.customer = customer


class DanglingReference(RemedyError, LookupError):
    """Records refer to ones that are not on file.

    Args:
        references: (kind and id of the record, its field, the id it refers to) of each; the first
            few are named in the message.
        total: How many there are in all, where `references` holds only the first.
    """

    def __init__(
        self, references: Sequence[tuple[str, str, str]], total: int | None = None
    ) -> None:
        total = len(references) if total is None else total
        told = "; ".join(
            f"{record} refers to {target!r} in its {field}"
            for record, field, target in references[:5]
        )
        more = f" (and {total - 5:,} more)" if total > 5 else ""
        super().__init__(
            tuple(references),
            total,
            message=(
                f"{told}{more}, and that is not on file. Record it first, or in the same call. "
                f"Where the other half of a source comes later, take it in with remedy import, or "
                f"in Python with book.ingest(): then the reference waits."
            ),
        )
        self.references = tuple(references)
        self.total = total


class CausalCycle(RemedyError, ValueError):
    """A cause would, over some steps, explain itself."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(
            tuple(path),
            message=(
                f"These causes would explain each other in a circle: {' → '.join(path)}. "
                f"Nothing was written. Leave out the link that is wrong, or split the cause that "
                f"stands for two things."
            ),
        )
        self.path = tuple(path)


class CannotAmend(RemedyError, ValueError):
    """A field that is not changed by amending."""

    def __init__(self, kind: str, field: str, instead: str) -> None:
        super().__init__(kind, field, instead, message=f"{kind}.{field} is not amended: {instead}")


class CasebookError(RemedyError):
    """Something about the file, not about a record."""

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(path, problem, message=f"{path}: {problem}")
        self.path = path
        self.problem = problem


class CannotOpen(CasebookError, OSError):
    """The casebook is missing, unreadable, or not a file."""


class NotACasebook(CannotOpen):
    """The file belongs to something else, or is damaged. It was left as it is."""


class NewerCasebook(CannotOpen):
    """The file was written by a newer version. It was left as it is."""


class CasebookBusy(CasebookError, TimeoutError):
    """Somebody else held the casebook for longer than the time-out allows."""


class ReadOnlyCasebook(CasebookError, PermissionError):
    """A write to a casebook that was opened for reading, or that may not be written."""


class SourceError(RemedyError, ValueError):
    """Something about a file to import."""

    def __init__(self, place: object, problem: str) -> None:
        super().__init__(place, problem, message=f"{place}: {problem}")
        self.place = place
        self.problem = problem


class BadMapping(SourceError):
    """A mapping that cannot be used."""


class BadRows(SourceError):
    """Rows that were refused. Nothing of the batch was written.

    Args:
        place: The file, or what the rows came from.
        rejected: One line of text per refused row, with its place: the first few.
        total: How many were refused.
    """

    def __init__(self, place: object, rejected: Iterable[object], total: int) -> None:
        self.rejected = tuple(rejected)
        self.total = total
        told = "\n".join(f"  {line}" for line in self.rejected[:10])
        more = f"\n  and {total - 10:,} more" if total > 10 else ""
        rows = "1 row was" if total == 1 else f"{total:,} rows were"
        super().__init__(
            place,
            f"{rows} refused, and nothing was written.\n{told}{more}\n"
            f"Mend the rows, or write the good ones and keep the others in a file of their own: "
            f"--skip-bad, or on_error='collect'.",
        )


class ConfigError(RemedyError, ValueError):
    """A setting that cannot be used."""

    def __init__(self, place: object, problem: str) -> None:
        super().__init__(place, problem, message=f"{place}: {problem}")


class RuleError(RemedyError, ValueError):
    """A rule that does not work."""

    def __init__(self, code: object, problem: str) -> None:
        super().__init__(code, problem, message=f"Rule {code}: {problem}")


class UnknownRule(RemedyError, LookupError):
    """No rule has this code."""

    def __init__(self, code: object, known: Sequence[str] = ()) -> None:
        listed = f" The codes are {', '.join(sorted(known))}." if known else ""
        super().__init__(code, message=f"There is no rule {shown(code)}.{listed}")


class UnknownExample(RemedyError, LookupError):
    """No example has this name."""

    def __init__(self, name: object, known: Sequence[str]) -> None:
        super().__init__(
            name,
            message=f"There is no example {shown(name)}. The examples are: {', '.join(known)}.",
        )


class UnknownTable(RemedyError, LookupError):
    """There is no table of this name."""

    def __init__(self, name: object, known: Sequence[str]) -> None:
        super().__init__(
            name, message=f"There is no table {shown(name)}. The tables are: {', '.join(known)}."
        )


class TargetExists(RemedyError, FileExistsError):
    """A file that would be overwritten. It was left as it was."""

    def __init__(self, path: object, *, replaceable: bool = True) -> None:
        what = (
            ", or say that it may be replaced: overwrite=True, --overwrite" if replaceable else ""
        )
        super().__init__(
            path,
            message=f"{path} exists already, and was left as it is. Choose another name{what}.",
        )
        self.path = path


class MissingExtra(RemedyError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            extra,
            purpose,
            message=f"{purpose} needs an extra: pip install 'remedy-casebook[{extra}]'",
        )
        self.extra = extra
