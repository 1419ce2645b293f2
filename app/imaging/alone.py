"""Whether a picture shows one character: no answer to the one that is read can be right where there are two.

The shares below were set on 2,442 photos and drawings of single characters and on the test sets of MNIST and EMNIST's
ByMerge: two of the photos, 17 of ByMerge's 116,323 images and one of MNIST's are taken for more than one.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from app.imaging.around import UNDERLINE_HEIGHT, dividers
from app.imaging.marks import MARK_LEVEL, Chosen, Marks, Pixels

#: Columns without ink between others: the first of them, and the one after the last.
Blank = tuple[int, int]

#: Two pieces of ink are apart from this gap between them on, as a share of the longest side of the larger one.
APART_GAP = 0.4
#: Pieces of about the same height that stand beside each other are apart from a smaller gap on, ...
CLOSE_GAP = 0.1
#: ... where the lower one has this share of the other's height ...
LIKE_HEIGHT = 0.7
#: ... and all of them are together this much wider than high: one character of two pieces, such as an H, is narrower.
PAIR_WIDTH = 0.9
#: A word is at least so many times as wide as it is high.
WORD_WIDTH = 2.0
#: Two pieces are of like size where the longest side of the smaller one is at least this share of the other's.
LIKE_SIZE = 0.5
#: What was left out may be a character from this share of the mass of the main mark up.
RIVAL_MASS = 0.08


def falls_apart(ink: Pixels) -> bool:
    """Tell whether ink is two pieces of like size and apart, one beside or below the other, or a word.

    Args:
        ink: uint8 [height, width], white on black, what has been kept of a picture.
    """
    inked = (ink > 255 * MARK_LEVEL).astype(np.uint8)
    turned = inked.T.copy()
    blanks = _blanks(inked)
    return (
        _is_split(inked, blanks)
        or _is_split(turned, _blanks(turned))
        or _is_pair(inked, blanks)
        or _is_word(inked, blanks)
    )


def _blanks(inked: Pixels) -> list[Blank]:
    """Return the gaps between columns where something is inked, not 0, from left to right."""
    columns = np.flatnonzero(inked.any(axis=0))
    last = np.flatnonzero(np.diff(columns) > 1)
    return list(zip((columns[last] + 1).tolist(), columns[last + 1].tolist(), strict=True))


def _is_split(inked: Pixels, blanks: list[Blank]) -> bool:
    """Tell whether what is inked is two pieces of like size, one beside the other and apart from it."""
    if not blanks:
        return False
    start, stop = max(blanks, key=lambda blank: blank[1] - blank[0])
    small, large = sorted(max(_size(piece)) for piece in (inked[:, :start], inked[:, stop:]))
    return stop - start >= APART_GAP * large and small >= LIKE_SIZE * large


def _is_pair(inked: Pixels, blanks: list[Blank]) -> bool:
    """Tell whether what is inked is two pieces beside each other, about as high, with a gap between them."""
    width, height = _size(inked)
    if width < PAIR_WIDTH * height:
        return False
    for start, stop in blanks:
        left, right = _size(inked[:, :start]), _size(inked[:, stop:])
        low, high = sorted((left[1], right[1]))
        if stop - start >= CLOSE_GAP * max(*left, *right) and low >= LIKE_HEIGHT * high:
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

    Flat marks are lines under the character, or what is left of ruling; what touches the edge of the picture reaches in
    from outside, where the crop was meant to end.

    Args:
        marks: of the picture.
        main: index of the mark that is read.
        kept: bool [M], which of them are read with it.
    """
    width, height = (marks.boxes[:, 2:] - marks.boxes[:, :2]).T
    longest = np.maximum(width, height)
    large = (marks.mass >= RIVAL_MASS * marks.mass[main]) & (longest >= LIKE_SIZE * longest[main])
    large &= height >= LIKE_SIZE * height[main]  # the word of a label beside a blank is long and low
    chosen = large & (height > UNDERLINE_HEIGHT * width) & ~marks.touches_edge & ~kept
    if chosen.any():
        chosen &= ~dividers(marks, main)
    return np.asarray(chosen, np.bool_)
