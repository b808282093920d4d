"""Mutants of Python, by mutmut's operators.

Functions with decorators are mutated, too: `@d def f` is written `def f` and `f = d(f)` beforehand.
What stands outside of functions (constants, tables, the fields of classes) is not mutated; nor are
capitals in SQL, which mean the same without.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import libcst as cst
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

from tests.mutation import _sql
from tests.mutation._running import Mutant

_SQL = re.compile(r"\b(SELECT|INSERT|DELETE|UPDATE|FROM|WHERE|ORDER BY|JOIN|VALUES|PRAGMA)\b")


class _Undecorated(cst.CSTTransformer):
    """Puts what decorates a function behind it."""

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:  # noqa: N802
        return False

    def leave_FunctionDef(  # noqa: N802
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef | cst.FlattenSentinel[cst.BaseStatement]:
        if not original_node.decorators or any(
            isinstance(each.decorator, cst.Name)
            and each.decorator.value in ("classmethod", "staticmethod", "overload")
            for each in original_node.decorators
        ):
            return updated_node
        name = original_node.name.value
        value: cst.BaseExpression = cst.Name(name)
        for each in reversed(original_node.decorators):
            value = cst.Call(each.decorator, [cst.Arg(value)])
        target = cst.AssignTarget(cst.Name(name))
        return cst.FlattenSentinel(
            [
                updated_node.with_changes(decorators=[]),
                cst.SimpleStatementLine([cst.Assign([target], value)]),
            ]
        )


def mutate(root: Path, patterns: Sequence[str]) -> Iterator[Mutant]:
    """Write into the files of a copy all of their mutants, none of them active, and yield them."""
    for path in sorted((root / "src").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            yield from _mutate(root, path)


def _mutate(root: Path, path: Path) -> Iterator[Mutant]:
    source = path.read_text(encoding="utf-8")
    plain = cst.parse_module(source).visit(_Undecorated()).code
    mutated = mutate_file_contents(path.name, plain)
    path.write_text(mutated.code, encoding="utf-8")
    parts = list(path.relative_to(root / "src").with_suffix("").parts)
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    lines = mutated.code.splitlines()
    for name in mutated.mutant_names:
        function = name.partition("__mutmut_")[0]
        original = f"{function}__mutmut_orig"
        texts = [
            textwrap.dedent("\n".join(lines[span.start - 1 : span.end])).replace(each, function)
            for each in (original, name)
            for span in [mutated.line_span_by_function_name[each]]
        ]
        differing = difflib.unified_diff(*(text.splitlines() for text in texts), n=0, lineterm="")
        shown = "\n".join(line for line in differing if line[:3] not in ("---", "+++", "@@ "))
        if _is_same_sql(shown, is_sql=module.startswith("remedy._relations")):
            continue
        full = f"{module}.{name}"
        reached = f"{module}.{function}"
        if module.startswith(_sql.PACKAGES):
            # What is called on import is reached by no test, and makes what all of them read.
            yield Mutant(full, f"sql {reached}", lambda full=full: activate_anew(full), shown)
        else:
            yield Mutant(full, reached, lambda full=full: activate(full), shown)


def _is_same_sql(shown: str, *, is_sql: bool) -> bool:
    """Return whether a mutant says the same SQL in capitals or without.

    Args:
        shown: How the mutant differs.
        is_sql: Whether all texts there are SQL, if only the name of a table.
    """
    old, new = (
        "\n".join(line[1:] for line in shown.splitlines() if line.startswith(sign)) for sign in "-+"
    )
    return old.lower() == new.lower() and (is_sql or _SQL.search(old) is not None)


def activate(name: str) -> None:
    """Let a mutant be what runs in this process, and in those that it starts."""
    set_mutant_under_test(name)


def activate_anew(name: str) -> None:
    """Let a mutant run, also in what is called when the rules are imported."""
    activate(name)
    _sql.import_anew()


def observe() -> None:
    """Let this process take down which functions are reached.

    What some mutants import anew has to pass the tests as it is.
    """
    activate("stats")
    _sql.import_anew()


def observed() -> set[str]:
    """Return the functions that were reached since this was last asked."""
    reached = set(state()._stats)
    state()._stats.clear()
    return reached
