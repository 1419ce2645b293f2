from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.imaging import GEOMETRIES, NoInkFound, Polarity, find_ink
from app.imaging.clear import BLACK, WHITE, find_clear
from app.imaging.ink import SMALL_WRITING
from app.imaging.lift import FULL_INK_SHARE
from app.imaging.marks import SMALL_SIDE
from app.imaging.outline import LEAST_OUTLINED
from app.imaging.page import CROP_SIDE, RING_SHARE
from tests.digits import network_inputs
from tests.strokes import STROKES, draw

LEVELS = st.sampled_from([BLACK, WHITE])


def assert_same(pixels: np.ndarray, polarity: Polarity = Polarity.AUTO) -> bool:
    """Assert that a picture found clear is what the chain makes of it, and tell whether it was found so."""
    if (clear := find_clear(pixels, polarity)) is None:
        return False
    found = find_ink(pixels, polarity)
    np.testing.assert_array_equal(clear.pixels, found.pixels)
    assert (clear.box, clear.polarity, clear.alone, clear.part) == (
        found.box,
        found.polarity,
        found.alone,
        found.part,
    )
    return True


@pytest.mark.parametrize("name", sorted(GEOMETRIES))
@pytest.mark.parametrize("strongest", [255, 254, 200, 90])
def test_images_of_data_sets_come_out_as_of_the_chain_and_few_need_it(name: str, strongest: int) -> None:
    framed, _ = network_inputs(name)
    images = np.rint(framed[::6] * strongest).astype(np.uint8)
    taken = sum(assert_same(pixels) for image in images for pixels in (image, 255 - image))
    assert taken >= 1.4 * len(images)


@settings(max_examples=300, deadline=None)
@given(
    character=st.sampled_from(sorted(STROKES)),
    size=st.tuples(st.integers(8, 44), st.integers(8, 44)),
    ink=st.integers(0, 255),
    paper=LEVELS,
    width=st.floats(0.05, 0.3),
    scale=st.floats(0.3, 1.2),
    shift=st.floats(-0.2, 0.2),
)
def test_drawings_come_out_as_of_the_chain(
    character: str, size: tuple[int, int], ink: int, paper: int, width: float, scale: float, shift: float
) -> None:
    assert_same(draw(character, size, ink=ink, paper=paper, width=width, scale=scale, shift=(shift, -shift)))


@settings(max_examples=300, deadline=None)
@given(
    page=LEVELS,
    inner=arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.integers(0, 255)),
    coarse=st.integers(1, 5),
    start=st.tuples(st.integers(1, 14), st.integers(1, 14)),
    polarity=st.sampled_from(Polarity),
)
def test_whatever_is_in_the_picture_comes_out_as_of_the_chain(
    page: int, inner: np.ndarray, coarse: int, start: tuple[int, int], polarity: Polarity
) -> None:
    blocks = np.kron(inner, np.ones((coarse, coarse), np.uint8))[:26, :26]
    pixels = np.full((blocks.shape[0] + start[0] + 3, blocks.shape[1] + start[1] + 3), page, np.uint8)
    pixels[start[0] : -3, start[1] : -3] = blocks
    assert_same(pixels, polarity)


@settings(max_examples=300, deadline=None)
@given(
    page=LEVELS,
    level=st.integers(0, 255),
    size=st.tuples(st.integers(10, 40), st.integers(10, 40)),
    start=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    every=st.tuples(st.integers(2, 12), st.integers(2, 12)),
    strokes=st.lists(st.tuples(*[st.integers(0, 39)] * 4, st.integers(1, 4), st.booleans()), max_size=4),
)
def test_solids_grids_and_what_crosses_them_come_out_as_of_the_chain(
    page: int,
    level: int,
    size: tuple[int, int],
    start: tuple[int, int],
    every: tuple[int, int],
    strokes: list[tuple[int, int, int, int, int, bool]],
) -> None:
    for grid in (False, True):
        pixels = np.full(size, page, np.uint8)
        solid = pixels[start[0] : -start[1], start[1] : -start[0]]
        solid[:] = page if grid else level
        if grid:
            solid[:: every[0]] = solid[:, :: every[1]] = level
        for x, y, to_x, to_y, width, of_page in strokes:
            cv2.line(pixels, (x, y), (to_x, to_y), page if of_page else level, width)
        pixels[[0, -1]] = pixels[:, [0, -1]] = page
        assert_same(pixels)


@pytest.mark.parametrize("level", range(256))
def test_ink_of_every_strength_comes_out_as_of_the_chain(level: int) -> None:
    for paper in (BLACK, WHITE):
        pixels = draw("3", (28, 28), ink=level, paper=paper)
        if not assert_same(pixels) and abs(level - paper) < 4:
            with pytest.raises(NoInkFound):
                find_ink(pixels)


def test_a_thick_character_of_one_level_on_a_panel_is_left_to_the_chain() -> None:
    page = np.zeros((40, 40), np.uint8)
    page[10:30, 10:30] = 200
    page[14:26, 14:16] = page[24:26, 14:26] = 0
    page[3, 3] = 10
    assert find_clear(page) is None


def test_for_images_of_data_sets_no_grid_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[np.ndarray] = []
    monkeypatch.setattr("app.imaging.clear.without_grid", lambda pixels: looked.append(pixels) or pixels)
    framed, _ = network_inputs("mnist")
    images = np.rint(framed[::6] * 255).astype(np.uint8)
    for image in images:
        find_clear(image)
    assert len(looked) < 0.02 * len(images)


def test_what_the_chain_has_work_with_is_left_to_it() -> None:
    page = np.array(draw("3", (28, 28), ink=0, paper=WHITE))
    assert find_clear(page) is not None
    assert find_clear(page, Polarity.LIGHT_ON_DARK) is None

    def with_ink(*region: int | slice, level: int = 0) -> np.ndarray:
        changed = page.copy()
        changed[region] = level
        return changed

    assert find_clear(with_ink(14, slice(1, -1))) is None  # a line
    assert find_clear(with_ink(0, 5, level=250)) is None  # the page is not the same all around
    assert find_clear(with_ink(slice(1, 4), slice(1, 4))) is None  # another mark
    assert find_clear(with_ink(slice(3, 25), slice(3, 25))) is None  # a blot
    assert find_clear(np.clip(page, 0, 200)) is None  # grey paper
    assert find_clear(np.pad(page, 10, constant_values=WHITE)) is None  # larger than where every pixel counts


def test_the_chain_has_nothing_to_do_for_pictures_of_this_size() -> None:
    """The steps that are left out here without a look are left out there for these reasons."""
    assert min(CROP_SIDE, LEAST_OUTLINED) > SMALL_SIDE
    assert FULL_INK_SHARE * SMALL_SIDE**2 < 1
    assert round(RING_SHARE * SMALL_SIDE) <= 1
    assert SMALL_WRITING <= SMALL_SIDE
