"""Who gets in: nothing new while draining, nobody without a key, no more bytes than the service is set to take."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import keys
from app.api.paths import route_path
from app.api.problems import (
    MALFORMED_UPLOAD,
    UNAUTHORISED,
    UPLOAD_TOO_LARGE,
    Problem,
    problem,
    problem_of,
    problem_response,
)
from app.api.upload import FORM_OVERHEAD_BYTES, Upload, UploadRefused
from app.inference import InferenceError, Overloaded
from app.telemetry import current_record

#: A client that still sends when it is refused would see its connection reset and might never read why, so after the
#: answer this much more is read and thrown away, for at most so long.
DISCARD_BYTES = 64 * 2**20
DISCARD_SECONDS = 10.0
#: Calls that take files, and the form that has none: Starlette would take it apart byte by byte, on the event loop.
WITH_FILES = "/predict/"
FIELDS = "application/x-www-form-urlencoded"


class Admission:
    """Middleware that answers before a body is read where that can be told, and stops reading at a limit."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_upload_bytes: int,
        max_batch_bytes: int,
        max_pending_bytes: int,
        upload_seconds: float,
        check_open: Callable[[], None],
        opened_by: keys.Keys | None = None,
    ) -> None:
        """Wrap an application.

        Args:
            app: what is wrapped.
            max_upload_bytes: of a body that is not a batch, without the form around it.
            max_batch_bytes: of a body sent to a path that ends in /batch.
            max_pending_bytes: of all bodies that are held, each from its first byte to its answer.
            upload_seconds: for a body to arrive.
            check_open: raises InferenceError while no new work is taken.
            opened_by: keys, one of which guarded calls must bring; none for no such check.
        """
        self._app = app
        self._max_upload_bytes = max_upload_bytes
        self._max_batch_bytes = max_batch_bytes
        self._max_pending_bytes = max_pending_bytes
        self._upload_seconds = upload_seconds
        #: Bytes of bodies that have come and are not answered.
        self._held = 0
        self._check_open = check_open
        self._keys = opened_by or keys.Keys()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "POST":
            await self._admit(scope, receive, send)
        elif self._lacks_key(scope, Headers(scope=scope)):
            await problem_response(_unauthorised())(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _lacks_key(self, scope: Scope, headers: Headers) -> bool:
        return not self._keys.admit(route_path(scope), headers)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._max_batch_bytes if scope["path"].endswith("/batch") else self._max_upload_bytes
        headers = Headers(scope=scope)
        declared = headers.get("Content-Length", "0")
        try:
            self._check_open()
        except InferenceError as error:
            await _refuse(problem_of(error), scope, receive, send)
            return
        if self._lacks_key(scope, headers):
            await _refuse(_unauthorised(), scope, receive, send)
            return
        if headers.get("Content-Type", "").lower().startswith(FIELDS) and route_path(scope).startswith(WITH_FILES):
            part = "files" if scope["path"].endswith("/batch") else "file"
            detail = f"Send multipart/form-data with the image file in a part named '{part}' (curl: -F {part}=@NAME)."
            await _refuse(problem(MALFORMED_UPLOAD, detail), scope, receive, send)
            return
        if not declared.isdecimal():
            await _refuse(problem(MALFORMED_UPLOAD, "Content-Length is not a number."), scope, receive, send)
            return
        if int(declared) > limit + FORM_OVERHEAD_BYTES:
            detail = f"The upload is larger than {limit} bytes."
            await _refuse(problem(UPLOAD_TOO_LARGE, detail), scope, receive, send)
            return
        try:
            self._check_room(int(declared))
        except InferenceError as error:
            await _refuse(problem_of(error), scope, receive, send)
            return
        await self._serve(scope, receive, send, limit)

    def _check_room(self, size: int) -> None:
        if self._held + size > self._max_pending_bytes:
            raise Overloaded("The service holds as many uploads as it takes. Try again in a moment.")

    def _hold(self, size: int) -> None:
        # What has come and not what was announced: an announcement costs nothing, and would keep others out.
        self._check_room(size)
        self._held += size

    async def _serve(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        request = asyncio.current_task()
        assert request is not None
        earlier = request.cancelling()
        upload = Upload(receive, send, limit=limit, seconds=self._upload_seconds, hold=self._hold)
        try:
            await self._app(scope, upload.receive, upload.send)
        except UploadRefused:
            pass
        except asyncio.CancelledError:
            # Somebody else, such as a server that stops, may have cancelled it as well.
            if not upload.cancelled or request.cancelling() > earlier + 1:
                raise
        finally:
            upload.close()
            self._held -= upload.held
        if upload.cancelled:
            request.uncancel()
        if upload.gone:
            current_record().refusal = None  # FastAPI has noted a broken form
        elif upload.problem:
            await _refuse(upload.problem, scope, receive if upload.more else _nothing, send)


def _unauthorised() -> Problem:
    return problem(UNAUTHORISED, keys.NEEDED)


async def _refuse(document: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once, then let a client that has not looked yet send on for a while."""
    response = problem_response(document, {"Connection": "close"})
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    # Who has asked whether to send a body at all has his answer.
    if Headers(scope=scope).get("Expect", "").lower() != "100-continue":
        await _discard(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _discard(receive: Receive) -> None:
    thrown, more = 0, True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_SECONDS):
            while more and thrown < DISCARD_BYTES:
                message = await receive()
                thrown += len(message.get("body", b""))
                more = message.get("more_body", False)


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
