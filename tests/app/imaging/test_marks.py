from __future__ import annotations

import numpy as np
import pytest

from app.imaging import find_ink
from tests.pages import framed, photographed
from tests.strokes import DIGITS, draw


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", "038i5")
def test_a_frame_is_left_out(character: str, lit: bool) -> None:
    page = draw(character, (200, 200), scale=0.5)
    found = find_ink(photographed(framed(page, 15)) if lit else framed(page, 15))
    assert np.abs(np.subtract(found.box, find_ink(page).box)).max() <= 5


def test_a_zero_is_no_frame() -> None:
    page = draw("0", (200, 200), scale=1.0, width=0.02)
    page = np.asarray(np.minimum(page, draw("1", (200, 200), scale=0.2)))
    box = find_ink(page).box
    assert box[2] - box[0] > 90


@pytest.mark.parametrize("lit", [False, True])
@pytest.mark.parametrize("character", DIGITS)
def test_the_next_line_of_writing_is_left_out(character: str, lit: bool) -> None:
    page = draw(character, (160, 160), scale=0.6).copy()
    alone = find_ink(page).box
    page[152:, 20:50] = 20
    page[156:, 90:130] = 20
    found = find_ink(photographed(page) if lit else page)
    assert np.abs(np.subtract(found.box, alone)).max() <= 4


@pytest.mark.parametrize("lit", [False, True])
def test_the_dot_of_an_i_is_kept(lit: bool) -> None:
    page = draw("i", (200, 200), width=0.1)
    box = find_ink(photographed(page) if lit else page).box
    assert box[1] < 50
    assert box[3] > 165


def test_a_stroke_cut_by_the_edge_is_kept() -> None:
    """The bar of a 5 that touches the edge of a tight crop, and does not touch the rest."""
    page = np.full((60, 40), 240, np.uint8)
    page[0:6, 8:36] = 20
    page[10:54, 8:13] = 20
    page[49:54, 8:34] = 20
    assert find_ink(page).box[1] == 0
