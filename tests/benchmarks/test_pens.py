"""Digits as lines (`hands`), and the pages that pens draw of them (`pens`)."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from benchmarks.accuracy import drawn, pens
from benchmarks.accuracy.hands import STEP, Digit, by_hand, middle_lines, normalised, some_digits
from lenet_helpers.drawing.forms import FORMS

ANGLES = np.linspace(0, 2 * np.pi, 200)
RING = Digit(0, normalised([np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)]), "forms", 0)
BAR = Digit(1, normalised([np.array([(0.0, 0.0), (0.0, 1.0)])]), "forms", 0)
CROSS = Digit(4, normalised([np.array([(0.0, 0.5), (1.0, 0.5)]), np.array([(0.5, 0.0), (0.5, 1.0)])]), "forms", 0)
KINDS = {page.name: page for page in pens.PAGES}


@pytest.fixture(scope="module")
def digits(sample):
    return some_digits(sample.test, 24)


def array_of(picture):
    return np.asarray(picture.convert("L"), np.float32)


# --- lines ----------------------------------------------------------------------------------


def test_digits_are_normalised_and_both_sources_take_turns(digits):
    assert [digit.source for digit in digits[:4]] == ["forms", "mnist", "forms", "mnist"]
    assert {digit.label for digit in digits[::2]} == set(range(10))
    for digit in digits:
        points = np.concatenate(digit.lines)
        assert points.min(0) == pytest.approx(-points.max(0), abs=0.02)
        assert np.ptp(points, axis=0).max() == pytest.approx(1, abs=0.03)
        for line in digit.lines:
            assert np.hypot(*np.diff(line, axis=0).T).max() < 1.5 * STEP


def test_a_shorter_list_of_digits_begins_a_longer_one(digits, sample):
    again = some_digits(sample.test, 5)
    for one, other in zip(again, digits[:5], strict=True):
        assert (one.label, one.source, one.seed) == (other.label, other.source, other.seed)
        assert all(map(np.array_equal, one.lines, other.lines))
    assert not np.array_equal(some_digits(sample.test, 1, seed=1)[0].lines[0], digits[0].lines[0])


def test_another_hand_keeps_the_lines_and_moves_them_a_little():
    pattern = "20,15 75,15 75,15 45,88 / 35,50 70,50"
    hands = [by_hand(pattern, np.random.default_rng(seed)) for seed in range(200)]
    assert {len(lines) for lines in hands} == {2}
    starts = np.array([lines[0][0] for lines in hands])
    assert 1 < starts.std(0).min() and starts.std(0).max() < 20
    means = np.mean([normalised(lines)[1].mean(0) for lines in hands], axis=0)
    assert means == pytest.approx(((52.5 - 47.5) / 73, (50 - 51.5) / 73), abs=0.05)


@pytest.mark.parametrize("digit", range(10))
def test_lines_are_found_again_in_their_own_image(digit):
    """In an image of MNIST's form, whose lines are known, the middle of the strokes lies on them."""
    for seed, pattern in enumerate(FORMS[digit]):
        known = Digit(digit, normalised(by_hand(pattern, np.random.default_rng(seed))), "forms", seed)
        found = np.concatenate(normalised(middle_lines(pens.in_mnist_form(known))))
        far = np.hypot(*np.moveaxis(found[:, None] - np.concatenate(known.lines), -1, 0))
        for nearest in (far.min(1), far.min(0)):  # a pixel of MNIST is 0.05; where lines meet in a point, it is blunted
            assert nearest.mean() < 0.06 and np.quantile(nearest, 0.95) < 0.15


def test_a_ring_is_one_closed_line_and_a_cross_is_two():
    (ring,) = middle_lines(pens.in_mnist_form(RING))
    assert np.hypot(*(ring[0] - ring[-1])) < 1 and np.ptp(ring, axis=0) == pytest.approx((17.6, 17.6), abs=1)
    lines = middle_lines(pens.in_mnist_form(CROSS))
    assert sorted(np.ptp(line, axis=0).argmax() for line in lines) == [0, 1]


# --- pens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("side", [28, 300, 1000])
def test_the_pen_is_as_wide_and_the_digit_as_long_as_was_said(width, side):
    drawing = np.asarray(pens.draw_digit(BAR, pens.felt, width, side), np.float32) / 255
    thick = max(1, width * side)
    assert len(drawing) == pytest.approx(side, abs=2)
    assert drawing[len(drawing) // 2].sum() == pytest.approx(thick, abs=max(0.6, 0.03 * thick))


@pytest.mark.parametrize("pen", [pens.ball, pens.pencil, pens.chalk, pens.marker, pens.brush, pens.mouse])
def test_every_pen_follows_the_line(pen):
    drawing = np.asarray(pens.draw_digit(RING, pen, 0.06, 400, seed=3), np.float32)
    y, x = np.argwhere(drawing > 60).T
    radius = np.hypot(y - len(drawing) / 2, x - drawing.shape[1] / 2)
    assert np.median(radius) == pytest.approx(188, abs=6) and np.ptp(radius) < 75


def test_a_jagged_mouse_knows_ink_and_paper_alone():
    assert len(np.unique(pens.draw_digit(RING, pens.jagged, 0.05, 60))) == 2
    assert len(np.unique(pens.draw_digit(RING, pens.mouse, 0.05, 60))) > 2


def test_a_marker_is_darker_where_strokes_cross():
    drawing = np.asarray(pens.draw_digit(CROSS, pens.marker, 0.1, 300), float)
    height, width = drawing.shape
    middle, arm = drawing[height // 2, width // 2], drawing[height // 2, width // 4]
    assert 1 - middle / 255 == pytest.approx((1 - arm / 255) ** 2, abs=0.02)


def test_soft_edges_are_as_soft_as_was_said():
    drawing = np.asarray(pens.draw_digit(BAR, pens.felt, 0.2, 500, blur=0.3), float)
    across = drawing[len(drawing) // 2]
    rise = np.diff(np.interp([0.16 * 255, 0.84 * 255], across[: across.argmax()], np.arange(across.argmax())))
    assert rise == pytest.approx(2 * 0.3 * 100, rel=0.2)  # from 16 to 84 % is two standard deviations


def test_a_wide_pen_leaves_the_holes_open():
    angles = np.linspace(0, 2 * np.pi, 100)
    loop = 0.12 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    small = Digit(9, normalised([loop, np.array([(0.12, 0.0), (0.1, 0.8)])]), "forms", 0)
    assert pens.open_width(RING, 0.2) == pens.open_width(BAR, 0.2) == 0.2 and pens.open_width(small, 0.02) == 0.02
    for width, holes in ((pens.open_width(small, 0.2), 1), (0.3, 0)):
        ink = np.pad(np.asarray(pens.draw_digit(small, pens.felt, width, 300)) > 127, 1)
        assert ndimage.label(~ink)[1] == 1 + holes
    assert 0.05 < pens.open_width(small, 0.2) < 0.2


# --- pages ----------------------------------------------------------------------------------


def test_each_kind_of_page_has_a_name_of_its_own_and_a_place_in_the_report():
    assert len(KINDS) == len(pens.PAGES) >= 40
    assert {page.group for page in pens.PAGES} == set(drawn.GROUPS)


@pytest.mark.parametrize("name", [page.name for page in pens.PAGES if page.side[1] < 2000])
def test_a_digit_gets_the_same_page_each_time_and_another_digit_another(name, digits):
    first, again, other = (pens.draw_page(KINDS[name], digits[i]) for i in (3, 3, 5))
    assert first.tobytes() == again.tobytes()
    assert first.size != other.size or first.tobytes() != other.tobytes()
    assert array_of(first).std() > 1


@pytest.mark.parametrize("page", [page for page in pens.PAGES if not page.paper], ids=lambda page: page.name)
def test_size_and_margin_of_a_page_are_those_of_its_kind(page, digits):
    picture = pens.draw_page(page, digits[2])
    darker = np.abs(array_of(picture) - page.bare)
    dark = darker > 0.25 * darker.max()
    rows, columns = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
    margins = rows[0], columns[0], len(dark) - 1 - rows[-1], dark.shape[1] - 1 - columns[-1]
    short, long = min(picture.size), max(np.ptp(rows), np.ptp(columns)) + 1
    if page.tight:
        assert np.ptp(margins) <= 2 and min(margins) >= 1
    else:
        assert page.side[0] <= short <= page.side[1]
        assert page.digit[0] - 0.06 <= long / short <= page.digit[1] + 0.06
        assert min(margins) >= max(1, int(page.margin * short) - 1)
    if page.place == "corner":
        assert sorted(margins)[1] <= 0.03 * short + 2


def test_a_page_is_the_same_at_every_resolution(digits):
    small, large = (array_of(pens.draw_page(KINDS[name], digits[1])) for name in ("80", "700"))
    shrunk = np.asarray(Image.fromarray(large).resize((80, 80), Image.Resampling.BOX))
    assert np.corrcoef(small.ravel(), shrunk.ravel())[0, 1] > 0.97


def test_rules_and_digit_keep_their_size_when_the_page_grows():
    sides = []
    for name in ("rules, 900", "rules, 1100"):
        page = np.asarray(pens.draw_page(KINDS[name], RING))
        blue = (page[:, 5] == (170, 195, 230)).all(1)
        starts = np.flatnonzero(blue[1:] & ~blue[:-1])
        assert set(np.diff(starts)) == {60}
        sides.append(np.ptp(np.argwhere(page[:, :, 2] < 80), axis=0) + 1)
    assert np.array_equal(*sides) and sides[0] == pytest.approx((400, 400), abs=3)


# --- the answer and the ink -----------------------------------------------------------------


def test_the_clean_form_is_mnists(digits):
    for digit in digits:
        pixels = pens.in_mnist_form(digit)
        ink = np.where(pixels > 24, pixels, 0).astype(float)
        sides = [np.ptp(np.flatnonzero(ink.any(axis))) + 1 for axis in (0, 1)]
        assert 18 <= max(sides) <= 22
        assert ndimage.center_of_mass(ink) == pytest.approx((14, 14), abs=0.3)


def test_no_ink_is_missing_in_the_clean_form_and_what_is_erased_is_missed(digits):
    for digit in digits:
        pixels = pens.in_mnist_form(digit)
        assert pens.ink_kept(pixels, digit) == 1
        assert pens.ink_kept(np.roll(pixels, 1, axis=0), digit) == 1
        assert pens.ink_kept(np.zeros_like(pixels), digit) == 0
    pixels = pens.in_mnist_form(BAR)
    pixels[14:] = 0
    assert pens.ink_kept(pixels, BAR) == pytest.approx(0.5, abs=0.1)


def test_the_report_tells_all_and_worst_kind():
    row = {"group": "size", "forms": 1.0, "handwriting": 0.9, "misread": 0.5, "kept": 0.75, "others": [3]}
    rows = [{"page": "28", "same": 0.96, **row}, {"page": "80", "same": 1.0, **row}]
    text = drawn.show({"digits": 1000, "well": 990, "rows": rows})
    assert "**98.00%** of their pages" in text and "worst kind, 28, **96.00%**" in text
    assert "1,000 digits" in text and "990 of them" in text and "other 10" in text
    assert "–" in drawn.show({"digits": 4, "well": 0, "rows": [{**rows[0], "same": None, "forms": None}]})
