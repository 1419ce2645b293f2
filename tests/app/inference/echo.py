"""A runtime that tells what it is asked, for the tests of what queues before it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import numpy as np

from app.inference import Batcher
from app.inference.runtime import Batch, Probabilities


class Echo:
    """A runtime whose answer tells which image it got, and that can be held."""

    name = "echo"

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.sizes: list[int] = []

    def predict(self, images: Batch) -> Probabilities:
        self.entered.set()
        assert self.open.wait(10)
        self.sizes.append(len(images))
        return images[:, :1, 0, 0]


def image(value: float) -> np.ndarray:
    return np.full((28, 28), value, np.float32)


def later(seconds: float = 10) -> float:
    return time.monotonic() + seconds


def hold(runtime: Echo, batcher: Batcher) -> Future:
    """Keep the worker busy with one image until `runtime.open` is set."""
    runtime.open.clear()
    runtime.entered.clear()
    held = batcher.submit([image(-1)], deadline=later())
    assert runtime.entered.wait(10)
    return held
