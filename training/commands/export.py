"""`python -m training export`: an artifact of a finished run, or a file of an artifact for another runtime."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.artifacts import INT8_FILE, LITERT_FILE, ArtifactMissing
from training.commands.console import reported
from training.commands.options import (
    DataDir,
    FromScratch,
    ModelName,
    ModelsDir,
    Part,
    RunsDir,
    Seed,
    artifact_named,
    recipe_named,
    refuse_given,
)
from training.datasets import load_dataset
from training.export import export as export_run
from training.onnx import to_onnx
from training.recipes import SHIPPED
from training.runs import run_folder


class Form(StrEnum):
    """A file that a shipped network can be had as."""

    TFLITE = "tflite"
    TFLITE_INT8 = "tflite-int8"
    ONNX = "onnx"


@reported()
def export(
    context: typer.Context,
    name: ModelName,
    data_dir: DataDir = Path("data"),
    runs_dir: RunsDir = Path("runs"),
    models_dir: ModelsDir = Path("models"),
    seed: Seed = None,
    from_scratch: FromScratch = False,
    version: Annotated[
        int | None, typer.Option(min=1, help="One above the highest otherwise; with --to, the highest.")
    ] = None,
    to: Annotated[Form | None, typer.Option(help="No artifact, but a file of a model that there is.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the file goes; <model>-<version>.<form> otherwise. With --to.")
    ] = None,
) -> None:
    """Make an artifact of a finished run: fold, calibrate, freeze, quantise, measure on the test set, write the card.

    Of the recipe that ships, since a service takes up the next version. With --to, write a network of --models-dir as a
    file for another runtime instead.
    """
    if to:
        run = ("data_dir", "runs_dir", "seed", "from_scratch")
        refuse_given(
            context, *run, because="with --to there is no run, and only --version, --models-dir and --out apply"
        )
        _convert(name, models_dir, version, to, out)
        return
    if out:
        raise typer.BadParameter("--out belongs to --to")
    recipe = recipe_named(name, SHIPPED, seed, from_scratch=from_scratch)
    target = export_run(
        recipe,
        run_folder(runs_dir, recipe),
        load_dataset(recipe.dataset, Part.TRAIN, data_dir),
        load_dataset(recipe.dataset, Part.TEST, data_dir),
        models_dir,
        version=version,
    )
    print(target)


def _convert(name: str, models_dir: Path, version: int | None, to: Form, out: Path | None) -> None:
    artifact = artifact_named(models_dir, name, version)
    if to is Form.ONNX:
        content = to_onnx(artifact.path)
    else:
        file = artifact.path / (INT8_FILE if to is Form.TFLITE_INT8 else LITERT_FILE)
        if not file.is_file():
            raise ArtifactMissing(f"{name} {artifact.card.version} has no {file.name}: it was made without one.")
        content = file.read_bytes()
    ending = "int8.tflite" if to is Form.TFLITE_INT8 else to.value
    path = out or Path(f"{name}-{artifact.card.version}.{ending}")
    path.write_bytes(content)
    print(path)
