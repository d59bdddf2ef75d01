"""Digits of MNIST drawn onto pages, as the world shows them: the test pictures of `to_mnist`.

Each kind of page is a function of a digit and a random generator, so that the tests draw a
few dozen and the benchmark a thousand. The digit itself never changes: whatever the
network loses on a page against the clean digit, it loses to the preparation.
"""

import io

import numpy as np
from PIL import Image, ImageFilter

SIDES = (200, 1000)
"""Smallest and largest side of a page, in pixels. The tests draw on smaller ones than the benchmark, to be quick."""


def cover(pixels, rng, shape=None, scale=None):
    """How much of each pixel of a page is covered by the ink of a digit: float32 (H, W), in [0, 1].

    `pixels` are the digit, or a function that draws it with a longer side of so many pixels. The page has a `shape`
    within `SIDES`, and the digit 0.2 to 0.9 of its shorter side as `scale`, unless they are given.
    """
    height, width = rng.integers(SIDES[0], SIDES[1] + 1, 2) if shape is None else shape
    scale = scale or rng.uniform(0.2, 0.9)
    side = scale * min(height, width)
    digit = pixels(round(side)) if callable(pixels) else _cropped(pixels, side)
    page = Image.new("L", (int(width), int(height)))
    x = rng.integers(0, max(1, width - digit.width) + 1)
    y = rng.integers(0, max(1, height - digit.height) + 1)
    # The frame of the page stays free: what is cut by the edge is another story.
    margin = max(2, int(0.02 * min(height, width)))
    x = np.clip(x, margin, max(margin, width - digit.width - margin))
    y = np.clip(y, margin, max(margin, height - digit.height - margin))
    page.paste(digit, (int(x), int(y)))
    return np.asarray(page, np.float32) / 255


def ink_on_paper(cover, ink=30, paper=235):
    """Mix two grays (numbers or arrays) or two colours (three numbers each)."""
    ink, paper = np.asarray(ink, np.float32), np.asarray(paper, np.float32)
    if (3,) in (ink.shape, paper.shape):
        cover = cover[:, :, None]
    return paper + (ink - paper) * cover


def to_picture(values):
    """A Pillow image from values around 0..255."""
    return Image.fromarray(np.rint(np.clip(values, 0, 255)).astype(np.uint8))


def plain(pixels, rng):
    """Dark on light, anywhere on the page, of any size."""
    return to_picture(ink_on_paper(cover(pixels, rng), rng.uniform(0, 60), rng.uniform(200, 255)))


def light_on_dark(pixels, rng):
    """As chalk on a board or a drawing program in dark mode shows it."""
    return to_picture(ink_on_paper(cover(pixels, rng), rng.uniform(200, 255), rng.uniform(0, 60)))


def small(pixels, rng):
    """A fifth of the page's height."""
    return to_picture(ink_on_paper(cover(pixels, rng, scale=0.2)))


def large(pixels, rng):
    """Nine tenths of the page's height."""
    return to_picture(ink_on_paper(cover(pixels, rng, scale=0.9)))


def cropped(pixels, rng):
    """Cropped to the digit's own box, which leaves it no margin."""
    digit = _cropped(pixels, rng.uniform(80, 400))
    digit = digit.crop(digit.point(lambda ink: 255 * (ink > 110)).getbbox())
    return to_picture(ink_on_paper(np.asarray(digit, np.float32) / 255, rng.uniform(0, 60), rng.uniform(200, 255)))


def gradient(pixels, rng):
    """Light from one side: the far end of the paper gets less than half of it."""
    ink = cover(pixels, rng)
    return to_picture(ink_on_paper(ink, 40, 230) * _slope(ink.shape, rng, 0.45))


def shadow(pixels, rng):
    """The edge of a shadow, of a hand or the phone, runs across the page."""
    ink = cover(pixels, rng)
    along = _slope(ink.shape, rng, 0.0)
    edge, softness = rng.uniform(0.3, 0.7), rng.uniform(0.02, 0.15)
    light = 1 - rng.uniform(0.3, 0.5) / (1 + np.exp((along - edge) / softness))
    return to_picture(ink_on_paper(ink, 40, 225) * light)


def ruled(pixels, rng):
    """Lined paper; a line may run through the digit."""
    ink = cover(pixels, rng)
    return to_picture(np.minimum(ink_on_paper(ink, 40, 235), _lines(ink.shape, rng, (True, False))))


def squared(pixels, rng):
    """Squared paper."""
    ink = cover(pixels, rng)
    return to_picture(np.minimum(ink_on_paper(ink, 40, 235), _lines(ink.shape, rng, (True, True))))


def boxed(pixels, rng):
    """Inside the box of a form."""
    shape = rng.integers(SIDES[0], SIDES[1] + 1, 2)
    ink = cover(pixels, rng, shape, scale=rng.uniform(0.3, 0.6))
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    gap = int(0.03 * min(shape)) + 2
    top, left = max(0, rows[0] - gap), max(0, columns[0] - gap)
    bottom, right = min(shape[0] - 1, rows[-1] + gap), min(shape[1] - 1, columns[-1] + gap)
    values = ink_on_paper(ink, 40, 235)
    thick = max(1, min(shape) // rng.integers(100, 250))
    box = np.zeros(ink.shape, bool)
    box[top:bottom, left:right] = True
    box[top + thick : bottom - thick, left + thick : right - thick] = False
    return to_picture(np.where(box, np.minimum(values, rng.uniform(40, 150)), values))


def sheet(pixels, rng):
    """A sheet of paper on a darker table, turned a little. The digit keeps away from the sheet's edge."""
    side = rng.integers(SIDES[0], SIDES[1] + 1) * 0.8
    shape = rng.permutation([round(0.9 * side / rng.uniform(1, 1.5)), round(0.9 * side)])  # A4 is 1.41 to 1
    ink = np.pad(cover(pixels, rng, shape, rng.uniform(0.2, 0.8)), round(0.05 * side))
    page = to_picture(ink_on_paper(ink, rng.uniform(0, 60), rng.uniform(200, 255)))
    turned = page.convert("LA").rotate(rng.uniform(-10, 10), Image.Resampling.BICUBIC, expand=True)
    size = [round(side * rng.uniform(1.1, 1.5)) for side in turned.size]
    table = Image.new("L", size, int(rng.uniform(20, 130)))
    place = [int(rng.integers(whole - part + 1)) for whole, part in zip(size, turned.size, strict=True)]
    table.paste(turned.convert("L"), place, turned.getchannel("A"))
    return to_picture(np.asarray(table, np.float32) * _slope(table.size[::-1], rng, rng.uniform(0.6, 1)))


def noise(pixels, rng):
    """As a cheap camera in a dim room takes it."""
    values = ink_on_paper(cover(pixels, rng), 60, 200)
    return to_picture(values + rng.normal(0, rng.uniform(5, 22), values.shape))


def jpeg(pixels, rng):
    """Saved as JPEG of quality 30."""
    return _saved(to_picture(ink_on_paper(cover(pixels, rng), rng.uniform(0, 80), rng.uniform(180, 255))), quality=30)


def turned(pixels, rng):
    """A photo that is stored on its side, with a note of how the camera was held."""
    side, note = {90: 6, 180: 3, 270: 8}, Image.Exif()
    angle = int(rng.choice(list(side)))
    note[0x0112] = side[angle]  # EXIF's orientation
    return _saved(plain(pixels, rng).rotate(angle, expand=True), quality=90, exif=note)


def dithered(pixels, rng):
    """Black and white alone, dots in place of grays: as a fax sends it, or a scan of one bit a pixel."""
    return to_picture(ink_on_paper(cover(pixels, rng), rng.uniform(0, 80), rng.uniform(215, 255))).convert("1")


COLOURS = (
    ((20, 40, 160), (250, 250, 240)),  # blue pen on white
    ((200, 30, 40), (245, 240, 200)),  # red on cream
    ((20, 60, 150), (250, 230, 90)),  # blue on a yellow note
    ((30, 90, 40), (240, 180, 200)),  # green on pink
    ((230, 30, 30), (20, 125, 40)),  # red on green of nearly the same brightness
    ((250, 240, 120), (30, 60, 130)),  # yellow chalk on blue
    ((255, 255, 255), (30, 80, 60)),  # white chalk on green
)


def coloured(pixels, rng):
    """Coloured ink on coloured paper, of either polarity."""
    return to_picture(ink_on_paper(cover(pixels, rng), *COLOURS[rng.integers(len(COLOURS))]))


def transparent(pixels, rng):
    """A layer of a drawing program: only the ink is opaque, and what hides elsewhere is anything."""
    ink = cover(pixels, rng)
    colour = rng.choice([0, 255]) if rng.random() < 0.5 else rng.integers(0, 256, 3)
    hidden = rng.integers(0, 256, (*ink.shape, 3))
    rgb = np.where(ink[:, :, None] > 0, colour, hidden)
    return Image.fromarray(np.dstack([rgb, np.rint(255 * ink)]).astype(np.uint8))


def photo(pixels, rng):
    """All at once, moderately: blue pen, lines, uneven light, vignette, blur, noise, JPEG."""
    ink = cover(pixels, rng, scale=rng.uniform(0.3, 0.8))
    height, width = ink.shape
    colours = ink_on_paper(ink, (50, 60, 130), (225, 222, 210))
    lines = _lines(ink.shape, rng, (True, False), darkest=150)[:, :, None]
    colours = np.minimum(colours, lines) * _slope(ink.shape, rng, 0.6)[:, :, None]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    colours *= (1 - 0.25 * (x * x + y * y) / 2)[:, :, None]
    picture = to_picture(colours).filter(ImageFilter.GaussianBlur(min(height, width) / 400))
    colours = np.asarray(picture, np.float32) + rng.normal(0, 6, (height, width, 3))
    return _saved(to_picture(colours), quality=60)


def two_digits(pixels, rng):
    """Two digits side by side, of about one size; `pixels` has shape (2, 28, 28)."""
    left, right = (_cropped(digit, rng.uniform(150, 200)) for digit in pixels)
    gap = int(rng.uniform(15, 60))
    page = Image.new("L", (left.width + gap + right.width + 120, 320))
    for digit, x in ((left, 60), (right, 60 + left.width + gap)):
        page.paste(digit, (x, int(rng.uniform(40, 320 - digit.height - 40))))
    return to_picture(ink_on_paper(np.asarray(page, np.float32) / 255))


def cut_digit(pixels, rng):
    """An edge of the picture cuts off a fifth to two fifths of the digit's width or height."""
    digit = np.asarray(_cropped(pixels, rng.uniform(120, 250)), np.float32) / 255
    digit = np.rot90(digit, turns := rng.integers(4))
    digit = digit[: round(len(digit) * rng.uniform(0.6, 0.8))]
    page = np.pad(digit, ((60, 0), (60, 60)))
    return to_picture(ink_on_paper(np.rot90(page, -turns)))


def _cropped(pixels, side):
    """A digit without margin, its longer side scaled to about so many pixels."""
    digit = Image.fromarray(pixels).resize((round(1.4 * side),) * 2, Image.Resampling.BICUBIC)
    return digit.crop(digit.getbbox())


KINDS = (
    plain,
    light_on_dark,
    small,
    large,
    cropped,
    gradient,
    shadow,
    ruled,
    squared,
    boxed,
    sheet,
    noise,
    jpeg,
    turned,
    dithered,
    coloured,
    transparent,
    photo,
)
"""What a reader should cope with. `two_digits` and `cut_digit` are what it should warn of."""


def _saved(picture, **how):
    """A picture as a JPEG file holds it."""
    file = io.BytesIO()
    picture.save(file, "JPEG", **how)
    file.seek(0)
    return Image.open(file)


def _slope(shape, rng, darkest):
    """A plane from `darkest` at one side to 1 at the other, in a random direction."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    along = x * np.cos(angle) + y * np.sin(angle)
    along = (along - along.min()) / np.ptp(along)
    return (darkest + (1 - darkest) * along).astype(np.float32)


def _lines(shape, rng, directions, darkest=120):
    """A page with nothing on it but lines, a little tilted."""
    spacing = min(shape) * rng.uniform(0.12, 0.35)
    thickness = max(1.0, min(shape) / rng.uniform(150, 300))
    gray, tilt = rng.uniform(darkest, 210), rng.uniform(-0.02, 0.02)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    page = np.full(shape, 255, np.float32)
    for wanted, across in zip(directions, (y + tilt * x, x - tilt * y), strict=True):
        if wanted:
            off = (across + rng.uniform(0, spacing)) % spacing
            page -= (255 - gray) * np.clip(thickness + 0.5 - np.abs(off - spacing / 2) * 2, 0, 1)
    return np.maximum(page, gray)
