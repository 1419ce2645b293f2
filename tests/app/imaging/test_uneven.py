from __future__ import annotations

import numpy as np

from app.imaging.uneven import LOCAL_WINDOW, local_window, sharpness, without_strips
from tests.strokes import draw


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
