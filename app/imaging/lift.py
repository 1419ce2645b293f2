"""Contrast -> ink: the page to 0, the writing to 255, and what is fainter than it in between.

Constants that name no other set were set on the drawn pages of the tests and on the photos that README measures.
"""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.errors import NoInkFound
from app.imaging.marks import Chosen, find_marks, main_mark, strength, writing_strength
from app.imaging.page import DEVIATION, MAX_NOISE, NOISE_DEVIATIONS, Contrast, Pixels, median, ring_of, sampled
from app.imaging.ruling import without_whole_lines
from app.imaging.uneven import LOCAL_WINDOW, MIN_CONTRAST_UNEVEN, flatten_locally, local_window

#: Ink weaker than this share of the page's light cannot be told from it: 16 of 255 grey levels on white. Faint pencil
#: is 0.1 and more.
MIN_CONTRAST = 16 / 255
#: Standard deviations that make the noise floor of an uneven page.
UNEVEN_NOISE_DEVIATIONS = 3.0
#: Share of pixels that may be stronger than the level taken as full ink, so that one hot pixel does not set it.
FULL_INK_SHARE = 0.0005
#: On a plain page, so may this share of the inked ones: small writing has few.
FULL_INK_SHARE_OF_INK = 0.1
#: So few inked pixels of a large plain page are no writing.
LEAST_INKED = 8
#: Writing is stronger than this many standard deviations of the noise. Of 578 uneven photos of characters the weakest
#: is 36, and of 192 pictures of pure noise the strongest 9.4.
MIN_SIGNAL = 12.0
#: Writing has more pixels than this beside lines that cross the picture; they are more often weaker than it than not.
LEAST_BESIDE_LINES = 20
#: A mark that a line crossing the picture may be part of spans at least this share of a side.
LINE_SPAN = 0.9
#: A mark of squared paper spans at least this share of both sides.
SQUARES_SPAN = 0.5
#: Squared paper has at least so many holes.
LEAST_SQUARES = 12
#: Of what is stronger in it, one piece has at least this share: the writing. This one and the next two were set on
#: drawn squared paper.
WRITING_SHARE = 0.5
#: That piece spans no more than this share of either side.
WRITING_SPAN = 0.8
#: The squares are weaker than this share of the writing.
SQUARES_FAINTER = 0.6


def lift_plain(contrast: Contrast) -> Pixels:
    """Map a plain page to 0 and the strongest ink to 255, linearly between.

    Args:
        contrast: float32 [height, width], positive where there is ink.

    Returns:
        uint8 [height, width].

    Raises:
        NoInkFound: nothing, or hardly a pixel, stands out by `MIN_CONTRAST`.
    """
    # Among the inked pixels alone: selection is slow where most of a picture is equal.
    inked = contrast[contrast >= MIN_CONTRAST]
    hotter = int(FULL_INK_SHARE * contrast.size)
    if inked.size <= min(hotter, LEAST_INKED):
        raise NoInkFound("Nothing is written on the page, or too faintly to be told from it.")
    hotter = min(hotter, int(FULL_INK_SHARE_OF_INK * inked.size))
    full = float(np.partition(inked, -1 - hotter)[-1 - hotter] if hotter else inked.max())
    noise = NOISE_DEVIATIONS * median(np.abs(ring_of(contrast)))
    return lifted(contrast, min(noise, MAX_NOISE * full), full)


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
    sample = sampled(contrast)
    level = median(sample)
    floor = level + UNEVEN_NOISE_DEVIATIONS * DEVIATION * median(np.abs(sample - level))
    # Where strokes cover half of a crop, its median is no noise.
    floor = min(floor, MAX_NOISE * float(np.quantile(contrast, 1 - FULL_INK_SHARE)))
    threshold = max(floor, MIN_CONTRAST_UNEVEN)
    marks = find_marks(contrast, threshold)
    main = main_mark(marks)
    left, top, right, bottom = marks.boxes[main].tolist()
    spans = (right - left) / contrast.shape[1], (bottom - top) / contrast.shape[0]
    mark = marks.labels == main
    full = strength(contrast[mark])
    strengths = strengths_on_squares(contrast, mark) if min(spans) >= SQUARES_SPAN else None
    if strengths is None and max(spans) >= LINE_SPAN:
        # It may be no more than a line that crosses the picture, and the writing on it.
        rest = without_whole_lines(contrast, threshold)
        if np.count_nonzero(rest > threshold) > LEAST_BESIDE_LINES:
            full = max(full, writing_strength(rest, threshold))
    if full < MIN_SIGNAL * noise:
        raise NoInkFound("The picture is all noise; no character stands out from it.")
    return lifted(contrast, *(strengths or (min(floor, MAX_NOISE * full), full)))


def strengths_on_squares(contrast: Contrast, squares: Chosen) -> tuple[float, float] | None:
    """Tell writing on squared paper from the squares by its strength, where it is by much the stronger.

    Args:
        contrast: float32 [height, width], positive where there may be ink.
        squares: bool [height, width], a mark that may be squared paper with writing on it.

    Returns:
        The strength of the squares and that of the writing; None where the mark is no such paper, or the writing is no
        stronger.
    """
    height, width = contrast.shape
    if cv2.connectedComponents((~squares).astype(np.uint8), connectivity=4)[0] - 1 < LEAST_SQUARES:
        return None
    ink = contrast[squares]
    scale = 255 / float(ink.max())
    split, _ = cv2.threshold(np.rint(ink * scale).astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
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
    of_squares, of_writing = strength(weak), strength(contrast[np.asarray(labels) == largest])
    return (of_squares, of_writing) if of_squares < SQUARES_FAINTER * of_writing else None


def lifted(contrast: Contrast, floor: float, full: float) -> Pixels:
    """Map contrast, float32 [height, width], to uint8: what is at most `floor` to 0, from `full` up to 255."""
    return np.asarray(np.rint(np.clip((contrast - floor) * (255 / (full - floor)), 0, 255)), np.uint8)
