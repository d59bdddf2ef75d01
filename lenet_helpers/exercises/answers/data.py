"""Answers to the exercises of notebook 01: normalising, splitting, the mean digit."""

import numpy as np

from lenet_helpers.exercises.answers.returns import Array
from lenet_helpers.exercises.asked import data as asked
from lenet_helpers.exercises.definition import Exercise, known
from lenet_helpers.exercises.reading_source import RETURN_IN_LOOP

# 01-normalise -----------------------------------------------------------------------------


def _normalise(pixels):
    return ((pixels.astype(np.float64) / 255 - 0.5) / 0.5).astype(np.float32)


def _scaled_to_own_range(pixels):
    low, high = float(pixels.min()), float(pixels.max())
    return ((pixels - low) / (high - low) * 2 - 1).astype(np.float32)


def _written_into_the_input(pixels):
    pixels[...] = ((pixels / 255 - 0.5) / 0.5).astype(np.int16).astype(np.uint8)
    return pixels.astype(np.float32)


def _divided_in_place(pixels):
    pixels /= 255
    pixels -= 0.5
    pixels /= 0.5
    return pixels


normalise = Exercise(
    **vars(asked.normalise),
    oracle=_normalise,
    returns=Array("float32"),
    verified="Shape, dtype and every value agree on fresh images: 0 becomes -1, 255 becomes 1, "
    "and the input stays as it was.",
    hints=(
        "Two steps: bring 0..255 to 0..1, then 0..1 to -1..1. The result is float32.",
        "pixels / 255 lies in 0..1 (and is float64); subtracting 0.5 gives -0.5..0.5; dividing by 0.5 doubles that. "
        "Convert at the end with .astype(np.float32).",
    ),
    mistakes=known(
        ("only_divided", lambda pixels: (pixels / 255).astype(np.float32),
         "Your values lie in 0..1. The second step is missing: subtract 0.5, then divide by 0.5."),
        ("only_centred", lambda pixels: (pixels / 255 - 0.5).astype(np.float32),
         "Your values lie in -0.5..0.5: after subtracting 0.5, divide by 0.5."),
        ("not_divided_by_255", lambda pixels: ((pixels.astype(np.float32) - 0.5) / 0.5).astype(np.float32),
         "Divide the pixels by 255 first: the 0.5 is meant for values in 0..1."),
        ("left_in_float64", lambda pixels: (pixels / 255 - 0.5) / 0.5,
         "The values are right but float64: NumPy's division gives that. End with .astype(np.float32)."),
        ("without_brackets", lambda pixels: (pixels / 255 - 0.5 / 0.5).astype(np.float32),
         "Division comes before subtraction: put pixels / 255 - 0.5 in brackets before dividing by 0.5."),
        ("divided_by_256", lambda pixels: ((pixels / 256 - 0.5) / 0.5).astype(np.float32),
         "The brightest pixel is 255, not 256: divide by 255, so that full ink becomes exactly 1."),
        ("doubled_in_uint8", lambda pixels: (2 * pixels / 255 - 1).astype(np.float32),
         "uint8 ends at 255: 2 * pixels wraps around to small numbers. Convert to float before multiplying."),
        ("whole_division", lambda pixels: ((pixels // 255 - 0.5) / 0.5).astype(np.float32),
         "// divides whole numbers and cuts off the rest, so nearly every pixel becomes 0. Divide with /."),
        ("scaled_to_own_range", _scaled_to_own_range,
         "Your scale comes from this batch's own darkest and brightest pixel. It must be 0..255 for every batch."),
        ("standardised", lambda pixels: ((pixels - pixels.mean()) / pixels.std()).astype(np.float32),
         "You used the mean and standard deviation of this batch. Here both numbers are the constant 0.5."),
        ("with_channel_axis", lambda pixels: _normalise(pixels)[:, None],
         "The shape must stay (N, 28, 28): the channel axis is added later, by to_input."),
        ("written_into_the_input", _written_into_the_input,
         "You write the result into the input, which is uint8 and can't hold it. Make a new array instead."),
        ("divided_in_place", _divided_in_place,
         "/= writes floats into a uint8 array, which NumPy refuses: write x = pixels / 255, which is a new array."),
        ("by_its_own_maximum", lambda pixels: ((pixels / pixels.max() - 0.5) / 0.5).astype(np.float32),
         "Your scale comes from this batch's own brightest pixel. Divide by 255, for every batch."),
    ),
    clues=(
        (r"(zeros|empty|ones)_like\(pixels\)",
         "np.zeros_like(pixels) makes uint8 like pixels, which cuts your numbers off: give it dtype=np.float32."),
    ),
    forbids=(
        (r"\bto_input\(|original_transform", "to_input does the exercise's work. Write the rule itself."),
    ),
)  # fmt: skip


# 01-split ---------------------------------------------------------------------------------


def _first_of_each(labels, count):
    seen, chosen = {}, []
    for label in labels.tolist():
        seen[label] = seen.get(label, 0) + 1
        chosen.append(seen[label] <= count)
    return np.array(chosen, dtype=bool)


def _choosing(places=lambda places, count: places[:count], classes=np.unique, dtype=bool):
    """Return a function that walks through the classes and chooses some of the places of each."""

    def choose(labels, count):
        mask = np.zeros(len(labels), dtype)
        for label in classes(labels):
            mask[places(np.flatnonzero(labels == label), count)] = True
        return mask

    return choose


def _positions(labels, count):
    return np.concatenate([np.flatnonzero(labels == label)[:count] for label in np.unique(labels)])


def _sorted_in_place(labels, count):
    labels.sort()
    return _first_of_each(labels, count)


split = Exercise(
    **vars(asked.split),
    oracle=_first_of_each,
    returns=Array("bool"),
    verified="On fresh labels the mask is True at exactly the first images of each class.",
    hints=(
        "Start with a mask of False. For each class, find the positions where it occurs and set the first "
        "`count` to True.",
        "np.flatnonzero(labels == label) gives the positions of one class in order; slice it with [:count].",
    ),
    mistakes=known(
        ("first_of_all", lambda labels, count: np.arange(len(labels)) < count,
         "These are the first `count` labels of all. Count for each class separately."),
        ("first_block", lambda labels, count: np.arange(len(labels)) < count * len(np.unique(labels)),
         "These are the first labels of all, `count` times the number of classes. Count for each class separately."),
        ("last_of_each", _choosing(lambda places, count: places[-count:]),
         "You marked the last ones of each class. Slice the positions with [:count], not [-count:]."),
        ("one_too_many", _choosing(lambda places, count: places[: count + 1]),
         "One too many in each class: the slice [:count] already holds `count` positions; with <=, start counting "
         "at 1."),
        ("one_too_few", _choosing(lambda places, count: places[: count - 1]),
         "One too few in each class: the slice [:count] holds `count` positions already."),
        ("started_at_one", _choosing(lambda places, count: places[1 : count + 1]),
         "You skip the first of each class. Slices start at 0: [:count], not [1:count + 1]."),
        ("inverted", lambda labels, count: ~_first_of_each(labels, count),
         "The mask is inverted: it is True for the others. Start with False and set the chosen ones to True."),
        ("positions", _positions,
         "You return positions. Return a mask: a bool array as long as labels, True at those positions."),
        ("sorted_positions", lambda labels, count: np.sort(_positions(labels, count)),
         "You return positions. Return a mask: a bool array as long as labels, True at those positions."),
        ("mask_of_numbers", _choosing(dtype=np.int64),
         "The right places, but as numbers: create the mask with dtype=bool, or indexing with it picks images 0 "
         "and 1."),
        ("everywhere", lambda labels, count: np.ones(len(labels), dtype=bool),
         "The mask is True everywhere. np.where gives a tuple, and [:count] cuts the tuple: slice "
         "np.flatnonzero(...)."),
        ("nowhere", lambda labels, count: np.zeros(len(labels), dtype=bool),
         "The mask is False everywhere. mask[labels == label][:count] = True writes into a copy: index once, with "
         "positions."),
        ("without_nine", _choosing(classes=lambda labels: range(9)),
         "Class 9 is left out: range(9) ends at 8. There are ten classes, range(10)."),
        ("without_zero", _choosing(classes=lambda labels: range(1, 10)),
         "Class 0 is left out: range(1, 10) begins at 1. There are ten classes, range(10)."),
        ("of_sorted_labels", lambda labels, count: _first_of_each(np.sort(labels), count),
         "You sorted the labels first, so the mask belongs to another order. Leave the labels where they are."),
        ("sorted_in_place", _sorted_in_place,
         "labels.sort() changes the labels of everybody who uses them. Leave them in their order."),
    ),
    clues=(
        (r"return labels\[", "labels[mask] are labels. Return the mask itself: a bool array as long as labels."),
    ),
    forbids=(
        (r"first_of_each_class\(", "first_of_each_class does the exercise's work. Write it yourself."),
    ),
)  # fmt: skip


# 01-mean-digit ----------------------------------------------------------------------------


def _mean_digit(pixels, labels, digit):
    chosen = [image.astype(np.float64) for image, label in zip(pixels, labels.tolist(), strict=True) if label == digit]
    return sum(chosen) / len(chosen)


def _of(what):
    """Return a function that picks the images of the digit and returns `what` of them."""
    return lambda pixels, labels, digit: what(pixels[labels == digit])


def _returned_in_the_loop(pixels, labels, digit):
    total, count = np.zeros((28, 28)), 0
    for image, label in zip(pixels, labels, strict=True):
        if label == digit:
            total, count = total + image, count + 1
        return total / count


mean_digit = Exercise(
    **vars(asked.mean_digit),
    oracle=_mean_digit,
    returns=Array("float"),
    verified="On fresh images every pixel is the mean over the images of that digit, and over no others.",
    hints=(
        "Pick the images of that digit with a mask, then take the mean over the images, pixel by pixel.",
        "pixels[labels == digit] has shape (n, 28, 28); the mean over axis 0 leaves (28, 28).",
    ),
    mistakes=known(
        ("over_all_digits", lambda pixels, labels, digit: pixels.mean(axis=0),
         "This is the mean over all images. Pick those of the digit first: pixels[labels == digit]."),
        ("one_number", _of(lambda chosen: chosen.mean()),
         "This is one number for all pixels. Take the mean over the images only: .mean(axis=0)."),
        ("over_rows", _of(lambda chosen: chosen.mean(axis=1)),
         "axis=1 runs over the rows of each image. The images lie along axis 0."),
        ("one_number_an_image", _of(lambda chosen: chosen.mean(axis=(1, 2))),
         "This is one number for each image. Average over the images instead: axis=0."),
        ("divided_by_255", _of(lambda chosen: chosen.mean(axis=0) / 255),
         "Your values lie in 0..1. Here the mean stays in the units of the pixels, 0..255."),
        ("added_in_uint8", _of(lambda chosen: chosen.sum(axis=0, dtype=np.uint8) / len(chosen)),
         "A uint8 sum wraps around at 256. Add up in float, or let .mean(axis=0) do it."),
        ("cut_to_uint8", _of(lambda chosen: chosen.mean(axis=0).astype(np.uint8)),
         "The mean of whole numbers is not whole: return floats, without rounding to uint8."),
        ("cut_to_whole", _of(lambda chosen: chosen.sum(axis=0) // np.int64(len(chosen))),
         "The mean of whole numbers is not whole: divide with /, not //, and do not round."),
        ("summed", _of(lambda chosen: chosen.sum(axis=0).astype(np.float64)),
         "This is the sum. Divide it by the number of images of that digit."),
        ("divided_by_all", lambda pixels, labels, digit: pixels[labels == digit].sum(axis=0) / len(labels),
         "You divide by the number of all images. Divide by the number of images of that digit."),
        ("median", _of(lambda chosen: np.median(chosen, axis=0)),
         "This is the median, the middle value. The mean is asked for."),
        ("image_at_that_position", lambda pixels, labels, digit: pixels[digit].astype(np.float64),
         "pixels[digit] is the image at that position. Use a mask: pixels[labels == digit]."),
        ("returned_in_the_loop", _returned_in_the_loop, RETURN_IN_LOOP),
        ("only_the_first", _of(lambda chosen: chosen[0].astype(np.float64)),
         "This is the first image of that digit, not the mean of all of them."),
        ("over_columns", _of(lambda chosen: chosen.mean(axis=2)),
         "axis=2 runs over the columns of each image. The images lie along axis 0."),
        ("axis_kept", _of(lambda chosen: chosen.mean(axis=0, keepdims=True)),
         "The shape is (1, 28, 28): keepdims keeps the axis of the images. Leave it out."),
        ("rounded", _of(lambda chosen: chosen.mean(axis=0).round()),
         "The mean of whole numbers is not whole: do not round."),
    ),
    clues=(
        (r"axis=2", "axis=2 runs over the columns of each image. The images lie along axis 0."),
    ),
)  # fmt: skip
