"""Ports of this machine that nobody listens on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def closed_port() -> Iterator[int]:
    """Return a port that nobody listens on, and that nobody else is given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def free_ports(count: int) -> list[int]:
    """Return so many ports, no two alike, for programs that cannot choose one themselves and say which.

    Somebody else may have one by the time that it is asked for: programs that can choose should do so.
    """
    with ExitStack() as held:
        return [held.enter_context(closed_port()) for _ in range(count)]
