from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.fit import LOG_FILE, TAUGHT_FILE, Run
from training.split import Images
from training.teachers import ask, targets

CLASSES = 10
EVEN = np.zeros(CLASSES, np.float32)
IMAGES = np.zeros((3, 28, 28, 1), np.float32)


def sure_of(label: int, confidence: float = 0.91) -> npt.NDArray[np.float32]:
    row = np.full(CLASSES, (1 - confidence) / (CLASSES - 1), np.float32)
    row[label] = confidence
    return row


def test_targets_are_smoothed_labels_without_teachers() -> None:
    recipe = dataclasses.replace(TINY, label_smoothing=0.1)
    made = targets(recipe, np.array([3]), CLASSES, None)
    np.testing.assert_allclose(made, sure_of(3)[None], rtol=1e-6)


def test_teachers_count_by_the_recipes_weight() -> None:
    recipe = dataclasses.replace(TINY, label_smoothing=0.0, teachers=("digit/1",), distillation=0.25)
    made = targets(recipe, np.array([3]), CLASSES, sure_of(5)[None])
    np.testing.assert_allclose(made.sum(axis=1), 1, rtol=1e-6)
    assert made[0, 3] == pytest.approx(0.75 + 0.25 * 0.01)
    assert made[0, 5] == pytest.approx(0.25 * 0.91)


def test_teachers_are_averaged_and_asked_once(tmp_path: Path) -> None:
    asked = []

    def teacher(label: int, images: Images) -> npt.NDArray[np.float32]:
        asked.append(label)
        return np.repeat(sure_of(label)[None], len(images), axis=0)

    both = [lambda images: teacher(1, images), lambda images: teacher(2, images)]
    path = tmp_path / TAUGHT_FILE
    taught = ask(both, IMAGES, EVEN, path)
    np.testing.assert_allclose(taught, np.repeat((sure_of(1) + sure_of(2))[None] / 2, 3, axis=0), rtol=1e-5)
    np.testing.assert_array_equal(ask(both, IMAGES, EVEN, path), taught)
    assert asked == [1, 2]


def test_the_training_sets_frequencies_come_back(tmp_path: Path) -> None:
    prior = EVEN.copy()
    prior[1] = np.log(10.0)
    taught = ask([lambda images: np.full((len(images), CLASSES), 0.1, np.float32)], IMAGES, prior, tmp_path / "taught")
    np.testing.assert_allclose(taught[:, 1] / taught[:, 0], 10, rtol=1e-5)


def test_a_run_learns_what_its_teachers_say(tmp_path: Path) -> None:
    data = small_digits(400)
    recipe = dataclasses.replace(TINY, teachers=("digit/1",), distillation=1.0, logit_adjustment=0.0)
    run = Run(recipe, data, tmp_path, teachers=[lambda images: np.repeat(sure_of(7, 0.99)[None], len(images), axis=0)])
    assert run.train()
    last = json.loads((tmp_path / LOG_FILE).read_text().splitlines()[-1])
    # Whatever the labels say: who heeds such a teacher alone answers 7 to everything, and is right that often.
    assert last["validation_accuracy"] == pytest.approx(np.mean(data.labels == 7), abs=0.1)


def test_a_recipe_has_teachers_and_their_weight_or_neither() -> None:
    with pytest.raises(ValueError, match="teachers"):
        dataclasses.replace(TINY, teachers=("digit/1",))
    with pytest.raises(ValueError, match="teachers"):
        dataclasses.replace(TINY, distillation=0.5)
