from __future__ import annotations

import numpy as np
import pytest

from tests.digits import network_inputs
from training.corruptions import CORRUPTIONS, STRENGTHS, clean_page, corrupt


def page() -> np.ndarray:
    return clean_page(np.rint(network_inputs("mnist")[0][0] * 255).astype(np.uint8))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_strongest_changes_more_than_the_weakest(name: str) -> None:
    distances = [
        np.mean(
            [
                np.abs(corrupt(page(), name, strength, np.random.default_rng(seed)).astype(int) - page()).mean()
                for seed in range(6)
            ]
        )
        for strength in STRENGTHS
    ]
    assert distances[0] > 0
    assert distances[-1] > 1.3 * distances[0]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_seed_gives_the_same_picture(name: str) -> None:
    left, right = (corrupt(page(), name, 3, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(left, right)
    assert left.dtype == np.uint8
