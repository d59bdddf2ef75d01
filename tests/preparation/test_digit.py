"""Which pieces of the ink are the digit (`picking`): lines, rings and specks are not."""

import numpy as np

from lenet_helpers.preparation.digit import pick_digit


def test_two_sides_of_a_faint_box_go_and_a_thin_loose_bar_stays():
    mask = np.zeros((100, 100), bool)
    mask[30:70, 40:48] = True
    with_line = mask.copy()
    with_line[24, 34:54] = with_line[24:76, 53] = True
    digit, doubts = pick_digit(with_line)
    np.testing.assert_array_equal(digit, mask)
    assert doubts == []
    five = mask.copy()
    five[27:31, 50:75] = True  # half as thick as the other strokes, and no line
    np.testing.assert_array_equal(pick_digit(five)[0], five)


def test_specks_go_and_the_bar_of_a_five_stays():
    mask = np.zeros((200, 200), bool)
    mask[60:150, 80:92] = True
    mask[40:50, 95:130] = True  # a piece near it
    mask[5:8, 5:8] = True  # a speck far from it
    mask[80:120, 195:] = True  # something cut by the edge
    digit, doubts = pick_digit(mask)
    expected = mask.copy()
    expected[:10, :10] = expected[:, 195:] = False
    np.testing.assert_array_equal(digit, expected)
    assert doubts == []


def test_the_rest_of_a_line_that_hangs_from_the_digit_goes():
    mask = np.zeros((200, 200), bool)
    mask[60:140, 90:102] = True
    with_line = mask.copy()
    with_line[140:, 95:97] = True
    digit, doubts = pick_digit(with_line)
    assert doubts == []
    assert digit[:130].sum() == mask[:130].sum()
    assert np.flatnonzero(digit.any(1))[-1] < 150
    cut = np.zeros((200, 200), bool)
    cut[60:, 90:102] = True  # a stroke as wide as itself is no line
    digit, doubts = pick_digit(cut)
    np.testing.assert_array_equal(digit, cut)
    assert "edge" in doubts[0]


def test_a_ring_round_the_digit_goes_and_a_nought_stays():
    y, x = np.mgrid[:200, :200]
    ring = np.abs(np.hypot(y - 100, x - 100) - 80) < 5
    one = np.zeros((200, 200), bool)
    one[60:140, 95:105] = True
    digit, doubts = pick_digit(ring | one)
    np.testing.assert_array_equal(digit, one)
    assert doubts == []
    speck = np.zeros((200, 200), bool)
    speck[97:103, 97:103] = True
    assert pick_digit(ring | speck)[0][ring].all()


def test_a_line_under_the_digit_goes_and_the_foot_of_a_two_stays():
    one = np.zeros((200, 200), bool)
    one[40:140, 95:107] = True
    lined = one.copy()
    lined[146:152, 60:150] = True
    np.testing.assert_array_equal(pick_digit(lined)[0], one)
    two = one.copy()
    two[146:152, 95:150] = True  # not wider on both sides
    np.testing.assert_array_equal(pick_digit(two)[0], two)
