"""Which pieces of the ink are the digit, and what makes that doubtful.

Taught in notebook 05.
"""

import numpy as np
from scipy import ndimage

from lenet_helpers.preparation.lines import without_hairlines, without_ring, without_tails, without_underline
from lenet_helpers.preparation.masks import NEIGHBOURS, dilation, extent, mean_stroke, touches_edge


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
    mask = without_tails(mask)
    if ndimage.label(mask, NEIGHBOURS)[1] > 1:  # what follows takes away whole pieces, and never the only one
        mask = without_underline(without_ring(without_hairlines(mask)))
    width = mean_stroke(mask)
    labels, count = ndimage.label(dilation(mask, max(1, round(width / 3))), NEIGHBOURS)
    labels = labels * mask
    boxes = ndimage.find_objects(labels)
    area = np.bincount(labels.ravel())[1:]
    central = np.multiply.outer(*(0.15 + np.sin(np.pi * (np.arange(side) + 0.5) / side) for side in mask.shape))
    touches = np.array([touches_edge(box, mask.shape) for box in boxes])
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
            if beside and extent(boxes[i])[0] > 0.6 * height:
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
