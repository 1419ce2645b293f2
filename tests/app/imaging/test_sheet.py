from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.imaging.ink import find_ink
from app.imaging.sheet import find_sheet, without_table
from tests.pages import photographed, ruled, wood
from tests.strokes import DIGITS, draw


def lying(sheet: np.ndarray, table: np.ndarray, degrees: float) -> np.ndarray:
    """Lay a sheet on a table of the same size, turned."""
    side = len(sheet)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 0.6)
    on = cv2.warpAffine(sheet, turn, (side, side))
    covered = cv2.warpAffine(np.full_like(sheet, 255), turn, (side, side)) > 127
    return np.where(covered, on, table)


@pytest.mark.parametrize("degrees", [-12, 0, 7])
@pytest.mark.parametrize("table", ["dark", "wood"])
@pytest.mark.parametrize("character", DIGITS)
def test_a_sheet_on_a_table_reads_like_the_sheet(character: str, table: str, degrees: float) -> None:
    sheet = draw(character, (256, 256), scale=0.4, paper=235)
    surface = np.full_like(sheet, 60) if table == "dark" else np.asarray(wood(256) * 0.7, np.uint8)
    alone = cv2.warpAffine(sheet, cv2.getRotationMatrix2D((128, 128), degrees, 0.6), (256, 256), borderValue=235)
    expected = find_ink(photographed(alone)).box
    assert find_ink(photographed(lying(sheet, surface, degrees))).box == pytest.approx(expected, abs=3)


def test_the_sheet_is_found_where_it_is() -> None:
    picture = np.full((200, 300), 50, np.uint8)
    picture[40:160, 80:220] = 230
    assert find_sheet(picture) is None  # nothing is written on it
    picture[80:120, 150:154] = 40
    found = find_sheet(picture)
    assert found is not None
    assert cv2.boundingRect(found) == pytest.approx((80, 40, 140, 120), abs=2)


@pytest.mark.parametrize(
    "page",
    [
        photographed(draw("7", (240, 240), scale=0.5), vignette=0.9),
        photographed(ruled(np.full((200, 200), 240, np.uint8), 40, squared=True)),
        255 - draw("1", (240, 240), scale=0.8, width=0.4),
        255 - draw("8", (240, 240), scale=0.9, width=0.1),
        draw("7", (60, 60)),
        wood(240),
    ],
    ids=["vignette", "squared", "brush", "chalk", "crop", "wood"],
)
def test_what_is_no_sheet_stays_as_it_is(page: np.ndarray) -> None:
    assert without_table(page) is page
