"""The committed notebooks, and the rules that they are held to."""

import re

import nbformat
import pytest
from lessons import NOTEBOOKS, execute, lesson_paths
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_rules import problems_in

from lenet_helpers.exercises.catalogue import POINTS, number_of

LESSONS = ["01_data", "02_architecture", "03_training", "04_evaluation", "05_inference"]


def test_there_are_five_lessons():
    assert [path.stem for path in lesson_paths()] == LESSONS


@pytest.mark.parametrize("name", LESSONS)
def test_committed_notebook_keeps_the_rules(name):
    path = NOTEBOOKS / f"{name}.ipynb"
    problems = problems_in(nbformat.read(path, as_version=nbformat.NO_CONVERT))
    assert not problems, "\n".join([f"{path.name}:", *problems])


@pytest.mark.parametrize("name", LESSONS)
def test_committed_notebook_has_two_exercises_and_tagged_cells_only_as_known(name):
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    marks = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    assert sum(bool(mark.get("solution")) for mark in marks) >= 2
    assert sum(bool(mark.get("grade")) for mark in marks) >= 2
    tags = {tag for cell in notebook.cells for tag in cell.metadata.get("tags", ())}
    assert tags <= {"nbval-ignore-output"}, "nbval-skip and nbval-raises-exception hide what a reader meets"
    compared = [c for c in notebook.cells if c.cell_type == "code" and "tags" not in c.metadata and c.outputs]
    assert compared, "nothing in this notebook is compared with its committed output"


@pytest.mark.parametrize("name", LESSONS)
def test_committed_notebook_imports_from_the_package_or_its_lessons_alone(name):
    cells = [cell.source for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells]
    rooms = set(re.findall(r"(?:from|import) lenet_helpers\.(\w+)", "\n".join(cells)))
    assert rooms <= {lesson.partition("_")[2] for lesson in LESSONS}


@pytest.mark.parametrize("name", LESSONS)
def test_committed_notebook_ends_with_the_progress_and_its_grade_cells_say_that_they_passed(name):
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    assert cells[-2].source.startswith("## Recap") and cells[-1].source.endswith("progress()")
    assert "All is right. Next" in cells[-1].outputs[0].data["text/plain"] and "text/html" in cells[-1].outputs[0].data
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            number = number_of(cell.metadata.nbgrader.grade_id.removesuffix("-grade"))
            said = f"{number} passed: {POINTS} of {POINTS} points"
            assert cell.source.splitlines()[-2:] == ["### END HIDDEN TESTS", f'print("{said}")']
            assert [output.text for output in cell.outputs] == [f"{said}\n"]


@pytest.mark.slow(reason="a whole lesson, whose cells make nbval runs, too; this adds another folder")
def test_notebook_runs_from_any_folder(tmp_path, monkeypatch):
    """Lesson 5 is the one that reads files of the course."""
    monkeypatch.setenv("LENET_DATA", "sample")
    notebook = nbformat.read(NOTEBOOKS / "05_inference.ipynb", as_version=4)
    execute(notebook, "05_inference", folder=tmp_path)
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


# --- the rules themselves ---------------------------------------------------------------


def mark(grade_id, grade=False, solution=False, locked=False, points=None, **others):
    marks = {"grade_id": grade_id, "grade": grade, "solution": solution, "locked": locked, "task": False}
    return {"nbgrader": {"schema_version": 3, **marks, **({} if points is None else {"points": points}), **others}}


SOLUTION = "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"
ASSIGNMENT = """### Exercise

`f(x)` returns its argument, an `int`.

**Predict:** what does it make of 3? Write it here: ...

**Hint:** nothing is to be done."""
PICTURE = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}


def good():
    """A small notebook that keeps every rule; each test breaks one."""
    return new_notebook(
        cells=[
            new_markdown_cell("# A lesson\n\nIts question?\n\n## Idea"),
            new_code_cell("1 + 1", execution_count=1, outputs=[new_output("execute_result", {"text/plain": "2"})]),
            new_code_cell("draw()", execution_count=2, outputs=[new_output("display_data", PICTURE)]),
            new_markdown_cell("*Figure: a line that rises.*\n\n" + ASSIGNMENT),
            new_code_cell(SOLUTION, execution_count=3, metadata=mark("f-solution", solution=True)),
            new_code_cell("assert f(1) == 1", execution_count=4, metadata=mark("f-grade", True, False, True, 2)),
            new_markdown_cell("## Recap"),
        ]
    )


def test_a_good_notebook_has_no_problems():
    assert problems_in(good()) == []


def change_cell(index, **changes):
    def change(notebook):
        for name, value in changes.items():
            notebook.cells[index][name] = value

    return change


def change_marks(index, **changes):
    return lambda notebook: notebook.cells[index].metadata.nbgrader.update(changes)


def add_output(index, output):
    return lambda notebook: notebook.cells[index].outputs.append(output)


def text(value):
    return new_output("display_data", {"text/plain": value})


def html(value):
    return new_output("display_data", {"text/html": value})


BROKEN = {
    "taken id": (lambda nb: nb.cells[1].update(id=nb.cells[0].id), "cell 2: its id"),
    "old format": (lambda nb: nb.update(nbformat_minor=4), "older than 4.5"),
    "invalid": (lambda nb: nb.cells[1].pop("source"), "format is not valid"),
    "not executed": (change_cell(1, execution_count=None), "cell 2: execution count None, not 1"),
    "gap": (change_cell(4, execution_count=7), "cell 5: execution count 7, not 3"),
    "out of order": (change_cell(1, execution_count=2), "cell 2: execution count 2, not 1"),
    "empty cell": (change_cell(1, source=" "), "cell 2: a code cell without code"),
    "error": (
        add_output(1, new_output("error", ename="ValueError", evalue="no", traceback=[])),
        "cell 2: ended in ValueError: no",
    ),
    "stderr": (add_output(1, new_output("stream", name="stderr", text="hm")), "cell 2: has a warning"),
    "warning": (
        add_output(1, new_output("stream", name="stdout", text="x.py:1: UserWarning: old")),
        "cell 2: shows a warning",
    ),
    "widget state": (lambda nb: nb.metadata.update(widgets={}), "widget state"),
    "widget view": (
        add_output(1, new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})),
        "cell 2: holds the view of a widget",
    ),
    "times": (change_cell(1, metadata=nbformat.from_dict({"execution": {}})), "cell 2: its metadata holds the times"),
    "path in output": (add_output(1, text("read /home/anna/x.png")), "cell 2: an absolute path, /home/anna"),
    "path in HTML": (add_output(1, html("<b>/tmp/x</b>")), "cell 2: an absolute path, /tmp/x"),
    "path in code": (change_cell(1, source="open('/Users/anna/x')"), "cell 2: an absolute path, /Users/anna"),
    "path of Windows": (change_cell(1, source=r"open('C:\\x')"), "cell 2: an absolute path, C:"),
    "path in text": (change_cell(6, source="## See file:///x"), "cell 7: an absolute path, file://"),
    "picture alone": (change_cell(3, source="### Exercise"), "cell 3: its picture is not described"),
    "empty description": (change_cell(3, source="*Figure: *\n\n### E"), "cell 3: its picture is not described"),
    "picture at the end": (
        lambda nb: nb.cells.append(new_code_cell("draw()", execution_count=5, outputs=nb.cells[2].outputs)),
        "cell 8: its picture is not described",
    ),
    "no alt text": (change_cell(6, source="## Recap\n![](x.png)"), "cell 7: a picture without alt text"),
    "img without alt": (change_cell(6, source='## Recap\n<img src="x.png">'), "cell 7: a picture without alt text"),
    "img with empty alt": (change_cell(6, source='## R\n<img alt="" src="x">'), "cell 7: a picture without alt text"),
    "skipped level": (change_cell(6, source="## Recap\n\n#### Deep"), "cell 7: the heading “Deep” skips a level"),
    "starts low": (change_cell(0, source="## A lesson"), "cell 1: the heading “A lesson” skips a level"),
    "two titles": (change_cell(6, source="# Recap"), "cell 7: the title “Recap” is not in the first cell"),
    "no title": (change_cell(0, source="A lesson"), "0 titles"),
    "formula": (change_cell(6, source="## Recap\n\nso $x^2$"), "cell 7: a formula in TeX, $x^2$"),
    "formula on its own": (change_cell(6, source="## Recap\n\n$$\nx^2\n$$"), "cell 7: a formula in TeX"),
    "schema": (change_marks(4, schema_version=1), "cell 5 (f-solution): nbgrader schema version 1"),
    "flag": (change_marks(4, locked="no"), "cell 5 (f-solution): grade, solution, locked and task"),
    "taken grade_id": (change_marks(5, grade_id="f-solution"), "cell 6 (f-solution): the grade_id is taken"),
    "bad grade_id": (change_marks(5, grade_id="f grade"), "cell 6 (f grade): the grade_id is missing, or"),
    "no grade_id": (lambda nb: nb.cells[5].metadata.nbgrader.pop("grade_id"), "cell 6 (no grade_id): the grade_id"),
    "no points": (
        lambda nb: nb.cells[5].metadata.nbgrader.pop("points"),
        "cell 6 (f-grade): a grade cell needs points",
    ),
    "no point": (change_marks(5, points=0), "cell 6 (f-grade): a grade cell needs points"),
    "points elsewhere": (change_marks(4, points=1), "cell 5 (f-solution): points in a cell"),
    "unlocked": (change_marks(5, locked=False), "cell 6 (f-grade): a grade cell must be locked"),
    "empty grade cell": (
        change_cell(5, source="", execution_count=None),
        "cell 6 (f-grade): a grade cell must hold code",
    ),
    "no markers": (change_cell(4, source="f = abs"), "cell 5 (f-solution): a solution cell needs"),
    "no end": (change_cell(4, source="### BEGIN SOLUTION\nf = 1"), "cell 5 (f-solution): a solution cell needs"),
    "wrong order": (
        change_cell(4, source="### END SOLUTION\nf = 1\n### BEGIN SOLUTION"),
        "cell 5 (f-solution): a solution cell needs",
    ),
    "nothing to solve": (
        change_cell(4, source="### BEGIN SOLUTION\n\n### END SOLUTION"),
        "cell 5 (f-solution): nothing between",
    ),
    "markers elsewhere": (change_cell(1, source="### BEGIN SOLUTION"), "cell 2: solution markers in a cell without"),
    "markers in grade cell": (change_cell(5, source=SOLUTION), "cell 6 (f-grade): solution markers in a cell that is"),
    "no grade cell": (lambda nb: nb.cells.pop(5), "cell 5 (f-solution): no grade cell follows"),
    "no grade cell between": (
        lambda nb: nb.cells.insert(5, new_code_cell(SOLUTION, metadata=mark("g", solution=True))),
        "cell 5 (f-solution): no grade cell before the next",
    ),
    "no solution cell": (lambda nb: nb.cells.pop(4), "cell 5 (f-grade): no solution cell before"),
    "no signature": (change_cell(4, source=SOLUTION.replace("f(x)", "f(x, y)")), "does not state `f(x, y)`"),
    "no result": (change_cell(3, source=ASSIGNMENT.replace("returns", "takes")), "does not state what it returns"),
    "no type": (change_cell(3, source=ASSIGNMENT.replace("`int`", "number")), "does not state a shape or a type"),
    "no prediction": (change_cell(3, source=ASSIGNMENT.replace("**Predict:**", "So:")), "does not state a prediction"),
    "no place for it": (change_cell(3, source=ASSIGNMENT.replace("...", ".")), "does not state a prediction"),
    "no hint": (change_cell(3, source=ASSIGNMENT.replace("**Hint:**", "So:")), "does not state a hint"),
    "long cell": (change_cell(1, source="x = 1\n" * 13), "cell 2: 13 lines of code, more than 12"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_rule_is_named(name):
    change, expected = BROKEN[name]
    notebook = good()
    change(notebook)
    assert any(expected in problem for problem in problems_in(notebook)), problems_in(notebook)


@pytest.mark.parametrize(
    "change",
    [
        change_cell(6, source="## Recap\n\n```python\n# a comment, not a title\n```"),
        change_cell(6, source="## Recap\n\n![a seven](seven.png) and `![](x)`"),
        change_cell(6, source="## Recap\n\n[code](../lenet_helpers/data.py), <https://example.org/home/x>, 1/2"),
        change_cell(6, source="## Recap\n\n5$ and 6$ are prices, `$HOME$` is code, \\$x\\$ is escaped"),
        add_output(1, html("<b>one</b></b>")),
        change_cell(1, source="x = 1\n" * 12),
        change_cell(4, source=SOLUTION + "\n    # more" * 20),
    ],
)
def test_what_is_allowed_is_no_problem(change):
    notebook = good()
    change(notebook)
    assert problems_in(notebook) == []
