"""Seconds and memory of an epoch of `fit`, as the threads, the images and the company get more.

Each case runs in a process of its own, whose peak memory is its own, too. Threads that share a
small piece of work wait for each other, and OpenMP's wait by spinning. On cores that somebody
else uses, they wait for threads that aren't even running: hence the cases beside busy processes,
and the course's rule of one thread (`lenet_helpers.system.devices.thread_limit`).
"""

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from benchmarks import machine
from benchmarks.report import duration, new_figure, ratio, table
from benchmarks.settings import load_quietly
from benchmarks.timing import median, run_apart, say

# It ends by itself with whoever started it, and after an hour in any case.
_BUSY = """
import os, time
parent, end = os.getppid(), time.monotonic() + 3600
while os.getppid() == parent and time.monotonic() < end:
    pass
"""


def measure(settings):
    cores = machine.cores()
    threads = settings.size(sorted({1, 2, 4, cores}), [1, 2])
    shares = [*settings.size([1, 2, 4, 10], [1, 2])]
    cases = [{"threads": count, "times": 1, "busy": 0} for count in threads]
    cases += [{"threads": count, "times": 0.1, "busy": busy} for busy in (1, cores) for count in (1, max(2, cores))]
    cases += [{"threads": None, "times": times, "busy": 0} for times in shares]
    results = []
    for case in cases:
        if (case["threads"] or 1) > cores:  # that may take many times as long
            case |= {"times": 0.1}
        say(f"  {case['threads'] or 'rule'} threads, {case['times']} × the data, {case['busy']} other busy processes")
        epochs = settings.size(2 if case["times"] == 1 and case["threads"] else 1, 1)
        work = {"threads": case["threads"], "times": case["times"], "epochs": epochs, "data": settings.data}
        with busy_processes(case["busy"]):
            results.append({**case, **run_apart(train, **work)})
    mnist = settings.mnist()
    return {"data": mnist.source, "images": len(mnist.train), "cases": results}


@contextmanager
def busy_processes(count):
    """Keep so many other processes busy for the time of the block."""
    started = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(count)]
    try:
        if started:
            time.sleep(0.5)
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def train(threads, times, epochs, data=None):
    """Train the reference recipe on the images, repeated so many times, or on the first part of them.

    Returns the seconds of each epoch, how many images, and the peak memory in MB, with what torch alone had taken.
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
    alone, company, shares = _parts(result)
    tables = [
        _table("threads", alone, lambda case: str(case["threads"])),
        _table("threads, other busy processes", company, lambda case: f"{case['threads']}, {case['busy']}", alone[0]),
        _table("images (threads by the course's rule)", shares, lambda case: f"{case['images']:,} ({case['times']} ×)"),
    ]
    tables = "\n\n".join(tables)
    return f"""
{tables}

Reference recipe, batch 64, each row a process of its own; {memory(shares[0]["memory_of_torch"])} of the memory are
Python and torch. The images ({result["data"]}) are repeated; they stay in memory as tensors of float32,
{28 * 28 * 4:,} bytes each, beside their pixels. With more threads than cores, and beside others, a tenth of the images
stand for all: the time of an image is what can be compared. The others are processes of one thread that compute
without pause.
"""


def _parts(result):
    """The cases of each table: by threads, beside others, by images."""
    alone = [case for case in result["cases"] if case["threads"] and not case["busy"]]
    company = [case for case in result["cases"] if case["busy"]]
    return alone, company, [case for case in result["cases"] if not case["threads"]]


def image_seconds(case):
    """Return the seconds of one image in a case."""
    return median(case["seconds"]) / case["images"]


def _table(title, cases, name, first=None):
    """A table of cases, each against the first of them, or against another one."""
    first = image_seconds(first or cases[0])
    rows = [
        [
            name(case),
            duration(median(case["seconds"])),
            duration(image_seconds(case)),
            ratio(image_seconds(case) / first),
            memory(case["memory"]),
        ]
        for case in cases
    ]
    return table([title, "an epoch", "an image", "against the first", "peak memory"], rows)


def memory(megabytes):
    """Write an amount of memory."""
    return "unknown" if megabytes is None else f"{megabytes:,.0f} MB"


def draw(result, path):
    figure, axes = new_figure(2)
    alone, company, shares = _parts(result)
    for busy in sorted({case["busy"] for case in [*alone, *company]}):
        cases = [case for case in [*alone, *company] if case["busy"] == busy]
        threads, times = [case["threads"] for case in cases], [1e6 * image_seconds(case) for case in cases]
        axes[0].plot(threads, times, "o-", label=f"beside {busy} busy others" if busy else "alone")
    axes[0].set(xlabel="threads", ylabel="µs an image", xticks=[case["threads"] for case in alone])
    images, seconds = [case["images"] for case in shares], [median(case["seconds"]) for case in shares]
    axes[1].plot(images, seconds, "o-", label="measured")
    axes[1].plot(images, [seconds[0] * count / images[0] for count in images], ":", color="gray", label="in proportion")
    axes[1].set(xlabel="images", ylabel="seconds an epoch")
    for ax in axes:
        ax.legend(frameon=False)
        ax.set_ylim(bottom=0)
    figure.savefig(path)
    return (
        "Microseconds an image over the number of threads, alone and beside others; seconds over the number of images"
    )
