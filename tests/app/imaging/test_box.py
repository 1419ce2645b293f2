from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import NoInkFound, find_ink
from app.imaging.box import written_in_box
from tests.pages import photographed
from tests.strokes import DIGITS, STROKES, draw

Pixels = np.ndarray


def boxed(page: Pixels, box: tuple[int, int, int, int], *, turn: float = 0.0) -> Pixels:
    """Draw a box, (left, top, right, bottom), turned by some degrees around its middle."""
    left, top, right, bottom = box
    corners = cv2.boxPoints((((left + right) / 2, (top + bottom) / 2), (right - left, bottom - top), turn))
    return cv2.polylines(page.copy(), [np.rint(corners * 16).astype(np.int32)], True, 90, 2, cv2.LINE_AA, 4)


def overlap(page: Pixels, side: int, by: int) -> tuple[int, int, int, int]:
    """Return a box around what is written on a page, but for one side, which it lies beyond by so many pixels."""
    inner = find_ink(page).box
    box = np.add(inner, (-30, -22, 30, 22))
    box[side] = inner[side] + (by if side < 2 else -by)
    return tuple(box.tolist())


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("by", [1, 12], ids=["touches", "crosses"])
@pytest.mark.parametrize("side", range(4), ids=["left", "top", "right", "bottom"])
@pytest.mark.parametrize("character", "23569")
def test_a_box_that_the_character_touches_or_crosses_is_left_out(character: str, side: int, by: int, lit: bool) -> None:
    page = draw(character, (240, 240), scale=0.45, width=0.1, ink=40)
    shown = boxed(page, overlap(page, side, by), turn=4 if lit else 0)
    found = find_ink(photographed(shown) if lit else shown)
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 7
    assert found.alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", "235")
def test_of_a_table_that_the_character_touches_the_cell_in_the_middle_is_read(character: str, lit: bool) -> None:
    page = draw(character, (240, 240), scale=0.16, width=0.12, ink=40)
    left, top, right, bottom = overlap(page, 0, 1)
    shown = page
    for step in (-1, 0, 1):
        shown = boxed(shown, (left + step * (right - left), top, right + step * (right - left), bottom))
    cv2.line(shown, (left - 30, top + 20), (left - 30, bottom - 20), 40, 5)  # a 1 in the first cell
    found = find_ink(photographed(shown) if lit else shown)
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 5
    assert found.alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("shift", [0, 12])
@pytest.mark.parametrize("axes", [(74, 74), (84, 70)])
@pytest.mark.parametrize("character", "23456789")
def test_a_ring_that_the_character_touches_is_left_out(
    character: str, axes: tuple[int, int], shift: int, *, lit: bool
) -> None:
    page = draw(character, (300, 300), scale=0.5, width=0.1, ink=40)
    shown = cv2.ellipse(page.copy(), (150 + shift, 150), axes, 0, 0, 360, 60, 4, cv2.LINE_AA)
    found = find_ink(photographed(shown) if lit else shown)
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 12
    assert found.alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("stroke", [((150, 150), (225, 235)), ((95, 205), (205, 95)), None], ids=["Q", "slash", "0"])
def test_the_ring_of_a_character_is_part_of_it(
    stroke: tuple[tuple[int, int], tuple[int, int]] | None, *, lit: bool
) -> None:
    page = np.full((300, 300), 240, np.uint8)
    cv2.ellipse(page, (150, 150), (72, 80), 0, 0, 360, 40, 9, cv2.LINE_AA)
    if stroke:
        cv2.line(page, *stroke, 40, 9, cv2.LINE_AA)
    assert find_ink(photographed(page) if lit else page).longest >= 125


@pytest.mark.parametrize("character", [*STROKES, "B", "D", "E", "square"])
def test_a_character_is_no_box(character: str) -> None:
    page = np.full((240, 240), 255, np.uint8)
    if character in STROKES:
        page = draw(character, (240, 240), width=0.1)
    elif character == "square":  # a 0 as some write it
        cv2.rectangle(page, (60, 40), (180, 200), 0, 12)
    else:
        cv2.putText(page, character, (50, 190), cv2.FONT_HERSHEY_DUPLEX, 6.5, 0, 12)
    left, top, right, bottom = find_ink(page).box
    mark = page[top:bottom, left:right] < 128
    assert written_in_box(mark, np.zeros_like(mark), np.array([120.0, 120.0])) is None


def test_an_8_of_segments_keeps_them() -> None:
    page = np.full((240, 240), 255, np.uint8)
    cv2.rectangle(page, (70, 40), (170, 200), 0, 8)
    cv2.line(page, (70, 120), (170, 120), 0, 8)
    assert find_ink(page).box == pytest.approx((66, 36, 175, 205), abs=2)
    assert np.count_nonzero(find_ink(page).pixels[:, 120] > 128) >= 24


@pytest.mark.parametrize("digit", DIGITS)
def test_a_box_is_left_out_wherever_its_character_stands_in_it(digit: str) -> None:
    page = draw(digit, (240, 240), scale=0.3, width=0.1, ink=40)
    left, top, right, bottom = find_ink(page).box
    found = find_ink(boxed(page, (left - 2, top - 60, left + 90, bottom + 20)))
    assert np.abs(np.subtract(found.box, (left, top, right, bottom))).max() <= 5


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("size", [(180, 180), (120, 200), (200, 110), (80, 80)])
@pytest.mark.parametrize("turn", [0.0, 3.0])
def test_an_empty_box_is_no_character(turn: float, size: tuple[int, int], *, lit: bool) -> None:
    page = np.full((300, 300), 240, np.uint8)
    corners = cv2.boxPoints(((150, 150), size, turn))
    cv2.polylines(page, [np.rint(corners).astype(np.int32)], True, 40, 3, cv2.LINE_AA)
    with pytest.raises(NoInkFound, match="empty box"):
        find_ink(photographed(page) if lit else page)


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("cells", [3, 5])
def test_an_empty_row_of_boxes_is_no_character(cells: int, *, lit: bool) -> None:
    page = np.full((200, 100 * cells + 60), 240, np.uint8)
    for cell in range(cells):
        cv2.rectangle(page, (30 + 100 * cell, 50), (130 + 100 * cell, 150), 40, 3)
    with pytest.raises(NoInkFound, match="empty box"):
        find_ink(photographed(page) if lit else page)


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", "08")
def test_a_character_with_straight_sides_is_no_empty_box(character: str, *, lit: bool) -> None:
    page = np.full((300, 300), 240, np.uint8)
    if character == "0":  # with round corners, as a pen makes it
        cv2.ellipse(page, (150, 150), (70, 100), 0, 0, 360, 40, 8, cv2.LINE_AA)
    else:  # of two cells
        cv2.rectangle(page, (100, 60), (200, 150), 40, 8)
        cv2.rectangle(page, (100, 150), (200, 240), 40, 8)
    assert find_ink(photographed(page) if lit else page).longest > 150
