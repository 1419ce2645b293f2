"""`python -m training calibrate`: ways to calibrate a run, side by side."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from training.calibrator_comparison import compare_calibrators
from training.commands.console import STDOUT, reported
from training.commands.options import DataDir, FromScratch, ModelName, Part, RunsDir, Seed, Variant, recipe_named
from training.datasets import load_dataset
from training.recipes import SHIPPED
from training.runs import RunError, run_folder
from training.validation import ridge_of, validation_logits


@reported()
def calibrate(
    name: ModelName,
    data_dir: DataDir = Path("data"),
    runs_dir: RunsDir = Path("runs"),
    variant: Variant = SHIPPED,
    seed: Seed = None,
    from_scratch: FromScratch = False,
) -> None:
    """Compare ways to calibrate a finished run, on its validation images alone: half of them fit, half measure."""
    recipe = recipe_named(name, variant, seed, from_scratch=from_scratch)
    training = load_dataset(recipe.dataset, Part.TRAIN, data_dir)
    logits, labels, sharp = validation_logits(recipe, run_folder(runs_dir, recipe), training)
    if not recipe.degraded_copies:
        raise RunError(f"{recipe.name} has no pages to compare on.")
    table = Table(
        "way", "images", "error", "by chance", "excess", "loss",
        title=f"{recipe.name}: {len(labels) // 2:,} validation images, and the same read off pages",
    )  # fmt: skip
    for way, kinds in compare_calibrators(logits, labels, sharp, ridge_of(recipe, training)).items():
        for images, kind in zip(("as they are", "pages"), kinds, strict=True):
            figures = f"{kind.error:.5f}", f"{kind.chance:.5f}", f"{kind.excess:+.5f}", f"{kind.loss:.5f}"
            table.add_row(way, images, *figures)
    STDOUT.print(table)
