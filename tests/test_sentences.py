"""Numbers that the lessons' texts state, and no output shows: each is computed here as the text says."""

import re
from dataclasses import replace

import nbformat
import numpy as np
import pytest
import torch

from lenet_helpers import COURSE, FAST, REFERENCE, LeNet, TrainingForm, count_parameters, training_step
from lenet_helpers.demos.figures.live_training import WINDOW, watched
from lenet_helpers.demos.figures.one_step import a_little_trained, some_images, take_apart
from lenet_helpers.demos.live.live_training import RATES
from lenet_helpers.inference import PATCH
from lenet_helpers.training import OLD


def text_of(lesson):
    (path,) = (COURSE / "notebooks").glob(f"{lesson}_*.ipynb")
    return " ".join("\n".join(cell.source for cell in nbformat.read(path, 4).cells).split())


@pytest.fixture(scope="module")
def inputs_and_labels(sample):
    return sample.train.tensors()


def test_01_four_fifths_of_all_pixels_are_empty(sample):
    assert "four fifths" in text_of("01") and (sample.train.pixels == 0).mean() == pytest.approx(0.8, abs=0.02)


def test_01_what_128_becomes():
    assert "128 becomes (128 / 255 − 0.5) / 0.5 ≈ 0.004" in text_of("01")
    assert (128 / 255 - 0.5) / 0.5 == pytest.approx(0.004, abs=0.0005)


def test_02_numbers_of_the_network():
    text, network = text_of("02"), LeNet(seed=0)
    for layer, words in ((network.fc2, "10,164 of 15,626"), (network, "15,626 numbers")):
        assert words in text and f"{count_parameters(layer):,}" in words
    assert "8 × (3 × 3 × 3 + 1) = 224" in text and count_parameters(torch.nn.Conv2d(3, 8, 3)) == 224
    assert "28: the padded side is 32" in text and network.conv1(torch.zeros(1, 28, 28)).shape[1:] == (28, 28)


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
    assert rates[shown] == pytest.approx([0.001, 0.01, 1]) and "about 0.001, 0.01 and 1" in text


def test_03_what_a_step_does_at_the_rates_of_the_question(sample):
    text, batch = text_of("03"), some_images(sample.train)
    step = take_apart(a_little_trained(sample.train), batch)
    assert "a rate of 0.01" in text and "0.0001 do, what 0.03, and what 0.5" in text
    before, usual, tiny, more, far = (step.losses[step.at(rate)].mean() for rate in (0, 0.01, 0.0001, 0.03, 0.5))
    assert "by less than a hundredth" in text and 0.99 * before < tiny < before
    assert "0.03 lowers it more than 0.01" in text and more < usual < before
    assert "ten times what it was" in text and far > 10 * before
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


def test_05_how_many_old_images_are_mixed_in_when_it_is_retrained():
    assert "mixes 3,000 training images of MNIST in" in text_of("05") and OLD == 3000


def test_05_how_large_the_patch_is():
    assert "a patch of 7×7 pixels" in text_of("05") and PATCH == 7
