"""The paper (`paper`): polarity, and the sheet among what lies around it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from lenet_helpers.inference import ImageClassifier, ImageError, to_mnist
from lenet_helpers.preparation import steps
from lenet_helpers.preparation.paper import (
    _is_sharp,
    beside_the_paper,
    evenly_lit,
    ink_is_light,
    light_on_paper,
    only_the_sheet,
    put_on_paper,
    to_gray,
)


@pytest.mark.parametrize("light", [False, True])
def test_polarity_is_told_from_the_picture(sample, light):
    found = []
    for pixels in sample.test.pixels[::10]:
        gray = np.asarray(Image.fromarray(pixels).resize((80, 80)), np.float32) * 0.7 + 40
        gray *= np.linspace(0.6, 1, 80, dtype=np.float32)  # light from one side
        found.append(ink_is_light(gray if light else 255 - gray))
    assert np.mean(found) == light


def test_colour_is_dropped_as_pillow_drops_it():
    colours = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    np.testing.assert_allclose(to_gray(colours), np.asarray(Image.fromarray(colours).convert("L")), atol=1)


@pytest.mark.parametrize(("ink", "channel"), [((83, 43, 0), None), ((87, 41, 0), 0), ((41, 0, 87), 2)])
def test_a_channel_shows_ink_that_it_tells_from_the_paper_half_as_clearly_again(ink, channel):
    colours = np.full((90, 120, 3), 200, np.uint8)
    colours[30:60, 30:60] -= np.array(ink, np.uint8)
    expected = np.asarray(Image.fromarray(colours).convert("L")) if channel is None else colours[:, :, channel]
    np.testing.assert_allclose(to_gray(colours), expected, atol=1)


def test_the_noise_of_single_pixels_tells_no_ink_from_paper():
    colours = np.full((90, 120, 3), 150, np.uint8)
    colours[:, ::3, 0] = 250
    np.testing.assert_allclose(to_gray(colours), np.asarray(Image.fromarray(colours).convert("L")), atol=1)


@pytest.mark.parametrize(
    ("share", "sheet", "ink", "paper"),
    [
        (0.55, 200, 155, 200),  # a sheet, cut out
        (0.45, 200, 155, 0),  # too small for one
        (0.55, 55, 200, 55),  # of black paper
        (0.55, 200, 165, 0),  # nothing written on it
        (0.2, 115, 115, 255),  # strokes alone: the paper contrasts with them
        (0.2, 140, 140, 0),
    ],
)
def test_what_is_transparent_shows_the_paper_of_a_sheet_or_one_that_contrasts(share, sheet, ink, paper):
    layer = np.zeros((100, 100, 4), np.uint8)
    layer[: round(100 * share)] = (sheet, sheet, sheet, 255)
    layer[5:10, :, :3] = ink
    assert (put_on_paper(layer)[-1] == paper).all()


@pytest.mark.parametrize(
    ("sheet", "table", "painted"),
    [
        (np.s_[80:160, 80:160], 172, True),
        (np.s_[80:160, 80:160], 178, False),
        (np.s_[80:150, 80:150], 70, False),
        (np.s_[:200, :200], 70, True),  # in a corner
    ],
)
def test_a_sheet_is_a_tenth_of_the_picture_and_clearly_of_another_gray(sheet, table, painted):
    gray = np.full((240, 240), table, np.float32)
    gray[sheet] = 200
    found = only_the_sheet(gray)
    assert (found == 200).all() if painted else found is gray


@pytest.mark.parametrize(("cover", "paper"), [(110, 255), (145, 0)])
def test_what_is_more_than_half_transparent_has_no_say_about_the_paper(cover, paper):
    layer = np.zeros((100, 100, 4), np.uint8)
    layer[10:20] = (200, 200, 200, cover)
    assert (put_on_paper(layer)[-1] == paper).all()


@pytest.mark.parametrize(("blur", "sharp"), [(1.5, True), (2.5, False)])
def test_an_edge_is_sharp_where_half_of_the_contrast_lies_within_three_pixels(blur, sharp):
    sheet = np.pad(np.ones((24, 24), bool), 8)
    gray = ndimage.gaussian_filter(np.where(sheet, 200, 70).astype(np.float32), blur)
    assert _is_sharp(gray, sheet) == sharp


@pytest.mark.parametrize(("soft", "sharp"), [(21, True), (30, False)])
def test_a_fifth_of_an_edge_may_be_soft(soft, sharp):
    sheet = np.pad(np.ones((30, 30), bool), 5)
    gray = np.where(sheet, 200, 70).astype(np.float32)
    gray[5 : 5 + soft, 35:38] = 170, 140, 100
    assert _is_sharp(gray, sheet) == sharp


@pytest.mark.parametrize(("dent", "painted"), [(np.s_[96:132, 150:180], True), (np.s_[96:144, 144:180], False)])
def test_a_tenth_of_a_sheet_may_be_missing(dent, painted):
    gray = np.full((240, 240), 70, np.float32)
    gray[60:180, 60:180] = 200
    gray[dent] = 70
    assert (only_the_sheet(gray) is not gray) == painted


@pytest.mark.parametrize(("alike", "painted"), [(72, True), (88, False)])
def test_around_a_sheet_a_tenth_may_be_as_bright(alike, painted):
    gray = np.full((240, 240), 70, np.float32)
    gray[60:180, 60:180] = 200
    gray[:60, 240 - alike :] = 200
    gray[54:60] = 70
    assert (only_the_sheet(gray) is not gray) == painted


@pytest.mark.parametrize(("corner", "painted"), [(130, True), (100, False)])
def test_a_sheet_covers_half_of_the_frame_at_most(corner, painted):
    y, x = np.mgrid[:240, :240]
    gray = np.where((x + y < corner) | (x + y > 478 - corner), 70, 200).astype(np.float32)
    assert (only_the_sheet(gray) is not gray) == painted


def test_of_a_sheet_a_fortieth_along_its_edge_is_painted_over_too():
    gray = np.full((240, 240), 70, np.float32)
    gray[60:180, 60:180] = 200
    gray[110:120, 100:180] = 150
    stroke = np.flatnonzero((only_the_sheet(gray) == 150).any(0))
    assert (stroke[0], stroke[-1]) == (100, 173)


@pytest.mark.parametrize(("stroke", "around"), [(100, 200), (120, 120)])
def test_what_is_half_as_dark_as_the_ink_is_not_painted_on_beyond_the_sheet(stroke, around):
    gray = np.full((240, 240), 70, np.float32)
    gray[60:180, 60:180] = 200
    gray[108:120, 132:174] = stroke
    gray[78:90, 102:114] = 20
    assert only_the_sheet(gray)[114, 220] == pytest.approx(around, abs=1)


@pytest.mark.parametrize(("width", "light"), [(35, True), (65, False)])
def test_where_bold_ink_leaves_little_paper_the_paper_is_what_most_of_the_frame_shows(width, light):
    gray = np.full((100, 100), 30, np.float32)
    gray[:, :width] = 230
    assert ink_is_light(gray) == light


@pytest.mark.parametrize(("side", "rough", "lit"), [(40, 52, True), (40, 66, False), (32, 0, True), (31.5, 0, False)])
def test_light_is_divided_out_where_most_of_the_picture_departs_from_it_by_less_than_a_tenth(side, rough, lit):
    small = np.random.default_rng(0).normal(200, rough, (40, 40)).clip(0, 400)  # half of it is within 0.67 × rough
    small[20, 20:22] = 0, 400
    gray = np.kron(small, np.ones((2, 2)))[: int(2 * side), : int(2 * side)].astype(np.float32)
    assert (evenly_lit(gray) is not gray) == lit


@pytest.mark.parametrize(("shape", "small"), [((30, 50), (30, 50)), ((80, 100), (40, 50)), ((20, 90), (20, 90))])
def test_the_light_is_seen_at_40_pixels(shape, small):
    assert light_on_paper(np.zeros(shape, np.float32))[1].shape == small


def test_the_light_on_the_paper_is_found_where_ink_covers_nearly_a_third_of_it():
    y, x = np.mgrid[-1:1:40j, -1:1:60j]
    light = 150 + 30 * x - 20 * y + 25 * x * y - 15 * x * x + 10 * y * y
    gray = light.astype(np.float32)
    gray[5:35, 10:34] -= 100
    np.testing.assert_allclose(light_on_paper(gray)[1], light, atol=4.2)


def sheet_on_a_table(sheet=230, table=70):
    gray = np.full((240, 240), table, np.float32)
    gray[:200, 30:210] = sheet
    gray[60:150, 110:122] = 20 if sheet > 120 else 250  # a 1
    return gray


@pytest.mark.parametrize(("sheet", "table"), [(230, 70), (160, 240), (60, 200)])
def test_what_lies_around_the_sheet_is_painted_over(sheet, table):
    gray = sheet_on_a_table(sheet, table)
    found = only_the_sheet(gray)
    np.testing.assert_array_equal(found[55:155, 105:127], gray[55:155, 105:127])
    found[55:155, 105:127] = sheet
    assert np.abs(found - sheet).max() < 2


def test_the_ink_may_lie_in_a_corner_of_the_sheet_and_the_light_come_from_one_side():
    gray = np.full((240, 300), 60, np.float32)
    gray[30:210, 42:258] = 220
    gray[50:90, 60:68] = 20
    gray *= np.linspace(0.6, 1, 300, dtype=np.float32)
    found = only_the_sheet(gray)
    np.testing.assert_array_equal(found[48:92, 58:70], gray[48:92, 58:70])
    assert found[:20].min() > 100 and found[-20:].min() > 100  # the table is as bright as the paper


@pytest.mark.parametrize("lit", [0.3, 0.7])
@pytest.mark.parametrize("place", range(20, 200, 20))
def test_a_shadow_is_no_table_and_light_is_no_ink(lit, place):
    """A stroke in the shadow, on its soft edge and in the light: it is never painted over."""
    light = 1 - 0.5 / (1 + np.exp((np.arange(240, dtype=np.float32) / 240 - lit) / 0.04))
    gray = np.full((240, 240), 230, np.float32)
    gray[60:160, place : place + 10] = 40
    gray *= light
    assert only_the_sheet(gray) is gray
    assert not ink_is_light(gray)


def test_what_is_too_small_to_be_a_table_is_left_alone():
    """A thick piece of a digit at the edge fills its neighbourhood, so medians take it for another gray."""
    gray = np.full((240, 300), 230, np.float32)
    gray[:40, 120:180] = 30
    gray[150:200, 30:38] = 30
    assert only_the_sheet(gray) is gray


@pytest.fixture(scope="module")
def like_sheets(sample):
    """Bold digits that look like a sheet: the straight edges of a 1 are, and where grays are uneven, one is ink."""
    rng = np.random.default_rng(0)
    ones = []
    for _ in range(10):
        one = np.zeros((24, 24), np.uint8)
        one[4:20, 9:15] = rng.integers(120, 256, (16, 6))
        one[5:19, 10:14] = 255
        ones.append(one)
    bold = [ndimage.grey_dilation(pixels, (3, 3)) for pixels in sample.test.pixels[::5]]
    size, bicubic = (168, 168), Image.Resampling.BICUBIC
    large = [np.asarray(Image.fromarray(one).resize(size, bicubic), np.float32) for one in ones + bold]
    return [gray for gray in large if only_the_sheet(gray) is not gray]


@pytest.mark.parametrize("light", [True, False])
def test_a_bold_digit_that_looks_like_a_sheet_is_read_as_without_that_step(like_sheets, light, monkeypatch):
    pictures = [gray if light else 255 - gray for gray in like_sheets]
    classifier = ImageClassifier()
    found = classifier.predict(pictures)
    monkeypatch.setattr(steps, "STEPS", tuple(step for step in steps.STEPS if step is not steps.the_sheet))
    assert len(found) > 10 and found == classifier.predict(pictures)


@pytest.mark.parametrize("pen", [10, 25, 45])
@pytest.mark.parametrize("shape", [(90, 110), (70, 120), (100, 100)])
def test_the_inside_of_a_round_zero_is_no_sheet(pen, shape):
    y, x = np.mgrid[-140:140, -140:140]
    outer = np.hypot(x / shape[0], y / shape[1]) < 1
    inner = np.hypot(x / (shape[0] - pen), y / (shape[1] - pen)) < 1
    zero = np.where(outer & ~inner, 20, 250).astype(np.float32)
    assert only_the_sheet(zero) is zero
    assert ImageClassifier().predict(zero) == 0


@pytest.mark.parametrize("side", [28, 280])
@pytest.mark.parametrize("bars", [[0.2, 0.74], [0.2, 0.47, 0.74]])
def test_what_a_square_zero_or_eight_encloses_is_no_sheet(side, bars):
    gray, pen = np.full((side, side), 255, np.float32), int(0.09 * side)
    left, right, top, bottom = (round(at * side) for at in (0.3, 0.62, bars[0], bars[-1]))
    gray[top : bottom + pen, left : left + pen] = gray[top : bottom + pen, right : right + pen] = 0
    for bar in bars:
        gray[round(bar * side) : round(bar * side) + pen, left : right + pen] = 0
    assert only_the_sheet(gray) is gray


@pytest.mark.parametrize(("ink", "painted"), [(50, True), (64, False)])
def test_a_fifth_of_a_sheet_may_be_ink(ink, painted):
    gray = np.full((240, 240), 70, np.float32)
    gray[60:180, 60:180] = 200
    gray[120 - ink // 2 : 120 + ink // 2, 120 - ink // 2 : 120 + ink // 2] = 70
    assert (only_the_sheet(gray) is not gray) == painted


def test_a_broad_brush_is_ink_and_bare_paper_no_sheet():
    stroke = np.full((200, 200), 230, np.float32)
    stroke[20:180, 60:140] = 30
    assert ImageClassifier().predict(stroke) == 1
    even = np.full((200, 200), 230, np.float32)
    assert only_the_sheet(even) is even


def test_paper_whose_gray_hardly_changes_is_no_sheet_and_no_ink():
    """Rounding alone makes such a range: too small for a histogram."""
    hardly = np.full((100, 120), 200.0, np.float32)
    hardly[:, 60:] = np.nextafter(hardly[0, 0], np.float32(255))
    assert only_the_sheet(hardly) is hardly
    with pytest.raises(ImageError, match="blank"):
        to_mnist(hardly)


@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("pen", [45, 60, 70])
@pytest.mark.parametrize("digit", [0, 7, 8])
def test_a_bold_digit_that_is_cropped_to_its_box_is_read(digit, pen, light):
    """The paper that its strokes cut off is no sheet, and the paper that is left may be less than the ink."""
    page = Image.new("L", (400, 500), 240)
    drawing = ImageDraw.Draw(page)
    if digit == 0:
        drawing.ellipse((90, 40, 310, 460), outline=25, width=pen)
    elif digit == 7:
        drawing.line([(60, 100), (340, 100), (180, 440)], fill=25, width=min(pen, 60), joint="curve")
    else:
        drawing.ellipse((110, 40, 290, 240), outline=25, width=pen)
        drawing.ellipse((90, 240 - pen, 310, 460), outline=25, width=pen)
    gray = np.asarray(page.crop(Image.eval(page, lambda gray: 240 - gray).getbbox()), np.float32)
    gray = 255 - gray if light else gray
    assert only_the_sheet(gray) is gray
    prediction = ImageClassifier().classify(gray)
    assert (prediction.digit, prediction.warning) == (digit, None)


@pytest.mark.parametrize(
    ("dark", "beside"),
    [
        (np.s_[:60, :12], True),
        (np.s_[:60, :13], False),  # it reaches farther than an eighth
        (np.s_[:50, :5], False),  # no longer than half of a side
        (np.s_[20:, 40:60], False),  # a stroke that the frame cuts
        (np.s_[10:90, 3:9], False),  # it doesn't reach the frame
    ],
)
def test_what_runs_along_the_frame_for_half_of_a_side_may_lie_beside_the_paper(dark, beside):
    mask = np.zeros((100, 150), bool)
    mask[40:60, 70:80] = mask[dark] = True
    for turn in range(4):
        assert np.rot90(beside_the_paper(np.rot90(mask, turn)), -turn)[dark].all() == beside
    assert not beside_the_paper(mask)[45, 79]
