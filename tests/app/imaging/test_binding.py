from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import find_ink
from tests.pages import photographed
from tests.strokes import DIGITS, draw


def bound(page: np.ndarray, *, top: bool = False) -> np.ndarray:
    """Punch the holes of a spiral binding along the left side of a square page, or along its top."""
    page = page.copy()
    side = len(page)
    for place in range(side // 20, side, side // 12):
        middle = (place, side // 18) if top else (side // 18, place)
        cv2.ellipse(page, middle, (side // 40, side // 50), 0, 0, 360, 60, -1, cv2.LINE_AA)
    return page


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("top", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_the_holes_of_a_binding_are_left_out(character: str, top: bool, lit: bool) -> None:
    page = draw(character, (300, 300), scale=0.5)
    holed = bound(page, top=top)
    found = find_ink(photographed(holed) if lit else holed)
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 5


def test_a_dotted_character_has_no_binding() -> None:
    page = np.full((200, 200), 235, np.uint8)
    for row in range(15, 190, 20):
        for column in (20, *((60, 100, 140) if row in {15, 95, 175} else ())):
            cv2.circle(page, (column, row), 6, 30, -1, cv2.LINE_AA)
    left, _, right, _ = find_ink(page).box
    assert left < 20
    assert right > 140


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("places", [(0.25, 0.75), (0.15, 0.5, 0.85)], ids=["two", "three"])
@pytest.mark.parametrize("character", DIGITS)
def test_so_are_the_few_for_a_ring_binder(character: str, places: tuple[float, ...], lit: bool) -> None:
    page = draw(character, (400, 400), scale=0.15, width=0.12)
    holed = page.copy()
    for place in places:
        cv2.circle(holed, (28, round(place * 400)), 11, 60, -1, cv2.LINE_AA)
    found, expected = (find_ink(photographed(picture) if lit else picture) for picture in (holed, page))
    assert np.abs(np.subtract(found.box_within(400, 400), expected.box_within(400, 400))).max() <= 5
    assert found.alone


def test_the_dots_of_a_letter_at_the_side_are_no_holes() -> None:
    page = np.full((200, 200), 235, np.uint8)
    for x in (70, 130):
        cv2.circle(page, (x, 18), 8, 30, -1, cv2.LINE_AA)
    cv2.polylines(page, [np.array([[60, 40], [60, 150], [140, 150], [140, 40]])], False, 30, 10)
    assert find_ink(page).box[1] < 20
