from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import find_ink
from app.imaging.bands import without_bands
from tests.strokes import DIGITS, draw


def with_bars(page: np.ndarray, *, bar: int, icon: int) -> np.ndarray:
    """Put the bars of a drawing program over a page's upper and lower ends."""
    height, width = page.shape
    shown = page.copy()
    shown[:40], shown[-44:] = bar, bar
    for x in range(30, width - 20, 50):
        cv2.circle(shown, (x, 20), 12, icon, -1)
        cv2.rectangle(shown, (x - 10, height - 32), (x + 12, height - 12), icon, 2)
    return shown


@pytest.mark.parametrize(("paper", "ink", "bar"), [(255, 20, 240), (30, 235, 52)])
@pytest.mark.parametrize("character", DIGITS)
def test_the_bars_of_a_drawing_program_are_left_out(character: str, paper: int, ink: int, bar: int) -> None:
    page = draw(character, (300, 420), scale=0.6, width=0.1, paper=paper, ink=ink)
    found, alone = find_ink(with_bars(page, bar=bar, icon=120)), find_ink(page)
    assert np.abs(np.subtract(found.box, alone.box)).max() <= 2
    assert found.alone


@pytest.mark.parametrize("turns", range(4))
def test_a_band_takes_the_level_beside_it(turns: int) -> None:
    page = np.full((200, 200), 255, np.uint8)
    shown = page.copy()
    shown[:30] = 230
    shown[8:20, 60:80] = 90
    assert np.array_equal(without_bands(np.rot90(shown, turns)), page)


@pytest.mark.parametrize(
    ("top", "left"),
    [(slice(0, 90), slice(None)), (slice(0, 30), slice(20, None)), (slice(60, 90), slice(None))],
    ids=["too wide", "not the whole side", "not at the side"],
)
def test_what_is_no_band_stays(top: slice, left: slice) -> None:
    page = np.full((200, 200), 255, np.uint8)
    page[top, left] = 230
    assert np.array_equal(without_bands(page), page)


def test_a_plain_picture_stays_as_it_is() -> None:
    page = draw("5", (200, 200))
    assert without_bands(page) is page
