"""Small helpers on masks, which are bool of shape (H, W), and on grays: places, sizes, widths, thresholds.

Used by the steps of notebook 05 that find the ink of a digit and bring it into MNIST's form.
A *box* is a pair of slices, rows and columns, as `scipy.ndimage.find_objects` gives them.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

NEIGHBOURS = np.ones((3, 3), dtype=bool)
"""A pixel and its eight neighbours: what touches at a corner hangs together."""


def bounding_box(mask):
    """The smallest box that holds a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    (slice, slice)
        Rows and columns; both empty when the mask is.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if rows.size == 0:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def extent(box):
    """(height, width) of a bounding box."""
    return box[0].stop - box[0].start, box[1].stop - box[1].start


def touches_edge(box, shape):
    """Tell whether a box reaches the edge of a picture of this (height, width)."""
    return any(part.start == 0 or part.stop == side for part, side in zip(box, shape, strict=True))


def dilation(mask, distance):
    """Grow a mask by so many pixels: level, upright and across.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
    distance : int

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    return ndimage.maximum_filter(mask, 2 * distance + 1)


def mean_stroke(mask):
    """Mean width of the strokes in pixels: twice their area over the length of their outline."""
    outline = mask & dilation(~np.pad(mask, 1), 1)[1:-1, 1:-1]
    return 2 * np.count_nonzero(mask) / max(1, np.count_nonzero(outline))


def share_of_rectangle(mask):
    """How much of the smallest rectangle around it, turned any way, a mask fills, holes and all: in (0, 1]."""
    whole = ndimage.binary_fill_holes(mask)
    rows, columns = np.nonzero(whole & ~ndimage.minimum_filter(whole, 3, mode="constant"))
    angles = np.deg2rad(np.arange(0, 90, 5))
    cosines, sines = np.cos(angles)[:, None], np.sin(angles)[:, None]
    width = np.ptp(cosines * columns + sines * rows, axis=1) + 1
    height = np.ptp(cosines * rows - sines * columns, axis=1) + 1
    return min(1.0, whole.sum() / (width * height).min())


def otsu(values):
    """The threshold that parts dark from light best (Otsu, 1979).

    Parameters
    ----------
    values : ndarray of float32, any shape, at least one value
        None below 0.

    Returns
    -------
    float
        Half of the first value when all are as good as equal.
    """
    from skimage.filters import threshold_otsu

    # Between values that hardly differ there is no room for the 256 bins of a histogram.
    if np.ptp(values) <= 1e-3 * values.max():
        return values.flat[0] / 2
    counts, edges = np.histogram(values, 256)  # quicker than skimage's, which looks at the picture's type first
    return threshold_otsu(hist=(counts, (edges[:-1] + edges[1:]) / 2))


def scale(array, factor):
    """Scale by a factor with linear interpolation, or by averaging where it gets smaller.

    Parameters
    ----------
    array : ndarray of numbers, shape (H, W)
    factor : float

    Returns
    -------
    ndarray of float32, shape (h, w)
        No side is shorter than 1.
    """
    return resize(array, tuple(max(1, round(side * factor)) for side in array.shape))


def resize(array, shape):
    """Scale to exactly this shape, where pixels are areas, not points.

    Parameters
    ----------
    array : ndarray of numbers, shape (H, W)
    shape : (int, int)
        (height, width)

    Returns
    -------
    ndarray of float32 of this shape
    """
    how = Image.Resampling.BILINEAR if shape[0] >= array.shape[0] else Image.Resampling.BOX
    return np.asarray(Image.fromarray(array.astype(np.float32, copy=False)).resize(shape[::-1], how))
