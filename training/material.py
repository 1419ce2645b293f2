"""What a run learns from: the data set's images and drawn ones, also as read off pages, outliers among them.

Everything random is a pure function of the seed and the step: the order of an epoch comes from (seed, epoch), what
befalls a batch from (seed, step).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from training.allographs import with_written
from training.augment import augment
from training.datasets import LabelledImages
from training.degraded import degraded_copies
from training.fonts import font_files
from training.outliers import outlier_images
from training.recipes import Recipe
from training.runs import RunError
from training.split import framed, split_parts
from training.streams import ORDER, Pages

#: In a run's folder: the training images as read off pages.
DEGRADED_FILE = "degraded.npy"
#: Label of an image that is no character of any class.
OUTLIER = -1


class Material:
    """The images of one run.

    validation: float32 [N, 28, 28, 1] in 0..1 and labels int64 [N].
    steps_per_epoch: batches of an epoch; images that do not fill the last are left out of it.
    """

    def __init__(self, recipe: Recipe, data: LabelledImages, folder: Path, foreign: LabelledImages | None) -> None:
        """Make the images, but for those that the folder keeps.

        Args:
            recipe: what to make.
            data: its data set's training part.
            folder: of the run; keeps what takes long to make.
            foreign: the training part of its outliers' data set, where it has one.

        Raises:
            RunError: they do not fill a batch, or a process that made pages has ended.
            DatasetError: an image shows no character.
            FontsMissing: the recipe draws with handwriting fonts, and they are not installed.
        """
        self._recipe = recipe
        learnt, validation = split_parts(recipe, data)
        shown = len(learnt.labels) + recipe.written * len(data.classes)
        if shown < recipe.batch_size:
            raise RunError(f"{shown} training images do not fill a batch of {recipe.batch_size}.")
        self.steps_per_epoch = shown // recipe.batch_size
        fonts = font_files() if recipe.fonts else ()
        training = with_written(learnt, recipe.written, recipe.geometry, recipe.seed, fonts)
        self._training = framed(training, recipe.geometry)
        self.validation = framed(validation, recipe.geometry)
        self._degraded = degraded_copies(
            training,
            recipe.geometry,
            recipe.degradation,
            copies=recipe.degraded_copies,
            seed=recipe.seed,
            pages=Pages.TRAINING,
            path=folder / DEGRADED_FILE,
        )
        self._outliers = (
            outlier_images(recipe.outliers, training, foreign, recipe.geometry, recipe.seed)
            if recipe.outliers.batch
            else None
        )

    def batches(self, epoch: int, first: int) -> tf.data.Dataset:
        """Return what is left of an epoch's batches, augmented, the next made while one is learnt from.

        Args:
            epoch: from 0.
            first: step of the run to begin with.

        Returns:
            Of each step, float32 [N, 28, 28, 1] in 0..1 and labels int64 [N], `OUTLIER` where the image is one.
        """
        recipe, size = self._recipe, self._recipe.batch_size
        # Tensors are captured; arrays would be copied into the graph.
        images, labels = (tf.constant(array) for array in self._training)
        order = tf.constant(np.random.default_rng([recipe.seed, ORDER, epoch]).permutation(len(labels)))
        copies = self._degraded
        outliers = None if self._outliers is None else tf.constant(self._outliers[..., None])
        degraded = tf.constant(copies[epoch % len(copies), ..., None]) if len(copies) else None

        def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = order[step % self.steps_per_epoch * size :][:size]
            choice, seed = tf.unstack(tf.random.split(tf.stack([tf.constant(recipe.seed, tf.int64), step])))
            shown = tf.gather(images, rows)
            if degraded is not None:
                pages = tf.random.stateless_uniform([size, 1, 1, 1], choice) < recipe.degraded_share
                shown = tf.where(pages, tf.cast(tf.gather(degraded, rows), tf.float32) / 255, shown)
            targets = tf.gather(labels, rows)
            if outliers is not None:
                count = recipe.outliers.batch
                drawn = tf.random.stateless_uniform([count], choice, 0, len(outliers), tf.int32)
                shown = tf.concat([shown, tf.cast(tf.gather(outliers, drawn), tf.float32) / 255], 0)
                targets = tf.concat([targets, tf.fill([count], tf.constant(OUTLIER, tf.int64))], 0)
            return augment(shown, recipe.augmentation, seed), targets

        return tf.data.Dataset.range(first, (epoch + 1) * self.steps_per_epoch).map(batch).prefetch(2)
