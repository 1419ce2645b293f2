from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from typer.testing import CliRunner

from app.artifacts import LITERT_FILE
from tests.digits import network_inputs
from tests.models import MODELS, shipped
from training.commands import cli
from training.evaluate import load_network


def export_to(form: str, *arguments: str) -> str:
    result = CliRunner().invoke(cli, ["export", "digit", "--to", form, "--models-dir", str(MODELS), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_onnx_gives_the_probabilities_of_the_saved_model(tmp_path: Path) -> None:
    path = tmp_path / "digit.onnx"
    assert export_to("onnx", "--out", str(path)) == str(path)
    session = onnxruntime.InferenceSession(path)
    seen = network_inputs("mnist")[0][:, ..., None]
    (found,) = session.run(["probabilities"], {"image": seen})
    np.testing.assert_allclose(found, load_network(shipped("digit").path)(seen), atol=1e-4)


def test_tflite_is_the_artifacts_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    version = shipped("digit").card.version
    assert export_to("tflite") == f"digit-{version}.tflite"
    assert (tmp_path / f"digit-{version}.tflite").read_bytes() == (shipped("digit").path / LITERT_FILE).read_bytes()


def test_a_form_that_a_version_has_not() -> None:
    arguments = ["export", "digit", "--to", "tflite-int8", "--version", "1", "--models-dir", str(MODELS)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert "digit 1 has no model.int8.tflite" in result.stderr
