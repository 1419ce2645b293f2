from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.artifacts import CharacterClass
from app.imaging import find_ink
from tests.digits import network_inputs
from tests.training.test_fonts import DEJAVU
from training.allographs import RASTER, allograph, handwritten, with_written
from training.datasets import LabelledImages
from training.datasets.vocabulary import DIGITS, MERGED
from training.shapes import SHAPES


def drawn(known: CharacterClass, count: int = 20) -> list[np.ndarray]:
    return [allograph(known, np.random.default_rng(seed)) for seed in range(count)]


def test_shapes_are_of_known_classes() -> None:
    assert SHAPES.keys() <= {known.label for known in MERGED}


@pytest.mark.parametrize("known", MERGED, ids=lambda known: known.label)
def test_a_character_fills_its_picture_and_is_found_on_it(known: CharacterClass) -> None:
    pictures = drawn(known)
    for picture in pictures:
        rows, columns = np.nonzero(picture)
        assert 0.6 * RASTER < max(np.ptp(rows), np.ptp(columns)) < RASTER
        assert find_ink(255 * picture).box
    assert len({picture.tobytes() for picture in pictures}) == 20


def test_both_cases_of_a_merged_letter_are_drawn() -> None:
    # A capital I is one piece; a small i has its dot.
    pieces = [cv2.connectedComponents(picture)[0] - 1 for picture in drawn(MERGED[18], 40)]
    assert MERGED[18].characters == ("I", "i")
    assert {1, 2} <= set(pieces)


@pytest.mark.parametrize("known", MERGED, ids=lambda known: known.label)
def test_a_font_is_written_in_another_way_each_time(known: CharacterClass) -> None:
    pictures = [handwritten(known, DEJAVU, np.random.default_rng(seed)) for seed in range(20)]
    for picture in pictures:
        rows, columns = np.nonzero(picture)
        assert 0.6 * RASTER < max(np.ptp(rows), np.ptp(columns)) < RASTER
        assert find_ink(255 * picture).box
    assert len({picture.tobytes() for picture in pictures}) == 20


def test_drawn_images_follow_the_data_sets_own() -> None:
    inputs, labels = network_inputs("mnist")
    images = np.rint(inputs * 255).astype(np.uint8)
    data = LabelledImages(images, labels, DIGITS, "load_digits", "train", {})
    more = with_written(data, 3, "mnist", seed=0)
    np.testing.assert_array_equal(more.images[: len(images)], images)
    np.testing.assert_array_equal(more.labels[len(images) :], np.repeat(np.arange(10), 3))
    assert (more.images[len(images) :].max(axis=(1, 2)) == 255).all()
    again, other = (with_written(data, 3, "mnist", seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(again.images, more.images)
    assert (other.images != more.images).any()
    typeset = with_written(data, 3, "mnist", seed=0, fonts=(DEJAVU,))
    assert 0.3 < (typeset.images != more.images).any(axis=(1, 2))[len(images) :].mean() <= 1
