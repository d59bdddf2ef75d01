"""The wide sheet of the drawing pad: draw a number, and the network reads it while you draw. Notebook 05."""

from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.drawing.strokes import WIDTHS, draw_strokes, sample_number
from lenet_helpers.inference import ImageClassifier, ImageError

WIDE = 3
"""The sheet's width over its height."""

SAMPLE = "208"


def read_number_strokes(classifier, strokes):
    """Return the `Reading` of what strokes draw on a wide sheet, or None while there is no ink to read."""
    try:
        return classifier.read(draw_strokes(strokes, wide=WIDE)) if strokes else None
    except ImageError:  # all the ink lies outside the sheet, for instance
        return None


def number_pad_figure(classifier=None, strokes=None):
    """Return the wide sheet as a figure: what is drawn, and what the network sees of each digit.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    strokes : list of dict, optional
        A sample number when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        There is no digit to read in the strokes.
    """
    strokes = sample_number(SAMPLE, WIDTHS["thin"]) if strokes is None else strokes
    reading = read_number_strokes(classifier or ImageClassifier(), strokes)
    if reading is None or not reading.digits:
        raise ValueError(f"there is no digit in these strokes; sample_number({SAMPLE!r}) gives some")
    seen = [digit.prediction for digit in reading.digits]
    figure = Figure(figsize=(8, 2.4), layout="constrained")
    left, *axes = figure.subplots(1, 1 + len(seen), width_ratios=[WIDE, *[1] * len(seen)])
    plots.strip([left], [draw_strokes(strokes, wide=WIDE)], [f"drawn; it reads {reading.text}"])
    plots.strip(axes, [one.pixels for one in seen], [f"{one.digit}, {one.confidence:.0%}" for one in seen])
    return figure
