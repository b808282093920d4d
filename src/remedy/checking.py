"""Running the rules: from the rows that they return to findings.

Rows are kept as they come, tuples in lists; which of them tell one fact, which of these lead, and
what rests on what is decided over them. A `Finding` is made when somebody looks at it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from remedy import backing
from remedy._reading import entity_of
from remedy._rows import impact_rank, micros, moment, span_micros, strength_rank
from remedy.config import Config
from remedy.engines.sqlite import Focus, SqliteEngine, focus_of
from remedy.errors import RemedyError, RuleError, UnknownRule
from remedy.findings import Findings, Standings, Waived
from remedy.rules import BY_CODE, RULES, Rule
from remedy.vocabulary import Severity

if TYPE_CHECKING:
    from remedy.store import Store

__all__ = ["CheckResult", "run_check"]

_AGAIN = "R:again"
_BACKING = "A:backing:"
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}

_TICKETS = ("R", "A130", "A131", "A132", "A133", "A141", "A142", "A143")
_BACKING_CODES = {
    "A101", "A102", "A103", "A104", "A105", "A106", "A107", "A108", "A109", "A114",
}  # fmt: skip

# Which codes take others into their `also`: the taker's codes, what they take, and the statement
# that says of which. In the order in which they are asked.
_OF_CAUSES = """
SELECT DISTINCT t.id, o.id
FROM asked_incident t CROSS JOIN now_link l CROSS JOIN reach r CROSS JOIN asked_other o
WHERE l.incident = t.id AND l.role = 'cause' AND r.cause = l.cause AND o.id = r.deeper"""
_OF_FIXES = """
SELECT DISTINCT t.id, o.id
FROM asked_incident t CROSS JOIN now_link l CROSS JOIN reach r CROSS JOIN fix f
CROSS JOIN asked_other o
WHERE l.incident = t.id AND l.role = 'cause' AND r.cause = l.cause AND f.cause = r.deeper
AND o.id = f.action"""
_OF_PROMISES = """
SELECT DISTINCT t.id, o.id
FROM asked_incident t CROSS JOIN sorry s CROSS JOIN now_promise r CROSS JOIN asked_other o
WHERE s.incident = t.id AND r.apology = s.apology AND o.id = r.id"""
_OF_RETURNED_CAUSES = """
SELECT DISTINCT t.id, o.id FROM asked_incident t CROSS JOIN returned r CROSS JOIN asked_other o
WHERE r.incident = t.id AND o.id = r.cause"""
_OF_RETURNED_ACTIONS = """
SELECT DISTINCT t.id, o.id FROM asked_incident t CROSS JOIN returned r CROSS JOIN asked_other o
WHERE r.incident = t.id AND o.id = r.action"""
_OF_FAILURES = """
SELECT DISTINCT t.id, i.failure
FROM asked_incident t CROSS JOIN now_incident i CROSS JOIN asked_other o
WHERE i.id = t.id AND o.id = i.failure
UNION
SELECT t.id, o.id FROM asked_incident t CROSS JOIN asked_other o WHERE o.id = t.id"""

_TAKES: tuple[tuple[frozenset[str], tuple[str, ...], str], ...] = (
    (frozenset({"A101"}), ("C301",), _OF_FAILURES),
    (
        frozenset({"A102", "A103", "A104", "A105", "A106", "A107", "A108", "A114"}),
        ("C302", "C303", "F405", "F408"),
        _OF_CAUSES,
    ),
    (frozenset({"A103"}), ("F402",), _OF_FIXES),
    (frozenset({"A106", "A107"}), ("F403", "F404", "F409"), _OF_FIXES),
    (frozenset({"A101", "A102", "A103"}), ("A130",), _OF_PROMISES),
)
_TAKES_AFTER: tuple[tuple[frozenset[str], tuple[str, ...], str], ...] = (
    (frozenset({"R205", "R206"}), ("F405", "F408"), _OF_RETURNED_CAUSES),
    (frozenset({"R205", "R206"}), ("F409",), _OF_RETURNED_ACTIONS),
)


def digest(failure: str) -> str:
    """Return the short form of a failure key that stands in the keys of findings."""
    return hashlib.sha256(failure.encode()).hexdigest()[:12]


@attrs.frozen(kw_only=True)
class CheckResult:
    """What a check found, before a casebook makes a report of it."""

    findings: Findings
    apologies: Standings
    promises: Standings
    waived: tuple[Waived, ...]
    baselined: frozenset[str]
    fixed_since_baseline: int
    config: Config
    profile: str
    profile_reason: str
    as_of: datetime
    around: str | None
    focus: Focus | None
    not_assessed: tuple[str, ...]
    backed: tuple[int, int]
    incidents: int


class _Told:
    """What is told of one fact: the rows of each of its codes."""

    __slots__ = ("rows", "taken")

    def __init__(self) -> None:
        self.rows: list[tuple[int, tuple[Any, ...]]] = []
        self.taken: set[str] = set()


def run_check(
    store: Store,
    config: Config,
    *,
    book: Any,
    extra_rules: Iterable[Rule] = (),
    as_of: datetime,
    around: str | None,
) -> CheckResult:
    """Check a casebook, or the part of it around one record.

    Args:
        store: The casebook's store.
        config: The configuration, with the profile, select and ignore that are asked for.
        book: What functions of users' rules get.
        extra_rules: Rules besides the shipped ones.
        as_of: What had happened by then.
        around: A record's id, or None for everything.

    Raises:
        UnknownRecord: If there is no record `around`.
        UnknownRule: If `select` or `ignore` name what no rule begins with.
        RuleError: If a rule cannot be asked.
    """
    rules = _all_rules(extra_rules)
    by_account = config.same_customer == "account"
    if around is not None:
        with store.reading() as db:
            SqliteEngine(db.conn).lay(by_account=by_account, everything=False)
    with store.snapshot() as db:
        focus = None
        if around is not None:
            entity = entity_of(db, around)
            focus = focus_of(db.conn, entity.name, around)
        profile, reason = _profile(db, config)
        nothing_done = not _anything_done(db)
        chosen, not_assessed = _choose(rules, config, profile, nothing_done)
        if focus is not None:
            chosen = [rule for rule in chosen if rule.code != "R200"]
            not_assessed.append("the casebook as a whole: R200 is for a check of everything")
        engine = SqliteEngine(db.conn)
        engine.prepare(
            _parameters(config, as_of),
            [(impact_rank(k), span_micros(v)) for k, v in config.first_contact.items()],
            [(impact_rank(k), strength_rank(v)) for k, v in config.strength_for.items()],
            by_account=by_account,
            focus=focus,
        )
        try:
            if not config.first_contact and "A121" in config.select:
                not_assessed.append(
                    "first contact: no limits are set; A121 needs first_contact in the "
                    "configuration"
                )
            asked = _ask(engine, chosen, book, as_of)
            if profile == "register":
                _keep_what_matters(engine, asked)
            told = _facts(chosen, asked, focus is None and _is_coarse(engine))
            severities = _Severities(chosen, config, asked)
            _take(engine, _TAKES, chosen, told, severities)
            _take(engine, _TAKES_AFTER, chosen, told, severities)
            lines = _lines(chosen, told, severities)
            apologies, backed = backing.apologies(engine)
            promises = backing.promises(engine)
            beside = backing.beside(
                engine, [line[3] for line in lines if line[0].startswith(_BACKING)]
            )
            counted = "comparison" if focus is None else "(SELECT COUNT(*) AS incidents FROM focus)"
            (incidents,) = db.execute(f"SELECT incidents FROM {counted}").fetchone()
            waivers = db.execute(
                "SELECT finding, code, reason, until, who FROM waiver "
                "WHERE made <= ? AND until >= ?",
                [micros(as_of)] * 2,
            ).fetchall()
            baseline = dict(db.execute("SELECT finding, code FROM baseline").fetchall())
        finally:
            if focus is None:
                engine.clear()
    accepted = _Accepted(chosen, rules)
    lines, waived = _without_waived(lines, waivers, chosen, accepted)
    old, fixed = _old(lines, baseline, accepted)
    columns = [asked[rule.code][0] for rule in chosen]
    return CheckResult(
        findings=Findings(chosen, columns, lines, beside, as_of.tzinfo or UTC),
        apologies=apologies,
        promises=promises,
        waived=tuple(waived),
        baselined=old,
        fixed_since_baseline=fixed if focus is None else 0,
        config=config,
        profile=profile,
        profile_reason=reason,
        as_of=as_of,
        around=around,
        focus=focus,
        not_assessed=tuple(not_assessed),
        backed=backed,
        incidents=incidents,
    )


def _all_rules(extra: Iterable[Rule]) -> list[Rule]:
    rules = list(RULES)
    seen = {rule.code for rule in rules}
    for rule in extra:
        if not isinstance(rule, Rule):
            raise RuleError(getattr(rule, "code", rule), "is no Rule(code, sql or function).")
        if rule.code in seen:
            raise RuleError(rule.code, "there is a rule with this code already.")
        seen.add(rule.code)
        rules.append(rule)
    return rules


def _parameters(config: Config, as_of: datetime) -> dict[str, int | None]:
    return {
        "as_of": micros(as_of),
        "recurrence": span_micros(config.recurrence_window),
        "horizon": span_micros(config.promise_horizon),
        "grace": span_micros(config.grace),
        "verification": span_micros(config.verification_window),
        "containment": span_micros(config.containment_window),
        "amends_from": None if config.amends_from is None else impact_rank(config.amends_from),
        "coarse_from": config.coarse_from,
        "coarse_permille": round(config.coarse_share * 1000),
    }


# --- which rules ----------------------------------------------------------------------------------


def _anything_done(db: Any) -> bool:
    return any(
        db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
        for table in ("cause", "action", "decision")
    )


_RECENT = 1000


def _profile(db: Any, config: Config) -> tuple[str, str]:
    """Return the profile, and why it is this one."""
    if config.profile is not None:
        return config.profile, "as configured"
    if not _anything_done(db):
        if db.execute("SELECT 1 FROM apology LIMIT 1").fetchone():
            return "register", "apologies are on record, and no causes, actions or decisions"
        return "tickets", "no apologies, causes, actions or decisions are on record"
    # What was recorded last says how the casebook is used now, and costs the same at any size.
    total, analysed = db.execute(
        "SELECT COUNT(*), SUM(EXISTS (SELECT 1 FROM incident_cause l WHERE l.incident = i.id) OR "
        "EXISTS (SELECT 1 FROM decision d WHERE d.incident = i.id)) FROM "
        f"(SELECT id FROM incident WHERE canonical IS NULL ORDER BY rowid DESC LIMIT {_RECENT}) i"
    ).fetchone()
    share = f"{analysed or 0} of the {total} incidents recorded last have a cause or a decision"
    if total and 2 * analysed >= total:
        return "capa", share
    return "register", share


def _choose(
    rules: list[Rule], config: Config, profile: str, nothing_done: bool
) -> tuple[list[Rule], list[str]]:
    for name in ("select", "ignore"):
        for part in getattr(config, name):
            if not any(rule.code.startswith(part) for rule in rules):
                raise UnknownRule(part, [rule.code for rule in rules])
    for code in config.severity:
        if code not in {rule.code for rule in rules}:
            raise UnknownRule(code, [rule.code for rule in rules])
    not_assessed = []
    shipped = {rule.code for rule in RULES}

    def wanted(rule: Rule) -> bool:
        code = rule.code
        if config.select and not code.startswith(tuple(config.select)):
            return False
        if config.ignore and code.startswith(tuple(config.ignore)):
            return False
        if profile == "capa" or code not in shipped:
            return True
        if nothing_done and (code in _BACKING_CODES or code[0] in "CF"):
            return False
        return code.startswith(_TICKETS) or (profile == "register" and code[0] == "A")

    if profile != "capa":
        if nothing_done:
            not_assessed.append(
                "causes, actions, decisions: none on record; A101–A109, A114, C, F not assessed"
            )
        else:
            not_assessed.append(f"causes and actions for themselves (C, F): not in {profile}")
        if profile == "tickets":
            not_assessed.append("apologies: not in tickets, but for promises and last chances")
    return [rule for rule in rules if wanted(rule)], not_assessed


# --- rows -----------------------------------------------------------------------------------------

Asked = dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]


def _ask(engine: SqliteEngine, rules: list[Rule], book: Any, as_of: datetime) -> Asked:
    asked: Asked = {}
    for rule in rules:
        if isinstance(rule.ask, str):
            try:
                names, rows = engine.rows(rule.ask)
                found = list(rows)
            except Exception as error:
                if rule in RULES:
                    raise
                raise RuleError(rule.code, f"its SQL does not work: {error}.") from error
        else:
            try:
                mappings = [dict(each) for each in rule.ask(book, as_of)]
            except RemedyError:
                raise
            except Exception as error:
                raise RuleError(rule.code, f"its function failed: {error!r}.") from error
            names = tuple(dict.fromkeys(name for each in mappings for name in each)) or ("subject",)
            found = [tuple(each.get(name) for name in names) for each in mappings]
        if names[0] != "subject":
            if "subject" not in names:
                raise RuleError(rule.code, "its rows have no column named subject.")
            place = names.index("subject")
            names = ("subject", *names[:place], *names[place + 1 :])
            found = [(row[place], *row[:place], *row[place + 1 :]) for row in found]
        if rule not in RULES and not all(isinstance(row[0], str) for row in found):
            raise RuleError(rule.code, "one of its rows has no id as its subject.")
        asked[rule.code] = names, found
    return asked


def _keep_what_matters(engine: SqliteEngine, asked: Asked) -> None:
    """In a register, look at apologies where it came back, was grave, or was promised not to."""
    _, rows = engine.rows(
        "SELECT b.incident FROM backing b WHERE b.promised = 1 OR b.impact >= 3 OR EXISTS "
        "(SELECT 1 FROM now_incident i JOIN member m ON m.failure = i.failure "
        "WHERE i.id = b.incident AND m.incident <> i.id)"
    )
    matters = {row[0] for row in rows}
    for code, (names, found) in asked.items():
        if code in BY_CODE and code[0] == "A" and not code.startswith(_TICKETS):
            asked[code] = names, [row for row in found if row[0] in matters]


def _is_coarse(engine: SqliteEngine) -> bool:
    """Whether the signature calls too many incidents repeats, whatever rules were asked for."""
    _, rows = engine.rows("SELECT coarse FROM comparison")
    return any(coarse for (coarse,) in rows)


def _facts(rules: list[Rule], asked: Asked, mute: bool) -> dict[tuple[str, str], _Told]:
    told: dict[tuple[str, str], _Told] = {}
    for place, rule in enumerate(rules):
        if mute and rule.code == "R201":
            continue
        fact = rule.fact
        for row in asked[rule.code][1]:
            key = (fact, row[0])
            one = told.get(key)
            if one is None:
                told[key] = one = _Told()
            one.rows.append((place, row))
    return told


def _place_of(name: str, names: tuple[str, ...]) -> int | None:
    return names.index(name) if name in names else None


class _Severities:
    """The severity of each row: the rule's or the configured one; at most warning if weak.

    Weak is what has a 1 in the column `weak`, and what was detected in a text: it has that in the
    column `quoted`.
    """

    def __init__(self, rules: list[Rule], config: Config, asked: Asked) -> None:
        self._of = [config.severity.get(rule.code, rule.severity) for rule in rules]
        self._weak = [_place_of("weak", asked[rule.code][0]) for rule in rules]
        self._quoted = [_place_of("quoted", asked[rule.code][0]) for rule in rules]

    def __call__(self, place: int, row: tuple[Any, ...]) -> int:
        order = _ORDER[self._of[place]]
        weak, quoted = self._weak[place], self._quoted[place]
        if order == 0 and weak is not None and row[weak] == 1:
            return 1
        return 1 if order == 0 and quoted is not None and row[quoted] is not None else order


def _take(
    engine: SqliteEngine,
    takes: Sequence[tuple[frozenset[str], tuple[str, ...], str]],
    rules: list[Rule],
    told: dict[tuple[str, str], _Told],
    severities: _Severities,
) -> None:
    """Let findings take what rests on the same matter into their `also`."""
    codes = [rule.code for rule in rules]
    fact_of = {rule.code: rule.fact for rule in rules}
    by_code: dict[str, set[str]] = defaultdict(set)
    wanted = {code for takers, taken, _ in takes for code in (*takers, *taken)}
    for (_, subject), one in told.items():
        for place, _row in one.rows:
            if codes[place] in wanted:
                by_code[codes[place]].add(subject)
    gone: set[tuple[str, str]] = set()
    for takers, taken, sql in takes:
        for code in taken:
            for fact in {fact_of[taker] for taker in takers if by_code.get(taker)}:
                incidents = set().union(
                    *(by_code[taker] for taker in takers if fact_of.get(taker) == fact)
                )
                if not incidents or not by_code.get(code):
                    continue
                for incident, other in engine.pairs(sql, incidents, by_code[code]):
                    taker = told[(fact, incident)]
                    given = told[(fact_of[code], other)]
                    gravest = min(severities(place, row) for place, row in taker.rows)
                    for place, row in given.rows:
                        if codes[place] == code and gravest <= severities(place, row):
                            taker.taken.add(code)
                            gone.add((code, other))
    for code, other in gone:
        key = (fact_of[code], other)
        one = told[key]
        one.rows = [(place, row) for place, row in one.rows if codes[place] != code]
        if not one.rows:
            del told[key]


# --- findings -------------------------------------------------------------------------------------

Line = tuple[str, int, int, str, tuple[str, ...], tuple[tuple[int, tuple[Any, ...]], ...]]
"""key, severity, place of the leading rule, subject, also, rows."""


def _lines(
    rules: list[Rule], told: dict[tuple[str, str], _Told], severities: _Severities
) -> list[Line]:
    lines: list[Line] = []
    gathered: dict[tuple[str, str], list[tuple[int, tuple[Any, ...]]]] = defaultdict(list)
    subjects: dict[str, str] = {}
    codes = [rule.code for rule in rules]
    failures = _failure_facts(rules, told)
    for (fact, subject), one in told.items():
        one.rows.sort(key=lambda each: each[0])
        lead = one.rows[0][0]
        if fact == _AGAIN and codes[lead] in ("R202", "R201"):
            _gather(codes, subject, one, gathered, subjects)
            continue
        gravest = min(severities(place, row) for place, row in one.rows)
        also = dict.fromkeys(codes[place] for place, _ in one.rows)
        del also[codes[lead]]
        short = digest(subject) if (fact, subject) in failures else subject
        lines.append(
            (
                f"{fact}:{short}",
                gravest,
                lead,
                subject,
                (*also, *sorted(one.taken)),
                tuple(one.rows),
            )
        )
    sizes = {key for key, _ in gathered}
    for (key, _), rows in gathered.items():
        rows.sort(key=lambda each: (each[0], each[1][0]))
        lead = rows[0][0]
        also = dict.fromkeys(codes[place] for place, _ in rows)
        del also[codes[lead]]
        gravest = min(severities(place, row) for place, row in rows)
        lines.append((key, gravest, lead, subjects[key], tuple(also), tuple(rows)))
    # Among those that bring incidents together, the larger one comes first.
    lines.sort(
        key=lambda line: (line[1], line[2], -len(line[5]) if line[0] in sizes else 0, line[3])
    )
    return lines


def _failure_facts(rules: list[Rule], told: dict[tuple[str, str], _Told]) -> set[tuple[str, str]]:
    """Return the facts whose subject is a failure key, and not an incident that has none."""
    places = {place for place, rule in enumerate(rules) if rule.subject == "failure"}
    facts = {rules[place].fact for place in places}
    return {
        key
        for key, one in told.items()
        if key[0] in facts and any(row[1] == key[1] for place, row in one.rows if place in places)
    }


def _gather(
    codes: list[str],
    subject: str,
    one: _Told,
    gathered: dict[tuple[str, str], list[tuple[int, tuple[Any, ...]]]],
    subjects: dict[str, str],
) -> None:
    """Bring later incidents together: by customer and failure, or by failure."""
    # In R202 and R201 alike the second column is the failure; in R202 the third is the customer,
    # and the fourth the account whose customers count as one.
    milder = [each for each in one.rows if codes[each[0]] == "R201"]
    there: set[str] = set()
    for place, row in one.rows:
        failure = row[1]
        if codes[place] == "R202":
            key = f"R:customer:{digest(failure)}:{row[3] or row[2]}"
            gathered[key, failure].append((place, row))
            if key not in there:
                there.add(key)
                gathered[key, failure].extend(milder)
        elif codes[one.rows[0][0]] == "R201":
            key = f"R:failure:{digest(failure)}"
            gathered[key, failure].append((place, row))
        else:
            continue
        subjects[key] = failure


class _Accepted:
    """Whether a code that somebody accepted holds a line: it and milder ones, not a graver one."""

    def __init__(self, chosen: list[Rule], rules: list[Rule]) -> None:
        # Over all rules: what was accepted may not have been asked for this time.
        self._rank = {rule.code: place for place, rule in enumerate(rules)}
        self._codes = [rule.code for rule in chosen]

    def __call__(self, code: str, line: Line) -> bool:
        return code in self._rank and self._rank[code] <= self._rank[self._codes[line[2]]]


def _without_waived(
    lines: list[Line], waivers: list[tuple[Any, ...]], rules: list[Rule], accepted: _Accepted
) -> tuple[list[Line], list[Waived]]:
    if not waivers:
        return lines, []
    held: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for waiver in waivers:
        held[waiver[0]].append(waiver)
    kept, waived = [], []
    for line in lines:
        found = [waiver for waiver in held.get(line[0], ()) if accepted(waiver[1], line)]
        if found:
            _, code, reason, until, who = found[0]
            waived.append(
                Waived(
                    key=line[0],
                    code=rules[line[2]].code,
                    accepted=code,
                    reason=reason,
                    until=moment(until),
                    who=who,
                )
            )
        else:
            kept.append(line)
    return kept, waived


def _old(
    lines: list[Line], baseline: Mapping[str, str], accepted: _Accepted
) -> tuple[frozenset[str], int]:
    """Return the keys of what was there when the tool came in, and how many of those are gone."""
    if not baseline:
        return frozenset(), 0
    keys = {line[0] for line in lines}
    old = frozenset(
        line[0] for line in lines if line[0] in baseline and accepted(baseline[line[0]], line)
    )
    return old, sum(1 for key in baseline if key not in keys)
