from __future__ import annotations

import numpy as np

from tests.training.data import small_digits
from training.evaluate import sample


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    data = small_digits(50)
    drawn = sample(data, 20, seed=3)
    np.testing.assert_array_equal(drawn.images, sample(data, 20, seed=3).images)
    assert (drawn.images != sample(data, 20, seed=4).images).any()
    assert (drawn.classes, drawn.name, drawn.part) == (data.classes, data.name, data.part)


def test_a_sample_has_every_image_once_at_most_and_its_own_label() -> None:
    data = small_digits(50)
    labels = {image.tobytes(): label for image, label in zip(data.images, data.labels, strict=True)}
    drawn = sample(data, 20)
    assert len({image.tobytes() for image in drawn.images}) == len(drawn.labels) == 20
    assert all(labels[image.tobytes()] == label for image, label in zip(drawn.images, drawn.labels, strict=True))


def test_a_sample_of_more_than_there_are_or_of_all() -> None:
    data = small_digits(5)
    assert len(sample(data, 20).labels) == 5
    assert sample(data, 0) is data
