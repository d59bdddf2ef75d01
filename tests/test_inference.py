import io
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy import ndimage

from benchmarks.accuracy import rendered
from lenet_helpers import LeNet, ModelError, imageClassifier, to_input
from lenet_helpers.drawing.strokes import draw_strokes, sample_digit
from lenet_helpers.inference import (
    SIZES,
    SLANTS,
    ImageClassifier,
    ImageError,
    Prediction,
    at_slants,
    explain,
    judge,
    occlusion,
    prediction_of,
    probabilities_over_slants,
    to_mnist,
)
from lenet_helpers.preparation.folder import FolderError, contact_sheet, evaluate_folder, read_labels
from lenet_helpers.preparation.steps import Way, prepare
from lenet_helpers.system.paths import COURSE


@pytest.fixture(scope="session")
def classifier():
    return ImageClassifier(COURSE / "model.pth", device="cpu")


@pytest.fixture(scope="session")
def digits(sample):
    """50 digits of the sample's test split, five of each class."""
    order = np.argsort(sample.test.labels, kind="stable").reshape(10, -1)[:, :5].ravel()
    return sample.test.pixels[order], sample.test.labels[order]


@pytest.fixture
def page(digits):
    """A 3 on a page."""
    pixels, labels = digits
    return rendered.plain(pixels[labels == 3][0], np.random.default_rng(0))


# --- the classifier ---------------------------------------------------------------------


def test_reads_the_course_picture(classifier):
    assert classifier.predict(COURSE / "test.png") == 5
    assert classifier.classify(COURSE / "test.png").warning is None


def test_the_course_picture_is_like_a_persons():
    with Image.open(COURSE / "test.png") as picture:
        assert picture.mode == "RGB"
        assert min(picture.size) > 28
        gray = np.asarray(picture.convert("L"), float)
    ink = gray < 120
    assert 0.01 < ink.mean() < 0.1, "dark ink on light paper"
    y, x = np.argwhere(ink).mean(0) / gray.shape
    assert max(abs(y - 0.5), abs(x - 0.5)) > 0.03, "off-centre"
    assert np.percentile(gray[~ink], 95) - np.percentile(gray[~ink], 5) > 10, "uneven paper"


def test_the_course_picture_can_be_drawn_again(tmp_path):
    out = tmp_path / "again.png"
    subprocess.run([sys.executable, COURSE / "tools" / "draw_test_png.py", out], check=True, capture_output=True)
    with Image.open(out) as again, Image.open(COURSE / "test.png") as committed:
        difference = np.abs(np.asarray(again, int) - np.asarray(committed, int))
    assert difference.max() <= 1, "test.png is not what tools/draw_test_png.py draws"


def test_one_picture_gives_an_int_and_many_a_list(classifier, page):
    digit = classifier.predict(page)
    assert type(digit) is int
    answers = classifier.predict([page, page])
    assert answers == [digit, digit]
    assert all(type(answer) is int for answer in answers)
    assert classifier.predict((page,)) == [digit]
    assert classifier.predict([]) == []


def test_a_list_of_arrays_is_many_pictures(classifier, digits):
    pixels, _ = digits
    assert classifier.predict(list(pixels[:10])) == [classifier.predict(image) for image in pixels[:10]]


def test_probabilities_are_the_mean_softmax_over_slants_and_sizes(classifier, digits):
    pixels = digits[0][:7]
    found = classifier.predict_proba(list(pixels))
    given = torch.from_numpy((pixels[:, None] / 255 - 0.5) / 0.5).float()
    copies = torch.cat([at_slants(given, size=size) for size in SIZES])
    with torch.no_grad():
        logits = classifier.model(copies.flatten(0, 1)).double().numpy().reshape(15, 7, 10)
    expected = (np.exp(logits) / np.exp(logits).sum(2, keepdims=True)).mean(0)
    assert found.dtype == np.float32
    assert found.shape == (7, 10)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)
    assert classifier.predict_proba(pixels[0]).shape == (10,)
    assert classifier.predict_proba([]).shape == (0, 10)


def test_classify_tells_what_the_network_saw(classifier, page):
    prediction = classifier.classify(page)
    assert isinstance(prediction, Prediction)
    assert type(prediction.digit) is int
    assert prediction.digit == classifier.predict(page)
    assert prediction.confidence == pytest.approx(prediction.probabilities.max())
    np.testing.assert_array_equal(prediction.pixels, to_mnist(page))


def test_the_old_name_still_works():
    assert imageClassifier is ImageClassifier


def test_takes_a_network_or_a_file(classifier, page, tmp_path, monkeypatch):
    expected = classifier.predict_proba(page)
    network = LeNet(seed=0)
    network.load_state_dict(classifier.model.state_dict())
    np.testing.assert_array_equal(ImageClassifier(network.train()).predict_proba(page), expected)
    monkeypatch.chdir(tmp_path)  # the file is found from any working directory
    np.testing.assert_allclose(ImageClassifier(device="cpu").predict_proba(page), expected, atol=1e-6)
    with pytest.raises(ModelError, match=r"nowhere\.pth"):
        ImageClassifier("nowhere.pth")


def test_a_picture_that_is_blank_is_never_read(classifier):
    with pytest.raises(ImageError, match="blank"):
        classifier.predict(Image.new("L", (60, 60), 200))


# --- doubts -----------------------------------------------------------------------------


def big(pixels, side=140):
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)


def test_warns_of_more_than_one_digit(classifier, digits):
    pixels, labels = digits
    sheet = Image.new("L", (320, 180))
    for x, digit in ((10, 4), (170, 5)):
        sheet.paste(big(pixels[labels == digit][0]), (x, 20))
    assert "more than one digit" in classifier.classify(sheet).warning


SEVERAL = "There is more than one digit in the picture"


@pytest.mark.parametrize("part", [0.34, 0.65])
def test_a_digit_that_a_failing_pen_broke_in_two_is_one_digit(classifier, part):
    """Either half could be a digit: the upper one looks like a 7."""
    [stroke] = sample_digit(3, width=40)
    points = stroke["points"]
    start, end = (2 * round((part + side) * len(points) / 2) for side in (-0.05, 0.05))
    halves = [{**stroke, "points": half} for half in (points[:start], points[end:])]
    picture = draw_strokes(halves)
    assert prepare(picture)[0].several
    prediction = classifier.classify(picture)
    assert prediction.digit == 3 and prediction.warning is None


@pytest.mark.parametrize(
    ("rival", "kept", "warned"),
    [(4.2, 1.0, None), (4.5, 1.0, SEVERAL), (4.2, 0.91, None), (4.2, 0.89, SEVERAL)],  # at 4.4 the odds are 100 to 1
)
def test_pieces_are_several_digits_where_the_network_is_not_sure_of_one_that_has_nearly_all_the_ink(
    rival, kept, warned
):
    mask, found = np.zeros((120, 120), bool), np.zeros((120, 120), np.float32)
    mask[10:110, 50:60] = True
    found[10:110, 50:60], found[60, 80] = kept, 1000 * (1 - kept)
    pieces = Way(np.full((28, 28), 100, np.uint8), found=found, mask=mask, several=True)
    network = Answering(0.0, 9.0, *[0.0] * 5, rival, 0.0, 0.0)
    assert prediction_of(judge(network, [[pieces]])[0]).warning == warned


@pytest.mark.parametrize("cut", [(0, 0, 140, 95), (0, 0, 70, 140), (70, 0, 140, 140)])
def test_warns_of_ink_cut_by_the_edge(classifier, digits, cut):
    eight = big(digits[0][digits[1] == 8][0]).crop(cut)
    assert "edge" in classifier.classify(eight).warning


class Answering(torch.nn.Module):
    """A network that gives every image the same logits."""

    def __init__(self, *logits):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits))

    def forward(self, images):
        return self.logits.expand(len(images), -1)


def test_warns_of_a_tie_and_of_what_is_no_digit(digits):
    torn = Answering(0.0, 0.0, 0.0, 9.1, 0.0, 0.0, 0.0, 0.0, 9.0, 0.0)
    prediction = ImageClassifier(torn).classify(digits[0][0])
    assert (prediction.digit, prediction.warning) == (3, "It may also be an 8")
    assert ImageClassifier(Answering(*[0.0] * 10)).classify(digits[0][0]).warning == "It does not look like a digit"


class AnsweringLarge(torch.nn.Module):
    """A network that is so sure of a 3, as logits, in the copies with most ink, and of nothing in the others."""

    def __init__(self, sure):
        super().__init__()
        self.three = torch.nn.Parameter(sure * torch.nn.functional.one_hot(torch.tensor(3), 10))

    def forward(self, images):
        ink = images.mean((1, 2, 3))[:, None]
        return self.three * (ink > (ink.min() + ink.max()) / 2)


@pytest.mark.parametrize(("sure", "doubted"), [(8.0, True), (16.0, False)])
def test_what_some_copies_tell_beyond_doubt_is_not_doubted_for_the_others(digits, sure, doubted):
    """Most copies tell nothing: so undecided is the mean either way."""
    prediction = ImageClassifier(AnsweringLarge(sure)).classify(digits[0][0])
    assert prediction.confidence < 0.5
    assert (prediction.digit, prediction.warning is not None) == (3, doubted)


def test_the_edge_is_warned_of_where_the_network_is_not_sure_or_several_strokes_meet_it(classifier):
    page = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(page).line([(100, 60), (100, 199)], fill=0, width=9)
    assert classifier.classify(page).warning is None  # a 1 that ends there
    unsure, sure = (ImageClassifier(Answering(0.0, 9.0, *[0.0] * 5, rival, 0.0, 0.0)) for rival in (4.5, 4.2))
    assert unsure.classify(page).warning == "The digit touches the edge of the picture, so a part of it may be missing"
    assert sure.classify(page).warning is None  # odds of more than 100 to 1
    ImageDraw.Draw(page).line([(60, 199), (60, 100), (140, 100)], fill=0, width=9)
    assert "edge" in classifier.classify(page).warning


def test_warns_of_a_blot_however_sure_the_network_is():
    y, x = np.mgrid[-100:100, -100:100]
    sure = ImageClassifier(Answering(20.0, *[0.0] * 9))
    blot, ring = ((np.hypot(y / 40, x / 34) > 1) | (np.hypot(y / 40, x / 34) < inner) for inner in (0, 0.7))
    assert sure.classify(blot).warning == "It does not look like a digit"
    assert sure.classify(ring).warning is None


def test_does_not_warn_of_a_clean_digit(classifier, digits):
    sure = [classifier.classify(big(image, 200)).warning is None for image in digits[0]]
    assert np.mean(sure) > 0.85


# --- the judge --------------------------------------------------------------------------


def way(kept=1.0, odds=0.0, value=100):
    """A way with pixels of one value, on which the digit has so much of the ink."""
    found = np.ones((1, 1000), np.float32)
    mask = np.arange(1000)[None] < 1000 * kept
    return Way(np.full((28, 28), value, np.uint8), found=found, mask=mask, odds=odds)


class Brightness(torch.nn.Module):
    """A network for which brighter pictures look more like a 1."""

    def __init__(self):
        super().__init__()
        self.one = torch.nn.Parameter(20.0 * torch.nn.functional.one_hot(torch.tensor(1), 10))

    def forward(self, images):
        return self.one * (images.mean((1, 2, 3))[:, None] + 1)


@pytest.mark.parametrize(
    ("ways", "best"),
    [
        ([way(0.5), way(1.0)], 1),  # as sure of both: the one that uses the ink
        ([way(0.9, value=130), way(1.0)], 0),  # the network is much surer, and little ink is left
        ([way(0.05, value=130), way(1.0)], 1),  # hardly any ink is left
        ([way(), way(odds=-3)], 0),
        ([way(odds=-3), way()], 1),
        ([way(odds=-3, value=240), way()], 0),  # the network sees what the picture did not show
        ([way(), way()], 0),  # the first of equals
    ],
)
def test_the_judge_weighs_evidence_ink_and_odds(ways, best):
    readings = judge(Brightness(), [ways])[0]
    assert readings[0].way is ways[best]
    assert readings[0].score >= readings[-1].score


def test_evidence_is_the_mean_of_the_log_odds_over_the_slants(classifier, digits):
    reading = judge(classifier.model, [prepare(digits[0][0])])[0][0]
    with torch.no_grad():
        probabilities = [
            classifier.model(images).double().softmax(1)[0]
            for size in SIZES
            for images in at_slants(to_input(digits[0][0][None]), size=size)
        ]
    best = int(np.mean([p.numpy() for p in probabilities], axis=0).argmax())
    odds = [np.log(float(p[best])) - np.log(float(p.sum() - p[best])) for p in probabilities]
    assert reading.evidence == pytest.approx(np.mean(odds), abs=1e-3)


def test_pictures_are_judged_each_by_itself_in_one_batch(classifier):
    first, second = [way(0.2), way(1.0)], [way(1.0, value=200)]
    together = judge(classifier.model, [first, second])
    assert [len(readings) for readings in together] == [2, 1]
    assert together[0][0].way in first and together[1][0].way is second[0]


@pytest.mark.parametrize("specks", [0, 2])
def test_a_bold_nought_is_no_ring_round_what_lies_in_it(classifier, specks):
    page = Image.new("L", (420, 420), 255)
    ImageDraw.Draw(page).ellipse((130, 80, 290, 340), outline=0, width=28)
    for x, y in [(205, 130), (215, 290)][:specks]:
        ImageDraw.Draw(page).rectangle((x, y, x + 3, y + 3), fill=215)  # what JPEG leaves
    prediction = classifier.classify(page)
    assert (prediction.digit, prediction.warning) == (0, None)


@pytest.mark.parametrize("side", [0, 1, 2, 3])
def test_strokes_that_reach_the_edge_are_no_ruled_lines(classifier, side):
    """A 7 whose bar touches the edge of its crop; and the same with a margin."""
    page = Image.new("L", (240, 300), 255)
    ImageDraw.Draw(page).line([(60, 60), (180, 60), (105, 240)], fill=0, width=14, joint="curve")
    box = [0, 0, 240, 300]
    box[side] = [60, 55, 180, 240][side]
    assert classifier.predict(page.crop(box)) == classifier.predict(page) == 7


def test_explain_tells_what_was_weighed(classifier):
    page = Image.new("L", (300, 300), 255)
    drawing = ImageDraw.Draw(page)
    drawing.line([(90, 80), (210, 80), (140, 230)], fill=0, width=12, joint="curve")
    drawing.line([(0, 150), (300, 150)], fill=120, width=2)
    assert classifier.predict(page) == 7
    steps = explain(page, classifier.model)
    names = [step.name for step in steps]
    weighed = steps[names.index("weighed")]
    assert names.index("digit") < names.index("weighed") < names.index("cut out")
    assert weighed.picture.shape[1] >= 2 * 28 + 4 and "a 7 with" in weighed.sentence
    np.testing.assert_array_equal(weighed.picture[:, :28], steps[-1].picture)
    assert [step.sentence for step in classifier.classify(page).steps] == [step.sentence for step in steps]


def test_one_way_alone_needs_no_network(page, monkeypatch):
    monkeypatch.setattr("lenet_helpers.inference.load_model", lambda *_: pytest.fail("the network was asked"))
    assert to_mnist(page).any()


# --- as well on a page as clean ---------------------------------------------------------


@pytest.fixture(scope="module")
def clean(classifier, digits):
    """Which digits are read in their clean form."""
    pixels, labels = digits
    return np.array(classifier.predict(list(pixels))) == labels


@pytest.mark.parametrize("kind", rendered.KINDS, ids=lambda kind: kind.__name__)
def test_a_page_costs_at_most_one_digit_in_fifty(classifier, digits, clean, kind, monkeypatch):
    monkeypatch.setattr(rendered, "SIDES", (200, 320))
    pixels, labels = digits
    rng = np.random.default_rng(2)
    on_page = np.array(classifier.predict([kind(image, rng) for image in pixels])) == labels
    assert clean.sum() - on_page.sum() <= 1, f"lost {labels[clean & ~on_page]}"


# --- folders ----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, digits):
    pixels, labels = digits
    rows = ["path,label,note"]
    for i in range(0, 50, 5):
        sub = "ink" if i < 25 else "chalk"
        (tmp_path / sub).mkdir(exist_ok=True)
        rendered.large(pixels[i], np.random.default_rng(i)).save(tmp_path / sub / f"{i}.png")
        rows.append(f"{sub}/{i}.png,{labels[i]},hello")
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_a_folder_is_evaluated(classifier, folder):
    result = evaluate_folder(classifier, folder)
    pairs = read_labels(folder)
    right = [classifier.predict(folder / path) == label for path, label in pairs]
    assert result.images == 10
    assert result.counts == {"chalk": 5, "ink": 5}
    assert result.accuracy == pytest.approx(np.mean(right))
    assert result.by_folder["ink"] == pytest.approx(np.mean(right[:5]))
    assert result.mean_over_folders == pytest.approx((np.mean(right[:5]) + np.mean(right[5:])) / 2)
    assert len(result.errors) == right.count(False)


def test_mistakes_and_unreadable_pictures_are_listed(classifier, folder):
    wrong = (folder / "labels.csv").read_text().replace("ink/0.png,0", "ink/0.png,1")
    (folder / "labels.csv").write_text(wrong)
    (folder / "ink" / "5.png").write_bytes(b"not a picture")
    Image.new("L", (50, 50), 255).save(folder / "ink" / "10.png")
    result = evaluate_folder(classifier, folder)
    errors = {error.path: error for error in result.errors}
    assert errors["ink/0.png"].prediction == classifier.predict(folder / "ink" / "0.png")
    np.testing.assert_array_equal(errors["ink/0.png"].pixels, to_mnist(folder / "ink" / "0.png"))
    assert errors["ink/5.png"].prediction is None
    assert "5.png" in errors["ink/5.png"].message
    assert "blank" in errors["ink/10.png"].message
    sheet = contact_sheet(result.errors)
    assert sheet.mode == "RGB"
    assert len(np.unique(np.asarray(sheet))) > 10


def test_an_interrupted_evaluation_gives_back_what_it_has(classifier, folder):
    whole = evaluate_folder(classifier, folder)
    pairs = read_labels(folder)
    assert whole.complete and whole.images == len(pairs)

    class Interrupted:
        def __init__(self, after):
            self.left = after

        def classify(self, file):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return classifier.classify(file)

    with pytest.warns(UserWarning, match=f"interrupted: 2 of {len(pairs)} pictures were read"):
        part = evaluate_folder(Interrupted(2), folder)
    assert not part.complete and part.images == 2
    listed = [path for path, _ in pairs[:2]]
    assert [error.path for error in part.errors] == [error.path for error in whole.errors if error.path in listed]
    with pytest.raises(KeyboardInterrupt):  # nothing was done yet
        evaluate_folder(Interrupted(0), folder)


def test_a_sheet_without_mistakes_says_so():
    assert np.asarray(contact_sheet([])).min() < 128


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "labels.csv does not exist"),
        ("path,digit\na.png,3\n", "lacks the column label"),
        ("path,label\n", "lists no picture"),
        ("path,label\nink/0.png,ten\n", "line 2: the label must be a digit"),
        ("path,label\nink/none.png,3\n", "there is no picture 'ink/none.png'"),
    ],
)
def test_a_folder_that_cannot_be_evaluated(classifier, folder, content, message):
    (folder / "labels.csv").unlink()
    if content is not None:
        (folder / "labels.csv").write_text(content)
    with pytest.raises(FolderError, match=message):
        evaluate_folder(classifier, folder)


# --- good manners -----------------------------------------------------------------------


def test_lessons_import_no_plots_and_print_nothing():
    # Nor does the first of them import torchvision: it takes two seconds, and only the original transform and a
    # download need it.
    code = (
        "import sys, lenet_helpers.data; assert 'torchvision' not in sys.modules; "
        "from lenet_helpers.inference import ImageClassifier; import lenet_helpers.preparation.folder; "
        f"ImageClassifier({str(COURSE / 'model.pth')!r}).predict({str(COURSE / 'test.png')!r}); "
        "bad = {'matplotlib', 'IPython', 'ipywidgets', 'torchvision'} & set(sys.modules); assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=COURSE, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_explain_shows_every_step(page):
    steps = explain(page)
    assert len(steps) >= 8
    assert all(step.picture.dtype == np.uint8 and step.name and step.sentence.endswith(".") for step in steps)
    np.testing.assert_array_equal(steps[-1].picture, to_mnist(page))
    height, width = steps[0].picture.shape[:2]
    assert height / width == pytest.approx(page.height / page.width, rel=0.01)


def test_the_sheet_of_a_drawing_pad_is_read(classifier):
    """One stroke of a mouse, as the drawing pad gives it: a straight 1."""
    sheet = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(sheet).line([(150, 60), (138, 215)], fill=0, width=5)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    assert classifier.predict(file.getvalue()) == 1


def test_an_error_names_the_file_and_the_place_in_the_list(classifier, digits, tmp_path):
    blank = tmp_path / "blank.png"
    Image.new("L", (60, 60), 255).save(blank)
    with pytest.raises(ImageError, match=rf"^{re.escape(str(blank))} is blank"):
        classifier.predict(blank)
    with pytest.raises(ImageError, match=rf"^images\[1\]: {re.escape(str(blank))} is blank"):
        classifier.predict([digits[0][0], blank])


# --- slants ---


@pytest.fixture(scope="module")
def inputs(sample):
    return to_input(sample.test.pixels[::200])


def test_rows_move_sideways_as_scipy_moves_them(inputs):
    for slant, images in zip(SLANTS, at_slants(inputs), strict=True):
        for image, original in zip(images, inputs, strict=True):
            expected = ndimage.affine_transform(
                original[0].numpy().astype(float),
                [[1, 0], [slant, 1]],  # row j looks slant · (j - 13.5) pixels to the right
                offset=[0, -13.5 * slant],
                order=1,
                mode="grid-constant",
                cval=-1,
            )
            np.testing.assert_allclose(image[0].numpy(), expected, atol=1e-4)


def test_positive_slant_leans_the_top_to_the_right(inputs):
    upright = torch.full((1, 1, 28, 28), -1.0)
    upright[0, 0, 4:24, 14] = 1.0
    (leaning,) = at_slants(upright, [0.4])
    columns = leaning[0, 0].argmax(dim=1)
    assert columns[5] > 14 > columns[22]


@pytest.mark.parametrize("size", SIZES)
def test_sizes_grow_as_scipy_zooms(inputs, size):
    (images,) = at_slants(inputs, [0.0], size)
    for image, original in zip(images, inputs, strict=True):
        expected = ndimage.affine_transform(
            original[0].numpy().astype(float),
            [1 / size, 1 / size],
            offset=13.5 * (1 - 1 / size),  # about the centre
            order=1,
            mode="grid-constant",
            cval=-1,
        )
        np.testing.assert_allclose(image[0].numpy(), expected, atol=1e-4)


def test_no_slant_is_the_image_itself(inputs):
    assert torch.equal(at_slants(inputs, [0.0])[0], inputs)


def test_mean_over_slants_by_hand(inputs):
    model = LeNet(seed=0).eval()
    with torch.no_grad():
        model.fc3.weight *= 50  # answers that differ
        copies = [images for size in SIZES for images in at_slants(inputs, size=size)]
        expected = sum(model(images).double().softmax(dim=1) for images in copies) / 15
    found = probabilities_over_slants(model, inputs)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert not torch.allclose(found, probabilities_over_slants(model, inputs, [0.0]), atol=1e-4)


def test_many_images_are_read_in_parts_with_the_same_answers(inputs, monkeypatch):
    model = LeNet(seed=0).eval()
    expected = probabilities_over_slants(model, inputs)
    monkeypatch.setattr("lenet_helpers.inference._AT_ONCE", 2)
    torch.testing.assert_close(probabilities_over_slants(model, inputs), expected, atol=1e-9, rtol=1e-6)


# --- where it looks


@pytest.mark.parametrize("side", [1, 5, 7])
def test_each_place_is_read_as_if_it_were_covered_by_hand(classifier, sample, side):
    pixels = sample.test.pixels[300]
    before, found = pixels.copy(), occlusion(classifier.model, pixels, side)
    assert found.shape == (28, 28, 10) and found.dtype == np.float32 and np.array_equal(pixels, before)
    for row, column in [(0, 0), (27, 27), (14, 14), (3, 20), (20, 9)]:
        by_hand, half = pixels.copy(), side // 2
        by_hand[max(0, row - half) : row + half + 1, max(0, column - half) : column + half + 1] = 0
        expected = classifier.model(to_input(by_hand)).softmax(dim=1)[0].detach()
        assert found[row, column] == pytest.approx(expected.numpy(), abs=1e-5)


def test_a_patch_without_a_middle_is_refused(classifier, sample):
    for side in (0, 4):
        with pytest.raises(ValueError, match="must be odd"):
            occlusion(classifier.model, sample.test.pixels[0], side)
