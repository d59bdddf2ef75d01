"""Inference: read the digit in any picture that people really give.

Taught in notebook 05. `to_mnist` brings a picture into MNIST's form, `explain` shows how,
and `ImageClassifier` lets the network read it. How a picture is opened is the business of
`lenet_helpers.preparation.pictures`; how its ink is found, of `lenet_helpers.preparation.steps`.

Some pictures have more than one way into MNIST's form: is that stroke the foot of a 2, or a ruled
line? The preparation can't know and offers both. Here, `judge` lets the network read all of them and
takes the one that explains the picture best, an idea as old as LeNet itself: there the recogniser
judges what the segmenter proposes (LeCun et al., 1998, on over-segmentation).
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lenet_helpers.architecture import forward_in_batches, load_model
from lenet_helpers.data import CLASSES, to_input
from lenet_helpers.evaluation import doubt
from lenet_helpers.preparation import judging
from lenet_helpers.preparation.judging import steps_of
from lenet_helpers.preparation.pictures import ImageError, is_batch, read_image
from lenet_helpers.preparation.steps import Step, prepare
from lenet_helpers.system.devices import pick_device
from lenet_helpers.system.paths import COURSE, MODEL

__all__ = [
    "ImageClassifier",
    "ImageError",
    "Prediction",
    "Step",
    "at_slants",
    "explain",
    "imageClassifier",
    "occlusion",
    "probabilities_over_slants",
    "read_image",
    "to_mnist",
]

SURE, WHOLE = math.log(100), 0.9
"""With so much evidence (see `Judged`; odds of 100 to 1), a digit may touch the edge of the picture: people's digits
often do, and few are cut. Where it has so much of the ink as well, it is all that there is: one in pieces, no several.
"""


def judge(model, preparations):
    """What `lenet_helpers.preparation.judging.judge` makes of the ways of each picture with a network of torch."""
    return judging.judge(partial(_logits, model), preparations)


def evidence(model, pixels):
    """What `lenet_helpers.preparation.judging.evidence` says of the images, uint8 of shape (N, 28, 28)."""
    return judging.evidence(_logits(model, pixels))


def _logits(model, pixels):
    return logits_at_slants(model, to_input(pixels)).numpy()


@lru_cache(1)
def course_model():
    """The network of the course, loaded once."""
    return load_model(MODEL)


def _judged(image, model):
    """The ways of a picture, the best first. One alone needs no judge, and no network."""
    ways = prepare(image)
    if len(ways) == 1:
        return ways
    return [reading.way for reading in judge(model or course_model(), [ways])[0]]


def to_mnist(image, model=None):
    """Turn any picture of one digit into MNIST's form. Taught in notebook 05.

    Parameters
    ----------
    image : path, bytes, open file, PIL image, array or Tensor
        As for `read_image`; light on dark or dark on light.
    model : nn.Module, optional
        The network that judges where there is more than one way; the course's ``model.pth`` when not given.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
        0 = background, 255 = ink. A picture that has this form already is returned as it is, its negative inverted.

    Raises
    ------
    ImageError
        It is not a picture, or it is blank.
    """
    return _judged(image, model)[0].pixels


def explain(image, model=None):
    """Show every step that `to_mnist` takes. Taught in notebook 05.

    Parameters
    ----------
    image, model
        As for `to_mnist`.

    Returns
    -------
    list of Step
        In order; the picture of the last one is what the network sees. Where there was more than one
        way, the step "weighed" shows what the network was given to choose from.

    Raises
    ------
    ImageError
        It is not a picture, or it is blank.
    """
    return steps_of(judge(model or course_model(), [prepare(image)])[0])


@dataclass(frozen=True)
class Prediction:
    """What the network reads in one picture.

    Attributes
    ----------
    digit : int
        0..9, the most probable one.
    probabilities : ndarray of float32, shape (10,)
        Softmax of the logits, mean over five slants and three sizes (`probabilities_over_slants`); they sum to 1.
    pixels : ndarray of uint8, shape (28, 28)
        What the network saw: 0 = background, 255 = ink.
    warning : str or None
        Why the digit is doubtful: there is more than one digit, the ink is cut by the
        edge, two digits are nearly tied, or it looks like none.
    steps : list of Step
        How the picture came to be what the network saw, as `explain` shows it.
    """

    digit: int
    probabilities: np.ndarray
    pixels: np.ndarray = field(repr=False)
    warning: str | None = None
    steps: list = field(default_factory=list, repr=False)

    @property
    def confidence(self):
        """Probability of the digit, in [0, 1]."""
        return float(self.probabilities[self.digit])


class ImageClassifier:
    """Reads handwritten digits. Taught in notebook 05.

    The network reads each digit at five slants and three sizes, and the probabilities are averaged.

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
            return judge(self.model, [prepare(images)])[0][0].probabilities
        if not images:
            return np.empty((0, len(CLASSES)), np.float32)
        preparations = [_prepared(image, at) for at, image in enumerate(images)]
        return np.stack([readings[0].probabilities for readings in judge(self.model, preparations)])

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
        return prediction_of(judge(self.model, [prepare(image)])[0])

    def read(self, image):
        """Read all digits in one picture, in a row or in rows: a number. Taught at the end of notebook 05.

        What `predict` holds for a single digit is read as by `predict`.

        Parameters
        ----------
        image : picture
            Anything that `read_image` takes.

        Returns
        -------
        lenet_helpers.numbers.Reading
            Its text is empty where there is no digit.

        Raises
        ------
        ImageError
            The picture can't be read, or is blank.
        """
        from lenet_helpers.numbers import read_number

        return read_number(self.model, image)


def prediction_of(readings):
    """The `Prediction` of the best of some readings of one picture, with its warnings."""
    probabilities, evidence, way = readings[0].probabilities, readings[0].evidence, readings[0].way
    alone = evidence > SURE and way.kept > WHOLE
    doubts = ["there is more than one digit in the picture"] if way.several and not alone else []
    if way.contacts > 1 or (way.contacts and evidence < SURE):
        doubts.append("the digit touches the edge of the picture, so a part of it may be missing")
    if unsure := doubt(probabilities, evidence) or (way.no_digit and "it does not look like a digit"):
        doubts.append(unsure)
    warning = "; ".join(doubts)
    return Prediction(
        int(probabilities.argmax()),
        probabilities,
        way.pixels,
        warning[:1].upper() + warning[1:] or None,
        steps_of(readings),
    )


def _prepared(image, at):
    """`prepare` for the picture at a place of a list, which an error then names."""
    try:
        return prepare(image)
    except ImageError as error:
        raise ImageError(f"images[{at}]: {error}") from error


imageClassifier = ImageClassifier
"""The name under which the course first knew it."""

SLANTS = (-0.4, -0.2, 0.0, 0.2, 0.4)
"""How far the top row moves against the middle one, as a fraction of half the image."""

SIZES = (0.9, 1.0, 1.1)
"""How large the digit is drawn, as a factor."""

_AT_ONCE = 32  # fifteen copies of each are made: more at once only wait in memory


def at_slants(inputs, slants=SLANTS, size=1.0):
    """Return each image at each slant. Taught in notebook 05.

    A label does not depend on the slant of the hand, nor on the size of the digit, but the
    network's mistakes do: it may take an upright digit wrongly and the slanted one rightly.
    Averaged over such copies, chance mistakes lose their weight ("test-time augmentation").

    Parameters
    ----------
    inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
    slants : sequence of S floats
        0 leaves an image as it is; above 0, the top leans to the right.
    size : float
        Factor by which the image grows about its centre.

    Returns
    -------
    Tensor of float32, shape (S, N, 1, 28, 28), range [-1, 1]
    """
    return torch.stack([_slanted(inputs, slant, size) if slant or size != 1 else inputs for slant in slants])


def _slanted(inputs, slant, size):
    grid = _grid(slant, size, *inputs.shape[2:], inputs.device).expand(len(inputs), -1, -1, -1)
    return F.grid_sample(inputs + 1, grid, align_corners=False) - 1  # outside is background, -1


@lru_cache(32)
def _grid(slant, size, height, width, device):
    """Where each pixel of a slanted image is looked up: (1, H, W, 2), the same for all images."""
    # Each row of the result is looked up so far to the side; y runs downwards from -1 to 1.
    matrix = torch.tensor([[[1.0, slant, 0.0], [0.0, 1.0, 0.0]]], device=device) / size
    return F.affine_grid(matrix, (1, 1, height, width), align_corners=False)


def probabilities_over_slants(model, inputs, slants=SLANTS, sizes=SIZES):
    """Return the mean of the probabilities that `model` gives each image at each slant and size.

    Parameters
    ----------
    model : nn.Module
    inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
    slants, sizes : sequences of float
        As for `at_slants`.

    Returns
    -------
    Tensor of float64, shape (N, 10), on the CPU
        Each row sums to 1.
    """
    return logits_at_slants(model, inputs, slants, sizes).softmax(dim=2).mean(dim=0)


def logits_at_slants(model, inputs, slants=SLANTS, sizes=SIZES):
    """The logits that `model` gives each image in each of S copies: Tensor of float64, shape (S, N, 10), on the CPU."""
    parts = []
    for chunk in inputs.split(_AT_ONCE):
        copies = torch.cat([at_slants(chunk, slants, size) for size in sizes])
        parts.append(forward_in_batches(model, copies.flatten(0, 1)).unflatten(0, (len(copies), -1)))
    # In double precision, so that ten probabilities add up to 1 as well as float32 can tell. On the CPU,
    # because Apple's graphics cards have none.
    return torch.cat(parts, dim=1).cpu().double()


PATCH = 7
"""Side of the patch of `occlusion`, in pixels: as wide as two strokes."""


def occlusion(model, pixels, side=PATCH):
    """Cover each place of an image with a patch of background, and read what is left. Taught in notebook 05.

    Where the probability of the digit falls, the network looks (Zeiler and Fergus, 2014, "Visualizing and
    understanding convolutional networks").

    Parameters
    ----------
    model : nn.Module
    pixels : ndarray of uint8, shape (28, 28)
    side : int
        Of the patch, in pixels; odd.

    Returns
    -------
    ndarray of float32, shape (28, 28, 10)
        At each pixel the ten probabilities when the patch's middle lies there; each image is read once, upright.

    Raises
    ------
    ValueError
        The side is not odd, so that the patch has no middle.
    """
    if side < 1 or side % 2 == 0:
        raise ValueError(f"the side of the patch must be odd, so that it has a middle, not {side}")
    rows, columns = np.indices(pixels.shape)
    down, right = (abs(places.reshape(-1, 1, 1) - places) for places in (rows, columns))
    covered = np.where(np.maximum(down, right) <= side // 2, 0, pixels).astype(np.uint8)
    probabilities = forward_in_batches(model, to_input(covered)).softmax(dim=1)
    return probabilities.cpu().numpy().reshape(*pixels.shape, -1)
