from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging import NoInkFound, Polarity
from app.imaging.ink import find_ink
from app.imaging.uneven import LOCAL_WINDOW, local_window, sharpness, without_strips
from tests.pages import photographed
from tests.strokes import DIGITS, draw


def test_the_window_follows_the_width_of_the_strokes() -> None:
    thin, thick = (local_window(255 - draw("7", (256, 256), width=width, paper=255, ink=0)) for width in (0.02, 0.09))
    assert thin == 8 / 64
    assert thin < thick < LOCAL_WINDOW
    assert local_window(np.full((64, 64), 255, np.uint8)) == LOCAL_WINDOW
    assert local_window(np.full((1, 1), 255, np.uint8)) == LOCAL_WINDOW


def test_where_nothing_is_strong_enough_there_is_no_strip() -> None:
    ink = np.full((120, 120), 60, np.uint8)
    assert without_strips(ink) is ink


def test_nor_is_one_looked_for_in_a_long_strip_where_a_maze_would_take_long() -> None:
    maze = np.zeros((2048, 96), np.uint8)
    maze[::8] = 100
    maze[:, [0, -1]] = 100
    assert without_strips(maze) is maze


def test_strokes_are_sharp_and_a_reflection_is_not() -> None:
    stroke = (240 - draw("0", (240, 240)).astype(np.float32)) / 240
    assert sharpness(stroke) > 0.95
    down, across = np.indices((240, 240)) - 120
    reflection = np.exp(-np.square(np.hypot(down, across) / 60)).astype(np.float32)
    assert sharpness(reflection) < 0.05
    assert sharpness(np.zeros((240, 240), np.float32)) == 0
    assert sharpness(np.ones((240, 240), np.float32)) == 0


@pytest.mark.parametrize("darker", [0.3, 0.4])
@pytest.mark.parametrize("character", DIGITS)
def test_the_soft_shadow_of_an_arm_across_a_character_is_no_ink(character: str, darker: float) -> None:
    page = photographed(draw(character, (240, 240), scale=0.5))
    arm = cv2.GaussianBlur(cv2.line(np.zeros((240, 240), np.float32), (245, 245), (110, 120), 1, 44), (0, 0), 4)
    found = find_ink(np.asarray(page * (1 - darker * arm), np.uint8))
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 4


@pytest.mark.parametrize("darker", [0.3, 0.45])
@pytest.mark.parametrize("character", DIGITS)
def test_nor_is_the_soft_shadow_of_a_phone(character: str, darker: float) -> None:
    page = draw(character, (320, 320), scale=0.35, width=0.06, ink=45, paper=235)
    phone = np.zeros((320, 320), np.float32)
    phone[120:, 60:260] = 1
    shade = 1 - darker * cv2.GaussianBlur(phone, (0, 0), 12)
    lit = photographed(np.rint(page * shade).astype(np.uint8), fall=0.25, vignette=0, noise=4)
    found = find_ink(lit)
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 4
    assert found.alone


@pytest.mark.parametrize("radius", [55, 70])
@pytest.mark.parametrize("character", DIGITS)
def test_the_flash_that_the_sheet_reflects_is_no_light_ink(character: str, radius: int) -> None:
    page = draw(character, (240, 240), scale=0.5, ink=25, paper=140)
    down, across = np.indices(page.shape)
    flash = 130 * np.exp(-((down - 115) ** 2 + (across - 130) ** 2) / radius**2)
    found = find_ink(photographed(np.clip(page + flash, 0, 255).astype(np.uint8), fall=0.25, vignette=0, noise=4))
    assert found.polarity is Polarity.DARK_ON_LIGHT
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 8


@pytest.mark.parametrize("character", DIGITS)
def test_a_hard_shadow_across_a_character_is_no_ink(character: str) -> None:
    page = draw(character, (240, 240), scale=0.5)
    alone = find_ink(page).box
    page = page.copy()
    page[np.add.outer(np.arange(240), np.arange(240)) > 240] //= 2
    assert np.abs(np.subtract(find_ink(photographed(page)).box, alone)).max() <= 6


@pytest.mark.parametrize("across", [-0.5, -0.1, 0.3, 0.6])
@pytest.mark.parametrize("character", DIGITS)
def test_the_straight_edge_of_a_shadow_beside_thin_writing_is_no_ink(character: str, across: float) -> None:
    page = draw(character, (640, 480), scale=0.4, width=0.035, ink=60, paper=235)
    alone = find_ink(photographed(page, noise=5))
    x, y = np.meshgrid(np.linspace(-320, 320, 640), np.linspace(-240, 240, 480))
    shade = 1 / (1 + np.exp(-np.clip((x - 180 * across + 0.4 * y) / 1.5, -50, 50)))
    found = find_ink(photographed(np.rint(page * (1 - 0.5 * shade)).astype(np.uint8), noise=5))
    assert found.polarity is Polarity.DARK_ON_LIGHT
    assert found.box == pytest.approx(alone.box, abs=8)


@pytest.mark.parametrize("character", DIGITS)
def test_glare_on_a_board_is_no_ink(character: str) -> None:
    page = np.full((240, 240), 200, np.uint8)
    page[60:200, 80:220] = draw(character, (140, 140), scale=0.6, ink=60, paper=200)
    y, x = np.mgrid[:240, :240]
    glare = 100 * np.exp(-(((x - 70) / 40) ** 2 + ((y - 60) / 35) ** 2))
    shone_on = np.clip(page * 0.8 + glare, 0, 255).astype(np.uint8)
    assert find_ink(photographed(shone_on)).polarity is Polarity.DARK_ON_LIGHT


@pytest.mark.parametrize("character", DIGITS)
def test_a_shadow_on_a_sheet_that_is_otherwise_all_white_is_no_ink(character: str) -> None:
    page = draw(character, (240, 240), scale=0.4, ink=200, paper=255)
    alone = find_ink(page).box
    y, x = np.mgrid[:240, :240]
    shade = np.clip((x + y - 300) * 0.4, 0, 60)
    assert find_ink(np.clip(page - shade, 0, 255).astype(np.uint8)).box == pytest.approx(alone, abs=4)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_what_a_threshold_leaves_of_a_shadow_is_no_ink(character: str, inverted: bool) -> None:
    page = draw(character, (240, 240), scale=0.5, ink=0, paper=255)
    shaded = page.copy()
    y, x = np.mgrid[:240, :240]
    grain = np.random.default_rng(0).normal(0, 6, page.shape)
    shaded[x + 0.6 * y + grain > 285] = 0
    found = find_ink(255 - shaded if inverted else shaded)
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 2


def across(page: np.ndarray, light: float, *, width: float, turn: float) -> np.ndarray:
    """Let a strip of other light fall across a page, through a place a little off its middle."""
    height, wide = page.shape
    x, y = np.meshgrid(np.arange(wide) - 0.55 * wide, np.arange(height) - 0.5 * height)
    off = np.abs(x * np.cos(turn) + y * np.sin(turn)) - width / 2
    return np.rint(page * (1 + (light - 1) / (1 + np.exp(np.clip(off / 1.5, -50, 50))))).astype(np.uint8)


@pytest.mark.parametrize("turn", [0.2, 1.0, 2.5])
@pytest.mark.parametrize("character", "2358")
def test_the_shadow_of_a_pen_across_a_character_is_no_ink(character: str, turn: float) -> None:
    page = draw(character, (240, 240), scale=0.55, ink=40, paper=230)
    found = find_ink(photographed(across(page, 0.55, width=14, turn=turn)))
    assert np.abs(np.subtract(found.box, find_ink(photographed(page)).box)).max() <= 5


@pytest.mark.parametrize("turn", [0.2, 0.8, 2.5])
@pytest.mark.parametrize("character", "2358")
def test_nor_is_a_strip_of_sunlight(character: str, turn: float) -> None:
    page = draw(character, (240, 240), scale=0.55, ink=30, paper=145)
    found = find_ink(photographed(across(page, 1.6, width=36, turn=turn)))
    assert found.polarity is Polarity.DARK_ON_LIGHT
    assert np.abs(np.subtract(found.box, find_ink(photographed(page)).box)).max() <= 5


def test_nothing_is_written_where_only_a_fold_crosses_the_page() -> None:
    page = across(np.full((240, 240), 230, np.uint8), 0.8, width=3, turn=0.4)
    with pytest.raises(NoInkFound, match="a line across the picture"):
        find_ink(photographed(page))
