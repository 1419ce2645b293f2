"""Writing: which marks make up the character, and which are neighbours, specks or texture.

The shares below were set on the drawn pages of the tests and on the photos that README measures, all of them together;
few of them move a figure by more than a photo or two. Those of dotted characters were set on drawn pages alone, and
move none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.alone import falls_apart, rivals
from app.imaging.answer_line import without_touched_line
from app.imaging.around import dividers, find_cell, frames, regions, underlines
from app.imaging.binding import binding
from app.imaging.box import without_touched_boxes
from app.imaging.errors import NoInkFound
from app.imaging.form import beside_bracket, brackets, buttons, captions, combs, corners, lines_of_print
from app.imaging.marks import (
    MARK_LEVEL,
    SMALL_SIDE,
    Chosen,
    Marks,
    Pixels,
    close_gaps,
    find_marks,
    main_mark,
    straightness,
)
from app.imaging.objects import bars, beside_bar, coins
from app.imaging.page import is_narrow

#: Of each mark, its distance from the main one and its share of that one's mass; see `beside`.
Beside = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

#: A mark smaller than this share of the largest one is a speck. The dot of an i is 0.03 and more.
SPECK_SHARE = 0.01
#: On an uneven page, ink from this share of the character's strength up counts as part of a mark.
UNEVEN_MARK_LEVEL = 0.3
#: A mark is near the main one where their boxes lie no farther apart than this share of the longer one.
NEAR_GAP = 0.2
#: Near marks belong to the main one from this share of its mass up: dots and nearby bars may be small.
NEAR_MASS = 0.015
#: A mark is not too far from the main one up to this share of the longer one.
FAR_GAP = 0.35
#: Marks as far as that belong to the main one from this share of its mass up.
FAR_MASS = 0.06
#: On a plain page, stray marks are farther from the main one than this share of the longer one.
STRAY_GAP = 0.6
#: Stray marks have less than this share of its mass: the icons and captions of a screenshot.
STRAY_MASS = 0.3
#: Marks of at least this share of the main one's mass are comparable to it.
COMPARABLE_MASS = 0.2
#: Texture has more comparable marks than this; 2,442 pictures of characters have at most so many. Where marks that
#: touch the edge do not count, since they may be the lines of writing above and below, it has twice as many.
MOST_COMPARABLE = 6
#: Of these, more than so many are not at the edge. This one and the next were set on drawn lines of writing and on
#: 120 drawn textures, of which they let pass no more than before.
FEW_INNER = 3
#: Texture is also where more than `MOST_COMPARABLE` and so many are near the main one or not at the edge.
FEW_NEAR = 2
#: Where no comparable mark is near the main one, and that one is so many times as long as they are, they are a pattern
#: that its note lies on. Set on drawn cloths and worksheets.
PATTERN_LENGTH = 2.0
#: It is texture, too, where the main mark has more holes than this: a mesh.
MOST_HOLES = 9
#: On a photo, pieces no farther apart than this share of the shorter side are one mark.
GAP_SHARE = 0.02
#: What looks like texture is chalk where such a mark has at least this share of all mass.
CHALK_MASS = 0.7
#: That mark has at most this share of the picture's outermost pixels: a stroke runs out of a tight crop, but texture
#: does so all around. This one and the next were set on drawn crops and 2,000 drawn textures.
CHALK_EDGE = 0.1
#: What comes to two sides of a photo and is as straight as this, see `straightness`, is a fold, a strip of shadow or
#: ruling, and no 1.
CROSSING_STRAIGHT = 0.006
#: The gaps of a dotted character are wider than `GAP_SHARE`: these, as shares of the shorter side, are tried in turn.
DOTTED_GAPS = (0.04, 0.06, 0.08)
#: On a plain page, a mark at the edge is a neighbour where it is farther from the main one than this share of the
#: longer one.
EDGE_GAP = 0.1
#: So it is where it has less than this share of the main one's mass; a bar that a tight crop cuts is neither.
EDGE_MASS = 0.06
#: What a picture of texture is refused with.
ALL_TEXTURE = "The picture is all texture; no character stands out in it."
#: The dot of an i is at most this share of the stem under it, and no farther from it than that one is high.
DOT_SHARE = 0.5


@dataclass(frozen=True)
class Writing:
    """What is read.

    ink: uint8 [height, width], white on black.
    alone: whether it is one character as far as its marks tell, and no other was left out.
    """

    ink: Pixels
    alone: bool


def keep_writing(ink: Pixels, *, plain: bool, even: bool = False, ruled: bool = False) -> Writing:
    """Clear what is not part of the character, frames, binding holes, neighbours, specks, and tell whether it is alone.

    Args:
        ink: uint8 [height, width], white on black.
        plain: whether the page is plain, as in a drawing. Then all that was drawn belongs together but for what is seen
            to come from outside; on a photo, only what lies near the main mark does.
        even: whether it is an even page, see `Page`, of which the same is true, unless it is texture.
        ruled: whether lines that cross the picture have been taken out, which may be those of a row of boxes.

    Raises:
        NoInkFound: there is none, or it is texture or a line across the picture.
    """
    drawn = plain or even
    threshold = 255 * (MARK_LEVEL if drawn else UNEVEN_MARK_LEVEL)
    small = drawn and min(ink.shape) <= SMALL_SIDE
    if small and cv2.connectedComponents((ink > threshold).astype(np.uint8))[0] == 2:
        # The page, and one mark beside which there is nothing to drop.
        return Writing(ink, alone=True)
    marks = find_marks(ink.astype(np.float32), threshold)
    for without in (without_touched_boxes, without_touched_line):
        if (bare := without(ink, marks)) is not ink:
            ink, marks = bare, find_marks(bare.astype(np.float32), threshold)
    framing = frames(marks)
    dropped = framing | binding(marks) | combs(marks)
    if drawn:
        dropped |= regions(marks)
    marks = replace(marks, mass=np.where(dropped, 0, marks.mass))
    if (cell := find_cell(marks, ruled=ruled)) is not None:
        left, right = cell
        within = np.zeros_like(ink)
        within[:, left:right] = ink[:, left:right]
        return keep_writing(within, plain=plain, even=even)
    main = _character(marks)
    if even and not small:
        _refuse_texture(_cleared(ink, marks, dropped))
    if not drawn:
        # Before gaps are closed, which joins a line to what stands close above it, and to another.
        under = underlines(marks, main)
        if marks.mass[main] >= CHALK_MASS * marks.mass[~under].sum():
            dropped |= under
        return _keep_on_photo(_cleared(ink, marks, dropped), texture=is_texture(marks, main))
    if small:
        dropped |= neighbours(marks, main, beside(marks, main))
        keep = ~dropped & (marks.mass > 0)
        kept = np.asarray(np.where(_near(marks, dropped) > _near(marks, keep), 0, ink), np.uint8)
        return Writing(kept, alone=not falls_apart(kept))
    return _keep_drawn(ink, marks, main, framing)


def _character(marks: Marks) -> int:
    """Return the main mark, or what stands beside it where it is a bar or a bracket."""
    return beside_bracket(marks, beside_bar(marks, main_mark(marks)))


def _keep_drawn(ink: Pixels, marks: Marks, main: int, framing: Chosen) -> Writing:
    """Clear what is seen to be no part of a drawing's main mark; all else belongs to it.

    Args:
        ink: uint8 [height, width], white on black.
        marks: of it.
        main: index of the main one.
        framing: bool [M], which of them are frames.
    """
    # Unlike a bar, a coin may be no other character.
    marks = replace(marks, mass=np.where(coins(marks, main), 0, marks.mass))
    found = beside(marks, main)
    keep = (marks.mass >= SPECK_SHARE * marks.mass.max()) & ~neighbours(marks, main, found) & ~strays(found)
    for find in (underlines, corners, captions, buttons, brackets, bars):
        keep &= ~find(marks, main)
    for frame in np.flatnonzero(framing).tolist():
        if (inside := marks.inside(frame))[main]:
            keep &= inside  # beside a frame are the buttons of a drawing program, its title, other answers
    return _read(ink, marks, main, keep)


def _keep_on_photo(ink: Pixels, *, texture: bool) -> Writing:
    """Clear what does not lie near the main mark, of which the pieces that a pen or chalk left are one.

    Args:
        ink: uint8 [height, width], white on black.
        texture: whether its marks look like texture, of which only chalk is kept, with its gaps closed.

    Raises:
        NoInkFound: there is no mark, or all is texture: wood, cloth, noise.
    """
    closed, marks = without_gaps(ink)
    if (dropped := frames(marks)).any():  # around pieces, each of which alone was too little
        ink = _cleared(ink, marks, dropped)
        closed, marks = without_gaps(ink)
    main = _character(marks)
    if texture:
        wider = iter(DOTTED_GAPS)
        while _is_scattered(marks, main):
            if (gap := next(wider, None)) is None:
                raise NoInkFound(ALL_TEXTURE)
            closed, marks = without_gaps(ink, gap)
            main = main_mark(marks)
        ink = closed
    _refuse_crossing(marks, main)
    return _read(ink, marks, main, companions(marks, main))


def _refuse_texture(ink: Pixels) -> None:
    """Refuse what is texture however wide the gaps that are closed in it, and what is a line across the picture.

    Args:
        ink: uint8 [height, width], white on black, of an even page.

    Raises:
        NoInkFound: it is either.
    """
    for share in (GAP_SHARE, *DOTTED_GAPS):
        _, marks = without_gaps(ink, share)
        main = main_mark(marks)
        _refuse_crossing(marks, main)
        if not is_texture(marks, main):
            return
    raise NoInkFound(ALL_TEXTURE)


def _refuse_crossing(marks: Marks, main: int) -> None:
    """Refuse a main mark that is a straight, thin line from one side of a photo to another; not a 1 in a narrow one.

    Raises:
        NoInkFound: it is one.
    """
    height, width = marks.labels.shape
    if height > width and is_narrow((height, width)) and marks.sides[main, 1::2].all():
        return
    if marks.sides[main].sum() > 1 and straightness(marks.labels == main) <= CROSSING_STRAIGHT:
        raise NoInkFound("What stands out from the page is a line across the picture and no character.")


def _read(ink: Pixels, marks: Marks, main: int, chosen: Chosen) -> Writing:
    """Clear all but the chosen marks, the main one among them, and tell whether they are the only character."""
    kept = np.asarray(ink * _near(marks, chosen), np.uint8)
    return Writing(kept, alone=not (rivals(marks, main, chosen).any() or falls_apart(kept)))


def _is_scattered(marks: Marks, main: int) -> bool:
    """Tell whether the main mark of what looks like texture is no character whose gaps were closed."""
    apart = marks.share_of_edge(main) > CHALK_EDGE or marks.mass[main] < CHALK_MASS * marks.mass.sum()
    return bool(apart or is_texture(marks, main))


def _cleared(ink: Pixels, marks: Marks, chosen: Chosen) -> Pixels:
    return np.asarray(np.where(_near(marks, chosen), 0, ink), np.uint8) if chosen.any() else ink


def without_gaps(ink: Pixels, share: float = GAP_SHARE) -> tuple[Pixels, Marks]:
    """Close the gaps of chalk, and of a pen that skips.

    Args:
        ink: uint8 [height, width], white on black, of an uneven page.
        share: of the shorter side, how wide a gap may be.

    Returns:
        The ink with its gaps closed, of the same shape, and its marks.

    Raises:
        NoInkFound: there is no ink.
    """
    closed = close_gaps(ink, share)
    return closed, find_marks(closed.astype(np.float32), 255 * UNEVEN_MARK_LEVEL)


def is_texture(marks: Marks, main: int) -> bool:
    """Tell whether there are many marks as large as the main one, or that one is a mesh."""
    comparable = marks.mass > COMPARABLE_MASS * marks.mass[main]
    if marks.touches_edge[main]:
        many = comparable.sum() > MOST_COMPARABLE
    else:
        # What reaches in from outside may be the lines of writing above and below: texture reaches the main mark too.
        gap, _ = beside(marks, main)
        inner, near = comparable & ~marks.touches_edge, comparable & (gap <= FAR_GAP)
        longest = marks.sizes.max(axis=1)
        if near.sum() == 1 and longest[main] >= PATTERN_LENGTH * np.median(longest[comparable]):
            inner = near
        many = (
            inner.sum() > MOST_COMPARABLE
            or (inner | near).sum() > MOST_COMPARABLE + FEW_NEAR
            or (inner.sum() > FEW_INNER and comparable.sum() > 2 * MOST_COMPARABLE)
        )
    # Beyond the edge the page goes on, so what a stroke cuts off there is no hole. Two regions are mark and page.
    around = np.pad((marks.labels != main).astype(np.uint8), 1, constant_values=1)
    regions, _ = cv2.connectedComponents(around, connectivity=4)
    return bool(many or regions - 2 > MOST_HOLES)


def companions(marks: Marks, main: int) -> Chosen:
    """Choose the main mark and those near it, of a photo with page edges and neighbours in it: bool [M]."""
    gap, share = beside(marks, main)
    chosen = ((gap <= NEAR_GAP) & (share > NEAR_MASS)) | ((gap <= FAR_GAP) & (share > FAR_MASS))
    if not marks.touches_edge[main]:
        chosen &= ~marks.touches_edge | stems(marks, main)
    chosen &= ~(dividers(marks, main) | underlines(marks, main) | lines_of_print(marks, main) | corners(marks, main))
    chosen &= ~brackets(marks, main)
    chosen[main], chosen[0] = True, False
    return chosen


def stems(marks: Marks, main: int) -> Chosen:
    """Choose the stem of an i or j whose dot is the main mark, where it stands at the lower edge: bool [M]."""
    left, top, right, bottom = marks.boxes.T
    height, gap = bottom - top, top - bottom[main]
    under = (gap >= 0) & (gap <= height) & (left < right[main]) & (right > left[main])
    at_lower_edge = bottom >= marks.labels.shape[0] - 1
    size = max(height[main], right[main] - left[main])
    return np.asarray(under & at_lower_edge & (height > right - left) & (size <= DOT_SHARE * height), np.bool_)


def neighbours(marks: Marks, main: int, found: Beside) -> Chosen:
    """Choose what reaches into a crop from outside, the next line's writing, the edge of a box: bool [M].

    It is at the edge, small or apart from a main mark that does not touch it.
    """
    gap, share = found
    chosen = marks.touches_edge & ((gap > EDGE_GAP) | (share < EDGE_MASS)) & (not marks.touches_edge[main])
    chosen &= ~stems(marks, main)
    chosen[0] = False
    return chosen


def strays(found: Beside) -> Chosen:
    """Choose what is small and far from the main mark: bool [M]."""
    gap, share = found
    return np.asarray((gap > STRAY_GAP) & (share < STRAY_MASS), np.bool_)


def beside(marks: Marks, main: int) -> Beside:
    """Return each mark's distance from the main one's box, as a share of the longer one, and its share of the mass.

    Both are float64 [M]; the distance is along the axis in which it is greater, 0 where boxes touch or overlap.
    """
    # Of the larger of the two, since the dot of an i may be the main mark.
    longest = np.maximum(marks.sizes, marks.sizes[main]).max(axis=1)
    gap = np.maximum(marks.gaps(main).max(axis=1), 0) / longest
    return gap, marks.mass / marks.mass[main]


def _near(marks: Marks, chosen: Chosen) -> Pixels:
    """Return uint8 [height, width], 1 on the chosen marks and two pixels around them."""
    return np.asarray(cv2.dilate(chosen.astype(np.uint8)[marks.labels], np.ones((5, 5), np.uint8)), np.uint8)
