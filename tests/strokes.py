"""Characters that the tests draw, as strokes in a unit square, y downwards."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Stroke = list[tuple[float, float]]


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> Stroke:
    """Return part of an ellipse, its angles in degrees from the right, clockwise."""
    angles = np.radians(np.linspace(start, end, 40))
    return [(cx + rx * float(np.cos(a)), cy + ry * float(np.sin(a))) for a in angles]


STROKES: dict[str, list[Stroke]] = {
    "0": [arc(0.5, 0.5, 0.26, 0.4, 0, 360)],
    "1": [[(0.52, 0.1), (0.48, 0.9)]],
    "2": [[*arc(0.5, 0.32, 0.22, 0.2, 190, 390), (0.28, 0.88), (0.75, 0.88)]],
    "3": [arc(0.47, 0.3, 0.22, 0.19, 210, 450) + arc(0.47, 0.69, 0.25, 0.2, 270, 500)],
    "4": [[(0.6, 0.1), (0.25, 0.6), (0.8, 0.6)], [(0.62, 0.4), (0.6, 0.92)]],
    "5": [[(0.72, 0.12), (0.35, 0.12), (0.32, 0.45), *arc(0.48, 0.65, 0.22, 0.22, 250, 500)]],
    "6": [[(0.62, 0.1), (0.38, 0.4), *arc(0.5, 0.68, 0.2, 0.2, 190, 550)]],
    "7": [[(0.25, 0.14), (0.75, 0.14), (0.45, 0.9)]],
    "8": [arc(0.5, 0.3, 0.18, 0.18, 90, 450) + arc(0.5, 0.69, 0.22, 0.21, -90, 270)],
    "9": [[*arc(0.5, 0.32, 0.2, 0.2, 0, 360), (0.68, 0.5), (0.6, 0.92)]],
    "L": [[(0.3, 0.1), (0.3, 0.88), (0.75, 0.88)]],
    "T": [[(0.2, 0.12), (0.8, 0.12)], [(0.5, 0.12), (0.5, 0.9)]],
    "F": [[(0.75, 0.12), (0.3, 0.12), (0.3, 0.9)], [(0.3, 0.48), (0.65, 0.48)]],
    "i": [[(0.5, 0.4), (0.5, 0.9)], [(0.5, 0.14), (0.5, 0.17)]],
}
DIGITS = "0123456789"


def draw(
    character: str,
    size: tuple[int, int] = (120, 120),
    *,
    width: float = 0.08,
    ink: int = 20,
    paper: int = 240,
    scale: float = 0.8,
    shift: tuple[float, float] = (0.0, 0.0),
) -> npt.NDArray[np.uint8]:
    """Draw a character.

    Args:
        character: key of `STROKES`.
        size: (width, height) in pixels.
        width: of the strokes, as a share of the character's side.
        ink: grey level.
        paper: grey level.
        scale: the character's side as a share of the shorter side of the picture.
        shift: of the centre, as a share of the shorter side.

    Returns:
        uint8 [height, width].
    """
    zoom = 4  # drawn large and averaged down, for the soft edges of real ink
    side = min(size) * scale * zoom
    origin = [size[axis] * zoom / 2 + shift[axis] * min(size) * zoom - side / 2 for axis in (0, 1)]
    picture = Image.new("L", (size[0] * zoom, size[1] * zoom), paper)
    pen = ImageDraw.Draw(picture)
    thickness = max(1, round(width * side))
    for stroke in STROKES[character]:
        points = [(origin[0] + x * side, origin[1] + y * side) for x, y in stroke]
        pen.line(points, fill=ink, width=thickness, joint="curve")
        for x, y in (points[0], points[-1]):
            pen.ellipse([x - thickness / 2, y - thickness / 2, x + thickness / 2, y + thickness / 2], fill=ink)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))


def cut_out(character: str, side: int, *, ink: int, paper: int, width: float = 0.12) -> npt.NDArray[np.uint8]:
    """Draw a character and cut it out along its own sides, as programs do that look for contours."""
    page = draw(character, (side, side), ink=ink, paper=paper, width=width)
    y, x = np.nonzero(np.abs(page.astype(int) - paper) > abs(ink - paper) / 2)
    return page[y.min() : y.max() + 1, x.min() : x.max() + 1]


def encode(pixels: npt.NDArray[np.uint8] | Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return the bytes of an image file."""
    out = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(out, kind, **options)
    return out.getvalue()
