"""Progress, told on standard error, so that standard output holds results alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

STDERR = Console(stderr=True)

T = TypeVar("T")


def progress() -> Progress:
    """Return a bar that tells how much is done and how long the rest will take."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=STDERR
    )


def byte_progress() -> Progress:
    """Return a bar that tells how many bytes have come, and how fast."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=STDERR,
    )


def tracked(items: Iterable[T], description: str, *, total: int) -> Iterator[T]:
    """Yield items, with a bar that moves with them."""
    with progress() as bar:
        yield from bar.track(items, total=total, description=description)
