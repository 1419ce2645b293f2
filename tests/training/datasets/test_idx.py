from __future__ import annotations

import gzip

import numpy as np
import pytest

from tests.training.data import idx
from training.datasets import DatasetError
from training.datasets.idx import parse_idx

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
PACKED = gzip.compress(idx(ARRAY) * 50)
DAMAGED = PACKED[:20] + b"\xff" * 20 + PACKED[40:]


def test_plain_and_gzipped() -> None:
    np.testing.assert_array_equal(parse_idx(idx(ARRAY), "a"), ARRAY)
    np.testing.assert_array_equal(parse_idx(gzip.compress(idx(ARRAY)), "a"), ARRAY)


# Named by hand: gzip writes the time into its bytes, and the workers of a test run must agree on the names.
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="text"),
        pytest.param(idx(ARRAY)[:-1], id="short"),
        pytest.param(idx(ARRAY) + b"x", id="long"),
        pytest.param(gzip.compress(idx(ARRAY))[:-9], id="cut gzip"),
        pytest.param(b"\0\0\x0d\1\0\0\0\1\0", id="not of uint8"),
        pytest.param(b"\0\0\x08\3\0\0", id="cut head"),
        pytest.param(DAMAGED, id="damaged gzip"),
    ],
)
def test_damage_is_named(data: bytes) -> None:
    with pytest.raises(DatasetError, match=r"images\.idx"):
        parse_idx(data, "images.idx")
