from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.material import Material
from training.recipes import Recipe
from training.runs import RunError

DRAWN = dataclasses.replace(TINY, written=4)


def material(recipe: Recipe, folder: Path, images: int = 400) -> Material:
    return Material(recipe, small_digits(images), folder, None)


def test_drawn_images_are_shown_beside_the_data_sets(tmp_path: Path) -> None:
    shown = material(DRAWN, tmp_path)
    assert shown.steps_per_epoch == 11  # of 320 images of the data set and 40 drawn
    assert len(shown.validation[1]) == 80


def test_an_epoch_goes_on_with_the_batches_it_was_cut_before(tmp_path: Path) -> None:
    shown = material(DRAWN, tmp_path)
    whole, rest = list(shown.batches(1, 11)), list(shown.batches(1, 18))
    assert (len(whole), len(rest)) == (11, 4)
    for (images, labels), (again, kept) in zip(whole[7:], rest, strict=True):
        np.testing.assert_array_equal(images, again)
        np.testing.assert_array_equal(labels, kept)


def test_too_few_images_for_a_batch(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="do not fill a batch"):
        material(TINY, tmp_path, 20)
