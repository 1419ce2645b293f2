from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.quantise import range_images


def test_ranges_are_set_by_what_training_showed(tmp_path: Path) -> None:
    recipe = dataclasses.replace(TINY, degraded_share=0.4, degraded_copies=2)
    data = small_digits(30)
    images = range_images(recipe, data, tmp_path)
    assert images.shape == (60, 28, 28, 1)
    assert (images.min(), images.max()) == (0, 1)
    np.testing.assert_array_equal(images, range_images(recipe, data, tmp_path))
    plain = range_images(TINY, data, tmp_path)
    assert len(plain) == 30
    assert np.abs(plain - data.images[..., None] / 255).max() > 0.1  # augmented
