from __future__ import annotations

import numpy as np
import pytest

from app.imaging.marks import straightness


@pytest.mark.parametrize(("height", "width", "expected"), [(1, 50, 0.0), (50, 5, 0.01), (9, 9, 1.0), (1, 1, 1.0)])
def test_a_line_is_straighter_than_a_blot(height: int, width: int, expected: float) -> None:
    pixels = np.zeros((60, 60), np.bool_)
    pixels[5 : 5 + height, 5 : 5 + width] = True
    assert straightness(pixels) == pytest.approx(expected, abs=0.001)


def test_a_slanted_line_is_as_straight() -> None:
    assert straightness(np.eye(40, dtype=np.bool_)) == pytest.approx(0, abs=1e-9)
