from __future__ import annotations

import cv2
import numpy as np

from app.imaging.lines import find_lines
from app.imaging.ruling import remove_ruling


def test_lines_are_found_where_they_are() -> None:
    mask = np.zeros((100, 120), bool)
    mask[30:32] = True
    mask[70] = True
    assert [(line.first, line.last) for line in find_lines(mask)] == [(30, 31), (70, 70)]


def test_lines_have_slopes_of_their_own() -> None:
    mask = np.zeros((200, 200), np.uint8)
    for row, slope in ((40, -0.06), (80, -0.02), (120, 0.02), (160, 0.06)):
        cv2.line(mask, (0, row), (199, round(row + slope * 199)), 1, 2)
    lines = find_lines(mask > 0)
    assert [round(line.slope, 2) for line in lines] == [-0.06, -0.02, 0.02, 0.06]
    assert not remove_ruling(255 * mask).any()
