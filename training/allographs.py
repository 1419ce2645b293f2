"""Characters in other shapes than the data sets', drawn: what many hands do and writers asked to print seldom did.

A class's shapes are those of `training.shapes`, the glyphs of the single-stroke fonts that A. V. Hershey digitised for
the US National Bureau of Standards, above all its cursive, and those of the handwriting fonts of `training.fonts`. A
random hand slants, stretches and bends them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from HersheyFonts import HersheyFonts

from app.artifacts import CharacterClass
from app.imaging import GEOMETRIES, SIDE, prepare_pixels
from training.datasets import LabelledImages
from training.fonts import glyph
from training.progress import tracked
from training.shapes import SHAPES
from training.streams import WRITTEN

Pixels = npt.NDArray[np.uint8]
#: Points that a pen passes through, float64 [N, 2], y downwards.
Stroke = npt.NDArray[np.float64]

#: Fonts of small letters: a cursive, a print and a serif italic. The cursive's capitals are too ornate for anybody.
SMALL_FONTS = ("scripts", "scripts", "futural", "timesi")
#: Fonts of capitals and digits: a print, and one with serifs.
LARGE_FONTS = ("futural", "timesr")
#: Points between two of a shape's, on the spline through them.
SPLINE_POINTS = 8
#: Side, in pixels, at which a character is drawn.
RASTER = 112
#: Margin around a character, as a share of the picture's side.
MARGIN = 0.1
#: Cells along a side of the field that bends a character, and how far, as a share of its height.
BEND_GRID, BEND = 3, 0.05
#: Logarithm of the stretch, from and to.
STRETCH = (-0.25, 0.25)
#: Slant, as horizontal shift per vertical pixel, from and to.
SLANT = (-0.15, 0.35)
#: The slant of glyphs of handwriting fonts, and how far they are bent, as a share of the picture's side: less, since
#: their hands slant and bend them already. Set by eye, so that none became another character.
FONT_SLANT, FONT_BEND = (-0.2, 0.2), 0.03
#: Share of the drawn images that are glyphs of handwriting fonts, where there are fonts.
FONT_SHARE = 0.6
#: Raster pixels that a glyph's strokes gain on either side stay below this.
PEN_GROWTH = 6


def with_written(
    data: LabelledImages, each: int, geometry: str, seed: int, fonts: Sequence[Path] = ()
) -> LabelledImages:
    """Return a data set and, after its own images, drawn ones: equally many of every class.

    Args:
        data: the data set.
        each: drawn images of a class.
        geometry: key of `app.imaging.GEOMETRIES`, through which the chain that serves reads what was drawn.
        seed: the same seed gives the same images.
        fonts: handwriting fonts, which `FONT_SHARE` of the images are then drawn with.
    """
    labels = np.repeat(np.arange(len(data.classes)), each)
    images = np.empty((len(labels), SIDE, SIDE), np.uint8)
    for index, label in enumerate(tracked(labels, "drawing characters", total=len(labels))):
        known, rng = data.classes[label], np.random.default_rng([seed, WRITTEN, index])
        typeset = len(fonts) > 0 and rng.random() < FONT_SHARE
        page = handwritten(known, fonts[int(rng.integers(len(fonts)))], rng) if typeset else allograph(known, rng)
        images[index] = np.rint(255 * prepare_pixels(255 * page, GEOMETRIES[geometry]))
    return dataclasses.replace(
        data, images=np.concatenate([data.images, images]), labels=np.concatenate([data.labels, labels])
    )


def allograph(known: CharacterClass, rng: np.random.Generator) -> Pixels:
    """Write a character of a class in one of its other shapes, with an unsteady hand.

    Args:
        known: the class.
        rng: drawn from.

    Returns:
        uint8 [112, 112], 1 on the strokes and 0 elsewhere.
    """
    shapes = SHAPES.get(known.label, ())
    if shapes and rng.random() < 0.5:
        strokes = _shape(shapes[rng.integers(len(shapes))])
        curves = [spline(stroke + rng.normal(0, 0.025, stroke.shape)) for stroke in strokes]
    else:
        character = known.characters[rng.integers(len(known.characters))]
        fonts = SMALL_FONTS if character.islower() else LARGE_FONTS
        curves = [stroke.copy() for stroke in hershey_glyph(fonts[int(rng.integers(len(fonts)))], character)]
    return written(curves, rng)


def written(curves: Sequence[Stroke], rng: np.random.Generator) -> Pixels:
    """Write curves with an unsteady hand: slanted, stretched, bent, and with a pen of any width.

    Args:
        curves: about 1 high, with points so close together that they can be bent.
        rng: drawn from.

    Returns:
        uint8 [112, 112], 1 on the strokes and 0 elsewhere.
    """
    slant = np.array([[1.0, 0.0], [-rng.uniform(*SLANT), 1.0]])
    stretch = np.array([np.exp(rng.uniform(*STRETCH)), 1.0])
    field = rng.normal(0, BEND, (BEND_GRID + 1, BEND_GRID + 1, 2)).astype(np.float32)
    curves = [_bent(curve @ slant * stretch, field) for curve in curves]
    points = np.concatenate(curves)
    low, high = points.min(axis=0), points.max(axis=0)
    zoom = (1 - 2 * MARGIN) * RASTER / max((high - low).max(), 1e-3)
    width = max(1, round(RASTER * np.exp(rng.uniform(np.log(0.03), np.log(0.12)))))
    picture = np.zeros((RASTER, RASTER), np.uint8)
    for curve in curves:
        placed = np.rint((curve - (low + high) / 2) * zoom + RASTER / 2).astype(np.int32)
        cv2.polylines(picture, [placed], False, 1, width)
    return picture


def handwritten(known: CharacterClass, font: Path, rng: np.random.Generator) -> Pixels:
    """Write a character of a class as a handwriting font has it, with an unsteady hand and another pen.

    Args:
        known: the class.
        font: file of the font.
        rng: drawn from.

    Returns:
        uint8 [112, 112], 1 on the strokes and 0 elsewhere.
    """
    shape = glyph(font, known.characters[rng.integers(len(known.characters))])
    height, width = shape.shape
    slant, stretch = rng.uniform(*FONT_SLANT), np.exp(rng.uniform(*STRETCH))
    zoom = (1 - 2 * MARGIN) * RASTER / max(height, stretch * width + abs(slant) * height)
    # From the picture back to the glyph; what the hand bends is the picture.
    y, x = (axis.astype(np.float32) - (RASTER - 1) / 2 for axis in np.mgrid[:RASTER, :RASTER])
    field = rng.normal(0, FONT_BEND * RASTER, (BEND_GRID + 1, BEND_GRID + 1, 2)).astype(np.float32)
    bend = cv2.resize(field, (RASTER, RASTER), interpolation=cv2.INTER_CUBIC)
    x, y = x + bend[..., 0], y + bend[..., 1]
    across = ((x + slant * y) / (zoom * stretch) + width / 2).astype(np.float32)
    down = (y / zoom + height / 2).astype(np.float32)
    picture = (cv2.remap(shape, across, down, cv2.INTER_LINEAR) > 127).astype(np.uint8)
    gain = int(PEN_GROWTH * rng.random() ** 2)
    return np.asarray(cv2.dilate(picture, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gain + 1,) * 2)), np.uint8)


def spline(points: Stroke) -> Stroke:
    """Return points on the Catmull-Rom spline through points.

    Args:
        points: float64 [N, 2], at least two.

    Returns:
        float64 [P, 2], `SPLINE_POINTS` from each point to the next.
    """
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, SPLINE_POINTS, endpoint=False)[:, None]
    curve = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate([*curve, points[-1:]])


def _bent(curve: Stroke, field: npt.NDArray[np.float32]) -> Stroke:
    """Shift the points of a curve by a smooth field over the unit square; points outside move as its border does."""
    at = (np.clip(curve, 0, 1) * BEND_GRID).astype(np.float32)
    shift = cv2.remap(field, at[:, None, 0].copy(), at[:, None, 1].copy(), cv2.INTER_LINEAR)
    return np.asarray(curve + shift.reshape(-1, 2), np.float64)


def _shape(shape: str) -> list[Stroke]:
    strokes = [[point.split(",") for point in stroke.split()] for stroke in shape.split("|")]
    return [np.array(stroke, np.float64) / 100 for stroke in strokes]


@cache
def hershey_glyph(font: str, character: str) -> tuple[Stroke, ...]:
    """Return a glyph's strokes, its height 1, with points so close together that it can be bent."""
    fonts = HersheyFonts()
    fonts.load_default_font(font)
    strokes = [np.array(stroke, np.float64) for stroke in fonts.strokes_for_text(character)]
    points = np.concatenate(strokes)
    low, height = points.min(axis=0), np.ptp(points, axis=0)[1]
    return tuple(_dense((stroke - low) / height) for stroke in strokes)


def _dense(stroke: Stroke) -> Stroke:
    parts = [np.linspace(a, b, SPLINE_POINTS, endpoint=False) for a, b in pairwise(stroke)]
    return np.concatenate([*parts, stroke[-1:]])
