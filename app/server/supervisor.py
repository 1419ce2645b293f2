"""Several processes that serve on one socket: started, replaced where one ends, told to reload and to end.

Why not uvicorn's own supervisor: at SIGHUP it restarts every worker, where ours load new models and go on; a worker
that still loads would take its share of the requests; and what it notices, it notices half a second later.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

import structlog

from app.artifacts import served_names
from app.inference import ReloadOutcome
from app.server.messages import Asked, Ready, ReloadOrder, ReloadReport, worst
from app.server.worker import HELD_BACK, Post, work
from app.settings import Settings
from app.telemetry import retire

#: Between a worker that ended before it was ready and the next try.
RETRY_SECONDS = 2.0
#: What a worker may take to end beyond the time it has for finishing requests: workers of models, traces.
ENDING_SECONDS = 10.0
#: How often it looks at the time while it waits for one to be over.
POLL_SECONDS = 0.5
HEEDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_log = structlog.get_logger(__name__)


@dataclass(eq=False)
class _Member:
    """A worker that runs.

    heard: whether its end of the pipe is still open.
    """

    place: int
    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    heard: bool = True

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def tell(self, message: ReloadOrder | ReloadReport) -> None:
        with suppress(OSError):  # it ends, and its place is filled anew
            self.pipe.send(message)


@dataclass
class _Round:
    """A reload under way: who is still to tell what it came to, and what has been told."""

    missing: set[_Member]
    told: list[tuple[ReloadOutcome, ...]] = field(default_factory=list)


def supervise(settings: Settings, listener: socket.socket, folder: Path) -> int:
    """Serve with `settings.workers` processes until a signal says otherwise; return the exit code.

    Args:
        settings: for every worker; `workers` is how many.
        listener: bound, and not listening: whoever is ready first makes it listen.
        folder: empty, where the workers add up their figures.
    """
    with _signals() as signals:
        return Supervisor(settings, listener, folder, signals).run()


class Supervisor:
    """Keeps every place filled. The first worker answers while it loads; the others begin once one is ready."""

    def __init__(self, settings: Settings, listener: socket.socket, folder: Path, signals: socket.socket) -> None:
        """Take note of what to serve.

        Args:
            settings: as for `supervise`.
            listener: as for `supervise`.
            folder: as for `supervise`; see `app.telemetry.Shared`.
            signals: a byte arrives here for every signal, its number.
        """
        self._settings = settings
        self._listener = listener
        self._folder = folder
        self._signals = signals
        self._members: dict[int, _Member] = {}
        #: When a place is to be filled, on the clock of `time.monotonic`.
        self._vacant = dict.fromkeys(range(settings.workers), 0.0)
        self._filled_before: set[int] = set()
        self._rounds: dict[Asked, _Round] = {}
        self._numbers = itertools.count()
        self._in_terminal = sys.stderr.isatty()
        # Once for all: a worker that starts later may find more, which the others do not serve.
        self._models = served_names(settings.models_dir, settings.model_versions)
        #: When a worker that has not ended is killed; None while the service goes on.
        self._end_by: float | None = None
        self._code = 0

    def run(self) -> int:
        """Start the workers and return the exit code once all have ended."""
        self._fill()
        while self._members:
            pipes = {member.pipe: member for member in self._members.values() if member.heard}
            ends = {member.process.sentinel: member for member in self._members.values()}
            waits = self._vacant or self._end_by
            for source in wait([self._signals, *pipes, *ends], POLL_SECONDS if waits else None):
                if source in pipes:
                    self._hear(pipes[source])
                elif source in ends:
                    self._bury(ends[source])
                else:
                    for number in self._signals.recv(64):
                        self._heed(number)
            if self._end_by and time.monotonic() > self._end_by:
                self._kill()
            self._fill()
        return self._code

    @property
    def _someone_ready(self) -> bool:
        return any(member.ready for member in self._members.values())

    def _fill(self) -> None:
        """Fill the places that are due; while none is ready, one at a time."""
        for place, due in sorted(self._vacant.items()):
            alone = not self._someone_ready
            if self._end_by is None and time.monotonic() >= due and not (alone and self._members):
                del self._vacant[place]
                self._start(place, first=alone)

    def _start(self, place: int, *, first: bool) -> None:
        ours, theirs = multiprocessing.Pipe()
        post = Post(place, first, replaces=place in self._filled_before, folder=self._folder, models=self._models)
        spawn = multiprocessing.get_context("spawn")
        process = spawn.Process(
            target=work, args=(self._settings, self._listener, theirs, post), name=f"worker-{place}"
        )
        # It would unblock signals when it is started on the way.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
        theirs.close()
        self._filled_before.add(place)
        self._members[place] = _Member(place, process, ours)

    def _hear(self, member: _Member) -> None:
        try:
            message = member.pipe.recv()
        except (EOFError, OSError):
            member.heard = False
            return
        match message:
            case Ready():
                member.ready = True
                _log.info("worker ready", worker=member.place, pid=member.pid)
            case ReloadOrder(asked):
                self._reload(asked)
            case ReloadReport(asked, outcomes):
                self._rounds[asked].told.append(outcomes)
                self._tell_round(asked, member)

    def _reload(self, asked: Asked) -> None:
        self._rounds[asked] = _Round(set(self._members.values()))
        for member in self._members.values():
            member.tell(ReloadOrder(asked))

    def _tell_round(self, asked: Asked, member: _Member) -> None:
        """Note that a worker has nothing more to tell of a reload; the last one's word goes to who has asked."""
        reload = self._rounds[asked]
        reload.missing.discard(member)
        if reload.missing:
            return
        del self._rounds[asked]
        for other in self._members.values():
            if other.pid == asked.pid:
                other.tell(ReloadReport(asked, worst(reload.told)))

    def _bury(self, member: _Member) -> None:
        """Take note that a worker has ended, and of what that means."""
        member.process.join()
        while member.heard and member.pipe.poll():  # what it has still told is heard
            self._hear(member)
        code, pid = member.process.exitcode, member.pid
        del self._members[member.place]
        member.pipe.close()
        retire(self._folder, member.place)
        # Its successor finds what the reload found.
        for asked in list(self._rounds):
            self._tell_round(asked, member)
        if self._end_by is not None:
            # A signal may come before a worker follows any; it has accepted nothing by then.
            if code and (member.ready or code != -signal.SIGTERM):
                self._code = 1
        elif member.ready or self._someone_ready:
            _log.error("a worker has ended and is replaced", worker=member.place, pid=pid, exit_code=code)
            self._vacant[member.place] = time.monotonic() + (0.0 if member.ready else RETRY_SECONDS)
        else:
            # Nobody serves, and a new worker cannot either. The log has its reason.
            self._code = 1
            self._end()

    def _heed(self, number: int) -> None:
        if number == signal.SIGHUP and not (self._in_terminal and not sys.stderr.isatty()):
            self._reload(Asked(None, next(self._numbers)))
        elif self._end_by is None:
            self._end()
        elif number == signal.SIGINT:
            # Asked a second time, workers do not finish what they have accepted.
            for member in self._members.values():
                os.kill(member.pid, signal.SIGINT)

    def _end(self) -> None:
        self._end_by = time.monotonic() + self._settings.drain_seconds + ENDING_SECONDS
        # Or the system would go on taking connections for it that nobody answers.
        self._listener.close()
        for member in self._members.values():
            member.process.terminate()

    def _kill(self) -> None:
        for member in self._members.values():
            _log.error("a worker does not end and is killed", worker=member.place, pid=member.pid)
            member.process.kill()


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """Give a socket on which a byte arrives for every signal that is heeded."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        wakened = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        before = {number: signal.signal(number, lambda *_: None) for number in HEEDED}
        try:
            yield ours
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakened)
