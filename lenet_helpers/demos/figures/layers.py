"""What the layers see: the feature maps of one digit after each stage. Notebooks 02 and 05."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.architecture import load_model, trace
from lenet_helpers.data import to_input
from lenet_helpers.demos.figures.maps import tile
from lenet_helpers.drawing.strokes import draw_strokes, sample_digit
from lenet_helpers.preparation.steps import prepare
from lenet_helpers.system.devices import thread_limit
from lenet_helpers.system.paths import MODEL

# Layer -> columns of its tile, and how many pixels a number is enlarged to.
STAGES = {"relu1": (6, 3), "pool1": (6, 6), "relu2": (8, 6), "pool2": (8, 12), "average": (16, 15), "fc3": (10, 21)}

NAMES = {
    "relu1": "conv1 and ReLU: 6 maps of 28×28",
    "pool1": "pool1: 6 maps of 14×14",
    "relu2": "conv2 and ReLU: 16 maps of 10×10",
    "pool2": "pool2: 16 maps of 5×5",
    "average": "average: 16 numbers",
    "fc3": "fc3: 10 logits",
}


@dataclass(frozen=True)
class Stage:
    """What one stage makes of a digit."""

    name: str
    title: str
    values: np.ndarray  # float32, shape (C, H, W); the 16 averages and the 10 logits are maps of one number each

    def picture(self):
        """All maps as one picture, on one scale: ndarray of uint8, shape (H, W, 3)."""
        columns, factor = STAGES[self.name]
        return tile(self.values, columns, factor)


def stages(model, pixels):
    """Return what each stage makes of a digit, uint8 (28, 28): a list of `Stage`, in the order of `STAGES`."""
    device = next(model.parameters()).device
    with thread_limit():
        outputs = {row.name: row.output[0] for row in trace(model, to_input(pixels).to(device))}
    shapes = {name: outputs[name].cpu().numpy() for name in STAGES}
    shapes["fc3"] = shapes["fc3"].reshape(10, 1, 1)
    return [Stage(name, NAMES[name], shapes[name]) for name in STAGES]


@lru_cache
def sample_pixels(digit):
    """Return a sample digit in MNIST's form: ndarray of uint8, shape (28, 28), not to be written to."""
    way = prepare(draw_strokes(sample_digit(digit)))[0]  # no outline: nothing in it is to be filled
    pixels = way.pixels
    pixels.flags.writeable = False
    return pixels


def layers_figure(classifier=None, pixels=None):
    """Return what the layers see as a figure: one row for each stage.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    pixels : ndarray of uint8, shape (28, 28), optional
        A sample digit when not given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    model = classifier.model if classifier else load_model(MODEL)
    pixels = sample_pixels(7) if pixels is None else pixels
    figure = Figure(figsize=(8, 5.6), layout="constrained")
    axes = figure.subplots(7, 1, height_ratios=(25, 25, 25, 10, 10, 10, 16))
    plots.map_row(axes[0], to_input(pixels)[0], "input")
    for ax, stage in zip(axes[1:], stages(model, pixels), strict=True):
        names = range(10) if stage.name == "fc3" else ()
        plots.map_row(ax, stage.values, stage.title.split(":")[0], names)
    return figure
