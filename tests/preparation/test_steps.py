"""How pictures of every kind are read (`pictures`) and brought the whole way into MNIST's form (`preparation`)."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_digits

from lenet_helpers.inference import ImageError, explain, read_image, to_mnist
from lenet_helpers.preparation import steps
from lenet_helpers.preparation.ink import even_light, find_ink
from lenet_helpers.preparation.mnist_form import is_mnist_form
from lenet_helpers.preparation.steps import (
    Way,
    dark_on_light,
    enlarge,
    filled,
    find_pages,
    no_boxes,
    no_lines,
    no_surroundings,
    prepare,
    strokes,
    the_mask,
)


@pytest.fixture(scope="module")
def seven(sample):
    """A 7 of the test split."""
    return sample.test.pixels[sample.test.labels == 7][0]


@pytest.fixture(scope="module")
def page(seven):
    """It, dark on light, 120×100: gray values 20..235."""
    page = Image.new("L", (100, 120), 0)
    page.paste(Image.fromarray(seven).resize((84, 84), Image.Resampling.BICUBIC), (5, 25))
    return Image.fromarray((235 - np.asarray(page) * (215 / 255)).astype(np.uint8))


def likeness(a, b):
    """Correlation of two pictures: 1 when they are the same."""
    return np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1]


def assert_like(picture, expected, least=0.97):
    found = to_mnist(picture)
    assert found.shape == (28, 28)
    assert found.dtype == np.uint8
    assert likeness(found, expected) > least


# --- MNIST's form -----------------------------------------------------------------------


def test_a_picture_of_mnist_is_left_as_it_is(sample):
    for pixels in sample.test.pixels:
        assert is_mnist_form(pixels)
    pixels = sample.test.pixels[0]
    np.testing.assert_array_equal(to_mnist(pixels), pixels)
    np.testing.assert_array_equal(to_mnist(Image.fromarray(pixels)), pixels)
    np.testing.assert_array_equal(to_mnist(torch.from_numpy(pixels)), pixels)
    np.testing.assert_array_equal(to_mnist(pixels.astype(np.float32)[None] / 127.5 - 1), pixels)


def test_the_negative_of_a_picture_of_mnist_is_inverted_and_else_left_as_it_is(sample):
    for pixels in sample.test.pixels:
        np.testing.assert_array_equal(to_mnist(255 - pixels), pixels)
    assert [step.name for step in explain(255 - pixels)] == ["the picture", "negative"]


def test_the_given_array_and_picture_are_not_changed(page, sample):
    pixels = sample.test.pixels[1].copy()
    to_mnist(pixels)[:] = 7
    np.testing.assert_array_equal(pixels, sample.test.pixels[1])
    before = page.tobytes()
    to_mnist(page)
    assert page.tobytes() == before


@pytest.mark.parametrize("change", ["inverted", "shifted", "small", "thin"])
def test_28_by_28_alone_is_not_mnist_form(seven, change):
    changed = {
        "inverted": 255 - seven,
        "shifted": np.roll(seven, 3, axis=1),
        "small": np.asarray(Image.fromarray(seven).resize((18, 18)).crop((-5, -5, 23, 23))),
        "thin": np.where(np.roll(seven, (2, -2), (0, 1)) > 250, 255, 0).astype(np.uint8),
    }[change]
    assert not is_mnist_form(changed)
    assert len(explain(changed)) == 2 if change == "inverted" else len(explain(changed)) > 6
    if change != "thin":
        assert_like(changed, seven, 0.8)


def test_the_result_has_mnists_own_proportions(page):
    """Longer side 20 (19 to 21 with soft edges), centre of mass at pixel 14."""
    pixels = to_mnist(page).astype(float)
    ink = pixels > 60
    height, width = np.ptp(np.flatnonzero(ink.any(1))) + 1, np.ptp(np.flatnonzero(ink.any(0))) + 1
    assert 19 <= max(height, width) <= 21
    y, x = np.arange(28) @ pixels.sum(1) / pixels.sum(), np.arange(28) @ pixels.sum(0) / pixels.sum()
    assert abs(y - 14) < 0.2
    assert abs(x - 14) < 0.2


# --- modes, formats, dtypes -------------------------------------------------------------


def in_mode(page, mode):
    """The page in any mode of Pillow, the ink opaque where the mode has transparency."""
    if mode in ("LA", "La", "RGBA", "RGBa", "PA"):
        alpha = page.point(lambda value: 255 - value)
        layer = Image.new({"L": "L", "P": "P"}.get(mode[0], "RGB"), page.size, 10)
        layer.putalpha(alpha)
        return layer.convert(mode)
    if mode == "P with transparency":
        picture = page.point(lambda value: 1 if value < 128 else 0).convert("P")
        picture.putpalette([10, 10, 10, 10, 10, 10])  # ink and paper of one colour: only the transparency tells
        picture.info["transparency"] = 0
        return picture
    if mode.startswith("I"):
        return Image.fromarray(np.asarray(page).astype(np.int32 if mode == "I" else np.uint16) * 257)
    if mode == "LAB":
        return Image.merge("LAB", [page, Image.new("L", page.size), Image.new("L", page.size)])
    if mode in ("HSV", "YCbCr", "CMYK"):
        return page.convert("RGB").convert(mode)
    return page.convert(mode)


MODES = ["1", "L", "P", "P with transparency", "LA", "La", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK"]
MODES += ["YCbCr", "HSV", "LAB", "I", "I;16", "F"]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode(page, mode):
    assert_like(in_mode(page, mode), to_mnist(page), 0.93)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_every_format_from_path_bytes_and_file(page, tmp_path, format):
    path = tmp_path / f"digit.{format.lower()}"
    page.save(path, format)
    expected = to_mnist(page)
    assert_like(path, expected, 0.95)
    np.testing.assert_array_equal(to_mnist(str(path)), to_mnist(path))
    np.testing.assert_array_equal(to_mnist(path.read_bytes()), to_mnist(path))
    with open(path, "rb") as file:
        np.testing.assert_array_equal(to_mnist(file), to_mnist(path))
        assert not file.closed


def test_first_frame_of_an_animation(page, tmp_path):
    page.save(tmp_path / "two.gif", save_all=True, append_images=[Image.new("L", page.size, 235)], duration=100)
    assert_like(tmp_path / "two.gif", to_mnist(page), 0.95)


@pytest.mark.parametrize(
    "dtype", "bool uint8 int8 uint16 int16 uint32 int32 uint64 int64 float16 float32 float64".split()
)
@pytest.mark.parametrize("shape", ["(H, W)", "(H, W, 1)", "(H, W, 3)", "(3, H, W)"])
def test_arrays_of_every_dtype(page, dtype, shape):
    gray = np.asarray(page)
    kind = np.dtype(dtype).kind
    array = {"b": gray > 128, "f": gray / 255}.get(kind, gray // (2 if dtype == "int8" else 1)).astype(dtype)
    if shape != "(H, W)":
        array = np.stack([array] * (1 if "1" in shape else 3), axis=0 if shape == "(3, H, W)" else 2)
    assert_like(array, to_mnist(page), 0.93)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-1, 1), (0, 255), (0, 1023), (0, 4095), (0, 65535)], ids=lambda value: str(value)
)
def test_every_usual_range_of_floats(page, low, high):
    assert_like(np.asarray(page) / 255 * (high - low) + low, to_mnist(page))


def test_a_reversed_or_strided_array(page):
    assert_like(np.repeat(np.asarray(page), 2, axis=1)[:, ::2], to_mnist(page), 0.99)


# --- transparency, orientation, polarity ------------------------------------------------


@pytest.mark.parametrize("ink", [(0, 0, 0), (255, 255, 255), (200, 30, 30)])
def test_hidden_colours_have_no_say(page, ink):
    alpha = 255 - np.asarray(page)
    alpha = np.where(alpha > 30, alpha, 0)
    layers = []
    for hidden in (0, 255, "noise"):
        colours = np.random.default_rng(0).integers(0, 256, (*alpha.shape, 3))
        if hidden != "noise":
            colours[:] = hidden
        colours[alpha > 0] = ink
        layers.append(Image.fromarray(np.dstack([colours, alpha]).astype(np.uint8)))
    results = [to_mnist(layer) for layer in layers]
    assert likeness(results[0], to_mnist(page)) > 0.85
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


def test_a_sheet_with_transparent_corners(page):
    sheet = page.convert("RGBA")
    colours = np.array(sheet)
    colours[:20, :20] = colours[-20:, -20:] = (0, 0, 0, 0)
    assert_like(Image.fromarray(colours), to_mnist(page))


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation(page, turn):
    """A camera held in any of eight ways: the stored picture is turned, the tag says how."""
    back = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = page
    for operation in back.get(turn, []):
        stored = stored.transpose(operation)
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = turn
    stored.save(file, "PNG", exif=exif)
    np.testing.assert_array_equal(to_mnist(file.getvalue()), to_mnist(page))


def test_polarity_does_not_matter(page):
    assert_like(Image.fromarray(255 - np.asarray(page)), to_mnist(page), 0.98)


# --- steps on a page --------------------------------------------------------------------


def test_a_shadow_is_divided_out(page):
    gray = np.asarray(page, np.float32)
    shadow = np.where(np.arange(100) < 50, 1.0, 0.5).astype(np.float32)
    ink, ink_in_shadow = even_light(gray), even_light(gray * shadow)
    assert np.median(ink_in_shadow) < 0.02
    assert likeness(ink, ink_in_shadow) > 0.95


def test_a_sheet_on_a_table_is_read_like_the_sheet_alone(page):
    table = Image.new("L", (220, 200), 90)
    table.paste(page, (60, 40))
    assert_like(table, to_mnist(page), 0.95)


@pytest.mark.parametrize("inverted", [False, True])
def test_the_holes_of_a_fat_eight_are_not_the_ink(inverted):
    y, x = np.mgrid[:200, :160]
    rings = np.minimum(np.abs(np.hypot(y - 65, x - 80) - 33), np.abs(np.hypot(y - 130, x - 80) - 37)) < 26
    gray = np.where(rings != inverted, 0, 255).astype(np.uint8)
    pixels = to_mnist(gray)
    assert pixels[:, 14].max() > 200, "ink at the waist"
    assert ndimage.label(pixels < 100)[1] == 3, "the paper around it and two holes"


@pytest.mark.parametrize(("before", "counts"), [("no box", True), ("no lines", False)])
def test_where_lines_were_taken_away_what_is_as_pale_does_not_count(before, counts):
    ink = np.zeros((100, 100), np.float32)
    ink[20:50, 40:46] = 0.8
    ink[50:80, 40:46] = 0.3
    [way] = the_mask(Way(ink, ink=ink).note(before, ink, ""))
    assert way.mask[20:50, 40:46].all() and way.mask[60, 43] == counts


@pytest.mark.parametrize(("rules", "odds"), [(3, 1), (4, 20)])
def test_a_line_may_be_a_stroke_but_squared_paper_is_not_the_digits(rules, odds):
    ink = np.zeros((240, 240), np.float32)
    ink[50:55, :] = 0.4
    ink[:, 20 : 20 + 45 * (rules - 1) : 45] = 0.4
    ink[90:170, 110:120] = 0.9
    without, untouched = no_lines(Way(ink, ink=ink))
    assert untouched.ink is ink and without.ink[52, 5] < 0.05 and without.ink[130, 115] > 0.8
    assert np.exp(without.odds - untouched.odds) == pytest.approx(odds, rel=0.01)


def test_the_ink_of_an_untouched_picture_is_found_once():
    mask = np.eye(40, dtype=bool)
    [way] = the_mask(Way(mask, ink=np.zeros((40, 40), np.float32), mask=mask).note("even light", mask, ""))
    assert way.mask is mask


def test_a_box_is_no_ink_that_the_digit_must_account_for():
    digit = np.zeros((200, 200), np.float32)
    digit[60:130, 90:102] = 0.9
    ink = digit.copy()
    ink[40:43, 50:150] = ink[140:143, 50:150] = ink[40:143, 50:53] = ink[40:143, 147:150] = 0.8
    without, within = no_boxes(Way(ink, ink=ink, found=ink, mask=ink > 0))
    np.testing.assert_array_equal(without.found, digit)
    assert within.found is ink


@pytest.mark.parametrize(("pale", "hidden"), [(18, False), (22, True)])
def test_ink_is_sought_without_the_strip_along_the_frame_where_it_hides_a_fifth_of_it(pale, hidden):
    ink = np.zeros((200, 200), np.float32)
    ink[:, 178:] = 0.9
    ink[20:120, 90:96] = 0.5
    ink[120 : 120 + pale, 90:96] = 0.2  # the strip lifts the threshold
    mask = find_ink(ink)
    before = Way(ink, ink=ink, found=ink * mask, mask=mask)
    [way] = no_surroundings(before)
    assert (way is not before) == hidden
    if hidden:
        assert np.count_nonzero(way.mask) == 6 * (100 + pale) and way.kept == pytest.approx(1)


@pytest.mark.parametrize(("clear", "ways"), [(0.85, 2), (0.95, 1), (-0.85, 2), (-0.95, 1)])
def test_both_polarities_are_tried_where_it_is_not_clear_and_the_other_at_odds_of_20_to_1(monkeypatch, clear, ways):
    monkeypatch.setattr(steps, "lightness_of_ink", lambda gray: clear)
    first, *others = dark_on_light(Way(np.full((30, 30), 200, np.float32)))
    assert (first.picture[0, 0], len(others)) == (55 if clear > 0 else 200, ways - 1)
    assert all(np.exp(first.odds - other.odds) == pytest.approx(20) for other in others)


@pytest.mark.parametrize(
    ("width", "hole", "ways"),
    [(30, 130, 1), (30, 140, 2), (66, 190, 2), (70, 190, 1)],  # twice as wide; a third of the height
)
def test_an_outline_may_as_well_be_filled_where_that_makes_wider_strokes_but_no_blob(width, hole, ways):
    outline = np.ones((200, width), bool)
    outline[10:hole, 10:-10] = False
    first, *others = filled(Way(outline))
    assert first.picture is outline and len(others) == ways - 1
    assert all(other.picture.all() and other.odds == first.odds for other in others)


@pytest.mark.parametrize(("width", "change"), [(5, "are made thicker"), (49, "and stay so"), (80, "are made thinner")])
def test_the_sentence_tells_what_becomes_of_the_strokes(width, change):
    [way] = strokes(Way(np.ones((400, width), bool)))
    assert change in way.journal[-1][2]


def test_a_picture_in_mnists_form_is_all_ink_and_whole(sample):
    [way] = prepare(sample.test.pixels[0])
    assert (way.kept, way.contacts, way.no_digit) == (1, 0, False)


def test_steps_show_masks_ink_and_grays_as_bytes():
    way = Way(None)
    for picture in (np.eye(2, dtype=bool), np.array([[0.2, 1]], np.float32), np.array([[7.4, 200]], np.float32)):
        way = way.note("", picture, "")
    assert [step.picture.tolist() for step in way.steps] == [[[255, 0], [0, 255]], [[51, 255]], [[7, 200]]]


def test_tiny_pictures_are_enlarged():
    digits = load_digits()
    picture = read_image(digits.images[0])
    assert picture.size == (8, 8)
    assert enlarge(picture).size == (56, 56)
    assert [step.name for step in explain(digits.images[0])][:2] == ["the picture", "enlarged"]


def test_explain_says_only_what_is_true(page):
    """Each sentence belongs to pictures that need its step, and to no others."""

    def names(picture):
        return {step.name for step in explain(picture)}

    assert names(page) == {"the picture", "even light", "ink", "digit", "cut out", "strokes", "fitted", "centred"}
    assert names(page.convert("RGB")) - names(page) == {"gray"}
    assert names(page.convert("RGBA")) - names(page) == {"gray"}  # nothing of it is transparent
    assert names(in_mode(page, "LA")) - names(page) == {"gray", "on paper"}
    assert names(Image.fromarray(255 - np.asarray(page))) - names(page) == {"dark on light"}
    lined = np.array(page.resize((300, 360)))
    lined[340:343] = 120
    assert names(Image.fromarray(lined)) - names(page) <= {"no lines", "no tail", "weighed"}
    assert names(Image.fromarray(lined)) & {"no lines", "no tail"}
    sentence = {step.name: step.sentence for step in explain(page)}["digit"]
    assert sentence == "All ink belongs to the digit."


# --- what is no digit -------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3), (28, 28), (300, 200)])
def test_blank_pictures(size, value):
    with pytest.raises(ImageError, match="blank"):
        to_mnist(Image.new("L", size, value))


@pytest.mark.parametrize("light", ["even", "gradient", "noise", "transparent"])
def test_blank_paper_is_blank(light):
    rng = np.random.default_rng(0)
    paper = np.full((200, 240), 200.0)
    if light == "gradient":
        paper *= np.linspace(0.5, 1, 240)
    if light == "noise":
        paper += rng.normal(0, 4, paper.shape)
    picture = Image.fromarray(paper.astype(np.uint8))
    if light == "transparent":
        hidden = rng.integers(0, 256, (200, 240, 4), dtype=np.uint8)
        hidden[:, :, 3] = 0
        picture = Image.fromarray(hidden)
    with pytest.raises(ImageError, match="blank"):
        to_mnist(picture)


def test_files_that_are_no_pictures(tmp_path, page):
    page.save(tmp_path / "whole.png")
    content = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(content[: len(content) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("seven")
    for name, mend in [
        ("none.png", "check the name"),
        ("", "is a folder"),
        ("half.png", "damaged"),
        ("empty.png", "empty"),
        ("notes.txt", "not a picture"),
    ]:
        with pytest.raises(ImageError, match=mend) as caught:
            to_mnist(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


def test_bytes_and_open_files_that_are_no_pictures(tmp_path):
    for content, mend in [(b"", "nothing"), (b"seven", "not a picture")]:
        with pytest.raises(ImageError, match=mend):
            to_mnist(content)
        with pytest.raises(ImageError, match=mend):
            to_mnist(io.BytesIO(content))
    (tmp_path / "text.txt").write_text("seven")
    with open(tmp_path / "text.txt") as file, pytest.raises(ImageError, match='"rb"'):
        to_mnist(file)


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    Image.new("1", (3000, 3000)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5_000_000)
    with pytest.raises(ImageError, match=r"bomb.png has more than 5 megapixels; crop it"):
        to_mnist(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 30, 30), np.uint8), r"pass list\(array\)"),
        (np.zeros(783, np.uint8), "not one picture"),
        (np.zeros((0, 28), np.uint8), "no pixels"),
        (np.full((28, 28), np.nan), "NaN"),
        (np.full((28, 28), "a"), "not numbers"),
        (np.zeros((28, 28), complex), "not numbers"),
    ],
)
def test_arrays_that_are_no_pictures(array, message):
    with pytest.raises(ImageError, match=message):
        to_mnist(array)


@pytest.mark.parametrize("thing", [None, 7, {"a": 1}, [1, 2]])
def test_other_things_are_a_type_error(thing):
    with pytest.raises(TypeError, match="a picture is a path, bytes"):
        to_mnist(thing)


# --- large pictures ---------------------------------------------------------------------


def test_large_pictures_are_reduced_first(page):
    file = io.BytesIO()
    page.resize((2500, 3000), Image.Resampling.BICUBIC).save(file, "JPEG")
    assert max(read_image(file.getvalue(), 480).size) <= 480
    assert_like(file.getvalue(), to_mnist(page), 0.92)
    file = io.BytesIO()
    page.resize((2500, 3000), Image.Resampling.BICUBIC).save(file, "PNG")
    large = page.resize((1600, 1920), Image.Resampling.BICUBIC)
    assert explain(large)[0].picture.shape == (480, 400)
    assert find_pages(large)[0].mask.shape == (960, 800)
    assert find_pages(page.resize((1000, 1200), Image.Resampling.BICUBIC))[0].mask.shape == (600, 500)
    assert_like(file.getvalue(), to_mnist(page), 0.92)
