from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import find_ink
from training.allographs import SHAPES, allograph
from training.datasets.vocabulary import MERGED


def test_shapes_are_of_known_classes() -> None:
    assert SHAPES.keys() <= {known.label for known in MERGED}


@pytest.mark.parametrize("character", SHAPES)
def test_a_shape_fills_its_picture_and_is_found_on_it(character: str) -> None:
    written = [allograph(character, 112, np.random.default_rng(seed)) for seed in range(20)]
    for picture in written:
        assert picture is not None
        rows, columns = np.nonzero(picture)
        assert 70 < max(np.ptp(rows), np.ptp(columns)) < 112
        assert find_ink(255 * picture).box
    assert len({picture.tobytes() for picture in written if picture is not None}) == 20


def test_the_dot_of_an_i_stands_apart() -> None:
    apart = [cv2.connectedComponents(allograph("I", 112, np.random.default_rng(seed)))[0] for seed in range(20)]
    assert np.mean(np.array(apart) == 3) > 0.8


def test_a_character_without_other_shapes_has_none() -> None:
    assert allograph("W", 112, np.random.default_rng(0)) is None
