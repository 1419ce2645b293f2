from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.commands import cli
from training.fit import Run
from training.recipes import RECIPES, Recipe


def calibrate(recipe: Recipe, runs: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setitem(RECIPES, "digit", recipe)
    monkeypatch.setattr("training.commands.calibrate.load_dataset", lambda *asked: small_digits(200))
    Run(recipe, small_digits(200), runs / "digit-seed0").train()
    return CliRunner().invoke(cli, ["calibrate", "digit", "--runs-dir", str(runs)])


def test_the_command_compares_temperatures_on_images_and_on_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paged = dataclasses.replace(TINY, epochs=1, degraded_share=0.4, degraded_copies=1)
    result = calibrate(paged, tmp_path, monkeypatch)
    assert result.exit_code == 0, result.output
    assert "40 validation images, and the same read off pages" in result.stdout
    assert result.stdout.count("as they are") == result.stdout.count("pages") - 1 >= 4


def test_a_recipe_without_pages_has_nothing_to_compare_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = calibrate(dataclasses.replace(TINY, epochs=1), tmp_path, monkeypatch)
    assert result.exit_code == 1
    assert "digit has no pages to compare on." in result.stderr
