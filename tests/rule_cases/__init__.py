"""The cases of each rule: small casebooks, written down in TOML, with what the rule says of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from remedy import Config, Finding, Record, from_dict
from remedy.config import config_from

FOLDER = Path(__file__).parent
MESSAGES = FOLDER / "messages.toml"


class RuleCase(NamedTuple):
    """A casebook, a moment, and what one rule says of it then.

    Attributes:
        rule: The rule.
        name: What is particular about the case.
        records: What is on file.
        as_of: The moment.
        config: The configuration.
        fires: The subjects of the findings, when the rule is asked alone.
        says: Each of them in words: its subject, its severity, what is wrong and what to do.
        why: A sentence on the reason.
    """

    rule: str
    name: str
    records: tuple[Record, ...]
    as_of: str
    config: Config
    fires: tuple[str, ...]
    says: tuple[str, ...]
    why: str


def rule_cases() -> Iterator[RuleCase]:
    """Yield all cases, file by file."""
    messages = tomllib.loads(MESSAGES.read_text("utf-8"))
    for path in sorted(set(FOLDER.glob("*.toml")) - {MESSAGES}):
        with path.open("rb") as file:
            told = tomllib.load(file)
        for case in told["case"]:
            place = f"{path.name}, {case['rule']} {case['name']}"
            yield RuleCase(
                rule=case["rule"],
                name=case["name"],
                records=tuple(_record(each, told["parts"]) for each in case["given"]),
                as_of=case["as_of"],
                config=config_from(case.get("config", {}), place),
                fires=tuple(case["fires"]),
                says=tuple(messages.get(case["rule"], {}).get(case["name"], ())),
                why=case["why"],
            )


def said(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return findings in words, as `RuleCase.says` holds them."""
    return tuple(
        f"{each.subject}, {each.severity}: {each.message} {each.advice}" for each in findings
    )


def _record(given: str | dict[str, Any], parts: dict[str, dict[str, Any]]) -> Record:
    """Return a part, a part with changes, or a record of its own. An empty text takes a field away."""
    if isinstance(given, str):
        fields = parts[given]
    elif "part" in given:
        fields = {**parts[given["part"]], **given}
        del fields["part"]
    else:
        fields = given
    return from_dict({name: value for name, value in fields.items() if value != ""})
