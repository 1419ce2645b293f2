from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.runs import (
    LOG_FILE,
    RunError,
    claim,
    finished,
    load_weights,
    log_epoch,
    read_log,
    run_identity,
    save_weights,
)


def test_other_data_is_another_run(tmp_path: Path) -> None:
    data = small_digits(20)
    claim(tmp_path, run_identity(TINY, data))
    claim(tmp_path, run_identity(TINY, data))
    other = dataclasses.replace(data, files={"digits.csv": "1" * 64})
    with pytest.raises(RunError, match="other data"):
        claim(tmp_path, run_identity(TINY, other))


def test_a_run_has_finished_with_its_last_epoch(tmp_path: Path) -> None:
    data = small_digits(20)
    with pytest.raises(RunError, match="no run"):
        finished(TINY, tmp_path, data)
    claim(tmp_path, run_identity(TINY, data))
    for epoch in range(1, TINY.epochs + 1):
        with pytest.raises(RunError, match="has not finished"):
            finished(TINY, tmp_path, data)
        log_epoch(tmp_path / LOG_FILE, {"epoch": epoch})
    assert len(finished(TINY, tmp_path, data)) == TINY.epochs


def test_an_epoch_that_is_trained_again_replaces_itself_and_what_came_after(tmp_path: Path) -> None:
    log = tmp_path / LOG_FILE
    for epoch, loss in ((1, 0.9), (2, 0.8), (3, 0.7), (2, 0.6)):
        log_epoch(log, {"epoch": epoch, "training_loss": loss})
    assert [(record["epoch"], record["training_loss"]) for record in read_log(log)] == [(1, 0.9), (2, 0.6)]


def test_weights_come_back_in_their_order(tmp_path: Path) -> None:
    weights = [np.full((index % 3 + 1,), index, np.float32) for index in range(12)]
    path = tmp_path / "weights.npz"
    save_weights(path, weights[::-1])
    save_weights(path, weights)
    for left, right in zip(weights, load_weights(path), strict=True):
        np.testing.assert_array_equal(left, right)
    assert list(tmp_path.iterdir()) == [path]
