import numpy as np
import pytest
import torch

from lenet_helpers.drawing.forms import PATTERNS, corners_of
from lenet_helpers.drawing.nodigits import HELD_OUT, KINDS, LEARNED, draw_nodigits

WRITTEN = [one for kind in ("letters", "signs", "other scripts", "things") for one in PATTERNS[kind]]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_in_mnists_form_and_each_picture_another(kind):
    pixels = draw_nodigits(40, seed=3, kinds=[kind])
    assert pixels.shape == (40, 28, 28) and pixels.dtype == np.uint8
    assert len(np.unique(pixels, axis=0)) == 40
    for ink in pixels.astype(float):
        rows, columns = ink.sum(1), ink.sum(0)
        sides = [np.ptp(np.flatnonzero(np.where(ink > 24, ink, 0).sum(axis))) + 1 for axis in (0, 1)]
        assert 17 <= max(sides) <= 22
        assert [np.arange(28) @ along / ink.sum() for along in (rows, columns)] == pytest.approx([14, 14], abs=0.5)


def test_kinds_take_turns():
    first, second = LEARNED[:2]
    both = draw_nodigits(2, seed=1, kinds=[first, second])
    assert np.array_equal(both[0], draw_nodigits(1, seed=1, kinds=[first])[0])
    assert not np.array_equal(both[1], draw_nodigits(2, seed=1, kinds=[first])[1])


def test_what_is_held_out_is_not_learned():
    assert {*HELD_OUT, *LEARNED} == {*KINDS} and not {*HELD_OUT} & {*LEARNED} and HELD_OUT
    assert np.array_equal(draw_nodigits(9, seed=2), draw_nodigits(9, seed=2, kinds=LEARNED))


def test_a_seed_means_the_same_pictures_and_another_seed_others():
    pixels = draw_nodigits(20, seed=7)
    assert np.array_equal(draw_nodigits(10, seed=7), pixels[:10])
    assert not np.array_equal(draw_nodigits(20, seed=8), pixels)


def test_nobody_elses_random_numbers_are_used():
    before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    draw_nodigits(len(KINDS), kinds=list(KINDS))
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])


def test_a_kind_that_does_not_exist_is_named():
    with pytest.raises(KeyError, match="digits"):
        draw_nodigits(1, kinds=["digits"])
    assert draw_nodigits(0).shape == (0, 28, 28)


@pytest.mark.parametrize("pattern", WRITTEN)
def test_patterns_lie_in_the_square_and_none_is_there_twice(pattern):
    assert all(((line >= 0) & (line <= 100)).all() for line in corners_of(pattern))
    assert WRITTEN.count(pattern) == 1


def test_a_solid_shape_is_ink_all_over_and_dots_are_apart():
    solid, dots = (draw_nodigits(60, seed=4, kinds=[kind]) for kind in ("solid shapes", "dots"))
    assert np.median((solid > 127).sum((1, 2))) > 3 * np.median((dots > 127).sum((1, 2)))
