"""Small versions of the campaigns of ``make reliability``."""

import io
import json
import os
import pickle
import random
import re
import subprocess
import sys
import tomllib
from collections import Counter

import nbformat
import pytest
from PIL import Image

from benchmarks.reliability import (
    crowd,
    damaged_models,
    damaged_pictures,
    disks,
    fuzzing,
    matrix,
    memory,
    mutations,
    offline,
    saving,
    stopping,
)
from benchmarks.reliability.__main__ import main, run
from benchmarks.reliability.report import CAMPAIGNS, Store
from benchmarks.timing import run_apart
from lenet_helpers import ImageClassifier
from lenet_helpers.system.paths import COURSE


def test_a_campaign_is_kept_and_reported(tmp_path, monkeypatch, capsys):
    outcome = {"programs": 2, "rows": [], "failures": ["round 1: a program ended with nothing"]}
    monkeypatch.setattr(crowd, "run", lambda quick, seed: outcome)
    store = Store(build=tmp_path / "build", docs=tmp_path / "docs")
    assert main(["crowd"], store) == 1
    text = (tmp_path / "docs" / "RELIABILITY.md").read_text(encoding="utf-8")
    assert f"## {CAMPAIGNS['crowd']}" in text and "- round 1: a program ended with nothing" in text
    assert "Lost: nothing" not in text
    # A campaign that is not run again keeps its text.
    (tmp_path / "build" / "crowd.json").unlink()
    assert main(["--report"], store) == 0
    assert (tmp_path / "docs" / "RELIABILITY.md").read_text(encoding="utf-8") == text


def test_an_unknown_campaign_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["crowds"])
    assert "unknown campaign crowds; choose from crowd, damaged_pictures" in capsys.readouterr().err


def test_a_crowd_downloads_once_whatever_happens():
    result = run("crowd")
    assert json.loads(json.dumps(result)) == result
    assert result["failures"] == []
    assert [row["downloads"] for row in result["rows"]] == [row["expected"] for row in result["rows"]] == [4, 1, 6, 4]
    assert "an empty folder" in crowd.show(result)


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
    classifier = ImageClassifier(COURSE / "model.pth", device="cpu")
    outcomes = []
    for number in range(400):
        kind, content = mutations.case(0, number)
        way = damaged_pictures.WAYS[number % len(damaged_pictures.WAYS)]
        outcomes.append({"number": number, "kind": kind, **damaged_pictures.read(classifier, content, way, tmp_path)})
    result = damaged_pictures.summary(outcomes, 400)
    # Time and memory are for the full campaign: here, the machine may be busy.
    assert [failure for failure in result["failures"] if "Error" in failure] == []
    counts = {outcome: sum(n for _, o, n in result["rows"] if o == outcome) for outcome in ("digit", "ImageError")}
    assert sum(counts.values()) == 400 and min(counts.values()) > 50  # neither everything is read nor nothing


def test_what_must_not_be_is_found():
    fine = {"kind": "truncate PNG L", "way": "bytes", "what": "", "seconds": 0.1, "wall": 0.1, "megabytes": 1.0}
    outcomes = [
        {"number": 0, "outcome": "digit", **fine},
        {"number": 1, "outcome": "other error", **fine},
        {"number": 2, "outcome": "digit", **fine, "seconds": 3.0},
        {"number": 3, "outcome": "ImageError", **fine, "megabytes": 600.0},
        {"number": 4, "outcome": "crash", "kind": "noise", "way": "?", "what": "the process died with status -11"},
    ]
    result = damaged_pictures.summary(outcomes, 6)
    assert [failure.split(" ")[1] for failure in result["failures"][:4]] == ["1", "2", "3", "4"]
    assert result["failures"][4] == "1 files were not read"
    assert "| truncate" in damaged_pictures.show(result)


def test_a_fuzzer_finds_nothing_but_digits_and_image_errors():
    result = fuzzing.run(quick=True, examples=60)
    assert result["failures"] == []
    assert [row[1] >= 60 for row in result["rows"]] == [True, True]
    assert min(sum(row[column] for row in result["rows"]) for column in (2, 3)) > 10


def test_the_fuzzer_finds_what_is_wrong_and_cuts_it_down():
    """A reader that fails on light pixels: Hypothesis comes to the smallest picture with one."""

    def fragile(pixels):
        wrong = pixels.size > 5 and pixels.max() > 200
        return {"outcome": "other error" if wrong else "digit", "what": "light", "seconds": 0.0, "megabytes": None}

    with pytest.raises(AssertionError, match="light") as failure:
        fuzzing.search(fuzzing.pixel_arrays(), fragile, Counter(), examples=200)
    assert re.search(r"with array\(\[.*201", " ".join(failure.value.__notes__), re.DOTALL)


def test_a_file_that_kills_its_process_is_named_and_the_others_are_read(monkeypatch):
    killing = (
        "import json, os, sys\n"
        "seed, *numbers = map(int, sys.argv[1:])\n"
        "for number in range(numbers[0], numbers[2], numbers[1]):\n"
        "    if number == 5: os._exit(7)\n"
        "    print(json.dumps({'number': number, 'outcome': 'digit'}), flush=True)\n"
    )
    monkeypatch.setattr(damaged_pictures, "_WORKER", killing)
    outcomes = []
    damaged_pictures._supervise(0, 0, 1, 8, outcomes)
    assert [one["number"] for one in outcomes] == list(range(8))
    assert [one["outcome"] for one in outcomes] == ["digit"] * 5 + ["crash"] + ["digit"] * 2
    assert "status 7" in outcomes[5]["what"]


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
    outcome, problems = stopping.lenet_train(tmp_path, random.Random(0))
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
    grown = run_apart(memory.read, pictures=1500, seed=0)
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


def test_the_matrix_knows_the_oldest_versions_and_its_tests_exist():
    versions = matrix.oldest_versions()
    project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(versions) > len(project["dependencies"])
    assert {"torch", "torchvision", "nbgrader", "pytest"} <= {version.split("==")[0] for version in versions}
    assert all("==" in version for version in versions)
    assert all((COURSE / name).exists() for name in matrix.TESTS)
    assert f"3.{sys.version_info.minor}" in matrix.found_pythons()


def test_failing_tests_are_reported(tmp_path):
    (tmp_path / "test_wrong.py").write_text("def test_wrong(): assert False")
    (tmp_path / "test_right.py").write_text("def test_right(): pass")
    suites = [[str(tmp_path / "test_wrong.py")], [str(tmp_path / "test_right.py")]]
    result = matrix.judge("this Python", sys.executable, suites)
    row = result["rows"][0]
    assert "1 failed" in row[3] and "1 passed" in row[4]
    assert len(result["failures"]) == 1 and "test_wrong" in result["failures"][0]
    assert "1 failed" in matrix.show(result)


def test_a_cell_with_another_output_is_reported(tmp_path):
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    stale = new_output("stream", name="stdout", text="another\n")
    cell = new_code_cell("print('one')", execution_count=1, outputs=[stale])
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "stale.ipynb")
    result = matrix.judge("this Python", sys.executable, [[*matrix.NOTEBOOKS[:-1], str(tmp_path)]])
    assert "1 failed" in result["rows"][0][3] and "stale.ipynb" in result["failures"][0]


@pytest.fixture
def pretended(monkeypatch):
    """Pythons that are not there, and what was tested with them."""
    tested = []

    def judge(name, python, pins=()):
        tested.append((name, python, len(pins)))
        return {"rows": [[name, "3", "2", "fine", "fine"]], "failures": ["no" for _ in [1] if "bad" in python]}

    def pretend(**pythons):
        found = {f"3.{name[1:]}": program for name, program in pythons.items()}
        monkeypatch.setattr(matrix, "found_pythons", lambda: found)
        return tested

    monkeypatch.setattr(matrix, "judge_in_environment", judge)
    monkeypatch.setattr(matrix, "THIS", "3.11")
    return pretend


def test_the_matrix_takes_every_python_and_the_oldest_versions(pretended, monkeypatch):
    tested = pretended(p11="a", p12="b", p13="bad c")
    monkeypatch.setattr(matrix, "judge", lambda name, program: {"rows": [[name]], "failures": []})
    result = matrix.run()
    assert [python for _, python, _ in tested] == ["bad c", "b", "a"]
    assert [pins > 0 for *_, pins in tested] == [False, False, True]
    names = ["Python 3.13, newest versions", "Python 3.12, newest versions", "Python 3.11, oldest versions"]
    assert [row[0] for row in result["rows"]] == [*names, "Python 3.11, as in .venv"]
    assert result["failures"] == ["no"]


@pytest.mark.parametrize(
    ("pythons", "status", "tested", "says"),
    [
        (
            {"p11": "a", "p12": "b", "p13": "c"},
            0,
            ["c"],
            "Pythons tested: 3.11 (make test), 3.13. Found, and left to make matrix: 3.12.",
        ),
        ({"p11": "a", "p12": "bad"}, 1, ["bad"], "no\nPythons tested: 3.11 (make test), 3.12."),
        ({"p11": "a"}, 0, [], "Pythons tested: 3.11 (make test). No other from 3.11 on was found."),
    ],
)
def test_the_newest_other_python_is_tested_and_what_was_left_out_is_said(
    pretended, capsys, pythons, status, tested, says
):
    calls = pretended(**pythons)
    assert matrix.second() == status
    assert [python for _, python, _ in calls] == tested
    assert capsys.readouterr().out.strip() == says


# --- models and checkpoints ---------------------------------------------------------------


def test_damaged_models_and_checkpoints_give_what_was_saved_or_the_documented_error(tmp_path):
    marker = tmp_path / "code has run"
    count = damaged_models.write_cases(tmp_path, marker, seed=0, flips=15, truncations=15)
    done = subprocess.run(
        [sys.executable, "-c", damaged_models._WORKER, str(tmp_path)], cwd=COURSE, capture_output=True, text=True
    )
    result = damaged_models.summary([json.loads(line) for line in done.stdout.splitlines()], count, done.returncode)
    assert result["failures"] == [], done.stderr
    assert not marker.exists()
    refused = {kind: number for kind, outcome, number in result["rows"] if outcome == "refused"}
    assert refused["model that would run code"] > 50 and refused["checkpoint that claims 10 GB"] > 10


def test_the_attacks_are_real(tmp_path):
    # Unpickled without suspicion, they do what they say.
    marker = tmp_path / "code has run"
    pickle.loads(next(iter(damaged_models.attacks(damaged_models.whole_files()[0], marker))))
    assert marker.exists()


def test_a_network_with_other_numbers_is_a_failure():
    line = {"number": 0, "kind": "model, one bit flipped", "what": "", "megabytes": None}
    result = damaged_models.summary([{**line, "outcome": "other numbers"}, {**line, "outcome": "the same"}], 2, 0)
    assert len(result["failures"]) == 1 and "other numbers" in result["failures"][0]
    accepted = damaged_models.summary([{**line, "kind": "model that would run code", "outcome": "the same"}], 1, 0)
    assert "was accepted" in accepted["failures"][0]
