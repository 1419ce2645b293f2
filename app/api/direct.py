"""The common recognition, one file and no options, past the router and FastAPI's machinery for parameters.

Routing, solving parameters and reading the form in pieces took half of the time of a request that needs none of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.form import boundary_of, single_file
from app.api.paths import route_path
from app.api.problems import EXPECTED, response_to

#: What an endpoint answers to the bytes of a file where no parameter is given, as JSON.
Call = Callable[[bytes], Awaitable[bytes]]


class Direct:
    """Middleware, the innermost: answers a form of one file and nothing else itself, and leaves others to the router.

    What the router depends on is not asked on this way: keys are the business of `app.api.admission`.
    """

    def __init__(self, app: ASGIApp, *, calls: Mapping[str, Call], part: str) -> None:
        """Wrap an application.

        Args:
            app: what is wrapped.
            calls: by path, those that are answered here.
            part: name of the form's part that holds the file.
        """
        self._app = app
        self._calls = calls
        self._part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._calls.get(route_path(scope)) if scope["type"] == "http" and scope["method"] == "POST" else None
        boundary = None if call is None or scope["query_string"] else _boundary(scope)
        if call is None or boundary is None:
            await self._app(scope, receive, send)
            return
        message = await receive()
        # A larger body comes in pieces, and what its form takes to read is little beside its picture.
        whole = message["type"] == "http.request" and not message.get("more_body", False)
        file = single_file(message.get("body", b""), boundary, self._part) if whole else None
        if file is None:
            await self._app(scope, _again(message, receive), send)
            return
        try:
            found = await call(file)
        except EXPECTED as error:
            await response_to(error)(scope, receive, send)
        else:
            await _send_json(found, send)


async def _send_json(body: bytes, send: Send) -> None:
    """Send an answer as Starlette's response does, without making one."""
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": int(HTTPStatus.OK), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _boundary(scope: Scope) -> bytes | None:
    values = [value for name, value in scope["headers"] if name == b"content-type"]
    return boundary_of(values[0]) if len(values) == 1 else None


def _again(message: Message, receive: Receive) -> Receive:
    """Return a `receive` that begins with a message that has been received."""
    held = [message]

    async def receive_again() -> Message:
        return held.pop() if held else await receive()

    return receive_again
