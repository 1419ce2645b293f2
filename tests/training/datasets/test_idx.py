from __future__ import annotations

import gzip

import numpy as np
import pytest

from tests.training.data import idx
from training.datasets import DatasetError
from training.datasets.idx import parse_idx

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
DAMAGED = gzip.compress(idx(ARRAY) * 50)[:20] + b"\xff" * 20 + gzip.compress(idx(ARRAY) * 50)[40:]


def test_plain_and_gzipped() -> None:
    np.testing.assert_array_equal(parse_idx(idx(ARRAY), "a"), ARRAY)
    np.testing.assert_array_equal(parse_idx(gzip.compress(idx(ARRAY)), "a"), ARRAY)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        idx(ARRAY)[:-1],
        idx(ARRAY) + b"x",
        gzip.compress(idx(ARRAY))[:-9],
        b"\0\0\x0d\1\0\0\0\1\0",
        b"\0\0\x08\3\0\0",
        DAMAGED,
    ],
)
def test_damage_is_named(data: bytes) -> None:
    with pytest.raises(DatasetError, match=r"images\.idx"):
        parse_idx(data, "images.idx")
