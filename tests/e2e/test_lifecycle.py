"""What clients and operators see of a service that changes its models, or ends, under load."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from app.artifacts import LITERT_FILE
from app.client import Client
from tests.e2e.server import ROOT, Server, command, environment, free_port, serving, wait_until_ready
from tests.models import add_version
from tests.strokes import draw, encode

CLIENTS = 4
SEVEN = encode(draw("7"))
BODY = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + SEVEN + b"\r\n--b--\r\n"
HEAD = (
    b"POST /predict/digit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


class Load:
    """Clients that send without a pause."""

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
            assert self._answered.wait_for(lambda: self._answers >= wanted, timeout=60)


@contextmanager
def under_load(send: Callable[[Load], list[str]]) -> Iterator[tuple[Load, list[Future[list[str]]]]]:
    load = Load()
    with ThreadPoolExecutor(CLIENTS) as pool:
        try:
            yield load, [pool.submit(send, load) for _ in range(CLIENTS)]
        finally:
            load.over.set()


@pytest.fixture
def models(tmp_path: Path) -> Path:
    add_version(tmp_path, "digit", 1)
    return tmp_path


def test_sighup_serves_the_newer_version_and_loses_no_answer(models: Path) -> None:
    with serving(models_dir=models, runtime="litert", log_format="json") as running:

        def send(load: Load) -> list[str]:
            versions = []
            # Without the retries of our own client, which would hide a lost answer.
            with httpx2.Client(base_url=running.url, timeout=30) as client:
                while not load.over.is_set():
                    reply = client.post("/predict/digit", files={"file": SEVEN})
                    assert reply.status_code == 200, reply.text
                    versions.append(reply.json()["model"]["version"])
                    load.count()
            return versions

        with under_load(send) as (load, clients):
            load.wait_for(CLIENTS)
            add_version(models, "digit", 2)
            reload(running, {"digit": 2})
            (add_version(models, "digit", 3) / LITERT_FILE).write_bytes(b"junk")
            reload(running, {"digit": 2})
            load.wait_for(CLIENTS + 1)  # one of them at least was sent after the last reload
        heard = [client.result() for client in clients]
        assert all(versions == sorted(versions) for versions in heard)
        assert {version for versions in heard for version in versions} == {"1", "2"}
        (refusal,) = (json.loads(line) for line in running.lines if "model refused" in line)
        assert "is damaged" in refusal["reason"]
        assert running.stop() == 0


def reload(running: Server, versions: dict[str, int]) -> None:
    """Send SIGHUP and wait until it has been followed."""
    before = len(running.lines)
    running.process.send_signal(signal.SIGHUP)
    running.wait_for_log('"models reloaded"', after=before)
    (record,) = (json.loads(line) for line in running.lines[before:] if "models reloaded" in line)
    assert record["versions"] == versions


def test_sighup_ends_the_service_where_it_means_that_the_terminal_is_gone(models: Path) -> None:
    ours, its = os.openpty()
    port = free_port()
    # Quiet, since nobody reads the terminal.
    options = environment(models_dir=models, runtime="litert", log_level="error")
    process = subprocess.Popen(command("serve", "--port", str(port)), cwd=ROOT, env=options, stderr=its)
    os.close(its)
    try:
        with Client(f"http://127.0.0.1:{port}") as inkling:
            assert wait_until_ready(process, inkling)
        os.close(ours)
        ours = None
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) == 0
    finally:
        if ours is not None:
            os.close(ours)
        process.kill()
        process.wait()


def test_sigterm_under_load_answers_every_request_it_has_accepted(models: Path) -> None:
    with serving(models_dir=models, runtime="litert") as running:

        def send(load: Load) -> list[str]:
            answers = []
            while link := accepted(running.port):
                # From here on no error is forgiven.
                with link, link.makefile("rb") as reply:
                    link.sendall(BODY)
                    answers.append(reply.read().decode())
                load.count()
            return answers

        with under_load(send) as (load, clients):
            load.wait_for(CLIENTS)
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(60) == 0
        for client in clients:
            for answer in client.result():
                assert answer.startswith("HTTP/1.1 200")
                assert '"label":"7"' in answer


def accepted(port: int) -> socket.socket | None:
    """Return a connection whose request the service has accepted and whose body it waits for; None once it does not."""
    try:
        link = socket.create_connection(("127.0.0.1", port), timeout=30)
    except OSError:
        return None
    try:
        link.sendall(HEAD)
        if link.recv(100).startswith(b"HTTP/1.1 100"):
            return link
    except OSError:
        pass
    link.close()
    return None
