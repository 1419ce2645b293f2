"""One of several processes that serve; `app.server.supervisor` starts and ends it."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import sys
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI

from app.artifacts import ArtifactError
from app.inference import Draining, ReloadOutcome, State
from app.main import Colleague, create_app
from app.quiet import part_standard_error, quiet_start
from app.server.messages import Asked, Ready, ReloadOrder, ReloadReport
from app.server.server import Server
from app.settings import Settings
from app.telemetry import ServiceState, Shared, configure_logs

#: Ticks, of a tenth of a second, after which the others are told anew what this process holds.
PUBLISH_TICKS = 10
#: What a terminal sends to every process in it. Until a worker can follow, it waits; the supervisor heeds it anyway.
HELD_BACK = (signal.SIGINT, signal.SIGHUP)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Post:
    """Place and role of one worker.

    place: among the workers, from 0; its successor has the same.
    first: whether it answers while it loads, since no other answers.
    replaces: whether it is a successor.
    folder: where the workers add up their figures.
    models: names of the models that all of them serve.
    """

    place: int
    first: bool
    replaces: bool
    folder: Path
    models: frozenset[str]


class Link:
    """A worker's end of its pipe to the supervisor. All on the event loop."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._numbers = itertools.count()
        self._waiting: dict[Asked, Future[list[ReloadOutcome]]] = {}

    def fileno(self) -> int:
        """Return what becomes readable with a message."""
        return self._pipe.fileno()

    def tell(self, message: Ready | ReloadOrder | ReloadReport) -> None:
        """Send a message; a supervisor that is gone needs none."""
        with suppress(OSError):
            self._pipe.send(message)

    def hear(self) -> ReloadOrder | None:
        """Take a message; return an order, or None where it was an answer to ours.

        Raises:
            EOFError: the supervisor is gone.
        """
        match self._pipe.recv():
            case ReloadOrder() as order:
                return order
            case ReloadReport(asked, outcomes):
                promise = self._waiting.pop(asked)
                if outcomes:
                    promise.set_result(list(outcomes))
                else:
                    promise.set_exception(Draining("The service is going down."))
        return None

    def reload_all(self) -> Future[list[ReloadOutcome]]:
        """Let every worker look for newer models, and promise what it comes to: see `messages.worst`."""
        asked = Asked(os.getpid(), next(self._numbers))
        promise = self._waiting[asked] = Future()
        # Whoever waits may leave; the answer comes all the same.
        promise.set_running_or_notify_cancel()
        self.tell(ReloadOrder(asked))
        return promise


class Worker(Server):
    """A server that tells the supervisor when it is ready, follows its orders, and ends when it is gone."""

    def __init__(self, app: FastAPI, settings: Settings, link: Link, *, first: bool) -> None:
        super().__init__(app, settings)
        self._first = first
        self._state: ServiceState = app.state.service
        self._link = link
        self._told_ready = False
        # Whoever asks at /livez is as likely to hear of the others.
        self.dead_ticks = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # Uvicorn follows SIGINT from here on.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
        asyncio.get_running_loop().add_reader(self._link.fileno(), self._hear)
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: Any) -> None:
        if not self.started and not self._first:
            # It has accepted nothing, and while it went on loading, connections would queue up for it on the socket.
            os._exit(0)
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        becomes_ready = not self._told_ready and self.registry.state is State.READY
        if becomes_ready or counter % PUBLISH_TICKS == 0:
            self._state.publish()
        if becomes_ready:
            self._told_ready = True
            self._link.tell(Ready())
        return await super().on_tick(counter)

    def _hear(self) -> None:
        try:
            order = self._link.hear()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._link.fileno())
            _log.warning("the supervisor is gone, so this process ends")
            self.handle_exit(signal.SIGTERM, None)
            return
        if order:
            self._reload(order.asked)

    def _reload(self, asked: Asked) -> None:
        loop = asyncio.get_running_loop()

        def tell(reload: Future[list[ReloadOutcome]]) -> None:
            ended = reload.cancelled() or reload.exception()
            loop.call_soon_threadsafe(self._link.tell, ReloadReport(asked, () if ended else tuple(reload.result())))

        try:
            self.reloader.start().add_done_callback(tell)
        except RuntimeError:  # it takes no more, since the process ends
            self._link.tell(ReloadReport(asked, ()))


def work(settings: Settings, listener: socket.socket, pipe: Connection, post: Post) -> None:
    """Serve as one of several processes, and end this one with an exit code."""
    # What is read from now on is the newest anyway.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    part_standard_error()
    configure_logs(level=settings.log_level, json_lines=settings.log_format.json_lines, worker=post.place)
    link = Link(pipe)
    shared = Shared(post.folder, post.place, settings.workers)
    colleague = Colleague(shared, link.reload_all, models=post.models, first=post.first, replaces=post.replaces)
    try:
        app = create_app(settings, on_failure=lambda: server.fail(), colleague=colleague, around_load=quiet_start)
    except ArtifactError as error:
        sys.exit(str(error))
    server = Worker(app, settings, link, first=post.first)
    sys.exit(server.serve_on(listener))
