from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.artifacts import CharacterClass
from app.inference import UnknownCharacters, is_uncertain, rank

CLASSES = [
    CharacterClass(label="0", characters=("0",)),
    CharacterClass(label="C", characters=("C", "c")),
    CharacterClass(label="a", characters=("a",)),
]
SHARES = np.array([0.2, 0.5, 0.3], np.float32)


def test_candidates_are_ranked() -> None:
    ranked = rank(SHARES, CLASSES, top_k=2)
    assert [(item.label, item.characters) for item in ranked] == [("C", ("C", "c")), ("a", ("a",))]
    assert ranked[0].confidence == pytest.approx(0.5)


def test_there_are_no_more_candidates_than_classes() -> None:
    assert len(rank(SHARES, CLASSES, top_k=10)) == 3


def test_allowed_characters_share_all_of_the_probability() -> None:
    ranked = rank(SHARES, CLASSES, top_k=3, allow="0a")
    assert [item.label for item in ranked] == ["a", "0"]
    assert ranked[0].confidence == pytest.approx(0.6)


def test_a_merged_class_answers_with_what_is_allowed_of_it() -> None:
    (only,) = rank(SHARES, CLASSES, top_k=3, allow="c")
    assert (only.label, only.characters, only.confidence) == ("c", ("c",), 1.0)


def test_probability_that_has_underflown_still_makes_an_answer() -> None:
    ranked = rank(np.array([1, 0, 0], np.float32), CLASSES, top_k=3, allow="Ca")
    assert [item.confidence for item in ranked] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("allow", "least", "uncertain"),
    [
        (None, 0.4, False),
        (None, 0.6, True),
        ("C0", 0.6, False),  # a 0 or a C, and then a C
        ("0", 0.6, False),
        (None, 0.0, False),
    ],
)
def test_an_answer_of_little_confidence_is_uncertain(allow: str | None, least: float, uncertain: bool) -> None:
    (best,) = rank(SHARES, CLASSES, top_k=1, allow=allow)
    assert is_uncertain(SHARES, CLASSES, best, least=least, alone=True, allow=allow) is uncertain


def test_an_answer_is_uncertain_where_the_picture_shows_none_of_what_is_allowed() -> None:
    shares = np.array([0.01, 0.04, 0.95], np.float32)
    (best,) = rank(shares, CLASSES, top_k=1, allow="0")
    assert best.confidence == 1
    assert is_uncertain(shares, CLASSES, best, least=0.5, alone=True, allow="0")


@pytest.mark.parametrize(("least", "uncertain"), [(0.4, True), (0.0, False)])
def test_an_answer_is_uncertain_where_there_is_more_than_one_character(least: float, uncertain: bool) -> None:
    (best,) = rank(SHARES, CLASSES, top_k=1)
    assert is_uncertain(SHARES, CLASSES, best, least=least, alone=False) is uncertain


def test_unknown_characters_are_named() -> None:
    with pytest.raises(UnknownCharacters, match="'漢'"):
        rank(SHARES, CLASSES, top_k=3, allow="C漢")


@given(
    st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3),
    st.none() | st.text("0Cca", min_size=1, max_size=4),
    st.integers(1, 10),
)
def test_confidences_are_probabilities_in_order(values: list[float], allow: str | None, top_k: int) -> None:
    total = sum(values) or 1
    ranked = rank(np.array(values, np.float32) / np.float32(total), CLASSES, top_k=top_k, allow=allow)
    confidences = [item.confidence for item in ranked]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= value <= 1 for value in confidences)
    assert sum(confidences) <= 1 + 1e-5
    assert all(item.label in item.characters for item in ranked)
