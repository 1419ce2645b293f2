from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from tests.digits import network_inputs
from tests.models import shipped
from training.degrade import Degradation, degrade, lines, picture, redraw
from training.evaluate import load_network

#: As little as can befall a page: faint ink, blur and JPEG remain. Strokes keep their width.
CALM = Degradation(thin=0, thick=0, rotation=0, shear=0, drawn=1, dark=0, ruled=0, boxed=0, shadow=0, flag=0, crossed=0)


def glyphs() -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 [60, 28, 28] and their labels."""
    inputs, labels = network_inputs("mnist")
    return np.rint(inputs[:60] * 255).astype(np.uint8), labels[:60]


def test_what_befalls_nothing_comes_back_nearly_the_same() -> None:
    images, _ = glyphs()
    distances = [
        np.sqrt(np.mean((degrade(image, "0", "mnist", CALM, np.random.default_rng(i)) - image / 255) ** 2))
        for i, image in enumerate(images)
    ]
    assert np.median(distances) < 0.13


@pytest.mark.parametrize("geometry", ["mnist", "emnist"])
def test_what_befalls_much_is_still_read(geometry: str) -> None:
    images, labels = glyphs()
    seen = [
        degrade(image, str(label), geometry, Degradation(), np.random.default_rng(i))
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    ]
    found = [image for image in seen if image is not None]
    assert len(found) >= 58
    assert all(image.shape == (28, 28) and image.dtype == np.float32 for image in found)
    if geometry == "mnist":
        network = load_network(shipped("digit").path)
        answers = network(np.stack(found)[..., None]).argmax(axis=1)
        expected = [label for label, image in zip(labels, seen, strict=True) if image is not None]
        assert np.mean(answers == expected) >= 0.8


def test_strokes_are_redrawn_thinner_and_thicker() -> None:
    image = glyphs()[0][0]
    inked = [redraw(image, "0", Degradation(), np.random.default_rng(i)).mean() for i in range(40)]
    usual = redraw(image, "0", CALM, np.random.default_rng(0)).mean()
    assert min(inked) < 0.75 * usual
    assert max(inked) > 1.25 * usual


def test_a_one_gets_its_upstroke_and_a_seven_its_bar() -> None:
    bar = np.zeros((28, 28), np.uint8)
    cv2.line(bar, (14, 5), (13, 23), 255, 3)
    hand = dataclasses.replace(CALM, flag=1, crossed=1)
    for character in "17":
        drawn = redraw(bar, character, hand, np.random.default_rng(0)) > 0.5
        before = redraw(bar, character, CALM, np.random.default_rng(0)) > 0.5
        assert np.ptp(np.nonzero(drawn)[1]) > np.ptp(np.nonzero(before)[1]) + 10


def test_ruling_crosses_the_page() -> None:
    spec = dataclasses.replace(CALM, ruled=1)
    ruling = lines(np.zeros((100, 100), np.float32), spec, np.random.default_rng(0))
    assert ruling.max(axis=0).min() > 0


def test_the_same_seed_gives_the_same_page() -> None:
    image = glyphs()[0][3]
    left, right, other = (picture(image, "3", Degradation(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(left, right)
    assert left.shape != other.shape
