"""Runs of one recipe that differ by their seed alone: what is luck in a figure."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from app.artifacts import SeedFigures
from training.batches import predict_logits
from training.datasets import LabelledImages
from training.evaluate import Evaluation
from training.figures import mean_per_class
from training.recipes import Recipe
from training.runs import RunError, finished, run_folder, trained_network
from training.split import Images, Labels, framed

#: Decimals of a share.
DECIMALS = 5


def finished_seeds(recipe: Recipe, runs_dir: Path, training: LabelledImages) -> list[Recipe]:
    """Return the recipe with each seed that has a complete run of it on this data, the recipe's own seed first."""
    found = []
    for folder in runs_dir.glob(f"{recipe.name}-seed*"):
        seed = folder.name.removeprefix(f"{recipe.name}-seed")
        if not seed.isdecimal():
            continue
        seeded = dataclasses.replace(recipe, seed=int(seed))
        try:
            finished(seeded, folder, training)
        except RunError:
            continue
        found.append(seeded)
    return sorted(found, key=lambda seeded: (seeded.seed != recipe.seed, seeded.seed))


def measure_seeds(
    recipe: Recipe, runs_dir: Path, training: LabelledImages, test: LabelledImages | Evaluation
) -> tuple[SeedFigures, ...]:
    """Measure every complete run of a recipe, whatever its seed, on a test set.

    Args:
        recipe: the shipped one, with the seed that is named first.
        runs_dir: folder of the runs.
        training: the data they were run on.
        test: the test set, or what a model already answered to it, which has its images framed.
    """
    data = test.data if isinstance(test, Evaluation) else test
    seen = test.seen if isinstance(test, Evaluation) else framed(test, recipe.geometry)[0]
    return tuple(
        measure_run(seeded, run_folder(runs_dir, seeded), training, seen, data.labels)
        for seeded in finished_seeds(recipe, runs_dir, training)
    )


def measure_run(recipe: Recipe, folder: Path, training: LabelledImages, seen: Images, labels: Labels) -> SeedFigures:
    """Measure one complete run of a recipe.

    Args:
        recipe: with the run's seed.
        folder: of the run.
        training: the data it was run on.
        seen: float32 [N, 28, 28, 1] in 0..1, the test set as the recipe's geometry framed it.
        labels: int64 [N].
    """
    network = trained_network(recipe, folder, training)
    right = predict_logits(network, seen).argmax(axis=1) == labels
    return SeedFigures(
        seed=recipe.seed,
        accuracy=round(float(right.mean()), DECIMALS),
        mean_per_class_accuracy=round(mean_per_class(labels, right), DECIMALS),
    )


def spread(values: list[float]) -> tuple[float, float]:
    """Return mean and sample standard deviation; the latter is 0 of a single value."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
