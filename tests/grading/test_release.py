"""The student copies: nothing is given away, and everything that is needed is there."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from lenet_helpers import __version__
from lenet_helpers.cli import main as cli
from lenet_helpers.exercises import NAMES
from lenet_helpers.grading.course_cell import course_cell, is_course_cell
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.mending import release_in
from lenet_helpers.grading.intake.needed import needed_cells
from lenet_helpers.grading.release import release
from lenet_helpers.grading.solved import HIDDEN, SOLUTION, exercise_of, flag, regions, secret_lines, solved_notebooks
from lenet_helpers.system.paths import COURSE

LESSONS = ["01_data", "02_architecture", "03_training", "04_evaluation", "05_inference"]


def copy_of(released, name):
    return nbformat.read(released / "notebooks" / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)


@pytest.mark.parametrize("name", LESSONS)
def test_no_line_of_a_solution_or_hidden_test_is_in_the_copy(released, name):
    solved = nbformat.read(COURSE / "notebooks" / f"{name}.ipynb", as_version=4)
    # By hand and not by `secret_lines`, which the release itself uses.
    secret, public = set(), set()
    for cell in solved.cells:
        inside = False
        for line in map(str.strip, cell.source.splitlines()):
            if line in (SOLUTION[0], HIDDEN[0]):
                inside = True
            elif line in (SOLUTION[1], HIDDEN[1]):
                inside = False
            else:
                (secret if inside else public).add(line)
    secret -= public | {""}
    assert len(secret) >= 12
    text = (released / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    cells = copy_of(released, name).cells
    assert not secret & {line.strip() for cell in cells for line in cell.source.splitlines()}
    for marker in (*SOLUTION, *HIDDEN):
        assert marker not in text


@pytest.mark.parametrize("name", LESSONS)
def test_copies_are_the_solved_notebooks_otherwise(released, name):
    solved, copy = nbformat.read(COURSE / "notebooks" / f"{name}.ipynb", as_version=4), copy_of(released, name)
    nbformat.validate(copy)
    assert is_course_cell(copy.cells.pop(1).source)
    assert len(copy.cells) == len(solved.cells)
    for ours, theirs in zip(solved.cells, copy.cells, strict=True):
        assert theirs.cell_type == ours.cell_type and theirs.id == ours.id
        if ours.cell_type == "code":
            assert theirs.outputs == [] and theirs.execution_count is None
        if flag(ours, "solution"):
            assert "raise NotImplementedError()" in theirs.source
            assert theirs.source.startswith(ours.source.partition("    ### BEGIN SOLUTION")[0])
        elif not flag(ours, "grade"):
            assert theirs.source == ours.source
        else:
            assert "raises-exception" in theirs.metadata.tags  # Run All goes on where it isn't written yet
            assert flag(theirs, "locked") and theirs.metadata.deletable is False and theirs.metadata.editable is False
    assert copy.metadata.lenet == {"version": __version__, "release": release_in(copy)}


def test_run_all_goes_on_to_the_progress_where_no_exercise_is_written(released):
    copy = copy_of(released, "02_architecture")
    copy.cells = [copy.cells[2], *(cell for cell in copy.cells if "nbgrader" in cell.metadata), copy.cells[-1]]
    client = NotebookClient(copy, kernel_name="python3", timeout=120)  # it stops at errors, as Jupyter does
    client.execute(env={**os.environ, "PYTHONPATH": str(released)}, stderr=subprocess.DEVNULL)
    grades = [cell.outputs[0].ename for cell in copy.cells if flag(cell, "grade")]
    assert grades == ["AssertionError"] * 4
    shown = copy.cells[-1].outputs[0].data["text/plain"]
    assert "02_architecture  0 of 4  0 of 8  none yet        2.1, 2.2, 2.3, 2.4" in shown


# --- the first cell: started in a Python that knows no package, in the places where students start


IPYTHON = """class IPython:
    def run_line_magic(self, *line): print(*line)
get_ipython = IPython
"""


def run_first_cell(tmp_path, folder, address=None):
    """Run it in `folder`, and import the course; /content and /kaggle are folders of the test."""
    source = course_cell(address).source.replace('"/content"', f'"{tmp_path}/content"')
    source = source.replace('"/kaggle/input"', f'"{tmp_path}/kaggle/input"')
    code = f"{IPYTHON}{source}\nimport lenet_helpers; print(lenet_helpers.__file__)"
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "USERPROFILE": str(tmp_path / "home")}
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("notebook", "course"),
    [
        ("a course/notebooks", "a course"),  # VS Code, JupyterLab, nbgitpuller
        ("a course/notebooks/week 2", "a course"),
        ("a course", "a course"),
        ("content", "content"),  # Colab: uploaded
        ("content", "content/LeNet"),
        ("content", "content/drive/MyDrive/Colab Notebooks/LeNet"),
        ("kaggle/working", "kaggle/input/lenet"),
        ("kaggle/working", "kaggle/input/datasets/anna/lenet/course"),
        ("elsewhere", "home/teaching/lenet"),
    ],
)
def test_the_first_cell_finds_the_course(tmp_path, notebook, course):
    (tmp_path / notebook).mkdir(parents=True)
    (tmp_path / course / "lenet_helpers").mkdir(parents=True)
    (tmp_path / course / "lenet_helpers" / "__init__.py").touch()
    done = run_first_cell(tmp_path, tmp_path / notebook)
    assert done.stdout.split("\n")[0] == str(tmp_path / course / "lenet_helpers" / "__init__.py"), done.stderr


def test_the_course_beside_the_notebook_counts_more_than_another(tmp_path):
    for course in ("here", "home/other"):
        (tmp_path / course / "lenet_helpers").mkdir(parents=True)
        (tmp_path / course / "lenet_helpers" / "__init__.py").touch()
    (tmp_path / "here" / "notebooks").mkdir()
    done = run_first_cell(tmp_path, tmp_path / "here" / "notebooks", "https://example.org/lenet.zip")
    assert done.stdout.strip() == str(tmp_path / "here" / "lenet_helpers" / "__init__.py")


def test_the_first_cell_installs_what_is_nowhere_or_says_what_to_do(tmp_path):
    address = "git+https://example.org/lenet@v2#egg=lenet"
    assert run_first_cell(tmp_path, tmp_path, address).stdout.strip() == f"pip install {address}"
    done = run_first_cell(tmp_path, tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("The course is not on this computer. Put its folder")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("address", ["", "two words", 'x"); import os', "x'", "a\nb", "x;reboot", "$HOME", "a&b"])
def test_what_is_no_address_is_refused(address, tmp_path):
    with pytest.raises(GradingError, match="no address that pip can be given"):
        release(tmp_path / "course", address=address)


def test_the_first_cell_is_short_tagged_and_skipped_where_the_course_is(released):
    for name in LESSONS:
        cell = copy_of(released, name).cells[1]
        assert cell.id == "course" and cell.metadata.tags == ["course"] and "nbgrader" not in cell.metadata
        assert len(cell.source.splitlines()) <= 5
        namespace = {}
        exec(cell.source, namespace)  # here the course is known
        assert "tops" not in namespace


def test_the_first_cell_is_not_run_to_grade(released):
    cells = copy_of(released, "01_data").cells
    sources = {cell.source for cell in cells if cell.cell_type == "code" and "nbgrader" not in cell.metadata}
    needed = needed_cells(cells, sources - {cells[1].source})
    assert needed and 1 not in needed


def test_every_exercise_is_graded_and_has_hidden_tests():
    graded = []
    for notebook in solved_notebooks().values():
        for cell in notebook.cells:
            if flag(cell, "grade"):
                graded.append(exercise_of(cell.metadata.nbgrader.grade_id))
                assert list(regions(cell.source, HIDDEN)), f"{graded[-1]} has no hidden tests"
                assert f'check("{graded[-1]}", ' in cell.source
    assert graded == list(NAMES)


def test_helper_sample_and_stamp_lie_beside_the_copies(released):
    stamp = json.loads((released / "RELEASE.json").read_text())
    assert stamp["version"] == __version__ and list(stamp["notebooks"]) == LESSONS
    assert stamp["release"] in (released / "README.md").read_text(encoding="utf-8")
    for name in ("model.pth", "test.png", "pyproject.toml", "environment.yml"):
        assert (released / name).read_bytes() == (COURSE / name).read_bytes()
    code = (
        "from lenet_helpers import COURSE, check, hint, load_mnist\n"
        "print(COURSE, load_mnist('sample').is_sample, bool(check('02-parameters', lambda i, o, k: o*(i*k*k+1))))\n"
        "print(hint('02-parameters', 3))"
    )
    environment = {**os.environ, "PYTHONPATH": str(released)}
    # In a folder of its own, because Python looks for modules in the working directory first.
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=released, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"{released} True True\nThe instructor's copy holds the solution")


def test_solutions_for_self_learners_hold_no_hidden_tests(tmp_path, monkeypatch):
    release(tmp_path / "course", solutions=True)
    from lenet_helpers.exercises import hint, hints

    monkeypatch.setattr(hints, "COURSE", tmp_path / "course")
    for name, notebook in solved_notebooks().items():
        solved = nbformat.read(tmp_path / "course" / "solutions" / f"{name}.ipynb", as_version=4)
        text = "\n".join(cell.source for cell in solved.cells)
        assert "HIDDEN" not in text and is_course_cell(solved.cells[1].source)
        for cell in notebook.cells:
            for lines in regions(cell.source, HIDDEN):
                assert not {line.strip() for line in lines} & set(secret_lines(notebook)) & set(text.splitlines())
    assert "(pixels / 255 - 0.5) / 0.5" in hint("01-normalise", 3)


def test_nothing_is_overwritten(tmp_path, released):
    kept = tmp_path / "thesis"
    kept.mkdir()
    (kept / "chapter.txt").write_text("years")
    with pytest.raises(GradingError, match="holds something that is no release"):
        release(kept, replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"] and (kept / "chapter.txt").read_text() == "years"
    with pytest.raises(GradingError, match=r"earlier release.*--replace"):
        release(released)
    (tmp_path / "file").write_text("")
    with pytest.raises(GradingError, match="not a folder"):
        release(tmp_path / "file")
    with pytest.raises(GradingError, match="belongs to the course"):
        release(COURSE / "notebooks" / "x")


def test_a_student_copy_releases_nothing(released):
    with pytest.raises(GradingError, match="holds no solutions: this is a student's copy"):
        solved_notebooks(released)
    with pytest.raises(GradingError, match="holds no notebooks"):
        solved_notebooks(released / "notebooks")


def test_a_release_that_gives_a_line_away_is_refused(tmp_path, monkeypatch):
    notebooks = solved_notebooks()
    monkeypatch.setattr("lenet_helpers.grading.release.solved_notebooks", lambda: notebooks)
    monkeypatch.setattr("lenet_helpers.grading.release.generate", lambda solved, folder: solved)
    with pytest.raises(GradingError, match="would give this line away"):
        release(tmp_path / "course")
    assert list(tmp_path.iterdir()) == []


def test_command_replaces_an_earlier_release_when_told(tmp_path, capsys):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "RELEASE.json").write_text("{}")
    (tmp_path / "course" / "old.txt").write_text("")
    for arguments, status in (
        (["release", str(tmp_path / "course")], 1),
        (["release", "--replace", str(tmp_path / "course")], 0),
    ):
        with pytest.raises(SystemExit) as stop:
            cli.main(arguments)
        assert stop.value.code == status
    assert not (tmp_path / "course" / "old.txt").exists()
    out = capsys.readouterr().out
    assert out.count(" exercises\n") == 5 and f"version {__version__}, release" in out
    assert [path.name for path in tmp_path.iterdir()] == ["course"]


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_run_in_a_release_needs_nothing_that_only_instructors_have(released):
    done = subprocess.run(["make", "--no-print-directory", "-n", "run"], cwd=released, capture_output=True, text=True)
    assert done.stdout == ".venv/bin/python tools/run_course.py\n"
    code = (
        "import sys\nfor name in ('nbgrader', 'psutil', 'distributed', 'pytest'): sys.modules[name] = None\n"
        "sys.path.insert(0, 'tools')\nimport run_course as r\nprint(r.COURSE, *r.lesson_paths(), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=released, capture_output=True, text=True, check=True)
    notebooks = [released / "notebooks" / f"{name}.ipynb" for name in LESSONS]
    assert done.stdout.splitlines() == [str(released), *map(str, notebooks)]


@pytest.mark.slow(reason="executes five notebooks; the pages themselves are tested in tests/tools")
def test_make_run_in_a_release_shows_the_students_pages(tmp_path):
    release(tmp_path / "course")
    command = ["make", f"PY={sys.executable}", "run"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "course"), "LENET_DATA": "sample"}
    done = subprocess.run(command, cwd=tmp_path / "course", env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in LESSONS:
        page = (tmp_path / "course" / "build" / f"{name}.html").read_text(encoding="utf-8")
        assert "NotImplementedError" in page and "HIDDEN TESTS" not in page and "These pages hold" not in page
