"""`inkling predict`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from enum import StrEnum
from typing import Annotated

import typer

from app.artifacts import Artifact
from app.cli.bulk import IMAGES_UNDER_WAY, FileOutcome, recognise_files
from app.cli.cluster import ClusterFailed, recognise_on_ray
from app.cli.formats import Csv, Format, JsonLines, Text, reason
from app.cli.options import AllowOption, PolarityOption, TaskOption, TopKOption
from app.cli.progress import Tally
from app.cli.sources import NO_IMAGES, STANDARD_INPUT, find_files
from app.cli.startup import chosen_artifact, fail, read_settings, recognising
from app.packages import is_installed
from app.recogniser import Options, Recognition
from app.telemetry import printable


class Engine(StrEnum):
    """What files go through."""

    LOCAL = "local"
    RAY = "ray"


def predict(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Images of one character each, folders of them, addresses of either such as s3://bucket/folder, "
            f"or - for standard input. In folders, {' '.join(NO_IMAGES)} are passed over.",
            metavar="FILE...",
        ),
    ],
    task: TaskOption = "digit",
    top_k: TopKOption = Options.top_k,
    allow: AllowOption = Options.allow,
    polarity: PolarityOption = Options.polarity,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Enter the folders in a folder too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file, as the API answers.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for spreadsheets, a row a file.")] = False,
    engine: Annotated[
        Engine, typer.Option(help="local: in this process. ray: on the cluster at RAY_ADDRESS, or on all CPUs here.")
    ] = Engine.LOCAL,
) -> None:
    """Recognise images without a server.

    Files that cannot be recognised are reported on standard error, and the others read; the exit code is 1 then, and
    where there are no files.
    """
    if as_json and as_csv:
        raise typer.BadParameter("Choose one of --json and --csv.")
    if engine is Engine.RAY:
        _check_ray(files)
    settings = read_settings(quiet=True)
    options = Options(top_k=top_k, polarity=polarity, allow=allow)
    unlisted: list[OSError] = []
    names = list(find_files(files, recursive=recursive, on_error=unlisted.append))
    for error in unlisted:
        _report(str(error.filename), reason(error))
    if not names and not unlisted:
        hint = "" if recursive else "; --recursive enters the folders in a folder"
        fail(f"There are no images in {printable(', '.join(files))}{hint}.")

    def print_all(artifact: Artifact, outcomes: AsyncGenerator[FileOutcome, None]) -> Tally:
        shape: Format = (
            JsonLines(artifact)
            if as_json
            else Csv(artifact, top_k=min(top_k, len(artifact.card.classes)))
            if as_csv
            else Text()
        )
        with Tally(len(names)) as tally:
            asyncio.run(_print_all(outcomes, shape, tally))
        return tally

    if engine is Engine.RAY:
        artifact = chosen_artifact(task, options, settings)
        try:
            tally = print_all(artifact, recognise_on_ray(names, task, settings, options))
        except ClusterFailed as error:
            fail(str(error))
    else:
        with recognising(task, options, settings, capacity=IMAGES_UNDER_WAY) as (model, recogniser):
            found = recognise_files(names, model, recogniser, options, max_bytes=settings.max_upload_bytes)
            tally = print_all(model.artifact, found)
    if len(names) != 1:
        print(tally.summary(), file=sys.stderr)
    if tally.failures or unlisted:
        raise typer.Exit(1)


def _check_ray(files: Sequence[str]) -> None:
    """End where Ray is not installed, or cannot do what is asked."""
    if not is_installed("ray"):
        fail("--engine ray needs Ray, which is not installed: pip install '.[ray]'")
    if STANDARD_INPUT in files:
        raise typer.BadParameter("Other processes cannot read this one's standard input: leave out - or --engine ray.")


async def _print_all(found: AsyncGenerator[FileOutcome, None], shape: Format, tally: Tally) -> None:
    sys.stdout.write(shape.head())
    async with aclosing(found) as outcomes:
        async for outcome in outcomes:
            sys.stdout.write(shape.lines(outcome))
            if not isinstance(outcome.found, Recognition):
                _report(outcome.name, reason(outcome.found))
            tally.count(failed=not isinstance(outcome.found, Recognition))


def _report(name: str, why: str) -> None:
    print(f"{printable(name)}: {why}", file=sys.stderr)
