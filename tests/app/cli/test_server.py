from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from app.cli import server as module
from app.cli.server import Server
from app.main import create_app
from app.settings import Settings
from tests.models import MODELS

REQUEST = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A running server that looks at its connections at every tick."""
    monkeypatch.setattr(module, "SILENT_TICKS", 1)
    settings = Settings(models_dir=MODELS, runtime="litert", _env_file=None)
    server = Server(create_app(settings), settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.serve_on, args=[listener])
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()
    assert not server.failed


@pytest.mark.parametrize("sent", [b"", b"GET /livez HTT", b"POST /predict/digit HTTP/1.1\r\nHost: x\r\nX-Slow:"])
def test_a_connection_that_stalls_before_the_end_of_the_headers_is_closed(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        link.sendall(sent)
        assert link.recv(1) == b""


def test_so_is_one_that_stalls_in_its_second_request(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        link.sendall(REQUEST)
        assert link.recv(10_000).startswith(b"HTTP/1.1 200")
        link.sendall(REQUEST[:-2])
        while link.recv(10_000):
            pass


def test_who_sends_a_body_slowly_is_not_silent(port: int) -> None:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as slow,
        socket.create_connection(("127.0.0.1", port), timeout=60) as silent,
    ):
        slow.sendall(b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert silent.recv(1) == b""  # several looks later
        slow.sendall(b"abc")
        assert slow.recv(10_000).startswith(b"HTTP/1.1 ")


def test_who_would_rather_speak_websocket_is_answered_in_http(port: int) -> None:
    wish = (
        b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    )
    for path, status in (b"/livez", b"200"), (b"/predict/digit", b"405"):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
            link.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + wish + b"\r\n")
            answer = b"".join(iter(lambda link=link: link.recv(10_000), b""))
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert b"x-request-id:" in answer.lower()
