"""The drawing pad: draw a digit, and the network reads it while you draw. Notebook 05."""

from matplotlib.figure import Figure

from lenet_helpers import plots
from lenet_helpers.architecture import forward_in_batches
from lenet_helpers.data import to_input
from lenet_helpers.drawing.strokes import draw_strokes, sample_digit
from lenet_helpers.inference import ImageClassifier, ImageError, occlusion


def read_strokes(classifier, strokes):
    """Return the `Prediction` for what strokes draw (`draw_strokes`), or None while there is no ink to read."""
    try:
        return classifier.classify(draw_strokes(strokes)) if strokes else None
    except ImageError:  # all the ink lies outside the pad, for instance
        return None


def looks(model, prediction):
    """Return how far covering each place lowers the probability of the digit, and what `occlusion` gives.

    Falls are float32 of shape (28, 28), below 0 where the network gets surer.
    """
    alone = forward_in_batches(model, to_input(prediction.pixels)).softmax(dim=1)[0, prediction.digit].item()
    covered = occlusion(model, prediction.pixels)
    return alone - covered[..., prediction.digit], covered


def drawing_pad_figure(classifier=None, strokes=None):
    """Return the drawing pad as a figure: what is drawn, what the network sees and where it looks, ten probabilities.

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
    classifier = classifier or ImageClassifier()
    prediction = read_strokes(classifier, strokes)
    if prediction is None:
        raise ValueError("there is no ink in these strokes; sample_digit(3) gives some")
    figure = Figure(figsize=(10, 2.6), layout="constrained")
    left, middle, where, right = figure.subplots(1, 4)
    plots.strip([left], [draw_strokes(strokes)], ["drawn"])
    plots.digit(middle, prediction.pixels, "what the network sees")
    plots.falls(where, prediction.pixels, looks(classifier.model, prediction)[0], "where it looks")
    plots.probabilities(right, prediction.probabilities)
    right.set_title(f"it reads {prediction.digit}", fontsize=9)
    return figure
