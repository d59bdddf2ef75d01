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
    """Return a split with `count` drawn digits behind its own images.

    Parameters
    ----------
    split : Split
        Left as it is.
    count, seed : int
        As for `draw_forms`.

    Returns
    -------
    Split
    """
    pixels, labels = draw_forms(count, seed)
    pixels, labels = np.concatenate([split.pixels, pixels]), np.concatenate([split.labels, labels])
    return replace(split, pixels=pixels, labels=labels, writers=None)  # nobody wrote the drawn ones


def draw_form(pattern, random):
    """Draw one pattern as another hand would: other proportions, slant, corners and pen.

    Parameters
    ----------
    pattern : str
        As in `FORMS`.
    random : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (28, 28)
    """
    return draw_lines(another_hand(corners_of(pattern), random), random.uniform(*PEN))


def corners_of(pattern):
    """Return the lines of a pattern, as in `FORMS`: a list of float64 arrays of shape (corners, 2)."""
    return [np.array([corner.split(",") for corner in line.split()], float) for line in pattern.split("/")]


def draw_lines(lines, width):
    """Draw lines with a pen that is `width` pixels of MNIST's form wide, in MNIST's form.

    Parameters
    ----------
    lines : list of ndarray of float64, shape (corners, 2)
        In any unit; they are rounded off, and a corner that is given twice stays sharp.
    width : float

    Returns
    -------
    ndarray of uint8, shape (28, 28)
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


FORMS = {
    0: [
        "52,13 33,17 25,50 33,83 50,87 67,83 75,50 67,17 50,13",
        "62,21 43,10 25,38 26,70 45,90 70,78 76,45 64,18 48,15",
        "56,13 35,15 28,50 35,85 50,87 68,80 72,48 60,15 40,17 33,26",
        "52,13 33,17 25,50 33,83 50,87 67,83 75,50 67,17 50,13 / 72,20 30,80",
        "56,12 30,20 26,50 32,82 50,88 70,78 76,48 66,18 50,12 / 86,8 16,92",
        "50,13 36,17 30,50 36,83 50,87 64,83 70,50 64,17 50,13 / 62,24 38,76",
        "50,13 24,20 14,50 26,80 50,87 76,80 86,50 74,20 50,13",
        "52,13 33,17 25,50 33,83 50,87 67,83 75,50 67,17 50,13 / 50,47 50,53",
    ],
    1: [
        "50,13 50,87",
        "40,29 56,13 56,13 55,50 54,87",
        "30,42 44,30 58,13 58,13 57,50 56,87",
        "24,56 43,37 60,13 60,13 59,50 58,87",
        "18,64 40,42 58,13 58,13 57,87",
        "30,33 52,24 60,13 60,13 59,50 58,87",
        "38,29 53,13 53,13 53,87 / 34,87 72,87",
        "30,40 53,13 53,13 52,87 / 28,87 76,86",
        "28,43 54,13 54,13 52,86 52,86 32,87 32,87 74,85",
        "25,56 42,40 56,13 54,30 52,87",
        "23,56 48,40 60,16 52,11 50,30 50,87",
        "50,13 50,87 / 33,87 68,87",
        "26,70 48,42 61,19 57,12 51,21 51,87",
        "25,72 47,42 60,17 55,12 52,30 50,87 / 30,87 74,86",
        "20,56 38,44 62,13 62,13 56,50 50,87",
        "14,60 62,13 62,13 50,87",
        "20,56 58,13 58,13 54,87 / 26,87 80,86",
        "24,50 56,16 56,16 46,86 46,86 20,88 20,88 76,84",
        "12,46 72,13 72,13 52,88",
        "26,78 54,13 54,13 62,87",
        "18,70 56,12 56,12 70,88",
        "8,52 78,12 78,12 40,90",
        "14,40 60,14 60,14 58,88",
        "20,84 56,12 52,14 54,50 56,88",
    ],
    2: [
        "28,33 33,14 56,12 72,26 64,48 42,70 26,86 26,86 50,85 76,86",
        "28,30 38,13 64,13 73,33 60,56 33,86 24,82 33,73 48,84 62,88 76,80",
        "28,20 50,15 72,20 72,20 50,52 27,85 27,85 52,83 76,85",
        "27,26 40,12 62,15 66,35 56,56 40,74 28,87 28,87 78,79",
        "32,33 36,15 56,13 66,26 56,48 38,66 27,80 36,88 46,78 38,69 56,82 76,86",
        "26,17 52,14 72,18 64,38 42,62 30,80 42,87 76,84",
        "38,28 42,14 58,14 60,34 48,58 36,80 34,88 42,86 44,76 36,74 36,84 64,88",
        "36,26 44,12 58,18 54,40 44,62 38,84 38,84 62,84",
        "40,30 40,16 56,12 62,28 50,54 34,74 30,86 40,84 46,72 34,70 30,84 52,80 70,88",
        "20,32 34,14 60,14 66,34 50,54 26,80 22,88 34,84 50,82 88,88",
        "44,32 34,28 40,14 58,13 66,28 54,52 34,74 30,84 44,78 60,87 72,80 74,64",
        "40,26 46,14 60,18 54,44 40,72 40,84 26,84 26,84 70,86",
        "34,36 28,22 44,13 64,20 60,44 36,70 28,82 40,88 48,76 40,72 56,84 78,80",
    ],
    3: [
        "28,23 42,12 68,15 70,36 56,47 44,48 44,48 64,49 77,65 66,85 43,88 26,77",
        "27,15 50,15 73,14 73,14 48,42 48,42 68,44 76,64 66,86 42,88 26,79",
        "32,18 56,10 68,25 58,40 42,46 42,46 70,50 75,76 52,89 28,83",
        "38,20 52,12 62,24 52,42 44,46 44,46 60,52 62,74 48,88 36,78",
        "36,18 58,13 62,30 44,46 36,44 46,42 64,54 64,78 46,88 32,80",
        "34,16 64,16 64,16 46,44 46,44 62,52 60,78 44,88 34,78",
        "30,24 44,14 66,24 56,42 44,46 44,46 58,44 74,60 62,84 40,88 26,74",
        "34,28 36,13 54,20 66,14 66,14 46,42 46,42 66,50 64,76 46,88 34,80",
    ],
    4: [
        "33,15 29,38 26,58 26,58 48,58 77,56 / 65,15 64,50 61,87",
        "60,13 42,36 24,61 24,61 50,61 78,61 / 62,40 61,65 60,88",
        "62,13 43,35 23,62 23,62 50,62 79,61 / 62,13 62,50 62,88",
        "56,13 40,33 26,56 26,56 50,58 74,52 / 64,36 60,62 56,88",
        "52,12 36,33 26,54 26,54 48,52 70,46 70,46 62,68 56,88",
        "40,15 30,35 30,53 45,56 66,47 66,47 69,35 69,35 64,60 60,88",
        "60,13 40,40 28,60 28,60 56,59 80,57 / 70,43 64,66 60,82",
        "34,15 28,42 36,52 50,52 64,44 68,30 68,30 65,60 62,88",
        "64,87 64,50 64,13 64,13 43,38 24,62 24,62 50,62 78,62",
        "62,13 42,36 26,62 26,62 52,63 72,59 72,59 70,74 69,88",
        "56,13 38,33 27,56 36,68 56,62 72,52 72,52 70,70 69,88",
        "34,13 27,40 34,64 54,66 72,56 72,56 70,72 69,88",
        "43,13 34,34 27,56 27,56 54,48 83,38 / 62,19 55,56 48,88",
        "52,13 38,33 27,52 27,52 52,48 76,43 / 56,30 52,60 50,88",
        "60,14 30,52 30,52 64,56 / 60,14 60,50 64,88",
        "58,12 34,44 30,58 46,58 62,54 / 62,24 60,56 62,90",
        "40,12 30,40 34,56 60,56 84,50 / 64,30 62,60 56,88",
        "64,12 32,48 32,48 72,50 72,50 / 64,12 60,50 54,90",
        "70,88 68,14 60,16 28,60 32,64 86,62",
        "28,16 26,60 26,60 84,52 84,52 58,16 58,16 54,88",
        "34,13 22,50 30,62 60,58 78,48 76,38 66,40 / 60,40 56,60 58,88",
    ],
    5: [
        "70,15 52,15 34,16 34,16 32,32 31,45 31,45 50,39 74,47 74,74 56,88 28,80",
        "37,17 34,31 32,44 50,40 70,47 73,68 60,86 42,88 27,80 / 37,16 54,15 74,14",
        "72,14 54,15 40,18 33,33 40,44 60,50 70,65 62,84 42,88 28,82",
        "40,15 37,30 34,47 34,47 56,42 72,56 66,80 46,88 26,86 / 40,20 58,17 78,11",
        "88,12 40,16 40,16 30,52 56,44 72,60 62,82 40,88 24,76",
        "40,24 34,50 58,44 72,60 64,82 42,88 24,80 / 40,16 90,12",
        "44,14 38,44 62,44 68,66 56,86 30,86 / 46,16 76,20",
        "84,18 46,16 46,16 40,48 50,50 54,74 44,88 26,72",
        "90,34 50,28 32,22 32,22 30,48 54,46 62,62 48,76 24,80",
        "36,15 36,46 58,44 70,60 62,84 40,88 28,76 / 36,15 72,13",
        "88,14 56,20 40,34 40,48 60,54 58,74 40,80 20,70",
    ],
    6: [
        "64,13 44,26 28,52 28,78 46,88 69,82 72,64 58,50 40,54 29,70",
        "60,13 40,35 29,62 34,84 52,89 68,78 68,62 54,54 40,62 33,74",
        "70,20 56,11 35,24 26,56 33,84 54,89 72,76 66,56 48,52 30,64",
        "52,12 42,32 32,60 36,86 56,88 64,74 56,62 42,64 34,74",
        "70,20 54,11 33,28 27,62 40,87 64,84 73,66 60,54 47,62 50,72",
        "50,12 36,40 30,70 42,88 62,82 64,65 48,60 32,74",
        "66,24 54,12 38,26 30,56 36,84 56,88 68,70 60,54 44,56 34,68",
        "56,12 34,34 28,66 40,88 60,84 68,66 56,54 38,60 30,76",
        "74,14 44,30 24,62 36,88 66,86 78,66 56,56 30,70",
        "66,32 62,14 42,16 30,48 34,84 56,88 68,70 58,54 40,58 34,72",
        "46,12 40,44 28,84 28,84 70,86 66,54 50,50 36,60",
        "70,26 58,14 40,20 32,48 52,52 68,66 58,86 38,84 30,66 36,48",
    ],
    7: [
        "25,16 50,15 74,16 74,16 62,40 50,64 44,88",
        "25,16 50,15 74,16 74,16 62,40 50,64 44,88 / 37,51 72,50",
        "24,17 48,19 74,14 74,14 60,48 45,88 / 32,56 70,48",
        "26,29 27,15 27,15 50,16 74,15 74,15 60,45 47,88",
        "26,29 27,15 27,15 50,16 74,15 74,15 60,45 47,88 / 38,52 72,51",
        "24,24 34,15 52,22 74,15 74,15 60,44 46,88 / 34,56 72,54",
        "27,20 48,14 70,18 64,42 52,64 43,88 / 33,60 73,56",
        "22,18 74,16 74,16 56,42 48,88",
        "24,14 28,28 50,30 76,14 76,14 56,50 48,90 / 30,56 72,54",
        "34,14 36,24 66,18 66,18 56,50 50,90 / 36,50 68,48",
        "22,20 78,12 78,12 50,52 40,90 / 24,48 78,46",
        "30,16 70,16 70,16 58,50 54,88 / 44,54 74,50",
    ],
    8: [
        "66,23 52,11 32,18 33,37 52,48 70,60 72,80 52,89 31,82 30,64 48,49 68,38 69,26 63,19",
        "50,13 36,18 35,40 50,48 65,40 64,18 50,13 / 50,48 31,55 29,80 50,88 71,80 69,55 50,48",
        "72,14 50,11 34,22 38,40 56,52 68,68 60,87 40,87 33,70 46,54 64,38 74,17",
        "60,16 42,13 33,28 46,43 62,56 68,76 52,89 34,80 38,60 56,44 68,27 60,15",
        "64,20 46,12 34,28 50,44 66,62 62,84 44,88 36,70 50,46 64,30 62,18",
        "76,12 46,50 30,76 44,88 64,76 56,58 34,38 36,18 54,14 60,26",
        "86,22 66,16 56,32 40,56 18,74 34,86 52,76 50,56 44,36 60,22 80,26",
        "66,26 54,12 36,22 40,40 60,54 82,74 58,88 24,82 30,68 52,52 70,34",
        "56,30 40,34 34,20 52,11 64,24 52,44 34,64 38,84 62,86 68,66 50,46",
    ],
    9: [
        "68,30 60,14 40,14 29,30 35,47 52,49 66,40 69,25 69,25 68,50 64,88",
        "67,28 56,13 36,16 29,34 40,48 56,46 68,32 68,25 68,25 69,60 62,83 44,89 29,81",
        "66,26 54,12 37,17 32,33 42,45 58,43 68,26 68,26 70,56 66,80 50,89 33,86",
        "64,22 48,11 33,22 36,40 52,44 66,33 66,20 66,20 72,52 69,77 52,88 30,86 25,76",
        "62,20 47,13 36,24 40,37 53,39 64,28 64,18 64,18 68,48 64,78 46,87 28,85",
        "70,16 50,12 33,24 36,44 54,45 68,32 70,17 70,17 64,52 52,88",
        "66,25 52,12 35,23 40,41 56,40 66,25 66,25 69,56 60,82 40,88 27,78 34,69",
        "70,22 56,13 38,26 42,42 58,40 70,25 70,25 56,56 33,88",
        "68,23 50,11 33,23 39,40 56,40 68,26 68,26 72,54 64,76 42,86 22,85",
        "66,24 52,12 36,20 38,36 54,40 66,28 66,28 70,52 68,76 54,87 22,87",
        "64,30 60,15 42,12 32,24 40,38 56,38 64,26 64,26 74,50 72,80 50,90 20,84",
        "56,26 46,14 32,22 34,36 48,38 58,24 58,24 72,46 72,72 54,88 24,84",
        "60,20 44,14 32,28 40,44 58,38 62,20 62,20 66,60 78,88",
        "56,18 40,16 36,32 50,38 60,22 60,22 58,56 60,88",
        "66,20 44,12 28,32 44,48 66,36 68,16 68,16 56,88",
        "58,22 46,14 38,26 48,34 58,22 58,22 56,56 52,88",
        "60,30 40,36 32,22 48,11 66,20 70,56 58,84 36,86",
    ],
}
"""Patterns of the ten digits. Those that MNIST is full of stand beside those that it lacks.

A pattern gives the corners "x,y" of its lines, in hundredths of a square; y runs downwards. A
slash begins the next line, and a corner that is given twice stays sharp.
"""
