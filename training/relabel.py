"""Labels that a character's shape contradicts: how many images have one class's label and another's shape.

About half of EMNIST's F are shaped as an f, and who writes one wants to read "f". Whether an image has that shape is
judged by a small network that has seen characters drawn for it and nothing of the data set, so that it can have learnt
none of the labels it judges (after Northcutt et al. 2021, arXiv:1911.00068, whose judges learn from the data's rest).
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.allographs import with_written
from training.augment import Augmentation, augment
from training.batches import predict_logits
from training.datasets import DatasetError, LabelledImages
from training.fonts import font_files
from training.kept import kept_array
from training.networks import NetworkSpec, build_network
from training.recipes import Recipe
from training.split import Labels, framed

#: In a run's folder: the training set's labels by shape.
LABELS_FILE = "labels.npy"
#: Of the judge: images drawn of each class, passes over them, images a step, peak learning rate.
DRAWN, EPOCHS, BATCH, LEARNING_RATE = 4_000, 6, 128, 2e-3
JUDGE = NetworkSpec(widths=(24, 48))
#: Neither is the run's own, so that runs of other seeds and ranges agree on a data set's shapes; `SURE` was set with
#: them.
AUGMENTATION = Augmentation(rotation=10, shear=0.2, scale=0.1, aspect=0.1, shift=1.5, elastic=0.6, stroke=0.5, blur=1.0)
SEED = 0
#: An image keeps its label unless the judge gives the other class more than this; set by eye, on EMNIST's F.
SURE = 0.9


def relabelled(recipe: Recipe, data: LabelledImages, folder: Path) -> LabelledImages:
    """Return a training set with the labels that its images' shapes say, where the recipe has them judged.

    Args:
        recipe: its `relabelled` names the classes; its geometry and fonts are the judge's.
        data: the training set.
        folder: of the run; keeps the labels, which are not judged again.

    Raises:
        DatasetError: an image shows no character, or the data set has no class that the recipe names.
        FontsMissing: the recipe draws with handwriting fonts, and they are not installed.
    """
    if not recipe.relabelled:
        return data
    labels = kept_array(folder / LABELS_FILE, data.labels.shape, lambda: _judged(recipe, data))
    return dataclasses.replace(data, labels=labels)


def _judged(recipe: Recipe, data: LabelledImages) -> Labels:
    labels = data.labels.copy()
    names = [known.label for known in data.classes]
    if unknown := sorted({name for pair in recipe.relabelled for name in pair}.difference(names)):
        raise DatasetError(
            f"The recipe {recipe.name} has shapes of {', '.join(unknown)} told apart, which {data.name} has no classes "
            "for."
        )
    for label, other in ((names.index(name), names.index(shape)) for name, shape in recipe.relabelled):
        rows = np.flatnonzero(data.labels == label)
        images, _ = framed(data.take(rows), recipe.geometry)
        labels[rows[_share_of_other(recipe, data, label, other, images) > SURE]] = other
    return labels


def _share_of_other(
    recipe: Recipe, data: LabelledImages, label: int, other: int, images: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return how sure a judge of two classes is that images show the second, float32 [N] in 0..1."""
    two = dataclasses.replace(data.take(np.empty(0, np.int64)), classes=(data.classes[label], data.classes[other]))
    drawn = with_written(two, DRAWN, recipe.geometry, SEED, font_files() if recipe.fonts else ())
    judge = _trained_judge(*framed(drawn, recipe.geometry))
    return np.asarray(keras.ops.softmax(predict_logits(judge, images)))[:, 1]


def _trained_judge(images: npt.NDArray[np.float32], labels: Labels) -> keras.Model:
    steps = EPOCHS * len(labels) // BATCH
    shown, targets = tf.constant(images), tf.constant(labels)

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        choice, seed = tf.unstack(tf.random.split(tf.stack([tf.constant(SEED, tf.int64), step])))
        rows = tf.random.stateless_uniform([BATCH], choice, 0, len(labels), tf.int32)
        return augment(tf.gather(shown, rows), AUGMENTATION, seed), tf.gather(targets, rows)

    judge = build_network(JUDGE, 2, seed=SEED)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    judge.compile(keras.optimizers.AdamW(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    judge.fit(tf.data.Dataset.range(steps).map(batch).prefetch(2), shuffle=False, verbose=0)
    return judge
