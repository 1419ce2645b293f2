from __future__ import annotations

import pytest

from app.inference import Draining, NotReady, Registry, State
from tests.models import shipped


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
