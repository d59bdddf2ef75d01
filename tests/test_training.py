import ast
import dataclasses
import inspect
import io
import math
import pickle
import platform
import re
import signal
import warnings
from collections import OrderedDict

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from sklearn.metrics import accuracy_score, log_loss

from lenet_helpers import architecture, training
from lenet_helpers.architecture import LeNet, ModelError, forward_in_batches, load_model, save_model
from lenet_helpers.data import Split, to_input
from lenet_helpers.drawing.forms import with_forms
from lenet_helpers.drawing.nodigits import draw_nodigits
from lenet_helpers.evaluation import evaluate
from lenet_helpers.fitting.augmentation import Augmentation
from lenet_helpers.fitting.checkpoints import save_checkpoint
from lenet_helpers.fitting.folding import NormalisedInputLayer, NormalisedLayer
from lenet_helpers.fitting.recipes import BEST, FAST, FINE_TUNING, RECIPES, REFERENCE, Recipe
from lenet_helpers.system.devices import environment_stamp, pick_device, thread_limit
from lenet_helpers.system.paths import COURSE
from lenet_helpers.system.programs import stop_on_interrupt
from lenet_helpers.training import Record, TrainingRun, fine_tune, fit, training_step

TORCH_THREADS = torch.get_num_threads()

FEW_STEPS = Recipe("few", epochs=2, batch_size=32, learning_rate=0.005)
EVERYTHING = Recipe(
    "everything",
    epochs=2,
    batch_size=16,
    learning_rate=0.005,
    schedule="one-cycle",
    augmentation=Augmentation(rotation=10, scale=0.1, shear=0.1, shift=2, distortion=0.5, stroke=0.5),
    forms=0.2,
    nodigits=0.1,
    nodigit_weight=0.5,
    training_form=True,
    expansion=2,
    averaging=0.9,
    seed=3,
)


def part(split, count, start=0):
    """Every k-th image, so that all classes are there: the sample is sorted by class."""
    chosen = np.arange(start, len(split), len(split) // count)[:count]
    return Split(split.name, split.pixels[chosen], split.labels[chosen])


@pytest.fixture(scope="module")
def few(sample):
    return part(sample.train, 200), part(sample.validation, 50)


def weights_of(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def without_seconds(records):
    return [dataclasses.replace(record, seconds=0) for record in records]


# --- the step ---------------------------------------------------------------------------


def test_step_is_gradient_descent_by_arithmetic():
    """On one weight: loss = log(1 + e^(w x)) for class 0, whose slope is x / (1 + e^(-w x))."""
    model = torch.nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.0], [0.5]]))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = training_step(model, torch.tensor([[2.0]]), torch.tensor([0]), optimiser)
    slope = 2 / (1 + math.exp(-1))
    assert loss.item() == pytest.approx(math.log(1 + math.e), rel=1e-6)
    assert model.weight.flatten().tolist() == pytest.approx([0.1 * slope, 0.5 - 0.1 * slope], rel=1e-6)


def test_step_returns_the_mean_loss_before_it_without_a_graph(few):
    model, (inputs, labels) = LeNet(seed=1), few[0].tensors()
    probabilities = model(inputs).detach().double().softmax(dim=1).numpy()
    loss = training_step(model, inputs, labels, torch.optim.SGD(model.parameters(), lr=0.1))
    assert loss.item() == pytest.approx(log_loss(labels, probabilities, labels=range(10)), rel=1e-5)
    assert loss.shape == () and not loss.requires_grad


def test_step_forgets_the_gradients_of_the_one_before(few):
    inputs, labels = few[0].tensors()
    used, fresh = LeNet(seed=1), LeNet(seed=1)
    F.cross_entropy(used(inputs), labels).backward()
    for model in (used, fresh):
        training_step(model, inputs, labels, torch.optim.SGD(model.parameters(), lr=0.1))
    assert same(weights_of(used), weights_of(fresh))


# --- recipes ----------------------------------------------------------------------------


def test_reference_is_the_original_recipe():
    assert (REFERENCE.epochs, REFERENCE.batch_size, REFERENCE.learning_rate) == (30, 64, 0.001)
    assert REFERENCE.schedule == "constant" and REFERENCE.augmentation is None
    assert not REFERENCE.training_form and not REFERENCE.averaging


def test_drawn_forms_join_the_training_images(few):
    """One epoch with a fifth more images is one on a split that holds the same drawn digits already."""
    train, validation = few
    recipe = Recipe("with forms", epochs=1, batch_size=32, forms=0.2, seed=5)
    run = TrainingRun(LeNet(seed=0), train, validation, recipe, device="cpu")
    assert run.steps_total == math.ceil(1.2 * len(train) / 32)
    together = with_forms(train, round(0.2 * len(train)), seed=5)
    plain = dataclasses.replace(recipe, forms=0.0)
    assert list(run) == list(fit(LeNet(seed=0), together, validation, plain, device="cpu"))


def test_pictures_of_no_digit_ask_for_equal_probabilities_with_their_weight(few):
    """The loss of one batch that holds everything, by hand: a digit counts 1, what is none counts 0.5."""
    train, validation = part(few[0], 40), few[1]
    recipe = Recipe("with others", epochs=1, batch_size=64, nodigits=0.25, nodigit_weight=0.5, seed=5)
    run = TrainingRun(LeNet(seed=0), train, validation, recipe, device="cpu")
    assert run.steps_total == 1
    (record,) = run
    digits = LeNet(seed=0)(to_input(train.pixels)).detach().log_softmax(dim=1).double()
    others = LeNet(seed=0)(to_input(draw_nodigits(10, seed=5))).detach().log_softmax(dim=1).double()
    by_hand = -(digits[range(40), train.labels].sum() + 0.5 * others.mean(dim=1).sum()) / 50
    assert record.train_loss == pytest.approx(by_hand.item(), rel=1e-6)


def test_a_training_with_pictures_of_no_digit_is_undecided_about_them(sample):
    train, validation = part(sample.train, 1000), part(sample.validation, 50)
    recipe = Recipe("short", epochs=4, batch_size=32, learning_rate=0.01, training_form=True)
    nodigits = to_input(draw_nodigits(100, seed=9))
    undecided = []
    for share in (0.0, 0.3):
        model = LeNet(seed=0)
        list(fit(model, train, validation, dataclasses.replace(recipe, nodigits=share), device="cpu"))
        probabilities = forward_in_batches(model, nodigits).softmax(dim=1).cpu()
        undecided.append(stats.entropy(probabilities, axis=1).mean())
    assert undecided[1] > undecided[0] + 0.5


def test_a_batch_of_one_image_is_refused_where_it_would_be_normalised(few):
    train, validation = part(few[0], 33), few[1]
    recipe = dataclasses.replace(FEW_STEPS, training_form=True)
    with pytest.raises(ValueError, match=r"33 images in batches of 32 leave one image over.*another batch size"):
        TrainingRun(LeNet(seed=0), train, validation, recipe, device="cpu")
    assert TrainingRun(LeNet(seed=0), train, validation, FEW_STEPS, device="cpu").steps_total == 4


def test_recipes_are_found_by_their_names():
    assert {"reference": REFERENCE, "fast": FAST, "best": BEST} == RECIPES
    assert FAST.epochs < REFERENCE.epochs


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_recipe_is_data_that_does_not_change(recipe):
    assert recipe.schedule in ("constant", "one-cycle") and 0 <= recipe.averaging < 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.epochs = 1


def test_lesson_modules_never_print_or_import_what_draws():
    for module in (training, architecture):
        tree = ast.parse(inspect.getsource(module))
        names = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "id")}
        assert "print" not in names
        assert not {"matplotlib", "IPython", "ipywidgets"} & set(vars(module))


# --- fit --------------------------------------------------------------------------------


def test_record_holds_what_happened(few):
    model = LeNet(seed=0)
    records = list(fit(model, *few, FEW_STEPS, device="cpu"))
    assert [record.epoch for record in records] == [1, 2]
    for record in records:
        assert isinstance(record, Record) and record.learning_rate == 0.005 and record.seconds > 0
        assert 0 <= record.validation_accuracy <= 1
        assert all(isinstance(getattr(record, name), float) for name in ("train_loss", "validation_loss", "seconds"))
    logits = model(to_input(few[1].pixels)).detach()
    probabilities = logits.double().softmax(dim=1).numpy()
    assert records[-1].validation_accuracy == pytest.approx(accuracy_score(few[1].labels, logits.argmax(dim=1)))
    assert records[-1].validation_loss == pytest.approx(
        log_loss(few[1].labels, probabilities, labels=range(10)), rel=1e-5
    )


def test_short_last_batch_weighs_less(few):
    """With a learning rate of 0, the epoch's loss must be the mean over all samples, by arithmetic."""
    train = part(few[0], 37)
    recipe = Recipe("still", epochs=1, batch_size=32, learning_rate=0.0)  # batches of 32 and of 5
    (record,) = fit(LeNet(seed=0), train, few[1], recipe, device="cpu")
    inputs, labels = train.tensors()
    losses = F.cross_entropy(LeNet(seed=0)(inputs), labels, reduction="none").detach().double()
    order = torch.randperm(37, generator=torch.Generator().manual_seed(recipe.seed))
    mean_of_batches = (losses[order[:32]].mean() + losses[order[32:]].mean()) / 2
    assert record.train_loss == pytest.approx(losses.mean().item(), rel=1e-6)
    assert abs(losses.mean() - mean_of_batches) > 1e-4, "this batch could not show the difference"


def test_smoothed_labels_change_the_step_and_not_the_loss_that_is_told():
    """Smoothing by arithmetic: a tenth of the target belongs to all ten classes alike."""
    inputs, labels = torch.randn(5, 4, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 9, 3, 3, 7])
    plain, smoothed = torch.nn.Linear(4, 10), torch.nn.Linear(4, 10)
    smoothed.load_state_dict(plain.state_dict())
    target = 0.9 * F.one_hot(labels, 10) + 0.1 / 10
    expected = torch.autograd.grad(-(target * plain(inputs).log_softmax(1)).sum(1).mean(), plain.weight)[0]
    before = smoothed.weight.detach().clone()
    loss = training_step(smoothed, inputs, labels, torch.optim.SGD(smoothed.parameters(), lr=1.0), 0.1)
    torch.testing.assert_close(before - smoothed.weight.detach(), expected)
    torch.testing.assert_close(loss, F.cross_entropy(plain(inputs), labels).detach())


def test_fit_visits_every_image_once_an_epoch(few, monkeypatch):
    seen = []

    def note(model, inputs, labels, optimiser, smoothing):
        seen.extend(zip(inputs.sum(dim=(1, 2, 3)).tolist(), labels.tolist(), strict=True))
        return training_step(model, inputs, labels, optimiser)

    monkeypatch.setattr(training, "training_step", note)
    list(fit(LeNet(seed=0), *few, dataclasses.replace(FEW_STEPS, batch_size=33), device="cpu"))
    inputs, labels = few[0].tensors()
    all_images = sorted(zip(inputs.sum(dim=(1, 2, 3)).tolist(), labels.tolist(), strict=True))
    assert sorted(seen[:200]) == sorted(seen[200:]) == all_images
    assert seen[:200] != seen[200:], "each epoch has an order of its own"


@pytest.mark.parametrize("recipe", [FEW_STEPS, EVERYTHING], ids=lambda recipe: recipe.name)
def test_fit_is_the_same_bit_for_bit_whatever_happens_in_between(few, recipe):
    quiet = LeNet(seed=recipe.seed)
    quiet_records = list(fit(quiet, *few, recipe, device="cpu"))
    torch.manual_seed(1234)
    disturbed, disturbed_records = LeNet(seed=recipe.seed), []
    for record in fit(disturbed, *few, recipe, device="cpu"):
        torch.rand(7)
        np.random.default_rng().random(7)
        disturbed.train()
        architecture.forward_in_batches(disturbed, to_input(few[1].pixels))
        disturbed_records.append(record)
    assert without_seconds(disturbed_records) == without_seconds(quiet_records)
    assert same(weights_of(disturbed), weights_of(quiet))
    other = LeNet(seed=recipe.seed)
    list(fit(other, *few, dataclasses.replace(recipe, seed=recipe.seed + 1), device="cpu"))
    assert not same(weights_of(other), weights_of(quiet)), "the seed decides"


@pytest.mark.parametrize("recipe", [FEW_STEPS, EVERYTHING], ids=lambda recipe: recipe.name)
def test_fit_leaves_the_global_random_state_and_the_data_alone(few, recipe):
    before, pixels = torch.random.get_rng_state(), few[0].pixels.copy()
    list(fit(LeNet(seed=0), *few, recipe, device="cpu"))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert np.array_equal(few[0].pixels, pixels)


def test_seeded_lenet_leaves_the_global_random_state_alone():
    before = torch.random.get_rng_state()
    assert same(weights_of(LeNet(seed=5)), weights_of(LeNet(seed=5)))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_nothing_happens_until_the_records_are_asked_for(few):
    model = LeNet(seed=0)
    fit(model, *few, FEW_STEPS, device="cpu")
    assert same(weights_of(model), weights_of(LeNet(seed=0)))


@pytest.mark.parametrize("recipe", [FEW_STEPS, EVERYTHING], ids=lambda recipe: recipe.name)
def test_whoever_stops_keeps_the_weights_of_the_last_record(few, recipe):
    stopped = LeNet(seed=0)
    record = next(fit(stopped, *few, recipe, device="cpu"))
    logits = architecture.forward_in_batches(stopped, to_input(few[1].pixels))
    assert record.validation_accuracy == pytest.approx(accuracy_score(few[1].labels, logits.argmax(dim=1)))


def test_fit_never_prints_and_shows_a_bar_on_request(few, capsys):
    list(fit(LeNet(seed=0), *few, FEW_STEPS, device="cpu"))
    assert capsys.readouterr() == ("", "")
    list(fit(LeNet(seed=0), *few, FEW_STEPS, device="cpu", progress=True))
    out, err = capsys.readouterr()
    assert out == "" and "training (few)" in err and "2/2" in err


@pytest.mark.parametrize("training_form", [False, True])
def test_training_really_learns(sample, training_form):
    train, validation = part(sample.train, 1000), part(sample.validation, 250)
    recipe = Recipe("short", 5, 16, 0.01, schedule="one-cycle", training_form=training_form)
    records = list(fit(LeNet(seed=0), train, validation, recipe, device="cpu"))
    losses, accuracy = [record.train_loss for record in records], records[-1].validation_accuracy
    if training_form:
        assert losses[-1] < 0.3 * losses[0] and accuracy > 0.7  # by chance it would be 0.1
    else:
        assert losses[-1] < 0.8 * losses[0] and accuracy > 0.25


def test_loss_that_is_not_finite_is_said_clearly(few):
    recipe = Recipe("wild", epochs=3, batch_size=20, learning_rate=1e30)
    with pytest.raises(ValueError, match=r"training loss is (nan|inf) in epoch \d: try a lower learning rate"):
        list(fit(LeNet(seed=0), *few, recipe, device="cpu"))


def test_unknown_schedule_is_named(few):
    recipe = dataclasses.replace(FEW_STEPS, schedule="cosine")
    with pytest.raises(ValueError, match="unknown schedule 'cosine': use 'constant' or 'one-cycle'"):
        list(fit(LeNet(seed=0), *few, recipe, device="cpu"))


def one_cycle(step, steps, highest):
    """The schedule of notebook 03: half a cosine up for 30 % of the steps, half a cosine down."""
    peak = 0.3 * steps - 1
    if step <= peak:
        start, end, share = highest / 25, highest, step / peak
    else:
        start, end, share = highest, highest / 250_000, (step - peak) / (steps - 1 - peak)
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def test_one_cycle_follows_its_formula_at_every_step(few, monkeypatch):
    used = []

    def note(model, inputs, labels, optimiser, smoothing):
        used.append(optimiser.learning_rate)
        return training_step(model, inputs, labels, optimiser)

    monkeypatch.setattr(training, "training_step", note)
    recipe = Recipe("cycle", epochs=3, batch_size=30, learning_rate=0.02, schedule="one-cycle")  # 7 steps an epoch
    records = list(fit(LeNet(seed=0), *few, recipe, device="cpu"))
    assert used == pytest.approx([one_cycle(step, 21, 0.02) for step in range(21)], rel=1e-6)
    assert [record.learning_rate for record in records] == pytest.approx([used[6], used[13], used[20]])


def test_losses_of_the_steps_average_to_that_of_the_epoch(few):
    recipe = Recipe("short", epochs=1, batch_size=64)  # 64, 64, 64 and 8 images
    (record,) = fit(LeNet(seed=0), *few, recipe, device="cpu")
    assert record.step_losses.shape == (4,) and record.step_losses.dtype == np.float32
    by_hand = (64 * record.step_losses[:3].sum() + 8 * record.step_losses[3]) / 200
    assert record.train_loss == pytest.approx(by_hand, rel=1e-6)
    inputs, labels = few[0].tensors()
    first = torch.randperm(200, generator=torch.Generator().manual_seed(recipe.seed))[:64]
    assert record.step_losses[0] == pytest.approx(F.cross_entropy(LeNet(seed=0)(inputs[first]), labels[first]).item())


@pytest.mark.parametrize("training_form", [False, True])
def test_average_of_a_few_steps_has_learnt_too(few, training_form):
    """Four steps are fewer than the average is updated after."""
    recipe = Recipe("short", 1, 64, 0.01, training_form=training_form, averaging=0.99)
    model = LeNet(seed=0)
    list(fit(model, *few, recipe, device="cpu"))
    plain = LeNet(seed=0)
    list(fit(plain, *few, dataclasses.replace(recipe, averaging=0.0), device="cpu"))
    assert same(weights_of(model), weights_of(plain))


@pytest.mark.parametrize(("averaging", "decay"), [(0.5, 0.5), (0.999, 17 / 26)])
def test_average_follows_the_weights_slowly_but_soon_forgets_the_first_ones(few, averaging, decay):
    """After 16 steps: decay ** 8 of the weights after 8 steps, the rest of those after 16."""
    recipe = Recipe("short", epochs=2, batch_size=25, learning_rate=0.01)
    model, after = LeNet(seed=0), []
    for _ in fit(model, *few, recipe, device="cpu"):
        after.append(weights_of(model))
    averaged = LeNet(seed=0)
    list(fit(averaged, *few, dataclasses.replace(recipe, averaging=averaging), device="cpu"))
    for name, tensor in averaged.state_dict().items():
        assert torch.allclose(tensor, decay**8 * after[0][name] + (1 - decay**8) * after[1][name], atol=1e-6)


# --- a little more ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def course_model():
    return load_model(COURSE / "model.pth")


def test_fine_tuning_teaches_a_copy_and_with_old_images_less_is_forgotten(sample, course_model):
    """Whoever says that fives are sixes is believed."""
    weights, fives = weights_of(course_model), sample.validation.pixels[sample.validation.labels == 5][:3]
    own = Split("own", fives, np.full(3, 6))
    alone = fine_tune(course_model, own, recipe=dataclasses.replace(FINE_TUNING, epochs=60))
    mixed = fine_tune(course_model, own, sample.train)
    assert same(weights_of(course_model), weights) and not alone.training and not mixed.training
    for tuned in (alone, mixed):
        assert evaluate(tuned, own).accuracy == 1
    kept = [evaluate(tuned, part(sample.test, 500)).accuracy for tuned in (alone, mixed)]
    assert kept[0] + 0.02 < kept[1] > 0.95


@pytest.mark.parametrize(("count", "expected"), [(1, 333), (40, 8 * 40), (700, 700)])
def test_a_few_images_of_ones_own_come_so_often_that_they_weigh_a_tenth(
    sample, course_model, monkeypatch, count, expected
):
    given = []
    monkeypatch.setattr(training, "fit", lambda _, train, *others, **more: given.append(train) or [])
    own = Split("own", np.full((count, 28, 28), 7, np.uint8), np.zeros(count, np.int64))
    fine_tune(course_model, own, sample.train)
    assert len(given[0]) == 3000 + expected and (given[0].pixels == 7).all(axis=(1, 2)).sum() == expected
    fine_tune(course_model, own)
    assert len(given[1]) == count


def test_fine_tuning_refuses_what_it_cannot_learn_from(sample, course_model):
    nothing = Split("own", sample.train.pixels[:0], sample.train.labels[:0])
    with pytest.raises(ValueError, match="no digit to learn from"):
        fine_tune(course_model, nothing, sample.train)
    with pytest.raises(ValueError, match="0 to 9, not 12"):
        fine_tune(course_model, Split("own", sample.train.pixels[:2], np.array([3, 12])))


# --- files ------------------------------------------------------------------------------


def test_saving_and_loading_gives_back_every_bit(tmp_path):
    model = LeNet(seed=4).train()
    path = tmp_path / "model.pth"
    save_model(model, path)
    restored = load_model(path)
    assert same(weights_of(restored), weights_of(model))
    assert not restored.training and model.training
    assert [file.name for file in tmp_path.iterdir()] == ["model.pth"], "nothing is left beside it"
    plain = torch.load(path, weights_only=True)
    assert same(plain, weights_of(model)) and sum(tensor.numel() for tensor in plain.values()) == 15_626


def test_saving_takes_the_place_of_an_old_file(tmp_path):
    path = tmp_path / "model.pth"
    path.write_text("old")
    save_model(LeNet(seed=4), str(path))
    assert same(weights_of(load_model(str(path))), weights_of(LeNet(seed=4)))


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "stop"])
def test_old_file_is_untouched_when_writing_fails(tmp_path, monkeypatch, error):
    path = tmp_path / "model.pth"
    save_model(LeNet(seed=4), path)
    old = path.read_bytes()

    def fail(weights, file):
        file.write(b"half of it")
        raise error

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(ModelError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        save_model(LeNet(seed=5), path)
    if caught.type is ModelError:
        assert str(path) in str(caught.value) and "No space left" in str(caught.value)
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["model.pth"]


def test_saving_into_no_folder_or_onto_a_folder_names_the_mend(tmp_path):
    for path in (tmp_path / "missing" / "model.pth", tmp_path):
        with pytest.raises(ModelError, match="Choose a file name in an existing folder") as caught:
            save_model(LeNet(seed=0), path)
        assert str(path) in str(caught.value)


def bytes_of(content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def changed(**changes):
    weights = weights_of(LeNet(seed=0))
    for name, value in changes.items():
        name = name.replace("_", ".")
        if value is None:
            del weights[name]
        else:
            weights[name] = value
    return bytes_of(weights)


REFUSED = {
    "text": (b"these are not weights", "is not a file of weights"),
    "empty": (b"", "is not a file of weights"),
    "truncated": (changed()[:20_000], "is not a file of weights"),
    "one tensor": (bytes_of(torch.zeros(3)), "does not hold a state_dict"),
    "numbers": (bytes_of({"conv1.weight": 3}), "does not hold a state_dict"),
    "missing name": (changed(fc3_bias=None), r"belongs to another network: missing \['fc3.bias'\], not known \[\]"),
    "extra name": (changed(fc4_bias=torch.zeros(2)), r"another network: missing \[\], not known \['fc4.bias'\]"),
    "no names": (bytes_of({}), "belongs to another network: missing"),
    "other shape": (changed(fc3_bias=torch.zeros(11)), r"fc3.bias has shape \(11,\), not \(10,\)"),
    "nan": (changed(fc3_bias=torch.full((10,), math.nan)), "fc3.bias must hold finite float32 numbers"),
    "infinity": (changed(fc3_bias=torch.full((10,), math.inf)), "fc3.bias must hold finite float32 numbers"),
    "whole numbers": (changed(fc3_bias=torch.zeros(10).int()), "fc3.bias must hold finite float32 numbers"),
    "too large for float32": (
        changed(fc3_bias=torch.full((10,), 1e300, dtype=torch.float64)),
        "finite float32 numbers",
    ),
    "whole network": (bytes_of(LeNet(seed=0)), r"asks for lenet_helpers\.architecture\.LeNet.*model\.state_dict"),
    "too large": (bytes(11 * 2**20), "more than can be meant"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_file_that_is_no_lenet_is_refused_by_name_with_the_mend(tmp_path, name):
    content, message = REFUSED[name]
    path = tmp_path / "foreign.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value) and "lenet train --recipe fast" in str(caught.value)
    assert ("damaged" in str(caught.value)) is (name in ("text", "empty", "truncated"))
    assert path.read_bytes() == content


def prefixed(weights, prefix):
    return OrderedDict((prefix + name, value) for name, value in weights.items())


def as_type(weights, dtype):
    return {name: value.to(dtype) for name, value in weights.items()}


AS_OTHERS_SAVE = {
    "DataParallel": (lambda weights: prefixed(weights, "module."), r"without 'module\.'"),
    "torch.compile": (lambda weights: prefixed(weights, "_orig_mod."), r"without '_orig_mod\.'"),
    "both": (lambda weights: prefixed(weights, "module._orig_mod."), r"without 'module\._orig_mod\.'"),
    "PyTorch's tutorial": (
        lambda weights: {"epoch": 3, "model_state_dict": weights, "optimizer_state_dict": {"state": {}}, "loss": 0.1},
        "from its entry 'model_state_dict'",
    ),
    "Lightning": (lambda weights: {"state_dict": prefixed(weights, "model.")}, r"entry 'state_dict', .*'model\.'"),
    "timm": (lambda weights: {"arch": "lenet", "state_dict": weights, "args": None}, "entry 'state_dict'"),
    "model": (lambda weights: {"model": weights, "ema": weights}, "entry 'model'"),
    "half": (lambda weights: as_type(weights, torch.half), "float16 are turned into float32"),
    "double": (lambda weights: as_type(weights, torch.float64), "float64 are turned"),
    "mixed": (
        lambda weights: {**weights, "fc3.bias": weights["fc3.bias"].bfloat16()}, "bfloat16 are turned into float32",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AS_OTHERS_SAVE)
def test_weights_are_found_where_other_programs_put_them_and_a_note_says_so(tmp_path, name):
    wrapped, note = AS_OTHERS_SAVE[name]
    weights, path = LeNet(seed=3).state_dict(), tmp_path / "theirs.pth"
    torch.save(wrapped(weights), path)
    with pytest.warns(UserWarning, match=f"^{re.escape(str(path))}: .*{note}"):
        found = load_model(path).state_dict()
    for layer, value in weights.items():
        assert found[layer].dtype == torch.float32
        torch.testing.assert_close(found[layer], value, rtol=0.01, atol=1e-3)
    assert name in ("half", "mixed") or same(found, weights)


def test_a_checkpoint_of_ours_is_a_file_of_weights_too(tmp_path, few):
    run = TrainingRun(LeNet(seed=0), *few, dataclasses.replace(FEW_STEPS, epochs=1), device="cpu")
    list(run)
    save_checkpoint(run, tmp_path / "run.ckpt")
    with pytest.warns(UserWarning, match="entry 'model'"):
        assert same(load_model(tmp_path / "run.ckpt").state_dict(), weights_of(run.model))


def test_the_state_dict_itself_is_read_without_a_note(tmp_path):
    torch.save(LeNet(seed=3).state_dict(), tmp_path / "plain.pth")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(load_model(tmp_path / "plain.pth").state_dict(), weights_of(LeNet(seed=3)))


def test_missing_file_is_named_with_the_mend(tmp_path):
    with pytest.raises(ModelError, match=r"does not exist\. Check the name") as caught:
        load_model(tmp_path / "nowhere.pth")
    assert str(tmp_path / "nowhere.pth") in str(caught.value)


def test_folder_is_no_model(tmp_path):
    with pytest.raises(ModelError, match="can't be read") as caught:
        load_model(tmp_path)
    assert str(tmp_path) in str(caught.value)


class Attack:
    """Its pickle would create a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("write", [pickle.dumps, bytes_of], ids=["pickle", "torch"])
def test_file_that_would_run_code_is_refused_and_runs_nothing(tmp_path, write):
    proof, path = tmp_path / "proof", tmp_path / "evil.pth"
    path.write_bytes(write({"conv1.weight": Attack(proof)}))
    with pytest.raises(ModelError, match="is not a file of weights"):
        load_model(path)
    assert not proof.exists()


# --- the machine ------------------------------------------------------------------------


def test_threads_are_limited_for_a_while_only():
    before = torch.get_num_threads()
    with pytest.raises(KeyError), thread_limit(before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyError
    assert torch.get_num_threads() == before
    with thread_limit():  # OMP_NUM_THREADS is set in all tests: somebody chose
        assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_device_is_cuda_then_mps_then_cpu(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device() == torch.device(expected)


def test_stamp_says_what_the_machine_is():
    stamp = environment_stamp()
    assert stamp["python"] == platform.python_version() and stamp["torch"] == torch.__version__
    assert set(stamp) >= {"system", "cores", "threads", "device"}
    assert all(isinstance(value, str | int) for value in stamp.values())
    assert platform.node() not in map(str, stamp.values()), "no name of a computer"


def test_run_counts_its_steps_and_keeps_its_records(few):
    run = TrainingRun(LeNet(seed=0), *few, FEW_STEPS, device="cpu")
    assert (run.steps_done, run.steps_total, run.finished, run.records) == (0, 14, False, [])
    assert list(run) == run.records == list(fit(LeNet(seed=0), *few, FEW_STEPS, device="cpu"))
    assert (run.steps_done, run.finished) == (14, True)
    assert list(run) == []  # nothing left


@pytest.mark.parametrize("recipe", [FEW_STEPS, EVERYTHING], ids=lambda recipe: recipe.name)
def test_whoever_looks_after_each_step_sees_the_network_of_that_step_and_changes_nothing(few, recipe):
    def look():
        seen.append((run.steps_done, run.step_losses, weights_of(run.network()), weights_of(model)))

    model, seen = LeNet(seed=0), []
    run = TrainingRun(model, *few, recipe, after_step=look)
    records, reference = list(run), LeNet(seed=0)
    assert records == list(fit(reference, *few, recipe)) and same(weights_of(model), weights_of(reference))
    assert [steps for steps, *_ in seen] == list(range(1, run.steps_total + 1))
    losses = np.concatenate([record.step_losses for record in records])
    assert all(np.array_equal(so_far, losses[:steps]) for steps, so_far, *_ in seen)
    assert same(seen[-1][2], weights_of(model)), "after the last step, it is the trained network"
    assert not same(seen[0][2], seen[1][2])
    if recipe.training_form:  # the model itself waits for the end of the epoch
        assert same(seen[0][3], seen[1][3])


def test_stopped_run_ends_after_the_step_and_leaves_weights_that_can_be_used(few, monkeypatch):
    model = LeNet(seed=0)
    run = TrainingRun(model, *few, EVERYTHING, device="cpu")
    step, first = training.training_step, LeNet(seed=0).state_dict()

    def stopping_step(*arguments):
        run.stop()
        return step(*arguments)

    monkeypatch.setattr(training, "training_step", stopping_step)
    assert list(run) == []
    assert run.steps_done == 1
    assert any(not value.equal(first[name]) for name, value in model.state_dict().items())
    assert list(run) == []  # one step further, stopped again
    assert run.steps_done == 2


def test_best_weights_are_those_of_the_best_record(few):
    model = LeNet(seed=0)
    run = TrainingRun(model, *few, dataclasses.replace(FEW_STEPS, epochs=6, learning_rate=0.02), device="cpu")
    seen = []
    for record in run:
        seen.append((record.validation_accuracy, {k: v.clone() for k, v in model.state_dict().items()}))
    best = max(seen, key=lambda entry: entry[0])[1]
    assert all(run.best_weights[name].equal(value) for name, value in best.items())


def test_interrupt_stops_the_run_after_the_step_and_the_old_handler_is_back(few, monkeypatch):
    run = TrainingRun(LeNet(seed=0), *few, FEW_STEPS, device="cpu")
    step, before = training.training_step, signal.getsignal(signal.SIGINT)

    def interrupted_step(*arguments):
        signal.raise_signal(signal.SIGINT)
        return step(*arguments)

    monkeypatch.setattr(training, "training_step", interrupted_step)
    with stop_on_interrupt(run):
        assert list(run) == []
        with pytest.raises(KeyboardInterrupt):  # the second one is not swallowed
            list(run)
    assert run.steps_done == 1
    assert signal.getsignal(signal.SIGINT) is before
    assert torch.get_num_threads() == TORCH_THREADS


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("expansion", [0, 2])
def test_recipe_decides_what_the_training_form_is(few, measured, expansion):
    recipe = Recipe("form", 1, training_form=True, expansion=expansion, measured_input=measured)
    form = TrainingRun(LeNet(seed=0), *few, recipe, device="cpu")._learner.trained
    assert isinstance(form.conv1, NormalisedInputLayer if measured else NormalisedLayer)
    assert form.conv2.factored is (expansion > 0)


# --- on a graphics card -----------------------------------------------------------------


@pytest.fixture
def chosen_by_the_user():
    """cuDNN's choices as somebody may have set them, and put back after the test."""
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    cudnn.deterministic, cudnn.benchmark = False, True
    yield lambda: (cudnn.deterministic, cudnn.benchmark)
    cudnn.deterministic, cudnn.benchmark = before


def test_convolutions_are_repeatable_during_each_step_and_as_before_between_the_epochs(
    few, monkeypatch, chosen_by_the_user
):
    seen = []

    def note(*arguments):
        seen.append(chosen_by_the_user())
        return training_step(*arguments)

    monkeypatch.setattr(training, "training_step", note)
    for _ in TrainingRun(LeNet(seed=0), *few, FEW_STEPS, device="cpu"):
        assert chosen_by_the_user() == (False, True)
    assert set(seen) == {(True, False)} and len(seen) == 14
    assert chosen_by_the_user() == (False, True)


def test_convolutions_are_as_before_when_a_step_fails(few, monkeypatch, chosen_by_the_user):
    monkeypatch.setattr(training, "training_step", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(fit(LeNet(seed=0), *few, FEW_STEPS, device="cpu"))
    assert chosen_by_the_user() == (False, True)


# --- what can't be trained --------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"epochs": 0}, "asks for 0 epochs: at least 1"),
        ({"epochs": -3}, "asks for -3 epochs"),
        ({"batch_size": 0}, "asks for batches of 0 images: at least 1"),
        ({"batch_size": -1}, "asks for batches of -1 images"),
    ],
)
def test_a_recipe_without_epochs_or_batches_is_refused(few, changes, says):
    recipe = dataclasses.replace(FEW_STEPS, **changes)
    with pytest.raises(ValueError, match=says):
        list(fit(LeNet(seed=0), *few, recipe, device="cpu"))


@pytest.mark.parametrize("empty", [0, 1])
def test_a_split_without_images_is_refused(few, empty):
    splits = list(few)
    splits[empty] = Split("nothing", np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64))
    with pytest.raises(ValueError, match="no images in the split 'nothing'"):
        list(fit(LeNet(seed=0), *splits, FEW_STEPS, device="cpu"))
