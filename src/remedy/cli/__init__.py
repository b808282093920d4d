"""The command line: `remedy`, with its commands.

The modules of this package parse arguments and print; what they need of the library is imported by
each command when it runs, so that `remedy --help` is there at once.
"""

from __future__ import annotations

import click

from remedy.cli import books, cases, checks, histories, keeping, rules, sources, stories
from remedy.cli._shared import Commands

__all__ = ["main"]


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        import remedy

        click.echo(f"remedy {remedy.__version__}")
        context.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Tells which failures keep coming back, and which apologies have nothing behind them.

    Commands that need a casebook take it as their first argument, else from the environment
    variable REMEDY_DB, else remedy.db in this folder.

    New here? Begin with: remedy demo
    """


for _command in (
    *(stories.demo, stories.stories),
    *(books.init, sources.profile, sources.import_),
    *(checks.check, checks.baseline, checks.waive),
    *(rules.explain, cases.show, cases.export),
    *(histories.history, histories.verify, histories.anchor, histories.upgrade),
    *(keeping.doctor, keeping.backup, keeping.erase, keeping.compact),
):
    main.add_command(_command)
