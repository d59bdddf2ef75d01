"""Seconds and memory of an epoch of `fit`, as the threads and the images get more.

Each case runs in a process of its own, whose peak memory is its own, too.
"""

from dataclasses import replace

import numpy as np

from benchmarks import machine
from benchmarks.report import duration, new_figure, ratio, table
from benchmarks.settings import load_quietly
from benchmarks.timing import median, run_apart, say


def measure(settings):
    cores = machine.cores()
    threads = sorted({1, 2, 4, cores}) if not settings.quick else [1, 2]
    times = settings.size([1, 2, 4, 10], [1, 2])
    cases = [{"threads": count, "times": 1} for count in threads]
    cases += [{"threads": None, "times": count} for count in times]
    results = []
    for case in cases:
        # More threads than cores may take many times as long, and more data does in any case.
        crowded = (case["threads"] or 1) > cores
        epochs = settings.size(1 if crowded or case["times"] > 1 else 2, 1)
        say(f"  {case['threads'] or 'rule'} threads, {case['times']} × the data, {epochs} epochs")
        taken = {**case, "times": 0.1} if crowded else case
        results.append({**case, **run_apart(train, **taken, epochs=epochs, data=settings.data)})
    return {"data": settings.mnist().source, "images": len(settings.mnist().train), "cases": results}


def train(threads, times, epochs, data=None):
    """Train the reference recipe on the images, repeated so many times, or on the first part of them.

    Returns
    -------
    dict
        Seconds of each epoch, number of images, peak memory in MiB, and what of it was
        already taken when torch had been imported.
    """
    from lenet_helpers import REFERENCE, LeNet, Split, fit

    before = machine.peak_memory()
    mnist = load_quietly(data)
    chosen = np.arange(round(times * len(mnist.train))) % len(mnist.train)
    split = mnist.train if times == 1 else Split("train", mnist.train.pixels[chosen], mnist.train.labels[chosen])
    recipe = replace(REFERENCE, epochs=epochs)
    records = list(fit(LeNet(seed=0), split, mnist.validation, recipe, device="cpu", threads=threads))
    return {
        "images": len(split),
        "seconds": [record.seconds for record in records],
        "memory_of_torch": before,
        "memory": machine.peak_memory(),
    }


def show(result):
    by_threads = [case for case in result["cases"] if case["threads"]]
    by_times = [case for case in result["cases"] if not case["threads"]]
    parts = []
    for title, cases, name in (
        ("threads", by_threads, lambda case: str(case["threads"])),
        ("images (threads by the course's rule)", by_times, lambda case: f"{case['images']:,} ({case['times']} ×)"),
    ):
        first = epoch_seconds(result, cases[0])
        rows = [
            [
                name(case),
                duration(epoch_seconds(result, case)),
                ratio(epoch_seconds(result, case) / first),
                duration(median(case["seconds"]) / case["images"]),
                memory(case["memory"]),
            ]
            for case in cases
        ]
        parts.append(table([title, "an epoch", "against the first", "an image", "peak memory"], rows))
    tables = "\n\n".join(parts)
    return f"""
{tables}

Reference recipe, batch 64, each row a process of its own; {memory(by_times[0]["memory_of_torch"])} of the memory are
Python and torch. The images ({result["data"]}) are repeated; they stay in memory as tensors of float32,
{28 * 28 * 4:,} bytes each, beside their pixels. With more threads than cores, a tenth of the images stand for all.
"""


def epoch_seconds(result, case):
    """Return the seconds of one epoch over all images of a case, also where it took only a part of them."""
    return median(case["seconds"]) * result["images"] * case["times"] / case["images"]


def memory(mebibytes):
    """Write an amount of memory."""
    return "unknown" if mebibytes is None else f"{mebibytes:,.0f} MiB"


def draw(result, path):
    figure, axes = new_figure(2)
    by_threads = [case for case in result["cases"] if case["threads"]]
    by_times = [case for case in result["cases"] if not case["threads"]]
    axes[0].plot([case["threads"] for case in by_threads], [epoch_seconds(result, case) for case in by_threads], "o-")
    axes[0].set(xlabel="threads", ylabel="seconds an epoch", xticks=[case["threads"] for case in by_threads])
    images = [case["images"] for case in by_times]
    seconds = [median(case["seconds"]) for case in by_times]
    axes[1].plot(images, seconds, "o-", label="measured")
    axes[1].plot(images, [seconds[0] * count / images[0] for count in images], ":", color="gray", label="in proportion")
    axes[1].set(xlabel="images", ylabel="seconds an epoch")
    axes[1].legend(frameon=False)
    for ax in axes:
        ax.set_ylim(bottom=0)
    figure.savefig(path)
    return "Seconds an epoch over the number of threads, and over the number of images"
