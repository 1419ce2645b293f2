"""Images with their labels, as every loader gives them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.artifacts import CharacterClass


class DatasetError(Exception):
    """A data set is missing, damaged or not what it claims. The message says what to do."""


@dataclass(frozen=True)
class LabelledImages:
    """One part of a data set.

    images: uint8 [N, 28, 28], 0..255, white ink on black, upright.
    labels: int64 [N], indices into `classes`.
    classes: what each label stands for.
    name: of the data set, such as "mnist" or "emnist/bymerge".
    part: "train" or "test".
    files: file name to SHA-256 of what was read.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    classes: tuple[CharacterClass, ...]
    name: str
    part: str
    files: dict[str, str]

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or not np.issubdtype(self.labels.dtype, np.integer):
            raise DatasetError(
                f"{self.name}: images of {self.images.dtype} and labels of {self.labels.dtype}, where images of "
                "uint8, 0 to 255, and whole labels are wanted."
            )
        if len(self.images) != len(self.labels) or self.images.shape[1:] != (28, 28):
            raise DatasetError(
                f"{self.name}: {self.images.shape} images and {self.labels.shape} labels do not belong together."
            )
        if len(self.labels) and not 0 <= self.labels.min() <= self.labels.max() < len(self.classes):
            raise DatasetError(f"{self.name}: labels outside 0..{len(self.classes) - 1}.")

    def take(self, indices: npt.NDArray[np.int64]) -> LabelledImages:
        """Return the images at these indices, in their order."""
        return LabelledImages(
            self.images[indices], self.labels[indices], self.classes, self.name, self.part, self.files
        )
