from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.data import small_digits
from training.evaluate import Evaluation
from training.evidence import METRICS_FILE, PICTURES, measurements, write_evidence


@pytest.fixture
def evaluation() -> Evaluation:
    """100 digits: every 3 is answered as an 8 with confidence 0.6, the others rightly with 0.9."""
    data = small_digits(100)
    answers = np.where(data.labels == 3, 8, data.labels)
    confidences = np.where(data.labels == 3, 0.6, 0.9)
    rest = (1 - confidences) / 9
    probabilities = np.repeat(rest[:, None], 10, axis=1)
    probabilities[np.arange(100), answers] = confidences
    return Evaluation(data, data.images[..., None].astype(np.float32) / 255, probabilities.astype(np.float32))


def test_figures_by_class_by_confidence_and_by_coverage(evaluation: Evaluation) -> None:
    found = measurements(evaluation, "a command")
    threes = int((evaluation.data.labels == 3).sum())
    eights = int((evaluation.data.labels == 8).sum())
    assert found["command"] == "a command"
    assert found["accuracy"] == pytest.approx(1 - threes / 100)
    classes = {row["label"]: row for row in found["classes"]}
    assert classes["3"] == {
        "label": "3",
        "images": threes,
        "accuracy": 0.0,
        "precision": None,
        "mostly_mistaken_for": "8",
    }
    assert classes["8"]["accuracy"] == 1.0
    assert classes["8"]["precision"] == pytest.approx(eights / (eights + threes), abs=1e-4)
    assert classes["8"]["mostly_mistaken_for"] is None
    assert sum(row["images"] for row in found["reliability"]) == 100
    assert found["reliability"][0]["accuracy"] < found["reliability"][-1]["accuracy"] == 1.0
    by_coverage = {row["coverage"]: row["wrong"] for row in found["risk_by_coverage"]}
    assert by_coverage[0.5] == 0.0
    assert by_coverage[1.0] == pytest.approx(threes / 100)


def test_everything_is_written(evaluation: Evaluation, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "anew"
    write_evidence(evaluation, "a command", folder)
    assert json.loads((folder / METRICS_FILE).read_text()) == measurements(evaluation, "a command")
    for name in PICTURES:
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
