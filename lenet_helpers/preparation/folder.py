"""Evaluation on a folder of pictures that aren't MNIST: your own handwriting, or your class's.

The folder holds ``labels.csv`` with the columns ``path`` (relative to the folder) and
``label`` (0..9); other columns are ignored. ``lenet evaluate --images FOLDER`` shows what
this module finds, and notebook 05 explains the steps of which the contact sheet tells.
"""

import csv
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from lenet_helpers.preparation.pictures import ImageError, read_image
from lenet_helpers.system.errors import CourseError


class FolderError(CourseError):
    """A folder of pictures that can't be evaluated; the message names the file and the mend."""


@dataclass(frozen=True)
class FolderMistake:
    """One picture that was read wrong, or could not be read.

    Attributes
    ----------
    path : str
        As it stands in ``labels.csv``.
    file : Path
        Where the picture lies.
    label : int
        What it is.
    prediction : int or None
        What the network said; None when the picture could not be read.
    confidence : float
        Probability that the network gave to its prediction, in [0, 1].
    pixels : ndarray of uint8, shape (28, 28), or None
        What the network saw; None when the picture could not be read.
    message : str or None
        Why the picture could not be read, or the warning that came with the prediction.
    """

    path: str
    file: Path
    label: int
    prediction: int | None
    confidence: float
    pixels: np.ndarray | None
    message: str | None


@dataclass(frozen=True)
class FolderEvaluation:
    """How a classifier does on a folder of pictures.

    Attributes
    ----------
    accuracy : float
        Fraction of all pictures that were read correctly, in [0, 1].
    by_folder : dict of str to float
        The same for the pictures of each sub-folder; "." stands for the folder itself.
    counts : dict of str to int
        Number of pictures in each sub-folder.
    errors : list of FolderMistake
        In the order of ``labels.csv``.
    complete : bool
        False when the evaluation was interrupted: then all of this is about the pictures
        that had been read by then.
    """

    accuracy: float
    by_folder: dict
    counts: dict
    errors: list
    complete: bool = True

    @property
    def images(self):
        """Number of pictures."""
        return sum(self.counts.values())

    @property
    def mean_over_folders(self):
        """Mean of the sub-folders' accuracies: each source weighs the same, however many pictures it has."""
        return float(np.mean(list(self.by_folder.values())))


def evaluate_folder(classifier, folder):
    """Let a classifier read every picture that ``labels.csv`` of a folder lists.

    A picture that can't be read, because it is damaged or blank for instance, counts as
    an error; the others are still read. Ctrl-C, or Kernel → Interrupt, ends the evaluation
    with a warning, and gives back what it has so far.

    Parameters
    ----------
    classifier : ImageClassifier
    folder : path

    Returns
    -------
    FolderEvaluation

    Raises
    ------
    FolderError
        ``labels.csv`` is missing, lacks a column, has a label that is no digit, lists no
        picture, or lists one that isn't there.
    """
    folder = Path(folder).expanduser()
    pairs, read = read_labels(folder), []
    try:
        for path, label in pairs:
            read.append(_read_one(classifier, folder, path, label))
    except KeyboardInterrupt:
        if not read:
            raise
        warnings.warn(f"interrupted: {len(read)} of {len(pairs)} pictures were read", stacklevel=2)
    right, errors = {}, []
    for (path, _), mistake in zip(pairs, read, strict=False):
        right.setdefault(PurePosixPath(path).parent.as_posix(), []).append(mistake is None)
        errors += [] if mistake is None else [mistake]
    return FolderEvaluation(
        accuracy=float(np.mean(np.concatenate(list(right.values())))),
        by_folder={name: float(np.mean(marks)) for name, marks in sorted(right.items())},
        counts={name: len(marks) for name, marks in sorted(right.items())},
        errors=errors,
        complete=len(read) == len(pairs),
    )


def _read_one(classifier, folder, path, label):
    """Return the mistake that a classifier makes with one picture, or None."""
    file = folder / path
    try:
        prediction = classifier.classify(file)
    except ImageError as reason:
        return FolderMistake(path, file, label, None, 0.0, None, str(reason))
    if prediction.digit == label:
        return None
    return FolderMistake(
        path, file, label, prediction.digit, prediction.confidence, prediction.pixels, prediction.warning
    )


def read_labels(folder):
    """Return the (path, label) pairs of a folder's ``labels.csv``, all checked.

    Raises
    ------
    FolderError
    """
    table = Path(folder) / "labels.csv"
    try:
        with open(table, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"path", "label"} - set(reader.fieldnames or ())
            if missing:
                raise FolderError(
                    f"{table} lacks the column {' and '.join(sorted(missing))}; its first line must name it"
                )
            rows = [(reader.line_num, row["path"], row["label"]) for row in reader]
    except FileNotFoundError:
        raise FolderError(f"{table} does not exist; write it, with the columns path and label") from None
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise FolderError(f"{table} can't be read: {reason}; save it as CSV in UTF-8") from reason
    if not rows:
        raise FolderError(f"{table} lists no picture; add a line for each, such as: first.png,7")
    pairs = []
    for line, path, label in rows:
        # Spreadsheets on Windows write backslashes.
        path, label = (path or "").strip().replace("\\", "/"), (label or "").strip()
        if label not in tuple("0123456789"):
            raise FolderError(f"{table}, line {line}: the label must be a digit from 0 to 9, not {label!r}")
        if not path or not (Path(folder) / path).exists():
            raise FolderError(f"{table}, line {line}: there is no picture {path!r} in {folder}; correct the path")
        pairs.append((path, int(label)))
    return pairs


def contact_sheet(errors, columns=4, side=112):
    """Draw the mistakes: each picture beside what the network saw, and under it label -> prediction.

    Parameters
    ----------
    errors : list of FolderMistake
    columns : int
        Mistakes in a row.
    side : int
        Height and width of each of the two pictures of a mistake, in pixels.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.
    """
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    margin, line = 8, 16
    cell = (2 * side + 2 * margin, side + 2 * line + 2 * margin)
    columns = max(1, min(columns, len(errors)))
    rows = max(1, -(-len(errors) // columns))
    sheet = Image.new("RGB", (columns * cell[0], rows * cell[1]), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    if not errors:
        draw.text((margin, margin), "No mistakes.", "black", font)
    for i, error in enumerate(errors):
        x, y = i % columns * cell[0] + margin, i // columns * cell[1] + margin
        try:
            picture = read_image(error.file, 2 * side)
            backdrop = Image.new("RGBA", picture.size, "lightgray")  # shows what is transparent
            picture = Image.alpha_composite(backdrop, picture.convert("RGBA")).convert("RGB")
            sheet.paste(ImageOps.pad(picture, (side, side), color="lightgray"), (x, y))
        except ImageError:
            draw.text((x, y), "unreadable", "black", font)
        if error.pixels is not None:
            seen = Image.fromarray(error.pixels).resize((side, side), Image.Resampling.NEAREST)
            sheet.paste(seen, (x + side, y))
        said = "not read" if error.prediction is None else f"{error.prediction} ({error.confidence:.0%})"
        draw.text((x, y + side), f"{error.label} -> {said}", "black", font)
        draw.text((x, y + side + line), error.path[-34:], "dimgray", font)
    return sheet
