"""The data sets: MNIST and EMNIST, from the files their authors published, and two stand-ins that need no files."""

from __future__ import annotations

from pathlib import Path

from training.datasets.emnist import load_emnist
from training.datasets.labelled import DatasetError, LabelledImages
from training.datasets.mnist import load_mnist
from training.datasets.optdigits import load_optdigits
from training.datasets.printed import load_printed

__all__ = ["DatasetError", "LabelledImages", "load_dataset"]


def load_dataset(name: str, part: str, data_dir: Path) -> LabelledImages:
    """Load a part ("train" or "test") of "mnist" or of an EMNIST split such as "emnist/bymerge".

    Or of "optdigits", scikit-learn's few digits, or "printed", characters drawn in fonts: for trials without data.

    Raises:
        DatasetError: unknown name, files missing or damaged.
    """
    family, _, split = name.partition("/")
    if family == "mnist":
        return load_mnist(part, data_dir)
    if family == "emnist":
        return load_emnist(split or "bymerge", part, data_dir)
    if name == "optdigits":
        return load_optdigits(part)
    if name == "printed":
        return load_printed(part)
    raise DatasetError(f"There is no data set {name!r}; use mnist or emnist/<split>.")
