"""The paper: laid under what is transparent, told from a table around it and from ink that is lighter.

Taught in notebook 05. These are the first steps from a picture to MNIST's form: they end
with one gray for each point and with the polarity, whether the ink is light or dark.
"""

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from lenet_helpers.preparation.masks import dilation, otsu, resize, scale, share_of_rectangle


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
        seen = to_gray(colours[solid][None])
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
    ranges = [np.ptp(np.percentile(gray[::2, ::2], [0.5, 99.5])) for gray in grays]
    best = int(np.argmax(ranges))
    return grays[best] if ranges[best] > 1.5 * ranges[0] + 10 else brightness


def only_the_sheet(gray):
    """Paint over what lies around the sheet: a table, a finger, a scanner's lid, the margin of a screenshot.

    Without its strokes, a picture of a sheet on a table has two grays. The sheet is in one
    piece with hardly a dent, it holds all the ink, and the rest is no trifle and reaches the
    picture's frame. Its edge is sharp; that of a shadow is soft, and strokes may cross it.
    Most of it is bare, its edge too: a bold 1 is a rectangle, with other grays at its edge only.

    Parameters
    ----------
    gray : ndarray of float32, shape (H, W), range [0, 255]

    Returns
    -------
    ndarray of float32, shape (H, W), range [0, 255]
        `gray` itself when there is no such sheet.
    """
    if not _has_two_grays(gray):
        return gray
    coarse, bare = _without_strokes(gray, 40)
    # The medians round the corners off, so the parts are told from the picture itself.
    away = np.abs(coarse - bare)
    for sheet in _sheets(coarse > otsu(bare)):
        inside = ndimage.binary_erosion(sheet, border_value=1)
        depth = np.where(inside, np.abs(coarse - np.median(coarse[sheet])), 0)
        ink = depth > max(15, 0.5 * depth.max())
        paper = inside & ~ink
        if _is_bare(inside, ink) and _is_sharp(coarse, sheet):
            elsewhere = _apart_from_the_frame(~dilation(sheet, 1) & (away > max(15, 0.5 * away[ink].max())))
            if np.count_nonzero(elsewhere) < 0.05 * np.count_nonzero(ink):
                return _painted(gray, inside, coarse, paper)
    return gray


def _only_the_lit_part(gray):
    """Paint over the part of the paper that lies in a shadow, or in the light, if there is no ink in it."""
    if not _has_two_grays(gray):
        return gray
    coarse, bare = _without_strokes(gray, 40)
    bright = _two_grays(bare, 0.85)
    if bright is None:
        return gray
    reach = max(1, min(coarse.shape) // 16)
    edge = dilation(bright, reach) & dilation(~bright, reach)  # where the corners were rounded
    strokes = np.where(edge, 0, np.abs(coarse - bare))
    ink = strokes > max(15, 0.5 * strokes.max())
    for part in _sheets(bright):
        if np.count_nonzero(ink & part) > 0.95 * np.count_nonzero(ink):
            inside = ndimage.binary_erosion(part, border_value=1)
            return _painted(gray, inside, bare, inside)
    return gray


def _sheets(bright):
    """What looks like a sheet: of the brighter half, of the darker one. Strokes make no holes in it."""
    for half in (bright, ~bright):
        labels, count = ndimage.label(half)
        if count:
            sheet = ndimage.binary_fill_holes(labels == np.bincount(labels[half]).argmax())
            if _looks_like_a_sheet(sheet):
                yield sheet


def _painted(gray, inside, coarse, paper):
    """Paint everything outside in the gray of the nearest paper. The masks are as coarse as the grays."""
    nearest = ndimage.distance_transform_edt(~paper, return_distances=False, return_indices=True)
    around = resize(coarse[tuple(nearest)], gray.shape)
    return np.where(resize(inside, gray.shape) > 0.5, gray, around)


def _has_two_grays(gray):
    """Tell, on a grid so coarse that it takes no time, whether this may be paper in other surroundings, or a shadow."""
    return min(gray.shape) >= 64 and _two_grays(_without_strokes(gray, 20)[1]) is not None


def _apart_from_the_frame(mask):
    """The pieces of a mask that do not reach the picture's frame."""
    labels, _ = ndimage.label(mask)
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return mask & ~np.isin(labels, frame)


def _without_strokes(gray, cells):
    """The picture on a grid with so many cells along its shorter side, and the same without strokes."""
    coarse = scale(gray, 1 / max(1, min(gray.shape) // cells))
    return coarse, _medians(coarse, min(coarse.shape) // 4 | 1)


def _medians(gray, side):
    """The median of the square around each point. The side of the square is odd."""
    if side > 9:
        # Where one gray fills most of a square, it is the median. In a drawing that is so nearly everywhere,
        # and the others are few enough to be sorted one by one.
        paper = np.median(gray)
        filled = ndimage.uniform_filter((gray == paper).astype(np.float64), side, mode="nearest")
        others = np.nonzero(filled < 0.5)
        if others[0].size < 0.1 * gray.size:
            medians = np.full_like(gray, paper)
            if others[0].size:
                squares = sliding_window_view(np.pad(gray, side // 2, mode="edge"), (side, side))
                medians[others] = np.median(squares[others], axis=(1, 2))
            return medians
    return ndimage.median_filter(gray, side, mode="nearest")


def _two_grays(bare, explained=0.75):
    """The brighter part of a picture of two grays, which explain most of the variance; None when there is none."""
    if np.ptp(bare) < 25:
        return None
    bright = bare > otsu(bare)
    share = bright.mean()
    if not 0 < share < 1:
        return None
    contrast = bare[bright].mean() - bare[~bright].mean()
    return None if contrast < 25 or contrast**2 * share * (1 - share) < explained * bare.var() else bright


def _is_bare(sheet, ink):
    """Tell whether there is ink on a sheet, on less than a quarter of it, and little of that at its edge."""
    middle = ndimage.binary_erosion(sheet, border_value=1)
    return 4 * np.count_nonzero(ink) < np.count_nonzero(sheet) and (
        np.count_nonzero(ink & middle) > 0.7 * np.count_nonzero(ink)
    )


def _is_sharp(gray, sheet):
    """Tell whether the gray jumps nearly everywhere that the sheet ends: much of the contrast within three pixels."""
    edge = sheet ^ dilation(sheet, 1)
    if not edge.any():
        return False
    contrast = abs(gray[sheet].mean() - gray[~sheet].mean())
    jumps = ndimage.maximum_filter(gray, 3) - ndimage.minimum_filter(gray, 3)
    return np.percentile(jumps[edge], 20) > 0.5 * contrast


def _looks_like_a_sheet(mask):
    """Tell whether a mask has hardly a dent, and is a rectangle or goes on beyond the frame, but not all round it."""
    from skimage.morphology import convex_hull_image

    frame = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    if not 0.1 < mask.mean() < 0.95 or frame.all() or (frame.mean() < 0.3 and share_of_rectangle(mask) < 0.88):
        return False
    return mask.sum() > 0.94 * convex_hull_image(mask).sum()


def ink_is_light(gray):
    """Decide from the picture whether light ink lies on dark paper.

    Paper is what most of the picture and of its frame show. A plane is fitted to the
    grays, so that light from one side doesn't look like ink; what departs from it
    furthest is the ink.

    Parameters
    ----------
    gray : ndarray of float32, shape (H, W)

    Returns
    -------
    bool
    """
    gray = _only_the_lit_part(gray)
    step = max(1, min(gray.shape) // 48)
    small = ndimage.uniform_filter(gray, step)[step // 2 :: step, step // 2 :: step] if step > 1 else gray
    terms, weight = _plane(*small.shape)
    values = small.ravel()
    away = values - np.median(values)
    for _ in range(5):  # weights of 1/|residual| turn least squares into least absolute deviations
        weighted = terms.T * (weight / np.maximum(abs(away), 2))
        plane = np.linalg.solve(weighted @ terms + 1e-6 * np.eye(3), weighted @ values)
        before, away = away, values - terms @ plane
        if np.abs(away - before).max() < 0.1:
            break
    return bool((away**3).sum() > 0)


@lru_cache(8)
def _plane(height, width):
    """The terms 1, x, y of a plane over a picture, and weights: frame and corners show paper rather than ink."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].reshape(2, -1)
    weight = 1.0 + 2.0 * (np.maximum(abs(x), abs(y)) > 0.85) + 3.0 * (np.minimum(abs(x), abs(y)) > 0.8)
    return np.stack([np.ones_like(x), x, y], 1), weight
