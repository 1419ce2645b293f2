"""`python -m training evaluate`: measure an artifact on a test set, on bad pictures, on the unknown, or on photos."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from app.artifacts import Artifact, model_names, versions
from training.calibrate import auroc
from training.commands.console import CONSOLE, reported
from training.commands.options import DataDir, Limit, ModelsDir, Part, SampleSeed, Version, artifact_named
from training.datasets import DatasetError, LabelledImages, load_dataset
from training.datasets.photos import read_photos
from training.evaluate import Evaluation, load_network, same_classes, sample
from training.evaluate import evaluate as evaluation_of
from training.evidence import write_evidence, write_robustness
from training.outliers import UNLIKE_DIGITS, new_signs
from training.photos import mistakes_sheet, read_all, scores
from training.robustness import measure, plain_resizing, through_the_chain
from training.split import Images, framed

PHOTOS = "photos"
LETTERS = 10_000
SIGNS = 2_000
#: Enough to tell half a point apart, in minutes.
ROBUSTNESS_IMAGES = 1000


@reported()
def evaluate(
    name: Annotated[
        str, typer.Argument(help="Name of the artifact, such as digit; or photos.", metavar="MODEL|photos")
    ],
    folder: Annotated[Path | None, typer.Argument(help="Of labelled photos: labels.csv and its files.")] = None,
    data_dir: DataDir = Path("data"),
    models_dir: ModelsDir = Path("models"),
    version: Version = None,
    dataset: Annotated[str | None, typer.Option(help="Another data set of the same classes.")] = None,
    limit: Limit = 0,
    seed: SampleSeed = 0,
    out: Annotated[Path, typer.Option(help="Where the files that belong to the figures go.")] = Path("evaluation"),
    letters: Annotated[
        bool, typer.Option("--letters", help="How well digits are told from 10,000 of EMNIST's test letters.")
    ] = False,
    signs: Annotated[
        bool, typer.Option("--signs", help="How well characters are told from 2,000 drawn signs that are none.")
    ] = False,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="On 15 corruptions at 5 strengths; 1,000 images without --limit.")
    ] = False,
) -> None:
    """Measure an artifact on a test set and print the figures as JSON; or the newest ones on a folder of photos."""
    if name == PHOTOS or folder:
        if version or dataset or limit or letters or signs or robustness:
            raise typer.BadParameter(
                "photos are read by the newest models, all of them; only --out and --models-dir apply"
            )
        _evaluate_photos(name, folder, models_dir, out)
        return
    artifact = artifact_named(models_dir, name, version)
    source = dataset or artifact.card.training_data.name
    data = sample(load_dataset(source, Part.TEST, data_dir), limit, seed)
    if not same_classes(data.classes, artifact.card.classes):
        raise DatasetError(f"{source} has other classes than {name}.")
    if robustness:
        _evaluate_robustness(artifact, data if limit else sample(data, ROBUSTNESS_IMAGES, seed), models_dir, out, seed)
        return
    evaluation = evaluation_of(artifact.path, data, artifact.card.geometry)
    if letters:
        foreign = load_dataset("emnist", Part.TEST, data_dir)
        unlike = [label for label, item in enumerate(foreign.classes) if item.label in UNLIKE_DIGITS]
        chosen = sample(foreign.take(np.flatnonzero(np.isin(foreign.labels, unlike))), LETTERS, seed)
        what = f"letters unlike digits of {foreign.name} {foreign.part}"
        _evaluate_unknown(artifact, evaluation, framed(chosen, artifact.card.geometry)[0], what)
        return
    if signs:
        unknown = new_signs(SIGNS, artifact.card.geometry, seed)
        _evaluate_unknown(artifact, evaluation, unknown, "drawn signs that no recipe learns from")
        return
    command = f"python -m training evaluate {name} --version {artifact.card.version} --dataset {source}" + (
        f" --limit {limit} --seed {seed}" if limit else ""
    )
    drawn = f"-{limit}-of-seed-{seed}" if limit else ""
    folder = out / f"{name}-{artifact.card.version}-{source.replace('/', '-')}{drawn}"
    write_evidence(evaluation, command, folder)
    print(f"by class, by confidence, and in pictures: {folder}", file=sys.stderr)
    print(evaluation.metrics(command).model_dump_json(indent=2))


def _evaluate_unknown(artifact: Artifact, known: Evaluation, unknown: Images, what: str) -> None:
    """Print how well the confidence tells a test set from images of something else."""
    confidences = load_network(artifact.path)(unknown).max(axis=1)
    least = artifact.card.least_confidence()
    print(
        f"{artifact.card.name} {artifact.card.version}: {len(known.confidences):,} images of {known.data.name} "
        f"{known.data.part} against {len(unknown):,} {what}\n"
        f"AUROC of the confidence: {auroc(known.confidences, confidences):.4f}\n"
        f"uncertain, below {least}: {np.mean(known.confidences < least):.4f} of the former, "
        f"{np.mean(confidences < least):.4f} of the latter\n"
        f"right among the others of the former: {known.right[known.confidences >= least].mean():.4f}"
    )


def _evaluate_photos(name: str, folder: Path | None, models_dir: Path, out: Path) -> None:
    if name != PHOTOS or folder is None:
        raise DatasetError("Photos are measured with: python -m training evaluate photos DIR")
    photos = read_photos(folder)
    artifacts = [artifact_named(models_dir, model) for model in model_names(models_dir)]
    out.mkdir(parents=True, exist_ok=True)
    for artifact in artifacts:
        card = artifact.card
        readings = read_all(artifact, photos)
        table = Table("source", "images", "right", "or a look-alike", title=f"{card.name} {card.version}")
        for source, score in scores(readings).items():
            table.add_row(source, f"{score.images:,}", f"{score.accuracy:.4f}", f"{score.lookalikes_forgiven:.4f}")
        CONSOLE.print(table)
        sheet = out / f"photos-{card.name}-mistakes.png"
        mistakes_sheet(readings, card.geometry, sheet, title=f"{card.name} {card.version}")
        print(f"mistakes: {sheet}")


def _evaluate_robustness(artifact: Artifact, data: LabelledImages, models_dir: Path, out: Path, seed: int) -> None:
    """Measure a model as it serves, and the oldest version, which learnt from the bare data set, plainly resized."""
    card = artifact.card
    out.mkdir(parents=True, exist_ok=True)
    oldest = artifact_named(models_dir, card.name, versions(models_dir, card.name)[0])
    results = [
        measure(artifact, data, through_the_chain(card.geometry), "as served", seed),
        measure(oldest, data, plain_resizing, "plain resizing", seed),
    ]
    table = Table(
        "corruption",
        *(result.name for result in results),
        title=f"accuracy on {len(data.labels):,} images of {data.name} {data.part}, by strength",
    )
    for name in results[0].accuracies:
        table.add_row(name, *("  ".join(f"{v:.3f}" for v in result.accuracies[name]) for result in results))
    table.add_row("mean of all", *(f"{result.mean:.4f}" for result in results))
    CONSOLE.print(table)
    print(f"plot: {write_robustness(results, card, data, out)}")
