"""Every rule on DuckDB: the same statements over the same rows give the same answers.

The casebook is made in SQLite, its tables are copied, and the views, the steps and the rules run in
both, as they stand.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

import remedy
from remedy import _schema
from remedy._forms import impact_rank, micros, span_micros, strength_rank
from remedy._relations import Done, Instead, Levels, Step, steps, views
from remedy._telling import (
    _APOLOGISED,
    _BENEATH,
    _FAILED,
    _MORE_PROMISES,
    _RETURNED,
    _SAME_FAILURE,
    _TAKES,
    _TAKES_AFTER,
)
from remedy.backing import _BESIDE, _PROMISED
from remedy.checking import _parameters
from remedy.engines.focus import Focus, focus_of
from remedy.engines.sqlite import SqliteEngine
from remedy.rules import BY_CODE, RULES
from tests.oracle.random_casebooks import random_casebook
from tests.rule_cases import rule_cases

duckdb = pytest.importorskip("duckdb")
pyarrow = pytest.importorskip("pyarrow")

_LISTS = {
    "focus_id": "incidents",
    "wide_id": "wide_incidents",
    "focus_cause_id": "causes",
    "wide_cause_id": "wide_causes",
    "focus_action_id": "actions",
    "wide_action_id": "wide_actions",
    "focus_apology_id": "apologies",
    "focus_customer_id": "customers",
}
"""The lists of a check of one case, by the part of the focus that they hold."""

Rows = Counter[tuple[Any, ...]]


def load(
    duck: Any, table: str, columns: list[tuple[str, str]], rows: list[tuple[Any, ...]]
) -> None:
    whole = [declared == "INTEGER" for _, declared in columns]
    told = zip(columns, whole, strict=True)
    kinds = ", ".join(f"{name} {'BIGINT' if w else 'VARCHAR'}" for (name, _), w in told)
    duck.execute(f"CREATE TABLE {table} ({kinds})")
    if rows:
        arrays = [
            pyarrow.array(column, pyarrow.int64() if w else pyarrow.string())
            for column, w in zip(zip(*rows, strict=True), whole, strict=True)
        ]
        duck.register("given", pyarrow.table(arrays, names=[name for name, _ in columns]))
        duck.execute(f"INSERT INTO {table} SELECT * FROM given")
        duck.unregister("given")


def copied(lite: sqlite3.Connection) -> Any:
    """The tables of a casebook in DuckDB."""
    duck = duckdb.connect(":memory:", config={"threads": 1})
    for table in _schema.TABLES.keys() - {*_schema.HISTORY}:
        columns = [(row[1], row[2]) for row in lite.execute(f"PRAGMA main.table_info({table})")]
        load(duck, table, columns, lite.execute(f"SELECT * FROM main.{table}").fetchall())
    return duck


def prepare(
    duck: Any,
    parameters: dict[str, int | None],
    limits: list[tuple[int, int]],
    strengths: list[tuple[int, int]],
    by_account: bool,
    focus: Focus | None,
) -> None:
    """Lay the relations, as the engine of SQLite does."""
    whole = "INTEGER"
    load(duck, "p", [(name, whole) for name in parameters], [tuple(parameters.values())])
    load(duck, "contact_limit", [("impact", whole), ("span", whole)], limits)
    load(duck, "strength_asked", [("impact", whole), ("strength", whole)], strengths)
    everything = focus is None
    if focus is not None:
        for name, part in _LISTS.items():
            load(duck, name, [("id", "TEXT")], [(id,) for id in sorted(getattr(focus, part))])
    for name, sql in views(everything=everything, by_account=by_account).items():
        duck.execute(f"CREATE VIEW {name} AS {sql}")
    top = duck.execute("SELECT MAX(level) FROM wide_cause").fetchone()[0]
    for step in steps(everything=everything, by_account=by_account):
        if isinstance(step, Step):
            duck.execute(f"CREATE TABLE {step.name} AS {step.sql}")
        elif isinstance(step, Instead):
            duck.execute(f"DELETE FROM {step.name} WHERE {step.where}")
            duck.execute(f"INSERT INTO {step.name} {step.sql}")
        elif isinstance(step, Levels):
            for sql in step.statements(-1 if top is None else top):
                duck.execute(f"INSERT INTO {step.name} {sql}")


def compare(
    book: remedy.Casebook, as_of: datetime, config: remedy.Config, around: str | None
) -> Counter[str]:
    """Hold all relations and rules against each other; return how many rows each rule gave."""
    lite = book._store.db.conn
    by_account = config.same_customer == "account"
    focus = None
    if around is not None:
        focus = focus_of(lite, book.get(around).entity, around, micros(as_of))
    parameters = _parameters(config, as_of)
    limits = [(impact_rank(k), span_micros(v)) for k, v in config.first_contact.items()]
    strengths = [(impact_rank(k), strength_rank(v)) for k, v in config.strength_for.items()]
    with book._store.snapshot():
        engine = SqliteEngine(lite)
        engine.prepare(parameters, limits, strengths, by_account=by_account, focus=focus)
        duck = copied(lite)
        prepare(duck, parameters, limits, strengths, by_account, focus)
        laid = list(steps(everything=focus is None, by_account=by_account))
        names = dict.fromkeys(step.name for step in laid if not isinstance(step, Done))
        if focus is None:
            for step in laid:
                for name in step.names if isinstance(step, Done) else ():
                    del names[name]
        relations = [*names, *views(everything=focus is None, by_account=by_account)]
        questions = {name: f"SELECT * FROM {name}" for name in relations}
        questions |= {
            rule.code: rule.ask
            for rule in RULES
            if isinstance(rule.ask, str) and (focus is None or rule.code != "R200")
        }
        fired: Counter[str] = Counter()
        # What else a check asks of the relations: what rests on what, and what stands beside it.
        asked = {
            "asked_incident": "SELECT id FROM incident",
            "asked_other": "SELECT id FROM cause UNION SELECT id FROM action UNION "
            "SELECT id FROM promise UNION SELECT DISTINCT failure FROM incident "
            "WHERE failure IS NOT NULL",
        }
        for table, sql in asked.items():
            lite.execute(f"INSERT INTO temp.{table} {sql}")
            duck.execute(f"CREATE TABLE {table} AS {sql}")
        questions |= {sql: sql for _, _, sql in (*_TAKES, *_TAKES_AFTER)}
        questions |= {sql: sql for sql in (_PROMISED, *_BESIDE)}
        questions |= {sql: sql for sql in (*_RETURNED, _FAILED, _MORE_PROMISES)}
        for question in (_APOLOGISED, _SAME_FAILURE):
            for _, tables, condition in _BENEATH:
                sql = question.format(tables=tables, condition=condition)
                questions[sql] = sql
        for name, sql in questions.items():
            expected = lite.execute(sql)
            columns = [column[0] for column in expected.description]
            found = duck.execute(sql)
            assert [column[0] for column in found.description] == columns, name
            one, other = Rows(expected.fetchall()), Rows(found.fetchall())
            assert other == one, f"{name}: only here {one - other}; only in DuckDB {other - one}"
            for row in other:
                assert {type(value) for value in row} <= {str, int, type(None)}, name
            if name in BY_CODE:
                fired[name] = one.total()
        duck.close()
        return +fired


MORE = int(os.environ.get("REMEDY_DUCKDB_CASEBOOKS", "3"))
"""How many random casebooks to look at, besides those in which every rule fires."""


def test_every_rule_gives_the_same_rows_on_duckdb() -> None:
    """In two full casebooks most rules fire; the others have their own cases."""
    fired: Counter[str] = Counter()
    for seed in (49, 66):
        case = random_casebook(seed)
        with remedy.open(":memory:", config=case.config) as book:
            book.record(*case.records)
            fired += compare(book, case.as_of, case.config, None)
    for own in rule_cases():
        if own.fires and own.rule not in fired:
            with remedy.open(":memory:", config=own.config) as book:
                book.record(*own.records)
                fired += compare(book, datetime.fromisoformat(own.as_of), own.config, None)
    assert set(fired) == {rule.code for rule in RULES}


@pytest.mark.parametrize("seed", range(MORE))
def test_random_casebooks_give_the_same_on_duckdb(seed: int) -> None:
    case = random_casebook(seed)
    with remedy.open(":memory:", config=case.config) as book:
        book.record(*case.records)
        compare(book, case.as_of, case.config, None)


@pytest.mark.parametrize("seed", [49, 66])
def test_one_case_of_a_casebook_gives_the_same_on_duckdb(seed: int) -> None:
    case = random_casebook(seed)
    around = next(each.id for each in case.records if isinstance(each, remedy.Apology))
    with remedy.open(":memory:", config=case.config) as book:
        book.record(*case.records)
        assert compare(book, case.as_of, case.config, around)


@pytest.mark.parametrize("name", remedy.examples.names())
def test_the_stories_give_the_same_on_duckdb(name: str) -> None:
    with remedy.examples.load(name) as book:
        compare(book, book.told_on + timedelta(days=1), book.config, None)
