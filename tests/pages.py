"""Pages that the tests write on: light, ruling and what lies around."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


def photographed(pixels: Pixels, *, fall: float = 0.3, vignette: float = 0.3, noise: float = 2.0) -> Pixels:
    """Light a page unevenly: a gradient and a vignette as shares of its light, noise in grey levels."""
    height, width = pixels.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = 1 - fall * (x + 1) / 2 - vignette * (x**2 + y**2) / 2
    grain = np.random.default_rng(0).normal(0, noise, pixels.shape)
    return np.clip(pixels * light + grain, 0, 255).astype(np.uint8)


def ruled(pixels: Pixels, spacing: int, *, level: int = 150, squared: bool = False, slope: float = 0.01) -> Pixels:
    """Print lines on a page, under what is written."""
    height, width = pixels.shape
    lines = np.full_like(pixels, 255)
    for y in range(spacing // 2, height, spacing):
        cv2.line(lines, (-5, y), (width + 5, round(y + slope * width)), level, 1, cv2.LINE_AA)
    for x in range(spacing // 2, width if squared else 0, spacing):
        cv2.line(lines, (x, -5), (round(x - slope * height), height + 5), level, 1, cv2.LINE_AA)
    return np.minimum(pixels, lines)


def framed(pixels: Pixels, inset: int) -> Pixels:
    """Draw a box so many pixels from the edge."""
    height, width = pixels.shape
    page = pixels.copy()
    cv2.rectangle(page, (inset, inset), (width - 1 - inset, height - 1 - inset), 60, 2)
    return page


def wood(size: int = 200) -> Pixels:
    """A table: dark and light grain that runs along it."""
    rng = np.random.default_rng(3)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (size, size)).astype(np.float32), (0, 0), sigmaX=40, sigmaY=1.2)
    return np.clip(120 + 25 * grain / grain.std(), 0, 255).astype(np.uint8)
