"""Training, live: what its curves show, and how long it will still take. Notebook 03."""

from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.architecture import LeNet
from lenet_helpers.demos.figures.data import local_mnist
from lenet_helpers.fitting.recipes import FAST
from lenet_helpers.training import fit


def curves_figure(records, epochs=None):
    """Return the curves of a training as a figure: both losses, and the validation accuracy.

    Parameters
    ----------
    records : sequence of Record
        May be empty: then there are only axes.
    epochs : int, optional
        Of the whole training, so that the axes stay while the curves grow.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    at = [record.epoch for record in records]
    losses = {
        "train": [record.train_loss for record in records],
        "validation": [record.validation_loss for record in records],
    }
    plots.curves(left, at, losses, "loss")
    plots.curves(right, at, {"validation": [record.validation_accuracy for record in records]}, "accuracy", True)
    if records:
        plots.plain_log_scale(left)
    else:
        left.set_ylim(0, 2.5)  # guessing among ten digits has a loss of 2.3
        right.set_ylim(0, 1)
    for ax in (left, right):
        ax.set_xlim(0.5, (epochs or max([1, *at])) + 0.5)
    return figure


def time_left(done, total, seconds):
    """Estimate how long the rest of a training takes, from the steps so far.

    Parameters
    ----------
    done, total : int
        Steps. Those that took the `seconds`, and all that were to be taken with them.
    seconds : float

    Returns
    -------
    float or None
        In seconds; None before the first step.
    """
    return (total - done) * seconds / done if done else None


def duration_text(seconds):
    """Write a time for people: "8 s", "3 min 20 s", "2 h 5 min"."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def live_training_figure(mnist=None, recipe=FAST):
    """Train a network to the end and return its curves as a figure.

    Parameters
    ----------
    mnist : MNIST, optional
        What is at hand when not given.
    recipe : Recipe

    Returns
    -------
    matplotlib.figure.Figure
    """
    mnist = mnist or local_mnist()
    return curves_figure(list(fit(LeNet(seed=recipe.seed), mnist.train, mnist.validation, recipe)))
