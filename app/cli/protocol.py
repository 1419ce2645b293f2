"""HTTP/1.1 as Uvicorn speaks it, with a problem document for what is not HTTP at all."""

from __future__ import annotations

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.context import SECURITY_HEADERS
from app.api.problems import MALFORMED_REQUEST, problem, problem_response
from app.api.request_id import HEADER, begin_request


class ProblemProtocol(HttpToolsProtocol):
    """One connection. What its parser refuses never reaches the application, and so none of its error handlers."""

    def send_400_response(self, msg: str) -> None:
        """Answer with a problem document, and close the connection."""
        identity = begin_request(None)
        detail = (
            "What was sent cannot be read as an HTTP/1.1 request: its first line, a header or a chunk is malformed."
        )
        response = problem_response(problem(MALFORMED_REQUEST, detail))
        headers = [
            *response.raw_headers,
            (HEADER.lower().encode(), identity.encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            *SECURITY_HEADERS,
        ]
        status = HTTPStatus.BAD_REQUEST
        self.transport.write(
            b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode())
            + b"".join(b"%s: %s\r\n" % header for header in headers)
            + b"\r\n"
            + bytes(response.body)
        )
        self.transport.close()
