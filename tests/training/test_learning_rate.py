from __future__ import annotations

import pytest

from training.learning_rate import CosineCycles
from training.recipes import Cycle


def test_the_learning_rate_rises_and_falls_once_in_each_cycle() -> None:
    rates = CosineCycles([Cycle(4, 0.1), Cycle(2, 0.05)], warmup_epochs=0.5, steps_per_epoch=10)
    one_cycle = CosineCycles([Cycle(4, 0.1)], warmup_epochs=0.5, steps_per_epoch=10)
    values = [float(rates(step)) for step in range(61)]
    assert values[:40] == [float(one_cycle(step)) for step in range(40)]
    assert max(range(40), key=values.__getitem__) == 5
    assert max(range(40, 60), key=values.__getitem__) == 45
    assert values[5] == pytest.approx(0.1)
    assert values[45] == pytest.approx(0.05)
    assert values[0] == values[40] == pytest.approx(0)
    assert values[60] == pytest.approx(0, abs=1e-9)
