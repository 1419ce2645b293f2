from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import find_ink
from app.imaging.specks import is_speckled, without_specks
from tests.pages import photographed, ruled
from tests.strokes import DIGITS, draw


def locally_thresholded(page: np.ndarray, *, inverted: bool = False) -> np.ndarray:
    """Do what scanning programs and tutorials do, which turns noise into specks."""
    kind = cv2.THRESH_BINARY_INV if inverted else cv2.THRESH_BINARY
    photo = photographed(page, noise=6)
    return np.asarray(cv2.adaptiveThreshold(photo, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, kind, 41, 4), np.uint8)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_a_character_is_found_among_specks(character: str, inverted: bool) -> None:
    page = draw(character, (240, 240), scale=0.5, width=0.12, paper=230)
    speckled = locally_thresholded(page, inverted=inverted)
    assert is_speckled(speckled)
    found = find_ink(speckled)
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 6
    assert found.alone


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("spacing", [9, 16, 24])
def test_ruling_is_no_specks(spacing: int, squared: bool) -> None:
    page = ruled(draw("3", (240, 240), paper=255), spacing, squared=squared)
    assert without_specks(page) is page


def test_a_crop_is_not_speckled() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (95, 95)).astype(np.uint8) * 255
    assert not is_speckled(noise)
    assert is_speckled(np.tile(noise, (2, 2)))
