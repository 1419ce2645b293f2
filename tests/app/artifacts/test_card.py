from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.artifacts import ModelCard, OperatingPoint
from tests.models import shipped

CARD = shipped("digit").card.model_copy(
    update={
        "target_error": 0.01,
        "operating_points": (
            OperatingPoint(target_error=0.001, confidence=0.9, coverage=0.9),
            OperatingPoint(target_error=0.01, confidence=0.6, coverage=0.98),
        ),
    }
)


@pytest.mark.parametrize(
    ("target_error", "confidence"), [(None, 0.6), (0.5, 0.6), (0.01, 0.6), (0.005, 0.9), (0.0001, 0.9)]
)
def test_the_next_stricter_operating_point_is_taken(target_error: float | None, confidence: float) -> None:
    assert CARD.least_confidence(target_error) == confidence


def test_a_card_without_operating_points_makes_nothing_uncertain() -> None:
    assert CARD.model_copy(update={"operating_points": ()}).least_confidence(0.001) == 0


@pytest.mark.parametrize("factors", [(1.0,) * 9, (1.0,) * 9 + (0.0,)])
def test_every_class_has_its_factor_or_none_has(factors: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError, match="class_factors"):
        ModelCard.model_validate(CARD.model_dump() | {"class_factors": factors})
