"""A batch of images that all differ."""

from __future__ import annotations

import numpy as np

from tests.strokes import DIGITS, draw, encode

FILES = 64


def drawn(files: int = FILES) -> list[bytes]:
    """Return 28x28 PNGs of digits of every size and thickness, white on black as MNIST has them."""
    chance = np.random.default_rng(0)
    return [
        encode(
            draw(
                DIGITS[index % len(DIGITS)],
                (28, 28),
                width=chance.uniform(0.08, 0.14),
                scale=chance.uniform(0.6, 0.8),
                ink=255,
                paper=0,
            )
        )
        for index in range(files)
    ]
