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
from app.server.protocol import FED_BYTES, MAX_HEAD_BYTES, MOST_AHEAD, ProblemProtocol
from app.server.server import Server
from app.settings import Settings
from tests.models import MODELS
from tests.strokes import draw, encode

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


OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


def is_ready(port: int) -> bool:
    """Tell whether the models are loaded."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        link.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return answers(link)[0][0] == 200


def answers(link: socket.socket) -> list[tuple[int, bytes]]:
    """Return the status and body of every answer until the connection ends."""
    found = []
    with link.makefile("rb") as stream:
        while line := stream.readline():
            size = 0
            while (header := stream.readline()) != b"\r\n":
                if header.lower().startswith(b"content-length:"):
                    size = int(header.split(b":")[1])
            found.append((int(line.split()[1]), stream.read(size)))
    return found


@pytest.mark.parametrize("pieces", [1, 2])
def test_who_offers_another_protocol_is_answered_in_this_one(port: int, pieces: int) -> None:
    """As Java's client and `curl --http2` do. What is in the body is no request."""
    file = b'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + encode(draw("7"))
    body = b"--x\r\n" + file + b"\r\n" + REQUEST + b"\r\n--x--\r\n"
    kind = b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n" % len(body)
    head = b"POST /predict/digit HTTP/1.1\r\nHost: x\r\n" + OFFER + kind + b"\r\n"
    last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    while not is_ready(port):
        time.sleep(0.05)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        if pieces == 1:
            link.sendall(head + body + last)
        else:
            link.sendall(head)
            time.sleep(0.2)
            link.sendall(body + last)
        (status, answer), (second, _) = answers(link)
    assert (status, second) == (200, 200)
    assert b'"label":"7"' in answer


def test_a_tunnel_is_refused_and_what_follows_is_not_read(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        link.sendall(b"CONNECT /livez HTTP/1.1\r\nHost: x\r\n\r\n" + REQUEST)
        assert [status for status, _ in answers(link)] == [400]


def test_requests_that_come_together_are_read_a_few_at_a_time_and_answered_in_turn(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = []
    read = ProblemProtocol._read

    def watch(protocol: ProblemProtocol, data: bytes) -> None:
        read(protocol, data)
        ahead.append(len(protocol.pipeline))

    monkeypatch.setattr(ProblemProtocol, "_read", watch)
    paths = [b"/livez", b"/nothing"] * 1500
    last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        link.sendall(b"".join(b"GET " + path + b" HTTP/1.1\r\n\r\n" for path in paths) + last)
        found = [status for status, _ in answers(link)]
    assert found == [200, 404] * 1500 + [200]
    assert max(ahead) < MOST_AHEAD + FED_BYTES // len(b"GET /livez HTTP/1.1\r\n\r\n") + 1


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
