from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.ports import free_ports
from tests.training.data import small_digits
from tests.training.test_fit import TINY, log
from tests.training.together import IMAGES, RECIPE
from training.fit import Run
from training.runs import WEIGHTS_FILE, RunError, load_weights
from training.workers import ALONE, TF_CONFIG, Workers, lost_process, workers

#: Twenty seconds on two idle cores.
LONGEST_SECONDS = 500
ROOT = Path(__file__).resolve().parents[2]


def train_together(folder: Path, images: Sequence[int]) -> list[subprocess.CompletedProcess[str]]:
    """Start one process for each number of images that it is to have; return them ended."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(len(images))]
    started = []
    for index, count in enumerate(images):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        command = [sys.executable, "-m", "tests.training.together", str(folder), str(count)]
        environment = {**os.environ, "TF_CONFIG": json.dumps(config), "CUDA_VISIBLE_DEVICES": ""}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes))
    try:
        said = [process.communicate(timeout=LONGEST_SECONDS) for process in started]
    finally:
        for process in started:
            process.kill()
    return [
        subprocess.CompletedProcess(process.args, process.returncode, *texts)
        for process, texts in zip(started, said, strict=True)
    ]


def test_two_processes_give_the_loss_curve_of_one(tmp_path: Path) -> None:
    ended = train_together(tmp_path / "two", [IMAGES, IMAGES])
    assert [process.returncode for process in ended] == [0, 0], "\n".join(process.stderr for process in ended)
    first, second = (process.stdout for process in ended)
    assert first == second  # the same weights, to the bit
    alone = Run(RECIPE, small_digits(IMAGES), tmp_path / "one")
    assert alone.train()
    for one, two in zip(log(tmp_path / "one"), log(tmp_path / "two"), strict=True):
        assert two == pytest.approx(one, rel=2e-3)
    for one, two in zip(alone.average_weights(), load_weights(tmp_path / "two" / WEIGHTS_FILE), strict=True):
        np.testing.assert_allclose(two, one, atol=2e-3)


class Deserted(Workers):
    """A process whose peers have ended by the time that it shares its variables, as TensorFlow tells it."""

    def share(self, variables: Sequence[tf.Variable]) -> None:
        raise tf.errors.UnavailableError(None, None, "Collective ops is aborted by: Socket closed")


def test_a_process_that_ends_before_the_first_step_ends_the_run_of_the_others(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has ended"):
        Run(TINY, small_digits(50), tmp_path, workers=Deserted(ALONE.strategy))


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.DeadlineExceededError,
        tf.errors.CancelledError,
    ],
)
def test_however_tensorflow_tells_of_a_process_that_has_ended(error: type[tf.errors.OpError]) -> None:
    with pytest.raises(RunError, match="has ended"), lost_process():
        raise error(None, None, "Barrier timed out")


def test_a_process_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait_in_vain() -> None:
        raise tf.errors.DeadlineExceededError(None, None, "Timed out waiting for tasks to connect")

    one = {"cluster": {"worker": ["127.0.0.1:2222"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv(TF_CONFIG, json.dumps(one))
    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", wait_in_vain)
    with pytest.raises(RunError, match="does not answer"):
        workers()


@pytest.mark.parametrize(
    "config",
    [
        "no JSON",
        "{}",
        "5",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": 5, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": "first"}}',
        '{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
    ],
)
def test_a_configuration_that_names_no_process_is_a_sentence(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TF_CONFIG, config)
    with pytest.raises(RunError, match="For example"):
        workers()


@pytest.mark.parametrize("config", ["", " "])
def test_an_empty_configuration_is_none(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TF_CONFIG, config)
    assert workers() is ALONE


def test_processes_with_other_data_do_not_train_together(tmp_path: Path) -> None:
    for process in train_together(tmp_path, [IMAGES, IMAGES - 20]):
        assert process.returncode != 0
        assert "different recipes or data" in process.stderr
    assert list(tmp_path.iterdir()) == []  # so that the same command with the right data can have the folder
