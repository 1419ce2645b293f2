from __future__ import annotations

import numpy as np

from training.streams import DRAWN_SIGNS, ORDER, OUTLIERS, SPLIT, WRITTEN, Pages


def test_words_that_are_missing_are_zeros() -> None:
    short, long = (np.random.default_rng(words).random() for words in ([7, WRITTEN], [7, WRITTEN, 0]))
    assert short == long


def test_no_two_streams_are_one() -> None:
    streams = [[7, stream] for stream in (SPLIT, ORDER, OUTLIERS, WRITTEN, DRAWN_SIGNS)]
    pages = [[7, 1, 1, whose] for whose in Pages]
    assert len({np.random.default_rng(words).random() for words in [*streams, *pages]}) == len(streams) + len(pages)
