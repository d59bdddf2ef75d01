"""Lines that are no part of the digit: ruled ones, boxes, rings, underlines, and what is left of them.

Taught in notebook 05. Ruled lines and the boxes of forms go before the ink is marked, for
they may cross the digit. What can be told from the strokes only in the mask of the ink goes
when `lenet_helpers.preparation.digit` looks for the digit.
"""

import numpy as np
from scipy import ndimage

from lenet_helpers.preparation.ink import FAINTEST_INK
from lenet_helpers.preparation.masks import NEIGHBOURS, bounding_box, dilation, extent, mean_stroke, touches_edge


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


def _without_level_lines(ink):
    height, width = ink.shape
    length, thickest = width // 12, 3 + min(height, width) // 60
    if max(ink[:, : length + 3].max(), ink[:, -length - 3 :].max()) <= FAINTEST_INK:
        return ink  # nothing comes near the edges
    # Lines may be tilted a little: the 3 rows around a point count as one.
    darkest = ndimage.maximum_filter1d(ink, 3, axis=0)
    runs = ndimage.grey_opening(darkest, (1, length))
    # An upright opening keeps only what is taller than any line: a stroke that crosses one stays whole.
    upright = ndimage.grey_opening(ink, (thickest, 1))
    band = (runs > FAINTEST_INK) & (runs > 2 * upright)
    if not band[:, : length + 3].any() and not band[:, -length - 3 :].any():
        return ink
    bridged = np.pad(band, ((0, 0), (length, length)), mode="edge")
    bridged = ndimage.grey_closing(bridged, (3, length))[:, length:-length]
    labels, _ = ndimage.label(bridged, NEIGHBOURS)
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


def remove_boxes(ink, mask):
    """Take away a box drawn round the digit, as forms have it, whether the digit touches it or not.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W), range [0, 1]
    mask : ndarray of bool, shape (H, W)
        Where the ink is, from `lenet_helpers.preparation.ink.find_ink`.

    Returns
    -------
    ndarray of float32, shape (H, W), range [0, 1]
    """
    if min(ink.shape) < 64:
        return ink
    boxes = mask & ~_without_boxes(mask)
    if not boxes.any():
        return ink
    # The soft edge of the lines goes too, but nothing of what stays.
    boxes = dilation(boxes, 2) & ~(mask & ~boxes)
    return np.where(boxes, 0, ink)


def _without_boxes(mask):
    """Take away each box that is drawn round a good part of the rest."""
    labels, _ = ndimage.label(mask, NEIGHBOURS)
    places = ndimage.find_objects(labels)
    for i, outer in enumerate(places):
        piece = labels[outer] == i + 1
        sides = _sides_of_a_box(piece)
        if len(sides) < 3:
            continue
        # What hangs together with the box, and what merely lies in it.
        rest = piece & ~np.any(sides, axis=0)
        within = rest | ((labels[outer] > 0) & ~piece)
        if within.any() and extent(bounding_box(within))[0] > 0.3 * piece.shape[0]:
            mask = mask.copy()
            mask[outer] &= ~piece | (rest if extent(bounding_box(rest))[0] > 0.3 * piece.shape[0] else False)
    return mask


def _sides_of_a_box(piece):
    """Those sides of a box that there are, a mask each. Once two are missing, the others are not looked for."""
    sides = []
    for turn in range(4):
        side = _top_of_a_box(np.rot90(piece, turn))
        if side.any():
            sides.append(np.rot90(side, -turn))
        elif len(sides) < turn:  # the second one that is missing
            break
    return sides


def _top_of_a_box(piece):
    """The line along the top of a piece: a mask, empty where there is no thin straight one."""
    longest = max(piece.shape)
    slack, thickest = 2 + longest // 25, 2 + longest // 20
    first = piece.argmax(0)
    here = piece.any(0) & (first <= slack)
    if min(piece.shape) < 16 or here.mean() <= 0.9:
        return np.zeros_like(piece)
    rows = np.arange(piece.shape[0])[:, None]
    ends = (rows > first) & ~piece
    last = np.where(ends.any(0), ends.argmax(0), piece.shape[0])
    thin = here & (last - first <= thickest)
    if thin.mean() <= 0.7:
        return np.zeros_like(piece)
    # Where a stroke meets the side, only as much goes as the side is thick elsewhere.
    last = np.where(thin, last, first + int(np.median((last - first)[thin])))
    return here & (rows >= first) & (rows < last)


def without_tails(mask):
    """Take away the rest of a line that runs from the digit to the picture's edge, far thinner than the strokes.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    if not touches_edge(bounding_box(mask), mask.shape):
        return mask
    width = 2 * np.percentile(ndimage.distance_transform_edt(mask)[mask], 95)
    if width < 5:
        return mask  # nothing could be told apart
    narrow = int(width / 2)
    strokes = ndimage.grey_opening(np.pad(mask, narrow, mode="edge"), narrow)
    strokes = strokes[narrow:-narrow, narrow:-narrow]
    thin, _ = ndimage.label(mask & ~dilation(strokes, narrow), NEIGHBOURS)
    at_edge = np.unique(np.concatenate([thin[0], thin[-1], thin[:, 0], thin[:, -1]]))
    return mask & ~np.isin(thin, at_edge[at_edge > 0])


def without_hairlines(mask):
    """Take away long pieces far thinner than the strokes: what was seen of a faint line or box.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    labels, count = ndimage.label(mask, NEIGHBOURS)
    if count < 2:
        return mask
    boxes, area = ndimage.find_objects(labels), np.bincount(labels.ravel())[1:]
    main = int(np.argmax(area))
    width = mean_stroke(labels[boxes[main]] == main + 1)
    lines = [
        i + 1
        for i, box in enumerate(boxes)
        if max(extent(box)) > 0.5 * max(extent(boxes[main]))
        and mean_stroke(labels[box] == i + 1) < min(0.45 * width, 0.1 * max(extent(box)))
    ]
    return mask & ~np.isin(labels, lines) if lines else mask


def without_ring(mask):
    """Take away a ring that is drawn round the digit.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    labels, count = ndimage.label(mask, NEIGHBOURS)
    if count < 2:
        return mask
    boxes = ndimage.find_objects(labels)
    for i in sorted(range(count), key=lambda i: -extent(boxes[i])[0])[:3]:
        piece = labels[boxes[i]] == i + 1
        within = ndimage.binary_fill_holes(piece) & ~piece & (labels[boxes[i]] > 0)
        if within.any() and extent(bounding_box(within))[0] > 0.3 * piece.shape[0]:
            return mask & (labels != i + 1)
    return mask


def without_underline(mask):
    """Take away a line under the digit, wider than it on both sides and straight.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    labels, count = ndimage.label(mask, NEIGHBOURS)
    if count < 2:
        return mask
    boxes = ndimage.find_objects(labels)
    rows, columns = boxes[int(np.argmax([extent(box)[0] for box in boxes]))]
    for i, (top, across) in enumerate(boxes):
        wider = across.start < columns.start and across.stop > columns.stop
        if wider and top.start > rows.stop - 0.1 * (rows.stop - rows.start):
            piece = labels[boxes[i]] == i + 1
            if extent(boxes[i])[0] < 0.3 * (rows.stop - rows.start) and _line_along(piece)[1] < np.inf:
                mask = mask & (labels != i + 1)
    return mask
