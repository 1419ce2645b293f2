"""The two data sets that need no download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.imaging import GEOMETRIES
from training.datasets import LabelledImages, load_dataset
from training.datasets.check import check, shared_images


@pytest.fixture(scope="module", params=["optdigits", "printed"])
def parts(request: pytest.FixtureRequest) -> tuple[LabelledImages, LabelledImages]:
    train, test = (load_dataset(request.param, part, Path("nowhere")) for part in ("train", "test"))
    return train, test


def test_every_class_is_in_both_parts_and_no_image(parts: tuple[LabelledImages, LabelledImages]) -> None:
    for part in parts:
        assert set(part.labels) == set(range(len(part.classes)))
        found = check(part)
        assert (found.blank, found.misoriented) == (0, ())
    assert shared_images(*parts) == 0


def test_images_are_in_the_frame_of_the_data_set_they_stand_for(parts: tuple[LabelledImages, LabelledImages]) -> None:
    _, test = parts
    geometry = GEOMETRIES["mnist" if len(test.classes) == 10 else "emnist"]
    framed = [geometry.is_framed(image) for image in test.images]
    assert np.mean(framed) > 0.95


def test_a_part_is_the_same_every_time(parts: tuple[LabelledImages, LabelledImages]) -> None:
    _, test = parts
    again = load_dataset(test.name, "test", Path("nowhere"))
    np.testing.assert_array_equal(again.images, test.images)
    assert again.files == test.files
