"""Which failures keep coming back, and which apologies have nothing behind them.

The public names come from here, and are imported when they are first used: importing `remedy`
costs a program little more than importing attrs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remedy import errors, examples, vocabulary
    from remedy._chain import Anchor
    from remedy._convert import from_dict, to_dict
    from remedy._diagnosing import Diagnosis, diagnose
    from remedy._erasing import Erased
    from remedy.casebook import Casebook, Ingested, Pending, check, open  # noqa: A004 - remedy.open
    from remedy.config import Config, load_config
    from remedy.errors import RemedyError
    from remedy.findings import Finding
    from remedy.history import Change
    from remedy.money import Money
    from remedy.records import (
        Action,
        ActionEvent,
        Affected,
        Alias,
        Amends,
        Apology,
        CausalLink,
        Cause,
        Complaint,
        Customer,
        Day,
        Decision,
        Evidence,
        Exposure,
        External,
        FollowUp,
        Incident,
        Link,
        Promise,
        Record,
        Response,
        Share,
        Verdict,
        Verification,
        Waiver,
    )
    from remedy.redaction import Redaction
    from remedy.reporting import Report
    from remedy.rules import Rule
    from remedy.verifying import Verified
    from remedy.vocabulary import ALL

__all__ = [
    "ALL",
    "Action",
    "ActionEvent",
    "Affected",
    "Alias",
    "Amends",
    "Anchor",
    "Apology",
    "Casebook",
    "CausalLink",
    "Cause",
    "Change",
    "Complaint",
    "Config",
    "Customer",
    "Day",
    "Decision",
    "Diagnosis",
    "Erased",
    "Evidence",
    "Exposure",
    "External",
    "Finding",
    "FollowUp",
    "Incident",
    "Ingested",
    "Link",
    "Money",
    "Pending",
    "Promise",
    "Record",
    "Redaction",
    "RemedyError",
    "Report",
    "Response",
    "Rule",
    "Share",
    "Verdict",
    "Verification",
    "Verified",
    "Waiver",
    "check",
    "diagnose",
    "errors",
    "examples",
    "from_dict",
    "load_config",
    "open",
    "to_dict",
    "vocabulary",
]

__version__ = "0.1.0"

_FROM = {
    "remedy._chain": "Anchor",
    "remedy._convert": "from_dict to_dict",
    "remedy._diagnosing": "Diagnosis diagnose",
    "remedy._erasing": "Erased",
    "remedy.casebook": "Casebook Ingested Pending check open",
    "remedy.config": "Config load_config",
    "remedy.errors": "RemedyError",
    "remedy.history": "Change",
    "remedy.verifying": "Verified",
    "remedy.money": "Money",
    "remedy.findings": "Finding",
    "remedy.records": (
        "Action ActionEvent Affected Alias Amends Apology CausalLink Cause Complaint Customer Day "
        "Decision Evidence Exposure External FollowUp Incident Link Promise Record Response Share "
        "Verdict Verification Waiver"
    ),
    "remedy.redaction": "Redaction",
    "remedy.reporting": "Report",
    "remedy.rules": "Rule",
    "remedy.vocabulary": "ALL",
}
_MODULE = {name: module for module, names in _FROM.items() for name in names.split()}
_SUBMODULES = ("errors", "examples", "vocabulary")


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return importlib.import_module(f"remedy.{name}")
    if name not in _MODULE:
        raise AttributeError(f"module 'remedy' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
