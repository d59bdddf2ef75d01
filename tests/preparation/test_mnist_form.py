"""Strokes and size as MNIST has them (`mnist_form`)."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.special import ndtr

from lenet_helpers.preparation.mnist_form import (
    THICKEST_STROKE,
    THINNEST_STROKE,
    centre,
    cut_out,
    even_strokes,
    fill_outline,
    fit,
    is_mnist_form,
)


@pytest.mark.parametrize(
    ("rows", "grays", "passes"),
    [
        (slice(4, 24), [0, 255, 255, 0], True),  # two pixels wide, without any gray
        (slice(4, 24), [0, 0, 255, 0], False),  # one
        (slice(4, 24), [0, 127, 255, 127], True),  # soft edges
        (slice(4, 24), [0, 0, 225, 0], True),  # gray
        (slice(4, 24), [0, 0, 235, 0], False),
        (slice(5, 23), [0, 255, 255, 0], True),  # 18 to 21 pixels tall
        (slice(6, 23), [0, 255, 255, 0], False),
        (slice(4, 25), [0, 255, 255, 0], True),
        (slice(3, 25), [0, 255, 255, 0], False),
        (slice(4, 24), [0, 255, 170, 0], True),  # its centre of mass is 0.6 and 0.75 pixels beside the middle
        (slice(4, 24), [0, 255, 85, 0], False),
    ],
)
def test_mnist_form_has_mnists_size_place_and_edges(rows, grays, passes):
    pixels = np.zeros((28, 28), np.uint8)
    pixels[rows, 12:16] = grays
    assert is_mnist_form(pixels) == is_mnist_form(pixels.T) == passes


@pytest.mark.parametrize(
    ("columns", "beside", "gray", "passes"),
    [
        ([12, 16], 0, 4, False),  # a tenth of the ink is gray
        ([12, 16], 0, 5, True),
        ([14], 3, 0, False),  # or has ink on all sides
        ([14], 4, 0, True),
    ],
)
def test_what_a_program_draws_one_pixel_wide_is_not_in_mnists_form(columns, beside, gray, passes):
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, columns] = 255
    pixels[12 : 12 + beside, columns[0] + 1] = 255
    pixels[10 : 10 + gray, columns[0]] = 100
    assert is_mnist_form(pixels) == passes


@pytest.mark.parametrize(("edge", "width"), [(0.4, 22), (0.6, 24)])
def test_what_is_more_than_half_ink_belongs_to_the_box_that_is_fitted(edge, width):
    assert fit(np.pad(np.ones((80, 12), np.float32), 1, constant_values=edge)).shape == (90, width)


@pytest.mark.parametrize(("gray", "passes"), [(23, True), (26, False)])
def test_faint_dust_around_a_digit_in_mnists_form_does_not_count(gray, passes):
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 13:15] = 255
    pixels[1, 1] = pixels[26, 26] = gray
    assert is_mnist_form(pixels) == passes


@pytest.mark.parametrize("width", [1, 4, 8, 16, 40, 52, 80])
def test_strokes_become_as_thick_as_the_network_knows_them(width):
    """A bar of known width, 400 pixels high: in 28×28, that is width / 20."""
    bar = np.zeros((400, 200), bool)
    bar[:, 10 : 10 + width] = True
    pixels = centre(fit(even_strokes(cut_out(bar.astype(np.float32), bar))))
    across = pixels[10:18].sum(1).mean() / 255
    expected = np.clip(width / 20, THINNEST_STROKE, THICKEST_STROKE)
    assert across == pytest.approx(expected, abs=0.25)
    assert np.count_nonzero(pixels[:, 14] > 127) == pytest.approx(20, abs=1)


def test_a_blurred_stroke_does_not_fall_apart():
    """A ring that is darker on one side, as 8×8 pixels show it: what hangs together stays together."""
    y, x = np.mgrid[-1:1:60j, -1:1:60j]
    ring = np.exp(-(((np.hypot(y, x) - 0.6) / 0.15) ** 2)) * (0.55 - 0.4 * x)
    cut = cut_out(ring, ring > 0.1)
    assert ndimage.label(cut, np.ones((3, 3)))[1] == 1
    assert ndimage.label(~np.pad(cut, 1))[1] == 2, "paper outside and inside of the ring"


def test_a_hair_that_hangs_on_a_thick_stroke_does_not_make_it_thicker():
    digit = np.zeros((200, 120), bool)
    digit[10:190, 50:66] = True
    hairs = digit.copy()
    hairs[20:180:16, 66:110] = True  # their middle lines are longer than the stroke's
    width, among_hairs = (even_strokes(mask)[60:140].sum(1).min() for mask in (digit, hairs))
    np.testing.assert_allclose(among_hairs, width, rtol=0.1)


def test_a_fitted_bar_has_the_edges_of_a_gaussian_of_045_pixels():
    """3×20 pixels in the fine grid's quarters: what each pixel of 28×28 gets has a formula."""
    pixels = centre(fit(np.pad(np.ones((80, 12), np.float32), 3)))
    at = (np.arange(28 * 50) + 0.5) / 50
    down, across = (
        (ndtr((at - a) / 0.45) - ndtr((at - b) / 0.45)).reshape(28, 50).mean(1) for a, b in ((4.5, 24.5), (13, 16))
    )
    np.testing.assert_allclose(pixels, 255 * np.outer(down, across), atol=4)


@pytest.mark.parametrize(
    ("width", "height", "becomes"),
    [(5, 400, 2.4 * 395 / 17.6), (31, 400, 2.4 * 369 / 17.6), (99, 700, 2.8 * 601 / 17.2), (49, 400, 49)],
)
def test_the_edge_of_a_stroke_moves_by_exactly_what_its_width_lacks(width, height, becomes):
    """Scaled so that its middle line is 20 pixels long, less its own width, it is 2.4 to 2.8 pixels wide."""
    strokes = even_strokes(np.ones((height, width), bool))
    assert strokes[len(strokes) // 2].sum() == pytest.approx(becomes, abs=0.01)


@pytest.mark.parametrize(("length", "left"), [(50, 21 - 2 * 0.6 * 10.5), (40, 0)])
def test_thinning_stops_where_the_thinnest_tenth_of_the_strokes_would_go(length, left):
    digit = np.zeros((400 + length, 101), bool)
    digit[:400] = True
    digit[400:, 40:61] = True
    assert even_strokes(digit)[-length // 2].sum() == pytest.approx(left, abs=0.01)


@pytest.mark.parametrize("found", [0.1, 0.4])
@pytest.mark.parametrize("soft", [0.1, 3, 4])
def test_a_stroke_is_cut_out_where_its_ink_is_half_as_dark_as_within(soft, found):
    ink = np.zeros((240, 60), np.float32)
    ink[20:220, 20:40] = 0.8
    ink = ndimage.gaussian_filter(ink, soft)
    cut = cut_out(ink, ink > found)
    assert cut.shape == (200, 20)
    assert cut[10:-10].all()


def test_a_small_digit_is_enlarged_to_80_pixels_before_it_is_cut_out():
    ink = np.zeros((40, 30), np.float32)
    ink[10:30, 10:15] = 0.8
    cut = cut_out(ink, ink > 0.2)
    assert cut.shape == (80, 20)
    assert cut[1:-1].all()


def test_an_outline_is_filled_but_for_the_hole_of_a_0():
    y, x = np.mgrid[-50:50, -50:50]
    away = np.hypot(y, x)
    bold = (away < 45) & (away > 20)
    outline = bold & ~ndimage.binary_erosion(bold, iterations=3)
    np.testing.assert_array_equal(fill_outline(outline), bold)
    np.testing.assert_array_equal(fill_outline(outline & (away > 40)), away < 45)


def test_lines_that_meet_at_a_corner_hold_an_outline_together_and_what_is_open_is_none():
    diamond = np.abs(np.mgrid[-20:21, -20:21]).sum(0) == 20
    np.testing.assert_array_equal(fill_outline(diamond), np.abs(np.mgrid[-20:21, -20:21]).sum(0) <= 20)
    diamond[0] = False
    np.testing.assert_array_equal(fill_outline(diamond), diamond)
