"""`python -m training parity`: the files of an artifact, held to each other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.artifacts import LITERT_FILE
from training.commands.console import STDOUT, reported
from training.commands.options import DataDir, Limit, ModelsDir, Part, SampleSeed, Version, artifact_named, refuse_given
from training.datasets import load_dataset
from training.evaluate import evaluate, sample
from training.forms import PARITY, compare_forms, is_equal, milliseconds, on_one_thread


@reported()
def parity(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the artifact, such as digit.", metavar="MODEL")],
    data_dir: DataDir = Path("data"),
    models_dir: ModelsDir = Path("models"),
    version: Version = None,
    limit: Limit = 0,
    seed: SampleSeed = 0,
) -> None:
    """Send a test set through every file of an artifact: size, time, accuracy. Fails where LiteRT's float one differs.

    It may not give another top answer than the SavedModel to any image, nor a probability further than 1e-4 from its.
    """
    if not limit:
        refuse_given(context, "seed", because="all images are read; only with --limit some are drawn")
    single = on_one_thread()
    artifact = artifact_named(models_dir, name, version)
    data = sample(load_dataset(artifact.card.training_data.name, Part.TEST, data_dir), limit, seed)
    evaluation = evaluate(artifact.path, data, artifact.card.geometry)
    forms = compare_forms(artifact.path, evaluation)
    one, many = (milliseconds(artifact.path, size) for size in (1, 32))
    table = Table(
        "",
        *(form.file for form in forms),
        title=f"{name} {artifact.card.version} on {len(data.labels):,} images of {data.name} {data.part}"
        + ("; one thread" if single else ""),
    )
    table.add_row("kB", *(f"{form.size / 1000:,.0f}" for form in forms))
    table.add_row("ms, 1 image", *(f"{one[form.file]:.3f}" for form in forms))
    table.add_row("ms, 32 images", *(f"{many[form.file]:.2f}" for form in forms))
    table.add_row("right", *(f"{form.accuracy:.5f}" for form in forms))
    table.add_row("mean per class", *(f"{form.mean_per_class_accuracy:.5f}" for form in forms))
    table.add_row("calibration error", *(f"{form.expected_calibration_error:.5f}" for form in forms))
    table.add_row("same answer", *(f"{form.same_answer:.5f}" for form in forms))
    table.add_row("largest difference", *(f"{form.largest_difference:.2g}" for form in forms))
    STDOUT.print(table)
    if not all(is_equal(form) for form in forms if form.file == LITERT_FILE):
        print(f"{LITERT_FILE} gives another answer, or a probability further than {PARITY} away", file=sys.stderr)
        raise typer.Exit(1)
