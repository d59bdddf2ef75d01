"""What `lenet hand-in` says right, a marker marks right; what it packs is what was run."""

import copy
import json
import subprocess
import sys
import zipfile

import nbformat
import pytest
from grade_class import HARMLESS, make_class
from nbgrader.utils import compute_checksum
from small_course import NAME, exercise_cells, full, submission
from test_mending import BROKEN

import lenet_helpers
from lenet_helpers.cli import main as cli
from lenet_helpers.exercises import NAMES, keeping, progress
from lenet_helpers.grading import handing_in
from lenet_helpers.grading.box import asking
from lenet_helpers.grading.handing_in import NOT_YET, RIGHT, Ran, notebooks_here, run_notebook
from lenet_helpers.grading.intake.finding import find
from lenet_helpers.grading.intake.mending import id_in, mend

SPLIT, NORMALISE = "01-split", "01-normalise"


def lay_out(folder, notebook, name=NAME, exercises=(SPLIT, NORMALISE)):
    """Put a notebook into a student's course folder; return its path."""
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    stamp = {"release": "r1", "notebooks": {name: [f"{one}-grade" for one in exercises]}}
    (folder / "RELEASE.json").write_text(json.dumps(stamp))
    path = folder / "notebooks" / f"{name}.ipynb"
    path.write_bytes(notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode())
    return path


@pytest.fixture(scope="module")
def ran(kit, tmp_path_factory):
    """A function of a submission: how it ran, once for each."""
    known = {}

    def run(name, make):
        if name not in known:
            known[name] = run_notebook(lay_out(tmp_path_factory.mktemp("student"), make()), 60)
        return known[name]

    return run


def test_a_right_notebook_is_complete(kit, ran):
    one = ran("right", lambda: full(kit))
    assert one.complete and one.exercises == {SPLIT: RIGHT, NORMALISE: RIGHT} and one.seconds > 0
    assert handing_in.report(one)[0].startswith(f"{NAME}.ipynb: runs from top to bottom (")


def test_the_cell_that_breaks_a_clean_run_is_named(kit, ran):
    def broken():
        notebook = full(kit, begin="# a note\nimport no_such_thing", normalise="return pixels")
        notebook["cells"][exercise_cells(notebook, f"{SPLIT}-grade")[0]]["source"] += "\n# mine"
        return notebook

    one = ran("broken", broken)
    assert not one.complete and one.exercises == {SPLIT: "cell 01-split-grade was edited", NORMALISE: NOT_YET}
    assert one.broken == (
        "cell [2], import no_such_thing, ended in ModuleNotFoundError: No module named 'no_such_thing'"
    )
    assert "imports no_such_thing, not of the course" in handing_in.report(one)[-1]
    assert "  01-split      cell missing or edited: cell 01-split-grade was edited" in handing_in.report(one)


def test_a_cell_that_ends_python_is_named_and_nothing_after_it_is_right(kit, ran):
    def ends():
        notebook = full(kit)
        notebook["cells"].insert(-2, {"cell_type": "code", "source": "import os; os._exit(0)", "metadata": {}})
        return notebook

    one = ran("ends", ends)
    assert one.exercises == {SPLIT: RIGHT, NORMALISE: NOT_YET}
    assert one.broken == "cell [7], import os; os._exit(0), ends Python"


def test_a_check_that_was_replaced_says_nothing(kit, ran):
    one = ran("forged", lambda: submission(kit, begin="check = lambda *given: True", split="return labels == labels"))
    assert RIGHT not in one.exercises.values()


@pytest.mark.parametrize("case", BROKEN)
def test_cells_that_a_marker_would_move_or_put_back_are_not_called_right(kit, case):
    """Where a notebook's graded cells are not those that will be graded, or not in that order, nothing is promised."""
    notebook = copy.deepcopy(full(kit))
    BROKEN[case][0](notebook, notebook["cells"], lambda grade_id: exercise_cells(notebook, grade_id)[0])
    cells = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    ids = [id_in(cell) for cell in cells]
    clean, _ = mend(notebook, kit.lessons[NAME])
    graded = [id_in(cell) for cell in clean.cells]
    for name in (SPLIT, NORMALISE):
        state = handing_in._state(name, cells, ids, {}, {SPLIT: True, NORMALISE: True})
        pair = [f"{name}-solution", f"{name}-grade"]
        if state == RIGHT:
            assert [one for one in ids if one in pair] == [one for one in graded if one in pair] == pair
            own = cells[ids.index(pair[1])]
            released = next(cell.released for cell in kit.lessons[NAME] if cell.grade_id == pair[1])
            assert "".join(own["source"]) == released
        else:
            assert state.startswith(f"cell {name}-")


def test_checksums_are_nbgraders(released):
    count = 0
    for path in (released / "notebooks").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                count += 1
                assert cell.metadata.nbgrader.checksum == compute_checksum(cell)
                assert not handing_in._was_edited(cell)
                assert handing_in._was_edited({**cell, "source": cell.source + " "})
    assert count == len(NAMES)


def lenet(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(["hand-in", *map(str, arguments)])
    return stop.value.code, capsys.readouterr()


def test_what_is_packed_is_found_by_whoever_grades(kit, tmp_path, monkeypatch, capsys):
    path = lay_out(tmp_path / "course", full(kit, begin="import my_utils"))
    (path.parent / "my_utils.py").write_text("x = 1")
    (path.parent / "unrelated.py").write_text("")
    (path.parents[1] / keeping.FILE).write_text("{}")
    monkeypatch.setattr(handing_in, "run_notebook", lambda path, seconds: Ran(
        path, path.read_bytes(), {SPLIT: RIGHT, NORMALISE: RIGHT}, release="r1"))  # fmt: skip
    (tmp_path / "class" / "anna").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "class" / "anna")
    status, said = lenet(capsys, path, "--name", "Änne Müller")
    assert status == 0 and "hand-in-Änne-Müller.zip: hand this in" in said.out
    with zipfile.ZipFile("hand-in-Änne-Müller.zip") as archive:
        assert sorted(archive.namelist()) == [f"{NAME}.ipynb", "RELEASE.json", "hand-in.txt", "my_utils.py"]
        told = archive.read("hand-in.txt").decode()
        assert archive.read(f"{NAME}.ipynb") == path.read_bytes()
    assert told.startswith("complete: ") and "release r1" in told
    (found,) = find(tmp_path / "class", kit.lessons).submissions
    assert found.file.content() == path.read_bytes() and [name for name, _ in found.modules] == ["my_utils.py"]
    assert find(tmp_path / "class", kit.lessons).strays == []


def test_what_is_unfinished_is_packed_only_when_asked_and_says_so(kit, tmp_path, monkeypatch, capsys):
    path = lay_out(tmp_path, full(kit))
    monkeypatch.setattr(handing_in, "run_notebook", lambda path, seconds: Ran(path, b"{}", {SPLIT: NOT_YET}))
    monkeypatch.chdir(tmp_path)
    status, said = lenet(capsys, "--name", "a")
    assert status == 1 and "--unfinished" in said.err and not list(tmp_path.glob("*.zip"))
    assert lenet(capsys, "--name", "a", "--unfinished")[0] == 1
    with zipfile.ZipFile("hand-in-a.zip") as archive:
        assert archive.read("hand-in.txt").startswith(b"UNFINISHED")
    (tmp_path / "hand-in-a.zip").unlink()
    monkeypatch.setattr(handing_in, "run_notebook", lambda path, seconds: Ran(path, b"{}", {SPLIT: RIGHT}))
    assert lenet(capsys, path, "--no-zip")[0] == 0 and not list(tmp_path.glob("*.zip"))


def test_a_clean_run_is_what_progress_says_of_it_and_its_checks_are_not(kit, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(keeping.SWITCH)
    monkeypatch.setattr(keeping, "COURSE", tmp_path)
    monkeypatch.setattr(keeping, "_own", {keeping.EXERCISES: {}, keeping.CLEAN_RUNS: {}})
    switched_off = f"import os\nassert os.environ['{keeping.SWITCH}'] == 'off'"
    path = lay_out(tmp_path, full(kit, begin=switched_off), "01_data")
    assert lenet(capsys, path, "--no-zip")[0] == 0
    (lesson,) = progress("01").lessons
    assert lesson.clean and lesson.said == "runs, 2 of 2 right" and set(lesson.exercises.values()) == {None}


def test_what_notebooks_import_of_the_exercises_is_there_while_they_are_graded(kit):
    names = {name for name, home in lenet_helpers._HOMES.items() if home == "exercises"}
    assert names <= set(asking.__all__) and asking.progress() == asking.progress("01")
    assert not (kit.course / "lenet_helpers" / "exercises" / "keeping.py").exists()


def test_what_can_not_be_read_is_said(tmp_path):
    one = run_notebook(lay_out(tmp_path, b"{"), 5)
    assert not one.complete and "not valid JSON" in one.broken
    assert notebooks_here(tmp_path) == [one.path]


def test_handing_in_needs_no_nbgrader():
    code = "import sys; sys.modules['nbgrader'] = None; import lenet_helpers.grading.handing_in"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.slow
def test_what_is_said_right_is_marked_right_over_a_simulated_class(tmp_path):
    """Of those that do no harm outside of a sandbox; what each gets from a marker, `make class` tells."""
    harmless = ("patches the checker", "replaces the helper", "old format", "another kernel", "wrong file name",
                "answer split", "cells duplicated")  # fmt: skip
    students = [one for one in make_class(40) if one.kind in (*HARMLESS, *harmless) or "grade cell" in one.kind]
    assert len(students) > 20
    for number, student in enumerate(students):
        path = lay_out(tmp_path / str(number), student.content, student.lesson, ())
        (path.parents[1] / "RELEASE.json").unlink()
        one = run_notebook(path, 120)
        said = {name for name, state in one.exercises.items() if state == RIGHT}
        assert said <= student.right, student.name
        assert said == student.right or student.kind not in HARMLESS, student.name
        assert one.complete == (student.right == set(one.exercises) == said), student.name
