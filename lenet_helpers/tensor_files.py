"""Files of tensors: read in bounded memory and without running code, written whole or not at all."""

import io
import warnings
from pathlib import Path

import torch

from lenet_helpers.files import written_whole


class NoTensors(ValueError):
    """The bytes of the file are not what `write_tensors` writes."""


def read_tensors(path, largest):
    """Read numbers, texts and tensors from the file at `path`.

    Parameters
    ----------
    path : path
    largest : int
        Bytes; a larger file is not read at all.

    Returns
    -------
    object
        What was written. Only plain values and tensors are read (``weights_only=True``):
        a file can't run code.

    Raises
    ------
    OSError
        The file can't be read.
    NoTensors
        It is too large, damaged, or something else.
    """
    path = Path(path)
    size = path.stat().st_size
    if size > largest:
        raise NoTensors(f"has {size:,} bytes, more than can be meant")
    content = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd pickles; what is wrong with them is said below
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever the damaged bytes lead to
        raise NoTensors("is damaged, or something else") from error


def write_tensors(value, path):
    """Write numbers, texts and tensors to `path`; an old file stays until the new one is complete.

    Raises
    ------
    OSError
        The file can't be written there.
    """
    with written_whole(path) as file:
        try:
            torch.save(value, file)
        except RuntimeError as error:  # torch reports a full disk so
            raise OSError(None, str(error)) from error
