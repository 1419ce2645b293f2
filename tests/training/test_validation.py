from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.fit import Run
from training.runs import RunError
from training.split import split_parts
from training.validation import validation_logits


def test_a_run_answers_the_images_that_it_has_not_learnt_from(tmp_path: Path) -> None:
    data, recipe = small_digits(100), dataclasses.replace(TINY, epochs=1)
    Run(recipe, data, tmp_path).train()
    logits, labels, sharp = validation_logits(recipe, tmp_path, data)
    np.testing.assert_array_equal(labels, split_parts(recipe, data)[1].labels)
    assert logits.shape == (len(labels), 10)
    assert sharp.shape == (len(labels),)


def test_without_validation_images_there_is_nothing_to_answer(tmp_path: Path) -> None:
    data, recipe = small_digits(100), dataclasses.replace(TINY, epochs=1, validation_share=0.0)
    Run(recipe, data, tmp_path).train()
    with pytest.raises(RunError, match="keeps no validation images back"):
        validation_logits(recipe, tmp_path, data)
