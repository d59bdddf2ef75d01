"""One training step, slowly: what it computes for a batch, and where it would lead at other rates. Notebook 03."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.architecture import LeNet
from lenet_helpers.data import Split, local_mnist
from lenet_helpers.system.devices import thread_limit
from lenet_helpers.system.errors import CourseError
from lenet_helpers.training import training_step

RATES = (*(float(f"{first}e{power}") for power in range(-4, 0) for first in (1, 1.5, 2, 3, 5, 7)), 1.0)


@dataclass(frozen=True)
class Step:
    """A step of plain gradient descent, taken apart."""

    batch: Split
    kernels: np.ndarray  # of conv1 before the step: float32, shape (6, 5, 5)
    slopes: np.ndarray  # the gradient of the batch's mean loss there, of the same shape
    rates: np.ndarray  # float64, shape (R,); the first is 0: no step at all
    probabilities: np.ndarray  # of each image, after a step at each rate: float32, shape (R, N, 10)
    losses: np.ndarray  # cross-entropy of each image, natural logarithm: float32, shape (R, N)

    def at(self, rate):
        """Return where in `rates` one stands, or the nearest one to it."""
        return int(np.abs(self.rates - rate).argmin())


def take_apart(model, batch, rates=RATES):
    """Compute a step's gradient, and what the step would make of the same batch at each rate; the model stays.

    CourseError says that the loss is not finite, before the step or after it.
    """
    inputs, labels = batch.tensors(next(model.parameters()).device)
    weights = dict(model.named_parameters())
    with thread_limit():
        loss = F.cross_entropy(model(inputs), labels)
        slopes = dict(zip(weights, torch.autograd.grad(loss, list(weights.values())), strict=True))
        with torch.no_grad():
            moved = [{name: weights[name] - rate * slopes[name] for name in weights} for rate in (0, *rates)]
            logits = torch.stack([torch.func.functional_call(model, each, inputs) for each in moved])
    losses = F.cross_entropy(logits.movedim(2, 1), labels.expand(len(logits), -1), reduction="none")
    if not losses.isfinite().all():
        raise CourseError("the loss is not finite: give a network that has not run away, such as LeNet(seed=0)")
    first, slope = weights["conv1.weight"].detach(), slopes["conv1.weight"]
    arrays = [each.cpu().numpy() for each in (first[:, 0], slope[:, 0], logits.softmax(dim=2), losses)]
    return Step(batch, *arrays[:2], np.array([0, *rates]), *arrays[2:])


def some_images(train, count=16, seed=1):
    """Return so many random images of a split as a batch: a `Split`."""
    chosen = np.random.default_rng(seed).integers(len(train), size=count)
    return Split("batch", train.pixels[chosen], train.labels[chosen])


def a_little_trained(train, steps=200):
    """Return a network after its first steps, by Adam at 0.01: it reads most digits, and has much to learn."""
    model, (inputs, labels) = LeNet(seed=0), train.tensors()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    with thread_limit():
        for chosen in torch.randint(len(inputs), (steps, 64), generator=torch.Generator().manual_seed(0)):
            training_step(model, inputs[chosen], labels[chosen], optimiser)
    return model


def one_step_figure(mnist=None, model=None):
    """Return a batch with its losses, kernels with their slopes, and the loss over the rate, as a figure.

    Parameters
    ----------
    mnist : MNIST, optional
        What is at hand when not given.
    model : LeNet, optional
        A network after 200 steps when not given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    train = (mnist or local_mnist()).train
    step = take_apart(model or a_little_trained(train), some_images(train))
    figure = Figure(figsize=(9, 4), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.7))
    titles = [f"loss {loss:.2f}" for loss in step.losses[0]]
    plots.digits(above.subplots(2, 8), step.batch.pixels, titles)
    left, right = below.subfigures(1, 2, width_ratios=(1.2, 1))
    for axes, name, values in zip(left.subplots(2, 6), ("kernel", "slopes"), (step.kernels, step.slopes), strict=True):
        limit = np.abs(values).max()
        for number, (ax, each) in enumerate(zip(axes, values, strict=True)):
            plots.signed_map(ax, each, limit, f"{name} {number}")
    ax = right.subplots()
    means = step.losses.mean(axis=1)
    curves = {"after a step": means[1:], "before it": np.full(len(means) - 1, means[0])}
    plots.lines(ax, step.rates[1:], curves, "learning rate", "loss of the batch", log="x")
    ax.set_ylim(0, max(3, 1.3 * means[0]))
    return figure
