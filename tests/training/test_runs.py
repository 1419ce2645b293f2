from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from tests.models import MODELS, open_newest, shipped
from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.export import APART_FROM_WEIGHTS
from training.plain import PlainSpec
from training.recipes import RECIPES
from training.runs import (
    LASTING,
    LOG_FILE,
    OF_OFFSETS,
    RUN_FILE,
    RunError,
    claim,
    finished,
    forget_epochs_after,
    load_weights,
    log_epoch,
    options,
    other_options,
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


def test_a_run_that_cannot_be_told_is_not_gone_on_with(tmp_path: Path) -> None:
    identity = run_identity(TINY, small_digits(20))
    claim(tmp_path, identity)
    whole = (tmp_path / RUN_FILE).read_bytes()
    for damaged in (b"", whole[:100], b"[]", b"\xff" + whole):
        (tmp_path / RUN_FILE).write_bytes(damaged)
        with pytest.raises(RunError, match=r"run\.json is damaged"):
            claim(tmp_path, identity)


def test_the_shipped_recipe_of_characters_is_that_of_its_model_and_can_go_on_from_its_start() -> None:
    recipe = RECIPES["char"]
    made, start = shipped("char").card, open_newest(MODELS, "char", recipe.start).card
    assert other_options(made, recipe, options(recipe).keys() - APART_FROM_WEIGHTS) == []
    assert other_options(start, recipe, LASTING + OF_OFFSETS) == []


def test_what_a_card_does_not_know_was_as_the_default_says() -> None:
    card = shipped("digit").card
    plain = dataclasses.replace(TINY, network=PlainSpec(filters=(8, 16), dense=32))
    for recipe in (TINY, plain):
        told = options(recipe)
        for part, option in (("outliers", "weight"), ("degradation", "flag"), ("augmentation", "blur")):
            without = {key: value for key, value in told[part].items() if key != option}
            old = card.model_copy(update={"recipe": {**told, part: without}})
            other = dataclasses.replace(getattr(recipe, part), **{option: 0.125})
            default = dataclasses.replace(getattr(recipe, part), **{option: getattr(type(other)(), option)})
            assert other_options(old, dataclasses.replace(recipe, **{part: default}), told.keys()) == []
            assert other_options(old, dataclasses.replace(recipe, **{part: other}), told.keys()) == [part]


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


def test_a_log_goes_on_after_a_line_that_was_half_written(tmp_path: Path) -> None:
    log = tmp_path / LOG_FILE
    whole = [{"epoch": epoch, "training_loss": 1 / 3} for epoch in (1, 2)]
    for begun in (b'{"epoch": 3, "traini', b"\0" * 20, b"\xff"):
        log.write_bytes("".join(f"{json.dumps(record)}\n" for record in whole).encode() + begun)
        assert read_log(log) == whole
        log_epoch(log, {"epoch": 3, "training_loss": 0.1})
        assert read_log(log) == [*whole, {"epoch": 3, "training_loss": 0.1}]
    log.write_text('{"epoch": 1}\n{"epo\n{"epoch": 3}\n')
    with pytest.raises(RunError, match="damaged in line 2"):
        read_log(log)


def test_a_log_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, whole = tmp_path / LOG_FILE, [{"epoch": 1.0}, {"epoch": 2.0}]
    for record in whole:
        log_epoch(log, record)

    def full(path: Path, *args: object, **kwargs: object) -> NoReturn:
        path.touch()
        raise OSError("No space left on device")

    for write in (lambda: log_epoch(log, {"epoch": 3.0}), lambda: forget_epochs_after(log, 1)):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", full)
            with pytest.raises(OSError, match="No space"):
                write()
        assert read_log(log) == whole


def test_weights_come_back_in_their_order(tmp_path: Path) -> None:
    weights = [np.full((index % 3 + 1,), index, np.float32) for index in range(12)]
    path = tmp_path / "weights.npz"
    save_weights(path, weights[::-1])
    save_weights(path, weights)
    for left, right in zip(weights, load_weights(path), strict=True):
        np.testing.assert_array_equal(left, right)
    assert list(tmp_path.iterdir()) == [path]
