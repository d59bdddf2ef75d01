"""Strokes of a pen, and the picture that they make.

A *stroke* is a dict: ``"width"`` is that of the brush, ``"points"`` is a flat list
``[x, y, x, y, ...]``. All are whole numbers in thousandths of the pad's height, so a
stroke means the same on a phone, on a laptop and on a projector. It is also all that
the browser sends: a few hundred bytes, never a picture.
"""

from itertools import pairwise

from PIL import Image, ImageDraw

PAD = 1000
"""Height of the pad, in its own units."""

SIDE = 112
"""Height of the picture that strokes become, in pixels: four times as fine as what the network sees."""

WIDTHS = {"thin": 40, "medium": 65, "thick": 95}
"""Widths of the brush to choose from."""

_SMOOTH = 4  # drawn so many times larger, then averaged: soft edges


def check_strokes(strokes):
    """Return a list of strokes; ValueError names the one that is none, and what a stroke is."""
    for number, stroke in enumerate(strokes):
        points = stroke.get("points", ()) if isinstance(stroke, dict) else ()
        numbers = [*points, stroke["width"]] if points and "width" in stroke else []
        plain = all(isinstance(value, int | float) and abs(value) <= 10 * PAD for value in numbers)
        if not numbers or len(points) % 2 or not plain or stroke["width"] <= 0:
            raise ValueError(
                f'stroke {number} must be {{"width": w, "points": [x, y, x, y, ...]}}, in thousandths of the pad'
            )
    return strokes


def draw_strokes(strokes, side=SIDE, wide=1):
    """Return the picture that strokes make, mode L: dark on white, `side` pixels high and `wide` times as wide.

    A stroke of one point is a dot. ValueError names what is no stroke.
    """
    scale = side * _SMOOTH / PAD
    picture = Image.new("L", (round(side * wide) * _SMOOTH, side * _SMOOTH), 255)
    pen = ImageDraw.Draw(picture)
    for stroke in check_strokes(strokes):
        flat = [round(value * scale) for value in stroke["points"]]
        points = list(zip(flat[::2], flat[1::2], strict=True))
        width = max(1, round(stroke["width"] * scale))
        pen.line(points, fill=0, width=width)
        for x, y in points:  # a dot at each point: joints and ends are round, as the browser draws them
            left, top = x - width // 2, y - width // 2
            pen.ellipse((left, top, left + width - 1, top + width - 1), fill=0)
    return picture.reduce(_SMOOTH)


def sample_digit(digit, width=WIDTHS["medium"]):
    """Return the strokes of a sample digit, for those who cannot draw one."""
    return [{"width": width, "points": rounded(corners)} for corners in _CORNERS[digit]]


def sample_number(digits, width=WIDTHS["medium"]):
    """Return the strokes of a sample number, side by side on a wide sheet: ``"4711"`` for instance."""
    shifts = [[300 + 650 * place - 500, 0] for place in range(len(digits))]
    return [
        {**stroke, "points": [value + shift[at % 2] for at, value in enumerate(stroke["points"])]}
        for digit, shift in zip(digits, shifts, strict=True)
        for stroke in sample_digit(int(digit), width)
    ]


def rounded(corners):
    """Cut the corners of a line three times (Chaikin, 1974), which makes a curve of it; flat and whole."""
    for _ in range(3):
        cut = [corners[0]]
        for (x, y), (u, v) in pairwise(corners):
            cut += [(0.75 * x + 0.25 * u, 0.75 * y + 0.25 * v), (0.25 * x + 0.75 * u, 0.25 * y + 0.75 * v)]
        corners = [*cut, corners[-1]]
    return [round(value) for point in corners for value in point]


# A corner that is given twice stays sharp.
_CORNERS = {
    0: [[(520, 170), (300, 190), (250, 500), (300, 810), (500, 840), (710, 810), (750, 500), (700, 190), (500, 165)]],
    1: [[(520, 160), (500, 500), (480, 840)]],
    2: [
        [(270, 330), (330, 150), (560, 130), (740, 240), (660, 480), (420, 680), (250, 820), (250, 820), (500, 810),
         (780, 820)]
    ],
    3: [
        [(280, 240), (420, 130), (680, 150), (700, 360), (560, 470), (440, 480), (440, 480), (640, 490), (770, 650),
         (660, 840), (430, 880), (260, 770)]
    ],
    4: [[(330, 170), (290, 380), (270, 560), (270, 560), (480, 560), (760, 550)], [(650, 160), (640, 500), (610, 870)]],
    5: [
        [(700, 170), (520, 165), (340, 175), (340, 175), (320, 320), (310, 450), (310, 450), (500, 390), (740, 470),
         (740, 740), (560, 870), (280, 800)]
    ],
    6: [
        [(640, 140), (440, 260), (280, 520), (280, 780), (460, 880), (690, 820), (720, 640), (580, 500), (400, 540),
         (300, 700)]
    ],
    7: [[(250, 190), (500, 180), (740, 190), (740, 190), (620, 420), (500, 640), (440, 860)]],
    8: [
        [(660, 230), (520, 110), (320, 180), (330, 370), (520, 480), (700, 600), (720, 800), (520, 890), (310, 820),
         (300, 640), (480, 490), (680, 380), (690, 260), (630, 190)]
    ],
    9: [
        [(680, 300), (600, 150), (400, 150), (290, 300), (350, 470), (520, 490), (660, 400), (700, 250), (700, 250),
         (680, 500), (620, 860)]
    ],
}  # fmt: skip
