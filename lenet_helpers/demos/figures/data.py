"""The data explorer: any image of any split, the mean of a class, and what augmentation does. Notebook 01."""

import numpy as np
from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.data import CLASSES, local_mnist
from lenet_helpers.demos.figures.changes import Change, changed

SPLITS = ("train", "validation", "test")


def images_of(split, digit=None):
    """Return the positions of the images of a class in a split, or of all of them: ndarray of int64."""
    return np.arange(len(split)) if digit is None else np.flatnonzero(split.labels == digit)


def mean_digit(split, digit):
    """Return the mean of all images of a class: ndarray of float64, shape (28, 28), range 0..255."""
    return split.pixels[split.labels == digit].mean(axis=0)


EXAMPLES = {
    "as it is": Change(),
    "rotation 20°": Change(rotation=20),
    "scale 0.8": Change(scale=0.8),
    "shear 0.4": Change(shear=0.4),
    "3 right, 2 down": Change(right=3, down=2),
    "stroke +1": Change(stroke=1),
    "stroke −0.6": Change(stroke=-0.6),
}


def data_figure(mnist=None):
    """Return the mean of each class, and below it one digit changed in several ways, as a figure.

    Parameters
    ----------
    mnist : MNIST, optional
        What is at hand when not given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    train = (mnist or local_mnist()).train
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    above, below = figure.subfigures(2, 1)
    plots.digits(above.subplots(1, 10), [mean_digit(train, digit) for digit in CLASSES], [f"mean {d}" for d in CLASSES])
    five = train.pixels[images_of(train, 5)[0]]
    plots.digits(below.subplots(1, len(EXAMPLES)), changed(five, list(EXAMPLES.values())), list(EXAMPLES))
    return figure
