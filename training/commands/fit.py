"""`python -m training fit`: train a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from training.claims import CLAIMS, Reached, by_model, by_recipe
from training.commands.console import STDOUT, reported
from training.commands.options import (
    DataDir,
    FromScratch,
    ModelName,
    ModelsDir,
    Part,
    RunsDir,
    Seed,
    Variant,
    artifact_named,
    recipe_named,
)
from training.datasets import LabelledImages, load_dataset
from training.fit import Run
from training.recipes import SHIPPED, Recipe
from training.runs import run_folder
from training.workers import workers


@reported()
def fit(
    name: ModelName,
    data_dir: DataDir = Path("data"),
    runs_dir: RunsDir = Path("runs"),
    variant: Variant = SHIPPED,
    seed: Seed = None,
    from_scratch: FromScratch = False,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Stop, with a checkpoint, at this step.")] = None,
    models_dir: ModelsDir = Path("models"),
) -> None:
    """Train a recipe. Ctrl-C is safe: the same command goes on from the step that was reached.

    Images are made before the first step, for minutes; what is cut there is made again.

    With TF_CONFIG set as TensorFlow has it, the processes that it names train together, each on a share of every
    batch. A recipe that goes on from a model finds it in --models-dir, and wants the data that the model had; with
    --from-scratch it begins with random weights, in a folder of its own. The recipe five-epochs is measured when it is
    done, beside the shipped model there.
    """
    together = workers()  # before TensorFlow does anything else
    recipe = recipe_named(name, variant, seed, from_scratch=from_scratch)
    foreign = load_dataset(recipe.outliers.dataset, Part.TRAIN, data_dir) if recipe.outliers.dataset else None
    data = load_dataset(recipe.dataset, Part.TRAIN, data_dir)
    start = None if recipe.start is None else artifact_named(models_dir, recipe.model, recipe.start)
    run = Run(recipe, data, run_folder(runs_dir, recipe), foreign, together, start)
    complete = run.train(max_steps)
    if complete:
        together.wait()  # for the chief, who measures and writes; the others would seem to have died
    print("complete" if complete else f"stopped at step {run.step} of {run.steps}")
    if complete and variant != SHIPPED and together.chief:
        _print_claim(recipe, runs_dir, data, data_dir, models_dir)


def _print_claim(recipe: Recipe, runs_dir: Path, training: LabelledImages, data_dir: Path, models_dir: Path) -> None:
    test = load_dataset(recipe.dataset, Part.TEST, data_dir)
    reached = [by_recipe(recipe, run_folder(runs_dir, recipe), training, test)]
    reached.append(by_model(artifact_named(models_dir, recipe.model), test))
    claim = CLAIMS[recipe.model]
    table = Table(
        "", "right", "mean per class", f"seconds to {claim.least:.0%}", "epochs", "seconds",
        title=f"claimed: {claim.words}; on {len(test.labels):,} images of {test.name} {test.part}",
        caption="seconds of training on the machine that did it, to the end of the first epoch after which so many "
        "validation images were right",
    )  # fmt: skip
    for one in reached:
        table.add_row(
            one.name,
            f"{one.accuracy:.4f}",
            f"{one.mean_per_class_accuracy:.4f}",
            *_time(one),
        )
    # Of a narrow terminal the numbers' headings take two lines; a name that is cut short says nothing.
    table.columns[0].min_width = max(len(one.name) for one in reached)
    STDOUT.print(table)


def _time(reached: Reached) -> tuple[str, str, str]:
    """Return the seconds to what is claimed, the epochs and the seconds of a run that began with random weights."""
    if reached.start:
        return f"goes on from {reached.start}", "", ""
    seconds = "never" if reached.seconds is None else f"{reached.seconds:.0f}"
    return seconds, str(reached.epochs), f"{reached.total_seconds:.0f}"
