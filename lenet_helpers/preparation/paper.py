"""The paper: laid under what is transparent, told from a table around it and from ink that is lighter.

Taught in notebook 05. These are the first steps from a picture to MNIST's form: they end
with one gray for each point and with the polarity, whether the ink is light or dark.
"""

from functools import lru_cache

import cv2
import numpy as np
from scipy import ndimage

from lenet_helpers.preparation.masks import (
    SMALL,
    as_bytes,
    dilation,
    extent,
    frame,
    nearest,
    otsu,
    pieces,
    resize,
    scale,
    square,
    without_holes,
)

ROUNDEST = 0.85
"""A sheet's corners span at least so much of it; four corners of an ellipse span 2/π of it, 0.64."""

LEAST_PAPER = 0.77
"""So much of a sheet is paper at least, the rest is ink. What a square 0 or 8 encloses is half line, half paper."""

MOST_ALIKE = 0.1
"""So much of what lies around a sheet may be as bright as it is; around a part of the paper that bold strokes cut off,
it is 0.2 and more."""

MUCH_INK = 0.25
"""Where the ink covers more of the picture than this, the paper can't be told from it by how much there is."""


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
        seen = to_gray(colours[solid][None].repeat(3, axis=0))
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
    ranges = [np.ptp(scale(gray, 1 / 3)) for gray in grays]  # without the noise of single pixels
    best = int(np.argmax(ranges))
    return grays[best] if ranges[best] > 1.5 * ranges[0] + 10 else brightness


def only_the_sheet(gray):
    """Paint what lies around the sheet in its nearest gray: a table, a scanner's lid, the margin of a screenshot.

    A sheet on a table is one piece of another gray with hardly a dent, once the holes are filled that
    its strokes make. The rest reaches the picture's frame. Its edge is sharp; that of a shadow is soft.

    Parameters
    ----------
    gray : ndarray of float32, shape (H, W), range [0, 255]

    Returns
    -------
    ndarray of float32, shape (H, W), range [0, 255]
        `gray` itself when there is no such sheet.
    """
    coarse = scale(gray, 40 / min(gray.shape))
    bright = coarse > otsu(coarse)
    for half in (bright, ~bright):
        parts = pieces(half)
        sheet = without_holes(parts.mask(np.argmax(parts.areas))) if len(parts) else half
        if _looks_like_a_sheet(sheet) and _is_sharp(coarse, sheet) and _is_of_one_kind(half, sheet):
            inside = ndimage.binary_erosion(sheet, border_value=1)
            depth = np.where(inside, np.abs(coarse - np.median(coarse[sheet])), 0)
            around = resize(nearest(coarse, inside & (depth <= 0.5 * depth.max())), gray.shape)  # of paper, not of ink
            return np.where(resize(inside, gray.shape) > 0.5, gray, around)
    return gray


def beside_the_paper(mask):
    """Mark dark strips along more than half of a side of the frame and nowhere far from it: a table, a shadow."""
    parts, margin = pieces(mask), max(1, min(mask.shape) // 8)
    within = np.bincount(parts.labels[margin:-margin, margin:-margin].ravel(), minlength=len(parts) + 1)[1:]
    longest = np.array([max(extent(box)) for box in parts.boxes])
    along = (within == 0) & (parts.on_frame() > 0.5 * longest) & (longest > 0.5 * min(mask.shape))
    return parts.mask(*np.flatnonzero(along))


def _is_sharp(gray, mask):
    """Tell whether the gray jumps nearly everywhere that a mask ends: much of the contrast within three pixels."""
    edge = mask ^ dilation(mask, 1)
    if not edge.any():
        return False
    contrast = abs(gray[mask].mean() - gray[~mask].mean())
    jumps = cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, square(3))
    return contrast >= 25 and np.percentile(jumps[edge], 20) > 0.5 * contrast


def _is_of_one_kind(half, sheet):
    """Tell whether a sheet is paper but for strokes, and what lies around is not the same paper."""
    return half[sheet].mean() > LEAST_PAPER and half[~sheet].mean() < MOST_ALIKE


def _looks_like_a_sheet(mask):
    """Tell whether a mask has hardly a dent and few corners, and leaves most of the frame to what lies around it."""
    if mask.mean() <= 0.1 or frame(mask).mean() > 0.5:
        return False
    # With the corners of its pixels, so that a rectangle fills its hull.
    outline = cv2.findNonZero(cv2.dilate(as_bytes(np.pad(mask, (0, 1))), square(2), anchor=(0, 0)))
    hull = cv2.convexHull(outline)
    # The hull of a bold 0 is round: the corners that are left of it leave much of it out.
    corners = cv2.approxPolyDP(hull, 0.05 * cv2.arcLength(hull, True), True)
    area = cv2.contourArea(hull)
    return mask.sum() > 0.9 * area and cv2.contourArea(corners) > ROUNDEST * area


def ink_is_light(gray):
    """Decide from the picture whether light ink lies on dark paper.

    Parameters
    ----------
    gray : ndarray of float32, shape (H, W)

    Returns
    -------
    bool
    """
    return lightness_of_ink(gray) > 0


def lightness_of_ink(gray):
    """Tell how clearly light ink lies on dark paper: 1 when nothing is dark on light, -1 when nothing is light on dark.

    Paper is what most of the picture and of its frame show. A smooth surface of second degree is
    fitted to the grays, so that light from one side and the dark corners of a photo don't look
    like ink; what departs from it furthest is the ink. A bold digit that is cropped tightly
    leaves too little paper for that: then paper is what most of the frame shows, and that is not clear.

    Parameters
    ----------
    gray : ndarray of float32, shape (H, W)

    Returns
    -------
    float
        In [-1, 1].
    """
    small, surface = light_on_paper(gray)
    away = small - surface
    cubes = away * away * away
    lightness = float(cubes.sum() / (np.abs(cubes).sum() or 1))
    bright = small > otsu(small)
    if (bright if lightness > 0 else ~bright).mean() > MUCH_INK and _is_sharp(small, bright):
        return 0.5 - float(frame(bright).mean())
    return lightness


def evenly_lit(gray):
    """Divide out light that changes smoothly all over the picture, if that is what most of the picture shows."""
    if min(gray.shape) < SMALL:
        return gray
    small, paper = light_on_paper(gray)
    if np.median(np.abs(small - paper)) > 0.1 * np.ptp(small):
        return gray
    paper = np.maximum(paper, 1)
    return gray * resize(paper.max() / paper, gray.shape)


def light_on_paper(gray):
    """Fit a smooth surface of second degree to the paper of a picture.

    Returns the picture, its shorter side reduced to 40 at most, and the gray that bare paper would have there.
    """
    small = scale(gray, min(1.0, 40 / min(gray.shape)))
    terms, weight = _surface(*small.shape)
    values = small.ravel()
    away = values - np.median(values)
    for _ in range(4):  # weights of 1/|residual| turn least squares into least absolute deviations
        weighted = terms.T * (weight / np.maximum(abs(away), 2))
        away = values - terms @ np.linalg.lstsq(weighted @ terms, weighted @ values)[0]
    return small, (values - away).reshape(small.shape)


@lru_cache
def _surface(height, width):
    """The terms 1, x, y, x², xy, y² of a surface over a picture, and weights: the frame shows paper rather."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].reshape(2, -1)
    weight = 1 + 2 * (np.maximum(abs(x), abs(y)) > 0.85)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 1), weight
