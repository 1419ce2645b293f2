from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from training.commands import cli
from training.commands.console import reported
from training.fonts import FontsMissing


def test_what_cannot_be_done_is_a_sentence_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, reported():
        raise FontsMissing("The handwriting font caveat is not installed. Install them all: make fonts")
    assert ended.value.exit_code == 1
    assert "make fonts" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(cli, ["data", "download", "mnist", "--data-dir", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert result.stderr == f"{tmp_path / 'file' / 'mnist'}: Not a directory.\n"


def test_who_has_read_enough_is_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BrokenPipeError), reported():
        raise BrokenPipeError
    assert not capsys.readouterr().err


@pytest.mark.parametrize("command", [["fit", "digit"], ["evaluate", "digit"], ["data", "show", "optdigits"]])
@pytest.mark.parametrize("seed", ["-1", "4294967296"])
def test_seeds_that_no_generator_takes(command: list[str], seed: str) -> None:
    assert CliRunner().invoke(cli, [*command, "--seed", seed]).exit_code == 2
