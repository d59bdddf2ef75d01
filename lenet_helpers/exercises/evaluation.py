"""Exercises of notebook 04: confusion, precision and recall, the most confused pair, calibration."""

import math

import numpy as np

from lenet_helpers.exercises.checking import Case, Exercise
from lenet_helpers.exercises.results import Array, Pair

# 04-confusion -----------------------------------------------------------------------------


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


def _confusion(labels, predictions):
    rows = [[0] * 10 for _ in range(10)]
    for label, prediction in zip(labels.tolist(), predictions.tolist(), strict=True):
        rows[label][prediction] += 1
    return np.array(rows)


confusion = Exercise(
    "04-confusion",
    "confusion(labels, predictions)",
    _confusion_cases,
    _confusion,
    Array("int"),
    "Every count is right on fresh labels: 10 × 10, rows are labels, columns are predictions.",
    (
        "Start with a 10 × 10 array of zeros. Each image adds 1 to one entry: which row, which column?",
        "for label, prediction in zip(labels, predictions): matrix[label, prediction] += 1",
    ),
)


@confusion.mistake("Rows and columns are swapped: the row is the label, the column the prediction.")
def transposed(labels, predictions):
    return _confusion(predictions, labels)


@confusion.mistake("matrix[labels, predictions] += 1 counts a repeated pair only once. Use a loop or np.add.at.")
def repeats_counted_once(labels, predictions):
    matrix = np.zeros((10, 10), dtype=np.int64)
    matrix[labels, predictions] += 1
    return matrix


@confusion.mistake("The matrix is always 10 × 10, also when the highest digit does not occur.")
def as_large_as_needed(labels, predictions):
    side = int(max(labels.max(), predictions.max())) + 1
    return _confusion(labels, predictions)[:side, :side]


@confusion.mistake("np.bincount ends at the largest number that occurs. Tell it that there are 100: minlength=100.")
def bincount_without_minlength(labels, predictions):
    return np.bincount(10 * labels + predictions).reshape(10, 10)


@confusion.mistake("Return the counts themselves, not fractions of each row.")
def fractions_of_rows(labels, predictions):
    matrix = _confusion(labels, predictions)
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


@confusion.mistake("Return the counts themselves, not fractions of each row. (And 0 / 0 is NaN.)")
def fractions_with_nan(labels, predictions):
    matrix = _confusion(labels, predictions)
    return matrix / matrix.sum(axis=1, keepdims=True)


@confusion.mistake("Return the counts themselves, not fractions of all images.")
def fractions_of_all(labels, predictions):
    return _confusion(labels, predictions) / len(labels)


@confusion.mistake("Counts are whole numbers: np.zeros gives float unless you say dtype=np.int64 (or dtype=int).")
def counts_in_float(labels, predictions):
    return _confusion(labels, predictions).astype(np.float64)


@confusion.mistake("Only the diagonal is filled: count wrong predictions too, at [label, prediction].")
def only_right_ones(labels, predictions):
    return np.diag(np.diag(_confusion(labels, predictions)))


@confusion.mistake("The diagonal is empty: right predictions are counted too.")
def only_wrong_ones(labels, predictions):
    matrix = _confusion(labels, predictions)
    return matrix - np.diag(np.diag(matrix))


@confusion.mistake("Everything is one place off: the digits are 0..9, and so are the rows and columns.")
def one_place_off(labels, predictions):
    return np.roll(_confusion(labels, predictions), (-1, -1), axis=(0, 1))


@confusion.mistake("The last image is left out: range(len(labels)) already ends before len(labels).")
def last_one_left_out(labels, predictions):
    return _confusion(labels[:-1], predictions[:-1])


# 04-precision-recall ----------------------------------------------------------------------


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


def _precision_recall(matrix, digit):
    right = int(matrix[digit, digit])
    read_so, are_so = (sum(int(n) for n in line) for line in (matrix[:, digit], matrix[digit]))
    return right / read_so if read_so else math.nan, right / are_so if are_so else math.nan


precision_recall = Exercise(
    "04-precision-recall",
    "precision_recall_of(matrix, digit)",
    _precision_cases,
    _precision_recall,
    Pair("float", ("precision", "recall")),
    "Both fractions are right on fresh matrices, and NaN where there is nothing to divide by.",
    (
        "Both have matrix[digit, digit] on top. Precision divides by all that was read as this digit, recall by "
        "all that is it.",
        "Rows are labels: matrix[digit].sum() images are this digit, matrix[:, digit].sum() were read as it. 0 / "
        "0 is NaN.",
    ),
)


def _divide(top, bottom):
    return float(np.float64(top) / np.float64(bottom))


@precision_recall.mistake(
    "Precision and recall are swapped: columns are predictions, so precision divides by the column."
)
def swapped(matrix, digit):
    precision, recall = _precision_recall(matrix, digit)
    return recall, precision


@precision_recall.mistake("These are percentages. The course uses fractions in [0, 1]: leave * 100 out.")
def percentages(matrix, digit):
    precision, recall = _precision_recall(matrix, digit)
    return 100 * precision, 100 * recall


@precision_recall.mistake(
    "Where nothing was read as the digit, or nothing is it, the fraction is not 0 but unknown: NaN."
)
def zero_instead_of_nan(matrix, digit):
    return tuple(0.0 if math.isnan(value) else value for value in _precision_recall(matrix, digit))


@precision_recall.mistake(
    "Where nothing was read as the digit, or nothing is it, the fraction is not 1 but unknown: NaN."
)
def one_instead_of_nan(matrix, digit):
    return tuple(1.0 if math.isnan(value) else value for value in _precision_recall(matrix, digit))


@precision_recall.mistake("Python's int refuses to divide by 0. Ask first whether the sum is 0, and return NaN then.")
def division_by_zero(matrix, digit):
    right = int(matrix[digit, digit])
    return right / int(matrix[:, digit].sum()), right / int(matrix[digit].sum())


@precision_recall.mistake("You divide by all images. Divide by the column's sum and by the row's sum.")
def divided_by_all(matrix, digit):
    share = _divide(matrix[digit, digit], matrix.sum())
    return share, share


@precision_recall.mistake("You divide right by wrong. The sum of the column or row holds the right ones as well.")
def divided_by_the_wrong_ones(matrix, digit):
    right = matrix[digit, digit]
    return _divide(right, matrix[:, digit].sum() - right), _divide(right, matrix[digit].sum() - right)


@precision_recall.mistake("These are the fractions of wrong ones: 1 minus what is asked for.")
def fractions_of_wrong_ones(matrix, digit):
    precision, recall = _precision_recall(matrix, digit)
    return 1 - precision, 1 - recall


@precision_recall.mistake("Both are divided by the row. Precision divides by the column: matrix[:, digit].sum().")
def recall_twice(matrix, digit):
    recall = _precision_recall(matrix, digit)[1]
    return recall, recall


@precision_recall.mistake("Both are divided by the column. Recall divides by the row: matrix[digit].sum().")
def precision_twice(matrix, digit):
    precision = _precision_recall(matrix, digit)[0]
    return precision, precision


@precision_recall.mistake("This is the answer for all digits. Return the two numbers of the digit asked for.")
def for_all_digits(matrix, digit):
    return np.diag(matrix) / matrix.sum(axis=0), np.diag(matrix) / matrix.sum(axis=1)


@precision_recall.mistake("// rounds down, to 0 nearly always. Divide with /.")
def whole_division(matrix, digit):
    right = float(matrix[digit, digit])
    values = [right // n if n else math.nan for n in (float(matrix[:, digit].sum()), float(matrix[digit].sum()))]
    return values[0], values[1]


# 04-most-confused -------------------------------------------------------------------------


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
    return cases


def _most_confused(matrix):
    pairs = [(label, prediction) for label in range(10) for prediction in range(10) if label != prediction]
    return max(pairs, key=lambda pair: int(matrix[pair]))  # max keeps the first of equals


most_confused = Exercise(
    "04-most-confused",
    "most_confused(matrix)",
    _confused_cases,
    _most_confused,
    Pair("int", ("label", "prediction")),
    "It finds the largest wrong entry of fresh matrices, ties go to the smallest label, and the matrix stays as "
    "it was.",
    (
        "The diagonal holds what is right: leave it out, then look for the largest entry. The row is the label.",
        "Work on matrix.copy() with the diagonal set to 0 (np.fill_diagonal); np.unravel_index(copy.argmax(), "
        "copy.shape) "
        "gives row and column of the first largest entry.",
    ),
)


def _off_diagonal(matrix):
    wrong = matrix.copy()
    np.fill_diagonal(wrong, -1)
    return wrong


def _place(matrix):
    row, column = np.unravel_index(matrix.argmax(), matrix.shape)
    return int(row), int(column)


@most_confused.mistake(
    "This is the largest entry of the diagonal, where the answers are right. Leave the diagonal out."
)
def with_diagonal(matrix):
    return _place(matrix)


@most_confused.mistake("The pair is the wrong way round: (label, prediction), which is (row, column).")
def turned_round(matrix):
    row, column = _most_confused(matrix)
    return column, row


@most_confused.mistake(
    "Of equal entries you take the last. Smallest label first: keep the earlier one unless the new one is larger (>)."
)
def last_of_equals(matrix):
    row, column = _place(_off_diagonal(matrix)[::-1, ::-1])
    return 9 - row, 9 - column


@most_confused.mistake("Of equal entries take the smallest label first; you go column by column.")
def smallest_prediction_first(matrix):
    column, row = _place(_off_diagonal(matrix).T)
    return row, column


@most_confused.mistake("You add both directions. A 4 read as 9 and a 9 read as 4 are two entries.")
def both_directions_added(matrix):
    return _place(_off_diagonal(matrix + matrix.T))


@most_confused.mistake("fill_diagonal changed the matrix of the caller. Work on matrix.copy().")
def diagonal_damaged(matrix):
    np.fill_diagonal(matrix, 0)
    return _place(matrix)


@most_confused.mistake("Only the entries above the diagonal are looked at. Below it there are mistakes as well.")
def only_above_the_diagonal(matrix):
    return _place(np.triu(matrix, 1))


@most_confused.mistake("Only the entries below the diagonal are looked at. Above it there are mistakes as well.")
def only_below_the_diagonal(matrix):
    return _place(np.tril(matrix, -1))


@most_confused.mistake("argmax counts through all 100 entries. np.unravel_index turns that into row and column.")
def flat_position(matrix):
    return int(_off_diagonal(matrix).argmax())


@most_confused.mistake("You compare fractions of each row. The largest count is asked for.")
def largest_fraction(matrix):
    return _place(_off_diagonal(matrix) / matrix.sum(axis=1, keepdims=True))


@most_confused.mistake("Return the pair only: (label, prediction), without the count.")
def with_the_count(matrix):
    row, column = _most_confused(matrix)
    return row, column, int(matrix[row, column])


@most_confused.mistake("This is the smallest wrong entry. Look for the largest.")
def least_confused(matrix):
    wrong = matrix.copy()
    np.fill_diagonal(wrong, matrix.max() + 1)
    return _place(-wrong)


# 04-calibration ---------------------------------------------------------------------------


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


def _coverage(probabilities, labels, threshold):
    kept = [
        int(np.argmax(row)) == label
        for row, label in zip(probabilities, labels.tolist(), strict=True)
        if max(row.tolist()) >= threshold
    ]
    return len(kept) / len(labels), sum(kept) / len(kept) if kept else math.nan


calibration = Exercise(
    "04-calibration",
    "coverage(probabilities, labels, threshold)",
    _calibration_cases,
    _coverage,
    Pair("float", ("coverage", "accuracy")),
    "Both fractions are right on fresh probabilities, also for confidences equal to the threshold and when none "
    "is left.",
    (
        "The confidence of an image is its largest probability. Keep the images that reach the threshold; count, "
        "then look who is right.",
        "kept = probabilities.max(axis=1) >= threshold; its mean is the coverage; the accuracy is a mean over "
        "the kept ones only.",
    ),
)


def _kept_and_right(probabilities, labels, threshold):
    return probabilities.max(axis=1) >= threshold, probabilities.argmax(axis=1) == labels


@calibration.mistake("A confidence equal to the threshold counts: compare with >=, not >.")
def strictly_above(probabilities, labels, threshold):
    kept, right = probabilities.max(axis=1) > threshold, probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(right[kept].mean()) if kept.any() else math.nan


@calibration.mistake("You divide by all images. The accuracy is among the kept ones only.")
def right_among_all(probabilities, labels, threshold):
    kept, right = _kept_and_right(probabilities, labels, threshold)
    return float(kept.mean()), float((kept & right).mean())


@calibration.mistake("You divide by all images. The accuracy is among the kept ones only.")
def right_among_all_or_nan(probabilities, labels, threshold):
    kept, right = _kept_and_right(probabilities, labels, threshold)
    return float(kept.mean()), float((kept & right).mean()) if kept.any() else math.nan


@calibration.mistake("This is the accuracy on all images. Take it over the kept ones: right[kept].mean().")
def accuracy_of_all(probabilities, labels, threshold):
    kept, right = _kept_and_right(probabilities, labels, threshold)
    return float(kept.mean()), float(right.mean())


@calibration.mistake("These are percentages. The course uses fractions in [0, 1]: leave * 100 out.")
def coverage_in_percent(probabilities, labels, threshold):
    covered, accuracy = _coverage(probabilities, labels, threshold)
    return 100 * covered, 100 * accuracy


@calibration.mistake("Where no image is kept, the accuracy is not 0 but unknown: NaN.")
def zero_when_none_is_left(probabilities, labels, threshold):
    covered, accuracy = _coverage(probabilities, labels, threshold)
    return covered, 0.0 if math.isnan(accuracy) else accuracy


@calibration.mistake("No image may be left: Python refuses to divide by 0. Return NaN as the accuracy then.")
def divided_by_none(probabilities, labels, threshold):
    kept, right = _kept_and_right(probabilities, labels, threshold)
    return int(kept.sum()) / len(labels), int((kept & right).sum()) / int(kept.sum())


@calibration.mistake("Confidence is the largest probability, whatever the label is. You took that of the right class.")
def probability_of_the_label(probabilities, labels, threshold):
    kept = probabilities[np.arange(len(labels)), labels] >= threshold
    right = probabilities.argmax(axis=1) == labels
    return float(kept.mean()), float(right[kept].mean()) if kept.any() else math.nan


@calibration.mistake("You keep the images below the threshold: compare with >=.")
def below_the_threshold(probabilities, labels, threshold):
    kept, right = _kept_and_right(probabilities, labels, threshold)
    return float((~kept).mean()), float(right[~kept].mean()) if not kept.all() else math.nan


@calibration.mistake("The order is (coverage, accuracy).")
def accuracy_first(probabilities, labels, threshold):
    covered, accuracy = _coverage(probabilities, labels, threshold)
    return accuracy, covered


@calibration.mistake("This is the number of images kept. Coverage is a fraction: divide by len(labels).")
def number_kept(probabilities, labels, threshold):
    covered, accuracy = _coverage(probabilities, labels, threshold)
    return covered * len(labels), accuracy


@calibration.mistake("This is the fraction of wrong ones. Accuracy is the fraction of right ones.")
def error_instead_of_accuracy(probabilities, labels, threshold):
    covered, accuracy = _coverage(probabilities, labels, threshold)
    return covered, 1 - accuracy


EXERCISES = (confusion, precision_recall, most_confused, calibration)
