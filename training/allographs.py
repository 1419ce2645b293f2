"""Other ways of writing a character: what many hands do and the data sets' writers, asked to print, seldom did."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
#: Points that a pen passes through.
Stroke = npt.NDArray[np.float64]

#: Class label to the shapes that its characters may take. A shape is strokes, and a stroke points "x,y", in hundredths
#: of the character's height, y downwards.
SHAPES: dict[str, tuple[str, ...]] = {
    # An i with its dot, straight and with an exit stroke.
    "I": ("50,34 50,100 | 50,0 51,4", "42,38 50,34 50,88 58,100 72,92 | 50,0 51,4"),
    # A j with its dot, and a J under a bar.
    "J": ("50,30 50,80 36,100 10,94 | 52,0 53,4", "10,2 85,0 | 55,0 55,75 40,100 12,94 5,72"),
    # A looped l with and without the stroke that leads in, and one with a hook.
    "L": (
        "0,85 25,62 45,25 42,2 28,8 20,45 20,82 34,100 55,86",
        "22,62 42,25 40,2 26,8 18,45 20,84 34,100 52,90",
        "20,0 20,84 32,100 50,90",
    ),
    # A cursive r with its shoulder, on a straight leg and on one that leads on; and a print r with a hanging arm.
    "r": (
        "5,5 10,30 12,100 | 12,22 35,8 75,6 | 75,6 72,50 74,100",
        "5,100 20,8 | 20,8 45,14 78,10 | 78,10 72,50 74,88 86,100 100,90",
        "10,2 12,100 | 12,40 30,12 60,0 80,12 80,28",
    ),
    # An f with a hook and a bar, one whose top closes to a loop, and a cursive one.
    "f": (
        "72,10 56,0 40,14 38,50 36,100 | 10,44 66,41",
        "34,100 34,30 42,6 64,2 72,16 58,34 34,40 | 10,60 62,56",
        "5,55 36,42 56,12 48,0 36,18 34,92 22,100 14,88 30,64 62,50",
    ),
    # A cursive s, pointed at its top.
    "S": ("0,92 34,46 50,0 | 50,0 56,36 80,72 60,98 20,92", "62,12 44,0 22,14 30,42 58,62 60,90 34,100 12,86 30,74"),
    # A q with a flick.
    "q": ("62,10 34,0 8,24 26,50 60,20 | 62,4 62,100 84,78",),
    # A 4 that is open at the top, its bar in one stroke with the arm.
    "4": ("14,0 8,52 | 8,52 70,50 | 62,22 58,100", "20,0 6,44 30,54 62,40 | 66,0 58,50 54,100"),
    # An n that leads in and on.
    "n": ("2,22 14,4 18,30 18,100 | 18,42 44,4 66,22 66,82 78,100 96,88",),
    # A 1 with a flag, without and with a foot.
    "1": ("2,30 34,0 | 34,0 34,100", "4,28 34,0 | 34,0 34,100 | 6,100 64,98"),
}
#: Points between two of a shape's, on the spline through them.
SPLINE_POINTS = 8
#: Margin around a shape, as a share of the picture's side.
MARGIN = 0.1


def allograph(character: str, side: int, rng: np.random.Generator) -> Pixels | None:
    """Write one of a character's other shapes with an unsteady hand.

    Args:
        character: label of a class.
        side: of the picture, in pixels.
        rng: drawn from.

    Returns:
        uint8 [side, side], 1 on the strokes and 0 elsewhere; None where the character has no other shapes.
    """
    if character not in SHAPES:
        return None
    shapes = SHAPES[character]
    strokes = _strokes(shapes[rng.integers(len(shapes))])
    stretch = np.array([np.exp(rng.uniform(-0.25, 0.25)), 1.0])
    slant = np.array([[1.0, 0.0], [-rng.uniform(-0.15, 0.35), 1.0]])
    curves = [spline((stroke + rng.normal(0, 0.025, stroke.shape)) @ slant * stretch) for stroke in strokes]
    points = np.concatenate(curves)
    low, high = points.min(axis=0), points.max(axis=0)
    zoom = (1 - 2 * MARGIN) * side / (high - low).max()
    width = max(1, round(side * np.exp(rng.uniform(np.log(0.03), np.log(0.12)))))
    picture = np.zeros((side, side), np.uint8)
    for curve in curves:
        placed = np.rint((curve - (low + high) / 2) * zoom + side / 2).astype(np.int32)
        cv2.polylines(picture, [placed], False, 1, width)
    return picture


def _strokes(shape: str) -> list[Stroke]:
    strokes = [[point.split(",") for point in stroke.split()] for stroke in shape.split("|")]
    return [np.array(stroke, np.float64) / 100 for stroke in strokes]


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
