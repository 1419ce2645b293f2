"""Ruling: the lines of ruled and squared paper and the borders of printed boxes, taken out under the strokes.

Its constants were set on the ruled and squared pages that the tests draw, and checked on the photos that README
measures.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.lines import (
    EDGE_ROWS,
    LINE_IN_SIGHT,
    SLOPES,
    Line,
    Mask,
    find_lines,
    line_body,
    line_pixels,
    runs,
)
from app.imaging.marks import strength
from app.imaging.page import Pixels, is_strip

Contrast = npt.NDArray[np.float32]

#: Ink from this grey level up may belong to a line; printed ruling is often much fainter than the writing.
LINE_LEVEL = 28
#: Slopes of paper held askew by up to seventeen degrees, tried where the usual ones find no squared paper, or find it
#: at the outermost of them; for squared paper alone, since a single line as steep may be a stroke.
STEEP_SLOPES = tuple(np.concatenate([np.linspace(-0.36, -0.11, 26), np.linspace(0.11, 0.36, 26)]).tolist())
#: What is left where lines cross is smaller than this share of a square's side.
SPECK_SIDE = 0.3
#: A line alone, or at the edge, is ruling where it is weaker than this share of the writing; else it may be a stroke.
FAINTER = 0.75
#: So many lines either way that come to the edges, and no fewer than half of all, are squared paper, where the others
#: are ruling as well: of a faint one, the outermost pixels may be lost.
FEW_LINES = 4
#: So many lines one below the other are ruling, too, that only come to where the others begin and end: no character has
#: as many bars. Those of a table, where there are as many upright ones, are not.
FEW_PRINTED = 4
#: Ruling is printed page-wide. Where more lines than this are found, it is texture.
MOST_LINES = 40


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


def _strength(pixels: Pixels) -> float:
    inked = pixels[pixels >= LINE_LEVEL]
    return strength(inked) if inked.size else 0.0
