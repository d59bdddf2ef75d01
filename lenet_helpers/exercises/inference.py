"""Exercises of notebook 05: polarity, the centre of mass, a reader of picture files."""

import math
import tempfile
from pathlib import Path

import numpy as np
import torch

from lenet_helpers.architecture import load_model
from lenet_helpers.data import load_mnist, to_input
from lenet_helpers.exercises.checking import Case, Exercise
from lenet_helpers.exercises.results import Array, Number, Pair, freeze
from lenet_helpers.exercises.running import Outcome
from lenet_helpers.inference import to_mnist
from lenet_helpers.system.paths import COURSE

MODEL = COURSE / "model.pth"

# 05-polarity ------------------------------------------------------------------------------


def _polarity_cases(rng):
    """Light and dark borders around the opposite inside; corners, rows and columns that mislead."""
    cases = []
    for light, height, width in ((True, 5, 6), (False, 6, 5), (True, 9, 7), (False, 8, 11)):
        dark, bright = rng.integers(0, 50, (height, width)), rng.integers(200, 250, (height, width))
        border, inside = (bright, dark) if light else (dark, bright)
        pixels = inside.copy()
        pixels[[0, -1]], pixels[:, [0, -1]] = border[[0, -1]], border[:, [0, -1]]
        if not light:
            pixels[[0, -1]], pixels[:, [0, -1]] = 0, 0  # paper as black as in MNIST
        cases.append(Case((pixels.astype(np.uint8),)))
    # The upper left corner, and then the upper edge, say the opposite of the whole ring.
    for light in (True, False):
        corner = rng.integers(150, 256, (8, 12)) if light else rng.integers(0, 100, (8, 12))
        corner[0, 0] = 10 if light else 245
        edge = np.repeat(corner, 3, axis=0)  # tall, so that one edge can't outweigh the rest of the ring
        edge[0] = 20 if light else 235
        cases += [Case((picture.astype(np.uint8),)) for picture in (corner, edge)]
    # Corners that decide when they are counted twice, and do not when they are counted once.
    for light in (True, False):
        counted = rng.integers(208, 222, (4, 5)) if light else rng.integers(33, 47, (4, 5))
        counted[::3, ::4] = rng.integers(0, 10, (2, 2)) if light else rng.integers(246, 256, (2, 2))
        cases.append(Case((counted.astype(np.uint8),)))
    return cases


def _to_light_on_dark(pixels):
    rows = pixels.tolist()
    ring = rows[0] + rows[-1] + [row[0] for row in rows[1:-1]] + [row[-1] for row in rows[1:-1]]
    return 255 - pixels if sum(ring) / len(ring) > 127.5 else pixels.copy()


polarity = Exercise(
    "05-polarity",
    "to_light_on_dark(pixels)",
    _polarity_cases,
    _to_light_on_dark,
    Array("uint8"),
    "Fresh pictures with a light border are inverted, those with a dark one returned as a copy, whatever is inside.",
    (
        "The outermost ring shows the paper. If it is bright on average, invert the picture; else return a copy.",
        "The ring: the first and the last row, the first and the last column. Inverting uint8: 255 - pixels.",
    ),
    fresh=True,
)


def _ring_mean(pixels):
    return np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]]).mean()


@polarity.mistake("You invert every picture. Look at the border first: dark paper stays as it is.")
def always_inverted(pixels):
    return 255 - pixels


@polarity.mistake("You invert no picture. Where the border is bright, return 255 - pixels.")
def never_inverted(pixels):
    return pixels.copy()


@polarity.mistake("It is the wrong way round: invert when the border is brighter than 127.5, not when it is darker.")
def wrong_way_round(pixels):
    return pixels.copy() if _ring_mean(pixels) > 127.5 else 255 - pixels


@polarity.mistake("You average over the whole picture; a bold digit outweighs the paper. Take the outermost ring only.")
def mean_of_the_whole(pixels):
    return 255 - pixels if pixels.mean() > 127.5 else pixels.copy()


@polarity.mistake("You average over the inside. The paper shows at the border: the outermost ring.")
def mean_of_the_inside(pixels):
    return 255 - pixels if pixels[1:-1, 1:-1].mean() > 127.5 else pixels.copy()


@polarity.mistake("One corner may mislead: take the mean of the whole outermost ring.")
def one_corner(pixels):
    return 255 - pixels if pixels[0, 0] > 127.5 else pixels.copy()


@polarity.mistake("The upper edge alone may mislead: take the mean of the whole outermost ring.")
def upper_edge(pixels):
    return 255 - pixels if pixels[0].mean() > 127.5 else pixels.copy()


@polarity.mistake("The corners belong to a row and to a column, and you count them twice: take each pixel once.")
def corners_twice(pixels):
    ring = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return 255 - pixels if ring.mean() > 127.5 else pixels.copy()


@polarity.mistake("The limit is 127.5: these are pixels in 0..255, not in 0..1.")
def limit_of_one_half(pixels):
    return 255 - pixels if _ring_mean(pixels) > 0.5 else pixels.copy()


@polarity.mistake(
    "The inverse of 0 is 255, not 256: -pixels and 256 - pixels wrap around in uint8. Invert with 255 - pixels."
)
def negated(pixels):
    return -pixels if _ring_mean(pixels) > 127.5 else pixels.copy()


@polarity.mistake("1 - pixels is for values in 0..1; in uint8 it wraps around. Invert with 255 - pixels.")
def one_minus(pixels):
    return 1 - pixels if _ring_mean(pixels) > 127.5 else pixels.copy()


@polarity.mistake("You change the picture of the caller. Make a new one: 255 - pixels, without out= or [...] =.")
def inverted_in_place(pixels):
    if _ring_mean(pixels) > 127.5:
        np.subtract(255, pixels, out=pixels)
        return pixels
    return pixels.copy()


@polarity.mistake("You change the picture of the caller. Make a new one: 255 - pixels, without out= or [...] =.")
def inverted_in_place_without_copy(pixels):
    if _ring_mean(pixels) > 127.5:
        np.subtract(255, pixels, out=pixels)
    return pixels


@polarity.mistake("A picture with a dark border must come back as a copy: return pixels.copy().")
def not_copied(pixels):
    return 255 - pixels if _ring_mean(pixels) > 127.5 else pixels


@polarity.mistake("The result is float. Pixels are uint8: 255 - pixels stays uint8, 255.0 - pixels does not.")
def in_float(pixels):
    return 255.0 - pixels if _ring_mean(pixels) > 127.5 else pixels.astype(np.float64)


# 05-centre --------------------------------------------------------------------------------


def _centre_cases(rng):
    """A single pixel first, then faint and strong ink, off the middle, in pictures that are not square."""
    single = np.zeros((4, 6), np.uint8)
    single[1, 4] = 200
    two = np.zeros((5, 4), np.uint8)
    two[0, 1], two[4, 3] = 50, 150
    cases = [Case((single,)), Case((two,))]
    for height, width in ((6, 9), (28, 28), (12, 7)):
        pixels = np.zeros((height, width), np.uint8)
        rows, columns = height - height // 3, width - width // 3
        ink = rng.integers(1, 256, (rows, columns)) * (rng.random((rows, columns)) < 0.7)
        pixels[-rows:, :columns] = ink
        pixels[-rows:, :2] = rng.integers(200, 256, (rows, 2))
        cases.append(Case((pixels,)))
    return cases


def _centre_of_mass(pixels):
    total = row = column = 0
    for i, line in enumerate(pixels.tolist()):
        for j, value in enumerate(line):
            total, row, column = total + value, row + i * value, column + j * value
    return row / total, column / total


centre = Exercise(
    "05-centre",
    "centre_of_mass(pixels)",
    _centre_cases,
    _centre_of_mass,
    Pair("float", ("row", "column")),
    "On fresh pictures the row and the column are the means over all pixels, weighted by their values.",
    (
        "It is a weighted mean: each row number counts as often as there is ink in that row; columns likewise.",
        "The ink of each row is pixels.sum(axis=1); the mean row is the sum of row number times ink, divided by "
        "all ink.",
    ),
)


@centre.mistake(
    "Row and column are swapped: return (row, column); pixels.sum(axis=1) is the ink of each row, axis=0 of each "
    "column."
)
def swapped(pixels):
    row, column = _centre_of_mass(pixels)
    return column, row


@centre.mistake("Every inked pixel counts the same. Weight each by its value, so that strong ink counts more.")
def not_weighted(pixels):
    return _centre_of_mass((pixels > 0).astype(np.uint8))


@centre.mistake("This is the middle of the box around the ink. Take the mean, weighted by the pixel values.")
def middle_of_the_box(pixels):
    rows, columns = np.nonzero(pixels)
    return float(rows.min() + rows.max()) / 2, float(columns.min() + columns.max()) / 2


@centre.mistake("This is the middle of the picture, wherever the ink is. Weight by the pixel values.")
def middle_of_the_picture(pixels):
    return (pixels.shape[0] - 1) / 2, (pixels.shape[1] - 1) / 2


@centre.mistake("Do not round: the centre may lie between pixels.")
def rounded(pixels):
    row, column = _centre_of_mass(pixels)
    return float(round(row)), float(round(column))


@centre.mistake("Do not round: the centre may lie between pixels.")
def rounded_to_int(pixels):
    row, column = _centre_of_mass(pixels)
    return round(row), round(column)


@centre.mistake("Do not cut off the fraction: the centre may lie between pixels.")
def cut_to_int(pixels):
    row, column = _centre_of_mass(pixels)
    return int(row), int(column)


@centre.mistake("Rows and columns count from 0; yours are 1 too large.")
def counted_from_one(pixels):
    row, column = _centre_of_mass(pixels)
    return row + 1, column + 1


@centre.mistake("Pixel i is at position i, not i + 0.5.")
def half_a_pixel_off(pixels):
    row, column = _centre_of_mass(pixels)
    return row + 0.5, column + 0.5


@centre.mistake(
    "uint8 wraps around at 256 when you add up or multiply. Convert first: pixels.astype(float), or int(value)."
)
def added_in_uint8(pixels):
    total, row, column = 0, 0, 0
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[1]):
            total += pixels[i, j]
            row += i * pixels[i, j]
            column += j * pixels[i, j]
    return float(row / total) if total else math.nan, float(column / total) if total else math.nan


@centre.mistake(
    "A pixel times its row number goes beyond 255, where uint8 wraps around: start with pixels.astype(float)."
)
def multiplied_in_uint8(pixels):
    row = column = 0
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[1]):
            row += i * pixels[i, j]
            column += j * pixels[i, j]
    return float(row / pixels.sum()), float(column / pixels.sum())


@centre.mistake("You divide by the number of pixels. Divide by the sum of the pixel values.")
def divided_by_size(pixels):
    row, column = _centre_of_mass(pixels)
    return row * int(pixels.sum()) / pixels.size, column * int(pixels.sum()) / pixels.size


@centre.mistake("This is the brightest pixel. The centre of mass is a mean over all of them.")
def brightest_pixel(pixels):
    row, column = np.unravel_index(pixels.argmax(), pixels.shape)
    return float(row), float(column)


@centre.mistake("This is a fraction of the height and width. Leave it in pixels.")
def as_fraction(pixels):
    row, column = _centre_of_mass(pixels)
    return row / pixels.shape[0], column / pixels.shape[1]


# 05-reader --------------------------------------------------------------------------------


def _reader_cases(rng):
    """Five digits, twice as large, off the middle of a page; dark on light and light on dark."""
    test = load_mnist("sample").test
    cases = []
    for number, digit in enumerate(rng.permutation(10)[:5]):
        image = _telling(test.pixels[rng.choice(np.flatnonzero(test.labels == digit), 8, replace=False)])
        page = np.zeros((80, 100), np.uint8)
        top, left = rng.integers((2, 2), (22, 42))
        page[top : top + 56, left : left + 56] = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
        polarity = "light on dark" if number % 2 else "dark on light"
        article = "an" if digit == 8 else "a"
        words = f"path of a PNG file, 80×100 pixels, with {article} {digit} of the bundled sample, {polarity}"
        cases.append(Case((page if number % 2 else 255 - page,), words))
    return cases


@torch.no_grad()
def _telling(images):
    """Return the image that shows wrong ways of reading it best: a 0, for one, is still a 0 when transposed."""
    inputs = to_input(images)
    ways = (inputs, -inputs, inputs.transpose(2, 3), (inputs + 1) / 2, (inputs + 1) * 127.5)
    digits = load_model(MODEL)(torch.cat(ways)).argmax(dim=1).view(len(ways), -1)
    scores = [sum(digit != way[0] for digit in way) + len(set(way)) for way in digits.T.tolist()]
    return images[int(np.argmax(scores))]


def _observe_reader(read, picture):
    from PIL import Image

    with tempfile.TemporaryDirectory(prefix="lenet-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "digit.png"
        Image.fromarray(picture).save(path)
        return Outcome({"result": freeze(read(path))})


@torch.no_grad()
def _read_digit(path):
    return int(load_model(MODEL)(to_input(to_mnist(path))).argmax())


reader = Exercise(
    "05-reader",
    "read_digit(path)",
    _reader_cases,
    _read_digit,
    Number("int"),
    "It reads fresh pictures of both polarities as the course's network does.",
    (
        "Four stations: the file becomes 28×28 pixels, the pixels an input, the input ten logits, the logits a digit.",
        "to_mnist(path) takes a path and gives pixels; to_input makes a batch of one; load_model gives the network; "
        "argmax over the ten logits, then int(...).",
    ),
    observe=_observe_reader,
)


@torch.no_grad()
def _logits(pixels):
    return load_model(MODEL)(to_input(pixels))[0]


def _squeezed(path):
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("L").resize((28, 28)))


@reader.mistake("The picture is only made smaller. to_mnist also finds the ink, its polarity and its centre: use it.")
def only_resized(path):
    return int(_logits(_squeezed(path)).argmax())


@reader.mistake("to_mnist already gives light ink on dark ground; you invert it once more.")
def inverted_again(path):
    return int(_logits(255 - to_mnist(path)).argmax())


@reader.mistake("The network takes a batch of inputs, not pixels: to_input makes one of shape (1, 1, 28, 28) of them.")
def to_input_forgotten(path):
    return int(load_model(MODEL)(to_mnist(path)).argmax())


@reader.mistake("The network was trained on inputs in [-1, 1]. Bring the pixels there with to_input.")
@torch.no_grad()
def pixels_as_they_are(path):
    return int(load_model(MODEL)(torch.tensor(to_mnist(path))[None, None].float()).argmax())


@reader.mistake("Your inputs lie in [0, 1]; the network was trained on [-1, 1]. Use to_input.")
@torch.no_grad()
def pixels_in_0_to_1(path):
    return int(load_model(MODEL)(torch.tensor(to_mnist(path))[None, None].float() / 255).argmax())


@reader.mistake("to_input takes uint8 pixels and scales them itself: hand over the result of to_mnist as it is.")
def scaled_twice(path):
    return int(_logits(to_mnist(path) / 255).argmax())


@reader.mistake("argmin finds the least likely digit. Use argmax.")
def least_likely(path):
    return int(_logits(to_mnist(path)).argmin())


@reader.mistake("You return the largest logit or probability. argmax gives the digit to which it belongs.")
def largest_logit(path):
    return _logits(to_mnist(path)).max().item()


@reader.mistake("You return the largest logit or probability. argmax gives the digit to which it belongs.")
def largest_probability(path):
    return _logits(to_mnist(path)).softmax(dim=0).max().item()


@reader.mistake("You return all ten logits. argmax gives the digit, int(...) makes it a plain number.")
def all_logits(path):
    return _logits(to_mnist(path))


@reader.mistake("argmax gives a Tensor. Make it a plain number: int(...) or .item().")
def digit_as_tensor(path):
    return _logits(to_mnist(path)).argmax()


@reader.mistake("argmax gives a Tensor. Make it a plain number: int(...) or .item().")
def digit_as_batch(path):
    return _logits(to_mnist(path)).argmax()[None]


@reader.mistake("The picture is read on its side: rows stay rows, no transposing.")
def transposed(path):
    return int(_logits(to_mnist(path).T.copy()).argmax())


EXERCISES = (polarity, centre, reader)
