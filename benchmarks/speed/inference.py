"""How long it takes to read a picture, ten thousand of them, a large one, and to start up."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.accuracy import rendered
from benchmarks.report import duration, ratio, table, verdict
from benchmarks.timing import median, percentile, run_lenet, run_python, say, seconds_of
from lenet_helpers.system.paths import COURSE


def measure(settings):
    mnist = settings.mnist()
    with tempfile.TemporaryDirectory() as folder:
        files = draw_files(Path(folder), mnist.test.pixels, settings)
        return {"data": mnist.source, "rows": [compared(*one) for one in comparisons(files, mnist, settings)]}


def draw_files(folder, digits, settings):
    """Write the pictures to read; return their paths."""
    files = {name: folder / f"{name}.png" for name in ("page", "mnist", "negative", "offset")}
    rng = np.random.default_rng(0)
    rendered.plain(digits[0], rng).save(files["page"])
    Image.fromarray(digits[0]).save(files["mnist"])
    Image.fromarray(255 - digits[0]).save(files["negative"])
    Image.fromarray(255 - np.roll(digits[0], 3, axis=1)).save(files["offset"])
    if (COURSE / "test.png").exists():
        files["page"] = COURSE / "test.png"
    shape = settings.size((3000, 4000), (300, 400))
    cover = rendered.cover(digits[0], rng, shape, scale=0.5)
    photo = rendered.ink_on_paper(cover, (50, 60, 130), (225, 222, 210))
    files["photo"] = folder / "photo.jpg"
    rendered.to_picture(photo + rng.normal(0, 4, (*shape, 1))).save(files["photo"], quality=90)
    return files


def comparisons(files, mnist, settings):
    """Yield what `compared` takes: what is timed, how often, and what it stands beside."""
    import torch

    from lenet_helpers import ImageClassifier, evaluate, to_input, to_mnist

    calls, openings, rounds = settings.size((300, 10, 5), (5, 1, 1))
    classifier = ImageClassifier(settings.model, device="cpu")
    model, single = classifier.model, torch.zeros(1, 1, 28, 28)
    some = to_input(mnist.test.pixels[: settings.size(1000, 50)])
    page = "test.png" if files["page"].name == "test.png" else "a page"

    def alone(inputs):
        with torch.no_grad():
            for one in inputs:
                model(one[None])

    def opening(file):
        with Image.open(file) as picture:
            picture.load()

    def network():
        return seconds_of(lambda: alone(single))

    yield "the network alone, one image", calls, network
    for name, file in ((page, "page"), ("a PNG in MNIST's form", "mnist")):
        yield f"`predict(path)`, {name}", calls, _timed(classifier.predict, files[file]), "the network alone", network
    one_each = "one call each", lambda: seconds_of(lambda: alone(some)) * len(mnist.test) / len(some)
    name = f"`evaluate`, {len(mnist.test):,} images in one call"
    yield name, rounds, _timed(evaluate, model, mnist.test), *one_each
    with Image.open(files["photo"]) as picture:
        megapixels = picture.width * picture.height / 1e6
    for file, title, goal in (
        ("photo", f"{megapixels:.3g} megapixels, JPEG", 0.5),
        ("mnist", "28×28, MNIST's form", 0.002),
        ("negative", "28×28, the negative of that form", 0.002),
        ("offset", "28×28, dark on light and off the centre, so that it takes every step", 0.002),
    ):
        beside = "opening the file", _timed(opening, files[file])
        yield f"`to_mnist`, {title}", openings, _timed(to_mnist, files[file]), *beside, goal
    predict = ("predict", "--model", settings.model, files["page"])
    torch_alone = "`import torch`, cold", lambda: run_python("-c", "import torch")[0]
    yield f"`lenet predict {page}`, cold", rounds, lambda: run_lenet(*predict)[0], *torch_alone
    python = "starting Python", lambda: run_python("-c", "import sys; sys.version")[0]
    yield "`import lenet_helpers`", rounds, lambda: float(run_python("-c", _IMPORT)[1]), *python, 0.1


_IMPORT = "import time; t = time.perf_counter(); import lenet_helpers; print(time.perf_counter() - t)"


def _timed(function, *arguments):
    return lambda: seconds_of(lambda: function(*arguments))


def compared(name, rounds, run, beside=None, other=None, goal=None):
    """Time `run` and what it stands beside by turns; each returns seconds, and its first time does not count."""
    say(f"  {name}")
    ours, theirs = [], []
    for _ in range(rounds + 1):
        ours.append(run())
        theirs.append(other() if other else 0)
    row = {"name": name, "p50": median(ours[1:]), "p99": percentile(ours[1:], 99), "calls": rounds}
    return {**row, "beside": beside, "beside_seconds": median(theirs[1:]), "goal": goal}


def show(result):
    rows = []
    for row in result["rows"]:
        worst = duration(row["p99"]) if row["calls"] >= 100 else "–"
        beside, times = "–", "–"
        if row["beside"]:
            beside = f"{row['beside']}: {duration(row['beside_seconds'])}"
            times = ratio(row["p50"] / row["beside_seconds"])
        rows.append([row["name"], duration(row["p50"]), worst, beside, times, verdict(row["p50"], row["goal"])])
    return f"""
{table(["what", "p50", "p99", "beside", "times that", "goal"], rows)}

The 99th percentile is given where there were at least 100 calls. The ten thousand are MNIST's test images where they
are at hand ({result["data"]}).
"""
