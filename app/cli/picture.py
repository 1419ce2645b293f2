"""The way of one image in one picture, from left to right."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, ImageOps

from app.imaging import Ink, Picture
from app.recogniser import Recognition

#: All in pixels.
PANEL = 280
GAP = 24
TITLE = 40
ROW = 52
BAR = 10
TEXT = 17
LABEL = 24

PAGE = (255, 255, 255)
INK = (28, 28, 32)
FAINT = (225, 226, 232)
ACCENT = (200, 40, 60)

Grey = npt.NDArray[np.uint8]


def explain_picture(data: bytes, picture: Picture, ink: Ink, found: Recognition) -> Image.Image:
    """Draw the upload with its writing framed, the ink, the network's input, and the candidates.

    Args:
        data: the upload.
        picture: what was decoded of it.
        ink: what was found in it.
        found: the answer to it.

    Returns:
        An RGB picture, four panels of `PANEL` pixels wide.
    """
    rows = len(found.candidates)
    size = (4 * PANEL + 5 * GAP, TITLE + max(PANEL, rows * ROW) + 2 * GAP)
    sheet = Image.new("RGB", size, PAGE)
    upload = _fitted(_in_colour(data) or picture.pixels)
    across, down = picture.size[0] / upload.width, picture.size[1] / upload.height
    left, top, right, bottom = found.seen.box
    frame = (left / across - 1, top / down - 1, right / across, bottom / down)
    ImageDraw.Draw(upload).rectangle(frame, outline=ACCENT, width=2)
    stages = (
        (f"upload, {picture.size[0]} x {picture.size[1]}", upload),
        (f"ink, {found.seen.polarity.replace('_', ' ')}", _fitted(ink.pixels)),
        ("network input, 28 x 28", _fitted(np.rint(found.seen.pixels * 255).astype(np.uint8))),
    )
    pen = ImageDraw.Draw(sheet)
    for place, (title, stage) in enumerate(stages):
        x, y = GAP + place * (PANEL + GAP), GAP + TITLE
        pen.text((x, GAP), title, fill=INK, font=ImageFont.load_default(TEXT))
        spot = (x + (PANEL - stage.width) // 2, y + (PANEL - stage.height) // 2)
        pen.rectangle((x - 1, y - 1, x + PANEL, y + PANEL), outline=FAINT)
        sheet.paste(stage, spot)
    _draw_answer(pen, found, GAP + 3 * (PANEL + GAP))
    return sheet


def _in_colour(data: bytes) -> Image.Image | None:
    """Return an upload as it looks, or None where that takes more than unpacking it: then its greys have to do."""
    image = Image.open(io.BytesIO(data))
    if image.mode not in {"RGB", "P", "CMYK", "YCbCr"} or image.has_transparency_data:
        return None
    image.draft("RGB", (2 * PANEL, 2 * PANEL))
    image.load()
    return ImageOps.exif_transpose(image).convert("RGB")


def _fitted(pixels: Grey | Image.Image) -> Image.Image:
    """Return pixels as a picture whose longer side fills a panel; what is enlarged keeps its pixels visible."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    scale = PANEL / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    sampling = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    return image.resize(size, sampling).convert("RGB")


def _draw_answer(pen: ImageDraw.ImageDraw, found: Recognition, x: int) -> None:
    title = "answer" if not found.uncertain else "uncertain" if found.seen.alone else "uncertain: several?"
    pen.text((x, GAP), title, fill=INK, font=ImageFont.load_default(TEXT))
    for place, candidate in enumerate(found.candidates):
        y = GAP + TITLE + place * ROW
        pen.text((x, y), " or ".join(candidate.characters), fill=INK, font=ImageFont.load_default(LABEL))
        share = f"{candidate.confidence:.2%}"
        pen.text((x + PANEL, y + 5), share, fill=INK, font=ImageFont.load_default(TEXT), anchor="ra")
        pen.rectangle((x, y + 32, x + PANEL - 1, y + 32 + BAR), fill=FAINT)
        length = round(PANEL * candidate.confidence)
        if length:
            pen.rectangle((x, y + 32, x + length - 1, y + 32 + BAR), fill=ACCENT if place == 0 else INK)
