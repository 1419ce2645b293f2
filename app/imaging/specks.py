"""Specks all over a plain page, as a local threshold makes of a photo's noise: a scanning program's, a tutorial's."""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.page import CROP_SIDE, Pixels

#: A threshold leaves at least this share of a picture so near to black or white.
TWO_LEVELS_SHARE = 0.9
LEVEL_SLACK = 32
#: A page is speckled where more than this share of it differs by so many grey levels from the median nearby, ...
SPECKLED_SHARE = 0.03
SPECK_STEP = 64
#: ... which is taken over so many pixels across, ...
SPECK_WINDOW = 5
#: ... some of it in this share of all squares of so many pixels.
SPECKED_TILES = 0.6
SPECK_TILE = 8
#: At least this share of that is specks, no longer than this share of the shorter side: squared paper's lines are.
SPECKS_OF_ALL = 0.8
SPECK_LENGTH = 0.08
#: Standard deviation of the blur that takes them out, as a share of the shorter side.
SPECK_BLUR = 0.012


def without_specks(pixels: Pixels) -> Pixels:
    """Blur a page that is full of specks into grey levels, which ink stands out from; another comes back as it is.

    Args:
        pixels: uint8 [height, width].
    """
    if not is_speckled(pixels):
        return pixels
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), SPECK_BLUR * min(pixels.shape)), np.uint8)


def is_speckled(pixels: Pixels) -> bool:
    """Tell whether a page is full of specks.

    Args:
        pixels: uint8 [height, width]; a crop, see `CROP_SIDE`, is not.
    """
    if min(pixels.shape) < CROP_SIDE:
        return False
    if np.mean((pixels < LEVEL_SLACK) | (pixels > 255 - LEVEL_SLACK)) < TWO_LEVELS_SHARE:
        return False
    differs = cv2.absdiff(pixels, cv2.medianBlur(pixels, SPECK_WINDOW)) >= SPECK_STEP
    if np.count_nonzero(differs) <= SPECKLED_SHARE * pixels.size:
        return False
    height, width = (side // SPECK_TILE * SPECK_TILE for side in pixels.shape)
    tiles = differs[:height, :width].reshape(height // SPECK_TILE, SPECK_TILE, -1, SPECK_TILE).any(axis=(1, 3))
    if tiles.mean() < SPECKED_TILES:
        return False
    *_, stats, _ = cv2.connectedComponentsWithStats(differs.astype(np.uint8), connectivity=4)
    small = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) <= SPECK_LENGTH * min(pixels.shape)
    specks = stats[small, cv2.CC_STAT_AREA].sum()
    return bool(specks > max(SPECKLED_SHARE * pixels.size, SPECKS_OF_ALL * np.count_nonzero(differs)))
