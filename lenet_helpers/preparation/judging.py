"""Which of several ways from a picture to MNIST's form explains it best. Taught in notebook 05.

The preparation can't know whether a stroke is the foot of a 2 or a ruled line: it offers both ways. The network reads
all of them, and `judge` takes the one that explains the picture best. Which network, and what it is computed with, is
the caller's business: torch in `lenet_helpers.inference`, NumPy where a class writes.
"""

import math
from dataclasses import dataclass

import numpy as np

from lenet_helpers.preparation.steps import Step, Way

INK_COUNTS = 2.0
"""What the share of the ink counts beside the network's evidence: a digit with 1/e of it must be e² times as likely."""


@dataclass(frozen=True)
class Judged:
    """What the network makes of one way from a picture to MNIST's form.

    Attributes
    ----------
    way : Way
    probabilities : ndarray of float32, shape (10,)
        Mean of the softmax over the copies at several slants and sizes.
    evidence : float
        For its most probable digit: the logarithm of the odds, p / (1 - p), mean over the copies. Unlike
        the probability, it goes on rising where the network is sure.
    """

    way: Way
    probabilities: np.ndarray
    evidence: float

    @property
    def score(self):
        """How well this reading explains the picture: as the network sees it, and how much of the ink it uses.

        These are logarithms of odds, so that they add up. Whatever else is learned about a picture, such as
        how strange it is to the network, has its place in this sum.
        """
        return self.way.odds + self.evidence + INK_COUNTS * math.log(max(self.way.kept, 1e-3))


def judge(logits_of, preparations):
    """Read every way of each picture, all in one batch, and order them by how well they explain it.

    Parameters
    ----------
    logits_of : callable
        The network: it makes logits as `evidence` takes them of pixels, uint8 of shape (N, 28, 28).
    preparations : list of list of Way
        For each picture what `prepare` gives.

    Returns
    -------
    list of list of Judged
        For each picture, the best reading first.
    """
    ways = [way for preparation in preparations for way in preparation]
    readings = map(Judged, ways, *evidence(logits_of(np.stack([way.pixels for way in ways]))))
    return [
        sorted((next(readings) for _ in preparation), key=lambda reading: -reading.score)
        for preparation in preparations
    ]


def evidence(logits):
    """The probabilities that a network gives each image, and the evidence for its most probable digit: see `Judged`.

    Parameters
    ----------
    logits : ndarray of float64, shape (S, N, 10)
        Of each image in each of S copies.

    Returns
    -------
    probabilities : ndarray of float32, shape (N, 10)
    evidence : list of N floats
    """
    logits = logits - np.logaddexp.reduce(logits, axis=2, keepdims=True)  # logarithms of probabilities
    probabilities = np.exp(logits).mean(axis=0)
    of_best = np.eye(10, dtype=bool)[probabilities.argmax(axis=1)]
    of_others = np.logaddexp.reduce(np.where(of_best, -np.inf, logits), axis=2)
    return probabilities.astype(np.float32), (logits[:, of_best] - of_others).mean(axis=0).tolist()


def steps_of(readings):
    """The steps of the best reading. What was weighed stands where the ways part for good: once the digit is found."""
    best, *others = readings
    steps = best.way.steps
    if others:
        at = 1 + max(number for number, step in enumerate(steps) if step.name == "digit")
        steps.insert(at, Step("weighed", _side_by_side(readings[:4]), _why(best, others[0])))
    return steps


def _side_by_side(readings):
    tiles = [np.pad(reading.way.pixels, ((0, 0), (0, 4)), constant_values=96) for reading in readings]
    return np.hstack(tiles)[:, :-4]


def _why(best, other):
    digit, rival = best.probabilities.argmax(), other.probabilities.argmax()
    more_ink = best.way.kept > other.way.kept + 0.01
    reason = "uses more of the ink" if more_ink else "looks more like a digit to the network"
    if more_ink and best.evidence > other.evidence:
        reason += " and looks more like a digit to the network"
    return (
        f"There is more than one way to see the digit. The network read each: the first, a {digit} with "
        f"{best.way.kept:.0%} of the ink, {reason} than the next, a {rival} with {other.way.kept:.0%}."
    )
