"""Pictures made of numbers, quickly: no figure, only an array of colours.

A new matplotlib figure takes 45 ms; sixteen feature maps as one array take 2 ms.
"""

from functools import lru_cache

import matplotlib as mpl
import numpy as np


@lru_cache
def _table(name):
    return (255 * mpl.colormaps[name](np.arange(256))[:, :3]).round().astype(np.uint8)


def colours(values, limit=None, colourmap="cividis"):
    """Return numbers as colours, uint8 with 3 more; `limit` is what the first and the last colour stand for."""
    values = np.asarray(values, dtype=np.float64)
    low, high = limit or (values.min(), values.max())
    share = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return _table(colourmap)[(255 * share.clip(0, 1)).round().astype(np.uint8)]


def enlarge(picture, factor):
    """Return a picture in which every pixel is a square of `factor` × `factor`."""
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def tile(maps, columns, factor, gap=3, limit=None):
    """Return maps (C, H, W) in rows of `columns`, all on one scale, a number as `factor`² pixels: uint8 (H', W', 3)."""
    maps = np.asarray(maps)
    limit = limit or (maps.min(), maps.max())
    rows = -(-len(maps) // columns)
    height, width = maps.shape[1] * factor, maps.shape[2] * factor
    page = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for at, each in enumerate(maps):
        top, left = (at // columns) * (height + gap), (at % columns) * (width + gap)
        page[top : top + height, left : left + width] = enlarge(colours(each, limit), factor)
    return page


def ink(pixels):
    """Return pixels, 255 = ink, as a picture of dark ink on white paper."""
    return 255 - np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
