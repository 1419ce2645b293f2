"""The holes of a binding along one side of a sheet, many of a spiral or a few for a ring binder.

The shares below were set on drawn pages alone and move no photo that README measures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.imaging.marks import Chosen, Marks, few, is_round
from app.imaging.page import CROP_SIDE

#: The holes of a binding lie in a strip along one side of the picture, so wide as a share of its size.
BINDING_STRIP = 0.15
#: A binding has at least so many holes.
LEAST_HOLES = 5
#: From the first to the last, holes span at least this share of the picture.
BINDING_SPAN = 0.7
#: They lie in a line, give or take this share of the picture's size, ...
BINDING_SLACK = 0.02
#: ... and as far apart from each other, give or take this share of that.
BINDING_STEP_SLACK = 0.3
#: Elsewhere is a mark at least so many times as long as they are; of a dotted character there is none.
BINDING_CONTENT = 2.0
#: Two to four holes, as for a ring binder, are round, as large as each other, give or take this share, ...
FEW_HOLES = 2
MOST_FEW_HOLES = 4
ALIKE_HOLES = 0.25
#: ... at most this share of the picture's size wide, in a line give or take so much, as a sheet may lie askew, ...
FEW_HOLES_WIDTH = 0.08
FEW_HOLES_SLACK = 0.06
#: ... apart by so many times their width or more, and from the first to the last by this share of the picture; the dots
#: of a letter are nearer.
FEW_HOLES_APART = 4.0
FEW_HOLES_SPAN = 0.3


def binding(marks: Marks) -> Chosen:
    """Choose the holes along one side of a sheet that has been bound, of which a crop shows none: bool [M]."""
    chosen = np.zeros(len(marks.mass), np.bool_)
    if min(marks.labels.shape) < CROP_SIDE:
        return chosen
    length = marks.sizes.max(axis=1)
    present = marks.mass > 0
    places = marks.centre / marks.labels.shape[::-1]
    for across, along in (places.T, places.T[::-1]):
        for strip in (across < BINDING_STRIP, across > 1 - BINDING_STRIP):
            holes = present & strip
            if not holes.any():
                continue
            chosen |= _few_holes(marks, holes, across, along)
            holes &= np.abs(across - np.median(across[holes])) <= BINDING_SLACK
            content = length[present & ~holes].max(initial=0)
            if _are_evenly_apart(along[holes]) and content >= BINDING_CONTENT * length[holes].max():
                chosen |= holes
    return chosen


def _few_holes(marks: Marks, strip: Chosen, across: npt.NDArray[np.float64], along: npt.NDArray[np.float64]) -> Chosen:
    """Choose the holes of a sheet for a ring binder among the marks in a strip along a side: bool [M].

    Args:
        marks: of the picture.
        strip: bool [M], the ones in question.
        across: how far they are from that side, as a share of the picture, [M].
        along: where they are along it, [M].
    """
    width = (marks.sizes / marks.labels.shape[::-1]).max(axis=1)
    holes = np.zeros_like(strip)
    for mark in few(strip & (width <= FEW_HOLES_WIDTH)):
        holes[mark] = is_round(marks.pixels(mark))
    if not FEW_HOLES <= np.count_nonzero(holes) <= MOST_FEW_HOLES:
        return np.zeros_like(holes)
    steps, own = np.diff(np.sort(along[holes])), width[holes]
    found = (
        own.min() >= (1 - ALIKE_HOLES) * own.max()
        and np.ptp(across[holes]) <= FEW_HOLES_SLACK
        and steps.min() >= FEW_HOLES_APART * own.max()
        and steps.sum() >= FEW_HOLES_SPAN
        and (marks.sizes[~strip].max(axis=1) * (marks.mass[~strip] > 0)).max(initial=0) > marks.sizes[holes].max()
    )
    return holes if found else np.zeros_like(holes)


def _are_evenly_apart(places: npt.NDArray[np.float64]) -> bool:
    """Tell whether there are as many places along a side as a binding has holes, [N] in 0..1, and as far apart."""
    if len(places) < LEAST_HOLES:
        return False
    steps = np.diff(np.sort(places))
    step = np.median(steps)
    return bool(steps.sum() >= BINDING_SPAN and np.abs(steps - step).max() <= BINDING_STEP_SLACK * step)
