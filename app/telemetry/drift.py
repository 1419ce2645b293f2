"""Whether what is answered of late still looks like what the model was measured on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.artifacts import ModelCard
from app.telemetry.snapshot import DriftState

#: Answers after which one counts a third (1/e) of what it counted. Short enough to follow within an hour of light use;
#: long enough that chance alone moves the distance of 47 equally frequent classes from uniform by about 0.06 only.
MEMORY_ANSWERS = 1000
#: Weights grow with every answer instead of all older ones shrinking; at this they are scaled back, long before a float
#: ends.
LARGEST_WEIGHT = 1e9


class Drift:
    """Running class shares and mean confidence of one model, exponentially weighted over its last answers."""

    def __init__(self, expected: Sequence[float]) -> None:
        """Begin without answers.

        Args:
            expected: the share of each class where nothing has drifted; sums to 1.
        """
        self._expected = tuple(expected)
        self._weights = [0.0] * len(self._expected)
        self._confidence = 0.0
        self._weight = 1.0

    def add(self, index: int, confidence: float) -> None:
        """Count an answer: the index of its class and its calibrated probability, 0..1."""
        self._weights[index] += self._weight
        self._confidence += self._weight * confidence
        self._weight *= 1 + 1 / MEMORY_ANSWERS
        if self._weight > LARGEST_WEIGHT:
            self._weights = [weight / self._weight for weight in self._weights]
            self._confidence /= self._weight
            self._weight = 1.0

    def state(self) -> DriftState:
        """Return what it is at this moment."""
        return DriftState(
            weights=tuple(weight / self._weight for weight in self._weights), confidence=self._confidence / self._weight
        )

    @classmethod
    def joined(cls, expected: Sequence[float], parts: Iterable[DriftState]) -> Drift:
        """Return the figures over the last answers of several processes."""
        drift = cls(expected)
        for part in parts:
            drift._weights = [own + other for own, other in zip(drift._weights, part.weights, strict=True)]
            drift._confidence += part.confidence
        return drift

    @property
    def answers(self) -> float:
        """How many answers the figures rest on: all at first, and at most `MEMORY_ANSWERS`."""
        return sum(self._weights) / self._weight * (1 + 1 / MEMORY_ANSWERS)

    @property
    def mean_confidence(self) -> float:
        """Weighted mean of the confidence; not a number before the first answer."""
        total = sum(self._weights)
        return self._confidence / total if total else float("nan")

    @property
    def class_distance(self) -> float:
        """Total-variation distance of the classes from the expected, 0..1; not a number before the first answer."""
        total = sum(self._weights)
        if not total:
            return float("nan")
        pairs = zip(self._weights, self._expected, strict=True)
        return sum(abs(weight / total - share) for weight, share in pairs) / 2


def expected_shares(card: ModelCard) -> list[float]:
    """Return the share of each class that drift is measured from: uniform.

    Cards do not tell the frequencies of their test sets. The shipped models answer as if classes were equally
    frequent, so uniform is what they were made for; text in a language is not, and keeps a steady distance.
    """
    return [1 / len(card.classes)] * len(card.classes)


def expected_confidence(card: ModelCard) -> float:
    """Return the mean confidence on the card's test set: its accuracy, as far as the model is calibrated.

    The two differ by at most the card's calibration error.
    """
    return card.metrics[0].accuracy if card.metrics else float("nan")
