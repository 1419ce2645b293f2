"""The options that commands share, and what they name: a recipe, an artifact."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.artifacts import Artifact, open_artifact
from app.imaging import GEOMETRIES, PREPROCESSING_VERSION
from training.recipes import MODELS, VARIANTS, Recipe, recipe_of
from training.runs import RunError

DataDir = Annotated[Path, typer.Option(help="Where the data sets are, or go.")]
ModelsDir = Annotated[Path, typer.Option(help="Where the artifacts are, or go.")]
RunsDir = Annotated[Path, typer.Option(help="Where runs keep their logs and checkpoints, one folder each.")]
ModelName = Annotated[str, typer.Argument(help=f"One of: {', '.join(MODELS)}.", metavar="MODEL")]
Variant = Annotated[str, typer.Option("--recipe", help=f"Which recipe of the model: {', '.join(VARIANTS)}.")]
Seed = Annotated[int | None, typer.Option(help="Overrules the recipe's.")]
Version = Annotated[int | None, typer.Option(min=1, help="The highest otherwise.")]
Limit = Annotated[int, typer.Option(min=0, help="Only so many images, drawn at random; 0 for all.")]
SampleSeed = Annotated[int, typer.Option(help="Which random ones.")]


class Part(StrEnum):
    """A part of a data set."""

    TRAIN = "train"
    TEST = "test"


def recipe_named(name: str, variant: str, seed: int | None) -> Recipe:
    """Return a model's recipe, with another seed where one is given.

    Raises:
        RunError: there is none.
    """
    try:
        recipe = recipe_of(name, variant)
    except KeyError as error:
        raise RunError(str(error.args[0])) from error
    return recipe if seed is None else dataclasses.replace(recipe, seed=seed)


def artifact_named(models_dir: Path, name: str, version: int | None = None) -> Artifact:
    """Return a model, its newest version where none is given.

    Raises:
        ArtifactError: it is not there, damaged, or made for another preprocessing.
    """
    return open_artifact(models_dir, name, version, preprocessing_version=PREPROCESSING_VERSION, geometries=GEOMETRIES)
