"""Ruling: the lines of ruled and squared paper and the borders of printed boxes, taken out under the strokes.

Its constants were set on the ruled and squared pages that the tests draw, and checked on the photos that README
measures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.marks import strength
from app.imaging.page import CROP_SIDE, is_strip

Pixels = npt.NDArray[np.uint8]
Contrast = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Slopes = tuple[float, ...]

#: Ink from this grey level up may belong to a line; printed ruling is often much fainter than the writing.
LINE_LEVEL = 28
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
#: And those of paper held askew by up to seventeen degrees, tried where these find no squared paper, or find it at the
#: outermost of them; for squared paper alone, since a single line as steep may be a stroke.
STEEP_SLOPES = tuple(np.concatenate([np.linspace(-0.36, -0.11, 26), np.linspace(0.11, 0.36, 26)]).tolist())
#: What is left where lines cross is smaller than this share of a square's side.
SPECK_SIDE = 0.3
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
#: A line alone, or at the edge, is ruling where it is weaker than this share of the writing; else it may be a stroke.
FAINTER = 0.75
#: Between lines a page is free: where more than this share of a picture is ink, there are none to be found.
MOST_INK = 0.5
#: So many lines either way that come to the edges, and no fewer than half of all, are squared paper, where the others
#: are ruling as well: of a faint one, the outermost pixels may be lost.
FEW_LINES = 4
#: Up to so many numbers are faster counted at one go than slope by slope, those of a picture of 28 pixels.
COUNTED_AT_ONCE = 8192
#: So many lines one below the other are ruling, too, that only come to where the others begin and end: no character has
#: as many bars. Those of a table, where there are as many upright ones, are not.
FEW_PRINTED = 4
#: Ruling is printed page-wide. Where more lines than this are found, it is texture.
MOST_LINES = 40


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


def remove_ruling(ink: Pixels) -> Pixels:
    """Take out lines that run from edge to edge or margin to margin, but not the strokes that cross or touch them.

    Args:
        ink: uint8 [height, width], white on black.

    Returns:
        The same without the lines; all black where there was nothing else. What has no lines comes back as it is.
    """
    mask = ink >= LINE_LEVEL
    # Both looked for before either is taken out: what is cut out of the lines that cross them leaves gaps in these.
    lines_of = find_lines(mask), find_lines(mask.T)
    squared = is_squared(lines_of)
    steep = _steep_squares(mask) if not squared or _is_at_limit(lines_of) else None
    if steep:
        lines_of, squared = steep, True
    printed = None if squared else _printed_lines(mask, lines_of[0])
    if printed is not None and _printed_lines(mask.T, lines_of[1]) is not None:
        printed = None  # a table
    if not any(lines_of) and printed is None:
        return ink
    for lines in lines_of:
        ruling = [line for line in lines if squared or line.whole]
        if steep:
            ink = _between(ink, ruling)
        ink = _without_lines(ink, ruling if len(ruling) <= MOST_LINES else [], sure=bool(steep)).T
    if printed is not None:
        columns, lines = printed
        ink = ink.copy()
        ink[:, columns] = _without_lines(ink[:, columns], lines, sure=False)
    return _without_specks(ink, steep[0]) if steep else np.ascontiguousarray(ink)


def without_whole_lines(contrast: Contrast, threshold: float) -> Contrast:
    """Clear lines that cross the whole picture, with all that lies on them, to tell how strong the writing is.

    Args:
        contrast: float32 [height, width], positive where there may be ink.
        threshold: above which there is.
    """
    rest = contrast.copy()
    mask = contrast > threshold
    for lines, field in ((find_lines(mask), rest), (find_lines(mask.T), rest.T)):
        for line in lines:
            if line.whole:
                field[line_body(line, field.shape)] = 0
    return rest


def shows_squares(ink: Pixels) -> bool:
    """Tell whether ink, uint8 [height, width], has squares in it."""
    mask = ink >= LINE_LEVEL
    return is_squared((find_lines(mask), find_lines(mask.T))) or _steep_squares(mask) is not None


def _steep_squares(mask: Mask) -> tuple[list[Line], list[Line]] | None:
    """Return the lines of squared paper held far askew; None where there is none."""
    if is_strip(mask.shape) or min(mask.shape) <= EDGE_ROWS or not _is_crossed(mask):
        return None
    level = find_lines(mask, STEEP_SLOPES)
    if not is_squared([level]):
        return None
    lines_of = level, find_lines(mask.T, STEEP_SLOPES)
    return lines_of if is_squared(lines_of) else None


def _printed_lines(mask: Mask, lines: list[Line]) -> tuple[slice, list[Line]] | None:
    """Find several lines that may stop short of the sides of the picture, as ruling does that has margins.

    Args:
        mask: bool [height, width], where there is ink.
        lines: found in all of it.

    Returns:
        The columns from the first to the last in which so many begin, and the lines as they are in these columns alone,
        but for those that cross the picture; None where they are too few, or too many.
    """
    crossed = np.count_nonzero(mask[1:] & ~mask[:-1], axis=0) >= FEW_PRINTED
    if np.count_nonzero(crossed) < LINE_IN_SIGHT * crossed.size:
        return None
    first, last = np.flatnonzero(crossed)[[0, -1]].tolist()
    columns = slice(first, last + 1)
    inset = last + 1 - first < mask.shape[1]
    found = find_lines(mask[:, columns]) if inset else lines
    if not FEW_PRINTED <= len(found) <= MOST_LINES:
        return None
    printed = found if inset else [line for line in lines if not line.whole]
    return (columns, printed) if printed else None


def _is_at_limit(lines_of: Iterable[list[Line]]) -> bool:
    return any(abs(line.slope) >= SLOPES[-1] for lines in lines_of for line in lines)


def _between(ink: Pixels, lines: list[Line]) -> Pixels:
    """Clear what lies beyond the first and the last of some lines: in the corners, others are too short to be found."""
    height, width = ink.shape
    rows = np.arange(height)[:, None]
    first, last = min(lines, key=lambda line: line.first), max(lines, key=lambda line: line.last)
    within = (rows >= first.first + first.rows(width)) & (rows <= last.last + last.rows(width))
    return np.where(within, ink, 0).astype(np.uint8)


def _without_specks(ink: Pixels, lines: list[Line]) -> Pixels:
    """Clear what is small beside the squares between some lines, which crossings leave."""
    pitch = float(np.median(np.diff([line.first for line in lines])))
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink >= LINE_LEVEL).astype(np.uint8))
    small = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) < SPECK_SIDE * pitch
    return np.where(small[np.asarray(labels)], 0, ink).astype(np.uint8)


def is_squared(lines_of: Iterable[list[Line]]) -> bool:
    """Tell whether the lines of both directions are those of squared paper."""
    return all(sum(line.whole for line in lines) >= max(FEW_LINES, len(lines) / 2) for lines in lines_of)


def _is_crossed(mask: Mask) -> bool:
    """Tell whether so many lines cross the rows and columns near every edge that there may be squared paper.

    Not the outermost, where a faint line may be lost.
    """
    edges = (mask[EDGE_ROWS], mask[-1 - EDGE_ROWS], mask[:, EDGE_ROWS], mask[:, -1 - EDGE_ROWS])
    return all(np.count_nonzero(edge) >= FEW_LINES and len(runs(edge)) >= FEW_LINES for edge in edges)


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


def _without_lines(ink: Pixels, lines: list[Line], *, sure: bool) -> Pixels:
    """Return the ink without its nearly horizontal lines, all of them where it is sure that none is a stroke."""
    if not lines:
        return ink
    bare = [line_pixels(ink, line) for line in lines]
    inner = sum(not line.at_edge(*ink.shape) for line in lines)
    of_writing = _strength(ink[~np.any(bare, axis=0)])
    cleared = ink.copy()
    for line, pixels in zip(lines, bare, strict=True):
        # It may be a stroke: a dash, the bar of a 4, a 7 or an E that fills its crop.
        alone = not sure and (inner == 1 or line.at_edge(*ink.shape))
        if not alone or _strength(ink[pixels]) < FAINTER * of_writing:
            cleared[pixels] = 0
    return cleared


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


def _strength(pixels: Pixels) -> float:
    inked = pixels[pixels >= LINE_LEVEL]
    return strength(inked) if inked.size else 0.0


def _reaches_edges(mask: Mask, line: Line) -> bool:
    """Tell whether there is ink where a line comes into the picture and where it leaves, the outermost pixels."""
    height, width = mask.shape
    down = line.rows(width)
    seen = np.flatnonzero((line.first + down >= 0) & (line.last + down < height))
    return all(
        mask[max(0, line.first + down[column] - 1) : max(0, line.last + down[column] + 2), column].any()
        for column in seen[[0, -1]]
    )


def _at(ink: Pixels, rows: npt.NDArray[np.int32], columns: npt.NDArray[np.int64]) -> Pixels:
    """Return the pixels at (rows, columns), 0 outside."""
    inside = (rows >= 0) & (rows < ink.shape[0])
    return np.where(inside, ink[np.clip(rows, 0, ink.shape[0] - 1), columns], 0).astype(np.uint8)


def runs(flags: Mask) -> list[tuple[int, int]]:
    """Return the first and last index of every run of True."""
    changes = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(first), int(last) - 1) for first, last in changes.reshape(-1, 2)]
