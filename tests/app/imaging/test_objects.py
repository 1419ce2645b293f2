from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import find_ink
from tests.pages import photographed
from tests.strokes import DIGITS, draw

LIT = pytest.mark.parametrize("lit", [False, True])
#: Ends of a pen that lies on a sheet of 300 x 240 pixels.
ABOVE = (40, 22), (250, 34)
BELOW = (60, 215), (260, 222)
LEFT = (40, 60), (48, 190)


@LIT
@pytest.mark.parametrize("ends", [ABOVE, BELOW, LEFT], ids=["above", "below", "left"])
@pytest.mark.parametrize("character", DIGITS)
def test_a_pen_beside_a_character_is_left_out(
    character: str, ends: tuple[tuple[int, int], tuple[int, int]], lit: bool
) -> None:
    page = draw(character, (300, 240), scale=0.45, width=0.1, paper=240).copy()
    alone = find_ink(photographed(page) if lit else page).box
    cv2.line(page, *ends, 60, 14, cv2.LINE_AA)
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 3


@pytest.mark.parametrize("character", DIGITS)
def test_an_upright_bar_may_be_another_character(character: str) -> None:
    page = draw(character, (300, 240), scale=0.45, width=0.1, paper=240).copy()
    cv2.line(page, (230, 75), (226, 165), 20, 10, cv2.LINE_AA)
    assert not find_ink(page).alone


@LIT
@pytest.mark.parametrize("thickness", [6, 12])
def test_a_level_bar_heavier_than_a_thin_character_is_not_read(thickness: int, lit: bool) -> None:
    page = draw("7", (300, 240), scale=0.4, width=0.05, paper=240).copy()
    alone = find_ink(photographed(page) if lit else page).box
    cv2.line(page, (50, 205), (270, 205), 60, thickness + 4)
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 3


@LIT
def test_the_head_of_a_t_that_does_not_touch_its_stem_is_kept(lit: bool) -> None:
    page = np.full((240, 240), 240, np.uint8)
    cv2.line(page, (60, 60), (180, 60), 30, 12)
    cv2.line(page, (120, 78), (120, 180), 30, 12)
    box = find_ink(photographed(page) if lit else page).box
    assert box == pytest.approx((54, 54, 187, 187), abs=5)


@LIT
@pytest.mark.parametrize("place", [(40, 40), (260, 200)])
@pytest.mark.parametrize("character", DIGITS)
def test_a_coin_beside_a_character_is_left_out(character: str, place: tuple[int, int], lit: bool) -> None:
    page = draw(character, (300, 240), scale=0.45, width=0.1, paper=240).copy()
    alone = find_ink(photographed(page) if lit else page).box
    cv2.circle(page, place, 26, 120, -1, cv2.LINE_AA)
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 3
    assert found.alone


def test_the_large_dot_of_an_i_is_no_coin() -> None:
    page = np.full((240, 160), 255, np.uint8)
    cv2.circle(page, (84, 50), 20, 0, -1)
    cv2.line(page, (80, 105), (80, 180), 0, 14)
    assert find_ink(page).box[1] < 40
