"""What is shown within a plain picture: a canvas in a screenshot, a note, a drawing within a border, a photo in bars.

The constants were set on the screenshots and notes that the tests draw; they move no figure of README's.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from app.imaging.marks import Chosen
from app.imaging.page import CROP_SIDE, Pixels, across, is_narrow, median, ring_of
from app.imaging.sheet import CANVAS_STEP, LEAST_WRITTEN, NOTE_RECTANGULAR, gone_on, largest_piece, within_edges

#: (left, top, right, bottom) in pixels, right and bottom exclusive.
Box = tuple[int, int, int, int]

#: A canvas of one level differs from that of a screenshot by at least so many.
FAINT_CANVAS_STEP = 8
#: The box of a canvas covers at least this share of the picture, and of either side.
CANVAS_AREA = 0.03
CANVAS_SIDE = 0.15
#: A canvas fills at least this share of its box, and of the outline of that.
CANVAS_FILLED = 0.85
CANVAS_OUTLINE = 0.98
#: Across its outline, the picture rises by as much within so many pixels, along half of that or more: a shadow along
#: the side of a sheet that a scanning program has made all white falls softly.
CANVAS_EDGE = 5
#: What juts out of a canvas and is thinner than twice this share of the picture's shorter side is no part of it.
TICKS = 0.015
#: At least this share of a rectangle is off the level around it; strokes of that level may cover much of a small one.
RECTANGLE_FILLED = 0.6
#: A canvas that is no rectangle is round or has round corners, as an avatar and an icon have: its shorter side is at
#: least this share of the longer one, since the hull of a thick 0 is narrower, ...
ROUND_SIDES = 0.8
#: ... it has at least this share of its hull's area, ...
ROUND_CONVEX = 0.98
#: ... and what is written on it is at least so long, as a share of its longer side; the eye of an O is shorter.
ROUND_WRITTEN = 0.25
#: What is written on a canvas fills less of its own box than this share, as the hole of a block letter does not, or is
#: so many times longer than wide, as an l is.
STROKE_FILLED = 0.7
STROKE_LENGTH = 2.5
#: A photo differs from the bars beside it by at least so many grey levels.
BARS_STEP = 4
#: Its shorter side is at least this share of the picture's longer one, and so many pixels: narrower ones are strokes.
PHOTO_SIDE = 0.08
LEAST_PHOTO = 7
#: It has at least so many grey levels; an enlargement of a picture of few pixels and levels has fewer.
PHOTO_LEVELS = 24
#: Strokes may run out of a small canvas over twice this share of its sides.
RUN_OUT = 0.05
#: A canvas is plain where at least this share of it has its commonest level; so has a drawing program's, but no photo.
CANVAS_PLAIN = 0.5
#: The lines around a cell of a grid lie within this share of the picture's sides from its edges.
GRID_EDGE = 1 / 3


def without_grid(pixels: Pixels) -> Pixels:
    """Go on with the page of a cell that was cut out of a grid with the lines around it and a little of other cells.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.

    Returns:
        The same, or with the cell's level in place of what lies around it, where lines of one other level cross the
        picture along all four sides.
    """
    rows, columns = _innermost_lines(pixels), _innermost_lines(pixels.T)
    if rows is None or columns is None:
        return pixels
    top, bottom, left, right = *rows, *columns
    lines = pixels[[top, bottom, 0, 0], [0, 0, left, right]]
    cell = pixels[top + 1 : bottom, left + 1 : right]
    level = _plain_level(cell.ravel())
    if np.ptp(lines) >= BARS_STEP or level is None or abs(level - int(lines[0])) < CANVAS_STEP:
        return pixels
    beyond = np.abs(pixels.astype(np.int16) - int(lines[0])) >= BARS_STEP
    beyond[top:bottom, left:right] = False
    if not beyond.any():  # a page around its ink: what `without_surround` looks at
        return pixels
    of_page = np.abs(cell.astype(np.int16) - level) < BARS_STEP
    # Without the soft border of the lines.
    (first, last), (start, stop) = (
        np.flatnonzero(of_page.mean(axis=axis) >= CANVAS_PLAIN)[[0, -1]].tolist() for axis in (1, 0)
    )
    within = np.s_[top + 1 + first : top + 2 + last, left + 1 + start : left + 2 + stop]
    page = np.full_like(pixels, level)
    page[within] = pixels[within]
    off = np.abs(page.astype(np.int16) - level)
    framed = np.mean(ring_of(off[within]) < BARS_STEP) >= CANVAS_OUTLINE
    return page if framed and _has_strokes((off >= CANVAS_STEP).astype(np.uint8), 0.0) else pixels


def _innermost_lines(pixels: Pixels) -> tuple[int, int] | None:
    """Return the innermost rows near the upper and the lower edge that are of one level each; None without either."""
    height = len(pixels)
    flat = np.flatnonzero(np.ptp(pixels, axis=1) < BARS_STEP)
    above, below = flat[flat < GRID_EDGE * height], flat[flat >= (1 - GRID_EDGE) * height]
    return (int(above[-1]), int(below[0])) if above.size and below.size else None


def find_rectangle(pixels: Pixels, level: float) -> Box | None:
    """Find the rectangle that all of a picture lies in that is not of one level, if it lies along its sides.

    It may be a photo that a program has put bars beside, or a small canvas. Nearly every drawing and image of a data
    set has none, and this is told soon.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.
        level: a grey level.

    Returns:
        (left, top, right, bottom), right and bottom exclusive; None where there is none.
    """
    bars = cv2.inRange(pixels, round(level) - BARS_STEP + 1, round(level) + BARS_STEP - 1)
    off = cv2.bitwise_not(bars)
    left, top, width, height = cv2.boundingRect(off)
    if min(width, height) < max(LEAST_PHOTO, PHOTO_SIDE * max(pixels.shape)):
        return None
    if pixels.size - cv2.countNonZero(bars) < width * height * RECTANGLE_FILLED:
        return None
    along = ring_of(off[top : top + height, left : left + width]) > 0
    return (left, top, left + width, top + height) if along.mean() >= CANVAS_OUTLINE else None


def photo_between_bars(pixels: Pixels, rectangle: Box, level: float) -> Box | None:
    """Return the part of a picture in which a program shows a photo, or None.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.
        rectangle: from `find_rectangle`.
        level: of the bars beside it.

    Returns:
        (left, top, right, bottom), right and bottom exclusive, without its edges.
    """
    left, top, right, bottom = rectangle
    photo = pixels[top:bottom, left:right]
    off = cv2.absdiff(photo, np.full_like(photo, round(level))) >= BARS_STEP
    drawn = _plain_level(photo[off]) is not None or np.unique(photo).size < PHOTO_LEVELS
    if drawn or off.mean() < CANVAS_FILLED or (is_narrow(photo.shape) and _fades(photo, level)):
        return None
    box = np.zeros_like(pixels)
    box[top:bottom, left:right] = 1
    left, top, width, height = cv2.boundingRect(within_edges(box))
    return left, top, left + width, top + height


def _fades(shown: Pixels, level: float) -> bool:
    """Tell whether a narrow part of a picture comes nearer to a grey level at its long sides than in the middle."""
    middle, sides = across(np.abs(shown - level))
    return sides < middle


def without_surround(pixels: Pixels, level: float, rectangle: Box | None) -> Pixels:
    """Go on with a canvas beyond its edges, where a plain picture shows one in a screenshot, or within a border.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.
        level: of what lies around it, a grey level.
        rectangle: from `find_rectangle`.

    Returns:
        The same, or with the canvas's own level or light in place of what lies around it.
    """
    if min(pixels.shape) < CROP_SIDE and (rectangle is None or not _is_plain_within(pixels, rectangle)):
        return pixels
    if (canvas := find_canvas(pixels, level)) is None:
        return pixels
    inside = within_edges(canvas)
    plain = _plain_level(pixels[inside > 0])
    return gone_on(pixels, inside) if plain is None else np.where(inside, pixels, plain).astype(np.uint8)


def _is_plain_within(pixels: Pixels, rectangle: Box) -> bool:
    """Tell whether a rectangle is of one level all along its sides, but for where strokes may run out of it."""
    left, top, right, bottom = rectangle
    levels = np.sort(ring_of(pixels[top + 1 : bottom - 1, left + 1 : right - 1]))
    beyond = int(RUN_OUT * levels.size)
    return int(levels[-1 - beyond]) - int(levels[beyond]) <= 2 * BARS_STEP


def _plain_level(levels: Pixels) -> int | None:
    """Return the commonest of some grey levels, uint8 [N]; None where too few have it."""
    counts = np.bincount(levels, minlength=256)
    return int(counts.argmax()) if counts.max() >= CANVAS_PLAIN * counts.sum() else None


def find_canvas(pixels: Pixels, level: float) -> Pixels | None:
    """Find an upright rectangle, a disc, or what is between these, in a plain picture with something written on it.

    Args:
        pixels: uint8 [height, width].
        level: of the rest of the picture.

    Returns:
        uint8 [height, width], 1 on the canvas and its writing; None where there is no canvas.
    """
    differs = np.asarray(cv2.absdiff(pixels, np.full_like(pixels, round(level))), np.uint8)
    found = _canvas_from_step(pixels, differs, CANVAS_STEP)
    return found if found is not None else _canvas_from_step(pixels, differs, FAINT_CANVAS_STEP)


def _canvas_from_step(pixels: Pixels, differs: Pixels, step: int) -> Pixels | None:
    """Do as `find_canvas` with a canvas that differs from the rest by at least so many grey levels.

    Args:
        pixels: uint8 [height, width].
        differs: by how many each does, of the same shape.
        step: the least.
    """
    off = differs >= step
    if np.count_nonzero(off) < NOTE_RECTANGULAR * CANVAS_FILLED * CANVAS_AREA * pixels.size:
        return None
    _, labels, stats, _ = cv2.connectedComponentsWithStats(off.astype(np.uint8), connectivity=4)
    largest = largest_piece(stats)
    left, top, width, height = stats[largest, : cv2.CC_STAT_AREA].tolist()
    if not _is_large(width, height, pixels.shape):
        return None
    piece = np.asarray(labels == largest, np.uint8)
    box = np.zeros_like(pixels)
    box[top : top + height, left : left + width] = 1
    crop = min(pixels.shape) < CROP_SIDE
    canvas: Pixels | None = box
    least = 0.0
    if not crop and not _is_along(piece, box) and (canvas := _without_ticks(piece)) is None:
        canvas = _round(piece)
        least = ROUND_WRITTEN * max(width, height)
    # All of it is off that level, since strokes may part it.
    if canvas is None or off[canvas > 0].mean() < (RECTANGLE_FILLED if crop else CANVAS_FILLED):
        return None
    if not _is_sharp(pixels, canvas, step):
        return None
    within = within_edges(canvas)
    distance = np.abs(pixels.astype(np.int16) - round(median(pixels[within > 0])))
    if step < CANVAS_STEP and not _is_flat(pixels, within):
        return None
    return canvas if _has_strokes(((distance >= CANVAS_STEP) & (within > 0)).astype(np.uint8), least) else None


def _is_sharp(pixels: Pixels, canvas: Pixels, step: int) -> bool:
    """Tell whether a picture rises or falls by so many grey levels across the outline of a canvas, within the picture.

    Args:
        pixels: uint8 [height, width].
        canvas: uint8 [height, width], 1 on it.
        step: in grey levels.
    """
    outline = (canvas > 0) & (cv2.erode(canvas, np.ones((3, 3), np.uint8), borderValue=1) == 0)
    rise = cv2.morphologyEx(pixels, cv2.MORPH_GRADIENT, np.ones((CANVAS_EDGE, CANVAS_EDGE), np.uint8))
    return not outline.any() or median(rise[outline]) >= step


def _is_flat(pixels: Pixels, within: Pixels) -> bool:
    """Tell whether a canvas is of one level but for what is written on it, and all along its outline."""
    if (level := _plain_level(pixels[within > 0])) is None:
        return False
    along = pixels[_outline(within)].astype(np.int16)
    return bool(along.size and np.mean(np.abs(along - level) < BARS_STEP) >= CANVAS_OUTLINE)


def _is_along(piece: Pixels, box: Pixels) -> bool:
    """Tell whether a piece lies along all sides of a box; both are uint8 [height, width], 1 on it."""
    along = piece[_outline(box)]
    return bool(along.size and along.mean() >= CANVAS_OUTLINE)


def _outline(region: Pixels) -> Chosen:
    """Return what `within_edges` takes off a region, bool [height, width]: nothing of one that is too small for it."""
    return np.asarray((region > 0) & (within_edges(region) == 0), np.bool_)


def _without_ticks(piece: Pixels) -> Pixels | None:
    """Return the box of a piece without what juts out of it, such as the ticks of a plot; None where that is no canvas.

    Args:
        piece: uint8 [height, width], 1 on it.

    Returns:
        uint8 [height, width], 1 in the box.
    """
    side = 2 * max(2, round(TICKS * min(piece.shape))) + 1
    # Padded, since what lies along the picture's edge is not thin.
    body = cv2.morphologyEx(np.pad(piece, side), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))[
        side:-side, side:-side
    ]
    _, _, stats, _ = cv2.connectedComponentsWithStats(body, connectivity=4)
    left, top, width, height = stats[largest_piece(stats), : cv2.CC_STAT_AREA].tolist()
    if not body.any() or not _is_large(width, height, piece.shape):
        return None
    box = np.zeros_like(piece)
    box[top : top + height, left : left + width] = 1
    return box if _is_along(piece, box) else None


def _is_large(width: int, height: int, shape: tuple[int, ...]) -> bool:
    """Tell whether a box may be a canvas in a picture of that (height, width)."""
    area, share = width * height, min(width / shape[1], height / shape[0])
    return area >= CANVAS_AREA * math.prod(shape) and share >= CANVAS_SIDE


def _round(piece: Pixels) -> Pixels | None:
    """Return a connected piece without holes where it is about as wide as high and bulges, or None.

    Args:
        piece: uint8 [height, width], 1 on it.
    """
    _, _, width, height = cv2.boundingRect(piece)
    contours, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    area, hull = cv2.contourArea(contours[0]), cv2.contourArea(cv2.convexHull(contours[0]))
    long = min(width, height) < ROUND_SIDES * max(width, height)
    if long or hull < NOTE_RECTANGULAR * width * height or area < ROUND_CONVEX * hull:
        return None
    whole = np.zeros_like(piece)
    cv2.drawContours(whole, contours, 0, 1, cv2.FILLED)
    return whole


def _has_strokes(written: Pixels, least: float) -> bool:
    """Tell whether the largest piece of what stands out on a canvas, uint8 [height, width], may be a stroke so long."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(written)
    if not (piece := largest_piece(stats)):
        return False
    _, _, width, height, area = stats[piece].tolist()
    thin = area < STROKE_FILLED * width * height or max(width, height) >= STROKE_LENGTH * min(width, height)
    return bool(area > LEAST_WRITTEN * written.size and thin and max(width, height) >= least)
