"""Draw test.png, the digit that the course reads: a 5 in pen on a sheet of paper.

    python tools/draw_test_png.py [OUT]

A hand is imitated: smooth strokes through a few points, a nib that presses more here than
there, a little tremor, paper that isn't quite even. The result is the same every time.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.interpolate import CubicSpline

SIZE = (400, 320)  # height, width: the digit stands above the middle and left of it
SEED = 5
INK = np.array([38.0, 44.0, 78.0])  # blue-black
PAPER = np.array([244.0, 240.0, 229.0])

# Each stroke: (x, y, pressure) where the hand passed, in pixels, pressure as stroke width.
STROKES = (
    # The back and the belly, in one go.
    (
        (117, 92, 5.0), (113, 112, 6.2), (108, 134, 6.8), (108, 147, 6.0), (124, 140, 5.6), (146, 141, 6.6),
        (160, 157, 7.6), (161, 180, 7.8), (148, 203, 7.0), (124, 214, 6.0), (103, 210, 4.8), (94, 199, 3.2),
    ),
    # The bar, set down afterwards; it misses the back by a hair.
    ((114, 93, 4.6), (132, 91, 6.2), (151, 88, 6.4), (171, 82, 3.6)),
)  # fmt: skip


def ink_cover(strokes, size, rng):
    """How much of each pixel is covered by ink, in [0, 1]: float array of shape `size`."""
    y, x = np.mgrid[: size[0], : size[1]]
    cover = np.zeros(size)
    for stroke in strokes:
        points = np.array(stroke, float)
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points[:, :2], axis=0).T))])
        t = np.linspace(0, along[-1], int(4 * along[-1]))
        path = CubicSpline(along, points)(t)
        path += CubicSpline(np.linspace(0, along[-1], len(points) * 2), rng.normal(0, 0.35, (len(points) * 2, 3)))(t)
        for px, py, width in path:
            near = np.s_[max(0, int(py) - 8) : int(py) + 9, max(0, int(px) - 8) : int(px) + 9]
            distance = np.hypot(x[near] - px, y[near] - py)
            cover[near] = np.maximum(cover[near], np.clip(width / 2 + 0.5 - distance, 0, 1))
    return cover


def smooth_noise(size, cells, rng):
    """Noise that changes slowly: `cells` independent values along the longer side."""
    coarse = rng.normal(0, 1, (cells + 1, cells + 1)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC))


def draw():
    """Return the picture: PIL image, RGB, 320×400."""
    rng = np.random.default_rng(SEED)
    cover = ink_cover(STROKES, SIZE, rng)[:, :, None]
    y, x = np.mgrid[0 : 1 : SIZE[0] * 1j, 0 : 1 : SIZE[1] * 1j]
    light = 1 - 0.13 * x - 0.08 * y + 0.012 * smooth_noise(SIZE, 4, rng)
    grain = 1.6 * smooth_noise(SIZE, 110, rng) + rng.normal(0, 1.2, SIZE)
    flow = 0.93 + 0.05 * smooth_noise(SIZE, 40, rng)  # the ink isn't equally dark everywhere
    paper = PAPER * light[:, :, None] + grain[:, :, None]
    ink = INK * light[:, :, None] + 0.5 * grain[:, :, None]
    share = np.clip(cover * flow[:, :, None], 0, 1)
    return Image.fromarray(np.rint(np.clip(paper + (ink - paper) * share, 0, 255)).astype(np.uint8))


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "test.png"
    draw().save(out, optimize=True)
    print(out)
