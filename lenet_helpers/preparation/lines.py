"""Lines that are no part of the digit: ruled ones, boxes, and what is left of them.

Taught in notebook 05. Each function takes away what looks like its kind of line. Whether that
was a line or a stroke of the digit, none of them can know: it is for the judge
in `judging` to say, which sees the digit with it and without it.
"""

import cv2
import numpy as np

from lenet_helpers.preparation.masks import (
    FAINTEST_INK,
    SMALL,
    as_bytes,
    bounding_box,
    depth_of,
    dilation,
    extent,
    frame,
    pieces,
    square,
)


def remove_lines(ink):
    """Take away ruled lines, level and upright: what is thin, straight and starts at the picture's edge."""
    if min(ink.shape) < SMALL:
        return ink
    level = _without_level_lines(ink)
    return np.ascontiguousarray(_without_level_lines(np.ascontiguousarray(level.T)).T)


def _without_level_lines(ink):
    height, width = ink.shape
    length, thickest = width // 12 | 1, 3 + min(height, width) // 60
    if max(ink[:, : length + 3].max(), ink[:, -length - 3 :].max()) <= FAINTEST_INK:
        return ink  # nothing comes near the edges
    # Lines may be tilted a little: the 3 rows around a point count as one.
    darkest = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(darkest, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    # An upright opening keeps only what is taller than any line: a stroke that crosses one stays whole.
    upright = _taller(ink, thickest)
    band = (runs > FAINTEST_INK) & (runs > 2 * upright)
    if not band[:, : length + 3].any() and not band[:, -length - 3 :].any():
        return ink
    bridged = np.pad(band, ((0, 0), (length, length)), mode="edge")
    bridged = cv2.morphologyEx(as_bytes(bridged), cv2.MORPH_CLOSE, np.ones((3, length), np.uint8))
    parts = pieces(bridged[:, length:-length])
    clean, darkest_ink = ink, ink.max()
    for number, (_, across) in enumerate(parts.boxes):
        from_edge = across.start < 3 or across.stop > width - 3
        if not from_edge or across.stop - across.start <= 0.1 * width:
            continue
        piece = parts.mask(number)
        line, thickness = _line_along(piece)
        if thickness <= thickest + 2:
            # What is nearer to the darkest ink than to the line is a stroke that runs along it for a while.
            level = np.median(darkest[band & piece])
            pale = ink < (level + darkest_ink) / 2 if darkest_ink > 1.5 * level else True
            clean = np.where((line | piece) & pale, np.minimum(clean, _taller(ink, thickness + 2)), clean)
    return clean


def _taller(ink, height):
    """Keep only what is at least so tall. OpenCV's opening is centred for odd sides."""
    return cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((height | 1, 1), np.uint8))


def _line_along(piece):
    """The whole line of which a piece was found, drawn on through the digit, and how thick it is."""
    columns = np.flatnonzero(piece.any(0))
    rows = np.arange(piece.shape[0])
    thickness = piece[:, columns].sum(0)
    middle = rows @ piece[:, columns] / thickness
    thick = int(np.median(thickness))
    course = np.polynomial.Polynomial.fit(columns, middle, 1)(np.arange(piece.shape[1]))
    return np.abs(rows[:, None] - course) <= thick / 2, thick


def remove_boxes(ink, mask):
    """Take away a box drawn round the digit, as forms have it, whether the digit touches it or not.

    `mask` is where the ink is. Gives back `ink` itself where there is no box.
    """
    boxes = mask & ~_without_boxes(mask)
    if not boxes.any():
        return ink
    # The soft edge of the lines goes too, but nothing of what stays.
    boxes = dilation(boxes, 2) & ~(mask & ~boxes)
    return np.where(boxes, 0, ink)


def _without_boxes(mask):
    """Take away each box that is drawn round a good part of the rest."""
    parts = pieces(mask)
    for number, outer in enumerate(parts.boxes):
        piece = parts.cut(number)
        sides = _sides_of_a_box(piece)
        if not sides:
            continue
        # What hangs together with the box, and what merely lies in it.
        rest = piece & ~np.any(sides, axis=0)
        rest &= ~_walls(rest)
        within = rest | ((parts.labels[outer] > 0) & ~piece)
        if extent(bounding_box(within))[0] > 0.3 * piece.shape[0]:
            mask = mask.copy()
            mask[outer] &= ~piece | rest
    return mask


def _walls(inside):
    """The thin upright lines from top to bottom of what is inside a wide box: they part the cells of a form."""
    height, thickest = extent(bounding_box(inside))[0], 2 + inside.shape[0] // 20
    if inside.shape[1] < 1.4 * inside.shape[0]:
        return np.zeros_like(inside)
    # They may be tilted a little: the 3 columns around a point count as one.
    tall = cv2.dilate(as_bytes(inside), np.ones((1, 3), np.uint8))
    tall = cv2.dilate(cv2.morphologyEx(tall, cv2.MORPH_OPEN, np.ones((int(0.8 * height) | 1, 1), np.uint8)), square(3))
    wide = cv2.morphologyEx(as_bytes(inside), cv2.MORPH_OPEN, np.ones((1, thickest + 1 | 1), np.uint8))
    return inside & (tall > 0) & (wide == 0)


def _sides_of_a_box(piece):
    """The four sides of a box, a mask each, or three where the top is open, as in the combs of forms; none for others.

    The loop of a squarish 9 has three sides too, but it lacks another one.
    """
    sides = []
    for turn in range(4):
        side = _top_of_a_box(np.rot90(piece, turn))
        if side.any():
            sides.append(np.rot90(side, -turn))
        elif turn > 0:
            return []
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
    """Take away the rest of a line that runs from the digit to the picture's edge, far thinner than the strokes."""
    if not frame(mask).any():
        return mask
    narrow = int(np.percentile(depth_of(mask)[mask], 95))
    strokes = cv2.morphologyEx(as_bytes(np.pad(mask, narrow, mode="edge")), cv2.MORPH_OPEN, square(narrow | 1)) > 0
    thin = pieces(mask & ~dilation(strokes[narrow:-narrow, narrow:-narrow], narrow))
    return mask & ~thin.mask(*np.flatnonzero(thin.on_frame()))
