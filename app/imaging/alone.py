"""Whether a picture shows one character: no answer to the one that is read can be right where there are two.

The shares below were set on 2,442 photos and drawings of single characters and on the test sets of MNIST and EMNIST's
ByMerge: two of the photos, 22 of ByMerge's 116,323 images and one of MNIST's are taken for more than one.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.around import UNDERLINE_HEIGHT, boxes, dividers
from app.imaging.form import brackets
from app.imaging.marks import MARK_LEVEL, Chosen, Marks, Pixels

#: Columns without ink between others: the first of them, and the one after the last.
Blank = tuple[int, int]
#: Left, top, width and height of connected pieces of ink, int32 [N, 4].
Boxes = npt.NDArray[np.int32]

#: Two pieces of ink are apart from this gap between them on, as a share of the longest side of the larger one.
APART_GAP = 0.4
#: Pieces of about the same height that stand beside each other are apart from a smaller gap on, ...
CLOSE_GAP = 0.1
#: ... where the lower one has this share of the other's height ...
LIKE_HEIGHT = 0.7
#: ... and all of them are together this much wider than high: one character of two pieces, such as an H, is narrower.
PAIR_WIDTH = 0.9
#: So are pieces above each other where the smaller one has this share of the other's width and of its height, ...
LIKE_SIDES = 0.6
#: ... each has at least this width to its height, which the halves of a broken stroke have not, ...
STACKED_WIDTH = 0.3
#: ... and all of them are together this much higher than wide.
STACK_HEIGHT = 1.8
#: A word is at least so many times as wide as it is high.
WORD_WIDTH = 2.0
#: Two pieces are of like size where the smaller one's longest side and height are at least this share of the other's.
LIKE_SIZE = 0.5
#: What was left out may be a character from this share of the mass of the main mark up.
RIVAL_MASS = 0.08


def falls_apart(ink: Pixels) -> bool:
    """Tell whether ink is two pieces of like size and apart, two close beside or above each other, or a word.

    Args:
        ink: uint8 [height, width], white on black, what has been kept of a picture.
    """
    inked = (ink > 255 * MARK_LEVEL).astype(np.uint8)
    outlines, _ = cv2.findContours(inked, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    pieces = np.array([cv2.boundingRect(outline) for outline in outlines], np.int32)
    if len(pieces) < 2:
        return False
    blanks = _blanks(inked)
    return _is_split(inked) or _is_pair(inked, pieces, blanks) or _is_stack(inked, pieces) or _is_word(inked, blanks)


def _blanks(inked: Pixels) -> list[Blank]:
    """Return the gaps between columns where something is inked, not 0, from left to right."""
    columns = np.flatnonzero(inked.any(axis=0))
    last = np.flatnonzero(np.diff(columns) > 1)
    return list(zip((columns[last] + 1).tolist(), columns[last + 1].tolist(), strict=True))


def _is_split(inked: Pixels) -> bool:
    """Tell whether what is inked is two pieces of like size and apart, one beside, below or across from the other."""
    y, x = np.nonzero(inked)
    for along in (x, y, x + y, x - y + len(inked)):
        places = np.flatnonzero(np.bincount(along))
        gaps = np.diff(places) - 1
        if not gaps.any():
            continue
        before = along <= places[gaps.argmax()]
        sides = [(np.ptp(x[piece]) + 1, np.ptp(y[piece]) + 1) for piece in (before, ~before)]
        (small, low), (large, high) = sorted((max(side), side[1]) for side in sides)
        if gaps.max() >= APART_GAP * large and small >= LIKE_SIZE * large and low >= LIKE_SIZE * high:
            return True
    return False


def _is_pair(inked: Pixels, pieces: Boxes, blanks: list[Blank]) -> bool:
    """Tell whether what is inked has pieces about as high on either side of a gap; crop marks are much lower."""
    width, height = _size(inked)
    if width < PAIR_WIDTH * height:
        return False
    left, _, wide, high = pieces.T
    longest = max(wide.max(), high.max())
    for start, stop in blanks:
        before = left < start
        low, tall = sorted((high[before].max(), high[~before].max()))
        if stop - start >= CLOSE_GAP * longest and low >= LIKE_HEIGHT * tall:
            return True
    return False


def _is_stack(inked: Pixels, pieces: Boxes) -> bool:
    """Tell whether what is inked has pieces of about the same width and height above and below a gap."""
    width, height = _size(inked)
    if height < STACK_HEIGHT * width:
        return False
    _, top, wide, high = pieces.T
    for start, stop in _blanks(inked.T):
        above = top < start
        sides = [pieces[part][(wide * high)[part].argmax(), 2:] for part in (above, ~above)]
        small, large = np.min(sides, axis=0), np.max(sides, axis=0)
        alike = (small >= LIKE_SIDES * large).all() and small[1] >= LIKE_SIDES * width
        hollow = all(side[0] >= STACKED_WIDTH * side[1] for side in sides)
        if alike and hollow and stop - start >= CLOSE_GAP * large.max():
            return True
    return False


def _is_word(inked: Pixels, blanks: list[Blank]) -> bool:
    """Tell whether what is inked is a wide row of pieces, two of them at least half as high as the whole."""
    width, height = _size(inked)
    if width < WORD_WIDTH * height:
        return False
    ends = [0, *itertools.chain.from_iterable(blanks), inked.shape[1]]
    heights = [_size(inked[:, start:stop])[1] for start, stop in zip(ends[::2], ends[1::2], strict=True)]
    return sum(own >= LIKE_SIZE * height for own in heights) > 1


def _size(inked: Pixels) -> tuple[int, int]:
    """Return width and height of what is inked."""
    _, _, width, height = cv2.boundingRect(inked)
    return width, height


def rivals(marks: Marks, main: int, kept: Chosen) -> Chosen:
    """Choose what was left out and may be another character, half as long and high as the main mark: bool [M].

    Flat marks are lines under the character, or what is left of ruling; boxes are the others of a form.

    Args:
        marks: of the picture.
        main: index of the mark that is read.
        kept: bool [M], which of them are read with it.
    """
    width, height = marks.sizes.T
    longest = np.maximum(width, height)
    large = (marks.mass >= RIVAL_MASS * marks.mass[main]) & (longest >= LIKE_SIZE * longest[main])
    large &= height >= LIKE_SIZE * height[main]  # the word of a label beside a blank is long and low
    chosen = large & (height > UNDERLINE_HEIGHT * width) & ~kept & ~_reaching_in(marks, main)
    if chosen.any():
        chosen &= ~dividers(marks, main) & ~boxes(marks, chosen) & ~brackets(marks, main)
    return np.asarray(chosen, np.bool_)


def _reaching_in(marks: Marks, main: int) -> Chosen:
    """Choose the marks that reach into the picture from outside, where the crop was meant to end: bool [M].

    Where the main mark touches a side too, the crop is tight: what touches that side or the one across from it is all
    there, but for what is thin.
    """
    sides = marks.sides
    tight = sides[main] | sides[main, [2, 3, 0, 1]]
    thick = marks.sizes.min(axis=1)
    thin = thick < LIKE_SIZE * thick[main]
    return np.asarray((sides & ~tight).any(axis=1) | (sides.any(axis=1) & thin), np.bool_)
