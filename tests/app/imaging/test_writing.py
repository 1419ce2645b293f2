from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import find_ink
from tests.pages import photographed
from tests.strokes import DIGITS, draw


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_the_next_line_of_writing_is_left_out(character: str, lit: bool) -> None:
    page = draw(character, (160, 160), scale=0.6).copy()
    alone = find_ink(page).box
    page[152:, 20:50] = 20
    page[156:, 90:130] = 20
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 4


@pytest.mark.parametrize("character", DIGITS)
def test_so_are_the_buttons_and_the_title_beside_a_frame(character: str) -> None:
    page = np.full((320, 240), 255, np.uint8)
    page[:240] = draw(character, (240, 240), scale=0.6, width=0.1, paper=255)
    alone = find_ink(page).box
    cv2.rectangle(page, (10, 10), (229, 229), 0, 2)
    for left in (15, 130):
        page[245:285, left : left + 95] = 100
    cv2.putText(page, "Draw a digit", (60, 310), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0, 2, cv2.LINE_AA)
    found = find_ink(page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 2
    assert found.alone


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
def test_so_are_the_bars_of_a_drawing_program(character: str, paper: int, ink: int, bar: int) -> None:
    page = draw(character, (300, 420), scale=0.6, width=0.1, paper=paper, ink=ink)
    found, alone = find_ink(with_bars(page, bar=bar, icon=120)), find_ink(page)
    assert np.abs(np.subtract(found.box, alone.box)).max() <= 2
    assert found.alone


@pytest.mark.parametrize("character", DIGITS)
def test_so_are_the_checks_of_the_cloth_that_a_note_lies_on(character: str) -> None:
    y, x = np.mgrid[:240, :320] // 20 % 2
    cloth = np.asarray(240 - 65 * (x + y), np.uint8)
    note = draw(character, (180, 160), scale=0.6, width=0.1, paper=240)
    page = cloth.copy()
    page[40:200, 70:250] = note
    expected = np.add(find_ink(photographed(note)).box, (70, 40, 70, 40))
    assert np.abs(np.subtract(find_ink(photographed(page)).box_within(320, 240), expected)).max() <= 6


@pytest.mark.parametrize("lit", [False, True])
def test_the_dot_of_an_i_is_kept(lit: bool) -> None:
    page = draw("i", (200, 200), width=0.1)
    box = find_ink(photographed(page) if lit else page).box
    assert box[1] < 50
    assert box[3] > 165


@pytest.mark.parametrize("lit", [False, True])
def test_the_stem_of_an_i_that_stands_at_the_lower_edge_is_kept(lit: bool) -> None:
    page = np.full((112, 96), 220, np.uint8)
    page[58:70, 56:68] = 40
    page[80:, 58:70] = 40
    found = find_ink(photographed(page) if lit else page)
    assert found.box[1] < 62
    assert found.box[3] > 100


@pytest.mark.parametrize("lit", [False, True])
def test_the_edge_of_a_box_beside_a_small_mark_is_no_stem(lit: bool) -> None:
    """It is upright, starts below the mark and touches an edge, but not the lower one."""
    page = np.full((112, 96), 220, np.uint8)
    page[30:50, 4:24] = 40
    page[37:43, 11:17] = 220
    page[55:100, 0:9] = 40
    found = find_ink(photographed(page) if lit else page)
    assert found.box[3] < 56


def test_a_stroke_cut_by_the_edge_is_kept() -> None:
    """The bar of a 5 that touches the edge of a tight crop, and does not touch the rest."""
    page = np.full((60, 40), 240, np.uint8)
    page[0:6, 8:36] = 20
    page[10:54, 8:13] = 20
    page[49:54, 8:34] = 20
    assert find_ink(page).box[1] == 0


@pytest.mark.parametrize("photo", [False, True])
def test_two_whole_characters_are_left_for_the_network_to_be_unsure_of(photo: bool) -> None:
    page = np.full((160, 240), 255, np.uint8)
    page[:, 48:128] = draw("3", (80, 160), ink=20, paper=255)
    page[:, 96:176] = np.minimum(page[:, 96:176], draw("5", (80, 160), ink=20, paper=255))
    left, _, right, _ = find_ink(photographed(page) if photo else page).box
    assert left < 80
    assert right > 140


def test_both_bars_of_an_open_h_are_kept() -> None:
    page = np.full((200, 200), 240, np.uint8)
    page[40:160, 60:70] = page[40:160, 95:105] = page[95:103, 70:88] = 20
    left, _, right, _ = find_ink(photographed(page)).box
    assert (left, right) == pytest.approx((60, 105), abs=4)


def test_full_lines_above_and_below_are_no_texture() -> None:
    page = np.full((240, 320), 240, np.uint8)
    page[80:160, 120:200] = draw("3", (80, 80))
    alone = find_ink(photographed(page)).box
    for x in range(0, 320, 80):
        page[:50, x : x + 80] = draw("5", (80, 80))[30:]
        page[190:, x : x + 80] = draw("2", (80, 80))[:50]
    assert np.abs(np.subtract(find_ink(photographed(page)).box, alone)).max() <= 4


def test_lines_of_writing_around_a_thin_letter_are_no_texture() -> None:
    page = np.full((240, 320), 240, np.uint8)
    page[80:160, 120:200] = draw("i", (80, 80), width=0.06)
    alone = find_ink(photographed(page)).box
    for x in range(0, 320, 40):
        page[:45, x : x + 40] = draw("5", (40, 80), width=0.2)[35:]
        page[195:, x : x + 40] = draw("2", (40, 80), width=0.2)[:45]
    assert np.abs(np.subtract(find_ink(photographed(page)).box, alone)).max() <= 4


def test_the_icons_of_a_screenshot_are_left_out() -> None:
    page = np.full((240, 320), 255, np.uint8)
    page[90:210, 100:220] = draw("3", ink=0, paper=255)
    alone = find_ink(page).box
    for x in range(10, 130, 20):
        page[8:20, x : x + 12] = 90
    assert find_ink(page).box == alone
