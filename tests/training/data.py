"""Small data sets for the tests: scikit-learn's real digits in MNIST's frame, and files in the official formats."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.digits import network_inputs
from training.datasets import LabelledImages
from training.datasets.vocabulary import DIGITS


def small_digits(count: int, part: str = "train") -> LabelledImages:
    """Return `count` of scikit-learn's digits as 28x28 images; "test" takes them from the other end."""
    inputs, labels = network_inputs("mnist")
    images = np.rint(inputs * 255).astype(np.uint8)
    rows = np.arange(count) if part == "train" else np.arange(len(labels) - count, len(labels))
    return LabelledImages(images[rows], labels[rows], DIGITS, "digits", part, {"digits.csv": "0" * 64})


def idx(array: npt.NDArray[np.uint8]) -> bytes:
    """Return the bytes of an IDX file."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


def write_idx(path: Path, array: npt.NDArray[np.uint8]) -> None:
    """Write an IDX file, gzipped where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(idx(array)) if path.suffix == ".gz" else idx(array))
