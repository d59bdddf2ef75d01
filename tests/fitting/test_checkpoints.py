import dataclasses
import io
import os
import pickle
import random

import pytest
import torch

from lenet_helpers.architecture import LeNet
from lenet_helpers.data import Split
from lenet_helpers.fitting.augmentation import Augmentation
from lenet_helpers.fitting.checkpoints import CheckpointError, load_checkpoint, save_checkpoint
from lenet_helpers.fitting.recipes import Recipe
from lenet_helpers.training import TrainingRun, fit

PLAIN = Recipe("plain", epochs=3, batch_size=32)
EVERYTHING = Recipe(
    "everything",
    epochs=3,
    batch_size=2,  # more batches than are augmented at once, so that some are skipped whole
    learning_rate=0.005,
    schedule="one-cycle",
    augmentation=Augmentation(rotation=10, scale=0.1, shear=0.1, shift=2, distortion=0.5, stroke=0.5),
    training_form=True,
    expansion=2,
    averaging=0.9,
    seed=3,
)


@pytest.fixture(scope="module")
def few(few):
    """80 training images, and 50 to validate."""
    train, validation = few
    return Split(train.name, train.pixels[:80], train.labels[:80]), validation


def new_run(few, recipe):
    return TrainingRun(LeNet(seed=recipe.seed), *few, recipe, device="cpu")


def stop_after(run, steps):
    """Train and stop when `steps` steps have been taken, as a button would."""
    optimiser = run._learner.optimiser
    zero_grad = optimiser.zero_grad

    def counting():
        zero_grad()
        if run.steps_done + 1 >= steps:
            run.stop()

    optimiser.zero_grad = counting
    list(run)
    del optimiser.zero_grad


def assert_same_bits(first, second):
    """Compare everything a run holds, whatever it is made of; times are left out."""
    if torch.is_tensor(first):
        assert first.dtype == second.dtype
        assert first.equal(second)
    elif isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first.keys() - {"seconds"}:
            assert_same_bits(first[key], second[key])
    elif isinstance(first, list | tuple):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_same_bits(one, other)
    else:
        assert first == second


@pytest.mark.parametrize("recipe", [PLAIN, EVERYTHING], ids=lambda recipe: recipe.name)
def test_resumed_run_ends_with_the_same_bits(few, recipe, tmp_path):
    whole = new_run(few, recipe)
    list(whole)
    total = whole.steps_total
    for steps in [1, total // 3, total // 3 + 1, random.Random(recipe.name).randrange(total), total - 1]:
        stopped = new_run(few, recipe)
        stop_after(stopped, steps)
        assert stopped.steps_done == steps
        save_checkpoint(stopped, tmp_path / "run.ckpt")

        torch.manual_seed(steps)  # what a student does in between changes nothing
        torch.rand(steps)
        resumed = TrainingRun(LeNet(seed=99), *few, recipe, device="cpu")
        load_checkpoint(resumed, tmp_path / "run.ckpt")
        list(resumed)
        assert resumed.finished
        assert_same_bits(resumed.state_dict(), whole.state_dict())


def test_run_stopped_at_random_steps_and_continued_in_memory_ends_with_the_same_bits(few):
    whole = new_run(few, EVERYTHING)
    list(whole)
    stopped = new_run(few, EVERYTHING)
    for steps in [5, 5, 40, 90]:
        stop_after(stopped, steps)
    list(stopped)
    assert_same_bits(stopped.state_dict(), whole.state_dict())


def test_fit_goes_on_from_its_checkpoint(few, tmp_path):
    path = tmp_path / "run.ckpt"
    expected, records = LeNet(seed=0), []
    whole = list(fit(expected, *few, PLAIN, device="cpu"))
    for record in fit(LeNet(seed=0), *few, PLAIN, device="cpu", checkpoint=path):
        records.append(record)
        if record.epoch == 2:
            break
    model = LeNet(seed=5)
    resumed = list(fit(model, *few, PLAIN, device="cpu", checkpoint=path))
    assert [record.epoch for record in resumed] == [1, 2, 3]
    assert [record.train_loss for record in resumed] == [record.train_loss for record in whole]
    assert_same_bits(model.state_dict(), expected.state_dict())


def test_finished_checkpoint_gives_its_records_and_trains_no_more(few, tmp_path):
    path = tmp_path / "run.ckpt"
    first = list(fit(LeNet(seed=0), *few, PLAIN, device="cpu", checkpoint=path))
    before = path.read_bytes()
    assert list(fit(LeNet(seed=0), *few, PLAIN, device="cpu", checkpoint=path)) == first
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"learning_rate": 0.1}, "another recipe"), ({"epochs": 7}, "another recipe"), ({"seed": 1}, "another recipe")],
)
def test_checkpoint_of_another_recipe_is_refused(few, tmp_path, change, expected):
    save_checkpoint(new_run(few, PLAIN), tmp_path / "run.ckpt")
    with pytest.raises(CheckpointError, match=expected):
        load_checkpoint(new_run(few, dataclasses.replace(PLAIN, **change)), tmp_path / "run.ckpt")


def test_checkpoint_of_other_data_is_refused(few, tmp_path):
    save_checkpoint(new_run(few, PLAIN), tmp_path / "run.ckpt")
    train, validation = few
    swapped = Split(train.name, train.pixels, train.labels[::-1].copy())
    with pytest.raises(CheckpointError, match=r"run\.ckpt.*other training data.*delete it or name another"):
        load_checkpoint(TrainingRun(LeNet(seed=0), swapped, validation, PLAIN, device="cpu"), tmp_path / "run.ckpt")


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def damaged_files(good, folder):
    chance = random.Random(0)
    yield "empty", b""
    yield "no checkpoint", b"hello"
    yield "a pickle that runs code", pickle.dumps(Touch(folder / "was-run"))
    yield "truncated", good[: len(good) // 2]
    yield "without its end", good[:-1]
    weights = io.BytesIO()
    torch.save(LeNet(seed=0).state_dict(), weights)
    yield "weights alone", weights.getvalue()
    half = io.BytesIO()
    state = torch.load(io.BytesIO(good), weights_only=True)
    state["optimiser"] = {}
    torch.save(state, half)
    yield "half a state", half.getvalue()
    for _ in range(20):
        at = chance.randrange(len(good))
        yield f"bit {at}", good[:at] + bytes([good[at] ^ 1 << chance.randrange(8)]) + good[at + 1 :]


def test_damaged_checkpoint_is_refused_and_leaves_the_run_as_it_was(few, tmp_path):
    run = new_run(few, PLAIN)
    stop_after(run, 3)
    path = tmp_path / "run.ckpt"
    save_checkpoint(run, path)
    other = new_run(few, dataclasses.replace(PLAIN))
    untouched = new_run(few, PLAIN).state_dict()
    refused = 0
    for name, content in damaged_files(path.read_bytes(), tmp_path):
        path.write_bytes(content)
        try:
            load_checkpoint(other, path)
        except CheckpointError as error:
            assert str(path) in str(error), name
            assert_same_bits(other.state_dict(), untouched)
            refused += 1
        else:  # a flipped bit may hit bytes that nobody reads
            assert name.startswith("bit ")
            other = new_run(few, PLAIN)
    assert refused >= 7
    assert not (tmp_path / "was-run").exists()


def test_checkpoint_that_cannot_be_written(few, tmp_path):
    run = new_run(few, PLAIN)
    with pytest.raises(CheckpointError, match="can't be written"):
        save_checkpoint(run, tmp_path)  # a folder
    with pytest.raises(CheckpointError, match="can't be written"):
        save_checkpoint(run, tmp_path / "missing" / "run.ckpt")
    assert list(tmp_path.iterdir()) == []
