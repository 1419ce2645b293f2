"""Grey pixels -> ink: what was written, as white on black, and where it is.

This version reads ink on a plain page of either polarity. Uneven light, ruled lines, box borders and page edges
need steps of their own; they belong here, between `measure_page` and `drop_specks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.errors import NoInkFound

#: Width of the ring along the edge from which the page's level is read, as a share of the shorter side.
RING_SHARE = 0.02
#: Ink weaker than this, in grey levels, cannot be told from paper. Faint pencil on white is 30 and more.
MIN_CONTRAST = 16
#: Share of pixels that may be stronger than the level taken as full ink, so that one hot pixel does not set it.
FULL_INK_SHARE = 0.0005
#: Median absolute deviations of the ring that make the noise floor: two standard deviations of Gaussian noise. The
#: median lets strokes run out of the picture over up to half of its edge.
NOISE_DEVIATIONS = 3.0
#: The noise floor never takes more than this share of the ink's range.
MAX_NOISE = 0.4
#: Ink from this share of full ink up counts as part of a mark.
MARK_LEVEL = 0.25
#: A mark smaller than this share of the largest one is a speck. The dot of an i is 0.03 and more.
SPECK_SHARE = 0.01
#: Pictures up to this side, in pixels, are near the network's own resolution: there a speck is as good as a dot.
SPECK_MIN_SIDE = 40


class Polarity(StrEnum):
    """Which of ink and page is the darker."""

    AUTO = "auto"
    DARK_ON_LIGHT = "dark_on_light"
    LIGHT_ON_DARK = "light_on_dark"


@dataclass(frozen=True)
class Ink:
    """What was written.

    pixels: uint8 [height, width], 0 where there is page, 255 where there is full ink.
    box: (left, top, right, bottom) around the marks, in pixels of `pixels`, right and bottom exclusive.
    polarity: how it stood in the picture; never `AUTO`.
    """

    pixels: npt.NDArray[np.uint8]
    box: tuple[int, int, int, int]
    polarity: Polarity


@dataclass(frozen=True)
class Page:
    """The sheet behind the ink: its grey level, the noise on it in grey levels, and the polarity."""

    level: float
    noise: float
    polarity: Polarity


def find_ink(pixels: npt.NDArray[np.uint8], polarity: Polarity = Polarity.AUTO) -> Ink:
    """Separate what was written from the page it stands on.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white.
        polarity: overrules the detection unless `AUTO`.

    Raises:
        NoInkFound: nothing stands out from the page.
    """
    page = measure_page(pixels, polarity)
    ink = lift_ink(pixels, page)
    if min(pixels.shape) > SPECK_MIN_SIDE:
        ink = drop_specks(ink)
    return Ink(ink, bounding_box(ink), page.polarity)


def measure_page(pixels: npt.NDArray[np.uint8], polarity: Polarity = Polarity.AUTO) -> Page:
    """Read the page's level and noise along the edge of the picture, and on which side of it the ink lies.

    The page is what the edge shows, not the mean: a thick brush may cover more than half of a tight crop. The
    side with more squared contrast carries the ink.
    """
    width = max(1, round(RING_SHARE * min(pixels.shape)))
    ring = np.concatenate([edge.ravel() for edge in _edges(pixels, width)]).astype(np.float32)
    level = float(np.median(ring))
    if polarity is Polarity.AUTO:
        counts = np.bincount(pixels.ravel(), minlength=256)
        contrast = np.arange(256) - level
        energy = counts * contrast**2
        darker = energy[contrast < 0].sum() >= energy[contrast > 0].sum()
        polarity = Polarity.DARK_ON_LIGHT if darker else Polarity.LIGHT_ON_DARK
    return Page(level, NOISE_DEVIATIONS * float(np.median(np.abs(ring - level))), polarity)


def lift_ink(pixels: npt.NDArray[np.uint8], page: Page) -> npt.NDArray[np.uint8]:
    """Map the page to 0 and full ink to 255, linearly between.

    Returns:
        uint8 [height, width], white ink on black.

    Raises:
        NoInkFound: the strongest ink stands out by less than `MIN_CONTRAST`.
    """
    levels = np.arange(256, dtype=np.float32)
    contrast = page.level - levels if page.polarity is Polarity.DARK_ON_LIGHT else levels - page.level
    counts = np.bincount(pixels.ravel(), minlength=256)
    order = np.argsort(contrast)[::-1]
    full = float(contrast[order][np.searchsorted(np.cumsum(counts[order]), 1 + int(FULL_INK_SHARE * pixels.size))])
    if full < MIN_CONTRAST:
        raise NoInkFound("Nothing is written on the page, or too faintly to be told from it.")
    floor = min(page.noise, MAX_NOISE * full)
    table = np.clip((contrast - floor) * (255 / (full - floor)), 0, 255)
    return np.asarray(cv2.LUT(pixels, np.rint(table).astype(np.uint8)), np.uint8)


def drop_specks(ink: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Clear everything that neither is a mark nor lies within two pixels of one.

    Args:
        ink: uint8 [height, width], white on black.

    Returns:
        The same shape, with only the marks of at least `SPECK_SHARE` of the largest one's area.
    """
    marks = (ink >= MARK_LEVEL * 255).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    if count < 2:
        return ink
    areas = stats[:, cv2.CC_STAT_AREA]
    keep = areas >= SPECK_SHARE * areas[1:].max()
    keep[0] = False
    kept = cv2.dilate(keep.astype(np.uint8)[labels], np.ones((5, 5), np.uint8))
    return np.asarray(ink * kept, np.uint8)


def bounding_box(ink: npt.NDArray[np.uint8], level: float = MARK_LEVEL) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom), the latter two exclusive, around all ink from `level` (0..1 of full ink) up.

    Raises:
        NoInkFound: no pixel reaches the level.
    """
    marks = ink >= max(1, round(level * 255))
    rows, columns = np.flatnonzero(marks.any(axis=1)), np.flatnonzero(marks.any(axis=0))
    if rows.size == 0:
        raise NoInkFound("Nothing is written on the page.")
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _edges(pixels: npt.NDArray[np.uint8], width: int) -> list[npt.NDArray[np.uint8]]:
    return [pixels[:width], pixels[-width:], pixels[:, :width], pixels[:, -width:]]
