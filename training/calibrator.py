"""What makes a network's confidences honest, folded into the graph that ships: a temperature, and an offset a class.

One temperature for all pictures (Guo et al. 2017, arXiv:1706.04599) is a compromise: a data set's own images want a
lower one than characters read off pages, and the logits do not tell which of them they come from. The pictures do,
by how sharp they are, so the temperature depends on that. An offset for each class takes back how much more often a
network answers with it than it is there (Alexandari et al. 2020, arXiv:1901.06852); held near zero, since people's text
has other frequencies than the data set. `python -m training calibrate` compares these ways.
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
class Calibrator:
    """What becomes of logits before the softmax: `logits / (base * sharp ** sharpness) + offsets`.

    base: the temperature of a picture without sharpness; positive.
    sharp: its factor where the sharpness is 1; 1 for the same temperature everywhere.
    offsets: of each class; none where they are all zero, and no answer is changed.
    """

    base: float
    sharp: float = 1.0
    offsets: tuple[float, ...] = ()

    def probabilities(self, logits: Floats, sharpnesses: Floats) -> Floats:
        """Return float32 [N, C] probabilities of logits [N, C] and sharpnesses [N]."""
        temperatures = self.base * self.sharp ** np.asarray(sharpnesses, np.float64)[:, None]
        return np.asarray(softmax(logits / temperatures + (self.offsets or 0.0), axis=1), np.float32)

    def graph(self, logits: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Return the same on the graph, of logits and float32 [N, 28, 28, 1] images."""
        temperatures = self.base if self.sharp == 1 else self.base * tf.pow(self.sharp, sharpness(images)[:, None])
        scaled = logits / temperatures
        return tf.nn.softmax(scaled + tf.constant(self.offsets, tf.float32) if self.offsets else scaled)


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


@dataclass(frozen=True)
class Ridge:
    """Offsets that are fitted, and what holds them near zero.

    weight: half of it is what the sum of their squares adds to the negative log likelihood, in nats.
    free: of each class, whether it may have an offset; bool [C].
    """

    weight: float
    free: npt.NDArray[np.bool_]


def fit_calibrator(
    logits: Floats, labels: npt.NDArray[np.int64], sharp: Floats | None = None, ridge: Ridge | None = None
) -> Calibrator:
    """Return the calibrator that makes the labels most likely.

    Args:
        logits: float32 [N, C], of images that were not trained on.
        labels: int64 [N].
        sharp: float32 [N], sharpness of each image; None for one temperature whatever it is.
        ridge: of the offsets; None for no offsets.
    """
    low, high = np.log(TEMPERATURE_BOUNDS)
    rows, classes = np.arange(len(labels)), logits.shape[1]
    wide = logits.astype(np.float64)
    # By the temperatures at the two ends, since both have bounds.
    mixture = np.ones((len(labels), 1)) if sharp is None else np.stack([1 - sharp, sharp], axis=1).astype(np.float64)
    ends = mixture.shape[1]
    weight = ridge.weight if ridge else 0.0
    free = ridge.free if ridge else np.zeros(classes, np.bool_)

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        offsets = np.zeros(classes)
        offsets[free] = parameters[ends:]
        scaled = wide / np.exp(mixture @ parameters[:ends])[:, None]
        logs = log_softmax(scaled + offsets, axis=1)
        # How the loss changes with each scaled logit.
        changes = np.exp(logs)
        changes[rows, labels] -= 1
        slopes = np.concatenate(
            [
                -mixture.T @ (changes * scaled).sum(axis=1) / len(labels),
                changes.mean(axis=0)[free] + weight * offsets[free],
            ]
        )
        return -float(logs[rows, labels].mean()) + weight * float(offsets @ offsets) / 2, slopes

    bounds = [(low, high)] * ends + [(None, None)] * int(free.sum())
    found = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds).x
    offsets = np.zeros(classes)
    offsets[free] = found[ends:]
    return Calibrator(
        float(np.exp(found[0])),
        float(np.exp(found[ends - 1] - found[0])),
        tuple(round(float(offset), 4) for offset in offsets) if ridge else (),
    )
