"""What is written on within a photo: a sheet on a table, a note on a page."""

from __future__ import annotations

import cv2
import numpy as np
from cv2.typing import MatLike

from app.imaging.marks import Chosen
from app.imaging.page import CROP_SIDE, Contrast, Page, Pixels, median, ring_of

#: A sheet covers at least the first and at most the second share of the picture.
LEAST_AREA = 0.1
MOST_AREA = 0.9
#: A table is darker, at most of the picture's edge, than this share of what three quarters of the picture stay below.
TABLE_DARKER = 0.75
#: A sheet in a shadow is brighter than so many percent of the picture's edge, which are of the table; the lowest that
#: finds one counts, so that it is all of the sheet and not what is lit of it.
OF_TABLE = (50, 75, 90, 95, 98)
#: It is brighter by at least so many grey levels.
OFF_TABLE = 3
#: A sheet fills at least this share of its hull; writing leaves the rest.
FILLED = 0.8
#: The hull of a sheet fills at least this share of a rectangle, held askew.
RECTANGULAR = 0.85
#: A round or torn note fills at least this share; a disc 0.79.
NOTE_RECTANGULAR = 0.7
#: Such a note, and a dark one, has at least this share of its hull within its outline: a thick letter has less, ...
NOTE_CONVEX = 0.93
#: ... and what is written on it has an eye, fills less of its own hull than this share, ...
NOTE_WRITTEN = 0.75
#: ... or is so many times longer than wide; the eye of a thick O is none of these.
NOTE_WRITTEN_LENGTH = 4.0
#: Across the edge of a sheet grey levels fall by at least so many. A shadow has no edge, or one side alone.
LEAST_STEP = 30
#: They fall so along at least this share of what of the outline is in the picture.
SHARP = 0.85
#: At least this share of the outline is in the picture: half, where a photo is shown between bars on two sides.
IN_PICTURE = 0.48
#: What lies around a sheet is looked at in a ring, from so many times the width of its edge away to so many.
AROUND_REACHES = (2, 4)
#: The ring is darker than this share of the sheet; beside a crease it is not. Set on drawn folds.
AROUND_DARKER = 0.75
#: At most this share of what lies around a sheet is of the same even page: in the corners around a tight 0, more is.
AROUND_EVEN = 0.05
#: At least the first and at most the second share of a sheet, off its edges, is written on.
LEAST_WRITTEN = 0.001
MOST_WRITTEN = 0.2
#: What is taken off the edges of a sheet, as a share of the picture's shorter side.
EDGE = 0.02
#: The blur that carries its light on beyond them, as a share of the picture's shorter side.
BEYOND = 0.15
#: A canvas differs from a plain surround, and writing from a dark note or the light around it, by at least so many grey
#: levels.
CANVAS_STEP = 24


def without_table(pixels: Pixels, page: Page) -> Pixels:
    """Go on with a sheet's light beyond its edges, where the picture shows one on a table, or a dark note on a page.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.
        page: of all of them. Where it is even, what looks like a sheet may be the eye of a 0.

    Returns:
        The same, or with that light in place of the table.
    """
    if min(pixels.shape) < CROP_SIDE:
        return pixels
    hull = find_sheet(pixels)
    if hull is None:
        hull = find_sheet(np.asarray(255 - pixels, np.uint8), dark=True)
    if hull is None or (page.even and _is_eye(hull, page.contrast(pixels))):
        return pixels
    return gone_on(pixels, within_edges(hull))


def _is_eye(hull: Pixels, contrast: Contrast) -> bool:
    """Tell whether an even page goes on beyond the hull of a sheet: then that one is the eye of a 0, an O or a D.

    Args:
        hull: uint8 [height, width], 1 on the sheet.
        contrast: with the even page, float32 [height, width].
    """
    off = np.abs(contrast)
    levels = np.rint(off * (255 / max(float(off.max()), 1e-6))).astype(np.uint8)
    of_page = np.asarray(cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1])
    return bool(of_page[hull > 0].mean() > 0.5 and of_page[hull == 0].mean() > AROUND_EVEN)


def gone_on(pixels: Pixels, inside: Pixels) -> Pixels:
    """Return a picture with the light of what is inside, where uint8 [height, width] is 1, gone on beyond that."""
    light, near = _light_of(pixels, inside)
    # Farther away it is that of the nearest place: half of the sheet may lie in a shadow.
    _, nearest = cv2.distanceTransformWithLabels(
        (~near).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    beyond = np.append(np.float32(0), light[near])[nearest]
    return np.where(inside, pixels, np.clip(beyond, 0, 255)).astype(np.uint8)


def _light_of(pixels: Pixels, inside: Pixels) -> tuple[Contrast, Chosen]:
    """Return the light of what is inside, where uint8 [height, width] is 1, on and around it, and where that is near.

    float32 and bool of that shape.
    """
    window = 2 * round(BEYOND * min(pixels.shape)) + 1
    weight = cv2.blur(inside.astype(np.float32), (window, window))
    light = cv2.blur(np.where(inside, pixels, 0).astype(np.float32), (window, window)) / np.maximum(weight, 1e-6)
    return np.asarray(light, np.float32), np.asarray(weight > 1e-3, np.bool_)


def find_sheet(pixels: Pixels, *, dark: bool = False) -> Pixels | None:
    """Find a bright sheet, note or sticker with something written on it.

    Args:
        pixels: uint8 [height, width].
        dark: whether they are a negative, in which what is written on a dark note may be bright as well.

    Returns:
        uint8 [height, width], 1 on the sheet and its writing; None where there is no sheet.
    """
    quiet = np.asarray(cv2.GaussianBlur(pixels, (5, 5), 0), np.uint8)
    level, _ = cv2.threshold(quiet, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    found = _sheet_above(pixels, quiet, level, dark=dark)
    if found is not None or dark:
        return found
    if (lighter := quiet[quiet > level]).size:
        # A hand that holds it, or a face beside it, may be nearly as bright.
        level, _ = cv2.threshold(lighter, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        found = _sheet_above(pixels, quiet, level, dark=dark)
    return found if found is not None else _sheet_above_table(pixels, quiet)


def _sheet_above_table(pixels: Pixels, quiet: Pixels) -> Pixels | None:
    """Do as `find_sheet` with a sheet that is brighter than a table around it, though both may lie in a shadow in part.

    Args:
        pixels: uint8 [height, width].
        quiet: the same without their noise.
    """
    around = ring_of(quiet)
    if median(around) >= TABLE_DARKER * np.percentile(quiet, 75):
        return None
    levels = np.unique(np.percentile(around, OF_TABLE) + OFF_TABLE)
    sheets = (_sheet_above(pixels, quiet, float(level), dark=False) for level in levels)
    # Of a table that is lit in part, what is lit comes to the edge of the picture as well.
    return min((sheet for sheet in sheets if sheet is not None), key=_at_edge, default=None)


def _at_edge(hull: Pixels) -> int:
    """Return at how many pixels a hull comes to the edge of its picture."""
    return int(ring_of(hull).sum())


def _sheet_above(pixels: Pixels, quiet: Pixels, level: float, *, dark: bool) -> Pixels | None:
    """Do as `find_sheet` with a sheet all of which is brighter than a level.

    Args:
        pixels: uint8 [height, width].
        quiet: the same without their noise.
        level: a grey level.
        dark: see `find_sheet`.
    """
    _, bright = cv2.threshold(quiet, level, 1, cv2.THRESH_BINARY)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(bright, np.uint8))
    sheet = np.asarray(labels == largest_piece(stats), np.uint8)
    contours, _ = cv2.findContours(sheet, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    outline = cv2.convexHull(contour)
    hull = np.zeros_like(pixels)
    cv2.fillConvexPoly(hull, outline, 1)
    area = int(hull.sum())
    if not LEAST_AREA * pixels.size < area < MOST_AREA * pixels.size:
        return None
    if dark and hull[1:-1, 1:-1].sum() < area:
        return None  # a strip of shadow runs out of the picture
    inside = within_edges(hull) > 0
    marked = inside & (np.asarray(bright) == 0)
    if inside.any() and marked.sum() <= LEAST_WRITTEN * inside.sum():
        if dark:  # in either polarity
            apart = np.abs(pixels - median(pixels[inside]))
        else:  # a faint pencil, which is brighter than the table
            apart = _light_of(pixels, inside.astype(np.uint8))[0] - pixels
        marked = inside & (apart >= CANVAS_STEP)
    (_, (width, height), _) = cv2.minAreaRect(outline)
    rectangular = area > RECTANGULAR * width * height
    if not (
        sheet.sum() > FILLED * area
        and area > NOTE_RECTANGULAR * width * height
        and LEAST_WRITTEN * inside.sum() < marked.sum() < MOST_WRITTEN * inside.sum()
        and ((rectangular and not dark) or _is_note(contour, marked))
        and _has_edges(np.asarray(quiet, np.uint8), hull)
        and _stands_out(pixels, hull)
    ):
        return None
    return hull


def _is_note(contour: MatLike, marked: Chosen) -> bool:
    """Tell whether an outline bulges as that of a note, and what is marked in it, bool [height, width], is a stroke."""
    if cv2.contourArea(contour) < NOTE_CONVEX * cv2.contourArea(cv2.convexHull(contour)):
        return False
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marked.astype(np.uint8))
    piece = labels == largest_piece(stats)
    regions, _ = cv2.connectedComponents((~piece).astype(np.uint8), connectivity=4)
    points = np.argwhere(piece).astype(np.float32)
    _, sides, _ = cv2.minAreaRect(points)
    return bool(
        regions > 2  # the piece, and what lies around it
        or len(points) < NOTE_WRITTEN * cv2.contourArea(cv2.convexHull(points))
        or max(sides) >= NOTE_WRITTEN_LENGTH * max(min(sides), 1.0)
    )


def _stands_out(pixels: Pixels, hull: Pixels) -> bool:
    """Tell whether a hull is lighter than what lies around it, also some way off: beside a crease the page goes on."""
    reach = _reach(pixels)
    near, far = (np.ones((int(2 * times * reach) | 1,) * 2, np.uint8) for times in AROUND_REACHES)
    around = pixels[(cv2.dilate(hull, far) > 0) & (cv2.dilate(hull, near) == 0)]
    inside = pixels[(hull > 0) & (cv2.erode(hull, far, borderValue=1) == 0)]
    return not around.size or not inside.size or median(around) < AROUND_DARKER * median(inside)


def largest_piece(stats: MatLike) -> int:
    """Return the index of the largest connected piece, from OpenCV's statistics; 0, which is the rest, for none."""
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return int(areas.argmax())


def within_edges(hull: Pixels) -> Pixels:
    """Return a hull without its edges, but for those of the picture."""
    side = 2 * round(EDGE * min(hull.shape)) + 1
    return np.asarray(
        cv2.erode(hull, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), borderValue=1), np.uint8
    )


def _reach(pixels: Pixels) -> float:
    """Return how far from an outline a picture is looked at, in pixels."""
    return float(max(2.0, EDGE * min(pixels.shape)))


def _has_edges(pixels: Pixels, hull: Pixels) -> bool:
    """Tell whether a picture falls sharply all along a hull's outline."""
    height, width = pixels.shape
    reach = _reach(pixels)
    contours, _ = cv2.findContours(hull, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = contours[0][:, 0].astype(np.float64)
    outward = outline - outline.mean(axis=0)
    outward *= reach / np.maximum(np.hypot(*outward.T), 1e-6)[:, None]
    inner, outer = (np.rint(outline + sign * outward).astype(np.int64) for sign in (-1, 1))
    seen = (outer >= 0).all(axis=1) & (outer < [width, height]).all(axis=1)
    if seen.mean() < IN_PICTURE:
        return False
    (x, y), (beyond_x, beyond_y) = inner[seen].T, outer[seen].T
    step = pixels[y, x].astype(np.int16) - pixels[beyond_y, beyond_x]
    return float(np.mean(step >= LEAST_STEP)) >= SHARP
