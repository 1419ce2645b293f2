"""What the tutorials' recipe is said to reach, what it reaches, and the shipped model beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.artifacts import Artifact
from training.datasets import LabelledImages
from training.evaluate import evaluate
from training.figures import mean_per_class
from training.recipes import Recipe
from training.runs import LOG_FILE, read_log, start_of
from training.seeds import measure_run
from training.split import framed


@dataclass(frozen=True)
class Claim:
    """What is said of a recipe, and the least accuracy that this means, 0..1."""

    words: str
    least: float


#: By model.
CLAIMS = {"digit": Claim("99 % and more", 0.99), "char": Claim("85 to 90 %", 0.85)}


@dataclass(frozen=True)
class Reached:
    """What was reached.

    name: of the recipe or the model.
    accuracy: on the test set, 0..1.
    mean_per_class_accuracy: on the test set, 0..1.
    seconds: of training until the end of the first epoch after which the claim's accuracy was reached on the
        validation images; None where it never was. Preparing the data is not counted.
    epochs: of the whole run.
    total_seconds: of the whole run.
    start: the model whose weights the run began with, such as "char 6", so that neither its seconds nor its epochs are
        all that it took; None where they were random.
    """

    name: str
    accuracy: float
    mean_per_class_accuracy: float
    seconds: float | None
    epochs: int
    total_seconds: float
    start: str | None = None


def by_recipe(recipe: Recipe, run: Path, training: LabelledImages, test: LabelledImages) -> Reached:
    """Return what a finished run of a recipe reached."""
    own = measure_run(recipe, run, training, *framed(test, recipe.geometry))
    return _reached(recipe.name, recipe.model, own.accuracy, own.mean_per_class_accuracy, run / LOG_FILE)


def by_model(artifact: Artifact, test: LabelledImages) -> Reached:
    """Return what a shipped model reaches, in the time that its log has."""
    card = artifact.card
    right = evaluate(artifact.path, test, card.geometry).right
    return _reached(
        f"{card.name} {card.version}",
        card.name,
        float(right.mean()),
        mean_per_class(test.labels, right),
        artifact.path / LOG_FILE,
        start_of(card),
    )


def _reached(
    name: str, model: str, accuracy: float, mean_per_class: float, log: Path, start: str | None = None
) -> Reached:
    records = read_log(log)
    least = CLAIMS[model].least
    seconds = next((record["seconds"] for record in records if record["validation_accuracy"] >= least), None)
    return Reached(name, accuracy, mean_per_class, seconds, len(records), records[-1]["seconds"], start)
