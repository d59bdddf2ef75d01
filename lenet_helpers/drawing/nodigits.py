"""Pictures that hold no digit, drawn stroke by stroke as the digits of `forms` are.

A network of ten outputs has an answer for everything: it takes a star for a 4. `draw_nodigits`
makes what people put in a digit's place: letters, signs, scribbles, dots, solid shapes,
hatching, digits that are joined. What could pass for a digit is left out: an O, an l
or a B is one. Some kinds are kept aside (`HELD_OUT`), so that it can be told whether what was
learned of the others holds for them too. Taught in notebook 05.
"""

import math

import numpy as np

from lenet_helpers.drawing.forms import FORMS, PATTERNS, PEN, another_hand, corners_of, draw_lines


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


def _written(kind):
    """A kind that takes one of its patterns."""
    patterns = PATTERNS[kind]
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


KINDS = {
    "letters": _written("letters"),
    "signs": _written("signs"),
    "scribbles": _scribble,
    "dots": _dots,
    "solid shapes": _solid,
    "joined digits": _joined,
    "other scripts": _written("other scripts"),
    "things": _written("things"),
    "hatching": _hatching,
}
"""What draws each kind: from random numbers to lines, as arrays of corners, and the width of the pen."""

HELD_OUT = ("other scripts", "hatching")
"""Kinds that nothing is fitted to: they tell how far what was learned of the others holds."""

LEARNED = tuple(kind for kind in KINDS if kind not in HELD_OUT)
