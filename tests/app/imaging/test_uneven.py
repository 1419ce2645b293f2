from __future__ import annotations

import numpy as np

from app.imaging.uneven import LOCAL_WINDOW, local_window
from tests.strokes import draw


def test_the_window_follows_the_width_of_the_strokes() -> None:
    thin, thick = (local_window(255 - draw("7", (256, 256), width=width, paper=255, ink=0)) for width in (0.02, 0.09))
    assert thin == 8 / 64
    assert thin < thick < LOCAL_WINDOW
    assert local_window(np.full((64, 64), 255, np.uint8)) == LOCAL_WINDOW
    assert local_window(np.full((1, 1), 255, np.uint8)) == LOCAL_WINDOW
