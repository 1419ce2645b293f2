"""The common recognition, files and no options, past the router and FastAPI's machinery for parameters.

Routing, solving parameters and reading the form in pieces took half of the time of a request that needs none of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.form import boundary_of, files_of
from app.api.paths import route_path
from app.api.problems import EXPECTED, response_to

#: Bodies of at most so many bytes are put together where they come in pieces: a batch of tiny images has about a tenth
#: of that. What the form of a larger one takes to read is little beside its pictures.
PUT_TOGETHER_BYTES = 2**18


@dataclass(frozen=True)
class Call:
    """A call that is answered here.

    part: name of the form's parts that hold files.
    most: files that it takes.
    answer: makes the answer's JSON of the bytes of each file where no parameter is given.
    """

    part: str
    most: int
    answer: Callable[[list[bytes]], Awaitable[bytes]]


class Direct:
    """Middleware, the innermost: answers a form of files and nothing else itself, and leaves others to the router.

    What the router depends on is not asked on this way: keys are the business of `app.api.admission`.
    """

    def __init__(self, app: ASGIApp, *, calls: Mapping[str, Call]) -> None:
        """Wrap an application.

        Args:
            app: what is wrapped.
            calls: by path, those that are answered here.
        """
        self._app = app
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._calls.get(route_path(scope)) if scope["type"] == "http" and scope["method"] == "POST" else None
        boundary = None if call is None or scope["query_string"] else _boundary(scope)
        if call is None or boundary is None:
            await self._app(scope, receive, send)
            return
        messages = await _received(receive, b"--" + boundary)
        files = _files(messages[0], boundary, call.part)
        if files is None or len(files) > call.most:
            await self._app(scope, _again(messages, receive), send)
            return
        messages.clear()  # of which the files are copies
        try:
            found = await call.answer(files)
        except EXPECTED as error:
            await response_to(error)(scope, receive, send)
        else:
            await _send_json(found, send)


async def _received(receive: Receive, delimiter: bytes) -> list[Message]:
    """Return the pieces of a body as one message, and what came in place of the rest where the client has left.

    All of them, unless they are too much to be put together or begin as no form does.
    """
    message = await receive()
    if not message.get("more_body", False):
        return [message]
    body = bytearray(message.get("body", b""))
    while (
        (more := message.get("more_body", False))
        and len(body) <= PUT_TOGETHER_BYTES
        and delimiter.startswith(body[: len(delimiter)])
    ):
        message = await receive()
        body += message.get("body", b"")
    left = message["type"] != "http.request"
    together: Message = {"type": "http.request", "body": bytes(body), "more_body": more or left}
    return [together, message] if left else [together]


async def _send_json(body: bytes, send: Send) -> None:
    """Send an answer as Starlette's response does, without making one."""
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": int(HTTPStatus.OK), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _files(message: Message, boundary: bytes, part: str) -> list[bytes] | None:
    """Return the files in a message that is the whole body of a form; None where it is not."""
    if message["type"] != "http.request" or message.get("more_body", False):
        return None
    return files_of(message.get("body", b""), boundary, part)


def _boundary(scope: Scope) -> bytes | None:
    values = [value for name, value in scope["headers"] if name == b"content-type"]
    return boundary_of(values[0]) if len(values) == 1 else None


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that begins with messages that have been received, and takes them out of their list."""

    async def receive_again() -> Message:
        return messages.pop(0) if messages else await receive()

    return receive_again
