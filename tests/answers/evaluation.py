"""Planted answers to the exercises of notebook 04."""

import math

import numpy as np

from answers.planting import right, wrong

# 04-confusion


@right("04-confusion")
def _(labels, predictions):
    return np.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)


@right("04-confusion")
def _(labels, predictions):
    counts, _, _ = np.histogram2d(labels, predictions, bins=np.arange(11) - 0.5)
    return counts.astype(int)


@right("04-confusion")
def _(labels, predictions):
    return (np.eye(10, dtype=np.int32)[labels].T @ np.eye(10, dtype=np.int32)[predictions]).astype(np.uint16)


@wrong("04-confusion", "bincount_without_minlength")
def _(labels, predictions):
    return np.reshape(np.bincount(labels * 10 + predictions), (10, 10))


@wrong("04-confusion", "transposed")
def _(labels, predictions):
    return np.bincount(10 * predictions + labels, minlength=100).reshape(10, 10)


@wrong("04-confusion", "repeats_counted_once")
def _(labels, predictions):
    counts = np.zeros((10, 10), int)
    counts[labels, predictions] = 1
    return counts


@wrong("04-confusion", "counts_in_float")
def _(labels, predictions):
    return np.eye(10)[labels].T @ np.eye(10)[predictions]


@wrong("04-confusion", "as_large_as_needed")
def _(labels, predictions):
    side = 1 + max(*labels, *predictions)
    return np.bincount(side * labels + predictions, minlength=side * side).reshape(side, side)


@wrong("04-confusion", "fractions_with_nan")
def _(labels, predictions):
    counts = np.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)
    return (counts.T / counts.sum(axis=1)).T


# 04-precision-recall


@right("04-precision-recall")
def _(matrix, digit):
    return matrix[digit, digit] / matrix[:, digit].sum(), matrix[digit, digit] / matrix[digit].sum()


@right("04-precision-recall")
def _(matrix, digit):
    hits = read_as = there = 0
    for label in range(10):
        for prediction in range(10):
            times = int(matrix[label, prediction])
            hits += times if label == prediction == digit else 0
            read_as += times if prediction == digit else 0
            there += times if label == digit else 0
    return hits / read_as if read_as else float("nan"), hits / there if there else float("nan")


@wrong("04-precision-recall", "swapped")
def _(matrix, digit):
    return matrix[digit, digit] / matrix[digit].sum(), matrix[digit, digit] / matrix[:, digit].sum()


@wrong("04-precision-recall", "percentages")
def _(matrix, digit):
    right = 100.0 * matrix[digit, digit]
    return right / matrix[:, digit].sum(), right / matrix[digit].sum()


@wrong("04-precision-recall", "zero_instead_of_nan")
def _(matrix, digit):
    right = matrix[digit, digit]
    return float(right / max(matrix[:, digit].sum(), 1)), float(right / max(matrix[digit].sum(), 1))


@wrong("04-precision-recall", "division_by_zero")
def _(matrix, digit):
    rows = matrix.tolist()
    return rows[digit][digit] / sum(row[digit] for row in rows), rows[digit][digit] / sum(rows[digit])


@wrong("04-precision-recall", "recall_twice")
def _(matrix, digit):
    return matrix[digit, digit] / matrix[digit, :].sum(), matrix[digit, digit] / matrix[digit].sum()


# 04-most-confused


@right("04-most-confused")
def _(matrix):
    wrong = matrix - (1 + matrix) * np.eye(10, dtype=int)
    return np.unravel_index(wrong.argmax(), (10, 10))


@right("04-most-confused")
def _(matrix):
    best, pair = -1, None
    for label in range(10):
        for prediction in range(10):
            if label != prediction and matrix[label, prediction] > best:
                best, pair = matrix[label, prediction], (label, prediction)
    return pair


@wrong("04-most-confused", "with_diagonal")
def _(matrix):
    return divmod(int(matrix.argmax()), 10)


@wrong("04-most-confused", "turned_round_and_diagonal_at_zero")
def _(matrix):
    return divmod(int((matrix * (1 - np.eye(10))).argmax()), 10)[::-1]


@wrong("04-most-confused", "last_of_equals")
def _(matrix):
    best, pair = -1, None
    for label in range(10):
        for prediction in range(10):
            if label != prediction and matrix[label, prediction] >= best:
                best, pair = matrix[label, prediction], (label, prediction)
    return pair


@wrong("04-most-confused", "diagonal_damaged")
def _(matrix):
    for digit in range(10):
        matrix[digit, digit] = 0
    return divmod(int(matrix.argmax()), 10)


@wrong("04-most-confused", "both_directions_added_and_diagonal_at_zero")
def _(matrix):
    both = matrix + matrix.T
    np.fill_diagonal(both, 0)
    return np.unravel_index(both.argmax(), both.shape)


# 04-calibration


@right("04-calibration")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    return kept.mean(), (probabilities.argmax(axis=1) == labels)[kept].mean()


@right("04-calibration")
def _(probabilities, labels, threshold):
    kept = hits = 0
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        if max(row) >= threshold:
            kept += 1
            hits += row.index(max(row)) == label
    return kept / len(labels), hits / kept if kept else math.nan


@wrong("04-calibration", "strictly_above")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) > threshold
    return kept.mean(), (probabilities.argmax(axis=1) == labels)[kept].mean()


@wrong("04-calibration", "right_among_all")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    return kept.mean(), ((probabilities.argmax(axis=1) == labels) * kept).mean()


@wrong("04-calibration", "coverage_in_percent")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    return 100 * kept.mean(), 100 * (probabilities.argmax(axis=1) == labels)[kept].mean()


@wrong("04-calibration", "zero_when_none_is_left")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    return kept.mean(), (probabilities.argmax(axis=1) == labels)[kept].sum() / max(1, kept.sum())
