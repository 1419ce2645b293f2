from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.fit import Run
from training.runs import run_folder
from training.seeds import finished_seeds, measure_seeds, spread

ONE = dataclasses.replace(TINY, epochs=1, validation_share=0.0)


def test_every_finished_run_counts_and_the_first_is_the_shipped_one(tmp_path: Path) -> None:
    data, test = small_digits(200), small_digits(300, "test")
    recipe = dataclasses.replace(ONE, seed=1)
    for seed in (0, 1):
        seeded = dataclasses.replace(recipe, seed=seed)
        Run(seeded, data, run_folder(tmp_path, seeded)).train()
    (tmp_path / f"{recipe.name}-seed2").mkdir()
    assert [found.seed for found in finished_seeds(recipe, tmp_path, data)] == [1, 0]
    shipped, other = measure_seeds(recipe, tmp_path, data, test)
    assert (shipped.seed, other.seed) == (1, 0)
    assert 0 < shipped.mean_per_class_accuracy <= 1
    assert finished_seeds(recipe, tmp_path, small_digits(150)) == []


def test_mean_and_spread() -> None:
    assert spread([0.5]) == (0.5, 0)
    assert spread([0.1, 0.2, 0.3]) == pytest.approx((0.2, 0.1))
