from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.models import MODELS, open_newest, shipped
from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.claims import by_model
from training.commands import cli
from training.commands.fit import _print_claim
from training.datasets import LabelledImages
from training.recipes import RECIPES, VARIANTS, recipe_of
from training.runs import LOG_FILE, RUN_FILE, read_log

PLAIN = recipe_of("digit", "five-epochs")


def one_part(name: str, part: str, data_dir: Path) -> LabelledImages:
    """Stand in for MNIST."""
    assert name == "mnist"
    return small_digits(600 if part == "train" else 300, part)


def test_five_epochs_are_trained_and_shown_beside_the_shipped_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = dataclasses.replace(PLAIN, batch_size=32, validation_share=0.2)
    monkeypatch.setitem(VARIANTS["five-epochs"], "digit", small)
    monkeypatch.setattr("training.commands.fit.load_dataset", one_part)
    monkeypatch.setenv("COLUMNS", "200")
    arguments = ["--recipe", "five-epochs", "--runs-dir", str(tmp_path), "--models-dir", str(MODELS)]
    result = CliRunner().invoke(cli, ["fit", "digit", *arguments])
    assert result.exit_code == 0, result.output
    assert "claimed: 99 % and more" in result.stdout
    log = read_log(tmp_path / "digit-five-epochs-seed0" / LOG_FILE)
    assert len(log) == 5
    assert log[-1]["validation_accuracy"] > 0.6
    rows = {line.split("│")[1].strip(): line for line in result.stdout.splitlines() if "│" in line}
    assert "digit-five-epochs" in rows
    assert f"digit {shipped('digit').card.version}" in rows


def test_the_time_of_going_on_is_not_told_as_that_of_the_whole_training(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = open_newest(MODELS, "char", 8)
    whole = by_model(open_newest(MODELS, "char", 6), small_digits(20))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("training.commands.fit.by_recipe", lambda *asked: whole)
    monkeypatch.setattr("training.commands.fit.load_dataset", lambda *asked: small_digits(20))
    monkeypatch.setattr("training.commands.fit.artifact_named", lambda *asked: model)
    _print_claim(recipe_of("char", "five-epochs"), Path(), small_digits(20), Path(), MODELS)
    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    of_recipe, of_model = ([cell.strip() for cell in row] for row in rows)
    assert of_recipe[4:] == ["8", f"{whole.total_seconds:.0f}"]
    assert of_model[3:] == ["goes on from char 6", "", ""]


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["fit", "digit", "--recipe", "six-epochs", "--runs-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "there are shipped, five-epochs" in result.stderr


def test_a_recipe_that_goes_on_from_a_model_can_begin_from_scratch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "digit", dataclasses.replace(TINY, epochs=1, start=1, start_share=0.5))
    for command in ("fit", "export"):
        monkeypatch.setattr(f"training.commands.{command}.load_dataset", one_part)
    begun = ["digit", "--runs-dir", str(tmp_path), "--models-dir", str(tmp_path / "models")]
    result = CliRunner().invoke(cli, ["fit", *begun, "--from-scratch", "--max-steps", "1"])
    assert result.exit_code == 0, result.output
    run = tmp_path / "digit-from-scratch-seed0"
    recipe = json.loads((run / RUN_FILE).read_text())["recipe"]
    assert (recipe["start"], recipe["start_share"]) == (None, 0.0)
    exported = CliRunner().invoke(cli, ["export", *begun, "--from-scratch"])
    assert f"The run in {run} has not finished" in exported.stderr
    going_on = CliRunner().invoke(cli, ["fit", *begun])
    assert "There is no model 'digit'" in going_on.stderr


def test_a_recipe_that_begins_from_scratch_anyway(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["fit", "digit", "--recipe", "five-epochs", "--from-scratch"])
    assert result.exit_code == 1
    assert "anyway" in result.stderr
