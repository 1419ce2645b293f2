"""`python -m training seeds`: what is luck in a recipe's figures."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from training.commands.console import STDOUT, reported
from training.commands.options import DataDir, FromScratch, ModelName, Part, RunsDir, Variant, recipe_named
from training.datasets import load_dataset
from training.recipes import SHIPPED
from training.runs import RunError
from training.seeds import measure_seeds, spread


@reported()
def seeds(
    name: ModelName,
    data_dir: DataDir = Path("data"),
    runs_dir: RunsDir = Path("runs"),
    variant: Variant = SHIPPED,
    from_scratch: FromScratch = False,
) -> None:
    """Measure every finished run of a recipe on the test set, whatever its seed: the mean, and what is luck in it."""
    recipe = recipe_named(name, variant, None, from_scratch=from_scratch)
    training = load_dataset(recipe.dataset, Part.TRAIN, data_dir)
    test = load_dataset(recipe.dataset, Part.TEST, data_dir)
    found = measure_seeds(recipe, runs_dir, training, test)
    if not found:
        raise RunError(f"{runs_dir} holds no finished run of {recipe.name}.")
    table = Table(
        "seed", "right", "mean per class", title=f"{recipe.name} on {len(test.labels):,} images of {test.name}"
    )
    for one in found:
        shipped = " (shipped)" if one.seed == recipe.seed else ""
        table.add_row(f"{one.seed}{shipped}", f"{one.accuracy:.5f}", f"{one.mean_per_class_accuracy:.5f}")
    figures = [one.accuracy for one in found], [one.mean_per_class_accuracy for one in found]
    table.add_row("mean ± standard deviation", *("{:.5f} ± {:.5f}".format(*spread(values)) for values in figures))
    STDOUT.print(table)
