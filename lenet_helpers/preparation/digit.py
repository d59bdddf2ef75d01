"""Which pieces of the ink are the digit, whether there may be several digits, and whether one is cut off.

Taught in notebook 05.
"""

import cv2
import numpy as np

from lenet_helpers.preparation.masks import (
    as_bytes,
    bounding_box,
    depth_of,
    extent,
    mean_stroke,
    pieces,
    square,
)


def pick_digit(mask):
    """Keep the digit, in one piece or several; drop specks and whatever else is far from it.

    The digit is the largest piece of ink, where the middle of the picture counts for more
    than its frame. Pieces near it belong to it: the bar of a 5, the other half of a
    broken stroke.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    parts = pieces(mask, max(1, round(mean_stroke(mask) / 3)))
    labels = parts.labels
    central = np.multiply.outer(*(0.15 + np.sin(np.pi * (np.arange(side) + 0.5) / side) for side in mask.shape))
    weights = np.bincount(labels.ravel(), central.ravel(), len(parts) + 1)[1:]
    main = int(np.argmax(weights))
    digit, left = labels == main + 1, {*range(len(parts))} - {main}
    while left:
        far = depth_of(~digit)
        rows, columns = bounding_box(digit)
        height, size, inked = rows.stop - rows.start, max(extent((rows, columns))), np.count_nonzero(digit)
        joined = set()
        for number in left:
            across = parts.boxes[number][1]
            beside = across.start >= columns.stop or across.stop <= columns.start
            if across.start < columns.start and across.stop > columns.stop:
                continue  # the line that it was written on
            if beside and extent(parts.boxes[number])[0] > 0.6 * height:
                continue  # another digit
            if parts.areas[number] > 0.01 * inked and far[labels == number + 1].min() < 0.25 * size:
                joined.add(number)
        if not joined:
            break
        digit |= np.isin(labels, [number + 1 for number in joined])
        left -= joined
    return digit


def holds_several(mask):
    """Tell whether there may be several digits: pieces of about one size, side by side or one above the other.

    Where a table at the frame is larger than the digits, these count among themselves.
    """
    parts = pieces(mask, int(mean_stroke(mask) / 5))  # a crack in a stroke parts no digits
    everything = list(zip(parts.boxes, parts.areas, parts.on_frame() > 0, strict=True))
    within = [piece for piece in everything if not piece[2]]
    return _several_alike(everything) or _several_alike(within)


def _several_alike(found):
    """`holds_several` for pieces of which box and area are known."""
    most = max((area for _, area, _ in found), default=0)
    large = [box for box, area, _ in found if area > 0.2 * most]
    tallest = max((extent(box)[0] for box in large), default=0)
    large = [box for box in large if extent(box)[0] > 0.5 * tallest]
    return any(
        one.stop <= other.start for first in large for second in large for one, other in zip(first, second, strict=True)
    )


def contacts(mask):
    """How many strokes the picture's edge may have cut: those that meet its frame at the side where most do.

    They count apart when there is more than their width between them. A digit that meets three sides
    is whole: somebody has cropped the picture to its box.
    """
    gap = square(2 * round(mean_stroke(mask) / 2) + 1)[:1]
    sides = [side for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]) if side.any()]
    if len(sides) > 2:
        return 0
    starts = [np.count_nonzero(np.diff(cv2.dilate(as_bytes(side[None]), gap)[0], prepend=0) == 1) for side in sides]
    return max(starts, default=0)
