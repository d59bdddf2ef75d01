"""Evaluation on a folder of pictures that aren't MNIST: your own handwriting, or your class's.

The folder holds ``labels.csv`` with the columns ``path`` (relative to the folder) and
``label`` (0..9), where other columns are ignored; or a folder for each class, 0 to 9.
``lenet evaluate --images FOLDER`` shows what this module finds, and notebook 05 explains
the steps of which the contact sheet tells.
"""

import csv
import re
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from lenet_helpers.preparation.pictures import ImageError, read_image
from lenet_helpers.system.errors import CourseError

_ENDINGS = set(".avif .bmp .gif .heic .heif .jfif .jpeg .jpg .pbm .pgm .png .ppm .tif .tiff .webp".split())
"""How the names of pictures end, in a folder that may hold other files as well."""


class FolderError(CourseError):
    """A folder of pictures that can't be evaluated; the message names the file and the mend."""


@dataclass(frozen=True)
class FolderMistake:
    """One picture that was read wrong, or could not be read.

    Attributes
    ----------
    path : str
        As it stands in ``labels.csv``, or below the folder.
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
        In the order of ``labels.csv``, or by class and name.
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
    """Let a classifier read every picture that ``labels.csv`` of a folder lists, or that lies in its classes' folders.

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
        There is neither ``labels.csv`` nor a picture in a folder 0 to 9; or ``labels.csv`` lacks
        a column, has a label that is no digit, lists no picture, or lists one that isn't there.
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


def pictures_in(folder):
    """Return the paths of all pictures in a folder and the folders in it, by the endings of their names, sorted."""
    hidden = re.compile(r"(^|[/\\])\.")
    return sorted(
        path
        for path in Path(folder).rglob("*")
        if path.suffix.lower() in _ENDINGS and path.is_file() and not hidden.search(str(path.relative_to(folder)))
    )


def read_labels(folder):
    """Return the (path, label) pairs of a folder: those of its ``labels.csv``, else what its classes' folders hold.

    Raises
    ------
    FolderError
        See `evaluate_folder`.
    """
    folder = Path(folder)
    table = folder / "labels.csv"
    if table.exists():
        return _read_table(folder, table)
    classes = {digit: pictures_in(folder / str(digit)) for digit in range(10)}
    if not any(classes.values()):
        raise FolderError(
            f"{table} does not exist; write it, with the columns path and label, or put the pictures of each digit "
            f"into a folder {folder / '0'} to {folder / '9'}"
        )
    return [(path.relative_to(folder).as_posix(), digit) for digit, paths in classes.items() for path in paths]


def _read_table(folder, table):
    """Take what spreadsheets write: another separator, a BOM, capitals, blanks, 5.0 in place of 5."""
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines()
        separator = next((sign for sign in ";\t" if sign in "".join(lines[:1])), ",")
        heads, *rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise FolderError(f"{table} can't be read: {reason}; save it as CSV in UTF-8") from reason
    heads = [head.strip().lower() for head in heads]
    missing = {"path", "label"} - set(heads)
    if missing:
        raise FolderError(f"{table} lacks the column {' and '.join(sorted(missing))}; its first line must name it")
    pairs = []
    for line, row in enumerate(rows, 2):
        if not any(map(str.strip, row)):
            continue
        row = dict(zip(heads, map(str.strip, row), strict=False))
        path, label = row.get("path", "").replace("\\", "/"), row.get("label", "")  # as written on Windows
        digit = re.fullmatch(r"([0-9])([.,]0*)?", label, re.ASCII)
        if not digit:
            raise FolderError(f"{table}, line {line}: the label must be a digit from 0 to 9, not {label!r}")
        if not path or not (folder / path).exists():
            raise FolderError(f"{table}, line {line}: there is no picture {path!r} in {folder}; correct the path")
        pairs.append((path, int(digit[1])))
    if not pairs:
        raise FolderError(f"{table} lists no picture; add a line for each, such as: first.png,7")
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
