"""The 8-bit form of a network: `model.int8.tflite`, quantised after training."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from app.artifacts import INT8_FILE
from training.augment import augment
from training.datasets import LabelledImages
from training.degraded import shown_both_ways
from training.recipes import Recipe
from training.split import Images
from training.streams import RANGES, Pages

#: Training images whose activations set the ranges, and the same read off pages.
RANGE_IMAGES = 256
#: In a run's folder. Not "range-pages.npy", which holds pages as training drew them.
RANGE_PAGES_FILE = "pages-ranges.npy"
#: What turns logits into probabilities stays float: a probability in 1/256 steps is no calibrated one.
HEAD_OPERATIONS = (
    "ABS", "DIV", "EXP", "MUL", "POW", "RESHAPE", "SOFTMAX", "SQUARE", "STRIDED_SLICE", "SUB", "SUM",
)  # fmt: skip


def range_images(recipe: Recipe, learnt: LabelledImages, run: Path) -> Images:
    """Return training images as training showed them, float32 [2 * RANGE_IMAGES, 28, 28, 1] or fewer.

    Args:
        recipe: its augmentation and pages.
        learnt: the images that were trained on; some of them, drawn by the recipe's seed, are taken.
        run: the run's folder, which keeps the pages.
    """
    order = np.random.default_rng([recipe.seed, RANGES]).permutation(len(learnt.labels))
    shown = shown_both_ways(recipe, learnt.take(order[:RANGE_IMAGES]), Pages.RANGES, run / RANGE_PAGES_FILE)
    return np.asarray(augment(tf.constant(shown), recipe.augmentation, tf.constant([recipe.seed, 0])), np.float32)


def quantise(folder: Path, images: Images) -> None:
    """Write `model.int8.tflite` beside the SavedModel in a folder: float in and out, 8 bits and 32-bit sums between.

    Weights have a range for each output channel, activations one for each tensor (Jacob et al. 2018,
    arXiv:1712.05877); `HEAD_OPERATIONS` stay float.

    Args:
        folder: of the SavedModel.
        images: float32 [N, 28, 28, 1], whose activations set the ranges.
    """

    def shown() -> Iterator[list[Images]]:
        for image in images:
            yield [image[None]]

    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = shown
    # TensorFlow's debugger is the one way of its own to leave operations out of quantisation.
    with warnings.catch_warnings():
        # It makes an interpreter of its own, which tells of a newer one.
        warnings.filterwarnings("ignore", message=r"\s*Warning: tf\.lite\.Interpreter is deprecated")
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter,
            debug_dataset=shown,
            debug_options=tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=list(HEAD_OPERATIONS)),
        )
    (folder / INT8_FILE).write_bytes(debugger.get_nondebug_quantized_model())
