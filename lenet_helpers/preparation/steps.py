"""From any picture of a digit to MNIST's form, in small steps that can each be shown.

Taught in notebook 05. The last steps are those of MNIST's own makers (LeCun et al., 1998):
fit the digit into 20×20 pixels, keeping its proportions, and put its centre of mass at the
centre of 28×28. They had clean scans; in a photo or a drawing, the ink has to be found first.

`STEPS` is the order of the steps. Each goes from one `Way` to one or several: a step that might
take away what belongs to the digit offers the way without it beside the way with it, and which
of them shows the digit is decided at the end, by `judging`. What the steps do
stands in `paper`, `ink`, `lines`, `digit` and `mnist_form`; in all of these, *gray* is float32 of
shape (H, W) in [0, 255]; *ink* is float32 of shape (H, W) in [0, 1], where 0 is bare paper; a
*mask* is bool of shape (H, W).
"""

import math
import os
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from lenet_helpers.preparation.digit import contacts, holds_several, pick_digit
from lenet_helpers.preparation.ink import even_light, find_ink, without_noise
from lenet_helpers.preparation.lines import remove_boxes, remove_lines, without_tails
from lenet_helpers.preparation.masks import (
    FAINTEST_INK,
    bounding_box,
    crossings,
    depth_of,
    dilation,
    extent,
    frame,
    mean_stroke,
    padded,
    pieces,
)
from lenet_helpers.preparation.mnist_form import centre, cut_out, even_strokes, fill_outline, fit, is_mnist_form
from lenet_helpers.preparation.paper import (
    beside_the_paper,
    evenly_lit,
    lightness_of_ink,
    only_the_sheet,
    put_on_paper,
    to_gray,
)
from lenet_helpers.preparation.pictures import ImageError, read_image

WORKING_SIDE = 480
"""Larger pictures are reduced to at most this many pixels a side before the ink is sought."""

PAGE_SIDE = 2 * WORKING_SIDE
"""The same for a page of many digits, which are smaller; for a single one, it is then halved."""

SMALLEST_SIDE = 28
"""A picture whose longer side is smaller is enlarged before the ink is sought."""

CLEAR_POLARITY = 0.9
"""From `lightness_of_ink`; where it is less clear, both polarities are tried."""

SEEN = math.log(20)
"""A sheet or a box that looks like one is worth so much evidence, as logarithm of the odds: 20 to 1."""

WIDEST_PEN = 0.34
"""Nowhere is a stroke of an outlined digit wider, as a fraction of its longer side. The inside of a plain 0 or 8 is."""

MOST_CROSSINGS = 6
"""A digit that is cropped tightly meets the picture's frame at so many places at most; squared paper at more."""


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


@dataclass(frozen=True, eq=False)
class Way:
    """A way from a picture to MNIST's form, as far as it has come.

    Attributes
    ----------
    picture : ndarray
        What the last step made: colours, then gray, ink, a mask, the digit's strokes, at last its pixels.
    ink : ndarray of float32, shape (H, W), range [0, 1]
        How dark the ink is, without what was taken away.
    found : ndarray of float32, shape (H, W), range [0, 1]
        The same with all that there was, but for boxes.
    mask : ndarray of bool, shape (H, W)
        Where the digit is held to be.
    several : bool
        Whether there may be more than one digit.
    odds : float
        Logarithm of the odds that this is the right way, before the network has seen where it leads.
    journal : tuple of (str, ndarray, str)
        Name, picture and sentence of each step.
    """

    picture: np.ndarray
    ink: np.ndarray | None = None
    found: np.ndarray | None = None
    mask: np.ndarray | None = None
    several: bool = False
    odds: float = 0.0
    journal: tuple = ()

    def note(self, name, picture, sentence, **changes):
        """This way, one step further, with a line in its journal."""
        return replace(self, picture=picture, journal=(*self.journal, (name, picture, sentence)), **changes)

    @property
    def pixels(self):
        """What the network sees: ndarray of uint8, shape (28, 28), 0 = background, 255 = ink."""
        return self.picture

    @property
    def kept(self):
        """The share of the ink that the digit accounts for, in [0, 1]."""
        return 1.0 if self.found is None else float(self.found[self.mask].sum() / self.found.sum())

    @property
    def contacts(self):
        """How many strokes of the digit the picture's edge may have cut."""
        return 0 if self.mask is None else contacts(self.mask)

    @property
    def no_digit(self):
        """Whether it is a sheet, a shadow, what lies around a sheet, or squared paper, rather than a few strokes."""
        if self.mask is None:
            return False
        box = bounding_box(self.mask)
        solid = 2 * depth_of(padded(self.mask[box], 1)).max() > 0.6 * max(extent(box))
        return solid or frame(self.mask).mean() > 0.5 or crossings(self.mask) > MOST_CROSSINGS

    @property
    def steps(self):
        """The journal as a list of `Step`."""
        return [Step(name, _as_bytes(picture), sentence) for name, picture, sentence in self.journal]


def prepare(image, name=None):
    """Go every way from a picture to MNIST's form that may be the right one.

    Parameters
    ----------
    image : path, bytes, open file, PIL image, array or Tensor
        As for `read_image`; light on dark or dark on light.
    name : str, optional
        What an error calls the picture; its path where there is one.

    Returns
    -------
    list of Way
        At least one, no two with the same pixels. Most pictures have one. The first takes away
        all that looks like no part of the digit.

    Raises
    ------
    ImageError
        It is not a picture, or it is blank.
    """
    picture = read_image(image, PAGE_SIDE)
    if max(picture.size) > WORKING_SIDE:
        picture = picture.reduce(2)
    colours = np.asarray(picture)
    size = f"{picture.width}×{picture.height}"
    ways = [Way(colours).note("the picture", colours, f"This is the picture, upright, seen at {size} pixels.")]
    if colours.ndim == 2:
        as_it_is = "as it is", colours.copy(), "It already has MNIST's form, so it is left as it is."
        negative = "negative", 255 - colours, "It is the negative of MNIST's form, so it is only inverted."
        for step in (as_it_is, negative):
            if is_mnist_form(step[1]):
                return [ways[0].note(*step)]
    ways = _go(ways, STEPS, name or name_of(image))
    return [way for way in ways if not way.no_digit] or ways


def find_pages(image, name=None):
    """Find the ink of a whole page, which may hold many digits: `prepare`, as far as its mask.

    Parameters
    ----------
    image, name
        As for `prepare`.

    Returns
    -------
    list of Way
        The first takes away all that looks like no part of the digits.

    Raises
    ------
    ImageError
        It is not a picture, or it is blank.
    """
    colours = np.asarray(read_image(image, PAGE_SIDE))
    return _go([Way(colours)], STEPS[: STEPS.index(the_mask) + 1], name or name_of(image))


def name_of(image):
    """What an error calls a picture."""
    return os.fspath(image) if isinstance(image, str | os.PathLike) else "the picture"


def _go(ways, steps, name):
    for step in steps:
        ways = different(new for way in ways for new in step(way))
    if not ways:
        raise ImageError(
            f"{name} is blank: there is no ink on it. Write one digit, clearly darker or lighter than the paper"
        )
    return ways


def different(ways):
    """Keep one of those ways that have come to the same picture."""
    kept = []
    for way in ways:
        if not any(way.picture is other.picture or np.array_equal(way.picture, other.picture) for other in kept):
            kept.append(way)
    return kept


def enlarge(picture):
    """Enlarge a tiny picture of Pillow's, such as those of 8×8 pixels that scikit-learn has: strokes need an inside."""
    factor = 2 * SMALLEST_SIDE // max(picture.size)
    return picture.resize((factor * picture.width, factor * picture.height), Image.Resampling.BICUBIC)


def enlarged(way):
    if max(way.picture.shape[:2]) >= SMALLEST_SIDE:
        return [way]
    larger = np.asarray(enlarge(Image.fromarray(way.picture)))
    return [way.note("enlarged", larger, "It is enlarged, with smooth steps from one pixel to the next.")]


def on_paper(way):
    if way.picture.ndim == 2 or way.picture.shape[2] < 4:
        return [way]
    if (way.picture[:, :, 3] == 255).all():
        return [replace(way, picture=way.picture[:, :, :3])]
    sentence = "Transparent parts show a paper that contrasts with the ink."
    return [way.note("on paper", put_on_paper(way.picture), sentence)]


def gray(way):
    if way.picture.ndim == 2:
        return [replace(way, picture=way.picture.astype(np.float32))]
    sentence = "Colour is dropped: the gray that tells ink from paper best is kept."
    return [way.note("gray", to_gray(way.picture), sentence)]


def the_sheet(way):
    sheet = only_the_sheet(way.picture)
    if sheet is way.picture:
        return [way]
    sentence = "What lies around the sheet of paper is painted over in the paper's gray."
    return [way.note("the sheet", sheet, sentence), less_likely(way)]


def dark_on_light(way):
    lightness = lightness_of_ink(way.picture)
    sentence = "The ink is lighter than the paper, so the picture is inverted."
    inverted = way.note("dark on light", 255 - way.picture, sentence)
    ways = [inverted, way] if lightness > 0 else [way, inverted]
    return ways[:1] if abs(lightness) > CLEAR_POLARITY else [ways[0], less_likely(ways[1])]


def less_likely(way):
    """The way against which something speaks that can be seen in the picture."""
    return replace(way, odds=way.odds - SEEN)


def even(way):
    return [replace(way, picture=evenly_lit(way.picture))]


def calm(way):
    return [replace(way, picture=without_noise(way.picture))]


def ink(way):
    ink = even_light(way.picture)
    mask = find_ink(ink)
    if not mask.any():
        return []
    sentence = "Each point is compared with the bare paper around it, so that shadows don't count."
    return [way.note("even light", ink, sentence, ink=ink, found=ink * mask, mask=mask)]


def no_surroundings(way):
    """A table is darker than many a pen: beside it, thin ink would pass for paper."""
    beside = beside_the_paper(way.mask)
    if not beside.any():
        return [way]
    rest = np.where(dilation(beside, 2), 0, way.ink)
    mask = find_ink(rest)
    if np.count_nonzero(mask) <= 1.2 * np.count_nonzero(way.mask & ~beside):
        return [way]
    sentence = "The dark strip along the frame is taken for what lies beside the paper."
    return [way.note("no surroundings", rest, sentence, ink=rest, found=rest * mask, mask=mask)]


def no_boxes(way):
    rest = remove_boxes(way.ink, way.mask)
    if rest is way.ink:
        return [way]
    found = np.where(rest > 0, way.found, 0)
    odds = min(0, way.odds + SEEN)  # a box may have looked like the edge of a sheet
    without = way.note("no box", rest, "The box of a form is taken away.", ink=rest, found=found, odds=odds)
    return [without, less_likely(way)]


def no_lines(way):
    """A line may be a stroke that the edge of the picture cuts, so both ways are as likely, unless there are many."""
    rest = remove_lines(way.ink)
    lines = way.ink - rest > FAINTEST_INK
    if not lines.any():
        return [way]
    without = way.note("no lines", rest, "What looks like ruled lines is taken away.", ink=rest)
    return [without, less_likely(way) if crossings(lines) > MOST_CROSSINGS else way]


def the_mask(way):
    before = way.journal[-1][0]
    mask = way.mask if before == "even light" else find_ink(way.ink, pale=before != "no lines")
    sentence = "What is clearly darker than the paper counts as ink."
    return [way.note("ink", mask, sentence, mask=mask, several=holds_several(mask))] if mask.any() else []


def no_tails(way):
    rest = without_tails(way.mask)
    if not rest.any() or np.array_equal(rest, way.mask):
        return [way]
    return [way.note("no tail", rest, "The rest of a line that runs to the edge goes.", mask=rest), way]


def the_digit(way):
    digit = pick_digit(way.mask)
    whole = way.note("digit", way.mask, "All ink belongs to the digit.")
    if (digit == way.mask).all():
        return [whole]
    sentence = "Specks and whatever else isn't the digit are dropped."
    picked = way.note("digit", digit, sentence, mask=digit)
    at_frame = (pieces(way.mask & ~digit).on_frame() > 0).all() and not frame(digit).any()
    return [picked, less_likely(whole) if way.several or at_frame else whole]


def cut(way):
    strokes = cut_out(way.ink, way.mask)
    return [way.note("cut out", strokes, "It is cut out, and each point is now either ink or background.")]


def filled(way):
    inside = fill_outline(way.picture)
    widest = 2 * depth_of(padded(inside, 1)).max()
    if mean_stroke(inside) < 2 * mean_stroke(way.picture) or widest > WIDEST_PEN * max(inside.shape):
        return [way]
    return [way, way.note("filled", inside, "If this is an outline, the strokes lie between its lines.")]


def strokes(way):
    even, change = even_strokes(way.picture), "are as thick as those that the network has learned, and stay so"
    if grew := even.sum() - np.count_nonzero(way.picture):
        change = f"are made {'thicker' if grew > 0 else 'thinner'}, like those that the network has learned"
    return [way.note("strokes", even, f"The strokes {change}.")]


def fitted(way):
    return [way.note("fitted", fit(way.picture), "Its longer side is scaled to 20 pixels (shown four times as fine).")]


def centred(way):
    sentence = "Its centre of mass goes to the centre of 28×28: this is what the network sees."
    return [way.note("centred", centre(way.picture), sentence)]


STEPS = (
    enlarged,
    on_paper,
    gray,
    the_sheet,
    dark_on_light,
    even,
    calm,
    ink,
    no_surroundings,
    no_boxes,
    no_lines,
    the_mask,
    no_tails,
    the_digit,
    cut,
    filled,
    strokes,
    fitted,
    centred,
)
"""The steps in their order: functions from a `Way` to the list of ways that go on from it."""


def _as_bytes(picture):
    """uint8 for showing: masks and ink in [0, 1] become 0..255."""
    if picture.dtype == np.uint8:
        return picture
    full = 255 if picture.dtype == bool or picture.max() <= 1 else 1
    return np.rint(picture.astype(np.float32) * full).astype(np.uint8)
