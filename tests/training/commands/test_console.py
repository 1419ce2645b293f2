from __future__ import annotations

import pytest
import typer

from training.commands.console import reported
from training.fonts import FontsMissing


def test_what_cannot_be_done_is_a_sentence_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, reported():
        raise FontsMissing("The handwriting font caveat is not installed. Install them all: make fonts")
    assert ended.value.exit_code == 1
    assert "make fonts" in capsys.readouterr().err
