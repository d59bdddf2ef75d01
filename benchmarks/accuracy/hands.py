"""Digits as lines: where a pen went, with nothing of the pen in it.

They come from two sources that have nothing in common: the patterns of `FORMS`, each time by
another hand, and handwriting itself, the middle of the strokes of MNIST's test images. So a
digit can be drawn with any pen, at any size, and its answer is known: that of the same lines
in MNIST's form.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from lenet_helpers.drawing.forms import FORMS
from lenet_helpers.drawing.strokes import rounded

STEP = 0.01
"""Points of a line are so far apart, as a fraction of the digit's longer side."""


@dataclass(frozen=True)
class Digit:
    """The lines of one digit, arrays of x and y of points that are `STEP` apart, y downwards.

    The box round all of them has its middle at 0 and a longer side of 1.
    """

    label: int
    lines: tuple
    source: str  # "forms" or "mnist"
    seed: int  # of everything random about the pages that it is drawn on


def some_digits(test, count, seed=0):
    """Return so many digits, one from `FORMS` and one from MNIST's test images in turn.

    A shorter list is the beginning of a longer one.
    """
    images = np.random.default_rng(seed).permutation(len(test))
    digits = []
    for number in range(count):
        random = np.random.default_rng([seed, number])
        if number % 2 == 0:
            label = number // 2 % 10
            pattern = FORMS[label][number // 20 % len(FORMS[label])]
            lines, source = by_hand(pattern, random), "forms"
        else:
            at = images[number // 2 % len(images)]
            lines, label, source = middle_lines(test.pixels[at]), int(test.labels[at]), "mnist"
        digits.append(Digit(label, normalised(lines), source, seed + number))
    return digits


def by_hand(pattern, random):
    """Return the lines of a pattern of `FORMS` as another hand would write it.

    Corners go astray, the whole leans, turns and stretches, as in `draw_form`; besides, each
    line sways a little on its way, as a hand does that is in a hurry.
    """
    lines = [np.array([corner.split(",") for corner in line.split()], float) for line in pattern.split("/")]
    lean, turn, stretch = random.normal(0, 0.12), random.normal(0, 0.05), np.exp(random.normal(0, 0.1))
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [[stretch, -lean], [0, 1]]
    wobble, sway = random.uniform(0.7, 2.2), random.uniform(0.2, 1.0)
    moved = []
    for line in lines:
        shift = random.normal(0, wobble, line.shape)
        same = np.flatnonzero((line[1:] == line[:-1]).all(1)) + 1
        shift[same] = shift[same - 1]  # a corner that is given twice stays sharp
        curve = np.array(rounded([*map(tuple, 10 * (line + shift))]), float).reshape(-1, 2) / 10
        along = np.linspace(0, 1, len(curve))[:, None]
        waves = np.sin(2 * np.pi * (along * random.uniform(1, 3, 2) + random.uniform(0, 1, 2)))
        moved.append((curve + sway * waves) @ matrix.T)
    return moved


def normalised(lines):
    """Move and scale lines as `Digit` holds them, with points at equal distances."""
    corners = np.concatenate(lines)
    least, most = corners.min(0), corners.max(0)
    return tuple(_evenly((line - (least + most) / 2) / (most - least).max()) for line in lines)


def _evenly(line):
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    count = max(2, round(along[-1] / STEP) + 1)
    return np.stack([np.interp(np.linspace(0, along[-1], count), along, axis) for axis in line.T], axis=1)


# --- handwriting ----------------------------------------------------------------------------


def middle_lines(pixels, factor=4):
    """Return the lines in the middle of the strokes of an image of MNIST, arrays of x and y in pixels.

    The skeleton is sought on a grid that is `factor` times finer.
    """
    from skimage.morphology import skeletonize

    fine = np.asarray(Image.fromarray(pixels).resize((28 * factor,) * 2, Image.Resampling.BICUBIC))
    mask = fine > 0.45 * fine.max()
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    mask &= (sizes > 0.03 * mask.sum())[labels]  # specks
    skeleton = skeletonize(mask)
    width = 2 * np.median(ndimage.distance_transform_edt(mask)[skeleton])
    edges = _traced(_bridged(skeleton, labels, 1.5 * width))
    lines = _joined(_without_spurs(edges, 0.8 * width))
    return [_smoothed(np.array(line, float)[:, ::-1], 0.35 * width) / factor for line in lines]


def _bridged(skeleton, labels, gap):
    """Join the pieces of a skeleton whose strokes nearly touch: with a thinner pen they would lie far apart."""
    picture = Image.fromarray(skeleton)
    pieces = [np.argwhere(skeleton & (labels == label)) for label in np.unique(labels[skeleton])]
    for i, one in enumerate(pieces):
        for other in pieces[:i]:
            far = np.hypot(*np.moveaxis(one[:, None] - other, -1, 0))
            a, b = np.unravel_index(far.argmin(), far.shape)
            if far[a, b] < gap:
                ImageDraw.Draw(picture).line([*map(int, (*one[a][::-1], *other[b][::-1]))], fill=1)
    return np.asarray(picture)


def _traced(skeleton):
    """Cut a skeleton at its ends and junctions: lists of pixels (row, column), each from one such point to another."""
    pixels = {tuple(map(int, pixel)) for pixel in np.argwhere(skeleton)}

    def neighbours(pixel):
        """Diagonal steps only where no straight ones lead to the same place: else every corner were a junction."""
        y, x = pixel
        straight = [p for p in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)) if p in pixels]
        diagonal = [(y + a, x + b) for a in (-1, 1) for b in (-1, 1) if (y + a, x + b) in pixels]
        return straight + [(v, u) for v, u in diagonal if (v, x) not in pixels and (y, u) not in pixels]

    links = {pixel: neighbours(pixel) for pixel in sorted(pixels)}
    nodes = [pixel for pixel, others in links.items() if len(others) != 2]
    used, edges = set(), []

    def walk(start, after):
        edge = [start, after]
        while len(links[edge[-1]]) == 2 and edge[-1] != start:
            edge.append(next(pixel for pixel in links[edge[-1]] if pixel != edge[-2]))
        used.update(pairwise(edge))
        used.update(pairwise(edge[::-1]))
        edges.append(edge)

    for start in [*nodes, *links]:  # the loops without a junction, such as most zeros, come last
        for after in links[start]:
            if (start, after) not in used and (len(links[start]) != 2 or not used & {(start, p) for p in links[start]}):
                walk(start, after)
        if not links[start]:
            edges.append([start, start])
    return edges


def _without_spurs(edges, length):
    """Drop the short side branches that a skeleton has where an outline is rough."""
    while True:
        ends = _ends(edges)
        spurs = [
            edge
            for edge in edges
            if len(edge) < length and sorted(ends[p] > 1 for p in (edge[0], edge[-1])) == [False, True]
        ]
        if not spurs or len(spurs) == len(edges):
            return edges
        shortest = min(spurs, key=len)
        edges = _through([edge for edge in edges if edge is not shortest])


def _ends(edges):
    ends = {}
    for edge in edges:
        for pixel in (edge[0], edge[-1]):
            ends[pixel] = ends.get(pixel, 0) + 1
    return ends


def _through(edges):
    """Join two edges that meet where nothing else does."""
    for pixel, count in _ends(edges).items():
        meeting = [edge for edge in edges if pixel in (edge[0], edge[-1])]
        if count == 2 and len(meeting) == 2:
            a, b = meeting
            rest = [edge for edge in edges if edge is not a and edge is not b]
            return _through([*rest, _chain(a, b, pixel)])
    return edges


def _chain(a, b, pixel):
    return (a if a[-1] == pixel else a[::-1]) + (b if b[0] == pixel else b[::-1])[1:]


def _joined(edges, straight=0.5):
    """Join the edges that go straight on through a junction, as the hand did."""
    while True:
        best = None
        for i, a in enumerate(edges):
            for b in edges[i + 1 :]:
                for pixel in {a[0], a[-1]} & {b[0], b[-1]}:
                    turn = _direction(a, pixel) @ _direction(b, pixel)  # -1: straight on
                    if turn < -straight and (best is None or turn < best[0]):
                        best = turn, a, b, pixel
        if best is None:
            return edges
        _, a, b, pixel = best
        edges = [edge for edge in edges if edge is not a and edge is not b] + [_chain(a, b, pixel)]


def _direction(edge, pixel, reach=10):
    """Where an edge leads to from one of its ends."""
    edge = edge if edge[0] == pixel else edge[::-1]
    step = np.subtract(edge[min(reach, len(edge) - 1)], pixel, dtype=float)
    return step / max(np.hypot(*step), 1e-9)


def _smoothed(line, sigma):
    """Smooth a line; its ends stay where they are."""
    if np.array_equal(line[0], line[-1]) and len(line) > 3:
        smooth = ndimage.gaussian_filter1d(line[:-1], sigma, axis=0, mode="wrap")
        return np.concatenate([smooth, smooth[:1]])
    base = np.linspace(line[0], line[-1], len(line))
    odd = np.concatenate([-(line - base)[::-1], line - base, -(line - base)[::-1]])
    return base + ndimage.gaussian_filter1d(odd, sigma, axis=0)[len(line) : 2 * len(line)]
