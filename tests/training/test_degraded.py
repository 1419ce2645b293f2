from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.degrade import Degradation, degrade, degrade_all
from training.degraded import degraded_copies, shown_both_ways
from training.runs import RunError
from training.streams import Pages

SPEC = Degradation()


def test_every_copy_is_its_image_on_a_page_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.degraded.CHUNK", 7)
    data = small_digits(12)
    made = degraded_copies(data, "mnist", SPEC, copies=2, seed=3, pages=Pages.TRAINING, path=tmp_path / "degraded.npy")
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
    assert (degraded_copies(data, "mnist", SPEC, copies=1, seed=0, pages=Pages.TRAINING, path=path) == 7).all()


def test_no_copies_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "degraded.npy"
    assert len(degraded_copies(small_digits(3), "mnist", SPEC, copies=0, seed=0, pages=Pages.TRAINING, path=path)) == 0
    assert not path.exists()


def test_nothing_is_measured_on_pages_as_training_drew_them(tmp_path: Path) -> None:
    data = small_digits(6)
    recipe = dataclasses.replace(TINY, degraded_share=0.5, degraded_copies=1)
    learnt, *others = (shown_both_ways(recipe, data, pages, tmp_path / f"{pages}.npy")[6:, ..., 0] for pages in Pages)
    for row, (image, label) in enumerate(zip(data.images, data.labels, strict=True)):
        alone = degrade(image, str(label), "mnist", recipe.degradation, np.random.default_rng([recipe.seed, 0, row]))
        np.testing.assert_allclose(learnt[row], image / 255 if alone is None else alone, atol=1 / 255)
    first, second = others
    for one, other in ((learnt, first), (learnt, second), (first, second)):
        assert (np.abs(one - other).mean(axis=(1, 2)) > 0.02).all()


def test_what_makes_pages_in_a_process_of_its_own_loads_no_network_there() -> None:
    code = "import sys, training.degrade; print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    assert degrade_all.__module__ == "training.degrade"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_end_of_a_process_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.degraded.begin_process", partial(os._exit, 1))
    path = tmp_path / "degraded.npy"
    with pytest.raises(RunError, match="A process that made pages has ended"):
        degraded_copies(small_digits(3), "mnist", SPEC, copies=1, seed=0, pages=Pages.TRAINING, path=path)
    assert not path.exists()
