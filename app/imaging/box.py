"""A box, a table or a ring that its character touches: of the mark that they make together, what is written is kept.

The shares below were set on drawn ones, printed and by hand, that images of MNIST and EMNIST, drawn larger, touch or
cross; of 80,000 of these without a box, a d and a B are taken for one, and of 6,000 round ones three for a ring.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.around import is_slanted_stroke, is_table
from app.imaging.lines import runs
from app.imaging.marks import MARK_LEVEL, SMALL_SIDE, Chosen, Marks, Pixels, bounding_box, filled_in
from app.imaging.page import CROP_SIDE

#: (x, y).
Point = npt.NDArray[np.float64]
#: The first place of a line, and its last.
Span = tuple[int, int]

#: A box spans at least this share of both sides of the picture.
BOX_SPAN = 0.15
#: Its shorter side is at least this share of the longer one.
BOX_ASPECT = 0.25
#: Its mark has at most this share of what it encloses, ...
HOLLOW = 0.5
#: ... and that is at least this share of its own box.
LEAST_FILL = 0.5
#: What juts out of it, strokes that cross it, is thinner than this share of its mark's shorter side.
JUTTING = 0.3
#: Without that, it has at least this share of all that its mark encloses, ...
BOX_SHARE = 0.85
#: ... and fills this share of the rectangle around it; an O fills less, a B seldom as much.
BOX_FILL = 0.86
#: Taking off what juts out rounds its corners, which reach so much farther, as a share of its mark's shorter side.
CORNERS = 0.06
#: The line around it is as thick as there are layers of pixels, from the outside inwards, with this share of ink, ...
LINE_COVER = 0.8
#: ... and thinner than this share of its shorter side.
LINE_THICKNESS = 0.1
#: Pixels on either side of a line that are its soft border.
LINE_BORDER = 1
#: A line between two cells goes through at least this share of the box.
DIVIDER_COVER = 0.85
#: What is written in a cell is at least so long, as a share of the cell's shorter side.
CONTENT_LENGTH = 0.4
#: A ring is nearly as wide as long: its shorter axis is at least this share of the longer one. This one and the next
#: three were set on drawn rings.
RING_ROUND = 0.75
#: With all that is in it, it has at least this share in common with an ellipse.
RING_FIT = 0.93
#: What is written in it spans at least this share of its height, in its middle: the tail of a Q begins there, ...
RING_CONTENT = 0.35
#: ... and at least the second share of that is nearer to the middle than the first share of its radius: what is left of
#: the uneven line of an O is not.
RING_MIDDLE = 0.7
RING_INNER = 0.4
#: Pixels around it that an ellipse can be fitted to.
LEAST_OUTLINE = 5
#: An empty box fills at least this share of the rectangle around it; of 15,000 images of 0, O, D and Q, drawn larger,
#: none fills more than 0.85, ...
EMPTY_FILL = 0.93
#: ... its line is thinner than this share of its shorter side, since some write a 0 so with a wide pen, ...
EMPTY_LINE = 0.08
#: ... and at most this share of its ink is not in its line.
EMPTY_INK = 0.03
#: An empty table has at least so many cells; two are those of an 8.
EMPTY_CELLS = 3


def is_empty_box(ink: Pixels) -> bool:
    """Tell whether ink is a thin line around nothing, or the lines of a table: a cell of a form that is not filled in.

    Args:
        ink: uint8 [height, width], white on black, not all black. Of a picture as small as images of data sets, it is
            no box.
    """
    if min(ink.shape) <= SMALL_SIDE:
        return False
    left, top, right, bottom = bounding_box(ink)
    mark = ink[top:bottom, left:right] >= 255 * MARK_LEVEL
    whole = filled_in(mark)
    if mark.sum() > HOLLOW * whole.sum():
        return False
    if is_table(mark, EMPTY_CELLS):
        return True
    frame = _Frame.around(whole)
    if frame is None or whole.sum() < EMPTY_FILL * math.prod(frame.size):
        return False
    thickness, line = _line_around(mark, whole)
    beyond = (mark & ~line).sum()
    return bool(0 < thickness < EMPTY_LINE * min(frame.size) and beyond <= EMPTY_INK * mark.sum())


def without_touched_boxes(ink: Pixels, marks: Marks) -> Pixels:
    """Take out boxes and rings that are one mark with what is written in them, and what is in a table's other cells.

    Args:
        ink: uint8 [height, width], white on black.
        marks: of it.

    Returns:
        The same without them; what has none, or is a crop, see `CROP_SIDE`, comes back as it is.
    """
    if min(ink.shape) < CROP_SIDE:
        return ink
    spans = (marks.sizes / ink.shape[::-1]).min(axis=1)
    for mark in np.flatnonzero((spans > BOX_SPAN) & (marks.mass > 0)).tolist():
        left, top, right, bottom = marks.boxes[mark].tolist()
        labels = marks.labels[top:bottom, left:right]
        middle = np.array(ink.shape[::-1]) / 2 - (left, top)
        written = written_in_box(labels == mark, (labels > 0) & (labels != mark), middle)
        if written is not None:
            inked, kept = np.zeros_like(ink), np.zeros_like(ink)
            inked[top:bottom, left:right] = labels > 0
            kept[top:bottom, left:right] = written
            ink = np.where(_grown(inked) > _grown(kept), 0, ink).astype(np.uint8)
    return ink


def written_in_box(mark: Chosen, others: Chosen, middle: Point) -> Chosen | None:
    """Return what is written in the box, table or ring that a mark is part of; None where it is none, or only that.

    Args:
        mark: bool [height, width], the pixels of its own box that it has.
        others: the same of other marks.
        middle: of the picture, from the upper left corner of that box. Of several cells with writing, the one nearest
            to it is read.

    Returns:
        bool [height, width].
    """
    whole = filled_in(mark)
    if mark.sum() > HOLLOW * whole.sum() or whole.sum() < LEAST_FILL * mark.size:
        return None
    shorter = min(mark.shape)
    opened = _opened(whole, JUTTING / 2 * shorter)
    frame = _Frame.around(opened)
    if frame is None or opened.sum() < BOX_SHARE * whole.sum():
        return None
    boxed = opened.sum() >= BOX_FILL * math.prod(frame.size)
    if not boxed and not _is_disc(opened):
        return None
    box = whole & _grown(opened, round(CORNERS * shorter))
    thickness, line = _line_around(mark, box)
    if not 0 < thickness < LINE_THICKNESS * min(frame.size):
        return None
    if not boxed:
        return _in_ring(mark, others, line, thickness)
    across, down = frame.places(mark.shape)
    width, height = (side - 2 * thickness for side in frame.size)
    inner = _grown((mark & (box > 0) & ~line).astype(np.uint8)) > 0
    uprights = _dividers(across[inner], height, thickness)
    levels = _dividers(down[inner], width, thickness)
    for places, spans in ((across, uprights), (down, levels)):
        for first, last in spans:
            line |= (box > 0) & (places >= first) & (places <= last)
    rest = (mark & ~line).astype(np.uint8)
    # A stroke that crosses a line goes on at either side.
    rest |= _closed(rest, thickness + LINE_BORDER + 1) & mark
    if _in_cell(rest, frame, uprights, levels, middle) is None:
        return None
    return _in_cell(rest | others, frame, uprights, levels, middle)


def _is_disc(pixels: Pixels) -> bool:
    """Tell whether one piece of pixels, uint8 [height, width], is a disc, or nearly one."""
    (outline,), _ = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if len(outline) < LEAST_OUTLINE:
        return False
    ellipse = cv2.fitEllipse(outline)
    if min(ellipse[1]) < RING_ROUND * max(ellipse[1]):
        return False
    disc = np.asarray(cv2.ellipse(np.zeros_like(pixels), ellipse, 1, cv2.FILLED), np.uint8)
    return bool((disc & pixels).sum() >= RING_FIT * (disc | pixels).sum())


def _in_ring(mark: Chosen, others: Chosen, line: Chosen, thickness: int) -> Chosen | None:
    """Return what is written in a ring that it touches; None where it may be a stroke of an O or a Q.

    Args:
        mark: bool [height, width], the ring and what touches it.
        others: the same of other marks in its box.
        line: the same, where the ring is.
        thickness: of the ring, in pixels.
    """
    rest = (mark & ~line).astype(np.uint8)
    rest |= _closed(rest, thickness + LINE_BORDER + 1) & mark
    written = rest | others
    _, labels, stats, _ = cv2.connectedComponentsWithStats(written)
    stats[0] = 0
    content = int(stats[:, cv2.CC_STAT_AREA].argmax())
    tall, wide = mark.shape
    top, height = stats[content, [cv2.CC_STAT_TOP, cv2.CC_STAT_HEIGHT]].tolist()
    y, x = np.ogrid[-1 : 1 : tall * 1j, -1 : 1 : wide * 1j]
    inner = (np.asarray(labels) == content) & (np.hypot(y, x) <= RING_MIDDLE)
    if top > (1 - RING_CONTENT) / 2 * tall or top + height < (1 + RING_CONTENT) / 2 * tall:
        return None
    if inner.sum() < RING_INNER * stats[content, cv2.CC_STAT_AREA] or is_slanted_stroke(inner):
        return None
    return np.asarray(written > 0, np.bool_)


@dataclass(frozen=True)
class _Frame:
    """A rectangle of any direction, with places on it counted from its upper left corner, in pixels.

    middle: (x, y) in the picture.
    size: (width, height), of the sides that are nearly level and of the others.
    turn: float64 [2, 2], from a place that is told along the picture's sides to one along the rectangle's.
    """

    middle: Point
    size: tuple[float, float]
    turn: npt.NDArray[np.float64]

    @classmethod
    def around(cls, pixels: Pixels) -> _Frame | None:
        """Return the least rectangle around one piece of pixels, uint8 [height, width]; None around none or several."""
        outlines, _ = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if len(outlines) != 1:
            return None
        middle, (width, height), degrees = cv2.minAreaRect(outlines[0])
        if abs(degrees) > 45:  # OpenCV turns by up to a quarter, one way or, in other versions, the other
            width, height, degrees = height, width, degrees - np.copysign(90, degrees)
        if min(width, height) < BOX_ASPECT * max(width, height):
            return None
        cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        return cls(np.array(middle), (width + 1, height + 1), np.array([[cosine, -sine], [sine, cosine]]))

    def place(self, points: Point) -> Point:
        """Return where points, float64 [..., 2], of the picture are on it."""
        return np.asarray((points - self.middle) @ self.turn + np.array(self.size) / 2)

    def places(self, shape: tuple[int, ...]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return how far across and down each pixel is, both int32 [height, width]."""
        y, x = np.indices(shape)
        places = np.floor(self.place(np.stack([x, y], axis=-1))).astype(np.int32)
        return places[..., 0], places[..., 1]


def _opened(pixels: Pixels, radius: float) -> Pixels:
    """Return pixels, uint8 [height, width], without what a disc of a radius does not fit in."""
    core = cv2.distanceTransform(np.pad(pixels, 1), cv2.DIST_L2, 5)[1:-1, 1:-1] > radius
    if not core.any():
        return np.zeros_like(pixels)
    return np.asarray(pixels & (cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5) <= radius), np.uint8)


def _grown(pixels: Pixels, by: int = LINE_BORDER) -> Pixels:
    """Return pixels, uint8 [height, width], and those around them."""
    return np.asarray(cv2.dilate(pixels, np.ones((2 * by + 1, 2 * by + 1), np.uint8)), np.uint8)


def _closed(pixels: Pixels, by: int) -> Pixels:
    """Return pixels, uint8 [height, width], and the gaps between them that are up to twice so wide."""
    return np.asarray(cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, np.ones((2 * by + 1, 2 * by + 1), np.uint8)), np.uint8)


def _line_around(mark: Chosen, box: Pixels) -> tuple[int, Chosen]:
    """Return the thickness of a box's line, in pixels, and where it is with its inner border, bool [height, width].

    Args:
        mark: bool [height, width], where there is ink.
        box: uint8 [height, width], 1 on the box and in it.
    """
    depth = np.rint(cv2.distanceTransform(np.pad(box, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]).astype(np.int32)
    layers = np.bincount(depth.ravel())
    cover = np.bincount(depth[mark], minlength=len(layers)) / np.maximum(layers, 1)
    thickness = int(np.argmin(np.append(cover[1:] >= LINE_COVER, False)))
    return thickness, (depth > 0) & (depth <= thickness + LINE_BORDER)


def _dividers(places: npt.NDArray[np.int32], length: float, thickness: int) -> list[Span]:
    """Return the first and last place of each line between two cells.

    Args:
        places: int32 [N], of the pixels with ink, across the lines.
        length: of a line.
        thickness: of the line around all cells.
    """
    through = runs(np.bincount(np.maximum(places, 0)) >= DIVIDER_COVER * length)
    return [(first, last) for first, last in through if last - first < 2 * thickness + LINE_BORDER]


def _in_cell(pixels: Pixels, frame: _Frame, uprights: list[Span], levels: list[Span], middle: Point) -> Chosen | None:
    """Choose the pieces in that cell with writing which is nearest to the middle of the picture; None without any.

    Args:
        pixels: uint8 [height, width], 1 where something is written.
        frame: of the table.
        uprights: between its cells, from left to right.
        levels: the same, from top to bottom.
        middle: in the picture.
    """
    _, labels, stats, centres = cv2.connectedComponentsWithStats(pixels)
    longest = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    cells, sizes, middles = [], [], []
    for spans, length, places in zip(
        (uprights, levels), frame.size, frame.place(np.asarray(centres, np.float64)).T, strict=True
    ):
        edges = np.array([0.0, *(np.mean(span) for span in spans), length])
        cell = np.searchsorted(edges[1:-1], places)
        cells.append(cell)
        sizes.append(np.diff(edges)[cell])
        middles.append((edges[cell] + edges[cell + 1]) / 2)
    large = longest >= CONTENT_LENGTH * np.min(sizes, axis=0)
    large[0] = False
    if not large.any():
        return None
    distance = np.hypot(*(np.transpose(middles) - frame.place(middle)).T)
    nearest = np.where(large, distance, np.inf).argmin()
    chosen = np.all([cell == cell[nearest] for cell in cells], axis=0)
    chosen[0] = False
    return np.asarray(chosen[labels], np.bool_)
