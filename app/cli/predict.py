"""`inkling predict`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from typing import Annotated

import typer

from app.cli.bulk import IMAGES_UNDER_WAY, recognise_files
from app.cli.formats import Csv, Format, JsonLines, Text, printable, reason
from app.cli.options import AllowOption, PolarityOption, TaskOption, TopKOption
from app.cli.progress import Tally
from app.cli.sources import find_files
from app.cli.startup import read_settings, recognising
from app.inference import Model
from app.recogniser import Options, Recogniser, Recognition


def predict(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Images of one character each, folders of them, or - for standard input.", metavar="FILE..."
        ),
    ],
    task: TaskOption = "digit",
    top_k: TopKOption = Options.top_k,
    allow: AllowOption = Options.allow,
    polarity: PolarityOption = Options.polarity,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Enter the folders in a folder too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file, as the API answers.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for spreadsheets.")] = False,
) -> None:
    """Recognise images without a server.

    Files that cannot be recognised are reported on standard error and skipped; the exit code is 1 then.
    """
    if as_json and as_csv:
        raise typer.BadParameter("Choose one of --json and --csv.")
    settings = read_settings(log_level="warning")
    options = Options(top_k=top_k, polarity=polarity, allow=allow)
    unlisted: list[OSError] = []
    names = list(find_files(files, recursive=recursive, on_error=unlisted.append))
    for error in unlisted:
        _report(str(error.filename), reason(error))
    with recognising(task, options, settings, capacity=IMAGES_UNDER_WAY) as (model, recogniser):
        artifact = model.artifact
        shape: Format = (
            JsonLines(artifact)
            if as_json
            else Csv(artifact, top_k=min(top_k, len(artifact.card.classes)))
            if as_csv
            else Text()
        )
        with Tally(len(names)) as tally:
            asyncio.run(_print_all(names, model, recogniser, options, shape, tally, settings.max_upload_bytes))
    if len(names) != 1:
        print(tally.summary(), file=sys.stderr)
    if tally.failures or unlisted:
        raise typer.Exit(1)


async def _print_all(
    names: list[str],
    model: Model,
    recogniser: Recogniser,
    options: Options,
    shape: Format,
    tally: Tally,
    max_bytes: int,
) -> None:
    sys.stdout.write(shape.head())
    async with aclosing(recognise_files(names, model, recogniser, options, max_bytes=max_bytes)) as outcomes:
        async for outcome in outcomes:
            sys.stdout.write(shape.lines(outcome))
            if not isinstance(outcome.found, Recognition):
                _report(outcome.name, reason(outcome.found))
            tally.count(failed=not isinstance(outcome.found, Recognition))


def _report(name: str, why: str) -> None:
    print(f"{printable(name)}: {why}", file=sys.stderr)
