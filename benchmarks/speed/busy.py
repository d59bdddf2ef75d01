"""What other busy processes do to the course's work, with one thread and with several.

Threads that share a small piece of work wait for each other, and OpenMP's wait by spinning.
On cores that somebody else uses, they wait for threads that aren't even running.
"""

import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from benchmarks import machine
from benchmarks.report import duration, new_figure, ratio, table
from benchmarks.speed.epoch import torch_threads
from benchmarks.timing import alternate, median, say, seconds_of

# It ends by itself with whoever started it, and after ten minutes in any case.
_BUSY = """
import os, time
parent, end = os.getppid(), time.monotonic() + 600
while os.getppid() == parent and time.monotonic() < end:
    pass
"""


def measure(settings):
    mnist = settings.mnist()
    cores = machine.cores()
    many = max(2, cores)
    threads = {"1 thread": 1, f"{many} threads": many, "the course's rule": None}
    steps = settings.size(200, 2)
    works = {
        "a step at batch 64": lambda count: step_seconds(mnist, 64, count, steps),
        "a step at batch 16": lambda count: step_seconds(mnist, 16, count, steps),
        "one image read": lambda count: reading_seconds(mnist, count, steps),
    }
    for work in works.values():
        work(1)  # the first time also sets things up
    cases = []
    for busy in settings.size(sorted({0, 1, cores}), (0, 1)):
        with busy_processes(busy):
            for what, work in works.items():
                say(f"  {busy} other busy processes, {what}")
                runs = {name: lambda count=count, work=work: work(count) for name, count in threads.items()}
                cases.append({"busy": busy, "what": what, "seconds": alternate(runs, settings.size(3, 1))})
    return {"data": mnist.source, "steps": steps, "cases": cases}


def step_seconds(mnist, batch, threads, steps):
    """Return the seconds of a training step of `fit`, mean over so many steps."""
    from lenet_helpers import REFERENCE, LeNet, Split, fit

    images = min(steps * batch, len(mnist.train))
    few = Split("train", mnist.train.pixels[:images], mnist.train.labels[:images])
    check = Split("validation", mnist.validation.pixels[:100], mnist.validation.labels[:100])
    recipe = replace(REFERENCE, epochs=1, batch_size=batch)
    record = next(fit(LeNet(seed=0), few, check, recipe, device="cpu", threads=threads))
    return record.seconds / -(-images // batch)


def reading_seconds(mnist, threads, times):
    """Return the seconds that `predict` takes for an image of MNIST, mean over so many times."""
    from lenet_helpers import ImageClassifier, LeNet

    classifier, image = ImageClassifier(LeNet(seed=0)), mnist.test.pixels[0]
    with torch_threads(threads) if threads else nullcontext():
        return seconds_of(lambda: [classifier.predict(image) for _ in range(times)]) / times


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
        for process in started:
            process.wait()


def show(result):
    names = list(result["cases"][0]["seconds"])
    rows = []
    for case in sorted(result["cases"], key=lambda case: case["what"] == "one image read"):
        middle = {name: median(values) for name, values in case["seconds"].items()}
        one, many = (middle[name] for name in names[:2])
        rows.append([case["what"], case["busy"], *(duration(middle[name]) for name in names), ratio(many / one)])
    runs = len(result["cases"][0]["seconds"][names[0]])
    return f"""
{table(["what", "busy others", *names, f"{names[1]} ÷ 1"], rows)}

Means over {result["steps"]} steps or images; of {runs} such runs by turns, the median. The others are processes of one
thread that compute without pause. The rule leaves a number alone that the user has set, and takes one thread otherwise.
"""


def draw(result, path):
    works = list(dict.fromkeys(case["what"] for case in result["cases"]))
    figure, axes = new_figure(len(works))
    for ax, what in zip(axes, works, strict=True):
        cases = [case for case in result["cases"] if case["what"] == what]
        for i, name in enumerate(cases[0]["seconds"]):
            places = [place + 0.27 * (i - 1) for place in range(len(cases))]
            ax.bar(places, [1e3 * median(case["seconds"][name]) for case in cases], 0.25, label=name)
        ax.set_xticks(range(len(cases)), [str(case["busy"]) for case in cases])
        ax.set(title=what, xlabel="other busy processes")
    axes[0].set_ylabel("ms")
    figure.legend(*axes[0].get_legend_handles_labels(), frameon=False, ncols=3, loc="outside lower center")
    figure.savefig(path)
    return "Milliseconds with one thread, with several, and by the course's rule, beside other busy processes"
