"""Bands along the sides of a screenshot: the title and the tools of a drawing program, the bars of a phone."""

from __future__ import annotations

import numpy as np

from app.imaging.marks import Chosen
from app.imaging.page import CROP_SIDE, Pixels

#: A band along a side is no wider than this share of the picture.
BAND_WIDTH = 0.35
#: What is beside it differs from it by at least so many grey levels, ...
BAND_STEP = 8
#: ... is of one level over its first row, and goes on so over this share of the picture along both sides.
BAND_BESIDE = 0.2
#: At least this share of a band's outermost and innermost pixels is of its level: icons are what it shows between.
BAND_PLAIN = 0.95
#: So many may lie along each other, as the bars of a phone and of a program do.
MOST_BANDS = 2
#: Pixels are of a level that they differ from by less than so many grey levels.
SAME_LEVEL = 4


def without_bands(pixels: Pixels) -> Pixels:
    """Go on with a plain picture over bands along its sides, with all the icons on them.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.

    Returns:
        The same, or with the level beside a band in place of it; a crop, see `CROP_SIDE`, comes back as it is.
    """
    if min(pixels.shape) < CROP_SIDE:
        return pixels
    bare = pixels
    for turns in range(4):
        for _ in range(MOST_BANDS):
            turned = np.rot90(bare, turns)
            if (found := _band(turned)) is None:
                break
            width, beside = found
            turned = turned.copy()
            turned[:width] = beside
            bare = np.ascontiguousarray(np.rot90(turned, -turns))
    return bare


def _band(pixels: Pixels) -> tuple[int, int] | None:
    """Find a band along the top of a picture: its height and the level below it; None where there is none."""
    height = len(pixels)
    level = int(np.bincount(pixels[0], minlength=256).argmax())
    width = int(_differs(pixels[:, [0, -1]], level).any(axis=1).argmax())
    if not 0 < width <= BAND_WIDTH * height or _differs(pixels[[0, max(0, width - 2)]], level).mean() > 1 - BAND_PLAIN:
        return None
    below = width + 1  # a row may be of both
    beside = int(pixels[below, 0])
    sides = pixels[below : below + round(BAND_BESIDE * height), [0, -1]]
    plain = not _differs(pixels[below], beside).any() and not _differs(sides, beside).any()
    return (below, beside) if plain and abs(beside - level) >= BAND_STEP else None


def _differs(pixels: Pixels, level: int) -> Chosen:
    return np.asarray(np.abs(pixels.astype(np.int16) - level) >= SAME_LEVEL, np.bool_)
