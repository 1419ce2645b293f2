"""The validation images of a run, which its confidences are fitted on and measured with: none is learnt from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.batches import predict_logits
from training.calibrator import Floats, Ridge, sharpnesses
from training.datasets import LabelledImages
from training.degraded import shown_both_ways
from training.recipes import Recipe
from training.runs import RunError, finished, trained_network
from training.split import Images, Labels, held_back, split_parts
from training.streams import Pages

#: In a run's folder: the validation images as read off pages. Not "validation-pages.npy", which holds pages as training
#: drew them.
PAGES_FILE = "pages-validation.npy"


def check_validation(recipe: Recipe, training: LabelledImages) -> None:
    """Raise RunError where a recipe leaves nothing to fit a calibrator on."""
    if not held_back(recipe, training):
        raise RunError(f"{recipe.name} keeps no validation images back, which the confidences would be fitted on.")


def ridge_of(recipe: Recipe, training: LabelledImages) -> Ridge | None:
    """Return what holds the classes' factors of a recipe's calibrator; None where it has none.

    Where labels contradict shapes, the classes of either have none: what is answered is right by its shape.
    """
    if recipe.factor_ridge is None:
        return None
    contradicted = {name for pair in recipe.relabelled for name in pair}
    return Ridge(recipe.factor_ridge, np.array([item.label not in contradicted for item in training.classes]))


def validation_logits(recipe: Recipe, run: Path, training: LabelledImages) -> tuple[Floats, Labels, Floats]:
    """Return what a finished run says to its `calibration_images`: logits, labels, and the images' sharpness.

    Raises:
        RunError: the run is not complete, of another recipe, or of one that keeps no validation images back.
    """
    finished(recipe, run, training)
    check_validation(recipe, training)
    images, labels = calibration_images(recipe, split_parts(recipe, training)[1], run)
    return predict_logits(trained_network(recipe, run, training), images), labels, sharpnesses(images)


def calibration_images(recipe: Recipe, validation: LabelledImages, run: Path) -> tuple[Images, Labels]:
    """Return the validation images as the data set has them and, where the recipe has pages, as read off one.

    Returns:
        float32 [N, 28, 28, 1] in 0..1, and labels int64 [N].
    """
    shown = shown_both_ways(recipe, validation, Pages.VALIDATION, run / PAGES_FILE)
    return shown, np.tile(validation.labels, len(shown) // len(validation.labels))
