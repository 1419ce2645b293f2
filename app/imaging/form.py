"""What is shown beside a character and is none: combs, corner marks, lines of print, buttons, brackets.

The shares below were set on drawn pages alone and move no photo that README measures.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.around import STRAIGHT
from app.imaging.marks import Chosen, Marks, few, filled_in, main_mark, straightness
from app.imaging.page import CROP_SIDE

#: Left, top, width and height of each, int32 [N, 4].
Teeth = npt.NDArray[np.int32]

#: A comb is at least so long, as a share of the picture's width, ...
COMB_LENGTH = 0.15
#: ... and along at least this share of that, its line is straight, give or take so many pixels.
COMB_COVER = 0.95
COMB_SLACK = 1.5
#: A tooth is higher than so many pixels above the line, ...
LEAST_TOOTH = 2
#: ... narrower than this share of its height or about as thin as the line, ...
TOOTH_WIDTH = 0.2
#: ... and all of them are at least this share of the highest.
ALIKE_TEETH = 0.6
#: A character between teeth is at least this share of their height, and of the comb's mass.
COMB_HEIGHT = 0.5
COMB_CONTENT = 0.08
#: Corner marks are shorter than this share of the main mark's longest side.
CORNER_SIDE = 0.6
#: Their middles lie beyond this share of its width or height.
CORNER_OFF = 0.8
#: Their sides, and those of the rectangle whose corners they are, are as long as each other, give or take this share.
CORNER_SLACK = 0.2
#: So many pixels more, for marks of few.
CORNER_PIXELS = 2
#: A letter of print is no higher than this share of the main mark, and has no more than such a share of its mass.
LETTER_HEIGHT = 0.35
LETTER_MASS = 0.08
#: Letters are of one line where their middles are as high, give or take this share of their height.
LETTER_ROW = 0.7
#: A line of print has at least so many letters, none of them farther apart than so many times their height, ...
LEAST_LETTERS = 4
WORD_GAP = 2.0
#: ... or is one mark, where gaps have been closed, so many times as long as the main one and this share as high.
PRINT_LENGTH = 1.3
PRINT_HEIGHT = 0.3
#: Where there are more marks like letters than this, they are a pattern or noise.
MOST_LETTERS = 100
#: A button is so many times as wide as high, ...
BUTTON_WIDTH = 1.5
#: ... and at least this share of the main mark's longest side high; a dash is not.
BUTTON_HEIGHT = 0.12
#: Its outline fills at least the first share of its box, and it of that, but for its label, at least the second, ...
BUTTON_OUTLINE = 0.85
BUTTON_FILLED = 0.6
#: ... and it is farther from the main mark than this share of that one's longest side; the bar of a 5 is not.
BUTTON_GAP = 0.15

#: A bracket is at least the first and at most the second many times as high as the main mark, ...
BRACKET_HEIGHT = (0.85, 2.5)
#: ... and beside a straight stroke higher than it by this: such a one with a bow is a D in two strokes, or an a, ...
BRACKET_BESIDE_STROKE = 1.15
#: ... at most this share of its own height wide, with ink on such a share of that in a row, ...
BRACKET_WIDTH = 0.4
BRACKET_THICKNESS = 0.15
#: ... apart from the main mark by this share of that one's height, ...
BRACKET_GAP = 0.03
#: ... with the middles of both as high, give or take this share of its own, ...
BRACKET_OFF = 0.25
#: ... and its middle third is farther off than the others are, by this share of its height. Of 22,000 images of MNIST
#: and EMNIST, drawn larger, none has what these take for a bracket.
BRACKET_BOW = 0.03


def brackets(marks: Marks, main: int) -> Chosen:
    """Choose the round brackets beside the main mark, as those of a number in a list: bool [M]."""
    chosen = np.zeros(len(marks.mass), np.bool_)
    left, top, _, bottom = marks.boxes.T
    width, height = marks.sizes.T
    least, most = BRACKET_HEIGHT
    if straightness(marks.pixels(main)) <= STRAIGHT:
        least = BRACKET_BESIDE_STROKE
    may_be = (height >= least * height[main]) & (height <= most * height[main]) & (width <= BRACKET_WIDTH * height)
    may_be &= marks.gaps(main)[:, 0] >= BRACKET_GAP * height[main]
    may_be &= np.abs(top + bottom - top[main] - bottom[main]) <= 2 * BRACKET_OFF * height
    for mark in few(may_be & (marks.mass > 0)):
        chosen[mark] = _bow(marks.pixels(mark)) * np.sign(left[mark] - left[main]) >= BRACKET_BOW
    # Two such strokes that face each other are a 0 whose ends are open.
    return chosen if not chosen.any() or abs(_bow(marks.pixels(main))) < BRACKET_BOW else np.zeros_like(chosen)


def beside_bracket(marks: Marks, main: int) -> int:
    """Return the mark beside the main one where that is its bracket, heavier than a 1; else the main one."""
    other, mass = main, marks.mass.copy()
    for _ in range(2):  # one after it, and one before
        if abs(_bow(marks.pixels(other))) < BRACKET_BOW:
            break
        mass[other] = 0
        if not mass.any():
            return main
        other = main_mark(replace(marks, mass=mass))
    return other if other != main and brackets(marks, other)[main] else main


def _bow(pixels: Chosen) -> float:
    """Return how far to the right the middle third of a thin, upright stroke is of its ends, as a share of its height.

    Args:
        pixels: of the mark, bool [height, width] of its box.

    Returns:
        Negative where it bows to the left, 0 where it does not or is no such stroke.
    """
    tall, wide = pixels.shape
    in_row = pixels.sum(axis=1)
    if tall < 3 or in_row.max() > BRACKET_WIDTH * tall or in_row.mean() > BRACKET_THICKNESS * tall:
        return 0.0
    upper, middle, lower = (
        float(third.mean()) for third in np.array_split(pixels @ np.arange(wide) / np.maximum(in_row, 1), 3)
    )
    to_right, to_left = middle - max(upper, lower), min(upper, lower) - middle
    return float((max(to_right, 0.0) - max(to_left, 0.0)) / tall)


def combs(marks: Marks) -> Chosen:
    """Choose the lines with low uprights on them, a form's fields, with a character in them; of a crop, none: bool [M].

    Args:
        marks: of the picture.
    """
    chosen = np.zeros(len(marks.mass), np.bool_)
    if min(marks.labels.shape) < CROP_SIDE:
        return chosen
    width, height = marks.sizes.T
    may_be = (width >= COMB_LENGTH * marks.labels.shape[1]) & (height > LEAST_TOOTH) & (marks.mass > 0)
    for mark in few(may_be):
        left, top, _, _ = marks.boxes[mark].tolist()
        teeth = _teeth(marks.pixels(mark))
        chosen[mark] = teeth is not None and _stands_between(marks, mark, teeth + np.array([left, top, 0, 0], np.int32))
    return chosen


def _teeth(pixels: Chosen) -> Teeth | None:
    """Find the uprights on a straight line, which may be askew, that goes on under all of a mark.

    Args:
        pixels: of the mark, bool [height, width] of its box.

    Returns:
        Left, top, width and height of each above the line, int32 [N, 4]; None where it is no comb.
    """
    tall, wide = pixels.shape
    columns = np.arange(wide)
    lowest = tall - 1 - pixels[::-1].argmax(axis=0)
    line = np.polyval(np.polyfit(columns, lowest, 1), columns)
    if np.mean(np.abs(lowest - line) <= COMB_SLACK) < COMB_COVER:
        return None
    thick = float(np.median(pixels.sum(axis=0)))
    above = pixels & (np.arange(tall)[:, np.newaxis] <= line - thick)
    _, _, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8))
    pieces = np.asarray(stats[1:, : cv2.CC_STAT_AREA], np.int32)
    teeth = pieces[pieces[:, 3] > LEAST_TOOTH]
    if len(teeth) < 2:
        return None
    width, height = teeth[:, 2:].T
    thin = width <= np.maximum(TOOTH_WIDTH * height, 2 * thick + COMB_SLACK)
    comb = thin.all() and height.min() >= ALIKE_TEETH * height.max()
    return teeth if comb else None


def _stands_between(marks: Marks, comb: int, teeth: Teeth) -> bool:
    """Tell whether a character stands between the teeth of a comb, int32 [N, 4] in pixels of the picture."""
    left, top, right, bottom = marks.boxes.T
    highest = teeth[:, 3].max()
    within = (left >= teeth[:, 0].min() - 1) & (right <= (teeth[:, 0] + teeth[:, 2]).max() + 1)
    within &= (bottom <= bottom[comb]) & (bottom >= top[comb] + (1 - COMB_HEIGHT) * highest)
    within &= (bottom - top >= COMB_HEIGHT * highest) & (marks.mass > COMB_CONTENT * marks.mass[comb])
    within[comb] = False
    return bool(within.any())


def corners(marks: Marks, main: int) -> Chosen:
    """Choose four marks of one size at the corners of a rectangle around the main mark, as crop marks are: bool [M]."""
    chosen = np.zeros(len(marks.mass), np.bool_)
    low, high = marks.boxes[:, :2], marks.boxes[:, 2:]
    longest = marks.sizes[main].max()
    off_centre = (low + high - low[main] - high[main]) / 2
    small = (marks.mass > 0) & (marks.sizes.max(axis=1) < CORNER_SIDE * longest)
    small &= (2 * np.abs(off_centre) >= CORNER_OFF * marks.sizes[main]).any(axis=1)
    found = []
    for right, below in itertools.product((False, True), repeat=2):
        there = small & ((off_centre > 0) == (right, below)).all(axis=1)
        if not there.any():
            return chosen
        found.append(int((marks.mass * there).argmax()))
    of_one_size = np.ptp(marks.sizes[found], axis=0) <= CORNER_SLACK * marks.sizes[found].max() + CORNER_PIXELS
    # The first two are the ones on the left; the first and the third, the upper ones.
    (x, y), slack = off_centre[found].T, CORNER_SLACK * longest + CORNER_PIXELS
    upright = max(abs(x[0] - x[1]), abs(x[2] - x[3]), abs(y[0] - y[2]), abs(y[1] - y[3])) <= slack
    around = (low[found].min(axis=0) <= low[main]).all() and (high[found].max(axis=0) >= high[main]).all()
    chosen[found] = bool(of_one_size.all() and upright and around)
    return chosen


def captions(marks: Marks, main: int) -> Chosen:
    """Choose the letters of lines of print beside the main mark, a question or a caption: bool [M]."""
    chosen = np.zeros(len(marks.mass), np.bool_)
    left, top, right, bottom = marks.boxes.T
    height, middle = bottom - top, (top + bottom) / 2
    beside = marks.gaps(main).max(axis=1) >= 0
    small = (height <= LETTER_HEIGHT * height[main]) & (marks.mass <= LETTER_MASS * marks.mass[main])
    small &= beside & (marks.mass > 0)
    for mark in few(small, MOST_LETTERS):
        row = np.flatnonzero(small & (np.abs(middle - middle[mark]) <= LETTER_ROW * height[mark]))
        row = row[left[row].argsort(kind="stable")]
        apart = left[row][1:] - np.maximum.accumulate(right[row])[:-1] > WORD_GAP * height[mark]
        for line in np.split(row, np.flatnonzero(apart) + 1):
            chosen[line] |= len(line) >= LEAST_LETTERS
    return chosen


def lines_of_print(marks: Marks, main: int) -> Chosen:
    """Choose what is long and low beside the main mark, a line of print whose letters have been closed: bool [M]."""
    length, height = marks.sizes.T
    longest = marks.sizes[main].max()
    return np.asarray((length >= PRINT_LENGTH * longest) & (height <= PRINT_HEIGHT * longest), np.bool_)


def buttons(marks: Marks, main: int) -> Chosen:
    """Choose the filled buttons of a web page or a program that a screenshot shows apart from the main mark: bool [M].

    They are level rectangles, with round corners or not, however large; their labels are left out of them.
    """
    chosen = np.zeros(len(marks.mass), np.bool_)
    width, height = marks.sizes.T
    gap, longest = marks.gaps(main).max(axis=1), marks.sizes[main].max()
    may_be = (width >= BUTTON_WIDTH * height) & (height >= BUTTON_HEIGHT * longest) & (gap > BUTTON_GAP * longest)
    for mark in few(may_be & (marks.mass > 0)):
        pixels = marks.pixels(mark)
        chosen[mark] = filled_in(pixels).mean() >= BUTTON_OUTLINE and pixels.mean() >= BUTTON_FILLED
    return chosen
