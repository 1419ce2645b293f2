"""Figures of what a network answered: how honest its confidences are, and how well they tell right from wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from app.artifacts import OperatingPoint

CALIBRATION_BINS = 15
#: Of the confidence of an operating point, as the card has it.
CONFIDENCE_DECIMALS = 6


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence: how many, their mean confidence and the share that was right, 0..1."""

    images: int
    confidence: float
    accuracy: float


def calibration_bins(confidences: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]) -> list[Bin]:
    """Return bins of equal mass, from the least confident answers to the most.

    Args:
        confidences: float32 [N], of the answers given, 0..1.
        right: bool [N], whether each was right.

    Returns:
        `CALIBRATION_BINS`, or N if those are fewer.
    """
    bins = np.array_split(np.argsort(confidences, kind="stable"), min(CALIBRATION_BINS, len(confidences)))
    return [Bin(len(rows), float(confidences[rows].mean()), float(right[rows].mean())) for rows in bins]


def expected_calibration_error(confidences: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]) -> float:
    """Return the mean distance between confidence and accuracy over `calibration_bins`, 0..1; 0 is honest."""
    bins = calibration_bins(confidences, right)
    return sum(found.images * abs(found.confidence - found.accuracy) for found in bins) / len(confidences)


def risk_by_coverage(confidences: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the share of wrong answers among the most confident ones: the risk-coverage curve.

    Args:
        confidences: float32 [N], of the answers given, 0..1.
        right: bool [N], whether each was right.

    Returns:
        float64 [N], 0..1: at k - 1 the share among the k most confident; equally confident ones in their order.
    """
    wrong = ~right[np.argsort(-confidences, kind="stable")]
    return np.asarray(np.cumsum(wrong) / np.arange(1, len(wrong) + 1), np.float64)


def operating_points(
    confidences: npt.NDArray[np.float32], right: npt.NDArray[np.bool_], target_errors: Sequence[float]
) -> tuple[OperatingPoint, ...]:
    """Find the least confidence from which on no more than a share of the answers is wrong, for each share.

    What is answered is what has that confidence or more, as the card has it: rounded, and up, since it would else let
    in answers that are not counted here.

    Args:
        confidences: float32 [N], of validation images, 0..1.
        right: bool [N], whether each answer was right.
        target_errors: the shares, rising.

    Returns:
        One for each share that some confidence reaches.
    """
    # In float64, as the service compares.
    rising = np.sort(np.asarray(confidences, np.float64))
    scale = 10**CONFIDENCE_DECIMALS
    least = np.minimum(np.unique(np.ceil(rising * scale)) / scale, 1.0)
    # Equal confidences are answered together or not at all.
    answered = len(rising) - np.searchsorted(rising, least)
    least, answered = least[answered > 0], answered[answered > 0]
    risk = risk_by_coverage(confidences, right)[answered - 1]
    points = []
    for target in target_errors:
        reached = np.flatnonzero(risk <= target)
        if reached.size:
            lowest = int(reached[0])
            points.append(
                OperatingPoint(
                    target_error=target,
                    confidence=float(least[lowest]),
                    coverage=round(float(answered[lowest]) / len(rising), 4),
                )
            )
    return tuple(points)


def auroc(known: npt.NDArray[np.float32], unknown: npt.NDArray[np.float32]) -> float:
    """Return how well a score tells what a network knows from what it does not.

    Args:
        known: float32 [N], scores of images of its classes.
        unknown: float32 [M], of other images.

    Returns:
        The probability that one of the first scores above one of the second, ties counted half; 0.5 is chance.
    """
    ranks = rankdata(np.concatenate([known, unknown]))[: len(known)]
    return float((ranks.mean() - (len(known) + 1) / 2) / len(unknown))


def mean_per_class(labels: npt.NDArray[np.int64], right: npt.NDArray[np.bool_]) -> float:
    """Return the mean over classes of the share of each one's images that were right, 0..1.

    Args:
        labels: int64 [N].
        right: bool [N], whether each answer was right.
    """
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))
