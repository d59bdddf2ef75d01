"""The ink (`ink`) under uneven light, and within strokes that are thick or blurred."""

import numpy as np
import pytest
from scipy import ndimage

from lenet_helpers.preparation.ink import (
    _bare_paper,
    _darkening,
    _faintest_ink,
    _is_hollow,
    even_light,
    find_ink,
    without_noise,
)


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


@pytest.mark.parametrize("share", [0.01, 0.7, 0.8, 1.0])
def test_the_faintest_ink_is_told_from_the_barest_quarter(share):
    ink = np.linspace(0.06, 0.3, 160_000, dtype=np.float32)
    ink[round(share * ink.size) :] = 0
    np.random.default_rng(0).shuffle(ink)
    low, quarter = np.percentile(ink, [5, 25])
    assert _faintest_ink(ink.reshape(400, 400)) == pytest.approx(max(0.05, quarter + 5 * (quarter - low)), rel=0.03)


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


@pytest.mark.parametrize(
    ("pale", "counts", "alone"), [(0.2, False, False), (0.26, True, False), (0.36, True, False), (0.5, True, True)]
)
def test_pale_ink_counts_where_it_hangs_on_clear_ink(pale, counts, alone):
    """The threshold lies halfway between the two; down to half of it, what hangs on clear ink is ink."""
    ink = np.zeros((100, 100), np.float32)
    ink[20:50, 40:46] = 0.8
    ink[50:80, 40:46] = ink[20:80, 70:76] = pale
    found = find_ink(ink)
    assert found[20:50, 40:46].all()
    assert (found[60, 43], found[50, 73]) == (counts, alone)
    np.testing.assert_array_equal(find_ink(ink, pale=False), ink > 0.3 if alone else ink > 0.7)


@pytest.mark.parametrize(("darkness", "blank"), [(0.07, True), (0.08, False)])
def test_the_faintest_stroke_darkens_the_paper_by_a_thirteenth(darkness, blank):
    ink = np.zeros((100, 100), np.float32)
    ink[20:80, 40:46] = darkness
    assert find_ink(ink).any() != blank


@pytest.mark.parametrize(("darkness", "blank"), [(0.014, True), (0.016, False), (0.04, False)])
@pytest.mark.parametrize(("side", "bare", "always_blank"), [(63, 0, False), (64, 0, True), (63, 0.001, True)])
def test_on_the_even_white_of_a_small_picture_ink_may_be_fainter(side, bare, always_blank, darkness, blank):
    ink = np.full((side, side), bare, np.float32)
    ink[10:50, 30:34] = darkness
    assert find_ink(ink).any() != (blank or always_blank)


def test_on_white_what_is_fainter_than_a_fifth_of_faint_ink_is_none():
    ink = np.zeros((28, 28), np.float32)
    ink[5:20, 8:10], ink[5:20, 18:20], ink[22:24, 13:15] = 0.06, 0.04, 0.011
    np.testing.assert_array_equal(find_ink(ink), ink > 0.03)


@pytest.mark.parametrize(("width", "blank"), [(22, False), (28, True)])
def test_what_fades_away_over_an_eighth_of_the_picture_is_a_shadow(width, blank):
    x = np.arange(200) - 100
    ink = 0.2 * np.maximum(0, 1 - abs(x) / width) * np.ones((200, 1))
    assert find_ink(ink.astype(np.float32)).any() != blank


@pytest.mark.parametrize(
    ("side", "noise", "blurred"),
    [(64, 1.3, False), (64, 2, True), (63, 2, False), (1000, 1.56, False), (1000, 1.6, True)],
)
def test_only_a_noisy_picture_is_blurred(side, noise, blurred):
    gray = np.random.default_rng(0).normal(200, noise, (side, side)).astype(np.float32)
    left = without_noise(gray)
    # A Gaussian of standard deviation s leaves 1 / (2 √π s) of white noise.
    assert left.std() == pytest.approx((0.188 if blurred else 1) * gray.std(), rel=0.08)


@pytest.mark.parametrize(("reach", "exact"), [(5, True), (47, True), (48, False)])
def test_the_bare_paper_is_a_closing_on_a_coarser_grid_where_the_reach_is_wide(reach, exact):
    gray = np.random.default_rng(0).normal(200, 5, (150, 160)).astype(np.float32)
    side = (reach | 1,) * 2
    lightest = ndimage.grey_dilation(gray, side, mode="constant", cval=-np.inf)
    closed = ndimage.grey_erosion(lightest, side, mode="constant", cval=np.inf)
    assert np.array_equal(_bare_paper(gray, reach), closed) == exact


@pytest.mark.parametrize(("side", "finer"), [(63, False), (64, True)])
def test_a_small_picture_has_no_fine_shadows(side, finer):
    gray = np.full((side, side), 200, np.float32)
    gray[:, 40:52] = 140
    gray[20:40, 10:14] = 20
    assert np.array_equal(even_light(gray), _darkening(gray, side // 2)) != finer


@pytest.mark.parametrize(("stroke", "reach"), [(6, 10), (14, 20), (30, 40), (50, 80)])
def test_the_light_is_evened_as_finely_as_the_strokes_allow(stroke, reach):
    """Within a sixteenth of the picture, an eighth, a quarter, or half of it."""
    gray = ndimage.gaussian_filter(np.random.default_rng(0).normal(200, 80, (160, 160)), 3).astype(np.float32)
    gray[30:130, 60 : 60 + stroke] = 20
    np.testing.assert_array_equal(even_light(gray), _darkening(gray, reach))


@pytest.mark.parametrize(
    ("missing", "left", "pale", "hollow"),
    [
        (45, 0, 0.1, False),
        (55, 0, 0.1, True),
        (55, 0.5, 0.1, True),
        (55, 0.6, 0.1, False),
        (0, 0, 0.52, False),
        (0, 0, 0.6, True),
    ],
)
def test_strokes_are_hollow_where_a_twentieth_of_what_is_as_dark_as_the_ink_is_missing(missing, left, pale, hollow):
    """`pale` is a shadow that a narrow neighbourhood takes for paper: below 0.7 times 0.8 it is none of the ink."""
    widest = np.zeros((40, 40), np.float32)
    widest[:25] = 0.8
    widest[30:35] = pale
    ink = np.where(widest == np.float32(0.8), widest, 0)
    ink.flat[:missing] = left
    assert _is_hollow(ink, widest) == hollow


def test_a_bar_in_a_crop_a_few_pixels_wide_is_ink():
    gray = np.full((62, 13), 255, np.float32)
    gray[3:-3, 3:10] = 0
    np.testing.assert_array_equal(find_ink(even_light(gray)), gray == 0)
