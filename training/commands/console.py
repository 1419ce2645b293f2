"""What commands print on: tables to standard output, and to standard error why a command has failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from app.artifacts import ArtifactError
from training.datasets import DatasetError
from training.fonts import FontsMissing
from training.onnx import OnnxMissing
from training.progress import STDERR
from training.runs import RunError

STDOUT = Console()


@contextmanager
def reported() -> Iterator[None]:
    """Decorate a command, so that what it cannot do is a sentence and exit code 1 instead of a traceback."""
    try:
        yield
    except BrokenPipeError:
        raise  # who reads has had enough, as `head`; typer ends quietly
    except (DatasetError, FontsMissing, RunError, ArtifactError, OnnxMissing, OSError) as error:
        STDERR.print(_sentence(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _sentence(error: Exception) -> str:
    """Return what an error says; of the operating system's, which file it is about and why."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}."
    return str(error)
