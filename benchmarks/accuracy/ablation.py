"""The steps from a picture to its digit, each switched off by itself.

`lenet_helpers.preparation.steps.STEPS` is the way that all pictures go; here a step of it is left
out, or something simple stands in for it, so that the next one still gets what it expects.
"""

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest.mock import patch

import numpy as np
from PIL import Image

from lenet_helpers import inference
from lenet_helpers.preparation import judging, mnist_form, pictures, steps
from lenet_helpers.preparation.masks import FAINTEST_INK, bounding_box, extent, scale


def _opaque(way):
    return [replace(way, picture=way.picture[:, :, :3] if way.picture.ndim == 3 else way.picture)]


def _brightness(way):
    colours = way.picture.astype(np.float32)
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return [replace(way, picture=colours if colours.ndim == 2 else colours @ weights)]


def _one_paper(way):
    ink = np.clip(1 - way.picture / max(float(way.picture.max()), 1), 0, 1)
    mask = ink > max(0.5 * float(ink.max()), FAINTEST_INK)
    return [way.note("even light", ink, "", ink=ink, found=ink * mask, mask=mask)] if mask.any() else []


def _half_of_darkest(way):
    mask = way.ink > 0.5 * way.ink.max()
    return [replace(way, picture=mask, mask=mask)]


def _everything(way):
    return [way.note("digit", way.mask, "All ink belongs to the digit.")]


def _one_level(way):
    box = bounding_box(way.mask)
    enlarged = scale(np.where(way.mask, way.ink, 0)[box], max(1.0, 80 / max(extent(box))))
    return [replace(way, picture=enlarged > 0.5 * float(way.ink[way.mask].max()))]


def _as_thick(way):
    return [replace(way, picture=np.pad(way.picture, 2).astype(np.float32))]


def _stretched(way):
    side = mnist_form.DIGIT_SIDE * mnist_form.FINE
    digit = Image.fromarray(way.picture[bounding_box(way.picture > 0.5)])
    return [replace(way, picture=np.asarray(digit.resize((side, side), Image.Resampling.BILINEAR)))]


def _centre_of_box(way):
    side = 28 * mnist_form.FINE
    box = way.picture[bounding_box(way.picture > 0)][:side, :side]
    top, left = (side - box.shape[0]) // 2, (side - box.shape[1]) // 2
    canvas = np.zeros((side, side), np.float32)
    canvas[top : top + box.shape[0], left : left + box.shape[1]] = box
    pixels = canvas.reshape(28, mnist_form.FINE, 28, mnist_form.FINE).mean((1, 3))
    return [replace(way, picture=np.rint(255 * pixels).astype(np.uint8))]


STEPS = {
    "enlarged": ("tiny pictures stay tiny", None),
    "on_paper": ("hidden colours are shown", _opaque),
    "gray": ("always brightness", _brightness),
    "the_sheet": ("what lies around it stays", None),
    "dark_on_light": ("always dark on light", None),
    "even": ("dark corners stay", None),
    "calm": ("noise is not blurred", None),
    "ink": ("one paper for the whole picture", _one_paper),
    "no_surroundings": ("a dark strip along the frame stays", None),
    "no_boxes": ("they stay", None),
    "no_lines": ("they stay", None),
    "the_mask": ("half as dark as the darkest", _half_of_darkest),
    "no_tails": ("what a line leaves at the digit stays", None),
    "the_digit": ("all ink is the digit", _everything),
    "cut": ("half as dark as the darkest point", _one_level),
    "filled": ("outlines stay outlines", None),
    "strokes": ("strokes stay as they are", _as_thick),
    "fitted": ("stretched into the square", _stretched),
    "centred": ("centre of the box", _centre_of_box),
}
"""Step of the preparation -> what happens without it, and the step that stands in; None where it is left out."""

REST = {
    "orientation": ("the picture as stored", pictures.ImageOps, "exif_transpose", lambda picture: picture),
    "MNIST's form": ("goes through every step", steps, "is_mnist_form", lambda pixels: False),
    "slants": ("read once, upright", inference, "_slanted", lambda inputs, slant, size: inputs),
    "judge": ("the first way, which takes most away", judging.Judged, "score", 0.0),
    "share of the ink": ("the network's evidence alone", judging, "INK_COUNTS", 0.0),
}
"""What is no step of `steps.STEPS` -> what happens without it, where it stands, its name, and what stands in."""

INSTEAD = {name: instead for name, (instead, *_) in (STEPS | REST).items()}


@contextmanager
def without(name):
    """Switch a step off for the time of the block; None leaves all of them on."""
    with ExitStack() as stack:
        if name in STEPS:
            stand_in = STEPS[name][1]
            order = [stand_in if step.__name__ == name else step for step in steps.STEPS]
            stack.enter_context(patch.object(steps, "STEPS", tuple(filter(None, order))))
        elif name:
            _, home, attribute, stand_in = REST[name]
            stack.enter_context(patch.object(home, attribute, stand_in))
        yield
