"""A small course and ready-made submissions for the tests of grading."""

import json
import os
import shutil
import signal

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lenet_helpers.grading import workers
from lenet_helpers.grading.records import GRADED
from lenet_helpers.grading.solved import id_of
from lenet_helpers.system.paths import COURSE

NAME = "01_small"
SPLIT = """chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[:count]] = True
    return chosen"""
NORMALISE = "return ((pixels / 255 - 0.5) / 0.5).astype(np.float32)"
RIGHT = {"01-split": SPLIT, "01-normalise": NORMALISE}


def metadata(grade_id, **flags):
    plain = {
        "grade": False,
        "grade_id": grade_id,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    return {"nbgrader": {**plain, **flags}}


def solved():
    """A lesson with two exercises, which needs little time."""

    def exercise(name, signature, body, test, hidden):
        function = signature.partition("(")[0]
        solution = f"def {signature}:\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"
        grade = f'assert check("{name}", {function})\n{test}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS'
        return [
            new_code_cell(solution, metadata=metadata(f"{name}-solution", solution=True)),
            new_code_cell(f'check("{name}", {function})'),
            new_code_cell(grade, metadata=metadata(f"{name}-grade", grade=True, locked=True, points=2)),
        ]

    labels = "first_of_each(np.array([4, 4, 1]), 1)"
    normalised = "normalise(np.zeros((1, 28, 28), np.uint8))"
    return new_notebook(
        cells=[
            new_markdown_cell("# 1 · Small"),
            new_code_cell("import numpy as np\n\nfrom lenet_helpers import check"),
            new_code_cell("print('a cell that nothing needs')"),
            *exercise(
                "01-split",
                "first_of_each(labels, count)",
                SPLIT,
                f"assert {labels}.sum() == 2",
                f"assert list({labels}) == [True, False, True]",
            ),
            *exercise(
                "01-normalise",
                "normalise(pixels)",
                NORMALISE,
                f"assert {normalised}.shape == (1, 28, 28)",
                f"assert {normalised}.min() == -1",
            ),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )


def make_course(folder):
    """Put a course with that one lesson into a folder."""
    (folder / "notebooks").mkdir(parents=True)
    nbformat.write(solved(), folder / "notebooks" / f"{NAME}.ipynb")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(COURSE / "lenet_helpers", folder / "lenet_helpers", ignore=ignore)
    for name in ("model.pth", "test.png"):
        shutil.copy(COURSE / name, folder / name)
    return folder


def submission(kit, *, begin="", **bodies):
    """Return a submitted notebook as a dict; `bodies` fill in the exercises, `begin` follows the imports.

    A body is the text of a function's body; a name such as split stands for the exercise.
    """
    cells = []
    for cell in solved().cells:
        own = next((one for one in kit.lessons[NAME] if one.grade_id == id_of(cell)), None)
        source = own.released if own else cell.source
        if own and not own.grades:
            body = bodies.get(own.exercise.removeprefix("01-"))
            if body:
                source = source.partition("\n")[0] + "\n    " + body
        cells.append({**cell, "source": source, "metadata": own.metadata if own else {}})
        if begin and source.startswith("import numpy"):
            cells.append({**new_code_cell(begin), "id": "begin"})
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def full(kit, **others):
    """Return a right submission."""
    return submission(kit, **{"split": SPLIT, "normalise": NORMALISE, **others})


def hand_in(folder, student, notebook, name=f"{NAME}.ipynb"):
    """Write a submission into FOLDER/<student>/."""
    place = folder / student
    place.mkdir(parents=True, exist_ok=True)
    content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    (place / name).write_bytes(content)
    return place / name


def exercise_cells(notebook, grade_id):
    """Positions of the cells with this id."""
    return [at for at, cell in enumerate(notebook["cells"]) if id_of(cell) == grade_id]


def dies_at_carlas(job, task):
    """Take the place of `workers.attempt` in other processes: one submission kills whoever gets it."""
    if task.student == "carla":
        os.kill(os.getpid(), signal.SIGKILL)
    return workers.failed(task, job, "was reached")


def noting(students, record=lambda task, job: workers.failed(task, job, "x")):
    """What takes the place of `workers.attempt`: notes whose submission it gets, and returns a record, a failed one."""
    return lambda job, task: students.append(task.student) or record(task, job)


def right_record(task, job, *right):
    """A record as of a submission that runs, with these exercises right; nothing has been run."""
    exercises = [
        {"exercise": name, "mark": 2.0 if name in right else 0.0, "points": 2.0, "mistake": None, "error": "",
         "code": "x = 1",
         "reason": "" if name in right else "the check says that it is not right", "verdict": f"{name}: …"}
        for name in RIGHT
    ]  # fmt: skip
    return task.record(job, GRADED, exercises=exercises)
