from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.training.data import small_digits
from training.commands import cli


def test_a_check_counts_every_class_and_draws_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.commands.data.load_dataset", lambda name, part, folder: small_digits(300, part))
    result = CliRunner().invoke(cli, ["data", "check", "mnist"])
    assert result.exit_code == 0, result.output
    assert "0 blank" in result.stdout
    assert "0 test images are also among the training images" in result.stdout
    assert "NOT UPRIGHT" not in result.stdout
    assert (tmp_path / "mnist-check.png").read_bytes().startswith(b"\x89PNG")


def test_images_of_one_character_are_shown(tmp_path: Path) -> None:
    sheet = tmp_path / "show.png"
    arguments = ["data", "show", "optdigits", "--part", "test", "--count", "3", "--out", str(sheet)]
    result = CliRunner().invoke(cli, [*arguments, "--character", "7"])
    assert result.exit_code == 0, result.output
    assert sheet.read_bytes().startswith(b"\x89PNG")
    nothing = CliRunner().invoke(cli, [*arguments, "--character", "x"])
    assert nothing.exit_code == 1
    assert "has no class for 'x'" in nothing.stderr


def test_a_data_set_that_nobody_offers(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["data", "download", "cifar", "--data-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "use mnist or emnist" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_that_cannot_be_drawn_is_told_before_the_work(tmp_path: Path) -> None:
    # Nor is the data there, which would be told otherwise.
    arguments = ["data", "check", "mnist", "--data-dir", str(tmp_path)]
    for sheet in (tmp_path, tmp_path / "nowhere" / "sheet.png"):
        result = CliRunner().invoke(cli, [*arguments, "--sheet", str(sheet)])
        assert result.exit_code == 1
        assert "The contact sheet cannot be" in result.stderr
