"""Uvicorn, as Inkling runs it in every process that serves."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from app.inference import NotReady, Registry, Reloader
from app.server.protocol import ProblemProtocol
from app.settings import Settings

#: How long one thread keeps Python's lock from the others; its default is five milliseconds.
SWITCH_SECONDS = 0.0005
#: How many more objects that may hold each other have been made than thrown away before Python looks for garbage among
#: them; its default is 700, and the looks took 3 % of the time with 32 connections. Requests leave hardly any.
GARBAGE_OBJECTS = 10_000
#: How long other processes on the same socket may take to stop listening too; they look every tenth of a second.
SETTLE_SECONDS = 0.2
#: How long connections stay open after the service has stopped listening, for requests that are under way to it.
LINGER_SECONDS = 0.5
#: Ticks, of a tenth of a second, between two looks at connections. One that asks for nothing, has not come to the end
#: of a request's headers, or has taken nothing of its answer, at two looks in a row is closed.
SILENT_TICKS = 100
#: Ticks after which a process ends whose model has lost its thread. Until then `/livez` says so to whoever watches.
DEAD_TICKS = 300

_log = structlog.get_logger(__name__)


class Server(uvicorn.Server):
    """Uvicorn, with a readiness that ends at SIGTERM, newer models at SIGHUP and an exit code of its own."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        """Take over an application.

        Args:
            app: from `app.main.create_app`.
            settings: the same as the application's.
        """
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                server_header=False,
                http=ProblemProtocol,
                # No call speaks WebSocket, and Uvicorn's own refusal is no problem document.
                ws="none",
                timeout_graceful_shutdown=settings.drain_seconds,
            )
        )
        self.registry: Registry = app.state.registry
        self.reloader: Reloader = app.state.reloader
        self.failed = False
        #: How many ticks a model may have gone without its thread before the process ends.
        self.dead_ticks = DEAD_TICKS
        self._ticks_dead = 0
        self._reload_wanted = False
        #: Connections that nothing was heard of at the last look: the last request that each had made, and how many
        #: bytes of its answer were unsent.
        self._silent: dict[object, tuple[object, int]] = {}
        self._in_terminal = sys.stderr.isatty()
        if hasattr(signal, "SIGHUP"):  # Windows has none
            signal.signal(signal.SIGHUP, self.handle_hangup)

    def serve_on(self, listener: socket.socket) -> int:
        """Serve until a signal says otherwise; return the process's exit code."""
        # A runtime's thread that comes back with an answer should not wait long for the one that reads uploads.
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.set_threshold(GARBAGE_OBJECTS)
        self.run(sockets=[listener])
        return int(self.failed or not self.started)

    def handle_exit(self, sig: int, frame: Any) -> None:
        # Uvicorn's own would raise the signal again in the end, and a clean shutdown would look like a kill.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    def handle_hangup(self, sig: int, frame: Any) -> None:
        """Look for newer models; but end where the signal says that the terminal has been closed."""
        if self._in_terminal and not sys.stderr.isatty():
            self.handle_exit(signal.SIGTERM, frame)
        else:
            # Left to the next tick: a signal interrupts anything, and may come before there is a loop.
            self._reload_wanted = True

    async def on_tick(self, counter: int) -> bool:
        if self._reload_wanted:
            self._reload_wanted = False
            self.reloader.start()
        if counter % SILENT_TICKS == 0:
            self._close_silent()
        self._end_where_dead()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First: who is refused connects anew at once, and would be cut off where the port closed a moment later.
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        await asyncio.sleep(SETTLE_SECONDS)
        self.registry.drain()
        # Uvicorn's own closes connections on which it has read no request, also where one is on its way. Such a client
        # is told meanwhile that no new work is taken, and not to keep the connection.
        await asyncio.sleep(LINGER_SECONDS)
        await super().shutdown(sockets)

    def _close_silent(self) -> None:
        # Uvicorn's own limit begins with the end of an answer and ends with the next byte. Bodies have theirs: see
        # `app.api.upload`.
        silent: dict[object, tuple[object, int]] = {}
        for connection in list(self.server_state.connections):
            assert isinstance(connection, ProblemProtocol)
            request = connection.cycle
            unsent = connection.transport.get_write_buffer_size()
            # Paused: the answer waits until what is unsent has been taken.
            if request is not None and not request.response_complete and not connection.flow.write_paused:
                continue
            seen = request, unsent
            if self._silent.get(connection) != seen:
                silent[connection] = seen
            elif unsent:
                connection.transport.abort()  # closing would wait for the client to take the rest
            else:
                connection.transport.close()
        self._silent = silent

    def _end_where_dead(self) -> None:
        try:
            self.registry.check_alive()
        except NotReady:
            if self._ticks_dead == self.dead_ticks:
                _log.exception("this process cannot do its work any more and ends")
                self.registry.drain()
                self.fail()
            self._ticks_dead += 1
        else:
            self._ticks_dead = 0

    def fail(self) -> None:
        """End the process with exit code 1."""
        self.failed = self.should_exit = True
