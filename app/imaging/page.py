"""The sheet behind the ink: one grey level where it is plain, a smooth surface where light falls on it unevenly."""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Contrast = npt.NDArray[np.float32]
Value = TypeVar("Value", bound=np.generic)

#: Width of the ring along the edge from which a plain page is told, as a share of the shorter side.
RING_SHARE = 0.02
#: A page is plain where at least this share of the ring lies within so many grey levels of its commonest level. Strokes
#: may run out of the picture over the rest; the paper of a photo is never that even, a drawing program's is. Tuned on
#: phone photos against scikit-learn's digits, half of which touch the edge of their picture.
PLAIN_SHARE = 0.55
PLAIN_TOLERANCE = 1
#: And so must this share of the whole picture, or the ring is a frame around the page.
PLAIN_PICTURE_SHARE = 0.15
#: What lies around a page, such as bars beside a photo, has at least this share of the ring: half, of two sides.
AROUND_SHARE = 0.48
#: Pictures of a shorter side than this, in pixels, are crops: they show no table and no soft shadow, and their strokes
#: are as wide as what is taken out of larger ones.
CROP_SIDE = 96
#: Strips are pictures whose longer side is more than so many times the shorter one: no photo of a page is one.
STRIP_ASPECT = 3
#: Narrow is a picture whose longer side is so many times the shorter one or more: a tight crop of a 1 is.
NARROW_ASPECT = 2.5
#: Beside the middle of a narrow picture is so much of its width on either side.
NARROW_MARGIN = 0.25
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
#: Degree of the surface under a page that is even. This one and the next eight were set on drawn crops of photos.
EVEN_DEGREE = 2
#: Passes that tell ink from page and fit the surface to the page alone.
EVEN_PASSES = 4
#: Where ink and page share the picture's edges, give or take so much, as around a tight L, ...
EDGE_DOUBT = 0.06
#: ... and one of them is so many times as wide as the other, it is the page.
WIDER = 2.0
#: What counts as ink covers at least this share of an even page's picture.
EVEN_INK = 0.05
#: Nearly all of the page lies within this share of the ink's strength: faint ruling does.
EVEN_REST = 0.25
#: So much of it may lie beyond on the ink's side, as lines do, and so much on the other, where nothing is written.
EVEN_BEYOND = (0.02, 0.005)
#: Nearly all ink is weaker than so many times its median, or that is a shadow's.
EVEN_SPREAD = 1.7
#: This share of it may be stronger.
EVEN_STRONGER = 0.03
#: Of ink that is somewhere deeper than the first share of the shorter side only the second may be: it may be a shadow
#: with a little writing on it. Set on drawn photos with the shadow of a phone.
THICK_DEPTH = 0.17
THICK_STRONGER = 0.003
#: Below this level, in grey levels, contrast is no longer taken relative to the page: on a black board the ratio is
#: all noise.
DARKEST_REFERENCE = 64


@dataclass(frozen=True)
class _EvenLimits:
    """How much of a picture may be what, so that its page is even: shares of it.

    ink: the most that may be ink.
    edge: the most of its outermost pixels that may be: strokes run out there, shadows and tables more often.
    page: the least that is page, without the border of the ink.
    """

    ink: float
    edge: float
    page: float


#: Of a photo, and of a crop, see `CROP_SIDE`: such a one may be cut out along the character's own sides.
EVEN_PHOTO = _EvenLimits(ink=0.6, edge=0.25, page=0.2)
EVEN_CROP = _EvenLimits(ink=0.8, edge=0.55, page=0.08)


@dataclass(frozen=True)
class Page:
    """How the page looks without ink.

    level: grey levels, float32 [height, width], or [1, 1] of a plain page.
    plain: whether it is the same level everywhere.
    even: whether light falls on it smoothly, and nothing but ink differs from the level by much.
    around: grey level of what may lie around it, such as bars beside a photo; None where the edges have no such level.
    most_noise: no less than the standard deviation of its noise, in grey levels, of the even page of a small picture.
    """

    level: Contrast
    plain: bool
    even: bool = False
    most_noise: float = math.inf
    around: float | None = None

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
    ring = ring_of(pixels, width)
    counts = np.bincount(ring, minlength=256)
    level = int(counts.argmax())
    near = range(max(0, level - PLAIN_TOLERANCE), min(255, level + PLAIN_TOLERANCE) + 1)
    of_ring = counts[near.start : near.stop].tolist()
    if sum(of_ring) < AROUND_SHARE * ring.size:
        return lit_page(pixels)
    around = _median_of(near, of_ring)
    of_picture = cv2.countNonZero(cv2.inRange(pixels, near.start, near.stop - 1))
    if (
        sum(of_ring) >= PLAIN_SHARE * ring.size
        and of_picture >= PLAIN_PICTURE_SHARE * pixels.size
        and not is_shaded(pixels, level)
    ):
        return Page(np.array([[around]], np.float32), plain=True, around=around)
    return replace(lit_page(pixels), around=around)


def ring_of(field: npt.NDArray[Value], width: int = 1) -> npt.NDArray[Value]:
    """Return the outermost pixels of a field, [N] of [height, width], so many from each edge; corners count twice."""
    edges = (field[:width], field[-width:], field[:, :width], field[:, -width:])
    return np.concatenate([edge.ravel() for edge in edges])


def is_strip(shape: tuple[int, ...]) -> bool:
    """Tell whether a picture of that (height, width) is so much longer than wide that it is no photo of a page."""
    return max(shape) > STRIP_ASPECT * min(shape)


def is_narrow(shape: tuple[int, ...]) -> bool:
    """Tell whether a picture of that (height, width) is as narrow as a tight crop of a 1."""
    return max(shape) >= NARROW_ASPECT * min(shape)


def across(field: Contrast | Pixels) -> tuple[float, float]:
    """Return the mean of a narrow field, [height, width] of at least 3 each, in its middle and beside it."""
    profile = np.atleast_1d(np.mean(field, axis=0 if field.shape[0] > field.shape[1] else 1))
    margin = max(1, int(NARROW_MARGIN * profile.size))
    return float(profile[margin:-margin].mean()), float(np.delete(profile, slice(margin, -margin)).mean())


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


def lit_page(pixels: Pixels) -> Page:
    """Find the page behind the ink under light that falls on it unevenly.

    It is even where ink is all there is besides, as in a crop of a photo. Ink and page are told apart by two levels
    (Otsu 1979), a surface is fitted to what is page, and so on anew from what differs from that. A surface that is
    fitted to all pixels bends towards strokes that cover much of the picture; it is the page where there is more to the
    picture: a fold, a hard shadow, a table.

    Args:
        pixels: uint8 [height, width].
    """
    small = _reduced_to_fit(pixels)
    crop = min(pixels.shape) < CROP_SIDE
    if (even := _even_surface(small, small, crop=crop)) is None:
        surface = _surface(small)
        # Where light falls off by more than faint ink differs from the page, the levels are told from the rest.
        if (even := _even_surface(small, small - surface, crop=crop)) is None:
            return Page(_enlarged(surface, pixels.shape), plain=False)
    surface, noise = even
    most_noise = noise if small.shape == pixels.shape else math.inf
    return Page(_enlarged(surface, pixels.shape), plain=False, even=True, most_noise=most_noise)


def _even_surface(small: Contrast, rest: Contrast, *, crop: bool) -> tuple[Contrast, float] | None:
    """Fit a surface to the page alone; None where other than ink differs from it.

    Args:
        small: a picture, float32 [height, width], in grey levels.
        rest: what differs from the page in it, as far as is known, float32 [height, width].
        crop: whether the picture is one.

    Returns:
        float32 [height, width], and the standard deviation of what is page from it, in grey levels.
    """
    limits = EVEN_CROP if crop else EVEN_PHOTO
    narrow = crop and is_narrow(small.shape)
    basis = _terms(small.shape, EVEN_DEGREE)
    around = np.ones((3, 3), np.uint8)
    for _ in range(EVEN_PASSES):
        if float(np.ptp(rest)) < 1:
            return None
        ink = _ink_of(rest, narrow=narrow)
        page = cv2.dilate(ink, around) == 0
        if page.sum() < limits.page * page.size:
            return None
        surface = basis @ _solved(basis[page.ravel()], small[page])
        rest = small - surface.reshape(small.shape)
    inked = rest[ink > 0]
    strength = median(inked)
    at_edge = 0.0 if narrow else float(ring_of(ink).mean())
    if at_edge > limits.edge or not EVEN_INK <= ink.mean() <= limits.ink or abs(strength) < 1:
        return None
    # Upwards on the side of the ink.
    of_page, of_ink = rest[page] / strength, inked / strength
    beyond, behind = EVEN_BEYOND
    even = np.quantile(of_page, 1 - beyond) <= EVEN_REST and np.quantile(of_page, behind) >= -EVEN_REST
    thick = not crop and depth_of(ink) > THICK_DEPTH * min(ink.shape)
    stronger = THICK_STRONGER if thick else EVEN_STRONGER
    if not even or np.quantile(of_ink, 1 - stronger) > EVEN_SPREAD:
        return None
    return np.asarray(small - rest, np.float32), DEVIATION * median(np.abs(rest[page]))


def depth_of(chosen: Pixels) -> float:
    """Return how far the innermost of some pixels, uint8 [height, width], is from all others and from the edges."""
    return float(cv2.distanceTransform(np.pad(chosen, 1), cv2.DIST_L2, 3).max())


def _ink_of(rest: Contrast, *, narrow: bool) -> Pixels:
    """Tell ink from page by two levels (Otsu 1979): ink has less of the picture's edges, or the middle where narrow.

    Args:
        rest: what differs from the page, as far as is known, float32 [height, width], not all of it equal.
        narrow: whether the picture is a narrow crop, whose edges a 1 may fill.

    Returns:
        uint8 [height, width], 1 where there is ink.
    """
    least = float(rest.min())
    levels = np.rint((rest - least) * (255 / float(np.ptp(rest)))).astype(np.uint8)
    ink = np.asarray(cv2.threshold(levels, 0, 1, cv2.THRESH_OTSU)[1], np.uint8)
    if narrow and min(ink.shape) > 2:
        middle, sides = across(ink)
        lighter = middle >= sides
    else:
        at_edge = float(ring_of(ink).mean())
        lighter = at_edge <= 0.5
        if abs(at_edge - 0.5) < EDGE_DOUBT:
            of_lighter, of_darker = depth_of(ink), depth_of(np.asarray(1 - ink, np.uint8))
            lighter = of_darker >= WIDER * of_lighter or (lighter and of_lighter < WIDER * of_darker)
    return ink if lighter else np.asarray(1 - ink, np.uint8)


def _reduced_to_fit(pixels: Pixels) -> Contrast:
    """Return a picture, float32 [height, width], reduced to `FIT_SIDE`."""
    scale = min(1.0, FIT_SIDE / max(pixels.shape))
    height, width = (max(2, round(side * scale)) for side in pixels.shape)
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)


@lru_cache(maxsize=8)
def _terms(shape: tuple[int, int], degree: int) -> Contrast:
    """Return each term of a surface of some degree at each pixel, float32 [pixels, terms]."""
    height, width = shape
    y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32))
    terms = np.stack([x**i * y**j for i in range(degree + 1) for j in range(degree + 1 - i)], axis=1)
    terms.setflags(write=False)
    return terms


def _surface(small: Contrast) -> Contrast:
    """Fit a surface to all of a picture, float32 [height, width]; what lies far from it loses its weight."""
    basis, values = _terms(small.shape, FIT_DEGREE), small.ravel()
    surface = np.full_like(values, median(values))
    for _ in range(FIT_PASSES):
        residual = values - surface
        deviation = max(FIT_MIN_DEVIATION, DEVIATION * median(np.abs(residual)))
        weighted = basis / (1 + (residual / (FIT_TOLERANCE * deviation)) ** 2)[:, None]
        surface = basis @ _solved(basis, values, weighted)
    return np.asarray(surface.reshape(small.shape), np.float32)


def _solved(basis: Contrast, values: Contrast, weighted: Contrast | None = None) -> Contrast:
    """Return the coefficients of the terms, float32 [terms], that come nearest to some values."""
    weighted = basis if weighted is None else weighted
    ridge = FIT_RIDGE * np.eye(basis.shape[1], dtype=np.float32)
    return np.asarray(np.linalg.solve(weighted.T @ basis + ridge, weighted.T @ values), np.float32)


def _enlarged(surface: Contrast, shape: tuple[int, ...]) -> Contrast:
    level = cv2.resize(np.clip(surface, 0, 255), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(level, np.float32)


def sampled(contrast: Contrast) -> Contrast:
    """Return every so many pixels of a large picture: enough for its median."""
    step = max(1, min(contrast.shape) // SAMPLED_SIDE)
    return contrast[::step, ::step]
