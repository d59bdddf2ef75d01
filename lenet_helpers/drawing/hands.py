"""A class that the course draws itself: writers, each with habits of their own."""

import math

import numpy as np

from lenet_helpers.drawing.forms import FORMS, another_hand, corners_of
from lenet_helpers.drawing.strokes import PAD, rounded

SLANT = -0.8
"""Mean slant of the writers: far to the left, as in no MNIST. So a network has something to learn from half of them."""

SIZE = 0.7
"""Longer side of a digit on the pad, as a fraction of it."""


class Writer:
    """Somebody with one form for each digit, one slant and one pen; only small things change from digit to digit.

    Parameters
    ----------
    random : numpy.random.Generator
    """

    def __init__(self, random):
        self._random = random
        self._forms = {digit: corners_of(forms[random.integers(len(forms))]) for digit, forms in FORMS.items()}
        lean, turn, stretch = random.normal(SLANT, 0.25), random.normal(0, 0.1), math.exp(random.normal(0, 0.2))
        turned = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        self._matrix = turned @ np.array([[stretch, -lean], [0, 1]])
        self._pen = round(random.uniform(25, 95))

    def write(self, digit):
        """Write a digit: strokes as in `lenet_helpers.drawing.strokes`."""
        lines = [line @ self._matrix.T for line in another_hand(self._forms[digit], self._random)]
        corners = np.concatenate(lines)
        least, most = corners.min(0), corners.max(0)
        scale, middle = SIZE * PAD / (most - least).max(), (least + most) / 2
        moved = [PAD / 2 + scale * (line - middle) for line in lines]
        return [{"width": self._pen, "points": rounded([*map(tuple, line)])} for line in moved]
