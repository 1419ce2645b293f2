"""The real server as a process, the way a user starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from app.client import Client
from tests.models import MODELS

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


class Server:
    """A running service, its address, and what it has logged."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.process = process
        self.lines: list[str] = []
        self.url = f"http://127.0.0.1:{port}"
        #: For what only HTTP shows; `inkling` is the client that users have.
        self.client = httpx2.Client(base_url=self.url, timeout=30)
        self.inkling = Client(self.url)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        with self.process.stderr as log:
            for line in log:
                self.lines.append(line)

    def wait_until_ready(self) -> None:
        """Block until /readyz says so, or fail with the log."""
        if not wait_until_ready(self.process, self.inkling):
            raise AssertionError("".join(self.lines))

    def wait_for_log(self, text: str, after: int = 0) -> None:
        """Block until a line with this text has been logged, after so many others."""
        until = time.monotonic() + START_SECONDS
        while not any(text in line for line in self.lines[after:]):
            assert time.monotonic() < until, f"{text!r} was never logged"
            time.sleep(0.01)

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self._reader.join()
        return code

    def close(self) -> None:
        """End it at once, whatever it does."""
        self.client.close()
        self.inkling.close()
        self.process.kill()
        self.process.wait()
        self._reader.join()


def wait_until_ready(process: subprocess.Popen[str] | subprocess.Popen[bytes], inkling: Client) -> bool:
    """Block until /readyz says so; return whether it has."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if inkling.ready():
            return True
        time.sleep(0.05)  # another process's start has nothing else to wait on
    return False


def environment(**options: object) -> dict[str, str]:
    """Return this process's environment with INKLING_ options."""
    options = {"models_dir": MODELS, **options}
    return {**os.environ, **{f"INKLING_{name.upper()}": str(value) for name, value in options.items()}}


def command(*arguments: str) -> list[str]:
    """Return the command line of `python -m app`."""
    return [sys.executable, "-m", "app", *arguments]


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(**options: object) -> Iterator[Server]:
    """Start the service, wait until it is ready, and end it afterwards."""
    port = free_port()
    process = subprocess.Popen(
        command("serve", "--port", str(port)),
        cwd=ROOT,
        env=environment(**options),
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(port, process)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.close()
