"""A training set in two parts, seen through the preprocessing that serves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.imaging import GEOMETRIES, NoInkFound, prepare_pixels
from training.datasets import DatasetError, LabelledImages
from training.networks import INPUT_SHAPE
from training.progress import tracked
from training.recipes import Recipe
from training.streams import SPLIT

Images = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


def held_back(recipe: Recipe, data: LabelledImages) -> int:
    """Return how many images are kept for validation."""
    return round(recipe.validation_share * len(data.labels))


def split_parts(recipe: Recipe, data: LabelledImages) -> tuple[LabelledImages, LabelledImages]:
    """Return what is trained on, and a random share for validation, the same for the same `split_seed`."""
    order = np.random.default_rng([recipe.split_seed, SPLIT]).permutation(len(data.labels))
    held = held_back(recipe, data)
    return data.take(order[held:]), data.take(order[:held])


def framed(data: LabelledImages, geometry: str) -> tuple[Images, Labels]:
    """Send a data set through the preprocessing that serves.

    Returns:
        float32 [N, 28, 28, 1] in 0..1, and the labels.

    Raises:
        DatasetError: an image shows no character.
    """
    frame = GEOMETRIES[geometry]
    images = np.empty((len(data.images), *INPUT_SHAPE), np.float32)
    bar = tracked(data.images, f"preprocessing {data.name} {data.part}", total=len(images))
    for index, pixels in enumerate(bar):
        try:
            images[index, ..., 0] = prepare_pixels(pixels, frame)
        except NoInkFound as error:
            raise DatasetError(f"{data.name} {data.part}: image {index} shows no character.") from error
    return images, data.labels
