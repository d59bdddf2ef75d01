"""Memory of one process that trains for long, and of one that reads many pictures.

What a process has after a warm-up is compared with what it has at the end: memory that is
kept by mistake grows with every epoch and every picture.
"""

import gc
import io
import warnings

from benchmarks.report import table
from benchmarks.timing import run_apart, say

EPOCHS, PICTURES = 200, 100_000
MOST_GROWTH = 50
"""Megabytes."""


def measure(settings):
    """Train and read in fresh processes; return how their memory grew."""
    epochs, pictures = settings.size((EPOCHS, PICTURES), (10, 500))
    rows, failures = [], []
    for what, grown in (
        (f"{epochs} epochs of training", run_apart(train, epochs=epochs)),
        (f"{pictures:,} pictures read", run_apart(read, pictures=pictures, seed=settings.seed)),
    ):
        say(f"  {what}: {grown['before']:.0f} MB before, {grown['after']:.0f} MB after")
        rows.append([what, grown["before"], grown["after"]])
        if grown["after"] - grown["before"] > MOST_GROWTH:
            failures.append(f"{what}: memory grew by {grown['after'] - grown['before']:.0f} MB")
    return {"rows": rows, "failures": failures}


def train(epochs):
    """Train on few images with everything that a recipe can ask for."""
    from dataclasses import replace

    from benchmarks.settings import load_quietly
    from lenet_helpers import BEST, LeNet, Split, fit

    data = load_quietly("sample").train
    part = Split("train", data.pixels[:400], data.labels[:400])
    before = None
    for record in fit(LeNet(seed=0), part, part, replace(BEST, epochs=epochs), device="cpu", threads=1):
        if record.epoch == min(5, epochs // 2):  # what is made once is there by now
            before = megabytes()
    return {"before": before, "after": megabytes()}


def read(pictures, seed):
    """Read pictures one by one: mostly in MNIST's form, every tenth a page, every fiftieth damaged."""
    import numpy as np
    from PIL import Image

    from benchmarks.accuracy import rendered
    from benchmarks.settings import load_quietly
    from lenet_helpers import ImageClassifier, ImageError
    from lenet_helpers.system.paths import COURSE

    rng = np.random.default_rng(seed)
    digits = load_quietly("sample").test.pixels
    classifier = ImageClassifier(COURSE / "model.pth", device="cpu")

    def read_one(number):
        pixels = digits[number % len(digits)]
        content = io.BytesIO()
        page = number % 10 == 0
        (rendered.plain(pixels, rng) if page else Image.fromarray(pixels)).save(
            content, ("PNG", "JPEG")[number % 3 > 1]
        )
        content = content.getvalue()
        try:
            classifier.classify(content[: len(content) // 2] if number % 50 == 1 else content)
        except ImageError:
            pass

    warm_up = min(200, pictures // 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(warm_up):
            read_one(number)
        before = megabytes()
        for number in range(warm_up, pictures + warm_up):
            read_one(number)
    return {"before": before, "after": megabytes()}


def megabytes():
    """Memory of this process that is in use now."""
    import psutil

    gc.collect()
    return psutil.Process().memory_info().rss / 1e6


def show(result):
    rows = [
        (what, f"{before:.0f} MB", f"{after:.0f} MB", f"{after - before:+.0f} MB")
        for what, before, after in result["rows"]
    ]
    return f"""
In one process each, after a warm-up. Allowed: {MOST_GROWTH} MB more.

{table(["what", "before", "after", "growth"], rows)}
"""
