"""Writing: which marks make up the character, and which are frames, ruling, neighbours, specks or texture.

The shares below were set on the drawn pages of the tests and on the photos that README measures, all of them together;
few of them move a figure by more than a photo or two. Those of rings, underlines and dotted characters were set on
drawn pages alone, and move none.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.errors import NoInkFound
from app.imaging.marks import MARK_LEVEL, Marks, Pixels, close_gaps, find_marks, main_mark

#: Which of the marks; bool [M].
Chosen = npt.NDArray[np.bool_]
#: Of each mark, its distance from the main one and its share of that one's mass; see `beside`.
Beside = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

#: A mark smaller than this share of the largest one is a speck. The dot of an i is 0.03 and more.
SPECK_SHARE = 0.01
#: On an uneven page, ink from this share of the character's strength up counts as part of a mark.
UNEVEN_MARK_LEVEL = 0.3
#: Pictures up to this side, in pixels, are near the network's own resolution: on a plain page every pixel counts, and
#: a speck may be a stroke.
SMALL_SIDE = 40
#: A mark beside the main one belongs to it where it lies no farther from its box than this share of the longer one...
NEAR_GAP = 0.2
#: ... and has at least this share of its mass: dots and nearby bars may be small.
NEAR_MASS = 0.015
#: What lies up to so far off, as a share of the longer one...
FAR_GAP = 0.35
#: ... has to be larger: at least this share of the main one's mass.
FAR_MASS = 0.06
#: On a plain page, a mark farther from the main one than this share of the longer one...
STRAY_GAP = 0.6
#: ... and with less than this share of its mass is a stray one: the icons and captions of a screenshot.
STRAY_MASS = 0.3
#: Marks of at least this share of the main one's mass are comparable to it.
COMPARABLE_MASS = 0.2
#: Texture has more comparable marks than this; 2,442 pictures of characters have at most so many. Where marks that
#: touch the edge do not count, since they may be the lines of writing above and below, it has twice as many.
MOST_COMPARABLE = 6
#: And more than so many of them are not at the edge. This one and the next were set on drawn lines of writing and on
#: 120 drawn textures, of which they let pass no more than before.
FEW_INNER = 3
#: Or more than `MOST_COMPARABLE` and so many are near the main one or not at the edge.
FEW_NEAR = 2
#: Or its main mark has more holes than this.
MOST_HOLES = 9
#: On a photo, pieces no farther apart than this share of the shorter side are one mark.
GAP_SHARE = 0.02
#: What looks like texture is chalk where such a mark has at least this share of all mass...
CHALK_MASS = 0.7
#: ... or a dotted character, whose gaps are wider: as shares of the shorter side, tried in turn.
DOTTED_GAPS = (0.04, 0.06, 0.08)
#: On a plain page, a mark at the edge belongs to the neighbourhood where it lies farther from the main mark than this
#: share of its longest side...
EDGE_GAP = 0.1
#: ... or has less than this share of its mass; a bar that a tight crop cuts is neither.
EDGE_MASS = 0.06
#: The dot of an i is at most this share of the stem under it, and no farther from it than that one is high.
DOT_SHARE = 0.5
#: A line between two cells is narrower than this share of its height.
DIVIDER_WIDTH = 0.12
#: It goes beyond the character at either end by at least this share of that one's height.
DIVIDER_REACH = 0.08
#: It is farther from it than this share of that one's height, or it may be the stem of a K or an R.
DIVIDER_GAP = 0.12
#: The sides of a cell in a row are higher than this share of the picture. This one and the next three were set on drawn
#: forms.
CELL_HEIGHT = 0.25
#: They begin and end in the same rows, give or take this share of their height.
CELL_SLACK = 0.05
#: What stands between them is higher than this share of theirs; the bar between the posts of an H is not.
CELL_CONTENT = 0.3
#: Pixels beside them that are theirs as well.
CELL_BORDER = 1
#: A frame spans at least this share of both sides of the picture.
FRAME_SPAN = 0.2
#: It has a mark of at least this share of its mass inside.
FRAME_CONTENT = 0.08
#: At least this share of its pixels lies along its box; of a 0's, half do.
FRAME_STRAIGHT = 0.85
#: How far from the box that is, as a share of its sides.
FRAME_BORDER = 0.1
#: The shorter side of a ring that a number of a list stands in, as a share of the longer one; that of a 0 is less.
RING_ROUND = 0.8
#: A ring is hollow up to this share of its radius.
RING_HOLLOW = 0.7
#: At most this share of its pixels lies within that.
RING_INK = 0.1
#: Sectors around its middle in which its pixels are looked for.
RING_SECTORS = 36
#: A hand's ring need not close: it has at least this share of the sectors.
RING_CLOSED = 0.9
#: What stands in a ring is at least so long, as a share of its shorter side; the dot in an O is not.
RING_CONTENT = 0.3
#: Its middle is no farther from the ring's than this share of the sides.
RING_OFF_CENTRE = 0.2
#: The diagonal of its box is at most this share of the ring's; that of a hollow letter's inner outline is longer.
RING_DIAGONAL = 0.95
#: A mark is one straight stroke where its variance across is at most this share of that along.
STRAIGHT = 0.06
#: A 1 in a ring leans by at most so many pixels across per pixel down; the bar of a 0 and the tail of a Q do by more.
UPRIGHT = 0.5
#: A line under the character is lower than this share of its own length.
UNDERLINE_HEIGHT = 0.15
#: It is at least this long, as a share of the character's height.
UNDERLINE_LENGTH = 0.7
#: And so far below it, as a share of its height; a foot of a 2 or a Z is nearer.
UNDERLINE_GAP = 0.1
#: Or so near, as a share of its height...
NEAR_UNDERLINE_GAP = 0.04
#: ... but then as long as this share of the character's height...
NEAR_UNDERLINE_LENGTH = 1.2
#: ... and so many times as long as the character is wide.
NEAR_UNDERLINE_REACH = 1.6
#: A mark lower than this share of its width has no line under it: it may be the head of a 7 or a digit's segment.
FLAT_MARK = 0.5


def keep_writing(ink: Pixels, *, plain: bool) -> Pixels:
    """Clear what is not part of the character: frames, neighbours, specks.

    Args:
        ink: uint8 [height, width], white on black.
        plain: whether the page is plain, as in a drawing. Then all that was drawn belongs together but for what is seen
            to come from outside; on a photo, only what lies near the main mark does.

    Raises:
        NoInkFound: there is none, or it is texture.
    """
    threshold = 255 * (MARK_LEVEL if plain else UNEVEN_MARK_LEVEL)
    small = plain and min(ink.shape) <= SMALL_SIDE
    if small and cv2.connectedComponents((ink > threshold).astype(np.uint8))[0] == 2:
        # The page, and one mark beside which there is nothing to drop.
        return ink
    marks = find_marks(ink.astype(np.float32), threshold)
    dropped = frames(marks)
    marks = replace(marks, mass=np.where(dropped, 0, marks.mass))
    if (cell := find_cell(marks)) is not None:
        left, right = cell
        within = np.zeros_like(ink)
        within[:, left:right] = ink[:, left:right]
        return keep_writing(within, plain=plain)
    main = main_mark(marks)
    if not plain:
        return _keep_on_photo(_cleared(ink, marks, dropped), texture=is_texture(marks, main))
    if small:
        dropped |= neighbours(marks, main, beside(marks, main))
        keep = ~dropped & (marks.mass > 0)
        return np.asarray(np.where(_near(marks, dropped) > _near(marks, keep), 0, ink), np.uint8)
    found = beside(marks, main)
    keep = (marks.mass >= SPECK_SHARE * marks.mass.max()) & ~neighbours(marks, main, found) & ~strays(found)
    keep &= ~underlines(marks, main)
    return np.asarray(ink * _near(marks, keep), np.uint8)


def _keep_on_photo(ink: Pixels, *, texture: bool) -> Pixels:
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
    main = main_mark(marks)
    if texture:
        wider = iter(DOTTED_GAPS)
        while _is_scattered(marks, main):
            if (gap := next(wider, None)) is None:
                raise NoInkFound("The picture is all texture; no character stands out in it.")
            closed, marks = without_gaps(ink, gap)
            main = main_mark(marks)
        ink = closed
    return np.asarray(ink * _near(marks, companions(marks, main)), np.uint8)


def _is_scattered(marks: Marks, main: int) -> bool:
    """Tell whether the main mark of what looks like texture is no character whose gaps were closed."""
    apart = marks.touches_edge[main] or marks.mass[main] < CHALK_MASS * marks.mass.sum()
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


def frames(marks: Marks) -> Chosen:
    """Choose a printed or drawn frame around the character that it does not touch, a box or a ring: bool [M]."""
    left, top, right, bottom = marks.boxes.T
    chosen = np.zeros(len(marks.mass), np.bool_)
    height, width = marks.labels.shape
    spans = np.minimum((right - left) / width, (bottom - top) / height)
    for frame in np.flatnonzero((spans > FRAME_SPAN) & (marks.mass > 0)).tolist():
        inside = (left > left[frame]) & (top > top[frame]) & (right < right[frame]) & (bottom < bottom[frame])
        content = int((marks.mass * inside).argmax())
        if not inside[content] or marks.mass[content] <= FRAME_CONTENT * marks.mass[frame]:
            continue
        pixels = marks.labels[top[frame] : bottom[frame], left[frame] : right[frame]] == frame
        chosen[frame] = _is_box(pixels) or (_is_ring(pixels) and _stands_in(marks, content, frame))
    return chosen


def _is_box(pixels: Chosen) -> bool:
    """Tell whether the pixels of a mark, bool [height, width], lie along its box."""
    tall, wide = pixels.shape
    y, x = round(FRAME_BORDER * tall), round(FRAME_BORDER * wide)
    return bool(pixels[y : tall - y, x : wide - x].sum() <= (1 - FRAME_STRAIGHT) * pixels.sum())


def _is_ring(pixels: Chosen) -> bool:
    """Tell whether the pixels of a mark, bool [height, width], are a ring that fills its box."""
    tall, wide = pixels.shape
    if min(tall, wide) < RING_ROUND * max(tall, wide):
        return False
    y, x = np.nonzero(pixels)
    across, down = (2 * x + 1) / wide - 1, (2 * y + 1) / tall - 1
    turn = np.arctan2(down, across) / (2 * np.pi) + 0.5
    sectors = len(np.unique((turn * RING_SECTORS).astype(np.int64) % RING_SECTORS))
    return bool(np.mean(np.hypot(across, down) < RING_HOLLOW) <= RING_INK and sectors >= RING_CLOSED * RING_SECTORS)


def _stands_in(marks: Marks, content: int, ring: int) -> bool:
    """Tell whether a mark is large, in the middle of a ring, and upright, as a character in it is."""
    box, around = marks.boxes[content], marks.boxes[ring]
    sides, inner = around[2:] - around[:2], box[2:] - box[:2]
    off_centre = np.abs(box[2:] + box[:2] - around[2:] - around[:2]) / 2
    return bool(
        inner.max() >= RING_CONTENT * sides.min()
        and np.hypot(*(inner / sides)) <= RING_DIAGONAL
        and (off_centre <= RING_OFF_CENTRE * sides).all()
        and not _is_slanted_stroke(marks.labels == content)
    )


def _is_slanted_stroke(pixels: Chosen) -> bool:
    """Tell whether a mark is one straight stroke, level or slanted."""
    y, x = np.nonzero(pixels)
    spread, axes = np.linalg.eigh(np.cov(x, y))
    across, down = np.abs(axes[:, -1])
    return bool(spread[0] <= STRAIGHT * spread[-1] and across > UPRIGHT * down)


def is_texture(marks: Marks, main: int) -> bool:
    """Tell whether there are many marks as large as the main one, or that one is a mesh."""
    comparable = marks.mass > COMPARABLE_MASS * marks.mass[main]
    if marks.touches_edge[main]:
        many = comparable.sum() > MOST_COMPARABLE
    else:
        # What reaches in from outside may be the lines of writing above and below: texture reaches the main mark too.
        gap, _ = beside(marks, main)
        inner, near = comparable & ~marks.touches_edge, comparable & (gap <= FAR_GAP)
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
    chosen &= ~dividers(marks, main) & ~underlines(marks, main)
    chosen[main], chosen[0] = True, False
    return chosen


def find_cell(marks: Marks) -> tuple[int, int] | None:
    """Find the cell in the middle of a row where a character stands in it, between two uprights that are alike.

    Where the lines above and below have been taken out as ruling, the uprights are all that is left of the boxes.

    Returns:
        Its first column, and the one after its last; None where there is no such cell.
    """
    left, top, right, bottom = marks.boxes.T.astype(np.float64)
    height, width = bottom - top, right - left
    thin = (width < DIVIDER_WIDTH * height) & (height > CELL_HEIGHT * len(marks.labels)) & (marks.mass > 0)
    sides = np.flatnonzero(thin)
    if len(sides) < 2:
        return None
    slack = CELL_SLACK * height[sides] + 1
    alike = (np.abs(np.subtract.outer(top[sides], top[sides])) < slack) & (
        np.abs(np.subtract.outer(bottom[sides], bottom[sides])) < slack
    )
    sides = sides[alike.sum(axis=1) > 1]
    middle = marks.labels.shape[1] / 2
    before, after = sides[right[sides] <= middle], sides[left[sides] >= middle]
    if not len(before) or not len(after):
        return None
    first, last = before[right[before].argmax()], after[left[after].argmin()]
    inside = (left >= right[first]) & (right <= left[last]) & (marks.mass > 0)
    reach = DIVIDER_REACH * height
    inside &= (top - reach > top[first]) & (bottom + reach < bottom[first]) & (height > CELL_CONTENT * height[first])
    return (int(right[first]) + CELL_BORDER, int(left[last]) - CELL_BORDER) if inside.any() else None


def dividers(marks: Marks, main: int) -> Chosen:
    """Choose the lines between the cells of a form: bool [M].

    They are upright, thin, and beside the main mark, which they go beyond at both ends. The next character, an l or a
    1, ends where the main one does, give or take a little.
    """
    left, top, right, bottom = marks.boxes.T
    height = bottom[main] - top[main]
    reach, gap = DIVIDER_REACH * height, DIVIDER_GAP * height
    beyond = (top < top[main] - reach) & (bottom > bottom[main] + reach)
    aside = (right + gap <= left[main]) | (left >= right[main] + gap)
    return np.asarray(beyond & aside & (right - left < DIVIDER_WIDTH * (bottom - top)), np.bool_)


def underlines(marks: Marks, main: int) -> Chosen:
    """Choose the lines under the main mark that do not touch it, for an answer or for stress: bool [M]."""
    left, top, right, bottom = marks.boxes.T
    height, width = bottom[main] - top[main], right[main] - left[main]
    length = right - left
    lines = (bottom - top < UNDERLINE_HEIGHT * length) & (left < right[main]) & (right > left[main])
    head = lines & (bottom <= top[main]) & (length >= height / 2)
    if height < FLAT_MARK * width or head.any():  # where an I has a head, what is below is its foot
        return np.zeros(len(marks.mass), np.bool_)
    gap = top - bottom[main]
    far = (gap >= UNDERLINE_GAP * height) & (length >= UNDERLINE_LENGTH * height)
    long = (length >= NEAR_UNDERLINE_LENGTH * height) & (length >= NEAR_UNDERLINE_REACH * width)
    return np.asarray(lines & (far | (long & (gap >= NEAR_UNDERLINE_GAP * height))), np.bool_)


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
    left, top, right, bottom = marks.boxes[main]
    across = np.maximum(marks.boxes[:, 0] - right, left - marks.boxes[:, 2])
    down = np.maximum(marks.boxes[:, 1] - bottom, top - marks.boxes[:, 3])
    # Of the larger of the two, since the dot of an i may be the main mark.
    longest = np.maximum(marks.boxes[:, 2:] - marks.boxes[:, :2], [right - left, bottom - top]).max(axis=1)
    gap = np.maximum(np.maximum(across, down), 0) / longest
    return gap, marks.mass / marks.mass[main]


def _near(marks: Marks, chosen: Chosen) -> Pixels:
    """Return uint8 [height, width], 1 on the chosen marks and two pixels around them."""
    return np.asarray(cv2.dilate(chosen.astype(np.uint8)[marks.labels], np.ones((5, 5), np.uint8)), np.uint8)
