"""Marks: the connected pieces of what stands out from a page, and which of them most likely is the character.

The shares below were set on the drawn pages of the tests and on the photos that README measures, all of them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.errors import NoInkFound

Pixels = npt.NDArray[np.uint8]
Contrast = npt.NDArray[np.float32]
#: Which of the marks; bool [M].
Chosen = npt.NDArray[np.bool_]

#: Ink from this share of full ink up counts as part of a mark.
MARK_LEVEL = 0.25
#: Pictures up to this side, in pixels, are near the network's own resolution: on a plain page every pixel counts, and
#: a speck may be a stroke.
SMALL_SIDE = 40
#: How quickly a mark loses weight away from the middle: distance of its centre of mass from the picture's, as a share
#: of the sides, at which it has e^-1 of its weight.
CENTRE_SPREAD = 0.35
#: What a mark that touches the edge of the picture counts: little where it also lies off the middle or spans the whole
#: picture, as page edges and neighbouring characters do; half where it may be a stroke that runs out of the picture.
EDGE_MARK_WEIGHT = 0.08
EDGE_STROKE_WEIGHT = 0.5
EDGE_OFF_CENTRE = 0.3
EDGE_SPAN = 0.9
#: A blot fills this share and more of a square around it: a disc 0.79, a 0 whose eye has filled less.
BLOT_FILLED = 0.7
#: A blot is as deep as this share of its longest side and more. Of 95,000 images of MNIST and EMNIST none is.
BLOT_DEPTH = 0.85
#: Of a mark no longer than this, in pixels, such as a click of the mouse, one pixel of that may hardly be touched.
SMALL_BLOT = 17
#: Where more marks than this may be the same thing beside a character, a button or a coin, they are a pattern.
MOST_ALIKE = 20
#: Strength of ink: this quantile of its pixels, which leaves its soft border out and its hottest pixels too.
STRENGTH_QUANTILE = 0.9


@dataclass(frozen=True)
class Marks:
    """The connected pieces above a threshold. Index 0 is the page and has no mass.

    labels: int32 [height, width], the index of each pixel's mark.
    boxes: int32 [M, 4], (left, top, right, bottom), right and bottom exclusive.
    mass: float64 [M], summed contrast.
    centre: float64 [M, 2], (x, y) of the middle of their pixels.
    """

    labels: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.int32]
    mass: npt.NDArray[np.float64]
    centre: npt.NDArray[np.float64]

    @property
    def sizes(self) -> npt.NDArray[np.int32]:
        """Width and height of each box, int32 [M, 2]."""
        return np.asarray(self.boxes[:, 2:] - self.boxes[:, :2], np.int32)

    @property
    def sides(self) -> npt.NDArray[np.bool_]:
        """Whether a mark reaches the outermost two pixels on the left, top, right and bottom, bool [M, 4]."""
        height, width = self.labels.shape
        return np.hstack([self.boxes[:, :2] <= 1, self.boxes[:, 2:] >= (width - 1, height - 1)])

    @property
    def touches_edge(self) -> npt.NDArray[np.bool_]:
        """Whether a mark reaches them on any side of the picture, bool [M]."""
        return np.asarray(self.sides.any(axis=1))

    def share_of_edge(self, mark: int) -> float:
        """Return which share of the outermost pixels a mark has."""
        labels = self.labels
        return float(np.mean(np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]]) == mark))

    def pixels(self, mark: int) -> Chosen:
        """Return which pixels of its box a mark has, bool [height, width]."""
        left, top, right, bottom = self.boxes[mark].tolist()
        return np.asarray(self.labels[top:bottom, left:right] == mark, np.bool_)

    def gaps(self, mark: int) -> npt.NDArray[np.int32]:
        """Return how far each box is from a mark's across and down, int32 [M, 2], negative where they overlap."""
        low, high = self.boxes[:, :2], self.boxes[:, 2:]
        return np.asarray(np.maximum(low - high[mark], low[mark] - high), np.int32)

    def inside(self, mark: int) -> Chosen:
        """Choose the marks whose boxes lie in another's: bool [M]."""
        left, top, right, bottom = self.boxes.T
        outer = self.boxes[mark]
        return np.asarray((left > outer[0]) & (top > outer[1]) & (right < outer[2]) & (bottom < outer[3]), np.bool_)


def find_marks(contrast: Contrast, threshold: float) -> Marks:
    """Find the connected pieces above a threshold, diagonals included.

    Args:
        contrast: float32 [height, width], positive where there is ink.
        threshold: on the same scale.

    Raises:
        NoInkFound: nothing is above it.
    """
    count, *found = cv2.connectedComponentsWithStats((contrast > threshold).astype(np.uint8))
    labels, stats = np.asarray(found[0], np.int32), np.asarray(found[1], np.int32)
    centre = np.asarray(found[2], np.float64)
    if count < 2:
        raise NoInkFound("Nothing is written on the page, or too faintly to be told from it.")
    mass = np.asarray(np.bincount(labels.ravel(), weights=contrast.ravel(), minlength=count), np.float64)
    mass[0] = 0
    centre[0] = 0  # no number where there is no page
    left, top, width, height = stats[:, : cv2.CC_STAT_AREA].T
    boxes = np.stack([left, top, left + width, top + height], axis=1)
    return Marks(labels, boxes, mass, centre)


def main_mark(marks: Marks) -> int:
    """Return the index of the mark that most likely is the character: heavy, central, not part of the surround."""
    height, width = marks.labels.shape
    off_centre = np.hypot(marks.centre[:, 0] / width - 0.5, marks.centre[:, 1] / height - 0.5)
    spans = (marks.sizes / (width, height)).max(axis=1)
    surround = (off_centre > EDGE_OFF_CENTRE) | (spans > EDGE_SPAN)
    at_edge = np.where(surround, EDGE_MARK_WEIGHT, EDGE_STROKE_WEIGHT)
    weight = np.exp(-((off_centre / CENTRE_SPREAD) ** 2)) * np.where(marks.touches_edge, at_edge, 1)
    return int(np.argmax(marks.mass * weight))


def writing_strength(contrast: Contrast, threshold: float) -> float:
    """Return how far the writing stands out, told from the main mark above a threshold.

    Raises:
        NoInkFound: nothing is above the threshold.
    """
    marks = find_marks(contrast, threshold)
    return strength(contrast[marks.labels == main_mark(marks)])


def strength(ink: Contrast | Pixels) -> float:
    """Return how strong a stroke, a line or writing is, from its pixels, [N] with N at least 1."""
    return float(np.quantile(ink, STRENGTH_QUANTILE))


def principal_axes(pixels: Chosen) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the variances of some pixels across and along, and the directions of these.

    Args:
        pixels: bool [height, width], true somewhere.

    Returns:
        float64 [2], the lesser first, and float64 [2, 2], its columns (down, across) of unit length.
    """
    variances, axes = np.linalg.eigh(np.cov(np.nonzero(pixels), bias=True))
    return variances, axes


def straightness(pixels: Chosen) -> float:
    """Return the variance of some pixels across as a share of that along: 0 of a thin line, 1 of a disc or one pixel.

    Of a line as wide as a tenth of its length, that is 0.01.

    Args:
        pixels: bool [height, width], true somewhere.
    """
    (least, greatest), _ = principal_axes(pixels)
    return float(least / greatest) if greatest > 0 else 1.0


def is_round(pixels: Chosen) -> bool:
    """Tell whether some pixels, bool [height, width] of their box, are one round or square piece without strokes."""
    longest = max(pixels.shape)
    if not may_be_round(int(np.count_nonzero(pixels)), longest):
        return False
    inked_side = _surely_inked(longest) if min(pixels.shape) >= longest - 1 else longest
    depth = cv2.distanceTransform(np.pad(pixels, 1).astype(np.uint8), cv2.DIST_L2, 3)
    return bool(2 * depth.max() > BLOT_DEPTH * inked_side)


def may_be_round(pixels: int, longest: int) -> bool:
    """Tell whether so many pixels, whose box has that longest side, fill as much of a square as a blot does."""
    return pixels >= BLOT_FILLED * _surely_inked(longest) ** 2


def _surely_inked(longest: int) -> int:
    return longest - 1 if longest <= SMALL_BLOT else longest


def filled_in(pixels: Chosen) -> Pixels:
    """Return uint8 [height, width], 1 on some pixels, bool [height, width], and on what they enclose."""
    outlines, _ = cv2.findContours(pixels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros(pixels.shape, np.uint8), outlines, -1, 1, cv2.FILLED), np.uint8)


def few(chosen: Chosen, most: int = MOST_ALIKE) -> list[int]:
    """Return the indices of the chosen marks, bool [M]; none where there are more, which are a pattern or noise."""
    found: list[int] = np.flatnonzero(chosen).tolist()
    return found if len(found) <= most else []


def close_gaps(ink: Pixels, share: float) -> Pixels:
    """Return ink, uint8 [height, width], with gaps closed that are no wider than a share of the shorter side."""
    side = 2 * round(share * min(ink.shape) / 2) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, disc), np.uint8)


def inked(ink: Pixels, level: float = MARK_LEVEL) -> Pixels:
    """Return uint8 [height, width], 1 where there is ink from `level` (0..1 of full ink) up, and 0 elsewhere."""
    return np.asarray(cv2.threshold(ink, max(1, round(level * 255)) - 1, 1, cv2.THRESH_BINARY)[1], np.uint8)


def bounding_box(ink: Pixels, level: float = MARK_LEVEL) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom), the latter two exclusive, around all ink from `level` (0..1 of full ink) up.

    Raises:
        NoInkFound: no pixel reaches the level.
    """
    left, top, width, height = cv2.boundingRect(inked(ink, level))
    if not width:
        raise NoInkFound("Nothing is written on the page.")
    return left, top, left + width, top + height
