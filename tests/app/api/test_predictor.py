from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from app.api.predictor import Predictor
from app.imaging import NoInkFound
from app.inference import Registry
from app.recogniser import Recogniser
from tests.models import shipped
from tests.strokes import encode

BLANK = encode(np.full((28, 28), 255, np.uint8))


@pytest.fixture
def predictor() -> Iterator[Predictor]:
    registry = Registry([shipped("digit")], runtime="litert", threads=1, queue_images=8)
    registry.load()
    recogniser = Recogniser(max_pixels=10**6, threads=1, deadline_seconds=60, capacity=8)
    yield Predictor("digit", registry, recogniser, max_upload_bytes=10**6)
    recogniser.close()
    registry.close()


def test_a_refused_file_is_not_held_until_garbage_is_looked_for(predictor: Predictor) -> None:
    async def refused() -> weakref.ref[NoInkFound]:
        try:
            await predictor.answer(BLANK)
        except NoInkFound as error:
            return weakref.ref(error)
        raise AssertionError("There is nothing on it.")

    gc.disable()
    try:
        assert asyncio.run(refused())() is None
    finally:
        gc.enable()
