from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.imaging.page import DARKEST_REFERENCE, measure_page, median


@settings(max_examples=200, deadline=None)
@given(
    values=st.one_of(
        hnp.arrays(np.uint8, st.integers(1, 50)),
        hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(-1000, 1000, width=32)),
    )
)
def test_the_median_is_numpys(values: np.ndarray) -> None:
    assert median(values) == float(np.median(values))


@pytest.mark.parametrize("level", [0, 1, 100, 254, 255])
def test_a_plain_page_has_one_level(level: int) -> None:
    pixels = np.full((28, 28), level, np.uint8)
    pixels[10:18, 12:16] = 255 - level
    page = measure_page(pixels)
    assert page.plain
    np.testing.assert_array_equal(page.level, [[level]])
    assert page.contrast(pixels).shape == pixels.shape
    assert page.share(10) == 10 / max(level, DARKEST_REFERENCE)


def test_a_page_in_uneven_light_follows_it() -> None:
    light = np.tile(np.linspace(120, 220, 60), (50, 1))
    pixels = light.astype(np.uint8)
    pixels[20:30, 25:30] = 30
    page = measure_page(pixels)
    assert not page.plain
    assert np.abs(page.level - light).mean() < 3
