from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tests.training.data import small_digits
from training.pairs import measure, pages
from training.split import Images


def sure(seen: Images) -> npt.NDArray[np.float32]:
    """Answer every image with a confidence of 0.9."""
    return np.tile(np.array([0.9, 0.1], np.float32), (len(seen), 1))


def test_pictures_are_the_same_for_the_same_seed() -> None:
    data = small_digits(50)
    first, again, others = (list(pages(data, 2, 10, seed)) for seed in (0, 0, 1))
    assert all(page.dtype == np.uint8 and page.ndim == 2 for page in first)
    assert all(map(np.array_equal, first, again))
    assert not any(map(np.array_equal, first, others))


def test_pairs_are_seen_to_be_two_and_single_characters_to_be_one() -> None:
    data = small_digits(200)
    two, one = (measure(pages(data, together, 60, 0), "mnist", sure, 0.5) for together in (2, 1))
    assert two.unsure == one.unsure == 0
    assert two.several == two.uncertain > 0.8
    assert one.several == one.uncertain < 0.1
    assert one.unread < 0.1


def test_what_is_unsure_and_what_cannot_be_read_are_told_apart() -> None:
    blank = np.full((40, 40), 255, np.uint8)
    found = measure(iter([blank, *pages(small_digits(50), 1, 3, 0)]), "mnist", sure, 0.95)
    assert (found.unread, found.unsure, found.uncertain) == (0.25, 0.75, 0.75)
    found = measure(iter([blank]), "mnist", sure, 0.95)
    assert (found.unread, found.unsure, found.several, found.uncertain) == pytest.approx((1, 0, 0, 0))
