"""Evaluation: how often the network is right, where it is wrong, and how sure it was.

Taught in notebook 04. Accuracy, precision and recall are fractions in [0, 1].
"""

import math
from dataclasses import dataclass

import numpy as np

from lenet_helpers.architecture import forward_in_batches
from lenet_helpers.data import CLASSES, article, as_array


@dataclass(frozen=True)
class Evaluation:
    """What a model does on one split.

    Attributes
    ----------
    labels : ndarray of int64, shape (N,)
    predictions : ndarray of int64, shape (N,)
        The class with the largest logit.
    probabilities : ndarray of float32, shape (N, 10)
        Softmax of the logits; each row sums to 1.
    loss : float
        Cross-entropy with the natural logarithm, mean over samples.
    """

    labels: np.ndarray
    predictions: np.ndarray
    probabilities: np.ndarray
    loss: float

    @property
    def accuracy(self):
        """Fraction of correct predictions, in [0, 1]."""
        return accuracy(self.labels, self.predictions)

    @property
    def error(self):
        """Fraction of wrong predictions: 1 - accuracy."""
        return 1.0 - self.accuracy


@dataclass(frozen=True)
class Mistake:
    """One wrong prediction.

    Attributes
    ----------
    index : int
        Position in the split.
    label, prediction : int
        What it is, and what the network said.
    confidence : float
        Probability that the network gave to its prediction, in [0, 1].
    """

    index: int
    label: int
    prediction: int
    confidence: float


def evaluate(model, split, batch_size=256):
    """Run `model` over a whole split. Taught in notebook 04.

    Parameters
    ----------
    model : nn.Module
        Evaluated on the device where it is, in evaluation mode.
    split : Split
        Of N images.
    batch_size : int

    Returns
    -------
    Evaluation
    """
    inputs, _ = split.tensors(next(model.parameters()).device)
    logits = forward_in_batches(model, inputs, batch_size).cpu().numpy().astype(np.float64)
    # log-softmax with the largest logit taken out first, so that exp never overflows
    log_probabilities = logits - logits.max(axis=1, keepdims=True)
    log_probabilities -= np.log(np.exp(log_probabilities).sum(axis=1, keepdims=True))
    return Evaluation(
        labels=split.labels,
        predictions=logits.argmax(axis=1),
        probabilities=np.exp(log_probabilities).astype(np.float32),
        loss=float(-log_probabilities[np.arange(len(split)), split.labels].mean()),
    )


def accuracy(labels, predictions):
    """Return the fraction of predictions that equal their label. Taught in notebook 04.

    Parameters
    ----------
    labels, predictions : array of int, shape (N,)

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        The shapes differ, or there is nothing to count.
    """
    labels, predictions = _same_length(labels, predictions)
    return float((labels == predictions).mean())


DOUBTED = math.log(3)
"""An answer with no more evidence than this, odds of 3 to 1, can't be trusted: 0.8 % of the right ones on the
validation split, and half of the wrong ones."""

BETWEEN_TWO = 0.8
"""Two digits that share more probability than this are what such an answer wavers between."""


def doubt(probabilities, evidence):
    """Return why an answer can't be trusted, or None when it can. Taught in notebook 05.

    Parameters
    ----------
    probabilities : array of float, shape (10,)
        They sum to 1.
    evidence : float
        For the most probable digit, as `lenet_helpers.preparation.judging.evidence` gives it: a logarithm of odds.

    Returns
    -------
    str or None
        "it may also be an 8", when two digits share nearly all the probability; else "it does
        not look like a digit".
    """
    if evidence > DOUBTED:
        return None
    second, first = np.argsort(probabilities)[-2:]
    if probabilities[first] + probabilities[second] > BETWEEN_TWO:
        return f"it may also be {article(second)} {second}"
    return "it does not look like a digit"


def calibration_error(labels, probabilities, bins=15):
    """Return how far confidence and accuracy lie apart (Guo et al., 2017). Taught in notebook 04.

    The samples are put into bins of equal width by their confidence, the largest probability.
    In each bin, accuracy and mean confidence differ by something; the mean of these
    differences over all samples is the expected calibration error.

    Parameters
    ----------
    labels : array of int, shape (N,)
    probabilities : array of float, shape (N, 10)
        Each row sums to 1.
    bins : int

    Returns
    -------
    float
        In [0, 1]; 0 when of those answers that are sure to 90 %, 90 % are right, and so on.

    Raises
    ------
    ValueError
        The lengths differ, or there is nothing to count.
    """
    probabilities = np.asarray(probabilities, np.float64)
    labels, predictions = _same_length(labels, probabilities.argmax(axis=1))
    confidence = probabilities.max(axis=1)
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)  # a confidence of 1 belongs to the last bin
    return float(np.abs(np.bincount(bin_of, confidence - (predictions == labels))).sum() / len(labels))


def confusion_matrix(labels, predictions):
    """Count how often each label got each prediction. Taught in notebook 04.

    Parameters
    ----------
    labels, predictions : array of int, shape (N,)
        Values 0..9.

    Returns
    -------
    ndarray of int64, shape (10, 10)
        Entry [i, j]: images of class i that were read as j. The diagonal is right.

    Raises
    ------
    ValueError
        The shapes differ, nothing to count, or a value is not one of the ten classes.
    """
    labels, predictions = _same_length(labels, predictions)
    for name, values in (("label", labels), ("prediction", predictions)):
        if values.min() < 0 or values.max() >= len(CLASSES):
            raise ValueError(f"each {name} must be one of the classes 0..9, not {values.min()}..{values.max()}")
    matrix = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    # add.at counts every occurrence; matrix[labels, predictions] += 1 would count a repeated cell once
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


def precision_recall(matrix):
    """Return precision and recall of each class. Taught in notebook 04.

    Parameters
    ----------
    matrix : array of int, shape (10, 10)
        From `confusion_matrix`: rows are labels, columns are predictions.

    Returns
    -------
    precision : ndarray of float64, shape (10,)
        Of what was read as this class, the fraction that is. NaN if nothing was.
    recall : ndarray of float64, shape (10,)
        Of what is this class, the fraction that was read so. NaN if nothing is.
    """
    matrix = as_array(matrix).astype(np.float64)
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN: there is no answer
        return np.diag(matrix) / matrix.sum(axis=0), np.diag(matrix) / matrix.sum(axis=1)


def most_confused_pairs(matrix, count=5):
    """Return the classes that are taken for one another most often. Taught in notebook 04.

    Parameters
    ----------
    matrix : array of int, shape (10, 10)
    count : int

    Returns
    -------
    list of (int, int, int)
        ``(label, prediction, times)``, most often first, ties by label, then prediction.
        Only what happened at least once.
    """
    wrong = [
        (label, prediction, int(matrix[label][prediction]))
        for label in CLASSES
        for prediction in CLASSES
        if label != prediction and matrix[label][prediction]
    ]
    return sorted(wrong, key=lambda pair: -pair[2])[:count]


def most_confident_mistakes(evaluation, count=10):
    """Return the wrong predictions that the network was surest of. Taught in notebook 04.

    Parameters
    ----------
    evaluation : Evaluation
    count : int

    Returns
    -------
    list of Mistake
        Surest first; fewer than `count` when there are fewer mistakes.
    """
    wrong = np.flatnonzero(evaluation.predictions != evaluation.labels)
    confidence = evaluation.probabilities.max(axis=1)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:count]
    return [
        Mistake(int(i), int(evaluation.labels[i]), int(evaluation.predictions[i]), float(confidence[i])) for i in surest
    ]


def _same_length(labels, predictions):
    labels, predictions = as_array(labels), as_array(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} must be (N,) and equally long")
    if len(labels) == 0:
        raise ValueError("there is nothing to count: no labels")
    return labels, predictions
