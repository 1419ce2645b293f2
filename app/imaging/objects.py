"""Things that lie on a sheet beside a character: pens, rulers, coins.

The shares below were set on drawn pages alone and move no photo that README measures.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from app.imaging.marks import Chosen, Marks, few, is_round, main_mark, straightness

#: A pen or a ruler is one straight piece, see `straightness`, which fills at least this share of its own upright or
#: slanted box, ...
BAR_STRAIGHT = 0.015
BAR_FILLED = 0.8
#: ... is so many times as long as the main mark, and farther from it than such a share of that: neither is a post
#: of an H, the stem of a K, the head of a T or a segment of a display.
BAR_LENGTH = 1.2
BAR_GAP = 0.2
#: It is no more than so many times as long: beside what is shorter still, it is rather the character than that.
MOST_LENGTH = 3.0
#: However near is one that crosses the picture and goes beyond the main mark at both ends by this share of that length,
#: such as a pen's shadow; a stroke of a tight crop ends where the others do.
CROSSING_BEYOND = 0.25
#: A bar that is so many times as wide as it is high is level.
LEVEL_WIDTH = 2.0
#: Beside a level bar a character is at least this share of it long.
BAR_CONTENT = 0.25
#: A coin is at least this share of the main mark's longest side wide, and farther from it than such a share.
COIN_SIZE = 0.3
COIN_GAP = 0.1


def bars(marks: Marks, main: int) -> Chosen:
    """Choose what is long, straight and apart from the main mark, a pen that lies on the sheet, a ruler: bool [M]."""
    chosen = np.zeros(len(marks.mass), np.bool_)
    longest = marks.sizes[main].max()
    across, down = marks.gaps(main).T
    gap = np.where(marks.sizes[:, 0] > marks.sizes[:, 1], down, across)
    low, high = marks.boxes[:, :2], marks.boxes[:, 2:]
    beyond = np.minimum(low[main] - low, high - high[main]).max(axis=1)
    sides = marks.sides.sum(axis=1)
    crossing = (sides > 1) & (beyond >= CROSSING_BEYOND * longest)
    length = marks.sizes.max(axis=1)
    may_be = (length >= BAR_LENGTH * longest) & (length <= MOST_LENGTH * longest)
    may_be &= (gap > BAR_GAP * longest) | crossing
    # What lies along a side from one corner to the next is a stripe of a pattern.
    for mark in few(may_be & (sides < 3) & (marks.mass > 0)):
        pixels = marks.pixels(mark)
        if straightness(pixels) <= BAR_STRAIGHT:
            _, (long, wide), _ = cv2.minAreaRect(np.argwhere(pixels).astype(np.float32))
            chosen[mark] = np.count_nonzero(pixels) >= BAR_FILLED * (long + 1) * (wide + 1)
    return chosen


def beside_bar(marks: Marks, main: int) -> int:
    """Return the mark beside the main one where that is a level bar, heavier than the character; else the main one."""
    width, height = marks.sizes[main]
    if width < LEVEL_WIDTH * height:
        return main
    mass = marks.mass.copy()
    mass[main] = 0
    other = main_mark(replace(marks, mass=mass))
    written = mass[other] > 0 and marks.sizes[other].max() >= BAR_CONTENT * width
    return other if written and bars(marks, other)[main] else main


def coins(marks: Marks, main: int) -> Chosen:
    """Choose what is round, solid and apart from the main mark, but for the dot of an i above it: bool [M]."""
    chosen = np.zeros(len(marks.mass), np.bool_)
    if is_round(marks.pixels(main)):
        return chosen  # a dot of a dotted character
    longest = marks.sizes[main].max()
    aside = marks.gaps(main)[:, 0] > COIN_GAP * longest
    for mark in few(aside & (marks.sizes.min(axis=1) >= COIN_SIZE * longest) & (marks.mass > 0)):
        chosen[mark] = is_round(marks.pixels(mark))
    return chosen
