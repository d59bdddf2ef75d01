"""The ink: how much darker than the bare paper each point is, and from where on that counts as ink.

Taught in notebook 05, where shadows are the reason that one threshold for a whole picture
will not do. The ink must be darker than the paper here; `lenet_helpers.preparation.paper` tells whether
it is.
"""

import cv2
import numpy as np

from lenet_helpers.preparation.masks import FAINTEST_INK, SMALL, otsu, pieces, resize, scale, square


def without_noise(gray):
    """Blur a noisy picture by 1.5 pixels. A clean one keeps its finest lines."""
    if min(gray.shape) < SMALL:
        return gray
    rough = np.median(np.abs(gray - cv2.blur(gray, (3, 3)))[::2, ::2])
    return gray if rough < 1 else cv2.GaussianBlur(gray, (0, 0), 1.5)


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
    shortest = min(gray.shape)
    widest = _darkening(gray, shortest // 2)
    if shortest >= SMALL:
        for reach in (shortest // 16, shortest // 8, shortest // 4):
            ink = _darkening(gray, reach)
            if not _is_hollow(ink, widest):
                return ink
    return widest


def _darkening(gray, reach):
    """How much darker each point is than the bare paper within `reach`, in [0, 1]."""
    return np.clip(1 - gray / np.maximum(_bare_paper(gray, reach), 1), 0, 1)


def _is_hollow(ink, widest):
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
    return np.count_nonzero(missing) > 0.05 * np.count_nonzero(core)


def _bare_paper(gray, reach):
    """Closing with a square of side `reach`, computed on a coarse grid when the reach is wide."""
    step = max(1, reach // 24)
    coarse = scale(gray, 1 / step) if step > 1 else gray
    paper = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, square(int(reach / step) | 1))
    if step > 1:
        paper = resize(cv2.GaussianBlur(paper, (0, 0), 1), gray.shape)
    return np.maximum(paper, gray)


def find_ink(ink, pale=True):
    """Mark what is clearly darker than the paper.

    Otsu's threshold parts ink from paper; what is fainter, down to half of it, counts too
    where it hangs together with clear ink (hysteresis), as the end of a pencil stroke does.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W), range [0, 1]
    pale : bool
        Whether what is fainter counts. Where ruled lines were taken away, it may be what is left of them.

    Returns
    -------
    ndarray of bool, shape (H, W)
        All False when the picture is blank.
    """
    # A stroke has an edge. What only fades away, over an eighth of the picture, is a shadow.
    side, floor = max(3, min(ink.shape) // 8 | 1), _faintest_ink(ink)
    if (ink - cv2.blur(ink, (side, side))).max() < min(FAINTEST_INK, floor):
        return np.zeros(ink.shape, bool)
    dark = ink[ink > floor]
    if dark.size == 0 or dark.max() < 1.5 * floor:
        return np.zeros(ink.shape, bool)
    threshold = otsu(dark)
    clear = ink > max(0.7 * threshold, floor)
    if not pale:
        return clear
    parts = pieces(ink > max(0.45 * threshold, floor))
    hangs_on = np.zeros(len(parts) + 1, bool)
    hangs_on[parts.labels[clear]] = True
    return hangs_on[parts.labels]


def _faintest_ink(ink):
    """What is fainter than this may be rough paper. How rough it is, its barest quarter tells."""
    low, quarter = np.percentile(ink[::2, ::2], [5, 25])
    if quarter == 0 and min(ink.shape) < SMALL:  # thin lines on a program's white: reduced, they are all but white
        return min(FAINTEST_INK, max(0.2 * ink.max(), 0.01))
    return max(FAINTEST_INK, quarter + 5 * (quarter - low))
