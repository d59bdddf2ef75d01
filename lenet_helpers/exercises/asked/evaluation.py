"""What the exercises of notebook 04 ask: confusion, precision and recall, the most confused pair, calibration."""

import numpy as np

from lenet_helpers.exercises.definition import Asked, Case

# 04-confusion -------------------------------------------------------------------------------


def _confusion_cases(rng):
    """Repeated pairs in every case; the first without class 9, so that the size can't come from the labels."""
    cases = []
    for classes, count in ((4, 8), (10, 40), (10, 120), (9, 15)):
        labels, predictions = rng.integers(0, classes, (2, count))
        labels[:4], predictions[:4] = (1, 1, 1, 2), (2, 2, 2, 2)
        if classes == 10:
            labels[4], predictions[5] = 9, 9
        cases.append(Case((labels.astype(np.int64), predictions.astype(np.int64))))
    return cases


confusion = Asked("04-confusion", "confusion(labels, predictions)", _confusion_cases)


# 04-precision-recall ------------------------------------------------------------------------


def _precision_cases(rng):
    """Matrices that are not symmetric; digits never predicted, never there, and both."""
    cases = []
    for never_predicted, never_there in ((), ()), ((), ()), ((3,), ()), ((), (6,)), ((8,), (8,)):
        matrix = rng.integers(1, 9, (10, 10)) + np.diag(rng.integers(20, 60, 10))
        matrix[:, list(never_predicted)] = 0
        matrix[list(never_there)] = 0
        special = (*never_predicted, *never_there)
        digit = special[0] if special else int(rng.integers(10))
        while not special and matrix[digit].sum() == matrix[:, digit].sum():
            digit = (digit + 1) % 10
        cases.append(Case((matrix.astype(np.int64), digit)))
    return cases


precision_recall = Asked("04-precision-recall", "precision_recall_of(matrix, digit)", _precision_cases)


# 04-most-confused ---------------------------------------------------------------------------


def _confused_cases(rng):
    """The largest entry below and above the diagonal; ties in several rows and in one row."""
    cases = []
    for entries in (((7, 2),), ((2, 7),), ((6, 1), (3, 8)), ((5, 9), (5, 0), (8, 3)), ((4, 9), (9, 4), (1, 7))):
        matrix = rng.integers(0, 9, (10, 10))
        matrix[np.arange(10), np.arange(10)] = rng.integers(80, 1000, 10)
        for row, column in entries:
            matrix[row, column] = 12
        # A pair that wins when both directions are added, and a small row that wins as a fraction.
        others = [n for n in range(10) if n not in np.ravel(entries)]
        one, two, small = (int(n) for n in rng.permutation(others)[:3]) if len(others) > 2 else (0, 3, 6)
        matrix[one, two] = matrix[two, one] = 11
        matrix[small, small] = 9
        matrix[small, one] = 10
        cases.append(Case((matrix.astype(np.int64),)))
    return [*cases, Case((np.diag(rng.integers(80, 1000, 10)),))]  # the last without a mistake


most_confused = Asked("04-most-confused", "most_confused(matrix)", _confused_cases)


# 04-calibration -----------------------------------------------------------------------------


def _calibration_cases(rng):
    """Eighths, exact in float: confidences equal to the threshold, some above it, and none at all."""
    cases = []
    for count, threshold in ((6, 0.75), (12, 0.5), (20, 0.625), (8, 0.9375)):
        top = rng.choice([0.375, 0.5, 0.625, 0.75, 0.875], count)
        top[:3] = 0.875, 0.75, 0.375
        if threshold < 0.9:
            top[3] = threshold
        if count == 6:
            top[4:] = 0.5, 0.625  # three are left, one of them right: a third, unlike its complement
        winners = rng.integers(0, 10, count)
        probabilities = np.zeros((count, 10))
        for row, winner, confidence in zip(probabilities, winners, top, strict=True):
            row[(winner + 1) % 10] = min(confidence, 1 - confidence) - 0.0625
            row[(winner + 2) % 10] = 1 - confidence - row[(winner + 1) % 10]
            row[winner] = confidence
        labels = np.where(rng.random(count) < 0.6, winners, (winners + 1) % 10)
        labels[0], labels[1] = (winners[0] + 1) % 10, winners[1]  # one sure and wrong, one right
        labels[2] = winners[2]  # right, and below every threshold
        labels[3] = (winners[3] + 1) % 10
        cases.append(Case((probabilities, labels.astype(np.int64), threshold)))
    return cases


calibration = Asked("04-calibration", "coverage(probabilities, labels, threshold)", _calibration_cases)
