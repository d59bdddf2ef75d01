"""Pages drawn with pens: is a digit read as its clean form is, whatever pen, size, place and paper?

The clean form is the same lines drawn as MNIST's digits are. Where the network misreads that
one, or is only just right, no preparation can help, so those digits are counted by themselves.
"""

import numpy as np

from benchmarks.accuracy import pens
from benchmarks.accuracy.hands import some_digits
from benchmarks.accuracy.pictures import mapper
from benchmarks.report import percent, table
from benchmarks.timing import say
from lenet_helpers.preparation.pictures import ImageError

GROUPS = {
    "width": "Width of the pen, as a fraction of the digit's longer side",
    "pen": "Pens",
    "size": "The same page at five resolutions: its side in pixels",
    "place": "Place and size on the page",
    "file": "JPEG",
    "ink": "Ink",
    "paper": "Paper",
}
"""What `Page.group` varies, in the order of the report."""

STROKES = (2.0, 2.4, 2.8, 3.2)
"""Widths of the strokes of the clean forms that the network must be sure of, in pixels: MNIST's own vary so much."""

CHUNK = 10  # digits that a process draws on one kind of page before it takes the next ones


def measure(settings):
    from lenet_helpers import load_model

    model, mnist = load_model(settings.model), settings.mnist()
    digits = some_digits(mnist.test, settings.size(settings.digits, 4))
    pages = settings.size(pens.PAGES, pens.PAGES[:2])
    clean, well = clean_answers(model, digits)
    handwriting = np.array([digit.source == "mnist" for digit in digits])
    rows = []
    with mapper(settings.workers) as parallel:
        for page in pages:
            tasks = [(page.name, digits[i : i + CHUNK]) for i in range(0, len(digits), CHUNK)]
            pixels, kept = (np.concatenate(part) for part in zip(*parallel(prepare_chunk, tasks), strict=True))
            same = (answers(model, pixels) == clean) & pixels.any((1, 2))
            row = {"page": page.name, "group": page.group, "same": share(same[well])}
            row |= {"forms": share(same[well & ~handwriting]), "handwriting": share(same[well & handwriting])}
            row |= {"misread": share(same[~well]), "kept": share(kept[well] >= 0.98)}
            row["others"] = [int(i) for i in np.flatnonzero(well & ~same)]
            rows.append(row)
            say(f"  {well.sum()} digits, {page.name}: {shown(row['same'])} as in the clean form")
    return {"data": mnist.source, "digits": len(digits), "well": int(well.sum()), "rows": rows}


def share(marks):
    """The mean; None of nothing."""
    return float(marks.mean()) if len(marks) else None


def shown(part):
    """Write a share as a percentage, and a dash where there is none."""
    return "–" if part is None else percent(part)


def clean_answers(model, digits):
    """Read the clean forms of digits; return the answers, and of which the network is right and sure.

    Sure is: surer than of all others together, at each width of `STROKES`.
    """
    labels = np.array([digit.label for digit in digits])
    clean = answers(model, np.stack([pens.in_mnist_form(digit) for digit in digits]))
    well = np.ones(len(digits), bool)
    for stroke in STROKES:
        probabilities = read(model, np.stack([pens.in_mnist_form(digit, stroke / 20) for digit in digits]))
        well &= probabilities[np.arange(len(digits)), labels] > 0.5
    return clean, well


def answers(model, pixels):
    """What `predict` reads in images in MNIST's form."""
    return read(model, pixels).argmax(axis=1)


def read(model, pixels):
    """Probabilities of the ten digits, as `predict_proba` gives them."""
    from lenet_helpers import probabilities_over_slants, to_input

    return probabilities_over_slants(model, to_input(pixels)).numpy()


def prepare_chunk(task):
    """Draw digits on a kind of page and prepare them; tell how much of the ink is left. Black where there is none."""
    from lenet_helpers import to_mnist

    name, digits = task
    page = next(page for page in pens.PAGES if page.name == name)
    pixels = np.zeros((len(digits), 28, 28), np.uint8)
    for at, digit in enumerate(digits):
        try:
            pixels[at] = to_mnist(pens.draw_page(page, digit))
        except ImageError:
            continue
    return pixels, np.array([pens.ink_kept(*pair) for pair in zip(pixels, digits, strict=True)])


def show(result):
    rows, parts = result["rows"], []
    for group, title in GROUPS.items():
        lines = [
            [row["page"], *(shown(row[key]) for key in ("same", "forms", "handwriting", "kept"))]
            for row in rows
            if row["group"] == group
        ]
        if lines:
            parts.append(table([title, "same answer", "forms", "handwriting", "98 % of the ink"], lines))
    rest, answered = result["digits"] - result["well"], [row["misread"] for row in rows]
    return f"""
{result["digits"]:,} digits, half of them from the patterns of `forms` by another hand, half from the middle lines of
MNIST's test images, each drawn as lines on {len(rows)} kinds of page (benchmarks/accuracy/pens.py). The network is sure
of the clean form, the same lines drawn as MNIST's digits are, of {result["well"]:,} of them.
{_verdict(rows) if result["well"] else "So there is nothing to tell."}
{f"The other {rest} get the clean form's answer on {percent(np.mean(answered))} of their pages." if rest else ""}

{(chr(10) * 2).join(parts)}

"98 % of the ink" tells on how many pages the network still sees that much of the drawing's lines.
"""


def _verdict(rows):
    worst = min(rows, key=lambda row: row["same"])
    return (
        f"**{percent(np.mean([row['same'] for row in rows]))}** of their pages get the same answer (goal: 99.7 %),\n"
        f"on the worst kind, {worst['page']}, **{percent(worst['same'])}** (goal: 99.0 %)."
    )
