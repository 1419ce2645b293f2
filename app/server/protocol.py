"""HTTP/1.1 as Uvicorn speaks it, with a problem document for what is not HTTP at all."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import httptools
import structlog
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.context import SECURITY_HEADERS
from app.api.problems import MALFORMED_REQUEST, problem, problem_response
from app.api.request_id import HEADER, begin_request
from app.server.transport import JoiningTransport

#: Most bytes in a row that neither end a head nor bring part of a body: of heads, trailers and chunk extensions. The
#: parser keeps them all, and copies a header for every piece of it that arrives.
MAX_HEAD_BYTES = 64 * 1024
#: Most bytes that the parser is given at a time, and requests it has read ahead of their answers where it gets no more:
#: each may be of a few bytes and takes hundreds of times the memory. What else has come waits as it came.
FED_BYTES = 4096
#: The same in the middle of a body, whose pieces are joined again.
FED_BODY_BYTES = 16_384
MOST_AHEAD = 64

_log = structlog.get_logger(__name__)


class ProblemProtocol(HttpToolsProtocol):
    """One connection. What is refused here never reaches the application, and so none of its error handlers."""

    transport: JoiningTransport
    _head_bytes = 0
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = JoiningTransport(transport, self.loop)
        #: What has come and has not been given to the parser.
        self._unread = bytearray()

    def eof_received(self) -> None:
        # The event loop closes its own transport now, which knows nothing of what is held here.
        self.transport.flush()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._unread:
            self._unread += data
        else:
            self._read(data)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._unread and len(self.pipeline) < MOST_AHEAD // 2:
            self._unset_keepalive_if_required()
            unread, self._unread = self._unread, bytearray()
            self._read(bytes(unread))

    def _read(self, data: bytes) -> None:
        """Give the parser what has come, as long as it is not too far ahead."""
        place = 0
        while place < len(data):
            if self._refused or self.transport.is_closing():
                return  # it ends with the answers to what came before
            if len(self.pipeline) >= MOST_AHEAD:
                self._unread += data[place:]
                self.flow.pause_reading()
                return
            in_body = self.cycle is not None and self.cycle.more_body
            end = place + (FED_BODY_BYTES if in_body else FED_BYTES)
            self._feed(data[place:end])
            place = end

    def _feed(self, data: bytes) -> None:
        self._head_bytes += len(data)
        try:
            while data:
                data = self._after_offer(data)
        except httptools.HttpParserError:
            self.send_400_response("")
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            self.send_400_response("")

    def _after_offer(self, data: bytes) -> bytes:
        """Give the parser some bytes; return those after a head that offers another protocol, which is not taken.

        The parser would pass over the body of such a request and take it for the next one. It gets the head once more
        without the offer, as if it had not been made (RFC 9110, 7.8): Java's client and `curl --http2` offer HTTP/2.

        Raises:
            HttpParserError: it is no HTTP, or asks for a tunnel.
        """
        offered = self.parser
        try:
            offered.feed_data(data)
        except httptools.HttpParserUpgrade as stop:
            if offered.get_method() == b"CONNECT":
                raise httptools.HttpParserInvalidMethodError("This is no proxy.") from None
            head = [b"%s %s HTTP/%s" % (offered.get_method(), self.url, offered.get_http_version().encode())]
            head += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.feed_data(b"\r\n".join([*head, b"", b""]))
            return data[stop.args[0] :]
        return b""

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what was sent with a problem document in its turn, and let the connection end.

        A whole request that came before it gets its answer first. Where the answer to a request whose body is malformed
        has begun, breaking the connection is the only honest end.
        """
        self._refused = True
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            self._refuse_now()
        elif not cycle.more_body:
            cycle.keep_alive = False
        elif self.pipeline:  # the malformed request waits for those before it
            cycle.keep_alive = False
            self.pipeline[0] = (cycle, _refuse)  # type: ignore[assignment]  # Uvicorn has ASGI types of its own
        elif cycle.response_started:
            self.transport.close()
        else:
            self._refuse_now()

    def _refuse_now(self) -> None:
        response = _refusal()
        headers = [*self.server_state.default_headers, *response.raw_headers, (b"connection", b"close")]
        status = HTTPStatus.BAD_REQUEST
        self.transport.write(
            b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode())
            + b"".join(b"%s: %s\r\n" % header for header in headers)
            + b"\r\n"
            + bytes(response.body)
        )
        self.transport.close()


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await _refusal()(scope, receive, send)


def _refusal() -> JSONResponse:
    """Return the problem document with the headers of all responses, and log it."""
    identity = begin_request(None).request_id
    _log.info("malformed request", request_id=identity)
    detail = (
        "What was sent cannot be read as an HTTP/1.1 request: "
        "its first line, a header or a chunk is malformed or too long."
    )
    response = problem_response(problem(MALFORMED_REQUEST, detail))
    response.headers[HEADER] = identity
    response.headers["Cache-Control"] = "no-store"
    response.raw_headers.extend(SECURITY_HEADERS)
    return response
