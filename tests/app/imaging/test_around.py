from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import find_ink
from tests.pages import framed, photographed
from tests.strokes import DIGITS, draw


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", "038i5")
def test_a_frame_is_left_out(character: str, lit: bool) -> None:
    page = draw(character, (200, 200), scale=0.5)
    found = find_ink(photographed(framed(page, 15)) if lit else framed(page, 15))
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 5


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_so_is_a_box_without_its_upper_side(character: str, lit: bool) -> None:
    page = draw(character, (240, 240), scale=0.4, paper=235)
    box = page.copy()
    cv2.polylines(box, [np.array([(60, 50), (60, 190), (180, 190), (180, 50)])], False, 90, 3)
    found = find_ink(photographed(box) if lit else box)
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 5


def boxed(page: np.ndarray, *, table: bool) -> np.ndarray:
    """Draw a box around the middle of a page and one to either side, as a table or apart from each other."""
    page = page.copy()
    side, middle = (len(page) // 4, len(page) // 2)
    step = side if table else side * 6 // 5
    for left in (middle - side // 2 + step * place for place in (-1, 0, 1)):
        cv2.rectangle(page, (left, middle - side // 2), (left + side, middle + side // 2), 60, 2)
    return page


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("table", [True, False], ids=["a table", "boxes"])
@pytest.mark.parametrize("character", "2357")
def test_so_are_a_table_and_boxes_beside_each_other(character: str, table: bool, lit: bool) -> None:
    page = draw(character, (240, 240), scale=0.18, width=0.12)
    shown = boxed(page, table=table)
    found = find_ink(photographed(shown) if lit else shown)
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 5
    assert found.alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("bottom", [True, False], ids="EF")
def test_an_e_or_f_whose_bar_does_not_touch_is_no_frame(bottom: bool, lit: bool) -> None:
    page = np.full((200, 200), 240, np.uint8)
    page[40:160, 60:66] = page[40:46, 60:130] = page[97:103, 75:120] = 20
    page[154:160, 60 : 130 if bottom else 66] = 20
    assert find_ink(photographed(page) if lit else page).box == pytest.approx((60, 40, 130, 160), abs=4)


def test_a_zero_is_no_frame() -> None:
    page = draw("0", (200, 200), scale=1.0, width=0.02)
    page = np.asarray(np.minimum(page, draw("1", (200, 200), scale=0.2)))
    box = find_ink(page).box
    assert box[2] - box[0] > 90


def ringed(page: np.ndarray, axes: tuple[int, int], ends: tuple[int, int] = (10, 352)) -> np.ndarray:
    """Draw a ring around the middle of a page, as a hand does that does not quite close it."""
    height, width = page.shape
    return cv2.ellipse(page.copy(), (width // 2, height // 2), axes, 0, *ends, 40, 4, cv2.LINE_AA)


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("axes", [(75, 75), (88, 76)], ids=["circle", "ellipse"])
@pytest.mark.parametrize("character", DIGITS)
def test_a_ring_around_a_number_is_left_out(character: str, axes: tuple[int, int], lit: bool) -> None:
    page = draw(character, (200, 200), scale=0.35, width=0.12)
    found = find_ink(photographed(ringed(page, axes)) if lit else ringed(page, axes))
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 5


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("box", [True, False], ids=["box", "ring"])
@pytest.mark.parametrize("share", [0.08, 0.12, 0.18])
@pytest.mark.parametrize("character", "2357")
def test_so_is_a_small_one_in_a_large_picture(character: str, share: float, box: bool, lit: bool) -> None:
    side = 600
    inner = round(share * side)
    size = (inner, inner)
    written = draw(character, size, scale=0.55, width=0.12)
    around = framed(written, 2) if box else ringed(written, (inner // 2 - 3,) * 2)
    pages = []
    for drawn in (written, around):
        page = np.full((side, side), 240, np.uint8)
        page[150 : 150 + inner, 250 : 250 + inner] = drawn
        pages.append(photographed(page) if lit else page)
    found, expected = (find_ink(page).box_within(side, side) for page in pages)
    assert np.abs(np.subtract(found, expected)).max() <= 5


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize(
    ("axes", "ends"),
    [((50, 75), (0, 360)), ((75, 75), (40, 320))],
    ids=["a stroke in a 0", "a G whose bar is apart"],
)
def test_a_character_with_a_stroke_in_it_is_no_ring(axes: tuple[int, int], ends: tuple[int, int], lit: bool) -> None:
    page = ringed(draw("1", (200, 200), scale=0.35, width=0.12), axes, ends)
    box = find_ink(photographed(page) if lit else page).box
    assert box[3] - box[1] > 140


@pytest.mark.parametrize("lit", [False, True])
def test_an_o_with_a_dot_in_it_is_no_ring(lit: bool) -> None:
    page = cv2.circle(ringed(np.full((200, 200), 235, np.uint8), (75, 75)), (100, 100), 14, 40, -1, cv2.LINE_AA)
    box = find_ink(photographed(page) if lit else page).box
    assert box[3] - box[1] > 140


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("hole", [38, 58], ids=["the tail of a Q", "an outline"])
def test_a_letter_with_a_stroke_or_a_hole_in_it_is_no_ring(hole: int, lit: bool) -> None:
    page = ringed(np.full((200, 200), 235, np.uint8), (75, 75), (0, 360))
    if hole > 50:
        page = ringed(page, (hole, hole), (0, 360))
    else:
        cv2.line(page, (108, 108), (108 + hole, 108 + hole), 40, 5, cv2.LINE_AA)
    box = find_ink(photographed(page) if lit else page).box
    assert box[3] - box[1] > 140


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("length", [50, 120])
@pytest.mark.parametrize("character", DIGITS)
def test_a_line_under_the_character_is_left_out(character: str, length: int, lit: bool) -> None:
    page = draw(character, (200, 200), scale=0.35, width=0.12).copy()
    alone = find_ink(page).box
    below = alone[3] + 9
    cv2.line(page, (100 - length // 2, below), (100 + length // 2, below + length // 20), 40, 3, cv2.LINE_AA)
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 4


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("second", [None, 9], ids=["once", "twice"])
@pytest.mark.parametrize("character", DIGITS)
def test_so_is_one_close_under_it_that_is_hardly_longer_than_it_is_wide(
    character: str, second: int | None, lit: bool
) -> None:
    """On a photo the gap between them is as narrow as those that chalk leaves in a stroke."""
    page = draw(character, (240, 240), scale=0.45, width=0.1).copy()
    left, _, right, bottom = alone = find_ink(photographed(page) if lit else page).box
    reach = max(12, 50 - (right - left) // 2)
    for below in (bottom + 8, bottom + 8 + (second or 0)):
        cv2.line(page, (left - reach, below), (right + reach, below), 40, 3, cv2.LINE_AA)
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 4


@pytest.mark.parametrize("lit", [False, True])
def test_the_foot_of_a_2_that_a_gap_parts_from_it_is_kept(lit: bool) -> None:
    page = draw("7", (200, 200), scale=0.5, width=0.08).copy()
    bottom = find_ink(page).box[3]
    cv2.line(page, (68, bottom + 5), (135, bottom + 5), 40, 5, cv2.LINE_AA)
    assert find_ink(photographed(page) if lit else page).box[3] >= bottom + 6


@pytest.mark.parametrize("lit", [False, True])
def test_the_foot_of_an_i_drawn_in_three_strokes_is_kept(lit: bool) -> None:
    page = np.full((200, 200), 235, np.uint8)
    for start, end in (((60, 50), (140, 50)), ((100, 62), (100, 138)), ((60, 150), (140, 150))):
        cv2.line(page, start, end, 40, 5, cv2.LINE_AA)
    assert find_ink(photographed(page) if lit else page).box[3] > 145


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_of_a_row_of_boxes_the_middle_one_is_read(character: str, lit: bool) -> None:
    page = np.full((160, 400), 250, np.uint8)
    page[40:120, 160:240] = draw(character, (80, 80), scale=0.7, paper=250)
    alone = find_ink(photographed(page) if lit else page).box
    for x, neighbour in ((70, "3"), (250, "8")):
        page[40:120, x : x + 80] = draw(neighbour, (80, 80), scale=0.7, paper=250)
    for y in (34, 126):
        page[y : y + 2] = 60
    for x in range(65, 400, 90):
        page[34:128, x : x + 2] = 60
    assert np.abs(np.subtract(find_ink(photographed(page) if lit else page).box, alone)).max() <= 4


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("below", [0, 10])
@pytest.mark.parametrize("character", DIGITS)
def test_so_it_is_where_the_character_stands_on_the_box_or_crosses_it(character: str, below: int, lit: bool) -> None:
    page = draw(character, (240, 240), scale=0.35, width=0.1, paper=245).copy()
    alone = find_ink(photographed(page) if lit else page).box
    foot = alone[3] - below
    for y in (foot - 90, foot):
        cv2.line(page, (0, y), (239, y), 90, 2)
    for x in (30, 85, 155, 210):
        cv2.line(page, (x, foot - 90), (x, foot), 90, 2)
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 5


def test_the_posts_of_an_h_are_no_cell_around_its_bar() -> None:
    page = np.full((200, 200), 240, np.uint8)
    page[40:160, 55:62] = page[40:160, 138:145] = page[96:104, 75:125] = 20
    left, _, right, _ = find_ink(page).box
    assert (left, right) == pytest.approx((55, 145), abs=4)


@pytest.mark.parametrize("lit", [False, True])
def test_the_posts_of_an_m_are_no_cell_around_its_v(lit: bool) -> None:
    page = np.full((200, 200), 240, np.uint8)
    page[40:160, 50:57] = page[40:160, 143:150] = 20
    for end in (64, 136):
        cv2.line(page, (end, 55), (100, 125), 20, 6, cv2.LINE_AA)
    assert find_ink(photographed(page) if lit else page).box == pytest.approx((50, 40, 150, 160), abs=4)


def test_the_stem_of_a_k_that_the_rest_does_not_touch_is_no_line_between_cells() -> None:
    page = np.full((112, 96), 220, np.uint8)
    cv2.line(page, (36, 20), (34, 92), 40, 4)
    cv2.polylines(page, [np.array([[60, 34], [43, 58], [64, 84]])], False, 40, 6)
    left, top, _, bottom = find_ink(photographed(page)).box
    assert left < 36
    assert top < 26
    assert bottom > 86
