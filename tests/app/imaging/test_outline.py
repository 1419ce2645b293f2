from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import GEOMETRIES, find_ink, prepare_pixels
from tests.pages import photographed
from tests.strokes import STROKES, draw


def outlined(character: str, *, line: int) -> np.ndarray:
    """Draw the outline of a thick character, with a line so many pixels wide."""
    thick = (draw(character, (240, 240), scale=0.7, width=0.2) < 128).astype(np.uint8)
    around = cv2.morphologyEx(thick, cv2.MORPH_GRADIENT, np.ones((line, line), np.uint8))
    return np.where(around, 20, 240).astype(np.uint8)


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", "02345789")  # a hollow 1 may be a narrow 0
def test_an_outline_is_read_as_what_it_is_the_outline_of(character: str, lit: bool) -> None:
    page = outlined(character, line=5)
    solid = draw(character, (240, 240), scale=0.7, width=0.2)
    frame = GEOMETRIES["mnist"]
    seen = prepare_pixels(photographed(page) if lit else page, frame)
    assert np.abs(seen - prepare_pixels(solid, frame)).mean() < 0.06


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("width", [0.03, 0.06, 0.12])
@pytest.mark.parametrize("character", sorted(STROKES))
def test_what_is_written_with_strokes_is_not_filled(character: str, width: float, lit: bool) -> None:
    page = draw(character, (240, 240), scale=0.7, width=width)
    ink = find_ink(photographed(page) if lit else page)
    assert (ink.pixels[page == page.max()] > 128).mean() < 0.02


@pytest.mark.parametrize("axes", [(8, 90), (10, 80), (14, 80), (20, 90)])
def test_neither_is_the_eye_of_a_narrow_zero(axes: tuple[int, int]) -> None:
    page = np.full((240, 240), 240, np.uint8)
    cv2.ellipse(page, (120, 120), axes, 12, 0, 360, 20, 4, cv2.LINE_AA)
    assert find_ink(page).pixels[120, 120] == 0
