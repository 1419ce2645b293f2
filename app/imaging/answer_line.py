"""The line for an answer, or a stroke under a result, that its character touches, so that both are one mark.

The shares below were set on images of MNIST and EMNIST, drawn larger, that stand on a line or cross it.
"""

from __future__ import annotations

import numpy as np

from app.imaging.lines import Line, find_lines, line_body, line_pixels
from app.imaging.marks import Chosen, Marks, Pixels
from app.imaging.page import CROP_SIDE

#: A line is at least so long, as a share of the picture's width.
LINE_LENGTH = 0.15
#: What stands on it is at least this share of that high.
LEAST_HEIGHT = 0.25
#: The character crosses it by no more than this share of its own height.
CROSSED = 0.3
#: From its ends to where the character touches it are at least this share of that height: a 2 and a Z turn at an end.
TOUCHED_OFF_END = 0.15
#: It goes on beyond the character on both sides by this share of that; the foot of an I is no wider than its head.
BEYOND = 0.05
#: Rows above a line in which a stroke that touches it is seen.
ROWS_ABOVE = 2


def without_touched_line(ink: Pixels, marks: Marks) -> Pixels:
    """Take out the straight, nearly level line that a character stands on or crosses with its lower end.

    Args:
        ink: uint8 [height, width], white on black.
        marks: of it.

    Returns:
        The same without the lines; what has none, or is a crop, see `CROP_SIDE`, comes back as it is.
    """
    if min(ink.shape) < CROP_SIDE:
        return ink
    width, height = marks.sizes.T
    may_be = (width >= LINE_LENGTH * ink.shape[1]) & (height >= LEAST_HEIGHT * width) & (marks.mass > 0)
    for mark in np.flatnonzero(may_be).tolist():
        left, top, right, bottom = marks.boxes[mark].tolist()
        pixels = np.asarray(marks.labels[:, left:right] == mark, np.bool_)
        for line in find_lines(pixels) if _ends_low(pixels[top:bottom]) else ():
            if line.whole and _is_stood_on(pixels, line):
                ink = ink.copy()
                ink[:, left:right][line_pixels(ink[:, left:right], line)] = 0
    return ink


def _ends_low(pixels: Chosen) -> bool:
    """Tell whether a mark, bool [height, width] of its box, has nothing above its middle at both ends: soon told."""
    upper = pixels[: len(pixels) // 2]
    return not upper[:, 0].any() and not upper[:, -1].any()


def _is_stood_on(pixels: Chosen, line: Line) -> bool:
    """Tell whether a line goes on beyond the lower end of all else on both sides.

    Args:
        pixels: of the mark that it is part of, bool [height, width], with as many columns as the line.
        line: in these.
    """
    rest = pixels & ~line_body(line, pixels.shape)
    rows, columns = np.flatnonzero(rest.any(axis=1)), np.flatnonzero(rest.any(axis=0))
    if not rows.size:
        return False
    width = pixels.shape[1]
    above, below = line.first - int(rows[0]), int(rows[-1]) - line.last
    if above < LEAST_HEIGHT * width or below > CROSSED * above:
        return False
    just_above = line.first - ROWS_ABOVE + line.rows(width)
    touched = np.flatnonzero(pixels[np.clip(just_above, 0, len(pixels) - 1), np.arange(width)])
    if not touched.size:
        return False
    off_end, beyond = (min(places[0], width - 1 - places[-1]) / above for places in (touched, columns))
    return bool(off_end >= TOUCHED_OFF_END and beyond >= BEYOND)
