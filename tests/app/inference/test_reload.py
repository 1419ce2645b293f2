from __future__ import annotations

import gc
import shutil
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.artifacts import INT8_FILE, write_checksums
from app.inference import Draining, LiteRTRuntime, Registry, Reloader, ReloadOutcome, State
from tests.models import add_version, open_newest


@pytest.fixture
def models(tmp_path: Path) -> Path:
    add_version(tmp_path, "digit", 1)
    return tmp_path


@pytest.fixture
def registry(models: Path) -> Iterator[Registry]:
    """A registry whose end leaves no worker behind."""
    before = workers()
    loaded = Registry([open_newest(models, "digit")], runtime="litert", threads=1, queue_images=8)
    loaded.load()
    yield loaded
    assert len(workers() - before) == 1
    loaded.close()
    assert workers() <= before


@pytest.fixture
def reloader(models: Path, registry: Registry) -> Iterator[Reloader]:
    made = Reloader(registry, lambda name: open_newest(models, name))
    yield made
    made.close()


def version(registry: Registry) -> int:
    return registry.model("digit").artifact.card.version


def workers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("batcher-digit")}


def test_a_newer_version_answers_in_place_of_the_old_one_which_ends(
    models: Path, registry: Registry, reloader: Reloader
) -> None:
    old = weakref.ref(registry.model("digit").batcher)
    add_version(models, "digit", 2)
    assert reloader.start().result() == [ReloadOutcome("digit", version=2, before=1, loaded=True)]
    assert version(registry) == registry.artifacts["digit"].card.version == 2
    registry.check_ready()
    gc.collect()
    assert old() is None
    assert reloader.start().result() == [ReloadOutcome("digit", version=2, before=2, loaded=False)]


def test_who_holds_the_old_version_is_answered_by_it(models: Path, registry: Registry, reloader: Reloader) -> None:
    add_version(models, "digit", 2)
    swapped = threading.Event()

    class Told:
        """Is told after the swap and before the wait for those who hold the old one."""

        def replaced(self, model: str) -> None:
            swapped.set()

    registry._observer = Told()
    image = np.zeros((28, 28), np.float32)
    with registry.holding("digit") as held:
        reload = reloader.start()
        assert swapped.wait(60)
        assert version(registry) == 2
        assert held.artifact.card.version == 1
        (answer,) = held.batcher.submit([image], deadline=float("inf")).result(60)
        assert answer.shape == (10,)
        assert not reload.done()
    reload.result(60)
    assert not held.batcher.alive


def test_the_highest_version_is_served_again_once_a_higher_one_is_gone(
    models: Path, registry: Registry, reloader: Reloader
) -> None:
    shutil.copytree(add_version(models, "digit", 2), models / "spare")
    reloader.start().result()
    shutil.rmtree(models / "digit" / "2")
    assert reloader.start().result() == [ReloadOutcome("digit", version=1, before=2, loaded=True)]


def test_nothing_is_replaced_while_draining(models: Path, registry: Registry, reloader: Reloader) -> None:
    add_version(models, "digit", 2)
    registry.drain()
    with pytest.raises(Draining):
        reloader.start().result()
    with pytest.raises(Draining):
        registry.replace(open_newest(models, "digit"))
    assert version(registry) == 1
    assert registry.state is State.DRAINING


@pytest.mark.parametrize(
    ("changes", "damage", "reason"),
    [
        ({}, "flip", "damaged"),
        ({}, "remove", "damaged"),
        ({}, "truncate", "not loadable"),
        ({"preprocessing_version": 999}, None, "incompatible"),
        ({"classes": [{"label": c, "characters": [c]} for c in "abcdefghij"]}, None, "incompatible"),
    ],
)
def test_a_version_that_cannot_be_served_is_refused_and_the_old_one_stays(
    models: Path, registry: Registry, reloader: Reloader, changes: dict, damage: str | None, reason: str
) -> None:
    new = add_version(models, "digit", 2, **changes)
    graph = new / INT8_FILE
    if damage == "flip":
        graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    if damage == "remove":
        graph.unlink()
    if damage == "truncate":
        graph.write_bytes(graph.read_bytes()[:100])
        write_checksums(new)
    assert reloader.start().result() == [ReloadOutcome("digit", version=1, before=1, loaded=False, refused=reason)]
    assert version(registry) == 1
    registry.check_ready()
    shutil.rmtree(new)
    assert reloader.start().result() == [ReloadOutcome("digit", version=1, before=1, loaded=False)]


def test_a_file_replaced_in_its_place_does_not_reach_what_is_served(models: Path) -> None:
    path = models / "digit" / "1"
    runtime = LiteRTRuntime(path, threads=1)
    image = np.zeros((1, 28, 28, 1), np.float32)
    before = runtime.predict(image)
    graph = path / INT8_FILE
    graph.write_bytes(bytes(graph.stat().st_size))
    np.testing.assert_array_equal(runtime.predict(image), before)
