"""What a class has written as a split: for the lesson on its own handwriting. Taught in notebook 04."""

from pathlib import Path, PurePosixPath

import numpy as np

from lenet_helpers.data import CLASSES, Split
from lenet_helpers.drawing.hands import Writer
from lenet_helpers.drawing.strokes import draw_strokes
from lenet_helpers.inference import ImageError, to_mnist
from lenet_helpers.preparation.folder import read_labels

WRITERS, EACH = 60, 10
"""Of the class that the course draws: so many writers, and so many digits of each."""


def load_class(folder=None, model=None):
    """Return the digits of a class, in MNIST's form, with their writers. Taught in notebook 04.

    Parameters
    ----------
    folder : path, optional
        What ``lenet class`` has written, or another folder with a ``labels.csv`` and a folder for each writer. Without
        one, the course draws a class of 60 with 10 digits each, the same every time.
    model : nn.Module, optional
        The network that judges where there is more than one way into MNIST's form, as for `to_mnist`.

    Returns
    -------
    Split
        Its name says where the digits come from. ``writers`` are numbers from 0 on, in the order of the folders' names.

    Raises
    ------
    FolderError
        There is no ``labels.csv``, or it is damaged.
    ImageError
        A picture can't be read, or is blank; the message names it.
    """
    if folder is None:
        name, pictures, labels, writers = "digits that the course drew, not your class's", *_drawn()
    else:
        folder = Path(folder).expanduser()
        paths, labels = zip(*read_labels(folder), strict=True)
        name, pictures = f"the class in {folder.name}", [folder / path for path in paths]
        _, writers = np.unique([str(PurePosixPath(path).parent) for path in paths], return_inverse=True)
    pixels = np.stack([_prepared(picture, model) for picture in pictures])
    return Split(name, pixels, np.array(labels), writers)


def _drawn():
    pictures, labels, writers = [], [], []
    for number in range(WRITERS):
        writer = Writer(np.random.default_rng([number, 0xC1A55]))
        for digit in CLASSES * (EACH // len(CLASSES)):
            pictures.append(draw_strokes(writer.write(digit)))
            labels.append(digit)
            writers.append(number)
    return pictures, labels, writers


def _prepared(picture, model):
    try:
        return to_mnist(picture, model)
    except ImageError as error:
        raise ImageError(f"{picture}: {error}" if str(picture) not in str(error) else str(error)) from error
