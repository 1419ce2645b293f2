"""What must not change the answer: where a character stands, how large, in which light, in which file."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.imaging import GEOMETRIES, prepare
from app.inference import RUNTIMES, Runtime
from tests.models import shipped
from tests.pages import photographed
from tests.strokes import DIGITS, draw, encode

#: The same 100 examples in every run; every one of them has to hold.
same_answer = settings(max_examples=100, deadline=None, derandomize=True, database=None)
CHARACTER = st.sampled_from(DIGITS)
WIDTH = st.floats(0.04, 0.14)


@cache
def runtime() -> Runtime:
    return RUNTIMES["litert"](shipped("digit").path, threads=1)


def answer(data: bytes) -> str:
    seen = prepare(data, GEOMETRIES["mnist"], max_pixels=64_000_000).pixels
    return str(runtime().predict(seen[None, ..., None]).argmax())


def plain(character: str, width: float) -> str:
    """Return the answer to the character in the middle of a white page."""
    return answer(encode(draw(character, (140, 140), width=width, scale=0.6)))


@same_answer
@given(CHARACTER, WIDTH, st.floats(-0.19, 0.19), st.floats(-0.19, 0.19))
def test_shifted(character: str, width: float, x: float, y: float) -> None:
    page = draw(character, (140, 140), width=width, scale=0.6, shift=(x, y))
    assert answer(encode(page)) == plain(character, width)


@same_answer
@given(CHARACTER, WIDTH, st.floats(0.3, 4))
def test_scaled(character: str, width: float, factor: float) -> None:
    side = round(140 * factor)
    assert answer(encode(draw(character, (side, side), width=width, scale=0.6))) == plain(character, width)


@same_answer
@given(CHARACTER, WIDTH, st.integers(0, 100), st.integers(160, 255))
def test_inverted(character: str, width: float, ink: int, paper: int) -> None:
    page = draw(character, (140, 140), width=width, scale=0.6, ink=ink, paper=paper)
    assert answer(encode(255 - page)) == plain(character, width)


@same_answer
@given(CHARACTER, WIDTH, st.tuples(*[st.integers(0, 200)] * 4))
def test_padded(character: str, width: float, margins: tuple[int, int, int, int]) -> None:
    page = draw(character, (140, 140), width=width, scale=0.6)
    top, bottom, left, right = margins
    padded = np.pad(page, ((top, bottom), (left, right)), constant_values=page[0, 0])
    assert answer(encode(padded)) == plain(character, width)


@same_answer
@given(CHARACTER, WIDTH, st.floats(0, 0.6), st.floats(0, 0.4), st.booleans())
def test_lit_unevenly(character: str, width: float, fall: float, vignette: float, dark: bool) -> None:
    page = draw(character, (140, 140), width=width, scale=0.6)
    lit = photographed(255 - page if dark else page, fall=fall, vignette=vignette)
    assert answer(encode(lit)) == plain(character, width)


@same_answer
@given(CHARACTER, WIDTH, st.sampled_from([(3, 2), (6, 1), (8, 3)]))
def test_turned_in_the_file_and_back_by_exif(character: str, width: float, turn: tuple[int, int]) -> None:
    orientation, quarters = turn
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.rot90(draw(character, (140, 140), width=width, scale=0.6), quarters))
    file = io.BytesIO()
    stored.save(file, "PNG", exif=exif.tobytes())
    assert answer(file.getvalue()) == plain(character, width)


@same_answer
@given(CHARACTER, WIDTH, st.integers(20, 95))
def test_as_jpeg(character: str, width: float, quality: int) -> None:
    page = draw(character, (140, 140), width=width, scale=0.6)
    assert answer(encode(page, "JPEG", quality=quality)) == plain(character, width)
