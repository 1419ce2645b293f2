"""What commands print on: tables to standard output, and to standard error why a command has failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from app.artifacts import ArtifactError
from training import progress
from training.datasets import DatasetError
from training.fonts import FontsMissing
from training.onnx import OnnxMissing
from training.runs import RunError

CONSOLE = Console()


@contextmanager
def reported() -> Iterator[None]:
    """Decorate a command, so that what it cannot do is a sentence and exit code 1 instead of a traceback."""
    try:
        yield
    except (DatasetError, FontsMissing, RunError, ArtifactError, OnnxMissing) as error:
        progress.CONSOLE.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
