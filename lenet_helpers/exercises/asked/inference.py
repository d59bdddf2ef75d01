"""What the exercises of notebook 05 ask: polarity, the centre of mass, a reader of picture files, the best path."""

import tempfile
from pathlib import Path

import numpy as np
import torch

from lenet_helpers.architecture import load_model
from lenet_helpers.data import load_mnist, to_input
from lenet_helpers.exercises.definition import Asked, Case
from lenet_helpers.exercises.results import Outcome, freeze
from lenet_helpers.system.paths import COURSE

MODEL = COURSE / "model.pth"

# 05-polarity --------------------------------------------------------------------------------


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
    # The second ring says the opposite; then most pixels of the outermost ring do, but not their mean.
    for light in (True, False):
        thin = np.full((7, 9), 150 if light else 105, dtype=np.uint8)
        thin[1:-1, 1:-1] = 0 if light else 255
        mixed = np.where(rng.permutation(28) < 17, *((120, 150) if light else (135, 105)))
        uneven = np.full((7, 9), 140 if light else 110, dtype=np.uint8)
        uneven[0], uneven[-1], uneven[1:-1, 0], uneven[1:-1, -1] = np.split(mixed, (9, 18, 23))
        cases += [Case((thin,)), Case((uneven,))]
    return cases


polarity = Asked("05-polarity", "to_light_on_dark(pixels)", _polarity_cases, fresh=True)


# 05-centre ----------------------------------------------------------------------------------


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


centre = Asked("05-centre", "centre_of_mass(pixels)", _centre_cases)


# 05-reader ----------------------------------------------------------------------------------


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


reader = Asked("05-reader", "read_digit(path)", _reader_cases, observe=_observe_reader)


# 05-path ------------------------------------------------------------------------------------


def _path_cases(rng):
    """One arc alone; a long arc that is best; a first arc that misleads; then graphs of which some arcs are missing."""
    single = np.full((2, 2), -np.inf)
    single[0, 1] = -1.5
    long = np.full((4, 4), -np.inf)
    long[0, 1], long[1, 2], long[2, 3], long[0, 3] = 1.0, 1.5, -2.0, 4.0
    misleading = np.full((4, 4), -np.inf)
    misleading[0, 1], misleading[0, 2], misleading[1, 2] = 3.0, 1.0, -9.0
    misleading[1, 3], misleading[2, 3] = -8.0, 2.5
    cases = [Case((single,)), Case((long,)), Case((misleading,))]
    for cuts in (4, 5, 6, 8):
        scores = np.full((cuts, cuts), -np.inf)
        above = np.triu_indices(cuts, 1)
        scores[above] = np.where(rng.random(len(above[0])) < 0.7, rng.integers(-16, 25, len(above[0])) / 4, -np.inf)
        places = np.arange(cuts - 1)
        scores[places, places + 1] = rng.integers(-16, 9, cuts - 1) / 4  # there is always a path
        cases.append(Case((scores,)))
    return cases


path = Asked("05-path", "best_score(scores)", _path_cases)
