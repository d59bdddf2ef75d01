"""Mistakes, live."""

import math

import ipywidgets as widgets

from lenet_helpers.demos.figures.changes import Change, changed
from lenet_helpers.demos.figures.maps import enlarge, ink
from lenet_helpers.demos.figures.mistakes import (
    answers_to,
    flips_text,
    gallery_figure,
    reading_of,
    study,
    trade,
    trade_figure,
)
from lenet_helpers.demos.live.parts import Matrix, Picture, Reading, Slider, column, figure_png, row, text

ONE_LOOK = "Each digit is read once here, as in notebook 04. The drawing pad averages many copies, so it may differ."


class Mistakes(widgets.VBox):
    """Three views of what a network gets wrong: by cell, by threshold, by shaking. Taught in notebook 04.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    split : Split, optional
        The test split of what is at hand when not given.

    Attributes
    ----------
    matrix : Matrix
        ``matrix.chosen`` is [class, read as].
    which : Slider
        Which digit of that cell, from 1.
    threshold : Slider
    sliders : dict of str to Slider
        Fields of `Change`: how the chosen digit is shaken.
    """

    def __init__(self, classifier=None, split=None):
        self.studied = study(classifier, split)
        self._cell_view()
        self._threshold_view()
        self._shake_view()
        self.tabs = widgets.Tab(
            [
                row(column(self.matrix, self.about, self.which), column(self.gallery, self.reading)),
                column(self.threshold, self.traded, self.curve),
                row(
                    column(*self.sliders.values(), self.reset, self.flips),
                    column(row(self.original, self.shaken), self.answer),
                ),
            ],
            titles=["Confusion", "Confidence", "Shake the digit"],
        )
        self._choose()
        self._threshold()
        super().__init__([self.tabs, text(ONE_LOOK)])
        self.add_class("lenet-box")

    # --- one cell of the matrix

    def _cell_view(self):
        self.matrix = Matrix(self.studied.matrix, self.studied.worst_cell())
        self.gallery = Picture("The digits of the chosen cell", width=30, pixelated=False)
        self.which = Slider("Number", 1, 1, 2)
        self.reading = Reading()
        self.about = text()
        self.matrix.observe(self._choose, names="chosen")
        self.which.observe(self._look, names="value")

    def _choose(self, _=None):
        label, prediction = self.matrix.chosen
        self._found = self.studied.in_cell(label, prediction)
        count = len(self._found)
        images = "1 image of class {} was" if count == 1 else f"{count} images of class {{}} were"
        self.about.value = f"{images.format(label)} read as {prediction}." + (
            " The surest ten are shown." if count > 10 else ""
        )
        self.gallery.alt = f"{min(count, 10)} digits of class {label} that were read as {prediction}"
        figure = gallery_figure(self.studied, label, prediction)
        self.gallery.png = figure_png(figure)
        self.which.max = max(1, min(count, 10))
        self.which.disabled = count < 2
        self.which.value = 1
        self._look()

    def _look(self, _=None):
        if not len(self._found):
            self.reading.say("No such image")
            return
        at = self._found[int(self.which.value) - 1]
        self.pixels = self.studied.split.pixels[at]
        self.reading.show(self.studied.reading(at), truth=int(self.studied.split.labels[at]))
        self._begin_shaking()

    # --- answering only when sure

    def _threshold_view(self):
        self.threshold = Slider("Threshold", 0.9, 0, 0.999, 0.001, digits=1, percent=True)
        self.traded = text()
        self.curve = Picture("Share of images answered and accuracy of the answers, over the threshold", width=56)
        self.curve.pixelated = False
        self.threshold.observe(self._threshold, names="value")

    def _threshold(self, _=None):
        found = trade(self.studied.evaluation, self.threshold.value)
        right = "nothing to be right about" if math.isnan(found.accuracy) else f"right on {found.accuracy:.2%} of these"
        self.traded.value = (
            f"Answer only when at least {self.threshold.value:.1%} sure: "
            f"<strong>{found.coverage:.2%}</strong> of the images get an answer, <strong>{right}</strong>."
        )
        self.curve.png = figure_png(trade_figure(self.studied.evaluation, self.threshold.value))

    # --- shaking

    def _shake_view(self):
        self.sliders = {
            "rotation": Slider("Rotate", 0, -180, 180, 1, unit="°"),
            "right": Slider("Shift right", 0, -14, 14, 0.5, digits=1),
            "down": Slider("Shift down", 0, -14, 14, 0.5, digits=1),
            "noise": Slider("Noise", 0, 0, 1.5, 0.025, digits=2),
        }
        self.reset = widgets.Button(description="Reset")
        self.flips, self.answer = text(), Reading()
        self.original = Picture("The digit as it is", "As it is", 9)
        self.shaken = Picture("The digit, shaken", "Shaken", 9)
        for slider in self.sliders.values():
            slider.observe(self._shake, names="value")
        self.reset.on_click(self._reset)

    def _begin_shaking(self):
        self.original.show(enlarge(ink(self.pixels), 6))
        items = "".join(f"<li>{said}</li>" for said in flips_text(self.studied.model, self.pixels))
        self.flips.value = f"<p>When does the answer flip?</p><ul>{items}</ul>"
        self._shake()

    def _shake(self, _=None):
        change = Change(**{name: slider.value for name, slider in self.sliders.items()})
        pixels = changed(self.pixels, [change])
        self.shaken.show(enlarge(ink(pixels[0]), 6))
        self.answer.show(reading_of(answers_to(self.studied.model, pixels), pixels, 0))

    def _reset(self, _):
        for slider in self.sliders.values():
            slider.value = 0
