from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.imaging import GEOMETRIES, NoInkFound, find_ink, prepare_pixels
from app.imaging.marks import bounding_box
from app.imaging.ruling import remove_ruling
from tests.pages import photographed, ruled
from tests.strokes import DIGITS, draw


def difference(left: np.ndarray, right: np.ndarray) -> float:
    """Root mean square, in grey levels, of two network inputs."""
    return 255 * float(np.sqrt(np.mean((left - right) ** 2)))


def test_ink_without_lines_comes_back_as_it_is() -> None:
    ink = 255 - draw("3", (64, 64))
    assert remove_ruling(ink) is ink


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_ruled_paper_reads_like_plain_paper(character: str, squared: bool) -> None:
    plain = draw(character, (160, 160), scale=0.6)
    geometry = GEOMETRIES["mnist"]
    seen = prepare_pixels(ruled(plain, 45, squared=squared), geometry)
    assert difference(seen, prepare_pixels(plain, geometry)) < 20


@pytest.mark.parametrize("slope", [-0.1, -0.05, 0.08])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("character", "0258")
def test_paper_may_be_held_askew(character: str, squared: bool, slope: float) -> None:
    plain = draw(character, (240, 240), scale=0.4)
    geometry = GEOMETRIES["mnist"]
    seen = prepare_pixels(ruled(plain, 40, squared=squared, slope=slope), geometry)
    assert difference(seen, prepare_pixels(plain, geometry)) < 25


@pytest.mark.parametrize("lit", [False, True])
def test_nearly_every_sheet_of_squares_reads_like_a_plain_one(lit: bool) -> None:
    geometry = GEOMETRIES["mnist"]
    close = []
    for character in "0235678":
        plain = draw(character, (640, 640), scale=0.35)
        expected = prepare_pixels(photographed(plain) if lit else plain, geometry)
        for spacing in (20, 24, 28, 32, 36, 40, 45, 50, 60, 80):
            sheet = ruled(plain, spacing, squared=True, slope=0.04)
            seen = prepare_pixels(photographed(sheet) if lit else sheet, geometry)
            close.append(difference(seen, expected) < 35)
    assert np.mean(close) >= 0.97


def on_squares(page: np.ndarray, spacing: int, *, first: int, level: int) -> np.ndarray:
    """Print squares of lines two pixels wide under what is written, the first of them so far from the edge."""
    squared = page.copy()
    for at in (first, first + 1):
        for lines in (squared[at::spacing], squared[:, at::spacing]):
            np.minimum(lines, level, out=lines)
    return squared


@pytest.mark.parametrize("spacing", [30, 36, 40, 43, 45, 47, 55, 70])
@pytest.mark.parametrize("character", "2358")
def test_squares_of_a_sheet_that_is_reduced_to_be_read(character: str, spacing: int) -> None:
    """Lines of two pixels become a half of one, and are as faint or as strong as they happen to fall."""
    plain = draw(character, (900, 900), scale=0.33)
    sheet = on_squares(plain, spacing, first=9, level=190)
    geometry = GEOMETRIES["mnist"]
    assert difference(prepare_pixels(sheet, geometry), prepare_pixels(plain, geometry)) < 35


def askew(page: np.ndarray, degrees: float, *, squares: bool = True) -> np.ndarray:
    """Turn a page of 400 pixels, squared or not, and cut 240 pixels out of its middle."""
    page = page.copy()
    for at in range(0, 400, 36) if squares else ():
        cv2.line(page, (at, 0), (at, 399), 170, 2, cv2.LINE_AA)
        cv2.line(page, (0, at), (399, at), 170, 2, cv2.LINE_AA)
    return cv2.warpAffine(page, cv2.getRotationMatrix2D((200, 200), degrees, 1), (400, 400))[80:320, 80:320]


@pytest.mark.parametrize("degrees", [-16, -8, 8, 14])
@pytest.mark.parametrize("character", DIGITS.replace("4", ""))  # the strokes of a 4 lie along the lines
def test_squared_paper_held_askew_is_no_ink(character: str, degrees: float) -> None:
    page = draw(character, (400, 400), scale=0.3)
    found = find_ink(photographed(askew(page, degrees))).box
    assert np.abs(np.subtract(found, find_ink(askew(page, degrees, squares=False)).box)).max() <= 8


@pytest.mark.parametrize("degrees", [-14, -9, 8, 12, 16])
def test_squared_paper_held_askew_with_nothing_on_it_has_no_ink(degrees: float) -> None:
    with pytest.raises(NoInkFound):
        find_ink(photographed(askew(np.full((400, 400), 240, np.uint8), degrees)))


@pytest.mark.parametrize("spacing", [24, 32, 38, 40, 44, 48, 60, 80])
@pytest.mark.parametrize("character", "2357")
def test_squares_of_any_spacing_are_no_ink(character: str, spacing: int) -> None:
    page = draw(character, (1200, 900), scale=0.4, width=0.02, ink=40, paper=220)
    geometry = GEOMETRIES["mnist"]
    squared = cv2.GaussianBlur(
        photographed(on_squares(page, spacing, first=spacing // 2, level=130), noise=5), (0, 0), 1
    )
    assert difference(prepare_pixels(squared, geometry), prepare_pixels(photographed(page), geometry)) < 40


@pytest.mark.parametrize("table", [90, 190])
@pytest.mark.parametrize("degrees", [-4, 0, 3])
@pytest.mark.parametrize("character", "2357")
def test_a_squared_sheet_may_end_in_the_picture(character: str, degrees: float, table: int) -> None:
    page = draw(character, (1200, 900), scale=0.4, width=0.04, ink=40, paper=220)
    turn = cv2.getRotationMatrix2D((600, 450), degrees, 0.8)
    alone, squared = (
        find_ink(photographed(cv2.warpAffine(sheet, turn, (1200, 900), borderValue=table), noise=5)).box
        for sheet in (page, on_squares(page, 60, first=30, level=130))
    )
    assert squared == pytest.approx(alone, abs=4)


@pytest.mark.parametrize("character", "2357")
def test_a_margin_that_crosses_a_character_is_no_ink(character: str) -> None:
    page = draw(character, (400, 400), scale=0.4, width=0.03)
    margin = page.copy()
    margin[:, 205:210] = np.minimum(margin[:, 205:210], 170)
    geometry = GEOMETRIES["mnist"]
    seen = prepare_pixels(photographed(margin), geometry)
    assert difference(seen, prepare_pixels(photographed(page), geometry)) < 25


@pytest.mark.parametrize("character", "2L")
def test_a_foot_that_stands_on_a_line_is_no_part_of_it(character: str) -> None:
    page = draw(character, (400, 400), scale=0.4, width=0.05)
    _, _, _, bottom = bounding_box(255 - page)
    lines = page.copy()
    for row in range(bottom % 50 - 6, 400, 50):
        lines[row : row + 3] = np.minimum(lines[row : row + 3], 110)
    geometry = GEOMETRIES["mnist"]
    seen = prepare_pixels(photographed(lines), geometry)
    assert difference(seen, prepare_pixels(photographed(page), geometry)) < 30


def test_a_line_that_leaves_at_the_top_is_ruling() -> None:
    mask = np.zeros((200, 200), np.uint8)
    cv2.line(mask, (0, 15), (199, -5), 1, 2)
    cv2.line(mask, (0, 115), (199, 95), 1, 2)
    assert not remove_ruling(255 * mask).any()


@pytest.mark.parametrize("side", [40, 60, 120, 250])
@pytest.mark.parametrize("pixels", [2, 3, 5])
@pytest.mark.parametrize("character", "1247TLF")
def test_strokes_of_a_tight_crop_are_no_ruling(character: str, pixels: int, side: int) -> None:
    ink = np.asarray(255 - draw(character, (side, side), scale=1.0, width=pixels / side, ink=0, paper=255))
    left, top, right, bottom = bounding_box(ink)
    tight = np.ascontiguousarray(ink[top:bottom, left:right])
    np.testing.assert_array_equal(remove_ruling(tight), tight)


@pytest.mark.parametrize("slant", [-0.08, -0.04, 0.0, 0.04, 0.08])
@pytest.mark.parametrize("pixels", [2, 4])
@pytest.mark.parametrize(
    "strokes",
    [
        [[(20, 20), (180, 20), (20, 180), (180, 180)]],
        [[(180, 20), (20, 20), (20, 180), (180, 180)], [(20, 100), (180, 100)]],
        [[(20, 20), (180, 20)], [(100, 20), (100, 180)], [(20, 180), (180, 180)]],
    ],
    ids=["Z", "E", "I"],
)
def test_strokes_of_a_slanted_crop_are_no_ruling(
    strokes: list[list[tuple[int, int]]], pixels: int, slant: float
) -> None:
    ink = np.zeros((240, 240), np.uint8)
    for stroke in strokes:
        points = np.array([(x, round(y + slant * (x - 100)) + 20) for x, y in stroke], np.int32)
        cv2.polylines(ink, [points], False, 255, pixels)
    left, top, right, bottom = bounding_box(ink)
    tight = np.ascontiguousarray(ink[top:bottom, left:right])
    assert np.count_nonzero(remove_ruling(tight)) >= 0.95 * np.count_nonzero(tight)


@settings(max_examples=300, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 260)),
    cover=st.floats(0, 1),
    rows=st.integers(1, 4),
    seed=st.integers(0, 2**16),
)
def test_any_ink_comes_through(shape: tuple[int, int], cover: float, rows: int, seed: int) -> None:
    height, width = shape
    ink = np.zeros(shape, np.uint8)
    chance = np.random.default_rng(seed)
    for x in np.flatnonzero(chance.random(width) < cover):
        ink[min(height - 1, int(chance.integers(rows))), x] = 255
    for turned in (ink, np.ascontiguousarray(ink.T)):
        assert remove_ruling(turned).shape == turned.shape


def test_a_dash_is_no_ruling() -> None:
    dash = np.zeros((60, 60), np.uint8)
    dash[29:31] = 255
    np.testing.assert_array_equal(remove_ruling(dash), dash)


@pytest.mark.parametrize("squared", [False, True])
def test_lined_paper_with_nothing_on_it_has_no_ink(squared: bool) -> None:
    page = ruled(np.full((200, 200), 240, np.uint8), 40, squared=squared)
    for picture in (page, photographed(page)):
        with pytest.raises(NoInkFound):
            find_ink(picture)


def with_margins(page: np.ndarray, left: int, right: int) -> np.ndarray:
    """Print lines on a page, under what is written, from one margin of so many pixels to the other."""
    lines = ruled(page, 40, slope=0.0)
    lines[:, :left], lines[:, page.shape[1] - right :] = page[:, :left], page[:, page.shape[1] - right :]
    return lines


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize(("left", "right"), [(30, 30), (60, 0), (0, 45)])
@pytest.mark.parametrize("character", DIGITS)
def test_ruling_may_have_margins(character: str, left: int, right: int, lit: bool) -> None:
    plain = draw(character, (300, 300), scale=0.5)
    sheet = with_margins(plain, left, right)
    found, expected = (find_ink(photographed(page) if lit else page) for page in (sheet, plain))
    assert found.box == pytest.approx(expected.box, abs=4)


def test_neither_bars_nor_a_table_are_ruling_with_margins() -> None:
    bars, table = np.zeros((240, 240), np.uint8), np.zeros((240, 240), np.uint8)
    for place in (60, 120, 180):
        bars[place : place + 3, 40:200] = 255
    for place in (40, 90, 140, 190):
        table[place : place + 3, 40:193] = table[40:193, place : place + 3] = 255
    for ink in (bars, table):
        assert remove_ruling(ink) is ink
