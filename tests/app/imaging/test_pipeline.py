from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.imaging import GEOMETRIES, PREPROCESSING_VERSION, NoInkFound, Polarity, prepare, prepare_pixels
from app.imaging.geometry import Geometry
from tests.digits import network_inputs
from tests.strokes import DIGITS, draw, encode

LIMIT = 64_000_000
GEOMETRY = st.sampled_from(sorted(GEOMETRIES)).map(GEOMETRIES.__getitem__)


@settings(max_examples=40, deadline=None)
@given(character=st.sampled_from(DIGITS), geometry=GEOMETRY, side=st.integers(28, 400), invert=st.booleans())
def test_training_and_serving_see_the_same_pixels(character: str, geometry: Geometry, side: int, invert: bool) -> None:
    pixels = draw(character, (side, side))
    pixels = 255 - pixels if invert else pixels
    served = prepare(encode(pixels), geometry, max_pixels=LIMIT).pixels
    np.testing.assert_array_equal(served, prepare_pixels(pixels, geometry))


def test_the_box_is_in_pixels_of_the_upload_after_exif_rotation() -> None:
    page = np.full((3000, 4000), 240, np.uint8)
    page[1000:2200, 2400:2600] = 20
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side: rotate clockwise to view
    data = encode(np.ascontiguousarray(np.rot90(page)), "JPEG", exif=exif.tobytes())
    seen = prepare(data, GEOMETRIES["mnist"], max_pixels=LIMIT)
    np.testing.assert_allclose(seen.box, (2400, 1000, 2600, 2200), atol=16)
    assert seen.polarity is Polarity.DARK_ON_LIGHT


@pytest.mark.parametrize(("polarity", "side"), [("dark_on_light", "darker"), ("light_on_dark", "lighter")])
def test_no_ink_of_an_overruled_polarity_says_what_was_looked_for(polarity: str, side: str) -> None:
    page = draw("3", (64, 64))
    data = encode(255 - page if side == "darker" else page)
    with pytest.raises(NoInkFound, match=f"{side} than the page, as the chosen polarity asks"):
        prepare(data, GEOMETRIES["mnist"], max_pixels=LIMIT, polarity=Polarity(polarity))
    with pytest.raises(NoInkFound, match=r"from it\.$"):
        prepare(encode(np.full((64, 64), 255, np.uint8)), GEOMETRIES["mnist"], max_pixels=LIMIT)


def version_pixels() -> np.ndarray:
    """Return uint8 [N, 28, 28], what becomes of images in a data set's frame and of plain drawings."""
    seen = []
    for name, geometry in sorted(GEOMETRIES.items()):
        framed, _ = network_inputs(name)
        drawn = [draw(character, (96, 96)) for character in DIGITS]
        pictures = (*np.rint(framed[::60] * 255).astype(np.uint8), *drawn)
        seen += [np.rint(prepare_pixels(pixels, geometry) * 255).astype(np.uint8) for pixels in pictures]
    return np.stack(seen)


def test_the_version_stands_for_these_pixels() -> None:
    """Where this fails on purpose: raise the version, train anew, and save `version_pixels()` under the new name."""
    expected = np.load(Path(__file__).with_name(f"version-{PREPROCESSING_VERSION}.npz"))["pixels"]
    np.testing.assert_allclose(version_pixels().astype(int), expected, atol=2)
