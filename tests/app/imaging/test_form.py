from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from app.imaging import find_ink
from app.imaging.form import brackets
from app.imaging.marks import find_marks, main_mark
from tests.pages import photographed
from tests.strokes import DIGITS, draw

LIT = pytest.mark.parametrize("lit", [False, True])


def written(character: str, size: tuple[int, int] = (240, 200), scale: float = 0.4) -> npt.NDArray[np.uint8]:
    return draw(character, size, scale=scale, width=0.1, paper=245).copy()


def assert_reads_alike(page: npt.NDArray[np.uint8], alone: npt.NDArray[np.uint8], *, lit: bool) -> None:
    found, expected = (find_ink(photographed(picture) if lit else picture) for picture in (page, alone))
    assert np.abs(np.subtract(found.box, expected.box)).max() <= 3
    assert found.alone


@LIT
@pytest.mark.parametrize("askew", [0, 5])
@pytest.mark.parametrize("cells", [1, 3])
@pytest.mark.parametrize("character", DIGITS)
def test_a_comb_is_left_out(character: str, cells: int, askew: int, lit: bool) -> None:
    page, alone = written(character), written(character)
    first = 120 - 30 - 60 * (cells // 2)
    cv2.line(page, (first, 145), (first + 60 * cells, 145 + askew), 60, 2)
    for tooth in range(cells + 1):
        foot = 145 + round(askew * tooth / cells)
        cv2.line(page, (first + 60 * tooth, foot), (first + 60 * tooth, foot - 25), 60, 2)
    assert_reads_alike(page, alone, lit=lit)


@LIT
def test_a_line_with_uprights_in_which_nothing_stands_is_no_comb(lit: bool) -> None:
    """A U with straight sides."""
    page = np.full((200, 200), 240, np.uint8)
    cv2.polylines(page, [np.array([[60, 40], [60, 150], [130, 150], [130, 40]])], False, 30, 10)
    box = find_ink(photographed(page) if lit else page).box
    assert box == pytest.approx((55, 35, 136, 156), abs=4)


@LIT
@pytest.mark.parametrize("reach", [15, 28])
@pytest.mark.parametrize("character", DIGITS)
def test_corner_marks_are_left_out(character: str, reach: int, lit: bool) -> None:
    page, alone = written(character), written(character)
    for x, right in ((80, 1), (160, -1)):
        for y, down in ((50, 1), (150, -1)):
            cv2.polylines(page, [np.array([[x + right * reach, y], [x, y], [x, y + down * reach]])], False, 60, 2)
    assert_reads_alike(page, alone, lit=lit)


@LIT
def test_three_marks_are_no_corners(lit: bool) -> None:
    """Whatever they are, a picture with a fourth piece missing is none of a viewfinder."""
    page = draw("1", (200, 200), scale=0.5, width=0.12, paper=245).copy()
    for x, y in ((70, 60), (130, 60), (70, 140)):
        cv2.circle(page, (x, y), 8, 30, -1)
    box = find_ink(photographed(page) if lit else page).box
    assert box[0] < 80


@LIT
@pytest.mark.parametrize("character", DIGITS)
def test_a_printed_question_before_and_above_is_left_out(character: str, lit: bool) -> None:
    page = draw(character, (320, 320), scale=0.3, width=0.1, paper=245, shift=(0.25, 0)).copy()
    alone = page.copy()
    cv2.putText(page, "3. 12 + 47 =", (5, 170), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 50, 2, cv2.LINE_AA)
    cv2.putText(page, "Calculate the sum:", (5, 70), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 50, 1, cv2.LINE_AA)
    assert_reads_alike(page, alone, lit=lit)


@pytest.mark.parametrize("character", DIGITS)
def test_dots_that_a_pen_left_in_a_row_are_no_print(character: str) -> None:
    """Fewer than a word has letters."""
    page = draw(character, (240, 240), scale=0.6, width=0.1, paper=255).copy()
    expected = find_ink(page).box
    for x in (100, 120, 140):
        cv2.circle(page, (x, 200), 4, 20, -1)
    assert find_ink(page).box[3] > expected[3]


@LIT
@pytest.mark.parametrize("character", DIGITS)
def test_the_filled_buttons_under_a_drawing_are_left_out(character: str, lit: bool) -> None:
    page = draw(character, (320, 380), scale=0.5, width=0.06, paper=255, shift=(0, -0.15)).copy()
    alone = page.copy()
    for left, label in ((30, "Clear"), (170, "Predict")):
        cv2.rectangle(page, (left, 310), (left + 120, 350), 120, -1)
        cv2.putText(page, label, (left + 20, 337), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2, cv2.LINE_AA)
    assert_reads_alike(page, alone, lit=lit)


def test_the_bar_of_a_5_is_no_button() -> None:
    page = np.full((240, 240), 255, np.uint8)
    page[50:68, 80:160] = 0
    cv2.polylines(page, [np.array([[88, 90], [88, 120], [140, 125], [150, 160], [120, 190], [80, 185]])], False, 0, 16)
    assert find_ink(page).box[1] < 55


def bracket(page: npt.NDArray[np.uint8], x: int, *, closing: bool) -> None:
    """Draw a round bracket that is a little higher than the character in the middle of a page."""
    turn = 0 if closing else 180
    cv2.ellipse(page, (x - 24 if closing else x + 24, page.shape[0] // 2), (24, 52), turn, -60, 60, 40, 5, cv2.LINE_AA)


@LIT
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_brackets_are_left_out(character: str, both: bool, lit: bool) -> None:
    page, alone = written(character), written(character)
    left, _, right, _ = find_ink(alone).box
    bracket(page, right + 26, closing=True)
    if both:
        bracket(page, left - 26, closing=False)
    assert_reads_alike(page, alone, lit=lit)


@LIT
def test_a_0_with_open_ends_has_no_brackets(lit: bool) -> None:
    page = np.full((200, 240), 245, np.uint8)
    for closing, x in ((True, 150), (False, 100)):
        bracket(page, x, closing=closing)
    left, _, right, _ = find_ink(photographed(page) if lit else page).box
    assert right - left > 45


def arc(page: npt.NDArray[np.uint8], box: tuple[int, int, int, int], *, closing: bool, width: int = 5) -> None:
    """Draw half of an ellipse that fills a box, (left, top, right, bottom), and bows to the right where it closes."""
    left, top, right, bottom = box
    middle = (left if closing else right, (top + bottom) // 2)
    start = -90 if closing else 90
    cv2.ellipse(page, middle, (right - left, (bottom - top) // 2), 0, start, start + 180, 40, width, cv2.LINE_AA)


@LIT
@pytest.mark.parametrize("gap", [5, 10])
@pytest.mark.parametrize("bow", [24, 40])
@pytest.mark.parametrize("closing", [True, False], ids=["D", "a"])
def test_a_letter_in_two_strokes_keeps_its_bow(closing: bool, bow: int, gap: int, lit: bool) -> None:
    page = np.full((220, 240), 245, np.uint8)
    cv2.line(page, (110, 60), (110, 160), 40, 6, cv2.LINE_AA)
    start = 113 + gap if closing else 107 - gap - bow
    arc(page, (start, 60, start + bow, 160), closing=closing, width=6)
    left, _, right, _ = find_ink(photographed(page) if lit else page).box
    assert right - left >= bow


@pytest.mark.parametrize(
    ("box", "width", "closing"),
    [
        ((175, 80, 187, 120), 5, True),  # lower than a bracket
        ((175, 20, 195, 290), 5, True),  # much higher
        ((175, 70, 230, 150), 5, True),  # as wide as a letter
        ((180, 60, 200, 160), 22, True),  # as thick as one
        ((175, 60, 195, 160), 5, False),  # it bows towards the character
        ((175, 110, 193, 190), 5, True),  # farther down
    ],
    ids=["low", "high", "wide", "thick", "the other way", "down"],
)
def test_what_is_no_bracket_is_not_taken_for_one(box: tuple[int, int, int, int], width: int, *, closing: bool) -> None:
    page = np.full((300, 260), 245, np.uint8)
    page[50:170, 80:170] = draw("3", (90, 120), scale=1.0, width=0.12, paper=245, ink=40)[:120, :90]
    arc(page, box, closing=closing, width=width)
    marks = find_marks(255 - page.astype(np.float32), 64)
    main = main_mark(marks)
    assert not brackets(marks, main).any()
