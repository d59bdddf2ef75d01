"""The steps from a picture to its digit, each switched off by itself.

Something simple stands in for a step that is off, so that the next one still gets what it
expects.
"""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import numpy as np
from PIL import Image

from lenet_helpers import inference
from lenet_helpers.preparation import digit as digit_module
from lenet_helpers.preparation import ink, lines, mnist_form, paper, pictures, steps
from lenet_helpers.preparation.ink import FAINTEST_INK
from lenet_helpers.preparation.masks import bounding_box, extent, scale

MODULES = (steps, paper, ink, lines, digit_module, mnist_form)
"""Where steps are called. Each module that imports a step has a name of its own for it, which is replaced too."""


def _no_paper(colours):
    return colours[:, :, :3]


def _brightness(colours):
    colours = colours.astype(np.float32)
    return colours if colours.ndim == 2 else colours @ np.array([0.299, 0.587, 0.114], np.float32)


def _one_paper(gray):
    return np.clip(1 - gray / max(float(gray.max()), 1), 0, 1)


def _unchanged(values):
    return values


def _half_of_darkest(ink):
    return ink > 0.5 * max(float(ink.max()), FAINTEST_INK)


def _everything(mask):
    return mask, []


def _stretched(strokes):
    rows, columns = np.flatnonzero((strokes > 0.5).any(1)), np.flatnonzero((strokes > 0.5).any(0))
    digit = strokes[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    side = mnist_form.DIGIT_SIDE * mnist_form.FINE
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BILINEAR))


def _centre_of_box(fine):
    rows, columns = np.flatnonzero(fine.any(1)), np.flatnonzero(fine.any(0))
    box = fine[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = 28 * mnist_form.FINE
    box = box[:side, :side]
    top, left = (side - box.shape[0]) // 2, (side - box.shape[1]) // 2
    canvas = np.zeros((side, side), np.float32)
    canvas[top : top + box.shape[0], left : left + box.shape[1]] = box
    return np.rint(255 * canvas.reshape(28, mnist_form.FINE, 28, mnist_form.FINE).mean((1, 3))).astype(np.uint8)


def _one_level(ink, mask):
    box = bounding_box(mask)
    enlarged = scale(np.where(mask, ink, 0)[box], max(1.0, 80 / max(extent(box))))
    return enlarged > 0.5 * float(ink[mask].max())


def _never(values):
    return False


def _upright(inputs, slant):
    return inputs


STEPS = {
    "orientation": ("the picture as stored", [(pictures.ImageOps, "exif_transpose", lambda picture: picture)]),
    "enlarging": ("tiny pictures stay tiny", [(steps, "SMALLEST_SIDE", 0)]),
    "transparency": ("hidden colours are shown", [(paper, "put_on_paper", _no_paper)]),
    "best channel": ("always brightness", [(paper, "to_gray", _brightness)]),
    "sheet": ("what lies around it stays", [(paper, "only_the_sheet", _unchanged)]),
    "polarity": (
        "always dark on light",
        [(paper, "ink_is_light", _never), (steps, "_implausible", _never)],
    ),
    "second look": ("the first polarity stays", [(steps, "_implausible", _never)]),
    "noise": ("no blur", [(ink, "_without_noise", _unchanged)]),
    "even light": ("one paper for the whole picture", [(ink, "even_light", _one_paper)]),
    "ruled lines": ("they stay", [(lines, "remove_lines", _unchanged)]),
    "ink": ("half as dark as the darkest", [(ink, "find_ink", _half_of_darkest)]),
    "boxes": ("they stay", [(lines, "_without_boxes", _unchanged)]),
    "pick the digit": ("all ink is the digit", [(digit_module, "pick_digit", _everything)]),
    "tails": ("what a line leaves at the digit stays", [(lines, "without_tails", _unchanged)]),
    "hairlines": ("long thin pieces stay", [(lines, "without_hairlines", _unchanged)]),
    "edge of the strokes": ("half as dark as the darkest point", [(mnist_form, "cut_out", _one_level)]),
    "proportions": ("stretched into the square", [(mnist_form, "fit", _stretched)]),
    "stroke width": (
        "strokes stay as they are",
        [(mnist_form, "THINNEST_STROKE", 0.0), (mnist_form, "THICKEST_STROKE", 19.0)],
    ),
    "soft edges": ("strokes are not blurred", [(mnist_form, "SOFTNESS", 1e-6)]),
    "centre of mass": ("centre of the box", [(mnist_form, "centre", _centre_of_box)]),
    "MNIST's form": ("goes through every step", [(mnist_form, "is_mnist_form", _never)]),
    "slants": ("read upright alone", [(inference, "_slanted", _upright)]),
}
"""Step -> what happens without it, and the names that are replaced, each with the module that defines it."""


@contextmanager
def without(step):
    """Switch a step off for the time of the block; None leaves all of them on."""
    with ExitStack() as stack:
        for home, name, stand_in in STEPS[step][1] if step else ():
            real = getattr(home, name)
            stack.enter_context(patch.object(home, name, stand_in))
            for module in MODULES:
                if vars(module).get(name) is real:
                    stack.enter_context(patch.object(module, name, stand_in))
        yield
