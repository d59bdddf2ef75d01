"""The convolution explorer: a kernel, its stride and its padding, and what they make of a digit. Notebook 02."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.architecture import conv_output_size
from lenet_helpers.data import to_input
from lenet_helpers.demos.figures.layers import sample_pixels
from lenet_helpers.inference import ImageClassifier

KINDS = ("horizontal edge", "vertical edge", "outline", "blur", "sharpen", "unchanged")
"""Kernels that are made for any size. "learned 1" to "learned 6" are those of conv1."""


def kernel_of(kind, size, model=None):
    """Return a kernel by its name, float32 (size, size); learned ones are 5 × 5. ValueError names what there is."""
    if kind.startswith("learned ") and kind[8:] in ("1", "2", "3", "4", "5", "6"):
        weight = (model or ImageClassifier().model).conv1.weight
        return weight[int(kind[8:]) - 1, 0].detach().cpu().numpy().copy()
    if kind not in KINDS:
        raise ValueError(f"there is no kernel {kind!r}; choose from {', '.join(KINDS)}, learned 1 to learned 6")
    if size not in (1, 3, 5, 7, 9):
        raise ValueError(f"a kernel's side is 1, 3, 5, 7 or 9, not {size}")
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


@dataclass(frozen=True)
class Convolved:
    """What a convolution makes of one image.

    Attributes
    ----------
    output : ndarray of float32, shape (H, W), or None
        None where the kernel does not fit.
    formula : str
        From which numbers the output's side follows, and the side.
    """

    output: np.ndarray | None
    formula: str


def convolve(pixels, kernel, stride=1, padding=0):
    """Slide a kernel over a digit, uint8 (28, 28): a `Convolved`.

    Padding adds −1, the input's background, so that no frame appears where there is none (a layer of torch adds zeros).
    """
    size, side = len(kernel), pixels.shape[0]
    text = (
        f"an input of {side}, a kernel of {size}, stride {stride}, padding {padding}"  # how it follows is exercise 2.1
    )
    try:
        expected = conv_output_size(side, size, stride, padding)
    except ValueError as error:
        return Convolved(None, f"{text}: {error}")
    padded = F.pad(to_input(pixels), (padding,) * 4, value=-1.0)
    output = F.conv2d(padded, torch.from_numpy(kernel)[None, None], stride=stride)[0, 0].numpy()
    return Convolved(output, f"{text} = {expected}")


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
        output = convolve(pixels, kernel_of(kind, 5, model), padding=2).output
        plots.feature_map(ax, output, f"{kind}, {output.shape[0]}×{output.shape[1]}")
    return figure
