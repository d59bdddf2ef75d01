"""Sheets with numbers: digits of MNIST and of pens, in rows, on the papers that people write numbers on.

`SHEETS` lists the kinds of sheet as data; `draw_sheet` draws one. Numbers of the same seed are the same on each kind.
"""

import io
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.accuracy import pens, rendered
from benchmarks.accuracy.hands import Digit, by_hand, normalised
from lenet_helpers.drawing.forms import FORMS
from lenet_helpers.preparation.masks import bounding_box


@dataclass(frozen=True)
class Sheet:
    """A kind of sheet. Lengths are in heights of a digit.

    Attributes
    ----------
    name : str
    rows, digits : (int, int)
        Least and most of them; of digits, in a row.
    height : (float, float)
        Of a digit, in pixels.
    gap : (float, float)
        From one digit's box to the next.
    between : float
        From one row's room to the next; below 0, rows come so close that they touch.
    spread : float
        How often a gap of one to two digits follows: numbers side by side, in columns.
    uneven : float
        Most by which a digit is larger or smaller, and off the line.
    tilt : float
        Most by which a row climbs or falls for each length across.
    marks : float
        How often a mark stands between two digits.
    kinds : tuple of str
        Which of `MARKS` these are.
    cells : str or None
        "boxes", "touching boxes" or "comb": what each digit stands in, as on forms; or "line", from edge to edge.
    lines : tuple of two bool
        Whether there are ruled lines, level and upright.
    photo : bool
        In uneven light, blurred, noisy, as JPEG.
    faint : bool
        Ink little darker than the paper.
    coloured : bool
        Ink and paper of any colour that differ in lightness.
    inverted : bool
        Light on dark.
    margin : (float, float)
        Of the paper around the digits.
    edge : bool
        One side of the picture shows what lies beside the paper.
    """

    name: str
    rows: tuple = (1, 1)
    digits: tuple = (2, 8)
    height: tuple = (40, 110)
    gap: tuple = (0.08, 0.35)
    between: float = 0.0
    spread: float = 0.0
    uneven: float = 0.08
    tilt: float = 0.03
    marks: float = 0.0
    kinds: tuple = ("comma", "dot", "dash")
    cells: str | None = None
    lines: tuple = (False, False)
    photo: bool = False
    faint: bool = False
    coloured: bool = False
    inverted: bool = False
    margin: tuple = (0.3, 1.2)
    edge: bool = False


SHEETS = (
    Sheet("plain"),
    Sheet("light on dark", inverted=True),
    Sheet("close", gap=(-0.06, 0.06)),
    Sheet("uneven", uneven=0.2, tilt=0.12),
    Sheet("commas, dots, dashes", marks=0.4),
    Sheet("brackets, plus, slash", marks=0.25, kinds=("(", ")", "plus", "slash")),
    Sheet("rows", rows=(2, 4)),
    Sheet("rows that touch", rows=(2, 3), between=-0.6),
    Sheet("sloping rows", rows=(2, 4), tilt=0.12),
    Sheet("columns", rows=(2, 5), digits=(4, 10), spread=0.25),
    Sheet("large and small", uneven=0.35),
    Sheet("small", height=(11, 22)),
    Sheet("small photo", height=(14, 28), photo=True),
    Sheet("faint", faint=True),
    Sheet("faint photo", faint=True, photo=True),
    Sheet("coloured", coloured=True),
    Sheet("ruled", rows=(1, 2), lines=(True, False)),
    Sheet("squared", rows=(1, 2), lines=(True, True)),
    Sheet("boxes", cells="boxes"),
    Sheet("touching boxes", cells="touching boxes"),
    Sheet("comb", cells="comb"),
    Sheet("photo", photo=True),
    Sheet("photo, squared", lines=(True, True), photo=True),
    Sheet("on a line", cells="line"),
    Sheet("cropped photo", height=(25, 60), margin=(0.02, 0.1), cells="line", photo=True),
    Sheet("edge of the paper", rows=(1, 2), margin=(1, 3), photo=True, edge=True),
)


def draw_sheet(sheet, test, seed):
    """Draw a number on a kind of sheet.

    Parameters
    ----------
    sheet : Sheet
    test : Split
        Whose digits it takes, for an even seed; for an odd one, a pen draws patterns of `FORMS`.
    seed : int

    Returns
    -------
    picture : PIL.Image.Image
    label : str
        All digits, row by row.
    clean : list of ndarray of uint8, shape (28, 28)
        Each digit alone, in MNIST's form.
    """
    rng = np.random.default_rng(seed)
    height, pen, width = rng.uniform(*sheet.height), PENS[rng.integers(len(PENS))], rng.uniform(0.04, 0.12)
    lean = rng.uniform(-0.2, 0.3)
    rows, label, clean = [], "", []
    for _ in range(rng.integers(sheet.rows[0], sheet.rows[1] + 1)):
        drawn = []
        for _ in range(rng.integers(sheet.digits[0], sheet.digits[1] + 1)):
            tall = height * (1 + rng.uniform(-sheet.uneven, sheet.uneven))
            if seed % 2:
                digit = _by_pen(rng, lean)
                ink = np.asarray(pens.draw_digit(digit, pen, width, round(tall), seed=int(rng.integers(2**32))))
                number, form = digit.label, pens.in_mnist_form(digit)
            else:
                at = rng.integers(len(test.labels))
                ink, number, form = of_height(test.pixels[at], tall), test.labels[at], test.pixels[at]
            drawn.append(np.asarray(ink, np.float32) / 255)
            label += str(number)
            clean.append(form)
        rows.append(_row(drawn, height, sheet, rng))
    wide = max(ink.shape[1] for ink, _ in rows)
    rows = [[np.pad(layer, ((0, 0), (0, wide - layer.shape[1]))) for layer in row] for row in rows]
    margin = round(rng.uniform(*sheet.margin) * height)
    layers = (_stacked(layers, sheet.between * height) for layers in zip(*rows, strict=True))
    ink, form = (np.pad(layer, margin, "edge") for layer in layers)
    return _on_paper(ink, form, height, sheet, rng), label, clean


def _stacked(layers, between):
    """One layer below the other, so far apart; they overlap where that is below 0."""
    tops = np.cumsum([0, *(round(len(layer) + between) for layer in layers[:-1])])
    page = np.zeros((tops[-1] + len(layers[-1]), layers[0].shape[1]), np.float32)
    for layer, top in zip(layers, tops, strict=True):
        _put(page, layer, top, 0)
    return page


PENS = (pens.felt, pens.ball, pens.marker, pens.brush, pens.mouse)


def _by_pen(rng, lean):
    label = int(rng.integers(10))
    lines = by_hand(FORMS[label][rng.integers(len(FORMS[label]))], rng)
    lines = [line @ np.array([[1, 0], [-lean / 2, 1]]) for line in lines]
    return Digit(label, normalised(lines), "forms", 0)


def of_height(pixels, height):
    """A digit of MNIST of about this height, cropped, 0 to 255; one that lies flat stays flat."""
    lines = np.flatnonzero(pixels.any(1))
    side = round(28 * height / max(10, lines[-1] + 1 - lines[0]))
    digit = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC), np.float32)
    return digit[bounding_box(digit > 63)]


def _row(drawn, height, sheet, rng):
    """A row of digits: two covers in [0, 1], of the ink and of what is printed on the form."""
    cell = round(max(1.25 * height, 1.1 * max(digit.shape[1] for digit in drawn)))
    apart = 0 if sheet.cells != "boxes" else round(rng.uniform(0.1, 0.3) * height)
    gaps = [round(rng.uniform(*sheet.gap) * height) for _ in drawn]
    if sheet.spread:
        gaps = [gap + round(rng.uniform(1, 2) * height) * (rng.random() < sheet.spread) for gap in gaps]
    marks = [rng.choice(sheet.kinds) if rng.random() < sheet.marks else None for _ in drawn[1:]] + [None]
    room = sum(digit.shape[1] for digit in drawn) + (2 + len(drawn)) * (cell + apart)
    room = round(room + (sum(gaps) if sheet.spread else 0))
    climb, in_cells = rng.uniform(-sheet.tilt, sheet.tilt), sheet.cells not in (None, "line")
    high = round(1.7 * height + 2 * abs(climb) * room)
    ink, form = np.zeros((2, high, room), np.float32)
    thick, left, line = max(1, round(rng.uniform(0.015, 0.04) * height)), round(0.1 * height), (high + height) / 2
    for digit, gap, mark in zip(drawn, gaps, marks, strict=True):
        slope = climb * (left - room / 4)
        if in_cells:
            at = left + (cell - digit.shape[1]) // 2 + round(rng.uniform(-0.06, 0.06) * height)
            slope, next_left = 0, left + cell + (apart if sheet.cells == "boxes" else 0)
        else:
            at = left
            next_left = left + digit.shape[1] + gap
        bottom = round(line + slope + rng.uniform(-sheet.uneven, sheet.uneven) * height / 2)
        top = max(0, min(bottom, high) - len(digit))
        at = max(0, at)
        _put(ink, digit, top, at)
        if mark:
            stamp = MARKS[mark](height)
            _put(ink, stamp, round(bottom - MARKS_AT[mark] * height), at + digit.shape[1] + round(0.08 * height))
            next_left += stamp.shape[1] + round(0.16 * height)
        if in_cells:
            above = round(line - (0.5 if sheet.cells == "comb" else 1.2) * height)
            below = min(high - 1, round(line + 0.12 * height))
            right = left + cell
            for side in (left, right):
                form[above:below, side : side + thick] = 1
            form[below - thick : below, left : right + thick] = 1
            if sheet.cells != "comb":
                form[above : above + thick, left : right + thick] = 1
        left = next_left
    if sheet.cells == "line":
        below, columns = rng.uniform(-0.1, 0.1) * height, np.arange(room)
        course = np.rint(line + below + rng.uniform(-0.03, 0.03) * (columns - room / 2)).astype(int)
        for down in range(thick):
            form[np.clip(course + down, 0, high - 1), columns] = 1
        ink, form = ink[:, :left], form[:, :left]
    return ink, form


def _put(page, stamp, top, left):
    part = page[top : top + len(stamp), left : left + stamp.shape[1]]
    np.maximum(part, stamp[: len(part), : part.shape[1]], out=part)


def _comma(height):
    high, wide = round(0.24 * height), round(0.12 * height)
    y, x = np.mgrid[:high, :wide]
    return (np.abs(x - wide * 0.7 + y * wide * 0.5 / high) < max(1, 0.035 * height)).astype(np.float32)


def _dot(height):
    side = max(3, round(0.1 * height))
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return (np.hypot(y, x) <= side / 2).astype(np.float32)


def _dash(height):
    return np.ones((max(2, round(0.07 * height)), round(0.35 * height)), np.float32)


def _plus(height):
    side, thick = round(0.5 * height), max(1, round(0.04 * height))
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return (np.minimum(np.abs(y), np.abs(x)) <= thick).astype(np.float32)


def _bracket(height, turn):
    high, wide = round(1.2 * height), round(0.25 * height)
    y, x = np.mgrid[:high, :wide]
    arc = wide * 0.15 + 0.7 * wide * ((2 * y / high - 1) ** 2)
    return (np.abs(x - arc) <= max(1, 0.045 * height)).astype(np.float32)[:, ::turn]


def _slash(height):
    high, wide = round(1.2 * height), round(0.6 * height)
    y, x = np.mgrid[:high, :wide]
    return (np.abs(x - wide * (0.92 - 0.84 * y / high)) <= max(1, 0.045 * height)).astype(np.float32)


MARKS = {
    "comma": _comma,
    "dot": _dot,
    "dash": _dash,
    "plus": _plus,
    "(": partial(_bracket, turn=1),
    ")": partial(_bracket, turn=-1),
    "slash": _slash,
}
MARKS_AT = {"comma": 0.1, "dot": 0.08, "dash": 0.5, "plus": 0.7, "(": 1.1, ")": 1.1, "slash": 1.1}
"""How far above the line the mark's top is."""


def _on_paper(ink, form, height, sheet, rng):
    dark, bare = rng.uniform(10, 70), rng.uniform(215, 255)
    if sheet.faint:
        dark = bare - rng.uniform(40, 80)
    values = np.full(ink.shape, bare, np.float32)
    if any(sheet.lines):
        spacing, thick = height * rng.uniform(0.45, 1.5), max(1.0, height * rng.uniform(0.015, 0.035))
        gray, tilt = rng.uniform(140, 205), rng.uniform(-0.01, 0.01)
        y, x = np.mgrid[: ink.shape[0], : ink.shape[1]].astype(np.float32)
        for wanted, across in zip(sheet.lines, (y + tilt * x, x - tilt * y), strict=True):
            if wanted:
                far = np.abs((across + rng.uniform(0, spacing)) % spacing - spacing / 2)
                values = np.minimum(values, bare + (gray - bare) * np.clip((thick + 1) / 2 - far, 0, 1))
    values += (rng.uniform(30, 150) - values) * form
    values += (dark - values) * ink
    if sheet.edge:
        side = np.rot90(values, rng.integers(4))
        side[:, : max(2, round(rng.uniform(0.005, 0.04) * side.shape[1]))] = dark
    if sheet.inverted:
        values = 255 - values
    if sheet.coloured:
        values = _coloured(values, rng)
    if not sheet.photo:
        return rendered.to_picture(values)
    y, x = np.mgrid[-1 : 1 : len(ink) * 1j, -1 : 1 : ink.shape[1] * 1j]
    light = 0.8 + 0.2 * (rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y) - 0.1 * (x * x + y * y)
    picture = rendered.to_picture(values * light * 0.9).filter(ImageFilter.GaussianBlur(height / 80))
    file = io.BytesIO()
    rendered.to_picture(np.asarray(picture) + rng.normal(0, 5, ink.shape)).save(file, "JPEG", quality=60)
    return Image.open(file)


def _coloured(values, rng):
    """In any two colours, the lighter one for what is light: uint8 of shape (H, W, 3)."""
    dark, light = sorted(rng.uniform(0, 255, (2, 3)), key=np.mean)
    dark, light = dark * 0.6, 255 - (255 - light) * 0.4
    return dark + (light - dark) * values[:, :, None] / 255
