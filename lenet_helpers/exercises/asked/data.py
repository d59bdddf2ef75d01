"""What the exercises of notebook 01 ask: normalising, splitting, the mean digit."""

import numpy as np

from lenet_helpers.exercises.definition import Asked, Case

# 01-normalise -------------------------------------------------------------------------------


def _normalise_cases(rng):
    """Batches of 1 to 3 images; some reach neither 0 nor 255, so that no scale of their own fits."""
    plain = rng.integers(0, 256, (2, 28, 28), dtype=np.uint8)
    plain[:, 0, :2] = 0, 255
    dim = rng.integers(20, 180, (3, 28, 28), dtype=np.uint8)
    one = rng.integers(0, 256, (1, 28, 28), dtype=np.uint8)
    return [Case((plain,)), Case((dim,)), Case((one,))]


normalise = Asked("01-normalise", "normalise(pixels)", _normalise_cases)


# 01-split -----------------------------------------------------------------------------------


def _split_cases(rng):
    """Unsorted labels; every class that occurs does so more than `count` times."""
    cases = []
    for classes, count in (((3, 7, 9), 1), ((0, 4, 9), 2), (range(10), 3), ((1, 9), 4)):
        extra = rng.integers(1, 4, len(classes))
        labels = np.repeat(np.array(classes), count + extra)
        shuffled = rng.permutation(labels)
        while shuffled[0] < shuffled[-1]:  # never sorted, so that sorting shows
            shuffled = rng.permutation(labels)
        cases.append(Case((shuffled.astype(np.int64), count)))
    return cases


split = Asked("01-split", "first_of_each(labels, count)", _split_cases)


# 01-mean-digit ------------------------------------------------------------------------------


def _mean_digit_cases(rng):
    """Bright images, so that sums leave uint8; the digit's images are never all of them."""
    cases = []
    for digit, times in ((3, 2), (0, 3), (int(rng.integers(4, 10)), 4)):
        others = rng.choice([d for d in range(10) if d != digit], 5)
        labels = np.concatenate([np.full(times, digit), others]).astype(np.int64)
        while (digit < len(labels) and labels[digit] == digit) or labels[0] == digit:
            labels = rng.permutation(labels)  # neither at the position of its own number nor first
        pixels = rng.integers(0, 256, (len(labels), 28, 28), dtype=np.uint8)
        pixels[:, :4, :4] = rng.integers(200, 256, (len(labels), 4, 4), dtype=np.uint8)
        cases.append(Case((pixels, labels, digit)))
    return cases


mean_digit = Asked("01-mean-digit", "mean_digit(pixels, labels, digit)", _mean_digit_cases)
