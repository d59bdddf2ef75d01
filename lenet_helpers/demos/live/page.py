"""All demos as tabs of one page: what `lenet demo` serves."""

from dataclasses import replace

import ipywidgets as widgets

from lenet_helpers import demos
from lenet_helpers.data import local_mnist
from lenet_helpers.demos.live.parts import text
from lenet_helpers.fitting.recipes import FAST
from lenet_helpers.inference import ImageClassifier

EPOCHS = 6
"""Long enough for curves that a class can watch grow."""


class Page(widgets.VBox):
    """The demos as tabs of the network in a file; each is loaded and made when its tab is opened for the first time."""

    def __init__(self, model="model.pth", mnist=None):
        self._classifier = ImageClassifier(model)
        self._mnist = mnist
        # Voilà's kernel ends with the page, so the browser remembers what is on the pads.
        self._makers = {
            "Draw a digit": lambda: demos.drawing_pad(self._classifier, keep="lenet-pad"),
            "Draw a number": lambda: demos.number_pad(self._classifier, keep="lenet-number"),
            "What the layers see": lambda: demos.layers(self._classifier, mnist=self.mnist, keep="lenet-layers"),
            "Convolution": lambda: demos.convolution(self._classifier),
            "Data": lambda: demos.data(self.mnist),
            "One step": lambda: demos.one_step(self.mnist),
            "Training": lambda: demos.live_training(self.mnist, replace(FAST, epochs=EPOCHS)),
            "Mistakes": lambda: demos.mistakes(self._classifier, self.mnist.test),
            "Fool it": lambda: demos.fool_it(self._classifier, mnist=self.mnist),
        }
        self.tabs = widgets.Tab([text("Loading …") for _ in self._makers], titles=list(self._makers), selected_index=0)
        self._made = {}
        self.tabs.observe(self._open, names="selected_index")
        self._open()
        super().__init__([widgets.HTML("<h1>LeNet, live</h1>").add_class("lenet-demo"), self.tabs])
        self.add_class("lenet-page").add_class("lenet-box")

    @property
    def mnist(self):
        """MNIST, loaded by the first demo that needs it."""
        self._mnist = self._mnist or local_mnist()
        return self._mnist

    def _open(self, _=None):
        at = self.tabs.selected_index
        name = list(self._makers)[at or 0]
        if at is None or name in self._made:
            return
        self._made[name] = self._makers[name]()
        children = list(self.tabs.children)
        children[at] = self._made[name]
        self.tabs.children = children
