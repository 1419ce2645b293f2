"""The data sets: MNIST and EMNIST, from the files their authors published."""

from __future__ import annotations

from pathlib import Path

from training.datasets.emnist import load_emnist
from training.datasets.labelled import DatasetError, LabelledImages
from training.datasets.mnist import load_mnist

__all__ = ["DatasetError", "LabelledImages", "load_dataset"]


def load_dataset(name: str, part: str, data_dir: Path) -> LabelledImages:
    """Load a part ("train" or "test") of "mnist" or of an EMNIST split such as "emnist/bymerge".

    Raises:
        DatasetError: unknown name, files missing or damaged.
    """
    family, _, split = name.partition("/")
    if family == "mnist":
        return load_mnist(part, data_dir)
    if family == "emnist":
        return load_emnist(split or "bymerge", part, data_dir)
    raise DatasetError(f"There is no data set {name!r}; use mnist or emnist/<split>.")
