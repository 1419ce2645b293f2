from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from tests.training.data import small_digits
from training.fit import Run
from training.networks import build_network, fold, multiply_adds
from training.plain import PlainSpec
from training.recipes import recipe_of

SPEC = PlainSpec(filters=(4, 8), dense=16)


def test_arithmetic_and_weights_counted_by_hand() -> None:
    network = build_network(SPEC, 10)
    assert multiply_adds(network) == 9 * 4 * 26 * 26 + 9 * 4 * 8 * 11 * 11 + 5 * 5 * 8 * 16 + 16 * 10
    assert network.count_params() == (9 + 1) * 4 + (36 + 1) * 8 + (200 + 1) * 16 + 17 * 10
    assert fold(network, SPEC) is network


def test_a_run_cut_in_two_is_the_run_that_was_not(tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        recipe_of("digit", "five-epochs"), network=SPEC, epochs=2, batch_size=32, validation_share=0.1
    )
    data = small_digits(200)
    whole = Run(recipe, data, tmp_path / "whole")
    assert whole.train()
    Run(recipe, data, tmp_path / "cut").train(max_steps=3)
    second = Run(recipe, data, tmp_path / "cut")
    assert second.train()
    for left, right in zip(whole.average_weights(), second.average_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
