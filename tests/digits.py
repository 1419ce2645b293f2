"""Real handwriting that ships with scikit-learn: 1,797 digits of 8x8 pixels (Alpaydin and Kaynak 1998)."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from app.imaging import GEOMETRIES, prepare_pixels
from training.datasets.optdigits import enlarged_digits as digits

__all__ = ["digits", "network_inputs"]


@cache
def network_inputs(geometry: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return float32 [1797, 28, 28] network inputs in 0..1, and the labels."""
    images, labels = digits()
    return np.stack([prepare_pixels(image, GEOMETRIES[geometry]) for image in images]), labels
