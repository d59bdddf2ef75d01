"""Try to fool it, live."""

import html

import ipywidgets as widgets

from lenet_helpers.demos.figures.fool_it import steps_figure
from lenet_helpers.demos.live.parts import Picture, Reading, Upload, figure_png, row, text
from lenet_helpers.inference import ImageClassifier, ImageError
from lenet_helpers.system.paths import PICTURE


class FoolIt(widgets.VBox):
    """A picture of one's own, every step on its way to MNIST's form, and what is read. Taught in notebook 05.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    image : picture, optional
        To begin with: anything that `read_image` takes; test.png when not given.

    Attributes
    ----------
    upload : Upload
    example : Button
        Shows test.png.
    prediction : Prediction or None
        None while there is no digit to read.
    """

    def __init__(self, classifier=None, image=None):
        self.classifier = classifier or ImageClassifier()
        self.upload = Upload()
        self.example = widgets.Button(description="test.png")
        self.reading = Reading()
        self.strip = Picture("Every step from the picture to what the network sees", width=36, pixelated=False)
        self.sentences = text()
        self.upload.observe(lambda change: self.show(bytes(change["new"][-1]["content"])), names="value")
        self.example.on_click(lambda _: self.show(PICTURE))
        self.show(PICTURE if image is None else image)
        hint = text("A photo of a digit, a drawing, a scan: JPEG or PNG. What do you have to do until it is misread?")
        super().__init__([row(hint, self.upload, self.example), row(self.reading, self.strip), self.sentences])
        self.add_class("lenet-box")

    def show(self, image):
        """Show a picture's way through the steps, and what is read."""
        try:
            self.prediction = self.classifier.classify(image)
        except ImageError as error:
            self.prediction = None
            self.reading.say("No digit", warning=str(error))
            self.strip.png, self.sentences.value = b"", ""
            return
        self.reading.show(self.prediction)
        steps = self.prediction.steps
        self.strip.png = figure_png(steps_figure(steps, 6.2))
        self.strip.alt = "The picture after each step: " + ", ".join(step.name for step in steps)
        items = "".join(f"<li><strong>{step.name}</strong>: {html.escape(step.sentence)}</li>" for step in steps)
        self.sentences.value = f"<ol>{items}</ol>"
