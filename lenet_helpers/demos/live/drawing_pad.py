"""The drawing pad, live."""

from pathlib import Path

import ipywidgets as widgets

from lenet_helpers.demos.figures.drawing_pad import looks, read_strokes
from lenet_helpers.demos.live.parts import Pad, Reading, column, png_of, row
from lenet_helpers.drawing.strokes import draw_strokes
from lenet_helpers.inference import PATCH, ImageClassifier
from lenet_helpers.system.whole_files import written_whole

NOTHING_DRAWN = "Draw a digit"


class DrawingPad(widgets.HBox):
    """A pad, and beside it what the network reads. Taught in notebook 05.

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
    reading : Reading
    looking : Checkbox
        Whether to show, after each stroke, where the network looks; see `occlusion`.
    prediction : Prediction or None
        Of all that is drawn by now.
    """

    def __init__(self, classifier=None, keep=""):
        self.classifier = classifier or ImageClassifier()
        self.pad = Pad(keep=keep)
        self.reading = Reading()
        self.looking = widgets.Checkbox(description="Where is it looking?", indent=False)
        self.prediction = None
        self._read()
        self.pad.observe(self._read, names=["strokes", "live"])
        self.looking.observe(self._read, names="value")
        super().__init__([row(self.pad, column(self.reading, self.looking))])
        self.add_class("lenet-box").add_class("lenet-drawing")

    def _read(self, _=None):
        strokes = [*self.pad.strokes, *self.pad.live]
        self.prediction = read_strokes(self.classifier, strokes)
        self.pad.saved_as = "drawing" if self.prediction is None else f"digit-{self.prediction.digit}"
        # Only a finished stroke counts, so a test or a clock can tell when it has been read.
        serial = None if self.pad.live else len(self.pad.strokes)
        if self.prediction is None:
            self.reading.say(NOTHING_DRAWN, serial=serial)
        else:
            self.reading.show(self.prediction, serial=serial, **self._looks())

    def _looks(self):
        """For the front end: where the network looks, once a stroke is finished."""
        if not self.looking.value or self.pad.live:
            return {}
        falls, covered = looks(self.classifier.model, self.prediction)
        return {"falls": falls.astype("<f4").tobytes(), "covered": covered.astype("<f4").tobytes(), "patch": PATCH}

    @property
    def picture(self):
        """What is drawn, as a Pillow image."""
        return draw_strokes(self.pad.strokes)

    def save(self, path):
        """Write what is drawn to a PNG, which ``lenet predict`` reads the same; return its path."""
        with written_whole(Path(path)) as file:
            file.write(png_of(self.picture))
        return Path(path)
