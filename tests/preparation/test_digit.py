"""Which pieces of the ink are the digit (`digit`), and what may be a line among them (`lines`)."""

import numpy as np
import pytest

from lenet_helpers.preparation.digit import contacts, holds_several, pick_digit
from lenet_helpers.preparation.lines import without_tails
from lenet_helpers.preparation.steps import Way, the_digit


def test_a_thin_loose_bar_belongs_to_the_digit():
    five = np.zeros((100, 100), bool)
    five[30:70, 40:48] = True
    five[27:31, 50:75] = True  # half as thick as the other strokes
    np.testing.assert_array_equal(pick_digit(five), five)


def test_specks_go_and_the_bar_of_a_five_stays():
    mask = np.zeros((200, 200), bool)
    mask[60:150, 80:92] = True
    mask[40:50, 95:130] = True  # a piece near it
    mask[5:8, 5:8] = True  # a speck far from it
    mask[80:120, 195:] = True  # something cut by the edge
    expected = mask.copy()
    expected[:10, :10] = expected[:, 195:] = False
    np.testing.assert_array_equal(pick_digit(mask), expected)
    assert not holds_several(mask)


def test_in_a_tight_crop_a_loose_bar_at_the_edge_belongs_to_the_digit():
    five = np.zeros((60, 40), bool)
    five[14:, :8] = five[:8, 14:] = True
    np.testing.assert_array_equal(pick_digit(five), five)


@pytest.mark.parametrize(("gap", "one"), [(7, True), (10, False)])
def test_the_halves_of_a_broken_stroke_are_one_piece_where_less_than_two_thirds_of_its_width_are_missing(gap, one):
    broken = np.zeros((400, 400), bool)
    broken[50:150, 50:62] = broken[150 + gap : 250, 50:62] = True
    other = np.zeros_like(broken)
    other[50:200, 338:350] = True  # as far from the middle, and larger than each half
    np.testing.assert_array_equal(pick_digit(broken | other), broken if one else other)


@pytest.mark.parametrize(
    ("piece", "belongs"),
    [
        (np.s_[100:120, 200:210], True),  # a twentieth of the ink, a fifth of the digit's height away
        (np.s_[100:120, 220:230], False),
        (np.s_[100:106, 173:181], True),  # a hundredth of the ink is a speck
        (np.s_[100:105, 173:180], False),
        (np.s_[100:200, 180:190], True),  # what is nearly as tall is another digit
        (np.s_[110:240, 180:190], False),
        (np.s_[270:275, 150:200], True),
        (np.s_[270:275, 100:200], False),  # the line that it was written on
    ],
)
def test_what_belongs_to_a_digit_is_near_it_for_its_size(piece, belongs):
    stroke = np.zeros((300, 300), bool)
    stroke[50:250, 140:160] = True
    mask = stroke.copy()
    mask[piece] = True
    for turned in (mask, mask[:, ::-1]):
        assert np.count_nonzero(pick_digit(turned)) == np.count_nonzero(mask if belongs else stroke)


@pytest.mark.parametrize(
    ("piece", "several"), [((100, 7), False), ((100, 9), True), ((45, 60), False), ((55, 60), True)]
)
def test_another_digit_has_a_fifth_of_the_ink_and_is_half_as_tall(piece, several):
    mask = np.zeros((200, 300), bool)
    mask[50:150, 40:80] = True
    mask[50 : 50 + piece[0], 200 : 200 + piece[1]] = True
    assert holds_several(mask) == several


@pytest.mark.parametrize(("gap", "several"), [(6, False), (7, True)])
def test_a_crack_of_two_fifths_of_a_stroke_parts_no_digits(gap, several):
    mask = np.zeros((300, 300), bool)
    mask[50:150, 100:121] = mask[150 + gap : 250, 100:121] = True
    assert holds_several(mask) == several


@pytest.mark.parametrize("turned", [False, True])
def test_pieces_of_one_size_side_by_side_or_one_above_the_other_are_several(turned):
    mask = np.zeros((300, 300), bool)
    mask[60:150, 80:160] = True
    small = mask.copy()
    small[100:120, 270:280] = True  # neither as large nor as tall
    mask[70:140, 180:250] = True
    mask, small = (np.rot90(part) if turned else part for part in (mask, small))
    table = mask.copy()
    table[:, :20] = True
    for ink, several in ((mask, True), (small, False), (table, True)):
        assert holds_several(ink) == several


def test_strokes_that_meet_the_frame_are_counted_at_the_side_where_most_do():
    mask = np.zeros((100, 100), bool)
    assert contacts(mask | np.pad(np.ones((40, 40), bool), 30)) == 0
    mask[:60, 20:28] = mask[50:60, 20:] = True
    assert contacts(mask) == 1  # one above, one at the right
    mask[:60, 60:68] = True
    assert contacts(mask) == 2
    ragged = mask.copy()
    ragged[0, 24] = False
    assert contacts(ragged) == 2
    cropped = mask[:60]
    assert contacts(cropped) == 0  # it meets three sides


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


@pytest.mark.parametrize(
    ("box", "solid"), [(np.s_[20:180, 50:140], False), (np.s_[20:180, 50:155], True), (np.s_[20:180, :10], False)]
)
def test_a_few_strokes_are_not_as_thick_as_six_tenths_of_their_length(box, solid):
    mask = np.zeros((200, 300), bool)
    mask[box] = True
    assert Way(mask, mask=mask).no_digit == solid


@pytest.mark.parametrize(("reach", "surrounds"), [(150, False), (250, True)])
def test_what_covers_half_of_the_frame_lies_around_a_digit(reach, surrounds):
    mask = np.zeros((200, 200), bool)
    mask[:3] = mask[:reach, :3] = mask[: max(0, reach - 120), -3:] = True
    assert Way(mask, mask=mask).no_digit == surrounds


@pytest.mark.parametrize("strokes", [6, 7])
def test_what_crosses_the_frame_more_than_six_times_is_squared_paper(strokes):
    mask = np.zeros((200, 300), bool)
    mask[100:104, 20:280] = True
    for stroke in range(strokes):
        mask[100:, 20 + 30 * stroke : 26 + 30 * stroke] = True
    assert Way(mask, mask=mask).no_digit == (strokes > 6)


@pytest.mark.parametrize(("several", "odds"), [(False, 1), (True, 20)])
def test_all_ink_is_weighed_too_and_hardly_where_it_may_be_several_digits(several, odds):
    mask = np.zeros((300, 300), bool)
    mask[100:200, 100:110] = mask[280:285, 280:285] = True
    without, whole = the_digit(Way(mask, mask=mask, several=several))
    assert without.mask.sum() == 1000 and whole.mask is mask
    assert np.exp(without.odds - whole.odds) == pytest.approx(odds)


@pytest.mark.parametrize(("rest", "odds"), [(np.s_[:4], 20), (np.s_[60:64, 200:], 20), (np.s_[200:210, 200:250], 1)])
def test_what_lies_at_the_frame_alone_is_hardly_a_part_of_the_digit(rest, odds):
    mask = np.zeros((300, 300), bool)
    mask[100:200, 100:110] = mask[rest] = True
    without, whole = the_digit(Way(mask, mask=mask))
    assert without.mask.sum() == 1000 and whole.mask is mask
    assert np.exp(without.odds - whole.odds) == pytest.approx(odds)
