from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from training.datasets import LabelledImages
from training.datasets.vocabulary import MERGED
from training.prior import logit_adjustment, prior_correction
from training.recipes import RECIPES
from training.relabel import LABELS_FILE

CHAR = dataclasses.replace(
    RECIPES["char"], logit_adjustment=1.0, character_prior=0.0, written=100, prior_correction=1.0, relabelled=()
)


def data(counts: dict[int, int]) -> LabelledImages:
    labels = np.repeat(list(counts), list(counts.values()))
    return LabelledImages(np.zeros((len(labels), 28, 28), np.uint8), labels, MERGED, "drawn", "train", {})


def test_a_network_need_not_learn_how_frequent_a_class_is() -> None:
    offsets = logit_adjustment(CHAR, data({0: 900, 1: 99, 2: 1}))
    np.testing.assert_allclose(np.exp(offsets[:3]).sum(), 1, rtol=0.05)
    np.testing.assert_allclose(offsets[0] - offsets[1], np.log(900 / 99), rtol=1e-6)
    # Who has no image counts as having one.
    assert offsets[2] == offsets[3]


def test_a_class_of_two_characters_may_count_as_two() -> None:
    twice = logit_adjustment(dataclasses.replace(CHAR, character_prior=1.0), data({0: 10, 18: 10}))
    assert MERGED[18].characters == ("I", "i")
    np.testing.assert_allclose(twice[0] - twice[18], np.log(2), rtol=1e-6)


def test_what_drawn_images_add_to_rare_classes_is_taken_back(tmp_path: Path) -> None:
    images = data({index: 1000 if index < 10 else 10 for index in range(47)})
    offsets = prior_correction(CHAR, images, tmp_path)
    # A rare class of ten has eleven times as many with the drawn ones, a common one a tenth more.
    np.testing.assert_allclose(offsets[0] - offsets[20], np.log(11) - np.log(1.1), rtol=1e-6)
    half = prior_correction(dataclasses.replace(CHAR, prior_correction=0.5), images, tmp_path)
    np.testing.assert_allclose(half, offsets / 2, rtol=1e-6)


def test_without_drawn_images_nothing_is_taken_back(tmp_path: Path) -> None:
    assert not prior_correction(dataclasses.replace(CHAR, written=0), data({0: 5, 1: 50}), tmp_path).any()


def test_frequencies_are_those_of_shapes_where_labels_contradict_them(tmp_path: Path) -> None:
    images = data(dict.fromkeys(range(47), 100))
    np.save(tmp_path / LABELS_FILE, np.where(np.arange(4700) < 50, 1, images.labels))  # half of class 0 look like 1
    judged = dataclasses.replace(CHAR, written=0, relabelled=(("0", "1"),))
    offsets = prior_correction(judged, images, tmp_path)
    np.testing.assert_allclose(offsets[:3], np.log([0.5, 1.5, 1]), atol=1e-6)
