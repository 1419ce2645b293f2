from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from app.inference import LiteRTFloat32Runtime, SavedModelRuntime
from tests.models import open_newest
from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.batches import predict_logits
from training.evaluate import evaluate
from training.export import export, recalibrate
from training.fit import Run
from training.forms import is_equal
from training.networks import NetworkSpec, build_network
from training.runs import RunError


def test_a_run_that_has_not_finished(tmp_path: Path) -> None:
    data = small_digits(400)
    Run(TINY, data, tmp_path / "run").train(max_steps=2)
    with pytest.raises(RunError, match="has not finished"):
        export(TINY, tmp_path / "run", data, data, tmp_path / "models", version=None)


def test_an_artifact_is_complete_and_opens(artifact: Path, export_folder: Path) -> None:
    opened = open_newest(export_folder / "models", "digit", 1)
    assert opened.path == artifact
    card = opened.card
    assert card.version == 1
    assert card.recipe["seed"] == TINY.seed
    assert card.training_data.images + card.validation_images == 400
    assert card.metrics[0].test_set.images == 200
    assert [form.file for form in card.forms] == ["saved_model.pb", "model.tflite", "model.int8.tflite"]
    assert all(is_equal(form) for form in card.forms[:2])
    assert [found.seed for found in card.seeds] == [TINY.seed]
    assert card.seeds[0].accuracy == card.metrics[0].accuracy
    told = (artifact / "MODEL_CARD.md").read_text()
    assert "| digits test | 200 |" in told
    assert "| `model.int8.tflite` |" in told
    assert "power of the picture's sharpness" in told
    for picture in ("confusion.png", "mistakes.png", "curves.png"):
        assert (artifact / picture).read_bytes().startswith(b"\x89PNG")


def test_every_form_of_the_model_gives_the_probabilities_of_the_network(artifact: Path, export_folder: Path) -> None:
    evaluation = evaluate(artifact, small_digits(200, "test"), "mnist")
    card = open_newest(export_folder / "models", "digit", 1).card
    assert card.metrics[0].accuracy == pytest.approx(float(evaluation.right.mean()), abs=1e-5)
    for runtime in (SavedModelRuntime(artifact, threads=1), LiteRTFloat32Runtime(artifact, threads=1)):
        np.testing.assert_allclose(runtime.predict(evaluation.seen[:32]), evaluation.probabilities[:32], atol=1e-5)
    network = build_network(TINY.network, 10)
    network.set_weights(Run(TINY, small_digits(400), export_folder / "runs" / "digit-seed0").average_weights())
    logits = predict_logits(network, evaluation.seen)
    np.testing.assert_array_equal(logits.argmax(axis=1), evaluation.answers)


def test_a_model_is_calibrated_anew_without_its_run(artifact: Path, export_folder: Path, tmp_path: Path) -> None:
    data, test = small_digits(400), small_digits(300, "test")
    old = open_newest(export_folder / "models", "digit", 1)
    recipe = dataclasses.replace(TINY, factor_ridge=0.01)
    made = recalibrate(recipe, old, data, test, tmp_path)
    card = open_newest(tmp_path, "digit", 1).card
    assert card.temperature == pytest.approx(old.card.temperature, abs=0.2)
    assert len(card.class_factors) == 10
    assert card.recipe == {**old.card.recipe, "factor_ridge": 0.01}
    assert card.training_seconds == old.card.training_seconds
    assert (made / "log.jsonl").read_text() == (artifact / "log.jsonl").read_text()
    assert "times a factor by class" in (made / "MODEL_CARD.md").read_text()
    before, after = (np.log(evaluate(path, test, "mnist").probabilities) for path in (artifact, made))
    for logits in (before, after):
        logits -= logits.mean(axis=1, keepdims=True)
        logits /= np.linalg.norm(logits, axis=1, keepdims=True)
    np.testing.assert_allclose(before, after, atol=1e-3)


def test_other_weights_are_not_calibrated_anew(artifact: Path, export_folder: Path, tmp_path: Path) -> None:
    data, test = small_digits(400), small_digits(300, "test")
    old = open_newest(export_folder / "models", "digit", 1)
    with pytest.raises(RunError, match=r"another recipe \(epochs\)"):
        recalibrate(dataclasses.replace(TINY, epochs=4), old, data, test, tmp_path)
    with pytest.raises(RunError, match="other data"):
        recalibrate(TINY, old, data.take(np.arange(300)), test, tmp_path)
    resized = old.card.recipe | {"network": {"widths": [8, 24], "blocks": [1, 1]}}
    other = dataclasses.replace(old, card=old.card.model_copy(update={"recipe": resized}))
    with pytest.raises(RunError, match="another network than its card says"):
        recalibrate(dataclasses.replace(TINY, network=NetworkSpec((8, 24), (1, 1))), other, data, test, tmp_path)
    lying = dataclasses.replace(old, card=old.card.model_copy(update={"temperature": 3.0}))
    nothing = dataclasses.replace(old, card=old.card.model_copy(update={"temperature": float("nan")}))
    for told in (lying, nothing):
        with pytest.raises(RunError, match="answer otherwise"):
            recalibrate(TINY, told, data, test, tmp_path)


def test_without_validation_images_there_are_no_confidences(tmp_path: Path) -> None:
    data, recipe = small_digits(100), dataclasses.replace(TINY, epochs=1, validation_share=0.0)
    Run(recipe, data, tmp_path / "run").train()
    with pytest.raises(RunError, match="keeps no validation images back"):
        export(recipe, tmp_path / "run", data, data, tmp_path / "models", version=None)
    assert not (tmp_path / "models").exists()


def test_a_version_is_never_overwritten(artifact: Path, export_folder: Path) -> None:
    data, test = small_digits(400), small_digits(50, "test")
    with pytest.raises(RunError, match="never overwritten"):
        export(TINY, export_folder / "runs" / "digit-seed0", data, test, export_folder / "models", version=1)
    assert (
        export(TINY, export_folder / "runs" / "digit-seed0", data, test, export_folder / "models", version=None).name
        == "2"
    )


def test_the_card_tells_of_other_seeds(artifact: Path, export_folder: Path) -> None:
    data, test = small_digits(400), small_digits(200, "test")
    Run(dataclasses.replace(TINY, seed=1), data, export_folder / "runs" / "digit-seed1").train()
    again = export(TINY, export_folder / "runs" / "digit-seed0", data, test, export_folder / "seeds", version=None)
    card = open_newest(export_folder / "seeds", "digit").card
    assert [found.seed for found in card.seeds] == [0, 1]
    assert card.metrics[0].accuracy == card.seeds[0].accuracy
    assert "The same recipe with 2 seeds" in (again / "MODEL_CARD.md").read_text()


def test_without_a_run(tmp_path: Path) -> None:
    data = small_digits(50)
    with pytest.raises(RunError, match="no run"):
        export(TINY, tmp_path, data, data, tmp_path / "models", version=None)
