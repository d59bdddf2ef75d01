"""What `classify` warns of: no digits, and misread ones; where the fault lies in these; and how each hand is read.

Kinds and patterns are drawn anew, by other hands than those that the network was trained with.
Of a folder, a third of the sources is counted by itself: choices are made on the others.
"""

import csv
import zlib
from collections import Counter

import numpy as np

from benchmarks.report import percent, table
from benchmarks.timing import say

SEED = 7  # of what is drawn: no recipe's, so that nobody's hand is the same as in training
PENS = {"thin": 1.6, "usual": 2.5, "bold": 3.6}
"""Pens for the hands, in pixels of MNIST's form."""


def measure(settings):
    from lenet_helpers import ImageClassifier
    from lenet_helpers.preparation.folder import read_labels

    classifier, mnist = ImageClassifier(settings.model, device="cpu"), settings.mnist()
    validation = mnist.validation
    chosen = slice(None, None, settings.size(1, 50))
    digits = {"validation": readings(classifier, validation.pixels[chosen], validation.labels[chosen])}
    hands, digits["drawn hands"] = hand_rows(classifier, settings)
    faults, sources = [], []
    if settings.images:
        pairs = read_labels(settings.images)[:: settings.size(1, 20)]
        everything = readings(classifier, [settings.images / path for path, _ in pairs], [label for _, label in pairs])
        source_of = [path.split("/")[0] for path, _ in pairs]
        digits |= parts(settings.images.name, everything, source_of)
        faults = fault_rows(classifier.model, settings, everything)
        sources = source_rows(everything, source_of)
    for name, rows in digits.items():
        say(f"  {name}: {len(rows)} read, {sum(not row['right'] for row in rows)} misread")
    return {
        "digits": [{"name": name, **summary(rows)} for name, rows in digits.items()],
        "faults": faults,
        "sources": sources,
        "hands": hands,
        "kinds": kind_rows(classifier, settings),
        "folder": nodigit_rows(classifier, settings),
    }


def readings(classifier, pictures, labels):
    """Read each picture; one that is refused counts as misread, and as warned of."""
    from lenet_helpers import ImageError

    rows = []
    for picture, label in zip(pictures, labels, strict=True):
        try:
            prediction = classifier.classify(picture)
        except ImageError:
            row = {"right": False, "warned": True, "refused": True, "probabilities": [0.1] * 10}
        else:
            right, warned = bool(prediction.digit == label), prediction.warning is not None
            probabilities = prediction.probabilities.tolist()
            row = {"right": right, "warned": warned, "refused": False, "probabilities": probabilities}
        rows.append({**row, "label": int(label)})
    return rows


def parts(name, rows, sources):
    """All rows of a folder, and those of the sources that are kept aside, and the others; no part without rows."""
    aside = np.array([kept_aside(source) for source in sources])
    chosen = {"": np.ones(len(rows), bool), ", developed on": ~aside, ", kept aside": aside}
    return {f"{name}{part}": [rows[i] for i in np.flatnonzero(which)] for part, which in chosen.items() if which.any()}


def kept_aside(name):
    """Tell whether a source, or a picture of no digit, belongs to the third that no choice is made on."""
    return zlib.crc32(name.encode()) % 3 == 0


def source_rows(rows, sources):
    """Each source of a folder by itself: how much of it is misread, and how much is warned of."""
    by_source = {}
    for row, source in zip(rows, sources, strict=True):
        by_source.setdefault(source, []).append(row)
    return [
        {
            "source": source,
            "aside": kept_aside(source),
            "pictures": len(some),
            "misread": sum(not row["right"] for row in some),
            "misread_warned": sum(row["warned"] and not row["right"] for row in some),
            "right_warned": sum(row["warned"] and row["right"] for row in some),
        }
        for source, some in sorted(by_source.items())
    ]


def fault_rows(model, settings, read):
    """Where the fault lies in the misread pictures of a folder, for each kind that its labels.csv tells.

    The judge's fault is a picture of which it had a way in hand that the network reads rightly; where there is none,
    the digit was lost before or the network does not know it.
    """
    from lenet_helpers.inference import judge
    from lenet_helpers.preparation.steps import prepare

    with (settings.images / "labels.csv").open(encoding="utf-8", newline="") as file:
        pictures = [row for row in csv.DictReader(file)][:: settings.size(1, 20)]
    rows = {}
    for picture, reading in zip(pictures, read, strict=True):
        kind = picture.get("kind") or "any"
        row = rows.setdefault(kind, {"kind": kind, "pictures": 0, "judge": 0, "network": 0, "refused": 0, "as": []})
        row["pictures"] += 1
        if reading["right"]:
            continue
        if reading["refused"]:
            row["refused"] += 1
            continue
        ways = judge(model, [prepare(settings.images / picture["path"])])[0]
        found = any(way.probabilities.argmax() == reading["label"] for way in ways)
        row["judge" if found else "network"] += 1
        row["as"].append(f"{reading['label']} as {np.argmax(reading['probabilities'])}")
    return list(rows.values())


def summary(rows):
    """Accuracy, calibration error, and the share warned of among the right and among the misread."""
    from lenet_helpers.evaluation import calibration_error

    right, warned = (np.array([row[key] for row in rows], bool) for key in ("right", "warned"))
    labels, probabilities = [row["label"] for row in rows], [row["probabilities"] for row in rows]
    return {
        "pictures": len(rows),
        "misread": int((~right).sum()),
        "calibration": calibration_error(labels, probabilities),
        "right_warned": float(warned[right].mean()) if right.any() else None,
        "misread_warned": float(warned[~right].mean()) if not right.all() else None,
    }


def hand_rows(classifier, settings):
    """Every pattern of `FORMS` with each pen; and all of these readings."""
    from lenet_helpers.drawing.forms import FORMS, another_hand, corners_of, draw_lines

    count, rows, everything = settings.size(30, 1), [], []
    for digit, patterns in FORMS.items():
        random, shares = np.random.default_rng([SEED, digit]), {}
        for width in PENS.values():
            for pattern in patterns:
                drawn = [draw_lines(another_hand(corners_of(pattern), random), width) for _ in range(count)]
                read = readings(classifier, drawn, [digit] * count)
                shares[width, pattern] = float(np.mean([row["right"] for row in read]))
                everything += read
        of_pen = {pen: np.mean([shares[width, pattern] for pattern in patterns]) for pen, width in PENS.items()}
        of_pattern = {pattern: np.mean([shares[width, pattern] for width in PENS.values()]) for pattern in patterns}
        worst = min(of_pattern, key=of_pattern.get)
        rows.append(
            {
                "digit": digit,
                "patterns": len(patterns),
                "pens": {pen: float(share) for pen, share in of_pen.items()},
                "worst": {"pattern": worst, "right": float(of_pattern[worst])},
            }
        )
    return rows, everything


def kind_rows(classifier, settings):
    """How many of each kind of drawn picture without a digit get a warning."""
    from lenet_helpers.drawing.nodigits import HELD_OUT, KINDS, draw_nodigits

    count, rows = settings.size(200, 4), []
    for kind in KINDS:
        read = readings(classifier, draw_nodigits(count, SEED, [kind]), [0] * count)
        rows.append({"kind": kind, "learned": kind not in HELD_OUT, "pictures": count, "warned": _warned(read)})
        say(f"  {kind}: {percent(rows[-1]['warned'])} warned of")
    return rows


def nodigit_rows(classifier, settings):
    """The same for a folder of pictures, whose labels.csv begins with their paths; None when none is given."""
    folder = settings.nodigits
    if folder is None:
        return None
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    read = readings(classifier, [folder / path for path in paths], [0] * len(paths))
    rows = parts(folder.name, read, paths)
    return [{"name": name, "pictures": len(some), "warned": _warned(some)} for name, some in rows.items()]


def _warned(rows):
    return float(np.mean([row["warned"] for row in rows]))


def show(result):
    digits = [
        [
            row["name"],
            f"{row['pictures']:,}",
            f"{row['misread']:,}",
            *(percent(row[key]) if row[key] is not None else "–" for key in ("misread_warned", "right_warned")),
            f"{row['calibration']:.4f}",
        ]
        for row in result["digits"]
    ]
    faults = [
        [
            row["kind"],
            *(f"{row[key]:,}" for key in ("pictures", "judge", "network", "refused")),
            ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sorted(Counter(row["as"]).items())),
        ]
        for row in result["faults"]
    ]
    kinds = [[row["kind"], "" if row["learned"] else "no", percent(row["warned"])] for row in result["kinds"]]
    kinds += [
        [f"pictures of `{row['name']}` ({row['pictures']})", "no", percent(row["warned"])]
        for row in result["folder"] or []
    ]
    hands = [
        [
            str(row["digit"]),
            str(row["patterns"]),
            *(percent(row["pens"][pen]) for pen in PENS),
            f"`{row['worst']['pattern']}`, {percent(row['worst']['right'])}",
        ]
        for row in result["hands"]
    ]
    return f"""
{table(["digits", "pictures", "misread", "misread, warned of", "right, warned of", "calibration error"], digits)}

Every warning of `classify` counts. The calibration error is that between confidence and accuracy (15 bins).

{_show_faults(faults)}{_show_sources(result["sources"])}{table(["no digit", "learned", "warned of or refused"], kinds)}

Drawn kinds: {result["kinds"][0]["pictures"]} pictures each, drawn anew. Those that are not learned were in no training.

{table(["digit", "forms", *PENS, "worst form"], hands, texts=2)}

Drawn hands: how often each digit is read in the forms of `FORMS`, with each pen, drawn anew.
"""


def _show_faults(rows):
    if not rows:
        return ""
    return f"""{table(["kind of picture", "pictures", "judge", "network", "refused", "read as"], rows)}

The misread pictures by where the fault lies. The judge's: it had a way in hand that the network reads rightly, and took
another. The network's: it reads none of the ways rightly, be it that it does not know the digit, be it that all have
lost a part of it or kept what is none.

"""


def _show_sources(rows):
    if not rows:
        return ""
    counts = ("pictures", "misread", "misread_warned", "right_warned")
    cells = [
        [
            row["source"],
            "yes" if row["aside"] else "",
            *(f"{row[key]:,}" for key in counts),
            percent(1 - row["misread"] / row["pictures"]),
        ]
        for row in rows
    ]
    header = ["source", "kept aside", "pictures", "misread", "of these warned of", "right, warned of", "read rightly"]
    return f"""{table(header, cells, texts=2)}

Each source of the pictures by itself.

"""
