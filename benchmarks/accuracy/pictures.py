"""Real pictures and rendered ones: the original way of reading them against ours.

Both ways give the same network what they make of a picture: the original way once, ours at
several slants and sizes, as `ImageClassifier.predict` does. One that a way can't prepare counts as misread.
"""

from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from benchmarks.accuracy import hands, original, pens, rendered
from benchmarks.accuracy.ablation import INSTEAD, without
from benchmarks.report import new_figure, percent, table
from benchmarks.timing import say
from lenet_helpers.preparation.pictures import ImageError

CHUNK = 25  # pictures that a process prepares before it takes the next ones


def measure(settings):
    from lenet_helpers import load_model

    model, mnist = load_model(settings.model), settings.mnist()
    test = mnist.test
    with mapper(settings.workers) as parallel:
        reader = Reader(model, parallel)
        return {
            "data": mnist.source,
            "mnist": mnist_rows(reader, test, settings),
            "pages": page_rows(reader, test, settings),
            "datasets": dataset_rows(reader, settings),
            "folder": folder_row(reader, settings),
            "warnings": warning_rows(reader, test, settings),
            "ablation": ablation_rows(reader, test, settings),
        }


class Reader:
    """Prepares pictures in several processes, by a `parallel` that is like map, and lets the network read them."""

    def __init__(self, model, parallel):
        self.model = model
        self.parallel = parallel

    def correct(self, pictures, labels, step_off=None):
        """Tell which pictures, as `open_picture` takes them, the original way reads correctly, and which ours does.

        `step_off` is a key of `INSTEAD`.
        """
        simple, digits, _ = self.read(pictures, step_off)
        return self.reads(simple, labels), digits == np.asarray(labels)

    def warnings(self, pictures):
        """What `classify` warns of in each picture: list of str, empty where it doesn't."""
        return self.read(pictures)[2]

    def read(self, pictures, step_off=None):
        """Read pictures, as `open_picture` takes them, in both ways.

        Returns the pixels as the original way prepares them, the digits that our way reads, -1 where it can't, and its
        warnings.
        """
        chunks = [(self.model, pictures[i : i + CHUNK], step_off) for i in range(0, len(pictures), CHUNK)]
        simple, digits, warnings = zip(*self.parallel(read_chunk, chunks), strict=True)
        return np.concatenate(simple), np.concatenate(digits), [warning for chunk in warnings for warning in chunk]

    def reads(self, pixels, labels):
        """Tell which images in MNIST's form the network reads correctly."""
        from lenet_helpers import forward_in_batches, to_input

        return forward_in_batches(self.model, to_input(pixels)).argmax(dim=1).numpy() == np.asarray(labels)

    def reads_at_slants(self, pixels, labels):
        """The same at five slants and three sizes, as `ImageClassifier.predict` reads."""
        from lenet_helpers import probabilities_over_slants, to_input

        return probabilities_over_slants(self.model, to_input(pixels)).argmax(dim=1).numpy() == np.asarray(labels)


def read_chunk(task):
    """Prepare pictures in the original way, and read them in ours."""
    from lenet_helpers import ImageClassifier

    model, pictures, step_off = task
    classifier, simple, digits, warnings = ImageClassifier(model), [], [], []
    with without(step_off):
        for description in pictures:
            picture = open_picture(*description)
            simple.append(original.to_pixels(picture))
            try:
                prediction = classifier.classify(picture)
            except ImageError as error:
                digits.append(-1)
                warnings.append(str(error))
            else:
                digits.append(prediction.digit)
                warnings.append(prediction.warning or "")
    return np.stack(simple), np.array(digits), warnings


def open_picture(kind, what, seed=0):
    """Return a picture of Pillow's from a small description, which travels well between processes.

    A "file" has a path, "pixels" and "enlarged" a small image, large or not; all else is a kind of page, rendered from
    an image and a seed, or drawn from a `hands.Digit`.
    """
    if kind == "file":
        return Image.open(what)
    if kind == "pixels":
        return Image.fromarray(what)
    if kind == "enlarged":
        return enlarged(what)
    if isinstance(what, hands.Digit):
        return pens.draw_page(next(page for page in pens.PAGES if page.name == kind), what)
    return getattr(rendered, kind)(what, np.random.default_rng([seed, len(kind), *kind.encode()]))


def enlarged(pixels, side=160):
    """Draw a small image large, with the margin around it that MNIST's digits have."""
    height, width = pixels.shape
    margin = round(max(height, width) * 4 / 20)
    framed = Image.fromarray(np.pad(pixels, margin))
    factor = side / max(height, width)
    size = round(framed.width * factor), round(framed.height * factor)
    return framed.resize(size, Image.Resampling.BICUBIC)


@contextmanager
def mapper(workers):
    """Yield a map over processes that share nothing with this one, not even torch's threads."""
    if not workers:
        yield map
        return
    with get_context("spawn").Pool(workers) as pool:
        yield pool.imap


def mnist_rows(reader, test, settings):
    """The test split directly, as pictures of 28×28, and through every step."""
    say("  MNIST's test images through to_mnist")
    labels = test.labels[: settings.size(None, 10)]
    pictures = [("pixels", pixels) for pixels in test.pixels[: len(labels)]]
    simple, ours = reader.correct(pictures, labels)
    _, upright = reader.correct(pictures, labels, "slants")
    _, every_step = reader.correct(pictures, labels, "MNIST's form")
    direct = reader.reads(test.pixels[: len(labels)], labels)
    return {
        "images": len(labels),
        "direct": float(direct.mean()),
        "original": float(simple.mean()),
        "ours": float(ours.mean()),
        "upright": float(upright.mean()),
        "every_step": float(every_step.mean()),
    }


def some_digits(test, count):
    """Return so many test images and labels, the same ones each time."""
    chosen = np.random.default_rng(0).permutation(len(test))[:count]
    return test.pixels[chosen], test.labels[chosen]


def page_rows(reader, test, settings):
    """The same digits on every kind of page."""
    pixels, labels = some_digits(test, settings.size(settings.digits, 3))
    clean = float(reader.reads_at_slants(pixels, labels).mean())
    rows = []
    for kind in settings.size(rendered.KINDS, rendered.KINDS[:3]):
        name = kind.__name__
        simple, ours = reader.correct([(name, digit, i) for i, digit in enumerate(pixels)], labels)
        say(f"  {len(labels)} pages, {name}: {percent(ours.mean())} (clean {percent(clean)})")
        what = kind.__doc__.splitlines()[0].rstrip(".")
        rows.append({"kind": name, "what": what, "original": float(simple.mean()), "ours": float(ours.mean())})
    return {"digits": len(labels), "clean": clean, "rows": rows}


def dataset_rows(reader, settings):
    """Digits of other collections, as pictures."""
    rows = []
    for name, pixels, labels in datasets(settings.arrays):
        pixels, labels = pixels[: settings.size(None, 5)], labels[: settings.size(None, 5)]
        simple, ours = reader.correct([("enlarged", digit) for digit in pixels], labels)
        say(f"  {name}: {percent(ours.mean())}")
        size = f"{pixels.shape[1]}×{pixels.shape[2]}"
        row = {"name": name, "size": size, "images": len(labels)}
        rows.append({**row, "original": float(simple.mean()), "ours": float(ours.mean())})
    return rows


def datasets(folder):
    """Yield name, pixels and labels: scikit-learn's digits, and each .npz file of a folder.

    A file holds ``images`` (N, H, W) of uint8, light on dark, and ``labels``. Files whose
    name ends in "_train" are left out.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        say("  scikit-learn is not installed, so its digits are left out")
    else:
        digits = load_digits()
        yield "load_digits (scikit-learn)", np.rint(digits.images * (255 / 16)).astype(np.uint8), digits.target
    for file in sorted(folder.glob("*.npz")) if folder else ():
        if not file.stem.endswith("_train"):
            with np.load(file) as arrays:
                yield file.stem, arrays["images"], arrays["labels"]


def folder_row(reader, settings):
    """The pictures of a folder with labels.csv; None when none is given."""
    if settings.images is None:
        return None
    paths, labels = read_folder(settings)
    simple, ours = reader.correct(files_of(settings.images, paths), labels)
    say(f"  {settings.images.name}: {percent(ours.mean())}")
    return {
        "name": settings.images.name,
        "images": len(labels),
        "original": float(simple.mean()),
        "ours": float(ours.mean()),
        "original_by_folder": by_folder(paths, simple),
        "ours_by_folder": by_folder(paths, ours),
    }


def read_folder(settings):
    """Return paths and labels; few of them in a quick run."""
    from lenet_helpers.preparation.folder import read_labels

    pairs = read_labels(settings.images)[:: settings.size(1, 20)]
    return [path for path, _ in pairs], [label for _, label in pairs]


def files_of(folder, paths):
    return [("file", str(Path(folder) / path)) for path in paths]


def by_folder(paths, correct):
    """Return the accuracy in each sub-folder."""
    marks = {}
    for path, mark in zip(paths, correct, strict=True):
        marks.setdefault(PurePosixPath(path).parent.as_posix(), []).append(mark)
    return {name: float(np.mean(values)) for name, values in sorted(marks.items())}


def warning_rows(reader, test, settings):
    """How often `classify` warns: without reason, of single digits, and with reason, of two digits and of cut ones."""
    pixels, _ = some_digits(test, settings.size(max(1, settings.digits // 5), 2))
    kinds = [kind.__name__ for kind in settings.size(rendered.KINDS, rendered.KINDS[:2])]
    pairs = np.stack([pixels, np.roll(pixels, 1, axis=0)], axis=1)
    sets = {
        "one digit, a page of each kind": [
            (kind, digit, i) for kind in kinds for i, digit in enumerate(pixels[:: len(kinds)])
        ],
        "one digit, plain page": [("plain", digit, i) for i, digit in enumerate(pixels)],
        "two digits": [("two_digits", pair, i) for i, pair in enumerate(pairs)],
        "cut by the edge": [("cut_digit", digit, i) for i, digit in enumerate(pixels)],
    }
    rows = []
    for name, pictures in sets.items():
        warnings = reader.warnings(pictures)
        tied = np.array(["may also be" in warning for warning in warnings])
        only_tied = np.array([warning.startswith("It may") for warning in warnings])
        anything = np.array([bool(warning) for warning in warnings])
        say(f"  warnings, {name}: {percent(anything.mean())}")
        parts = {"shape": anything & ~only_tied, "tied": tied, "any": anything}
        rows.append({"what": name, "pictures": len(pictures), **{key: float(v.mean()) for key, v in parts.items()}})
    return rows


def ablation_rows(reader, test, settings):
    """Each step switched off: on a few pages of every kind, on papers with pens, on tiny images, and on the folder."""
    kinds = [kind.__name__ for kind in settings.size(rendered.KINDS, rendered.KINDS[:2])]
    pixels, drawn_labels = some_digits(test, len(kinds) * settings.size(max(1, settings.digits // 20), 2))
    drawn = [(kinds[i % len(kinds)], digit, i) for i, digit in enumerate(pixels)]
    papers = [page.name for page in pens.PAGES if page.group == "paper"]
    lines = hands.some_digits(test, settings.size(settings.digits // 10, 1))
    written = [(name, digit) for name in papers for digit in lines]
    written_labels = np.array([digit.label for digit in lines] * len(papers))
    tiny, tiny_labels = tiny_images(test, settings.size(2 * settings.digits, 2))
    rows = []
    for step in [None, *settings.size(list(INSTEAD), list(INSTEAD)[:2])]:
        row = {"step": step, "pages": float(reader.correct(drawn, drawn_labels, step)[1].mean())}
        row["written"] = float(reader.correct(written, written_labels, step)[1].mean())
        row["tiny"] = float(reader.correct(tiny, tiny_labels, step)[1].mean())
        if settings.images:
            paths, folder_labels = read_folder(settings)
            correct = reader.correct(files_of(settings.images, paths), folder_labels, step)[1]
            row |= {
                "folder": float(correct.mean()),
                "folder_mean": float(np.mean([*by_folder(paths, correct).values()])),
            }
        say(f"  without {step or 'nothing'}: {percent(row['pages'])} of the pages")
        rows.append(row)
    return {"pages": len(drawn), "written": len(written), "tiny": len(tiny), "rows": rows}


def tiny_images(test, count):
    """So many of MNIST's images, and of scikit-learn's 8×8 where it is installed, as they are; and their labels."""
    sets = [some_digits(test, count), *((pixels[:count], labels[:count]) for _, pixels, labels in datasets(None))]
    pictures = [("pixels", pixels) for some, _ in sets for pixels in some]
    return pictures, np.concatenate([labels for _, labels in sets])


def show(result):
    return "\n\n".join(part(result).strip() for part in (_show_sets, _show_pages, _show_warnings, _show_ablation))


def _show_sets(result):
    mnist, rows = result["mnist"], []
    rows.append(["MNIST test, directly", "28×28", f"{mnist['images']:,}", "–", percent(mnist["direct"])])
    rows.append(
        ["MNIST test, as pictures", "28×28", f"{mnist['images']:,}", percent(mnist["original"]), percent(mnist["ours"])]
    )
    rows.append(["the same, through every step", "28×28", f"{mnist['images']:,}", "–", percent(mnist["every_step"])])
    for row in result["datasets"]:
        ways = percent(row["original"]), percent(row["ours"])
        rows.append([f"{row['name']}, enlarged", row["size"], f"{row['images']:,}", *ways])
    folder = result["folder"]
    if folder:
        ways = percent(folder["original"]), percent(folder["ours"])
        rows.append([f"pictures of `{folder['name']}`", "any", f"{folder['images']:,}", *ways])
        means = [percent(np.mean([*folder[f"{way}_by_folder"].values()])) for way in ("original", "ours")]
        rows.append([f"mean over its {len(folder['ours_by_folder'])} sources", "", "", *means])
    return f"""
{table(["pictures", "size", "images", "original way", "ours"], rows)}

The original way is grayscale, squeezed into 28×28, normalised. Ours is `to_mnist`, read at several
slants and sizes as `predict` does. The network is the same for both. {_change(mnist)}
(goal: at most 0.2 lost; {result["data"]}). Small images are enlarged to 160 pixels with the margin that MNIST's
digits have.
"""


def _change(mnist):
    """What `to_mnist` alone does to MNIST: both sides are read upright."""
    lost = 100 * (mnist["direct"] - mnist["upright"])
    return f"Through `to_mnist` and read upright, MNIST's test images lose {lost:.2f} points of accuracy"


def _show_pages(result):
    pages = result["pages"]
    rows, missed = [], []
    for row in pages["rows"]:
        lost = 100 * (pages["clean"] - row["ours"])
        if lost > 1 + 1e-9:
            missed.append(row["kind"])
        rows.append([f"{row['kind']}: {row['what']}", percent(row["original"]), percent(row["ours"]), f"{lost:+.1f}"])
    means = [np.mean([row[way] for row in pages["rows"]]) for way in ("original", "ours")]
    rows.append(["mean", *map(percent, means), f"{100 * (pages['clean'] - means[1]):+.1f}"])
    verdict = f"missed by {', '.join(missed)}" if missed else "reached by every kind"
    return f"""
### The same digits on rendered pages

{table(["page", "original way", "ours", "points lost"], rows)}

{pages["digits"]:,} digits of the test split, drawn onto a page of each kind (benchmarks/accuracy/rendered.py).
As clean images of MNIST, read so too, {percent(pages["clean"])} of them are read.
The goal, at most 1 point lost, was {verdict}.
"""


def _show_warnings(result):
    rows = [
        [row["what"], f"{row['pictures']:,}", *(percent(row[key]) for key in ("shape", "tied", "any"))]
        for row in result["warnings"]
    ]
    return f"""
### How often `classify` warns

{table(["pictures", "number", "of the picture", "nearly tied", "any warning"], rows)}

Warnings of one whole digit are false alarms; two digits and cut ones without a warning are missed.
"""


def _show_ablation(result):
    everything, *rows = result["ablation"]["rows"]
    counts = result["ablation"]
    names = {"pages": "pages", "written": "papers and pens", "tiny": "tiny images"}
    columns = [(key, f"{counts[key]:,} {name}") for key, name in names.items()]
    if "folder" in everything:
        name = result["folder"]["name"]
        columns += [("folder", f"`{name}`"), ("folder_mean", "mean of its sources")]
    lines = [["all steps on", "", *(percent(everything[key]) for key, _ in columns)]]
    for row in rows:
        changes = [f"{100 * (row[key] - everything[key]):+.1f}" for key, _ in columns]
        lines.append([row["step"], INSTEAD[row["step"]], *changes])
    return f"""
### What each step brings

{table(["step switched off", "instead", *(title for _, title in columns)], lines, texts=2)}

The first line is accuracy; the others tell by how many points it changes without the step. Tiny images: MNIST's, and
scikit-learn's of 8×8, as they are.
"""


def draw(result, path):
    figure, (ax,) = new_figure()
    figure.set_size_inches(7.5, 4)
    rows = result["pages"]["rows"]
    places = np.arange(len(rows))
    for shift, way, label in ((-0.2, "original", "original way"), (0.2, "ours", "to_mnist")):
        ax.bar(places + shift, [100 * row[way] for row in rows], 0.38, label=label)
    ax.axhline(100 * result["pages"]["clean"], color="gray", linewidth=1, linestyle=":", label="clean digits")
    ax.set_xticks(places, [row["kind"].replace("_", " ") for row in rows], rotation=45, ha="right")
    ax.set(ylabel="read correctly, %", ylim=(0, 105))
    figure.legend(frameon=False, ncols=3, loc="outside upper center")
    figure.savefig(path)
    return "How many digits are read correctly on each kind of rendered page, the original way and through to_mnist"
