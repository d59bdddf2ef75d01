"""Who gets to 98.34 % on the test split first, from nothing to a finished network."""

import tempfile
from itertools import zip_longest
from pathlib import Path

from benchmarks.accuracy import original
from benchmarks.report import duration, new_figure, percent, ratio, spread, table
from benchmarks.timing import median, run_apart, run_lenet, say

TARGET = 0.9834
"""What the original recipe of this course reached."""


def measure(settings):
    epochs = settings.size(original.EPOCHS, 1)
    seeds = settings.seeds[: settings.size(None, 1)]
    result = {"data": settings.mnist().source, "fast": [], "original": []}
    for seed, original_seed in zip_longest(seeds, range(settings.original_runs)):  # by turns
        if seed is not None:
            result["fast"].append(run_fast(seed, settings))
        if original_seed is not None:
            say(f"  original, {epochs} epochs, seed {original_seed}")
            history = run_apart(original.train, epochs=epochs, seed=original_seed, data=settings.data)
            result["original"].append({"seed": original_seed, "history": history})
    return result


def run_fast(seed, settings):
    """Train with the whole command, then measure what it wrote on the test split."""
    from lenet_helpers import FAST, evaluate, load_model

    say(f"  lenet train --recipe fast --seed {seed}")
    tiny = ["--epochs", "1", "--data", "sample"] if settings.quick else []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "fast.pth"
        seconds, _ = run_lenet("train", "--recipe", "fast", "--seed", seed, "--out", out, *tiny)
        accuracy = evaluate(load_model(out), settings.mnist().test).accuracy
    say(f"  {seconds:.1f} s, test accuracy {accuracy:.2%}")
    return {"seed": seed, "seconds": seconds, "accuracy": accuracy, "epochs": settings.size(FAST.epochs, 1)}


def first_reached(history, target=TARGET):
    """Return the seconds at which the test accuracy first was at the target, or None."""
    return next((row["seconds"] for row in history if row["accuracy"] >= target), None)


def show(result):
    fast, originals = result["fast"], result["original"]
    fast_seconds = [run["seconds"] for run in fast]
    rows = []

    def add(way, seconds, accuracies):
        rows.append([way, spread(seconds), accuracies, ratio(median(seconds) / median(fast_seconds))])

    if originals:
        ends = [run["history"][-1] for run in originals]
        accuracies = ", ".join(percent(end["accuracy"]) for end in ends)
        add(f"original, {ends[0]['epoch']} epochs", [end["seconds"] for end in ends], accuracies)
        reached = [first_reached(run["history"]) for run in originals]
        if None in reached:
            best = max(row["accuracy"] for run in originals for row in run["history"])
            rows.append([f"original, to {TARGET:.2%}", "not reached", f"at best {percent(best)}", "–"])
        else:
            add(f"original, to {TARGET:.2%}", reached, percent(TARGET))
    accuracies = ", ".join(percent(run["accuracy"]) for run in fast)
    add(f"`lenet train --recipe fast`, {fast[0]['epochs']} epochs", fast_seconds, accuracies)
    missed = [str(run["seed"]) for run in fast if run["accuracy"] < TARGET]
    verdict = f"missed by seed {', '.join(missed)}" if missed else "reached by every seed"
    return f"""
{table(["way", "seconds, median", "test accuracy", "time, against fast"], rows)}

{TARGET:.2%} was {verdict} of the fast recipe ({", ".join(str(run["seed"]) for run in fast)}). Its seconds are those of
the whole command: start-up, reading the data, validating, writing the file. Those of the original are its training
alone, and "to {TARGET:.2%}" takes the first epoch at whose end the test accuracy happened to be there. Both train on
the same images ({result["data"]}).
"""


def draw(result, path):
    figure, (ax,) = new_figure()
    for i, run in enumerate(result["original"]):
        history = run["history"]
        label = "original, each epoch" if i == 0 else None
        seconds, accuracies = [row["seconds"] for row in history], [100 * row["accuracy"] for row in history]
        ax.plot(seconds, accuracies, ".-", color="C0", label=label)
    ax.plot(
        [run["seconds"] for run in result["fast"]],
        [100 * run["accuracy"] for run in result["fast"]],
        "o",
        color="C1",
        label="lenet train --recipe fast, finished",
    )
    ax.axhline(100 * TARGET, color="gray", linewidth=1, linestyle=":")
    ax.set(xscale="log", xlabel="seconds (log scale)", ylabel="test accuracy, %")
    if not result["quick"]:
        ax.set_ylim(96, 100)
    ax.legend(frameon=False)
    figure.savefig(path)
    done = duration(median(run["seconds"] for run in result["fast"]))
    return f"Test accuracy over seconds: the fast recipe is done after {done}"
