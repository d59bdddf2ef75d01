"""The convolution explorer, live."""

import html

import ipywidgets as widgets

from lenet_helpers.demos.figures.convolution import KINDS, convolve, kernel_of
from lenet_helpers.demos.figures.layers import sample_pixels
from lenet_helpers.demos.figures.maps import colours, enlarge, ink
from lenet_helpers.demos.live.parts import Picture, Slider, column, png_of, row, text
from lenet_helpers.inference import ImageClassifier

_SIDE = 23  # of the input, in em
LEARNED = tuple(f"learned {number}" for number in range(1, 7))


class Convolution(widgets.HBox):
    """Kernel, stride and padding to choose; input and output side by side. Taught in notebook 02.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        For the learned kernels; the course's ``model.pth`` when not given.
    pixels : ndarray of uint8, shape (28, 28), optional
        A sample digit when not given.

    Attributes
    ----------
    kind, digit : Dropdown
    size, stride, padding : Slider
    output : Picture
    formula : HTML
    """

    def __init__(self, classifier=None, pixels=None):
        self.model = (classifier or ImageClassifier()).model
        own = () if pixels is None else (("yours", -1),)
        self._pixels = pixels
        self.digit = widgets.Dropdown(options=[*own, *((str(d), d) for d in range(10))], description="Digit")
        self.digit.value = 5 if pixels is None else -1
        self.kind = widgets.Dropdown(options=[*KINDS, *LEARNED], value="horizontal edge", description="Kernel")
        self.size = Slider("Kernel size", 3, 1, 9, 2)
        self.stride = Slider("Stride", 1, 1, 4)
        self.padding = Slider("Padding", 0, 0, 4)
        self.formula = text()
        self.input = Picture("The input, a digit", "Input, 28×28", _SIDE)
        self.kernel = Picture("The kernel", "Kernel", 10)
        self.output = Picture("The output of the convolution", "Output", _SIDE)
        for each in (self.digit, self.kind, self.size, self.stride, self.padding):
            each.observe(self._show, names="value")
        self._show()
        controls = row(column(self.digit, self.kind), column(self.size, self.stride, self.padding))
        pictures = row(self.input, self.kernel, self.output, wrap="nowrap")
        super().__init__([column(controls, self.formula, pictures)])
        self.add_class("lenet-box")

    def _show(self, _=None):
        digit = self.digit.value
        pixels = self._pixels if digit < 0 else sample_pixels(digit)
        learned = self.kind.value in LEARNED
        self.size.disabled = learned  # which are 5 × 5
        if learned:
            self.size.value = 5
        kernel = kernel_of(self.kind.value, int(self.size.value), self.model)
        result = convolve(pixels, kernel, int(self.stride.value), int(self.padding.value))
        self.formula.value = f"Side of the output: {html.escape(result.formula)}"
        self.input.show(enlarge(ink(pixels), 8))
        limit = max(abs(kernel).max(), 1e-9)
        self.kernel.png = png_of(enlarge(colours(kernel, (-limit, limit)), max(1, 108 // len(kernel))))
        self.kernel.caption = f"Kernel, {len(kernel)}×{len(kernel)}, bright is positive"
        self.result = result
        if result.output is None:
            self.output.show(enlarge(colours([[0.0]]), 8))
            self.output.caption = "No output: the kernel does not fit"
            return
        side = len(result.output)
        self.output.png = png_of(enlarge(colours(result.output), max(1, round(224 / side))))
        self.output.width = max(2, _SIDE * side / 28)
        self.output.caption = f"Output, {side}×{side}, bright is large"
