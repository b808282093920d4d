"""`remedy init`: a new casebook."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import click

from remedy.cli._shared import (
    DEFAULT,
    VARIABLE,
    Problem,
    format_option,
    journal_option,
    page,
    say,
    say_json,
)


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--signature",
    metavar="FIELDS",
    help="The fields, with commas between them, that make two incidents the same failure.  "
    "[default: process,failure_mode]",
)
@click.option(
    "--same-customer",
    type=click.Choice(["person", "account"]),
    help="Who is the same customer.  [default: person]",
)
@click.option(
    "--profile",
    type=click.Choice(["tickets", "register", "capa"]),
    help="How much to assess.  [default: what is on record says it]",
)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A remedy.toml whose settings the casebook takes over.",
)
@journal_option
@format_option("text", "json")
def init(
    *,
    path: Path | None,
    signature: str | None,
    same_customer: str | None,
    profile: str | None,
    config_path: Path | None,
    journal: str | None,
    form: str,
) -> None:
    """Make a new casebook.

    PATH is its file: by default the one that REMEDY_DB names, else remedy.db.
    """
    from remedy import casebook
    from remedy.config import config_from, load_config

    target = path or Path(os.environ.get(VARIABLE) or DEFAULT)
    if target.exists():
        raise Problem(f"{target} exists already, and was left as it is.")
    settings: dict[str, Any] = {}
    if signature is not None:
        settings["signature"] = [part.strip() for part in signature.split(",")]
    if same_customer is not None:
        settings["same_customer"] = same_customer
    if profile is not None:
        settings["profile"] = profile
    base = None if config_path is None else load_config(config_path)
    config = config_from(settings, "remedy init", base)
    with casebook.open(target, config=config, journal=journal):
        pass
    if form == "json":
        say_json({"casebook": str(target), "signature": list(config.signature)})
        return
    from remedy.reporting._digest import spoken
    from remedy.reporting._paper import visible, wrapped

    fields = " and ".join(map(spoken, config.signature))
    width = page()["width"]
    say(
        wrapped(
            f"{visible(str(target))} is a new casebook. Two incidents with the same {fields} are "
            "the same failure.",
            width,
        )
    )
    at = "" if str(target) == DEFAULT else f" --to {shlex.quote(str(target))}"
    say(wrapped(visible(f"Next: remedy import tickets.csv{at}"), width))
