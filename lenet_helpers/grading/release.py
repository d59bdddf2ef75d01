"""The student copies: a course folder of their own, without solutions and hidden tests."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import jinja2
import nbformat

from lenet_helpers import __version__
from lenet_helpers.grading.course_cell import course_cell
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.solved import fingerprint, flag, secret_lines, solved_notebooks
from lenet_helpers.grading.with_nbgrader import generate
from lenet_helpers.system.paths import ASSETS, COURSE

STAMP = "RELEASE.json"
SOLUTIONS = "solutions"

# What a student's folder holds beside the notebooks. The package is installed from it.
_FOLDERS = ("lenet_helpers", "tools/pages")
_FILES = ("model.pth", "test.png", "pyproject.toml", "environment.yml", "LICENSE")
_FILES += ("tools/lessons.py", "tools/run_course.py")
_COMMANDS = "tools/student.mk"  # becomes the Makefile
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints", ".DS_Store")


def release(out, *, solutions=False, replace=False, address=None):
    """Write the student copies, with the helper package and the sample of the data beside them; return the stamp.

    `out` is a folder that is not there yet, or empty, or with `replace` an earlier release. With `solutions`, the
    solved notebooks go into the subfolder solutions/, for self-learners, without hidden tests; then ``hint(name,
    stage=3)`` shows a solution. From `address`, pip installs the course where a notebook doesn't find it (see
    `course_cell`).

    GradingError: these are student copies, `out` holds something, or pip can't be given the address.
    """
    out = Path(out).absolute()
    notebooks, first = solved_notebooks(), course_cell(address)
    _make_sure_it_is_free(out, replace)
    out.parent.mkdir(parents=True, exist_ok=True)
    # Beside `out`, so that it gets its name in one step when it is whole.
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
        folder = Path(temporary) / "course"
        (folder / "notebooks").mkdir(parents=True)
        stamp = {
            "version": __version__,
            "release": fingerprint(notebooks),
            "notebooks": {name: _exercises(notebook) for name, notebook in notebooks.items()},
        }
        for name, copy in _student_copies(notebooks).items():
            _stamp(copy, stamp)
            copy.cells.insert(1, first)  # below the title
            nbformat.write(copy, folder / "notebooks" / f"{name}.ipynb")
        if solutions:
            (folder / SOLUTIONS).mkdir()
            for name, notebook in notebooks.items():
                solved = without_hidden_tests(notebook)
                _stamp(solved, stamp)
                solved.cells.insert(1, first)
                nbformat.write(solved, folder / SOLUTIONS / f"{name}.ipynb")
        for name in _FOLDERS:
            shutil.copytree(COURSE / name, folder / name, ignore=_NOT_COPIED)
        for name in _FILES:
            shutil.copy(COURSE / name, folder / name)
        shutil.copy(COURSE / _COMMANDS, folder / "Makefile")
        (folder / "README.md").write_text(_readme(notebooks, stamp, solutions), encoding="utf-8")
        (folder / STAMP).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
        if out.exists():
            os.rename(out, Path(temporary) / "old")
        os.rename(folder, out)
    return stamp


def _make_sure_it_is_free(out, replace):
    if out.is_relative_to(COURSE / "notebooks") or out.is_relative_to(COURSE / "lenet_helpers") or out == COURSE:
        raise GradingError(f"{out} belongs to the course itself. Name a folder outside of it.")
    if not out.exists() and not out.is_symlink():
        return
    if not out.is_dir() or out.is_symlink():
        raise GradingError(f"{out} is not a folder. Name another.")
    if not any(out.iterdir()):
        return
    if not (out / STAMP).is_file():
        raise GradingError(f"{out} holds something that is no release. Name another folder.")
    if not replace:
        raise GradingError(f"{out} holds an earlier release. Name another folder, or add --replace.")


def _student_copies(notebooks):
    with tempfile.TemporaryDirectory(prefix="lenet-release-") as folder:
        copies = generate(notebooks, Path(folder))
    for name, copy in copies.items():
        text = "\n".join(cell.source for cell in copy.cells).splitlines()
        lines = {line.strip() for line in text}
        for line in secret_lines(notebooks[name]):
            if line in lines:
                raise GradingError(f"{name}.ipynb would give this line away: {line}")
        for cell in copy.cells:
            if flag(cell, "grade"):  # Run All goes on after an exercise that isn't written; a grader looks at the error
                cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    return copies


def without_hidden_tests(notebook):
    from nbgrader.preprocessors import ClearHiddenTests

    clean, _ = ClearHiddenTests().preprocess(notebook, {})
    return clean


def _stamp(notebook, stamp):
    notebook.metadata["lenet"] = {"version": stamp["version"], "release": stamp["release"]}


def _exercises(notebook):
    return [cell.metadata.nbgrader.grade_id for cell in notebook.cells if flag(cell, "grade")]


def _readme(notebooks, stamp, solutions):
    titles = {name: notebook.cells[0].source.splitlines()[0].lstrip("# ") for name, notebook in notebooks.items()}
    lessons = "\n".join(f"- [{title}](notebooks/{name}.ipynb)" for name, title in titles.items())
    third = "stage=3)` the solution, as do the notebooks in `solutions/`" if solutions else "stage=2)` a worked step"
    template = jinja2.Template((ASSETS / "student.md").read_text(encoding="utf-8"), keep_trailing_newline=True)
    return template.render(version=stamp["version"], release=stamp["release"], lessons=lessons, third=third)
