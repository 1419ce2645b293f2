from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging.canvas import find_canvas, without_grid
from app.imaging.decode import decode
from app.imaging.ink import Polarity, find_ink
from app.imaging.page import measure_page
from app.imaging.sheet import find_sheet, gone_on, without_table
from tests.pages import photographed, ruled, wood
from tests.strokes import DIGITS, cut_out, draw, encode


def lying(sheet: np.ndarray, table: np.ndarray, degrees: float) -> np.ndarray:
    """Lay a sheet on a table of the same size, turned."""
    side = len(sheet)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 0.6)
    on = cv2.warpAffine(sheet, turn, (side, side))
    covered = cv2.warpAffine(np.full_like(sheet, 255), turn, (side, side)) > 127
    return np.where(covered, on, table)


@pytest.mark.parametrize("degrees", [-12, 0, 7])
@pytest.mark.parametrize("table", ["dark", "wood"])
@pytest.mark.parametrize("character", DIGITS)
def test_a_sheet_on_a_table_reads_like_the_sheet(character: str, table: str, degrees: float) -> None:
    sheet = draw(character, (256, 256), scale=0.4, paper=235)
    surface = np.full_like(sheet, 60) if table == "dark" else np.asarray(wood(256) * 0.7, np.uint8)
    alone = cv2.warpAffine(sheet, cv2.getRotationMatrix2D((128, 128), degrees, 0.6), (256, 256), borderValue=235)
    expected = find_ink(photographed(alone)).box
    assert find_ink(photographed(lying(sheet, surface, degrees))).box == pytest.approx(expected, abs=3)


def on_a_table(sheet: np.ndarray, table: int) -> np.ndarray:
    """Lay a sheet of 180 by 200 on a table of 260 by 280, 40 pixels from its upper left corner."""
    page = np.full((280, 260), table, np.uint8)
    page[40:240, 40:220] = sheet
    return page


def half_in_shadow(page: np.ndarray) -> np.ndarray:
    """Let a hard shadow fall on the lower right of a page of 260 by 280."""
    y, x = np.mgrid[:280, :260]
    return np.rint(page * np.where(x + y > 270, 0.5, 1)).astype(np.uint8)


def test_a_hard_shadow_may_lie_across_sheet_and_table() -> None:
    apart = []
    for character in DIGITS:
        sheet = draw(character, (180, 200), scale=0.45, ink=60, paper=235)
        alone, page = on_a_table(sheet, 235), on_a_table(sheet, 70)
        shaded = find_ink(photographed(half_in_shadow(page))).box
        apart.append(np.abs(np.subtract(shaded, find_ink(photographed(alone)).box)).max())
    assert np.count_nonzero(np.array(apart) <= 3) >= 9


@pytest.mark.parametrize("character", DIGITS)
def test_a_faint_pencil_may_be_brighter_than_the_table(character: str) -> None:
    sheet = draw(character, (180, 200), scale=0.3, width=0.05, ink=165, paper=235)
    alone, page = on_a_table(sheet, 235), on_a_table(sheet, 40)
    assert find_ink(photographed(page)).box == pytest.approx(find_ink(photographed(alone)).box, abs=3)


def test_of_a_table_that_is_lit_in_part_the_sheet_is_found() -> None:
    page = on_a_table(draw("4", (180, 200), scale=0.45, ink=60, paper=235), 70)
    found = find_sheet(half_in_shadow(page))
    assert found is not None
    assert cv2.boundingRect(found) == pytest.approx((40, 40, 180, 200), abs=5)


def test_the_light_of_either_half_goes_on_beyond_a_sheet_in_a_shadow() -> None:
    page = np.full((280, 260), 200, np.uint8)
    page[:, 130:] = 100
    inside = np.zeros_like(page)
    inside[100:180, 90:170] = 1
    beyond = gone_on(page, inside)
    assert np.abs(beyond[:, :60].astype(int) - 200).max() <= 5
    assert np.abs(beyond[:, 200:].astype(int) - 100).max() <= 5


def test_the_sheet_is_found_where_it_is() -> None:
    picture = np.full((200, 300), 50, np.uint8)
    picture[40:160, 80:220] = 230
    assert find_sheet(picture) is None  # nothing is written on it
    picture[80:120, 150:154] = 40
    found = find_sheet(picture)
    assert found is not None
    assert cv2.boundingRect(found) == pytest.approx((80, 40, 140, 120), abs=2)


@pytest.mark.parametrize("table", [60, 150])
@pytest.mark.parametrize("character", DIGITS)
def test_so_does_a_round_sticker(character: str, table: int) -> None:
    sticker = draw(character, (256, 256), scale=0.25, paper=235, width=0.12)
    disc = np.zeros((256, 256), np.uint8)
    cv2.circle(disc, (128, 128), 70, 1, -1)
    picture = photographed(np.where(disc, sticker, table).astype(np.uint8))
    assert find_ink(picture).box == pytest.approx(find_ink(photographed(sticker)).box, abs=3)


@pytest.mark.parametrize("corner", [32, 80], ids=["round corners", "disc"])
@pytest.mark.parametrize(("around", "paper", "ink"), [(255, 60, 240), (30, 235, 20), (255, 120, 0)])
@pytest.mark.parametrize("character", DIGITS)
def test_so_does_an_icon_that_is_round(character: str, around: int, paper: int, ink: int, corner: int) -> None:
    canvas = draw(character, (160, 160), scale=0.5, width=0.1, paper=paper, ink=ink)
    disc = np.zeros((160, 160), np.uint8)
    inner = np.array([[corner, corner], [159 - corner, corner], [159 - corner, 159 - corner], [corner, 159 - corner]])
    cv2.fillConvexPoly(disc, inner, 1)
    disc = cv2.dilate(disc, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * corner + 1, 2 * corner + 1)))
    window = np.full((240, 240), around, np.uint8)
    window[36:196, 40:200] = np.where(disc, canvas, around)
    expected = np.add(find_ink(canvas).box, (40, 36, 40, 36))
    assert np.abs(find_ink(window).box - expected).max() <= 2


@pytest.mark.parametrize("all_around", [True, False])
@pytest.mark.parametrize("bars", [0, 128, 255], ids=["black", "grey", "white"])
@pytest.mark.parametrize("height", [32, 60, 240])
@pytest.mark.parametrize("character", "23567")
def test_so_does_a_photo_that_a_program_made_square_with_bars(
    character: str, height: int, bars: int, all_around: bool
) -> None:
    for ink, paper in ((50, 215), (220, 45)):
        if bars == 128 and paper > 200:
            continue  # its own corners are of that grey
        photo = photographed(
            draw(character, (round(0.7 * height), height), scale=1.0, ink=ink, paper=paper, width=0.12)
        )
        beside, above = (height - photo.shape[1]) // 2 + all_around * height // 8, all_around * height // 8
        square = cv2.copyMakeBorder(photo, above, above, beside, beside, cv2.BORDER_CONSTANT, value=bars)
        expected = np.add(find_ink(photo).box, (beside, above, beside, above))
        found = find_ink(square)
        assert found.polarity is find_ink(photo).polarity
        assert np.abs(found.box_within(*square.shape[::-1]) - expected).max() <= 2 + height / 60


@pytest.mark.parametrize("character", "02357")
def test_so_does_what_a_plot_shows_between_ticks(character: str) -> None:
    shown = draw(character, (160, 160), scale=0.7, ink=255, paper=0)
    plot = np.full((220, 230), 255, np.uint8)
    plot[20:180, 50:210] = shown
    for tick in range(0, 160, 40):
        plot[180:186, 52 + tick : 54 + tick] = 0
        plot[22 + tick : 24 + tick, 44:50] = 0
    assert np.abs(np.subtract(find_ink(plot).box, np.add(find_ink(shown).box, (50, 20, 50, 20)))).max() <= 2
    assert find_ink(plot).polarity is Polarity.LIGHT_ON_DARK


@pytest.mark.parametrize("border", [0, 128, 255], ids=["black", "grey", "white"])
@pytest.mark.parametrize("side", [28, 56])
@pytest.mark.parametrize("character", DIGITS)
def test_so_does_a_small_drawing_within_a_border(character: str, side: int, border: int) -> None:
    for ink, paper in ((0, 250), (255, 5)):
        if abs(paper - border) < 10:
            continue  # it is none
        drawn = draw(character, (side, side), ink=ink, paper=paper)
        found = find_ink(cv2.copyMakeBorder(drawn, 6, 6, 6, 6, cv2.BORDER_CONSTANT, value=border))
        assert found.box == tuple(np.add(find_ink(drawn).box, 6))
        assert found.polarity is find_ink(drawn).polarity


@pytest.mark.parametrize("ink", [235, 5], ids=["light", "dark"])
@pytest.mark.parametrize("character", DIGITS)
def test_so_does_a_dark_label_on_a_light_page(character: str, ink: int) -> None:
    paper = 30 if ink > 100 else 90
    label = draw(character, (256, 256), scale=0.3, paper=paper, ink=ink)
    page = np.full((256, 256), 235, np.uint8)
    page[60:196, 50:206] = label[60:196, 50:206]
    assert find_ink(photographed(page)).box == pytest.approx(find_ink(photographed(label)).box, abs=3)


@pytest.mark.parametrize(
    "page",
    [
        photographed(draw("7", (240, 240), scale=0.5), vignette=0.9),
        photographed(ruled(np.full((200, 200), 240, np.uint8), 40, squared=True)),
        255 - draw("1", (240, 240), scale=0.8, width=0.4),
        255 - draw("8", (240, 240), scale=0.9, width=0.1),
        draw("7", (60, 60)),
        wood(240),
        photographed(cut_out("0", 260, ink=220, paper=40)),
        photographed(cut_out("0", 260, ink=40, paper=220)),
    ],
    ids=["vignette", "squared", "brush", "chalk", "crop", "wood", "tight chalk", "tight pen"],
)
def test_what_is_no_sheet_stays_as_it_is(page: np.ndarray) -> None:
    assert without_table(page, measure_page(page)) is page


def in_window(canvas: np.ndarray, around: int, *, button: bool) -> np.ndarray:
    """Show a canvas of 160 pixels in the window of a drawing program."""
    window = np.full((240, 240), around, np.uint8)
    window[36:196, 40:200] = canvas
    if button:
        cv2.rectangle(window, (60, 208), (110, 226), 110, -1)
        cv2.putText(window, "Draw", (90, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255 - around, 1, cv2.LINE_AA)
    return window


@pytest.mark.parametrize("button", [False, True])
@pytest.mark.parametrize(("paper", "ink", "around"), [(255, 0, 33), (255, 0, 200), (0, 255, 255), (20, 230, 90)])
@pytest.mark.parametrize("character", DIGITS)
def test_a_canvas_in_a_screenshot_reads_like_the_canvas(
    character: str, paper: int, ink: int, around: int, button: bool
) -> None:
    canvas = draw(character, (160, 160), scale=0.75, width=0.1, paper=paper, ink=ink)
    expected = np.add(find_ink(canvas).box, (40, 36, 40, 36))
    assert np.abs(find_ink(in_window(canvas, around, button=button)).box - expected).max() <= 2


@pytest.mark.parametrize("share", [0.25, 0.4, 0.6])
@pytest.mark.parametrize("colour", [(255, 245, 80), (255, 190, 210), (150, 150, 150)], ids=["yellow", "pink", "grey"])
@pytest.mark.parametrize("character", "2357")
def test_what_is_written_on_a_note_on_a_white_page_is_read(
    character: str, colour: tuple[int, int, int], share: float
) -> None:
    side = 600
    start, inner = round(side * (1 - share) / 2), round(side * share)
    page, note = np.full((side, side, 3), 255, np.uint8), (slice(start, start + inner),) * 2
    written = draw(character, (inner, inner), scale=0.5, ink=20, paper=255)
    page[note] = np.where(written[..., None] < 128, 20, colour)
    expected = find_ink(np.pad(written, start, constant_values=255)).box_within(side, side)
    picture = decode(encode(page), max_pixels=side * side)
    assert np.abs(np.subtract(find_ink(picture.pixels).box_within(side, side), expected)).max() <= 7


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_a_photo_between_black_bars_reads_like_the_photo(character: str, upright: bool) -> None:
    photo = photographed(draw(character, (128, 128), scale=0.5))
    screen = np.zeros((256, 128) if upright else (128, 256), np.uint8)
    screen[(slice(64, 192), slice(None)) if upright else (slice(None), slice(64, 192))] = photo
    expected = np.add(find_ink(photo).box, (0, 64, 0, 64) if upright else (64, 0, 64, 0))
    assert np.abs(find_ink(screen).box_within(*screen.shape[::-1]) - expected).max() <= 3


def test_a_canvas_with_nothing_on_it_is_no_canvas() -> None:
    """It may be an l, or a black square."""
    window = np.full((240, 240), 255, np.uint8)
    window[40:200, 60:180] = 0
    assert find_canvas(window, 255) is None


@pytest.mark.parametrize("character", "08L")
@pytest.mark.parametrize("width", [0.2, 0.3])
def test_a_thick_character_is_no_canvas(character: str, width: float) -> None:
    page = draw(character, (240, 240), scale=0.7, width=width)
    assert find_canvas(page, float(measure_page(page).level[0, 0])) is None


@pytest.mark.parametrize("holes", [1, 2])
@pytest.mark.parametrize("dark", [False, True])
def test_a_block_letter_is_no_canvas(holes: int, dark: bool) -> None:
    page = np.full((240, 240), 255, np.uint8)
    page[40:200, 60:180] = 0
    for hole in range(holes):
        page[70 + 80 * hole : 95 + 80 * hole, 100:140] = 255
    found = find_ink(page if dark else 255 - page)
    assert found.box == (60, 40, 180, 200)


def test_a_panel_between_creases_is_no_sheet() -> None:
    page = np.full((300, 300), 205, np.uint8)
    page[:150, :150] = 235
    page[145:155] = page[:, 145:155] = 160
    page[50:100, 70:76] = 40
    assert find_sheet(page) is None
    page[155:] = page[:, 155:] = 100
    assert find_sheet(page) is not None


@pytest.mark.parametrize("degrees", [-8, 6])
@pytest.mark.parametrize("character", DIGITS)
def test_a_sheet_that_a_bright_hand_holds_reads_like_the_sheet(character: str, degrees: float) -> None:
    """As it is shown to a webcam, with a face and a room behind."""
    sheet = draw(character, (300, 300), scale=0.4, paper=212, width=0.1)
    room = np.clip(120 + 15 * np.sin(np.add.outer(np.arange(300) / 40, np.arange(300) / 60)), 0, 255).astype(np.uint8)
    cv2.ellipse(room, (90, 50), (45, 60), 0, 0, 360, 170, -1)
    picture = lying(sheet, room, degrees)
    cv2.ellipse(picture, (215, 225), (20, 30), 30, 0, 360, 168, -1)
    alone = cv2.warpAffine(sheet, cv2.getRotationMatrix2D((150, 150), degrees, 0.6), (300, 300), borderValue=212)
    found, expected = find_ink(photographed(picture, fall=0.1)), find_ink(photographed(alone, fall=0.1))
    assert found.box_within(300, 300) == pytest.approx(expected.box_within(300, 300), abs=5)


@pytest.mark.parametrize(("around", "paper", "ink"), [(243, 255, 20), (30, 50, 240)])
@pytest.mark.parametrize("character", DIGITS)
def test_a_canvas_that_hardly_differs_from_the_screen_reads_like_the_canvas(
    character: str, around: int, paper: int, ink: int
) -> None:
    canvas = draw(character, (200, 200), scale=0.7, width=0.1, paper=paper, ink=ink)
    screen = np.full((400, 260), around, np.uint8)
    screen[70:270, 30:230] = canvas
    cv2.putText(screen, "Draw a digit", (40, 50), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 128, 2, cv2.LINE_AA)
    for left in (30, 135):
        cv2.rectangle(screen, (left, 300), (left + 95, 340), 110, -1)
    expected = np.add(find_ink(canvas).box, (30, 70, 30, 70))
    found = find_ink(screen)
    assert found.box_within(260, 400) == pytest.approx(expected, abs=3)
    assert found.alone


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("reach", [20, 45])
@pytest.mark.parametrize("character", DIGITS)
def test_the_soft_shadow_along_a_side_of_a_bleached_scan_is_no_canvas(character: str, reach: int, turns: int) -> None:
    page = draw(character, (400, 400), scale=0.5, width=0.1, paper=255, ink=30)
    shade = 130 * np.exp(-np.arange(400) / reach)
    scan = np.rot90(np.clip(np.where(page > 100, page - shade, page), 0, 255).astype(np.uint8), turns)
    found, expected = find_ink(np.ascontiguousarray(scan)), find_ink(np.ascontiguousarray(np.rot90(page, turns)))
    assert np.abs(np.subtract(found.box, expected.box)).max() <= 4


@pytest.mark.parametrize("lines", [255, 90], ids=["white", "grey"])
@pytest.mark.parametrize("zoom", [1, 4])
@pytest.mark.parametrize("character", DIGITS)
def test_a_cell_that_was_cut_out_of_a_grid_with_its_lines_reads_like_the_cell(
    character: str, zoom: int, lines: int
) -> None:
    cell = draw(character, (28, 28), ink=255, paper=0, scale=0.7)
    grid = np.full((96, 96), lines, np.uint8)
    for down in range(3):
        for across in range(3):
            grid[2 + 32 * down : 30 + 32 * down, 2 + 32 * across : 30 + 32 * across] = cell
    # More of the cells beyond the lines on two sides than on the others.
    cut, cell = (np.kron(part, np.ones((zoom, zoom), np.uint8)) for part in (grid[25:67, 31:71], cell))
    found, expected = find_ink(cut), find_ink(cell)
    assert found.box == tuple(np.add(expected.box, zoom * np.array([3, 9, 3, 9])))
    assert found.polarity is Polarity.LIGHT_ON_DARK


def test_the_hollow_of_a_thick_character_is_no_cell() -> None:
    page = np.full((80, 60), 255, np.uint8)
    page[10:70, 12:48] = 0
    assert without_grid(page) is page
    page[10:70, 12:48] = 255
    for sides in (np.s_[:8], np.s_[-8:], np.s_[:, :8], np.s_[36:44]):  # an E that is cut out along its sides
        page[sides] = 0
    assert without_grid(page) is page


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("character", "08")
def test_the_eye_of_a_block_letter_is_no_writing_in_a_cell(character: str, dark: bool) -> None:
    page = np.full((220, 160), 255, np.uint8)
    page[20:200, 30:130] = 0
    for top, bottom in ((44, 176),) if character == "0" else ((44, 98), (122, 176)):
        page[top:bottom, 54:106] = 255
    found = find_ink(page if dark else 255 - page)
    assert found.box == pytest.approx((30, 20, 130, 200), abs=1)
