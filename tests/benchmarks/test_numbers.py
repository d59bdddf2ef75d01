import csv

import numpy as np
import pytest
from PIL import Image

from benchmarks.accuracy import numbers
from benchmarks.settings import Settings
from lenet_helpers import ImageClassifier
from lenet_helpers.system.paths import COURSE


@pytest.mark.parametrize(
    ("text", "label", "expected"), [("471", "471", 0), ("", "12", 2), ("4711", "471", 1), ("12", "21", 2), ("", "", 0)]
)
def test_edits_are_counted(text, label, expected):
    assert numbers.edits(text, label) == numbers.edits(label, text) == expected


def test_digits_are_weighed_and_pictures_counted():
    rows = [{"digits": 4, "edits": 0, "seconds": 0.1}, {"digits": 6, "edits": 1, "seconds": 0.1}]
    assert numbers.summary(rows) == pytest.approx({"pictures": 2, "digits": 0.9, "whole": 0.5, "seconds": 0.02})


@pytest.mark.parametrize("spacing", numbers.SPACINGS)
def test_digits_stand_as_their_spacing_says(spacing):
    bars = np.zeros((2, 28, 28), np.uint8)
    bars[:, 4:24, 10:18] = 255
    gaps = []
    for seed in range(20):
        ink = np.asarray(numbers.draw_number(bars, spacing, np.random.default_rng(seed))) < 130
        columns = np.flatnonzero(ink.any(0))
        gaps.append(np.count_nonzero(~ink[:, columns[0] : columns[-1]].any(0)) / np.count_nonzero(ink.any(1)))
    assert all(gap > 0.05 for gap in gaps) if spacing == "spaced" else max(gaps) < 0.05


def test_real_numbers_are_read_from_their_folder(tmp_path, sample):
    classifier, file = ImageClassifier(COURSE / "model.pth", device="cpu"), tmp_path / "a.png"
    pixels = np.stack([sample.test.pixels[sample.test.labels == digit][0] for digit in (4, 7, 1)])
    numbers.draw_number(pixels, "spaced", np.random.default_rng(0)).save(file)
    Image.new("L", (60, 60), 255).save(tmp_path / "blank.png")
    with (tmp_path / "labels.csv").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows([["path", "label"], ["a.png", "471"], ["blank.png", "7"]])
    row = numbers.folder_row(classifier, tmp_path)
    assert (row["name"], row["pictures"]) == (tmp_path.name, 2)
    assert (row["digits"], row["whole"]) == (0.75, 0.5), "a picture that is refused has no digit right"
    assert numbers.folder_row(classifier, None) is None
    assert numbers.nodigit_row(classifier, Settings(nodigits=tmp_path))["told"] == 0.5
