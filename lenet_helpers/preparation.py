"""From any picture of a digit to MNIST's form, in small steps that can each be shown.

Taught in notebook 05. The last steps are those of MNIST's own makers (LeCun et al., 1998):
fit the digit into 20×20 pixels, keeping its proportions, and put its centre of mass at the
centre of 28×28. They had clean scans; in a photo or a drawing, the ink has to be found first.

In this module *gray* is float32 of shape (H, W) in [0, 255]; *ink* is float32 of shape
(H, W) in [0, 1], where 0 is bare paper; a *mask* is bool of shape (H, W).
"""

import os
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image
from scipy import ndimage

from lenet_helpers.pictures import ImageError, read_image

WORKING_SIDE = 480
"""Larger pictures are reduced to at most this many pixels a side before the ink is sought."""

DIGIT_SIDE = 20
"""MNIST's digits fit into a square of this side, in the middle of 28×28."""

FINE = 4
"""Strokes are shaped on a grid this many times finer than MNIST's."""

SMALLEST_SIDE = 28
"""A picture whose longer side is smaller is enlarged before the ink is sought."""

THINNEST_STROKE = 2.4
"""Thinner strokes are thickened to this many pixels of the 28×28 picture."""

THICKEST_STROKE = 2.8
"""Thicker strokes are thinned to this many pixels, as far as none of them breaks. MNIST's median is 2.3."""

SOFTNESS = 0.45
"""Strokes are blurred by a Gaussian of this standard deviation, in pixels: MNIST's edges are that soft."""

FAINTEST_INK = 0.05
"""Ink must darken the paper by at least this fraction, or the picture counts as blank."""

_NEIGHBOURS = np.ones((3, 3), dtype=bool)  # a pixel's eight neighbours


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
        0 = background, 255 = ink. A picture that has this form already is returned as it is.

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
    clean = remove_lines(remove_boxes(even))
    return _Look(gray, even, clean, find_ink(clean))


def _implausible(mask):
    """Tell ink (0) from something in a frame (1), surroundings (2), a sheet of paper (3) and nothing (4)."""
    if not mask.any():
        return 4
    framed = False
    labels, _ = ndimage.label(mask, _NEIGHBOURS)
    ring = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    most = np.bincount(ring).argmax()
    if most and (ring == most).mean() > 0.9 and labels.max() > 1:
        # A closed ring: the rim of a window, or the paper round an 8 whose holes are taken for ink.
        mask, framed = mask & (labels != most), True
    elif (ring > 0).mean() > 0.5:
        return 2
    height, width = (np.ptp(np.flatnonzero(mask.any(axis))) + 1 for axis in (1, 0))
    if mask.sum() > 0.4 * height * width and 0.5 < height / width < 2 and _share_of_rectangle(mask) > 0.85:
        return 3
    return int(framed)


def is_mnist_form(pixels):
    """Tell whether a picture already is what the steps below would make of it.

    All 70,000 pictures of MNIST pass: their longer side is 19 or 20 pixels, and their
    centre of mass is within half a pixel of the centre.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W)

    Returns
    -------
    bool
    """
    if pixels.shape != (28, 28):
        return False
    ink = np.where(pixels > 24, pixels, 0)  # a picture of MNIST saved as JPEG has some dust around the digit
    rows, columns = ink.sum(1), ink.sum(0)
    if not rows.any() or np.median(pixels) > 24:
        return False
    height, width = np.ptp(np.flatnonzero(rows)) + 1, np.ptp(np.flatnonzero(columns)) + 1
    y, x = (np.arange(28) @ rows / rows.sum(), np.arange(28) @ columns / columns.sum())
    return 18 <= max(height, width) <= 21 and abs(y - 14) < 0.7 and abs(x - 14) < 0.7


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


def put_on_paper(colours):
    """Lay a picture with transparent parts on paper that contrasts with its ink.

    The colours of pixels that can't be seen have no say.

    Parameters
    ----------
    colours : ndarray of uint8, shape (H, W, 4)

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    cover = colours[:, :, 3:].astype(np.float32) / 255
    solid = cover[:, :, 0] > 0.5
    colours = colours[:, :, :3].astype(np.float32)
    if not solid.any():
        paper = np.full(3, 255.0)
    else:
        seen = to_gray(colours[solid][None])
        spread = np.ptp(np.percentile(seen, [1, 99]))
        if solid.mean() > 0.5 and spread > 40:  # a sheet with its writing on it, cut out
            paper = np.median(colours[solid], axis=0)
        else:
            paper = np.full(3, 255.0 if seen.mean() < 128 else 0.0)
    return np.rint(colours * cover + paper * (1 - cover)).astype(np.uint8)


def to_gray(colours):
    """Drop the colour. Usually that is brightness as the eye sees it (ITU-R 601).

    Ink and paper of one brightness, such as red on green, differ in another channel; the
    one with the widest range is taken when it shows at least half as much again.

    Parameters
    ----------
    colours : ndarray of uint8, shape (H, W) or (H, W, 3)

    Returns
    -------
    ndarray of float32, shape (H, W), range [0, 255]
    """
    colours = colours.astype(np.float32)
    if colours.ndim == 2:
        return colours
    brightness = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    grays = [brightness, *np.moveaxis(colours, 2, 0)]
    ranges = [np.ptp(np.percentile(gray[::2, ::2], [0.5, 99.5])) for gray in grays]
    best = int(np.argmax(ranges))
    return grays[best] if ranges[best] > 1.5 * ranges[0] + 10 else brightness


def only_the_sheet(gray):
    """Paint over what lies around the sheet: a table, a finger, a scanner's lid, the margin of a screenshot.

    Without its strokes, a picture of a sheet on a table has two grays. The sheet is in one
    piece with hardly a dent, it holds all the ink, and the rest reaches the picture's frame.
    A shadow may look like a table; where no ink lies in it, nothing is lost.

    Parameters
    ----------
    gray : ndarray of float32, shape (H, W), range [0, 255]

    Returns
    -------
    ndarray of float32, shape (H, W), range [0, 255]
        `gray` itself when there is no such sheet.
    """
    if min(gray.shape) < 64 or _two_grays(_without_strokes(gray, 20)[1]) is None:
        return gray
    coarse, bare = _without_strokes(gray, 40)
    bright = _two_grays(bare)
    if bright is None:
        return gray
    reach = max(1, min(coarse.shape) // 16)
    edge = _dilation(bright, reach) & _dilation(~bright, reach)  # where the corners were rounded
    strokes = np.where(edge, 0, np.abs(coarse - bare))
    ink = strokes > max(15, 0.5 * strokes.max())
    for half in (bright, ~bright):
        labels, _ = ndimage.label(half)
        sheet = labels == np.bincount(labels[half]).argmax()
        if np.count_nonzero(ink & sheet) > 0.95 * np.count_nonzero(ink) and _looks_like_a_sheet(sheet):
            inside = ndimage.binary_erosion(sheet, border_value=1)
            nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
            paper = _resize(bare[tuple(nearest)], gray.shape)
            return np.where(_resize(inside, gray.shape) > 0.5, gray, paper)
    return gray


def _without_strokes(gray, cells):
    """The picture on a grid with so many cells along its shorter side, and the same without strokes."""
    coarse = _scale(gray, 1 / max(1, min(gray.shape) // cells))
    return coarse, ndimage.median_filter(coarse, min(coarse.shape) // 4 | 1, mode="nearest")


def _two_grays(bare):
    """The brighter part of a picture that has two grays; None when it has one, or they change gradually."""
    if np.ptp(bare) < 25:
        return None
    bright = bare > _otsu(bare)
    share = bright.mean()
    if not 0 < share < 1:
        return None
    contrast = bare[bright].mean() - bare[~bright].mean()
    return None if contrast < 25 or contrast**2 * share * (1 - share) < 0.85 * bare.var() else bright


def _looks_like_a_sheet(mask):
    """Tell whether a mask has hardly a dent, and is a rectangle or goes on beyond the frame, but not all round it."""
    from skimage.morphology import convex_hull_image

    frame = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    if mask.mean() < 0.1 or frame.all() or (frame.mean() < 0.3 and _share_of_rectangle(mask) < 0.85):
        return False
    return mask.sum() > 0.88 * convex_hull_image(mask).sum()


def _share_of_rectangle(mask):
    """How much of the smallest rectangle around it, turned any way, a mask fills, holes and all: in (0, 1]."""
    whole = ndimage.binary_fill_holes(mask)
    rows, columns = np.nonzero(whole & ~ndimage.minimum_filter(whole, 3, mode="constant"))
    angles = np.deg2rad(np.arange(0, 90, 5))
    cosines, sines = np.cos(angles)[:, None], np.sin(angles)[:, None]
    width = np.ptp(cosines * columns + sines * rows, axis=1) + 1
    height = np.ptp(cosines * rows - sines * columns, axis=1) + 1
    return min(1.0, whole.sum() / (width * height).min())


def ink_is_light(gray):
    """Decide from the picture whether light ink lies on dark paper.

    Paper is what most of the picture and of its frame show. A plane is fitted to the
    grays, so that light from one side doesn't look like ink; what departs from it
    furthest is the ink.

    Parameters
    ----------
    gray : ndarray of float32, shape (H, W)

    Returns
    -------
    bool
    """
    step = max(1, min(gray.shape) // 48)
    small = ndimage.uniform_filter(gray, step)[step // 2 :: step, step // 2 :: step] if step > 1 else gray
    terms, weight = _plane(*small.shape)
    values = small.ravel()
    away = values - np.median(values)
    for _ in range(5):  # weights of 1/|residual| turn least squares into least absolute deviations
        weighted = terms.T * (weight / np.maximum(abs(away), 2))
        plane = np.linalg.solve(weighted @ terms + 1e-6 * np.eye(3), weighted @ values)
        away = values - terms @ plane
    return bool((away**3).sum() > 0)


@lru_cache(8)
def _plane(height, width):
    """The terms 1, x, y of a plane over a picture, and weights: frame and corners show paper rather than ink."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].reshape(2, -1)
    weight = 1.0 + 2.0 * (np.maximum(abs(x), abs(y)) > 0.85) + 3.0 * (np.minimum(abs(x), abs(y)) > 0.8)
    return np.stack([np.ones_like(x), x, y], 1), weight


def even_light(gray):
    """Divide out uneven light and shadows. The ink must be darker than the paper.

    A morphological closing, first the lightest then the darkest value of a neighbourhood,
    wipes out everything dark that is narrower than the neighbourhood: what is left is the
    bare paper, with its shadows. How much darker than that a point is, is its ink.

    Parameters
    ----------
    gray : ndarray of float32, shape (H, W)

    Returns
    -------
    ndarray of float32, shape (H, W), range [0, 1]
    """
    smooth = _without_noise(gray)
    shortest = min(gray.shape)
    widest = _darkening(smooth, shortest // 2)
    if shortest >= 64:  # a smaller picture has no room for shadows finer than that
        for reach in (shortest // 16, shortest // 8, shortest // 4):
            ink = _darkening(smooth, max(5, reach))
            if not _is_hollow(ink, widest, smooth):
                return ink
    return widest


def _without_noise(gray):
    """Blur a noisy picture a little. A clean one keeps its finest lines."""
    if min(gray.shape) < 64:
        return gray
    rough = np.median(np.abs(gray - ndimage.uniform_filter(gray, 3))[::2, ::2])
    return gray if rough < 1 else ndimage.gaussian_filter(gray, 1.0 if rough < 6 else 1.5)


def _darkening(gray, reach):
    """How much darker each point is than the bare paper within `reach`, in [0, 1]."""
    return np.clip(1 - gray / np.maximum(_bare_paper(gray, reach), 16), 0, 1)


def _is_hollow(ink, widest, gray):
    """Tell whether a neighbourhood was too narrow for the strokes: the inside of some is missing."""
    dark = ink[ink > FAINTEST_INK]
    if dark.size == 0:
        return True
    found = ink > _otsu(dark)
    level = np.median(widest[found])
    kept = np.median(ink[found] / np.maximum(widest[found], FAINTEST_INK))
    # What is as dark as the ink is ink, within a stroke too. A shadow is paler, and may well be missing.
    core = widest > 0.7 * level
    missing = core & (ink < 0.7 * kept * widest)

    def much_is_missing(core):
        return np.count_nonzero(core & missing) > 0.05 * np.count_nonzero(core)

    return kept < 0.4 or (much_is_missing(core) and much_is_missing(_with_sharp_edges(core, found, gray)))


def _with_sharp_edges(mask, strokes, gray):
    """Keep the pieces whose edges are half as sharp as those of the strokes: a shadow has soft ones."""
    if not strokes.any():
        return mask
    steepness = np.hypot(ndimage.sobel(gray, 0), ndimage.sobel(gray, 1))
    labels, count = ndimage.label(mask)
    outline = mask & ~ndimage.minimum_filter(mask, 3)
    usual = steepness[strokes & ~ndimage.minimum_filter(strokes, 3)].mean()
    sharp = ndimage.mean(steepness, np.where(outline, labels, 0), np.arange(1, count + 1)) > 0.5 * usual
    return np.append(False, sharp)[labels]


def _otsu(values):
    from skimage.filters import threshold_otsu

    # Between values that hardly differ there is no room for the 256 bins of a histogram.
    return threshold_otsu(values) if np.ptp(values) > 1e-3 * values.max() else values.flat[0] / 2


def _bare_paper(gray, reach):
    """Closing with a square of side `reach`, computed on a coarse grid when the reach is wide."""
    step = max(1, reach // 24)
    if step > 1:
        coarse = _scale(gray, 1 / step)
    else:
        coarse = gray
    side = max(3, int(reach / step) | 1)
    paper = ndimage.grey_closing(coarse, side)
    if step > 1:
        paper = ndimage.gaussian_filter(paper, 1)
        paper = _resize(paper, gray.shape)
    return np.maximum(paper, gray)


def find_ink(ink):
    """Mark what is clearly darker than the paper.

    Otsu's threshold parts ink from paper; what is fainter, down to half of it, counts too
    where it hangs together with clear ink (hysteresis), as the end of a pencil stroke does.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W), range [0, 1]

    Returns
    -------
    ndarray of bool, shape (H, W)
        All False when the picture is blank.
    """
    from skimage.filters import apply_hysteresis_threshold

    # A stroke has an edge. What only fades away, over an eighth of the picture, is a shadow.
    if (ink - ndimage.uniform_filter(ink, max(3, min(ink.shape) // 8))).max() < FAINTEST_INK:
        return np.zeros(ink.shape, bool)
    low, quarter = np.percentile(ink, [5, 25])
    floor = max(FAINTEST_INK, quarter + 5 * (quarter - low))
    dark = ink[ink > floor]
    if dark.size == 0 or dark.max() < 1.5 * floor:
        return np.zeros(ink.shape, bool)
    threshold = _otsu(dark)
    return apply_hysteresis_threshold(ink, max(0.45 * threshold, floor), max(0.7 * threshold, floor))


def remove_lines(ink):
    """Take away ruled lines, level and upright: what is thin, straight and starts at the picture's edge.

    A picture that is cropped tightly round its digit has strokes like that too. There, what
    would be left touches the edges as well, and nothing is taken away.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W), range [0, 1]

    Returns
    -------
    ndarray of float32, shape (H, W), range [0, 1]
    """
    if min(ink.shape) < 64:
        return ink
    rest = _without_level_lines(ink)
    rest = _without_level_lines(rest.T).T
    if np.array_equal(rest, ink):
        return ink
    left = rest > 0.5 * rest.max()
    if rest.max() < 0.5 * ink.max() or not left.any():
        return ink  # the line was the digit: a 1
    # The end of a stroke is wider than what may be left of a line.
    contacts = (left[:2].any(0), left[-2:].any(0), left[:, :2].any(1), left[:, -2:].any(1))
    cropped = sum(np.count_nonzero(contact) > 3 + 0.02 * contact.size for contact in contacts) >= 2
    return ink if cropped else rest


def remove_boxes(ink):
    """Take away a box drawn round the digit, as forms have it, whether the digit touches it or not.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W), range [0, 1]

    Returns
    -------
    ndarray of float32, shape (H, W), range [0, 1]
    """
    if min(ink.shape) < 64:
        return ink
    mask = find_ink(ink)
    boxes = mask & ~_without_boxes(mask)
    if not boxes.any():
        return ink
    # The soft edge of the lines goes too, but nothing of what stays.
    boxes = _dilation(boxes, 2) & ~(mask & ~boxes)
    return np.where(boxes, 0, ink)


def _without_level_lines(ink):
    height, width = ink.shape
    length, thickest = width // 12, 3 + min(height, width) // 60
    # Lines may be tilted a little: the 3 rows around a point count as one.
    darkest = ndimage.maximum_filter1d(ink, 3, axis=0)
    runs = ndimage.grey_opening(darkest, (1, length))
    # An upright opening keeps only what is taller than any line: a stroke that crosses one stays whole.
    upright = ndimage.grey_opening(ink, (thickest, 1))
    band = (runs > FAINTEST_INK) & (runs > 2 * upright)
    if not band[:, : length + 3].any() and not band[:, -length - 3 :].any():
        return ink  # nothing comes near the edges
    bridged = np.pad(band, ((0, 0), (length, length)), mode="edge")
    bridged = ndimage.grey_closing(bridged, (3, length))[:, length:-length]
    labels, _ = ndimage.label(bridged, _NEIGHBOURS)
    clean = ink
    for i, box in enumerate(ndimage.find_objects(labels)):
        from_edge = box[1].start < 3 or box[1].stop > width - 3
        if not from_edge or box[1].stop - box[1].start <= 0.1 * width:
            continue
        piece = labels == i + 1
        line, thickness = _line_along(piece)
        if thickness <= thickest + 2:
            line = ndimage.maximum_filter1d(line | piece, 5, axis=0)  # with its soft edges
            # What is clearly darker than the line is a stroke that runs along it for a while.
            pale = ink < 1.2 * np.percentile(darkest[band & piece], 90)
            upright = ndimage.grey_opening(ink, (thickness + 2, 1))
            clean = np.where(line & pale, np.minimum(clean, upright), clean)
    return clean


def _line_along(piece):
    """The whole line of which a piece was found, drawn on through the digit, and how thick it is.

    A piece that is bent, as digits are, counts as infinitely thick.
    """
    columns = np.flatnonzero(piece.any(0))
    rows = np.arange(piece.shape[0])
    thickness = piece[:, columns].sum(0)
    middle = rows @ piece[:, columns] / thickness
    thick = int(np.median(thickness))
    bend = np.polynomial.Polynomial.fit(columns, middle, 2)(columns)
    if np.abs(middle - bend).mean() > 0.25 * thick + 1:
        return piece, np.inf
    course = np.polynomial.Polynomial.fit(columns, middle, 1)(np.arange(piece.shape[1]))
    course[columns] = bend
    return np.abs(rows[:, None] - course) <= thick / 2, thick


def pick_digit(mask):
    """Keep the digit, in one piece or several; drop specks, boxes and what the edge has cut off.

    The digit is the largest piece of ink, where the middle of the picture counts for more
    than its frame. Pieces near it belong to it: the bar of a 5, the other half of a
    broken stroke.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    digit : ndarray of bool, shape (H, W)
    doubts : list of str
    """
    mask = _without_underline(_without_ring(_without_hairlines(_without_tails(mask))))
    width = _mean_stroke(mask)
    labels, count = ndimage.label(_dilation(mask, max(1, round(width / 3))), _NEIGHBOURS)
    labels = labels * mask
    boxes = ndimage.find_objects(labels)
    area = np.bincount(labels.ravel())[1:]
    central = np.multiply.outer(*(0.15 + np.sin(np.pi * (np.arange(side) + 0.5) / side) for side in mask.shape))
    touches = np.array([_touches_edge(box, mask.shape) for box in boxes])
    frame = np.bincount(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]), minlength=count + 1)[1:]
    surrounds = (frame > sum(mask.shape)) & (count > 1)  # more than half of the frame
    main = int(np.argmax(np.bincount(labels.ravel(), central.ravel())[1:] * np.where(touches, 0.5, 1) * ~surrounds))
    digit, left, doubts = labels == main + 1, set(range(count)) - {main}, []
    while left:
        # The distance to the digit so far is measured on every other pixel: that is near enough.
        far = ndimage.distance_transform_edt(~digit[::2, ::2]) * 2
        rows, columns = (np.flatnonzero(digit.any(axis)) for axis in (1, 0))
        height, size = np.ptp(rows) + 1, max(np.ptp(rows), np.ptp(columns)) + 1
        inked = np.count_nonzero(digit)
        joined = set()
        for i in left:
            gap = far[labels[::2, ::2] == i + 1].min(initial=np.inf)
            beside = boxes[i][1].start > columns[-1] or boxes[i][1].stop <= columns[0]
            if touches[i] and not touches[main]:
                continue
            wider = boxes[i][1].start < columns[0] and boxes[i][1].stop > columns[-1] + 1
            if wider:  # the line that it was written on
                continue
            if beside and _extent(boxes[i])[0] > 0.6 * height:
                if area[i] > 0.2 * inked:
                    doubts = ["there is more than one digit in the picture"]
            elif (area[i] > 0.04 * inked and gap < 0.25 * size) or (area[i] > 0.01 * inked and gap < 0.08 * size):
                joined.add(i)
        if not joined:
            break
        digit |= np.isin(labels, [i + 1 for i in joined])
        left -= joined
    if touches[main]:
        doubts.append("the digit touches the edge of the picture, so a part of it may be missing")
    return digit, doubts


def _without_tails(mask):
    """Take away the rest of a line that runs from the digit to the picture's edge, far thinner than the strokes."""
    if not _touches_edge(_bounding_box(mask), mask.shape):
        return mask
    width = 2 * np.percentile(ndimage.distance_transform_edt(mask)[mask], 95)
    if width < 5:
        return mask  # nothing could be told apart
    narrow = int(width / 2)
    strokes = ndimage.grey_opening(np.pad(mask, narrow, mode="edge"), narrow)
    strokes = strokes[narrow:-narrow, narrow:-narrow]
    thin, _ = ndimage.label(mask & ~_dilation(strokes, narrow), _NEIGHBOURS)
    at_edge = np.unique(np.concatenate([thin[0], thin[-1], thin[:, 0], thin[:, -1]]))
    return mask & ~np.isin(thin, at_edge[at_edge > 0])


def _without_hairlines(mask):
    """Take away long pieces far thinner than the strokes: what was seen of a faint line or box."""
    labels, count = ndimage.label(mask, _NEIGHBOURS)
    if count < 2:
        return mask
    boxes, area = ndimage.find_objects(labels), np.bincount(labels.ravel())[1:]
    main = int(np.argmax(area))
    width = _mean_stroke(labels[boxes[main]] == main + 1)
    lines = [
        i + 1
        for i, box in enumerate(boxes)
        if max(_extent(box)) > 0.5 * max(_extent(boxes[main]))
        and _mean_stroke(labels[box] == i + 1) < min(0.45 * width, 0.1 * max(_extent(box)))
    ]
    return mask & ~np.isin(labels, lines) if lines else mask


def _without_ring(mask):
    """Take away a ring that is drawn round the digit."""
    labels, count = ndimage.label(mask, _NEIGHBOURS)
    if count < 2:
        return mask
    boxes = ndimage.find_objects(labels)
    for i in sorted(range(count), key=lambda i: -_extent(boxes[i])[0])[:3]:
        piece = labels[boxes[i]] == i + 1
        within = ndimage.binary_fill_holes(piece) & ~piece & (labels[boxes[i]] > 0)
        if within.any() and _extent(_bounding_box(within))[0] > 0.3 * piece.shape[0]:
            return mask & (labels != i + 1)
    return mask


def _without_underline(mask):
    """Take away a line under the digit, wider than it on both sides and straight."""
    labels, count = ndimage.label(mask, _NEIGHBOURS)
    if count < 2:
        return mask
    boxes = ndimage.find_objects(labels)
    rows, columns = boxes[int(np.argmax([_extent(box)[0] for box in boxes]))]
    for i, (top, across) in enumerate(boxes):
        wider = across.start < columns.start and across.stop > columns.stop
        if wider and top.start > rows.stop - 0.1 * (rows.stop - rows.start):
            piece = labels[boxes[i]] == i + 1
            if _extent(boxes[i])[0] < 0.3 * (rows.stop - rows.start) and _line_along(piece)[1] < np.inf:
                mask = mask & (labels != i + 1)
    return mask


def _without_boxes(mask):
    """Take away each box that is drawn round a good part of the rest."""
    labels, _ = ndimage.label(mask, _NEIGHBOURS)
    places = ndimage.find_objects(labels)
    for i, outer in enumerate(places):
        piece = labels[outer] == i + 1
        sides = _sides_of_a_box(piece)
        if np.count_nonzero([side.any() for side in sides]) < 3:
            continue
        # What hangs together with the box, and what merely lies in it.
        rest = piece & ~np.any(sides, axis=0)
        within = rest | ((labels[outer] > 0) & ~piece)
        if within.any() and _extent(_bounding_box(within))[0] > 0.3 * piece.shape[0]:
            mask = mask.copy()
            mask[outer] &= ~piece | (rest if _extent(_bounding_box(rest))[0] > 0.3 * piece.shape[0] else False)
    return mask


def _sides_of_a_box(piece):
    """The sides of a box, top, right, bottom and left: a mask each, empty where there is no thin straight line."""
    longest = max(piece.shape)
    slack, thickest = 2 + longest // 25, 2 + longest // 20
    sides = []
    for turn in range(4):
        turned = np.rot90(piece, turn)
        rows = np.arange(turned.shape[0])[:, None]
        first = turned.argmax(0)
        ends = (rows > first) & ~turned
        last = np.where(ends.any(0), ends.argmax(0), turned.shape[0])
        here = turned.any(0) & (first <= slack)
        thin = here & (last - first <= thickest)
        side = np.zeros_like(turned)
        if min(piece.shape) >= 16 and here.mean() > 0.9 and thin.mean() > 0.7:
            # Where a stroke meets the side, only as much goes as the side is thick elsewhere.
            last = np.where(thin, last, first + int(np.median((last - first)[thin])))
            side = here & (rows >= first) & (rows < last)
        sides.append(np.rot90(side, -turn))
    return sides


def cut_out(ink, mask):
    """Cut the digit out, and its strokes into ink and background. A small digit is enlarged first.

    The edge of a stroke is where the ink is half as dark as within.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W), range [0, 1]
    mask : ndarray of bool, shape (H, W)
        Where the digit is.

    Returns
    -------
    ndarray of bool
        Without margin; the longer side is about `DIGIT_SIDE` * `FINE` or more.
    """
    from skimage.morphology import skeletonize

    digit = _bounding_box(mask)
    factor = max(1.0, DIGIT_SIDE * FINE / max(_extent(digit)))
    ink = _scale(np.pad(ink[digit], 2), factor)
    mask = _scale(np.pad(mask[digit], 2).astype(np.float32), factor) > 0.5
    # How dark the stroke is in its middle, nearest to each point: where a pencil pressed less, less
    # makes half, and no stroke ever falls apart.
    reach = max(1, round(_mean_stroke(mask) / 2)) | 1
    middle = skeletonize(mask)
    nearest = ndimage.distance_transform_edt(~middle, return_distances=False, return_indices=True)
    level = ndimage.maximum_filter(ink * mask, reach)[tuple(nearest)]
    cut = (ink > 0.5 * level) & _dilation(mask, 1)
    return cut[_bounding_box(cut)] if cut.any() else mask


def even_strokes(cut):
    """Make thin strokes as thick, and thick ones as thin, as the network knows them.

    The edge of the ink is moved by the same distance everywhere: outwards, or inwards as
    long as the thinnest parts last.

    Parameters
    ----------
    cut : ndarray of bool, shape (h, w)
        From `cut_out`.

    Returns
    -------
    ndarray of float32, range [0, 1]
        With smooth edges, and a margin.
    """
    longest = max(cut.shape)
    distance = _distance_to_edge(np.pad(cut, 2 + int(THINNEST_STROKE * longest / DIGIT_SIDE)))
    ridge = distance[(distance > 0) & (distance >= ndimage.maximum_filter(distance, 3))]
    width = 2 * float(np.median(ridge))

    def here(stroke):
        """The width here of what is to be so wide after `fit`: the middle lines then span 20 pixels less a stroke."""
        return stroke * max(longest - width, width) / (DIGIT_SIDE - stroke)

    more = max(0.0, (here(THINNEST_STROKE) - width) / 2)
    less = max(0.0, (width - here(THICKEST_STROKE)) / 2)
    return np.clip(distance + more - min(less, 0.6 * np.percentile(ridge, 10)) + 0.5, 0, 1)


def fit(strokes):
    """Scale the longer side of the digit to 20 pixels of MNIST, keeping its proportions, and soften its edges.

    Parameters
    ----------
    strokes : ndarray of float32, range [0, 1]
        From `even_strokes`.

    Returns
    -------
    ndarray of float32, range [0, 1]
        On a grid `FINE` times finer than MNIST's.
    """
    strokes = strokes[_bounding_box(strokes > 0.5)]
    fine = _scale(np.pad(strokes, 1), DIGIT_SIDE * FINE / max(strokes.shape))
    return ndimage.gaussian_filter(np.pad(fine, FINE), SOFTNESS * FINE, truncate=2)


def centre(fine):
    """Put the digit's centre of mass at the centre of 28×28 and average the fine grid down to that.

    Parameters
    ----------
    fine : ndarray of float32, range [0, 1]
        From `fit`.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
        0 = background, 255 = ink.
    """
    height, width = fine.shape
    y = fine.sum(1) @ np.arange(0.5, height) / fine.sum()
    x = fine.sum(0) @ np.arange(0.5, width) / fine.sum()
    # MNIST's own digits have their mass at the middle of pixel 14, counted from 0.
    top, left = round(14.5 * FINE - y), round(14.5 * FINE - x)
    # A canvas so large that even a digit with all its mass at one end stays on it.
    canvas = np.pad(np.zeros((28 * FINE, 28 * FINE), np.float32), ((height, height), (width, width)))
    canvas[height + top : 2 * height + top, width + left : 2 * width + left] = fine
    canvas = canvas[height:-height, width:-width]
    return np.rint(255 * canvas.reshape(28, FINE, 28, FINE).mean((1, 3))).astype(np.uint8)


def _distance_to_edge(mask):
    """Distance of each pixel's centre to the edge of the ink: positive inside, negative outside."""
    inside, outside = ndimage.distance_transform_edt(mask), ndimage.distance_transform_edt(~mask)
    return np.where(mask, inside - 0.5, 0.5 - outside).astype(np.float32)


def _bounding_box(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if rows.size == 0:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _extent(box):
    """(height, width) of a bounding box."""
    return box[0].stop - box[0].start, box[1].stop - box[1].start


def _touches_edge(box, shape):
    return any(part.start == 0 or part.stop == side for part, side in zip(box, shape, strict=True))


def _mean_stroke(mask):
    """Mean width of the strokes in pixels: twice their area over the length of their outline."""
    outline = mask & _dilation(~np.pad(mask, 1), 1)[1:-1, 1:-1]
    return 2 * np.count_nonzero(mask) / max(1, np.count_nonzero(outline))


def _scale(array, factor):
    """Scale by a factor with linear interpolation, or by averaging where it gets smaller."""
    return _resize(array, tuple(max(1, round(side * factor)) for side in array.shape))


def _resize(array, shape):
    """Scale to exactly this shape, where pixels are areas, not points."""
    how = Image.Resampling.BILINEAR if shape[0] >= array.shape[0] else Image.Resampling.BOX
    return np.asarray(Image.fromarray(array.astype(np.float32, copy=False)).resize(shape[::-1], how))


def _dilation(mask, distance):
    """Grow a mask by so many pixels: level, upright and across."""
    return ndimage.maximum_filter(mask, 2 * distance + 1)


def _as_bytes(picture):
    """uint8 for showing: masks and ink in [0, 1] become 0..255."""
    if picture.dtype == np.uint8:
        return picture
    full = 255 if picture.dtype == bool or picture.max() <= 1 else 1
    return np.rint(picture.astype(np.float32) * full).astype(np.uint8)
