from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.telemetry.drift import MEMORY_ANSWERS, Drift, expected_confidence, expected_shares
from tests.models import shipped


def test_before_the_first_answer_there_are_no_figures() -> None:
    drift = Drift([0.5, 0.5])
    assert drift.answers == 0
    assert math.isnan(drift.class_distance)
    assert math.isnan(drift.mean_confidence)


def test_equally_frequent_classes_have_not_drifted_and_a_single_one_has() -> None:
    even, single = Drift([0.1] * 10), Drift([0.1] * 10)
    for number in range(5000):
        even.add(number % 10, 0.9)
        single.add(3, 0.9)
    assert even.class_distance < 0.01
    assert single.class_distance == pytest.approx(0.9)


def test_old_answers_are_forgotten() -> None:
    drift = Drift([0.5, 0.5])
    for _ in range(5000):
        drift.add(0, 0.99)
    for _ in range(7 * MEMORY_ANSWERS):
        drift.add(1, 0.5)
    assert drift.mean_confidence == pytest.approx(0.5, abs=0.002)
    assert drift.answers == pytest.approx(MEMORY_ANSWERS, rel=0.01)


def test_the_figures_stand_after_more_answers_than_a_weight_can_grow_over() -> None:
    drift = Drift([0.25] * 4)
    for number in range(100_000):
        drift.add(number % 4, 0.7)
    assert drift.class_distance < 0.01
    assert drift.mean_confidence == pytest.approx(0.7)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), min_size=1, max_size=60))
def test_the_figures_are_those_of_the_weighted_answers(answers: list[tuple[int, float]]) -> None:
    drift = Drift([0.25] * 4)
    for index, confidence in answers:
        drift.add(index, confidence)
    weights = [(1 + 1 / MEMORY_ANSWERS) ** place for place in range(len(answers))]
    shares = [sum(w for w, (index, _) in zip(weights, answers, strict=True) if index == i) for i in range(4)]
    assert drift.class_distance == pytest.approx(sum(abs(s / sum(weights) - 0.25) for s in shares) / 2)
    mean = sum(w * confidence for w, (_, confidence) in zip(weights, answers, strict=True)) / sum(weights)
    assert drift.mean_confidence == pytest.approx(mean)


def test_the_figures_of_several_processes_are_those_of_all_their_answers() -> None:
    busy, idle = Drift([0.5, 0.5]), Drift([0.5, 0.5])
    for _ in range(300):
        busy.add(0, 0.9)
    for _ in range(100):
        idle.add(1, 0.5)
    joined = Drift.joined([0.5, 0.5], [busy.state(), idle.state()])
    assert joined.answers == pytest.approx(busy.answers + idle.answers)
    share = busy.answers / joined.answers
    assert joined.class_distance == pytest.approx(share - 0.5)
    assert joined.mean_confidence == pytest.approx(0.9 * share + 0.5 * (1 - share))
    assert math.isnan(Drift.joined([0.5, 0.5], []).mean_confidence)


@pytest.mark.parametrize("name", ["digit", "char"])
def test_what_is_expected_comes_from_the_card(name: str) -> None:
    card = shipped(name).card
    assert sum(expected_shares(card)) == pytest.approx(1)
    assert len(expected_shares(card)) == len(card.classes)
    assert expected_confidence(card) == card.metrics[0].accuracy
