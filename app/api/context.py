"""What surrounds every request: its id, log line and count, its security headers, the last net under a defect."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.paths import route_path
from app.api.problems import DEFECT, INTERNAL_ERROR, problem, problem_response
from app.api.request_id import HEADER, begin_request
from app.telemetry import OTHER, Metrics

#: What the log and the metrics say of a request without an answer, after nginx's code for it.
CLIENT_GONE = 499

#: Where a response brings none of its own. Pages have a wider policy; an API's answer is nothing that a browser should
#: run, frame or guess about.
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

NO_STORE = (b"cache-control", b"no-store")
REQUEST_ID = HEADER.lower().encode()


class RequestContext:
    """Outermost middleware: gives each request its id and its log line, and turns a defect into a plain 500."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics | None = None,
        paths: Collection[str] = (),
        annotate: Callable[[Mapping[str, object]], None] | None = None,
    ) -> None:
        """Wrap an application.

        Args:
            app: what is wrapped.
            metrics: count every request.
            paths: of the calls, under which a request is counted that was refused before it was routed.
            annotate: is told what the log line tells, for the request's trace.
        """
        self._app = app
        self._paths = frozenset(paths)
        self._annotate = annotate
        self._metrics = metrics
        # Bound once: a logger that looks up how logs are written at every line takes a quarter longer.
        self._log = structlog.get_logger("inkling.access").bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = begin_request(Headers(scope=scope).get(HEADER))
        identity = record.request_id
        began = time.perf_counter()
        ended = 0.0
        status = 0
        # Noted now: a mounted application may change them on its way.
        method, path, known = scope["method"], scope["path"], route_path(scope)
        if method == "HEAD":
            # Answered as GET is. The body stays behind: whoever speaks HTTP for us sends none to a HEAD.
            scope = {**scope, "method": "GET"}

        async def send_with_headers(message: Message) -> None:
            nonlocal ended, status
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = list(message.get("headers", ()))
                present = {name for name, _ in sent}
                # Answers are private to who asked, and an error may be over a moment later.
                private = method == "POST" or status >= 400
                added = (*SECURITY_HEADERS, NO_STORE) if private else SECURITY_HEADERS
                sent += [pair for pair in added if pair[0] not in present]
                message = {**message, "headers": [*sent, (REQUEST_ID, identity.encode())]}
                if self._annotate:  # now, since the span ends with the last byte of the answer
                    self._annotate({"request_id": identity, **record.fields()})
            await send(message)
            if message.get("body"):
                ended = time.perf_counter()

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            self._log.exception("defect", method=method, path=path)
            if status:  # the answer is under way; breaking the connection is the only honest end
                raise
            await problem_response(problem(INTERNAL_ERROR, DEFECT))(scope, receive, send_with_headers)
        finally:
            # To the last byte: what is done afterwards, such as throwing a refused upload away, keeps nobody waiting.
            took = (ended or time.perf_counter()) - began
            status = status or CLIENT_GONE
            if self._metrics:
                # A template or one of a few paths, never what a client made up.
                route = getattr(scope.get("route"), "path", None) or (known if known in self._paths else OTHER)
                self._metrics.requested(route, method, status, took, record)
            self._log.info(
                "request", method=method, path=path, status=status, milliseconds=round(took * 1e3, 2), **record.fields()
            )
