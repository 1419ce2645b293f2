"""Class frequencies: what a network is kept from learning of them, and what it answers by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.datasets import LabelledImages
from training.recipes import Recipe

#: Added to logits, one for each class: float32 [C].
Offsets = npt.NDArray[np.float32]


def training_offsets(recipe: Recipe, data: LabelledImages) -> Offsets:
    """Return what is added to the logits while training so that they need not learn it.

    Args:
        recipe: has the `logit_adjustment` and the `character_prior`.
        data: the data set's training part. An absent class counts as one image.
    """
    characters = [len(known.characters) for known in data.classes]
    prior = recipe.logit_adjustment * _log_shares(data) - recipe.character_prior * np.log(characters)
    return np.asarray(prior, np.float32)


def answering_offsets(recipe: Recipe, data: LabelledImages) -> Offsets:
    """Return what is added to the logits of a trained network for good.

    Drawn images come equally many of each class, and a class that has more of them than of its own becomes likelier.
    The recipe's `written_prior` says how much of that is taken back.
    """
    taken_back = _log_shares(data) - _log_shares(data, more=recipe.written)
    return np.asarray(recipe.written_prior * taken_back, np.float32)


def _log_shares(data: LabelledImages, more: int = 0) -> npt.NDArray[np.float64]:
    counts = np.maximum(np.bincount(data.labels, minlength=len(data.classes)), 1) + more
    return np.asarray(np.log(counts / counts.sum()), np.float64)
