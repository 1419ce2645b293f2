"""What the requests of one event loop have done together: short work, and the answers that other threads have for them.

Work of a fraction of a millisecond is over before a thread has taken it. It goes fastest together with more of its
kind, not between all that else happens to a request, and a loop that is woken for every answer spends more on waking
than on answering.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

#: How long short work goes on before the loop's other business has its turn, but for the last step, which may end
#: later: about thirty pictures of a data set.
TURN_SECONDS = 0.003
#: The time until which is waited for what is late already.
LATE = -math.inf
#: How often it is looked whether what is waited for is late: a timer each would take a fiftieth of a request's time.
LATE_SECONDS = 0.05
#: Most pieces that are done together. With 32 connections there are seven on average.
TOGETHER = 8

Piece = TypeVar("Piece")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Series(Generic[Piece]):
    left: deque[Piece]
    done: asyncio.Future[None]


class Turns(Generic[Piece]):
    """The turns of one event loop, the one that is running when they are made. Not for use from other threads."""

    def __init__(self, work: Callable[[Sequence[Piece]], Iterator[None]]) -> None:
        """Begin with nothing to do.

        Args:
            work: does some pieces of short work together, a step every time that it is asked for the next. Should it
                raise, that ends the series of all of them.
        """
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._singles: deque[_Series[Piece]] = deque()
        self._longer: deque[_Series[Piece]] = deque()
        #: What is being done, and the series of each of its pieces.
        self._doing: Iterator[None] | None = None
        self._series: list[_Series[Piece]] = []
        self._scheduled = False
        self._called_soon: set[Callable[[], None]] = set()
        self._lock = Lock()
        #: Of those whose answers have come since the loop was last told.
        self._answered: list[asyncio.Future[None]] = []
        #: What is waited for, and until when, on the clock of `time.monotonic`.
        self._awaited: dict[asyncio.Future[None], float] = {}
        self._looking = False

    def of_running_loop(self) -> bool:
        """Tell whether the loop that runs now is theirs."""
        return asyncio.get_running_loop() is self._loop

    async def do(self, pieces: Sequence[Piece], until: float = math.inf) -> None:
        """Do a series of short work.

        Longer series are done in the order they came, so that a first one is on its way while the next are done, and in
        turn with single pieces, so that neither waits for all of the other. What is cancelled or late is not done.

        Args:
            pieces: of the series.
            until: when it is late, on the clock of `time.monotonic`, give or take `LATE_SECONDS`.

        Raises:
            TimeoutError: it is late.
            RuntimeError: a piece that was done together with one of them has failed; what is left is not done.
        """
        if pieces:
            series = _Series(deque(pieces), self._loop.create_future())
            (self._singles if len(pieces) == 1 else self._longer).append(series)
            self._schedule()
            await self._wait(series.done, until)

    async def result_of(self, pending: Future[Result], until: float = math.inf) -> Result:
        """Return the result of a future of another thread; cancelling this cancels it, and so does its being late.

        Args:
            pending: the future.
            until: as of `do`.

        Raises:
            TimeoutError: it is late.
            Exception: a copy of the future's.
        """
        if not pending.done():
            answered = self._loop.create_future()
            pending.add_done_callback(lambda _: self._tell(answered))
            try:
                await self._wait(answered, until)
            except (asyncio.CancelledError, TimeoutError):
                pending.cancel()
                raise
        if (error := pending.exception()) is not None:
            # Another one, since what is raised holds its callers, and they may hold the future that has this one.
            raise copy(error) from error.__cause__
        return pending.result()

    async def _wait(self, future: asyncio.Future[None], until: float) -> None:
        self._awaited[future] = until
        if not self._looking:
            self._looking = True
            self._loop.call_later(LATE_SECONDS, self._look)
        try:
            await future
        finally:
            late = self._awaited.pop(future) == LATE
        if late:
            raise TimeoutError

    def _look(self) -> None:
        """End the waiting for what is late."""
        now = time.monotonic()
        for future, until in self._awaited.items():
            if until <= now and not future.done():
                # An error that the future held would hold its waiters, and so itself.
                self._awaited[future] = LATE
                future.set_result(None)
        self._looking = bool(self._awaited)
        if self._looking:
            self._loop.call_later(LATE_SECONDS, self._look)

    def call_soon_once(self, function: Callable[[], None]) -> None:
        """Have a function called after what the loop already has to do, once however many ask for it until then."""
        if function not in self._called_soon:
            self._called_soon.add(function)
            self._loop.call_soon(self._call, function)

    def _call(self, function: Callable[[], None]) -> None:
        self._called_soon.discard(function)
        function()

    def _schedule(self) -> None:
        if not self._scheduled and (self._doing or self._singles or self._longer):
            self._scheduled = True
            self._loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._scheduled = False
        until = time.monotonic() + TURN_SECONDS
        try:
            while time.monotonic() < until and (self._doing or self._begin()):
                self._take_step()
        finally:
            self._schedule()

    def _begin(self) -> bool:
        """Begin with some pieces, of singles and of the first of the longer series in turn; False without any."""
        pieces: list[Piece] = []
        self._series = []
        for queue in itertools.cycle((self._singles, self._longer)):
            while queue and queue[0].done.done():  # cancelled, or ended by an error
                queue.popleft()
            if len(pieces) == TOGETHER or not (self._singles or self._longer):
                break
            if queue:
                series = queue[0]
                pieces.append(series.left.popleft())
                self._series.append(series)
                if not series.left:
                    queue.popleft()
        self._doing = self._work(pieces) if pieces else None
        return self._doing is not None

    def _take_step(self) -> None:
        assert self._doing is not None
        try:
            next(self._doing)
        except StopIteration:
            self._end(None)
        except Exception as error:
            self._end(error)

    def _end(self, error: Exception | None) -> None:
        """Tell the series of what has been done that it has, those of which nothing is left, or that it failed."""
        self._doing = None
        for series in self._series:
            if series.done.done():
                continue
            if error is not None:
                failure = RuntimeError("Short work has failed.")
                failure.__cause__ = error
                series.done.set_exception(failure)
            elif not series.left:
                series.done.set_result(None)

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
