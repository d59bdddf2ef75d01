"""Rows, cuts and pieces of a page with several digits (`rows`)."""

import numpy as np
import pytest

from lenet_helpers.preparation.rows import (
    LEAST_PART,
    ROW_HEIGHT,
    cut_between_rows,
    find_cuts,
    find_rows,
    without_lines,
    without_surroundings,
)


def page(*boxes, shape=(200, 400)):
    """A page with solid bars: (top, bottom, left, right) each."""
    ink = np.zeros(shape, np.float32)
    for top, bottom, left, right in boxes:
        ink[top:bottom, left:right] = 0.9
    return ink, ink > 0


def test_ink_at_one_level_is_a_row_and_rows_go_from_top_to_bottom():
    lower = [(130, 180, left, left + 8) for left in (20, 80, 150)]
    upper = [(20 + left // 20, 70 + left // 20, left, left + 8) for left in (40, 100, 200, 300)]  # it climbs
    rows = find_rows(*page(*lower, *upper))
    assert [len(row.boxes) for row in rows] == [4, 3]
    assert rows[0].box(0, 1) == (40, 22, 48, 72) and rows[1].box(1, 3) == (80, 130, 158, 180)
    assert all(not row.cuts and not row.contacts.any() for row in rows)


def test_a_dot_belongs_to_the_digit_beside_it_and_a_long_flat_line_to_none():
    one, dot, line, far = (50, 110, 100, 108), (104, 110, 120, 126), (130, 134, 90, 200), (20, 26, 300, 306)
    (row,) = find_rows(*page(one, dot, line, far))
    assert [row.box(at, at + 1) for at in range(2)] == [(100, 50, 108, 110), (120, 104, 126, 110)]


def test_small_rows_stand_beside_large_ones():
    large = [(20, 100, left, left + 10) for left in (20, 80, 140)]
    small = [(150, 180, left, left + 5) for left in (20, 60, 100)]
    assert [round(row.height) for row in find_rows(*page(*large, *small))] == [80, 30]


def test_a_small_digit_far_from_its_neighbours_belongs_to_the_row_at_its_level():
    tall = [(20, 100, left, left + 8) for left in (20, 200, 380)]
    small, below = (45, 80, 105, 110), (130, 165, 105, 110)
    rows = find_rows(*page(*tall, small, below))
    assert [len(row.boxes) for row in rows] == [4, 1]
    assert rows[0].box(1, 2) == (105, 45, 110, 80)


@pytest.mark.parametrize(("thick", "pieces"), [(40, 3), (10, 2)])
def test_what_is_wider_than_the_digits_are_tall_is_no_line_unless_it_is_flat(thick, pieces):
    """A 2 with a long foot, and what is left of a ruled line."""
    (row,) = find_rows(*page((50, 110, 50, 58), (60, 60 + thick, 70, 145), (50, 110, 160, 168)))
    assert len({row.around(at, at + 1)[1].start for at in range(len(row.boxes)) if not row.contacts[at]}) == pieces


def test_two_rings_that_touch_are_cut_at_the_neck():
    y, x = np.mgrid[:100, :160]
    rings = np.zeros((100, 160), bool)
    for middle in (45, 115):
        far = np.hypot(y - 50, x - middle)
        rings |= (far > 28) & (far < 36)
    cuts = find_cuts(rings, 8, 72)
    at = [abs(int(cut[50]) - 80) for cut in cuts]
    assert min(at) <= 8, "not further off than a stroke is wide"
    neck = cuts[int(np.argmin(at))]
    assert neck.shape == (100,) and np.abs(np.diff(neck)).max() <= 1
    crossed = rings[np.arange(100), neck].sum()
    assert crossed <= min(rings[:, column].sum() for column in range(70, 91)), "no straight cut there meets less ink"


def test_a_thin_digit_that_touches_is_cut_off_and_no_cut_parts_next_to_nothing():
    ink = np.zeros((100, 90), bool)
    ink[:, :8] = ink[92:, :40] = ink[:, 40:48] = ink[46:54, 40:] = True  # a 1 whose foot touches what follows
    cuts = find_cuts(ink, 8, 100)
    rows = np.arange(100)
    lefts = sorted(np.cumsum(ink, 1)[rows, cut].sum() for cut in cuts)
    assert any(8 <= cut[50] < 40 for cut in cuts)
    assert min(np.diff([0, *lefts, ink.sum()])) >= LEAST_PART * 8 * 100


def test_a_dash_is_not_cut():
    (row,) = find_rows(*page((20, 100, 50, 60), (56, 66, 80, 110)))
    assert not row.cuts


def test_a_cut_of_touching_digits_has_contact_and_a_gap_has_none():
    y, x = np.mgrid[:140, :300]
    ink = np.zeros((140, 300), np.float32)
    for middle in (60, 128, 220):
        far = np.hypot(y - 70, x - middle)
        ink[(far > 28) & (far < 36)] = 0.9
    (row,) = find_rows(ink, ink > 0)
    joined = [row.box(first, last) for first, last in row.candidates()]
    for left, right in ((24, 96), (92, 164), (184, 256)):
        assert any(abs(box[0] - left) < 5 and abs(box[2] - right) < 5 for box in joined), "each ring is a candidate"
    gap = next(at for at in range(1, len(row.boxes)) if row.box(0, at)[2] < 180 < row.box(at, at + 1)[0])
    assert row.contacts[gap] == 0 and row.contacts[0] == row.contacts[-1] == 0
    assert all(row.contacts[at] > 0.3 for at in range(1, gap))


@pytest.mark.parametrize(("width", "whole"), [(155, True), (165, False)])
def test_what_hangs_together_is_read_whole_up_to_the_width_of_a_wide_2(width, whole):
    ends = (20, 120, 50, 60), (20, 120, 40 + width, 50 + width)
    (row,) = find_rows(*page(*ends, (110, 120, 50, 50 + width)))
    assert len(row.boxes) > 1
    assert ((0, len(row.boxes)) in row.candidates()) == whole


def test_two_tall_strokes_apart_are_never_one_digit():
    (row,) = find_rows(*page((50, 110, 100, 108), (50, 110, 118, 126)))
    assert set(row.candidates()) == {(0, 1), (1, 2)}
    gate = ((50, 110, 180, 188), (75, 85, 120, 188), (70, 90, 120, 128))  # its left part is low, once it is cut
    (row,) = find_rows(*page((50, 110, 100, 108), *gate))
    assert len(row.boxes) > 2 and {last for first, last in row.candidates() if first == 0} == {1}
    (row,) = find_rows(*page((50, 110, 100, 108), (50, 70, 110, 126)))  # the bar of a 5
    assert (0, 2) in row.candidates()


@pytest.mark.parametrize("stroke", [3, 60])
def test_a_large_row_is_reduced_and_no_stroke_is_lost(stroke):
    (row,) = find_rows(*page((50, 650, 100, 100 + stroke), shape=(800, 400)))
    assert row.stroke >= 2 and row.height == pytest.approx(max(ROW_HEIGHT, 600 * 2.5 / stroke), rel=0.1)
    np.testing.assert_allclose(row.box(0, 1), (100, 50, 100 + stroke, 650), atol=8)
    assert row.length(0, 1) == pytest.approx(1, abs=0.25)
    assert row.pixels(0, 1).shape == (28, 28) and np.ptp(np.flatnonzero(row.pixels(0, 1).any(1))) >= 19


def test_bare_paper_and_print_have_no_rows():
    assert find_rows(*page()) == []
    print_ = np.zeros((400, 400), np.float32)
    print_[::8, ::8] = 0.9
    assert find_rows(print_, print_ > 0) == []


def test_rows_that_touch_are_cut_level_and_others_are_left_as_they_are():
    upper = [(20, 62 if left == 95 else 58, left, left + 8) for left in (20, 45, 70, 95, 120)]
    lower = [(60, 110, left, left + 8) for left in (20, 50, 95, 120)]
    _, apart = page(*upper, *lower)
    cut = cut_between_rows(apart)
    assert np.count_nonzero(apart & ~cut) <= 2 * 8 and not (cut & ~apart).any()
    assert [len(row.boxes) for row in find_rows(cut.astype(np.float32), cut)] == [5, 4]
    _, single = page(*[(20, 110, left, left + 8) for left in (20, 70, 120)])
    assert cut_between_rows(single) is single


def test_a_line_on_which_digits_stand_goes_and_what_crosses_it_or_is_bent_stays():
    ones = [(40, 124, left, left + 8) for left in (60, 140, 220)]
    _, mask = page(*ones)
    line = np.zeros_like(mask)
    for column in range(400):
        line[112 + column // 40 : 115 + column // 40, column] = True  # it climbs
    rest = without_lines(mask | line)
    assert (rest[mask]).mean() > 0.97 and not (rest & ~mask)[:, ::40].any()
    assert without_lines(mask) is mask
    y, x = np.mgrid[:200, :400]
    wave = np.abs(y - 100 - 30 * np.sin(x / 40)) < 3
    assert without_lines(wave) is wave


def test_what_lies_beside_the_paper_goes_and_a_digit_at_the_edge_stays():
    ones = [(40, 100, left, left + 8) for left in (60, 140, 392)]
    _, mask = page(*ones)
    assert without_surroundings(mask) is mask
    _, beside = page(*ones[:2], (0, 200, 390, 400), (0, 60, 0, 3))
    np.testing.assert_array_equal(without_surroundings(beside), page(*ones[:2])[1])
    _, nothing_else = page((0, 200, 390, 400))
    assert without_surroundings(nothing_else) is nothing_else
