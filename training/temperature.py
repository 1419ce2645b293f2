"""The temperature that makes a network's confidences honest, folded into the graph that ships.

One temperature for all pictures (Guo et al. 2017, arXiv:1706.04599) is a compromise: a data set's own images want a
lower one than characters read off pages, and the logits do not tell which of them they come from. The pictures do,
by how sharp they are, so the temperature depends on that. `python -m training calibrate` compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

Floats = npt.NDArray[np.float32]
#: Least and largest temperature at either end of sharpness. Label smoothing makes logits too flat (below 1), long
#: training too steep (above).
TEMPERATURE_BOUNDS = (0.2, 5.0)
#: A blank picture has no differences to divide by.
LEAST_DIFFERENCE = 1e-6


@dataclass(frozen=True)
class Temperature:
    """What logits are divided by before the softmax: `base * sharp ** sharpness`.

    base: of a picture without sharpness; positive.
    sharp: its factor where the sharpness is 1; 1 for the same temperature everywhere.
    """

    base: float
    sharp: float = 1.0

    def probabilities(self, logits: Floats, sharpnesses: Floats) -> Floats:
        """Return float32 [N, C] probabilities of logits [N, C] and sharpnesses [N]."""
        return np.asarray(softmax(logits / self._of(sharpnesses), axis=1), np.float32)

    def graph(self, logits: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Return the same on the graph, of logits and float32 [N, 28, 28, 1] images."""
        if self.sharp == 1:
            return tf.nn.softmax(logits / self.base)
        return tf.nn.softmax(logits / (self.base * tf.pow(self.sharp, sharpness(images)[:, None])))

    def _of(self, sharpnesses: Floats) -> npt.NDArray[np.float64]:
        return np.asarray(self.base * self.sharp ** np.asarray(sharpnesses, np.float64)[:, None])


def sharpness(images: tf.Tensor) -> tf.Tensor:
    """Return how hard the edges of pictures are: the mean difference of neighbouring pixels, large ones counting more.

    Args:
        images: float32 [N, 28, 28, 1] in 0..1.

    Returns:
        float32 [N] in 0..1: each difference weighs as much as it is large, so that even areas do not count. About 0.55
        for MNIST's own images and 0.4 for digits read off pages.
    """
    rows = tf.abs(images[:, 1:] - images[:, :-1])
    columns = tf.abs(images[:, :, 1:] - images[:, :, :-1])
    axes = (1, 2, 3)
    squares = tf.reduce_sum(tf.square(rows), axes) + tf.reduce_sum(tf.square(columns), axes)
    return squares / (tf.reduce_sum(rows, axes) + tf.reduce_sum(columns, axes) + LEAST_DIFFERENCE)


def sharpnesses(images: Floats) -> Floats:
    """Return the sharpness of pictures, float32 [N, 28, 28, 1] -> float32 [N]."""
    return np.asarray(sharpness(tf.constant(images)), np.float32)


def fit_temperature(logits: Floats, labels: npt.NDArray[np.int64], sharp: Floats | None = None) -> Temperature:
    """Return the temperature that makes the labels most likely.

    Args:
        logits: float32 [N, C], of images that were not trained on.
        labels: int64 [N].
        sharp: float32 [N], sharpness of each image; None for one temperature whatever it is.
    """
    low, high = np.log(TEMPERATURE_BOUNDS)
    rows = np.arange(len(labels))
    wide = logits.astype(np.float64)
    # By the temperatures at the two ends, since both have bounds.
    mixture = np.ones((len(labels), 1)) if sharp is None else np.stack([1 - sharp, sharp], axis=1).astype(np.float64)

    def loss(ends: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scaled = wide / np.exp(mixture @ ends)[:, None]
        logs = log_softmax(scaled, axis=1)
        slopes = scaled[rows, labels] - (np.exp(logs) * scaled).sum(axis=1)
        return -float(logs[rows, labels].mean()), mixture.T @ slopes / len(labels)

    ends = minimize(loss, np.zeros(mixture.shape[1]), jac=True, bounds=[(low, high)] * mixture.shape[1]).x
    return Temperature(float(np.exp(ends[0])), float(np.exp(ends[-1] - ends[0])))
