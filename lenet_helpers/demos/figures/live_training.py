"""Training, live: the loss of each step, the digits that are read wrongly, and how long it will take. Notebook 03."""

import numpy as np
from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.architecture import LeNet, forward_in_batches
from lenet_helpers.data import Split, first_of_each_class, to_input
from lenet_helpers.demos.figures.data import local_mnist
from lenet_helpers.fitting.recipes import FAST
from lenet_helpers.training import TrainingRun

WINDOW = 50
"""Steps in the running mean of the loss."""

LIMITS = (0.01, 10.0)
"""Of the axis of the loss; guessing among ten digits has a loss of 2.3. What lies beyond is drawn at the edge."""

COLUMNS = 20
"""Digits of each class that are watched, one row a class."""


def running_mean(losses, window=WINDOW):
    """Return the mean of each loss and those before it, `window` at most: ndarray of float64, shape (N,)."""
    sums = np.concatenate([[0.0], np.cumsum(losses, dtype=np.float64)])
    ends = np.arange(1, len(sums))
    begins = np.maximum(ends - window, 0)
    return (sums[ends] - sums[begins]) / (ends - begins)


def watched(split, each=COLUMNS):
    """Return the first digits of each class of a split, class by class: a `Split`."""
    chosen = np.flatnonzero(first_of_each_class(split.labels, each))
    chosen = chosen[np.argsort(split.labels[chosen], kind="stable")]
    return Split(split.name, split.pixels[chosen], split.labels[chosen])


def answers(model, pixels):
    """Return the digit that a model reads in each image, uint8 (N, 28, 28): ndarray of uint8, shape (N,)."""
    return forward_in_batches(model, to_input(pixels)).argmax(dim=1).cpu().numpy().astype(np.uint8)


def training_figure(run, split):
    """Return the loss of each step of a run, and what it still reads wrongly in a split, as a figure."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(4, 5))
    ax, losses, epochs = left.subplots(), run.step_losses, [record.epoch for record in run.records]
    plots.every_step(ax, len(losses) * run.recipe.epochs / run.steps_total, losses)
    places = np.arange(1, len(losses) + 1) * run.recipe.epochs / run.steps_total
    ax.plot(places, running_mean(losses), color=plots.BLUE, label=f"mean of the last {WINDOW}")
    plots.curves(ax, epochs, {"validation": [record.validation_loss for record in run.records]}, "loss")
    ax.lines[-1].set(color=plots.RED, linestyle="", marker="s")
    plots.plain_log_scale(ax)
    ax.set(xlim=(0, run.recipe.epochs), ylim=LIMITS)
    ax.legend()
    digits = watched(split)
    said = answers(run.network(), digits.pixels)
    wrong = np.flatnonzero(said != digits.labels)
    first = ": the first 18" if len(wrong) > 18 else ""
    right.suptitle(f"{len(wrong)} of {len(digits)} validation digits are read wrongly{first}", fontsize=10)
    titles = [f"{digits.labels[at]} as {said[at]}" for at in wrong]
    plots.digits(right.subplots(3, 6), digits.pixels[wrong], titles)
    return figure


def time_left(done, total, seconds):
    """Estimate how many seconds the rest of a training takes, from the steps so far; None before the first step."""
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
    """Train a network to the end and return the loss of each step and what it reads wrongly, as a figure.

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
    run = TrainingRun(LeNet(seed=recipe.seed), mnist.train, mnist.validation, recipe)
    for _ in run:
        pass
    return training_figure(run, mnist.validation)
