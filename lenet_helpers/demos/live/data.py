"""The data explorer, live."""

import ipywidgets as widgets

from lenet_helpers.data import CLASSES, article
from lenet_helpers.demos.figures.changes import Change, changed
from lenet_helpers.demos.figures.data import SPLITS, images_of, local_mnist, mean_digit
from lenet_helpers.demos.figures.maps import enlarge, ink
from lenet_helpers.demos.live.parts import Picture, Slider, column, row, text


class Data(widgets.HBox):
    """Any image of any split, the mean of its class, and what augmentation does to it. Taught in notebook 01.

    Parameters
    ----------
    mnist : MNIST, optional
        What is at hand when not given.

    Attributes
    ----------
    split, digit : Dropdown
        ``digit.value`` is -1 for every class.
    index : Slider
        Which image of that class in that split, from 0.
    sliders : dict of str to Slider
        Fields of `Change`.
    reset : Button
    """

    def __init__(self, mnist=None):
        self.mnist = mnist or local_mnist()
        self.split = widgets.Dropdown(options=SPLITS, description="Split")
        every = [("every class", -1), *((str(digit), digit) for digit in CLASSES)]
        self.digit = widgets.Dropdown(options=every, value=5, description="Class")
        self.index = Slider("Image", 0, 0, 1)
        self.sliders = {
            "rotation": Slider("Rotation", 0, -45, 45, 1, unit="°"),
            "scale": Slider("Scale", 1, 0.5, 1.5, 0.05, digits=2),
            "shear": Slider("Shear", 0, -0.6, 0.6, 0.05, digits=2),
            "right": Slider("Shift right", 0, -8, 8, 0.5, digits=1),
            "down": Slider("Shift down", 0, -8, 8, 0.5, digits=1),
            "stroke": Slider("Stroke width", 0, -1, 1, 0.05, digits=2),
        }
        self.reset = widgets.Button(description="Reset")
        self.about = text()
        self.original = Picture("The image as it is", "As it is", 20)
        self.changed = Picture("The image, changed", "Changed", 20)
        self.mean = Picture("The mean image of its class", "Mean of its class", 20)
        self.split.observe(self._choose, names="value")
        self.digit.observe(self._choose, names="value")
        self.index.observe(self._show, names="value")
        for slider in self.sliders.values():
            slider.observe(self._change, names="value")
        self.reset.on_click(self._reset)
        self._choose()
        chosen = column(self.split, self.digit, self.index, self.about, self.reset)
        pictures = row(self.original, self.changed, self.mean, wrap="nowrap")
        super().__init__([column(row(chosen, column(*self.sliders.values())), pictures)])
        self.add_class("lenet-box")

    @property
    def change(self):
        """What the sliders say, as a `Change`."""
        return Change(**{name: slider.value for name, slider in self.sliders.items()})

    def _choose(self, _=None):
        self._split = getattr(self.mnist, self.split.value)
        self._found = images_of(self._split, None if self.digit.value < 0 else self.digit.value)
        self.index.max = len(self._found) - 1
        self.index.value = min(self.index.value, self.index.max)
        self._show()

    def _show(self, _=None):
        at = int(self._found[int(self.index.value)])
        self.pixels, label = self._split.pixels[at], int(self._split.labels[at])
        self.about.value = (
            f"Image {at:,} of {len(self._split):,} in <strong>{self._split.name}</strong>: {article(label)} "
            f"<strong>{label}</strong>, 28×28, from {self.pixels.min()} to {self.pixels.max()}"
        )
        self.original.show(enlarge(ink(self.pixels), 6))
        self.mean.show(enlarge(ink(mean_digit(self._split, label)), 6))
        self.mean.caption = f"Mean of the {label}s in {self._split.name}"
        self._change()

    def _change(self, _=None):
        self.changed.show(enlarge(ink(changed(self.pixels, [self.change])[0]), 6))

    def _reset(self, _):
        for name, slider in self.sliders.items():
            slider.value = getattr(Change(), name)
