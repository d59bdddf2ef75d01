"""The ink: how much darker than the bare paper each point is, and from where on that counts as ink.

Taught in notebook 05, where shadows are the reason that one threshold for a whole picture
will not do. The ink must be darker than the paper here; `lenet_helpers.preparation.paper` tells whether
it is.
"""

import numpy as np
from scipy import ndimage

from lenet_helpers.preparation.masks import otsu, resize, scale

FAINTEST_INK = 0.05
"""Ink must darken the paper by at least this fraction, or the picture counts as blank."""


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
    found = ink > otsu(dark)
    level = np.median(widest[found])
    kept = np.median(ink[found] / np.maximum(widest[found], FAINTEST_INK))
    # What is as dark as the ink is ink, within a stroke too. A shadow is paler, and may well be missing.
    core = widest > 0.7 * level
    missing = core & (ink < 0.7 * kept * widest)

    def much_is_missing(core):
        return np.count_nonzero(core & missing) > 0.05 * np.count_nonzero(core)

    return kept < 0.4 or (much_is_missing(core) and much_is_missing(_with_sharp_edges(core, found, gray)))


def _with_sharp_edges(mask, strokes, gray):
    """Keep the pieces whose edges are half as sharp as those of the strokes: a shadow has soft ones.

    Pieces differ, for a printed box is sharper than pencil. So one is held to the strokes that
    were found in it; if there are none, to all others, or it must not reach the picture's frame.
    """
    if not strokes.any():
        return mask
    steepness = np.hypot(ndimage.sobel(gray, 0), ndimage.sobel(gray, 1))
    labels, count = ndimage.label(mask)

    def edges(part):
        outline = part & ~ndimage.minimum_filter(part, 3)
        counts = np.bincount(labels[outline], minlength=count + 1)
        sums = np.bincount(labels[outline], steepness[outline], count + 1)
        return sums / np.maximum(counts, 1), steepness[outline].mean()

    own, usual = edges(strokes)
    sharp = edges(mask)[0] > 0.5 * np.where(own > 0, own, usual)
    at_frame = np.zeros(count + 1, bool)
    at_frame[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    sharp |= (own == 0) & ~at_frame
    return sharp[labels] & mask


def _bare_paper(gray, reach):
    """Closing with a square of side `reach`, computed on a coarse grid when the reach is wide."""
    step = max(1, reach // 24)
    if step > 1:
        coarse = scale(gray, 1 / step)
    else:
        coarse = gray
    side = max(3, int(reach / step) | 1)
    lightest = ndimage.maximum_filter(coarse, side)
    if np.ptp(lightest) == 0:  # one gray everywhere, as in a drawing: there is nothing to follow
        return np.maximum(lightest[0, 0], gray)
    paper = ndimage.minimum_filter(lightest, side)
    if step > 1:
        paper = ndimage.gaussian_filter(paper, 1)
        paper = resize(paper, gray.shape)
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
    floor = _faintest_ink(ink)
    dark = ink[ink > floor]
    if dark.size == 0 or dark.max() < 1.5 * floor:
        return np.zeros(ink.shape, bool)
    threshold = otsu(dark)
    return apply_hysteresis_threshold(ink, max(0.45 * threshold, floor), max(0.7 * threshold, floor))


def _faintest_ink(ink):
    """What is fainter than this may be rough paper. How rough it is, its barest quarter tells."""
    if np.count_nonzero(ink) < 0.7 * ink.size:
        return FAINTEST_INK  # that quarter has no ink at all: both percentiles are 0
    low, quarter = np.percentile(ink, [5, 25])
    return max(FAINTEST_INK, quarter + 5 * (quarter - low))
