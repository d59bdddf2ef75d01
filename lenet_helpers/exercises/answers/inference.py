"""Answers to the exercises of notebook 05: polarity, the centre of mass, a reader of picture files, the best path."""

import math

import numpy as np
import torch

from lenet_helpers.architecture import load_model
from lenet_helpers.data import to_input
from lenet_helpers.exercises.answers.returns import Array, Number, Pair
from lenet_helpers.exercises.answers.twists import each, swapped
from lenet_helpers.exercises.asked import inference as asked
from lenet_helpers.exercises.definition import Exercise, known
from lenet_helpers.inference import to_mnist

# 05-polarity ------------------------------------------------------------------------------


def _to_light_on_dark(pixels):
    rows = pixels.tolist()
    ring = rows[0] + rows[-1] + [row[0] for row in rows[1:-1]] + [row[-1] for row in rows[1:-1]]
    return 255 - pixels if sum(ring) / len(ring) > 127.5 else pixels.copy()


def _ring_mean(pixels):
    return np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]]).mean()


def _by(brightness, limit=127.5, invert=lambda pixels: 255 - pixels, leave=np.copy):
    """Return a function that inverts what is bright and leaves the rest; what is not given is as in a right one."""
    return lambda pixels: invert(pixels) if brightness(pixels) > limit else leave(pixels)


def _inverted_in_place(pixels):
    return np.subtract(255, pixels, out=pixels)


def _corners_twice(pixels):
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).mean()


def _two_pixels_thick(pixels):
    ring = np.ones(pixels.shape, dtype=bool)
    ring[2:-2, 2:-2] = False
    return pixels[ring].mean()


def _ring_median(pixels):
    return np.median(np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]]))


polarity = Exercise(
    **vars(asked.polarity),
    oracle=_to_light_on_dark,
    returns=Array("uint8"),
    verified="Fresh pictures with a light border are inverted, those with a dark one returned as a copy, whatever is "
    "inside.",
    hints=(
        "The outermost ring shows the paper. If it is bright on average, invert the picture; else return a copy.",
        "ring = np.ones(pixels.shape, dtype=bool), and False inside: ring[1:-1, 1:-1] = False. Then pixels[ring] has "
        "each pixel of the ring once. Inverting uint8: 255 - pixels.",
    ),
    mistakes=known(
        ("always_inverted", lambda pixels: 255 - pixels,
         "You invert every picture. Look at the border first: dark paper stays as it is."),
        ("never_inverted", np.copy,
         "No picture comes back inverted. Where the border is bright, return 255 - pixels; sums of uint8 wrap at 256."),
        ("wrong_way_round", _by(_ring_mean, invert=np.copy, leave=lambda pixels: 255 - pixels),
         "It is the wrong way round: invert when the border is brighter than 127.5, not when it is darker."),
        ("mean_of_the_whole", _by(np.mean),
         "You average over the whole picture; a bold digit outweighs the paper. Take the outermost ring only."),
        ("mean_of_the_inside", _by(lambda pixels: pixels[1:-1, 1:-1].mean()),
         "You average over the inside. The paper shows at the border: the outermost ring."),
        ("one_corner", _by(lambda pixels: pixels[0, 0]),
         "One corner may mislead: take the mean of the whole outermost ring."),
        ("upper_edge", _by(lambda pixels: pixels[0].mean()),
         "The upper edge alone may mislead: take the mean of the whole outermost ring."),
        ("corners_twice", _by(_corners_twice),
         "The corners belong to a row and to a column, and you count them twice: take each pixel once."),
        ("limit_of_one_half", _by(_ring_mean, limit=0.5),
         "You invert nearly every picture. 127.5 is the limit for the mean of pixels in 0..255: not 0.5, and no sum."),
        ("negated", _by(_ring_mean, invert=np.negative),
         "The inverse of 0 is 255, not 256: -pixels and 256 - pixels wrap around in uint8. Invert with 255 - pixels."),
        ("one_minus", _by(_ring_mean, invert=lambda pixels: 1 - pixels),
         "1 - pixels is for values in 0..1; in uint8 it wraps around. Invert with 255 - pixels."),
        ("inverted_in_place", _by(_ring_mean, invert=_inverted_in_place),
         "You change the picture of the caller. Make a new one: 255 - pixels, without out= or [...] =."),
        ("inverted_in_place_without_copy", _by(_ring_mean, invert=_inverted_in_place, leave=lambda pixels: pixels),
         "You change the picture of the caller. Make a new one: 255 - pixels, without out= or [...] =."),
        ("not_copied", _by(_ring_mean, leave=lambda pixels: pixels),
         "A picture with a dark border must come back as a copy: return pixels.copy()."),
        ("in_float", lambda pixels: _to_light_on_dark(pixels).astype(np.float64),
         "The result is float. Pixels are uint8: 255 - pixels stays uint8, 255.0 - pixels does not."),
        ("two_pixels_thick", _by(_two_pixels_thick),
         "Your ring is two pixels thick. The outermost ring is one: [1:-1, 1:-1] is what lies inside."),
        ("median_of_the_ring", _by(_ring_median), "This is the median of the ring. The mean is asked for."),
        ("four_corners", _by(lambda pixels: pixels[:: len(pixels) - 1, :: pixels.shape[1] - 1].mean()),
         "Four corners may mislead: take the mean of the whole outermost ring."),
    ),
)  # fmt: skip


# 05-centre --------------------------------------------------------------------------------


def _centre_of_mass(pixels):
    total = row = column = 0
    for i, line in enumerate(pixels.tolist()):
        for j, value in enumerate(line):
            total, row, column = total + value, row + i * value, column + j * value
    return row / total, column / total


def _of_each(twist):
    """Return a function that twists the row and the column of the right centre."""
    return lambda pixels: each(twist, _centre_of_mass(pixels))


def _middle_of_the_box(pixels):
    return each(lambda places: float(places.min() + places.max()) / 2, np.nonzero(pixels))


def _weighted_in_uint8(pixels):
    row = column = np.uint8(0)
    for (i, j), value in np.ndenumerate(pixels):
        row, column = row + i * value, column + j * value
    return row, column


def _added_in_uint8(pixels):
    total = sum(pixels.ravel(), start=np.uint8(0))
    return each(lambda value: float(value / total) if total else math.nan, _weighted_in_uint8(pixels))


def _multiplied_in_uint8(pixels):
    return each(lambda value: float(value / pixels.sum()), _weighted_in_uint8(pixels))


def _divided_by_size(pixels):
    return each(lambda value: value * int(pixels.sum()) / pixels.size, _centre_of_mass(pixels))


def _as_fraction(pixels):
    row, column = _centre_of_mass(pixels)
    return row / pixels.shape[0], column / pixels.shape[1]


def _divided_by_sides(pixels):
    (row, column), total = _centre_of_mass(pixels), int(pixels.sum())
    return row * total / pixels.shape[0], column * total / pixels.shape[1]


centre = Exercise(
    **vars(asked.centre),
    oracle=_centre_of_mass,
    returns=Pair("float", ("row", "column")),
    verified="On fresh pictures the row and the column are the means over all pixels, weighted by their values.",
    hints=(
        "It is a weighted mean: each row number counts as often as there is ink in that row; columns likewise.",
        "The ink of each row is pixels.sum(axis=1); the mean row is the sum of row number times ink, divided by "
        "all ink.",
    ),
    mistakes=known(
        ("swapped", lambda pixels: swapped(_centre_of_mass(pixels)),
         "Row and column are swapped: return (row, column); pixels.sum(axis=1) is the ink of each row, axis=0 of each "
         "column."),
        ("not_weighted", lambda pixels: _centre_of_mass(pixels > 0),
         "Every inked pixel counts the same. Weight each by its value, so that strong ink counts more."),
        ("middle_of_the_box", _middle_of_the_box,
         "This is the middle of the box around the ink. Take the mean, weighted by the pixel values."),
        ("middle_of_the_picture", lambda pixels: each(lambda side: (side - 1) / 2, pixels.shape),
         "This is the middle of the picture, wherever the ink is. Weight by the pixel values."),
        ("rounded", _of_each(lambda value: float(round(value))),
         "Do not round: the centre may lie between pixels."),
        ("rounded_to_int", _of_each(round), "Do not round: the centre may lie between pixels."),
        ("cut_to_int", _of_each(int), "Do not cut off the fraction: the centre may lie between pixels."),
        ("counted_from_one", _of_each(lambda value: value + 1),
         "Rows and columns count from 0; yours are 1 too large."),
        ("half_a_pixel_off", _of_each(lambda value: value + 0.5), "Pixel i is at position i, not i + 0.5."),
        ("added_in_uint8", _added_in_uint8,
         "uint8 wraps around at 256 when you add up or multiply. Convert first: pixels.astype(float), or int(value)."),
        ("multiplied_in_uint8", _multiplied_in_uint8,
         "A pixel times its row number goes beyond 255, where uint8 wraps around: start with pixels.astype(float)."),
        ("divided_by_size", _divided_by_size,
         "You divide by the number of pixels. Divide by the sum of the pixel values."),
        ("brightest_pixel", lambda pixels: each(float, np.unravel_index(pixels.argmax(), pixels.shape)),
         "This is the brightest pixel. The centre of mass is a mean over all of them."),
        ("as_fraction", _as_fraction,
         "This is a fraction of the height and width. Leave it in pixels."),
        ("divided_by_the_sides", _divided_by_sides,
         "You divide by a side of the picture. Divide by the sum of all pixel values."),
    ),
    clues=(
        (r"arange\(28\)|range\(28\)|14", "Not every picture is 28 × 28: take its sides from pixels.shape."),
    ),
    forbids=(
        (r"ndimage|center_of_mass|moments\(", "A ready-made centre of mass does the exercise's work. Use NumPy alone."),
    ),
)  # fmt: skip


# 05-reader --------------------------------------------------------------------------------


def _reading(prepare=lambda path: to_input(to_mnist(path)), returns=lambda logits: int(logits.argmax())):
    """Return a function that makes an input of a path, and a digit of the ten logits; one of both in its own way."""

    @torch.no_grad()
    def read(path):
        return returns(load_model(asked.MODEL)(prepare(path))[0])

    return read


def _squeezed(path):
    from PIL import Image

    with Image.open(path) as picture:
        return to_input(np.asarray(picture.convert("L").resize((28, 28))))


def _raw(path):
    return torch.tensor(to_mnist(path))[None, None].float()


reader = Exercise(
    **vars(asked.reader),
    oracle=_reading(),
    returns=Number("int"),
    verified="It reads fresh pictures of both polarities as the course's network does.",
    hints=(
        "Four stations: the file becomes 28×28 pixels, the pixels an input, the input ten logits, the logits a digit.",
        "to_mnist(path) takes a path and gives pixels; to_input makes a batch of one; load_model gives the network; "
        "argmax over the ten logits, then int(...).",
    ),
    mistakes=known(
        ("only_resized", _reading(_squeezed),
         "The picture is only made smaller. to_mnist also finds the ink, its polarity and its centre: use it."),
        ("inverted_again", _reading(lambda path: to_input(255 - to_mnist(path))),
         "to_mnist already gives light ink on dark ground; you invert it once more."),
        ("to_input_forgotten", _reading(to_mnist),
         "The network takes a batch of inputs, not pixels: to_input makes one of shape (1, 1, 28, 28) of them."),
        ("pixels_as_they_are", _reading(_raw),
         "The network was trained on inputs in [-1, 1]. Bring the pixels there with to_input."),
        ("pixels_in_0_to_1", _reading(lambda path: _raw(path) / 255),
         "Your inputs lie in [0, 1]; the network was trained on [-1, 1]. Use to_input."),
        ("scaled_twice", _reading(lambda path: to_input(to_mnist(path) / 255)),
         "to_input takes uint8 pixels and scales them itself: hand over the result of to_mnist as it is."),
        ("least_likely", _reading(returns=lambda logits: int(logits.argmin())),
         "argmin finds the least likely digit. Use argmax."),
        ("largest_logit", _reading(returns=lambda logits: logits.max().item()),
         "You return the largest logit or probability. argmax gives the digit to which it belongs."),
        ("largest_probability", _reading(returns=lambda logits: logits.softmax(dim=0).max().item()),
         "You return the largest logit or probability. argmax gives the digit to which it belongs."),
        ("all_logits", _reading(returns=lambda logits: logits),
         "You return all ten logits. argmax gives the digit, int(...) makes it a plain number."),
        ("digit_as_tensor", _reading(returns=lambda logits: logits.argmax()),
         "argmax gives a Tensor. Make it a plain number: int(...) or .item()."),
        ("digit_as_batch", _reading(returns=lambda logits: logits.argmax()[None]),
         "argmax gives a Tensor. Make it a plain number: int(...) or .item()."),
        ("transposed", _reading(lambda path: to_input(to_mnist(path).T.copy())),
         "The picture is read on its side: rows stay rows, no transposing."),
        ("logits_of_a_batch", _reading(returns=lambda logits: logits[None]),
         "You return all ten logits. argmax gives the digit, int(...) makes it a plain number."),
        ("largest_logit_cut", _reading(returns=lambda logits: int(logits.max())),
         "You return the largest logit, cut to a whole number. argmax gives the digit to which it belongs."),
    ),
    clues=(
        (r"LeNet\(", "LeNet(...) is a fresh network with random weights. load_model brings the trained one."),
        (r"test\.png", "It reads test.png, whatever path it is given. Use path."),
    ),
    forbids=(
        (r"ImageClassifier|classifier\.|\bclassify\(",
         "ImageClassifier does the exercise's work. Go the three steps yourself."),
    ),
)  # fmt: skip


# 05-path ----------------------------------------------------------------------------------


def _best_score(scores, start=0.0, best=max, add=float.__add__, reach=None):
    """The greatest sum, from every cut to the last one; of a wrong answer, with one of these in its own way."""
    total = [start]
    for cut in range(1, len(scores)):
        before = range(max(0, cut - reach) if reach else 0, cut)
        total.append(best(add(total[other], float(scores[other, cut])) for other in before))
    return total[-1]


def _greedy(scores):
    """From each cut the best arc that leaves it."""
    at, total = 0, 0.0
    while at < len(scores) - 1:
        total, at = total + float(scores[at, at + 1 :].max()), at + 1 + int(scores[at, at + 1 :].argmax())
    return total


def _fewest_arcs(scores):
    total = [(0, 0.0)]
    for cut in range(1, len(scores)):
        ways = [(arcs - 1, sum_ + scores[other, cut]) for other, (arcs, sum_) in enumerate(total)]
        total.append(max(way for way in ways if way[1] > -math.inf))
    return float(total[-1][1])


def _mean(scores):
    total = [(0.0, 0)]
    for cut in range(1, len(scores)):
        ways = [(sum_ + float(scores[other, cut]), arcs + 1) for other, (sum_, arcs) in enumerate(total)]
        total.append(max(ways))
    return total[-1][0] / total[-1][1]


def _path_of(scores):
    from lenet_helpers.numbers import best_path

    return best_path(scores)


path = Exercise(
    **vars(asked.path),
    oracle=_best_score,
    returns=Number("float"),
    verified="In fresh graphs, where some arcs are missing and some mislead, it finds the greatest sum of all paths.",
    hints=(
        "Go through the cuts from left to right. The best path to a cut comes from some cut before it: try each of "
        "them, and keep the greatest sum.",
        "total[0] is 0. For each later cut, total[cut] is the greatest of total[before] + scores[before, cut], over "
        "all before < cut. Return the last one, as a float.",
    ),
    mistakes=known(
        ("greedy", _greedy,
         "You always take the best arc that leaves a cut. It may lead to a bad one: keep the best sum for each cut."),
        ("never_joined", lambda scores: float(np.diag(scores, 1).sum()),
         "You go from each cut to the next one. An arc may also go over several cuts: try all cuts before."),
        ("joins_of_two", lambda scores: _best_score(scores, reach=2),
         "Your arcs go over one cut at most. An arc may begin at any cut before: range(cut)."),
        ("one_arc", lambda scores: float(scores[0, -1]),
         "scores[0, -1] is the one arc from the first cut to the last. A path may have several: add up their scores."),
        ("best_arc", lambda scores: float(scores.max()),
         "This is the best arc. What is asked is the best path from the first cut to the last, the sum of its arcs."),
        ("best_into_each", lambda scores: float(scores[:, 1:].max(axis=0).sum()),
         "You add the best arc into each cut, and these need not make one path. Each sum must go on from another."),
        ("worst", lambda scores: _best_score(np.where(np.isinf(scores), np.inf, scores), best=min),
         "This is the path with the least sum. Take the greatest: max."),
        ("starts_anywhere", lambda scores: _best_score(scores, best=lambda ways: max([0.0, *ways])),
         "Your sums never fall below 0, as if a path could begin at any cut. Only the first cut begins with 0; the "
         "others begin with -inf."),
        ("one_cut_short", lambda scores: _best_score(scores[:-1, :-1]),
         "You stop one cut too early. scores has one row for each cut, so the last cut is len(scores) - 1."),
        ("fewest_arcs", _fewest_arcs,
         "You take the path with the fewest arcs. What counts is the sum of their scores."),
        ("multiplied", lambda scores: _best_score(scores, start=1.0, add=float.__mul__),
         "You multiply the scores. They are logarithms, so add them up."),
        ("started_at_one", lambda scores: _best_score(scores, start=1.0),
         "Your sum is 1 too large: the path to the first cut has no arc, so its sum is 0."),
        ("mean", _mean, "You return the mean of the arcs. Return their sum."),
        ("the_path", _path_of,
         "You return the cuts on the best path. Return the sum of the scores along it, as a float."),
    ),
)  # fmt: skip
