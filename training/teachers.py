"""What a network is asked to answer to its training images: their labels, softened by what earlier models say.

A label of a character that many would read otherwise teaches nothing but itself; a teacher's answer says what else it
looks like (knowledge distillation, Hinton et al. 2015, arXiv:1503.02531).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from training.recipes import Recipe
from training.split import Images, Labels

Probabilities = npt.NDArray[np.float32]
#: float32 [N, 28, 28, 1] in 0..1 -> float32 [N, C] probabilities.
Teacher = Callable[[Images], Probabilities]

#: Keeps the logarithm of a teacher's certainty finite.
LEAST_PROBABILITY = 1e-6


def targets(recipe: Recipe, labels: Labels, classes: int, taught: Probabilities | None) -> Probabilities:
    """Return what the network is to answer to each training image.

    Args:
        recipe: says how far labels are smoothed, and how much the teachers count.
        labels: int64 [N].
        classes: number of classes C.
        taught: what `ask` returned, float32 [N, C]; None without teachers.

    Returns:
        float32 [N, C], each row a distribution.
    """
    smooth = recipe.label_smoothing
    wanted = np.eye(classes, dtype=np.float32)[labels] * np.float32(1 - smooth) + np.float32(smooth / classes)
    if taught is None:
        return wanted
    return np.asarray((1 - recipe.distillation) * wanted + recipe.distillation * taught, np.float32)


def ask(teachers: Sequence[Teacher], images: Images, prior: npt.NDArray[np.float32], path: Path) -> Probabilities:
    """Return what teachers answer to the training images.

    Args:
        teachers: artifacts' networks, at least one; their mean counts. They answer as if classes were frequent as the
            recipe wants them to be.
        images: float32 [N, 28, 28, 1] in 0..1.
        prior: float32 [C], the logarithm that brings the training set's own frequencies back.
        path: of the file that keeps the result; what it holds already is not asked again.

    Returns:
        float32 [N, C].
    """
    if path.exists() and len(kept := np.load(path)) == len(images):
        return np.asarray(kept, np.float32)
    mean = np.mean([teacher(images) for teacher in teachers], axis=0)
    taught = np.asarray(softmax(np.log(np.maximum(mean, LEAST_PROBABILITY)) + prior, axis=1), np.float32)
    staged = path.with_name(f".{path.name}")
    with staged.open("wb") as file:
        np.save(file, taught)
    staged.rename(path)
    return taught
