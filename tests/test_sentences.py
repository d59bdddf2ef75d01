"""Numbers that the lessons' texts state: its code or an output shows each, or it is computed here as the text says."""

import ast
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from lenet_helpers import (
    COURSE,
    FAST,
    REFERENCE,
    LeNet,
    Split,
    TrainingForm,
    count_parameters,
    evaluate,
    load_class,
    load_model,
    probabilities_over_slants,
    to_input,
    training_step,
)
from lenet_helpers.demos.figures.live_training import WINDOW, watched
from lenet_helpers.demos.figures.one_step import a_little_trained, some_images, take_apart
from lenet_helpers.demos.live.live_training import RATES
from lenet_helpers.fitting.rehearsal import OLD
from lenet_helpers.inference import PATCH, SIZES, SLANTS

LESSONS = ["01", "02", "03", "04", "05"]
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
NO_CLAIM = re.compile(
    r"""\]\([^)]*\)                # where a link leads
    | ^\#.*$ | ^\d\.\            # headings, and the numbers of a list
    | notebook\ \d | idea\ \d | <code>.*?</code>
    | \b(?:19|20)\d\d\b           # of a paper
    | ^\*\*Time:\*\*\ \d+          # for a reader, not for a computer""",
    re.VERBOSE | re.MULTILINE,
)

ANSWER = re.compile(r"<details><summary>The answer to your prediction</summary>(.*?)</details>", re.DOTALL)


@cache
def cells_of(lesson):
    (path,) = (COURSE / "notebooks").glob(f"{lesson}_*.ipynb")
    return nbformat.read(path, 4).cells


def text_of(lesson):
    return " ".join("\n".join(cell.source for cell in cells_of(lesson)).split())


def output_of(cell):
    return "\n".join(str(one.get("text") or one.get("data", {}).get("text/plain", "")) for one in cell.outputs)


def numbers_in(text):
    return {float(number.replace(",", "")) for number in NUMBER.findall(NO_CLAIM.sub("", text))}


def computed_here(lesson):
    """The numbers in the texts of this file's tests of a lesson."""
    functions = ast.parse(Path(__file__).read_text(encoding="utf-8")).body
    tests = [one for one in functions if getattr(one, "name", "").startswith(f"test_{lesson}_")]
    texts = [node.value for test in tests for node in ast.walk(test) if isinstance(node, ast.Constant)]
    return numbers_in("\n".join(text for text in texts if isinstance(text, str)))


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_number_in_a_text_is_shown_by_the_lesson_or_computed_here(lesson):
    known = computed_here(lesson)
    for cell in cells_of(lesson):
        if cell.cell_type == "code":
            known |= numbers_in(cell.source) | numbers_in(output_of(cell))
    for cell in cells_of(lesson):
        if cell.cell_type == "markdown":
            assert numbers_in(cell.source) <= known, f"cell {cell.id}: nothing holds {numbers_in(cell.source) - known}"


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_number_in_the_answer_to_a_measured_prediction_comes_from_the_cell_above(lesson):
    measured, answers = None, 0
    for cell in cells_of(lesson):
        if cell.cell_type == "code":  # what a grade cell says is no measurement
            measured = None if cell.metadata.get("nbgrader") else numbers_in(output_of(cell))
        elif (answer := ANSWER.search(cell.source)) and measured is not None:
            answers += 1
            assert numbers_in(answer[1]) <= measured | computed_here(lesson), cell.id
    assert answers >= 2


def test_each_prediction_that_is_asked_for_gets_its_answer_which_stays_closed_until_it_is_clicked():
    for lesson in LESSONS:
        texts = "\n".join(cell.source for cell in cells_of(lesson) if cell.cell_type == "markdown")
        asked = re.findall(r"\bhere(?:, before you run anything)?:\s+\.\.\.", texts)
        assert len(asked) == len(ANSWER.findall(texts)) > 3, lesson
        for cell in cells_of(lesson):
            for closed in re.findall("<details>(.*?)</details>", cell.source, re.DOTALL):
                # nbconvert ends it at an empty line, and shows what follows; in a block of HTML, ` is no code
                assert "</summary>\n<p>" in closed and "\n\n" not in closed and "`" not in closed, cell.id
    assert "To write into it, double-click it" in text_of("01")


@pytest.fixture(scope="module")
def inputs_and_labels(sample):
    return sample.train.tensors()


def test_01_four_fifths_of_all_pixels_are_empty(sample):
    assert "four fifths" in text_of("01") and (sample.train.pixels == 0).mean() == pytest.approx(0.8, abs=0.02)


def test_01_pixels_and_images():
    assert "28 × 28 = 784 pixels" in text_of("01") and 28 * 28 == 784
    assert "MNIST holds 70,000 digits" in text_of("01") and 55_000 + 5_000 + 10_000 == 70_000
    assert "It keeps 2,000 training images" in text_of("01") and "first_of_each_class(labels, 200)" in text_of("01")


def test_01_the_mean_digits_that_are_most_alike(sample):
    assert "4 and 9: from one mean to the other" in text_of("01")
    means = np.stack([sample.train.pixels[sample.train.labels == digit].mean(axis=0) for digit in range(10)])
    apart = {(a, b): np.abs(means[a] - means[b]).mean() for a in range(10) for b in range(a)}
    assert min(apart, key=apart.get) == (9, 4)


def test_01_what_128_becomes():
    assert "128 becomes (128 / 255 − 0.5) / 0.5 ≈ 0.004" in text_of("01")
    assert (128 / 255 - 0.5) / 0.5 == pytest.approx(0.004, abs=0.0005)


def test_02_numbers_of_the_network():
    text, network = text_of("02"), LeNet(seed=0)
    for layer, words in ((network.fc2, "10,164 of 15,626"), (network, "15,626 numbers")):
        assert words in text and f"{count_parameters(layer):,}" in words
    assert "8 × (3 × 3 × 3 + 1) = 224" in text and count_parameters(torch.nn.Conv2d(3, 8, 3)) == 224
    assert "28: the padded side is 32" in text and network.conv1(torch.zeros(1, 28, 28)).shape[1:] == (28, 28)


def test_02_what_flattening_would_cost():
    text, plain = text_of("02"), count_parameters(LeNet(seed=0))
    flattened, averaged = (count_parameters(torch.nn.Linear(inputs, 120)) for inputs in (400, 16))
    assert "<code>fc1</code> would be 24 times as large" in text and round(flattened / averaged) == 24
    larger = plain + flattened - averaged
    assert "The whole network would be four times as large" in text and round(larger / plain) == 4
    assert "more than three quarters of the larger network" in text and 0.75 < flattened / larger < 0.8
    assert "784 pixels go in" in text and LeNet(seed=0)(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


def test_02_a_number_of_the_last_maps_has_seen_a_window_of_16():
    assert "a window of 16 × 16 pixels" in text_of("02")
    pixels, network = torch.rand(1, 1, 28, 28, requires_grad=True), LeNet(seed=0)
    layers = (network.conv1, network.pool1, network.conv2, network.pool2)
    torch.nn.Sequential(*layers)(pixels)[0, 0, 2, 2].backward()
    seen = pixels.grad[0, 0].nonzero()
    assert (seen.max(dim=0).values - seen.min(dim=0).values + 1).tolist() == [16, 16]


def test_03_what_the_live_training_shows(sample):
    assert "the mean of the last 50 steps" in text_of("03") and WINDOW == 50
    assert "200 validation digits, 20 of each class" in text_of("03")
    assert np.bincount(watched(sample.validation).labels).tolist() == [20] * 10


def test_03_400_steps_learn_64_images_by_heart(inputs_and_labels):
    assert "400 steps" in text_of("03")
    inputs, labels = (values[::50][:64] for values in inputs_and_labels)
    network = LeNet(seed=0)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(400):
        training_step(network, inputs, labels, optimiser)
    assert (network(inputs).argmax(dim=1) == labels).all()


def test_03_a_plain_network_learns_nothing_at_a_hundred_times_the_rate(inputs_and_labels):
    assert "a learning rate of 0.1, a hundred times too high" in text_of("03")
    assert REFERENCE.learning_rate == 0.001 and not REFERENCE.training_form and {0.001, 0.1} <= set(RATES)
    inputs, labels = inputs_and_labels
    network = LeNet(seed=0)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.1)
    batches = torch.randint(len(inputs), (100, 64), generator=torch.Generator().manual_seed(0))
    losses = [float(training_step(network, inputs[chosen], labels[chosen], optimiser)) for chosen in batches]
    assert np.mean(losses[-20:]) > 2.2  # ln 10 is 2.3


def test_03_the_rates_that_are_shown_are_those_of_the_guess():
    text = text_of("03")
    rates = 10.0 ** np.arange(-5, 0.5, 0.5)
    shown = [int(at) for at in re.search(r"for row in \(([\d, ]+)\)", text)[1].split(",")]
    assert rates[shown] == pytest.approx([0.001, 0.01, 1]) and "from 0.00001 to 1" in text and rates[0] < 1.1e-5


def test_03_the_answer_about_the_rates_is_that_of_the_losses_shown():
    assert "Ten times higher, 0.01, is better" in text_of("03") and "the ln 10 ≈ 2.303 of" in text_of("03")
    (cell,) = (cell for cell in cells_of("03") if cell.id == "03-15")
    usual, higher, highest = map(float, re.findall(r"rate [\d.]+: ([\d.]+) in", output_of(cell)))
    assert higher < usual < np.log(10) < highest and np.log(10) == pytest.approx(2.303, abs=0.0005)


def test_03_what_a_step_does_at_the_rates_of_the_question(sample):
    text, batch = text_of("03"), some_images(sample.train)
    step = take_apart(a_little_trained(sample.train), batch)
    assert "a rate of 0.01" in text and "0.0001 do, what 0.03, and what 1" in text
    before, usual, tiny, more, far = (step.losses[step.at(rate)].mean() for rate in (0, 0.01, 0.0001, 0.03, 1))
    assert "by less than a hundredth" in text and 0.99 * before < tiny < before
    assert "0.03 lowers it more than 0.01" in text and more < usual < before
    assert "At 1 it is several times what it was" in text and far > 3 * before
    fresh = take_apart(LeNet(seed=0), batch)
    assert "even a rate of 1 lowers the loss by less than a tenth" in text
    assert 0.9 * fresh.losses[0].mean() < fresh.losses[fresh.at(1)].mean() < fresh.losses[0].mean()


def test_03_the_schedule_and_the_training_form(inputs_and_labels):
    text = text_of("03")
    assert "starts at 1/25 of the highest rate, rises for the first 30 %" in text and FAST.schedule == "one-cycle"
    assert "15,626 parameters again" in text
    assert count_parameters(TrainingForm(LeNet(seed=0), seed=0, inputs=inputs_and_labels[0])) == 15_852
    assert "a tenth of each target" in text and FAST.label_smoothing == 0.1
    assert "three epochs of it" in text and replace(REFERENCE, epochs=3).learning_rate == 0.001
    assert "replace(REFERENCE, epochs=3)" in text


def test_03_every_field_of_a_recipe_that_is_named_exists():
    named = re.search(r"The other fields decide (.*?) Now train", text_of("03"))[1]
    assert all(hasattr(FAST, field) for field in re.findall(r"`(\w+)`", named))


def test_04_the_answers_name_the_mistakes_that_were_counted():
    text = text_of("04")
    (counted,) = (output_of(cell) for cell in cells_of("04") if cell.id == "04-14")
    assert "the 7: 11 of 1028 are not recognised, and 5 of these are read as 2" in text
    assert "missed most often: the 7, 11 of 1028 images" in counted and "7 read as 2: 5 of 1028" in counted
    assert "7 times, a 5 is read as 3" in text and counted.startswith("5 read as 3: 7 of")


def test_04_how_the_class_that_the_course_draws_is_read():
    assert "so far that only about four in five are read right" in text_of("04")
    assert abs(evaluate(load_model(COURSE / "model.pth"), load_class(None)).accuracy - 0.8) < 0.03


def test_05_what_a_change_of_the_images_costs(full_mnist):
    text, model = text_of("05"), load_model(COURSE / "model.pth")
    images, labels = full_mnist.validation.pixels, full_mnist.validation.labels
    half = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).astype(np.uint8)
    changed = {
        "Inverting hurts most: on full MNIST 10.8 % are still right": 255 - images,
        "Of the small digits 56.5 % are": np.pad(half, ((0, 0), (7, 7), (7, 7))),
        "Moving hurts least: 98.4 % are right": np.pad(images, ((0, 0), (0, 0), (4, 0)))[:, :, :28],
        "after 99.4 % as they are": images,
    }
    for words, pixels in changed.items():
        accuracy = evaluate(model, Split("changed", pixels, labels)).accuracy
        assert words in text and f"{accuracy:.1%}".replace("%", " %") in words


def test_05_how_a_digit_is_prepared_and_read():
    text = text_of("05")
    assert "its digit is 80 fine pixels long" in text and "**20×20** pixels" in text and 4 * 20 == 80
    assert "15 copies of each digit, at five slants and three sizes" in text
    assert (len(SLANTS), len(SIZES), len(SLANTS) * len(SIZES)) == (5, 3, 15)
    assert "A network of 15,626 numbers" in text and count_parameters(LeNet(seed=0)) == 15_626


def test_05_the_sample_holds_no_image_that_is_wrong_upright_and_right_averaged(sample):
    assert "The bundled sample holds no such image" in text_of("05")
    model, inputs = load_model(COURSE / "model.pth"), to_input(sample.validation.pixels)
    truth = torch.from_numpy(sample.validation.labels)
    averaged = probabilities_over_slants(model, inputs).argmax(dim=1)
    assert not ((model(inputs).argmax(dim=1) != truth) & (averaged == truth)).any()


def test_05_how_many_old_images_are_mixed_in_when_it_is_retrained():
    assert "mixes 3,000 training images of MNIST in" in text_of("05") and OLD == 3000


def test_05_how_large_the_patch_is():
    assert "a patch of 7×7 pixels" in text_of("05") and PATCH == 7
