from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.artifacts import INT8_FILE, LITERT_FILE, SAVED_MODEL_FILE, write_checksums
from tests.models import MODELS, shipped
from tests.training.data import small_digits
from training.commands import cli


def test_parity_is_printed_for_every_file(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.commands.parity.load_dataset", lambda name, part, folder: small_digits(100, part))
    arguments = ["parity", "digit", "--version", artifact.name, "--models-dir", str(artifact.parents[1])]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert "digit 1 on 100 images of digits test" in result.stdout
    for file in (SAVED_MODEL_FILE, LITERT_FILE, INT8_FILE):
        assert file in result.stdout


def test_parity_fails_where_litert_has_other_weights(
    artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.commands.parity.load_dataset", lambda name, part, folder: small_digits(100, part))
    damaged = tmp_path / "digit" / artifact.name
    shutil.copytree(artifact, damaged)
    shutil.copyfile(shipped("digit").path / LITERT_FILE, damaged / LITERT_FILE)
    write_checksums(damaged)
    arguments = ["parity", "digit", "--version", artifact.name, "--models-dir", str(tmp_path)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert "gives another answer" in result.stderr


def test_parity_without_the_data_set(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["parity", "digit", "--data-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "No MNIST" in result.stderr


#: As `python -m training parity digit` on ten of scikit-learn's digits; then, with how many threads it computed.
ALONE = """
import tensorflow as tf
from tests.training.data import small_digits
from training.commands import cli, parity
parity.load_dataset = lambda name, part, folder: small_digits(10, part)
cli({arguments!r}, standalone_mode=False)
print(tf.config.threading.get_intra_op_parallelism_threads(), tf.config.threading.get_inter_op_parallelism_threads())
"""


def test_every_file_is_timed_on_one_thread() -> None:
    code = ALONE.format(arguments=["parity", "digit", "--models-dir", str(MODELS)])
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(MODELS.parent)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=500)
    assert ended.returncode == 0, ended.stderr
    assert "one thread" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "1 1"
