"""Hollow characters: an outline is filled, since the networks have seen strokes alone.

The constants were set on drawn outlines, and on images of MNIST and EMNIST, thinned and enlarged, which are not filled.
"""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.marks import MARK_LEVEL, Pixels, bounding_box

#: Writing whose longest side is less than this, in pixels, shows no outline.
LEAST_OUTLINED = 48
#: The ribbon between the lines of an outline is at least so many times as long as wide; the eye of a 0 is not.
RIBBON_LENGTH = 4.5
#: It is bent, and fills no more than this share of its hull: a straight one may be a narrow 0, or the loop of an l.
RIBBON_HULL = 0.8
#: The ribbon is at least this share of what the outermost lines enclose.
RIBBON_SHARE = 0.45
#: The lines are no wider than this share of the ribbon's width.
LINE_WIDTH = 0.6
#: At least this share of the lines is beside the ribbon.
LINE_BESIDE = 0.9


def filled(ink: Pixels) -> Pixels:
    """Fill a character that is drawn as an outline: two lines, everywhere as far apart, and a ribbon between them.

    Args:
        ink: uint8 [height, width], white on black, with one pixel inked at least.

    Returns:
        The same, or with the ribbon inked.
    """
    left, top, right, bottom = bounding_box(ink)
    if max(right - left, bottom - top) < LEAST_OUTLINED:
        return ink
    lines = np.pad(ink[top:bottom, left:right] >= 255 * MARK_LEVEL, 1).astype(np.uint8)
    _, parents = cv2.findContours(lines, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if (parents[0, :, 3] < 0).all():
        return ink  # nothing is enclosed, which is found out faster than what is
    count, regions, stats, _ = cv2.connectedComponentsWithStats(1 - lines, connectivity=4)
    around = regions[0, 0]
    area = np.where(np.isin(np.arange(count), (0, around)), 0, stats[:, cv2.CC_STAT_AREA])
    ribbon = np.asarray(regions == area.argmax(), np.uint8)
    if not area.any() or area.max() < RIBBON_SHARE * np.count_nonzero(regions != around):
        return ink
    width = 2 * float(cv2.distanceTransform(ribbon, cv2.DIST_L2, 3).max())
    # Of a line's pixels the mean distance from its sides is a quarter of its width.
    line = 4 * float(cv2.distanceTransform(lines, cv2.DIST_L2, 3)[lines > 0].mean())
    beside = cv2.dilate(ribbon, np.ones((2 * round(line) + 3,) * 2, np.uint8))
    (outline, *_), _ = cv2.findContours(ribbon, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if (
        area.max() < RIBBON_LENGTH * width**2
        or area.max() > RIBBON_HULL * cv2.contourArea(cv2.convexHull(outline))
        or line > LINE_WIDTH * width
        or beside[lines > 0].mean() < LINE_BESIDE
    ):
        return ink
    inked = ink.copy()
    inked[top:bottom, left:right][ribbon[1:-1, 1:-1] > 0] = 255
    return inked
