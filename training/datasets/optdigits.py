"""1,797 real digits of 8x8 pixels that come with scikit-learn (Alpaydin and Kaynak 1998, CC BY 4.0).

Too few and too small for a recogniser, but they need no download: for tests, and for trying out the way of a recipe.
"""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from app.imaging import GEOMETRIES, prepare_pixels
from training.datasets.labelled import DatasetError, LabelledImages
from training.datasets.vocabulary import DIGITS

#: Of the enlarged digits, in pixels.
SIDE = 64
#: The first ones are for training, the last for testing.
TRAINING_IMAGES = 1500


@cache
def enlarged_digits() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return uint8 [1797, 64, 64], white on black, scaled up bilinearly, and int64 [1797] labels.

    Raises:
        DatasetError: scikit-learn is not installed.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise DatasetError("optdigits come with scikit-learn, which is not installed: pip install '.[notebooks]'")
    from sklearn.datasets import load_digits

    data = load_digits()
    small = np.rint(data.images * (255 / 16)).astype(np.uint8)
    large = [np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR)) for image in small]
    return np.stack(large), data.target.astype(np.int64)


def load_optdigits(part: str) -> LabelledImages:
    """Load one part in MNIST's frame.

    Args:
        part: "train" or "test".

    Raises:
        DatasetError: scikit-learn is not installed.
    """
    large, labels = enlarged_digits()
    rows = slice(0, TRAINING_IMAGES) if part == "train" else slice(TRAINING_IMAGES, None)
    frame = GEOMETRIES["mnist"]
    images = [np.rint(255 * prepare_pixels(image, frame)).astype(np.uint8) for image in large[rows]]
    digest = hashlib.sha256(large.tobytes()).hexdigest()
    return LabelledImages(np.stack(images), labels[rows], DIGITS, "optdigits", part, {"load_digits": digest})
