"""Running the rules: from the rows that they return to findings.

Rows are kept as they come, tuples in lists; which of them tell one fact, which of these lead, and
what rests on what is decided over them. A `Finding` is made when somebody looks at it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _chain, backing
from remedy._chain import Anchor
from remedy._coerce import storable
from remedy._forms import impact_rank, micros, span_micros, strength_rank
from remedy._reading import entity_of
from remedy._telling import Asked, Facts, Severities, Told, elsewhere, facts, short_of, take, taking
from remedy.acceptance import Acceptance, Accepted, Baseline, Extent, Line, digest
from remedy.config import Config
from remedy.engines.focus import Focus, focus_behind, focus_of, with_others
from remedy.engines.sqlite import SqliteEngine
from remedy.errors import CasebookError, RemedyError, RuleError, UnknownRule, shown
from remedy.findings import Findings, Waived
from remedy.rules import BY_CODE, RULES, Rule
from remedy.standings import LookedUp, Standings

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy.store import Store

__all__ = ["CheckResult", "run_check"]

_AGAIN = "R:again"
_BACKING = "A:backing:"

_TICKETS = ("R", "A130", "A131", "A132", "A133", "A141", "A142", "A143")
_BACKING_CODES = {
    "A101", "A102", "A103", "A104", "A105", "A106", "A107", "A108", "A109", "A114",
}  # fmt: skip


@attrs.frozen(kw_only=True)
class CheckResult:
    """What a check found, before a casebook makes a report of it."""

    findings: Findings
    apologies: Standings
    promises: Standings
    waived: tuple[Waived, ...]
    baseline: Baseline
    lines: Sequence[Line]
    acceptance: Acceptance
    config: Config
    profile: str
    profile_reason: str
    as_of: datetime
    known_at: datetime | None
    around: str | None
    focus: Focus | None
    not_assessed: tuple[str, ...]
    remarks: tuple[str, ...]
    incidents: int
    anchor: Anchor | None

    def accepted(self) -> dict[str, Accepted]:
        """Return the findings as a baseline keeps them, by key."""
        since = micros(self.as_of)
        return {line[0]: self.acceptance.accepted(line, since) for line in self.lines}


def run_check(
    store: Store,
    config: Config,
    *,
    book: Any,
    extra_rules: Iterable[Rule] = (),
    as_of: datetime,
    known_at: datetime | None,
    around: str | None,
) -> CheckResult:
    """Check a casebook, or the part of it around one record.

    Args:
        store: The casebook's store.
        config: The configuration, with the profile, select and ignore that are asked for.
        book: What functions of users' rules get.
        extra_rules: Rules besides the shipped ones.
        as_of: What had happened by then.
        known_at: Of what was on record at a time, that time.
        around: A record's id, or None for everything.

    Raises:
        UnknownRecord: If there is no record `around`.
        UnknownRule: If `select` or `ignore` name what no rule begins with.
        RuleError: If a rule cannot be asked.
    """
    store.refuse_inside_a_rule()
    rules = _all_rules(extra_rules)
    inside = store.in_transaction
    if around is not None:
        _lay_for_one_case(store, config)
    with store.snapshot() as db:
        focus = None
        if around is not None:
            entity = entity_of(db, around)
            focus = focus_of(db.conn, entity.name, around, micros(as_of))
        profile, reason = _profile(db, config)
        nothing_done = not _anything_done(db)
        chosen, not_assessed = _choose(rules, config, profile, nothing_done)
        if focus is not None:
            chosen = [rule for rule in chosen if rule.code != "R200"]
            not_assessed.append("the casebook as a whole: R200 is for a check of everything")
        if not config.first_contact and "A121" in config.select:
            not_assessed.append(
                "first contact: no limits are set; A121 needs first_contact in the configuration"
            )
        run = _Run(store, config, book, as_of, profile, SqliteEngine(db.conn))
        engine = run.engine
        run.prepare(focus)
        try:
            baseline = {
                row[0]: Accepted(*row[1:])
                for row in db.execute("SELECT finding, code, since, size, newest FROM baseline")
            }
            asked, left_out = run.ask(chosen, baseline)
            mute = focus is None and _is_coarse(engine)
            told = facts(chosen, asked, mute=mute)
            look_up, assessed = _LookUp(store, config, as_of), _assessed(profile, nothing_done)
            apologies = backing.apologies(engine, look_up, assessed, everything=focus is None)
            promises = backing.promises(engine, look_up)
            incidents, anchor = _count(engine, everything=focus is None), _anchor(store, db)
            severities = Severities(chosen, config, asked)
            others = elsewhere(engine, chosen, told, focus.incidents) if focus else None
            if focus and others:
                run.prepare(with_others(db.conn, focus, others, micros(as_of)))
                told, taken = run.restricted(chosen, asked, told), set[str]()
            else:
                taken = take(engine, chosen, told, severities)
            lines = _lines(chosen, told, severities)
            beside = backing.beside(
                engine, [line[3] for line in lines if line[0].startswith(_BACKING)]
            )
            remarks = _remarks(engine)
            waivers = db.execute(
                "SELECT finding, code, reason, until, who, made FROM waiver "
                "WHERE made <= ? AND until >= ?",
                [micros(as_of)] * 2,
            ).fetchall()
            columns = [asked[rule.code][0] for rule in chosen]
            acceptance = Acceptance(chosen, columns, rules)
            lines, waived = acceptance.without_waived(lines, waivers, _came_later(db))
        finally:
            # The end of a snapshot takes the relations away, and sooner than they can be dropped.
            if focus is None and inside:
                engine.clear()
    extent = Extent(
        codes={rule.code for rule in chosen if not (mute and rule.code == "R201")},
        as_of=micros(as_of),
        everything=focus is None,
        left_out=left_out,
        taken=taken,
    )
    return CheckResult(
        findings=Findings(chosen, columns, lines, beside, as_of.tzinfo or UTC),
        apologies=apologies,
        promises=promises,
        waived=tuple(waived),
        baseline=acceptance.against(baseline, lines, waived, extent),
        lines=lines,
        acceptance=acceptance,
        config=config,
        profile=profile,
        profile_reason=reason,
        as_of=as_of,
        known_at=known_at,
        around=around,
        focus=focus,
        not_assessed=tuple(not_assessed),
        remarks=tuple(remarks),
        anchor=anchor,
        incidents=incidents,
    )


def _prepare(engine: SqliteEngine, config: Config, as_of: datetime, focus: Focus | None) -> None:
    engine.prepare(
        _parameters(config, as_of),
        [(impact_rank(k), span_micros(v)) for k, v in config.first_contact.items()],
        [(impact_rank(k), strength_rank(v)) for k, v in config.strength_for.items()],
        config.same_customer == "account",
        focus,
    )


@attrs.frozen
class _Run:
    """One check: what its questions are put to, and how."""

    store: Store
    config: Config
    book: Any
    as_of: datetime
    profile: str
    engine: SqliteEngine

    def prepare(self, focus: Focus | None) -> None:
        """Lay the relations for a case, or for everything."""
        _prepare(self.engine, self.config, self.as_of, focus)

    def ask(self, rules: list[Rule], baseline: Mapping[str, Accepted]) -> tuple[Asked, set[str]]:
        """Return what the rules give, and the keys of the baseline that the profile leaves out."""
        asked = _ask(self.engine, rules, self.book, self.as_of, self.store)
        if self.profile != "register":
            return asked, set()
        return asked, _keep_what_matters(self.engine, asked, baseline)

    def restricted(self, rules: list[Rule], asked: Asked, told: Facts) -> Facts:
        """Return what is told of a case, but for what rests on what is told of others.

        Args:
            rules: The rules.
            asked: What they gave for the case. The relations are those of the case and the others.
            told: What is told of the case.
        """
        wider = asked | self.ask(taking(rules), {})[0]
        found = facts(rules, wider, mute=False)
        take(self.engine, rules, found, Severities(rules, self.config, wider))
        return {key: found[key] for key in told if key in found}


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


def _lay_for_one_case(store: Store, config: Config) -> None:
    with store.reading() as db:
        by_account = config.same_customer == "account"
        SqliteEngine(db.conn).lay(by_account=by_account, everything=False)


class _LookUp:
    """Looks up what stands behind apologies, as of the date of a check.

    A check of very many would be slow if it did so for all of them, and nobody may ever ask.
    """

    def __init__(self, store: Store, config: Config, as_of: datetime) -> None:
        self._store: Store | None = store
        self._config = config
        self._as_of = as_of

    def __getstate__(self) -> dict[str, Any]:
        # A report may go to another process; the connection to its casebook may not.
        return self.__dict__ | {"_store": None}

    def __call__(self, ids: Sequence[str]) -> dict[str, LookedUp]:
        store = self._store
        if store is None or store.is_closed:
            raise CasebookError(
                "this report" if store is None else store.path,
                "has no open casebook, and what stands behind an apology is looked up when it is "
                "asked for. Ask while the casebook is open, or check again.",
            )
        store.refuse_inside_a_rule()
        _lay_for_one_case(store, self._config)
        with store.snapshot() as db:
            engine = SqliteEngine(db.conn)
            _prepare(engine, self._config, self._as_of, focus_behind(db.conn, ids))
            found = backing.behind(engine)
            made_in = backing.made_in(engine)
        return {id: found[made_in.get(id, id)] for id in ids if made_in.get(id, id) in found}


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


def _assessed(profile: str, nothing_done: bool) -> Collection[int]:
    """Return the states of apologies that can be told: a hollow one is hollow without a cause."""
    return (1, 2) if nothing_done and profile != "capa" else range(1, 9)


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


def _ask_in_sql(
    engine: SqliteEngine, rule: Rule, sql: str
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    if rule in RULES:
        names, rows = engine.rows(sql)
        return names, list(rows)
    try:
        return engine.only_read(sql)
    except Exception as error:
        raise RuleError(rule.code, f"its SQL does not work: {error}.") from error


def _ask(
    engine: SqliteEngine, rules: list[Rule], book: Any, as_of: datetime, store: Store
) -> Asked:
    asked: Asked = {}
    for rule in rules:
        if isinstance(rule.ask, str):
            names, found = _ask_in_sql(engine, rule, rule.ask)
        else:
            try:
                with store.asking(rule.code):
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
        if rule.subject == "failure" and names[1:2] != ("failure",):
            # The subject is the key of the failure, unless a column of that name says that an
            # incident has none. Findings are told apart by it: it stands second in all rows.
            place = names.index("failure") if "failure" in names else 0
            names = ("subject", "failure", *(n for n in names[1:] if n != "failure"))
            found = [
                (row[0], row[place], *(v for at, v in enumerate(row) if at not in (0, place)))
                for row in found
            ]
        if rule not in RULES:
            _refuse_rows(rule, found)
        asked[rule.code] = names, found
    return asked


def _refuse_rows(rule: Rule, rows: list[tuple[Any, ...]]) -> None:
    """Refuse what a rule of one's own returns, where nothing can be told of it."""
    for row in rows:
        if not isinstance(row[0], str):
            raise RuleError(rule.code, "one of its rows has no id as its subject.")
        for value in row:
            if isinstance(value, str) and not storable(value):
                raise RuleError(
                    rule.code, f"one of its rows holds what is no text: {shown(value)}."
                )


def _keep_what_matters(
    engine: SqliteEngine, asked: Asked, baseline: Mapping[str, Accepted]
) -> set[str]:
    """In a register, look at apologies where it came back, was grave, or was promised not to.

    Returns:
        The keys of the baseline that are left out.
    """
    _, rows = engine.rows(
        "SELECT b.incident FROM backing b WHERE b.promised = 1 OR b.impact >= 3 OR EXISTS "
        "(SELECT 1 FROM now_incident i JOIN member m ON m.failure = i.failure "
        "WHERE i.id = b.incident AND m.incident <> i.id)"
    )
    matters = {row[0] for row in rows}
    left_out: set[str] = set()
    for code, (names, found) in asked.items():
        if code in BY_CODE and code[0] == "A" and not code.startswith(_TICKETS):
            asked[code] = names, [row for row in found if row[0] in matters]
            fact = BY_CODE[code].fact
            keys = (f"{fact}:{row[0]}" for row in found if baseline and row[0] not in matters)
            left_out.update(key for key in keys if key in baseline)
    return left_out


_REMARKS = 5


def _remarks(engine: SqliteEngine) -> list[str]:
    """Return what stands in the way of a right answer, and is no finding."""
    found = backing.other_spellings(engine)
    told = [
        f"the scope of {action} is the {field} {meant!r}, which does not take in the incidents of "
        f"its causes that have {other!r}: a scope is compared to the letter"
        for action, field, meant, other in found[:_REMARKS]
    ]
    if len(found) > _REMARKS:
        told.append(f"{len(found) - _REMARKS:,} more scopes are written otherwise than incidents")
    return told


def _is_coarse(engine: SqliteEngine) -> bool:
    """Whether the signature calls too many incidents repeats, whatever rules were asked for."""
    _, rows = engine.rows("SELECT coarse FROM comparison")
    return any(coarse for (coarse,) in rows)


def _anchor(store: Store, db: Database) -> Anchor | None:
    # What nobody else can open, nobody can change behind the library's back.
    return None if store.in_memory else _chain.anchor(db)


def _count(engine: SqliteEngine, *, everything: bool) -> int:
    counted = "comparison" if everything else "(SELECT COUNT(*) AS incidents FROM focus) f"
    ((incidents,),) = engine.rows(f"SELECT incidents FROM {counted}")[1]
    return int(incidents)


# --- findings -------------------------------------------------------------------------------------


def _lines(
    rules: list[Rule], told: dict[tuple[str, str], Told], severities: Severities
) -> list[Line]:
    lines: list[Line] = []
    gathered: dict[tuple[str, str], list[tuple[int, tuple[Any, ...]]]] = defaultdict(list)
    subjects: dict[str, str] = {}
    codes = [rule.code for rule in rules]
    of_failures = {rule.fact for rule in rules if rule.subject == "failure"}
    for (fact, subject), one in told.items():
        one.rows.sort(key=lambda each: each[0])
        lead = one.rows[0][0]
        if fact == _AGAIN and codes[lead] in ("R202", "R201"):
            _gather(codes, subject, one, gathered, subjects)
            continue
        gravest = min(severities(place, row) for place, row in one.rows)
        also = dict.fromkeys(codes[place] for place, _ in one.rows)
        del also[codes[lead]]
        short = short_of(rules, subject, one) if fact in of_failures else subject
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


def _gather(
    codes: list[str],
    subject: str,
    one: Told,
    gathered: dict[tuple[str, str], list[tuple[int, tuple[Any, ...]]]],
    subjects: dict[str, str],
) -> None:
    """Bring later incidents together: by customer and failure, or by failure."""
    # In R202 and R201 alike the second column is the failure; in R202 the third is the customer,
    # and the fourth the account whose customers count as one.
    lead = one.rows[0][0]
    milder = [each for each in one.rows if each[0] != lead]
    there: set[str] = set()
    for place, row in one.rows:
        if place != lead:
            continue
        failure = row[1]
        key = f"R:failure:{digest(failure)}"
        if codes[lead] == "R202":
            key = f"R:customer:{digest(failure)}:{row[3] or row[2]}"
        gathered[key, failure].append((place, row))
        if key not in there:
            there.add(key)
            gathered[key, failure].extend(milder)
        subjects[key] = failure


def _came_later(db: Any) -> Callable[[Collection[str], int], bool]:
    """Return what says whether one of some incidents counts only from after a moment."""

    def came_later(incidents: Collection[str], moment: int) -> bool:
        one = "SELECT noted FROM incident WHERE id = ?"
        return any(db.execute(one, [id]).fetchone()[0] > moment for id in incidents)

    return came_later
