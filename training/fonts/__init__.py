"""Handwriting fonts: the hand of somebody each, or the one that the schools of a country teach.

Which, and of what version, says `package.json`; `make fonts` installs them. No font is part of Inkling: what training
draws with them is what a model learns from.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(__file__).parent
#: Size, in pixels, at which glyphs are drawn.
SIZE = 128

Pixels = npt.NDArray[np.uint8]


class FontsMissing(Exception):
    """The handwriting fonts are not installed. The message says how they are."""


def font_versions() -> dict[str, str]:
    """Return the version of each font that `package.json` names."""
    versions: dict[str, str] = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    return versions


def font_files() -> tuple[Path, ...]:
    """Return the file of each font, in the order of their names.

    Raises:
        FontsMissing: one of them is not installed, or in another version.
    """
    files = []
    for package, version in sorted(font_versions().items()):
        name = package.rpartition("/")[2]
        folder = FOLDER / "node_modules" / package
        file = folder / "files" / f"{name}-latin-400-normal.woff2"
        if not file.is_file() or json.loads((folder / "package.json").read_text())["version"] != version:
            raise FontsMissing(f"The handwriting font {name} {version} is not installed. Install them all: make fonts")
        files.append(file)
    return tuple(files)


@cache
def glyph(file: Path, character: str) -> Pixels:
    """Return a character of a font, cut out: uint8 [height, width], 255 in its strokes and 0 elsewhere.

    Args:
        file: of the font, in any format that FreeType reads.
        character: one that leaves ink.
    """
    picture = Image.new("L", (4 * SIZE, 4 * SIZE))
    font = ImageFont.truetype(file, SIZE)
    ImageDraw.Draw(picture).text((2 * SIZE, 2 * SIZE), character, fill=255, font=font, anchor="mm")
    return np.asarray(picture.crop(picture.getbbox()), np.uint8)
