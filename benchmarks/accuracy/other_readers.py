"""Let EasyOCR and RapidOCR read pictures; run by `others` in an environment of its own, where the course is not.

``python other_readers.py OUT`` takes the paths, one on each line, from the standard input, and writes a line of JSON
for each reading into the file OUT.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SMALLEST_SIDE = 320
"""With a margin, smaller pictures are enlarged to this: what finds the text was made for photos and pages."""


def main(out):
    paths = sys.stdin.read().splitlines()
    with open(out, "w", encoding="utf-8") as file:
        for name, make in READERS.items():
            read = make()
            for view, see in VIEWS.items():
                for path in paths:
                    colours = see(open_picture(path))
                    started = time.process_time()
                    text = digits_of(read(colours))
                    row = {"reader": name, "view": view, "path": path, "text": text}
                    print(json.dumps({**row, "seconds": time.process_time() - started}), file=file, flush=True)


def easyocr():
    """A function from colours to the pieces of text found, each with the corners of its box; digits allowed only."""
    import easyocr_en_models
    from easyocr import Reader

    kept = Path(easyocr_en_models.__file__).parent / "models"
    reader = Reader(["en"], gpu=False, model_storage_directory=str(kept), download_enabled=False, verbose=False)
    return lambda colours: [piece[:2] for piece in reader.readtext(colours, allowlist="0123456789")]


def rapidocr():
    """The same. It can't be told to read digits only: what else it reads is dropped."""
    from rapidocr_onnxruntime import RapidOCR

    reader = RapidOCR()
    return lambda colours: [piece[:2] for piece in reader(colours)[0] or []]


READERS = {"EasyOCR": easyocr, "RapidOCR": rapidocr}


def open_picture(path):
    """A picture, upright, with white under what is transparent."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def as_it_is(picture):
    """Both readers take colours as OpenCV has them, blue first."""
    return np.asarray(picture)[:, :, ::-1].copy()


def with_margin(picture):
    """Enlarged where it is small, and a quarter wider on each side, in the colour of its frame."""
    if max(picture.size) < SMALLEST_SIDE:
        picture = ImageOps.contain(picture, (SMALLEST_SIDE, SMALLEST_SIDE), Image.Resampling.BICUBIC)
    colours = np.asarray(picture)
    frame = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
    paper = tuple(map(int, np.median(frame, axis=0)))
    return as_it_is(ImageOps.expand(picture, max(picture.size) // 4, paper))


VIEWS = {"as it is": as_it_is, "with a margin": with_margin}


def digits_of(pieces):
    """The digits of the pieces of text, from left to right; a piece whose middle is below the row begins the next."""
    rows = []
    for corners, text in sorted(pieces, key=lambda piece: np.mean(piece[0], axis=0)[1]):
        left, top = np.min(corners, axis=0)
        middle, bottom = np.mean(corners, axis=0)[1], np.max(corners, axis=0)[1]
        if not rows or middle > rows[-1]["bottom"]:
            rows.append({"bottom": bottom, "pieces": []})
        rows[-1]["pieces"].append((left, top, text))
    texts = [text for row in rows for _, _, text in sorted(row["pieces"])]
    return "".join(sign for sign in "".join(texts) if sign in "0123456789")


if __name__ == "__main__":
    main(sys.argv[1])
