"""Try to fool it: a picture of one's own, every step on its way, what is read, and learning from it. Notebook 05."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.data import to_input
from lenet_helpers.demos.figures.data import local_mnist
from lenet_helpers.evaluation import evaluate
from lenet_helpers.inference import ImageClassifier, probabilities_over_slants
from lenet_helpers.system.paths import PICTURE
from lenet_helpers.training import fine_tune


@dataclass(frozen=True)
class Retrained:
    """What a few digits have taught a copy of a network, and what that cost."""

    model: object  # the copy
    before: np.ndarray  # what the network says about those digits: probabilities, float64, shape (N, 10)
    after: np.ndarray  # what the copy says
    mnist_before: float  # accuracy of the network on the validation split of MNIST, each image read once
    mnist_after: float


def retrain(model, own, mnist=None):
    """Fine-tune a copy of a network on digits of one's own, a Split, with images of MNIST mixed in: a `Retrained`."""
    mnist = mnist or local_mnist()
    tuned = fine_tune(model, own, mnist.train)
    read = [probabilities_over_slants(each, to_input(own.pixels)).numpy() for each in (model, tuned)]
    return Retrained(tuned, *read, *(evaluate(each, mnist.validation).accuracy for each in (model, tuned)))


def steps_figure(steps, width=9.0):
    """Return the strip of `explain` as a figure, `width` inches wide: two rows of numbered pictures."""
    columns = max(2, (len(steps) + 1) // 2)
    figure = Figure(figsize=(width, 0.6 * width), layout="constrained")
    plots.steps(figure.subplots(2, columns), steps)
    return figure


def fool_it_figure(classifier=None, image=None):
    """Return every step from a picture to MNIST's form, and the ten probabilities, as a figure.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    image : picture, optional
        Anything that `read_image` takes; test.png when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImageError
        The picture can't be read, or is blank.
    """
    image = PICTURE if image is None else image
    prediction = (classifier or ImageClassifier()).classify(image)
    columns = (len(prediction.steps) + 2) // 2
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = np.ravel(figure.subplots(2, columns))
    plots.steps(axes[:-1], prediction.steps)
    plots.probabilities(axes[-1], prediction.probabilities)
    axes[-1].set_axis_on()
    axes[-1].set_title(f"it reads {prediction.digit}", fontsize=9)
    return figure
