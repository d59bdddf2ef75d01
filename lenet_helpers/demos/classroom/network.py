"""The network without torch: its forward pass in NumPy, for a server that shall be small.

Torch takes several times the memory of all else that a class needs. So a process of its own loads the model with it,
hands over what `parts` gives, and ends.
"""

import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.paths import PACKAGE


class Network:
    """Reads digits as `ImageClassifier` does.

    Parameters
    ----------
    layers : list of (ndarray, ndarray)
        Weight and bias of each layer that has some, in order.
    places, shares : ndarray, shape (S, 4, 784)
        For each pixel of the S copies at several slants and sizes: of which four pixels it is mixed, and of how much
        of each.
    """

    def __init__(self, layers, places, shares):
        self.layers, self.places, self.shares = layers, places, shares

    def logits(self, pixels):
        """Return the ten logits of each copy of N images, uint8 of shape (N, 28, 28): float64, shape (S, N, 10)."""
        return np.stack([self._logits(image) for image in pixels], axis=1)

    def _logits(self, image):
        conv1, conv2, *hidden, last = self.layers
        ink = image.ravel() / np.float32(127.5)
        copies = (ink[self.places] * self.shares).sum(axis=1) - 1  # in the network's range: beside them is background
        maps = copies.reshape(-1, 1, 28, 28)
        maps = _pool(_convolve(np.pad(maps, [(0, 0), (0, 0), (2, 2), (2, 2)]), *conv1))
        maps = _pool(_convolve(maps, *conv2))
        values = maps.mean(axis=(2, 3))
        for weight, bias in hidden:
            values = np.maximum(values @ weight.T + bias, 0)
        return (values @ last[0].T + last[1]).astype(np.float64)


def _convolve(maps, weight, bias):
    """Convolution, then ReLU: (N, C, H, W) with kernels of (K, C, h, w) makes (N, K, H - h + 1, W - w + 1)."""
    windows = sliding_window_view(maps, weight.shape[2:], axis=(2, 3))
    count, _, height, width, *_ = windows.shape
    columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(count, -1, height * width)
    # A product for each of the N: they are too small to be shared among threads, which would wait for each other.
    sums = weight.reshape(len(weight), -1) @ columns + bias[:, None]
    return np.maximum(sums, 0).reshape(count, -1, height, width)


def _pool(maps):
    count, channels, height, width = maps.shape
    return maps.reshape(count, channels, height // 2, 2, width // 2, 2).mean(axis=(3, 5))


def parts(model):
    """Load a model with torch; return what `Network` is made of, and for the tablets that of `static/classifier.js`.

    Where the slants are computed stays one place: they mix pixels by the same shares in every image, so an image of
    each single pixel tells these.
    """
    import torch

    from lenet_helpers.architecture import load_model
    from lenet_helpers.demos.take_home import network_for_page, pad_for_page
    from lenet_helpers.inference import SIZES, at_slants

    model = load_model(model)
    single = torch.eye(784).reshape(-1, 1, 28, 28) - 1
    copies = torch.cat([at_slants(single, size=size) for size in SIZES]) + 1
    shares, places = copies.flatten(2).topk(4, dim=1)
    arrays = [each.numpy() for each in model.state_dict().values()]
    layers = list(zip(arrays[::2], arrays[1::2], strict=True))
    return (layers, places.numpy(), shares.numpy()), {**network_for_page(model), **pad_for_page()}


def parts_apart(model):
    """Return what `parts` does, from a process of its own.

    Raises
    ------
    ModelError
        The model can't be used.
    CourseError
        The process was ended.
    """
    command = [sys.executable, "-m", __name__, str(Path(model).absolute())]
    # In a session of its own: Ctrl-C is for the server, which waits for this.
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=PACKAGE.parent, start_new_session=True, check=False)
    if done.returncode:
        raise CourseError(f"{model} was not loaded: the process that did it was ended. Is there memory left?")
    answer, notes = pickle.loads(done.stdout)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    if isinstance(answer, CourseError):
        raise answer
    return answer


if __name__ == "__main__":
    with warnings.catch_warnings(record=True) as told:
        try:
            answer = parts(sys.argv[1])
        except CourseError as error:
            answer = error
    pickle.dump((answer, [str(each.message) for each in told]), sys.stdout.buffer)
