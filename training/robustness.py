"""How much of a model's accuracy is left when pictures get worse, beside a model served with plain resizing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from app.artifacts import Artifact
from app.imaging import GEOMETRIES, SIDE, ImageError, prepare_pixels
from training.corruptions import CORRUPTIONS, STRENGTHS, clean_page, corrupt
from training.datasets import LabelledImages
from training.evaluate import load_network
from training.progress import tracked

Pixels = npt.NDArray[np.uint8]
#: Page to network input; None where there is no ink on it.
Reader = Callable[[Pixels], npt.NDArray[np.float32] | None]
CLEAN = "clean"


@dataclass(frozen=True)
class Robustness:
    """Accuracies, 0..1, of one way of reading.

    name: of the model and the way.
    accuracies: corruption to its accuracy at each of `STRENGTHS`; "clean" has one figure.
    """

    name: str
    accuracies: dict[str, tuple[float, ...]]

    @property
    def mean(self) -> float:
        """The mean over all corruptions and strengths."""
        return float(np.mean([value for name, values in self.accuracies.items() if name != CLEAN for value in values]))


def through_the_chain(geometry: str) -> Reader:
    """Return the reader that serves."""

    def read(page: Pixels) -> npt.NDArray[np.float32] | None:
        try:
            return prepare_pixels(page, GEOMETRIES[geometry])
        except ImageError:
            return None

    return read


def plain_resizing(page: Pixels) -> npt.NDArray[np.float32]:
    """Scale a page to 28x28, and invert it where it is mostly light: what most such services do."""
    small = cv2.resize(page, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray((255 - small if small.mean() > 127 else small) / 255, np.float32)


def measure(artifact: Artifact, data: LabelledImages, read: Reader, way: str, seed: int = 0) -> Robustness:
    """Corrupt every image in every way and strength, half of them dark on light and half light on dark.

    A page without ink for the reader is a mistake.

    Args:
        artifact: the model.
        data: images of a test set.
        read: page to network input.
        way: what the reader is called.
        seed: of the corruptions; equal seeds give equal pictures to every model.
    """
    network = load_network(artifact.path)
    pages = [clean_page(image) for image in data.images]
    jobs = [(CLEAN, 0)] + [(name, strength) for name in CORRUPTIONS for strength in STRENGTHS]
    found: dict[str, tuple[float, ...]] = {}
    for number, (name, strength) in enumerate(tracked(jobs, f"{artifact.card.name}, {way}", total=len(jobs))):
        seen = np.zeros((len(pages), *artifact.card.input_shape), np.float32)
        found_ink = np.zeros(len(pages), np.bool_)
        for index, page in enumerate(pages):
            picture = corrupt(page, name, strength, np.random.default_rng([seed, number, index])) if strength else page
            network_input = read(255 - picture if index % 2 else picture)
            if network_input is not None:
                seen[index, ..., 0], found_ink[index] = network_input, True
        right = found_ink & (network(seen).argmax(axis=1) == data.labels)
        found[name] = (*found.get(name, ()), round(float(right.mean()), 4))
    return Robustness(f"{artifact.card.name} {artifact.card.version}, {way}", found)
