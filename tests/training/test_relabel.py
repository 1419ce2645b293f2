from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from app.artifacts import CharacterClass
from training import relabel
from training.allographs import with_written
from training.datasets import DatasetError, LabelledImages
from training.recipes import RECIPES
from training.relabel import LABELS_FILE, relabelled

CLASSES = tuple(CharacterClass(label=label, characters=(label,)) for label in "ELC")
RECIPE = dataclasses.replace(RECIPES["char"], fonts=False, relabelled=(("E", "L"),))


@pytest.fixture(scope="module")
def data() -> LabelledImages:
    """Images of three letters, a third of the L among them labelled E."""
    none = LabelledImages(np.empty((0, 28, 28), np.uint8), np.empty(0, np.int64), CLASSES, "drawn", "train", {})
    drawn = with_written(none, 60, "emnist", seed=7)
    labels = drawn.labels.copy()
    labels[60:80] = 0
    return dataclasses.replace(drawn, labels=labels)


@pytest.fixture(autouse=True)
def quick_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relabel, "DRAWN", 600)


def test_images_of_another_class_shape_count_as_that_class(data: LabelledImages, tmp_path: Path) -> None:
    right = relabelled(RECIPE, data, tmp_path / "run")
    assert (right.labels[:60] == 0).mean() >= 0.95
    assert (right.labels[60:80] == 1).mean() >= 0.9
    np.testing.assert_array_equal(right.labels[80:], data.labels[80:])
    np.testing.assert_array_equal(right.images, data.images)
    assert (data.labels[60:80] == 0).all()
    made = (tmp_path / "run" / LABELS_FILE).stat().st_mtime_ns
    np.testing.assert_array_equal(relabelled(RECIPE, data, tmp_path / "run").labels, right.labels)
    assert (tmp_path / "run" / LABELS_FILE).stat().st_mtime_ns == made


def test_a_recipe_that_judges_none_keeps_its_labels(data: LabelledImages, tmp_path: Path) -> None:
    assert relabelled(dataclasses.replace(RECIPE, relabelled=()), data, tmp_path) is data
    assert not list(tmp_path.iterdir())


def test_classes_that_the_data_set_has_not(data: LabelledImages, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"recipe char has shapes of F, f told apart, which drawn"):
        relabelled(dataclasses.replace(RECIPE, relabelled=(("F", "f"),)), data, tmp_path)
