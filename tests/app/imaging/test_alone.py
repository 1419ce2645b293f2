from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from app.imaging import find_ink
from tests.pages import photographed, ruled
from tests.strokes import DIGITS, STROKES, draw

Pixels = npt.NDArray[np.uint8]
HEIGHT = 200


def written(character: str) -> Pixels:
    """Return a page of 200 pixels with a character 100 high, cut to its columns."""
    page = draw(character, (HEIGHT, HEIGHT), scale=0.5)
    columns = np.flatnonzero((page < 200).any(axis=0))
    return page[:, columns[0] : columns[-1] + 1]


def side_by_side(*characters: str, gap: int = 90) -> Pixels:
    """Return characters 100 pixels high on one page, so many pixels apart."""
    blank = np.full((HEIGHT, gap), 240, np.uint8)
    pieces: list[Pixels] = [blank]
    for character in characters:
        pieces += [written(character), blank]
    return np.hstack(pieces)


def below(first: str, second: str, *, gap: int) -> Pixels:
    """Return two characters 100 pixels high on one page, one below the other, so many pixels apart."""
    pieces = [draw(character, (HEIGHT, HEIGHT), scale=0.5)[50 : 150 + gap] for character in (first, second)]
    return np.pad(np.vstack(pieces), ((60, 60), (0, 0)), constant_values=240)


def across(first: str, second: str, *, gap: int) -> Pixels:
    """Return two characters 100 pixels high on one page, so many pixels apart in either direction."""
    upper, lower = (written(character)[50:150] for character in (first, second))
    page = np.full((320, upper.shape[1] + gap + lower.shape[1] + 100), 240, np.uint8)
    page[50:150, 50 : 50 + upper.shape[1]] = upper
    page[150 + gap : 250 + gap, -50 - lower.shape[1] : -50] = lower
    return page


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", sorted(STROKES))
def test_one_character_is_alone(character: str, lit: bool) -> None:
    page = draw(character, (200, 200), scale=0.6)
    assert find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(DIGITS, 2)))
def test_two_characters_apart_are_not(first: str, second: str, lit: bool) -> None:
    beside = side_by_side(first, second)
    below = np.vstack([draw(character, (HEIGHT, HEIGHT), scale=0.6) for character in (first, second)])
    for page in (beside, below):
        assert not find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize(("first", "second"), list(itertools.combinations("234568", 2)))
def test_neither_are_those_close_above_each_other(first: str, second: str, lit: bool) -> None:
    page = below(first, second, gap=20)
    assert not find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize(("first", "second"), list(itertools.combinations("023568", 2)))
def test_nor_those_across_from_each_other(first: str, second: str, lit: bool) -> None:
    page = across(first, second, gap=14)
    assert not find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize(("first", "second"), list(itertools.combinations("023568", 2)))
def test_nor_those_that_a_tight_crop_shows(first: str, second: str, lit: bool) -> None:
    page = side_by_side(first, second, gap=60)[50:150, 60:-60]
    assert not find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("number", ["42", "25", "37", "90", "68"])
def test_neither_are_those_of_a_number(number: str, lit: bool) -> None:
    page = side_by_side(*number, gap=24)
    assert not find_ink(photographed(page) if lit else page).alone


def test_an_open_h_is_alone() -> None:
    page = np.full((200, 200), 240, np.uint8)
    page[40:160, 60:70] = page[40:160, 125:135] = page[95:103, 86:110] = 20
    assert find_ink(page).alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("gap", [12, 60])
def test_neither_are_those_of_a_word(lit: bool, gap: int) -> None:
    page = side_by_side("3", "8", "5", "1", gap=gap)
    assert not find_ink(photographed(page) if lit else page).alone


def test_a_pair_in_the_networks_own_frame_is_seen() -> None:
    page = np.zeros((28, 28), np.uint8)
    page[8:20, 3:5] = page[8:20, 22:24] = 255
    assert not find_ink(page).alone
    page[:, 22:24] = 0
    assert find_ink(page).alone


@pytest.mark.parametrize("lit", [False, True])
def test_what_reaches_in_from_outside_leaves_a_character_alone(lit: bool) -> None:
    page = side_by_side("3", "8")
    page = page[:, : page.shape[1] - 90 - 30]  # through the 8
    assert find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize(
    ("rows", "columns"),
    [((205, 211), (70, 170)), ((10, 230), (30, 36))],
    ids=["an underline", "the side of a cell"],
)
def test_lines_leave_a_character_alone(rows: tuple[int, int], columns: tuple[int, int], lit: bool) -> None:
    page = draw("3", (240, 240), scale=0.5).copy()
    page[slice(*rows), slice(*columns)] = 20
    assert find_ink(photographed(page) if lit else page).alone


def test_so_does_what_is_left_of_a_line_on_a_photo() -> None:
    page = draw("3", (240, 240), scale=0.5).copy()
    page[20:26, 20:110] = 20
    assert find_ink(photographed(page)).alone


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_so_do_crop_marks(character: str, lit: bool) -> None:
    page = draw(character, (240, 240), scale=0.6, width=0.05).copy()
    for y, x in itertools.product((12, 206), (12, 206)):
        page[y : y + 20, x : x + 20] = 20
    assert find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
def test_so_does_a_line_of_print_across_from_it(lit: bool) -> None:
    page = draw("3", (240, 240), scale=0.45).copy()
    page[10:22, 130:234:8] = page[10:22, 131:235:8] = 20
    assert find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
def test_so_do_the_halves_of_a_broken_stroke(lit: bool) -> None:
    page = np.full((240, 240), 240, np.uint8)
    page[50:110, 115:125] = page[125:190, 115:125] = 20
    assert find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
def test_ruling_leaves_a_character_alone(lit: bool) -> None:
    page = ruled(draw("3", (240, 240), scale=0.5), 50)
    assert find_ink(photographed(page) if lit else page).alone


@pytest.mark.parametrize("lit", [False, True])
def test_a_character_of_two_pieces_is_alone(lit: bool) -> None:
    page = np.full((240, 240), 240, np.uint8)
    page[60:66, 90:150] = page[80:180, 90:96] = page[174:180, 90:150] = page[120:180, 144:150] = 20  # the bar of a 5
    assert find_ink(photographed(page) if lit else page).alone
