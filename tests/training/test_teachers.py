from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.models import shipped
from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.fit import Run
from training.prior import logit_adjustment
from training.runs import RunError
from training.split import framed
from training.teachers import label_targets, taught_targets

TAUGHT = dataclasses.replace(TINY, teachers=(("digit", 1),), taught=0.7, epochs=1)
NO_PRIOR = np.zeros(10, np.float32)


def test_labels_are_smoothed() -> None:
    targets = label_targets(np.array([3, 0]), 10, 0.1)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(targets[0, [3, 4]], [0.91, 0.01], rtol=1e-5)
    assert targets[1].argmax() == 0


def test_without_a_teacher_the_label_is_all() -> None:
    data = small_digits(20)
    targets = taught_targets(TINY, [], data, framed(data, "mnist")[0], NO_PRIOR)
    np.testing.assert_array_equal(targets, label_targets(data.labels, 10, TINY.label_smoothing))


def test_a_teacher_softens_labels_and_doubts_a_wrong_one() -> None:
    data = small_digits(60)
    data.labels[0] = (data.labels[0] + 1) % 10
    targets = taught_targets(TAUGHT, [shipped("digit")], data, framed(data, "mnist")[0], NO_PRIOR)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-5)
    given = targets[np.arange(60), data.labels]
    assert given[0] < 0.5 < np.median(given[1:])


def test_answers_are_brought_to_the_frequencies_of_the_labels() -> None:
    data = small_digits(20)
    images, _ = framed(data, "mnist")
    prior = np.zeros(10, np.float32)
    prior[4] = 5
    plain, adjusted = (taught_targets(TAUGHT, [shipped("digit")], data, images, one) for one in (NO_PRIOR, prior))
    assert (adjusted[:, 4] > plain[:, 4]).all()


def test_a_teacher_of_other_classes_is_refused() -> None:
    data = small_digits(20)
    with pytest.raises(RunError, match="other classes"):
        taught_targets(TAUGHT, [shipped("char")], data, framed(data, "mnist")[0], logit_adjustment(TAUGHT, data))


def test_a_run_learns_from_its_teachers(tmp_path: Path) -> None:
    data = small_digits(400)
    taught = Run(TAUGHT, data, tmp_path / "taught", teachers=[shipped("digit")])
    alone = Run(dataclasses.replace(TAUGHT, teachers=(), taught=0.0), data, tmp_path / "alone")
    assert taught.train()
    assert alone.train()
    assert np.abs(taught.average_weights()[0] - alone.average_weights()[0]).max() > 0


def test_a_recipe_has_teachers_and_a_share_or_neither() -> None:
    with pytest.raises(ValueError, match="teachers"):
        dataclasses.replace(TINY, taught=0.5)
