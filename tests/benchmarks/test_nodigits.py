import csv
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from benchmarks.accuracy import nodigits
from benchmarks.settings import Settings
from lenet_helpers import ImageClassifier
from lenet_helpers.drawing.nodigits import HELD_OUT, KINDS
from lenet_helpers.system.paths import COURSE

RIGHT, WRONG = np.eye(10)[3], np.eye(10)[5]


def row(right, warned, label=3):
    return {"right": right, "warned": warned, "label": label, "probabilities": (RIGHT if right else WRONG).tolist()}


def test_the_right_and_the_misread_are_counted_apart():
    rows = [row(True, False), row(True, False), row(True, True), row(False, True), row(False, False)]
    counted = nodigits.summary(rows)
    assert (counted["pictures"], counted["misread"]) == (5, 2)
    assert (counted["right_warned"], counted["misread_warned"]) == pytest.approx((1 / 3, 1 / 2))
    assert counted["calibration"] == pytest.approx(2 / 5)  # all were sure, and two of five wrong
    assert nodigits.summary(rows[:2])["misread_warned"] is None


def test_a_folder_falls_into_what_is_kept_aside_and_the_rest():
    sources = [f"source {number}" for number in range(30)]
    rows = [row(True, False, label) for label in range(30)]
    everything, developed, aside = nodigits.parts("folder", rows, sources).values()
    assert everything == rows and len(developed) + len(aside) == 30 and developed and aside
    assert [rows.index(one) for one in aside] == [i for i in range(30) if nodigits.kept_aside(sources[i])]


def test_each_source_is_counted_by_itself():
    rows = [row(True, True), row(False, True), row(False, False), row(True, False)]
    b, a = nodigits.source_rows(rows, ["b", "a", "a", "b"])[::-1]
    assert a == {
        **{"source": "a", "aside": nodigits.kept_aside("a"), "pictures": 2},
        **{"misread": 2, "misread_warned": 1, "right_warned": 0},
    }
    assert (b["source"], b["misread"], b["right_warned"]) == ("b", 0, 1)


def test_a_fault_is_the_judges_where_another_way_would_have_been_read_rightly(tmp_path, monkeypatch):
    names = ["right", "refused", "judge", "network"]
    with (tmp_path / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["path", "label", "kind"], *([name, 3, "scan"] for name in names)])
    seen = {"judge": [WRONG, RIGHT], "network": [WRONG, WRONG]}
    monkeypatch.setattr("lenet_helpers.preparation.steps.prepare", lambda path: seen[path.name])
    monkeypatch.setattr(
        "lenet_helpers.inference.judge", lambda _, ways: [[SimpleNamespace(probabilities=way) for way in ways[0]]]
    )
    read = [{**row(name == "right", False), "refused": name == "refused"} for name in names]
    (counted,) = nodigits.fault_rows(None, Settings(images=tmp_path), read)
    assert counted.pop("as") == ["3 as 5"] * 2
    assert counted == {"kind": "scan", "pictures": 4, "refused": 1, "judge": 1, "network": 1}


def test_without_a_folder_there_are_no_faults_and_no_sources():
    result = nodigits.measure(Settings(quick=True))
    assert (result["faults"], result["sources"], result["folder"]) == ([], [], None)
    assert [row["name"] for row in result["digits"]] == ["validation", "drawn hands"]
    assert "kept aside" not in nodigits.show(result)


def test_pictures_without_a_digit_are_read_from_their_folder(tmp_path):
    Image.new("L", (60, 60), 255).save(tmp_path / "blank.png")
    with (tmp_path / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["path", "what"], ["blank.png", "nothing, white"]])
    classifier = ImageClassifier(COURSE / "model.pth", device="cpu")
    rows = nodigits.nodigit_rows(classifier, Settings(nodigits=tmp_path))
    assert len(rows) == 2  # all, and the part that it falls into: the other is empty
    assert {(row["pictures"], row["warned"]) for row in rows} == {(1, 1.0)}  # refused
    assert nodigits.nodigit_rows(classifier, Settings()) is None


def test_every_kind_and_every_digit_has_a_row():
    classifier = ImageClassifier(COURSE / "model.pth", device="cpu")
    kinds = nodigits.kind_rows(classifier, Settings(quick=True))
    assert [row["kind"] for row in kinds if not row["learned"]] == list(HELD_OUT) and len(kinds) == len(KINDS)
    hands, read = nodigits.hand_rows(classifier, Settings(quick=True))
    assert [row["digit"] for row in hands] == list(range(10))
    assert len(read) == len(nodigits.PENS) * sum(row["patterns"] for row in hands)
    assert all(row["worst"]["right"] <= np.mean([*row["pens"].values()]) + 1e-9 for row in hands)
