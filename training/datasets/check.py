"""Looking at a data set before trusting it: counts, ranges, duplicates, orientation."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.imaging import SIDE
from training.datasets.labelled import LabelledImages

THIRD = SIDE // 3


@dataclass(frozen=True)
class Findings:
    """What a check found.

    counts: label to number of images, in label order.
    value_range: least and greatest pixel, 0..255.
    mean: of all pixels, 0..255.
    blank: images without any ink.
    duplicates: images that are equal to an earlier one.
    conflicting: images that are equal to one with another label.
    misoriented: in words, what an upright data set would not show; empty where it is upright.
    """

    counts: dict[str, int]
    value_range: tuple[int, int]
    mean: float
    blank: int
    duplicates: int
    conflicting: int
    misoriented: tuple[str, ...]


def check(data: LabelledImages) -> Findings:
    """Examine a data set."""
    labels_of: dict[bytes, Counter[int]] = {}
    for image, label in zip(data.images, data.labels, strict=True):
        digest = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
        labels_of.setdefault(digest, Counter())[int(label)] += 1
    counts = np.bincount(data.labels, minlength=len(data.classes))
    return Findings(
        counts={item.label: int(count) for item, count in zip(data.classes, counts, strict=True)},
        value_range=(int(data.images.min()), int(data.images.max())),
        mean=float(data.images.mean()),
        blank=int((data.images.max(axis=(1, 2)) == 0).sum()),
        duplicates=sum(seen.total() - 1 for seen in labels_of.values()),
        conflicting=sum(seen.total() - max(seen.values()) for seen in labels_of.values()),
        misoriented=misoriented(data),
    )


def shared_images(left: LabelledImages, right: LabelledImages) -> int:
    """Count the images of `right` that are also in `left`, pixel for pixel."""
    known = {hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in left.images}
    return sum(hashlib.blake2b(image.tobytes(), digest_size=16).digest() in known for image in right.images)


def misoriented(data: LabelledImages) -> tuple[str, ...]:
    """Say which marks of an upright, unmirrored data set are missing, judged on mean images of telling characters.

    Official EMNIST files are transposed; a loader that forgets it is caught here.
    """
    means = {
        item.label: data.images[data.labels == index].mean(axis=0)
        for index, item in enumerate(data.classes)
        if (data.labels == index).any()
    }
    failed = []
    if "1" in means and _spread(means["1"], axis=0) <= _spread(means["1"], axis=1):
        failed.append("1 is wider than tall")
    for label in "7F":
        if label in means:
            top, foot = means[label][:THIRD], means[label][-THIRD:]
            if _spread(top, axis=1) <= _spread(foot, axis=1):
                failed.append(f"{label} is not wider at its top")
            if _centre(foot) >= _centre(top):
                failed.append(f"{label} has its foot on the right")
    return tuple(failed)


def _centre(image: npt.NDArray[np.float64]) -> float:
    """Return the column of the centre of mass."""
    weights = image.sum(axis=0)
    return float(weights @ np.arange(len(weights)) / max(weights.sum(), 1e-9))


def _spread(image: npt.NDArray[np.float64], axis: int) -> float:
    """Return the standard deviation of the ink along an axis, in pixels."""
    weights = image.sum(axis=1 - axis)
    places = np.arange(len(weights))
    total = max(weights.sum(), 1e-9)
    mean = weights @ places / total
    return float(np.sqrt(weights @ (places - mean) ** 2 / total))
