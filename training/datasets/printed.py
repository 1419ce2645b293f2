"""The 47 merged classes of EMNIST in matplotlib's own fonts (DejaVu, STIX, Computer Modern; all with free licences).

Print, not handwriting: nothing to ship a recogniser from, but it needs no download, for trying out the way of a recipe.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from app.imaging import GEOMETRIES, prepare_pixels
from training.datasets.labelled import LabelledImages
from training.datasets.vocabulary import MERGED

FONTS = {
    "train": (
        "DejaVuSans",
        "DejaVuSans-Bold",
        "DejaVuSans-Oblique",
        "DejaVuSansMono",
        "DejaVuSansMono-Oblique",
        "DejaVuSerif",
        "DejaVuSerif-Italic",
        "STIXGeneral",
        "STIXGeneralBol",
        "STIXGeneralItalic",
        "cmr10",
        "cmss10",
        "cmti10",
    ),
    # Kin of the others, and none of them.
    "test": ("DejaVuSans-BoldOblique", "DejaVuSerif-BoldItalic", "STIXGeneralBolIta", "cmtt10"),
}
#: Slants that each character is drawn in, as horizontal shift per vertical pixel: a hand's, and enough images to learn.
SLANTS = (-0.25, 0.0, 0.25)
#: Of the page that a character is drawn on, in pixels.
SIDE = 128
#: Of the font, in pixels.
HEIGHT = 80


def load_printed(part: str) -> LabelledImages:
    """Draw one part in EMNIST's frame: every character of every class in every font and slant.

    Args:
        part: "train" or "test", which have other fonts.
    """
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    frame = GEOMETRIES["emnist"]
    images, labels = [], []
    for name in FONTS[part]:
        font = ImageFont.truetype(folder / f"{name}.ttf", HEIGHT)
        for label, item in enumerate(MERGED):
            for character in item.characters:
                for slant in SLANTS:
                    pixels = prepare_pixels(_drawn(character, font, slant), frame)
                    images.append(np.rint(255 * pixels).astype(np.uint8))
                    labels.append(label)
    stacked = np.stack(images)
    files = {"fonts": hashlib.sha256(stacked.tobytes()).hexdigest()}
    return LabelledImages(stacked, np.array(labels, np.int64), MERGED, "printed", part, files)


def _drawn(character: str, font: ImageFont.FreeTypeFont, slant: float) -> npt.NDArray[np.uint8]:
    """Return uint8 [SIDE, SIDE], white on black."""
    page = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(page).text((SIDE / 2, SIDE / 2), character, fill=255, font=font, anchor="mm")
    shear = (1, slant, -slant * SIDE / 2, 0, 1, 0)
    return np.asarray(page.transform(page.size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR))
