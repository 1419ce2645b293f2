"""The data sets and checks beside the project; CI has them, a user's machine does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA = SHARED / "data"
CHECKS = SHARED / "checks"

needs_shared = pytest.mark.skipif(not DATA.is_dir(), reason="needs the data sets in ../shared, which are not here")


def sd19_pairs() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Return uint8 [1800, 128, 128] raw scans, 255 = ink, and float32 [1800, 28, 28] of EMNIST's own conversion."""
    with np.load(DATA / "emnist" / "sd19-pairs.npz") as arrays:
        bits = np.unpackbits(arrays["raw_packbits"], axis=1).reshape(-1, 128, 128)
        return bits * 255, arrays["official"].astype(np.float32)
