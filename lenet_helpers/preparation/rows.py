"""Rows, cuts and pieces: where the digits of a number may be. What it proposes, a network then judges.

Taught in notebook 05. Where one digit ends and the next begins can't be seen before the digits are
read, and they can't be read before that is known. LeCun et al. (1998) break the circle: cut more
often than needed ("over-segmentation"), let the network read every piece and every join of
neighbours, and take the best way through all of them (`lenet_helpers.numbers`).
"""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from scipy import ndimage

from lenet_helpers.preparation.masks import (
    bounding_box,
    dilation,
    extent,
    mean_stroke,
    padded,
    pieces,
    scale,
    without_holes,
)
from lenet_helpers.preparation.mnist_form import centre, cut_out, even_strokes, fit

ROW_HEIGHT = 96
"""Rows are reduced until their digits are so many pixels tall, a little more than `mnist_form` needs ..."""

THINNEST_STROKE = 2.5
"""... or their strokes so many pixels wide."""

MOST_PIECES = 1500
"""A page with more pieces of ink than that is print, or no page at all."""

MOST_JOINED = 6
"""A digit consists of so many neighbouring pieces at most."""

WIDEST = 1.6
"""No digit is wider than this many times the height of its row."""

TALL = 0.6
"""Ink that is taller than so much of the row, and stands beside more such ink that it doesn't touch, is a digit."""

DEEPEST_CUT = 4.0
"""A cut goes through the ink of so many strokes at most."""

LEAST_PART = 0.3
"""Two cuts have so much ink between them at least: a stroke so long, in heights of the row."""

HOLE_COSTS = 0.5
"""What a point inside a loop costs a cut, where ink costs 1: a loop is likely one digit's."""

BETWEEN_ROWS = 0.4
"""A cut between rows meets at most so much of the ink that a level line meets elsewhere."""

LONG, GAPS = 0.5, 0.05
"""A line is as long as so much of the picture at least, and so much of it may be missing."""


@dataclass(frozen=True, eq=False)
class Row:
    """A row of a page, and the pieces that its ink was cut into.

    Attributes
    ----------
    ink : ndarray of float32, shape (H, W), range [0, 1]
        Of this row alone.
    labels : ndarray of int32, shape (H, W)
        Which piece each point belongs to: 1 to N, from left to right; 0 is none.
    boxes : list of (slice, slice)
        Of each piece.
    wholes : list of int
        How tall the ink is that each piece was cut from.
    cuts : list of ndarray of int, shape (h, 2)
        The cuts that were made through ink: row and column of each of their points.
    contacts : ndarray of float, shape (N + 1,)
        How many strokes each cut between neighbouring pieces goes through; 0 at gaps.
    stroke, height : float
        How wide the strokes and how tall the digits of this row are, in its pixels.
    place : tuple of float
        (top, left, factor): a point (y, x) of this row lies at (top + y / factor, left + x / factor) of the page.
    """

    ink: np.ndarray
    labels: np.ndarray
    boxes: list
    wholes: list
    cuts: list
    contacts: np.ndarray
    stroke: float
    height: float
    place: tuple

    def candidates(self):
        """Yield (first, last) of every piece and join of neighbours that may be a digit; last is not included."""
        for first in range(len(self.boxes)):
            across = self.boxes[first][1]
            for last in range(first + 1, min(first + MOST_JOINED, len(self.boxes)) + 1):
                yield first, last
                if last == len(self.boxes):
                    break
                next_across = self.boxes[last][1]
                gap = next_across.start - across.stop
                tall = min(self.wholes[last - 1 : last + 1]) > TALL * self.height
                across = slice(min(across.start, next_across.start), max(across.stop, next_across.stop))
                wide = across.stop - across.start > WIDEST * self.height
                if wide or gap > 0.4 * self.height or (tall and gap >= 0 and not self.contacts[last]):
                    break

    @property
    def places(self):
        """Where the cuts are, from the first to the last: ndarray of float, shape (N + 1,), columns of this row."""
        lefts, rights = ([getattr(across, side) for _, across in self.boxes] for side in ("start", "stop"))
        return np.mean([[lefts[0], *rights], [*lefts, rights[-1]]], axis=0)

    @cached_property
    def darkness(self):
        """How dark the ink of the row is on average, in (0, 1]."""
        return self.ink[self.labels > 0].mean()

    def around(self, first, last):
        """The box of a join of pieces, in pixels of this row."""
        downs, acrosses = zip(*self.boxes[first:last], strict=True)
        return tuple(
            slice(min(side.start for side in sides), max(side.stop for side in sides)) for sides in (downs, acrosses)
        )

    def cut(self, first, last):
        """Ink and mask of a join of pieces, cut out along its box: ndarrays of float32 and bool, shape (h, w)."""
        around = self.around(first, last)
        labels = self.labels[around]
        return self.ink[around], (labels > first) & (labels <= last)

    def box(self, first, last):
        """(left, top, right, bottom) of a join of pieces, in pixels of the page, with fractions."""
        down, across = self.around(first, last)
        top, left, factor = self.place
        return (
            left + across.start / factor,
            top + down.start / factor,
            left + across.stop / factor,
            top + down.stop / factor,
        )

    def size(self, first, last):
        """How tall and how wide a join of pieces is, in heights of the row."""
        tall, wide = extent(self.around(first, last))
        return tall / self.height, wide / self.height

    def length(self, first, last):
        """How long a line the pen drew for a join of pieces, in heights of the row: a 1 has about 1, an 8 about 3."""
        return np.count_nonzero(self.cut(first, last)[1]) / (self.stroke * self.height)

    def pixels(self, first, last):
        """A join of pieces in MNIST's form: ndarray of uint8, shape (28, 28)."""
        return centre(fit(even_strokes(cut_out(*self.cut(first, last)))))


def find_rows(ink, mask):
    """Find the rows of a page, from top to bottom, and cut each into pieces.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W), range [0, 1]
    mask : ndarray of bool, shape (H, W)
        Where there is ink.

    Returns
    -------
    list of Row
    """
    parts = pieces(mask)
    if not 0 < len(parts) <= MOST_PIECES:
        return []
    rows = [_row(ink, parts, numbers) for numbers in _rows_of(parts)]
    return [row for row in rows if row.boxes]


def cut_between_rows(mask):
    """Cut the ink level where two rows may touch, as `find_cuts` does upright.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W)
        `mask` itself where there is nothing to cut.
    """
    apart, stroke, step = mask.copy(), mean_stroke(mask), 1 + mask.shape[1] // 320
    columns = np.arange(mask.shape[1])
    bands, count = ndimage.label(mask.any(1))
    for band in range(1, count + 1):
        rows = np.flatnonzero(bands == band)
        crossed = np.count_nonzero(mask[rows]) / len(rows)  # by a level line, on average
        # For so high a "digit", it looks for at most two cuts.
        for cut in find_cuts(mask[rows][:, ::step].T, stroke, 2.5 * len(rows)):
            cut = rows[cut.repeat(step)[: len(columns)]]
            if np.count_nonzero(mask[cut, columns]) < BETWEEN_ROWS * crossed:
                apart[cut, columns] = apart[np.minimum(cut + 1, rows[-1]), columns] = False
    return mask if (apart == mask).all() else apart


def without_lines(mask):
    """Take away lines on which digits stand: straight ways on ink alone, from side to side of a wide piece."""
    parts, lines = pieces(mask), np.zeros_like(mask)
    for number, box in enumerate(parts.boxes):
        high, wide = extent(box)
        if wide < max(LONG * mask.shape[1], high):
            continue
        piece, columns = parts.cut(number), np.arange(wide)
        missing, came = _cheapest(1.0 - piece.T)
        way = _traced(came, missing.argmin())
        bend = np.abs(way - np.polynomial.Polynomial.fit(columns, way, 2)(columns)).mean()
        if missing.min() < GAPS * wide and bend < 1:
            upright, _ = ndimage.label(piece, [[0, 1, 0]] * 3)
            met = upright[way, columns]
            thick = np.bincount(upright.ravel())[met]  # where a stroke meets the line, the ink is thicker, and stays
            lines[box] |= np.isin(upright, met[thick <= np.percentile(thick, 25) + 1])
    return mask & ~lines if lines.any() else mask


def without_surroundings(mask):
    """Take away what lies beside the paper: thin pieces along the frame, if one is longer than a digit is tall."""
    parts = pieces(mask)
    sizes = np.array([extent(box) for box in parts.boxes])
    along = parts.on_frame() > 0.5 * sizes.max(1)
    tallest = sizes[~along, 0].max(initial=0)
    thin = sizes[along].min(1).max(initial=0) < 0.9 * tallest  # with digits on it, it isn't
    long = sizes[along].max(initial=0) > 1.5 * tallest
    return mask & ~parts.mask(*np.flatnonzero(along)) if thin and long else mask


def _rows_of(parts):
    """Which pieces of a page form a row: lists of their numbers, from top to bottom.

    Tall pieces make rows, from left to right: each goes on with the row whose last one is most at its level. What is
    smaller belongs to the tall piece beside it or at its level; small pieces that have none make rows of their own.
    """
    sides = np.array([(down.start, down.stop, across.start, across.stop) for down, across in parts.boxes], float)
    heights, widths = sides[:, 1] - sides[:, 0], sides[:, 3] - sides[:, 2]
    left, rows = np.arange(len(parts)), []
    while left.size:
        usual = _weighted_median(heights[left], heights[left] ** 2)
        tall = heights[left] > 0.7 * usual
        here = _rows_of_tall(left[tall], sides)
        others = []
        for number in left[~tall]:
            flat = heights[number] <= 0.3 * usual
            if flat and widths[number] > usual:
                continue  # what is left of a ruled line
            row = _row_beside(number, here, sides, usual)
            if row is not None:
                row.append(number)
            elif not flat:
                others.append(number)
        rows += here
        left = np.array(others, int)
    return sorted(rows, key=lambda row: sides[row, :2].mean())


def _rows_of_tall(numbers, sides):
    rows = []
    for number in sorted(numbers, key=lambda number: sides[number, 2]):
        top, bottom = sides[number, :2]
        lasts = [sides[row[-1]] for row in rows]
        shares = [(min(bottom, last[1]) - max(top, last[0])) / min(bottom - top, last[1] - last[0]) for last in lasts]
        if shares and max(shares) > 0.4:
            rows[int(np.argmax(shares))].append(number)
        else:
            rows.append([number])
    return rows


def _row_beside(number, rows, sides, usual):
    """The row with the piece nearest to this one, unless that is further than a digit away and not at its level."""
    top, bottom, left, right = sides[number]
    nearest, distance = None, np.inf
    for row in rows:
        others = sides[row]
        down = np.maximum(0, np.maximum(others[:, 0] - bottom, top - others[:, 1]))
        across = np.maximum(0, np.maximum(others[:, 2] - right, left - others[:, 3]))
        far = np.hypot(2 * down, across)
        beside = others[far.argmin()]
        level = beside[0] < (top + bottom) / 2 < beside[1]
        if far.min() < min(distance, np.inf if level else 0.7 * usual):
            nearest, distance = row, far.min()
    return nearest


def _weighted_median(values, weights):
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _row(ink, parts, numbers):
    """Cut one row out of a page, reduce it, and cut its ink."""
    whole = parts.mask(*numbers)
    place = bounding_box(whole)
    heights = np.array([extent(parts.boxes[number])[0] for number in numbers], float)
    height = _weighted_median(heights, heights**2)
    factor = min(1.0, max(ROW_HEIGHT / height, THINNEST_STROKE / mean_stroke(whole)))
    ink, mask = padded(ink[place] * dilation(whole[place], 1), 2), padded(whole[place], 2)
    if factor < 1:
        ink, mask = scale(ink, factor), scale(mask.astype(np.float32), factor) > 0.5
    height, stroke = height * factor, mean_stroke(mask)
    labels, boxes, wholes, cuts = _cut(mask, stroke, height)
    # The margin of 2 pixels was there before the row was reduced.
    place = place[0].start - 2, place[1].start - 2, factor
    return Row(ink, labels, boxes, wholes, cuts, _contacts(labels, len(boxes)) / stroke, stroke, height, place)


def _contacts(labels, count):
    """At how many points the pieces on both sides of each cut touch: ndarray of int, shape (count + 1,)."""
    ends = np.zeros(count + 1)
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        touch = (one > 0) & (other > 0) & (one != other)
        # Two neighbours touch across every cut that lies between them.
        np.add.at(ends, np.minimum(one, other)[touch], 1)
        np.add.at(ends, np.maximum(one, other)[touch], -1)
    return ends.cumsum()


def _cut(mask, stroke, height):
    """Cut each piece of a row wherever two digits may touch. Returns labels, boxes, wholes and cuts."""
    parts, cuts, found = pieces(mask), [], []
    for number, box in enumerate(parts.boxes):
        piece, corner = parts.cut(number), (box[0].start, box[1].start)
        seams = find_cuts(piece, stroke, height) if min(piece.shape) > max(0.4 * height, 2 * stroke) else []
        cuts += [np.stack([np.arange(len(piece)), seam], 1) + corner for seam in seams]
        # How many of the cuts are to the left of each point.
        side = sum((np.arange(piece.shape[1]) > seam[:, None]).astype(int) for seam in seams)
        for part in range(len(seams) + 1):
            here = piece & (side == part)
            if np.count_nonzero(here) > 0.3 * stroke * stroke:
                found.append((np.argwhere(here) + corner, len(piece)))
    found.sort(key=lambda part: part[0][:, 1].min() + part[0][:, 1].max())
    labels = np.zeros(mask.shape, np.int32)
    for number, (points, _) in enumerate(found, 1):
        labels[tuple(points.T)] = number
    return labels, ndimage.find_objects(labels), [whole for _, whole in found], cuts


def find_cuts(piece, stroke, height):
    """Find where a piece of ink may be cut from top to bottom, through as little ink as can be.

    As a drop falls through the picture, a cut goes down by one row at each step, straight or to one side. Its cost
    is the ink that it meets; the cheapest way to each point is found row by row, from above and from below
    (dynamic programming). Through each point of the middle row goes one cut; the cheapest ones are kept.

    Parameters
    ----------
    piece : ndarray of bool, shape (h, w)
    stroke : float
        Mean width of the strokes, in pixels.
    height : float
        Of the digits, in pixels.

    Returns
    -------
    list of ndarray of int, shape (h,)
        The last column left of the cut, in each row; from left to right.
    """
    cost = np.where(piece, 1.0, np.where(without_holes(piece), HOLE_COSTS, 0.02))
    middle = len(piece) // 2
    above, from_above = _cheapest(cost[: middle + 1])
    below, from_below = _cheapest(cost[: middle - 1 if middle else None : -1])
    through = (above + below - cost[middle]) / stroke
    lowest = -cv2.dilate(-through[None], np.ones((1, 3)))[0]
    places = np.flatnonzero((through == lowest) & (through < DEEPEST_CUT))
    least, ink, cuts = LEAST_PART * stroke * height, np.cumsum(piece, 1), []
    kept = [np.zeros(len(piece), int), ink[:, -1]]  # how much ink is left of a cut, in each row
    for at in places[np.argsort(through[places], kind="stable")]:
        cut = np.concatenate([_traced(from_above, at), _traced(from_below, at)[::-1][1:]])
        left = ink[np.arange(len(piece)), cut]
        if min(np.abs(left - other).sum() for other in kept) >= least:
            kept.append(left)
            cuts.append(cut)
    return sorted(cuts[: math.ceil(4 * len(through) / height)], key=lambda cut: cut[middle])


def _cheapest(cost):
    """The cost of the cheapest way from the first row to each point of the last, and the column before each step."""
    total, came = cost[0], np.empty(cost.shape, np.intp)
    columns, ways = np.arange(cost.shape[1]), np.full((3, cost.shape[1]), np.inf)
    for number, row in enumerate(cost[1:], 1):
        ways[0], ways[1, 1:], ways[2, :-1] = total, total[:-1] + 0.02, total[1:] + 0.02
        came[number] = columns + np.array([0, -1, 1])[ways.argmin(0)]
        total = ways.min(0) + row
    return total, came


def _traced(came, column):
    """The columns of the cheapest way to a point of the last row, from the first row on."""
    way = [column]
    for row in came[:0:-1]:
        way.append(row[way[-1]])
    return np.array(way[::-1])
