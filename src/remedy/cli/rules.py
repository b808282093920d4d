"""`remedy explain`, and rules of one's own."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import click

from remedy.cli._shared import format_option, page, say, say_json

if TYPE_CHECKING:
    from remedy.reporting._paper import Paint
    from remedy.rules import Rule

F = TypeVar("F", bound=Callable[..., Any])

GROUP = "remedy.rules"

_FAMILIES = {
    "A": "Apologies and promises",
    "R": "Recurrence",
    "C": "Causes",
    "F": "Actions",
}


def rules_option(command: F) -> F:
    """Give a command the option --rules."""
    return click.option(
        "--rules",
        "modules",
        multiple=True,
        metavar="MODULE",
        help="Ask the rules of this module, too: a name, or the path of a .py file.",
    )(command)


def extra_rules(modules: Iterable[str]) -> list[Rule]:
    """Return the rules of modules that were named, and of installed packages that offer some.

    Code is only run if a person named it or installed it: never because a file lies there.
    """
    found: dict[int, Rule] = {}
    for place, content in (*_installed(), *((name, _module(name)) for name in modules)):
        for rule in _rules_in(content, place):
            found[id(rule)] = rule
    return list(found.values())


def _installed() -> Iterator[tuple[str, object]]:
    from importlib.metadata import entry_points

    from remedy.errors import RuleError

    for point in entry_points(group=GROUP):
        place = (
            f"{point.value} (an entry point of {point.dist.name if point.dist else 'a package'})"
        )
        try:
            yield place, point.load()
        except Exception as error:
            raise RuleError(place, f"cannot be loaded: {error}.") from error


def _module(name: str) -> ModuleType:
    from remedy.errors import RuleError

    try:
        if name.endswith(".py"):
            return _run(Path(name))
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise RuleError(name, f"needs a module that is not there: {error.name}.") from error
        raise RuleError(
            name, f"there is no such module. If it is a file, give its path: {name}.py"
        ) from None
    except OSError:
        raise
    except Exception as error:
        raise RuleError(name, f"cannot be loaded: {type(error).__name__}: {error}.") from error


def _run(path: Path) -> ModuleType:
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_loader

    if not path.is_file():
        raise FileNotFoundError(2, "there is no such file", str(path))
    name = re.sub(r"\W", "_", path.stem)
    spec = spec_from_loader(name, SourceFileLoader(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rules_in(content: object, place: str) -> list[Rule]:
    from remedy.errors import RuleError
    from remedy.rules import RULES, Rule

    given: object = content
    if isinstance(content, Rule):
        given = [content]
    elif isinstance(content, ModuleType):
        given = getattr(content, "RULES", list(vars(content).values()))
    rules = [each for each in given if isinstance(each, Rule)] if _many(given) else []
    rules = [each for each in rules if each not in RULES]
    if not rules:
        raise RuleError(place, "holds no rules: make some with Rule(code, sql or function).")
    return rules


def _many(content: object) -> TypeGuard[Iterable[object]]:
    return isinstance(content, Iterable)


# --- explain --------------------------------------------------------------------------------------


@click.command()
@click.argument("code", required=False)
@rules_option
@format_option("text", "json", "markdown")
def explain(code: str | None, modules: tuple[str, ...], form: str) -> None:
    """Say what is behind a rule: why it asks, what it rests on, what to do.

    CODE is that of a rule, such as A110, or the beginning of several: A1, R. Without it, all rules
    are listed.
    """
    from remedy.errors import UnknownRule
    from remedy.rules import RULES

    rules = [*RULES, *extra_rules(modules)]
    wanted = (code or "").strip().upper()
    chosen = [rule for rule in rules if rule.code == wanted]
    chosen = chosen or [rule for rule in rules if rule.code.startswith(wanted)]
    if not chosen:
        raise UnknownRule(wanted, [rule.code for rule in rules])
    chosen.sort(key=_place)
    if form == "json":
        say_json([_as_dict(rule) for rule in chosen])
    elif form == "markdown":
        say(_markdown(chosen))
    elif len(chosen) == 1:
        say(_told(chosen[0], **page()))
    else:
        say(_listed(chosen, **page()))


def _place(rule: Rule) -> tuple[int, str]:
    families = list(_FAMILIES)
    known = rule.family in families
    return families.index(rule.family) if known else len(families), rule.code


def _as_dict(rule: Rule) -> dict[str, str]:
    from remedy.findings import spoken_template

    return {
        "code": rule.code,
        "name": rule.name,
        "severity": str(rule.severity),
        "subject": rule.subject,
        "message": spoken_template(rule.message),
        "advice": spoken_template(rule.advice),
        "why": rule.why,
        "source": rule.source,
    }


def _told(rule: Rule, width: int, paint: Paint | None = None) -> Iterator[str]:
    from remedy.findings import spoken_template
    from remedy.reporting._paper import unpainted, wrapped

    paint = paint or unpainted
    yield paint(f"{rule.code}  {rule.name}", "title") + f"  ({rule.severity}, per {rule.subject})"
    for name, value in (
        ("Says", spoken_template(rule.message)),
        ("Why", rule.why),
        ("Do", spoken_template(rule.advice)),
        ("Source", rule.source),
    ):
        if value:
            yield ""
            yield from wrapped(value, width, f"  {name:<8}")


def _listed(rules: list[Rule], width: int, paint: Paint | None = None) -> Iterator[str]:
    from remedy.reporting._paper import cut, unpainted

    paint = paint or unpainted
    family = ""
    for rule in rules:
        if rule.family != family:
            if family:
                yield ""
            family = rule.family
            yield paint(_FAMILIES.get(family, f"Family {family}"), "title")
        label = paint(f"{rule.severity:<7}", str(rule.severity))
        yield f"  {rule.code:<5}  {label}  {cut(rule.name, width - 18)}"
    yield ""
    yield "remedy explain CODE says more about one of them."


def _markdown(rules: list[Rule]) -> Iterator[str]:
    from remedy.findings import spoken_template
    from remedy.reporting.markdown import escaped

    yield "# Rules"
    yield ""
    yield (
        "What `remedy check` asks. The same is printed by `remedy explain CODE`. In what a rule "
        "says, … stands for the ids, dates and numbers of the finding."
    )
    family = ""
    for rule in rules:
        if rule.family != family:
            family = rule.family
            yield ""
            yield f"## {_FAMILIES.get(family, f'Family {family}')} ({family})"
        yield ""
        yield f"### {rule.code}: {escaped(rule.name)}"
        yield ""
        yield f"{str(rule.severity).capitalize()}, per {rule.subject}."
        for value in (
            f"*{escaped(spoken_template(rule.message))}*" if rule.message else "",
            escaped(rule.why),
            f"**Do:** {escaped(spoken_template(rule.advice))}" if rule.advice else "",
            f"Source: {escaped(rule.source)}." if rule.source else "",
        ):
            if value:
                yield ""
                yield value
