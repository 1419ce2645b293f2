"""The real server as a process, the way a user starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil

from app.client import Client
from tests.models import MODELS

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


class Server:
    """A running service, its address, and what it has logged."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.port = listening_port(process) or 0
        self.url = f"http://127.0.0.1:{self.port}"
        #: For what only HTTP shows; `inkling` is the client that users have.
        self.client = httpx2.Client(base_url=self.url, timeout=30)
        self.inkling = Client(self.url)

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
    return soon(process, inkling.ready)


def listening_port(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> int | None:
    """Block until a service that was started with `--port 0` listens; return where, or None where it has ended.

    A port that was free a moment ago may be somebody else's by the time a service asks for it.
    """
    ports: list[int] = []

    def look() -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            started = psutil.Process(process.pid)
            for each in (started, *started.children(recursive=True)):
                links = each.net_connections("tcp")
                ports.extend(link.laddr.port for link in links if link.status == psutil.CONN_LISTEN)
        return bool(ports)

    return ports[0] if soon(process, look) else None


def soon(process: subprocess.Popen[str] | subprocess.Popen[bytes], comes: Callable[[], bool]) -> bool:
    """Block until something is so; return False where the process has ended instead."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if comes():
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


@contextmanager
def serving(**options: object) -> Iterator[Server]:
    """Start the service, wait until it is ready, and end it afterwards."""
    process = subprocess.Popen(
        command("serve", "--port", "0"),
        cwd=ROOT,
        env=environment(**options),
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(process)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.close()
