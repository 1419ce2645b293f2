"""`inkling`: the commands and what belongs to all of them."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from app.cli.explain import explain
from app.cli.models import models
from app.cli.openapi import openapi
from app.cli.predict import predict
from app.cli.serve import serve
from app.settings import settings_table

# A defect's trace is plain: boxes would stand between the lines of a log.
cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Inkling reads handwriting over HTTP.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"inkling {version('inkling')}")
        raise typer.Exit


@cli.callback()
def program(
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Inkling reads handwriting over HTTP."""


def settings() -> None:
    """Print every option, its default and its meaning as a Markdown table."""
    print(settings_table())


for command in (serve, predict, explain, models, settings, openapi):
    cli.command()(command)
