from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.artifacts import LITERT_FILE
from tests.models import MODELS, shipped
from training.commands import cli


def test_tflite_is_the_artifacts_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = shipped("digit")
    result = CliRunner().invoke(cli, ["export", "digit", "--to", "tflite", "--models-dir", str(MODELS)])
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == f"digit-{model.card.version}.tflite"
    assert (tmp_path / result.stdout.strip()).read_bytes() == (model.path / LITERT_FILE).read_bytes()


def test_a_form_that_a_version_has_not() -> None:
    arguments = ["export", "digit", "--to", "tflite-int8", "--version", "1", "--models-dir", str(MODELS)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert "digit 1 has no model.int8.tflite" in result.stderr


def test_a_form_goes_where_it_is_wanted(tmp_path: Path) -> None:
    out = tmp_path / "here.tflite"
    arguments = ["export", "digit", "--to", "tflite", "--out", str(out), "--models-dir", str(MODELS)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert out.read_bytes() == (shipped("digit").path / LITERT_FILE).read_bytes()


def test_networks_for_comparison_become_no_version_that_would_be_served(tmp_path: Path) -> None:
    arguments = ["export", "digit", "--recipe", "five-epochs", "--runs-dir", str(tmp_path)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert "No such option" in result.stderr
