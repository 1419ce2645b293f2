"""The random streams that seeds part into, so that no two things draw the same numbers by oversight.

A generator is `np.random.default_rng([seed, stream, ...])`. To it, words that are missing are zeros: `[seed, 4]` is
`[seed, 4, 0]`. What trained runs drew from stays as it is, where streams meet too, since runs go on and are repeated.
"""

from __future__ import annotations

from enum import IntEnum

#: Which images are kept back for validation: `[split_seed, SPLIT]`.
SPLIT = 0
#: The order of an epoch: `[seed, ORDER, epoch]`.
ORDER = 1
#: Scribbles and pairs (`training.outliers`): `[seed, OUTLIERS]`.
OUTLIERS = 3
#: Characters in other shapes: `[seed, WRITTEN, index]`.
WRITTEN = 4
#: Which training images set the ranges of the 8-bit form: `[seed, RANGES]`, which the first drawn character has too.
RANGES = WRITTEN
#: Signs that nothing learns from (`training.outliers`): `[seed, DRAWN_SIGNS]`.
DRAWN_SIGNS = 5
#: Pairs apart from each other (`training.pairs`): `[seed, PAIRS, index]`.
PAIRS = 6


class Pages(IntEnum):
    """Whose pages: `[seed, copy, row, pages]`, apart from all others by the fourth word, but for those of training."""

    TRAINING = 0
    VALIDATION = 1
    RANGES = 2
