"""Ways to calibrate, compared on validation images alone: half of them fit, the other half measure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.calibrator import Floats, Ridge, fit_calibrator
from training.figures import expected_calibration_error

#: Ways of halving; each half fits once and measures once.
HALVINGS = 5
#: Draws of the labels that honest confidences would have, for the error that chance alone makes.
DRAWS = 8


@dataclass(frozen=True)
class Honesty:
    """How honest the confidences of one way are, on images of one kind.

    error: expected calibration error, 0..1.
    chance: what the error would be if the confidences were honest, with as many images.
    excess: mean confidence less accuracy.
    loss: negative log likelihood of the labels, in nats.
    """

    error: float
    chance: float
    excess: float
    loss: float


def compare_calibrators(
    logits: Floats, labels: npt.NDArray[np.int64], sharp: Floats, ridge: Ridge | None = None
) -> dict[str, tuple[Honesty, Honesty]]:
    """Measure one temperature against temperatures that depend on the logits or on the picture, or on the classes.

    Args:
        logits: float32 [2 * N, C], of N validation images as the data set has them, then of the same read off pages.
        labels: int64 [2 * N].
        sharp: float32 [2 * N], their sharpness.
        ridge: of the classes' factors; None for no such way.

    Returns:
        Way to its honesty on the first kind and on the second.
    """
    ordered = np.sort(logits - logits.mean(axis=1, keepdims=True), axis=1)
    ways: dict[str, tuple[Floats | None, Ridge | None]] = {
        "one for all": (None, None),
        "by largest logit": (_scaled(ordered[:, -1]), None),
        "by margin of logits": (_scaled(ordered[:, -1] - ordered[:, -2]), None),
        "by sharpness": (sharp, None),
    }
    if ridge:
        ways["by sharpness and class"] = (sharp, ridge)
    return {name: _measure(logits, labels, *way) for name, way in ways.items()}


def _scaled(feature: Floats) -> Floats:
    """Return a feature from 0 at its 1st percentile to 1 at its 99th."""
    low, high = np.quantile(feature, (0.01, 0.99))
    return np.asarray(np.clip((feature - low) / (high - low), 0, 1), np.float32)


def _measure(
    logits: Floats, labels: npt.NDArray[np.int64], feature: Floats | None, ridge: Ridge | None
) -> tuple[Honesty, Honesty]:
    count = len(labels) // 2
    found: tuple[list[Honesty], list[Honesty]] = ([], [])
    for halving in range(HALVINGS):
        order = np.random.default_rng(halving).permutation(count)
        halves = order[: count // 2], order[count // 2 :]
        for fitted, measured in (halves, halves[::-1]):
            both = np.concatenate([fitted, fitted + count])
            sharp = None if feature is None else feature[both]
            calibrator = fit_calibrator(logits[both], labels[both], sharp, ridge)
            for kind, rows in zip(found, (measured, measured + count), strict=True):
                at = np.zeros(len(rows), np.float32) if feature is None else feature[rows]
                kind.append(_honesty(calibrator.probabilities(logits[rows], at), labels[rows]))
    clean, pages = (
        Honesty(*(float(np.mean(values)) for values in zip(*map(dataclasses.astuple, kind), strict=True)))
        for kind in found
    )
    return clean, pages


def _honesty(probabilities: Floats, labels: npt.NDArray[np.int64]) -> Honesty:
    confidences, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    rng = np.random.default_rng(0)
    drawn = [expected_calibration_error(confidences, rng.random(len(labels)) < confidences) for _ in range(DRAWS)]
    tiny = np.finfo(np.float32).tiny
    chosen = np.maximum(probabilities[np.arange(len(labels)), labels], tiny)
    return Honesty(
        error=expected_calibration_error(confidences, right),
        chance=float(np.mean(drawn)),
        excess=float(confidences.mean() - right.mean()),
        loss=-float(np.log(chosen).mean()),
    )
