from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from app.artifacts import Artifact
from app.inference import Draining, NotReady, Registry, State
from app.main import build_registry
from app.settings import Settings
from tests.models import MODELS, shipped


def test_a_registry_goes_from_starting_by_ready_to_draining() -> None:
    registry = Registry([shipped("digit")], runtime="litert", threads=1, queue_images=8)
    assert registry.state is State.STARTING
    with pytest.raises(NotReady, match="digit"):
        registry.check_ready()
    with pytest.raises(NotReady):
        registry.model("digit")
    registry.load()
    registry.check_ready()
    registry.check_alive()
    with pytest.raises(KeyError):
        registry.model("greek")
    batcher = registry.model("digit").batcher
    registry.drain()
    with pytest.raises(Draining):
        registry.check_ready()
    assert batcher.alive
    registry.close()
    assert not batcher.alive
    with pytest.raises(NotReady, match="digit has died"):
        registry.check_alive()


@pytest.mark.parametrize(("runtime", "workers"), [("litert", 1), ("savedmodel", 3)])
def test_batches_run_at_once_where_the_runtime_allows_it(runtime: str, workers: int) -> None:
    if runtime == "savedmodel":
        pytest.importorskip("tensorflow")
    before = set(threading.enumerate())
    registry = Registry([shipped("digit")], runtime=runtime, threads=1, batches=3, queue_images=100)
    registry.load()
    ours = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("batcher-digit")]
    assert len(ours) == workers
    batcher = registry.model("digit").batcher
    images = [np.full((28, 28), value, np.float32) for value in np.linspace(0.1, 1, 96)]
    together = batcher.submit(images, deadline=math.inf).result(60)
    alone = [batcher.submit([image], deadline=math.inf).result(60)[0] for image in images]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    registry.close()


def test_the_service_runs_as_many_batches_at_once_as_its_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(models_dir=MODELS, runtime="savedmodel", runtime_batches=3, _env_file=None)
    asked: list[int] = []
    real = Registry.__init__

    def noted(self: Registry, artifacts: Sequence[Artifact], *, batches: int = 1, **options: Any) -> None:
        asked.append(batches)
        real(self, artifacts, batches=batches, **options)

    monkeypatch.setattr(Registry, "__init__", noted)
    build_registry([shipped("digit")], settings)
    assert asked == [3]


def test_a_model_that_cannot_be_loaded_fails_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry([shipped("digit")], runtime="litert", threads=1, queue_images=8)

    def out_of_memory(*args: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr("app.inference.registry.warm_up", out_of_memory)
    with pytest.raises(MemoryError):
        registry.load()
    assert registry.state is State.FAILED
    with pytest.raises(NotReady, match="could not be loaded"):
        registry.check_ready()
