"""What the committed lessons are worth as exercises: solved they get everything, untouched nothing, in every way.

Slow, because whole notebooks are executed: run by make class.
"""

import functools
import json
import os
import subprocess
import sys

import pytest
from grade_class import BROKEN, HARMLESS, HOSTILE, grade_alone, make_class, make_solved, unexpected, write_class
from mutants import Lesson, Row, row_of

from lenet_helpers.exercises import NAMES, check
from lenet_helpers.exercises.running import everything_put_back
from lenet_helpers.grading import batch
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.box.sandbox import NoSandbox
from lenet_helpers.grading.kit import make_kit
from lenet_helpers.grading.solved import SOLUTION, flag, regions, solved_notebooks
from lenet_helpers.grading.submission import Job, Task, mark
from lenet_helpers.system.paths import COURSE

LESSONS = ["01_data", "02_architecture", "03_training", "04_evaluation", "05_inference"]


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """The kit of the course itself, in place of the small one."""
    return make_kit(tmp_path_factory.mktemp("kit") / "kit")


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_nbval_finds_student_copies_failing_at_their_exercises_and_nowhere_else(released, name):
    released_copy = json.loads((released / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in released_copy["cells"]:  # nbval lets what may raise pass, and here it is to fail
        cell["metadata"].pop("tags", None)
    path = released / "notebooks" / f"{name}-strict.ipynb"
    path.write_text(json.dumps(released_copy), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env"]
    environment = {**os.environ, "LENET_DATA": "sample", "PYTHONPATH": str(released), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [*command, "--nbval-cell-timeout=300", "-rf", "-c", os.devnull, str(path)],
        cwd=released,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    failed = {
        int(line.rpartition("::Cell ")[2].split()[0]) for line in done.stdout.splitlines() if line.startswith("FAILED")
    }
    marks = {at: cell["metadata"].get("nbgrader", {}) for at, cell in enumerate(cells)}
    graded = {at for at, mark in marks.items() if mark.get("grade")}
    assert failed, done.stdout + done.stderr
    assert graded <= failed <= {at for at, mark in marks.items() if mark}


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("name", LESSONS)
def test_solved_copies_get_everything_and_untouched_ones_nothing(kit, released, name, threads):
    job = Job(str(kit.folder), kit.fingerprint, NoSandbox(), Limits(threads=threads))
    for path, share in ((COURSE / "notebooks" / f"{name}.ipynb", 1), (released / "notebooks" / f"{name}.ipynb", 0)):
        record = mark(Task("anna", name, path.read_bytes()), kit, job)
        assert [one["mark"] for one in record["exercises"]] == [share * one["points"] for one in record["exercises"]], (
            record["exercises"]
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_all_cells_give_the_same_marks_as_the_needed_ones(kit, name):
    job = Job(str(kit.folder), kit.fingerprint, NoSandbox(), whole=True)
    record = mark(Task("anna", name, (COURSE / "notebooks" / f"{name}.ipynb").read_bytes()), kit, job)
    assert all(one["mark"] == one["points"] for one in record["exercises"]), record["exercises"]


@functools.cache
def lesson_of(number):
    """The notebook of that number, and its cells before the exercises, executed."""
    notebook = next(notebook for name, notebook in solved_notebooks().items() if name[:2] == number)
    return notebook, Lesson(notebook)


@pytest.fixture
def on_the_sample(monkeypatch):
    monkeypatch.setenv("LENET_DATA", "sample")


def solution_of(name):
    """The function between the solution marks, as the notebook defines it."""
    notebook, lesson = lesson_of(name[:2])
    grade_id = f"{name}-solution"
    cell = next(one for one in notebook.cells if flag(one, "solution") and one.metadata.nbgrader.grade_id == grade_id)
    assert list(regions(cell.source, SOLUTION))
    names = dict(lesson._names)
    exec(compile(cell.source, name, "exec"), names)
    return names[lesson.functions[name]]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_solutions_pass_with_twenty_seeds(on_the_sample, name):
    solution = solution_of(name)
    with everything_put_back():
        for seed in range(20):
            verdict = check(name, solution, seed=seed)
            assert verdict, f"seed {seed}: {verdict}"


# --- the tools that show it -------------------------------------------------------------


def test_a_row_of_the_mutation_table_counts_and_complains(on_the_sample):
    def wrong(size, kernel_size, stride, padding):
        return size

    solution = solution_of("02-output-size")
    with everything_put_back():
        row = row_of("02-output-size", lesson_of("02")[1], [solution], [(None, wrong)])
    known = row.mistakes - 1
    assert (row.by_check, row.by_cell, row.hinted) == (known + 1, known + 1, known)
    assert (row.styles, row.styles_by_check, row.styles_by_cell) == (1, 1, 1)
    assert list(row.problems()) == ["02-output-size: only 1 other styles"]
    with everything_put_back():
        row = row_of("02-output-size", lesson_of("02")[1], [wrong, wrong], [(None, solution)])
    assert any("check lets 1 mistakes pass" in problem for problem in row.problems())
    assert any("the grade cell lets 1" in problem for problem in row.problems())
    assert any("a right answer is refused" in problem for problem in row.problems())
    assert list(Row("x", mistakes=2, by_check=2, by_cell=2, styles=2, styles_by_check=2, styles_by_cell=2).problems())


@pytest.mark.slow
def test_nbgrader_alone_gives_the_expected_marks_to_harmless_submissions(tmp_path):
    students = [one for one in make_class(12) if one.kind in ("partly", "mistaken")]
    seconds, wrong = grade_alone(students, tmp_path / "alone")
    assert wrong == [] and seconds > 0
    students[0].right = {"another"}
    assert len(grade_alone(students[:1], tmp_path / "again")[1]) == 1


def test_a_simulated_class_has_every_kind():
    students = make_class(60)
    assert len(students) == len({student.name for student in students}) == 60
    kinds = {student.name.split(" ", 1)[1] for student in students}
    assert kinds == {*HARMLESS, *HOSTILE, *BROKEN}
    assert {student.lesson for student in students} == set(LESSONS)


@pytest.mark.parametrize(("make", "size", "submissions"), [(make_class, 60, 60), (make_solved, 2, 10)])
def test_a_simulated_class_knows_what_it_must_get(make, size, submissions, tmp_path):
    students = make(size)
    assert len(students) == submissions
    write_class(students, tmp_path)
    table = tmp_path / "marks.csv"
    lines = ["student,notebook,exercise,mark,points,remark"]
    lines += [f"{one.name},{one.lesson},{name},2,2," for one in students for name in sorted(one.right)]
    table.write_text("\n".join(lines) + "\n")
    assert list(unexpected(students, table)) == []
    table.write_text("\n".join(lines[:-1]) + "\n")
    assert len(list(unexpected(students, table))) == 1
    table.write_text("\n".join([*lines, f"{students[0].name},another,01-split,2,2,"]) + "\n")
    assert len(list(unexpected(students, table))) == 1
    assert batch.find(tmp_path, dict.fromkeys(LESSONS, ())).submissions
