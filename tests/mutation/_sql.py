"""Mutants of the SQL of the rules and of the relations that they read.

A text of SQL is taken as it stands in the source: what is put into it (`{AS_OF}`) is left alone. It
is changed at one place at a time:

- a comparison: `<` and `<=`, `>` and `>=`, `=` and `<>` are exchanged;
- `AND` and `OR`, `+` and `-`, `MIN` and `MAX`, `IS NULL` and `IS NOT NULL`, `IN` and `NOT IN`,
  `EXISTS` and `NOT EXISTS`, `JOIN` and `LEFT JOIN`;
- a condition of a WHERE, a JOIN or a CASE that is one of several, or all of a WHERE or a JOIN, is
  dropped;
- a number is one more.

What makes no difference by its meaning is left out: the 1 of `EXISTS (SELECT 1 …)`, the number that
stands for a time that never comes, and `LEFT JOIN` where a condition that follows never holds for
rows without a partner: it compares a value of the joined table.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.abc
import importlib.util
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from tests.mutation import _weakly
from tests.mutation._running import Mutant, NotAMutant, Probe

WORDS = {"message", "advice", "why", "name", "source"}
"""Arguments that are for people."""

CLOSER = 25
"""In how many random casebooks single cases are looked at as well."""

_IS_SQL = re.compile(r"\b(SELECT|FROM|WHERE|AND|OR|CASE|WHEN|EXISTS|JOIN|IS|COALESCE|AS|DESC)\b")
_NEVER = 10**18
_TOKEN = re.compile(
    r"(?P<hole>\0[0-9]+\0)|(?P<text>'(?:[^']|'')*')|(?P<number>\b[0-9]+\b)"
    r"|(?P<word>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign><=|>=|<>|[<>=+\-(),.*])|(?P<space>\s+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_EXCHANGED = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "=", "+": "-", "-": "+",
    "AND": "OR", "OR": "AND", "MIN": "MAX", "MAX": "MIN",
}  # fmt: skip
_OPENING = {"WHERE", "ON", "HAVING", "WHEN", "AND", "OR"}
_CLOSING = {
    "AND", "OR", "GROUP", "ORDER", "UNION", "JOIN", "CROSS", "LEFT", "THEN", "END", "LIMIT",
    "HAVING", "WHERE",
}  # fmt: skip


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int
    depth: int


class Edit(NamedTuple):
    """To put something else in the place of a part of a text."""

    start: int
    end: int
    text: str


# --- one text -------------------------------------------------------------------------------------


def tokens(sql: str) -> list[Token]:
    """Return the tokens of a text, without spaces; a parenthesis is as deep as what it is in."""
    found: list[Token] = []
    depth = 0
    for match in _TOKEN.finditer(sql):
        kind, text = str(match.lastgroup), match.group()
        if text == ")":
            depth -= 1
        if kind != "space":
            found.append(Token(kind, text, match.start(), match.end(), depth))
        if text == "(":
            depth += 1
    return found


def edits(sql: str) -> Iterator[Edit]:
    """Yield the single changes of a text of SQL."""
    all_of_it = tokens(sql)
    for place, token in enumerate(all_of_it):
        if token.text == "JOIN" and _needs_a_partner(all_of_it, place):
            continue
        before = all_of_it[place - 1].text if place else ""
        after = [each.text for each in all_of_it[place + 1 : place + 3]]
        yield from _of_token(token, before, [*after, "", ""])
    yield from _dropped(all_of_it)


def _of_token(token: Token, before: str, after: Sequence[str]) -> Iterator[Edit]:
    _, text, start, end, _ = token
    if token.kind == "number":
        is_listed = before == "SELECT" and after[0] == "FROM"
        if int(text) < _NEVER and not is_listed:
            yield Edit(start, end, str(int(text) + 1))
    elif token.kind == "sign" and text in "+-" and (not before or before in "(,=<>"):
        return  # The sign of a number.
    elif text in _EXCHANGED and token.kind in ("sign", "word"):
        yield Edit(start, end, _EXCHANGED[text])
    elif text == "NULL" and before == "IS":
        yield Edit(start, end, "NOT NULL")
    elif text == "NOT":
        yield Edit(start, end, "")
    elif text in ("EXISTS", "IN") and before != "NOT":
        yield Edit(start, end, f"NOT {text}")
    elif text == "LEFT" and after[0] == "JOIN":
        yield Edit(start, end, "")
    elif text == "JOIN" and before not in ("CROSS", "LEFT"):
        yield Edit(start, end, "LEFT JOIN")


def _needs_a_partner(all_of_it: Sequence[Token], join: int) -> bool:
    """Whether rows that an inner join leaves out are left out by what follows it, too."""
    depth = all_of_it[join].depth
    level: list[Token] = []
    for token in all_of_it[join + 1 :]:
        if token.depth < depth or (token.depth == depth and token.text == "UNION"):
            break
        if token.depth == depth:
            level.append(token)
    texts = [token.text for token in level]
    if "ON" not in texts:
        return False
    alias = texts[texts.index("ON") - 1]
    # What follows the condition of the join itself.
    rest = texts[texts.index("ON") + 1 :]
    clauses: list[list[str]] = [[]]
    for place, text in enumerate(rest):
        if text in ("JOIN", "WHERE", "GROUP", "ORDER", "HAVING", "CROSS", "LEFT"):
            kind = "LEFT JOIN" if rest[place - 1 : place] == ["LEFT"] else text
            clauses.append([kind])
        clauses[-1].append(text)
    return any(
        _never_holds_for_nothing(conjunct, alias)
        for kind, *words in clauses[1:]
        if kind in ("JOIN", "WHERE") and not {"OR", "CASE"} & set(words)
        for conjunct in _conjuncts(words)
    )


def _conjuncts(words: Sequence[str]) -> Iterator[list[str]]:
    found: list[str] = []
    for word in words:
        if word in ("AND", "ON", "WHERE", "JOIN"):
            yield found
            found = []
        else:
            found.append(word)
    yield found


def _never_holds_for_nothing(conjunct: list[str], alias: str) -> bool:
    """Whether a comparison has a value of a table on one of its sides."""
    compared = ("=", "<>", "<", "<=", ">", ">=")
    first, last = conjunct[:2] == [alias, "."], conjunct[-3:-1] == [alias, "."]
    if first and conjunct[3:] == ["IS", "NOT", "NULL"]:
        return True
    return (first and conjunct[3:4] != [] and conjunct[3] in (*compared, "IN")) or (
        last and conjunct[-4:-3] != [] and conjunct[-4] in compared
    )


def _dropped(all_of_it: Sequence[Token]) -> Iterator[Edit]:
    """Yield the changes that drop a condition: it always holds, among alternatives it never does."""
    for first, token in enumerate(all_of_it):
        opening = all_of_it[first - 1] if first else None
        opens = opening is not None and opening.depth == token.depth and opening.text in _OPENING
        begins = opening is None or (opening.text == "(" and opening.depth == token.depth - 1)
        if not (opens or begins) or token.text in ("SELECT", ")"):
            continue
        last = first
        while last + 1 < len(all_of_it):
            following = all_of_it[last + 1]
            if following.depth < token.depth:
                break
            if following.depth == token.depth and following.text in (*_CLOSING, ",", "AS"):
                break
            last += 1
        closing = all_of_it[last + 1].text if last + 1 < len(all_of_it) else ""
        before = opening.text if opens and opening is not None else ""
        if "AND" in (before, closing):
            always = True
        elif "OR" in (before, closing):
            always = False
        elif before in ("WHERE", "ON", "HAVING"):
            always = True
        else:
            continue
        if token.kind == "hole" and first == last and before == "":
            continue
        yield Edit(token.start, all_of_it[last].end, "1 = 1" if always else "1 = 0")


# --- the texts of a module ------------------------------------------------------------------------


def texts(tree: ast.Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield what is SQL in a module."""
    for_people: set[int] = set()
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in WORDS:
            for_people.update(id(each) for each in ast.walk(node.value))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            for_people.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            inside.update(id(each) for each in node.values)
            inside.update(
                id(each)
                for part in node.values
                if isinstance(part, ast.FormattedValue) and part.format_spec is not None
                for each in ast.walk(part.format_spec)
            )
    for node in ast.walk(tree):
        if id(node) in for_people or id(node) in inside:
            continue
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if isinstance(node, ast.JoinedStr) or is_text:
            assert isinstance(node, (ast.Constant, ast.JoinedStr))
            if _IS_SQL.search(_with_holes(node)):
                yield node


def _with_holes(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"\0{number}\0"
        for number, part in enumerate(node.values)
    )


def _put(node: ast.Constant | ast.JoinedStr, sql: str) -> None:
    """Let a node hold another text."""
    if isinstance(node, ast.Constant):
        node.value = sql
        return
    parts = re.split(r"\0([0-9]+)\0", sql)
    old = list(node.values)
    node.values = [
        old[int(part)] if number % 2 else ast.copy_location(ast.Constant(part), node)
        for number, part in enumerate(parts)
    ]


def mutate(root: Path, patterns: Sequence[str]) -> Iterator[Mutant]:
    """Yield the mutants; the files stay as they are."""
    for path in sorted(each for pattern in patterns for each in root.glob(pattern)):
        parts = list(path.relative_to(root / "src").with_suffix("").parts)
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        source = path.read_text(encoding="utf-8")
        for number, node in enumerate(texts(ast.parse(source))):
            sql = _with_holes(node)
            for count, edit in enumerate(dict.fromkeys(edits(sql))):
                yield _mutant(module, source, number, count, node, sql, edit)


def _mutant(
    module: str,
    source: str,
    number: int,
    count: int,
    node: ast.Constant | ast.JoinedStr,
    sql: str,
    edit: Edit,
) -> Mutant:
    mutated = sql[: edit.start] + edit.text + sql[edit.end :]
    line = node.lineno + sql.count("\n", 0, edit.start)
    around = (sql[max(0, edit.start - 70) : edit.start], sql[edit.start : edit.end])
    after = sql[edit.end : edit.end + 50]
    shown = f"…{around[0]}⟦{around[1]} → {edit.text}⟧{after}…"
    shown = re.sub(r"\s+", " ", re.sub(r"\0[0-9]+\0", "{…}", shown))
    name = f"{module.removeprefix('remedy.')}:{line}:{number}.{count}"

    def activate() -> None:
        tree = ast.parse(source)
        _put(list(texts(tree))[number], mutated)
        put_in_place(module, tree)

    return Mutant(name, f"sql {module} {number}", activate, shown)


# --- in place of the modules ----------------------------------------------------------------------

PACKAGES = ("remedy._relations", "remedy.rules")


class _Loader(importlib.abc.Loader):
    def __init__(self, tree: ast.Module, path: str) -> None:
        self.tree = tree
        self.path = path

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(ast.fix_missing_locations(self.tree), self.path, "exec"), vars(module))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        self.tree = tree

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        assert found is not None
        return importlib.util.spec_from_file_location(
            name,
            found.origin,
            loader=_Loader(self.tree, str(found.origin)),
            submodule_search_locations=found.submodule_search_locations,
        )


@functools.cache
def _before() -> list[str]:
    return _statements()


@functools.cache
def _now() -> dict[_weakly.Key, str]:
    return _weakly.statements()


def put_in_place(name: str, tree: ast.Module) -> None:
    """Let a module of the relations or the rules be another one.

    Raises:
        NotAMutant: If no statement is another one.
    """
    before = _before()
    finder = _Finder(name, tree)
    sys.meta_path.insert(0, finder)
    import_anew()
    sys.meta_path.remove(finder)
    _now.cache_clear()
    if _statements() == before:
        raise NotAMutant


def import_anew() -> None:
    """Import the relations and the rules anew, and let all that uses them use these.

    Their statements are put together when they are imported.
    """
    old = {key: module for key, module in sys.modules.items() if key.startswith(PACKAGES)}
    for key in old:
        del sys.modules[key]
    importlib.import_module("remedy.rules")
    new = {key: module for key, module in sys.modules.items() if key.startswith(PACKAGES)}
    sys.modules.update(old)
    exchanged = {
        id(value): vars(new[key])[attribute]
        for key, module in old.items()
        for attribute, value in vars(module).items()
        if attribute in vars(new[key]) and (callable(value) or isinstance(value, (str, tuple)))
    }
    for key, module in list(sys.modules.items()):
        if key.startswith("remedy.") and not key.startswith(PACKAGES):
            for attribute, value in list(vars(module).items()):
                if id(value) in exchanged and not _is_rule(value):
                    setattr(module, attribute, exchanged[id(value)])
    for ours, theirs in zip(old["remedy.rules"].RULES, new["remedy.rules"].RULES, strict=True):
        object.__setattr__(ours, "ask", theirs.ask)
    vars(sys.modules["remedy.checking"])["RULES"] = old["remedy.rules"].RULES


def _is_rule(value: object) -> bool:
    """Whether it is what rules are, a rule, or all of them: the tests have made some themselves."""
    rules = sys.modules["remedy.rules"]
    return value is rules.Rule or isinstance(value, rules.Rule) or value is rules.RULES


def _statements() -> list[str]:
    from remedy.backing import STATE
    from remedy.engines import sqlite
    from remedy.rules import RULES

    found = [STATE, *(str(rule.ask) for rule in RULES)]
    for everything in (True, False):
        for by_account in (True, False):
            given = {"everything": everything, "by_account": by_account}
            found += sqlite.views(**given).values()
            for step in sqlite.steps(**given):
                found += [str(getattr(step, word, "")) for word in ("name", "sql", "where")]
    return found


# --- what is to notice ----------------------------------------------------------------------------


def probes() -> Iterator[Probe]:
    """Yield the tests of the rules, with casebooks that were filled and oracles asked beforehand.

    They ask for the same as tests/test_relations.py, tests/test_rule_cases.py,
    tests/test_rules_against_oracle.py and tests/examples do, in the same words.
    """
    _before()
    _make_tables_at_once()
    yield from _of_relations()
    yield from _of_cases()
    yield from _of_stories()
    yield from _of_oracle()


def _make_tables_at_once() -> None:
    """Let an engine ask once what columns a step has: half of a small check is asking that."""
    from remedy.engines.sqlite import SqliteEngine

    make = SqliteEngine._make
    known: dict[tuple[str, str], str] = {}

    def make_at_once(self: Any, step: Any) -> None:
        # No mutant changes what a SELECT gives the columns of.
        key = step.name, step.key
        if key in known:
            self._connection.execute(known[key])
            return
        make(self, step)
        [(sql,)] = self._connection.execute(
            "SELECT sql FROM sqlite_temp_schema WHERE type = 'table' AND name = ?", [step.name]
        )
        known[key] = sql.replace("CREATE TABLE", "CREATE TEMP TABLE", 1)

    SqliteEngine._make = make_at_once  # type: ignore[method-assign]


def _filled(records: Iterable[Any], **options: Any) -> Any:
    import remedy

    book = remedy.open(":memory:", actor="test", **options)
    book.record(*records)
    return book


def _probe(name: str, run: Callable[[], None], *, findings_alone: bool = False) -> Probe:
    traced = _weakly.trace(run, findings_alone=findings_alone)
    before = _now()

    def guarded() -> None:
        if _now() is not before and not traced.may_differ(before, _now()):
            return
        traced.clear()
        _run(run)

    return Probe(name, guarded)


def _run(run: Callable[[], None]) -> None:
    try:
        run()
    except AssertionError:
        raise
    except Exception as error:
        if "syntax error" in str(error) or "no such" in str(error) or "ambig" in str(error):
            raise NotAMutant from error
        raise


def _of_relations() -> Iterator[Probe]:
    from tests import test_relations

    for name, test in vars(test_relations).items():
        if name.startswith("test_"):
            yield Probe(f"relations[{name}]", functools.partial(_run, test))


def _of_cases() -> Iterator[Probe]:
    from tests import test_rules_against_oracle as against
    from tests.oracle import Oracle, graph_of
    from tests.rule_cases import all_together, rule_cases, said, said_of

    cases = list(rule_cases())
    for case in cases:
        book = _filled(case.records, config=case.config)
        oracle = Oracle(graph_of(case.records), datetime.fromisoformat(case.as_of), case.config)
        expected, names, states = oracle.findings("capa"), oracle.named("capa"), oracle.states()

        def run(
            case: Any = case,
            book: Any = book,
            expected: Any = expected,
            names: Any = names,
            states: Any = states,
        ) -> None:
            report = book.check(as_of=case.as_of, profile="capa", select=[case.rule])
            assert {finding.code for finding in report.findings} <= {case.rule}
            assert said(report.findings) == case.says
            whole = book.check(as_of=case.as_of, profile="capa")
            assert against.told_by(whole) == expected
            assert against.named_by(whole) == names
            assert against.states_of(whole) == states

        yield _probe(f"rule case[{case.rule} {case.name}]", run)
    book = _filled(all_together())
    at_once: dict[tuple[str, str], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        if not case.is_about_everything:
            at_once[case.as_of, repr(case.config)][case.rule].append(case)
    for (as_of, _), by_rule in at_once.items():

        def run_together(as_of: Any = as_of, by_rule: Any = by_rule) -> None:
            for rule, its in by_rule.items():
                given = {"as_of": as_of, "profile": "capa", "select": [rule]}
                report = book.check(**given, config=its[0].config)
                for case in its:
                    assert said_of(case, report.findings) == case.says

        yield _probe(f"rule cases together[{as_of}]", run_together, findings_alone=True)


def _of_stories() -> Iterator[Probe]:
    import remedy
    from tests.examples.mutations import MUTATIONS

    for mutation in MUTATIONS:
        book = _filled(())
        book.configure(profile="capa", **mutation.settings)
        book.record(*mutation.records())

        def run(mutation: Any = mutation, book: Any = book) -> None:
            for as_of, expected in mutation.moments().items():
                report = remedy.check(book, as_of=as_of)
                written, found = expected.compared(report.findings)
                assert found == written
                states = {each.id: str(each.state) for each in report.apologies}
                assert states | expected.apologies == states

        yield _probe(f"changed story[{mutation.story}: {mutation.name}]", run)
    from tests.examples import test_stories

    for param in test_stories.MOMENTS:
        name, continuation, moment = param.values
        yield _probe(
            f"story[{param.id}]",
            functools.partial(
                test_stories.test_a_story_has_exactly_the_findings_that_were_written_down,
                *(name, continuation, moment),
            ),
        )


def _of_oracle() -> Iterator[Probe]:
    import remedy
    from tests import test_rules_against_oracle as against
    from tests.oracle import Oracle, case_around, graph_of

    for seed in range(against.FIRST, against.FIRST + against.COUNT):
        case = against.random_casebook(seed)
        book = _filled(case.records, config=case.config)
        graph = graph_of(case.records)
        asked: list[tuple[dict[str, Any], Any, Any, Any]] = []
        around: list[tuple[dict[str, Any], Any, Any, Any]] = []
        for as_of in case.moments:
            oracle = Oracle(graph, as_of, case.config)
            given = {"as_of": as_of, "profile": "capa", "config": case.config}
            asked.append((given, oracle.findings("capa"), oracle.named("capa"), oracle.states()))
            if as_of != case.as_of:
                continue
            for profile in against.PROFILES[1:]:
                found, names = oracle.findings(profile), oracle.named(profile)
                asked.append(({**given, "profile": profile}, found, names, None))
            closer = seed < against.FIRST + CLOSER
            for record in against.one_of_each_kind(case.records, seed) if closer else ():
                its = case_around(graph, record)
                found, names = oracle.findings("capa", its), oracle.named("capa", its)
                around.append(({**given, "around": record}, found, names, oracle.states(its)))

        def run(asked: Any, book: Any = book) -> None:
            for given, expected, names, states in asked:
                report = remedy.check(book, **given)
                assert against.told_by(report) == expected
                assert against.named_by(report) == names
                assert states is None or against.states_of(report) == states

        for number, each in enumerate(asked):
            yield _probe(f"oracle[{seed}: {number}]", functools.partial(run, [each]))
        if around:
            yield _probe(f"oracle[{seed}: around]", functools.partial(run, around))


def observe() -> None:
    """Nothing is observed; but what is imported anew has to pass as it is."""
    import_anew()


def observed() -> set[str]:
    """Return nothing: any test may reach any statement."""
    return set()
