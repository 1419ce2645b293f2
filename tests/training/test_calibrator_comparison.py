from __future__ import annotations

import numpy as np

from training.calibrator import Calibrator
from training.calibrator_comparison import compare_calibrators


def test_a_temperature_by_sharpness_wins_where_sharpness_tells_what_logits_do_not() -> None:
    rng = np.random.default_rng(0)
    count = 4000
    honest = rng.normal(0, 2, (2 * count, 10)).astype(np.float32)
    shares = Calibrator(1.0).probabilities(honest, np.zeros(2 * count, np.float32))
    labels = (shares.cumsum(axis=1) > rng.random((2 * count, 1))).argmax(axis=1)
    sharp = np.concatenate([rng.uniform(0.5, 0.6, count), rng.uniform(0.35, 0.45, count)]).astype(np.float32)
    logits = honest * np.repeat([0.8, 1.25], count)[:, None].astype(np.float32)
    found = compare_calibrators(logits, labels, sharp)
    ours, single = found["by sharpness"], found["one for all"]
    for mine, other in zip(ours, single, strict=True):
        assert mine.error < other.error
        assert mine.loss < other.loss
        assert mine.error < 2 * mine.chance
