"""EMNIST: digits and letters from NIST Special Database 19, in six splits (Cohen et al. 2017, arXiv:1702.05373)."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.artifacts import CharacterClass, sha256
from training.datasets.download import Download
from training.datasets.idx import parse_idx
from training.datasets.labelled import DatasetError, LabelledImages
from training.datasets.vocabulary import BY_CLASS, DIGITS, LETTERS, MERGED

DOWNLOAD = Download(
    file_name="gzip.zip",
    # The host has moved twice; the second address still answers for some networks.
    urls=(
        "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
        "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/gzip.zip",
    ),
    sha256="fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
    page="https://www.nist.gov/itl/products-and-services/emnist-dataset",
)


@dataclass(frozen=True)
class Split:
    """One of EMNIST's splits: its classes in label order, and the first label."""

    classes: tuple[CharacterClass, ...]
    first_label: int = 0


SPLITS = {
    "balanced": Split(MERGED),
    "bymerge": Split(MERGED),
    "byclass": Split(BY_CLASS),
    "letters": Split(LETTERS, first_label=1),
    "digits": Split(DIGITS),
    "mnist": Split(DIGITS),
}


def load_emnist(split: str, part: str, data_dir: Path) -> LabelledImages:
    """Load one part of an EMNIST split, turned upright.

    Args:
        split: a key of `SPLITS`.
        part: "train" or "test".
        data_dir: holds the official `gzip.zip` or its `emnist-*-ubyte.gz` files, itself or in a folder `emnist`.

    Raises:
        DatasetError: unknown split, not there, or damaged.
    """
    if split not in SPLITS:
        raise DatasetError(f"EMNIST has no split {split!r}; it has {', '.join(SPLITS)}.")
    stem = f"emnist-{split}-{part}"
    names = [f"{stem}-images-idx3-ubyte.gz", f"{stem}-labels-idx1-ubyte.gz"]
    for folder in (data_dir / "emnist", data_dir):
        paths = [folder / name for name in names]
        archive = folder / DOWNLOAD.file_name
        if all(path.is_file() for path in paths):
            images, labels = (parse_idx(path.read_bytes(), path.name) for path in paths)
            files = {path.name: sha256(path) for path in paths}
        elif archive.is_file():
            images, labels = (parse_idx(_member(archive, name), name) for name in names)
            files = {archive.name: sha256(archive)}
        else:
            continue
        chosen = SPLITS[split]
        return LabelledImages(
            # Every image of the official files is transposed, a trace of their MATLAB origin.
            np.ascontiguousarray(images.transpose(0, 2, 1)),
            labels.astype(np.int64) - chosen.first_label,
            chosen.classes,
            f"emnist/{split}",
            part,
            files,
        )
    raise DatasetError(
        f"No EMNIST {split} in {data_dir}: neither {DOWNLOAD.file_name} nor {names[0]} with its labels. "
        "Run `python -m training data download emnist`, or point --data-dir at files you already have."
    )


def _member(archive: Path, name: str) -> bytes:
    try:
        with zipfile.ZipFile(archive) as bundle:
            found = next((entry for entry in bundle.namelist() if entry.rsplit("/", 1)[-1] == name), None)
            if found is None:
                raise DatasetError(f"{archive} holds no {name}; it is not EMNIST's official archive.")
            return bundle.read(found)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(f"{archive} is damaged ({error}). Remove it and download it again.") from error
