"""Writers that the course draws itself."""

import numpy as np
import pytest

from lenet_helpers.drawing.hands import SIZE, Writer
from lenet_helpers.drawing.strokes import PAD, check_strokes, draw_strokes


def picture(strokes):
    return np.asarray(draw_strokes(strokes), int)


@pytest.mark.parametrize("digit", range(10))
def test_a_writer_writes_every_digit_onto_the_pad(digit):
    points = []
    for stroke in check_strokes(Writer(np.random.default_rng(digit)).write(digit)):
        points += zip(stroke["points"][::2], stroke["points"][1::2], strict=True)
    least, most = np.min(points, 0), np.max(points, 0)
    assert (least >= 0).all() and (most <= PAD).all()
    assert 0.8 * SIZE * PAD <= (most - least).max() <= SIZE * PAD + 2  # rounding corners off takes a little away


def test_the_same_seed_is_the_same_hand():
    one, other = (Writer(np.random.default_rng(3)) for _ in range(2))
    assert [one.write(digit) for digit in range(10)] == [other.write(digit) for digit in range(10)]


def test_digits_of_one_writer_differ_less_than_those_of_two():
    writers = [Writer(np.random.default_rng(seed)) for seed in range(12)]
    sevens = [[picture(writer.write(7)) for _ in range(2)] for writer in writers]
    within = np.mean([abs(first - second).mean() for first, second in sevens])
    between = np.mean([abs(sevens[i][0] - sevens[i - 1][0]).mean() for i in range(len(sevens))])
    assert 0 < within < 0.8 * between
