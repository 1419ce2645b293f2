from __future__ import annotations

import numpy as np
import pytest

from training.calibrate import auroc, expected_calibration_error, operating_points


def test_calibration_error_of_the_dishonest() -> None:
    right = np.arange(1000) % 2 == 0
    assert expected_calibration_error(np.full(1000, 1.0, np.float32), right) == pytest.approx(0.5, abs=0.01)
    assert expected_calibration_error(np.full(1000, 0.5, np.float32), right) == pytest.approx(0, abs=0.01)


def test_operating_points_keep_their_promise() -> None:
    rng = np.random.default_rng(0)
    confidences = rng.random(20_000).astype(np.float32)
    right = rng.random(20_000) < confidences
    points = operating_points(confidences, right, (0.05, 0.2))
    assert [point.target_error for point in points] == [0.05, 0.2]
    for point in points:
        answered = confidences >= point.confidence
        assert (~right[answered]).mean() == pytest.approx(point.target_error, abs=0.005)
        assert answered.mean() == pytest.approx(point.coverage, abs=0.001)
        # Of answers evenly spread over confidences c..1, (1 - c) / 2 are wrong.
        assert point.confidence == pytest.approx(1 - 2 * point.target_error, abs=0.05)


def test_a_share_that_is_never_reached_has_no_operating_point() -> None:
    assert operating_points(np.array([0.9, 0.8], np.float32), np.array([False, False]), (0.1,)) == ()


def test_auroc() -> None:
    low, high = np.array([0.1, 0.2], np.float32), np.array([0.8, 0.9, 0.7], np.float32)
    assert (auroc(high, low), auroc(low, high), auroc(low, low)) == (1, 0, 0.5)
    assert auroc(np.array([0.15], np.float32), low) == 0.5
