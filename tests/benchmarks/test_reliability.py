"""Small versions of the campaigns of ``make reliability``."""

import importlib
import io
import json
import os
import pickle
import platform
import random
import re
import sys
from collections import Counter
from importlib.metadata import version

import nbformat
import pytest
from PIL import Image

import noxfile
from benchmarks.reliability import (
    cases,
    crowd,
    damaged_models,
    damaged_pictures,
    disks,
    matrix,
    memory,
    mutations,
    offline,
    saving,
    stopping,
    strangers,
)
from benchmarks.settings import Settings
from lenet_helpers import LeNet, save_model
from lenet_helpers.system.paths import COURSE

QUICK = Settings(quick=True)


def test_a_crowd_downloads_once_whatever_happens():
    result = crowd.measure(QUICK)
    assert json.loads(json.dumps(result)) == result
    assert result["failures"] == []
    assert [row["downloads"] for row in result["rows"]] == [row["expected"] for row in result["rows"]] == [4, 1, 6, 4]
    assert "an empty folder" in crowd.show(result)


# --- cases in processes -------------------------------------------------------------------


FRAGILE = """
import os, pathlib, time
from benchmarks.reliability.cases import measured

def reader(folder):
    def attempt(number):
        if number == 5:
            os._exit(7)
        if number == 7:
            time.sleep(60)
        (pathlib.Path(folder) / str(number)).touch()
        return measured(lambda: ("digit", str(10 // (number - 3))))
    return attempt
"""
"""A module of its own, so that the processes that try its cases import no more than they need."""


def test_a_case_that_kills_its_process_or_hangs_is_named_and_the_others_are_tried(tmp_path, monkeypatch):
    (tmp_path / "fragile.py").write_text(FRAGILE)
    monkeypatch.syspath_prepend(tmp_path)
    reader = importlib.import_module("fragile").reader
    tried = tmp_path / "tried"
    tried.mkdir()
    monkeypatch.setattr(cases, "PATIENCE_SECONDS", 3)
    outcomes = cases.try_all(range(9), reader, (str(tried),), processes=2)
    assert [one["case"] for one in outcomes] == list(range(9))
    expected = {3: "other error", 5: "crash", 7: "crash"}
    assert [one["outcome"] for one in outcomes] == [expected.get(number, "digit") for number in range(9)]
    assert "status 7" in outcomes[5]["what"] and "no answer within 3 s" in outcomes[7]["what"]
    assert "ZeroDivisionError" in outcomes[3]["what"]
    assert {path.name for path in tried.iterdir()} == set("0123468")


# --- pictures ---------------------------------------------------------------------------


def test_damaged_files_are_the_same_every_time_and_differ_from_each_other():
    files = [mutations.case(0, number) for number in range(40)]
    assert files == [mutations.case(0, number) for number in range(40)]
    assert len({content for _, content in files}) > 35
    assert mutations.case(1, 3) != mutations.case(0, 3)


def test_seeds_are_whole_pictures_in_every_format_that_pillow_writes():
    formats = set()
    for name, content in mutations.seeds().items():
        try:
            with Image.open(io.BytesIO(content)) as picture:
                picture.load()
                formats.add(picture.format)
        except OSError:  # some are only to be refused
            assert name.split()[0] in {"EPS", "PALM", "XPM", "FLI", "DCX", "IMT", "PIXAR", "PCD", "IPTC", "MPEG"}
    always = {"BMP", "GIF", "ICO", "JPEG", "PCX", "PNG", "PPM", "PSD", "SGI", "SUN", "TGA", "TIFF"}
    assert always <= formats


def test_damaged_pictures_give_a_digit_or_an_image_error(tmp_path):
    attempt = damaged_pictures.reader(0, tmp_path)
    outcomes = [{"case": number, **attempt(number)} for number in range(400)]
    result = damaged_pictures.summary(outcomes, 400)
    # Time and memory are for the full campaign: here, the machine may be busy.
    assert [failure for failure in result["failures"] if "rror" in failure] == []
    assert {one["way"] for one in outcomes if one["case"] % 8 == 0} == set(damaged_pictures.WAYS)
    counts = {outcome: sum(n for _, o, n in result["rows"] if o == outcome) for outcome in ("digit", "ImageError")}
    assert sum(counts.values()) == 400 and min(counts.values()) > 50  # neither everything is read nor nothing


def test_what_must_not_be_is_found():
    fine = {"kind": "truncate PNG L", "way": "bytes", "what": "", "seconds": 0.1, "wall": 0.1, "megabytes": 1.0}
    outcomes = [
        {"case": 0, "outcome": "digit", **fine},
        {"case": 1, "outcome": "other error", **fine},
        {"case": 2, "outcome": "digit", **fine, "seconds": 3.0},
        {"case": 3, "outcome": "ImageError", **fine, "megabytes": 600.0},
        {"case": 4, "outcome": "crash", "kind": "noise", "way": "?", "what": "the process died with status -11"},
    ]
    result = damaged_pictures.summary(outcomes, 6)
    assert [failure.split(" ")[1] for failure in result["failures"][:4]] == ["1", "2", "3", "4"]
    assert result["failures"][4] == "1 files were not read"
    assert "| truncate" in damaged_pictures.show(result)


@pytest.fixture(scope="module")
def fuzzing():
    from benchmarks.reliability import fuzzing  # and Hypothesis, a second or two that the other process of a run spares

    return fuzzing


def test_a_fuzzer_finds_nothing_but_digits_and_image_errors(fuzzing):
    result = fuzzing.measure(QUICK)
    assert result["failures"] == []
    assert [row[1] >= 60 for row in result["rows"]] == [True, True]
    assert min(sum(row[column] for row in result["rows"]) for column in (2, 3)) > 10


def test_the_fuzzer_finds_what_is_wrong_and_cuts_it_down(fuzzing):
    """A reader that fails on light pixels: Hypothesis comes to the smallest picture with one."""

    def fragile(pixels):
        wrong = pixels.size > 5 and pixels.max() > 200
        return {"outcome": "other error" if wrong else "digit", "what": "light", "seconds": 0.0, "megabytes": None}

    with pytest.raises(AssertionError, match="light") as failure:
        fuzzing.search(fuzzing.pixel_arrays(), fragile, Counter(), examples=200)
    assert re.search(r"with array\(\[.*201", " ".join(failure.value.__notes__), re.DOTALL)


# --- saving -----------------------------------------------------------------------------


@pytest.mark.parametrize("while_writing", [False, True], ids=["any moment", "while writing"])
def test_a_killed_training_leaves_whole_files_and_continues_with_the_same_bits(tmp_path, while_writing):
    expected = saving._whole_training()
    outcome, problems = saving.kill_and_continue(tmp_path, while_writing, random.Random(1), expected)
    assert problems == []
    assert outcome["same bits"]
    if while_writing:
        assert outcome["half-written file beside the whole one"]


def test_a_training_that_ends_with_other_bits_is_found(tmp_path):
    _, problems = saving.kill_and_continue(tmp_path, False, random.Random(1), "other bits")
    assert len(problems) == 1 and "ended with other bits" in problems[0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="small disks are mounted in a namespace of Linux")
def test_disks_that_are_full_or_read_only_cost_nothing_but_an_error():
    rows, problems = disks.full_disks()
    if not rows and not problems:
        pytest.skip("this machine does not allow mounting")
    assert problems == []
    assert {outcome for _, _, outcome in rows} == {"refused, the old file untouched"} and len(rows) == 9


# --- stopping ---------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to a group of processes")
def test_an_interrupted_training_leaves_a_checkpoint_and_nothing_else(tmp_path):
    outcome, problems = stopping.lenet_train(tmp_path, random.Random(1))  # half a second after the first epoch
    assert problems == []
    assert outcome == {"interrupted": True, "kept": True}


def test_an_interrupted_cell_leaves_a_kernel_that_goes_on():
    name = "a `TrainingRun` in `stop_on_interrupt`"
    outcome, problems = stopping.interrupt_cell(name, stopping._CELLS[name], 0.3)
    assert problems == []
    assert outcome == {"interrupted": 1, "kept": True}


def test_a_program_that_takes_ctrl_c_badly_is_found():
    code = (
        "print('on', flush=True)\ntry:\n    import time; time.sleep(60)\nexcept KeyboardInterrupt:\n    raise OSError"
    )
    status, _, _, problems = stopping.interrupt(["-c", code], 0.1, sign="on")
    assert status == 1 and len(problems) == 2 and "a traceback" in problems[1]


# --- memory -----------------------------------------------------------------------------


def test_training_keeps_no_memory():
    """In this process, where torch is loaded; the numbers of a fresh one are the campaign's."""
    grown = memory.train(epochs=12)
    assert grown["after"] - grown["before"] < memory.MOST_GROWTH


def test_reading_pictures_keeps_no_memory():
    grown = memory.read(pictures=1000, seed=0)
    # A picture that is kept takes 0.7 MB at its working size, so a leak would show.
    assert grown["after"] - grown["before"] < memory.MOST_GROWTH


# --- offline ----------------------------------------------------------------------------


def test_nothing_is_asked_for_that_nobody_asked_for():
    code = (
        "import warnings; warnings.simplefilter('ignore'); import lenet_helpers as l\n"
        "for name in l.__all__: getattr(l, name)\n"
        "print(len(l.load_mnist().test), l.ImageClassifier().predict('test.png'))"
    )
    status, _, requests, said = offline.watched(["-c", code], offline.alone_prefix())
    assert status == 0 and said.split() == ["1000", "5"], said
    assert requests == []


def test_a_request_is_noticed():
    code = "import socket\ntry: socket.create_connection(('192.0.2.1', 9), timeout=0.01)\nexcept OSError: pass"
    _, _, requests, _ = offline.watched(["-c", code])
    assert requests and all("192.0.2.1" in request for request in requests)


# --- matrix -----------------------------------------------------------------------------


def test_the_matrix_tests_what_is_there():
    paths = noxfile.SUITES["unit tests"] + noxfile.SUITES["cells of the notebooks"][-1:]
    assert all((COURSE / path).exists() for path in paths)
    assert noxfile.THIS in noxfile.FOUND and noxfile.THIS not in noxfile.OTHERS


def test_failing_tests_are_reported(tmp_path):
    """Also a cell whose output is another one than that which was committed."""
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    (tmp_path / "test_some.py").write_text("def test_wrong(): assert False\ndef test_right(): pass")
    stale = new_output("stream", name="stdout", text="another\n")
    cell = new_code_cell("print('one')", execution_count=1, outputs=[stale])
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "stale.ipynb")
    tested = [*noxfile.SUITES["cells of the notebooks"][:-1], str(tmp_path), str(tmp_path / "test_some.py")]
    result = matrix.run_nox("--session", "this", "--", *tested)
    ((session, versions, suite, outcome, _),) = result["rows"]
    assert (session, suite, outcome) == ("this", "named", "2 failures, 1 passed")
    assert platform.python_version() in versions and version("torch") in versions
    assert len(result["failures"]) == 2
    assert sorted(failure.split()[-1] for failure in result["failures"]) == ["0", "test_wrong"]
    assert "stale" in " ".join(result["failures"])
    assert "2 failures" in matrix.show(result)
    # A session that does not come to its tests, and one that is not there.
    result = matrix.run_nox("--session", "this", "--", "--no-such-option")
    assert result["rows"] == [] and result["failures"] == ["this: could not be set up, or its tests did not start"]
    assert matrix.run_nox("--session", "nowhere")["failures"] == ["nox ended with status 3"]


@pytest.mark.parametrize(
    ("others", "says"),
    [
        (
            ["3.13", "3.12"],
            "Pythons tested: 3.11 (make test), 3.13. Found, and left to make matrix: 3.12.",
        ),
        (["3.12"], "Pythons tested: 3.11 (make test), 3.12."),
        ([], "Pythons tested: 3.11 (make test). No other from 3.11 on was found."),
    ],
)
def test_the_newest_other_python_is_tested_and_what_was_left_out_is_said(others, says):
    assert noxfile.covered("3.11", others) == says


# --- models and checkpoints ---------------------------------------------------------------


def test_damaged_models_and_checkpoints_give_what_was_saved_or_the_documented_error(tmp_path):
    marker = tmp_path / "code has run"
    names = damaged_models.write_cases(tmp_path, marker, seed=0, flips=15, truncations=15, zeros=12 * 10**7)
    result = damaged_models.summary(cases.try_all(names, damaged_models.reader, (str(tmp_path),)), len(names))
    assert result["failures"] == []
    assert not marker.exists()
    refused = {kind: number for kind, outcome, number in result["rows"] if outcome == "refused"}
    assert refused["model that would run code"] > 50 and refused["checkpoint that claims 10 GB"] > 10


def test_the_attacks_are_real(tmp_path):
    # Unpickled without suspicion, they do what they say.
    marker = tmp_path / "code has run"
    pickle.loads(next(iter(damaged_models.attacks(damaged_models.whole_files()[0], marker))))
    assert marker.exists()


def test_a_network_with_other_numbers_or_one_that_was_made_to_hurt_is_a_failure(tmp_path):
    flipped, hostile = "00000 model, one bit flipped.pth", "00001 model that would run code.pth"
    model, checkpoint = damaged_models.whole_files()
    for name in ("whole model", hostile):
        (tmp_path / name).write_bytes(model)
    (tmp_path / "whole checkpoint").write_bytes(checkpoint)
    save_model(LeNet(seed=2), tmp_path / flipped)
    outcomes = cases.try_all([flipped, hostile], damaged_models.reader, (str(tmp_path),))
    failures = damaged_models.summary(outcomes, 3)["failures"]
    assert failures == [
        f"file {flipped}: other numbers: ",
        f"file {hostile}: other error: was accepted",
        "1 files were not read",
    ]


# --- strangers ----------------------------------------------------------------------------


def test_a_class_refuses_what_no_tablet_sends_and_keeps_nothing_of_it():
    result = strangers.measure(QUICK)
    assert json.loads(json.dumps(result)) == result
    assert result["failures"] == [] and {kind for kind, *_ in result["rows"]} == {k.__doc__ for k in strangers.KINDS}
    assert "| closed " in strangers.show(result)
