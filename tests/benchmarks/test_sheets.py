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
        dark = 30 if sheet.faint else 60 if sheet.coloured else 100
        assert ink.max() > dark and ink.min() > -100


def test_rows_may_touch_and_numbers_stand_in_columns(sample):
    (apart, *_), (close, *_), (columns, *_) = (a_sheet(name, sample) for name in ("rows", "rows that touch", "columns"))
    assert close.height < apart.height and len(a_sheet("rows that touch", sample)[1]) > 3
    inked = np.asarray(columns) < np.median(columns) - 15
    runs = np.flatnonzero(np.diff(inked.any(0), prepend=False, append=False)).reshape(-1, 2)
    assert len(runs) > 2
    faint, plain = (np.asarray(a_sheet(name, sample)[0]).astype(int) for name in ("faint", "plain"))
    assert np.ptp(faint) < 100 < np.ptp(plain)


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
