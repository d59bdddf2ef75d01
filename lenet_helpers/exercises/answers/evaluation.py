"""Answers to the exercises of notebook 04: confusion, precision and recall, the most confused pair, calibration."""

import math

import numpy as np

from lenet_helpers.exercises.answers.returns import Array, Pair
from lenet_helpers.exercises.answers.twists import each, swapped
from lenet_helpers.exercises.asked import evaluation as asked
from lenet_helpers.exercises.definition import Exercise, known

# 04-confusion -----------------------------------------------------------------------------


def _confusion(labels, predictions):
    rows = [[0] * 10 for _ in range(10)]
    for label, prediction in zip(labels.tolist(), predictions.tolist(), strict=True):
        rows[label][prediction] += 1
    return np.array(rows)


def _counted(twist):
    """Return a function that twists the right counts."""
    return lambda labels, predictions: twist(_confusion(labels, predictions))


def _as_large_as_needed(labels, predictions):
    side = int(max(labels.max(), predictions.max())) + 1
    return _confusion(labels, predictions)[:side, :side]


confusion = Exercise(
    **vars(asked.confusion),
    oracle=_confusion,
    returns=Array("int"),
    verified="Every count is right on fresh labels: 10 × 10, rows are labels, columns are predictions.",
    hints=(
        "Give each pair of label and prediction a number of its own from 0 to 99. Then only count these numbers.",
        "10 * labels + predictions numbers the pairs. np.bincount(..., minlength=100) counts all at once; which shape "
        "has the table?",
    ),
    mistakes=known(
        ("transposed", lambda labels, predictions: _confusion(predictions, labels),
         "Rows and columns are swapped: the row is the label, the column the prediction."),
        ("repeats_counted_once", _counted(lambda matrix: np.minimum(matrix, 1)),
         "matrix[labels, predictions] += 1 counts a repeated pair only once. Use np.bincount, or np.add.at."),
        ("as_large_as_needed", _as_large_as_needed,
         "The matrix is always 10 × 10, also when the highest digit does not occur."),
        ("bincount_without_minlength",
         lambda labels, predictions: np.bincount(10 * labels + predictions).reshape(10, 10),
         "np.bincount ends at the largest number that occurs. Tell it that there are 100: minlength=100."),
        ("fractions_of_rows", _counted(lambda matrix: matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)),
         "Return the counts themselves, not fractions of each row."),
        ("fractions_with_nan", _counted(lambda matrix: matrix / matrix.sum(axis=1, keepdims=True)),
         "Return the counts themselves, not fractions of each row. (And 0 / 0 is NaN.)"),
        ("fractions_of_all", _counted(lambda matrix: matrix / matrix.sum()),
         "Return the counts themselves, not fractions of all images."),
        ("counts_in_float", _counted(lambda matrix: matrix.astype(np.float64)),
         "Counts are whole numbers: np.zeros gives float unless you say dtype=np.int64 (or dtype=int)."),
        ("only_right_ones", _counted(lambda matrix: np.diag(np.diag(matrix))),
         "Only the diagonal is filled: count wrong predictions too, at [label, prediction]."),
        ("only_wrong_ones", _counted(lambda matrix: matrix - np.diag(np.diag(matrix))),
         "The diagonal is empty: right predictions are counted too."),
        ("one_place_off", _counted(lambda matrix: np.roll(matrix, (-1, -1), axis=(0, 1))),
         "Everything is one place off: the digits are 0..9, and so are the rows and columns."),
        ("last_one_left_out", lambda labels, predictions: _confusion(labels[:-1], predictions[:-1]),
         "The last image is left out: range(len(labels)) already ends before len(labels)."),
        ("not_a_table", _counted(np.ravel),
         "The counts are right, in one row of 100: .reshape(10, 10) makes the table."),
    ),
    forbids=(
        (r"\b(for|while) (?!.* in (range\(10\)|np\.ndindex\(10, 10\)):)",
         "The counts are right, but there is a Python loop over the images. Count all pairs at once: np.bincount."),
        (r"confusion_matrix\(", "confusion_matrix does the exercise's work. Count the pairs yourself."),
    ),
)  # fmt: skip


# 04-precision-recall ----------------------------------------------------------------------


def _precision_recall(matrix, digit):
    right = int(matrix[digit, digit])
    read_so, are_so = (sum(int(n) for n in line) for line in (matrix[:, digit], matrix[digit]))
    return right / read_so if read_so else math.nan, right / are_so if are_so else math.nan


def _twisted(twist):
    """Return a function that twists the right pair of precision and recall."""
    return lambda matrix, digit: twist(_precision_recall(matrix, digit))


def _fractions(divide):
    """Return a function that divides the right ones by the sum of the column, and by that of the row, in some way."""
    return lambda matrix, digit: tuple(
        divide(matrix[digit, digit], line.sum()) for line in (matrix[:, digit], matrix[digit])
    )


def _divide(top, bottom):
    return float(np.float64(top) / np.float64(bottom))


def _divided_by_all(matrix, digit):
    share = _divide(matrix[digit, digit], matrix.sum())
    return share, share


precision_recall = Exercise(
    **vars(asked.precision_recall),
    oracle=_precision_recall,
    returns=Pair("float", ("precision", "recall")),
    verified="Both fractions are right on fresh matrices, and NaN where there is nothing to divide by.",
    hints=(
        "Both have matrix[digit, digit] on top. Precision divides by all that was read as this digit, recall by "
        "all that is it.",
        "Rows are labels: matrix[digit].sum() images are this digit, matrix[:, digit].sum() were read as it. 0 / "
        "0 is NaN.",
    ),
    mistakes=known(
        ("swapped", _twisted(swapped),
         "Precision and recall are swapped: columns are predictions, so precision divides by the column."),
        ("percentages", _twisted(lambda pair: each(lambda value: 100 * value, pair)),
         "These are percentages. The course uses fractions in [0, 1]: leave * 100 out."),
        ("zero_instead_of_nan", _twisted(lambda pair: each(lambda value: 0.0 if math.isnan(value) else value, pair)),
         "Where nothing was read as the digit, or nothing is it, the fraction is not 0 but unknown: NaN."),
        ("one_instead_of_nan", _twisted(lambda pair: each(lambda value: 1.0 if math.isnan(value) else value, pair)),
         "Where nothing was read as the digit, or nothing is it, the fraction is not 1 but unknown: NaN."),
        ("division_by_zero", _fractions(lambda right, whole: int(right) / int(whole)),
         "Python's int refuses to divide by 0. Ask first whether the sum is 0, and return NaN then."),
        ("divided_by_all", _divided_by_all,
         "You divide by all images. Divide by the column's sum and by the row's sum."),
        ("divided_by_the_wrong_ones", _fractions(lambda right, whole: _divide(right, whole - right)),
         "You divide right by wrong. The sum of the column or row holds the right ones as well."),
        ("fractions_of_wrong_ones", _twisted(lambda pair: each(lambda value: 1 - value, pair)),
         "These are the fractions of wrong ones: 1 minus what is asked for."),
        ("recall_twice", _twisted(lambda pair: (pair[1], pair[1])),
         "Both are divided by the row. Precision divides by the column: matrix[:, digit].sum()."),
        ("precision_twice", _twisted(lambda pair: (pair[0], pair[0])),
         "Both are divided by the column. Recall divides by the row: matrix[digit].sum()."),
        ("for_all_digits",
         lambda matrix, digit: (np.diag(matrix) / matrix.sum(axis=0), np.diag(matrix) / matrix.sum(axis=1)),
         "This is the answer for all digits. Return the two numbers of the digit asked for."),
        ("whole_division", _fractions(lambda right, whole: float(right) // float(whole) if whole else math.nan),
         "// rounds down, to 0 nearly always. Divide with /."),
        ("both_nan", _twisted(lambda pair: (math.nan, math.nan) if math.isnan(sum(pair)) else pair),
         "One of the two may have a value where the other has none: ask for each separately whether its sum is 0."),
    ),
    clues=(
        (r"\['nan'\]|'nan'(?!\))", "'nan' is text. math.nan or float('nan') is the number."),
    ),
    forbids=(
        (r"\bprecision_recall\(|\bprecision_score|\brecall_score", "A ready-made helper does the exercise's work. "
         "Write the two divisions."),
    ),
)  # fmt: skip


# 04-most-confused -------------------------------------------------------------------------


def _most_confused(matrix):
    pairs = [(label, prediction) for label in range(10) for prediction in range(10) if label != prediction]
    return max(pairs, key=lambda pair: int(matrix[pair]))  # max keeps the first of equals


def _off_diagonal(matrix, filling=-1):
    wrong = matrix.copy()
    np.fill_diagonal(wrong, filling)
    return wrong


def _place(matrix):
    row, column = np.unravel_index(matrix.argmax(), matrix.shape)
    return int(row), int(column)


def _diagonal_damaged(matrix):
    np.fill_diagonal(matrix, 0)
    return _place(matrix)


def _with_the_count(matrix):
    pair = _most_confused(matrix)
    return *pair, int(matrix[pair])


_TURNED = "The pair is the wrong way round: (label, prediction), which is (row, column)."
_BOTH = "You add both directions. A 4 read as 9 and a 9 read as 4 are two entries."

most_confused = Exercise(
    **vars(asked.most_confused),
    oracle=_most_confused,
    returns=Pair("int", ("label", "prediction")),
    verified="It finds the largest wrong entry of fresh matrices, ties go to the smallest label, and the matrix stays "
    "as it was.",
    hints=(
        "The diagonal holds what is right: leave it out, then look for the largest entry. The row is the label.",
        "Work on matrix.copy() with -1 on the diagonal (np.fill_diagonal); np.unravel_index(copy.argmax(), "
        "copy.shape) gives row and column of the first largest entry.",
    ),
    mistakes=known(
        ("with_diagonal", _place,
         "This is the largest entry of the diagonal, where the answers are right. Leave the diagonal out."),
        ("turned_round", lambda matrix: swapped(_most_confused(matrix)), _TURNED),
        ("turned_round_and_diagonal_at_zero", lambda matrix: swapped(_place(_off_diagonal(matrix, 0))), _TURNED),
        ("last_of_equals",
         lambda matrix: each(lambda place: 9 - place, _place(_off_diagonal(matrix)[::-1, ::-1])),
         "Of equal entries you take the last. Smallest label first: keep the earlier one unless the new one is "
         "larger (>)."),
        ("smallest_prediction_first", lambda matrix: swapped(_place(_off_diagonal(matrix).T)),
         "Of equal entries take the smallest label first; you go column by column."),
        ("both_directions_added", lambda matrix: _place(_off_diagonal(matrix + matrix.T)), _BOTH),
        ("both_directions_added_and_diagonal_at_zero",
         lambda matrix: _place(_off_diagonal(matrix + matrix.T, 0)), _BOTH),
        ("diagonal_damaged", _diagonal_damaged,
         "fill_diagonal changed the matrix of the caller. Work on matrix.copy()."),
        ("only_above_the_diagonal", lambda matrix: _place(np.triu(matrix, 1)),
         "Only the entries above the diagonal are looked at. Below it there are mistakes as well."),
        ("only_below_the_diagonal", lambda matrix: _place(np.tril(matrix, -1)),
         "Only the entries below the diagonal are looked at. Above it there are mistakes as well."),
        ("flat_position", lambda matrix: int(_off_diagonal(matrix).argmax()),
         "argmax counts through all 100 entries. np.unravel_index turns that into row and column."),
        ("largest_fraction", lambda matrix: _place(_off_diagonal(matrix) / matrix.sum(axis=1, keepdims=True)),
         "You compare fractions of each row. The largest count is asked for."),
        ("with_the_count", _with_the_count,
         "Return the pair only: (label, prediction), without the count."),
        ("least_confused", lambda matrix: _place(-_off_diagonal(matrix, matrix.max() + 1)),
         "This is the smallest wrong entry. Look for the largest."),
        ("diagonal_at_zero", lambda matrix: _place(_off_diagonal(matrix, 0)),
         "With 0 on the diagonal a right answer wins where there are no mistakes: put -1 there."),
        ("only_the_diagonal_left", lambda matrix: _place(np.diag(np.diag(matrix))),
         "This is the largest entry of the diagonal, where the answers are right. Leave the diagonal out."),
    ),
    clues=(
        (r"matrix - np\.diag\((matrix|\w+\.diagonal\(\))\)",
         "np.diag(matrix) is a row of ten numbers, and it is subtracted from every row. np.fill_diagonal(copy, -1) "
         "changes the diagonal alone."),
        (r"\.max\(\)", "max gives the count. Where it stands says argmax."),
    ),
    forbids=(
        (r"most_confused_pairs\(", "most_confused_pairs does the exercise's work. Find the entry yourself."),
    ),
)  # fmt: skip


# 04-calibration ---------------------------------------------------------------------------


def _coverage(probabilities, labels, threshold):
    kept = [
        int(np.argmax(row)) == label
        for row, label in zip(probabilities, labels.tolist(), strict=True)
        if max(row.tolist()) >= threshold
    ]
    return len(kept) / len(labels), sum(kept) / len(kept) if kept else math.nan


def _calibrated(twist):
    """Return a function that twists the right pair of coverage and accuracy."""
    return lambda *given: twist(*_coverage(*given))


def _keeping(which, accuracy=lambda kept, right: right[kept].mean() if kept.any() else math.nan):
    """Return a function that keeps some images in its own way, and takes the accuracy in its own way.

    `which` takes the arguments, `accuracy` takes for each image whether it is kept and whether it is right.
    """

    def covers(probabilities, labels, threshold):
        kept, right = which(probabilities, labels, threshold), probabilities.argmax(axis=1) == labels
        return float(kept.mean()), float(accuracy(kept, right))

    return covers


def _sure(probabilities, labels, threshold):
    return probabilities.max(axis=1) >= threshold


def _divided_by_none(probabilities, labels, threshold):
    kept, right = _sure(probabilities, labels, threshold), probabilities.argmax(axis=1) == labels
    return int(kept.sum()) / len(labels), int((kept & right).sum()) / int(kept.sum())


def _counts(probabilities, labels, threshold):
    kept, right = _sure(probabilities, labels, threshold), probabilities.argmax(axis=1) == labels
    return int(kept.sum()), int((kept & right).sum())


calibration = Exercise(
    **vars(asked.calibration),
    oracle=_coverage,
    returns=Pair("float", ("coverage", "accuracy")),
    verified="Both fractions are right on fresh probabilities, also for confidences equal to the threshold and when "
    "none is left.",
    hints=(
        "The confidence of an image is its largest probability. Keep the images that reach the threshold; count, "
        "then look who is right.",
        "kept = probabilities.max(axis=1) >= threshold; its mean is the coverage; the accuracy is a mean over "
        "the kept ones only.",
    ),
    mistakes=known(
        ("strictly_above", _keeping(lambda probabilities, labels, threshold: probabilities.max(axis=1) > threshold),
         "A confidence equal to the threshold counts: compare with >=, not >."),
        ("right_among_all", _keeping(_sure, lambda kept, right: (kept & right).mean()),
         "You divide by all images. The accuracy is among the kept ones only."),
        ("right_among_all_or_nan",
         _keeping(_sure, lambda kept, right: (kept & right).mean() if kept.any() else math.nan),
         "You divide by all images. The accuracy is among the kept ones only."),
        ("accuracy_of_all", _keeping(_sure, lambda kept, right: right.mean()),
         "This is the accuracy on all images. Take it over the kept ones: right[kept].mean()."),
        ("coverage_in_percent", _calibrated(lambda covered, accuracy: (100 * covered, 100 * accuracy)),
         "These are percentages. The course uses fractions in [0, 1]: leave * 100 out."),
        ("zero_when_none_is_left",
         _calibrated(lambda covered, accuracy: (covered, 0.0 if math.isnan(accuracy) else accuracy)),
         "Where no image is kept, the accuracy is not 0 but unknown: NaN."),
        ("divided_by_none", _divided_by_none,
         "No image may be left: Python refuses to divide by 0. Return NaN as the accuracy then."),
        ("probability_of_the_label",
         _keeping(lambda probabilities, labels, threshold: probabilities[np.arange(len(labels)), labels] >= threshold),
         "Confidence is the largest probability, whatever the label is. You took that of the right class."),
        ("below_the_threshold", _keeping(lambda *given: ~_sure(*given)),
         "You keep the images below the threshold: compare with >=."),
        ("accuracy_first", _calibrated(lambda covered, accuracy: (accuracy, covered)),
         "The order is (coverage, accuracy)."),
        ("number_kept", lambda *given: (_coverage(*given)[0] * len(given[1]), _coverage(*given)[1]),
         "This is the number of images kept. Coverage is a fraction: divide by len(labels)."),
        ("error_instead_of_accuracy", _calibrated(lambda covered, accuracy: (covered, 1 - accuracy)),
         "This is the fraction of wrong ones. Accuracy is the fraction of right ones."),
        ("counts_returned", _counts,
         "These are numbers of images. Both are fractions: divide by len(labels), and by the number that is kept."),
    ),
    clues=(
        (r"axis=0|max\(0\)", "axis=0 goes through the images. The ten probabilities of an image lie along axis=1."),
        (r"return .*\.sum\(\)", "A sum counts images. Both are fractions: the mean of a bool array is one."),
        (r"probabilities >", "You compare all ten probabilities. The confidence is the largest of them: .max(axis=1)."),
    ),
)  # fmt: skip
