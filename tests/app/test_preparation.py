from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable

import numpy as np
import pytest

from app import preparation as module
from app.imaging import (
    GEOMETRIES,
    CorruptImage,
    ImagingFailed,
    NetworkInput,
    NoInkFound,
    Picture,
    Polarity,
    decode,
    prepare,
)
from app.observer import Stage
from app.preparation import Preparation, prepare_together, steps_together
from tests.strokes import draw, encode

MNIST = GEOMETRIES["mnist"]
SEVEN, TWO = (encode(draw(digit, (28, 28))) for digit in "72")
BLANK = encode(np.full((28, 28), 255, np.uint8))
LIMIT = 10**6


def begun(data: bytes) -> Preparation:
    return Preparation(data, MNIST, Polarity.AUTO, max_pixels=LIMIT, called=time.monotonic())


def test_together_images_come_to_what_each_comes_to_alone() -> None:
    images = [begun(data) for data in (SEVEN, BLANK, b"junk" + SEVEN[4:], TWO)]
    prepare_together(images)
    seven, blank, junk, two = (image.found for image in images)
    for found, data in ((seven, SEVEN), (two, TWO)):
        assert isinstance(found, NetworkInput)
        np.testing.assert_array_equal(found.pixels, prepare(data, MNIST, max_pixels=LIMIT).pixels)
    assert isinstance(blank, NoInkFound)
    assert not isinstance(junk, NetworkInput)
    every = {Stage.WAIT, Stage.DECODE, Stage.INK}
    assert [set(image.seconds) for image in images] == [every, every, {Stage.WAIT, Stage.DECODE}, every]


def test_the_time_of_an_image_is_that_of_its_stages() -> None:
    images = [begun(SEVEN) for _ in range(8)]
    called = time.monotonic()
    prepare_together(images)
    took = time.monotonic() - called
    for image in images:
        assert 0 < sum(image.seconds.values()) <= took + 1e-2
    assert all(image.seconds[Stage.WAIT] > image.seconds[Stage.DECODE] for image in images[1:])


def test_all_images_take_a_step_before_one_takes_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    names, taken = ("decode", "ink_of_picture", "frame_ink"), list[str]()

    def noted(name: str, step: Callable[..., object]) -> Callable[..., object]:
        def note(*given: object, **options: object) -> object:
            taken.append(name)
            return step(*given, **options)

        return note

    for name in names:
        monkeypatch.setattr(module, name, noted(name, getattr(module, name)))
    for count, _ in enumerate(steps_together([begun(SEVEN), begun(TWO)]), start=1):
        assert len(taken) == count
    assert taken == [name for name in names for _ in range(2)]


def test_a_defect_is_an_image_s_own_and_keeps_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ink_of_picture", lambda *_: 1 / 0)
    images = [begun(SEVEN), begun(b"\x89PNG\r\n\x1a\n")]
    prepare_together(images)
    failed, corrupt = (image.found for image in images)
    assert isinstance(failed, ImagingFailed)
    assert isinstance(failed.__cause__, ZeroDivisionError)
    assert isinstance(corrupt, CorruptImage)


@pytest.mark.parametrize("data", [SEVEN, BLANK], ids=["read", "refused"])
def test_nothing_holds_the_picture_once_the_image_is_prepared(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures: list[weakref.ref[Picture]] = []

    def watched(data: bytes, *, max_pixels: int) -> Picture:
        picture = decode(data, max_pixels=max_pixels)
        pictures.append(weakref.ref(picture))
        return picture

    monkeypatch.setattr(module, "decode", watched)
    gc.disable()
    try:
        image = begun(data)
        prepare_together([image])
        assert [picture() for picture in pictures] == [None]
        gone = weakref.ref(image)
        del image
        assert gone() is None
    finally:
        gc.enable()
