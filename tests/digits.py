"""Real handwriting that ships with scikit-learn: 1,797 digits of 8x8 pixels (Alpaydin and Kaynak 1998)."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.datasets import load_digits

from app.imaging import GEOMETRIES, prepare_pixels

SIDE = 64


@cache
def digits() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return uint8 [1797, 64, 64], white on black, scaled up bilinearly, and int64 [1797] labels."""
    data = load_digits()
    small = np.rint(data.images * (255 / 16)).astype(np.uint8)
    large = [np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR)) for image in small]
    return np.stack(large), data.target.astype(np.int64)


@cache
def network_inputs(geometry: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return float32 [1797, 28, 28] network inputs in 0..1, and the labels."""
    images, labels = digits()
    return np.stack([prepare_pixels(image, GEOMETRIES[geometry]) for image in images]), labels
