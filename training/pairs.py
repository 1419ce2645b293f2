"""Pictures of two characters apart from each other, and how often it is noticed that there are two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging import GEOMETRIES, NoInkFound, find_ink
from training.datasets import LabelledImages
from training.degrade import Degradation, redraw, taken
from training.split import Images
from training.streams import PAIRS

Pixels = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]

#: From one character to the next, as shares of the height of that page's characters, before each varies by a fifth.
GAPS = (0.5, 2.0)
#: Whether they are apart across and down the page.
DIRECTIONS = ((True, False), (False, True), (True, True))
#: That height, in pixels of the picture, from and to.
HEIGHTS = (30.0, 110.0)
#: What befalls the pages; without lines, since a box around one of two would make that one the character.
PAGES = Degradation(ruled=0.0, boxed=0.0)


@dataclass(frozen=True)
class Noticed:
    """What became of pictures, as shares of all of them, 0..1.

    unread: in which no character was found.
    unsure: whose answer had too little confidence.
    several: that were seen to show more than one character.
    uncertain: whose answer would be marked so, for either reason.
    """

    unread: float
    unsure: float
    several: float
    uncertain: float


def measure(
    shown: Iterable[Pixels], geometry: str, network: Callable[[Images], npt.NDArray[np.float32]], least: float
) -> Noticed:
    """Measure what is noticed of pictures, one at least.

    Args:
        shown: uint8 [height, width] each.
        geometry: key of `app.imaging.GEOMETRIES`.
        network: float32 [N, 28, 28, 1] in 0..1 -> probabilities, float32 [N, C].
        least: confidence that an answer has to have, 0..1; 0 where no answer is uncertain.
    """
    seen: list[npt.NDArray[np.float32]] = []
    alone: list[bool] = []
    count = 0
    for pixels in shown:
        count += 1
        try:
            ink = find_ink(pixels)
            seen.append(GEOMETRIES[geometry].frame(ink))
            alone.append(ink.alone)
        except NoInkFound:
            continue
    several = ~np.array(alone, np.bool_)
    unsure = network(np.stack(seen)[..., np.newaxis]).max(axis=1) < least if seen else several
    # Where no answer is ever uncertain, neither is one for another reason.
    uncertain = unsure | several if least else np.zeros_like(several)
    return Noticed(
        unread=1 - len(seen) / count,
        unsure=float(unsure.sum() / count),
        several=float(several.sum() / count),
        uncertain=float(uncertain.sum() / count),
    )


def pages(data: LabelledImages, together: int, count: int, seed: int) -> Iterator[Pixels]:
    """Yield pictures, uint8 [height, width], of characters drawn or photographed.

    A third of them are beside, below, and across from each other.

    Args:
        data: whose images the characters are.
        together: characters a picture.
        count: pictures.
        seed: the same seed gives the same pictures.
    """
    for index in range(count):
        rng = np.random.default_rng([seed, PAIRS, index])
        yield taken(_page([_strokes(data, rng) for _ in range(together)], rng), PAGES, rng)


def _strokes(data: LabelledImages, rng: np.random.Generator) -> Field:
    """Return the strokes of an image, cut to them: float32 [height, width] in 0..1."""
    row = int(rng.integers(len(data.labels)))
    strokes = redraw(data.images[row], data.classes[data.labels[row]].label, PAGES, rng)
    left, top, width, height = cv2.boundingRect((strokes > 0).astype(np.uint8))
    return strokes[top : top + height, left : left + width]


def _page(pieces: list[Field], rng: np.random.Generator) -> Field:
    """Put pieces about as high as each other on a page with a margin around all: float32 [height, width] in 0..1."""
    high = rng.uniform(*HEIGHTS)
    margin = round(high * rng.uniform(0.4, 0.9))
    resized = [_high(piece, round(high * rng.uniform(0.8, 1.2))) for piece in pieces]
    across, down = DIRECTIONS[rng.integers(len(DIRECTIONS))]
    sides = np.array([piece.shape for piece in resized])
    gaps = high * rng.uniform(*GAPS, len(pieces) - 1)
    places = [_places(sides[:, axis], gaps, apart, rng) for axis, apart in enumerate((down, across))]
    page = np.zeros([int((place + side).max()) for place, side in zip(places, sides.T, strict=True)], np.float32)
    for piece, top, left in zip(resized, *places, strict=True):
        height, width = piece.shape
        page[top : top + height, left : left + width] = piece
    return np.pad(page, margin)


def _places(
    sides: npt.NDArray[np.int64], gaps: npt.NDArray[np.float64], apart: bool, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return where pieces begin along one direction, int64 [N]: one after the other, or anywhere along the longest."""
    if not apart:
        return np.asarray(rng.integers(sides.max() - sides + 1), np.int64)
    return np.concatenate([[0], np.cumsum(sides[:-1] + np.rint(gaps).astype(np.int64))])


def _high(piece: Field, height: int) -> Field:
    """Scale a piece to a height; a flat one to that width."""
    scale = height / max(piece.shape)
    size = tuple(max(1, round(side * scale)) for side in piece.shape[::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(np.clip(cv2.resize(piece, size, interpolation=method), 0, 1), np.float32)
