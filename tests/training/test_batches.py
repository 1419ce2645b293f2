from __future__ import annotations

import numpy as np

from training.batches import BATCH, in_batches


def test_every_image_is_answered_once_and_in_its_place() -> None:
    images = np.arange(2 * BATCH + 3, dtype=np.float32).reshape(-1, 1, 1, 1) * np.ones((1, 28, 28, 1), np.float32)
    sizes: list[int] = []

    def answer(batch: np.ndarray) -> np.ndarray:
        sizes.append(len(batch))
        return batch[:, 0, 0] * 2

    np.testing.assert_array_equal(in_batches(answer, images)[:, 0], 2 * np.arange(2 * BATCH + 3))
    assert sizes == [BATCH, BATCH, 3]
