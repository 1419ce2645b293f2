from __future__ import annotations

import json
import subprocess
import sys

import pytest

from app.imaging import UnsupportedImage
from app.imaging.decode import decode
from tests.e2e.server import ROOT
from tests.fuzz.corpus import corpus
from tests.fuzz.damage import mended

SEVERAL = {"PNG animated", "WebP animated", "GIF animated", "TIFF pages"}


@pytest.mark.parametrize("name", corpus())
def test_what_is_damaged_was_read_before(name: str) -> None:
    if name in SEVERAL:
        with pytest.raises(UnsupportedImage):
            decode(corpus()[name], max_pixels=10_000)
    else:
        assert min(decode(corpus()[name], max_pixels=10_000).pixels.shape) == 40


def test_mending_leaves_a_sound_file_as_it_was() -> None:
    for data in corpus().values():
        assert mended(data) == data


def test_damaged_files_come_to_pixels_or_to_an_error_of_ours() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--seconds", "8", "--seed", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr[-5000:]
    found = json.loads(ended.stdout)
    assert {"read", "CorruptImage", "UnsupportedImage"} <= found["outcomes"].keys()
