import io
import itertools

import numpy as np
import pytest
from PIL import Image

from benchmarks.accuracy.numbers import draw_number
from lenet_helpers import ImageClassifier, ImageError, Reading, best_path, explain_number
from lenet_helpers.system.paths import COURSE


@pytest.fixture(scope="module")
def classifier():
    return ImageClassifier(COURSE / "model.pth", device="cpu")


@pytest.fixture(scope="module")
def number(sample):
    """Draw a number of the sample's test digits."""

    def draw(text, spacing="spaced", seed=0):
        pixels = [sample.test.pixels[sample.test.labels == int(digit)][seed] for digit in text]
        return draw_number(np.stack(pixels), spacing, np.random.default_rng(seed))

    return draw


# --- the best path


def every_path(cuts):
    """All ways from the first cut to the last, by brute force."""
    for count in range(cuts - 1):
        for inner in itertools.combinations(range(1, cuts - 1), count):
            yield [0, *inner, cuts - 1]


@pytest.mark.parametrize("seed", range(5))
def test_the_best_path_is_the_best_of_all_paths(seed):
    scores = np.random.default_rng(seed).normal(size=(7, 7))
    scores[np.random.default_rng(seed + 9).random((7, 7)) < 0.2] = -np.inf
    scores[np.arange(6), np.arange(1, 7)] = np.random.default_rng(seed).normal(size=6)  # one way there is always

    def total(path):
        return sum(scores[arc] for arc in itertools.pairwise(path))

    assert best_path(scores) == max(every_path(7), key=total)


def test_a_row_without_a_cut_has_one_path():
    assert best_path(np.array([[-np.inf, 3.0], [-np.inf, -np.inf]])) == [0, 1]


def test_evidence_counts_for_each_length_of_line_above_eight_no_more_and_less_where_it_is_wide(classifier, number):
    graph = classifier.read(number("47103")).graphs[0]
    row = graph.row
    digits = {arc: read[-1] for arc, read in graph.reads.items() if row.length(*arc) > 1 and read[-1] > 2}
    assert min(digits.values()) < 8 and max(digits.values()) > 10
    wide = {}
    for (first, last), evidence in digits.items():
        columns = np.flatnonzero(((row.labels > first) & (row.labels <= last)).any(0))
        wide[first, last] = max(0, (columns[-1] + 1 - columns[0]) / row.height - 0.9)
        counted = graph.scores[first, last] + 6.0 * row.contacts[last]  # what the cut costs
        expected = row.length(first, last) * (min(evidence, 8.0) - 6.0 * wide[first, last])
        assert counted == pytest.approx(expected)
    assert min(wide.values()) == 0 < max(wide.values())


# --- reading


@pytest.mark.parametrize("spacing", ["spaced", "touching", "overlapping"])
def test_reads_a_number(classifier, number, spacing):
    reading = classifier.read(number("47103", spacing))
    assert isinstance(reading, Reading)
    assert reading.text == "47103"
    assert [digit.prediction.digit for digit in reading.digits] == [4, 7, 1, 0, 3]
    assert reading.confidence == pytest.approx(np.prod([digit.prediction.confidence for digit in reading.digits]))
    assert 0 < reading.confidence <= 1


def test_boxes_are_fractions_of_the_picture_and_stand_from_left_to_right(classifier, number):
    picture = number("2068")
    ink = np.asarray(picture.convert("L")) < 128
    boxes = [digit.box for digit in classifier.read(picture).digits]
    lefts = [left for left, *_ in boxes]
    assert lefts == sorted(lefts) and all(0 <= side <= 1 for box in boxes for side in box)
    inside = np.zeros_like(ink)
    for left, top, right, bottom in boxes:
        rows, columns = (
            slice(int(a * side), int(np.ceil(b * side)) + 1)
            for a, b, side in ((top, bottom, len(ink)), (left, right, ink.shape[1]))
        )
        assert ink[rows, columns].any()
        inside[rows, columns] = True
    assert ink[inside].sum() > 0.95 * ink.sum()


def test_rows_are_read_from_top_to_bottom(classifier, number):
    upper, lower = number("312", seed=1), number("9057", seed=1)
    lower = lower.resize((round(lower.width * upper.height / lower.height), upper.height))
    page = Image.new("L", (max(upper.width, lower.width), 2 * upper.height), 230)
    for place, picture in enumerate((upper, lower)):
        page.paste(picture.point(lambda value: min(value, 230)), (0, place * upper.height))
    assert classifier.read(page).text == "312\n9057"


def test_light_on_dark_reads_the_same(classifier, number):
    picture = number("864")
    assert (
        classifier.read(Image.eval(picture, lambda value: 255 - value)).text == classifier.read(picture).text == "864"
    )


def test_commas_and_dashes_become_nothing(classifier, number):
    picture = np.asarray(number("68")).copy()
    ink = np.argwhere(picture < 128)
    (top, left), (bottom, right) = ink.min(0), ink.max(0)
    height, dark = bottom - top, picture.min()
    between = np.flatnonzero(~(picture[:, left:right] < 128).any(0))[0] + left
    wider = np.insert(picture, [between] * int(0.5 * height), picture[0, 0], axis=1)
    comma = slice(between + int(0.2 * height), between + int(0.3 * height))
    wider[bottom - height // 8 : bottom + height // 16, comma] = dark
    assert (classifier.read(wider).text, classifier.read(wider).warning) == ("68", None)
    dash = wider.copy()
    dash[bottom - height // 8 : bottom + height // 16, comma] = picture[0, 0]
    dash[top + height // 2 : top + height // 2 + height // 12, comma.start - height // 12 : comma.stop] = dark
    assert (classifier.read(dash).text, classifier.read(dash).warning) == ("68", None)


def test_a_single_digit_is_read_as_by_predict(classifier, sample):
    pixels = sample.test.pixels[::25]
    assert [classifier.read(image).text for image in pixels] == [
        str(digit) for digit in classifier.predict(list(pixels))
    ]
    reading, prediction = classifier.read(COURSE / "test.png"), classifier.classify(COURSE / "test.png")
    assert (reading.text, reading.confidence, reading.warning) == ("5", prediction.confidence, None)
    left, top, right, bottom = reading.digits[0].box
    assert 0 < left < right < 1 and 0 < top < bottom < 1


def test_where_one_digit_is_found_it_is_what_predict_reads(classifier, number):
    picture = np.asarray(number("5", seed=2)).copy()
    ink = np.argwhere(picture < 128)
    (top, _), (bottom, right) = ink.min(0), ink.max(0)
    wider = np.pad(picture, ((0, 0), (0, 80)), constant_values=picture[0, 0])
    wider[(top + bottom) // 2 : (top + bottom) // 2 + 6, right + 30 : right + 60] = picture.min()  # a dash
    reading, prediction = classifier.read(wider), classifier.classify(wider)
    assert (reading.text, reading.confidence) == (str(prediction.digit), prediction.confidence)
    assert reading.text == "5" and not reading.graphs


def test_a_doubtful_number_is_not_taken_for_the_one_digit_in_it_that_is_sure(classifier, number, monkeypatch):
    assert len(classifier.read(number("4711")).text) == 4
    monkeypatch.setattr("lenet_helpers.numbers.Page.score", property(lambda page: -9.0))
    assert len(classifier.read(number("4711")).text) == 4


def test_ruled_lines_are_no_ink_that_is_left_unread(classifier, number):
    picture = np.asarray(number("471")).copy()
    picture[::12] = np.minimum(picture[::12], picture[0, 0] - 60)
    reading = classifier.read(picture)
    assert (reading.text, reading.warning) == ("471", None)


def test_the_cells_of_a_form_are_no_digits(classifier, number):
    picture = np.asarray(number("308")).copy()
    ink = picture < 128
    rows, filled = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    gaps = filled[:-1][np.diff(filled) > 3] + np.diff(filled)[np.diff(filled) > 3] // 2
    top, bottom, sides = rows[0] - 8, rows[-1] + 8, [filled[0] - 8, *gaps, filled[-1] + 8]
    picture[[top, bottom], sides[0] : sides[-1] + 1] = 90
    picture[top:bottom, sides] = 90
    assert classifier.read(picture).text == "308"


def test_thin_lines_beside_bold_digits_are_no_ones(classifier, number):
    picture = np.asarray(number("308")).copy()
    ink = np.argwhere(picture < 128)
    (top, left), (bottom, right) = ink.min(0), ink.max(0)
    picture[top:bottom, [left - 12, right + 12]] = picture.min()
    assert classifier.read(picture).text == "308"


@pytest.mark.parametrize(("darkness", "text"), [(0.5, "386"), (1.0, "1386")])
def test_a_line_at_the_side_is_no_one_when_it_is_paler_than_the_digits(classifier, number, darkness, text):
    page = np.asarray(number("386")).copy()
    dark, paper = int(page.min()), int(page[0, 0])
    top, bottom = np.flatnonzero((page < 128).any(1))[[0, -1]]
    page[top:bottom, 2 : 2 + (bottom - top) // 12] = round(paper + darkness * (dark - paper))
    assert classifier.read(page).text == text


def test_a_line_under_the_digits_and_what_lies_beside_the_paper_are_none(classifier, number):
    picture = np.asarray(number("308")).copy()
    bottom = np.flatnonzero((picture < 128).any(1))[-1]
    picture[bottom - 1 : bottom + 2] = picture.min()
    wider = np.pad(picture, ((80, 80), (0, 80)), constant_values=picture[0, 0])
    wider[:, -6:] = picture.min()
    for page, step in ((picture, "no line"), (wider, "the paper")):
        reading = classifier.read(page)
        assert reading.text == "308" and step in [step.name for step in reading.steps]


@pytest.mark.parametrize("table", [6, 24])
def test_pale_ink_on_a_page_with_a_dark_table_beside_it_is_read(classifier, number, table):
    picture = np.asarray(number("308"), float)
    page = np.pad(255 - 0.15 * (picture.max() - picture), ((200, 200), (40, 40)), constant_values=255)
    page[:, -table:] = 20
    page = page.astype(np.uint8)
    assert classifier.read(page).text == "308"
    left = np.flatnonzero(picture.min(0) > 128)  # the paper between the digits
    first = page[:, : 40 + left[left > np.flatnonzero(picture.min(0) < 128)[0]][0]]
    assert classifier.predict(np.hstack([first, page[:, -60:]])) == 3  # a strip alone would be a 1


def test_bad_pictures_are_refused_as_by_predict(classifier, tmp_path):
    for bad in (
        tmp_path / "nowhere.png",
        b"no picture",
        Image.new("L", (60, 60), 200),
        np.zeros((3, 28, 28), np.uint8),
    ):
        with pytest.raises(ImageError) as refused:
            classifier.predict([bad])
        with pytest.raises(ImageError) as also:
            classifier.read(bad)
        assert str(also.value) in str(refused.value) or "pictures, not one" in str(also.value)


def test_an_open_file_is_read(classifier, number):
    file = io.BytesIO()
    number("90").save(file, "PNG")
    file.seek(0)
    assert classifier.read(file).text == "90"


def test_a_digit_beyond_doubt_is_read_whole_and_one_that_touches_another_in_pieces(classifier, number):
    (apart,), (close,) = (classifier.read(number("4711", spacing)).graphs for spacing in ("spaced", "pushed together"))
    assert len(apart.reads) < 2 * len(apart.row.boxes)
    assert close.row.contacts.any() and len(close.reads) > 2 * len(close.row.boxes)
    for graph in (apart, close):
        assert all(np.isfinite(graph.scores[arc]) for arc in itertools.pairwise(graph.path))


# --- doubts


def test_what_is_no_digit_gives_a_warning(classifier):
    marks = np.full((120, 300), 255, np.uint8)
    for left in range(20, 280, 60):
        marks[40:48, left : left + 14] = marks[70:78, left : left + 14] = 0  # dashes, two by two
    reading = classifier.read(marks)
    assert not reading.text or reading.warning


def test_print_ends_in_a_warning(classifier):
    page = np.full((800, 900), 255, np.uint8)
    for top, left in itertools.product(range(10, 780, 16), range(10, 880, 16)):
        page[top : top + 8, left : left + 3] = 0
    reading = classifier.read(page)
    assert (reading.text, reading.digits, reading.confidence) == ("", [], 0.0)
    assert "too many" in reading.warning


@pytest.mark.parametrize(("score", "says"), [(3.9, "Much of the ink does not look like digits"), (4.1, None)])
def test_a_page_that_its_digits_explain_badly_is_warned_of(classifier, number, monkeypatch, score, says):
    monkeypatch.setattr("lenet_helpers.numbers.Page.score", property(lambda page: score))
    reading = classifier.read(number("47103"))
    assert (reading.text, reading.warning) == ("47103", says)


def test_a_doubtful_digit_is_named(classifier, monkeypatch, number):
    monkeypatch.setattr("lenet_helpers.numbers.doubt", lambda *_: "it may also be an 8")
    monkeypatch.setattr("lenet_helpers.numbers.MOST_DOUBTFUL", 1.0)
    warning = classifier.read(number("31")).warning
    assert warning == "Digit 1, 3: it may also be an 8; digit 2, 1: it may also be an 8"


@pytest.mark.parametrize(
    ("costs", "text", "says"),
    [(30.0, "68013", None), (300.0, "6801", "A piece of ink that may be a digit was left out")],
)
def test_a_digit_that_is_left_out_for_being_small_is_warned_of(classifier, number, monkeypatch, costs, text, says):
    monkeypatch.setattr("lenet_helpers.numbers.SHORT_COSTS", costs)
    page, small = number("6801"), number("3")
    small = small.resize((small.width * 6 * page.height // small.height // 10, 6 * page.height // 10))
    wide = Image.new("L", (page.width + small.width, page.height), page.getpixel((0, 0)))
    wide.paste(page)
    wide.paste(small.point(lambda value: min(value, wide.getpixel((0, 0)))), (page.width, page.height // 5))
    reading = classifier.read(wide)
    assert (reading.text, reading.warning) == (text, says)


# --- showing it


def test_it_is_explained_in_steps(classifier, number):
    steps = explain_number(number("26"), classifier.model)
    assert [step.name for step in steps[-3:]] == ["rows", "cuts", "path"]
    assert all(step.picture.dtype == np.uint8 and step.picture.shape[2] == 3 for step in steps[-3:])
    assert "found: 1" in steps[-3].sentence and "reads 26" in steps[-1].sentence
    assert (steps[-1].picture != steps[-2].picture).any()
    assert [step.name for step in explain_number(COURSE / "test.png")][-1] == "centred"


def test_rows_that_touch_are_read_apart(classifier, number):
    upper, lower = (255 - np.asarray(number(text, seed=1)).astype(int) for text in ("312", "9057"))
    upper, lower = (
        ink[np.flatnonzero((ink > 128).any(1))][:, np.flatnonzero((ink > 128).any(0))] for ink in (upper, lower)
    )
    lower = np.asarray(Image.fromarray(lower.astype(np.uint8)).resize((lower.shape[1], len(upper))))
    page = np.zeros((2 * len(upper) - 3, max(upper.shape[1], lower.shape[1])), int)
    page[: len(upper), : upper.shape[1]] = upper
    page[len(upper) - 3 :, : lower.shape[1]] = np.maximum(page[len(upper) - 3 :, : lower.shape[1]], lower)
    assert classifier.read(255 - np.pad(page, 40).clip(30, 255).astype(np.uint8)).text == "312\n9057"
