"""Measuring an artifact on a test set, through the preprocessing that serves and the SavedModel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from app.artifacts import CharacterClass, DataSource, Metrics
from training.batches import in_batches
from training.datasets import LabelledImages
from training.figures import expected_calibration_error, mean_per_class
from training.split import Images, framed


@dataclass(frozen=True)
class Evaluation:
    """What a model answered to a test set.

    data: the test set.
    seen: float32 [N, 28, 28, 1] in 0..1, what the network saw.
    probabilities: float32 [N, C].
    """

    data: LabelledImages
    seen: Images
    probabilities: npt.NDArray[np.float32]

    @cached_property
    def answers(self) -> npt.NDArray[np.int64]:
        """int64 [N], the most probable class of each image."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)

    @cached_property
    def confidences(self) -> npt.NDArray[np.float32]:
        """float32 [N], the probability of each answer."""
        return np.asarray(self.probabilities.max(axis=1), np.float32)

    @cached_property
    def right(self) -> npt.NDArray[np.bool_]:
        """Bool [N], whether each answer is the label."""
        return np.asarray(self.answers == self.data.labels, np.bool_)

    def confusion(self) -> npt.NDArray[np.int64]:
        """int64 [C, C], how often a label (row) was answered as a class (column)."""
        counts = np.zeros((len(self.data.classes),) * 2, np.int64)
        np.add.at(counts, (self.data.labels, self.answers), 1)
        return counts

    def metrics(self, command: str) -> Metrics:
        """Return the figures for a card.

        Args:
            command: that prints them.
        """
        labels = self.data.labels
        return Metrics(
            test_set=DataSource(name=self.data.name, part=self.data.part, images=len(labels), files=self.data.files),
            accuracy=round(float(self.right.mean()), 5),
            mean_per_class_accuracy=round(mean_per_class(labels, self.right), 5),
            expected_calibration_error=round(expected_calibration_error(self.confidences, self.right), 5),
            command=command,
        )


def evaluate(artifact: Path, data: LabelledImages, geometry: str) -> Evaluation:
    """Send a test set through an artifact.

    Args:
        artifact: folder with a SavedModel.
        data: any labelled images with the artifact's classes.
        geometry: the artifact's.

    Raises:
        DatasetError: an image is blank.
    """
    seen, _ = framed(data, geometry)
    return Evaluation(data, seen, load_network(artifact)(seen))


def load_network(artifact: Path) -> Callable[[Images], npt.NDArray[np.float32]]:
    """Return an artifact's SavedModel as a function: float32 [N, 28, 28, 1] -> probabilities, float32 [N, C]."""
    module = tf.saved_model.load(str(artifact))

    def answer(seen: Images) -> npt.NDArray[np.float32]:
        serve = module.signatures["serving_default"]
        return in_batches(lambda batch: serve(image=tf.constant(batch))["probabilities"], seen)

    return answer


def sample(data: LabelledImages, limit: int, seed: int = 0) -> LabelledImages:
    """Return a random part of a data set, the same for the same seed; all of it where the limit is 0."""
    if not limit:
        return data
    # The legacy generator's sequence never changes, so that other programs can draw the same sample.
    return data.take(np.random.RandomState(seed).permutation(len(data.labels))[:limit])


def same_classes(left: Sequence[CharacterClass], right: Sequence[CharacterClass]) -> bool:
    """Tell whether two vocabularies name the same classes in the same order."""
    return [item.label for item in left] == [item.label for item in right]
