"""What surrounds every request: its id, its log line, and the last net under a defect."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import DEFECT, INTERNAL_ERROR, problem, problem_response
from app.api.request_id import HEADER, begin_request

_log = structlog.get_logger("inkling.access")


class RequestContext:
    """Outermost middleware: gives each request its id and its log line, and turns a defect into a plain 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = begin_request(Headers(scope=scope).get(HEADER))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=identity)
        began = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = identity
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            _log.exception("defect", method=scope["method"], path=scope["path"])
            if status:  # the answer is under way; breaking the connection is the only honest end
                raise
            await problem_response(problem(INTERNAL_ERROR, DEFECT))(scope, receive, send_with_id)
        finally:
            took = round((time.perf_counter() - began) * 1e3, 2)
            _log.info("request", method=scope["method"], path=scope["path"], status=status, milliseconds=took)
