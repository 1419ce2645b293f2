from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from tests.models import MODELS, shipped
from tests.training.test_photos import write
from training.commands import cli


def test_figures_are_printed_with_the_command_that_repeats_them(tmp_path: Path) -> None:
    given = ["--dataset", "optdigits", "--limit", "40", "--seed", "3"]
    result = CliRunner().invoke(cli, ["evaluate", "digit", *given, "--models-dir", str(MODELS), "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["test_set"]["images"] == 40
    assert found["accuracy"] > 0.9
    version = shipped("digit").card.version
    assert found["command"] == f"python -m training evaluate digit --version {version} {' '.join(given)}"
    (folder,) = tmp_path.iterdir()
    assert folder.name == f"digit-{version}-optdigits-40-of-seed-3"


def test_a_data_set_of_other_classes_is_refused(tmp_path: Path) -> None:
    arguments = ["evaluate", "digit", "--dataset", "printed", "--models-dir", str(MODELS), "--out", str(tmp_path)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert "printed has other classes than digit" in result.stderr


def test_photos_get_a_table_a_model(tmp_path: Path) -> None:
    folder = write(tmp_path, "2.png,2,pen\n", "2")
    ended = CliRunner().invoke(
        cli, ["evaluate", "photos", str(folder), "--models-dir", str(MODELS), "--out", str(tmp_path)]
    )
    assert ended.exit_code == 0, ended.output
    assert (tmp_path / "photos-digit-mistakes.png").exists()
    assert (tmp_path / "photos-char-mistakes.png").exists()
