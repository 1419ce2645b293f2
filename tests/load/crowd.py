"""Clients in threads that send without a pause, while something happens to the service."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from tests.load.generator import Load, Tally
from tests.load.sample import REQUEST

CLIENTS = 4
WAIT_SECONDS = 60
END = b"\r\n\r\n"
HEAD, BODY = REQUEST.split(END, 1)
ASKING = HEAD + b"\r\nConnection: close\r\nExpect: 100-continue" + END


class Crowd:
    """What clients have been answered so far, for those who wait for more."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._answered = threading.Condition()
        self._answers = 0

    def count(self) -> None:
        """Note an answer."""
        with self._answered:
            self._answers += 1
            self._answered.notify_all()

    def wait_for(self, more: int) -> None:
        """Block until so many more answers are there."""
        with self._answered:
            wanted = self._answers + more
            assert self._answered.wait_for(lambda: self._answers >= wanted, timeout=WAIT_SECONDS)


Found = TypeVar("Found")


@contextmanager
def crowd_of(send: Callable[[Crowd], Found], clients: int = CLIENTS) -> Iterator[tuple[Crowd, list[Future[Found]]]]:
    """Run clients until the block has ended, and tell them so with `over`."""
    crowd = Crowd()
    with ThreadPoolExecutor(clients) as pool:
        try:
            yield crowd, [pool.submit(send, crowd) for _ in range(clients)]
        finally:
            crowd.over.set()


def asking_first(port: int) -> Callable[[Crowd], list[str]]:
    """Return a client that sends until it is not let in any more, and returns every answer; "" for a lost one.

    It asks with `Expect: 100-continue`, and is told to go on by the application itself: from then on its request has
    been accepted beyond doubt, whatever happens to the service meanwhile.
    """

    def send(crowd: Crowd) -> list[str]:
        answers = []
        while link := _accepted(port):
            with link:
                answers.append(_answer(link))
            crowd.count()
        return answers

    return send


def _accepted(port: int) -> socket.socket | None:
    """Return a connection whose request the service has accepted and whose body it waits for; None once it does not."""
    try:
        link = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
    except OSError:
        return None
    try:
        link.sendall(ASKING)
        if link.recv(100).startswith(b"HTTP/1.1 100"):
            return link
    except OSError:
        pass
    link.close()
    return None


def _answer(link: socket.socket) -> str:
    try:
        link.sendall(BODY)
        with link.makefile("rb") as reply:
            return reply.read().decode()
    except OSError:
        return ""


@contextmanager
def load_beside(load: Load) -> Iterator[Future[Tally]]:
    """Run a load beside the block, which has to bring about its end."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(load.run)
