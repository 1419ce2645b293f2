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


@LIT
@pytest.mark.parametrize("character", DIGITS)
def test_so_is_what_crosses_the_picture_however_near(character: str, lit: bool) -> None:
    page = draw(character, (240, 240), scale=0.45, width=0.1, paper=240).copy()
    alone = find_ink(photographed(page) if lit else page).box
    cv2.line(page, (alone[2] + 8, -5), (alone[2] + 20, 245), 130, 9, cv2.LINE_AA)
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 4


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
    cv2.line(page, (60, 205), (255, 205), 60, thickness + 4)
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 3


@LIT
@pytest.mark.parametrize("gap", [6, 14])
@pytest.mark.parametrize("head", [100, 150])
def test_the_head_of_a_t_that_does_not_touch_its_stem_is_kept(head: int, gap: int, lit: bool) -> None:
    page = np.full((240, 240), 240, np.uint8)
    cv2.line(page, (120 - head // 2, 60), (120 + head // 2, 60), 30, 12)
    cv2.line(page, (120, 78 + gap - 6), (120, 180), 30, 12)
    left, top, right, bottom = find_ink(photographed(page) if lit else page).box
    assert (left, top, right, bottom) == pytest.approx((114 - head // 2, 54, 127 + head // 2, 187), abs=5)


@pytest.mark.parametrize("margin", [0, 20])
def test_so_are_the_stem_of_a_d_and_that_of_an_open_4(margin: int) -> None:
    """In a tight crop they run from its upper to its lower edge."""
    d = np.full((126, 90), 255, np.uint8)
    cv2.ellipse(d, (36, 86), (28, 36), 0, 0, 360, 0, 8)
    cv2.line(d, (79, 4), (79, 121), 0, 8)
    four = np.full((120, 100), 255, np.uint8)
    cv2.polylines(four, [np.array([[40, 8], [8, 76], [62, 76]])], False, 0, 8)
    cv2.line(four, (77, 0), (77, 119), 0, 8)
    for character in (d, four):
        page = np.pad(character, margin, constant_values=255)
        left, top, right, bottom = find_ink(page).box
        assert right - left > 70
        assert bottom - top > 110


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
