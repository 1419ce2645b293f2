from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.digits import network_inputs
from training.augment import Augmentation, augment

FULL = Augmentation(rotation=15, shear=0.25, scale=0.15, aspect=0.15, shift=2, elastic=0.9, stroke=0.6, blur=1)


def images(count: int = 64) -> np.ndarray:
    return network_inputs("mnist")[0][:count, ..., None]


def changed(spec: Augmentation, seed: int = 1, count: int = 64) -> np.ndarray:
    return augment(tf.constant(images(count)), spec, tf.constant([0, seed])).numpy()


def test_nothing_asked_nothing_changed() -> None:
    np.testing.assert_allclose(changed(Augmentation()), images(), atol=1e-6)


def test_the_same_seed_gives_the_same_images_and_another_does_not() -> None:
    np.testing.assert_array_equal(changed(FULL), changed(FULL))
    assert np.abs(changed(FULL) - changed(FULL, seed=2)).mean() > 0.01


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Augmentation)])
def test_every_change_changes_every_image_its_own_way(name: str) -> None:
    spec = Augmentation(**{name: getattr(FULL, name)})
    moved = np.abs(changed(spec) - images()).mean(axis=(1, 2, 3))
    assert (moved > 1e-3).mean() > 0.2
    assert moved.std() > 1e-3


def test_images_stay_in_range() -> None:
    result = changed(FULL)
    assert result.shape == (64, 28, 28, 1)
    assert result.min() >= 0
    np.testing.assert_allclose(result.max(axis=(1, 2, 3)), 1, atol=1e-5)


def test_a_shift_moves_by_what_it_says() -> None:
    spot = np.zeros((200, 28, 28, 1), np.float32)
    spot[:, 13:15, 13:15] = 1
    moved = augment(tf.constant(spot), Augmentation(shift=3), tf.constant([0, 1])).numpy()[..., 0]
    rows = (moved * np.arange(28)[:, None]).sum(axis=(1, 2)) / moved.sum(axis=(1, 2)) - 13.5
    assert 2.5 < np.abs(rows).max() <= 3.01
    assert abs(rows.mean()) < 0.5
