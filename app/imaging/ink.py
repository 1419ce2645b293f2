"""Grey pixels -> ink: what was written, as white on black, and where it is.

The chain: measure the page, decide which of page and ink is the darker, flatten what unevenness is left, lift the ink
to its full range, take out ruling and frames, refuse texture, keep the marks that belong to the character. Each step is
a function of its own; docs/imaging.md shows what it does.

Constants that name no other set were set on the drawn pages of the tests and on the photos that README measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

from app.imaging.errors import NoInkFound
from app.imaging.marks import (
    STRENGTH_QUANTILE,
    bounding_box,
    close_gaps,
    find_marks,
    main_mark,
    writing_strength,
)
from app.imaging.page import (
    CROP_SIDE,
    DARKEST_REFERENCE,
    DEVIATION,
    NOISE_DEVIATIONS,
    Contrast,
    Pixels,
    measure_page,
    median,
)
from app.imaging.ruling import remove_ruling, without_whole_lines
from app.imaging.sheet import without_surround, without_table
from app.imaging.writing import keep_writing

#: Longest side, in pixels, that ink is looked for in; a character that fills a tenth of it still has the network's
#: resolution. 512 reads the same of 2,442 photos and takes twice the time.
INK_SIDE = 256
#: A strip is reduced no further than to this shorter side, unless the longer one is beyond that: squared, one of 96 x
#: 40,000 pixels took 17 seconds, and now 0.1.
INK_SHORT_SIDE = 96
INK_LONG_SIDE = 2048
#: Ink weaker than this share of the page's light cannot be told from it: 16 of 255 grey levels on white. Faint pencil
#: is 0.1 and more.
MIN_CONTRAST = 16 / 255
#: Shorter side, in pixels, of the sample that medians are taken of.
SAMPLED_SIDE = 64
#: On an uneven page the flattened rest is quieter, and pencil in the shade is fainter.
MIN_CONTRAST_UNEVEN = 0.04
#: Standard deviations that make the noise floor of an uneven page.
UNEVEN_NOISE_DEVIATIONS = 3.0
#: Share of pixels that may be stronger than the level taken as full ink, so that one hot pixel does not set it.
FULL_INK_SHARE = 0.0005
#: The noise floor never takes more than this share of the ink's range.
MAX_NOISE = 0.4
#: What the very edge of a picture counts in the polarity's decision, against 1 in the middle.
EDGE_WEIGHT = 0.02
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
#: Writing is stronger than this many standard deviations of the noise. Of 578 uneven photos of characters the weakest
#: is 36, and of 192 pictures of pure noise the strongest 9.4.
MIN_SIGNAL = 12.0
#: Side of the window, as a share of the shorter side, that a fold or the edge of a shadow is told from a stroke by:
#: what is wider belongs to the page.
LOCAL_WINDOW = 0.3
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
#: Writing has more pixels than this beside lines that cross the picture; they are more often weaker than it than not.
LEAST_BESIDE_LINES = 20
#: Ink from this share of full ink up counts: less than that is what a wide pen leaves of the eye of an O.
BLOT_LEVEL = 0.6
#: A blot fills this share and more of a square around it: a disc 0.79, a 0 whose eye has filled less.
BLOT_FILLED = 0.7
#: And is as deep as this share of its longest side and more. Of 95,000 images of MNIST and EMNIST none is.
BLOT_DEPTH = 0.85
#: A mark of squared paper spans at least this share of both sides.
SQUARES_SPAN = 0.5
#: And has at least so many holes.
LEAST_SQUARES = 12
#: Of what is stronger in it, one piece has at least this share: the writing. This one and the next two were set on
#: drawn squared paper.
WRITING_SHARE = 0.5
#: That piece spans no more than this share of either side.
WRITING_SPAN = 0.8
#: The squares are weaker than this share of the writing.
SQUARES_FAINTER = 0.6
#: From a pixel to the next but one, strokes gain or lose this much contrast at their sides; glare nowhere does.
STROKE_RISE = 0.03
#: Standard deviation of the blur of what shadows and sheets leave there, in such pixels: their edges stay sharp.
NARROW_BLUR = 1.0


class Polarity(StrEnum):
    """Which of ink and page is the darker."""

    AUTO = "auto"
    DARK_ON_LIGHT = "dark_on_light"
    LIGHT_ON_DARK = "light_on_dark"


@dataclass(frozen=True)
class Ink:
    """What was written.

    pixels: uint8 [height, width], 0 where there is page, 255 where there is full ink; the picture, or a reduction.
    box: (left, top, right, bottom) around the marks, in pixels of `pixels`, right and bottom exclusive.
    polarity: how it stood in the picture; never `AUTO`.
    """

    pixels: npt.NDArray[np.uint8]
    box: tuple[int, int, int, int]
    polarity: Polarity


def find_ink(pixels: Pixels, polarity: Polarity = Polarity.AUTO) -> Ink:
    """Separate what was written from the page it stands on.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.
        polarity: overrules the detection unless `AUTO`.

    Raises:
        NoInkFound: nothing stands out from the page, or it is all texture.
    """
    pixels = reduced(pixels)
    page = measure_page(pixels)
    bare = without_surround(pixels, float(page.level[0, 0])) if page.plain else without_table(pixels)
    if bare is not pixels:
        pixels, page = bare, measure_page(bare)
    noise = 0.0
    if not page.plain:
        pixels, noise = quiet(pixels)
    contrast = page.contrast(pixels)
    narrow = None if page.plain else narrow_contrast(pixels)
    if polarity is Polarity.AUTO:
        polarity = detect_polarity(strokes(contrast, *narrow) if narrow else contrast)
        if narrow and polarity is Polarity.LIGHT_ON_DARK:
            # Or it is lit page between a stroke and a shadow.
            darker, lighter = narrow
            polarity = detect_polarity(strokes(contrast, darker, np.minimum(lighter, apart_from_light(pixels))))
    dark = polarity is Polarity.DARK_ON_LIGHT
    if dark:
        contrast = -contrast
    if page.plain:
        ink = lift_plain(contrast)
    else:
        ink = lift_uneven(contrast, narrow and narrow[0 if dark else 1], page.share(noise))
    ink = keep_writing(remove_ruling(ink), plain=page.plain)
    if is_blot(ink):
        raise NoInkFound("What is on the page is a dot or a blot and no character.")
    return Ink(ink, bounding_box(ink), polarity)


def is_blot(ink: Pixels) -> bool:
    """Tell whether ink is one round or square piece without strokes: a click of the mouse, a blot.

    Args:
        ink: uint8 [height, width], white on black.

    Raises:
        NoInkFound: there is none.
    """
    left, top, right, bottom = bounding_box(ink, BLOT_LEVEL)
    inked = ink[top:bottom, left:right] >= BLOT_LEVEL * 255
    longest = max(inked.shape)
    if np.count_nonzero(inked) < BLOT_FILLED * longest**2:
        return False
    depth = cv2.distanceTransform(np.pad(inked, 1).astype(np.uint8), cv2.DIST_L2, 3)
    return bool(2 * depth.max() > BLOT_DEPTH * longest)


def detect_polarity(contrast: Contrast) -> Polarity:
    """Return the side of the page with more squared contrast.

    The middle of the picture counts most: what lies along the edge of an uneven page is often no page.

    Args:
        contrast: float32 [height, width], negative where darker than the page.
    """
    height, width = contrast.shape
    distance = np.abs(contrast)
    # Where strokes cover half of a crop, its median is no noise.
    noise = min(NOISE_DEVIATIONS * median(_sampled(distance)), MAX_NOISE * float(distance.max()))
    # Negative where darker. The sum weighted by down x across, and a little by nothing.
    energy = np.where(distance > noise, contrast * distance, 0)
    lighter = float(_middle(height) @ energy @ _middle(width) + EDGE_WEIGHT * energy.sum()) > 0
    return Polarity.LIGHT_ON_DARK if lighter else Polarity.DARK_ON_LIGHT


@lru_cache
def _middle(side: int) -> npt.NDArray[np.float32]:
    """Return float32 [side], 1 in the middle, falling to 0 at both ends."""
    return np.asarray(1 - np.linspace(-1, 1, side) ** 4, np.float32)


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
    window = np.ones((round(LOCAL_WINDOW * min(pixels.shape)) | 1,) * 2, np.uint8)
    closed = np.minimum(closed, cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, window))
    opened = np.maximum(opened, cv2.morphologyEx(pixels, cv2.MORPH_OPEN, window))
    darker = (closed - levels) / np.maximum(closed, DARKEST_REFERENCE)
    lighter = (levels - opened) / np.maximum(opened, DARKEST_REFERENCE)
    return np.asarray(darker, np.float32), np.asarray(lighter, np.float32)


def apart_from_light(pixels: Pixels) -> Contrast:
    """Return how far pixels are lighter than the lightest wide part of the page that they are connected to.

    That is an opening by reconstruction (Vincent 1993, doi:10.1109/83.217222): light ink is apart from all other light,
    what a stroke and the edge of a shadow leave of the lit page between them is not.

    Args:
        pixels: uint8 [height, width].

    Returns:
        float32 [height, width], shares of the light there, 0 or more.
    """
    small = _at_local_side(pixels)
    window = int(LOCAL_WINDOW * min(small.shape)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
    wide, before = np.asarray(cv2.morphologyEx(small, cv2.MORPH_OPEN, disc)), None
    while before is None or (wide != before).any():
        before = wide
        wide = np.minimum(cv2.dilate(wide, np.ones((3, 3), np.uint8)), small)
    wide = np.asarray(cv2.resize(wide.astype(np.float32), pixels.shape[::-1], interpolation=cv2.INTER_LINEAR))
    return np.asarray(np.maximum(pixels - wide, 0) / np.maximum(wide, DARKEST_REFERENCE), np.float32)


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
    window = int(share * min(small.shape)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
    padded = cv2.copyMakeBorder(small, window, window, window, window, cv2.BORDER_REPLICATE)
    wide = cv2.GaussianBlur(cv2.morphologyEx(padded, kind, disc), (0, 0), blur or window / 6)
    wide = wide[window:-window, window:-window]
    return np.asarray(cv2.resize(wide, field.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _at_local_side(field: MatLike) -> MatLike:
    """Average a field down to `LOCAL_SIDE`."""
    scale = min(1.0, LOCAL_SIDE / max(field.shape))
    height, width = (max(2, round(side * scale)) for side in field.shape)
    return cv2.resize(field, (width, height), interpolation=cv2.INTER_AREA)


def lift_plain(contrast: Contrast) -> Pixels:
    """Map a plain page to 0 and the strongest ink to 255, linearly between.

    Args:
        contrast: float32 [height, width], positive where there is ink.

    Returns:
        uint8 [height, width].

    Raises:
        NoInkFound: the strongest ink stands out by less than `MIN_CONTRAST`.
    """
    # Among the inked pixels alone: selection is slow where most of a picture is equal.
    inked = contrast[contrast >= MIN_CONTRAST]
    hotter = int(FULL_INK_SHARE * contrast.size)
    if inked.size <= hotter:
        raise NoInkFound("Nothing is written on the page, or too faintly to be told from it.")
    full = float(np.partition(inked, -1 - hotter)[-1 - hotter])
    noise = NOISE_DEVIATIONS * median(np.abs(_ring(contrast)))
    return _lifted(contrast, min(noise, MAX_NOISE * full), full)


def _ring(contrast: Contrast) -> Contrast:
    return np.concatenate([contrast[0], contrast[-1], contrast[:, 0], contrast[:, -1]])


def lift_uneven(contrast: Contrast, narrow: Contrast | None, noise: float) -> Pixels:
    """Flatten an uneven page, and again once it is known how wide the strokes are; then lift what is written.

    Args:
        contrast: float32 [height, width], positive where there may be ink.
        narrow: see `flatten_locally`.
        noise: standard deviation of the noise in it.

    Returns:
        uint8 [height, width]; see `lift_flat`.

    Raises:
        NoInkFound: as `lift_flat`.
    """
    ink = lift_flat(flatten_locally(contrast, narrow), noise)
    window = local_window(ink)
    return ink if window == LOCAL_WINDOW else lift_flat(flatten_locally(contrast, narrow, window), noise)


def lift_flat(contrast: Contrast, noise: float) -> Pixels:
    """Map a flattened page to 0 and the writing's own strength to 255, linearly between.

    Args:
        contrast: float32 [height, width], positive where there may be ink.
        noise: standard deviation of the noise in it.

    Returns:
        uint8 [height, width]; what is stronger than the writing, such as the edge of a table, is 255 too.

    Raises:
        NoInkFound: nothing stands out from the page by more than `MIN_CONTRAST_UNEVEN`, or from the noise.
    """
    sample = _sampled(contrast)
    level = median(sample)
    floor = level + UNEVEN_NOISE_DEVIATIONS * DEVIATION * median(np.abs(sample - level))
    # Where strokes cover half of a crop, its median is no noise.
    floor = min(floor, MAX_NOISE * float(np.quantile(contrast, 1 - FULL_INK_SHARE)))
    threshold = max(floor, MIN_CONTRAST_UNEVEN)
    full = writing_strength(contrast, threshold)
    rest = without_whole_lines(contrast, threshold)
    if np.count_nonzero(rest > threshold) > LEAST_BESIDE_LINES:
        full = max(full, writing_strength(rest, threshold))
    if full < MIN_SIGNAL * noise:
        raise NoInkFound("The picture is all noise; no character stands out from it.")
    if (strengths := strengths_on_squares(contrast, threshold)) is not None:
        return _lifted(contrast, *strengths)
    return _lifted(contrast, min(floor, MAX_NOISE * full), full)


def strengths_on_squares(contrast: Contrast, threshold: float) -> tuple[float, float] | None:
    """Tell writing on squared paper from the squares by its strength, where it is by much the stronger.

    Args:
        contrast: float32 [height, width], positive where there may be ink.
        threshold: above which there is.

    Returns:
        The strength of the squares and that of the writing; None where the main mark is no such paper, or the writing
        is no stronger.
    """
    marks = find_marks(contrast, threshold)
    main = main_mark(marks)
    left, top, right, bottom = marks.boxes[main].tolist()
    height, width = contrast.shape
    if min((right - left) / width, (bottom - top) / height) < SQUARES_SPAN:
        return None
    squares = marks.labels == main
    if cv2.connectedComponents((~squares).astype(np.uint8), connectivity=4)[0] - 1 < LEAST_SQUARES:
        return None
    strength = contrast[squares]
    scale = 255 / float(strength.max())
    split, _ = cv2.threshold(np.rint(strength * scale).astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    strong = (squares & (contrast * scale > split)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strong)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    across, down, area = stats[largest, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA]].tolist()
    # Crossings are stronger than lines as well, but lie apart.
    if area < WRITING_SHARE * np.count_nonzero(strong) or max(across / width, down / height) > WRITING_SPAN:
        return None
    # Without the soft border of the writing.
    weak = contrast[squares & (cv2.dilate(strong, np.ones((3, 3), np.uint8)) == 0)]
    if not weak.size:
        return None
    of_squares = float(np.quantile(weak, STRENGTH_QUANTILE))
    of_writing = float(np.quantile(contrast[np.asarray(labels) == largest], STRENGTH_QUANTILE))
    return (of_squares, of_writing) if of_squares < SQUARES_FAINTER * of_writing else None


def _sampled(contrast: Contrast) -> Contrast:
    """Return every so many pixels of a large picture: enough for its median."""
    step = max(1, min(contrast.shape) // SAMPLED_SIDE)
    return contrast[::step, ::step]


def reduced(pixels: Pixels) -> Pixels:
    """Average a picture down to `INK_SIDE`, a strip less far; a smaller one stays as it is."""
    scale = max(INK_SIDE / max(pixels.shape), INK_SHORT_SIDE / min(pixels.shape))
    scale = min(scale, INK_LONG_SIDE / max(pixels.shape))
    if scale >= 1:
        return pixels
    height, width = (max(1, round(side * scale)) for side in pixels.shape)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def quiet(pixels: Pixels) -> tuple[Pixels, float]:
    """Blur away the noise of sensors and JPEG, as far as strokes allow.

    Returns:
        uint8 [height, width], and the standard deviation of the noise that is left, in grey levels.
    """
    side = min(pixels.shape)
    noise = noise_deviation(pixels)
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
    return DEVIATION * median(np.abs(_sampled(differences))) / 6


def _lifted(contrast: Contrast, floor: float, full: float) -> Pixels:
    return np.asarray(np.rint(np.clip((contrast - floor) * (255 / (full - floor)), 0, 255)), np.uint8)
