from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.data import small_digits
from training.degrade import Degradation, degrade
from training.degraded import degraded_copies

SPEC = Degradation()


def test_every_copy_is_its_image_on_a_page_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.degraded.CHUNK", 7)
    data = small_digits(12)
    made = degraded_copies(data, "mnist", SPEC, copies=2, seed=3, path=tmp_path / "degraded.npy")
    assert made.shape == (2, 12, 28, 28)
    for copy in range(2):
        for row, (image, label) in enumerate(zip(data.images, data.labels, strict=True)):
            alone = degrade(image, str(label), "mnist", SPEC, np.random.default_rng([3, copy, row]))
            assert alone is not None
            np.testing.assert_array_equal(made[copy, row], np.rint(alone * 255))
    assert (np.abs(made[0].astype(int) - made[1]).mean(axis=(1, 2)) > 5).all()


def test_what_was_made_is_kept(tmp_path: Path) -> None:
    data, path = small_digits(3), tmp_path / "degraded.npy"
    np.save(path, np.full((1, 3, 28, 28), 7, np.uint8))
    assert (degraded_copies(data, "mnist", SPEC, copies=1, seed=0, path=path) == 7).all()


def test_no_copies_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "degraded.npy"
    assert len(degraded_copies(small_digits(3), "mnist", SPEC, copies=0, seed=0, path=path)) == 0
    assert not path.exists()
