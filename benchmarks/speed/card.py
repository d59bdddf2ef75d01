"""Training and evaluation on a CUDA graphics card, and what is asked of it."""

import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from benchmarks.report import duration, percent, ratio, table
from benchmarks.settings import load_quietly
from benchmarks.timing import alternate, median, run_apart, run_lenet, run_python, say, seconds_of

DEVICE = "cuda"

START = "import sys, torch; from lenet_helpers import load_mnist; load_mnist(*sys.argv[1:])"
"""What every training needs before it begins."""

GOALS = {
    "fast": ("`fast`: an epoch", "at most", 0.35, duration),
    "best": ("`best`: an epoch", "at most", 0.25, duration),
    "command": ("`lenet train --recipe fast` ÷ `import torch` and reading the data", "at most", 1.5, ratio),
    "race": ("five trainings: the longest", "at most", 1.2, duration),
    "accuracy": ("five trainings: mean test accuracy", "at least", 0.99, percent),
    "same": ("pairs of runs with the same bits", "at least", 1.0, percent),
    "evaluation": ("evaluating 70,000 images", "at most", 0.2, duration),
}
"""What is asked, how a measured value compares with it, the value, and how it is written."""


def card_name():
    """Return what the graphics card is called, or None where there is none."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def measure(settings):
    card = card_name()
    if card is None:
        say("  there is no CUDA graphics card here")
        return {"card": None}
    from lenet_helpers import BEST, FAST

    mnist = settings.mnist()
    result = {"card": card, "data": mnist.source}
    for recipe in (FAST, BEST):
        say(f"  epochs of {recipe.name}")
        result[recipe.name] = seconds_of_epochs(replace(recipe, epochs=settings.size(6, 2)), mnist)
    result["command"] = seconds_of_commands(settings)
    say("  five seeds")
    result["race"] = [run_apart(race, seed=seed, data=settings.data, device=DEVICE) for seed in range(5)]
    say("  pairs of runs")
    result["same"] = [same_bits(replace(FAST, seed=seed), mnist) for seed in range(settings.size(20, 1))]
    return {**result, **seconds_of_evaluation(mnist, settings.size(5, 1))}


def seconds_of_epochs(recipe, mnist):
    """Return the seconds of each epoch, without the validation; the first one begins with the capture."""
    from lenet_helpers import LeNet, fit

    return [record.seconds for record in fit(LeNet(seed=0), mnist.train, mnist.validation, recipe, device=DEVICE)]


def seconds_of_commands(settings):
    """Return the seconds of ``lenet train --recipe fast``, and of what it can't do without."""
    data = ["--data", settings.data] if settings.data else []
    with tempfile.TemporaryDirectory() as folder:
        train = ["train", "--recipe", "fast", "--out", Path(folder) / "fast.pth", *data]
        runs = {"train": lambda: run_lenet(*train)[0], "start": lambda: run_python("-c", START, *data[1:])[0]}
        return alternate(runs, settings.size(3, 1))


def race(seed, data, device):
    """Train as fast as 99 % allows, and evaluate; the seconds begin with the card at hand and the data read."""
    import time

    import torch

    from lenet_helpers import FAST, LeNet, evaluate, fit

    mnist = load_quietly(data)
    torch.zeros(1, device=device)
    recipe = replace(FAST, epochs=6, batch_size=256, learning_rate=0.03, seed=seed)
    started = time.perf_counter()
    model = LeNet(seed=seed)
    list(fit(model, mnist.train, mnist.validation, recipe, device=device))
    accuracy = evaluate(model, mnist.test).accuracy
    return {"seed": seed, "seconds": time.perf_counter() - started, "accuracy": accuracy}


def same_bits(recipe, mnist):
    """Return whether two trainings end with the same weights and losses."""
    from lenet_helpers import LeNet, fit

    models = [LeNet(seed=recipe.seed) for _ in range(2)]
    records = [list(fit(model, mnist.train, mnist.validation, recipe, device=DEVICE)) for model in models]
    first, second = (model.state_dict().values() for model in models)
    return records[0] == records[1] and all(a.equal(b) for a, b in zip(first, second, strict=True))


def seconds_of_evaluation(mnist, times):
    """Return the seconds of evaluating all images of MNIST, after a first time."""
    import numpy as np

    from lenet_helpers import LeNet, Split, evaluate

    splits = (mnist.train, mnist.validation, mnist.test)
    every = Split("all", np.concatenate([s.pixels for s in splits]), np.concatenate([s.labels for s in splits]))
    model = LeNet(seed=0).to(DEVICE)
    evaluate(model, every)
    return {"images": len(every), "evaluation": [seconds_of(lambda: evaluate(model, every)) for _ in range(times)]}


def values_of(result):
    """Return the value for each of the `GOALS`."""
    return {
        "fast": median(result["fast"][1:]),
        "best": median(result["best"][1:]),
        "command": median(result["command"]["train"]) / median(result["command"]["start"]),
        "race": max(run["seconds"] for run in result["race"]),
        "accuracy": fmean(run["accuracy"] for run in result["race"]),
        "same": fmean(result["same"]),
        "evaluation": median(result["evaluation"]),
    }


def row_of(goal, value):
    """Return the row of a goal: what, measured, asked; without a value it says that nothing was measured."""
    what, compares, limit, write = goal
    if value is None:
        return [what, "not measured", f"{compares} {write(limit)}"]
    reached = value >= limit if compares == "at least" else value <= limit
    return [what, write(value), f"{compares} {write(limit)}, {'reached' if reached else 'missed'}"]


def show(result):
    values = values_of(result) if result["card"] else {}
    rows = table(["what", "measured", "asked"], [row_of(goal, values.get(name)) for name, goal in GOALS.items()], 3)
    if not values:
        return f"{rows}\n\n**There is no CUDA graphics card in this machine.**"
    first = {name: duration(result[name][0]) for name in ("fast", "best")}
    return f"""
{rows}

On one {result["card"]}, with {result["data"]}. An epoch is without its validation, and the median of all but the
first, in which the step is captured: {first["fast"]} (`fast`), {first["best"]} (`best`). The five trainings are 6
epochs of `fast` in batches of 256 at a rate of 0.03, each in a process of its own. Their seconds hold warm-up, capture,
validation and test, but not the start of Python and of the card. A pair of runs ({len(result["same"])} pairs) are two
trainings of `fast` with the same seed. {result["images"]:,} images were evaluated.
"""
