"""Exercises of notebook 01: normalising, splitting, the mean digit."""

import numpy as np

from lenet_helpers.exercises.checking import Case, Exercise
from lenet_helpers.exercises.results import Array

# 01-normalise -----------------------------------------------------------------------------


def _normalise_cases(rng):
    """Batches of 1 to 3 images; some reach neither 0 nor 255, so that no scale of their own fits."""
    plain = rng.integers(0, 256, (2, 28, 28), dtype=np.uint8)
    plain[:, 0, :2] = 0, 255
    dim = rng.integers(20, 180, (3, 28, 28), dtype=np.uint8)
    one = rng.integers(0, 256, (1, 28, 28), dtype=np.uint8)
    return [Case((plain,)), Case((dim,)), Case((one,))]


def _normalise(pixels):
    return ((pixels.astype(np.float64) / 255 - 0.5) / 0.5).astype(np.float32)


normalise = Exercise(
    "01-normalise",
    "normalise(pixels)",
    _normalise_cases,
    _normalise,
    Array("float32"),
    "Shape, dtype and every value agree on fresh images: 0 becomes -1, 255 becomes 1, and the input stays as it was.",
    (
        "Two steps: bring 0..255 to 0..1, then 0..1 to -1..1. The result is float32.",
        "pixels / 255 lies in 0..1 (and is float64); subtracting 0.5 gives -0.5..0.5; dividing by 0.5 doubles that. "
        "Convert at the end with .astype(np.float32).",
    ),
)


@normalise.mistake("Your values lie in 0..1. The second step is missing: subtract 0.5, then divide by 0.5.")
def only_divided(pixels):
    return (pixels / 255).astype(np.float32)


@normalise.mistake("Your values lie in -0.5..0.5: after subtracting 0.5, divide by 0.5.")
def only_centred(pixels):
    return (pixels / 255 - 0.5).astype(np.float32)


@normalise.mistake("Divide the pixels by 255 first: the 0.5 is meant for values in 0..1.")
def not_divided_by_255(pixels):
    return ((pixels.astype(np.float32) - 0.5) / 0.5).astype(np.float32)


@normalise.mistake("The values are right but float64: NumPy's division gives that. End with .astype(np.float32).")
def left_in_float64(pixels):
    return (pixels / 255 - 0.5) / 0.5


@normalise.mistake("Division comes before subtraction: put pixels / 255 - 0.5 in brackets before dividing by 0.5.")
def without_brackets(pixels):
    return (pixels / 255 - 0.5 / 0.5).astype(np.float32)


@normalise.mistake("The brightest pixel is 255, not 256: divide by 255, so that full ink becomes exactly 1.")
def divided_by_256(pixels):
    return ((pixels / 256 - 0.5) / 0.5).astype(np.float32)


@normalise.mistake("uint8 ends at 255: 2 * pixels wraps around to small numbers. Convert to float before multiplying.")
def doubled_in_uint8(pixels):
    return (2 * pixels / 255 - 1).astype(np.float32)


@normalise.mistake("// divides whole numbers and cuts off the rest, so nearly every pixel becomes 0. Divide with /.")
def whole_division(pixels):
    return ((pixels // 255 - 0.5) / 0.5).astype(np.float32)


@normalise.mistake(
    "Your scale comes from this batch's own darkest and brightest pixel. It must be 0..255 for every batch."
)
def scaled_to_own_range(pixels):
    low, high = float(pixels.min()), float(pixels.max())
    return ((pixels - low) / (high - low) * 2 - 1).astype(np.float32)


@normalise.mistake("You used the mean and standard deviation of this batch. Here both numbers are the constant 0.5.")
def standardised(pixels):
    return ((pixels - pixels.mean()) / pixels.std()).astype(np.float32)


@normalise.mistake("The shape must stay (N, 28, 28): the channel axis is added later, by to_input.")
def with_channel_axis(pixels):
    return ((pixels / 255 - 0.5) / 0.5).astype(np.float32)[:, None]


@normalise.mistake("You write the result into the input, which is uint8 and can't hold it. Make a new array instead.")
def written_into_the_input(pixels):
    pixels[...] = ((pixels / 255 - 0.5) / 0.5).astype(np.int16).astype(np.uint8)
    return pixels.astype(np.float32)


@normalise.mistake(
    "/= writes floats into a uint8 array, which NumPy refuses: write x = pixels / 255, which is a new array."
)
def divided_in_place(pixels):
    pixels /= 255
    pixels -= 0.5
    pixels /= 0.5
    return pixels


# 01-split ---------------------------------------------------------------------------------


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


def _first_of_each(labels, count):
    seen, chosen = {}, []
    for label in labels.tolist():
        seen[label] = seen.get(label, 0) + 1
        chosen.append(seen[label] <= count)
    return np.array(chosen, dtype=bool)


split = Exercise(
    "01-split",
    "first_of_each(labels, count)",
    _split_cases,
    _first_of_each,
    Array("bool"),
    "On fresh labels the mask is True at exactly the first images of each class.",
    (
        "Start with a mask of False. For each class, find the positions where it occurs and set the first "
        "`count` to True.",
        "np.flatnonzero(labels == label) gives the positions of one class in order; slice it with [:count].",
    ),
)


@split.mistake("These are the first `count` labels of all. Count for each class separately.")
def first_of_all(labels, count):
    return np.arange(len(labels)) < count


@split.mistake(
    "These are the first labels of all, `count` times the number of classes. Count for each class separately."
)
def first_block(labels, count):
    return np.arange(len(labels)) < count * len(np.unique(labels))


@split.mistake("You marked the last ones of each class. Slice the positions with [:count], not [-count:].")
def last_of_each(labels, count):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[-count:]] = True
    return mask


@split.mistake(
    "One too many in each class: the slice [:count] already holds `count` positions; with <=, start counting at 1."
)
def one_too_many(labels, count):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[: count + 1]] = True
    return mask


@split.mistake("One too few in each class: the slice [:count] holds `count` positions already.")
def one_too_few(labels, count):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[: count - 1]] = True
    return mask


@split.mistake("You skip the first of each class. Slices start at 0: [:count], not [1:count + 1].")
def started_at_one(labels, count):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[1 : count + 1]] = True
    return mask


@split.mistake("The mask is inverted: it is True for the others. Start with False and set the chosen ones to True.")
def inverted(labels, count):
    mask = np.ones(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[:count]] = False
    return mask


@split.mistake("You return positions. Return a mask: a bool array as long as labels, True at those positions.")
def positions(labels, count):
    return np.concatenate([np.flatnonzero(labels == label)[:count] for label in np.unique(labels)])


@split.mistake("You return positions. Return a mask: a bool array as long as labels, True at those positions.")
def sorted_positions(labels, count):
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]))


@split.mistake(
    "The right places, but as numbers: create the mask with dtype=bool, or indexing with it picks images 0 and 1."
)
def mask_of_numbers(labels, count):
    mask = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[:count]] = 1
    return mask


@split.mistake(
    "The mask is True everywhere. np.where gives a tuple, and [:count] cuts the tuple: slice np.flatnonzero(...)."
)
def everywhere(labels, count):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[np.where(labels == label)[:count]] = True
    return mask


@split.mistake(
    "The mask is False everywhere. mask[labels == label][:count] = True writes into a copy: index once, with positions."
)
def nowhere(labels, count):
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[labels == label][:count] = True
    return mask


@split.mistake("Class 9 is left out: range(9) ends at 8. There are ten classes, range(10).")
def without_nine(labels, count):
    mask = np.zeros(len(labels), dtype=bool)
    for label in range(9):
        mask[np.flatnonzero(labels == label)[:count]] = True
    return mask


@split.mistake("Class 0 is left out: range(1, 10) begins at 1. There are ten classes, range(10).")
def without_zero(labels, count):
    mask = np.zeros(len(labels), dtype=bool)
    for label in range(1, 10):
        mask[np.flatnonzero(labels == label)[:count]] = True
    return mask


@split.mistake("You sorted the labels first, so the mask belongs to another order. Leave the labels where they are.")
def of_sorted_labels(labels, count):
    labels = np.sort(labels)
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[:count]] = True
    return mask


@split.mistake("labels.sort() changes the labels of everybody who uses them. Leave them in their order.")
def sorted_in_place(labels, count):
    labels.sort()
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[:count]] = True
    return mask


# 01-mean-digit ----------------------------------------------------------------------------


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


def _mean_digit(pixels, labels, digit):
    chosen = [image.astype(np.float64) for image, label in zip(pixels, labels.tolist(), strict=True) if label == digit]
    return sum(chosen) / len(chosen)


mean_digit = Exercise(
    "01-mean-digit",
    "mean_digit(pixels, labels, digit)",
    _mean_digit_cases,
    _mean_digit,
    Array("float"),
    "On fresh images every pixel is the mean over the images of that digit, and over no others.",
    (
        "Pick the images of that digit with a mask, then take the mean over the images, pixel by pixel.",
        "pixels[labels == digit] has shape (n, 28, 28); the mean over axis 0 leaves (28, 28).",
    ),
)


@mean_digit.mistake("This is the mean over all images. Pick those of the digit first: pixels[labels == digit].")
def over_all_digits(pixels, labels, digit):
    return pixels.mean(axis=0)


@mean_digit.mistake("This is one number for all pixels. Take the mean over the images only: .mean(axis=0).")
def one_number(pixels, labels, digit):
    return pixels[labels == digit].mean()


@mean_digit.mistake("axis=1 runs over the rows of each image. The images lie along axis 0.")
def over_rows(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=1)


@mean_digit.mistake("This is one number for each image. Average over the images instead: axis=0.")
def one_number_an_image(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=(1, 2))


@mean_digit.mistake("Your values lie in 0..1. Here the mean stays in the units of the pixels, 0..255.")
def divided_by_255(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=0) / 255


@mean_digit.mistake("A uint8 sum wraps around at 256. Add up in float, or let .mean(axis=0) do it.")
def added_in_uint8(pixels, labels, digit):
    chosen = pixels[labels == digit]
    return chosen.sum(axis=0, dtype=np.uint8) / len(chosen)


@mean_digit.mistake("The mean of whole numbers is not whole: return floats, without rounding to uint8.")
def cut_to_uint8(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=0).astype(np.uint8)


@mean_digit.mistake("The mean of whole numbers is not whole: divide with /, not //, and do not round.")
def cut_to_whole(pixels, labels, digit):
    return pixels[labels == digit].sum(axis=0) // (labels == digit).sum()


@mean_digit.mistake("This is the sum. Divide it by the number of images of that digit.")
def summed(pixels, labels, digit):
    return pixels[labels == digit].sum(axis=0).astype(np.float64)


@mean_digit.mistake("You divide by the number of all images. Divide by the number of images of that digit.")
def divided_by_all(pixels, labels, digit):
    return pixels[labels == digit].sum(axis=0) / len(labels)


@mean_digit.mistake("This is the median, the middle value. The mean is asked for.")
def median(pixels, labels, digit):
    return np.median(pixels[labels == digit], axis=0)


@mean_digit.mistake("pixels[digit] is the image at that position. Use a mask: pixels[labels == digit].")
def image_at_that_position(pixels, labels, digit):
    return pixels[digit].astype(np.float64)


@mean_digit.mistake(
    "It returns in the first turn of the loop: move return to the left, under the for and not inside it."
)
def returned_in_the_loop(pixels, labels, digit):
    total, count = np.zeros((28, 28)), 0
    for image, label in zip(pixels, labels, strict=True):
        if label == digit:
            total, count = total + image, count + 1
        return total / count


@mean_digit.mistake("This is the first image of that digit, not the mean of all of them.")
def only_the_first(pixels, labels, digit):
    return pixels[labels == digit][0].astype(np.float64)


EXERCISES = (normalise, split, mean_digit)
