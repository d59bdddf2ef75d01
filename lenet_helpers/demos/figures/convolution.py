"""The convolution explorer: a kernel, its stride and its padding, and what they make of a digit. Notebook 02."""

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.data import to_input
from lenet_helpers.demos.figures.layers import sample_pixels
from lenet_helpers.inference import ImageClassifier

KINDS = ("horizontal edge", "vertical edge", "outline", "blur", "sharpen", "unchanged")
"""Kernels that are made for each of the `SIZES`."""

LEARNED = tuple(f"learned {number}" for number in range(1, 7))
"""Those of conv1, 5 × 5."""

SIZES = (1, 3, 5, 7)


def kernel_of(kind, size, model=None):
    """Return a kernel by its name, float32 (size, size); learned ones are 5 × 5. ValueError names what there is."""
    if kind in LEARNED:
        weight = (model or ImageClassifier().model).conv1.weight
        return weight[LEARNED.index(kind), 0].detach().cpu().numpy().copy()
    if kind not in KINDS:
        raise ValueError(f"there is no kernel {kind!r}; choose from {', '.join(KINDS + LEARNED)}")
    if size not in SIZES:
        raise ValueError(f"a kernel's side is one of {', '.join(map(str, SIZES))}, not {size}")
    middle = size // 2
    one = np.zeros((size, size), np.float32)
    one[middle, middle] = 1
    blur = np.full((size, size), 1 / size**2, np.float32)
    slope = np.sign(np.arange(size) - middle).astype(np.float32)[:, None].repeat(size, axis=1) / size
    return {
        "horizontal edge": slope,
        "vertical edge": slope.T.copy(),
        "outline": one - blur,
        "blur": blur,
        "sharpen": 2 * one - blur,
        "unchanged": one,
    }[kind]


def convolve(pixels, kernel, stride=1, padding=0):
    """Slide a kernel, float32 (K, K), over a digit, uint8 (28, 28), as a layer of torch does: float32 (H, W)."""
    weight = torch.from_numpy(kernel)[None, None]
    return F.conv2d(to_input(pixels), weight, stride=stride, padding=padding)[0, 0].numpy()


def convolution_figure(classifier=None, pixels=None, kinds=("horizontal edge", "vertical edge", "blur", "sharpen")):
    """Return a digit beside what several kernels make of it, as a figure.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        For the learned kernels; the course's ``model.pth`` when not given.
    pixels : ndarray of uint8, shape (28, 28), optional
        A sample digit when not given.
    kinds : sequence of str
        Names of kernels, see `kernel_of`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pixels = sample_pixels(5) if pixels is None else pixels
    model = (classifier or ImageClassifier()).model
    figure = Figure(figsize=(1.9 * (len(kinds) + 1), 2.2), layout="constrained")
    first, *rest = figure.subplots(1, len(kinds) + 1)
    plots.digit(first, pixels, "input, 28×28")
    for ax, kind in zip(rest, kinds, strict=True):
        output = convolve(pixels, kernel_of(kind, 5, model))
        plots.feature_map(ax, output, f"{kind}, {output.shape[0]}×{output.shape[1]}")
    return figure
