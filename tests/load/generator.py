"""A load generator that accounts for every request: what it was answered, how late, or how it was lost.

On httptools and uvloop, which the service itself stands on: both share two CPU cores, and what the generator takes the
service lacks. A client for people, such as httpx, takes more of a core than the service does.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools
import numpy as np
import uvloop

#: Beyond this a request counts as lost.
ANSWER_SECONDS = 60.0
BOUNDARY = "inkling-load"
ODD_KEPT = 5


@dataclass
class Tally:
    """What became of the requests of one run.

    statuses: how many answers had which HTTP status.
    latencies: of the answers of status 200, in seconds from the last byte sent to the last received.
    lost: requests that were sent whole and never answered.
    refused: connections that the service did not take.
    odd: bodies of answers with an unexpected status, the first few.
    seconds: how long the run took.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    lost: int = 0
    refused: int = 0
    odd: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def answered(self) -> int:
        """How many answers of status 200 came."""
        return self.statuses[200]

    @property
    def rate(self) -> float:
        """Answers of status 200 a second."""
        return self.answered / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency in milliseconds that this percentage of the answers did not exceed."""
        return round(float(np.percentile(self.latencies, share)) * 1e3, 2) if self.latencies else float("nan")

    @property
    def complete(self) -> bool:
        """Whether every request has its answer, and every connection was taken."""
        return not self.lost and not self.refused

    @property
    def all_served(self) -> bool:
        """Whether every request was answered with status 200, at least one, and every connection was taken."""
        return self.complete and self.statuses.keys() == {200}

    def report(self) -> dict[str, object]:
        """Return the figures for a JSON report."""
        return {
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "requests without an answer": self.lost,
            "connections refused": self.refused,
            "answers a second": round(self.rate, 1),
            "p50, ms": self.percentile(50),
            "p99, ms": self.percentile(99),
        } | ({"odd answers": self.odd} if self.odd else {})


def upload(path: str, *images: bytes, part: str = "file") -> bytes:
    """Return a whole HTTP request that uploads images as a form."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part}"; filename="a"\r\n\r\n'.encode()
    body = b"".join(head + image + b"\r\n" for image in images) + f"--{BOUNDARY}--\r\n".encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class Connection(asyncio.Protocol):
    """One kept-alive connection with one request under way at a time."""

    def __init__(self) -> None:
        self.open = False
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes] | None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.open, self._transport = True, cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._settle(None)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:  # not an interim answer such as 100
            if not self._parser.should_keep_alive():
                self.close()
            self._settle((status, self._body))

    async def exchange(self, request: bytes) -> tuple[int, bytes] | None:
        """Send a request; return status and body, or None where the connection ended instead."""
        assert self._transport
        self._body = b""
        self._parser = httptools.HttpResponseParser(self)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        alarm = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._settle, None)
        try:
            return await self._answer
        finally:
            alarm.cancel()

    def close(self) -> None:
        """End the connection."""
        self.open = False
        if self._transport:
            self._transport.close()

    def _settle(self, outcome: tuple[int, bytes] | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(outcome)


@dataclass(frozen=True)
class Load:
    """Requests that are sent over and over.

    url: of the service; only host and port count.
    uploads: the bytes of whole requests, which take turns.
    connections: how many send at once; each waits for its answer before it sends again.
    requests: end after so many; None for no end.
    seconds: begin none after so long; None for no end.
    rate: requests to begin a second, over all connections. Those for which no connection is free begin late, and the
        schedule does not wait for them. None for as many as are answered.
    over: begin none once it is set.
    expected: statuses whose bodies are not kept as odd.
    heard: is told status and body of every answer, in the thread that runs the load.
    """

    url: str
    uploads: Sequence[bytes]
    connections: int
    requests: int | None = None
    seconds: float | None = None
    rate: float | None = None
    over: threading.Event = field(default_factory=threading.Event)
    expected: frozenset[int] = frozenset({200})
    heard: Callable[[int, bytes], object] = lambda status, body: None

    def run(self) -> Tally:
        """Send until the end, or until the service takes no more connections."""
        return uvloop.run(self._run())

    async def _run(self) -> Tally:
        loop = asyncio.get_running_loop()
        tally, began = Tally(), loop.time()
        schedule = self._schedule(began)
        await asyncio.gather(*(self._client(tally, schedule) for _ in range(self.connections)))
        tally.seconds = loop.time() - began
        return tally

    def _schedule(self, began: float) -> Iterator[tuple[float, bytes]]:
        """Yield when each request is due to begin, on the loop's clock, and its bytes."""
        loop, number = asyncio.get_running_loop(), 0
        end = began + self.seconds if self.seconds is not None else float("inf")
        while self.requests is None or number < self.requests:
            due = began + number / self.rate if self.rate else began
            if self.over.is_set() or max(due, loop.time()) >= end:
                return
            yield due, self.uploads[number % len(self.uploads)]
            number += 1

    async def _client(self, tally: Tally, schedule: Iterator[tuple[float, bytes]]) -> None:
        loop, link = asyncio.get_running_loop(), Connection()
        host, port = urlsplit(self.url).hostname, urlsplit(self.url).port
        for due, request in schedule:
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            try:
                if not link.open:
                    _, link = await loop.create_connection(Connection, host, port)
            except OSError:
                tally.refused += 1
                return
            sent = time.perf_counter()
            outcome = await link.exchange(request)
            if outcome is None:
                tally.lost += 1
                link.close()
                continue
            status, body = outcome
            tally.statuses[status] += 1
            if status == 200:
                tally.latencies.append(time.perf_counter() - sent)
            if status not in self.expected and len(tally.odd) < ODD_KEPT:
                tally.odd.append(body.decode(errors="replace"))
            self.heard(status, body)
        link.close()
