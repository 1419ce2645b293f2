from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.inference import LiteRTRuntime, SavedModelRuntime
from tests.models import open_newest
from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.evaluate import evaluate
from training.export import export
from training.fit import Run, RunError, predict_logits
from training.networks import build_network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="module")
def artifact(folder: Path) -> Path:
    data, test = small_digits(400), small_digits(200, "test")
    run = Run(TINY, data, folder / "run")
    run.train(max_steps=12)
    with pytest.raises(RunError, match="has not finished"):
        export(TINY, folder / "run", data, test, folder / "models", version=None)
    run.train()
    return export(TINY, folder / "run", data, test, folder / "models", version=None)


def test_an_artifact_is_complete_and_opens(artifact: Path, folder: Path) -> None:
    opened = open_newest(folder / "models", "digit")
    assert opened.path == artifact
    card = opened.card
    assert card.version == 1
    assert card.recipe["seed"] == TINY.seed
    assert card.training_data.images + card.validation_images == 400
    assert card.metrics[0].test_set.images == 200
    assert "| digits test | 200 |" in (artifact / "MODEL_CARD.md").read_text()
    for picture in ("confusion.png", "mistakes.png", "curves.png"):
        assert (artifact / picture).read_bytes().startswith(b"\x89PNG")


def test_every_form_of_the_model_gives_the_probabilities_of_the_network(artifact: Path, folder: Path) -> None:
    evaluation = evaluate(artifact, small_digits(200, "test"), "mnist")
    card = open_newest(folder / "models", "digit").card
    assert card.metrics[0].accuracy == pytest.approx(float(evaluation.right.mean()), abs=1e-5)
    for runtime in (SavedModelRuntime(artifact, threads=1), LiteRTRuntime(artifact, threads=1)):
        np.testing.assert_allclose(runtime.predict(evaluation.seen[:32]), evaluation.probabilities[:32], atol=1e-5)
    network = build_network(TINY.network, 10)
    network.set_weights(Run(TINY, small_digits(400), folder / "run").average_weights())
    logits = predict_logits(network, evaluation.seen)
    np.testing.assert_array_equal(logits.argmax(axis=1), evaluation.answers)


def test_a_version_is_never_overwritten(artifact: Path, folder: Path) -> None:
    data, test = small_digits(400), small_digits(50, "test")
    with pytest.raises(RunError, match="never overwritten"):
        export(TINY, folder / "run", data, test, folder / "models", version=1)
    assert export(TINY, folder / "run", data, test, folder / "models", version=None).name == "2"


def test_without_a_run(tmp_path: Path) -> None:
    data = small_digits(50)
    with pytest.raises(RunError, match="no run"):
        export(TINY, tmp_path, data, data, tmp_path / "models", version=None)
