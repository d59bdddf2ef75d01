"""The data: real MNIST, split three ways, as a Dataset or as whole tensors.

Taught in notebook 01. The words are the same everywhere: *pixels* are uint8 of
shape (N, 28, 28) with 0 = background and 255 = ink; *inputs* are float32 of shape
(N, 1, 28, 28) in [-1, 1]; *labels* are int64 of shape (N,) in 0..9.
"""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from lenet_helpers.system.download import RAW_FILES, TIME_LIMIT_SECONDS, ensure_raw_files
from lenet_helpers.system.paths import ASSETS, data_folder

CLASSES = tuple(range(10))
"""The ten classes. A class index is the digit itself."""


def article(digit):
    """Return what stands before a digit in a sentence: a 7, an 8."""
    return "an" if digit == 8 else "a"


VALIDATION_PER_CLASS = 500
"""The validation split is the first 500 images of each class of the training file."""

_SAMPLE_PER_CLASS = {"train": 350, "validation": 50, "test": 100}


class SampleNotice(UserWarning):
    """Says that the bundled sample stands in for MNIST, why, and what to do."""


@dataclass(frozen=True)
class Split:
    """One part of the data.

    Attributes
    ----------
    name : str
        "train", "validation" or "test".
    pixels : ndarray of uint8, shape (N, 28, 28)
        0 = background, 255 = ink.
    labels : ndarray of int64, shape (N,)
        0..9.
    writers : ndarray of int64, shape (N,), or None
        Who wrote each image, a number for each writer; None where nobody knows.

    Raises
    ------
    ValueError
        Pixels, labels and writers differ in length, so that they can't belong together.
    TypeError
        The labels are not whole numbers.

    Notes
    -----
    Tensors on any device and lists are taken as well, and become arrays.
    """

    name: str
    pixels: np.ndarray
    labels: np.ndarray
    writers: np.ndarray | None = None

    def __post_init__(self):
        _check_lengths(self.pixels, self.labels)
        if self.writers is not None:
            _check_lengths(self.pixels, self.writers, "writers")
            object.__setattr__(self, "writers", as_array(self.writers).astype(np.int64, copy=False))
        labels = as_array(self.labels)
        if labels.dtype.kind not in "iu":
            raise TypeError(f"labels must be whole numbers, not {labels.dtype}")
        object.__setattr__(self, "pixels", as_array(self.pixels))
        object.__setattr__(self, "labels", labels.astype(np.int64, copy=False))

    def __len__(self):
        return len(self.labels)

    def tensors(self, device="cpu"):
        """Return the whole split as tensors on `device`: the fast path of notebook 03.

        Returns
        -------
        inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
        labels : Tensor of int64, shape (N,)
        """
        # Moved once and as bytes, a quarter of what the inputs are.
        return to_input(torch.tensor(self.pixels, device=device)), torch.from_numpy(self.labels).to(device)


@dataclass(frozen=True)
class MNIST:
    """The three splits and where they came from.

    Attributes
    ----------
    train, validation, test : Split
    source : str
        One line to show beside every result.
    is_sample : bool
        True when this is the bundled sample of 5,000 images.
    """

    train: Split
    validation: Split
    test: Split
    source: str
    is_sample: bool


def load_mnist(root=None, *, download=True, time_limit=TIME_LIMIT_SECONDS, progress=True):
    """Load MNIST, downloading it when it is not there. Taught in notebook 01.

    The files are looked for in ``ROOT/MNIST/raw``, torchvision's layout, where ROOT
    is the argument, else the environment variable LENET_DATA, else ``data/`` in the
    course folder, or for an installed package the user's cache folder. They may also lie
    in ROOT itself, be packed (``.gz``), or have a dot in their names (``.idx3-ubyte``).
    Each file is verified by checksum before it is used. When MNIST can't be had, the
    bundled sample takes its place after one `SampleNotice`. Setting ROOT to the word
    ``sample`` asks for the sample, and then nothing is fetched.

    Parameters
    ----------
    root : path, optional
    download : bool
        False: never touch the network.
    time_limit : float
        Seconds that downloading may take before the sample is used instead.
    progress : bool
        Show a progress bar while downloading.

    Returns
    -------
    MNIST
        train 55,000, validation 5,000 and test 10,000 images; of the sample
        3,500, 500 and 1,000.

    Raises
    ------
    DataError
        A file is damaged and can't be moved aside, or the folder can't be written to.
    """
    root = Path(root or data_folder()).expanduser()
    if str(root) == "sample":
        return _load_sample("as asked for")
    raw = root / "MNIST" / "raw"
    try:
        contents = ensure_raw_files(raw, download, time_limit, progress)
    except ConnectionError as reason:
        return _load_sample(
            f"because {reason}. To use all of MNIST, connect to the network and run this again, "
            f"or put {', '.join(RAW_FILES)}, packed or not, into {raw}"
        )
    pixels, labels = _decode(contents["train-images-idx3-ubyte"], contents["train-labels-idx1-ubyte"])
    held_out = first_of_each_class(labels, VALIDATION_PER_CLASS)
    return MNIST(
        Split("train", pixels[~held_out], labels[~held_out]),
        Split("validation", pixels[held_out], labels[held_out]),
        Split("test", *_decode(contents["t10k-images-idx3-ubyte"], contents["t10k-labels-idx1-ubyte"])),
        source="full MNIST: 55,000 train, 5,000 validation, 10,000 test images",
        is_sample=False,
    )


def local_mnist(root=None):
    """Return MNIST where it is at hand, else the bundled sample; nothing is downloaded, and no notice given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SampleNotice)
        return load_mnist(root, download=False)


def as_array(values):
    """Return a tensor on any device, an array or a list as an ndarray; the memory is shared where it can be."""
    return values.detach().cpu().numpy() if torch.is_tensor(values) else np.asarray(values)


def _check_lengths(pixels, labels, what="labels"):
    if len(pixels) != len(labels):
        raise ValueError(f"{len(pixels)} images but {len(labels)} {what}: each image needs one of its own")


def first_of_each_class(labels, count):
    """Mark the first `count` samples of each class. Taught in notebook 01.

    A split made this way is stratified (every class weighs the same) and is the same
    for everybody, without a random seed.

    Parameters
    ----------
    labels : array of int, shape (N,)
    count : int

    Returns
    -------
    ndarray of bool, shape (N,)
        True at the first `count` positions of each class.

    Raises
    ------
    ValueError
        A class that occurs has fewer than `count` samples.
    """
    labels = as_array(labels)
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        positions = np.flatnonzero(labels == label)
        if len(positions) < count:
            raise ValueError(f"class {label} has only {len(positions)} samples, fewer than {count}")
        chosen[positions[:count]] = True
    return chosen


def to_input(pixels):
    """Turn pixels into what the network takes: ``(pixels / 255 - 0.5) / 0.5``.

    Taught in notebook 01.

    Parameters
    ----------
    pixels : array or Tensor of uint8, shape (N, 28, 28) or (28, 28)
        0 = background, 255 = ink. A single image becomes a batch of one.

    Returns
    -------
    Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]

    Raises
    ------
    TypeError
        The dtype is not uint8: a float image may already be scaled, and scaling it
        twice is a mistake that nobody sees.
    ValueError
        The shape is not (N, 28, 28) or (28, 28).
    """
    # A copy, because torch must not share memory with a read-only array.
    pixels = pixels if torch.is_tensor(pixels) else torch.tensor(np.asarray(pixels))
    if pixels.dtype != torch.uint8:
        raise TypeError(f"pixels must be uint8 in 0..255, not {str(pixels.dtype).removeprefix('torch.')}")
    if pixels.ndim not in (2, 3) or tuple(pixels.shape[-2:]) != (28, 28):
        raise ValueError(f"pixels must have shape (N, 28, 28) or (28, 28), not {tuple(pixels.shape)}")
    values = pixels.reshape(-1, 1, 28, 28).float()
    # By a tensor: by a Python number, a graphics card multiplies with the reciprocal, which rounds differently.
    return values.div_(values.new_full((), 255)).sub_(0.5).div_(0.5)


class MNISTDataset(Dataset):
    """Pixels and labels as a `torch.utils.data.Dataset`. Taught in notebook 01.

    The course's original way to the network: one image at a time, through any
    transform, inside a `DataLoader` (also with workers).

    Parameters
    ----------
    pixels : array of uint8, shape (N, 28, 28)
    labels : array of int, shape (N,)
    transform : callable, optional
        Takes a PIL image of mode L and 28×28 pixels, such as `original_transform`.
        Without one, an item is the normalised tensor of shape (1, 28, 28).

    Raises
    ------
    ValueError
        Pixels and labels differ in length.
    """

    def __init__(self, pixels, labels, transform=None):
        _check_lengths(pixels, labels)
        self.pixels, self.labels = as_array(pixels), as_array(labels)
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        label = int(self.labels[index])
        if self.transform is None:
            return to_input(self.pixels[index])[0], label
        return self.transform(Image.fromarray(self.pixels[index])), label


def original_transform():
    """Return the course's original chain: Resize, ToTensor, Normalize(0.5, 0.5).

    Taught in notebook 01. For a 28×28 image its result equals `to_input`.

    Returns
    -------
    torchvision.transforms.Compose
        Takes a PIL image, gives a float32 tensor of shape (1, 28, 28) in [-1, 1].
    """
    from torchvision import transforms  # 2 s to import, and only the original way needs it

    return transforms.Compose(
        [transforms.Resize((28, 28)), transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
    )


def _decode(image_bytes, label_bytes):
    """Arrays from the content of an image file and a label file (IDX format).

    The headers (16 and 8 bytes) need no parsing: the checksum has fixed every byte.
    """
    pixels = np.frombuffer(image_bytes, np.uint8, offset=16).reshape(-1, 28, 28)
    labels = np.frombuffer(label_bytes, np.uint8, offset=8).astype(np.int64)
    return pixels, labels


@contextmanager
def _warnings_without_place():
    """Warnings that are shown as what they say: in a notebook, file, line and class in front are only noise."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f"{message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before


def _load_sample(reason):
    """The 5,000 images of the validation split, parted into three, after a notice."""
    with np.load(ASSETS / "mnist_sample.npz") as sample:
        pixels, labels = sample["pixels"], sample["labels"].astype(np.int64)
    sizes = {name: 10 * count for name, count in _SAMPLE_PER_CLASS.items()}
    source = "bundled sample of MNIST: " + ", ".join(f"{size:,} {name}" for name, size in sizes.items()) + " images"
    with _warnings_without_place():
        warnings.warn(f"Using the {source}, {reason}.", SampleNotice, stacklevel=3)
    splits, start = {}, np.zeros(len(labels), dtype=bool)
    end = 0
    for name, count in _SAMPLE_PER_CLASS.items():
        end += count
        until = first_of_each_class(labels, end)
        splits[name] = Split(name, pixels[until & ~start], labels[until & ~start])
        start = until
    return MNIST(**splits, source=source, is_sample=True)
