"""Uneven pages: shadows, folds, sheets on tables and noise, told from strokes by their width.

Constants that name no other set were set on the drawn pages of the tests and on the photos that README measures.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from cv2.typing import MatLike

from app.imaging.marks import close_gaps, find_marks, main_mark, straightness, strength
from app.imaging.page import CROP_SIDE, DARKEST_REFERENCE, DEVIATION, Contrast, Pixels, is_strip, median, sampled

#: Standard deviation of the blur that quiets an uneven page, as a share of its shorter side; sensors and JPEG make
#: noise that a faint stroke would drown in. Below `DENOISED_SIDE` pixels strokes are too thin for it.
DENOISE_SHARE = 1 / 400
DENOISED_SIDE = 128
#: What noise may be left after that, in grey levels, as long as the blur is no wider than a share of the shorter side.
LEFT_NOISE = 4.0
MAX_DENOISE_SHARE = 1 / 50
#: A blur narrower than this, in pixels, does nothing.
MIN_BLUR = 0.3
#: A Gaussian blur of sigma pixels divides the deviation of white noise by this times sigma.
BLURRED_NOISE = 2 * np.sqrt(np.pi)
#: Side of the window, as a share of the shorter side, that a fold or the edge of a shadow is told from a stroke by:
#: what is wider belongs to the page.
LOCAL_WINDOW = 0.3
#: Side of the square that the edges of shadows are followed with, as a share of the shorter side. At 0.3, one in ten of
#: drawn crops with strokes about as wide is lost, and no edge is followed better.
EDGE_WINDOW = 0.6
#: Longest side, in pixels, at which that is done; strokes and shadows are still apart.
LOCAL_SIDE = 64
#: The window need be no wider than so many times the width of the strokes: they cross, and the eyes of an 8 may fill.
#: This one and the next three were set on drawn pages and move no figure of README's.
STROKE_WIDTHS = 3.0
#: But it is at least so many of those pixels.
LEAST_WINDOW = 8
#: Ink from this share of the strokes' strength up is reckoned to their width.
STROKE_STRENGTH = 0.6
#: How wide a gap in a stroke may be that it is measured with, as a share of the shorter side.
STROKE_GAPS = 0.04
#: Where less than this share of the squared contrast lies in strokes, the page was taken for what lies around it.
STROKES_SHARE = 0.08
#: From a pixel to the next but one, strokes gain or lose this much contrast at their sides; glare nowhere does.
STROKE_RISE = 0.03
#: Outside the outline of what has this share of full contrast, a sharp one falls below the second in so many pixels.
SHARP_LEVELS = (0.5, 0.25)
SHARP_REACH = 3
#: So few pixels have no outline.
LEAST_SHARP = 20
#: Ink on an uneven page is from this share of the light up: flattened, it is quieter, and pencil in the shade fainter.
MIN_CONTRAST_UNEVEN = 0.04
#: What reaches in from the edge may be a strip of shadow from this share of full ink up. This one and the next four
#: were set on drawn photos with the shadow of a pen across them, and on drawn crops with strokes that run out of them.
STRIP_LEVEL = 0.3
#: It is weaker than this share; strokes are not.
STRIP_FAINTER = 0.7
#: All along, it differs by less than this share of full ink.
STRIP_FLAT = 0.1
#: It is at least so long, as a share of the picture's longest side, ...
STRIP_LENGTH = 0.4
#: ... and as straight as this; see `straightness`.
STRIP_STRAIGHT = 0.1
#: Standard deviation of the blur of what shadows and sheets leave at `LOCAL_SIDE`, in its pixels: edges stay sharp.
NARROW_BLUR = 1.0


def quiet(pixels: Pixels, most: float = math.inf) -> tuple[Pixels, float]:
    """Blur away the noise of sensors and JPEG, as far as strokes allow.

    Args:
        pixels: uint8 [height, width].
        most: its standard deviation is no more than this, in grey levels.

    Returns:
        uint8 [height, width], and the standard deviation of the noise that is left, in grey levels.
    """
    side = min(pixels.shape)
    noise = min(noise_deviation(pixels), most)
    wanted = min(noise / (BLURRED_NOISE * LEFT_NOISE), MAX_DENOISE_SHARE * side)
    sigma = max(DENOISE_SHARE * side if side > DENOISED_SIDE else 0.0, wanted if wanted > MIN_BLUR else 0.0)
    if not sigma:
        return pixels, noise
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8), noise / max(1.0, BLURRED_NOISE * sigma)


def noise_deviation(pixels: Pixels) -> float:
    """Return the standard deviation of a picture's noise, in grey levels, from the median of its second differences.

    Strokes cover less than half of a picture and leave the median alone (after Immerkaer 1996).
    """
    kernel = np.outer([1, -2, 1], [1, -2, 1]).astype(np.float32)
    differences = np.asarray(cv2.filter2D(pixels, cv2.CV_32F, kernel), np.float32)
    return DEVIATION * median(np.abs(sampled(differences))) / 6


def narrow_contrast(pixels: Pixels) -> tuple[Contrast, Contrast] | None:
    """Return how far pixels are darker, and lighter, than whatever around them is wider than a stroke.

    Unlike a surface, that follows the edge of a hard shadow, and of a sheet on a table.

    Args:
        pixels: uint8 [height, width].

    Returns:
        Both float32 [height, width], shares of the light there, about 0 or more; None for a crop, see `CROP_SIDE`.
    """
    if min(pixels.shape) < CROP_SIDE:
        return None
    levels = pixels.astype(np.float32)
    closed, opened = (_without_narrow(levels, kind, NARROW_BLUR) for kind in (cv2.MORPH_CLOSE, cv2.MORPH_OPEN))
    # At few pixels and blurred, these miss the edge of a shadow by a little; by squares and at all pixels they do not.
    window = np.ones((round(EDGE_WINDOW * min(pixels.shape)) | 1,) * 2, np.uint8)
    closed = np.minimum(closed, cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, window))
    opened = np.maximum(opened, cv2.morphologyEx(pixels, cv2.MORPH_OPEN, window))
    darker = (closed - levels) / np.maximum(closed, DARKEST_REFERENCE)
    lighter = (levels - opened) / np.maximum(opened, DARKEST_REFERENCE)
    return np.asarray(darker, np.float32), np.asarray(lighter, np.float32)


def apart_from_light(pixels: Pixels) -> Contrast:
    """Return how far pixels are lighter than the lightest wide part, or edge, of the page that they are connected to.

    That is an opening by reconstruction (Vincent 1993, doi:10.1109/83.217222): light ink is apart from all other light,
    what a stroke and the edge of a shadow leave of the lit page between them is not.

    Args:
        pixels: uint8 [height, width].

    Returns:
        float32 [height, width], shares of the light there, 0 or more.
    """
    small = np.asarray(_at_local_side(pixels), np.uint8)
    wide = np.asarray(cv2.morphologyEx(small, cv2.MORPH_OPEN, _disc(small, LOCAL_WINDOW)), np.uint8)
    wide = _reconstructed(np.maximum(wide, _at_edges(small)), small)
    wide = np.asarray(cv2.resize(wide.astype(np.float32), pixels.shape[::-1], interpolation=cv2.INTER_LINEAR))
    return np.asarray(np.maximum(pixels - wide, 0) / np.maximum(wide, DARKEST_REFERENCE), np.float32)


def without_strips(ink: Pixels) -> Pixels:
    """Take out a straight strip that reaches in from the edge and is weaker than writing: the shadow of a pen.

    Args:
        ink: uint8 [height, width], white on black, of a photo.

    Returns:
        The same, what is written on the strip at its full strength; what has none, or is a crop, see `CROP_SIDE`, or is
        itself a strip, see `is_strip`, comes back as it is.
    """
    # Through a long picture, a strip that winds would be followed for long.
    if min(ink.shape) < CROP_SIDE or is_strip(ink.shape) or not (ink > STRIP_LEVEL * 255).any():
        return ink
    marks = find_marks(ink.astype(np.float32), STRIP_LEVEL * 255)
    if not marks.touches_edge[main_mark(marks)]:
        return ink
    edges, full = _at_edges(ink), STRIP_FAINTER * 255
    # Where a stroke runs out of the picture, its soft border is as weak as a strip.
    _, runs = cv2.connectedComponents((edges > STRIP_LEVEL * 255).astype(np.uint8))
    of_stroke = np.isin(runs, runs[edges >= full])
    strips = _reconstructed(np.where(of_stroke, 0, edges).astype(np.uint8), ink)
    flat = (strips > STRIP_LEVEL * 255) & (ink - strips < STRIP_FLAT * 255)
    length = max(cv2.boundingRect(flat.astype(np.uint8))[2:])
    if length < STRIP_LENGTH * max(ink.shape) or straightness(flat) > STRIP_STRAIGHT:
        return ink
    weak = np.where(strips < full, strips, 0).astype(np.float32)
    return np.asarray(np.rint((ink - weak) * (255 / (255 - weak))), np.uint8)


def strokes(contrast: Contrast, darker: Contrast, lighter: Contrast) -> Contrast:
    """Return the part of a contrast that strokes make, for `detect_polarity`: no shadow, glare or sheet on a table.

    Args:
        contrast: float32 [height, width], negative where darker than the page.
        darker: from `narrow_contrast`.
        lighter: the same.
    """
    darker, lighter = np.maximum(darker, 0), np.maximum(lighter, 0)
    both = np.clip(contrast, -darker, lighter)
    if float((both * both).sum()) < STROKES_SHARE * float((contrast * contrast).sum()):
        both = np.where(darker > lighter, -darker, lighter)
    rise = cv2.morphologyEx(both.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return np.asarray(both * np.minimum(rise / STROKE_RISE, 1), np.float32)


def sharpness(contrast: Contrast) -> float:
    """Return along which share of its outline ink is sharp, as strokes are and a reflection of the flash is not.

    Args:
        contrast: float32 [height, width], positive where there may be ink.

    Returns:
        0..1, 0 where hardly any stands out.
    """
    inked = contrast[contrast > MIN_CONTRAST_UNEVEN]
    if inked.size < LEAST_SHARP:
        return 0.0
    strong, faint = (share * strength(inked) for share in SHARP_LEVELS)
    within = (contrast > strong).astype(np.uint8)
    outline = cv2.dilate(within, np.ones((3, 3), np.uint8)) > within
    window = np.ones((2 * SHARP_REACH + 1,) * 2, np.uint8)
    return float(np.mean(cv2.erode(contrast, window)[outline] < faint)) if outline.any() else 0.0


def flatten_locally(contrast: Contrast, narrow: Contrast | None = None, share: float = LOCAL_WINDOW) -> Contrast:
    """Take out what is wider than any stroke: folds, hard shadows, stains.

    Args:
        contrast: float32 [height, width], positive where there may be ink.
        narrow: the side of `narrow_contrast` that ink is on. A surface and it go wrong in different places, so ink is
            what both see.
        share: of the shorter side, that no stroke is as wide as.

    Returns:
        The same, less its opening by a disc of that share, and at most `narrow`.
    """
    flat = contrast - _without_narrow(contrast, cv2.MORPH_OPEN, share=share)
    return flat if narrow is None else np.asarray(np.minimum(flat, narrow), np.float32)


def local_window(ink: Pixels) -> float:
    """Return a share of the shorter side that the strokes on an uneven page are narrower than, by a good measure.

    What is left of the shadow of an arm or a pen is weaker than the strokes, and wider.

    Args:
        ink: uint8 [height, width], white on black.
    """
    # Chalk, crayon and hatching are full of holes.
    closed = close_gaps(ink, STROKE_GAPS)
    strong = np.where(closed >= STROKE_STRENGTH * 255, closed, 0)
    if not strong.any():
        return LOCAL_WINDOW
    marks = find_marks(strong.astype(np.float32), 0)
    mark = np.pad(marks.labels == main_mark(marks), 1)
    # From its border to the middle of a stroke, a pixel is a quarter of its width deep on average.
    depth = np.asarray(cv2.distanceTransform(mark.astype(np.uint8), cv2.DIST_L2, 3))
    width = 4 * float(depth[mark].mean())
    least = LEAST_WINDOW / min(1.0, LOCAL_SIDE / max(ink.shape))
    return float(min(LOCAL_WINDOW, max(least, STROKE_WIDTHS * width) / min(ink.shape)))


def _without_narrow(field: Contrast, kind: int, blur: float | None = None, share: float = LOCAL_WINDOW) -> Contrast:
    """Open or close a field by a disc of a share of its side, and blur it by so many pixels of `LOCAL_SIDE`."""
    small = _at_local_side(field)
    disc = _disc(small, share)
    window = len(disc)
    padded = cv2.copyMakeBorder(small, window, window, window, window, cv2.BORDER_REPLICATE)
    wide = cv2.GaussianBlur(cv2.morphologyEx(padded, kind, disc), (0, 0), blur or window / 6)
    wide = wide[window:-window, window:-window]
    return np.asarray(cv2.resize(wide, field.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _reconstructed(seed: Pixels, below: Pixels) -> Pixels:
    """Return how high a seed rises where it spreads, no higher than a field: its reconstruction by dilation.

    Args:
        seed: uint8 [height, width], nowhere above the field.
        below: the field, uint8 of the same shape.
    """
    for _ in range(sum(below.shape)):  # by a pixel each, but for a path of many turns as far as it goes
        before, seed = seed, np.asarray(np.minimum(cv2.dilate(seed, np.ones((3, 3), np.uint8)), below), np.uint8)
        if np.array_equal(seed, before):
            break
    return seed


def _at_edges(pixels: Pixels) -> Pixels:
    """Return the outermost pixels of a picture, uint8 [height, width], and 0 elsewhere."""
    edges = np.zeros_like(pixels)
    edges[[0, -1]], edges[:, [0, -1]] = pixels[[0, -1]], pixels[:, [0, -1]]
    return edges


def _at_local_side(field: MatLike) -> MatLike:
    """Average a field down to `LOCAL_SIDE`."""
    scale = min(1.0, LOCAL_SIDE / max(field.shape))
    height, width = (max(2, round(side * scale)) for side in field.shape)
    return cv2.resize(field, (width, height), interpolation=cv2.INTER_AREA)


def _disc(field: MatLike, share: float) -> MatLike:
    """Return a disc as wide as a share of a field's shorter side."""
    window = int(share * min(field.shape)) | 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
