import csv
import json
from subprocess import CalledProcessError
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from benchmarks.accuracy import numbers, other_readers, others
from benchmarks.settings import Settings
from lenet_helpers.system.paths import COURSE


def box(left, top, width=10, height=20):
    return [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([], ""),
        ([(box(50, 3), "7"), (box(0, 0), "41")], "417"),  # left to right, whatever the order, and a little off the line
        ([(box(0, 30), "2"), (box(40, 0), "1"), (box(0, 5), "9")], "912"),  # the next row begins below the middle
        ([(box(0, 0), "4 7.1O")], "471"),  # what is no digit is dropped
        ([(box(0, 0), "²１")], ""),  # and so are digits of other scripts
    ],
)
def test_pieces_of_text_become_digits_in_the_order_of_reading(pieces, text):
    assert other_readers.digits_of(pieces) == text


def test_a_small_picture_is_enlarged_and_gets_a_margin_of_its_paper():
    picture = Image.new("RGB", (20, 10), (10, 20, 200))
    seen = other_readers.with_margin(picture)
    assert seen.shape == (160 + 2 * 80, 320 + 2 * 80, 3) and (seen == (200, 20, 10)).all(), "blue comes first"
    large = other_readers.with_margin(Image.new("RGB", (400, 330), "white"))
    assert large.shape == (530, 600, 3)


def test_what_is_transparent_lies_on_white(tmp_path):
    picture = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    picture.putpixel((1, 2), (5, 6, 7, 255))
    picture.save(tmp_path / "a.png")
    seen = other_readers.as_it_is(other_readers.open_picture(tmp_path / "a.png"))
    assert seen[2, 1].tolist() == [7, 6, 5] and seen[0, 0].tolist() == [255, 255, 255]


def test_each_reader_reads_each_view_of_each_picture(tmp_path, monkeypatch):
    for name, side in (("a", 30), ("b", 40)):
        Image.new("L", (side, side), 255).save(tmp_path / f"{name}.png")
    paths = [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    monkeypatch.setattr(other_readers, "READERS", {"sizes": lambda: lambda seen: [(box(0, 0), str(len(seen)))]})
    monkeypatch.setattr("sys.stdin", SimpleNamespace(read=lambda: "\n".join(paths)))
    other_readers.main(tmp_path / "out")
    rows = [json.loads(line) for line in (tmp_path / "out").read_text(encoding="utf-8").splitlines()]
    assert [(row["view"], row["path"], row["text"]) for row in rows] == [
        *(("as it is", path, size) for path, size in zip(paths, ("30", "40"), strict=True)),
        *(("with a margin", path, "480") for path in paths),
    ]
    assert {row["reader"] for row in rows} == {"sizes"} and all(row["seconds"] >= 0 for row in rows)


def test_ours_and_the_others_are_measured_on_the_same_pictures(tmp_path, monkeypatch, sample):
    pixels = np.stack([sample.test.pixels[sample.test.labels == digit][0] for digit in (4, 7, 1)])
    numbers.draw_number(pixels, "spaced", np.random.default_rng(0)).save(tmp_path / "a.png")
    with (tmp_path / "labels.csv").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows([["path", "label"], ["a.png", "471"]])
    asked = []

    def misread(paths):
        asked.extend(paths)
        return [{"reader": "other", "view": "v", "path": path, "text": "491", "seconds": 2.0} for path in paths]

    monkeypatch.setattr(others, "read_by_others", misread)
    monkeypatch.setattr(Settings, "mnist", lambda _: sample)
    settings = Settings(model=COURSE / "model.pth", numbers=tmp_path, digits=2)
    result = others.measure(settings)
    assert len(asked) == 3, "two that are drawn, and the one of the folder"
    rows = {(row["set"], row["reader"]): row for row in result["rows"]}
    ours, other = rows[f"`{tmp_path.name}`", others.OURS], rows[f"`{tmp_path.name}`", "other"]
    assert (ours["digits"], ours["whole"]) == (1, 1)
    assert (other["digits"], other["whole"], other["median"]) == pytest.approx((2 / 3, 0, 2.0))
    assert "66.67%" in others.show(result)


def test_of_a_large_folder_some_are_read_from_all_over_it():
    labels = {f"{number}.png": str(number) for number in range(10)}
    assert others.some_of(labels, 10) == labels
    assert list(others.some_of(labels, 4).values()) == ["0", "3", "6", "9"]


def test_readers_that_could_not_be_set_up_are_no_result(monkeypatch, tmp_path):
    monkeypatch.setattr(others, "COURSE", tmp_path)  # no session is defined here
    with pytest.raises(CalledProcessError):
        others.read_by_others(["a.png"])
