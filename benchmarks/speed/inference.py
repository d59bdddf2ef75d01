"""How long it takes to read a picture, ten thousand of them, a large one, and to start up."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.accuracy import rendered
from benchmarks.report import duration, ratio, table, verdict
from benchmarks.timing import alternate, median, percentile, run_lenet, run_python, say, seconds_of
from lenet_helpers.system.paths import COURSE


def measure(settings):
    with tempfile.TemporaryDirectory() as folder:
        mnist = settings.mnist()
        files = draw_files(Path(folder), mnist.test.pixels, settings)
        return {
            "data": mnist.source,
            "rows": [
                *one_picture(files, settings),
                *many_pictures(mnist, settings),
                *preparing(files, settings),
                *starting(files, settings),
            ],
        }


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


def one_picture(files, settings):
    """predict(path) beside the network's part of it."""
    import torch

    from lenet_helpers import ImageClassifier

    classifier = ImageClassifier(settings.model, device="cpu")
    model, single = classifier.model, torch.zeros(1, 1, 28, 28)

    def forward():
        with torch.no_grad():
            model(single)

    runs = {
        "the network alone, one image": forward,
        f"`predict(path)`, {_name(files['page'])}": lambda: classifier.predict(files["page"]),
        "`predict(path)`, a PNG in MNIST's form": lambda: classifier.predict(files["mnist"]),
    }
    say("  predict, one picture")
    calls = settings.size(300, 5)
    times = {name: [] for name in runs}
    for _ in range(calls + 5):
        for name, run in runs.items():
            times[name].append(seconds_of(run))
    network, *rest = (_row(name, values[5:], "the network alone") for name, values in times.items())
    return [network, *({**row, "beside_seconds": network["p50"]} for row in rest)]


def many_pictures(mnist, settings):
    """The whole test split in one call, beside a call for each of its first thousand."""
    import torch

    from lenet_helpers import ImageClassifier, evaluate, to_input

    model = ImageClassifier(settings.model, device="cpu").model
    inputs = to_input(mnist.test.pixels[: settings.size(1000, 50)])

    def one_by_one():
        with torch.no_grad():
            for single in inputs:
                model(single[None])

    runs = {
        "all": lambda: seconds_of(lambda: evaluate(model, mnist.test)),
        "one": lambda: seconds_of(one_by_one) * len(mnist.test) / len(inputs),
    }
    times = alternate(runs, settings.size(5, 1))
    name = f"`evaluate`, {len(mnist.test):,} images in one call"
    return [_row(name, times["all"], "one call each", times["one"])]


def preparing(files, settings):
    """to_mnist beside merely opening the file."""
    from lenet_helpers import to_mnist

    def opening(file):
        with Image.open(file) as picture:
            picture.load()

    rows = []
    for name, title, goal in (
        ("photo", "`to_mnist`, {} megapixels, JPEG", 0.5),
        ("mnist", "`to_mnist`, 28×28, MNIST's form", 0.002),
        ("negative", "`to_mnist`, 28×28, the negative of that form", 0.002),
        ("offset", "`to_mnist`, 28×28, dark on light and off the centre, so that it takes every step", 0.002),
    ):
        with Image.open(files[name]) as picture:
            megapixels = picture.width * picture.height / 1e6
        runs = {
            "ours": lambda file=files[name]: seconds_of(lambda: to_mnist(file)),
            "opening": lambda file=files[name]: seconds_of(lambda: opening(file)),
        }
        times = alternate(runs, settings.size(11, 2))
        rows.append(
            _row(title.format(f"{megapixels:.3g}"), times["ours"][1:], "opening the file", times["opening"], goal)
        )
    return rows


def starting(files, settings):
    """Cold starts, each a process of its own."""
    version = "import sys; sys.version"
    runs = {
        "lenet": lambda: run_lenet("predict", "--model", settings.model, files["page"])[0],
        "torch": lambda: run_python("-c", "import torch")[0],
        "import": lambda: float(run_python("-c", _IMPORT)[1]),
        "python": lambda: run_python("-c", version)[0],
    }
    times = alternate(runs, settings.size(5, 1))
    return [
        _row(f"`lenet predict {_name(files['page'])}`, cold", times["lenet"], "`import torch`, cold", times["torch"]),
        _row("`import lenet_helpers`", times["import"], "starting Python", times["python"], 0.1),
    ]


_IMPORT = "import time; t = time.perf_counter(); import lenet_helpers; print(time.perf_counter() - t)"


def _name(file):
    return "test.png" if file.name == "test.png" else "a page"


def _row(name, times, beside, beside_times=None, goal=None):
    return {
        "name": name,
        "p50": median(times),
        "p99": percentile(times, 99),
        "calls": len(times),
        "beside": beside,
        "beside_seconds": median(beside_times or times),
        "goal": goal,
    }


def show(result):
    rows = []
    for row in result["rows"]:
        beside = f"{row['beside']}: {duration(row['beside_seconds'])}"
        worst = duration(row["p99"]) if row["calls"] >= 100 else "–"
        times = ratio(row["p50"] / row["beside_seconds"])
        if row["name"].startswith(row["beside"]):  # it is what others stand beside
            beside, times = "–", "–"
        rows.append([row["name"], duration(row["p50"]), worst, beside, times, verdict(row["p50"], row["goal"])])
    return f"""
{table(["what", "p50", "p99", "beside", "times that", "goal"], rows)}

The 99th percentile is given where there were at least 100 calls. The ten thousand are MNIST's test images where they
are at hand ({result["data"]}).
"""
