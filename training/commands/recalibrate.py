"""`python -m training recalibrate`: the next version of a model, of the same weights."""

from __future__ import annotations

from pathlib import Path

from training.commands.console import reported
from training.commands.options import (
    DataDir,
    FromScratch,
    ModelName,
    ModelsDir,
    Part,
    Version,
    artifact_named,
    recipe_named,
)
from training.datasets import load_dataset
from training.export import recalibrate as recalibrate_artifact
from training.recipes import SHIPPED


@reported()
def recalibrate(
    name: ModelName,
    data_dir: DataDir = Path("data"),
    models_dir: ModelsDir = Path("models"),
    version: Version = None,
    from_scratch: FromScratch = False,
) -> None:
    """Make the next version of a model from the weights of one that there is, its confidences fitted anew.

    On the validation images alone; then quantise, measure on the test set and write the card as export does. For models
    whose run is gone. All of the recipe that the weights come from has to be as it was; `factor_ridge`, `target_error`
    and what the card says in words may be others.
    """
    recipe = recipe_named(name, SHIPPED, None, from_scratch=from_scratch)
    target = recalibrate_artifact(
        recipe,
        artifact_named(models_dir, name, version),
        load_dataset(recipe.dataset, Part.TRAIN, data_dir),
        load_dataset(recipe.dataset, Part.TEST, data_dir),
        models_dir,
    )
    print(target)
