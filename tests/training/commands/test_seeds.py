from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.commands import cli
from training.recipes import RECIPES


def test_the_command_names_the_shipped_seed_and_the_spread(
    export_folder: Path, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "digit", TINY)
    monkeypatch.setattr(
        "training.commands.seeds.load_dataset",
        lambda name, part, folder: small_digits(400 if part == "train" else 200, part),
    )
    arguments = ["seeds", "digit", "--runs-dir", str(export_folder / "runs")]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert "0 (shipped)" in result.stdout
    assert "±" in result.stdout
    nothing = CliRunner().invoke(cli, ["seeds", "digit", "--runs-dir", str(export_folder / "none")])
    assert nothing.exit_code == 1
    assert "no finished run of digit" in nothing.stderr
