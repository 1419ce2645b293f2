from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from app.inference import NotReady
from app.main import create_app
from app.server import server as module
from app.server.protocol import MAX_HEAD_BYTES
from app.server.server import Server
from app.settings import Settings
from tests.models import MODELS

REQUEST = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, int]]:
    """A running server that looks at its connections at every tick, and its port."""
    monkeypatch.setattr(module, "SILENT_TICKS", 1)
    settings = Settings(models_dir=MODELS, runtime="litert", _env_file=None)
    server = Server(create_app(settings), settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # So that the system takes little of an answer that its client does not.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        thread = threading.Thread(target=server.serve_on, args=[listener])
        thread.start()
        yield server, listener.getsockname()[1]
        server.should_exit = True
        thread.join()
    assert not server.failed


@pytest.fixture
def port(running: tuple[Server, int]) -> int:
    """The port that a running server listens on."""
    return running[1]


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


def test_who_ends_its_side_after_a_request_is_answered(port: int) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
            link.sendall(REQUEST)
            link.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: link.recv(10_000), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"}")


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


@pytest.mark.parametrize(
    "head",
    [
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ",
        b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Long: ",
        REQUEST + b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ",
    ],
    ids=["head", "trailer", "second head"],
)
def test_heads_and_trailers_do_not_go_on_for_ever(port: int, head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENT_TICKS", 10**6)  # which would end them as well
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        link.sendall(head)
        sent = 0
        with suppress(OSError):  # it has been closed
            while sent < 100 * MAX_HEAD_BYTES:
                sent += link.send(b"a" * 16_384)
        assert sent < 100 * MAX_HEAD_BYTES


def test_who_takes_nothing_of_an_answer_is_not_waited_for(running: tuple[Server, int]) -> None:
    server, port = running
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect(("127.0.0.1", port))
        link.sendall(b"GET /docs-assets/redoc.standalone.js HTTP/1.1\r\nHost: x\r\n\r\n")
        assert link.recv(1)
        give_up = time.monotonic() + 60
        while server.server_state.connections:
            assert time.monotonic() < give_up
            time.sleep(0.01)


def test_a_process_whose_model_has_lost_its_thread_says_so_for_a_while_and_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(models_dir=MODELS, runtime="litert", _env_file=None)
    server = Server(create_app(settings), settings)
    looks = []

    def dead() -> None:
        looks.append(server.should_exit)
        raise NotReady("The worker has died.")

    monkeypatch.setattr(server.registry, "check_alive", dead)
    server.dead_ticks = 3
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert server.serve_on(listener) == 1
    assert looks == [False] * 4
