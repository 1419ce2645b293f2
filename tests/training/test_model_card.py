from __future__ import annotations

import numpy as np
import pytest

from tests.models import MODELS, open_newest
from tests.training.data import small_digits
from training.evaluate import Evaluation
from training.model_card import render


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "The weights are the moving average of the last step; no checkpoint was chosen."),
        ({"ema_decay": 0.0}, "The weights are those after the last step;"),
        ({"start": 3}, "The weights are the moving average of the last step;"),
        ({"start": 3, "start_share": 0.5}, "a mean of those that it began with and of the moving average of the last"),
        ({}, "validation images, once\nas they are and once as read off pages:"),
        ({"degraded_copies": 0}, "On the 5,000 validation images:"),
    ],
)
def test_the_card_says_what_was_done(changes: dict[str, object], said: str) -> None:
    data, card = small_digits(20), open_newest(MODELS, "digit", 4).card
    evaluation = Evaluation(data, data.images[..., None] / np.float32(255), np.eye(10, dtype=np.float32)[data.labels])
    assert said in render(card.model_copy(update={"recipe": card.recipe | changes}), evaluation)
