from dataclasses import replace

import numpy as np
import pytest
import torch

from lenet_helpers import ImageClassifier, draw_forms
from lenet_helpers.drawing.forms import FORMS, PEN, TURNS, draw_form, with_forms
from lenet_helpers.system.paths import COURSE


@pytest.fixture(scope="module")
def drawn():
    return draw_forms(1400, seed=7)


def test_every_digit_is_in_mnists_form(drawn):
    pixels, labels = drawn
    assert pixels.shape == (1400, 28, 28) and pixels.dtype == np.uint8
    assert labels.shape == (1400,) and labels.dtype == np.int64
    for ink in np.where(pixels > 24, pixels, 0).astype(float):
        rows, columns = ink.sum(1), ink.sum(0)
        sides = [np.ptp(np.flatnonzero(along)) + 1 for along in (rows, columns)]
        assert 18 <= max(sides) <= 22  # 20, and the soft edge of a stroke on either side
        assert [np.arange(28) @ along / ink.sum() for along in (rows, columns)] == pytest.approx([14, 14], abs=0.5)


def test_classes_take_turns(drawn):
    labels = drawn[1]
    assert list(labels[:14]) == list(labels[14:28]) == list(TURNS)
    assert set(TURNS) == set(FORMS) == set(range(10))


def test_a_seed_means_the_same_digits_and_another_seed_others(drawn):
    pixels, _ = drawn
    assert np.array_equal(draw_forms(20, seed=7)[0], pixels[:20])  # a longer series begins with a shorter one
    assert not np.array_equal(draw_forms(20, seed=8)[0], pixels[:20])
    assert len(np.unique(pixels, axis=0)) == len(pixels)


def test_nobody_elses_random_numbers_are_used():
    before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    draw_forms(3)
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])


def test_none_are_none():
    pixels, labels = draw_forms(0)
    assert pixels.shape == (0, 28, 28) and labels.shape == (0,)


@pytest.mark.parametrize("pattern", [pattern for patterns in FORMS.values() for pattern in patterns])
def test_patterns_lie_in_the_square_and_each_line_has_a_length(pattern):
    for line in pattern.split("/"):
        corners = [tuple(map(int, corner.split(","))) for corner in line.split()]
        assert len(set(corners)) > 1
        assert all(0 <= value <= 100 for corner in corners for value in corner)


def test_no_pattern_is_there_twice():
    patterns = [pattern for several in FORMS.values() for pattern in several]
    assert len(set(patterns)) == len(patterns)


def test_a_line_is_as_thick_as_the_pen():
    ink = np.mean([draw_form("50,10 50,90", np.random.default_rng(seed)).sum() for seed in range(50)]) / 255
    length = 20  # and of that the pen's own width is rounded off at both ends
    assert ink / length == pytest.approx(np.mean(PEN), rel=0.1)


def test_model_reads_the_drawn_digits(drawn):
    """A pattern under the wrong digit, mirrored or upside down would be misread each time."""
    pixels, labels = drawn
    wrong = ImageClassifier(COURSE / "model.pth").predict(list(pixels)) != labels
    assert wrong.mean() < 0.03
    assert max(wrong[labels == digit].mean() for digit in range(10)) < 0.1


def test_forms_stand_behind_a_splits_own_images(sample):
    train = sample.train
    more = with_forms(train, 30, seed=2)
    assert len(more) == len(train) + 30 and more.name == train.name
    assert np.array_equal(more.pixels[: len(train)], train.pixels)
    assert np.array_equal(more.pixels[len(train) :], draw_forms(30, seed=2)[0])
    assert np.array_equal(more.labels[len(train) :], draw_forms(30, seed=2)[1])
    known = replace(train, writers=train.labels)
    assert with_forms(known, 30).writers is None  # of the drawn ones there is none
