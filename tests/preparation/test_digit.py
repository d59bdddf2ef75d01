"""Which pieces of the ink are the digit (`digit`), and what may be a line among them (`lines`)."""

import numpy as np

from lenet_helpers.preparation.digit import pick_digit
from lenet_helpers.preparation.lines import without_hairlines, without_tails


def test_two_sides_of_a_faint_box_are_hairlines_and_a_thin_loose_bar_is_not():
    mask = np.zeros((100, 100), bool)
    mask[30:70, 40:48] = True
    with_line = mask.copy()
    with_line[24, 34:54] = with_line[24:76, 53] = True
    np.testing.assert_array_equal(without_hairlines(with_line), mask)
    five = mask.copy()
    five[27:31, 50:75] = True  # half as thick as the other strokes, and no line
    np.testing.assert_array_equal(without_hairlines(five), five)
    digit, others = pick_digit(five)
    np.testing.assert_array_equal(digit, five)
    assert not others.any()


def test_specks_go_and_the_bar_of_a_five_stays():
    mask = np.zeros((200, 200), bool)
    mask[60:150, 80:92] = True
    mask[40:50, 95:130] = True  # a piece near it
    mask[5:8, 5:8] = True  # a speck far from it
    mask[80:120, 195:] = True  # something cut by the edge
    digit, others = pick_digit(mask)
    expected = mask.copy()
    expected[:10, :10] = expected[:, 195:] = False
    np.testing.assert_array_equal(digit, expected)
    assert not others.any()


def test_what_stands_beside_the_digit_and_is_as_tall_may_be_another():
    mask = np.zeros((200, 300), bool)
    mask[60:150, 80:92] = True
    mask[70:140, 180:190] = True
    mask[100:120, 240:250] = True  # not as tall
    digit, others = pick_digit(mask)
    assert digit[:, 80:92].any() and not digit[:, 180:].any()
    assert others[70:140, 180:190].all() and not others[:, 230:].any()


def test_the_rest_of_a_line_that_hangs_from_the_digit_is_a_tail_and_a_cut_stroke_is_not():
    mask = np.zeros((200, 200), bool)
    mask[60:140, 90:102] = True
    with_line = mask.copy()
    with_line[140:, 95:97] = True
    left = without_tails(with_line)
    assert left[:130].sum() == mask[:130].sum()
    assert np.flatnonzero(left.any(1))[-1] < 150
    cut = np.zeros((200, 200), bool)
    cut[60:, 90:102] = True  # a stroke as wide as itself is no line
    np.testing.assert_array_equal(without_tails(cut), cut)
