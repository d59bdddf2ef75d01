"""What people would use instead: two well-known readers of text, on the same pictures as ours.

They are installed in an environment of their own (`noxfile.readers`), some 6 GB with torch, and never become part of
the course. `benchmarks.accuracy.other_readers` runs there.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.accuracy import numbers
from benchmarks.report import duration, percent, table
from benchmarks.timing import say
from lenet_helpers.system.paths import COURSE

OURS = "ours"


def measure(settings):
    """Read drawn numbers and the folders with every reader, a quick run with ours only; compare texts with labels."""
    with tempfile.TemporaryDirectory() as folder:
        sets = {"drawn: 4 digits, spaced": save_numbers(Path(folder), settings)}
        for given in filter(None, (settings.numbers, settings.images)):
            sets[f"`{given.name}`"] = some_of(numbers.read_table(given), settings.digits)
        paths = [path for labels in sets.values() for path in labels]
        readings = read_by_ours(settings.model, paths) + ([] if settings.quick else read_by_others(paths))
    rows = [row for name, labels in sets.items() for row in rows_of(name, labels, readings)]
    for row in rows:
        say(f"  {row['set']}, {row['reader']}, {row['view']}: {percent(row['digits'])} of the digits")
    return {"rows": rows}


def save_numbers(folder, settings):
    """Save drawn numbers of the test split, as the section `numbers` has them; return path to label."""
    test, rng, labels = settings.mnist().test, np.random.default_rng(11), {}
    drawn = numbers.draw_numbers(test, settings.size(settings.digits, 2), "spaced", (4, 4), rng)
    for number, (picture, label, _) in enumerate(drawn):
        path = folder / f"{number}.png"
        picture.save(path)
        labels[path] = label
    return labels


def some_of(labels, most):
    """At most so many pictures, from all over the table: EasyOCR takes seconds for some."""
    step = -(-len(labels) // most)
    return dict(list(labels.items())[::step])


def read_by_ours(model, paths):
    """Read the pictures with the course's network."""
    from lenet_helpers import ImageClassifier

    classifier = ImageClassifier(model, device="cpu")
    return [{"reader": OURS, "view": "as it is", "path": path, **numbers.read_text(classifier, path)} for path in paths]


def read_by_others(paths):
    """Let the other readers read the pictures, in their own environment."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "readings.jsonl"
        command = [sys.executable, "-m", "nox", "--session", "readers", "--", str(out)]
        subprocess.run(command, cwd=COURSE, input="\n".join(map(str, paths)), text=True, stdout=sys.stderr, check=True)
        readings = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return [{**reading, "path": Path(reading["path"])} for reading in readings]


def rows_of(name, labels, readings):
    """For each reader and view: how much of a set it reads rightly, and how long it takes."""
    by_reader = {}
    for reading in readings:
        if reading["path"] in labels:
            by_reader.setdefault((reading["reader"], reading["view"]), []).append(reading)
    rows = []
    for (reader, view), found in by_reader.items():
        marks = [numbers.mark(one["text"], labels[one["path"]], one["seconds"]) for one in found]
        slow = float(np.median([one["seconds"] for one in found]))
        rows.append({"set": name, "reader": reader, "view": view, **numbers.summary(marks), "median": slow})
    return rows


def show(result):
    cells = [
        [
            row["set"],
            row["reader"],
            row["view"],
            f"{row['pictures']:,}",
            percent(row["digits"]),
            percent(row["whole"]),
            duration(row["median"]),
        ]
        for row in result["rows"]
    ]
    header = ["pictures", "reader", "seen", "number", "digits right", "wholly right", "a picture takes"]
    return f"""
EasyOCR may read digits only; what RapidOCR reads besides digits is dropped. Both were made for print and for photos of
it, so each is also given a picture that is kinder to it: enlarged to 320 pixels where it is smaller, and with a margin.
Digits right: 1 − edit distance ÷ length. Times are those of the processor, medians.

{table(header, cells, texts=3)}
"""
