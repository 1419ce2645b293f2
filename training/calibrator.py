"""What makes a network's confidences honest, folded into the graph that ships: a temperature for every picture.

One temperature for all pictures (Guo et al. 2017, arXiv:1706.04599) is a compromise: a data set's own images want a
lower one than characters read off pages, and the logits do not tell which of them they come from. The pictures do,
by how sharp they are, so the temperature depends on that. It may also depend on what is answered, since a network that
takes classes for about equally frequent is too sure of the rarer of two that look alike, and not sure enough of the
other. `python -m training calibrate` compares these ways.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from training.runs import RunError

Floats = npt.NDArray[np.float32]
#: Least and largest temperature at either end of sharpness. Label smoothing makes logits too flat (below 1), long
#: training too steep (above).
TEMPERATURE_BOUNDS = (0.2, 5.0)
#: Least and largest factor of a class: with little to hold it, one of a class that is never right has no end.
FACTOR_BOUNDS = (0.2, 5.0)
#: Of a factor, as the card has it.
FACTOR_DECIMALS = 4
#: A blank picture has no differences to divide by.
LEAST_DIFFERENCE = 1e-6


@dataclass(frozen=True)
class Calibrator:
    """The temperature that logits are divided by before the softmax: `base * sharp ** sharpness * factor`.

    The factor is the mean of the classes', by logarithms, each weighing as much as the logits make it likely. A picture
    has one temperature, whatever it is, so no answer is changed.

    base: the temperature of a picture without sharpness; positive.
    sharp: its factor where the sharpness is 1; 1 for the same temperature everywhere.
    factors: of each class, positive; none where they are all 1.
    """

    base: float
    sharp: float = 1.0
    factors: tuple[float, ...] = ()

    def probabilities(self, logits: Floats, sharpnesses: Floats) -> Floats:
        """Return float32 [N, C] probabilities of logits [N, C] and sharpnesses [N]."""
        temperatures = self.base * self.sharp ** np.asarray(sharpnesses, np.float64)
        if self.factors:
            temperatures *= np.exp(softmax(logits.astype(np.float64), axis=1) @ np.log(self.factors))
        return np.asarray(softmax(logits / temperatures[:, None], axis=1), np.float32)

    def graph(self, logits: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Return the same on the graph, of logits and float32 [N, 28, 28, 1] images."""
        temperatures = self.base if self.sharp == 1 else self.base * tf.pow(self.sharp, sharpness(images)[:, None])
        if self.factors:
            logarithms = tf.constant(np.log(self.factors), tf.float32)
            temperatures *= tf.exp(tf.reduce_sum(tf.nn.softmax(logits) * logarithms, axis=1, keepdims=True))
        return tf.nn.softmax(logits / temperatures)


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
    """Factors of classes that are fitted, and what holds them near 1.

    weight: half of it is what the sum of their squared logarithms adds to the negative log likelihood, in nats.
    free: of each class, whether it may have a factor; bool [C].
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
        ridge: of the classes' factors; None for no factors.

    Raises:
        RunError: there is none, as of logits that are no numbers.
    """
    low, high = np.log(TEMPERATURE_BOUNDS)
    rows, classes = np.arange(len(labels)), logits.shape[1]
    wide = logits.astype(np.float64)
    # By the temperatures at the two ends, since both have bounds.
    mixture = np.ones((len(labels), 1)) if sharp is None else np.stack([1 - sharp, sharp], axis=1).astype(np.float64)
    ends = mixture.shape[1]
    weight = ridge.weight if ridge else 0.0
    free = ridge.free if ridge else np.zeros(classes, np.bool_)
    features = np.concatenate([mixture, softmax(wide, axis=1)[:, free]], axis=1)
    held = np.concatenate([np.zeros(ends), np.full(int(free.sum()), weight)])

    def loss(logarithms: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scaled = wide / np.exp(features @ logarithms)[:, None]
        logs = log_softmax(scaled, axis=1)
        slopes = scaled[rows, labels] - (np.exp(logs) * scaled).sum(axis=1)
        penalty = float(held @ logarithms**2) / 2
        return -float(logs[rows, labels].mean()) + penalty, features.T @ slopes / len(labels) + held * logarithms

    bounds = [(low, high)] * ends + [tuple(np.log(FACTOR_BOUNDS))] * int(free.sum())
    result = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds)
    found = result.x
    # Not `success`: L-BFGS-B denies it too where rounding leaves its line search nothing to gain, at the minimum.
    if not np.isfinite([result.fun, *found]).all():
        raise RunError("No temperature fits the validation images: the network's logits are not all finite numbers.")
    logarithms = np.zeros(classes)
    logarithms[free] = found[ends:]
    return Calibrator(
        float(np.exp(found[0])),
        float(np.exp(found[ends - 1] - found[0])),
        tuple(round(float(factor), FACTOR_DECIMALS) for factor in np.exp(logarithms)) if ridge else (),
    )
