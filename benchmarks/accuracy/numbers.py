"""Numbers: several digits in one picture, read by `ImageClassifier.read`.

Numbers are made of digits of the test split, side by side on a page; a folder of real ones stands beside them.
"""

import csv
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import machine
from benchmarks.accuracy import rendered, sheets
from benchmarks.report import duration, percent, table
from benchmarks.timing import run_apart, say

SPACINGS = {
    "spaced": "a gap of 8 to 40 % of their height",
    "touching": "their boxes abut",
    "overlapping": "their boxes overlap by up to 10 % of the width",
    "pushed together": "until their ink meets",
}
"""How the digits of a number stand to each other."""

GOALS = {
    "folder": (0.98, 0.85),
    "spaced": 0.985,
    "touching": 0.96,
    "overlapping": 0.92,
    "single": 0.999,
    "nodigits": 0.90,
    "digit": 0.025,
    "page": 5.0,
    "memory": 300,
}
"""Fractions, seconds (a digit, the page) and MB."""


def measure(settings):
    from lenet_helpers import ImageClassifier

    classifier, test = ImageClassifier(settings.model, device="cpu"), settings.mnist().test
    return {
        "folder": folder_row(classifier, settings.numbers),
        "drawn": drawn_rows(classifier, test, settings),
        "sheets": sheet_rows(classifier, test, settings),
        "single": single_rows(classifier, test, settings),
        "nodigits": nodigit_row(classifier, settings),
        "times": time_rows(classifier, test, settings),
    }


# --- how right they are


def edits(text, label):
    """How many digits have to be put in, taken out or changed to make one text the other (Levenshtein, 1965)."""
    costs = list(range(len(label) + 1))
    for row, one in enumerate(text, 1):
        before, costs[0] = costs[0], row
        for column, other in enumerate(label, 1):
            before, costs[column] = (
                costs[column],
                min(costs[column] + 1, costs[column - 1] + 1, before + (one != other)),
            )
    return costs[-1]


def read_text(classifier, picture):
    """The text of a picture, without line breaks, and the seconds that it took; empty where it is refused."""
    from lenet_helpers import ImageError

    started = time.process_time()
    try:
        text = classifier.read(picture).text.replace("\n", "")
    except ImageError:
        text = ""
    return {"text": text, "seconds": time.process_time() - started}


def mark(text, label, seconds):
    """One picture: its label's length, the edits that its text needs, and the seconds that it took."""
    return {"digits": len(label), "edits": edits(text, label), "seconds": seconds}


def read_all(classifier, pictures, labels):
    """The `mark` of each picture."""
    readings = (read_text(classifier, picture) for picture in pictures)
    return [mark(label=label, **reading) for reading, label in zip(readings, labels, strict=True)]


def summary(rows):
    digits = sum(row["digits"] for row in rows)
    return {
        "pictures": len(rows),
        "digits": 1 - sum(row["edits"] for row in rows) / digits,
        "whole": float(np.mean([row["edits"] == 0 for row in rows])),
        "seconds": sum(row["seconds"] for row in rows) / digits,
    }


def folder_row(classifier, folder):
    """The pictures of a folder with labels.csv (path, label), and the time for a digit; None without one."""
    if folder is None:
        return None
    labels = read_table(folder)
    row = {"name": folder.name, **summary(read_all(classifier, labels, labels.values()))}
    say(f"  {row['name']}: {percent(row['digits'])} of the digits, {percent(row['whole'])} of the pictures")
    return row


def read_table(folder):
    """Return path to label, as ``labels.csv`` of a folder has them."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {folder / row["path"]: row["label"] for row in csv.DictReader(file)}


def drawn_rows(classifier, test, settings):
    """Numbers of 2 to 10 digits, and of 4, at every spacing; beside the same digits each in a picture of its own."""
    results = []
    for spacing in SPACINGS:
        for lengths, count in (((2, 10), settings.digits // 4), ((4, 4), settings.digits)):
            rng, pictures, labels, alone = np.random.default_rng([7, *spacing.encode(), *lengths]), [], [], []
            for picture, label, pixels in draw_numbers(test, settings.size(count, 1), spacing, lengths, rng):
                pictures.append(picture)
                labels.append(label)
                alone.append("".join(map(str, classifier.predict(pixels))) == label)
            row = summary(read_all(classifier, pictures, labels))
            results.append({"spacing": spacing, "lengths": lengths, "alone": float(np.mean(alone)), **row})
            say(f"  {spacing}, {lengths[0]} to {lengths[1]} digits: {percent(row['whole'])} of the pictures")
    return results


def sheet_rows(classifier, test, settings):
    """Numbers on every kind of sheet, by seeds that no choice was made on; beside their digits in MNIST's form."""
    results, count = [], settings.size(settings.digits // 10, 1)
    for sheet in settings.size(sheets.SHEETS, sheets.SHEETS[:2]):
        pictures, labels, clean = zip(*(sheets.draw_sheet(sheet, test, 10_000 + i) for i in range(count)), strict=True)
        alone = ["".join(map(str, classifier.predict(digits))) for digits in clean]
        row = summary(read_all(classifier, pictures, labels))
        results.append({"sheet": sheet.name, "alone": float(np.mean(np.array(alone) == labels)), **row})
        say(f"  {sheet.name}: {percent(row['whole'])} of the pictures")
    return results


def draw_numbers(test, count, spacing, lengths, rng):
    """Yield so many numbers of the test split, the least and the most digits given: picture, label, and its digits."""
    for _ in range(count):
        chosen = rng.integers(len(test.labels), size=rng.integers(lengths[0], lengths[1] + 1))
        pixels = test.pixels[chosen]
        yield draw_number(pixels, spacing, rng), "".join(map(str, test.labels[chosen])), pixels


def draw_number(digits, spacing, rng):
    """Draw digits side by side, dark on light, with a `spacing` of `SPACINGS`.

    They are 45 to 155 pixels tall, of one size within 10 %, and a little off the line.
    """
    height = rng.uniform(50, 140)
    page = np.zeros((round(1.6 * height), 0), np.float32)
    for digit in digits:
        digit = sheets.of_height(digit, height * rng.uniform(0.9, 1.1)) / 255
        top = round((len(page) - len(digit)) / 2 + rng.uniform(-0.06, 0.06) * height)
        layer = np.pad(digit, ((top, len(page) - len(digit) - top), (0, 0)))
        further = rng.uniform(0, 0.1) * layer.shape[1]
        if spacing == "spaced":
            at = page.shape[1] + rng.uniform(0.08, 0.4) * height
        elif spacing == "overlapping":
            at = page.shape[1] - further
        elif spacing == "pushed together":
            at = page.shape[1] - min(_free(page, layer), 0.25 * layer.shape[1])
        else:
            at = page.shape[1]
        at = max(0, round(at))
        wider = np.zeros((len(page), max(page.shape[1], at + layer.shape[1])), np.float32)
        wider[:, : page.shape[1]] = page
        wider[:, at : at + layer.shape[1]] = np.maximum(wider[:, at : at + layer.shape[1]], layer)
        page = wider
    margin = round(0.4 * height)
    return rendered.to_picture(rendered.ink_on_paper(np.pad(page, margin), rng.uniform(0, 60), rng.uniform(200, 255)))


def _free(page, layer):
    """How far a digit that abuts on a page can be pushed to the left until its ink meets some."""
    if not page.size:
        return 0
    before, after = page[:, ::-1] > 0.5, layer > 0.5
    gaps = before.argmax(1) + after.argmax(1)
    both = before.any(1) & after.any(1)
    return gaps[both].min() if both.any() else layer.shape[1]


def single_rows(classifier, test, settings):
    """How often `read` gives what `predict` does: single digits on pages of every kind, and those of a folder."""
    from lenet_helpers import ImageError
    from lenet_helpers.preparation.folder import read_labels

    rng = np.random.default_rng(3)
    kinds = settings.size(rendered.KINDS, rendered.KINDS[:2])
    chosen = rng.integers(len(test.labels), size=settings.size(settings.digits, 4))
    sets = {
        "test images, as they are": test.pixels[: settings.size(10 * settings.digits, 5)],
        "pages with a digit": [kinds[i % len(kinds)](test.pixels[at], rng) for i, at in enumerate(chosen)],
    }
    if settings.images:
        sets[f"`{settings.images.name}`"] = [settings.images / path for path, _ in read_labels(settings.images)]
    rows = []
    for name, pictures in sets.items():
        same = []
        for picture in pictures:
            try:
                same.append(str(classifier.predict(picture)) == classifier.read(picture).text)
            except ImageError:  # refused by both
                continue
        rows.append({"name": name, "pictures": len(same), "same": float(np.mean(same))})
        say(f"  {name}: {percent(rows[-1]['same'])} the same as by predict")
    return rows


def nodigit_row(classifier, settings):
    """How many pictures of a folder without digits give an empty text, a warning or an error; None without a folder."""
    from lenet_helpers import ImageError

    folder = settings.nodigits
    if folder is None:
        return None
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    told = []
    for path in paths:
        try:
            reading = classifier.read(folder / path)
        except ImageError:
            told.append(True)
        else:
            told.append(not reading.text or reading.warning is not None)
    return {"name": folder.name, "pictures": len(told), "told": float(np.mean(told))}


# --- how long it takes


def time_rows(classifier, test, settings):
    """Seconds for a digit of large photos, and for a page of 200; each in its size, with what it grew the memory by."""
    rng = np.random.default_rng(5)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, file, digits in draw_pages(Path(folder), test, settings, rng):
            arguments = {"model": str(settings.model), "file": str(file)}
            result = read_apart(**arguments) if settings.quick else run_apart(read_apart, **arguments)
            row = {"name": name, "digits": digits, **result}
            rows.append(row)
            say(f"  {name}: {duration(row['seconds'])}")
    return rows


def draw_pages(folder, test, settings, rng):
    """Yield name, file and number of digits of each picture to time."""
    from lenet_helpers.drawing.nodigits import draw_nodigits

    shape = settings.size((3000, 4000), (450, 600))
    for count in settings.size((4, 10), (4,)):
        number = draw_number(test.pixels[rng.integers(len(test.labels), size=count)], "spaced", rng)
        photo = _photo(number.resize((shape[1], round(shape[1] * number.height / number.width))), shape, rng)
        photo.save(folder / f"photo{count}.jpg", quality=90)
        yield f"{shape[0] * shape[1] / 1e6:.3g} megapixels, {count} digits", folder / f"photo{count}.jpg", count
    across, down = settings.size((20, 10), (5, 2))
    page = Image.new("L", (2100, 200 * down), 235)
    for row in range(down):
        line = draw_number(test.pixels[rng.integers(len(test.labels), size=across)], "spaced", rng)
        line = line.resize((2000, min(200, round(2000 * line.height / line.width))))
        page.paste(line.point(lambda value: min(value, 235)), (50, 200 * row))
    page.save(folder / "page.png")
    yield f"a page of {across * down} digits", folder / "page.png", across * down
    across, down = settings.size((50, 40), (5, 2))
    marks = draw_nodigits(across * down, seed=5).reshape(down, across, 28, 28).swapaxes(1, 2).reshape(28 * down, -1)
    for name, picture in (("print, 2,000 marks", 255 - marks), ("a crowd", _crowd(shape, rng))):
        rendered.to_picture(picture).save(folder / f"{name}.png")
        yield f"{name}, no digit", folder / f"{name}.png", 0


def _photo(number, shape, rng):
    """A picture of a number in the middle of a page, with a camera's noise."""
    page = np.full(shape, 230, np.float32)
    ink = np.asarray(number, np.float32)[: shape[0]]
    top = (shape[0] - len(ink)) // 2
    page[top : top + len(ink)] = np.minimum(page[top : top + len(ink)], ink)
    return rendered.to_picture(page + rng.normal(0, 4, shape))


def _crowd(shape, rng):
    """Hundreds of heads: discs of every gray."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    page = np.full(shape, 128, np.float32)
    for _ in range(300):
        radius, value = rng.uniform(0.01, 0.05) * shape[0], rng.uniform(0, 255)
        top, left = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        box = tuple(slice(max(0, int(at - radius)), int(at + radius) + 1) for at in (top, left))
        page[box][(y[box] - top) ** 2 + (x[box] - left) ** 2 < radius**2] = value
    return page


def read_apart(model, file):
    """Read one picture in a process of its own: median seconds of 3, by how many MB it grew, the warning."""
    from lenet_helpers import ImageClassifier, ImageError

    classifier = ImageClassifier(model, device="cpu")
    classifier.read(np.pad(np.zeros((40, 8), np.uint8), 40, constant_values=255))  # everything is loaded
    before, times, told = machine.peak_memory(), [], None
    for _ in range(3):
        started = time.process_time()
        try:
            told = classifier.read(file).warning
        except ImageError as error:
            told = str(error)
        times.append(time.process_time() - started)
    grown = None if before is None else machine.peak_memory() - before
    return {"seconds": float(np.median(times)), "memory": grown, "warning": told}


# --- the report


def _reached(value, goal):
    return f"{percent(goal)}, {'reached' if value >= goal else 'missed'}"


def show(result):
    drawn = []
    for row in result["drawn"]:
        low, high = row["lengths"]
        goal = GOALS.get(row["spacing"]) if low == high else None
        drawn.append(
            [
                f"{row['spacing']}: {SPACINGS[row['spacing']]}",
                str(low) if low == high else f"{low} to {high}",
                f"{row['pictures']:,}",
                percent(row["digits"]),
                percent(row["whole"]),
                _reached(row["whole"], goal) if goal else "–",
                percent(row["alone"]),
                duration(row["seconds"]),
            ]
        )
    on_sheets = [
        [
            row["sheet"],
            f"{row['pictures']:,}",
            *(percent(row[key]) for key in ("digits", "whole", "alone")),
            duration(row["seconds"]),
        ]
        for row in result["sheets"]
    ]
    others = [
        [f"single digits read as by `predict`: {row['name']}", f"{row['pictures']:,}", percent(row["same"]), goal]
        for row in result["single"]
        for goal in [_reached(row["same"], GOALS["single"])]
    ]
    if row := result["nodigits"]:
        goal = _reached(row["told"], GOALS["nodigits"])
        name = f"empty text, warning or error: pictures of `{row['name']}`"
        others.append([name, f"{row['pictures']:,}", percent(row["told"]), goal])
    times = []
    for row in result["times"]:
        of_digit = row["digits"] and row["seconds"] / row["digits"]
        goal = GOALS["page"] if row["digits"] > 100 or not row["digits"] else GOALS["digit"] * row["digits"]
        memory = "–" if row["memory"] is None else f"{row['memory']:,.0f} MB"
        told = "yes" if row["warning"] else "no"
        reached = f"{duration(goal)}, {'reached' if row['seconds'] <= goal else 'missed'}"
        times.append(
            [row["name"], duration(row["seconds"]), reached, duration(of_digit) if of_digit else "–", memory, told]
        )
    parts = []
    if row := result["folder"]:
        cells = [
            f"`{row['name']}`",
            row["pictures"],
            f"{percent(row['digits'])} ({_reached(row['digits'], GOALS['folder'][0])})",
            f"{percent(row['whole'])} ({_reached(row['whole'], GOALS['folder'][1])})",
            duration(row["seconds"]),
        ]
        parts.append(table(["pictures", "number", "digits right", "wholly right", "a digit takes"], [cells]))
    parts += [
        table(["drawn", "digits", "pictures", "digits right", "wholly right", "goal", "alone", "a digit takes"], drawn),
        "Digits right: 1 − edit distance ÷ length. Alone: in how many pictures all digits are right when each is given "
        "to `predict` as it is. Goals are for 4 digits.",
        table(["sheet", "pictures", "digits right", "wholly right", "alone", "a digit takes"], on_sheets),
        "Sheets: digits of MNIST's test images and digits drawn with pens, in turn, as `benchmarks/accuracy/sheets.py` "
        "puts them on paper.",
        table(["what", "pictures", "share", "goal"], others),
        table(["picture", "seconds", "goal", "for a digit", "memory", "warning or error"], times),
        "Times are those of the processor. Each picture is read in a process of its own; the memory is what its peak "
        f"grew by (goal: {GOALS['memory']} MB).",
    ]
    return "\n\n".join(parts)
