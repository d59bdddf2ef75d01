"""What the layers see, live."""

import ipywidgets as widgets

from lenet_helpers.demos.figures.data import local_mnist
from lenet_helpers.demos.figures.layers import NAMES, sample_pixels, stages
from lenet_helpers.demos.figures.maps import enlarge, ink
from lenet_helpers.demos.live.parts import Pad, Picture, Upload, column, png_of, row, text
from lenet_helpers.drawing.strokes import draw_strokes
from lenet_helpers.inference import ImageClassifier, ImageError, to_mnist

_WIDTHS = {"relu1": 31, "pool1": 31, "relu2": 25, "pool2": 25, "average": 20, "fc3": 17}  # in em
_DIGITS = "".join(f"<span>{digit}</span>" for digit in range(10))


class Layers(widgets.HBox):
    """A digit (drawn, of MNIST, or uploaded), and what each layer makes of it. Taught in notebooks 02 and 05.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    pixels : ndarray of uint8, shape (28, 28), optional
        To begin with; a sample digit when not given.
    mnist : MNIST, optional
        Whose test digits to show; what is at hand when not given.
    keep : str
        See `Pad.keep`.

    Attributes
    ----------
    pad : Pad
    another : Button
        Shows another test digit.
    upload : Upload
    pictures : dict of str to Picture
        One for each stage.
    pixels : ndarray of uint8, shape (28, 28)
        What is shown.
    """

    def __init__(self, classifier=None, pixels=None, mnist=None, keep=""):
        self.model = (classifier or ImageClassifier()).model
        self._mnist, self._next = mnist, 0
        self.pad = Pad(keep=keep, size=17)
        self.another = widgets.Button(description="A test digit")
        self.upload = Upload()
        self.seen = Picture("The digit that goes into the network", "The input, 28×28", 8)
        self.pictures = {
            name: Picture(f"Feature maps: {NAMES[name]}", NAMES[name], width) for name, width in _WIDTHS.items()
        }
        self.said = text()
        self.show(sample_pixels(7) if pixels is None else pixels)
        self.pad.observe(self._from_pad, names=["strokes", "live"])
        self.another.on_click(self._from_mnist)
        self.upload.observe(self._from_upload, names="value")
        left = column(self.pad, row(self.another, self.upload), row(self.seen, self.said))
        *maps, average, logits = self.pictures.values()
        digits = text(
            f'<div class="lenet-numbers" style="width: {_WIDTHS["fc3"]}em" aria-hidden="true">{_DIGITS}</div>'
        )
        super().__init__([row(left, column(*maps, row(average, column(logits, digits))))])
        self.add_class("lenet-box")

    def show(self, pixels):
        """Show what the layers make of a digit in MNIST's form."""
        self.pixels = pixels
        self.seen.show(enlarge(ink(pixels), 4))
        made = stages(self.model, pixels)
        for stage in made:
            self.pictures[stage.name].png = png_of(stage.picture())
        logits = made[-1].values.ravel()
        best = int(logits.argmax())
        self.said.value = f"Bright is large.<br>The largest logit:<br><strong>{best}</strong>, with {logits[best]:.1f}"

    def _from_pad(self, _):
        strokes = [*self.pad.strokes, *self.pad.live]
        if strokes:
            self._show_picture(draw_strokes(strokes))

    def _from_mnist(self, _):
        self._mnist = self._mnist or local_mnist()
        self.show(self._mnist.test.pixels[self._next % len(self._mnist.test)])
        self._next += 1

    def _from_upload(self, change):
        self._show_picture(bytes(change["new"][-1]["content"]))

    def _show_picture(self, picture):
        try:
            self.show(to_mnist(picture))
        except ImageError as error:
            self.said.value = f"⚠ {error}"
