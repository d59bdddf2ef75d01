"""The solved notebooks: the one source of student copies, hidden tests and solutions."""

import hashlib
import json
import re

import nbformat

from lenet_helpers.exercises.solution_regions import SOLUTION, regions
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.system.paths import COURSE

HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")


def solved_notebooks(course=COURSE):
    """Return the solved notebooks of a course folder, by name, without outputs; refuse student copies."""
    notebooks = {}
    for path in sorted((course / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        try:
            notebook = nbformat.read(path, as_version=4)
        except Exception as error:
            raise GradingError(f"{path} can't be read: {error}") from error
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        notebooks[path.stem] = notebook
    if not notebooks:
        raise GradingError(f"{course / 'notebooks'} holds no notebooks such as 01_data.ipynb.")
    for name, notebook in notebooks.items():
        if not all(list(regions(cell.source, SOLUTION)) for cell in notebook.cells if flag(cell, "solution")):
            raise GradingError(
                f"{name}.ipynb holds no solutions: this is a student's copy. "
                "Student copies and marks are made in the instructor's course folder."
            )
    return notebooks


def flag(cell, name):
    """Whether a cell carries one of nbgrader's flags, such as "solution" or "grade"."""
    return bool(cell.metadata.get("nbgrader", {}).get(name))


def id_of(cell):
    """Return nbgrader's id of a solution or grade cell, or None."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def exercise_of(grade_id):
    """Return the exercise that a solution or grade cell belongs to."""
    return re.sub(r"-(solution|grade)$", "", grade_id)


def secret_lines(notebook):
    """Return the lines of a solved notebook that no student may see, stripped, without duplicates.

    A line that also stands elsewhere in the notebook, outside of solutions and hidden tests,
    is no secret.
    """
    secret, public = [], set()
    for cell in notebook.cells:
        hidden = [
            line.strip() for markers in (SOLUTION, HIDDEN) for lines in regions(cell.source, markers) for line in lines
        ]
        secret += hidden
        public |= {line.strip() for line in cell.source.splitlines()} - set(hidden)
    return [line for line in dict.fromkeys(secret) if line and line not in public]


def fingerprint(notebooks, *places):
    """Return a name for this state of the notebooks, of files, and of the Python files in folders, 16 hex digits."""
    digest = hashlib.sha256()
    for name, notebook in sorted(notebooks.items()):
        cells = [[cell.cell_type, cell.source, cell.metadata.get("nbgrader", {})] for cell in notebook.cells]
        digest.update(json.dumps([name, cells], sort_keys=True).encode())
    for place in places:
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(f"{path.relative_to(place.parent).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
