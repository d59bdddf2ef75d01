"""Pictures that hold no digit, drawn stroke by stroke as the digits of `forms` are.

A network of ten outputs has an answer for everything: it takes a star for a 4. `draw_nodigits`
makes what people put in a digit's place: letters, signs, scribbles, dots, solid shapes,
hatching, digits that are joined. What could pass for a digit is left out: an O, an l
or a B is one. Some kinds are kept aside (`HELD_OUT`), so that it can be told whether what was
learned of the others holds for them too. Taught in notebook 05.
"""

import math

import numpy as np

from lenet_helpers.drawing.forms import FORMS, PEN, another_hand, corners_of, draw_lines


def draw_nodigits(count, seed=0, kinds=None):
    """Draw pictures without a digit. Taught in notebook 05.

    Parameters
    ----------
    count : int
        The kinds take turns.
    seed : int
        The same seed gives the same images.
    kinds : sequence of str
        Names out of `KINDS`; `LEARNED` when not given.

    Returns
    -------
    ndarray of uint8, shape (count, 28, 28)
        In MNIST's form, as far as they can be: the longer side is 20 pixels, the centre of
        mass in the middle.
    """
    random = np.random.default_rng([seed, 0xD1])
    kinds = kinds or LEARNED
    pixels = np.empty((count, 28, 28), np.uint8)
    for place in range(count):
        lines, width = KINDS[kinds[place % len(kinds)]](random)
        pixels[place] = draw_lines(another_hand(lines, random), width)
    return pixels


def _written(patterns):
    """A kind that takes one of some patterns, written as those of `FORMS`."""
    return lambda random: (corners_of(patterns[random.integers(len(patterns))]), random.uniform(*PEN))


def _scribble(random):
    """A line that wanders through the square, round or with sharp corners, or turns about a point."""
    count = random.integers(6, 22)
    if random.random() < 0.3:
        angle, reach = np.arange(4 * count) * 0.5, np.linspace(5, 50, 4 * count)
        line = 50 + reach[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    elif random.random() < 0.4:  # to and fro, as one blackens paper
        line = np.stack([np.where(np.arange(count) % 2, 90, 10), np.linspace(10, 90, count)], 1)
        line = _turned(line + random.normal(0, 6, line.shape), random)
    else:
        line = random.uniform(5, 95, (count, 2))
    if random.random() < 0.4:
        line = line.repeat(2, axis=0)  # a corner that is given twice stays sharp
    return [line], random.uniform(1.4, 2.8)


def _dots(random):
    """A few dots, or the dots of a grid."""
    if random.random() < 0.3:
        side = np.linspace(10, 90, random.integers(2, 5))
        places = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
        places = _turned(places[random.permutation(len(places))[: random.integers(3, len(places) + 1)]], random)
    else:
        places = random.uniform(5, 95, (random.integers(2, 14), 2))
    return [place[None] for place in places], random.uniform(1.8, 5)


def _solid(random):
    """One to three shapes that are ink all over: an outline drawn again and again, smaller each time."""
    lines = []
    for _ in range(random.integers(1, 4)):
        count = random.integers(3, 9)
        angle = np.sort(random.uniform(0, 2 * math.pi, count))
        if random.random() < 0.5:
            angle = np.arange(count) * 2 * math.pi / count
        reach = random.uniform(30, 50, count)
        outline = np.stack([np.cos(angle) * reach, np.sin(angle) * reach * random.uniform(0.5, 1)], 1)
        outline = np.concatenate([outline, outline[:1]])
        if random.random() < 0.6:
            outline = outline.repeat(2, axis=0)
        outline = _turned(50 + outline, random) - 50
        middle = 50 + (random.uniform(-40, 40, 2) if lines else 0)
        lines += [middle + size * outline for size in (1, 0.8, 0.6, 0.4, 0.2, 0.05)]
    return lines, random.uniform(2.5, 5)


def _hatching(random):
    """Parallel lines, or two sets of them that cross."""
    lines = []
    for _ in range(random.integers(1, 3)):
        places = np.linspace(5, 95, random.integers(3, 8))
        bars = np.stack([np.stack([places, 0 * places + 5], 1), np.stack([places, 0 * places + 95], 1)], 1)
        lines += list(_turned(bars.reshape(-1, 2), random).reshape(bars.shape))
    return lines, random.uniform(1.4, 2.6)


def _joined(random):
    """Two or three digits side by side."""
    lines, left = [], 0
    for digit in random.integers(0, 10, random.integers(2, 4)):
        of_digit = another_hand(corners_of(FORMS[digit][random.integers(len(FORMS[digit]))]), random)
        corners = np.concatenate(of_digit)
        lines += [line + np.array([left - corners[:, 0].min(), 0]) for line in of_digit]
        left += np.ptp(corners[:, 0]) + random.uniform(-8, 15)
    return lines, random.uniform(1.4, 2.6)


def _turned(points, random):
    """Turn points about the middle of the square by any angle."""
    angle = random.uniform(0, 2 * math.pi)
    return 50 + (points - 50) @ [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]


_LETTERS = [
    "20,88 50,12 50,12 80,88 / 32,60 68,60",  # A
    "25,88 48,12 48,12 75,88 / 30,66 72,62",
    "74,14 28,14 28,14 28,86 28,86 76,86 / 28,50 66,50",  # E
    "70,20 50,12 32,24 44,46 44,46 28,58 30,80 52,88 74,80",  # a round E
    "74,14 28,14 28,14 28,88 / 28,48 66,48",  # F
    "28,16 30,88 / 24,16 76,12 / 28,50 64,46",
    "26,12 26,88 / 74,12 74,88 / 26,50 74,50",  # H
    "30,12 26,88 / 72,14 70,88 / 28,52 72,46",
    "28,12 28,88 / 74,12 28,54 28,54 76,88",  # K
    "20,88 24,14 24,14 50,60 50,60 76,14 76,14 80,88",  # M
    "14,88 34,14 34,14 50,66 50,66 66,14 66,14 86,88",
    "24,88 24,12 24,12 76,88 76,88 76,12",  # N
    "28,88 28,12 28,12 62,14 74,30 60,48 28,50 28,50 74,88",  # R
    "30,88 30,12 30,12 66,18 66,40 32,50 32,50 70,88",
    "50,14 50,88 / 18,14 82,14",  # T
    "48,14 50,88 / 22,16 78,12",
    "18,12 34,88 34,88 50,40 50,40 66,88 66,88 82,12",  # W
    "16,14 28,70 40,84 50,60 50,40 50,60 60,84 72,70 84,14",
    "22,12 78,88 / 78,12 22,88",  # X
    "26,14 74,86 / 72,12 28,88",
    "20,12 50,48 50,48 80,12 / 50,48 50,88",  # Y
    "50,50 68,40 60,26 40,28 28,50 36,76 60,80 74,66 / 70,30 68,60 74,80 84,80",  # a
    "70,12 70,86 / 70,58 50,48 32,60 34,80 54,86 70,72",  # d
    "28,52 70,52 66,34 46,30 30,46 32,72 52,82 74,72",  # e
    "68,18 54,12 46,26 46,88 / 28,44 66,44",  # f
    "28,12 28,88 / 28,60 46,44 66,50 68,88",  # h
    "30,12 30,88 / 64,42 32,64 32,64 68,88",  # k
    "14,40 16,86 / 16,54 32,40 46,50 46,86 / 46,54 62,40 78,50 80,86",  # m
    "28,38 30,86 / 30,54 50,38 68,50 70,86",  # n
    "30,34 30,98 / 30,44 54,34 70,50 60,70 32,68",  # p
    "34,40 36,86 / 36,56 50,42 68,42",  # r
    "48,14 48,76 60,86 72,80 / 28,36 70,36",  # t
    "26,40 28,72 44,86 62,76 68,40 / 68,40 70,72 80,86",  # u
    "14,40 30,84 30,84 48,50 48,50 66,84 66,84 84,40",  # w
    "28,40 72,86 / 70,40 28,86",  # x
    "24,28 48,54 48,54 76,26 / 48,54 30,70 30,88 48,88 54,70 48,54",
]
_SIGNS = [
    "50,15 50,85 / 15,50 85,50",  # plus
    "50,20 50,80 / 18,50 82,50",
    "15,50 85,50",  # minus
    "15,46 85,54",
    "10,52 35,47 65,53 90,48",
    "15,38 85,38 / 15,62 85,62",  # equals
    "12,30 88,30 / 12,50 88,50 / 12,70 88,70",
    "50,20 50,21 / 15,50 85,50 / 50,80 50,81",  # divided by
    "40,12 32,88 / 68,12 60,88 / 18,38 84,38 / 16,64 82,64",  # number sign
    "30,30 44,16 66,20 70,38 52,54 50,70 / 50,86 50,88",  # question mark
    "28,28 40,14 64,16 68,36 50,50 48,66 / 48,84 49,86",
    "50,12 50,64 / 50,84 50,87",  # exclamation mark
    "78,88 34,34 36,16 56,14 58,32 28,60 30,82 54,86 78,56",  # and
    "66,40 48,36 38,52 48,66 62,58 68,36 66,62 78,64 86,48 74,20 46,12 18,32 16,64 38,88 70,86",  # at
    "50,15 50,85 / 20,32 80,68 / 80,32 20,68",  # asterisk
    "50,12 50,88 / 12,50 88,50 / 22,22 78,78 / 78,22 22,78",
    "78,22 30,34 24,30 50,12 / 50,12 50,88 / 72,30 40,24",
    "24,30 50,12 50,12 76,30",  # hats and ticks
    "20,56 40,80 40,80 84,18",
    "30,12 30,88 / 66,12 66,88",  # two bars
    "70,12 36,12 36,12 36,88 36,88 70,88",  # brackets
    "62,10 42,14 46,42 30,50 46,58 42,86 62,90",
    "12,34 88,34 88,34 88,68 88,68 12,68 12,68 12,34",  # box
    "50,14 86,82 86,82 14,82 14,82 50,14",  # triangle
    "22,76 50,20 50,20 78,76 78,76 22,76 / 50,40 50,60",
    "12,50 88,50 / 64,26 88,50 88,50 64,74",  # arrows
    "50,88 50,12 / 28,36 50,12 50,12 72,36",
    "14,86 84,16 / 50,14 84,16 84,16 84,52",
    "74,28 52,20 32,34 32,66 52,80 74,70 / 20,44 62,44 / 20,56 60,56",  # euro
    "72,24 52,16 32,28 42,46 60,54 68,72 50,86 28,78 / 50,6 50,96",  # dollar
    "20,70 32,50 44,70 56,50 68,70 80,50",  # waves
    "10,50 25,34 40,50 55,66 70,50 85,34",
    "20,16 20,84 20,84 80,84",  # axes
    "20,24 30,20 34,32 22,36 20,24 / 78,14 22,88 / 68,66 80,64 80,80 68,82 68,66",  # percent
]
_SCRIPTS = [
    "78,20 56,70 38,82 22,62 26,38 42,26 58,44 80,84",  # Greek alpha, gamma, mu, pi, psi, omega, sigma, xi, lambda
    "18,20 36,20 52,56 52,84 44,84 44,64 80,14",
    "30,30 28,96 / 29,60 40,70 60,64 66,30 / 66,50 72,68 80,66",
    "16,28 84,24 / 36,28 32,82 / 64,26 66,84",
    "50,12 50,90 / 20,24 24,52 50,62 76,52 80,24",
    "26,30 16,56 28,80 48,72 50,48 52,72 72,80 84,56 74,30",
    "76,14 24,14 24,14 54,48 54,48 24,86 24,86 78,86",
    "22,16 78,16 / 32,50 68,50 / 20,84 80,84",
    "26,14 40,16 72,86 / 50,42 26,86",
    "50,10 50,90 / 50,28 26,34 24,60 50,68 76,60 74,34 50,28",  # Cyrillic Ф, Ж, Щ, Ю, Я, Ш, Д, Й
    "50,12 50,88 / 18,14 50,50 50,50 18,88 / 82,14 50,50 50,50 82,88",
    "16,14 16,80 16,80 84,80 / 50,14 50,80 / 78,14 78,80 / 84,80 88,94",
    "20,12 20,88 / 20,50 42,50 / 64,14 46,30 44,68 62,88 80,70 80,32 64,14",
    "72,88 72,12 72,12 44,14 34,32 46,48 72,50 / 54,50 28,88",
    "18,14 18,84 18,84 82,84 82,84 82,14 / 50,14 50,84",
    "12,94 14,78 14,78 86,78 86,78 88,94 / 28,78 44,14 44,14 66,14 66,14 70,78",
    "24,26 24,86 24,86 74,28 74,28 74,86 / 36,10 50,16 62,10",
    "16,46 28,66 56,70 82,60 82,42 / 50,84 51,86",  # Arabic: ba, ta, sin, jim, ain, lam-alif, ha
    "16,48 26,70 56,72 84,60 82,44 / 42,26 43,28 / 58,26 59,28",
    "88,40 82,56 72,42 64,56 54,42 46,62 28,84 14,64 16,52",
    "24,32 48,24 74,32 46,44 32,66 44,86 74,84 / 52,62 53,64",
    "70,22 48,18 42,34 62,44 34,56 32,78 54,90 78,82",
    "30,14 44,56 60,72 48,84 34,72 64,40 76,12",
    "26,60 44,34 66,44 70,66 50,72 40,58 60,52 24,74",
    "14,18 86,18 / 66,18 66,88 / 66,46 44,40 30,54 42,70 58,60",  # Devanagari, with its bar on top
    "14,18 86,18 / 50,18 50,88 / 50,44 32,38 26,56 42,60 50,50 64,40 76,52 66,70",
    "14,18 86,18 / 70,18 70,88 / 26,18 28,44 44,52 70,50",
    "14,18 86,18 / 72,18 72,88 / 46,18 40,40 56,48 40,56 30,74 50,84",
    "14,18 86,18 / 64,18 40,34 60,50 36,60 44,84 70,88",
    "50,10 48,50 18,88 / 48,46 82,88 / 20,36 80,36",  # Chinese and Japanese: 大, 木, 山, 田, 中, 文, あ, キ
    "50,10 50,90 / 14,34 86,34 / 48,36 16,76 / 52,36 86,76",
    "50,14 50,82 / 18,40 18,82 18,82 82,82 82,82 82,40",
    "18,18 82,18 82,18 82,84 82,84 18,84 18,84 18,18 / 50,18 50,84 / 18,50 82,50",
    "20,28 80,28 80,28 78,62 78,62 22,62 22,62 20,28 / 50,8 50,94",
    "50,8 52,20 / 14,28 86,28 / 70,30 50,62 16,90 / 30,32 54,66 86,90",
    "24,24 76,20 / 48,10 46,60 54,84 / 66,38 44,76 24,80 30,58 60,48 80,64 66,86",
    "18,34 80,26 / 14,62 86,52 / 42,10 60,92",
]
_THINGS = [
    "50,88 14,44 20,20 40,18 50,36 60,18 80,20 86,44 50,88",  # hearts
    "50,86 20,52 22,26 42,24 50,40 50,40 58,24 78,26 80,52 50,86",
    "50,10 61,40 61,40 92,40 92,40 67,58 67,58 77,90 77,90 50,70 50,70 23,90 23,90 33,58 33,58 8,40 8,40 39,40 39,40 "
    "50,10",
    "28,90 50,10 50,10 72,90 72,90 12,38 12,38 88,38 88,38 28,90",  # stars
    "50,10 84,28 90,60 66,90 34,90 10,60 16,28 50,10 / 36,38 37,42 / 64,38 63,42 / 32,64 50,76 68,64",  # faces
    "50,10 84,28 90,60 66,90 34,90 10,60 16,28 50,10 / 34,36 35,40 / 66,36 65,40 / 34,72 50,60 66,72",
    "50,12 80,20 88,50 80,80 50,88 20,80 12,50 20,20 50,12 / 34,40 40,40 / 60,40 66,40 / 50,46 50,58 / 36,70 64,70",
    "20,88 20,44 20,44 80,44 80,44 80,88 80,88 20,88 / 14,48 50,12 50,12 86,48",  # houses
    "22,86 22,44 22,44 50,16 50,16 78,44 78,44 78,86 78,86 22,86 / 44,86 44,62 44,62 58,62 58,62 58,86",
    "50,12 60,20 50,30 40,20 50,12 / 50,30 50,62 / 26,44 74,44 / 50,62 30,90 / 50,62 70,90",  # a man
    "50,14 58,22 50,30 42,22 50,14 / 50,30 52,60 / 50,40 28,28 / 50,40 76,50 / 52,60 32,72 30,90 / 52,60 70,90",
    "10,50 36,28 66,40 84,60 90,36 / 10,50 36,72 66,60 84,40 90,64 / 28,44 29,46",  # fish
    "8,64 8,50 8,50 28,48 28,48 38,30 38,30 66,30 66,30 76,48 76,48 92,52 92,52 92,64 92,64 8,64 / "
    "28,64 36,70 28,78 20,70 28,64 / 74,64 82,70 74,78 66,70 74,64",  # car
    "50,90 50,58 / 50,10 24,60 24,60 76,60 76,60 50,10",  # trees
    "50,90 50,54 / 50,10 78,24 76,48 50,56 24,48 22,24 50,10 / 50,70 64,60",
    "50,90 50,50 / 50,50 34,44 38,30 50,36 50,18 60,22 62,36 72,42 62,50 50,50 / 50,72 70,62",  # flower
    "50,34 62,50 50,66 38,50 50,34 / 50,34 50,10 / 62,50 90,50 / 50,66 50,90 / 38,50 10,50 / 59,41 76,24 / "
    "41,41 24,24 / 59,59 76,76 / 41,59 24,76",  # sun
    "16,40 30,40 30,40 30,84 30,84 70,84 70,84 70,40 70,40 16,40 / 70,48 86,50 84,68 70,70",  # cup
    "30,90 28,50 14,20 14,20 34,36 34,36 66,36 66,36 86,20 86,20 72,50 70,90",  # cat
    "20,60 10,50 26,36 44,22 64,26 72,38 90,44 84,62 60,66 20,60",  # cloud
    "30,12 30,60 20,60 20,72 34,72 30,60 / 30,12 72,20 72,70 62,70 62,82 76,80 72,68",  # notes
    "56,8 30,52 30,52 52,52 52,52 40,92 40,92 72,42 72,42 50,42 50,42 56,8",  # lightning
    "50,14 14,44 14,44 86,44 86,44 50,14 / 50,44 50,80 42,88 36,80",  # umbrella
    "12,60 88,60 88,60 74,84 74,84 28,84 28,84 12,60 / 50,60 50,12 50,12 78,50 78,50 50,50",  # boat
    "10,84 38,30 38,30 52,56 52,56 64,38 64,38 92,84",  # mountains
    "16,26 84,26 84,26 84,76 84,76 16,76 16,76 16,26 / 16,26 50,54 50,54 84,26",  # letter
]

KINDS = {
    "letters": _written(_LETTERS),
    "signs": _written(_SIGNS),
    "scribbles": _scribble,
    "dots": _dots,
    "solid shapes": _solid,
    "joined digits": _joined,
    "other scripts": _written(_SCRIPTS),
    "things": _written(_THINGS),
    "hatching": _hatching,
}
"""What draws each kind: from random numbers to lines, as arrays of corners, and the width of the pen."""

HELD_OUT = ("other scripts", "hatching")
"""Kinds that nothing is fitted to: they tell how far what was learned of the others holds."""

LEARNED = tuple(kind for kind in KINDS if kind not in HELD_OUT)
