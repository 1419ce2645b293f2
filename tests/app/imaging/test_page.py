from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.imaging.page import DARKEST_REFERENCE, lit_page, measure_page, median
from tests.pages import photographed
from tests.strokes import DIGITS, draw


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


def tight(character: str, *, width: float, ink: int = 60, paper: int = 225, scale: float = 1.1) -> np.ndarray:
    """Crop a photo closely around a character."""
    return photographed(draw(character, (160, 200), width=width, ink=ink, paper=paper, scale=scale), noise=4)


@pytest.mark.parametrize("ink", [60, 170], ids=["pen", "pencil"])
@pytest.mark.parametrize("width", [0.1, 0.22])
@pytest.mark.parametrize("character", DIGITS)
def test_a_crop_of_nothing_but_ink_and_lit_paper_is_even(character: str, width: float, ink: int) -> None:
    page = lit_page(tight(character, width=width, ink=ink))
    assert page.even
    blank = photographed(np.full((200, 160), 225, np.uint8), noise=0)
    assert np.quantile(np.abs(page.level - blank), 0.99) <= 0.2 * (225 - ink)


@pytest.mark.parametrize("character", DIGITS)
def test_so_is_one_of_chalk_that_runs_out_of_it(character: str) -> None:
    assert lit_page(tight(character, width=0.15, ink=220, paper=60, scale=1.3)).even


@pytest.mark.parametrize("edge", [1, 6], ids=["hard", "soft"])
def test_a_page_half_in_shadow_is_not_even(edge: int) -> None:
    page = draw("5", (200, 200), scale=0.6, ink=60, paper=225)
    x, y = np.meshgrid(np.arange(200), np.arange(200))
    shade = 1 - 0.5 / (1 + np.exp(np.clip((x + 0.3 * y - 110) / edge, -50, 50)))
    assert not lit_page(photographed(np.rint(page * shade).astype(np.uint8))).even


def test_nor_is_what_is_all_of_one_level() -> None:
    assert not lit_page(np.full((120, 120), 200, np.uint8)).even
