"""The sheet behind the ink: one grey level where it is plain, a smooth surface where light falls on it unevenly."""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Contrast = npt.NDArray[np.float32]

#: Width of the ring along the edge from which a plain page is told, as a share of the shorter side.
RING_SHARE = 0.02
#: A page is plain where at least this share of the ring lies within so many grey levels of its commonest level. Strokes
#: may run out of the picture over the rest; the paper of a photo is never that even, a drawing program's is. Tuned on
#: phone photos against scikit-learn's digits, half of which touch the edge of their picture.
PLAIN_SHARE = 0.55
PLAIN_TOLERANCE = 1
#: And so must this share of the whole picture, or the ring is a frame around the page.
PLAIN_PICTURE_SHARE = 0.15
#: Pictures of a shorter side than this, in pixels, are crops: they show no table and no soft shadow, and their strokes
#: are as wide as what is taken out of larger ones.
CROP_SIDE = 96
#: A plain page is shaded where grey levels off the page's fall slowly over more than this share of it.
SHADED_SHARE = 0.05
#: They fall slowly where they do by no more than so many grey levels over `SHADE_BLUR`.
SHADE_FALL = 6
#: The distance, in pixels, over which the fall of grey levels is looked at.
SHADE_BLUR = 5
#: Median absolute deviations that make the noise floor of a plain page: two standard deviations of Gaussian noise.
NOISE_DEVIATIONS = 3.0
#: The noise floor never takes more than this share of the ink's range.
MAX_NOISE = 0.4
#: Shorter side, in pixels, of the sample that medians are taken of.
SAMPLED_SIDE = 64
#: Standard deviations of Gaussian noise to a median absolute deviation of it.
DEVIATION = 1.4826
#: Longest side, in pixels, of the picture that the surface is fitted to.
FIT_SIDE = 64
#: Degree of the surface. 2, 3 and 4 read the same share of 183 phone photos of digits.
FIT_DEGREE = 3
#: Passes of reweighting, after which the surface moves by less than a grey level.
FIT_PASSES = 8
#: Residuals of so many standard deviations have half the weight: ink, and whatever else is not page.
FIT_TOLERANCE = 1.5
#: Least standard deviation that the fit reckons with, in grey levels.
FIT_MIN_DEVIATION = 1.5
#: Keeps the solution finite on pages of a few pixels.
FIT_RIDGE = 1e-3
#: Below this level, in grey levels, contrast is no longer taken relative to the page: on a black board the ratio is
#: all noise.
DARKEST_REFERENCE = 64


@dataclass(frozen=True)
class Page:
    """How the page looks without ink.

    level: grey levels, float32 [height, width], or [1, 1] of a plain page.
    plain: whether it is the same level everywhere.
    """

    level: Contrast
    plain: bool

    def contrast(self, pixels: Pixels) -> Contrast:
        """Return how far pixels stand out from the page, as a share of its light.

        Args:
            pixels: uint8 [height, width].

        Returns:
            float32 [height, width], negative where darker, about -1 for black on white.
        """
        return np.asarray((pixels - self.level) / np.maximum(self.level, DARKEST_REFERENCE), np.float32)

    def share(self, levels: float) -> float:
        """Return grey levels as a share of the light in the middle of the page."""
        height, width = self.level.shape
        return levels / max(float(self.level[height // 2, width // 2]), DARKEST_REFERENCE)


def measure_page(pixels: Pixels) -> Page:
    """Find the page behind the ink, whichever of the two is the darker.

    A plain page is read from the edge of the picture, not from its mean: a thick brush may cover more than half of a
    tight crop. Otherwise a cubic surface is fitted, and what lies far from it loses its weight (Cauchy reweighting).

    Args:
        pixels: uint8 [height, width].
    """
    width = max(1, round(RING_SHARE * min(pixels.shape)))
    edges = (pixels[:width], pixels[-width:], pixels[:, :width], pixels[:, -width:])
    ring = np.concatenate([edge.ravel() for edge in edges])
    counts = np.bincount(ring, minlength=256)
    level = int(counts.argmax())
    near = range(max(0, level - PLAIN_TOLERANCE), min(255, level + PLAIN_TOLERANCE) + 1)
    of_ring = counts[near.start : near.stop].tolist()
    if sum(of_ring) >= PLAIN_SHARE * ring.size:
        of_picture = cv2.countNonZero(cv2.inRange(pixels, near.start, near.stop - 1))
        if of_picture >= PLAIN_PICTURE_SHARE * pixels.size and not is_shaded(pixels, level):
            return Page(np.array([[_median_of(near, of_ring)]], np.float32), plain=True)
    return Page(_fitted(pixels), plain=False)


def _median_of(levels: range, counts: list[int]) -> float:
    """Return the median of pixels, `counts` of which have each of the ascending `levels`."""
    half, odd = divmod(sum(counts), 2)
    up_to = list(itertools.accumulate(counts))
    lower, upper = (levels[bisect.bisect_right(up_to, rank)] for rank in (half if odd else half - 1, half))
    return (lower + upper) / 2


def is_shaded(pixels: Pixels, level: int) -> bool:
    """Tell whether much of a picture is neither at the page's level nor drawn, but falls softly: a shadow.

    So it is where a phone or a scanning program has made the rest of the sheet all white.

    Args:
        pixels: uint8 [height, width]; a crop, see `CROP_SIDE`, has none.
        level: of the page.
    """
    if min(pixels.shape) < CROP_SIDE:
        return False
    # Blurred, since what falls by less than a level a pixel would be steps and noise.
    soft = cv2.blur(pixels, (SHADE_BLUR, SHADE_BLUR))
    fall = cv2.morphologyEx(soft, cv2.MORPH_GRADIENT, np.ones((SHADE_BLUR, SHADE_BLUR), np.uint8))
    off = np.abs(soft.astype(np.int16) - level) > 2 * PLAIN_TOLERANCE
    return float(np.mean(off & (fall >= 1) & (fall <= SHADE_FALL))) > SHADED_SHARE


def median(values: npt.NDArray[np.generic]) -> float:
    """Return what `np.median` does of some numbers, in a third of the time where they are few."""
    half = values.size // 2
    if values.size % 2:
        return float(np.partition(values.ravel(), half)[half])
    lower, upper = np.partition(values.ravel(), (half - 1, half))[half - 1 : half + 1]
    # NumPy halves floating-point numbers in their own precision.
    return float((lower + upper) / 2) if values.dtype.kind == "f" else (float(lower) + float(upper)) / 2


def _fitted(pixels: Pixels) -> Contrast:
    scale = min(1.0, FIT_SIDE / max(pixels.shape))
    height, width = (max(2, round(side * scale)) for side in pixels.shape)
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32))
    terms = [x**i * y**j for i in range(FIT_DEGREE + 1) for j in range(FIT_DEGREE + 1 - i)]
    basis = np.stack(terms, axis=1)
    values = small.ravel()
    surface = np.full_like(values, median(values))
    ridge = FIT_RIDGE * np.eye(len(terms), dtype=np.float32)
    for _ in range(FIT_PASSES):
        residual = values - surface
        deviation = max(FIT_MIN_DEVIATION, DEVIATION * median(np.abs(residual)))
        weighted = basis / (1 + (residual / (FIT_TOLERANCE * deviation)) ** 2)[:, None]
        surface = basis @ np.linalg.solve(weighted.T @ basis + ridge, weighted.T @ values)
    fitted = np.clip(surface, 0, 255).reshape(height, width)
    return np.asarray(cv2.resize(fitted, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def sampled(contrast: Contrast) -> Contrast:
    """Return every so many pixels of a large picture: enough for its median."""
    step = max(1, min(contrast.shape) // SAMPLED_SIDE)
    return contrast[::step, ::step]
