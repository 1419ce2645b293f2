"""Ink -> network input: the 28x28 frame of each data set, and how to tell an image that is already in it."""

from __future__ import annotations

import math
from typing import ClassVar, Protocol

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from app.imaging.errors import NoInkFound
from app.imaging.ink import Ink
from app.imaging.marks import bounding_box

#: Height and width of every network input, in pixels.
SIDE = 28
#: Longest side, in pixels, at which a glyph is framed. Larger ones are averaged down first, which is faster than one
#: wide filter and no different to the eye of the network.
LARGEST_GLYPH = 160
TOO_THIN = "What is written is too thin to be read at the network's resolution."

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
    #: Longest side of images in this frame: official ones measure 19 or 20, ours up to two more for their soft edge.
    FRAMED_SIDES = range(19, 23)
    #: Pixels that the centre of mass of an official image may lie from (14, 14); 0.5 is theirs, the rest is rounding.
    CENTRE_TOLERANCE = 0.6

    def is_framed(self, pixels: Pixels) -> bool:
        if pixels.shape != (SIDE, SIDE):
            return False
        left, top, right, bottom = bounding_box(pixels, level=0)
        if max(right - left, bottom - top) not in self.FRAMED_SIDES:
            return False
        x, y = _centre_of_mass(pixels)
        return max(abs(x - SIDE / 2), abs(y - SIDE / 2)) <= self.CENTRE_TOLERANCE

    def frame(self, ink: Ink) -> NetworkPixels:
        if self.is_framed(ink.pixels):
            return _unit(ink.pixels)
        glyph = _cropped(ink)
        scale = max(glyph.shape) / self.BOX
        height, width = glyph.shape
        across, down = _centre_of_mass(glyph)
        x, y = self._start((across + 0.5) / scale, width / scale), self._start((down + 0.5) / scale, height / scale)
        return _sampled(glyph, -x * scale, -y * scale, SIDE * scale)

    @staticmethod
    def _start(mass: float, length: float) -> float:
        """Return where in the frame a glyph starts, along one axis: its mass in the middle, or all of it inside."""
        # Half a pixel on, since the middle of pixel 14 is 14.5 pixels from the edge.
        return min(max((SIDE + 1) / 2 - mass, 0), SIDE - length)


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
        least, greatest = self.SCAN_SIDES
        side = min(max(glyph.shape[0], glyph.shape[1], least), greatest)
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
        spread = int(np.ceil(3 * self.BLUR_SIGMA))
        blurred = np.asarray(cv2.GaussianBlur(_bordered(scan, *[spread] * 4), (0, 0), self.BLUR_SIGMA), np.uint8)
        return _sampled(blurred, spread + (width - square) / 2, spread + (height - square) / 2, square)


GEOMETRIES: dict[str, Geometry] = {geometry.name: geometry for geometry in (MnistGeometry(), EmnistGeometry())}


def _cropped(ink: Ink) -> Pixels:
    left, top, right, bottom = ink.box
    glyph = _shrunk(ink.pixels[top:bottom, left:right], LARGEST_GLYPH)
    if not glyph.any():  # averaged away
        raise NoInkFound(TOO_THIN)
    return glyph


def _shrunk(glyph: Pixels, longest: int) -> Pixels:
    """Average down to a longest side in pixels, aspect kept; smaller glyphs stay as they are."""
    return glyph if max(glyph.shape) <= longest else _resized(glyph, longest)


def _resized(glyph: Pixels, longest: int) -> Pixels:
    """Scale to a longest side in pixels, aspect kept; averaging on the way down, cubic on the way up."""
    height, width = glyph.shape
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(glyph, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)


def _sampled(glyph: Pixels, left: float, top: float, square: float) -> NetworkPixels:
    """Read a square of the plane that the glyph lies in, black around it, bicubic and to the fraction of a pixel.

    Args:
        glyph: uint8 [height, width], its upper left corner at (0, 0).
        left: of the square, in glyph pixels.
        top: of the square.
        square: its side.

    Returns:
        float32 [28, 28] in 0..1, stretched to the full range.
    """
    height, width = glyph.shape
    before = [max(0, math.ceil(-start)) + 1 for start in (top, left)]
    after = [max(0, math.ceil(start + square - size)) + 1 for start, size in ((top, height), (left, width))]
    bordered = _bordered(glyph, before[0], after[0], before[1], after[1])
    # As `Image.fromarray` and `np.asarray` do it, in half of the time.
    plane = Image.frombuffer("L", bordered.shape[::-1], bordered.tobytes(), "raw", "L", 0, 1)
    x, y = left + before[1], top + before[0]
    framed = plane.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=(x, y, x + square, y + square))
    return _unit(_stretched(np.frombuffer(framed.tobytes(), np.uint8).reshape(SIDE, SIDE)))


def _bordered(glyph: Pixels, top: int, bottom: int, left: int, right: int) -> Pixels:
    """Put so many black pixels around a glyph."""
    return np.asarray(cv2.copyMakeBorder(glyph, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0), np.uint8)


def _stretched(pixels: Pixels) -> Pixels:
    strongest = int(pixels.max())
    if strongest == 0:
        raise NoInkFound(TOO_THIN)
    return pixels if strongest == 255 else np.asarray(np.rint(pixels * (255 / strongest)), np.uint8)


def _unit(pixels: Pixels) -> NetworkPixels:
    return np.divide(pixels, 255, dtype=np.float32)


def _centre_of_mass(pixels: Pixels) -> tuple[float, float]:
    """Return (x, y) in pixels, the index of a pixel standing for its middle, as MNIST's conversion counted."""
    moments = cv2.moments(pixels)
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
