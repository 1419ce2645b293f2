"""What the requests of one event loop have done together: short work, and the answers that other threads have for them.

Work of a fraction of a millisecond is over before a thread has taken it. It goes fastest one after the other, not
between all that else happens to a request, and a loop that is woken for every answer spends more on waking than on
answering.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, TypeVar

#: How long short work may go on before the loop's other business has its turn.
TURN_SECONDS = 0.003

Result = TypeVar("Result")


@dataclass(eq=False)
class _Series(Generic[Result]):
    left: deque[Callable[[], Result]]
    done: asyncio.Future[list[Result]]
    results: list[Result] = field(default_factory=list)


class Turns:
    """The turns of one event loop, the one that is running when they are made. Not for use from other threads."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._singles: deque[_Series[Any]] = deque()
        self._longer: deque[_Series[Any]] = deque()
        self._lock = Lock()
        #: Of those whose answers have come since the loop was last told.
        self._answered: list[asyncio.Future[None]] = []

    def of_running_loop(self) -> bool:
        """Tell whether the loop that runs now is theirs."""
        return asyncio.get_running_loop() is self._loop

    async def do(self, work: Sequence[Callable[[], Result]]) -> list[Result]:
        """Do a series of short work, and return what each has returned.

        Longer series are done in the order they came, so that the first is done while others go on, and in turn with
        single pieces, so that neither waits for all of the other.

        Raises:
            Exception: whatever a piece raises; what is left of its series is not done.
        """
        if not work:
            return []
        series = _Series(deque(work), self._loop.create_future())
        if not (self._singles or self._longer):
            self._loop.call_soon(self._take_turn)
        queue = self._singles if len(work) == 1 else self._longer
        queue.append(series)
        try:
            return await series.done
        finally:
            if series in queue:  # cancelled
                queue.remove(series)

    async def result_of(self, pending: Future[Result]) -> Result:
        """Return the result of a future of another thread; cancelling this cancels it.

        Raises:
            Exception: the future's.
        """
        answered = self._loop.create_future()
        pending.add_done_callback(lambda _: self._tell(answered))
        try:
            await answered
        except asyncio.CancelledError:
            pending.cancel()
            raise
        return pending.result()

    def _take_turn(self) -> None:
        until = time.monotonic() + TURN_SECONDS
        while (self._singles or self._longer) and time.monotonic() < until:
            for queue in (self._singles, self._longer):
                if queue:
                    _do_next(queue)
        if self._singles or self._longer:
            self._loop.call_soon(self._take_turn)

    def _tell(self, answered: asyncio.Future[None]) -> None:
        """Have the loop told of an answer. Called on any thread."""
        with self._lock:
            self._answered.append(answered)
            if len(self._answered) > 1:
                return  # it is about to be
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        with self._lock:
            told, self._answered = self._answered, []
        for answered in told:
            if not answered.done():
                answered.set_result(None)


def _do_next(queue: deque[_Series[Any]]) -> None:
    """Do the next piece of a queue's first series."""
    series = queue[0]
    try:
        if not series.done.done():
            series.results.append(series.left.popleft()())
    except Exception as error:
        series.done.set_exception(error)
    if not series.left and not series.done.done():
        series.done.set_result(series.results)
    if series.done.done():
        queue.popleft()
