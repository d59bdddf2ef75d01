"""Try to fool it, live."""

import base64
import html

import ipywidgets as widgets
import numpy as np

from lenet_helpers.data import CLASSES, Split
from lenet_helpers.demos.figures.fool_it import retrain, steps_figure
from lenet_helpers.demos.figures.maps import ink
from lenet_helpers.demos.live.parts import Pad, Picture, Reading, Said, Upload, column, figure_png, png_of, row, text
from lenet_helpers.drawing.strokes import draw_strokes
from lenet_helpers.inference import ImageClassifier, ImageError
from lenet_helpers.system.paths import PICTURE


class FoolIt(widgets.VBox):
    """A picture of one's own, every step on its way, what is read, and retraining with such. Taught in notebook 05.

    What is retrained is a copy; from then on it reads, until `reset` is pressed.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    image : picture, optional
        To begin with: anything that `read_image` takes; test.png when not given.
    mnist : MNIST, optional
        Of which images are mixed in when it is retrained; what is at hand when not given.

    Attributes
    ----------
    upload : Upload
    pad : Pad
    example : Button
        Shows test.png.
    prediction : Prediction or None
        None while there is no digit to read.
    label : Dropdown
        Which digit it really is; -1 before it is chosen.
    keep, remove, retrain, reset : Button
    kept : list of (ndarray of uint8, shape (28, 28), int)
        Digits to retrain with, and their labels.
    retrained : Retrained or None
        None while the network reads that was given.
    """

    def __init__(self, classifier=None, image=None, mnist=None):
        self.classifier, self.mnist = classifier or ImageClassifier(), mnist
        self.reader, self.retrained, self.kept = self.classifier, None, []
        self.upload = Upload()
        self.example = widgets.Button(description="test.png")
        self.reading = Reading()
        self.strip = Picture("Every step from the picture to what the network sees", width=34, pixelated=False)
        self.sentences = text()
        self._retrain_view()
        self.upload.observe(lambda change: self.show(bytes(change["new"][-1]["content"])), names="value")
        self.example.on_click(lambda _: self.show(PICTURE))
        self.pad.observe(self._from_pad, names="strokes")  # a picture of all steps takes too long for unfinished ones
        self.show(PICTURE if image is None else image)
        hint = text("A photo of a digit, a drawing, a scan: JPEG or PNG. What do you have to do until it is misread?")
        own = column(
            row(self.seen, column(self.read, row(self.label, self.keep))),
            row(self.retrain, self.remove, self.reset),
            self.said,
            self.table,
        )
        own.layout.flex = "1 1 25em"
        self.tabs = widgets.Tab(
            [column(row(self.reading, self.strip), self.sentences), row(self.pad, own)],
            titles=["Every step", "Retrain with your own digits"],
            selected_index=0,
        )
        above = row(hint, self.upload, self.example)
        above.layout.align_items = "center"
        super().__init__([above, self.tabs])
        self.add_class("lenet-box")

    def show(self, image):
        """Show a picture's way through the steps, and what is read."""
        self._image = image
        try:
            self.prediction = self.reader.classify(image)
        except ImageError as error:
            self.prediction = None
            self.reading.say("No digit", warning=str(error))
            self.strip.png, self.sentences.value, self.seen.png = b"", "", b""
            self.read.html = f"⚠ {html.escape(str(error))}"
            return
        self.reading.show(self.prediction)
        steps = self.prediction.steps
        self.strip.png = figure_png(steps_figure(steps, 6.2))
        self.strip.alt = "The picture after each step: " + ", ".join(step.name for step in steps)
        items = "".join(f"<li><strong>{step.name}</strong>: {html.escape(step.sentence)}</li>" for step in steps)
        self.sentences.value = f"<ol>{items}</ol>"
        self.seen.show(ink(self.prediction.pixels))
        self.read.html = (
            f"<strong>It reads {self.prediction.digit}</strong>, {Reading.percent(self.prediction.confidence)} sure."
        )

    # --- retraining

    def _retrain_view(self):
        self.pad = Pad(size=20)
        self.seen = Picture("The digit that would be kept", width=5)
        self.read, self.said, self.table = Said(), Said(), text()
        self.label = widgets.Dropdown(options=[("choose", -1), *((str(d), d) for d in CLASSES)])
        self.label.description, self.label.layout.width = "It really is", "auto"
        self.label.style.description_width = "initial"
        self.keep, self.retrain, self.remove, self.reset = (
            widgets.Button(description=name) for name in ("Keep it", "Retrain", "Remove the last", "Reset")
        )
        self.keep.on_click(self._keep)
        self.retrain.on_click(self._retrain)
        self.remove.on_click(lambda _: self._forget(self.kept[:-1]))
        self.reset.on_click(lambda _: self._forget([]))
        self._list()

    def _from_pad(self, _):
        if self.pad.strokes:
            self.show(draw_strokes(self.pad.strokes))

    def _keep(self, _):
        if self.prediction is None:
            self.said.html = "⚠ There is no digit to keep: draw one, or upload a picture."
        elif self.label.value < 0:
            self.said.html = "⚠ Choose first which digit it really is."
        elif any(np.array_equal(self.prediction.pixels, pixels) for pixels, _ in self.kept):
            self.said.html = "⚠ This one is kept already: draw or upload another."
        else:
            self.kept.append((self.prediction.pixels, self.label.value))
            self.label.value, self.pad.strokes = -1, []
            self._list()

    def _forget(self, kept):
        """Keep only these digits, and let the network read that was given."""
        self.kept, self.retrained, self.reader = kept, None, self.classifier
        self._list()
        self.show(self._image)

    def _retrain(self, _):
        if not self.kept:
            self.said.html = "⚠ Keep at least one digit first, with the label that it really has."
            return
        pixels, labels = zip(*self.kept, strict=True)
        own = Split("your own digits", np.stack(pixels), np.array(labels))
        buttons = self.keep, self.retrain, self.remove, self.reset
        self._enable(buttons, False)
        self.said.html = f"Retraining a copy with {self._count()} and some of MNIST …"
        try:
            self.retrained = retrain(self.classifier.model, own, self.mnist)
        finally:
            self._enable(buttons, True)
        self.reader = ImageClassifier(self.retrained.model)
        self._list()
        self.show(self._image)

    def _enable(self, buttons, enabled):
        for button in buttons:
            button.disabled = not enabled

    def _count(self):
        return f"{len(self.kept)} digit{'s' * (len(self.kept) != 1)}"

    def _list(self):
        """Say what is kept, and what retraining with it did."""
        done = self.retrained
        before, after = (done.before, done.after) if done else (None, None)
        rows = [
            f"<tr><td>{_picture(pixels, label)}</td><th scope='row'>{label}</th>"
            f"<td>{_verdict(before, at, label)}</td><td>{_verdict(after, at, label)}</td></tr>"
            for at, (pixels, label) in enumerate(self.kept)
        ]
        head = "".join(f"<th scope='col'>{name}</th>" for name in ("digit", "it is", "before", "after"))
        self.table.value = f"<table class='lenet-kept'><tr>{head}</tr>{''.join(rows)}</table>" if rows else ""
        labels = [label for _, label in self.kept]
        if not rows:
            self.said.html = "Draw or upload digits that it misreads, say what they are, and keep them."
        elif not done:
            self.said.html = f"{self._count()} kept."
        else:
            right = [int((said.argmax(axis=1) == labels).sum()) for said in (before, after)]
            self.said.html = (
                f"Of your {self._count()}, {right[0]} read rightly before, <strong>{right[1]}</strong> after. MNIST's "
                f"validation digits: {done.mnist_before:.2%} before, <strong>{done.mnist_after:.2%}</strong> after. "
                "The copy reads from now on; Reset brings the first network back."
            )


def _picture(pixels, label):
    png = base64.b64encode(png_of(ink(pixels))).decode()
    return f"<img alt='your {label}' src='data:image/png;base64,{png}'>"


def _verdict(probabilities, at, label):
    """What was read in one digit, how surely, and whether that is right; nothing before it was read."""
    if probabilities is None:
        return ""
    digit = int(probabilities[at].argmax())
    return f"{'✓' if digit == label else '✗'} {digit}, {Reading.percent(probabilities[at].max())}"
