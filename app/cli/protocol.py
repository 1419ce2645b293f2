"""HTTP/1.1 as Uvicorn speaks it, with a problem document for what is not HTTP at all."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.context import SECURITY_HEADERS
from app.api.problems import MALFORMED_REQUEST, problem, problem_response
from app.api.request_id import HEADER, begin_request

_log = structlog.get_logger(__name__)


class ProblemProtocol(HttpToolsProtocol):
    """One connection. What its parser refuses never reaches the application, and so none of its error handlers."""

    def send_400_response(self, msg: str) -> None:
        """Answer with a problem document, and close the connection.

        A whole request that came before it gets its answer first, and is the last of the connection.
        """
        under_way = self.cycle is not None and not self.cycle.response_complete
        if under_way and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if not (under_way and self.cycle.response_started):
            self.transport.write(self._refusal())
        self.transport.close()

    def _refusal(self) -> bytes:
        identity = begin_request(None)
        _log.info("malformed request", request_id=identity)
        detail = (
            "What was sent cannot be read as an HTTP/1.1 request: its first line, a header or a chunk is malformed."
        )
        response = problem_response(problem(MALFORMED_REQUEST, detail))
        headers = [
            *self.server_state.default_headers,
            *response.raw_headers,
            (HEADER.lower().encode(), identity.encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            *SECURITY_HEADERS,
        ]
        status = HTTPStatus.BAD_REQUEST
        return (
            b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode())
            + b"".join(b"%s: %s\r\n" % header for header in headers)
            + b"\r\n"
            + bytes(response.body)
        )
