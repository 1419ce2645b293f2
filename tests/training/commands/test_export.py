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


def test_what_belongs_to_a_run_is_refused_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    given = ["--seed", "1", "--runs-dir", "runs", "--data-dir", "data", "--from-scratch"]
    out = tmp_path / "digit.tflite"
    arguments = ["export", "digit", "--to", "tflite", "--models-dir", str(MODELS), "--out", str(out)]
    result = CliRunner().invoke(cli, [*arguments, *given])
    assert result.exit_code == 2
    for option in given[::2]:
        assert option in result.stderr
    assert not out.exists()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    out = tmp_path / "nowhere" / "digit.tflite"
    arguments = ["export", "digit", "--to", "tflite", "--models-dir", str(MODELS), "--out", str(out)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert result.stderr == f"{out}: No such file or directory.\n"


def test_the_models_are_where_the_service_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    missing = CliRunner().invoke(cli, ["export", "digit", "--to", "tflite"])
    assert missing.exit_code == 1
    assert "set INKLING_MODELS_DIR" in missing.stderr
    monkeypatch.setenv("INKLING_MODELS_DIR", str(MODELS))
    result = CliRunner().invoke(cli, ["export", "digit", "--to", "tflite"])
    assert result.exit_code == 0, result.output
