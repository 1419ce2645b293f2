from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.models import shipped
from tests.training.data import small_digits
from training.corruptions import CORRUPTIONS, STRENGTHS, clean_page
from training.plots import robustness_plot
from training.robustness import measure, plain_resizing, through_the_chain


def test_the_chain_is_more_robust_than_plain_resizing(tmp_path: Path) -> None:
    data, artifact = small_digits(40, "test"), shipped("digit")
    served = measure(artifact, data, through_the_chain("mnist"), "as served")
    resized = measure(artifact, data, plain_resizing, "plain resizing")
    assert set(served.accuracies) == {"clean", *CORRUPTIONS}
    assert all(len(served.accuracies[name]) == len(STRENGTHS) for name in CORRUPTIONS)
    assert served.accuracies["clean"][0] >= 0.9
    assert served.mean > resized.mean + 0.1
    robustness_plot([served, resized], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_plain_resizing_gives_light_ink_on_a_dark_page() -> None:
    page = clean_page(np.pad(np.full((10, 10), 255, np.uint8), 9))
    for picture in (page, 255 - page):
        seen = plain_resizing(picture)
        assert seen[14, 14] > 0.9
        assert seen[0, 0] < 0.1
