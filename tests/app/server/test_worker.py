from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import values

from app.inference import Draining, ReloadOutcome
from app.main import Colleague, create_app
from app.server.messages import Asked, Ready, ReloadOrder, ReloadReport
from app.server.worker import Link, Worker
from app.settings import Settings
from app.telemetry import Shared
from app.telemetry.shared import FOLDER_VARIABLE, read
from tests.models import MODELS

OUTCOME = ReloadOutcome("digit", 2, 1, loaded=True)


@pytest.fixture
def ends() -> Iterator[tuple]:
    """The two ends of a worker's pipe: the supervisor's, and its own."""
    supervisor, worker = multiprocessing.Pipe()
    with supervisor, worker:
        yield supervisor, Link(worker)


@pytest.fixture
def worker(ends: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker with loaded models that listens nowhere."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    settings = Settings(models_dir=MODELS, runtime="litert", workers=2, _env_file=None)
    _, link = ends
    colleague = Colleague(Shared(tmp_path, 0, 2), link.reload_all, models={"digit", "char"}, first=True, replaces=False)
    made = Worker(create_app(settings, colleague=colleague), settings, link, first=True)
    made.registry.load()
    yield made
    made.registry.close()


def test_it_says_once_that_it_is_ready_and_lets_the_others_see_it(worker: Worker, ends: tuple, tmp_path: Path) -> None:
    assert not asyncio.run(worker.on_tick(1))
    assert ends[0].recv() == Ready()
    assert read(tmp_path, 0).ready
    assert not asyncio.run(worker.on_tick(2))
    assert not ends[0].poll()


def test_it_ends_once_a_thread_that_it_needs_has_died(worker: Worker) -> None:
    worker.registry.model("digit").batcher.close()
    assert asyncio.run(worker.on_tick(1))
    assert worker.failed


def test_a_reload_is_asked_of_all_and_answered_with_what_it_came_to(ends: tuple) -> None:
    supervisor, link = ends
    first, second = link.reload_all(), link.reload_all()
    asked = [supervisor.recv().asked for _ in range(2)]
    supervisor.send(ReloadReport(asked[1], ()))
    supervisor.send(ReloadReport(asked[0], (OUTCOME,)))
    assert link.hear() is None
    assert link.hear() is None
    assert first.result(0) == [OUTCOME]
    with pytest.raises(Draining):
        second.result(0)


def test_an_order_is_heard_and_so_is_the_end_of_who_gives_them(ends: tuple) -> None:
    supervisor, link = ends
    supervisor.send(ReloadOrder(Asked(None, 7)))
    assert link.hear() == ReloadOrder(Asked(None, 7))
    supervisor.close()
    with pytest.raises(EOFError):
        link.hear()
    link.tell(Ready())  # into the void
