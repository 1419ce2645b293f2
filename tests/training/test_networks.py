from __future__ import annotations

import numpy as np
import pytest

from training.batches import predict_logits
from training.networks import NetworkSpec, build_network, fold, multiply_adds
from training.recipes import RECIPES

SPEC = NetworkSpec(widths=(8, 16))


@pytest.mark.parametrize("spec", [SPEC, NetworkSpec(widths=(8, 16, 24), blocks=(1, 1, 1))])
def test_folding_changes_no_answer(spec: NetworkSpec) -> None:
    network = build_network(spec, 10, seed=1)
    rng = np.random.default_rng(0)
    network.set_weights([rng.uniform(0.2, 1, weight.shape) for weight in network.get_weights()])
    images = rng.random((16, 28, 28, 1), np.float32)
    folded = fold(network, spec)
    expected = predict_logits(network, images)
    np.testing.assert_allclose(predict_logits(folded, images), expected, rtol=2e-4)
    assert folded.count_params() < network.count_params()


def test_the_seed_makes_the_weights() -> None:
    first, again, other = (build_network(SPEC, 10, seed=seed).get_weights()[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


def test_multiply_adds_of_a_network_counted_by_hand() -> None:
    # stem 25*8*196; stage 1: two 3x3 at 14x14; stage 2: at 7x7 a shortcut 8*16, 3x3 8*16, then three 3x3 16*16; dense
    expected = 25 * 8 * 196 + 2 * 9 * 64 * 196 + (128 + 9 * 128 + 3 * 9 * 256) * 49 + 160
    assert multiply_adds(build_network(SPEC, 10, folded=True)) == expected


@pytest.mark.parametrize(("name", "parameters", "operations"), [("digit", 0.6e6, 15e6), ("char", 1.5e6, 40e6)])
def test_the_recipes_stay_inside_their_budgets(name: str, parameters: float, operations: float) -> None:
    network = build_network(RECIPES[name].network, 47, folded=True)
    assert network.count_params() <= parameters
    assert multiply_adds(network) <= operations
