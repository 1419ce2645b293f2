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

#: numpy's legacy generator, which `training.evaluate.sample` draws with, takes no larger one.
LARGEST_SEED = 2**32 - 1

DataDir = Annotated[Path, typer.Option(help="Where the data sets are, or go.")]
ModelsDir = Annotated[Path, typer.Option(envvar="INKLING_MODELS_DIR", help="Where the artifacts are, or go.")]
RunsDir = Annotated[Path, typer.Option(help="Where runs keep their logs and checkpoints, one folder each.")]
ModelName = Annotated[str, typer.Argument(help=f"One of: {', '.join(MODELS)}.", metavar="MODEL")]
Variant = Annotated[str, typer.Option("--recipe", help=f"Which recipe of the model: {', '.join(VARIANTS)}.")]
Seed = Annotated[int | None, typer.Option(min=0, max=LARGEST_SEED, help="Overrules the recipe's.")]
FromScratch = Annotated[
    bool, typer.Option("--from-scratch", help="The recipe begun with random weights, where it goes on from a model.")
]
Version = Annotated[int | None, typer.Option(min=1, help="The highest otherwise.")]
Limit = Annotated[int, typer.Option(min=0, help="Only so many images, drawn at random; 0 for all.")]
SampleSeed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Which random ones.")]


class Part(StrEnum):
    """A part of a data set."""

    TRAIN = "train"
    TEST = "test"


def refuse_given(context: typer.Context, *names: str, because: str) -> None:
    """Refuse options that have no effect, rather than pass over them.

    Args:
        context: of the command.
        names: of its parameters that do not apply. A value that comes from the environment is not refused.
        because: the end of a sentence that begins with the options.

    Raises:
        typer.BadParameter: one of them is on the command line.
    """
    given = [
        option.opts[0]
        for option in context.command.params
        if option.name in names
        and (source := context.get_parameter_source(option.name)) is not None
        and source.name == "COMMANDLINE"
    ]
    if given:
        raise typer.BadParameter(f"{', '.join(given)}: {because}")


def recipe_named(name: str, variant: str, seed: int | None, *, from_scratch: bool = False) -> Recipe:
    """Return a model's recipe, with another seed where one is given.

    Args:
        name: of the model.
        variant: which recipe of the model.
        seed: None for the recipe's own.
        from_scratch: the run begins with random weights, whatever the recipe goes on from, and is called so.

    Raises:
        RunError: there is none, or it begins with random weights anyway.
    """
    try:
        recipe = recipe_of(name, variant)
    except KeyError as error:
        raise RunError(str(error.args[0])) from error
    if from_scratch:
        if recipe.start is None:
            raise RunError(f"The recipe {recipe.name} begins with random weights anyway, without --from-scratch.")
        recipe = dataclasses.replace(recipe, name=f"{recipe.name}-from-scratch", start=None, start_share=0.0)
    return recipe if seed is None else dataclasses.replace(recipe, seed=seed)


def artifact_named(models_dir: Path, name: str, version: int | None = None) -> Artifact:
    """Return a model, its newest version where none is given.

    Raises:
        ArtifactError: it is not there, damaged, or made for another preprocessing.
    """
    return open_artifact(models_dir, name, version, preprocessing_version=PREPROCESSING_VERSION, geometries=GEOMETRIES)


def artifact_of_any_preprocessing(models_dir: Path, name: str, version: int) -> Artifact:
    """Return a version of a model whatever preprocessing it was made for, to look at or to feed in another way.

    Raises:
        ArtifactError: it is not there, or damaged.
    """
    return open_artifact(models_dir, name, version, preprocessing_version=None, geometries=None)
