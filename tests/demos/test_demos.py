"""The demos without a browser: what they compute, and their widgets driven by their traits."""

import base64
import copy
import io
import json
import re
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import traitlets
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from lenet_helpers import (
    ImageClassifier,
    ImageError,
    LeNet,
    Recipe,
    Split,
    demos,
    evaluate,
    fit,
    forward_in_batches,
    occlusion,
    to_input,
    to_mnist,
    training_step,
)
from lenet_helpers.demos.figures import (
    changes,
    convolution,
    data,
    drawing_pad,
    layers,
    live_training,
    maps,
    mistakes,
    one_step,
)
from lenet_helpers.demos.live import live_training as curves_live
from lenet_helpers.demos.live.parts import Slider
from lenet_helpers.drawing import strokes
from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.paths import COURSE


@pytest.fixture(scope="module")
def classifier():
    return ImageClassifier()


@pytest.fixture(autouse=True)
def at_hand(monkeypatch, sample):
    """What lies at hand is the bundled sample."""
    for module in (
        "figures.data",
        "figures.fool_it",
        "figures.mistakes",
        "figures.live_training",
        "figures.one_step",
        "live.data",
        "live.layers",
        "live.live_training",
        "live.one_step",
        "live.page",
    ):
        monkeypatch.setattr(f"lenet_helpers.demos.{module}.local_mnist", lambda: sample)


def line(*points, width=60):
    return {"width": width, "points": [value for point in points for value in point]}


# --- strokes


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("width", strokes.WIDTHS.values())
def test_sample_digits_are_read_with_every_brush(classifier, digit, width):
    assert drawing_pad.read_strokes(classifier, strokes.sample_digit(digit, width)).digit == digit


def test_a_line_lies_where_its_points_are_and_has_its_width():
    picture = np.asarray(strokes.draw_strokes([line((100, 500), (900, 500), width=100)], side=200))
    rows, columns = np.nonzero(picture < 128)
    assert picture.shape == (200, 200)
    assert (rows.min(), rows.max()) == pytest.approx((90, 109), abs=1)  # 500 ± 50 of 1000
    assert (columns.min(), columns.max()) == pytest.approx((10, 189), abs=2)  # round ends, 50 more on each side


def test_a_dot_is_round_and_no_stroke_is_white_paper():
    dot = np.asarray(strokes.draw_strokes([line((500, 500), width=200)], side=100)) < 128
    assert dot.sum() == pytest.approx(np.pi * 10**2, rel=0.1)
    assert np.asarray(strokes.draw_strokes([])).min() == 255


@pytest.mark.parametrize("width", strokes.WIDTHS.values())
@pytest.mark.parametrize("digit", range(10))
def test_a_stroke_is_all_that_is_near_its_line(digit, width):
    """By the distance of each pixel to the line: joints are round and have no cracks."""
    drawn = strokes.sample_digit(digit, width)
    picture = np.asarray(strokes.draw_strokes(drawn))
    y, x = (np.mgrid[: strokes.SIDE, : strokes.SIDE] + 0.5) * strokes.PAD / strokes.SIDE
    distance = np.full(x.shape, np.inf)
    for stroke in drawn:
        points = np.reshape(stroke["points"], (-1, 2)).astype(float)
        for (ax, ay), (bx, by) in pairwise(points):
            length = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-9)
            along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1)
            distance = np.minimum(distance, np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)))
    pixel = strokes.PAD / strokes.SIDE
    assert picture[distance < width / 2 - pixel].max() == 0
    assert picture[distance > width / 2 + pixel].min() == 255


@pytest.mark.parametrize(
    "broken",
    [{"width": 50}, {"width": 50, "points": [1, 2, 3]}, {"width": 0, "points": [1, 2]}, {"width": 9, "points": []},
     {"width": 50, "points": [1, None]}, {"width": 50, "points": [1, 1e9]}, [1, 2], {"points": [1, 2]}],
)  # fmt: skip
def test_what_is_no_stroke_is_refused(broken):
    with pytest.raises(ValueError, match="stroke 1 must be"):
        strokes.draw_strokes([line((1, 2)), broken])


# --- the drawing pad


@pytest.fixture
def pad(classifier):
    return demos.drawing_pad(classifier)


def test_prediction_follows_every_stroke_and_undo_and_clear(pad, classifier):
    assert pad.prediction is None and pad.reading.reading["message"] == "Draw a digit"
    four = strokes.sample_digit(4)
    for count in (1, 2):
        pad.pad.strokes = four[:count]
        expected = classifier.classify(strokes.draw_strokes(four[:count]))
        shown = pad.reading.reading
        assert shown["digit"] == expected.digit == pad.prediction.digit
        assert np.allclose(shown["probabilities"], expected.probabilities, atol=1e-6)
        assert shown["pixels"] == expected.pixels.tobytes() and shown["serial"] == count
    assert pad.prediction.digit == 4
    pad.pad.strokes = four[:1]  # undo
    assert pad.reading.reading["serial"] == 1
    pad.pad.strokes = []  # clear
    assert pad.prediction is None and "digit" not in pad.reading.reading


def test_an_unfinished_stroke_is_read_but_not_counted(pad):
    pad.pad.live = strokes.sample_digit(0)
    assert pad.prediction.digit == 0 and pad.reading.reading["serial"] is None
    assert pad.pad.strokes == []


def test_doubts_are_shown(pad):
    one = strokes.sample_digit(1)[0]
    narrow = {**one, "points": [v // 3 if i % 2 == 0 else v for i, v in enumerate(one["points"])]}
    moved = {**one, "points": [600 + v // 3 if i % 2 == 0 else v for i, v in enumerate(one["points"])]}
    pad.pad.strokes = [narrow, moved]
    assert pad.prediction.warning and pad.reading.reading["warning"] == pad.prediction.warning


def test_ink_beside_the_pad_is_no_digit(pad):
    pad.pad.strokes = [line((2000, 2000), (2500, 2500))]
    assert pad.prediction is None


def test_what_the_browser_sends_is_read_as_if_set_here(pad):
    pad.pad.set_state({"strokes": strokes.sample_digit(7), "live": []})
    assert pad.prediction.digit == 7


def test_a_pad_refuses_what_is_no_stroke(pad):
    with pytest.raises(traitlets.TraitError, match="stroke 0 must be"):
        pad.pad.strokes = [{"points": "abc"}]


def test_a_saved_drawing_is_read_the_same(pad, tmp_path, classifier):
    pad.pad.strokes = strokes.sample_digit(2)
    prediction = classifier.classify(pad.save(tmp_path / "two.png"))
    assert prediction.digit == pad.prediction.digit == 2
    assert np.array_equal(prediction.probabilities, pad.prediction.probabilities)


@pytest.mark.parametrize("number", ["208", "4711", "9600"])
@pytest.mark.parametrize("width", strokes.WIDTHS.values())
def test_a_number_is_read_on_the_wide_sheet(classifier, number, width):
    pad = demos.number_pad(classifier)
    assert pad.reading is None and pad.answer.value == "Draw a number"
    pad.pad.strokes = strokes.sample_number(number, width)
    assert pad.reading.text == number
    assert f"It reads {number}" in pad.answer.value
    path = np.asarray(Image.open(io.BytesIO(pad.path.png)))
    assert path.shape == (strokes.SIDE, 3 * strokes.SIDE, 3) and (path[..., 0] != path[..., 2]).any(), "boxes in colour"
    pad.pad.live, pad.pad.strokes = strokes.sample_number("1", width), []
    assert pad.reading.text == "1"
    pad.pad.live = []
    assert pad.reading is None


def test_a_number_is_saved_as_it_is_drawn(classifier, monkeypatch):
    pad, sent = demos.number_pad(classifier), []
    monkeypatch.setattr(pad.pad, "send", lambda content, buffers: sent.append((content, buffers)))
    pad.pad.strokes = strokes.sample_number("35")
    pad.pad._handle_custom_msg({"png": True}, [])
    ((content, (png,)),) = sent
    picture = Image.open(io.BytesIO(png))
    assert content == {"png": "number.png"} and picture.size == (3 * strokes.SIDE, strokes.SIDE)
    assert classifier.read(picture).text == "35"


def test_where_it_looks_is_shown_after_each_stroke_as_long_as_it_is_wanted(pad, classifier):
    pad.pad.strokes = strokes.sample_digit(4)[:1]
    assert "falls" not in pad.reading.reading
    pad.looking.value = True
    pad.pad.strokes = strokes.sample_digit(4)
    shown, pixels = pad.reading.reading, pad.prediction.pixels
    covered = occlusion(classifier.model, pixels)
    assert shown["covered"] == covered.tobytes() and shown["patch"] == 7
    alone = forward_in_batches(classifier.model, to_input(pixels)).softmax(dim=1)[0, 4].item()
    falls = np.frombuffer(shown["falls"], "<f4").reshape(28, 28)
    assert falls == pytest.approx(alone - covered[..., 4], abs=1e-6) and falls.max() > 0.5
    pad.pad.live = [line((100, 100), (200, 200))]
    assert "falls" not in pad.reading.reading, "not while a stroke grows"
    pad.pad.live = []
    assert "falls" in pad.reading.reading
    pad.looking.value = False
    assert "falls" not in pad.reading.reading
    pad.looking.value, pad.pad.strokes = True, []
    assert pad.prediction is None and pad.reading.reading["message"] == "Draw a digit"


def test_save_as_png_sends_the_same_picture_to_the_browser(pad, monkeypatch):
    sent = []
    monkeypatch.setattr(pad.pad, "send", lambda content, buffers: sent.append((content, buffers)))
    pad.pad.strokes = strokes.sample_digit(8)
    pad.pad._handle_custom_msg({"png": True}, [])
    [(content, [png])] = sent
    assert content == {"png": "digit-8.png"}
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png))), np.asarray(pad.picture))


@pytest.mark.parametrize("name", ["layers", "fool_it"])
def test_every_other_pad_saves_its_drawing_too(name, classifier, monkeypatch):
    pad, sent = getattr(demos, name)(classifier).pad, []
    monkeypatch.setattr(pad, "send", lambda content, buffers: sent.append((content, buffers)))
    pad.strokes = strokes.sample_digit(8)
    pad._handle_custom_msg({"png": True}, [])
    [(content, [png])] = sent
    assert content == {"png": "drawing.png"} and classifier.predict(png) == 8


def test_a_stroke_is_a_small_message():
    assert len(json.dumps(strokes.sample_digit(8))) < 2000


# --- pictures of numbers


def test_colours_are_matplotlibs_and_one_value_has_one_colour():
    import matplotlib as mpl

    values = np.array([[0.0, 0.5], [1.0, 2.0]])
    expected = (255 * mpl.colormaps["cividis"](np.array([[0, 64], [128, 255]]))[..., :3]).round()
    assert np.abs(maps.colours(values, (0, 2)).astype(int) - expected).max() <= 1
    assert len(np.unique(maps.colours(np.full((3, 3), 7.0)).reshape(-1, 3), axis=0)) == 1


def test_tile_puts_maps_in_rows_on_one_scale():
    tile = maps.tile(np.arange(3)[:, None, None] * np.ones((3, 2, 2)), columns=2, factor=5, gap=1)
    assert tile.shape == (21, 21, 3)
    assert tuple(tile[0, 0]) == tuple(maps.colours([0.0, 2.0])[0])
    assert tuple(tile[20, 0]) == tuple(maps.colours([0.0, 2.0])[1])
    assert (tile[:, 10] == 255).all() and (tile[11:, 11:] == 255).all()  # the gap, and the place left over


# --- what the layers see


def test_stages_are_the_networks_own_numbers(classifier, sample):
    pixels = sample.test.pixels[3]
    found = {stage.name: stage.values for stage in layers.stages(classifier.model, pixels)}
    model = copy.deepcopy(classifier.model).cpu()
    with torch.no_grad():
        x = F.relu(model.conv1(to_input(pixels)))
        assert np.allclose(found["relu1"], x[0], atol=1e-5)
        x = F.relu(model.conv2(F.avg_pool2d(x, 2)))
        assert np.allclose(found["relu2"], x[0], atol=1e-5)
        assert np.allclose(found["average"].ravel(), F.avg_pool2d(x, 2).mean(dim=(2, 3))[0], atol=1e-5)
        assert np.allclose(found["fc3"].ravel(), model(to_input(pixels))[0], atol=1e-5)
    assert [len(values) for values in found.values()] == [6, 6, 16, 16, 16, 10]


def test_layers_follow_pad_sample_and_upload(classifier, sample):
    demo = demos.layers(classifier, mnist=sample)
    before = {name: picture.png for name, picture in demo.pictures.items()}
    demo.pad.strokes = strokes.sample_digit(2)
    assert "<strong>2</strong>" in demo.said.value
    assert all(picture.png != before[name] for name, picture in demo.pictures.items())
    demo.another.click()
    assert np.array_equal(demo.pixels, sample.test.pixels[0])
    demo.another.click()
    assert np.array_equal(demo.pixels, sample.test.pixels[1])
    demo.upload.value = [uploaded((COURSE / "test.png").read_bytes())]
    assert np.array_equal(demo.pixels, to_mnist(COURSE / "test.png"))
    demo.upload.value = [uploaded(b"not a picture")]
    assert demo.said.value.startswith("⚠") and np.array_equal(demo.pixels, to_mnist(COURSE / "test.png"))


def uploaded(content):
    import datetime

    now = datetime.datetime.now(datetime.UTC)
    return {"name": "a.png", "type": "image/png", "size": len(content), "last_modified": now, "content": content}


# --- convolution


@pytest.mark.parametrize("kind", convolution.KINDS)
@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 1, 0), (5, 2, 2), (7, 3, 1), (1, 1, 0)])
def test_convolution_is_scipys(kind, size, stride, padding, sample):
    from scipy.signal import correlate2d

    pixels = sample.test.pixels[0]
    kernel = convolution.kernel_of(kind, size)
    padded = np.pad((pixels / 255 - 0.5) / 0.5, padding)
    expected = correlate2d(padded, kernel, mode="valid")[::stride, ::stride]
    assert np.allclose(convolution.convolve(pixels, kernel, stride, padding), expected, atol=1e-5)


def test_kernels_do_what_their_names_say(classifier):
    for size in (3, 5, 7):
        made = {kind: convolution.kernel_of(kind, size) for kind in convolution.KINDS}
        sums = {kind: kernel.sum() for kind, kernel in made.items()}
        expected = {"horizontal edge": 0, "vertical edge": 0, "outline": 0, "blur": 1, "sharpen": 1, "unchanged": 1}
        assert sums == pytest.approx(expected, abs=1e-5)
        assert (made["horizontal edge"] == made["vertical edge"].T).all()
    learned = convolution.kernel_of("learned 6", 3, classifier.model)
    assert np.array_equal(learned, classifier.model.conv1.weight[5, 0].detach().cpu())


@pytest.mark.parametrize(("kind", "size"), [("learned 7", 5), ("emboss", 3), ("learned 0", 5)])
def test_unknown_kernels_are_refused(kind, size):
    with pytest.raises(ValueError, match="there is no kernel"):
        convolution.kernel_of(kind, size)
    with pytest.raises(ValueError, match="side is"):
        convolution.kernel_of("blur", 4)


def test_the_convolution_explorer_has_every_kernel_and_knows_its_output(classifier, sample):
    demo = demos.convolution(classifier)
    assert set(demo.kernels) == {*convolution.KINDS, *convolution.LEARNED}
    assert demo.output.shape == (26, 26)
    demo.set_state({"kernel": demo.kernels["learned 2"]["5"], "padding": 2, "digit": "0"})  # as a browser does
    weight = classifier.model.conv1.weight[1:2].detach().cpu()
    expected = F.conv2d(to_input(layers.sample_pixels(0)), weight, padding=2)
    assert np.allclose(demo.output, expected[0, 0], atol=1e-5)
    own = demos.convolution(classifier, sample.test.pixels[3])
    own.kernel = [[1]]
    assert own.digit == "yours" and np.allclose(own.output, to_input(sample.test.pixels[3])[0, 0])


@pytest.mark.parametrize(
    ("name", "value"), [("digit", "10"), ("kernel", []), ("kernel", [[1, 2, 3]]), ("stride", 0), ("padding", 99)]
)
def test_the_convolution_explorer_refuses_what_it_has_not(classifier, name, value):
    with pytest.raises(traitlets.TraitError):
        setattr(demos.convolution(classifier), name, value)


def test_a_slider_keeps_within_its_ends():
    slider = Slider("Stride", 1, 1, 4)
    slider.value = 99
    assert slider.value == 4


# --- data and changes


def centre(pixels):
    rows, columns = np.mgrid[:28, :28]
    weights = pixels.astype(float) / pixels.sum()
    return (rows * weights).sum(), (columns * weights).sum()


def test_nothing_changed_is_the_same(sample):
    pixels = sample.test.pixels[0]
    assert np.array_equal(changes.changed(pixels, [changes.Change()])[0], pixels)


def test_a_quarter_turn_is_numpys(sample):
    pixels = sample.test.pixels[0]
    assert np.abs(changes.changed(pixels, [changes.Change(rotation=90)])[0].astype(int) - np.rot90(pixels)).max() <= 1


def test_shift_scale_and_shear_move_ink_as_they_say():
    pixels = np.zeros((28, 28), np.uint8)
    pixels[6:10, 12:16] = 255  # above the middle
    row, column = centre(pixels)
    shifted, scaled, leaning, both = changes.changed(
        pixels,
        [changes.Change(right=3, down=2), changes.Change(scale=1.5), changes.Change(shear=0.5),
         changes.Change(rotation=180, right=2)],
    )  # fmt: skip
    assert centre(shifted) == pytest.approx((row + 2, column + 3), abs=0.01)
    assert centre(scaled) == pytest.approx((13.5 - 1.5 * (13.5 - row), 13.5), abs=0.05)
    assert scaled.sum() == pytest.approx(2.25 * pixels.sum(), rel=0.05)
    assert centre(leaning) == pytest.approx((row, column + 0.5 * (13.5 - row)), abs=0.05)
    assert centre(both) == pytest.approx((27 - row, 27 - column + 2), abs=0.05)  # turned first, then moved


def test_strokes_get_thicker_and_thinner_and_noise_is_noise(sample):
    pixels = sample.test.pixels[0]
    thin, thick, noisy = changes.changed(
        pixels, [changes.Change(stroke=-0.5), changes.Change(stroke=0.5), changes.Change(noise=0.2)]
    )
    assert thin.sum() < pixels.sum() < thick.sum()
    inside = (pixels > 60) & (pixels < 190)
    assert (noisy[inside].astype(float) - pixels[inside]).std() == pytest.approx(0.2 * 255, rel=0.4)


def test_data_explorer_follows_its_controls(sample):
    demo = demos.data(sample)
    demo.split.value, demo.digit.value, demo.index.value = "validation", 3, 4
    expected = sample.validation.pixels[np.flatnonzero(sample.validation.labels == 3)[4]]
    assert np.array_equal(demo.pixels, expected) and "<strong>3</strong>" in demo.about.value
    assert demo.index.max == 49
    mean = sample.validation.pixels[sample.validation.labels == 3].mean(axis=0)
    assert np.array_equal(data.mean_digit(sample.validation, 3), mean)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(demo.mean.png)))[::6, ::6], maps.ink(mean))
    before = demo.changed.png
    demo.sliders["rotation"].value = 30
    assert demo.change == changes.Change(rotation=30) and demo.changed.png != before
    demo.reset.click()
    assert demo.change == changes.Change() and demo.changed.png == before
    demo.index.value = 49
    demo.digit.value = 8
    assert "an <strong>8</strong>" in demo.about.value
    demo.split.value, demo.digit.value = "test", -1
    assert demo.index.max == 999
    demo.digit.value = 0
    assert demo.index.max == 99 and demo.index.value <= 99


# --- mistakes


def test_a_threshold_trades_coverage_for_accuracy(classifier, sample):
    answers = evaluate(classifier.model, sample.test)
    everything = mistakes.trade(answers, 0)
    assert everything.coverage == 1 and everything.accuracy == answers.accuracy
    sure = answers.probabilities.max(axis=1)
    threshold = float(np.sort(sure)[100])
    found = mistakes.trade(answers, threshold)
    assert found.coverage == pytest.approx((sure >= threshold).sum() / 1000)
    chosen = sure >= threshold
    assert found.accuracy == pytest.approx((answers.labels == answers.predictions)[chosen].sum() / chosen.sum())
    nothing = mistakes.trade(answers, 1.1)
    assert nothing.coverage == 0 and np.isnan(nothing.accuracy)


def test_flip_is_the_first_amount_with_another_answer(classifier):
    pixels = layers.sample_pixels(4)
    found = mistakes.flip(classifier.model, pixels, "rotation")
    first = mistakes.answers_to(classifier.model, pixels[None]).predictions[0]
    for angle in range(0, 181, 3):
        turned = changes.changed(pixels, [changes.Change(rotation=angle)])
        answer = mistakes.answers_to(classifier.model, turned).predictions[0]
        if answer != first:
            assert (found.at, found.to) == (angle, answer)
            return
    assert found.at is None and found.to is None


def test_mistakes_follow_their_controls(classifier, sample):
    rng = np.random.default_rng(0)
    wrong = Split("test", sample.test.pixels[::4], rng.permutation(sample.test.labels[::4]))  # plenty of mistakes
    demo = demos.mistakes(classifier, wrong)
    answers = demo.studied.evaluation
    label, prediction = next((i, j) for i in range(10) for j in range(10) if i != j and demo.studied.matrix[i, j] > 1)
    demo.matrix.chosen = [label, prediction]
    found = np.flatnonzero((answers.labels == label) & (answers.predictions == prediction))
    assert f"{len(found)} images of class {label} were read as {prediction}" in demo.about.value
    surest = found[np.argmax(answers.probabilities[found, prediction])]
    assert np.array_equal(demo.pixels, wrong.pixels[surest])
    assert demo.reading.reading["digit"] == prediction and demo.reading.reading["truth"] == label
    demo.which.value = 2
    assert not np.array_equal(demo.pixels, wrong.pixels[surest])
    assert demo.flips.value.count("<li>") == 5
    before = demo.shaken.png
    demo.sliders["rotation"].value = 90
    assert demo.shaken.png != before
    assert demo.answer.reading["pixels"] == changes.changed(demo.pixels, [changes.Change(rotation=90)])[0].tobytes()
    demo.reset.click()
    assert demo.shaken.png == before
    demo.threshold.value = 0.5
    expected = mistakes.trade(answers, 0.5)
    assert f"{expected.coverage:.2%}" in demo.traded.value and f"{expected.accuracy:.2%}" in demo.traded.value


def test_an_empty_cell_says_so_and_a_cell_that_is_none_is_refused(classifier, sample):
    few = Split("test", sample.test.pixels[:3], sample.test.labels[:3])
    demo = demos.mistakes(classifier, few)
    empty = np.argwhere(demo.studied.matrix == 0)[0].tolist()
    demo.matrix.chosen = empty
    assert demo.reading.reading["message"] == "No such image"
    with pytest.raises(traitlets.TraitError, match="a cell is"):
        demo.matrix.chosen = [3, 10]


# --- one step


@pytest.fixture(scope="module")
def stepped(sample):
    return one_step.take_apart(LeNet(seed=0), one_step.some_images(sample.train))


def test_a_step_taken_apart_is_that_of_torchs_sgd(stepped):
    inputs, labels = stepped.batch.tensors()
    for at in (0, 1, stepped.at(0.07), len(one_step.RATES)):
        model = LeNet(seed=0)
        optimiser = torch.optim.SGD(model.parameters(), lr=stepped.rates[at])
        loss = training_step(model, inputs, labels, optimiser)
        logits = model(inputs).detach()
        assert stepped.losses[0].mean() == pytest.approx(loss.item(), rel=1e-5)
        assert np.allclose(stepped.losses[at], F.cross_entropy(logits, labels, reduction="none"), atol=1e-4)
        assert np.allclose(stepped.probabilities[at], logits.softmax(dim=1), atol=1e-5)
        moved = stepped.kernels - stepped.rates[at] * stepped.slopes
        assert np.allclose(moved, model.conv1.weight[:, 0].detach(), atol=1e-6)
    assert stepped.rates[0] == 0 and stepped.rates[stepped.at(0.0104)] == 0.01 and len(one_step.RATES) == 25


def test_taking_a_step_apart_leaves_the_network_as_it_is(sample):
    model, before = LeNet(seed=0), LeNet(seed=0).state_dict()
    one_step.take_apart(model, one_step.some_images(sample.train))
    assert all(torch.equal(before[name], weights) for name, weights in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_network_that_has_run_away_has_no_step(sample):
    model = LeNet(seed=0)
    model.fc3.bias.data[0] = float("nan")
    with pytest.raises(CourseError, match="not finite"):
        one_step.take_apart(model, one_step.some_images(sample.train))


def test_the_browser_gets_all_of_the_step_and_keeps_within_it(sample):
    demo = demos.one_step(sample, LeNet(seed=0))
    step = demo.taken_apart
    assert np.allclose(demo.step["losses"], step.losses) and demo.step["labels"] == step.batch.labels.tolist()
    assert base64.b64decode(demo.step["pixels"][3]) == step.batch.pixels[3].tobytes()
    json.dumps(demo.step, allow_nan=False)
    assert demo.step["rates"][demo.rate] == 0.01 and demo.stage == 0
    demo.set_state({"stage": 4, "rate": 99})
    assert (demo.stage, demo.rate) == (4, 25)
    with pytest.raises(traitlets.TraitError):
        demo.stage = 5


# --- training


SHORT = Recipe("short", epochs=3, batch_size=20)


def few(mnist):
    """A hundred training images."""
    return replace(mnist, train=Split("train", mnist.train.pixels[::35], mnist.train.labels[::35]))


def test_live_training_trains_as_fit_does(sample):
    demo = demos.live_training(few(sample), SHORT)
    assert demo.run is None and demo.stop.disabled and demo.go_on.disabled
    assert demo.watched.answers == b"" and len(demo.losses.lines) == 0
    demo.start.click()
    demo.wait(60)
    expected = list(fit(LeNet(seed=0), few(sample).train, sample.validation, SHORT))
    assert demo.run.records == expected and demo.run.finished
    assert "Done" in demo.said.value and 'value="15"' in demo.progress.value
    assert np.allclose(demo.losses.lines[:, 0], np.concatenate([record.step_losses for record in expected]))
    assert demo.losses.validation == [record.validation_loss for record in expected]
    assert (demo.losses.steps, demo.losses.epochs) == (15, 3)
    digits = live_training.watched(sample.validation)
    assert demo.watched.answers == bytes(evaluate(demo.run.model, digits).predictions.tolist())
    assert demo.stop.disabled and demo.go_on.disabled and not demo.start.disabled
    best = max(expected, key=lambda record: record.validation_accuracy)
    assert evaluate(demo.best_model(), sample.validation).accuracy == best.validation_accuracy


def test_stop_ends_after_the_step_and_continue_goes_on_with_the_same_bits(sample):
    recipe = replace(SHORT, epochs=4)
    demo = demos.live_training(few(sample), recipe)
    with pytest.raises(ValueError, match="no epoch is complete"):
        demo.best_model()
    stopped_at = []

    def stop_at_the_second_epoch(change):  # told in the training thread, when the epoch is drawn
        if len(change["new"]) == 2 and not stopped_at:
            stopped_at.append(demo.run.steps_done)
            demo.stop.click()

    demo.losses.observe(stop_at_the_second_epoch, names="validation")
    demo.start.click()
    demo.wait(60)
    assert stopped_at == [10] and not demo.run.finished and 10 <= demo.run.steps_done <= 11
    assert "Stopped" in demo.said.value and "are kept" in demo.said.value
    assert len(demo.run.records) == 2 and demo.best_model() is not None
    assert not demo.go_on.disabled and demo.stop.disabled
    demo.go_on.click()
    demo.wait(60)
    reference = LeNet(seed=0)
    expected = list(fit(reference, few(sample).train, sample.validation, recipe))
    assert demo.run.records == expected
    for name, weights in reference.state_dict().items():
        assert torch.equal(weights, demo.run.model.state_dict()[name])


def test_a_stop_before_the_first_step_is_not_lost(sample):
    demo = demos.live_training(sample, replace(SHORT, epochs=6))
    asked = []

    def stop_at_once(_):  # the first drawing is before the first step
        if not asked:
            asked.append(demo.stop.click())

    demo.watched.observe(stop_at_once, names="answers")
    demo.start.click()
    demo.wait(60)
    assert asked and demo.run.steps_done == 0
    assert not demo.training and not demo.run.finished and "Stopped" in demo.said.value


def test_epochs_and_rate_are_those_of_the_controls(sample):
    demo = demos.live_training(few(sample), SHORT)
    demo.epochs.value, demo.rate.value = 1, 0.01
    demo.start.click()
    demo.wait(60)
    assert (demo.run.recipe.epochs, demo.run.recipe.learning_rate) == (1, 0.01)


def test_a_training_that_runs_away_says_what_to_do(sample):
    demo = demos.live_training(few(sample), replace(SHORT, learning_rate=1e30))
    demo.start.click()
    demo.wait(60)
    assert "⚠" in demo.said.value and "lower learning rate" in demo.said.value
    assert demo.go_on.disabled and not demo.start.disabled


def test_steps_are_shown_together_and_each_once(sample, monkeypatch):
    """What the messages hold, one after the other, is the loss of every step; a view that opens gets all of them."""
    demo, sent, clock = demos.live_training(few(sample), SHORT), [], iter(range(10**6))
    monkeypatch.setattr(demo.losses, "send", lambda content, buffers: sent.append((content["first"], buffers[0])))
    monkeypatch.setattr(curves_live, "_TICK", 3)
    monkeypatch.setattr(curves_live.time, "monotonic", lambda: next(clock))  # a second passes with each look at it
    demo.start.click()
    demo.wait(60)
    losses = np.concatenate([record.step_losses for record in demo.run.records])
    lines = np.stack([losses, live_training.running_mean(losses)], axis=1).astype("<f4")
    assert b"".join(part for _, part in sent) == lines.tobytes()
    assert [first for first, _ in sent] == [sum(len(part) // 8 for _, part in sent[:at]) for at in range(len(sent))]
    assert any(8 < len(part) < len(lines.tobytes()) for _, part in sent) and len(sent) < 15
    demo.losses._handle_custom_msg({}, [])
    assert sent[-1] == (0, lines.tobytes())


def test_the_running_mean_is_that_of_the_last_steps():
    losses = np.random.default_rng(0).exponential(size=200).astype(np.float32)
    expected = [losses[max(0, at - 49) : at + 1].mean() for at in range(200)]
    assert np.allclose(live_training.running_mean(losses, 50), expected, atol=1e-6)
    assert len(live_training.running_mean(losses[:0])) == 0


def test_watched_digits_are_the_first_of_each_class_one_row_each(sample):
    digits = live_training.watched(sample.validation, each=4)
    assert digits.labels.tolist() == [label for label in range(10) for _ in range(4)]
    threes = sample.validation.pixels[sample.validation.labels == 3][:4]
    assert np.array_equal(digits.pixels[12:16], threes)


def test_time_left_is_the_rest_at_the_speed_so_far():
    assert live_training.time_left(0, 100, 3) is None
    assert live_training.time_left(25, 100, 5) == pytest.approx(15)
    assert [live_training.duration_text(s) for s in (7.6, 200, 7500)] == ["8 s", "3 min 20 s", "2 h 5 min"]


# --- try to fool it


def test_fool_it_reads_what_is_uploaded(classifier):
    demo = demos.fool_it(classifier)
    expected = classifier.classify(COURSE / "test.png")
    assert demo.prediction.digit == expected.digit and demo.sentences.value.count("<li>") >= 5
    with Image.open(COURSE / "test.png") as picture:
        file = io.BytesIO()
        ImageOps.invert(picture.convert("L")).save(file, "PNG")
    demo.upload.value = [uploaded(file.getvalue())]
    assert demo.prediction.digit == expected.digit and "inverted" in demo.sentences.value
    demo.upload.value = [uploaded(b"nonsense")]
    assert demo.prediction is None and "not a picture" in demo.reading.reading["warning"]
    assert demo.strip.png == b"" and demo.sentences.value == ""
    demo.example.click()
    assert demo.prediction.digit == expected.digit


def keep(demo, digit, label):
    """Draw a sample digit, and say that it is another one."""
    demo.pad.strokes = strokes.sample_digit(digit)
    demo.label.value = label
    demo.keep.click()


def test_a_copy_learns_the_digits_that_are_kept_and_reset_brings_the_first_network_back(classifier, sample):
    weights = {name: values.clone() for name, values in classifier.model.state_dict().items()}
    demo = demos.fool_it(classifier, mnist=sample)
    keep(demo, 7, 1)
    keep(demo, 2, 2)
    assert [label for _, label in demo.kept] == [1, 2] and demo.table.value.count("<img") == 2
    assert demo.pad.strokes == [] and demo.label.value == -1, "ready for the next"
    demo.retrain.click()
    done = demo.retrained
    assert done.before.argmax(axis=1).tolist() == [7, 2] and done.after.argmax(axis=1).tolist() == [1, 2]
    assert done.mnist_before == evaluate(classifier.model, sample.validation).accuracy
    assert done.mnist_after == evaluate(done.model, sample.validation).accuracy > 0.95
    assert "1 read rightly before, <strong>2</strong> after" in demo.said.html
    assert f"{done.mnist_before:.2%} before, <strong>{done.mnist_after:.2%}</strong> after" in demo.said.html
    assert "✗ 7" in demo.table.value and "✓ 1" in demo.table.value
    demo.pad.strokes = strokes.sample_digit(7)
    assert demo.prediction.digit == 1, "the copy reads"
    demo.reset.click()
    assert demo.prediction.digit == 7 and demo.kept == [] and demo.table.value == ""
    assert all(torch.equal(values, classifier.model.state_dict()[name]) for name, values in weights.items())


def test_what_cannot_be_kept_or_learnt_is_said_clearly(classifier):
    demo = demos.fool_it(classifier)
    demo.retrain.click()
    assert "Keep at least one digit" in demo.said.html and demo.retrained is None
    demo.keep.click()
    assert "which digit it really is" in demo.said.html
    keep(demo, 3, 3)
    demo.label.value = 5
    demo.keep.click()
    assert "kept already" in demo.said.html and len(demo.kept) == 1
    demo.remove.click()
    assert demo.kept == []
    demo.upload.value = [uploaded(b"nonsense")]
    demo.keep.click()
    assert "no digit to keep" in demo.said.html and "not a picture" in demo.read.html and demo.kept == []


# --- all of them


@pytest.mark.parametrize("name", demos._DEMOS)
def test_each_demo_has_a_twin_that_is_a_figure(name, classifier, sample, tmp_path):
    own = {
        "data": [sample],
        "mistakes": [classifier, sample.test],
        "live_training": [few(sample), SHORT],
        "one_step": [sample, LeNet(seed=0)],
    }
    arguments = own.get(name, [classifier])
    figure = getattr(demos, f"{name}_figure")(*arguments)
    assert isinstance(figure, Figure)
    figure.savefig(tmp_path / "figure.png")
    assert np.asarray(Image.open(tmp_path / "figure.png").convert("L")).std() > 5  # there is something on it


def test_twins_refuse_what_has_no_digit(classifier):
    with pytest.raises(ValueError, match="no ink"):
        demos.drawing_pad_figure(classifier, [])
    with pytest.raises(ValueError, match="no digit"):
        demos.number_pad_figure(classifier, [])
    with pytest.raises(ImageError, match="blank"):
        demos.fool_it_figure(classifier, Image.new("L", (100, 100), "white"))


def test_without_widgets_a_demo_is_its_figure(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("lenet_helpers.demos.live.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.setitem(vars(demos), "drawing_pad", None)
    del demos.drawing_pad  # as if nobody had asked for it yet
    with pytest.warns(UserWarning, match="anywidget is not installed here, so this is drawing_pad's figure"):
        assert type(demos.drawing_pad()).__name__ == "Figure"
    assert type(demos.layers_figure()).__name__ == "Figure"


def test_no_module_takes_the_place_of_a_demo():
    modules = {path.stem for path in (COURSE / "lenet_helpers" / "demos").glob("*.py")}
    assert not modules & set(demos.__all__)


def test_an_unknown_demo_names_the_known_ones():
    with pytest.raises(AttributeError, match=r"it has .*drawing_pad"):
        _ = demos.painting


def test_no_front_end_asks_another_host():
    for path in (COURSE / "lenet_helpers" / "demos").rglob("*"):
        if path.suffix in (".js", ".css", ".j2", ".json"):
            assert not re.search(r"//\w[\w-]*\.\w", path.read_text(encoding="utf-8")), path.name


def test_the_page_makes_a_tab_when_it_is_opened(sample):
    from lenet_helpers.demos.live.page import Page

    page = Page(COURSE / "model.pth", sample)
    assert len(page._made) == 1
    for at, title in enumerate(page.tabs.titles):
        page.tabs.selected_index = at
        assert page.tabs.children[at] is page._made[title]
    assert len(page._made) == len(page.tabs.children) == len(demos._DEMOS)
