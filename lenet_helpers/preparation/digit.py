"""Which pieces of the ink are the digit, and what makes that doubtful.

Taught in notebook 05.
"""

import cv2
import numpy as np

from lenet_helpers.preparation.masks import (
    as_bytes,
    bounding_box,
    dilation,
    extent,
    frame,
    mean_stroke,
    pieces,
)

SEVERAL = "there is more than one digit in the picture"
CUT = "the digit touches the edge of the picture, so a part of it may be missing"


def pick_digit(mask):
    """Keep the digit, in one piece or several; drop specks and what the edge has cut off.

    The digit is the largest piece of ink, where the middle of the picture counts for more
    than its frame. Pieces near it belong to it: the bar of a 5, the other half of a
    broken stroke.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    digit : ndarray of bool, shape (H, W)
    others : ndarray of bool, shape (H, W)
        What may be further digits: pieces beside it that are about as tall.
    """
    grown = pieces(dilation(mask, max(1, round(mean_stroke(mask) / 3))))
    labels = grown.labels * mask
    areas = np.bincount(labels.ravel(), minlength=len(grown) + 1)[1:]
    central = np.multiply.outer(*(0.15 + np.sin(np.pi * (np.arange(side) + 0.5) / side) for side in mask.shape))
    at_frame = np.bincount(frame(labels), minlength=len(grown) + 1)[1:]
    surrounds = (at_frame > sum(mask.shape)) & (len(grown) > 1)  # more than half of the frame
    weights = np.bincount(labels.ravel(), central.ravel(), len(grown) + 1)[1:]
    main = int(np.argmax(weights * np.where(at_frame > 0, 0.5, 1) * ~surrounds))
    digit, left, others = labels == main + 1, {*range(len(grown))} - {main}, []
    while left:
        far = cv2.distanceTransform(as_bytes(~digit), cv2.DIST_L2, cv2.DIST_MASK_5)
        rows, columns = bounding_box(digit)
        height, size, inked = rows.stop - rows.start, max(extent((rows, columns))), np.count_nonzero(digit)
        joined, others = set(), []
        for number in left:
            across = grown.boxes[number][1]
            beside = across.start >= columns.stop or across.stop <= columns.start
            if at_frame[number] and not at_frame[main]:
                continue
            if across.start < columns.start and across.stop > columns.stop:
                continue  # the line that it was written on
            if beside and extent(grown.boxes[number])[0] > 0.6 * height:
                if areas[number] > 0.2 * inked:
                    others.append(number)
            elif areas[number] > 0.01 * inked:
                gap = far[labels == number + 1].min() / size
                if gap < (0.25 if areas[number] > 0.04 * inked else 0.08):
                    joined.add(number)
        if not joined:
            break
        digit |= np.isin(labels, [number + 1 for number in joined])
        left -= joined
    return digit, np.isin(labels, [number + 1 for number in others])
