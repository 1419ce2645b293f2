"""MNIST: 60,000 + 10,000 digits, as Keras's `mnist.npz` or as the four IDX files."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from app.artifacts import sha256
from training.datasets.download import Download
from training.datasets.idx import parse_idx
from training.datasets.labelled import DatasetError, LabelledImages
from training.datasets.vocabulary import DIGITS

DOWNLOAD = Download(
    file_name="mnist.npz",
    urls=("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",),
    sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    page="https://keras.io/api/datasets/mnist/",
)
IDX_STEMS = {"train": "train", "test": "t10k"}


def load_mnist(part: str, data_dir: Path) -> LabelledImages:
    """Load one part of MNIST.

    Args:
        part: "train" (60,000) or "test" (10,000).
        data_dir: holds `mnist.npz`, or the IDX files (gzipped or not), itself or in a folder `mnist`.

    Raises:
        DatasetError: not there, or damaged.
    """
    for folder in (data_dir / "mnist", data_dir):
        archive = folder / DOWNLOAD.file_name
        if archive.is_file():
            return _from_npz(archive, part)
        images = _idx_path(folder, f"{IDX_STEMS[part]}-images", 3)
        labels = _idx_path(folder, f"{IDX_STEMS[part]}-labels", 1)
        if images and labels:
            return LabelledImages(
                parse_idx(images.read_bytes(), images.name),
                parse_idx(labels.read_bytes(), labels.name).astype(np.int64),
                DIGITS,
                "mnist",
                part,
                {path.name: sha256(path) for path in (images, labels)},
            )
    raise DatasetError(
        f"No MNIST in {data_dir}: neither mnist.npz nor {IDX_STEMS[part]}-images-idx3-ubyte(.gz) with its labels. "
        "Run `python -m training data download mnist`, or point --data-dir at files you already have."
    )


def _from_npz(archive: Path, part: str) -> LabelledImages:
    try:
        with np.load(archive) as arrays:
            images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise DatasetError(f"{archive} is not Keras's mnist.npz: {error}") from error
    return LabelledImages(images, labels.astype(np.int64), DIGITS, "mnist", part, {archive.name: sha256(archive)})


def _idx_path(folder: Path, stem: str, dimensions: int) -> Path | None:
    # The official names have a hyphen before "idx", those unpacked by some tools a dot.
    names = (f"{stem}-idx{dimensions}-ubyte", f"{stem}.idx{dimensions}-ubyte")
    return next(
        (folder / f"{name}{end}" for name in names for end in (".gz", "") if (folder / f"{name}{end}").is_file()), None
    )
