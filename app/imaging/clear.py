"""Small pictures that show one character and nothing else: what `find_ink` makes of them, in a ninth of the time.

Data sets have such images, and programs that read them send thousands. Every step of the chain would look for what
there is not; here it is told at once that there is none. What is not told for certain is left to the chain.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from app.imaging.canvas import (
    BARS_STEP,
    CANVAS_PLAIN,
    LEAST_PHOTO,
    RECTANGLE_FILLED,
    Box,
    find_rectangle,
    without_grid,
)
from app.imaging.ink import BLOT_LEVEL, LEAST_WIDTH, Ink, Polarity, is_blot
from app.imaging.lift import MIN_CONTRAST, lifted
from app.imaging.lines import EDGE_ROWS, LINE_COVER, LINE_IN_SIGHT
from app.imaging.marks import SMALL_SIDE, inked, may_be_round
from app.imaging.page import PLAIN_PICTURE_SHARE, PLAIN_TOLERANCE, Page, Pixels
from app.imaging.ruling import FEW_PRINTED, LINE_LEVEL, remove_ruling
from app.imaging.sheet import CANVAS_STEP

BLACK, WHITE = 0, 255


def find_clear(pixels: Pixels, polarity: Polarity = Polarity.AUTO) -> Ink | None:
    """Return what `find_ink` does of a small picture of one mark on a page that is black or white all around.

    The mark is in one piece, and no line of ruling, no canvas and no blot, so that there is nothing to take out. Steps
    that look for these are asked only where their sizes allow for one.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.
        polarity: as of `find_ink`.

    Returns:
        Equal to the last bit; None where the picture may not be such a one.
    """
    height, width = pixels.shape
    if min(height, width) < LEAST_WIDTH or max(height, width) > SMALL_SIDE:
        return None
    page = _level_all_around(pixels)
    if page not in (BLACK, WHITE):
        return None
    found = Polarity.LIGHT_ON_DARK if page == BLACK else Polarity.DARK_ON_LIGHT
    if polarity not in (Polarity.AUTO, found):
        return None
    rest = pixels if page == BLACK else np.asarray(cv2.bitwise_not(pixels), np.uint8)
    page_like = pixels.size - cv2.countNonZero(cv2.threshold(rest, PLAIN_TOLERANCE, 1, cv2.THRESH_BINARY)[1])
    if page_like < PLAIN_PICTURE_SHARE * pixels.size:
        return None
    off = cv2.threshold(rest, BARS_STEP - 1, 1, cv2.THRESH_BINARY)[1]
    _, _, across, down = cv2.boundingRect(off)
    full = min(across, down) >= LEAST_PHOTO and cv2.countNonZero(off) >= RECTANGLE_FILLED * across * down
    if full and find_rectangle(pixels, page) is not None:
        return None
    if (levels := _levels_of_ink(page, int(cv2.minMaxLoc(rest)[1]))) is None:
        return None
    ink = np.asarray(cv2.LUT(rest, levels), np.uint8)
    if _may_be_ruled(ink) and remove_ruling(ink) is not ink:
        return None
    strong = inked(ink)
    if cv2.connectedComponents(strong)[0] != 2 or (_may_be_blot(ink) and is_blot(ink)):
        return None
    left, top, across, down = cv2.boundingRect(strong)
    box = left, top, left + across, top + down
    if _may_be_in_cell(rest, box) and without_grid(pixels) is not pixels:
        return None
    return Ink(ink, box, found, alone=True)


def _level_all_around(pixels: Pixels) -> int | None:
    """Return the grey level that all the outermost pixels have; None where they differ."""
    height, width = pixels.shape
    data = pixels.tobytes()
    first = data[:1]
    alike = (
        data[:width] == data[-width:] == first * width and data[::width] == data[width - 1 :: width] == first * height
    )
    return data[0] if alike else None


@lru_cache(maxsize=512)
def _levels_of_ink(page: int, strongest: int) -> Pixels | None:
    """Return what becomes of grey levels that differ from the page by 0, 1, 2 and so on, uint8 [256].

    Args:
        page: its level, `BLACK` or `WHITE`.
        strongest: by how many levels the ink differs at most.

    Returns:
        0 for the page to 255 for full ink; None where even that is too faint.
    """
    differing = np.abs(page - np.arange(256)).astype(np.uint8)
    contrast = np.abs(Page(np.array([[page]], np.float32), plain=True).contrast(differing))
    full = float(contrast[0, strongest])
    return lifted(contrast, 0.0, full)[0] if full >= MIN_CONTRAST else None


def _may_be_ruled(ink: Pixels) -> bool:
    """Tell whether ink reaches as far as a line of ruling, or begins as often as where there are several."""
    lines = inked(ink, LINE_LEVEL / 255)
    height, width = lines.shape
    _, _, across, down = cv2.boundingRect(lines)
    if max(across / width, down / height) >= LINE_COVER or min(width - across, height - down) <= 2 * EDGE_ROWS:
        return True
    begun = cv2.countNonZero(cv2.subtract(lines[1:], lines[:-1])) / width
    begun_across = cv2.countNonZero(cv2.subtract(lines[:, 1:], lines[:, :-1])) / height
    return bool(max(begun, begun_across) >= FEW_PRINTED * LINE_IN_SIGHT)


def _may_be_blot(ink: Pixels) -> bool:
    """Tell whether ink fills as much of a square around it as a blot does."""
    dark = inked(ink, BLOT_LEVEL)
    return may_be_round(cv2.countNonZero(dark), max(cv2.boundingRect(dark)[2:]))


def _may_be_in_cell(rest: Pixels, box: Box) -> bool:
    """Tell whether a mark may be within the cell of a grid, half of which is of one level that is not the page's.

    Args:
        rest: by how much each pixel differs from the page, uint8 [height, width].
        box: around the mark.
    """
    left, top, right, bottom = box
    # All of the mark is in the cell: no row or column of it is of one level, as the lines of a grid are.
    least = CANVAS_PLAIN * (right - left) * (bottom - top)
    return bool(np.bincount(rest.ravel(), minlength=256)[CANVAS_STEP:].max() >= least)
