"""`inkling serve`."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from app.cli.startup import check_runtime, ending_on_wrong_models, fail, read_settings
from app.main import create_app
from app.quiet import part_standard_error, quiet_start
from app.server import Server, supervise
from app.settings import Settings, variable

_log = structlog.get_logger(__name__)


def serve(
    host: Annotated[str | None, typer.Option(help="Overrules INKLING_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Overrules INKLING_PORT.")] = None,
) -> None:
    """Start the service. Every option is an environment variable; README lists them."""
    if hasattr(signal, "SIGHUP"):
        # What is read from now on is the newest anyway; without a handler it would end the process.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    part_standard_error()
    given: dict[str, Any] = {"host": host, "port": port}
    settings = read_settings(**{key: value for key, value in given.items() if value is not None})
    check_runtime(settings)
    if settings.workers > 1 and not hasattr(signal, "SIGHUP"):
        fail(f"{variable('workers')} above 1 needs a system with signals, which Windows is not.")
    # Before the models are loaded, which takes seconds, and not after.
    listener = listen(settings.host, settings.port)
    _log.info("starting", address=address_of(listener), process=os.getpid())
    if code := serve_together(settings, listener) if settings.workers > 1 else serve_alone(settings, listener):
        raise typer.Exit(code)


def serve_alone(settings: Settings, listener: socket.socket) -> int:
    """Serve in this process; return its exit code."""
    with ending_on_wrong_models():
        app = create_app(settings, on_failure=lambda: server.fail(), around_load=quiet_start)
    server = Server(app, settings)
    return server.serve_on(listener)


def serve_together(settings: Settings, listener: socket.socket) -> int:
    """Serve in several processes; return the exit code of this one, which watches over them."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="inkling-")
    except OSError as error:
        fail(f"Several workers add up their figures in a folder, which cannot be made: {error.strerror}. Set TMPDIR.")
    with folder as name:
        return supervise(settings, listener, Path(name))


def address_of(listener: socket.socket) -> str:
    """Return the URL of a socket's address; 0.0.0.0 and [::] stand for every interface."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address, or end where that is not to be had."""
    try:
        (family, kind, _, _, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        fail(f"{host}:{port} cannot be listened on: {error.strerror}. Choose another: --host, --port, PORT= with make.")
    return listener
