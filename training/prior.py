"""Class frequencies: what a network is kept from learning of them, and what is corrected of what it did learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.datasets import LabelledImages
from training.recipes import Recipe
from training.relabel import relabelled

#: What is added to logits, one for each class: float32 [C], natural logarithms.
Offsets = npt.NDArray[np.float32]


def logit_adjustment(recipe: Recipe, data: LabelledImages) -> Offsets:
    """Return what is added to the logits while training, so that they need not learn it.

    Source: Menon et al. 2021, arXiv:2007.07314.

    Args:
        recipe: has the `logit_adjustment` and the `character_prior`.
        data: the data set's training part. An absent class counts as one image.
    """
    characters = [len(known.characters) for known in data.classes]
    prior = recipe.logit_adjustment * _log_shares(data) - recipe.character_prior * np.log(characters)
    return np.asarray(prior, np.float32)


def prior_correction(recipe: Recipe, data: LabelledImages, folder: Path) -> Offsets:
    """Return what is added to the logits of a trained network for good, none where the recipe corrects nothing.

    Drawn images come equally many of each class, so that rare classes are likelier among what is trained on than in the
    data set; and where labels contradict shapes, it is the label that is learnt. The recipe's `prior_correction` says
    how far the answers are brought to the data set's frequencies, counted by shape.

    Source: Saerens et al. 2002, "Adjusting the outputs of a classifier to new a priori probabilities".

    Args:
        recipe: has the `prior_correction`, the number of images `written` of each class and what is `relabelled`.
        data: the data set's training part, of which all is counted, the few validation images too.
        folder: of the run; keeps the labels by shape, which take a minute to make.

    Raises:
        DatasetError, FontsMissing: the labels by shape cannot be made.
    """
    if not recipe.prior_correction:
        return np.zeros(len(data.classes), np.float32)
    learnt = _log_shares(data, written=recipe.written)
    meant = _log_shares(relabelled(recipe, data, folder))
    return np.asarray(recipe.prior_correction * (meant - learnt), np.float32)


def _log_shares(data: LabelledImages, written: int = 0) -> npt.NDArray[np.float64]:
    counts = np.maximum(np.bincount(data.labels, minlength=len(data.classes)), 1) + written
    return np.asarray(np.log(counts / counts.sum()), np.float64)
