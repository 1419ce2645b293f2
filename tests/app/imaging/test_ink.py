from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.imaging import GEOMETRIES, Ink, NoInkFound, Polarity, ink
from app.imaging.ink import detect_polarity, find_ink, reduced
from tests.pages import photographed, wood
from tests.steps import steps, uploads
from tests.strokes import DIGITS, cut_out, draw


@pytest.mark.parametrize("character", "0147FTLi")
@pytest.mark.parametrize("width", [0.03, 0.1, 0.3])
def test_polarity_is_told_from_the_page(character: str, width: float) -> None:
    dark = draw(character, width=width)
    assert find_ink(dark).polarity is Polarity.DARK_ON_LIGHT
    assert find_ink(255 - dark).polarity is Polarity.LIGHT_ON_DARK
    np.testing.assert_array_equal(find_ink(dark).pixels, find_ink(255 - dark).pixels)


def test_a_brush_that_covers_most_of_the_crop_is_still_ink() -> None:
    page = np.full((60, 60), 230, np.uint8)
    page[4:56, 4:56] = 30
    page[25:35, 25:35] = 230
    assert find_ink(page).polarity is Polarity.DARK_ON_LIGHT


@pytest.mark.parametrize("polarity", [Polarity.DARK_ON_LIGHT, Polarity.LIGHT_ON_DARK])
def test_ink_on_one_side_of_the_page_decides_wherever_it_is(polarity: Polarity) -> None:
    side = 1 if polarity is Polarity.LIGHT_ON_DARK else -1
    for place in ((0, 0), (9, 5)):
        contrast = np.zeros((10, 10), np.float32)
        contrast[place] = 0.01 * side
        assert detect_polarity(contrast) is polarity
    assert detect_polarity(np.zeros((10, 10), np.float32)) is Polarity.DARK_ON_LIGHT


def test_polarity_can_be_overruled() -> None:
    page = draw("0", width=0.1)
    with pytest.raises(NoInkFound):
        find_ink(page, Polarity.LIGHT_ON_DARK)
    inside_out = np.full((60, 60), 30, np.uint8)
    inside_out[20:40, 28:32] = 10  # a stroke barely darker than the board ...
    inside_out[50:, 40:] = 90  # ... and a light stain
    assert find_ink(inside_out).polarity is Polarity.LIGHT_ON_DARK
    assert find_ink(inside_out, Polarity.DARK_ON_LIGHT).box == (28, 20, 32, 40)


def test_faint_pencil_is_stretched_to_full_ink() -> None:
    ink = find_ink(draw("7", ink=205, paper=240))
    assert ink.pixels.max() == 255
    assert ink.pixels[0, 0] == 0


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_blank_page_has_no_ink(shade: int) -> None:
    with pytest.raises(NoInkFound):
        find_ink(np.full((200, 200), shade, np.uint8))


def test_a_single_pixel_has_no_ink() -> None:
    with pytest.raises(NoInkFound):
        find_ink(np.zeros((1, 1), np.uint8))


def test_the_box_is_where_the_character_is() -> None:
    page = np.full((200, 250), 240, np.uint8)
    page[50:150, 150:160] = 10
    assert find_ink(page).box == (150, 50, 160, 150)


def test_specks_are_dropped_and_dots_are_kept() -> None:
    page = draw("i", (200, 200), width=0.1)
    clean = find_ink(page)
    dirty = page.copy()
    dirty[5:7, 5:7] = 20
    assert find_ink(dirty).box == clean.box
    assert clean.box[1] < 60  # the dot


def test_paper_noise_is_not_ink() -> None:
    noisy = np.clip(draw("7", (200, 200)) + np.random.default_rng(0).normal(0, 4, (200, 200)), 0, 255).astype(np.uint8)
    found, clean = find_ink(noisy), find_ink(draw("7", (200, 200)))
    assert np.abs(np.subtract(found.box, clean.box)).max() <= 3


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("deviation", [8, 30, 80])
@pytest.mark.parametrize("shape", [(200, 260), (100, 100), (28, 28)])
def test_noise_has_no_ink(seed: int, deviation: int, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(seed).normal(128, deviation, shape)
    with pytest.raises(NoInkFound):
        find_ink(np.clip(noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("deviation", [20, 50, 80])
def test_writing_is_found_in_noise(deviation: int) -> None:
    page = draw("7", (200, 200), scale=0.7)
    noisy = np.clip(page + np.random.default_rng(0).normal(0, deviation, page.shape), 0, 255).astype(np.uint8)
    assert np.abs(np.subtract(find_ink(noisy).box, find_ink(page).box)).max() <= 6


@pytest.mark.parametrize("side", [150, 250, 400])
def test_a_wooden_table_has_no_ink(side: int) -> None:
    with pytest.raises(NoInkFound):
        find_ink(wood(side))


@pytest.mark.parametrize("upload", uploads())
def test_the_steps_in_the_docs_are_the_chain(upload: np.ndarray) -> None:
    *_, ink, _ = steps(upload).values()
    np.testing.assert_array_equal(ink, find_ink(upload).pixels)


@pytest.mark.parametrize("shape", [(96, 40_000), (32, 60_000), (60_000, 1), (96, 2049)])
def test_a_strip_is_never_longer_than_what_takes_long(shape: tuple[int, int]) -> None:
    assert max(reduced(np.zeros(shape, np.uint8)).shape) == 2048


def test_a_character_on_a_long_strip_is_not_lost() -> None:
    strip = np.full((200, 3000), 240, np.uint8)
    strip[:, 1400:1600] = draw("7", (200, 200))
    _, top, _, bottom = find_ink(strip).box
    assert bottom - top > 60


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_a_chequered_picture_is_texture(side: int) -> None:
    rows, columns = np.indices((256, 256)) // side
    with pytest.raises(NoInkFound):
        find_ink(photographed(np.where((rows + columns) % 2, 40, 220).astype(np.uint8)))


@pytest.mark.parametrize("gap", [10, 14])
@pytest.mark.parametrize("character", DIGITS)
def test_a_dotted_character_of_a_worksheet_is_no_texture(character: str, gap: int) -> None:
    page = draw(character, (240, 240), scale=0.7, width=0.03)
    rows, columns = np.nonzero(page < 100)
    dotted, dots = np.full_like(page, 240), [(-gap, -gap)]
    for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
        if all(np.hypot(x - left, y - top) >= gap for left, top in dots):
            dots.append((x, y))
            cv2.circle(dotted, (x, y), 3, 30, -1, cv2.LINE_AA)
    found = find_ink(photographed(dotted))
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() < gap


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("radius", [6, 20, 40])
def test_a_click_and_a_blot_are_no_characters(radius: int, lit: bool, inverted: bool) -> None:
    page = np.full((300, 300), 240, np.uint8)
    cv2.circle(page, (150, 150), radius, 30, -1, cv2.LINE_AA)
    page = photographed(page) if lit else page
    with pytest.raises(NoInkFound, match="blot"):
        find_ink(255 - page if inverted else page)


@pytest.mark.parametrize("place", [0.0, 0.3, 0.5, 0.7])
@pytest.mark.parametrize("width", [3, 4.6, 6.2, 8.6, 9.4, 11, 14])
def test_a_small_click_is_none_wherever_it_falls_on_the_pixels(width: float, place: float) -> None:
    fine = np.full((800, 800), 255, np.uint8)
    cv2.circle(fine, (400, 400 + round(8 * place)), round(4 * width), 0, -1)
    with pytest.raises(NoInkFound, match="blot"):
        find_ink(cv2.resize(fine, (100, 100), interpolation=cv2.INTER_AREA))


@pytest.mark.parametrize("ink", [120, 160])
def test_grey_writing_in_a_black_frame_is_no_blot(ink: int) -> None:
    page = draw("5", (240, 240), scale=0.4, ink=ink, paper=250)
    alone = find_ink(page).box
    framed_black = page.copy()
    cv2.rectangle(framed_black, (20, 20), (219, 219), 0, 3)
    assert find_ink(framed_black).box == pytest.approx(alone, abs=3)


@pytest.mark.parametrize("lit", [False, True])
def test_a_dot_above_a_fainter_stem_is_no_blot(lit: bool) -> None:
    page = np.full((240, 240), 250, np.uint8)
    cv2.line(page, (120, 100), (120, 190), 140, 8, cv2.LINE_AA)
    cv2.circle(page, (120, 60), 9, 0, -1, cv2.LINE_AA)
    assert find_ink(photographed(page) if lit else page).box[3] > 180


@pytest.mark.parametrize("character", "01i8.")
def test_what_a_very_wide_pen_writes_is_no_blot(character: str) -> None:
    if character == ".":  # an O whose eye is nearly closed
        page = np.full((120, 120), 255, np.uint8)
        cv2.circle(page, (60, 60), 40, 0, -1, cv2.LINE_AA)
        cv2.circle(page, (60, 60), 5, 200, -1, cv2.LINE_AA)
    else:
        page = draw(character, width=0.3)
    assert find_ink(page).pixels.any()


@pytest.mark.parametrize("table", [70, 110])
@pytest.mark.parametrize("character", DIGITS)
def test_a_table_around_a_sheet_is_no_ink(character: str, table: int) -> None:
    page = np.full((240, 320), table, np.uint8)
    page[30:210, 50:270] = 235
    page[70:170, 110:210] = draw(character, (100, 100), paper=235)
    left, top, right, bottom = find_ink(photographed(page)).box
    assert left > 105
    assert top > 65
    assert right < 215
    assert bottom < 175


@pytest.mark.parametrize("character", DIGITS)
def test_a_printed_box_around_a_character_is_no_ink(character: str) -> None:
    page = np.full((240, 240), 235, np.uint8)
    page[80:160, 80:160] = draw(character, (80, 80), scale=0.7, paper=235)
    alone = find_ink(photographed(page)).box
    cv2.rectangle(page, (78, 76), (164, 162), 90, 1)
    assert find_ink(photographed(page)).box == pytest.approx(alone, abs=4)


@pytest.mark.parametrize("character", DIGITS)
def test_the_cells_of_a_form_are_no_ink(character: str) -> None:
    page = np.full((240, 240), 235, np.uint8)
    page[80:160, 80:160] = draw(character, (80, 80), scale=0.7, paper=235)
    alone = find_ink(photographed(page)).box
    for y in (76, 164):
        cv2.line(page, (0, y), (239, y), 90, 1)
    for x in (70, 170):
        cv2.line(page, (x, 76), (x, 164), 90, 1)
    assert find_ink(photographed(page)).box == pytest.approx(alone, abs=4)


@pytest.mark.parametrize("character", DIGITS)
def test_the_grain_of_chalk_is_no_texture(character: str) -> None:
    board = draw(character, (240, 240), scale=0.7, width=0.06, ink=230, paper=45)
    whole = find_ink(photographed(board)).box
    grain = cv2.resize(np.random.default_rng(1).random((80, 80)), (240, 240), interpolation=cv2.INTER_CUBIC) < 0.4
    chalk = np.where(grain, 45, board).astype(np.uint8)
    assert find_ink(photographed(chalk)).box == pytest.approx(whole, abs=8)
    cv2.rectangle(chalk, (20, 15), (220, 225), 200, 4)
    assert find_ink(photographed(chalk)).box == pytest.approx(whole, abs=8)


def in_a_large_picture(drawn: np.ndarray) -> np.ndarray:
    """Put a drawing on a page of 900 by 1200, its upper left corner at (500, 300)."""
    page = np.full((900, 1200), 240, np.uint8)
    page[300 : 300 + drawn.shape[0], 500 : 500 + drawn.shape[1]] = drawn
    return page


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("side", [44, 72])
@pytest.mark.parametrize("character", DIGITS)
def test_small_writing_is_looked_at_from_nearer(character: str, side: int, lit: bool) -> None:
    drawn = draw(character, (side, side), width=0.12)
    page = photographed(in_a_large_picture(drawn)) if lit else in_a_large_picture(drawn)
    found, alone = find_ink(page), find_ink(drawn)
    expected = np.add(alone.box, (500, 300, 500, 300))
    assert np.abs(np.subtract(found.box_within(1200, 900), expected)).max() <= 3
    for geometry in GEOMETRIES.values():
        assert np.abs(geometry.frame(found) - geometry.frame(alone)).mean() < 0.06


@pytest.mark.parametrize("lost", [True, False])
def test_the_reduction_counts_where_other_ink_or_none_is_found_from_nearer(
    lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = in_a_large_picture(draw("3", (60, 60), width=0.12))
    seen: list[tuple[int, ...]] = []

    def find(pixels: np.ndarray, polarity: Polarity) -> Ink:
        seen.append(pixels.shape)
        if len(seen) == 1:
            return find_in(pixels, polarity)
        if lost:
            raise NoInkFound("from nearer")
        return replace(find_in(pixels, polarity), box=(0, 0, 5, 5))

    find_in = ink._find_in
    monkeypatch.setattr(ink, "_find_in", find)
    left, top, right, bottom = find_ink(page).box_within(1200, 900)
    assert len(seen) == 2
    assert (left, top, right, bottom) == pytest.approx((515, 306, 548, 354), abs=6)


@pytest.mark.parametrize("marks", [3, 8])
def test_a_few_pixels_of_a_large_page_are_no_writing(marks: int) -> None:
    page = np.full((256, 256), 240, np.uint8)
    page[100 : 100 + marks, 120] = 20
    with pytest.raises(NoInkFound):
        find_ink(page)


@pytest.mark.parametrize("character", "023456789")  # a 1 is the width of a line
def test_small_writing_on_fine_squares_is_found(character: str) -> None:
    page = np.full((960, 1280), 234, np.uint8)
    for start in range(20, 1280, 36):
        page[:, start : start + 3] = page[start : start + 3] = 130
    drawn = draw(character, (60, 60), scale=0.9, width=0.1, paper=255)
    page[400:460, 600:660] = np.minimum(page[400:460, 600:660], drawn)
    turn = cv2.getRotationMatrix2D((630, 430), 3, 1.15)
    page = cv2.warpAffine(page, turn, (1280, 960), flags=cv2.INTER_AREA, borderValue=234)
    left, top, right, bottom = find_ink(drawn).box
    expected = 630 + 1.15 * (left - 30), 430 + 1.15 * (top - 30), 630 + 1.15 * (right - 30), 430 + 1.15 * (bottom - 30)
    assert np.abs(np.subtract(find_ink(photographed(page)).box_within(1280, 960), expected)).max() <= 6


@pytest.mark.parametrize("ink", [50, 165], ids=["pen", "pencil"])
@pytest.mark.parametrize("character", DIGITS)
def test_a_close_crop_of_a_photo_with_thick_strokes_is_read_whole(character: str, ink: int) -> None:
    page = draw(character, (160, 200), width=0.22, ink=ink, paper=225, scale=1.1)
    found = find_ink(photographed(page, noise=4))
    assert found.polarity is Polarity.DARK_ON_LIGHT
    assert np.mean((found.pixels > 128) != (page < (225 + ink) / 2)) < 0.03


@pytest.mark.parametrize("character", "02345678")
def test_so_is_chalk_that_runs_out_of_the_picture(character: str) -> None:
    page = draw(character, (150, 170), width=0.14, ink=220, paper=60, scale=1.25)
    found = find_ink(photographed(page, noise=4))
    assert found.polarity is Polarity.LIGHT_ON_DARK
    assert np.mean((found.pixels > 128) != (page > 140)) < 0.03


CUT_OUT = [(character, side) for side in (45, 90) for character in "023456789L"] + [(each, 300) for each in "035689"]


@pytest.mark.parametrize("lit", [True, False], ids=["photo", "drawn"])
@pytest.mark.parametrize(("character", "side"), CUT_OUT)
def test_a_character_cut_out_along_its_own_sides_is_read_whole(character: str, side: int, lit: bool) -> None:
    for level, paper, polarity in ((40, 225, Polarity.DARK_ON_LIGHT), (225, 40, Polarity.LIGHT_ON_DARK)):
        page = cut_out(character, side, ink=level, paper=paper)
        found = find_ink(photographed(page, fall=0.2, vignette=0.2, noise=3) if lit else page)
        assert found.polarity is polarity
        assert np.mean((found.pixels > 128) != (np.abs(page.astype(int) - paper) > 92)) < 0.08


@pytest.mark.parametrize("size", [(5, 24), (7, 40), (14, 60), (60, 200)])
@pytest.mark.parametrize("lean", [0.0, 0.3])
def test_a_1_that_fills_its_crop_is_ink(size: tuple[int, int], lean: float) -> None:
    width, height = size
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    off = np.abs(x - 0.5 - lean * (y - 0.5)) - 0.3
    page = np.rint(30 + 200 / (1 + np.exp(-np.clip(off * width, -50, 50)))).astype(np.uint8)
    found = find_ink(page)
    assert found.polarity is Polarity.DARK_ON_LIGHT
    _, top, _, bottom = found.box_within(width, height)
    assert bottom - top >= 0.9 * height


def test_so_is_a_thin_one_from_end_to_end_of_a_narrow_photo() -> None:
    page = np.full((240, 80), 225, np.uint8)
    page[:, 36:42] = 40
    assert find_ink(photographed(page)).box == pytest.approx((36, 0, 42, 240), abs=2)
