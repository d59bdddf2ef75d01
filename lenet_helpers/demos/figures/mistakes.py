"""Mistakes: which digits are mixed up, what a threshold costs, how much shaking an answer stands. Notebook 04."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.data import Split
from lenet_helpers.demos.figures.changes import changed, series
from lenet_helpers.demos.figures.data import local_mnist
from lenet_helpers.evaluation import confusion_matrix, evaluate, most_confused_pairs
from lenet_helpers.inference import ImageClassifier, Prediction


@dataclass(frozen=True)
class Studied:
    """A split with what a model says about it."""

    model: object
    split: Split
    evaluation: object
    matrix: np.ndarray  # int64, shape (10, 10)

    def in_cell(self, label, prediction):
        """Positions of the images of one cell of the matrix, the surest first: ndarray of int64."""
        answers = self.evaluation
        found = np.flatnonzero((answers.labels == label) & (answers.predictions == prediction))
        return found[np.argsort(-answers.probabilities[found, prediction], kind="stable")]

    def reading(self, index):
        """What the model says about one image, as a `Prediction`."""
        return reading_of(self.evaluation, self.split.pixels, index)

    def worst_cell(self):
        """Label and prediction of the most frequent mistake; of a right answer where there is none."""
        pairs = most_confused_pairs(self.matrix, 1)
        return pairs[0][:2] if pairs else (0, 0)


def study(classifier=None, split=None):
    """Let a model read a split: a `Studied`."""
    model = (classifier or ImageClassifier()).model
    split = split or local_mnist().test
    evaluation = evaluate(model, split)
    return Studied(model, split, evaluation, confusion_matrix(evaluation.labels, evaluation.predictions))


def reading_of(evaluation, pixels, index):
    """One image of an evaluation as a `Prediction`, without any doubts."""
    return Prediction(int(evaluation.predictions[index]), evaluation.probabilities[index], pixels[index])


@dataclass(frozen=True)
class Trade:
    """What answering only when sure enough brings: the fraction answered, and that of right answers (NaN: of none)."""

    coverage: float
    accuracy: float


def trade(evaluation, threshold):
    """Answer only where the largest probability reaches `threshold`: a `Trade`."""
    answered = evaluation.probabilities.max(axis=1) >= threshold
    right = (evaluation.predictions == evaluation.labels)[answered]
    return Trade(float(answered.mean()), float(right.mean()) if len(right) else float("nan"))


THRESHOLDS = np.concatenate([np.linspace(0, 0.95, 20), np.linspace(0.96, 0.99, 4), [0.995, 0.999, 0.9999]])


def trade_figure(evaluation, threshold=None):
    """Return coverage and accuracy over the threshold as a figure; a given threshold is marked."""
    figure = Figure(figsize=(6, 3), layout="constrained")
    ax = _draw_trade(figure.subplots(), evaluation)
    if threshold is not None:
        ax.axvline(threshold, color=plots.GREY, linestyle=":")
    return figure


def _draw_trade(ax, evaluation):
    trades = [trade(evaluation, each) for each in THRESHOLDS]
    lines = {"accuracy of the answers": [t.accuracy for t in trades], "share answered": [t.coverage for t in trades]}
    return plots.lines(ax, THRESHOLDS, lines, "threshold", "fraction")


REACH = {"rotation": np.arange(0, 181, 3), "right": np.arange(0, 14.5, 0.5), "noise": np.arange(0, 1.525, 0.025)}
"""How far each kind of shaking is tried, and in which steps."""


@dataclass(frozen=True)
class Flip:
    """The smallest amount of shaking with another answer, and that answer; None where the answer holds all the way."""

    name: str
    at: float | None
    to: int | None


def flip(model, pixels, name, direction=1):
    """Find the point at which shaking (a key of `REACH`, in direction 1 or -1) changes the answer: a `Flip`."""
    amounts = direction * REACH[name]
    answers = answers_to(model, changed(pixels, series(name, amounts))).predictions
    other = np.flatnonzero(answers != answers[0])
    return Flip(name, float(amounts[other[0]]), int(answers[other[0]])) if len(other) else Flip(name, None, None)


def answers_to(model, pixels):
    """What a model says about images, shape (N, 28, 28), as they are: an `Evaluation` whose labels mean nothing."""
    return evaluate(model, Split("shaken", pixels, np.zeros(len(pixels), np.int64)))


def flips_text(model, pixels):
    """Say in one sentence a kind how much shaking the answer stands: list of str."""
    said = []
    for name, direction, what, unit in (
        ("rotation", 1, "Turned to the left", "°"),
        ("rotation", -1, "Turned to the right", "°"),
        ("right", 1, "Moved to the right", " pixels"),
        ("right", -1, "Moved to the left", " pixels"),
        ("noise", 1, "With noise", " of full ink"),
    ):
        found = flip(model, pixels, name, direction)
        if found.at is None:
            said.append(f"{what}: the answer holds up to {REACH[name][-1]:g}{unit}")
        else:
            said.append(f"{what}: it becomes {found.to} at {abs(found.at):g}{unit}")
    return said


def gallery_figure(studied, label, prediction, most=10):
    """Return the images of one cell of the matrix as a figure, each with its probability."""
    found = studied.in_cell(label, prediction)[:most]
    rows = 2 if len(found) > 5 else 1
    figure = Figure(figsize=(4.6, 1.1 * rows), layout="constrained")
    axes = figure.subplots(rows, 5)
    sure = studied.evaluation.probabilities[found, prediction]
    titles = [f"{at}: {100 * share:.1f} %" for at, share in enumerate(sure, 1)]
    plots.digits(axes, studied.split.pixels[found], titles)
    return figure


def mistakes_figure(classifier=None, split=None):
    """Return the confusion matrix beside coverage and accuracy over the threshold, as a figure.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    split : Split, optional
        The test split of what is at hand when not given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    studied = study(classifier, split)
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(4, 5))
    plots.confusion(left, studied.matrix)
    _draw_trade(right, studied.evaluation)
    return figure
