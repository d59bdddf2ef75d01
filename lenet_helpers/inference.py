"""Inference: read the digit in any picture that people really give.

Taught in notebook 05. `to_mnist` brings a picture into MNIST's form, `explain` shows how,
and `ImageClassifier` lets the network read it. How a picture is opened is the business of
`lenet_helpers.preparation.pictures`; how its ink is found, of `lenet_helpers.preparation.steps`.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lenet_helpers.architecture import forward_in_batches, load_model
from lenet_helpers.data import CLASSES, article, to_input
from lenet_helpers.preparation.pictures import ImageError, is_batch, read_image
from lenet_helpers.preparation.steps import Step, explain, prepare, to_mnist
from lenet_helpers.system.devices import pick_device
from lenet_helpers.system.paths import COURSE

__all__ = [
    "ImageClassifier",
    "ImageError",
    "Prediction",
    "Step",
    "at_slants",
    "explain",
    "imageClassifier",
    "probabilities_over_slants",
    "read_image",
    "to_mnist",
]

NEARLY_TIED = 0.2
"""Two digits whose probabilities differ by less than this are called nearly tied."""


@dataclass(frozen=True)
class Prediction:
    """What the network reads in one picture.

    Attributes
    ----------
    digit : int
        0..9, the most probable one.
    probabilities : ndarray of float32, shape (10,)
        Softmax of the logits, mean over five slants (`probabilities_over_slants`); they sum to 1.
    pixels : ndarray of uint8, shape (28, 28)
        What the network saw: 0 = background, 255 = ink.
    warning : str or None
        Why the digit is doubtful: there is more than one digit, the ink is cut by the
        edge, or two digits are nearly tied.
    """

    digit: int
    probabilities: np.ndarray
    pixels: np.ndarray = field(repr=False)
    warning: str | None = None

    @property
    def confidence(self):
        """Probability of the digit, in [0, 1]."""
        return float(self.probabilities[self.digit])


class ImageClassifier:
    """Reads handwritten digits. Taught in notebook 05.

    The network reads each digit at five slants, and the probabilities are averaged.

    Parameters
    ----------
    path_or_model : path or nn.Module
        A file of weights, as written by `save_model`, or a network. A file that is not in
        the working directory is also looked for in the course folder.
    device : torch.device or str, optional
        Where the network runs. By default, a network stays where it is, and a file's
        goes where `pick_device` says.

    Raises
    ------
    ModelError
        There is no such file, or it does not hold the weights of a LeNet.

    Examples
    --------
    >>> ImageClassifier("model.pth").predict("test.png")
    5
    """

    def __init__(self, path_or_model="model.pth", device=None):
        if isinstance(path_or_model, nn.Module):
            self.model = path_or_model if device is None else path_or_model.to(device)
        else:
            path = Path(path_or_model).expanduser()
            if not path.exists() and (COURSE / path).exists():
                path = COURSE / path  # notebooks run from any working directory
            self.model = load_model(path, device or pick_device())
        self.model.eval()

    def predict(self, images):
        """Read the digit in a picture, or in each picture of a list.

        Parameters
        ----------
        images : picture, or list, tuple or batch of pictures
            A picture is anything that `read_image` takes. An array or a Tensor is a batch when
            it has the shape (N, 28, 28), except for N = 1, or four dimensions.

        Returns
        -------
        int, or list of int
            A list for a list, a tuple or a batch, also for one of length 1 or 0.

        Raises
        ------
        ImageError
            A picture can't be read, or is blank.
        """
        return self.predict_proba(images).argmax(axis=-1).tolist()

    def predict_proba(self, images):
        """Return the probability of each digit, for a picture or for each picture of a list.

        Returns
        -------
        ndarray of float32, shape (10,), or (N, 10) for a list, a tuple or a batch
            Each row sums to 1.

        Raises
        ------
        ImageError
            A picture can't be read, or is blank.
        """
        if is_batch(images):
            images = list(images)
        if not isinstance(images, list | tuple):
            return self._probabilities(to_mnist(images)[None])[0]
        if not images:
            return np.empty((0, len(CLASSES)), np.float32)
        return self._probabilities(np.stack([_prepared(image, at) for at, image in enumerate(images)]))

    def classify(self, image):
        """Read one picture, and say what the network saw and how doubtful it is.

        Returns
        -------
        Prediction

        Raises
        ------
        ImageError
            The picture can't be read, or is blank.
        """
        preparation = prepare(image)
        probabilities = self._probabilities(preparation.pixels[None])[0]
        doubts = list(preparation.doubts)
        second, first = np.argsort(probabilities)[-2:]
        if probabilities[first] - probabilities[second] < NEARLY_TIED:
            doubts.append(f"it may also be {article(second)} {second}")
        warning = "; ".join(doubts)
        return Prediction(int(first), probabilities, preparation.pixels, warning[:1].upper() + warning[1:] or None)

    def _probabilities(self, pixels):
        return probabilities_over_slants(self.model, to_input(pixels)).cpu().float().numpy()


def _prepared(image, at):
    """`to_mnist` for the picture at a place of a list, which an error then names."""
    try:
        return to_mnist(image)
    except ImageError as error:
        raise ImageError(f"images[{at}]: {error}") from error


imageClassifier = ImageClassifier
"""The name under which the course first knew it."""

SLANTS = (-0.4, -0.2, 0.0, 0.2, 0.4)
"""How far the top row moves against the middle one, as a fraction of half the image."""


_AT_ONCE = 1000  # bounds the memory


def at_slants(inputs, slants=SLANTS):
    """Return each image at each slant. Taught in notebook 05.

    A label does not depend on the slant of the hand, but the network's mistakes do: it may
    take an upright digit wrongly and the slanted one rightly. Averaged over copies at several
    slants, such chance mistakes lose their weight ("test-time augmentation").

    Parameters
    ----------
    inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
    slants : sequence of S floats
        0 leaves an image as it is; above 0, the top leans to the right.

    Returns
    -------
    Tensor of float32, shape (S, N, 1, 28, 28), range [-1, 1]
    """
    return torch.stack([_slanted(inputs, slant) if slant else inputs for slant in slants])


def _slanted(inputs, slant):
    grid = _grid(slant, *inputs.shape[2:], inputs.device).expand(len(inputs), -1, -1, -1)
    return F.grid_sample(inputs + 1, grid, align_corners=False) - 1  # outside is background, -1


@lru_cache(32)
def _grid(slant, height, width, device):
    """Where each pixel of a slanted image is looked up: (1, H, W, 2), the same for all images."""
    # Each row of the result is looked up so far to the side; y runs downwards from -1 to 1.
    matrix = torch.tensor([[[1.0, slant, 0.0], [0.0, 1.0, 0.0]]], device=device)
    return F.affine_grid(matrix, (1, 1, height, width), align_corners=False)


def probabilities_over_slants(model, inputs, slants=SLANTS):
    """Return the mean of the probabilities that `model` gives each image at each slant.

    Parameters
    ----------
    model : nn.Module
    inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
    slants : sequence of float

    Returns
    -------
    Tensor of float64, shape (N, 10), on the CPU
        Each row sums to 1.
    """
    means = []
    for chunk in inputs.split(_AT_ONCE):
        logits = forward_in_batches(model, at_slants(chunk, slants).flatten(0, 1))
        # In double precision, so that the ten numbers add up to 1 as well as float32 can tell. On
        # the CPU, because Apple's graphics cards have none.
        means.append(logits.cpu().softmax(dim=1, dtype=torch.float64).view(len(slants), len(chunk), -1).mean(dim=0))
    return torch.cat(means)
