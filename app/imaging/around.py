"""What stands around a character and is none: frames, tables, cells of a form, lines under an answer.

The shares below were set on the drawn pages of the tests and on the photos that README measures, all of them together;
few of them move a figure by more than a photo or two. Those of rings, cells and underlines were set on drawn pages
alone, and move none.
"""

from __future__ import annotations

import cv2
import numpy as np

from app.imaging.marks import Chosen, Marks, principal_axes
from app.imaging.page import CROP_SIDE, depth_of

#: A line between two cells is narrower than this share of its height.
DIVIDER_WIDTH = 0.12
#: Such a line goes beyond the character at either end by at least this share of the character's height.
DIVIDER_REACH = 0.08
#: Nearer to the character than this share of its height, a line may be the stem of a K or an R.
DIVIDER_GAP = 0.12
#: A row of boxes shows at least so many uprights of the same height; two alone may be the posts of an M.
CELL_SIDES = 3
#: The sides of a cell in a row are higher than this share of the picture. This one and the next three were set on drawn
#: forms.
CELL_HEIGHT = 0.25
#: The sides of the cells begin and end in the same rows, give or take this share of their height.
CELL_SLACK = 0.05
#: What stands between them is higher than this share of theirs; the bar between the posts of an H is not.
CELL_CONTENT = 0.3
#: It crosses the upper or the lower side of the cell by less than this share of its own height.
CELL_CROSSED = 0.25
#: Pixels beside them that are theirs as well.
CELL_BORDER = 1
#: A frame spans at least this share of both sides of the picture.
FRAME_SPAN = 0.05
#: A frame has a mark of at least this share of its mass inside.
FRAME_CONTENT = 0.08
#: At least this share of a frame's pixels lies along its box; of a 0's, half do.
FRAME_STRAIGHT = 0.85
#: How far from the box that is, as a share of its sides.
FRAME_BORDER = 0.1
#: Along each side of its box, the pixels reach over at least this share of it; an E without its middle bar has three.
FRAME_REACH = 0.5
#: A box without its upper side lies along at least this share of the others.
OPEN_REACH = 0.85
#: Other boxes are of the same form where their sides are as long, give or take this share.
ALIKE_BOX = 0.2
#: The cells of a table are rectangles: they have at least this share of their own boxes' pixels, ...
CELL_FILL = 0.85
#: ... and together at least this share of the table's; the hollows of a B or an 8 have not.
TABLE_FILL = 0.7
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
#: The middle of what stands in a ring is no farther from the ring's than this share of the sides.
RING_OFF_CENTRE = 0.2
#: The diagonal of its box is at most this share of the ring's; that of a hollow letter's inner outline is longer.
RING_DIAGONAL = 0.95
#: A mark is one straight stroke where its variance across is at most this share of that along.
STRAIGHT = 0.06
#: A 1 in a ring leans by at most so many pixels across per pixel down; the bar of a 0 and the tail of a Q do by more.
UPRIGHT = 0.5
#: A line under the character is lower than this share of its own length.
UNDERLINE_HEIGHT = 0.15
#: A line under the character is at least this long, as a share of the character's height.
UNDERLINE_LENGTH = 0.7
#: It is so far below the character, as a share of its height; a foot of a 2 or a Z is nearer.
UNDERLINE_GAP = 0.1
#: A longer line under it may be as near as this, as a share of the character's height.
NEAR_UNDERLINE_GAP = 0.04
#: A line as near as that is at least this long, as a share of the character's height, ...
NEAR_UNDERLINE_LENGTH = 1.2
#: ... and at least so many times as long as the character is wide.
NEAR_UNDERLINE_REACH = 1.6
#: Nearer still is a line that goes on beyond the character on both sides by this share of its height.
UNDERLINE_BEYOND = 0.25
#: So is one that is at least the first share of its height long and goes on beyond it on both sides by the second: the
#: foot of a 1 is shorter, and that of a 2, a Z or an E begins where it does.
STRESS_LENGTH = 0.9
STRESS_BEYOND = 0.08
#: Under or over such a line is another, which has at least this share of its length and is no farther from it than the
#: second: stress is often drawn twice.
TWICE_LENGTH = 0.6
TWICE_GAP = 0.3
#: A region covers at least this share of a drawing's outermost pixels ...
REGION_EDGE = 0.12
#: ... and is at least so deep, as a share of its shorter side.
REGION_DEPTH = 0.1
#: What is written beside it, off the edges, is at least so long, as a share of that.
REGION_CONTENT = 0.15
#: A mark lower than this share of its width has no line under it: it may be the head of a 7 or a digit's segment.
FLAT_MARK = 0.5


def frames(marks: Marks) -> Chosen:
    """Choose what is printed or drawn around the character and does not touch it, and the empty boxes of its row.

    Args:
        marks: of the picture.

    Returns:
        bool [M], boxes, tables and rings.
    """
    chosen = np.zeros(len(marks.mass), np.bool_)
    spans = (marks.sizes / marks.labels.shape[::-1]).min(axis=1)
    for frame in np.flatnonzero((spans > FRAME_SPAN) & (marks.mass > 0)).tolist():
        inside = marks.inside(frame)
        content = int((marks.mass * inside).argmax())
        if not inside[content] or marks.mass[content] <= FRAME_CONTENT * marks.mass[frame]:
            continue
        pixels = marks.pixels(frame)
        chosen[frame] = (
            _is_box(pixels)
            or is_table(pixels)
            or (_is_ring(pixels) and _stands_in(marks, content, frame))
            or (_is_open_box(pixels) and marks.sizes[content].max() >= RING_CONTENT * marks.sizes[frame].min())
        )
    return chosen | boxes(marks, _of_their_size(marks, chosen)) if chosen.any() else chosen


def _of_their_size(marks: Marks, frames: Chosen) -> Chosen:
    """Choose the marks whose sides are as long as those of any of these, these too: bool [M]."""
    sides = marks.sizes[:, np.newaxis]
    alike = np.abs(sides - sides[frames, 0]) <= ALIKE_BOX * sides[frames, 0]
    return np.asarray(alike.all(axis=2).any(axis=1) & (marks.mass > 0), np.bool_)


def boxes(marks: Marks, among: Chosen) -> Chosen:
    """Choose the marks that are boxes, with or without anything inside: bool [M].

    Args:
        marks: of the picture.
        among: bool [M], the ones in question.
    """
    chosen = np.zeros(len(marks.mass), np.bool_)
    for mark in np.flatnonzero(among).tolist():
        chosen[mark] = _is_box(marks.pixels(mark))
    return chosen


def regions(marks: Marks) -> Chosen:
    """Choose what covers a side or a corner of a drawing beside which something is written, but of a crop: bool [M].

    A threshold leaves it of the shaded part of a photo.
    """
    covers = np.zeros(len(marks.mass), np.bool_)
    if min(marks.labels.shape) < CROP_SIDE:
        return covers
    free = ~marks.touches_edge & (marks.sizes.max(axis=1) >= REGION_CONTENT * min(marks.labels.shape))
    free[0] = False
    if free.any():
        for mark in np.flatnonzero(marks.touches_edge & (marks.mass >= marks.mass[free].max())).tolist():
            if mark and marks.share_of_edge(mark) >= REGION_EDGE:
                depth = depth_of((marks.labels == mark).astype(np.uint8))
                covers[mark] = depth >= REGION_DEPTH * min(marks.labels.shape)
    return covers


def _is_box(pixels: Chosen) -> bool:
    """Tell whether the pixels of a mark, bool [height, width], lie along all four sides of its box."""
    return min(_along_sides(pixels)) >= FRAME_REACH


def _is_open_box(pixels: Chosen) -> bool:
    """Tell whether the pixels of a mark, bool [height, width], are a box without its upper side, such as a soft shadow.

    Without another side it may be an E or an F whose bar stands free.
    """
    _, *others = _along_sides(pixels)
    return min(others) >= OPEN_REACH


def _along_sides(pixels: Chosen) -> tuple[float, float, float, float]:
    """Return over which share of its box's upper, lower, left and right side a mark, bool [height, width], reaches.

    All are 0 where more of it than of a frame lies elsewhere.
    """
    tall, wide = pixels.shape
    y, x = max(1, round(FRAME_BORDER * tall)), max(1, round(FRAME_BORDER * wide))
    if pixels[y : tall - y, x : wide - x].sum() > (1 - FRAME_STRAIGHT) * pixels.sum():
        return 0.0, 0.0, 0.0, 0.0
    upper, lower = (float(side.any(axis=0).mean()) for side in (pixels[:y], pixels[-y:]))
    left, right = (float(side.any(axis=1).mean()) for side in (pixels[:, :x], pixels[:, -x:]))
    return upper, lower, left, right


def is_table(pixels: Chosen, least_cells: int = 1) -> bool:
    """Tell whether the pixels of a mark, bool [height, width], are lines around so many cells that fill its box."""
    clear = np.pad(~pixels, 1, constant_values=True).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(clear, connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]
    cells = area >= CELL_FILL * stats[:, cv2.CC_STAT_WIDTH] * stats[:, cv2.CC_STAT_HEIGHT]
    cells[[0, labels[0, 0]]] = False  # the lines, and what lies around them
    return bool(cells.sum() >= least_cells and area[cells].sum() >= TABLE_FILL * pixels.size)


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
        and not is_slanted_stroke(marks.labels == content)
    )


def is_slanted_stroke(pixels: Chosen) -> bool:
    """Tell whether a mark is one straight stroke, level or slanted."""
    (least, greatest), axes = principal_axes(pixels)
    down, across = np.abs(axes[:, -1])
    return bool(least <= STRAIGHT * greatest and across > UPRIGHT * down)


def find_cell(marks: Marks, *, ruled: bool) -> tuple[int, int] | None:
    """Find the middle cell of a row of boxes, if a character stands in it.

    Where the lines above and below have been taken out as ruling, the uprights are all that is left of the boxes.

    Args:
        marks: of the picture.
        ruled: whether any lines have been taken out, so that two uprights are enough.

    Returns:
        Its first column, and the one after its last; None where there is no such cell.
    """
    left, top, right, bottom = marks.boxes.T.astype(np.float64)
    height, width = bottom - top, right - left
    thin = (width < DIVIDER_WIDTH * height) & (height > CELL_HEIGHT * len(marks.labels)) & (marks.mass > 0)
    sides = np.flatnonzero(thin)
    least = 2 if ruled else CELL_SIDES
    if len(sides) < least:
        return None
    slack = CELL_SLACK * height[sides] + 1
    alike = (np.abs(np.subtract.outer(top[sides], top[sides])) < slack) & (
        np.abs(np.subtract.outer(bottom[sides], bottom[sides])) < slack
    )
    sides = sides[alike.sum(axis=1) >= least]
    middle = marks.labels.shape[1] / 2
    before, after = sides[right[sides] <= middle], sides[left[sides] >= middle]
    if not len(before) or not len(after):
        return None
    first, last = before[right[before].argmax()], after[left[after].argmin()]
    inside = (left >= right[first]) & (right <= left[last]) & (marks.mass > 0)
    # It may stand on a side of the cell, or cross one; the next characters, an l or a 1, end where it does.
    above, below = top - top[first], bottom[first] - bottom
    inside &= (np.maximum(above, below) > DIVIDER_REACH * height) & (np.minimum(above, below) > -CELL_CROSSED * height)
    inside &= height > CELL_CONTENT * height[first]
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
    over = np.minimum(left[main] - left, right - right[main])
    beyond = over >= UNDERLINE_BEYOND * height
    beyond &= gap + (bottom - top) > 0  # where it is held askew, their boxes overlap
    stress = (length >= STRESS_LENGTH * height) & (over >= STRESS_BEYOND * height)
    chosen = lines & (far | ((long | stress) & (gap >= NEAR_UNDERLINE_GAP * height)) | beyond)
    if chosen.any():
        longest = length[chosen].max()
        apart = np.maximum(np.subtract.outer(top, bottom[chosen]), np.subtract.outer(-bottom, -top[chosen])).min(axis=1)
        twice = (gap + (bottom - top) > 0) & (length >= TWICE_LENGTH * longest) & (apart <= TWICE_GAP * longest)
        chosen |= lines & twice & (over > 0)
    return np.asarray(chosen, np.bool_)
