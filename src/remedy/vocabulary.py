"""The closed lists of words, and the table of interventions.

Every list is a [StrEnum][enum.StrEnum]: its members are strings, and print as such.
"""

from __future__ import annotations

import enum

import attrs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "ALL",
    "ActionKind",
    "ActionState",
    "AmendsKind",
    "ApologyState",
    "Basis",
    "BehindState",
    "DecisionKind",
    "DetectedBy",
    "Element",
    "Everyone",
    "Gate",
    "Impact",
    "Intervention",
    "PromiseKind",
    "PromiseScope",
    "PromiseState",
    "Provenance",
    "ResponseKind",
    "Role",
    "Severity",
    "Strength",
    "VerdictKind",
    "VerificationMethod",
    "VerificationResult",
    "interventions_from",
    "shipped_interventions",
]


class Impact(enum.StrEnum):
    """How grave an incident is for those who lived through it (ISO 10002)."""

    MINOR = "minor"
    MODERATE = "moderate"
    MAJOR = "major"
    CRITICAL = "critical"


class DetectedBy(enum.StrEnum):
    """Who noticed the incident."""

    US = "us"
    CUSTOMER = "customer"
    PARTNER = "partner"
    UNKNOWN = "unknown"


class Basis(enum.StrEnum):
    """Whether a time of occurrence was observed, or is only when the report came in."""

    OBSERVED = "observed"
    REPORTED = "reported"


class Gate(enum.StrEnum):
    """How causes combine: any one of them suffices, or all are needed (fault trees)."""

    ANY = "any"
    ALL = "all"


class Role(enum.StrEnum):
    """What a cause explains: why it happened, or why nobody caught it (8D: escape point)."""

    CAUSE = "cause"
    ESCAPE = "escape"


class Provenance(enum.StrEnum):
    """Where a record comes from."""

    RECORDED = "recorded"
    MAPPED = "mapped"
    DETECTED = "detected"


class ActionKind(enum.StrEnum):
    """What an action is for (8D D3; ISO 9000)."""

    CONTAINMENT = "containment"
    CORRECTION = "correction"
    CORRECTIVE = "corrective"
    PREVENTIVE = "preventive"


class ActionState(enum.StrEnum):
    """The dated events in the life of an action (FRACAS; ISO 13485 8.5.2)."""

    IMPLEMENTED = "implemented"
    TOOK_EFFECT = "took_effect"
    CLOSED = "closed"
    REOPENED = "reopened"
    CANCELLED = "cancelled"


class Strength(enum.StrEnum):
    """How far an intervention depends on people being careful (RCA2 action hierarchy)."""

    STRONGER = "stronger"
    INTERMEDIATE = "intermediate"
    WEAKER = "weaker"


class VerificationMethod(enum.StrEnum):
    """How it was judged that an action was effective."""

    RECURRENCE_RATE = "recurrence_rate"
    CHALLENGE_TEST = "challenge_test"
    AUDIT = "audit"


class VerificationResult(enum.StrEnum):
    """What the judgement was."""

    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"
    INCONCLUSIVE = "inconclusive"


class Element(enum.StrEnum):
    """The elements of an apology (Lewicki, Polin & Lount 2016)."""

    REGRET = "regret"
    EXPLANATION = "explanation"
    RESPONSIBILITY = "responsibility"
    REPENTANCE = "repentance"
    REPAIR = "repair"
    FORGIVENESS = "forgiveness"


class PromiseKind(enum.StrEnum):
    """What was promised: that it will not happen again, a deed, or to watch."""

    NON_RECURRENCE = "non_recurrence"
    DEED = "deed"
    WATCH = "watch"


class PromiseScope(enum.StrEnum):
    """To whom it shall not happen again."""

    CUSTOMER = "customer"
    ANYONE = "anyone"


class PromiseState(enum.StrEnum):
    """The derived state of a promise."""

    OPEN = "open"
    KEPT = "kept"
    OVERDUE = "overdue"
    BROKEN = "broken"


class ApologyState(enum.StrEnum):
    """The derived state of an apology, worst first; and that nobody can tell.

    Not assessed, in the profiles tickets and register: there are no causes, actions or decisions on
    record at all. That is neither good nor bad.
    """

    FAILED = "failed"
    HOLLOW = "hollow"
    UNBACKED = "unbacked"
    PARTLY = "partly"
    WAITING = "waiting"
    IN_HAND = "in hand"
    DECIDED = "decided"
    BACKED = "backed"
    NOT_ASSESSED = "not assessed"


class BehindState(enum.StrEnum):
    """How it stands with an action that is about a cause of what was apologised for."""

    CHANGED = "process changed"
    """It is implemented, and changes the process: this is what backs an apology."""
    IN_HAND = "in hand"
    """It is going to change the process, and is in time."""
    NO_CHANGE_PLANNED = "no process change planned"
    """It is planned, and in time, and would change no process."""
    NOT_DONE = "not done"
    """It is overdue or cancelled, or was closed without being implemented."""
    NO_CHANGE = "no process change"
    """It is implemented, and changes no process."""
    INEFFECTIVE = "ineffective"
    """The last verification says so."""
    THERE_BEFORE = "there before"
    """It had taken effect before the incident, and did not keep it away."""
    OUT_OF_SCOPE = "out of scope"
    """Its scope does not take the incident in."""


class AmendsKind(enum.StrEnum):
    """What the customer got for their trouble."""

    REFUND = "refund"
    CREDIT = "credit"
    GIFT = "gift"
    DISCOUNT = "discount"
    WAIVED_CHARGE = "waived_charge"
    OTHER = "other"


class ResponseKind(enum.StrEnum):
    """What the customer said back."""

    THANKED = "thanked"
    ACCEPTED = "accepted"
    LAST_CHANCE = "last_chance"
    DISSATISFIED = "dissatisfied"
    LEFT = "left"


class DecisionKind(enum.StrEnum):
    """What was judged not to be needed (ISO 9001 10.2.1 b: evaluate the need)."""

    NO_ANALYSIS = "no_analysis"
    NO_ACTION = "no_action"


class VerdictKind(enum.StrEnum):
    """A person's judgement on two incidents."""

    SAME = "same"
    NOT_SAME = "not_same"
    DUPLICATE = "duplicate"


class Severity(enum.StrEnum):
    """How much a finding matters; of incidents it is called impact."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Everyone(enum.Enum):
    """The type of `ALL`: every customer of the incidents, whenever they were linked."""

    ALL = "all"

    def __repr__(self) -> str:
        return "ALL"


ALL = Everyone.ALL


@attrs.frozen
class Intervention:
    """One row of the intervention table: what kind of change an action is.

    Attributes:
        name: A short name, as used in `Action.intervention`.
        strength: Its place in the hierarchy of action strength.
        changes_process: Whether it changes how the work is done, whoever does it.
        source: Where the row comes from.
    """

    name: str
    strength: Strength
    changes_process: bool
    source: str | None = None


def read_interventions(lines: Iterable[str], place: str) -> dict[str, Intervention]:
    """Read an intervention table from the lines of a CSV file.

    Args:
        lines: The lines; the columns are intervention, strength, changes_process (yes or no)
            and source.
        place: What errors call it.

    Raises:
        ConfigError: If a column is missing or a value is not one of its list.
    """
    import csv

    from remedy.errors import ConfigError, shown

    table: dict[str, Intervention] = {}
    reader = csv.DictReader(lines)
    missing = {"intervention", "strength", "changes_process"} - set(reader.fieldnames or ())
    if missing:
        raise ConfigError(place, f"the intervention table lacks the column {sorted(missing)[0]}.")
    for number, row in enumerate(reader, start=2):
        name = (row["intervention"] or "").strip()
        try:
            strength = Strength((row["strength"] or "").strip())
            changes = {"yes": True, "no": False}[(row["changes_process"] or "").strip()]
        except (ValueError, KeyError):
            raise ConfigError(
                f"{place}, line {number}",
                "strength must be stronger, intermediate or weaker, and changes_process yes or no.",
            ) from None
        if not name or name in table:
            raise ConfigError(
                f"{place}, line {number}", f"the name {shown(name)} is empty, or used twice."
            )
        table[name] = Intervention(name, strength, changes, row.get("source") or None)
    return table


def shipped_interventions() -> dict[str, Intervention]:
    """Return the table that comes with the package, by name."""
    from importlib import resources

    text = (resources.files("remedy") / "data" / "interventions.csv").read_text(encoding="utf-8")
    return read_interventions(text.splitlines(), "interventions.csv")


def interventions_from(path: Path) -> dict[str, Intervention]:
    """Read a table of one's own from a CSV file in UTF-8."""
    return read_interventions(path.read_text(encoding="utf-8").splitlines(), str(path))
