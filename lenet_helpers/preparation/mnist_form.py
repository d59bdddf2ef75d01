"""MNIST's form: strokes of its width, the longer side 20 pixels, the centre of mass in the middle of 28×28.

Taught in notebook 05. Fitting and centring are the steps of MNIST's own makers (LeCun et
al., 1998); the strokes are evened before, for pens differ more than theirs did.
"""

import cv2
import numpy as np

from lenet_helpers.preparation.masks import (
    as_bytes,
    bounding_box,
    depth_of,
    dilation,
    extent,
    mean_stroke,
    nearest,
    padded,
    pieces,
    scale,
    square,
    without_holes,
)

DIGIT_SIDE = 20
"""MNIST's digits fit into a square of this side, in the middle of 28×28."""

FINE = 4
"""Strokes are shaped on a grid this many times finer than MNIST's."""

THINNEST_STROKE = 2.4
"""Thinner strokes are thickened to this many pixels of the 28×28 picture."""

THICKEST_STROKE = 2.8
"""Thicker strokes are thinned to this many pixels, as far as none of them breaks. MNIST's median is 2.3."""

SOFTNESS = 0.45
"""Strokes are blurred by a Gaussian of this standard deviation, in pixels: MNIST's edges are that soft."""


def is_mnist_form(pixels):
    """Tell whether a picture already is what the steps below would make of it.

    All 70,000 pictures of MNIST pass: their longer side is 19 or 20 pixels, and their
    centre of mass is within half a pixel of the centre. Their strokes have soft edges or are two
    pixels wide: those that a program draws one pixel wide, without any gray, are neither.

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
    if not rows.any():
        return False
    height, width = np.ptp(np.flatnonzero(rows)) + 1, np.ptp(np.flatnonzero(columns)) + 1
    y, x = (np.arange(28) @ rows / rows.sum(), np.arange(28) @ columns / columns.sum())
    soft = np.count_nonzero((ink > 0) & (ink < 230)) > 0.1 * np.count_nonzero(ink)
    wide = cv2.erode(as_bytes(ink > 0), square(2)).sum() > 0.1 * np.count_nonzero(ink)
    return 18 <= max(height, width) <= 21 and abs(y - 14) < 0.7 and abs(x - 14) < 0.7 and bool(soft or wide)


def cut_out(ink, mask):
    """Cut the digit out, and its strokes into ink and background, without margin. A small digit is enlarged first.

    `mask` is where the digit is. The edge of a stroke is where the ink is half as dark as within.
    """
    digit = bounding_box(mask)
    factor = max(1.0, DIGIT_SIDE * FINE / max(extent(digit)))
    ink = scale(padded(ink[digit], 2), factor)
    mask = scale(padded(mask[digit], 2).astype(np.float32), factor) > 0.5
    # How dark the stroke is in its middle, nearest to each point: where a pencil pressed less, less
    # makes half, and no stroke ever falls apart.
    depth = depth_of(mask)
    middle = mask & (depth >= cv2.dilate(depth, square(3)))
    level = nearest(cv2.dilate(ink * mask, square(max(1, round(mean_stroke(mask) / 2)) | 1)), middle)
    cut = (ink > 0.5 * level) & dilation(mask, 1)
    return cut[bounding_box(cut)] if cut.any() else mask


def fill_outline(cut):
    """Fill a digit that may be drawn as an outline: its strokes lie between the outermost line and those within it."""
    cut = padded(cut, 1)
    parts = pieces(cut)
    around = ~without_holes(cut)
    outermost = parts.mask(*np.unique(parts.labels[cut & dilation(around, 1)]) - 1)
    holes = without_holes(cut & ~outermost)
    return (cut | (without_holes(outermost) & ~holes))[1:-1, 1:-1]


def even_strokes(cut):
    """Make thin strokes as thick, and thick ones as thin, as the network knows them.

    The edge of the ink is moved by the same distance everywhere: outwards, or inwards as long as
    the thinnest parts last. Returns float32 in [0, 1], with smooth edges and a margin.
    """
    longest = max(cut.shape)
    depth = depth_of(padded(cut, 1))[1:-1, 1:-1]
    ridge = np.sort(depth[cut & (depth >= cv2.dilate(depth, square(3)))]) - 0.5  # a centre is half a pixel inside
    # The width that half of the ink has: a hair of a line that hangs on a thick stroke has little.
    width = 2 * float(ridge[np.searchsorted(ridge.cumsum(), ridge.sum() / 2)])

    def here(stroke):
        """The width here of what is to be so wide after `fit`: the middle lines then span 20 pixels less a stroke."""
        return stroke * max(longest - width, width) / (DIGIT_SIDE - stroke)

    more = max(0.0, (here(THINNEST_STROKE) - width) / 2)
    less = max(0.0, (width - here(THICKEST_STROKE)) / 2)
    margin = 2 + int(more)
    distance = padded(depth, margin) - 0.5  # to the edge: positive inside, negative outside
    if more > 0:  # else no point outside comes to lie inside
        outside = depth_of(~padded(cut, margin))
        distance = np.where(outside > 0, 0.5 - outside, distance)
    return np.clip(distance + more - min(less, 0.6 * ridge[len(ridge) // 10]) + 0.5, 0, 1)


def fit(strokes):
    """Scale the longer side of the digit to 20 pixels of MNIST, keeping its proportions, and soften its edges.

    Returns float32 in [0, 1], on a grid `FINE` times finer than MNIST's.
    """
    strokes = strokes[bounding_box(strokes > 0.5)]
    fine = scale(padded(strokes, 1), DIGIT_SIDE * FINE / max(strokes.shape))
    return cv2.GaussianBlur(padded(fine, FINE), (2 * FINE + 1,) * 2, SOFTNESS * FINE, borderType=cv2.BORDER_CONSTANT)


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
    y, x = np.arange(height) @ fine.sum(1) / fine.sum(), np.arange(width) @ fine.sum(0) / fine.sum()
    # MNIST's own digits have their mass at the middle of pixel 14, counted from 0.
    middle = (29 * FINE - 1) / 2
    top, left = round(middle - y), round(middle - x)
    # A canvas so large that even a digit with all its mass at one end stays on it.
    canvas = np.zeros((28 * FINE + 2 * height, 28 * FINE + 2 * width), np.float32)
    canvas[height + top : 2 * height + top, width + left : 2 * width + left] = fine
    canvas = canvas[height:-height, width:-width]
    return np.rint(255 * canvas.reshape(28, FINE, 28, FINE).mean((1, 3))).astype(np.uint8)
