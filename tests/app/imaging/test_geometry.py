from __future__ import annotations

import numpy as np
import pytest

from app.imaging import GEOMETRIES, Ink, NoInkFound, Polarity, prepare_pixels
from app.imaging.geometry import EmnistGeometry, Geometry, MnistGeometry
from app.imaging.ink import find_ink
from tests.shared import needs_shared, sd19_pairs
from tests.strokes import STROKES, draw

CHARACTERS = sorted(STROKES)


@pytest.fixture(params=sorted(GEOMETRIES))
def geometry(request: pytest.FixtureRequest) -> Geometry:
    return GEOMETRIES[request.param]


@pytest.mark.parametrize("character", CHARACTERS)
def test_the_frame_is_28x28_in_0_to_1_and_white_on_black(geometry: Geometry, character: str) -> None:
    framed = prepare_pixels(draw(character), geometry)
    assert framed.shape == (28, 28)
    assert framed.dtype == np.float32
    assert framed.min() == 0
    assert framed.max() == 1
    assert framed[0].max() < 0.2


@pytest.mark.parametrize("character", CHARACTERS)
def test_where_how_large_and_which_polarity_make_no_difference(geometry: Geometry, character: str) -> None:
    reference = prepare_pixels(draw(character, (300, 300)), geometry)
    variants = [
        draw(character, (300, 300), scale=0.4, shift=(0.2, -0.15)),
        draw(character, (600, 300)),
        draw(character, (900, 900)),
        255 - draw(character, (300, 300)),
        draw(character, (300, 300), ink=150, paper=200),
    ]
    for variant in variants:
        assert np.abs(prepare_pixels(variant, geometry) - reference).mean() < 0.03


@pytest.mark.parametrize("character", CHARACTERS)
def test_what_is_framed_already_comes_through_unchanged(geometry: Geometry, character: str) -> None:
    framed = np.rint(prepare_pixels(draw(character), geometry) * 255).astype(np.uint8)
    np.testing.assert_array_equal(np.rint(prepare_pixels(framed, geometry) * 255), framed)
    np.testing.assert_array_equal(np.rint(prepare_pixels(255 - framed, geometry) * 255), framed)


def test_an_off_centre_28x28_image_is_framed_anew() -> None:
    framed = np.rint(prepare_pixels(draw("7"), MnistGeometry()) * 255).astype(np.uint8)
    moved = np.roll(framed, (-3, 3), axis=(0, 1))
    assert np.abs(prepare_pixels(moved, MnistGeometry()) * 255 - framed).mean() < 5


@pytest.mark.parametrize("character", CHARACTERS)
def test_mnist_box_and_centre_of_mass(character: str) -> None:
    framed = prepare_pixels(draw(character), MnistGeometry())
    ink = find_ink(np.rint(framed * 255).astype(np.uint8))
    assert 18 <= max(ink.box[2] - ink.box[0], ink.box[3] - ink.box[1]) <= 21
    rows, columns = np.indices(framed.shape)
    assert abs((framed * rows).sum() / framed.sum() - 14) <= 0.6
    assert abs((framed * columns).sum() / framed.sum() - 14) <= 0.6


def test_a_one_pixel_line_does_not_fade() -> None:
    page = np.full((280, 280), 255, np.uint8)
    page[40:240, 140] = 0
    for geometry in GEOMETRIES.values():
        assert prepare_pixels(page, geometry).max() == 1


def test_a_long_strip_fits() -> None:
    for geometry in GEOMETRIES.values():
        assert prepare_pixels(draw("1", (20, 900)), geometry).sum() > 5


def test_dots_that_average_to_nothing_are_no_ink(geometry: Geometry) -> None:
    strip = np.zeros((96, 2048), np.uint8)
    strip[5, 60] = strip[90, 1990] = 66
    with pytest.raises(NoInkFound, match="too thin"):
        geometry.frame(Ink(strip, (60, 5, 1991, 91), Polarity.DARK_ON_LIGHT, alone=True))


@needs_shared
def test_emnist_conversion_of_raw_scans_matches_the_official_one() -> None:
    scans, official = sd19_pairs()
    errors = [
        np.sqrt(((prepare_pixels(scan, EmnistGeometry()) * 255 - target) ** 2).mean())
        for scan, target in zip(scans, official, strict=True)
    ]
    assert np.mean(errors) <= 20  # grey levels of 255; measured 14.6 over 1,800 scans
