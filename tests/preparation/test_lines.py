"""Ruled lines and the boxes of forms (`lines`): they go, and the strokes that they cross stay."""

import numpy as np
import pytest

from lenet_helpers.preparation.ink import find_ink
from lenet_helpers.preparation.lines import _walls, remove_boxes, remove_lines


def page_with_a_1(*shape):
    ink = np.zeros(shape, np.float32)
    ink[shape[0] // 2 - 40 : shape[0] // 2 + 40, 200:212] = 0.9
    return ink


def test_a_line_is_taken_away_and_what_crosses_it_stays():
    ink = np.zeros((200, 300), np.float32)
    ink[40:160, 140:152] = 0.9  # a 1
    lined = ink.copy()
    lined[100:103] = np.maximum(lined[100:103], 0.5)
    np.testing.assert_allclose(remove_lines(lined), ink)
    np.testing.assert_array_equal(remove_lines(ink), ink)


@pytest.mark.parametrize(
    ("line", "goes"),
    [
        (np.s_[120:126], True),  # up to 3 pixels and a sixtieth of the page thick
        (np.s_[120:127], False),
        (np.s_[120:123, 2:150], True),  # from the edge on, or nearly so
        (np.s_[120:123, 3:150], False),
        (np.s_[120:123, 210:358], True),
        (np.s_[120:123, 210:357], False),
        (np.s_[120:123, :38], True),  # at least a tenth of the page long
        (np.s_[120:123, :36], False),
    ],
)
def test_a_ruled_line_is_thin_and_long_and_starts_at_the_edge(line, goes):
    ink = page_with_a_1(240, 360)
    lined = ink.copy()
    lined[line] = np.maximum(ink[line], 0.5)
    np.testing.assert_array_equal(remove_lines(lined), ink if goes else lined)


@pytest.mark.parametrize(("height", "line", "goes"), [(64, 2, True), (63, 2, False), (180, 6, True)])
def test_a_page_that_is_too_small_has_no_lines(height, line, goes):
    ink = np.zeros((height, 360), np.float32)
    ink[10 : height - 10, 200:212] = 0.9
    ink[height // 4 : height // 4 + line, 100:112] = 0.5  # a stroke as thin as the line, elsewhere
    lined = ink.copy()
    lined[height // 2 : height // 2 + line] = np.maximum(ink[height // 2], 0.5)
    np.testing.assert_array_equal(remove_lines(lined), ink if goes else lined)


def test_a_dashed_line_goes_where_dashes_and_gaps_are_a_twelfth_of_the_page():
    ink = page_with_a_1(240, 360)
    lined = ink.copy()
    for start in range(0, 360, 60):
        lined[120:123, start : start + 35] = np.maximum(ink[120:123, start : start + 35], 0.5)
    np.testing.assert_array_equal(remove_lines(lined), ink)


@pytest.mark.parametrize(("columns", "goes"), [(15, True), (9, False)])
def test_a_line_may_be_tilted_by_three_rows_in_a_twelfth_of_the_page(columns, goes):
    ink = page_with_a_1(240, 360)
    lined = ink.copy()
    for x in range(360):
        lined[100 + x // columns, x] = max(0.5, ink[100 + x // columns, x])
    np.testing.assert_array_equal(remove_lines(lined), ink if goes else lined)


@pytest.mark.parametrize(("line", "stays"), [(0.5, True), (0.7, False)])
def test_a_stroke_that_runs_along_a_line_stays_where_it_is_half_as_dark_again(line, stays):
    ink = page_with_a_1(240, 360)
    ink[120:124, 100:200] = 0.9
    lined = ink.copy()
    lined[120:124] = np.maximum(ink[120:124], line)
    left = remove_lines(lined)
    assert (left[120:124, 100:200] == 0.9).all() == stays
    assert not left[120:124, :90].any()


def test_the_strokes_of_a_tight_crop_are_no_lines():
    seven = np.zeros((200, 120), np.float32)
    seven[:8] = 0.9
    for y in range(200):
        x = 112 - y // 2
        seven[y, x : x + 8] = 0.9
    np.testing.assert_array_equal(remove_lines(seven), seven)


@pytest.mark.parametrize("touching", [False, True])
def test_the_box_of_a_form_is_taken_away(touching):
    ink = np.zeros((200, 200), np.float32)
    ink[60 : 143 if touching else 130, 90:102] = 0.9
    boxed = ink.copy()
    boxed[40:43, 50:150] = boxed[140:143, 50:150] = boxed[40:143, 50:53] = boxed[40:143, 147:150] = 0.8
    left = remove_boxes(boxed, find_ink(boxed))
    assert left[60:130, 90:102].min() > 0.8
    left[60:143, 90:102] = 0
    assert left.max() == 0


@pytest.mark.parametrize(
    ("change", "goes"),
    [
        ({"thick": 7}, True),  # a twentieth of its side
        ({"thick": 8}, False),
        ({"tilt": 7}, True),  # a twenty-fifth, and its thickness
        ({"tilt": 8}, False),
        ({"sides": 2}, False),
        ({"turned": 0}, False),  # open at another side, as the strokes of a digit may be
        ({"inside": 35}, True),  # a good part of it is filled
        ({"inside": 25}, False),
        ({"merged": 22}, True),  # strokes run along a fifth of a side
        ({"merged": 35}, False),
        ({"side": 16, "inside": 8, "thick": 1}, True),
        ({"side": 14, "inside": 7, "thick": 1}, False),
    ],
)
def test_a_box_has_thin_straight_sides_round_a_good_part_of_the_ink_and_only_its_top_may_be_open(change, goes):
    side, thick, tilt, sides, turned, inside, merged = (
        {"side": 100, "thick": 3, "tilt": 0, "sides": 3, "turned": 1, "inside": 40, "merged": 0} | change
    ).values()
    box = np.zeros((60 + side, 60 + side), np.float32)
    for x in range(side):
        box[30 + tilt * x // side : 30 + tilt * x // side + thick, 30 + x] = 0.8
    box[30 + side - thick : 30 + side, 30 : 30 + side] = 0.8
    box[30 : 30 + side, 30 : 30 + thick] = 0.8 if sides == 3 else 0
    box = np.rot90(box, turned)
    digit, middle = np.zeros_like(box), 30 + side // 2
    digit[middle - inside // 2 : middle - inside // 2 + inside, middle - 2 : middle + 2] = 0.9
    digit[middle : 30 + side, 40 : 40 + merged] = 0.9
    ink = np.maximum(box, digit)
    left = remove_boxes(ink, find_ink(ink))
    assert not goes or np.count_nonzero(left[digit == 0]) < 0.1 * np.count_nonzero(box)
    assert goes or left is ink


def test_a_box_of_a_few_pixels_is_taken_away():
    ink = np.zeros((100, 100), np.float32)
    ink[44:64, 50:54] = 0.9
    boxed = ink.copy()
    boxed[38, 40:64] = boxed[70, 40:64] = boxed[38:71, 40] = boxed[38:71, 63] = 0.8
    left = remove_boxes(boxed, find_ink(boxed))
    assert left[44:64, 50:54].min() > 0.8
    assert np.count_nonzero(left) == np.count_nonzero(ink)


@pytest.mark.parametrize("top", [True, False])
def test_the_walls_between_the_cells_of_a_form_go_too_and_a_1_that_stands_in_a_cell_stays(top):
    ink = np.zeros((160, 500), np.float32)
    ink[55:100, 190:196] = ink[55:100, 350:356] = ink[55:60, 340:366] = 0.9
    form = ink.copy()
    form[110:112, 40:462] = 0.7
    for wall in range(40, 461, 70):
        form[40 if top else 80 : 112, wall : wall + 2] = 0.7
    if top:
        form[40:42, 40:462] = 0.7
    np.testing.assert_allclose(remove_boxes(form, find_ink(form)), ink)


def test_two_sides_are_no_box():
    ink = np.zeros((160, 160), np.float32)
    ink[40:43, 40:120] = ink[40:113, 117:120] = 0.8
    ink[60:100, 78:82] = 0.9
    assert remove_boxes(ink, find_ink(ink)) is ink


@pytest.mark.parametrize(
    ("width", "wall", "length", "goes"),
    [
        (150, 8, 100, True),  # a twentieth of the height and 3 pixels thick
        (150, 9, 100, False),
        (150, 2, 85, True),  # eight tenths of the height
        (150, 2, 75, False),
        (135, 2, 100, False),  # in a box that is as narrow, it may be a 1
    ],
)
def test_a_wall_of_a_form_is_thin_and_runs_from_top_to_bottom(width, wall, length, goes):
    inside = np.zeros((100, width), bool)
    inside[[0, -1], 10] = True  # something is as tall as the box
    inside[5 : 5 + length, 60 : 60 + wall] = True
    assert _walls(inside)[:, 60 : 60 + wall].any() == goes


@pytest.mark.parametrize(("rows", "goes"), [(35, True), (30, False)])
def test_a_wall_may_be_tilted_by_three_columns(rows, goes):
    inside = np.zeros((120, 170), bool)
    inside[[0, -1], 10] = True
    for y in range(100):
        inside[10 + y, 60 + y // rows] = True
    assert _walls(inside)[:, 60:64].any() == goes


def test_a_thin_1_that_hangs_on_the_top_of_its_box_is_no_wall():
    ink = np.zeros((160, 160), np.float32)
    ink[43:100, 78:82] = 0.9
    boxed = ink.copy()
    boxed[40:43, 40:120] = boxed[110:113, 40:120] = boxed[40:113, 40:43] = boxed[40:113, 117:120] = 0.8
    left = remove_boxes(boxed, find_ink(boxed))
    np.testing.assert_array_equal(left[45:], ink[45:])
