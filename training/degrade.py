"""Training images as people would send them, read back by the very chain that serves.

Each is written anew on a page, which is drawn or photographed. What the network then sees has the stroke widths,
breaks, blur and residue that the chain leaves of real pictures. Each picture is a pure function of its seed.

`Degradation` says how often each thing befalls a picture and how far strokes change; the ranges that lights, lines and
noise are drawn from stand beside them in the code, and were set by eye beside phone photos of paper.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging import GEOMETRIES, NoInkFound, prepare_pixels

Pixels = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]

#: Raised whenever the same seed gives another picture, so that a run does not go on with pages of two kinds.
PAGES_VERSION = 2
#: Side, in pixels, at which strokes are redrawn: four to a pixel of the data set, so that strokes can lose half of one.
RASTER = 112
#: Grey levels between which the border of a stroke is taken to run.
STROKE_LEVELS = (90.0, 170.0)
#: Longest side of a picture, in pixels: larger ones take longer and come out the same.
LARGEST_PICTURE = 260


@dataclass(frozen=True)
class Degradation:
    """How often each thing befalls a picture, as probabilities, and how far it goes.

    thin: share of the width of its thinner strokes that may be taken off.
    thick: raster pixels that may be added on each side of a stroke, of `RASTER`.
    rotation: degrees, either way.
    shear: horizontal shift per vertical pixel, either way.
    drawn: of a picture of a drawing program: plain page, full ink, no noise.
    dark: of light ink on a dark page.
    ruled: of ruled lines; a third of them squared.
    boxed: of a printed box around the character.
    shadow: of a hard shadow's edge.
    flag: of a 1 getting the upstroke that many hands begin it with, and half as often a foot.
    crossed: of a 7 getting a bar.
    """

    thin: float = 0.9
    thick: float = 6.0
    rotation: float = 8.0
    shear: float = 0.15
    drawn: float = 0.35
    dark: float = 0.3
    ruled: float = 0.3
    boxed: float = 0.1
    shadow: float = 0.2
    flag: float = 0.5
    crossed: float = 0.2


def degrade(
    glyph: Pixels, character: str, geometry: str, spec: Degradation, rng: np.random.Generator
) -> npt.NDArray[np.float32] | None:
    """Write a training image on a page and read it back.

    Args:
        glyph: uint8 [28, 28], white on black.
        character: what it shows.
        geometry: key of `app.imaging.GEOMETRIES`.
        spec: what befalls it.
        rng: drawn from.

    Returns:
        float32 [28, 28] in 0..1, or None where the chain found no ink.
    """
    try:
        return prepare_pixels(picture(glyph, character, spec, rng), GEOMETRIES[geometry])
    except NoInkFound:
        return None


def begin_process() -> None:
    """Set up a process that does nothing but degrade images."""
    cv2.setNumThreads(1)
    # Ctrl-C reaches every process of a terminal; the one that waits for the pages ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def degrade_all(
    images: Pixels, characters: Sequence[str], geometry: str, spec: Degradation, seeds: Sequence[Sequence[int]]
) -> Pixels:
    """Degrade images each by a seed of its own; here, since the processes that do it import nothing but this module.

    Args:
        images: uint8 [N, 28, 28], white on black.
        characters: what each shows.
        geometry: key of `app.imaging.GEOMETRIES`.
        spec: what befalls them.
        seeds: of each.

    Returns:
        uint8 [N, 28, 28], 0..255. Where the chain found no ink, the image itself.
    """
    made = images.copy()
    for index, (image, character, seed) in enumerate(zip(images, characters, seeds, strict=True)):
        seen = degrade(image, character, geometry, spec, np.random.default_rng(seed))
        if seen is not None:
            made[index] = np.rint(seen * 255)
    return made


def picture(glyph: Pixels, character: str, spec: Degradation, rng: np.random.Generator) -> Pixels:
    """Return uint8 [height, width], a picture of a training image as a person would send it."""
    return taken(place(redraw(glyph, character, spec, rng), spec, rng), spec, rng)


def taken(page: Field, spec: Degradation, rng: np.random.Generator) -> Pixels:
    """Return uint8 [height, width], a picture of a page: drawn in a program, or photographed in some light.

    Args:
        page: float32 [height, width] in 0..1, 1 where there is full ink.
        spec: what befalls it.
        rng: drawn from.
    """
    drawn = rng.random() < spec.drawn
    paper = np.ones_like(page) if drawn else light(page.shape, spec, rng)
    depth = 1.0 if drawn and rng.random() < 0.7 else rng.uniform(0.2, 1.0)
    marks = page * depth
    if not drawn or rng.random() < 0.2:
        marks = np.maximum(marks, depth * lines(page, spec, rng))
    level = rng.uniform(225, 255) if drawn else rng.uniform(110, 245)
    shown = (1 - marks) * paper * level
    if rng.random() < spec.dark:
        shown = 255 - shown
    return finish(shown, drawn, rng)


def redraw(glyph: Pixels, character: str, spec: Degradation, rng: np.random.Generator) -> Field:
    """Draw the strokes anew at `RASTER`, thinner or thicker, with a sharp border: float32 [112, 112] in 0..1."""
    large = cv2.resize(glyph, (RASTER, RASTER), interpolation=cv2.INTER_CUBIC)
    mask = (large > rng.uniform(*STROKE_LEVELS)).astype(np.uint8)
    if not mask.any():
        return np.asarray(large / 255, np.float32)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    ridge = inside[(inside == cv2.dilate(inside, np.ones((3, 3), np.uint8))) & (inside > 1)]
    half = float(np.median(ridge)) if ridge.size else 2.0
    if character in HABITS and rng.random() < getattr(spec, HABITS[character][0]):
        HABITS[character][1](mask, half, rng)
        inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    distance = inside - cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)
    if rng.random() < 0.5:
        thinner = float(np.quantile(ridge, 0.35)) if ridge.size else 0.0
        change = spec.thin * thinner * rng.random()
    else:
        change = -spec.thick * rng.random() ** 2
    return np.asarray(np.clip((distance - change) / 1.5 + 0.5, 0, 1), np.float32)


def place(strokes: Field, spec: Degradation, rng: np.random.Generator) -> Field:
    """Put the strokes somewhere on a page of some size, turned and slanted: float32 [height, width] in 0..1."""
    side = float(np.exp(rng.uniform(np.log(22), np.log(150))))
    height, width = (min(LARGEST_PICTURE, round(side * rng.uniform(1.0, 2.2))) for _ in range(2))
    angle, shear = np.deg2rad(rng.uniform(-spec.rotation, spec.rotation)), rng.uniform(-spec.shear, spec.shear)
    zoom = side / RASTER
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = zoom * turn @ np.array([[1, shear], [0, 1]])
    # Characters seldom fill their data set's frame to its border, so only its middle is kept on the page; the edge of
    # the page cuts one in fifty.
    slack = np.maximum(np.array([width, height]) - 0.85 * side, 0) / 2
    centre = np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * slack
    shift = centre - matrix @ np.full(2, (RASTER - 1) / 2)
    # Averaged down first: interpolation alone would skip pixels.
    softened = cv2.GaussianBlur(strokes, (0, 0), 0.45 / zoom) if zoom < 0.8 else strokes
    affine = np.column_stack([matrix, shift])
    return np.asarray(np.clip(cv2.warpAffine(softened, affine, (width, height)), 0, 1), np.float32)


def light(shape: tuple[int, ...], spec: Degradation, rng: np.random.Generator) -> Field:
    """Return how light falls on the page, float32 [height, width], about 1 where it is bright; more is overexposed."""
    height, width = shape
    y, x = (axis.astype(np.float32) for axis in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    falls = 1 - rng.uniform(0, 0.3) * (rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y + 1)
    if rng.random() < 0.3:
        falls -= rng.uniform(0, 0.45) * (x**2 + y**2) / 2
    if rng.random() < spec.shadow:
        angle, offset, soft = rng.uniform(0, 2 * np.pi), rng.uniform(-0.8, 0.8), rng.uniform(0.02, 0.4)
        edge = (np.cos(angle) * x + np.sin(angle) * y - offset) / soft
        falls *= 1 - rng.uniform(0.1, 0.4) / (1 + np.exp(-np.clip(edge, -20, 20)))
    return np.asarray(np.clip(falls, 0.15, None), np.float32)


def lines(page: Field, spec: Degradation, rng: np.random.Generator) -> Field:
    """Return the ruling of the paper and printed boxes, float32 [height, width] in 0..1 of the ink's strength."""
    ruling = np.zeros_like(page)
    height, width = page.shape
    thickness = 1 if max(page.shape) < 90 else int(rng.integers(1, 3))
    if rng.random() < spec.ruled:
        spacing = rng.uniform(0.3, 1.1) * min(page.shape)
        strength = rng.uniform(0.15, 0.7)
        slope = rng.uniform(-0.04, 0.04)
        for y in np.arange(rng.uniform(0, spacing), height, spacing):
            cv2.line(ruling, (0, round(y)), (width, round(y + slope * width)), strength, thickness)
        if rng.random() < 1 / 3:
            for x in np.arange(rng.uniform(0, spacing), width, spacing):
                cv2.line(ruling, (round(x), 0), (round(x - slope * height), height), strength, thickness)
    if rng.random() < spec.boxed:
        inset = rng.uniform(-0.06, 0.08, 4) * np.array([width, height, width, height])
        corner, opposite = inset[:2], np.array([width, height]) - 1 - inset[2:]
        cv2.rectangle(
            ruling, np.rint(corner).astype(int), np.rint(opposite).astype(int), rng.uniform(0.3, 1), thickness
        )
    return ruling


def finish(shown: Field, drawn: bool, rng: np.random.Generator) -> Pixels:
    """Take the picture: blur, sensor noise, JPEG; a drawing has little of it."""
    if rng.random() < (0.2 if drawn else 0.7):
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), rng.uniform(0.3, 1.4)), np.float32)
    if not drawn:
        # Noise of one pixel, and the coarser one that scaling leaves.
        noise = rng.standard_normal(shown.shape, np.float32)
        if rng.random() < 0.5:
            noise = np.asarray(2 * cv2.GaussianBlur(noise, (0, 0), 1.0), np.float32)
        shown = shown + rng.uniform(0.3, 5) * noise
    taken = np.asarray(np.clip(np.rint(shown), 0, 255), np.uint8)
    if rng.random() < (0.15 if drawn else 0.6):
        _, file = cv2.imencode(".jpg", taken, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 96))))
        taken = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
    return taken


def _flag(mask: Pixels, half: float, rng: np.random.Generator) -> None:
    """Give a 1 its upstroke, and now and then a foot; what is wide already has them."""
    rows, columns = np.nonzero(mask)
    top, bottom = rows.min(), rows.max()
    tall, wide = bottom - top + 1, columns.max() - columns.min() + 1
    if wide > 0.6 * tall:
        return
    width = max(1, round(2 * half))
    x, y = round(columns[rows <= top + half].mean()), round(top + half)
    angle, length = np.deg2rad(rng.uniform(25, 65)), rng.uniform(0.18, 0.55) * tall
    end = (round(x - length * np.cos(angle)), round(y + length * np.sin(angle)))
    cv2.line(mask, (x, y), end, 1, width)
    if rng.random() < 0.5:
        x, y, reach = round(columns[rows >= bottom - half].mean()), round(bottom - half), rng.uniform(0.15, 0.4) * tall
        tilt = rng.uniform(-0.1, 0.1) * reach
        cv2.line(mask, (round(x - reach), round(y + tilt)), (round(x + reach), round(y - tilt)), 1, width)


def _bar(mask: Pixels, half: float, rng: np.random.Generator) -> None:
    """Cross a 7."""
    rows, columns = np.nonzero(mask)
    top, bottom = rows.min(), rows.max()
    y = round(top + rng.uniform(0.45, 0.65) * (bottom - top))
    if not (rows == y).any():
        return
    x, reach = round(columns[rows == y].mean()), rng.uniform(0.12, 0.3) * (bottom - top)
    tilt = rng.uniform(-0.3, 0.3) * reach
    width = max(1, round(2 * half))
    cv2.line(mask, (round(x - reach), round(y + tilt)), (round(x + reach), round(y - tilt)), 1, width)


#: What many hands do and the data sets' writers seldom did: its probability's field of `Degradation`, and what is done.
HABITS: dict[str, tuple[str, Callable[[Pixels, float, np.random.Generator], None]]] = {
    "1": ("flag", _flag),
    "7": ("crossed", _bar),
}
