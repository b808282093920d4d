"""The page on the commands, made of their help: `python -m tests.cli_reference` prints it."""

from collections.abc import Iterator

import click

from remedy.cli import main

_INTRODUCTION = (
    "# Commands",
    "",
    "`remedy COMMAND --help` prints what stands here.",
    "",
    (
        "Commands that need a casebook take it as their first argument, else from the environment "
        "variable `REMEDY_DB`, else `remedy.db` in the folder that they run in."
    ),
    "",
    "| Exit status | Means |",
    "|---|---|",
    "| 0 | the command did its job; `check`: nothing as grave as `--fail-on` |",
    "| 1 | `check` only: findings at or above `--fail-on` |",
    "| 2 | bad use, or bad input: what is wrong, and what to do, is told on stderr |",
    "",
    (
        "Every command has `--format json`. Texts are made for 80 columns, or for the terminal if "
        "it is narrower. Colours and progress bars are for terminals only; `NO_COLOR` turns the "
        "colours off. What a record says cannot move the cursor or turn the text around: control "
        "characters and directional marks are shown as what they are."
    ),
)


def generate_reference() -> Iterator[str]:
    """Yield the lines of the page."""
    yield from _INTRODUCTION
    top = click.Context(main, info_name="remedy", max_content_width=80, terminal_width=80)
    for name, command in main.commands.items():
        context = click.Context(
            command, info_name=name, parent=top, max_content_width=80, terminal_width=80
        )
        context.help_option_names = ["-h", "--help"]
        yield ""
        yield f"## {name}"
        yield ""
        yield "```text"
        yield from command.get_help(context).splitlines()
        yield "```"


if __name__ == "__main__":
    click.echo("\n".join(generate_reference()))
