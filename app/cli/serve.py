"""`inkling serve`."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from typing import Annotated, Any

import typer
import uvicorn

from app.cli.startup import check_runtime, ending_on_wrong_models, fail, read_settings
from app.inference import Registry, Reloader
from app.main import create_app

#: How long one thread keeps Python's lock from the others; its default is five milliseconds.
SWITCH_SECONDS = 0.0005
#: How long connections stay open after the service has stopped listening, for requests that are under way to it.
LINGER_SECONDS = 0.5


class Server(uvicorn.Server):
    """Uvicorn, with a readiness that ends at SIGTERM, newer models at SIGHUP and an exit code of its own."""

    def __init__(self, config: uvicorn.Config, registry: Registry, reloader: Reloader) -> None:
        super().__init__(config)
        self.registry = registry
        self.reloader = reloader
        self.failed = False
        self._reload_wanted = False
        self._in_terminal = sys.stderr.isatty()
        if hasattr(signal, "SIGHUP"):  # Windows has none
            signal.signal(signal.SIGHUP, self.handle_hangup)

    def handle_exit(self, sig: int, frame: Any) -> None:
        # Uvicorn's own would raise the signal again in the end, and a clean shutdown would look like a kill.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    def handle_hangup(self, sig: int, frame: Any) -> None:
        """Look for newer models; but end where the signal says that the terminal has been closed."""
        if self._in_terminal and not sys.stderr.isatty():
            self.handle_exit(signal.SIGTERM, frame)
        # Left to the next tick: a signal interrupts anything, and may come before there is a loop.
        self._reload_wanted = True

    async def on_tick(self, counter: int) -> bool:
        if self._reload_wanted:
            self._reload_wanted = False
            self.reloader.start()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First: who is refused connects anew at once, and would be cut off where the port closed a moment later.
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        self.registry.drain()
        # Uvicorn's own closes connections on which it has read no request, also where one is on its way. Such a client
        # is told meanwhile that no new work is taken, and not to keep the connection.
        await asyncio.sleep(LINGER_SECONDS)
        await super().shutdown(sockets)

    def fail(self) -> None:
        """End the process with exit code 1."""
        self.failed = self.should_exit = True


def serve(
    host: Annotated[str | None, typer.Option(help="Overrules INKLING_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Overrules INKLING_PORT.")] = None,
) -> None:
    """Start the service. Every option is an environment variable; README lists them."""
    if hasattr(signal, "SIGHUP"):
        # What is read from now on is the newest anyway; without a handler it would end the process.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    settings = read_settings(**{key: value for key, value in (("host", host), ("port", port)) if value is not None})
    check_runtime(settings)
    # Before the models are loaded, which takes seconds, and not after.
    listener = listen(settings.host, settings.port)
    with ending_on_wrong_models():
        app = create_app(settings, on_failure=lambda: server.fail())
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.drain_seconds,
    )
    # A runtime's thread that comes back with an answer should not wait long for the one that reads uploads.
    sys.setswitchinterval(SWITCH_SECONDS)
    server = Server(config, app.state.registry, app.state.reloader)
    server.run(sockets=[listener])
    if server.failed or not server.started:
        raise typer.Exit(1)


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
