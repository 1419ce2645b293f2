"""Ink -> network input: the 28x28 frame of each data set, and how to tell an image that is already in it."""

from __future__ import annotations

from typing import ClassVar, Protocol

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from app.imaging.errors import NoInkFound
from app.imaging.ink import Ink, bounding_box

#: Height and width of every network input, in pixels.
SIDE = 28

Pixels = npt.NDArray[np.uint8]
NetworkPixels = npt.NDArray[np.float32]


class Geometry(Protocol):
    """How a data set frames a character."""

    name: ClassVar[str]

    def is_framed(self, pixels: Pixels) -> bool:
        """Tell whether uint8 [height, width], white on black, is already in this frame."""

    def frame(self, ink: Ink) -> NetworkPixels:
        """Return float32 [28, 28] in 0..1, white ink on black. What is framed already comes through as it is."""


class MnistGeometry:
    """MNIST's frame: longest side 20 pixels, aspect kept, centre of mass in the middle of 28x28.

    Source: LeCun, Cortes, Burges, "The MNIST database": "normalized to fit in a 20x20 pixel box while preserving
    their aspect ratio ... centered in a 28x28 image by computing the center of mass of the pixels". All 10,000 test
    images measure 19 or 20 pixels with a centre of mass of 13.5 to 14.5.
    """

    name: ClassVar[str] = "mnist"
    BOX = 20
    #: Pixels that the centre of mass of an official image may lie from (14, 14); 0.5 is theirs, the rest is rounding.
    CENTRE_TOLERANCE = 0.6

    def is_framed(self, pixels: Pixels) -> bool:
        if pixels.shape != (SIDE, SIDE):
            return False
        left, top, right, bottom = bounding_box(pixels, level=0)
        x, y = _centre_of_mass(pixels)
        return max(right - left, bottom - top) in (self.BOX - 1, self.BOX) and (
            max(abs(x - SIDE / 2), abs(y - SIDE / 2)) <= self.CENTRE_TOLERANCE
        )

    def frame(self, ink: Ink) -> NetworkPixels:
        if self.is_framed(ink.pixels):
            return _unit(ink.pixels)
        glyph = _resized(_cropped(ink), self.BOX)
        height, width = glyph.shape
        x, y = _centre_of_mass(glyph)
        left = int(np.clip(round(SIDE / 2 - x), 0, SIDE - width))
        top = int(np.clip(round(SIDE / 2 - y), 0, SIDE - height))
        framed = np.zeros((SIDE, SIDE), np.uint8)
        framed[top : top + height, left : left + width] = glyph
        return _unit(_stretched(framed))


class EmnistGeometry:
    """EMNIST's frame: blurred, centred by its box, a margin of a little over two pixels, 28x28.

    Source: Cohen et al. 2017 (arXiv:1702.05373), section II-B: a 128x128 scan, Gaussian blur of sigma 1, the region
    of interest, centred in a square with its aspect kept, padded by 2 pixels, bicubic to 28x28, stretched to 0..255.
    """

    name: ClassVar[str] = "emnist"
    #: Least and greatest longest side, in pixels, at which writing counts as a scan and keeps its own scale; other
    #: sizes are brought to the nearer. Nine in ten of 1,800 SD19 scans measure 30 to 60, the median is 40. (Bringing
    #: all to 40 costs the official pictures' fidelity: mean RMSE 24 grey levels instead of 14.)
    SCAN_SIDES = (30, 60)
    BLUR_SIGMA = 1.0
    #: Scan pixels from the writing to the frame's edge: about 3 that the blur spreads and 2 of padding. Fitted on
    #: 1,800 SD19 scans against EMNIST's own result (mean RMSE in grey levels: 5 14.5, 5.25 13.6, 5.5 14.1).
    MARGIN = 5.25
    #: Longest side of official images, and how far their box's centre may lie from the middle, in pixels
    #: (40,000 test images: 22 to 28, at most 0.5).
    FRAMED_SIDES = range(22, SIDE + 1)
    CENTRE_TOLERANCE = 0.5

    def is_framed(self, pixels: Pixels) -> bool:
        if pixels.shape != (SIDE, SIDE):
            return False
        left, top, right, bottom = bounding_box(pixels, level=0)
        return max(right - left, bottom - top) in self.FRAMED_SIDES and (
            max(abs(left + right - SIDE), abs(top + bottom - SIDE)) / 2 <= self.CENTRE_TOLERANCE
        )

    def frame(self, ink: Ink) -> NetworkPixels:
        if self.is_framed(ink.pixels):
            return _unit(ink.pixels)
        glyph = _cropped(ink)
        side = int(np.clip(max(glyph.shape), *self.SCAN_SIDES))
        return self.convert_scan(glyph if side == max(glyph.shape) else _resized(glyph, side))

    def convert_scan(self, scan: Pixels) -> NetworkPixels:
        """Do EMNIST's conversion at the scan's own scale.

        Args:
            scan: uint8 [height, width], white on black, cropped to the writing.

        Returns:
            float32 [28, 28] in 0..1.
        """
        height, width = scan.shape
        square = max(height, width) + 2 * self.MARGIN
        pad = int(np.ceil(square))
        blurred = cv2.GaussianBlur(np.pad(scan, pad), (0, 0), self.BLUR_SIGMA)
        left, top = pad + (width - square) / 2, pad + (height - square) / 2
        framed = Image.fromarray(blurred).resize(
            (SIDE, SIDE), Image.Resampling.BICUBIC, box=(left, top, left + square, top + square)
        )
        return _unit(_stretched(np.asarray(framed)))


GEOMETRIES: dict[str, Geometry] = {geometry.name: geometry for geometry in (MnistGeometry(), EmnistGeometry())}


def _cropped(ink: Ink) -> Pixels:
    left, top, right, bottom = ink.box
    return ink.pixels[top:bottom, left:right]


def _resized(glyph: Pixels, longest: int) -> Pixels:
    """Scale to a longest side in pixels, aspect kept; averaging on the way down, cubic on the way up."""
    height, width = glyph.shape
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(glyph, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)


def _stretched(pixels: Pixels) -> Pixels:
    strongest = int(pixels.max())
    if strongest == 0:
        raise NoInkFound("What is written is too thin to be read at the network's resolution.")
    return np.asarray(np.rint(pixels * (255 / strongest)), np.uint8)


def _unit(pixels: Pixels) -> NetworkPixels:
    return np.divide(pixels, 255, dtype=np.float32)


def _centre_of_mass(pixels: Pixels) -> tuple[float, float]:
    """Return (x, y) in pixels, the index of a pixel standing for its middle, as MNIST's conversion counted."""
    weights = pixels.astype(np.float64)
    height, width = weights.shape
    total = weights.sum()
    return float(weights.sum(axis=0) @ np.arange(width) / total), float(weights.sum(axis=1) @ np.arange(height) / total)
