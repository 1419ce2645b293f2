"""Thin, nearly horizontal lines: where they are, and which pixels are theirs and not those of strokes on them.

The constants were set on the ruled and squared pages that the tests draw, and checked on the photos that README
measures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.page import CROP_SIDE, Pixels

Mask = npt.NDArray[np.bool_]
Slopes = tuple[float, ...]

#: A line runs through at least this share of the picture's length, or, where it leaves at the top or the bottom, of
#: what is in sight.
LINE_COVER = 0.85
#: What is in sight is at least this share of the picture's length.
LINE_IN_SIGHT = 0.6
#: It is thinner than this share of the picture's breadth, or than so many pixels; a stroke that crosses a whole tight
#: crop is thicker.
LINE_THICKNESS = 0.035
LEAST_THICKNESS = 2
#: Rows that a line covers at least so far are part of its thickness.
BODY_COVER = 0.4
#: Slopes that are tried: lines of a hand-held photo, in pixels down per pixel across. Seen from the side, lines differ.
SLOPES = tuple(np.linspace(-0.12, 0.12, 25).tolist())
#: Pixels beside a line that are this strong, as a share of full ink, belong to a stroke that touches it.
STROKE_LEVEL = 0.3
#: Rows beside a line that a stroke which lies along it covers too. The constants of such strokes were set on writing
#: drawn on the lines.
ALONG_ROWS = 2
#: Such a stroke has more than so many times the line's own ink, summed down a column.
ALONG_FACTOR = 1.8
#: It exceeds that by at least so many grey levels.
ALONG_INK = 100
#: It is at least so many columns long.
ALONG_COLUMNS = 3
#: Rows from the edge of a picture within which a line may be a stroke of a tight crop, or what is left of a box.
EDGE_ROWS = 2
#: Between lines a page is free: where more than this share of a picture is ink, there are none to be found.
MOST_INK = 0.5
#: Up to so many numbers are faster counted at one go than slope by slope, those of a picture of 28 pixels.
COUNTED_AT_ONCE = 8192


@dataclass(frozen=True)
class Line:
    """A nearly horizontal line: rows `first` to `last`, both included, in the middle column, and its slope.

    slope: pixels down per pixel across.
    whole: whether it comes to the outermost pixels at both ends.
    """

    first: int
    last: int
    slope: float
    whole: bool

    def rows(self, width: int) -> npt.NDArray[np.int32]:
        """Return int32 [width], how far down from the middle column the line is at each column."""
        return _shift(self.slope, width)

    def at_edge(self, height: int, width: int) -> bool:
        """Tell whether it comes to the outermost rows of a picture of this size, and not far beyond them."""
        down = self.rows(width)
        above, below = self.first + int(down.min()), height - 1 - self.last - int(down.max())
        return min(abs(above), abs(below)) <= EDGE_ROWS


def find_lines(mask: Mask, slopes: Slopes = SLOPES) -> list[Line]:
    """Find thin, nearly horizontal lines that cross the whole picture, or all but its edges.

    Args:
        mask: bool [height, width], where there is ink.
        slopes: that are tried.

    Returns:
        The lines from top to bottom.
    """
    height, width = mask.shape
    # Sheared either way, a column has one pixel on a line, so that too few columns with ink make none.
    if np.count_nonzero(mask.any(axis=0)) < LINE_COVER * width or np.count_nonzero(mask) > MOST_INK * mask.size:
        return []
    # Where a thin line falls between two rows, either has a part of it.
    below = np.zeros_like(mask)
    below[:-1] = mask[1:]
    crosses = _covers(mask | below, slopes) >= LINE_COVER
    if not crosses.any():
        return []
    covers = _covers(mask, slopes)
    reach = (covers.shape[1] - height) // 2
    limit = max(LEAST_THICKNESS, LINE_THICKNESS * height)
    lines = []
    bodies: dict[int, list[tuple[int, int]]] = {}  # by slope, since a picture may show hundreds of lines
    for top, bottom in runs(np.logical_or.reduce(crosses)):
        # Along its own slope, a line is sharpest.
        near = covers[:, top : bottom + 2] * crosses[:, top : bottom + 1].any(axis=1, keepdims=True)
        best = int(np.argmax((near**2).sum(axis=1)))
        peak = top + int(np.argmax(near[best]))
        if covers[best, peak] < BODY_COVER:
            continue
        if best not in bodies:
            bodies[best] = runs(covers[best] >= BODY_COVER)
        first, last = next(run for run in bodies[best] if run[0] <= peak <= run[1])
        line = Line(first - reach, last - reach, slopes[best], whole=False)
        if last - first + 1 <= limit:
            lines.append(replace(line, whole=_reaches_edges(mask, line)))
    return lines


def _covers(mask: Mask, slopes: Slopes) -> npt.NDArray[np.float64]:
    """Return float64 [slopes, rows], the share of each line that has ink; rows as in `_in_sight`."""
    y, x = np.nonzero(mask)
    in_sight = _in_sight(slopes, *mask.shape)
    rows = in_sight.shape[1]
    y += (rows - len(mask)) // 2
    shifts, of_slope = _distinct_shifts(slopes, mask.shape[1])
    if y.size * len(shifts) <= COUNTED_AT_ONCE:
        first = rows * np.arange(len(shifts))[:, None]
        counts = np.bincount((first + y - shifts[:, x]).ravel(), minlength=rows * len(shifts)).reshape(-1, rows)
    else:
        counts = np.stack([np.bincount(y - down[x], minlength=rows) for down in shifts])
    return np.asarray(counts[of_slope] / in_sight, np.float64)


@lru_cache(maxsize=8)
def _in_sight(slopes: Slopes, height: int, width: int) -> npt.NDArray[np.float32]:
    """Return float32 [slopes, rows], what a line's ink is counted against: its pixels in the picture.

    Never fewer than `LINE_IN_SIGHT` of the width, so that a line of which less is in sight never counts as whole.
    The middle rows are the picture's; those above and below are of lines that come into it off the middle column.
    """
    reach = int(np.abs(_shifts(slopes, width)).max())
    rows = height + 2 * reach
    counts = []
    for shifts in _shifts(slopes, width):
        enter, leave = (np.bincount(start - shifts, minlength=rows + 1) for start in (reach, reach + height))
        counts.append(np.cumsum(enter - leave)[:-1])
    in_sight = np.asarray(np.maximum(np.stack(counts), LINE_IN_SIGHT * width), np.float32)
    in_sight.setflags(write=False)
    return in_sight


@lru_cache(maxsize=8)
def _distinct_shifts(slopes: Slopes, width: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
    """Return the rows of `_shifts` that differ, int32 [N, width], and which of them each slope has, intp [slopes].

    Args:
        slopes: in ascending order, so that equal rows follow each other.
        width: of the picture.
    """
    shifts = _shifts(slopes, width)
    differ = np.append(True, (shifts[1:] != shifts[:-1]).any(axis=1))
    return shifts[differ], np.cumsum(differ) - 1


@lru_cache(maxsize=8)
def _shifts(slopes: Slopes, width: int) -> npt.NDArray[np.int32]:
    """Return int32 [slopes, width], what `_shift` does of each slope."""
    shifts = np.stack([_shift(slope, width) for slope in slopes])
    shifts.setflags(write=False)
    return shifts


def _shift(slope: float, width: int) -> npt.NDArray[np.int32]:
    """Return int32 [width], how far down from the middle column a line is at each column."""
    return np.asarray(np.rint(slope * (np.arange(width) - (width - 1) / 2)), np.int32)


def _reaches_edges(mask: Mask, line: Line) -> bool:
    """Tell whether there is ink where a line comes into the picture and where it leaves, the outermost pixels."""
    height, width = mask.shape
    down = line.rows(width)
    seen = np.flatnonzero((line.first + down >= 0) & (line.last + down < height))
    return all(
        mask[max(0, line.first + down[column] - 1) : max(0, line.last + down[column] + 2), column].any()
        for column in seen[[0, -1]]
    )


def line_pixels(ink: Pixels, line: Line) -> Mask:
    """Return bool [height, width], a line and a pixel on either side of it where no stroke goes on above or below.

    Nor where it is by so much stronger or thicker than elsewhere that a stroke lies along it.
    """
    columns, down = np.arange(ink.shape[1]), line.rows(ink.shape[1])
    above = _at(ink, line.first - 2 + down, columns) >= STROKE_LEVEL * 255
    below = _at(ink, line.last + 2 + down, columns) >= STROKE_LEVEL * 255
    return line_body(line, ink.shape) & ~(above | below | _has_stroke_along(ink, line))


def line_body(line: Line, shape: tuple[int, ...]) -> Mask:
    """Return bool [height, width], a line and a pixel on either side of it."""
    height, width = shape
    body = np.zeros((height, width), np.bool_)
    columns, down = np.arange(width), line.rows(width)
    for middle in range(line.first - 1, line.last + 2):
        rows = middle + down
        inside = (rows >= 0) & (rows < height)
        body[rows[inside], columns[inside]] = True
    return body


def _has_stroke_along(ink: Pixels, line: Line) -> npt.NDArray[np.bool_]:
    """Tell at which columns, bool [width], the ink on a line and beside it is that of a stroke that lies along it."""
    none = np.zeros(ink.shape[1], np.bool_)
    if min(ink.shape) < CROP_SIDE:
        return none
    columns, down = np.arange(ink.shape[1]), line.rows(ink.shape[1])
    rows = range(line.first - ALONG_ROWS, line.last + ALONG_ROWS + 1)
    ink_at = np.stack([_at(ink, row + down, columns) for row in rows]).sum(axis=0, dtype=np.float32)
    inked = ink_at[ink_at > 0]
    if not inked.size:
        return none
    usual = float(np.median(inked))
    along = (ink_at > max(ALONG_FACTOR * usual, usual + ALONG_INK)).astype(np.uint8)
    # Not where a stroke merely crosses.
    opened = np.asarray(cv2.morphologyEx(along[None], cv2.MORPH_OPEN, np.ones((1, ALONG_COLUMNS), np.uint8)))
    return np.asarray(opened[0] > 0, np.bool_)


def _at(ink: Pixels, rows: npt.NDArray[np.int32], columns: npt.NDArray[np.int64]) -> Pixels:
    """Return the pixels at (rows, columns), 0 outside."""
    inside = (rows >= 0) & (rows < ink.shape[0])
    return np.where(inside, ink[np.clip(rows, 0, ink.shape[0] - 1), columns], 0).astype(np.uint8)


def runs(flags: Mask) -> list[tuple[int, int]]:
    """Return the first and last index of every run of True."""
    changes = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(first), int(last) - 1) for first, last in changes.reshape(-1, 2)]
