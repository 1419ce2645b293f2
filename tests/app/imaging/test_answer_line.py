from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import find_ink
from tests.pages import photographed
from tests.strokes import DIGITS, draw

LIT = pytest.mark.parametrize("lit", [False, True])


@LIT
@pytest.mark.parametrize("crossed", [0, 12], ids=["stands on it", "crosses it"])
@pytest.mark.parametrize("askew", [0, 4])
@pytest.mark.parametrize("character", DIGITS.replace("2", ""))  # whose foot lies along the line
def test_an_answer_line_that_the_character_touches_is_left_out(
    character: str, askew: int, crossed: int, lit: bool
) -> None:
    page = draw(character, (240, 240), scale=0.5, width=0.1, paper=240).copy()
    alone = find_ink(photographed(page) if lit else page).box
    level = alone[3] - crossed
    cv2.line(page, (45, level), (195, level + askew), 60, 2, cv2.LINE_AA)
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 6


@LIT
def test_the_foot_of_a_2_that_reaches_far_to_the_right_is_kept(lit: bool) -> None:
    page = draw("2", (240, 240), scale=0.5, width=0.04, paper=240).copy()
    left, _, right, bottom = find_ink(page).box
    cv2.line(page, (left + 4, bottom - 3), (right + 40, bottom - 3), 20, 4)
    assert find_ink(photographed(page) if lit else page).box[2] > right + 30


@LIT
def test_the_foot_of_an_i_no_wider_than_its_head_is_kept(lit: bool) -> None:
    page = np.full((240, 240), 240, np.uint8)
    for start, end in (((80, 60), (160, 60)), ((120, 60), (120, 180)), ((80, 180), (160, 180))):
        cv2.line(page, start, end, 30, 4)
    box = find_ink(photographed(page) if lit else page).box
    assert box == pytest.approx((78, 58, 163, 183), abs=4)
