"""Damaged and hostile picture files through `ImageClassifier.predict`, and with it `to_mnist`.

A file may give a digit or an `ImageError`, within 2 seconds and 500 MB.
"""

import io
import os
import tempfile
import warnings
from pathlib import Path

from benchmarks.machine import cores
from benchmarks.reliability.cases import counts, failures_of, measured, try_all
from benchmarks.reliability.mutations import case, seeds
from benchmarks.report import duration, pivot
from benchmarks.timing import percentile
from lenet_helpers.system.paths import COURSE

FILES = 20_000
ALLOWED = ("digit", "ImageError")
LONGEST_SECONDS = 2.0
"""Of processor time: on a busy machine the wall clock also counts the work of others."""

LARGEST_MEGABYTES = 500

WAYS = ("bytes", "path", "open file", "PIL image")


def measure(settings):
    """Read many damaged files in as many processes as there are cores; return what came out."""
    files = settings.size(FILES, 300)
    processes = settings.size(max(1, min(4, cores())), 1)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = try_all(range(files), reader, (settings.seed, folder), processes)
    for one in outcomes:
        if "kind" not in one:  # its process could not tell any more
            one |= {"kind": case(settings.seed, one["case"])[0], "way": way_of(one["case"])}
    return summary(outcomes, files)


def way_of(number):
    """How a file is handed over."""
    return WAYS[(number + number // 8) % len(WAYS)]  # every eighth is built by hand, and comes in every way, too


def reader(seed, folder):
    """Return a function that reads the file of a number."""
    from lenet_helpers.system.devices import thread_limit

    classifier = warm_classifier()

    def attempt(number):
        kind, content = case(seed, number)
        with thread_limit(1):
            return {"kind": kind, **read(classifier, content, way_of(number), folder)}

    return attempt


def warm_classifier():
    """A classifier that has read a picture: what is loaded at the first use is no file's fault."""
    from lenet_helpers import ImageClassifier

    classifier = ImageClassifier(COURSE / "model.pth", device="cpu")
    classifier.predict(COURSE / "test.png")
    return classifier


def read(classifier, content, way, folder):
    """Let the classifier read a file, handed over in one of the ways; return what `measured` does, and the way."""
    from lenet_helpers import ImageError

    path = Path(folder) / f"a picture ü {os.getpid()}"
    path.write_bytes(content)
    with open(path, "rb") as file:
        picture = {"bytes": content, "path": path, "open file": file}.get(way)

        def attempt():
            return judged(classifier.predict(_opened(content) if way == "PIL image" else picture))

        return {"way": way, **measured(attempt, ImageError)}


def judged(digit):
    """The outcome of a picture that was read."""
    fine = type(digit) is int and 0 <= digit <= 9
    return ("digit", str(digit)) if fine else ("other error", f"{digit!r} is no digit")


def _opened(content):
    """What a student gets from `Image.open`; the bytes themselves where that fails already."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(content))
    except Exception:
        return content


def summary(outcomes, files):
    """Count, and find what must not be."""

    def name(one):
        return f"{one['case']} ({one['kind']}, as {one['way']})"

    answered = [one for one in outcomes if "seconds" in one]
    megabytes = [one["megabytes"] for one in answered if one["megabytes"] is not None]
    return {
        "files": len(outcomes),
        "seeds": len(seeds()),
        "formats": sorted({name.split()[0] for name in seeds()}),
        "rows": counts(outcomes, lambda one: one["kind"].split()[0]),
        "reading_seconds": [percentile([one["seconds"] for one in answered], percent) for percent in (50, 99, 100)],
        "slowest_wall": max(one["wall"] for one in answered),
        "megabytes": [percentile(megabytes, percent) for percent in (50, 99, 100)] if megabytes else None,
        "failures": failures_of(outcomes, files, name, ALLOWED, LONGEST_SECONDS, LARGEST_MEGABYTES),
    }


def show(result):
    titles = {name: name for name in (*ALLOWED, "other error")} | {"crash": "crash or hang"}
    middle, most, longest = result["reading_seconds"]
    memory = "not measured on this system"
    if result["megabytes"]:
        memory = "median {:.0f} MB, 99 % at most {:.0f} MB, the largest {:.0f} MB".format(*result["megabytes"])
    return f"""
{result["files"]:,} files, made from {result["seeds"]} small pictures in {len(result["formats"])} formats and from files
built by hand, each handed to `ImageClassifier.predict` as {", ".join(WAYS[:-1])} or {WAYS[-1]}.
Allowed: a digit or an `ImageError`, {LONGEST_SECONDS:.0f} s, {LARGEST_MEGABYTES} MB.

{pivot("what was done to the file", result["rows"], titles)}

Processor time of a file: median {duration(middle)}, 99 % at most {duration(most)}, the longest {duration(longest)} (by
the wall clock {duration(result["slowest_wall"])}, beside other work). Memory on top of what the process had: {memory}.

Formats: {", ".join(result["formats"])}.
"""
