"""Digits in the forms that people write and MNIST hardly holds, drawn stroke by stroke.

MNIST was written in the United States. Elsewhere a 1 begins with a long upstroke and may
stand on a base, a 7 is crossed, a 4 stays open, the tail of a 9 ends in a hook. A network
that has seen MNIST alone takes them for a 7, a 2, a 6 and a 3. `draw_forms` makes such
digits from a few dozen patterns, each time a little differently: they join the training
images of a recipe that asks for them. Taught in notebook 03.
"""

import math
from dataclasses import replace

import numpy as np
from PIL import ImageFilter

from lenet_helpers.drawing.strokes import PAD, draw_strokes, rounded
from lenet_helpers.system.paths import ASSETS

PEN = (1.8, 3.5)
"""Thinnest and thickest pen, in pixels of MNIST's form."""

TURNS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 4, 7, 9)
"""The order of the classes. Those whose forms differ most from MNIST's come twice."""

_FINE = 4  # the strokes' edges are softened on a grid so many times finer, which is then averaged
_PIXEL = PAD / 28  # in the units of strokes


def draw_forms(count, seed=0):
    """Draw digits from the patterns of `FORMS`, each by another hand. Taught in notebook 03.

    Parameters
    ----------
    count : int
        The classes take turns as in `TURNS`.
    seed : int
        The same seed gives the same images.

    Returns
    -------
    pixels : ndarray of uint8, shape (count, 28, 28)
        In MNIST's form: the longer side is 20 pixels, the centre of mass in the middle.
    labels : ndarray of int64, shape (count,)
    """
    random = np.random.default_rng([seed, 0xF0])
    labels = np.resize(np.array(TURNS, np.int64), count)
    pixels = np.empty((count, 28, 28), np.uint8)
    for place, label in enumerate(labels):
        forms = FORMS[label]
        pixels[place] = draw_form(forms[random.integers(len(forms))], random)
    return pixels, labels


def with_forms(split, count, seed=0):
    """Return a split with `count` drawn digits behind its own images."""
    pixels, labels = draw_forms(count, seed)
    pixels, labels = np.concatenate([split.pixels, pixels]), np.concatenate([split.labels, labels])
    return replace(split, pixels=pixels, labels=labels, writers=None)  # nobody wrote the drawn ones


def draw_form(pattern, random):
    """Draw a pattern as another hand would, uint8 (28, 28): other proportions, slant, corners and pen."""
    return draw_lines(another_hand(corners_of(pattern), random), random.uniform(*PEN))


def corners_of(pattern):
    """Return the lines of a pattern, as in `FORMS`: a list of float64 arrays of shape (corners, 2)."""
    return [np.array([corner.split(",") for corner in line.split()], float) for line in pattern.split("/")]


def draw_lines(lines, width):
    """Draw lines in MNIST's form, uint8 (28, 28), with a pen that is `width` pixels wide.

    Each line is a float64 array of shape (corners, 2), in any unit. Corners are rounded off, but for those given twice.
    """
    corners = np.concatenate(lines)
    least, most = corners.min(0), corners.max(0)
    scale = (20 - width) * _PIXEL / (most - least).max()
    lines = [PAD / 2 + scale * (line - (least + most) / 2) for line in lines]
    strokes = [{"width": width * _PIXEL, "points": rounded([*map(tuple, line)])} for line in lines]
    return _centred(draw_strokes(strokes, 28 * _FINE))


def another_hand(lines, random):
    """Move each corner a little, then lean, turn and stretch the whole."""
    size = np.ptp(np.concatenate(lines), axis=0).max()
    wobble = size * random.uniform(0.01, 0.03)
    lean, turn, stretch = random.normal(0, 0.16), random.normal(0, 0.05), math.exp(random.normal(0, 0.15))
    matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    matrix = matrix @ np.array([[stretch, -lean], [0, 1]])
    moved = []
    for line in lines:
        shift = random.normal(0, wobble, (len(line), 2))
        for i in range(1, len(line)):
            if (line[i] == line[i - 1]).all():  # a sharp corner stays one
                shift[i] = shift[i - 1]
        moved.append((line + shift) @ matrix.T)
    return moved


def _centred(picture):
    """Put the centre of mass of dark ink at the centre, as MNIST's makers did, and average down to 28×28."""
    ink = 255 - np.asarray(picture.filter(ImageFilter.GaussianBlur(0.45 * _FINE)), np.float32)
    side = len(ink)
    rows, columns = ink.sum(1), ink.sum(0)
    y, x = np.arange(0.5, side) @ rows / rows.sum(), np.arange(0.5, side) @ columns / columns.sum()
    # MNIST's own digits have their mass at the middle of pixel 14, counted from 0.
    down, across = round(14.5 * _FINE - y), round(14.5 * _FINE - x)
    ink = np.pad(ink, side)[side - down : 2 * side - down, side - across : 2 * side - across]
    return np.rint(ink.reshape(28, _FINE, 28, _FINE).mean((1, 3))).astype(np.uint8)


def _read_patterns():
    patterns = {}
    for line in (ASSETS / "patterns.txt").read_text(encoding="utf-8").splitlines():
        if row := line.partition("#")[0].strip():
            name, pattern = row.split(": ")
            patterns.setdefault(name, []).append(pattern)
    return patterns


PATTERNS = _read_patterns()
"""Name of what is drawn, a digit or a kind of no digit, to its patterns: assets/patterns.txt explains them."""

FORMS = {digit: PATTERNS[str(digit)] for digit in range(10)}
"""Patterns of the ten digits. Those that MNIST is full of stand beside those that it lacks."""
