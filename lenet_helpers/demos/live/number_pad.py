"""The wide sheet of the drawing pad, live."""

import html

import ipywidgets as widgets

from lenet_helpers.demos.figures.number_pad import SAMPLE, WIDE, read_number_strokes
from lenet_helpers.demos.live.parts import Pad, Picture, Reading, column, row, text
from lenet_helpers.drawing.strokes import WIDTHS, draw_strokes, sample_number
from lenet_helpers.inference import ImageClassifier

NOTHING_DRAWN = "Draw a number"


class NumberPad(widgets.HBox):
    """A wide sheet for several digits, and below it what the network reads, and the path that it took.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    keep : str
        See `Pad.keep`.

    Attributes
    ----------
    pad : Pad
        ``pad.strokes`` is what is drawn; set it, and the pad shows it.
    reading : lenet_helpers.numbers.Reading or None
        Of all that is drawn by now.
    answer : HTML
    path : Picture
        A box round each digit; what is left out has none.
    """

    def __init__(self, classifier=None, keep=""):
        self.classifier = classifier or ImageClassifier()
        samples = {number: sample_number(number, WIDTHS["thin"]) for number in (SAMPLE, "4711")}
        self.pad = Pad(keep=keep, wide=WIDE, size=42, brush=WIDTHS["thin"], samples=samples, saved_as="number")
        self.answer, self.path = text(), Picture("What was read", "A box round each digit that is read", width=42)
        self.reading = None
        self._read()
        self.pad.observe(self._read, names=["strokes", "live"])
        super().__init__([row(column(self.pad, self.answer, self.path))])
        self.add_class("lenet-box").add_class("lenet-number")

    def _read(self, _=None):
        self.reading = read_number_strokes(self.classifier, [*self.pad.strokes, *self.pad.live])
        self.answer.value = self._in_words()
        self.path.show(self.reading.steps[-1].picture if self._has_path else self.picture)

    @property
    def _has_path(self):
        return self.reading is not None and self.reading.graphs

    def _in_words(self):
        if self.reading is None:
            return NOTHING_DRAWN
        lines = [html.escape(f"⚠ {self.reading.warning}")] if self.reading.warning else []
        if self.reading.text:
            numbers = self.reading.text.replace("\n", " / ")
            lines = [f"<strong>It reads {numbers}</strong> {Reading.percent(self.reading.confidence)} sure", *lines]
        return "<br>".join(lines)

    @property
    def picture(self):
        """What is drawn, as a Pillow image."""
        return draw_strokes([*self.pad.strokes, *self.pad.live], wide=WIDE)
