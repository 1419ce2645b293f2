from __future__ import annotations

import numpy as np

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.split import split_parts


def test_the_validation_share_is_never_trained_on() -> None:
    data = small_digits(400)
    (training, validation), (_, again) = split_parts(TINY, data), split_parts(TINY, data)
    np.testing.assert_array_equal(validation.images, again.images)
    assert (len(validation.labels), len(training.labels)) == (80, 320)
    held = {image.tobytes() for image in validation.images}
    assert not any(image.tobytes() in held for image in training.images)
