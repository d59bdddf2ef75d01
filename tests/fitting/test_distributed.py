"""Training with several processes on this machine, started as the README says."""

import dataclasses
import os
import subprocess
import sys
import time
from unittest import mock

import numpy as np
import psutil
import pytest
import torch
import torch.distributed as dist

from lenet_helpers import BEST, FAST, LeNet, Split, TrainingRun, evaluate, fit, load_checkpoint, load_mnist, load_model
from lenet_helpers.fitting.distributed import Ranks, process_group
from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.paths import COURSE

# Where it can be had, one process imports torch for all of them.
STARTED_BY = "forkserver" if "forkserver" in torch.multiprocessing.get_all_start_methods() else "spawn"
torch.multiprocessing.set_forkserver_preload([__name__, "lenet_helpers.training"])

# Slow, some 10 s for each start: torchrun itself and every process import torch.
pytestmark = pytest.mark.filterwarnings("ignore::lenet_helpers.data.SampleNotice")


def start(processes, *arguments):
    command = [sys.executable, "-m"]
    if processes > 1:
        command += ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    command += ["lenet_helpers", "train", "--data", "sample", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(COURSE), "OMP_NUM_THREADS": "1"}
    environment["CUDA_VISIBLE_DEVICES"] = ""  # more processes than most machines have graphics cards
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, **pipes)


@torch.no_grad()
def plain_step(optimiser):
    for parameter in optimiser.parameters:
        parameter -= optimiser.learning_rate * parameter.grad


ONE_STEP = dataclasses.replace(BEST, epochs=1, batch_size=40, learning_rate=0.1, schedule="constant", seed=2)


def run_one_step():
    """One step of everything a recipe can ask for, in double precision.

    With plain gradient descent: Adam's first steps have one size whatever the gradient's,
    so rounding decides the sign of those that are nearly zero. And one step alone: in the
    next ones, whole backgrounds may lie on either side of a ReLU's corner.
    """
    mnist = load_mnist("sample")
    chosen = np.arange(0, 3500, 112)[:31]  # which neither 2 nor 3 processes can share evenly
    few = Split("train", mnist.train.pixels[chosen], mnist.train.labels[chosen])
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with mock.patch("lenet_helpers.fitting.optimiser.Adam.step", plain_step):
            run = TrainingRun(LeNet(seed=2), few, mnist.validation, ONE_STEP, device="cpu")
            run._batches.inputs = run._batches.inputs.double()
            run._validation = run._validation[0].double(), run._validation[1]
            list(run)
    finally:
        torch.set_default_dtype(before)
    assert next(run.model.parameters()).dtype == torch.float64
    return run


def one_rank(rank, count, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=count)
    torch.save(run_one_step().state_dict(), folder / f"rank{rank}.pt")
    dist.destroy_process_group()


def assert_close(state, expected):
    for part in ("model", "trained"):
        for name, value in expected[part].items():
            torch.testing.assert_close(state[part][name], value, rtol=1e-9, atol=1e-11)
    for record, other in zip(state["records"], expected["records"], strict=True):
        assert record["train_loss"] == pytest.approx(other["train_loss"], rel=1e-9)
        torch.testing.assert_close(record["step_losses"], other["step_losses"], rtol=1e-9, atol=0)


@pytest.mark.parametrize("count", [2, 3])
def test_several_processes_take_the_step_that_one_would_take(tmp_path, count):
    torch.multiprocessing.start_processes(one_rank, (count, tmp_path), count, start_method=STARTED_BY)
    states = [torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in range(count)]
    expected = run_one_step().state_dict()
    for state in states:
        assert_close(state, expected)
        for name, value in state["trained"].items():
            assert value.equal(states[0]["trained"][name]), name  # the ranks never drift apart


def test_torchrun_trains_and_only_rank_0_writes_and_talks(tmp_path):
    process = start(2, "--epochs", 2, "--out", tmp_path / "m.pth", "--checkpoint", tmp_path / "run.ckpt")
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert [line.split()[0] for line in output.splitlines()] == ["epoch", "1", "2", f"{tmp_path / 'm.pth'}:"]
    assert "2 processes" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.pth", "run.ckpt"]
    mnist = load_mnist("sample")
    alone = LeNet(seed=0)
    *_, record = fit(alone, mnist.train, mnist.validation, dataclasses.replace(FAST, epochs=2), device="cpu")
    assert evaluate(load_model(tmp_path / "m.pth"), mnist.validation).accuracy == pytest.approx(
        record.validation_accuracy, abs=0.03
    )  # rounding differs, and a hundred steps make more of it


def ranks_of(torchrun):
    """Processes of the ranks, by rank."""
    children = psutil.Process(torchrun.pid).children()
    return {int(child.environ()["RANK"]): child for child in children if "RANK" in child.environ()}


@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_rank_ends_the_run_and_leaves_the_last_checkpoint(tmp_path, killed):
    checkpoint, out = tmp_path / "run.ckpt", tmp_path / "model.pth"
    process = start(2, "--epochs", 200, "--checkpoint", checkpoint, "--out", out)
    try:
        deadline = time.monotonic() + 120
        while not checkpoint.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        ranks_of(process)[killed].kill()
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode != 0
    assert "SIGKILL" in errors  # torchrun names the rank and the signal
    assert not out.exists()
    assert "another process of this run ended" in errors or "SIGTERM" in errors  # what the other one met

    mnist = load_mnist("sample")
    recipe = dataclasses.replace(FAST, epochs=200)
    run = TrainingRun(LeNet(seed=0), mnist.train, mnist.validation, recipe, device="cpu")
    load_checkpoint(run, checkpoint)
    assert run.records and run.steps_done == len(run.records) * 55


@pytest.mark.parametrize("images", [2, 7, 64])
def test_every_image_of_a_batch_belongs_to_exactly_one_rank(images):
    for count in range(1, min(images, 5) + 1):
        shares = [list(range(images))[Ranks(rank, count).own(images)] for rank in range(count)]
        assert [image for share in shares for image in share] == list(range(images))
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(("processes", "cards"), [(2, 1), (9, 8)])
def test_more_processes_than_graphics_cards_are_told_how_many_there_are(monkeypatch, processes, cards):
    monkeypatch.setattr(dist, "is_torchelastic_launched", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    monkeypatch.setattr(torch.cuda, "set_device", lambda number: pytest.fail("that card isn't there"))
    monkeypatch.setenv("LOCAL_RANK", str(processes - 1))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
    with pytest.raises(CourseError, match=rf"{processes} processes here, and CUDA graphics cards: {cards}\."):
        with process_group():
            pytest.fail("the processes can't work")
