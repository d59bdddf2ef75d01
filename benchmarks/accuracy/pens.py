"""Pages drawn with pens: the same digit with every pen, of every size, in every place, on every paper.

`PAGES` lists the kinds of page as data. `draw_page` draws a `Digit` on one, `in_mnist_form`
draws it as MNIST would: whatever is read otherwise on a page than there, the preparation
lost. `ink_kept` tells how much of the drawing the network still sees.
"""

import io
import zlib
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from benchmarks.accuracy import rendered

MNIST_STROKE = 2.4 / 20
"""Width of MNIST's strokes, as a fraction of the digit's longer side."""


# --- pens -----------------------------------------------------------------------------------


class Canvas:
    """A square that lines are drawn on, a few times larger than it will be.

    It has a `side` in pixels of the page, and `scale` of them to a unit of the lines, whose 0 is in the middle.
    """

    def __init__(self, side, scale):
        self.fine = int(np.clip(1000 // side, 2, 16))
        self.side, self.scale = side, scale
        self.picture = Image.new("L", (side * self.fine,) * 2)
        self.pen = ImageDraw.Draw(self.picture)

    def places(self, line):
        return (line * self.scale + self.side / 2) * self.fine

    def stroke(self, line, widths, values=255):
        """Draw a line with round ends and joints; `widths` are in pixels of the page, for each point or for all."""
        points = self.places(line).tolist()
        widths = np.broadcast_to(np.maximum(np.asarray(widths) * self.fine, 1), len(line)).tolist()
        values = np.broadcast_to(np.asarray(values, int), len(line)).tolist()
        for before, (x, y), width, value in zip([points[0], *points[:-1]], points, widths, values, strict=True):
            if value:
                self.pen.line([*before, x, y], fill=value, width=round(width))
                self.pen.ellipse((x - width / 2, y - width / 2, x + width / 2 - 1, y + width / 2 - 1), fill=value)

    def cover(self):
        """How much of each pixel of the page is covered, in [0, 1]."""
        return np.asarray(self.picture.reduce(self.fine), np.float32) / 255


def felt(lines, canvas, width, random):
    """A felt pen, or the round brush of a drawing program: as wide everywhere, black."""
    for line in lines:
        canvas.stroke(line, width)
    return canvas.cover()


def ball(lines, canvas, width, random):
    """A ball pen: thin, pale where the hand is fast, with gaps where it fails."""
    for line in lines:
        flow = _along(line, random, 0.08)
        values = np.where(flow < -1.9, 0, np.clip(215 + 40 * flow, 110, 255))
        canvas.stroke(line, width * (1 + 0.12 * _along(line, random, 0.2)), values)
    return canvas.cover() * (1 - 0.25 * _grain(canvas, random, 0.012))


def pencil(lines, canvas, width, random):
    """A pencil: gray, and the grain of the paper shows."""
    for line in lines:
        canvas.stroke(
            line, width * (1 + 0.2 * _along(line, random, 0.25)), np.clip(200 + 25 * _along(line, random, 0.2), 0, 255)
        )
    return canvas.cover() * (1 - 0.65 * _grain(canvas, random, 0.01))


def chalk(lines, canvas, width, random):
    """Chalk: wide, with a coarse grain and rough edges."""
    for line in lines:
        canvas.stroke(line, width * (1 + 0.15 * _along(line, random, 0.1)))
    return canvas.cover() * (1 - np.clip(1.3 * _grain(canvas, random, 0.02) - 0.3, 0, 0.8))


def marker(lines, canvas, width, random):
    """A marker: a flat tip, and see-through, so that it is darker where two strokes cross."""
    angle, alpha = np.radians(random.uniform(20, 70)), random.uniform(0.6, 0.85)
    tip = 0.5 * width * canvas.fine * np.array([np.cos(angle), -np.sin(angle)])
    bare = 1.0
    for line in lines:
        layer = Canvas(canvas.side, canvas.scale)
        layer.stroke(line, 0.45 * width)
        points = layer.places(line)
        for a, b in pairwise(points):
            layer.pen.polygon([*map(tuple, (a - 0.8 * tip, a + 0.8 * tip, b + 0.8 * tip, b - 0.8 * tip))], fill=255)
        bare = bare * (1 - alpha * layer.cover())
    return 1 - bare


def brush(lines, canvas, width, random):
    """A brush, or a pen on a tablet: thin at the ends, wide where it is pressed."""
    for line in lines:
        part = np.linspace(0, 1, len(line))
        ends = np.clip(np.minimum(part / 0.2, (1 - part) / 0.25), 0, 1)
        pressure = (0.35 + 0.65 * np.sqrt(ends)) * np.clip(1 + 0.25 * _along(line, random, 0.3), 0.5, 1.5)
        canvas.stroke(line, width * pressure)
    return canvas.cover()


def outline(lines, canvas, width, random):
    """An outline of bold strokes, with nothing in between."""
    inside = Canvas(canvas.side, canvas.scale)
    within = width * random.uniform(0.6, 0.8)
    for line in lines:
        canvas.stroke(line, width)
        inside.stroke(line, within)
    return canvas.cover() - inside.cover()


def mouse(lines, canvas, width, random):
    """A mouse: straight from one point that the program noticed to the next, and unsteady."""
    for line in lines:
        every = int(random.integers(6, 14))
        points = line[np.unique(np.append(np.arange(0, len(line), every), len(line) - 1))]
        points = points + random.normal(0, 0.008, points.shape)
        canvas.stroke(points, width)
    return canvas.cover()


def jagged(lines, canvas, width, random):
    """A mouse in a program without soft edges: each pixel is ink or paper."""
    return (mouse(lines, canvas, width, random) >= 0.5).astype(np.float32)


def pixels(lines, canvas, width, random):
    """One pixel wide, without soft edges."""
    picture = Image.new("L", (canvas.side,) * 2)
    for line in lines:
        points = np.floor(line * canvas.scale + canvas.side / 2)
        ImageDraw.Draw(picture).line([*map(tuple, points.tolist())], fill=255)
    return np.asarray(picture, np.float32) / 255


def _along(line, random, reach):
    """Smooth random values along a line, of mean 0 and standard deviation 1; they change over so much of the digit."""
    knots = max(4, round(len(line) * 0.01 / reach) + 3)
    return np.interp(np.linspace(0, knots - 1, len(line)), np.arange(knots), random.normal(0, 1.2, knots))


def _grain(canvas, random, size):
    """Rough paper: values in [0, 1] of grains of so large a fraction of the digit."""
    count = int(np.ceil(canvas.side / max(1.0, size * canvas.scale)))
    grains = Image.fromarray(random.integers(0, 256, (count, count), dtype=np.uint8))
    return np.asarray(grains.resize((canvas.side,) * 2, Image.Resampling.BICUBIC), np.float32) / 255


# --- pages ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A kind of page, as data. Where two numbers are given, they are the least and the most."""

    name: str
    group: str  # what is varied: the pen, its width, the size, the place, the file, the ink or the paper
    pen: object = felt
    width: tuple = (0.06, 0.11)  # of the pen: fractions of the digit's longer side
    side: tuple = (300, 900)  # the shorter side of the page, in pixels
    digit: tuple = (0.35, 0.8)  # the digit's longer side, as a fraction of the page's shorter one
    place: str = "anywhere"  # or "corner", or "middle"
    margin: float = 0.02  # between digit and edge: a fraction of the page's shorter side, at least one pixel
    tight: bool = False  # the page is the digit and its margin
    blur: float = 0.0  # soft edges: standard deviation of a Gaussian, as a fraction of the pen's width
    ink: object = 20  # gray, or a colour
    bare: object = 250  # the same of the paper
    jpeg: int | None = None  # quality
    paper: object = None  # what the digit is drawn on, instead: a function of it and a generator, as in `rendered`
    same: str | None = None  # kinds with the same word here have the same page, but for its resolution


def rules(digit, random, side, spacing=60, height=400):
    """Pale-blue rules at a distance in pixels that doesn't depend on that of the page."""
    drawn = digit(height)
    values = np.full((side, side, 3), 250, np.float32)
    y = np.arange(side, dtype=np.float32) - random.integers(spacing)
    values[np.abs((y + spacing / 2) % spacing - spacing / 2) <= 1] = (170, 195, 230)
    top, left = (int(random.integers(20, side - 20 - length)) for length in drawn.size[::-1])
    cover = np.zeros((side, side), np.float32)
    cover[top : top + drawn.height, left : left + drawn.width] = np.asarray(drawn, np.float32) / 255
    return rendered.to_picture(values + (np.float32((25, 25, 40)) - values) * cover[:, :, None])


_SIZE = {"group": "size", "same": "size", "width": (0.07, 0.13), "digit": (0.6, 0.75)}

PAGES = (
    Page("1 %", "width", width=(0.01, 0.01)),
    Page("2 %", "width", width=(0.02, 0.02)),
    Page("5 %", "width", width=(0.05, 0.05)),
    Page("10 %", "width", width=(0.10, 0.10)),
    Page("15 %", "width", width=(0.15, 0.15)),
    Page("20 %", "width", width=(0.20, 0.20)),
    Page("ball pen", "pen", ball, (0.012, 0.03)),
    Page("pencil", "pen", pencil, (0.02, 0.05), ink=60),
    Page("marker", "pen", marker, (0.08, 0.15), ink=(20, 40, 120)),
    Page("brush", "pen", brush, (0.07, 0.14)),
    Page("chalk", "pen", chalk, (0.06, 0.11), ink=230, bare=40),
    Page("soft edges", "pen", blur=0.3),
    Page("outline", "pen", outline, (0.10, 0.20)),
    Page("mouse", "pen", mouse, (0.03, 0.10)),
    Page("mouse, jagged", "pen", jagged, (0.02, 0.08), side=(100, 420)),
    Page("mouse, bold, JPEG", "pen", mouse, (0.12, 0.18), side=(420, 420), digit=(0.6, 0.85), jpeg=75),
    Page("one pixel on 28", "pen", pixels, side=(28, 28), digit=(0.6, 0.86), margin=0.04, ink=0, bare=255),
    Page("pale on 28", "pen", width=(0.02, 0.05), side=(28, 28), digit=(0.6, 0.86), margin=0.04, ink=238, bare=255),
    Page("bold on 28", "pen", jagged, (0.12, 0.2), side=(28, 28), digit=(0.7, 0.9), margin=0.04, ink=255, bare=0),
    Page("28", side=(28, 28), **_SIZE),
    Page("80", side=(80, 80), **_SIZE),
    Page("240", side=(240, 240), **_SIZE),
    Page("700", side=(700, 700), **_SIZE),
    Page("2000", side=(2000, 2000), **_SIZE),
    Page("one pixel of margin", "place", width=(0.015, 0.2), margin=0.0, tight=True),
    Page("a tenth of margin", "place", margin=0.1, tight=True),
    Page("in a corner", "place", width=(0.015, 0.12), place="corner", side=(60, 900), digit=(0.25, 0.5)),
    Page("small on a large page", "place", side=(900, 1400), digit=(0.08, 0.14)),
    Page("JPEG 30", "file", side=(100, 500), ink=(30, 60, 160), jpeg=30),
    Page("JPEG 95", "file", ink=(160, 30, 40), jpeg=95),
    Page("light on dark", "ink", ink=245, bare=15),
    Page("coloured", "ink", paper=rendered.coloured),
    Page("transparent", "ink", paper=rendered.transparent),
    Page("ruled", "paper", width=(0.015, 0.11), paper=rendered.ruled),
    Page("squared", "paper", width=(0.015, 0.11), paper=rendered.squared),
    Page("boxed", "paper", width=(0.015, 0.11), paper=rendered.boxed),
    Page("shadow", "paper", paper=rendered.shadow),
    Page("sheet", "paper", ball, (0.015, 0.03), paper=rendered.sheet),
    Page("noise", "paper", ball, (0.02, 0.04), paper=rendered.noise),
    Page("photo", "paper", ball, (0.02, 0.04), paper=rendered.photo),
    Page("rules, 900", "paper", width=(0.01, 0.06), paper=partial(rules, side=900), same="rules"),
    Page("rules, 1100", "paper", width=(0.01, 0.06), paper=partial(rules, side=1100), same="rules"),
)


def draw_page(page, digit):
    """Draw a digit on a kind of page, the same digit in the same way each time."""
    random = np.random.default_rng([digit.seed, zlib.crc32((page.same or page.name).encode())])
    width = open_width(digit, random.uniform(*page.width))
    part = random.uniform(*page.digit)
    side = random.integers(page.side[0], page.side[1] + 1)
    stretch = random.uniform(1, 1.4) if page.side[0] != page.side[1] else 1.0
    place = random.random(2)
    seed = random.integers(2**32)  # of the pen: it needs more numbers for a larger page
    drawn = partial(draw_digit, digit, page.pen, width, blur=page.blur, seed=seed)
    if page.paper:
        picture = page.paper(drawn, random)
    else:
        shape = np.rint([side, side * stretch]).astype(int)[:: 1 if place[0] < 0.5 else -1]
        height = max(12, round(part * side))
        ink = drawn(min(height, side - 2))
        margin = max(1, round(page.margin * side))
        if page.tight:
            shape = np.array(ink.size[::-1]) + 2 * margin
        free = shape - ink.size[::-1]
        if page.place == "corner":
            place = np.rint(place)
        margin = np.minimum(margin, free // 2)
        top, left = np.clip(np.rint(place * free), margin, free - margin).astype(int)
        cover = np.zeros(shape, np.float32)
        cover[top : top + ink.height, left : left + ink.width] = np.asarray(ink, np.float32) / 255
        picture = rendered.to_picture(rendered.ink_on_paper(cover, page.ink, page.bare))
    return _as_jpeg(picture, page.jpeg) if page.jpeg else picture


def draw_digit(digit, pen, width, side, blur=0.0, seed=0):
    """Draw the lines of a digit with a pen, cropped to the ink: mode L, how much of each pixel is covered by ink.

    The longer side of the digit has `side` pixels. `width` is a fraction of it, the pen's own width included; `blur` is
    a fraction of the pen's width.
    """
    thick = max(width * side, 1.0)
    canvas = Canvas(side + 2 * int(np.ceil(2 + (0.6 + 2 * blur) * thick)), side - thick)
    cover = pen(digit.lines, canvas, thick, np.random.default_rng(seed))
    picture = rendered.to_picture(255 * cover)
    if blur:
        picture = picture.filter(ImageFilter.GaussianBlur(float(blur * thick)))
    return picture.crop(picture.point(lambda value: 255 * (value > 8)).getbbox())


def open_width(digit, width, thinnest=0.05):
    """Return the width of a pen, or a smaller one that leaves the digit its holes, large enough to be seen.

    Who takes a wide pen writes larger.
    """

    def holes(width):
        side = 160
        ink = np.pad(np.asarray(draw_digit(digit, felt, width, side)) > 127, 1)
        labels, count = ndimage.label(~ink)  # the first is all around
        depths = ndimage.maximum(ndimage.distance_transform_edt(~ink), labels, np.arange(2, count + 1))
        return int((np.asarray(depths) > 0.02 * side).sum())

    if width > thinnest:
        wanted = holes(thinnest)
        while width > thinnest and holes(width) != wanted:
            width = max(thinnest, width - 0.02)
    return width


def in_mnist_form(digit, width=MNIST_STROKE):
    """Draw a digit as MNIST's makers would have: 20 pixels long, the centre of mass in the middle; uint8 (28, 28).

    The width is a fraction of the longer side.
    """
    return _form_and_middle(digit, width)[0]


def _form_and_middle(digit, width=MNIST_STROKE):
    """Return a digit in MNIST's form, and the place of the lines' 0 in it: x and y in pixels."""
    fine, side = 8, 48
    canvas = Canvas(side * fine, 20 * (1 - width) * fine)
    ink = rendered.to_picture(255 * felt(digit.lines, canvas, 20 * width * fine, None))
    values = np.asarray(ink.filter(ImageFilter.GaussianBlur(0.45 * fine)), np.float32)
    # MNIST's own digits have their mass at the middle of pixel 14, counted from 0.
    top, left = (round(at + 0.5 - 14.5 * fine) for at in ndimage.center_of_mass(values))
    values = values[top : top + 28 * fine, left : left + 28 * fine]
    pixels = np.rint(values.reshape(28, fine, 28, fine).mean((1, 3))).astype(np.uint8)
    return pixels, side / 2 - np.array([left, top]) / fine


def ink_kept(pixels, digit):
    """Tell how much of a drawing the network still sees in what the preparation made of a page with it, uint8 (28, 28).

    That is the share of the length of the digit's lines that lies on ink, in [0, 1], where it fits best: the
    preparation may have moved it by a pixel and a half, and scaled it by 5 %.
    """
    points = 20 * (1 - MNIST_STROKE) * np.concatenate(digit.lines)
    middle = _form_and_middle(digit)[1] - 0.5  # the middle of pixel 0 is at 0 for map_coordinates
    shifts = np.stack(np.meshgrid(np.linspace(-1.5, 1.5, 7), np.linspace(-1.5, 1.5, 7)), axis=-1).reshape(-1, 1, 2)
    best = 0.0
    for scale in (1.0, 0.95, 1.05):
        x, y = np.moveaxis(scale * points + middle + shifts, -1, 0)
        inked = ndimage.map_coordinates(pixels.astype(np.float32), [y, x], order=1) > 64
        best = max(best, float(inked.mean(1).max()))
    return best


def _as_jpeg(picture, quality):
    """Save and load, with colour at half the resolution, as cameras and chats do."""
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=quality, subsampling=2)
    file.seek(0)
    return Image.open(file)
