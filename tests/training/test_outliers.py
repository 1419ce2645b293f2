from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from scipy.special import softmax

from tests.digits import network_inputs
from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.augment import Augmentation
from training.batches import predict_logits
from training.figures import auroc
from training.fit import Run
from training.networks import build_network
from training.outliers import Outliers, drawn_signs, outlier_images, pair, scribble


def test_outliers_are_foreign_letters_scribbles_and_pairs() -> None:
    training, foreign = small_digits(50), small_digits(60, "test")
    spec = Outliers(dataset="digits", labels="37", drawn=10, batch=4)
    made = outlier_images(spec, training, foreign, "mnist", seed=0)
    assert made.shape == (int(np.isin(foreign.labels, [3, 7]).sum()) + 20, 28, 28)
    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made, outlier_images(spec, training, foreign, "mnist", seed=0))
    assert not np.array_equal(made, outlier_images(spec, training, foreign, "mnist", seed=1))


def test_a_pair_shows_both() -> None:
    left, right = small_digits(2).images
    both = pair(left, right, np.random.default_rng(0))
    mass = both.sum(axis=0)
    assert both.sum() == left.sum() + right.sum()
    assert (mass[np.flatnonzero(mass)[0] : np.flatnonzero(mass)[-1]] == 0).any()


def test_a_scribble_stays_on_its_page() -> None:
    for seed in range(20):
        page = scribble(np.random.default_rng(seed))
        assert 100 < np.count_nonzero(page) < page.size


def test_signs_are_the_same_for_the_same_seed() -> None:
    seen = drawn_signs(30, "mnist", seed=0)
    assert (seen.shape, seen.dtype) == ((30, 28, 28, 1), np.float32)
    assert 0 <= seen.min() < seen.max() <= 1
    assert seen.reshape(30, -1).max(axis=1).min() > 0.5
    np.testing.assert_array_equal(seen, drawn_signs(30, "mnist", seed=0))
    assert not np.array_equal(seen, drawn_signs(30, "mnist", seed=1))


def test_a_network_that_has_seen_outliers_is_less_sure_of_them(tmp_path: Path) -> None:
    """Half of scikit-learn's digits play the letters."""
    data = small_digits(1300)
    known = data.take(np.flatnonzero(data.labels < 5))
    shown = Outliers("digits", "56789", drawn=0, batch=32, weight=1.0)
    recipe = dataclasses.replace(TINY, epochs=16, logit_adjustment=0.0, augmentation=Augmentation(), outliers=shown)
    images, labels = network_inputs("mnist")
    test, foreign = images[-400:, ..., None], labels[-400:] >= 5

    def told_apart(run: Run) -> float:
        assert run.train()
        network = build_network(recipe.network, 10)
        network.set_weights(run.average_weights())
        confidences = softmax(predict_logits(network, test), axis=1).max(axis=1)
        return auroc(confidences[~foreign], confidences[foreign])

    plain = told_apart(Run(dataclasses.replace(recipe, outliers=Outliers()), known, tmp_path / "plain"))
    exposed = told_apart(Run(recipe, known, tmp_path / "exposed", data))
    assert exposed > plain + 0.1
