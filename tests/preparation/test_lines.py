"""Ruled lines and the boxes of forms (`lines`): they go, and the strokes that they cross stay."""

import numpy as np
import pytest

from lenet_helpers.preparation.ink import find_ink
from lenet_helpers.preparation.lines import remove_boxes, remove_lines


def test_a_line_is_taken_away_and_what_crosses_it_stays():
    ink = np.zeros((200, 300), np.float32)
    ink[40:160, 140:152] = 0.9  # a 1
    lined = ink.copy()
    lined[100:103] = np.maximum(lined[100:103], 0.5)
    np.testing.assert_allclose(remove_lines(lined), ink)
    np.testing.assert_array_equal(remove_lines(ink), ink)


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
