"""Letting a network answer more images than it takes at once."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.split import Images

#: Images that are answered at once.
BATCH = 512


def in_batches(answer: Callable[[Images], npt.ArrayLike], images: Images) -> npt.NDArray[np.float32]:
    """Return what a network answers to images.

    Args:
        answer: the network, for up to `BATCH` images.
        images: float32 [N, 28, 28, 1] in 0..1.

    Returns:
        float32 [N, C].
    """
    batches = np.split(images, range(BATCH, len(images), BATCH))
    return np.concatenate([np.asarray(answer(batch), np.float32) for batch in batches])


def predict_logits(network: keras.Model, images: Images) -> npt.NDArray[np.float32]:
    """Return float32 [N, C] logits of float32 [N, 28, 28, 1] images."""
    forward = tf.function(lambda batch: network(batch, training=False))
    return in_batches(lambda batch: forward(tf.constant(batch)), images)
