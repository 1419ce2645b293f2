"""Fifteen things that happen to pictures of characters, at five strengths each.

After MNIST-C (Mu and Gilmer 2019, arXiv:1906.02337) and ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261),
at the size of an upload instead of the network's.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
#: float32 [height, width], 0 black to 1 white.
Picture = npt.NDArray[np.float32]
Corruption = Callable[[Picture, float, np.random.Generator], Picture]

STRENGTHS = (1, 2, 3, 4, 5)
#: Side of a clean picture, in pixels, and of the data set's frame on it: a page around the character.
SIDE = 160
FRAME = 112
PAPER = 1.0


def clean_page(glyph: Pixels) -> Pixels:
    """Return uint8 [160, 160], a data set's image as a picture: dark ink on a white page, four times as large."""
    large = cv2.resize(glyph, (FRAME, FRAME), interpolation=cv2.INTER_CUBIC)
    margin = (SIDE - FRAME) // 2
    return np.asarray(255 - np.pad(large, margin), np.uint8)


def corrupt(page: Pixels, name: str, strength: int, rng: np.random.Generator) -> Pixels:
    """Apply a corruption.

    Args:
        page: uint8 [height, width], dark ink on a light page.
        name: key of `CORRUPTIONS`.
        strength: 1 to 5.
        rng: drawn from.
    """
    result = CORRUPTIONS[name](np.asarray(page / 255, np.float32), strength / STRENGTHS[-1], rng)
    return np.asarray(np.rint(np.clip(result, 0, 1) * 255), np.uint8)


def _warped(page: Picture, matrix: npt.NDArray[np.float64], shift: tuple[float, float] = (0.0, 0.0)) -> Picture:
    """Move a page about its centre; white comes in from outside."""
    centre = (np.array(page.shape[::-1]) - 1) / 2
    affine = np.column_stack([matrix, centre - matrix @ centre + shift])
    return np.asarray(cv2.warpAffine(page, affine, page.shape[::-1], borderValue=PAPER), np.float32)


def _noise(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    return page + np.float32(0.35 * amount) * rng.standard_normal(page.shape, np.float32)


def _blur(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    return np.asarray(cv2.GaussianBlur(page, (0, 0), 8 * amount), np.float32)


def _shear(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    return _warped(page, np.array([[1, 0.6 * amount * rng.choice([-1, 1])], [0, 1]]))


def _scale(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    return _warped(page, np.eye(2) * (1 - 0.75 * amount))


def _rotation(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    angle = np.deg2rad(40 * amount * rng.choice([-1, 1]))
    return _warped(page, np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))


def _brightness(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    return page * np.float32(1 - 0.8 * amount)


def _contrast(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    return (page - np.float32(0.5)) * np.float32(1 - 0.85 * amount) + np.float32(0.5)


def _translation(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    x, y = rng.choice([-1, 1], 2) * amount * (SIDE - 0.75 * FRAME) / 2
    return _warped(page, np.eye(2), (x, y))


def _stripes(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    """Darken bands of the page, as the shadow of blinds does."""
    x = np.arange(page.shape[1])
    band = (np.sin(2 * np.pi * (x / 60 + rng.random())) > 0).astype(np.float32)
    return page * (1 - np.float32(0.6 * amount) * band)


def _fog(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    """Lay clouds of light over the page."""
    octaves = [cv2.resize(rng.random((side, side), np.float32), page.shape[::-1]) / side for side in (2, 4, 8, 16)]
    clouds = np.sum(octaves, axis=0)
    thick = np.asarray(0.8 * amount * (clouds - clouds.min()) / np.ptp(clouds), np.float32)
    return page * (1 - thick) + np.float32(0.75) * thick


def _spatter(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    """Spray drops of ink."""
    result = page.copy()
    for _ in range(round(40 * amount)):
        x, y = rng.integers(0, SIDE, 2)
        cv2.circle(result, (int(x), int(y)), int(rng.integers(1, 3)), 0.1, -1)
    return result


def _line_ends(rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return two points, (x, y) in pixels, on opposite sides of the page."""
    first, last = rng.uniform(0.1, 0.9, 2) * SIDE
    ends = np.array([[0, first], [SIDE, last]])
    return (ends[0], ends[1]) if rng.random() < 0.5 else (ends[0, ::-1], ends[1, ::-1])


def _dotted_line(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    result = page.copy()
    for _ in range(round(5 * amount)):
        start, end = _line_ends(rng)
        for share in np.arange(0, 1, 0.045):
            x, y = np.rint(start + share * (end - start)).astype(int)
            cv2.circle(result, (int(x), int(y)), 1, 0.2, -1)
    return result


def _zigzag(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    result = page.copy()
    for _ in range(round(5 * amount)):
        start, end = _line_ends(rng)
        across = np.array([end[1] - start[1], start[0] - end[0]]) / np.linalg.norm(end - start) * 5
        points = [start + i / 16 * (end - start) + across * (-1) ** i for i in range(17)]
        cv2.polylines(result, [np.rint(points).astype(np.int32)], False, 0.2, 1)
    return result


def _jpeg(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    quality = round(40 * (1 - amount)) + 2
    _, file = cv2.imencode(".jpg", np.asarray(page * 255, np.uint8), (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.float32) / np.float32(255)


def _pixelation(page: Picture, amount: float, rng: np.random.Generator) -> Picture:
    side = round(SIDE / (2 + 12 * amount))
    small = cv2.resize(page, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, page.shape[::-1], interpolation=cv2.INTER_NEAREST), np.float32)


CORRUPTIONS: dict[str, Corruption] = {
    "noise": _noise,
    "blur": _blur,
    "shear": _shear,
    "scale": _scale,
    "rotation": _rotation,
    "brightness": _brightness,
    "contrast": _contrast,
    "translation": _translation,
    "stripes": _stripes,
    "fog": _fog,
    "spatter": _spatter,
    "dotted line": _dotted_line,
    "zigzag": _zigzag,
    "jpeg": _jpeg,
    "pixelation": _pixelation,
}
