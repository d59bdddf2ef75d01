"""The convolution explorer, live."""

import base64

import numpy as np
import traitlets as t

from lenet_helpers.demos.figures.convolution import KINDS, LEARNED, SIZES, convolve, kernel_of
from lenet_helpers.demos.figures.layers import sample_pixels
from lenet_helpers.demos.live.parts import Part
from lenet_helpers.demos.take_home import inlined
from lenet_helpers.inference import ImageClassifier


class Convolution(Part):
    """A digit, a kernel, and what it makes of each window: to point at, and to change. Taught in notebook 02.

    The front end computes what it shows, with no message to this process and back.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        For the learned kernels; the course's ``model.pth`` when not given.
    pixels : ndarray of uint8, shape (28, 28), optional
        A sample digit when not given.

    Attributes
    ----------
    digit : str
        "0" to "9", or "yours".
    kernel : list of list of float
        Its rows, as they are in the browser.
    stride, padding : int
    """

    _esm = inlined("convolution.js")

    digits = t.Dict(help="the pixels of each, in base64").tag(sync=True)
    kernels = t.Dict(help="those to choose from: by name, then by size").tag(sync=True)
    digit = t.Unicode().tag(sync=True)
    kernel = t.List().tag(sync=True)
    stride = t.Int(1, min=1, max=4).tag(sync=True)
    padding = t.Int(0, min=0, max=4).tag(sync=True)

    def __init__(self, classifier=None, pixels=None):
        model = (classifier or ImageClassifier()).model
        self._pixels = {} if pixels is None else {"yours": pixels}
        self._pixels |= {str(digit): sample_pixels(digit) for digit in range(10)}
        kernels = {kind: {str(size): kernel_of(kind, size).tolist() for size in SIZES} for kind in KINDS}
        kernels |= {kind: {"5": kernel_of(kind, 5, model).tolist()} for kind in LEARNED}
        super().__init__(
            digits={name: base64.b64encode(bytes(each)).decode() for name, each in self._pixels.items()},
            kernels=kernels,
            digit="5" if pixels is None else "yours",
            kernel=kernels["horizontal edge"]["3"],
        )
        self.add_class("lenet-box")

    @property
    def output(self):
        """What the browser shows: ndarray of float32, shape (H, W)."""
        return convolve(self._pixels[self.digit], np.float32(self.kernel), self.stride, self.padding)

    @t.validate("digit")
    def _known(self, proposal):
        if proposal["value"] not in self.digits:
            raise t.TraitError(f"there is no digit {proposal['value']!r}; choose from {', '.join(self.digits)}")
        return proposal["value"]

    @t.validate("kernel")
    def _square(self, proposal):
        rows = proposal["value"]
        if len(rows) not in SIZES or any(len(row) != len(rows) for row in rows):
            raise t.TraitError(f"a kernel is a square of numbers, its side one of {', '.join(map(str, SIZES))}")
        return rows
