"""What users set: the signature, windows, limits, profiles and severities."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs

from remedy.errors import ConfigError, shown
from remedy.vocabulary import Impact, Severity, Strength

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "DEFAULT_PLACEHOLDERS",
    "PROFILES",
    "Config",
    "config_from",
    "find_config",
    "load_config",
    "signature_reader",
]

PROFILES = ("tickets", "register", "capa")
TEXTS = ("full", "excerpt", "none")
DEFAULT_PLACEHOLDERS = ("?", "-", "n/a", "na", "none", "null", "other", "others", "unknown", "tbd")

_SIGNATURE_FIELDS = (
    "process",
    "failure_mode",
    "product",
    "channel",
    "site",
    "impact",
    "detected_by",
    "title",
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
_SPAN = re.compile(r"(\d{1,8})\s*(m|min|minutes?|h|hours?|d|days?)\Z", re.A)
_LENGTH = re.compile(r"([0-9]{1,9}):")
_LONGEST = timedelta(days=36_525)
_MOST = 1_000_000_000


def _strings(name: str, value: object) -> tuple[str, ...]:
    """Return a tuple of one text or of several, and refuse anything else."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Iterable) or isinstance(value, (bytes, Mapping)):
        raise ConfigError(name, f"{shown(value)} is neither a text nor a list of texts.")
    found = []
    for each in value:
        if not isinstance(each, str):
            raise ConfigError(name, f"{shown(each)} is no text: write it in quotes.")
        found.append(each)
    return tuple(found)


def _placeholders(value: str | Iterable[str]) -> tuple[str, ...]:
    return _strings("placeholders", value)


def _select(value: str | Iterable[str]) -> tuple[str, ...]:
    return _strings("select", value)


def _ignore(value: str | Iterable[str]) -> tuple[str, ...]:
    return _strings("ignore", value)


def _signature(value: str | Iterable[str]) -> tuple[str, ...]:
    parts = _strings("signature", value)
    if not parts or len(set(parts)) < len(parts) or not all(_NAME.match(part) for part in parts):
        raise ConfigError(
            "signature",
            f"{shown(parts)} is no signature: name fields of the incident "
            f"({', '.join(_SIGNATURE_FIELDS)}) or of its attributes, each once.",
        )
    return parts


def span(value: timedelta | str | int, name: str = "span") -> timedelta:
    """Return a span of time: a timedelta, "4 h", "90 min", "14 days", or a number of days."""
    if isinstance(value, timedelta):
        found = value
    elif isinstance(value, bool):
        raise ConfigError(name, f"{shown(value)} is no span of time.")
    elif isinstance(value, int):
        found = timedelta(days=max(-1, min(value, 1_000_000)))
    else:
        match = _SPAN.match(str(value).strip().lower())
        if not match:
            raise ConfigError(
                name, f"{shown(value)} is no span of time: write 4 h, 90 min, 14 days."
            )
        unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2][0]]
        found = timedelta(**{unit: int(match[1])})
    if not timedelta(0) <= found <= _LONGEST:
        raise ConfigError(name, f"{shown(value)} is negative, or longer than a hundred years.")
    return found


def _word(words: tuple[str, ...]) -> Callable[[object, Any, object], None]:
    def check(_: object, field: Any, value: object) -> None:
        if value is not None and value not in words:
            raise ConfigError(field.name, f"{shown(value)} is not one of {', '.join(words)}.")

    return check


def _count(_: object, field: Any, value: object) -> None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not (is_number and 1 <= value <= _MOST):  # type: ignore[operator]
        raise ConfigError(
            field.name, f"{shown(value)} is no number of incidents: write one from 1 to {_MOST}."
        )


def _kept(_: object, field: Any, value: object) -> None:
    if value not in TEXTS:
        raise ConfigError(field.name, f"{shown(value)} is not one of {', '.join(TEXTS)}.")


def _letters(_: object, field: Any, value: object) -> None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not (is_number and 10 <= value <= _MOST):  # type: ignore[operator]
        raise ConfigError(
            field.name, f"{shown(value)} is no number of letters: write one from 10 to {_MOST}."
        )


def _member(kind: type[Any], place: str, value: object) -> Any:
    try:
        return kind(value)
    except (TypeError, ValueError):
        known = ", ".join(word.value for word in kind)
        raise ConfigError(place, f"{shown(value)} is not one of {known}.") from None


def _table(name: str, value: object, example: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(name, f"{shown(value)} is no table: write {example} under [{name}].")
    return value


def _by_impact_span(value: Mapping[Any, Any]) -> dict[Impact, timedelta]:
    name = "first_contact"
    return {
        _member(Impact, name, key): span(each, f"{name}.{key}")
        for key, each in _table(name, value, 'major = "24 h"').items()
    }


def _by_impact_strength(value: Mapping[Any, Any]) -> dict[Impact, Strength]:
    name = "strength_for"
    return {
        _member(Impact, name, key): _member(Strength, f"{name}.{key}", each)
        for key, each in _table(name, value, 'major = "intermediate"').items()
    }


def _severities(value: Mapping[str, Any]) -> dict[str, Severity]:
    return {
        code: _member(Severity, f"severity.{code}", each)
        for code, each in _table("severity", value, 'A105 = "error"').items()
    }


def _impact(value: Impact | str | None) -> Impact | None:
    return None if value is None else _member(Impact, "amends_from", value)


def _number(value: float) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (is_number and 0 <= value <= 1):
        raise ConfigError(
            "coarse_share", f"{shown(value)} is no share: write a number from 0 to 1."
        )
    return float(value)


# A function for each: the type checker takes no others as converters.


def _recurrence_window(value: timedelta | str | int) -> timedelta:
    return span(value, "recurrence_window")


def _promise_horizon(value: timedelta | str | int) -> timedelta:
    return span(value, "promise_horizon")


def _grace(value: timedelta | str | int) -> timedelta:
    return span(value, "grace")


def _verification_window(value: timedelta | str | int) -> timedelta:
    return span(value, "verification_window")


def _containment_window(value: timedelta | str | int) -> timedelta:
    return span(value, "containment_window")


@attrs.frozen(kw_only=True)
class Config:
    """Settings of a casebook and of a check.

    A casebook stores one; `check` takes another in its place. The signature and the placeholders
    are the casebook's own, since the failure keys on file are made with them.

    Attributes:
        signature: The fields that make two incidents the same failure; attributes may take part.
        placeholders: What stands for a missing part of the signature.
        same_customer: Whether "the same customer" is the person or the account.
        profile: tickets, register or capa; None for what follows from what is on record.
        recurrence_window: Within what span a failure counts as back (R201, R200 only).
        promise_horizon: How long a promise of non-recurrence stands.
        grace: How long the search for a cause may take before it is missed.
        verification_window: By when an action is to be verified, where it says nothing itself.
        containment_window: How long containment may outlast a verified fix.
        first_contact: By impact, within what span a customer is to hear from us. Empty: not asked.
        amends_from: From which impact amends are asked for; None: never.
        strength_for: By impact, how strong an action has to be.
        select: Codes, or beginnings of codes, to run; empty: all.
        ignore: Codes, or beginnings of codes, to leave out.
        severity: Severities that differ from the rules' own, by code.
        coarse_share: From which share of repeats on a signature is called too coarse.
        coarse_from: From how many comparable incidents on that is judged.
        store_text: How much of the field `text` of records is kept: "full"; "excerpt", its
            beginning; or "none". What is on file already stays as it is.
        excerpt: How many letters of a text "excerpt" keeps.
    """

    signature: tuple[str, ...] = attrs.field(
        default=("process", "failure_mode"), converter=_signature
    )
    placeholders: tuple[str, ...] = attrs.field(
        default=DEFAULT_PLACEHOLDERS, converter=_placeholders
    )
    same_customer: str = attrs.field(default="person", validator=_word(("person", "account")))
    profile: str | None = attrs.field(default=None, validator=_word(PROFILES))
    recurrence_window: timedelta = attrs.field(
        default=timedelta(days=90), converter=_recurrence_window
    )
    promise_horizon: timedelta = attrs.field(
        default=timedelta(days=365), converter=_promise_horizon
    )
    grace: timedelta = attrs.field(default=timedelta(days=14), converter=_grace)
    verification_window: timedelta = attrs.field(
        default=timedelta(days=90), converter=_verification_window
    )
    containment_window: timedelta = attrs.field(
        default=timedelta(days=30), converter=_containment_window
    )
    first_contact: Mapping[Impact, timedelta] = attrs.field(factory=dict, converter=_by_impact_span)
    amends_from: Impact | None = attrs.field(default=Impact.MAJOR, converter=_impact)
    strength_for: Mapping[Impact, Strength] = attrs.field(
        default={Impact.MAJOR: Strength.INTERMEDIATE, Impact.CRITICAL: Strength.INTERMEDIATE},
        converter=_by_impact_strength,
    )
    select: tuple[str, ...] = attrs.field(default=(), converter=_select)
    ignore: tuple[str, ...] = attrs.field(default=(), converter=_ignore)
    severity: Mapping[str, Severity] = attrs.field(factory=dict, converter=_severities)
    coarse_share: float = attrs.field(default=0.5, converter=_number)
    coarse_from: int = attrs.field(default=20, validator=_count)
    store_text: str = attrs.field(default="full", validator=_kept)
    excerpt: int = attrs.field(default=200, validator=_letters)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, as `config_from` takes them."""

        def plain(value: Any) -> Any:
            if isinstance(value, timedelta):
                minutes, rest = divmod(value, timedelta(minutes=1))
                if rest:
                    raise ConfigError("span", f"{value} is no whole number of minutes.")
                return f"{minutes} min"
            if isinstance(value, Mapping):
                return {str(key): plain(each) for key, each in value.items()}
            return list(value) if isinstance(value, tuple) else value

        return {field.name: plain(getattr(self, field.name)) for field in attrs.fields(Config)}


def config_from(settings: Mapping[str, Any], place: str, base: Config | None = None) -> Config:
    """Return the configuration that a table of settings makes of `base`.

    Raises:
        ConfigError: If a setting is not known, or cannot be used; it names `place`.
    """
    if not isinstance(settings, Mapping):
        raise ConfigError(place, f"{shown(settings)} is no table of settings.")
    known = {field.name for field in attrs.fields(Config)}
    for name in settings:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, n=1)
            listed = ", ".join(sorted(known))
            hint = f" Did you mean {near[0]}?" if near else f" Known are: {listed}."
            raise ConfigError(place, f"there is no setting {shown(name)}.{hint}")
    try:
        return attrs.evolve(base or Config(), **settings)
    except ConfigError as error:
        raise ConfigError(f"{place}, {error.args[0]}", str(error.args[1])) from None
    except ValueError:
        # Python writes out no number of some thousand digits, so that no refusal can name it.
        raise ConfigError(place, "one of the numbers is far too long.") from None


def load_config(path: Path, base: Config | None = None) -> Config:
    """Read a configuration from `remedy.toml`, or from `[tool.remedy]` of a `pyproject.toml`.

    Example:
        A whole `remedy.toml`::

            signature = ["process", "failure_mode", "product"]
            profile = "register"
            grace = "14 days"
            ignore = ["A122"]

            [first_contact]
            critical = "4 h"
            major = "24 h"

            [severity]
            A105 = "error"

    Raises:
        ConfigError: If the file is missing, no TOML, or holds what cannot be used.
    """
    import tomllib

    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, f"cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(path, f"is no TOML: {error}.") from None
    if path.name == "pyproject.toml":
        tool = settings.get("tool", {})
        settings = tool.get("remedy", {}) if isinstance(tool, dict) else tool
        if not isinstance(settings, dict):
            raise ConfigError(path, "tool.remedy is no table.")
    return config_from(settings, str(path), base)


def find_config(folder: Path) -> Path | None:
    """Return the configuration file of a folder: remedy.toml, or a pyproject.toml that names us."""
    own = folder / "remedy.toml"
    if own.is_file():
        return own
    shared = folder / "pyproject.toml"
    if shared.is_file():
        import tomllib

        try:
            tool = tomllib.loads(shared.read_text(encoding="utf-8")).get("tool", {})
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
            return None  # Another tool's file: that it is broken is not ours to say.
        if isinstance(tool, dict) and "remedy" in tool:
            return shared
    return None


def signature_reader(config: Config) -> Callable[[Any], str | None]:
    """Return the function that computes an incident's failure key.

    The key is None where a part is missing, empty or a placeholder. Parts are compared in
    Unicode's NFKC form, without regard to case or to runs of white space, and stand in the key
    with their length before them, so that no two lists of parts give the same key.
    """
    placeholders = {_plain(each) for each in config.placeholders}
    memory: dict[str, str | None] = {}

    def piece(value: str) -> str | None:
        try:
            return memory[value]
        except KeyError:
            plain = _plain(value)
            result = None if not plain or plain in placeholders else f"{len(plain)}:{plain}"
            if len(memory) > 10_000:
                memory.clear()
            memory[value] = result
            return result

    fields = [part for part in config.signature if part in _SIGNATURE_FIELDS]
    if len(fields) == len(config.signature) == 2:
        first, second = fields

        def key_of_two(incident: Any) -> str | None:
            one, two = getattr(incident, first), getattr(incident, second)
            if one is None or two is None:
                return None
            one, two = piece(one), piece(two)
            return None if one is None or two is None else one + two

        return key_of_two

    def key(incident: Any) -> str | None:
        pieces = []
        for part in config.signature:
            value = (
                getattr(incident, part)
                if part in _SIGNATURE_FIELDS
                else incident.attributes.get(part)
            )
            if value is None or isinstance(value, (bool, list, dict)):
                return None
            found = piece(value if isinstance(value, str) else str(value))
            if found is None:
                return None
            pieces.append(found)
        return "".join(pieces)

    return key


def _plain(value: str) -> str:
    folded = unicodedata.normalize("NFKC", value).casefold()
    # Some capital letters have no form of one character, and small ones do.
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def same_words(one: str, other: str) -> bool:
    """Return whether two texts are the same as parts of a failure key.

    Example:
        >>> from remedy.config import same_words
        >>> same_words("Shipping ", "shipping")
        True
    """
    return _plain(one) == _plain(other)


def parts_of(failure: str) -> tuple[str, ...]:
    """Return the parts that a failure key was made of; of what is no key, itself alone.

    Example:
        >>> from remedy.config import parts_of
        >>> parts_of("8:shipping15:shipped collect")
        ('shipping', 'shipped collect')
        >>> parts_of("a word of a rule of one's own")
        ("a word of a rule of one's own",)
    """
    parts = []
    place = 0
    while place < len(failure):
        found = _LENGTH.match(failure, place)
        if found is None or (end := found.end() + int(found[1])) > len(failure):
            return (failure,)
        parts.append(failure[found.end() : end])
        place = end
    return tuple(parts)
