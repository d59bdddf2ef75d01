"""The drawing pad: draw a digit, and the network reads it while you draw. Notebook 05."""

from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.drawing.strokes import draw_strokes, sample_digit
from lenet_helpers.inference import ImageClassifier, ImageError


def read_strokes(classifier, strokes):
    """Return the `Prediction` for what strokes draw (`draw_strokes`), or None while there is no ink to read."""
    try:
        return classifier.classify(draw_strokes(strokes)) if strokes else None
    except ImageError:  # all the ink lies outside the pad, for instance
        return None


def drawing_pad_figure(classifier=None, strokes=None):
    """Return the drawing pad as a figure: what is drawn, what the network sees, ten probabilities.

    Parameters
    ----------
    classifier : ImageClassifier, optional
        The course's ``model.pth`` when not given.
    strokes : list of dict, optional
        A sample digit when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        There is nothing to read in the strokes.
    """
    strokes = sample_digit(3) if strokes is None else strokes
    prediction = read_strokes(classifier or ImageClassifier(), strokes)
    if prediction is None:
        raise ValueError("there is no ink in these strokes; sample_digit(3) gives some")
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    plots.strip([left], [draw_strokes(strokes)], ["drawn"])
    plots.digit(middle, prediction.pixels, "what the network sees")
    plots.probabilities(right, prediction.probabilities)
    right.set_title(f"it reads {prediction.digit}", fontsize=9)
    return figure
