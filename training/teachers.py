"""What a network is to answer to each image: its label, softened by what shipped models, its teachers, answer to it.

Many images of EMNIST can be read in two ways, and a label tells only which of them was meant. Averaged answers of
several networks tell how likely either is, so that there is less to be learnt by heart (Hinton et al. 2015,
arXiv:1503.02531).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.artifacts import Artifact
from training.datasets import LabelledImages
from training.evaluate import load_network, same_classes
from training.prior import Offsets
from training.recipes import Recipe
from training.runs import RunError
from training.split import Images, Labels

#: For each image the share of each class in what is to be answered, float32 [N, C], of which each row's sum is 1.
Targets = npt.NDArray[np.float32]


def label_targets(labels: Labels, classes: int, smoothing: float) -> Targets:
    """Return labels as targets, a share of each spread over all classes."""
    return np.eye(classes, dtype=np.float32)[labels] * np.float32(1 - smoothing) + np.float32(smoothing / classes)


def taught_targets(
    recipe: Recipe, teachers: Sequence[Artifact], data: LabelledImages, images: Images, prior: Offsets
) -> Targets:
    """Return the targets of a data set's images.

    Args:
        recipe: has the `teachers`' share, and the `label_smoothing` of the rest.
        teachers: the models that it names. They are to have been trained with the recipe's `logit_adjustment` and
            `character_prior`, on nothing that it validates with.
        data: the images that are trained on, and their labels.
        images: the same as the network sees them, float32 [N, 28, 28, 1] in 0..1.
        prior: what training adds to the logits: with it the teachers' answers, which are without, are by the data set's
            frequencies as labels are.

    Raises:
        RunError: a teacher has other classes.
    """
    targets = label_targets(data.labels, len(data.classes), recipe.label_smoothing)
    if not recipe.teachers:
        return targets
    for (name, version), teacher in zip(recipe.teachers, teachers, strict=True):
        if not same_classes(teacher.card.classes, data.classes):
            raise RunError(f"The teacher {name}/{version} has other classes than {data.name}.")
    answers = [load_network(teacher.path)(images) * np.exp(prior) for teacher in teachers]
    taught = np.mean([answer / answer.sum(axis=1, keepdims=True) for answer in answers], axis=0)
    return np.asarray((1 - recipe.taught) * targets + recipe.taught * taught, np.float32)
