"""The cases of each rule: small casebooks, written down in TOML, with what the rule says of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from remedy import (
    ALL,
    Action,
    Affected,
    Amends,
    Apology,
    Cause,
    Complaint,
    Config,
    Customer,
    Decision,
    Evidence,
    Finding,
    FollowUp,
    Incident,
    Promise,
    Record,
    Response,
    Verification,
    from_dict,
    to_dict,
)
from remedy.config import config_from

FOLDER = Path(__file__).parent
MESSAGES = FOLDER / "messages.toml"
_NAMES = {
    "account", "action", "apology", "cause", "customer", "customers", "duplicate_of", "external_id",
    "failure_mode", "id", "incident", "not_reached", "order", "process", "product", "scope_process",
    "scope_product", "scope_site", "site", "to",
}  # fmt: skip
"""The fields that tell what belongs together: those that hold ids, and those that failures have."""


class RuleCase(NamedTuple):
    """A casebook, a moment, and what one rule says of it then.

    Attributes:
        number: Its place among all cases.
        rule: The rule.
        name: What is particular about the case.
        records: What is on file.
        as_of: The moment.
        config: The configuration.
        fires: The subjects of the findings, when the rule is asked alone.
        says: Each of them in words: its subject, its severity, what is wrong and what to do.
        why: A sentence on the reason.
    """

    number: int
    rule: str
    name: str
    records: tuple[Record, ...]
    as_of: str
    config: Config
    fires: tuple[str, ...]
    says: tuple[str, ...]
    why: str

    @property
    def is_about_everything(self) -> bool:
        """Whether it is about how the whole of a casebook is: its signature is too coarse."""
        return self.rule == "R200" or self.config.coarse_from != Config().coarse_from


def rule_cases() -> Iterator[RuleCase]:
    """Yield all cases, file by file."""
    messages = tomllib.loads(MESSAGES.read_text("utf-8"))
    number = 0
    for path in sorted(set(FOLDER.glob("*.toml")) - {MESSAGES}):
        with path.open("rb") as file:
            told = tomllib.load(file)
        for case in told["case"]:
            place = f"{path.name}, {case['rule']} {case['name']}"
            yield RuleCase(
                number=number,
                rule=case["rule"],
                name=case["name"],
                records=tuple(_record(each, told["parts"]) for each in case["given"]),
                as_of=case["as_of"],
                config=config_from(case.get("config", {}), place),
                fires=tuple(case["fires"]),
                says=tuple(messages.get(case["rule"], {}).get(case["name"], ())),
                why=case["why"],
            )
            number += 1


def said(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return findings in words, as `RuleCase.says` holds them."""
    return tuple(
        f"{each.subject}, {each.severity}: {each.message} {each.advice}" for each in findings
    )


def all_together() -> list[Record]:
    """Return the records of all cases, each with names of its own, and of bystanders.

    None of the cases has to do with another: of each, a rule says what it says of it alone.
    """
    records = bystanders()
    for case in rule_cases():
        records += [from_dict(_renamed(to_dict(each), _prefix(case))) for each in case.records]
    return records


def said_of(case: RuleCase, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return what findings on `all_together` say of a case, in the names that it has alone."""
    prefix = _prefix(case)

    def alone(words: str) -> str:
        # Before each of its values, a failure key has its length.
        lengths = re.sub(rf"(\d+):{prefix}", lambda it: f"{int(it[1]) - len(prefix)}:", words)
        return lengths.replace(prefix, "")

    return tuple(map(alone, said(each for each in findings if prefix in each.subject)))


def _prefix(case: RuleCase) -> str:
    return f"{case.number:03}~"


def _renamed(value: Any, prefix: str, field: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _renamed(each, prefix, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, prefix, field) for each in value]
    if isinstance(value, str) and field in _NAMES and value not in ("all", *Config().placeholders):
        return prefix + value
    return value


def bystanders() -> list[Record]:
    """Return records that have nothing to do with any case, and would come before and after it.

    What happened to them happened at the same times, to other customers, and was another failure.
    Of all that is looked up by an id, or by the least or the greatest, they are what is found where
    it is looked up wrongly.
    """
    return [each for which in (("0", "-12:00"), ("zz", "+13:00")) for each in _others(*which)]


def _others(prefix: str, zone: str) -> Iterator[Record]:
    def id(name: str) -> str:
        return f"{prefix}-{name}"

    early, late = "2023-01-01T00:00Z", "2023-03-01T00:00Z"
    failure = {"process": "kitchen", "failure_mode": f"cold {prefix}", "product": "P1"}
    yield Customer(id=id("C"), account=id("ACC"))
    for name, moment in (("I1", early), ("I2", late)):
        its_zone = datetime.fromisoformat(f"{moment[:16]}{zone}").tzinfo
        at = datetime.fromisoformat(moment).astimezone(its_zone)
        yield Incident(
            id=id(name),
            occurred=at,
            detected_by="customer",
            impact="critical",
            customers=Affected(customer=id("C"), order_no=4 if name == "I1" else 5),
            **failure,
        )
    yield Cause(id=id("K1"), found="2023-01-03T00:00Z", incidents=[id("I1"), id("I2")])
    yield Cause(id=id("K2"), found="2023-01-03T00:00Z", effects=id("K1"), is_human=True)
    yield Cause(id=id("K3"), found="2023-01-03T00:00Z", incidents=id("I1"), text="who?")
    done = [("implemented", "2023-01-10T00:00Z"), ("closed", "2023-01-20T00:00Z")]
    for name, kind, words in (
        ("A1", "corrective", {"causes": id("K1"), "intervention": "automation", "events": done}),
        ("A2", "corrective", {"causes": id("K2"), "intervention": "training", "events": done[:1]}),
        ("A3", "corrective", {"causes": id("K1"), "intervention": "memo", "scope_product": "P1"}),
        ("A4", "containment", {"incidents": id("I1"), "events": done[:1]}),
        ("A5", "correction", {"incidents": id("I2"), "events": [("reopened", late)]}),
        ("A6", "corrective", {"causes": id("K1"), "introduces": id("K3")}),
    ):
        decided = late if name == "A5" else "2023-01-04T00:00Z"
        given = {"owner": "QA", "due": "2023-02-01T00:00Z", "criterion": "none comes back"}
        yield Action(id=id(name), kind=kind, decided=decided, **given, **words)
    for name, action, result in (("V1", "A1", "effective"), ("V2", "A2", "ineffective")):
        yield Verification(
            id=id(name), action=id(action), made="2023-02-01T00:00Z", result=result,
            method="challenge_test",
        )  # fmt: skip
    yield Apology(
        id=id("S"),
        incidents=[id("I1")],
        made="2023-01-02T00:00Z",
        customers=ALL,
        elements=["regret"],
        promises=[
            Promise(id=id("P1"), kind="non_recurrence", actions=id("A2")),
            Promise(id=id("P2"), kind="deed", owner="QA", due="2023-02-01T00:00Z"),
            Promise(id=id("P3"), kind="watch", due="2023-06-01T00:00Z"),
        ],
    )
    yield Complaint(
        id=id("B"), customer=id("C"), incident=id("I1"), made="2023-01-02T00:00Z",
        reopened="2023-01-09T00:00Z",
    )  # fmt: skip
    for name, kind, made in (("R1", "last_chance", "2023-01-03"), ("R2", "thanked", "2023-01-20")):
        yield Response(
            id=id(name), customer=id("C"), incident=id("I1"), kind=kind, made=f"{made}T00:00Z"
        )
    yield FollowUp(id=id("F"), incident=id("I1"), customer=id("C"), due="2023-01-20T00:00Z")
    yield Decision(
        id=id("D"), incident=id("I2"), kind="no_action", made="2023-03-02T00:00Z", reason="one-off"
    )
    yield Amends(id=id("M"), incident=id("I1"), kind="refund", made="2023-01-05T00:00Z")
    yield Evidence(id=id("E"), action=id("A1"), made="2023-01-11T00:00Z", text="the release")


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
