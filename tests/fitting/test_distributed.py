"""Training with several processes on this machine, started as the README says."""

import dataclasses
import os
import subprocess
import sys
import threading
import time
from unittest import mock

import numpy as np
import psutil
import pytest
import torch
import torch.distributed as dist
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from lenet_helpers import BEST, FAST, LeNet, Split, TrainingRun, evaluate, fit, load_checkpoint, load_mnist, load_model
from lenet_helpers.cli import main as cli
from lenet_helpers.fitting.distributed import Ranks, process_group
from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.paths import COURSE

# Where it can be had, one process imports torch for all of them.
STARTED_BY = "forkserver" if "forkserver" in torch.multiprocessing.get_all_start_methods() else "spawn"
torch.multiprocessing.set_forkserver_preload([__name__, "lenet_helpers.training"])

pytestmark = pytest.mark.filterwarnings("ignore::lenet_helpers.data.SampleNotice")


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
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"]
    command += ["lenet_helpers", "train", "--data", "sample", "--epochs", "2"]
    command += ["--out", tmp_path / "m.pth", "--checkpoint", tmp_path / "run.ckpt"]
    environment = {**os.environ, "PYTHONPATH": str(COURSE), "OMP_NUM_THREADS": "1"}
    environment["CUDA_VISIBLE_DEVICES"] = ""  # more processes than most machines have graphics cards
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["epoch", "1", "2", f"{tmp_path / 'm.pth'}:"]
    assert "2 processes" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.pth", "run.ckpt"]
    mnist = load_mnist("sample")
    alone = LeNet(seed=0)
    *_, record = fit(alone, mnist.train, mnist.validation, dataclasses.replace(FAST, epochs=2), device="cpu")
    assert evaluate(load_model(tmp_path / "m.pth"), mnist.validation).accuracy == pytest.approx(
        record.validation_accuracy, abs=0.03
    )  # rounding differs, and a hundred steps make more of it


def torchrun(folder, *arguments):
    """Do what torchrun does. Itself, it would import torch, and so would each of its processes."""
    write_into(folder / "said")
    config = LaunchConfig(1, 1, 2, rdzv_backend="c10d", rdzv_endpoint="127.0.0.1:0", run_id=folder.name,
                          max_restarts=0, start_method=STARTED_BY)  # fmt: skip
    elastic_launch(config, one_of_torchruns)(folder, arguments)


def one_of_torchruns(folder, arguments):
    write_into(folder / "said")
    (folder / f"rank{os.environ['RANK']}").write_text(str(os.getpid()))
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    try:
        cli.main(["train", "--data", "sample", *map(str, arguments)])
    except SystemExit:
        threading.Event().wait()  # until it is ended, so that the one that was killed is met first, and named


def write_into(file):
    """Let this process print into a file, behind what others have written."""
    there = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(there, 1)
    os.dup2(there, 2)


@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_rank_ends_the_run_and_leaves_the_last_checkpoint(tmp_path, killed):
    checkpoint, out = tmp_path / "run.ckpt", tmp_path / "model.pth"
    context = torch.multiprocessing.get_context(STARTED_BY)
    process = context.Process(
        target=torchrun, args=(tmp_path, "--epochs", 200, "--checkpoint", checkpoint, "--out", out)
    )
    process.start()
    try:
        deadline = time.monotonic() + 120
        while not checkpoint.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        psutil.Process(int((tmp_path / f"rank{killed}").read_text())).kill()
        process.join(120)
    finally:
        process.kill()
    errors = (tmp_path / "said").read_text()
    assert process.exitcode not in (0, None)
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
