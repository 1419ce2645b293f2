"""Ruling: the lines of ruled and squared paper and the borders of printed boxes, taken out under the strokes.

Its constants were set on the ruled and squared pages that the tests draw, and checked on the photos that README
measures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

#: Ink from this grey level up may belong to a line; printed ruling is often much fainter than the writing.
LINE_LEVEL = 28
#: A line runs through at least this share of the picture's length, and is thinner than this share of its breadth, or
#: than so many pixels; a stroke that crosses a whole tight crop is thicker.
LINE_COVER = 0.85
LINE_THICKNESS = 0.035
LEAST_THICKNESS = 2
#: Rows that a line covers at least so far are part of its thickness.
BODY_COVER = 0.4
#: Slopes that are tried: lines of a hand-held photo, in pixels down per pixel across.
SLOPES = np.linspace(-0.06, 0.06, 13)
#: Pixels beside a line that are this strong, as a share of full ink, belong to a stroke that touches it.
STROKE_LEVEL = 0.3
#: Rows at the edge of a picture in which a line may be what is left of a box's border.
EDGE_ROWS = 2
#: A line alone, or at the edge, is ruling where it is weaker than this share of the writing; else it may be a stroke.
FAINTER = 0.75
#: Of a line's or the writing's pixels, the quantile that is its strength.
STRENGTH_QUANTILE = 0.9
#: Ruling is printed page-wide. Where more lines than this are found, it is texture.
MOST_LINES = 12


@dataclass(frozen=True)
class Line:
    """A nearly horizontal line: rows `first` to `last`, both included, at column 0, and its slope."""

    first: int
    last: int
    slope: float

    def rows(self, width: int) -> npt.NDArray[np.int64]:
        """Return int64 [width], how far down the line has gone at each column."""
        return np.asarray(np.rint(self.slope * np.arange(width)), np.int64)

    def at_edge(self, height: int) -> bool:
        """Tell whether it lies in the outermost rows of a picture."""
        return self.first < EDGE_ROWS or self.last >= height - EDGE_ROWS


def remove_ruling(ink: Pixels) -> Pixels:
    """Take out lines that run from edge to edge, but not the strokes that cross or touch them.

    Args:
        ink: uint8 [height, width], white on black.

    Returns:
        The same without the lines; all black where there was nothing else.
    """
    return np.ascontiguousarray(_without_lines(_without_lines(ink).T).T)


def find_lines(mask: Mask) -> list[Line]:
    """Find thin, nearly horizontal lines that cross the whole picture.

    Args:
        mask: bool [height, width], where there is ink.

    Returns:
        The lines from top to bottom; none where there are more than `MOST_LINES`.
    """
    height, width = mask.shape
    # Sheared either way, a column has one pixel on a line, so that too few columns with ink make none.
    if np.count_nonzero(mask.any(axis=0)) < LINE_COVER * width:
        return []
    y, x = np.nonzero(mask)
    reach = int(np.ceil(np.abs(SLOPES).max() * width))
    covers = [
        np.bincount(y - np.rint(slope * x).astype(np.int64) + reach, minlength=height + 2 * reach) / width
        for slope in SLOPES
    ]
    # Along their own slope, lines are sharpest.
    best = int(np.argmax([cover @ cover for cover in covers]))
    cover, slope = covers[best], float(SLOPES[best])
    limit = max(LEAST_THICKNESS, LINE_THICKNESS * height)
    lines = []
    for first, last in _runs(cover >= BODY_COVER):
        line = Line(first - reach, last - reach, slope)
        crosses = cover[first : last + 1].max() >= LINE_COVER and _reaches_edges(mask, line)
        if crosses and last - first + 1 <= limit:
            lines.append(line)
    return lines if len(lines) <= MOST_LINES else []


def _without_lines(ink: Pixels) -> Pixels:
    """Return the ink without its nearly horizontal lines."""
    lines = find_lines(ink >= LINE_LEVEL)
    if not lines:
        return ink
    bare = [_bare(ink, line) for line in lines]
    strength = _strength(ink[~np.any(bare, axis=0)])
    cleared = ink.copy()
    for line, pixels in zip(lines, bare, strict=True):
        # It may be a stroke: a dash, the bar of a 4 or a 7 that fills its crop.
        alone = len(lines) == 1 or line.at_edge(len(ink))
        if not alone or _strength(ink[pixels]) < FAINTER * strength:
            cleared[pixels] = 0
    return cleared


def _bare(ink: Pixels, line: Line) -> Mask:
    """Return bool [height, width], a line and a pixel on either side of it where no stroke goes on above or below."""
    height, width = ink.shape
    columns, down = np.arange(width), line.rows(width)
    top, bottom = line.first - 1 + down, line.last + 1 + down
    above = _at(ink, top - 1, columns) >= STROKE_LEVEL * 255
    below = _at(ink, bottom + 1, columns) >= STROKE_LEVEL * 255
    bare = np.zeros(ink.shape, np.bool_)
    for offset in range(line.last - line.first + 3):
        row = top + offset
        inside = ~(above | below) & (row >= 0) & (row < height)
        bare[row[inside], columns[inside]] = True
    return bare


def _strength(pixels: Pixels) -> float:
    inked = pixels[pixels >= LINE_LEVEL]
    return float(np.quantile(inked, STRENGTH_QUANTILE)) if inked.size else 0.0


def _reaches_edges(mask: Mask, line: Line) -> bool:
    """Tell whether there is ink where a line meets the left and the right edge, the outermost pixels."""
    down = line.rows(mask.shape[1])
    return all(
        mask[max(0, line.first + down[column] - 1) : max(0, line.last + down[column] + 2), column].any()
        for column in (0, -1)
    )


def _at(ink: Pixels, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Pixels:
    """Return the pixels at (rows, columns), 0 outside."""
    inside = (rows >= 0) & (rows < ink.shape[0])
    return np.where(inside, ink[np.clip(rows, 0, ink.shape[0] - 1), columns], 0).astype(np.uint8)


def _runs(flags: Mask) -> list[tuple[int, int]]:
    """Return the first and last index of every run of True."""
    changes = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(first), int(last) - 1) for first, last in changes.reshape(-1, 2)]
