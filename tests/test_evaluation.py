import math
import warnings

import numpy as np
import pytest
import torch
from sklearn import metrics

from lenet_helpers.architecture import LeNet
from lenet_helpers.data import Split, to_input
from lenet_helpers.evaluation import (
    Evaluation,
    accuracy,
    calibration_error,
    confusion_matrix,
    doubt,
    evaluate,
    most_confident_mistakes,
    most_confused_pairs,
    precision_recall,
)


@pytest.fixture(scope="module")
def drawn():
    """Labels and predictions that agree in about half of the cases."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 2000)
    return labels, np.where(rng.random(2000) < 0.5, labels, rng.integers(0, 10, 2000))


@pytest.fixture(scope="module")
def evaluation(sample):
    return evaluate(LeNet(seed=0), sample.test)


# --- evaluate ---------------------------------------------------------------------------


def test_evaluation_agrees_with_torch_and_scikit_learn(sample, evaluation):
    with torch.no_grad():
        logits = LeNet(seed=0)(to_input(sample.test.pixels)).double()
    probabilities = logits.softmax(dim=1).numpy()
    assert np.array_equal(evaluation.labels, sample.test.labels)
    assert np.array_equal(evaluation.predictions, logits.argmax(dim=1).numpy())
    assert np.allclose(evaluation.probabilities, probabilities, atol=1e-6)
    assert evaluation.loss == pytest.approx(metrics.log_loss(sample.test.labels, probabilities, labels=range(10)))
    assert evaluation.accuracy == pytest.approx(metrics.accuracy_score(sample.test.labels, evaluation.predictions))
    assert evaluation.error == pytest.approx(1 - evaluation.accuracy)


def test_evaluation_has_the_promised_types(sample, evaluation):
    count = len(sample.test)
    assert evaluation.labels.shape == evaluation.predictions.shape == (count,)
    assert evaluation.labels.dtype == evaluation.predictions.dtype == np.int64
    assert evaluation.probabilities.shape == (count, 10) and evaluation.probabilities.dtype == np.float32
    assert np.allclose(evaluation.probabilities.sum(axis=1), 1, atol=1e-6)
    assert isinstance(evaluation.loss, float) and isinstance(evaluation.accuracy, float)


@pytest.mark.parametrize("batch_size", [1, 7, 40, 1000])
def test_batch_size_changes_nothing(sample, batch_size):
    split = Split("part", sample.test.pixels[::25], sample.test.labels[::25])
    whole, parts = evaluate(LeNet(seed=0), split), evaluate(LeNet(seed=0), split, batch_size)
    assert np.array_equal(whole.predictions, parts.predictions)
    assert np.allclose(whole.probabilities, parts.probabilities, atol=1e-6)
    assert parts.loss == pytest.approx(whole.loss, rel=1e-6)


class Fixed(torch.nn.Module):
    """Gives the same logits to every image, and notes the mode that it ran in."""

    def __init__(self, logits):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits, dtype=torch.float32))
        self.modes = []

    def forward(self, inputs):
        self.modes.append(self.training)
        return self.logits.expand(len(inputs), 10)


def test_on_a_graphics_card_the_images_are_moved_once_and_the_answers_are_the_same(card, sample):
    here, there = LeNet(seed=0), LeNet(seed=0).to(card)
    evaluate(there, sample.test)
    with warnings.catch_warnings(record=True) as waits:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            evaluation = evaluate(there, sample.test, batch_size=10)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    assert len(waits) < 10, "100 batches, and the card is waited for a few times only"
    assert evaluation.probabilities == pytest.approx(evaluate(here, sample.test).probabilities, abs=1e-3)


def test_evaluate_uses_evaluation_mode_and_gives_the_old_one_back(sample):
    model = Fixed([0.0] * 10).train()
    evaluate(model, sample.test)
    assert set(model.modes) == {False} and model.training


def test_very_large_logits_do_not_overflow(sample):
    result = evaluate(Fixed([3000.0, -3000.0, *[0.0] * 8]), sample.test)
    assert np.isfinite(result.probabilities).all() and (result.probabilities[:, 0] == 1).all()
    shares = np.bincount(sample.test.labels, minlength=10) / len(sample.test)
    assert result.loss == pytest.approx(6000 * shares[1] + 3000 * shares[2:].sum())


def test_ten_equal_answers_cost_ln_10(sample):
    assert evaluate(Fixed([1.0] * 10), sample.test).loss == pytest.approx(math.log(10))


# --- accuracy ---------------------------------------------------------------------------


def test_accuracy_is_a_fraction_and_equals_scikit_learn(drawn):
    assert accuracy(*drawn) == pytest.approx(metrics.accuracy_score(*drawn))
    assert isinstance(accuracy(*drawn), float)
    assert accuracy([1, 2, 3, 4], [1, 2, 3, 5]) == 0.75


@pytest.mark.parametrize("function", [accuracy, confusion_matrix])
def test_what_cannot_be_counted_is_refused(function):
    with pytest.raises(ValueError, match="nothing to count"):
        function([], [])
    with pytest.raises(ValueError, match="equally long"):
        function([1, 2, 3], [1])  # numpy alone would compare each with the one
    with pytest.raises(ValueError, match="equally long"):
        function([[1, 2]], [[1, 2]])


# --- confusion matrix -------------------------------------------------------------------


def test_confusion_matrix_equals_scikit_learn(drawn):
    matrix = confusion_matrix(*drawn)
    assert np.array_equal(matrix, metrics.confusion_matrix(*drawn, labels=range(10)))
    assert matrix.shape == (10, 10) and matrix.dtype == np.int64


def test_rows_are_labels_and_repeats_count():
    matrix = confusion_matrix([3, 3, 3, 7], [5, 5, 3, 7])
    assert matrix[3, 5] == 2 and matrix[5, 3] == 0 and matrix[3, 3] == 1 and matrix[7, 7] == 1
    assert matrix.sum() == 4


@pytest.mark.parametrize(("labels", "predictions", "name"), [([10], [0], "label"), ([0], [-1], "prediction")])
def test_class_that_does_not_exist_is_named(labels, predictions, name):
    with pytest.raises(ValueError, match=f"each {name} must be one of the classes 0..9"):
        confusion_matrix(labels, predictions)


# --- precision and recall ---------------------------------------------------------------


# --- how sure it was --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ({3: 0.6, 5: 0.4}, "it may also be a 5"),
        ({3: 0.6, 8: 0.4}, "it may also be an 8"),
        ({3: 0.6, 5: 0.21, 8: 0.19}, "it may also be a 5"),
        ({3: 0.6, 5: 0.19, 8: 0.21}, "it may also be an 8"),
        ({3: 0.5, 5: 0.29, 8: 0.21}, "it does not look like a digit"),
        (dict.fromkeys(range(10), 0.1), "it does not look like a digit"),
    ],
)
def test_a_doubt_says_between_which_two_an_answer_wavers(shares, says):
    probabilities = np.zeros(10)
    probabilities[list(shares)] = list(shares.values())
    assert doubt(probabilities, 0.0) == says


def test_an_answer_is_trusted_from_odds_of_three_to_one_on():
    assert doubt(np.eye(10)[3], math.log(3.01)) is None
    assert doubt(np.eye(10)[3], math.log(2.99)) is not None


def probabilities_of(confidences, predictions):
    """Rows of ten probabilities: so much for the prediction, the rest for all others alike."""
    rows = np.repeat((1 - np.array(confidences))[:, None] / 9, 10, axis=1)
    rows[np.arange(len(rows)), predictions] = confidences
    return rows


def test_calibration_error_by_hand():
    """Two bins of ten: 0.9 to 1, where two of three are right; 0.6 to 0.7, where none of two is."""
    probabilities = probabilities_of([0.95, 0.92, 0.98, 0.62, 0.66], [1, 2, 3, 4, 5])
    gaps = abs(2 / 3 - (0.95 + 0.92 + 0.98) / 3), abs(0 - (0.62 + 0.66) / 2)
    by_hand = gaps[0] * 3 / 5 + gaps[1] * 2 / 5
    assert calibration_error([1, 2, 0, 0, 0], probabilities, bins=10) == pytest.approx(by_hand)


def test_sure_and_right_is_calibrated_and_sure_and_wrong_is_not():
    sure = np.eye(10)[[3, 4]]
    assert calibration_error([3, 4], sure) == 0
    assert calibration_error([4, 3], sure) == 1
    with pytest.raises(ValueError, match="equally long"):
        calibration_error([3], sure)


def test_precision_and_recall_equal_scikit_learn(drawn):
    precision, recall = precision_recall(confusion_matrix(*drawn))
    expected = metrics.precision_recall_fscore_support(*drawn, labels=range(10))
    assert np.allclose(precision, expected[0]) and np.allclose(recall, expected[1])
    assert precision.shape == recall.shape == (10,) and precision.dtype == np.float64


def test_without_an_answer_or_an_image_there_is_no_value(recwarn):
    matrix = np.diag(np.arange(10))
    matrix[0, 1] = 3
    precision, recall = precision_recall(matrix)
    assert np.isnan(precision[0]) and recall[0] == 0
    assert precision[1] == 0.25 and recall[1] == 1
    precision, recall = precision_recall(np.zeros((10, 10), int))
    assert np.isnan(precision).all() and np.isnan(recall).all()
    assert not recwarn


# --- the mistakes -----------------------------------------------------------------------


def test_most_confused_pairs_by_counting(drawn):
    counted = {}
    for label, prediction in zip(*map(np.ndarray.tolist, drawn), strict=True):
        if label != prediction:
            counted[label, prediction] = counted.get((label, prediction), 0) + 1
    expected = sorted(((*pair, times) for pair, times in counted.items()), key=lambda x: (-x[2], x[0], x[1]))
    matrix = confusion_matrix(*drawn)
    assert most_confused_pairs(matrix, count=90) == expected
    assert most_confused_pairs(matrix) == expected[:5]
    assert all(type(value) is int for pair in most_confused_pairs(matrix) for value in pair)


def test_without_mistakes_there_are_no_pairs():
    assert most_confused_pairs(np.diag([5] * 10)) == []


def test_most_confident_mistakes_by_sorting(evaluation):
    wrong = [
        (-float(evaluation.probabilities[i].max()), i)
        for i in range(len(evaluation.labels))
        if evaluation.predictions[i] != evaluation.labels[i]
    ]
    expected = [i for _, i in sorted(wrong)][:12]
    mistakes = most_confident_mistakes(evaluation, count=12)
    assert [mistake.index for mistake in mistakes] == expected
    for mistake in mistakes:
        assert mistake.label == evaluation.labels[mistake.index] != mistake.prediction
        assert mistake.prediction == evaluation.predictions[mistake.index]
        assert mistake.confidence == evaluation.probabilities[mistake.index].max()


def test_fewer_mistakes_than_asked_for():
    probabilities = np.full((3, 10), 0.05, np.float32)
    probabilities[:, 4] = 0.55
    labels = np.array([4, 9, 4])
    evaluation = Evaluation(labels, np.array([4, 4, 4]), probabilities, 1.0)
    assert [mistake.index for mistake in most_confident_mistakes(evaluation, count=10)] == [1]
    assert most_confident_mistakes(Evaluation(labels, labels, probabilities, 1.0)) == []
