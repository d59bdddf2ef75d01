"""Trainings that are killed at any moment, also while they write.

A killed training must leave the old file or the new one, whole; continued from its
checkpoint, it must end with the same bits as one that was never stopped.
"""

import io
import random
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from benchmarks.reliability.cases import with_torch
from benchmarks.reliability.small import bits, small_run
from benchmarks.report import pivot
from benchmarks.timing import say
from lenet_helpers.system.whole_files import leftovers

KILLS = 100
EPOCHS = 6
PATIENCE_SECONDS = 600
"""For a training to begin and to save: minutes on a machine that others keep busy."""

_FILES = ("model.pth", "run.ckpt")


def measure(settings):
    """Kill trainings, and continue each one."""
    kills, rng = settings.size(KILLS, 6), random.Random(settings.seed)
    expected = _whole_training()
    found, failures = Counter(), []
    for number in range(kills):
        moment = ("any moment", "while a file was being written")[number % 2]
        with tempfile.TemporaryDirectory(prefix="kill ü ") as folder:
            outcome, problems = kill_and_continue(Path(folder), moment != "any moment", rng, expected)
        found.update({(moment, key): value for key, value in outcome.items()})
        failures += [f"training {number + 1}, killed at {moment}: {problem}" for problem in problems]
        if number % 10 == 9:
            say(f"  {number + 1} of {kills} killed")
    return {"kills": kills, "rows": [[*key, count] for key, count in sorted(found.items())], "failures": failures}


def _whole_training():
    """Checksum of the end of a training that nobody stops."""
    training = small_run(EPOCHS)
    list(training)
    return bits(training.state_dict())


def kill_and_continue(folder, while_writing, rng, expected):
    """Start a training in `folder`, kill it, look at its files, and continue it to its end.

    Returns what was found, each 0 or 1, and a line for each thing that must not be.
    """
    from lenet_helpers import LeNet, ModelError, load_model, save_checkpoint, save_model
    from lenet_helpers.fitting.checkpoints import CheckpointError, load_checkpoint

    save_model(LeNet(seed=9), folder / "model.pth")  # an old file, which must not be lost
    save_checkpoint(small_run(EPOCHS), folder / "run.ckpt")
    (folder / "versions").write_text(bits(LeNet(seed=9).state_dict()) + "\n")
    process = with_torch().Process(target=train_for_ever, args=(str(folder), while_writing, rng.random()), daemon=True)
    process.start()
    awaited = {"begin": lambda: (folder / "training").exists()}
    if while_writing:
        saved = 1 + rng.randrange(8)
        awaited[f"save {saved} times"] = lambda: len((folder / "versions").read_text().split()) > saved
        awaited["begin a file"] = lambda: any(leftovers(folder / name) for name in _FILES)
    missed = next((what for what, condition in awaited.items() if not _wait(condition, process)), None)
    time.sleep((0.1 if while_writing else 1) * rng.random())
    lived = process.is_alive()
    process.kill()
    process.join()
    ended = f"in {PATIENCE_SECONDS} s" if lived else f"and ended with status {process.exitcode}"
    problems = [f"the training did not {missed} {ended}"] if missed else []
    half = [path for name in _FILES for path in leftovers(folder / name)]

    versions = (folder / "versions").read_text().split()
    try:
        found = bits(load_model(folder / "model.pth").state_dict())
    except ModelError as error:
        problems.append(str(error))
        found = None
    if found not in versions[-2:]:
        problems.append("model.pth is neither the last file nor the one before")
    continued = small_run(EPOCHS)
    try:
        load_checkpoint(continued, folder / "run.ckpt")
    except CheckpointError as error:
        problems.append(str(error))
    steps = continued.steps_done
    list(continued)
    if bits(continued.state_dict()) != expected:
        problems.append(f"continued from step {steps}, it ended with other bits")
    return {
        "killed": 1,
        "half-written file beside the whole one": bool(half),
        "new model.pth": found == versions[-1],
        "continued inside an epoch": steps % (continued.steps_total // EPOCHS) != 0,
        "continued from the first step": steps == 0,
        "same bits": not problems,
    }, problems


def _wait(condition, process):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline or not process.is_alive():
            return False
        time.sleep(0.001)
    return True


def train_for_ever(folder, slowly, seed):
    """Train, stop at random steps, save the model and a checkpoint each time, and begin anew after the end."""
    from lenet_helpers import save_checkpoint, save_model
    from lenet_helpers.fitting.checkpoints import load_checkpoint
    from lenet_helpers.system import whole_files as files

    folder, rng = Path(folder), random.Random(seed)
    if slowly:
        files.open = _SlowFile
    while True:
        training = small_run(EPOCHS)
        load_checkpoint(training, folder / "run.ckpt")
        if training.finished:
            training = small_run(EPOCHS)
        (folder / "training").touch()
        while not training.finished:
            timer = threading.Timer(0.02 * rng.random(), training.stop)
            timer.start()
            next(iter(training), None)
            timer.cancel()
            with open(folder / "versions", "a") as versions:
                versions.write(bits(training.model.state_dict()) + "\n")
            save_model(training.model, folder / "model.pth")
            save_checkpoint(training, folder / "run.ckpt")


class _SlowFile(io.FileIO):
    """A file that takes a tenth of a second to write, in small pieces."""

    def write(self, content):
        content = bytes(content)
        for start in range(0, len(content), 4096):
            super().write(content[start : start + 4096])
            time.sleep(0.002)
        return len(content)


def show(result):
    kinds = ["killed", "new model.pth", "half-written file beside the whole one", "continued inside an epoch"]
    kinds += ["continued from the first step", "same bits"]
    return f"""
{result["kills"]} trainings were killed (SIGKILL), half of them at any moment and half while a file was being written,
slowly, in pieces of 4 kB. Each time, `model.pth` had to be the last file or the one before, whole; and the training,
continued from its checkpoint, had to end with the same bits as one that was never stopped: weights, optimiser,
schedule, average, random state and records. A half-written file keeps a name of its own and is cleared away an hour
later.

{pivot("killed at", result["rows"], dict(zip(kinds, kinds, strict=True)))}
"""
