"""One request's body on its way in: counted, timed, and watched until its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Message, Receive, Send

from app.api.problems import UPLOAD_TIMEOUT, UPLOAD_TOO_LARGE, Problem, problem, problem_of
from app.inference import InferenceError

#: Form boundaries and part headers around the files.
FORM_OVERHEAD_BYTES = 64 * 1024
#: Whether the client still sends, or has left, is looked at once a request has taken so long; most are answered before,
#: also under load.
WATCHED_SECONDS = 0.1


class UploadRefused(Exception):
    """The body is not read any further."""


class Upload:
    """Stands between a client and the application: `receive` and `send` take the place of the server's own.

    It is made by the task of the request.

    A body that takes too long has the request cancelled. So has, soon after the body has come whole, a client that goes
    away before its answer begins, so that nothing more is decoded or recognised for it.
    """

    def __init__(
        self, receive: Receive, send: Send, *, limit: int, seconds: float, hold: Callable[[int], None]
    ) -> None:
        """Take over.

        Args:
            receive: the server's.
            send: the server's.
            limit: bytes of the files, without the form around them.
            seconds: for the whole body.
            hold: counts so many bytes as held, or raises InferenceError where there is no room for them.
        """
        request = asyncio.current_task()
        assert request is not None
        self._request = request
        self._receive = receive
        self._send = send
        self._limit = limit
        self._seconds = seconds
        self._until = asyncio.get_running_loop().time() + seconds
        self._hold = hold
        self._answering = False
        self._watch: asyncio.Task[None] | None = None
        #: One for a request that is answered soon, and not one for each thing that it may wait for: a timer takes a
        #: hundredth of its time.
        self._alarm: asyncio.TimerHandle | None = None
        self._slow = False
        #: How many bytes count as held.
        self.held = 0
        #: Whether more of the body may come.
        self.more = True
        #: Whether the client went away before its answer began.
        self.gone = False
        #: What is wrong with the body.
        self.problem: Problem | None = None
        #: Whether the request was cancelled here.
        self.cancelled = False

    async def receive(self) -> Message:
        """Return the next part of the body.

        Raises:
            UploadRefused: it is too large, or there is no room for it, and `problem` says which; or the client has
                gone.
            CancelledError: it is too slow, as `problem` says.
        """
        if self._alarm is None:
            wait = min(WATCHED_SECONDS, self._seconds)
            self._alarm = asyncio.get_running_loop().call_later(wait, self._look)
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.gone = not self._answering
            raise UploadRefused
        size = len(message.get("body", b""))
        self.more = message.get("more_body", False)
        if self.held + size > self._limit + FORM_OVERHEAD_BYTES:
            self.problem = problem(UPLOAD_TOO_LARGE, f"The upload is larger than {self._limit} bytes.")
            raise UploadRefused
        try:
            self._hold(size)
        except InferenceError as error:
            self.problem = problem_of(error)
            raise UploadRefused from error
        self.held += size
        if not self.more and self._slow and self._watch is None:
            self._alarm.cancel()
            self._begin_watch()
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer, unless the body did not come: FastAPI takes that for a broken form."""
        self._answering = True
        if self.problem is None and not self.gone:
            await self._send(message)

    def close(self) -> None:
        """Stop watching."""
        if self._alarm:
            self._alarm.cancel()
        if self._watch:
            self._watch.cancel()

    def _look(self) -> None:
        """See what a request that is not answered yet waits for: the rest of its body, or its answer."""
        self._slow = True
        if self.more:
            self._alarm = asyncio.get_running_loop().call_at(self._until, self._give_up)
        else:
            self._begin_watch()

    def _give_up(self) -> None:
        if self._answering:
            return  # without the rest of it
        detail = f"The upload did not arrive whole within {self._seconds:g} seconds."
        self.problem = problem(UPLOAD_TIMEOUT, detail)
        self._cancel()

    def _begin_watch(self) -> None:
        self._watch = asyncio.create_task(self._cancel_once_gone())

    def _cancel(self) -> None:
        if not self.cancelled:
            self.cancelled = True
            self._request.cancel()

    async def _cancel_once_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._answering:
            self.gone = True
            self._cancel()
