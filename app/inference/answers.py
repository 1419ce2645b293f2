"""Probabilities -> ranked candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.artifacts import CharacterClass

#: Where the allowed characters together have less than this probability, the picture most likely shows another one.
#: Below a half, since a 0 that is half an O is still a sure 0 where only digits are allowed.
LEAST_ALLOWED = 0.1


class UnknownCharacters(ValueError):
    """`allow` names characters that the model has no class for."""


@dataclass(frozen=True)
class Candidate:
    """One possible answer.

    label: the class's name.
    characters: what the class stands for, `label` among them.
    confidence: calibrated probability, 0..1.
    """

    label: str
    characters: tuple[str, ...]
    confidence: float


def rank(
    probabilities: npt.NDArray[np.float32], classes: Sequence[CharacterClass], *, top_k: int, allow: str | None = None
) -> list[Candidate]:
    """Return the most probable classes, best first.

    Args:
        probabilities: float32 [C].
        classes: what each stands for.
        top_k: how many to return, fewer where there are fewer.
        allow: only these characters may be answered. Probabilities are renormalised over their classes, and a class
            that merges two characters answers with those of them that are allowed.

    Raises:
        UnknownCharacters: a character of `allow` has no class.
    """
    if allow is None:
        every: list[float] = probabilities.tolist()
        return [_candidate(classes[index], classes[index].characters, every[index]) for index in _best(every)[:top_k]]
    check_allowed(allow, classes)
    permitted = {
        index: kept
        for index, item in enumerate(classes)
        if (kept := tuple(character for character in item.characters if character in allow))
    }
    mask = np.isin(np.arange(len(classes)), list(permitted))
    # The smallest normal number stands in for a probability that has underflown, so that the sum is never zero.
    kept_of = np.where(mask, np.maximum(probabilities, np.finfo(np.float32).tiny), 0).astype(np.float64)
    shares: list[float] = (kept_of / kept_of.sum()).tolist()
    best = [index for index in _best(shares) if index in permitted][:top_k]
    return [_candidate(classes[index], permitted[index], shares[index]) for index in best]


def _best(shares: list[float]) -> list[int]:
    """Return the indices of shares, the greatest first, the first of equal ones first."""
    # Of so few numbers in a third of the time that NumPy takes.
    return sorted(range(len(shares)), key=shares.__getitem__, reverse=True)


def _candidate(found: CharacterClass, characters: tuple[str, ...], share: float) -> Candidate:
    label = found.label if found.label in characters else characters[0]
    return Candidate(label, characters, min(share, 1.0))


def is_uncertain(
    probabilities: npt.NDArray[np.float32],
    classes: Sequence[CharacterClass],
    best: Candidate,
    *,
    least: float,
    alone: bool,
    allow: str | None = None,
) -> bool:
    """Tell whether a person should rather have a look.

    Args:
        probabilities: float32 [C].
        classes: what each stands for.
        best: the candidate that is answered.
        least: confidence that it has to have, 0..1; 0 where no answer is uncertain.
        alone: whether the picture shows one character. How sure the answer is says nothing of the other ones.
        allow: the only characters that might be answered.
    """
    if not least:
        return False
    if best.confidence < least or not alone:
        return True
    if allow is None:
        return False
    permitted = [any(character in allow for character in item.characters) for item in classes]
    return float(probabilities[permitted].sum()) < LEAST_ALLOWED


def check_allowed(allow: str, classes: Sequence[CharacterClass]) -> None:
    """Raise UnknownCharacters where the model has no class for a character, or none is named."""
    if not allow:
        raise UnknownCharacters("`allow` names no character.")
    known = {character for item in classes for character in item.characters}
    if unknown := sorted(set(allow) - known):
        raise UnknownCharacters(f"The model has no class for {', '.join(map(repr, unknown))}.")
