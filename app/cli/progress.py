"""How far a long run is: a bar while it lasts, one line in the end. Both on standard error."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Tally:
    """Counts files, with a progress bar where standard error is a terminal."""

    def __init__(self, total: int) -> None:
        """Begin to count.

        Args:
            total: files there are; one alone has no bar and no summary.
        """
        self.total = total
        self.failures = 0
        self._done = 0
        self._began = time.monotonic()
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("recognising"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=total < 2 or not console.is_terminal,
            # Answers go above the bar on a terminal, and into a pipe or a file untouched.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._task = self._bar.add_task("recognising", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def count(self, *, failed: bool) -> None:
        """Note that one more file has been dealt with."""
        self._done += 1
        self.failures += failed
        self._bar.advance(self._task)

    def summary(self) -> str:
        """Return the run in one line."""
        seconds = time.monotonic() - self._began
        read = self._done - self.failures
        rate = f", {self._done / seconds:,.0f} a second" if self._done else ""
        failed = f"; {self.failures:,} could not be" if self.failures else ""
        return f"{read:,} of {self.total:,} files recognised in {seconds:.1f} s{rate}{failed}."
