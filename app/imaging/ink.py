"""Grey pixels -> ink: what was written, as white on black, and where it is.

The chain: measure the page, decide which of page and ink is the darker, flatten what unevenness is left, lift the ink
to its full range, take out ruling and frames, refuse texture, keep the marks that belong to the character. Each step is
a function of its own; docs/imaging.md shows what it does.

Constants that name no other set were set on the drawn pages of the tests and on the photos that README measures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.box import is_empty_box
from app.imaging.canvas import find_rectangle, photo_between_bars, without_grid, without_surround
from app.imaging.errors import NoInkFound
from app.imaging.lift import lift_flat, lift_plain, lift_uneven
from app.imaging.marks import bounding_box, is_round
from app.imaging.outline import filled
from app.imaging.page import (
    CROP_SIDE,
    MAX_NOISE,
    NOISE_DEVIATIONS,
    Contrast,
    Pixels,
    is_narrow,
    lit_page,
    measure_page,
    median,
    sampled,
)
from app.imaging.ruling import remove_ruling, shows_squares
from app.imaging.sheet import without_table
from app.imaging.specks import without_specks
from app.imaging.uneven import apart_from_light, narrow_contrast, quiet, sharpness, strokes, without_strips
from app.imaging.writing import keep_writing

#: Longest side, in pixels, that ink is looked for in; a character that fills a tenth of it still has the network's
#: resolution. 512 reads the same of 2,442 photos and takes twice the time.
INK_SIDE = 256
#: A strip is reduced no further than to this shorter side, unless the longer one is beyond that: squared, one of 96 x
#: 40,000 pixels took 17 seconds, and now 0.1.
INK_SHORT_SIDE = 96
INK_LONG_SIDE = 2048
#: A narrow crop of fewer pixels than this across leaves none of them to the page, with the ink's soft border, ...
LEAST_WIDTH = 10
#: ... and is enlarged to this many or a few more.
WIDENED = 20
#: Writing whose longest side is less than this there, in pixels, is looked at again from nearer, ...
SMALL_WRITING = 40
#: ... if so much more of it can be seen: the picture has been reduced to less than this share of its sides.
REDUCED_SHARE = 2 / 3
#: What is seen from nearer alone is writing from this length up, as a share of the picture's, and no speck.
LEAST_WRITING = 1 / 30
#: What is looked at then reaches so far beyond the writing, as a share of its longest side, ...
SURROUNDINGS = 1.0
#: ... and so many pixels of the reduced picture more.
SURROUNDING_PIXELS = 2
#: From nearer, the same writing's sides lie where they did, to this share of the longest one and those pixels.
SAME_PLACE = 0.3
#: Where less than this share of the squared contrast is darker than the page, the ink is not: of drawn chalk on a board
#: at most 0.01 is, of a thin pen beside a shadow 0.03 and more.
INKED_SHARE = 0.02
#: What the very edge of a picture counts in the polarity's decision, against 1 in the middle.
EDGE_WEIGHT = 0.02
#: Where dark strokes are sharp along so much more of their outline than light ones are, these are a reflection. Set on
#: drawn photos with a flash.
SHARPER = 0.4
#: Ink from this share of the strongest up counts: less than that is what a wide pen leaves of the eye of an O.
BLOT_LEVEL = 0.6
#: Fainter ink than that, from this share up, is no more than the blot's own border.
BLOT_FAINT_LEVEL = 0.2
#: With its border, a blot is at most so many times as long as without.
BLOT_REACH = 1.5
#: A small one is at most so many pixels longer than that.
BLOT_BORDER = 2


class Polarity(StrEnum):
    """Which of ink and page is the darker."""

    AUTO = "auto"
    DARK_ON_LIGHT = "dark_on_light"
    LIGHT_ON_DARK = "light_on_dark"


@dataclass(frozen=True)
class Ink:
    """What was written.

    pixels: uint8 [height, width], 0 where there is page, 255 where there is full ink; the picture, a part of it, or a
        reduction of either.
    box: (left, top, right, bottom) around the marks, in pixels of `pixels`, right and bottom exclusive.
    polarity: how it stood in the picture; never `AUTO`.
    alone: whether it is one character as far as its marks tell, and no other was left out.
    part: (left, top, right, bottom) of what `pixels` shows of the picture, in 0..1 of its sides.
    """

    pixels: npt.NDArray[np.uint8]
    box: tuple[int, int, int, int]
    polarity: Polarity
    alone: bool
    part: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    @property
    def longest(self) -> int:
        """The longest side of the box."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)

    def box_within(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Return the box in pixels of a picture of that size, in whose reduction the ink was found."""
        left, top, right, bottom = self.part
        across = (right - left) * width / self.pixels.shape[1]
        down = (bottom - top) * height / self.pixels.shape[0]
        x, y = left * width, top * height
        return x + self.box[0] * across, y + self.box[1] * down, x + self.box[2] * across, y + self.box[3] * down


def find_ink(pixels: Pixels, polarity: Polarity = Polarity.AUTO) -> Ink:
    """Separate what was written from the page it stands on.

    In the reduced picture, or in one reduced half as far where squares leave none; small writing then once more in that
    part of the picture where it was found.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.
        polarity: overrules the detection unless `AUTO`.

    Raises:
        NoInkFound: nothing stands out from the page, or it is all texture.
    """
    whole = reduced(widened(pixels))
    try:
        found = _find_in(whole, polarity)
    except NoInkFound as error:
        if not error.among_squares:
            raise
        nearer = reduced(pixels, 2 * INK_SIDE)
        if max(whole.shape) > REDUCED_SHARE * max(nearer.shape):
            raise
        whole, found = nearer, _find_in(nearer, polarity)
        if found.longest < LEAST_WRITING * max(whole.shape):
            raise
    if found.longest >= SMALL_WRITING or max(whole.shape) > REDUCED_SHARE * max(pixels.shape):
        return found
    return _from_nearer(pixels, found, whole.shape) or found


def _from_nearer(pixels: Pixels, found: Ink, shape: tuple[int, ...]) -> Ink | None:
    """Find ink again that is small in the reduced picture, in a part of the whole one; None where other ink is found.

    Args:
        pixels: uint8 [height, width].
        found: in its reduction.
        shape: (height, width) of that.
    """
    height, width = pixels.shape
    box = found.box_within(shape[1], shape[0])
    margin = SURROUNDINGS * found.longest + SURROUNDING_PIXELS
    enlarged = width / shape[1], height / shape[0]
    left, top = (max(0, int((side - margin) * by)) for side, by in zip(box[:2], enlarged, strict=True))
    right, bottom = (math.ceil((side + margin) * by) for side, by in zip(box[2:], enlarged, strict=True))
    right, bottom = min(width, right), min(height, bottom)
    try:
        near = _find_in(reduced(np.ascontiguousarray(pixels[top:bottom, left:right])), found.polarity)
    except NoInkFound:
        return None
    near = replace(_as_part(near, (left, top, right, bottom), pixels.shape), alone=found.alone)
    apart = np.subtract(near.box_within(shape[1], shape[0]), box)
    return near if np.abs(apart).max() <= SAME_PLACE * found.longest + SURROUNDING_PIXELS else None


def _as_part(ink: Ink, box: tuple[int, int, int, int], shape: tuple[int, ...]) -> Ink:
    """Return ink that was found within a box of a picture of that (height, width) as of all of it."""
    height, width = shape
    left, top, right, bottom = ink.part
    across, down = box[2] - box[0], box[3] - box[1]
    part = box[0] + left * across, box[1] + top * down, box[0] + right * across, box[1] + bottom * down
    return replace(ink, part=(part[0] / width, part[1] / height, part[2] / width, part[3] / height))


def _find_in(pixels: Pixels, polarity: Polarity) -> Ink:
    """Find ink in a picture that needs no reduction, or refuse it."""
    pixels = without_grid(pixels)
    page = measure_page(pixels)
    if page.plain and (bare := without_specks(pixels)) is not pixels:
        pixels, page = bare, lit_page(bare)
    bare = pixels
    if page.around is not None:
        rectangle = find_rectangle(pixels, page.around)
        if rectangle is not None and (box := photo_between_bars(pixels, rectangle, page.around)) is not None:
            left, top, right, bottom = box
            return _as_part(_find_in(np.ascontiguousarray(pixels[top:bottom, left:right]), polarity), box, pixels.shape)
        bare = without_surround(pixels, page.around, rectangle)
    if bare is pixels and not page.plain:
        bare = without_table(pixels, page)
    if bare is not pixels:
        pixels, page = bare, measure_page(bare)
    noise = 0.0
    if not page.plain:
        pixels, noise = quiet(pixels, page.most_noise)
    contrast = page.contrast(pixels)
    narrow = None if page.plain or page.even else narrow_contrast(pixels)
    if polarity is Polarity.AUTO:
        polarity = detect_polarity(contrast) if narrow is None else polarity_of_strokes(pixels, contrast, *narrow)
    dark = polarity is Polarity.DARK_ON_LIGHT
    if dark:
        contrast = -contrast
    if page.plain:
        ink = lift_plain(contrast)
    elif page.even:
        ink = lift_flat(contrast, page.share(noise))
    else:
        ink = lift_uneven(contrast, narrow and narrow[0 if dark else 1], page.share(noise))
    bare = remove_ruling(ink)
    ruled = bare is not ink and not np.array_equal(bare, ink)
    if not page.plain:
        bare = without_strips(bare)
    try:
        writing = keep_writing(bare, plain=page.plain, even=page.even, ruled=ruled)
    except NoInkFound as error:
        error.among_squares = shows_squares(ink)
        raise
    if is_blot(writing.ink):
        raise NoInkFound("What is on the page is a dot or a blot and no character.")
    if is_empty_box(writing.ink):
        raise NoInkFound("What is on the page is an empty box and no character.")
    ink = filled(writing.ink)
    return Ink(ink, bounding_box(ink), polarity, writing.alone)


def detect_polarity(contrast: Contrast) -> Polarity:
    """Return the side of the page with more squared contrast, `DARK_ON_LIGHT` where there is none.

    The middle of the picture counts most: what lies along the edge of an uneven page is often no page.

    Args:
        contrast: float32 [height, width], negative where darker than the page.
    """
    least, greatest, *_ = cv2.minMaxLoc(contrast)
    if least >= 0 or greatest <= 0:
        # All of it is on one side, as in most drawings, and there is nothing to weigh.
        return Polarity.DARK_ON_LIGHT if greatest <= 0 else Polarity.LIGHT_ON_DARK
    height, width = contrast.shape
    distance = np.abs(contrast)
    # Where strokes cover half of a crop, its median is no noise.
    noise = min(NOISE_DEVIATIONS * median(sampled(distance)), MAX_NOISE * float(distance.max()))
    # Negative where darker. The sum weighted by down x across, and a little by nothing.
    energy = np.where(distance > noise, contrast * distance, 0)
    lighter = float(_middle(height) @ energy @ _middle(width) + EDGE_WEIGHT * energy.sum()) > 0
    return Polarity.LIGHT_ON_DARK if lighter else Polarity.DARK_ON_LIGHT


def polarity_of_strokes(pixels: Pixels, contrast: Contrast, darker: Contrast, lighter: Contrast) -> Polarity:
    """Return the polarity of the strokes on an uneven page.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.
        contrast: of them, float32 [height, width], negative where darker than the page.
        darker: from `narrow_contrast`.
        lighter: the same.
    """
    both = strokes(contrast, darker, lighter)
    polarity = detect_polarity(both)
    of_darker, of_lighter = (float(np.square(side).sum()) for side in (np.minimum(both, 0), np.maximum(both, 0)))
    if polarity is Polarity.DARK_ON_LIGHT or of_darker < INKED_SHARE * of_lighter:
        return polarity
    if sharpness(-contrast) - sharpness(contrast) > SHARPER:
        return Polarity.DARK_ON_LIGHT  # on a flash that the sheet reflects
    # Or what is lighter is lit page between a stroke and a shadow, or a strip of light that comes in from the edge.
    return detect_polarity(strokes(contrast, darker, np.minimum(lighter, apart_from_light(pixels))))


@lru_cache
def _middle(side: int) -> npt.NDArray[np.float32]:
    """Return float32 [side], 1 in the middle, falling to 0 at both ends."""
    return np.asarray(1 - np.linspace(-1, 1, side) ** 4, np.float32)


def is_blot(ink: Pixels) -> bool:
    """Tell whether ink is one round or square piece without strokes: a click of the mouse, a blot.

    Args:
        ink: uint8 [height, width], white on black, not all black.
    """
    # Of what is left: a frame that has been taken out may have been darker.
    strongest = float(ink.max()) / 255
    left, top, right, bottom = bounding_box(ink, BLOT_LEVEL * strongest)
    inked = ink[top:bottom, left:right] >= BLOT_LEVEL * strongest * 255
    if not is_round(inked):
        return False
    left, top, right, bottom = bounding_box(ink, BLOT_FAINT_LEVEL * strongest)
    # Farther on is the fainter stem of a dot.
    return bool(max(right - left, bottom - top) <= BLOT_REACH * max(inked.shape) + BLOT_BORDER)


def widened(pixels: Pixels) -> Pixels:
    """Enlarge a narrow crop of few pixels, a tight one of a 1; another picture stays as it is."""
    if min(pixels.shape) >= LEAST_WIDTH or max(pixels.shape) >= CROP_SIDE or not is_narrow(pixels.shape):
        return pixels
    times = math.ceil(WIDENED / min(pixels.shape))
    return np.asarray(cv2.resize(pixels, None, fx=times, fy=times, interpolation=cv2.INTER_LINEAR), np.uint8)


def reduced(pixels: Pixels, longest: int = INK_SIDE) -> Pixels:
    """Average a picture down to its longest side, a strip less far; a smaller one stays as it is."""
    scale = max(longest / max(pixels.shape), INK_SHORT_SIDE / min(pixels.shape))
    scale = min(scale, INK_LONG_SIDE / max(pixels.shape))
    if scale >= 1:
        return pixels
    height, width = (max(1, round(side * scale)) for side in pixels.shape)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
