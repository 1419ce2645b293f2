"""Measuring an artifact on people's own pictures, through the whole way that serves: decode, ink, geometry, network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.artifacts import Artifact, ModelCard
from app.imaging import GEOMETRIES, ImageError, decode, find_ink
from training.datasets import DatasetError
from training.datasets.photos import Photo
from training.evaluate import load_network
from training.plots import strips_plot

#: Characters that people cannot tell apart out of context either; the forgiving figure counts one as the other.
LOOKALIKES = ("0Oo", "1IilL", "2Zz", "5Ss", "9gq", "6b", "uUvV", "8B")
#: The most pixels of a picture that is measured, the service's own default.
MAX_PIXELS = 64_000_000
#: Mistakes on a sheet.
SHEET_LIMIT = 120

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Stages:
    """What became of a picture on its way: uint8 [height, width] upload and ink, float32 [28, 28] network input."""

    upload: Pixels
    ink: Pixels
    seen: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """What a model answered to a picture.

    photo: the picture.
    seen: float32 [28, 28], what the network saw; None where it could not be read.
    label: the answer, or the error where there was none.
    characters: what the answer stands for.
    confidence: 0..1.
    """

    photo: Photo
    seen: npt.NDArray[np.float32] | None
    label: str
    characters: tuple[str, ...]
    confidence: float

    @property
    def right(self) -> bool:
        """Whether the answer stands for the character."""
        return self.photo.character in self.characters

    @property
    def forgivable(self) -> bool:
        """Whether it is right, or looks like the character."""
        return self.right or any(self.photo.character in group and self.label in group for group in LOOKALIKES)


@dataclass(frozen=True)
class Score:
    """Of the pictures of one source: how many, and the shares that were right, strictly and with look-alikes."""

    images: int
    accuracy: float
    lookalikes_forgiven: float


def known_to(card: ModelCard, photos: Sequence[Photo]) -> list[Photo]:
    """Return the pictures whose character a model has a class for."""
    known = {character for item in card.classes for character in item.characters}
    return [photo for photo in photos if photo.character in known]


def read_all(artifact: Artifact, photos: Sequence[Photo]) -> list[Reading]:
    """Let a model answer every picture whose character it has a class for.

    Args:
        artifact: the model.
        photos: pictures of single characters; others than the model's are left out.

    Raises:
        DatasetError: none of them is the model's.
    """
    classes = artifact.card.classes
    mine = known_to(artifact.card, photos)
    if not mine:
        raise DatasetError(f"None of the pictures shows a character that {artifact.card.name} knows.")
    seen = np.zeros((len(mine), *artifact.card.input_shape), np.float32)
    errors: dict[int, str] = {}
    for index, photo in enumerate(mine):
        try:
            seen[index, ..., 0] = _stages(photo, artifact.card.geometry).seen
        except ImageError as error:
            errors[index] = type(error).__name__
    readings = []
    for index, (photo, row) in enumerate(zip(mine, load_network(artifact.path)(seen), strict=True)):
        best = classes[int(row.argmax())]
        readings.append(
            Reading(photo, None, errors[index], (), 0.0)
            if index in errors
            else Reading(photo, seen[index, ..., 0], best.label, best.characters, float(row.max()))
        )
    return readings


def scores(readings: Sequence[Reading]) -> dict[str, Score]:
    """Return the score of each source, and of all under "all"; there has to be a reading."""
    sources = {"all": list(readings)}
    for reading in readings:
        sources.setdefault(reading.photo.source, []).append(reading)
    return {
        source: Score(
            len(rows),
            round(float(np.mean([row.right for row in rows])), 4),
            round(float(np.mean([row.forgivable for row in rows])), 4),
        )
        for source, rows in sources.items()
    }


def mistakes_sheet(readings: Sequence[Reading], geometry: str, path: Path, *, title: str) -> None:
    """Draw the wrong answers: upload, ink, network input; below each the file, the character and the answer."""
    wrong = [reading for reading in readings if not reading.right]
    shown = wrong[:SHEET_LIMIT]
    # Read again: the uploads of a whole folder would not fit into memory.
    stages = [None if reading.seen is None else _stages(reading.photo, geometry) for reading in shown]
    strips_plot(
        [(s.upload, s.ink, np.asarray(np.rint(s.seen * 255), np.uint8)) if s else () for s in stages],
        [f"{r.photo.source}/{r.photo.path.stem}\n{r.photo.character} as {r.label} {r.confidence:.2f}" for r in shown],
        path,
        title=f"{title}: {len(shown)} of {len(wrong)} mistakes; upload, ink, network input",
    )


def _stages(photo: Photo, geometry: str) -> Stages:
    upload = decode(photo.path.read_bytes(), max_pixels=MAX_PIXELS).pixels
    ink = find_ink(upload)
    return Stages(upload, ink.pixels, GEOMETRIES[geometry].frame(ink))
