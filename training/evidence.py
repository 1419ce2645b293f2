"""What backs a figure: every measurement of an evaluation as JSON, and pictures of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.artifacts import ModelCard
from training.datasets import LabelledImages
from training.evaluate import Evaluation
from training.figures import calibration_bins, risk_by_coverage
from training.plots import confusion_plot, mistakes_plot, reliability_plot, risk_plot, robustness_plot
from training.robustness import Robustness

METRICS_FILE = "metrics.json"
ROBUSTNESS_FILE = "robustness.json"
ROBUSTNESS_PLOT = "robustness.png"
#: Pictures of an evaluation, in the order in which they are shown: what each shows, and what draws it.
PICTURES: dict[str, tuple[str, Callable[[Evaluation, Path], None]]] = {
    "confusion.png": ("Confusion matrix", confusion_plot),
    "reliability.png": ("Reliability diagram", reliability_plot),
    "risk-coverage.png": ("Risk-coverage curve", risk_plot),
    "mistakes.png": ("Worst mistakes", mistakes_plot),
}
#: Shares of the images, the most confident first, whose errors are written down.
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
#: Decimals of a share.
DECIMALS = 5


def write_evidence(evaluation: Evaluation, command: str, folder: Path) -> None:
    """Write `metrics.json` and the pictures into a folder, which is made where it is not there.

    Args:
        evaluation: what was measured.
        command: that measures it.
        folder: gets the files; those of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / METRICS_FILE).write_text(json.dumps(measurements(evaluation, command), indent=2) + "\n")
    for name, (_, draw) in PICTURES.items():
        draw(evaluation, folder / name)


def write_robustness(
    results: Sequence[Robustness], command: str, seed: int, data: LabelledImages, folder: Path
) -> Path:
    """Write what was measured on corrupted pictures: `robustness.json` and a plot.

    Args:
        results: of the ways of reading, the model as it serves first.
        command: that measures it.
        seed: of the corruptions.
        data: what was corrupted.
        folder: gets the files, see `robustness_folder`; it is made where it is not there.

    Returns:
        The plot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {
        "command": command,
        "seed": seed,
        "test_set": {"name": data.name, "part": data.part, "images": len(data.labels)},
        "ways": [
            {"name": result.name, "mean": round(result.mean, DECIMALS), "accuracies": result.accuracies}
            for result in results
        ],
    }
    (folder / ROBUSTNESS_FILE).write_text(json.dumps(found, indent=2) + "\n")
    plot = folder / ROBUSTNESS_PLOT
    robustness_plot(results, plot)
    return plot


def robustness_folder(folder: Path, card: ModelCard, trial: str = "") -> Path:
    """Return where the robustness of a model is written down.

    Args:
        folder: of all measurements.
        card: of the model.
        trial: on what, where it is another measurement than the one that the report shows.
    """
    return folder / "-".join(filter(None, ("robustness", card.name, str(card.version), trial)))


def measurements(evaluation: Evaluation, command: str) -> dict[str, Any]:
    """Return all figures of an evaluation: those of the card, by class, by confidence and by coverage."""
    counts = evaluation.confusion()
    right, labels, answers = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    mistaken = counts - np.diag(right)
    names = [item.label for item in evaluation.data.classes]
    risk = risk_by_coverage(evaluation.confidences, evaluation.right)
    return {
        **evaluation.metrics(command).model_dump(),
        "classes": [
            {
                "label": name,
                "images": int(labels[row]),
                "accuracy": _share(right[row], labels[row]),
                "precision": _share(right[row], answers[row]),
                "mostly_mistaken_for": names[int(mistaken[row].argmax())] if mistaken[row].any() else None,
            }
            for row, name in enumerate(names)
        ],
        "reliability": [
            {key: round(value, DECIMALS) for key, value in dataclasses.asdict(found).items()}
            for found in calibration_bins(evaluation.confidences, evaluation.right)
        ],
        "risk_by_coverage": [
            {"coverage": share, "wrong": round(float(risk[max(1, round(share * len(risk))) - 1]), DECIMALS)}
            for share in COVERAGES
        ],
    }


def _share(part: np.integer, whole: np.integer) -> float | None:
    """Return part of whole; None of nothing."""
    return round(float(part / whole), DECIMALS) if whole else None
