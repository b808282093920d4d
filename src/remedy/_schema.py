"""The tables, and how a file of an older version becomes one of this.

Times are whole microseconds since 1970 in UTC. A column `incident` holds the canonical incident,
and `stated` the duplicate that was meant, or nothing: so rules never ask about duplicates, and
undoing one loses nothing. What is derived (`failure`, `noted`, `canonical`, `level`, `incident`
beside `stated`) is written by the store alone.

`history`, `history_body` and `history_gone` are only ever added to: see `_chain`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

APPLICATION_ID = 0x52454D44  # "REMD"
SCHEMA_VERSION = 3


def _one_of(column: str, *words: str) -> str:
    """Return the condition that a column holds one of some words.

    SQLite makes a table of the list of an IN for every row that a CHECK looks at, which costs more
    than storing the row.
    """
    return " OR ".join(f"{column} = '{word}'" for word in words)


def _ref(table: str) -> str:
    return f"TEXT REFERENCES {table}(id) DEFERRABLE INITIALLY DEFERRED"


_COMMON = f"""
    source TEXT, external_id TEXT, updated INTEGER,
    provenance TEXT NOT NULL CHECK ({_one_of("provenance", "recorded", "mapped", "detected")}),
    attributes TEXT"""

_INCIDENT = _ref("incident")
_CUSTOMER = _ref("customer")
_CAUSE = _ref("cause")
_ACTION = _ref("action")
_APOLOGY = _ref("apology")
_PROMISE = _ref("promise")

TABLES: dict[str, str] = {
    "meta": "name TEXT PRIMARY KEY, content TEXT NOT NULL",
    "intervention": """
    id TEXT PRIMARY KEY, strength INTEGER NOT NULL CHECK (strength BETWEEN 1 AND 3),
    changes_process INTEGER NOT NULL CHECK (changes_process BETWEEN 0 AND 1), source TEXT""",
    "customer": f"id TEXT NOT NULL, account TEXT, name TEXT,{_COMMON}",
    "customer_alias": f"""
    source TEXT NOT NULL, external_id TEXT NOT NULL, customer {_CUSTOMER} NOT NULL,
    PRIMARY KEY (source, external_id)""",
    "incident": f"""
    id TEXT NOT NULL,
    occurred INTEGER NOT NULL, occurred_end INTEGER NOT NULL CHECK (occurred_end >= occurred),
    occurred_zone TEXT NOT NULL,
    occurred_basis TEXT NOT NULL CHECK ({_one_of("occurred_basis", "observed", "reported")}),
    detected INTEGER, detected_end INTEGER, detected_zone TEXT, acknowledged INTEGER,
    noted INTEGER NOT NULL, failure TEXT,
    process TEXT, failure_mode TEXT, product TEXT, channel TEXT, site TEXT,
    impact INTEGER CHECK (impact BETWEEN 1 AND 4),
    detected_by TEXT CHECK ({_one_of("detected_by", "us", "customer", "partner", "unknown")}),
    gate TEXT NOT NULL CHECK ({_one_of("gate", "any", "all")}),
    duplicate_of {_INCIDENT}, canonical TEXT, title TEXT, body TEXT,{_COMMON}""",
    "incident_customer": f"""
    incident {_INCIDENT} NOT NULL, customer {_CUSTOMER} NOT NULL, stated TEXT NOT NULL,
    order_ref TEXT, order_no INTEGER, acknowledged INTEGER, since INTEGER,
    PRIMARY KEY (incident, customer, stated)""",
    "complaint": f"""
    id TEXT NOT NULL, customer {_CUSTOMER}, made INTEGER NOT NULL, channel TEXT, body TEXT,
    url TEXT, justified INTEGER CHECK (justified BETWEEN 0 AND 1), incident {_INCIDENT},
    stated TEXT NOT NULL, reopened INTEGER,{_COMMON}""",
    "cause": f"""
    id TEXT NOT NULL, found INTEGER NOT NULL, body TEXT,
    is_human INTEGER NOT NULL CHECK (is_human BETWEEN 0 AND 1),
    names_person INTEGER NOT NULL CHECK (names_person BETWEEN 0 AND 1),
    gate TEXT NOT NULL CHECK ({_one_of("gate", "any", "all")}), level INTEGER NOT NULL,{_COMMON}""",
    "incident_cause": f"""
    incident {_INCIDENT} NOT NULL, cause {_CAUSE} NOT NULL,
    role TEXT NOT NULL CHECK ({_one_of("role", "cause", "escape")}), stated TEXT NOT NULL,
    since INTEGER,
    PRIMARY KEY (incident, cause, role, stated)""",
    "cause_cause": f"""
    effect {_CAUSE} NOT NULL, cause {_CAUSE} NOT NULL CHECK (cause <> effect), since INTEGER,
    PRIMARY KEY (effect, cause)""",
    "action": f"""
    id TEXT NOT NULL,
    kind TEXT NOT NULL
        CHECK ({_one_of("kind", "containment", "correction", "corrective", "preventive")}),
    decided INTEGER NOT NULL, decided_end INTEGER NOT NULL CHECK (decided_end >= decided),
    decided_zone TEXT, intervention TEXT REFERENCES intervention(id),
    strength INTEGER CHECK (strength BETWEEN 1 AND 3),
    changes_process INTEGER CHECK (changes_process BETWEEN 0 AND 1),
    body TEXT, owner TEXT, team TEXT, due INTEGER,
    scope_process TEXT, scope_product TEXT, scope_channel TEXT, scope_site TEXT,
    criterion TEXT, criterion_set INTEGER, verify_by INTEGER,{_COMMON}""",
    "action_event": f"""
    action {_ACTION} NOT NULL, seq INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK ({_one_of("state", "implemented", "took_effect", "closed", "reopened", "cancelled")}),
    occurred INTEGER NOT NULL, who TEXT, reason TEXT, PRIMARY KEY (action, seq)""",
    "action_cause": f"""
    action {_ACTION} NOT NULL, cause {_CAUSE} NOT NULL,
    relation TEXT NOT NULL CHECK ({_one_of("relation", "addresses", "introduces")}), since INTEGER,
    PRIMARY KEY (action, cause, relation)""",
    "action_incident": f"""
    action {_ACTION} NOT NULL, incident {_INCIDENT} NOT NULL, stated TEXT NOT NULL, since INTEGER,
    PRIMARY KEY (action, incident, stated)""",
    "verification": f"""
    id TEXT NOT NULL, action {_ACTION} NOT NULL, made INTEGER NOT NULL,
    result TEXT NOT NULL CHECK ({_one_of("result", "effective", "ineffective", "inconclusive")}),
    method TEXT CHECK ({_one_of("method", "recurrence_rate", "challenge_test", "audit")}),
    who TEXT, body TEXT,{_COMMON}""",
    "apology": f"""
    id TEXT NOT NULL, made INTEGER NOT NULL, author TEXT, channel TEXT, body TEXT,
    elements INTEGER CHECK (elements BETWEEN 0 AND 63),
    recipients TEXT CHECK ({_one_of("recipients", "all", "listed")}),{_COMMON}""",
    "apology_incident": f"""
    apology {_APOLOGY} NOT NULL, incident {_INCIDENT} NOT NULL, stated TEXT NOT NULL,
    since INTEGER, PRIMARY KEY (apology, incident, stated)""",
    "apology_customer": f"""
    apology {_APOLOGY} NOT NULL, customer {_CUSTOMER} NOT NULL,
    reached INTEGER NOT NULL CHECK (reached BETWEEN 0 AND 1), PRIMARY KEY (apology, customer)""",
    "promise": f"""
    id TEXT NOT NULL, apology {_APOLOGY} NOT NULL,
    kind TEXT CHECK ({_one_of("kind", "non_recurrence", "deed", "watch")}),
    scope TEXT NOT NULL CHECK ({_one_of("scope", "customer", "anyone")}),
    body TEXT, owner TEXT, due INTEGER, made INTEGER NOT NULL, fulfilled INTEGER,{_COMMON}""",
    "promise_action": f"""
    promise {_PROMISE} NOT NULL, action {_ACTION} NOT NULL, since INTEGER,
    PRIMARY KEY (promise, action)""",
    "amends": f"""
    id TEXT NOT NULL, incident {_INCIDENT} NOT NULL, stated TEXT NOT NULL, customer {_CUSTOMER},
    kind TEXT NOT NULL
        CHECK ({_one_of("kind", "refund", "credit", "gift", "discount", "waived_charge", "other")}),
    made INTEGER NOT NULL, amount INTEGER CHECK (amount >= 0), currency TEXT,
    shares TEXT, body TEXT,{_COMMON},
    CHECK ((amount IS NULL) = (currency IS NULL))""",
    "response": f"""
    id TEXT NOT NULL, customer {_CUSTOMER} NOT NULL, incident {_INCIDENT}, stated TEXT NOT NULL,
    kind TEXT NOT NULL
        CHECK ({_one_of("kind", "thanked", "accepted", "last_chance", "dissatisfied", "left")}),
    made INTEGER NOT NULL, body TEXT, next_step TEXT, next_owner TEXT,{_COMMON}""",
    "follow_up": f"""
    id TEXT NOT NULL, incident {_INCIDENT} NOT NULL, stated TEXT NOT NULL, customer {_CUSTOMER},
    due INTEGER, made INTEGER, owner TEXT, body TEXT,{_COMMON},
    CHECK (due IS NOT NULL OR made IS NOT NULL)""",
    "decision": f"""
    id TEXT NOT NULL, kind TEXT NOT NULL CHECK ({_one_of("kind", "no_analysis", "no_action")}),
    incident {_INCIDENT}, stated TEXT NOT NULL, cause {_CAUSE}, made INTEGER NOT NULL,
    who TEXT, reason TEXT NOT NULL,{_COMMON}, CHECK ((incident IS NULL) <> (cause IS NULL))""",
    "evidence": f"""
    id TEXT NOT NULL, cause {_CAUSE}, action {_ACTION}, made INTEGER NOT NULL, body TEXT,
    url TEXT,{_COMMON}, CHECK ((cause IS NULL) <> (action IS NULL))""",
    "exposure": f"""
    id TEXT NOT NULL, chances INTEGER NOT NULL CHECK (chances >= 0), began INTEGER NOT NULL,
    ended INTEGER NOT NULL CHECK (ended >= began), process TEXT, product TEXT, channel TEXT,
    site TEXT, customer {_CUSTOMER},
    supervised INTEGER NOT NULL CHECK (supervised BETWEEN 0 AND 1),{_COMMON}""",
    "verdict": f"""
    id TEXT NOT NULL, a {_INCIDENT} NOT NULL, b {_INCIDENT} NOT NULL CHECK (a <> b),
    kind TEXT NOT NULL CHECK ({_one_of("kind", "same", "not_same", "duplicate")}),
    made INTEGER NOT NULL, who TEXT, reason TEXT,{_COMMON}""",
    "waiver": f"""
    id TEXT NOT NULL, finding TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
    made INTEGER NOT NULL, until INTEGER NOT NULL, who TEXT,{_COMMON}""",
    "baseline": """
    finding TEXT PRIMARY KEY, code TEXT NOT NULL, since INTEGER NOT NULL,
    size INTEGER NOT NULL, newest INTEGER""",
    "pending": """
    id INTEGER PRIMARY KEY, entity TEXT NOT NULL, record TEXT NOT NULL, field TEXT NOT NULL,
    target_entity TEXT NOT NULL, target TEXT, target_source TEXT, target_external_id TEXT,
    content TEXT NOT NULL,
    UNIQUE (record, field, target, target_source, target_external_id)""",
    "overruled": """
    record TEXT NOT NULL, field TEXT NOT NULL, said TEXT NOT NULL,
    PRIMARY KEY (record, field, said)""",
    "tombstone": "hash BLOB PRIMARY KEY CHECK (length(hash) = 32), customer TEXT NOT NULL",
    "history": """
    seq INTEGER PRIMARY KEY, written INTEGER NOT NULL, actor TEXT NOT NULL CHECK (actor <> ''),
    op TEXT NOT NULL, entity TEXT NOT NULL, shape TEXT,
    commitments BLOB NOT NULL CHECK (length(commitments) % 32 = 0),
    prev BLOB NOT NULL CHECK (length(prev) = 32), hash BLOB NOT NULL CHECK (length(hash) = 32)""",
    "history_body": """
    place INTEGER PRIMARY KEY, record TEXT NOT NULL, salt BLOB NOT NULL, body TEXT NOT NULL""",
    "history_gone": "place INTEGER PRIMARY KEY, seq INTEGER NOT NULL",
}
"""Columns and constraints by table."""

OUR_WORDS: Mapping[str, frozenset[str]] = {
    table: frozenset(re.findall(r"(\w+) TEXT[^,(]*CHECK \(\1 = '", columns))
    | frozenset(re.findall(r"(\w*zone) TEXT", columns))
    for table, columns in TABLES.items()
}
"""Columns by table that hold nothing but words of ours, or the names of time zones."""

HISTORY = ("history", "history_body", "history_gone")
"""The tables of the history."""

ENTITIES = (
    "customer", "incident", "complaint", "cause", "action", "verification", "apology", "promise",
    "amends", "response", "follow_up", "decision", "evidence", "exposure", "verdict", "waiver",
)  # fmt: skip
"""The tables that hold records; each has a rowid and a unique text id."""

_WITHOUT_ROWID = {
    "meta", "intervention", "customer_alias", "incident_customer", "incident_cause", "cause_cause",
    "action_event", "action_cause", "action_incident", "apology_incident", "apology_customer",
    "promise_action", "baseline", "overruled", "tombstone",
}  # fmt: skip

UNIQUE_IDS: dict[str, str] = {f"{table}_id": f"{table}(id)" for table in ENTITIES}

INDEXES: dict[str, str] = {
    **{
        f"{table}_external": f"{table}(source, external_id) WHERE external_id IS NOT NULL"
        for table in ENTITIES
    },
    "incident_failure": "incident(failure, occurred, id)",
    "incident_canonical": "incident(canonical) WHERE canonical IS NOT NULL",
    "incident_duplicate_of": "incident(duplicate_of) WHERE duplicate_of IS NOT NULL",
    "incident_customer_customer": "incident_customer(customer, incident)",
    "customer_account": "customer(account) WHERE account IS NOT NULL",
    "customer_alias_customer": "customer_alias(customer)",
    "complaint_incident": "complaint(incident) WHERE incident IS NOT NULL",
    "complaint_customer": "complaint(customer)",
    "incident_cause_cause": "incident_cause(cause, incident)",
    "cause_cause_cause": "cause_cause(cause, effect)",
    "action_due": "action(due)",
    "action_cause_cause": "action_cause(cause, action)",
    "action_incident_incident": "action_incident(incident, action)",
    "verification_action": "verification(action, made)",
    "apology_incident_incident": "apology_incident(incident, apology)",
    "apology_customer_missed": "apology_customer(apology) WHERE reached = 0",
    "apology_customer_customer": "apology_customer(customer, apology)",
    "promise_apology": "promise(apology)",
    "promise_action_action": "promise_action(action)",
    "amends_incident": "amends(incident)",
    "amends_customer": "amends(customer) WHERE customer IS NOT NULL",
    "response_customer": "response(customer, made)",
    "response_incident": "response(incident)",
    "follow_up_incident": "follow_up(incident)",
    "follow_up_customer": "follow_up(customer) WHERE customer IS NOT NULL",
    "decision_incident": "decision(incident) WHERE incident IS NOT NULL",
    "decision_cause": "decision(cause) WHERE cause IS NOT NULL",
    "evidence_cause": "evidence(cause) WHERE cause IS NOT NULL",
    "evidence_action": "evidence(action) WHERE action IS NOT NULL",
    "exposure_customer": "exposure(customer) WHERE customer IS NOT NULL",
    "verdict_a": "verdict(a)",
    "verdict_b": "verdict(b)",
    "waiver_finding": "waiver(finding)",
    "pending_target": "pending(target_entity, target)",
    "pending_external": "pending(target_source, target_external_id)",
    "history_body_record": "history_body(record)",
    "history_gone_seq": "history_gone(seq)",
}
"""Indexes by name. A bulk load of an empty table drops them and builds them afterwards."""


BODIES = 1000
"""How many bodies an entry of the history can have: the place of one is seq * BODIES + number."""

_REFUSE = "BEGIN SELECT RAISE(ABORT, '{}'); END"
_ONLY_ADDED = _REFUSE.format("the history is only ever added to")

TRIGGERS: dict[str, str] = {
    "history_follows": (
        "BEFORE INSERT ON history WHEN NEW.seq IS NOT "
        "(SELECT coalesce(max(seq), 0) + 1 FROM history) OR NEW.prev IS NOT "
        "coalesce((SELECT hash FROM history ORDER BY seq DESC LIMIT 1), zeroblob(32)) "
        + _REFUSE.format("an entry of the history follows the last one")
    ),
    "history_changed": f"BEFORE UPDATE ON history {_ONLY_ADDED}",
    "history_deleted": f"BEFORE DELETE ON history {_ONLY_ADDED}",
    "history_body_changed": f"BEFORE UPDATE ON history_body {_ONLY_ADDED}",
    "history_body_deleted": (
        "BEFORE DELETE ON history_body WHEN NOT EXISTS "
        "(SELECT 1 FROM history_gone g WHERE g.place = OLD.place) "
        + _REFUSE.format("a body of the history goes only where an erasure says so")
    ),
    "history_gone_follows": (
        "BEFORE INSERT ON history_gone WHEN NOT EXISTS (SELECT 1 FROM history h "
        "WHERE h.seq = NEW.seq AND h.op = 'erase' AND h.seq > NEW.place / "
        f"{BODIES}) " + _REFUSE.format("only an erasure lets bodies of the history go")
    ),
    "history_gone_changed": f"BEFORE UPDATE ON history_gone {_ONLY_ADDED}",
    "history_gone_deleted": f"BEFORE DELETE ON history_gone {_ONLY_ADDED}",
}
"""What keeps the history as it is, by name."""


def create_table(name: str) -> str:
    """Return the statement that makes one of the tables."""
    ending = "STRICT, WITHOUT ROWID" if name in _WITHOUT_ROWID else "STRICT"
    return f"CREATE TABLE {name} ({TABLES[name].strip()}) {ending}"


def create_trigger(name: str) -> str:
    """Return the statement that makes one of the triggers."""
    return f"CREATE TRIGGER {name} {TRIGGERS[name]}"


def create_index(name: str) -> str:
    """Return the statement that makes one of the indexes."""
    if name in UNIQUE_IDS:
        return f"CREATE UNIQUE INDEX {name} ON {UNIQUE_IDS[name]}"
    unique = "UNIQUE " if name.endswith("_external") and name != "pending_external" else ""
    return f"CREATE {unique}INDEX {name} ON {INDEXES[name]}"


def statements() -> list[str]:
    """Return the statements that make the tables of this version, in order."""
    return [
        *map(create_table, TABLES),
        *map(create_index, (*UNIQUE_IDS, *INDEXES)),
        *map(create_trigger, TRIGGERS),
    ]
