"""nbgrader's part: student copies and a gradebook from the solved notebooks, and the gradebook with all scores.

nbgrader works in a folder of its own, one assignment a notebook, and changes the working
directory while it does: one call at a time in a process.
"""

import contextlib
import logging
import os
import sys
import warnings

import nbformat
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from lenet_helpers.grading.errors import GradingError

STUB = "# Write your code here.\nraise NotImplementedError()"

_GRADEBOOK = "gradebook.db"


def generate(notebooks, folder):
    """Return the student copies of solved notebooks, by name: solutions, hidden tests and outputs are gone.

    nbgrader's files go into the empty `folder`: among them a gradebook that knows the grade cells.
    """
    copies = {}
    for name, notebook in notebooks.items():
        source = folder / "source" / name
        source.mkdir(parents=True)
        nbformat.write(notebook, source / f"{name}.ipynb")
        _generate_one(folder, name)
        copies[name] = nbformat.read(folder / "release" / name / f"{name}.ipynb", as_version=4)
    return copies


def _generate_one(folder, name):
    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.db_url = str(folder), gradebook_url(folder)
    config.ClearSolutions.code_stub = {"python": STUB}
    course = CourseDirectory(config=config, assignment_id=name)
    with _commands_found(), nbgrader_quiet() as complaints:
        try:
            GenerateAssignment(coursedir=course, config=config).start()
        except (Exception, SystemExit) as error:
            reasons = "; ".join([f"{type(error).__name__}: {error}", *complaints])
            raise GradingError(f"nbgrader refused {name}: {reasons}") from error


_BY_HAND = ((Grade, ("manual_score", "extra_credit")), (Comment, ("manual_comment",)))


def entered_by_hand(folder):
    """Return what was entered in the gradebook of `folder`: {(student, notebook, cell): {field: value}}."""
    found = {}
    with nbgrader_quiet(), open_gradebook(folder) as gradebook:
        for kind, fields in _BY_HAND:
            for one in gradebook.db.query(kind):
                values = {name: getattr(one, name) for name in fields if getattr(one, name) not in (None, "")}
                if values:
                    found[one.notebook.student.id, one.notebook.name, one.name] = values
    return found


def enter_scores(folder, records, entered):
    """Write the scores of many records into the gradebook of `folder`; one that was not handed in counts 0.

    What was `entered_by_hand` goes in as well. Returns the keys of entries for which there is no cell.
    """
    homeless = []
    with nbgrader_quiet(), open_gradebook(folder) as gradebook:
        for record in records:
            name, student = record["notebook"], record["student"]
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(name, student)
            marks = {f"{exercise['exercise']}-grade": exercise["mark"] for exercise in record["exercises"]}
            for grade in gradebook.find_submission_notebook(name, name, student).grades:
                grade.auto_score, grade.needs_manual_grade = marks[grade.name], False
        for (student, name, cell), values in entered.items():
            try:
                gradebook.update_or_create_student(student)
                gradebook.update_or_create_submission(name, student)
                notebook = gradebook.find_submission_notebook(name, name, student)
                (one,) = [one for one in (*notebook.grades, *notebook.comments) if one.name == cell]
            except (MissingEntry, ValueError):
                homeless.append((student, name, cell))
                continue
            for field, value in values.items():
                setattr(one, field, value)
        gradebook.db.commit()
    return homeless


@contextlib.contextmanager
def open_gradebook(folder):
    """Open the gradebook in `folder`; close it afterwards."""
    with _commands_found(), Gradebook(gradebook_url(folder)) as gradebook:
        yield gradebook


def gradebook_file(folder):
    return folder / _GRADEBOOK


def gradebook_url(folder):
    return f"sqlite:///{gradebook_file(folder)}"


@contextlib.contextmanager
def _commands_found():
    """Put this Python's folder first on the PATH: nbgrader calls the command alembic when it makes a gradebook."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


@contextlib.contextmanager
def nbgrader_quiet():
    """Collect nbgrader's errors instead of showing its notices: what matters is in the report."""
    complaints = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: complaints.append(record.getMessage().strip())
    logger = logging.getLogger("traitlets")
    before = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [handler], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of SQLAlchemy, about nbgrader's own queries
            yield complaints
    finally:
        logger.handlers, logger.propagate = before
