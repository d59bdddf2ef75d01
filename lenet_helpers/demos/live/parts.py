"""The parts that demos are made of: widgets with a front end of their own, in ../static/.

Each is a few lines of JavaScript over the browser's own controls, so that keyboard, touch
and screen readers work, and each is driven by its traits alone: what a test sets is what a
hand in the browser sets.
"""

import io
from pathlib import Path

import anywidget
import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
import traitlets as t
from PIL import Image

from lenet_helpers.drawing.strokes import WIDTHS, check_strokes, draw_strokes, sample_digit

STATIC = Path(__file__).parents[1] / "static"


class Part(anywidget.AnyWidget):
    """What all of them have in common: their style."""

    _css = STATIC / "demos.css"


class Pad(Part):
    """A pad to draw on with mouse, finger or pen; see `lenet_helpers.drawing.strokes`."""

    _esm = STATIC / "pad.js"

    strokes = t.List(help="what is drawn").tag(sync=True)
    live = t.List(help="the stroke that is being drawn, now and then while it grows").tag(sync=True)
    brush = t.Int(WIDTHS["medium"]).tag(sync=True)
    widths = t.Dict(WIDTHS).tag(sync=True)
    samples = t.Dict({str(digit): sample_digit(digit) for digit in range(10)}).tag(sync=True)
    size = t.Float(25, help="width, in em").tag(sync=True)
    wide = t.Float(1, help="width over height").tag(sync=True)
    keep = t.Unicode(help="name under which the browser's tab remembers the strokes; none where empty").tag(sync=True)
    saved_as = t.Unicode("drawing", help="name of the PNG, without its ending")

    def __init__(self, **more):
        super().__init__(**more)
        self.on_msg(self._send_png)

    def _send_png(self, _, content, buffers):
        if content.get("png"):
            self.send({"png": f"{self.saved_as}.png"}, [png_of(draw_strokes(self.strokes, wide=self.wide))])

    @t.validate("strokes", "live")
    def _check(self, proposal):
        try:
            return check_strokes(proposal["value"])
        except ValueError as error:
            raise t.TraitError(str(error)) from error


class Reading(Part):
    """The digit that the network reads, what it saw, and its ten probabilities."""

    _esm = STATIC / "reading.js"

    reading = t.Dict().tag(sync=True)

    def show(self, prediction, **more):
        """Show a `Prediction`; `more` may hold ``truth`` (int) and ``serial`` (int)."""
        self.reading = {
            "digit": prediction.digit,
            "probabilities": [round(float(p), 6) for p in prediction.probabilities],
            "pixels": prediction.pixels.tobytes(),
            "warning": prediction.warning,
            **more,
        }

    def say(self, message, **more):
        """Show a sentence in place of a digit."""
        self.reading = {"message": message, **more}

    @staticmethod
    def percent(share):
        """Return a probability as the front end writes it, as HTML: nothing is quite sure."""
        return "&gt;99.9 %" if share > 0.999 else f"{100 * share:.1f} %"


class Slider(Part):
    """A labelled slider: the browser's own `<input type="range">`."""

    _esm = STATIC / "slider.js"

    label = t.Unicode().tag(sync=True)
    value = t.Float().tag(sync=True)
    min = t.Float(0).tag(sync=True)
    max = t.Float(1).tag(sync=True)
    step = t.Float(1).tag(sync=True)
    digits = t.Int(0, help="shown after the point").tag(sync=True)
    unit = t.Unicode().tag(sync=True)
    percent = t.Bool(False).tag(sync=True)
    disabled = t.Bool(False).tag(sync=True)

    def __init__(self, label, value, low, high, step=1, **more):
        super().__init__(label=label, min=low, max=high, step=step, value=value, **more)

    @t.validate("value")
    def _within(self, proposal):
        return float(min(max(proposal["value"], self.min), self.max))


class Picture(Part):
    """A PNG with its description; a new one takes the old one's place without flicker."""

    _esm = STATIC / "picture.js"

    png = t.Bytes().tag(sync=True)
    alt = t.Unicode().tag(sync=True)
    caption = t.Unicode().tag(sync=True)
    width = t.Float(12, help="in em").tag(sync=True)
    pixelated = t.Bool(True).tag(sync=True)

    def __init__(self, alt, caption="", width=12, **more):
        super().__init__(alt=alt, caption=caption, width=width, **more)

    def show(self, pixels):
        """Show an array of uint8, (H, W) or (H, W, 3), or a finished Pillow image."""
        self.png = png_of(pixels)


class Upload(Part):
    """A button that takes a picture: a file or, on a phone or tablet, the camera."""

    _esm = STATIC / "upload.js"

    value = t.List(help="name, content and time of what was chosen last: the same may come twice").tag(sync=True)


class Matrix(Part):
    """A table of counts in which one cell is chosen."""

    _esm = STATIC / "matrix.js"

    table = t.Dict().tag(sync=True)
    chosen = t.List([0, 0]).tag(sync=True)

    def __init__(self, counts, chosen, **more):
        counts = np.asarray(counts)
        off = np.where(np.eye(len(counts), dtype=bool), 0, counts)
        share = off / max(1, off.max())
        table = {
            "counts": counts.tolist(),
            "colours": [[mpl.colors.to_hex(mpl.colormaps["cividis"](float(s))) for s in row] for row in share],
            "light": (share < 0.5).tolist(),
        }
        super().__init__(table=table, chosen=list(chosen), **more)

    @t.validate("chosen")
    def _inside(self, proposal):
        chosen, side = proposal["value"], len(self.table["counts"])
        if len(chosen) != 2 or not all(isinstance(at, int) and 0 <= at < side for at in chosen):
            raise t.TraitError(f"a cell is [row, column], each from 0 to {side - 1}, not {chosen}")
        return chosen


class Said(Part):
    """A sentence that screen readers read out when it changes."""

    _esm = STATIC / "said.js"

    html = t.Unicode().tag(sync=True)


class Losses(Part):
    """The loss of each step and its running mean, on axes that stay while the lines grow.

    The lines are no trait: each `add` sends what is new, and a view that opens asks for all.
    """

    _esm = STATIC / "losses.js"

    steps = t.Int(1, help="of the whole training").tag(sync=True)
    epochs = t.Int(1, help="of the whole training").tag(sync=True)
    limits = t.List([0.01, 10.0], help="of the loss").tag(sync=True)
    window = t.Int(help="steps in the running mean").tag(sync=True)
    validation = t.List(help="the loss after each complete epoch").tag(sync=True)

    def __init__(self, **more):
        super().__init__(**more)
        self.lines = np.empty((0, 2), "<f4")  # loss and running mean of each step so far
        self.on_msg(lambda *_: self._send_from(0))

    def show(self, lines):
        """Show the loss and the running mean of each step so far, shape (steps, 2); fewer than before begin anew."""
        known = len(self.lines) if len(lines) >= len(self.lines) else 0
        self.lines = np.asarray(lines, "<f4").reshape(-1, 2)
        self._send_from(known)

    def _send_from(self, first):
        self.send({"first": first}, [self.lines[first:].tobytes()])


class Watched(Part):
    """Digits in places that stay: those that are read rightly leave, with what the others are taken for."""

    _esm = STATIC / "watched.js"

    pixels = t.Bytes(help="28×28 of each digit").tag(sync=True)
    labels = t.List().tag(sync=True)
    columns = t.Int(20).tag(sync=True)
    answers = t.Bytes(help="what each is read as; empty before anything is read").tag(sync=True)

    def __init__(self, split, **more):
        super().__init__(pixels=split.pixels.tobytes(), labels=split.labels.tolist(), **more)


def text(html="", **more):
    """Return an HTML widget in the demos' type; change its ``value``."""
    return widgets.HTML(html, **more).add_class("lenet-demo").add_class("lenet-text")


def column(*children):
    """Stack widgets."""
    return widgets.VBox(children, layout=widgets.Layout(min_width="0"))


def row(*children, wrap="wrap"):
    """Put widgets side by side, as far as there is room; without wrap, pictures get smaller instead."""
    align = "flex-start" if wrap == "wrap" else "flex-end"  # there, captions may have different heights
    layout = widgets.Layout(flex_flow=f"row {wrap}", align_items=align, min_width="0", grid_gap="0.3em 1.2em")
    return widgets.HBox(children, layout=layout)


def png_of(pixels):
    """Return the bytes of a PNG of uint8, (H, W) or (H, W, 3), or of a Pillow image."""
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def figure_png(figure, dpi=110):
    """Return the bytes of a PNG of a matplotlib figure."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()
