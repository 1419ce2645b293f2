from __future__ import annotations

import cv2
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

from tests.digits import network_inputs
from training.calibrator import FACTOR_BOUNDS, Calibrator, Ridge, fit_calibrator, sharpnesses
from training.figures import expected_calibration_error
from training.runs import RunError

FLAT = np.zeros(20_000, np.float32)


def honest_logits() -> tuple[np.ndarray, np.ndarray]:
    """Return logits whose probabilities are those by which their labels were drawn."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 10)).astype(np.float32)
    shares = Calibrator(1.0).probabilities(logits, FLAT)
    return logits, (shares.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_logits_is_found(temperature: float) -> None:
    logits, labels = honest_logits()
    fitted = fit_calibrator(logits * np.float32(temperature), labels)
    assert fitted.base == pytest.approx(temperature, rel=0.05)
    assert fitted.sharp == 1
    calibrated = fitted.probabilities(logits * np.float32(temperature), FLAT)
    right = calibrated.argmax(axis=1) == labels
    assert expected_calibration_error(calibrated.max(axis=1), right) < 0.015


def test_sharp_and_soft_pictures_get_a_temperature_each() -> None:
    logits, labels = honest_logits()
    sharp = np.random.default_rng(1).random(len(labels)).astype(np.float32)
    made = Calibrator(2.0, 0.25)
    fitted = fit_calibrator(logits * (made.base * made.sharp ** sharp[:, None]), labels, sharp)
    assert fitted.base == pytest.approx(made.base, rel=0.07)
    assert fitted.sharp == pytest.approx(made.sharp, rel=0.15)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_what_are_no_numbers_have_no_temperature(broken: float) -> None:
    logits, labels = honest_logits()
    logits[7, 3] = broken
    with pytest.raises(RunError, match="not all finite"), np.errstate(invalid="ignore"):
        fit_calibrator(logits, labels)


def test_the_factor_of_a_class_that_is_never_right_has_an_end() -> None:
    logits, labels = honest_logits()
    wrong = np.where(labels == 0, 1, labels)
    fitted = fit_calibrator(logits, wrong, ridge=Ridge(0.0, np.ones(10, np.bool_)))
    assert fitted.factors[0] == max(fitted.factors) == FACTOR_BOUNDS[1]


def test_a_class_that_is_answered_too_surely_gets_a_temperature_of_its_own() -> None:
    logits, labels = honest_logits()
    # Surer than it should be, by half, where the first class is likely.
    likely = softmax(logits, axis=1)[:, :1]
    bold = logits * 1.5**likely
    every = Ridge(0.0, np.ones(10, np.bool_))
    fitted = fit_calibrator(bold, labels, ridge=every)
    assert fitted.factors[0] / np.mean(fitted.factors[1:]) > 1.2
    assert fit_calibrator(bold, labels, ridge=Ridge(0.0, np.arange(10) > 0)).factors[0] == 1
    held = fit_calibrator(bold, labels, ridge=Ridge(0.3, every.free))
    assert np.ptp(held.factors) < np.ptp(fitted.factors) / 2
    mine, single = (
        expected_calibration_error(found.max(axis=1)[first], (labels == 0)[first])
        for found in (way.probabilities(bold, FLAT) for way in (fitted, fit_calibrator(bold, labels)))
        for first in [found.argmax(axis=1) == 0]
    )
    assert mine < single


def test_the_graph_says_the_same_and_changes_no_answer() -> None:
    seen = network_inputs("mnist")[0][:64, ..., None]
    logits = np.random.default_rng(0).normal(0, 3, (64, 10)).astype(np.float32)
    factors = tuple(np.geomspace(0.5, 2, 10).tolist())
    for calibrator in (
        Calibrator(0.7),
        Calibrator(1.07, 0.4),
        Calibrator(0.7, factors=factors),
        Calibrator(1.07, 0.4, factors),
    ):
        found = calibrator.graph(tf.constant(logits), tf.constant(seen)).numpy()
        np.testing.assert_allclose(found, calibrator.probabilities(logits, sharpnesses(seen)), atol=1e-6)
        np.testing.assert_array_equal(found.argmax(axis=1), logits.argmax(axis=1))


def test_a_blurred_picture_is_less_sharp_and_a_blank_one_has_an_answer() -> None:
    seen = network_inputs("mnist")[0][:32]
    soft = np.stack([cv2.GaussianBlur(image, (5, 5), 1.5) for image in seen])
    assert (sharpnesses(soft[..., None]) < sharpnesses(seen[..., None])).all()
    step = np.zeros((1, 28, 28, 1), np.float32)
    step[:, 10:20, 10:20] = 1
    assert sharpnesses(step)[0] == pytest.approx(1, abs=1e-4)
    assert sharpnesses(np.zeros((1, 28, 28, 1), np.float32))[0] == 0
