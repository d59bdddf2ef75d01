import numpy as np
import pytest

from benchmarks.accuracy.sheets import SHEETS, draw_sheet


def a_sheet(name, sample, seed=0):
    return draw_sheet(next(sheet for sheet in SHEETS if sheet.name == name), sample.test, seed)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_holds_the_digits_of_its_label_and_is_the_same_each_time(sheet, sample):
    for seed in (0, 1):  # digits of MNIST, and of a pen
        (picture, label, clean), (again, *_) = (
            draw_sheet(sheet, sample.test, seed),
            draw_sheet(sheet, sample.test, seed),
        )
        assert np.array_equal(picture, again)
        assert len(label) == len(clean) >= 2 * sheet.rows[0] and label.isdigit()
        gray = np.asarray(picture.convert("L")).astype(int)
        ink = np.median(gray) - gray if not sheet.inverted else gray - np.median(gray)
        assert ink.max() > 100 and ink.min() > -100


def test_the_digits_are_the_same_and_cells_and_ruled_lines_run_level(sample):
    _, label, _ = a_sheet("plain", sample)
    for name, level in {"plain": False, "comb": True, "touching boxes": True, "boxes": True}.items():
        picture, same, _ = a_sheet(name, sample)
        inked = np.asarray(picture) < np.median(picture) - 15
        inked = inked[:, inked.any(0)]
        assert same == label and (inked.mean(1).max() > 0.95) == level, name
    for name, directions in {"ruled": (True, False), "squared": (True, True)}.items():
        inked = np.asarray(a_sheet(name, sample)[0]) < 215
        assert tuple(bool(inked.mean(axis).max() > 0.8) for axis in (1, 0)) == directions, name
