"""The ink (`ink`) under uneven light, and within strokes that are thick or blurred."""

import numpy as np
import pytest
from scipy import ndimage

from lenet_helpers.preparation.ink import _bare_paper, _faintest_ink, even_light, find_ink


def test_the_inside_of_a_thick_stroke_is_not_paper():
    gray = np.full((160, 160), 230, np.float32)
    gray[30:130, 60:100] = 40
    ink = even_light(ndimage.gaussian_filter(gray, 6))
    assert ink[80, 70:90].min() > 0.9 * ink.max()


def test_a_blurred_stroke_is_whole_and_the_dark_corners_of_a_photo_are_not_ink():
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    gray = np.full((200, 200), 220, np.float32)
    gray[60:150, 140:160] = 60
    gray = ndimage.gaussian_filter(gray, 4) * (1 - 0.25 * (x * x + y * y) / 2) * (0.8 + 0.2 * y)
    mask = find_ink(even_light(gray.astype(np.float32)))
    assert mask[60:150, 140:160].mean() > 0.97
    mask[50:160, 130:170] = False
    assert not mask.any()


def test_the_inside_of_a_stroke_in_a_soft_shadow_is_not_looked_for():
    """A shadow as dark as the ink, with a soft edge, and a stroke beside it: only the stroke is ink."""
    x = np.arange(240)[None]
    gray = (220 * (1 - 0.6 / (1 + np.exp((x - 60) / 12)))).repeat(200, axis=0).astype(np.float32)
    gray[60:150, 150:166] = 70
    mask = find_ink(even_light(gray))
    assert mask[62:148, 152:164].all()
    mask[55:155, 145:171] = False
    assert not mask.any()


@pytest.mark.parametrize("reach", [5, 7, 30, 60])
def test_the_paper_of_a_drawing_is_its_one_gray(reach):
    """The short way for a picture whose paper has one gray gives what the whole closing gives."""
    gray = np.full((120, 120), 240, np.float32)
    gray[20:100, 40:44] = 30
    lit = gray - np.linspace(0, 1e-3, 120, dtype=np.float32)  # hardly more than one gray, yet the long way
    assert (_bare_paper(gray, reach) == 240).all()
    np.testing.assert_allclose(_bare_paper(lit, reach), 240, atol=2e-3)


@pytest.mark.parametrize("share", [0.01, 0.69, 0.71, 0.76, 1.0])
def test_the_faintest_ink_is_told_from_the_barest_quarter(share):
    ink = np.linspace(0.06, 0.3, 10_000, dtype=np.float32)
    ink[round(share * ink.size) :] = 0
    low, quarter = np.percentile(ink, [5, 25])
    assert _faintest_ink(ink.reshape(100, 100)) == max(0.05, quarter + 5 * (quarter - low))


@pytest.mark.parametrize("line", [40, 90])
def test_a_printed_box_does_not_hide_that_the_inside_of_a_pencil_stroke_is_missing(line):
    """Most of the edges are the box's, thin and sharp; those of the thick stroke in it are soft."""
    gray = np.full((320, 320), 235, np.float32)
    gray[90:240, 140:180] = 60
    gray = ndimage.gaussian_filter(gray, 5)
    box = np.pad(np.zeros((226, 116), bool), 2, constant_values=True)
    gray[50:280, 100:220][box] = line
    mask = find_ink(even_light(gray))
    assert mask[95:235, 145:175].all()
