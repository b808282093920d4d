"""The views: of each table, what counts as of the date; and the lists of what is asked about."""

from __future__ import annotations

from remedy._relations._parts import AS_OF

__all__ = ["views"]


def _quote(record: str, text: str) -> str:
    """Return the text of a record that was detected in one; of any other, nothing."""
    return f"CASE WHEN {record}.provenance = 'detected' THEN SUBSTR({text}, 1, 200) END"


_INCIDENT = f"""
SELECT id, occurred, occurred_end, occurred_zone AS zone, noted, acknowledged, failure,
       process, product, channel, site, impact, detected_by, gate,
       CASE WHEN occurred_basis = 'reported' OR provenance = 'detected' THEN 1 ELSE 0 END AS weak,
       {_quote("incident", "COALESCE(body, title, '')")} AS quoted
FROM incident WHERE canonical IS NULL AND noted <= {AS_OF}"""


def _of(listed: str, relation: str, everything: bool, column: str = "id") -> str:
    """Return a relation, or what of it is listed in a table of ids."""
    if everything:
        return f"SELECT * FROM {relation}"
    return f"SELECT r.* FROM {listed} l JOIN {relation} r ON r.{column} = l.id"


def views(*, everything: bool, by_account: bool) -> dict[str, str]:
    """Return the views by name, in the order in which they build on each other.

    Args:
        everything: Whether the focus is the whole casebook; else the tables `focus_id`, `wide_id`,
            `focus_cause_id`, `wide_cause_id`, `focus_action_id` and `wide_action_id` say what it
            is.
        by_account: Whether customers of one account are the same customer.
    """
    who = "COALESCE(c.account, c.id)" if by_account else "l.customer"
    account = " JOIN customer c ON c.id = l.customer" if by_account else ""
    return {
        "now_incident": _INCIDENT,
        "focus": _of("focus_id", "now_incident", everything),
        "wide": _of("wide_id", "now_incident", everything),
        # The focus, and what is of the same failure.
        "alike": "SELECT * FROM now_incident"
        if everything
        else "SELECT * FROM wide WHERE failure IN (SELECT failure FROM focus) "
        "OR id IN (SELECT id FROM focus_id)",
        # Every customer of an incident, whenever linked, and those who count as of the date.
        "any_hit": f"SELECT l.incident, l.customer, {who} AS who FROM incident_customer l{account}",
        "now_hit": f"""
SELECT l.incident, l.customer, {who} AS who, l.order_no, l.acknowledged
FROM incident_customer l{account} WHERE l.since IS NULL OR l.since <= {AS_OF}""",
        "person": "SELECT id AS customer, "
        + ("COALESCE(account, id)" if by_account else "id")
        + " AS who FROM customer",
        "now_cause": f"""
SELECT id, is_human, names_person, gate, level FROM cause WHERE found <= {AS_OF}""",
        "focus_cause": _of("focus_cause_id", "now_cause", everything),
        "wide_cause": _of("wide_cause_id", "now_cause", everything),
        "now_deeper": f"""
SELECT l.effect, l.cause, e.level, e.gate FROM cause_cause l
JOIN now_cause e ON e.id = l.effect JOIN now_cause d ON d.id = l.cause
WHERE l.since IS NULL OR l.since <= {AS_OF}""",
        # Links to causes, which themselves may not be found yet: those that a step knows are.
        "now_link": f"""
SELECT incident, cause, role FROM incident_cause WHERE since IS NULL OR since <= {AS_OF}""",
        # The causes, without escape causes, of the focus and of what is of the same failure.
        "alike_cause": f"""
SELECT l.incident, l.cause FROM {
            "incident_cause l" if everything else "alike a CROSS JOIN incident_cause l"
        }
WHERE {"" if everything else "l.incident = a.id AND "}l.role = 'cause'
AND (l.since IS NULL OR l.since <= {AS_OF})""",
        "now_action": f"""
SELECT a.id, a.kind, a.intervention, a.owner, a.due, a.decided, a.criterion, a.criterion_set,
       a.verify_by, a.scope_process, a.scope_product, a.scope_channel, a.scope_site,
       COALESCE(a.strength, t.strength) AS strength,
       COALESCE(a.changes_process, t.changes_process, 0) AS changes,
       CASE WHEN a.kind IN ('corrective', 'preventive') THEN 1 ELSE 0 END AS removes_cause,
       CASE WHEN a.intervention IS NULL AND a.changes_process IS NULL THEN 1 ELSE 0 END AS unknown,
       CASE WHEN a.provenance = 'detected' THEN 1 ELSE 0 END AS weak,
       {_quote("a", "COALESCE(a.body, '')")} AS quoted
FROM action a LEFT JOIN intervention t ON t.id = a.intervention WHERE a.decided <= {AS_OF}""",
        "focus_action": _of("focus_action_id", "now_action", everything),
        "wide_action": _of("wide_action_id", "now_action", everything),
        "wide_event": "SELECT * FROM action_event"
        if everything
        else "SELECT e.* FROM wide_action_id l JOIN action_event e ON e.action = l.id",
        "now_verification": f"""
SELECT id, action, made, result FROM verification WHERE made <= {AS_OF}""",
        "wide_verification": _of("wide_action_id", "now_verification", everything, "action"),
        "now_apology": f"""
SELECT id, made, elements, recipients, CASE WHEN provenance = 'detected' THEN 1 ELSE 0 END AS weak,
       {_quote("apology", "COALESCE(body, '')")} AS quoted
FROM apology WHERE made <= {AS_OF}""",
        "now_sorry": f"""
SELECT l.incident, l.apology, a.made, a.elements, a.recipients, a.weak, a.quoted
FROM apology_incident l JOIN now_apology a ON a.id = l.apology
WHERE l.since IS NULL OR l.since <= {AS_OF}""",
        # Apologies that did not reach somebody.
        "missing": "SELECT DISTINCT apology FROM apology_customer WHERE reached = 0"
        if everything
        else "SELECT DISTINCT r.apology FROM focus_apology_id l "
        "JOIN apology_customer r ON r.apology = l.id WHERE r.reached = 0",
        "now_promise": f"""
SELECT r.id, r.apology, r.kind, r.scope, r.owner, r.due, r.made, r.fulfilled,
       CASE WHEN r.provenance = 'detected' THEN 1 ELSE 0 END AS weak,
       {_quote("r", "COALESCE(r.body, '')")} AS quoted
FROM promise r JOIN now_apology a ON a.id = r.apology WHERE r.made <= {AS_OF}""",
        "focus_apology": "SELECT id FROM now_apology"
        if everything
        else "SELECT id FROM focus_apology_id",
        # Those who have said something: only of them anything is asked.
        "focus_customer": "SELECT DISTINCT customer AS id FROM response"
        if everything
        else "SELECT id FROM focus_customer_id",
        "now_decision": f"SELECT id, kind, incident, cause FROM decision WHERE made <= {AS_OF}",
        "focus_decision": _of("focus_id", "now_decision", everything, "incident"),
        "now_complaint": f"""
SELECT id, incident, customer, made, reopened FROM complaint WHERE made <= {AS_OF}""",
    }
