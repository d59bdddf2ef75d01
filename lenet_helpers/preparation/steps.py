"""From any picture of a digit to MNIST's form, in small steps that can each be shown.

Taught in notebook 05. The last steps are those of MNIST's own makers (LeCun et al., 1998):
fit the digit into 20×20 pixels, keeping its proportions, and put its centre of mass at the
centre of 28×28. They had clean scans; in a photo or a drawing, the ink has to be found first.

Here is the order of the steps. What they do stands in `paper`, `ink`, `lines`, `picking` and
`mnist_form`; in all of these, *gray* is float32 of shape (H, W) in [0, 255]; *ink* is float32
of shape (H, W) in [0, 1], where 0 is bare paper; a *mask* is bool of shape (H, W).
"""

import os
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from lenet_helpers.preparation.digit import pick_digit
from lenet_helpers.preparation.ink import FAINTEST_INK, even_light, find_ink
from lenet_helpers.preparation.lines import remove_boxes, remove_lines
from lenet_helpers.preparation.masks import NEIGHBOURS, share_of_rectangle
from lenet_helpers.preparation.mnist_form import centre, cut_out, even_strokes, fit, is_mnist_form
from lenet_helpers.preparation.paper import ink_is_light, only_the_sheet, put_on_paper, to_gray
from lenet_helpers.preparation.pictures import ImageError, read_image

WORKING_SIDE = 480
"""Larger pictures are reduced to at most this many pixels a side before the ink is sought."""

SMALLEST_SIDE = 28
"""A picture whose longer side is smaller is enlarged before the ink is sought."""


@dataclass(frozen=True)
class Step:
    """One step of the way from a picture to MNIST's form.

    Attributes
    ----------
    name : str
        Two or three words.
    picture : ndarray of uint8, shape (H, W) or (H, W, 3)
        What the step made.
    sentence : str
        What it did, in plain English.
    """

    name: str
    picture: np.ndarray
    sentence: str


@dataclass(frozen=True)
class Preparation:
    """All that was found out on the way to MNIST's form.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (28, 28)
        0 = background, 255 = ink.
    steps : list of (str, ndarray, str)
        Name, picture and sentence of each step, as `explain` shows them.
    doubts : list of str
        Reasons not to trust the result, such as "there is more than one digit".
    """

    pixels: np.ndarray
    steps: list
    doubts: list


def to_mnist(image):
    """Turn any picture of one digit into MNIST's form. Taught in notebook 05.

    Parameters
    ----------
    image : path, bytes, open file, PIL image, array or Tensor
        As for `read_image`; light on dark or dark on light.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
        0 = background, 255 = ink. A picture that has this form already is returned as it is, its negative inverted.

    Raises
    ------
    ImageError
        It is not a picture, or it is blank.
    """
    return prepare(image).pixels


def explain(image):
    """Show every step that `to_mnist` takes. Taught in notebook 05.

    Parameters
    ----------
    image
        As for `to_mnist`.

    Returns
    -------
    list of Step
        In order; the picture of the last one is what the network sees.

    Raises
    ------
    ImageError
        It is not a picture, or it is blank.
    """
    return [Step(name, _as_bytes(picture), sentence) for name, picture, sentence in prepare(image).steps]


def prepare(image):
    """Do what `to_mnist` and `explain` show, and note what makes the picture doubtful.

    Returns
    -------
    Preparation

    Raises
    ------
    ImageError
    """
    picture = read_image(image, WORKING_SIDE)
    colours = np.asarray(picture)
    size = f"{picture.width}×{picture.height}"
    steps = [("the picture", colours, f"This is the picture, upright, seen at {size} pixels.")]
    if picture.mode == "L" and is_mnist_form(colours):
        steps.append(("as it is", colours, "It already has MNIST's form, so it is left as it is."))
        return Preparation(colours.copy(), steps, [])
    if picture.mode == "L" and is_mnist_form(255 - colours):
        negative = 255 - colours
        steps.append(("negative", negative, "It is the negative of MNIST's form, so it is only inverted."))
        return Preparation(negative, steps, [])
    if max(picture.size) < SMALLEST_SIDE:
        colours = np.asarray(enlarge(picture))
        steps.append(("enlarged", colours, "It is enlarged, with smooth steps from one pixel to the next."))
    if picture.mode == "RGBA":
        see_through, colours = (colours[:, :, 3] < 255).any(), put_on_paper(colours)
        if see_through:
            steps.append(("on paper", colours, "Transparent parts show a paper that contrasts with the ink."))
    gray = to_gray(colours)
    if colours.ndim == 3:
        steps.append(("gray", gray, "Colour is dropped: the gray that tells ink from paper best is kept."))
    sheet = only_the_sheet(gray)
    if sheet is not gray:
        steps.append(("the sheet", sheet, "What lies around the sheet of paper is painted over in the paper's gray."))
        gray = sheet
    light = ink_is_light(gray)
    found = _look_for_ink(gray, light)
    if _implausible(found.mask):  # rarely: a tight crop, or a sheet on a dark table
        other = _look_for_ink(gray, not light)
        if _implausible(other.mask) < _implausible(found.mask):
            light, found = not light, other
    if not found.mask.any():
        name = os.fspath(image) if isinstance(image, str | os.PathLike) else "the picture"
        raise ImageError(
            f"{name} is blank: there is no ink on it. Write one digit, clearly darker or lighter than the paper"
        )
    if light:
        steps.append(("dark on light", found.gray, "The ink is lighter than the paper, so the picture is inverted."))
    steps.append(
        ("even light", found.even, "Each point is compared with the bare paper around it, so that shadows don't count.")
    )
    if (found.even - found.clean).max() > FAINTEST_INK:
        steps.append(("no lines", found.clean, "What looks like ruled lines or the box of a form is taken away."))
    steps.append(("ink", found.mask, "What is clearly darker than the paper counts as ink."))
    ink, mask = found.clean, found.mask
    digit, doubts = pick_digit(mask)
    dropped = "Specks and whatever else isn't the digit are dropped."
    steps.append(("digit", digit, "All ink belongs to the digit." if (digit == mask).all() else dropped))
    cut = cut_out(ink, digit)
    steps.append(("cut out", cut, "It is cut out, and each point is now either ink or background."))
    strokes, change = even_strokes(cut), "are as thick as those that the network has learned, and stay so"
    if strokes_grew := np.count_nonzero(strokes > 0.5) - np.count_nonzero(cut):
        change = f"are made {'thicker' if strokes_grew > 0 else 'thinner'}, like those that the network has learned"
    steps.append(("strokes", strokes, f"The strokes {change}."))
    fine = fit(strokes)
    steps.append(("fitted", fine, "Its longer side is scaled to 20 pixels (shown four times as fine)."))
    pixels = centre(fine)
    steps.append(("centred", pixels, "Its centre of mass goes to the centre of 28×28: this is what the network sees."))
    return Preparation(pixels, steps, doubts)


@dataclass(frozen=True)
class _Look:
    """What one assumption about the polarity leads to."""

    gray: np.ndarray
    even: np.ndarray
    clean: np.ndarray
    mask: np.ndarray


def _look_for_ink(gray, light):
    gray = 255 - gray if light else gray
    even = even_light(gray)
    mask = find_ink(even)
    clean = remove_lines(remove_boxes(even, mask))
    return _Look(gray, even, clean, mask if clean is even else find_ink(clean))


def _implausible(mask):
    """Tell ink (0) from something in a frame (1), surroundings (2), a sheet of paper (3) and nothing (4)."""
    if not mask.any():
        return 4
    framed = False
    labels, _ = ndimage.label(mask, NEIGHBOURS)
    ring = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    most = np.bincount(ring).argmax()
    if most and (ring == most).mean() > 0.9 and labels.max() > 1:
        # A closed ring: the rim of a window, or the paper round an 8 whose holes are taken for ink.
        mask, framed = mask & (labels != most), True
    elif (ring > 0).mean() > 0.5:
        return 2
    height, width = (np.ptp(np.flatnonzero(mask.any(axis))) + 1 for axis in (1, 0))
    if mask.sum() > 0.4 * height * width and 0.5 < height / width < 2 and share_of_rectangle(mask) > 0.85:
        return 3
    return int(framed)


def enlarge(picture):
    """Enlarge a tiny picture, such as those of 8×8 pixels that scikit-learn has, so that strokes have an inside.

    Parameters
    ----------
    picture : PIL.Image.Image

    Returns
    -------
    PIL.Image.Image
        Its longer side is twice `SMALLEST_SIDE`, or a little less.
    """
    factor = 2 * SMALLEST_SIDE // max(picture.size)
    return picture.resize((factor * picture.width, factor * picture.height), Image.Resampling.BICUBIC)


def _as_bytes(picture):
    """uint8 for showing: masks and ink in [0, 1] become 0..255."""
    if picture.dtype == np.uint8:
        return picture
    full = 255 if picture.dtype == bool or picture.max() <= 1 else 1
    return np.rint(picture.astype(np.float32) * full).astype(np.uint8)
