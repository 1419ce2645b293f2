from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.models import open_newest
from tests.training.data import small_digits
from training.augment import Augmentation
from training.batches import predict_logits
from training.datasets import LabelledImages
from training.evaluate import evaluate
from training.export import export
from training.fit import Run
from training.material import DEGRADED_FILE
from training.networks import NetworkSpec
from training.outliers import Outliers
from training.recipes import RECIPES
from training.runs import (
    LOG_FILE,
    START_FILE,
    RunError,
    load_weights,
    read_log,
    save_weights,
    trained_network,
)

TINY = dataclasses.replace(
    RECIPES["digit"],
    network=NetworkSpec(widths=(8, 16), blocks=(1, 1)),
    epochs=3,
    batch_size=32,
    validation_share=0.2,
    logit_adjustment=1.0,
    character_prior=0.0,
    degraded_share=0.0,
    degraded_copies=0,
    outliers=Outliers(),
)


@pytest.fixture(scope="module")
def data() -> LabelledImages:
    return small_digits(400)


def log(folder: Path) -> list[dict[str, float]]:
    records = read_log(folder / LOG_FILE)
    for record in records:
        record.pop("seconds")
    return records


def test_a_run_cut_in_two_is_the_run_that_was_not(data: LabelledImages, tmp_path: Path) -> None:
    whole = Run(TINY, data, tmp_path / "whole")
    assert whole.train()
    first = Run(TINY, data, tmp_path / "cut")
    assert not first.train(max_steps=14)  # within the second epoch of ten steps
    second = Run(TINY, data, tmp_path / "cut")
    assert second.step == 14
    assert second.train()
    for left, right in zip(whole.average_weights(), second.average_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    assert log(tmp_path / "whole") == log(tmp_path / "cut")
    for left, right in zip(whole.average_weights(), load_weights(tmp_path / "cut" / "weights.npz"), strict=True):
        np.testing.assert_array_equal(left, right)


def test_pages_are_learnt_from_and_made_once(data: LabelledImages, tmp_path: Path) -> None:
    recipe = dataclasses.replace(TINY, degraded_share=0.4, degraded_copies=2)
    whole = Run(recipe, data, tmp_path / "whole")
    assert whole.train()
    Run(recipe, data, tmp_path / "cut").train(max_steps=14)
    pages = tmp_path / "cut" / DEGRADED_FILE
    made = pages.stat().st_mtime_ns
    second = Run(recipe, data, tmp_path / "cut")
    assert second.train()
    assert pages.stat().st_mtime_ns == made
    plain = Run(TINY, data, tmp_path / "plain")
    plain.train()
    for left, right in zip(whole.average_weights(), second.average_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    assert np.abs(whole.average_weights()[0] - plain.average_weights()[0]).max() > 0


def test_an_interrupt_between_the_last_step_and_the_end_loses_no_epoch(
    data: LabelledImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = dataclasses.replace(TINY, epochs=1)
    cut = Run(recipe, data, tmp_path)

    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("training.fit._validation_figures", interrupt)
        cut.train()
    again = Run(recipe, data, tmp_path)
    assert again.train()
    (record,) = log(tmp_path)
    assert record["epoch"] == 1
    for left, right in zip(again.average_weights(), load_weights(tmp_path / "weights.npz"), strict=True):
        np.testing.assert_array_equal(left, right)


def test_a_network_can_memorise_one_batch(tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        TINY, augmentation=Augmentation(), batch_size=64, epochs=12, validation_share=0.0, label_smoothing=0.0
    )
    batch = small_digits(64)
    Run(recipe, batch.take(np.tile(np.arange(64), 40)), tmp_path).train()
    last = log(tmp_path)[-1]
    assert last["training_accuracy"] == 1
    assert last["training_loss"] < 0.05


def test_a_folder_holds_one_recipe(data: LabelledImages, tmp_path: Path) -> None:
    Run(TINY, data, tmp_path)
    with pytest.raises(RunError, match="another recipe"):
        Run(dataclasses.replace(TINY, epochs=4), data, tmp_path)


def test_a_run_does_not_go_without_the_outliers_of_its_recipe(data: LabelledImages, tmp_path: Path) -> None:
    recipe = dataclasses.replace(TINY, outliers=Outliers(dataset="emnist/bymerge", labels="A", drawn=5, batch=4))
    with pytest.raises(RunError, match="outliers of emnist/bymerge, which are not there"):
        Run(recipe, data, tmp_path)
    assert not list(tmp_path.iterdir())


def test_too_few_images_for_a_batch(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="do not fill a batch"):
        Run(TINY, small_digits(20), tmp_path)


def test_a_run_goes_on_from_a_model(data: LabelledImages, artifact: Path, export_folder: Path, tmp_path: Path) -> None:
    start = open_newest(export_folder / "models", "digit", 1)
    recipe = dataclasses.replace(TINY, start=1, epochs=1, peak_learning_rate=0.0)
    idle = Run(recipe, data, tmp_path / "idle", start=start)
    assert idle.train()
    test = evaluate(artifact, small_digits(100, "test"), "mnist")
    network = trained_network(recipe, tmp_path / "idle", data)
    np.testing.assert_array_equal(predict_logits(network, test.seen).argmax(axis=1), test.answers)
    whole, cut = dataclasses.replace(recipe, peak_learning_rate=1e-3), tmp_path / "cut"
    half = dataclasses.replace(whole, start_share=0.5)
    Run(whole, data, tmp_path / "whole", start=start).train()
    Run(whole, data, cut, start=start).train(max_steps=4)
    Run(whole, data, cut, start=start).train()
    for left, right in zip(*(load_weights(tmp_path / run / "weights.npz") for run in ("whole", "cut")), strict=True):
        np.testing.assert_array_equal(left, right)
    first, last, mean = (
        trained_network(*made, data).get_weights()
        for made in ((recipe, tmp_path / "idle"), (whole, tmp_path / "whole"), (half, tmp_path / "whole"))
    )
    for left, right, middle in zip(first, last, mean, strict=True):
        np.testing.assert_allclose(middle, (left + right) / 2, rtol=1e-5, atol=1e-6)


def test_a_run_goes_on_from_its_model_alone(data: LabelledImages, export_folder: Path, tmp_path: Path) -> None:
    start = open_newest(export_folder / "models", "digit", 1)
    for recipe, given in ((TINY, None), (dataclasses.replace(TINY, start=2), start)):
        with pytest.raises(RunError, match=f"digit {recipe.start or 1}, which is not there"):
            Run(dataclasses.replace(recipe, start=recipe.start or 1), data, tmp_path / str(recipe.start), start=given)
    for option, other in (("split_seed", 5), ("validation_share", 0.1)):
        recipe = dataclasses.replace(TINY, start=1, **{option: other})  # type: ignore[arg-type]
        with pytest.raises(RunError, match=rf"another recipe \({option}\)"):
            Run(recipe, data, tmp_path / option, start=start)
    for changed in (data.take(np.arange(399)), dataclasses.replace(data, files={"digits.csv": "1" * 64})):
        with pytest.raises(RunError, match="other data"):
            Run(dataclasses.replace(TINY, start=1), changed, tmp_path / "data", start=start)
    assert not list(tmp_path.iterdir())


def test_what_was_added_to_a_models_logits_is_taken_off_to_go_on_from_it(tmp_path: Path) -> None:
    uneven = small_digits(400)
    uneven = uneven.take(np.flatnonzero((uneven.labels > 0) | (np.arange(400) < 100)))
    recipe = dataclasses.replace(TINY, epochs=1, prior_correction=1.0, written=20)
    run = tmp_path / "digit-seed0"
    Run(recipe, uneven, run).train()
    export(recipe, run, uneven, small_digits(50, "test"), tmp_path / "models", version=None)
    model = open_newest(tmp_path / "models", "digit")
    assert max(map(abs, model.card.logit_offsets)) > 0.1
    untold = dataclasses.replace(model, card=model.card.model_copy(update={"logit_offsets": ()}))
    shown = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    logits = predict_logits(trained_network(recipe, run, uneven), shown)
    for number, start in enumerate((model, untold)):
        idle = dataclasses.replace(recipe, start=1, peak_learning_rate=0.0)
        Run(idle, uneven, tmp_path / str(number), start=start).train()
        again = predict_logits(trained_network(idle, tmp_path / str(number), uneven), shown)
        np.testing.assert_allclose(again, logits, atol=1e-4)
    with pytest.raises(RunError, match=r"another recipe \(written\)"):
        Run(dataclasses.replace(recipe, start=1, written=10), uneven, tmp_path / "untold", start=untold)
    other = dataclasses.replace(recipe, start=1, prior_correction=0.0, peak_learning_rate=0.0)
    Run(other, uneven, tmp_path / "other", start=model).train()
    bare = predict_logits(trained_network(other, tmp_path / "other", uneven), shown)
    np.testing.assert_allclose(bare + np.float32(model.card.logit_offsets), logits, atol=1e-4)


def test_runs_that_go_on_from_a_model_differ_by_their_seed(
    data: LabelledImages, export_folder: Path, tmp_path: Path
) -> None:
    start = open_newest(export_folder / "models", "digit", 1)
    runs = []
    for seed in (0, 5):
        recipe = dataclasses.replace(TINY, start=1, epochs=1, seed=seed)
        runs.append(Run(recipe, data, tmp_path / str(seed), start=start))
        runs[-1].train()
    first, second = (load_weights(tmp_path / seed / START_FILE) for seed in ("0", "5"))
    assert all(map(np.array_equal, first, second))
    assert not all(map(np.array_equal, runs[0].average_weights(), runs[1].average_weights()))


def test_a_run_whose_start_has_changed_does_not_go_on(
    data: LabelledImages, export_folder: Path, tmp_path: Path
) -> None:
    start = open_newest(export_folder / "models", "digit", 1)
    recipe = dataclasses.replace(TINY, start=1)
    Run(recipe, data, tmp_path, start=start).train(max_steps=4)
    weights = load_weights(tmp_path / START_FILE)
    save_weights(tmp_path / START_FILE, [2 * weight for weight in weights])
    with pytest.raises(RunError, match="began with other weights"):
        Run(recipe, data, tmp_path, start=start)


def test_half_precision_learns_and_resumes_exactly(data: LabelledImages, tmp_path: Path) -> None:
    recipe = dataclasses.replace(TINY, precision="mixed_bfloat16")
    assert Run(recipe, data, tmp_path / "whole").train()
    Run(recipe, data, tmp_path / "cut").train(max_steps=14)
    assert Run(recipe, data, tmp_path / "cut").train()
    assert log(tmp_path / "whole") == log(tmp_path / "cut")
    Run(TINY, data, tmp_path / "single").train()
    half, single = (log(tmp_path / run)[-1]["training_loss"] for run in ("whole", "single"))
    assert half != single
    assert half == pytest.approx(single, rel=0.05)
    assert load_weights(tmp_path / "whole" / "weights.npz")[0].dtype == np.float32
