"""Small helpers on masks, which are bool of shape (H, W), and on grays: places, sizes, widths, thresholds.

Used by the steps of notebook 05 that find the ink of a digit and bring it into MNIST's form.
A *box* is a pair of slices, rows and columns, as `scipy.ndimage.find_objects` gives them.
The filters are OpenCV's, which wants masks as bytes: `as_bytes` shows it the same memory.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

FAINTEST_INK = 0.05
"""Ink darkens the paper by at least this fraction, but for the even white of a small picture: see `ink.find_ink`."""

SMALL = 64
"""A picture with fewer pixels on a side has no room for noise, fine shadows or rules. Most such were larger once."""


@dataclass(frozen=True)
class Pieces:
    """The connected pieces of a mask: piece i has the label i + 1, 0 is outside; a box and an area in pixels each."""

    labels: np.ndarray
    boxes: list
    areas: np.ndarray

    def __len__(self):
        return len(self.boxes)

    def mask(self, *numbers):
        """The mask of some of the pieces, counted from 0."""
        chosen = np.zeros(len(self) + 1, bool)
        chosen[np.array(numbers, int) + 1] = True
        return chosen[self.labels]

    def cut(self, number):
        """The mask of one piece, cut out along its bounding box."""
        return self.labels[self.boxes[number]] == number + 1

    def on_frame(self):
        """How many pixels of the picture's frame each piece covers: ndarray of int, shape (N,)."""
        return np.bincount(frame(self.labels), minlength=len(self) + 1)[1:]


def pieces(mask, crack=0):
    """Return the `Pieces` of a mask; what touches at a corner hangs together, and so does what a crack parts.

    A crack is at most twice so many pixels wide.
    """
    grown = dilation(mask, crack) if crack else mask
    around = bounding_box(grown)
    labels = np.zeros(mask.shape, np.int32)
    ndimage.label(grown[around], np.ones((3, 3)), output=labels[around])
    if crack:
        labels *= mask
    return Pieces(labels, ndimage.find_objects(labels), np.bincount(labels.ravel())[1:])


def frame(values):
    """The outermost pixels of a picture, in a row; the corners twice."""
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def crossings(mask):
    """At how many places a mask meets the picture's frame."""
    return np.count_nonzero(np.diff(frame(mask).view(np.int8)) > 0)


def bounding_box(mask):
    """The smallest box that holds a mask; both slices are empty when the mask is."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if rows.size == 0:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def extent(box):
    """(height, width) of a bounding box."""
    return box[0].stop - box[0].start, box[1].stop - box[1].start


def as_bytes(mask):
    """A mask as OpenCV takes it: uint8, 0 or 1."""
    return np.ascontiguousarray(mask).view(np.uint8)


def dilation(mask, distance):
    """Grow a mask by so many pixels: level, upright and across."""
    return cv2.dilate(as_bytes(mask), square(2 * distance + 1)).view(bool)


def without_holes(mask):
    """Fill what a mask encloses: what `scipy.ndimage.binary_fill_holes` makes, sooner."""
    flooded = padded(as_bytes(mask), 1)
    cv2.floodFill(flooded, None, (0, 0), 2)
    return flooded[1:-1, 1:-1] != 2


def padded(array, margin):
    """A picture with a margin of zeros: what `np.pad` makes, sooner for small pictures."""
    height, width = array.shape
    wider = np.zeros((height + 2 * margin, width + 2 * margin), array.dtype)
    wider[margin : margin + height, margin : margin + width] = array
    return wider


def square(side):
    """A square neighbourhood for OpenCV's filters."""
    return np.ones((side, side), np.uint8)


def depth_of(mask):
    """The distance of each point of a mask from the nearest point outside, in pixels; the frame is not outside."""
    return cv2.distanceTransform(as_bytes(mask), cv2.DIST_L2, cv2.DIST_MASK_5)


def nearest(values, places):
    """For each point, the value at the nearest of some places: `places` is a mask with at least one of them."""
    _, labels = cv2.distanceTransformWithLabels(
        as_bytes(~places), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(labels.max() + 1, values.dtype)
    of_label[labels[places]] = values[places]
    return of_label[labels]


def mean_stroke(mask):
    """Mean width of the strokes in pixels: twice their area over the length of their outline."""
    outline = mask & dilation(~padded(mask, 1), 1)[1:-1, 1:-1]
    return 2 * np.count_nonzero(mask) / max(1, np.count_nonzero(outline))


def otsu(values):
    """The threshold that parts dark from light best (Otsu, 1979), in the middle between the two.

    Where no value lies between dark and light, Otsu's criterion has the same value all over the
    gap; the middle between the means of both parts lies well inside of it. Half of the first
    value when all are as good as equal. No value may be below 0.
    """
    low, high = values.min(), values.max()
    # Between values that hardly differ there is no room for the 256 bins of a histogram.
    if high - low <= 1e-3 * high:
        return float(values.flat[0]) / 2
    counts, edges = np.histogram(values, 256, (low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * centres)
    above = values.size - below
    dark, light = sums[:-1] / below, (sums[-1] - sums[:-1]) / above  # the first and the last bin hold a value
    best = np.argmax(below * above * np.square(light - dark))
    return float(dark[best] + light[best]) / 2


def scale(array, factor):
    """Scale by a factor with linear interpolation, or by averaging where it gets smaller; no side gets below 1."""
    return resize(array, tuple(max(1, round(side * factor)) for side in array.shape))


def resize(array, shape):
    """Scale to exactly this (height, width), where pixels are areas, not points. Returns float32."""
    how = cv2.INTER_LINEAR if shape[0] >= array.shape[0] else cv2.INTER_AREA
    return cv2.resize(array.astype(np.float32, copy=False), shape[::-1], interpolation=how)
