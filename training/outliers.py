"""Pictures of what a network does not know, so that it learns to be unsure of them.

Outlier exposure (Hendrycks et al. 2019, arXiv:1812.04606): beside the training images a batch has some outliers, whose
target is every class alike. What is then little confident is as well told from the known as by any score that was made
for it, and `confidence` itself says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging import GEOMETRIES, SIDE, NoInkFound, prepare_pixels
from training.allographs import hershey_glyph, spline, written
from training.datasets import LabelledImages
from training.streams import DRAWN_SIGNS, OUTLIERS

Pixels = npt.NDArray[np.uint8]

#: Classes of EMNIST's ByMerge that look like no digit: neither O, I, Z, S, b, q nor what a hasty hand makes of D or T.
UNLIKE_DIGITS = "ACEFHKMNPRUVWXadefhnrt"
#: Side, in pixels, of a page that is scribbled on.
PAGE = 64
#: Glyphs of Hershey's fonts that look like no character: emblems, planets, and kanji and kana of many strokes. No
#: recipe learns from them, so that they tell how unsure a network is of what it has never seen.
SIGNS = {
    "symbolic": "QRSTUVWXYZ^_`abcdefghimnp",
    "astrology": "$%&'-/",
    "japanese": "#$%&'()*+,-./0ADEFGIKMNPUVWXZ\\^_`abcdflnoqrxy{}",
}


@dataclass(frozen=True)
class Outliers:
    """What they are, and how much of them is learnt from.

    dataset: whose training images of `labels` are outliers; "" for none.
    labels: of the classes.
    drawn: how many scribbles there are, and as many pairs of training images side by side.
    batch: how many there are in a batch, beside `Recipe.batch_size`; 0 for no outliers.
    weight: of their loss against that of as many training images.
    """

    dataset: str = ""
    labels: str = ""
    drawn: int = 0
    batch: int = 0
    weight: float = 0.5


def outlier_images(
    spec: Outliers, training: LabelledImages, foreign: LabelledImages | None, geometry: str, seed: int
) -> Pixels:
    """Return outliers as the chain reads them off pages, uint8 [M, 28, 28], white on black.

    Args:
        spec: what they are.
        training: what the network learns from.
        foreign: the data set of `spec.dataset`.
        geometry: key of `app.imaging.GEOMETRIES`.
        seed: the same seed gives the same pictures.
    """
    pages: list[Pixels] = []
    if foreign is not None:
        known = [label for label, item in enumerate(foreign.classes) if item.label in spec.labels]
        pages.extend(foreign.images[np.isin(foreign.labels, known)])
    rng = np.random.default_rng([seed, OUTLIERS])
    for _ in range(spec.drawn):
        pages.append(scribble(rng))
        left, right = training.images[rng.integers(len(training.images), size=2)]
        pages.append(pair(left, right, rng))
    return np.stack([seen for page in pages if (seen := _read(page, geometry)) is not None])


def scribble(rng: np.random.Generator) -> Pixels:
    """Return uint8 [64, 64], white on black: a pen that goes nowhere."""
    page = np.zeros((PAGE, PAGE), np.uint8)
    for _ in range(rng.integers(1, 4)):
        points = rng.uniform(0.15, 0.85, (int(rng.integers(4, 12)), 2))
        curve = np.rint(spline(points) * PAGE).astype(np.int32)
        cv2.polylines(page, [curve], False, 255, int(rng.integers(2, 6)), cv2.LINE_AA)
    return page


def drawn_signs(count: int, geometry: str, seed: int) -> npt.NDArray[np.float32]:
    """Return some of `SIGNS` with an unsteady hand, as the chain reads them.

    Args:
        count: how many, N.
        geometry: key of `app.imaging.GEOMETRIES`.
        seed: the same seed gives the same pictures.

    Returns:
        float32 [N, 28, 28, 1] in 0..1.
    """
    rng = np.random.default_rng([seed, DRAWN_SIGNS])
    signs = [(font, sign) for font, known in SIGNS.items() for sign in known]
    seen: list[Pixels] = []
    while len(seen) < count:
        strokes = hershey_glyph(*signs[rng.integers(len(signs))])
        if (read := _read(255 * written(strokes, rng), geometry)) is not None:
            seen.append(read)
    return np.asarray(np.stack(seen)[..., np.newaxis] / 255, np.float32)


def pair(left: Pixels, right: Pixels, rng: np.random.Generator) -> Pixels:
    """Return two characters beside each other, uint8 [28, width], white on black."""
    (_, first), (start, _) = _columns(left), _columns(right)
    gap = int(rng.integers(1, 5))
    return np.hstack([left[:, :first], np.zeros((SIDE, gap), np.uint8), right[:, start:]])


def _columns(glyph: Pixels) -> tuple[int, int]:
    """Return the first inked column and the one after the last."""
    columns = np.flatnonzero(glyph.max(axis=0) > 0)
    return (int(columns[0]), int(columns[-1]) + 1) if columns.size else (0, glyph.shape[1])


def _read(page: Pixels, geometry: str) -> Pixels | None:
    try:
        return np.asarray(np.rint(prepare_pixels(page, GEOMETRIES[geometry]) * 255), np.uint8)
    except NoInkFound:
        return None
