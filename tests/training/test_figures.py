from __future__ import annotations

import numpy as np
import pytest

from training.figures import auroc, expected_calibration_error, operating_points


def test_calibration_error_of_the_dishonest() -> None:
    right = np.arange(1000) % 2 == 0
    assert expected_calibration_error(np.full(1000, 1.0, np.float32), right) == pytest.approx(0.5, abs=0.01)
    assert expected_calibration_error(np.full(1000, 0.5, np.float32), right) == pytest.approx(0, abs=0.01)


def test_calibration_error_of_what_is_too_sure_here_and_not_sure_enough_there() -> None:
    # Of 0.6 eight in ten are right, of 0.9 seven: 0.75 of all, which is their mean confidence too.
    confidences = np.repeat(np.array([0.6, 0.9], np.float32), 1500)
    right = np.concatenate([np.arange(1500) % 10 < 8, np.arange(1500) % 10 < 7])
    assert right.mean() == pytest.approx(confidences.mean())
    assert expected_calibration_error(confidences, right) == pytest.approx(0.2, abs=0.02)


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


@pytest.mark.parametrize("levels", [7, 100, 12_345])
def test_operating_points_keep_their_promise_among_equal_confidences(levels: int) -> None:
    rng = np.random.default_rng(levels)
    confidences = (np.round(levels * rng.random(3_000) ** 0.2) / levels).astype(np.float32)
    right = rng.random(3_000) < confidences
    points = operating_points(confidences, right, (0.005, 0.01, 0.02, 0.05, 0.1))
    assert points
    for point in points:
        # As the service compares.
        answered = confidences.astype(np.float64) >= point.confidence
        assert (~right[answered]).mean() <= point.target_error
        assert answered.mean() == pytest.approx(point.coverage, abs=1e-4)


def test_an_operating_point_answers_equal_confidences_or_none_of_them() -> None:
    confidences = np.array([0.875, 0.75, 0.75, 0.75], np.float32)
    right = np.array([True, True, True, False])
    (first,) = operating_points(confidences, right, (0.1,))
    assert (first.confidence, first.coverage) == (0.875, 0.25)
    (second,) = operating_points(confidences, right, (0.25,))
    assert (second.confidence, second.coverage) == (0.75, 1)
    sure = np.nextafter(np.ones(4, np.float32), np.float32(2))  # by rounding
    assert operating_points(sure, right, (0.3,))[0].confidence == 1


def test_a_share_that_is_never_reached_has_no_operating_point() -> None:
    assert operating_points(np.array([0.9, 0.8], np.float32), np.array([False, False]), (0.1,)) == ()


def test_auroc() -> None:
    low, high = np.array([0.1, 0.2], np.float32), np.array([0.8, 0.9, 0.7], np.float32)
    assert (auroc(high, low), auroc(low, high), auroc(low, low)) == (1, 0, 0.5)
    assert auroc(np.array([0.15], np.float32), low) == 0.5
